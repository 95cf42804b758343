/* action_test.c - a retry through every plugin while the network is cut at every place: sent once, known or said unknown. */
/* SPDX-License-Identifier: MIT */
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "tests/fault/fake.h"
#include "tests/fault/session.h"
#include "tests/test.h"

struct fixture {
	struct fake fake;
	struct session s;
};

static const struct {
	const char *source, *run;
} targets[] = {{"argo", FAKE_ARGO_RUN}, {"af2", FAKE_AIRFLOW_RUN}, {"af3", FAKE_AIRFLOW_RUN}};
#define TARGETS (sizeof(targets) / sizeof(targets[0]))

static struct bn_ref
target(size_t i)
{
	return (struct bn_ref){BN_RUN, targets[i].source, targets[i].run};
}

static void
open_actions(struct fixture *f, const char *policy, bool read_only)
{
	const char *url = ts_url(f->fake.server);
	char *text = bn_xasprintf(
	    "[source \"argo\"]\n\ttype = argo-workflows\n\turl = %s\n\tnamespace = orch\n\tactions "
	    "= retry\n"
	    "[source \"af2\"]\n\ttype = airflow\n\turl = %s/af2\n\tapi = v1\n\tactions = retry\n"
	    "[source \"af3\"]\n\ttype = airflow\n\turl = %s/af3\n\tapi = v2\n\tactions = retry\n"
	    "\ttoken-env = HOME\n"
	    "[source \"closed\"]\n\ttype = argo-workflows\n\turl = %s\n\tnamespace = orch\n%s",
	    url, url, url, url, policy);

	f->s.read_only = read_only;
	session_open(&f->s, text);
	free(text);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	session_begin(&f->s);
	fake_start(&f->fake);
	snprintf(f->fake.journal, sizeof(f->fake.journal), "%s/journal.db", f->s.dir);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	fake_stop(&f->fake);
	session_end(&f->s);
	free(f);
	return 0;
}

static struct bn_action_plan *
plan_of(struct fixture *f, size_t i)
{
	struct bn_action_plan *plan = NULL;

	assert_ok(bn_action_plan(&plan, f->s.actions, target(i), &f->s.err), &f->s.err);
	return plan;
}

static int
send_plan(struct fixture *f, const struct bn_action_plan *plan, struct bn_action_result *result)
{
	return bn_action_send(f->s.actions, plan, "test", plan->typed ? plan->name : NULL, result,
			      &f->s.err);
}

/* I1 and I2, against the platform's own log; nothing but the write that is meant. */
static void
assert_platform(struct fixture *f, int writes, int done)
{
	assert_int_equal(atomic_load(&f->fake.writes), writes);
	assert_int_equal(atomic_load(&f->fake.done), done);
	assert_int_equal(atomic_load(&f->fake.unjournalled), 0);
	assert_int_equal(atomic_load(&f->fake.unlisted), 0);
}

/* ---- tests ------------------------------------------------------------------------------------- */

static void
plan_counts_what_the_engine_runs_again(void **state)
{
	struct fixture *f = *state;
	struct bn_action_plan *plan, *again;
	size_t i;

	open_actions(f, "", false);
	for (i = 0; i < TARGETS; i++) {
		plan = plan_of(f, i);
		/* the same again, also from a server that gives smaller pages than were asked for */
		atomic_store(&f->fake.page, 2);
		again = plan_of(f, i);
		atomic_store(&f->fake.page, 100);
		assert_int_equal(plan->failed, 1);
		assert_int_equal(plan->kept, 1);
		assert_int_equal(plan->skipped, i == 0 ? 0 : 1);
		assert_string_equal(plan->steps[0].name, "t2");
		assert_true(plan->steps[0].failed);
		if (i > 0) {
			assert_string_equal(plan->steps[1].name, "t3");
			assert_int_equal(plan->steps[1].wave, 2);
			assert_false(plan->steps[1].failed);
			assert_non_null(strstr(plan->body, "\"dry_run\":false"));
			assert_non_null(strstr(plan->body, "\"only_failed\":true"));
			assert_null(strstr(plan->body, "task_ids"));
		} else
			assert_null(strstr(plan->body, "parameters"));
		assert_string_equal(plan->digest, again->digest);
		bn_action_plan_free(plan);
		bn_action_plan_free(again);
	}
	assert_platform(f, 0, 0);
	session_close(&f->s);
}

struct expectation {
	enum fake_cut cut;
	int rc;
	const char *state;
	int done;
};

static void
cut_anywhere_is_known_or_said_unknown(void **state)
{
	static const struct expectation cases[] = {
	    {FAKE_ANSWERS, BN_OK, "done", 1},
	    {FAKE_CUT_BEFORE, BN_EUNCERTAIN, "unknown", 0},
	    {FAKE_CUT_AFTER, BN_OK, "done", 1},
	    {FAKE_CUT_MIDWAY, BN_OK, "done", 1},
	    {FAKE_FAILS, BN_EUNCERTAIN, "unknown", 0},
	    {FAKE_REFUSES, BN_EREMOTE, "refused", 0},
	};
	struct fixture *f = *state;
	struct bn_action_result result;
	struct bn_action_plan *plan;
	size_t i, k;

	for (i = 0; i < TARGETS; i++)
		for (k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
			fake_reset(&f->fake);
			open_actions(f, "[policy]\n\tretry-min-interval = 0s\n", false);
			plan = plan_of(f, i);
			atomic_store(&f->fake.cut, (int)cases[k].cut);
			assert_int_equal(send_plan(f, plan, &result), cases[k].rc);
			assert_platform(f, 1, cases[k].done);
			session_assert_state(&f->s, result.intent, cases[k].state);
			if (cases[k].rc == BN_EUNCERTAIN) {
				struct bn_action_result second;
				int left = 0;

				/* nothing more is sent, by nobody, until a person decides */
				assert_int_equal(send_plan(f, plan, &second), BN_EUNCERTAIN);
				assert_ok(bn_action_reconcile(f->s.actions, NULL, &left, &f->s.err),
					  &f->s.err);
				assert_int_equal(left, 1);
				assert_platform(f, 1, 0);
				assert_ok(bn_action_settle(f->s.actions, result.intent, false,
							   "looked", NULL, &f->s.err),
					  &f->s.err);
				session_assert_state(&f->s, result.intent, "not-sent");
				atomic_store(&f->fake.cut, FAKE_ANSWERS);
				assert_ok(send_plan(f, plan, &second), &f->s.err);
				assert_platform(f, 2, 1);
			}
			bn_action_plan_free(plan);
			session_close(&f->s);
		}
}

/* The answer was lost and the platform, too, until later: the next session finds out. */
static void
lost_answer_is_found_out_by_a_later_session(void **state)
{
	struct fixture *f = *state;
	struct bn_action_result result;
	struct bn_action_plan *plan;
	int left = -1;

	open_actions(f, "", false);
	plan = plan_of(f, 0);
	atomic_store(&f->fake.cut, FAKE_CUT_BEFORE);
	assert_int_equal(send_plan(f, plan, &result), BN_EUNCERTAIN);
	bn_action_plan_free(plan);
	session_close(&f->s);
	/* it was under way all the same */
	atomic_fetch_add(&f->fake.done, 1);
	open_actions(f, "", false);
	assert_ok(bn_action_reconcile(f->s.actions, NULL, &left, &f->s.err), &f->s.err);
	assert_int_equal(left, 0);
	session_assert_state(&f->s, result.intent, "done");
	assert_platform(f, 1, 1);
	session_close(&f->s);
}

/* The journal can't be written where a record is such a one: as on a full disk. "": it can again. */
static void
journal_refuses(struct fixture *f, const char *when)
{
	char *sql = *when != '\0'
			? bn_xasprintf("CREATE TRIGGER full BEFORE INSERT ON record WHEN %s BEGIN"
				       " SELECT RAISE(ABORT, 'disk full'); END",
				       when)
			: bn_xstrdup("DROP TRIGGER full");
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(f->fake.journal, &db), SQLITE_OK);
	assert_int_equal(sqlite3_busy_timeout(db, 5000), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	free(sql);
}

/* The answer was lost, and that could not even be recorded; what the platform shows then could. */
static void
what_was_found_out_and_recorded_is_not_called_unrecorded(void **state)
{
	struct fixture *f = *state;
	struct bn_action_result result;
	struct bn_action_plan *plan;

	open_actions(f, "", false);
	plan = plan_of(f, 0);
	atomic_store(&f->fake.cut, FAKE_CUT_AFTER);
	journal_refuses(f, "NEW.verb = 'outcome' AND NEW.body LIKE '%\"by\":\"answer\"%'");
	assert_ok(send_plan(f, plan, &result), &f->s.err);
	journal_refuses(f, "");
	session_assert_state(&f->s, result.intent, "done");
	assert_platform(f, 1, 1);
	bn_action_plan_free(plan);
	session_close(&f->s);
}

/* As many as one look at the journal brings, of a source that is gone; and behind them one that can be told. */
static void
intents_behind_any_number_of_others_are_asked_about_too(void **state)
{
	static const char sql[] =
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
	    " INSERT INTO record SELECT i, 0, iif(i % 2, 'intent', 'sending'), 'ann', '', "
	    "'bastion',"
	    " '', 'gone', 'run', 'r' || (i - 1) / 2, iif(i % 2, NULL, i - 1), '',"
	    " '{\"verb\":\"retry\",\"plan\":{}}', '', '' FROM n";
	struct fixture *f = *state;
	struct bn_action_result result;
	struct bn_action_plan *plan;
	sqlite3 *db = NULL;
	int left = -1;

	open_actions(f, "", false);
	plan = plan_of(f, 0);
	assert_int_equal(sqlite3_open(f->fake.journal, &db), SQLITE_OK);
	assert_int_equal(sqlite3_busy_timeout(db, 5000), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	atomic_store(&f->fake.cut, FAKE_CUT_BEFORE);
	assert_int_equal(send_plan(f, plan, &result), BN_EUNCERTAIN);
	assert_true(result.intent > 1000);
	bn_action_plan_free(plan);
	atomic_fetch_add(&f->fake.done, 1); /* it was under way all the same */
	session_close(&f->s);
	open_actions(f, "", true);
	assert_ok(bn_action_reconcile(f->s.actions, NULL, &left, &f->s.err), &f->s.err);
	assert_int_equal(left, 501);
	session_close(&f->s);
	open_actions(f, "", false);
	assert_ok(bn_action_reconcile(f->s.actions, NULL, &left, &f->s.err), &f->s.err);
	session_assert_state(&f->s, result.intent, "done");
	assert_int_equal(left, 500);
	session_close(&f->s);
}

struct elsewhere {
	struct fixture *f;
	int64_t intent;
	atomic_bool sent;
};

/* The other session, which held its run all the time: now its request leaves, and nobody hears of it again. */
static void
send_elsewhere(void *payload)
{
	struct elsewhere *e = payload;
	struct bn_actor actor = {"ann", "", "bastion", ""};
	struct bn_journal_entry entry = {"sending", target(1), e->intent, NULL, NULL};
	struct bn_error err;

	if (!atomic_exchange(&e->sent, true))
		bn_journal_append(e->f->s.store, &actor, &entry, NULL, &err);
}

/* What is unsettled is listed once; until its turn comes, a slow platform later, it may have been sent. */
static void
intent_sent_while_another_was_asked_about_is_not_called_unsent(void **state)
{
	struct fixture *f = *state;
	struct elsewhere e = {.f = f};
	struct bn_actor actor = {"ann", "", "bastion", ""};
	struct bn_journal_entry entry = {"intent", target(1), 0, "why", NULL};
	struct bn_action_result result;
	struct bn_action_plan *plan;
	int left = -1;
	char *body;

	open_actions(f, "", false);
	plan = plan_of(f, 0);
	atomic_store(&f->fake.cut, FAKE_CUT_BEFORE);
	assert_int_equal(send_plan(f, plan, &result), BN_EUNCERTAIN);
	bn_action_plan_free(plan);
	plan = plan_of(f, 1);
	body = bn_xasprintf(
	    "{\"verb\":\"retry\",\"key\":\"k\",\"plan\":{\"mode\":\"%s\",\"attempt\":\"%s\"}}",
	    plan->mode, plan->attempt);
	entry.body = body;
	assert_ok(bn_journal_append(f->s.store, &actor, &entry, &e.intent, &f->s.err), &f->s.err);
	free(body);
	bn_action_plan_free(plan);
	session_assert_state(&f->s, e.intent, "open");
	f->fake.payload = &e;
	f->fake.on_request = send_elsewhere;
	assert_ok(bn_action_reconcile(f->s.actions, NULL, &left, &f->s.err), &f->s.err);
	f->fake.on_request = NULL;
	assert_true(atomic_load(&e.sent));
	assert_int_equal(left, 2);
	session_assert_state(&f->s, e.intent, "unknown");
	session_close(&f->s);
}

/* Nobody would know of it: not the next session, nor another person's at this moment. */
static void
nothing_is_sent_without_a_journal_on_disk(void **state)
{
	struct fixture *f = *state;
	struct bn_action_result result;
	struct bn_action_plan *plan;

	f->s.in_memory = true;
	open_actions(f, "", false);
	for (size_t i = 0; i < TARGETS; i++) {
		plan = plan_of(f, i);
		assert_int_equal(send_plan(f, plan, &result), BN_EPERM);
		assert_non_null(strstr(f->s.err.hint, "--cache none"));
		bn_action_plan_free(plan);
	}
	assert_platform(f, 0, 0);
	session_close(&f->s);
}

/* Of three hundred tasks that failed each with a page of words: what fits into a record is kept, and sent it is. */
static void
big_incident_is_recorded_as_far_as_it_fits(void **state)
{
	static const char sql[] =
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) INSERT "
	    "INTO"
	    " task (run_id, attempt, key, name, status, message, sent_at) SELECT r.entity_id,"
	    " r.attempt, 'big-' || i, 'big-' || i, 4, hex(zeroblob(4000)), 0 FROM n, run r JOIN "
	    "entity"
	    " e ON e.id = r.entity_id JOIN source s ON s.id ="
	    " e.source_id WHERE s.name = 'argo' AND e.key = '" FAKE_ARGO_RUN "'";
	struct fixture *f = *state;
	struct bn_action_result result;
	struct bn_action_plan *plan;
	struct bn_writer *writer = NULL;
	struct bn_reader *reader = NULL;
	sqlite3_stmt *st = NULL;

	open_actions(f, "", false);
	session_poll(&f->s);
	plan = plan_of(f, 0);
	assert_ok(bn_writer_open(&writer, f->s.store, &f->s.err), &f->s.err);
	assert_int_equal(sqlite3_exec(bn_writer_db(writer), sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_changes(bn_writer_db(writer)), 300);
	bn_writer_close(writer);
	assert_ok(send_plan(f, plan, &result), &f->s.err);
	assert_platform(f, 1, 1);
	assert_ok(bn_reader_open(&reader, f->s.store, &f->s.err), &f->s.err);
	assert_int_equal(
	    sqlite3_prepare_v2(
		bn_reader_db(reader),
		"SELECT json_array_length(body, '$.snapshot.tasks') + json_extract(body,"
		" '$.snapshot.tasks_left_out'), length(json_extract(body,"
		" '$.snapshot.tasks[50].message')) FROM journal.record WHERE verb = 'intent'",
		-1, &st, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_true(sqlite3_column_int(st, 0) >= 300);
	assert_int_equal(sqlite3_column_int(st, 1), 2049); /* and an ellipsis */
	sqlite3_finalize(st);
	bn_reader_close(reader);
	bn_action_plan_free(plan);
	session_close(&f->s);
}

static int
count_of(struct fixture *f, const char *sql)
{
	struct bn_reader *reader;
	sqlite3_stmt *st = NULL;
	int count;

	assert_ok(bn_reader_open(&reader, f->s.store, &f->s.err), &f->s.err);
	assert_int_equal(sqlite3_prepare_v2(bn_reader_db(reader), sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	count = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	bn_reader_close(reader);
	return count;
}

/* Nothing was done, the answer was lost, and then the run was changed by a person: that is no retry of ours. */
static void
what_somebody_else_did_is_not_called_done(void **state)
{
	static const char words[] = "SELECT count(*) FROM intent_now WHERE settled_by = 'reconcile'"
				    " AND (answer LIKE '%another workflow of that name%' OR answer"
				    " LIKE 'did not begin again, but shows success %')";
	static const char records[] = "SELECT count(*) FROM journal.record";
	struct fixture *f = *state;
	struct bn_action_result result;
	struct bn_action_plan *plan;
	int before, left;
	size_t i;

	for (i = 0; i < TARGETS; i++) {
		fake_reset(&f->fake);
		open_actions(f, "", false);
		plan = plan_of(f, i);
		atomic_store(&f->fake.cut, FAKE_MEDDLED);
		assert_int_equal(send_plan(f, plan, &result), BN_EUNCERTAIN);
		assert_non_null(strstr(f->s.err.message,
				       i == 0 ? "another workflow of that name" : "shows success"));
		bn_action_plan_free(plan);
		session_close(&f->s);
		/* Nor by a later session. What is seen is told once to whoever has to decide. */
		open_actions(f, "", false);
		before = count_of(f, records);
		assert_ok(bn_action_reconcile(f->s.actions, NULL, &left, &f->s.err), &f->s.err);
		assert_int_equal(left, (int)i + 1);
		session_assert_state(&f->s, result.intent, "unknown");
		assert_int_equal(count_of(f, words), (int)i + 1);
		assert_int_equal(count_of(f, records), before);
		assert_platform(f, 1, 0);
		session_close(&f->s);
	}
}

static void
run_in_another_attempt_is_not_sent_to(void **state)
{
	struct fixture *f = *state;
	struct bn_action_result result;
	struct bn_action_plan *plan;
	size_t i;

	open_actions(f, "", false);
	for (i = 0; i < TARGETS; i++) {
		fake_reset(&f->fake);
		plan = plan_of(f, i);
		atomic_store(&f->fake.done, 1); /* somebody else was faster */
		assert_true(send_plan(f, plan, &result) != BN_OK);
		assert_int_equal(atomic_load(&f->fake.writes), 0);
		session_assert_state(&f->s, result.intent, "not-sent");
		bn_action_plan_free(plan);
	}
	session_close(&f->s);
}

static void
platform_that_went_away_was_not_sent_to(void **state)
{
	struct fixture *f = *state;
	struct bn_action_result result;
	struct bn_action_plan *plan;
	size_t i;

	open_actions(f, "", false);
	for (i = 0; i < TARGETS; i++) {
		plan = plan_of(f, i);
		fake_stop(&f->fake);
		assert_true(send_plan(f, plan, &result) != BN_OK);
		assert_int_not_equal(f->s.err.code, BN_EUNCERTAIN);
		session_assert_state(&f->s, result.intent, "not-sent");
		bn_action_plan_free(plan);
		session_close(&f->s);
		fake_start(&f->fake);
		open_actions(f, "", false);
	}
	session_close(&f->s);
}

static void
policy_is_kept(void **state)
{
	struct fixture *f = *state;
	struct bn_ref closed = {BN_RUN, "closed", FAKE_ARGO_RUN};
	struct bn_action_result result;
	struct bn_action_plan *plan = NULL;

	open_actions(f,
		     "[policy]\n\trequire-reason = true\n\tappend = af2/*\n\tidempotent = hourly\n",
		     false);
	session_poll(&f->s);
	assert_int_equal(bn_action_plan(&plan, f->s.actions, closed, &f->s.err), BN_EPERM);
	assert_non_null(strstr(f->s.err.hint, "actions = retry"));
	plan = plan_of(f, 0);
	assert_int_equal(plan->class, BN_IDEMPOTENT);
	assert_false(plan->typed);
	assert_int_equal(bn_action_send(f->s.actions, plan, NULL, NULL, &result, &f->s.err),
			 BN_EPERM);
	assert_int_equal(bn_action_send(f->s.actions, plan, "  ", NULL, &result, &f->s.err),
			 BN_EPERM);
	bn_action_plan_free(plan);
	/* whose pipeline nobody knows has to be named */
	plan = plan_of(f, 1);
	assert_true(plan->typed);
	assert_int_equal(bn_action_send(f->s.actions, plan, "why", NULL, &result, &f->s.err),
			 BN_EPERM);
	assert_int_equal(bn_action_send(f->s.actions, plan, "why", "other", &result, &f->s.err),
			 BN_EPERM);
	bn_action_plan_free(plan);
	session_close(&f->s);
	open_actions(f, "", true);
	assert_int_equal(bn_action_plan(&plan, f->s.actions, target(0), &f->s.err), BN_EPERM);
	session_close(&f->s);
	assert_platform(f, 0, 0);
}

static void
second_retry_waits_for_the_interval(void **state)
{
	struct fixture *f = *state;
	struct bn_action_result result;
	struct bn_action_plan *plan;

	bn_clock_set(&f->s.clock, INT64_C(1773112364000), 0);
	open_actions(f, "[policy]\n\tretry-min-interval = 10m\n", false);
	plan = plan_of(f, 0);
	assert_ok(send_plan(f, plan, &result), &f->s.err);
	bn_action_plan_free(plan);
	atomic_store(&f->fake.done, 0); /* it failed again, the same way */
	plan = plan_of(f, 0);
	assert_int_equal(bn_action_plan_refusal(plan, &f->s.err), BN_EBUSY);
	assert_int_equal(f->s.err.retry_after, 600000);
	assert_int_equal(send_plan(f, plan, &result), BN_EBUSY);
	assert_int_equal(result.intent, 0);
	assert_int_equal(atomic_load(&f->fake.writes), 1);
	bn_clock_set(&f->s.clock, INT64_C(1773112364000) + 600001, 0);
	bn_action_plan_free(plan);
	plan = plan_of(f, 0);
	assert_ok(send_plan(f, plan, &result), &f->s.err);
	assert_int_equal(atomic_load(&f->fake.writes), 2);
	bn_action_plan_free(plan);
	session_close(&f->s);
}

/* Whoever holds the thing is at it. */
static void
thing_that_is_held_is_left_alone(void **state)
{
	struct fixture *f = *state;
	struct bn_action_result result;
	struct bn_action_plan *plan;
	struct bn_hold *hold = NULL;

	open_actions(f, "", false);
	plan = plan_of(f, 0);
	assert_ok(bn_collect_hold(&hold, f->s.collect, target(0), &f->s.err), &f->s.err);
	assert_int_equal(send_plan(f, plan, &result), BN_EBUSY);
	bn_hold_release(hold);
	assert_ok(send_plan(f, plan, &result), &f->s.err);
	assert_platform(f, 1, 1);
	bn_action_plan_free(plan);
	session_close(&f->s);
}

/* A program of one's own: `act` is run once, and what it does not say is asked of `reconcile`. */
static void
program_acts_once_and_is_asked_when_it_did_not_say(void **state)
{
	static const char script[] =
	    "#!/bin/sh\n"
	    "cd %s; read -r input; echo \"$1 $2\" >>calls\n"
	    "echo '{\"binnacle\":1}'\n"
	    "case $1 in\n"
	    "plan) [ -f ran ] && { echo '{\"error\":\"it runs\",\"code\":\"running\"}'; exit 0; }\n"
	    "  echo '{\"record\":\"plan\",\"mode\":\"again\",\"attempt\":\"1\",\"request\":\"make "
	    "again\","
	    "\"failed\":2,\"steps\":[{\"name\":\"a\",\"wave\":1,\"failed\":true}]}' ;;\n"
	    "act) touch ran; echo \"$input\" >input; [ -f silent ] && exit 3\n"
	    "  echo '{\"record\":\"outcome\",\"state\":\"done\",\"answer\":\"asked\"}' ;;\n"
	    "reconcile) [ -f ran ] && s=done || s=unchanged\n"
	    "  echo '{\"record\":\"outcome\",\"state\":\"'$s'\"}' ;;\n"
	    "esac\n"
	    "echo '{\"complete\":true}'\n";
	struct bn_ref run = {BN_RUN, "prog", "job-1"};
	struct fixture *f = *state;
	struct bn_action_result result;
	struct bn_action_plan *plan = NULL;
	char path[256], silent[256], text[600];
	FILE *file;
	int silently;

	for (silently = 0; silently < 2; silently++) {
		snprintf(path, sizeof(path), "%s/prog", f->s.dir);
		snprintf(silent, sizeof(silent), "rm -f %s/ran %s/calls", f->s.dir, f->s.dir);
		assert_int_equal(system(silent), 0);
		snprintf(silent, sizeof(silent), "%s/silent", f->s.dir);
		if (silently)
			fclose(fopen(silent, "w"));
		file = fopen(path, "w");
		fprintf(file, script, f->s.dir);
		fclose(file);
		assert_int_equal(chmod(path, 0700), 0);
		snprintf(text, sizeof(text),
			 "[source \"prog\"]\n\ttype = exec\n\tcommand = %s\n\tactions = retry\n"
			 "[policy]\n\tretry-min-interval = 0s\n",
			 path);
		open_actions(f, text, false);
		assert_ok(bn_action_plan(&plan, f->s.actions, run, &f->s.err), &f->s.err);
		assert_int_equal(plan->failed, 2);
		assert_int_equal(plan->kept, -1);
		assert_string_equal(plan->request, "make again");
		assert_ok(bn_action_send(f->s.actions, plan, "why", plan->name, &result, &f->s.err),
			  &f->s.err);
		session_assert_state(&f->s, result.intent, "done");
		bn_action_plan_free(plan);
		assert_int_equal(bn_action_plan(&plan, f->s.actions, run, &f->s.err), BN_EBUSY);
		snprintf(path, sizeof(path), "test $(grep -c '^act' %s/calls) = 1", f->s.dir);
		assert_int_equal(system(path), 0);
		snprintf(path, sizeof(path), "grep -q '\"key\":\"[0-9a-f]\\{32\\}\"' %s/input",
			 f->s.dir);
		assert_int_equal(system(path), 0);
		session_close(&f->s);
	}
}

/* A run that somebody cleared shows the start of its second attempt: it is still the older one. */
static void
run_that_was_cleared_elsewhere_is_no_newer_than_the_one_behind_it(void **state)
{
	static const char script[] =
	    "#!/bin/sh\n"
	    "read -r input; echo '{\"binnacle\":1}'\n"
	    "case $1 in\n"
	    "poll) cat %s/runs ;;\n"
	    "plan) echo "
	    "'{\"record\":\"plan\",\"mode\":\"again\",\"attempt\":\"1\",\"request\":\"make"
	    " again\",\"failed\":1}' ;;\n"
	    "esac\n"
	    "echo '{\"complete\":true}'\n";
	static const char *const two_o_clock[] = {
	    "\"started_at\":\"2026-03-10T02:00:04Z\",\"finished_at\":\"2026-03-10T02:10:00Z\"",
	    "\"started_at\":\"2026-03-10T03:10:04Z\",\"finished_at\":\"2026-03-10T03:12:00Z\""};
	struct bn_ref run = {BN_RUN, "prog", "hourly/02"};
	struct fixture *f = *state;
	struct bn_action_plan *plan = NULL;
	char path[256], text[600];
	FILE *file;
	int i;

	snprintf(path, sizeof(path), "%s/prog", f->s.dir);
	file = fopen(path, "w");
	fprintf(file, script, f->s.dir);
	fclose(file);
	assert_int_equal(chmod(path, 0700), 0);
	snprintf(text, sizeof(text),
		 "[source \"prog\"]\n\ttype = exec\n\tcommand = %s\n\tactions = retry\n", path);
	snprintf(path, sizeof(path), "%s/runs", f->s.dir);
	for (i = 0; i < 2; i++) {
		file = fopen(path, "w");
		fprintf(
		    file,
		    "{\"record\":\"pipeline\",\"key\":\"hourly\",\"status\":\"failed\"}\n"
		    "{\"record\":\"run\",\"key\":\"hourly/02\",\"pipeline\":\"hourly\",\"status\":"
		    "\"failed\",%s}\n"
		    "{\"record\":\"run\",\"key\":\"hourly/03\",\"pipeline\":\"hourly\",\"status\":"
		    "\"running\",\"started_at\":\"2026-03-10T03:00:04Z\"}\n",
		    two_o_clock[i]);
		fclose(file);
		open_actions(f, text, false);
		session_poll(&f->s);
		assert_ok(bn_action_plan(&plan, f->s.actions, run, &f->s.err), &f->s.err);
		assert_int_equal(bn_action_plan_refusal(plan, &f->s.err), BN_EBUSY);
		assert_non_null(strstr(f->s.err.message, "a newer run is running: hourly/03"));
		bn_action_plan_free(plan);
		session_close(&f->s);
	}
}

/* Another program: what `act` and `reconcile` do is said by the test. */
static struct bn_action_plan *
open_program(struct fixture *f, const char *act, const char *reconcile)
{
	struct bn_ref run = {BN_RUN, "prog", "job-1"};
	struct bn_action_plan *plan = NULL;
	char path[256], text[400];
	FILE *file;

	snprintf(path, sizeof(path), "%s/prog", f->s.dir);
	file = fopen(path, "w");
	fprintf(file,
		"#!/bin/sh\nread -r input\necho '{\"binnacle\":1}'\ncase $1 in\n"
		"plan) echo '{\"record\":\"plan\",\"mode\":\"again\",\"attempt\":\"1\","
		"\"request\":\"make again\"}' ;;\nact) %s ;;\nreconcile) %s ;;\nesac\n"
		"echo '{\"complete\":true}'\n",
		act, reconcile);
	fclose(file);
	assert_int_equal(chmod(path, 0700), 0);
	snprintf(text, sizeof(text),
		 "[source \"prog\"]\n\ttype = exec\n\tcommand = %s\n\tactions = retry\n", path);
	open_actions(f, text, false);
	assert_ok(bn_action_plan(&plan, f->s.actions, run, &f->s.err), &f->s.err);
	return plan;
}

static void
refusal_that_is_found_out_is_told_in_the_platforms_words(void **state)
{
	struct fixture *f = *state;
	struct bn_action_result result;
	struct bn_action_plan *plan;

	plan = open_program(f, "exit 3",
			    "echo '{\"record\":\"outcome\",\"state\":\"refused\","
			    "\"answer\":\"its slot is taken\"}'");
	assert_int_equal(send_plan(f, plan, &result), BN_EREMOTE);
	assert_string_equal(f->s.err.message, "refused: its slot is taken");
	session_assert_state(&f->s, result.intent, "refused");
	bn_action_plan_free(plan);
	session_close(&f->s);
}

/* Of a program that tells all it did on one line, half a megabyte of it, the beginning is kept: whole characters. */
static void
answer_that_is_too_long_for_a_record_is_cut(void **state)
{
	static const char words[] =
	    "SELECT length(CAST(answer AS BLOB)) BETWEEN 4000 AND 4100 AND answer LIKE"
	    " 'x\xc3\xa4\xc3\xa4%\xc3\xa4\xe2\x80\xa6' FROM intent_now";
	struct fixture *f = *state;
	struct bn_action_result result;
	struct bn_action_plan *plan;

	plan = open_program(f,
			    "awk 'BEGIN { s = \"\303\244\"; while (length(s) < 400000) s = s s;"
			    " print \"{\\\"record\\\":\\\"outcome\\\",\\\"state\\\":\\\"done\\\","
			    "\\\"answer\\\":\\\"x\" s \"\\\"}\" }'",
			    "exit 3");
	assert_ok(send_plan(f, plan, &result), &f->s.err);
	session_assert_state(&f->s, result.intent, "done");
	assert_int_equal(count_of(f, words), 1);
	bn_action_plan_free(plan);
	session_close(&f->s);
}

static void
fingerprint_folds_what_varies(void **state)
{
	static const char *const same[][2] = {
	    {"stg_payments: exit code 137 after 12.4s at 2026-03-10T03:07:10Z",
	     "stg_payments: exit code 1 after 9s at 2026-03-11T04:07:10Z"},
	    {"cluster 0310-dbt-prod terminated: driver lost",
	     "cluster 0311-dbt-prod terminated: driver lost"},
	    {"pod x-9f86d081 evicted from node 10.0.3.7:443",
	     "pod x-1b4f0e98 evicted from node 10.0.3.9:8443"},
	};
	char *a, *b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		a = bn_action_fingerprint(same[i][0]);
		b = bn_action_fingerprint(same[i][1]);
		assert_string_equal(a, b);
		free(a);
		free(b);
	}
	a = bn_action_fingerprint("table stg_payments not found");
	b = bn_action_fingerprint("table stg_orders not found");
	assert_string_not_equal(a, b);
	free(a);
	free(b);
	assert_null(bn_action_fingerprint(NULL));
	assert_null(bn_action_fingerprint(""));
}

int
main(void)
{
#define ACTION(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
	    ACTION(plan_counts_what_the_engine_runs_again),
	    ACTION(cut_anywhere_is_known_or_said_unknown),
	    ACTION(lost_answer_is_found_out_by_a_later_session),
	    ACTION(what_was_found_out_and_recorded_is_not_called_unrecorded),
	    ACTION(intents_behind_any_number_of_others_are_asked_about_too),
	    ACTION(intent_sent_while_another_was_asked_about_is_not_called_unsent),
	    ACTION(nothing_is_sent_without_a_journal_on_disk),
	    ACTION(big_incident_is_recorded_as_far_as_it_fits),
	    ACTION(what_somebody_else_did_is_not_called_done),
	    ACTION(run_in_another_attempt_is_not_sent_to),
	    ACTION(platform_that_went_away_was_not_sent_to),
	    ACTION(policy_is_kept),
	    ACTION(second_retry_waits_for_the_interval),
	    ACTION(thing_that_is_held_is_left_alone),
	    ACTION(program_acts_once_and_is_asked_when_it_did_not_say),
	    ACTION(refusal_that_is_found_out_is_told_in_the_platforms_words),
	    ACTION(answer_that_is_too_long_for_a_record_is_cut),
	    ACTION(run_that_was_cleared_elsewhere_is_no_newer_than_the_one_behind_it),
	    cmocka_unit_test(fingerprint_folds_what_varies),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

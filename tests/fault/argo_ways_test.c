/* argo_ways_test.c - Argo's other ways to run again: from the archive, which may lie, and as a new workflow. */
/* SPDX-License-Identifier: MIT */
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "tests/fault/session.h"
#include "tests/test.h"
#include "tests/unit/testserver.h"

/* One run, "hourly-1", that failed. */
struct platform {
	bool archived; /* its object is gone; else: nothing of it ever ran */
	bool makes;    /* what is asked for is done; else it is only said (argo-workflows #10215) */
	bool answers;  /* the answer arrives */
	atomic_int writes, made;
	const char *again; /* how the workflow that was made is, as it is listed; NULL: it is not */
	atomic_int theirs; /* what somebody else resubmitted from it, before and after */
	bn_time made_at;   /* all of these, by its own clock */
};

struct fixture {
	struct platform platform;
	struct testserver *server;
	struct session s;
};

static const struct bn_ref run = {BN_RUN, "argo", "hourly-1"};

#define META(name, label)                                                                          \
	"\"metadata\":{\"name\":\"" name "\",\"namespace\":\"orch\",\"uid\":\"u-1\","              \
	"\"creationTimestamp\":\"2026-03-10T03:05:00Z\",\"labels\":{"                              \
	"\"workflows.argoproj.io/cron-workflow\":\"hourly\"" label "}},\"spec\":{}"
#define FAILED                                                                                     \
	"\"status\":{\"phase\":\"Failed\",\"startedAt\":\"2026-03-10T03:05:04Z\","                 \
	"\"finishedAt\":\"2026-03-10T03:07:10Z\""
#define RUNNING "\"status\":{\"phase\":\"Running\",\"startedAt\":\"2026-03-10T03:20:04Z\"}"
#define SUCCEEDED                                                                                  \
	"\"status\":{\"phase\":\"Succeeded\",\"startedAt\":\"2026-03-10T03:20:04Z\","              \
	"\"finishedAt\":\"2026-03-10T03:21:10Z\"}"
#define NODES                                                                                      \
	",\"nodes\":{\"hourly-1\":{\"id\":\"hourly-1\",\"name\":\"hourly-1\",\"type\":\"DAG\","    \
	"\"phase\":\"Failed\"},\"n1\":{\"id\":\"n1\",\"name\":\"hourly-1.t1\",\"displayName\":"    \
	"\"t1\",\"type\":\"Pod\",\"templateName\":\"work\",\"phase\":\"Failed\","                  \
	"\"boundaryID\":\"hourly-1\"}}"
#define PERSISTED ",\"workflows.argoproj.io/workflow-archiving-status\":\"Persisted\""
#define AGAIN	  ",\"workflows.argoproj.io/resubmitted-from-workflow\":\"hourly-1\""

static const char *
workflow(const struct platform *p)
{
	if (!p->archived)
		return "{" META("hourly-1", "") "," FAILED "}}";
	return atomic_load(&p->made) > 0 ? "{" META("hourly-1", "") "," RUNNING "}"
					 : "{" META("hourly-1", PERSISTED) "," FAILED NODES "}}";
}

static void
act(struct platform *p, struct ts_conn *conn)
{
	atomic_fetch_add(&p->writes, 1);
	if (p->makes)
		atomic_fetch_add(&p->made, 1);
	if (!p->answers)
		return;
	ts_json(conn, p->archived ? "{" META("hourly-1", "") "," RUNNING "}"
				  : "{" META("hourly-1-again", AGAIN) "," RUNNING "}");
}

/* What was resubmitted, as far as it was created after the moment that is asked for: by the platform's clock. */
static void
resubmitted(struct platform *p, struct ts_conn *conn, const char *target)
{
	const char *after = strstr(target, "createdAfter=");
	int ours = atomic_load(&p->made) > 0, theirs = atomic_load(&p->theirs), i;
	struct bn_buf list = BN_BUF_INIT(0);
	char text[BN_TIME_TEXT] = "", *colon;
	size_t size = 0;

	for (after = after != NULL ? after + 13 : ""; *after != '\0' && *after != '&'; after++)
		if (size + 1 < sizeof(text))
			text[size++] = *after;
	while ((colon = strstr(text, "%3A")) != NULL) {
		*colon = ':';
		memmove(colon + 1, colon + 3, strlen(colon + 3) + 1);
	}
	if (size > 0 && p->made_at <= bn_time_parse(text))
		ours = theirs = 0;
	bn_buf_adds(&list, "{\"metadata\":{},\"items\":[");
	for (i = 0; i < theirs; i++)
		bn_buf_addf(&list, "%s{\"metadata\":{\"name\":\"theirs-%d\"}}", i > 0 ? "," : "",
			    i);
	if (ours)
		bn_buf_addf(&list, "%s{" META("hourly-1-again", AGAIN) "}", theirs > 0 ? "," : "");
	bn_buf_adds(&list, "]}");
	ts_json(conn, bn_buf_text(&list));
	bn_buf_free(&list);
}

static void
again(const struct platform *p, struct ts_conn *conn)
{
	char *text = bn_xasprintf("{" META("hourly-1-again", AGAIN) ",%s}",
				  p->again != NULL ? p->again : RUNNING);

	ts_json(conn, text);
	free(text);
}

static void
list(const struct platform *p, struct ts_conn *conn)
{
	char *items = bn_xasprintf(
	    "{\"metadata\":{},\"items\":[{" META("hourly-1", "") "," FAILED "}}%s%s%s]}",
	    p->again != NULL ? ",{" META("hourly-1-again", AGAIN) "," : "",
	    p->again != NULL ? p->again : "", p->again != NULL ? "}" : "");

	ts_json(conn, items);
	free(items);
}

static void
answer(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	struct platform *p = payload;
	const char *target = request->target;

	if (strcmp(request->method, "PUT") == 0 &&
	    (strcmp(target, "/api/v1/archived-workflows/u-1/retry") == 0 ||
	     strcmp(target, "/api/v1/workflows/orch/hourly-1/resubmit") == 0))
		act(p, conn);
	else if (strncmp(target, "/api/v1/workflows/orch/hourly-1?", 32) == 0)
		ts_json(conn, workflow(p));
	else if (strncmp(target, "/api/v1/workflows/orch/hourly-1-again", 37) == 0)
		again(p, conn);
	else if (strncmp(target, "/api/v1/workflows/orch?", 23) == 0 &&
		 strstr(target, "resubmitted-from-workflow") != NULL)
		resubmitted(p, conn, target);
	else if (strncmp(target, "/api/v1/workflows/orch?", 23) == 0)
		list(p, conn);
	else if (strncmp(target, "/api/v1/cron-workflows/", 23) == 0)
		ts_json(conn, "{\"metadata\":{},\"items\":[{\"metadata\":{\"name\":\"hourly\","
			      "\"namespace\":\"orch\",\"annotations\":{\"binnacle/idempotence\":"
			      "\"idempotent\"}},\"spec\":{\"schedule\":\"5 * * * *\"}}]}");
	else if (strncmp(target, "/api/v1/workflow-templates/", 27) == 0)
		ts_json(conn, "{\"metadata\":{},\"items\":null}");
	else
		ts_reply(conn, 404, "Content-Type: application/json\r\n",
			 "{\"message\":\"not found\"}");
}

/* ---- the ground -------------------------------------------------------------------------------- */

static void
open_session(struct fixture *f)
{
	char *text = bn_xasprintf("[source \"argo\"]\n\ttype = argo-workflows\n\turl = %s\n"
				  "\tnamespace = orch\n\tactions = retry\n",
				  ts_url(f->server));

	session_open(&f->s, text);
	free(text);
	session_poll(&f->s);
}

static struct fixture *
begin(bool archived, bool makes, bool answers)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->platform.archived = archived;
	f->platform.makes = makes;
	f->platform.answers = answers;
	session_begin(&f->s);
	f->platform.made_at = bn_clock_now(&f->s.clock);
	f->server = ts_start(answer, &f->platform, NULL);
	open_session(f);
	return f;
}

static void
end(struct fixture *f)
{
	session_close(&f->s);
	ts_stop(f->server);
	session_end(&f->s);
	free(f);
}

static int
send(struct fixture *f, const char *mode, struct bn_action_result *result)
{
	struct bn_action_plan *plan = NULL;
	int rc;

	assert_ok(bn_action_plan(&plan, f->s.actions, run, &f->s.err), &f->s.err);
	assert_string_equal(plan->mode, mode);
	rc = bn_action_send(f->s.actions, plan, "test", NULL, result, &f->s.err);
	bn_action_plan_free(plan);
	assert_int_equal(atomic_load(&f->platform.writes), 1);
	return rc;
}

/* The one intent there is. */
static void
assert_intent(struct fixture *f, const char *state, const char *new_run, const char *answer_like)
{
	struct bn_reader *reader = NULL;
	sqlite3_stmt *st = NULL;

	assert_ok(bn_reader_open(&reader, f->s.store, &f->s.err), &f->s.err);
	assert_int_equal(
	    sqlite3_prepare_v2(bn_reader_db(reader),
			       "SELECT state, coalesce(new_run, ''), answer LIKE ?1, answer FROM"
			       " intent_now",
			       -1, &st, NULL),
	    SQLITE_OK);
	sqlite3_bind_text(st, 1, answer_like, -1, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(st, 0), state);
	assert_string_equal((const char *)sqlite3_column_text(st, 1), new_run);
	assert_int_equal(sqlite3_column_int(st, 2), 1);
	assert_int_equal(sqlite3_step(st), SQLITE_DONE);
	sqlite3_finalize(st);
	bn_reader_close(reader);
}

/* ---- tests ------------------------------------------------------------------------------------- */

static void
archived_retry_that_makes_nothing_is_not_called_done(void **state)
{
	struct fixture *f = begin(true, false, true);
	struct bn_action_result result;

	(void)state;
	assert_int_equal(send(f, "archived-retry", &result), BN_EREMOTE);
	assert_int_equal(result.state, BN_OUTCOME_REFUSED);
	assert_non_null(strstr(result.answer, "made no workflow"));
	end(f);
}

static void
archived_retry_is_done_once_its_workflow_is_there(void **state)
{
	struct fixture *f = begin(true, true, true);
	struct bn_action_result result;

	(void)state;
	assert_ok(send(f, "archived-retry", &result), &f->s.err);
	assert_int_equal(result.state, BN_OUTCOME_DONE);
	end(f);
}

static void
archived_retry_whose_answer_is_lost_is_found_out(void **state)
{
	struct bn_action_result result;
	struct fixture *f = begin(true, true, false);

	(void)state;
	assert_ok(send(f, "archived-retry", &result), &f->s.err);
	end(f);
	f = begin(true, false, false);
	assert_int_equal(send(f, "archived-retry", &result), BN_EUNCERTAIN);
	end(f);
}

static void
run_of_which_nothing_ran_is_made_anew(void **state)
{
	struct fixture *f = begin(false, true, true);
	struct bn_action_result result;

	(void)state;
	assert_ok(send(f, "resubmit", &result), &f->s.err);
	assert_string_equal(result.run, "hourly-1-again");
	end(f);
}

/* What a plan of `about` says now, much later than the retry. */
static int
refusal_of(struct fixture *f, struct bn_ref about, const char *again)
{
	struct bn_action_plan *plan = NULL;
	int rc;

	f->platform.again = again;
	session_poll(&f->s);
	assert_ok(bn_action_plan(&plan, f->s.actions, about, &f->s.err), &f->s.err);
	rc = bn_action_plan_refusal(plan, &f->s.err);
	bn_action_plan_free(plan);
	return rc;
}

/* The run that nothing ran of stays failed for ever: its work is the other's. */
static void
run_that_was_made_anew_is_not_sent_again_while_that_one_stands(void **state)
{
	struct fixture *f = begin(false, true, true);
	struct bn_action_plan *plan = NULL;
	struct bn_action_result result;

	(void)state;
	assert_ok(send(f, "resubmit", &result), &f->s.err);
	bn_clock_set(&f->s.clock, f->platform.made_at + 3600 * 1000, 0);
	assert_int_equal(refusal_of(f, run, RUNNING), BN_EBUSY);
	assert_int_equal(refusal_of(f, run, FAILED "}"), BN_OK);
	assert_ok(bn_action_plan(&plan, f->s.actions, run, &f->s.err), &f->s.err);
	assert_int_equal(refusal_of(f, run, SUCCEEDED), BN_ECONFLICT);
	assert_non_null(strstr(f->s.err.message, "made anew as hourly-1-again, which succeeded"));
	/* nor is what was planned while it had failed */
	assert_int_equal(bn_action_send(f->s.actions, plan, "test", NULL, &result, &f->s.err),
			 BN_ECONFLICT);
	assert_int_equal(atomic_load(&f->platform.writes), 1);
	bn_action_plan_free(plan);
	end(f);
}

static void
run_that_a_retry_made_waits_for_the_interval_as_well(void **state)
{
	static const struct bn_ref made = {BN_RUN, "argo", "hourly-1-again"};
	struct fixture *f = begin(false, true, true);
	struct bn_action_result result;

	(void)state;
	bn_clock_set(&f->s.clock, f->platform.made_at, 0);
	assert_ok(send(f, "resubmit", &result), &f->s.err);
	bn_clock_set(&f->s.clock, f->platform.made_at + 1000, 0);
	assert_int_equal(refusal_of(f, made, FAILED "}"), BN_EBUSY);
	assert_true(f->s.err.retry_after > 0);
	bn_clock_set(&f->s.clock, f->platform.made_at + 3600 * 1000, 0);
	assert_int_equal(refusal_of(f, made, FAILED "}"), BN_OK);
	end(f);
}

static void
lost_answer_of_a_resubmission_is_found_by_its_label(void **state)
{
	struct bn_action_result result;
	struct fixture *f = begin(false, true, false);
	struct bn_reader *reader = NULL;
	sqlite3_stmt *st = NULL;

	(void)state;
	assert_ok(send(f, "resubmit", &result), &f->s.err);
	assert_string_equal(result.run, "hourly-1-again"); /* that is what is watched now */
	assert_ok(bn_reader_open(&reader, f->s.store, &f->s.err), &f->s.err);
	assert_int_equal(sqlite3_prepare_v2(bn_reader_db(reader),
					    "SELECT state, settled_by, new_run FROM intent_now", -1,
					    &st, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(st, 0), "done");
	assert_string_equal((const char *)sqlite3_column_text(st, 1), "reconcile");
	assert_string_equal((const char *)sqlite3_column_text(st, 2), "hourly-1-again");
	sqlite3_finalize(st);
	bn_reader_close(reader);
	end(f);
	/* It never arrived: nobody can tell that from "not yet". */
	f = begin(false, false, false);
	assert_int_equal(send(f, "resubmit", &result), BN_EUNCERTAIN);
	end(f);
}

/* The platform's clock is ten minutes behind ours, or before it. */
static void
lost_resubmission_is_found_whatever_the_clocks_say(void **state)
{
	static const bn_time off[] = {-600000, 600000};
	struct bn_action_result result;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
		struct fixture *f = begin(false, true, false);

		f->platform.made_at += off[i];
		assert_ok(send(f, "resubmit", &result), &f->s.err);
		assert_intent(f, "done", "hourly-1-again", "%by us or by somebody else%");
		end(f);
	}
}

/* A colleague resubmitted it after it was planned, by a clock before ours; what we sent never arrived, or late. */
static void
resubmission_that_was_there_is_never_taken_for_ours(void **state)
{
	struct fixture *f = begin(false, false, false);
	struct bn_action_plan *plan = NULL;
	struct bn_action_result result;
	int left = -1;

	(void)state;
	f->platform.made_at += 600000;
	assert_ok(bn_action_plan(&plan, f->s.actions, run, &f->s.err), &f->s.err);
	atomic_store(&f->platform.theirs, 1);
	assert_int_equal(bn_action_send(f->s.actions, plan, "test", NULL, &result, &f->s.err),
			 BN_EUNCERTAIN);
	bn_action_plan_free(plan);
	assert_int_equal(atomic_load(&f->platform.writes), 1);
	assert_intent(f, "unknown", "", "%");
	session_close(&f->s);
	open_session(f);
	assert_ok(bn_action_reconcile(f->s.actions, NULL, &left, &f->s.err), &f->s.err);
	assert_int_equal(left, 1);
	/* What was there before it was sent is in the journal: a later session can tell ours from it. */
	atomic_store(&f->platform.made, 1);
	assert_ok(bn_action_reconcile(f->s.actions, NULL, &left, &f->s.err), &f->s.err);
	assert_int_equal(left, 0);
	assert_intent(f, "done", "hourly-1-again", "resubmitted since%");
	end(f);
}

static void
two_resubmissions_since_are_left_to_a_person(void **state)
{
	struct fixture *f = begin(false, false, false);
	struct bn_action_result result;
	int left = -1;

	(void)state;
	assert_int_equal(send(f, "resubmit", &result), BN_EUNCERTAIN);
	atomic_store(&f->platform.theirs, 1);
	atomic_store(&f->platform.made, 1);
	assert_ok(bn_action_reconcile(f->s.actions, NULL, &left, &f->s.err), &f->s.err);
	assert_int_equal(left, 1);
	assert_intent(f, "unknown", "",
		      "resubmitted more than once since%theirs-0, hourly-1-again");
	assert_ok(
	    bn_action_settle(f->s.actions, result.intent, true, "it is theirs-0", NULL, &f->s.err),
	    &f->s.err);
	end(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(archived_retry_that_makes_nothing_is_not_called_done),
	    cmocka_unit_test(archived_retry_is_done_once_its_workflow_is_there),
	    cmocka_unit_test(archived_retry_whose_answer_is_lost_is_found_out),
	    cmocka_unit_test(run_of_which_nothing_ran_is_made_anew),
	    cmocka_unit_test(run_that_was_made_anew_is_not_sent_again_while_that_one_stands),
	    cmocka_unit_test(run_that_a_retry_made_waits_for_the_interval_as_well),
	    cmocka_unit_test(lost_answer_of_a_resubmission_is_found_by_its_label),
	    cmocka_unit_test(lost_resubmission_is_found_whatever_the_clocks_say),
	    cmocka_unit_test(resubmission_that_was_there_is_never_taken_for_ours),
	    cmocka_unit_test(two_resubmissions_since_are_left_to_a_person),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

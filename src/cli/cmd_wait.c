/* cmd_wait.c - wait: block until a thing is in a state, for scripts and CI. */
/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/context.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "action/action.h"
#include "base/error.h"
#include "base/text.h"

/* The states --for understands: every status word, "finished" and "fine". */
static bool
reached(const char *state, enum bn_status status)
{
	const struct bn_status_row *row = bn_status_row(status);

	if (strcmp(state, "finished") == 0)
		return status == BN_SUCCEEDED || status == BN_FAILED || status == BN_CANCELLED ||
		       status == BN_SKIPPED;
	if (strcmp(state, "fine") == 0)
		return row->fine && status != BN_RUNNING && status != BN_QUEUED;
	return strcmp(state, row->word) == 0;
}

/* A run that ended otherwise will never reach what is waited for. */
static bool
hopeless(const char *state, enum bn_kind kind, enum bn_status status)
{
	return kind == BN_RUN && reached("finished", status) && !reached(state, status);
}

static int
look(struct bn_cli *cli, const struct bn_ref *ref, enum bn_status *status, struct bn_error *err)
{
	struct bn_query query = {.table = bn_view_table_of(ref->kind), .scope = *ref};
	struct bn_rows *rows = NULL;
	int rc = bn_view_query(cli->reader, &query, &rows, err);

	if (rc == BN_OK && bn_rows_count(rows) == 0)
		rc = bn_fail(err, BN_ENOTFOUND, "%s is gone", ref->key);
	if (rc == BN_OK)
		*status = bn_rows_status(rows, 0);
	bn_rows_free(rows);
	return rc;
}

/* The attempt the run was in when it was last retried from here: what it shows of that one, or of an earlier one, is
 * from before the retry and is not what is waited for. 0: it was not. */
static int
attempt_before(struct bn_cli *cli, const struct bn_ref *ref)
{
	static const char sql[] =
	    "SELECT max(run_attempt) FROM intent_now WHERE source = ?1 AND kind = 'run'"
	    " AND key = ?2 AND state = 'done' AND new_run IS NULL";
	sqlite3_stmt *st = NULL;
	int attempt = 0;

	if (ref->kind == BN_RUN &&
	    sqlite3_prepare_v2(bn_reader_db(cli->reader), sql, -1, &st, NULL) == SQLITE_OK) {
		sqlite3_bind_text(st, 1, ref->source, -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 2, ref->key, -1, SQLITE_STATIC);
		if (sqlite3_step(st) == SQLITE_ROW)
			attempt = sqlite3_column_int(st, 0);
	}
	sqlite3_finalize(st);
	return attempt;
}

/* Is what the store shows of the run from after the retry? */
static bool
is_after(struct bn_cli *cli, const struct bn_ref *ref, int before)
{
	sqlite3_stmt *st = NULL;
	bool after = false;

	if (before == 0)
		return true;
	if (sqlite3_prepare_v2(bn_reader_db(cli->reader),
			       "SELECT attempt FROM run_now WHERE source = ?1 AND key = ?2", -1,
			       &st, NULL) == SQLITE_OK) {
		sqlite3_bind_text(st, 1, ref->source, -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 2, ref->key, -1, SQLITE_STATIC);
		after = sqlite3_step(st) == SQLITE_ROW && sqlite3_column_int(st, 0) > before;
	}
	sqlite3_finalize(st);
	return after;
}

/* Looks whenever something came in. `many`: it is one of several, so its name is printed as well. `made`: the run is
 * what a retry made, and may not have been seen yet. */
static int
wait_for(struct bn_cli *cli, const struct bn_ref *ref, const char *state, int64_t limit, bool many,
	 bool made, struct bn_error *err)
{
	int64_t end = bn_monotonic() + limit;
	int before = attempt_before(cli, ref);
	enum bn_status status = BN_UNKNOWN;
	int rc, number;

	bn_reader_set_now(cli->reader, 0); /* from here on time goes by */
	for (;;) {
		rc = look(cli, ref, &status, err);
		if (rc != BN_OK && !(made && rc == BN_ENOTFOUND))
			return bn_cli_report(cli, err);
		if (rc != BN_OK || !is_after(cli, ref, before))
			status = BN_UNKNOWN;
		else if (reached(state, status)) {
			if (!cli->quiet && many)
				fprintf(cli->out, "%s %s/%s\n", bn_status_row(status)->word,
					bn_sanitised(cli->arena, ref->source),
					bn_sanitised(cli->arena, ref->key));
			else if (!cli->quiet)
				fprintf(cli->out, "%s\n", bn_status_row(status)->word);
			return BN_EXIT_OK;
		}
		if (status != BN_UNKNOWN && hopeless(state, ref->kind, status)) {
			bn_cli_note(cli, "%s is %s", ref->key, bn_status_row(status)->word);
			return BN_EXIT_FAILED;
		}
		if (bn_monotonic() >= end) {
			bn_cli_note(cli, "%s is still %s", ref->key, bn_status_row(status)->word);
			return BN_EXIT_TIMEOUT;
		}
		number =
		    bn_cli_wait(cli, end - bn_monotonic() < 1000 ? end - bn_monotonic() : 1000);
		if (number != 0)
			return number == SIGINT ? BN_EXIT_INTERRUPTED : 128 + number;
	}
}

/* The run an intent is about, or made, once it is known to have been done. */
static int
run_of_intent(struct bn_cli *cli, int64_t intent, struct bn_ref *ref, int *code,
	      struct bn_error *err)
{
	static const char sql[] =
	    "SELECT source, coalesce(new_run, key), state FROM intent_now WHERE seq = ?1";
	const char *state = NULL;
	sqlite3_stmt *st = NULL;

	*code = BN_EXIT_OK;
	if (sqlite3_prepare_v2(bn_reader_db(cli->reader), sql, -1, &st, NULL) == SQLITE_OK) {
		sqlite3_bind_int64(st, 1, intent);
		if (sqlite3_step(st) == SQLITE_ROW) {
			ref->kind = BN_RUN;
			ref->source =
			    bn_arena_strdup(cli->arena, (const char *)sqlite3_column_text(st, 0));
			ref->key =
			    bn_arena_strdup(cli->arena, (const char *)sqlite3_column_text(st, 1));
			state =
			    bn_arena_strdup(cli->arena, (const char *)sqlite3_column_text(st, 2));
		}
	}
	sqlite3_finalize(st);
	if (state == NULL)
		return bn_fail(err, BN_ENOTFOUND, "record %lld is not an intent",
			       (long long)intent);
	if (strcmp(state, "refused") == 0 || strcmp(state, "not-sent") == 0) {
		bn_cli_note(cli, "intent %lld: %s", (long long)intent, state);
		*code = BN_EXIT_FAILED;
	} else if (strcmp(state, "done") != 0) {
		bn_cli_note(cli, "intent %lld was sent, and its outcome is not known",
			    (long long)intent);
		*code = BN_EXIT_UNKNOWN_OUTCOME;
	}
	return BN_OK;
}

static int
wait_for_intent(struct bn_cli *cli, const char *text, const char *state, int64_t limit)
{
	struct bn_error err = {0};
	struct bn_ref ref = {0};
	int code;

	if (bn_cli_refresh(cli, NULL, false, &err) != BN_OK ||
	    bn_cli_open_action(cli, NULL, &err) != BN_OK ||
	    (!cli->offline && bn_action_reconcile(cli->action, NULL, NULL, &err) != BN_OK) ||
	    run_of_intent(cli, strtoll(text, NULL, 10), &ref, &code, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	if (code != BN_EXIT_OK)
		return code;
	if (!cli->offline && bn_collect_start(cli->collect, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	return wait_for(cli, &ref, state, limit, false, true, &err);
}

/* ---- a bulk ---------------------------------------------------------------------------------- */

struct bulk {
	char state[24], text[256];
	int left;
};

/* BN_ENOTFOUND: the record is none. */
static int
look_at_bulk(struct bn_cli *cli, int64_t number, struct bulk *out, struct bn_error *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_fail(err, BN_ENOTFOUND, "record %lld is not a bulk", (long long)number);

	if (sqlite3_prepare_v2(
		bn_reader_db(cli->reader),
		"SELECT state, coalesce(text, ''), left FROM bulk_now WHERE seq = ?1", -1, &st,
		NULL) == SQLITE_OK) {
		sqlite3_bind_int64(st, 1, number);
		if (sqlite3_step(st) == SQLITE_ROW) {
			snprintf(out->state, sizeof(out->state), "%s",
				 (const char *)sqlite3_column_text(st, 0));
			snprintf(out->text, sizeof(out->text), "%.255s",
				 (const char *)sqlite3_column_text(st, 1));
			out->left = sqlite3_column_int(st, 2);
			rc = BN_OK;
		}
	}
	sqlite3_finalize(st);
	return rc;
}

/* Until its last request was answered, or its process is gone; BN_EXIT_OK then. */
static int
wait_for_end(struct bn_cli *cli, int64_t number, int64_t end, struct bulk *bulk)
{
	struct bn_error err = {0};
	int64_t reconcile_at = 0;
	int signal;

	for (;;) {
		if (look_at_bulk(cli, number, bulk, &err) != BN_OK)
			return bn_cli_report(cli, &err);
		if (strcmp(bulk->state, "running") != 0)
			return BN_EXIT_OK;
		if (bn_monotonic() >= end) {
			bn_cli_note(cli, "bulk %lld is still running", (long long)number);
			return BN_EXIT_TIMEOUT;
		}
		/* Whoever was at it may have died. */
		if (!cli->offline && bn_monotonic() >= reconcile_at) {
			if (bn_action_reconcile(cli->action, NULL, NULL, &err) != BN_OK)
				return bn_cli_report(cli, &err);
			reconcile_at = bn_monotonic() + 5000;
			continue;
		}
		if ((signal = bn_cli_wait(cli, 500)) != 0)
			return signal == SIGINT ? BN_EXIT_INTERRUPTED : 128 + signal;
	}
}

/* Each of its runs, one behind the other: all of them go on meanwhile. */
static int
wait_for_runs(struct bn_cli *cli, int64_t number, const char *state, int64_t end)
{
	int64_t seqs[1000];
	sqlite3_stmt *st = NULL;
	size_t count = 0, i;
	int code = BN_EXIT_OK;

	if (sqlite3_prepare_v2(bn_reader_db(cli->reader),
			       "SELECT seq FROM intent_now WHERE parent = ?1 ORDER BY seq", -1, &st,
			       NULL) == SQLITE_OK) {
		sqlite3_bind_int64(st, 1, number);
		while (count < 1000 && sqlite3_step(st) == SQLITE_ROW)
			seqs[count++] = sqlite3_column_int64(st, 0);
	}
	sqlite3_finalize(st);
	for (i = 0; i < count; i++) {
		struct bn_error err = {0};
		struct bn_ref ref = {0};
		int64_t left = end - bn_monotonic();
		int one;

		if (run_of_intent(cli, seqs[i], &ref, &one, &err) != BN_OK)
			one = bn_cli_report(cli, &err);
		else if (one == BN_EXIT_OK)
			one = wait_for(cli, &ref, state, left > 0 ? left : 0, true, true, &err);
		code = code == BN_EXIT_OK ? one : bn_exit_combine(code, one);
		if (one == BN_EXIT_INTERRUPTED || one > 128)
			return one;
	}
	return code;
}

static int
wait_for_bulk(struct bn_cli *cli, int64_t number, const char *state, int64_t limit)
{
	int64_t end = bn_monotonic() + limit;
	struct bn_error err = {0};
	struct bulk bulk;
	int code;

	if (bn_cli_open_action(cli, NULL, &err) != BN_OK ||
	    (!cli->offline && bn_collect_start(cli->collect, &err) != BN_OK))
		return bn_cli_report(cli, &err);
	bn_reader_set_now(cli->reader, 0);
	if ((code = wait_for_end(cli, number, end, &bulk)) != BN_EXIT_OK)
		return code;
	bn_cli_note(cli, "bulk %lld %s: %s", (long long)number, bulk.state, bulk.text);
	code = wait_for_runs(cli, number, state, end);
	/* What was not sent will not be in any state. */
	return bulk.left == 0	    ? code
	       : code == BN_EXIT_OK ? BN_EXIT_FAILED
				    : bn_exit_combine(code, BN_EXIT_FAILED);
}

static bool
is_number(const char *text)
{
	return *text != '\0' && strlen(text) < 18 && strspn(text, "0123456789") == strlen(text);
}

static int
run_wait(struct bn_cli *cli, const struct bn_invocation *in)
{
	const char *state = bn_flag_get(in, "for");
	struct bn_error err = {0};
	struct bn_ref ref = {0};
	struct bulk bulk;
	int64_t limit;

	if (state == NULL)
		state = "finished";
	if (bn_flag_duration(in, "timeout", 30 * 60 * 1000, &limit, &err) != BN_OK ||
	    bn_cli_catch_signals(cli, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	/* --timeout is how long to wait here, not how long one poll may take */
	cli->timeout = limit < 20000 ? limit : 20000;
	if (is_number(in->operands[0]) && bn_cli_open_store(cli, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	if (is_number(in->operands[0]) &&
	    look_at_bulk(cli, strtoll(in->operands[0], NULL, 10), &bulk, &err) == BN_OK)
		return wait_for_bulk(cli, strtoll(in->operands[0], NULL, 10), state, limit);
	if (is_number(in->operands[0]))
		return wait_for_intent(cli, in->operands[0], state, limit);
	if (bn_cli_refresh(cli, NULL, false, &err) != BN_OK ||
	    bn_cli_resolve(cli, in->operands[0],
			   strchr(in->operands[0], '/') ? BN_KIND_NONE : BN_PIPELINE, &ref,
			   &err) != BN_OK ||
	    (!cli->offline && bn_collect_start(cli->collect, &err) != BN_OK))
		return bn_cli_report(cli, &err);
	if (bn_view_table_of(ref.kind) == NULL || ref.kind == BN_MODEL) {
		bn_fail(&err, BN_EINVAL, "'%.100s' is a %s, which is in no state to wait for",
			in->operands[0], bn_kind_word(ref.kind));
		return bn_cli_report(cli, &err);
	}
	return wait_for(cli, &ref, state, limit, false, false, &err);
}

static const struct bn_flag wait_flags[] = {
    {"for", 0, "STATE", false,
     "queued|running|succeeded|failed|cancelled|skipped|paused|healthy|progressing|degraded|down|"
     "unknown|finished|fine",
     "the state to wait for; finished: a run has ended, whichever way; fine: well and not under "
     "way"},
    BN_FLAGS_END,
};

static const struct bn_example wait_examples[] = {
    {"binnacle --demo wait pipeline/argo-prod/transform-daily --for succeeded --timeout 20m", 0,
     "It is there already"},
    {"binnacle --demo wait pipeline/argo-prod/transform-hourly --for succeeded --timeout 2s", 124,
     "124: not within two seconds"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_wait = {
    .name = "wait",
    .page = "wait",
    .operands = "KIND/[SOURCE/]KEY|INTENT",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "block until a thing is in a state",
    .doc = "Polls on the sources' schedule until the thing is in the state named by --for "
	   "(default: finished), and "
	   "prints it. Exits with 2 when a run ended otherwise, and with 124 when --timeout "
	   "(default 30m) is over. Of a run that was retried from here only the attempts after "
	   "that count. "
	   "It may be a pipeline, a run, an endpoint, a stream, a product or a source. "
	   "INTENT, the number that retry prints, means the run that it started; 2: it was "
	   "refused, 79: "
	   "whether it was done is not known. The number of a bulk means all runs that it started, "
	   "and its "
	   "end first; 2: some of it was not sent.",
    .flags = wait_flags,
    .examples = wait_examples,
    .run = run_wait,
};

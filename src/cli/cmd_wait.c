/* cmd_wait.c - wait: block until a thing is in a state, for scripts and CI. */
/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/context.h"

#include <signal.h>
#include <string.h>

#include "base/error.h"

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
	const char *table = ref->kind == BN_RUN	       ? "runs"
			    : ref->kind == BN_ENDPOINT ? "endpoints"
			    : ref->kind == BN_SOURCE   ? "sources"
						       : "pipelines";
	struct bn_query query = {.table = bn_view_table(table), .scope = *ref};
	struct bn_rows *rows = NULL;
	int rc = bn_view_query(cli->reader, &query, &rows, err);

	if (rc == BN_OK && bn_rows_count(rows) == 0)
		rc = bn_fail(err, BN_ENOTFOUND, "%s is gone", ref->key);
	if (rc == BN_OK)
		*status = bn_rows_status(rows, 0);
	bn_rows_free(rows);
	return rc;
}

/* Starts collecting, and looks whenever something came in. */
static int
wait_for(struct bn_cli *cli, const struct bn_ref *ref, const char *state, int64_t limit,
	 struct bn_error *err)
{
	int64_t end = bn_monotonic() + limit;
	enum bn_status status = BN_UNKNOWN;
	int rc, number;

	bn_reader_set_now(cli->reader, 0); /* from here on time goes by */
	for (;;) {
		rc = look(cli, ref, &status, err);
		if (rc != BN_OK)
			return bn_cli_report(cli, err);
		if (reached(state, status)) {
			if (!cli->quiet)
				fprintf(cli->out, "%s\n", bn_status_row(status)->word);
			return BN_EXIT_OK;
		}
		if (hopeless(state, ref->kind, status)) {
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

static int
run_wait(struct bn_cli *cli, const struct bn_invocation *in)
{
	const char *state = bn_flag_get(in, "for");
	struct bn_error err = {0};
	struct bn_ref ref = {0};
	int64_t limit;

	if (state == NULL)
		state = "finished";
	if (bn_flag_duration(in, "timeout", 30 * 60 * 1000, &limit, &err) != BN_OK ||
	    bn_cli_catch_signals(cli, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	/* --timeout is how long to wait here, not how long one poll may take */
	cli->timeout = limit < 20000 ? limit : 20000;
	if (bn_cli_refresh(cli, NULL, false, &err) != BN_OK ||
	    bn_cli_resolve(cli, in->operands[0],
			   strchr(in->operands[0], '/') ? BN_KIND_NONE : BN_PIPELINE, &ref,
			   &err) != BN_OK ||
	    (!cli->offline && bn_collect_start(cli->collect, &err) != BN_OK))
		return bn_cli_report(cli, &err);
	return wait_for(cli, &ref, state, limit, &err);
}

static const struct bn_flag wait_flags[] = {
    {"for", 0, "STATE", false,
     "queued|running|succeeded|failed|cancelled|skipped|paused|healthy|progressing|degraded|down|"
     "unknown|finished|fine",
     "the state to wait for"},
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
    .operands = "KIND/[SOURCE/]KEY",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "block until a thing is in a state",
    .doc = "Polls on the sources' schedule until the thing is in the state named by --for "
	   "(default: finished), and "
	   "prints it. Exits with 2 when a run ended otherwise, and with 124 when --timeout "
	   "(default 30m) is over.",
    .flags = wait_flags,
    .examples = wait_examples,
    .run = run_wait,
};

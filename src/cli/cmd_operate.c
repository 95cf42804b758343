/* cmd_operate.c - the collector at work: doctor, poll, collect. */
/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/context.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "action/action.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

/* ---- doctor -------------------------------------------------------------------------------- */

struct examination {
	struct bn_cli *cli;
	struct bn_buf out;
	const char *source;
	int failed, lines;
};

static void
on_doctor_line(const char *verdict, const char *what, const char *detail, void *payload)
{
	struct examination *e = payload;
	bool ok = strcmp(verdict, "ok") == 0, fail = strcmp(verdict, "fail") == 0;

	e->failed += fail;
	if (e->cli->format == BN_OUT_JSON || e->cli->format == BN_OUT_NDJSON) {
		if (e->cli->format == BN_OUT_JSON && e->lines > 0)
			bn_buf_addc(&e->out, ',');
		bn_buf_adds(&e->out, "{\"source\":");
		bn_json_quote(&e->out, e->source);
		bn_buf_adds(&e->out, ",\"verdict\":");
		bn_json_quote(&e->out, verdict);
		bn_buf_adds(&e->out, ",\"what\":");
		bn_json_quote(&e->out, what);
		bn_buf_adds(&e->out, ",\"detail\":");
		bn_json_quote(&e->out, detail);
		bn_buf_adds(&e->out, e->cli->format == BN_OUT_JSON ? "}" : "}\n");
	} else {
		bn_buf_addf(&e->out, "  %s ",
			    e->cli->style.ascii ? (ok	  ? "ok  "
						   : fail ? "FAIL"
							  : "note")
						: (ok	  ? "●"
						   : fail ? "✗"
							  : "–"));
		bn_text_cell(&e->out, bn_sanitised(e->cli->arena, what), 28, BN_PAD_RIGHT,
			     e->cli->style.ascii);
		bn_buf_addf(&e->out, " %s\n", bn_sanitised(e->cli->arena, detail));
	}
	e->lines++;
}

static int
examine(struct examination *e, const char *source)
{
	struct bn_error err = {0};
	int failed = e->failed;

	e->source = source;
	if (e->cli->format == BN_OUT_TABLE || e->cli->format == BN_OUT_WIDE)
		bn_buf_addf(&e->out, "%s\n", bn_sanitised(e->cli->arena, source));
	if (bn_collect_doctor(e->cli->collect, source, e->cli->timeout, on_doctor_line, e, &err) !=
	    BN_OK) {
		/* what broke it off has mostly been said by the check that it broke */
		if (e->failed == failed)
			on_doctor_line(
			    "fail", "answer",
			    err.hint[0] == '\0'
				? err.message
				: bn_arena_format(e->cli->arena, "%s - %s", err.message, err.hint),
			    e);
		return err.code;
	}
	return BN_OK;
}

/* A repository is no plugin's: its row says what there is to say. */
static void
examine_repository(struct examination *e, const struct bn_rows *rows, size_t row)
{
	struct bn_value error = bn_rows_named(rows, row, "error");
	bool fine = bn_rows_status(rows, row) == BN_HEALTHY;

	if (e->cli->format == BN_OUT_TABLE || e->cli->format == BN_OUT_WIDE)
		bn_buf_addf(&e->out, "%s\n", bn_sanitised(e->cli->arena, e->source));
	on_doctor_line(fine ? "ok" : "fail", "read commits",
		       error.type == BN_VALUE_TEXT ? error.s
		       : fine			   ? "from the clone"
						   : "never read",
		       e);
}

/* Every configured source, or those given. */
static int
examine_all(struct examination *e, const struct bn_invocation *in, struct bn_error *err)
{
	static const char *const columns[] = {"source", "type", "error", NULL};
	struct bn_query query = {
	    .table = bn_view_table("sources"), .columns = columns, .sort = "source"};
	struct bn_rows *rows = NULL;
	size_t i;
	int rc, n;

	for (n = 0; n < in->count; n++)
		examine(e, in->operands[n]);
	if (in->count > 0)
		return BN_OK;
	rc = bn_view_query(e->cli->reader, &query, &rows, err);
	for (i = 0; rc == BN_OK && i < bn_rows_count(rows); i++) {
		struct bn_value type = bn_rows_named(rows, i, "type");

		e->source = bn_arena_strdup(e->cli->arena, bn_rows_ref(rows, i).key);
		if (type.type == BN_VALUE_TEXT && strcmp(type.s, "repo") == 0)
			examine_repository(e, rows, i);
		else
			examine(e, e->source);
	}
	bn_rows_free(rows);
	return rc;
}

static int
run_doctor(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct examination e = {.cli = cli, .out = BN_BUF_INIT(0)};
	struct bn_error err = {0};
	int rc = bn_cli_may_ask(cli, "what works is heard", &err);

	if (rc == BN_OK)
		rc = bn_cli_open_collect(cli, &err);
	/* repositories are read with the sources, not asked one by one */
	if (rc == BN_OK)
		rc = bn_cli_refresh(cli, NULL, false, &err);
	if (rc == BN_OK && cli->format == BN_OUT_JSON)
		bn_cli_json_begin(cli, &e.out, "doctor", 1);
	if (rc == BN_OK)
		rc = examine_all(&e, in, &err);
	if (rc == BN_OK && cli->format == BN_OUT_JSON)
		bn_cli_json_end(&e.out);
	if (rc == BN_OK)
		rc = bn_cli_flush(cli, &e.out, &err);
	bn_buf_free(&e.out);
	if (rc != BN_OK)
		return bn_cli_report(cli, &err);
	return e.failed > 0 ? BN_EXIT_ATTENTION : BN_EXIT_OK;
}

static const struct bn_example doctor_examples[] = {
    {"binnacle --demo doctor", 0, "What works and what doesn't, source by source"},
    {"binnacle --demo doctor argo-prod -o json", 0, "One source, for a program"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_doctor = {
    .name = "doctor",
    .page = "doctor",
    .operands = "[SOURCE...]",
    .max_operands = -1,
    .completes = BN_SOURCE,
    .summary = "what works, what doesn't, which right is missing, what to do",
    .doc = "Asks each source the cheapest questions that prove its address, login and rights, and "
	   "says what to do "
	   "about each that fails. Exits with 1 if any does.",
    .examples = doctor_examples,
    .run = run_doctor,
};

/* ---- poll ---------------------------------------------------------------------------------- */

static int
run_poll(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_query query = {.table = bn_view_table("sources")};
	struct bn_error err = {0};
	const char **names = NULL;
	int i;

	if (in->count > 0) {
		names = bn_arena_alloc(cli->arena, ((size_t)in->count + 1) * sizeof(*names));
		for (i = 0; i < in->count; i++)
			names[i] = in->operands[i];
	}
	if (bn_cli_may_ask(cli, "a poll reads", &err) != BN_OK ||
	    bn_cli_may_write(cli, &err) != BN_OK || bn_cli_refresh(cli, names, true, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	if (!cli->quiet && bn_cli_list(cli, &query, NULL, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	return bn_cli_complete(cli);
}

static const struct bn_example poll_examples[] = {
    {"binnacle --demo poll", 0, "Ask every source once, whatever its interval"},
    {"binnacle --demo poll argo-prod -q", 0, "Ask one, quietly"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_poll = {
    .name = "poll",
    .page = "source",
    .operands = "[SOURCE...]",
    .max_operands = -1,
    .completes = BN_SOURCE,
    .summary = "ask sources once, now",
    .doc = "Polls whatever the age of the data, stores what came, evaluates the rules, and lists "
	   "the sources.",
    .table = "sources",
    .examples = poll_examples,
    .run = run_poll,
};

/* ---- collect ------------------------------------------------------------------------------- */

#define SETTLE_EVERY 30 /* seconds between two looks for what earlier sessions left unsettled */

/* What was sent and whose answer was lost, and bulks whose process is gone: on a thread of its own, since a platform
 * may take its time to say. */
struct settling {
	struct bn_cli *cli;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stop;
};

static void *
settle(void *payload)
{
	struct settling *s = payload;

	pthread_mutex_lock(&s->lock);
	while (!s->stop) {
		struct bn_error err = {0};
		struct timespec until;

		pthread_mutex_unlock(&s->lock);
		if (bn_action_reconcile(s->cli->action, NULL, NULL, &err) != BN_OK)
			bn_log_write(s->cli->log, 1, "unsettled retries: %s", err.message);
		pthread_mutex_lock(&s->lock);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += SETTLE_EVERY;
		while (!s->stop &&
		       pthread_cond_timedwait(&s->changed, &s->lock, &until) != ETIMEDOUT)
			continue;
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static int
begin_settling(struct settling *s, struct bn_error *err)
{
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	if (pthread_create(&s->thread, NULL, settle, s) == 0)
		return BN_OK;
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	return bn_fail(err, BN_EIO, "can't start a thread");
}

static void
end_settling(struct settling *s)
{
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	bn_collect_cancel_plans(s->cli->collect);
	pthread_join(s->thread, NULL);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
}

static int
run_collect(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct settling settling = {.cli = cli};
	struct bn_error err = {0};
	int64_t limit;
	int number = 0;

	if (bn_flag_duration(in, "for", -1, &limit, &err) != BN_OK ||
	    bn_cli_may_ask(cli, "what is collected comes", &err) != BN_OK ||
	    bn_cli_may_write(cli, &err) != BN_OK || bn_cli_catch_signals(cli, &err) != BN_OK ||
	    bn_cli_open_action(cli, NULL, &err) != BN_OK ||
	    bn_collect_start(cli->collect, &err) != BN_OK ||
	    begin_settling(&settling, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	bn_cli_note(cli, "collecting into %s", bn_store_dir(cli->store));
	if (limit >= 0) {
		int64_t end = bn_monotonic() + limit;

		while (number == 0 && bn_monotonic() < end)
			number = bn_cli_wait(cli, end - bn_monotonic());
	} else {
		while (number == 0)
			number = bn_cli_wait(cli, -1);
	}
	end_settling(&settling);
	return number == SIGINT ? BN_EXIT_INTERRUPTED : BN_EXIT_OK;
}

static const struct bn_flag collect_flags[] = {
    {"for", 0, "D", false, NULL, "stop after D; without it, at a signal"},
    BN_FLAGS_END,
};

static const struct bn_example collect_examples[] = {
    {"binnacle --demo collect --for 2s", 0, "Collect for two seconds"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_collect = {
    .name = "collect",
    .page = "source",
    .operands = "",
    .summary = "poll on schedule without a console, for a service",
    .doc = "Holds the sources' leases and polls them until a signal comes (TERM: exit 0, INT: "
	   "130). Consoles and "
	   "commands on the same state directory then read what it stores and poll nothing "
	   "themselves. It finds out what became of retries whose answer was lost, and of bulks "
	   "whose process "
	   "is gone. A systemd "
	   "unit for it lies in share/binnacle of the installation.",
    .flags = collect_flags,
    .examples = collect_examples,
    .run = run_collect,
};

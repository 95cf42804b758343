/* toy.c - a small plugin over the test server, for everything the collector does with plugins. */
/* SPDX-License-Identifier: MIT */
#include "toy.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { T_RUNS, T_DETAIL, T_LOG, T_OLD, T_WHO };
static const struct bn_request toy_requests[] = {
    [T_RUNS] = {"GET", "/runs", "since", BN_READS, "list runs"},
    [T_DETAIL] = {"GET", "/detail/{run}", "", BN_READS, "tasks"},
    [T_LOG] = {"GET", "/logs/{run}", "", BN_READS, "log"},
    [T_OLD] = {"GET", "/old", "", BN_READS, "history"},
    [T_WHO] = {"GET", "/who", "", BN_READS, "who am I"},
    {NULL},
};

static const struct bn_option toy_options[] = {
    {"unchanged", BN_OPT_BOOL, "false", "Skip answers that did not change", 0, NULL},
    {"hang", BN_OPT_BOOL, "false", "Never come back, whatever the host says", 0, NULL},
    {"circle", BN_OPT_BOOL, "false", "Read the list for ever", 0, NULL},
    {"words", BN_OPT_STRING, "one", "A list", BN_OPT_MULTI, NULL},
    {"count", BN_OPT_INT, "7", "A number", 0, "1..100"},
    {NULL},
};

atomic_bool toy_hangs;

struct toy {
	int polls;
};

static int
toy_open(struct bn_source *s, struct bn_error *err)
{
	(void)err;
	s->data = calloc(1, sizeof(struct toy));
	return s->data != NULL ? BN_OK : BN_EINTERNAL;
}

static void
toy_close(struct bn_source *s)
{
	free(s->data);
}

/* Lanes must leave signals to the main thread. */
static int
check_signals(struct bn_source *s, struct bn_error *err)
{
	sigset_t blocked;

	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	if (sigismember(&blocked, SIGTERM) == 1 && sigismember(&blocked, SIGWINCH) == 1)
		return BN_OK;
	return bn_fail_at(s, err, BN_EINTERNAL, "signals are not blocked");
}

struct reading {
	struct bn_source *source;
	struct bn_batch *batch;
};

static int
on_run(struct bn_json item, void *payload, struct bn_error *err)
{
	struct reading *r = payload;
	const char *id = bn_json_string(item, "id");
	const char *status = bn_json_string(item, "status");

	if (id == NULL)
		return bn_fail_at(r->source, err, BN_EPARSE, "a run without id");
	bn_add_run(r->batch, &(struct bn_run){
				 .e = {.key = id,
				       .status = status != NULL && strcmp(status, "failed") == 0
						     ? BN_FAILED
						     : BN_SUCCEEDED,
				       .raw_status = status},
				 .finished_at = bn_json_time(item, "finished"),
			     });
	return BN_OK;
}

static int
read_runs(struct bn_source *s, struct bn_batch *b, int request, struct bn_error *err)
{
	struct reading r = {s, b};
	int rc;

	if ((rc = bn_scope(b, "runs", request == T_RUNS ? BN_COMPLETE : BN_DELTA, err)) != BN_OK)
		return rc;
	if (bn_option_bool(s, "unchanged"))
		bn_if_changed(s);
	while (bn_option_bool(s, "circle") && rc == BN_OK)
		rc = bn_items(s, request, BN_NO_PARAMS, "items", on_run, &r, NULL, err);
	if (rc != BN_OK)
		return rc;
	rc = bn_items(s, request, BN_NO_PARAMS, "items", on_run, &r, NULL, err);
	if (rc == BN_UNCHANGED)
		return bn_scope_same(b, err);
	return rc == BN_OK ? bn_scope_done(b, err) : rc;
}

static int
toy_poll(struct bn_source *s, struct bn_batch *b, struct bn_error *err)
{
	struct toy *toy = s->data;
	int rc;

	toy->polls++;
	while (bn_option_bool(s, "hang")) {
		atomic_store(&toy_hangs, true);
		usleep(10000);
	}
	if ((rc = check_signals(s, err)) != BN_OK)
		return rc;
	return read_runs(s, b, T_RUNS, err);
}

static int
toy_backfill(struct bn_source *s, bn_time since, struct bn_batch *b, struct bn_error *err)
{
	if (since >= bn_source_now(s))
		return bn_fail_at(s, err, BN_EINTERNAL, "backfill of the future");
	return read_runs(s, b, T_OLD, err);
}

static int
toy_detail(struct bn_source *s, const struct bn_ref *ref, struct bn_batch *b, struct bn_error *err)
{
	struct bn_json json;
	int rc;

	if ((rc = bn_get(s, T_DETAIL, BN_PARAMS({"run", ref->key}), &json, err)) != BN_OK)
		return rc;
	bn_add_task(b, &(struct bn_task){
			   .e = {.key = bn_json_string(json, "task"),
				 .status = BN_FAILED,
				 .message = bn_json_text(s, json, "why")},
			   .run = ref->key,
			   .type = bn_format(s, "%s-%d", bn_option(s, "words"),
					     (int)bn_option_int(s, "count")),
		       });
	return BN_OK;
}

struct log {
	struct bn_source *source;
	struct bn_sink *sink;
};

static int
on_line(const char *line, size_t size, void *payload, struct bn_error *err)
{
	struct log *log = payload;

	(void)err;
	return bn_sink_line(log->source, log->sink, 0, line, size);
}

static int
toy_logs(struct bn_source *s, const struct bn_log_request *request, struct bn_sink *sink,
	 struct bn_error *err)
{
	struct log log = {s, sink};

	return bn_lines(s, T_LOG, BN_PARAMS({"run", request->run}), BN_LINES_RAW, NULL, on_line,
			&log, err);
}

static int
toy_doctor(struct bn_source *s, struct bn_sink *sink, struct bn_error *err)
{
	struct bn_json json;
	struct bn_error why;

	(void)err;
	if (bn_get(s, T_WHO, BN_NO_PARAMS, &json, &why) == BN_OK)
		bn_check(s, sink, BN_CHECK_OK, "login", bn_json_string(json, "name"));
	else
		bn_check(s, sink, BN_CHECK_FAIL, "login", why.message);
	return BN_OK;
}

const struct bn_plugin toy_plugin = {
    .abi = BN_PLUGIN_ABI,
    .name = "toy",
    .summary = "a toy",
    .provides = "run task",
    .options = toy_options,
    .requests = toy_requests,
    .interval = 60000,
    .open = toy_open,
    .close = toy_close,
    .poll = toy_poll,
    .backfill = toy_backfill,
    .detail = toy_detail,
    .logs = toy_logs,
    .doctor = toy_doctor,
};

/* ---- a plugin that does what it must not --------------------------------------------------- */

static const struct bn_request planted_requests[] = {
    {"GET", "/runs", "", BN_READS, "list runs"},
    {"DELETE", "/runs/{run}", "", BN_WRITES, "never"},
    {NULL},
};

static const struct bn_option planted_options[] = {
    {"how", BN_OPT_STRING, "unlisted", "What it tries", 0, NULL},
    {NULL},
};

static int
planted_poll(struct bn_source *s, struct bn_batch *b, struct bn_error *err)
{
	struct bn_probe probe = {.url = bn_format(s, "%s/runs/x", bn_option(s, "url")),
				 .method = "DELETE"};
	const char *how = bn_option(s, "how");
	struct bn_json json;

	(void)b;
	if (strcmp(how, "write") == 0)
		return bn_get(s, 1, BN_PARAMS({"run", "x"}), &json, err);
	if (strcmp(how, "probe") == 0)
		return bn_probe_all(s, &probe, 1, 1, err);
	if (strcmp(how, "parameter") == 0)
		return bn_get(s, 0, BN_PARAMS({"delete", "x"}), &json, err);
	return bn_get(s, 2, BN_PARAMS({"run", "x"}), &json, err);
}

static int
planted_plan(struct bn_source *s, struct bn_plan *plan, struct bn_error *err)
{
	const char *token = NULL;

	plan->mode = plan->attempt = "1";
	plan->request = "DELETE";
	plan->remember = "nothing";
	if (strcmp(bn_option(s, "how"), "tells") != 0)
		return BN_OK;
	if (bn_secret(s, "token", &token, err) != BN_OK)
		return err->code;
	plan->remember = bn_format(s, "sent with %s", token);
	return BN_OK;
}

/* Sends, once, and then sends again or says of what it sent what it can't know. */
static int
planted_act(struct bn_source *s, const struct bn_plan *plan, struct bn_outcome *outcome,
	    struct bn_error *err)
{
	const char *how = bn_option(s, "how");
	int rc = bn_send(s, 1, BN_PARAMS({"run", plan->about.key}), NULL, NULL, outcome, err);

	if (strcmp(how, "twice") == 0)
		return bn_send(s, 1, BN_PARAMS({"run", "y"}), NULL, NULL, outcome, err);
	outcome->state = strcmp(how, "denies") == 0 ? BN_OUTCOME_NOT_SENT : BN_OUTCOME_REFUSED;
	return rc;
}

static int
planted_reconcile(struct bn_source *s, const struct bn_intent *intent, struct bn_outcome *outcome,
		  struct bn_error *err)
{
	(void)intent;
	(void)outcome;
	return bn_fail_at(s, err, BN_EUNSUPPORTED, "never asked");
}

const struct bn_plugin planted_plugin = {
    .abi = BN_PLUGIN_ABI,
    .name = "planted",
    .summary = "does what it must not",
    .provides = "run",
    .options = planted_options,
    .requests = planted_requests,
    .poll = planted_poll,
    .plan = planted_plan,
    .act = planted_act,
    .reconcile = planted_reconcile,
};

/* ---- a plugin with sections of its own ----------------------------------------------------- */

static const struct bn_option widget_options[] = {
    {"source", BN_OPT_STRING, NULL, "Whose it is", 0, NULL},
    {"path", BN_OPT_STRING, "/", "Where", 0, NULL},
    {NULL},
};

static int
widget_poll(struct bn_source *s, struct bn_batch *b, struct bn_error *err)
{
	size_t i;
	int rc;

	if ((rc = bn_scope(b, "widgets", BN_COMPLETE, err)) != BN_OK)
		return rc;
	for (i = 0; i < bn_section_count(s); i++)
		bn_add_endpoint(b, &(struct bn_endpoint){
				       .e = {.key = bn_section_name(s, i), .status = BN_HEALTHY},
				       .type = "widget",
				       .target = bn_section_option(s, i, "path"),
				   });
	return bn_scope_done(b, err);
}

const struct bn_plugin widget_plugin = {
    .abi = BN_PLUGIN_ABI,
    .name = "widgets",
    .summary = "has sections",
    .provides = "endpoint",
    .section = "widget",
    .section_options = widget_options,
    .poll = widget_poll,
};

const struct bn_plugin *const toy_plugins[] = {&toy_plugin, &planted_plugin, &widget_plugin, NULL};

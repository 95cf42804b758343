/* cmd_retry.c - retry: plan, then act; lock and unlock. */
/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/context.h"

#include <string.h>

#include "action/action.h"
#include "base/error.h"
#include "base/json.h"
#include "base/status.h"
#include "base/text.h"

/* ---- the plan in words ----------------------------------------------------------------------- */

static void
line(struct bn_cli *cli, struct bn_buf *out, const char *label, const char *text)
{
	bn_text_cell(out, label, 9, BN_PAD_RIGHT, cli->style.ascii);
	bn_buf_addf(out, " %s\n", bn_sanitised(cli->arena, text));
}

/* "wave 2  16 build-tag-intermediate: int_a, int_b, int_c, … 13" */
static void
add_wave(struct bn_cli *cli, struct bn_buf *out, const struct bn_action_plan *plan, int wave)
{
	enum { NAMED = 3 };
	const char *group = NULL;
	struct bn_buf names = BN_BUF_INIT(0), text = BN_BUF_INIT(0);
	bool one = true;
	size_t i, count = 0;

	for (i = 0; i < plan->step_count; i++) {
		if (plan->steps[i].wave != wave)
			continue;
		if (count++ < NAMED)
			bn_buf_addf(&names, "%s%s", names.size > 0 ? ", " : "",
				    plan->steps[i].name);
		if (group != NULL && plan->steps[i].group != NULL)
			one = one && strcmp(group, plan->steps[i].group) == 0;
		else
			group = plan->steps[i].group;
	}
	if (count > NAMED)
		bn_buf_addf(&names, ", … %zu", count - NAMED);
	bn_buf_addf(&text, "wave %d  %zu%s%s: %s", wave, count, one && group != NULL ? " " : "",
		    one && group != NULL ? group : "", bn_buf_text(&names));
	line(cli, out, wave == 1 ? "order" : "", bn_buf_text(&text));
	bn_buf_free(&names);
	bn_buf_free(&text);
}

static void
plan_text(struct bn_cli *cli, struct bn_buf *out, const struct bn_action_plan *plan)
{
	static const char *const marks[] = {"●", "◦", "✗"}, *const ascii[] = {"+", "-", "x"};
	char time[BN_TIME_TEXT];
	size_t i;
	int wave;

	line(cli, out, "run",
	     bn_arena_format(cli->arena, "run/%s/%s%s%s", plan->about.source, plan->about.key,
			     plan->engine != NULL ? " · " : "",
			     plan->engine != NULL ? plan->engine : ""));
	line(cli, out, "what", plan->what);
	for (wave = 1; wave <= plan->waves; wave++)
		add_wave(cli, out, plan, wave);
	line(cli, out, "class",
	     bn_arena_format(cli->arena, "%s (%s)", bn_idempotence_word(plan->class),
			     plan->class_origin));
	for (i = 0; i < plan->guard_count; i++)
		line(cli, out, i == 0 ? "safe" : "",
		     bn_arena_format(cli->arena, "%s %s",
				     (cli->style.ascii ? ascii : marks)[plan->guards[i].mark],
				     plan->guards[i].text));
	if (plan->seen > 0)
		line(cli, out, "before",
		     bn_arena_format(cli->arena, "this error was cured by a retry %d of %d times",
				     plan->cured, plan->seen));
	line(cli, out, "sends", plan->sends);
	line(cli, out, "request", plan->request);
	if (plan->body != NULL)
		line(cli, out, "body", plan->body);
	for (i = 0; plan->notes[i] != NULL; i++)
		line(cli, out, i == 0 ? "note" : "", plan->notes[i]);
	if (plan->usual >= 0)
		line(cli, out, "typical",
		     bn_arena_format(cli->arena, "a whole run takes %s",
				     bn_duration_show(plan->usual, time)));
	line(cli, out, "digest", plan->digest);
}

/* ---- the plan for programs ------------------------------------------------------------------- */

static void
add_count(struct bn_buf *out, const char *name, int64_t count)
{
	if (count >= 0)
		bn_buf_addf(out, ",\"%s\":%lld", name, (long long)count);
	else
		bn_buf_addf(out, ",\"%s\":null", name);
}

static void
add_member(struct bn_buf *out, const char *name, const char *text)
{
	bn_buf_addf(out, "%s\"%s\":", out->data[out->size - 1] == '{' ? "" : ",", name);
	bn_json_quote(out, text);
}

static void
plan_json(struct bn_buf *out, const struct bn_action_plan *plan)
{
	static const char *const marks[] = {"fine", "note", "stop"};
	size_t i;

	bn_buf_adds(out, "{");
	add_member(out, "source", plan->about.source);
	add_member(out, "run", plan->about.key);
	add_member(out, "pipeline", plan->pipeline);
	add_member(out, "verb", plan->verb);
	add_member(out, "mode", plan->mode);
	add_member(out, "attempt", plan->attempt);
	add_member(out, "what", plan->what);
	add_member(out, "unit", plan->unit);
	add_count(out, "failed", plan->failed);
	add_count(out, "skipped", plan->skipped);
	add_count(out, "kept", plan->kept);
	bn_buf_adds(out, ",\"steps\":[");
	for (i = 0; i < plan->step_count; i++) {
		bn_buf_adds(out, i > 0 ? ",{" : "{");
		add_member(out, "name", plan->steps[i].name);
		add_member(out, "group", plan->steps[i].group);
		bn_buf_addf(out, ",\"wave\":%d,\"failed\":%s}", plan->steps[i].wave,
			    plan->steps[i].failed ? "true" : "false");
	}
	bn_buf_adds(out, "],\"guards\":[");
	for (i = 0; i < plan->guard_count; i++) {
		bn_buf_adds(out, i > 0 ? ",{" : "{");
		add_member(out, "mark", marks[plan->guards[i].mark]);
		add_member(out, "text", plan->guards[i].text);
		bn_buf_adds(out, "}");
	}
	bn_buf_adds(out, "],\"notes\":[");
	for (i = 0; plan->notes[i] != NULL; i++) {
		bn_buf_adds(out, i > 0 ? "," : "");
		bn_json_quote(out, plan->notes[i]);
	}
	bn_buf_adds(out, "]");
	add_member(out, "class", bn_idempotence_word(plan->class));
	add_member(out, "class_origin", plan->class_origin);
	add_member(out, "confirm", plan->typed ? plan->name : NULL);
	add_count(out, "retries_of_this_error", plan->seen);
	add_count(out, "cured", plan->cured);
	add_count(out, "usual", plan->usual >= 0 ? plan->usual / 1000 : -1);
	add_member(out, "sends", plan->sends);
	add_member(out, "request", plan->request);
	add_member(out, "body", plan->body);
	add_member(out, "digest", plan->digest);
	bn_buf_adds(out, "}");
}

static bool
for_programs(const struct bn_cli *cli)
{
	return cli->format == BN_OUT_JSON || cli->format == BN_OUT_NDJSON;
}

/* ---- one target ------------------------------------------------------------------------------ */

struct retrying {
	struct bn_cli *cli;
	const struct bn_invocation *in;
	struct bn_buf out;
	int written;
};

static int
latest_run(struct bn_cli *cli, struct bn_ref *ref, struct bn_error *err)
{
	struct bn_query query = {
	    .table = bn_view_table("runs"), .scope = *ref, .sort = "-start", .limit = 1};
	struct bn_rows *rows = NULL;
	int rc = bn_view_query(cli->reader, &query, &rows, err);

	if (rc == BN_OK && bn_rows_count(rows) == 0)
		rc = bn_fail(err, BN_ENOTFOUND, "%s has no run yet", ref->key);
	if (rc == BN_OK) {
		struct bn_ref found = bn_rows_ref(rows, 0);

		*ref = (struct bn_ref){found.kind, bn_arena_strdup(cli->arena, found.source),
				       bn_arena_strdup(cli->arena, found.key)};
	}
	bn_rows_free(rows);
	return rc;
}

/* A pipeline stands for its latest run. */
static int
resolve(struct bn_cli *cli, const char *text, struct bn_ref *ref, struct bn_error *err)
{
	struct bn_error ignored = {0};
	int rc = BN_ENOTFOUND;

	if (strncmp(text, "run/", 4) != 0)
		rc = bn_cli_resolve(cli, text, BN_PIPELINE, ref, &ignored);
	if (rc != BN_OK)
		rc = bn_cli_resolve(cli, text, BN_RUN, ref, err);
	return rc == BN_OK && ref->kind == BN_PIPELINE ? latest_run(cli, ref, err) : rc;
}

/* The run as its platform tells it now: its tasks are the evidence that goes into the journal. */
static int
look(struct bn_cli *cli, const char *text, struct bn_ref *ref, struct bn_error *err)
{
	const char *names[2] = {NULL, NULL};
	struct bn_error ignored = {0};
	int rc = bn_cli_open_store(cli, err);

	if (rc == BN_OK && resolve(cli, text, ref, &ignored) != BN_OK)
		rc = bn_cli_refresh(cli, NULL, false, err);
	if (rc == BN_OK)
		rc = resolve(cli, text, ref, err);
	if (rc != BN_OK)
		return rc;
	names[0] = ref->source;
	if ((rc = bn_cli_refresh(cli, names, true, err)) != BN_OK ||
	    (rc = resolve(cli, text, ref, err)) != BN_OK)
		return rc;
	bn_collect_detail(cli->collect, *ref, cli->timeout, &ignored);
	return bn_cli_open_action(cli, ref->source, err);
}

static void
tell(struct retrying *r, const struct bn_action_plan *plan, const struct bn_action_result *result,
     const struct bn_error *err, int rc)
{
	if (for_programs(r->cli)) {
		bn_buf_adds(&r->out,
			    r->written++ > 0 && r->cli->format == BN_OUT_JSON ? ",{" : "{");
		add_member(&r->out, "source", plan->about.source);
		add_member(&r->out, "run", plan->about.key);
		bn_buf_addf(&r->out, ",\"intent\":%lld", (long long)result->intent);
		add_member(&r->out, "state", bn_outcome_word(result->state));
		add_member(&r->out, "answer", result->answer[0] != '\0' ? result->answer : NULL);
		add_member(&r->out, "new_run", result->run[0] != '\0' ? result->run : NULL);
		add_member(&r->out, "error", rc != BN_OK ? err->message : NULL);
		bn_buf_adds(&r->out, r->cli->format == BN_OUT_JSON ? "}" : "}\n");
	} else if (r->cli->quiet && result->intent != 0)
		bn_buf_addf(&r->out, "%lld\n", (long long)result->intent);
	else if (rc == BN_OK)
		bn_buf_addf(&r->out, "retry asked: %s/%s, intent %lld: %s\n",
			    bn_sanitised(r->cli->arena, plan->about.source),
			    bn_sanitised(r->cli->arena, plan->about.key), (long long)result->intent,
			    bn_sanitised(r->cli->arena, result->answer));
	else if (result->intent != 0)
		bn_buf_addf(&r->out, "intent %lld: %s\n", (long long)result->intent,
			    bn_outcome_word(result->state));
}

/* Refusals of the platform's and of the run itself are one thing to a script. */
static int
exit_for(struct bn_cli *cli, const struct bn_error *err)
{
	int code = bn_cli_report(cli, err);

	return err->code == BN_ECONFLICT || err->code == BN_EUNSUPPORTED || err->code == BN_EREMOTE
		   ? BN_EXIT_FAILED
		   : code;
}

static int
send(struct retrying *r, const struct bn_action_plan *plan)
{
	const char *digest = bn_flag_get(r->in, "yes");
	struct bn_action_result result = {0};
	struct bn_error err = {0};
	int rc;

	if (digest != NULL && *digest != '\0' && strcmp(digest, plan->digest) != 0) {
		bn_fail(&err, BN_ECONFLICT,
			"planning again gives another plan than %.16s…: nothing was sent", digest);
		bn_hint(&err, "look at it again: --plan");
		return exit_for(r->cli, &err);
	}
	rc = bn_action_send(r->cli->action, plan, bn_flag_get(r->in, "reason"),
			    bn_flag_get(r->in, "confirm"), &result, &err);
	tell(r, plan, &result, &err, rc);
	return rc == BN_OK ? BN_EXIT_OK : exit_for(r->cli, &err);
}

static int
show_plan(struct retrying *r, const struct bn_action_plan *plan)
{
	struct bn_error err = {0};

	if (for_programs(r->cli)) {
		bn_buf_adds(&r->out, r->written++ > 0 && r->cli->format == BN_OUT_JSON ? "," : "");
		plan_json(&r->out, plan);
		bn_buf_adds(&r->out, r->cli->format == BN_OUT_JSON ? "" : "\n");
	} else {
		bn_buf_adds(&r->out, r->written++ > 0 ? "\n" : "");
		plan_text(r->cli, &r->out, plan);
	}
	/* A plan that would be refused says so by its exit code, too. */
	return bn_action_plan_refusal(plan, &err) == BN_OK ? BN_EXIT_OK : exit_for(r->cli, &err);
}

static int
retry_one(struct retrying *r, const char *text)
{
	struct bn_action_plan *plan = NULL;
	struct bn_error err = {0};
	struct bn_ref ref = {0};
	int code;

	if (look(r->cli, text, &ref, &err) != BN_OK ||
	    bn_action_plan(&plan, r->cli->action, ref, &err) != BN_OK)
		return exit_for(r->cli, &err);
	code = bn_flag_has(r->in, "plan") ? show_plan(r, plan) : send(r, plan);
	bn_action_plan_free(plan);
	return code;
}

static int
check_flags(struct bn_cli *cli, const struct bn_invocation *in, struct bn_error *err)
{
	const char *digest = bn_flag_get(in, "yes");

	if (bn_flag_has(in, "plan") == bn_flag_has(in, "yes")) {
		bn_fail(err, BN_EINVAL,
			"say --plan to see what would be sent, or --yes to send it");
		return bn_hint(err, "nothing was sent");
	}
	if (digest != NULL && *digest != '\0' && in->count > 1)
		return bn_fail(err, BN_EINVAL,
			       "--yes=DIGEST is the digest of one plan: name one run");
	if (bn_flag_has(in, "at")) {
		bn_fail(err, BN_EPERM, "there are no actions in another time");
		return bn_hint(err, "leave out --at");
	}
	return bn_flag_has(in, "yes") ? bn_cli_may_write(cli, err) : BN_OK;
}

static int
run_retry(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct retrying r = {.cli = cli, .in = in, .out = BN_BUF_INIT(0)};
	struct bn_error err = {0};
	int i, code = BN_EXIT_OK;

	if (check_flags(cli, in, &err) != BN_OK || bn_cli_open_store(cli, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	if (cli->format == BN_OUT_JSON)
		bn_cli_json_begin(cli, &r.out, bn_flag_has(in, "plan") ? "plan" : "retry", 1);
	for (i = 0; i < in->count; i++) {
		int one = retry_one(&r, in->operands[i]);

		code = code == BN_EXIT_OK ? one : bn_exit_combine(code, one);
	}
	if (cli->format == BN_OUT_JSON)
		bn_cli_json_end(&r.out);
	if (bn_cli_flush(cli, &r.out, &err) != BN_OK)
		code = bn_exit_combine(code, bn_cli_report(cli, &err));
	bn_buf_free(&r.out);
	return code;
}

static const struct bn_flag retry_flags[] = {
    {"plan", 0, NULL, false, NULL, "print the plan and its digest, and send nothing"},
    {"yes", 0, "DIGEST", true, NULL,
     "send it; with a digest only if planning again gives that very plan"},
    BN_FLAG_REASON,
    {"confirm", 0, "NAME", false, NULL,
     "the pipeline's name, where its work may not be done twice (append, unknown)"},
    {"failed", 0, NULL, false, NULL, "only what failed, which is the default and the only way"},
    BN_FLAGS_END,
};

static const struct bn_example retry_examples[] = {
    {"binnacle --demo retry run/argo-prod/transform-hourly-28f6k --failed --plan", 0,
     "What would run again, what is kept, and the request itself"},
    {"binnacle --demo retry transform-hourly --reason 'driver lost, cluster back'", 64,
     "64: without --plan or --yes nothing happens"},
    {"binnacle --demo --read-only retry transform-hourly --yes", 77,
     "77: not in a read-only session"},
    {"binnacle --demo retry transform-hourly --yes=0000", 2,
     "2: planning again gives another plan"},
    {"binnacle --demo retry run/argo-prod/transform-hourly-28f6k --failed --reason 'driver lost, "
     "cluster back' --yes",
     0, "Act"},
    {"binnacle --demo retry run/argo-prod/transform-hourly-28f6k --yes --reason again", 75,
     "75: it runs already"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_retry = {
    .name = "retry",
    .page = "retry",
    .operands = "TARGET...",
    .min_operands = 1,
    .max_operands = -1,
    .completes = BN_RUN,
    .summary = "ask the platform to run again what failed",
    .doc =
	"TARGET is run/SOURCE/KEY, a run's key, or a pipeline's name for its latest run. With "
	"--plan it says what would run again and what is kept, and sends nothing; with --yes it "
	"records the intent, reads the run again, sends the request once, and prints the intent's "
	"number for `wait` and `audit show`.\n\n"
	"Exits with 2 when the platform refuses or the run is not what was planned, 75 when it "
	"runs "
	"already, is locked or was retried a moment ago, 77 when the configuration or --read-only "
	"forbids it, and 79 when the request was sent and what came of it is not known: then it "
	"must "
	"not be sent again.",
    .flags = retry_flags,
    .examples = retry_examples,
    .run = run_retry,
    .acts = true,
};

/* ---- locks ----------------------------------------------------------------------------------- */

static int
lock(struct bn_cli *cli, const struct bn_invocation *in, bool undo)
{
	struct bn_error err = {0};
	struct bn_actor actor;
	struct bn_ref ref = {0};
	int64_t ms = 30 * 60 * 1000, seq = 0;

	if (bn_cli_may_write(cli, &err) != BN_OK ||
	    (!undo && in->count > 1 && bn_duration_parse(in->operands[1], &ms, &err) != BN_OK) ||
	    bn_cli_open_store(cli, &err) != BN_OK ||
	    (!cli->offline && bn_cli_refresh(cli, NULL, false, &err) != BN_OK) ||
	    bn_cli_resolve(cli, in->operands[0], BN_KIND_NONE, &ref, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	bn_actor_self(&actor, NULL);
	if (bn_journal_lock(cli->store, &actor, ref, bn_clock_now(&cli->clock) + ms,
			    bn_flag_get(in, "reason"), undo, &seq, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	if (for_programs(cli))
		fprintf(cli->out, "{\"record\":%lld}\n", (long long)seq);
	else if (!cli->quiet)
		fprintf(cli->out, "%s %s/%s/%s (record %lld)\n", undo ? "unlocked" : "locked",
			bn_kind_word(ref.kind),
			bn_sanitised(cli->arena, ref.source != NULL ? ref.source : ""),
			bn_sanitised(cli->arena, ref.key), (long long)seq);
	return BN_EXIT_OK;
}

static int
run_lock(struct bn_cli *cli, const struct bn_invocation *in)
{
	return lock(cli, in, false);
}

static int
run_unlock(struct bn_cli *cli, const struct bn_invocation *in)
{
	return lock(cli, in, true);
}

static const struct bn_flag lock_flags[] = {BN_FLAG_REASON, BN_FLAGS_END};

static const struct bn_example lock_examples[] = {
    {"binnacle --demo lock pipeline/argo-prod/transform-daily 20m --reason 'backfill by hand'", 0,
     "Keep others from retrying it for twenty minutes"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_lock = {
    .name = "lock",
    .page = "retry",
    .operands = "KIND/[SOURCE/]KEY [DURATION]",
    .min_operands = 1,
    .max_operands = 2,
    .summary = "keep others from acting on a thing for a while",
    .doc =
	"For DURATION (default 30m) nobody else may retry the run, or any run of the pipeline. The "
	"lock ends by itself; all who share the state directory see it.",
    .flags = lock_flags,
    .examples = lock_examples,
    .run = run_lock,
};

static const struct bn_example unlock_examples[] = {
    {"binnacle --demo unlock pipeline/argo-prod/transform-daily", 0, "Take that back"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_unlock = {
    .name = "unlock",
    .page = "retry",
    .operands = "KIND/[SOURCE/]KEY",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "take a lock back, one's own or another's",
    .doc = "Anybody may; the journal says who did.",
    .flags = lock_flags,
    .examples = unlock_examples,
    .run = run_unlock,
};

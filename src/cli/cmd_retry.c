/* cmd_retry.c - retry: plan, then act; lock and unlock. */
/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/retry.h"

#include <string.h>

#include "action/action.h"
#include "base/error.h"
#include "base/json.h"
#include "base/status.h"
#include "base/text.h"

bool
bn_retry_for_programs(const struct bn_cli *cli)
{
	return cli->format == BN_OUT_JSON || cli->format == BN_OUT_NDJSON;
}

/* ---- one target ------------------------------------------------------------------------------ */

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

/* A pipeline stands for its latest run. Only whole names count: what is sent must be what was written, not what it is
 * the beginning of. */
int
bn_retry_resolve(struct bn_cli *cli, const char *text, struct bn_ref *ref, struct bn_error *err)
{
	struct bn_error ignored = {0};
	int rc;

	if (strncmp(text, "run/", 4) == 0)
		return bn_cli_resolve_whole(cli, text, BN_RUN, ref, err);
	rc = bn_cli_resolve_whole(cli, text, BN_PIPELINE, ref, err);
	if (rc == BN_ENOTFOUND)
		rc = bn_cli_resolve_whole(cli, text, BN_RUN, ref, &ignored) == BN_OK ? BN_OK : rc;
	return rc == BN_OK && ref->kind == BN_PIPELINE ? latest_run(cli, ref, err) : rc;
}

/* The run as its platform tells it now: its tasks are the evidence that goes into the journal. */
static int
look(struct bn_cli *cli, const char *text, struct bn_ref *ref, struct bn_error *err)
{
	const char *names[2] = {NULL, NULL};
	struct bn_error ignored = {0};
	int rc = bn_cli_open_store(cli, err);

	if (rc == BN_OK && bn_retry_resolve(cli, text, ref, &ignored) != BN_OK)
		rc = bn_cli_refresh(cli, NULL, false, err);
	if (rc == BN_OK)
		rc = bn_retry_resolve(cli, text, ref, err);
	if (rc != BN_OK)
		return rc;
	names[0] = ref->source;
	if ((rc = bn_cli_refresh(cli, names, true, err)) != BN_OK ||
	    (rc = bn_retry_resolve(cli, text, ref, err)) != BN_OK)
		return rc;
	bn_collect_detail(cli->collect, *ref, cli->timeout, &ignored);
	return bn_cli_open_action(cli, ref->source, err);
}

static void
tell(struct bn_retrying *r, const struct bn_action_plan *plan,
     const struct bn_action_result *result, const struct bn_error *err, int rc)
{
	if (bn_retry_for_programs(r->cli)) {
		bn_buf_adds(&r->out,
			    r->written++ > 0 && r->cli->format == BN_OUT_JSON ? ",{" : "{");
		bn_retry_member(&r->out, "source", plan->about.source);
		bn_retry_member(&r->out, "run", plan->about.key);
		bn_retry_count(&r->out, "intent", result->intent > 0 ? result->intent : -1);
		bn_retry_member(&r->out, "state", bn_outcome_word(result->state));
		bn_retry_member(&r->out, "answer",
				result->answer[0] != '\0' ? result->answer : NULL);
		bn_retry_member(&r->out, "new_run", result->run[0] != '\0' ? result->run : NULL);
		bn_retry_member(&r->out, "error", rc != BN_OK ? err->message : NULL);
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
int
bn_retry_exit(struct bn_cli *cli, const struct bn_error *err)
{
	int code = bn_cli_report(cli, err);

	return err->code == BN_ECONFLICT || err->code == BN_EUNSUPPORTED || err->code == BN_EREMOTE
		   ? BN_EXIT_FAILED
		   : code;
}

static int
send(struct bn_retrying *r, const struct bn_action_plan *plan)
{
	const char *digest = bn_flag_get(r->in, "yes");
	struct bn_action_result result = {0};
	struct bn_error err = {0};
	int rc;

	if (digest != NULL && *digest != '\0' && strcmp(digest, plan->digest) != 0) {
		bn_fail(&err, BN_ECONFLICT,
			"planning again gives another plan than %.16s…: nothing was sent", digest);
		bn_hint(&err, "look at it again: --plan");
		return bn_retry_exit(r->cli, &err);
	}
	rc = bn_action_send(r->cli->action, plan, bn_flag_get(r->in, "reason"),
			    bn_flag_get(r->in, "confirm"), &result, &err);
	tell(r, plan, &result, &err, rc);
	return rc == BN_OK ? BN_EXIT_OK : bn_retry_exit(r->cli, &err);
}

static int
show_plan(struct bn_retrying *r, const struct bn_action_plan *plan)
{
	struct bn_error err = {0};

	if (bn_retry_for_programs(r->cli)) {
		bn_buf_adds(&r->out, r->written++ > 0 && r->cli->format == BN_OUT_JSON ? "," : "");
		bn_buf_adds(&r->out, "{");
		bn_retry_plan_members(&r->out, plan);
		bn_buf_adds(&r->out, r->cli->format == BN_OUT_JSON ? "}" : "}\n");
	} else {
		bn_buf_adds(&r->out, r->written++ > 0 ? "\n" : "");
		bn_retry_plan_text(r->cli, &r->out, plan);
	}
	/* A plan that would be refused says so by its exit code, too. */
	return bn_action_plan_refusal(plan, &err) == BN_OK ? BN_EXIT_OK
							   : bn_retry_exit(r->cli, &err);
}

/* The failed tasks of the run that --select names. NULL where all that failed are meant. */
static int
chosen_tasks(struct bn_cli *cli, struct bn_ref run, const char *const **out, struct bn_error *err)
{
	static const char *const columns[] = {"key", NULL};
	const char *expression = bn_flag_get(cli->in, "select"), **keys;
	struct bn_query query = {.table = bn_view_table("tasks"), .scope = run, .columns = columns};
	struct bn_rows *rows = NULL;
	size_t i, count = 0;
	int rc;

	*out = NULL;
	if (expression == NULL)
		return BN_OK;
	query.filter = bn_arena_format(cli->arena, "(status:failed) (%s)", expression);
	rc = bn_view_query(cli->reader, &query, &rows, err);
	if (rc == BN_OK && bn_rows_count(rows) == 0)
		rc = bn_fail(err, BN_ENOTFOUND, "--select: no failed task of %.200s matches",
			     run.key);
	keys = bn_arena_alloc(cli->arena,
			      ((rc == BN_OK ? bn_rows_count(rows) : 0) + 1) * sizeof(*keys));
	for (i = 0; rc == BN_OK && i < bn_rows_count(rows); i++) {
		struct bn_value key = bn_rows_named(rows, i, "key");

		if (key.type == BN_VALUE_TEXT)
			keys[count++] = bn_arena_strdup(cli->arena, key.s);
	}
	keys[count] = NULL;
	bn_rows_free(rows);
	*out = keys;
	return rc;
}

static int
retry_one(struct bn_retrying *r, const char *text)
{
	struct bn_action_plan *plan = NULL;
	const char *const *only = NULL;
	struct bn_error err = {0};
	struct bn_ref ref = {0};
	int code;

	if (look(r->cli, text, &ref, &err) != BN_OK ||
	    chosen_tasks(r->cli, ref, &only, &err) != BN_OK ||
	    bn_action_plan_tasks(&plan, r->cli->action, ref, only, &err) != BN_OK)
		return bn_retry_exit(r->cli, &err);
	code = bn_flag_has(r->in, "plan") ? show_plan(r, plan) : send(r, plan);
	bn_action_plan_free(plan);
	return code;
}

static int
check_flags(struct bn_cli *cli, const struct bn_invocation *in, struct bn_error *err)
{
	int ways = (in->count > 0) + bn_flag_has(in, "filter") + bn_flag_has(in, "rest");
	struct bn_bulk_options wishes = {0};

	if (bn_flag_has(in, "plan") == bn_flag_has(in, "yes")) {
		bn_fail(err, BN_EINVAL,
			"say --plan to see what would be sent, or --yes to send it");
		return bn_hint(err, "nothing was sent");
	}
	if (ways != 1)
		return bn_fail(err, BN_EINVAL,
			       "name the runs, or say --filter or --rest: one of them");
	if (bn_flag_has(in, "select") && bn_retry_is_bulk(in))
		return bn_fail(err, BN_EINVAL, "--select chooses among the tasks of one run");
	if (bn_flag_has(in, "limit") || bn_flag_has(in, "since") || bn_flag_has(in, "sort") ||
	    bn_flag_has(in, "columns"))
		return bn_fail(err, BN_EINVAL,
			       "--limit, --since, --sort and --columns choose what is listed, not "
			       "what is retried: --filter does");
	/* also where they change nothing: a script's one run today is several tomorrow */
	if (bn_retry_wishes(in, &wishes, err) != BN_OK)
		return err->code;
	if (bn_flag_has(in, "at")) {
		bn_fail(err, BN_EPERM, "there are no actions in another time");
		return bn_hint(err, "leave out --at");
	}
	/* What is stored may be long over: a plan is made of what the platform shows now, and so is what was left
	 * unsettled. */
	if (cli->offline) {
		bn_fail(err, BN_EPERM,
			"a retry is planned and sent by asking the platform: --offline asks none");
		return bn_hint(err, "leave out --offline; nothing was sent");
	}
	return bn_flag_has(in, "yes") ? bn_cli_may_write(cli, err) : BN_OK;
}

static int
run_retry(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_retrying r = {.cli = cli, .in = in, .out = BN_BUF_INIT(0)};
	struct bn_error err = {0};
	int code;

	if (check_flags(cli, in, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	if (bn_flag_has(in, "detach"))
		return bn_retry_detach(cli, in);
	if (bn_cli_open_store(cli, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	if (bn_retry_is_bulk(in))
		return bn_retry_bulk(cli, in);
	if (cli->format == BN_OUT_JSON)
		bn_cli_json_begin(cli, &r.out, bn_flag_has(in, "plan") ? "plan" : "retry", 1);
	code = retry_one(&r, in->operands[0]);
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
     "the pipeline's name, where its work may not be done twice (append, unknown); once for each"},
    {"failed", 0, NULL, false, NULL, "only what failed, which is the default and the only way"},
    {"select", 0, "EXPR", false, NULL,
     "only the failed tasks that match, and what waits for them; where the engine can (Airflow)"},
    {"rest", 0, "BULK", false, NULL, "what that bulk did not send: the number of its record"},
    {"spacing", 0, "D", false, NULL, "of several: wait so long between two requests"},
    {"concurrency", 0, "N", false, NULL,
     "of several: at most so many of their runs under way at one source"},
    {"abort-ratio", 0, "R", false, NULL,
     "of several: send nothing more when more than this part of a wave failed, 0 to 1"},
    {"detach", 0, NULL, false, NULL,
     "of several: print the number of the bulk, and let a process of its own finish it"},
    BN_FLAGS_END,
};

static const struct bn_example retry_examples[] = {
    {"binnacle --demo retry run/argo-prod/transform-hourly-28f6k --failed --plan", 0,
     "What would run again, what is kept, and the request itself"},
    {"binnacle --demo retry transform-hourly --reason 'driver lost, cluster back'", 64,
     "64: without --plan or --yes nothing happens"},
    {"binnacle --demo --read-only retry transform-hourly --yes", 77,
     "77: not in a read-only session"},
    {"binnacle --demo --offline retry transform-hourly --plan", 77,
     "77: --offline asks no platform, and a plan is what it says now"},
    {"binnacle --demo retry transform-hourly --yes=0000", 2,
     "2: planning again gives another plan"},
    {"binnacle --demo retry --filter 'source:argo-prod' --plan", 0,
     "All that failed at one source, as one plan"},
    {"binnacle --demo retry run/argo-prod/transform-hourly-28f6k --failed --reason 'driver lost, "
     "cluster back' --yes",
     0, "Act"},
    {"binnacle --demo retry --rest 999999 --plan", 66, "66: there is no such bulk"},
    {"binnacle --demo retry run/argo-prod/transform-hourly-28f6k --yes --reason again", 75,
     "75: it runs already"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_retry = {
    .name = "retry",
    .page = "retry",
    .operands = "[TARGET...]",
    .min_operands = 0,
    .max_operands = -1,
    .completes = BN_RUN,
    .summary = "ask the platform to run again what failed",
    .doc =
	"TARGET is run/SOURCE/KEY, a run's key, or a pipeline's name for its latest run; the "
	"beginning of a name is not enough. With "
	"--plan it says what would run again and what is kept, and sends nothing; with --yes it "
	"records the intent, reads the run again, sends the request once, and prints the intent's "
	"number for `wait` and `audit show`.\n\n"
	"Several TARGETs are one bulk, and so is everything that failed and matches --filter "
	"(of pipelines, by their latest run), and what an earlier bulk left unsent (--rest): one "
	"plan with one digest, a request for each run, in waves. A wave begins when the one before "
	"has ended well, and the bulk ends with the last request, so how the runs of the last wave "
	"end is told by `wait` and by their own rows, not by its end; what may not be done twice "
	"is left out until --confirm names it; "
	"--timeout "
	"is how long all of it may take. The bulk is one record of the journal, and its number is "
	"printed for `wait` and `audit show`. With --detach, a signal before there is that number "
	"ends "
	"all of it, and nothing is sent; from then on none reaches it.\n\n"
	"Both --plan and --yes ask the platform how the run stands now: --offline forbids them.\n\n"
	"Exits with 2 when the platform refuses or the run is not what was planned, 3 when "
	"--filter "
	"could not see what failed at some source, 75 when it "
	"runs "
	"already, is locked or was retried a moment ago, 77 when the configuration, --read-only or "
	"--offline forbids it, and 79 when the request was sent and what came of it is not known: "
	"then it "
	"must "
	"not be sent again.",
    .flags = retry_flags,
    .examples = retry_examples,
    .run = run_retry,
    .writes = true,
    .acts = true,
};

/* ---- locks ----------------------------------------------------------------------------------- */

/* Whoever would retry looks at the locks of the run and of its pipeline, and at no others: one on anything else would
 * forbid nothing. Those of before can be taken back. */
static int
may_lock(const struct bn_ref *ref, struct bn_error *err)
{
	if (ref->kind == BN_RUN || ref->kind == BN_PIPELINE)
		return BN_OK;
	bn_fail(err, BN_EINVAL, "a lock keeps others from retrying: of a %s nothing is retried",
		bn_kind_word(ref->kind));
	return bn_hint(err, "lock a run, or the pipeline for all its runs: pipeline/[SOURCE/]KEY");
}

static int
lock(struct bn_cli *cli, const struct bn_invocation *in, bool undo)
{
	struct bn_error err = {0};
	struct bn_actor actor;
	struct bn_ref ref = {0};
	int64_t ms = 30 * 60 * 1000, seq = 0;
	char time[BN_TIME_TEXT];
	bn_time until;

	if (bn_cli_may_write(cli, &err) != BN_OK ||
	    (!undo && in->count > 1 && bn_duration_parse(in->operands[1], &ms, &err) != BN_OK) ||
	    bn_cli_open_store(cli, &err) != BN_OK ||
	    (!cli->offline && bn_cli_refresh(cli, NULL, false, &err) != BN_OK) ||
	    bn_cli_resolve(cli, in->operands[0], BN_KIND_NONE, &ref, &err) != BN_OK ||
	    (!undo && may_lock(&ref, &err) != BN_OK))
		return bn_cli_report(cli, &err);
	bn_actor_self(&actor, NULL);
	until = bn_clock_now(&cli->clock) + ms;
	if (bn_journal_lock(cli->store, &actor, ref, until, bn_flag_get(in, "reason"), undo, &seq,
			    &err) != BN_OK)
		return bn_cli_report(cli, &err);
	if (bn_retry_for_programs(cli))
		fprintf(cli->out, "{\"record\":%lld}\n", (long long)seq);
	else if (!cli->quiet)
		fprintf(cli->out, "%s %s/%s/%s%s%s (record %lld)\n", undo ? "unlocked" : "locked",
			bn_kind_word(ref.kind),
			bn_sanitised(cli->arena, ref.source != NULL ? ref.source : ""),
			bn_sanitised(cli->arena, ref.key), undo ? "" : " until ",
			undo ? "" : bn_time_rfc3339(until, time), (long long)seq);
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
    {"binnacle --demo lock source/argo-prod", 64,
     "64: only a run or a pipeline, since only those are retried"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_lock = {
    .name = "lock",
    .page = "retry",
    .operands = "KIND/[SOURCE/]KEY [DURATION]",
    .min_operands = 1,
    .max_operands = 2,
    .summary = "keep others from acting on a thing for a while",
    .doc = "For DURATION (default 30m) nobody else may retry the run, or any run of the pipeline; "
	   "nothing else can be locked. The lock ends by itself; all who share the state directory "
	   "see it.",
    .flags = lock_flags,
    .examples = lock_examples,
    .run = run_lock,
    .writes = true,
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
    .doc = "Anybody may; the journal says who did. Exits with 66 where none is in force.",
    .flags = lock_flags,
    .examples = unlock_examples,
    .run = run_unlock,
    .writes = true,
};

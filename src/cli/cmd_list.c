/* cmd_list.c - the commands that print one list: status, runs, endpoints, findings, changed, timeline, sources. */
/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/context.h"

#include <string.h>

#include "base/error.h"

/* Asks the platforms if need be, writes the query, and says how complete the answer is. */
static int
list(struct bn_cli *cli, struct bn_query *query, struct bn_rows **rows)
{
	struct bn_error err = {0};

	if (bn_cli_refresh(cli, NULL, false, &err) != BN_OK ||
	    bn_cli_list(cli, query, rows, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	return bn_cli_complete(cli);
}

/* "runs --count": how many rows there are, and nothing else. */
static int
count_only(struct bn_cli *cli, struct bn_query *query)
{
	struct bn_error err = {0};
	struct bn_rows *rows = NULL;
	const char *filter = bn_flag_get(cli->in, "filter");

	if (filter != NULL)
		query->filter = query->filter == NULL ? filter
						      : bn_arena_format(cli->arena, "(%s) (%s)",
									query->filter, filter);
	if (bn_cli_refresh(cli, NULL, false, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	query->zone = cli->style.zone;
	if (bn_view_query(cli->reader, query, &rows, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	fprintf(cli->out, "%zu\n", bn_rows_total(rows));
	bn_rows_free(rows);
	return bn_cli_complete(cli);
}

/* Adds "column:"value"" for a flag, so that flags and filters are one mechanism. */
static void
filter_flag(struct bn_cli *cli, struct bn_query *query, const char *flag, const char *column)
{
	const char *value = bn_flag_get(cli->in, flag);

	if (value == NULL)
		return;
	query->filter =
	    bn_arena_format(cli->arena, "%s%s%s=\"%s\"", query->filter != NULL ? query->filter : "",
			    query->filter != NULL ? " " : "", column, value);
}

/* ---- status -------------------------------------------------------------------------------- */

static void
write_summary(struct bn_cli *cli, const struct bn_summary *s)
{
	bool ascii = cli->style.ascii;

	if ((cli->format != BN_OUT_TABLE && cli->format != BN_OUT_WIDE) ||
	    bn_flag_has(cli->in, "no-header"))
		return;
	fprintf(cli->out, "%s %d  %s %d  %s %d  %s %d unknown  src %d/%d", ascii ? "x" : "✗",
		s->failed, ascii ? "!" : "▲", s->warned, ascii ? ">" : "◐", s->running,
		ascii ? "?" : "◌", s->unknown, s->sources_ok, s->sources);
	if (s->acknowledged + s->snoozed > 0)
		fprintf(cli->out, "  (%d acknowledged, %d snoozed)", s->acknowledged, s->snoozed);
	if (s->silenced > 0)
		fprintf(cli->out, "  (%d silenced)", s->silenced);
	fputc('\n', cli->out);
}

static int
run_status(struct bn_cli *cli, const struct bn_invocation *in)
{
	const char *domain = bn_flag_get(in, "domain");
	struct bn_query query = {.table = bn_view_table("triage"), .domain = domain};
	struct bn_error err = {0};
	struct bn_summary summary;
	struct bn_rows *rows = NULL;
	int code;

	filter_flag(cli, &query, "kind", "kind");
	if (bn_cli_open_domain(cli, domain, &err) != BN_OK ||
	    bn_cli_refresh(cli, NULL, false, &err) != BN_OK ||
	    bn_view_summary_of(cli->reader, domain, &summary, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	write_summary(cli, &summary);
	if (bn_cli_list(cli, &query, &rows, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	code = bn_rows_count(rows) > 0 && summary.failed + summary.warned > 0 ? BN_EXIT_ATTENTION
									      : BN_EXIT_OK;
	bn_rows_free(rows);
	if (summary.unknown > 0)
		cli->incomplete = true;
	return bn_exit_combine(code, bn_cli_complete(cli));
}

static const struct bn_flag status_flags[] = {
    {"kind", 0, "KIND", false, "pipeline|run|endpoint|app|dataset|source|model|stream|product",
     "only things of this kind"},
    {"domain", 0, "DOMAIN", false, NULL,
     "only what data products of this domain touch: theirs, what is upstream of them, its sources"},
    BN_FLAGS_END,
};

static const struct bn_example status_examples[] = {
    {"binnacle --demo status", 1, "What is broken, one line a root cause"},
    {"binnacle --demo status -o json", 1, "The same for a program"},
    {"binnacle --demo status --domain lpo", 1, "What hurts one domain's data products"},
    {"binnacle --demo status --domain lop", 64, "64: no data product is of that domain"},
    {"binnacle --demo status --kind pipeline --columns what,state,since", 1,
     "Only pipelines, only these columns"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_status = {
    .name = "status",
    .page = "status",
    .operands = "",
    .summary = "what needs a person: one line a problem, folded by root cause",
    .doc = "Prints what Triage shows: every open problem once, with what it brought down folded "
	   "under it, the "
	   "worst first.\n\n"
	   "The exit status is 0 when nothing needs attention, 1 when something does, and 3 when a "
	   "source did "
	   "not answer: then silence means nothing.",
    .table = "triage",
    .flags = status_flags,
    .examples = status_examples,
    .run = run_status,
    .past = true,
};

/* ---- runs ---------------------------------------------------------------------------------- */

static int
run_runs(struct bn_cli *cli, const struct bn_invocation *in)
{
	bool each = bn_flag_has(in, "each") || bn_flag_has(in, "pipeline");
	struct bn_query query = {.table = bn_view_table(each ? "runs" : "pipelines")};

	query.problems = bn_flag_has(in, "problems");
	filter_flag(cli, &query, "kind", "group");
	filter_flag(cli, &query, "pipeline", "pipeline");
	filter_flag(cli, &query, "source", "source");
	return bn_flag_has(in, "count") ? count_only(cli, &query) : list(cli, &query, NULL);
}

static const struct bn_flag runs_flags[] = {
    {"each", 'e', NULL, false, NULL, "every run, not the latest of each pipeline"},
    {"pipeline", 0, "NAME", false, NULL, "every run of this pipeline"},
    {"kind", 0, "GROUP", false, NULL, "only pipelines of this group (ingestion, transformation …)"},
    {"source", 0, "SOURCE", false, NULL, "only those of this source"},
    {"problems", 'p', NULL, false, NULL, "only what failed, is late, or is not known"},
    {"count", 0, NULL, false, NULL, "print how many there are, and nothing else"},
    BN_FLAGS_END,
};

static const struct bn_example runs_examples[] = {
    {"binnacle --demo runs", 0, "Every pipeline with its latest run, worst first"},
    {"binnacle --demo runs --kind ingestion --count", 0, "How many ingestion pipelines there are"},
    {"binnacle --demo runs --pipeline transform-hourly --since 12h -o csv", 0,
     "One pipeline's runs for a spreadsheet"},
    {"binnacle --demo runs --filter 'status:problem engine:argo'", 0, "What is broken on Argo"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_runs = {
    .name = "runs",
    .page = "run",
    .operands = "",
    .summary = "pipelines with their latest run; with --each every run",
    .doc = "One line a pipeline: the state of its latest run, its recent history, when it started, "
	   "how long it "
	   "took and when it is due next.",
    .table = "pipelines",
    .flags = runs_flags,
    .examples = runs_examples,
    .run = run_runs,
    .past = true,
};

/* ---- endpoints, findings, sources ---------------------------------------------------------- */

static int
run_endpoints(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_query query = {.table = bn_view_table("endpoints"),
				 .problems = bn_flag_has(in, "problems")};

	return list(cli, &query, NULL);
}

static const struct bn_flag problems_flags[] = {
    {"problems", 'p', NULL, false, NULL, "only those that are not fine"},
    BN_FLAGS_END,
};

static const struct bn_example endpoints_examples[] = {
    {"binnacle --demo endpoints", 0, "Every endpoint, the worst first"},
    {"binnacle --demo endpoints -p -o json", 0, "Those that are not fine, for a program"},
    {"binnacle --demo endpoints --filter 'p99>100'", 0, "Those whose p99 is over 100 ms"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_endpoints = {
    .name = "endpoints",
    .page = "endpoint",
    .operands = "",
    .summary = "what serves: state, latency, certificates, assertions",
    .doc = "One line an endpoint. Latencies are of the last 60 minutes: the platform's own where a "
	   "source supplies "
	   "them, else those of the probes sent from this host.",
    .table = "endpoints",
    .flags = problems_flags,
    .examples = endpoints_examples,
    .run = run_endpoints,
    .past = true,
};

/* Whether anything of what was listed needs a person: open, a warning at least, and in nobody's hands. */
static int
attention(struct bn_cli *cli, struct bn_query query)
{
	struct bn_error err = {0};
	struct bn_rows *rows = NULL;
	int code = BN_EXIT_OK;

	query.problems = true;
	query.limit = 1;
	if (bn_view_query(cli->reader, &query, &rows, &err) != BN_OK)
		code = bn_cli_report(cli, &err);
	else if (bn_rows_count(rows) > 0)
		code = BN_EXIT_ATTENTION;
	bn_rows_free(rows);
	return code;
}

static int
run_findings(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_query query = {.table = bn_view_table("findings")};
	struct bn_rows *rows = NULL;
	int code;

	filter_flag(cli, &query, "kind", "rule");
	if (!bn_flag_has(in, "all"))
		query.filter = bn_arena_format(cli->arena, "%s%sstatus!=succeeded",
					       query.filter != NULL ? query.filter : "",
					       query.filter != NULL ? " " : "");
	code = list(cli, &query, &rows);
	if (rows != NULL && bn_rows_count(rows) > 0)
		code = bn_exit_combine(code, attention(cli, query));
	bn_rows_free(rows);
	return code;
}

static const struct bn_flag findings_flags[] = {
    {"kind", 0, "RULE", false, NULL, "only those of this rule"},
    {"all", 'a', NULL, false, NULL, "those that are over, too"},
    BN_FLAGS_END,
};

static const struct bn_example findings_examples[] = {
    {"binnacle --demo findings", 1, "Every open finding, folded ones included"},
    {"binnacle --demo findings --all --since 12h -o ndjson", 1,
     "What was found in the last twelve hours"},
    {"binnacle --demo findings --kind import-error -o md", 1,
     "Files that do not import, as a Markdown table"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_findings = {
    .name = "findings",
    .page = "finding",
    .operands = "",
    .summary = "what rules and platforms found, before folding",
    .doc = "Every finding by itself: those of the rules, and what the platforms themselves say is "
	   "wrong (firing "
	   "alerts, down targets, import errors). status shows the same folded by root cause.\n\n"
	   "The exit status is 1 when one of those listed needs somebody: it is open, a warning at "
	   "least, "
	   "and neither acknowledged, snoozed nor silenced by its platform.",
    .table = "findings",
    .flags = findings_flags,
    .examples = findings_examples,
    .run = run_findings,
    .past = true,
};

static int
run_sources(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_query query = {.table = bn_view_table("sources")};

	(void)in;
	return list(cli, &query, NULL);
}

static const struct bn_example sources_examples[] = {
    {"binnacle --demo sources", 0, "How each source does"},
    {"binnacle --demo sources --filter 'status:problem'", 0, "Those that do not answer"},
    {"binnacle --demo sources -o wide", 0, "With calls, percentiles and logins"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_sources = {
    .name = "sources",
    .page = "source",
    .operands = "",
    .summary = "how the sources themselves do: last answer, calls, errors, age",
    .doc = "One line a configured source. A source that does not answer makes everything it "
	   "describes unknown, "
	   "and every command exit with 3.",
    .table = "sources",
    .flags = NULL,
    .examples = sources_examples,
    .run = run_sources,
    .past = true,
};

/* ---- changed, timeline --------------------------------------------------------------------- */

static int
run_about(struct bn_cli *cli, const struct bn_invocation *in, const char *table)
{
	struct bn_query query = {.table = bn_view_table(table)};
	struct bn_error err = {0};

	if (bn_cli_refresh(cli, NULL, false, &err) != BN_OK ||
	    (in->count > 0 &&
	     bn_cli_resolve(cli, in->operands[0], BN_KIND_NONE, &query.scope, &err) != BN_OK))
		return bn_cli_report(cli, &err);
	filter_flag(cli, &query, "kind", "kind");
	if (!bn_flag_has(in, "since"))
		query.since = cli->style.now - 24 * 3600 * INT64_C(1000);
	if (bn_cli_list(cli, &query, NULL, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	return bn_cli_complete(cli);
}

static int
run_changed(struct bn_cli *cli, const struct bn_invocation *in)
{
	return run_about(cli, in, "changed");
}

static const struct bn_example changed_examples[] = {
    {"binnacle --demo changed pipeline/argo-prod/transform-hourly", 0,
     "What changed around one pipeline"},
    {"binnacle --demo changed --since 6h -o json", 0, "Everything that changed in six hours"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_changed = {
    .name = "changed",
    .page = "timeline",
    .operands = "[KIND/[SOURCE/]KEY]",
    .max_operands = 1,
    .summary = "what changed around a thing: commits, schedules, images",
    .doc = "Commits of the configured repositories that touched the files defining the thing or "
	   "what it depends on, "
	   "and changes of its own attributes, in the last 24 hours unless --since says otherwise.",
    .table = "changed",
    .examples = changed_examples,
    .run = run_changed,
    .past = true,
};

static int
run_timeline(struct bn_cli *cli, const struct bn_invocation *in)
{
	return run_about(cli, in, "timeline");
}

static const struct bn_flag timeline_flags[] = {
    {"kind", 0, "KIND", false, NULL,
     "only events of this kind: run, source, finding, recovered, change, commit, gap, ack, note …"},
    BN_FLAGS_END,
};

static const struct bn_example timeline_examples[] = {
    {"binnacle --demo timeline --kind commit --since 24h", 0, "Only commits"},
    {"binnacle --demo timeline --since 1h", 0, "The last hour, newest first"},
    {"binnacle --demo timeline --since 1h -o ndjson", 0, "The same, a record a line"},
    {"binnacle --demo timeline pipeline/argo-prod/transform-hourly", 0, "One pipeline's day"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_timeline = {
    .name = "timeline",
    .page = "timeline",
    .operands = "[KIND/[SOURCE/]KEY]",
    .max_operands = 1,
    .summary = "what happened: states, findings, commits, and what people did",
    .doc = "Everything that is known to have happened, newest first: changes of state, findings "
	   "opened and closed, "
	   "attributes, commits, acknowledgements, snoozes and notes. The last 24 hours unless "
	   "--since says "
	   "otherwise.",
    .table = "timeline",
    .flags = timeline_flags,
    .examples = timeline_examples,
    .run = run_timeline,
    .past = true,
};

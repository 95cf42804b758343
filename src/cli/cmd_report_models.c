/* cmd_report_models.c - report models: which version was in production, when, who approved it, what it was made of. */
/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/context.h"

#include "base/error.h"

/* What an auditor asks of each; --columns says otherwise. */
static const char *const audit_columns[] = {"model",	"version",     "from",	 "until",
					    "approved", "approved_by", "change", "evidence",
					    "lineage",	"at_source",   NULL};

/* Those that were live at a moment: begun, and not ended by then. */
static int
at_moment(struct bn_cli *cli, const char *text, struct bn_query *query, struct bn_error *err)
{
	char rfc[BN_TIME_TEXT];
	bn_time at;
	int rc = bn_time_parse_human(text, bn_clock_now(&cli->clock), cli->style.zone, &at, err);

	if (rc == BN_OK) {
		bn_time_rfc3339(at, rfc);
		query->filter = bn_arena_format(
		    cli->arena, "from<=\"%s\" (until=\"\" OR until>\"%s\")", rfc, rfc);
	}
	return rc;
}

static int
run_report_models(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_query query = {.table = bn_view_table("live")};
	const char *at = bn_flag_get(in, "at");
	struct bn_error err = {0};
	int rc = BN_OK;

	if (at != NULL)
		rc = at_moment(cli, at, &query, &err);
	else if (!bn_flag_has(in, "ever"))
		query.filter = "until=\"\"";
	if (!bn_flag_has(in, "columns"))
		query.columns = audit_columns;
	if (rc == BN_OK)
		rc = bn_cli_refresh(cli, NULL, false, &err);
	if (rc == BN_OK)
		rc = bn_cli_list(cli, &query, NULL, &err);
	return rc == BN_OK ? bn_cli_complete(cli) : bn_cli_report(cli, &err);
}

static const struct bn_flag flags[] = {
    {"ever", 0, NULL, false, NULL,
     "every version that ever was in production, not only those that are"},
    {"at", 0, "T", false, NULL, "those that were in production at this moment"},
    BN_FLAGS_END,
};

static const struct bn_example examples[] = {
    {"binnacle --demo report models", 0, "What is in production"},
    {"binnacle --demo report models --ever -o csv", 0,
     "Every version that ever was, for an auditor's spreadsheet"},
    {"binnacle --demo report models --ever --at 2025-11-02T10:00:00Z -o json", 0,
     "Which version was live then, and who approved it"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_report_models = {
    .name = "report models",
    .page = "report",
    .operands = "",
    .summary = "model versions in production: from when to when, approved by whom, made of what",
    .doc = "One line an interval in which a version was live, those included that the registry no "
	   "longer has. What tags of the versions declare (live_from, live_until, approved_by, "
	   "change) and what binnacle saw of aliases and stages are put together; EVIDENCE says "
	   "which it is. A version that nobody is known to have approved is marked `unapproved "
	   "path`.",
    .table = "live",
    .flags = flags,
    .examples = examples,
    .run = run_report_models,
    .past = true,
};

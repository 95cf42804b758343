/* cmd_report_products.c - report products and report oncall: how promises and nights went. */
/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/context.h"

#include "base/error.h"

/* Text for people has headings; a program gets the rows of one table. */
static bool
is_prose(const struct bn_cli *cli)
{
	return cli->format == BN_OUT_TABLE || cli->format == BN_OUT_WIDE ||
	       cli->format == BN_OUT_MD;
}

static void
heading(struct bn_cli *cli, int level, const char *text)
{
	char at[BN_TIME_TEXT];

	if (level == 1)
		fprintf(cli->out, "# %s, %s\n\n", text,
			bn_time_show(cli->style.now, cli->style.zone, BN_TIME_FULL, at));
	else
		fprintf(cli->out, "\n## %s\n\n", text);
}

/* Which of its columns a report has, unless --columns says otherwise. */
static int
section(struct bn_cli *cli, struct bn_query *query, const char *const *columns,
	struct bn_error *err)
{
	if (!bn_flag_has(cli->in, "columns"))
		query->columns = columns;
	return bn_cli_list(cli, query, NULL, err);
}

static int
run_report_products(struct bn_cli *cli, const struct bn_invocation *in)
{
	static const char *const product_columns[] = {"status",	   "product", "domain",	 "owner",
						      "lifecycle", "budget",  "used_by", "cost",
						      "message",   NULL};
	static const char *const promise_columns[] = {
	    "status",	      "product",	   "sli",      "target", "met", "goal",
	    "budget_used_ms", "budget_allowed_ms", "observed", NULL};
	struct bn_query products = {.table = bn_view_table("products")};
	struct bn_query promises = {.table = bn_view_table("objectives")};
	struct bn_error err = {0};
	const char *domain = bn_flag_get(in, "domain");

	if (domain != NULL)
		products.filter = bn_arena_format(cli->arena, "domain=\"%s\"", domain);
	if (bn_cli_open_domain(cli, domain, &err) != BN_OK ||
	    bn_cli_refresh(cli, NULL, false, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	if (!is_prose(cli)) {
		if (bn_cli_list(cli, &products, NULL, &err) != BN_OK)
			return bn_cli_report(cli, &err);
		return bn_cli_complete(cli);
	}
	heading(cli, 1, "Data products");
	if (section(cli, &products, product_columns, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	if (domain == NULL && !bn_flag_has(in, "columns")) {
		heading(cli, 2, "What they promise, and how it was kept");
		if (section(cli, &promises, promise_columns, &err) != BN_OK)
			return bn_cli_report(cli, &err);
		fprintf(cli->out,
			"\nTime that was not observed counts neither way; SEEN%% says how "
			"much of the window was.\n");
	}
	return bn_cli_complete(cli);
}

static const struct bn_flag products_flags[] = {
    {"domain", 0, "DOMAIN", false, NULL, "only products of this domain"},
    BN_FLAGS_END,
};

static const struct bn_example products_examples[] = {
    {"binnacle --demo report products -o md", 0, "For the owners, as Markdown"},
    {"binnacle --demo report products --domain lpo", 0, "One domain's"},
    {"binnacle --demo report products -o json", 0, "The rows for a program"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_report_products = {
    .name = "report products",
    .page = "report",
    .operands = "",
    .summary = "data products: owners, promises kept, budgets, cost",
    .doc = "Every data product with what it promises and how much of its error budget is used. In "
	   "JSON, "
	   "CSV and NDJSON the rows are those of `binnacle products`.",
    .table = "products",
    .flags = products_flags,
    .examples = products_examples,
    .run = run_report_products,
    .past = true,
};

static int
run_report_oncall(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_query query = {.table = bn_view_table("oncall")};
	struct bn_error err = {0};

	(void)in;
	if (bn_cli_refresh(cli, NULL, false, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	if (is_prose(cli))
		heading(cli, 1, "On call");
	if (bn_cli_list(cli, &query, NULL, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	return bn_cli_complete(cli);
}

static const struct bn_example oncall_examples[] = {
    {"binnacle --demo report oncall -o md", 0, "The last eight weeks, as Markdown"},
    {"binnacle --demo report oncall --since 14d -o json", 0, "Two weeks, for a program"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_report_oncall = {
    .name = "report oncall",
    .page = "report",
    .operands = "",
    .summary = "being on call, week by week: incidents, interrupts, time to recover",
    .doc = "An incident is a critical finding that followed from no other; an interrupt is an "
	   "acknowledgement, since that is when somebody took it up. Weeks begin on Monday, UTC; a "
	   "week "
	   "of which less than half was observed is unknown, not quiet.",
    .table = "oncall",
    .examples = oncall_examples,
    .run = run_report_oncall,
    .past = true,
};

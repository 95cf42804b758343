/* cmd_product.c - data products: list, one of them, its objectives; and what depends on what. */
/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/show.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"

/* 1 where one of the rows is a problem; what is not known makes the answer incomplete. */
static int
exit_of(struct bn_cli *cli, const struct bn_rows *rows)
{
	int code = BN_EXIT_OK;

	for (size_t i = 0; i < bn_rows_count(rows); i++) {
		enum bn_status status = bn_rows_status(rows, i);

		if (bn_status_row(status)->problem)
			code = BN_EXIT_ATTENTION;
		if (status == BN_UNKNOWN)
			cli->incomplete = true;
	}
	return code;
}

static int
run_products(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_query query = {.table = bn_view_table("products"),
				 .problems = bn_flag_has(in, "problems")};
	const char *domain = bn_flag_get(in, "domain");
	struct bn_rows *rows = NULL;
	struct bn_error err = {0};
	int code;

	if (domain != NULL)
		query.filter = bn_arena_format(cli->arena, "domain=\"%s\"", domain);
	if (bn_cli_open_domain(cli, domain, &err) != BN_OK ||
	    bn_cli_refresh(cli, NULL, false, &err) != BN_OK ||
	    bn_cli_list(cli, &query, &rows, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	code = exit_of(cli, rows);
	bn_rows_free(rows);
	return bn_exit_combine(code, bn_cli_complete(cli));
}

static const struct bn_flag products_flags[] = {
    {"domain", 0, "DOMAIN", false, NULL, "only products of this domain"},
    {"problems", 0, NULL, false, NULL, "only those that miss something, or are not known"},
    BN_FLAGS_END,
};

static const struct bn_example products_examples[] = {
    {"binnacle --demo products", 1, "1: some promise is missed"},
    {"binnacle --demo products --domain core --columns product,fresh,target,budget -o csv", 1,
     "One domain's, for a spreadsheet"},
    {"binnacle --demo products --problems --sort budget", 1,
     "What is missed, the least budget first"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_products = {
    .name = "products",
    .page = "product",
    .operands = "",
    .summary = "data products: promises, error budgets, owners, consumers",
    .doc = "Products are the [product] sections of the configuration. Each is judged from what the "
	   "store knows of the things it needs; where one of them is not known, neither is the "
	   "product.\n\n"
	   "The exit status is 1 when one misses a promise, and 3 when one is not known.",
    .table = "products",
    .flags = products_flags,
    .examples = products_examples,
    .run = run_products,
    .past = true,
};

/* ---- one ----------------------------------------------------------------------------------- */

static const char *
verdict_of(enum bn_status status)
{
	switch (status) {
	case BN_HEALTHY:
		return "fresh";
	case BN_DEGRADED:
	case BN_DOWN:
		return "stale";
	default:
		return "not known";
	}
}

/* "orders is stale: its data are 1h01m old (made 02:11), at most 1h; since 03:11" */
static int
write_answer(struct bn_cli *cli, const struct bn_ref *ref, struct bn_error *err)
{
	static const char *const columns[] = {"sli", "target",	  "now",    "good", "since",
					      "due", "predicted", "detail", NULL};
	struct bn_query query = {
	    .table = bn_view_table("objectives"), .columns = columns, .scope = *ref};
	struct bn_rows *rows = NULL;
	char good[BN_TIME_TEXT], since[BN_TIME_TEXT], due[BN_TIME_TEXT], ready[BN_TIME_TEXT];
	int rc = bn_view_query(cli->reader, &query, &rows, err);

	for (size_t i = 0; rc == BN_OK && i < bn_rows_count(rows); i++) {
		const char *sli = bn_rows_named(rows, i, "sli").s;
		enum bn_status status = bn_rows_status(rows, i);
		const char *now = bn_rows_named(rows, i, "now").s;
		const char *detail = bn_rows_named(rows, i, "detail").s;

		bn_time_show(bn_rows_named(rows, i, "good").i, cli->style.zone, BN_TIME_HM, good);
		bn_time_show(bn_rows_named(rows, i, "since").i, cli->style.zone, BN_TIME_HM, since);
		bn_time_show(bn_rows_named(rows, i, "due").i, cli->style.zone, BN_TIME_HM, due);
		bn_time_show(bn_rows_named(rows, i, "predicted").i, cli->style.zone, BN_TIME_HM,
			     ready);
		if (strcmp(sli, "freshness") == 0 && status != BN_UNKNOWN)
			fprintf(cli->out, "%s is %s: made %s, %s ago; may be %s%s%s\n",
				bn_sanitised(cli->arena, ref->key), verdict_of(status), good, now,
				bn_rows_named(rows, i, "target").s,
				status == BN_HEALTHY ? "" : "; stale since ",
				status == BN_HEALTHY ? "" : since);
		else if (strcmp(sli, "deadline") == 0 && status != BN_UNKNOWN)
			fprintf(cli->out, "%s is %s: due %s%s%s; last ready %s\n",
				bn_sanitised(cli->arena, ref->key), now, due,
				ready[0] != '\0' ? ", ready about " : "", ready, good);
		else if (strcmp(sli, "freshness") == 0 || strcmp(sli, "deadline") == 0)
			fprintf(cli->out, "%s is not known: %s\n",
				bn_sanitised(cli->arena, ref->key),
				detail != NULL ? bn_sanitised(cli->arena, detail)
					       : "what it needs was not read lately");
		else
			continue;
		break;
	}
	bn_rows_free(rows);
	return rc;
}

static int
run_product_show(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_query query = {.table = bn_view_table("products")};
	struct bn_error err = {0};
	struct bn_ref ref = {0};
	struct bn_rows *rows = NULL;
	int code;

	if (bn_cli_refresh(cli, NULL, false, &err) != BN_OK ||
	    bn_cli_resolve(cli, in->operands[0], BN_PRODUCT, &ref, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	if ((cli->format == BN_OUT_TABLE || cli->format == BN_OUT_WIDE) &&
	    write_answer(cli, &ref, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	query.scope = ref;
	if (bn_cli_show(cli, "products", &ref, &err) != BN_OK ||
	    bn_view_query(cli->reader, &query, &rows, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	code = exit_of(cli, rows);
	bn_rows_free(rows);
	return bn_exit_combine(code, bn_cli_complete(cli));
}

static const struct bn_example show_examples[] = {
    {"binnacle --demo product show orders", 1, "Fresh or stale, since when, and why, in one line"},
    {"binnacle --demo product show stock", 0, "0: it keeps all it promises"},
    {"binnacle --demo product show orders -o json", 1, "Its row for a program"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_product_show = {
    .name = "product show",
    .page = "product",
    .operands = "PRODUCT",
    .min_operands = 1,
    .max_operands = 1,
    .completes = BN_PRODUCT,
    .summary = "one product: fresh or stale, its chain, budget, users",
    .doc = "The first line answers whether its data are fresh, and of when they are. Exits with 1 "
	   "when it misses a promise and 3 when it is not known.",
    .table = "products",
    .examples = show_examples,
    .run = run_product_show,
    .past = true,
};

static int
run_product_slo(struct bn_cli *cli, const struct bn_invocation *in)
{
	bool days = bn_flag_has(in, "days");
	struct bn_query query = {.table = bn_view_table(days ? "slo_days" : "objectives")};
	struct bn_error err = {0};
	struct bn_rows *rows = NULL;
	int code = BN_EXIT_OK;

	if (bn_cli_refresh(cli, NULL, false, &err) != BN_OK ||
	    bn_cli_resolve(cli, in->operands[0], BN_PRODUCT, &query.scope, &err) != BN_OK ||
	    bn_cli_list(cli, &query, &rows, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	if (!days)
		code = exit_of(cli, rows);
	bn_rows_free(rows);
	return bn_exit_combine(code, bn_cli_complete(cli));
}

static const struct bn_flag slo_flags[] = {
    {"days", 0, NULL, false, NULL, "the last 30 days of each promise instead, a row a day"},
    BN_FLAGS_END,
};

static const struct bn_example slo_examples[] = {
    {"binnacle --demo product slo orders", 1,
     "What it promises, how it stands, what budget is left"},
    {"binnacle --demo product slo stock -o json", 0, "The same for a program"},
    {"binnacle --demo product slo stock --days --columns status,day,missed,unobserved", 0,
     "Day by day; a day nobody observed is unknown, not good"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_product_slo = {
    .name = "product slo",
    .page = "product",
    .operands = "PRODUCT",
    .min_operands = 1,
    .max_operands = 1,
    .completes = BN_PRODUCT,
    .summary = "what one product promises, and its error budgets",
    .doc =
	"The error budget is the share of the window that the goal leaves: 99% of 30 days may be "
	"missed for 7 h 12 min. It is reckoned from what was observed or can be told from what the "
	"platforms still know; time of which nothing is known is neither good nor bad, and "
	"SEEN% says how much there is.",
    .table = "objectives",
    .flags = slo_flags,
    .examples = slo_examples,
    .run = run_product_slo,
    .past = true,
};

/* ---- lineage ------------------------------------------------------------------------------- */

static int
run_lineage(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_query query = {.table = bn_view_table("lineage")};
	struct bn_error err = {0};

	if (bn_flag_has(in, "up") != bn_flag_has(in, "down"))
		query.filter = bn_flag_has(in, "up") ? "direction=up" : "direction=down";
	if (bn_cli_refresh(cli, NULL, false, &err) != BN_OK ||
	    bn_cli_resolve(cli, in->operands[0], BN_KIND_NONE, &query.scope, &err) != BN_OK ||
	    bn_cli_list(cli, &query, NULL, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	return bn_cli_complete(cli);
}

static const struct bn_flag lineage_flags[] = {
    {"up", 0, NULL, false, NULL, "only what it depends on: the suspects, what changed last first"},
    {"down", 0, NULL, false, NULL, "only what depends on it: the blast radius"},
    BN_FLAGS_END,
};

static const struct bn_example lineage_examples[] = {
    {"binnacle --demo lineage pipeline/argo-prod/transform-hourly --down", 0,
     "What a broken pipeline touches"},
    {"binnacle --demo lineage product/postage-quotes --up", 0,
     "What a stale product is made from, the latest change first"},
    {"binnacle --demo lineage endpoint/api-forecast -o json", 0, "Both ways, for a program"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_lineage = {
    .name = "lineage",
    .page = "product",
    .operands = "KIND/[SOURCE/]KEY",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "what a thing depends on, and what depends on it",
    .doc = "Follows the links that platforms tell of and those of the configuration: [link] feeds, "
	   "and what products need. Rings are no trouble; it goes up to 12 links far. A run stands "
	   "for "
	   "its pipeline.",
    .table = "lineage",
    .flags = lineage_flags,
    .examples = lineage_examples,
    .run = run_lineage,
    .past = true,
};

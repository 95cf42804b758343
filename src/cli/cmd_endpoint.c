/* cmd_endpoint.c - one endpoint: show it, or probe it now. */
/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/show.h"

#include "base/error.h"

static int
exit_of(struct bn_cli *cli, const struct bn_ref *ref, struct bn_error *err)
{
	struct bn_query query = {.table = bn_view_table("endpoints"), .scope = *ref};
	struct bn_rows *rows = NULL;
	int code = BN_EXIT_OK;

	if (bn_view_query(cli->reader, &query, &rows, err) != BN_OK)
		return bn_cli_report(cli, err);
	if (bn_rows_count(rows) > 0 && bn_status_row(bn_rows_status(rows, 0))->problem)
		code = BN_EXIT_ATTENTION;
	bn_rows_free(rows);
	return code;
}

static int
run_endpoint_show(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_error err = {0};
	struct bn_ref ref = {0};

	if (bn_cli_refresh(cli, NULL, false, &err) != BN_OK ||
	    bn_cli_resolve(cli, in->operands[0], BN_ENDPOINT, &ref, &err) != BN_OK ||
	    bn_cli_show(cli, "endpoints", &ref, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	return bn_cli_complete(cli);
}

static const struct bn_example show_examples[] = {
    {"binnacle --demo endpoint show api-forecast", 0,
     "Assertions, phases, certificate, what changed"},
    {"binnacle --demo endpoint show api-lpo-quote -o json", 0, "Its row for a program"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_endpoint_show = {
    .name = "endpoint show",
    .page = "endpoint",
    .operands = "ENDPOINT",
    .min_operands = 1,
    .max_operands = 1,
    .completes = BN_ENDPOINT,
    .summary = "one endpoint: assertions, phases, certificate",
    .doc = "ENDPOINT is its name or endpoint/SOURCE/KEY.",
    .table = "endpoints",
    .examples = show_examples,
    .run = run_endpoint_show,
    .past = true,
};

static int
run_probe(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_error err = {0};
	struct bn_ref ref = {0};

	if (bn_cli_may_ask(cli, "a probe is an answer", &err) != BN_OK ||
	    bn_cli_open_collect(cli, &err) != BN_OK ||
	    bn_cli_refresh(cli, NULL, false, &err) != BN_OK ||
	    bn_cli_resolve(cli, in->operands[0], BN_ENDPOINT, &ref, &err) != BN_OK ||
	    bn_collect_probe(cli->collect, ref.source, ref.key, cli->timeout, &err) != BN_OK ||
	    bn_cli_show(cli, "endpoints", &ref, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	return bn_exit_combine(exit_of(cli, &ref, &err), bn_cli_complete(cli));
}

static const struct bn_example probe_examples[] = {
    {"binnacle --demo probe api-stock", 0, "Ask it now, and show what came back"},
    {"binnacle --demo probe api-forecast", 1, "1: it answers, but not as it should"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_probe = {
    .name = "probe",
    .page = "endpoint",
    .operands = "ENDPOINT",
    .min_operands = 1,
    .max_operands = 1,
    .completes = BN_ENDPOINT,
    .summary = "ask one endpoint now",
    .doc = "Sends the endpoint's request at once, stores the result, and shows it. Exits with 1 "
	   "when it is not "
	   "as it should be.",
    .table = "endpoints",
    .examples = probe_examples,
    .run = run_probe,
};

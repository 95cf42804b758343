/* cmd_stream.c - per-minute streams: the list, one of them, its minutes, its gaps, what it must agree with. */
/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/show.h"

#include "base/error.h"

static int
run_streams(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_query query = {.table = bn_view_table("streams"),
				 .problems = bn_flag_has(in, "problems")};
	const char *group = bn_flag_get(in, "group");
	struct bn_error err = {0};

	if (group != NULL)
		query.filter = bn_arena_format(cli->arena, "group=\"%s\"", group);
	if (bn_cli_refresh(cli, NULL, false, &err) != BN_OK ||
	    bn_cli_list(cli, &query, NULL, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	return bn_cli_complete(cli);
}

static const struct bn_flag streams_flags[] = {
    {"problems", 'p', NULL, false, NULL, "only those that are not fine"},
    {"group", 0, "CHAIN", false, NULL, "only those of this chain"},
    BN_FLAGS_END,
};

static const struct bn_example streams_examples[] = {
    {"binnacle --demo streams", 0, "Every stream with its last hour, the worst first"},
    {"binnacle --demo streams --group tx-metrics -o wide", 0, "The stages of one chain"},
    {"binnacle --demo streams --filter 'gaps>0' -o json", 0, "Those with a gap, for a program"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_streams = {
    .name = "streams",
    .page = "stream",
    .operands = "",
    .summary = "per-minute streams: last value, last hour, gaps, late minutes",
    .doc = "One line a stream. A hole in the last 60 minutes is a minute without a value: it is "
	   "never filled in.",
    .table = "streams",
    .flags = streams_flags,
    .examples = streams_examples,
    .run = run_streams,
    .past = true,
};

/* ---- one of them ----------------------------------------------------------------------------- */

static int
find(struct bn_cli *cli, const struct bn_invocation *in, struct bn_ref *ref, struct bn_error *err)
{
	int rc = bn_cli_refresh(cli, NULL, false, err);

	return rc == BN_OK ? bn_cli_resolve(cli, in->operands[0], BN_STREAM, ref, err) : rc;
}

static int
run_stream_show(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_error err = {0};
	struct bn_ref ref = {0};

	if (find(cli, in, &ref, &err) != BN_OK || bn_cli_show(cli, "streams", &ref, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	return bn_cli_complete(cli);
}

static const struct bn_example show_examples[] = {
    {"binnacle --demo stream show tx-metrics", 0, "Rhythm, checks, gaps, what changed"},
    {"binnacle --demo stream show stream/prom/orders -o json", 0, "Its row for a program"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_stream_show = {
    .name = "stream show",
    .page = "stream",
    .operands = "STREAM",
    .min_operands = 1,
    .max_operands = 1,
    .completes = BN_STREAM,
    .summary = "one stream: rhythm, checks, gaps, what changed",
    .doc = "STREAM is its name or stream/SOURCE/NAME.",
    .table = "streams",
    .examples = show_examples,
    .run = run_stream_show,
    .past = true,
};

/* ---- minutes --------------------------------------------------------------------------------- */

/* --until takes a duration back from now or a moment. */
static int
until_flag(struct bn_cli *cli, const struct bn_invocation *in, bn_time *out, struct bn_error *err)
{
	const char *text = bn_flag_get(in, "until");
	bn_time now = cli->at != 0 ? cli->at : bn_clock_now(&cli->clock);
	int64_t back;

	if (text == NULL)
		return BN_OK;
	if (bn_duration_parse(text, &back, NULL) == BN_OK) {
		*out = now - back;
		return BN_OK;
	}
	return bn_time_parse_human(text, now, cli->style.zone, out, err);
}

static int
list_minutes(struct bn_cli *cli, const struct bn_invocation *in, struct bn_query *query,
	     struct bn_rows **rows, struct bn_error *err)
{
	int rc = find(cli, in, &query->scope, err);

	query->table = bn_view_table("points");
	if (rc == BN_OK)
		rc = until_flag(cli, in, &query->until, err);
	return rc == BN_OK ? bn_cli_list(cli, query, rows, err) : rc;
}

static int
run_stream_series(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_query query = {0};
	struct bn_error err = {0};

	if (list_minutes(cli, in, &query, NULL, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	return bn_cli_complete(cli);
}

#define FLAG_UNTIL                                                                                 \
	{                                                                                          \
		"until", 0, "D|T", false, NULL, "up to this moment, or so long ago"                \
	}
static const struct bn_flag minutes_flags[] = {FLAG_UNTIL, BN_FLAGS_END};

static const struct bn_example series_examples[] = {
    {"binnacle --demo stream series tx-metrics", 0, "The chart as numbers, a line a minute"},
    {"binnacle --demo stream series orders --since 3h -o csv", 0, "Three hours for a spreadsheet"},
    {"binnacle --demo stream series web-events --since 30m -o ndjson", 0,
     "A record a line, holes as null"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_stream_series = {
    .name = "stream series",
    .page = "stream",
    .operands = "STREAM",
    .min_operands = 1,
    .max_operands = 1,
    .completes = BN_STREAM,
    .summary = "its minutes as numbers; a hole is a row without a value",
    .doc = "Every minute of the window is a row, the last hour unless --since says otherwise. A "
	   "minute without a value has none: null in JSON, nothing in CSV. Where only summaries of "
	   "ten minutes are left, a row is such a summary and its value the mean of its minutes.",
    .table = "points",
    .flags = minutes_flags,
    .examples = series_examples,
    .run = run_stream_series,
    .past = true,
};

static int
count_of(struct bn_cli *cli, struct bn_query query, const char *filter, size_t *count,
	 struct bn_error *err)
{
	struct bn_rows *rows = NULL;
	int rc;

	query.filter = filter;
	query.uncounted = false;
	query.limit = 0;
	rc = bn_view_query(cli->reader, &query, &rows, err);
	*count = rc == BN_OK ? bn_rows_count(rows) : 0;
	bn_rows_free(rows);
	return rc;
}

static int
run_stream_gaps(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_query query = {.filter = "state=missing OR state=late"};
	struct bn_error err = {0};
	size_t gaps, unknown;

	if (list_minutes(cli, in, &query, NULL, &err) != BN_OK ||
	    count_of(cli, query, "state=missing OR state=late", &gaps, &err) != BN_OK ||
	    count_of(cli, query, "state=unobserved", &unknown, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	if (unknown > 0) {
		cli->incomplete = true;
		bn_cli_note(cli, "%zu minutes of it were not observed", unknown);
	}
	return bn_exit_combine(gaps > 0 ? BN_EXIT_ATTENTION : BN_EXIT_OK, bn_cli_complete(cli));
}

static const struct bn_example gaps_examples[] = {
    {"binnacle --demo stream gaps tx-metrics --since 2h", 0, "No gap in two hours"},
    {"binnacle --demo stream gaps tx-metrics --since 24h -o csv", 0, "A day's gaps for a program"},
    {"binnacle --demo stream gaps orders --since 2h --filter 'state=missing'", 0,
     "Only what is still missing"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_stream_gaps = {
    .name = "stream gaps",
    .page = "stream",
    .operands = "STREAM",
    .min_operands = 1,
    .max_operands = 1,
    .completes = BN_STREAM,
    .summary = "minutes that are missing, or came late",
    .doc = "A minute is missing when it is closed, has had the stream's time to settle, was looked "
	   "for after that, and has no value; it is late when its value came afterwards.\n\n"
	   "The exit status is 0 without a gap, 1 with one, and 3 where part of the window was not "
	   "observed: there nothing can be said.",
    .table = "points",
    .flags = minutes_flags,
    .examples = gaps_examples,
    .run = run_stream_gaps,
    .past = true,
};

/* ---- balance --------------------------------------------------------------------------------- */

/* Of the whole chain that the stream is part of, else of itself. */
static int
chain_filter(struct bn_cli *cli, const struct bn_ref *ref, const char **out, struct bn_error *err)
{
	struct bn_query query = {
	    .table = bn_view_table("streams"),
	    .columns = (const char *const[]){"group", NULL},
	    .scope = *ref,
	};
	struct bn_rows *rows = NULL;
	int rc = bn_view_query(cli->reader, &query, &rows, err);
	struct bn_value group = {.type = BN_VALUE_NULL};

	if (rc == BN_OK && bn_rows_count(rows) > 0)
		group = bn_rows_value(rows, 0, 0);
	*out = group.type == BN_VALUE_TEXT ? bn_arena_format(cli->arena, "group=\"%s\"", group.s)
					   : bn_arena_format(cli->arena, "stream=\"%s\"", ref->key);
	bn_rows_free(rows);
	return rc;
}

static int
run_stream_balance(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_query query = {.table = bn_view_table("checks")};
	struct bn_rows *rows = NULL;
	struct bn_error err = {0};
	struct bn_ref ref = {0};
	int code = BN_EXIT_OK;

	if (find(cli, in, &ref, &err) != BN_OK ||
	    chain_filter(cli, &ref, &query.filter, &err) != BN_OK ||
	    bn_cli_list(cli, &query, &rows, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	for (size_t i = 0; i < bn_rows_count(rows); i++) {
		enum bn_status status = bn_rows_status(rows, i);

		if (status == BN_UNKNOWN)
			cli->incomplete = true;
		else if (status != BN_HEALTHY)
			code = BN_EXIT_ATTENTION;
	}
	bn_rows_free(rows);
	return bn_exit_combine(code, bn_cli_complete(cli));
}

static const struct bn_example balance_examples[] = {
    {"binnacle --demo stream balance tx-metrics", 0, "Do the stages of the chain agree?"},
    {"binnacle --demo stream balance tx-metrics --filter 'kind=must-equal' -o json", 0,
     "Only the counters that must be equal, for a program"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_stream_balance = {
    .name = "stream balance",
    .page = "stream",
    .operands = "STREAM",
    .min_operands = 1,
    .max_operands = 1,
    .completes = BN_STREAM,
    .summary = "its chain against itself: rhythm, equal counters, quotients, ceilings",
    .doc =
	"One line a check of the chain the stream is part of. Counters that must be equal are "
	"summed up over the settled minutes of the last hour; both sums are shown. So what came "
	"late is told from what is lost: late records are in both sums in the end.\n\n"
	"The exit status is 0 when all agree, 1 when something does not, and 3 where not all was "
	"observed.",
    .table = "checks",
    .examples = balance_examples,
    .run = run_stream_balance,
    .past = true,
};

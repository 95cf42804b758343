/* cmd_report.c - report handover and report postmortem: Markdown for people, rows for programs. */
/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/context.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "view/report.h"

/* Reports say whole dates: they are read days later. */
static void
add_moment(struct bn_cli *cli, struct bn_buf *out, bn_time at)
{
	char text[BN_TIME_TEXT];

	bn_buf_adds(out, bn_time_show(at, cli->style.zone, BN_TIME_FULL, text));
	if (cli->style.zone == NULL)
		bn_buf_addc(out, 'Z');
}

/* One cell as a person reads it, on one line, safe in a Markdown table. */
static void
add_cell(struct bn_cli *cli, struct bn_buf *out, const struct bn_column *column,
	 struct bn_value value, bool markdown)
{
	struct bn_buf cell = BN_BUF_INIT(1 << 20);
	const char *at;

	if (value.type == BN_VALUE_INT && column->format == BN_FORMAT_TIME)
		add_moment(cli, &cell, value.i);
	else
		bn_view_show(&cell, column, value, &cli->style, 0);
	if (cell.size > 0 && column->format == BN_FORMAT_PERCENT)
		bn_buf_addc(&cell, '%');
	if (cell.size == 0)
		bn_buf_adds(&cell, bn_view_absent(&cli->style));
	for (at = bn_buf_text(&cell); *at != '\0'; at++) {
		if (markdown && (*at == '|' || *at == '\\'))
			bn_buf_addc(out, '\\');
		bn_buf_addc(out, *at);
	}
	bn_buf_free(&cell);
}

static void
add_head(struct bn_buf *out, const struct bn_column *columns, size_t count)
{
	for (size_t c = 0; c < count; c++)
		bn_buf_addf(out, "| %s ", columns[c].header);
	bn_buf_adds(out, "|\n");
	for (size_t c = 0; c < count; c++)
		bn_buf_adds(out, columns[c].align == BN_RIGHT ? "| ---: " : "| --- ");
	bn_buf_adds(out, "|\n");
}

static size_t
count_columns(const struct bn_column *columns)
{
	size_t n = 0;

	while (n < BN_REPORT_COLUMNS && columns[n].name != NULL)
		n++;
	return n;
}

/* ---- hand-over ----------------------------------------------------------------------------- */

static void
add_blind(struct bn_buf *out, const struct bn_report *r, int blind, const char *when)
{
	bn_buf_addf(out, "%d of %d %s not observed %s.\n", blind, r->sources,
		    r->sources == 1 ? "source was" : "sources were", when);
}

/* What it means that a section lists nothing, or no more: where nobody looked, nothing is known. */
static void
add_silence(struct bn_buf *out, const struct bn_report *r, const struct bn_report_section *s)
{
	bool ever = s->needs != BN_REPORT_NEEDS_NONE && r->blind_ever > 0;

	if (s->needs == BN_REPORT_NEEDS_NOW && r->blind_now > 0) {
		bn_buf_adds(out, s->count > 0 ? "\nWhether there is more is not known: "
					      : "Not known: ");
		add_blind(out, r, r->blind_now, "at that moment");
	} else if (ever && s->needs == BN_REPORT_NEEDS_ALL) {
		bn_buf_adds(out, s->count > 0 ? "\nWhether there was more is not known: "
					      : "Not known: ");
		add_blind(out, r, r->blind_ever, "in a part or all of this time");
	} else if (s->count == 0) {
		bn_buf_addf(out, "None: %s.\n", s->nothing);
		if (ever) {
			bn_buf_adds(out, "\nHow it was before is not known: ");
			add_blind(out, r, r->blind_ever, "in a part or all of this time");
		}
	}
}

static void
add_row(struct bn_cli *cli, struct bn_buf *out, const struct bn_report_section *s, size_t row,
	bool markdown)
{
	size_t columns = count_columns(s->columns);

	for (size_t c = 0; c < columns; c++) {
		bn_buf_adds(out, markdown ? "| " : c == 0 ? "- " : " · ");
		if (!markdown && s->columns[c].doc != NULL)
			bn_buf_addf(out, "%s ", s->columns[c].doc);
		add_cell(cli, out, &s->columns[c], s->rows[row].values[c], markdown);
		bn_buf_adds(out, markdown ? " " : "");
	}
	bn_buf_adds(out, markdown ? "|\n" : "\n");
}

static void
handover_text(struct bn_cli *cli, const struct bn_report *r, struct bn_buf *out)
{
	bool markdown = cli->format == BN_OUT_MD;
	char span[BN_TIME_TEXT];

	bn_buf_adds(out, "# Hand-over ");
	add_moment(cli, out, r->to);
	bn_buf_adds(out, "\n\nSince ");
	add_moment(cli, out, r->from);
	bn_buf_addf(out, " (%s). Interrupts: %d", bn_duration_show(r->to - r->from, span),
		    r->interrupts);
	bn_buf_addf(out, ", %.1f in 12 h; at most %d leave time to deal with each%s.\n",
		    r->interrupts_12h, BN_REPORT_INTERRUPTS,
		    r->interrupts_12h > BN_REPORT_INTERRUPTS ? ": too many" : "");
	if (r->blind_ever > 0) {
		bn_buf_adds(out, "There may have been more: ");
		add_blind(out, r, r->blind_ever, "in a part or all of this time");
	}
	for (size_t i = 0; i < r->count; i++) {
		const struct bn_report_section *s = &r->sections[i];

		bn_buf_addf(out, "\n## %zu. %s (%zu)\n\n", i + 1, s->title, s->count);
		if (markdown && s->count > 0)
			add_head(out, s->columns, count_columns(s->columns));
		for (size_t n = 0; n < s->count; n++)
			add_row(cli, out, s, n, markdown);
		add_silence(out, r, s);
	}
}

/* {"section": "open", …} a row. */
static void
handover_item(struct bn_buf *out, const struct bn_report_section *s, size_t row)
{
	size_t columns = count_columns(s->columns);

	bn_buf_adds(out, "{\"section\":");
	bn_json_quote(out, s->name);
	for (size_t c = 0; c < columns; c++) {
		bn_buf_addc(out, ',');
		bn_json_quote(out, s->columns[c].name);
		bn_buf_addc(out, ':');
		bn_view_json(out, &s->columns[c], s->rows[row].values[c]);
	}
	bn_buf_addc(out, '}');
}

static int
write_handover(struct bn_cli *cli, const struct bn_report *r, struct bn_error *err)
{
	struct bn_buf out = BN_BUF_INIT(0);
	bool json = cli->format == BN_OUT_JSON, lines = cli->format == BN_OUT_NDJSON, any = false;
	int rc;

	if (cli->format == BN_OUT_CSV)
		return bn_fail(err, BN_EINVAL,
			       "a hand-over is no table: -o md, json, ndjson or table");
	if (json)
		bn_cli_json_begin(cli, &out, "handover", 1);
	if (!json && !lines)
		handover_text(cli, r, &out);
	for (size_t i = 0; (json || lines) && i < r->count; i++)
		for (size_t n = 0; n < r->sections[i].count; n++) {
			if (json && any)
				bn_buf_addc(&out, ',');
			handover_item(&out, &r->sections[i], n);
			if (lines)
				bn_buf_addc(&out, '\n');
			any = true;
		}
	if (json)
		bn_cli_json_end(&out);
	rc = bn_cli_flush(cli, &out, err);
	bn_buf_free(&out);
	return rc;
}

/* A duration back, or a moment. */
static int
moment_flag(struct bn_cli *cli, const char *flag, bn_time fallback, bn_time *out,
	    struct bn_error *err)
{
	const char *text = bn_flag_get(cli->in, flag);
	int64_t back;
	int rc = BN_OK;

	*out = fallback;
	if (text == NULL)
		return BN_OK;
	if (bn_duration_parse(text, &back, NULL) == BN_OK)
		*out = bn_reader_now(cli->reader) - back;
	else
		rc = bn_time_parse_human(text, bn_reader_now(cli->reader), cli->style.zone, out,
					 err);
	if (rc != BN_OK)
		bn_error_prefix(err, "--%s", flag);
	return rc;
}

static int
run_handover(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_report *report = NULL;
	struct bn_error err = {0};
	bn_time from;
	int rc;

	(void)in;
	rc = bn_cli_refresh(cli, NULL, false, &err);
	if (rc == BN_OK)
		rc = moment_flag(cli, "since", bn_reader_now(cli->reader) - INT64_C(43200000),
				 &from, &err);
	if (rc == BN_OK)
		rc = bn_report_handover(cli->reader, from, &report, &err);
	if (rc == BN_OK)
		rc = write_handover(cli, report, &err);
	bn_report_free(report);
	return rc == BN_OK ? bn_cli_complete(cli) : bn_cli_report(cli, &err);
}

static const struct bn_example handover_examples[] = {
    {"binnacle --demo report handover -o md", 0, "The last twelve hours, for the chat or the wiki"},
    {"binnacle --demo report handover --since 8h -o json", 0, "The same for a program"},
    {"binnacle --demo -q report handover --at 02:00", 3,
     "As of two o'clock; 3, since nobody was watching then"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_report_handover = {
    .name = "report handover",
    .page = "report",
    .operands = "",
    .summary = "what the next person on call has to know",
    .doc = "What is open, what to watch, what recovered, what changed, what was retried, what is "
	   "snoozed until "
	   "when, which budgets are half spent, what products cost, which sources were blind, and "
	   "what people "
	   "noted down: since --since, 12 hours unless told otherwise.\n\n"
	   "Where sources were not observed, a section says that it is not known, instead of none; "
	   "the sources' section says which and when.\n\n"
	   "Interrupts are the critical root causes that began in that time. More than two in "
	   "twelve hours leave "
	   "no time to deal with each.",
    .examples = handover_examples,
    .run = run_handover,
    .past = true,
};

/* ---- post-mortem --------------------------------------------------------------------------- */

static const char *const event_columns[] = {"at",  "kind",     "entity", "what",
					    "who", "evidence", "link",	 NULL};

static void
postmortem_text(struct bn_cli *cli, const struct bn_query *query, const struct bn_rows *rows,
		struct bn_buf *out)
{
	char span[BN_TIME_TEXT];

	bn_buf_adds(out, "# Post-mortem: timeline\n\nFrom ");
	add_moment(cli, out, query->since);
	bn_buf_adds(out, " to ");
	add_moment(cli, out, query->until);
	bn_buf_addf(out, " (%s)", bn_duration_show(query->until - query->since, span));
	if (query->scope.kind != BN_KIND_NONE)
		bn_buf_addf(out, ", about %s %s", bn_kind_word(query->scope.kind),
			    query->scope.key);
	bn_buf_addf(out, ". %zu events, each with where it can be looked up.\n\n",
		    bn_rows_count(rows));
	bn_buf_adds(out, "| AT | KIND | ENTITY | WHAT | WHO | EVIDENCE |\n"
			 "| --- | --- | --- | --- | --- | --- |\n");
	for (size_t i = 0; i < bn_rows_count(rows); i++) {
		struct bn_value link = bn_rows_value(rows, i, 6);

		for (size_t c = 0; c < 6; c++) {
			bn_buf_adds(out, "| ");
			add_cell(cli, out, bn_rows_column(rows, c), bn_rows_value(rows, i, c),
				 true);
			if (c == 5 && link.type == BN_VALUE_TEXT) {
				bn_buf_addc(out, ' ');
				add_cell(cli, out, bn_rows_column(rows, 6), link, true);
			}
			bn_buf_addc(out, ' ');
		}
		bn_buf_adds(out, "|\n");
	}
}

static int
write_postmortem(struct bn_cli *cli, const struct bn_query *query, struct bn_error *err)
{
	struct bn_buf out = BN_BUF_INIT(0);
	struct bn_rows *rows = NULL;
	int rc = bn_view_query(cli->reader, query, &rows, err);

	if (rc == BN_OK && cli->format == BN_OUT_MD) {
		postmortem_text(cli, query, rows, &out);
		rc = bn_cli_flush(cli, &out, err);
	} else if (rc == BN_OK)
		rc = bn_cli_write_rows(cli, query->table, rows, err);
	bn_rows_free(rows);
	bn_buf_free(&out);
	return rc;
}

static int
run_postmortem(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_query query = {.table = bn_view_table("timeline"),
				 .columns = event_columns,
				 .sort = "at",
				 .uncounted = true};
	struct bn_error err = {0};
	int rc = bn_cli_refresh(cli, NULL, false, &err);

	if (rc == BN_OK && !bn_flag_has(in, "from"))
		rc = bn_fail(&err, BN_EINVAL,
			     "'report postmortem' needs --from: when did it begin?");
	if (rc == BN_OK)
		rc = moment_flag(cli, "from", 0, &query.since, &err);
	if (rc == BN_OK)
		rc = moment_flag(cli, "to", bn_reader_now(cli->reader), &query.until, &err);
	if (rc == BN_OK && query.until <= query.since)
		rc = bn_fail(&err, BN_EINVAL, "--to is not after --from");
	if (rc == BN_OK && in->count > 0)
		rc = bn_cli_resolve(cli, in->operands[0], BN_KIND_NONE, &query.scope, &err);
	if (rc == BN_OK)
		rc = write_postmortem(cli, &query, &err);
	return rc == BN_OK ? bn_cli_complete(cli) : bn_cli_report(cli, &err);
}

static const struct bn_flag postmortem_flags[] = {
    {"from", 0, "D|T", false, NULL, "when it began: a moment, or so long ago"},
    {"to", 0, "D|T", false, NULL, "when it was over (default: now)"},
    BN_FLAGS_END,
};

static const struct bn_example postmortem_examples[] = {
    {"binnacle --demo report postmortem --from 02:45 --to 03:12 -o md", 0,
     "Everything of those minutes, a line an event"},
    {"binnacle --demo report postmortem pipeline/argo-prod/transform-hourly --from 6h -o json", 0,
     "Only what is about one pipeline, for a program"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_report_postmortem = {
    .name = "report postmortem",
    .page = "report",
    .operands = "[KIND/[SOURCE/]KEY]",
    .max_operands = 1,
    .summary = "the timeline of an incident, with the evidence for every line",
    .doc = "Every event between two moments, the oldest first: changes of state, findings, "
	   "commits, changed "
	   "attributes, what people did, and when nobody watched. Each line names where it can be "
	   "looked up: the "
	   "run or the page on the platform, the commit, the number of the journal's record, the "
	   "finding and, of "
	   "a stream, the minute.",
    .table = "timeline",
    .flags = postmortem_flags,
    .examples = postmortem_examples,
    .run = run_postmortem,
    .past = true,
};

/* report.c - the hand-over report: a query a section, in the order a person reads them. */
/* SPDX-License-Identifier: MIT */
#include "view/report.h"

#include <string.h>

#include "base/error.h"
#include "view/sql.h"

struct section {
	const char *name, *title, *nothing;
	enum bn_report_needs needs;
	const char *sql;
	struct bn_column columns[BN_REPORT_COLUMNS];
};

/* clang-format off */
/* A column's last word is what a list, which has no headings, says before its values. */
#define WORD(name, header, word) {name, header, 0, 0, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, NULL, word}
#define TEXT(name, header) WORD(name, header, NULL)
#define TIME(name, header, word) {name, header, 0, 0, BN_LEFT, 0, BN_FORMAT_TIME, NULL, NULL, word}
#define SPAN(name, header, word) {name, header, 0, 0, BN_LEFT, 0, BN_FORMAT_DURATION, "s", NULL, word}
#define SHARE(name, header, word) {name, header, 0, 0, BN_RIGHT, 0, BN_FORMAT_PERCENT, "%", NULL, word}
#define NUMBER(name, header, word) {name, header, 0, 0, BN_RIGHT, 0, BN_FORMAT_NUMBER, NULL, NULL, word}
#define COUNT(name, header, word) {name, header, 0, 0, BN_RIGHT, 0, BN_FORMAT_INT, NULL, NULL, word}

#define IN_USE "s.configured_at IS NOT NULL AND NOT s.disabled"
/* Products are reckoned here: no platform is read for them. */
#define WATCHED IN_USE " AND s.type <> 'products'"
#define FRESH \
	"(s.last_ok_at IS NOT NULL AND now() - s.last_ok_at <= stale_after(s.interval_ms, coalesce(s.took_ms, 0)))"
/* When each source was not observed: before its first span, between two, and since its last. Of one that was and
 * now fails, its failure says the last. */
#define GAPS \
	"SELECT s.id AS id, s.name AS name, max(g.last, :since) AS at, g.began AS until FROM (SELECT o.source_id, o.began," \
	"   coalesce(lag(o.ended) OVER (PARTITION BY o.source_id ORDER BY o.began), :since) AS last FROM observed o) g" \
	"  JOIN source s ON s.id = g.source_id WHERE " WATCHED " AND g.began > :since AND g.began > g.last" \
	" UNION ALL SELECT s.id, s.name, max(coalesce((SELECT max(o.ended) FROM observed o WHERE o.source_id = s.id)," \
	"   :since), :since), NULL FROM source s WHERE " WATCHED " AND NOT " FRESH " AND (s.state IN ('ok', 'new')" \
	"   OR NOT EXISTS (SELECT 1 FROM observed o WHERE o.source_id = s.id))"

/* A run is called after its pipeline. */
#define NAME(f) \
	"coalesce((SELECT coalesce(pe.name, e.name) FROM source s JOIN entity e ON e.source_id = s.id" \
	"  LEFT JOIN run r ON r.entity_id = e.id LEFT JOIN entity pe ON pe.id = r.pipeline_id" \
	"  WHERE s.name = " f ".about_source AND e.kind = " f ".about_kind AND e.key = " f ".about_key LIMIT 1)," \
	" " f ".about_key, " f ".title)"
#define OPEN(severity) \
	"SELECT " NAME("f") ", CASE WHEN f.about_key IS NULL THEN coalesce(f.message, f.rule) ELSE f.title END," \
	" f.since, max(now() - f.since, 0), (SELECT a.user || coalesce(': ' || nullif(a.reason, ''), '') FROM record a" \
	"  WHERE a.seq = f.ack_seq), CASE WHEN f.stale THEN 'no longer read' END" \
	" FROM finding_now f WHERE f.root_id IS NULL AND f.severity_rank = " severity \
	" AND coalesce(f.snooze_until, 0) <= now() ORDER BY f.since, 1"
#define OPEN_COLUMNS {TEXT("what", "WHAT"), TEXT("state", "STATE"), TIME("since", "SINCE", "since"), SPAN("for", "FOR", "for"), \
	WORD("acknowledged", "IN HAND", "in hand"), TEXT("remark", "REMARK"), {0}}

static const struct section sections[] = {
    {"open", "Open now", "nothing critical is open", BN_REPORT_NEEDS_NOW, OPEN("2"), OPEN_COLUMNS},
    {"watch", "Watch", "no warnings", BN_REPORT_NEEDS_NOW, OPEN("1"), OPEN_COLUMNS},
    {"recovered", "Recovered", "nothing recovered in this time", BN_REPORT_NEEDS_ALL,
     "SELECT " NAME("f") ", f.title, f.since, f.closed_at, max(f.closed_at - f.since, 0),"
     " (SELECT count(*) FROM intent_now i WHERE i.source = f.about_source AND i.state = 'done' AND f.about_key IN"
     "   (i.pipeline, i.key) AND i.at BETWEEN f.since AND f.closed_at) FROM finding f WHERE f.closed_at > :since AND f.closed_at <= now() AND f.severity >= 1"
     " AND f.root_id IS NULL ORDER BY f.closed_at, 1",
     {TEXT("what", "WHAT"), TEXT("was", "WAS"), TIME("from", "FROM", "from"), TIME("until", "UNTIL", "until"),
      SPAN("for", "FOR", "for"), COUNT("retries", "RETRIES", "retries"), {0}}},
    {"changes", "Changes", "nothing changed", BN_REPORT_NEEDS_ALL,
     "SELECT * FROM (SELECT c.at AS at, coalesce(c.merge, c.repo) AS what, c.subject, c.author, substr(c.id, 1, 10)"
     "  FROM commit_log c WHERE c.at > :since AND c.at <= now() AND (c.merge IS NOT NULL OR NOT EXISTS"
     "   (SELECT 1 FROM commit_log m WHERE m.repo = c.repo AND m.subject = c.subject AND m.merge IS NOT NULL))"
     " UNION ALL SELECT h.at, e.name, h.name || ' ' || h.old || ' to ' || coalesce(h.new, 'unset'), NULL, s.name"
     "  FROM attribute_history h JOIN entity e ON e.id = h.entity_id JOIN source s ON s.id = e.source_id"
     "  WHERE h.old IS NOT NULL AND h.at > :since AND h.at <= now()) ORDER BY at, what",
     {TIME("at", "AT", NULL), TEXT("what", "WHAT"), TEXT("change", "CHANGE"), TEXT("who", "WHO"),
      TEXT("evidence", "EVIDENCE"), {0}}},
    {"retries", "Retries", "nothing was retried", BN_REPORT_NEEDS_NONE,
     "SELECT i.at, i.key, i.user, i.reason, coalesce((SELECT CASE WHEN json_valid(o.body) THEN"
     "  json_extract(o.body, '$.state') END FROM record o WHERE o.verb = 'outcome' AND o.parent = i.seq"
     "  ORDER BY o.seq DESC LIMIT 1), 'not known'), 'record ' || i.seq FROM record i WHERE i.verb = 'intent'"
     " AND i.at > :since ORDER BY i.seq",
     {TIME("at", "AT", NULL), TEXT("what", "WHAT"), TEXT("who", "WHO"), TEXT("why", "WHY"), TEXT("result", "RESULT"),
      TEXT("evidence", "EVIDENCE"), {0}}},
    {"snoozed", "Snoozed", "nothing is snoozed", BN_REPORT_NEEDS_NONE,
     "SELECT z.key, z.until, z.user, z.reason, 'record ' || z.seq FROM snooze_now z ORDER BY z.until, z.key",
     {TEXT("what", "WHAT"), TIME("until", "UNTIL", "until"), TEXT("who", "WHO"), TEXT("why", "WHY"),
      TEXT("evidence", "EVIDENCE"), {0}}},
    {"budgets", "Budgets", "every product keeps its objectives", BN_REPORT_NEEDS_NOW, NULL,
     {TEXT("product", "PRODUCT"), TEXT("sli", "SLI"), WORD("target", "TARGET", "target"),
      WORD("now", "NOW", "now"), SHARE("budget", "BUDGET LEFT", "budget left"), {0}}},
    {"cost", "Cost", "no product says what it costs", BN_REPORT_NEEDS_NONE,
     "SELECT e.name, p.cost, p.cost_unit, p.lifecycle FROM product p JOIN entity e ON e.id = p.entity_id"
     " WHERE p.cost IS NOT NULL AND e.gone_at IS NULL ORDER BY p.cost DESC, e.name",
     {TEXT("product", "PRODUCT"), NUMBER("cost", "COST", "cost"), TEXT("unit", "UNIT"), TEXT("lifecycle", "STATE"), {0}}},
    {"sources", "Sources degraded", "every source was read without a break", BN_REPORT_NEEDS_NONE,
     "SELECT name, trouble, at, until FROM (SELECT s.name AS name, coalesce(s.last_error, s.state) AS trouble,"
     "  s.failing_since AS at, NULL AS until FROM source s WHERE " IN_USE " AND s.state NOT IN ('ok', 'new')"
     " UNION ALL SELECT name, 'not observed', at, until FROM (" GAPS ")) ORDER BY at, name",
     {TEXT("source", "SOURCE"), TEXT("trouble", "TROUBLE"), TIME("from", "FROM", "from"),
      TIME("until", "UNTIL", "until"), {0}}},
    {"notes", "Notes", "nobody left a note", BN_REPORT_NEEDS_NONE,
     "SELECT n.at, n.user, coalesce(nullif(n.key, ''), n.tag), n.text, 'record ' || n.seq FROM note_now n"
     " WHERE n.at > :since ORDER BY n.seq",
     {TIME("at", "AT", NULL), TEXT("who", "WHO"), TEXT("about", "ABOUT"), TEXT("note", "NOTE"),
      TEXT("evidence", "EVIDENCE"), {0}}},
};
#define SECTIONS (sizeof(sections) / sizeof(sections[0]))

/* What interrupts a person: a critical root cause that was not there before. */
static const char interrupts_sql[] =
    "SELECT count(*) FROM finding f WHERE f.since > :since AND f.since <= now() AND f.severity = 2"
    " AND f.root_id IS NULL";

/* How many sources there are, were not observed at the end, and not in all of the time. */
static const char blind_sql[] =
    "SELECT count(*), count(*) FILTER (WHERE NOT " FRESH "), count(*) FILTER (WHERE NOT " FRESH
    " OR s.id IN (SELECT id FROM (" GAPS "))) FROM source s WHERE " WATCHED;
/* clang-format on */

static sqlite3_stmt *
prepare(sqlite3 *db, const char *sql, bn_time since)
{
	sqlite3_stmt *st = NULL;
	int at;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		return NULL;
	at = sqlite3_bind_parameter_index(st, ":since");
	if (at > 0)
		sqlite3_bind_int64(st, at, since);
	return st;
}

static struct bn_value
read_value(struct bn_arena *arena, sqlite3_stmt *st, int at)
{
	struct bn_value value = {.type = BN_VALUE_NULL};

	switch (sqlite3_column_type(st, at)) {
	case SQLITE_INTEGER:
		value.type = BN_VALUE_INT;
		value.i = sqlite3_column_int64(st, at);
		break;
	case SQLITE_FLOAT:
		value.type = BN_VALUE_REAL;
		value.r = sqlite3_column_double(st, at);
		break;
	case SQLITE_TEXT:
		value.s = bn_arena_strdup(arena, (const char *)sqlite3_column_text(st, at));
		if (value.s[0] != '\0')
			value.type = BN_VALUE_TEXT;
		break;
	}
	return value;
}

static struct bn_report_row *
new_row(struct bn_report *report, struct bn_report_section *section, size_t *capacity)
{
	if (section->count == *capacity) {
		struct bn_report_row *old = section->rows;

		*capacity = *capacity == 0 ? 16 : *capacity * 2;
		section->rows = bn_arena_alloc(report->arena, *capacity * sizeof(*old));
		if (section->count > 0)
			memcpy(section->rows, old, section->count * sizeof(*old));
	}
	memset(&section->rows[section->count], 0, sizeof(section->rows[0]));
	return &section->rows[section->count++];
}

static int
fill(struct bn_reader *reader, struct bn_report *report, struct bn_report_section *section,
     const char *sql, struct bn_error *err)
{
	sqlite3 *db = bn_reader_db(reader);
	sqlite3_stmt *st = prepare(db, sql, report->from);
	size_t capacity = 0;
	int step = SQLITE_ERROR, rc = BN_OK;

	while (st != NULL && (step = sqlite3_step(st)) == SQLITE_ROW) {
		struct bn_report_row *row = new_row(report, section, &capacity);

		for (int i = 0; i < sqlite3_column_count(st) && i < BN_REPORT_COLUMNS; i++)
			row->values[i] = read_value(report->arena, st, i);
	}
	if (step != SQLITE_DONE)
		rc = bn_fail(err, step == SQLITE_INTERRUPT ? BN_ECANCELLED : BN_EIO,
			     "report (%s): %s", section->name, sqlite3_errmsg(db));
	sqlite3_finalize(st);
	return rc;
}

/* Objectives that are not kept or have spent half of what they may, as their own table tells. Of a moment at which
 * nobody judged them only that they were promised. */
static int
fill_budgets(struct bn_reader *reader, struct bn_report *report, struct bn_report_section *section,
	     struct bn_error *err)
{
	static const char *const columns[] = {"product", "sli", "target", "now", "budget", NULL};
	struct bn_query query = {.table = bn_view_table("objectives"), .columns = columns};
	struct bn_rows *rows = NULL;
	size_t capacity = 0, i;
	int c, rc;

	if (query.table == NULL)
		return BN_OK;
	rc = bn_view_query(reader, &query, &rows, err);
	for (i = 0; rc == BN_OK && i < bn_rows_count(rows); i++) {
		struct bn_value left = bn_rows_value(rows, i, 4);
		double share = left.type == BN_VALUE_REAL ? left.r : (double)left.i;
		struct bn_report_row *row;

		if (bn_rows_status(rows, i) == BN_HEALTHY &&
		    (left.type == BN_VALUE_NULL || share > 50))
			continue;
		row = new_row(report, section, &capacity);
		for (c = 0; c < (bn_rows_stale(rows, i) ? 3 : 5); c++) {
			row->values[c] = bn_rows_value(rows, i, (size_t)c);
			if (row->values[c].type == BN_VALUE_TEXT)
				row->values[c].s = bn_arena_strdup(report->arena, row->values[c].s);
		}
		if (bn_rows_stale(rows, i))
			row->values[3] = (struct bn_value){.type = BN_VALUE_TEXT, .s = "not known"};
	}
	bn_rows_free(rows);
	return rc;
}

/* The numbers of the whole report. */
static int
fill_totals(sqlite3 *db, struct bn_report *report, struct bn_error *err)
{
	sqlite3_stmt *began = prepare(db, interrupts_sql, report->from),
		     *blind = prepare(db, blind_sql, report->from);
	int rc = BN_OK;

	if (sqlite3_step(began) == SQLITE_ROW && sqlite3_step(blind) == SQLITE_ROW) {
		report->interrupts = sqlite3_column_int(began, 0);
		report->sources = sqlite3_column_int(blind, 0);
		report->blind_now = sqlite3_column_int(blind, 1);
		report->blind_ever = sqlite3_column_int(blind, 2);
	} else
		rc = bn_fail(err, BN_EIO, "report: %s", sqlite3_errmsg(db));
	sqlite3_finalize(began);
	sqlite3_finalize(blind);
	if (report->to > report->from)
		report->interrupts_12h =
		    report->interrupts * 12.0 * 3600000.0 / (double)(report->to - report->from);
	return rc;
}

int
bn_report_handover(struct bn_reader *reader, bn_time from, struct bn_report **out,
		   struct bn_error *err)
{
	struct bn_arena *arena = bn_arena_new();
	struct bn_report *report = bn_arena_alloc(arena, sizeof(*report));
	int rc = BN_OK;

	*report = (struct bn_report){.from = from, .to = bn_reader_now(reader), .arena = arena};
	report->sections = bn_arena_alloc(arena, SECTIONS * sizeof(*report->sections));
	report->count = SECTIONS;
	for (size_t i = 0; i < SECTIONS && rc == BN_OK; i++) {
		struct bn_report_section *section = &report->sections[i];

		*section = (struct bn_report_section){sections[i].name,
						      sections[i].title,
						      sections[i].nothing,
						      sections[i].needs,
						      sections[i].columns,
						      NULL,
						      0};
		rc = sections[i].sql != NULL ? fill(reader, report, section, sections[i].sql, err)
					     : fill_budgets(reader, report, section, err);
	}
	if (rc == BN_OK)
		rc = fill_totals(bn_reader_db(reader), report, err);
	if (rc == BN_OK)
		*out = report;
	else
		bn_report_free(report);
	return rc;
}

void
bn_report_free(struct bn_report *report)
{
	if (report != NULL)
		bn_arena_free(report->arena);
}

/* detail.c - the detail of one thing as labelled lines, each line a query. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "view/detail.h"

#define MAX_LINES 200

struct detail {
	struct bn_reader *reader;
	sqlite3 *db;
	const struct bn_style *style;
	struct bn_arena *arena;
	struct bn_detail_line *lines;
	size_t count, capacity;
	struct bn_ref about;
	int64_t id, run_id; /* 0: none */
};

static void
add_line(struct detail *d, const char *label, const char *text, enum bn_role role)
{
	if (d->count == d->capacity) {
		struct bn_detail_line *old = d->lines;

		d->capacity = d->capacity > 0 ? d->capacity * 2 : 16;
		d->lines = bn_arena_alloc(d->arena, d->capacity * sizeof(*d->lines));
		if (d->count > 0)
			memcpy(d->lines, old, d->count * sizeof(*old));
	}
	d->lines[d->count++] = (struct bn_detail_line){label, text, role};
}

/* The queries write a moment as \1 MILLISECONDS \2 (BN_DETAIL_TIME), since SQL knows no zones. The
 * rest goes through the sanitiser; a stray \1 from outside with it. */
static const char *
expand(struct detail *d, const char *text)
{
	struct bn_buf out = BN_BUF_INIT(0);
	const char *at = text, *mark, *result;
	char shown[BN_TIME_TEXT];

	while ((mark = strchr(at, 1)) != NULL) {
		char *end;
		bn_time moment = strtoll(mark + 1, &end, 10);
		int64_t away =
		    moment > d->style->now ? moment - d->style->now : d->style->now - moment;

		bn_sanitise(&out, at, (size_t)(mark - at), BN_SANITISE_FIELD);
		if (*end == 2 && moment > 0) {
			bn_buf_adds(&out, bn_time_show(moment, d->style->zone,
						       away < 86400000 ? BN_TIME_HM : BN_TIME_MDHM,
						       shown));
			at = end + 1;
		} else {
			bn_sanitise(&out, mark, 1, BN_SANITISE_FIELD);
			at = mark + 1;
		}
	}
	bn_sanitise(&out, at, strlen(at), BN_SANITISE_FIELD);
	result = bn_arena_strdup(d->arena, bn_buf_text(&out));
	bn_buf_free(&out);
	return result;
}

static void
bind_named(sqlite3_stmt *row, const char *name, const char *text, int64_t number)
{
	int at = sqlite3_bind_parameter_index(row, name);

	if (at == 0)
		return;
	if (text != NULL)
		sqlite3_bind_text(row, at, text, -1, SQLITE_STATIC);
	else
		sqlite3_bind_int64(row, at, number);
}

/* Each row of the query is a line: its text, and a role where there is a second column. */
static int
add_query(struct detail *d, const struct bn_detail_query *query, struct bn_error *err)
{
	sqlite3_stmt *row = NULL;
	const char *label = query->label;
	int step;

	if (bn_reader_prepare(d->reader, query->sql, &row) != SQLITE_OK)
		return bn_fail(err, BN_EIO, "detail (%s): %s", label, sqlite3_errmsg(d->db));
	bind_named(row, ":id", NULL, d->id);
	bind_named(row, ":run", NULL, d->run_id);
	bind_named(row, ":kind", NULL, d->about.kind);
	bind_named(row, ":source", d->about.source != NULL ? d->about.source : "", 0);
	bind_named(row, ":key", d->about.key, 0);
	while ((step = sqlite3_step(row)) == SQLITE_ROW && d->count < MAX_LINES) {
		const char *text = (const char *)sqlite3_column_text(row, 0);
		int role =
		    sqlite3_column_count(row) > 1 ? sqlite3_column_int(row, 1) : (int)query->role;

		if (text == NULL || text[0] == '\0')
			continue;
		add_line(d, label, expand(d, text),
			 role >= 0 && role < BN_ROLE_COUNT ? (enum bn_role)role : BN_ROLE_TEXT);
		label = "";
	}
	bn_reader_done(d->reader, row);
	if (step == SQLITE_ROW || step == SQLITE_DONE)
		return BN_OK;
	return bn_fail(err, step == SQLITE_INTERRUPT ? BN_ECANCELLED : BN_EIO, "detail (%s): %s",
		       query->label, sqlite3_errmsg(d->db));
}

/* The thing's row number, the run its tasks are taken from, title and subtitle. */
static int
find_thing(struct detail *d, struct bn_detail *out, struct bn_error *err)
{
	sqlite3_stmt *row = NULL;
	int rc = BN_OK, step;

	if (bn_reader_prepare(d->reader, bn_detail_head, &row) != SQLITE_OK)
		return bn_fail(err, BN_EIO, "detail: %s", sqlite3_errmsg(d->db));
	bind_named(row, ":kind", NULL, d->about.kind);
	bind_named(row, ":source", d->about.source != NULL ? d->about.source : "", 0);
	bind_named(row, ":key", d->about.key, 0);
	step = sqlite3_step(row);
	if (step == SQLITE_ROW) {
		d->id = sqlite3_column_int64(row, 0);
		d->run_id = sqlite3_column_int64(row, 1);
		d->about.source =
		    bn_arena_strdup(d->arena, (const char *)sqlite3_column_text(row, 2));
		out->title = bn_sanitised(d->arena, (const char *)sqlite3_column_text(row, 3));
		out->subtitle = bn_sanitised(d->arena, (const char *)sqlite3_column_text(row, 4));
	} else if (step == SQLITE_DONE) {
		rc = bn_fail(err, BN_ENOTFOUND, "%s: no longer known", d->about.key);
	} else {
		rc = bn_fail(err, step == SQLITE_INTERRUPT ? BN_ECANCELLED : BN_EIO, "detail: %s",
			     sqlite3_errmsg(d->db));
	}
	bn_reader_done(d->reader, row);
	return rc;
}

/* A finding about nothing known (RULE/KEY, as acknowledgements name it) has but its own words. */
static int
describe_finding(struct detail *d, struct bn_detail *out, struct bn_error *err)
{
	out->title = bn_sanitised(d->arena, d->about.key);
	out->subtitle = "";
	return add_query(d, &bn_detail_bare_finding, err);
}

int
bn_view_detail(struct bn_reader *reader, struct bn_ref about, const struct bn_style *style,
	       struct bn_arena *arena, struct bn_detail *out, struct bn_error *err)
{
	struct detail d = {.reader = reader,
			   .db = bn_reader_db(reader),
			   .style = style,
			   .arena = arena,
			   .about = about};
	int rc = BN_OK;

	*out = (struct bn_detail){.title = "", .subtitle = ""};
	if (about.key == NULL)
		return bn_fail(err, BN_EINVAL, "detail: of nothing");
	if (about.kind == BN_KIND_NONE) {
		rc = describe_finding(&d, out, err);
	} else {
		rc = find_thing(&d, out, err);
		for (const struct bn_detail_query *q = bn_detail_queries;
		     rc == BN_OK && q->label != NULL; q++) {
			if ((q->kinds & (1u << about.kind)) != 0)
				rc = add_query(&d, q, err);
		}
	}
	out->lines = d.lines;
	out->count = d.count;
	return rc;
}

/* compare.c - two versions side by side, each row of a query over both. */
/* SPDX-License-Identifier: MIT */
#include "view/compare.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

#define MAX_ROWS 200

/* Which side of a number is the better one. */
enum direction { NOBODY_KNOWS, LOWER, HIGHER };

struct compare {
	sqlite3 *db;
	const struct bn_style *style;
	struct bn_arena *arena;
	int64_t id[2];
	struct bn_compared *rows;
	size_t count;
};

/* SQL is laid out by what it says. */
/* clang-format off */

/* Every query gives: name, left, right, direction (enum above; NULL: text), what kind of value
 * ('number', 'percent', 'ms', 'day', 'duration', 'text'). :left and :right are the versions' row numbers. A
 * number of the model is that of its live version. */
#define PRODUCTION(side, what)                                                                     \
	"coalesce((SELECT q.value FROM measure q WHERE q.entity_id = " side " AND q.name = " what "),"  \
	" (SELECT q.value FROM version_now w JOIN measure q ON q.entity_id = w.model_id AND q.name = "  \
	what " WHERE w.id = " side " AND w.live))"

static const char *const queries[] = {
    /* the declared number, then the others */
    "SELECT name || ' (offline)', l, r, direction, 'number' FROM ("
    " SELECT substr(n.name, 6) AS name,"
    "  (SELECT q.value FROM measure q WHERE q.entity_id = :left AND q.name = n.name) AS l,"
    "  (SELECT q.value FROM measure q WHERE q.entity_id = :right AND q.name = n.name) AS r,"
    "  CASE WHEN n.name = 'eval:' || v.metric THEN CASE v.better WHEN 'lower' THEN 1 WHEN 'higher' THEN 2"
    "   ELSE 0 END ELSE 0 END AS direction, n.name = 'eval:' || v.metric AS first"
    " FROM (SELECT DISTINCT q.name FROM measure q WHERE q.entity_id IN (:left, :right)"
    "   AND q.name GLOB 'eval:*') n JOIN version_now v ON v.id = :left)"
    " ORDER BY coalesce(first, 0) DESC, name LIMIT 60",
    "SELECT coalesce(v.metric, 'quality') || ' (live)', " PRODUCTION(":left", "'live'") ", " PRODUCTION(":right", "'live'")
    ", CASE v.better WHEN 'lower' THEN 1 WHEN 'higher' THEN 2 ELSE 0 END, 'number' FROM version_now v WHERE v.id = :left",
    "SELECT 'PSI', " PRODUCTION(":left", "'psi'") ", " PRODUCTION(":right", "'psi'") ", 1, 'number'",
    "SELECT 'p95', " PRODUCTION(":left", "'p95'") ", " PRODUCTION(":right", "'p95'") ", 1, 'ms'",
    "SELECT 'traffic', " PRODUCTION(":left", "'traffic'") ", " PRODUCTION(":right", "'traffic'") ", 0, 'percent'",
    "SELECT 'cost', " PRODUCTION(":left", "'cost'") ", " PRODUCTION(":right", "'cost'") ", 1, 'number'",
    "SELECT 'data window', l.data_from || '..' || l.data_to, r.data_from || '..' || r.data_to, NULL, 'window'"
    " FROM model_version l, model_version r WHERE l.entity_id = :left AND r.entity_id = :right",
    "SELECT 'image', l.image, r.image, NULL, 'text' FROM model_version l, model_version r"
    " WHERE l.entity_id = :left AND r.entity_id = :right",
    "SELECT 'framework', l.framework, r.framework, NULL, 'text' FROM model_version l, model_version r"
    " WHERE l.entity_id = :left AND r.entity_id = :right",
    "SELECT 'train time', l.train_finished_at - l.train_started_at, r.train_finished_at - r.train_started_at, 0,"
    " 'duration' FROM model_version l, model_version r WHERE l.entity_id = :left AND r.entity_id = :right",
    /* parameters that differ, then how many are the same */
    "SELECT 'param ' || n.key, n.l, n.r, NULL, 'text' FROM (SELECT k.key,"
    "  (SELECT j.value FROM model_version v, json_each(v.params) j WHERE v.entity_id = :left AND json_valid(v.params)"
    "   AND j.key = k.key) AS l,"
    "  (SELECT j.value FROM model_version v, json_each(v.params) j WHERE v.entity_id = :right AND json_valid(v.params)"
    "   AND j.key = k.key) AS r"
    "  FROM (SELECT DISTINCT j.key FROM model_version v, json_each(v.params) j WHERE v.entity_id IN (:left, :right)"
    "   AND json_valid(v.params)) k) n WHERE n.l IS NOT n.r ORDER BY n.key LIMIT 60",
    "SELECT 'other params', n || ' equal', n || ' equal', NULL, 'text' FROM (SELECT count(*) AS n"
    "  FROM model_version l, json_each(l.params) j, model_version r, json_each(r.params) k"
    "  WHERE l.entity_id = :left AND r.entity_id = :right AND k.key = j.key AND k.value = j.value) WHERE n > 0",
    "SELECT 'signature', l.signature, r.signature, NULL, 'text' FROM model_version l, model_version r"
    " WHERE l.entity_id = :left AND r.entity_id = :right AND coalesce(l.signature, r.signature) IS NOT NULL",
    "SELECT 'approved by', nullif(coalesce(l.approved_by, '') || coalesce(' ' || l.change, ''), ''),"
    " nullif(coalesce(r.approved_by, '') || coalesce(' ' || r.change, ''), ''), NULL, 'words'"
    " FROM model_version l, model_version r WHERE l.entity_id = :left AND r.entity_id = :right",
    "SELECT 'registered', l.created_at, r.created_at, NULL, 'time' FROM model_version l, model_version r"
    " WHERE l.entity_id = :left AND r.entity_id = :right",
};

/* clang-format on */

/* ---- values ------------------------------------------------------------------------------- */

static void
add_moment(struct compare *c, struct bn_buf *out, bn_time at, enum bn_time_form how)
{
	char text[BN_TIME_TEXT];

	bn_buf_adds(out, bn_time_show(at, c->style->zone, how, text));
}

static const char *
shown(struct compare *c, sqlite3_stmt *row, int column, const char *kind)
{
	struct bn_buf out = BN_BUF_INIT((size_t)1 << 16);
	char text[BN_TIME_TEXT];
	const char *result;
	double number;

	if (sqlite3_column_type(row, column) == SQLITE_NULL)
		return NULL;
	number = sqlite3_column_double(row, column);
	if (strcmp(kind, "number") == 0) {
		bn_buf_addf(&out, "%.4g", number);
	} else if (strcmp(kind, "percent") == 0) {
		bn_buf_addf(&out, "%.4g%%", number);
	} else if (strcmp(kind, "ms") == 0) {
		bn_buf_addf(&out, "%.4gms", number);
	} else if (strcmp(kind, "duration") == 0) {
		bn_buf_adds(&out, bn_duration_show(sqlite3_column_int64(row, column), text));
	} else if (strcmp(kind, "time") == 0) {
		add_moment(c, &out, sqlite3_column_int64(row, column), BN_TIME_MDHM);
	} else if (strcmp(kind, "window") == 0) {
		const char *both = (const char *)sqlite3_column_text(row, column), *to;

		to = strstr(both, "..");
		add_moment(c, &out, strtoll(both, NULL, 10), BN_TIME_MD);
		bn_buf_adds(&out, "..");
		add_moment(c, &out, to != NULL ? strtoll(to + 2, NULL, 10) : 0, BN_TIME_MD);
	} else {
		bn_buf_adds(&out, (const char *)sqlite3_column_text(row, column));
	}
	result = bn_sanitised(c->arena, bn_buf_text(&out));
	bn_buf_free(&out);
	return result;
}

static enum bn_better
judge(sqlite3_stmt *row, const struct bn_compared *seen)
{
	double left = sqlite3_column_double(row, 1), right = sqlite3_column_double(row, 2);
	int direction = sqlite3_column_int(row, 3);

	if (seen->left == NULL || seen->right == NULL)
		return BN_BETTER_UNKNOWN;
	if (strcmp(seen->left, seen->right) == 0)
		return BN_BETTER_EQUAL;
	if (sqlite3_column_type(row, 3) == SQLITE_NULL || direction == NOBODY_KNOWS)
		return BN_BETTER_DIFFERENT;
	return (left < right) == (direction == LOWER) ? BN_BETTER_LEFT : BN_BETTER_RIGHT;
}

static int
add_rows(struct compare *c, const char *sql, struct bn_error *err)
{
	sqlite3_stmt *row = NULL;
	int step;

	if (sqlite3_prepare_v2(c->db, sql, -1, &row, NULL) != SQLITE_OK)
		return bn_fail(err, BN_EIO, "compare: %s", sqlite3_errmsg(c->db));
	for (int i = 0; i < 2; i++) {
		int at = sqlite3_bind_parameter_index(row, i == 0 ? ":left" : ":right");

		if (at > 0)
			sqlite3_bind_int64(row, at, c->id[i]);
	}
	while ((step = sqlite3_step(row)) == SQLITE_ROW && c->count < MAX_ROWS) {
		const char *kind = (const char *)sqlite3_column_text(row, 4);
		struct bn_compared *to = &c->rows[c->count];

		to->name = bn_sanitised(c->arena, (const char *)sqlite3_column_text(row, 0));
		to->left = shown(c, row, 1, kind);
		to->right = shown(c, row, 2, kind);
		/* what neither side has is no row */
		if (to->left == NULL && to->right == NULL)
			continue;
		to->better = judge(row, to);
		c->count++;
	}
	sqlite3_finalize(row);
	if (step == SQLITE_ROW || step == SQLITE_DONE)
		return BN_OK;
	return bn_fail(err, step == SQLITE_INTERRUPT ? BN_ECANCELLED : BN_EIO, "compare: %s",
		       sqlite3_errmsg(c->db));
}

static int
find_version(struct compare *c, const struct bn_ref *ref, int64_t *id, const char **called,
	     struct bn_error *err)
{
	static const char sql[] = "SELECT id, version FROM version_now WHERE key = ?1"
				  " AND (?2 IS NULL OR source = ?2) LIMIT 1";
	sqlite3_stmt *row = NULL;
	int rc = BN_OK;

	if (ref->kind != BN_MODEL || ref->key == NULL)
		return bn_fail(err, BN_EINVAL, "only versions of models can be compared");
	if (sqlite3_prepare_v2(c->db, sql, -1, &row, NULL) != SQLITE_OK)
		return bn_fail(err, BN_EIO, "compare: %s", sqlite3_errmsg(c->db));
	sqlite3_bind_text(row, 1, ref->key, -1, SQLITE_STATIC);
	if (ref->source != NULL)
		sqlite3_bind_text(row, 2, ref->source, -1, SQLITE_STATIC);
	if (sqlite3_step(row) == SQLITE_ROW) {
		*id = sqlite3_column_int64(row, 0);
		*called = bn_sanitised(c->arena, (const char *)sqlite3_column_text(row, 1));
	} else {
		rc = bn_fail(err, BN_ENOTFOUND, "%s is no version of a model that is known now",
			     ref->key);
	}
	sqlite3_finalize(row);
	return rc;
}

int
bn_view_compare(struct bn_reader *reader, struct bn_ref left, struct bn_ref right,
		const struct bn_style *style, struct bn_arena *arena, struct bn_comparison *out,
		struct bn_error *err)
{
	struct compare c = {.db = bn_reader_db(reader), .style = style, .arena = arena};
	int rc;

	*out = (struct bn_comparison){0};
	c.rows = bn_arena_alloc(arena, (MAX_ROWS + 1) * sizeof(*c.rows));
	rc = find_version(&c, &left, &c.id[0], &out->left, err);
	if (rc == BN_OK)
		rc = find_version(&c, &right, &c.id[1], &out->right, err);
	for (size_t i = 0; rc == BN_OK && i < sizeof(queries) / sizeof(queries[0]); i++)
		rc = add_rows(&c, queries[i], err);
	out->rows = c.rows;
	out->count = c.count;
	return rc;
}

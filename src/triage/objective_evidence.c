/* objective_evidence.c - what the store holds as evidence of a promise: good ends, and the time it tells of. */
/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "triage/internal.h"
#include "triage/objective.h"

#define LONG_RUN ((int64_t)7 * 86400000)

/* ---- good ends ----------------------------------------------------------------------------- */

static const char runs_sql[] =
    "SELECT a.finished_at, coalesce(a.started_at, a.finished_at) FROM run r"
    " JOIN attempt a ON a.run_id = r.entity_id WHERE r.pipeline_id = ?1 AND a.status = 3"
    " AND a.finished_at >= ?2 AND a.finished_at <= ?3 AND r.started_at >= ?2 - ?4"
    " AND r.started_at <= ?3"
    " UNION SELECT * FROM (SELECT a.finished_at, coalesce(a.started_at, a.finished_at) FROM run r"
    "  JOIN attempt a ON a.run_id = r.entity_id WHERE r.pipeline_id = ?1 AND a.status = 3"
    "  AND a.finished_at < ?2 AND r.started_at < ?2 ORDER BY r.started_at DESC LIMIT 3)"
    " ORDER BY 1";
/* A dataset, or what an endpoint serves, that was so many seconds old when somebody looked. */
static const char ages_sql[] =
    "SELECT at - CAST(value * 1000 AS INTEGER), at FROM measure WHERE entity_id = ?1 AND name = "
    "'age'"
    " AND at <= ?3 AND value >= 0 AND ?2 >= 0 AND ?4 >= 0"
    " UNION SELECT pt.at - CAST(pt.value * 1000 AS INTEGER), pt.at FROM series s JOIN point pt"
    "  ON pt.series_id = s.id WHERE s.entity_id = ?1 AND s.name = 'age' AND pt.at >= ?2"
    "  AND pt.at <= ?3 AND pt.value >= 0 ORDER BY 1";
/* The end of each minute that has a value. */
static const char closed_sql[] =
    "SELECT pt.at + st.step_ms, pt.at FROM stream st JOIN series s ON s.entity_id = st.entity_id"
    " AND s.name = 'value' JOIN point pt ON pt.series_id = s.id WHERE st.entity_id = ?1"
    " AND pt.at >= ?2 - st.step_ms AND pt.at <= ?3 - st.step_ms AND pt.value IS NOT NULL"
    " AND ?4 >= 0 UNION SELECT * FROM (SELECT pt.at + st.step_ms, pt.at FROM stream st"
    "  JOIN series s ON s.entity_id = st.entity_id AND s.name = 'value' JOIN point pt"
    "  ON pt.series_id = s.id WHERE st.entity_id = ?1 AND pt.at < ?2 - st.step_ms"
    "  AND pt.value IS NOT NULL ORDER BY pt.at DESC LIMIT 1) ORDER BY 1";

int
bn_good_ends(const struct bn_judge *judge, const struct bn_need *need, bn_time from, bn_time to,
	     struct bn_good_ends *out, struct bn_error *err)
{
	const char *sql = need->ref.kind == BN_PIPELINE ? runs_sql
			  : need->ref.kind == BN_DATASET || need->ref.kind == BN_ENDPOINT
			      ? ages_sql
			      : closed_sql;
	sqlite3_stmt *row = NULL;
	int step, rc = bn_triage_prepare(judge->db, sql, &row, err);

	if (rc != BN_OK)
		return rc;
	sqlite3_bind_int64(row, 1, need->id);
	sqlite3_bind_int64(row, 2, from);
	sqlite3_bind_int64(row, 3, to);
	sqlite3_bind_int64(row, 4, LONG_RUN);
	while ((step = sqlite3_step(row)) == SQLITE_ROW) {
		if (out->count == out->capacity) {
			out->capacity = out->capacity > 0 ? out->capacity * 2 : 64;
			out->items = bn_xrealloc(out->items, out->capacity, sizeof(*out->items));
		}
		out->items[out->count++] = (struct bn_good_end){sqlite3_column_int64(row, 0),
								sqlite3_column_int64(row, 1)};
	}
	sqlite3_finalize(row);
	return step == SQLITE_DONE
		   ? BN_OK
		   : bn_fail(err, BN_EIO, "products: %s", sqlite3_errmsg(judge->db));
}

bn_time
bn_deadline_from(const struct bn_deadline *deadline, bn_time due)
{
	return due - (due - bn_deadline_last(deadline, due - 1)) / 2;
}

bn_time
bn_ready_for(const struct bn_good_ends *ends, const struct bn_deadline *deadline, bn_time due)
{
	bn_time from = bn_deadline_from(deadline, due);

	for (size_t i = 0; i < ends->count; i++) {
		if (ends->items[i].started > from)
			return ends->items[i].ended;
	}
	return 0;
}

/* ---- coverage ------------------------------------------------------------------------------ */

/* When somebody would have known of a good end: the source was watched, or what its platform still knew was read
 * later. Runs by what a backfill claims; minutes of a stream by what was asked of it, which knows better than
 * whether its source answered at all; and an age says by itself that nothing newer had come until it was read. */
static const char *const covered_sql[] = {
    "SELECT began, ended FROM observed WHERE source_id = ?2 AND ended > ?3 AND began < ?4"
    " UNION ALL SELECT began, ended FROM backfilled WHERE source_id = ?2 AND ended > ?3"
    "  AND began < ?4 ORDER BY 1",
    "SELECT r.began, (min(r.ended, ?4) - st.settle_ms) / 60000 * 60000 FROM stream_read r"
    " JOIN stream st ON st.entity_id = r.entity_id WHERE r.entity_id = ?1 AND r.ended > ?3"
    " AND r.began < ?4"
    " UNION ALL SELECT began, ended FROM observed WHERE source_id = ?2 AND ended > ?3"
    "  AND began < ?4 AND NOT EXISTS (SELECT 1 FROM stream_read WHERE entity_id = ?1) ORDER BY 1",
    "SELECT began, ended FROM observed WHERE source_id = ?2 AND ended > ?3 AND began < ?4"
    " UNION ALL SELECT pt.at - CAST(pt.value * 1000 AS INTEGER), pt.at FROM series s JOIN point pt"
    "  ON pt.series_id = s.id WHERE s.entity_id = ?1 AND s.name = 'age' AND pt.at > ?3"
    "  AND pt.at <= ?4 AND pt.value > 0 ORDER BY 1",
};

static const char *
covered_by(enum bn_kind kind)
{
	return covered_sql[kind == BN_STREAM			       ? 1
			   : kind == BN_DATASET || kind == BN_ENDPOINT ? 2
								       : 0];
}

/* They come in the order of their beginnings. */
static void
add_covered(struct bn_covered *out, bn_time from, bn_time to)
{
	if (from >= to)
		return;
	if (out->count > 0 && from <= out->items[out->count - 1].to) {
		if (to > out->items[out->count - 1].to)
			out->items[out->count - 1].to = to;
		return;
	}
	if (out->count == out->capacity) {
		out->capacity = out->capacity > 0 ? out->capacity * 2 : 16;
		out->items = bn_xrealloc(out->items, out->capacity, sizeof(*out->items));
	}
	out->items[out->count++] = (struct bn_period){from, to};
}

int
bn_covered_read(const struct bn_judge *judge, const struct bn_need *need, bn_time from,
		struct bn_covered *out, struct bn_error *err)
{
	sqlite3_stmt *row = NULL;
	int step, rc = bn_triage_prepare(judge->db, covered_by(need->ref.kind), &row, err);

	if (rc != BN_OK)
		return rc;
	sqlite3_bind_int64(row, 1, need->id);
	sqlite3_bind_int64(row, 2, need->source_id);
	sqlite3_bind_int64(row, 3, from);
	sqlite3_bind_int64(row, 4, judge->now);
	while ((step = sqlite3_step(row)) == SQLITE_ROW) {
		bn_time began = sqlite3_column_int64(row, 0), ended = sqlite3_column_int64(row, 1);

		add_covered(out, began < from ? from : began,
			    ended > judge->now ? judge->now : ended);
	}
	sqlite3_finalize(row);
	return step == SQLITE_DONE
		   ? BN_OK
		   : bn_fail(err, BN_EIO, "products: %s", sqlite3_errmsg(judge->db));
}

bool
bn_covered_holds(const struct bn_covered *covered, bn_time from, bn_time to)
{
	for (size_t i = 0; i < covered->count && covered->items[i].from <= from; i++)
		if (covered->items[i].to >= to)
			return true;
	return false;
}

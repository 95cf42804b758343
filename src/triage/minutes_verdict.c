/* minutes_verdict.c - what only several minutes together tell: flat lines, unequal sums, quotients, oddities, levels. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "triage/minutes_room.h"
#include "view/stream_sql.h"

#define STEP	   INT64_C(60000)
#define LASTING	   3 /* minutes that counters differ before it is a fault */
#define ODD_OF_ALL 3 /* of so many minutes two must be strange */

static void
add_verdict(struct judging *j, const struct verdict *v)
{
	if (j->verdict_count == j->verdict_room) {
		j->verdict_room = j->verdict_room > 0 ? 2 * j->verdict_room : 32;
		j->verdicts = bn_xrealloc(j->verdicts, j->verdict_room, sizeof(*j->verdicts));
	}
	j->verdicts[j->verdict_count++] = *v;
}

static const char *
unit_of(const struct judged *s)
{
	return s->unit != NULL ? s->unit : "";
}

/* ---- flat ------------------------------------------------------------------------------------ */

/* Backwards from the last minute, as long as it is the same. Holes say nothing either way. */
static int
judge_flat(struct judging *j, const struct judged *s)
{
	sqlite3_stmt *row = bn_judging_prepare(
	    j, "SELECT at, value FROM point WHERE series_id = ?1 AND at BETWEEN ?2 AND ?3"
	       " AND value IS NOT NULL ORDER BY at DESC");
	struct verdict v = {.stream = s->id, .rule = "flat", .other = ""};
	double value = 0;
	bn_time latest = 0;
	int step = SQLITE_ERROR, seen = 0;

	if (row != NULL) {
		sqlite3_bind_int64(row, 1, s->series);
		sqlite3_bind_int64(row, 2, s->last - s->flat);
		sqlite3_bind_int64(row, 3, s->last);
	}
	while (row != NULL && (step = sqlite3_step(row)) == SQLITE_ROW) {
		double this = sqlite3_column_double(row, 1);

		j->work.rows++;
		if (seen++ == 0) {
			value = this;
			latest = sqlite3_column_int64(row, 0);
		}
		if (this < value || this > value)
			break;
		v.since = sqlite3_column_int64(row, 0);
	}
	v.holds = seen > 1 && latest - v.since + STEP >= s->flat;
	v.title = bn_arena_format(j->arena, "flat at %.6g %s", value, unit_of(s));
	v.message = bn_arena_format(j->arena, "the same value for %lld min",
				    (long long)((latest - v.since) / STEP + 1));
	add_verdict(j, &v);
	return bn_judging_end(j, row, step == SQLITE_ROW ? SQLITE_DONE : step);
}

/* ---- marks ----------------------------------------------------------------------------------- */

/* How many of the last minutes bear the mark, and since when. */
static int
count_marks(struct judging *j, const struct judged *s, int mark, int minutes, int *count,
	    bn_time *since, double *value, double *usual)
{
	sqlite3_stmt *row = bn_judging_prepare(
	    j, "SELECT at, value, usual FROM stream_minute WHERE entity_id = ?1 AND at BETWEEN ?2"
	       " AND ?3 AND marks & ?4 ORDER BY at");
	int step = SQLITE_ERROR;

	*count = 0;
	if (row != NULL) {
		sqlite3_bind_int64(row, 1, s->id);
		sqlite3_bind_int64(row, 2, s->last - (minutes - 1) * STEP);
		sqlite3_bind_int64(row, 3, s->last);
		sqlite3_bind_int(row, 4, mark);
	}
	while (row != NULL && (step = sqlite3_step(row)) == SQLITE_ROW) {
		if ((*count)++ == 0)
			*since = sqlite3_column_int64(row, 0);
		*value = sqlite3_column_double(row, 1);
		*usual = sqlite3_column_double(row, 2);
	}
	return bn_judging_end(j, row, step);
}

static int
judge_odd(struct judging *j, const struct judged *s)
{
	struct verdict v = {.stream = s->id, .rule = "anomaly", .other = ""};
	double value = 0, usual = 0;
	int count, rc;

	rc = count_marks(j, s, BN_MINUTE_ODD, ODD_OF_ALL, &count, &v.since, &value, &usual);
	v.holds = count >= 2;
	v.title = bn_arena_format(j->arena, "%.4g %s, usually %.4g", value, unit_of(s), usual);
	v.message = bn_arena_format(
	    j->arena, "more than %g median absolute deviations off the same minute of earlier days",
	    s->anomaly);
	if (rc == BN_OK)
		add_verdict(j, &v);
	return rc;
}

static int
judge_short(struct judging *j, const struct judged *s)
{
	struct verdict v = {.stream = s->id, .rule = "short", .other = ""};
	double value = 0, usual = 0;
	int count, rc;

	rc = count_marks(j, s, BN_MINUTE_SHORT, 1, &count, &v.since, &value, &usual);
	v.holds = count > 0;
	v.title = bn_arena_format(j->arena, "%g of %g records a minute", value, s->expect);
	if (rc == BN_OK)
		add_verdict(j, &v);
	return rc;
}

/* ---- comparisons ----------------------------------------------------------------------------- */

static int
sum_of(struct judging *j, int64_t id, bn_time first, bn_time last, double *out)
{
	sqlite3_stmt *row = bn_judging_prepare(
	    j, "SELECT sum(value), count(*) FROM " STREAM_VALUES("?1", "?2", "?3"));
	int step = SQLITE_ERROR;

	if (row != NULL) {
		sqlite3_bind_int64(row, 1, id);
		sqlite3_bind_int64(row, 2, first);
		sqlite3_bind_int64(row, 3, last);
		step = sqlite3_step(row);
	}
	if (step == SQLITE_ROW) {
		*out = sqlite3_column_double(row, 0);
		j->work.rows += sqlite3_column_int64(row, 1);
		step = SQLITE_DONE;
	}
	return bn_judging_end(j, row, step);
}

struct comparison {
	const char *other, *by;
	double tolerance;
	bool relative;
	int64_t other_id, by_id;
	bn_time first, last;
	int64_t unknown; /* minutes that neither side says anything of */
};

static bool
apart(const struct comparison *c, double a, double b)
{
	double allowed = c->relative ? c->tolerance * bn_larger(fabs(a), fabs(b)) : c->tolerance;

	return fabs(a - b) > bn_larger(allowed, 1e-9);
}

/* Their sums have differed at the end of each of the last three minutes. */
static int
judge_equal(struct judging *j, const struct judged *s, const struct comparison *c)
{
	struct verdict v = {.stream = s->id, .rule = "imbalance", .other = c->other, .holds = true};
	double mine = 0, theirs = 0, a = 0, b = 0;
	int rc = BN_OK;

	for (int k = 0; rc == BN_OK && k < LASTING; k++) {
		rc = sum_of(j, s->id, c->first, c->last - k * STEP, &a);
		if (rc == BN_OK)
			rc = sum_of(j, c->other_id, c->first, c->last - k * STEP, &b);
		v.holds = v.holds && apart(c, a, b);
		if (k == 0) {
			mine = a;
			theirs = b;
		}
	}
	v.since = c->last - (LASTING - 1) * STEP;
	v.title = bn_arena_format(j->arena, "%.10g is not %.10g of %s", mine, theirs, c->other);
	v.message = bn_arena_format(
	    j->arena, "%s %.10g, %s %.10g over %lld min: %.10g apart for %d minutes after settling",
	    s->name, mine, c->other, theirs, (long long)((c->last - c->first) / STEP + 1),
	    fabs(mine - theirs), LASTING);
	if (rc == BN_OK)
		add_verdict(j, &v);
	return rc;
}

static int
judge_quotient(struct judging *j, const struct judged *s, const struct comparison *c)
{
	sqlite3_stmt *row = bn_judging_prepare(
	    j,
	    "SELECT v.at, v.value, a.value, b.value FROM " STREAM_VALUES(
		"?1", "?4", "?5") " v JOIN " STREAM_VALUES("?2", "?4", "?5") " a ON a.at = v.at "
									     "JOIN " STREAM_VALUES(
										 "?3", "?4",
										 "?5") " b ON "
										       "b.at = "
										       "v.at "
										       "WHERE"
										       " b.value "
										       "<> 0 "
										       "ORDER BY "
										       "v.at");
	struct verdict v = {.stream = s->id, .rule = "inconsistent", .other = c->other};
	int step = SQLITE_ERROR, bad = 0;

	if (row != NULL) {
		sqlite3_bind_int64(row, 1, s->id);
		sqlite3_bind_int64(row, 2, c->other_id);
		sqlite3_bind_int64(row, 3, c->by_id);
		sqlite3_bind_int64(row, 4, c->first);
		sqlite3_bind_int64(row, 5, c->last);
	}
	while (row != NULL && (step = sqlite3_step(row)) == SQLITE_ROW) {
		double is = sqlite3_column_double(row, 1),
		       must = sqlite3_column_double(row, 2) / sqlite3_column_double(row, 3);

		j->work.rows++;
		if (!apart(c, is, must))
			continue;
		if (bad++ == 0)
			v.since = sqlite3_column_int64(row, 0);
		v.message = bn_arena_format(j->arena, "%.6g, but %s / %s is %.6g", is, c->other,
					    c->by, must);
	}
	v.holds = bad > 0;
	v.title = bn_arena_format(j->arena, "is not %s / %s in %d min", c->other, c->by, bad);
	add_verdict(j, &v);
	return bn_judging_end(j, row, step);
}

static int
judge_checks(struct judging *j, const struct judged *s)
{
	sqlite3_stmt *row = bn_judging_prepare(
	    j,
	    "SELECT k.other, k.by, k.tolerance, k.relative, k.other_id, k.by_id, k.first, k.last,"
	    " k.kind, CASE WHEN k.last >= k.first THEN " STREAM_BOTH_MISSING(
		"k.entity_id", "k.other_id", "k.first",
		"k.last") " END FROM " STREAM_CHECKS("AND st.entity_id = ?1") " k"
									      " WHERE k.last -"
									      " k.first >="
									      " 120000");
	int step = SQLITE_ERROR, rc = BN_OK;

	if (row != NULL)
		sqlite3_bind_int64(row, 1, s->id);
	while (row != NULL && rc == BN_OK && (step = sqlite3_step(row)) == SQLITE_ROW) {
		struct comparison c = {
		    .other = bn_arena_strdup(j->arena, (const char *)sqlite3_column_text(row, 0)),
		    .by = bn_arena_strdup(j->arena, (const char *)sqlite3_column_text(row, 1)),
		    .tolerance = sqlite3_column_double(row, 2),
		    .relative = sqlite3_column_int(row, 3) != 0,
		    .other_id = sqlite3_column_int64(row, 4),
		    .by_id = sqlite3_column_int64(row, 5),
		    .first = sqlite3_column_int64(row, 6),
		    .last = sqlite3_column_int64(row, 7),
		    .unknown = sqlite3_column_int64(row, 9)};

		if (c.by != NULL)
			rc = judge_quotient(j, s, &c);
		else if (c.unknown == 0) /* else nobody knows: what was found stays as it is */
			rc = judge_equal(j, s, &c);
	}
	return rc == BN_OK ? bn_judging_end(j, row, step)
			   : (bn_judging_end(j, row, SQLITE_DONE), rc);
}

/* ---- levels ---------------------------------------------------------------------------------- */

/* Where too few minutes are known, what was found stays as it is. */
static int
judge_levels(struct judging *j, const struct judged *s)
{
	sqlite3_stmt *row = bn_judging_prepare(
	    j, "SELECT text, above, bound, lasting, value, since, beyond >= lasting "
	       "FROM " STREAM_LEVELS("AND st.entity_id = ?1") " WHERE n >= lasting");
	int step = SQLITE_ERROR;

	if (row != NULL)
		sqlite3_bind_int64(row, 1, s->id);
	while (row != NULL && (step = sqlite3_step(row)) == SQLITE_ROW) {
		struct verdict v = {
		    .stream = s->id,
		    .rule = "level",
		    .other = bn_arena_strdup(j->arena, (const char *)sqlite3_column_text(row, 0)),
		    .since = sqlite3_column_int64(row, 5),
		    .holds = sqlite3_column_int(row, 6) != 0};
		const char *side = sqlite3_column_int(row, 1) != 0 ? "above" : "below";

		j->work.rows += sqlite3_column_int64(row, 3);
		v.title =
		    bn_arena_format(j->arena, "%.4g %s, %s %.6g", sqlite3_column_double(row, 4),
				    unit_of(s), side, sqlite3_column_double(row, 2));
		v.message = v.other;
		add_verdict(j, &v);
	}
	return bn_judging_end(j, row, step);
}

int
bn_minutes_verdicts(struct judging *j)
{
	int rc = BN_OK;

	for (size_t i = 0; rc == BN_OK && i < j->count; i++) {
		const struct judged *s = &j->streams[i];

		if (s->flat > 0)
			rc = judge_flat(j, s);
		if (rc == BN_OK && s->anomaly > 0)
			rc = judge_odd(j, s);
		if (rc == BN_OK && s->counted)
			rc = judge_short(j, s);
		if (rc == BN_OK && s->has_checks)
			rc = judge_checks(j, s);
		if (rc == BN_OK && s->has_checks)
			rc = judge_levels(j, s);
	}
	if (rc != BN_OK || j->verdict_count == 0)
		return rc;
	j->minute_count = 0;
	return bn_minutes_store(j);
}

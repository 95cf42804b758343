/* minutes.c - which minutes of which streams are to be judged, and what is true of each. */
/* SPDX-License-Identifier: MIT */
#include "triage/minutes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "triage/minutes_room.h"
#include "view/stream_sql.h"

#define STEP INT64_C(60000)
#define HOUR INT64_C(3600000)
#define DAY  INT64_C(86400000)
#define HISTORY                                                                                    \
	(8 * DAY)    /* how far back minutes are judged at all: as long as the raw ones are kept */
#define AT_FIRST DAY /* and at once, at first contact; the rest follows in portions */
#define PORTION                                                                                    \
	100000 /* of one call, in minutes; a comparison with earlier days costs as much as ODD_COST */
#define ODD_COST  20
#define ODD_SPAN  DAY /* history that is compared with earlier days */
#define SHARE	  0.75
#define DAYS_BACK 7
#define LEAST_OLD 9 /* values of earlier days that a comparison takes */

/* ---- numbers --------------------------------------------------------------------------------- */

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double
bn_median(double *values, size_t count)
{
	if (count == 0)
		return NAN;
	qsort(values, count, sizeof(*values), by_value);
	return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

double
bn_deviation(double *values, size_t count, double median)
{
	for (size_t i = 0; i < count; i++)
		values[i] = fabs(values[i] - median);
	return bn_median(values, count);
}

/* ---- what is due ----------------------------------------------------------------------------- */

/* clang-format off */
/* The earliest: what was read of the past since, as far back as is judged at all; before the first value that is
 * kept nothing is missing, for it may have been summed up by now. */
static const char due_sql[] =
    "SELECT * FROM (SELECT st.entity_id, e.key, st.settle_ms, coalesce(st.expect, -1), st.counted,"
    " coalesce(st.ceiling, 0), coalesce(st.burst, 0), coalesce(st.flat_ms, 0),"
    " coalesce(st.anomaly, 0), st.examined_at, st.checks IS NOT NULL,"
    " (SELECT r.id FROM series r WHERE r.entity_id = st.entity_id AND r.name = 'value') AS series,"
    " coalesce((SELECT r.id FROM series r WHERE r.entity_id = st.entity_id AND r.name = 'arrived'), 0),"
    " (" STREAM_READ_TO("st.entity_id") " - st.settle_ms - 60000) / 60000 * 60000 AS last,"
    " EXISTS (SELECT 1 FROM stream_changed c WHERE c.entity_id = st.entity_id) AS changed, st.unit,"
    " st.examined_from,"
    " (max((SELECT min(r.began) FROM stream_read r WHERE r.entity_id = st.entity_id), ?1, (SELECT min(p.at)"
    "  FROM point p WHERE p.series_id = (SELECT r.id FROM series r WHERE r.entity_id = st.entity_id"
    "  AND r.name = 'value'))) + 59999) / 60000 * 60000 AS earliest"
    " FROM stream st JOIN entity e ON e.id = st.entity_id) WHERE series IS NOT NULL"
    " AND (last >= coalesce(examined_at, 0) OR changed OR earliest < examined_from)";
/* clang-format on */

static void
take_stream(struct judging *j, sqlite3_stmt *row)
{
	struct judged *s;

	if (j->count == j->room) {
		j->room = j->room > 0 ? 2 * j->room : 32;
		j->streams = bn_xrealloc(j->streams, j->room, sizeof(*j->streams));
	}
	s = &j->streams[j->count++];
	*s = (struct judged){
	    .id = sqlite3_column_int64(row, 0),
	    .name = bn_arena_strdup(j->arena, (const char *)sqlite3_column_text(row, 1)),
	    .settle = sqlite3_column_int64(row, 2),
	    .expect = sqlite3_column_double(row, 3),
	    .counted = sqlite3_column_int(row, 4) != 0,
	    .ceiling = sqlite3_column_double(row, 5),
	    .burst = sqlite3_column_double(row, 6),
	    .flat = sqlite3_column_int64(row, 7),
	    .anomaly = sqlite3_column_double(row, 8),
	    .from = sqlite3_column_int64(row, 9),
	    .first_time = sqlite3_column_type(row, 9) == SQLITE_NULL,
	    .has_checks = sqlite3_column_int(row, 10) != 0,
	    .series = sqlite3_column_int64(row, 11),
	    .arrivals = sqlite3_column_int64(row, 12),
	    .last = sqlite3_column_int64(row, 13),
	    .unit = bn_arena_strdup(j->arena, (const char *)sqlite3_column_text(row, 15)),
	    .judged_from = sqlite3_column_int64(row, 16),
	    .earliest = sqlite3_column_type(row, 17) == SQLITE_NULL ? INT64_MAX
								    : sqlite3_column_int64(row, 17),
	    .odd_from = j->now - HOUR - sqlite3_column_int64(row, 2),
	};
}

static int
find_due(struct judging *j)
{
	sqlite3_stmt *row = bn_judging_prepare(j, due_sql);
	int step = SQLITE_ERROR;

	if (row != NULL)
		sqlite3_bind_int64(row, 1, j->now - HISTORY);
	while (row != NULL && (step = sqlite3_step(row)) == SQLITE_ROW)
		take_stream(j, row);
	return bn_judging_end(j, row, step);
}

/* The latest of those that may hold one of these minutes. */
static int
load_readings(struct judging *j, struct judged *s, bn_time from, bn_time last)
{
	sqlite3_stmt *row = bn_judging_prepare(
	    j, "SELECT began, min(ended, now()) FROM stream_read WHERE entity_id = ?1"
	       " AND ended > ?2 AND began <= ?3 ORDER BY began DESC");
	int step = SQLITE_ERROR;

	s->reading_count = 0;
	if (row != NULL)
		sqlite3_bind_int64(row, 1, s->id);
	if (row != NULL)
		sqlite3_bind_int64(row, 2, from);
	if (row != NULL)
		sqlite3_bind_int64(row, 3, last);
	while (row != NULL && (step = sqlite3_step(row)) == SQLITE_ROW &&
	       s->reading_count < READINGS_MAX) {
		s->readings[s->reading_count].began = sqlite3_column_int64(row, 0);
		s->readings[s->reading_count++].ended = sqlite3_column_int64(row, 1);
	}
	if (step == SQLITE_ROW)
		step = SQLITE_DONE;
	return bn_judging_end(j, row, step);
}

static bool
was_observed(const struct judged *s, bn_time minute)
{
	for (size_t i = 0; i < s->reading_count; i++)
		if (s->readings[i].began <= minute &&
		    s->readings[i].ended >= minute + STEP + s->settle)
			return true;
	return false;
}

/* ---- one minute ------------------------------------------------------------------------------ */

/* The same minute of earlier days, and the ones beside it. */
static int
judge_oddity(struct judging *j, const struct judged *s, struct minute *m)
{
	sqlite3_stmt *row = bn_judging_prepare(
	    j, "SELECT value FROM point WHERE series_id = ?1 AND at BETWEEN ?2 AND ?3"
	       " AND value IS NOT NULL");
	double values[DAYS_BACK * 3], spread;
	size_t count = 0;
	int step = SQLITE_DONE;

	for (int day = 1; row != NULL && day <= DAYS_BACK; day++) {
		sqlite3_bind_int64(row, 1, s->series);
		sqlite3_bind_int64(row, 2, m->at - day * DAY - STEP);
		sqlite3_bind_int64(row, 3, m->at - day * DAY + STEP);
		while ((step = sqlite3_step(row)) == SQLITE_ROW && count < DAYS_BACK * 3)
			values[count++] = sqlite3_column_double(row, 0);
		sqlite3_reset(row);
	}
	j->work.rows += (int64_t)count;
	if (step == SQLITE_ROW)
		step = SQLITE_DONE;
	if (count >= LEAST_OLD) {
		m->usual = bn_median(values, count);
		spread = bn_deviation(values, count, m->usual);
		/* what hardly ever changes is not strange for a hundredth more */
		spread = bn_larger(spread, 0.01 * fabs(m->usual));
		if (fabs(m->value - m->usual) > s->anomaly * spread)
			m->marks |= BN_MINUTE_ODD;
		m->compared = true;
	}
	return bn_judging_end(j, row, step);
}

static int
judge_minute(struct judging *j, const struct judged *s, struct minute *m)
{
	bn_time due = m->at + STEP + s->settle;
	bool missing = !m->there || (s->counted && s->expect > 0 && m->value <= 0);

	j->work.minutes++;
	if (missing) {
		if (s->expect > 0 && was_observed(s, m->at))
			m->missed_at = due;
		return BN_OK;
	}
	if (m->arrived > due) {
		m->missed_at = due;
		m->filled_at = m->arrived;
	}
	if (s->ceiling > 0 && m->value >= s->ceiling)
		m->marks |= BN_MINUTE_OVER;
	if (s->counted && m->value >= s->expect * (s->burst > 0 ? s->burst : 2))
		m->marks |= BN_MINUTE_BURST;
	if (s->counted && m->value < s->expect * SHARE)
		m->marks |= BN_MINUTE_SHORT;
	return s->anomaly > 0 && m->at > s->odd_from ? judge_oddity(j, s, m) : BN_OK;
}

static struct minute *
add_minute(struct judging *j, int64_t stream, bn_time at)
{
	struct minute *m;

	if (j->minute_count == j->minute_room) {
		j->minute_room = j->minute_room > 0 ? 2 * j->minute_room : 256;
		j->minutes = bn_xrealloc(j->minutes, j->minute_room, sizeof(*j->minutes));
	}
	m = &j->minutes[j->minute_count++];
	*m = (struct minute){.stream = stream, .at = at};
	return m;
}

static void
take_point(struct minute *m, sqlite3_stmt *row)
{
	m->there = sqlite3_column_type(row, 1) != SQLITE_NULL;
	m->value = sqlite3_column_double(row, 1);
	m->seen_at = sqlite3_column_int64(row, 2);
	m->arrived = (bn_time)sqlite3_column_double(row, 3);
}

#define POINTS                                                                                     \
	"SELECT p.at, p.value, p.seen_at, coalesce((SELECT a.value FROM point a WHERE"             \
	" a.series_id = ?2 AND a.at = p.at), 0) FROM point p WHERE p.series_id = ?1"

/* Every minute from `from` to `last`, in order, those without a point too. */
static int
judge_span(struct judging *j, struct judged *s, bn_time from, bn_time last)
{
	sqlite3_stmt *row =
	    bn_judging_prepare(j, POINTS " AND p.at BETWEEN ?3 AND ?4 ORDER BY p.at");
	bn_time next = from;
	int step = SQLITE_ERROR, rc = BN_OK;

	if (row != NULL) {
		sqlite3_bind_int64(row, 1, s->series);
		sqlite3_bind_int64(row, 2, s->arrivals);
		sqlite3_bind_int64(row, 3, from);
		sqlite3_bind_int64(row, 4, last);
	}
	while (row != NULL && rc == BN_OK && (step = sqlite3_step(row)) == SQLITE_ROW) {
		bn_time at = sqlite3_column_int64(row, 0);

		j->work.rows++;
		if (at % STEP != 0)
			continue;
		for (; rc == BN_OK && next < at; next += STEP)
			rc = judge_minute(j, s, add_minute(j, s->id, next));
		if (rc == BN_OK) {
			struct minute *m = add_minute(j, s->id, at);

			take_point(m, row);
			rc = judge_minute(j, s, m);
		}
		next = at + STEP;
	}
	for (; rc == BN_OK && step == SQLITE_DONE && next <= last; next += STEP)
		rc = judge_minute(j, s, add_minute(j, s->id, next));
	return rc == BN_OK ? bn_judging_end(j, row, step)
			   : (bn_judging_end(j, row, SQLITE_DONE), rc);
}

static int
judge_changed(struct judging *j, struct judged *s)
{
	sqlite3_stmt *row = bn_judging_prepare(
	    j, POINTS " AND p.at IN (SELECT c.at FROM stream_changed c WHERE c.entity_id = ?3)");
	int step = SQLITE_ERROR, rc = BN_OK;

	if (row != NULL) {
		sqlite3_bind_int64(row, 1, s->series);
		sqlite3_bind_int64(row, 2, s->arrivals);
		sqlite3_bind_int64(row, 3, s->id);
	}
	while (row != NULL && rc == BN_OK && (step = sqlite3_step(row)) == SQLITE_ROW) {
		struct minute *m = add_minute(j, s->id, sqlite3_column_int64(row, 0));

		j->work.rows++;
		take_point(m, row);
		m->again = true;
		rc = judge_minute(j, s, m);
	}
	return rc == BN_OK ? bn_judging_end(j, row, step)
			   : (bn_judging_end(j, row, SQLITE_DONE), rc);
}

/* What was read of the past after the present had been judged: no more of all streams than one call may cost.
 * Returns with s->judged_from as it was when there is nothing left of that. */
static int
judge_past(struct judging *j, struct judged *s)
{
	bn_time last = s->judged_from - STEP, from = s->earliest, odd = j->now - ODD_SPAN;
	int64_t each = s->anomaly > 0 && last > odd ? ODD_COST : 1;
	int rc;

	if (each > 1 && from < odd)
		from = odd / STEP * STEP;
	if ((last - from) / STEP + 1 > j->portion / each)
		from = last - (j->portion / each - 1) * STEP;
	if (from > last)
		return BN_OK;
	j->portion -= ((last - from) / STEP + 1) * each;
	s->odd_from = odd;
	rc = load_readings(j, s, from, last);
	if (rc == BN_OK)
		rc = judge_span(j, s, from, last);
	s->judged_from = from;
	return rc;
}

static int
judge_stream(struct judging *j, struct judged *s)
{
	int rc;

	j->work.streams++;
	if (s->first_time) {
		s->from = s->earliest > s->last - AT_FIRST ? s->earliest : s->last - AT_FIRST;
		s->judged_from = s->from = s->from < s->last ? s->from : s->last;
	}
	rc = load_readings(j, s, s->from < s->last ? s->from : s->last, s->last);
	if (rc == BN_OK && !s->first_time)
		rc = judge_changed(j, s);
	if (rc == BN_OK && s->from <= s->last)
		rc = judge_span(j, s, s->from, s->last);
	while (rc == BN_OK && !s->first_time && s->earliest < s->judged_from) {
		bn_time before = s->judged_from;

		rc = judge_past(j, s);
		if (s->judged_from == before)
			break;
	}
	return rc;
}

int
bn_minutes_judge(struct bn_reader *reader, struct bn_writer *writer, struct bn_minutes_work *work,
		 struct bn_error *err)
{
	struct judging j = {.db = bn_reader_db(reader),
			    .writer = bn_writer_db(writer),
			    .arena = bn_arena_new(),
			    .now = bn_reader_now(reader),
			    .portion = PORTION,
			    .err = err};
	int rc = find_due(&j);

	for (size_t i = 0; rc == BN_OK && i < j.count; i++)
		rc = judge_stream(&j, &j.streams[i]);
	if (rc == BN_OK && j.count > 0)
		rc = bn_minutes_store(&j);
	/* verdicts look at what was just stored */
	if (rc == BN_OK && j.count > 0)
		rc = bn_minutes_verdicts(&j);
	if (work != NULL)
		*work = j.work;
	bn_arena_free(j.arena);
	free(j.minutes);
	free(j.streams);
	free(j.verdicts);
	return rc;
}

/* objective_past.c - how a promise was kept: rows of ten minutes, from what the store holds of the past. */
/* SPDX-License-Identifier: MIT
 *
 * Time is good where there is evidence that it was: a run that ended well in time, a probe that was answered.
 * It is bad where there is none although there would have been (objective_evidence.c). All other time is unknown, whether
 * binnacle ran or not: not running is never good, and never bad. Since all of it follows from the store, it does not
 * matter who reckons it, how often, or after what pause. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "triage/internal.h"
#include "triage/objective.h"

#define MINUTE	  ((int64_t)60000)
#define ROW	  BN_OBJECTIVE_ROW
#define LOOK_BACK ((int64_t)86400000) /* rows of the last day are reckoned anew: truth comes late */

enum state { GOOD, UNKNOWN, BAD }; /* by which outranks which */

/* What held from one moment to the next; in order, without gaps. */
struct span {
	bn_time from, to;
	enum state state;
};
struct spans {
	struct span *items;
	size_t count, capacity;
};

static void
add_span(struct spans *spans, bn_time from, bn_time to, enum state state)
{
	struct span *last = spans->count > 0 ? &spans->items[spans->count - 1] : NULL;

	if (from >= to)
		return;
	if (last != NULL && last->state == state && last->to == from) {
		last->to = to;
		return;
	}
	if (spans->count == spans->capacity) {
		spans->capacity = spans->capacity > 0 ? spans->capacity * 2 : 32;
		spans->items = bn_xrealloc(spans->items, spans->capacity, sizeof(*spans->items));
	}
	spans->items[spans->count++] = (struct span){from, to, state};
}

/* One need of the objective: since when the store tells of it, and the time it tells of. */
struct past {
	const struct bn_need *need;
	bn_time known; /* 0: nothing is known */
	struct bn_covered covered;
};

/* ---- spans --------------------------------------------------------------------------------- */

/* Time without evidence: bad where there would have been some, else unknown. Before `known` nobody can tell. */
static void
add_missed(const struct bn_covered *covered, bn_time known, bn_time from, bn_time to,
	   struct spans *spans)
{
	bn_time at = from;

	for (size_t i = 0; i < covered->count && at < to; i++) {
		bn_time began = covered->items[i].from, ended = covered->items[i].to;

		began = began < at ? at : began;
		began = began < known ? known : began;
		ended = ended > to ? to : ended;
		if (began >= ended)
			continue;
		add_span(spans, at, began, UNKNOWN);
		add_span(spans, began, ended, BAD);
		at = ended;
	}
	add_span(spans, at, to, UNKNOWN);
}

static int
fresh_spans(const struct bn_judge *judge, const struct bn_objective *o, const struct bn_need *need,
	    const struct bn_covered *covered, bn_time from, struct spans *spans,
	    struct bn_error *err)
{
	struct bn_good_ends ends = {0};
	int64_t target = (int64_t)o->target;
	bn_time at = from, known;
	int rc = bn_good_ends(judge, need, from - target, judge->now, &ends, err);

	known = ends.count > 0 ? ends.items[0].ended : judge->now;
	for (size_t i = 0; rc == BN_OK && i < ends.count; i++) {
		bn_time good = ends.items[i].ended, end = good + target;

		end = end > judge->now ? judge->now : end;
		if (end <= at)
			continue;
		good = good < at ? at : good;
		add_missed(covered, known, at, good, spans);
		add_span(spans, good, end, GOOD);
		at = end;
	}
	if (rc == BN_OK)
		add_missed(covered, known, at, judge->now, spans);
	free(ends.items);
	return rc;
}

/* From each deadline on the time is good once a run that counts for it has ended well. */
static int
due_spans(const struct bn_judge *judge, const struct bn_objective *o, const struct bn_need *need,
	  const struct bn_covered *covered, bn_time from, struct spans *spans, struct bn_error *err)
{
	bn_time due = bn_deadline_last(&o->deadline, from), next, ready, known, at = from, end;
	struct bn_good_ends ends = {0};
	int rc = bn_good_ends(judge, need, 2 * due - bn_deadline_next(&o->deadline, due),
			      judge->now, &ends, err);

	known = ends.count > 0 ? ends.items[0].started : judge->now;
	for (; rc == BN_OK && due != 0 && at < judge->now; due = next) {
		next = bn_deadline_next(&o->deadline, due);
		end = next == 0 || next > judge->now ? judge->now : next;
		ready = bn_ready_for(&ends, &o->deadline, due);
		ready = ready == 0 || ready > end ? end : ready < at ? at : ready;
		/* runs of before are known, so this one's absence says something */
		add_missed(covered, known <= bn_deadline_from(&o->deadline, due) ? at : judge->now,
			   at, ready, spans);
		add_span(spans, ready, end, GOOD);
		at = end;
		if (next == 0)
			break;
	}
	if (rc == BN_OK)
		add_span(spans, at, judge->now, UNKNOWN);
	free(ends.items);
	return rc;
}

/* Shares minute by minute: of a minute that was met by half, half is good. To keep spans exact the good
 * part comes first. A minute without a value is bad if it must have had one. */
static int
share_spans(const struct bn_judge *judge, const struct bn_objective *o, int64_t entity_id,
	    const struct past *past, bn_time from, struct spans *spans, struct bn_error *err)
{
	static const char sql[] =
	    "SELECT pt.at / 60000 * 60000, avg(pt.value), count(pt.value) FROM series s JOIN point "
	    "pt"
	    " ON pt.series_id = s.id WHERE s.entity_id = ?1 AND s.name = ?2 AND pt.at >= ?3"
	    " AND pt.at <= ?4 GROUP BY 1 ORDER BY 1";
	bool stream =
	    o->sli == BN_COMPLETENESS && past != NULL && past->need->ref.kind == BN_STREAM;
	/* what is still within its time to come in is not missing */
	bn_time open = stream ? judge->now - 3 * MINUTE : judge->now, at = from;
	sqlite3_stmt *row = NULL;
	int step, rc = bn_triage_prepare(judge->db, sql, &row, err);

	if (rc != BN_OK)
		return rc;
	sqlite3_bind_int64(row, 1, entity_id);
	sqlite3_bind_text(row, 2,
			  o->sli == BN_AVAILABILITY ? "up"
			  : stream		    ? "value"
						    : bn_sli_words[o->sli],
			  -1, SQLITE_STATIC);
	sqlite3_bind_int64(row, 3, from);
	sqlite3_bind_int64(row, 4, judge->now);
	while ((step = sqlite3_step(row)) == SQLITE_ROW) {
		bn_time minute = sqlite3_column_int64(row, 0), end = minute + MINUTE;
		double share = sqlite3_column_double(row, 1);

		if (sqlite3_column_int64(row, 2) == 0 || minute < at)
			continue;
		if (stream)
			share = 1;
		else if (o->sli != BN_AVAILABILITY)
			share = share >= o->target;
		if (stream)
			add_missed(&past->covered, past->known, at, minute, spans);
		else
			add_span(spans, at, minute, UNKNOWN);
		end = end > judge->now ? judge->now : end;
		share = share < 0 ? 0 : share > 1 ? 1 : share;
		add_span(spans, minute, minute + (int64_t)((double)(end - minute) * share), GOOD);
		add_span(spans, minute + (int64_t)((double)(end - minute) * share), end, BAD);
		at = end;
	}
	sqlite3_finalize(row);
	if (step != SQLITE_DONE)
		return bn_fail(err, BN_EIO, "products: %s", sqlite3_errmsg(judge->db));
	if (stream && past->known != 0 && at < open) {
		add_missed(&past->covered, past->known, at, open, spans);
		at = open;
	}
	add_span(spans, at, judge->now, UNKNOWN);
	return BN_OK;
}

/* The worst of both at each moment. Both cover the same time. */
static void
merge(struct spans *into, const struct spans *other)
{
	struct spans both = {0};
	size_t i = 0, k = 0;

	while (i < into->count && k < other->count) {
		const struct span *a = &into->items[i], *b = &other->items[k];
		bn_time from = a->from > b->from ? a->from : b->from;
		bn_time to = a->to < b->to ? a->to : b->to;

		add_span(&both, from, to, a->state > b->state ? a->state : b->state);
		i += a->to == to;
		k += b->to == to;
	}
	free(into->items);
	*into = both;
}

/* ---- rows ---------------------------------------------------------------------------------- */

static const enum bn_status statuses[] = {BN_HEALTHY, BN_UNKNOWN, BN_DEGRADED};

static void
make_rows(const struct bn_judge *judge, const struct spans *spans, bn_time from,
	  struct bn_objective_record *out)
{
	size_t most = (size_t)((judge->now - from) / ROW + 1), i = 0, n = 0;
	struct bn_objective_row *rows = bn_arena_alloc(judge->arena, most * sizeof(*rows));

	for (bn_time at = from; at < judge->now && n < most; at += ROW) {
		struct bn_objective_row row = {.at = at};

		while (i < spans->count && spans->items[i].from < at + ROW) {
			const struct span *span = &spans->items[i];
			bn_time begin = span->from < at ? at : span->from;
			bn_time end = span->to > at + ROW ? at + ROW : span->to;

			*(span->state == GOOD  ? &row.good
			  : span->state == BAD ? &row.bad
					       : &row.unknown) += end - begin;
			row.state = statuses[span->state];
			if (span->to > at + ROW)
				break;
			i++;
		}
		rows[n++] = row;
	}
	if (n > 0)
		rows[n - 1].state = out->state;
	out->rows = rows;
	out->row_count = n;
}

/* When the store's knowledge of a need begins, as far as it tells the past. */
static int
first_known(const struct bn_judge *judge, const struct bn_objective *o, const struct bn_need *need,
	    bn_time *out, struct bn_error *err)
{
	static const char of_runs[] =
	    "SELECT min(a.finished_at) FROM attempt a WHERE a.status = 3 AND a.run_id IN"
	    " (SELECT entity_id FROM run WHERE pipeline_id = ?1 ORDER BY started_at LIMIT 5)";
	static const char of_points[] =
	    "SELECT min(first) FROM (SELECT (SELECT CASE s.name WHEN 'age' THEN"
	    "   pt.at - CAST(max(coalesce(pt.value, 0), 0) * 1000 AS INTEGER) ELSE pt.at END"
	    "  FROM point pt WHERE pt.series_id = s.id ORDER BY pt.at LIMIT 1) AS first"
	    " FROM series s WHERE s.entity_id = ?1 AND s.name IN ('age', 'value'))";
	static const char of_shares[] =
	    "SELECT min(pt.at) FROM series s JOIN point pt ON pt.series_id = s.id"
	    " WHERE s.entity_id = ?1 AND s.name IN ('up', 'value', 'quality', 'completeness')";
	const char *sql = o->sli != BN_FRESHNESS && o->sli != BN_DEADLINE ? of_shares
			  : need != NULL && need->ref.kind == BN_PIPELINE ? of_runs
									  : of_points;
	sqlite3_stmt *row = NULL;
	int rc = bn_triage_prepare(judge->db, sql, &row, err);

	*out = 0;
	if (rc != BN_OK)
		return rc;
	sqlite3_bind_int64(row, 1,
			   o->sli == BN_QUALITY || need == NULL ? judge->product_id : need->id);
	if (sqlite3_step(row) == SQLITE_ROW)
		*out = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return BN_OK;
}

/* Does what was missed count against it? A probe that was not made says nothing. */
static bool
takes_silence(const struct bn_objective *o, const struct bn_need *need)
{
	return o->sli == BN_FRESHNESS || o->sli == BN_DEADLINE ||
	       (o->sli == BN_COMPLETENESS && need->ref.kind == BN_STREAM);
}

static int
read_past(const struct bn_judge *judge, const struct bn_objective *o, const struct bn_need *need,
	  struct past *out, struct bn_error *err)
{
	int rc = BN_OK;

	*out = (struct past){.need = need};
	if (need->id != 0)
		rc = first_known(judge, o, need, &out->known, err);
	if (rc == BN_OK && out->known != 0 && takes_silence(o, need))
		rc = bn_covered_read(judge, need, judge->now - judge->window, &out->covered, err);
	return rc;
}

/* The first ten minutes kept as unknown of which all needs tell by now: a backfill came after they were reckoned,
 * or a stream's minutes were read when binnacle ran again. 0: none. */
static int
first_learnt(const struct bn_judge *judge, const struct bn_objective *o, const struct past *pasts,
	     size_t count, bn_time *out, struct bn_error *err)
{
	static const char sql[] =
	    "SELECT h.at FROM objective o JOIN objective_history h ON h.objective_id = o.id"
	    " WHERE o.product_id = ?1 AND o.sli = ?2 AND h.unknown_ms > 0 AND h.at >= ?3"
	    " AND h.at + ?4 <= ?5 ORDER BY h.at";
	bn_time since = judge->now - judge->window, at;
	sqlite3_stmt *row = NULL;
	int step = SQLITE_DONE, rc = bn_triage_prepare(judge->db, sql, &row, err);

	*out = 0;
	if (rc != BN_OK)
		return rc;
	for (size_t i = 0; i < count; i++) {
		at = pasts[i].known;
		/* a deadline is told of once runs are known that could have been for it */
		while (o->sli == BN_DEADLINE && at != 0 &&
		       bn_deadline_from(&o->deadline, at) < pasts[i].known)
			at = bn_deadline_next(&o->deadline, at);
		since = at == 0 ? judge->now : at > since ? at : since;
	}
	sqlite3_bind_int64(row, 1, judge->product_id);
	sqlite3_bind_text(row, 2, bn_sli_words[o->sli], -1, SQLITE_STATIC);
	sqlite3_bind_int64(row, 3, since);
	sqlite3_bind_int64(row, 4, ROW);
	sqlite3_bind_int64(row, 5, judge->now);
	while (*out == 0 && (step = sqlite3_step(row)) == SQLITE_ROW) {
		size_t i = 0;

		at = sqlite3_column_int64(row, 0);
		while (i < count && bn_covered_holds(&pasts[i].covered, at, at + ROW))
			i++;
		if (i == count && count > 0)
			*out = at;
	}
	sqlite3_finalize(row);
	return step == SQLITE_DONE || step == SQLITE_ROW
		   ? BN_OK
		   : bn_fail(err, BN_EIO, "products: %s", sqlite3_errmsg(judge->db));
}

/* From where rows have to be reckoned: the last day's, or all of them where more of the past has become
 * known than they tell. */
static int
begin_of(const struct bn_judge *judge, const struct bn_objective *o, bn_time known, bn_time learnt,
	 bn_time *out, struct bn_error *err)
{
	static const char sql[] = "SELECT min(h.at), max(o.evaluated_at) FROM objective o"
				  " LEFT JOIN objective_history h ON h.objective_id = o.id"
				  " WHERE o.product_id = ?1 AND o.sli = ?2";
	bn_time horizon = judge->now - judge->window, first = 0, last = 0;
	sqlite3_stmt *row = NULL;
	int rc = bn_triage_prepare(judge->db, sql, &row, err);

	if (rc != BN_OK)
		return rc;
	sqlite3_bind_int64(row, 1, judge->product_id);
	sqlite3_bind_text(row, 2, bn_sli_words[o->sli], -1, SQLITE_STATIC);
	if (sqlite3_step(row) == SQLITE_ROW) {
		first = sqlite3_column_int64(row, 0);
		last = sqlite3_column_int64(row, 1);
	}
	sqlite3_finalize(row);
	known = known == 0 ? judge->now : known;
	if (known < horizon)
		known = horizon;
	if (first == 0 || known / ROW * ROW < first)
		*out = known;
	else {
		*out = (last < judge->now ? last : judge->now) - LOOK_BACK;
		if (learnt != 0 && learnt < *out)
			*out = learnt;
		*out = *out < known ? known : *out;
	}
	*out = *out / ROW * ROW;
	return BN_OK;
}

static int
spans_of(const struct bn_judge *judge, const struct bn_objective *o, const struct past *past,
	 bn_time from, struct spans *spans, struct bn_error *err)
{
	if (past->need->id == 0) {
		add_span(spans, from, judge->now, UNKNOWN);
		return BN_OK;
	}
	if (o->sli == BN_FRESHNESS)
		return fresh_spans(judge, o, past->need, &past->covered, from, spans, err);
	if (o->sli == BN_DEADLINE)
		return due_spans(judge, o, past->need, &past->covered, from, spans, err);
	return share_spans(judge, o, past->need->id, past, from, spans, err);
}

int
bn_objective_past(const struct bn_judge *judge, const struct bn_objective *o,
		  struct bn_objective_record *out, struct bn_error *err)
{
	struct spans all = {0}, one = {0};
	const struct bn_need *needs = o->of != NULL ? o->of : judge->needs;
	size_t most = o->of != NULL ? 1 : judge->need_count, count = 0;
	struct past *pasts = bn_xcalloc(most + 1, sizeof(*pasts));
	bn_time known = 0, learnt = 0, from = 0;
	int rc = BN_OK;

	for (size_t i = 0; i < most && rc == BN_OK; i++) {
		if (!bn_objective_takes(o, &needs[i]))
			continue;
		rc = read_past(judge, o, &needs[i], &pasts[count], err);
		if (pasts[count].known != 0 && (known == 0 || pasts[count].known < known))
			known = pasts[count].known;
		count++;
	}
	if (o->sli == BN_QUALITY && rc == BN_OK)
		rc = first_known(judge, o, NULL, &known, err);
	if (rc == BN_OK)
		rc = first_learnt(judge, o, pasts, count, &learnt, err);
	if (rc == BN_OK)
		rc = begin_of(judge, o, known, learnt, &from, err);
	if (rc == BN_OK && o->sli == BN_QUALITY)
		rc = share_spans(judge, o, judge->product_id, NULL, from, &all, err);
	for (size_t i = 0; i < count && rc == BN_OK; i++) {
		one = (struct spans){0};
		rc = spans_of(judge, o, &pasts[i], from, &one, err);
		if (all.count == 0)
			all = one;
		else {
			merge(&all, &one);
			free(one.items);
		}
	}
	if (rc == BN_OK && all.count > 0)
		make_rows(judge, &all, from, out);
	for (size_t i = 0; i < count; i++)
		free(pasts[i].covered.items);
	free(pasts);
	free(all.items);
	return rc;
}

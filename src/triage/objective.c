/* objective.c - one promise of a data product at this moment: its value, and whether it is kept. */
/* SPDX-License-Identifier: MIT */
#include "triage/objective.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "triage/internal.h"

#define HOUR ((int64_t)3600000)

const char *const bn_sli_words[BN_SLIS] = {"freshness", "completeness", "deadline", "availability",
					   "quality"};

bool
bn_tells_freshness(enum bn_kind kind)
{
	return kind == BN_PIPELINE || kind == BN_DATASET || kind == BN_STREAM;
}

/* One number about a thing; NAN for NULL or no row. */
static int
number_of(const struct bn_judge *judge, const char *sql, int64_t id, bn_time when, double *out,
	  struct bn_error *err)
{
	sqlite3_stmt *row = NULL;
	int rc = bn_triage_prepare(judge->db, sql, &row, err), step;

	*out = NAN;
	if (rc != BN_OK)
		return rc;
	sqlite3_bind_int64(row, 1, id);
	if (sqlite3_bind_parameter_count(row) > 1)
		sqlite3_bind_int64(row, 2, when);
	step = sqlite3_step(row);
	if (step == SQLITE_ROW && sqlite3_column_type(row, 0) != SQLITE_NULL)
		*out = sqlite3_column_double(row, 0);
	sqlite3_finalize(row);
	if (step == SQLITE_ROW || step == SQLITE_DONE)
		return BN_OK;
	return bn_fail(err, BN_EIO, "products: %s", sqlite3_errmsg(judge->db));
}

/* The worst of two: what is broken outranks what is not known. */
static enum bn_status
worse(enum bn_status a, enum bn_status b)
{
	return bn_status_row(a)->rank >= bn_status_row(b)->rank ? a : b;
}

static void
unknown(struct bn_objective_record *out, const struct bn_judge *judge, const char *before,
	const char *what, const char *after)
{
	out->state = BN_UNKNOWN;
	out->value = NAN;
	out->detail = bn_arena_format(judge->arena, "%s%s%s", before, what, after);
}

bool
bn_objective_takes(const struct bn_objective *o, const struct bn_need *need)
{
	if (o->of != NULL)
		return need == o->of;
	switch (o->sli) {
	case BN_FRESHNESS:
		return bn_tells_freshness(need->ref.kind);
	case BN_DEADLINE:
		return need->ref.kind == BN_PIPELINE;
	case BN_COMPLETENESS:
		return need->ref.kind == BN_STREAM || need->ref.kind == BN_DATASET;
	case BN_AVAILABILITY:
		return need->ref.kind == BN_ENDPOINT;
	default:
		return true;
	}
}

/* The needs an objective is about, one after the other; NULL behind the last. */
static const struct bn_need *
nth(const struct bn_judge *judge, const struct bn_objective *o, size_t *i)
{
	if (o->of != NULL)
		return (*i)++ == 0 ? o->of : NULL;
	while (*i < judge->need_count) {
		const struct bn_need *need = &judge->needs[(*i)++];

		if (bn_objective_takes(o, need))
			return need;
	}
	return NULL;
}

/* As old as the oldest of what it is made from. */
static int
judge_freshness(const struct bn_judge *judge, const struct bn_objective *o,
		struct bn_objective_record *out, struct bn_error *err)
{
	const struct bn_need *need;
	struct bn_good_ends ends = {0};
	bn_time oldest = 0;
	size_t i = 0, asked = 0;
	int rc = BN_OK;

	while (rc == BN_OK && (need = nth(judge, o, &i)) != NULL) {
		asked++;
		if (!need->known) {
			unknown(out, judge, "", need->ref.key, " is not known");
			break;
		}
		ends.count = 0;
		rc = bn_good_ends(judge, need, judge->now, judge->now, &ends, err);
		if (rc == BN_OK && ends.count == 0) {
			unknown(out, judge, "no good end of ", need->ref.key, " is known");
			break;
		}
		if (rc == BN_OK && (oldest == 0 || ends.items[ends.count - 1].ended < oldest)) {
			oldest = ends.items[ends.count - 1].ended;
			out->detail = bn_arena_format(judge->arena, "by %s", need->ref.key);
		}
	}
	free(ends.items);
	if (rc != BN_OK || need != NULL)
		return rc;
	if (asked == 0) {
		unknown(out, judge, "nothing it needs says how fresh it is", "", "");
		return BN_OK;
	}
	out->good_at = oldest;
	out->value = (double)(judge->now - oldest);
	out->state = out->value > o->target * BN_FAR_FRESHNESS ? BN_DOWN
		     : out->value > o->target		       ? BN_DEGRADED
							       : BN_HEALTHY;
	out->since = out->value > o->target ? oldest + (int64_t)o->target : 0;
	return BN_OK;
}

/* ---- deadlines ----------------------------------------------------------------------------- */

/* When the run that is under way, or the next one, will be ready: by its median as long as it has not
 * taken longer than that, then by the 95th percentile, then not before now. 0: nobody can say. */
struct forecast {
	bn_time ready;
	bool failed;
};

static int
forecast(const struct bn_judge *judge, const struct bn_need *need, const struct bn_objective *o,
	 bn_time due, struct forecast *out, struct bn_error *err)
{
	static const char sql[] =
	    "SELECT p.p50_ms, p.p95_ms, p.next_due_at, r.started_at, e.status FROM pipeline p"
	    " LEFT JOIN run r ON r.entity_id = p.latest_run_id"
	    " LEFT JOIN entity e ON e.id = r.entity_id WHERE p.entity_id = ?1";
	sqlite3_stmt *row = NULL;
	int rc = bn_triage_prepare(judge->db, sql, &row, err);
	int64_t p50, p95, taken;
	bn_time start, started;
	int status;

	*out = (struct forecast){0};
	if (rc != BN_OK)
		return rc;
	sqlite3_bind_int64(row, 1, need->id);
	if (sqlite3_step(row) != SQLITE_ROW || sqlite3_column_type(row, 0) == SQLITE_NULL)
		goto out;
	p50 = sqlite3_column_int64(row, 0);
	p95 = sqlite3_column_int64(row, 1);
	started = sqlite3_column_int64(row, 3);
	status = sqlite3_column_int(row, 4);
	if (started > bn_deadline_from(&o->deadline, due)) {
		taken = judge->now - started;
		if (status == BN_RUNNING || status == BN_QUEUED)
			out->ready = taken <= p50   ? started + p50
				     : taken <= p95 ? started + p95
						    : judge->now;
		else if (status == BN_FAILED || status == BN_CANCELLED) {
			out->failed = true;
			out->ready = judge->now + p50;
		}
	}
	start = sqlite3_column_int64(row, 2);
	if (out->ready == 0 && start > bn_deadline_from(&o->deadline, due) && start <= due)
		out->ready = (start > judge->now ? start : judge->now) + p50;
out:
	sqlite3_finalize(row);
	return BN_OK;
}

/* One pipeline's part: was it ready for the last deadline, will it be for the next? */
static int
judge_due(const struct bn_judge *judge, const struct bn_need *need, const struct bn_objective *o,
	  struct bn_objective_record *out, struct bn_error *err)
{
	bn_time due = bn_deadline_next(&o->deadline, judge->now);
	bn_time last = bn_deadline_last(&o->deadline, judge->now), before, ready;
	enum bn_status state = BN_HEALTHY;
	struct bn_good_ends ends = {0};
	struct forecast next = {0};
	int rc;

	before = bn_deadline_last(&o->deadline, last - 1);
	rc = bn_good_ends(judge, need, before - (last - before), judge->now, &ends, err);
	if (rc == BN_OK)
		rc = forecast(judge, need, o, due, &next, err);
	if (rc != BN_OK)
		goto out;
	out->due_at = due;
	ready = bn_ready_for(&ends, &o->deadline, due);
	if (ends.count == 0) {
		unknown(out, judge, "no good end of ", need->ref.key, " is known");
		goto out;
	}
	if (ends.items[ends.count - 1].ended > out->good_at)
		out->good_at = ends.items[ends.count - 1].ended;
	if (ready == 0)
		ready = next.ready;
	if (ready > out->predicted_at)
		out->predicted_at = ready;
	/* the last deadline: missed, where its run is not there yet although runs of before are known */
	if (bn_ready_for(&ends, &o->deadline, last) == 0 &&
	    ends.items[0].started <= bn_deadline_from(&o->deadline, last)) {
		state = BN_DOWN;
		out->since = last;
		out->detail = bn_arena_format(judge->arena, "%s was not ready", need->ref.key);
	} else if (ready > due || next.failed) {
		state = BN_DEGRADED;
		out->detail =
		    bn_arena_format(judge->arena, "%s %s", need->ref.key,
				    !next.failed  ? "will be late"
				    : ready > due ? "failed, and it is too late to run it anew"
						  : "failed; run anew it would be ready in time");
	}
	out->state = worse(out->state, state);
out:
	free(ends.items);
	return rc;
}

static int
judge_deadline(const struct bn_judge *judge, const struct bn_objective *o,
	       struct bn_objective_record *out, struct bn_error *err)
{
	const struct bn_need *need;
	size_t i = 0, asked = 0;
	int rc = BN_OK;

	out->state = BN_HEALTHY;
	while (rc == BN_OK && (need = nth(judge, o, &i)) != NULL) {
		asked++;
		if (need->known)
			rc = judge_due(judge, need, o, out, err);
		else
			unknown(out, judge, "", need->ref.key, " is not known");
		if (rc == BN_OK && out->state == BN_UNKNOWN)
			return BN_OK;
	}
	if (asked == 0)
		unknown(out, judge, "it needs no pipeline that could be late", "", "");
	else if (out->predicted_at != 0 && out->due_at != 0)
		out->value = (double)(out->due_at - out->predicted_at);
	return rc;
}

/* ---- shares -------------------------------------------------------------------------------- */

/* Of the probes of the last hour. */
static const char up_sql[] =
    "SELECT avg(pt.value) FROM series s JOIN point pt ON pt.series_id = s.id"
    " WHERE s.entity_id = ?1 AND s.name = 'up' AND pt.at > ?2 - 3600000 AND pt.at <= ?2"
    " AND pt.value IS NOT NULL";
/* Of the 60 minutes before the last that is closed. NULL where none is known at all. */
static const char minutes_sql[] =
    "SELECT CASE WHEN count(pt.value) > 0 OR EXISTS (SELECT 1 FROM point o WHERE o.series_id = s.id"
    "  AND o.value IS NOT NULL) THEN min(1.0, count(pt.value) * st.step_ms / 3600000.0) END"
    " FROM stream st JOIN series s ON s.entity_id = st.entity_id AND s.name = 'value'"
    " LEFT JOIN point pt ON pt.series_id = s.id"
    "  AND pt.at >= (?2 - st.settle_ms) / st.step_ms * st.step_ms - 3600000"
    "  AND pt.at < (?2 - st.settle_ms) / st.step_ms * st.step_ms WHERE st.entity_id = ?1";
/* Rows against the usual number. */
static const char rows_sql[] =
    "SELECT min(1.0, r.value / u.value) FROM measure r JOIN measure u ON u.entity_id = r.entity_id"
    " AND u.name = 'usual-rows' AND u.value > 0 WHERE r.entity_id = ?1 AND r.name = 'rows'";
static const char tests_sql[] =
    "SELECT 1.0 * p.value / t.value FROM measure p JOIN measure t ON t.entity_id = p.entity_id"
    " AND t.name = 'tests-total' AND t.value > 0 WHERE p.entity_id = ?1 AND p.name = "
    "'tests-passed'";

static const char *
share_sql(enum bn_sli sli, enum bn_kind kind)
{
	return sli == BN_AVAILABILITY ? up_sql
	       : sli == BN_QUALITY    ? tests_sql
	       : kind == BN_STREAM    ? minutes_sql
				      : rows_sql;
}

/* The least share of all needs that say it. Quality is what any of them says; of the rest each has to. */
static int
judge_share(const struct bn_judge *judge, const struct bn_objective *o,
	    struct bn_objective_record *out, struct bn_error *err)
{
	const struct bn_need *need;
	size_t i = 0, told = 0;
	bool down = false, blind = false;
	double share, least = NAN;
	int rc = BN_OK;

	while (rc == BN_OK && (need = nth(judge, o, &i)) != NULL) {
		if (!need->known) {
			unknown(out, judge, "", need->ref.key, " is not known");
			blind = true;
			continue;
		}
		rc = number_of(judge, share_sql(o->sli, need->ref.kind), need->id, judge->now,
			       &share, err);
		/* an endpoint that nobody probes is up or down by what its platform says */
		if (o->sli == BN_AVAILABILITY && isnan(share))
			share = need->status == BN_DOWN ? 0 : 1;
		down = down || (o->sli == BN_AVAILABILITY && need->status == BN_DOWN);
		if (isnan(share)) {
			blind = blind || o->sli != BN_QUALITY;
			continue;
		}
		told++;
		least = isnan(least) || share < least ? share : least;
	}
	if (rc != BN_OK)
		return rc;
	if (told == 0 || (blind && !down)) {
		if (out->detail == NULL)
			unknown(out, judge, "nothing it needs tells its ", bn_sli_words[o->sli],
				"");
		out->state = BN_UNKNOWN;
		return BN_OK;
	}
	out->value = least;
	out->state = down || 1 - least > BN_FAR_SHARE * (1 - o->target) + 1e-12 ? BN_DOWN
		     : least < o->target					? BN_DEGRADED
										: BN_HEALTHY;
	/* so much as one bad probe of an hour is far below 99.99 % */
	if (out->state == BN_DOWN && !down && o->sli == BN_AVAILABILITY)
		out->state = BN_DEGRADED;
	out->detail = NULL;
	return BN_OK;
}

int
bn_objective_judge(const struct bn_judge *judge, const struct bn_objective *o,
		   struct bn_objective_record *out, struct bn_error *err)
{
	int rc;

	*out = (struct bn_objective_record){.sli = bn_sli_words[o->sli],
					    .text = o->text,
					    .target = o->target,
					    .value = NAN,
					    .goal = judge->goal,
					    .window = judge->window};
	switch (o->sli) {
	case BN_FRESHNESS:
		rc = judge_freshness(judge, o, out, err);
		break;
	case BN_DEADLINE:
		rc = judge_deadline(judge, o, out, err);
		break;
	default:
		rc = judge_share(judge, o, out, err);
		break;
	}
	out->sampled = o->sli == BN_QUALITY;
	return rc == BN_OK ? bn_objective_past(judge, o, out, err) : rc;
}

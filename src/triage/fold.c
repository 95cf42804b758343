/* fold.c - folds findings under their root cause, along links, runs, and sources that went blind. */
/* SPDX-License-Identifier: MIT
 *
 * Findings are taken in an order that has no rings: the more severe first; then those with fewer
 * other findings upstream; then the older; then the lower number. Each goes under the first one
 * before it that is upstream of it (or under that one's root). So nothing is ever lost in a ring of
 * links, and red never hides under amber. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "triage/internal.h"

/* How much later than its consequence a cause may have been seen, ms: pipelines end long after they
 * go wrong. */
#define SLACK 900000

struct finding {
	int64_t id, root, old_root;
	int severity;
	bn_time since;
	size_t upstream; /* other open findings reachable upstream */
};
struct pair {
	int64_t below, above;
};
struct graph {
	struct finding *findings; /* in folding order once sorted */
	size_t count, capacity;
	struct pair *pairs; /* sorted by below */
	size_t pair_count, pair_capacity;
};

int
bn_triage_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out, struct bn_error *err)
{
	if (sqlite3_prepare_v2(db, sql, -1, out, NULL) == SQLITE_OK)
		return BN_OK;
	return bn_fail(err, BN_EIO, "%s", sqlite3_errmsg(db));
}

/* Which finding's thing lies upstream of which other's. A run is its pipeline; everything is
 * downstream of its source, once that fails: what was known to be wrong before that is a fault of
 * its own. Information is no cause, nor what is only a worry as yet. Two findings about one thing
 * are upstream of each other. An alert that names nothing we know is about the pipeline, endpoint,
 * stream or product that one of its labels names; since that is a guess, it follows only from what
 * broke upstream in the half hour before it. */
static const char pairs_sql[] =
    "WITH RECURSIVE f(id, source, kind, key, since, severity, rule, named) AS MATERIALIZED ("
    "  SELECT coalesce(f.same_as, f.id), f.about_source, CASE WHEN pe.id IS NULL THEN f.about_kind "
    "ELSE 1 END,"
    "   coalesce(pe.key, f.about_key), f.since, f.severity, f.rule, 0 FROM finding f"
    "   LEFT JOIN source s ON s.name = f.about_source AND f.about_kind = 2"
    "   LEFT JOIN entity e ON e.source_id = s.id AND e.kind = 2 AND e.key = f.about_key"
    "   LEFT JOIN run r ON r.entity_id = e.id LEFT JOIN entity pe ON pe.id = r.pipeline_id"
    "   WHERE f.closed_at IS NULL AND f.about_key IS NOT NULL"
    "  UNION SELECT coalesce(f.same_as, f.id), xs.name, x.kind, x.key, f.since, f.severity, "
    "f.rule, 1"
    "   FROM finding f JOIN json_each(f.labels) j JOIN entity x ON x.key = j.value AND x.gone_at IS"
    "    NULL AND x.kind = CASE WHEN j.key IN ('pipeline', 'dag_id', 'workflow', 'cron_workflow')"
    "     THEN 1 WHEN j.key = 'stream' THEN 6 WHEN j.key = 'product' THEN 9"
    "     WHEN j.key IN ('app', 'application', 'service', 'endpoint') THEN 5 END"
    "   JOIN source xs ON xs.id = x.source_id WHERE f.closed_at IS NULL AND f.about_key IS NULL"
    "    AND f.origin = 'source' AND json_valid(f.labels)),"
    " up(id, source, kind, key) AS ("
    "  SELECT id, coalesce(source, ''), kind, key FROM f"
    "  UNION SELECT up.id, CASE l.from_source WHEN '' THEN up.source ELSE l.from_source END,"
    "   l.from_kind, l.from_key FROM up JOIN link l ON l.to_kind = up.kind AND l.to_key = up.key"
    "   AND (l.to_source = up.source OR l.to_source = '' OR up.source = '')"
    "   WHERE l.kind NOT IN ('defines', 'retry-of') LIMIT 200000)"
    " SELECT up.id, g.id FROM up JOIN f g ON g.kind = up.kind AND g.key = up.key"
    "  AND (g.source = up.source OR up.source = '') AND g.id <> up.id"
    "  JOIN f ON f.id = up.id WHERE g.severity >= 1 AND g.kind <> 11"
    "  AND 'product-retiring' NOT IN (f.rule, g.rule)"
    "  AND (NOT f.named OR g.since >= f.since - 1800000 OR (g.kind = f.kind AND g.key = f.key)) "
    "AND (g.rule NOT IN "
    "('run-flaky',"
    "   'certificate') OR (g.kind = f.kind AND g.key = f.key AND g.source IS f.source))"
    " UNION SELECT f.id, g.id FROM f JOIN f g ON g.rule = 'source-failing' AND g.key = f.source"
    "  AND g.id <> f.id AND (f.kind = 11 OR f.since >= g.since)"
    " ORDER BY 1, 2";

static int
load_findings(sqlite3 *db, struct graph *graph, struct bn_error *err)
{
	sqlite3_stmt *row = NULL;
	int step, rc;

	rc = bn_triage_prepare(
	    db,
	    "SELECT id, root_id, severity, since FROM finding WHERE closed_at IS NULL"
	    " AND same_as IS NULL ORDER BY id",
	    &row, err);
	if (rc != BN_OK)
		return rc;
	while ((step = sqlite3_step(row)) == SQLITE_ROW) {
		if (graph->count == graph->capacity) {
			graph->capacity = graph->capacity > 0 ? graph->capacity * 2 : 64;
			graph->findings =
			    bn_xrealloc(graph->findings, graph->capacity, sizeof(*graph->findings));
		}
		graph->findings[graph->count++] = (struct finding){
		    .id = sqlite3_column_int64(row, 0),
		    .old_root = sqlite3_column_int64(row, 1),
		    .severity = sqlite3_column_int(row, 2),
		    .since = sqlite3_column_int64(row, 3),
		};
	}
	sqlite3_finalize(row);
	return step == SQLITE_DONE ? BN_OK : bn_fail(err, BN_EIO, "%s", sqlite3_errmsg(db));
}

static int
load_pairs(sqlite3 *db, struct graph *graph, struct bn_error *err)
{
	sqlite3_stmt *row = NULL;
	int step, rc = bn_triage_prepare(db, pairs_sql, &row, err);

	if (rc != BN_OK)
		return rc;
	while ((step = sqlite3_step(row)) == SQLITE_ROW) {
		if (graph->pair_count == graph->pair_capacity) {
			graph->pair_capacity =
			    graph->pair_capacity > 0 ? graph->pair_capacity * 2 : 64;
			graph->pairs =
			    bn_xrealloc(graph->pairs, graph->pair_capacity, sizeof(*graph->pairs));
		}
		graph->pairs[graph->pair_count++] =
		    (struct pair){sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1)};
	}
	sqlite3_finalize(row);
	return step == SQLITE_DONE ? BN_OK : bn_fail(err, BN_EIO, "%s", sqlite3_errmsg(db));
}

static int
by_id(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static int
by_precedence(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	if (x->severity != y->severity)
		return y->severity - x->severity;
	if (x->upstream != y->upstream)
		return x->upstream < y->upstream ? -1 : 1;
	if (x->since != y->since)
		return x->since < y->since ? -1 : 1;
	return by_id(a, b);
}

static size_t
first_pair(const struct graph *graph, int64_t below)
{
	size_t low = 0, high = graph->pair_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (graph->pairs[middle].below < below)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Where each finding stands in the folding order, looked up by number. */
struct place {
	int64_t id;
	size_t at;
};

static int
by_place_id(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* The one to go under: the first in the order, before `at`, that is upstream and not too late to be
 * a cause. */
static void
choose_root(struct graph *graph, const struct place *places, size_t at)
{
	struct finding *f = &graph->findings[at];
	size_t best = at;

	for (size_t i = first_pair(graph, f->id);
	     i < graph->pair_count && graph->pairs[i].below == f->id; i++) {
		struct place wanted = {graph->pairs[i].above, 0};
		const struct place *place =
		    bsearch(&wanted, places, graph->count, sizeof(*places), by_place_id);

		if (place != NULL && place->at < best &&
		    graph->findings[place->at].since <= f->since + SLACK)
			best = place->at;
	}
	if (best != at) {
		const struct finding *g = &graph->findings[best];

		f->root = g->root != 0 ? g->root : g->id;
	}
}

static void
fold(struct graph *graph)
{
	struct place *places;

	if (graph->count == 0)
		return;
	places = bn_xcalloc(graph->count, sizeof(*places));

	for (size_t i = 0; i < graph->count; i++) {
		struct finding *f = &graph->findings[i];
		size_t first = first_pair(graph, f->id), end = first;

		while (end < graph->pair_count && graph->pairs[end].below == f->id)
			end++;
		f->upstream = end - first;
	}
	qsort(graph->findings, graph->count, sizeof(*graph->findings), by_precedence);
	for (size_t i = 0; i < graph->count; i++)
		places[i] = (struct place){graph->findings[i].id, i};
	qsort(places, graph->count, sizeof(*places), by_place_id);
	for (size_t i = 0; i < graph->count; i++)
		choose_root(graph, places, i);
	free(places);
}

static int
store_roots(sqlite3 *db, const struct graph *graph, bool *changed, struct bn_error *err)
{
	sqlite3_stmt *update = NULL;
	int rc = bn_triage_prepare(db, "UPDATE finding SET root_id = nullif(?2, 0) WHERE id = ?1",
				   &update, err);

	for (size_t i = 0; rc == BN_OK && i < graph->count; i++) {
		const struct finding *f = &graph->findings[i];

		if (f->root == f->old_root)
			continue;
		*changed = true;
		sqlite3_bind_int64(update, 1, f->id);
		sqlite3_bind_int64(update, 2, f->root);
		if (sqlite3_step(update) != SQLITE_DONE)
			rc = bn_fail(err, BN_EIO, "%s", sqlite3_errmsg(db));
		sqlite3_reset(update);
	}
	sqlite3_finalize(update);
	return rc;
}

int
bn_triage_fold(sqlite3 *db, bool *changed, struct bn_error *err)
{
	struct graph graph = {0};
	int rc = load_findings(db, &graph, err);

	if (rc == BN_OK)
		rc = load_pairs(db, &graph, err);
	if (rc == BN_OK) {
		fold(&graph);
		rc = store_roots(db, &graph, changed, err);
	}
	free(graph.findings);
	free(graph.pairs);
	return rc;
}

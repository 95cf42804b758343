/* bulk_order.c - which run of a bulk waits for which: lineage between pipelines, age between runs of one. */
/* SPDX-License-Identifier: MIT */
#include "action/bulk_room.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Everything behind a pipeline, as the lineage screen walks it: a link without a source means the thing of that name,
 * of the same source first. */
#define NAMED(where)                                                                               \
	"(SELECT min(fs.name) FROM main.entity fe JOIN main.source fs ON fs.id = fe.source_id"     \
	" WHERE fe.kind = l.to_kind AND fe.key = l.to_key AND fe.gone_at IS NULL" where ")"
static const char behind_sql[] =
    "WITH RECURSIVE walk(depth, source, kind, key) AS (SELECT 0, ?1, 1, ?2 UNION"
    " SELECT w.depth + 1, CASE l.to_source WHEN '' THEN coalesce(" NAMED(
	" AND fs.name = "
	"w.source") ", " NAMED("") ", w.source) ELSE l.to_source END, l.to_kind, l.to_key"
				   " FROM walk w JOIN main.link l ON l.from_kind = w.kind AND "
				   "l.from_key = w.key AND"
				   " l.from_source IN ('', w.source) WHERE w.depth < 12 AND l.kind "
				   "NOT IN ('defines',"
				   " 'retry-of') LIMIT 100000)"
				   " SELECT DISTINCT source, key FROM walk WHERE kind = 1 AND "
				   "depth > 0";

/* ---- the graph --------------------------------------------------------------------------------- */

/* Items by their pipeline, for finding them by what the walk meets. */
struct place {
	const char *source, *pipeline;
	size_t item;
};

static int
by_pipeline(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = strcmp(x->source, y->source);

	return order != 0 ? order : strcmp(x->pipeline, y->pipeline);
}

static size_t
find_places(const struct bn_bulk *bulk, struct place *places)
{
	size_t i, count = 0;

	for (i = 0; i < bulk->count; i++)
		if (bulk->items[i].pipeline != NULL)
			places[count++] =
			    (struct place){bulk->items[i].run.source, bulk->items[i].pipeline, i};
	qsort(places, count, sizeof(*places), by_pipeline);
	return count;
}

/* Every item of the pipeline the row names waits for `item`. */
static void
mark(struct bn_bulk *bulk, size_t item, const struct place *places, size_t count,
     const struct place *met)
{
	const struct place *found = bsearch(met, places, count, sizeof(*places), by_pipeline);

	if (found == NULL)
		return;
	while (found > places && by_pipeline(found - 1, met) == 0)
		found--;
	for (; found < places + count && by_pipeline(found, met) == 0; found++)
		if (strcmp(bulk->items[item].pipeline, met->pipeline) != 0 ||
		    strcmp(bulk->items[item].run.source, met->source) != 0)
			bulk->state->before[found->item * bulk->count + item] = 1;
}

static int
walk(struct bn_bulk *bulk, sqlite3_stmt *st, size_t item, const struct place *places, size_t count)
{
	int step;

	sqlite3_reset(st);
	sqlite3_bind_text(st, 1, bulk->items[item].run.source, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 2, bulk->items[item].pipeline, -1, SQLITE_STATIC);
	while ((step = sqlite3_step(st)) == SQLITE_ROW) {
		struct place met = {(const char *)sqlite3_column_text(st, 0),
				    (const char *)sqlite3_column_text(st, 1), 0};

		if (met.source != NULL && met.pipeline != NULL)
			mark(bulk, item, places, count, &met);
	}
	return step;
}

static int
follow_links(struct bn_bulk *bulk, struct bn_reader *reader, const struct place *places,
	     size_t count, struct bn_error *err)
{
	sqlite3_stmt *st = NULL;
	int step = sqlite3_prepare_v2(bn_reader_db(reader), behind_sql, -1, &st, NULL);
	size_t i;

	step = step == SQLITE_OK ? SQLITE_DONE : step;
	for (i = 0; step == SQLITE_DONE && i < bulk->count; i++)
		if (bulk->items[i].pipeline != NULL)
			step = walk(bulk, st, i, places, count);
	if (step != SQLITE_DONE)
		bn_fail(err, BN_EIO, "lineage: %s", sqlite3_errmsg(bn_reader_db(reader)));
	sqlite3_finalize(st);
	return step == SQLITE_DONE ? BN_OK : BN_EIO;
}

/* Of one pipeline's runs the older goes first: the newer one builds on it, and would forbid it while it runs. */
static void
order_runs(struct bn_bulk *bulk, const struct place *places, size_t count)
{
	const struct bn_bulk_work *work = bulk->state->work;
	size_t i, k;

	for (i = 0; i < count; i++)
		for (k = i + 1; k < count && by_pipeline(&places[i], &places[k]) == 0; k++) {
			size_t a = places[i].item, b = places[k].item;
			bool first =
			    work[a].start != work[b].start ? work[a].start < work[b].start : a < b;

			bulk->state->before[first ? b * bulk->count + a : a * bulk->count + b] = 1;
		}
}

/* ---- waves ------------------------------------------------------------------------------------- */

/* Nobody can tell who goes first where two feed each other: neither waits. */
static void
open_rings(unsigned char *before, size_t count)
{
	size_t i, k;

	for (i = 0; i < count; i++) {
		before[i * count + i] = 0;
		for (k = i + 1; k < count; k++)
			if (before[i * count + k] != 0 && before[k * count + i] != 0)
				before[i * count + k] = before[k * count + i] = 0;
	}
}

void
bn_bulk_waves(const unsigned char *before, const bool *out, size_t count, int *wave)
{
	bool changed = true;
	size_t i, k;
	int pass;

	for (i = 0; i < count; i++)
		wave[i] = out[i] ? 0 : 1;
	/* Each pass carries the waves one step further; a longer ring ends by the number of passes. */
	for (pass = 1; changed && pass < BN_BULK_WAVES; pass++) {
		changed = false;
		for (i = 0; i < count; i++)
			for (k = 0; wave[i] > 0 && k < count; k++)
				if (before[i * count + k] != 0 && wave[k] >= wave[i] &&
				    wave[i] < BN_BULK_WAVES) {
					wave[i] =
					    wave[k] < BN_BULK_WAVES ? wave[k] + 1 : BN_BULK_WAVES;
					changed = true;
				}
	}
}

/* ---- sorting ----------------------------------------------------------------------------------- */

struct rank {
	int wave;
	size_t was, needs; /* needs: how many it waits for, which orders those of the last wave */
};

static int
by_wave(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	/* OUT has no wave and stands behind. */
	if (x->wave != y->wave)
		return x->wave == 0 ? 1 : y->wave == 0 ? -1 : x->wave < y->wave ? -1 : 1;
	if (x->wave == BN_BULK_WAVES && x->needs != y->needs)
		return x->needs < y->needs ? -1 : 1;
	return x->was < y->was ? -1 : 1;
}

static void
move(struct bn_bulk *bulk, const struct rank *ranks)
{
	struct bn_bulk_item *items = bn_arena_alloc(bulk->arena, bulk->count * sizeof(*items));
	struct bn_bulk_work *work = bn_xcalloc(bulk->count, sizeof(*work));
	unsigned char *before = bn_xcalloc(bulk->count, bulk->count);
	size_t i, k;

	for (i = 0; i < bulk->count; i++) {
		items[i] = bulk->items[ranks[i].was];
		work[i] = bulk->state->work[ranks[i].was];
		/* What would wait for something behind it is left of a ring: it doesn't. */
		for (k = 0; k < bulk->count; k++)
			before[i * bulk->count + k] =
			    (k < i || ranks[k].wave == 0) &&
			    bn_bulk_waits_for(bulk, ranks[i].was, ranks[k].was);
	}
	free(bulk->state->work);
	free(bulk->state->before);
	bulk->items = items;
	bulk->state->work = work;
	bulk->state->before = before;
}

static void
sort(struct bn_bulk *bulk)
{
	struct rank *ranks = bn_xcalloc(bulk->count, sizeof(*ranks));
	bool *out = bn_xcalloc(bulk->count, sizeof(*out));
	int *wave = bn_xcalloc(bulk->count, sizeof(*wave));
	size_t i, k;

	for (i = 0; i < bulk->count; i++)
		out[i] = bulk->items[i].fate == BN_BULK_OUT;
	bn_bulk_waves(bulk->state->before, out, bulk->count, wave);
	for (i = 0; i < bulk->count; i++) {
		bulk->items[i].wave = wave[i];
		ranks[i] = (struct rank){.wave = wave[i], .was = i};
		for (k = 0; k < bulk->count; k++)
			ranks[i].needs += bn_bulk_waits_for(bulk, i, k);
	}
	qsort(ranks, bulk->count, sizeof(*ranks), by_wave);
	move(bulk, ranks);
	free(ranks);
	free(out);
	free(wave);
}

int
bn_bulk_order(struct bn_bulk *bulk, struct bn_reader *reader, struct bn_error *err)
{
	struct place *places = bn_xcalloc(bulk->count, sizeof(*places));
	size_t count = find_places(bulk, places);
	int rc = follow_links(bulk, reader, places, count, err);

	if (rc == BN_OK) {
		open_rings(bulk->state->before, bulk->count);
		order_runs(bulk, places, count);
		sort(bulk);
	}
	free(places);
	return rc;
}

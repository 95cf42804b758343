/* bulk_order.c - which run of a bulk waits for which: lineage between pipelines, age between runs of one. */
/* SPDX-License-Identifier: MIT */
#include "action/bulk_room.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* One walk goes as far as the lineage does, and ends in rings since it goes nowhere twice. What bounds it is how many
 * things there are behind a pipeline, and behind all of them together. */
#define WALK_MAX 100000
#define WALK_ALL 1000000

static const char cut_note[] =
    "there is more lineage behind it than is followed: what takes from it may be sent too early";

/* Everything behind a pipeline, as the lineage screen walks it: a link without a source means the thing of that name,
 * of the same source first. */
#define NAMED(where)                                                                               \
	"(SELECT min(fs.name) FROM main.entity fe JOIN main.source fs ON fs.id = fe.source_id"     \
	" WHERE fe.kind = l.to_kind AND fe.key = l.to_key AND fe.gone_at IS NULL" where ")"
static const char behind_sql[] =
    "WITH RECURSIVE walk(source, kind, key) AS (SELECT ?1, 1, ?2 UNION"
    " SELECT CASE l.to_source WHEN '' THEN coalesce(" NAMED(" AND fs.name = w.source") ", " NAMED(
	"") ", w.source) ELSE l.to_source END, l.to_kind, l.to_key"
	    " FROM walk w JOIN main.link l ON l.from_kind = w.kind AND l.from_key = w.key AND"
	    " l.from_source IN ('', w.source) WHERE l.kind NOT IN ('defines', 'retry-of') LIMIT ?3)"
	    " SELECT source, kind, key FROM walk";

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

/* Items of one pipeline, one behind the other. */
struct group {
	const struct place *first;
	size_t size;
};

static struct group
group_at(const struct place *places, size_t count, size_t at)
{
	struct group group = {&places[at], 1};

	while (at + group.size < count && by_pipeline(&places[at], &places[at + group.size]) == 0)
		group.size++;
	return group;
}

/* Every item of the pipeline the row names waits for all of `group`. */
static void
mark(struct bn_bulk *bulk, struct group group, const struct place *places, size_t count,
     const struct place *met)
{
	const struct place *found = bsearch(met, places, count, sizeof(*places), by_pipeline);
	size_t i;

	if (found == NULL || by_pipeline(found, group.first) == 0)
		return;
	while (found > places && by_pipeline(found - 1, met) == 0)
		found--;
	for (; found < places + count && by_pipeline(found, met) == 0; found++)
		for (i = 0; i < group.size; i++)
			bulk->state->before[found->item * bulk->count + group.first[i].item] = 1;
}

static void
note_cut(struct bn_bulk *bulk, struct group group)
{
	struct bn_action_plan *plan;
	size_t i, k;

	bulk->note = "there is more lineage than is followed: something may be sent before what it "
		     "takes from";
	for (i = 0; i < group.size; i++) {
		if ((plan = bulk->items[group.first[i].item].plan) == NULL)
			continue;
		for (k = 0; plan->notes[k] != NULL;)
			k++;
		if (k + 1 < sizeof(plan->notes) / sizeof(plan->notes[0]))
			plan->notes[k] = cut_note;
	}
}

/* Takes from *left as many as it met. */
static int
walk(struct bn_bulk *bulk, sqlite3_stmt *st, struct group group, const struct place *places,
     size_t count, int *left)
{
	int most = *left < WALK_MAX ? *left : WALK_MAX, met_count = 0, step;

	sqlite3_reset(st);
	sqlite3_bind_text(st, 1, group.first->source, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 2, group.first->pipeline, -1, SQLITE_STATIC);
	sqlite3_bind_int(st, 3, most + 1);
	while ((step = sqlite3_step(st)) == SQLITE_ROW) {
		struct place met = {(const char *)sqlite3_column_text(st, 0),
				    (const char *)sqlite3_column_text(st, 2), 0};

		met_count++;
		if (sqlite3_column_int(st, 1) == BN_PIPELINE && met.source != NULL &&
		    met.pipeline != NULL)
			mark(bulk, group, places, count, &met);
	}
	if (met_count > most)
		note_cut(bulk, group);
	*left -= met_count < *left ? met_count : *left;
	return step;
}

static int
follow_links(struct bn_bulk *bulk, struct bn_reader *reader, const struct place *places,
	     size_t count, struct bn_error *err)
{
	sqlite3_stmt *st = NULL;
	int step = sqlite3_prepare_v2(bn_reader_db(reader), behind_sql, -1, &st, NULL);
	int left = WALK_ALL;
	struct group group;
	size_t i;

	step = step == SQLITE_OK ? SQLITE_DONE : step;
	for (i = 0; step == SQLITE_DONE && i < count; i += group.size) {
		group = group_at(places, count, i);
		step = walk(bulk, st, group, places, count, &left);
	}
	if (step != SQLITE_DONE)
		bn_fail(err, BN_EIO, "lineage: %s", sqlite3_errmsg(bn_reader_db(reader)));
	sqlite3_finalize(st);
	return step == SQLITE_DONE ? BN_OK : BN_EIO;
}

/* What waits for one that waits for another waits for that, too. Walks that went to their end said so already; of
 * those that did not, each went on where another began. */
static void
close_gaps(unsigned char *before, size_t count)
{
	size_t i, k, m;

	for (k = 0; k < count; k++)
		for (i = 0; i < count; i++)
			for (m = 0; before[i * count + k] != 0 && m < count; m++)
				before[i * count + m] |= before[k * count + m];
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

/* The next whose turn it is: all it waits for is placed. Where there is none but some are left, they wait for each
 * other: the first of them. */
static size_t
next_of(const bool *placed, const size_t *waits, size_t count)
{
	size_t i, first = count;

	for (i = 0; i < count; i++) {
		if (placed[i])
			continue;
		if (waits[i] == 0)
			return i;
		if (first == count)
			first = i;
	}
	return first;
}

void
bn_bulk_depths(const unsigned char *before, const bool *out, size_t count, int *depth)
{
	size_t *waits = bn_xcalloc(count, sizeof(*waits));
	bool *placed = bn_xcalloc(count, sizeof(*placed));
	size_t i, k;

	for (i = 0; i < count; i++) {
		placed[i] = out[i];
		depth[i] = out[i] ? 0 : 1;
		for (k = 0; k < count; k++)
			waits[i] += before[i * count + k] != 0 && !out[k];
	}
	while ((k = next_of(placed, waits, count)) < count) {
		placed[k] = true;
		for (i = 0; i < count; i++) {
			if (before[i * count + k] == 0 || placed[i])
				continue;
			waits[i]--;
			if (depth[i] <= depth[k])
				depth[i] = depth[k] + 1;
		}
	}
	free(waits);
	free(placed);
}

/* ---- sorting ----------------------------------------------------------------------------------- */

struct rank {
	int depth;
	size_t was;
};

static int
by_depth(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	/* OUT has no depth and stands behind. */
	if (x->depth != y->depth)
		return x->depth == 0 ? 1 : y->depth == 0 ? -1 : x->depth < y->depth ? -1 : 1;
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
			    (k < i || ranks[k].depth == 0) &&
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
	int *depth = bn_xcalloc(bulk->count, sizeof(*depth));
	size_t i;

	for (i = 0; i < bulk->count; i++)
		out[i] = bulk->items[i].fate == BN_BULK_OUT;
	bn_bulk_depths(bulk->state->before, out, bulk->count, depth);
	for (i = 0; i < bulk->count; i++) {
		bulk->items[i].wave = depth[i] < BN_BULK_WAVES ? depth[i] : BN_BULK_WAVES;
		ranks[i] = (struct rank){depth[i], i};
	}
	qsort(ranks, bulk->count, sizeof(*ranks), by_depth);
	move(bulk, ranks);
	free(ranks);
	free(out);
	free(depth);
}

int
bn_bulk_order(struct bn_bulk *bulk, struct bn_reader *reader, struct bn_error *err)
{
	struct place *places = bn_xcalloc(bulk->count, sizeof(*places));
	size_t count = find_places(bulk, places);
	int rc = follow_links(bulk, reader, places, count, err);

	if (rc == BN_OK) {
		if (bulk->note != NULL)
			close_gaps(bulk->state->before, bulk->count);
		open_rings(bulk->state->before, bulk->count);
		order_runs(bulk, places, count);
		sort(bulk);
	}
	free(places);
	return rc;
}

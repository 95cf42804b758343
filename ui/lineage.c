/* lineage.c - what a thing feeds and what feeds it, along the stored links, as two trees of lines. */
/* SPDX-License-Identifier: MIT */
#include "ui/lineage.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/status.h"
#include "view/sql.h"

/* ---- nodes and edges, found breadth first ------------------------------------------------ */

struct node {
	struct bn_lineage_line line; /* as far as it is the same wherever it stands */
	uint64_t hash;
	int depth;
	size_t discovered;   /* the edge over which it was found first */
	bn_time moved;	     /* when it, or anything behind it, changed or went wrong last */
	size_t first, count; /* its edges */
};
struct edge {
	size_t from, to; /* nodes */
	const char *link;
};
struct walk {
	struct bn_arena *arena;
	sqlite3 *db;
	sqlite3_stmt *next, *about;
	struct node *nodes;
	struct edge *edges;
	size_t node_count, edge_count, edge_room;
	bool up, cut;
};

/* `near` and `far` are the ends of a link as the walk meets them. An end without a source is the thing of that name
 * there is, of the same source where that has one. */
#define NEXT(near, far)                                                                            \
	"SELECT CASE l." far "_source WHEN '' THEN coalesce((SELECT e.source FROM entity_now e"    \
	"  WHERE e.kind = l." far "_kind AND e.key = l." far "_key"                                \
	"  ORDER BY e.source <> ?1, e.source LIMIT 1), '') ELSE l." far "_source END, l." far      \
	"_kind,"                                                                                   \
	" l." far "_key, l.kind FROM link l WHERE l." near "_kind = ?2 AND l." near "_key = ?3"    \
	" AND (l." near                                                                            \
	"_source IN ('', ?1) OR ?1 = '') AND l.kind NOT IN ('defines', 'retry-of')"                \
	" GROUP BY 1, 2, 3"

/* What stands at a node; a pipeline stands as its latest run does. Of the changes the newest: an attribute's, or a
 * commit's to what defines it. */
/* A stream is what the worst open finding about it makes of it, as in its own list. */
/* clang-format off */
static const char about_sql[] =
    "SELECT e.name,"
    " CASE WHEN e.stale THEN 0 WHEN p.paused AND l.status IS NOT " SQL_RUNNING " THEN " SQL_PAUSED
    "  ELSE coalesce(CASE w.severity WHEN 2 THEN " SQL_DOWN " WHEN 1 THEN " SQL_DEGRADED " END, l.status, e.status_now)"
    "  END, e.stale, coalesce(w.since, l.since, e.since, 0), c.at, c.what"
    " FROM entity_now e LEFT JOIN (SELECT about_source, about_key, max(severity) AS severity, min(since) AS since"
    "   FROM finding WHERE closed_at IS NULL AND severity > 0 AND about_kind = " STREAM_ENTITY
    "   GROUP BY about_source, about_key) w"
    "  ON w.about_source = e.source AND w.about_key = e.key AND e.kind = " STREAM_ENTITY
    " LEFT JOIN pipeline p ON p.entity_id = e.id LEFT JOIN entity l ON l.id = p.latest_run_id"
    " LEFT JOIN (SELECT at, what FROM (SELECT h.at AS at, h.name || ' ' || h.old || ' to '"
    "   || coalesce(h.new, '') AS what FROM entity_now n JOIN attribute_history h ON h.entity_id = n.id"
    "   WHERE n.kind = ?2 AND n.key = ?3 AND n.source_id = (SELECT id FROM source WHERE name = ?1)"
    "   AND h.old IS NOT NULL"
    "  UNION ALL SELECT g.at, coalesce(g.merge, g.subject) FROM link d JOIN commit_file f"
    "   ON f.repo = d.from_source AND f.path = d.from_key JOIN commit_log g ON g.repo = f.repo AND g.id = f.id"
    "   WHERE d.kind = 'defines' AND d.to_kind = ?2 AND d.to_key = ?3 AND ?1 IN ('', d.to_source))"
    "  WHERE at <= now() ORDER BY at DESC LIMIT 1) c"
    " WHERE e.kind = ?2 AND e.key = ?3 AND e.source_id = (SELECT id FROM source WHERE name = ?1) LIMIT 1";
/* clang-format on */

static const char *
text(struct bn_arena *arena, sqlite3_stmt *row, int column)
{
	const char *value = (const char *)sqlite3_column_text(row, column);

	return bn_arena_strdup(arena, value == NULL ? "" : value);
}

static uint64_t
hash_of(struct bn_ref ref)
{
	uint64_t hash = 14695981039346656037u ^ (uint64_t)ref.kind;
	const char *p;

	for (p = ref.source == NULL ? "" : ref.source; *p != '\0'; p++)
		hash = (hash ^ (unsigned char)*p) * 1099511628211u;
	hash = (hash ^ 1) * 1099511628211u;
	for (p = ref.key; *p != '\0'; p++)
		hash = (hash ^ (unsigned char)*p) * 1099511628211u;
	return hash;
}

static void
bind_ref(sqlite3_stmt *row, struct bn_ref ref)
{
	sqlite3_reset(row);
	sqlite3_bind_text(row, 1, ref.source == NULL ? "" : ref.source, -1, SQLITE_STATIC);
	sqlite3_bind_int(row, 2, ref.kind);
	sqlite3_bind_text(row, 3, ref.key, -1, SQLITE_STATIC);
}

/* The node of that thing; a new one while there is room. SIZE_MAX: there is none. */
static size_t
node_of(struct walk *w, struct bn_ref ref, int depth)
{
	uint64_t hash = hash_of(ref);
	size_t i;

	for (i = 0; i < w->node_count; i++)
		if (w->nodes[i].hash == hash)
			return i;
	if (w->node_count > BN_LINEAGE_MOST || depth > BN_LINEAGE_DEPTH) {
		w->cut = true;
		return SIZE_MAX;
	}
	w->nodes[i] = (struct node){
	    .line = {.ref = ref}, .hash = hash, .depth = depth, .discovered = SIZE_MAX};
	w->node_count++;
	return i;
}

static void
add_edge(struct walk *w, size_t from, struct bn_ref ref, const char *link)
{
	size_t to = node_of(w, ref, w->nodes[from].depth + 1);

	if (to == 0) /* a ring: back at the beginning */
		return;
	if (to == SIZE_MAX || w->edge_count >= 8 * BN_LINEAGE_MOST) {
		w->cut = true;
		return;
	}
	if (w->edge_count == w->edge_room) {
		w->edge_room = w->edge_room == 0 ? 64 : w->edge_room * 2;
		w->edges = bn_xrealloc(w->edges, w->edge_room, sizeof(*w->edges));
	}
	if (w->nodes[to].discovered == SIZE_MAX)
		w->nodes[to].discovered = w->edge_count;
	w->edges[w->edge_count++] = (struct edge){from, to, link};
	w->nodes[from].count++;
}

static int
failed(struct walk *w, int step, struct bn_error *err)
{
	if (step == SQLITE_ROW || step == SQLITE_DONE)
		return BN_OK;
	return bn_fail(err, step == SQLITE_INTERRUPT ? BN_ECANCELLED : BN_EIO, "links: %s",
		       sqlite3_errmsg(w->db));
}

static int
read_edges(struct walk *w, size_t at, struct bn_error *err)
{
	int step;

	w->nodes[at].first = w->edge_count;
	bind_ref(w->next, w->nodes[at].line.ref);
	while ((step = sqlite3_step(w->next)) == SQLITE_ROW) {
		struct bn_ref ref = {(enum bn_kind)sqlite3_column_int(w->next, 1),
				     text(w->arena, w->next, 0), text(w->arena, w->next, 2)};

		add_edge(w, at, ref, text(w->arena, w->next, 3));
	}
	return failed(w, step, err);
}

static int
read_node(struct walk *w, struct node *node, struct bn_error *err)
{
	struct bn_lineage_line *line = &node->line;
	int step;

	line->name = line->ref.key;
	bind_ref(w->about, line->ref);
	step = sqlite3_step(w->about);
	if (step == SQLITE_ROW) {
		line->known = true;
		line->name = text(w->arena, w->about, 0);
		line->status = (enum bn_status)sqlite3_column_int(w->about, 1);
		line->stale = sqlite3_column_int(w->about, 2) != 0;
		line->since = sqlite3_column_int64(w->about, 3);
		line->changed = sqlite3_column_int64(w->about, 4);
		line->change = line->changed > 0 ? text(w->arena, w->about, 5) : NULL;
	}
	node->moved = line->changed;
	if (bn_status_row(line->status)->problem && line->since > node->moved)
		node->moved = line->since;
	return failed(w, step, err);
}

/* Breadth first, so that a thing stands where it is nearest. */
static int
find_nodes(struct walk *w, struct bn_ref about, struct bn_error *err)
{
	size_t i;
	int rc = BN_OK;

	node_of(w, about, 0);
	for (i = 0; rc == BN_OK && i < w->node_count; i++)
		rc = read_edges(w, i, err);
	for (i = 1; rc == BN_OK && i < w->node_count; i++)
		rc = read_node(w, &w->nodes[i], err);
	/* From the far end back: what is behind a thing counts for it. */
	for (i = w->edge_count; rc == BN_OK && i-- > 0;) {
		const struct edge *edge = &w->edges[i];

		if (w->nodes[edge->to].moved > w->nodes[edge->from].moved)
			w->nodes[edge->from].moved = w->nodes[edge->to].moved;
	}
	return rc;
}

/* ---- lines ------------------------------------------------------------------------------- */

struct lines {
	struct walk *walk;
	struct bn_lineage_line *at;
	size_t count;
};

/* Up: what moved last first. Down: the worst first. Then by name. */
static bool
before(const struct walk *w, const struct edge *a, const struct edge *b)
{
	const struct node *x = &w->nodes[a->to], *y = &w->nodes[b->to];
	int rx = bn_status_row(x->line.status)->rank, ry = bn_status_row(y->line.status)->rank;

	if (w->up && x->moved != y->moved)
		return x->moved > y->moved;
	if (rx != ry)
		return rx > ry;
	return strcmp(x->line.name, y->line.name) < 0;
}

/* The edges of a node in order. Few: an insertion sort of places. The caller frees. */
static size_t *
ordered(const struct walk *w, const struct node *node)
{
	size_t *order = bn_xcalloc(node->count + 1, sizeof(*order)), i, k;

	for (i = 0; i < node->count; i++) {
		size_t edge = node->first + i;

		for (k = i; k > 0 && before(w, &w->edges[edge], &w->edges[order[k - 1]]); k--)
			order[k] = order[k - 1];
		order[k] = edge;
	}
	return order;
}

static void
add_lines(struct lines *lines, size_t from, int depth)
{
	const struct walk *w = lines->walk;
	const struct node *node = &w->nodes[from];
	size_t *order = ordered(w, node), i;

	for (i = 0; i < node->count && lines->count < BN_LINEAGE_MOST; i++) {
		const struct edge *edge = &w->edges[order[i]];
		const struct node *to = &w->nodes[edge->to];
		struct bn_lineage_line *line = &lines->at[lines->count];

		*line = to->line;
		line->depth = depth;
		line->link = edge->link;
		line->last = i + 1 == node->count;
		line->again = to->discovered != order[i];
		line->parent = !line->again && to->count > 0;
		lines->count++;
		if (!line->again)
			add_lines(lines, edge->to, depth + 1);
	}
	free(order);
}

static int
walk(struct bn_reader *reader, bool up, struct bn_ref about, struct bn_arena *arena,
     const struct bn_lineage_line **out, size_t *count, bool *cut, struct bn_error *err)
{
	struct walk w = {.arena = arena, .db = bn_reader_db(reader), .up = up};
	struct lines lines = {.walk = &w};
	int rc;

	*count = 0;
	w.nodes = bn_arena_alloc(arena, (BN_LINEAGE_MOST + 2) * sizeof(*w.nodes));
	lines.at = bn_arena_alloc(arena, (BN_LINEAGE_MOST + 1) * sizeof(*lines.at));
	*out = lines.at;
	if (sqlite3_prepare_v2(w.db, up ? NEXT("to", "from") : NEXT("from", "to"), -1, &w.next,
			       NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(w.db, about_sql, -1, &w.about, NULL) != SQLITE_OK) {
		rc = bn_fail(err, BN_EIO, "links: %s", sqlite3_errmsg(w.db));
		goto out;
	}
	rc = find_nodes(&w, about, err);
	if (rc != BN_OK)
		goto out;
	add_lines(&lines, 0, 1);
	*count = lines.count;
	*cut |= w.cut || lines.count == BN_LINEAGE_MOST;
out:
	sqlite3_finalize(w.next);
	sqlite3_finalize(w.about);
	free(w.edges);
	return rc;
}

/* Links are of pipelines: a run stands for its own. */
static struct bn_ref
pipeline_of(struct bn_reader *reader, struct bn_ref about, struct bn_arena *arena)
{
	static const char sql[] =
	    "SELECT s.name, p.key FROM entity e JOIN source s ON s.id = e.source_id"
	    " JOIN run r ON r.entity_id = e.id JOIN entity p ON p.id = r.pipeline_id"
	    " WHERE e.kind = ?1 AND e.key = ?2 AND (?3 = '' OR s.name = ?3)";
	sqlite3_stmt *row = NULL;

	if (about.kind != BN_RUN ||
	    sqlite3_prepare_v2(bn_reader_db(reader), sql, -1, &row, NULL) != SQLITE_OK)
		return about;
	sqlite3_bind_int(row, 1, BN_RUN);
	sqlite3_bind_text(row, 2, about.key, -1, SQLITE_STATIC);
	sqlite3_bind_text(row, 3, about.source == NULL ? "" : about.source, -1, SQLITE_STATIC);
	if (sqlite3_step(row) == SQLITE_ROW)
		about = (struct bn_ref){BN_PIPELINE, text(arena, row, 0), text(arena, row, 1)};
	sqlite3_finalize(row);
	return about;
}

int
bn_lineage_read(struct bn_reader *reader, struct bn_ref about, struct bn_arena *arena,
		struct bn_lineage *out, struct bn_error *err)
{
	int rc;

	memset(out, 0, sizeof(*out));
	about = pipeline_of(reader, about, arena);
	rc = walk(reader, false, about, arena, &out->down, &out->downs, &out->cut, err);
	if (rc == BN_OK)
		rc = walk(reader, true, about, arena, &out->up, &out->ups, &out->cut, err);
	return rc;
}

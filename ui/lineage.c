/* lineage.c - what a thing feeds and what feeds it, along the stored links, as a tree of lines. */
/* SPDX-License-Identifier: MIT */
#include "ui/lineage.h"

#include <string.h>

#include "base/error.h"

/* `near` and `far` are the ends of a link as the walk meets them. A path of kind/key pairs orders
 * the lines and keeps a ring from being walked twice. */
#define WALK(near, far)                                                                            \
	"WITH RECURSIVE walk(depth, source, kind, key, link, path) AS ("                           \
	" SELECT 0, ?1, ?2, ?3, '', char(1) || ?2 || '/' || ?3 || char(1)"                         \
	" UNION ALL SELECT w.depth + 1, CASE l." far "_source WHEN '' THEN w.source"               \
	"  ELSE l." far "_source END, l." far "_kind, l." far "_key, l.kind,"                      \
	"  w.path || l." far "_kind || '/' || l." far "_key || char(1)"                            \
	" FROM walk w JOIN link l ON l." near "_kind = w.kind AND l." near "_key = w.key"          \
	"  AND (l." near "_source IN ('', w.source) OR w.source = '')"                             \
	" WHERE w.depth < ?4 AND l.kind NOT IN ('defines', 'retry-of')"                            \
	"  AND instr(w.path, char(1) || l." far "_kind || '/' || l." far "_key || char(1)) = 0"    \
	" LIMIT ?5)"                                                                               \
	" SELECT w.depth, w.source, w.kind, w.key, w.link, coalesce(e.name, w.key),"               \
	" coalesce(e.status_now, 0), coalesce(e.stale, 0), e.key IS NOT NULL"                      \
	" FROM walk w LEFT JOIN entity_now e ON e.kind = w.kind AND e.key = w.key"                 \
	"  AND (w.source = '' OR e.source = w.source)"                                             \
	" WHERE w.depth > 0 ORDER BY w.path"

static const char down_sql[] = WALK("from", "to");
static const char up_sql[] = WALK("to", "from");

static const char *
text(struct bn_arena *arena, sqlite3_stmt *row, int column)
{
	const char *value = (const char *)sqlite3_column_text(row, column);

	return bn_arena_strdup(arena, value == NULL ? "" : value);
}

static struct bn_lineage_line
read_line(struct bn_arena *arena, sqlite3_stmt *row)
{
	return (struct bn_lineage_line){
	    .depth = sqlite3_column_int(row, 0),
	    .ref = {(enum bn_kind)sqlite3_column_int(row, 2), text(arena, row, 1),
		    text(arena, row, 3)},
	    .link = text(arena, row, 4),
	    .name = text(arena, row, 5),
	    .status = (enum bn_status)sqlite3_column_int(row, 6),
	    .stale = sqlite3_column_int(row, 7) != 0,
	    .known = sqlite3_column_int(row, 8) != 0,
	};
}

static int
walk(struct bn_reader *reader, const char *sql, struct bn_ref about, struct bn_arena *arena,
     const struct bn_lineage_line **lines, size_t *count, struct bn_error *err)
{
	struct bn_lineage_line *all = bn_arena_alloc(arena, (BN_LINEAGE_MOST + 1) * sizeof(*all));
	sqlite3 *db = bn_reader_db(reader);
	sqlite3_stmt *row = NULL;
	int rc = BN_OK, step = SQLITE_DONE;

	*count = 0;
	*lines = all;
	if (sqlite3_prepare_v2(db, sql, -1, &row, NULL) != SQLITE_OK)
		return bn_fail(err, BN_EIO, "links: %s", sqlite3_errmsg(db));
	sqlite3_bind_text(row, 1, about.source == NULL ? "" : about.source, -1, SQLITE_STATIC);
	sqlite3_bind_int(row, 2, about.kind);
	sqlite3_bind_text(row, 3, about.key, -1, SQLITE_STATIC);
	sqlite3_bind_int(row, 4, BN_LINEAGE_DEPTH);
	sqlite3_bind_int(row, 5, BN_LINEAGE_MOST);
	while (*count < BN_LINEAGE_MOST && (step = sqlite3_step(row)) == SQLITE_ROW)
		all[(*count)++] = read_line(arena, row);
	if (step != SQLITE_ROW && step != SQLITE_DONE)
		rc = bn_fail(err, step == SQLITE_INTERRUPT ? BN_ECANCELLED : BN_EIO, "links: %s",
			     sqlite3_errmsg(db));
	sqlite3_finalize(row);
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
	rc = walk(reader, down_sql, about, arena, &out->down, &out->downs, err);
	if (rc == BN_OK)
		rc = walk(reader, up_sql, about, arena, &out->up, &out->ups, err);
	out->cut = out->downs >= BN_LINEAGE_MOST - 1 || out->ups >= BN_LINEAGE_MOST - 1;
	return rc;
}

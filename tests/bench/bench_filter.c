/* bench_filter.c - P9: a filter that is being typed, over 100,000 and 1,000,000 runs, against raw SQL. */
/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "tests/bench/bench.h"
#include "view/view.h"

#define SCREEN 40			/* rows */
#define END    ((bn_time)1773111600000) /* 2026-03-10T03:00:00Z */

/* 200 runs of each pipeline, hourly, one in forty failed; ?1 is how many runs. As many sorts of names and messages as
 * the world of the other measurements has (world.c). Indexed as maintain.c does, but at once. */
static const char *const fill[] = {
    "BEGIN",
    "INSERT INTO source (id, name, type, interval_ms, configured_at, last_ok_at) VALUES"
    " (1, 'argo', 'argo-workflows', 86400000, 1773111600000, 1773111600000)",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 / 200)"
    " INSERT INTO entity (id, source_id, kind, key, name, status, first_seen_at, seen_at, sent_at)"
    " SELECT i, 1, 1, printf('pipeline-%04d-hourly', i), printf('pipeline-%04d-hourly', i), 8, 1,"
    " 1773111600000, 1773111600000 FROM n",
    "INSERT INTO pipeline (entity_id) SELECT id FROM entity",
    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 - 1)"
    " INSERT INTO entity (id, source_id, kind, key, name, status, since, message, first_seen_at,"
    " seen_at, sent_at) SELECT ?1 / 200 + 1 + i, 1, 2, k, k, CASE WHEN i * 7 % 40 THEN 3 ELSE 4 "
    "END,"
    " 1773111600000 - i / (?1 / 200) * 3600000, CASE WHEN i * 7 % 40 = 0 THEN"
    " 'main: exit code 1: relation \"orders\" has no rows' END, 1, 1773111600000, 1773111600000"
    " FROM (SELECT i, printf('pipeline-%04d-hourly-%08x', 1 + i % (?1 / 200),"
    " i / (?1 / 200) * 2654435761 & 4294967295) AS k FROM n)",
    "INSERT INTO run (entity_id, pipeline_id, started_at, finished_at) SELECT id,"
    " 1 + (id - 1) % (?1 / 200), since - 240000, since FROM entity WHERE kind = 2",
    "INSERT INTO search (rowid, name, message) SELECT id, name, coalesce(message, '') FROM entity",
    "INSERT INTO search_done SELECT id, 1773111600000 FROM entity",
    "COMMIT",
};

/* What is typed, every other character from the third on: one run in 200; nothing; one in forty; every one. */
static const char *const typed[] = {"9e3779b1", "zzz-nowhere", "relation", "pip"};

struct p9 {
	struct bn_store *store;
	struct bn_reader *reader;
	sqlite3_stmt *looked_up, *scanned, *few;
	struct gate gate;
	struct series all; /* ours, of every run */
	int indexed, keys;
	bool same;
};

static bool
build(struct bn_store *store, int runs, struct bn_buf *why)
{
	struct bn_writer *writer = NULL;
	struct bn_error err = {0};
	bool ok = bn_writer_open(&writer, store, &err) == BN_OK;

	if (!ok)
		bn_buf_adds(why, err.message);
	for (size_t i = 0; ok && i < sizeof(fill) / sizeof(fill[0]); i++) {
		sqlite3_stmt *st = NULL;
		sqlite3 *db = bn_writer_db(writer);

		ok = sqlite3_prepare_v2(db, fill[i], -1, &st, NULL) == SQLITE_OK;
		if (ok && sqlite3_bind_parameter_count(st) > 0)
			sqlite3_bind_int(st, 1, runs);
		ok = ok && sqlite3_step(st) == SQLITE_DONE;
		if (!ok)
			bn_buf_addf(why, "%s: %s", fill[i], sqlite3_errmsg(db));
		sqlite3_finalize(st);
	}
	if (writer != NULL)
		bn_writer_close(writer);
	return ok;
}

/* ---- the floor ----------------------------------------------------------------------------- */

#define TEXT "e.name || char(10) || e.key || char(10) || coalesce(e.message, '')"
#define FROM                                                                                       \
	" FROM main.entity e JOIN main.run r ON r.entity_id = e.id JOIN main.source s ON s.id ="   \
	" e.source_id LEFT JOIN main.scope c ON c.id = e.scope_id LEFT JOIN main.entity p ON"      \
	" p.id = r.pipeline_id WHERE +e.kind = 2 AND e.gone_at IS NULL AND s.configured_at IS NOT" \
	" NULL AND "
#define LIKES "(" TEXT ") LIKE ?1 ESCAPE '\\'"
#define FOUND "e.id IN (SELECT rowid FROM main.search WHERE search MATCH ?2) AND " LIKES
/* The same rows in the same order, and how many there are. */
#define SELECT(where)                                                                              \
	"SELECT e.key, (SELECT count(*)" FROM where ")" FROM where                                 \
	" ORDER BY CASE e.status WHEN 4 THEN 2 WHEN 3 THEN 1 ELSE 3 END DESC, r.started_at DESC,"  \
	" e.name LIMIT 40"

static int
bare(struct p9 *p, const char *word, char first[64])
{
	char like[64], phrase[64];
	sqlite3_stmt *st;
	int total = 0;

	snprintf(like, sizeof(like), "%%%s%%", word);
	snprintf(phrase, sizeof(phrase), "\"%s\"", word);
	sqlite3_bind_text(p->few, 1, phrase, -1, SQLITE_STATIC);
	st = sqlite3_step(p->few) == SQLITE_ROW && sqlite3_column_int(p->few, 0) ? p->looked_up
										 : p->scanned;
	sqlite3_reset(p->few);
	p->indexed += st == p->looked_up;
	p->keys++;
	sqlite3_bind_text(st, 1, like, -1, SQLITE_STATIC);
	if (st == p->looked_up)
		sqlite3_bind_text(st, 2, phrase, -1, SQLITE_STATIC);
	first[0] = '\0';
	while (sqlite3_step(st) == SQLITE_ROW) {
		if (total == 0)
			snprintf(first, 64, "%s", (const char *)sqlite3_column_text(st, 0));
		total = sqlite3_column_int(st, 1);
	}
	sqlite3_reset(st);
	return total;
}

static int
ours(struct p9 *p, const char *word, char first[64])
{
	struct bn_rows *rows = NULL;
	struct bn_error err;
	struct bn_query query = {.table = bn_view_table("runs"), .filter = word, .limit = SCREEN};
	int total;

	first[0] = '\0';
	if (bn_view_query(p->reader, &query, &rows, &err) != BN_OK)
		return -1;
	if (bn_rows_count(rows) > 0)
		snprintf(first, 64, "%s", bn_rows_named(rows, 0, "run").s);
	total = (int)bn_rows_total(rows);
	bn_rows_free(rows);
	return total;
}

static void
press(struct p9 *p, int run, const char *word)
{
	char theirs[64], mine[64];
	double since = now_ms();
	int floor = bare(p, word, theirs), our;

	series_add(&p->gate.floor[run], now_ms() - since);
	since = now_ms();
	our = ours(p, word, mine);
	series_add(&p->gate.ours[run], now_ms() - since);
	series_add(&p->all, now_ms() - since);
	p->same = p->same && our == floor && strcmp(mine, theirs) == 0;
}

static bool
prepare(struct p9 *p)
{
	sqlite3 *db = bn_reader_db(p->reader);

	return sqlite3_prepare_v2(db, SELECT(FOUND), -1, &p->looked_up, NULL) == SQLITE_OK &&
	       sqlite3_prepare_v2(db, SELECT(LIKES), -1, &p->scanned, NULL) == SQLITE_OK &&
	       sqlite3_prepare_v2(db,
				  "SELECT count(*) <= 50000 FROM (SELECT 1 FROM main.search WHERE"
				  " search MATCH ?1 LIMIT 50001)",
				  -1, &p->few, NULL) == SQLITE_OK;
}

static void
measure(struct bench *bench, struct p9 *p, struct bn_buf *why)
{
	char note[160], word[32];

	p->same = true;
	for (int run = 0; run < RUNS; run++)
		for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++)
			for (size_t size = 3; size <= strlen(typed[i]); size += 2) {
				snprintf(word, sizeof(word), "%.*s", (int)size, typed[i]);
				press(p, run, word);
			}
	if (!p->same) {
		bn_buf_adds(why, "the two did not find the same");
		return;
	}
	snprintf(
	    note, sizeof(note),
	    "%d keys, %d of them looked up in the index; ours: median %.1f ms, 90th percentile "
	    "%.1f ms, p99 %.1f ms",
	    p->keys, p->indexed, series_median(&p->all), series_share(&p->all, 0.90),
	    series_share(&p->all, 0.99));
	gate_close(bench, &p->gate, note);
}

static void
at_size(struct bench *bench, const char *id, const char *what, int runs)
{
	struct p9 p = {.gate = {.id = id,
				.what = what,
				.floor_is = "floor: raw SQL of the same plan on the same file, "
					    "prepared once",
				.unit = "ms",
				.bound = 1.5}};
	char *dir = path_of(bench->dir, id), *notice = NULL;
	struct bn_buf why = BN_BUF_INIT(0);
	struct bn_clock clock;
	struct bn_error err;

	bn_clock_set(&clock, END, 0);
	mkdir(dir, 0700);
	if (bn_store_open(&p.store, dir, BN_STORE_SHARED, &clock, &notice, &err) != BN_OK ||
	    bn_reader_open(&p.reader, p.store, &err) != BN_OK)
		bn_buf_adds(&why, err.message);
	else if (build(p.store, runs, &why)) {
		if (prepare(&p))
			measure(bench, &p, &why);
		else
			bn_buf_adds(&why, sqlite3_errmsg(bn_reader_db(p.reader)));
	}
	if (why.size > 0)
		gate_skip(bench, id, what, bn_buf_text(&why));
	sqlite3_finalize(p.looked_up);
	sqlite3_finalize(p.scanned);
	sqlite3_finalize(p.few);
	bn_reader_close(p.reader);
	if (p.store != NULL)
		bn_store_close(p.store);
	for (int run = 0; run < RUNS; run++) {
		series_clear(&p.gate.ours[run]);
		series_clear(&p.gate.floor[run]);
	}
	series_clear(&p.all);
	bn_buf_free(&why);
	free(notice);
	free(dir);
}

void
bench_filter(struct bench *bench)
{
	if (wanted(bench, "P9"))
		at_size(bench, "P9", "a key of a filter, 100,000 runs", 100000);
	if (wanted(bench, "P9") || wanted(bench, "P9m"))
		at_size(bench, "P9m", "a key of a filter, 1,000,000 runs", 1000000);
}

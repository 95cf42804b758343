/* bench_streams.c - P18: an hour of twelve charts out of 2,000 series of eight days, against bare SQLite. */
/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "tests/bench/bench.h"
#include "view/view.h"

#define SERIES	2000
#define DAYS	8
#define CHARTS	12
#define REPEATS 15
#define END	((bn_time)1773111600000) /* 2026-03-10T03:00:00Z */

/* One in 97 minutes is a hole. Written in the order of the key, as a file that has grown is after a VACUUM. */
static const char fill[] =
    "INSERT INTO source (id, name, type, configured_at, last_ok_at) VALUES (1, 'prom', "
    "'prometheus',"
    " 1, 1773111600000);"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
    " INSERT INTO entity (id, source_id, kind, key, name, status, first_seen_at, seen_at, sent_at)"
    " SELECT i, 1, 6, 's' || i, 's' || i, 8, 1, 1773111600000, 1773111600000 FROM n;"
    "INSERT INTO stream (entity_id, expect) SELECT id, 1 FROM entity;"
    "INSERT INTO stream_read SELECT id, 1773111600000 - 691200000, 1773111600000 FROM entity;"
    "INSERT INTO series (id, entity_id, name) SELECT id, id, 'value' FROM entity;"
    "WITH RECURSIVE m(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM m WHERE i < 11519)"
    " INSERT INTO point SELECT s.id, 1773111600000 - 691200000 + m.i * 60000, s.id + m.i % 60,"
    " 1773111600000 FROM series s CROSS JOIN m WHERE (m.i + s.id) % 97 <> 0 ORDER BY 1, 2;";

static bool
build(struct bn_store *store, struct bn_buf *why)
{
	struct bn_writer *writer = NULL;
	struct bn_error err = {0};
	char *message = NULL;
	bool ok;

	if (bn_writer_open(&writer, store, &err) != BN_OK) {
		bn_buf_adds(why, err.message);
		return false;
	}
	ok = sqlite3_exec(bn_writer_db(writer), "BEGIN", NULL, NULL, NULL) == SQLITE_OK &&
	     sqlite3_exec(bn_writer_db(writer), fill, NULL, NULL, &message) == SQLITE_OK &&
	     sqlite3_exec(bn_writer_db(writer), "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
	if (!ok)
		bn_buf_adds(why, message != NULL ? message : "the store could not be filled");
	sqlite3_free(message);
	bn_writer_close(writer);
	return ok;
}

/* What any chart must do at least: the hour's values of one series into an array. */
static size_t
bare(sqlite3_stmt *row, int series, double values[60])
{
	size_t n = 0;

	sqlite3_bind_int(row, 1, series);
	while (sqlite3_step(row) == SQLITE_ROW && n < 60)
		values[n++] = sqlite3_column_double(row, 1);
	sqlite3_reset(row);
	return n;
}

static size_t
ours(struct bn_reader *reader, int series)
{
	static const char *const columns[] = {"at", "value", "state", NULL};
	struct bn_rows *rows = NULL;
	struct bn_error err;
	char name[16];
	size_t n = 0;
	struct bn_query query = {.table = bn_view_table("points"),
				 .columns = columns,
				 .scope = {BN_STREAM, NULL, name},
				 .since = END - 3600000,
				 .until = END - 60000,
				 .uncounted = true};

	snprintf(name, sizeof(name), "s%d", series);
	if (bn_view_query(reader, &query, &rows, &err) != BN_OK)
		return 0;
	for (size_t i = 0; i < bn_rows_count(rows); i++)
		n += bn_rows_value(rows, i, 1).type != BN_VALUE_NULL;
	bn_rows_free(rows);
	return n;
}

static bool
measure(struct bn_reader *reader, sqlite3_stmt *row, struct gate *gate)
{
	double values[60];
	bool same = true;

	for (int run = 0; run < RUNS; run++) {
		for (int i = 0; i < REPEATS; i++) {
			int first = 1 + (run * REPEATS + i) * 37 % (SERIES - CHARTS);
			size_t mine = 0, theirs = 0;
			double since = now_ms();

			for (int k = 0; k < CHARTS; k++)
				theirs += bare(row, first + k, values);
			series_add(&gate->floor[run], now_ms() - since);
			since = now_ms();
			for (int k = 0; k < CHARTS; k++)
				mine += ours(reader, first + k);
			series_add(&gate->ours[run], now_ms() - since);
			same = same && mine == theirs && mine > 0;
		}
	}
	return same;
}

void
bench_streams(struct bench *bench)
{
	static const char what[] = "an hour of 12 charts, of 2,000 series x 8 days";
	struct gate gate = {.id = "P18",
			    .what = what,
			    .floor_is = "SELECT at, value on the same file",
			    .unit = "ms",
			    .bound = 5,
			    .slack = 20};
	char *dir = path_of(bench->dir, "streams"), *notice = NULL;
	struct bn_buf why = BN_BUF_INIT(0);
	struct bn_store *store = NULL;
	struct bn_reader *reader = NULL;
	sqlite3_stmt *row = NULL;
	struct bn_clock clock;
	struct bn_error err;

	if (!wanted(bench, gate.id))
		goto out;
	bn_clock_set(&clock, END, 0);
	mkdir(dir, 0700);
	if (bn_store_open(&store, dir, BN_STORE_SHARED, &clock, &notice, &err) != BN_OK ||
	    bn_reader_open(&reader, store, &err) != BN_OK)
		bn_buf_adds(&why, err.message);
	else if (build(store, &why) &&
		 sqlite3_prepare_v2(bn_reader_db(reader),
				    "SELECT at, value FROM main.point WHERE series_id = ?1 AND at"
				    " BETWEEN 1773108000000 AND 1773111540000",
				    -1, &row, NULL) == SQLITE_OK) {
		if (measure(reader, row, &gate))
			gate_close(bench, &gate, NULL);
		else
			bn_buf_adds(&why, "the two did not read the same values");
	}
	if (why.size > 0)
		gate_skip(bench, gate.id, what, bn_buf_text(&why));
out:
	sqlite3_finalize(row);
	bn_reader_close(reader);
	if (store != NULL)
		bn_store_close(store);
	for (int run = 0; run < RUNS; run++) {
		series_clear(&gate.ours[run]);
		series_clear(&gate.floor[run]);
	}
	bn_buf_free(&why);
	free(notice);
	free(dir);
}

/* store_bench.c - P5 and P6: parse and store, against a bare loop into the same tables. */
/* SPDX-License-Identifier: MIT */
#include "store/internal.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"

#define ITEMS	  1500
#define NODES	  9
#define REPEATS	  21
#define MEMORY_MB 50
#define CHUNK	  65536
#define T0	  ((bn_time)1773111600000)

/* What both read of an item: a run and its tasks, as the argo-workflows plugin does. */
struct sink {
	bool bare;
	struct bn_batch *batch;
	sqlite3 *db;
	sqlite3_stmt *entity, *run, *attempt, *transition, *task;
	int64_t source, rows;
};

static void
die(const char *what)
{
	fprintf(stderr, "store_bench: %s\n", what);
	exit(1);
}

/* ---- the input: a list like that of 50 MB in the facts, about 8 kB an item ---- */

static void
add_item(struct bn_buf *out, int number)
{
	bn_buf_addf(out,
		    "{\"metadata\":{\"name\":\"transform-hourly-%06d\",\"namespace\":\"data\","
		    "\"uid\":\"7f6c1b1e-%08d\","
		    "\"labels\":{\"workflows.argoproj.io/"
		    "phase\":\"Succeeded\",\"team\":\"data-platform\"}},"
		    "\"spec\":{\"entrypoint\":\"main\",\"arguments\":{\"parameters\":[{\"name\":"
		    "\"day\",\"value\":\"2026-03-10\"}]}},"
		    "\"status\":{\"phase\":\"%s\",\"startedAt\":%" PRId64 ",\"finishedAt\":%" PRId64
		    ",\"progress\":\"9/9\",\"message\":\"\",\"nodes\":{",
		    number, number, number % 17 == 0 ? "Failed" : "Succeeded",
		    T0 - (int64_t)number * 60000, T0 - (int64_t)number * 60000 + 47000);
	for (int i = 0; i < NODES; i++) {
		bn_buf_addf(out,
			    "%s\"n-%d\":{\"id\":\"transform-hourly-%06d-%d\",\"displayName\":\"stg_"
			    "payments_%d\",\"type\":\"Pod\","
			    "\"phase\":\"Succeeded\",\"startedAt\":%" PRId64
			    ",\"finishedAt\":%" PRId64
			    ",\"children\":[\"a\",\"b\"],\"templateName\":\"dbt-run\",\"inputs\":{"
			    "\"parameters\":[",
			    i > 0 ? "," : "", i, number, i, i, T0, T0 + 5000);
		for (int j = 0; j < 12; j++)
			bn_buf_addf(out,
				    "%s{\"name\":\"parameter-%02d\",\"value\":\"s3://bucket/prefix/"
				    "%02d/part\"}",
				    j > 0 ? "," : "", j, j);
		bn_buf_adds(out, "]},\"resourcesDuration\":{\"cpu\":12,\"memory\":240}}");
	}
	bn_buf_adds(out, "}}}");
}

/* ---- both readers ---- */

static enum bn_status
status_of(const char *phase)
{
	return phase != NULL && strcmp(phase, "Failed") == 0 ? BN_FAILED : BN_SUCCEEDED;
}

static void
step(struct sink *s, sqlite3_stmt *st)
{
	if (sqlite3_step(st) != SQLITE_DONE)
		die(sqlite3_errmsg(s->db));
	sqlite3_reset(st);
	s->rows++;
}

/* The floor: values bound, nothing looked up, nothing decided. */
static void
store_bare(struct sink *s, const struct bn_run *r, const json_t *nodes)
{
	const char *key;
	const json_t *node;
	int64_t id;

	bn_bind_text(s->entity, 1, r->e.key);
	sqlite3_bind_int(s->entity, 2, r->e.status);
	bn_bind_text(s->entity, 3, r->e.raw_status);
	sqlite3_bind_int64(s->entity, 4, r->finished_at);
	sqlite3_bind_int64(s->entity, 5, T0);
	step(s, s->entity);
	id = sqlite3_last_insert_rowid(s->db);
	sqlite3_bind_int64(s->run, 1, id);
	sqlite3_bind_int64(s->run, 2, r->started_at);
	sqlite3_bind_int64(s->run, 3, r->finished_at);
	bn_bind_text(s->run, 4, r->progress);
	step(s, s->run);
	sqlite3_bind_int64(s->attempt, 1, id);
	sqlite3_bind_int(s->attempt, 2, r->e.status);
	bn_bind_text(s->attempt, 3, r->e.raw_status);
	sqlite3_bind_int64(s->attempt, 4, r->started_at);
	sqlite3_bind_int64(s->attempt, 5, r->finished_at);
	step(s, s->attempt);
	sqlite3_bind_int64(s->transition, 1, id);
	sqlite3_bind_int64(s->transition, 2, r->finished_at);
	sqlite3_bind_int64(s->transition, 3, T0);
	sqlite3_bind_int(s->transition, 4, r->e.status);
	step(s, s->transition);
	json_object_foreach((json_t *)(uintptr_t)nodes, key, node)
	{
		sqlite3_bind_int64(s->task, 1, id);
		bn_bind_text(s->task, 2, bn_json_str_at(node, "id"));
		bn_bind_text(s->task, 3, bn_json_str_at(node, "displayName"));
		sqlite3_bind_int(s->task, 4, status_of(bn_json_str_at(node, "phase")));
		bn_bind_text(s->task, 5, bn_json_str_at(node, "phase"));
		bn_bind_text(s->task, 6, bn_json_str_at(node, "type"));
		sqlite3_bind_int64(s->task, 7, bn_json_int_at(node, "startedAt", 0));
		sqlite3_bind_int64(s->task, 8, bn_json_int_at(node, "finishedAt", 0));
		sqlite3_bind_int64(s->task, 9, T0);
		step(s, s->task);
	}
	if (s->rows >= 10000) {
		s->rows = 0;
		sqlite3_exec(s->db, "COMMIT; BEGIN IMMEDIATE", NULL, NULL, NULL);
	}
}

static void
store_batch(struct sink *s, const struct bn_run *r, const json_t *nodes)
{
	const char *key;
	const json_t *node;

	bn_batch_run(s->batch, r);
	json_object_foreach((json_t *)(uintptr_t)nodes, key, node)
	    bn_batch_task(s->batch, &(struct bn_task){
					.e = {.key = bn_json_str_at(node, "id"),
					      .name = bn_json_str_at(node, "displayName"),
					      .status = status_of(bn_json_str_at(node, "phase")),
					      .raw_status = bn_json_str_at(node, "phase")},
					.run = r->e.key,
					.type = bn_json_str_at(node, "type"),
					.started_at = bn_json_int_at(node, "startedAt", 0),
					.finished_at = bn_json_int_at(node, "finishedAt", 0),
				    });
}

static int
on_item(const char *item, size_t size, void *payload, struct bn_error *err)
{
	struct sink *s = payload;
	json_t *json = NULL;
	struct bn_run r = {0};
	int rc = bn_json_load(&json, item, size, err);

	if (rc != BN_OK)
		return rc;
	r.e.key = bn_json_str_at(json, "metadata/name");
	r.e.raw_status = bn_json_str_at(json, "status/phase");
	r.e.status = status_of(r.e.raw_status);
	r.started_at = bn_json_int_at(json, "status/startedAt", 0);
	r.finished_at = bn_json_int_at(json, "status/finishedAt", 0);
	r.progress = bn_json_str_at(json, "status/progress");
	(s->bare ? store_bare : store_batch)(s, &r, bn_json_at(json, "status/nodes"));
	json_decref(json);
	return BN_OK;
}

/* ---- one run of either ---- */

static void
remove_all(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	while (d != NULL && (entry = readdir(d)) != NULL) {
		char *path = bn_xasprintf("%s/%s", dir, entry->d_name);

		unlink(path);
		free(path);
	}
	if (d != NULL)
		closedir(d);
	rmdir(dir);
}

static sqlite3_stmt *
prepared(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(db));
	return st;
}

static void
open_bare(struct sink *s, const char *dir)
{
	char *path = bn_xasprintf("%s/cache.db", dir);

	/* The same tables, indexes and settings. */
	if (sqlite3_open(path, &s->db) != SQLITE_OK ||
	    sqlite3_exec(s->db,
			 "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA "
			 "synchronous=NORMAL;"
			 "PRAGMA cache_size=-8000; PRAGMA wal_autocheckpoint=4000; PRAGMA "
			 "journal_size_limit=16777216",
			 NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(s->db, bn_schema_cache, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(s->db, bn_schema_cache_2, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(s->db, bn_schema_cache_3, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(s->db, "INSERT INTO source (id, name) VALUES (1, 'argo'); BEGIN IMMEDIATE",
			 NULL, NULL, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(s->db));
	s->entity =
	    prepared(s->db, "INSERT INTO entity (source_id, kind, key, name, status, raw_status, "
			    "since, first_seen_at, seen_at, sent_at,"
			    " generation) VALUES (1, 2, ?1, ?1, ?2, ?3, ?4, ?5, ?5, ?5, 1) ON "
			    "CONFLICT (source_id, kind, key)"
			    " DO UPDATE SET status = excluded.status, seen_at = excluded.seen_at");
	s->run = prepared(
	    s->db, "INSERT INTO run (entity_id, attempt, started_at, finished_at, progress) VALUES "
		   "(?1, 1, ?2, ?3, ?4)"
		   " ON CONFLICT (entity_id) DO UPDATE SET finished_at = excluded.finished_at");
	s->attempt =
	    prepared(s->db, "INSERT INTO attempt (run_id, n, status, raw_status, started_at, "
			    "finished_at) VALUES (?1, 1, ?2, ?3, ?4, ?5)"
			    " ON CONFLICT (run_id, n) DO UPDATE SET status = excluded.status");
	s->transition = prepared(
	    s->db, "INSERT INTO transition (entity_id, at, seen_at, new) VALUES (?1, ?2, ?3, ?4)");
	s->task = prepared(s->db, "INSERT INTO task (run_id, attempt, key, name, status, "
				  "raw_status, type, started_at, finished_at, sent_at)"
				  " VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT "
				  "(run_id, attempt, key, try_number)"
				  " DO UPDATE SET status = excluded.status");
	free(path);
}

static void
close_bare(struct sink *s)
{
	if (sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(s->db));
	sqlite3_finalize(s->entity);
	sqlite3_finalize(s->run);
	sqlite3_finalize(s->attempt);
	sqlite3_finalize(s->transition);
	sqlite3_finalize(s->task);
	sqlite3_close(s->db);
}

struct ours {
	struct bn_clock clock;
	struct bn_store *store;
	struct bn_writer *writer;
};

static void
open_ours(struct sink *s, struct ours *o, const char *dir)
{
	struct bn_source_info info = {"argo", "argo-workflows", NULL, NULL, NULL, 15000, false};
	struct bn_error err;
	int64_t epoch;

	bn_clock_set(&o->clock, T0, 0);
	if (bn_store_open(&o->store, dir, 0, &o->clock, NULL, &err) != BN_OK ||
	    bn_writer_open(&o->writer, o->store, &err) != BN_OK ||
	    bn_writer_source(o->writer, &info, &s->source, &err) != BN_OK ||
	    bn_writer_take_lease(o->writer, s->source, "bench", &epoch, &err) != BN_OK)
		die(err.message);
	s->batch = bn_batch_new(o->writer, NULL, s->source, "argo", epoch);
	if (bn_batch_scope(s->batch, "workflows", BN_COMPLETE, &err) != BN_OK)
		die(err.message);
}

static void
close_ours(struct sink *s, struct ours *o)
{
	struct bn_error err;

	if (bn_batch_scope_done(s->batch, &err) != BN_OK)
		die(err.message);
	bn_batch_free(s->batch);
	bn_writer_close(o->writer);
	bn_store_close(o->store);
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Feeds `text` when there is one, else so many items made on the way. Seconds from the first byte
 * to the last commit; opening, and the checkpoint of closing, are not part of it for either. */
static double
feed(bool bare, const struct bn_buf *text, size_t bytes)
{
	char dir[] = "/tmp/bn-bench-XXXXXX";
	struct sink s = {.bare = bare};
	struct ours o = {0};
	struct bn_error err;
	struct bn_split *split;
	struct bn_buf item = BN_BUF_INIT(0);
	double began;

	if (mkdtemp(dir) == NULL)
		die("no temporary directory");
	if (bare)
		open_bare(&s, dir);
	else
		open_ours(&s, &o, dir);
	split = bn_split_new("items", (size_t)1 << 20, (size_t)1 << 20, on_item, &s);
	began = seconds();
	if (text != NULL) {
		for (size_t at = 0; at < text->size; at += CHUNK) {
			size_t size = text->size - at < CHUNK ? text->size - at : CHUNK;

			if (bn_split_feed(split, text->data + at, size, &err) != BN_OK)
				die(err.message);
		}
	} else {
		size_t fed = 0;

		if (bn_split_feed(split, "{\"items\":[", 10, &err) != BN_OK)
			die(err.message);
		for (int number = 0; fed < bytes; number++) {
			bn_buf_reset(&item);
			if (number > 0)
				bn_buf_addc(&item, ',');
			add_item(&item, number);
			fed += item.size;
			if (bn_split_feed(split, item.data, item.size, &err) != BN_OK)
				die(err.message);
		}
		if (bn_split_feed(split, "]}", 2, &err) != BN_OK)
			die(err.message);
	}
	if (bn_split_finish(split, NULL, NULL, &err) != BN_OK)
		die(err.message);
	if (bare) {
		if (sqlite3_exec(s.db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
			die(sqlite3_errmsg(s.db));
	} else if (bn_batch_page(s.batch, &err) != BN_OK)
		die(err.message);
	began = seconds() - began;
	if (bare) {
		sqlite3_exec(s.db, "BEGIN", NULL, NULL, NULL);
		close_bare(&s);
	} else
		close_ours(&s, &o);
	bn_split_free(split);
	bn_buf_free(&item);
	remove_all(dir);
	return began;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Peak resident memory of a child that takes the long list in, KiB. */
static long
peak(bool bare)
{
	struct rusage usage;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		feed(bare, NULL, (size_t)MEMORY_MB << 20);
		_exit(0);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || status != 0)
		die("the child that measures memory failed");
	return usage.ru_maxrss;
}

int
main(void)
{
	double floor_times[REPEATS], our_times[REPEATS], ratio;
	struct bn_buf text = BN_BUF_INIT((size_t)256 << 20);
	long floor_rss, our_rss;
	double megabytes;

	/* Memory first: a child begins with what its parent holds. */
	floor_rss = peak(true);
	our_rss = peak(false);
	bn_buf_adds(&text, "{\"items\":[");
	for (int i = 0; i < ITEMS; i++) {
		if (i > 0)
			bn_buf_addc(&text, ',');
		add_item(&text, i);
	}
	bn_buf_adds(&text, "]}");
	megabytes = (double)text.size / 1e6;
	feed(true, &text, 0);
	feed(false, &text, 0);
	for (int i = 0; i < REPEATS; i++) {
		floor_times[i] = feed(true, &text, 0);
		our_times[i] = feed(false, &text, 0);
	}
	qsort(floor_times, REPEATS, sizeof(double), ascending);
	qsort(our_times, REPEATS, sizeof(double), ascending);
	ratio = floor_times[REPEATS / 2] / our_times[REPEATS / 2];
	printf("P5 %.2f bound >= 0.80 parse+store %.1f MB/s, floor %.1f MB/s (same tables and "
	       "indexes), median of %d,"
	       " p95 %.2f\n",
	       ratio, megabytes / our_times[REPEATS / 2], megabytes / floor_times[REPEATS / 2],
	       REPEATS, floor_times[REPEATS * 95 / 100] / our_times[REPEATS * 95 / 100]);
	printf("P6 %.2f bound <= 3.00 peak RSS %.1f MB on a %d MB list, floor %.1f MB\n",
	       (double)our_rss / (double)floor_rss, (double)our_rss / 1024, MEMORY_MB,
	       (double)floor_rss / 1024);
	bn_buf_free(&text);
	return 0;
}

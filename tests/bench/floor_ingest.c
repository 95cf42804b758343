/* floor_ingest.c - a workflow list from HTTP into the store's own schema with libcurl, jansson and SQLite alone. */
/* SPDX-License-Identifier: MIT
 *
 * usage: floor_ingest URL DATABASE [whole]. Item by item as the bytes arrive, or, with `whole`, the document at once.
 * Prints "MILLISECONDS PEAK-KB RUNS". Writes the rows a poll writes (entity, run, attempt, transition), by
 * prepared statements, in transactions of 10,000 runs; checks nothing, keeps no history, knows no second poll. */
#include <curl/curl.h>
#include <jansson.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/peak.h"

#define EVERY 10000

/* src/store/cache.sql, as it is embedded in the program. */
extern const char bn_schema_cache[];
extern const char bn_schema_cache_2[];
extern const char bn_schema_cache_3[];

enum { ENTITY, RUN, ATTEMPT, TRANSITION, STATEMENTS };
static const char *const texts[STATEMENTS] = {
    [ENTITY] = "INSERT INTO entity (source_id, scope_id, kind, key, name, status, raw_status, "
	       "since, message,"
	       " url, labels, first_seen_at, seen_at, sent_at, generation)"
	       " VALUES (1, 1, 2, ?1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?8, 1)"
	       " ON CONFLICT (source_id, kind, key) DO UPDATE SET status = ?2, raw_status = ?3, "
	       "since = ?4,"
	       " message = ?5, labels = ?7, seen_at = ?8, sent_at = ?8 RETURNING id",
    [RUN] = "INSERT OR REPLACE INTO run (entity_id, pipeline_key, attempt, queued_at, started_at, "
	    "finished_at,"
	    " trigger, progress, tasks_total, tasks_done) VALUES (?1, ?2, 1, ?3, ?4, ?5, "
	    "'schedule', ?6, ?7, ?8)",
    [ATTEMPT] =
	"INSERT OR REPLACE INTO attempt (run_id, n, status, raw_status, queued_at, started_at,"
	" finished_at, message) VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [TRANSITION] =
	"INSERT INTO transition (entity_id, at, seen_at, old, new) VALUES (?1, ?2, ?3, NULL, ?4)",
};

struct floor {
	sqlite3 *db;
	sqlite3_stmt *st[STATEMENTS];
	long runs;
	int64_t now;
	/* the splitter: an item of the array that follows "items" */
	char *item;
	size_t size, capacity;
	int depth;
	bool string, escape, failed;
	/* whole */
	bool whole;
};

static double
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* ---- storing ------------------------------------------------------------------------------- */

static bool
exec(struct floor *f, const char *sql)
{
	if (sqlite3_exec(f->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return true;
	fprintf(stderr, "floor_ingest: %s\n", sqlite3_errmsg(f->db));
	f->failed = true;
	return false;
}

static bool
open_database(struct floor *f, const char *path)
{
	if (sqlite3_open(path, &f->db) != SQLITE_OK ||
	    !exec(f, "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA "
		     "synchronous=NORMAL;"
		     "PRAGMA cache_size=-8000; PRAGMA wal_autocheckpoint=4000; PRAGMA "
		     "temp_store=MEMORY") ||
	    !exec(f, bn_schema_cache) || !exec(f, bn_schema_cache_2) ||
	    !exec(f, bn_schema_cache_3) ||
	    !exec(f, "INSERT INTO source (id, name) VALUES (1, 'argo');"
		     "INSERT INTO scope (id, source_id, name, complete) VALUES (1, 1, 'runs', 0)"))
		return false;
	for (int i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v2(f->db, texts[i], -1, &f->st[i], NULL) != SQLITE_OK) {
			fprintf(stderr, "floor_ingest: %s\n", sqlite3_errmsg(f->db));
			return false;
		}
	return exec(f, "BEGIN");
}

static void
bind_string(sqlite3_stmt *st, int at, const char *text)
{
	sqlite3_bind_text(st, at, text, -1, SQLITE_STATIC);
}

/* "2026-03-10T03:00:00Z" in ms. */
static int64_t
moment(json_t *in, const char *name)
{
	const char *text = json_string_value(json_object_get(in, name));
	struct tm tm = {0};

	if (text == NULL || strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm) == NULL)
		return 0;
	return (int64_t)timegm(&tm) * 1000;
}

static void
step(struct floor *f, int which)
{
	int rc = sqlite3_step(f->st[which]);

	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		f->failed = true;
}

static void
store(struct floor *f, json_t *workflow)
{
	json_t *meta = json_object_get(workflow, "metadata"),
	       *status = json_object_get(workflow, "status");
	json_t *labels = json_object_get(meta, "labels");
	const char *name = json_string_value(json_object_get(meta, "name"));
	const char *phase = json_string_value(json_object_get(status, "phase"));
	const char *progress = json_string_value(json_object_get(status, "progress"));
	const char *message = json_string_value(json_object_get(status, "message"));
	int64_t queued = moment(meta, "creationTimestamp"), started = moment(status, "startedAt"),
		finished = moment(status, "finishedAt"), id;
	int code = phase != NULL && strcmp(phase, "Succeeded") == 0 ? 3 : 4, done = 0, total = 0;
	char *team = NULL, url[256];

	if (name == NULL || asprintf(&team, "{\"team\":\"%s\"}",
				     json_string_value(json_object_get(labels, "team"))) < 0) {
		f->failed = true;
		return;
	}
	snprintf(url, sizeof(url), "http://127.0.0.1/workflows/data/%s", name);
	bind_string(f->st[ENTITY], 1, name);
	sqlite3_bind_int(f->st[ENTITY], 2, code);
	bind_string(f->st[ENTITY], 3, phase);
	sqlite3_bind_int64(f->st[ENTITY], 4, finished);
	bind_string(f->st[ENTITY], 5, message);
	bind_string(f->st[ENTITY], 6, url);
	bind_string(f->st[ENTITY], 7, team);
	sqlite3_bind_int64(f->st[ENTITY], 8, f->now);
	step(f, ENTITY);
	id = sqlite3_column_int64(f->st[ENTITY], 0);
	sqlite3_reset(f->st[ENTITY]);
	sqlite3_bind_int64(f->st[RUN], 1, id);
	bind_string(
	    f->st[RUN], 2,
	    json_string_value(json_object_get(labels, "workflows.argoproj.io/cron-workflow")));
	sqlite3_bind_int64(f->st[RUN], 3, queued);
	sqlite3_bind_int64(f->st[RUN], 4, started);
	sqlite3_bind_int64(f->st[RUN], 5, finished);
	bind_string(f->st[RUN], 6, progress);
	if (progress != NULL && sscanf(progress, "%d/%d", &done, &total) == 2) {
		sqlite3_bind_int(f->st[RUN], 7, total);
		sqlite3_bind_int(f->st[RUN], 8, done);
	}
	step(f, RUN);
	sqlite3_reset(f->st[RUN]);
	sqlite3_bind_int64(f->st[ATTEMPT], 1, id);
	sqlite3_bind_int(f->st[ATTEMPT], 2, code);
	bind_string(f->st[ATTEMPT], 3, phase);
	sqlite3_bind_int64(f->st[ATTEMPT], 4, queued);
	sqlite3_bind_int64(f->st[ATTEMPT], 5, started);
	sqlite3_bind_int64(f->st[ATTEMPT], 6, finished);
	bind_string(f->st[ATTEMPT], 7, message);
	step(f, ATTEMPT);
	sqlite3_reset(f->st[ATTEMPT]);
	sqlite3_bind_int64(f->st[TRANSITION], 1, id);
	sqlite3_bind_int64(f->st[TRANSITION], 2, finished);
	sqlite3_bind_int64(f->st[TRANSITION], 3, f->now);
	sqlite3_bind_int(f->st[TRANSITION], 4, code);
	step(f, TRANSITION);
	sqlite3_reset(f->st[TRANSITION]);
	free(team);
	if (++f->runs % EVERY == 0)
		exec(f, "COMMIT; BEGIN");
}

/* ---- reading ------------------------------------------------------------------------------- */

static void
keep(struct floor *f, const char *bytes, size_t size)
{
	if (f->size + size > f->capacity) {
		f->capacity = 2 * (f->size + size);
		f->item = realloc(f->item, f->capacity);
		if (f->item == NULL)
			abort();
	}
	memcpy(f->item + f->size, bytes, size);
	f->size += size;
}

static void
end_item(struct floor *f)
{
	json_t *item = json_loadb(f->item, f->size, JSON_REJECT_DUPLICATES, NULL);

	if (item == NULL)
		f->failed = true;
	else
		store(f, item);
	json_decref(item);
	f->size = 0;
}

/* Depth 1 is the document, 2 the list, 3 an item; the list is the only array so high up in this document. */
static void
split(struct floor *f, const char *bytes, size_t size)
{
	size_t from = 0;

	for (size_t i = 0; i < size; i++) {
		char c = bytes[i];

		if (f->string) {
			if (f->escape)
				f->escape = false;
			else if (c == '\\')
				f->escape = true;
			else if (c == '"')
				f->string = false;
		} else if (c == '"') {
			f->string = true;
		} else if (c == '{' || c == '[') {
			if (++f->depth == 3 && c == '{')
				from = i;
		} else if (c == '}' || c == ']') {
			if (f->depth-- == 3 && c == '}') {
				keep(f, bytes + from, i + 1 - from);
				end_item(f);
			}
		}
	}
	if (f->depth >= 3)
		keep(f, bytes + from, size - from);
}

static size_t
on_bytes(char *bytes, size_t one, size_t size, void *payload)
{
	struct floor *f = payload;

	if (f->whole)
		keep(f, bytes, one * size);
	else
		split(f, bytes, one * size);
	return f->failed ? 0 : one * size;
}

static void
store_whole(struct floor *f)
{
	json_t *document = json_loadb(f->item, f->size, JSON_REJECT_DUPLICATES, NULL), *item;
	size_t i;

	json_array_foreach(json_object_get(document, "items"), i, item) store(f, item);
	json_decref(document);
}

int
main(int argc, char **argv)
{
	struct floor f = {.whole = argc > 3, .now = (int64_t)time(NULL) * 1000};
	CURL *curl = NULL;
	double began;
	int rc = 1;

	if (argc < 3)
		return 64;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	curl = curl_easy_init();
	if (curl == NULL || !open_database(&f, argv[2]))
		goto out;
	curl_easy_setopt(curl, CURLOPT_URL, argv[1]);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &f);
	began = now_ms();
	if (curl_easy_perform(curl) != CURLE_OK)
		goto out;
	if (f.whole)
		store_whole(&f);
	if (!exec(&f, "COMMIT") || f.failed)
		goto out;
	printf("%.0f %ld %ld\n", now_ms() - began, peak_kb(), f.runs);
	rc = 0;
out:
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(f.st[i]);
	sqlite3_close(f.db);
	curl_easy_cleanup(curl);
	free(f.item);
	return rc;
}

/* store_fixture.h - a store in a directory of its own for each test. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TEST_STORE_FIXTURE_H
#define BN_TEST_STORE_FIXTURE_H

/* Before cmocka.h, which makes a macro of the word "fail". */
#include "store/journal.h"
#include "store/store.h"

#include "tests/test.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

#define T0     ((bn_time)1773111600000) /* 2026-03-10T03:00:00Z */
#define MINUTE ((int64_t)60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

struct fixture {
	char dir[64];
	struct bn_clock clock;
	struct bn_store *store;
	struct bn_writer *writer;
	struct bn_reader *reader;
	int64_t source;
	int64_t epoch;
	struct bn_error err;
};

static inline void
fixture_at(struct fixture *f, bn_time now)
{
	bn_clock_set(&f->clock, now, 0);
}

static inline void
fixture_open(struct fixture *f, unsigned mode)
{
	char *notice = NULL;

	assert_ok(bn_store_open(&f->store, (mode & BN_STORE_MEMORY) != 0 ? NULL : f->dir, mode,
				&f->clock, &notice, &f->err),
		  &f->err);
	free(notice);
	bn_store_set_anchor(f->store, "");
	assert_ok(bn_writer_open(&f->writer, f->store, &f->err), &f->err);
	assert_ok(bn_reader_open(&f->reader, f->store, &f->err), &f->err);
}

static inline void
fixture_close(struct fixture *f)
{
	bn_reader_close(f->reader);
	bn_writer_close(f->writer);
	bn_store_close(f->store);
	f->reader = NULL;
	f->writer = NULL;
	f->store = NULL;
}

static inline int64_t
fixture_source(struct fixture *f, const char *name, int64_t interval)
{
	struct bn_source_info info = {name,	"test", "https://example.com", "digest", "none",
				      interval, false};
	int64_t id = 0;

	assert_ok(bn_writer_source(f->writer, &info, &id, &f->err), &f->err);
	return id;
}

static inline int
fixture_setup(void **state)
{
	struct fixture *f = bn_xcalloc(1, sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/bn-store-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	fixture_at(f, T0);
	fixture_open(f, BN_STORE_SHARED);
	f->source = fixture_source(f, "argo", 15000);
	assert_ok(bn_writer_take_lease(f->writer, f->source, "me@here 1", &f->epoch, &f->err),
		  &f->err);
	*state = f;
	return 0;
}

static inline void
fixture_remove(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	while (d != NULL && (entry = readdir(d)) != NULL) {
		char path[512];

		if (entry->d_name[0] == '.' &&
		    (entry->d_name[1] == '\0' || entry->d_name[1] == '.'))
			continue;
		snprintf(path, sizeof(path), "%s/%.200s", dir, entry->d_name);
		unlink(path);
	}
	if (d != NULL)
		closedir(d);
	rmdir(dir);
}

static inline int
fixture_teardown(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	fixture_remove(f->dir);
	free(f);
	return 0;
}

/* The first column of the first row, as a number; -999 for NULL, -998 without a row. */
static inline int64_t
ask_db(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int64_t value = -998;
	int rc;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		value =
		    sqlite3_column_type(st, 0) == SQLITE_NULL ? -999 : sqlite3_column_int64(st, 0);
	else if (rc != SQLITE_DONE)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_finalize(st);
	return value;
}

static inline int64_t
ask(struct fixture *f, const char *sql)
{
	return ask_db(bn_reader_db(f->reader), sql);
}

/* The same as text, in a buffer that the next call overwrites; "(null)" for NULL, "(none)" without
 * a row. */
static inline const char *
ask_text(struct fixture *f, const char *sql)
{
	static char text[1024];
	sqlite3 *db = bn_reader_db(f->reader);
	sqlite3_stmt *st = NULL;

	snprintf(text, sizeof(text), "(none)");
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	if (sqlite3_step(st) == SQLITE_ROW) {
		const char *value = (const char *)sqlite3_column_text(st, 0);

		snprintf(text, sizeof(text), "%s", value != NULL ? value : "(null)");
	}
	sqlite3_finalize(st);
	return text;
}

/* A batch of the fixture's source with the lease. */
static inline struct bn_batch *
fixture_batch(struct fixture *f)
{
	return bn_batch_new(f->writer, NULL, f->source, "argo", f->epoch);
}

/* One run observed, in a scope of its own kind: read at `sent`, written at once. */
static inline void
observe_run(struct fixture *f, bn_time sent, const struct bn_run *run)
{
	struct bn_batch *b = fixture_batch(f);

	fixture_at(f, sent);
	assert_ok(bn_batch_scope(b, "runs", BN_DELTA, &f->err), &f->err);
	bn_batch_sent(b, sent);
	bn_batch_run(b, run);
	assert_ok(bn_batch_scope_done(b, &f->err), &f->err);
	bn_batch_free(b);
}

/* A complete scope with these keys of things of a kind, all with one status. NULL-terminated. */
static inline void
observe_list(struct fixture *f, bn_time sent, const char *scope, enum bn_kind kind,
	     enum bn_status status, const char *const *keys)
{
	struct bn_batch *b = fixture_batch(f);

	fixture_at(f, sent);
	assert_ok(bn_batch_scope(b, scope, BN_COMPLETE, &f->err), &f->err);
	bn_batch_sent(b, sent);
	for (size_t i = 0; keys[i] != NULL; i++)
		bn_batch_entity(b, kind, &(struct bn_entity){.key = keys[i], .status = status});
	assert_ok(bn_batch_scope_done(b, &f->err), &f->err);
	bn_batch_free(b);
}

#define KEYS(...)	 ((const char *const[]){__VA_ARGS__, NULL})
#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

#endif

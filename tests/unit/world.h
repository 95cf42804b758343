/* world.h - a small platform in a store in memory, for the tests of views, rules and folding. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TESTS_WORLD_H
#define BN_TESTS_WORLD_H

#include "base/clock.h"
#include "store/journal.h"
#include "store/store.h"
#include "tests/test.h"

/* 2026-03-10T03:12:44Z; the clock stands still there unless a test moves it. */
#define NOW	   ((bn_time)1773112364000)
#define SECONDS(n) ((int64_t)(n)*1000)
#define MINUTES(n) ((int64_t)(n)*60000)
#define HOURS(n)   ((int64_t)(n)*3600000)
#define DAYS(n)	   ((int64_t)(n)*86400000)

struct world {
	struct bn_clock clock;
	struct bn_store *store;
	struct bn_writer *writer;
	struct bn_reader *reader;
	struct bn_error err;
};

/* For cmocka's setup and teardown: *state is the world. */
int world_setup(void **state);
int world_teardown(void **state);

void world_at(struct world *w, bn_time now);

/* A source that was read to the end just now; `interval` in ms. Returns its number. */
int64_t world_source(struct world *w, const char *name, const char *type, int64_t interval);
/* Its latest poll failed: with `code`, and an HTTP status where that isn't 0; failing since
 * `since`. */
void world_fail(struct world *w, const char *name, int code, int http_status, bn_time since);

/* A batch of that source whose answer was asked for at `sent`; world_done commits and frees it. */
struct bn_batch *world_batch(struct world *w, const char *source, bn_time sent);
void world_done(struct world *w, struct bn_batch *batch);

/* A pipeline, hourly, next due in 52 minutes; a run of it with times and counts; all in a batch of
 * their own. */
void world_pipeline(struct world *w, const char *source, const char *key);
struct world_run {
	const char *pipeline, *key;
	enum bn_status status;
	bn_time started, finished;
	int failed, skipped, done, total;
	const char *message;
};
void world_run(struct world *w, const char *source, const struct world_run *run);
/* `count` good runs, an hour apart, the latest an hour before `before`, each of `took` ms. */
void world_history(struct world *w, const char *source, const char *pipeline, int count,
		   bn_time before, int64_t took);
void world_endpoint(struct world *w, const char *source, const char *key, enum bn_status status,
		    int http_status, bn_time since);
void world_link(struct world *w, struct bn_ref from, struct bn_ref to);

#endif

/* once.c - scripted mode: each needed source is polled once, at the same time, within a limit. */
/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "collect/internal.h"

#define MAINTAIN_FOR 50	  /* ms */
#define LOOK_AGAIN   50	  /* ms */
#define GRACE	     1000 /* ms a cancelled lane has to end */

struct once {
	struct bn_collect *collect;
	struct bn_feed **feeds;
	size_t count, next;
	int running; /* workers */
	bool expired, polled;
};

/* ---- on the workers ------------------------------------------------------------------------ */

static bool
expired(struct once *once)
{
	bool over;

	pthread_mutex_lock(&once->collect->lock);
	over = once->expired || once->collect->stopping;
	pthread_mutex_unlock(&once->collect->lock);
	return over;
}

static void
record_failure(struct bn_feed *feed, struct bn_writer *writer, const struct bn_error *failure)
{
	bn_time now = bn_clock_now(feed->collect->options.clock);
	struct bn_poll_result result = {.began = now, .ended = now, .failure = failure};
	struct bn_error err;

	if (bn_writer_poll_result(writer, feed->id, feed->epoch, &result, &err) != BN_OK)
		bn_log_write(feed->collect->options.log, 1, "%s: %s", feed->name, err.message);
}

/* How the store has it: when it was tried last (0: never), and whether an answer is due right now, so
 * that whoever holds the lease must be asking. One that fails is not waited for: that is an answer. */
static bool
is_due(struct bn_writer *writer, const struct bn_feed *feed, int64_t *tried)
{
	static const char sql[] =
	    "SELECT coalesce(last_try_at, 0), last_try_at IS NULL OR (state = 'ok' AND"
	    " coalesce(next_poll_at, 0) <= ?2) FROM source WHERE id = ?1";
	sqlite3_stmt *row = NULL;
	bool due = false;

	*tried = 0;
	if (sqlite3_prepare_v2(bn_writer_db(writer), sql, -1, &row, NULL) != SQLITE_OK)
		return false;
	sqlite3_bind_int64(row, 1, feed->id);
	sqlite3_bind_int64(row, 2, bn_clock_now(feed->collect->options.clock));
	if (sqlite3_step(row) == SQLITE_ROW) {
		*tried = sqlite3_column_int64(row, 0);
		due = sqlite3_column_int(row, 1) != 0;
	}
	sqlite3_finalize(row);
	return due;
}

/* Takes the lease to poll; or, where another process has it and is asking just now (another command at
 * the same moment, a collector's beat), waits for that answer instead. False: there is nothing to do;
 * *news says whether the other one brought something. */
static bool
take_or_wait(struct once *once, struct bn_feed *feed, struct bn_writer *writer, bool *news)
{
	struct bn_collect *collect = once->collect;
	int64_t before, tried;
	struct bn_error err;
	bool due = is_due(writer, feed, &before), taken;

	for (;;) {
		taken = bn_keeper_take(feed, writer, &err) == BN_OK;
		is_due(writer, feed, &tried);
		*news = tried != before;
		if (taken && !*news)
			return true;
		pthread_mutex_lock(&collect->lock);
		bn_keeper_drop(feed);
		if (!*news && due)
			bn_collect_wait(collect, bn_monotonic() + LOOK_AGAIN);
		pthread_mutex_unlock(&collect->lock);
		if (*news || !due || expired(once))
			return false;
	}
}

static bool
poll_feed(struct once *once, struct bn_feed *feed)
{
	struct bn_collect *collect = once->collect;
	struct bn_writer *writer = NULL;
	struct bn_lane *lane = NULL;
	struct bn_error err;
	bool taken, news = false;

	if (bn_writer_open(&writer, collect->options.store, &err) != BN_OK)
		return false;
	if ((taken = take_or_wait(once, feed, writer, &news))) {
		if (bn_lane_new(&lane, feed, BN_LANE_POLL, &err) != BN_OK)
			record_failure(feed, writer, &err);
		else if (bn_poll_now(lane, true, &err) == BN_OK && !expired(once))
			bn_backfill_now(feed);
		bn_lane_free(lane);
		pthread_mutex_lock(&collect->lock);
		if (feed->held)
			bn_keeper_drop(feed);
		pthread_mutex_unlock(&collect->lock);
	}
	bn_writer_close(writer);
	return taken || news;
}

static void *
worker(void *payload)
{
	struct once *once = payload;
	struct bn_collect *collect = once->collect;
	struct bn_feed *feed;
	bool polled;

	pthread_mutex_lock(&collect->lock);
	while (once->next < once->count && !once->expired && !collect->stopping) {
		feed = once->feeds[once->next++];
		pthread_mutex_unlock(&collect->lock);
		polled = poll_feed(once, feed);
		pthread_mutex_lock(&collect->lock);
		once->polled = once->polled || polled;
	}
	once->running--;
	pthread_cond_broadcast(&collect->changed);
	pthread_mutex_unlock(&collect->lock);
	return NULL;
}

/* ---- who is needed ------------------------------------------------------------------------- */

static bool
named(const char *const *names, const char *name)
{
	if (names == NULL)
		return true;
	for (; *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static bool
is_old(struct bn_writer *writer, const struct bn_feed *feed)
{
	bn_time now = bn_clock_now(feed->collect->options.clock);
	sqlite3_stmt *row = NULL;
	bool old = true;

	if (sqlite3_prepare_v2(bn_writer_db(writer),
			       "SELECT last_ok_at FROM source WHERE id = ? AND state = 'ok'", -1,
			       &row, NULL) != SQLITE_OK)
		return true;
	sqlite3_bind_int64(row, 1, feed->id);
	if (sqlite3_step(row) == SQLITE_ROW && sqlite3_column_type(row, 0) != SQLITE_NULL)
		old = now - sqlite3_column_int64(row, 0) >= feed->interval;
	sqlite3_finalize(row);
	return old;
}

static int
choose(struct once *once, const char *const *names, bool force, struct bn_error *err)
{
	struct bn_collect *collect = once->collect;
	struct bn_writer *writer = NULL;
	size_t i;
	int rc;

	if ((rc = bn_writer_open(&writer, collect->options.store, err)) != BN_OK)
		return rc;
	once->feeds = bn_xcalloc(collect->count + 1, sizeof(struct bn_feed *));
	for (i = 0; i < collect->count; i++)
		if (!collect->feeds[i].disabled && named(names, collect->feeds[i].name) &&
		    (force || is_old(writer, &collect->feeds[i])))
			once->feeds[once->count++] = &collect->feeds[i];
	bn_writer_close(writer);
	return BN_OK;
}

static int
check_names(struct bn_collect *collect, const char *const *names, struct bn_error *err)
{
	for (; names != NULL && *names != NULL; names++)
		if (bn_collect_feed(collect, *names) == NULL) {
			bn_fail(err, BN_ENOTFOUND, "source \"%s\" is not configured here", *names);
			return bn_hint(err, "binnacle sources lists those that are");
		}
	return BN_OK;
}

/* ---- waiting
 * -----------------------------------------------------------------------------------------------------
 */

/* The lock is held. */
static void
expire(struct once *once)
{
	struct bn_lane *lane;
	size_t i;

	once->expired = true;
	for (i = 0; i < once->count; i++)
		for (lane = once->feeds[i]->lanes; lane != NULL; lane = lane->next)
			bn_lane_cancel(lane);
}

/* True when every worker ended. */
static bool
await_workers(struct once *once, int64_t until)
{
	struct bn_collect *collect = once->collect;
	bool ended;

	pthread_mutex_lock(&collect->lock);
	while (once->running > 0 && bn_monotonic() < until && !collect->stopping)
		bn_collect_wait(collect, until);
	if (once->running > 0)
		expire(once);
	for (until = bn_monotonic() + GRACE; once->running > 0 && bn_monotonic() < until;)
		bn_collect_wait(collect, until);
	ended = once->running == 0;
	if (!ended)
		atomic_store(&collect->abandoned, true);
	pthread_mutex_unlock(&collect->lock);
	return ended;
}

static void
run_workers(struct once *once, int64_t timeout)
{
	pthread_t threads[BN_ONCE_PARALLEL];
	size_t count = 0, i;
	struct bn_error err;

	pthread_mutex_lock(&once->collect->lock);
	while (count < once->count && count < BN_ONCE_PARALLEL &&
	       bn_thread_start(&threads[count], worker, once, &err) == BN_OK) {
		count++;
		once->running++;
	}
	pthread_mutex_unlock(&once->collect->lock);
	if (await_workers(once, bn_monotonic() + timeout))
		for (i = 0; i < count; i++)
			pthread_join(threads[i], NULL);
}

/* The lanes run already: each polls as soon as it can, and we wait for that. */
static void
refresh_and_wait(struct once *once, int64_t timeout)
{
	struct bn_collect *collect = once->collect;
	int64_t until = bn_monotonic() + timeout;
	int64_t *before = bn_xcalloc(once->count + 1, sizeof(*before));
	size_t i;

	pthread_mutex_lock(&collect->lock);
	for (i = 0; i < once->count; i++) {
		/* One that is being polled right now may have asked before we did. */
		before[i] = once->feeds[i]->polls + (once->feeds[i]->busy > 0 ? 1 : 0);
		once->feeds[i]->refresh = true;
		pthread_cond_broadcast(&once->feeds[i]->wake);
	}
	for (i = 0; i < once->count; i++)
		while (once->feeds[i]->held && once->feeds[i]->polls <= before[i] &&
		       bn_monotonic() < until && !collect->stopping && !collect->suspended)
			bn_collect_wait(collect, until);
	pthread_mutex_unlock(&collect->lock);
	free(before);
}

/* Whoever only ever runs commands has no idle moments: a little housekeeping goes with each. */
static void
after_polls(struct bn_collect *collect)
{
	int64_t until = bn_monotonic() + MAINTAIN_FOR;
	struct bn_writer *writer = NULL;
	struct bn_error err;

	pthread_mutex_lock(&collect->lock);
	collect->upkeep_due = false;
	pthread_mutex_unlock(&collect->lock);
	if (collect->options.after_poll != NULL)
		collect->options.after_poll(collect->options.payload, collect->options.store);
	if (bn_writer_open(&writer, collect->options.store, &err) == BN_OK)
		while (bn_monotonic() < until && bn_writer_maintain(writer, &err) == BN_EBUSY)
			continue;
	bn_writer_close(writer);
}

int
bn_collect_once(struct bn_collect *collect, const char *const *names, int64_t timeout, bool force,
		struct bn_error *err)
{
	struct once *once;
	bool started;
	int rc;

	if ((rc = check_names(collect, names, err)) != BN_OK)
		return rc;
	once = bn_xcalloc(1, sizeof(*once));
	once->collect = collect;
	if ((rc = choose(once, names, force, err)) != BN_OK)
		goto out;
	pthread_mutex_lock(&collect->lock);
	started = collect->started;
	pthread_mutex_unlock(&collect->lock);
	if (started)
		refresh_and_wait(once, timeout);
	else
		run_workers(once, timeout);
	/* Where lanes run, their own upkeep does it. */
	if (!started && once->polled)
		after_polls(collect);
out:
	if (atomic_load(&collect->abandoned))
		return rc; /* a worker may still look at it */
	free(once->feeds);
	free(once);
	return rc;
}

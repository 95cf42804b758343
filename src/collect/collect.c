/* collect.c - the collector: its sources, threads, and what the console and the scripted mode ask of it. */
/* SPDX-License-Identifier: MIT */
#include "collect/collect.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "collect/internal.h"

#define DISK_WITHIN 10000 /* ms */
#define END_WITHIN  1000  /* ms */

/* ---- small things -------------------------------------------------------------------------- */

struct bn_feed *
bn_collect_feed(struct bn_collect *collect, const char *name)
{
	size_t i;

	for (i = 0; i < collect->count; i++)
		if (strcmp(collect->feeds[i].name, name) == 0)
			return &collect->feeds[i];
	return NULL;
}

static void
wait_on(pthread_cond_t *condition, struct bn_collect *collect, int64_t until)
{
	struct timespec at = {until / 1000, (until % 1000) * 1000000};

	if (until == INT64_MAX)
		pthread_cond_wait(condition, &collect->lock);
	else
		pthread_cond_timedwait(condition, &collect->lock, &at);
}

void
bn_collect_wait(struct bn_collect *collect, int64_t until)
{
	wait_on(&collect->changed, collect, until);
}

void
bn_feed_wait(struct bn_feed *feed, int64_t until)
{
	wait_on(&feed->wake, feed->collect, until);
}

/* The lock is held. */
static void
wake_all(struct bn_collect *collect)
{
	size_t i;

	pthread_cond_broadcast(&collect->changed);
	for (i = 0; i < collect->count; i++)
		pthread_cond_broadcast(&collect->feeds[i].wake);
}

void
bn_collect_wake(struct bn_collect *collect)
{
	if (collect->options.wake != NULL && !atomic_load(&collect->abandoned))
		collect->options.wake(collect->options.payload);
}

int
bn_thread_start(pthread_t *thread, void *(*run)(void *), void *payload, struct bn_error *err)
{
	sigset_t all, old;
	int failure;

	/* Signals are the main thread's; a new thread inherits the mask. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	failure = pthread_create(thread, NULL, run, payload);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (failure != 0)
		return bn_fail(err, BN_EINTERNAL, "no further thread: %s", strerror(failure));
	return BN_OK;
}

/* ---- life
 * ------------------------------------------------------------------------------------------------------
 */

static int
register_feeds(struct bn_collect *collect, struct bn_error *err)
{
	struct bn_writer *writer = NULL;
	const char *origin = bn_config_origin(collect->options.config);
	const struct bn_config_section *repo;
	struct bn_buf keep = BN_BUF_INIT(1 << 20);
	struct bn_feed *feed;
	size_t i;
	int rc;

	if ((rc = bn_writer_open(&writer, collect->options.store, err)) != BN_OK)
		return rc;
	for (i = 0; i < collect->count && rc == BN_OK; i++) {
		feed = &collect->feeds[i];
		feed->collect = collect;
		rc = bn_writer_source(writer,
				      &(struct bn_source_info){
					  .name = feed->name,
					  .type = feed->plugin->name,
					  .url = feed->url,
					  .config_digest = feed->digest,
					  .auth = feed->auth,
					  .origin = origin,
					  .interval = feed->interval,
					  .disabled = feed->disabled,
				      },
				      &feed->id, err);
	}
	bn_buf_addc(&keep, '[');
	for (i = 0; i < collect->count; i++) {
		bn_buf_adds(&keep, i > 0 ? "," : "");
		bn_json_quote(&keep, collect->feeds[i].name);
	}
	for (i = 0; (repo = bn_config_section(collect->options.config, "repo", i)) != NULL; i++) {
		char *name = bn_xasprintf("repo:%s", repo->name);

		bn_buf_adds(&keep, keep.size > 1 ? "," : "");
		bn_json_quote(&keep, name);
		free(name);
	}
	bn_buf_addc(&keep, ']');
	if (rc == BN_OK)
		rc = bn_writer_retire(writer, origin, bn_buf_text(&keep), err);
	bn_buf_free(&keep);
	if (rc == BN_OK)
		rc = bn_feeds_links(collect, writer, err);
	bn_writer_close(writer);
	return rc;
}

static int
make_net(struct bn_collect *collect, struct bn_error *err)
{
	struct bn_net_options options = {
	    .observe = collect->options.observe,
	    .payload = collect->options.observe_payload,
	    .log = collect->options.log,
	};

	return bn_net_new(&collect->net, &options, err);
}

static int
make_lease_dir(struct bn_collect *collect, struct bn_error *err)
{
	char *dir = NULL;
	int rc;

	collect->state_dir = bn_store_dir(collect->options.store);
	if (collect->state_dir[0] == '\0') { /* a store in memory: nobody else to agree with */
		collect->state_dir = NULL;
		return BN_OK;
	}
	rc = bn_lease_dir(collect->state_dir, &dir, err);
	free(dir);
	return rc;
}

int
bn_collect_new(struct bn_collect **out, const struct bn_collect_options *options,
	       struct bn_error *err)
{
	struct bn_collect *collect = bn_xcalloc(1, sizeof(*collect));
	pthread_condattr_t attr;
	int rc;

	*out = NULL;
	collect->options = *options;
	pthread_mutex_init(&collect->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&collect->changed, &attr);
	pthread_condattr_destroy(&attr);
	collect->keeper_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if ((rc = make_net(collect, err)) != BN_OK ||
	    (rc = make_lease_dir(collect, err)) != BN_OK ||
	    (rc = bn_feeds_new(&collect->feeds, &collect->count, options->config, options->registry,
			       collect->state_dir, err)) != BN_OK ||
	    (rc = register_feeds(collect, err)) != BN_OK) {
		bn_collect_free(collect);
		return rc;
	}
	*out = collect;
	return BN_OK;
}

bool
bn_collect_trouble(struct bn_collect *collect, struct bn_error *err)
{
	pthread_mutex_lock(&collect->lock);
	*err = collect->trouble;
	pthread_mutex_unlock(&collect->lock);
	return err->code != BN_OK;
}

/* The lock is held. */
static void
cancel_lanes(struct bn_feed *feed, bool leased_only)
{
	struct bn_lane *lane;

	for (lane = feed->lanes; lane != NULL; lane = lane->next)
		if (!leased_only || lane->role == BN_LANE_POLL || lane->role == BN_LANE_WATCH ||
		    lane->role == BN_LANE_BACKFILL)
			bn_lane_cancel(lane);
}

static void
stop_all(struct bn_collect *collect)
{
	size_t i;

	pthread_mutex_lock(&collect->lock);
	collect->stopping = true;
	for (i = 0; i < collect->count; i++)
		cancel_lanes(&collect->feeds[i], false);
	wake_all(collect);
	pthread_mutex_unlock(&collect->lock);
	bn_keeper_kick(collect);
}

static bool
join(pthread_t thread, int64_t until)
{
	int64_t left = until - bn_monotonic();
	struct timespec at;

	if (left < 0)
		left = 0;
	clock_gettime(CLOCK_REALTIME, &at);
	at.tv_nsec += (left % 1000) * 1000000;
	at.tv_sec += left / 1000 + at.tv_nsec / 1000000000;
	at.tv_nsec %= 1000000000;
	return pthread_timedjoin_np(thread, NULL, &at) == 0;
}

static bool
join_all(struct bn_collect *collect, int64_t until)
{
	struct bn_feed *feed;
	bool all = true;
	size_t i;

	for (i = 0; i < collect->count; i++) {
		feed = &collect->feeds[i];
		if (feed->has_poll)
			all = join(feed->poll_thread, until) && all;
		if (feed->has_watch)
			all = join(feed->watch_thread, until) && all;
		if (feed->has_backfill)
			all = join(feed->backfill_thread, until) && all;
		if (feed->has_job)
			all = join(feed->job_thread, until) && all;
	}
	/* These two wait for no network, only for the disk and the processor: they do end. */
	until += DISK_WITHIN;
	if (collect->has_keeper)
		all = join(collect->keeper, until) && all;
	if (collect->has_upkeep)
		all = join(collect->upkeep, until) && all;
	return all;
}

bool
bn_collect_free(struct bn_collect *collect)
{
	size_t i;

	if (collect == NULL)
		return true;
	stop_all(collect);
	if (atomic_load(&collect->abandoned) || !join_all(collect, bn_monotonic() + END_WITHIN)) {
		/* A lane hangs in something that cannot be cancelled (a helper that was asked for a
		 * token). The process is about to end: give the leases back and leave the rest as
		 * it is. */
		atomic_store(&collect->abandoned, true);
		bn_log_write(collect->options.log, 1,
			     "a lane did not end in time and is left behind");
		for (i = 0; i < collect->count; i++)
			bn_lease_release(&collect->feeds[i].lease);
		return false;
	}
	/* What came last is judged as well, or the next command would show the verdicts of before. */
	if (collect->upkeep_due && collect->options.after_poll != NULL)
		collect->options.after_poll(collect->options.payload, collect->options.store);
	bn_feeds_free(collect->feeds, collect->count);
	bn_net_free(collect->net);
	if (collect->keeper_event >= 0)
		close(collect->keeper_event);
	pthread_cond_destroy(&collect->changed);
	pthread_mutex_destroy(&collect->lock);
	free(collect);
	return true;
}

/* ---- running
 * ---------------------------------------------------------------------------------------------------
 */

static int
start_feed(struct bn_feed *feed, struct bn_error *err)
{
	int rc;

	if ((rc = bn_thread_start(&feed->poll_thread, bn_poll_main, feed, err)) != BN_OK)
		return rc;
	feed->has_poll = true;
	if (feed->plugin->watch == NULL)
		return BN_OK;
	if ((rc = bn_thread_start(&feed->watch_thread, bn_watch_main, feed, err)) == BN_OK)
		feed->has_watch = true;
	return rc;
}

int
bn_collect_start(struct bn_collect *collect, struct bn_error *err)
{
	size_t i;
	int rc = BN_OK;

	pthread_mutex_lock(&collect->lock);
	if (!collect->started) {
		collect->started = true;
		for (i = 0; i < collect->count && rc == BN_OK; i++)
			if (!collect->feeds[i].disabled)
				rc = start_feed(&collect->feeds[i], err);
		if (rc == BN_OK)
			rc = bn_upkeep_start(collect, err);
		if (rc == BN_OK)
			rc = bn_keeper_start(collect, err);
	}
	pthread_mutex_unlock(&collect->lock);
	return rc;
}

void
bn_collect_suspend(struct bn_collect *collect)
{
	size_t i;

	pthread_mutex_lock(&collect->lock);
	collect->suspended = true;
	for (i = 0; i < collect->count; i++) {
		cancel_lanes(&collect->feeds[i], true);
		/* A commit still under way is stopped by the epoch as soon as somebody takes over.
		 */
		if (collect->feeds[i].held)
			bn_keeper_drop(&collect->feeds[i]);
	}
	wake_all(collect);
	pthread_mutex_unlock(&collect->lock);
}

void
bn_collect_resume(struct bn_collect *collect)
{
	pthread_mutex_lock(&collect->lock);
	collect->suspended = false;
	wake_all(collect);
	pthread_mutex_unlock(&collect->lock);
	bn_keeper_kick(collect);
}

void
bn_collect_refresh(struct bn_collect *collect, const char *source)
{
	size_t i;

	pthread_mutex_lock(&collect->lock);
	for (i = 0; i < collect->count; i++)
		if (source == NULL || strcmp(collect->feeds[i].name, source) == 0)
			collect->feeds[i].refresh = true;
	wake_all(collect);
	pthread_mutex_unlock(&collect->lock);
}

void
bn_collect_recorded(struct bn_collect *collect)
{
	pthread_mutex_lock(&collect->lock);
	collect->upkeep_due = true;
	pthread_cond_broadcast(&collect->changed);
	pthread_mutex_unlock(&collect->lock);
}

int
bn_collect_busy(struct bn_collect *collect, const char *source)
{
	int busy = 0;
	size_t i;

	pthread_mutex_lock(&collect->lock);
	for (i = 0; i < collect->count; i++)
		if (source == NULL || strcmp(collect->feeds[i].name, source) == 0)
			busy += collect->feeds[i].busy;
	pthread_mutex_unlock(&collect->lock);
	return busy;
}

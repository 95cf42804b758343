/* poll.c - the lanes that read a source: when to poll, one poll and what came of it, watching, backfill. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/error.h"
#include "collect/internal.h"

#define BACKFILL_AGAIN 60000 /* ms after a failure */
#define PHASE_SPREAD   200   /* ms over which first polls are spread */
#define AUTH_WAIT                                                                                  \
	(5LL * 60 * 1000) /* a refused login is not tried all the time: accounts get locked */
#define STILL_MAX   10	  /* some answers differ each time */
#define CHECK_STILL 200	  /* ms between polls while the clock stands and things still change */

static int64_t
random_upto(int64_t bound)
{
	uint32_t value = 0;

	if (bound <= 0 || getrandom(&value, sizeof(value), GRND_NONBLOCK) != sizeof(value))
		return 0;
	return (int64_t)(((uint64_t)value * (uint64_t)bound) >> 32);
}

/* ---- when
 * --------------------------------------------------------------------------------------------------
 */

/* The source's interval in real ms; 0: the clock stands. A tenth less at most, so that many sources
 * don't fire on one tick and none is later than it promised. */
static int64_t
real_interval(const struct bn_feed *feed)
{
	double speed = feed->collect->options.clock->speed;
	int64_t real;

	if (speed <= 0)
		return 0;
	real = (int64_t)((double)feed->interval / speed);
	real -= random_upto(real / 10);
	return real < BN_REAL_FLOOR ? BN_REAL_FLOOR : real;
}

/* Real ms until the next poll; -1: rest until asked. Back-off is in real time, whatever the clock
 * does. */
static int64_t
next_wait(const struct bn_feed *feed, int rc, const struct bn_error *err)
{
	int64_t wait = real_interval(feed), again;

	if (rc == BN_OK) {
		if (wait > 0)
			return wait;
		return feed->unchanged > 0 || feed->still_polls >= STILL_MAX ? -1 : CHECK_STILL;
	}
	again = bn_backoff_ceiling(feed->failures) / 2 + bn_backoff(feed->failures) / 2;
	if (rc == BN_EAUTH && again < AUTH_WAIT && feed->failures > 1)
		again = AUTH_WAIT;
	if (err->retry_after > again)
		again =
		    err->retry_after < BN_RETRY_AFTER_MAX ? err->retry_after : BN_RETRY_AFTER_MAX;
	return wait > again ? wait : again;
}

/* ---- one poll
 * ------------------------------------------------------------------------------------------------
 */

static bn_time
secret_expiry(struct bn_feed *feed)
{
	bn_time expires = 0;

	pthread_mutex_lock(&feed->login_lock);
	if (feed->token != NULL)
		expires = bn_secret_expires(feed->token);
	pthread_mutex_unlock(&feed->login_lock);
	return expires;
}

static void
count_poll(struct bn_feed *feed, struct bn_lane *lane, int rc)
{
	struct bn_collect *collect = feed->collect;
	uint64_t fingerprint = bn_http_fingerprint(lane->http);

	pthread_mutex_lock(&collect->lock);
	feed->unchanged = rc == BN_OK && feed->polls > 0 && fingerprint == feed->fingerprint
			      ? feed->unchanged + 1
			      : 0;
	feed->fingerprint = fingerprint;
	feed->failures = rc == BN_OK ? 0 : feed->failures + 1;
	feed->polls++;
	feed->still_polls++;
	pthread_mutex_unlock(&collect->lock);
}

static void
record(struct bn_lane *lane, struct bn_poll_result *result, int64_t wait)
{
	struct bn_feed *feed = lane->feed;
	const struct bn_clock *clock = feed->collect->options.clock;
	struct bn_error err;

	if (wait >= 0)
		result->next_poll_at =
		    bn_clock_now(clock) +
		    (clock->speed > 0 ? (int64_t)((double)wait * clock->speed) : wait);
	result->auth_expires_at = secret_expiry(feed);
	if (bn_writer_poll_result(lane->writer, feed->id, lane->epoch, result, &err) == BN_OK)
		return;
	if (bn_keeper_lost(lane))
		return;
	bn_lane_log(lane, 1, &err, "result of the poll");
	pthread_mutex_lock(&feed->collect->lock);
	feed->collect->trouble = err;
	pthread_mutex_unlock(&feed->collect->lock);
}

static int
call_poll(struct bn_lane *lane, struct bn_batch *batch, struct bn_error *err)
{
	const struct bn_plugin *plugin = lane->feed->plugin;
	int rc;

	bn_batch_sent(batch, bn_clock_now(lane->feed->collect->options.clock));
	lane->batch = batch;
	rc = plugin->poll != NULL ? plugin->poll(&lane->source, batch, err) : BN_OK;
	bn_lane_returned(lane, rc, err);
	lane->batch = NULL;
	return rc;
}

/* A failure that says nothing about the source: we were told to stop, or the lease went elsewhere.
 */
static bool
not_the_source(struct bn_lane *lane, int rc)
{
	if (rc == BN_ECANCELLED)
		return true;
	return rc == BN_EBUSY && bn_keeper_lost(lane);
}

int
bn_poll_now(struct bn_lane *lane, bool timed_out_is_failure, struct bn_error *err)
{
	struct bn_feed *feed = lane->feed;
	const struct bn_clock *clock = feed->collect->options.clock;
	int64_t began = bn_monotonic(), before = bn_http_requests(lane->http), wait;
	struct bn_poll_result result = {.began = bn_clock_now(clock)};
	struct bn_batch *batch = NULL;
	const char *reason = NULL;
	int rc;

	memset(err, 0, sizeof(*err));
	if ((rc = bn_lane_begin(lane, err)) == BN_OK) {
		batch = bn_batch_new(lane->writer, &lane->host, feed->id, feed->name, lane->epoch);
		rc = call_poll(lane, batch, err);
	}
	if (rc == BN_ECANCELLED && timed_out_is_failure) {
		rc = bn_fail(err, BN_ETIMEOUT, "not done in the time allowed");
		bn_hint(err, "raise --timeout, or look at: binnacle doctor %s", feed->name);
	} else if (not_the_source(lane, rc))
		goto out;
	if (rc != BN_OK)
		bn_lane_log(lane, 1, err, "poll");
	count_poll(feed, lane, rc);
	wait = next_wait(feed, rc, err);
	result.ended = bn_clock_now(clock);
	result.took = bn_monotonic() - began;
	result.requests = bn_http_requests(lane->http) - before;
	result.skipped = batch != NULL ? (int64_t)bn_batch_skipped(batch, &reason) : 0;
	result.skip_reason = reason;
	result.failure = rc != BN_OK ? err : NULL;
	record(lane, &result, wait);
	pthread_mutex_lock(&feed->collect->lock);
	feed->due = wait < 0 ? INT64_MAX : bn_monotonic() + wait;
	pthread_mutex_unlock(&feed->collect->lock);
out:
	bn_batch_free(batch);
	bn_lane_end(lane);
	return rc;
}

/* ---- the poll lane ------------------------------------------------------------------------- */

static bool
is_refused_config(int rc)
{
	return rc == BN_ECONFIG || rc == BN_EPERM;
}

/* A lane that cannot even be made (a URL that may not be used): the source's row says so. */
static void
record_no_lane(struct bn_feed *feed, const struct bn_error *failure)
{
	struct bn_collect *collect = feed->collect;
	bn_time now = bn_clock_now(collect->options.clock);
	struct bn_poll_result result = {.began = now, .ended = now, .failure = failure};
	struct bn_writer *writer = NULL;
	struct bn_error err;
	int64_t epoch;

	pthread_mutex_lock(&collect->lock);
	epoch = feed->epoch;
	pthread_mutex_unlock(&collect->lock);
	if (bn_writer_open(&writer, collect->options.store, &err) == BN_OK)
		bn_writer_poll_result(writer, feed->id, epoch, &result, &err);
	bn_writer_close(writer);
	pthread_mutex_lock(&collect->lock);
	feed->failures++;
	feed->polls++;
	feed->due = is_refused_config(failure->code) ? INT64_MAX : bn_monotonic() + AUTH_WAIT;
	pthread_mutex_unlock(&collect->lock);
}

static void
start_others(struct bn_feed *feed)
{
	struct bn_collect *collect = feed->collect;

	pthread_mutex_lock(&collect->lock);
	if (feed->plugin->backfill != NULL && !feed->backfill_asked && !collect->stopping) {
		feed->backfill_asked = true;
		feed->has_backfill =
		    bn_thread_start(&feed->backfill_thread, bn_backfill_main, feed, NULL) == BN_OK;
	}
	pthread_mutex_unlock(&collect->lock);
}

static void
poll_and_tell(struct bn_feed *feed, struct bn_lane **lane)
{
	struct bn_collect *collect = feed->collect;
	struct bn_error err;
	int rc;

	bn_collect_wake(collect);
	if (*lane == NULL && (rc = bn_lane_new(lane, feed, BN_LANE_POLL, &err)) != BN_OK)
		record_no_lane(feed, &err);
	else if ((rc = bn_poll_now(*lane, false, &err)) == BN_OK)
		start_others(feed);
	pthread_mutex_lock(&collect->lock);
	feed->busy--;
	if (rc == BN_ECANCELLED)
		feed->due = 0;
	/* Also one that was cancelled may have brought something before. */
	collect->upkeep_due = true;
	pthread_cond_broadcast(&collect->changed);
	if (feed->has_watch)
		pthread_cond_broadcast(&feed->wake);
	pthread_mutex_unlock(&collect->lock);
	bn_collect_wake(collect);
}

void *
bn_poll_main(void *payload)
{
	struct bn_feed *feed = payload;
	struct bn_collect *collect = feed->collect;
	struct bn_lane *lane = NULL;
	bool first = true;

	pthread_mutex_lock(&collect->lock);
	while (!collect->stopping) {
		if (collect->suspended || !feed->held) {
			bn_feed_wait(feed, INT64_MAX);
			continue;
		}
		if (first) {
			/* Each source its own place in the first moments. */
			feed->due = bn_monotonic() + random_upto(PHASE_SPREAD);
			first = false;
		}
		if (!feed->refresh && feed->due > bn_monotonic()) {
			bn_feed_wait(feed, feed->due);
			continue;
		}
		if (feed->refresh) {
			bn_governor_trial(feed->governor);
			feed->still_polls = 0;
		}
		feed->refresh = false;
		feed->busy++;
		pthread_mutex_unlock(&collect->lock);
		poll_and_tell(feed, &lane);
		pthread_mutex_lock(&collect->lock);
	}
	pthread_mutex_unlock(&collect->lock);
	bn_lane_free(lane);
	return NULL;
}

/* ---- the watch lane ------------------------------------------------------------------------ */

/* True while it should go on; waits for the lease. */
static bool
may_run(struct bn_feed *feed, int64_t not_before)
{
	struct bn_collect *collect = feed->collect;
	bool run;

	pthread_mutex_lock(&collect->lock);
	while (!collect->stopping && (collect->suspended || !feed->held || feed->polls == 0 ||
				      bn_monotonic() < not_before))
		bn_feed_wait(feed, collect->suspended || !feed->held || feed->polls == 0
				       ? INT64_MAX
				       : not_before);
	run = !collect->stopping;
	pthread_mutex_unlock(&collect->lock);
	return run;
}

static int
watch_once(struct bn_lane *lane, struct bn_error *err)
{
	struct bn_feed *feed = lane->feed;
	int rc;

	if ((rc = bn_lane_begin(lane, err)) == BN_OK) {
		lane->batch =
		    bn_batch_new(lane->writer, &lane->host, feed->id, feed->name, lane->epoch);
		rc = feed->plugin->watch(&lane->source, lane->batch, err);
		bn_lane_returned(lane, rc, err);
		bn_batch_free(lane->batch);
		lane->batch = NULL;
	}
	if (rc == BN_EBUSY)
		bn_keeper_lost(lane);
	bn_lane_end(lane);
	return rc;
}

void *
bn_watch_main(void *payload)
{
	struct bn_feed *feed = payload;
	struct bn_lane *lane = NULL;
	struct bn_error err = {0};
	int64_t not_before = 0, began;
	int failures = 0, rc;

	while (may_run(feed, not_before)) {
		if (lane == NULL && bn_lane_new(&lane, feed, BN_LANE_WATCH, &err) != BN_OK)
			break; /* the poll lane says why */
		began = bn_monotonic();
		rc = watch_once(lane, &err);
		if (rc != BN_OK && rc != BN_ECANCELLED)
			bn_lane_log(lane, 1, &err, "watch");
		/* A stream that ended normally after a while (a proxy's limit) is opened again at
		 * once. */
		failures = bn_monotonic() - began > 30000 ? 0 : failures + 1;
		not_before = bn_monotonic() + bn_backoff(failures);
	}
	bn_lane_free(lane);
	return NULL;
}

/* ---- history
 * ---------------------------------------------------------------------------------------------------------
 */

static int
backfill(struct bn_lane *lane, struct bn_error *err)
{
	struct bn_feed *feed = lane->feed;
	bn_time now = bn_clock_now(feed->collect->options.clock);
	struct bn_batch *batch;
	char text[BN_TIME_TEXT];
	int rc;

	if ((rc = bn_lane_begin(lane, err)) != BN_OK)
		return rc;
	batch = bn_batch_new(lane->writer, &lane->host, feed->id, feed->name, lane->epoch);
	bn_batch_sent(batch, now);
	lane->batch = batch;
	if (bn_batch_watermark(batch, "backfill") == NULL &&
	    (rc = feed->plugin->backfill(&lane->source, now - BN_BACKFILL_SPAN, batch, err)) ==
		BN_OK) {
		bn_lane_checkpoint(lane);
		if ((rc = bn_batch_scope(batch, "backfill", BN_DELTA, err)) == BN_OK) {
			bn_batch_set_watermark(batch, "backfill", bn_time_rfc3339(now, text));
			rc = bn_batch_scope_done(batch, err);
		}
	}
	bn_lane_returned(lane, rc, err);
	lane->batch = NULL;
	bn_batch_free(batch);
	bn_lane_end(lane);
	return rc;
}

static int
backfill_once(struct bn_feed *feed)
{
	struct bn_lane *lane = NULL;
	struct bn_error err = {0};
	int rc;

	if ((rc = bn_lane_new(&lane, feed, BN_LANE_BACKFILL, &err)) != BN_OK)
		return rc; /* the poll lane says why */
	if ((rc = backfill(lane, &err)) != BN_OK && rc != BN_ECANCELLED)
		bn_lane_log(lane, 1, &err, "backfill");
	bn_lane_free(lane);
	return rc;
}

void
bn_backfill_now(struct bn_feed *feed)
{
	if (feed->plugin->backfill != NULL)
		backfill_once(feed);
}

/* Until it has worked once; the source may fail, or its lease go elsewhere in the middle. */
void *
bn_backfill_main(void *payload)
{
	struct bn_feed *feed = payload;
	struct bn_collect *collect = feed->collect;
	int64_t not_before = 0;

	while (may_run(feed, not_before) && backfill_once(feed) != BN_OK)
		not_before = bn_monotonic() + BACKFILL_AGAIN;
	/* what is open may turn out to have begun earlier than was known: it is judged again at once */
	bn_collect_recorded(collect);
	bn_collect_wake(collect);
	return NULL;
}

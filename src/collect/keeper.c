/* keeper.c - gets and keeps the leases: whoever holds a source's lock file polls it, others wait. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/error.h"
#include "collect/internal.h"

#define SLOW_CHECK 2000 /* ms: a safety net where inotify tells of closed lock files */
#define FAST_CHECK 400	/* ms: where it doesn't (network file systems) */

int
bn_keeper_take(struct bn_feed *feed, struct bn_writer *writer, struct bn_error *err)
{
	struct bn_collect *collect = feed->collect;
	char *holder;
	int64_t epoch = 0;
	int rc;

	if ((rc = bn_lease_try(&feed->lease, err)) != BN_OK)
		return rc;
	holder = bn_lease_holder(feed->digest);
	rc = bn_writer_take_lease(writer, feed->id, holder, &epoch, err);
	free(holder);
	if (rc != BN_OK) {
		bn_lease_release(&feed->lease);
		return rc;
	}
	pthread_mutex_lock(&collect->lock);
	if (collect->suspended || collect->stopping) {
		bn_lease_release(&feed->lease);
		rc = bn_fail(err, BN_ECANCELLED, "not now");
	} else {
		feed->held = true;
		feed->epoch = epoch;
		feed->lost_to[0] = '\0';
		feed->due = 0;
		pthread_cond_broadcast(&feed->wake);
	}
	pthread_mutex_unlock(&collect->lock);
	return rc;
}

void
bn_keeper_drop(struct bn_feed *feed)
{
	feed->held = false;
	bn_lease_release(&feed->lease);
}

/* The holder's digest stands at the end of "user@host pid 12 DIGEST". */
bool
bn_keeper_lost(struct bn_lane *lane)
{
	struct bn_feed *feed = lane->feed;
	struct bn_collect *collect = feed->collect;
	sqlite3_stmt *row = NULL;
	const char *holder, *blank;
	bool lost = false;

	if (sqlite3_prepare_v2(bn_writer_db(lane->writer),
			       "SELECT lease_epoch, lease_holder FROM source WHERE id = ?", -1,
			       &row, NULL) != SQLITE_OK)
		return false;
	sqlite3_bind_int64(row, 1, feed->id);
	if (sqlite3_step(row) == SQLITE_ROW && sqlite3_column_int64(row, 0) != lane->epoch) {
		lost = true;
		holder = (const char *)sqlite3_column_text(row, 1);
		blank = holder != NULL ? strrchr(holder, ' ') : NULL;
		pthread_mutex_lock(&collect->lock);
		if (feed->held && feed->epoch == lane->epoch) {
			bn_keeper_drop(feed);
			snprintf(feed->lost_to, sizeof(feed->lost_to), "%s",
				 blank != NULL ? blank + 1 : "");
		}
		pthread_mutex_unlock(&collect->lock);
		bn_keeper_kick(collect);
	}
	sqlite3_finalize(row);
	return lost;
}

void
bn_keeper_kick(struct bn_collect *collect)
{
	uint64_t one = 1;

	if (collect->keeper_event >= 0 && write(collect->keeper_event, &one, sizeof(one)) < 0)
		return; /* the counter is full, so it is awake anyway */
}

/* Another configuration of the same source took the epoch. The latest one is served; we come back
 * when it is gone. (Same digest: the lock itself decides.) */
static bool
must_stand_back(const struct bn_collect *collect, const struct bn_feed *feed, const char *lost_to)
{
	return lost_to[0] != '\0' && strncmp(feed->digest, lost_to, strlen(lost_to)) != 0 &&
	       bn_lease_held_elsewhere(collect->state_dir, feed->name, lost_to);
}

/* Returns how many are still missing. */
static int
take_missing(struct bn_collect *collect, struct bn_writer *writer)
{
	struct bn_error err;
	char lost_to[16];
	int missing = 0;
	bool want;
	size_t i;

	for (i = 0; i < collect->count; i++) {
		pthread_mutex_lock(&collect->lock);
		want = !collect->feeds[i].held && !collect->feeds[i].disabled &&
		       !collect->suspended && !collect->stopping;
		memcpy(lost_to, collect->feeds[i].lost_to, sizeof(lost_to));
		pthread_mutex_unlock(&collect->lock);
		if (!want)
			continue;
		if (must_stand_back(collect, &collect->feeds[i], lost_to) ||
		    bn_keeper_take(&collect->feeds[i], writer, &err) != BN_OK)
			missing++;
	}
	return missing;
}

static void
drain(int fd)
{
	char bytes[4096];

	while (fd >= 0 && read(fd, bytes, sizeof(bytes)) > 0)
		continue;
}

static bool
stands_still(struct bn_collect *collect, bool *stopping)
{
	bool suspended;

	pthread_mutex_lock(&collect->lock);
	suspended = collect->suspended;
	*stopping = collect->stopping;
	pthread_mutex_unlock(&collect->lock);
	return suspended;
}

/* A closed lock file is told just before its lock goes, so after an event a few quick looks follow.
 */
static int
next_look(int missing, int *burst, bool inotify)
{
	static const int quick[] = {600, 200, 50, 10};

	if (missing == 0)
		return -1;
	if (*burst > 0)
		return quick[--*burst];
	return inotify ? SLOW_CHECK : FAST_CHECK;
}

static void
keep(struct bn_collect *collect, struct bn_writer *writer, int notify)
{
	struct pollfd fds[2] = {{collect->keeper_event, POLLIN, 0}, {notify, POLLIN, 0}};
	int missing, burst = 0;
	bool stopping = false;

	for (;;) {
		missing = stands_still(collect, &stopping) ? 0 : take_missing(collect, writer);
		if (stopping)
			return;
		if (poll(fds, notify >= 0 ? 2 : 1, next_look(missing, &burst, notify >= 0)) <= 0)
			continue;
		drain(collect->keeper_event);
		if ((fds[1].revents & POLLIN) != 0)
			burst = 4;
		drain(notify);
	}
}

static int
watch_folder(const struct bn_collect *collect)
{
	char *dir = NULL;
	int fd;

	if (collect->state_dir == NULL || bn_lease_dir(collect->state_dir, &dir, NULL) != BN_OK)
		return -1;
	fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd >= 0 && inotify_add_watch(fd, dir, IN_CLOSE_WRITE) < 0) {
		close(fd);
		fd = -1;
	}
	free(dir);
	return fd;
}

static void *
keeper_main(void *payload)
{
	struct bn_collect *collect = payload;
	struct bn_writer *writer = NULL;
	struct bn_error err;
	int notify = watch_folder(collect);

	if (bn_writer_open(&writer, collect->options.store, &err) == BN_OK)
		keep(collect, writer, notify);
	else
		bn_log_write(collect->options.log, 1, "leases: %s", err.message);
	if (notify >= 0)
		close(notify);
	if (atomic_load(&collect->abandoned))
		return NULL;
	bn_writer_close(writer);
	return NULL;
}

int
bn_keeper_start(struct bn_collect *collect, struct bn_error *err)
{
	int rc;

	if (collect->has_keeper)
		return BN_OK;
	if ((rc = bn_thread_start(&collect->keeper, keeper_main, collect, err)) == BN_OK)
		collect->has_keeper = true;
	return rc;
}

/* notice.c - a descriptor that wakes when some process may have committed. */
/* SPDX-License-Identifier: MIT */
#include "store/internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* A writer appends to the -wal file first and makes the commit visible (in shared memory, which
 * inotify doesn't see) a moment later: after an fsync, in the journal. So when an event came and no
 * commit shows as yet, look again. */
static const int64_t looks_ms[] = {10, 50, 250};
#define LOOKS ((int)(sizeof(looks_ms) / sizeof(looks_ms[0])))

void
bn_notice_init(struct bn_notice *notice)
{
	*notice = (struct bn_notice){-1, -1, -1, -1, 0, 0};
}

static void
drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
bn_notice_free(struct bn_notice *notice)
{
	drop(&notice->epoll);
	drop(&notice->inotify);
	drop(&notice->timer);
	drop(&notice->event);
}

int64_t
bn_db_version(sqlite3 *db)
{
	struct bn_error ignored;
	int64_t cache = 0, journal = 0;

	bn_db_int(db, "PRAGMA main.data_version", 0, &cache, &ignored);
	bn_db_int(db, "PRAGMA journal.data_version", 0, &journal, &ignored);
	return (journal << 32) | (cache & 0xffffffff);
}

static bool
watch_wal(const struct bn_notice *notice, const char *database)
{
	/* The name of the -wal file, never of the database: a descriptor there would drop SQLite's
	 * locks. */
	char *path = bn_xasprintf("%s-wal", database);
	bool fine = inotify_add_watch(notice->inotify, path, IN_MODIFY) >= 0;

	free(path);
	return fine;
}

static bool
poll_on(const struct bn_notice *notice, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return fd >= 0 && epoll_ctl(notice->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

int
bn_store_notice_fd(struct bn_store *store)
{
	struct bn_notice *n = &store->notice;
	bool fine;

	pthread_mutex_lock(&store->lock);
	if (n->epoll < 0 && (store->wal || store->uri)) {
		n->epoll = epoll_create1(EPOLL_CLOEXEC);
		n->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		n->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
		fine = n->epoll >= 0 && poll_on(n, n->event) && poll_on(n, n->timer);
		if (fine && !store->uri) {
			n->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
			fine = n->inotify >= 0 && watch_wal(n, store->cache) &&
			       (store->journal_state == BN_JOURNAL_SALVAGED ||
				watch_wal(n, store->journal)) &&
			       poll_on(n, n->inotify);
		}
		n->version = bn_db_version(store->keeper);
		if (!fine)
			bn_notice_free(n);
	}
	pthread_mutex_unlock(&store->lock);
	return n->epoll;
}

static bool
drained(int fd)
{
	char bytes[4096];
	bool any = false;

	while (fd >= 0 && read(fd, bytes, sizeof(bytes)) > 0)
		any = true;
	return any;
}

static void
look_again(struct bn_notice *n)
{
	struct itimerspec when = {{0, 0}, {0, 0}};

	if (n->trailing < LOOKS) {
		int64_t ms = looks_ms[n->trailing++];

		when.it_value.tv_sec = ms / 1000;
		when.it_value.tv_nsec = ms % 1000 * 1000000;
	}
	timerfd_settime(n->timer, 0, &when, NULL);
}

void
bn_store_noticed(struct bn_store *store)
{
	struct bn_notice *n = &store->notice;
	int64_t version;

	pthread_mutex_lock(&store->lock);
	if (n->epoll >= 0) {
		bool event = drained(n->inotify);

		drained(n->event);
		drained(n->timer);
		version = bn_db_version(store->keeper);
		/* What is visible now may be an earlier commit than the event's: one late look
		 * stays due. */
		if (event)
			n->trailing = version != n->version ? LOOKS - 1 : 0;
		else if (version != n->version)
			n->trailing = LOOKS;
		n->version = version;
		if (!store->uri)
			look_again(n);
	}
	pthread_mutex_unlock(&store->lock);
}

void
bn_store_committed(struct bn_store *store)
{
	uint64_t one = 1;

	/* In memory there is no -wal file to watch; on disk inotify sees our own commits as well.
	 */
	if (store->uri && store->notice.event >= 0 &&
	    write(store->notice.event, &one, sizeof(one)) < 0)
		return;
}

/* upkeep.c - after polls: rules above us are told, and in idle moments the store is kept in order. */
/* SPDX-License-Identifier: MIT */
#include "collect/internal.h"

#define BETWEEN	     500   /* ms of rest between two calls */
#define GATHER	     150   /* ms: polls that end together make one call */
#define MAINTAIN_ALL 60000 /* ms between looks for housekeeping */
#define MAINTAIN_ONE 20	   /* ms between its small steps, so that lanes get their turn */

static void
after_polls(struct bn_collect *collect)
{
	if (collect->options.after_poll != NULL)
		collect->options.after_poll(collect->options.payload, collect->options.store);
	bn_collect_wake(collect);
}

/* One small step; returns when the next one is due. */
static int64_t
maintain(struct bn_collect *collect, struct bn_writer **writer)
{
	struct bn_error err;
	int rc;

	if (*writer == NULL && bn_writer_open(writer, collect->options.store, &err) != BN_OK)
		return bn_monotonic() + MAINTAIN_ALL;
	rc = bn_writer_maintain(*writer, &err);
	if (rc == BN_EBUSY)
		return bn_monotonic() + MAINTAIN_ONE;
	if (rc != BN_OK)
		bn_log_write(collect->options.log, 1, "housekeeping: %s", err.message);
	return bn_monotonic() + MAINTAIN_ALL;
}

static bool
any_held(const struct bn_collect *collect)
{
	size_t i;

	for (i = 0; i < collect->count; i++)
		if (collect->feeds[i].held)
			return true;
	return false;
}

static void *
upkeep_main(void *payload)
{
	struct bn_collect *collect = payload;
	struct bn_writer *writer = NULL;
	int64_t next = bn_monotonic() + MAINTAIN_ALL / 20, gather, last = 0;

	pthread_mutex_lock(&collect->lock);
	while (!collect->stopping) {
		if (collect->upkeep_due && !collect->suspended) {
			gather = bn_monotonic() + GATHER;
			if (gather < last + BETWEEN)
				gather = last + BETWEEN;
			while (!collect->stopping && bn_monotonic() < gather)
				bn_collect_wait(collect, gather);
			collect->upkeep_due = false;
			pthread_mutex_unlock(&collect->lock);
			after_polls(collect);
			last = bn_monotonic();
			pthread_mutex_lock(&collect->lock);
		} else if (bn_monotonic() < next || collect->suspended || !any_held(collect)) {
			bn_collect_wait(
			    collect, bn_monotonic() < next ? next : bn_monotonic() + MAINTAIN_ALL);
		} else {
			pthread_mutex_unlock(&collect->lock);
			next = maintain(collect, &writer);
			pthread_mutex_lock(&collect->lock);
		}
	}
	pthread_mutex_unlock(&collect->lock);
	if (!atomic_load(&collect->abandoned))
		bn_writer_close(writer);
	return NULL;
}

int
bn_upkeep_start(struct bn_collect *collect, struct bn_error *err)
{
	int rc;

	if (collect->has_upkeep)
		return BN_OK;
	if ((rc = bn_thread_start(&collect->upkeep, upkeep_main, collect, err)) == BN_OK)
		collect->has_upkeep = true;
	return rc;
}

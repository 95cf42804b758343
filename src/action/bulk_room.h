/* bulk_room.h - what the files of a bulk share. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_ACTION_BULK_ROOM_H
#define BN_ACTION_BULK_ROOM_H

#include <pthread.h>

#include "action/bulk.h"
#include "action/internal.h"

#define BN_BULK_VERB "bulk"
#define BN_BULK_END  "bulk-end"

/* What happens to one item; its position is that of the item. */
struct bn_bulk_work {
	struct bn_bulk_item_now now;
	bool named;    /* it was APART, and its name was typed */
	int attempt;   /* the run's in the store when it was planned; later ones are the retry's */
	bn_time start; /* the run's; 0: not known */
	int64_t sent_at; /* monotonic ms */
	int64_t look_at; /* when it is looked at next */
	int64_t pause;	 /* ms between the last look and that */
	bool looking;	 /* somebody is at it */
};

struct bn_bulk_state {
	pthread_mutex_t lock; /* over work's now and the fields below, from bn_bulk_send on */
	pthread_cond_t changed;
	struct bn_bulk_work *work;
	/* before[i * count + k]: item i waits for item k, which stands before it. Never changes after planning. */
	unsigned char *before;
	int concurrency; /* for estimates */

	int64_t parent;
	enum bn_bulk_end end;
	int wave;
	bool over;	      /* the lanes shall come home */
	int64_t next_send;    /* monotonic ms: none is taken before */
	int64_t next_request; /* … and none leaves before */
	const void *turn;     /* the lane whose request leaves next, or NULL */
	char text[256];	      /* the summary, at the end */
};

static inline bool
bn_bulk_waits_for(const struct bn_bulk *bulk, size_t item, size_t other)
{
	return bulk->state->before[item * bulk->count + other] != 0;
}

/* bulk_order.c: fills `before` from lineage and from the starts of runs of one pipeline, and gives each item that is
 * not OUT its wave; then sorts items (and their work). */
int bn_bulk_order(struct bn_bulk *bulk, struct bn_reader *reader, struct bn_error *err);
/* The pure part: how far behind those that wait for nobody each stands by `before` (count * count), at most: 1 for
 * them, 0 where `out`; in a ring what stands first goes first. */
void bn_bulk_depths(const unsigned char *before, const bool *out, size_t count, int *depth);

/* bulk_sum.c: totals, `behind`, digest and estimate, after planning and after each name. */
void bn_bulk_sum(struct bn_bulk *bulk);
/* Sums and line of the present moment; the lock is held, or nobody else is at it. */
void bn_bulk_look(const struct bn_bulk *bulk, struct bn_bulk_now *out);

/* bulk_record.c: the parent (synced when it returns) and its end. `hold` is the name of its hold. */
int bn_bulk_begin_record(struct bn_actions *action, const struct bn_bulk *bulk, const char *reason,
			 const struct bn_bulk_options *options, const char *hold, int64_t *seq,
			 struct bn_error *err);
/* Where it is the rest of another: whether that is still so, for others may have begun on it since it was planned.
 * Held (*out, NULL where it is no rest) until its own record is there, so that only one can. BN_EBUSY, BN_ECONFLICT. */
int bn_bulk_still_rest(struct bn_actions *action, const struct bn_bulk *bulk, struct bn_hold **out,
		       struct bn_error *err);
int bn_bulk_end_record(struct bn_actions *action, int64_t parent, enum bn_bulk_end end,
		       const char *text, struct bn_error *err);
int bn_bulk_hold(struct bn_hold **out, struct bn_actions *action, const char *name,
		 struct bn_error *err);
/* Ends every bulk whose holder is gone as interrupted. */
int bn_bulk_reconcile(struct bn_actions *action, struct bn_error *err);

#endif

/* internal.h - what the files of src/action share. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_ACTION_INTERNAL_H
#define BN_ACTION_INTERNAL_H

#include <jansson.h>

#include "action/action.h"

struct bn_actions {
	struct bn_action_options options;
	struct bn_actor actor;
};

/* The plan with its digest out of what the plugin says; the store's part (class, history, guards) is not in it. */
struct bn_action_plan *bn_plan_copy(const struct bn_plan *plan);
/* The same digest over what the plugin says now. */
void bn_plan_digest(const struct bn_plan *plan, char out[BN_DIGEST_HEX]);
/* As it goes into the journal. The caller owns it. */
json_t *bn_plan_json(const struct bn_action_plan *plan);

/* class.c: declared by [policy] or the pipeline. */
void bn_action_classify(struct bn_actions *action, struct bn_action_plan *plan,
			const char *declared);
/* lore.c: what earlier retries of the same error came to. */
int bn_action_lore(struct bn_reader *reader, struct bn_action_plan *plan, struct bn_error *err);

/* snapshot.c: what a retry destroys: status, tasks that failed, the ends of their logs. Never fails: what can't be
 * had is missing. The caller owns it. */
json_t *bn_action_snapshot(struct bn_actions *action, struct bn_reader *reader,
			   const struct bn_action_plan *plan);

/* A text from outside as JSON, of more than `most` bytes only the beginning, whole characters, and an ellipsis: what
 * goes on for too long must not keep a record from being written. *spent grows by the bytes kept. NULL for bytes that
 * are no UTF-8: better without them. */
json_t *bn_action_short(const char *whole, size_t most, size_t *spent);

/* settle.c: reads the platform for one intent and records what it says. result->state is what is known now; its answer
 * and run stay as they are where nothing is said of them. The caller holds the target. */
int bn_action_settle_one(struct bn_actions *action, const struct bn_intent *intent, int64_t seq,
			 struct bn_action_result *result, struct bn_error *err);
/* {"state":…,"by":…,…} appended to the intent. */
int bn_action_record(struct bn_actions *action, struct bn_ref about, int64_t intent, const char *by,
		     const struct bn_outcome *outcome, const char *why, const char *reason,
		     int64_t *seq, struct bn_error *err);
/* Asked when all that is left is to record that it is sent, and to send it; returns when that may be. BN_LOOK_AGAIN:
 * that took so long that the target has to be read again before; it keeps its turn, and is asked anew. Anything else
 * but BN_OK: it is not sent. */
struct bn_turn {
	int (*wait)(void *payload, struct bn_error *err);
	void *payload;
};
/* bn_action_send as a part of bulk `parent`, when its turn comes (NULL: at once). */
int bn_action_send_within(struct bn_actions *action, const struct bn_action_plan *plan,
			  int64_t parent, const struct bn_turn *turn, const char *reason,
			  const char *typed, struct bn_action_result *result, struct bn_error *err);
/* When a run of run_now began for the first time, in SQL: a further attempt may move the start that it shows (an
 * Airflow run that is cleared is queued anew), which makes it no newer than it is. */
#define BN_RUN_BEGAN(run)                                                                          \
	"coalesce((SELECT min(coalesce(a.queued_at, a.started_at)) FROM main.attempt a WHERE"      \
	" a.run_id = " run ".id), " run ".queued_at, " run ".started_at)"

/* BN_EBUSY: a run of the same pipeline that began later, or that was made from this one, is under way.
 * BN_ECONFLICT: one that was made from this one went well. */
int bn_action_newer(struct bn_actions *action, const struct bn_action_plan *plan,
		    struct bn_error *err);
int64_t bn_action_min_interval(const struct bn_actions *action);

#endif

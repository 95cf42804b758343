/* action.h - retrying safely: plan, journal, send once, outcome; and finding out what became of a lost answer. */
/* SPDX-License-Identifier: MIT
 *
 * DESIGN 5. The journal's record of an intent is on disk before anything is sent; the target is read again right
 * before it; it is sent at most once; what came of it is a further record. What is not known stays unknown until
 * the platform has been read, or a person decided. */
#ifndef BN_ACTION_ACTION_H
#define BN_ACTION_ACTION_H

#include "base/digest.h"
#include "base/memory.h"
#include "collect/collect.h"
#include "config/config.h"
#include "store/journal.h"

/* May be used from several threads at once. */
struct bn_actions;
struct bn_action_options {
	struct bn_store *store;		/* borrowed, all of them */
	struct bn_collect *collect;	/* needed for everything but bn_action_list */
	const struct bn_config *config; /* [policy] */
	const struct bn_clock *clock;
	struct bn_log *log; /* may be NULL */
	bool read_only;	    /* nothing is ever sent */
};
int bn_action_new(struct bn_actions **out, const struct bn_action_options *options,
		  struct bn_error *err);
void bn_action_free(struct bn_actions *action); /* NULL allowed */

/* ---- planning ---------------------------------------------------------------------------------- */

enum bn_guard_mark { BN_GUARD_FINE, BN_GUARD_NOTE, BN_GUARD_STOP };

/* One thing that was looked at before a retry is offered. */
struct bn_action_guard {
	enum bn_guard_mark mark;
	const char *text;
	int code;	     /* STOP: why it is refused */
	int64_t retry_after; /* ms, 0: not said */
};

struct bn_action_plan {
	struct bn_arena *arena; /* everything below lives in it */
	struct bn_ref about;	/* the run */
	const char *pipeline;	/* its key, or NULL */
	const char *name; /* what a person types to confirm: the pipeline's key, or the run's */
	const char *engine, *verb, *mode, *attempt, *unit, *what, *sends, *request, *body;
	int failed, skipped, kept; /* units; -1: not known */
	const char *const
	    *only; /* keys of the tasks that were chosen, NULL behind the last; NULL: all */
	const char *notes[8]; /* NULL behind the last */
	const struct bn_plan_step *steps;
	size_t step_count;
	int waves; /* the highest of the steps', 0: not known */
	char digest[BN_DIGEST_HEX];
	enum bn_idempotence class;
	const char *class_origin; /* "declared by the pipeline", "[policy]", "not declared" */
	bool typed;		  /* append or unknown: `name` has to be typed */
	bool needs_reason;	  /* [policy] require-reason */
	const char *error;	  /* what the run failed of, as the platform tells it, or NULL */
	const char *fingerprint;  /* the same with its numbers folded, or NULL */
	int seen,
	    cured;     /* retries of this error whose end is known; those of them that succeeded */
	int retried;   /* how often this very run was retried from here */
	int64_t usual; /* ms a whole run of the pipeline takes, -1: not known */
	bn_time next_due; /* 0: not known */
	struct bn_action_guard guards[8];
	size_t guard_count;
};

/* Reads the platform and says what a retry of the run would do. Refusals that make a plan pointless are errors:
 * BN_EPERM (actions = none, read-only), BN_ECONFLICT (it has recovered), BN_EBUSY (it runs), BN_EUNSUPPORTED.
 * What may pass until it is sent (a lock, the minimum interval, an intent whose outcome is unknown) is a guard
 * with BN_GUARD_STOP. The caller frees *out. */
int bn_action_plan(struct bn_action_plan **out, struct bn_actions *action, struct bn_ref run,
		   struct bn_error *err);
/* The same for some of its failed tasks and what waits for them: their keys, NULL behind the last (`only` NULL: all
 * that failed). BN_EUNSUPPORTED where the engine can't, see bn_collect_plans_tasks. */
int bn_action_plan_tasks(struct bn_action_plan **out, struct bn_actions *action, struct bn_ref run,
			 const char *const *only, struct bn_error *err);
void bn_action_plan_free(struct bn_action_plan *plan); /* NULL allowed */
/* The first guard that forbids sending as an error; BN_OK if there is none. */
int bn_action_plan_refusal(const struct bn_action_plan *plan, struct bn_error *err);

/* "stg_payments: exit 1 after 12s, run 28f6k" → the same with numbers, ids, times folded to '#', at most 200
 * bytes; equal errors of different runs have equal fingerprints. The caller frees it; NULL for NULL or "". */
char *bn_action_fingerprint(const char *message);

/* ---- sending ----------------------------------------------------------------------------------- */

struct bn_action_result {
	int64_t intent; /* its record; 0: there is none */
	enum bn_outcome_state state;
	int http_status;
	char answer[256]; /* what the platform said, or why it is not known */
	char run[256];	  /* key of the run that runs now */
};
/* Sends the plan, once. `typed` is what the person typed where plan->typed asks for it, else NULL. BN_OK: the
 * platform took it. BN_EREMOTE: it refused. BN_EUNCERTAIN: sent, and what came of it is not known even after the
 * platform was read. Anything else: nothing was sent (BN_ECONFLICT: the run is in another attempt by now; BN_EBUSY
 * and BN_EPERM as in planning). */
int bn_action_send(struct bn_actions *action, const struct bn_action_plan *plan, const char *reason,
		   const char *typed, struct bn_action_result *result, struct bn_error *err);

/* ---- what became of it ------------------------------------------------------------------------- */

/* Reads the platforms for every intent of `source` (NULL: all) that is open or unknown and that nobody holds;
 * what can be told is recorded as its outcome. *left (may be NULL) counts those that remain unknown. A source that
 * can't be asked leaves its intents as they are. */
int bn_action_reconcile(struct bn_actions *action, const char *source, int *left,
			struct bn_error *err);
/* A person decides: it was done, or it was not. BN_ECONFLICT: it is settled already. */
int bn_action_settle(struct bn_actions *action, int64_t intent, bool done, const char *reason,
		     int64_t *seq, struct bn_error *err);

const char *bn_outcome_word(enum bn_outcome_state state);

#endif

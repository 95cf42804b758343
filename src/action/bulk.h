/* bulk.h - retrying many: one plan, in the order of who feeds whom, sent slowly, stopped early, and never forgotten. */
/* SPDX-License-Identifier: MIT
 *
 * A bulk is a plan of plans: one item for each run, folded from whatever was named. Each item is sent by
 * bn_action_send with all its care; what is added here is what lies between requests: order, spacing, how many may be
 * under way at one source, and when to stop. In the journal it is one record `bulk` (the parent: what, why, which
 * runs), an `intent` with that parent for each item that was sent, or about to be, and one record `bulk-end`. A parent
 * without an end whose holder is gone was interrupted. The view bulk_now tells them all.
 *
 * Life: bn_bulk_plan, perhaps bn_bulk_name a few times, bn_bulk_send at most once, bn_bulk_free. Plan and send block:
 * call them from a thread of your own. While bn_bulk_send runs, other threads may call bn_bulk_now and
 * bn_bulk_item_now, and set options' abort; everything else of the bulk stays as it is. */
#ifndef BN_ACTION_BULK_H
#define BN_ACTION_BULK_H

#include <stdatomic.h>

#include "action/action.h"

#define BN_BULK_MAX   1000 /* items */
#define BN_BULK_WAVES 64   /* what lies deeper is in the last of them, and in order there */

enum bn_bulk_fate {
	BN_BULK_READY, /* is sent */
	BN_BULK_APART, /* append or unknown work: left out until bn_bulk_name names it */
	BN_BULK_OUT    /* left out: `why` says what forbids it */
};

/* One run, and what a retry of it would do. */
struct bn_bulk_item {
	struct bn_ref run;    /* kind BN_RUN, or what was named if no run was found */
	const char *pipeline; /* its key, or NULL */
	const char *name;     /* what people call it, and type: the pipeline's key, or the run's */
	const char *engine;   /* "argo", "airflow"; NULL: not known */
	struct bn_action_plan *plan; /* NULL when it can't even be planned */
	enum bn_bulk_fate fate;
	struct bn_error why; /* OUT: its code and message */
	int wave;	     /* from 1; 0 for OUT */
	int asked;	     /* how many of the references given fold into this one request */
	/* Index of an item it waits for that isn't sent with it (OUT or still APART), -1: none. Worth a warning. */
	int behind;
};

/* In the units the engines run again; one row for each kind of unit. */
struct bn_bulk_total {
	const char *unit;		 /* "pod" */
	int runs, failed, skipped, kept; /* -1: not known of one of them */
};

struct bn_bulk {
	struct bn_arena *arena; /* everything below lives in it, but the items' plans */
	struct bn_bulk_item
	    *items; /* in the order they are sent in: by wave, then as named; OUT behind */
	size_t count;
	size_t ready, apart, out;
	int waves;			/* the highest */
	struct bn_bulk_total totals[8]; /* of READY items */
	size_t total_count;
	int64_t
	    estimate; /* ms until the last READY run has ended, by p50s, waves and concurrency; -1: not known */
	char digest[BN_DIGEST_HEX]; /* over all READY items, their waves and their plans */
	const char *note;	    /* what else to know of its order, or NULL */
	bool needs_reason;
	int64_t
	    rest_of; /* the bulk this is the rest of; 0: none. The caller may set it before sending */
	/* Sources, "a, b", that were to be searched for what failed and could not be read; NULL: none. As rest_of. */
	const char *unread;
	struct bn_bulk_state *state; /* its own */
};

/* Plans every run named. `refs` are pipelines (their latest run), runs, or tasks (their run; key "RUN/TASK" as the
 * store has it): what names the same run twice folds into one item. Reads each run's platform, sources side by side;
 * an item that can't be retried is OUT with the reason and no error. BN_EINVAL: no reference, or more than
 * BN_BULK_MAX; BN_EPERM: read-only. bn_collect_cancel_plans makes it return BN_ECANCELLED. The caller frees *out. */
int bn_bulk_plan(struct bn_bulk **out, struct bn_actions *action, const struct bn_ref *refs,
		 size_t count, struct bn_error *err);
void bn_bulk_free(struct bn_bulk *bulk); /* NULL allowed; not while it is being sent */

/* A person typed the name of item `i`, which is APART: it is READY now; totals, estimate and digest follow. All
 * APART items of that very name (runs of one pipeline) are taken with it. BN_EPERM: it is not that name. */
int bn_bulk_name(struct bn_bulk *bulk, size_t i, const char *typed, struct bn_error *err);

/* ---- sending ----------------------------------------------------------------------------------- */

struct bn_bulk_options {
	int64_t spacing;    /* ms between two requests, whatever their sources */
	int concurrency;    /* how many of its runs may be under way at one source; at least 1 */
	double abort_ratio; /* 0..1: when more of a wave than this failed, nothing more is sent */
	int64_t timeout;    /* ms for all of it; what isn't sent by then stays unsent */
	int64_t poll;	    /* ms between two looks at a run that is under way, at most */
	/* Waits for the runs of the last wave, too. Otherwise it returns when the last request was answered. */
	bool follow;
	/* Set from any thread or signal handler: nothing more leaves, what has left is waited for. May be NULL. */
	const atomic_bool *abort;
	/* Called on the sending thread at least every 200 ms and after each change; may call bn_bulk_now. NULL: none. */
	void (*tick)(void *payload);
	void *payload;
};
/* As [policy] has them: retry-spacing, retry-concurrency, retry-abort-ratio, retry-timeout. */
void bn_bulk_defaults(const struct bn_actions *action, struct bn_bulk_options *options);

enum bn_bulk_end {
	BN_BULK_RUNNING,    /* not over yet, or bn_bulk_send was not called */
	BN_BULK_ENDED,	    /* each READY item had its turn, or waits for one that failed */
	BN_BULK_STOPPED,    /* by the abort ratio */
	BN_BULK_ABORTED,    /* by a person */
	BN_BULK_TIMED_OUT,  /* by options.timeout */
	BN_BULK_INTERRUPTED /* its process is gone; only ever found in the journal */
};

/* The state of one item. In this order they follow each other. */
enum bn_bulk_step {
	BN_BULK_WAITS,	 /* for its wave, a free place, the spacing */
	BN_BULK_SENDING, /* it is its turn: recorded, read again, then sent */
	BN_BULK_SENT,	 /* taken; its run is under way as far as anybody knows */
	BN_BULK_GREEN,	 /* the run ended well */
	BN_BULK_RED,	 /* taken, and the run ended otherwise */
	BN_BULK_REFUSED, /* by the platform */
	BN_BULK_UNKNOWN, /* sent, and what came of it is not known */
	BN_BULK_UNSENT	 /* never sent: stopped, aborted, behind a failure, or missed; `why` */
};

struct bn_bulk_item_now {
	enum bn_bulk_step step;
	/* UNSENT though its turn had come: the check right before sending said no, or its intent could not be
	 * recorded. To the abort ratio and to what waits for it that is a failure like any other. */
	bool missed;
	int64_t intent;	  /* its record; 0: none */
	char run[256];	  /* key of the run that runs now when it is another one, else "" */
	char answer[256]; /* the platform's words, or why it was not sent */
	int code;	  /* BN_OK, or the error's */
};

struct bn_bulk_wave_now {
	int total, sent, green, running;
	int failed; /* red, refused or unknown */
	int left;   /* not sent (yet) */
	int missed; /* of left */
};

struct bn_bulk_now {
	int64_t parent; /* the record; 0: not written yet */
	enum bn_bulk_end end;
	int wave;     /* being sent or waited for; 0 before the first */
	bool waiting; /* nothing of the wave is still to be sent, and what was sent is waited for */
	struct bn_bulk_wave_now all;
	int unknown;					  /* of all.failed */
	struct bn_bulk_wave_now waves[BN_BULK_WAVES + 1]; /* by number, from 1 */
	int64_t left_ms; /* until the last run has ended, as far as p50s tell; -1: not known */
	char text
	    [256]; /* one line: "wave 1 of 2: 2 of 3 sent"; at the end the summary: "stopped after wave 1: 1 of 3
			    * failed, 37 not sent" */
};
/* Both from any thread, at any time. */
void bn_bulk_now(const struct bn_bulk *bulk, struct bn_bulk_now *out);
void bn_bulk_item_now(const struct bn_bulk *bulk, size_t i, struct bn_bulk_item_now *out);
const char *bn_bulk_end_word(enum bn_bulk_end end);    /* "ended", "stopped" … */
const char *bn_bulk_step_word(enum bn_bulk_step step); /* "waits", "sent", "green" … */

/* Sends every READY item: parent record first (synced), then wave after wave. The next wave begins when the runs of
 * this one have ended; what waits for a run that did not end well is not sent. More than abort_ratio of a wave
 * refused, unknown, red or missed: nothing more is sent. *seq (may be NULL) is the parent's number as soon as it is
 * written.
 *
 * BN_OK: everything was sent and taken (and, as far as it was waited for, green). BN_EUNCERTAIN: of one at least what
 * came of it is not known; or all went well, but the end could not be recorded. BN_EREMOTE: one at least was refused,
 * ended red, could not be sent or was left behind by one of those, or the ratio stopped it. BN_ECANCELLED: aborted.
 * BN_ETIMEOUT. In these cases *err says the summary's words. Anything else: there is no parent record, and nothing was sent (BN_EPERM, BN_EINVAL: nothing is READY). */
int bn_bulk_send(struct bn_actions *action, struct bn_bulk *bulk, const char *reason,
		 const struct bn_bulk_options *options, int64_t *seq, struct bn_error *err);

/* ---- afterwards -------------------------------------------------------------------------------- */

/* What of bulk `parent` was never sent, neither by itself nor by any bulk it shares a root with: one it is the rest
 * of, or another rest of that. An intent whose outcome is unknown is sent. References into an array that the caller
 * frees with bn_arena_free(*arena): plan them with bn_bulk_plan and set rest_of. BN_ENOTFOUND: no such bulk;
 * BN_EBUSY: it, or one of the others, is still being sent; BN_ECONFLICT: nothing is left of it. The finding of a bulk
 * that did not send all has the rule "bulk-interrupted" and the number of the root as its key: what any of them left
 * is left of the root, and its rest is all of that. */
int bn_bulk_rest(struct bn_arena **arena, struct bn_ref **refs, size_t *count,
		 struct bn_actions *action, int64_t parent, struct bn_error *err);

#endif

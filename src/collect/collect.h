/* collect.h - sources, lanes, schedule and leases: everything that fetches, and how the console asks for it. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_COLLECT_COLLECT_H
#define BN_COLLECT_COLLECT_H

#include "base/log.h"
#include "collect/registry.h"
#include "config/config.h"
#include "store/store.h"

/* The collector of one process: a lane (thread) per source it holds the lease of, an interactive lane a
 * source made when first needed, a lane for each followed log. Everything it learns goes to the store;
 * nothing is returned but whether it worked. */
struct bn_collect;
struct bn_exchange; /* net/http.h */

struct bn_collect_options {
	const struct bn_config *config;	    /* borrowed, must outlive */
	const struct bn_registry *registry; /* borrowed */
	struct bn_store *store;		    /* borrowed */
	const struct bn_clock *clock;	    /* borrowed */
	struct bn_log *log;		    /* borrowed, may be NULL */
	/* Called from lanes whenever something changed that no commit shows (a lane began or ended, a log line
	 * arrived); must be cheap and thread-safe (write to an eventfd). May be NULL. */
	void (*wake)(void *payload);
	void *payload;
	/* Called after polls of sources whose lease is ours and after bn_collect_recorded, one call for all that
	 * ended meanwhile, on a thread of its own (by bn_collect_once, and by bn_collect_free for what ended last:
	 * on the caller's, before they return): evaluate rules, read repositories.
	 * May take its time; must not call bn_collect_*. May be NULL. */
	void (*after_poll)(void *payload, struct bn_store *store);
	/* Sees every request that is sent, with the row of the request table it came from; called from several
	 * threads. For recorders in tests. May be NULL. */
	void (*observe)(const struct bn_exchange *exchange, void *payload);
	void *observe_payload;
};

/* Registers every configured source in the store and replaces the configuration's links. Starts nothing. */
int bn_collect_new(struct bn_collect **out, const struct bn_collect_options *options,
		   struct bn_error *err);
/* Cancels and joins every lane within a second, releases the leases. NULL allowed (true). False when a lane had
 * to be left behind, in a plugin that never comes back: it may still hold store, configuration, registry, clock
 * and log, so leave those as they are and let the process end. */
bool bn_collect_free(struct bn_collect *collect);

/* Starts polling on the schedule (jittered), where the lease can be had; waits for it otherwise. */
int bn_collect_start(struct bn_collect *collect, struct bn_error *err);
/* SIGTSTP: gives the leases back and stands still until bn_collect_resume. */
void bn_collect_suspend(struct bn_collect *collect);
void bn_collect_resume(struct bn_collect *collect);

/* Scripted mode: polls once, at the same time, each source of `names` (NULL-terminated; NULL: all) whose data
 * is older than its interval and whose lease nobody else holds; returns when all are done or `timeout` ms
 * are over. Failures are in the sources' rows, not here; BN_OK also then. `force` polls whatever its age. */
int bn_collect_once(struct bn_collect *collect, const char *const *names, int64_t timeout,
		    bool force, struct bn_error *err);
/* True when the latest answers could not be stored (a full disk): *err says why and what to do. */
bool bn_collect_trouble(struct bn_collect *collect, struct bn_error *err);

/* Asks for a poll of one source (NULL: all) as soon as possible. Returns at once. */
void bn_collect_refresh(struct bn_collect *collect, const char *source);

/* Tells that the journal has something new that rules look at (what came of a retry): after_poll is called as after
 * a poll, at the latest by bn_collect_free. Returns at once; from any thread. */
void bn_collect_recorded(struct bn_collect *collect);

/* How many lanes are at work right now (for the spinner), and whether this source's lane is. */
int bn_collect_busy(struct bn_collect *collect, const char *source);

/* Loads what is too much to poll (a run's tasks) on the source's interactive lane. With timeout 0 it returns
 * at once and the result shows in the store; otherwise it waits. BN_EUNSUPPORTED if its plugin has none,
 * BN_ENOTFOUND if the source isn't configured here. */
int bn_collect_detail(struct bn_collect *collect, struct bn_ref about, int64_t timeout,
		      struct bn_error *err);

/* A log being read: lines wait in a bounded ring (10,000 lines; the oldest give way and are counted). */
struct bn_log_reader;
struct bn_log_line {
	bn_time at;	  /* 0: not said */
	const char *text; /* original bytes, NUL-terminated; valid until the next bn_log_next */
	size_t size;
};
int bn_collect_log_open(struct bn_log_reader **out, struct bn_collect *collect, struct bn_ref run,
			const struct bn_log_request *request, struct bn_error *err);
/* 1: a line; 0: none waiting (ask again after a wake); BN_OK is 0. Negative: it ended that way, with *err.
 * BN_ECANCELLED: it ended normally. `wait` ms to wait for a line. */
int bn_log_next(struct bn_log_reader *reader, struct bn_log_line *line, int64_t wait,
		struct bn_error *err);
int64_t bn_log_dropped(const struct bn_log_reader *reader);
void bn_log_reader_close(struct bn_log_reader *reader); /* cancels */

/* Asks a source everything that proves login and rights; one line per question to `on_line` as "ok|fail|note",
 * what, detail. */
int bn_collect_doctor(struct bn_collect *collect, const char *source, int64_t timeout,
		      void (*on_line)(const char *verdict, const char *what, const char *detail,
				      void *payload),
		      void *payload, struct bn_error *err);

/* ---- acting: what src/action is built on -------------------------------------------------------
 * Each of these works on the caller's thread, on a lane of its own, and comes back when it is done; plans and
 * reconciling only read. BN_ENOTFOUND: the source isn't configured here; BN_EUNSUPPORTED: its plugin can't. */

/* Has the plugin plan (`only`: bn_plan.only); what it filled is borrowed by `take` (returning other than BN_OK ends with that).
 * Secrets of the source are stars in it, as they are in outcomes and errors. */
typedef int bn_plan_fn(const struct bn_plan *plan, void *payload, struct bn_error *err);
int bn_collect_plan(struct bn_collect *collect, struct bn_ref about, const char *verb,
		    const char *const *only, bn_plan_fn *take, void *payload, struct bn_error *err);
/* Plans anew (`key`: bn_plan.key) and has `check` compare; only when that returns BN_OK the plan is sent, once, as
 * the plugin made it (without stars), and `told` gets what came of it (always, exactly once, when check returned BN_OK;
 * outcome's strings are borrowed). Returns what came of planning, checking or sending. `check` may wait for its time;
 * BN_LOOK_AGAIN from it: that took so long that the platform is read, and check called, once more. */
#define BN_LOOK_AGAIN 1
typedef void bn_told_fn(const struct bn_outcome *outcome, const struct bn_error *why,
			void *payload);
int bn_collect_act(struct bn_collect *collect, struct bn_ref about, const char *verb,
		   const char *const *only, const char *key, bn_plan_fn *check, bn_told_fn *told,
		   void *payload, struct bn_error *err);
/* Reads what became of an intent; `told` gets it when BN_OK is returned. */
int bn_collect_reconcile(struct bn_collect *collect, const struct bn_intent *intent,
			 bn_told_fn *told, void *payload, struct bn_error *err);
/* From any thread: whoever plans or reconciles gets BN_ECANCELLED. A request that is being sent goes on. */
void bn_collect_cancel_plans(struct bn_collect *collect);
/* How often that was called. Whoever plans in several steps remembers it in the beginning, and looks between them: a
 * cancel that came while no lane was at it counts as well. */
unsigned bn_collect_plans(struct bn_collect *collect);
/* As bn_collect_detail, for a plan that began at `plans`: BN_ECANCELLED as soon as plans were cancelled since. */
int bn_collect_plan_detail(struct bn_collect *collect, struct bn_ref about, int64_t timeout,
			   unsigned plans, struct bn_error *err);
/* "none" or "retry": what the source's configuration allows; NULL if it isn't configured here. */
const char *bn_collect_actions(struct bn_collect *collect, const char *source);
/* Has the source's plugin plan, act and reconcile? */
bool bn_collect_can_act(struct bn_collect *collect, const char *source);
/* … and can some of a run's failed tasks be chosen? */
bool bn_collect_plans_tasks(struct bn_collect *collect, const char *source);
/* Whoever acts on a thing holds it meanwhile, so that others can tell an action under way from one whose process
 * died. BN_EBUSY: somebody (a thread of ours, too) holds it. Where the store is in memory nobody else sees it,
 * and *out is NULL with BN_OK. */
struct bn_hold;
int bn_collect_hold(struct bn_hold **out, struct bn_collect *collect, struct bn_ref about,
		    struct bn_error *err);
void bn_hold_release(struct bn_hold *hold); /* NULL allowed */

/* Endpoints: one probe now, result in the store (the plugin's detail() of that endpoint). */
int bn_collect_probe(struct bn_collect *collect, const char *source, const char *endpoint,
		     int64_t timeout, struct bn_error *err);

#endif

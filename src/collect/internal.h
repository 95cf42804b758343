/* internal.h - what the files of src/collect share: feeds (configured sources), lanes, leases, jobs. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_COLLECT_INTERNAL_H
#define BN_COLLECT_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "base/digest.h"
#include "collect/collect.h"
#include "config/secret.h"
#include "net/http.h"

#define BN_REAL_FLOOR	 50    /* ms between polls, whatever the clock's speed */
#define BN_DEFAULT_EVERY 30000 /* ms */
#define BN_ASKS_MAX	 10000 /* requests one plugin call may make: a cursor may run in circles */
#define BN_CALLS_MAX	 500   /* call records kept of one poll */
#define BN_IDLE_LANE	 60000 /* ms until an unused interactive lane ends */
#define BN_ONCE_PARALLEL 64
#define BN_BACKFILL_SPAN (14LL * 24 * 3600 * 1000)

struct bn_feed;
struct bn_job;

/* ---- leases (lease.c) ---------------------------------------------------------------------- */

/* A source's lock file; held by at most one process. `fd` stays open while waiting: closing it
 * would wake every other waiter. */
struct bn_lease {
	char *path;  /* NULL: a store in memory, which nobody else sees */
	mode_t mode; /* of its file: 0660 where a group shares the state */
	int fd;
	bool locked;
};
void bn_lease_init(struct bn_lease *lease, const char *state_dir, const char *source,
		   const char *digest);
/* BN_OK: ours now; BN_EBUSY: somebody else's; BN_EIO. */
int bn_lease_try(struct bn_lease *lease, struct bn_error *err);
void bn_lease_release(struct bn_lease *lease);
void bn_lease_clear(struct bn_lease *lease);
/* Does anybody hold the lease of that source and digest prefix? */
bool bn_lease_held_elsewhere(const char *state_dir, const char *source, const char *digest);
/* The folder of the lock files; made if missing. The caller frees *out. */
int bn_lease_dir(const char *state_dir, char **out, struct bn_error *err);
/* "user@host pid 12 9f86d081884c": for people, and for who has to find the holder's lock file. */
char *bn_lease_holder(const char *digest);

/* ---- lanes (lane.c, host.c) ---------------------------------------------------------------- */

enum bn_lane_role {
	BN_LANE_POLL,
	BN_LANE_WATCH,
	BN_LANE_BACKFILL,
	BN_LANE_INTERACTIVE,
	BN_LANE_LOG,
	BN_LANE_ACTION /* on the thread of whoever acts; see act.c */
};

struct bn_call_copy {
	struct bn_call_record record;
	char *what, *error;
};

struct bn_lane {
	struct bn_source source; /* first: plugins hold a pointer to it */
	struct bn_host host;	 /* a copy for the batches of this lane, which lead back to it */
	struct bn_feed *feed;
	enum bn_lane_role role;
	struct bn_lane *next; /* in the feed's list, under the collector's lock */
	struct bn_http *http;
	struct bn_writer *writer;
	struct bn_arena *arena; /* of the present plugin call */
	json_t **documents;	/* owned until the present plugin call returns */
	size_t document_count, document_room;
	struct bn_secret **secrets; /* likewise; each in all ways in which it may be written */
	size_t secret_count, secret_room;
	struct bn_batch *batch; /* being filled, or NULL */
	bool opened;		/* the plugin's open() succeeded */
	bool logged_in, in_login, logged_in_again;
	unsigned login_generation;
	int64_t epoch; /* of the lease, as it was when the present plugin call began */
	atomic_bool cancelled;
	bool
	    sending; /* under the collector's lock: not to be cancelled by bn_collect_cancel_plans */
	struct bn_call_copy *calls;
	size_t call_count;
	int64_t asked;		    /* by the present plugin call */
	bool sent;		    /* it has called bn_send */
	enum bn_outcome_state fate; /* of that request */
};

extern const struct bn_host bn_collect_host;

struct bn_lane *bn_lane_of(const struct bn_source *source);
/* Makes a lane and puts it on the feed's list. */
int bn_lane_new(struct bn_lane **out, struct bn_feed *feed, enum bn_lane_role role,
		struct bn_error *err);
void bn_lane_free(struct bn_lane *lane); /* takes it off the list */
/* Around every call of a plugin function. begin: BN_ECANCELLED while the collector stops, stands
 * still, or (lanes that need it) has lost the lease; opens the plugin's instance if need be. */
int bn_lane_begin(struct bn_lane *lane, struct bn_error *err);
void bn_lane_end(struct bn_lane *lane);
void bn_lane_cancel(struct bn_lane *lane);
/* Logs in where that has not been done; called by the host before requests. */
int bn_lane_login(struct bn_lane *lane, struct bn_error *err);
/* Resolves a secret of the source, cancellable; BN_OK with *out NULL where none is configured. */
int bn_lane_secret(struct bn_lane *lane, const char *name, struct bn_secret **out,
		   struct bn_error *err);
/* After a 401: true if it is worth asking again with a new login. */
bool bn_lane_login_again(struct bn_lane *lane, struct bn_error *err);
/* Blocks for ever where the collector went away without us. */
void bn_lane_checkpoint(const struct bn_lane *lane);
/* After every call of a plugin function that may fail: a checkpoint, and no secret is left in what it says went
 * wrong. */
void bn_lane_returned(struct bn_lane *lane, int rc, struct bn_error *err);
/* Writes the call records of the lane to the store and forgets them. */
void bn_lane_flush_calls(struct bn_lane *lane);
void bn_lane_log(const struct bn_lane *lane, int level, const struct bn_error *err,
		 const char *what);

/* ---- secrets (redact.c) -------------------------------------------------------------------- */

/* A plugin's texts come from programs and platforms that were told a secret, and may tell it on. What is stored,
 * shown or logged goes through one of these: the secrets lent to the present plugin call, and those of the lane's
 * logins, become stars. Copies live as long as the call; a text without a secret is returned as it is.
 *
 * What a platform holds (rows, plans, log lines) is full of names, and a secret of fewer than BN_SECRET_LONG bytes may
 * be one of them ("airflow"): there it stays. */
const char *bn_lane_redacted(struct bn_lane *lane, const char *text);
void bn_lane_redact_bytes(const struct bn_lane *lane, char *text, size_t size);
/* Names and values, such as labels; NULL ends them. */
const char *const *bn_lane_redacted_list(struct bn_lane *lane, const char *const *list);
struct bn_entity bn_lane_redacted_entity(struct bn_lane *lane, const struct bn_entity *entity);
/* The plan as it may be shown and stored; what is sent is `plan` itself. */
struct bn_plan bn_lane_redacted_plan(struct bn_lane *lane, const struct bn_plan *plan);
/* What is said to a question, and of failures: there short ones count as well (bn_text_secret). */
const char *bn_lane_redacted_answer(struct bn_lane *lane, const char *text);
void bn_lane_redact_error(const struct bn_lane *lane, struct bn_error *err);
void bn_lane_redact_outcome(struct bn_lane *lane, struct bn_outcome *outcome);

/* ---- where log lines and doctor's answers go ----------------------------------------------- */

struct bn_sink {
	struct bn_lane *lane;
	struct bn_log_reader *reader; /* or */
	struct bn_job *job;
	bool follow;
};
int bn_reader_push(struct bn_log_reader *reader, bn_time at, const char *text, size_t size);
void bn_job_check(struct bn_job *job, const char *verdict, const char *what, const char *detail);

/* ---- feeds: configured sources (feed.c) ---------------------------------------------------- */

struct bn_feed {
	struct bn_collect *collect;
	const struct bn_plugin *plugin;
	const struct bn_config_section *section; /* [source], or &implicit */
	struct bn_config_section implicit;
	const struct bn_config_section **children; /* the plugin's own sections that belong to it */
	size_t child_count;
	const struct bn_config_section **streams; /* [stream] sections that name it */
	size_t stream_count;
	char *name;
	const char *url, *ca_file, *proxy; /* borrowed from the configuration */
	char digest[BN_DIGEST_HEX];
	char auth[24];
	int64_t id;
	int64_t interval; /* ms of the clock */
	bool disabled;
	struct bn_governor *governor;

	/* logins, resolved once for all lanes */
	pthread_mutex_t login_lock;
	struct bn_secret *token, *password;
	bool resolved;
	unsigned generation;

	/* under the collector's lock from here on */
	pthread_cond_t wake; /* for the lanes of this feed */
	struct bn_lease lease;
	bool held;	  /* the lease is ours and the epoch was taken */
	char lost_to[16]; /* digest of the configuration that took the epoch from us, or "" */
	int64_t epoch;
	struct bn_lane *lanes;
	pthread_t poll_thread, watch_thread, backfill_thread, job_thread;
	bool has_poll, has_watch, has_backfill, has_job;
	bool backfill_asked;
	bool refresh;
	int64_t due; /* bn_monotonic; INT64_MAX: resting */
	int failures;
	int64_t polls; /* ended so far */
	int busy;
	int unchanged;	      /* polls in a row that read the same */
	int still_polls;      /* since the last refresh, while the clock stands */
	uint64_t fingerprint; /* of the last poll's answers */
	struct bn_job *jobs;
};

/* All feeds of the configuration: [source] sections, and an implicit one for each plugin whose own
 * sections belong to none. BN_ECONFIG names a section that belongs to an unknown source. */
int bn_feeds_new(struct bn_feed **out, size_t *count, const struct bn_config *config,
		 const struct bn_registry *registry, const char *state_dir, struct bn_error *err);
void bn_feeds_free(struct bn_feed *feeds, size_t count);
const char *bn_feed_option(const struct bn_feed *feed, const char *name, size_t index);
const struct bn_option *bn_feed_option_row(const struct bn_feed *feed, const char *name);
/* [link] feeds = A -> B, and [product] needs, as links of the configuration. */
int bn_feeds_links(struct bn_collect *collect, struct bn_writer *writer, struct bn_error *err);

/* ---- the collector ------------------------------------------------------------------------- */

struct bn_collect {
	struct bn_collect_options options;
	struct bn_net *net;
	struct bn_feed *feeds;
	size_t count;
	const char *state_dir; /* NULL: in memory */
	pthread_mutex_t lock;
	pthread_cond_t changed; /* by the monotonic clock */
	bool started, stopping, suspended;
	atomic_bool abandoned; /* a lane did not end in time: nothing may be freed any more */
	struct bn_error
	    trouble; /* why what came of a poll could not be stored, the last time; else code 0 */
	pthread_t keeper; /* of the leases */
	bool has_keeper;
	int keeper_event;
	pthread_t upkeep; /* rules and housekeeping */
	bool has_upkeep, upkeep_due;
	struct bn_log_reader *readers;
	unsigned plans_cancelled; /* how often: see bn_collect_plans */
};

struct bn_feed *bn_collect_feed(struct bn_collect *collect, const char *name);
/* Waits until the moment (bn_monotonic; INT64_MAX: for ever) on `changed`, or on a feed's `wake`. The
 * lock is held. Lanes have a condition of their own, so that one poll's end does not wake them all. */
void bn_collect_wait(struct bn_collect *collect, int64_t until);
void bn_feed_wait(struct bn_feed *feed, int64_t until);
void bn_collect_wake(struct bn_collect *collect);
/* A thread with every signal blocked. */
int bn_thread_start(pthread_t *thread, void *(*run)(void *), void *payload, struct bn_error *err);

/* keeper.c */
int bn_keeper_start(struct bn_collect *collect, struct bn_error *err);
void bn_keeper_kick(struct bn_collect *collect);
/* Takes lock and epoch of one feed, now or not at all. The lock is not held. */
int bn_keeper_take(struct bn_feed *feed, struct bn_writer *writer, struct bn_error *err);
void bn_keeper_drop(struct bn_feed *feed); /* the lock is held */
/* Was the epoch taken from us (rather than the database being busy)? Then the lease is dropped. */
bool bn_keeper_lost(struct bn_lane *lane);

/* poll.c */
void *bn_poll_main(void *feed);
void *bn_watch_main(void *feed);
void *bn_backfill_main(void *feed);
/* What the platform still has of the past, once for each state directory. */
void bn_backfill_now(struct bn_feed *feed);
/* One poll, from begin to the store's record of how it went. Returns what the plugin returned. */
int bn_poll_now(struct bn_lane *lane, bool timed_out_is_failure, struct bn_error *err);

/* interactive.c */
void bn_jobs_abandon(struct bn_feed *feed); /* the lock is held: all waiting jobs end cancelled */

/* upkeep.c */
int bn_upkeep_start(struct bn_collect *collect, struct bn_error *err);

#endif

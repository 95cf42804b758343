/* world.h - Harbourline, the invented company of the demo: what is true in it at any moment. */
/* SPDX-License-Identifier: MIT
 *
 * Everything is a pure function of (seed, scenario, acts, moment): the acts, what people had run again, are the
 * only thing that is ever added, and none changes anything before its own moment. So any face, the facts and any thread can ask about any moment in any order. Times are bn_time
 * (UTC ms), durations ms unless a name says otherwise. Strings are borrowed from the world and live
 * as long as it. */
#ifndef BN_SIM_WORLD_H
#define BN_SIM_WORLD_H

#include "binnacle/types.h"

#define BN_W_SECOND ((int64_t)1000)
#define BN_W_MINUTE (60 * BN_W_SECOND)
#define BN_W_HOUR   (60 * BN_W_MINUTE)
#define BN_W_DAY    (24 * BN_W_HOUR)

/* 2026-03-10T00:00:00Z: the night the incidents happen in. */
#define BN_W_NIGHT ((bn_time)1773100800000)
/* How far back the platforms' APIs remember. */
#define BN_W_HISTORY (7 * BN_W_DAY)

enum bn_w_scenario {
	BN_W_NIGHT_SCRIPT, /* I2 at 02:38, I1 at 03:05, I3 at 03:24, I4 at 03:28, I5 at 03:52 */
	BN_W_STEADY,
	BN_W_I1,
	BN_W_I1_BAD_SQL,
	BN_W_I5,
	BN_W_I4,
	BN_W_I2,
	BN_W_I3
};

#define BN_W_RETRIES 4 /* of one run */
#define BN_W_TRIES   (2 + BN_W_RETRIES)

/* Which face a pipeline is seen through. */
enum bn_w_engine { BN_W_ARGO, BN_W_AIRFLOW2, BN_W_AIRFLOW3 };
/* What it does, and so what its tasks are. */
enum bn_w_work { BN_W_MELTANO, BN_W_DBT, BN_W_DAG };

struct bn_w_pipeline {
	const char *name;
	enum bn_w_engine engine;
	enum bn_w_work work;
	int period, offset; /* minutes: fires at offset, offset + period … past midnight UTC */
	int delay;	    /* s from the fire time to the run's start */
	int p50, p95;	    /* s */
	int fail,
	    flake;    /* per mille of runs: that fail; whose first try fails and second succeeds */
	int64_t rows; /* usual rows a run loads, 0 none */
	const char *owner;
	const char *idempotence; /* as the platform carries it: "idempotent", "append" … */
	const char *definition;	 /* path of the defining file in its repository */
	const char *cron;
	bool suspended;
	const char *summary;
	const char *error; /* what its log says when it fails */
};

/* One run as it is planned to go; what of it is true at a moment is asked with that moment. */
struct bn_w_run {
	const struct bn_w_pipeline *pipeline;
	int64_t slot; /* the slot-th fire time since the epoch */
	bn_time scheduled, created, started, finished;
	bool fails;
	bool flaky;    /* one task needs two tries */
	double factor; /* how slow against the median */
	char name[96]; /* Argo's workflow name, Airflow's run id */
	char uid[40];
	char former_uid
	    [40]; /* of the object that is in the archive, when it was made again from there; or "" */
	/* What people did to it, as of the moment it was asked for: then started, finished and fails are of its
	 * latest attempt. */
	int retries;
	bn_time retried[BN_W_RETRIES];
	uint64_t chosen[BN_W_RETRIES]; /* which of its first 64 tasks; 0: all that failed */
	char resubmitted_from[96];     /* the workflow it was made from, or "" */
};

enum bn_w_state {
	BN_W_NONE, /* not there yet */
	BN_W_PENDING,
	BN_W_RUNNING,
	BN_W_RETRYING, /* between two tries */
	BN_W_OK,
	BN_W_FAILED,
	BN_W_OMITTED /* not run, because something before it failed */
};

struct bn_w_try {
	bn_time started, finished;
	bool failed;
};

/* A task of a run. `depends` holds indices into the same list. */
struct bn_w_task {
	const char *name;
	const char
	    *group; /* dbt: staging, intermediate, marts, exports; Argo: the template; else "" */
	const char *operator; /* Airflow's operator name, or "" */
	const int *depends;
	int depend_count;
	int map_index; /* -1: not mapped */
	bool retries;  /* the engine may try it a second time */
	bool omitted;
	int tries; /* planned */
	struct bn_w_try attempt[BN_W_TRIES];
	bn_time cleared;     /* when it was last reset to run again, 0: never */
	int kept_tries;	     /* tries before that, which Airflow goes on counting from */
	const char *message; /* why it failed, as the platform tells it; NULL if it does not */
	const char *error;   /* the line its log ends with; NULL */
	int64_t rows;	     /* 0: says nothing of rows */
};

struct bn_world;

struct bn_world *bn_world_new(uint64_t seed, enum bn_w_scenario scenario);
void bn_world_free(struct bn_world *world);
enum bn_w_scenario bn_world_scenario(const struct bn_world *world);

/* Pipelines, in a fixed order; NULL behind the last. */
const struct bn_w_pipeline *bn_world_pipeline(const struct bn_world *world, size_t index);
const struct bn_w_pipeline *bn_world_find_pipeline(const struct bn_world *world, const char *name);

/* The slot whose run is the latest created at or before `now`; the first slot of the history. */
int64_t bn_world_last_slot(const struct bn_w_pipeline *pipeline, bn_time now);
int64_t bn_world_first_slot(const struct bn_w_pipeline *pipeline, bn_time now);
/* The next fire time after `now` (also of a suspended pipeline: when it would be). */
bn_time bn_world_next_due(const struct bn_w_pipeline *pipeline, bn_time now);
void bn_world_run(const struct bn_world *world, const struct bn_w_pipeline *pipeline, int64_t slot,
		  struct bn_w_run *out);
/* The same with what people did to it by `now`. */
void bn_world_run_now(const struct bn_world *world, const struct bn_w_pipeline *pipeline,
		      int64_t slot, bn_time now, struct bn_w_run *out);
/* How many acts there were so far: what the world says of a moment is the same as long as this is. */
int64_t bn_world_acted(const struct bn_world *world);
/* Has the run's failed and omitted tasks run again from `at` on. False: it does not take it (too many acts). */
bool bn_world_retry(const struct bn_world *world, const struct bn_w_run *run, bn_time at);
/* The same where its object is gone: it is made again from the archive, under another uid. */
bool bn_world_restore(const struct bn_world *world, const struct bn_w_run *run, bn_time at);
/* The same for some of its first 64 tasks, a bit each. */
bool bn_world_retry_some(const struct bn_world *world, const struct bn_w_run *run, bn_time at,
			 uint64_t chosen);
/* Makes a new run of the same, all of it. */
bool bn_world_resubmit(const struct bn_world *world, const struct bn_w_run *run, bn_time at,
		       struct bn_w_run *out);
/* Runs that resubmitting made, by index in the order they were made; false behind the last at `now`. */
bool bn_world_resubmitted(const struct bn_world *world, size_t index, bn_time now,
			  struct bn_w_run *out);
/* By name or (name NULL) uid within the history of one pipeline, or with pipeline NULL of all
 * Argo's; false if there is none at `now`. */
bool bn_world_find_run(const struct bn_world *world, const struct bn_w_pipeline *pipeline,
		       const char *name, const char *uid, bn_time now, struct bn_w_run *out);
enum bn_w_state bn_world_run_state(const struct bn_w_run *run, bn_time now);

/* The tasks of a run as planned. The caller frees *out with free(3); returns their number. */
size_t bn_world_tasks(const struct bn_world *world, const struct bn_w_run *run,
		      struct bn_w_task **out);
/* What is true of a task at a moment; *since gets when that state began. `tries` begun so far. */
enum bn_w_state bn_world_task_state(const struct bn_w_task *task, bn_time now, bn_time *since,
				    int *tries);

/* A line of a try's log. */
struct bn_w_line {
	bn_time at;
	const char *level; /* "info", "warning", "error" */
	char text[240];
};
/* Line `index` (from 0, times never go back) of try `attempt` (from 1); false behind the last.
 * Whoever shows it leaves out what lies in the future. */
bool bn_world_log_line(const struct bn_world *world, const struct bn_w_run *run,
		       const struct bn_w_task *task, int attempt, size_t index,
		       struct bn_w_line *out);

/* dbt's graph: the 312 nodes all transformation runs share. */
#define BN_W_DBT_NODES 312
struct bn_w_node {
	char name[48];
	const char *layer; /* "staging" "intermediate" "marts" "exports" */
	int depends[5];
	int depend_count;
	int depth;	       /* 1 for staging */
	bool python;	       /* runs as a Databricks job of its own; the engine retries it once */
	bool family;	       /* stg_payments, stg_shipments, stg_returns or behind one of them */
	int64_t start, length; /* ms in a median run of transform-hourly */
};
const struct bn_w_node *bn_world_nodes(const struct bn_world *world);

/* ---- what stands ----------------------------------------------------------- */

struct bn_w_api {
	const char *name;
	const char *path; /* "/v1/lpo/quote/health" */
	int rps;
	int p50, p95, p99; /* ms at rest */
	int slo;	   /* ms, of p99 */
	int refresh;	   /* s between two generations of what it serves; 0: daily at 02:40 */
	const char *owner, *app, *image;
	int replicas;
	bool tls;
};
const struct bn_w_api *bn_world_api(size_t index); /* NULL behind the last */

struct bn_w_health {
	int status;		 /* HTTP */
	bn_time generated_at;	 /* of what it serves */
	int latency;		 /* ms this probe takes to answer */
	double rps, errors, cpu; /* per second, share, share */
	int p50, p95, p99;
};
void bn_world_health(const struct bn_world *world, const struct bn_w_api *api, bn_time now,
		     struct bn_w_health *out);

/* Prometheus' view: alerts, targets. */
struct bn_w_alert {
	const char *name, *severity, *group;
	const char *query;
	int64_t wait;	      /* ms it must last before it fires */
	const char *label[8]; /* further labels: name, value … NULL */
	const char *summary, *description;
	double value;
	bn_time active_at; /* 0: inactive */
	bool firing;
};
/* Alert rules in a fixed order with what is true of each at `now`; false behind the last. */
bool bn_world_alert(const struct bn_world *world, size_t index, bn_time now,
		    struct bn_w_alert *out);

/* Silences people made in Alertmanager; false behind the last. */
struct bn_w_silence {
	char id[40];
	const char *matcher[6]; /* label, value … NULL: all must be equal */
	const char *by, *why;
	bn_time from, until;
};
bool bn_world_silence(const struct bn_world *world, size_t index, bn_time now,
		      struct bn_w_silence *out);
/* The silence that covers an alert at that moment; false if none does. */
bool bn_world_silenced(const struct bn_world *world, const struct bn_w_alert *alert, bn_time now,
		       struct bn_w_silence *out);

struct bn_w_target {
	char job[48], instance[96];
	bool up;
	bn_time since;	 /* when it went up or down */
	bn_time scraped; /* last scrape */
	double duration; /* s of that scrape */
	const char *error;
};
bool bn_world_target(const struct bn_world *world, size_t index, bn_time now,
		     struct bn_w_target *out);

/* ---- numbers (world_metrics.c) ---------------------------------------------- */

/* A metric as Prometheus has it: its samples lie on full multiples of `every` ms. */
struct bn_w_metric {
	const char *name, *label, *value;
	int64_t every;
};
bool bn_world_metric(size_t index, struct bn_w_metric *out); /* false behind the last */
/* The sample of that very moment, as far as it is known at `now`; false if there is none. */
bool bn_world_sample(const struct bn_world *world, size_t index, bn_time at, bn_time now,
		     double *out);

/* Per-minute streams, and how the demo's configuration asks for them. */
struct bn_w_level {
	const char *word; /* "warn" or "bad"; NULL ends a list */
	bool above;
	double bound;
	int lasting;	    /* minutes */
	const char *while_; /* a stream, or NULL, and what that has to be above */
	double than;
};
struct bn_w_stream {
	const char *name, *query, *unit, *group, *stage;
	int position;
	double ceiling;		  /* 0: none */
	bool window;		  /* of the aggregation: one record a minute, which may come late */
	const char *equal, *more; /* must-equal; further lines of its section */
	const struct bn_w_level *levels;
};
const struct bn_w_stream *bn_world_stream(size_t index);	       /* NULL behind the last */
const char *bn_world_stream_arrival(const struct bn_w_stream *stream); /* the query, or NULL */
/* How long after its end a minute may still come in time, ms: windows are there after seconds. */
int64_t bn_world_stream_settle(const struct bn_w_stream *stream);
/* Whether the Flink application makes it, or counts it; and whether that was updated this night. */
bool bn_world_stream_of_flink(const struct bn_w_stream *stream);
bool bn_world_flink_updated(const struct bn_world *world);
/* The value of the minute that began at `minute`, and when it arrived; false while it has not. */
bool bn_world_minute(const struct bn_world *world, const struct bn_w_stream *stream, bn_time minute,
		     bn_time now, double *value, bn_time *arrived);
bn_time bn_world_window_arrived(const struct bn_world *world, bn_time minute);
double bn_world_transactions(const struct bn_world *world, bn_time minute);
double bn_world_fees(const struct bn_world *world, bn_time minute); /* BTC */

/* Keys of the Redis that serves recommendations; false behind the last. */
struct bn_w_key {
	const char *name, *type;
	int64_t rows;		  /* fields of a hash */
	bn_time written, expires; /* expires 0: stays */
	const char *stamp_field;  /* field that holds `written`, s since 1970; NULL: none */
	bool stamp;		  /* its value is that */
};
bool bn_world_key(const struct bn_world *world, size_t index, bn_time now, struct bn_w_key *out);
/* The server's own numbers. */
struct bn_w_redis {
	int64_t uptime; /* s */
	int clients;
	int64_t ops, used, maxmemory, hits, misses; /* ops a second; bytes */
};
void bn_world_redis(const struct bn_world *world, bn_time now, struct bn_w_redis *out);

/* Airflow's import errors (per engine). */
struct bn_w_import_error {
	int id;
	const char *filename, *trace;
	bn_time since;
};
bool bn_world_import_error(enum bn_w_engine engine, size_t index, bn_time now,
			   struct bn_w_import_error *out);

/* ---- data products --------------------------------------------------------- */

struct bn_w_product {
	const char *name, *owner, *contact, *domain, *lifecycle;
	const char *consumers[12];
	const char *needs[8]; /* references, NULL behind the last */
	int freshness;	      /* minutes its data may be old; 0: promises nothing of it */
	const char
	    *freshness_of; /* the reference whose age counts; NULL: the oldest of its pipelines */
	const char *deadline; /* as in the configuration, or NULL */
	const char *availability;
	bool complete; /* promises 99 % of the minutes of the stream it needs */
	struct {
		const char
		    *of; /* the pipeline whose data are tested; NULL: nobody tells of tests */
		int passed, total;
	} tests;  /* nine in ten are promised to pass */
	int cost; /* USD a month */
};
const struct bn_w_product *bn_world_product(size_t index); /* NULL behind the last */
/* When its data were made that it serves at `now`; 0: nobody can say. */
bn_time bn_world_product_made(const struct bn_world *world, const struct bn_w_product *product,
			      bn_time now);

/* Share of the 60 minutes up to the last that had time to settle whose record has arrived. */
double bn_world_product_complete(const struct bn_world *world, const struct bn_w_product *product,
				 bn_time now);
/* Of the product with a deadline: the next, and when it will be ready for that by what its runs of the history
 * took (the median; where it has taken longer already, the longest but one in twenty), or was. */
bn_time bn_world_product_due(bn_time now);
bn_time bn_world_product_ready(const struct bn_world *world, const struct bn_w_product *product,
			       bn_time now);

/* ---- what people changed --------------------------------------------------- */

#define BN_W_REVIEWED (23 * BN_W_MINUTE) /* a change waits that long for its merge */

struct bn_w_change {
	const char *repo; /* "transform-dbt" */
	int number;	  /* of its merge or pull request */
	char title[80];
	const char *author;    /* "dev-mo" */
	bn_time at;	       /* merged */
	char path[160];	       /* the file it changed */
	const char *from, *to; /* the text it replaced, or NULL: it added a remark */
};
#define BN_W_FLINK_FILE "flink/tx-agg-1m.tf"
/* Merged changes, oldest first; false behind the last. Some lie in the future of the night's start.
 */
bool bn_world_change(const struct bn_world *world, size_t index, struct bn_w_change *out);
/* The repositories in a fixed order, NULL behind the last; does it live on GitLab (else GitHub)? */
const char *bn_world_repo(size_t index);
/* What people call it: "dbt" for transform-dbt, so that a change is "dbt!2207". */
const char *bn_world_repo_called(const char *repo);
bool bn_world_repo_on_gitlab(const char *repo);
/* The files of a repository at its founding: path and text of file `index`, both made into the
 * caller's buffers; false behind the last. */
#define BN_W_FILE_TEXT 2000
bool bn_world_file(const struct bn_world *world, const char *repo, size_t index, char path[160],
		   char text[BN_W_FILE_TEXT]);

/* ---- chance ---------------------------------------------------------------- */

/* A number that depends on nothing but its arguments. */
uint64_t bn_world_hash(uint64_t seed, const char *text, int64_t a, int64_t b);
double bn_world_chance(uint64_t hash); /* [0, 1) */
/* Log-normal with median 1 and 95th percentile `p95`, from a hash; within [0.4, 2.5]. */
double bn_world_spread(uint64_t hash, double p95);
/* A day's wave in [-1, 1], lowest at 04:00 UTC. */
double bn_world_wave(bn_time now);
uint64_t bn_world_seed(const struct bn_world *world);
/* 36 characters and NUL, shaped like a random UUID. */
void bn_world_uuid(uint64_t hash, char out[40]);

#endif

/* plugin.h - the whole contract between binnacle and a plugin: the only file of ours a plugin includes. */
/* SPDX-License-Identifier: MIT
 *
 * A plugin maps one platform's API to entities. It is a const `struct bn_plugin`: tables (options,
 * requests) and functions, any of which may be absent. The core does the rest: configuration,
 * logins, TLS, time-outs, limits, escaping, retries of reads, scheduling, storage.
 *
 * Threads. Every lane (poll, interactive, one per followed log) opens a `struct bn_source` of its
 * own, so plugin code is sequential and its instance data (`source->data`) is never shared. A
 * plugin has no mutable file-level state.
 *
 * Memory. Everything a plugin gets from the host (JSON, strings, lists) lives until the plugin
 * function it was called in returns, and is freed by the host; but the item or line a callback is
 * given only until that callback returns, so that a list of any length stays small; and a call that
 * may last long gives documents back early with bn_json_release. Everything a plugin hands over is
 * copied. It frees only what it allocated itself.
 *
 * Every handle carries the host's function table, so one source file compiles linked in or as a
 * shared object. The inline functions below are what plugin code calls.
 */
#ifndef BINNACLE_PLUGIN_H
#define BINNACLE_PLUGIN_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "binnacle/types.h"

/* Raised whenever anything in this file changes its meaning or layout; matched exactly before 1.0.
 */
#define BN_PLUGIN_ABI 4u

struct bn_host;
struct bn_plugin;
struct bn_batch;
struct bn_sink;
struct bn_plan;
struct bn_outcome;
struct bn_intent;

/* ---- requests ------------------------------------------------------------------------------ */

enum bn_effect { BN_READS, BN_WRITES };

/* One request the plugin can make. Nothing that is not in its table can be sent.
 * `path` holds {placeholders} that are filled, percent-encoded, from the parameters of the same
 * name; every other parameter must be named in `query` (words separated by blanks) and becomes part
 * of the query string. A path that begins with "{url}" is absolute: the parameter `url` comes from
 * the configuration (the http plugin's targets), never from an answer. */
struct bn_request {
	const char *method;
	const char *path;
	const char *query;
	enum bn_effect effect;
	const char
	    *doc; /* what it is for and which right it needs: shown by doctor and the manual */
	/* Text that the body must hold, or NULL: where only the body tells a read from a write ("dry_run":true),
	 * a read that does not say so is not sent. */
	const char *needs;
};

/* The method of a row that is a command of a conversation (bn_talk). Its path holds the words, each an
 * argument: "HLEN {key}". The row "AUTH {user} {password}" is sent by the host itself. */
#define BN_TALK_METHOD "REDIS"

/* A parameter; a NULL value leaves it out. Lists end with a NULL name; BN_PARAMS writes one. A name
 * may stand more than once (`state=failed&state=running`). */
struct bn_param {
	const char *name;
	const char *value;
};
#define BN_PARAMS(...) ((const struct bn_param[]){__VA_ARGS__, {NULL, NULL}})
#define BN_NO_PARAMS   ((const struct bn_param[]){{NULL, NULL}})

/* How a streamed body is cut into lines. */
enum bn_framing { BN_LINES_RAW, BN_LINES_NDJSON, BN_LINES_SSE };

/* One timed GET (or other method) of the http plugin. Input first, then what was measured. Times in
 * microseconds, -1 where the phase did not happen; the meaning of the phases is curl's (see
 * curl_easy_getinfo): resolve, connect, tls, first byte after the request was sent, transfer. */
struct bn_probe {
	const char *url;
	const char *method;	    /* NULL: GET */
	const char *const *headers; /* "Name: value", NULL-terminated, or NULL */
	const char *ca_file;	    /* PEM, or NULL for the system's */
	int64_t timeout;	    /* ms */
	size_t max_body;	    /* bytes kept of the body, at most 1 MiB */
	/* measured */
	int rc; /* BN_OK when there was an answer, else why not */
	struct bn_error error;
	int http_status;
	bn_time sent_at;
	int64_t resolve, connect, tls, first_byte, transfer, total;
	bn_time certificate_expires; /* earliest over the chain, also when verification failed; 0
					unknown */
	const char *body;	     /* host-owned, NUL-terminated, may hold any bytes */
	size_t body_size;
	const char *content_type;
};

/* ---- JSON ---------------------------------------------------------------------------------- */

/* A borrowed JSON value. Paths are RFC 6901 pointers without the leading slash: "metadata/name",
 * "metadata/labels/workflows.argoproj.io~1phase". A NULL or empty path is the value itself. */
struct bn_json {
	const struct bn_host *host;
	const void *node; /* NULL: absent */
};

/* Walks an object's members or an array's items: start from {value}, then bn_json_next. */
struct bn_json_iter {
	struct bn_json in;
	void *position;
	size_t index;
	const char *key; /* NULL in arrays */
	struct bn_json value;
};

/* ---- handles ------------------------------------------------------------------------------- */

/* One lane's handle on one configured source. */
struct bn_source {
	const struct bn_host *host;
	const struct bn_plugin *plugin;
	const char *name;
	void *data; /* the plugin's own, set in open, freed in close */
};

/* Where a poll puts what it read. Opaque but for the host. */
struct bn_batch_head {
	const struct bn_host *host;
};

/* ---- records: all strings are copied; NULL means "not known"; times 0 mean "not known"
 * -------------- */

/* Common part. `key` identifies the thing within (source, kind) and never changes; `name` is what a
 * person calls it (default: key). `since` is when the platform says the present status began.
 * `labels` is a NULL-terminated list name, value, name, value …, or NULL. */
struct bn_entity {
	const char *key;
	const char *name;
	enum bn_status status;
	const char *raw_status; /* the platform's own word */
	bn_time since;
	const char *message; /* why, in the platform's words */
	const char *owner;
	const char *url; /* the page a person would open */
	const char *const *labels;
};

struct bn_pipeline {
	struct bn_entity e;
	const char
	    *schedule; /* cron expression, "@hourly", "15m", "dataset" … as the platform says it */
	const char *timezone; /* IANA name the schedule is meant in */
	bn_time
	    next_due_at; /* 0: let the core compute it from schedule and timezone, if it is cron */
	bool paused;
	const char *group;	/* "ingestion", "transformation" … */
	const char *engine;	/* "argo", "airflow" … shown in the engine column */
	const char *definition; /* path of the defining file, as far as the platform knows it */
	enum bn_idempotence idempotence;
};

struct bn_run {
	struct bn_entity e;
	const char *pipeline; /* key of its pipeline in the same source, or NULL */
	int attempt;	      /* the platform's own count from 1, or 0: the store counts */
	bn_time queued_at, started_at, finished_at;
	const char *trigger;  /* "schedule", "manual", "backfill", "retry" … */
	const char *progress; /* "3/12", if the platform says it */
	const char *retry_of; /* key of the run this one was resubmitted from */
	int tasks_total, tasks_failed, tasks_skipped, tasks_done; /* -1 or all 0: not known */
};

struct bn_task {
	struct bn_entity e; /* key: unique within its run and attempt; status of the latest try */
	const char *run;    /* key of its run */
	int attempt;	    /* of the run, as in struct bn_run; 0: the current one */
	int try_number;	    /* the task's own try within the attempt, from 1 */
	const char *parent; /* key of the node it is drawn under, or NULL */
	const char *const *depends; /* keys of what it waits for, NULL-terminated, or NULL */
	const char *type;	    /* "pod", "dag", "steps", operator name … */
	int order;		    /* position among its siblings */
	bn_time queued_at, started_at, finished_at;
	const char *log; /* handle for logs(): whatever the plugin understands; NULL: has none */
};

struct bn_endpoint {
	struct bn_entity e;
	const char *type;   /* "http", "sagemaker" … */
	const char *target; /* what is asked: "GET https://…" without secrets */
	int http_status;
	int64_t resolve, connect, tls, first_byte, transfer, total; /* µs, -1 not measured */
	bn_time certificate_expires;
	bn_time checked_at;
	int64_t slo_p99; /* ms, 0 none */
	/* one line per assertion: "status 200", "ok"/"failed", what was seen; NULL-terminated
	 * triples */
	const char *const *asserts;
};

/* ---- streams: per-minute series. Points belong to the series "value" of the stream's entity (kind
 * BN_STREAM), each named by the start of its minute; where the platform tells when a minute's record
 * arrived, the series "arrived" holds that moment in ms. Numbers of 0 mean "not said". */
struct bn_stream {
	struct bn_entity e;
	const char *unit, *query;
	double expect;	      /* records a minute; below 0: any number, none included */
	bool counted;	      /* the value is the number of records */
	int64_t settle, flat; /* ms; see binnacle-config(5), [stream] */
	double ceiling, burst, anomaly;
	const char *scope; /* "account-wide" … */
	const char *group, *stage;
	int position;
	const char *checks; /* JSON, made by the host */
};

/* Something the platform itself says is wrong (a firing alert, a down target, an import error). */
struct bn_finding {
	const char *key;  /* unique within (source), stable while it lasts */
	const char *rule; /* "alert", "target-down", "import-error" … */
	enum bn_severity severity;
	const char *title;
	const char *message;
	struct bn_ref about; /* the entity it is about, or kind BN_KIND_NONE */
	bn_time since;
	const char *url;
	const char *const *labels;
	/* The platform itself keeps it from people: by a silence, an inhibition, a muted time. It is then
	 * shown, but does not count as needing anybody. */
	bool silenced;
	bn_time silenced_until; /* 0: no end is known */
	const char *silenced_by, *silenced_why;
};

/* ---- models -------------------------------------------------------------------------------- */

/* A registered model; its key is its name. What a [model] section says of it comes with it. */
struct bn_model {
	struct bn_entity e;
	const char *serving; /* "endpoint", "batch", "embedded" */
	const char *live_on; /* a reference or a word: where its live version answers */
	const char *metric;  /* the number of the training run that counts: "wape" */
	const char *better;  /* "lower" or "higher" */
	/* alias, version, alias, version …, NULL-terminated: all it has. NULL: not known. The store
	 * keeps each as the attribute "alias:NAME" and its history. */
	const char *const *aliases;
	const char *const *live;  /* aliases and stages that mean production, NULL-terminated */
	double psi_warn, psi_bad; /* 0: 0.1 and 0.2 */
	bool auto_deploy;	  /* what is trained has to be live `grace` later */
	int64_t grace;		  /* ms */
	/* name of a measure, operator, number, and the check as it was written; quadruples */
	const char *const *checks;
};

/* A version of it: entity NAME@VERSION of the same kind. Numbers of its training are measures of it:
 * "eval:wape". */
struct bn_model_version {
	struct bn_entity e;
	const char *model;   /* its name: key of the model in the same source */
	const char *version; /* as the platform counts: "7" */
	const char *stage;   /* kept as the attribute "stage", with history */
	bn_time created_at, updated_at;
	const char *run; /* key of its training run */
	bool run_read;	 /* the run was read: a number it does not have is known not to exist */
	const char *artifact; /* where it lies */
	const char *image, *framework;
	const char *signature; /* JSON */
	bn_time train_started, train_finished;
	bn_time data_from, data_to; /* the window of what it was trained on */
	const char *const *tags;    /* name, value, name, value …, as labels are */
	const char *const *params;
	/* as somebody declared it at the platform: when it went into and out of production, who approved
	 * that, by which change */
	bn_time live_from, live_until;
	const char *approved_by, *change;
};

/* ---- acting (DESIGN 5): plan reads, act sends one request, reconcile reads again ------------------ */

/* One unit that would run again. */
struct bn_plan_step {
	const char *name;
	const char *group; /* "staging", a template, an operator …; NULL: none */
	int wave;	   /* from 1: those of a wave wait for the wave before; 0: not known */
	bool failed; /* it failed itself; otherwise it never ran, or ran behind one that failed */
};

/* What a retry of `about` would do, in the units the engine runs again. The core fills the first part; plan()
 * the rest. Strings need only live as long as the call. The same state of the platform must give the same
 * plan: its digest is compared right before sending. */
struct bn_plan {
	struct bn_ref about; /* a run of this source */
	const char *verb;    /* "retry" */
	const char *
	    key; /* names this one intent, for platforms that take an idempotency key; NULL in plan() */
	/* Keys of the failed tasks that shall run again, and what waits for them; NULL behind the last. NULL: all
	 * that failed. Only plugins that say `plans_tasks` are asked so. */
	const char *const *only;

	const char *mode; /* which of the platform's ways: for act() and reconcile() */
	const char
	    *attempt; /* names the platform's present attempt; changes as soon as it runs again */
	const char *unit; /* what is counted: "pod", "task instance" */
	int failed,
	    skipped;	   /* units that failed, and that never ran because of it; both run again */
	int kept;	   /* finished units that stay as they are; -1 each: not known */
	const char *what;  /* one line for people: what runs again and what is kept */
	const char *sends; /* the request in words */
	const char *request;  /* method and path */
	const char *body;     /* its bytes, or NULL */
	const char *notes[8]; /* what else to know (a time to live …); NULL: no more */
	const struct bn_plan_step *steps; /* in the order they are expected to run */
	size_t step_count;
	/* What reconcile() will have to know of this moment and nobody can read later (which things were there
	 * already), in the plugin's own words; NULL: nothing. It may change while the plan does not: it is not in
	 * the digest. That of the plan made right before sending goes into the journal, in clear, as it is: a plan
	 * with a secret of the source in it is refused. */
	const char *remember;
};

enum bn_outcome_state {
	BN_OUTCOME_UNKNOWN,  /* sent, or perhaps sent; what came of it is not known */
	BN_OUTCOME_DONE,     /* the platform took it */
	BN_OUTCOME_REFUSED,  /* the platform answered that it did not */
	BN_OUTCOME_NOT_SENT, /* nothing left this machine */
	BN_OUTCOME_UNCHANGED /* reconcile only: the platform still shows the attempt of before */
};

struct bn_outcome {
	enum bn_outcome_state state;
	int http_status;    /* 0: no answer */
	const char *answer; /* a few words: "phase Running"; NULL: none */
	const char *
	    run; /* key of the run that runs now, when it is another one (resubmitted); else NULL */
	const char *attempt; /* what names the attempt that runs now, if the answer says it */
};

/* What was asked for earlier, as the journal has it. */
struct bn_intent {
	struct bn_ref about;
	const char *verb, *mode, *attempt, *request, *body, *key; /* of the plan */
	const char
	    *remember; /* of the plan made right before sending; NULL: nothing, or not known */
	bn_time
	    at; /* when it was recorded, before anything was sent; by our clock, not the platform's */
};

/* What doctor says of one question. */
enum bn_verdict { BN_CHECK_OK, BN_CHECK_FAIL, BN_CHECK_NOTE };

/* A scope is one of the source's lists. Complete: what it no longer holds is gone, once the scope
 * was read to its end. Delta: what is not mentioned stays as it was. */
enum bn_scope_type { BN_DELTA, BN_COMPLETE };

/* What bn_get and bn_items return, after bn_if_changed, for an answer that was read already. */
#define BN_UNCHANGED 1

/* ---- the host ------------------------------------------------------------------------------ */

/* An item of a list. Return BN_OK to go on, BN_EPARSE to have this item counted as skipped (with
 * the error's message) and go on, anything else to stop with that code. */
typedef int bn_item_fn(struct bn_json item, void *payload, struct bn_error *err);

/* A line of a stream: not NUL-terminated by the far end but here; without its line end. Return
 * BN_OK to go on, BN_ECANCELLED to end the stream without an error. */
typedef int bn_line_fn(const char *line, size_t size, void *payload, struct bn_error *err);

struct bn_host {
	unsigned abi;

	/* configuration */
	const char *(*option)(const struct bn_source *, const char *name, size_t index);
	int64_t (*option_int)(const struct bn_source *, const char *name);
	double (*option_number)(const struct bn_source *, const char *name);
	bool (*option_bool)(const struct bn_source *, const char *name);
	size_t (*section_count)(const struct bn_source *);
	const char *(*section_name)(const struct bn_source *, size_t section);
	const char *(*section_option)(const struct bn_source *, size_t section, const char *name,
				      size_t index);
	int64_t (*section_int)(const struct bn_source *, size_t section, const char *name);
	int (*secret)(struct bn_source *, const char *name, const char **out, struct bn_error *);

	/* requests */
	int (*get)(struct bn_source *, int request, const struct bn_param *, const char *body,
		   struct bn_json *out, struct bn_error *);
	int (*items)(struct bn_source *, int request, const struct bn_param *, const char *body,
		     const char *array, bn_item_fn *, void *payload, struct bn_json *rest,
		     struct bn_error *);
	int (*lines)(struct bn_source *, int request, const struct bn_param *, enum bn_framing,
		     const char *accept, bn_line_fn *, void *payload, struct bn_error *);
	int (*probe)(struct bn_source *, struct bn_probe *, size_t count, size_t parallel,
		     struct bn_error *);
	int (*talk_open)(struct bn_source *, int first, struct bn_probe *, struct bn_error *);
	int (*talk)(struct bn_source *, int request, const struct bn_param *, struct bn_json *out,
		    struct bn_error *);
	void (*set_bearer)(struct bn_source *, const char *token);
	bool (*cancelled)(const struct bn_source *);

	/* text, time, memory of this call */
	const char *(*format)(struct bn_source *, const char *format, va_list);
	void *(*allocate)(struct bn_source *, size_t);
	bn_time (*now)(const struct bn_source *);
	bn_time (*parse_time)(const char *iso8601);
	const char *(*format_time)(struct bn_source *, bn_time);
	int (*fail)(struct bn_error *, int code, const char *format, va_list);
	void (*log)(struct bn_source *, const char *format, va_list);

	/* JSON */
	struct bn_json (*json_get)(struct bn_json, const char *path);
	const char *(*json_string)(struct bn_json, const char *path);
	int64_t (*json_int)(struct bn_json, const char *path, int64_t fallback);
	double (*json_number)(struct bn_json, const char *path, double fallback);
	bool (*json_bool)(struct bn_json, const char *path, bool fallback);
	size_t (*json_size)(struct bn_json, const char *path);
	bool (*json_next)(struct bn_json_iter *);
	int (*json_parse)(struct bn_source *, const char *text, size_t size, struct bn_json *out,
			  struct bn_error *);
	const char *(*json_text)(struct bn_source *, struct bn_json, const char *path);

	/* what was read */
	int (*scope)(struct bn_batch *, const char *name, enum bn_scope_type, struct bn_error *);
	int (*page)(struct bn_batch *, struct bn_error *);
	int (*scope_done)(struct bn_batch *, struct bn_error *);
	const char *(*watermark)(struct bn_batch *, const char *name);
	void (*set_watermark)(struct bn_batch *, const char *name, const char *value);
	void (*add_pipeline)(struct bn_batch *, const struct bn_pipeline *);
	void (*add_run)(struct bn_batch *, const struct bn_run *);
	void (*add_task)(struct bn_batch *, const struct bn_task *);
	void (*add_endpoint)(struct bn_batch *, const struct bn_endpoint *);
	void (*add_entity)(struct bn_batch *, enum bn_kind, const struct bn_entity *);
	/* history: see bn_add_history */
	void (*add_history)(struct bn_batch *, bn_time from, bn_time until);
	/* models */
	void (*add_model)(struct bn_batch *, const struct bn_model *);
	void (*add_model_version)(struct bn_batch *, const struct bn_model_version *);

	void (*add_finding)(struct bn_batch *, const struct bn_finding *);
	void (*add_attribute)(struct bn_batch *, enum bn_kind, const char *key, const char *name,
			      const char *value);
	void (*add_measure)(struct bn_batch *, struct bn_ref about, const char *name, double value,
			    const char *unit, bn_time at);
	void (*add_point)(struct bn_batch *, struct bn_ref about, const char *series, bn_time at,
			  double value);
	void (*add_link)(struct bn_batch *, struct bn_ref from, struct bn_ref to, const char *kind);
	void (*add_skip)(struct bn_batch *, const char *what, const char *why);

	/* streams: see bn_stream_count */
	size_t (*stream_count)(const struct bn_source *);
	int (*stream_at)(struct bn_source *, size_t stream, struct bn_stream *out,
			 struct bn_error *);
	const char *(*stream_option)(const struct bn_source *, size_t stream, const char *name);
	int64_t (*stream_ms)(const struct bn_source *, size_t stream, const char *name);
	void (*add_stream)(struct bn_batch *, const struct bn_stream *);
	void (*add_reading)(struct bn_batch *, const char *stream, bn_time from, bn_time at);

	/* log lines and doctor's answers */
	int (*sink_line)(struct bn_sink *, bn_time at, const char *text, size_t size);
	bool (*sink_follow)(const struct bn_sink *);
	void (*sink_check)(struct bn_sink *, enum bn_verdict, const char *what, const char *detail);

	/* time and text, continued */
	int (*wait)(struct bn_source *, int64_t ms);
	const char *(*escape)(struct bn_source *, const char *text);

	void (*json_release)(struct bn_source *, struct bn_json);

	/* references in the configuration: see bn_parse_ref */
	int (*parse_ref)(struct bn_source *, const char *text, struct bn_ref *, struct bn_error *);

	/* answers that did not change: see bn_if_changed */
	void (*if_changed)(struct bn_source *);
	int (*scope_same)(struct bn_batch *, struct bn_error *);

	/* acting: see bn_send */
	int (*send)(struct bn_source *, int request, const struct bn_param *, const char *body,
		    struct bn_json *out, struct bn_outcome *, struct bn_error *);
};

/* ---- the plugin ---------------------------------------------------------------------------- */

/* Which lines are wanted. */
struct bn_log_request {
	const char *run;
	const char *task;   /* NULL: the whole run */
	const char *handle; /* struct bn_task.log, or NULL */
	int try_number;	    /* 0: the latest */
	int tail;	    /* last so many lines, 0: all */
	bool follow;
};

struct bn_plugin {
	unsigned abi; /* BN_PLUGIN_ABI */
	const char *name;
	const char *summary;  /* one line, for the manual and doctor */
	const char *provides; /* kinds, words separated by blanks: "pipeline run task" */
	const char *section;  /* kind of configuration section it owns besides [source]: "endpoint",
				 or NULL */
	const struct bn_option *options;	 /* of [source], besides the common ones */
	const struct bn_option *section_options; /* of its own sections */
	const struct bn_request *requests;	 /* ends with a NULL method */
	int64_t interval;			 /* default ms between polls; 0: 30 s */

	int (*open)(struct bn_source *, struct bn_error *);
	void (*close)(struct bn_source *);
	/* Called before the first request and once more after a 401: get a token, bn_set_bearer it.
	 * Absent: the common options (token-*, user, password-*) are all there is. */
	int (*login)(struct bn_source *, struct bn_error *);
	int (*poll)(struct bn_source *, struct bn_batch *, struct bn_error *);
	int (*watch)(struct bn_source *, struct bn_batch *, struct bn_error *);
	int (*backfill)(struct bn_source *, bn_time since, struct bn_batch *, struct bn_error *);
	/* What is too much to poll. `ref` names an entity of this source: a run's tasks, an
	 * endpoint to be probed right now … */
	int (*detail)(struct bn_source *, const struct bn_ref *, struct bn_batch *,
		      struct bn_error *);
	int (*logs)(struct bn_source *, const struct bn_log_request *, struct bn_sink *,
		    struct bn_error *);
	/* Reads what a retry of plan->about would do and fills the plan. BN_ECONFLICT: it has recovered
	 * already; BN_EBUSY: it runs at this moment, or a newer run does; BN_EUNSUPPORTED: there is
	 * nothing to retry, and why. */
	int (*plan)(struct bn_source *, struct bn_plan *, struct bn_error *);
	bool plans_tasks; /* plan() heeds bn_plan.only */
	/* Sends what the plan says, by one bn_send. Called on a lane where that is allowed once. An error
	 * that it returns without having called bn_send means that nothing was sent. */
	int (*act)(struct bn_source *, const struct bn_plan *, struct bn_outcome *,
		   struct bn_error *);
	/* Reads the platform and says what became of an intent whose answer was lost: DONE when the run
	 * runs, or ran, in a newer attempt than the intent's ("already exists" of our own key, too),
	 * UNCHANGED when it still shows that one, UNKNOWN with an answer that says what is seen when it shows
	 * neither (another run of that name, another end of the same attempt): a person decides then. Never
	 * sends. */
	int (*reconcile)(struct bn_source *, const struct bn_intent *, struct bn_outcome *,
			 struct bn_error *);
	/* Asks the cheapest questions that prove the login and each right; one bn_check per
	 * question. */
	int (*doctor)(struct bn_source *, struct bn_sink *, struct bn_error *);
};

/* ---- what plugin code calls ---------------------------------------------------------------- */

#define BN_HEAD(batch) (((const struct bn_batch_head *)(const void *)(batch))->host)

/* The option's value as written, or its default, or NULL. Multi-valued options by index until NULL.
 */
static inline const char *
bn_option(const struct bn_source *s, const char *name)
{
	return s->host->option(s, name, 0);
}

static inline const char *
bn_option_at(const struct bn_source *s, const char *name, size_t index)
{
	return s->host->option(s, name, index);
}

/* A reference as a person writes it, KIND/[SOURCE/]KEY. Where no source is named it is the one whose
 * configuration has the thing (an [endpoint]), or else this one. *out lives as long as this call. */
static inline int
bn_parse_ref(struct bn_source *s, const char *text, struct bn_ref *out, struct bn_error *err)
{
	return s->host->parse_ref(s, text, out, err);
}

/* An INT, or a DURATION in ms, or a SIZE in bytes. */
static inline int64_t
bn_option_int(const struct bn_source *s, const char *name)
{
	return s->host->option_int(s, name);
}

static inline bool
bn_option_bool(const struct bn_source *s, const char *name)
{
	return s->host->option_bool(s, name);
}

/* The plugin's own sections ([endpoint "NAME"] …) that belong to this source, in file order: those
 * whose key `source` names it or that have none. */
static inline size_t
bn_section_count(const struct bn_source *s)
{
	return s->host->section_count(s);
}

static inline const char *
bn_section_name(const struct bn_source *s, size_t section)
{
	return s->host->section_name(s, section);
}

static inline const char *
bn_section_option(const struct bn_source *s, size_t section, const char *name)
{
	return s->host->section_option(s, section, name, 0);
}

static inline const char *
bn_section_option_at(const struct bn_source *s, size_t section, const char *name, size_t index)
{
	return s->host->section_option(s, section, name, index);
}

static inline int64_t
bn_section_option_int(const struct bn_source *s, size_t section, const char *name)
{
	return s->host->section_int(s, section, name);
}

/* "token" or "password", resolved as the configuration says; *out is NULL when none is configured.
 */
static inline int
bn_secret(struct bn_source *s, const char *name, const char **out, struct bn_error *err)
{
	return s->host->secret(s, name, out, err);
}

/* A whole, small answer (at most 8 MiB decoded) as JSON. `body` is NULL, or sent as
 * application/json or, where it begins with a letter (`query=up&step=60`), as a form. */
static inline int
bn_get(struct bn_source *s, int request, const struct bn_param *params, struct bn_json *out,
       struct bn_error *err)
{
	return s->host->get(s, request, params, NULL, out, err);
}

static inline int
bn_post(struct bn_source *s, int request, const struct bn_param *params, const char *body,
	struct bn_json *out, struct bn_error *err)
{
	return s->host->get(s, request, params, body, out, err);
}

/* The one request of act(): a row marked BN_WRITES. It is sent once, on a connection of its own, and never
 * again, whatever happens: no retry, no second login, no redirect. Fills outcome's state and http_status
 * (DONE for a 2xx, REFUSED for an answer that says it was not done, NOT_SENT when nothing was sent, else
 * UNKNOWN); *out (may be NULL) is the answer. Returns BN_OK for DONE. A second call is refused and leaves the outcome
 * as it is: act() may say more of the request that was sent (an answer that names a refusal), but never that it was
 * not sent, nor that it was refused where no answer came. */
static inline int
bn_send(struct bn_source *s, int request, const struct bn_param *params, const char *body,
	struct bn_json *out, struct bn_outcome *outcome, struct bn_error *err)
{
	return s->host->send(s, request, params, body, out, outcome, err);
}

/* A list: the array at path `array` ("" when the document is the array) is cut out of the byte
 * stream and each item parsed alone; `rest` (may be NULL) is the document with that array empty. A
 * broken item is skipped and counted. */
static inline int
bn_items(struct bn_source *s, int request, const struct bn_param *params, const char *array,
	 bn_item_fn *on_item, void *payload, struct bn_json *rest, struct bn_error *err)
{
	return s->host->items(s, request, params, NULL, array, on_item, payload, rest, err);
}

/* The same of a search that is sent as a body. */
static inline int
bn_items_post(struct bn_source *s, int request, const struct bn_param *params, const char *body,
	      const char *array, bn_item_fn *on_item, void *payload, struct bn_json *rest,
	      struct bn_error *err)
{
	return s->host->items(s, request, params, body, array, on_item, payload, rest, err);
}

/* A stream of lines; ends with the stream, an error, a cancel, or the callback's BN_ECANCELLED. */
static inline int
bn_lines(struct bn_source *s, int request, const struct bn_param *params, enum bn_framing framing,
	 const char *accept, bn_line_fn *on_line, void *payload, struct bn_error *err)
{
	return s->host->lines(s, request, params, framing, accept, on_line, payload, err);
}

/* Measures `count` targets, at most `parallel` at a time; each probe's own failure is in the probe.
 */
static inline int
bn_probe_all(struct bn_source *s, struct bn_probe *probes, size_t count, size_t parallel,
	     struct bn_error *err)
{
	return s->host->probe(s, probes, count, parallel, err);
}

/* Connects to the redis:// or rediss:// url, logs in, and sends the row `first` (a PING), measuring all of
 * it; a failure is in the probe, too. The connection lasts until the present call of the plugin ends. */
static inline int
bn_talk_open(struct bn_source *s, int first, struct bn_probe *probe, struct bn_error *err)
{
	return s->host->talk_open(s, first, probe, err);
}

/* One command of the table and its reply, which is a string (of any bytes), an integer, null or an array.
 * An error reply is a failure with a code of its own; the conversation goes on after it. */
static inline int
bn_talk(struct bn_source *s, int request, const struct bn_param *params, struct bn_json *out,
	struct bn_error *err)
{
	return s->host->talk(s, request, params, out, err);
}

/* Sleeps so long in real time; BN_ECANCELLED as soon as this lane is told to stop. */
static inline int
bn_wait(struct bn_source *s, int64_t ms)
{
	return s->host->wait(s, ms);
}

static inline bool
bn_cancelled(const struct bn_source *s)
{
	return s->host->cancelled(s);
}

static inline void
bn_set_bearer(struct bn_source *s, const char *token)
{
	s->host->set_bearer(s, token);
}

static inline bn_time
bn_source_now(const struct bn_source *s)
{
	return s->host->now(s);
}

/* "2026-03-10T03:05:00Z" in memory of this call. */
static inline const char *
bn_time_text(struct bn_source *s, bn_time time)
{
	return s->host->format_time(s, time);
}

/* RFC 3339 to ms; 0 for NULL or what is not a time. */
static inline bn_time
bn_parse_time(const struct bn_source *s, const char *text)
{
	return s->host->parse_time(text);
}

/* Percent-encodes all but unreserved characters (RFC 3986), for links a person opens. */
static inline const char *
bn_escape(struct bn_source *s, const char *text)
{
	return s->host->escape(s, text);
}

/* Zeroed memory that lives as long as this call of the plugin. Never NULL. */
static inline void *
bn_alloc(struct bn_source *s, size_t size)
{
	return s->host->allocate(s, size);
}

/* printf into memory that lives as long as this call of the plugin. Never NULL. */
__attribute__((format(printf, 2, 3))) static inline const char *
bn_format(struct bn_source *s, const char *format, ...)
{
	va_list ap;
	const char *text;

	va_start(ap, format);
	text = s->host->format(s, format, ap);
	va_end(ap);
	return text;
}

/* The text as a JSON string with its quotes, in memory of this call; "null" for NULL. For bodies of requests. */
static inline const char *
bn_quote(struct bn_source *s, const char *text)
{
	size_t size = text != NULL ? 6 * strlen(text) + 3 : 5, n = 0;
	char *out = s->host->allocate(s, size);

	if (text == NULL)
		return "null";
	for (out[n++] = '"'; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\') {
			out[n++] = '\\';
			out[n++] = (char)c;
		} else if (c < 0x20) {
			n += (size_t)snprintf(out + n, size - n, "\\u%04x", c);
		} else {
			out[n++] = (char)c;
		}
	}
	out[n] = '"';
	return out;
}

/* Fills err and returns code, for `return bn_fail_at(source, err, BN_EPARSE, "run %s: …", id)`. */
__attribute__((format(printf, 4, 5))) static inline int
bn_fail_at(const struct bn_source *s, struct bn_error *err, int code, const char *format, ...)
{
	va_list ap;
	int rc;

	va_start(ap, format);
	rc = (s->host->fail)(err, code, format, ap); /* cmocka has a macro of that name */
	va_end(ap);
	return rc;
}

/* Adds what the person can do about it; returns err->code. */
__attribute__((format(printf, 2, 3))) static inline int
bn_hint_at(struct bn_error *err, const char *format, ...)
{
	va_list ap;

	if (err == NULL)
		return BN_EINTERNAL;
	va_start(ap, format);
	vsnprintf(err->hint, sizeof(err->hint), format, ap);
	va_end(ap);
	return err->code;
}

/* A line for binnacle's own log (--log); never secrets. */
__attribute__((format(printf, 2, 3))) static inline void
bn_note(struct bn_source *s, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	s->host->log(s, format, ap);
	va_end(ap);
}

/* One document out of text that came by another way (a log line, a probe's body, a child's output).
 */
static inline int
bn_json_parse(struct bn_source *s, const char *text, size_t size, struct bn_json *out,
	      struct bn_error *err)
{
	return s->host->json_parse(s, text, size, out, err);
}

/* Gives back, before the end of this call, a whole document that bn_json_parse or bn_get gave. Nothing
 * taken out of it may be used any more. */
static inline void
bn_json_release(struct bn_source *s, struct bn_json document)
{
	s->host->json_release(s, document);
}

/* The value at the path as compact JSON text; strings without their quotes; NULL when absent. */
static inline const char *
bn_json_text(struct bn_source *s, struct bn_json j, const char *path)
{
	return s->host->json_text(s, j, path);
}

static inline bool
bn_json_present(struct bn_json j)
{
	return j.node != NULL;
}

static inline struct bn_json
bn_json_get(struct bn_json j, const char *path)
{
	return j.host->json_get(j, path);
}

/* NULL when absent, null, or not a string. */
static inline const char *
bn_json_string(struct bn_json j, const char *path)
{
	return j.host->json_string(j, path);
}

/* Numbers, and numbers that arrive as strings (grpc-gateway, Prometheus). Booleans are not numbers.
 */
static inline int64_t
bn_json_int(struct bn_json j, const char *path, int64_t fallback)
{
	return j.host->json_int(j, path, fallback);
}

static inline double
bn_json_number(struct bn_json j, const char *path, double fallback)
{
	return j.host->json_number(j, path, fallback);
}

static inline bool
bn_json_bool(struct bn_json j, const char *path, bool fallback)
{
	return j.host->json_bool(j, path, fallback);
}

/* RFC 3339 / ISO 8601 text to ms; 0 when absent, null or not a time. */
static inline bn_time
bn_json_time(struct bn_json j, const char *path)
{
	return j.host->parse_time(j.host->json_string(j, path));
}

/* Items of an array, members of an object; 0 otherwise. */
static inline size_t
bn_json_size(struct bn_json j, const char *path)
{
	return j.host->json_size(j, path);
}

static inline bool
bn_json_next(struct bn_json_iter *iter)
{
	return iter->in.host->json_next(iter);
}

/* Starts a walk over the array or object at `path` (an empty walk where there is none). */
static inline struct bn_json_iter
bn_json_walk(struct bn_json j, const char *path)
{
	struct bn_json_iter iter = {.in = j.host->json_get(j, path)};

	if (iter.in.host == NULL)
		iter.in.host = j.host;
	return iter;
}

static inline int
bn_scope(struct bn_batch *b, const char *name, enum bn_scope_type type, struct bn_error *err)
{
	return BN_HEAD(b)->scope(b, name, type, err);
}

/* Commits what was added so far; call it after each page of a long list. */
static inline int
bn_page(struct bn_batch *b, struct bn_error *err)
{
	return BN_HEAD(b)->page(b, err);
}

/* The list was read to its end: commit, move watermarks, and (complete scopes) mark what is gone.
 */
static inline int
bn_scope_done(struct bn_batch *b, struct bn_error *err)
{
	return BN_HEAD(b)->scope_done(b, err);
}

static inline void
bn_add_pipeline(struct bn_batch *b, const struct bn_pipeline *record)
{
	BN_HEAD(b)->add_pipeline(b, record);
}

static inline void
bn_add_run(struct bn_batch *b, const struct bn_run *record)
{
	BN_HEAD(b)->add_run(b, record);
}

static inline void
bn_add_task(struct bn_batch *b, const struct bn_task *record)
{
	BN_HEAD(b)->add_task(b, record);
}

static inline void
bn_add_endpoint(struct bn_batch *b, const struct bn_endpoint *record)
{
	BN_HEAD(b)->add_endpoint(b, record);
}

static inline void
bn_add_model(struct bn_batch *b, const struct bn_model *record)
{
	BN_HEAD(b)->add_model(b, record);
}

static inline void
bn_add_model_version(struct bn_batch *b, const struct bn_model_version *record)
{
	BN_HEAD(b)->add_model_version(b, record);
}

static inline void
bn_add_finding(struct bn_batch *b, const struct bn_finding *record)
{
	BN_HEAD(b)->add_finding(b, record);
}

/* A further fact about a thing ("image", "alias", "replicas"): its changes are kept as history. */
static inline void
bn_add_attribute(struct bn_batch *b, enum bn_kind kind, const char *key, const char *name,
		 const char *value)
{
	BN_HEAD(b)->add_attribute(b, kind, key, name, value);
}

/* The latest value of a named number on a thing: "rps", "error-rate", "p95" … */
static inline void
bn_add_measure(struct bn_batch *b, struct bn_ref about, const char *name, double value,
	       const char *unit, bn_time at)
{
	BN_HEAD(b)->add_measure(b, about, name, value, unit, at);
}

static inline void
bn_add_point(struct bn_batch *b, struct bn_ref about, const char *series, bn_time at, double value)
{
	BN_HEAD(b)->add_point(b, about, series, at, value);
}

static inline void
bn_add_entity(struct bn_batch *b, enum bn_kind kind, const struct bn_entity *record)
{
	BN_HEAD(b)->add_entity(b, kind, record);
}

/* The [stream] sections that name this source, in file order. bn_stream_at gives what the section says,
 * ready for bn_add_stream (key, name and the rest; the status is the caller's); bn_stream_option a key as
 * it is written ("query", "for", "as", "scale", "arrival", "unit"), or its default, or NULL; bn_stream_ms a
 * duration ("reread", "backfill") in ms. */
static inline size_t
bn_stream_count(const struct bn_source *s)
{
	return s->host->stream_count(s);
}

static inline int
bn_stream_at(struct bn_source *s, size_t stream, struct bn_stream *out, struct bn_error *err)
{
	return s->host->stream_at(s, stream, out, err);
}

static inline const char *
bn_stream_option(const struct bn_source *s, size_t stream, const char *name)
{
	return s->host->stream_option(s, stream, name);
}

static inline int64_t
bn_stream_ms(const struct bn_source *s, size_t stream, const char *name)
{
	return s->host->stream_ms(s, stream, name);
}

static inline void
bn_add_stream(struct bn_batch *b, const struct bn_stream *record)
{
	BN_HEAD(b)->add_stream(b, record);
}

/* All minutes of the stream from `from` (a full minute) on were asked for at the moment `at`, and the
 * answer was whole: what has no point had none then. Call it after the points of that answer. */
static inline void
bn_add_reading(struct bn_batch *b, const char *stream, bn_time from, bn_time at)
{
	BN_HEAD(b)->add_reading(b, stream, from, at);
}

/* How far an earlier poll got, or NULL. Set values are kept once the scope is done. */
static inline const char *
bn_watermark(struct bn_batch *b, const char *name)
{
	return BN_HEAD(b)->watermark(b, name);
}

static inline void
bn_set_watermark(struct bn_batch *b, const char *name, const char *value)
{
	BN_HEAD(b)->set_watermark(b, name, value);
}

/* In a backfill: every run the platform ever had between these moments was read (and is in the batch). Time
 * travel then answers for runs there although nobody watched; claim nothing where the platform may have
 * forgotten some. */
static inline void
bn_add_history(struct bn_batch *b, bn_time from, bn_time until)
{
	BN_HEAD(b)->add_history(b, from, until);
}

static inline void
bn_add_link(struct bn_batch *b, struct bn_ref from, struct bn_ref to, const char *kind)
{
	BN_HEAD(b)->add_link(b, from, to, kind);
}

/* Counts something that came broken; it shows in the source's row, never silently. Within a complete
 * scope nothing is taken for gone then, since the broken item may be what is missing. */
static inline void
bn_add_skip(struct bn_batch *b, const char *what, const char *why)
{
	BN_HEAD(b)->add_skip(b, what, why);
}

/* One log line; returns BN_ECANCELLED when nobody wants more. */
static inline int
bn_sink_line(struct bn_source *s, struct bn_sink *sink, bn_time at, const char *text, size_t size)
{
	return s->host->sink_line(sink, at, text, size);
}

/* The request asks for lines as they come, not only for what is there. */
static inline bool
bn_sink_follow(const struct bn_source *s, const struct bn_sink *sink)
{
	return s->host->sink_follow(sink);
}

/* doctor: one question answered. `detail` says what to do where the verdict isn't fine. */
static inline void
bn_check(struct bn_source *s, struct bn_sink *sink, enum bn_verdict verdict, const char *what,
	 const char *detail)
{
	s->host->sink_check(sink, verdict, what, detail);
}

/* For a scope that is read by one request: the next bn_get or bn_items may return BN_UNCHANGED
 * (which is positive) when its answer is, byte for byte, the one from which this scope was last read
 * to its end ("304 not modified", or the same digest). No item was handed over then; end the scope
 * with bn_scope_same, which touches no row and renews the scope's freshness. */
static inline void
bn_if_changed(struct bn_source *s)
{
	s->host->if_changed(s);
}

static inline int
bn_scope_same(struct bn_batch *b, struct bn_error *err)
{
	return BN_HEAD(b)->scope_same(b, err);
}

/* The symbol a shared object exports: `const struct bn_plugin *const bn_plugin_entry = &…;` */
#define BN_PLUGIN_SYMBOL "bn_plugin_entry"

#endif

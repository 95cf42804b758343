/* apply.h - the rules of DESIGN 3 (absence, order, attempts, history), applied record by record. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_STORE_APPLY_H
#define BN_STORE_APPLY_H

#include "store/internal.h"

/* Where the records of one transaction come from. */
struct bn_apply {
	struct bn_writer *writer;
	int64_t source_id;
	const char *source_name;
	int64_t scope_id; /* 0: no scope is open, or the writer has no lease */
	int64_t generation;
	bn_time now; /* when it is written */
	/* pipelines whose numbers have to be made anew at the end of the page */
	int64_t *dirty;
	size_t dirty_count, dirty_capacity;
	/* the thing looked up last, by kind: records of one thing come together */
	struct {
		int64_t id;
		int attempt;
		char key[256];
	} last_run, last_pipeline;
	struct {
		int64_t series_id, entity_id;
		char name[128];
	} last_series;
};

/* What apply_entity found. */
struct bn_seen {
	int64_t id;
	enum bn_status old;  /* as it was stored, if it was */
	bool added, dropped; /* dropped: what is stored is newer */
	bool changed;
	bn_time first_seen, since; /* as they are now stored */
};

/* All of them inside a transaction. `labels` is JSON or NULL. BN_ENOTFOUND: the thing it belongs to
 * is not there. */
int bn_apply_entity(struct bn_apply *a, enum bn_kind kind, const struct bn_entity *e,
		    const char *labels, bn_time sent, struct bn_seen *seen, struct bn_error *err);
int bn_apply_pipeline(struct bn_apply *a, const struct bn_pipeline *p, const char *labels,
		      bn_time sent, struct bn_error *err);
int bn_apply_run(struct bn_apply *a, const struct bn_run *r, const char *labels, bn_time sent,
		 struct bn_error *err);
int bn_apply_task(struct bn_apply *a, const struct bn_task *t, const char *depends, bn_time sent,
		  struct bn_error *err);
int bn_apply_tasks_complete(struct bn_apply *a, const char *run_key, int attempt, bn_time sent,
			    struct bn_error *err);
int bn_apply_endpoint(struct bn_apply *a, const struct bn_endpoint *p, const char *labels,
		      const char *asserts, bn_time sent, struct bn_error *err);
/* apply_model.c. `checks` as JSON, `live` between commas; the aliases are written as attributes. */
int bn_apply_model(struct bn_apply *a, const struct bn_model *m, const char *labels,
		   const char *live, const char *checks, bn_time sent, struct bn_error *err);
int bn_apply_model_version(struct bn_apply *a, const struct bn_model_version *v, const char *labels,
			   const char *tags, const char *params, bn_time sent,
			   struct bn_error *err);
/* The version an alias of a model means: NAME@ALIAS to the row of NAME@VERSION. BN_ENOTFOUND. */
int bn_apply_find_alias(struct bn_apply *a, const struct bn_ref *about, int64_t *id,
			struct bn_error *err);
int bn_apply_finding(struct bn_apply *a, const struct bn_finding *f, const char *labels,
		     bn_time sent, struct bn_error *err);
int bn_apply_attribute(struct bn_apply *a, enum bn_kind kind, const char *key, const char *name,
		       const char *value, bn_time sent, struct bn_error *err);
int bn_apply_measure(struct bn_apply *a, const struct bn_ref *about, const char *name, double value,
		     const char *unit, bn_time at, struct bn_error *err);
int bn_apply_point(struct bn_apply *a, const struct bn_ref *about, const char *series, bn_time at,
		   double value, struct bn_error *err);
int bn_apply_stream(struct bn_apply *a, const struct bn_stream *s, const char *labels, bn_time sent,
		    struct bn_error *err);
int bn_apply_reading(struct bn_apply *a, const char *stream, bn_time from, bn_time at,
		     struct bn_error *err);
/* Keeps a number for a thing that is not there yet; gives a new thing what was kept for it. */
int bn_apply_early(struct bn_apply *a, const struct bn_ref *about, const char *name, bool point,
		   double value, const char *unit, bn_time at, struct bn_error *err);
int bn_apply_awaited(struct bn_apply *a, int64_t id, enum bn_kind kind, const char *key,
		     struct bn_error *err);
int bn_apply_link(struct bn_apply *a, const struct bn_ref *from, const struct bn_ref *to,
		  const char *kind, const char *origin, struct bn_error *err);
/* A complete scope was read to its end: what it no longer holds is gone, unless it was seen after
 * `before`. */
int bn_apply_sweep(struct bn_apply *a, bn_time before, struct bn_error *err);
/* The pipelines' numbers: latest run, last good one, p50 and p95, next due. */
int bn_apply_pipelines_done(struct bn_apply *a, struct bn_error *err);
void bn_apply_dirty(struct bn_apply *a, int64_t pipeline_id);
/* The source was observed from r->began to r->ended: the latest interval of its coverage goes on while the gap is no
 * longer than two intervals, else a new one begins. */
int bn_apply_observed(struct bn_writer *writer, int64_t source_id, int64_t interval,
		      const struct bn_poll_result *r, struct bn_error *err);
/* Row number of a thing; BN_ENOTFOUND. The first also knows a model's version by an alias of it. */
int bn_apply_find(struct bn_apply *a, const struct bn_ref *about, int64_t *id,
		  struct bn_error *err);
int bn_apply_find_exact(struct bn_apply *a, const struct bn_ref *about, int64_t *id,
			struct bn_error *err);
/* One change of status, as it is kept. A status below 0 is NULL: not there. */
struct bn_change {
	bn_time at; /* by the platform's clock, where it says it */
	int old, new;
	const char *message, *raw;
	bn_time since; /* 0: not said */
};
int bn_apply_transition(struct bn_apply *a, int64_t id, const struct bn_change *change,
			struct bn_error *err);
/* Every run of the source in that span is known. */
int bn_apply_history(struct bn_apply *a, bn_time from, bn_time until, struct bn_error *err);
/* The source's scope was read to its end, or (scope 0) it was polled, at `ended`: that span of coverage
 * goes on if what was known had not become stale by then, else one begins at `began`. */
int bn_apply_watched(struct bn_writer *writer, int64_t source_id, int64_t scope_id, bn_time began,
		     bn_time ended, struct bn_error *err);

#endif

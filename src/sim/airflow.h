/* airflow.h - what the two Airflow dialects share: which runs are asked for, in which order. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_SIM_AIRFLOW_H
#define BN_SIM_AIRFLOW_H

#include "sim/face.h"

#define AF_MAX_PAGE 100 /* [api] maximum_page_limit: larger limits are cut silently */

enum bn_af_field {
	AF_LOGICAL,
	AF_RUN_AFTER,
	AF_START,
	AF_END,
	AF_UPDATED,
	AF_ID,
	AF_STATE,
	AF_DAG,
	AF_FIELDS
};
enum bn_af_compare { AF_GTE, AF_GT, AF_LTE, AF_LT, AF_COMPARES };

/* A list request of DAG runs or task instances. Strings are borrowed from the request. */
struct bn_af_query {
	enum bn_w_engine engine;
	const char *dag, *run; /* NULL or "~": all */
	const char *dags[32];
	size_t dag_count;
	const char *states[16];
	size_t state_count;
	bn_time limits[AF_UPDATED + 1][AF_COMPARES]; /* 0: none */
	enum bn_af_field order;
	bool descending;
	int64_t limit, offset;
};

struct bn_af_list {
	struct bn_w_run *run;
	size_t count;
};

/* Why a parameter cannot be used. */
enum bn_af_verdict { AF_GOOD, AF_UNKNOWN, AF_BAD };

void bn_af_query_init(struct bn_af_query *query, enum bn_w_engine engine, int64_t limit);
/* One query parameter or body member of a list of runs, in either dialect's spelling. */
enum bn_af_verdict bn_af_query_add(struct bn_af_query *query, const char *name, const char *value);
/* The runs that match, in order; the caller frees list->run. Paging is the caller's (bn_af_page). */
void bn_af_runs(const struct bn_world *world, const struct bn_af_query *query, bn_time now,
		struct bn_af_list *list);
/* Is index of a list on the page asked for? */
bool bn_af_on_page(const struct bn_af_query *query, size_t index);

bn_time bn_af_logical_date(const struct bn_w_run *run);
const char *bn_af_run_state(const struct bn_w_run *run, bn_time now);
/* NULL: no state yet */
const char *bn_af_task_state(const struct bn_w_run *run, const struct bn_w_task *task, bn_time now);
/* DAGs of one Airflow by index; NULL behind the last. */
const struct bn_w_pipeline *bn_af_dag(const struct bn_world *world, enum bn_w_engine engine,
				      size_t index);
const struct bn_w_pipeline *bn_af_find_dag(const struct bn_world *world, enum bn_w_engine engine,
					   const char *name);

/* What is true of a task instance at a moment: of one try (from 1), or with 0 of the latest. */
struct bn_af_instance {
	const struct bn_w_run *run;
	const struct bn_w_task *task;
	const char *state; /* NULL: none */
	int try_number, max_tries;
	bn_time queued, started, finished; /* 0: not yet */
	char id[40];
};
void bn_af_instance(const struct bn_world *world, const struct bn_w_run *run,
		    const struct bn_w_task *task, int try_number, bn_time now,
		    struct bn_af_instance *out);

/* The lines a try has written by `now`, from line `from` on, each handed to `line`; returns the
 * next. */
size_t bn_af_log(const struct bn_world *world, const struct bn_af_instance *instance,
		 int try_number, bn_time now, size_t from,
		 void (*line)(const struct bn_w_line *, void *), void *payload);
/* Finds the task of the path; NULL if there is none. map_index -1 finds an unmapped one. */
const struct bn_w_task *bn_af_task(const struct bn_w_task *tasks, size_t count, const char *name,
				   int map_index);
const char *bn_af_host(void);

/* ---- one set of routes for two dialects ------------------------------------ */

struct bn_af_dialect {
	enum bn_w_engine engine;
	int prefix;	  /* path segments before "dags" ("api", "v1") */
	const char *zone; /* how times end: "+00:00" or "Z" */
	int64_t page;	  /* default limit */
	bool repeats;	  /* unknown query parameters are passed over (and marked), not refused */
	json_t *(*dag)(const struct bn_web_request *, const struct bn_w_pipeline *);
	json_t *(*run)(const struct bn_web_request *, const struct bn_w_run *);
	json_t *(*instance)(const struct bn_web_request *, const struct bn_af_instance *,
			    bool history);
	json_t *(*task)(const struct bn_web_request *, const struct bn_w_task *tasks, size_t count,
			size_t index);
	json_t *(*import_error)(const struct bn_w_import_error *);
	json_t *(*pool)(const char *name, int slots, int running, int queued);
	void (*log)(struct bn_web_request *, const struct bn_af_instance *, int try_number);
	/* not_found: what ("DAG", "DAGRun", "TaskInstance") and its name */
	void (*not_found)(struct bn_web_request *, const char *what, const char *name);
	/* a parameter or body member that is not understood */
	void (*bad)(struct bn_web_request *, const char *where, const char *name,
		    const char *value);
};

/* Everything below dags/, importErrors and pools. False if there is no such path. */
bool bn_af_route(struct bn_web_request *request, const struct bn_af_dialect *dialect);
json_t *bn_af_time(const struct bn_af_dialect *dialect, bn_time time);

#endif

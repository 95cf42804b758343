/* airflow.h - what the parts of the Airflow plugin share: the two dialects of its REST API. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_PLUGINS_AIRFLOW_H
#define BN_PLUGINS_AIRFLOW_H

#include "binnacle/plugin.h"

/* Requests both dialects have; `dialect->first` is added to find the row of the request table. */
enum airflow_request {
	AIRFLOW_VERSION,
	AIRFLOW_HEALTH,
	AIRFLOW_DAGS,
	AIRFLOW_RUNS,
	AIRFLOW_RUN,
	AIRFLOW_TASKS,
	AIRFLOW_INSTANCES,
	AIRFLOW_INSTANCE,
	AIRFLOW_MAPPED_INSTANCE,
	AIRFLOW_TRIES,
	AIRFLOW_MAPPED_TRIES,
	AIRFLOW_LOG,
	AIRFLOW_IMPORT_ERRORS,
	AIRFLOW_POOLS,
	AIRFLOW_CLEAR_PLAN,
	AIRFLOW_CLEAR,
	AIRFLOW_REQUESTS
};

/* What differs between Airflow 2's /api/v1 and Airflow 3's /api/v2 besides the path. */
struct airflow_dialect {
	const char *name;
	int first;		 /* its first row in the request table */
	const char *next_run;	 /* when a DAG is due next */
	const char *schedule[3]; /* where a DAG's schedule may stand, best first */
	const char *file;	 /* a DAG's file */
	const char *try_number;	 /* the log's path parameter */
	bool log_is_json;	 /* and the web interface is Airflow 3's */
};

/* One lane's state. */
struct airflow {
	const struct airflow_dialect *dialect; /* NULL until the server said its version */
};

/* The server's dialect, asked for once a lane. */
int airflow_dialect(struct bn_source *s, const struct airflow_dialect **out, struct bn_error *err);

/* Fills `run` from a DAG run; BN_EPARSE when it can't be named. Its key is DAG/RUN-ID: all
 * scheduled runs of one moment share their run id. */
int airflow_read_run(struct bn_source *s, struct bn_json item, struct bn_run *run,
		     struct bn_error *err);

/* airflow_poll.c */
int airflow_poll(struct bn_source *s, struct bn_batch *batch, struct bn_error *err);
int airflow_backfill(struct bn_source *s, bn_time since, struct bn_batch *batch,
		     struct bn_error *err);
/* airflow_tasks.c */
int airflow_detail(struct bn_source *s, const struct bn_ref *ref, struct bn_batch *batch,
		   struct bn_error *err);
/* airflow_clear.c */
int airflow_plan(struct bn_source *s, struct bn_plan *plan, struct bn_error *err);
int airflow_act(struct bn_source *s, const struct bn_plan *plan, struct bn_outcome *outcome,
		struct bn_error *err);
int airflow_reconcile(struct bn_source *s, const struct bn_intent *intent,
		      struct bn_outcome *outcome, struct bn_error *err);
/* airflow_logs.c */
int airflow_logs(struct bn_source *s, const struct bn_log_request *request, struct bn_sink *sink,
		 struct bn_error *err);
/* The line of a task's log that says why it failed, or NULL. */
const char *airflow_cause(struct bn_source *s, const char *dag, const char *run, const char *task,
			  int map_index, int try_number);

/* Cuts "DAG/RUN-ID" apart; false when it has no slash. */
bool airflow_split_key(struct bn_source *s, const char *key, const char **dag, const char **run);

#endif

/* airflow_room.h - what the files of the two Airflows' routes share. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_SIM_AIRFLOW_ROOM_H
#define BN_SIM_AIRFLOW_ROOM_H

#include "sim/airflow.h"

/* The path's segment behind the prefix: 0 is "dags". "" behind the last. */
const char *bn_af_part(const struct bn_web_request *request, const struct bn_af_dialect *dialect,
		       int index);
/* {name: items, "total_entries": total}; takes the items. */
json_t *bn_af_envelope(const char *name, json_t *items, size_t total);

/* airflow_read.c. All false when an answer was given instead. */
bool bn_af_listed(const char *const *names, const char *name);
bool bn_af_unknown_query(struct bn_web_request *request, const struct bn_af_dialect *dialect,
			 const char *name, const char *value);
bool bn_af_read_query(struct bn_web_request *request, const struct bn_af_dialect *dialect,
		      struct bn_af_query *query);
/* The body of a POST …/list; *body (the caller's) stays alive as long as the query. */
bool bn_af_read_body(struct bn_web_request *request, const struct bn_af_dialect *dialect,
		     struct bn_af_query *query, json_t **body);

/* airflow_routes.c: is the DAG unknown (then answered)? the run of the path (else answered). */
bool bn_af_unknown_dag(struct bn_web_request *request, const struct bn_af_dialect *dialect,
		       const char *dag);
bool bn_af_find_run(struct bn_web_request *request, const struct bn_af_dialect *dialect,
		    struct bn_w_run *run);

/* airflow_instances.c. `only`: the instances of this mapped task. map_index -1: not mapped. */
void bn_af_list_instances(struct bn_web_request *request, const struct bn_af_dialect *dialect,
			  const char *only);
void bn_af_post_instances(struct bn_web_request *request, const struct bn_af_dialect *dialect);
void bn_af_get_instance(struct bn_web_request *request, const struct bn_af_dialect *dialect,
			int map_index);
void bn_af_get_tries(struct bn_web_request *request, const struct bn_af_dialect *dialect,
		     int map_index, const char *which);
void bn_af_get_log(struct bn_web_request *request, const struct bn_af_dialect *dialect,
		   const char *which);

/* airflow_acts.c: dags/{dag}/clearTaskInstances, in earnest or (by default) as a dry run. */
void bn_af_clear(struct bn_web_request *request, const struct bn_af_dialect *dialect);

#endif

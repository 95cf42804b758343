/* argo.h - what the files of the Argo face share: the run list and the objects. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_SIM_ARGO_H
#define BN_SIM_ARGO_H

#include "sim/face.h"
#include "sim/mask.h"

#define ARGO_TTL                                                                                   \
	(6 * BN_W_HOUR) /* a finished workflow's object is deleted, the archive keeps its row */
/* A dbt run has 312 tasks; each may be a Retry node with up to two pods, below one root. */
#define ARGO_POD_NAME 160

/* Has the object itself gone, so that only the archive knows the run? */
bool bn_argo_is_archived(const struct bn_w_run *run, bn_time now);
const char *bn_argo_phase(enum bn_w_state state);
/* A label of the workflow, or NULL. `buffer` holds what has to be made. */
const char *bn_argo_label(const struct bn_w_run *run, bn_time now, const char *key);
/* "workflow-template" of a pipeline. */
const char *bn_argo_template(const struct bn_w_pipeline *pipeline);
/* The pod of a try (from 1): "<workflow>-<template>-<fnv32a of the node's name>". */
void bn_argo_pod_name(const struct bn_w_run *run, const struct bn_w_task *task, int attempt,
		      char out[ARGO_POD_NAME]);
/* The id of the node of a task (attempt 0) or of one of its pods below a Retry node (attempt from
 * 1). */
void bn_argo_node_id(const struct bn_w_run *run, const struct bn_w_task *task, int attempt,
		     char out[ARGO_POD_NAME]);

/* The Workflow object. `prefix` is the path of the object in the answer for the mask ("items" or
 * ""). */
json_t *bn_argo_workflow(const struct bn_world *world, const struct bn_w_run *run, bn_time now,
			 const struct bn_mask *mask, const char *prefix);
/* status.nodes; *pods and *done count pods for status.progress. */
json_t *bn_argo_nodes(const struct bn_world *world, const struct bn_w_run *run, bn_time now);
void bn_argo_progress(const struct bn_world *world, const struct bn_w_run *run, bn_time now,
		      int *done, int *pods);
json_t *bn_argo_cron_workflow(const struct bn_world *world, const struct bn_w_pipeline *pipeline,
			      bn_time now);
json_t *bn_argo_workflow_template(const struct bn_world *world, const char *name);

/* Kubernetes label selectors: true if `value_of` satisfies it; *bad is set when it cannot be read.
 */
typedef const char *bn_argo_value_fn(const void *object, const char *key);
bool bn_argo_selects(const char *selector, bn_argo_value_fn *value_of, const void *object,
		     bool *bad);

/* {"code","message","error"} with the HTTP status that belongs to the gRPC code. */
void bn_argo_error(struct bn_web_request *request, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* GET /api/v1/workflows/{ns}, /api/v1/archived-workflows */
void bn_argo_list(struct bn_web_request *request, bool archive_only);
/* GET …/log and the artifact main-logs. */
void bn_argo_log(struct bn_web_request *request, const struct bn_w_run *run, const char *pod);
void bn_argo_main_logs(struct bn_web_request *request, const struct bn_w_run *run,
		       const char *node);

/* argo_acts.c: answers a retry or a resubmission; false if the request is none. */
bool bn_argo_act(struct bn_web_request *request);

#endif

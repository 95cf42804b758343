/* argo.h - what the parts of the Argo Workflows plugin share: request numbers, keys, readers. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_PLUGINS_ARGO_H
#define BN_PLUGINS_ARGO_H

#include "binnacle/plugin.h"

/* Index into the request table of argo_workflows.c. */
enum argo_request {
	ARGO_CRONS,
	ARGO_TEMPLATES,
	ARGO_RUNS,
	ARGO_ARCHIVED,
	ARGO_RUN,
	ARGO_LOG,
	ARGO_MAIN_LOGS,
	ARGO_VERSION,
	ARGO_USER,
	ARGO_RETRY,
	ARGO_RETRY_ARCHIVED,
	ARGO_RESUBMIT
};

/* A label or annotation of Argo's own, as a path below an object's metadata. */
#define ARGO_LABEL(name) "labels/workflows.argoproj.io~1" name

/* The configured namespace, "" for all of them. */
const char *argo_namespace(const struct bn_source *s);
/* How a thing is named here: NAME with `namespace` configured, NAMESPACE/NAME without. */
const char *argo_key(struct bn_source *s, const char *namespace, const char *name);
/* The other way round. */
void argo_split_key(struct bn_source *s, const char *key, const char **namespace,
		    const char **name);

/* argo_read.c: fill a record from an object; BN_EPARSE when it has no name. */
int argo_read_cron(struct bn_source *s, struct bn_json item, struct bn_pipeline *out,
		   struct bn_error *err);
/* `list` is the word of the web interface's address. */
int argo_read_template(struct bn_source *s, struct bn_json item, const char *list,
		       struct bn_pipeline *out, struct bn_error *err);
int argo_read_run(struct bn_source *s, struct bn_json workflow, struct bn_run *run,
		  struct bn_error *err);

/* argo_poll.c */
int argo_poll(struct bn_source *s, struct bn_batch *batch, struct bn_error *err);
int argo_backfill(struct bn_source *s, bn_time since, struct bn_batch *batch, struct bn_error *err);
/* argo_nodes.c: the nodes of one run as tasks. */
int argo_detail(struct bn_source *s, const struct bn_ref *ref, struct bn_batch *batch,
		struct bn_error *err);
/* argo_logs.c: the lines its pods wrote. */
int argo_logs(struct bn_source *s, const struct bn_log_request *request, struct bn_sink *sink,
	      struct bn_error *err);

/* The units (pods) that a retry runs again, in waves, and how many are kept: steps and counts of the plan. */
void argo_steps(struct bn_source *s, struct bn_json workflow, struct bn_plan *plan);

/* argo_retry.c */
int argo_plan(struct bn_source *s, struct bn_plan *plan, struct bn_error *err);
int argo_act(struct bn_source *s, const struct bn_plan *plan, struct bn_outcome *outcome,
	     struct bn_error *err);
int argo_reconcile(struct bn_source *s, const struct bn_intent *intent, struct bn_outcome *outcome,
		   struct bn_error *err);

/* FNV-1a, which Argo makes pod names with. */
static inline uint32_t
argo_hash(const char *text)
{
	uint32_t hash = 2166136261u;

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}

#endif

/* argo.h - what the two halves of the Argo Workflows plugin share: request numbers, keys, status words. */
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
	ARGO_USER
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

/* Fills `run` from a workflow object (list item or detail); BN_EPARSE when it has no name. */
int argo_read_run(struct bn_source *s, struct bn_json workflow, struct bn_run *run,
		  struct bn_error *err);

/* argo_nodes.c: the nodes of one run as tasks, and the lines its pods wrote. */
int argo_detail(struct bn_source *s, const struct bn_ref *ref, struct bn_batch *batch,
		struct bn_error *err);
int argo_logs(struct bn_source *s, const struct bn_log_request *request, struct bn_sink *sink,
	      struct bn_error *err);

#endif

/* argo_read.c - what a CronWorkflow, a WorkflowTemplate or a Workflow object says of itself. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "argo.h"

/* `binnacle/WHAT` as an annotation or label of the object, or else a plain label WHAT. */
static const char *
declared(struct bn_source *s, struct bn_json meta, const char *what)
{
	const char *text;

	text = bn_json_string(meta, bn_format(s, "annotations/binnacle~1%s", what));
	if (text == NULL)
		text = bn_json_string(meta, bn_format(s, "labels/binnacle~1%s", what));
	return text != NULL ? text : bn_json_string(meta, bn_format(s, "labels/%s", what));
}

static enum bn_idempotence
idempotence(const char *word)
{
	static const struct {
		const char *word;
		enum bn_idempotence class;
	} classes[] = {{"idempotent", BN_IDEMPOTENT},
		       {"true", BN_IDEMPOTENT},
		       {"at-least-once", BN_AT_LEAST_ONCE},
		       {"append", BN_APPEND}};

	for (size_t i = 0; word != NULL && i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strcmp(word, classes[i].word) == 0)
			return classes[i].class;
	return BN_IDEMPOTENCE_UNKNOWN;
}

/* A person's own labels, as the list struct bn_entity wants; Argo's bookkeeping is left out. */
static const char *const *
labels_of(struct bn_source *s, struct bn_json meta)
{
	enum { AT_MOST = 24 };
	const char **list = bn_alloc(s, (2 * AT_MOST + 1) * sizeof(*list));
	struct bn_json_iter it = bn_json_walk(meta, "labels");
	size_t n = 0;

	while (n < AT_MOST && bn_json_next(&it)) {
		const char *value = bn_json_string(it.value, NULL);

		if (it.key == NULL || value == NULL ||
		    strncmp(it.key, "workflows.argoproj.io/", 22) == 0)
			continue;
		list[2 * n] = it.key;
		list[2 * n + 1] = value;
		n++;
	}
	return n > 0 ? list : NULL;
}

static const char *
page_url(struct bn_source *s, const char *list, const char *namespace, const char *name)
{
	const char *base = bn_option(s, "url");
	size_t size = base != NULL ? strlen(base) : 0;

	if (size == 0 || namespace == NULL || name == NULL)
		return NULL;
	while (size > 0 && base[size - 1] == '/')
		size--;
	return bn_format(s, "%.*s/%s/%s/%s", (int)size, base, list, bn_escape(s, namespace),
			 bn_escape(s, name));
}

/* ---- pipelines ------------------------------------------------------------------------------- */

/* Several schedules (since v3.6) are told joined by "; ". */
static const char *
schedule_of(struct bn_source *s, struct bn_json spec)
{
	struct bn_json_iter it = bn_json_walk(spec, "schedules");
	const char *joined = NULL;

	for (int i = 0; i < 16 && bn_json_next(&it); i++) {
		const char *one = bn_json_string(it.value, NULL);

		if (one != NULL)
			joined = joined == NULL ? one : bn_format(s, "%s; %s", joined, one);
	}
	return joined != NULL ? joined : bn_json_string(spec, "schedule");
}

/* What the controller says is wrong with a cron workflow, or NULL. */
static const char *
cron_trouble(struct bn_json item, const char **raw)
{
	struct bn_json_iter it = bn_json_walk(item, "status/conditions");

	while (bn_json_next(&it)) {
		const char *type = bn_json_string(it.value, "type");
		const char *status = bn_json_string(it.value, "status");

		if (type == NULL || status == NULL || strcmp(status, "True") != 0)
			continue;
		if (strcmp(type, "SpecError") == 0 || strcmp(type, "SubmissionError") == 0) {
			const char *message = bn_json_string(it.value, "message");

			*raw = type;
			return message != NULL ? message : type;
		}
	}
	return NULL;
}

int
argo_read_template(struct bn_source *s, struct bn_json item, const char *list,
		   struct bn_pipeline *out, struct bn_error *err)
{
	struct bn_json meta = bn_json_get(item, "metadata");
	const char *name = bn_json_string(meta, "name"),
		   *namespace = bn_json_string(meta, "namespace");
	const char *owner = declared(s, meta, "owner");

	if (owner == NULL)
		owner = declared(s, meta, "team");
	if (name == NULL || name[0] == '\0')
		return bn_fail_at(s, err, BN_EPARSE, "an item of %s has no metadata.name", list);
	*out = (struct bn_pipeline){
	    .e = {.key = argo_key(s, namespace, name),
		  .name = name,
		  .status = BN_HEALTHY,
		  .owner = owner,
		  .url = page_url(s, list, namespace, name),
		  .labels = labels_of(s, meta)},
	    .group = declared(s, meta, "group"),
	    .engine = "argo",
	    .definition = declared(s, meta, "definition"),
	    .idempotence = idempotence(declared(s, meta, "idempotence")),
	};
	return BN_OK;
}

int
argo_read_cron(struct bn_source *s, struct bn_json item, struct bn_pipeline *out,
	       struct bn_error *err)
{
	struct bn_json spec = bn_json_get(item, "spec");
	const char *trouble;
	int rc = argo_read_template(s, item, "cron-workflows", out, err);

	if (rc != BN_OK)
		return rc;
	out->schedule = schedule_of(s, spec);
	out->timezone = bn_json_string(spec, "timezone");
	out->paused = bn_json_bool(spec, "suspend", false);
	out->e.raw_status = bn_json_string(item, "status/phase");
	trouble = cron_trouble(item, &out->e.raw_status);
	if (out->paused) {
		out->e.status = BN_PAUSED;
		out->e.raw_status = "suspended";
	} else if (trouble != NULL) {
		out->e.status = BN_DEGRADED;
		out->e.message = trouble;
	}
	return BN_OK;
}

/* ---- runs ------------------------------------------------------------------------------------ */

/* Stopping and terminating end in phase Failed; only spec.shutdown tells them from a failure. */
static enum bn_status
run_status(const char *phase, const char *shutdown, bool suspended)
{
	if (phase == NULL || phase[0] == '\0' || strcmp(phase, "Pending") == 0)
		return BN_QUEUED;
	if (strcmp(phase, "Running") == 0)
		return suspended ? BN_PAUSED : BN_RUNNING;
	if (strcmp(phase, "Succeeded") == 0)
		return BN_SUCCEEDED;
	if (strcmp(phase, "Failed") == 0 || strcmp(phase, "Error") == 0)
		return shutdown != NULL && shutdown[0] != '\0' ? BN_CANCELLED : BN_FAILED;
	return BN_UNKNOWN;
}

static const char *
trigger_of(struct bn_json meta)
{
	if (bn_json_string(meta, ARGO_LABEL("cron-workflow")) != NULL)
		return "schedule";
	if (bn_json_string(meta, ARGO_LABEL("resubmitted-from-workflow")) != NULL)
		return "resubmit";
	if (bn_json_string(meta, "labels/events.argoproj.io~1sensor") != NULL)
		return "event";
	return bn_json_string(meta, ARGO_LABEL("creator")) != NULL ? "manual" : NULL;
}

static const char *
pipeline_of(struct bn_json meta)
{
	static const char *const paths[] = {ARGO_LABEL("cron-workflow"),
					    ARGO_LABEL("workflow-template"),
					    ARGO_LABEL("cluster-workflow-template")};
	const char *name = NULL;

	for (size_t i = 0; name == NULL && i < sizeof(paths) / sizeof(paths[0]); i++)
		name = bn_json_string(meta, paths[i]);
	return name;
}

int
argo_read_run(struct bn_source *s, struct bn_json workflow, struct bn_run *run,
	      struct bn_error *err)
{
	struct bn_json meta = bn_json_get(workflow, "metadata"),
		       status = bn_json_get(workflow, "status");
	const char *name = bn_json_string(meta, "name"),
		   *namespace = bn_json_string(meta, "namespace");
	const char *phase = bn_json_string(status, "phase"),
		   *progress = bn_json_string(status, "progress");
	const char *message = bn_json_string(status, "message");

	if (name == NULL || name[0] == '\0')
		return bn_fail_at(s, err, BN_EPARSE, "a workflow has no metadata.name");
	*run = (struct bn_run){
	    .e = {.key = argo_key(s, namespace, name),
		  .name = name,
		  .status = run_status(phase, bn_json_string(workflow, "spec/shutdown"),
				       bn_json_bool(workflow, "spec/suspend", false)),
		  .raw_status = phase != NULL && phase[0] != '\0' ? phase : "Pending",
		  /* "child 'x-123' failed" names no cause: argo_detail finds the node that has one
		   */
		  .message =
		      message != NULL && strncmp(message, "child '", 7) == 0 ? NULL : message,
		  .url = page_url(s, "workflows", namespace, name),
		  .labels = labels_of(s, meta)},
	    .pipeline = argo_key(s, namespace, pipeline_of(meta)),
	    .queued_at = bn_json_time(meta, "creationTimestamp"),
	    .started_at = bn_json_time(status, "startedAt"),
	    .finished_at = bn_json_time(status, "finishedAt"),
	    .trigger = trigger_of(meta),
	    .progress = progress,
	    .retry_of = argo_key(s, namespace,
				 bn_json_string(meta, ARGO_LABEL("resubmitted-from-workflow"))),
	    .tasks_total = -1, /* progress counts pods; argo_detail counts tasks */
	    .tasks_done = -1,
	    .tasks_failed = -1,
	    .tasks_skipped = -1,
	};
	run->e.since = run->finished_at > 0  ? run->finished_at
		       : run->started_at > 0 ? run->started_at
					     : run->queued_at;
	return BN_OK;
}

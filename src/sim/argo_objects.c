/* argo_objects.c - Workflow, CronWorkflow and WorkflowTemplate objects as the server sends them. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim/argo.h"

#define CREATED_BY "system-serviceaccount-argo-argo-workflows-controller"
/* When Harbourline's cron workflows were made. */
#define FOUNDED (BN_W_NIGHT - 400 * BN_W_DAY)

bool
bn_argo_is_archived(const struct bn_w_run *run, bn_time now)
{
	return now >= run->finished + ARGO_TTL;
}

const char *
bn_argo_phase(enum bn_w_state state)
{
	switch (state) {
	case BN_W_PENDING:
		return "Pending";
	case BN_W_RUNNING:
	case BN_W_RETRYING:
		return "Running";
	case BN_W_OK:
		return "Succeeded";
	case BN_W_FAILED:
		return "Failed";
	case BN_W_OMITTED:
		return "Omitted";
	default:
		return "";
	}
}

const char *
bn_argo_template(const struct bn_w_pipeline *pipeline)
{
	return pipeline->work == BN_W_DBT ? "dbt-build" : "meltano-ingest";
}

static const char *
group_of(const struct bn_w_pipeline *pipeline)
{
	return pipeline->work == BN_W_DBT ? "transformation" : "ingestion";
}

const char *
bn_argo_label(const struct bn_w_run *run, bn_time now, const char *key)
{
	enum bn_w_state state = bn_world_run_state(run, now);
	bool over = state == BN_W_OK || state == BN_W_FAILED;

	if (strcmp(key, "workflows.argoproj.io/phase") == 0)
		return bn_argo_phase(state);
	if (strcmp(key, "workflows.argoproj.io/completed") == 0)
		return over ? "true" : state == BN_W_PENDING ? NULL : "false";
	if (strcmp(key, "workflows.argoproj.io/cron-workflow") == 0)
		return run->pipeline->name;
	if (strcmp(key, "workflows.argoproj.io/workflow-template") == 0)
		return bn_argo_template(run->pipeline);
	if (strcmp(key, "workflows.argoproj.io/creator") == 0)
		return CREATED_BY;
	if (strcmp(key, "workflows.argoproj.io/workflow-archiving-status") == 0)
		return !over ? NULL : bn_argo_is_archived(run, now) ? "Persisted" : "Archived";
	if (strcmp(key, "workflows.argoproj.io/resubmitted-from-workflow") == 0)
		return run->resubmitted_from[0] != '\0' ? run->resubmitted_from : NULL;
	if (strcmp(key, "team") == 0)
		return run->pipeline->owner;
	if (strcmp(key, "group") == 0)
		return group_of(run->pipeline);
	return NULL;
}

static json_t *
labels_of(const struct bn_w_run *run, bn_time now)
{
	static const char *const keys[] = {"workflows.argoproj.io/phase",
					   "workflows.argoproj.io/completed",
					   "workflows.argoproj.io/cron-workflow",
					   "workflows.argoproj.io/workflow-template",
					   "workflows.argoproj.io/creator",
					   "workflows.argoproj.io/workflow-archiving-status",
					   "workflows.argoproj.io/resubmitted-from-workflow",
					   "team",
					   "group"};
	json_t *labels = json_object();
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		value = bn_argo_label(run, now, keys[i]);
		if (value != NULL)
			json_object_set_new(labels, keys[i], json_string(value));
	}
	return labels;
}

static json_t *
cron_uid(const struct bn_world *world, const struct bn_w_pipeline *pipeline)
{
	char uid[40];

	bn_world_uuid(bn_world_hash(bn_world_seed(world), pipeline->name, 0, 99), uid);
	return json_string(uid);
}

static json_t *
workflow_metadata(const struct bn_world *world, const struct bn_w_run *run, bn_time now)
{
	char scheduled[BN_TIME_TEXT], version[32];
	json_t *metadata;

	bn_time_rfc3339(run->scheduled, scheduled);
	snprintf(version, sizeof(version), "%lld",
		 (long long)((now < run->finished ? now : run->finished) / 1000 % 1000000000));
	metadata = json_pack("{s:s, s:s, s:s, s:s, s:i, s:o, s:o, s:{s:s}}", "name", run->name,
			     "namespace", BN_FACE_NAMESPACE, "uid", run->uid, "resourceVersion",
			     version, "generation", 4, "creationTimestamp",
			     bn_face_time(run->created, "Z", 0), "labels", labels_of(run, now),
			     "annotations", "workflows.argoproj.io/scheduled-time", scheduled);
	json_object_set_new(metadata, "ownerReferences",
			    json_pack("[{s:s, s:s, s:s, s:o, s:b, s:b}]", "apiVersion",
				      "argoproj.io/v1alpha1", "kind", "CronWorkflow", "name",
				      run->pipeline->name, "uid", cron_uid(world, run->pipeline),
				      "controller", 1, "blockOwnerDeletion", 1));
	return metadata;
}

static json_t *
arguments_of(const struct bn_w_pipeline *pipeline)
{
	const char *value = pipeline->work != BN_W_DBT			     ? pipeline->name
			    : strcmp(pipeline->name, "transform-daily") == 0 ? "daily"
									     : "hourly";

	return json_pack("{s:[{s:s, s:s}]}", "parameters", "name",
			 pipeline->work == BN_W_DBT ? "window" : "pipeline", "value", value);
}

static json_t *
workflow_spec(const struct bn_w_pipeline *pipeline)
{
	return json_pack("{s:{s:s}, s:o, s:{s:i}, s:b}", "workflowTemplateRef", "name",
			 bn_argo_template(pipeline), "arguments", arguments_of(pipeline),
			 "ttlStrategy", "secondsAfterCompletion", (int)(ARGO_TTL / 1000),
			 "archiveLogs", 1);
}

static void
add_progress(json_t *status, const struct bn_world *world, const struct bn_w_run *run, bn_time now)
{
	char progress[32];
	int done, pods;

	bn_argo_progress(world, run, now, &done, &pods);
	snprintf(progress, sizeof(progress), "%d/%d", done, pods);
	json_object_set_new(status, "progress", json_string(progress));
}

static json_t *
workflow_status(const struct bn_world *world, const struct bn_w_run *run, bn_time now,
		bool progress, bool nodes)
{
	enum bn_w_state state = bn_world_run_state(run, now);
	bool over = state == BN_W_OK || state == BN_W_FAILED;
	int64_t ran = (over ? run->finished : now) - run->started;
	json_t *status;

	status = json_pack("{s:s, s:o, s:o}", "phase", bn_argo_phase(state), "startedAt",
			   bn_face_time(state == BN_W_PENDING ? 0 : run->started, "Z", 0),
			   "finishedAt", bn_face_time(over ? run->finished : 0, "Z", 0));
	if (state == BN_W_PENDING) { /* waiting for the semaphore of its spec */
		json_object_set_new(status, "message",
				    json_string("Waiting for " BN_FACE_NAMESPACE
						"/ConfigMap/semaphores/warehouse lock"));
		return status;
	}
	json_object_set_new(
	    status, "conditions",
	    over ? json_pack("[{s:s, s:s}, {s:s, s:s}]", "type", "PodRunning", "status", "False",
			     "type", "Completed", "status", "True")
		 : json_pack("[{s:s, s:s}]", "type", "PodRunning", "status", "True"));
	json_object_set_new(status, "estimatedDuration", json_integer(run->pipeline->p50));
	json_object_set_new(status, "resourcesDuration",
			    json_pack("{s:I, s:I}", "cpu", (json_int_t)(ran / 1000), "memory",
				      (json_int_t)(ran / 250)));
	if (progress)
		add_progress(status, world, run, now);
	if (nodes)
		json_object_set_new(status, "nodes", bn_argo_nodes(world, run, now));
	return status;
}

json_t *
bn_argo_workflow(const struct bn_world *world, const struct bn_w_run *run, bn_time now,
		 const struct bn_mask *mask, const char *prefix)
{
	/* the list of archived runs has no nodes: the row holds none of them */
	bool listed = *prefix != '\0';
	bool nodes = bn_mask_wants(mask, listed ? "items.status.nodes" : "status.nodes") &&
		     !(listed && bn_argo_is_archived(run, now));
	bool progress = bn_mask_wants(mask, listed ? "items.status.progress" : "status.progress");
	json_t *workflow;

	workflow = json_pack("{s:o, s:o, s:o}", "metadata", workflow_metadata(world, run, now),
			     "spec", workflow_spec(run->pipeline), "status",
			     workflow_status(world, run, now, progress, nodes));
	if (!listed) {
		json_object_set_new(workflow, "kind", json_string("Workflow"));
		json_object_set_new(workflow, "apiVersion", json_string("argoproj.io/v1alpha1"));
	}
	return workflow;
}

/* ---- CronWorkflow ---------------------------------------------------------- */

static json_t *
active_runs(const struct bn_world *world, const struct bn_w_pipeline *pipeline, bn_time now)
{
	json_t *active = json_array();
	struct bn_w_run run;

	if (pipeline->suspended)
		return active;
	bn_world_run_now(world, pipeline, bn_world_last_slot(pipeline, now), now, &run);
	if (now < run.finished)
		json_array_append_new(active, json_pack("{s:s, s:s, s:s, s:s, s:s}", "apiVersion",
							"argoproj.io/v1alpha1", "kind", "Workflow",
							"name", run.name, "namespace",
							BN_FACE_NAMESPACE, "uid", run.uid));
	return active;
}

static json_t *
cron_status(const struct bn_world *world, const struct bn_w_pipeline *pipeline, bn_time now)
{
	bn_time last = pipeline->suspended
			   ? BN_W_NIGHT - 57 * BN_W_DAY
			   : bn_world_last_slot(pipeline, now) * pipeline->period * BN_W_MINUTE +
				 pipeline->offset % pipeline->period * BN_W_MINUTE;

	return json_pack("{s:o, s:o, s:[], s:i, s:i, s:s}", "active",
			 active_runs(world, pipeline, now), "lastScheduledTime",
			 bn_face_time(last, "Z", 0), "conditions", "succeeded", 0, "failed", 0,
			 "phase", "Active");
}

json_t *
bn_argo_cron_workflow(const struct bn_world *world, const struct bn_w_pipeline *pipeline,
		      bn_time now)
{
	json_t *cron, *metadata, *spec;

	metadata = json_pack("{s:s, s:s, s:o, s:s, s:i, s:o, s:{s:s, s:s}, s:{s:s, s:s, s:s, s:s}}",
			     "name", pipeline->name, "namespace", BN_FACE_NAMESPACE, "uid",
			     cron_uid(world, pipeline), "resourceVersion", "88410", "generation",
			     12, "creationTimestamp", bn_face_time(FOUNDED, "Z", 0), "labels",
			     "team", pipeline->owner, "group", group_of(pipeline), "annotations",
			     "workflows.argoproj.io/description", pipeline->summary,
			     "binnacle/idempotence", pipeline->idempotence, "binnacle/owner",
			     pipeline->owner, "binnacle/definition", pipeline->definition);
	spec = json_pack("{s:[s], s:s, s:s, s:b, s:i, s:i, s:i, s:o, s:{s:{s:s, s:s}}}",
			 "schedules", pipeline->cron, "timezone", "UTC", "concurrencyPolicy",
			 "Forbid", "suspend", pipeline->suspended, "startingDeadlineSeconds", 60,
			 "successfulJobsHistoryLimit", 60, "failedJobsHistoryLimit", 20,
			 "workflowSpec", workflow_spec(pipeline), "workflowMetadata", "labels",
			 "team", pipeline->owner, "group", group_of(pipeline));
	cron = json_pack("{s:o, s:o, s:o}", "metadata", metadata, "spec", spec, "status",
			 cron_status(world, pipeline, now));
	return cron;
}

/* ---- WorkflowTemplate ------------------------------------------------------ */

static json_t *
container_template(const char *name, const char *image, const char *parameter, const char *command,
		   bool retries)
{
	json_t *template = json_pack("{s:s, s:{s:[{s:s}]}, s:{s:s, s:[s, s], s:[s]}}", "name", name,
				     "inputs", "parameters", "name", parameter, "container",
				     "image", image, "command", "sh", "-c", "args", command);

	if (retries)
		json_object_set_new(
		    template, "retryStrategy",
		    json_pack("{s:s, s:s}", "limit", "1", "retryPolicy", "OnFailure"));
	return template;
}

static json_t *
dag_task(const char *name, const char *template, const char *parameter, const char *value)
{
	return json_pack("{s:s, s:s, s:{s:[{s:s, s:s}]}}", "name", name, "template", template,
			 "arguments", "parameters", "name", parameter, "value", value);
}

static json_t *
dbt_tasks(const struct bn_world *world)
{
	const struct bn_w_node *nodes = bn_world_nodes(world);
	char template[64], depends[320];
	json_t *tasks = json_array(), *task;
	int i, k;

	for (i = 0; i < BN_W_DBT_NODES; i++) {
		snprintf(template, sizeof(template), "build-tag-%s%s", nodes[i].layer,
			 nodes[i].python ? "-python" : "");
		task = dag_task(nodes[i].name, template, "model", nodes[i].name);
		depends[0] = '\0';
		for (k = 0; k < nodes[i].depend_count; k++)
			snprintf(depends + strlen(depends), sizeof(depends) - strlen(depends),
				 "%s%s", k > 0 ? " && " : "", nodes[nodes[i].depends[k]].name);
		if (depends[0] != '\0')
			json_object_set_new(task, "depends", json_string(depends));
		json_array_append_new(tasks, task);
	}
	return tasks;
}

static json_t *
dbt_templates(const struct bn_world *world)
{
	static const char *const layers[] = {"staging", "intermediate", "marts", "exports"};
	json_t *templates = json_array();
	char name[64];
	size_t i;

	json_array_append_new(templates, json_pack("{s:s, s:{s:o, s:b}}", "name", "main", "dag",
						   "tasks", dbt_tasks(world), "failFast", 0));
	for (i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
		snprintf(name, sizeof(name), "build-tag-%s", layers[i]);
		json_array_append_new(
		    templates, container_template(
				   name, "registry.harbourline.example/dbt-runner:1.9.2", "model",
				   "dbt build --select {{inputs.parameters.model}}", false));
		snprintf(name, sizeof(name), "build-tag-%s-python", layers[i]);
		json_array_append_new(
		    templates, container_template(
				   name, "registry.harbourline.example/dbt-runner:1.9.2", "model",
				   "dbt build --select {{inputs.parameters.model}}", true));
	}
	return templates;
}

static json_t *
meltano_templates(void)
{
	static const char *const steps[] = {"prepare", "meltano-run", "verify"};
	json_t *templates = json_array(), *tasks = json_array(), *task;
	size_t i;

	for (i = 0; i < 3; i++) {
		task = dag_task(steps[i], steps[i], "step", steps[i]);
		if (i > 0)
			json_object_set_new(task, "depends", json_string(steps[i - 1]));
		json_array_append_new(tasks, task);
	}
	json_array_append_new(templates,
			      json_pack("{s:s, s:{s:o}}", "name", "main", "dag", "tasks", tasks));
	for (i = 0; i < 3; i++)
		json_array_append_new(
		    templates,
		    container_template(
			steps[i], "registry.harbourline.example/meltano:3.7.4", "step",
			"run-step {{workflow.parameters.pipeline}} {{inputs.parameters.step}}",
			false));
	return templates;
}

json_t *
bn_argo_workflow_template(const struct bn_world *world, const char *name)
{
	bool dbt = strcmp(name, "dbt-build") == 0;
	char uid[40];

	bn_world_uuid(bn_world_hash(bn_world_seed(world), name, 0, 98), uid);
	return json_pack("{s:{s:s, s:s, s:s, s:s, s:i, s:o, s:{s:s}}, s:{s:s, s:o, s:{s:[{s:s}]}}}",
			 "metadata", "name", name, "namespace", BN_FACE_NAMESPACE, "uid", uid,
			 "resourceVersion", "71002", "generation", 31, "creationTimestamp",
			 bn_face_time(FOUNDED, "Z", 0), "labels", "team", "data-platform", "spec",
			 "entrypoint", "main", "templates",
			 dbt ? dbt_templates(world) : meltano_templates(), "arguments",
			 "parameters", "name", dbt ? "window" : "pipeline");
}

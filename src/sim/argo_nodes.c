/* argo_nodes.c - a workflow's status.nodes: the DAG, its pods, and Retry nodes with a pod a try. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/argo.h"

/* Argo names a node's id after the 32-bit FNV-1a of its name (workflow_types.go, NodeID). */
static unsigned
fnv32a(const char *text)
{
	unsigned hash = 2166136261u;

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}

static void
node_name(const struct bn_w_run *run, const struct bn_w_task *task, int attempt, char *out,
	  size_t size)
{
	if (attempt > 0)
		snprintf(out, size, "%s.%s(%d)", run->name, task->name, attempt - 1);
	else
		snprintf(out, size, "%s.%s", run->name, task->name);
}

void
bn_argo_node_id(const struct bn_w_run *run, const struct bn_w_task *task, int attempt,
		char out[ARGO_POD_NAME])
{
	char name[ARGO_POD_NAME];

	node_name(run, task, attempt, name, sizeof(name));
	snprintf(out, ARGO_POD_NAME, "%s-%u", run->name, fnv32a(name));
}

static void
template_name(const struct bn_w_run *run, const struct bn_w_task *task, char *out, size_t size)
{
	if (run->pipeline->work != BN_W_DBT)
		snprintf(out, size, "%s", task->group);
	else if (task->retries)
		snprintf(out, size, "build-tag-%s-python", task->group);
	else
		snprintf(out, size, "build-tag-%s", task->group);
}

void
bn_argo_pod_name(const struct bn_w_run *run, const struct bn_w_task *task, int attempt,
		 char out[ARGO_POD_NAME])
{
	char name[ARGO_POD_NAME], template[64];

	node_name(run, task, task->retries ? attempt : 0, name, sizeof(name));
	template_name(run, task, template, sizeof(template));
	snprintf(out, ARGO_POD_NAME, "%.80s-%s-%u", run->name, template, fnv32a(name));
}

static const char *
node_phase(enum bn_w_state state)
{
	return state == BN_W_RETRYING ? "Running" : bn_argo_phase(state);
}

static json_t *
node_base(const struct bn_w_run *run, const struct bn_w_task *task, const char *id,
	  const char *name, const char *type, enum bn_w_state state, bn_time started,
	  bn_time finished)
{
	char template[64], scope[64];

	template_name(run, task, template, sizeof(template));
	snprintf(scope, sizeof(scope), "namespaced/%s", bn_argo_template(run->pipeline));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "id", id, "name",
			 name, "displayName", task->name, "type", type, "templateName", template,
			 "templateScope", scope, "phase", node_phase(state), "boundaryID",
			 run->name, "startedAt", bn_face_time(started, "Z", 0), "finishedAt",
			 bn_face_time(finished, "Z", 0));
}

static void
add_pod_facts(json_t *node, const struct bn_w_run *run, const struct bn_w_task *task, bn_time ran,
	      enum bn_w_state state)
{
	char host[32];

	snprintf(host, sizeof(host), "node-%d.hl-prod-k8s", (int)(strlen(task->name) % 3) + 1);
	json_object_set_new(node, "hostNodeName", json_string(host));
	json_object_set_new(node, "progress", json_string(state == BN_W_OK ? "1/1" : "0/1"));
	json_object_set_new(node, "resourcesDuration",
			    json_pack("{s:I, s:I}", "cpu", (json_int_t)(ran / 1000), "memory",
				      (json_int_t)(ran / 250)));
	json_object_set_new(node, "inputs",
			    json_pack("{s:[{s:s, s:s}]}", "parameters", "name",
				      run->pipeline->work == BN_W_DBT ? "model" : "step", "value",
				      task->name));
	if (state == BN_W_OK || state == BN_W_FAILED)
		json_object_set_new(node, "outputs",
				    json_pack("{s:s}", "exitCode", state == BN_W_OK ? "0" : "1"));
}

/* One try as a Pod node. */
static void
add_pod(json_t *nodes, const struct bn_w_run *run, const struct bn_w_task *task, int attempt,
	bn_time now, json_t *children)
{
	const struct bn_w_try *try = &task->attempt[attempt == 0 ? 0 : attempt - 1];
	enum bn_w_state state = now < try->finished ? BN_W_RUNNING
				: try->failed	    ? BN_W_FAILED
						    : BN_W_OK;
	char id[ARGO_POD_NAME], name[ARGO_POD_NAME], shown[80];
	json_t *node;

	bn_argo_node_id(run, task, attempt, id);
	node_name(run, task, attempt, name, sizeof(name));
	node = node_base(run, task, id, name, "Pod", state, try->started,
			 now < try->finished ? 0 : try->finished);
	if (attempt > 0) {
		snprintf(shown, sizeof(shown), "%s(%d)", task->name, attempt - 1);
		json_object_set_new(node, "displayName", json_string(shown));
		json_object_set_new(node, "nodeFlag", json_pack("{s:b}", "retried", 1));
	}
	add_pod_facts(node, run, task, (now < try->finished ? now : try->finished) - try->started,
		      state);
	if (state == BN_W_FAILED && task->message != NULL) {
		/* Meltano's message is its own last line; dbt's comes as Kubernetes words it */
		json_t *text = run->pipeline->work == BN_W_DBT
				   ? json_string(task->message)
				   : json_sprintf("Error (exit code 1): %s", task->message);

		json_object_set_new(node, "message", text);
	}
	if (json_array_size(children) > 0)
		json_object_set_new(node, "children", children);
	else
		json_decref(children);
	json_object_set_new(nodes, id, node);
}

static void
add_omitted(json_t *nodes, const struct bn_w_run *run, const struct bn_w_task *task,
	    json_t *children)
{
	bn_time at = task->attempt[0].finished;
	char id[ARGO_POD_NAME], name[ARGO_POD_NAME];
	json_t *node;

	bn_argo_node_id(run, task, 0, id);
	node_name(run, task, 0, name, sizeof(name));
	node = node_base(run, task, id, name, "Skipped", BN_W_OMITTED, at, at);
	json_object_set_new(node, "message", json_string("omitted: depends condition not met"));
	if (json_array_size(children) > 0)
		json_object_set_new(node, "children", children);
	else
		json_decref(children);
	json_object_set_new(nodes, id, node);
}

/* A task whose template has a retryStrategy: a Retry node over a Pod node a try; what waits for the
 * task hangs below the last pod. */
static void
add_retry(json_t *nodes, const struct bn_w_run *run, const struct bn_w_task *task,
	  enum bn_w_state state, int tries, bn_time now, json_t *children)
{
	bool over = state == BN_W_OK || state == BN_W_FAILED;
	char id[ARGO_POD_NAME], name[ARGO_POD_NAME];
	json_t *node, *below = json_array();
	int i;

	for (i = 1; i <= tries; i++) {
		bn_argo_node_id(run, task, i, id);
		json_array_append_new(below, json_string(id));
		add_pod(nodes, run, task, i, now, i == tries ? children : json_array());
	}
	bn_argo_node_id(run, task, 0, id);
	node_name(run, task, 0, name, sizeof(name));
	node = node_base(run, task, id, name, "Retry", state, task->attempt[0].started,
			 over ? task->attempt[task->tries - 1].finished : 0);
	if (state == BN_W_FAILED && task->message != NULL)
		json_object_set_new(node, "message", json_string("No more retries left"));
	json_object_set_new(node, "progress", json_string(state == BN_W_OK ? "1/1" : "0/1"));
	json_object_set_new(node, "children", below);
	json_object_set_new(nodes, id, node);
}

/* Ids of what waits for a task and is there already. */
static json_t *
children_of(const struct bn_w_run *run, const struct bn_w_task *tasks, size_t count, size_t parent,
	    bn_time now)
{
	json_t *children = json_array();
	char id[ARGO_POD_NAME];
	bn_time since;
	int tries, k;
	size_t i;

	for (i = 0; i < count; i++) {
		for (k = 0; k < tasks[i].depend_count; k++) {
			if ((size_t)tasks[i].depends[k] == parent)
				break;
		}
		if (k == tasks[i].depend_count ||
		    bn_world_task_state(&tasks[i], now, &since, &tries) == BN_W_NONE)
			continue;
		bn_argo_node_id(run, &tasks[i], 0, id);
		json_array_append_new(children, json_string(id));
	}
	return children;
}

static void
add_root(json_t *nodes, const struct bn_w_run *run, const struct bn_w_task *tasks, size_t count,
	 bn_time now)
{
	enum bn_w_state state = bn_world_run_state(run, now);
	json_t *node, *children = json_array();
	char id[ARGO_POD_NAME], scope[64];
	bn_time since;
	int tries;
	size_t i;

	for (i = 0; i < count; i++) {
		if (tasks[i].depend_count > 0 ||
		    bn_world_task_state(&tasks[i], now, &since, &tries) == BN_W_NONE)
			continue;
		bn_argo_node_id(run, &tasks[i], 0, id);
		json_array_append_new(children, json_string(id));
	}
	snprintf(scope, sizeof(scope), "namespaced/%s", bn_argo_template(run->pipeline));
	node = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "id", run->name,
			 "name", run->name, "displayName", run->name, "type", "DAG", "templateName",
			 "main", "templateScope", scope, "phase", node_phase(state), "startedAt",
			 bn_face_time(run->started, "Z", 0), "finishedAt",
			 bn_face_time(now >= run->finished ? run->finished : 0, "Z", 0), "children",
			 children);
	json_object_set_new(nodes, run->name, node);
}

json_t *
bn_argo_nodes(const struct bn_world *world, const struct bn_w_run *run, bn_time now)
{
	struct bn_w_task *tasks;
	size_t i, count = bn_world_tasks(world, run, &tasks);
	json_t *nodes = json_object(), *children;
	enum bn_w_state state;
	bn_time since;
	int tries;

	add_root(nodes, run, tasks, count, now);
	for (i = 0; i < count; i++) {
		state = bn_world_task_state(&tasks[i], now, &since, &tries);
		if (state == BN_W_NONE)
			continue;
		children = children_of(run, tasks, count, i, now);
		if (state == BN_W_OMITTED)
			add_omitted(nodes, run, &tasks[i], children);
		else if (tasks[i].retries)
			add_retry(nodes, run, &tasks[i], state, tries, now, children);
		else
			add_pod(nodes, run, &tasks[i], 0, now, children);
	}
	free(tasks);
	return nodes;
}

void
bn_argo_progress(const struct bn_world *world, const struct bn_w_run *run, bn_time now, int *done,
		 int *pods)
{
	struct bn_w_task *tasks;
	size_t i, count = bn_world_tasks(world, run, &tasks);
	enum bn_w_state state;
	bn_time since;
	int tries;

	*done = *pods = 0;
	for (i = 0; i < count; i++) {
		state = bn_world_task_state(&tasks[i], now, &since, &tries);
		if (state == BN_W_NONE || state == BN_W_OMITTED)
			continue;
		*pods += tries;
		*done += state == BN_W_OK;
	}
	free(tasks);
}

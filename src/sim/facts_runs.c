/* facts_runs.c - runs and their tasks, as facts. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "sim/airflow.h"
#include "sim/argo.h"
#include "sim/facts_room.h"

/* ---- runs ------------------------------------------------------------------ */

const char *
bn_facts_run_status(const struct bn_w_run *run, bn_time at)
{
	switch (bn_world_run_state(run, at)) {
	case BN_W_PENDING:
		return "queued";
	case BN_W_RUNNING:
	case BN_W_RETRYING:
		return "running";
	case BN_W_OK:
		return "succeeded";
	case BN_W_FAILED:
		return "failed";
	default:
		return "unknown";
	}
}

static const char *
run_raw(const struct bn_w_run *run, bn_time at)
{
	return run->pipeline->engine == BN_W_ARGO ? bn_argo_phase(bn_world_run_state(run, at))
						  : bn_af_run_state(run, at);
}

static json_t *
duration(bn_time from, bn_time to, bn_time at)
{
	return from == 0 || at < from ? json_null() : json_integer((at < to ? at : to) - from);
}

/* The key by which binnacle knows the run: Airflow's ids repeat from DAG to DAG. */
static json_t *
run_key(const struct bn_w_run *run)
{
	if (run->pipeline->engine == BN_W_ARGO)
		return json_string(run->name);
	return json_sprintf("%s/%s", run->pipeline->name, run->name);
}

json_t *
bn_facts_run(const struct bn_w_run *run, bn_time at)
{
	return json_pack("{s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s}", "key", run_key(run),
			 "uid", run->uid, "status", bn_facts_run_status(run, at), "raw",
			 run_raw(run, at), "scheduled", bn_facts_when(run->scheduled), "created",
			 bn_facts_when(run->created), "started",
			 bn_facts_when(at >= run->started ? run->started : 0), "finished",
			 bn_facts_when(at >= run->finished ? run->finished : 0), "duration",
			 duration(run->started, run->finished, at), "trigger", "schedule");
}

/* ---- tasks ----------------------------------------------------------------- */

static const char *
task_status(const struct bn_w_run *run, enum bn_w_state state)
{
	switch (state) {
	case BN_W_RUNNING:
	case BN_W_RETRYING:
		return "running";
	case BN_W_OK:
		return "succeeded";
	case BN_W_FAILED:
		return "failed";
	case BN_W_OMITTED: /* Airflow's upstream_failed counts as failed, Argo's Omitted as skipped
			    */
		return run->pipeline->engine == BN_W_ARGO ? "skipped" : "failed";
	default:
		return "queued";
	}
}

static json_t *
task_name(const struct bn_w_task *task)
{
	return task->map_index < 0 ? json_string(task->name)
				   : json_sprintf("%s[%d]", task->name, task->map_index);
}

static json_t *
depends_of(const struct bn_w_task *tasks, const struct bn_w_task *task)
{
	json_t *names = json_array();
	int i;

	for (i = 0; i < task->depend_count; i++)
		json_array_append_new(names, task_name(&tasks[task->depends[i]]));
	return names;
}

static void
add_times(json_t *form, const struct bn_w_task *task, enum bn_w_state state, int tries, bn_time at)
{
	bn_time started = 0, finished = 0;

	if (state == BN_W_OMITTED)
		started = finished = task->attempt[0].finished;
	else if (tries > 0)
		started = task->attempt[0].started;
	if (state == BN_W_OK || state == BN_W_FAILED)
		finished = task->attempt[task->tries - 1].finished;
	json_object_set_new(form, "started", bn_facts_when(started));
	json_object_set_new(form, "finished", bn_facts_when(finished));
	json_object_set_new(form, "duration", duration(started, finished == 0 ? at : finished, at));
}

static json_t *
message_of(const struct bn_w_run *run, const struct bn_w_task *task, enum bn_w_state state)
{
	if (state == BN_W_OMITTED && run->pipeline->engine == BN_W_ARGO)
		return json_string("omitted: depends condition not met");
	if (state != BN_W_FAILED || run->pipeline->engine != BN_W_ARGO)
		return json_null(); /* Airflow tells it in the log only */
	if (task->retries)
		return json_string("No more retries left");
	return run->pipeline->work == BN_W_DBT
		   ? json_string(task->message)
		   : json_sprintf("Error (exit code 1): %s", task->message);
}

static json_t *
task_form(const struct bn_facts *facts, const struct bn_w_run *run, const struct bn_w_task *tasks,
	  const struct bn_w_task *task)
{
	bool argo = run->pipeline->engine == BN_W_ARGO;
	char node[ARGO_POD_NAME], pod[ARGO_POD_NAME];
	enum bn_w_state state;
	bn_time since;
	const char *raw;
	json_t *form;
	int tries;

	state = bn_world_task_state(task, facts->at, &since, &tries);
	bn_argo_node_id(run, task, 0, node);
	bn_argo_pod_name(run, task, tries > 0 ? tries : 1, pod);
	raw = argo ? bn_argo_phase(state) : bn_af_task_state(run, task, facts->at);
	form = json_pack(
	    "{s:o, s:s?, s:s?, s:s, s:s, s:s?, s:i, s:o, s:s?, s:o}", "name", task_name(task),
	    "node", argo && state != BN_W_NONE ? node : NULL, "pod", argo && tries > 0 ? pod : NULL,
	    "group", task->group, "status", task_status(run, state), "raw", raw, "tries", tries,
	    "message", message_of(run, task, state), "log_error",
	    state == BN_W_FAILED ? task->error : NULL, "depends", depends_of(tasks, task));
	add_times(form, task, state, tries, facts->at);
	return form;
}

static void
count_task(json_t *counts, enum bn_w_state state, bool argo)
{
	const char *name = state == BN_W_OK	   ? "ok"
			   : state == BN_W_FAILED  ? "failed"
			   : state == BN_W_OMITTED ? (argo ? "skipped" : "failed")
			   : state == BN_W_NONE	   ? "waiting"
						   : "running";

	json_object_set_new(counts, name,
			    json_integer(json_integer_value(json_object_get(counts, name)) + 1));
	json_object_set_new(counts, "total",
			    json_integer(json_integer_value(json_object_get(counts, "total")) + 1));
}

static json_t *
no_counts(void)
{
	return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i}", "total", 0, "ok", 0, "failed", 0,
			 "skipped", 0, "running", 0, "waiting", 0);
}

static void
add_tasks(const struct bn_facts *facts, const struct bn_w_run *run, json_t *form)
{
	struct bn_w_task *tasks;
	size_t i, count = bn_world_tasks(facts->world, run, &tasks);
	json_t *list = json_array(), *counts = no_counts(), *groups = json_object(), *group;
	enum bn_w_state state;
	bn_time since;
	int tries;

	for (i = 0; i < count; i++) {
		state = bn_world_task_state(&tasks[i], facts->at, &since, &tries);
		count_task(counts, state, run->pipeline->engine == BN_W_ARGO);
		if (tasks[i].group[0] != '\0') {
			group = json_object_get(groups, tasks[i].group);
			if (group == NULL) {
				group = no_counts();
				json_object_set_new(groups, tasks[i].group, group);
			}
			count_task(group, state, run->pipeline->engine == BN_W_ARGO);
		}
		json_array_append_new(list, task_form(facts, run, tasks, &tasks[i]));
	}
	json_object_set_new(form, "counts", counts);
	json_object_set_new(form, "groups", groups);
	json_object_set_new(form, "tasks", list);
	free(tasks);
}

json_t *
bn_facts_run_detail(const struct bn_facts *facts, const struct bn_w_pipeline *pipeline)
{
	const char *source = bn_facts_source(pipeline);
	struct bn_w_run run;
	json_t *form, *key;
	int done, pods;

	bn_world_run_now(facts->world, pipeline, bn_world_last_slot(pipeline, facts->at), facts->at,
			 &run);
	form = bn_facts_run(&run, facts->at);
	key = json_object_get(form, "key");
	json_object_set_new(form, "source", json_string(source));
	json_object_set_new(form, "pipeline", json_string(pipeline->name));
	json_object_set_new(form, "ref", bn_facts_reference("run", source, json_string_value(key)));
	json_object_set_new(form, "attempt", json_integer(1));
	bn_argo_progress(facts->world, &run, facts->at, &done, &pods);
	json_object_set_new(form, "progress",
			    pipeline->engine == BN_W_ARGO && pods > 0
				? json_sprintf("%d/%d", done, pods)
				: json_null());
	add_tasks(facts, &run, form);
	return form;
}

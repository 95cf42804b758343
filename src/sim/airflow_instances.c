/* airflow_instances.c - task instances, their tries and logs, over a dialect's forms. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "sim/airflow_room.h"

/* What a list of task instances narrows is the instances; what is left narrows the runs. */
static void
take_instance_filters(struct bn_af_query *query, struct bn_af_query *filter)
{
	*filter = *query;
	query->state_count = 0;
	memset(query->limits[AF_START], 0, sizeof(query->limits[AF_START]));
	memset(query->limits[AF_END], 0, sizeof(query->limits[AF_END]));
	memset(query->limits[AF_UPDATED], 0, sizeof(query->limits[AF_UPDATED]));
}

static bool
after(const bn_time *limit, bn_time value)
{
	return (limit[AF_GTE] == 0 || value >= limit[AF_GTE]) &&
	       (limit[AF_GT] == 0 || value > limit[AF_GT]) &&
	       (limit[AF_LTE] == 0 || (value != 0 && value <= limit[AF_LTE])) &&
	       (limit[AF_LT] == 0 || (value != 0 && value < limit[AF_LT]));
}

static bool
instance_wanted(const struct bn_af_query *filter, const struct bn_af_instance *instance)
{
	const char *state = instance->state == NULL ? "none" : instance->state;
	bn_time updated = instance->finished != 0 ? instance->finished : instance->started;
	size_t i;

	for (i = 0; i < filter->state_count && strcmp(filter->states[i], state) != 0; i++)
		;
	return (filter->state_count == 0 || i < filter->state_count) &&
	       after(filter->limits[AF_START], instance->started) &&
	       after(filter->limits[AF_END], instance->finished) &&
	       after(filter->limits[AF_UPDATED], updated);
}

static size_t
append_instances(struct bn_web_request *request, const struct bn_af_dialect *dialect,
		 const struct bn_af_query *query, const struct bn_w_run *run, const char *only,
		 json_t *items, size_t total)
{
	struct bn_af_instance instance;
	struct bn_w_task *tasks;
	size_t i, count = bn_world_tasks(request->world, run, &tasks);

	for (i = 0; i < count; i++) {
		if (only != NULL && (strcmp(tasks[i].name, only) != 0 || tasks[i].map_index < 0))
			continue;
		bn_af_instance(request->world, run, &tasks[i], 0, request->now, &instance);
		if (!instance_wanted(query, &instance))
			continue;
		if (bn_af_on_page(query, total++)) {
			json_array_append_new(items, dialect->instance(request, &instance, false));
		}
	}
	free(tasks);
	return total;
}

/* `only`: the instances of this mapped task. */
void
bn_af_list_instances(struct bn_web_request *request, const struct bn_af_dialect *dialect,
		     const char *only)
{
	const char *dag = bn_af_part(request, dialect, 1), *id = bn_af_part(request, dialect, 3);
	json_t *items = json_array();
	struct bn_af_query query, filter;
	struct bn_af_list list = {NULL, 0};
	size_t i, total = 0;

	if (!bn_af_read_query(request, dialect, &query))
		goto out;
	query.dag = dag;
	query.run = id;
	if (bn_af_unknown_dag(request, dialect, dag))
		goto out;
	take_instance_filters(&query, &filter);
	bn_af_runs(request->world, &query, request->now, &list);
	if (list.count == 0 && strcmp(id, "~") != 0 && dialect->engine != BN_W_AIRFLOW2) {
		dialect->not_found(request, "DAGRun", id);
		goto out;
	}
	for (i = 0; i < list.count; i++)
		total =
		    append_instances(request, dialect, &filter, &list.run[i], only, items, total);
	bn_web_json(request, 200, bn_af_envelope("task_instances", items, total));
	items = NULL;
out:
	free(list.run);
	json_decref(items);
}

void
bn_af_post_instances(struct bn_web_request *request, const struct bn_af_dialect *dialect)
{
	json_t *body = NULL, *items = json_array();
	struct bn_af_list list = {NULL, 0};
	struct bn_af_query query, filter;
	size_t i, total = 0;

	if (bn_af_read_body(request, dialect, &query, &body)) {
		take_instance_filters(&query, &filter);
		bn_af_runs(request->world, &query, request->now, &list);
		for (i = 0; i < list.count; i++)
			total = append_instances(request, dialect, &filter, &list.run[i], NULL,
						 items, total);
		bn_web_json(request, 200, bn_af_envelope("task_instances", items, total));
		items = NULL;
	}
	free(list.run);
	json_decref(items);
	json_decref(body);
}

/* What a path below taskInstances/{task} is about. */
struct wanted_instance {
	struct bn_w_run run;
	struct bn_w_task *tasks; /* free */
	struct bn_af_instance instance;
};

static bool
find_instance(struct bn_web_request *request, const struct bn_af_dialect *dialect, int map_index,
	      struct wanted_instance *out)
{
	const char *name = bn_af_part(request, dialect, 5);
	const struct bn_w_task *task;
	size_t count;

	out->tasks = NULL;
	if (!bn_af_find_run(request, dialect, &out->run))
		return false;
	count = bn_world_tasks(request->world, &out->run, &out->tasks);
	task = bn_af_task(out->tasks, count, name, map_index);
	if (task == NULL) {
		dialect->not_found(request, "TaskInstance", name);
		return false;
	}
	bn_af_instance(request->world, &out->run, task, 0, request->now, &out->instance);
	return true;
}

void
bn_af_get_instance(struct bn_web_request *request, const struct bn_af_dialect *dialect,
		   int map_index)
{
	struct wanted_instance wanted;

	if (find_instance(request, dialect, map_index, &wanted))
		bn_web_json(request, 200, dialect->instance(request, &wanted.instance, false));
	free(wanted.tasks);
}

void
bn_af_get_tries(struct bn_web_request *request, const struct bn_af_dialect *dialect, int map_index,
		const char *which)
{
	int64_t number = which == NULL ? 0 : bn_face_number(which, 1000);
	struct wanted_instance wanted;
	struct bn_af_instance each;
	json_t *items;
	int i, begun;

	if (!find_instance(request, dialect, map_index, &wanted))
		goto out;
	begun = wanted.instance.try_number;
	if (which != NULL && (number < 1 || number > begun)) {
		dialect->not_found(request, "TaskInstance", which);
		goto out;
	}
	items = json_array();
	for (i = 1; i <= begun; i++) {
		bn_af_instance(request->world, &wanted.run, wanted.instance.task, i, request->now,
			       &each);
		if (number == 0 || number == i)
			json_array_append_new(items, dialect->instance(request, &each, true));
	}
	if (number > 0) {
		bn_web_json(request, 200, json_incref(json_array_get(items, 0)));
		json_decref(items);
	} else {
		bn_web_json(request, 200, bn_af_envelope("task_instances", items, (size_t)begun));
	}
out:
	free(wanted.tasks);
}

void
bn_af_get_log(struct bn_web_request *request, const struct bn_af_dialect *dialect,
	      const char *which)
{
	static const char *const known[] = {"full_content", "map_index", "token", NULL};
	const char *unknown = bn_web_unknown(request, known),
		   *index = bn_web_query(request, "map_index");
	int64_t number = bn_face_number(which, 1000);
	struct wanted_instance wanted;

	if (unknown != NULL && !bn_af_unknown_query(request, dialect, unknown, ""))
		return;
	if (!find_instance(
		request, dialect,
		index == NULL || strcmp(index, "-1") == 0 ? -1 : (int)bn_face_number(index, 10000),
		&wanted))
		goto out;
	if (number < 1 || number > wanted.instance.try_number)
		dialect->not_found(request, "TaskInstance", which);
	else
		dialect->log(request, &wanted.instance, (int)number);
out:
	free(wanted.tasks);
}

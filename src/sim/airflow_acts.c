/* airflow_acts.c - the one write both Airflow faces take: clearing what failed in a run, and its dry run. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "sim/airflow_room.h"

/* Members of the body; `v3` those only Airflow 3 has, `v2` those only Airflow 2 has. */
static const struct {
	const char *name;
	bool v2, v3;
} members[] = {{"dry_run", true, true},
	       {"dag_run_id", true, true},
	       {"only_failed", true, true},
	       {"only_running", true, true},
	       {"reset_dag_runs", true, true},
	       {"task_ids", true, true},
	       {"start_date", true, true},
	       {"end_date", true, true},
	       {"include_upstream", true, true},
	       {"include_downstream", true, true},
	       {"include_past", true, true},
	       {"include_future", true, true},
	       {"include_subdags", true, false},
	       {"include_parentdag", true, false},
	       {"run_on_latest_version", false, true},
	       {"prevent_running_task", false, true}};

static bool
read_body(struct bn_web_request *request, const struct bn_af_dialect *dialect, json_t **out)
{
	bool v2 = dialect->engine == BN_W_AIRFLOW2;
	struct bn_error err;
	const char *key;
	json_t *value;
	size_t i;

	*out = NULL;
	if (request->body == NULL ||
	    bn_json_load(out, request->body, request->body_size, &err) != BN_OK ||
	    !json_is_object(*out)) {
		dialect->bad(request, "body", "body", "");
		return false;
	}
	json_object_foreach(*out, key, value)
	{
		for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
			if (strcmp(members[i].name, key) == 0 &&
			    (v2 ? members[i].v2 : members[i].v3))
				break;
		if (i == sizeof(members) / sizeof(members[0])) {
			dialect->bad(request, "body", key, "");
			return false;
		}
	}
	return true;
}

/* Without a run, or for tasks by an empty list, Airflow has cleared every run there is (apache/airflow #22869):
 * no right client asks so. */
static void
judge(struct bn_web_request *request, const json_t *body)
{
	const json_t *tasks = json_object_get(body, "task_ids");

	if (json_string_value(json_object_get(body, "dag_run_id")) == NULL)
		bn_web_violation(request, "a clear without a run");
	if (tasks != NULL && json_array_size(tasks) == 0)
		bn_web_violation(request, "a clear with an empty list of tasks");
	if (json_object_get(body, "dry_run") == NULL)
		bn_web_violation(request, "a clear that does not say whether it is one");
}

/* The tasks that task_ids names, and with include_downstream all that wait for them; a bit each, 0: all. */
static uint64_t
chosen_of(const json_t *body, const struct bn_w_task *tasks, size_t count)
{
	const json_t *list = json_object_get(body, "task_ids"), *one;
	bool downstream = json_is_true(json_object_get(body, "include_downstream"));
	uint64_t chosen = 0;
	size_t i, k;
	int parent;

	if (list == NULL)
		return 0;
	count = count < 64 ? count : 64;
	json_array_foreach(list, k, one)
	{
		const char *name =
		    json_string_value(json_is_array(one) ? json_array_get(one, 0) : one);

		for (i = 0; name != NULL && i < count; i++)
			if (strcmp(tasks[i].name, name) == 0)
				chosen |= UINT64_C(1) << i;
	}
	/* A task stands behind those it waits for. */
	for (i = 0; downstream && i < count; i++)
		for (parent = 0; parent < tasks[i].depend_count; parent++)
			if ((chosen >> tasks[i].depends[parent] & 1) != 0)
				chosen |= UINT64_C(1) << i;
	return chosen;
}

static json_t *
cleared(struct bn_web_request *request, const struct bn_af_dialect *dialect,
	const struct bn_w_run *run, const struct bn_w_task *tasks, size_t count, uint64_t chosen,
	bool some)
{
	json_t *items = json_array();
	struct bn_af_instance instance;
	const char *state;
	size_t i;

	for (i = 0; i < count; i++) {
		state = bn_af_task_state(run, &tasks[i], request->now);
		if (some && (i >= 64 || (chosen >> i & 1) == 0))
			continue;
		if (state == NULL ||
		    (strcmp(state, "failed") != 0 && strcmp(state, "upstream_failed") != 0))
			continue;
		if (dialect->engine == BN_W_AIRFLOW2) {
			json_array_append_new(
			    items, json_pack("{s:s, s:s, s:o, s:s}", "dag_id", run->pipeline->name,
					     "dag_run_id", run->name, "execution_date",
					     bn_af_time(dialect, bn_af_logical_date(run)),
					     "task_id", tasks[i].name));
			continue;
		}
		bn_af_instance(request->world, run, &tasks[i], 0, request->now, &instance);
		json_array_append_new(items, dialect->instance(request, &instance, false));
	}
	return items;
}

void
bn_af_clear(struct bn_web_request *request, const struct bn_af_dialect *dialect)
{
	const char *name = bn_af_part(request, dialect, 1), *id;
	const struct bn_w_pipeline *dag = bn_af_find_dag(request->world, dialect->engine, name);
	struct bn_w_task *tasks = NULL;
	json_t *body = NULL, *items;
	struct bn_w_run run;
	uint64_t chosen;
	size_t count;
	bool dry;

	if (!read_body(request, dialect, &body))
		goto out;
	judge(request, body);
	if (dag == NULL) {
		dialect->not_found(request, "DAG", name);
		goto out;
	}
	id = json_string_value(json_object_get(body, "dag_run_id"));
	if (id == NULL || !bn_world_find_run(request->world, dag, id, NULL, request->now, &run)) {
		dialect->not_found(request, "DAGRun", id != NULL ? id : "");
		goto out;
	}
	dry = !json_is_false(json_object_get(body, "dry_run"));
	count = bn_world_tasks(request->world, &run, &tasks);
	chosen = chosen_of(body, tasks, count);
	items = cleared(request, dialect, &run, tasks, count, chosen,
			json_object_get(body, "task_ids") != NULL);
	if (!dry && json_array_size(items) > 0 &&
	    bn_world_run_state(&run, request->now) == BN_W_FAILED)
		bn_world_retry_some(request->world, &run, request->now, chosen);
	if (dialect->engine == BN_W_AIRFLOW2)
		bn_web_json(request, 200, json_pack("{s:o}", "task_instances", items));
	else
		bn_web_json(request, 200,
			    bn_af_envelope("task_instances", items, json_array_size(items)));
out:
	json_decref(body);
	free(tasks);
}

/* airflow_routes.c - the lists and things both Airflows serve, over a dialect's forms. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "sim/airflow_room.h"

json_t *
bn_af_time(const struct bn_af_dialect *dialect, bn_time time)
{
	return bn_face_time(time, dialect->zone, 6);
}

/* The segment behind the prefix: 0 is "dags". */
const char *
bn_af_part(const struct bn_web_request *request, const struct bn_af_dialect *dialect, int index)
{
	index += dialect->prefix;
	return index < request->segments ? request->segment[index] : "";
}

static bool
is(const struct bn_web_request *request, const char *pattern)
{
	char whole[160];

	snprintf(whole, sizeof(whole), "/%s/%s%s", request->segment[0], request->segment[1],
		 pattern);
	return bn_web_path(request, whole);
}

json_t *
bn_af_envelope(const char *name, json_t *items, size_t total)
{
	return json_pack("{s:o, s:I}", name, items, "total_entries", (json_int_t)total);
}

/* ---- DAGs ------------------------------------------------------------------ */

static bool
dag_matches(const struct bn_web_request *request, const struct bn_w_pipeline *dag)
{
	const char *paused = bn_web_query(request, "paused");
	const char *pattern = bn_web_query(request, "dag_id_pattern"), *tag;
	size_t i;

	if (paused != NULL && bn_face_bool(paused, false) != dag->suspended)
		return false;
	if (pattern != NULL && strspn(pattern, "%") < strlen(pattern) &&
	    strstr(dag->name, pattern) == NULL)
		return false;
	for (i = 0; (tag = bn_web_query_at(request, "tags", i)) != NULL; i++) {
		if (strcmp(tag, "group:ingestion") == 0 || strcmp(tag, dag->owner) == 0)
			return true;
	}
	return i == 0;
}

static void
list_dags(struct bn_web_request *request, const struct bn_af_dialect *dialect)
{
	static const char *const known[] = {"limit",  "offset",		"order_by",
					    "tags",   "only_active",	"paused",
					    "fields", "dag_id_pattern", NULL};
	static const char *const known3[] = {"tags_match_mode",
					     "owners",
					     "exclude_stale",
					     "has_import_errors",
					     "last_dag_run_state",
					     "bundle_name",
					     "bundle_version",
					     "dag_display_name_pattern",
					     NULL};
	const struct bn_w_pipeline *dag;
	json_t *items = json_array();
	struct bn_af_query query;
	size_t i, total = 0;
	int k;

	bn_af_query_init(&query, dialect->engine, dialect->page);
	for (k = 0; k < request->queries; k++) {
		const char *name = request->query[k].name, *value = request->query[k].value;
		bool ours =
		    bn_af_listed(known, name) || (dialect->repeats && bn_af_listed(known3, name));

		if (!ours && !bn_af_unknown_query(request, dialect, name, value))
			goto out;
		if ((strcmp(name, "limit") == 0 || strcmp(name, "offset") == 0) &&
		    bn_af_query_add(&query, name, value) != AF_GOOD) {
			dialect->bad(request, "query", name, value);
			goto out;
		}
		if (strcmp(name, "order_by") == 0 &&
		    strcmp(value + (*value == '-'), "dag_id") != 0) {
			dialect->bad(request, "query", name, value);
			goto out;
		}
	}
	for (i = 0; (dag = bn_af_dag(request->world, dialect->engine, i)) != NULL; i++) {
		if (dag_matches(request, dag) && bn_af_on_page(&query, total++))
			json_array_append_new(items, dialect->dag(request, dag));
	}
	bn_web_json(request, 200, bn_af_envelope("dags", items, total));
	return;
out:
	json_decref(items);
}

static void
list_tasks(struct bn_web_request *request, const struct bn_af_dialect *dialect,
	   const struct bn_w_pipeline *dag)
{
	struct bn_w_task *tasks;
	json_t *items = json_array();
	struct bn_w_run run;
	size_t i, count;

	bn_world_run_now(request->world, dag, bn_world_last_slot(dag, request->now), request->now,
			 &run);
	count = bn_world_tasks(request->world, &run, &tasks);
	for (i = 0; i < count; i++) {
		if (tasks[i].map_index <= 0) /* a mapped task is one task */
			json_array_append_new(items, dialect->task(request, tasks, count, i));
	}
	free(tasks);
	if (dialect->engine == BN_W_AIRFLOW2) /* its TaskCollection has no total */
		bn_web_json(request, 200, json_pack("{s:o}", "tasks", items));
	else
		bn_web_json(request, 200, bn_af_envelope("tasks", items, json_array_size(items)));
}

/* ---- runs ------------------------------------------------------------------ */

static void
send_runs(struct bn_web_request *request, const struct bn_af_dialect *dialect,
	  const struct bn_af_query *query)
{
	json_t *items = json_array();
	struct bn_af_list list;
	size_t i;

	bn_af_runs(request->world, query, request->now, &list);
	for (i = 0; i < list.count; i++) {
		if (bn_af_on_page(query, i))
			json_array_append_new(items, dialect->run(request, &list.run[i]));
	}
	bn_web_json(request, 200, bn_af_envelope("dag_runs", items, list.count));
	free(list.run);
}

/* 2.x filters by the name and finds nothing; 3.x looks the DAG up first. */
bool
bn_af_unknown_dag(struct bn_web_request *request, const struct bn_af_dialect *dialect,
		  const char *dag)
{
	if (dialect->engine == BN_W_AIRFLOW2 || strcmp(dag, "~") == 0 ||
	    bn_af_find_dag(request->world, dialect->engine, dag) != NULL)
		return false;
	dialect->not_found(request, "DAG", dag);
	return true;
}

static void
list_runs(struct bn_web_request *request, const struct bn_af_dialect *dialect, const char *dag)
{
	struct bn_af_query query;

	if (!bn_af_read_query(request, dialect, &query))
		return;
	if (bn_af_unknown_dag(request, dialect, dag))
		return;
	query.dag = dag;
	send_runs(request, dialect, &query);
}

static void
post_runs(struct bn_web_request *request, const struct bn_af_dialect *dialect)
{
	struct bn_af_query query;
	json_t *body = NULL;

	if (bn_af_read_body(request, dialect, &query, &body))
		send_runs(request, dialect, &query);
	json_decref(body);
}

bool
bn_af_find_run(struct bn_web_request *request, const struct bn_af_dialect *dialect,
	       struct bn_w_run *run)
{
	const char *name = bn_af_part(request, dialect, 1), *id = bn_af_part(request, dialect, 3);
	const struct bn_w_pipeline *dag = bn_af_find_dag(request->world, dialect->engine, name);

	if (dag == NULL) {
		dialect->not_found(request, "DAG", name);
		return false;
	}
	if (bn_world_find_run(request->world, dag, id, NULL, request->now, run))
		return true;
	dialect->not_found(request, "DAGRun", id);
	return false;
}

/* ---- the rest -------------------------------------------------------------- */

static void
list_import_errors(struct bn_web_request *request, const struct bn_af_dialect *dialect)
{
	struct bn_w_import_error error;
	json_t *items = json_array();
	struct bn_af_query query;
	size_t i;

	if (!bn_af_read_query(request, dialect, &query)) {
		json_decref(items);
		return;
	}
	for (i = 0; bn_world_import_error(dialect->engine, i, request->now, &error); i++) {
		if (bn_af_on_page(&query, i))
			json_array_append_new(items, dialect->import_error(&error));
	}
	bn_web_json(request, 200, bn_af_envelope("import_errors", items, i));
}

static void
count_slots(const struct bn_web_request *request, const struct bn_af_dialect *dialect, int *running,
	    int *queued)
{
	const struct bn_w_pipeline *dag;
	struct bn_w_task *tasks;
	struct bn_w_run run;
	const char *state;
	size_t i, k, count;

	*running = *queued = 0;
	for (i = 0; (dag = bn_af_dag(request->world, dialect->engine, i)) != NULL; i++) {
		bn_world_run_now(request->world, dag, bn_world_last_slot(dag, request->now),
				 request->now, &run);
		count = bn_world_tasks(request->world, &run, &tasks);
		for (k = 0; k < count; k++) {
			state = bn_af_task_state(&run, &tasks[k], request->now);
			*running += state != NULL && strcmp(state, "running") == 0;
		}
		free(tasks);
	}
}

static void
list_pools(struct bn_web_request *request, const struct bn_af_dialect *dialect)
{
	struct bn_af_query query;
	int running, queued;

	if (!bn_af_read_query(request, dialect, &query))
		return;
	count_slots(request, dialect, &running, &queued);
	bn_web_json(
	    request, 200,
	    bn_af_envelope("pools",
			   json_pack("[o, o]", dialect->pool("default_pool", 128, running, queued),
				     dialect->pool("backfill", 4, 0, 0)),
			   2));
}

static bool
route_instance(struct bn_web_request *request, const struct bn_af_dialect *dialect)
{
	const char *last = bn_af_part(request, dialect, 8);
	int64_t map_index = bn_face_number(bn_af_part(request, dialect, 6), 10000);

	if (is(request, "/dags/*/dagRuns/*/taskInstances/*"))
		bn_af_get_instance(request, dialect, -1);
	else if (is(request, "/dags/*/dagRuns/*/taskInstances/*/listMapped"))
		bn_af_list_instances(request, dialect, bn_af_part(request, dialect, 5));
	else if (is(request, "/dags/*/dagRuns/*/taskInstances/*/tries"))
		bn_af_get_tries(request, dialect, -1, NULL);
	else if (is(request, "/dags/*/dagRuns/*/taskInstances/*/tries/*"))
		bn_af_get_tries(request, dialect, -1, bn_af_part(request, dialect, 7));
	else if (is(request, "/dags/*/dagRuns/*/taskInstances/*/logs/*"))
		bn_af_get_log(request, dialect, bn_af_part(request, dialect, 7));
	else if (map_index >= 0 && is(request, "/dags/*/dagRuns/*/taskInstances/*/*"))
		bn_af_get_instance(request, dialect, (int)map_index);
	else if (map_index >= 0 && is(request, "/dags/*/dagRuns/*/taskInstances/*/*/tries"))
		bn_af_get_tries(request, dialect, (int)map_index, NULL);
	else if (map_index >= 0 && is(request, "/dags/*/dagRuns/*/taskInstances/*/*/tries/*"))
		bn_af_get_tries(request, dialect, (int)map_index, last);
	else
		return false;
	return true;
}

static bool
route_get(struct bn_web_request *request, const struct bn_af_dialect *dialect)
{
	const struct bn_w_pipeline *dag = NULL;
	struct bn_w_run run;

	if (request->segments > dialect->prefix + 1)
		dag = bn_af_find_dag(request->world, dialect->engine,
				     bn_af_part(request, dialect, 1));
	if (is(request, "/dags"))
		list_dags(request, dialect);
	else if (is(request, "/importErrors"))
		list_import_errors(request, dialect);
	else if (is(request, "/pools"))
		list_pools(request, dialect);
	else if (is(request, "/dags/*/dagRuns"))
		list_runs(request, dialect, bn_af_part(request, dialect, 1));
	else if (is(request, "/dags/*/dagRuns/*/taskInstances"))
		bn_af_list_instances(request, dialect, NULL);
	else if (dag == NULL && is(request, "/dags/**"))
		dialect->not_found(request, "DAG", bn_af_part(request, dialect, 1));
	else if (is(request, "/dags/*"))
		bn_web_json(request, 200, dialect->dag(request, dag));
	else if (is(request, "/dags/*/tasks"))
		list_tasks(request, dialect, dag);
	else if (is(request, "/dags/*/dagRuns/*")) {
		if (bn_af_find_run(request, dialect, &run))
			bn_web_json(request, 200, dialect->run(request, &run));
	} else {
		return route_instance(request, dialect);
	}
	return true;
}

bool
bn_af_route(struct bn_web_request *request, const struct bn_af_dialect *dialect)
{
	if (request->segments <= dialect->prefix)
		return false;
	if (strcmp(request->method, "GET") == 0)
		return route_get(request, dialect);
	if (strcmp(request->method, "POST") != 0)
		return false;
	if (is(request, "/dags/~/dagRuns/list"))
		post_runs(request, dialect);
	else if (is(request, "/dags/~/dagRuns/~/taskInstances/list"))
		bn_af_post_instances(request, dialect);
	else if (is(request, "/dags/*/clearTaskInstances"))
		bn_af_clear(request, dialect);
	else
		return false;
	return true;
}

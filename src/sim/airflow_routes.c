/* airflow_routes.c - the lists and things both Airflows serve, over a dialect's forms. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "sim/airflow.h"

json_t *
af_time(const struct af_dialect *dialect, bn_time time)
{
	return bn_face_time(time, dialect->zone, 6);
}

/* The segment behind the prefix: 0 is "dags". */
static const char *
part(const struct bn_web_request *request, const struct af_dialect *dialect, int index)
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

static json_t *
envelope(const char *name, json_t *items, size_t total)
{
	return json_pack("{s:o, s:I}", name, items, "total_entries", (json_int_t)total);
}

/* ---- reading parameters ---------------------------------------------------- */

/* Parameters of a list of runs or task instances that narrow nothing here, by dialect. */
static const char *const ignored2[] = {"fields",       "pool",	       "queue", "executor",
				       "duration_gte", "duration_lte", NULL};
static const char *const ignored3[] = {"run_type",
				       "bundle_version",
				       "dag_version",
				       "conf_contains",
				       "run_id_pattern",
				       "dag_id_pattern",
				       "triggering_user_name_pattern",
				       "partition_key_pattern",
				       "pool",
				       "queue",
				       "executor",
				       "version_number",
				       "try_number",
				       "operator",
				       "map_index",
				       "task_id",
				       "task_display_name_pattern",
				       "task_group_id",
				       "duration_gte",
				       "duration_gt",
				       "duration_lte",
				       "duration_lt",
				       NULL};

static bool
listed(const char *const *names, const char *name)
{
	for (; *names != NULL; names++) {
		if (strcmp(*names, name) == 0)
			return true;
	}
	return false;
}

static bool
unknown_query(struct bn_web_request *request, const struct af_dialect *dialect, const char *name,
	      const char *value)
{
	if (dialect->repeats) {
		bn_web_violation(request, "query parameter the specification does not have");
		return true;
	}
	dialect->bad(request, "query", name, value);
	return false;
}

/* All parameters of a list; false when an answer was given instead. */
static bool
read_query(struct bn_web_request *request, const struct af_dialect *dialect, struct af_query *query)
{
	const char *name, *value;
	enum af_verdict verdict;
	int i;

	af_query_init(query, dialect->engine, dialect->page);
	for (i = 0; i < request->queries; i++) {
		name = request->query[i].name;
		value = request->query[i].value;
		if (strncmp(name, "page_", 5) == 0 || strcmp(name, "states") == 0 ||
		    strcmp(name, "dag_ids") == 0)
			verdict = AF_UNKNOWN; /* these are members of a body */
		else
			verdict = af_query_add(query, name, value);
		if (verdict == AF_UNKNOWN &&
		    listed(dialect->engine == BN_W_AIRFLOW2 ? ignored2 : ignored3, name))
			continue;
		if (verdict == AF_UNKNOWN && !unknown_query(request, dialect, name, value))
			return false;
		if (verdict == AF_BAD) {
			dialect->bad(request, "query", name, value);
			return false;
		}
	}
	return true;
}

static enum af_verdict
add_member(struct af_query *query, const char *name, const json_t *value)
{
	enum af_verdict verdict = AF_GOOD;
	char number[32];
	json_t *item;
	size_t i;

	if (json_is_null(value))
		return AF_GOOD;
	if (json_is_integer(value)) {
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
		return af_query_add(query, name, number);
	}
	if (json_is_string(value))
		return af_query_add(query, name, json_string_value(value));
	if (!json_is_array(value) ||
	    (strcmp(name, "states") != 0 && strcmp(name, "dag_ids") != 0 &&
	     strcmp(name, "state") != 0 && strcmp(name, "dag_run_ids") != 0))
		return AF_BAD;
	json_array_foreach(value, i, item)
	{
		if (!json_is_string(item))
			return AF_BAD;
		if (strcmp(name, "dag_run_ids") == 0)
			query->run = json_string_value(item);
		else if (verdict == AF_GOOD)
			verdict = af_query_add(query, name, json_string_value(item));
	}
	return verdict;
}

/* The body of a POST …/list; *body stays alive as long as the query. */
static bool
read_body(struct bn_web_request *request, const struct af_dialect *dialect, struct af_query *query,
	  json_t **body)
{
	enum af_verdict verdict;
	const char *name;
	json_t *value;

	af_query_init(query, dialect->engine, AF_MAX_PAGE);
	*body =
	    request->body == NULL ? NULL : json_loads(request->body, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(*body)) {
		dialect->bad(request, "body", "body", "");
		return false;
	}
	json_object_foreach(*body, name, value)
	{
		verdict = strcmp(name, "limit") == 0 || strcmp(name, "offset") == 0
			      ? AF_UNKNOWN
			      : add_member(query, name, value);
		if (verdict != AF_GOOD) {
			dialect->bad(request, "body", name, "");
			return false;
		}
	}
	return true;
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
list_dags(struct bn_web_request *request, const struct af_dialect *dialect)
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
	struct af_query query;
	size_t i, total = 0;
	int k;

	af_query_init(&query, dialect->engine, dialect->page);
	for (k = 0; k < request->queries; k++) {
		const char *name = request->query[k].name, *value = request->query[k].value;
		bool ours = listed(known, name) || (dialect->repeats && listed(known3, name));

		if (!ours && !unknown_query(request, dialect, name, value))
			goto out;
		if ((strcmp(name, "limit") == 0 || strcmp(name, "offset") == 0) &&
		    af_query_add(&query, name, value) != AF_GOOD) {
			dialect->bad(request, "query", name, value);
			goto out;
		}
		if (strcmp(name, "order_by") == 0 &&
		    strcmp(value + (*value == '-'), "dag_id") != 0) {
			dialect->bad(request, "query", name, value);
			goto out;
		}
	}
	for (i = 0; (dag = af_dag(request->world, dialect->engine, i)) != NULL; i++) {
		if (dag_matches(request, dag) && af_on_page(&query, total++))
			json_array_append_new(items, dialect->dag(request, dag));
	}
	bn_web_json(request, 200, envelope("dags", items, total));
	return;
out:
	json_decref(items);
}

static void
list_tasks(struct bn_web_request *request, const struct af_dialect *dialect,
	   const struct bn_w_pipeline *dag)
{
	struct bn_w_task *tasks;
	json_t *items = json_array();
	struct bn_w_run run;
	size_t i, count;

	bn_world_run(request->world, dag, bn_world_last_slot(dag, request->now), &run);
	count = bn_world_tasks(request->world, &run, &tasks);
	for (i = 0; i < count; i++) {
		if (tasks[i].map_index <= 0) /* a mapped task is one task */
			json_array_append_new(items, dialect->task(request, tasks, count, i));
	}
	free(tasks);
	if (dialect->engine == BN_W_AIRFLOW2) /* its TaskCollection has no total */
		bn_web_json(request, 200, json_pack("{s:o}", "tasks", items));
	else
		bn_web_json(request, 200, envelope("tasks", items, json_array_size(items)));
}

/* ---- runs ------------------------------------------------------------------ */

static void
send_runs(struct bn_web_request *request, const struct af_dialect *dialect,
	  const struct af_query *query)
{
	json_t *items = json_array();
	struct af_list list;
	size_t i;

	af_runs(request->world, query, request->now, &list);
	for (i = 0; i < list.count; i++) {
		if (af_on_page(query, i))
			json_array_append_new(items, dialect->run(request, &list.run[i]));
	}
	bn_web_json(request, 200, envelope("dag_runs", items, list.count));
	free(list.run);
}

/* 2.x filters by the name and finds nothing; 3.x looks the DAG up first. */
static bool
unknown_dag(struct bn_web_request *request, const struct af_dialect *dialect, const char *dag)
{
	if (dialect->engine == BN_W_AIRFLOW2 || strcmp(dag, "~") == 0 ||
	    af_find_dag(request->world, dialect->engine, dag) != NULL)
		return false;
	dialect->not_found(request, "DAG", dag);
	return true;
}

static void
list_runs(struct bn_web_request *request, const struct af_dialect *dialect, const char *dag)
{
	struct af_query query;

	if (!read_query(request, dialect, &query))
		return;
	if (unknown_dag(request, dialect, dag))
		return;
	query.dag = dag;
	send_runs(request, dialect, &query);
}

static void
post_runs(struct bn_web_request *request, const struct af_dialect *dialect)
{
	struct af_query query;
	json_t *body = NULL;

	if (read_body(request, dialect, &query, &body))
		send_runs(request, dialect, &query);
	json_decref(body);
}

static bool
find_run(struct bn_web_request *request, const struct af_dialect *dialect, struct bn_w_run *run)
{
	const char *name = part(request, dialect, 1), *id = part(request, dialect, 3);
	const struct bn_w_pipeline *dag = af_find_dag(request->world, dialect->engine, name);

	if (dag == NULL) {
		dialect->not_found(request, "DAG", name);
		return false;
	}
	if (bn_world_find_run(request->world, dag, id, NULL, request->now, run))
		return true;
	dialect->not_found(request, "DAGRun", id);
	return false;
}

/* ---- task instances -------------------------------------------------------- */

/* What a list of task instances narrows is the instances; what is left narrows the runs. */
static void
take_instance_filters(struct af_query *query, struct af_query *filter)
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
instance_wanted(const struct af_query *filter, const struct af_instance *instance)
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
append_instances(struct bn_web_request *request, const struct af_dialect *dialect,
		 const struct af_query *query, const struct bn_w_run *run, const char *only,
		 json_t *items, size_t total)
{
	struct af_instance instance;
	struct bn_w_task *tasks;
	size_t i, count = bn_world_tasks(request->world, run, &tasks);

	for (i = 0; i < count; i++) {
		if (only != NULL && (strcmp(tasks[i].name, only) != 0 || tasks[i].map_index < 0))
			continue;
		af_instance(request->world, run, &tasks[i], 0, request->now, &instance);
		if (!instance_wanted(query, &instance))
			continue;
		if (af_on_page(query, total++)) {
			json_array_append_new(items, dialect->instance(request, &instance, false));
		}
	}
	free(tasks);
	return total;
}

/* `only`: the instances of this mapped task. */
static void
list_instances(struct bn_web_request *request, const struct af_dialect *dialect, const char *only)
{
	const char *dag = part(request, dialect, 1), *id = part(request, dialect, 3);
	json_t *items = json_array();
	struct af_query query, filter;
	struct af_list list = {NULL, 0};
	size_t i, total = 0;

	if (!read_query(request, dialect, &query))
		goto out;
	query.dag = dag;
	query.run = id;
	if (unknown_dag(request, dialect, dag))
		goto out;
	take_instance_filters(&query, &filter);
	af_runs(request->world, &query, request->now, &list);
	if (list.count == 0 && strcmp(id, "~") != 0 && dialect->engine != BN_W_AIRFLOW2) {
		dialect->not_found(request, "DAGRun", id);
		goto out;
	}
	for (i = 0; i < list.count; i++)
		total =
		    append_instances(request, dialect, &filter, &list.run[i], only, items, total);
	bn_web_json(request, 200, envelope("task_instances", items, total));
	items = NULL;
out:
	free(list.run);
	json_decref(items);
}

static void
post_instances(struct bn_web_request *request, const struct af_dialect *dialect)
{
	json_t *body = NULL, *items = json_array();
	struct af_list list = {NULL, 0};
	struct af_query query, filter;
	size_t i, total = 0;

	if (read_body(request, dialect, &query, &body)) {
		take_instance_filters(&query, &filter);
		af_runs(request->world, &query, request->now, &list);
		for (i = 0; i < list.count; i++)
			total = append_instances(request, dialect, &filter, &list.run[i], NULL,
						 items, total);
		bn_web_json(request, 200, envelope("task_instances", items, total));
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
	struct af_instance instance;
};

static bool
find_instance(struct bn_web_request *request, const struct af_dialect *dialect, int map_index,
	      struct wanted_instance *out)
{
	const char *name = part(request, dialect, 5);
	const struct bn_w_task *task;
	size_t count;

	out->tasks = NULL;
	if (!find_run(request, dialect, &out->run))
		return false;
	count = bn_world_tasks(request->world, &out->run, &out->tasks);
	task = af_task(out->tasks, count, name, map_index);
	if (task == NULL) {
		dialect->not_found(request, "TaskInstance", name);
		return false;
	}
	af_instance(request->world, &out->run, task, 0, request->now, &out->instance);
	return true;
}

static void
get_instance(struct bn_web_request *request, const struct af_dialect *dialect, int map_index)
{
	struct wanted_instance wanted;

	if (find_instance(request, dialect, map_index, &wanted))
		bn_web_json(request, 200, dialect->instance(request, &wanted.instance, false));
	free(wanted.tasks);
}

static void
get_tries(struct bn_web_request *request, const struct af_dialect *dialect, int map_index,
	  const char *which)
{
	int64_t number = which == NULL ? 0 : bn_face_number(which, 1000);
	struct wanted_instance wanted;
	struct af_instance each;
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
		af_instance(request->world, &wanted.run, wanted.instance.task, i, request->now,
			    &each);
		if (number == 0 || number == i)
			json_array_append_new(items, dialect->instance(request, &each, true));
	}
	if (number > 0) {
		bn_web_json(request, 200, json_incref(json_array_get(items, 0)));
		json_decref(items);
	} else {
		bn_web_json(request, 200, envelope("task_instances", items, (size_t)begun));
	}
out:
	free(wanted.tasks);
}

static void
get_log(struct bn_web_request *request, const struct af_dialect *dialect, const char *which)
{
	static const char *const known[] = {"full_content", "map_index", "token", NULL};
	const char *unknown = bn_web_unknown(request, known),
		   *index = bn_web_query(request, "map_index");
	int64_t number = bn_face_number(which, 1000);
	struct wanted_instance wanted;

	if (unknown != NULL && !unknown_query(request, dialect, unknown, ""))
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

/* ---- the rest -------------------------------------------------------------- */

static void
list_import_errors(struct bn_web_request *request, const struct af_dialect *dialect)
{
	struct bn_w_import_error error;
	json_t *items = json_array();
	struct af_query query;
	size_t i;

	if (!read_query(request, dialect, &query)) {
		json_decref(items);
		return;
	}
	for (i = 0; bn_world_import_error(dialect->engine, i, request->now, &error); i++) {
		if (af_on_page(&query, i))
			json_array_append_new(items, dialect->import_error(&error));
	}
	bn_web_json(request, 200, envelope("import_errors", items, i));
}

static void
count_slots(const struct bn_web_request *request, const struct af_dialect *dialect, int *running,
	    int *queued)
{
	const struct bn_w_pipeline *dag;
	struct bn_w_task *tasks;
	struct bn_w_run run;
	const char *state;
	size_t i, k, count;

	*running = *queued = 0;
	for (i = 0; (dag = af_dag(request->world, dialect->engine, i)) != NULL; i++) {
		bn_world_run(request->world, dag, bn_world_last_slot(dag, request->now), &run);
		count = bn_world_tasks(request->world, &run, &tasks);
		for (k = 0; k < count; k++) {
			state = af_task_state(&run, &tasks[k], request->now);
			*running += state != NULL && strcmp(state, "running") == 0;
		}
		free(tasks);
	}
}

static void
list_pools(struct bn_web_request *request, const struct af_dialect *dialect)
{
	struct af_query query;
	int running, queued;

	if (!read_query(request, dialect, &query))
		return;
	count_slots(request, dialect, &running, &queued);
	bn_web_json(
	    request, 200,
	    envelope("pools",
		     json_pack("[o, o]", dialect->pool("default_pool", 128, running, queued),
			       dialect->pool("backfill", 4, 0, 0)),
		     2));
}

static bool
route_instance(struct bn_web_request *request, const struct af_dialect *dialect)
{
	const char *last = part(request, dialect, 8);
	int64_t map_index = bn_face_number(part(request, dialect, 6), 10000);

	if (is(request, "/dags/*/dagRuns/*/taskInstances/*"))
		get_instance(request, dialect, -1);
	else if (is(request, "/dags/*/dagRuns/*/taskInstances/*/listMapped"))
		list_instances(request, dialect, part(request, dialect, 5));
	else if (is(request, "/dags/*/dagRuns/*/taskInstances/*/tries"))
		get_tries(request, dialect, -1, NULL);
	else if (is(request, "/dags/*/dagRuns/*/taskInstances/*/tries/*"))
		get_tries(request, dialect, -1, part(request, dialect, 7));
	else if (is(request, "/dags/*/dagRuns/*/taskInstances/*/logs/*"))
		get_log(request, dialect, part(request, dialect, 7));
	else if (map_index >= 0 && is(request, "/dags/*/dagRuns/*/taskInstances/*/*"))
		get_instance(request, dialect, (int)map_index);
	else if (map_index >= 0 && is(request, "/dags/*/dagRuns/*/taskInstances/*/*/tries"))
		get_tries(request, dialect, (int)map_index, NULL);
	else if (map_index >= 0 && is(request, "/dags/*/dagRuns/*/taskInstances/*/*/tries/*"))
		get_tries(request, dialect, (int)map_index, last);
	else
		return false;
	return true;
}

static bool
route_get(struct bn_web_request *request, const struct af_dialect *dialect)
{
	const struct bn_w_pipeline *dag = NULL;
	struct bn_w_run run;

	if (request->segments > dialect->prefix + 1)
		dag = af_find_dag(request->world, dialect->engine, part(request, dialect, 1));
	if (is(request, "/dags"))
		list_dags(request, dialect);
	else if (is(request, "/importErrors"))
		list_import_errors(request, dialect);
	else if (is(request, "/pools"))
		list_pools(request, dialect);
	else if (is(request, "/dags/*/dagRuns"))
		list_runs(request, dialect, part(request, dialect, 1));
	else if (is(request, "/dags/*/dagRuns/*/taskInstances"))
		list_instances(request, dialect, NULL);
	else if (dag == NULL && is(request, "/dags/**"))
		dialect->not_found(request, "DAG", part(request, dialect, 1));
	else if (is(request, "/dags/*"))
		bn_web_json(request, 200, dialect->dag(request, dag));
	else if (is(request, "/dags/*/tasks"))
		list_tasks(request, dialect, dag);
	else if (is(request, "/dags/*/dagRuns/*")) {
		if (find_run(request, dialect, &run))
			bn_web_json(request, 200, dialect->run(request, &run));
	} else {
		return route_instance(request, dialect);
	}
	return true;
}

bool
af_route(struct bn_web_request *request, const struct af_dialect *dialect)
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
		post_instances(request, dialect);
	else
		return false;
	return true;
}

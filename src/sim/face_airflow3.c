/* face_airflow3.c - Airflow 3.2's public API: forms, errors, JSON web tokens. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sim/airflow.h"

static const struct bn_af_dialect dialect;

static json_t *
when(bn_time time)
{
	return bn_af_time(&dialect, time);
}

/* FastAPI's form. */
static void
detail(struct bn_web_request *request, int status, const char *text)
{
	bn_web_json(request, status, json_pack("{s:s}", "detail", text));
}

static void
not_found(struct bn_web_request *request, const char *what, const char *name)
{
	char text[400];

	snprintf(text, sizeof(text), "The %s with ID: `%.300s` was not found", what, name);
	detail(request, 404, text);
}

static void
bad(struct bn_web_request *request, const char *where, const char *name, const char *value)
{
	char text[300];

	if (strcmp(name, "order_by") == 0) {
		snprintf(text, sizeof(text),
			 "Ordering with '%.200s' is disallowed or the attribute does not exist on "
			 "the model",
			 value);
		detail(request, 400, text);
		return;
	}
	bn_web_json(request, 422,
		    json_pack("{s:[{s:s, s:[s, s], s:s, s:s}]}", "detail", "type", "value_error",
			      "loc", where, name, "msg", "Input is not valid or not permitted",
			      "input", value));
}

/* ---- forms ----------------------------------------------------------------- */

static json_t *
dag_form(const struct bn_web_request *request, const struct bn_w_pipeline *dag)
{
	bn_time due = bn_world_next_due(dag, request->now);
	const char *file = strrchr(dag->definition, '/') + 1;
	json_t *form;

	form = json_pack("{s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:b, s:n, s:s, s:o, s:s}", "dag_id",
			 dag->name, "dag_display_name", dag->name, "description", dag->summary,
			 "is_paused", dag->suspended, "is_stale", 0, "has_import_errors", 0,
			 "has_task_concurrency_limits", 0, "timetable_partitioned", 0,
			 "last_expired", "bundle_name", "dags-folder", "last_parsed_time",
			 when(request->now - request->now % (30 * BN_W_SECOND)), "relative_fileloc",
			 file);
	json_object_update_new(
	    form, json_pack("{s:o, s:s, s:s, s:s, s:i, s:i, s:i, s:[s], s:n, s:f}", "fileloc",
			    json_sprintf("/opt/airflow/dags/%s", file), "file_token",
			    "Ii9vcHQvYWlyZmxvdy9kYWdzIg.demo", "timetable_summary", dag->cron,
			    "timetable_description", "", "max_active_runs", 1, "max_active_tasks",
			    16, "max_consecutive_failed_dag_runs", 0, "owners", dag->owner,
			    "bundle_version", "last_parse_duration", 0.21));
	json_object_update_new(
	    form,
	    json_pack("{s:o, s:o, s:o, s:o, s:[s, s, s]}", "next_dagrun_logical_date", when(due),
		      "next_dagrun_run_after", when(due), "next_dagrun_data_interval_start",
		      when(due), "next_dagrun_data_interval_end", when(due), "allowed_run_types",
		      "scheduled", "manual", "backfill"));
	json_object_set_new(form, "tags",
			    json_pack("[{s:s, s:s, s:s}, {s:s, s:s, s:s}, {s:s, s:s, s:s}]", "name",
				      "group:ingestion", "dag_id", dag->name, "dag_display_name",
				      dag->name, "name", dag->idempotence, "dag_id", dag->name,
				      "dag_display_name", dag->name, "name", dag->owner, "dag_id",
				      dag->name, "dag_display_name", dag->name));
	return form;
}

static json_t *
version_form(const struct bn_web_request *request, const struct bn_w_pipeline *dag)
{
	char id[40];

	bn_world_uuid(bn_world_hash(bn_world_seed(request->world), dag->name, 0, 97), id);
	return json_pack("{s:s, s:i, s:s, s:s, s:s, s:n, s:n, s:o}", "id", id, "version_number", 3,
			 "dag_id", dag->name, "dag_display_name", dag->name, "bundle_name",
			 "dags-folder", "bundle_version", "bundle_url", "created_at",
			 when(BN_W_NIGHT - 30 * BN_W_DAY));
}

static json_t *
run_form(const struct bn_web_request *request, const struct bn_w_run *run)
{
	bn_time now = request->now, end = now >= run->finished ? run->finished : 0;
	json_t *form;

	form = json_pack(
	    "{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "dag_run_id", run->name,
	    "dag_id", run->pipeline->name, "dag_display_name", run->pipeline->name, "state",
	    bn_af_run_state(run, now), "logical_date", when(bn_af_logical_date(run)), "run_after",
	    when(run->scheduled), "queued_at", when(run->created), "start_date",
	    when(now >= run->started ? run->started : 0), "end_date", when(end),
	    "data_interval_start", when(run->scheduled), "data_interval_end", when(run->scheduled),
	    "last_scheduling_decision", when(now >= run->started ? run->started : 0));
	json_object_update_new(
	    form,
	    json_pack("{s:s, s:s, s:n, s:{}, s:n, s:n, s:n, s:[o], s:o}", "run_type", "scheduled",
		      "triggered_by", "timetable", "triggering_user_name", "conf", "note",
		      "partition_key", "bundle_version", "dag_versions",
		      version_form(request, run->pipeline), "duration",
		      end != 0 ? json_real((double)(end - run->started) / 1000) : json_null()));
	return form;
}

static json_t *
instance_form(const struct bn_web_request *request, const struct bn_af_instance *instance,
	      bool history)
{
	const struct bn_w_run *run = instance->run;
	const struct bn_w_task *task = instance->task;
	bn_time end = instance->finished != 0 ? instance->finished : request->now;
	json_t *form;

	form =
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:o, s:o, s:i, s:i, s:s?, s:o}", "task_id",
		      task->name, "task_display_name", task->name, "dag_id", run->pipeline->name,
		      "dag_display_name", run->pipeline->name, "dag_run_id", run->name, "map_index",
		      task->map_index, "start_date", when(instance->started), "end_date",
		      when(instance->finished), "try_number", instance->try_number, "max_tries",
		      instance->max_tries, "state", instance->state, "duration",
		      instance->started != 0 ? json_real((double)(end - instance->started) / 1000)
					     : json_null());
	json_object_update_new(
	    form,
	    json_pack("{s:s, s:i, s:s, s:i, s:s, s:s, s:n, s:s, s:s, s:o, s:o, s:o, s:o}", "pool",
		      "default_pool", "pool_slots", 1, "queue", "default", "priority_weight", 1,
		      "operator", task->operator, "operator_name", task->operator, "executor",
		      "executor_config", "{}", "unixname", "airflow", "hostname",
		      instance->started != 0 ? json_string(bn_af_host()) : json_null(), "pid",
		      instance->started != 0 ? json_integer(4711) : json_null(), "queued_when",
		      when(instance->queued), "scheduled_when", when(instance->queued)));
	if (history) { /* the history has no ids, dates of the run, or triggers */
		json_object_set_new(form, "dag_version", version_form(request, run->pipeline));
		return form;
	}
	json_object_update_new(
	    form,
	    json_pack("{s:s, s:o, s:o, s:n, s:{}, s:o, s:o, s:n, s:n}", "id", instance->id,
		      "logical_date", when(bn_af_logical_date(run)), "run_after",
		      when(run->scheduled), "note", "rendered_fields", "rendered_map_index",
		      task->map_index >= 0 ? json_sprintf("%d", task->map_index) : json_null(),
		      "dag_version", version_form(request, run->pipeline), "trigger",
		      "triggerer_job"));
	return form;
}

static json_t *
task_form(const struct bn_web_request *request, const struct bn_w_task *tasks, size_t count,
	  size_t index)
{
	json_t *below = json_array();
	size_t i;
	int k;

	(void)request;
	for (i = 0; i < count; i++) {
		for (k = 0; k < tasks[i].depend_count && tasks[i].map_index <= 0; k++) {
			if (strcmp(tasks[tasks[i].depends[k]].name, tasks[index].name) == 0) {
				json_array_append_new(below, json_string(tasks[i].name));
				break;
			}
		}
	}
	return json_pack(
	    "{s:s, s:s, s:s, s:b, s:o, s:b, s:s, s:s, s:i, s:i, s:s, s:s, s:b, s:i, s:[], s:{s:s}}",
	    "task_id", tasks[index].name, "task_display_name", tasks[index].name, "operator_name",
	    tasks[index].operator, "depends_on_past", 0, "downstream_task_ids", below, "is_mapped",
	    tasks[index].map_index >= 0, "owner", "airflow", "pool", "default_pool", "pool_slots",
	    1, "retries", tasks[index].retries ? 1 : 0, "trigger_rule", "all_success",
	    "weight_rule", "downstream", "wait_for_downstream", 0, "retry_exponential_backoff", 0,
	    "extra_links", "class_ref", "class_name", tasks[index].operator);
}

static json_t *
import_error_form(const struct bn_w_import_error *error)
{
	return json_pack("{s:i, s:s, s:s, s:s, s:o}", "import_error_id", error->id, "filename",
			 error->filename, "bundle_name", "dags-folder", "stack_trace", error->trace,
			 "timestamp", when(error->since));
}

static json_t *
pool_form(const char *name, int slots, int running, int queued)
{
	return json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:b, s:n, s:n}", "name", name,
			 "slots", slots, "occupied_slots", running + queued, "running_slots",
			 running, "queued_slots", queued, "scheduled_slots", 0, "open_slots",
			 slots - running - queued, "deferred_slots", 0, "include_deferred", 0,
			 "description", "team_name");
}

/* ---- logs ------------------------------------------------------------------ */

struct events {
	json_t *all;
	struct bn_buf *lines; /* or as NDJSON */
};

static void
add_event(json_t *event, struct events *events)
{
	char *text;

	if (events->lines == NULL) {
		json_array_append_new(events->all, event);
		return;
	}
	text = json_dumps(event, JSON_COMPACT);
	bn_buf_addf(events->lines, "%s\n", text);
	free(text);
	json_decref(event);
}

static void
add_line(const struct bn_w_line *line, void *payload)
{
	add_event(json_pack("{s:s, s:o, s:s, s:s}", "event", line->text, "timestamp",
			    when(line->at), "level", line->level, "logger", "task.stdout"),
		  payload);
}

static void
log_form(struct bn_web_request *request, const struct bn_af_instance *instance, int try_number)
{
	const char *accept = bn_web_header(request, "Accept"),
		   *token = bn_web_query(request, "token");
	bool lines = accept != NULL && strstr(accept, "application/x-ndjson") != NULL;
	struct bn_buf out = BN_BUF_INIT(0);
	struct events events = {json_array(), lines ? &out : NULL};
	size_t next = 0;

	if (token != NULL && strncmp(token, "line-", 5) == 0 &&
	    bn_face_number(token + 5, 1000000) > 0)
		next = (size_t)bn_face_number(token + 5, 1000000);
	if (next == 0) {
		add_event(json_pack("{s:s, s:[s]}", "event", "::group::Log message source details",
				    "sources", "/opt/airflow/logs/attempt.log"),
			  &events);
		add_event(json_pack("{s:s}", "event", "::endgroup::"), &events);
	}
	next =
	    bn_af_log(request->world, instance, try_number, request->now, next, add_line, &events);
	if (lines) {
		bn_web_text(request, 200, "application/x-ndjson", bn_buf_text(&out));
	} else {
		bn_web_json(request, 200,
			    json_pack("{s:O, s:o}", "content", events.all, "continuation_token",
				      instance->finished != 0 ? json_null()
							      : json_sprintf("line-%zu", next)));
	}
	json_decref(events.all);
	bn_buf_free(&out);
}

/* ---- login ----------------------------------------------------------------- */

static const struct bn_af_dialect dialect = {
    .engine = BN_W_AIRFLOW3,
    .prefix = 2,
    .zone = "Z",
    .page = 50,
    .repeats = true,
    .dag = dag_form,
    .run = run_form,
    .instance = instance_form,
    .task = task_form,
    .import_error = import_error_form,
    .pool = pool_form,
    .log = log_form,
    .not_found = not_found,
    .bad = bad,
};

/* Shaped like a JWT; its "signature" is a digest over our secret and the token's number. */
static void
make_token(const struct bn_face_login *login, int number, char *out, size_t size)
{
	char text[160], digest[BN_DIGEST_HEX];

	snprintf(text, sizeof(text), "%s %d", login->password, number);
	bn_digest_once(text, strlen(text), digest);
	snprintf(out, size, "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.%d.%s", number, digest);
}

static bool
logged_in(struct bn_web_request *request, struct bn_face_login *login)
{
	const char *header = bn_web_header(request, "Authorization");
	char token[160];
	int64_t uses;
	int number;

	if (header == NULL ||
	    sscanf(header, "Bearer eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.%d.", &number) != 1)
		return false;
	make_token(login, number, token, sizeof(token));
	if (strcmp(header + 7, token) != 0 || number > atomic_load(&login->issued))
		return false;
	if (bn_faults_on(bn_web_faults(request->web), BN_FAULT_EXPIRE, bn_web_name(request->web),
			 &uses) &&
	    (number < atomic_load(&login->issued) || atomic_fetch_add(&login->used, 1) >= uses))
		return false;
	request->auth = BN_AUTH_OK;
	return true;
}

static void
give_token(struct bn_web_request *request, struct bn_face_login *login)
{
	json_t *body = request->body == NULL ? NULL : json_loads(request->body, 0, NULL);
	const char *user = json_string_value(json_object_get(body, "username"));
	const char *password = json_string_value(json_object_get(body, "password"));
	char token[160];

	if (strcmp(request->method, "POST") != 0) {
		detail(request, 403,
		       "This method is only allowed if ``[core] simple_auth_manager_all_admins`` "
		       "is True");
	} else if (user == NULL || password == NULL || json_object_size(body) != 2) {
		bad(request, "body", "username", "");
	} else if (strcmp(user, login->user) != 0 || strcmp(password, login->password) != 0) {
		request->auth = BN_AUTH_REFUSED;
		detail(request, 401, "Invalid credentials");
	} else {
		atomic_store(&login->used, 0);
		make_token(login, atomic_fetch_add(&login->issued, 1) + 1, token, sizeof(token));
		request->auth = BN_AUTH_OK;
		bn_web_json(request, 201, json_pack("{s:s}", "access_token", token));
	}
	json_decref(body);
}

void
bn_face_airflow3_refuse(struct bn_web_request *request, void *payload)
{
	(void)payload;
	request->auth = BN_AUTH_REFUSED;
	detail(request, 401,
	       bn_web_header(request, "Authorization") == NULL ? "Not authenticated"
							       : "Invalid JWT token");
	request->challenge = "Bearer";
}

/* ---- the face -------------------------------------------------------------- */

static void
health(struct bn_web_request *request)
{
	json_t *beat = when(request->now - request->now % (5 * BN_W_SECOND));

	bn_web_json(request, 200,
		    json_pack("{s:{s:s}, s:{s:s, s:O}, s:{s:s, s:O}, s:{s:s, s:o}}", "metadatabase",
			      "status", "healthy", "scheduler", "status", "healthy",
			      "latest_scheduler_heartbeat", beat, "triggerer", "status", "healthy",
			      "latest_triggerer_heartbeat", beat, "dag_processor", "status",
			      "healthy", "latest_dag_processor_heartbeat", beat));
}

void
bn_face_airflow3(struct bn_web_request *request, void *payload)
{
	bool get = strcmp(request->method, "GET") == 0;

	if (bn_web_path(request, "/auth/token")) {
		give_token(request, payload);
		return;
	}
	if (get && bn_web_path(request, "/api/v2/monitor/health")) {
		health(request);
		return;
	}
	if (get && bn_web_path(request, "/api/v2/version")) {
		bn_web_json(request, 200,
			    json_pack("{s:s, s:n}", "version", "3.2.1", "git_version"));
		return;
	}
	if (!bn_web_path(request, "/api/v2/**")) {
		/* whoever asks the other major's version wants to know which one this is */
		if (!bn_web_path(request, "/api/v1/version"))
			bn_web_violation(request, "path the specification does not have");
		detail(request, 404, "Not Found");
		return;
	}
	if (!logged_in(request, payload)) {
		bn_face_airflow3_refuse(request, payload);
		return;
	}
	if (bn_af_route(request, &dialect))
		return;
	bn_web_violation(request, get ? "path the specification does not have"
				      : "a write that is on no list");
	detail(request, get ? 404 : 403, get ? "Not Found" : "Forbidden");
}

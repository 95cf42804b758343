/* face_airflow2.c - Airflow 2.10's stable REST API: forms, errors, basic login. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sim/airflow.h"

#define DOCS                                                                                       \
	"https://airflow.apache.org/docs/apache-airflow/2.10.5/stable-rest-api-ref.html#section/"  \
	"Errors/"

static const struct bn_af_dialect dialect;

static json_t *
when(bn_time time)
{
	return bn_af_time(&dialect, time);
}

/* RFC 7807, as connexion writes it. */
static void
problem(struct bn_web_request *request, int status, const char *type, const char *title,
	const char *detail)
{
	json_t *body = json_pack("{s:i, s:s, s:s}", "status", status, "title", title, "type", type);

	if (detail != NULL)
		json_object_set_new(body, "detail", json_string(detail));
	bn_web_json(request, status, body);
	request->type = "application/problem+json";
}

static void
not_found(struct bn_web_request *request, const char *what, const char *name)
{
	char title[64], detail[400];

	snprintf(title, sizeof(title), "%s not found", what);
	snprintf(detail, sizeof(detail), "The %s with ID: `%.300s` was not found", what, name);
	problem(request, 404, DOCS "NotFound", title, detail);
}

static void
bad(struct bn_web_request *request, const char *where, const char *name, const char *value)
{
	char detail[500];

	if (strcmp(name, "order_by") == 0)
		snprintf(detail, sizeof(detail),
			 "Ordering with '%.200s' is disallowed or the attribute does not exist on "
			 "the model",
			 value);
	else if (strcmp(where, "query") == 0 && *value == '\0')
		snprintf(detail, sizeof(detail), "Extra query parameter(s) %.200s not in spec",
			 name);
	else
		snprintf(detail, sizeof(detail),
			 "{'%.200s': ['Unknown field or invalid value: %.200s']}", name, value);
	problem(request, 400, strcmp(where, "query") == 0 ? "about:blank" : DOCS "BadRequest",
		"Bad Request", detail);
}

/* ---- forms ----------------------------------------------------------------- */

static json_t *
dag_form(const struct bn_web_request *request, const struct bn_w_pipeline *dag)
{
	bn_time due = bn_world_next_due(dag, request->now), period = dag->period * BN_W_MINUTE;
	json_t *form;

	form = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:b}", "dag_id",
			 dag->name, "dag_display_name", dag->name, "default_view", "grid",
			 "description", dag->summary, "file_token",
			 "Ii9vcHQvYWlyZmxvdy9kYWdzIg.demo", "timetable_description", "",
			 "has_import_errors", 0, "has_task_concurrency_limits", 0, "is_active", 1,
			 "is_paused", dag->suspended, "is_subdag", 0);
	json_object_set_new(
	    form, "fileloc",
	    json_sprintf("/opt/airflow/dags/%s", strrchr(dag->definition, '/') + 1));
	json_object_update_new(
	    form,
	    json_pack("{s:n, s:o, s:n, s:i, s:i, s:i, s:o, s:o, s:o, s:o}", "last_expired",
		      "last_parsed_time", when(request->now - request->now % (30 * BN_W_SECOND)),
		      "last_pickled", "max_active_runs", 1, "max_active_tasks", 16,
		      "max_consecutive_failed_dag_runs", 0, "next_dagrun", when(due - period),
		      "next_dagrun_create_after", when(due), "next_dagrun_data_interval_start",
		      when(due - period), "next_dagrun_data_interval_end", when(due)));
	json_object_update_new(
	    form,
	    json_pack("{s:[s], s:n, s:n, s:n, s:{s:s, s:s}, s:[{s:s}, {s:s}, {s:s}]}", "owners",
		      dag->owner, "pickle_id", "root_dag_id", "scheduler_lock", "schedule_interval",
		      "__type", "CronExpression", "value", dag->cron, "tags", "name",
		      "group:ingestion", "name", dag->idempotence, "name", dag->owner));
	return form;
}

static json_t *
run_form(const struct bn_web_request *request, const struct bn_w_run *run)
{
	bn_time logical = bn_af_logical_date(run), now = request->now;

	return json_pack(
	    "{s:{}, s:s, s:s, s:o, s:o, s:o, s:b, s:o, s:o, s:n, s:s, s:o, s:o, s:s}", "conf",
	    "dag_id", run->pipeline->name, "dag_run_id", run->name, "data_interval_start",
	    when(logical), "data_interval_end", when(run->scheduled), "execution_date",
	    when(logical), "external_trigger", 0, "last_scheduling_decision",
	    when(now >= run->started ? run->started : 0), "logical_date", when(logical), "note",
	    "run_type", "scheduled", "start_date", when(now >= run->started ? run->started : 0),
	    "end_date", when(now >= run->finished ? run->finished : 0), "state",
	    bn_af_run_state(run, now));
}

static json_t *
instance_form(const struct bn_web_request *request, const struct bn_af_instance *instance,
	      bool history)
{
	const struct bn_w_run *run = instance->run;
	const struct bn_w_task *task = instance->task;
	json_t *form;

	(void)history; /* 2.x gives both the same form */
	form = json_pack("{s:s, s:s, s:s, s:s, s:i, s:o, s:o, s:o, s:i, s:i, s:s?}", "dag_id",
			 run->pipeline->name, "dag_run_id", run->name, "task_id", task->name,
			 "task_display_name", task->name, "map_index", task->map_index,
			 "execution_date", when(bn_af_logical_date(run)), "start_date",
			 when(instance->started), "end_date", when(instance->finished),
			 "try_number", instance->try_number, "max_tries", instance->max_tries,
			 "state", instance->state);
	if (instance->started != 0)
		json_object_set_new(form, "duration",
				    json_real((double)((instance->finished != 0 ? instance->finished
										: request->now) -
						       instance->started) /
					      1000));
	else
		json_object_set_new(form, "duration", json_null());
	json_object_update_new(
	    form,
	    json_pack(
		"{s:n, s:s, s:s, s:n, s:s, s:o, s:s, s:i, s:i, s:s, s:o, s:{}, s:n, s:n, "
		"s:n, s:n, s:s}",
		"executor", "executor_config", "{}", "hostname",
		instance->started != 0 ? bn_af_host() : "", "note", "operator", task->operator,
		"pid", instance->started != 0 ? json_integer(4711) : json_null(), "pool",
		"default_pool", "pool_slots", 1, "priority_weight", 1, "queue", "default",
		"queued_when", when(instance->queued), "rendered_fields", "rendered_map_index",
		"sla_miss", "trigger", "triggerer_job", "unixname", "airflow"));
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
		for (k = 0; k < tasks[i].depend_count; k++) {
			if (strcmp(tasks[tasks[i].depends[k]].name, tasks[index].name) == 0 &&
			    tasks[i].map_index <= 0) {
				json_array_append_new(below, json_string(tasks[i].name));
				break;
			}
		}
	}
	return json_pack(
	    "{s:s, s:s, s:{s:s, s:s}, s:b, s:o, s:b, s:s, s:s, s:i, s:i, s:s, s:s, s:b}", "task_id",
	    tasks[index].name, "task_display_name", tasks[index].name, "class_ref", "class_name",
	    tasks[index].operator, "module_path", "airflow.operators", "depends_on_past", 0,
	    "downstream_task_ids", below, "is_mapped", tasks[index].map_index >= 0, "owner",
	    "airflow", "pool", "default_pool", "pool_slots", 1, "retries",
	    tasks[index].retries ? 1 : 0, "trigger_rule", "all_success", "weight_rule",
	    "downstream", "wait_for_downstream", 0);
}

static json_t *
import_error_form(const struct bn_w_import_error *error)
{
	return json_pack("{s:i, s:s, s:s, s:o}", "import_error_id", error->id, "filename",
			 error->filename, "stack_trace", error->trace, "timestamp",
			 when(error->since));
}

static json_t *
pool_form(const char *name, int slots, int running, int queued)
{
	return json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:b, s:s}", "name", name,
			 "slots", slots, "occupied_slots", running + queued, "running_slots",
			 running, "queued_slots", queued, "scheduled_slots", 0, "open_slots",
			 slots - running - queued, "deferred_slots", 0, "include_deferred", 0,
			 "description", "");
}

/* ---- logs ------------------------------------------------------------------ */

static void
add_line(const struct bn_w_line *line, void *payload)
{
	struct bn_buf *out = payload;
	json_t *at = bn_face_time(line->at, "+0000", 6);
	const char *level = strcmp(line->level, "error") == 0	  ? "ERROR"
			    : strcmp(line->level, "warning") == 0 ? "WARNING"
								  : "INFO";

	bn_buf_addf(out, "[%s] {taskinstance.py:1150} %s - %s\n", json_string_value(at), level,
		    line->text);
	json_decref(at);
}

/* Python's repr of the one (host, text) pair, as 2.x sends it inside JSON. */
static char *
python_pairs(const char *text)
{
	struct bn_buf out = BN_BUF_INIT(0);

	bn_buf_addf(&out, "[('%s', \"", bn_af_host());
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			bn_buf_adds(&out, "\\n");
		else if (*text == '"' || *text == '\\')
			bn_buf_addf(&out, "\\%c", *text);
		else
			bn_buf_addc(&out, *text);
	}
	bn_buf_adds(&out, "\")]");
	return bn_buf_take(&out);
}

static void
log_form(struct bn_web_request *request, const struct bn_af_instance *instance, int try_number)
{
	const char *accept = bn_web_header(request, "Accept"),
		   *token = bn_web_query(request, "token");
	struct bn_buf out = BN_BUF_INIT(0);
	size_t next;
	char *pairs;

	if (accept != NULL && strstr(accept, "text/plain") != NULL) {
		bn_buf_addf(&out, "%s\n", bn_af_host());
		bn_af_log(request->world, instance, try_number, request->now, 0, add_line, &out);
		bn_web_text(request, 200, "text/plain; charset=utf-8", bn_buf_text(&out));
	} else {
		next = token == NULL || strncmp(token, "line-", 5) != 0 ||
			       bn_face_number(token + 5, 1000000) < 0
			   ? 0
			   : (size_t)bn_face_number(token + 5, 1000000);
		next = bn_af_log(request->world, instance, try_number, request->now, next, add_line,
				 &out);
		pairs = python_pairs(bn_buf_text(&out));
		bn_web_json(request, 200,
			    json_pack("{s:s, s:o}", "content", pairs, "continuation_token",
				      json_sprintf("line-%zu", next)));
		free(pairs);
	}
	bn_buf_free(&out);
}

/* ---- the face -------------------------------------------------------------- */

static const struct bn_af_dialect dialect = {
    .engine = BN_W_AIRFLOW2,
    .prefix = 2,
    .zone = "+00:00",
    .page = 100,
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

void
bn_face_airflow2_refuse(struct bn_web_request *request, void *payload)
{
	(void)payload;
	request->auth = BN_AUTH_REFUSED;
	problem(request, 401, DOCS "Unauthenticated", "Unauthorized", NULL);
	request->challenge = "Basic";
}

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

/* Standard base64 without line breaks; `out` holds 4/3 of the text and a NUL. */
static void
base64(const char *text, char *out)
{
	static const char set[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i, size = strlen(text);
	unsigned bits;

	for (i = 0; i < size; i += 3) {
		bits = (unsigned)(unsigned char)text[i] << 16;
		if (i + 1 < size)
			bits |= (unsigned)(unsigned char)text[i + 1] << 8;
		if (i + 2 < size)
			bits |= (unsigned char)text[i + 2];
		*out++ = set[bits >> 18 & 63];
		*out++ = set[bits >> 12 & 63];
		*out++ = i + 1 < size ? set[bits >> 6 & 63] : '=';
		*out++ = i + 2 < size ? set[bits & 63] : '=';
	}
	*out = '\0';
}

static bool
logged_in(struct bn_web_request *request, const struct bn_face_login *login)
{
	const char *header = bn_web_header(request, "Authorization");
	char plain[128], encoded[200];

	snprintf(plain, sizeof(plain), "%s:%s", login->user, login->password);
	base64(plain, encoded);
	if (header == NULL || strncmp(header, "Basic ", 6) != 0 || strcmp(header + 6, encoded) != 0)
		return false;
	request->auth = BN_AUTH_OK;
	return true;
}

void
bn_face_airflow2(struct bn_web_request *request, void *payload)
{
	bool get = strcmp(request->method, "GET") == 0;

	if (get && (bn_web_path(request, "/api/v1/health") || bn_web_path(request, "/health"))) {
		health(request);
		return;
	}
	if (get && bn_web_path(request, "/api/v1/version")) {
		bn_web_json(request, 200,
			    json_pack("{s:s, s:n}", "version", "2.10.5", "git_version"));
		return;
	}
	if (!bn_web_path(request, "/api/v1/**")) {
		/* whoever asks the other major's version wants to know which one this is */
		if (!bn_web_path(request, "/api/v2/version"))
			bn_web_violation(request, "path the specification does not have");
		bn_web_text(request, 404, "text/html", "<h1>Airflow 404 = lots of circles</h1>");
		return;
	}
	if (!logged_in(request, payload)) {
		bn_face_airflow2_refuse(request, payload);
		return;
	}
	if (bn_af_route(request, &dialect))
		return;
	if (!get) {
		bn_web_violation(request, "a write that is on no list");
		problem(request, 403, DOCS "PermissionDenied", "Forbidden", NULL);
		return;
	}
	bn_web_violation(request, "path the specification does not have");
	problem(request, 404, DOCS "NotFound", "Not Found",
		"The requested URL was not found on the server");
}

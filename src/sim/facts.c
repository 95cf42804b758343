/* facts.c - what is true in the world at a moment, written from the world alone. */
/* SPDX-License-Identifier: MIT */
#include "sim/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/memory.h"
#include "sim/airflow.h"
#include "sim/argo.h"

#define LAST	    20
#define STALE_AFTER BN_W_DAY

struct facts {
	const struct bn_world *world;
	bn_time at, certificate_expires;
	json_t *root, *findings;
	int failed, running, queued, degraded, crit, warn;
};

static json_t *
when(bn_time time)
{
	char text[BN_TIME_TEXT];

	return time == 0 ? json_null() : json_string(bn_time_rfc3339(time, text));
}

static const char *
source_of(const struct bn_w_pipeline *pipeline)
{
	static const char *const sources[] = {"argo-prod", "airflow-legacy", "airflow-ml"};

	return sources[pipeline->engine];
}

static json_t *
reference(const char *kind, const char *source, const char *key)
{
	return json_sprintf("%s/%s/%s", kind, source, key);
}

static void
find(struct facts *facts, const char *rule, bool critical, const char *source, json_t *about,
     const char *title, bn_time since)
{
	json_array_append_new(facts->findings,
			      json_pack("{s:s, s:s, s:s, s:o, s:s, s:o}", "rule", rule, "severity",
					critical ? "crit" : "warn", "source", source, "about",
					about, "title", title, "since", when(since)));
	if (critical)
		facts->crit++;
	else
		facts->warn++;
}

/* ---- runs ------------------------------------------------------------------ */

static const char *
run_status(const struct bn_w_run *run, bn_time at)
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
	return run->pipeline->engine == BN_W_ARGO ? argo_phase(bn_world_run_state(run, at))
						  : af_run_state(run, at);
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

static json_t *
run_form(const struct bn_w_run *run, bn_time at)
{
	return json_pack("{s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s}", "key", run_key(run),
			 "uid", run->uid, "status", run_status(run, at), "raw", run_raw(run, at),
			 "scheduled", when(run->scheduled), "created", when(run->created),
			 "started", when(at >= run->started ? run->started : 0), "finished",
			 when(at >= run->finished ? run->finished : 0), "duration",
			 duration(run->started, run->finished, at), "trigger", "schedule");
}

/* ---- pipelines ------------------------------------------------------------- */

static void
add_history(const struct facts *facts, const struct bn_w_pipeline *pipeline, json_t *form)
{
	int64_t newest = bn_world_last_slot(pipeline, facts->at), slot;
	int64_t first = bn_world_first_slot(pipeline, facts->at);
	json_t *last = json_array(), *durations = json_array();
	struct bn_w_run run;
	int count = 0, failed = 0;

	for (slot = newest; slot >= first && !pipeline->suspended; slot--) {
		bn_world_run(facts->world, pipeline, slot, &run);
		count++;
		failed += bn_world_run_state(&run, facts->at) == BN_W_FAILED;
		if (bn_world_run_state(&run, facts->at) == BN_W_OK)
			json_array_append_new(durations, json_integer(run.finished - run.started));
		if (newest - slot < LAST)
			json_array_insert_new(last, 0, run_form(&run, facts->at));
	}
	json_object_set_new(form, "last", last);
	json_object_set_new(form, "runs", json_integer(count));
	json_object_set_new(form, "failed_runs", json_integer(failed));
	json_object_set_new(form, "durations", durations);
}

/* The run that ended last has failed: since the first failure after the last good one. */
static void
find_failed(struct facts *facts, const struct bn_w_pipeline *pipeline)
{
	int64_t slot = bn_world_last_slot(pipeline, facts->at);
	int64_t first = bn_world_first_slot(pipeline, facts->at);
	struct bn_w_run run;
	enum bn_w_state state;
	bn_time since = 0;

	for (; slot >= first; slot--) {
		bn_world_run(facts->world, pipeline, slot, &run);
		state = bn_world_run_state(&run, facts->at);
		if (state == BN_W_OK)
			break;
		if (state == BN_W_FAILED)
			since = run.finished;
	}
	if (since != 0)
		find(facts, "run-failed", true, source_of(pipeline),
		     reference("pipeline", source_of(pipeline), pipeline->name), pipeline->name,
		     since);
}

/* The latest run is good, but two or more of the last twelve were not. */
static void
find_flaky(struct facts *facts, const struct bn_w_pipeline *pipeline)
{
	int64_t slot = bn_world_last_slot(pipeline, facts->at);
	struct bn_w_run run;
	bn_time since = 0;
	int i, failed = 0;

	for (i = 0; i < 12; i++) {
		bn_world_run(facts->world, pipeline, slot - i, &run);
		if (i == 0 && bn_world_run_state(&run, facts->at) != BN_W_OK)
			return;
		if (bn_world_run_state(&run, facts->at) != BN_W_FAILED)
			continue;
		failed++;
		if (since == 0)
			since = run.finished;
	}
	if (failed >= 2)
		find(facts, "run-flaky", false, source_of(pipeline),
		     reference("pipeline", source_of(pipeline), pipeline->name), pipeline->name,
		     since);
}

static void
count_latest(struct facts *facts, const struct bn_w_run *run)
{
	enum bn_w_state state = bn_world_run_state(run, facts->at);

	facts->running += state == BN_W_RUNNING;
	facts->queued += state == BN_W_PENDING;
	facts->failed += state == BN_W_FAILED;
	find_failed(facts, run->pipeline);
	find_flaky(facts, run->pipeline);
}

static json_t *
pipeline_form(struct facts *facts, const struct bn_w_pipeline *pipeline)
{
	const char *source = source_of(pipeline);
	struct bn_w_run run;
	json_t *form;

	bn_world_run(facts->world, pipeline, bn_world_last_slot(pipeline, facts->at), &run);
	form = json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:s}", "source",
			 source, "key", pipeline->name, "ref",
			 reference("pipeline", source, pipeline->name), "engine",
			 pipeline->engine == BN_W_ARGO ? "argo" : "airflow", "group",
			 pipeline->work == BN_W_DBT ? "transformation" : "ingestion", "owner",
			 pipeline->owner, "schedule", pipeline->cron, "timezone", "UTC", "paused",
			 pipeline->suspended, "idempotence", pipeline->idempotence, "definition",
			 pipeline->definition, "summary", pipeline->summary);
	json_object_set_new(
	    form, "status",
	    json_string(pipeline->suspended ? "paused" : run_status(&run, facts->at)));
	json_object_set_new(form, "latest",
			    pipeline->suspended ? json_null() : run_form(&run, facts->at));
	json_object_set_new(form, "next_due",
			    when(pipeline->suspended ? 0 : bn_world_next_due(pipeline, facts->at)));
	add_history(facts, pipeline, form);
	if (!pipeline->suspended)
		count_latest(facts, &run);
	return form;
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
	json_object_set_new(form, "started", when(started));
	json_object_set_new(form, "finished", when(finished));
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
task_form(const struct facts *facts, const struct bn_w_run *run, const struct bn_w_task *tasks,
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
	argo_node_id(run, task, 0, node);
	argo_pod_name(run, task, tries > 0 ? tries : 1, pod);
	raw = argo ? argo_phase(state) : af_task_state(run, task, facts->at);
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
add_tasks(const struct facts *facts, const struct bn_w_run *run, json_t *form)
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

static json_t *
run_detail(const struct facts *facts, const struct bn_w_pipeline *pipeline)
{
	const char *source = source_of(pipeline);
	struct bn_w_run run;
	json_t *form, *key;
	int done, pods;

	bn_world_run(facts->world, pipeline, bn_world_last_slot(pipeline, facts->at), &run);
	form = run_form(&run, facts->at);
	key = json_object_get(form, "key");
	json_object_set_new(form, "source", json_string(source));
	json_object_set_new(form, "pipeline", json_string(pipeline->name));
	json_object_set_new(form, "ref", reference("run", source, json_string_value(key)));
	json_object_set_new(form, "attempt", json_integer(1));
	argo_progress(facts->world, &run, facts->at, &done, &pods);
	json_object_set_new(form, "progress",
			    pipeline->engine == BN_W_ARGO && pods > 0
				? json_sprintf("%d/%d", done, pods)
				: json_null());
	add_tasks(facts, &run, form);
	return form;
}

/* ---- what stands ----------------------------------------------------------- */

static json_t *
endpoint_form(struct facts *facts, const struct bn_w_api *api)
{
	struct bn_w_health health;
	bool stale, slow, bad;
	json_t *form;

	bn_world_health(facts->world, api, facts->at, &health);
	stale = facts->at - health.generated_at >= STALE_AFTER;
	slow = health.latency > api->slo;
	bad = stale || slow || health.status != 200;
	form = json_pack("{s:s, s:o, s:s, s:i, s:s, s:o, s:I, s:b, s:i, s:i, s:b}", "name",
			 api->name, "ref", reference("endpoint", "probes", api->name), "path",
			 api->path, "http_status", health.status, "status",
			 bad ? "degraded" : "healthy", "generated_at", when(health.generated_at),
			 "generated_age", (json_int_t)(facts->at - health.generated_at), "stale",
			 stale, "answers_in", health.latency, "slo_p99", api->slo, "slow", slow);
	json_object_update_new(form, json_pack("{s:f, s:f, s:i, s:i, s:i, s:s, s:i, s:o}", "rps",
					       health.rps, "error_ratio", health.errors, "p50",
					       health.p50, "p95", health.p95, "p99", health.p99,
					       "owner", api->owner, "replicas", api->replicas,
					       "certificate_expires",
					       when(api->tls ? facts->certificate_expires : 0)));
	if (health.p99 > api->slo)
		find(facts, "endpoint-slow", false, "probes",
		     reference("endpoint", "probes", api->name), api->name, 0);
	if (bad) {
		facts->degraded++;
		find(facts, "endpoint-degraded", false, "probes",
		     reference("endpoint", "probes", api->name), api->name,
		     stale ? health.generated_at + STALE_AFTER : 0);
	}
	return form;
}

static json_t *
alerts_of(struct facts *facts)
{
	struct bn_w_alert alert;
	json_t *list = json_array(), *labels;
	size_t i, k;

	for (i = 0; bn_world_alert(facts->world, i, facts->at, &alert); i++) {
		if (alert.active_at == 0)
			continue;
		labels = json_object();
		for (k = 0; alert.label[k] != NULL; k += 2)
			json_object_set_new(labels, alert.label[k],
					    json_string(alert.label[k + 1]));
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o, s:s, s:o}", "name",
						      alert.name, "severity", alert.severity,
						      "state", alert.firing ? "firing" : "pending",
						      "active_at", when(alert.active_at), "summary",
						      alert.summary, "labels", labels));
		if (alert.firing)
			find(facts, "alert", strcmp(alert.severity, "critical") == 0, "prom",
			     json_null(), alert.name, alert.active_at);
	}
	return list;
}

static json_t *
targets_of(struct facts *facts)
{
	struct bn_w_target target;
	json_t *list = json_array();
	size_t i;

	for (i = 0; bn_world_target(facts->world, i, facts->at, &target); i++) {
		json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:s}", "job", target.job,
						      "instance", target.instance, "up", target.up,
						      "error", target.error));
		if (!target.up)
			find(facts, "target-down", false, "prom", json_null(), target.instance, 0);
	}
	return list;
}

static json_t *
import_errors_of(struct facts *facts)
{
	static const char *const sources[] = {"airflow-legacy", "airflow-ml"};
	struct bn_w_import_error error;
	json_t *list = json_array();
	const char *last;
	size_t i, k;

	for (k = 0; k < 2; k++) {
		for (i = 0; bn_world_import_error(k == 0 ? BN_W_AIRFLOW2 : BN_W_AIRFLOW3, i,
						  facts->at, &error);
		     i++) {
			last = strstr(error.trace, "ModuleNotFoundError");
			json_array_append_new(
			    list,
			    json_pack("{s:s, s:s, s:o, s:o}", "source", sources[k], "filename",
				      error.filename, "since", when(error.since), "error",
				      json_stringn(last == NULL ? "" : last,
						   last == NULL ? 0 : strcspn(last, "\n"))));
			find(facts, "import-error", false, sources[k], json_null(), error.filename,
			     error.since);
		}
	}
	return list;
}

static json_t *
changes_of(const struct facts *facts)
{
	struct bn_w_change change;
	json_t *list = json_array(), *form;
	size_t i;

	for (i = 0; bn_world_change(facts->world, i, &change) && change.at <= facts->at; i++) {
		form = json_pack("{s:s, s:i, s:o, s:s, s:s, s:o, s:s}", "repo", change.repo,
				 "number", change.number, "ref",
				 json_sprintf("%s%c%d", bn_world_repo_called(change.repo),
					      bn_world_repo_on_gitlab(change.repo) ? '!' : '#',
					      change.number),
				 "title", change.title, "author", change.author, "at",
				 when(change.at), "path", change.path);
		json_array_insert_new(list, 0, form);
	}
	return list;
}

/* ---- lineage --------------------------------------------------------------- */

static const char *const fed[] = {"api-lpo-quote", "api-forecast", "api-orders-feed", "api-pricing",
				  NULL};

/* Everything ingested feeds the transformation; that feeds four APIs. False behind the last. */
static bool
nth_link(const struct bn_world *world, size_t index, char from[160], char to[160])
{
	const struct bn_w_pipeline *pipeline;
	size_t i;

	for (i = 0; (pipeline = bn_world_pipeline(world, i)) != NULL; i++) {
		if (pipeline->work == BN_W_DBT || pipeline->suspended || index-- != 0)
			continue;
		snprintf(from, 160, "pipeline/%s/%s", source_of(pipeline), pipeline->name);
		snprintf(to, 160, "pipeline/argo-prod/transform-hourly");
		return true;
	}
	if (index >= sizeof(fed) / sizeof(fed[0]) - 1)
		return false;
	snprintf(from, 160, "pipeline/argo-prod/transform-hourly");
	snprintf(to, 160, "endpoint/probes/%s", fed[index]);
	return true;
}

void
bn_facts_links(const struct bn_world *world, struct bn_buf *out)
{
	char from[160], to[160];
	size_t i;

	bn_buf_adds(out, "[link]\n");
	for (i = 0; nth_link(world, i, from, to); i++)
		bn_buf_addf(out, "\tfeeds = %s -> %s\n", from, to);
}

static json_t *
links_of(const struct facts *facts)
{
	char from[160], to[160];
	json_t *list = json_array();
	size_t i;

	for (i = 0; nth_link(facts->world, i, from, to); i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "from", from, "to", to));
	return list;
}

/* ---- sources --------------------------------------------------------------- */

static json_t *
counted(const struct facts *facts, const char *source)
{
	json_t *pipeline, *entities = json_object();
	json_int_t pipelines = 0, runs = 0;
	size_t i;

	json_array_foreach(json_object_get(facts->root, "pipelines"), i, pipeline)
	{
		if (strcmp(json_string_value(json_object_get(pipeline, "source")), source) == 0) {
			pipelines++;
			runs += json_integer_value(json_object_get(pipeline, "runs"));
		}
	}
	json_object_set_new(entities, "pipelines", json_integer(pipelines));
	json_object_set_new(entities, "runs", json_integer(runs));
	return entities;
}

static json_t *
source_form(const struct facts *facts, const char *name, const char *type, const char *list)
{
	json_t *entities = counted(facts, name);

	if (list != NULL)
		json_object_set_new(
		    entities, list,
		    json_integer((json_int_t)json_array_size(json_object_get(facts->root, list))));
	return json_pack("{s:s, s:s, s:o}", "name", name, "type", type, "entities", entities);
}

static json_t *
sources_of(const struct facts *facts)
{
	json_t *prom = source_form(facts, "prom", "prometheus", "targets");

	json_object_set_new(
	    json_object_get(prom, "entities"), "alerts",
	    json_integer((json_int_t)json_array_size(json_object_get(facts->root, "alerts"))));
	return json_pack("[o, o, o, o, o]", source_form(facts, "argo-prod", "argo-workflows", NULL),
			 source_form(facts, "airflow-legacy", "airflow", "import_errors"),
			 source_form(facts, "airflow-ml", "airflow", NULL), prom,
			 source_form(facts, "probes", "http", "endpoints"));
}

/* ---- the document ---------------------------------------------------------- */

static const char *
scenario_name(enum bn_w_scenario scenario)
{
	static const char *const names[] = {"night", "steady", "I1", "I1-bad-sql", "I5"};

	return names[scenario];
}

static void
fill(struct facts *facts)
{
	json_t *pipelines = json_array(), *runs = json_array(), *endpoints = json_array();
	const struct bn_w_pipeline *pipeline;
	const struct bn_w_api *api;
	size_t i;

	for (i = 0; (pipeline = bn_world_pipeline(facts->world, i)) != NULL; i++) {
		json_array_append_new(pipelines, pipeline_form(facts, pipeline));
		if (!pipeline->suspended)
			json_array_append_new(runs, run_detail(facts, pipeline));
	}
	for (i = 0; (api = bn_world_api(i)) != NULL; i++)
		json_array_append_new(endpoints, endpoint_form(facts, api));
	json_object_set_new(facts->root, "pipelines", pipelines);
	json_object_set_new(facts->root, "templates",
			    json_pack("[s, s]", "dbt-build", "meltano-ingest"));
	json_object_set_new(facts->root, "runs", runs);
	json_object_set_new(facts->root, "endpoints", endpoints);
	json_object_set_new(facts->root, "alerts", alerts_of(facts));
	json_object_set_new(facts->root, "targets", targets_of(facts));
	json_object_set_new(facts->root, "import_errors", import_errors_of(facts));
	json_object_set_new(facts->root, "changes", changes_of(facts));
	json_object_set_new(facts->root, "links", links_of(facts));
	json_object_set_new(facts->root, "sources", sources_of(facts));
}

char *
bn_facts_text(const struct bn_world *world, bn_time at, bn_time certificate_expires)
{
	struct facts facts;
	char *text, *out;

	memset(&facts, 0, sizeof(facts));
	facts.world = world;
	facts.at = at;
	facts.certificate_expires = certificate_expires;
	facts.findings = json_array();
	facts.root =
	    json_pack("{s:s, s:o, s:I, s:s, s:I}", "schema", "binnacle-sim.facts/1", "at", when(at),
		      "at_ms", (json_int_t)at, "scenario", scenario_name(bn_world_scenario(world)),
		      "seed", (json_int_t)bn_world_seed(world));
	fill(&facts);
	json_object_set_new(facts.root, "findings", facts.findings);
	json_object_set_new(facts.root, "counters",
			    json_pack("{s:i, s:i, s:i, s:i, s:i, s:i}", "failed", facts.failed,
				      "running", facts.running, "queued", facts.queued, "degraded",
				      facts.degraded, "crit", facts.crit, "warn", facts.warn));
	text = json_dumps(facts.root, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
	json_decref(facts.root);
	out = bn_xasprintf("%s\n", text);
	free(text);
	return out;
}

/* facts.c - what is true in the world at a moment, written from the world alone. */
/* SPDX-License-Identifier: MIT */
#include "sim/facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "sim/facts_room.h"

#define LAST 20

json_t *
bn_facts_when(bn_time time)
{
	char text[BN_TIME_TEXT];

	return time == 0 ? json_null() : json_string(bn_time_rfc3339(time, text));
}

const char *
bn_facts_source(const struct bn_w_pipeline *pipeline)
{
	static const char *const sources[] = {"argo-prod", "airflow-legacy", "airflow-ml"};

	return sources[pipeline->engine];
}

json_t *
bn_facts_reference(const char *kind, const char *source, const char *key)
{
	return json_sprintf("%s/%s/%s", kind, source, key);
}

void
bn_facts_find(struct bn_facts *facts, const char *rule, bool critical, const char *source,
	      json_t *about, const char *title, bn_time since)
{
	json_array_append_new(facts->findings,
			      json_pack("{s:s, s:s, s:s, s:o, s:s, s:o}", "rule", rule, "severity",
					critical ? "crit" : "warn", "source", source, "about",
					about, "title", title, "since", bn_facts_when(since)));
	if (critical)
		facts->crit++;
	else
		facts->warn++;
}

/* ---- pipelines ------------------------------------------------------------- */

static void
add_history(const struct bn_facts *facts, const struct bn_w_pipeline *pipeline, json_t *form)
{
	int64_t newest = bn_world_last_slot(pipeline, facts->at), slot;
	int64_t first = bn_world_first_slot(pipeline, facts->at);
	json_t *last = json_array(), *durations = json_array();
	struct bn_w_run run;
	int count = 0, failed = 0;

	for (slot = newest; slot >= first && !pipeline->suspended; slot--) {
		bn_world_run_now(facts->world, pipeline, slot, facts->at, &run);
		count++;
		failed += bn_world_run_state(&run, facts->at) == BN_W_FAILED;
		if (bn_world_run_state(&run, facts->at) == BN_W_OK)
			json_array_append_new(durations, json_integer(run.finished - run.started));
		if (newest - slot < LAST)
			json_array_insert_new(last, 0, bn_facts_run(&run, facts->at));
	}
	json_object_set_new(form, "last", last);
	json_object_set_new(form, "runs", json_integer(count));
	json_object_set_new(form, "failed_runs", json_integer(failed));
	json_object_set_new(form, "durations", durations);
}

/* The run that ended last has failed: since the first failure after the last good one. */
static void
find_failed(struct bn_facts *facts, const struct bn_w_pipeline *pipeline)
{
	int64_t slot = bn_world_last_slot(pipeline, facts->at);
	int64_t first = bn_world_first_slot(pipeline, facts->at);
	struct bn_w_run run;
	enum bn_w_state state;
	bn_time since = 0;

	for (; slot >= first; slot--) {
		bn_world_run_now(facts->world, pipeline, slot, facts->at, &run);
		state = bn_world_run_state(&run, facts->at);
		if (state == BN_W_OK)
			break;
		if (state == BN_W_FAILED)
			since = run.finished;
	}
	if (since != 0)
		bn_facts_find(
		    facts, "run-failed", true, bn_facts_source(pipeline),
		    bn_facts_reference("pipeline", bn_facts_source(pipeline), pipeline->name),
		    pipeline->name, since);
}

/* The latest run is good, but two or more of the last twelve were not. */
static void
find_flaky(struct bn_facts *facts, const struct bn_w_pipeline *pipeline)
{
	int64_t slot = bn_world_last_slot(pipeline, facts->at);
	struct bn_w_run run;
	bn_time since = 0;
	int i, failed = 0;

	for (i = 0; i < 12; i++) {
		bn_world_run_now(facts->world, pipeline, slot - i, facts->at, &run);
		if (i == 0 && bn_world_run_state(&run, facts->at) != BN_W_OK)
			return;
		if (bn_world_run_state(&run, facts->at) != BN_W_FAILED)
			continue;
		failed++;
		if (since == 0)
			since = run.finished;
	}
	if (failed >= 2)
		bn_facts_find(
		    facts, "run-flaky", false, bn_facts_source(pipeline),
		    bn_facts_reference("pipeline", bn_facts_source(pipeline), pipeline->name),
		    pipeline->name, since);
}

static void
count_latest(struct bn_facts *facts, const struct bn_w_run *run)
{
	enum bn_w_state state = bn_world_run_state(run, facts->at);

	facts->running += state == BN_W_RUNNING;
	facts->queued += state == BN_W_PENDING;
	facts->failed += state == BN_W_FAILED;
	find_failed(facts, run->pipeline);
	find_flaky(facts, run->pipeline);
}

static json_t *
pipeline_form(struct bn_facts *facts, const struct bn_w_pipeline *pipeline)
{
	const char *source = bn_facts_source(pipeline);
	struct bn_w_run run;
	json_t *form;

	bn_world_run_now(facts->world, pipeline, bn_world_last_slot(pipeline, facts->at), facts->at,
			 &run);
	form = json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:s}", "source",
			 source, "key", pipeline->name, "ref",
			 bn_facts_reference("pipeline", source, pipeline->name), "engine",
			 pipeline->engine == BN_W_ARGO ? "argo" : "airflow", "group",
			 pipeline->work == BN_W_DBT ? "transformation" : "ingestion", "owner",
			 pipeline->owner, "schedule", pipeline->cron, "timezone", "UTC", "paused",
			 pipeline->suspended, "idempotence", pipeline->idempotence, "definition",
			 pipeline->definition, "summary", pipeline->summary);
	json_object_set_new(form, "state", json_string(pipeline->suspended ? "paused" : "healthy"));
	json_object_set_new(
	    form, "status",
	    json_string(pipeline->suspended ? "paused" : bn_facts_run_status(&run, facts->at)));
	json_object_set_new(form, "latest",
			    pipeline->suspended ? json_null() : bn_facts_run(&run, facts->at));
	json_object_set_new(
	    form, "next_due",
	    bn_facts_when(pipeline->suspended ? 0 : bn_world_next_due(pipeline, facts->at)));
	add_history(facts, pipeline, form);
	if (!pipeline->suspended)
		count_latest(facts, &run);
	return form;
}

/* ---- sources --------------------------------------------------------------- */

static json_t *
counted(const struct bn_facts *facts, const char *source)
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
source_form(const struct bn_facts *facts, const char *name, const char *type, const char *list)
{
	json_t *entities = counted(facts, name);

	if (list != NULL)
		json_object_set_new(
		    entities, list,
		    json_integer((json_int_t)json_array_size(json_object_get(facts->root, list))));
	return json_pack("{s:s, s:s, s:o}", "name", name, "type", type, "entities", entities);
}

/* Its models, and all their versions. */
static json_t *
registry_form(const struct bn_facts *facts)
{
	json_t *form = source_form(facts, "mlflow", "mlflow", "models"), *model;
	json_int_t versions = 0;
	size_t i;

	json_array_foreach(json_object_get(facts->root, "models"), i, model) versions +=
	    (json_int_t)json_array_size(json_object_get(model, "versions"));
	json_object_set_new(json_object_get(form, "entities"), "versions", json_integer(versions));
	return form;
}

static json_t *
sources_of(const struct bn_facts *facts)
{
	json_t *prom = source_form(facts, "prom", "prometheus", "targets"),
	       *recs = source_form(facts, "recs", "redis", "keys");

	/* the server itself */
	json_object_set_new(json_object_get(recs, "entities"), "endpoints", json_integer(1));

	json_object_set_new(
	    json_object_get(prom, "entities"), "streams",
	    json_integer((json_int_t)json_array_size(json_object_get(facts->root, "streams"))));
	json_object_set_new(
	    json_object_get(prom, "entities"), "alerts",
	    json_integer((json_int_t)json_array_size(json_object_get(facts->root, "alerts"))));
	return json_pack("[o, o, o, o, o, o, o, o]",
			 source_form(facts, "argo-prod", "argo-workflows", NULL),
			 source_form(facts, "airflow-legacy", "airflow", "import_errors"),
			 source_form(facts, "airflow-ml", "airflow", NULL), prom,
			 source_form(facts, "alerts", "alertmanager", NULL), recs,
			 registry_form(facts), source_form(facts, "probes", "http", "endpoints"));
}

static json_t *
repos_of(void)
{
	json_t *list = json_array();
	const char *repo;
	size_t i;

	for (i = 0; (repo = bn_world_repo(i)) != NULL; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "repo", repo, "name",
						      bn_world_repo_called(repo)));
	return list;
}

/* ---- the document ---------------------------------------------------------- */

static const char *
scenario_name(enum bn_w_scenario scenario)
{
	static const char *const names[] = {"night", "steady", "I1", "I1-bad-sql",
					    "I5",    "I4",     "I2", "I3"};

	return names[scenario];
}

static void
fill(struct bn_facts *facts)
{
	json_t *pipelines = json_array(), *runs = json_array(), *endpoints = json_array();
	const struct bn_w_pipeline *pipeline;
	const struct bn_w_api *api;
	const struct bn_w_product *product;
	json_t *products = json_array();
	size_t i;

	for (i = 0; (pipeline = bn_world_pipeline(facts->world, i)) != NULL; i++) {
		json_array_append_new(pipelines, pipeline_form(facts, pipeline));
		if (!pipeline->suspended)
			json_array_append_new(runs, bn_facts_run_detail(facts, pipeline));
	}
	for (i = 0; (api = bn_world_api(i)) != NULL; i++)
		json_array_append_new(endpoints, bn_facts_endpoint(facts, api));
	json_object_set_new(facts->root, "pipelines", pipelines);
	json_object_set_new(facts->root, "templates",
			    json_pack("[s, s]", "dbt-build", "meltano-ingest"));
	json_object_set_new(facts->root, "runs", runs);
	json_object_set_new(facts->root, "endpoints", endpoints);
	json_object_set_new(facts->root, "streams", bn_facts_streams(facts));
	json_object_set_new(facts->root, "models", bn_facts_models(facts));
	json_object_set_new(facts->root, "alerts", bn_facts_alerts(facts));
	json_object_set_new(facts->root, "targets", bn_facts_targets(facts));
	json_object_set_new(facts->root, "keys", bn_facts_keys(facts));
	json_object_set_new(facts->root, "import_errors", bn_facts_import_errors(facts));
	json_object_set_new(facts->root, "changes", bn_facts_changes(facts));
	json_object_set_new(facts->root, "links", bn_facts_link_list(facts));
	json_object_set_new(facts->root, "repos", repos_of());
	json_object_set_new(facts->root, "events", bn_facts_events(facts));
	json_object_set_new(facts->root, "sources", sources_of(facts));
	for (i = 0; (product = bn_world_product(i)) != NULL; i++)
		json_array_append_new(products, bn_facts_product(facts, product));
	json_object_set_new(facts->root, "products", products);
	json_object_set_new(facts->root, "blast", bn_facts_blast(facts));
	bn_facts_fold(facts);
	bn_facts_blame(facts);
}

char *
bn_facts_text(const struct bn_world *world, bn_time at, bn_time certificate_expires)
{
	struct bn_facts facts;
	char *text, *out;

	memset(&facts, 0, sizeof(facts));
	facts.world = world;
	facts.at = at;
	facts.certificate_expires = certificate_expires;
	facts.findings = json_array();
	facts.root = json_pack("{s:s, s:o, s:I, s:s, s:I}", "schema", "binnacle-sim.facts/1", "at",
			       bn_facts_when(at), "at_ms", (json_int_t)at, "scenario",
			       scenario_name(bn_world_scenario(world)), "seed",
			       (json_int_t)bn_world_seed(world));
	fill(&facts);
	json_object_set_new(facts.root, "findings", facts.findings);
	json_object_set_new(facts.root, "counters",
			    json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "failed", facts.failed,
				      "running", facts.running, "queued", facts.queued, "degraded",
				      facts.degraded, "crit", facts.crit, "warn", facts.warn,
				      "silenced", facts.silenced));
	text = json_dumps(facts.root, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
	json_decref(facts.root);
	out = bn_xasprintf("%s\n", text);
	free(text);
	return out;
}

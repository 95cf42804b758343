/* facts_stands.c - endpoints, alerts, targets, changes and lineage, as facts. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "sim/facts_room.h"

#define STALE_AFTER BN_W_DAY

/* ---- what stands ----------------------------------------------------------- */

json_t *
bn_facts_endpoint(struct bn_facts *facts, const struct bn_w_api *api)
{
	struct bn_w_health health;
	bool stale, slow, bad;
	json_t *form;

	bn_world_health(facts->world, api, facts->at, &health);
	stale = facts->at - health.generated_at >= STALE_AFTER;
	slow = health.latency > api->slo;
	bad = stale || slow || health.status != 200;
	form =
	    json_pack("{s:s, s:o, s:s, s:i, s:s, s:o, s:I, s:b, s:i, s:i, s:b}", "name", api->name,
		      "ref", bn_facts_reference("endpoint", "probes", api->name), "path", api->path,
		      "http_status", health.status, "status", bad ? "degraded" : "healthy",
		      "generated_at", bn_facts_when(health.generated_at), "generated_age",
		      (json_int_t)(facts->at - health.generated_at), "stale", stale, "answers_in",
		      health.latency, "slo_p99", api->slo, "slow", slow);
	json_object_update_new(
	    form,
	    json_pack("{s:f, s:f, s:i, s:i, s:i, s:s, s:i, s:o}", "rps", health.rps, "error_ratio",
		      health.errors, "p50", health.p50, "p95", health.p95, "p99", health.p99,
		      "owner", api->owner, "replicas", api->replicas, "certificate_expires",
		      bn_facts_when(api->tls ? facts->certificate_expires : 0)));
	if (health.p99 > api->slo)
		bn_facts_find(facts, "endpoint-slow", false, "probes",
			      bn_facts_reference("endpoint", "probes", api->name), api->name, 0);
	if (bad) {
		facts->degraded++;
		bn_facts_find(facts, "endpoint-degraded", false, "probes",
			      bn_facts_reference("endpoint", "probes", api->name), api->name,
			      stale ? health.generated_at + STALE_AFTER : 0);
	}
	return form;
}

json_t *
bn_facts_alerts(struct bn_facts *facts)
{
	struct bn_w_alert alert;
	struct bn_w_silence silence;
	json_t *list = json_array(), *labels;
	bool silenced;
	size_t i, k;

	for (i = 0; bn_world_alert(facts->world, i, facts->at, &alert); i++) {
		if (alert.active_at == 0)
			continue;
		labels = json_object();
		for (k = 0; alert.label[k] != NULL; k += 2)
			json_object_set_new(labels, alert.label[k],
					    json_string(alert.label[k + 1]));
		silenced =
		    alert.firing && bn_world_silenced(facts->world, &alert, facts->at, &silence);
		json_array_append_new(
		    list,
		    json_pack("{s:s, s:s, s:s, s:o, s:s, s:o, s:o}", "name", alert.name, "severity",
			      alert.severity, "state", alert.firing ? "firing" : "pending",
			      "active_at", bn_facts_when(alert.active_at), "summary", alert.summary,
			      "labels", labels, "silence",
			      silenced
				  ? json_pack("{s:s, s:s, s:o}", "by", silence.by, "why",
					      silence.why, "until", bn_facts_when(silence.until))
				  : json_null()));
		if (silenced)
			facts->silenced++;
		else if (alert.firing)
			bn_facts_find(facts, "alert", strcmp(alert.severity, "critical") == 0,
				      "alerts", json_null(), alert.name,
				      alert.active_at + alert.wait);
	}
	return list;
}

json_t *
bn_facts_targets(struct bn_facts *facts)
{
	struct bn_w_target target;
	json_t *list = json_array();
	size_t i;

	for (i = 0; bn_world_target(facts->world, i, facts->at, &target); i++) {
		json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:s}", "job", target.job,
						      "instance", target.instance, "up", target.up,
						      "error", target.error));
		if (!target.up)
			bn_facts_find(facts, "target-down", false, "prom", json_null(),
				      target.instance, 0);
	}
	return list;
}

/* Limits of the demo's configuration. */
#define RECS_OLD    (BN_W_HOUR)
#define RECS_NL_OLD (25 * BN_W_HOUR)

json_t *
bn_facts_keys(struct bn_facts *facts)
{
	struct bn_w_key key;
	json_t *list = json_array();

	for (size_t i = 0; bn_world_key(facts->world, i, facts->at, &key); i++) {
		bool stale;

		if (key.stamp)
			continue; /* it only says when another one was written */
		stale =
		    facts->at - key.written >= (key.stamp_field != NULL ? RECS_OLD : RECS_NL_OLD);
		json_array_append_new(
		    list,
		    json_pack("{s:s, s:o, s:s, s:I, s:o, s:I, s:o, s:s}", "name", key.name, "ref",
			      bn_facts_reference("dataset", "recs", key.name), "type", key.type,
			      "rows", (json_int_t)key.rows, "written", bn_facts_when(key.written),
			      "age", (json_int_t)(facts->at - key.written), "expires",
			      bn_facts_when(key.expires), "status",
			      stale ? "degraded" : "healthy"));
		if (stale)
			bn_facts_find(facts, "key", false, "recs",
				      bn_facts_reference("dataset", "recs", key.name), key.name, 0);
	}
	return list;
}

json_t *
bn_facts_import_errors(struct bn_facts *facts)
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
				      error.filename, "since", bn_facts_when(error.since), "error",
				      json_stringn(last == NULL ? "" : last,
						   last == NULL ? 0 : strcspn(last, "\n"))));
			bn_facts_find(facts, "import-error", false, sources[k], json_null(),
				      error.filename, error.since);
		}
	}
	return list;
}

json_t *
bn_facts_changes(const struct bn_facts *facts)
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
				 bn_facts_when(change.at), "path", change.path);
		json_object_set_new(form, "written", bn_facts_when(change.at - BN_W_REVIEWED));
		json_object_set_new(form, "defines", bn_facts_defines(facts, &change));
		json_array_insert_new(list, 0, form);
	}
	return list;
}

/* ---- lineage --------------------------------------------------------------- */

static const char *const fed[] = {"api-lpo-quote", "api-forecast", "api-orders-feed", "api-pricing",
				  NULL};

static bool
is_ingestion(const struct bn_w_pipeline *pipeline)
{
	return pipeline->work != BN_W_DBT && !pipeline->suspended &&
	       strcmp(pipeline->name, "newsletter-recs") != 0;
}

/* The newsletter's recommendations are made for whom ing-email-campaigns tells of, and served by an API of their
 * own; what looks for strange transactions reads those that the stream carries. */
static const char *const others[][2] = {
    {"pipeline/argo-prod/ing-email-campaigns", "pipeline/airflow-ml/newsletter-recs"},
    {"pipeline/airflow-ml/newsletter-recs", "endpoint/probes/api-recs-nl"},
    {"stream/prom/tx-metrics", "model/mlflow/tx-anomaly"},
};

/* Everything ingested feeds the transformation; that feeds four APIs; then the others. False behind the last. */
static bool
nth_link(const struct bn_world *world, size_t index, char from[160], char to[160])
{
	const struct bn_w_pipeline *pipeline;
	size_t i;

	for (i = 0; (pipeline = bn_world_pipeline(world, i)) != NULL; i++) {
		if (!is_ingestion(pipeline) || index-- != 0)
			continue;
		snprintf(from, 160, "pipeline/%s/%s", bn_facts_source(pipeline), pipeline->name);
		snprintf(to, 160, "pipeline/argo-prod/transform-hourly");
		return true;
	}
	if (index >= sizeof(fed) / sizeof(fed[0]) - 1) {
		index -= sizeof(fed) / sizeof(fed[0]) - 1;
		if (index >= sizeof(others) / sizeof(others[0]))
			return false;
		snprintf(from, 160, "%s", others[index][0]);
		snprintf(to, 160, "%s", others[index][1]);
		return true;
	}
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

json_t *
bn_facts_link_list(const struct bn_facts *facts)
{
	const struct bn_w_product *product;
	char from[160], to[160];
	json_t *list = json_array();
	size_t i, k;

	for (i = 0; nth_link(facts->world, i, from, to); i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "from", from, "to", to));
	for (i = 0; (product = bn_world_product(i)) != NULL; i++) {
		snprintf(to, sizeof(to), "product/products/%s", product->name);
		for (k = 0; product->needs[k] != NULL; k++)
			json_array_append_new(
			    list, json_pack("{s:s, s:s}", "from", product->needs[k], "to", to));
	}
	return list;
}

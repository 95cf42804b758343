/* promql_series.c - the world's series, which of them match, and what they add up to. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "sim/promql_room.h"

/* ---- the world's series ---------------------------------------------------- */

static void
add(json_t *samples, json_t *metric, const char *name, double value)
{
	json_object_set_new(metric, "__name__", json_string(name));
	json_array_append_new(samples, json_pack("{s:o, s:f}", "metric", metric, "v", value));
}

static void
add_apis(const struct bn_world *world, bn_time at, json_t *out)
{
	const struct bn_w_api *api;
	struct bn_w_health health;
	size_t i, k;

	for (i = 0; (api = bn_world_api(i)) != NULL; i++) {
		bn_world_health(world, api, at, &health);
		const struct {
			const char *name;
			double value;
		} rows[] = {
		    {"app:http_requests:rate1m", health.rps},
		    {"app:http_errors:ratio1m", health.errors},
		    {"app:http_latency_seconds:p50", health.p50 / 1000.0},
		    {"app:http_latency_seconds:p95", health.p95 / 1000.0},
		    {"app:http_latency_seconds:p99", health.p99 / 1000.0},
		    {"app:http_latency_slo_seconds", api->slo / 1000.0},
		    {"app:cpu:ratio", health.cpu},
		};

		for (k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
			add(out, json_pack("{s:s, s:s}", "app", api->name, "namespace", api->app),
			    rows[k].name, rows[k].value);
	}
}

static void
add_targets(const struct bn_world *world, bn_time at, json_t *out)
{
	struct bn_w_target target;
	size_t i;

	for (i = 0; bn_world_target(world, i, at, &target); i++) {
		add(out, json_pack("{s:s, s:s}", "job", target.job, "instance", target.instance),
		    "up", target.up);
		add(out, json_pack("{s:s, s:s}", "job", target.job, "instance", target.instance),
		    "scrape_duration_seconds", target.duration);
	}
}

static void
add_alerts(const struct bn_world *world, bn_time at, json_t *out)
{
	struct bn_w_alert alert;
	json_t *metric;
	size_t i, k;

	for (i = 0; bn_world_alert(world, i, at, &alert); i++) {
		if (alert.active_at == 0)
			continue;
		metric =
		    json_pack("{s:s, s:s, s:s}", "alertname", alert.name, "severity",
			      alert.severity, "alertstate", alert.firing ? "firing" : "pending");
		for (k = 0; alert.label[k] != NULL; k += 2)
			json_object_set_new(metric, alert.label[k],
					    json_string(alert.label[k + 1]));
		add(out, metric, "ALERTS", 1);
	}
}

json_t *
bn_promql_series(const struct bn_world *world, bn_time at)
{
	json_t *out = json_array();

	add_apis(world, at, out);
	add_targets(world, at, out);
	add_alerts(world, at, out);
	return out;
}

/* ---- matching -------------------------------------------------------------- */

/* "a|b|c" (anchored, as Prometheus anchors); ".*" and ".+" by themselves. */
static bool
alternative(const char *pattern, const char *value)
{
	size_t length;

	if (strcmp(pattern, ".*") == 0)
		return true;
	if (strcmp(pattern, ".+") == 0)
		return *value != '\0';
	for (;; pattern += length + 1) {
		length = strcspn(pattern, "|");
		if (length >= 2 && strncmp(pattern + length - 2, ".*", 2) == 0) {
			if (strncmp(pattern, value, length - 2) == 0)
				return true;
		} else if (strlen(value) == length && strncmp(pattern, value, length) == 0) {
			return true;
		}
		if (pattern[length] == '\0')
			return false;
	}
}

void
bn_promql_keep(json_t *samples, const char *label, const char *op, const char *value)
{
	const char *has;
	bool match;
	size_t i;

	for (i = json_array_size(samples); i-- > 0;) {
		has = json_string_value(
		    json_object_get(json_object_get(json_array_get(samples, i), "metric"), label));
		match = op[1] == '~' ? alternative(value, has == NULL ? "" : has)
				     : strcmp(value, has == NULL ? "" : has) == 0;
		if (match == (op[0] == '!'))
			json_array_remove(samples, i);
	}
}

/* ---- aggregation ----------------------------------------------------------- */

json_t *
bn_promql_labels(const struct bn_promql_grouping *grouping, const json_t *metric)
{
	json_t *labels = grouping->without ? json_copy((json_t *)(uintptr_t)metric) : json_object(),
	       *value;
	size_t i;

	json_object_del(labels, "__name__");
	for (i = 0; i < grouping->count; i++) {
		value = json_object_get(metric, grouping->label[i]);
		if (grouping->without)
			json_object_del(labels, grouping->label[i]);
		else if (value != NULL)
			json_object_set(labels, grouping->label[i], value);
	}
	return labels;
}

static json_t *
find_group(json_t *groups, json_t *labels)
{
	json_t *group;
	size_t i;

	json_array_foreach(groups, i, group)
	{
		if (json_equal(json_object_get(group, "metric"), labels))
			return group;
	}
	return NULL;
}

static double
combine(const char *how, double so_far, double value)
{
	if (strcmp(how, "min") == 0)
		return value < so_far ? value : so_far;
	if (strcmp(how, "max") == 0)
		return value > so_far ? value : so_far;
	return so_far + value;
}

void
bn_promql_aggregate(const char *how, const struct bn_promql_grouping *grouping,
		    struct bn_promql *value)
{
	json_t *groups = json_array(), *sample, *group, *labels;
	bool count = strcmp(how, "count") == 0;
	double v, n;
	size_t i;

	json_array_foreach(value->samples, i, sample)
	{
		labels = bn_promql_labels(grouping, json_object_get(sample, "metric"));
		v = count ? 1 : json_real_value(json_object_get(sample, "v"));
		group = find_group(groups, labels);
		if (group == NULL) {
			json_array_append_new(groups, json_pack("{s:o, s:f, s:f}", "metric", labels,
								"v", v, "n", 1.0));
			continue;
		}
		json_decref(labels);
		n = json_real_value(json_object_get(group, "n")) + 1;
		json_object_set_new(group, "n", json_real(n));
		json_object_set_new(
		    group, "v",
		    json_real(combine(how, json_real_value(json_object_get(group, "v")), v)));
	}
	json_array_foreach(groups, i, group)
	{
		if (strcmp(how, "avg") == 0)
			json_object_set_new(
			    group, "v",
			    json_real(json_real_value(json_object_get(group, "v")) /
				      json_real_value(json_object_get(group, "n"))));
		json_object_del(group, "n");
	}
	json_decref(value->samples);
	value->samples = groups;
}

/* promql_series.c - the world's series, which of them match, and what they add up to. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "sim/promql_room.h"

#define LOOK_BACK (5 * BN_W_MINUTE)

static double combine(const char *how, double so_far, double value);

/* ---- the world's series ---------------------------------------------------- */

static void
add(json_t *samples, json_t *metric, const char *name, double value)
{
	json_object_set_new(metric, "__name__", json_string(name));
	json_array_append_new(samples, json_pack("{s:o, s:f}", "metric", metric, "v", value));
}

static void
add_apis(const struct bn_world *world, const char *name, bn_time at, json_t *out)
{
	const struct bn_w_api *api;
	struct bn_w_health health;
	size_t i, k;

	if (*name != '\0' && strncmp(name, "app:", 4) != 0)
		return;
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
			if (*name == '\0' || strcmp(name, rows[k].name) == 0)
				add(out,
				    json_pack("{s:s, s:s}", "app", api->name, "namespace",
					      api->app),
				    rows[k].name, rows[k].value);
	}
}

static void
add_targets(const struct bn_world *world, const char *name, bn_time at, json_t *out)
{
	struct bn_w_target target;
	size_t i;

	for (i = 0; bn_world_target(world, i, at, &target); i++) {
		const struct {
			const char *name;
			double value;
		} rows[] = {{"up", target.up}, {"scrape_duration_seconds", target.duration}};

		for (size_t k = 0; k < 2; k++)
			if (*name == '\0' || strcmp(name, rows[k].name) == 0)
				add(out,
				    json_pack("{s:s, s:s}", "job", target.job, "instance",
					      target.instance),
				    rows[k].name, rows[k].value);
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

/* The latest sample of the last five minutes, or the one of that very moment. */
static void
add_metrics(const struct bn_world *world, const char *name, bn_time at, bn_time now, bool exact,
	    json_t *out)
{
	struct bn_w_metric metric;
	bn_time sampled;
	double value;
	size_t i;

	for (i = 0; bn_world_metric(i, &metric); i++) {
		if (*name != '\0' && strcmp(name, metric.name) != 0)
			continue;
		sampled = exact ? at : at / metric.every * metric.every;
		while (!bn_world_sample(world, i, sampled, now, &value)) {
			sampled -= metric.every;
			if (exact || sampled <= at - LOOK_BACK) {
				sampled = 0;
				break;
			}
		}
		if (sampled > 0 && sampled % metric.every == 0)
			add(out, json_pack("{s:s}", metric.label, metric.value), metric.name,
			    value);
	}
}

bool
bn_promql_wants(const struct bn_promql_selector *selector, const char *label, const char *value)
{
	for (size_t i = 0; i < selector->count; i++)
		if (strcmp(selector->match[i].label, label) == 0 &&
		    strcmp(selector->match[i].op, "=") == 0 &&
		    strcmp(selector->match[i].value, value) != 0)
			return false;
	return true;
}

json_t *
bn_promql_select(const struct bn_world *world, const struct bn_promql_selector *selector,
		 bn_time at, bn_time now, bool exact)
{
	const char *name = selector->name;
	json_t *out = json_array();
	size_t i;

	if (at <= now) { /* these are always there: nothing to look back for */
		add_apis(world, name, at, out);
		if (*name == '\0' || strcmp(name, "up") == 0 ||
		    strcmp(name, "scrape_duration_seconds") == 0)
			add_targets(world, name, at, out);
		if (*name == '\0' || strcmp(name, "ALERTS") == 0)
			add_alerts(world, at, out);
		if (*name == '\0' || strncmp(name, "ml:", 3) == 0)
			bn_promql_models(world, selector, at, out);
		if (*name == '\0' || strncmp(name, "dq:", 3) == 0)
			bn_promql_tests(selector, out);
	}
	add_metrics(world, name, at, now, exact, out);
	if (*name != '\0')
		bn_promql_keep(out, "__name__", "=", name);
	for (i = 0; i < selector->count; i++)
		bn_promql_keep(out, selector->match[i].label, selector->match[i].op,
			       selector->match[i].value);
	return out;
}

/* ---- ranges ---------------------------------------------------------------- */

/* Those before `known` are looked through: the samples of one moment are of different series. */
static json_t *
series_of(json_t *list, size_t known, json_t *metric)
{
	json_t *series;
	size_t i;

	for (i = 0; i < known && (series = json_array_get(list, i)) != NULL; i++) {
		if (json_equal(json_object_get(series, "metric"), metric))
			return series;
	}
	series = json_pack("{s:O, s:[], s:[]}", "metric", metric, "t", "vs");
	json_array_append_new(list, series);
	return series;
}

json_t *
bn_promql_range(const struct bn_world *world, const struct bn_promql_selector *selector,
		bn_time from, bn_time to, bn_time now)
{
	bn_time first = (from + BN_PROMQL_SCRAPE - 1) / BN_PROMQL_SCRAPE * BN_PROMQL_SCRAPE, at;
	json_t *out = json_array(), *samples, *sample, *series;
	size_t i, known;

	for (at = first; at <= to; at += BN_PROMQL_SCRAPE) {
		samples = bn_promql_select(world, selector, at, now, true);
		known = json_array_size(out);
		json_array_foreach(samples, i, sample)
		{
			series = series_of(out, known, json_object_get(sample, "metric"));
			json_array_append_new(json_object_get(series, "t"),
					      json_real((double)at / 1000));
			json_array_append(json_object_get(series, "vs"),
					  json_object_get(sample, "v"));
		}
		json_decref(samples);
	}
	return out;
}

static double
nth(const json_t *list, size_t i)
{
	return json_real_value(json_array_get(list, i));
}

/* What Prometheus makes of a counter's samples: what it rose by, resets apart, stretched to the ends of the
 * range where they are nearer than 1.1 times the samples' distance, else by half of that; not below 0. */
static double
increase(const json_t *t, const json_t *v, double length, double at)
{
	size_t n = json_array_size(v), i;
	double rise = nth(v, n - 1) - nth(v, 0), span = nth(t, n - 1) - nth(t, 0);
	double apart = span / (double)(n - 1), start = nth(t, 0) - (at - length),
	       end = at - nth(t, n - 1);
	double stretched = span;

	for (i = 1; i < n; i++)
		if (nth(v, i) < nth(v, i - 1))
			rise += nth(v, i - 1);
	if (rise > 0 && nth(v, 0) >= 0 && span * (nth(v, 0) / rise) < start)
		start = span * (nth(v, 0) / rise);
	stretched += start < 1.1 * apart ? start : apart / 2;
	stretched += end < 1.1 * apart ? end : apart / 2;
	return rise * (stretched / span);
}

static bool
over(const char *function, const json_t *t, const json_t *v, double length, double at, double *out)
{
	size_t n = json_array_size(v), i;
	bool rate = strcmp(function, "rate") == 0;

	if (rate || strcmp(function, "increase") == 0) {
		if (n < 2)
			return false;
		*out = increase(t, v, length, at) / (rate ? length : 1);
		return true;
	}
	*out = nth(v, n - 1);
	for (i = 0; i + 1 < n && strcmp(function, "last_over_time") != 0; i++)
		*out = combine(strncmp(function, "min", 3) == 0	  ? "min"
			       : strncmp(function, "max", 3) == 0 ? "max"
								  : "sum",
			       *out, nth(v, i));
	if (strcmp(function, "avg_over_time") == 0)
		*out /= (double)n;
	if (strcmp(function, "count_over_time") == 0)
		*out = (double)n;
	return true;
}

bool
bn_promql_over(const char *function, int64_t length, bn_time at, struct bn_promql *value)
{
	static const char *const known[] = {"last_over_time",
					    "count_over_time",
					    "sum_over_time",
					    "avg_over_time",
					    "min_over_time",
					    "max_over_time",
					    "increase",
					    "rate",
					    NULL};
	json_t *sample, *metric;
	double out;
	size_t i;

	for (i = 0; known[i] != NULL && strcmp(known[i], function) != 0; i++)
		;
	if (known[i] == NULL)
		return false;
	value->range = false;
	for (i = json_array_size(value->samples); i-- > 0;) {
		sample = json_array_get(value->samples, i);
		if (!over(function, json_object_get(sample, "t"), json_object_get(sample, "vs"),
			  (double)length / 1000, (double)at / 1000, &out)) {
			json_array_remove(value->samples, i);
			continue;
		}
		json_object_set_new(sample, "v", json_real(out));
		json_object_del(sample, "t");
		json_object_del(sample, "vs");
		if (strcmp(function, "last_over_time") == 0)
			continue;
		metric = json_deep_copy(json_object_get(sample, "metric"));
		json_object_del(metric, "__name__");
		json_object_set_new(sample, "metric", metric);
	}
	return true;
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

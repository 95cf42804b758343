/* face_prom.c - Prometheus' HTTP API: alerts, rules, targets, instant and range queries. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim/face.h"
#include "sim/promql.h"

#define EVALUATED   (15 * BN_W_SECOND)
#define MOST_POINTS 11000

static void
answer(struct bn_web_request *request, json_t *data)
{
	bn_web_json(request, 200, json_pack("{s:s, s:o}", "status", "success", "data", data));
}

static void
refuse(struct bn_web_request *request, int status, const char *type, const char *text)
{
	bn_web_json(
	    request, status,
	    json_pack("{s:s, s:s, s:s}", "status", "error", "errorType", type, "error", text));
}

void
bn_face_prometheus_refuse(struct bn_web_request *request, void *payload)
{
	/* the server itself has no login; this is the proxy's in front of it */
	(void)payload;
	bn_web_text(request, 401, "text/plain", "Unauthorized\n");
	request->challenge = "Basic";
}

/* ---- alerts, rules --------------------------------------------------------- */

static json_t *
labels_of(const struct bn_w_alert *alert, bool with_name)
{
	json_t *labels = json_pack("{s:s}", "severity", alert->severity);
	size_t i;

	if (with_name)
		json_object_set_new(labels, "alertname", json_string(alert->name));
	for (i = 0; with_name && alert->label[i] != NULL; i += 2)
		json_object_set_new(labels, alert->label[i], json_string(alert->label[i + 1]));
	return labels;
}

static json_t *
annotations_of(const struct bn_w_alert *alert)
{
	return json_pack("{s:s, s:s}", "summary", alert->summary, "description",
			 alert->description);
}

static json_t *
alert_form(const struct bn_w_alert *alert)
{
	char value[40];

	snprintf(value, sizeof(value), "%.2e", alert->value);
	return json_pack("{s:o, s:o, s:s, s:o, s:s}", "labels", labels_of(alert, true),
			 "annotations", annotations_of(alert), "state",
			 alert->firing ? "firing" : "pending", "activeAt",
			 bn_face_time(alert->active_at, "Z", 9), "value", value);
}

static void
get_alerts(struct bn_web_request *request)
{
	struct bn_w_alert alert;
	json_t *alerts = json_array();
	size_t i;

	for (i = 0; bn_world_alert(request->world, i, request->now, &alert); i++) {
		if (alert.active_at != 0)
			json_array_append_new(alerts, alert_form(&alert));
	}
	answer(request, json_pack("{s:o}", "alerts", alerts));
}

static json_t *
alerting_rule(const struct bn_web_request *request, const struct bn_w_alert *alert)
{
	bn_time evaluated = request->now - request->now % EVALUATED;
	json_t *active = json_array();

	if (alert->active_at != 0)
		json_array_append_new(active, alert_form(alert));
	return json_pack("{s:s, s:s, s:s, s:f, s:i, s:o, s:o, s:o, s:s, s:f, s:o, s:s}", "state",
			 alert->active_at == 0 ? "inactive"
			 : alert->firing       ? "firing"
					       : "pending",
			 "name", alert->name, "query", alert->query, "duration",
			 (double)alert->wait / 1000, "keepFiringFor", 0, "labels",
			 labels_of(alert, false), "annotations", annotations_of(alert), "alerts",
			 active, "health", "ok", "evaluationTime", 0.0004, "lastEvaluation",
			 bn_face_time(evaluated, "Z", 9), "type", "alerting");
}

static json_t *
recording_rules(bn_time evaluated)
{
	static const char *const rules[][2] = {
	    {"app:http_requests:rate1m", "sum by (app, namespace) (rate(http_requests_total[1m]))"},
	    {"app:http_latency_seconds:p99", "histogram_quantile(0.99, sum by (app, namespace, le) "
					     "(rate(http_request_seconds_bucket[1m])))"},
	};
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < 2; i++)
		json_array_append_new(
		    out, json_pack("{s:s, s:s, s:s, s:f, s:o, s:s}", "name", rules[i][0], "query",
				   rules[i][1], "health", "ok", "evaluationTime", 0.0031,
				   "lastEvaluation", bn_face_time(evaluated, "Z", 9), "type",
				   "recording"));
	return out;
}

static json_t *
group_form(const char *name, json_t *rules, bn_time evaluated)
{
	return json_pack("{s:s, s:o, s:o, s:i, s:i, s:f, s:o}", "name", name, "file",
			 json_sprintf("/etc/prometheus/rules/%s.yml", name), "rules", rules,
			 "interval", 15, "limit", 0, "evaluationTime", 0.004, "lastEvaluation",
			 bn_face_time(evaluated, "Z", 9));
}

static void
get_rules(struct bn_web_request *request)
{
	const char *type = bn_web_query(request, "type"), *group = NULL;
	bn_time evaluated = request->now - request->now % EVALUATED;
	json_t *groups = json_array(), *rules = NULL;
	struct bn_w_alert alert;
	size_t i;

	if (type != NULL && strcmp(type, "alert") != 0 && strcmp(type, "record") != 0) {
		json_decref(groups);
		refuse(request, 400, "bad_data", "not supported value \"type\"");
		return;
	}
	if (type == NULL || strcmp(type, "record") == 0)
		json_array_append_new(
		    groups, group_form("recording", recording_rules(evaluated), evaluated));
	for (i = 0; (type == NULL || strcmp(type, "alert") == 0) &&
		    bn_world_alert(request->world, i, request->now, &alert);
	     i++) {
		if (group == NULL || strcmp(group, alert.group) != 0) {
			group = alert.group;
			rules = json_array();
			json_array_append_new(groups, group_form(group, rules, evaluated));
		}
		json_array_append_new(rules, alerting_rule(request, &alert));
	}
	answer(request, json_pack("{s:o}", "groups", groups));
}

/* ---- targets --------------------------------------------------------------- */

static json_t *
target_form(const struct bn_w_target *target)
{
	json_t *form;

	form = json_pack("{s:{s:s, s:s, s:s, s:s, s:s, s:s}, s:{s:s, s:s}, s:s}",
			 "discoveredLabels", "__address__", target->instance, "__metrics_path__",
			 "/metrics", "__scheme__", "http", "__scrape_interval__", "15s",
			 "__scrape_timeout__", "10s", "job", target->job, "labels", "instance",
			 target->instance, "job", target->job, "scrapePool", target->job);
	json_object_update_new(
	    form,
	    json_pack("{s:o, s:o, s:s, s:o, s:f, s:s, s:s, s:s}", "scrapeUrl",
		      json_sprintf("http://%s/metrics", target->instance), "globalUrl",
		      json_sprintf("http://%s/metrics", target->instance), "lastError",
		      target->error, "lastScrape", bn_face_time(target->scraped, "Z", 9),
		      "lastScrapeDuration", target->duration, "health", target->up ? "up" : "down",
		      "scrapeInterval", "15s", "scrapeTimeout", "10s"));
	return form;
}

static void
get_targets(struct bn_web_request *request)
{
	const char *state = bn_web_query(request, "state"),
		   *pool = bn_web_query(request, "scrapePool");
	json_t *active = json_array();
	struct bn_w_target target;
	size_t i;

	for (i = 0; bn_world_target(request->world, i, request->now, &target); i++) {
		if ((state == NULL || strcmp(state, "dropped") != 0) &&
		    (pool == NULL || *pool == '\0' || strcmp(pool, target.job) == 0))
			json_array_append_new(active, target_form(&target));
	}
	answer(request, json_pack("{s:o, s:[], s:{}}", "activeTargets", active, "droppedTargets",
				  "droppedTargetCounts"));
}

/* ---- queries --------------------------------------------------------------- */

/* A moment as the API takes them: RFC 3339 or seconds since 1970. */
static bn_time
read_time(const char *text, bn_time fallback)
{
	char *end = NULL;
	double seconds;

	if (text == NULL)
		return fallback;
	seconds = strtod(text, &end);
	if (end != text && *end == '\0')
		return seconds > 0 && seconds < 1e11 ? (bn_time)(seconds * 1000) : 0;
	return bn_time_parse(text);
}

static json_t *
point(bn_time at, double value)
{
	char text[40];

	bn_promql_number(value, text);
	return json_pack("[f, s]", (double)at / 1000, text);
}

static void
get_query(struct bn_web_request *request)
{
	const char *query = bn_web_query(request, "query");
	bn_time at = read_time(bn_web_query(request, "time"), request->now);
	json_t *result = json_array(), *sample;
	struct bn_promql value;
	char error[300];
	size_t i;

	if (at == 0 || query == NULL ||
	    !bn_promql(request->world, query, at, request->now, &value)) {
		snprintf(error, sizeof(error), "invalid parameter \"%s\": %s",
			 at == 0 ? "time" : "query",
			 at == 0	 ? "cannot parse to a valid timestamp"
			 : query == NULL ? "1:1: parse error: no expression found in input"
					 : value.error);
		json_decref(result);
		refuse(request, 400, "bad_data", error);
		return;
	}
	if (value.scalar) {
		json_decref(result);
		answer(request, json_pack("{s:s, s:o}", "resultType", "scalar", "result",
					  point(at, value.number)));
		return;
	}
	json_array_foreach(value.samples, i, sample) json_array_append_new(
	    result, json_pack("{s:O, s:o}", "metric", json_object_get(sample, "metric"), "value",
			      point(at, json_real_value(json_object_get(sample, "v")))));
	json_decref(value.samples);
	answer(request, json_pack("{s:s, s:o}", "resultType", "vector", "result", result));
}

static json_t *
series_for(json_t *matrix, json_t *metric)
{
	json_t *series;
	size_t i;

	json_array_foreach(matrix, i, series)
	{
		if (json_equal(json_object_get(series, "metric"), metric))
			return json_object_get(series, "values");
	}
	series = json_pack("{s:O, s:[]}", "metric", metric, "values");
	json_array_append_new(matrix, series);
	return json_object_get(series, "values");
}

static bool
add_step(struct bn_web_request *request, const char *query, bn_time at, json_t *matrix)
{
	struct bn_promql value;
	json_t *sample, *none;
	size_t i;

	if (!bn_promql(request->world, query, at, request->now, &value)) {
		refuse(request, 400, "bad_data", value.error);
		return false;
	}
	if (value.scalar) {
		none = json_object();
		json_array_append_new(series_for(matrix, none), point(at, value.number));
		json_decref(none);
	}
	json_array_foreach(value.samples, i, sample)
	    json_array_append_new(series_for(matrix, json_object_get(sample, "metric")),
				  point(at, json_real_value(json_object_get(sample, "v"))));
	json_decref(value.samples);
	return true;
}

static void
get_range(struct bn_web_request *request)
{
	const char *query = bn_web_query(request, "query"), *text = bn_web_query(request, "step");
	bn_time start = read_time(bn_web_query(request, "start"), 0), at;
	bn_time end = read_time(bn_web_query(request, "end"), 0);
	json_t *matrix;
	int64_t step = 0;

	if (text == NULL || bn_duration_parse(text, &step, NULL) != BN_OK || step <= 0 ||
	    start == 0 || end == 0 || end < start || query == NULL) {
		refuse(request, 400, "bad_data",
		       "invalid parameter \"start\", \"end\", \"step\" or \"query\"");
		return;
	}
	if ((end - start) / step > MOST_POINTS) {
		refuse(request, 400, "bad_data",
		       "exceeded maximum resolution of 11,000 points per timeseries. Try "
		       "decreasing the query "
		       "resolution (?step=XX)");
		return;
	}
	matrix = json_array();
	for (at = start; at <= end; at += step) {
		if (!add_step(request, query, at, matrix)) {
			json_decref(matrix);
			return;
		}
	}
	answer(request, json_pack("{s:s, s:o}", "resultType", "matrix", "result", matrix));
}

/* ---- the face -------------------------------------------------------------- */

static void
get_buildinfo(struct bn_web_request *request)
{
	answer(request, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "version", "2.42.0", "revision",
				  "225c61122d88b01d1f0eaaee0e05b6f3e0567ac0", "branch", "HEAD",
				  "buildUser", "root@harbourline", "buildDate", "20230201-07:53:24",
				  "goVersion", "go1.19.5"));
}

static const char *const none[] = {NULL};
static const char *const rules_query[] = {"type",	 "rule_name[]",	     "rule_group[]",
					  "file[]",	 "match[]",	     "exclude_alerts",
					  "group_limit", "group_next_token", NULL};
static const char *const targets_query[] = {"state", "scrapePool", NULL};
static const char *const instant_query[] = {"query",	      "time",  "timeout", "limit",
					    "lookback_delta", "stats", NULL};
static const char *const range_query[] = {"query", "start",	     "end",   "step", "timeout",
					  "limit", "lookback_delta", "stats", NULL};

static const struct {
	const char *path;
	void (*get)(struct bn_web_request *);
	const char *const *known;
	bool post;
} routes[] = {
    {"/api/v1/alerts", get_alerts, none, false},
    {"/api/v1/rules", get_rules, rules_query, false},
    {"/api/v1/targets", get_targets, targets_query, false},
    {"/api/v1/query", get_query, instant_query, true},
    {"/api/v1/query_range", get_range, range_query, true},
    {"/api/v1/status/buildinfo", get_buildinfo, none, false},
};

static bool
read_form(struct bn_web_request *request)
{
	const char *type = bn_web_header(request, "Content-Type");

	if (type == NULL || strncmp(type, "application/x-www-form-urlencoded", 33) != 0) {
		bn_web_violation(request, "a POST that is no form");
		refuse(request, 400, "bad_data", "error parsing form values");
		return false;
	}
	bn_web_form(request);
	return true;
}

void
bn_face_prometheus(struct bn_web_request *request, void *payload)
{
	bool get = strcmp(request->method, "GET") == 0, post = strcmp(request->method, "POST") == 0;
	int64_t acted = bn_world_acted(request->world);
	size_t i;

	(void)payload;
	if (get && (bn_web_path(request, "/-/healthy") || bn_web_path(request, "/-/ready"))) {
		bn_web_text(request, 200, "text/plain; charset=utf-8",
			    "Prometheus Server is Healthy.\n");
		return;
	}
	for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (bn_web_path(request, routes[i].path))
			break;
	}
	if (i == sizeof(routes) / sizeof(routes[0])) {
		bn_web_violation(request, "path the specification does not have");
		bn_web_text(request, 404, "text/plain; charset=utf-8", "404 page not found\n");
		return;
	}
	if (!get && !(post && routes[i].post)) {
		bn_web_violation(request, "method the specification does not have");
		bn_web_text(request, 405, "text/plain; charset=utf-8", "Method Not Allowed\n");
		return;
	}
	if (post && !read_form(request))
		return;
	if (bn_web_unknown(request, routes[i].known) != NULL)
		bn_web_violation(request, "query parameter the specification does not have");
	if (get && bn_web_said(request))
		return;
	routes[i].get(request);
	if (get)
		bn_web_keep(request, acted);
}

/* prometheus.c - firing alerts, targets that are down, broken rules, numbers and streams by PromQL. */
/* SPDX-License-Identifier: MIT
 *
 * https://prometheus.io/docs/prometheus/latest/querying/api/. Thanos, Mimir, Cortex and
 * VictoriaMetrics answer the same requests. Samples are [seconds, "text"], the text also "NaN",
 * "+Inf" and "-Inf". */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert.h"
#include "prometheus.h"

#define QUERY_AT_MOST  6000 /* bytes: what servers and proxies take in a URL */
#define SERIES_AT_MOST 50   /* of one query that may become findings */

static const struct bn_option options[] = {
    {"alerts", BN_OPT_BOOL, "true", "whether firing alerts are shown as findings", 0, NULL},
    {"targets", BN_OPT_BOOL, "true", "whether targets that can't be scraped are shown as findings",
     0, NULL},
    {"rules", BN_OPT_BOOL, "true", "whether rules that can't be evaluated are shown as findings", 0,
     NULL},
    ALERT_OPTIONS,
    {NULL, 0, NULL, NULL, 0, NULL}};

static const struct bn_option query_options[] = {
    {"query", BN_OPT_STRING, NULL,
     "PromQL whose value is one number; aggregate until one series is left", BN_OPT_REQUIRED, NULL},
    {"source", BN_OPT_STRING, NULL,
     "name of the Prometheus it is asked of; needed only with several", 0, NULL},
    {"for", BN_OPT_STRING, NULL,
     "the thing the number belongs to, such as `endpoint/api-lpo-quote`", 0, NULL},
    {"as", BN_OPT_STRING, NULL,
     "which of its numbers it is: `rps`, `error-rate`, `p50`, `p95`, `p99`, `cpu` have columns; "
     "any other word is kept "
     "too (default: the query's name)",
     0, NULL},
    {"unit", BN_OPT_STRING, NULL, "what the number counts, such as `ms`, `%` or `1/s`", 0, NULL},
    {"scale", BN_OPT_NUMBER, "1",
     "the value is multiplied by it: `1000` makes milliseconds of seconds", 0, NULL},
    {"warn", BN_OPT_STRING, NULL, "when it is a warning, after scaling: `> 400`, `<= 0.99`", 0,
     NULL},
    {"crit", BN_OPT_STRING, NULL, "when it is critical, written the same way", 0, NULL},
    {NULL, 0, NULL, NULL, 0, NULL}};

static const struct bn_request requests[] = {
    [PROM_ALERTS] = {"GET", "/api/v1/alerts", "", BN_READS, "alerts that are pending or firing"},
    [PROM_TARGETS] = {"GET", "/api/v1/targets", "state", BN_READS,
		      "what is scraped, and with which result"},
    [PROM_RULES] = {"GET", "/api/v1/rules", "exclude_alerts", BN_READS,
		    "rules and whether they can be evaluated"},
    [PROM_QUERY] = {"GET", "/api/v1/query", "query time timeout", BN_READS,
		    "the value of a [query] section, now"},
    [PROM_RANGE] = {"GET", "/api/v1/query_range", "query start end step timeout", BN_READS,
		    "the minutes of [stream] sections"},
    [PROM_BUILDINFO] = {"GET", "/api/v1/status/buildinfo", "", BN_READS, "the server's version"},
    {NULL, NULL, NULL, BN_READS, NULL}};

/* ---- alerts ---------------------------------------------------------------------------------- */

/* Pending is not a problem yet: that is what `for` in an alerting rule means. */
static int
on_alert(struct bn_json item, void *payload, struct bn_error *err)
{
	struct prometheus_poll *p = payload;
	struct bn_json labels = bn_json_get(item, "labels");
	const char *name = bn_json_string(labels, "alertname"),
		   *state = bn_json_string(item, "state");
	struct bn_finding finding;

	if (name == NULL || state == NULL)
		return bn_fail_at(p->s, err, BN_EPARSE, "an alert without a name or state");
	if (strcmp(state, "firing") != 0 || alert_matches(p->s, "ignore-alert", name))
		return BN_OK;
	finding = alert_finding(p->s, p->batch, name, labels, bn_json_get(item, "annotations"));
	finding.since = bn_json_time(item, "activeAt");
	finding.url = alert_page_url(p->s, "/alerts");
	bn_add_finding(p->batch, &finding);
	return BN_OK;
}

/* ---- targets and rules ----------------------------------------------------------------------- */

static int
on_target(struct bn_json item, void *payload, struct bn_error *err)
{
	struct prometheus_poll *p = payload;
	const char *health = bn_json_string(item, "health"),
		   *url = bn_json_string(item, "scrapeUrl");
	const char *job = bn_json_string(item, "labels/job"),
		   *instance = bn_json_string(item, "labels/instance");
	const char *pool = bn_json_string(item, "scrapePool");

	if (health == NULL || url == NULL)
		return bn_fail_at(p->s, err, BN_EPARSE, "a target without health or scrapeUrl");
	if (strcmp(health, "down") != 0)
		return BN_OK;
	bn_add_finding(p->batch, &(struct bn_finding){
				     .key = bn_format(p->s, "%s %.*s", pool != NULL ? pool : "",
						      (int)strcspn(url, "?"), url),
				     .rule = "target-down",
				     .severity = BN_WARN,
				     .title = bn_format(p->s, "%s %s can't be scraped",
							job != NULL ? job : "target",
							instance != NULL ? instance : url),
				     .message = bn_json_string(item, "lastError"),
				     .url = alert_page_url(p->s, "/targets?health=down"),
				     .labels = alert_label_list(p->s, bn_json_get(item, "labels")),
				 });
	return BN_OK;
}

static int
on_group(struct bn_json group, void *payload, struct bn_error *err)
{
	struct prometheus_poll *p = payload;
	const char *group_name = bn_json_string(group, "name"),
		   *file = bn_json_string(group, "file");
	struct bn_json_iter it = bn_json_walk(group, "rules");

	if (group_name == NULL)
		return bn_fail_at(p->s, err, BN_EPARSE, "a rule group without a name");
	while (bn_json_next(&it)) {
		const char *health = bn_json_string(it.value, "health"),
			   *name = bn_json_string(it.value, "name");

		if (health == NULL || name == NULL || strcmp(health, "err") != 0)
			continue;
		bn_add_finding(p->batch,
			       &(struct bn_finding){
				   .key = bn_format(p->s, "%s/%s/%s#%zu", file != NULL ? file : "",
						    group_name, name, it.index),
				   .rule = "rule-broken",
				   .severity = BN_WARN,
				   .title = bn_format(p->s, "rule %s can't be evaluated", name),
				   .message = bn_json_string(it.value, "lastError"),
				   .url = alert_page_url(p->s, "/rules"),
			       });
	}
	return BN_OK;
}

/* Servers say in `warnings` that an answer may not be complete. */
size_t
bn_prometheus_warnings(struct prometheus_poll *p, struct bn_json answer, const char *what)
{
	struct bn_json_iter it = bn_json_walk(answer, "warnings");
	size_t count = 0;

	while (bn_json_next(&it)) {
		const char *warning = bn_json_string(it.value, NULL);

		if (warning == NULL)
			continue;
		bn_add_skip(p->batch, what, warning);
		count++;
	}
	return count;
}

static int
poll_list(struct prometheus_poll *p, const char *option, enum prometheus_request request,
	  const char *array, bn_item_fn *on_item, struct bn_error *err)
{
	struct bn_json rest;
	int rc = bn_scope(p->batch, option, BN_COMPLETE, err);

	/* A list that was switched off is an empty one: what it held before is gone. */
	if (rc == BN_OK && bn_option_bool(p->s, option)) {
		rc = bn_items(p->s, request,
			      BN_PARAMS({"state", request == PROM_TARGETS ? "active" : NULL},
					{"exclude_alerts", request == PROM_RULES ? "true" : NULL}),
			      array, on_item, p, &rest, err);
		if (rc == BN_OK)
			bn_prometheus_warnings(p, rest, option);
	}
	return rc == BN_OK ? bn_scope_done(p->batch, err) : rc;
}

/* ---- [query] --------------------------------------------------------------------------------- */

/* "> 400": an operator and a number; false if it is no such thing. */
static bool
parse_threshold(const char *text, char op[3], double *bound)
{
	size_t n = strspn(text, "<>=");
	char *end;

	if (n == 0 || n > 2)
		return false;
	snprintf(op, 3, "%.*s", (int)n, text);
	*bound = strtod(text + n, &end);
	if (end == text + n)
		return false;
	end += strspn(end, " \t");
	return *end == '\0' && strcmp(op, "==") != 0 && op[1] != '<' && op[1] != '>';
}

/* NaN crosses nothing: a rate over no requests is no error rate of zero, and none of one. */
static bool
crosses(const char *threshold, double value)
{
	char op[3];
	double bound;

	if (threshold == NULL || isnan(value) || !parse_threshold(threshold, op, &bound))
		return false;
	if (strcmp(op, "<") == 0)
		return value < bound;
	if (strcmp(op, "<=") == 0)
		return value <= bound;
	if (strcmp(op, ">=") == 0)
		return value >= bound;
	return strcmp(op, ">") == 0 ? value > bound : value == bound;
}

struct query {
	const char *name, *text, *unit, *as, *warn, *crit;
	double scale;
	struct bn_ref about;
};

static void
add_query_finding(struct prometheus_poll *p, const struct query *q, enum bn_severity severity,
		  const char *series, const char *title, const char *message)
{
	bn_add_finding(
	    p->batch,
	    &(struct bn_finding){
		.key = series[0] != '\0' ? bn_format(p->s, "%s{%s}", q->name, series) : q->name,
		.rule = "query",
		.severity = severity,
		.title = title,
		.message = message,
		.about = q->about,
		.url = alert_page_url(p->s,
				      bn_format(p->s, "/graph?g0.expr=%s&g0.tab=0",
						bn_escape(p->s, q->text != NULL ? q->text : ""))),
	    });
}

static void
judge(struct prometheus_poll *p, const struct query *q, double value, const char *series)
{
	const char *bound = crosses(q->crit, value)   ? q->crit
			    : crosses(q->warn, value) ? q->warn
						      : NULL;

	if (bound == NULL)
		return;
	add_query_finding(
	    p, q, bound == q->crit ? BN_CRIT : BN_WARN, series,
	    bn_format(p->s, "%s is %.4g%s%s", q->name, value, q->unit != NULL ? " " : "",
		      q->unit != NULL ? q->unit : ""),
	    bn_format(p->s, "%s; the limit is %s", series[0] != '\0' ? series : q->text, bound));
}

/* A sample is [seconds, "value"]. */
static void
take_sample(struct prometheus_poll *p, const struct query *q, struct bn_json sample,
	    const char *series, bool alone)
{
	double seconds = bn_json_number(sample, "0", 0),
	       value = bn_json_number(sample, "1", NAN) * q->scale;
	bn_time at =
	    seconds > 0 && seconds < 1e11 ? (bn_time)(seconds * 1000) : bn_source_now(p->s);

	judge(p, q, value, series);
	if (!alone || q->about.kind == BN_KIND_NONE || !isfinite(value))
		return;
	bn_add_measure(p->batch, q->about, q->as, value, q->unit, at);
	bn_add_point(p->batch, q->about, q->as, at, value);
}

static int
read_answer(struct prometheus_poll *p, const struct query *q, struct bn_json answer,
	    struct bn_error *err)
{
	const char *type = bn_json_string(answer, "data/resultType");
	size_t count = bn_json_size(answer, "data/result");
	struct bn_json_iter it = bn_json_walk(answer, "data/result");
	int taken = 0;

	bn_prometheus_warnings(p, answer, q->name);
	if (type != NULL && strcmp(type, "scalar") == 0) {
		take_sample(p, q, bn_json_get(answer, "data/result"), "", true);
		return BN_OK;
	}
	if (type == NULL || strcmp(type, "vector") != 0)
		return bn_fail_at(p->s, err, BN_EPARSE,
				  "[query \"%s\"] gives a %s; it must give a number", q->name,
				  type != NULL ? type : "strange answer");
	/* Nothing to compare is not the same as nothing wrong. */
	if (count == 0 && (q->warn != NULL || q->crit != NULL))
		add_query_finding(p, q, BN_WARN, "", bn_format(p->s, "%s has no data", q->name),
				  bn_format(p->s, "%s matches no series", q->text));
	if (count > 1 && q->about.kind != BN_KIND_NONE)
		bn_add_skip(p->batch, q->name,
			    "the query gives several series; aggregate until one is left");
	while (taken++ < SERIES_AT_MOST && bn_json_next(&it))
		take_sample(
		    p, q, bn_json_get(it.value, "value"),
		    count > 1 ? alert_label_text(p->s, bn_json_get(it.value, "metric"), "__name__")
			      : "",
		    count == 1);
	return BN_OK;
}

static int
read_query(struct bn_source *s, size_t section, struct query *q, struct bn_error *err)
{
	const char *scale = bn_section_option(s, section, "scale"),
		   *about = bn_section_option(s, section, "for");
	char op[3];
	double bound;

	*q = (struct query){.name = bn_section_name(s, section),
			    .text = bn_section_option(s, section, "query"),
			    .unit = bn_section_option(s, section, "unit"),
			    .as = bn_section_option(s, section, "as"),
			    .warn = bn_section_option(s, section, "warn"),
			    .crit = bn_section_option(s, section, "crit"),
			    .scale = scale != NULL ? strtod(scale, NULL) : 1};
	if (q->as == NULL)
		q->as = q->name;
	if (q->text == NULL || q->text[0] == '\0' || strlen(q->text) > QUERY_AT_MOST)
		return bn_fail_at(s, err, BN_ECONFIG,
				  "[query \"%s\"] query is empty or longer than %d bytes", q->name,
				  QUERY_AT_MOST);
	if ((q->warn != NULL && !parse_threshold(q->warn, op, &bound)) ||
	    (q->crit != NULL && !parse_threshold(q->crit, op, &bound)))
		return bn_fail_at(s, err, BN_ECONFIG,
				  "[query \"%s\"] warn and crit are written like `> 400`", q->name);
	if (about == NULL && q->warn == NULL && q->crit == NULL) {
		bn_fail_at(s, err, BN_ECONFIG, "[query \"%s\"] has no use", q->name);
		return bn_hint_at(err,
				  "say what it is `for`, or when it is a problem: `warn`, `crit`");
	}
	return about != NULL ? bn_parse_ref(s, about, &q->about, err) : BN_OK;
}

/* One query that fails, by a typing mistake say, is told; the others are asked all the same. */
static int
poll_queries(struct prometheus_poll *p, struct bn_error *err)
{
	int rc = bn_scope(p->batch, "queries", BN_COMPLETE, err);

	for (size_t i = 0; rc == BN_OK && i < bn_section_count(p->s); i++) {
		struct bn_json answer;
		struct query q;

		rc = read_query(p->s, i, &q, err);
		if (rc == BN_OK)
			rc = bn_get(p->s, PROM_QUERY,
				    BN_PARAMS({"query", q.text}, {"timeout", "20s"}), &answer, err);
		if (rc == BN_OK)
			rc = read_answer(p, &q, answer, err);
		if (rc == BN_EREMOTE || rc == BN_EPARSE || rc == BN_ECONFIG || rc == BN_EINVAL) {
			bn_add_skip(p->batch, q.name, err->message);
			add_query_finding(p, &q, BN_WARN, "",
					  bn_format(p->s, "query %s fails", q.name),
					  bn_format(p->s, "%s", err->message));
			rc = BN_OK;
		}
	}
	return rc == BN_OK ? bn_scope_done(p->batch, err) : rc;
}

static int
prometheus_poll(struct bn_source *s, struct bn_batch *batch, struct bn_error *err)
{
	struct prometheus_poll p = {s, batch};
	int rc = poll_list(&p, "alerts", PROM_ALERTS, "data/alerts", on_alert, err);

	if (rc == BN_OK)
		rc = poll_list(&p, "targets", PROM_TARGETS, "data/activeTargets", on_target, err);
	if (rc == BN_OK)
		rc = poll_list(&p, "rules", PROM_RULES, "data/groups", on_group, err);
	if (rc == BN_OK)
		rc = poll_queries(&p, err);
	return rc == BN_OK ? bn_prometheus_streams(&p, err) : rc;
}

/* ---- doctor ---------------------------------------------------------------------------------- */

static void
ask(struct bn_source *s, struct bn_sink *sink, enum prometheus_request request, const char *query,
    const char *what)
{
	struct bn_json answer = {0};
	struct bn_error err = {0};
	int rc = bn_get(s, request,
			BN_PARAMS({"state", request == PROM_TARGETS ? "active" : NULL},
				  {"query", request == PROM_QUERY ? query : NULL}),
			&answer, &err);

	if (rc != BN_OK)
		bn_check(s, sink, BN_CHECK_FAIL, what,
			 err.hint[0] != '\0' ? bn_format(s, "%s (%s)", err.message, err.hint)
					     : err.message);
	else if (request == PROM_BUILDINFO)
		bn_check(s, sink, BN_CHECK_OK, what, bn_json_text(s, answer, "data/version"));
	else if (request == PROM_QUERY && bn_json_size(answer, "data/result") == 0)
		bn_check(s, sink, BN_CHECK_NOTE, what, "no series");
	else
		bn_check(s, sink, BN_CHECK_OK, what, "");
}

static int
prometheus_doctor(struct bn_source *s, struct bn_sink *sink, struct bn_error *err)
{
	struct query q;

	(void)err;
	ask(s, sink, PROM_BUILDINFO, NULL, "server version");
	ask(s, sink, PROM_ALERTS, NULL, "read alerts");
	ask(s, sink, PROM_TARGETS, NULL, "read targets");
	for (size_t i = 0; i < bn_section_count(s); i++) {
		struct bn_error broken;

		if (read_query(s, i, &q, &broken) == BN_OK)
			ask(s, sink, PROM_QUERY, q.text, bn_format(s, "query %s", q.name));
		else
			bn_check(s, sink, BN_CHECK_FAIL, bn_section_name(s, i),
				 bn_format(s, "%s", broken.message));
	}
	bn_prometheus_doctor(s, sink);
	return BN_OK;
}

const struct bn_plugin bn_plugin_prometheus = {
    .abi = BN_PLUGIN_ABI,
    .name = "prometheus",
    .summary = "Prometheus: firing alerts, targets that are down, broken rules, and numbers and "
	       "per-minute "
	       "streams by PromQL",
    .provides = "finding measure stream",
    .section = "query",
    .options = options,
    .section_options = query_options,
    .requests = requests,
    .interval = 15000,
    .poll = prometheus_poll,
    .backfill = bn_prometheus_backfill,
    .doctor = prometheus_doctor,
};

/* prometheus.c - firing alerts, targets that are down, broken rules, numbers and streams by PromQL. */
/* SPDX-License-Identifier: MIT
 *
 * https://prometheus.io/docs/prometheus/latest/querying/api/. Thanos, Mimir, Cortex and
 * VictoriaMetrics answer the same requests. */
#include <string.h>

#include "alert.h"
#include "prometheus.h"

static const struct bn_option options[] = {
    {"alerts", BN_OPT_BOOL, "true", "whether firing alerts are shown as findings", 0, NULL},
    {"targets", BN_OPT_BOOL, "true", "whether targets that can't be scraped are shown as findings",
     0, NULL},
    {"rules", BN_OPT_BOOL, "true", "whether rules that can't be evaluated are shown as findings", 0,
     NULL},
    {"canary", BN_OPT_STRING, "count(up)",
     "PromQL that has a value in every minute in which the server collects at all: minutes of "
     "streams without "
     "one are then told as not observed, not as missing; `none`: nothing tells",
     0, NULL},
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
     "which of its numbers it is: `rps`, `error-rate`, `p50`, `p95`, `p99`, `cpu`, `memory`, "
     "`cost` have columns, of a "
     "model also `model-latency`, `overhead`, `predictions`, `psi`, `live`, `traffic`, `kpi:NAME` "
     "(binnacle-model(1)); any other word is kept too (default: the query's name)",
     0, NULL},
    {"unit", BN_OPT_STRING, NULL,
     "what the number counts, such as `ms`, `%`, `1/s` or `USD/month`; what is so much a time is "
     "reckoned by it",
     0, NULL},
    {"target", BN_OPT_STRING, NULL,
     "what the number should be, after scaling: `>= 3`, `<= 100`; shown with it and marked where "
     "it is not so, but no "
     "finding",
     0, NULL},
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
    [PROM_RANGE_FORM] = {"POST", "/api/v1/query_range", "", BN_READS,
			 "the same as a form, when many streams are too long for a URL"},
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

/* ---- all of it ------------------------------------------------------------------------------- */

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
		rc = bn_prometheus_queries(&p, err);
	return rc == BN_OK ? bn_prometheus_streams(&p, err) : rc;
}

static int
prometheus_backfill(struct bn_source *s, bn_time since, struct bn_batch *batch,
		    struct bn_error *err)
{
	int rc = bn_prometheus_streams_past(s, since, batch, err);

	return rc == BN_OK ? bn_prometheus_queries_past(s, since, batch, err) : rc;
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
	(void)err;
	ask(s, sink, PROM_BUILDINFO, NULL, "server version");
	ask(s, sink, PROM_ALERTS, NULL, "read alerts");
	ask(s, sink, PROM_TARGETS, NULL, "read targets");
	for (size_t i = 0; i < bn_section_count(s); i++) {
		const char *text = NULL, *wrong = bn_prometheus_query_text(s, i, &text);

		if (wrong == NULL)
			ask(s, sink, PROM_QUERY, text,
			    bn_format(s, "query %s", bn_section_name(s, i)));
		else
			bn_check(s, sink, BN_CHECK_FAIL, bn_section_name(s, i), wrong);
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
    .backfill = prometheus_backfill,
    .doctor = prometheus_doctor,
};

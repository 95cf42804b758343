/* alertmanager.c - alerts with who silenced them until when and why; what the server says of itself. */
/* SPDX-License-Identifier: MIT
 *
 * https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml. An alert is `suppressed`
 * by silences, by an inhibition (another alert explains it) or, from 0.27, by a muted time. Peers of a
 * cluster agree only after a while; a silence that one does not know yet is then no silence. */
#include <stdio.h>
#include <string.h>

#include "alert.h"

#define SILENCES_AT_MOST 10000
#define DEFERRED_AT_MOST 5000
#define RELOAD		 "alertmanager_config_last_reload_successful "

enum request { ALERTS, SILENCES, STATUS, METRICS };

static const struct bn_option options[] = {
    ALERT_OPTIONS,
    {"filter", BN_OPT_STRING, NULL,
     "matcher that alerts must meet, such as `team=\"data\"`; several must all be met",
     BN_OPT_MULTI, NULL},
    {"receiver", BN_OPT_STRING, NULL,
     "regular expression for the receivers whose alerts are shown (default: every receiver's)", 0,
     NULL},
    {"peers", BN_OPT_INT, "0",
     "how many servers the cluster should have; fewer is a finding (0: any number)", 0, "0..100"},
    {NULL, 0, NULL, NULL, 0, NULL}};

static const struct bn_request requests[] = {
    [ALERTS] = {"GET", "/api/v2/alerts", "filter receiver", BN_READS,
		"alerts, the suppressed ones too"},
    [SILENCES] = {"GET", "/api/v2/silences", "", BN_READS, "who silenced what, until when and why"},
    [STATUS] = {"GET", "/api/v2/status", "", BN_READS, "the cluster's state and the version"},
    [METRICS] = {"GET", "/metrics", "", BN_READS,
		 "whether the server could load its configuration; left out where it is refused"},
    {NULL, NULL, NULL, BN_READS, NULL}};

struct silence {
	const char *id, *by, *why;
	bn_time until;
};
struct named {
	const char *fingerprint, *name;
};
struct poll {
	struct bn_source *s;
	struct bn_batch *batch;
	struct silence *silences;
	size_t silence_count;
	/* An inhibiting alert may come after the one it inhibits: those wait for the end. */
	struct bn_finding *deferred;
	const char **inhibitors;
	size_t deferred_count;
	struct named *names; /* of alerts that may inhibit */
	size_t name_count;
};

static const char *
keep(struct bn_source *s, const char *text)
{
	return text != NULL ? bn_format(s, "%s", text) : NULL;
}

/* ---- silences -------------------------------------------------------------------------------- */

/* Expired ones stay listed for days. */
static int
on_silence(struct bn_json item, void *payload, struct bn_error *err)
{
	struct poll *p = payload;
	const char *id = bn_json_string(item, "id"), *state = bn_json_string(item, "status/state");

	if (id == NULL || state == NULL)
		return bn_fail_at(p->s, err, BN_EPARSE, "a silence without an id or state");
	if (strcmp(state, "active") != 0)
		return BN_OK;
	if (p->silence_count == SILENCES_AT_MOST)
		return bn_fail_at(p->s, err, BN_ETOOBIG, "more than %d silences are active",
				  SILENCES_AT_MOST);
	p->silences[p->silence_count++] =
	    (struct silence){.id = keep(p->s, id),
			     .by = keep(p->s, bn_json_string(item, "createdBy")),
			     .why = keep(p->s, bn_json_string(item, "comment")),
			     .until = bn_json_time(item, "endsAt")};
	return BN_OK;
}

/* Of several silences the one that ends last says until when; NULL if none of them is known. */
static const struct silence *
last_silence(const struct poll *p, struct bn_json ids)
{
	struct bn_json_iter it = bn_json_walk(ids, NULL);
	const struct silence *last = NULL;

	while (bn_json_next(&it)) {
		const char *id = bn_json_string(it.value, NULL);

		for (size_t i = 0; id != NULL && i < p->silence_count; i++)
			if (strcmp(p->silences[i].id, id) == 0 &&
			    (last == NULL || p->silences[i].until > last->until))
				last = &p->silences[i];
	}
	return last;
}

/* ---- alerts ---------------------------------------------------------------------------------- */

static void
silence_finding(struct poll *p, struct bn_finding *finding, struct bn_json status)
{
	const struct silence *silence = last_silence(p, bn_json_get(status, "silencedBy"));
	const char *muted = bn_json_string(status, "mutedBy/0");

	if (bn_json_size(status, "silencedBy") > 0) {
		finding->silenced = true;
		finding->silenced_by = silence != NULL ? silence->by : NULL;
		finding->silenced_until = silence != NULL ? silence->until : 0;
		finding->silenced_why = silence != NULL ? silence->why : NULL;
	} else if (muted != NULL) {
		finding->silenced = true;
		finding->silenced_by = "time interval";
		finding->silenced_why = bn_format(p->s, "muted by the interval %s", muted);
	}
}

static void
note_name(struct poll *p, const char *fingerprint, const char *name)
{
	if (fingerprint != NULL && p->name_count < DEFERRED_AT_MOST)
		p->names[p->name_count++] =
		    (struct named){keep(p->s, fingerprint), keep(p->s, name)};
}

/* Everything of it into memory of this call. */
static void
defer(struct poll *p, const struct bn_finding *finding, const char *inhibitor)
{
	struct bn_finding *copy = &p->deferred[p->deferred_count];
	const char **labels = NULL;
	size_t n = 0;

	while (finding->labels != NULL && finding->labels[n] != NULL)
		n++;
	if (n > 0)
		labels = bn_alloc(p->s, (n + 1) * sizeof(*labels));
	for (size_t i = 0; i < n; i++)
		labels[i] = keep(p->s, finding->labels[i]);
	*copy = *finding;
	copy->key = keep(p->s, finding->key);
	copy->title = keep(p->s, finding->title);
	copy->message = keep(p->s, finding->message);
	copy->url = keep(p->s, finding->url);
	copy->labels = labels;
	p->inhibitors[p->deferred_count++] = keep(p->s, inhibitor);
}

static int
on_alert(struct bn_json item, void *payload, struct bn_error *err)
{
	struct poll *p = payload;
	struct bn_json labels = bn_json_get(item, "labels"), status = bn_json_get(item, "status");
	const char *name = bn_json_string(labels, "alertname"),
		   *state = bn_json_string(status, "state"),
		   *inhibitor = bn_json_string(status, "inhibitedBy/0");
	struct bn_finding finding;

	if (name == NULL || state == NULL)
		return bn_fail_at(p->s, err, BN_EPARSE, "an alert without a name or state");
	note_name(p, bn_json_string(item, "fingerprint"), name);
	if (alert_matches(p->s, "ignore-alert", name))
		return BN_OK;
	finding = alert_finding(p->s, p->batch, name, labels, bn_json_get(item, "annotations"));
	finding.since = bn_json_time(item, "startsAt");
	finding.url = alert_page_url(
	    p->s, bn_format(p->s, "/#/alerts?silenced=true&inhibited=true&filter=%s",
			    bn_escape(p->s, bn_format(p->s, "{alertname=\"%s\"}", name))));
	if (strcmp(state, "suppressed") == 0)
		silence_finding(p, &finding, status);
	if (!finding.silenced && inhibitor != NULL && p->deferred_count < DEFERRED_AT_MOST)
		defer(p, &finding, inhibitor);
	else
		bn_add_finding(p->batch, &finding);
	return BN_OK;
}

static void
add_inhibited(struct poll *p)
{
	for (size_t i = 0; i < p->deferred_count; i++) {
		struct bn_finding *finding = &p->deferred[i];
		const char *name = NULL;

		for (size_t k = 0; name == NULL && k < p->name_count; k++)
			if (strcmp(p->names[k].fingerprint, p->inhibitors[i]) == 0)
				name = p->names[k].name;
		finding->silenced = true;
		finding->silenced_by = "inhibition";
		finding->silenced_why = bn_format(p->s, "follows from the alert %s",
						  name != NULL ? name : p->inhibitors[i]);
		bn_add_finding(p->batch, finding);
	}
}

static int
poll_alerts(struct poll *p, struct bn_error *err)
{
	struct bn_param *params = bn_alloc(p->s, 35 * sizeof(*params));
	size_t n = 0;
	int rc = bn_scope(p->batch, "alerts", BN_COMPLETE, err);

	for (const char *filter; n < 32 && (filter = bn_option_at(p->s, "filter", n)) != NULL; n++)
		params[n] = (struct bn_param){"filter", filter};
	params[n] = (struct bn_param){"receiver", bn_option(p->s, "receiver")};
	/* Silences first: one that is made in between is then not known yet, but no alert is taken for
	 * silenced by one that has just been ended. */
	if (rc == BN_OK)
		rc = bn_items(p->s, SILENCES, BN_NO_PARAMS, "", on_silence, p, NULL, err);
	if (rc == BN_OK)
		rc = bn_items(p->s, ALERTS, params, "", on_alert, p, NULL, err);
	if (rc != BN_OK)
		return rc;
	add_inhibited(p);
	return bn_scope_done(p->batch, err);
}

/* ---- the server itself ----------------------------------------------------------------------- */

static void
judge_cluster(struct poll *p, struct bn_json answer)
{
	const char *status = bn_json_string(answer, "cluster/status");
	int64_t wanted = bn_option_int(p->s, "peers");
	size_t peers = bn_json_size(answer, "cluster/peers");
	bool alone = status != NULL && strcmp(status, "disabled") == 0;
	struct bn_finding finding = {.key = "cluster",
				     .rule = "alertmanager-cluster",
				     .severity = BN_WARN,
				     .url = alert_page_url(p->s, "/#/status")};

	if (alone && peers == 0)
		peers = 1;
	if (status == NULL || (!alone && strcmp(status, "ready") != 0)) {
		finding.title = bn_format(p->s, "the cluster is %s",
					  status != NULL ? status : "in no known state");
		finding.message = "until it is ready, peers may notify twice or not know a silence";
		finding.severity =
		    status != NULL && strcmp(status, "settling") == 0 ? BN_INFO : BN_WARN;
		bn_add_finding(p->batch, &finding);
	}
	if (wanted > 0 && peers < (size_t)wanted) {
		finding.key = "peers";
		finding.severity = BN_WARN;
		finding.title =
		    bn_format(p->s, "the cluster has %zu of %lld peers", peers, (long long)wanted);
		finding.message = "a peer that is not seen may notify on its own";
		bn_add_finding(p->batch, &finding);
	}
}

static int
on_metric(const char *line, size_t size, void *payload, struct bn_error *err)
{
	bool *broken = payload;

	(void)err;
	if (size >= sizeof(RELOAD) && strncmp(line, RELOAD, sizeof(RELOAD) - 1) == 0)
		*broken = line[sizeof(RELOAD) - 1] == '0';
	return BN_OK;
}

/* The API does not tell whether a new configuration was refused; the server's own metrics do. A proxy
 * may keep them back, and then nothing is known. */
static int
judge_reload(struct poll *p, struct bn_error *err)
{
	struct bn_error refused = {0};
	bool broken = false;
	int rc = bn_lines(p->s, METRICS, BN_NO_PARAMS, BN_LINES_RAW, "text/plain", on_metric,
			  &broken, &refused);

	if (bn_cancelled(p->s))
		return bn_fail_at(p->s, err, BN_ECANCELLED, "cancelled");
	if (rc != BN_OK && !broken)
		bn_note(p->s, "metrics: %s", refused.message);
	if (broken)
		bn_add_finding(p->batch,
			       &(struct bn_finding){
				   .key = "reload",
				   .rule = "alertmanager-config",
				   .severity = BN_WARN,
				   .title = "its configuration could not be loaded",
				   .message =
				       "it goes on with the earlier one; routes, receivers and "
				       "inhibitions may not be what the file says",
				   .url = alert_page_url(p->s, "/#/status")});
	return BN_OK;
}

static int
poll_server(struct poll *p, struct bn_error *err)
{
	struct bn_json answer = {0};
	int rc = bn_scope(p->batch, "server", BN_COMPLETE, err);

	if (rc == BN_OK)
		rc = bn_get(p->s, STATUS, BN_NO_PARAMS, &answer, err);
	if (rc != BN_OK)
		return rc;
	judge_cluster(p, answer);
	rc = judge_reload(p, err);
	return rc == BN_OK ? bn_scope_done(p->batch, err) : rc;
}

static int
alertmanager_poll(struct bn_source *s, struct bn_batch *batch, struct bn_error *err)
{
	struct poll p = {.s = s, .batch = batch};
	int rc;

	p.silences = bn_alloc(s, SILENCES_AT_MOST * sizeof(*p.silences));
	p.deferred = bn_alloc(s, DEFERRED_AT_MOST * sizeof(*p.deferred));
	p.inhibitors = bn_alloc(s, DEFERRED_AT_MOST * sizeof(*p.inhibitors));
	p.names = bn_alloc(s, DEFERRED_AT_MOST * sizeof(*p.names));
	rc = poll_alerts(&p, err);
	return rc == BN_OK ? poll_server(&p, err) : rc;
}

/* ---- doctor ---------------------------------------------------------------------------------- */

static void
ask(struct bn_source *s, struct bn_sink *sink, enum request request, const char *what,
    const char *shown)
{
	struct bn_json answer = {0};
	struct bn_error err = {0};
	const char *detail = NULL;

	if (bn_get(s, request, BN_NO_PARAMS, &answer, &err) != BN_OK) {
		bn_check(s, sink, BN_CHECK_FAIL, what,
			 err.hint[0] != '\0' ? bn_format(s, "%s (%s)", err.message, err.hint)
					     : err.message);
		return;
	}
	if (shown != NULL)
		detail = bn_json_text(s, answer, shown);
	bn_check(s, sink, BN_CHECK_OK, what, detail != NULL ? detail : "");
}

static int
alertmanager_doctor(struct bn_source *s, struct bn_sink *sink, struct bn_error *err)
{
	(void)err;
	ask(s, sink, STATUS, "server version", "versionInfo/version");
	ask(s, sink, ALERTS, "read alerts", NULL);
	ask(s, sink, SILENCES, "read silences", NULL);
	return BN_OK;
}

const struct bn_plugin bn_plugin_alertmanager = {
    .abi = BN_PLUGIN_ABI,
    .name = "alertmanager",
    .summary = "Alertmanager: alerts with their silences, the cluster, a refused configuration",
    .provides = "finding",
    .options = options,
    .requests = requests,
    .interval = 15000,
    .poll = alertmanager_poll,
    .doctor = alertmanager_doctor,
};

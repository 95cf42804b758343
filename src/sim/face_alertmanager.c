/* face_alertmanager.c - Alertmanager's API v2: the world's firing alerts, and the silences over them. */
/* SPDX-License-Identifier: MIT */
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "sim/face.h"

/* What Prometheus adds for the outside, and how long Alertmanager believes an alert without news. */
#define CLUSTER "hl-prod-k8s"
#define FORGETS (4 * BN_W_MINUTE)
#define STARTED (BN_W_NIGHT - 9 * BN_W_DAY)

/* A code below 500 comes with the bare message as a JSON string, not with an object. */
static void
refuse(struct bn_web_request *request, int status, const char *text)
{
	bn_web_json(request, status, json_string(text));
}

void
bn_face_alertmanager_refuse(struct bn_web_request *request, void *payload)
{
	(void)payload; /* it has no login; this is the proxy's in front of it */
	bn_web_text(request, 401, "text/plain", "Unauthorized\n");
	request->challenge = "Basic";
}

static json_t *
labels_of(const struct bn_w_alert *alert)
{
	json_t *labels = json_pack("{s:s, s:s, s:s}", "alertname", alert->name, "cluster", CLUSTER,
				   "severity", alert->severity);

	for (size_t i = 0; alert->label[i] != NULL; i += 2)
		json_object_set_new(labels, alert->label[i], json_string(alert->label[i + 1]));
	return labels;
}

/* ---- filters --------------------------------------------------------------------------------- */

/* name="value", name!="value", =~ and !~; the quotes may be left out. False: not readable. */
static bool
meets(const char *matcher, json_t *labels, bool *out)
{
	size_t n = strcspn(matcher, "=!~");
	char name[100], value[300];
	const char *label, *op = matcher + n;
	bool regex, negative = op[0] == '!';
	regex_t compiled;
	size_t size;

	if (n == 0 || n >= sizeof(name) || (op[0] != '=' && op[0] != '!'))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)n, matcher);
	regex = op[1] == '~';
	if (negative && op[1] != '=' && !regex)
		return false;
	op += negative || regex ? 2 : 1;
	size = strlen(op);
	if (size >= 2 && op[0] == '"' && op[size - 1] == '"')
		snprintf(value, sizeof(value), "%s%.*s%s", regex ? "^(" : "", (int)size - 2, op + 1,
			 regex ? ")$" : "");
	else
		snprintf(value, sizeof(value), "%s%s%s", regex ? "^(" : "", op, regex ? ")$" : "");
	label = json_string_value(json_object_get(labels, name));
	if (label == NULL)
		label = "";
	if (!regex) {
		*out = (strcmp(label, value) == 0) != negative;
		return true;
	}
	if (regcomp(&compiled, value, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	*out = (regexec(&compiled, label, 0, NULL, 0) == 0) != negative;
	regfree(&compiled);
	return true;
}

/* All filters; answers 400 and returns false where one can't be read. */
static bool
wanted(struct bn_web_request *request, json_t *labels, bool *out)
{
	const char *filter;
	char text[400];

	*out = true;
	for (size_t i = 0; (filter = bn_web_query_at(request, "filter", i)) != NULL; i++) {
		bool one;

		if (!meets(filter, labels, &one)) {
			snprintf(text, sizeof(text), "bad matcher format: %s", filter);
			refuse(request, 400, text);
			return false;
		}
		*out = *out && one;
	}
	return true;
}

/* ---- alerts ---------------------------------------------------------------------------------- */

static json_t *
alert_form(const struct bn_web_request *request, const struct bn_w_alert *alert, json_t *labels)
{
	bn_time fired = alert->active_at + alert->wait;
	struct bn_w_silence silence;
	bool silenced = bn_world_silenced(request->world, alert, request->now, &silence);
	char print[24];

	snprintf(print, sizeof(print), "%016llx",
		 (unsigned long long)bn_world_hash(7, alert->name, 0, 0));
	return json_pack(
	    "{s:{s:s, s:s}, s:o, s:s, s:[{s:s}], s:o, s:{s:[], s:[], s:o, s:s}, s:o, s:s, s:O}",
	    "annotations", "description", alert->description, "summary", alert->summary, "endsAt",
	    bn_face_time(request->now + FORGETS, "Z", 3), "fingerprint", print, "receivers", "name",
	    "on-call", "startsAt", bn_face_time(fired, "Z", 3), "status", "inhibitedBy", "mutedBy",
	    "silencedBy", silenced ? json_pack("[s]", silence.id) : json_array(), "state",
	    silenced ? "suppressed" : "active", "updatedAt",
	    bn_face_time(request->now - request->now % (15 * BN_W_SECOND), "Z", 3), "generatorURL",
	    "http://prometheus.harbourline.example/graph", "labels", labels);
}

static void
get_alerts(struct bn_web_request *request)
{
	bool with_silenced = bn_face_bool(bn_web_query(request, "silenced"), true),
	     with_active = bn_face_bool(bn_web_query(request, "active"), true);
	const char *receiver = bn_web_query(request, "receiver");
	json_t *alerts, *none = json_object();
	struct bn_w_silence silence;
	struct bn_w_alert alert;
	bool readable = wanted(request, none, &(bool){false});

	json_decref(none);
	if (!readable)
		return;
	alerts = json_array();

	for (size_t i = 0; bn_world_alert(request->world, i, request->now, &alert); i++) {
		json_t *labels;
		bool silenced, shown;

		if (!alert.firing)
			continue;
		labels = labels_of(&alert);
		silenced = bn_world_silenced(request->world, &alert, request->now, &silence);
		wanted(request, labels, &shown);
		if (shown && (silenced ? with_silenced : with_active) &&
		    (receiver == NULL || *receiver == '\0' || strcmp(receiver, "on-call") == 0))
			json_array_append_new(alerts, alert_form(request, &alert, labels));
		json_decref(labels);
	}
	bn_web_json(request, 200, alerts);
}

/* ---- silences, status ------------------------------------------------------------------------ */

static void
get_silences(struct bn_web_request *request)
{
	json_t *silences = json_array(), *matchers;
	struct bn_w_silence silence;

	for (size_t i = 0; bn_world_silence(request->world, i, request->now, &silence); i++) {
		matchers = json_array();
		for (size_t k = 0; silence.matcher[k] != NULL; k += 2)
			json_array_append_new(matchers,
					      json_pack("{s:b, s:b, s:s, s:s}", "isEqual", 1,
							"isRegex", 0, "name", silence.matcher[k],
							"value", silence.matcher[k + 1]));
		json_array_append_new(
		    silences,
		    json_pack("{s:s, s:{s:s}, s:o, s:{}, s:s, s:s, s:o, s:o, s:o}", "id",
			      silence.id, "status", "state",
			      request->now < silence.from    ? "pending"
			      : request->now < silence.until ? "active"
							     : "expired",
			      "updatedAt", bn_face_time(silence.from, "Z", 3), "annotations",
			      "comment", silence.why, "createdBy", silence.by, "endsAt",
			      bn_face_time(silence.until, "Z", 3), "startsAt",
			      bn_face_time(silence.from, "Z", 3), "matchers", matchers));
	}
	bn_web_json(request, 200, silences);
}

static void
get_status(struct bn_web_request *request)
{
	bn_web_json(
	    request, 200,
	    json_pack("{s:{s:s, s:s, s:[{s:s, s:s}, {s:s, s:s}]}, s:{s:s}, s:o, s:{s:s, s:s, s:s, "
		      "s:s, s:s, s:s}}",
		      "cluster", "name", "01JNXB5V0T6X", "status", "ready", "peers", "address",
		      "10.42.3.11:9094", "name", "01JNXB5V0T6X", "address", "10.42.5.8:9094",
		      "name", "01JNXB61QZ4C", "config", "original", "route:\n  receiver: on-call\n",
		      "uptime", bn_face_time(STARTED, "Z", 3), "versionInfo", "branch", "HEAD",
		      "buildDate", "20250305-12:00:00", "buildUser", "root@harbourline",
		      "goVersion", "go1.23.7", "revision",
		      "4ce04fb010bd626fca35928dcfe82f6f2da52ced", "version", "0.28.1"));
}

static void
get_receivers(struct bn_web_request *request)
{
	bn_web_json(request, 200, json_pack("[{s:s}]", "name", "on-call"));
}

static const char *const none[] = {NULL};
static const char *const alerts_query[] = {"active", "silenced", "inhibited", "unprocessed",
					   "filter", "receiver", NULL};
static const char *const silences_query[] = {"filter", NULL};

static const struct {
	const char *path;
	void (*get)(struct bn_web_request *);
	const char *const *known;
} routes[] = {
    {"/api/v2/alerts", get_alerts, alerts_query},
    {"/api/v2/silences", get_silences, silences_query},
    {"/api/v2/status", get_status, none},
    {"/api/v2/receivers", get_receivers, none},
};

void
bn_face_alertmanager(struct bn_web_request *request, void *payload)
{
	size_t i;

	(void)payload;
	if (bn_web_path(request, "/metrics")) {
		bn_web_text(request, 200, "text/plain; version=0.0.4; charset=utf-8",
			    "# TYPE alertmanager_config_last_reload_successful gauge\n"
			    "alertmanager_config_last_reload_successful 1\n");
		return;
	}
	for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (bn_web_path(request, routes[i].path))
			break;
	if (i == sizeof(routes) / sizeof(routes[0])) {
		bn_web_violation(request, "path the specification does not have");
		bn_web_text(request, 404, "text/plain; charset=utf-8", "404 page not found\n");
		return;
	}
	if (strcmp(request->method, "GET") != 0) {
		bn_web_violation(request, "only reads are served here");
		bn_web_json(request, 405,
			    json_pack("{s:i, s:s}", "code", 405, "message",
				      "method is not allowed, but [GET] are"));
		return;
	}
	if (bn_web_unknown(request, routes[i].known) != NULL)
		bn_web_violation(request, "query parameter the specification does not have");
	routes[i].get(request);
}

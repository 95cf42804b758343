/* airflow.c - Airflow's REST API, 2.x and 3.x: options, requests, the two dialects, login. */
/* SPDX-License-Identifier: MIT
 *
 * https://airflow.apache.org/docs/apache-airflow/stable/stable-rest-api-ref.html. Airflow 2 speaks
 * /api/v1 with basic authentication (or what a proxy wants), Airflow 3 only /api/v2 with a JWT; the
 * version request, which needs no login, tells which. Airflow 2 spends 75 ms of CPU on each
 * basic-authenticated request, so few are made: after the first reading runs are asked for by the
 * time they last changed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "airflow.h"

static const struct bn_option options[] = {
    {"api", BN_OPT_ENUM, "auto",
     "which REST API to speak: `v1` is Airflow 2, `v2` Airflow 3; `auto` asks the server", 0,
     "auto|v1|v2"},
    {"window", BN_OPT_DURATION, "7d",
     "how far back runs are read when binnacle sees this server first", 0, "1h..90d"},
    {"dags-folder", BN_OPT_STRING, "/opt/airflow/dags",
     "folder of the DAG files on the server; it is cut off to find a definition's path in its "
     "repository",
     0, NULL},
    {NULL, 0, NULL, NULL, 0, NULL}};

/* ---- the two dialects ------------------------------------------------------------------------ */

#define PAGED	      "limit offset order_by"
#define LOGIN	      (2 * AIRFLOW_REQUESTS)
#define LOGIN_ANYBODY (2 * AIRFLOW_REQUESTS + 1)

#define DIALECT(first, base, health, log)                                                          \
	[(first) +                                                                                 \
	    AIRFLOW_VERSION] = {"GET", base "/version", "", BN_READS,                              \
				"which Airflow this is; needs no login"},                          \
	    [(first) + AIRFLOW_HEALTH] =                                                           \
		{"GET", base health, "", BN_READS,                                                 \
		 "heartbeats of scheduler, triggerer and DAG processor; needs no login"},          \
	    [(first) +                                                                             \
		AIRFLOW_DAGS] = {"GET", base "/dags", PAGED, BN_READS,                             \
				 "DAGs become pipelines; needs `can read` on DAGs (role Viewer)"}, \
	    [(first) +                                                                             \
		AIRFLOW_RUNS] = {"GET", base "/dags/{dag_id}/dagRuns",                             \
				 PAGED " start_date_gte start_date_lte updated_at_gte state",      \
				 BN_READS, "runs of all DAGs; needs `can read` on DAG Runs"},      \
	    [(first) + AIRFLOW_RUN] = {"GET", base "/dags/{dag_id}/dagRuns/{dag_run_id}", "",      \
				       BN_READS, "one run; needs `can read` on DAG Runs"},         \
	    [(first) +                                                                             \
		AIRFLOW_TASKS] = {"GET", base "/dags/{dag_id}/tasks", "", BN_READS,                \
				  "what each task waits for; needs `can read` on Task Instances"}, \
	    [(first) +                                                                             \
		AIRFLOW_INSTANCES] = {"GET",                                                       \
				      base "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances",    \
				      "limit offset", BN_READS,                                    \
				      "tasks of a run; needs `can read` on Task Instances"},       \
	    [(first) + AIRFLOW_INSTANCE] =                                                         \
		{"GET", base "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}", "",    \
		 BN_READS, "whether a task whose log is followed still runs"},                     \
	    [(first) + AIRFLOW_MAPPED_INSTANCE] =                                                  \
		{"GET",                                                                            \
		 base "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}",   \
		 "", BN_READS, "the same of a mapped task"},                                       \
	    [(first) + AIRFLOW_TRIES] =                                                            \
		{"GET", base "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/tries",  \
		 "", BN_READS, "earlier tries of a task (Airflow 2.10 or newer)"},                 \
	    [(first) + AIRFLOW_MAPPED_TRIES] =                                                     \
		{"GET",                                                                            \
		 base                                                                              \
		 "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/tries",  \
		 "", BN_READS, "earlier tries of a mapped task"},                                  \
	    [(first) + AIRFLOW_LOG] =                                                              \
		{"GET",                                                                            \
		 base "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/logs/" log,     \
		 "map_index full_content token", BN_READS,                                         \
		 "the log of one try; needs `can read` on Task Logs"},                             \
	    [(first) + AIRFLOW_IMPORT_ERRORS] =                                                    \
		{"GET", base "/importErrors", PAGED, BN_READS,                                     \
		 "DAG files that do not import; needs `can read` on ImportError"},                 \
	    [(first) + AIRFLOW_POOLS] = {"GET", base "/pools", PAGED, BN_READS,                    \
					 "slots of the pools; needs `can read` on Pools"},         \
	    [(first) + AIRFLOW_CLEAR_PLAN] = {"POST",                                              \
					      base "/dags/{dag_id}/clearTaskInstances",            \
					      "",                                                  \
					      BN_READS,                                            \
					      "dry run of a retry: which task instances it would " \
					      "clear; changes nothing; needs `can edit` on Task "  \
					      "Instances",                                         \
					      "\"dry_run\":true"},                                 \
	    [(first) + AIRFLOW_CLEAR] = {"POST",                                                   \
					 base "/dags/{dag_id}/clearTaskInstances",                 \
					 "",                                                       \
					 BN_WRITES,                                                \
					 "retry of a failed run: its failed and upstream_failed "  \
					 "task instances are cleared and run again; needs `can "   \
					 "edit` on Task Instances and DAG Runs (role Op or User)", \
					 "\"dry_run\":false"}

static const struct bn_request requests[] = {
    DIALECT(0, "/api/v1", "/health", "{task_try_number}"),
    DIALECT(AIRFLOW_REQUESTS, "/api/v2", "/monitor/health", "{try_number}"),
    [LOGIN] = {"POST", "/auth/token", "", BN_READS,
	       "Airflow 3: user and password for a token; changes nothing"},
    [LOGIN_ANYBODY] = {"GET", "/auth/token", "", BN_READS,
		       "Airflow 3 whose simple auth manager makes everybody an admin: a token "
		       "without a password"},
    {NULL, NULL, NULL, BN_READS, NULL}};

static const struct airflow_dialect v1 = {
    .name = "v1",
    .first = 0,
    .next_run = "next_dagrun_create_after",
    .schedule = {"schedule_interval/value", "timetable_summary", "timetable_description"},
    .file = "fileloc",
    .try_number = "task_try_number",
    .log_is_json = false,
};

static const struct airflow_dialect v2 = {
    .name = "v2",
    .first = AIRFLOW_REQUESTS,
    .next_run = "next_dagrun_run_after",
    .schedule = {"timetable_summary", "timetable_description", NULL},
    .file = "relative_fileloc",
    .try_number = "try_number",
    .log_is_json = true,
};

/* An Airflow 2 answers the version path of Airflow 3 with 404, and the other way round. */
int
airflow_dialect(struct bn_source *s, const struct airflow_dialect **out, struct bn_error *err)
{
	struct airflow *a = s->data;
	const char *wish = bn_option(s, "api");
	struct bn_json reply;
	int rc = BN_OK;

	if (a->dialect == NULL && wish != NULL && strcmp(wish, "auto") != 0)
		a->dialect = strcmp(wish, "v1") == 0 ? &v1 : &v2;
	if (a->dialect == NULL) {
		rc = bn_get(s, v2.first + AIRFLOW_VERSION, BN_NO_PARAMS, &reply, err);
		if (rc == BN_OK) {
			a->dialect = &v2;
		} else if (rc == BN_ENOTFOUND || rc == BN_EPARSE) {
			rc = bn_get(s, v1.first + AIRFLOW_VERSION, BN_NO_PARAMS, &reply, err);
			if (rc == BN_OK)
				a->dialect = &v1;
			else if (rc == BN_ENOTFOUND)
				bn_hint_at(err, "is `url` the address of an Airflow web server, "
						"without /api or /home?");
		}
	}
	*out = a->dialect;
	return rc;
}

bool
airflow_split_key(struct bn_source *s, const char *key, const char **dag, const char **run)
{
	const char *slash = strchr(key, '/');

	if (slash == NULL || slash == key || slash[1] == '\0')
		return false;
	*dag = bn_format(s, "%.*s", (int)(slash - key), key);
	*run = slash + 1;
	return true;
}

/* ---- login ----------------------------------------------------------------------------------- */

/* Appends `text` as a JSON string. */
static void
quote(char *out, size_t size, const char *text)
{
	size_t n = strlen(out);

	for (out[n++] = '"'; *text != '\0' && n + 8 < size; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\') {
			out[n++] = '\\';
			out[n++] = (char)c;
		} else if (c < 0x20) {
			n += (size_t)snprintf(out + n, size - n, "\\u%04x", c);
		} else {
			out[n++] = (char)c;
		}
	}
	out[n++] = '"';
	out[n] = '\0';
}

static const char *
credentials(struct bn_source *s, const char *user, const char *password)
{
	size_t size = 6 * (strlen(user) + strlen(password)) + 64;
	char *body = bn_alloc(s, size);

	strcat(body, "{\"username\":");
	quote(body, size, user);
	strcat(body, ",\"password\":");
	quote(body, size, password);
	strcat(body, "}");
	return body;
}

/* Airflow 3 gives a token for user and password, or to anybody where its simple auth manager is
 * told to. A configured token, and basic authentication on Airflow 2, are the host's affair. */
static int
airflow_login(struct bn_source *s, struct bn_error *err)
{
	const struct airflow_dialect *d;
	const char *user = bn_option(s, "user"), *password = NULL, *token = NULL;
	struct bn_json reply = {0};
	int rc = airflow_dialect(s, &d, err);

	if (rc == BN_OK)
		rc = bn_secret(s, "token", &token, err);
	if (rc == BN_OK && token == NULL)
		rc = bn_secret(s, "password", &password, err);
	if (rc != BN_OK || token != NULL || d != &v2)
		return rc;
	if (user != NULL && password != NULL)
		rc = bn_post(s, LOGIN, BN_NO_PARAMS, credentials(s, user, password), &reply, err);
	else
		rc = bn_get(s, LOGIN_ANYBODY, BN_NO_PARAMS, &reply, err);
	if (rc != BN_OK && user == NULL)
		return bn_hint_at(err, "set `user` and `password-command`, or `token-command`");
	if (rc != BN_OK)
		return rc;
	token = bn_json_string(reply, "access_token");
	if (token == NULL)
		token = bn_json_string(reply, "jwt_token"); /* before 3.0 was released */
	if (token == NULL)
		return bn_fail_at(s, err, BN_EAUTH,
				  "the answer of /auth/token holds no access_token");
	bn_set_bearer(s, token);
	return BN_OK;
}

/* A restarted Airflow 3 may have another secret: it answers our token with 403, not 401. */
static int
airflow_poll_again(struct bn_source *s, struct bn_batch *batch, struct bn_error *err)
{
	int rc = airflow_poll(s, batch, err);

	if (rc == BN_EPERM && strstr(err->message, "JWT") != NULL) {
		rc = airflow_login(s, err);
		if (rc == BN_OK)
			rc = airflow_poll(s, batch, err);
	}
	return rc;
}

static int
airflow_open(struct bn_source *s, struct bn_error *err)
{
	s->data = calloc(1, sizeof(struct airflow));
	if (s->data == NULL)
		return bn_fail_at(s, err, BN_EINTERNAL, "out of memory");
	return BN_OK;
}

static void
airflow_close(struct bn_source *s)
{
	free(s->data);
	s->data = NULL;
}

/* ---- doctor ---------------------------------------------------------------------------------- */

static void
ask(struct bn_source *s, struct bn_sink *sink, int request, const char *what, const char *shown)
{
	struct bn_json reply = {0};
	struct bn_error err = {0};
	int rc = bn_get(
	    s, request,
	    BN_PARAMS({"dag_id", strstr(requests[request].path, "{dag_id}") != NULL ? "~" : NULL},
		      {"limit", shown == NULL ? "1" : NULL}),
	    &reply, &err);

	if (rc != BN_OK) {
		bn_check(s, sink, BN_CHECK_FAIL, what,
			 err.hint[0] != '\0' ? bn_format(s, "%s (%s)", err.message, err.hint)
					     : err.message);
		return;
	}
	if (shown == NULL)
		shown = "total_entries";
	bn_check(s, sink, BN_CHECK_OK, what, bn_json_text(s, reply, shown));
}

static int
airflow_doctor(struct bn_source *s, struct bn_sink *sink, struct bn_error *err)
{
	const struct airflow_dialect *d;
	int rc = airflow_dialect(s, &d, err);

	if (rc != BN_OK)
		return rc;
	ask(s, sink, d->first + AIRFLOW_VERSION, bn_format(s, "Airflow, API %s", d->name),
	    "version");
	ask(s, sink, d->first + AIRFLOW_HEALTH, "scheduler", "scheduler/status");
	ask(s, sink, d->first + AIRFLOW_DAGS, "read DAGs", NULL);
	ask(s, sink, d->first + AIRFLOW_RUNS, "read DAG runs", NULL);
	ask(s, sink, d->first + AIRFLOW_IMPORT_ERRORS, "read import errors", NULL);
	ask(s, sink, d->first + AIRFLOW_POOLS, "read pools", NULL);
	return BN_OK;
}

const struct bn_plugin bn_plugin_airflow = {
    .abi = BN_PLUGIN_ABI,
    .name = "airflow",
    .summary =
	"Airflow 2 and 3: DAGs, runs, task instances with tries, logs, import errors and pools",
    .provides = "pipeline run task",
    .options = options,
    .requests = requests,
    .open = airflow_open,
    .close = airflow_close,
    .login = airflow_login,
    .poll = airflow_poll_again,
    .backfill = airflow_backfill,
    .detail = airflow_detail,
    .logs = airflow_logs,
    .plan = airflow_plan,
    .plans_tasks = true,
    .act = airflow_act,
    .reconcile = airflow_reconcile,
    .doctor = airflow_doctor,
};

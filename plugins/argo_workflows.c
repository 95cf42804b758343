/* argo_workflows.c - argo-server v3.4 to v4.1: options, requests, keys, login, doctor. */
/* SPDX-License-Identifier: MIT
 *
 * https://argo-workflows.readthedocs.io/en/latest/rest-api/. The server gathers whole objects
 * before it answers, and big workflows have brought servers down (argo-workflows #976, #12025), so
 * the lists of runs always carry a field mask, and metadata is always in it: without it the page
 * token is lost. */
#include <string.h>

#include "argo.h"

static const struct bn_option options[] = {
    {"namespace", BN_OPT_STRING, NULL,
     "Kubernetes namespace to read; without it all that the login may list, and then keys are "
     "NAMESPACE/NAME",
     0, NULL},
    {"label-selector", BN_OPT_STRING, NULL,
     "Kubernetes label selector that workflows must match, such as `team=data,tier in "
     "(gold,silver)`",
     0, NULL},
    {"window", BN_OPT_DURATION, "7d",
     "how far back runs are read when binnacle sees this server first", 0, "1h..90d"},
    {"archived", BN_OPT_ENUM, "auto",
     "whether the workflow archive is asked besides the list of runs; `auto` asks servers before "
     "v3.5, newer ones "
     "merge it themselves",
     0, "auto|always|never"},
    {NULL, 0, NULL, NULL, 0, NULL}};

#define LIST "listOptions.limit listOptions.continue listOptions.labelSelector"

static const struct bn_request requests[] = {
    [ARGO_CRONS] = {"GET", "/api/v1/cron-workflows/{namespace}", LIST, BN_READS,
		    "cron workflows become pipelines; annotations binnacle/owner, binnacle/group, "
		    "binnacle/definition (path of the file) and binnacle/idempotence (idempotent, "
		    "at-least-once, append) are understood; needs `list cronworkflows`"},
    [ARGO_TEMPLATES] = {"GET", "/api/v1/workflow-templates/{namespace}", LIST, BN_READS,
			"workflow templates that no cron workflow runs become pipelines too; needs "
			"`list workflowtemplates`"},
    [ARGO_RUNS] = {"GET", "/api/v1/workflows/{namespace}", LIST " fields createdAfter", BN_READS,
		   "runs, the archive merged in since v3.5; needs `list workflows`"},
    [ARGO_ARCHIVED] = {"GET", "/api/v1/archived-workflows",
		       LIST " listOptions.fieldSelector namespace", BN_READS,
		       "archived runs of servers before v3.5; needs `list workflows`"},
    [ARGO_RUN] = {"GET", "/api/v1/workflows/{namespace}/{name}", "fields uid", BN_READS,
		  "one run and its nodes; needs `get workflows`"},
    [ARGO_LOG] = {"GET", "/api/v1/workflows/{namespace}/{name}/log",
		  "podName logOptions.container logOptions.follow logOptions.tailLines "
		  "logOptions.timestamps "
		  "logOptions.sinceTime.seconds",
		  BN_READS, "a run's log while its pods exist; needs `get pods/log`"},
    [ARGO_MAIN_LOGS] = {"GET",
			"/artifact-files/{namespace}/{idDiscriminator}/{id}/{nodeId}/"
			"{artifactDiscriminator}/{artifactName}",
			"", BN_READS,
			"a node's archived log once its pod is gone; needs `get workflows`"},
    [ARGO_VERSION] = {"GET", "/api/v1/version", "", BN_READS, "the server's version"},
    [ARGO_USER] = {"GET", "/api/v1/userinfo", "", BN_READS, "whom the server takes us for"},
    [ARGO_RETRY] =
	{"PUT", "/api/v1/workflows/{namespace}/{name}/retry", "", BN_WRITES,
	 "retry of a failed run: its failed nodes run again, the others are kept; no parameters "
	 "are ever sent; needs `update workflows` and `delete pods`"},
    [ARGO_RETRY_ARCHIVED] = {"PUT", "/api/v1/archived-workflows/{uid}/retry", "", BN_WRITES,
			     "the same of a run that only the archive has: it is made again; needs "
			     "`create workflows`"},
    [ARGO_RESUBMIT] =
	{"PUT", "/api/v1/workflows/{namespace}/{name}/resubmit", "", BN_WRITES,
	 "a run that failed before any of its nodes: a new run of the same; needs `create "
	 "workflows`"},
    {NULL, NULL, NULL, BN_READS, NULL}};

/* ---- keys ------------------------------------------------------------------------------------ */

const char *
argo_namespace(const struct bn_source *s)
{
	const char *namespace = bn_option(s, "namespace");

	return namespace != NULL ? namespace : "";
}

const char *
argo_key(struct bn_source *s, const char *namespace, const char *name)
{
	if (name == NULL || namespace == NULL || argo_namespace(s)[0] != '\0')
		return name;
	return bn_format(s, "%s/%s", namespace, name);
}

void
argo_split_key(struct bn_source *s, const char *key, const char **namespace, const char **name)
{
	const char *slash = strchr(key, '/');

	*namespace = argo_namespace(s);
	*name = key;
	if ((*namespace)[0] == '\0' && slash != NULL) {
		*namespace = bn_format(s, "%.*s", (int)(slash - key), key);
		*name = slash + 1;
	}
}

/* ---- login and doctor ------------------------------------------------------------------------ */

/* People keep the whole header, "Bearer ...", in ARGO_TOKEN; `argo auth token` prints it so. */
static int
argo_login(struct bn_source *s, struct bn_error *err)
{
	const char *token = NULL;
	int rc = bn_secret(s, "token", &token, err);

	if (rc != BN_OK || token == NULL)
		return rc;
	if (strncmp(token, "Bearer ", 7) == 0)
		token += 7;
	bn_set_bearer(s, token);
	return BN_OK;
}

static void
ask(struct bn_source *s, struct bn_sink *sink, enum argo_request request, const char *what,
    const char *shown)
{
	struct bn_json reply = {0};
	struct bn_error err = {0};
	int rc = bn_get(
	    s, request,
	    BN_PARAMS({"namespace",
		       strchr(requests[request].path, '{') != NULL ? argo_namespace(s) : NULL},
		      {"listOptions.limit", shown == NULL ? "1" : NULL},
		      {"fields", request == ARGO_RUNS ? "metadata,items.metadata.name" : NULL}),
	    &reply, &err);
	const char *value = rc == BN_OK && shown != NULL ? bn_json_string(reply, shown) : NULL;

	if (rc != BN_OK)
		bn_check(s, sink, BN_CHECK_FAIL, what,
			 err.hint[0] != '\0' ? bn_format(s, "%s (%s)", err.message, err.hint)
					     : err.message);
	else
		bn_check(s, sink, BN_CHECK_OK, what, value != NULL ? value : "");
}

static int
argo_doctor(struct bn_source *s, struct bn_sink *sink, struct bn_error *err)
{
	(void)err;
	ask(s, sink, ARGO_VERSION, "server version", "version");
	ask(s, sink, ARGO_USER, "login", "subject");
	ask(s, sink, ARGO_RUNS, "list workflows", NULL);
	ask(s, sink, ARGO_CRONS, "list cron workflows", NULL);
	ask(s, sink, ARGO_TEMPLATES, "list workflow templates", NULL);
	return BN_OK;
}

const struct bn_plugin bn_plugin_argo_workflows = {
    .abi = BN_PLUGIN_ABI,
    .name = "argo-workflows",
    .summary =
	"Argo Workflows: cron workflows, templates, runs, nodes and logs through argo-server",
    .provides = "pipeline run task",
    .options = options,
    .requests = requests,
    .login = argo_login,
    .poll = argo_poll,
    .backfill = argo_backfill,
    .detail = argo_detail,
    .logs = argo_logs,
    .plan = argo_plan,
    .act = argo_act,
    .reconcile = argo_reconcile,
    .doctor = argo_doctor,
};

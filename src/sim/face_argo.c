/* face_argo.c - Argo Workflows server: routes, login and errors. */
/* SPDX-License-Identifier: MIT
 *
 * Of writes only retries are taken (argo_acts.c); a stop, a submission, a deletion is answered with 403 as a
 * service account without those verbs would get, and marked in the recorder. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "sim/argo.h"

static int
http_status(int code)
{
	/* grpc-gateway, runtime.HTTPStatusFromCode */
	switch (code) {
	case 3:
	case 9:
		return 400;
	case 16:
		return 401;
	case 7:
		return 403;
	case 5:
		return 404;
	case 6:
		return 409;
	case 8:
		return 429;
	case 12:
		return 501;
	default:
		return 500;
	}
}

void
bn_argo_error(struct bn_web_request *request, int code, const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	text = bn_xvasprintf(format, ap);
	va_end(ap);
	bn_web_json(request, http_status(code),
		    json_pack("{s:i, s:s, s:s}", "code", code, "message", text, "error", text));
	free(text);
}

void
bn_face_argo_refuse(struct bn_web_request *request, void *payload)
{
	(void)payload;
	request->auth = BN_AUTH_REFUSED;
	bn_argo_error(request, 16,
		      "token not valid. see https://argo-workflows.readthedocs.io/en/latest/faq/");
}

static bool
logged_in(struct bn_web_request *request, const struct bn_face_login *login)
{
	const char *header = bn_web_header(request, "Authorization");

	if (header == NULL)
		return false;
	if (strncmp(header, "Bearer ", 7) != 0 || strcmp(header + 7, login->token) != 0)
		return false;
	request->auth = BN_AUTH_OK;
	return true;
}

/* ---- query parameters ------------------------------------------------------ */

#define LIST_OPTIONS                                                                               \
	"listOptions.labelSelector", "listOptions.fieldSelector", "listOptions.watch",             \
	    "listOptions.allowWatchBookmarks", "listOptions.resourceVersion",                      \
	    "listOptions.resourceVersionMatch", "listOptions.timeoutSeconds", "listOptions.limit", \
	    "listOptions.continue", "listOptions.sendInitialEvents"
#define LOG_OPTIONS                                                                                \
	"logOptions.container", "logOptions.follow", "logOptions.previous",                        \
	    "logOptions.sinceSeconds", "logOptions.sinceTime.seconds",                             \
	    "logOptions.sinceTime.nanos", "logOptions.timestamps", "logOptions.tailLines",         \
	    "logOptions.limitBytes", "logOptions.insecureSkipTLSVerifyBackend",                    \
	    "logOptions.stream"

static const char *const workflow_list[] = {
    LIST_OPTIONS, "fields", "nameFilter", "createdAfter", "finishedBefore", "namespace", NULL};
static const char *const archive_list[] = {LIST_OPTIONS, "namePrefix", "namespace", "nameFilter",
					   NULL};
static const char *const plain_list[] = {LIST_OPTIONS, "namePattern", NULL};
static const char *const one[] = {
    "getOptions.resourceVersion", "fields", "uid", "namespace", "name", NULL};
static const char *const log_options[] = {LOG_OPTIONS, "podName", "grep", "selector", NULL};
static const char *const nothing[] = {NULL};

/* grpc-gateway passes over a parameter it doesn't know; a right client sends none. */
static void
check_query(struct bn_web_request *request, const char *const *known)
{
	if (bn_web_unknown(request, known) != NULL)
		bn_web_violation(request, "query parameter the specification does not have");
}

/* ---- lists of CronWorkflows and templates, kept by Kubernetes -------------- */

static const char *
cron_label(const void *object, const char *key)
{
	const struct bn_w_pipeline *pipeline = object;

	if (strcmp(key, "team") == 0)
		return pipeline->owner;
	if (strcmp(key, "group") == 0)
		return pipeline->work == BN_W_DBT ? "transformation" : "ingestion";
	return NULL;
}

/* Kubernetes' own tokens are opaque; ours name the next item. */
static bool
read_token(struct bn_web_request *request, size_t *offset, size_t *limit)
{
	const char *token = bn_web_query(request, "listOptions.continue");
	const char *count = bn_web_query(request, "listOptions.limit");
	int64_t number = 0;

	*offset = 0;
	*limit = SIZE_MAX;
	if (count != NULL && *count != '\0' && (number = bn_face_number(count, INT32_MAX)) > 0)
		*limit = (size_t)number;
	if (number < 0)
		bn_argo_error(request, 3, "parsing field \"limit\": \"%s\"", count);
	if (token == NULL || *token == '\0' || number < 0)
		return number >= 0;
	number = strncmp(token, "eyJ2IjoibWV0YS5r", 16) == 0 ? bn_face_number(token + 16, INT32_MAX)
							     : -1;
	if (number < 0) {
		bn_argo_error(request, 3, "continue key is not valid");
		return false;
	}
	*offset = (size_t)number;
	return true;
}

static json_t *
object_list(const struct bn_web_request *request, json_t *all, size_t offset, size_t limit)
{
	json_t *items = json_array(), *metadata, *item;
	size_t i;

	json_array_foreach(all, i, item)
	{
		if (i >= offset && i - offset < limit)
			json_array_append(items, item);
	}
	metadata = json_pack("{s:o}", "resourceVersion",
			     json_sprintf("%lld", (long long)(request->now / 1000)));
	if (json_array_size(all) > offset && json_array_size(all) - offset > limit)
		json_object_set_new(metadata, "continue",
				    json_sprintf("eyJ2IjoibWV0YS5r%zu", offset + limit));
	if (json_array_size(items) == 0) {
		json_decref(items);
		items = json_null();
	}
	json_decref(all);
	return json_pack("{s:o, s:o}", "metadata", metadata, "items", items);
}

static void
list_crons(struct bn_web_request *request)
{
	const char *selector = bn_web_query(request, "listOptions.labelSelector");
	const struct bn_w_pipeline *pipeline;
	json_t *all = json_array();
	size_t i, offset, limit;
	bool bad = false;

	check_query(request, plain_list);
	for (i = 0; (pipeline = bn_world_pipeline(request->world, i)) != NULL; i++) {
		if (pipeline->engine == BN_W_ARGO &&
		    bn_argo_selects(selector, cron_label, pipeline, &bad))
			json_array_append_new(
			    all, bn_argo_cron_workflow(request->world, pipeline, request->now));
	}
	if (bad)
		bn_argo_error(request, 3, "unable to parse requirement: found '%s'", selector);
	if (bad || !read_token(request, &offset, &limit)) {
		json_decref(all);
		return;
	}
	bn_web_json(request, 200, object_list(request, all, offset, limit));
}

static void
get_cron(struct bn_web_request *request, const char *name)
{
	const struct bn_w_pipeline *pipeline = bn_world_find_pipeline(request->world, name);

	check_query(request, one);
	if (pipeline == NULL || pipeline->engine != BN_W_ARGO)
		bn_argo_error(request, 5, "cronworkflows.argoproj.io \"%s\" not found", name);
	else
		bn_web_json(request, 200,
			    bn_argo_cron_workflow(request->world, pipeline, request->now));
}

static void
list_templates(struct bn_web_request *request)
{
	json_t *all = json_array();
	size_t offset, limit;

	check_query(request, plain_list);
	json_array_append_new(all, bn_argo_workflow_template(request->world, "dbt-build"));
	json_array_append_new(all, bn_argo_workflow_template(request->world, "meltano-ingest"));
	if (!read_token(request, &offset, &limit)) {
		json_decref(all);
		return;
	}
	bn_web_json(request, 200, object_list(request, all, offset, limit));
}

static void
get_template(struct bn_web_request *request, const char *name)
{
	check_query(request, one);
	if (strcmp(name, "dbt-build") != 0 && strcmp(name, "meltano-ingest") != 0)
		bn_argo_error(request, 5, "workflowtemplates.argoproj.io \"%s\" not found", name);
	else
		bn_web_json(request, 200, bn_argo_workflow_template(request->world, name));
}

/* ---- one workflow ---------------------------------------------------------- */

static bool
find_run(struct bn_web_request *request, const char *name, const char *uid, struct bn_w_run *run)
{
	if (bn_world_find_run(request->world, NULL, uid != NULL ? NULL : name, uid, request->now,
			      run))
		return true;
	bn_argo_error(request, 5, "workflows.argoproj.io \"%s\" not found",
		      uid != NULL ? uid : name);
	return false;
}

static void
get_workflow(struct bn_web_request *request, const char *name, const char *uid)
{
	struct bn_mask *mask;
	struct bn_w_run run;
	json_t *body;

	check_query(request, one);
	if (uid != NULL && *uid == '\0')
		uid = NULL;
	if (!find_run(request, name, uid, &run))
		return;
	mask = bn_mask_new(bn_web_query(request, "fields"));
	body = bn_argo_workflow(request->world, &run, request->now, mask, "");
	bn_mask_apply(mask, body);
	bn_mask_free(mask);
	bn_web_json(request, 200, body);
}

static void
get_log(struct bn_web_request *request, const char *name, const char *pod)
{
	struct bn_w_run run;

	check_query(request, log_options);
	if (pod != NULL && *pod == '\0')
		pod = NULL;
	if (find_run(request, name, NULL, &run))
		bn_argo_log(request, &run, pod);
}

/* /artifact-files/{namespace}/workflows|archived-workflows/{name|uid}/{node}/outputs/main-logs */
static void
get_artifact(struct bn_web_request *request)
{
	bool archived = strcmp(request->segment[2], "archived-workflows") == 0;
	struct bn_w_run run;

	check_query(request, nothing);
	if (!archived && strcmp(request->segment[2], "workflows") != 0)
		bn_argo_error(request, 3, "unknown discriminator %s", request->segment[2]);
	else if (find_run(request, request->segment[3], archived ? request->segment[3] : NULL,
			  &run))
		bn_argo_main_logs(request, &run, request->segment[4]);
}

/* ---- the server itself ----------------------------------------------------- */

static void
get_info(struct bn_web_request *request)
{
	check_query(request, nothing);
	bn_web_json(request, 200,
		    json_pack("{s:s, s:[], s:{}, s:s, s:[]}", "managedNamespace", BN_FACE_NAMESPACE,
			      "links", "modals", "navColor", "", "columns"));
}

static void
get_version(struct bn_web_request *request)
{
	check_query(request, nothing);
	bn_web_json(request, 200,
		    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "version", "v4.1.2",
			      "buildDate", "2026-02-17T09:12:44Z", "gitCommit",
			      "5f3c1a0b7d2e4f6890ab12cd34ef56ab78cd90ef", "gitTag", "v4.1.2",
			      "gitTreeState", "clean", "goVersion", "go1.26.0", "compiler", "gc",
			      "platform", "linux/amd64"));
}

static void
get_userinfo(struct bn_web_request *request)
{
	check_query(request, nothing);
	bn_web_json(request, 200,
		    json_pack("{s:s, s:s, s:s, s:s}", "issuer", "kubernetes/serviceaccount",
			      "subject", "system:serviceaccount:" BN_FACE_NAMESPACE ":binnacle",
			      "serviceAccountName", "binnacle", "serviceAccountNamespace",
			      BN_FACE_NAMESPACE));
}

static bool
other_namespace(struct bn_web_request *request, const char *namespace)
{
	if (*namespace == '\0' || strcmp(namespace, BN_FACE_NAMESPACE) == 0)
		return false;
	bn_argo_error(request, 7,
		      "User \"system:serviceaccount:" BN_FACE_NAMESPACE
		      ":binnacle\" cannot list resources in the namespace \"%s\"",
		      namespace);
	return true;
}

static void
route_namespaced(struct bn_web_request *request)
{
	char **segment = request->segment;

	if (bn_web_path(request, "/api/v1/workflows/*")) {
		check_query(request, workflow_list);
		bn_argo_list(request, false);
	} else if (bn_web_path(request, "/api/v1/workflows/*/*")) {
		get_workflow(request, segment[4], bn_web_query(request, "uid"));
	} else if (bn_web_path(request, "/api/v1/workflows/*/*/log")) {
		get_log(request, segment[4], bn_web_query(request, "podName"));
	} else if (bn_web_path(request, "/api/v1/workflows/*/*/*/log")) {
		get_log(request, segment[4], segment[5]);
	} else if (bn_web_path(request, "/api/v1/cron-workflows/*")) {
		list_crons(request);
	} else if (bn_web_path(request, "/api/v1/cron-workflows/*/*")) {
		get_cron(request, segment[4]);
	} else if (bn_web_path(request, "/api/v1/workflow-templates/*")) {
		list_templates(request);
	} else if (bn_web_path(request, "/api/v1/workflow-templates/*/*")) {
		get_template(request, segment[4]);
	} else {
		bn_web_violation(request, "path the specification does not have");
		bn_argo_error(request, 5, "Not Found");
	}
}

static void
route(struct bn_web_request *request)
{
	if (bn_web_path(request, "/api/v1/info")) {
		get_info(request);
	} else if (bn_web_path(request, "/api/v1/version")) {
		get_version(request);
	} else if (bn_web_path(request, "/api/v1/userinfo")) {
		get_userinfo(request);
	} else if (bn_web_path(request, "/api/v1/archived-workflows")) {
		const char *namespace = bn_web_query(request, "namespace");

		check_query(request, archive_list);
		if (namespace == NULL || !other_namespace(request, namespace))
			bn_argo_list(request, true);
	} else if (bn_web_path(request, "/api/v1/archived-workflows/*")) {
		get_workflow(request, NULL, request->segment[3]);
	} else if (bn_web_path(request, "/artifact-files/*/*/*/*/outputs/main-logs")) {
		get_artifact(request);
	} else if (request->segments >= 4 && bn_web_path(request, "/api/v1/**")) {
		if (!other_namespace(request, request->segment[3]))
			route_namespaced(request);
	} else {
		bn_web_violation(request, "path the specification does not have");
		bn_argo_error(request, 5, "Not Found");
	}
}

void
bn_face_argo(struct bn_web_request *request, void *payload)
{
	if (!logged_in(request, payload)) {
		bn_face_argo_refuse(request, payload);
		return;
	}
	if (strcmp(request->method, "PUT") == 0 && bn_argo_act(request))
		return;
	if (strcmp(request->method, "GET") != 0) {
		bn_web_violation(request, "a write that is on no list");
		bn_argo_error(request, 7,
			      "workflows.argoproj.io is forbidden: User "
			      "\"system:serviceaccount:" BN_FACE_NAMESPACE
			      ":binnacle\" cannot update resource \"workflows\"");
		return;
	}
	route(request);
}

/* spec_test.c - every request a plugin can make is in its platform's specification. */
/* SPDX-License-Identifier: MIT */
#include "../test.h"

#include <unistd.h>

#include "allowed.h"
#include "base/json.h"
#include "binnacle/plugin.h"
#include "plugins/builtin.h"
#include "spec.h"

extern const struct bn_plugin bn_plugin_airflow, bn_plugin_argo_workflows, bn_plugin_prometheus,
    bn_plugin_alertmanager, bn_plugin_mlflow;

/* Every row of the table whose path begins so is looked up in the specification, below that prefix.
 */
static void
check_requests(const struct bn_plugin *plugin, const char *begins, const char *file,
	       const char *prefix)
{
	struct spec *spec = spec_open(file);
	int checked = 0;

	if (spec == NULL) {
		bn_skip("the official specifications are not here (BN_SHARED_APIS)");
	}
	for (const struct bn_request *row = plugin->requests; row->method != NULL; row++) {
		const char *missing;

		if (strncmp(row->path, begins, strlen(begins)) != 0)
			continue;
		missing = spec_check(spec, row->method, row->path + strlen(prefix), row->query);
		if (missing != NULL)
			fail_msg("%s %s: %s", row->method, row->path, missing);
		assert_true(row->doc != NULL && row->doc[0] != '\0');
		checked++;
	}
	assert_true(checked > 0);
	spec_close(spec);
}

static void
argo_requests_are_in_the_swagger_of_v412(void **state)
{
	(void)state;
	check_requests(&bn_plugin_argo_workflows, "/", "argo-workflows/swagger-v4.1.2.trim.json",
		       "");
}

static void
airflow2_requests_are_in_the_openapi_of_2100(void **state)
{
	(void)state;
	check_requests(&bn_plugin_airflow, "/api/v1", "airflow/v1-2.10.0.trim.json", "/api/v1");
}

static void
airflow3_requests_are_in_the_openapi_of_32(void **state)
{
	(void)state;
	check_requests(&bn_plugin_airflow, "/api/v2", "airflow/v2-3.2.trim.json", "");
}

static void
airflow3_login_is_in_the_openapi_of_the_auth_manager(void **state)
{
	(void)state;
	check_requests(&bn_plugin_airflow, "/auth", "airflow/auth-token.json", "");
}

static void
prometheus_requests_are_in_the_openapi(void **state)
{
	(void)state;
	check_requests(&bn_plugin_prometheus, "/api/v1", "prometheus/api_v1.json", "/api/v1");
}

static void
alertmanager_requests_are_in_the_openapi(void **state)
{
	(void)state;
	check_requests(&bn_plugin_alertmanager, "/api/v2", "alertmanager/api_v2.json", "/api/v2");
}

/* MLflow publishes no OpenAPI; what there is comes from the descriptors of its protocol buffers: per method
 * and path the message whose fields are the parameters. The MLmodel file and the version are not among
 * them; the tests against a real server ask for those. */
static const json_t *
mlflow_request(const json_t *spec, const struct bn_request *row)
{
	const json_t *endpoint;
	size_t i;

	json_array_foreach(json_object_get(spec, "endpoints"), i, endpoint)
	{
		if (strcmp(json_string_value(json_object_get(endpoint, "method")), row->method) ==
			0 &&
		    strcmp(json_string_value(json_object_get(endpoint, "path")), row->path) == 0)
			return json_object_get(
			    json_object_get(spec, "messages"),
			    json_string_value(json_object_get(endpoint, "request")));
	}
	return NULL;
}

static void
mlflow_requests_are_in_its_descriptors(void **state)
{
	json_t *spec = spec_document("mlflow/rest_2.0.json");
	int checked = 0;

	(void)state;
	if (spec == NULL)
		bn_skip("the official specifications are not here (BN_SHARED_APIS)");
	for (const struct bn_request *row = bn_plugin_mlflow.requests; row->method != NULL; row++) {
		const json_t *message = mlflow_request(spec, row);
		char words[256], *save = NULL;

		if (strncmp(row->path, "/api/2.0/", 9) != 0)
			continue;
		if (message == NULL)
			fail_msg("%s %s is not in the descriptors", row->method, row->path);
		snprintf(words, sizeof(words), "%s", row->query);
		for (char *word = strtok_r(words, " ", &save); word != NULL;
		     word = strtok_r(NULL, " ", &save))
			if (json_object_get(message, word) == NULL)
				fail_msg("%s %s has no %s", row->method, row->path, word);
		checked++;
	}
	assert_true(checked >= 7);
	json_decref(spec);
}

/* The first row that is not allowed, or NULL. */
static const struct bn_request *
unlisted(const struct bn_plugin *plugin)
{
	for (const struct bn_request *row = plugin->requests; row != NULL && row->method != NULL;
	     row++)
		if (!request_is_allowed(plugin->name, row))
			return row;
	return NULL;
}

static void
writes_of_all_plugins_are_the_allowed_ones(void **state)
{
	(void)state;
	for (size_t i = 0; bn_builtin_plugins[i] != NULL; i++) {
		const struct bn_request *row = unlisted(bn_builtin_plugins[i]);

		if (row != NULL)
			fail_msg("%s: %s %s is on no list", bn_builtin_plugins[i]->name,
				 row->method, row->path);
	}
}

static void
writes_planted_delete_is_found(void **state)
{
	static const struct bn_request planted[] = {
	    {"GET", "/api/v1/version", "", BN_READS, "harmless"},
	    {"DELETE", "/api/v1/workflows/{namespace}/{name}", "", BN_WRITES, "not so"},
	    {NULL, NULL, NULL, BN_READS, NULL}};
	static const struct bn_request hidden[] = {
	    {"DELETE", "/api/v1/workflows/{namespace}/{name}", "", BN_READS, "marked as a read"},
	    {NULL, NULL, NULL, BN_READS, NULL}};
	struct bn_plugin plugin = {.name = "argo-workflows", .requests = planted};

	(void)state;
	assert_ptr_equal(unlisted(&plugin), &planted[1]);
	plugin.requests = hidden;
	assert_ptr_equal(unlisted(&plugin), &hidden[0]);
}

/* The check itself must be able to say no. */
static void
spec_unknown_path_method_or_parameter_is_found(void **state)
{
	struct spec *spec = spec_open("prometheus/api_v1.json");

	(void)state;
	if (spec == NULL) {
		bn_skip("the official specifications are not here (BN_SHARED_APIS)");
	}
	assert_null(spec_check(spec, "GET", "/query", "query"));
	assert_non_null(spec_check(spec, "GET", "/quarry", ""));
	assert_non_null(spec_check(spec, "DELETE", "/query", ""));
	assert_non_null(spec_check(spec, "GET", "/query", "query colour"));
	spec_close(spec);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(argo_requests_are_in_the_swagger_of_v412),
    cmocka_unit_test(airflow2_requests_are_in_the_openapi_of_2100),
    cmocka_unit_test(airflow3_requests_are_in_the_openapi_of_32),
    cmocka_unit_test(airflow3_login_is_in_the_openapi_of_the_auth_manager),
    cmocka_unit_test(prometheus_requests_are_in_the_openapi),
    cmocka_unit_test(alertmanager_requests_are_in_the_openapi),
    cmocka_unit_test(mlflow_requests_are_in_its_descriptors),
    cmocka_unit_test(writes_of_all_plugins_are_the_allowed_ones),
    cmocka_unit_test(writes_planted_delete_is_found),
    cmocka_unit_test(spec_unknown_path_method_or_parameter_is_found),
};

BN_TEST_MAIN(tests)

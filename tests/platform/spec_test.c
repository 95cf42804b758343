/* spec_test.c - every request a plugin can make is in its platform's specification. */
/* SPDX-License-Identifier: MIT */
#include "../test.h"

#include <unistd.h>

#include "base/json.h"
#include "binnacle/plugin.h"
#include "spec.h"

extern const struct bn_plugin bn_plugin_airflow, bn_plugin_argo_workflows, bn_plugin_prometheus,
    bn_plugin_alertmanager;

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
		assert_int_equal(row->effect, BN_READS);
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
    cmocka_unit_test(spec_unknown_path_method_or_parameter_is_found),
};

BN_TEST_MAIN(tests)

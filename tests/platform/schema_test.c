/* schema_test.c - answers built from the official specifications are read. */
/* SPDX-License-Identifier: MIT */
#include "../test.h"

#include "fakehost.h"
#include "spec.h"

extern const struct bn_plugin bn_plugin_airflow, bn_plugin_argo_workflows, bn_plugin_prometheus,
    bn_plugin_alertmanager, bn_plugin_mlflow;

static const enum spec_flavour flavours[] = {SPEC_FULL, SPEC_BARE, SPEC_NULLS, SPEC_STRANGE};

static struct spec *
open_or_skip(const char *file)
{
	struct spec *spec = spec_open(file);

	if (spec == NULL) {
		bn_skip("the official specifications are not here (BN_SHARED_APIS)");
	}
	return spec;
}

/* Registers an answer of the specification's own making for a request. */
static void
answer(struct fake *fake, struct spec *spec, const char *path, const char *request,
       enum spec_flavour flavour)
{
	const json_t *schema = spec_answer(spec, "GET", path);
	json_t *example;
	char *text;

	assert_non_null(schema);
	example = spec_example(spec, schema, flavour);
	text = json_dumps(example, JSON_COMPACT);
	assert_non_null(text);
	fake_reply(fake, request, 200, text);
	free(text);
	json_decref(example);
}

static void
airflow2_answers_of_the_specification_are_read(void **state)
{
	struct spec *spec = open_or_skip("airflow/v1-2.10.0.trim.json");

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct fake *fake = fake_new(&bn_plugin_airflow);
		struct bn_error err;

		fake_option(fake, "api", "v1");
		fake_option(fake, "url", "http://a");
		fake_reply(fake, "GET /api/v1/dags/", 404, "{}");
		answer(fake, spec, "/health", "GET /api/v1/health", flavours[i]);
		answer(fake, spec, "/dags", "GET /api/v1/dags?", flavours[i]);
		answer(fake, spec, "/dags/{dag_id}/dagRuns", "GET /api/v1/dags/~/dagRuns?",
		       flavours[i]);
		answer(fake, spec, "/importErrors", "GET /api/v1/importErrors?", flavours[i]);
		answer(fake, spec, "/pools", "GET /api/v1/pools?", flavours[i]);
		assert_ok(fake_poll(fake, &err), &err);
		assert_true(fake_scope_done(fake, "pools"));
		if (flavours[i] == SPEC_FULL) {
			const json_t *dag = fake_find(fake, "pipeline", "dag_id-1");

			assert_int_equal(fake_count(fake, "pipeline"), 2);
			assert_non_null(dag);
			assert_string_equal(fake_text(dag, "definition"), "fileloc-1");
			assert_string_equal(fake_text(dag, "owner"), "owners-0, owners-1");
			assert_non_null(fake_find(fake, "run", "dag_id-0/dag_run_id-0"));
			assert_string_equal(
			    fake_text(fake_find(fake, "run", "dag_id-0/dag_run_id-0"), "status"),
			    "queued");
			assert_int_equal(
			    fake_int(fake_find(fake, "run", "dag_id-1/dag_run_id-1"), "started_at"),
			    1773111960000);
			assert_non_null(fake_find(fake, "finding", "filename-0"));
		}
		if (flavours[i] == SPEC_STRANGE)
			assert_string_equal(
			    fake_text(json_array_get(fake_records(fake), 0), "scope"), "health");
		fake_free(fake);
	}
	spec_close(spec);
}

static void
airflow3_answers_of_the_specification_are_read(void **state)
{
	struct spec *spec = open_or_skip("airflow/v2-3.2.trim.json");

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct fake *fake = fake_new(&bn_plugin_airflow);
		struct bn_error err;

		fake_option(fake, "api", "v2");
		fake_secret(fake, "token", "t");
		fake_reply(fake, "GET /api/v2/dags/", 404, "{}");
		answer(fake, spec, "/api/v2/monitor/health", "GET /api/v2/monitor/health",
		       flavours[i]);
		answer(fake, spec, "/api/v2/dags", "GET /api/v2/dags?", flavours[i]);
		answer(fake, spec, "/api/v2/dags/{dag_id}/dagRuns", "GET /api/v2/dags/~/dagRuns?",
		       flavours[i]);
		answer(fake, spec, "/api/v2/importErrors", "GET /api/v2/importErrors?",
		       flavours[i]);
		answer(fake, spec, "/api/v2/pools", "GET /api/v2/pools?", flavours[i]);
		/* a server that promises more entries than it has */
		fake_reply(fake, "GET /api/v2/dags?limit=100&offset=2", 200, "{\"dags\":[]}");
		fake_reply(fake, "GET /api/v2/dags/~/dagRuns?limit=100&offset=2", 200,
			   "{\"dag_runs\":[]}");
		fake_reply(fake, "GET /api/v2/importErrors?limit=100&offset=2", 200, "{}");
		fake_reply(fake, "GET /api/v2/pools?limit=100&offset=2", 200, "{}");
		assert_ok(fake_poll(fake, &err), &err);
		/* these members are required by the specification: they are there in every flavour
		 */
		assert_int_equal(fake_count(fake, "pipeline"), 2);
		assert_int_equal(fake_count(fake, "run"), 4);
		if (flavours[i] == SPEC_FULL)
			assert_string_equal(
			    fake_text(fake_find(fake, "pipeline", "dag_id-0"), "schedule"),
			    "timetable_summary-0");
		if (flavours[i] == SPEC_STRANGE) {
			const json_t *run = fake_find(fake, "run",
						      "\033[31mdag_id \xe2\x80\xae"
						      "0/\033[31mdag_run_id \xe2\x80\xae"
						      "0");

			assert_non_null(run);
			assert_string_equal(fake_text(run, "status"), "unknown");
			assert_string_equal(fake_text(run, "raw_status"),
					    "\033[31mstate \xe2\x80\xae"
					    "0");
		}
		fake_free(fake);
	}
	spec_close(spec);
}

static void
airflow_task_instances_of_the_specifications_are_read(void **state)
{
	static const struct {
		const char *file, *api, *prefix, *base;
	} rows[] = {{"airflow/v1-2.10.0.trim.json", "v1", "", "/api/v1"},
		    {"airflow/v2-3.2.trim.json", "v2", "/api/v2", "/api/v2"}};

	(void)state;
	for (size_t n = 0; n < 2; n++) {
		struct spec *spec = open_or_skip(rows[n].file);

		for (size_t i = 0; i < 4; i++) {
			struct fake *fake = fake_new(&bn_plugin_airflow);
			struct bn_error err;
			char path[200], request[200];

			fake_option(fake, "api", rows[n].api);
			fake_secret(fake, "token", "t");
			snprintf(request, sizeof(request), "GET %s/dags/", rows[n].base);
			fake_reply(fake, request, 404, "{}");
			snprintf(request, sizeof(request), "GET %s/dags/d/dagRuns/r", rows[n].base);
			fake_reply(fake, request, 200,
				   "{\"dag_id\":\"d\",\"dag_run_id\":\"r\",\"state\":\"running\"}");
			snprintf(path, sizeof(path),
				 "%s/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances",
				 rows[n].prefix);
			snprintf(request, sizeof(request), "GET %s/dags/d/dagRuns/r/taskInstances?",
				 rows[n].base);
			answer(fake, spec, path, request, flavours[i]);
			snprintf(path, sizeof(path), "%s/dags/{dag_id}/tasks", rows[n].prefix);
			snprintf(request, sizeof(request), "GET %s/dags/d/tasks", rows[n].base);
			answer(fake, spec, path, request, flavours[i]);
			snprintf(request, sizeof(request), "GET %s/dags/d/dagRuns/r/taskInstances/",
				 rows[n].base);
			fake_reply(fake, request, 404, "{}");
			snprintf(request, sizeof(request),
				 "GET %s/dags/d/dagRuns/r/taskInstances?limit=100&offset=2",
				 rows[n].base);
			fake_reply(fake, request, 200, "{\"task_instances\":[]}");
			assert_ok(fake_detail(fake, BN_RUN, "d/r", &err), &err);
			if (flavours[i] == SPEC_FULL) {
				/* map_index 2 and 3, as the specification's integers were filled */
				const json_t *task = fake_find(fake, "task", "task_id-0[2]");

				assert_non_null(task);
				assert_int_equal(fake_int(task, "try_number"), 2);
				assert_true(fake_text(task, "type")[0] != '\0');
			}
			if (flavours[i] ==
			    SPEC_STRANGE) /* a map_index of 2^63 is no task, -7 none either */
				assert_int_equal(fake_skipped(fake), 2);
			fake_free(fake);
		}
		spec_close(spec);
	}
}

static void
argo_answers_of_the_specification_are_read(void **state)
{
	struct spec *spec = open_or_skip("argo-workflows/swagger-v4.1.2.trim.json");

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct fake *fake = fake_new(&bn_plugin_argo_workflows);
		struct bn_error err;

		fake_option(fake, "namespace", "data");
		fake_reply(fake, "GET /api/v1/workflows/data/", 404, "{}");
		answer(fake, spec, "/api/v1/version", "GET /api/v1/version", flavours[i]);
		answer(fake, spec, "/api/v1/cron-workflows/{namespace}",
		       "GET /api/v1/cron-workflows/data?", flavours[i]);
		answer(fake, spec, "/api/v1/workflow-templates/{namespace}",
		       "GET /api/v1/workflow-templates/data?", flavours[i]);
		answer(fake, spec, "/api/v1/workflows/{namespace}", "GET /api/v1/workflows/data?",
		       flavours[i]);
		/* the examples' page token never ends: two pages of it are enough */
		fake_reply(
		    fake,
		    "GET /api/v1/cron-workflows/data?listOptions.limit=500&listOptions.continue",
		    200, "{\"items\":null}");
		fake_reply(
		    fake,
		    "GET "
		    "/api/v1/workflow-templates/data?listOptions.limit=500&listOptions.continue",
		    200, "{\"items\":null}");
		fake_reply(fake,
			   "GET /api/v1/workflows/data?listOptions.limit=500&listOptions.continue",
			   200, "{\"items\":null}");
		assert_ok(fake_poll(fake, &err), &err);
		if (flavours[i] == SPEC_FULL) {
			assert_non_null(fake_find(fake, "pipeline", "name-0"));
			assert_string_equal(
			    fake_text(fake_find(fake, "pipeline", "name-0"), "schedule"),
			    "schedules-0; schedules-1");
			assert_non_null(fake_find(fake, "run", "name-0"));
			assert_string_equal(
			    fake_text(fake_find(fake, "run", "name-0"), "raw_status"), "phase-0");
			assert_string_equal(fake_text(fake_find(fake, "run", "name-0"), "status"),
					    "unknown");
		} else if (flavours[i] != SPEC_STRANGE) {
			/* metadata has no required name: such items are counted, not believed */
			assert_int_equal(fake_count(fake, "run"), 0);
			assert_true(fake_skipped(fake) > 0);
		}
		fake_free(fake);

		fake = fake_new(&bn_plugin_argo_workflows);
		fake_option(fake, "namespace", "data");
		answer(fake, spec, "/api/v1/workflows/{namespace}/{name}",
		       "GET /api/v1/workflows/data/w?", flavours[i]);
		if (flavours[i] == SPEC_FULL || flavours[i] == SPEC_STRANGE) {
			assert_ok(fake_detail(fake, BN_RUN, "w", &err), &err);
			assert_true(fake_count(fake, "task") > 0);
		} else {
			assert_fails_with(BN_EPARSE, fake_detail(fake, BN_RUN, "w", &err));
		}
		fake_free(fake);
	}
	spec_close(spec);
}

static void
prometheus_answers_of_the_specification_are_read(void **state)
{
	struct spec *spec = open_or_skip("prometheus/api_v1.json");

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct fake *fake = fake_new(&bn_plugin_prometheus);
		struct bn_error err;

		answer(fake, spec, "/alerts", "GET /api/v1/alerts", flavours[i]);
		answer(fake, spec, "/targets", "GET /api/v1/targets", flavours[i]);
		answer(fake, spec, "/rules", "GET /api/v1/rules", flavours[i]);
		assert_ok(fake_poll(fake, &err), &err);
		assert_true(fake_scope_done(fake, "rules"));
		fake_free(fake);
	}
	spec_close(spec);
}

static void
alertmanager_answers_of_the_specification_are_read(void **state)
{
	struct spec *spec = open_or_skip("alertmanager/api_v2.json");

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct fake *fake = fake_new(&bn_plugin_alertmanager);
		struct bn_error err;

		answer(fake, spec, "/alerts", "GET /api/v2/alerts", flavours[i]);
		answer(fake, spec, "/silences", "GET /api/v2/silences", flavours[i]);
		answer(fake, spec, "/status", "GET /api/v2/status", flavours[i]);
		fake_reply(fake, "GET /metrics", 404, "");
		assert_ok(fake_poll(fake, &err), &err);
		assert_true(fake_scope_done(fake, "server"));
		fake_free(fake);
	}
	spec_close(spec);
}

/* ---- MLflow, whose specification are protobuf messages ---------------------------------------- */

static json_t *message(const json_t *spec, const char *name, enum spec_flavour flavour, int depth);

static json_t *
field(const json_t *spec, const char *name, const char *type, enum spec_flavour flavour, int depth)
{
	if (flavour == SPEC_NULLS)
		return json_null();
	if (strcmp(name, "next_page_token") == 0)
		return json_string("");
	if (strcmp(type, "string") == 0)
		return json_string(flavour == SPEC_STRANGE ? "\x1b[2J \"'<>" : name);
	if (strcmp(type, "int64") ==
	    0) /* protobuf's own JSON writes them as strings, MLflow as numbers */
		return flavour == SPEC_STRANGE ? json_string("1773112364000")
					       : json_integer(1773112364000);
	if (strcmp(type, "double") == 0)
		return flavour == SPEC_STRANGE ? json_string("NaN") : json_real(0.5);
	if (json_object_get(json_object_get(spec, "enums"), type) != NULL)
		return json_string(flavour == SPEC_STRANGE
				       ? "LATER_ADDED"
				       : json_object_iter_key(json_object_iter(json_object_get(
					     json_object_get(spec, "enums"), type))));
	if (json_object_get(json_object_get(spec, "messages"), type) != NULL && depth < 6)
		return message(spec, type, flavour, depth + 1);
	return json_null();
}

static json_t *
message(const json_t *spec, const char *name, enum spec_flavour flavour, int depth)
{
	json_t *fields = json_object_get(json_object_get(spec, "messages"), name), *one,
	       *out = json_object();
	const char *key;

	assert_non_null(fields);
	json_object_foreach(fields, key, one)
	{
		const char *type = json_string_value(json_object_get(one, "type"));
		json_t *value;

		/* what is empty is left out; of a message nothing is required */
		if (flavour == SPEC_BARE && depth > 0)
			continue;
		value = field(spec, key, type, flavour, depth);
		if (json_is_true(json_object_get(one, "repeated")) && flavour != SPEC_NULLS)
			value = json_pack("[o]", value);
		json_object_set_new(out, key, value);
	}
	if (flavour == SPEC_STRANGE)
		json_object_set_new(out, "added_later", json_pack("{s:[i]}", "x", 1));
	return out;
}

static void
mlflow_answers_of_its_descriptors_are_read(void **state)
{
	static const char *const answers[][2] = {
	    {"GET /api/2.0/mlflow/registered-models/search",
	     "mlflow.SearchRegisteredModels.Response"},
	    {"GET /api/2.0/mlflow/model-versions/search", "mlflow.SearchModelVersions.Response"},
	    {"GET /api/2.0/mlflow/experiments/search", "mlflow.SearchExperiments.Response"},
	    {"POST /api/2.0/mlflow/runs/search", "mlflow.SearchRuns.Response"},
	    {"GET /api/2.0/mlflow/runs/get", "mlflow.GetRun.Response"},
	    {"GET /api/2.0/mlflow/registered-models/get", "mlflow.GetRegisteredModel.Response"}};
	json_t *spec = spec_document("mlflow/rest_2.0.json");

	(void)state;
	if (spec == NULL)
		bn_skip("the official specifications are not here (BN_SHARED_APIS)");
	for (size_t i = 0; i < 4; i++) {
		struct fake *fake = fake_new(&bn_plugin_mlflow);
		struct bn_error err;

		fake_option(fake, "url", "http://mlflow.example:5000");
		for (size_t n = 0; n < sizeof(answers) / sizeof(answers[0]); n++) {
			json_t *example = message(spec, answers[n][1], flavours[i], 0);
			char *text = json_dumps(example, JSON_COMPACT);

			fake_reply(fake, answers[n][0], 200, text);
			free(text);
			json_decref(example);
		}
		assert_ok(fake_poll(fake, &err), &err);
		if (flavours[i] == SPEC_FULL) {
			const json_t *version = fake_find(fake, "model_version", "name@version");

			assert_non_null(fake_find(fake, "model", "name"));
			assert_non_null(version);
			assert_int_equal(fake_int(version, "created_at"), 1773112364000);
			assert_int_equal(fake_skipped(fake), 0);
		}
		/* what has no name is told, not made up */
		if (flavours[i] == SPEC_BARE) {
			assert_int_equal(
			    fake_count(fake, "model") + fake_count(fake, "model_version"), 0);
			assert_true(fake_skipped(fake) > 0);
		}
		fake_free(fake);
	}
	json_decref(spec);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(airflow2_answers_of_the_specification_are_read),
    cmocka_unit_test(airflow3_answers_of_the_specification_are_read),
    cmocka_unit_test(airflow_task_instances_of_the_specifications_are_read),
    cmocka_unit_test(argo_answers_of_the_specification_are_read),
    cmocka_unit_test(prometheus_answers_of_the_specification_are_read),
    cmocka_unit_test(alertmanager_answers_of_the_specification_are_read),
    cmocka_unit_test(mlflow_answers_of_its_descriptors_are_read),
};

BN_TEST_MAIN(tests)

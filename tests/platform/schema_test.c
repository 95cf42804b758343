/* schema_test.c - answers built from the official specifications are read. */
/* SPDX-License-Identifier: MIT */
#include "../test.h"

#include "fakehost.h"
#include "spec.h"

extern const struct bn_plugin bn_plugin_airflow, bn_plugin_argo_workflows, bn_plugin_prometheus,
    bn_plugin_alertmanager;

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

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(airflow2_answers_of_the_specification_are_read),
    cmocka_unit_test(airflow3_answers_of_the_specification_are_read),
    cmocka_unit_test(airflow_task_instances_of_the_specifications_are_read),
    cmocka_unit_test(argo_answers_of_the_specification_are_read),
    cmocka_unit_test(prometheus_answers_of_the_specification_are_read),
    cmocka_unit_test(alertmanager_answers_of_the_specification_are_read),
};

BN_TEST_MAIN(tests)

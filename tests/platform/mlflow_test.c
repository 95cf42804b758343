/* mlflow_test.c - the mlflow plugin against answers of a real 3.17 and against odd ones. */
/* SPDX-License-Identifier: MIT */
#include "../test.h"

#include "base/memory.h"
#include "fakehost.h"

#define API "/api/2.0/mlflow"

extern const struct bn_plugin bn_plugin_mlflow;

/* The real server's answers, but for that one request. */
static struct fake *
mlflow_but(const char *request)
{
	static const char *const replies[][2] = {
	    {"GET " API "/registered-models/search", "mlflow/models.json"},
	    {"GET " API "/model-versions/search", "mlflow/versions.json"},
	    {"GET " API "/experiments/search", "mlflow/experiments.json"},
	    {"POST " API "/runs/search", "mlflow/runs.json"},
	    {"GET " API "/runs/get", "mlflow/run.json"},
	};
	struct fake *fake = fake_new(&bn_plugin_mlflow);

	fake_option(fake, "url", "http://mlflow.example:5000");
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++)
		if (strcmp(replies[i][0], request) != 0)
			fake_reply_file(fake, replies[i][0], replies[i][1]);
	return fake;
}

static struct fake *
mlflow(void)
{
	return mlflow_but("");
}

static const char *
item(const json_t *record, const char *list, size_t index)
{
	const char *text = json_string_value(json_array_get(json_object_get(record, list), index));

	return text != NULL ? text : "";
}

static void
mlflow_real_registry_is_read(void **state)
{
	struct fake *fake = mlflow();
	const json_t *model, *version;
	struct bn_error err;

	(void)state;
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(fake_count(fake, "model"), 3);
	assert_int_equal(fake_count(fake, "model_version"), 4);
	model = fake_find(fake, "model", "product-recs");
	assert_non_null(model);
	assert_string_equal(fake_text(model, "serving"), "endpoint");
	assert_string_equal(item(model, "aliases", 0), "challenger");
	assert_string_equal(item(model, "aliases", 1), "2");
	assert_string_equal(item(model, "aliases", 2), "champion");
	assert_string_equal(item(model, "aliases", 3), "1");
	assert_string_equal(item(model, "live", 0), "champion");
	assert_string_equal(item(model, "live", 1), "production");
	assert_string_equal(fake_text(model, "url"),
			    "http://mlflow.example:5000/#/models/product-recs");
	/* a model without aliases is known to have none */
	model = fake_find(fake, "model", "old-stage");
	assert_true(json_is_array(json_object_get(model, "aliases")));
	assert_int_equal(json_array_size(json_object_get(model, "aliases")), 0);
	version = fake_find(fake, "model_version", "old-stage@1");
	assert_string_equal(fake_text(version, "stage"), "Production");
	assert_string_equal(fake_text(version, "run"), "");
	assert_string_equal(fake_text(version, "status"), "healthy");
	assert_string_equal(fake_text(version, "artifact"), "s3://x/y");
	assert_int_equal(fake_int(version, "created_at"), INT64_C(1795894223256));
	version = fake_find(fake, "model_version", "product-recs@1");
	assert_string_equal(fake_text(version, "model"), "product-recs");
	assert_string_equal(fake_text(version, "version"), "1");
	assert_int_equal(fake_int(version, "run_read"), 1);
	assert_string_equal(fake_text(version, "image"),
			    "sklearn-1.4"); /* a parameter of the run */
	assert_int_equal(fake_int(version, "data_from"), INT64_C(1770422400000)); /* 2026-02-07 */
	assert_true(fake_int(version, "train_finished") >= fake_int(version, "train_started"));
	assert_string_equal(item(version, "params", 0), "epochs");
	assert_string_equal(item(version, "params", 1), "50");
	assert_true(fake_scope_done(fake, "models") && fake_scope_done(fake, "versions"));
	assert_int_equal(fake_skipped(fake), 0);
	fake_free(fake);
}

static void
mlflow_numbers_of_a_run_become_measures_of_its_version(void **state)
{
	struct fake *fake = mlflow();
	const json_t *measure;
	struct bn_error err;

	(void)state;
	assert_ok(fake_poll(fake, &err), &err);
	measure = fake_find(fake, "measure", "eval:ndcg");
	assert_non_null(measure);
	assert_string_equal(fake_text(measure, "about"), "model/product-recs@2");
	assert_true(fake_number(measure, "value") > 0.4);
	assert_true(fake_int(measure, "at") > 0);
	fake_free(fake);
}

static void
mlflow_few_runs_are_asked_for_alone_many_at_once_known_ones_not_again(void **state)
{
	struct fake *fake = mlflow();
	struct bn_error err;

	(void)state;
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(fake_asked(fake, "GET " API "/runs/get"), 3);
	assert_int_equal(fake_asked(fake, "POST " API "/runs/search"), 0);
	assert_string_equal(fake_watermark(fake, "updated"), "1795894323525");
	/* only what changed since, and what is as new as the newest that was seen */
	fake_forget(fake);
	fake_reopen(fake);
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(fake_asked(fake, "GET " API "/runs/get"), 2);
	assert_int_equal(fake_count(fake, "model_version"), 4);
	fake_free(fake);
}

/* Six versions of one model, each with a run. */
static void
six_versions(struct fake *fake)
{
	struct bn_buf text = BN_BUF_INIT(0);

	bn_buf_adds(&text, "{\"model_versions\":[");
	for (int i = 0; i < 6; i++)
		bn_buf_addf(&text,
			    "%s{\"name\":\"m\",\"version\":\"%d\",\"run_id\":\"%032d\",\"status\":"
			    "\"READY\",\"creation_timestamp\":\"17958942230%02d\","
			    "\"last_updated_timestamp\":\"17958942230%02d\"}",
			    i > 0 ? "," : "", i, i, i, i);
	bn_buf_adds(&text, "]}");
	fake_reply(fake, "GET " API "/model-versions/search", 200, bn_buf_text(&text));
	bn_buf_free(&text);
}

static void
mlflow_many_runs_are_searched_for_in_every_experiment(void **state)
{
	struct fake *fake = fake_new(&bn_plugin_mlflow);
	struct bn_error err;

	(void)state;
	fake_option(fake, "url", "http://mlflow.example:5000");
	fake_reply(fake, "GET " API "/registered-models/search", 200,
		   "{\"registered_models\":[{\"name\":\"m\"}]}");
	six_versions(fake);
	fake_reply_file(fake, "GET " API "/experiments/search", "mlflow/experiments.json");
	fake_reply(
	    fake, "POST " API "/runs/search", 200,
	    "{\"runs\":[{\"info\":{\"run_id\":\"00000000000000000000000000000003\",\"status\":"
	    "\"RUNNING\",\"start_time\":\"1795894223000\"},\"data\":{\"metrics\":[{\"key\":"
	    "\"wape\",\"value\":\"NaN\"},{\"key\":\"mae\",\"value\":0.5},{\"key\":\"system/cpu\","
	    "\"value\":3}]}}]}");
	fake_reply(fake, "GET " API "/runs/get", 404,
		   "{\"error_code\":\"RESOURCE_DOES_NOT_EXIST\",\"message\":\"gone\"}");
	assert_ok(fake_poll(fake, &err), &err);
	assert_true(fake_asked(fake, "GET " API "/experiments/search") >= 1);
	assert_true(fake_asked(fake, "POST " API "/runs/search") >= 1);
	/* 64-bit numbers as text; a run that is deleted leaves its version without numbers */
	assert_int_equal(fake_int(fake_find(fake, "model_version", "m@3"), "created_at"),
			 INT64_C(1795894223003));
	assert_int_equal(fake_int(fake_find(fake, "model_version", "m@3"), "run_read"), 1);
	assert_int_equal(fake_int(fake_find(fake, "model_version", "m@4"), "run_read"), 0);
	/* neither what is no number nor MLflow's own measurements of the machine */
	assert_int_equal(fake_count(fake, "measure"), 1);
	assert_non_null(fake_find(fake, "measure", "eval:mae"));
	/* a run that goes on is asked for again */
	assert_non_null(strstr(fake_watermark(fake, "open"), "00000000000000000000000000000003"));
	assert_int_equal(fake_skipped(fake), 0);
	fake_free(fake);
}

static void
mlflow_pages_are_read_to_the_last_and_no_further(void **state)
{
	struct fake *fake = mlflow_but("GET " API "/registered-models/search");
	struct bn_error err;

	(void)state;
	fake_reply(fake, "GET " API "/registered-models/search", 200,
		   "{\"registered_models\":[{\"name\":\"a\"}],\"next_page_token\":\"b64==\"}");
	fake_reply(fake, "GET " API "/registered-models/search?max_results=100&page_token=b64", 200,
		   "{\"registered_models\":[{\"name\":\"b\"}],\"next_page_token\":\"\"}");
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(fake_asked(fake, "GET " API "/registered-models/search"), 2);
	assert_int_equal(fake_count(fake, "model"), 2);
	fake_free(fake);
	/* a token that comes again has no end */
	fake = mlflow_but("GET " API "/registered-models/search");
	fake_reply(fake, "GET " API "/registered-models/search", 200,
		   "{\"registered_models\":[{\"name\":\"a\"}],\"next_page_token\":\"x\"}");
	assert_int_equal(fake_poll(fake, &err), BN_EPARSE);
	assert_false(fake_scope_done(fake, "models"));
	fake_free(fake);
}

static void
mlflow_broken_items_are_counted_and_strange_words_kept(void **state)
{
	struct fake *fake = fake_new(&bn_plugin_mlflow);
	struct bn_error err;

	(void)state;
	fake_option(fake, "url", "http://mlflow.example:5000");
	fake_reply(
	    fake, "GET " API "/registered-models/search", 200,
	    "{\"registered_models\":[{\"name\":\"\"},{\"aliases\":7},{\"name\":\"ok\","
	    "\"aliases\":[{\"alias\":\"a\"},{\"version\":\"1\"},{\"alias\":\"b\",\"version\":2}],"
	    "\"tags\":{\"not\":\"a list\"},\"creation_timestamp\":-5}]}");
	fake_reply(
	    fake, "GET " API "/model-versions/search", 200,
	    "{\"model_versions\":[{\"name\":\"ok\"},{\"version\":\"1\"},17,{\"name\":\"ok\","
	    "\"version\":2,\"status\":\"MELTING\",\"tags\":[{\"key\":\"live_from\",\"value\":"
	    "\"yesterday\"}]}]}");
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(fake_count(fake, "model"), 1);
	assert_int_equal(
	    json_array_size(json_object_get(fake_find(fake, "model", "ok"), "aliases")), 2);
	assert_string_equal(fake_text(fake_find(fake, "model_version", "ok@2"), "status"),
			    "unknown");
	assert_string_equal(fake_text(fake_find(fake, "model_version", "ok@2"), "raw_status"),
			    "MELTING");
	assert_int_equal(fake_int(fake_find(fake, "model_version", "ok@2"), "live_from"), 0);
	assert_true(fake_skipped(fake) >= 5);
	fake_free(fake);
}

static void
mlflow_runs_that_may_not_be_read_cost_no_model(void **state)
{
	struct fake *fake = mlflow_but("GET " API "/runs/get");
	struct bn_error err;

	(void)state;
	fake_reply(fake, "GET " API "/runs/get", 403,
		   "{\"error_code\":\"PERMISSION_DENIED\",\"message\":\"no\"}");
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(fake_count(fake, "model_version"), 4);
	assert_int_equal(fake_count(fake, "measure"), 0);
	assert_int_equal(fake_int(fake_find(fake, "model_version", "product-recs@1"), "run_read"),
			 0);
	assert_true(fake_scope_done(fake, "versions"));
	/* it is said, and asked for again next time */
	assert_int_equal(fake_skipped(fake), 1);
	assert_null(fake_watermark(fake, "updated"));
	fake_free(fake);
}

static void
mlflow_errors_of_the_server_are_errors(void **state)
{
	struct fake *fake = mlflow_but("GET " API "/registered-models/search");
	struct bn_error err;

	(void)state;
	fake_reply(fake, "GET " API "/registered-models/search", 400,
		   "{\"error_code\":\"INVALID_PARAMETER_VALUE\",\"message\":\"Invalid value\"}");
	assert_true(fake_poll(fake, &err) < 0);
	assert_false(fake_scope_done(fake, "models"));
	assert_int_equal(fake_count(fake, "model"), 0);
	fake_free(fake);
	fake = mlflow_but("GET " API "/registered-models/search");
	fake_reply(fake, "GET " API "/registered-models/search", 200, "<html>proxy</html>");
	assert_int_equal(fake_poll(fake, &err), BN_EPARSE);
	fake_free(fake);
}

static void
mlflow_section_of_a_model_wins_over_its_tags(void **state)
{
	struct fake *fake = mlflow();
	const json_t *model;
	struct bn_error err;

	(void)state;
	fake_section(fake, "product-recs");
	fake_section_option(fake, "metric", "ndcg");
	fake_section_option(fake, "better", "higher");
	fake_section_option(fake, "serving", "batch");
	fake_section_option(fake, "live-on", "endpoint/api-recs");
	fake_section_option(fake, "live-alias", "gold");
	fake_section_option(fake, "auto-deploy", "true");
	fake_section_option(fake, "psi-bad", "0.4");
	fake_section_option(fake, "check", "p95 < 150");
	fake_section_option(fake, "check", "kpi:click-through >= 0.028");
	assert_ok(fake_poll(fake, &err), &err);
	model = fake_find(fake, "model", "product-recs");
	assert_string_equal(fake_text(model, "metric"), "ndcg");
	assert_string_equal(fake_text(model, "serving"), "batch");
	assert_string_equal(item(model, "live", 0), "gold");
	assert_int_equal(json_array_size(json_object_get(model, "live")), 1);
	assert_int_equal(fake_int(model, "auto_deploy"), 1);
	assert_true(fake_number(model, "psi_bad") > 0.39);
	assert_string_equal(item(model, "checks", 0), "p95");
	assert_string_equal(item(model, "checks", 1), "<");
	assert_string_equal(item(model, "checks", 2), "150");
	assert_string_equal(item(model, "checks", 4), "kpi:click-through");
	assert_string_equal(item(model, "checks", 5), ">=");
	assert_int_equal(fake_count(fake, "link"), 1);
	/* and of no other model */
	assert_string_equal(fake_text(fake_find(fake, "model", "old-stage"), "metric"), "");
	fake_free(fake);
}

static void
mlflow_check_that_is_not_understood_is_refused(void **state)
{
	static const char *const wrong[] = {"p95",	"p95 < fast", "< 3",
					    "p95 <> 3", "p95 == 3",   "p95 < 3 4"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct fake *fake = mlflow();
		struct bn_error err;

		fake_section(fake, "product-recs");
		fake_section_option(fake, "check", wrong[i]);
		assert_int_equal(fake_poll(fake, &err), BN_ECONFIG);
		assert_non_null(strstr(err.message, wrong[i]));
		fake_free(fake);
	}
}

static void
mlflow_version_that_is_looked_at_brings_its_signature(void **state)
{
	struct fake *fake = mlflow();
	const json_t *version;
	struct bn_error err;

	(void)state;
	fake_reply_file(fake, "GET " API "/model-versions/get", "mlflow/version.json");
	fake_reply_file(fake, "GET /ajax-api/2.0/mlflow/logged-models", "mlflow/MLmodel");
	assert_ok(fake_detail(fake, BN_MODEL, "lpo-postage@1", &err), &err);
	version = fake_find(fake, "model_version", "lpo-postage@1");
	assert_non_null(version);
	assert_string_equal(fake_text(version, "signature"),
			    "{\"inputs\":[{\"type\": \"any\", \"required\": true}],\"outputs\":[{"
			    "\"type\": \"any\", \"required\": true}]}");
	assert_int_equal(fake_asked(fake, "GET /ajax-api/2.0/mlflow/logged-models/m-3473e"), 1);
	fake_forget(fake);
	fake_reply_file(fake, "GET " API "/registered-models/get", "mlflow/model.json");
	assert_ok(fake_detail(fake, BN_MODEL, "product-recs", &err), &err);
	assert_non_null(fake_find(fake, "model", "product-recs"));
	fake_free(fake);
}

static void
mlflow_2_signature_is_read_from_the_run(void **state)
{
	struct fake *fake = mlflow_but("GET " API "/runs/get");
	struct bn_error err;

	(void)state;
	fake_reply(
	    fake, "GET " API "/runs/get", 200,
	    "{\"run\":{\"info\":{\"run_id\":\"x\",\"status\":\"FINISHED\"},\"data\":{\"tags\":[{"
	    "\"key\":\"mlflow.log-model.history\",\"value\":\"[{\\\"signature\\\":{\\\"inputs\\\":"
	    "\\\"[{\\\\\\\"name\\\\\\\":\\\\\\\"x\\\\\\\"}]\\\",\\\"outputs\\\":null}}]\"}]}}}");
	assert_ok(fake_poll(fake, &err), &err);
	assert_string_equal(
	    fake_text(fake_find(fake, "model_version", "product-recs@1"), "signature"),
	    "{\"inputs\":[{\"name\":\"x\"}],\"outputs\":null}");
	fake_free(fake);
}

static void
mlflow_doctor_asks_for_each_right(void **state)
{
	struct fake *fake = mlflow_but("GET " API "/experiments/search");
	const json_t *check;
	struct bn_error err;
	size_t i, notes = 0, fails = 0;

	(void)state;
	fake_reply(fake, "GET /version", 200, "3.17.2");
	fake_reply(fake, "GET " API "/registered-models/get", 404,
		   "{\"error_code\":\"RESOURCE_DOES_NOT_EXIST\",\"message\":\"not found\"}");
	fake_reply(fake, "GET " API "/experiments/search", 403,
		   "{\"error_code\":\"PERMISSION_DENIED\",\"message\":\"no\"}");
	fake_section(fake, "nobody");
	assert_ok(fake_doctor(fake, &err), &err);
	json_array_foreach(fake_checks(fake), i, check)
	{
		notes += strcmp(fake_text(check, "verdict"), "note") == 0;
		fails += strcmp(fake_text(check, "verdict"), "fail") == 0;
	}
	assert_int_equal(json_array_size(fake_checks(fake)), 6);
	assert_int_equal(notes, 1); /* a section of a model that is not there */
	assert_int_equal(fails, 1); /* experiments */
	fake_free(fake);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(mlflow_real_registry_is_read),
    cmocka_unit_test(mlflow_numbers_of_a_run_become_measures_of_its_version),
    cmocka_unit_test(mlflow_few_runs_are_asked_for_alone_many_at_once_known_ones_not_again),
    cmocka_unit_test(mlflow_many_runs_are_searched_for_in_every_experiment),
    cmocka_unit_test(mlflow_pages_are_read_to_the_last_and_no_further),
    cmocka_unit_test(mlflow_broken_items_are_counted_and_strange_words_kept),
    cmocka_unit_test(mlflow_runs_that_may_not_be_read_cost_no_model),
    cmocka_unit_test(mlflow_errors_of_the_server_are_errors),
    cmocka_unit_test(mlflow_section_of_a_model_wins_over_its_tags),
    cmocka_unit_test(mlflow_check_that_is_not_understood_is_refused),
    cmocka_unit_test(mlflow_version_that_is_looked_at_brings_its_signature),
    cmocka_unit_test(mlflow_2_signature_is_read_from_the_run),
    cmocka_unit_test(mlflow_doctor_asks_for_each_right),
};

BN_TEST_MAIN(tests)

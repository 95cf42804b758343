/* airflow_test.c - the airflow plugin against replies of real 2.10 and 3.x servers. */
/* SPDX-License-Identifier: MIT */
#include "../test.h"

#include "base/clock.h"
#include "fakehost.h"

extern const struct bn_plugin bn_plugin_airflow;

#define V1  "GET /api/v1"
#define V2  "GET /api/v2"
#define RUN "billing_export/scheduled__2024-01-01T00:00:00+00:00"
/* as it must be in a path: the offset's plus sign and the colons escaped */
#define RUN_PATH "scheduled__2024-01-01T00%3A00%3A00%2B00%3A00"

static const char no_runs[] = "{\"dag_runs\":[],\"total_entries\":0}";

static struct fake *
new_fake(const char *api)
{
	struct fake *fake = fake_new(&bn_plugin_airflow);

	fake_option(fake, "url", "https://airflow.example.com/");
	if (api != NULL)
		fake_option(fake, "api", api);
	fake_now(fake, "2026-11-20T16:40:00Z");
	return fake;
}

/* A real 2.10.5, as it was while one DAG had failed. */
static struct fake *
airflow2(void)
{
	struct fake *fake = new_fake(NULL);

	fake_reply(fake, V2 "/version", 404, "<html>Airflow 404</html>");
	fake_reply_file(fake, V1 "/version", "airflow2/version.json");
	fake_reply_file(fake, V1 "/health", "airflow2/health.json");
	fake_reply_file(fake, V1 "/dags?", "airflow2/dags.json");
	fake_reply_file(fake, V1 "/dags/~/dagRuns?", "airflow2/runs.json");
	fake_reply_file(fake, V1 "/dags/~/dagRuns?limit=100&offset=0&order_by=-start_date&state",
			"airflow2/runs-active.json");
	fake_reply_file(fake, V1 "/importErrors?", "airflow2/import-errors.json");
	fake_reply_file(fake, V1 "/pools?", "airflow2/pools.json");
	fake_reply_file(fake, V1 "/dags/billing_export/dagRuns/" RUN_PATH, "airflow2/run-one.json");
	fake_reply_file(fake, V1 "/dags/billing_export/tasks", "airflow2/tasks.json");
	fake_reply_file(fake, V1 "/dags/billing_export/dagRuns/" RUN_PATH "/taskInstances?",
			"airflow2/ti-billing_export.json");
	fake_reply_file(fake,
			V1 "/dags/billing_export/dagRuns/" RUN_PATH "/taskInstances/export/logs/1",
			"airflow2/log-plain.log");
	fake_reply(fake, V1 "/dags/score_regions/dagRuns", 404, "{}");
	return fake;
}

static struct fake *
airflow3(void)
{
	struct fake *fake = new_fake(NULL);

	fake_secret(fake, "password", "wonder\"land");
	fake_option(fake, "user", "viewer");
	fake_reply(fake, "POST /auth/token", 201, "{\"access_token\":\"jwt-1\"}");
	fake_reply_file(fake, V2 "/version", "airflow3/version.json");
	fake_reply_file(fake, V2 "/monitor/health", "airflow3/health.json");
	fake_reply_file(fake, V2 "/dags?", "airflow3/dags.json");
	fake_reply_file(fake, V2 "/dags/~/dagRuns?", "airflow3/runs.json");
	fake_reply_file(fake, V2 "/dags/~/dagRuns?limit=100&offset=0&order_by=-start_date&state",
			"airflow3/runs-active.json");
	fake_reply_file(fake, V2 "/importErrors?", "airflow3/import-errors.json");
	fake_reply_file(fake, V2 "/pools?", "airflow3/pools.json");
	fake_reply_file(fake, V2 "/dags/billing_export/dagRuns/" RUN_PATH, "airflow3/run-one.json");
	fake_reply_file(fake, V2 "/dags/billing_export/tasks", "airflow3/tasks.json");
	fake_reply_file(fake, V2 "/dags/billing_export/dagRuns/" RUN_PATH "/taskInstances?",
			"airflow3/ti-billing_export.json");
	fake_reply_file(fake,
			V2 "/dags/billing_export/dagRuns/" RUN_PATH "/taskInstances/export/logs/1",
			"airflow3/log-ndjson.ndjson");
	fake_reply(fake, V2 "/dags/score_regions/dagRuns", 404, "{\"detail\":\"not here\"}");
	return fake;
}

/* ---- polling --------------------------------------------------------------------------------- */

static void
check_poll(struct fake *fake, const char *run_page)
{
	const json_t *record;
	struct bn_error err;

	assert_ok(fake_poll(fake, &err), &err);
	assert_true(fake_scope_done(fake, "dags"));
	assert_true(fake_scope_done(fake, "runs"));
	assert_true(fake_scope_done(fake, "import-errors"));
	assert_true(fake_scope_done(fake, "pools"));
	assert_true(fake_scope_done(fake, "health"));

	record = fake_find(fake, "pipeline", "billing_export");
	assert_non_null(record);
	assert_string_equal(fake_text(record, "status"), "healthy");
	assert_string_equal(fake_text(record, "schedule"), "@once");
	assert_string_equal(fake_text(record, "owner"), "data-platform");
	assert_string_equal(fake_text(record, "engine"), "airflow");
	assert_string_equal(fake_text(record, "definition"), "billing_export.py");
	assert_non_null(json_object_get(json_object_get(record, "labels"), "billing"));
	record = fake_find(fake, "pipeline", "quarterly_report");
	assert_string_equal(fake_text(record, "status"), "paused");
	assert_true(json_is_true(json_object_get(record, "paused")));

	record = fake_find(fake, "run", "orders_hourly/scheduled__2024-01-01T00:00:00+00:00");
	assert_non_null(record);
	assert_string_equal(fake_text(record, "status"), "succeeded");
	assert_string_equal(fake_text(record, "raw_status"), "success");
	assert_string_equal(fake_text(record, "trigger"), "schedule");
	assert_string_equal(fake_text(record, "pipeline"), "orders_hourly");
	assert_true(fake_int(record, "finished_at") > fake_int(record, "started_at"));
	assert_true(fake_int(record, "since") == fake_int(record, "finished_at"));
	record = fake_find(fake, "run", RUN);
	assert_string_equal(fake_text(record, "status"), "failed");
	assert_string_equal(fake_text(record, "url"), run_page);

	/* The import error's DAG has no row of its own: the finding is about nothing. */
	assert_int_equal(fake_count(fake, "finding"), 1);
	assert_int_equal(fake_skipped(fake), 1); /* score_regions' tasks, answered with 404 above */
}

static void
airflow_real_210_server_is_read(void **state)
{
	struct fake *fake = airflow2();
	const json_t *finding;

	(void)state;
	check_poll(fake,
		   "https://airflow.example.com/dags/billing_export/grid?dag_run_id=" RUN_PATH);
	finding = fake_find(fake, "finding", "/opt/airflow/dags/broken_import.py");
	assert_non_null(finding);
	assert_string_equal(fake_text(finding, "name"), "broken_import.py does not import");
	assert_string_equal(
	    fake_text(finding, "message"),
	    "ModuleNotFoundError: No module named 'warehouse_sdk_that_is_not_installed'");
	assert_int_equal(fake_int(finding, "since"),
			 bn_time_parse("2026-11-20T16:24:53.616806+00:00"));
	/* basic authentication is the host's affair */
	assert_null(fake_bearer(fake));
	fake_free(fake);
}

static void
airflow_real_3_server_is_read_after_login(void **state)
{
	struct fake *fake = airflow3();

	(void)state;
	check_poll(fake, "https://airflow.example.com/dags/billing_export/runs/" RUN_PATH);
	assert_string_equal(fake_bearer(fake), "jwt-1");
	assert_int_equal(fake_asked(fake, "POST /auth/token"), 1);
	assert_non_null(fake_find(fake, "finding", "broken_import.py"));
	fake_free(fake);
}

/* What failed, and why, is there without anybody asking for it. */
static void
check_explained(struct fake *fake, const char *why)
{
	const json_t *record;
	struct bn_error err;

	assert_ok(fake_poll(fake, &err), &err);
	record = fake_find(fake, "run", RUN);
	assert_string_equal(fake_text(record, "message"), why);
	assert_int_equal(fake_int(record, "tasks_total"), 3);
	assert_int_equal(fake_int(record, "tasks_failed"), 1);
	assert_int_equal(fake_int(record, "tasks_done"), 1);
	assert_int_equal(fake_int(record, "tasks_skipped"), 1);

	record = fake_find(fake, "task", "export");
	assert_string_equal(fake_text(record, "status"), "failed");
	assert_string_equal(fake_text(record, "run"), RUN);
	assert_string_equal(fake_text(record, "log"), "-1 1 export");
	assert_string_equal(
	    json_string_value(json_array_get(json_object_get(record, "depends"), 0)), "collect");
	record = fake_find(fake, "task", "notify");
	assert_string_equal(fake_text(record, "raw_status"), "upstream_failed");
	assert_string_equal(fake_text(record, "log"), "");
	assert_int_equal(fake_int(record, "started_at"), 0);
	assert_true(fake_int(record, "order") >
		    fake_int(fake_find(fake, "task", "export"), "order"));

	/* The next poll knows it and asks for what changed only. */
	fake_forget(fake);
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(fake_count(fake, "task"), 0);
	assert_int_equal(fake_asked(fake, "GET /api/v1/dags/~/dagRuns") +
			     fake_asked(fake, "GET /api/v2/dags/~/dagRuns"),
			 1);
}

static void
airflow_new_failure_is_explained_from_text_log(void **state)
{
	struct fake *fake = airflow2();

	(void)state;
	check_explained(fake,
			"export: RuntimeError: ledger-db refused the connection: too many clients");
	assert_int_equal(
	    fake_asked(fake, V1
		       "/dags/~/dagRuns?limit=100&offset=0&order_by=-start_date&updated_at_gte="),
	    1);
	fake_free(fake);
}

static void
airflow_new_failure_is_explained_from_records(void **state)
{
	struct fake *fake = airflow3();

	(void)state;
	check_explained(fake,
			"export: RuntimeError: ledger-db refused the connection: too many clients");
	fake_free(fake);
}

static void
airflow_unhealthy_scheduler_is_a_critical_finding(void **state)
{
	struct fake *fake = new_fake("v1");
	const json_t *finding;
	struct bn_error err;

	(void)state;
	fake_reply(fake, V1 "/health", 200,
		   "{\"metadatabase\":{\"status\":\"healthy\"},\"dag_processor\":{\"status\":null},"
		   "\"scheduler\":{\"status\":\"unhealthy\",\"latest_scheduler_heartbeat\":\"2026-"
		   "11-20T16:00:00+00:00\"}}");
	fake_reply(fake, V1 "/dags?", 200, "{\"dags\":[],\"total_entries\":0}");
	fake_reply(fake, V1 "/dags/~", 200, no_runs);
	fake_reply(fake, V1 "/importErrors", 200, "{\"import_errors\":[],\"total_entries\":0}");
	fake_reply(
	    fake, V1 "/pools", 200,
	    "{\"pools\":[{\"name\":\"warehouse\",\"slots\":4,\"open_slots\":0,\"queued_slots\":3},"
	    "{\"name\":\"endless\",\"slots\":-1,\"open_slots\":-1,\"queued_slots\":9},"
	    "{\"name\":\"busy\",\"slots\":4,\"open_slots\":0,\"queued_slots\":0}],\"total_"
	    "entries\":3}");
	assert_ok(fake_poll(fake, &err), &err);
	finding = fake_find(fake, "finding", "health/scheduler");
	assert_string_equal(fake_text(finding, "severity"), "crit");
	assert_int_equal(fake_int(finding, "since"), bn_time_parse("2026-11-20T16:00:00Z"));
	assert_null(fake_find(fake, "finding", "health/dag_processor"));
	assert_string_equal(fake_text(fake_find(fake, "finding", "pool/warehouse"), "message"),
			    "all 4 slots are taken, 3 wait");
	assert_null(fake_find(fake, "finding", "pool/endless"));
	assert_null(fake_find(fake, "finding", "pool/busy"));
	/* what changed is asked for by the server's clock, not ours */
	assert_string_equal(fake_watermark(fake, "runs-changed"), "2026-11-20T15:58:00Z");
	fake_free(fake);
}

static void
airflow_long_list_is_read_page_by_page(void **state)
{
	struct fake *fake = new_fake("v2");
	char page[16384] = "{\"dag_runs\":[", item[128];
	struct bn_error err;

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(item, sizeof(item),
			 "%s{\"dag_id\":\"d\",\"dag_run_id\":\"r%d\",\"state\":\"success\"}",
			 i > 0 ? "," : "", i);
		strcat(page, item);
	}
	strcat(page, "],\"total_entries\":101}");
	fake_reply(fake, "GET /auth/token", 200, "{\"access_token\":\"t\"}");
	fake_reply(fake, V2 "/monitor/health", 200, "{}");
	fake_reply(fake, V2 "/dags?", 200, "{\"dags\":[],\"total_entries\":0}");
	fake_reply(fake, V2 "/dags/~/dagRuns?limit=100&offset=0", 200, page);
	fake_reply(fake, V2 "/dags/~/dagRuns?limit=100&offset=100", 200,
		   "{\"dag_runs\":[{\"dag_id\":\"d\",\"dag_run_id\":\"last\",\"state\":\"running\"}"
		   "],\"total_entries\":101}");
	fake_reply(fake, V2 "/dags/~/dagRuns?limit=100&offset=0&order_by=-start_date&state", 200,
		   no_runs);
	fake_reply(fake, V2 "/importErrors", 403, "{\"detail\":\"Forbidden\"}");
	fake_reply(fake, V2 "/pools", 200, "{\"pools\":[],\"total_entries\":0}");
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(fake_count(fake, "run"), 101);
	assert_string_equal(fake_text(fake_find(fake, "run", "d/last"), "status"), "running");
	/* what the login may not read is said, everything else is read */
	assert_int_equal(fake_skipped(fake), 1);
	assert_false(fake_scope_done(fake, "import-errors"));
	assert_true(fake_scope_done(fake, "pools"));
	fake_free(fake);
}

/* ---- detail ---------------------------------------------------------------------------------- */

static void
airflow_mapped_task_has_a_key_for_each_index(void **state)
{
	struct fake *fake = new_fake("v1");
	struct bn_error err;

	(void)state;
	fake_reply(fake, V1 "/dags/score_regions/dagRuns/" RUN_PATH, 200,
		   "{\"dag_id\":\"score_regions\",\"dag_run_id\":\"scheduled__2024-01-01T00:00:00+"
		   "00:00\",\"state\":\"failed\"}");
	fake_reply_file(fake, V1 "/dags/score_regions/dagRuns/" RUN_PATH "/taskInstances?",
			"airflow2/ti-score_regions.json");
	fake_reply(fake, V1 "/dags/score_regions/dagRuns/" RUN_PATH "/taskInstances/", 200, "");
	fake_reply(fake, V1 "/dags/score_regions/tasks", 404, "{}");
	assert_ok(
	    fake_detail(fake, BN_RUN, "score_regions/scheduled__2024-01-01T00:00:00+00:00", &err),
	    &err);
	assert_string_equal(fake_text(fake_find(fake, "task", "score[1]"), "status"), "failed");
	assert_string_equal(fake_text(fake_find(fake, "task", "score[1]"), "log"), "1 1 score");
	assert_string_equal(fake_text(fake_find(fake, "task", "score[0]"), "status"), "succeeded");
	assert_int_equal(fake_asked(fake, V1 "/dags/score_regions/dagRuns/" RUN_PATH
					     "/taskInstances/score/logs/1?map_index=1"),
			 1);
	fake_free(fake);
}

static void
airflow_earlier_tries_are_told_as_tries_of_the_task(void **state)
{
	struct fake *fake = new_fake("v2");
	struct bn_error err;

	(void)state;
	fake_reply(fake, "GET /auth/token", 200, "{\"jwt_token\":\"t\"}");
	fake_reply(fake, V2 "/dags/crm_sync/dagRuns/" RUN_PATH, 200,
		   "{\"dag_id\":\"crm_sync\",\"dag_run_id\":\"scheduled__2024-01-01T00:00:00+00:"
		   "00\",\"state\":\"success\"}");
	fake_reply_file(fake, V2 "/dags/crm_sync/dagRuns/" RUN_PATH "/taskInstances?",
			"airflow3/ti-crm_sync.json");
	fake_reply_file(fake, V2 "/dags/crm_sync/dagRuns/" RUN_PATH "/taskInstances/pull/tries",
			"airflow3/tries.json");
	fake_reply(fake, V2 "/dags/crm_sync/tasks", 200,
		   "{\"tasks\":[{\"task_id\":\"pull\",\"downstream_task_ids\":[]}]}");
	assert_ok(fake_detail(fake, BN_RUN, "crm_sync/scheduled__2024-01-01T00:00:00+00:00", &err),
		  &err);
	assert_string_equal(fake_bearer(fake), "t");
	assert_int_equal(fake_count(fake, "task"), 2);
	assert_string_equal(fake_text(fake_try(fake, "pull", 1), "status"), "failed");
	assert_string_equal(fake_text(fake_try(fake, "pull", 2), "status"), "succeeded");
	assert_true(fake_int(fake_try(fake, "pull", 1), "finished_at") <=
		    fake_int(fake_try(fake, "pull", 2), "started_at"));
	assert_string_equal(fake_text(fake_try(fake, "pull", 1), "log"), "-1 1 pull");
	assert_string_equal(fake_text(fake_find(fake, "task", "pull"), "type"), "@task");
	fake_free(fake);
}

static void
airflow_cleared_task_loses_its_old_dates(void **state)
{
	struct fake *fake = new_fake("v1");
	const json_t *task;
	struct bn_error err;

	(void)state;
	fake_reply(fake, V1 "/dags/d/dagRuns/r", 200,
		   "{\"dag_id\":\"d\",\"dag_run_id\":\"r\",\"state\":\"queued\",\"start_date\":"
		   "\"2026-11-20T16:00:00Z\","
		   "\"end_date\":\"2026-11-20T16:01:00Z\"}");
	fake_reply(fake, V1 "/dags/d/dagRuns/r/taskInstances?", 200,
		   "{\"task_instances\":[{\"task_id\":\"t\",\"state\":null,\"start_date\":\"2026-"
		   "11-20T16:00:00Z\","
		   "\"end_date\":\"2026-11-20T16:01:00Z\",\"try_number\":1}],\"total_entries\":1}");
	fake_reply(fake, V1 "/dags/d/tasks", 404, "{}");
	assert_ok(fake_detail(fake, BN_RUN, "d/r", &err), &err);
	task = fake_find(fake, "task", "t");
	assert_string_equal(fake_text(task, "status"), "queued");
	assert_int_equal(fake_int(task, "started_at"), 0);
	assert_int_equal(fake_int(task, "finished_at"), 0);
	assert_int_equal(fake_int(fake_find(fake, "run", "d/r"), "finished_at"), 0);
	fake_free(fake);
}

/* ---- what became of a clear ---------------------------------------------------------------------- */

struct look {
	struct bn_intent intent;
	enum bn_outcome_state state;
	char answer[256];
};

static int
reconcile(struct bn_source *s, struct bn_batch *batch, struct bn_sink *sink, void *payload,
	  struct bn_error *err)
{
	struct look *look = payload;
	struct bn_outcome outcome = {.state = BN_OUTCOME_UNKNOWN};
	int rc = bn_plugin_airflow.reconcile(s, &look->intent, &outcome, err);

	(void)batch;
	(void)sink;
	look->state = outcome.state;
	snprintf(look->answer, sizeof(look->answer), "%s",
		 outcome.answer != NULL ? outcome.answer : "");
	return rc;
}

static void
airflow_only_a_run_that_began_again_was_cleared(void **state)
{
#define START "2026-03-10T03:05:04.250000"
#define END   "2026-03-10T03:07:10.500000"
	static const struct {
		const char *shows;
		enum bn_outcome_state state;
		const char *says;
	} cases[] = {
	    {"\"failed\",\"start_date\":\"" START "+00:00\",\"end_date\":\"" END "+00:00\"",
	     BN_OUTCOME_UNCHANGED, "still shows the attempt of before"},
	    {"\"queued\",\"start_date\":null,\"end_date\":null", BN_OUTCOME_DONE,
	     "ours or somebody else's"},
	    {"\"running\",\"start_date\":\"2026-03-10T03:20:00+00:00\",\"end_date\":null",
	     BN_OUTCOME_DONE, "newer attempt"},
	    /* it was quick, and failed again or went well: the start tells */
	    {"\"failed\",\"start_date\":\"2026-03-10T03:20:00+00:00\",\"end_date\":"
	     "\"2026-03-10T03:20:01+00:00\"",
	     BN_OUTCOME_DONE, "newer attempt"},
	    {"\"success\",\"start_date\":\"2026-03-10T03:20:00+00:00\",\"end_date\":"
	     "\"2026-03-10T03:20:01+00:00\"",
	     BN_OUTCOME_DONE, "newer attempt"},
	    /* a colleague marked it */
	    {"\"success\",\"start_date\":\"" START "+00:00\",\"end_date\":\"2026-03-10T03:30:00"
	     "+00:00\"",
	     BN_OUTCOME_UNKNOWN, "shows success"},
	    {"\"failed\",\"start_date\":\"" START "+00:00\",\"end_date\":\"2026-03-10T03:30:00"
	     "+00:00\"",
	     BN_OUTCOME_UNKNOWN, "no retry does that"},
	    /* the same moment, written otherwise by a server that was upgraded meanwhile */
	    {"\"failed\",\"start_date\":\"" START "Z\",\"end_date\":\"" END "Z\"",
	     BN_OUTCOME_UNKNOWN, "did not begin again"},
	    {"null,\"start_date\":null,\"end_date\":null", BN_OUTCOME_UNKNOWN, "shows ?"},
	};
	struct bn_error err;
	char body[400];
	size_t i, k;

	(void)state;
	for (k = 0; k < 2; k++)
		for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct fake *fake = new_fake(k == 0 ? "v1" : "v2");
			struct look look = {
			    .intent = {.about = {BN_RUN, "test", "d/r"},
				       .verb = "retry",
				       .mode = "clear",
				       .attempt = "failed " START "+00:00/" END "+00:00"}};

			snprintf(body, sizeof(body), "{\"state\":%s}", cases[i].shows);
			fake_reply(fake, "GET /auth/token", 200, "{\"jwt_token\":\"t\"}");
			fake_reply(fake, k == 0 ? V1 "/dags/d/dagRuns/r" : V2 "/dags/d/dagRuns/r",
				   200, body);
			assert_ok(fake_call(fake, reconcile, &look, &err), &err);
			assert_int_equal(look.state, cases[i].state);
			assert_non_null(strstr(look.answer, cases[i].says));
			fake_free(fake);
		}
#undef START
#undef END
}

/* ---- logs ------------------------------------------------------------------------------------ */

static const char *
line(const struct fake *fake, size_t index)
{
	return fake_text(json_array_get(fake_lines(fake), index), "text");
}

static void
airflow_text_log_is_told_without_its_preamble(void **state)
{
	struct fake *fake = airflow2();
	const struct bn_log_request request = {
	    .run = RUN, .task = "export", .handle = "-1 1 export"};
	struct bn_error err;

	(void)state;
	assert_ok(fake_logs(fake, &request, &err), &err);
	assert_true(json_array_size(fake_lines(fake)) > 10);
	assert_int_equal(fake_int(json_array_get(fake_lines(fake), 0), "at"),
			 bn_time_parse("2026-11-20T16:24:07.060Z"));
	assert_string_equal(
	    line(fake, 0),
	    "{local_task_job_runner.py:123} INFO - ::group::Pre task execution logs");
	fake_free(fake);
}

static void
airflow_lost_text_log_says_why(void **state)
{
	struct fake *fake = new_fake("v1");
	const struct bn_log_request request = {.run = "d/r", .task = "pull", .handle = "-1 7 pull"};
	struct bn_error err;

	(void)state;
	fake_reply_file(fake, V1 "/dags/d/dagRuns/r/taskInstances/pull/logs/7",
			"airflow2/log-nosuchtry.log");
	assert_ok(fake_logs(fake, &request, &err), &err);
	assert_int_equal(json_array_size(fake_lines(fake)), 1);
	assert_non_null(strstr(line(fake, 0), "Could not read served logs: 404"));
	fake_free(fake);
}

static void
airflow_running_text_log_is_followed_without_repeating(void **state)
{
	struct fake *fake = new_fake("v1");
	const struct bn_log_request request = {
	    .run = "d/r", .task = "train", .handle = "-1 1 train", .follow = true};
	const char *task = V1 "/dags/d/dagRuns/r/taskInstances/train",
		   *log = V1 "/dags/d/dagRuns/r/taskInstances/train/logs/1";
	struct bn_error err;
	int epochs = 0, ninth = 0;

	(void)state;
	fake_follow(fake, true);
	for (int i = 0; i < 3; i++)
		fake_reply(fake, task, 200, "{\"state\":\"running\",\"try_number\":1}");
	fake_reply(fake, task, 200, "{\"state\":\"success\",\"try_number\":1}");
	fake_reply_file(fake, log, "airflow2/log-running-1.log");
	fake_reply_file(fake, log, "airflow2/log-running-3.log");
	fake_reply_file(fake, log, "airflow2/log-running-6.log");
	assert_ok(fake_logs(fake, &request, &err), &err);
	for (size_t i = 0; i < json_array_size(fake_lines(fake)); i++) {
		epochs += strstr(line(fake, i), "epoch ") != NULL;
		ninth += strstr(line(fake, i), "epoch 9 ") != NULL;
	}
	assert_int_equal(epochs, 10);
	assert_int_equal(ninth, 1);
	fake_free(fake);
}

static void
airflow_records_carry_level_and_exception(void **state)
{
	struct fake *fake = airflow3();
	const struct bn_log_request request = {
	    .run = RUN, .task = "export", .handle = "-1 1 export"};
	struct bn_error err;
	bool level = false, exception = false;

	(void)state;
	assert_ok(fake_logs(fake, &request, &err), &err);
	for (size_t i = 0; i < json_array_size(fake_lines(fake)); i++) {
		level = level || strcmp(line(fake, i), "ERROR Task failed with exception") == 0;
		exception =
		    exception ||
		    strcmp(line(fake, i),
			   "RuntimeError: ledger-db refused the connection: too many clients") == 0;
		assert_null(strstr(line(fake, i), "Log message source details"));
	}
	assert_true(level);
	assert_true(exception);
	fake_free(fake);
}

static void
airflow_running_records_are_continued_by_token(void **state)
{
	struct fake *fake = new_fake("v2");
	const struct bn_log_request request = {
	    .run = "d/r", .task = "t", .handle = "-1 1 t", .follow = true};
	const char *task = V2 "/dags/d/dagRuns/r/taskInstances/t",
		   *log = V2 "/dags/d/dagRuns/r/taskInstances/t/logs/1";
	struct bn_error err;

	(void)state;
	fake_secret(fake, "token", "given");
	fake_follow(fake, true);
	fake_reply(fake, task, 200, "{\"state\":\"running\",\"try_number\":1}");
	fake_reply(fake, task, 200, "{\"state\":\"running\",\"try_number\":1}");
	fake_reply(fake, task, 200, "{\"state\":\"success\",\"try_number\":1}");
	fake_reply(fake, log, 200,
		   "{\"content\":[{\"event\":\"one\",\"timestamp\":\"2026-11-20T16:00:00Z\"}],"
		   "\"continuation_token\":\"a b\"}");
	fake_reply(fake, V2 "/dags/d/dagRuns/r/taskInstances/t/logs/1?token=a%20b", 200,
		   "{\"content\":[{\"event\":\"two\",\"level\":\"info\"}, \"three\", "
		   "4],\"continuation_token\":null}");
	assert_ok(fake_logs(fake, &request, &err), &err);
	assert_int_equal(json_array_size(fake_lines(fake)), 3);
	assert_string_equal(line(fake, 0), "one");
	assert_string_equal(line(fake, 1), "INFO two");
	assert_string_equal(line(fake, 2), "three");
	fake_free(fake);
}

static void
airflow_log_of_a_whole_run_is_refused_with_a_hint(void **state)
{
	struct fake *fake = new_fake("v1");
	const struct bn_log_request request = {.run = RUN};
	struct bn_error err;

	(void)state;
	assert_fails_with(BN_EUNSUPPORTED, fake_logs(fake, &request, &err));
	assert_string_equal(err.hint, "choose a task that has run");
	fake_free(fake);
}

/* ---- login ----------------------------------------------------------------------------------- */

static void
airflow_expired_token_is_renewed_once(void **state)
{
	struct fake *fake = airflow3();
	struct bn_error err;

	(void)state;
	assert_ok(fake_poll(fake, &err), &err);
	fake_forget(fake);
	/* the server restarted with another secret: it says 403 to our token */
	fake_reply(fake, V2 "/monitor/health?", 200, "{}");
	fake_reply(fake, "POST /auth/token", 201, "{\"access_token\":\"jwt-2\"}");
	fake_reply(fake, V2 "/dags?limit=100&offset=0&order_by=dag_id", 403,
		   "{\"detail\":\"Invalid JWT token\"}");
	fake_reply_file(fake, V2 "/dags?limit=100&offset=0&order_by=dag_id", "airflow3/dags.json");
	assert_ok(fake_poll(fake, &err), &err);
	assert_string_equal(fake_bearer(fake), "jwt-2");
	assert_true(fake_scope_done(fake, "pools"));
	fake_free(fake);
}

static void
airflow_refused_login_says_what_to_set(void **state)
{
	struct fake *fake = new_fake("v2");
	struct bn_error err;

	(void)state;
	fake_reply(fake, "GET /auth/token", 401, "{\"detail\":\"Invalid credentials\"}");
	assert_fails_with(BN_EAUTH, fake_poll(fake, &err));
	assert_non_null(strstr(err.hint, "password-command"));
	fake_free(fake);
}

static void
airflow_wrong_address_is_told_with_a_hint(void **state)
{
	struct fake *fake = new_fake(NULL);
	struct bn_error err;

	(void)state;
	fake_reply(fake, "GET /", 404, "<html>nginx</html>");
	assert_fails_with(BN_ENOTFOUND, fake_poll(fake, &err));
	assert_non_null(strstr(err.hint, "url"));
	fake_free(fake);
}

static void
airflow_doctor_answers_each_question(void **state)
{
	struct fake *fake = airflow2();
	struct bn_error err;

	(void)state;
	fake_reply(fake, V1 "/pools?limit=1", 403, "{\"title\":\"Forbidden\"}");
	assert_ok(fake_doctor(fake, &err), &err);
	assert_int_equal(json_array_size(fake_checks(fake)), 6);
	assert_string_equal(fake_text(json_array_get(fake_checks(fake), 0), "detail"), "2.10.5");
	assert_string_equal(fake_text(json_array_get(fake_checks(fake), 1), "detail"), "healthy");
	assert_string_equal(fake_text(json_array_get(fake_checks(fake), 5), "verdict"), "fail");
	fake_free(fake);
}

/* ---- hostile --------------------------------------------------------------------------------- */

static void
airflow_broken_items_are_skipped_and_counted(void **state)
{
	struct fake *fake = new_fake("v1");
	struct bn_error err;

	(void)state;
	fake_reply(fake, V1 "/health", 200, "{\"scheduler\":7}");
	fake_reply(
	    fake, V1 "/dags?", 200,
	    "{\"dags\":[{\"dag_id\":null},17,\"x\",{\"dag_id\":\"ok\",\"tags\":[{\"name\":5},null],"
	    "\"owners\":\"me\","
	    "\"schedule_interval\":{\"value\":{}},\"is_paused\":\"yes\"},{}],\"total_entries\":5}");
	fake_reply(
	    fake, V1 "/dags/~", 200,
	    "{\"dag_runs\":[{\"dag_id\":\"ok\"},{\"dag_id\":\"ok\",\"dag_run_id\":\"r1\",\"state\":"
	    "\"levitating\","
	    "\"start_date\":1e300,\"end_date\":\"soon\"},[],{\"dag_id\":\"ok\",\"dag_run_id\":"
	    "\"r2\",\"x\":99999999999999999999}],\"total_entries\":-5}");
	fake_reply(fake, V1 "/importErrors", 200, "{\"import_errors\":[{\"filename\":null}]}");
	fake_reply(fake, V1 "/pools", 200, "{\"pools\":null}");
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(fake_count(fake, "pipeline"), 1);
	assert_string_equal(fake_text(fake_find(fake, "pipeline", "ok"), "schedule"), "");
	assert_string_equal(fake_text(fake_find(fake, "run", "ok/r1"), "status"), "unknown");
	assert_string_equal(fake_text(fake_find(fake, "run", "ok/r1"), "raw_status"), "levitating");
	assert_int_equal(fake_int(fake_find(fake, "run", "ok/r1"), "started_at"), 0);
	/* 4 DAGs, 3 runs in each of 2 lists (one for a number no 64 bits hold), 1 import error */
	assert_int_equal(fake_skipped(fake), 11);
	fake_free(fake);
}

static void
airflow_truncated_list_marks_nothing_as_gone(void **state)
{
	struct fake *fake = new_fake("v1");
	struct bn_error err;

	(void)state;
	fake_reply(fake, V1 "/health", 200, "{}");
	fake_reply(fake, V1 "/dags?", 200, "{\"dags\":[{\"dag_id\":\"a\"},{\"dag_id\":\"b");
	assert_fails_with(BN_EPARSE, fake_poll(fake, &err));
	assert_false(fake_scope_done(fake, "dags"));
	fake_free(fake);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(airflow_real_210_server_is_read),
    cmocka_unit_test(airflow_real_3_server_is_read_after_login),
    cmocka_unit_test(airflow_new_failure_is_explained_from_text_log),
    cmocka_unit_test(airflow_new_failure_is_explained_from_records),
    cmocka_unit_test(airflow_unhealthy_scheduler_is_a_critical_finding),
    cmocka_unit_test(airflow_long_list_is_read_page_by_page),
    cmocka_unit_test(airflow_mapped_task_has_a_key_for_each_index),
    cmocka_unit_test(airflow_earlier_tries_are_told_as_tries_of_the_task),
    cmocka_unit_test(airflow_cleared_task_loses_its_old_dates),
    cmocka_unit_test(airflow_only_a_run_that_began_again_was_cleared),
    cmocka_unit_test(airflow_text_log_is_told_without_its_preamble),
    cmocka_unit_test(airflow_lost_text_log_says_why),
    cmocka_unit_test(airflow_running_text_log_is_followed_without_repeating),
    cmocka_unit_test(airflow_records_carry_level_and_exception),
    cmocka_unit_test(airflow_running_records_are_continued_by_token),
    cmocka_unit_test(airflow_log_of_a_whole_run_is_refused_with_a_hint),
    cmocka_unit_test(airflow_expired_token_is_renewed_once),
    cmocka_unit_test(airflow_refused_login_says_what_to_set),
    cmocka_unit_test(airflow_wrong_address_is_told_with_a_hint),
    cmocka_unit_test(airflow_doctor_answers_each_question),
    cmocka_unit_test(airflow_broken_items_are_skipped_and_counted),
    cmocka_unit_test(airflow_truncated_list_marks_nothing_as_gone),
};

BN_TEST_MAIN(tests)

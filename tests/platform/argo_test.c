/* argo_test.c - the argo-workflows plugin: lists, watermarks, the tree of nodes, logs. */
/* SPDX-License-Identifier: MIT */
#include "../test.h"

#include "base/clock.h"
#include "fakehost.h"

extern const struct bn_plugin bn_plugin_argo_workflows;

#define RUN  "transform-hourly-28f6k"
#define WF   "GET /api/v1/workflows/data"
#define MASK "fields=metadata%2Citems.metadata.name"

static struct fake *
new_fake(const char *namespace)
{
	struct fake *fake = fake_new(&bn_plugin_argo_workflows);

	fake_option(fake, "url", "https://argo.example.com");
	if (namespace != NULL)
		fake_option(fake, "namespace", namespace);
	fake_now(fake, "2026-03-10T03:12:44Z");
	return fake;
}

static struct fake *
argo(void)
{
	struct fake *fake = new_fake("data");

	fake_reply(fake, "GET /api/v1/version", 200, "{\"version\":\"v4.1.2\"}");
	fake_reply_file(fake, "GET /api/v1/cron-workflows/data?", "argo/crons.json");
	fake_reply_file(fake, "GET /api/v1/workflow-templates/data?", "argo/templates.json");
	fake_reply_file(fake, WF "?", "argo/runs.json");
	fake_reply_file(
	    fake,
	    WF "?listOptions.limit=500&listOptions.labelSelector=workflows.argoproj.io%2Fcompleted",
	    "argo/unfinished.json");
	fake_reply_file(fake, WF "/" RUN "?", "argo/nodes.json");
	fake_reply(fake, WF "/report-x8?", 404, "{\"message\":\"not found\"}");
	return fake;
}

/* ---- polling --------------------------------------------------------------------------------- */

static void
argo_cron_workflows_are_pipelines(void **state)
{
	struct fake *fake = argo();
	const json_t *record;
	struct bn_error err;

	(void)state;
	assert_ok(fake_poll(fake, &err), &err);
	record = fake_find(fake, "pipeline", "transform-hourly");
	assert_string_equal(fake_text(record, "schedule"), "5 * * * *");
	assert_string_equal(fake_text(record, "timezone"), "Europe/Berlin");
	assert_string_equal(fake_text(record, "status"), "healthy");
	assert_string_equal(fake_text(record, "owner"), "data-platform");
	assert_string_equal(fake_text(record, "group"), "transformation");
	assert_string_equal(fake_text(record, "definition"), "cron/transform-hourly.yaml");
	assert_string_equal(fake_text(record, "idempotence"), "idempotent");
	assert_string_equal(fake_text(record, "url"),
			    "https://argo.example.com/cron-workflows/data/transform-hourly");
	record = fake_find(fake, "pipeline", "ing-shop-orders");
	assert_string_equal(fake_text(record, "schedule"), "*/10 * * * *; 5 4 * * *");
	assert_string_equal(fake_text(record, "idempotence"), "append");
	assert_string_equal(fake_text(record, "status"), "degraded");
	assert_string_equal(fake_text(record, "message"), "template dbt-build not found");
	record = fake_find(fake, "pipeline", "test-load");
	assert_string_equal(fake_text(record, "status"), "paused");
	assert_true(fake_scope_done(fake, "cron-workflows"));
	/* dbt-build is how a cron workflow is made, transform-hourly is one: neither is a second
	 * pipeline */
	assert_non_null(fake_find(fake, "pipeline", "report"));
	assert_null(fake_find(fake, "pipeline", "dbt-build"));
	assert_int_equal(fake_count(fake, "pipeline"), 4);
	fake_free(fake);
}

static void
argo_runs_have_the_state_of_phase_and_spec(void **state)
{
	static const struct {
		const char *key, *status, *pipeline, *trigger;
	} rows[] = {{RUN, "failed", "transform-hourly", "schedule"},
		    {"transform-hourly-27f1c", "succeeded", "transform-hourly", "schedule"},
		    {"report-x7", "cancelled", "report", "manual"},
		    {"report-x8", "failed", "report", "resubmit"},
		    {"ing-shop-orders-9", "running", "ing-shop-orders", "schedule"},
		    {"approve-1", "paused", "", ""},
		    {"fresh-1", "queued", "", ""}};
	struct fake *fake = argo();
	const json_t *record;
	struct bn_error err;

	(void)state;
	assert_ok(fake_poll(fake, &err), &err);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		record = fake_find(fake, "run", rows[i].key);
		assert_non_null(record);
		assert_string_equal(fake_text(record, "status"), rows[i].status);
		assert_string_equal(fake_text(record, "pipeline"), rows[i].pipeline);
		assert_string_equal(fake_text(record, "trigger"), rows[i].trigger);
	}
	record = fake_find(fake, "run", "report-x8");
	assert_string_equal(fake_text(record, "raw_status"), "Error");
	assert_string_equal(fake_text(record, "message"), "quota exceeded");
	assert_string_equal(fake_text(record, "retry_of"), "report-x7");
	record = fake_find(fake, "run", "ing-shop-orders-9");
	assert_string_equal(fake_text(record, "progress"), "1/3");
	/* progress counts pods; how many tasks there are is known from the nodes */
	assert_int_equal(fake_int(record, "tasks_total"), -1);
	assert_int_equal(fake_int(record, "queued_at"), bn_time_parse("2026-03-10T03:10:00Z"));
	assert_int_equal(fake_int(record, "since"), bn_time_parse("2026-03-10T03:10:34Z"));
	fake_free(fake);
}

/* An unmasked list of big workflows has brought servers down. */
static void
argo_every_list_of_runs_is_masked(void **state)
{
	struct fake *fake = argo();
	struct bn_error err;
	int lists = 0;

	(void)state;
	assert_ok(fake_poll(fake, &err), &err);
	for (size_t i = 0; i < fake_request_count(fake); i++)
		if (strncmp(fake_request(fake, i, NULL), WF "?", strlen(WF "?")) == 0) {
			assert_non_null(strstr(fake_request(fake, i, NULL), MASK));
			assert_null(strstr(fake_request(fake, i, NULL), "nodes"));
			lists++;
		}
	assert_int_equal(lists, 2);
	assert_int_equal(fake_asked(fake, WF "?listOptions.limit=500&" MASK), 1);
	fake_free(fake);
}

static const char *
window_request(const struct fake *fake)
{
	for (size_t i = 0; i < fake_request_count(fake); i++)
		if (strstr(fake_request(fake, i, NULL), "createdAfter=") != NULL)
			return fake_request(fake, i, NULL);
	return "";
}

static void
argo_next_poll_reads_from_the_newest_run_on(void **state)
{
	struct fake *fake = argo();
	struct bn_error err;

	(void)state;
	assert_ok(fake_poll(fake, &err), &err);
	/* the whole window first */
	assert_non_null(strstr(window_request(fake), "createdAfter=2026-03-03T03%3A12%3A44Z"));
	/* fresh-1, a minute back */
	assert_string_equal(fake_watermark(fake, "runs-created"), "2026-03-10T03:11:40Z");
	fake_forget(fake);
	assert_ok(fake_poll(fake, &err), &err);
	assert_non_null(strstr(window_request(fake), "createdAfter=2026-03-10T03%3A11%3A40Z"));
	/* once an hour the whole window again */
	fake_forget(fake);
	fake_now(fake, "2026-03-10T04:20:00Z");
	assert_ok(fake_poll(fake, &err), &err);
	assert_non_null(strstr(window_request(fake), "createdAfter=2026-03-03T04%3A20%3A00Z"));
	fake_free(fake);
}

static void
argo_unfinished_run_that_left_the_lists_is_looked_up(void **state)
{
	struct fake *fake = argo();
	struct bn_error err;

	(void)state;
	assert_ok(fake_poll(fake, &err), &err);
	assert_string_equal(fake_watermark(fake, "runs-unfinished"),
			    "ing-shop-orders-9 approve-1 fresh-1 ");
	fake_forget(fake);
	fake_reply(fake,
		   WF "?listOptions.limit=500&listOptions.labelSelector=workflows.argoproj.io%"
		      "2Fcompleted%21%3Dtrue&fields=metadata",
		   200, "{\"metadata\":{},\"items\":null}");
	fake_reply(fake, WF "?listOptions.limit=500&fields=metadata", 200,
		   "{\"metadata\":{},\"items\":null}");
	fake_reply(fake, WF "/ing-shop-orders-9?", 200,
		   "{\"metadata\":{\"name\":\"ing-shop-orders-9\",\"namespace\":\"data\"},"
		   "\"status\":{\"phase\":\"Succeeded\","
		   "\"finishedAt\":\"2026-03-10T03:13:14Z\"}}");
	fake_reply(
	    fake, WF "/approve-1?", 404,
	    "{\"code\":5,\"message\":\"workflows.argoproj.io \\\"approve-1\\\" not found\"}");
	fake_reply(fake, WF "/fresh-1?", 200,
		   "{\"metadata\":{\"name\":\"fresh-1\",\"namespace\":\"data\"},\"status\":{"
		   "\"phase\":\"Running\"}}");
	assert_ok(fake_poll(fake, &err), &err);
	assert_string_equal(fake_text(fake_find(fake, "run", "ing-shop-orders-9"), "status"),
			    "succeeded");
	assert_string_equal(fake_text(fake_find(fake, "run", "approve-1"), "status"), "cancelled");
	assert_string_equal(fake_text(fake_find(fake, "run", "approve-1"), "raw_status"),
			    "deleted");
	assert_string_equal(fake_text(fake_find(fake, "run", "fresh-1"), "status"), "running");
	assert_string_equal(fake_watermark(fake, "runs-unfinished"), "fresh-1 ");
	fake_free(fake);
}

static void
argo_continue_token_is_passed_back_as_it_came(void **state)
{
	struct fake *fake = new_fake("data");
	struct bn_error err;

	(void)state;
	fake_reply(fake, "GET /api/v1/version", 200, "{}");
	fake_reply(fake, "GET /api/v1/cron-workflows/data?listOptions.limit=500", 200,
		   "{\"metadata\":{\"continue\":\"eyJ2/= "
		   "+\"},\"items\":[{\"metadata\":{\"name\":\"a\"}}]}");
	fake_reply(
	    fake,
	    "GET "
	    "/api/v1/cron-workflows/"
	    "data?listOptions.limit=500&listOptions.continue=eyJ2%2F%3D%20%2B",
	    200, "{\"metadata\":{\"continue\":\"\"},\"items\":[{\"metadata\":{\"name\":\"b\"}}]}");
	fake_reply(fake, "GET /api/v1/", 200, "{\"metadata\":{},\"items\":null}");
	assert_ok(fake_poll(fake, &err), &err);
	assert_non_null(fake_find(fake, "pipeline", "b"));
	assert_int_equal(fake_asked(fake, "GET /api/v1/cron-workflows"), 2);
	fake_free(fake);
}

static void
argo_all_namespaces_make_keys_with_namespace(void **state)
{
	struct fake *fake = new_fake(NULL);
	const json_t *run;
	struct bn_error err;

	(void)state;
	fake_reply(fake, "GET /api/v1/version", 200, "{\"version\":\"v3.4.9\"}");
	fake_reply_file(fake, "GET /api/v1/cron-workflows/?", "argo/crons.json");
	fake_reply(fake, "GET /api/v1/workflow-templates/?", 403, "{\"message\":\"no right\"}");
	fake_reply(fake, "GET /api/v1/workflows/?", 200, "{\"items\":[]}");
	/* before v3.5 the archive is a list of its own */
	fake_reply_file(fake,
			"GET "
			"/api/v1/"
			"archived-workflows?listOptions.limit=100&listOptions.fieldSelector=spec."
			"startedAt%3E2026-03-03",
			"argo/runs.json");
	fake_reply_file(fake, "GET /api/v1/workflows/data/" RUN "?", "argo/nodes.json");
	fake_reply(fake, "GET /api/v1/workflows/data/report-x8?", 404, "{}");
	assert_ok(fake_poll(fake, &err), &err);
	assert_non_null(fake_find(fake, "pipeline", "data/transform-hourly"));
	run = fake_find(fake, "run", "data/" RUN);
	assert_string_equal(fake_text(run, "pipeline"), "data/transform-hourly");
	assert_string_equal(fake_text(run, "name"), RUN);
	/* what may not be listed is said, and nothing of it is swept */
	assert_false(fake_scope_done(fake, "workflow-templates"));
	assert_true(fake_scope_done(fake, "runs"));
	assert_int_equal(fake_skipped(fake), 2);
	fake_free(fake);
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static const char *
depend(const json_t *task, size_t index)
{
	const char *text =
	    json_string_value(json_array_get(json_object_get(task, "depends"), index));

	return text != NULL ? text : "";
}

static void
argo_failed_run_is_explained_by_the_node_that_failed_first(void **state)
{
	struct fake *fake = argo();
	const json_t *run;
	struct bn_error err;

	(void)state;
	assert_ok(fake_poll(fake, &err), &err);
	run = fake_find(fake, "run", RUN);
	assert_string_equal(fake_text(run, "message"),
			    "x: DRIVER_UNREACHABLE: cluster 0310-dbt-prod terminated");
	assert_int_equal(fake_int(run, "tasks_total"), 7);
	assert_int_equal(fake_int(run, "tasks_failed"), 1);
	assert_int_equal(fake_int(run, "tasks_skipped"), 1);
	assert_int_equal(fake_int(run, "tasks_done"), 4);
	fake_forget(fake);
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(fake_count(fake, "task"), 0);
	fake_free(fake);
}

static void
argo_attempts_are_tries_of_one_task(void **state)
{
	struct fake *fake = argo();
	const json_t *task;
	struct bn_error err;

	(void)state;
	assert_ok(fake_detail(fake, BN_RUN, RUN, &err), &err);
	task = fake_try(fake, RUN "-1", 1);
	assert_string_equal(fake_text(task, "status"), "failed");
	assert_string_equal(fake_text(task, "name"), "a");
	assert_string_equal(fake_text(task, "type"), "Pod");
	assert_string_equal(fake_text(task, "message"), "OOMKilled (exit code 137)");
	task = fake_try(fake, RUN "-1", 2);
	assert_string_equal(fake_text(task, "status"), "succeeded");
	assert_null(fake_find(fake, "task", RUN "-11"));
	/* pod names by v2: workflow, template, FNV-1a of the node's name */
	assert_string_equal(fake_text(task, "log"), RUN "-dbt-1058790530 " RUN "-12 main");
	fake_free(fake);
}

static void
argo_nodes_make_a_tree_with_dependencies(void **state)
{
	static const struct {
		const char *key, *parent, *status;
	} rows[] = {{RUN, "", "failed"},
		    {RUN "-1", RUN, "succeeded"},
		    {RUN "-2", RUN, "failed"},
		    {RUN "-21", RUN "-2", "failed"},
		    {RUN "-211", RUN "-21", "failed"},
		    {RUN "-212", RUN "-21", "succeeded"},
		    {RUN "-3", RUN, "succeeded"},
		    {RUN "-31", RUN "-3", "succeeded"},
		    {RUN "-4", RUN, "skipped"},
		    {RUN "-5", RUN, "paused"}};
	struct fake *fake = argo();
	struct bn_error err;

	(void)state;
	assert_ok(fake_detail(fake, BN_RUN, RUN, &err), &err);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const json_t *task = fake_find(fake, "task", rows[i].key);

		assert_non_null(task);
		assert_string_equal(fake_text(task, "parent"), rows[i].parent);
		assert_string_equal(fake_text(task, "status"), rows[i].status);
		assert_string_equal(fake_text(task, "run"), RUN);
	}
	/* b and c follow the last attempt of a, and so a; d follows what is inside b and c, and so
	 * these */
	assert_string_equal(depend(fake_find(fake, "task", RUN "-2"), 0), RUN "-1");
	assert_string_equal(depend(fake_find(fake, "task", RUN "-3"), 0), RUN "-1");
	assert_string_equal(depend(fake_find(fake, "task", RUN "-4"), 0), RUN "-2");
	assert_string_equal(depend(fake_find(fake, "task", RUN "-4"), 1), RUN "-3");
	assert_string_equal(depend(fake_find(fake, "task", RUN "-4"), 2), "");
	assert_string_equal(depend(fake_find(fake, "task", RUN "-211"), 0), "");
	assert_string_equal(fake_text(fake_find(fake, "task", RUN "-4"), "raw_status"), "Omitted");
	assert_string_equal(fake_text(fake_find(fake, "task", RUN "-4"), "log"), "");
	fake_free(fake);
}

static void
argo_circular_nodes_end(void **state)
{
	struct fake *fake = new_fake("data");
	struct bn_error err;

	(void)state;
	fake_reply(
	    fake, WF "/w?", 200,
	    "{\"metadata\":{\"name\":\"w\"},\"status\":{\"phase\":\"Exploded\",\"nodes\":{"
	    "\"a\":{\"id\":\"a\",\"name\":\"n\",\"type\":\"Retry\",\"boundaryID\":\"b\","
	    "\"children\":[\"b\",\"a\",7,null,\"zz\"]},"
	    "\"b\":{\"id\":\"b\",\"name\":\"n(0)\",\"type\":\"TaskGroup\",\"boundaryID\":\"a\","
	    "\"children\":[\"a\"]},"
	    "\"c\":{\"name\":\"no "
	    "id\"},\"d\":7,\"e\":{\"id\":\"e\",\"boundaryID\":\"e\",\"phase\":\"Dancing\"}}}}");
	assert_ok(fake_detail(fake, BN_RUN, "w", &err), &err);
	assert_string_equal(fake_text(fake_find(fake, "run", "w"), "status"), "unknown");
	assert_string_equal(fake_text(fake_find(fake, "run", "w"), "raw_status"), "Exploded");
	assert_string_equal(fake_text(fake_find(fake, "task", "e"), "status"), "unknown");
	assert_string_equal(fake_text(fake_find(fake, "task", "e"), "raw_status"), "Dancing");
	assert_int_equal(fake_skipped(fake), 2);
	fake_free(fake);
}

/* ---- logs ------------------------------------------------------------------------------------ */

#define HANDLE RUN "-dbt-1058790530 " RUN "-12 main"
#define LOG    WF "/" RUN "/log?"

static const char *
line(const struct fake *fake, size_t index)
{
	return fake_text(json_array_get(fake_lines(fake), index), "text");
}

static void
argo_log_lines_come_with_their_times(void **state)
{
	struct fake *fake = argo();
	const struct bn_log_request request = {
	    .run = RUN, .task = RUN "-12", .handle = HANDLE, .tail = 500};
	struct bn_error err;

	(void)state;
	fake_reply_file(fake, LOG, "argo/log.ndjson");
	assert_ok(fake_logs(fake, &request, &err), &err);
	assert_int_equal(json_array_size(fake_lines(fake)), 3);
	assert_string_equal(line(fake, 1), "WARN  driver heartbeat missed");
	assert_int_equal(fake_int(json_array_get(fake_lines(fake), 1), "at"),
			 bn_time_parse("2026-03-10T03:06:59.5Z"));
	assert_int_equal(
	    fake_asked(fake,
		       LOG "podName=" RUN
			   "-dbt-1058790530&logOptions.container=main&logOptions.tailLines=500"),
	    1);
	fake_free(fake);
}

static void
argo_log_of_a_lost_pod_comes_from_the_archive(void **state)
{
	struct fake *fake = argo();
	const struct bn_log_request request = {.run = RUN, .task = RUN "-12", .handle = HANDLE};
	struct bn_error err;

	(void)state;
	fake_reply(fake, LOG, 200,
		   "{\"error\":{\"grpc_code\":5,\"http_code\":404,\"message\":\"pods \\\"x\\\" not "
		   "found\"}}\n");
	fake_reply(fake, "GET /artifact-files/data/workflows/" RUN "/" RUN "-12/outputs/main-logs",
		   404, "{}");
	fake_reply(fake, "GET /artifact-files/data/archived-workflows/9b1d6a5e-7a11-4c02-9f52-",
		   200, "first\nsecond\n");
	assert_ok(fake_logs(fake, &request, &err), &err);
	assert_string_equal(line(fake, 1), "second");
	fake_free(fake);
}

static void
argo_log_that_is_nowhere_says_what_to_do(void **state)
{
	struct fake *fake = argo();
	const struct bn_log_request request = {.run = RUN, .task = RUN "-12", .handle = HANDLE};
	struct bn_error err;

	(void)state;
	fake_reply(fake, LOG, 200, "");
	fake_reply(fake, "GET /artifact-files/", 404, "{}");
	assert_fails_with(BN_ENOTFOUND, fake_logs(fake, &request, &err));
	assert_non_null(strstr(err.hint, "archiveLogs"));
	fake_free(fake);
}

static void
argo_error_in_the_stream_is_an_error(void **state)
{
	struct fake *fake = argo();
	const struct bn_log_request request = {.run = RUN, .task = RUN "-12", .handle = HANDLE};
	struct bn_error err;

	(void)state;
	fake_reply(fake, LOG, 200,
		   "{\"error\":{\"grpc_code\":7,\"message\":\"pods is forbidden\"}}\n");
	assert_fails_with(BN_EPERM, fake_logs(fake, &request, &err));
	assert_non_null(strstr(err.message, "pods is forbidden"));
	fake_free(fake);
}

/* Proxies cut idle streams; what comes again after that is not told twice. */
static void
argo_cut_stream_is_resumed_without_repeating(void **state)
{
	struct fake *fake = new_fake("data");
	const struct bn_log_request request = {
	    .run = RUN, .task = RUN "-12", .handle = HANDLE, .follow = true};
	struct bn_error err;

	(void)state;
	fake_follow(fake, true);
	fake_reply(fake, WF "/" RUN "?", 200, "{\"status\":{\"phase\":\"Running\"}}");
	fake_reply(fake, WF "/" RUN "?", 200, "{\"status\":{\"phase\":\"Failed\"}}");
	fake_reply(fake, LOG, 200,
		   "{\"result\":{\"content\":\"2026-03-10T03:06:10Z "
		   "one\"}}\n{\"result\":{\"content\":\"2026-03-10T03:06:11.5Z two\"}}\n");
	fake_reply(fake,
		   LOG "podName=" RUN "-dbt-1058790530&logOptions.container=main&logOptions."
		       "timestamps=true&logOptions.sinceTime.seconds=1773111971",
		   200,
		   "{\"result\":{\"content\":\"2026-03-10T03:06:11.5Z "
		   "two\"}}\n{\"result\":{\"content\":\"2026-03-10T03:06:12Z three\"}}\n");
	assert_ok(fake_logs(fake, &request, &err), &err);
	assert_int_equal(json_array_size(fake_lines(fake)), 3);
	assert_string_equal(line(fake, 2), "three");
	fake_free(fake);
}

static void
argo_log_of_a_run_names_the_pods(void **state)
{
	struct fake *fake = argo();
	const struct bn_log_request request = {.run = RUN};
	struct bn_error err;

	(void)state;
	fake_reply_file(fake, LOG, "argo/log.ndjson");
	assert_ok(fake_logs(fake, &request, &err), &err);
	assert_string_equal(line(fake, 1), RUN "-dbt-1: WARN  driver heartbeat missed");
	fake_free(fake);
}

/* ---- login, doctor, hostile ------------------------------------------------------------------ */

static void
argo_token_is_accepted_with_bearer_in_front(void **state)
{
	struct fake *fake = argo();
	struct bn_error err;

	(void)state;
	fake_secret(fake, "token", "Bearer v2:abc");
	assert_ok(fake_poll(fake, &err), &err);
	assert_string_equal(fake_bearer(fake), "v2:abc");
	fake_free(fake);
}

static void
argo_doctor_answers_each_question(void **state)
{
	struct fake *fake = argo();
	struct bn_error err;

	(void)state;
	fake_reply(fake, "GET /api/v1/userinfo", 200,
		   "{\"subject\":\"system:serviceaccount:data:binnacle\"}");
	fake_reply(fake, "GET /api/v1/cron-workflows/data?listOptions.limit=1", 403,
		   "{\"message\":\"cronworkflows is forbidden\"}");
	assert_ok(fake_doctor(fake, &err), &err);
	assert_int_equal(json_array_size(fake_checks(fake)), 5);
	assert_string_equal(fake_text(json_array_get(fake_checks(fake), 0), "detail"), "v4.1.2");
	assert_string_equal(fake_text(json_array_get(fake_checks(fake), 3), "verdict"), "fail");
	assert_non_null(strstr(fake_text(json_array_get(fake_checks(fake), 3), "detail"),
			       "cronworkflows is forbidden"));
	fake_free(fake);
}

static void
argo_broken_items_are_skipped_and_counted(void **state)
{
	struct fake *fake = new_fake("data");
	struct bn_error err;

	(void)state;
	fake_reply(fake, "GET /api/v1/version", 200, "[]");
	fake_reply(fake, "GET /api/v1/cron-workflows/data?", 200,
		   "{\"items\":[null,{\"metadata\":{\"name\":7}},{\"metadata\":{\"name\":\"ok\","
		   "\"labels\":{\"a\":1,\"b\":\"c\"}},"
		   "\"spec\":{\"schedules\":\"x\",\"suspend\":3}}]}");
	fake_reply(fake, "GET /api/v1/workflow-templates/data?", 200, "{\"items\":{}}");
	fake_reply(fake, WF "?", 200,
		   "{\"items\":[{\"metadata\":{\"name\":\"r\"},\"status\":{\"phase\":[],"
		   "\"progress\":\"9/2\",\"startedAt\":\"never\"}},"
		   "{\"metadata\":{\"name\":\"s\"},\"status\":{\"phase\":\"Succeeded\","
		   "\"progress\":\"-1/2\"}},\"junk\"]}");
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(fake_count(fake, "pipeline"), 1);
	assert_string_equal(fake_text(fake_find(fake, "run", "r"), "status"), "queued");
	assert_int_equal(fake_int(fake_find(fake, "run", "r"), "tasks_total"), -1);
	assert_int_equal(fake_int(fake_find(fake, "run", "s"), "tasks_total"), -1);
	assert_int_equal(fake_skipped(fake), 4);
	fake_free(fake);
}

static void
argo_truncated_list_marks_nothing_as_gone(void **state)
{
	struct fake *fake = new_fake("data");
	struct bn_error err;

	(void)state;
	fake_reply(fake, "GET /api/v1/cron-workflows/data?", 200,
		   "{\"items\":[{\"metadata\":{\"name\":\"a\"}},{\"meta");
	assert_fails_with(BN_EPARSE, fake_poll(fake, &err));
	assert_false(fake_scope_done(fake, "cron-workflows"));
	fake_free(fake);
}

/* ---- what became of a retry ----------------------------------------------------------------------- */

struct look {
	struct bn_intent intent;
	enum bn_outcome_state state;
	char answer[256], run[64];
};

static int
reconcile(struct bn_source *s, struct bn_batch *batch, struct bn_sink *sink, void *payload,
	  struct bn_error *err)
{
	struct look *look = payload;
	struct bn_outcome outcome = {.state = BN_OUTCOME_UNKNOWN};
	int rc = bn_plugin_argo_workflows.reconcile(s, &look->intent, &outcome, err);

	(void)batch;
	(void)sink;
	look->state = outcome.state;
	snprintf(look->answer, sizeof(look->answer), "%s",
		 outcome.answer != NULL ? outcome.answer : "");
	snprintf(look->run, sizeof(look->run), "%s", outcome.run != NULL ? outcome.run : "");
	return rc;
}

#define START "2026-03-10T03:05:04Z"
#define END   "2026-03-10T03:07:10Z"

static void
argo_only_a_workflow_that_began_again_was_retried(void **state)
{
	static const struct {
		const char *mode, *remember, *uid, *status;
		enum bn_outcome_state state;
		const char *says;
	} cases[] = {
	    {"retry", "u-1", "u-1",
	     "\"Failed\",\"startedAt\":\"" START "\",\"finishedAt\":\"" END "\"",
	     BN_OUTCOME_UNCHANGED, "still shows the attempt of before"},
	    {"retry", "u-1", "u-1", "\"Running\",\"startedAt\":\"2026-03-10T03:20:00Z\"",
	     BN_OUTCOME_DONE, "ours or somebody else's"},
	    {"retry", "u-1", "u-1", "\"\"", BN_OUTCOME_DONE, "newer attempt"},
	    /* it was quick, and failed again: the start tells */
	    {"retry", "u-1", "u-1",
	     "\"Failed\",\"startedAt\":\"2026-03-10T03:20:00Z\",\"finishedAt\":"
	     "\"2026-03-10T03:20:01Z\"",
	     BN_OUTCOME_DONE, "newer attempt"},
	    /* no retry does that */
	    {"retry", "u-1", "u-1",
	     "\"Succeeded\",\"startedAt\":\"" START "\",\"finishedAt\":\"2026-03-10T03:30:00Z\"",
	     BN_OUTCOME_UNKNOWN, "no retry does that"},
	    /* deleted and made anew */
	    {"retry", "u-1", "u-2", "\"Running\",\"startedAt\":\"2026-03-10T03:20:00Z\"",
	     BN_OUTCOME_UNKNOWN, "another workflow of that name"},
	    {"retry", "u-1", "u-2",
	     "\"Failed\",\"startedAt\":\"" START "\",\"finishedAt\":\"" END "\"",
	     BN_OUTCOME_UNKNOWN, "u-2, not u-1"},
	    /* an intent that an earlier binnacle recorded */
	    {"retry", NULL, "u-2", "\"Running\",\"startedAt\":\"2026-03-10T03:20:00Z\"",
	     BN_OUTCOME_DONE, "newer attempt"},
	    /* from the archive: another uid, and what had succeeded is kept */
	    {"archived-retry", "u-1", "u-2",
	     "\"Running\",\"startedAt\":\"2026-03-10T03:20:00Z\",\"nodes\":{\"a\":{\"id\":\"a\","
	     "\"phase\":\"Succeeded\",\"startedAt\":\"2026-03-10T03:06:00Z\"},\"b\":{\"id\":\"b\","
	     "\"phase\":\"Running\",\"startedAt\":\"2026-03-10T03:20:01Z\"}}",
	     BN_OUTCOME_DONE, "newer attempt"},
	    {"archived-retry", "u-1", "u-2",
	     "\"Running\",\"startedAt\":\"2026-03-10T03:20:00Z\",\"nodes\":{\"b\":{\"id\":\"b\","
	     "\"phase\":\"Running\",\"startedAt\":\"2026-03-10T03:20:01Z\"}}",
	     BN_OUTCOME_UNKNOWN, "another workflow of that name"},
	};
	struct bn_error err;
	char body[800], remember[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake *fake = new_fake("data");
		struct look look = {.intent = {.about = {BN_RUN, "test", "w"},
					       .verb = "retry",
					       .mode = cases[i].mode,
					       .attempt = "Failed " START "/" END}};

		if (cases[i].remember != NULL) {
			snprintf(remember, sizeof(remember), "{\"uid\":\"%s\"}", cases[i].remember);
			look.intent.remember = remember;
		}
		snprintf(body, sizeof(body),
			 "{\"metadata\":{\"name\":\"w\",\"uid\":\"%s\"},\"status\":{\"phase\":%s}}",
			 cases[i].uid, cases[i].status);
		fake_reply(fake, WF "/w?", 200, body);
		assert_ok(fake_call(fake, reconcile, &look, &err), &err);
		assert_int_equal(look.state, cases[i].state);
		assert_non_null(strstr(look.answer, cases[i].says));
		fake_free(fake);
	}
}

static void
argo_only_a_resubmission_that_was_not_there_before_is_taken(void **state)
{
	static const struct {
		const char *remember, *list;
		enum bn_outcome_state state;
		const char *run, *says;
	} cases[] = {
	    {"[]", "\"items\":null", BN_OUTCOME_UNCHANGED, "", "since"},
	    {"[\"w-a\"]", "\"items\":[{\"metadata\":{\"name\":\"w-a\"}}]", BN_OUTCOME_UNCHANGED, "",
	     "since"},
	    {"[\"w-a\"]",
	     "\"items\":[{\"metadata\":{\"name\":\"w-a\"}},{\"metadata\":{\"name\":\"w-b\"}},"
	     "{\"metadata\":{\"name\":\"w-b\"}}]",
	     BN_OUTCOME_DONE, "w-b", "by us or by somebody else"},
	    {"[\"w-a\"]",
	     "\"items\":[{\"metadata\":{\"name\":\"w-c\"}},{\"metadata\":{\"name\":\"w-b\"}}]",
	     BN_OUTCOME_UNKNOWN, "", "which of them is ours can't be told: w-c, w-b"},
	    /* there are more than were listed */
	    {"[]",
	     "\"metadata\":{\"continue\":\"100\"},\"items\":[{\"metadata\":{\"name\":\"w-b\"}}]",
	     BN_OUTCOME_UNKNOWN, "", "can't be told"},
	    /* an intent that an earlier binnacle recorded */
	    {NULL, "\"items\":[{\"metadata\":{\"name\":\"w-b\"}}]", BN_OUTCOME_UNKNOWN, "",
	     "is not known"},
	};
	struct bn_error err;
	char body[400], remember[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake *fake = new_fake("data");
		struct look look = {.intent = {.about = {BN_RUN, "test", "w"},
					       .verb = "retry",
					       .mode = "resubmit",
					       .attempt = "Error -/-",
					       .at = bn_time_parse("2026-03-10T03:10:00Z")}};

		if (cases[i].remember != NULL) {
			snprintf(remember, sizeof(remember), "{\"uid\":\"u\",\"resubmitted\":%s}",
				 cases[i].remember);
			look.intent.remember = remember;
		}
		snprintf(body, sizeof(body), "{%s}", cases[i].list);
		fake_reply(fake, WF "?", 200, body);
		assert_ok(fake_call(fake, reconcile, &look, &err), &err);
		assert_int_equal(look.state, cases[i].state);
		assert_string_equal(look.run, cases[i].run);
		assert_non_null(strstr(look.answer, cases[i].says));
		fake_free(fake);
	}
}

/* The digest is of what is sent; who else resubmitted meanwhile changes none of it. */
static int
plan_twice(struct bn_source *s, struct bn_batch *batch, struct bn_sink *sink, void *payload,
	   struct bn_error *err)
{
	struct bn_plan plan = {.about = {BN_RUN, "test", "w"}, .verb = "retry"};
	struct bn_plan again = plan;
	int rc = bn_plugin_argo_workflows.plan(s, &plan, err);

	(void)batch;
	(void)sink;
	(void)payload;
	if (rc == BN_OK)
		rc = bn_plugin_argo_workflows.plan(s, &again, err);
	if (rc != BN_OK)
		return rc;
	assert_string_equal(plan.mode, "resubmit");
	assert_string_equal(plan.remember, "{\"uid\":\"u-1\",\"resubmitted\":[]}");
	assert_string_equal(again.remember, "{\"uid\":\"u-1\",\"resubmitted\":[\"w-a\",\"w-b\"]}");
	assert_string_equal(plan.attempt, again.attempt);
	assert_string_equal(plan.body, again.body);
	return BN_OK;
}

static void
argo_plan_remembers_what_was_resubmitted_already(void **state)
{
	struct fake *fake = new_fake("data");
	struct bn_error err;

	(void)state;
	fake_reply(
	    fake, WF "/w?", 200,
	    "{\"metadata\":{\"name\":\"w\",\"uid\":\"u-1\"},\"status\":{\"phase\":\"Error\"}}");
	fake_reply(fake, WF "?", 200, "{\"items\":null}");
	fake_reply(
	    fake, WF "?", 200,
	    "{\"items\":[{\"metadata\":{\"name\":\"w-a\"}},{\"metadata\":{\"name\":\"w-b\"}}]}");
	assert_ok(fake_call(fake, plan_twice, NULL, &err), &err);
	/* whatever the two clocks say */
	assert_int_equal(fake_asked(fake,
				    WF "?listOptions.limit=100&listOptions.labelSelector="
				       "workflows.argoproj.io%2Fresubmitted-from-workflow%3Dw"),
			 2);
	fake_free(fake);
}

static int
plan_once(struct bn_source *s, struct bn_batch *batch, struct bn_sink *sink, void *payload,
	  struct bn_error *err)
{
	struct bn_plan *plan = payload;
	int rc;

	(void)batch;
	(void)sink;
	*plan = (struct bn_plan){.about = {BN_RUN, "test", "w"}, .verb = "retry"};
	rc = bn_plugin_argo_workflows.plan(s, plan, err);
	assert_int_equal(rc, BN_OK);
	assert_string_equal(plan->mode, "retry");
	assert_string_equal(plan->what, "no pod of it failed; keeps 1 ok");
	return rc;
}

/* By a deadline, or a condition that could not be evaluated: what was done is not done again. */
static void
argo_run_that_failed_between_its_steps_keeps_what_it_did(void **state)
{
	struct fake *fake = new_fake("data");
	struct bn_plan plan;
	struct bn_error err;

	(void)state;
	fake_reply(
	    fake, WF "/w?", 200,
	    "{\"metadata\":{\"name\":\"w\",\"uid\":\"u-1\"},\"status\":{\"phase\":\"Failed\","
	    "\"nodes\":{\"w\":{\"id\":\"w\",\"name\":\"w\",\"type\":\"Steps\",\"phase\":"
	    "\"Failed\"},\"g\":{\"id\":\"g\",\"name\":\"w[1]\",\"type\":\"StepGroup\","
	    "\"phase\":\"Failed\",\"boundaryID\":\"w\"},\"p\":{\"id\":\"p\",\"name\":"
	    "\"w[0].load\",\"displayName\":\"load\",\"type\":\"Pod\",\"templateName\":"
	    "\"load\",\"phase\":\"Succeeded\",\"boundaryID\":\"w\"}}}}");
	assert_ok(fake_call(fake, plan_once, &plan, &err), &err);
	fake_free(fake);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(argo_cron_workflows_are_pipelines),
    cmocka_unit_test(argo_runs_have_the_state_of_phase_and_spec),
    cmocka_unit_test(argo_every_list_of_runs_is_masked),
    cmocka_unit_test(argo_next_poll_reads_from_the_newest_run_on),
    cmocka_unit_test(argo_unfinished_run_that_left_the_lists_is_looked_up),
    cmocka_unit_test(argo_continue_token_is_passed_back_as_it_came),
    cmocka_unit_test(argo_all_namespaces_make_keys_with_namespace),
    cmocka_unit_test(argo_failed_run_is_explained_by_the_node_that_failed_first),
    cmocka_unit_test(argo_attempts_are_tries_of_one_task),
    cmocka_unit_test(argo_nodes_make_a_tree_with_dependencies),
    cmocka_unit_test(argo_circular_nodes_end),
    cmocka_unit_test(argo_log_lines_come_with_their_times),
    cmocka_unit_test(argo_log_of_a_lost_pod_comes_from_the_archive),
    cmocka_unit_test(argo_log_that_is_nowhere_says_what_to_do),
    cmocka_unit_test(argo_error_in_the_stream_is_an_error),
    cmocka_unit_test(argo_cut_stream_is_resumed_without_repeating),
    cmocka_unit_test(argo_log_of_a_run_names_the_pods),
    cmocka_unit_test(argo_token_is_accepted_with_bearer_in_front),
    cmocka_unit_test(argo_doctor_answers_each_question),
    cmocka_unit_test(argo_broken_items_are_skipped_and_counted),
    cmocka_unit_test(argo_truncated_list_marks_nothing_as_gone),
    cmocka_unit_test(argo_only_a_workflow_that_began_again_was_retried),
    cmocka_unit_test(argo_only_a_resubmission_that_was_not_there_before_is_taken),
    cmocka_unit_test(argo_plan_remembers_what_was_resubmitted_already),
    cmocka_unit_test(argo_run_that_failed_between_its_steps_keeps_what_it_did),
};

BN_TEST_MAIN(tests)

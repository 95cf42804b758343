/* alertmanager_test.c - the alertmanager plugin against answers of a real 0.25 and against odd ones. */
/* SPDX-License-Identifier: MIT */
#include "../test.h"

#include "base/clock.h"
#include "fakehost.h"

extern const struct bn_plugin bn_plugin_alertmanager;

#define READY  "{\"cluster\":{\"status\":\"ready\",\"peers\":[{\"name\":\"a\"},{\"name\":\"b\"}]}}"
#define LABELS "\"labels\":{\"alertname\":\"A\",\"job\":\"j\"},\"annotations\":{}"

static struct fake *
alertmanager(const char *alerts, const char *silences)
{
	struct fake *fake = fake_new(&bn_plugin_alertmanager);

	fake_option(fake, "url", "http://alerts.example:9093/");
	fake_reply(fake, "GET /api/v2/alerts", 200, alerts);
	fake_reply(fake, "GET /api/v2/silences", 200, silences);
	fake_reply(fake, "GET /api/v2/status", 200, READY);
	fake_reply(fake, "GET /metrics", 200, "alertmanager_config_last_reload_successful 1\n");
	return fake;
}

static void
alertmanager_real_server_is_read_with_its_silence(void **state)
{
	char *alerts = fake_file("alertmanager/alerts_silenced.json", NULL),
	     *silences = fake_file("alertmanager/silences.json", NULL);
	struct fake *fake = alertmanager(alerts, silences);
	const json_t *finding;
	struct bn_error err;

	(void)state;
	fake_reply_file(fake, "GET /api/v2/status", "alertmanager/status.json");
	assert_ok(fake_poll(fake, &err), &err);
	/* the same identity as the alert has in Prometheus */
	finding =
	    fake_find(fake, "finding", "TargetDown{instance=127.0.0.1:1,job=dead,severity=page}");
	assert_non_null(finding);
	assert_string_equal(fake_text(finding, "rule"), "alert");
	assert_string_equal(fake_text(finding, "severity"), "crit");
	assert_int_equal(fake_int(finding, "since"), bn_time_parse("2026-11-20T15:10:47.632Z"));
	assert_true(json_is_true(json_object_get(finding, "silenced")));
	assert_string_equal(fake_text(finding, "silenced_by"), "t");
	assert_string_equal(fake_text(finding, "silenced_why"), "c");
	assert_int_equal(fake_int(finding, "silenced_until"),
			 bn_time_parse("2026-11-20T16:10:53.000Z"));
	assert_non_null(strstr(fake_text(finding, "url"), "http://alerts.example:9093/#/alerts?"));
	assert_int_equal(fake_count(fake, "finding"), 1);
	assert_true(fake_scope_done(fake, "alerts") && fake_scope_done(fake, "server"));
	fake_free(fake);
	free(alerts);
	free(silences);
}

static void
alertmanager_active_alert_is_not_silenced(void **state)
{
	char *alerts = fake_file("alertmanager/alerts.json", NULL);
	struct fake *fake = alertmanager(alerts, "[]");
	const json_t *finding;
	struct bn_error err;

	(void)state;
	assert_ok(fake_poll(fake, &err), &err);
	finding = json_array_get(fake_records(fake), 0);
	assert_false(json_is_true(json_object_get(finding, "silenced")));
	assert_string_equal(fake_text(finding, "name"), "TargetDown: down");
	fake_free(fake);
	free(alerts);
}

/* Of two silences the longer one says until when; expired and pending ones say nothing. */
static void
alertmanager_longest_active_silence_counts(void **state)
{
	struct fake *fake = alertmanager(
	    "[{" LABELS ",\"status\":{\"state\":\"suppressed\",\"silencedBy\":[\"1\",\"2\",\"3\"],"
	    "\"inhibitedBy\":[]}}]",
	    "[{\"id\":\"1\",\"status\":{\"state\":\"active\"},\"createdBy\":\"ana\",\"comment\":"
	    "\"x\",\"endsAt\":\"2026-03-10T05:00:00Z\"},"
	    "{\"id\":\"2\",\"status\":{\"state\":\"active\"},\"createdBy\":\"bo\",\"comment\":"
	    "\"y\","
	    "\"endsAt\":\"2026-03-10T06:00:00Z\"},"
	    "{\"id\":\"3\",\"status\":{\"state\":\"expired\"},\"createdBy\":\"cy\",\"comment\":"
	    "\"z\",\"endsAt\":\"2026-03-10T09:00:00Z\"},{\"id\":7}]");
	const json_t *finding;
	struct bn_error err;

	(void)state;
	assert_ok(fake_poll(fake, &err), &err);
	finding = fake_find(fake, "finding", "A{job=j}");
	assert_string_equal(fake_text(finding, "silenced_by"), "bo");
	assert_int_equal(fake_int(finding, "silenced_until"),
			 bn_time_parse("2026-03-10T06:00:00Z"));
	assert_int_equal(fake_skipped(fake), 1); /* the silence without a proper id */
	fake_free(fake);
}

/* A silence that is already gone from the list: silenced, by nobody we could name. */
static void
alertmanager_unknown_silence_is_still_a_silence(void **state)
{
	struct fake *fake = alertmanager(
	    "[{" LABELS ",\"status\":{\"state\":\"suppressed\",\"silencedBy\":[\"9\"]}}]", "[]");
	const json_t *finding;
	struct bn_error err;

	(void)state;
	assert_ok(fake_poll(fake, &err), &err);
	finding = fake_find(fake, "finding", "A{job=j}");
	assert_true(json_is_true(json_object_get(finding, "silenced")));
	assert_string_equal(fake_text(finding, "silenced_by"), "");
	fake_free(fake);
}

static void
alertmanager_inhibited_and_muted_alerts_say_why(void **state)
{
	struct fake *fake = alertmanager(
	    "[{" LABELS ",\"fingerprint\":\"f1\",\"status\":{\"state\":\"suppressed\","
	    "\"silencedBy\":[],\"inhibitedBy\":[\"f2\"]}},"
	    "{\"labels\":{\"alertname\":\"Cluster\"},\"annotations\":{},\"fingerprint\":\"f2\","
	    "\"status\":{\"state\":\"active\",\"silencedBy\":[],\"inhibitedBy\":[]}},"
	    "{\"labels\":{\"alertname\":\"Night\"},\"annotations\":{},\"status\":{\"state\":"
	    "\"suppressed\",\"silencedBy\":[],\"inhibitedBy\":[],\"mutedBy\":[\"nights\"]}},"
	    "{\"labels\":{\"alertname\":\"Watchdog\"},\"annotations\":{},\"status\":{\"state\":"
	    "\"active\"}},{\"labels\":{},\"status\":{\"state\":\"active\"}},"
	    "{\"labels\":{\"alertname\":\"New\"},\"status\":{\"state\":\"unprocessed\"}}]",
	    "[]");
	struct bn_error err;

	(void)state;
	assert_ok(fake_poll(fake, &err), &err);
	assert_string_equal(fake_text(fake_find(fake, "finding", "A{job=j}"), "silenced_why"),
			    "follows from the alert Cluster");
	assert_string_equal(fake_text(fake_find(fake, "finding", "Night"), "silenced_why"),
			    "muted by the interval nights");
	assert_false(
	    json_is_true(json_object_get(fake_find(fake, "finding", "Cluster"), "silenced")));
	assert_false(json_is_true(json_object_get(fake_find(fake, "finding", "New"), "silenced")));
	assert_null(fake_find(fake, "finding", "Watchdog"));
	assert_int_equal(fake_count(fake, "finding"), 4);
	assert_int_equal(fake_skipped(fake), 1);
	fake_free(fake);
}

static void
alertmanager_lonely_cluster_and_refused_configuration_are_findings(void **state)
{
	struct fake *fake = alertmanager("[]", "[]");
	struct bn_error err;

	(void)state;
	fake_option(fake, "peers", "3");
	fake_reply(fake, "GET /metrics", 200,
		   "# HELP x\nalertmanager_config_last_reload_successful 0\nother 1\n");
	/* the first answer of several is taken once: make it the lasting one */
	fake_poll(fake, &err);
	fake_forget(fake);
	assert_ok(fake_poll(fake, &err), &err);
	assert_string_equal(fake_text(fake_find(fake, "finding", "peers"), "name"),
			    "the cluster has 2 of 3 peers");
	assert_string_equal(fake_text(fake_find(fake, "finding", "reload"), "rule"),
			    "alertmanager-config");
	assert_null(fake_find(fake, "finding", "cluster"));
	fake_free(fake);

	fake = alertmanager("[]", "[]");
	fake_reply(fake, "GET /api/v2/status", 200, "{\"cluster\":{\"status\":\"settling\"}}");
	fake_reply(fake, "GET /metrics", 404, "404 page not found\n");
	fake_poll(fake, &err);
	fake_forget(fake);
	assert_ok(fake_poll(fake, &err), &err);
	assert_string_equal(fake_text(fake_find(fake, "finding", "cluster"), "severity"), "info");
	assert_int_equal(fake_count(fake, "finding"), 1);
	fake_free(fake);
}

static void
alertmanager_filters_travel_as_parameters(void **state)
{
	struct fake *fake = alertmanager("[]", "[]");
	struct bn_error err;

	(void)state;
	fake_option(fake, "filter", "team=\"data\"");
	fake_option(fake, "filter", "severity!=\"info\"");
	fake_option(fake, "receiver", "on-call|data");
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(fake_asked(fake, "GET /api/v2/alerts?filter=team%3D%22data%22&filter="
					  "severity%21%3D%22info%22&receiver=on-call%7Cdata"),
			 1);
	fake_free(fake);
}

/* Alertmanager's own words for a matcher it can't read: a bare JSON string. */
static void
alertmanager_refusal_is_told(void **state)
{
	struct fake *fake = fake_new(&bn_plugin_alertmanager);
	char *refused = fake_file("alertmanager/error_400_filter.json", NULL);
	struct bn_error err;

	(void)state;
	fake_reply(fake, "GET /api/v2/silences", 200, "[]");
	fake_reply(fake, "GET /api/v2/alerts", 400, refused);
	assert_fails_with(BN_EREMOTE, fake_poll(fake, &err));
	assert_false(fake_scope_done(fake, "alerts"));
	free(refused);
	fake_free(fake);
}

static void
alertmanager_doctor_asks_for_each_right(void **state)
{
	struct fake *fake = alertmanager("[]", "[]");
	struct bn_error err;

	(void)state;
	fake_reply(fake, "GET /api/v2/silences", 403, "no");
	assert_ok(fake_doctor(fake, &err), &err);
	assert_int_equal(json_array_size(fake_checks(fake)), 3);
	fake_free(fake);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(alertmanager_real_server_is_read_with_its_silence),
    cmocka_unit_test(alertmanager_active_alert_is_not_silenced),
    cmocka_unit_test(alertmanager_longest_active_silence_counts),
    cmocka_unit_test(alertmanager_unknown_silence_is_still_a_silence),
    cmocka_unit_test(alertmanager_inhibited_and_muted_alerts_say_why),
    cmocka_unit_test(alertmanager_lonely_cluster_and_refused_configuration_are_findings),
    cmocka_unit_test(alertmanager_filters_travel_as_parameters),
    cmocka_unit_test(alertmanager_refusal_is_told),
    cmocka_unit_test(alertmanager_doctor_asks_for_each_right),
};

BN_TEST_MAIN(tests)

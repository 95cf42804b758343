/* prometheus_test.c - the prometheus plugin against answers of a real 2.42 and against odd ones. */
/* SPDX-License-Identifier: MIT */
#include "../test.h"

#include <math.h>

#include "../../plugins/prometheus.h"
#include "base/clock.h"
#include "fakehost.h"

extern const struct bn_plugin bn_plugin_prometheus;

static struct fake *
prometheus(void)
{
	struct fake *fake = fake_new(&bn_plugin_prometheus);

	fake_option(fake, "url", "http://prom.example:9090/");
	fake_reply_file(fake, "GET /api/v1/alerts", "prometheus/alerts.json");
	fake_reply_file(fake, "GET /api/v1/targets", "prometheus/targets.json");
	fake_reply_file(fake, "GET /api/v1/rules", "prometheus/rules.json");
	return fake;
}

static void
prometheus_real_server_is_read(void **state)
{
	struct fake *fake = prometheus();
	const json_t *finding;
	struct bn_error err;

	(void)state;
	assert_ok(fake_poll(fake, &err), &err);
	finding =
	    fake_find(fake, "finding", "TargetDown{instance=127.0.0.1:1,job=dead,severity=page}");
	assert_non_null(finding);
	assert_string_equal(fake_text(finding, "rule"), "alert");
	assert_string_equal(fake_text(finding, "severity"), "crit");
	assert_string_equal(fake_text(finding, "name"), "TargetDown: down");
	assert_int_equal(fake_int(finding, "since"), bn_time_parse("2026-11-20T15:10:45.632Z"));
	assert_string_equal(fake_text(finding, "url"), "http://prom.example:9090/alerts");
	assert_string_equal(
	    json_string_value(json_object_get(json_object_get(finding, "labels"), "job")), "dead");
	finding = fake_find(fake, "finding", "dead http://127.0.0.1:1/metrics");
	assert_string_equal(fake_text(finding, "rule"), "target-down");
	assert_string_equal(fake_text(finding, "name"), "dead 127.0.0.1:1 can't be scraped");
	assert_non_null(strstr(fake_text(finding, "message"), "connection refused"));
	/* the target that is up and the rules that work are no findings */
	assert_int_equal(fake_count(fake, "finding"), 2);
	assert_true(fake_scope_done(fake, "alerts") && fake_scope_done(fake, "targets") &&
		    fake_scope_done(fake, "rules") && fake_scope_done(fake, "queries"));
	fake_free(fake);
}

static void
prometheus_alerts_are_chosen_and_weighed(void **state)
{
	struct fake *fake = fake_new(&bn_plugin_prometheus);
	const json_t *finding;
	struct bn_error err;

	(void)state;
	fake_option(fake, "targets", "false");
	fake_option(fake, "rules", "false");
	fake_option(fake, "severity-label", "prio");
	fake_option(fake, "critical", "p[12]");
	fake_option(fake, "ignore-alert", "Ign*");
	fake_reply(
	    fake, "GET /api/v1/alerts", 200,
	    "{\"status\":\"success\",\"warnings\":[\"one store did not "
	    "answer\"],\"data\":{\"alerts\":["
	    "{\"labels\":{\"alertname\":\"A\",\"prio\":\"P1\"},\"annotations\":{\"summary\":\"s\","
	    "\"description\":\"d\",\"binnacle_for\":\"endpoint/api\"},\"state\":\"firing\"},"
	    "{\"labels\":{\"alertname\":\"B\",\"prio\":\"p3\"},\"annotations\":{},\"state\":"
	    "\"firing\"},"
	    "{\"labels\":{\"alertname\":\"C\",\"prio\":\"info\"},\"state\":\"firing\"},"
	    "{\"labels\":{\"alertname\":\"D\"},\"state\":\"pending\"},"
	    "{\"labels\":{\"alertname\":\"Ignored\"},\"state\":\"firing\"},"
	    "{\"labels\":{},\"state\":\"firing\"}]}}");
	assert_ok(fake_poll(fake, &err), &err);
	finding = fake_find(fake, "finding", "A{prio=P1}");
	assert_string_equal(fake_text(finding, "severity"), "crit");
	assert_string_equal(fake_text(finding, "message"), "d");
	assert_string_equal(fake_text(finding, "about"), "endpoint/api");
	assert_string_equal(fake_text(fake_find(fake, "finding", "B{prio=p3}"), "severity"),
			    "warn");
	assert_string_equal(fake_text(fake_find(fake, "finding", "C{prio=info}"), "severity"),
			    "info");
	assert_int_equal(fake_count(fake, "finding"), 3);
	/* the nameless alert, and the warning that the answer may not be all */
	assert_int_equal(fake_skipped(fake), 2);
	/* what is switched off is empty, so that what it held before is gone */
	assert_true(fake_scope_done(fake, "targets"));
	assert_int_equal(fake_asked(fake, "GET /api/v1/targets"), 0);
	fake_free(fake);
}

static void
prometheus_broken_rule_is_a_finding(void **state)
{
	struct fake *fake = fake_new(&bn_plugin_prometheus);
	struct bn_error err;

	(void)state;
	fake_option(fake, "alerts", "false");
	fake_option(fake, "targets", "false");
	fake_reply(fake, "GET /api/v1/rules", 200,
		   "{\"status\":\"success\",\"data\":{\"groups\":[{\"name\":\"g\",\"file\":\"f."
		   "yml\",\"rules\":["
		   "{\"name\":\"r\",\"health\":\"err\",\"lastError\":\"many-to-many "
		   "matching\"},{\"name\":\"ok\",\"health\":\"ok\"},{\"name\":\"new\",\"health\":"
		   "\"unknown\"}]}]}}");
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(fake_count(fake, "finding"), 1);
	assert_string_equal(fake_text(json_array_get(fake_records(fake), 0), "message"),
			    "many-to-many matching");
	fake_free(fake);
}

/* ---- [query] --------------------------------------------------------------------------------- */

static struct fake *
with_query(const char *answer)
{
	struct fake *fake = fake_new(&bn_plugin_prometheus);

	fake_option(fake, "alerts", "false");
	fake_option(fake, "targets", "false");
	fake_option(fake, "rules", "false");
	fake_section(fake, "p99");
	fake_section_option(fake, "query", "histogram_quantile(0.99, rate(x[5m]))");
	fake_reply(
	    fake,
	    "GET "
	    "/api/v1/query?query=histogram_quantile%280.99%2C%20rate%28x%5B5m%5D%29%29&timeout=20s",
	    200, answer);
	return fake;
}

static void
prometheus_query_becomes_a_measure_of_the_thing_it_is_for(void **state)
{
	struct fake *fake =
	    with_query("{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{"
		       "\"metric\":{},\"value\":[1773112364.5,\"0.4812\"]}]}}");
	const json_t *measure;
	struct bn_error err;

	(void)state;
	fake_section_option(fake, "for", "endpoint/api-lpo-quote");
	fake_section_option(fake, "as", "p99");
	fake_section_option(fake, "unit", "ms");
	fake_section_option(fake, "scale", "1000");
	fake_section_option(fake, "warn", "> 400");
	fake_section_option(fake, "crit", ">= 600");
	assert_ok(fake_poll(fake, &err), &err);
	measure = fake_find(fake, "measure", "p99");
	assert_string_equal(fake_text(measure, "about"), "endpoint/api-lpo-quote");
	assert_true(fake_number(measure, "value") > 481.1 && fake_number(measure, "value") < 481.3);
	assert_string_equal(fake_text(measure, "unit"), "ms");
	assert_int_equal(fake_int(measure, "at"), 1773112364500);
	assert_string_equal(fake_text(fake_find(fake, "finding", "p99"), "severity"), "warn");
	assert_string_equal(fake_text(fake_find(fake, "finding", "p99"), "name"),
			    "p99 is 481.2 ms");
	assert_string_equal(fake_text(fake_find(fake, "finding", "p99"), "about"),
			    "endpoint/api-lpo-quote");
	fake_free(fake);
}

static void
prometheus_target_is_told_with_its_number(void **state)
{
	static const struct {
		const char *written, *name;
		double bound;
	} good[] = {{">= 3", "least:kpi:clicks", 3}, {"< 0.5", "most:kpi:clicks", 0.5}};
	static const char *const bad[] = {"3", "!= 3", ">= many", "= 3"};
	struct bn_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct fake *fake =
		    with_query("{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\","
			       "\"result\":[1773112364.5,\"2.5\"]}}");
		const json_t *target;

		fake_section_option(fake, "for", "model/product-recs");
		fake_section_option(fake, "as", "kpi:clicks");
		fake_section_option(fake, "unit", "%");
		fake_section_option(fake, "target", good[i].written);
		assert_ok(fake_poll(fake, &err), &err);
		target = fake_find(fake, "measure", good[i].name);
		assert_true(fabs(fake_number(target, "value") - good[i].bound) < 1e-9);
		assert_string_equal(fake_text(target, "unit"), "%");
		assert_int_equal(fake_int(target, "at"),
				 fake_int(fake_find(fake, "measure", "kpi:clicks"), "at"));
		fake_free(fake);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fake *fake = with_query("{}");

		fake_section_option(fake, "for", "model/product-recs");
		fake_section_option(fake, "target", bad[i]);
		assert_ok(fake_poll(fake, &err), &err);
		assert_non_null(strstr(fake_text(fake_find(fake, "finding", "p99"), "message"),
				       "target is written like"));
		fake_free(fake);
	}
}

static void
prometheus_infinite_and_absent_numbers_are_not_stored(void **state)
{
	struct fake *fake = with_query("{\"status\":\"success\",\"data\":{\"resultType\":"
				       "\"scalar\",\"result\":[1773112364,\"+Inf\"]}}");
	struct bn_error err;

	(void)state;
	fake_section_option(fake, "for", "endpoint/a");
	fake_section_option(fake, "crit", "> 5");
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(fake_count(fake, "measure"), 0);
	assert_string_equal(fake_text(fake_find(fake, "finding", "p99"), "severity"), "crit");
	fake_free(fake);

	/* a share of nothing: neither good nor bad */
	fake = with_query("{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":["
			  "{\"metric\":{},\"value\":[1773112364,\"NaN\"]}]}}");
	fake_section_option(fake, "for", "endpoint/a");
	fake_section_option(fake, "crit", "> 5");
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(json_array_size(fake_records(fake)), 0);
	fake_free(fake);

	/* nothing to compare is not nothing wrong */
	fake = with_query(
	    "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}");
	fake_section_option(fake, "crit", "> 5");
	assert_ok(fake_poll(fake, &err), &err);
	assert_string_equal(fake_text(fake_find(fake, "finding", "p99"), "name"),
			    "p99 has no data");
	fake_free(fake);
}

static void
prometheus_several_series_are_judged_one_by_one(void **state)
{
	struct fake *fake =
	    with_query("{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":["
		       "{\"metric\":{\"__name__\":\"x\",\"pod\":\"a\"},\"value\":[1,\"3\"]},{"
		       "\"metric\":{\"pod\":\"b\"},\"value\":[1,\"9\"]}]}}");
	struct bn_error err;

	(void)state;
	fake_section_option(fake, "for", "app/shop");
	fake_section_option(fake, "warn", ">5");
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(fake_count(fake, "finding"), 1);
	assert_non_null(fake_find(fake, "finding", "p99{pod=b}"));
	assert_int_equal(fake_count(fake, "measure"), 0);
	assert_non_null(strstr(fake_skip_reason(fake, 0), "aggregate"));
	fake_free(fake);
}

static void
prometheus_refused_query_stops_nothing_else(void **state)
{
	struct fake *fake = with_query("{}");
	char *refused = fake_file("prometheus/err_parse.json", NULL);
	struct bn_error err;

	(void)state;
	fake_section_option(fake, "crit", "> 5");
	fake_section(fake, "bad");
	fake_section_option(fake, "query", "up{");
	fake_section_option(fake, "warn", "< 2");
	fake_reply(fake, "GET /api/v1/query?query=up%7B&", 400, refused);
	fake_section(fake, "good");
	fake_section_option(fake, "query", "up");
	fake_section_option(fake, "warn", "< 1");
	fake_reply_file(fake, "GET /api/v1/query?query=up&", "prometheus/query.json");
	assert_ok(fake_poll(fake, &err), &err);
	assert_string_equal(fake_text(fake_find(fake, "finding", "bad"), "name"),
			    "query bad fails");
	assert_non_null(
	    strstr(fake_text(fake_find(fake, "finding", "bad"), "message"), "parse error"));
	assert_non_null(fake_find(fake, "finding", "p99")); /* {} is no answer */
	assert_non_null(fake_find(fake, "finding", "good{instance=127.0.0.1:1,job=dead}"));
	assert_true(fake_scope_done(fake, "queries"));
	free(refused);
	fake_free(fake);
}

/* A mistake in one section is told as a finding, and hides neither alerts nor other queries. */
static void
prometheus_useless_query_is_told_as_a_finding(void **state)
{
	static const char *const thresholds[] = {"400", "> ", "> x", "=> 4", "<> 4", "> 4 ms"};
	struct fake *fake = with_query("{}");
	struct bn_error err;

	(void)state;
	assert_ok(fake_poll(fake, &err), &err);
	assert_non_null(
	    strstr(fake_text(fake_find(fake, "finding", "p99"), "message"), "has no use"));
	fake_free(fake);
	fake = with_query("{}");
	fake_section_option(fake, "for", "elephant/api");
	assert_ok(fake_poll(fake, &err), &err);
	assert_non_null(
	    strstr(fake_text(fake_find(fake, "finding", "p99"), "message"), "elephant"));
	fake_free(fake);
	for (size_t i = 0; i < sizeof(thresholds) / sizeof(thresholds[0]); i++) {
		fake = with_query("{}");
		fake_section_option(fake, "crit", thresholds[i]);
		assert_ok(fake_poll(fake, &err), &err);
		if (strstr(fake_text(fake_find(fake, "finding", "p99"), "message"),
			   "written like") == NULL)
			fail_msg("'%s' was accepted", thresholds[i]);
		assert_int_equal(fake_asked(fake, "GET /api/v1/query"), 0);
		fake_free(fake);
	}
}

static void
prometheus_truncated_answer_marks_nothing_as_gone(void **state)
{
	struct fake *fake = fake_new(&bn_plugin_prometheus);
	struct bn_error err;

	(void)state;
	fake_reply(fake, "GET /api/v1/alerts", 200,
		   "{\"status\":\"success\",\"data\":{\"alerts\":[{\"labels\":{\"al");
	assert_fails_with(BN_EPARSE, fake_poll(fake, &err));
	assert_false(fake_scope_done(fake, "alerts"));
	fake_free(fake);
}

static void
prometheus_doctor_answers_each_question(void **state)
{
	struct fake *fake = prometheus();
	struct bn_error err;

	(void)state;
	fake_reply_file(fake, "GET /api/v1/status/buildinfo", "prometheus/buildinfo.json");
	fake_section(fake, "q");
	fake_section_option(fake, "query", "up");
	fake_section_option(fake, "warn", "< 1");
	fake_reply_file(fake, "GET /api/v1/query?query=up", "prometheus/query.json");
	assert_ok(fake_doctor(fake, &err), &err);
	assert_int_equal(json_array_size(fake_checks(fake)), 4);
	assert_string_equal(fake_text(json_array_get(fake_checks(fake), 0), "detail"), "2.42.0+ds");
	assert_string_equal(fake_text(json_array_get(fake_checks(fake), 3), "what"), "query q");
	fake_free(fake);
}

/* ---- the past of [query] --------------------------------------------------------------------- */

static int
past(struct bn_source *s, struct bn_batch *batch, struct bn_sink *sink, void *payload,
     struct bn_error *err)
{
	(void)sink, (void)payload;
	return bn_prometheus_queries_past(s, bn_parse_time(s, "2026-03-01T00:20:00Z"), batch, err);
}

static size_t
points_of(const struct fake *fake, const char *about, double *last)
{
	const json_t *records = fake_records(fake), *record;
	size_t i, count = 0;

	json_array_foreach(records, i, record)
	{
		if (strcmp(fake_text(record, "record"), "point") != 0 ||
		    strcmp(fake_text(record, "about"), about) != 0)
			continue;
		assert_string_equal(fake_text(record, "key"), "psi");
		*last = fake_number(record, "value");
		count++;
	}
	return count;
}

static struct fake *
with_past(const char *about, const char *answer)
{
	struct fake *fake = fake_new(&bn_plugin_prometheus);

	fake_now(fake, "2026-03-10T03:12:00Z");
	fake_section(fake, "psi");
	fake_section_option(fake, "query", "ml:psi");
	fake_section_option(fake, "for", about);
	fake_section_option(fake, "as", "psi");
	fake_section_option(fake, "scale", "2");
	fake_reply(fake, "GET /api/v1/query_range", 200, answer);
	return fake;
}

#define MATRIX(series)                                                                             \
	"{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[" series "]}}"
#define SERIES(labels, values) "{\"metric\":{" labels "},\"values\":[" values "]}"
#define LABELLED                                                                                   \
	MATRIX(                                                                                    \
	    SERIES("\"version\":\"7\"", "[1772328000,\"0.1\"],[1772331600,\"NaN\"]") "," SERIES(   \
		"\"version\":\"8\"", "[1772335200,\"0.2\"],[1772338800,\"0.3\"]"))
#define PLAIN MATRIX(SERIES("", "[1772328000,\"0.1\"]"))

/* An alias may have moved since: its number of then belongs to the version that its label names. */
static void
prometheus_past_of_an_alias_is_told_of_the_version_of_then(void **state)
{
	struct fake *fake = with_past("model/recs@champion", LABELLED);
	struct bn_error err;
	double last = 0;

	(void)state;
	assert_ok(fake_call(fake, past, NULL, &err), &err);
	assert_int_equal(points_of(fake, "model/recs@7", &last), 1);
	assert_true(last == 0.2);
	assert_int_equal(points_of(fake, "model/recs@8", &last), 2);
	assert_true(last == 0.6);
	assert_int_equal(fake_count(fake, "point"), 3);
	/* one value an hour, from the first full one on, of what the poll asks for too */
	assert_non_null(strstr(fake_request(fake, 0, NULL), "query=ml%3Apsi&start=1772326800&"));
	assert_non_null(strstr(fake_request(fake, 0, NULL), "end=1773111600&step=3600"));
	fake_free(fake);
	/* without that label nobody knows */
	fake = with_past("model/recs@champion", PLAIN);
	assert_ok(fake_call(fake, past, NULL, &err), &err);
	assert_int_equal(fake_count(fake, "point"), 0);
	fake_free(fake);
}

static void
prometheus_past_of_a_version_or_a_model_is_its_own(void **state)
{
	struct fake *fake = with_past("model/recs@8", LABELLED);
	struct bn_error err;
	double last = 0;

	(void)state;
	assert_ok(fake_call(fake, past, NULL, &err), &err);
	assert_int_equal(points_of(fake, "model/recs@8", &last), 2);
	assert_int_equal(fake_count(fake, "point"), 2);
	fake_free(fake);
	fake = with_past("model/recs", PLAIN);
	assert_ok(fake_call(fake, past, NULL, &err), &err);
	assert_int_equal(points_of(fake, "model/recs", &last), 1);
	fake_free(fake);
	/* what is no model's begins with the first poll */
	fake = with_past("endpoint/api", LABELLED);
	assert_ok(fake_call(fake, past, NULL, &err), &err);
	assert_int_equal(fake_request_count(fake), 0);
	fake_free(fake);
}

static void
prometheus_past_that_is_refused_is_left_out(void **state)
{
	struct fake *fake = with_past("model/recs@8", "");
	struct bn_error err;

	(void)state;
	fake_reply(fake, "GET /api/v1/query_range?query=ml", 422,
		   "{\"status\":\"error\",\"errorType\":\"execution\",\"error\":\"too much\"}");
	assert_ok(fake_call(fake, past, NULL, &err), &err);
	assert_true(fake_scope_done(fake, "query history"));
	assert_int_equal(fake_count(fake, "point"), 0);
	fake_free(fake);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(prometheus_real_server_is_read),
    cmocka_unit_test(prometheus_alerts_are_chosen_and_weighed),
    cmocka_unit_test(prometheus_broken_rule_is_a_finding),
    cmocka_unit_test(prometheus_query_becomes_a_measure_of_the_thing_it_is_for),
    cmocka_unit_test(prometheus_target_is_told_with_its_number),
    cmocka_unit_test(prometheus_infinite_and_absent_numbers_are_not_stored),
    cmocka_unit_test(prometheus_several_series_are_judged_one_by_one),
    cmocka_unit_test(prometheus_refused_query_stops_nothing_else),
    cmocka_unit_test(prometheus_useless_query_is_told_as_a_finding),
    cmocka_unit_test(prometheus_truncated_answer_marks_nothing_as_gone),
    cmocka_unit_test(prometheus_doctor_answers_each_question),
    cmocka_unit_test(prometheus_past_of_an_alias_is_told_of_the_version_of_then),
    cmocka_unit_test(prometheus_past_of_a_version_or_a_model_is_its_own),
    cmocka_unit_test(prometheus_past_that_is_refused_is_left_out),
};

BN_TEST_MAIN(tests)

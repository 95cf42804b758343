/* prometheus_stream_test.c - [stream] sections against answers of a real 2.42, and the expressions it is asked. */
/* SPDX-License-Identifier: MIT */
#include "../test.h"

#include "../../plugins/prometheus.h"
#include "base/clock.h"
#include "fakehost.h"

extern const struct bn_plugin bn_plugin_prometheus;

#define RANGE "GET /api/v1/query_range"

static struct fake *
with_canary(const char *query)
{
	struct fake *fake = fake_new(&bn_plugin_prometheus);

	fake_option(fake, "alerts", "false");
	fake_option(fake, "targets", "false");
	fake_option(fake, "rules", "false");
	fake_option(fake, "canary", query);
	fake_now(fake, "2026-11-28T17:38:30Z");
	return fake;
}

static struct fake *
streams(void)
{
	return with_canary("none");
}

static void
stream(struct fake *fake, const char *name, const char *query)
{
	fake_stream(fake, name);
	fake_stream_option(fake, "source", "prom");
	fake_stream_option(fake, "query", query);
}

/* Points of one series of a stream: how many, and the minutes of the first and the last. */
static size_t
points(const struct fake *fake, const char *about, const char *series, bn_time *first,
       bn_time *last)
{
	const json_t *records = fake_records(fake), *record;
	size_t i, count = 0;

	json_array_foreach(records, i, record)
	{
		if (strcmp(fake_text(record, "record"), "point") != 0 ||
		    strcmp(fake_text(record, "about"), about) != 0 ||
		    strcmp(fake_text(record, "key"), series) != 0)
			continue;
		*last = fake_int(record, "at");
		if (count++ == 0)
			*first = *last;
	}
	return count;
}

/* ---- expressions ------------------------------------------------------------------------------ */

static const struct {
	const char *query, *exact;
} rewrites[] = {
    {"up", "last_over_time(up[59s999ms])"},
    {"a:b:rate1m{x=\"}[\",y=~'z|\\''} * 2",
     "last_over_time(a:b:rate1m{x=\"}[\",y=~'z|\\''}[59s999ms]) * 2"},
    {"{__name__=\"up\"}", "last_over_time({__name__=\"up\"}[59s999ms])"},
    {"sum by (le, job) (x)", "sum by (le, job) (last_over_time(x[59s999ms]))"},
    {"sum(x) by (job)", "sum(last_over_time(x[59s999ms])) by (job)"},
    {"sum(increase(orders_total[1m]))", "sum(increase(orders_total[1m]))"},
    {"count_over_time(x[1m])", "count_over_time(x[59s999ms])"},
    {"avg_over_time(x[60s])", "avg_over_time(x[59s999ms])"},
    {"avg_over_time(x[5m])", "avg_over_time(x[5m])"},
    {"x offset 5m", "last_over_time(x[59s999ms] offset 5m)"},
    {"x @ end() + y", "last_over_time(x[59s999ms] @ end()) + last_over_time(y[59s999ms])"},
    {"a / on(x) group_left(y) b",
     "last_over_time(a[59s999ms]) / on(x) group_left(y) last_over_time(b[59s999ms])"},
    {"a and b or c unless d",
     "last_over_time(a[59s999ms]) and last_over_time(b[59s999ms]) or last_over_time(c[59s999ms]) "
     "unless last_over_time(d[59s999ms])"},
    {"timestamp(x)", "(timestamp(x) and last_over_time(x[59s999ms]))"},
    {"histogram_quantile(0.99, sum by (le) (rate(b[5m])))",
     "histogram_quantile(0.99, sum by (le) (rate(b[5m])))"},
    {"max_over_time(rate(x[1m])[5m:1m])", "max_over_time(rate(x[1m])[5m:1m])"},
    {"x > bool 1e3", "last_over_time(x[59s999ms]) > bool 1e3"},
    {"1 + Inf", "1 + Inf"},
    {"label_replace(x, \"a\", \"b[1m]\", \"c\", \"(.*)\")",
     "label_replace(last_over_time(x[59s999ms]), \"a\", \"b[1m]\", \"c\", \"(.*)\")"},
    {"x # y\n+ z", "last_over_time(x[59s999ms]) \n+ last_over_time(z[59s999ms])"},
    {"count(x) > 0", "count(last_over_time(x[59s999ms])) > 0"},
};

static int
rewrite_all(struct bn_source *s, struct bn_batch *batch, struct bn_sink *sink, void *payload,
	    struct bn_error *err)
{
	char deep[400];

	(void)batch, (void)sink, (void)payload, (void)err;
	for (size_t i = 0; i < sizeof(rewrites) / sizeof(rewrites[0]); i++)
		assert_string_equal(bn_prometheus_exact(s, rewrites[i].query), rewrites[i].exact);
	memset(deep, '(', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	assert_null(bn_prometheus_exact(s, deep));
	return BN_OK;
}

static void
streams_ask_for_nothing_older_than_the_minute(void **state)
{
	struct fake *fake = streams();
	struct bn_error err;

	(void)state;
	assert_ok(fake_call(fake, rewrite_all, NULL, &err), &err);
	fake_free(fake);
}

/* ---- answers ---------------------------------------------------------------------------------- */

/* A hole of ten minutes in a series of one sample a minute, as a real 2.42 answers it. */
static void
streams_keep_the_holes_of_a_real_server(void **state)
{
	struct fake *fake = streams();
	bn_time first = 0, last = 0;
	struct bn_error err;
	const json_t *reading;

	(void)state;
	stream(fake, "push", "push_gauge");
	stream(fake, "orders", "sum(increase(orders_total[1m]))");
	fake_reply_file(fake, RANGE, "prometheus/range_two.json");
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(fake_asked(fake, RANGE), 1); /* both in one request */
	assert_int_equal(points(fake, "stream/push", "value", &first, &last), 9);
	/* what is evaluated at 17:20 is the minute from 17:19 */
	assert_int_equal(first, bn_time_parse("2026-11-28T17:19:00Z"));
	assert_int_equal(last, bn_time_parse("2026-11-28T17:37:00Z"));
	assert_int_equal(points(fake, "stream/orders", "value", &first, &last), 9);
	reading = fake_find(fake, "reading", "push");
	/* before its first value nothing is missing */
	assert_int_equal(fake_int(reading, "from"), bn_time_parse("2026-11-28T17:19:00Z"));
	assert_int_equal(fake_int(reading, "at"), bn_time_parse("2026-11-28T17:38:30Z"));
	assert_true(fake_scope_done(fake, "streams"));
	assert_int_equal(fake_int(fake_find(fake, "stream", "push"), "settle"), 120000);
	fake_free(fake);
}

/* Asked the plain way the same server invents five minutes of it: that is what the wrapping is for. */
static void
streams_would_be_smeared_without_it(void **state)
{
	size_t size;
	char *smeared = fake_file("prometheus/range_smeared.json", &size);
	char *exact = fake_file("prometheus/range_two.json", &size);

	(void)state;
	assert_non_null(strstr(smeared, "[1795886940,\"60\"]"));
	assert_null(strstr(exact, "[1795886940,\"60\"]"));
	free(smeared);
	free(exact);
}

static void
streams_are_read_when_a_minute_has_ended_and_once_more(void **state)
{
	static const struct {
		const char *now;
		size_t asked;
	} polls[] = {
	    {"2026-11-28T17:38:30Z", 1}, {"2026-11-28T17:38:45Z", 0}, {"2026-11-28T17:39:02Z", 1},
	    {"2026-11-28T17:39:17Z", 0}, {"2026-11-28T17:39:32Z", 1}, {"2026-11-28T17:39:47Z", 0},
	};
	struct fake *fake = streams();
	struct bn_error err;
	const char *request;

	(void)state;
	stream(fake, "push", "push_gauge");
	stream(fake, "orders", "sum(increase(orders_total[1m]))");
	fake_reply_file(fake, RANGE, "prometheus/range_two.json");
	for (size_t i = 0; i < 6; i++) {
		size_t before = fake_asked(fake, RANGE);

		fake_now(fake, polls[i].now);
		assert_ok(fake_poll(fake, &err), &err);
		assert_int_equal(fake_asked(fake, RANGE) - before, polls[i].asked);
	}
	/* each goes back half an hour, so that what comes late is found */
	request = fake_request(fake, fake_request_count(fake) - 1, NULL);
	assert_non_null(strstr(request, "start=1795885800&end=1795887540&step=60"));
	fake_free(fake);
}

static void
streams_that_cannot_be_joined_are_asked_alone(void **state)
{
	struct fake *fake = streams();
	bn_time first = 0, last = 0;
	struct bn_error err;
	size_t before;

	(void)state;
	stream(fake, "push", "push_gauge");
	stream(fake, "one", "1");
	stream(fake, "bad", "sum(");
	fake_reply_file(fake, RANGE, "prometheus/range_scalar.json");
	fake_reply(
	    fake, RANGE "?query=label_replace", 400,
	    "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"1:15: parse error\"}");
	fake_reply(fake, RANGE "?query=sum%28&", 400,
		   "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"1:5: unclosed\"}");
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(points(fake, "stream/one", "value", &first, &last), 19);
	/* the broken one is told, is not known, and stops nothing */
	assert_string_equal(fake_text(fake_find(fake, "stream", "bad"), "status"), "unknown");
	assert_non_null(fake_find(fake, "finding", "stream bad"));
	assert_null(fake_find(fake, "reading", "bad"));
	assert_string_equal(fake_text(fake_find(fake, "stream", "one"), "status"), "healthy");
	/* and next time nobody joins it with others */
	before = fake_asked(fake, RANGE "?query=label_replace");
	fake_now(fake, "2026-11-28T17:39:30Z");
	assert_ok(fake_poll(fake, &err), &err);
	assert_true(fake_asked(fake, RANGE "?query=label_replace") - before <= 1);
	fake_free(fake);
}

static void
streams_take_no_number_that_is_none(void **state)
{
	struct fake *fake = streams();
	bn_time first = 0, last = 0;
	struct bn_error err;

	(void)state;
	stream(fake, "ratio", "a / b");
	fake_stream_option(fake, "scale", "100");
	fake_stream_option(fake, "for", "endpoint/api");
	fake_stream_option(fake, "as", "error-rate");
	fake_reply(
	    fake, RANGE, 200,
	    "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":"
	    "{},\"values\":[[1795887360,\"NaN\"],[1795887420,\"0.25\"],[1795887450.5,\"9\"],"
	    "[1795887480,\"+Inf\"],[1795899999960,\"3\"],\"x\",[1795887540,\"7\"]]}]}}");
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(points(fake, "stream/ratio", "value", &first, &last), 1);
	assert_int_equal(first, bn_time_parse("2026-11-28T17:36:00Z"));
	/* the same number as a series and the latest value of another thing, at the minute's end */
	assert_int_equal(points(fake, "endpoint/api", "error-rate", &first, &last), 1);
	assert_int_equal(first, bn_time_parse("2026-11-28T17:37:00Z"));
	assert_int_equal((int)fake_number(fake_find(fake, "measure", "error-rate"), "value"), 25);
	fake_free(fake);
}

static void
streams_of_several_series_are_told(void **state)
{
	struct fake *fake = streams();
	struct bn_error err;

	(void)state;
	stream(fake, "ups", "up");
	fake_reply(
	    fake, RANGE, 200,
	    "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":"
	    "{\"i\":\"1\"},\"values\":[[1795887420,\"1\"]]},{\"metric\":{\"i\":\"2\"},\"values\":"
	    "[[1795887420,\"0\"]]}]}}");
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(fake_skipped(fake), 1);
	assert_non_null(strstr(fake_skip_reason(fake, 0), "several series"));
	/* which of them a hole would be in, nobody knows */
	assert_null(fake_find(fake, "reading", "ups"));
	fake_free(fake);
}

/* An answer with warnings may not be whole: what is absent from it is not missing. */
static void
streams_claim_nothing_of_a_partial_answer(void **state)
{
	struct fake *fake = streams();
	struct bn_error err;

	(void)state;
	stream(fake, "x", "x");
	fake_reply(fake, RANGE, 200,
		   "{\"status\":\"success\",\"warnings\":[\"a store did not answer\"],\"data\":{"
		   "\"resultType\":\"matrix\",\"result\":[{\"metric\":{},\"values\":[[1795887420,"
		   "\"1\"]]}]}}");
	assert_ok(fake_poll(fake, &err), &err);
	assert_null(fake_find(fake, "reading", "x"));
	fake_free(fake);
}

static int
backfill(struct bn_source *s, struct bn_batch *batch, struct bn_sink *sink, void *payload,
	 struct bn_error *err)
{
	(void)sink, (void)payload;
	return bn_prometheus_streams_past(s, bn_parse_time(s, "2026-11-01T00:00:00Z"), batch, err);
}

/* Eight days are 11,520 minutes; a server gives at most 11,000 points at once. */
static void
streams_read_history_in_pages_a_server_answers(void **state)
{
	struct fake *fake = streams();
	struct bn_error err;

	(void)state;
	stream(fake, "push", "push_gauge");
	fake_reply_file(fake, RANGE, "prometheus/range_scalar.json");
	assert_ok(fake_call(fake, backfill, NULL, &err), &err);
	assert_int_equal(fake_asked(fake, RANGE), 2);
	for (size_t i = 0; i < fake_request_count(fake); i++) {
		const char *request = fake_request(fake, i, NULL);
		long long start = strtoll(strstr(request, "start=") + 6, NULL, 10),
			  end = strtoll(strstr(request, "end=") + 4, NULL, 10);

		assert_true((end - start) / 60 <= 11000);
		assert_int_equal(start % 60, 0);
	}
	fake_free(fake);
}

static void
streams_that_no_section_names_are_gone(void **state)
{
	struct fake *fake = streams();
	struct bn_error err;

	(void)state;
	assert_ok(fake_poll(fake, &err), &err);
	assert_false(fake_scope_done(fake, "streams")); /* there never were any */
	assert_int_equal(fake_asked(fake, RANGE), 0);
	fake_free(fake);
}

/* ---- many at once ----------------------------------------------------------------------------- */

#define MANY 300
#define FORM "POST /api/v1/query_range"

static struct fake *
many(void)
{
	struct fake *fake = streams();

	for (int i = 0; i < MANY; i++) {
		char name[16], query[64];

		snprintf(name, sizeof(name), "s%d", i);
		snprintf(query, sizeof(query), "sum(rate(orders_%d_total[5m]))", i);
		stream(fake, name, query);
	}
	return fake;
}

#define LABELLED(n, value)                                                                         \
	"{\"metric\":{\"binnacle_stream\":\"" n "\"},\"values\":[[1795887420,\"" value "\"]]}"
#define ANSWER(series)                                                                             \
	"{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[" series "]}}"

/* What is too long for a URL is sent as a form, so that many streams cost few requests. */
static void
streams_that_are_many_are_asked_for_in_forms(void **state)
{
	struct fake *fake = many();
	struct bn_error err;
	bn_time first = 0, last = 0;

	(void)state;
	fake_reply(fake, FORM, 200, ANSWER(LABELLED("0", "3") "," LABELLED("299", "4")));
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(fake_asked(fake, FORM), 1);
	assert_int_equal(fake_request_count(fake), 1);
	assert_non_null(
	    strstr(fake_body(fake, 0), "query=label_replace%28%28sum%28rate%28orders_0_"));
	assert_non_null(strstr(fake_body(fake, 0), "orders_299_total"));
	assert_non_null(strstr(fake_body(fake, 0), "&start=1795876740&end=1795887480&step=60"));
	assert_int_equal(points(fake, "stream/s0", "value", &first, &last), 1);
	assert_int_equal(first, 1795887360000);
	assert_int_equal(points(fake, "stream/s299", "value", &first, &last), 1);
	fake_free(fake);
}

/* A proxy may let no POST through, a server take less: then they are asked for in pieces, at once in small ones
 * the next time. */
static void
streams_are_asked_for_in_pieces_where_no_forms_are_taken(void **state)
{
	struct fake *fake = many();
	struct bn_error err;
	size_t refused;

	(void)state;
	fake_reply(fake, FORM, 405, "");
	fake_reply(fake, RANGE, 200, ANSWER(LABELLED("0", "3")));
	assert_ok(fake_poll(fake, &err), &err);
	refused = fake_asked(fake, FORM);
	assert_true(refused > 0);
	assert_true(fake_asked(fake, RANGE) < MANY / 8);
	for (int i = 0; i < MANY; i++) {
		char name[16];

		snprintf(name, sizeof(name), "s%d", i);
		assert_non_null(fake_find(fake, "stream", name));
		assert_string_equal(fake_text(fake_find(fake, "stream", name), "message"),
				    fake_find(fake, "reading", name) != NULL
					? ""
					: "the query has given no value yet");
	}
	assert_int_equal(fake_count(fake, "finding"), 0);
	fake_now(fake, "2026-11-28T17:39:30Z");
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(fake_asked(fake, FORM), refused);
	fake_free(fake);
}

/* One that is wrong is found among the many, told, and asked alone from then on. */
static void
streams_that_are_wrong_are_found_among_many(void **state)
{
	struct fake *fake = many();
	struct bn_error err;

	(void)state;
	fake_reply(fake, FORM, 400,
		   "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"parse error\"}");
	fake_reply(fake, FORM, 200, ANSWER(LABELLED("0", "3")));
	fake_reply(fake, RANGE, 200, ANSWER(LABELLED("0", "3")));
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(fake_asked(fake, FORM), 3); /* the whole, and its halves */
	assert_int_equal(fake_count(fake, "finding"), 0);
	fake_free(fake);
}

/* ---- the server's own outages ------------------------------------------------------------------ */

/* [from, to) of every reading of a stream, as text. */
static const char *
readings(const struct fake *fake, const char *stream_name)
{
	static char text[512];
	const json_t *records = fake_records(fake), *record;
	size_t i, n = 0;

	text[0] = '\0';
	json_array_foreach(records, i, record)
	{
		if (strcmp(fake_text(record, "record"), "reading") != 0 ||
		    strcmp(fake_text(record, "key"), stream_name) != 0)
			continue;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%lld-%lld ",
				      (long long)(fake_int(record, "from") - 1795880000000) / 1000,
				      (long long)(fake_int(record, "at") - 1795880000000) / 1000);
	}
	return text;
}

#define UP	       "GET /api/v1/query_range?query=count%28last_over_time%28up"
#define AT(t, v)       "[" #t ",\"" v "\"]"
#define VALUES(values) ANSWER("{\"metric\":{},\"values\":[" values "]}")

/* A minute in which Prometheus itself scraped nothing was not observed: no reading holds it. */
static void
streams_leave_out_what_the_server_did_not_see(void **state)
{
	struct fake *fake = with_canary("count(up)");
	struct bn_error err;

	(void)state;
	stream(fake, "x", "x");
	/* up from 17:30 on, out at 17:33 and 17:34; the minutes' ends are what is answered */
	fake_reply(
	    fake, UP, 200,
	    VALUES(AT(1795887060, "2") "," AT(1795887120, "2") "," AT(1795887180, "2") "," AT(
		1795887360, "2") "," AT(1795887420, "2") "," AT(1795887480, "2")));
	fake_reply(fake, RANGE, 200, VALUES(AT(1795887060, "1") "," AT(1795887480, "1")));
	assert_ok(fake_poll(fake, &err), &err);
	/* from the first value on; the two minutes before the outage, settled by then; from its end until now */
	assert_string_equal(readings(fake, "x"), "7000-7300 7300-7510 ");
	fake_forget(fake);
	/* nothing at all since: nothing is claimed of that, nor of what went before its first value */
	fake_reply(fake, UP, 200, VALUES(""));
	fake_now(fake, "2026-11-28T17:41:30Z");
	assert_ok(fake_poll(fake, &err), &err);
	assert_string_equal(readings(fake, "x"), "");
	fake_free(fake);
}

/* Each poll asks again for what may have come late; before its first value a stream misses nothing all the same. */
static void
streams_miss_nothing_before_their_first_value(void **state)
{
	struct fake *fake = streams();
	struct bn_error err;

	(void)state;
	stream(fake, "x", "x");
	fake_reply(fake, RANGE, 200, VALUES(AT(1795887240, "1") "," AT(1795887480, "1")));
	assert_ok(fake_poll(fake, &err), &err);
	assert_string_equal(readings(fake, "x"), "7180-7510 ");
	fake_forget(fake);
	fake_now(fake, "2026-11-28T17:41:30Z");
	assert_ok(fake_poll(fake, &err), &err);
	assert_string_equal(readings(fake, "x"), "7180-7690 ");
	fake_free(fake);
}

/* Where there never was a canary, or it can't be asked for, it says nothing. */
static void
streams_need_no_canary(void **state)
{
	static const char *const answers[] = {
	    VALUES(""), "{\"status\":\"error\",\"errorType\":\"execution\",\"error\":\"no\"}"};
	struct bn_error err;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct fake *fake = with_canary("count(up)");

		stream(fake, "x", "x");
		fake_reply(fake, UP, i == 0 ? 200 : 422, answers[i]);
		fake_reply(fake, RANGE, 200, VALUES(AT(1795887060, "1")));
		assert_ok(fake_poll(fake, &err), &err);
		assert_string_equal(readings(fake, "x"), "7000-7510 ");
		fake_free(fake);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(streams_ask_for_nothing_older_than_the_minute),
	    cmocka_unit_test(streams_keep_the_holes_of_a_real_server),
	    cmocka_unit_test(streams_would_be_smeared_without_it),
	    cmocka_unit_test(streams_are_read_when_a_minute_has_ended_and_once_more),
	    cmocka_unit_test(streams_that_cannot_be_joined_are_asked_alone),
	    cmocka_unit_test(streams_take_no_number_that_is_none),
	    cmocka_unit_test(streams_of_several_series_are_told),
	    cmocka_unit_test(streams_claim_nothing_of_a_partial_answer),
	    cmocka_unit_test(streams_read_history_in_pages_a_server_answers),
	    cmocka_unit_test(streams_that_no_section_names_are_gone),
	    cmocka_unit_test(streams_that_are_many_are_asked_for_in_forms),
	    cmocka_unit_test(streams_are_asked_for_in_pieces_where_no_forms_are_taken),
	    cmocka_unit_test(streams_that_are_wrong_are_found_among_many),
	    cmocka_unit_test(streams_leave_out_what_the_server_did_not_see),
	    cmocka_unit_test(streams_miss_nothing_before_their_first_value),
	    cmocka_unit_test(streams_need_no_canary),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* http_test.c - the http plugin: health from status, certificate, latency and assertions. */
/* SPDX-License-Identifier: MIT */
#include "../test.h"

#include "base/clock.h"
#include "fakehost.h"

extern const struct bn_plugin bn_plugin_http;

#define URL "https://lpo.example.com/v1/quote/health"
#define NOW "2026-03-10T03:12:44Z"
#define DAY ((int64_t)86400000)

static const char fresh[] =
    "{\"status\":\"ok\",\"generated_at\":\"2026-03-10T02:12:44Z\",\"rows\":41,"
    "\"items\":[{\"id\":7,\"a.b\":\"x/"
    "y\"}],\"epoch\":1773108764,\"ratio\":0.5,\"ready\":true,\"none\":null}";

static struct bn_probe
answered(int status, const char *body)
{
	return (struct bn_probe){.rc = BN_OK,
				 .http_status = status,
				 .sent_at = bn_time_parse(NOW),
				 .resolve = 1000,
				 .connect = 2000,
				 .tls = 9000,
				 .first_byte = 20000,
				 .transfer = 500,
				 .total = 32500,
				 .certificate_expires = bn_time_parse(NOW) + 61 * DAY,
				 .body = body,
				 .body_size = strlen(body),
				 .content_type = "application/json"};
}

static struct bn_probe
failed(int code, const char *message, const char *hint)
{
	struct bn_probe probe = {.rc = code,
				 .sent_at = bn_time_parse(NOW),
				 .resolve = 1000,
				 .connect = -1,
				 .tls = -1,
				 .first_byte = -1,
				 .transfer = -1,
				 .total = -1};

	probe.error.code = code;
	snprintf(probe.error.message, sizeof(probe.error.message), "%s", message);
	snprintf(probe.error.hint, sizeof(probe.error.hint), "%s", hint);
	return probe;
}

static struct fake *
new_fake(void)
{
	struct fake *fake = fake_new(&bn_plugin_http);

	fake_now(fake, NOW);
	return fake;
}

static const json_t *
poll_one(struct fake *fake, const struct bn_probe *probe)
{
	struct bn_error err;

	fake_probe(fake, URL, probe);
	assert_ok(fake_poll(fake, &err), &err);
	assert_true(fake_scope_done(fake, "endpoints"));
	return fake_find(fake, "endpoint", "api");
}

static struct fake *
one_endpoint(void)
{
	struct fake *fake = new_fake();

	fake_section(fake, "api");
	fake_section_option(fake, "url", URL);
	return fake;
}

static void
http_good_answer_is_healthy_and_leaves_points(void **state)
{
	struct fake *fake = one_endpoint();
	struct bn_probe probe = answered(204, "");
	const json_t *endpoint;

	(void)state;
	fake_section_option(fake, "owner", "lpo");
	fake_section_option(fake, "group", "api");
	fake_section_option(fake, "slo-p99", "100ms");
	endpoint = poll_one(fake, &probe);
	assert_string_equal(fake_text(endpoint, "status"), "healthy");
	assert_string_equal(fake_text(endpoint, "raw_status"), "204");
	assert_string_equal(fake_text(endpoint, "target"), "GET " URL);
	assert_string_equal(fake_text(endpoint, "owner"), "lpo");
	assert_int_equal(fake_int(endpoint, "total"), 32500);
	assert_int_equal(fake_int(endpoint, "slo_p99"), 100);
	assert_int_equal(fake_int(endpoint, "checked_at"), bn_time_parse(NOW));
	assert_string_equal(fake_text(fake_find(fake, "point", "total"), "about"), "endpoint/api");
	assert_true(fake_number(fake_find(fake, "point", "total"), "value") == 32.5);
	assert_true(fake_number(fake_find(fake, "point", "up"), "value") == 1);
	fake_free(fake);
}

static void
http_secrets_in_the_address_are_not_shown(void **state)
{
	struct fake *fake = new_fake();
	struct bn_probe probe = answered(200, "");
	struct bn_error err;

	(void)state;
	fake_section(fake, "api");
	fake_section_option(fake, "url", "https://me:secret@h.example/p?key=secret#secret");
	fake_probe(fake, "https://me:secret@h.example/p?key=secret#secret", &probe);
	assert_ok(fake_poll(fake, &err), &err);
	assert_string_equal(fake_text(fake_find(fake, "endpoint", "api"), "target"),
			    "GET https://h.example/p");
	assert_null(strstr(fake_text(fake_find(fake, "endpoint", "api"), "url"), "secret"));
	fake_free(fake);
}

static void
http_wrong_status_is_down(void **state)
{
	struct fake *fake = one_endpoint();
	struct bn_probe probe = answered(503, "sorry");
	const json_t *endpoint = poll_one(fake, &probe);

	(void)state;
	assert_string_equal(fake_text(endpoint, "status"), "down");
	assert_string_equal(fake_text(endpoint, "raw_status"), "503");
	assert_string_equal(fake_text(endpoint, "message"), "HTTP 503; expected is 2xx");
	assert_true(fake_number(fake_find(fake, "point", "up"), "value") == 0);
	fake_free(fake);
}

static void
http_expected_status_may_be_another(void **state)
{
	struct fake *fake = one_endpoint();
	struct bn_probe probe = answered(401, "");

	(void)state;
	fake_section_option(fake, "expect-status", "200, 401");
	assert_string_equal(fake_text(poll_one(fake, &probe), "status"), "healthy");
	fake_free(fake);
}

/* Who is to be called differs: name server, network, certificate, application. */
static void
http_failures_are_told_apart(void **state)
{
	static const struct {
		int code;
		const char *message, *raw;
		int64_t resolve;
	} rows[] = {
	    {BN_EUNREACHABLE, "no such host name", "DNS", -1},
	    {BN_EUNREACHABLE, "connection refused: nothing listens on that port", "refused", 1},
	    {BN_EUNREACHABLE, "no connection: No route to host", "unreachable", 1},
	    {BN_ETIMEOUT, "no answer within 10 s", "timeout", 1},
	    {BN_ETLS, "the certificate has expired", "TLS", 1},
	    {BN_EPARSE, "the answer is not HTTP", "not HTTP", 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake *fake = one_endpoint();
		struct bn_probe probe = failed(rows[i].code, rows[i].message, "do this");
		const json_t *endpoint;

		probe.resolve = rows[i].resolve;
		endpoint = poll_one(fake, &probe);
		assert_string_equal(fake_text(endpoint, "status"), "down");
		assert_string_equal(fake_text(endpoint, "raw_status"), rows[i].raw);
		assert_non_null(strstr(fake_text(endpoint, "message"), rows[i].message));
		assert_non_null(strstr(fake_text(endpoint, "message"), "do this"));
		/* a failed probe has no latency to draw */
		assert_null(fake_find(fake, "point", "total"));
		fake_free(fake);
	}
}

static void
http_certificate_counts_by_the_days_left(void **state)
{
	static const struct {
		int64_t left;
		const char *status;
	} rows[] = {{15 * 86400000LL, "healthy"},
		    {14 * 86400000LL - 1, "degraded"},
		    {3 * 86400000LL, "degraded"},
		    {3 * 86400000LL - 1, "down"},
		    {-86400000LL, "down"}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake *fake = one_endpoint();
		struct bn_probe probe = answered(200, "");
		const json_t *endpoint;

		probe.certificate_expires = bn_time_parse(NOW) + rows[i].left;
		endpoint = poll_one(fake, &probe);
		assert_string_equal(fake_text(endpoint, "status"), rows[i].status);
		assert_int_equal(fake_int(endpoint, "certificate_expires"),
				 probe.certificate_expires);
		fake_free(fake);
	}
}

static void
http_answer_slower_than_promised_is_degraded(void **state)
{
	struct fake *fake = one_endpoint();
	struct bn_probe probe = answered(200, "");
	const json_t *endpoint;

	(void)state;
	fake_section_option(fake, "slo-p99", "30ms");
	endpoint = poll_one(fake, &probe);
	assert_string_equal(fake_text(endpoint, "status"), "degraded");
	assert_string_equal(fake_text(endpoint, "raw_status"), "200 slow");
	assert_string_equal(fake_text(endpoint, "message"), "it took 32 ms; it promises 30 ms");
	fake_free(fake);
}

static void
http_stale_answer_is_degraded(void **state)
{
	struct fake *fake = one_endpoint();
	struct bn_probe probe = answered(200, "{\"generated_at\":\"2026-03-09T02:40:44Z\"}");
	const json_t *endpoint, *asserts;

	(void)state;
	fake_section_option(fake, "assert", "status 200");
	fake_section_option(fake, "assert", "json .generated_at age < 24h");
	endpoint = poll_one(fake, &probe);
	assert_string_equal(fake_text(endpoint, "status"), "degraded");
	assert_string_equal(fake_text(endpoint, "raw_status"), "200 stale");
	assert_string_equal(fake_text(endpoint, "message"),
			    "json .generated_at age < 24h: it is 24h32m");
	asserts = json_object_get(endpoint, "asserts");
	assert_int_equal(json_array_size(asserts), 6);
	assert_string_equal(json_string_value(json_array_get(asserts, 1)), "ok");
	assert_string_equal(json_string_value(json_array_get(asserts, 3)),
			    "json .generated_at age < 24h");
	assert_string_equal(json_string_value(json_array_get(asserts, 4)), "failed");
	assert_string_equal(json_string_value(json_array_get(asserts, 5)), "24h32m");
	fake_free(fake);
}

static void
http_assertions_hold_or_fail(void **state)
{
	static const struct {
		const char *claim, *verdict;
	} rows[] = {
	    {"status 200", "ok"},
	    {"status 2xx", "ok"},
	    {"status 500,200", "ok"},
	    {"status 404", "failed"},
	    {"latency < 500ms", "ok"},
	    {"latency < 32ms", "failed"},
	    {"certificate > 14d", "ok"},
	    {"certificate > 90d", "failed"},
	    {"body contains \"generated\"", "ok"},
	    {"body contains zebra", "failed"},
	    {"body lacks \"zebra crossing\"", "ok"},
	    {"json .status = \"ok\"", "ok"},
	    {"json .status = ok", "ok"},
	    {"json .status != ok", "failed"},
	    {"json .rows > 40", "ok"},
	    {"json .rows >= 42", "failed"},
	    {"json .rows = 41.0", "ok"},
	    {"json .ratio < 1", "ok"},
	    {"json .status > 1", "failed"},
	    {"json .items[0].id = 7", "ok"},
	    {"json .items[1].id = 7", "failed"},
	    {"json .items[0].\"a.b\" = \"x/y\"", "ok"},
	    {"json .ready = true", "ok"},
	    {"json .none exists", "ok"},
	    {"json .nothing exists", "failed"},
	    {"json .nothing lacks", "ok"},
	    {"json .status contains o", "ok"},
	    {"json .generated_at age < 2h", "ok"},
	    {"json .generated_at age > 2h", "failed"},
	    {"json .epoch age < 2h", "ok"},
	    {"json .rows age < 10000d", "failed"},
	    {"json .nothing age < 1h", "failed"},
	    {"json . exists", "ok"},
	};
	struct fake *fake = one_endpoint();
	struct bn_probe probe = answered(200, fresh);
	const json_t *asserts;

	(void)state;
	for (size_t i = 0; i < 32; i++)
		fake_section_option(fake, "assert", rows[i].claim);
	asserts = json_object_get(poll_one(fake, &probe), "asserts");
	for (size_t i = 0; i < 32; i++)
		if (strcmp(json_string_value(json_array_get(asserts, 3 * i + 1)),
			   rows[i].verdict) != 0)
			fail_msg("%s: %s (%s)", rows[i].claim,
				 json_string_value(json_array_get(asserts, 3 * i + 1)),
				 json_string_value(json_array_get(asserts, 3 * i + 2)));
	fake_free(fake);
}

static void
http_assertion_without_an_answer_is_unclear(void **state)
{
	struct fake *fake = one_endpoint();
	struct bn_probe probe = failed(BN_ETIMEOUT, "no answer", "");
	const json_t *asserts;

	(void)state;
	fake_section_option(fake, "assert", "json .status = ok");
	asserts = json_object_get(poll_one(fake, &probe), "asserts");
	assert_string_equal(json_string_value(json_array_get(asserts, 1)), "unclear");
	fake_free(fake);
}

/* A mistake in one endpoint's section is told there, and hides no other endpoint. */
static void
http_unreadable_assertion_is_told_at_its_endpoint(void **state)
{
	static const char *const claims[] = {"",
					     "colour red",
					     "status",
					     "status ok",
					     "json status = 1",
					     "json .a",
					     "json .a ~ 1",
					     "json .a < many",
					     "json .a age",
					     "json .a age < soon",
					     "json .a age = 1h",
					     "latency < fast",
					     "body = 1",
					     "json .a[x] = 1",
					     "json .. = 1",
					     "certificate contains 4"};

	(void)state;
	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		struct fake *fake = one_endpoint();
		struct bn_probe probe = answered(200, fresh);
		const json_t *endpoint;

		fake_section_option(fake, "assert", claims[i]);
		fake_section(fake, "other");
		fake_section_option(fake, "url", URL);
		endpoint = poll_one(fake, &probe);
		if (strcmp(fake_text(endpoint, "raw_status"), "config") != 0)
			fail_msg("'%s' was accepted", claims[i]);
		assert_string_equal(fake_text(endpoint, "status"), "degraded");
		assert_non_null(strstr(fake_text(endpoint, "message"), "ASSERTIONS"));
		assert_string_equal(fake_text(fake_find(fake, "endpoint", "other"), "status"),
				    "healthy");
		fake_free(fake);
	}
}

static void
http_body_that_is_not_json_fails_json_assertions(void **state)
{
	struct fake *fake = one_endpoint();
	struct bn_probe probe = answered(200, "<html>{\"status\":");
	const json_t *endpoint;

	(void)state;
	fake_section_option(fake, "assert", "json .status = ok");
	endpoint = poll_one(fake, &probe);
	assert_string_equal(fake_text(endpoint, "status"), "degraded");
	assert_string_equal(fake_text(endpoint, "raw_status"), "200 wrong");
	assert_string_equal(fake_text(endpoint, "message"), "json .status = ok: it is not JSON");
	fake_free(fake);
}

static void
http_one_endpoint_can_be_probed_alone(void **state)
{
	struct fake *fake = one_endpoint();
	struct bn_probe probe = answered(200, "");
	struct bn_error err;

	(void)state;
	fake_section(fake, "other");
	fake_section_option(fake, "url", "http://other.example/");
	fake_probe(fake, URL, &probe);
	assert_ok(fake_detail(fake, BN_ENDPOINT, "api", &err), &err);
	assert_int_equal(fake_count(fake, "endpoint"), 1);
	assert_fails_with(BN_ENOTFOUND, fake_detail(fake, BN_ENDPOINT, "missing", &err));
	fake_free(fake);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(http_good_answer_is_healthy_and_leaves_points),
    cmocka_unit_test(http_secrets_in_the_address_are_not_shown),
    cmocka_unit_test(http_wrong_status_is_down),
    cmocka_unit_test(http_expected_status_may_be_another),
    cmocka_unit_test(http_failures_are_told_apart),
    cmocka_unit_test(http_certificate_counts_by_the_days_left),
    cmocka_unit_test(http_answer_slower_than_promised_is_degraded),
    cmocka_unit_test(http_stale_answer_is_degraded),
    cmocka_unit_test(http_assertions_hold_or_fail),
    cmocka_unit_test(http_assertion_without_an_answer_is_unclear),
    cmocka_unit_test(http_unreadable_assertion_is_told_at_its_endpoint),
    cmocka_unit_test(http_body_that_is_not_json_fails_json_assertions),
    cmocka_unit_test(http_one_endpoint_can_be_probed_alone),
};

BN_TEST_MAIN(tests)

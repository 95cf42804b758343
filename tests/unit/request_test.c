/* request_test.c - request tables to URLs, origins, header checks, line framing. */
/* SPDX-License-Identifier: MIT */
#include "net/request.h"

#include "base/error.h"
#include "net/http.h"
#include "net/lines.h"
#include "tests/test.h"

static const struct bn_request run_row = {"GET", "/api/v1/workflows/{namespace}/{name}",
					  "fields listOptions.limit", BN_READS, ""};
static const struct bn_request list_row = {"GET", "/api/v1/workflows/{namespace}", "state",
					   BN_READS, ""};
static const struct bn_request url_row = {"GET", "{url}", "", BN_READS, ""};

static const char *
url_of(struct bn_buf *buf, const char *base, const struct bn_request *row,
       const struct bn_param *params)
{
	struct bn_error err = {0};

	assert_ok(bn_request_url(buf, base, row, params, &err), &err);
	return bn_buf_text(buf);
}

static void
request_placeholders_are_percent_encoded(void **state)
{
	struct bn_buf buf = BN_BUF_INIT(0);

	(void)state;
	assert_string_equal(
	    url_of(&buf, "https://h", &run_row,
		   BN_PARAMS({"namespace", "da ta"}, {"name", "a/../b?x=1#y%2e\xc3\xa4"},
			     {"fields", "items.a,b&c"})),
	    "https://h/api/v1/workflows/da%20ta/"
	    "a%2F..%2Fb%3Fx%3D1%23y%252e%C3%A4?fields=items.a%2Cb%26c");
	bn_buf_free(&buf);
}

static void
request_base_path_is_kept(void **state)
{
	struct bn_buf buf = BN_BUF_INIT(0);

	(void)state;
	assert_string_equal(
	    url_of(&buf, "https://h:8443/argo/", &list_row, BN_PARAMS({"namespace", "data"})),
	    "https://h:8443/argo/api/v1/workflows/data");
	assert_string_equal(
	    url_of(&buf, "https://h/argo?x=1", &list_row, BN_PARAMS({"namespace", "data"})),
	    "https://h/argo/api/v1/workflows/data");
	bn_buf_free(&buf);
}

static void
request_repeated_and_null_parameters(void **state)
{
	struct bn_buf buf = BN_BUF_INIT(0);

	(void)state;
	assert_string_equal(url_of(&buf, "https://h", &list_row,
				   BN_PARAMS({"namespace", ""}, {"state", "failed"},
					     {"state", NULL}, {"state", "running"})),
			    "https://h/api/v1/workflows/?state=failed&state=running");
	bn_buf_free(&buf);
}

static void
request_unknown_parameter_is_named(void **state)
{
	struct bn_buf buf = BN_BUF_INIT(0);
	struct bn_error err;

	(void)state;
	assert_fails_with(BN_EINTERNAL,
			  bn_request_url(&buf, "https://h", &list_row,
					 BN_PARAMS({"namespace", "d"}, {"limit", "5"}), &err));
	assert_non_null(strstr(err.message, "\"limit\""));
	assert_fails_with(BN_EINTERNAL, bn_request_url(&buf, "https://h", &run_row,
						       BN_PARAMS({"name", "d"}), &err));
	assert_non_null(strstr(err.message, "{namespace}"));
	bn_buf_free(&buf);
}

static void
request_value_that_climbs_is_refused(void **state)
{
	static const char *const bad[] = {"..", ".", ""};
	struct bn_buf buf = BN_BUF_INIT(0);
	struct bn_error err;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_fails_with(BN_EINVAL,
				  bn_request_url(&buf, "https://h", &run_row,
						 BN_PARAMS({"namespace", bad[i]}, {"name", "x"}),
						 &err));
	bn_buf_free(&buf);
}

static void
request_absolute_url_must_be_http(void **state)
{
	struct bn_buf buf = BN_BUF_INIT(0);
	struct bn_error err;

	(void)state;
	assert_string_equal(
	    url_of(&buf, NULL, &url_row, BN_PARAMS({"url", "http://t:8080/health?x=1"})),
	    "http://t:8080/health?x=1");
	assert_fails_with(
	    BN_ECONFIG,
	    bn_request_url(&buf, NULL, &url_row, BN_PARAMS({"url", "file:///etc/passwd"}), &err));
	assert_fails_with(BN_ECONFIG, bn_request_url(&buf, NULL, &url_row,
						     BN_PARAMS({"url", "https://u:p@h/"}), &err));
	assert_null(strstr(err.message, "u:p"));
	assert_fails_with(
	    BN_ECONFIG, bn_request_url(&buf, NULL, &list_row, BN_PARAMS({"namespace", "x"}), &err));
	bn_buf_free(&buf);
}

static void
origin_is_scheme_host_and_port(void **state)
{
	(void)state;
	assert_true(bn_url_same_origin("https://h/a", "https://H:443/b?c"));
	assert_false(bn_url_same_origin("https://h/a", "http://h/a"));
	assert_false(bn_url_same_origin("https://h/a", "https://h:8443/a"));
	assert_false(bn_url_same_origin("https://h/a", "https://h.evil/a"));
	assert_false(bn_url_same_origin("https://h/a", "https://h@evil/a"));
	assert_true(bn_url_is_loopback("http://127.9.9.9/"));
	assert_true(bn_url_is_loopback("http://localhost:1/"));
	assert_true(bn_url_is_loopback("http://[::1]/"));
	assert_false(bn_url_is_loopback("http://127.evil.example/"));
	assert_false(bn_url_is_loopback("http://128.0.0.1/"));
}

static void
url_resolve_follows_rfc_3986(void **state)
{
	char *url = bn_url_resolve("https://h/a/b?c", "../d?e");

	(void)state;
	assert_string_equal(url, "https://h/d?e");
	free(url);
	url = bn_url_resolve("https://h/a", "//evil/x");
	assert_string_equal(url, "https://evil/x");
	free(url);
}

static void
header_with_line_end_or_control_is_refused(void **state)
{
	(void)state;
	assert_true(bn_header_ok("Authorization: Bearer a.b-c"));
	assert_true(bn_header_ok("X: a\tb"));
	assert_false(bn_header_ok("X: a\r\nY: b"));
	assert_false(bn_header_ok("X: a\nY"));
	assert_false(bn_header_ok("X: a\x7f"));
	assert_false(bn_header_ok("X Y: a"));
	assert_false(bn_header_ok(": a"));
	assert_false(bn_header_ok("no colon"));
}

static void
shown_url_has_no_user_and_no_query(void **state)
{
	char out[100];

	(void)state;
	assert_string_equal(bn_http_show_url("https://u:secret@h:1/p?token=x#f", out, sizeof(out)),
			    "https://h:1/p");
	assert_string_equal(bn_http_show_url("https://h?a=https://x@y", out, sizeof(out)),
			    "https://h");
}

/* ---- lines --------------------------------------------------------------------------------- */

struct seen {
	char text[4000];
	int count, stop_at;
};

static int
see(const char *line, size_t size, void *payload, struct bn_error *err)
{
	struct seen *seen = payload;
	size_t at = strlen(seen->text);

	(void)err;
	assert_int_equal(line[size], '\0');
	if (at + size + 3 < sizeof(seen->text))
		snprintf(seen->text + at, sizeof(seen->text) - at, "[%.*s]", (int)size, line);
	return ++seen->count == seen->stop_at ? BN_ECANCELLED : BN_OK;
}

/* Whatever the pieces, the lines are the same. */
static void
assert_lines(enum bn_framing framing, size_t max, const char *text, const char *expected)
{
	struct bn_error err = {0};
	struct bn_lines *lines;
	struct seen seen;
	size_t piece, at, size = strlen(text), n;

	for (piece = 1; piece <= size + 1; piece++) {
		memset(&seen, 0, sizeof(seen));
		lines = bn_lines_new(framing, max, see, &seen);
		for (at = 0; at < size; at += piece) {
			n = size - at < piece ? size - at : piece;
			/* The byte order mark is only looked for in the first piece. */
			assert_ok(bn_lines_feed(lines, text + at, n, &err), &err);
		}
		assert_ok(bn_lines_finish(lines, &err), &err);
		assert_string_equal(seen.text, expected);
		bn_lines_free(lines);
	}
}

static void
lines_raw_keep_empty_ones_and_an_unfinished_last(void **state)
{
	(void)state;
	assert_lines(BN_LINES_RAW, 100, "a\r\n\nb c\nlast", "[a][][b c][last]");
	assert_lines(BN_LINES_RAW, 100, "a\rb\n", "[a\rb]");
}

static void
lines_raw_too_long_comes_in_pieces(void **state)
{
	(void)state;
	assert_lines(BN_LINES_RAW, 4, "abcdefghij\nxyz\n", "[abcd][efgh][ij][xyz]");
	assert_lines(BN_LINES_RAW, 4, "abcd\r\nabcd\rx\n", "[abcd][abcd\r][x]");
}

static void
lines_ndjson_skip_blank_ones(void **state)
{
	(void)state;
	assert_lines(BN_LINES_NDJSON, 100, "{\"a\":1}\n\n \t\r\n{\"b\":2}",
		     "[{\"a\":1}][{\"b\":2}]");
}

static void
lines_sse_join_data_and_skip_the_rest(void **state)
{
	(void)state;
	assert_lines(BN_LINES_SSE, 100,
		     ": hi\nevent: x\ndata: {\"a\":1}\r\n\r\nid: 3\ndata:one\ndata: "
		     "two\n\n\nretry: 5\n\ndata: end\n",
		     "[{\"a\":1}][one\ntwo][end]");
	assert_lines(BN_LINES_SSE, 100, "{\"error\":1}\ndatax: no\n\n", "[{\"error\":1}]");
}

static void
lines_ndjson_too_long_is_an_error(void **state)
{
	struct seen seen = {{0}, 0, 0};
	struct bn_lines *lines = bn_lines_new(BN_LINES_NDJSON, 4, see, &seen);
	struct bn_error err;

	(void)state;
	assert_int_equal(bn_lines_feed(lines, "abcd\r\n", 6, &err), BN_OK);
	assert_fails_with(BN_ETOOBIG, bn_lines_feed(lines, "abcde\n", 6, &err));
	bn_lines_free(lines);
}

static void
lines_callback_can_end_the_stream(void **state)
{
	struct seen seen = {{0}, 0, 2};
	struct bn_lines *lines = bn_lines_new(BN_LINES_RAW, 100, see, &seen);
	struct bn_error err;

	(void)state;
	assert_fails_with(BN_ECANCELLED, bn_lines_feed(lines, "a\nb\nc\n", 6, &err));
	assert_string_equal(seen.text, "[a][b]");
	bn_lines_free(lines);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(request_placeholders_are_percent_encoded),
	    cmocka_unit_test(request_base_path_is_kept),
	    cmocka_unit_test(request_repeated_and_null_parameters),
	    cmocka_unit_test(request_unknown_parameter_is_named),
	    cmocka_unit_test(request_value_that_climbs_is_refused),
	    cmocka_unit_test(request_absolute_url_must_be_http),
	    cmocka_unit_test(origin_is_scheme_host_and_port),
	    cmocka_unit_test(url_resolve_follows_rfc_3986),
	    cmocka_unit_test(header_with_line_end_or_control_is_refused),
	    cmocka_unit_test(shown_url_has_no_user_and_no_query),
	    cmocka_unit_test(lines_raw_keep_empty_ones_and_an_unfinished_last),
	    cmocka_unit_test(lines_raw_too_long_comes_in_pieces),
	    cmocka_unit_test(lines_ndjson_skip_blank_ones),
	    cmocka_unit_test(lines_sse_join_data_and_skip_the_rest),
	    cmocka_unit_test(lines_ndjson_too_long_is_an_error),
	    cmocka_unit_test(lines_callback_can_end_the_stream),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* http_test.c - the client against a loopback server that misbehaves in every way we know of. */
/* SPDX-License-Identifier: MIT */
#include "net/http.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "net/internal.h"
#include "tests/test.h"
#include "testserver.h"

/* ---- what libcurl was told, and a resolver that can be silent ------------------------------ */

static struct {
	pthread_mutex_t lock;
	long longs[512];
	bool seen[512];
	char protocols[64], redirect_protocols[64], encodings[64], agent[64];
	bool open_socket;
} told = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void
note_text(CURLoption option, const char *text)
{
	if (text == NULL)
		return;
	if (option == CURLOPT_PROTOCOLS_STR)
		snprintf(told.protocols, sizeof(told.protocols), "%s", text);
	if (option == CURLOPT_REDIR_PROTOCOLS_STR)
		snprintf(told.redirect_protocols, sizeof(told.redirect_protocols), "%s", text);
	if (option == CURLOPT_ACCEPT_ENCODING)
		snprintf(told.encodings, sizeof(told.encodings), "%s", text);
	if (option == CURLOPT_USERAGENT)
		snprintf(told.agent, sizeof(told.agent), "%s", text);
}

/* Stands before libcurl's own, so that a test can read back what has no getter. */
#undef curl_easy_setopt
CURLcode
curl_easy_setopt(CURL *curl, CURLoption option, ...)
{
	union {
		void *in;
		CURLcode (*out)(CURL *, CURLoption, ...);
	} real = {dlsym(RTLD_NEXT, "curl_easy_setopt")};
	CURLcode rc;
	va_list ap;

	va_start(ap, option);
	pthread_mutex_lock(&told.lock);
	if (option < 10000) {
		told.longs[option] = va_arg(ap, long);
		told.seen[option] = true;
		rc = real.out(curl, option, told.longs[option]);
	} else if (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB) {
		rc = real.out(curl, option, va_arg(ap, curl_off_t));
	} else {
		void *pointer = va_arg(ap, void *);

		note_text(option, pointer);
		told.open_socket = told.open_socket || option == CURLOPT_OPENSOCKETFUNCTION;
		rc = real.out(curl, option, pointer);
	}
	pthread_mutex_unlock(&told.lock);
	va_end(ap);
	return rc;
}

static sem_t resolver_asked, resolver_go;

int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
	    struct addrinfo **out)
{
	union {
		void *in;
		int (*out)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	} real = {dlsym(RTLD_NEXT, "getaddrinfo")};

	if (node != NULL && strcmp(node, "silent.test") == 0) {
		sem_post(&resolver_asked);
		sem_wait(&resolver_go);
		return EAI_AGAIN;
	}
	if (node != NULL && strcmp(node, "unknown.test") == 0)
		return EAI_NONAME;
	if (node != NULL && strcmp(node, "metadata.test") == 0)
		node = "169.254.169.254";
	return real.out(node, service, hints, out);
}

/* ---- fixture
 * ----------------------------------------------------------------------------------------------------
 */

enum { R_GET, R_LIST, R_LOG, R_SEARCH, R_DELETE, R_PROBE, R_HEAD };
static const struct bn_request table[] = {
    [R_GET] = {"GET", "/get/{name}", "q", BN_READS, "one"},
    [R_LIST] = {"GET", "/list", "page", BN_READS, "list"},
    [R_LOG] = {"GET", "/log", "", BN_READS, "log"},
    [R_SEARCH] = {"POST", "/search", "", BN_READS, "a read that travels by POST"},
    [R_DELETE] = {"DELETE", "/get/{name}", "", BN_WRITES, "delete"},
    [R_PROBE] = {"GET", "{url}", "", BN_READS, "probe"},
    [R_HEAD] = {"HEAD", "{url}", "", BN_READS, "probe"},
    {NULL},
};

struct fixture {
	struct bn_net *net;
	struct testserver *server;
	struct bn_http *http;
	struct bn_http_options options;
	struct bn_governor *governor;
	struct bn_clock clock;
	int exchanges;
	char last[200];
};

static void
count_exchange(const struct bn_exchange *exchange, void *payload)
{
	struct fixture *f = payload;

	f->exchanges++;
	snprintf(f->last, sizeof(f->last), "%s %d %d", exchange->what, exchange->http_status,
		 exchange->attempt);
	assert_non_null(exchange->request);
	assert_true(exchange->request == &table[exchange->index]);
}

static void
open_fixture(struct fixture *f, ts_handler *handler, const struct ts_tls *tls)
{
	struct bn_error err = {0};

	memset(f, 0, sizeof(*f));
	bn_clock_init(&f->clock);
	f->server = ts_start(handler, f, tls);
	f->governor = bn_governor_new();
	assert_ok(bn_net_new(&f->net, NULL, &err), &err);
	f->options = (struct bn_http_options){
	    .source = "src",
	    .base_url = ts_url(f->server),
	    .requests = table,
	    .timeout = 10000,
	    .governor = f->governor,
	    .clock = &f->clock,
	    .on_exchange = count_exchange,
	    .payload = f,
	};
	assert_ok(bn_http_new(&f->http, f->net, &f->options, &err), &err);
}

static void
reopen(struct fixture *f)
{
	struct bn_error err = {0};

	bn_http_free(f->http);
	assert_ok(bn_http_new(&f->http, f->net, &f->options, &err), &err);
}

static void
close_fixture(struct fixture *f)
{
	bn_http_free(f->http);
	ts_stop(f->server);
	bn_net_free(f->net);
	bn_governor_free(f->governor);
}

static int
get(struct fixture *f, json_t **out, struct bn_error *err)
{
	memset(err, 0, sizeof(*err));
	return bn_http_json(f->http, R_GET, BN_PARAMS({"name", "x"}), NULL, out, err);
}

static void
assert_get_fails(struct fixture *f, int code, const char *message)
{
	struct bn_error err;
	json_t *json = NULL;
	int rc = get(f, &json, &err);

	if (rc != code || strstr(err.message, message) == NULL)
		fail_msg("%d: %s (expected %d: %s)", rc, err.message, code, message);
	assert_null(json);
	assert_string_equal(err.source, "src");
	assert_int_equal(err.code, code);
}

static int
count_item(json_t *item, void *payload, struct bn_error *err)
{
	int *count = payload;

	if (json_is_object(item) && json_object_get(item, "odd") != NULL)
		return bn_fail(err, BN_EPARSE, "odd item");
	(*count)++;
	return BN_OK;
}

static int skips;

static void
count_skip(const char *why, void *payload)
{
	(void)payload;
	assert_true(strlen(why) > 0);
	skips++;
}

static int
list(struct fixture *f, int *items, json_t **rest, struct bn_error *err)
{
	*items = 0;
	skips = 0;
	memset(err, 0, sizeof(*err));
	return bn_http_items(f->http, R_LIST, BN_NO_PARAMS, NULL, "items", count_item, count_skip,
			     items, rest, err);
}

/* ---- good answers
 * --------------------------------------------------------------------------------------------------
 */

static void
plain(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	(void)payload;
	if (strncmp(request->target, "/list", 5) == 0)
		ts_json(conn, "{\"items\":[{\"a\":1},{\"odd\":1},{\"big\":99999999999999999999},{"
			      "\"a\":2}],\"next\":\"c\"}");
	else
		ts_json(conn, "{\"ok\":true}");
}

static void
http_json_answer_is_parsed(void **state)
{
	struct fixture f;
	struct bn_error err;
	json_t *json;
	char *heads;

	(void)state;
	open_fixture(&f, plain, NULL);
	assert_ok(bn_http_set_bearer(f.http, "s3cret-token", &err), &err);
	assert_ok(get(&f, &json, &err), &err);
	assert_true(json_is_true(json_object_get(json, "ok")));
	json_decref(json);
	assert_ok(bn_http_json(f.http, R_SEARCH, BN_NO_PARAMS, "{\"query\":1}", &json, &err), &err);
	json_decref(json);
	assert_ok(bn_http_json(f.http, R_SEARCH, BN_NO_PARAMS, "query=a%20b&step=60", &json, &err),
		  &err);
	json_decref(json);
	heads = ts_heads(f.server);
	assert_non_null(strstr(heads, "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
	assert_non_null(strstr(heads, "GET /get/x HTTP/1.1\r\n"));
	assert_non_null(strstr(heads, "\r\nAuthorization: Bearer s3cret-token\r\n"));
	assert_non_null(strstr(heads, "\r\nUser-Agent: binnacle/"));
	assert_non_null(strstr(heads, "\r\nAccept-Encoding: gzip\r\n"));
	assert_non_null(strstr(heads, "POST /search HTTP/1.1\r\n"));
	assert_non_null(strstr(heads, "\r\nContent-Type: application/json\r\n"));
	assert_null(strstr(heads, "Expect:"));
	assert_int_equal(f.exchanges, 3);
	assert_string_equal(f.last, "POST /search 200 1");
	assert_int_equal(ts_connections(f.server), 1);
	free(heads);
	close_fixture(&f);
}

static void
http_options_of_the_table_are_set(void **state)
{
	static const struct {
		CURLoption option;
		long value;
	} expected[] = {
		{CURLOPT_FOLLOWLOCATION, 0},
		{CURLOPT_UNRESTRICTED_AUTH, 0},
		{CURLOPT_MAXREDIRS, 3},
		{CURLOPT_NETRC, CURL_NETRC_IGNORED},
		{CURLOPT_CONNECTTIMEOUT_MS, 5000},
		{CURLOPT_TIMEOUT_MS, 10000},
		{CURLOPT_LOW_SPEED_LIMIT, 1},
		{CURLOPT_LOW_SPEED_TIME, 30},
		{CURLOPT_SSL_VERIFYPEER, 1},
		{CURLOPT_SSL_VERIFYHOST, 2},
		{CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
		{CURLOPT_NOSIGNAL, 1},
#if LIBCURL_VERSION_NUM >= 0x075700
		{CURLOPT_QUICK_EXIT, 1},
#endif
	};
	struct fixture f;
	struct bn_error err;
	json_t *json;
	size_t i;

	(void)state;
	open_fixture(&f, plain, NULL);
	assert_ok(get(&f, &json, &err), &err);
	json_decref(json);
	for (i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		assert_true(told.seen[expected[i].option]);
		assert_int_equal(told.longs[expected[i].option], expected[i].value);
	}
	assert_string_equal(told.protocols, "http");
	assert_string_equal(told.redirect_protocols, "https");
	assert_string_equal(told.encodings, "gzip");
	assert_true(strncmp(told.agent, "binnacle/", 9) == 0);
	assert_true(told.open_socket);
	close_fixture(&f);
}

static void
http_items_are_handed_over_and_broken_ones_counted(void **state)
{
	struct fixture f;
	struct bn_error err;
	json_t *rest;
	int items;

	(void)state;
	open_fixture(&f, plain, NULL);
	assert_ok(list(&f, &items, &rest, &err), &err);
	assert_int_equal(items, 2);
	assert_int_equal(skips, 2);
	assert_string_equal(json_string_value(json_object_get(rest, "next")), "c");
	json_decref(rest);
	close_fixture(&f);
}

static int
nested_item(json_t *item, void *payload, struct bn_error *err)
{
	struct fixture *f = payload;
	json_t *json = NULL;
	int rc;

	(void)item;
	rc = bn_http_json(f->http, R_GET, BN_PARAMS({"name", "y"}), NULL, &json, err);
	json_decref(json);
	return rc;
}

static void
http_item_callback_may_make_requests(void **state)
{
	struct fixture f;
	struct bn_error err = {0};

	(void)state;
	open_fixture(&f, plain, NULL);
	assert_ok(bn_http_items(f.http, R_LIST, BN_NO_PARAMS, NULL, "items", nested_item,
				count_skip, &f, NULL, &err),
		  &err);
	assert_int_equal(ts_requests(f.server), 4);
	close_fixture(&f);
}

static void
http_empty_answer_is_null(void **state)
{
	struct fixture f;
	struct bn_error err;
	json_t *json;

	(void)state;
	open_fixture(&f, plain, NULL);
	assert_ok(get(&f, &json, &err), &err);
	json_decref(json);
	close_fixture(&f);
}

/* ---- only what the table lists ------------------------------------------------------------- */

static void
http_request_outside_the_table_is_refused(void **state)
{
	struct fixture f;
	struct bn_error err;
	json_t *json = NULL;

	(void)state;
	open_fixture(&f, plain, NULL);
	assert_fails_with(BN_EINTERNAL, bn_http_json(f.http, 99, BN_NO_PARAMS, NULL, &json, &err));
	assert_fails_with(BN_EINTERNAL, bn_http_json(f.http, -1, BN_NO_PARAMS, NULL, &json, &err));
	assert_fails_with(BN_EINTERNAL,
			  bn_http_json(f.http, R_LIST, BN_PARAMS({"cmd", "x"}), NULL, &json, &err));
	assert_non_null(strstr(err.message, "\"cmd\""));
	assert_fails_with(
	    BN_EPERM, bn_http_json(f.http, R_DELETE, BN_PARAMS({"name", "x"}), NULL, &json, &err));
	assert_int_equal(ts_requests(f.server), 0);
	close_fixture(&f);
}

static void
http_probe_by_a_method_outside_the_table_is_refused(void **state)
{
	struct fixture f;
	struct bn_error err;
	struct bn_arena *arena = bn_arena_new();
	struct bn_probe probe = {.method = "DELETE"};

	(void)state;
	open_fixture(&f, plain, NULL);
	probe.url = ts_url(f.server);
	assert_fails_with(BN_EINTERNAL, bn_http_probe(f.http, &probe, 1, 0, arena, &err));
	assert_int_equal(ts_requests(f.server), 0);
	bn_arena_free(arena);
	close_fixture(&f);
}

static void
http_base_url_with_password_or_other_scheme_is_refused(void **state)
{
	static const char *const bad[] = {"https://u:p@h/", "ftp://h/", "file:///etc", "h", "",
					  "javascript:x"};
	struct fixture f;
	struct bn_http *http;
	struct bn_error err;
	size_t i;

	(void)state;
	open_fixture(&f, plain, NULL);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		f.options.base_url = bad[i];
		assert_fails_with(BN_ECONFIG, bn_http_new(&http, f.net, &f.options, &err));
	}
	close_fixture(&f);
}

static void
http_token_with_line_end_is_refused(void **state)
{
	struct fixture f;
	struct bn_error err;

	(void)state;
	open_fixture(&f, plain, NULL);
	assert_fails_with(BN_ECONFIG, bn_http_set_bearer(f.http, "abc\r\nX-Evil: 1", &err));
	assert_null(strstr(err.message, "abc"));
	assert_fails_with(BN_ECONFIG, bn_http_set_bearer(f.http, "", &err));
	assert_fails_with(BN_ECONFIG, bn_http_set_basic(f.http, "u:x", "p", &err));
	assert_false(bn_http_has_login(f.http));
	close_fixture(&f);
}

/* ---- refusals
 * --------------------------------------------------------------------------------------------------------------
 */

struct refusal {
	int status;
	const char *type, *body;
	int code;
	const char *message;
};
static const struct refusal *refusal;

static void
refuse(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	char *headers = bn_xasprintf("Content-Type: %s\r\n", refusal->type);

	(void)request;
	(void)payload;
	ts_reply(conn, refusal->status, headers, refusal->body);
	free(headers);
}

static void
http_refusal_has_the_platforms_own_words(void **state)
{
	static const struct refusal refusals[] = {
	    {401, "application/json", "{\"code\":16,\"message\":\"token not valid\"}", BN_EAUTH,
	     "token not valid"},
	    {403, "application/json", "{\"detail\":\"no access to DAG\",\"title\":\"Forbidden\"}",
	     BN_EPERM, "no access to DAG"},
	    {404, "application/json", "{\"title\":\"Not Found\"}", BN_ENOTFOUND, "Not Found"},
	    {422, "application/json", "{\"detail\":[{\"loc\":[\"q\"],\"msg\":\"field required\"}]}",
	     BN_EREMOTE, "field required"},
	    {400, "application/json",
	     "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"parse error\"}",
	     BN_EREMOTE, "parse error"},
	    {400, "application/json", "{\"error\":{\"code\":3,\"message\":\"inner\"}}", BN_EREMOTE,
	     "inner"},
	    {409, "application/json", "{\"errors\":[{\"message\":\"exists\"}]}", BN_ECONFLICT,
	     "exists"},
	    {501, "text/plain", "no such thing\n", BN_EUNSUPPORTED, "no such thing"},
	    {405, "text/html", "<html><b>nope</b></html>", BN_EUNSUPPORTED, "405"},
	    {418, "application/json", "{\"x\":1", BN_EREMOTE, "418"},
	    {304, "text/plain", "", BN_EREMOTE, "304"},
	};
	struct fixture f;
	struct bn_error err;
	json_t *json;
	size_t i;

	(void)state;
	open_fixture(&f, refuse, NULL);
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		refusal = &refusals[i];
		assert_get_fails(&f, refusal->code, refusal->message);
		get(&f, &json, &err);
		assert_int_equal(err.http_status, refusal->status);
		assert_null(strstr(err.message, "<html>"));
		assert_non_null(strstr(err.message, "/get/x"));
	}
	assert_int_equal(ts_requests(f.server),
			 2 * sizeof(refusals) / sizeof(refusals[0])); /* none was repeated */
	close_fixture(&f);
}

static void
http_secret_echoed_by_the_server_is_blotted_out(void **state)
{
	static const struct refusal echo = {401, "application/json",
					    "{\"message\":\"bad token s3cret-token!\"}", 0, ""};
	struct fixture f;
	struct bn_error err;
	json_t *json;

	(void)state;
	refusal = &echo;
	open_fixture(&f, refuse, NULL);
	assert_ok(bn_http_set_bearer(f.http, "s3cret-token", &err), &err);
	assert_fails_with(BN_EAUTH, get(&f, &json, &err));
	assert_null(strstr(err.message, "s3cret"));
	assert_non_null(strstr(err.message, "bad token ****"));
	close_fixture(&f);
}

static void
http_web_page_instead_of_json_is_said(void **state)
{
	static const struct refusal page = {200, "text/html",
					    "\n<!DOCTYPE html><title>Log in</title>", 0, ""};
	struct fixture f;
	struct bn_error err;
	int items;

	(void)state;
	refusal = &page;
	open_fixture(&f, refuse, NULL);
	assert_get_fails(&f, BN_EPARSE, "a web page came instead of JSON");
	assert_fails_with(BN_EPARSE, list(&f, &items, NULL, &err));
	assert_non_null(strstr(err.message, "web page"));
	close_fixture(&f);
}

static void
http_query_values_stay_out_of_messages(void **state)
{
	static const struct refusal no = {404, "text/plain", "", 0, ""};
	struct fixture f;
	struct bn_error err;
	json_t *json;

	(void)state;
	refusal = &no;
	open_fixture(&f, refuse, NULL);
	assert_fails_with(BN_ENOTFOUND,
			  bn_http_json(f.http, R_GET, BN_PARAMS({"name", "x"}, {"q", "pr1vate"}),
				       NULL, &json, &err));
	assert_null(strstr(err.message, "pr1vate"));
	close_fixture(&f);
}

/* ---- retries
 * ------------------------------------------------------------------------------------------------------------------
 */

static int fail_first;
static const char *fail_headers;
static int fail_status;

static void
flaky(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	(void)payload;
	if (request->number < fail_first)
		ts_reply(conn, fail_status, fail_headers, "");
	else
		ts_json(conn, "{\"ok\":true}");
}

static void
http_read_is_tried_three_times(void **state)
{
	static const int statuses[] = {408, 425, 429, 500, 502, 503, 504};
	struct fixture f;
	struct bn_error err;
	json_t *json;
	size_t i;

	(void)state;
	fail_headers = "Retry-After: 0\r\n";
	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		fail_first = 2;
		fail_status = statuses[i];
		open_fixture(&f, flaky, NULL);
		assert_ok(get(&f, &json, &err), &err);
		json_decref(json);
		assert_int_equal(ts_requests(f.server), 3);
		close_fixture(&f);
	}
	fail_first = 3;
	fail_status = 500;
	open_fixture(&f, flaky, NULL);
	assert_get_fails(&f, BN_EREMOTE, "500");
	assert_int_equal(ts_requests(f.server), 3);
	close_fixture(&f);
}

static int
write_once(struct fixture *f, enum bn_http_fate *fate, struct bn_error *err)
{
	memset(err, 0, sizeof(*err));
	return bn_http_write(f->http, R_DELETE, BN_PARAMS({"name", "x"}), "{}", NULL, fate, err);
}

static void
http_write_is_never_repeated(void **state)
{
	enum bn_http_fate fate;
	struct fixture f;
	struct bn_error err;

	(void)state;
	fail_first = 100;
	fail_status = 503;
	fail_headers = "Retry-After: 0\r\n";
	open_fixture(&f, flaky, NULL);
	bn_http_allow_write(f.http, true);
	assert_int_equal(write_once(&f, &fate, &err), BN_EREMOTE);
	assert_int_equal(fate, BN_FATE_UNKNOWN); /* 503: the one behind may be at it */
	assert_int_equal(ts_requests(f.server), 1);
	/* the permission is used up */
	assert_int_equal(write_once(&f, &fate, &err), BN_EPERM);
	assert_int_equal(fate, BN_FATE_NOT_SENT);
	assert_int_equal(ts_requests(f.server), 1);
	close_fixture(&f);
}

/* Nothing but bn_http_write sends what is marked as a write, and it sends nothing else. */
static void
http_write_goes_no_other_way(void **state)
{
	enum bn_http_fate fate;
	struct fixture f;
	struct bn_error err;
	json_t *json = NULL;

	(void)state;
	open_fixture(&f, flaky, NULL);
	bn_http_allow_write(f.http, true);
	assert_fails_with(
	    BN_EPERM, bn_http_json(f.http, R_DELETE, BN_PARAMS({"name", "x"}), NULL, &json, &err));
	assert_fails_with(BN_EPERM, bn_http_write(f.http, R_GET, BN_PARAMS({"name", "x"}), NULL,
						  NULL, &fate, &err));
	assert_int_equal(ts_requests(f.server), 0);
	close_fixture(&f);
}

/* What is known of a write by what came back. */
static void
http_write_tells_its_fate(void **state)
{
	static const struct {
		int status;
		enum bn_http_fate fate;
	} cases[] = {{400, BN_FATE_REFUSED}, {401, BN_FATE_REFUSED}, {404, BN_FATE_REFUSED},
		     {409, BN_FATE_REFUSED}, {429, BN_FATE_REFUSED}, {408, BN_FATE_UNKNOWN},
		     {500, BN_FATE_UNKNOWN}, {502, BN_FATE_UNKNOWN}, {504, BN_FATE_UNKNOWN},
		     {303, BN_FATE_UNKNOWN}, {307, BN_FATE_REFUSED}};
	enum bn_http_fate fate;
	struct fixture f;
	struct bn_error err;
	size_t i;

	(void)state;
	fail_headers = "Location: /elsewhere\r\n";
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fail_first = 100;
		fail_status = cases[i].status;
		open_fixture(&f, flaky, NULL);
		bn_http_allow_write(f.http, true);
		assert_true(write_once(&f, &fate, &err) < 0);
		assert_int_equal(fate, cases[i].fate);
		assert_int_equal(ts_requests(f.server), 1);
		close_fixture(&f);
	}
}

static void
close_unanswered(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	(void)payload;
	if (strncmp(request->method, "GET", 3) == 0)
		ts_json(conn, "{}");
	/* else: returns without a byte, and the connection is closed */
}

/* libcurl itself sends a request again when a connection it reuses is found closed before the first byte. A
 * write goes over one of its own, so that it can't. */
static void
http_write_is_not_repeated_by_libcurl(void **state)
{
	enum bn_http_fate fate;
	struct fixture f;
	struct bn_error err;
	json_t *json = NULL;

	(void)state;
	open_fixture(&f, close_unanswered, NULL);
	assert_ok(bn_http_json(f.http, R_GET, BN_PARAMS({"name", "x"}), NULL, &json, &err), &err);
	json_decref(json);
	assert_int_equal(ts_connections(f.server), 1); /* and it is kept for reuse */
	bn_http_allow_write(f.http, true);
	assert_true(write_once(&f, &fate, &err) < 0);
	assert_int_equal(fate, BN_FATE_UNKNOWN);
	assert_int_equal(ts_requests(f.server), 2);
	assert_int_equal(ts_connections(f.server), 2);
	close_fixture(&f);
}

static void
http_write_without_a_connection_was_not_sent(void **state)
{
	enum bn_http_fate fate;
	struct fixture f;
	struct bn_error err;

	(void)state;
	open_fixture(&f, flaky, NULL);
	ts_stop(f.server);
	bn_http_allow_write(f.http, true);
	assert_int_equal(write_once(&f, &fate, &err), BN_EUNREACHABLE);
	assert_int_equal(fate, BN_FATE_NOT_SENT);
	f.server = ts_start(flaky, NULL, NULL);
	close_fixture(&f);
}

static void
http_long_retry_after_is_passed_on_and_capped(void **state)
{
	struct fixture f;
	struct bn_error err;
	json_t *json;

	(void)state;
	fail_first = 100;
	fail_status = 429;
	fail_headers = "Retry-After: 120\r\n";
	open_fixture(&f, flaky, NULL);
	assert_fails_with(BN_ETHROTTLED, get(&f, &json, &err));
	assert_int_equal(err.retry_after, 120000);
	assert_int_equal(ts_requests(f.server), 1);
	fail_headers = "Retry-After: 1000000000\r\n";
	assert_fails_with(BN_ETHROTTLED, get(&f, &json, &err));
	assert_int_equal(err.retry_after, BN_RETRY_AFTER_MAX);
	close_fixture(&f);
}

static void
http_budget_ends_a_retry_storm(void **state)
{
	struct fixture f;
	struct bn_error err;
	json_t *json;
	int i;

	(void)state;
	fail_first = 1000;
	fail_status = 429; /* does not open the breaker */
	fail_headers = "Retry-After: 0\r\n";
	open_fixture(&f, flaky, NULL);
	while (bn_governor_spend(f.governor))
		continue;
	for (i = 0; i < 5; i++)
		assert_fails_with(BN_ETHROTTLED, get(&f, &json, &err));
	assert_int_equal(ts_requests(f.server), 5);
	close_fixture(&f);
}

static void
http_fifth_failure_in_a_row_opens_the_breaker(void **state)
{
	struct fixture f;
	struct bn_error err;
	json_t *json;
	int i;

	(void)state;
	fail_first = 1000;
	fail_status = 500;
	fail_headers = NULL;
	open_fixture(&f, flaky, NULL);
	for (i = 0; i < 4; i++)
		bn_governor_tell(f.governor, true, bn_monotonic());
	assert_false(bn_governor_open(f.governor));
	assert_fails_with(BN_EREMOTE, get(&f, &json, &err));
	assert_true(bn_governor_open(f.governor));
	close_fixture(&f);
}

static void
http_open_breaker_asks_nothing(void **state)
{
	struct fixture f;
	struct bn_error err;
	json_t *json;
	int i;

	(void)state;
	fail_first = 0;
	open_fixture(&f, flaky, NULL);
	for (i = 0; i < 5; i++)
		bn_governor_tell(f.governor, true, bn_monotonic() + 60000);
	assert_get_fails(&f, BN_EUNREACHABLE, "not asked");
	assert_int_equal(ts_requests(f.server), 0);
	bn_governor_trial(f.governor);
	assert_ok(get(&f, &json, &err), &err);
	json_decref(json);
	assert_false(bn_governor_open(f.governor));
	close_fixture(&f);
}

/* ---- redirects
 * ------------------------------------------------------------------------------------------------------------------
 */

static char location[300];

static void
redirect(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	char headers[400];

	(void)payload;
	if (strcmp(request->target, "/there") == 0) {
		ts_json(conn, "{\"there\":1}");
		return;
	}
	snprintf(headers, sizeof(headers), "Location: %s\r\n", location);
	ts_reply(conn, 302, headers, "");
}

static void
http_redirect_to_the_same_origin_is_followed(void **state)
{
	struct fixture f;
	struct bn_error err;
	json_t *json;

	(void)state;
	open_fixture(&f, redirect, NULL);
	snprintf(location, sizeof(location), "/there");
	assert_ok(get(&f, &json, &err), &err);
	assert_non_null(json_object_get(json, "there"));
	json_decref(json);
	close_fixture(&f);
}

static void
http_redirect_loop_ends_after_three(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f, redirect, NULL);
	snprintf(location, sizeof(location), "/round");
	assert_get_fails(&f, BN_EREMOTE, "more than three times");
	assert_int_equal(ts_requests(f.server), 4);
	close_fixture(&f);
}

static void
http_redirect_elsewhere_carries_nothing_there(void **state)
{
	static const char *const elsewhere[] = {
	    "file:///etc/passwd", "http://169.254.169.254/latest", "https://127.0.0.1/x"};
	struct testserver *other = ts_start(plain, NULL, NULL);
	struct fixture f;
	struct bn_error err;
	size_t i;

	(void)state;
	open_fixture(&f, redirect, NULL);
	assert_ok(bn_http_set_bearer(f.http, "s3cret-token", &err), &err);
	snprintf(location, sizeof(location), "%s/there", ts_url(other));
	assert_get_fails(&f, BN_EREMOTE, "another server");
	assert_int_equal(ts_requests(other), 0);
	assert_int_equal(ts_connections(other), 0);
	for (i = 0; i < 3; i++) {
		snprintf(location, sizeof(location), "%s", elsewhere[i]);
		assert_get_fails(&f, BN_EREMOTE, "redirected");
	}
	close_fixture(&f);
	ts_stop(other);
}

static void
http_redirected_post_is_not_repeated(void **state)
{
	struct fixture f;
	struct bn_error err;
	json_t *json;

	(void)state;
	open_fixture(&f, redirect, NULL);
	snprintf(location, sizeof(location), "/there");
	assert_fails_with(BN_EREMOTE,
			  bn_http_json(f.http, R_SEARCH, BN_NO_PARAMS, "{}", &json, &err));
	assert_int_equal(ts_requests(f.server), 1);
	close_fixture(&f);
}

/* ---- hostile bodies
 * ---------------------------------------------------------------------------------------------------------------
 */

static void
bomb(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	size_t size = 48u * 1024 * 1024, packed_size;
	char *zeros = bn_xcalloc(1, size);
	unsigned char *packed;

	(void)request;
	(void)payload;
	memset(zeros, ' ', size);
	packed = ts_gzip_of(zeros, size, &packed_size);
	free(zeros);
	ts_reply_bytes(conn, 200, "Content-Encoding: gzip\r\nContent-Type: application/json\r\n",
		       packed, packed_size);
	free(packed);
}

static void
http_decompression_bomb_is_stopped(void **state)
{
	struct fixture f;
	struct bn_error err;
	int items;

	(void)state;
	open_fixture(&f, bomb, NULL);
	assert_get_fails(&f, BN_ETOOBIG, "100 times");
	assert_fails_with(BN_ETOOBIG, list(&f, &items, NULL, &err));
	assert_int_equal(ts_requests(f.server), 2); /* asking again would help nobody */
	close_fixture(&f);
}

static void
small_repetitive(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	size_t size = 600 * 1024, packed_size;
	char *text = bn_xmalloc(size + 1);
	unsigned char *packed;

	(void)request;
	(void)payload;
	memset(text, ' ', size);
	memcpy(text, "{\"ok\":1", 7);
	memcpy(text + size - 1, "}", 2);
	packed = ts_gzip_of(text, size, &packed_size);
	assert_true(size / packed_size > 200);
	ts_reply_bytes(conn, 200, "Content-Encoding: gzip\r\nContent-Type: application/json\r\n",
		       packed, packed_size);
	free(text);
	free(packed);
}

static void
http_small_body_may_be_as_repetitive_as_it_likes(void **state)
{
	struct fixture f;
	struct bn_error err;
	json_t *json;

	(void)state;
	open_fixture(&f, small_repetitive, NULL);
	assert_ok(get(&f, &json, &err), &err);
	assert_int_equal(json_integer_value(json_object_get(json, "ok")), 1);
	json_decref(json);
	close_fixture(&f);
}

static void
endless(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	char noise[4096];
	unsigned i, seed = 1;

	(void)payload;
	if (strcmp(request->target, "/log") == 0)
		ts_sends(conn, "HTTP/1.1 200 OK\r\n");
	else
		ts_sends(conn, "HTTP/1.1 200 OK\r\nContent-Type: "
			       "application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
	if (strcmp(request->target, "/log") == 0) {
		while (ts_sends(
		    conn, "X-Endless: "
			  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"))
			continue;
		return;
	}
	ts_chunk(conn, "[\"");
	do {
		for (i = 0; i < sizeof(noise) - 1; i++)
			noise[i] = (char)('a' + ((seed = seed * 1103515245 + 12345) >> 16) % 26);
		noise[sizeof(noise) - 1] = '\0';
	} while (ts_chunk(conn, noise));
}

static void
http_endless_body_is_stopped(void **state)
{
	struct fixture f;
	struct bn_error err;
	int items;

	(void)state;
	open_fixture(&f, endless, NULL);
	f.options.max_body = 300 * 1024;
	reopen(&f);
	assert_get_fails(&f, BN_ETOOBIG, "300 KiB");
	assert_fails_with(BN_ETOOBIG, list(&f, &items, NULL, &err));
	close_fixture(&f);
}

static int
no_line(const char *line, size_t size, void *payload, struct bn_error *err)
{
	(void)line;
	(void)size;
	(void)err;
	(*(int *)payload)++;
	return BN_OK;
}

static void
http_endless_headers_are_stopped(void **state)
{
	struct fixture f;
	struct bn_error err = {0};
	int lines = 0;

	(void)state;
	open_fixture(&f, endless, NULL);
	assert_fails_with(BN_ETOOBIG, bn_http_lines(f.http, R_LOG, BN_NO_PARAMS, BN_LINES_RAW, NULL,
						    0, no_line, &lines, &err));
	assert_int_equal(lines, 0);
	close_fixture(&f);
}

/* One broken answer a mode, then good ones. */
enum { CUT_LENGTH, CUT_CHUNKS, CUT_GZIP, NO_ANSWER, NOT_HTTP, LONGER_THAN_SAID };
static int broken_mode, broken_times;

static void
broken(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	size_t size;
	unsigned char *packed;
	char head[200];

	if (request->number >= broken_times) {
		plain(conn, request, payload);
		return;
	}
	switch (broken_mode) {
	case CUT_LENGTH:
		ts_sends(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nContent-Type: "
			       "application/json\r\n\r\n{\"ok\":");
		break;
	case CUT_CHUNKS:
		ts_sends(conn,
			 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n{\"ok\":");
		break;
	case CUT_GZIP:
		packed = ts_gzip_of("{\"ok\":true,\"more\":\"abcdefghijklmnop\"}", 37, &size);
		snprintf(head, sizeof(head),
			 "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
			 size - 12);
		ts_sends(conn, head);
		packed[8] ^= 0xff;
		packed[12] ^= 0xff;
		ts_send(conn, packed, size - 12);
		free(packed);
		break;
	case NO_ANSWER:
		break;
	case NOT_HTTP:
		ts_sends(conn, "SSH-2.0-OpenSSH_9.2\r\n");
		break;
	case LONGER_THAN_SAID:
		ts_sends(conn, "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"ok\":true}garbage "
			       "that belongs nowhere");
		break;
	}
}

static void
http_broken_off_answer_is_asked_again(void **state)
{
	static const int modes[] = {CUT_LENGTH, CUT_CHUNKS, NO_ANSWER};
	struct fixture f;
	struct bn_error err;
	json_t *json;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		broken_mode = modes[i];
		broken_times = modes[i] == NO_ANSWER ? 1 : 0;
		open_fixture(&f, broken, NULL);
		assert_ok(get(&f, &json, &err), &err);
		json_decref(json);
		close_fixture(&f);
		broken_times = 100;
		open_fixture(&f, broken, NULL);
		assert_true(get(&f, &json, &err) < 0);
		assert_true(strlen(err.message) > 0 && strlen(err.hint) > 0);
		assert_int_equal(err.code, BN_EUNREACHABLE);
		close_fixture(&f);
	}
}

static void
http_damaged_answer_is_an_error_not_a_value(void **state)
{
	static const int modes[] = {CUT_GZIP, NOT_HTTP};
	struct fixture f;
	struct bn_error err;
	json_t *json;
	size_t i;

	(void)state;
	broken_times = 100;
	for (i = 0; i < 2; i++) {
		broken_mode = modes[i];
		open_fixture(&f, broken, NULL);
		assert_true(get(&f, &json, &err) < 0);
		assert_null(json);
		assert_true(strlen(err.message) > 0);
		close_fixture(&f);
	}
	broken_mode = LONGER_THAN_SAID;
	open_fixture(&f, broken, NULL);
	assert_ok(get(&f, &json, &err), &err);
	json_decref(json);
	close_fixture(&f);
}

static const char *malformed_body;

static void
malformed(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	(void)request;
	(void)payload;
	ts_json(conn, malformed_body);
}

static void
http_malformed_json_names_the_request(void **state)
{
	static const char *const bodies[] = {
	    "{\"a\":1,\"a\":2}", "{\"a\":1} x", "{\"a\":",	   "[1e400]",
	    "\"\\ud800\"",	 "nul",		"{\"a\":\"\xff\"}"};
	struct fixture f;
	size_t i;

	(void)state;
	open_fixture(&f, malformed, NULL);
	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		malformed_body = bodies[i];
		assert_get_fails(&f, BN_EPARSE, "/get/x");
	}
	close_fixture(&f);
}

static void
http_list_cut_off_is_an_error_after_its_items(void **state)
{
	struct fixture f;
	struct bn_error err;
	int items;

	(void)state;
	open_fixture(&f, malformed, NULL);
	malformed_body = "{\"items\":[{\"a\":1},{\"a\":2},";
	assert_fails_with(BN_EPARSE, list(&f, &items, NULL, &err));
	assert_int_equal(items, 2);
	close_fixture(&f);
}

/* ---- no answer
 * ------------------------------------------------------------------------------------------------------------------
 */

static void
silent(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	(void)payload;
	if (strcmp(request->target, "/log") == 0)
		ts_sends(conn, "HTTP/1.1 200 OK\r\n\r\nfirst line\n");
	if (strncmp(request->target, "/list", 5) == 0)
		ts_sends(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nContent-Type: "
			       "application/json\r\n\r\n{\"items\":[");
	ts_hold(conn);
}

static void
http_silent_server_is_a_timeout(void **state)
{
	struct fixture f;
	struct bn_error err;
	int items;

	(void)state;
	open_fixture(&f, silent, NULL);
	f.options.timeout = 200;
	f.options.foreground = true;
	reopen(&f);
	assert_get_fails(&f, BN_ETIMEOUT, "connected, but no answer");
	assert_fails_with(BN_ETIMEOUT, list(&f, &items, NULL, &err));
	assert_non_null(strstr(err.message, "not complete"));
	close_fixture(&f);
}

static void
http_stream_gone_silent_is_a_timeout(void **state)
{
	struct fixture f;
	struct bn_error err = {0};
	int lines = 0;

	(void)state;
	open_fixture(&f, silent, NULL);
	assert_fails_with(BN_ETIMEOUT, bn_http_lines(f.http, R_LOG, BN_NO_PARAMS, BN_LINES_RAW,
						     NULL, 1000, no_line, &lines, &err));
	assert_non_null(strstr(err.message, "stopped arriving"));
	assert_int_equal(lines, 1);
	assert_int_equal(ts_requests(f.server), 1); /* lines were handed over: no second try */
	close_fixture(&f);
}

static void
http_refused_connection_says_so(void **state)
{
	struct fixture f;
	char url[64];
	int port;

	(void)state;
	open_fixture(&f, plain, NULL);
	port = ts_port(f.server);
	ts_stop(f.server);
	f.server = NULL;
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", port);
	f.options.base_url = url;
	reopen(&f);
	assert_get_fails(&f, BN_EUNREACHABLE, "connection refused");
	f.options.base_url = "http://unknown.test";
	reopen(&f);
	assert_get_fails(&f, BN_EUNREACHABLE, "no such host name");
	close_fixture(&f);
}

static void
http_link_local_address_is_refused(void **state)
{
	static const char *const urls[] = {"http://169.254.169.254", "http://[fe80::1]",
					   "http://[::ffff:169.254.1.1]", "http://metadata.test"};
	struct fixture f;
	size_t i;

	(void)state;
	open_fixture(&f, plain, NULL);
	for (i = 0; i < 4; i++) {
		f.options.base_url = urls[i];
		reopen(&f);
		assert_get_fails(&f, BN_EPERM, "link-local");
	}
	close_fixture(&f);
}

/* ---- proxies ---- */

static void
proxied(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	(void)payload;
	/* A request to a proxy names the whole URL. */
	if (strcmp(request->target, "http://far.test/get/x") == 0)
		ts_json(conn, "{\"far\":1}");
	else
		ts_reply(conn, 407, NULL, "");
}

static void
http_configured_proxy_is_used(void **state)
{
	struct fixture f;
	struct bn_error err;
	json_t *json;

	(void)state;
	open_fixture(&f, proxied, NULL);
	f.options.proxy = ts_url(f.server);
	f.options.base_url = "http://far.test";
	reopen(&f);
	assert_ok(get(&f, &json, &err), &err);
	json_decref(json);
	f.options.base_url = "https://far.test";
	reopen(&f);
	assert_get_fails(&f, BN_EUNREACHABLE, "the proxy does not let it through");
	close_fixture(&f);
}

static void
http_loopback_never_goes_through_a_proxy(void **state)
{
	struct fixture f;
	struct bn_error err;
	json_t *json;
	char *proxy;

	(void)state;
	setenv("http_proxy", "http://user:s3cret@127.0.0.1:1", 1);
	setenv("https_proxy", "http://proxy.example:3128/", 1);
	open_fixture(&f, plain, NULL);
	assert_ok(get(&f, &json, &err), &err);
	json_decref(json);
	assert_null(bn_http_proxy_for(ts_url(f.server), NULL));
	proxy = bn_http_proxy_for("http://far.test/", NULL);
	assert_string_equal(proxy, "http://127.0.0.1:1");
	free(proxy);
	proxy = bn_http_proxy_for("https://far.test/", NULL);
	assert_string_equal(proxy, "http://proxy.example:3128/");
	free(proxy);
	close_fixture(&f);
	unsetenv("http_proxy");
	unsetenv("https_proxy");
}

/* ---- cancelling
 * -------------------------------------------------------------------------------------------------------------------
 */

struct canceller {
	struct bn_http *http;
	sem_t *when;
};

static void *
cancel_main(void *payload)
{
	struct canceller *c = payload;

	if (c->when != NULL)
		sem_wait(c->when);
	else
		usleep(100000);
	bn_http_cancel(c->http);
	return NULL;
}

static void
assert_cancelled_soon(struct fixture *f, sem_t *when)
{
	struct canceller c = {f->http, when};
	struct bn_error err;
	json_t *json;
	pthread_t thread;
	int64_t began = bn_monotonic();

	assert_int_equal(pthread_create(&thread, NULL, cancel_main, &c), 0);
	assert_fails_with(BN_ECANCELLED, get(f, &json, &err));
	assert_true(bn_monotonic() - began < 2000); /* the source's own time-out is 10 s */
	pthread_join(thread, NULL);
	assert_fails_with(BN_ECANCELLED, get(f, &json, &err)); /* and stays so */
	bn_http_resume(f->http);
}

static void
http_cancel_ends_the_wait_for_a_silent_server(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f, silent, NULL);
	assert_cancelled_soon(&f, NULL);
	assert_false(bn_governor_open(f.governor));
	close_fixture(&f);
}

static void
http_cancel_ends_the_wait_for_a_silent_resolver(void **state)
{
	struct fixture f;

	(void)state;
	sem_init(&resolver_asked, 0, 0);
	sem_init(&resolver_go, 0, 0);
	open_fixture(&f, plain, NULL);
	f.options.base_url = "http://silent.test";
	reopen(&f);
	assert_cancelled_soon(&f, &resolver_asked);
	sem_post(&resolver_go);
	usleep(50000);
	close_fixture(&f);
}

static void
http_cancel_ends_the_wait_for_a_full_backlog(void **state)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), i, extra[4];
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof(address);
	struct fixture f;
	char url[64];

	(void)state;
	open_fixture(&f, plain, NULL);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 0), 0);
	getsockname(fd, (struct sockaddr *)&address, &size);
	for (i = 0; i < 4; i++) {
		extra[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(extra[i], (struct sockaddr *)&address, sizeof(address));
	}
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", ntohs(address.sin_port));
	f.options.base_url = url;
	reopen(&f);
	assert_cancelled_soon(&f, NULL);
	for (i = 0; i < 4; i++)
		close(extra[i]);
	close(fd);
	close_fixture(&f);
}

static void
http_cancel_ends_a_back_off(void **state)
{
	struct fixture f;

	(void)state;
	fail_first = 1000;
	fail_status = 503;
	fail_headers = "Retry-After: 9\r\n";
	open_fixture(&f, flaky, NULL);
	assert_cancelled_soon(&f, NULL);
	close_fixture(&f);
}

/* ---- streams
 * ------------------------------------------------------------------------------------------------------------------------
 */

static void
stream(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	(void)request;
	(void)payload;
	ts_sends(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: "
		       "chunked\r\n\r\n");
	ts_chunk(conn, "data: {\"a\"");
	usleep(20000);
	ts_chunk(conn, ":1}\n\nda");
	usleep(20000);
	ts_chunk(conn, "ta: {\"a\":2}\n\n");
	ts_sends(conn, "0\r\n\r\n");
}

struct taken {
	char text[200];
	int stop_after, count;
};

static int
take(const char *line, size_t size, void *payload, struct bn_error *err)
{
	struct taken *taken = payload;

	(void)err;
	snprintf(taken->text + strlen(taken->text), sizeof(taken->text) - strlen(taken->text),
		 "[%.*s]", (int)size, line);
	return ++taken->count == taken->stop_after ? BN_ECANCELLED : BN_OK;
}

static void
http_events_that_span_chunks_are_put_together(void **state)
{
	struct taken taken = {{0}, 0, 0};
	struct bn_error err = {0};
	struct fixture f;

	(void)state;
	open_fixture(&f, stream, NULL);
	assert_ok(
	    bn_http_lines(f.http, R_LOG, BN_NO_PARAMS, BN_LINES_SSE, NULL, 0, take, &taken, &err),
	    &err);
	assert_string_equal(taken.text, "[{\"a\":1}][{\"a\":2}]");
	taken = (struct taken){{0}, 1, 0};
	assert_ok(
	    bn_http_lines(f.http, R_LOG, BN_NO_PARAMS, BN_LINES_SSE, NULL, 0, take, &taken, &err),
	    &err);
	assert_string_equal(taken.text, "[{\"a\":1}]");
	close_fixture(&f);
}

/* ---- unchanged answers
 * -------------------------------------------------------------------------------------------------------------
 */

static bool send_etag;
static const char *list_body;

static void
conditional(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	(void)payload;
	if (send_etag && strstr(request->head, "If-None-Match: \"v1\"") != NULL)
		ts_reply(conn, 304, "ETag: \"v1\"\r\n", "");
	else
		ts_reply(conn, 200,
			 send_etag ? "Content-Type: application/json\r\nETag: \"v1\"\r\n"
				   : "Content-Type: application/json\r\n",
			 list_body);
}

static void
assert_unchanged_works(bool etag)
{
	struct fixture f;
	struct bn_error err;
	int items;

	send_etag = etag;
	list_body = "{\"items\":[{\"a\":1}]}";
	open_fixture(&f, conditional, NULL);
	bn_http_if_changed(f.http);
	assert_int_equal(list(&f, &items, NULL, &err), BN_OK);
	assert_int_equal(items, 1);
	bn_http_remember(f.http, false); /* not stored: it must be read again */
	bn_http_if_changed(f.http);
	assert_int_equal(list(&f, &items, NULL, &err), BN_OK);
	bn_http_remember(f.http, true);
	bn_http_if_changed(f.http);
	assert_int_equal(list(&f, &items, NULL, &err), BN_UNCHANGED);
	assert_int_equal(items, 0);
	bn_http_remember(f.http, true);
	assert_int_equal(list(&f, &items, NULL, &err), BN_OK); /* not asked for: always read */
	assert_int_equal(items, 1);
	bn_http_if_changed(f.http);
	assert_int_equal(list(&f, &items, NULL, &err), BN_UNCHANGED);
	close_fixture(&f);
}

static void
http_not_modified_is_unchanged(void **state)
{
	(void)state;
	assert_unchanged_works(true);
}

static void
http_same_digest_is_unchanged(void **state)
{
	(void)state;
	assert_unchanged_works(false);
}

static void
http_changed_body_is_read(void **state)
{
	struct fixture f;
	struct bn_error err;
	int items;

	(void)state;
	send_etag = false;
	list_body = "{\"items\":[{\"a\":1}]}";
	open_fixture(&f, conditional, NULL);
	bn_http_if_changed(f.http);
	assert_int_equal(list(&f, &items, NULL, &err), BN_OK);
	bn_http_remember(f.http, true);
	list_body = "{\"items\":[{\"a\":1},{\"a\":2}]}";
	bn_http_if_changed(f.http);
	assert_int_equal(list(&f, &items, NULL, &err), BN_OK);
	assert_int_equal(items, 2);
	close_fixture(&f);
}

/* ---- TLS
 * ------------------------------------------------------------------------------------------------------------------------------
 */

static char pem[64];

static void
open_tls(struct fixture *f, const char *name, long from, long until, int version, bool trusted)
{
	struct ts_tls tls = {name, from, until, version, pem};

	snprintf(pem, sizeof(pem), "/tmp/bn-http-test-%ld.pem", (long)getpid());
	open_fixture(f, plain, &tls);
	f->options.ca_file = trusted ? pem : NULL;
	reopen(f);
}

static void
http_tls_with_a_private_ca_works(void **state)
{
	struct fixture f;
	struct bn_error err;
	json_t *json;

	(void)state;
	open_tls(&f, "localhost", -60, 86400, 0, true);
	assert_ok(get(&f, &json, &err), &err);
	json_decref(json);
	assert_string_equal(told.protocols, "https");
	close_fixture(&f);
}

static void
http_tls_certificate_that_is_not_good_is_refused(void **state)
{
	static const struct {
		const char *name;
		long from, until;
		int version;
		bool trusted;
		const char *message;
	} bad[] = {
	    {"localhost", -60, 86400, 0, false, "self-signed"},
	    {"localhost", -86400, -60, 0, true, "expired"},
	    {"localhost", 3600, 86400, 0, true, "not valid yet"},
	    {"other.example", -60, 86400, 0, true, "another name"},
	    {"localhost", -60, 86400, TLS1_1_VERSION, true, "no TLS connection"},
	};
	struct fixture f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		open_tls(&f, bad[i].name, bad[i].from, bad[i].until, bad[i].version,
			 bad[i].trusted);
		assert_get_fails(&f, BN_ETLS, bad[i].message);
		assert_int_equal(ts_requests(f.server), 0);
		close_fixture(&f);
	}
}

static void
http_tls_pinned_key_that_differs_is_refused(void **state)
{
	struct fixture f;

	(void)state;
	open_tls(&f, "localhost", -60, 86400, 0, true);
	f.options.pinned_key = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
	reopen(&f);
	assert_get_fails(&f, BN_ETLS, "pinned");
	assert_int_equal(ts_requests(f.server), 0);
	close_fixture(&f);
}

/* A session that one trust store accepted must not open the door for another. */
static void
http_tls_session_does_not_pass_between_trust_stores(void **state)
{
	struct fixture f;
	struct bn_error err;
	json_t *json;

	(void)state;
	open_tls(&f, "localhost", -60, 86400, 0, true);
	assert_ok(get(&f, &json, &err), &err);
	json_decref(json);
	f.options.ca_file = NULL;
	reopen(&f);
	assert_get_fails(&f, BN_ETLS, "self-signed");
	close_fixture(&f);
}

static void
http_missing_ca_file_is_said(void **state)
{
	struct fixture f;

	(void)state;
	open_tls(&f, "localhost", -60, 86400, 0, true);
	f.options.ca_file = "/nonexistent/ca.pem";
	reopen(&f);
	assert_get_fails(&f, BN_ECONFIG, "/nonexistent/ca.pem");
	close_fixture(&f);
}

/* ---- probes
 * -----------------------------------------------------------------------------------------------------------------------------
 */

static void
probed(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	(void)payload;
	if (strcmp(request->target, "/down") == 0)
		ts_reply(conn, 503, NULL, "closed");
	else if (strcmp(request->target, "/silent") == 0)
		ts_hold(conn);
	else
		ts_json(conn, "{\"generated_at\":\"2026-03-10T03:05:00Z\"}");
}

static void
http_probe_measures_phases_and_keeps_the_body(void **state)
{
	struct fixture f;
	struct bn_error err = {0};
	struct bn_arena *arena = bn_arena_new();
	struct bn_probe probes[3] = {
	    {.max_body = 1024, .timeout = 5000}, {.max_body = 4}, {.timeout = 300}};
	char urls[3][100];
	int i;

	(void)state;
	open_fixture(&f, probed, NULL);
	for (i = 0; i < 3; i++) {
		static const char *const paths[] = {"/", "/down", "/silent"};

		snprintf(urls[i], sizeof(urls[i]), "http://localhost:%d%s", ts_port(f.server),
			 paths[i]);
		probes[i].url = urls[i];
	}
	assert_ok(bn_http_probe(f.http, probes, 3, 0, arena, &err), &err);
	assert_int_equal(probes[0].rc, BN_OK);
	assert_int_equal(probes[0].http_status, 200);
	assert_string_equal(probes[0].body, "{\"generated_at\":\"2026-03-10T03:05:00Z\"}");
	assert_int_equal(probes[0].body_size, strlen(probes[0].body));
	assert_string_equal(probes[0].content_type, "application/json");
	assert_true(probes[0].resolve >= 0 && probes[0].connect >= 0 && probes[0].first_byte >= 0);
	assert_int_equal(probes[0].tls, -1);
	assert_true(probes[0].total > 0 && probes[0].sent_at > 0);
	assert_int_equal(probes[1].rc, BN_OK);
	assert_int_equal(probes[1].http_status, 503);
	assert_int_equal(probes[1].body_size, 4);
	assert_int_equal(probes[2].rc, BN_ETIMEOUT);
	assert_int_equal(probes[2].http_status, 0);
	assert_int_equal(probes[2].first_byte, -1);
	assert_int_equal(f.exchanges, 3);
	bn_arena_free(arena);
	close_fixture(&f);
}

static void
http_probe_of_hundreds_uses_a_connection_each(void **state)
{
	enum { COUNT = 200 };
	struct fixture f;
	struct bn_error err = {0};
	struct bn_arena *arena = bn_arena_new();
	struct bn_probe *probes = bn_xcalloc(COUNT, sizeof(*probes));
	int i;

	(void)state;
	open_fixture(&f, probed, NULL);
	for (i = 0; i < COUNT; i++)
		probes[i] = (struct bn_probe){.url = ts_url(f.server), .timeout = 20000};
	assert_ok(bn_http_probe(f.http, probes, COUNT, 16, arena, &err), &err);
	for (i = 0; i < COUNT; i++)
		assert_int_equal(probes[i].http_status, 200);
	assert_int_equal(ts_connections(f.server), COUNT);
	free(probes);
	bn_arena_free(arena);
	close_fixture(&f);
}

static bn_time
probe_expiry(struct fixture *f, int *rc, const char *const *headers)
{
	struct bn_error err = {0};
	struct bn_arena *arena = bn_arena_new();
	struct bn_probe probe = {.timeout = 5000, .headers = headers};

	probe.url = ts_url(f->server);
	assert_ok(bn_http_probe(f->http, &probe, 1, 0, arena, &err), &err);
	*rc = probe.rc;
	bn_arena_free(arena);
	return probe.certificate_expires;
}

static void
http_probe_reads_expiry_even_of_a_bad_certificate(void **state)
{
	static const char *const headers[] = {"X-Api-Key: s3cret", NULL};
	bn_time now = (bn_time)time(NULL) * 1000, expires;
	struct fixture f;
	char *heads;
	int rc;

	(void)state;
	open_tls(&f, "localhost", -60, 86400, 0, true);
	expires = probe_expiry(&f, &rc, headers);
	assert_int_equal(rc, BN_OK);
	assert_in_range(expires, now + 86000 * 1000, now + 86800 * 1000);
	close_fixture(&f);
	open_tls(&f, "localhost", -86400, -3600, 0, true);
	expires = probe_expiry(&f, &rc, headers);
	assert_int_equal(rc, BN_ETLS);
	assert_in_range(expires, now - 4000 * 1000, now - 3200 * 1000);
	heads = ts_heads(f.server);
	assert_string_equal(heads, ""); /* the second connection says nothing, least of all a key */
	free(heads);
	close_fixture(&f);
}

static void
http_probe_is_cancelled_at_once(void **state)
{
	struct fixture f;
	struct bn_error err = {0};
	struct bn_arena *arena = bn_arena_new();
	struct bn_probe probe = {.timeout = 10000};
	char url[100];
	struct canceller c;
	pthread_t thread;
	int64_t began = bn_monotonic();

	(void)state;
	open_fixture(&f, probed, NULL);
	snprintf(url, sizeof(url), "%s/silent", ts_url(f.server));
	probe.url = url;
	c = (struct canceller){f.http, NULL};
	assert_int_equal(pthread_create(&thread, NULL, cancel_main, &c), 0);
	assert_fails_with(BN_ECANCELLED, bn_http_probe(f.http, &probe, 1, 0, arena, &err));
	assert_true(bn_monotonic() - began < 2000);
	assert_int_equal(probe.rc, BN_ECANCELLED);
	pthread_join(thread, NULL);
	bn_arena_free(arena);
	close_fixture(&f);
}

/* ---- eight lanes at once
 * -----------------------------------------------------------------------------------------------------------------
 */

static void *
lane_main(void *payload)
{
	struct fixture *f = payload;
	struct bn_http_options options = f->options;
	struct bn_http *http;
	struct bn_error err = {0};
	json_t *json;
	int i, good = 0;

	options.on_exchange = NULL;
	if (bn_http_new(&http, f->net, &options, &err) != BN_OK)
		return NULL;
	for (i = 0; i < 10; i++)
		if (bn_http_json(http, R_GET, BN_PARAMS({"name", "x"}), NULL, &json, &err) ==
		    BN_OK) {
			json_decref(json);
			good++;
		}
	bn_http_free(http);
	return good == 10 ? payload : NULL;
}

static void
http_lanes_share_without_disturbing_each_other(void **state)
{
	struct fixture f;
	pthread_t threads[8];
	void *result;
	int i;

	(void)state;
	open_tls(&f, "localhost", -60, 86400, 0, true);
	for (i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, lane_main, &f), 0);
	for (i = 0; i < 8; i++) {
		pthread_join(threads[i], &result);
		assert_non_null(result);
	}
	assert_int_equal(ts_connections(f.server), 8); /* one a lane: kept alive, not shared */
	close_fixture(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(http_json_answer_is_parsed),
	    cmocka_unit_test(http_options_of_the_table_are_set),
	    cmocka_unit_test(http_items_are_handed_over_and_broken_ones_counted),
	    cmocka_unit_test(http_item_callback_may_make_requests),
	    cmocka_unit_test(http_empty_answer_is_null),
	    cmocka_unit_test(http_request_outside_the_table_is_refused),
	    cmocka_unit_test(http_probe_by_a_method_outside_the_table_is_refused),
	    cmocka_unit_test(http_base_url_with_password_or_other_scheme_is_refused),
	    cmocka_unit_test(http_token_with_line_end_is_refused),
	    cmocka_unit_test(http_refusal_has_the_platforms_own_words),
	    cmocka_unit_test(http_secret_echoed_by_the_server_is_blotted_out),
	    cmocka_unit_test(http_web_page_instead_of_json_is_said),
	    cmocka_unit_test(http_query_values_stay_out_of_messages),
	    cmocka_unit_test(http_read_is_tried_three_times),
	    cmocka_unit_test(http_write_is_never_repeated),
	    cmocka_unit_test(http_write_goes_no_other_way),
	    cmocka_unit_test(http_write_tells_its_fate),
	    cmocka_unit_test(http_write_is_not_repeated_by_libcurl),
	    cmocka_unit_test(http_write_without_a_connection_was_not_sent),
	    cmocka_unit_test(http_long_retry_after_is_passed_on_and_capped),
	    cmocka_unit_test(http_budget_ends_a_retry_storm),
	    cmocka_unit_test(http_fifth_failure_in_a_row_opens_the_breaker),
	    cmocka_unit_test(http_open_breaker_asks_nothing),
	    cmocka_unit_test(http_redirect_to_the_same_origin_is_followed),
	    cmocka_unit_test(http_redirect_loop_ends_after_three),
	    cmocka_unit_test(http_redirect_elsewhere_carries_nothing_there),
	    cmocka_unit_test(http_redirected_post_is_not_repeated),
	    cmocka_unit_test(http_decompression_bomb_is_stopped),
	    cmocka_unit_test(http_small_body_may_be_as_repetitive_as_it_likes),
	    cmocka_unit_test(http_endless_body_is_stopped),
	    cmocka_unit_test(http_endless_headers_are_stopped),
	    cmocka_unit_test(http_broken_off_answer_is_asked_again),
	    cmocka_unit_test(http_damaged_answer_is_an_error_not_a_value),
	    cmocka_unit_test(http_malformed_json_names_the_request),
	    cmocka_unit_test(http_list_cut_off_is_an_error_after_its_items),
	    cmocka_unit_test(http_silent_server_is_a_timeout),
	    cmocka_unit_test(http_stream_gone_silent_is_a_timeout),
	    cmocka_unit_test(http_refused_connection_says_so),
	    cmocka_unit_test(http_link_local_address_is_refused),
	    cmocka_unit_test(http_configured_proxy_is_used),
	    cmocka_unit_test(http_loopback_never_goes_through_a_proxy),
	    cmocka_unit_test(http_cancel_ends_the_wait_for_a_silent_server),
	    cmocka_unit_test(http_cancel_ends_the_wait_for_a_silent_resolver),
	    cmocka_unit_test(http_cancel_ends_the_wait_for_a_full_backlog),
	    cmocka_unit_test(http_cancel_ends_a_back_off),
	    cmocka_unit_test(http_events_that_span_chunks_are_put_together),
	    cmocka_unit_test(http_not_modified_is_unchanged),
	    cmocka_unit_test(http_same_digest_is_unchanged),
	    cmocka_unit_test(http_changed_body_is_read),
	    cmocka_unit_test(http_tls_with_a_private_ca_works),
	    cmocka_unit_test(http_tls_certificate_that_is_not_good_is_refused),
	    cmocka_unit_test(http_tls_pinned_key_that_differs_is_refused),
	    cmocka_unit_test(http_tls_session_does_not_pass_between_trust_stores),
	    cmocka_unit_test(http_missing_ca_file_is_said),
	    cmocka_unit_test(http_probe_measures_phases_and_keeps_the_body),
	    cmocka_unit_test(http_probe_of_hundreds_uses_a_connection_each),
	    cmocka_unit_test(http_probe_reads_expiry_even_of_a_bad_certificate),
	    cmocka_unit_test(http_probe_is_cancelled_at_once),
	    cmocka_unit_test(http_lanes_share_without_disturbing_each_other),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* redis_test.c - the redis plugin against replies of a real 7.0 and against odd ones. */
/* SPDX-License-Identifier: MIT */
#include "../test.h"

#include "base/clock.h"
#include "base/memory.h"
#include "fakehost.h"
#include "net/resp.h"

extern const struct bn_plugin bn_plugin_redis;

#define NOW   "2026-03-10T03:12:44Z"
#define WELL  "role:master\r\nused_memory:100\r\nmaxmemory:0\r\n"
#define FRESH "$10\r\n1773111600\r\n" /* 03:00:00Z */

static char *
bulk(const char *text)
{
	return bn_xasprintf("$%zu\r\n%s\r\n", strlen(text), text);
}

static struct fake *
redis(const char *info)
{
	struct fake *fake = fake_new(&bn_plugin_redis);
	char *reply = bulk(info);

	fake_option(fake, "url", "rediss://recs.example.com");
	fake_now(fake, NOW);
	fake_reply(fake, "PING", 200, "+PONG\r\n");
	fake_reply(fake, "INFO", 200, reply);
	free(reply);
	return fake;
}

static struct fake *
with_hash(void)
{
	struct fake *fake = redis(WELL);

	fake_section(fake, "recs");
	fake_section_option(fake, "key", "recs:prod");
	fake_reply(fake, "TYPE recs:prod", 200, "+hash\r\n");
	fake_reply(fake, "HLEN recs:prod", 200, ":4991\r\n");
	fake_reply(fake, "TTL recs:prod", 200, ":7200\r\n");
	fake_reply(fake, "HGET recs:prod written", 200, FRESH);
	return fake;
}

static void
redis_real_server_is_an_endpoint(void **state)
{
	char *info = fake_file("redis/info-7.0.15.txt", NULL);
	struct fake *fake = redis(info);
	const json_t *endpoint;
	struct bn_error err;

	(void)state;
	assert_ok(fake_poll(fake, &err), &err);
	endpoint = json_array_get(fake_records(fake), 0);
	assert_string_equal(fake_text(endpoint, "record"), "endpoint");
	assert_string_equal(fake_text(endpoint, "status"), "healthy");
	assert_string_equal(fake_text(endpoint, "type"), "redis");
	assert_int_equal(fake_int(endpoint, "first_byte"), 200);
	assert_true(fake_number(fake_find(fake, "measure", "memory"), "value") == 1139320);
	assert_true(fake_number(fake_find(fake, "measure", "hits"), "value") == 70);
	assert_null(fake_find(fake, "measure", "memory-share")); /* maxmemory:0 is no limit */
	assert_int_equal(fake_count(fake, "finding"), 0);
	assert_true(fake_scope_done(fake, "server") && fake_scope_done(fake, "keys"));
	fake_free(fake);
	free(info);
}

static void
redis_server_says_why_it_is_degraded(void **state)
{
	static const struct {
		const char *info, *reason;
	} cases[] = {
	    {"used_memory:95\r\nmaxmemory:100\r\nmaxmemory_policy:noeviction\r\n",
	     "95 % full; beyond it writes are refused"},
	    {"used_memory:95\r\nmaxmemory:100\r\nmaxmemory_policy:allkeys-lru\r\n",
	     "keys are evicted"},
	    {"master_link_status:down\r\nmaster_link_down_since_seconds:77\r\n", "77 s"},
	    {"loading:1\r\n", "loading"},
	    {"rdb_last_bgsave_status:err\r\naof_last_write_status:err\r\n",
	     "the last save to disk failed; the last write"},
	};
	struct bn_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake *fake = redis(cases[i].info);
		const json_t *endpoint;

		assert_ok(fake_poll(fake, &err), &err);
		endpoint = json_array_get(fake_records(fake), 0);
		assert_string_equal(fake_text(endpoint, "status"), "degraded");
		if (strstr(fake_text(endpoint, "message"), cases[i].reason) == NULL)
			fail_msg("%s", fake_text(endpoint, "message"));
		fake_free(fake);
	}
}

/* A counter says nothing by itself; that it has grown does. */
static void
redis_evictions_count_since_the_last_poll(void **state)
{
	struct fake *fake = redis("evicted_keys:100\r\n");
	char *more = bulk("evicted_keys:140\r\n"), *anew = bulk("evicted_keys:3\r\n");
	static const char *const wanted[] = {"healthy", "degraded", "healthy"};
	struct bn_error err;

	(void)state;
	fake_reply(fake, "INFO", 200, more);
	fake_reply(fake, "INFO", 200, anew);
	for (size_t i = 0; i < 3; i++) {
		fake_forget(fake);
		assert_ok(fake_poll(fake, &err), &err);
		assert_string_equal(fake_text(json_array_get(fake_records(fake), 0), "status"),
				    wanted[i]);
	}
	fake_free(fake);
	free(more);
	free(anew);
}

static void
redis_hash_is_counted_and_dated(void **state)
{
	struct fake *fake = with_hash();
	const json_t *entity;
	struct bn_error err;

	(void)state;
	fake_section_option(fake, "timestamp", "field written");
	fake_section_option(fake, "unit", "products");
	fake_section_option(fake, "assert", "age < 24h");
	fake_section_option(fake, "assert", "rows >= 4000");
	fake_section_option(fake, "warn", "ttl < 1h30m");
	assert_ok(fake_poll(fake, &err), &err);
	entity = fake_find(fake, "entity", "recs");
	assert_string_equal(fake_text(entity, "kind"), "dataset");
	assert_string_equal(fake_text(entity, "status"), "healthy");
	assert_true(fake_number(fake_find(fake, "measure", "rows"), "value") == 4991);
	assert_string_equal(fake_text(fake_find(fake, "measure", "rows"), "unit"), "products");
	assert_true(fake_number(fake_find(fake, "measure", "age"), "value") == 764);
	assert_true(fake_number(fake_find(fake, "measure", "ttl"), "value") == 7200);
	assert_int_equal(fake_count(fake, "finding"), 0);
	fake_free(fake);
}

static void
redis_limits_are_told_with_what_was_found(void **state)
{
	static const struct {
		const char *option, *claim, *status, *severity, *message;
	} cases[] = {
	    {"assert", "age < 10m", "degraded", "warn", "written 12m ago; asked for is age < 10m"},
	    {"warn", "rows < 5000", "degraded", "warn", "it has 4991; the limit is rows < 5000"},
	    {"crit", "rows <= 4991", "down", "crit", "rows <= 4991"},
	    {"crit", "ttl < 3h", "down", "crit", "it expires in 2h00m"},
	    {"assert", "rows > 4k", "degraded", "warn", "can't be read"},
	    {"assert", "weight > 4", "degraded", "warn", "can't be read"},
	    {"assert", "age", "degraded", "warn", "can't be read"},
	};
	struct bn_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake *fake = with_hash();
		const json_t *finding;

		fake_section_option(fake, "timestamp", "field written");
		fake_section_option(fake, cases[i].option, cases[i].claim);
		assert_ok(fake_poll(fake, &err), &err);
		finding = fake_find(fake, "finding", "recs");
		assert_string_equal(fake_text(fake_find(fake, "entity", "recs"), "status"),
				    cases[i].status);
		assert_string_equal(fake_text(finding, "severity"), cases[i].severity);
		assert_string_equal(fake_text(finding, "about"), "dataset/recs");
		if (strstr(fake_text(finding, "message"), cases[i].message) == NULL)
			fail_msg("%s", fake_text(finding, "message"));
		fake_free(fake);
	}
}

/* Not known is neither good nor zero. */
static void
redis_what_gives_no_time_is_not_known(void **state)
{
	struct fake *fake = with_hash();
	struct bn_error err;

	(void)state;
	fake_section_option(fake, "timestamp", "field other");
	fake_section_option(fake, "assert", "age < 24h");
	fake_reply(fake, "HGET recs:prod other", 200, "$-1\r\n");
	assert_ok(fake_poll(fake, &err), &err);
	assert_string_equal(fake_text(fake_find(fake, "entity", "recs"), "status"), "unknown");
	assert_string_equal(fake_text(fake_find(fake, "finding", "recs"), "name"), "not known");
	assert_null(fake_find(fake, "measure", "age"));
	fake_free(fake);
}

static void
redis_missing_key_is_down(void **state)
{
	struct fake *fake = redis(WELL);
	struct bn_error err;

	(void)state;
	fake_section(fake, "recs");
	fake_reply(fake, "TYPE recs", 200, "+none\r\n");
	assert_ok(fake_poll(fake, &err), &err);
	assert_string_equal(fake_text(fake_find(fake, "entity", "recs"), "status"), "down");
	assert_string_equal(fake_text(fake_find(fake, "finding", "recs"), "name"), "missing");
	assert_int_equal(fake_count(fake, "measure"), 1); /* the server's memory */
	fake_free(fake);
}

static void
redis_moments_are_read_in_each_form(void **state)
{
	static const struct {
		const char *text;
		int age;
	} cases[] = {{"1773111600", 764},	    {"1773111600.5", 763},
		     {"1773111600000", 764},	    {"1773111600000000", 764},
		     {"2026-03-10T03:00:00Z", 764}, {"2026-03-10T04:00:00+01:00", 764}};
	struct bn_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake *fake = redis(WELL);
		char *text = bulk(cases[i].text);

		fake_section(fake, "k");
		fake_section_option(fake, "timestamp", "value");
		fake_reply(fake, "TYPE k", 200, "+string\r\n");
		fake_reply(fake, "STRLEN k", 200, ":10\r\n");
		fake_reply(fake, "TTL k", 200, ":-1\r\n");
		fake_reply(fake, "GET k", 200, text);
		assert_ok(fake_poll(fake, &err), &err);
		assert_int_equal(fake_number(fake_find(fake, "measure", "age"), "value"),
				 cases[i].age);
		assert_null(fake_find(fake, "measure", "ttl")); /* it stays */
		fake_free(fake);
		free(text);
	}
}

static void
redis_stream_is_dated_by_its_last_entry(void **state)
{
	struct fake *fake = redis(WELL);
	struct bn_error err;

	(void)state;
	fake_section(fake, "ev");
	fake_reply(fake, "TYPE ev", 200, "+stream\r\n");
	fake_reply(fake, "XLEN ev", 200, ":12\r\n");
	fake_reply(fake, "TTL ev", 200, ":-1\r\n");
	fake_reply(fake, "XINFO STREAM ev", 200,
		   "*4\r\n$6\r\nlength\r\n:12\r\n$17\r\nlast-generated-id\r\n"
		   "$15\r\n1773112304000-0\r\n");
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(fake_number(fake_find(fake, "measure", "age"), "value"), 60);
	fake_free(fake);
}

static void
redis_refusals_concern_the_key_alone(void **state)
{
	static const char *const refusals[] = {
	    "-NOPERM this user has no permissions to run the 'hlen' command\r\n",
	    "-MOVED 3999 10.0.0.7:6381\r\n", "-WRONGTYPE Operation against a key\r\n",
	    "-LOADING Redis is loading the dataset in memory\r\n",
	    "-ERR unknown command 'HLEN'\r\n"};
	struct bn_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct fake *fake = redis(WELL);
		char *word = bn_xstrndup(refusals[i] + 1, strcspn(refusals[i] + 1, " "));

		fake_section(fake, "recs");
		fake_reply(fake, "TYPE recs", 200, "+hash\r\n");
		fake_reply(fake, "HLEN recs", 200, refusals[i]);
		assert_ok(fake_poll(fake, &err), &err);
		assert_string_equal(fake_text(fake_find(fake, "entity", "recs"), "status"),
				    "unknown");
		assert_non_null(
		    strstr(fake_text(fake_find(fake, "finding", "recs"), "message"), word));
		assert_true(fake_scope_done(fake, "keys"));
		fake_free(fake);
		free(word);
	}
}

static void
redis_login_that_is_refused_fails_the_poll(void **state)
{
	struct fake *fake = fake_new(&bn_plugin_redis);
	struct bn_error err;

	(void)state;
	fake_option(fake, "url", "rediss://recs.example.com");
	fake_reply(fake, "PING", 200, "-NOAUTH Authentication required.\r\n");
	assert_fails_with(BN_EAUTH, fake_poll(fake, &err));
	assert_non_null(strstr(err.hint, "user"));
	assert_int_equal(fake_count(fake, "endpoint"), 0); /* nothing is known of it */
	fake_free(fake);
}

static void
redis_server_that_is_not_there_is_down(void **state)
{
	struct fake *fake = fake_new(&bn_plugin_redis);
	struct bn_error err;

	(void)state;
	fake_option(fake, "url", "rediss://recs.example.com");
	fake_reply(fake, "PING", 0, "");
	assert_fails_with(BN_EUNREACHABLE, fake_poll(fake, &err));
	assert_string_equal(fake_text(json_array_get(fake_records(fake), 0), "status"), "down");
	assert_false(fake_scope_done(fake, "server"));
	fake_free(fake);
}

/* Whatever a value holds, it stays one argument. */
static void
redis_values_can_not_become_commands(void **state)
{
	struct bn_buf out = BN_BUF_INIT(0);
	const struct bn_request row = {"REDIS", "HGET {key} {field}", "", BN_READS, ""};
	struct bn_error err;

	(void)state;
	assert_ok(bn_resp_command(&out, &row,
				  BN_PARAMS({"key", "a\r\n$8\r\nFLUSHALL"}, {"field", ""}), &err),
		  &err);
	assert_string_equal(bn_buf_text(&out), "*3\r\n$4\r\nHGET\r\n$15\r\na\r\n$8\r\nFLUSHALL\r\n"
					       "$0\r\n\r\n");
	assert_fails_with(BN_EINTERNAL, bn_resp_command(&out, &row, BN_PARAMS({"key", "a"}), &err));
	assert_fails_with(
	    BN_EINTERNAL,
	    bn_resp_command(&out, &row, BN_PARAMS({"key", "a"}, {"field", "b"}, {"x", "y"}), &err));
	bn_buf_free(&out);
}

/* Every row only reads; the server's own name for it says so, too. */
static void
redis_table_holds_reads_alone(void **state)
{
	static const char *const writes[] = {"SET ",   "DEL ",	"FLUSH", "EXPIRE ", "HSET ",
					     "CONFIG", "KEYS ", "EVAL",	 "SCAN "};

	(void)state;
	for (const struct bn_request *r = bn_plugin_redis.requests; r->method != NULL; r++) {
		assert_string_equal(r->method, "REDIS");
		assert_int_equal(r->effect, BN_READS);
		for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++)
			assert_int_not_equal(strncmp(r->path, writes[i], strlen(writes[i])), 0);
	}
}

/* ---- the wire ---------------------------------------------------------------------------------- */

static int
read_wire(const char *bytes, size_t size, size_t step, json_t **out, char refusal[512])
{
	struct bn_error err;
	struct bn_resp *resp = bn_resp_new();
	const char *text = NULL;
	int rc = BN_OK;
	bool got = false;

	*out = NULL;
	refusal[0] = '\0';
	for (size_t at = 0; !got && rc == BN_OK && at < size; at += step) {
		rc = bn_resp_feed(resp, bytes + at, size - at < step ? size - at : step, "X", &err);
		if (rc == BN_OK)
			got = bn_resp_next(resp, out, &text, &rc, "X", &err);
	}
	if (text != NULL)
		snprintf(refusal, 512, "%s", text);
	bn_resp_free(resp);
	return rc != BN_OK ? rc : got ? BN_OK : BN_ETIMEOUT;
}

static void
resp_replies_are_read_however_they_are_cut(void **state)
{
	static const char nested[] = "*3\r\n:-7\r\n*2\r\n$-1\r\n$3\r\na\0b\r\n+OK\r\n";
	char refusal[512];
	json_t *json;

	(void)state;
	for (size_t step = 1; step < sizeof(nested); step++) {
		assert_int_equal(read_wire(nested, sizeof(nested) - 1, step, &json, refusal),
				 BN_OK);
		assert_int_equal(json_integer_value(json_array_get(json, 0)), -7);
		assert_true(json_is_null(json_array_get(json_array_get(json, 1), 0)));
		assert_int_equal(json_string_length(json_array_get(json_array_get(json, 1), 1)), 3);
		json_decref(json);
	}
	assert_int_equal(read_wire("-NOPERM x\r\n", 11, 4, &json, refusal), BN_OK);
	assert_null(json);
	assert_string_equal(refusal, "NOPERM x");
}

static void
resp_hostile_replies_are_bounded(void **state)
{
	struct bn_error err;
	static const struct {
		const char *bytes;
		int code;
	} cases[] = {
	    {"HTTP/1.1 400 Bad Request\r\n\r\n", BN_EPARSE},
	    {"$-7\r\n", BN_EPARSE},
	    {"$99999999999999999999999\r\n", BN_EPARSE},
	    {"*2147483647\r\n", BN_ETOOBIG},
	    {"*100001\r\n", BN_ETOOBIG},
	    {"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", BN_EPARSE},
	    {":12x\r\n", BN_EPARSE},
	    {"$2000000000\r\nabc", BN_ETIMEOUT}, /* waited for until the time is over */
	};
	struct bn_resp *resp;
	char refusal[512], room[4096];
	json_t *json;
	int rc = BN_OK;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rc = read_wire(cases[i].bytes, strlen(cases[i].bytes), 100, &json, refusal);
		if (rc != cases[i].code)
			fail_msg("%s gives %d", cases[i].bytes, rc);
		if (json != NULL)
			fail_msg("%s gives a value", cases[i].bytes);
	}
	/* and a reply that never ends is not kept for ever */
	memset(room, 'x', sizeof(room));
	resp = bn_resp_new();
	rc = bn_resp_feed(resp, "$2000000000\r\n", 13, "X", &err);
	for (int i = 0; rc == BN_OK && i < 4096; i++)
		rc = bn_resp_feed(resp, room, sizeof(room), "X", &err);
	assert_int_equal(rc, BN_ETOOBIG);
	bn_resp_free(resp);
}

/* The bytes a real server sent, one session in its order. */
static void
resp_session_of_a_real_server_is_read(void **state)
{
	struct bn_error err;
	size_t size;
	char *bytes = fake_file("redis/session-reply.resp", &size);
	struct bn_resp *resp = bn_resp_new();
	const char *refusal;
	int replies = 0, refused = 0, rc = BN_OK;
	json_t *json;
	/* what follows HELLO 3 is another protocol */
	const char *end = strstr(bytes, "%7\r\n");

	(void)state;
	assert_non_null(end);
	assert_int_equal(bn_resp_feed(resp, bytes, (size_t)(end - bytes), "X", &err), BN_OK);
	while (bn_resp_next(resp, &json, &refusal, &rc, "X", &err)) {
		replies++;
		refused += refusal != NULL;
		json_decref(json);
	}
	assert_int_equal(rc, BN_OK);
	assert_int_equal(replies, 17);
	assert_int_equal(refused, 3);
	assert_false(bn_resp_rest(resp));
	bn_resp_free(resp);
	free(bytes);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(redis_real_server_is_an_endpoint),
    cmocka_unit_test(redis_server_says_why_it_is_degraded),
    cmocka_unit_test(redis_evictions_count_since_the_last_poll),
    cmocka_unit_test(redis_hash_is_counted_and_dated),
    cmocka_unit_test(redis_limits_are_told_with_what_was_found),
    cmocka_unit_test(redis_what_gives_no_time_is_not_known),
    cmocka_unit_test(redis_missing_key_is_down),
    cmocka_unit_test(redis_moments_are_read_in_each_form),
    cmocka_unit_test(redis_stream_is_dated_by_its_last_entry),
    cmocka_unit_test(redis_refusals_concern_the_key_alone),
    cmocka_unit_test(redis_login_that_is_refused_fails_the_poll),
    cmocka_unit_test(redis_server_that_is_not_there_is_down),
    cmocka_unit_test(redis_values_can_not_become_commands),
    cmocka_unit_test(redis_table_holds_reads_alone),
    cmocka_unit_test(resp_replies_are_read_however_they_are_cut),
    cmocka_unit_test(resp_hostile_replies_are_bounded),
    cmocka_unit_test(resp_session_of_a_real_server_is_read),
};

BN_TEST_MAIN(tests)

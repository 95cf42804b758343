/* json_test.c - strict loading, paths, typed access, quoting, and the item-wise splitter. */
/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <math.h>

#include "base/json.h"

static json_t *
load(const char *text)
{
	struct bn_error err = {0};
	json_t *json;

	assert_ok(bn_json_load(&json, text, strlen(text), &err), &err);
	return json;
}

static void
json_load_refuses_what_is_not_strict(void **state)
{
	static const char *const bad[] = {"",	      "{",	     "{\"a\":1,\"a\":2}",
					  "[1] x",    "[1,]",	     "{'a':1}",
					  "[01]",     "\"\\ud800\"", "\"a\\u0000\"",
					  "\"\xff\"", "[1e400]",     "[99999999999999999999]",
					  "nul"};
	struct bn_error err = {0};
	json_t *json;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (bn_json_load(&json, bad[i], strlen(bad[i]), &err) != BN_EPARSE)
			fail_msg("'%s' was taken for JSON", bad[i]);
		assert_non_null(strstr(err.message, "line "));
		assert_null(json);
	}
}

static void
json_nested_too_deeply_is_refused(void **state)
{
	char *text = bn_xmalloc(6001);
	json_t *json;

	(void)state;
	memset(text, '[', 3000);
	memset(text + 3000, ']', 3000);
	assert_fails_with(BN_EPARSE, bn_json_load(&json, text, 6000, NULL));
	free(text);
}

static void
json_paths_follow_rfc6901(void **state)
{
	/* The RFC's own example. */
	json_t *json =
	    load("{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"m~n\":8,\"~1\":9}");

	(void)state;
	assert_ptr_equal(bn_json_at(json, ""), json);
	assert_ptr_equal(bn_json_at(json, NULL), json);
	assert_string_equal(bn_json_str_at(json, "foo/0"), "bar");
	assert_int_equal(bn_json_int_at(json, "a~1b", -1), 1);
	assert_int_equal(bn_json_int_at(json, "c%d", -1), 2);
	assert_int_equal(bn_json_int_at(json, "m~0n", -1), 8);
	assert_int_equal(bn_json_int_at(json, "~01", -1), 9);
	assert_null(bn_json_at(json, "foo/2"));
	assert_null(bn_json_at(json, "foo/00"));
	assert_null(bn_json_at(json, "foo/-"));
	assert_null(bn_json_at(json, "foo/99999999999999999999"));
	assert_null(bn_json_at(json, "foo/0/x"));
	assert_null(bn_json_at(json, "nothing/here"));
	assert_null(bn_json_at(NULL, "a"));
	json_decref(json);
}

static void
json_typed_access_falls_back_on_other_types(void **state)
{
	json_t *json =
	    load("{\"i\":42,\"is\":\"42\",\"r\":3.0,\"rf\":3.5,\"nan\":\"NaN\",\"inf\":\"+Inf\","
		 "\"b\":true,\"n\":null,\"s\":\"x\",\"big\":\"99999999999999999999\",\"e\":1e300,"
		 "\"sp\":\" 7\"}");

	(void)state;
	assert_int_equal(bn_json_int_at(json, "i", -1), 42);
	assert_int_equal(bn_json_int_at(json, "is", -1), 42);
	assert_int_equal(bn_json_int_at(json, "r", -1), 3);
	assert_int_equal(bn_json_int_at(json, "rf", -1), -1);
	assert_int_equal(bn_json_int_at(json, "e", -1), -1);
	assert_int_equal(bn_json_int_at(json, "big", -1), -1);
	assert_int_equal(bn_json_int_at(json, "sp", -1), -1);
	assert_int_equal(bn_json_int_at(json, "b", -1), -1); /* a boolean is no number */
	assert_int_equal(bn_json_int_at(json, "n", -1), -1);
	assert_true(isnan(bn_json_num_at(json, "nan", 0)));
	assert_true(isinf(bn_json_num_at(json, "inf", 0)));
	assert_true(bn_json_num_at(json, "rf", 0) > 3.4);
	assert_true(bn_json_bool_at(json, "b", false));
	assert_true(bn_json_bool_at(json, "s", true));
	assert_null(bn_json_str_at(json, "i"));
	assert_null(bn_json_str_at(json, "n"));
	json_decref(json);
}

static void
assert_quoted(const char *text, const char *want)
{
	struct bn_buf out = BN_BUF_INIT(0);

	bn_json_quote(&out, text);
	assert_string_equal(bn_buf_text(&out), want);
	bn_buf_free(&out);
}

static void
json_quote_escapes_what_acts_on_terminals(void **state)
{
	(void)state;
	assert_quoted("a\"b\\c", "\"a\\\"b\\\\c\"");
	assert_quoted("\n\r\t\x1b\x7f", "\"\\n\\r\\t\\u001b\\u007f\"");
	assert_quoted("\u202e\xC2\x85\U000e0041", "\"\\u202e\\u0085\\udb40\\udc41\"");
	assert_quoted("\xff", "\"\\ufffd\"");
	assert_quoted("漢é", "\"漢é\"");
	assert_quoted(NULL, "null");
}

/* ---- the splitter ---------------------------------------------------------------------------- */

static int
join(const char *item, size_t size, void *payload, struct bn_error *err)
{
	(void)err;
	bn_buf_add(payload, item, size);
	bn_buf_addc(payload, '|');
	return BN_OK;
}

/* Splits `text` byte by byte and in one piece, which must give the same. */
static void
assert_split(const char *path, const char *text, const char *items, const char *rest)
{
	for (size_t step = 1; step <= strlen(text);
	     step += strlen(text) > 1 ? strlen(text) - 1 : 1) {
		struct bn_buf out = BN_BUF_INIT(0);
		struct bn_split *split = bn_split_new(path, 1000, 1000, join, &out);
		struct bn_error err = {0};
		const char *left = NULL;

		for (size_t at = 0; at < strlen(text); at += step)
			assert_ok(bn_split_feed(split, text + at,
						strlen(text) - at < step ? strlen(text) - at : step,
						&err),
				  &err);
		assert_ok(bn_split_finish(split, &left, NULL, &err), &err);
		assert_string_equal(bn_buf_text(&out), items);
		assert_string_equal(left, rest);
		bn_split_free(split);
		bn_buf_free(&out);
	}
}

static void
split_cuts_items_out_and_keeps_the_rest(void **state)
{
	(void)state;
	assert_split("", "[1, {\"a\":[2]} ,\"x\"]", "1|{\"a\":[2]}|\"x\"|", "[]");
	assert_split("items", "{\"kind\":\"List\",\"items\":[{},[]],\"n\":1}", "{}|[]|",
		     "{\"kind\":\"List\",\"items\":[],\"n\":1}");
	assert_split("data/result", "{\"data\":{\"type\":\"v\",\"result\":[[1,\"2\"]]}}",
		     "[1,\"2\"]|", "{\"data\":{\"type\":\"v\",\"result\":[]}}");
	assert_split("a/1/b", "{\"a\":[{\"b\":[7]},{\"b\":[8,9]}]}", "8|9|",
		     "{\"a\":[{\"b\":[7]},{\"b\":[]}]}");
	assert_split("", "[]", "", "[]");
}

static void
split_is_not_fooled_by_strings_and_namesakes(void **state)
{
	(void)state;
	assert_split("items", "{\"x\":{\"items\":[1]},\"items\":[2]}", "2|",
		     "{\"x\":{\"items\":[1]},\"items\":[]}");
	assert_split(
	    "items",
	    "{\"x\":\"items\",\"y\":\"\\\"items\\\":[1]\",\"items\":[\"],[\\\\\",\"}\\\"\"]}",
	    "\"],[\\\\\"|\"}\\\"\"|", "{\"x\":\"items\",\"y\":\"\\\"items\\\":[1]\",\"items\":[]}");
	assert_split("items", "{\"it\\u0065ms\":[1]}", "1|", "{\"it\\u0065ms\":[]}");
	assert_split("a~1b", "{\"a/b\":[1]}", "1|", "{\"a/b\":[]}");
	assert_split("a/b", "{\"b\":[1],\"a\":{\"b\":[2]},\"c\":{\"b\":[3]}}", "2|",
		     "{\"b\":[1],\"a\":{\"b\":[]},\"c\":{\"b\":[3]}}");
}

static void
split_without_the_list_has_no_items(void **state)
{
	(void)state;
	assert_split("items", "{\"items\":null}", "", "{\"items\":null}");
	assert_split("items", "{}", "", "{}");
	assert_split("items", "{\"items\":{\"items\":[1]}}", "", "{\"items\":{\"items\":[1]}}");
	assert_split("items", "[{\"items\":[1]}]", "", "[{\"items\":[1]}]");
	assert_split("", "null", "", "null");
}

static void
split_broken_items_are_handed_over_to_be_counted(void **state)
{
	(void)state;
	assert_split("", "[1,,nonsense,]", "1||nonsense||", "[]");
}

static int
split_all(const char *path, const char *text, size_t max_item, size_t max_rest)
{
	struct bn_buf out = BN_BUF_INIT(0);
	struct bn_split *split = bn_split_new(path, max_item, max_rest, join, &out);
	int rc = bn_split_feed(split, text, strlen(text), NULL);

	if (rc == BN_OK)
		rc = bn_split_finish(split, NULL, NULL, NULL);
	else
		assert_fails_with(BN_EPARSE, bn_split_finish(split, NULL, NULL, NULL));
	bn_split_free(split);
	bn_buf_free(&out);
	return rc;
}

static void
split_incomplete_or_unbalanced_documents_are_refused(void **state)
{
	static const char *const bad[] = {
	    "",	 "  \n", "[",	"[1",  "[1,\"a",  "{\"a\":[1]",	       "[1]]",
	    "]", "}",	 "[1}", "[{]", "[1] [2]", "{\"a\":[{\"b\":1]}"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (split_all("", bad[i], 100, 100) != BN_EPARSE)
			fail_msg("'%s' was taken for a document", bad[i]);
	assert_fails_with(BN_EPARSE, split_all("a", "{\"a\":[1],\"a\":[2]}", 100, 100));
}

static void
split_bounds_hold(void **state)
{
	char deep[1300];

	(void)state;
	assert_fails_with(BN_OK, split_all("", "[12345678,1]", 8, 8));
	assert_fails_with(BN_ETOOBIG, split_all("", "[123456789,1]", 8, 8));
	assert_fails_with(BN_ETOOBIG, split_all("a", "{\"a\":[],\"b\":\"long\"}", 8, 8));
	memset(deep, '[', 600);
	memset(deep + 600, ']', 600);
	deep[1200] = '\0';
	assert_fails_with(BN_ETOOBIG, split_all("", deep, 5000, 5000));
	memset(deep, '[', 512);
	memset(deep + 512, ']', 512);
	deep[1024] = '\0';
	assert_fails_with(BN_OK, split_all("", deep, 5000, 5000));
}

static int
stop_at_two(const char *item, size_t size, void *payload, struct bn_error *err)
{
	(void)item;
	(void)size;
	(void)err;
	return ++*(int *)payload == 2 ? BN_ECANCELLED : BN_OK;
}

static void
split_stops_when_the_callback_says_so(void **state)
{
	int seen = 0;
	struct bn_split *split = bn_split_new("", 100, 100, stop_at_two, &seen);

	(void)state;
	assert_fails_with(BN_ECANCELLED, bn_split_feed(split, "[1,2,3,4]", 9, NULL));
	assert_int_equal(seen, 2);
	assert_fails_with(BN_EPARSE, bn_split_feed(split, "[", 1, NULL));
	bn_split_free(split);
}

static int
count(const char *item, size_t size, void *payload, struct bn_error *err)
{
	(void)item;
	(void)err;
	*(size_t *)payload += size;
	return BN_OK;
}

static void
split_of_a_long_list_keeps_one_item_at_a_time(void **state)
{
	static const char item[] = "{\"name\":\"run\",\"state\":\"ok\"},";
	size_t bytes = 0;
	struct bn_split *split = bn_split_new("items", 64, 64, count, &bytes);
	struct bn_error err = {0};

	(void)state;
	assert_ok(bn_split_feed(split, "{\"items\":[", 10, &err), &err);
	for (int i = 0; i < 100000; i++)
		assert_ok(bn_split_feed(split, item, sizeof(item) - 1, &err), &err);
	assert_ok(bn_split_feed(split, "0]}", 3, &err), &err);
	assert_ok(bn_split_finish(split, NULL, NULL, &err), &err);
	assert_int_equal(bn_split_items(split), 100001);
	assert_int_equal(bytes, 100000 * (sizeof(item) - 2) + 1);
	bn_split_free(split);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(json_load_refuses_what_is_not_strict),
    cmocka_unit_test(json_nested_too_deeply_is_refused),
    cmocka_unit_test(json_paths_follow_rfc6901),
    cmocka_unit_test(json_typed_access_falls_back_on_other_types),
    cmocka_unit_test(json_quote_escapes_what_acts_on_terminals),
    cmocka_unit_test(split_cuts_items_out_and_keeps_the_rest),
    cmocka_unit_test(split_is_not_fooled_by_strings_and_namesakes),
    cmocka_unit_test(split_without_the_list_has_no_items),
    cmocka_unit_test(split_broken_items_are_handed_over_to_be_counted),
    cmocka_unit_test(split_incomplete_or_unbalanced_documents_are_refused),
    cmocka_unit_test(split_bounds_hold),
    cmocka_unit_test(split_stops_when_the_callback_says_so),
    cmocka_unit_test(split_of_a_long_list_keeps_one_item_at_a_time),
};

BN_TEST_MAIN(tests)

/* split_fuzz.c - the splitter and a parse of the whole document must agree, however the bytes arrive. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/json.h"
#include "tests/fuzz/fuzz.h"

static const char *const paths[] = {"", "items", "data/result", "a/1/b", "x~1y/~0z", "0"};

static int
collect(const char *item, size_t size, void *payload, struct bn_error *err)
{
	json_t *value = NULL;

	(void)err;
	FUZZ_CHECK(item[size] == '\0');
	if (bn_json_load(&value, item, size, NULL) != BN_OK)
		value = json_null(); /* one broken item stops nothing */
	json_array_append_new(payload, value);
	return BN_OK;
}

/* The document with the list at `path` emptied, and its items by themselves. */
static void
compare(json_t *whole, const char *path, const json_t *items, const char *rest, size_t rest_size)
{
	json_t *list = (json_t *)(uintptr_t)bn_json_at(whole, path), *left = NULL;

	if (json_is_array(list)) {
		FUZZ_CHECK(json_equal(list, items));
		json_array_clear(list);
	} else
		FUZZ_CHECK(json_array_size(items) == 0);
	FUZZ_CHECK(bn_json_load(&left, rest, rest_size, NULL) == BN_OK);
	FUZZ_CHECK(json_equal(whole, left));
	json_decref(left);
}

/* Feeds `step` bytes at a time; returns what finish said. */
static int
split(const char *path, const char *text, size_t size, size_t step, json_t *whole)
{
	json_t *items = json_array();
	struct bn_split *splitter = bn_split_new(path, 1 << 20, 1 << 20, collect, items);
	const char *rest = NULL;
	size_t rest_size = 0;
	int rc = BN_OK;

	for (size_t at = 0; rc == BN_OK && at < size; at += step)
		rc = bn_split_feed(splitter, text + at, size - at < step ? size - at : step, NULL);
	if (rc == BN_OK)
		rc = bn_split_finish(splitter, &rest, &rest_size, NULL);
	FUZZ_CHECK(bn_split_items(splitter) == json_array_size(items));
	if (whole != NULL && rc == BN_OK)
		compare(whole, path, items, rest, rest_size);
	bn_split_free(splitter);
	json_decref(items);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path, *text = (const char *)data + 1;
	json_t *whole = NULL;
	int rc, slowly;

	if (size < 2)
		return 0;
	path = paths[data[0] % (sizeof(paths) / sizeof(paths[0]))];
	size--;
	if (bn_json_load(&whole, text, size, NULL) == BN_OK) {
		json_t *again = json_deep_copy(whole);

		rc = split(path, text, size, size, whole);
		slowly = split(path, text, size, 1, again);
		FUZZ_CHECK(rc == BN_OK || rc == BN_ETOOBIG);
		json_decref(again);
	} else {
		rc = split(path, text, size, size, NULL);
		slowly = split(path, text, size, 1, NULL);
	}
	FUZZ_CHECK(rc == slowly);
	json_decref(whole);
	return 0;
}

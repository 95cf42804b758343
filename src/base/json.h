/* json.h - typed access over jansson with RFC 6901 paths, and the item-wise splitter for long lists. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_BASE_JSON_H
#define BN_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/memory.h"
#include "binnacle/types.h"

/* Parses one whole document strictly (duplicate keys and trailing bytes refused, depth at most
 * 2048). The caller owns *out (json_decref). BN_EPARSE with place and reason. */
int bn_json_load(json_t **out, const char *text, size_t size, struct bn_error *err);

/* The value at an RFC 6901 pointer without the leading slash ("" or NULL: itself); NULL if absent.
 * Borrowed. */
const json_t *bn_json_at(const json_t *json, const char *path);

/* Typed access: absent, null or of another type gives NULL / fallback. Integers and numbers are
 * also accepted as strings ("42", "NaN", "+Inf"), as several platforms send them. */
const char *bn_json_str_at(const json_t *json, const char *path);
int64_t bn_json_int_at(const json_t *json, const char *path, int64_t fallback);
double bn_json_num_at(const json_t *json, const char *path, double fallback);
bool bn_json_bool_at(const json_t *json, const char *path, bool fallback);

/* Appends `text` as a JSON string with quotes; invalid UTF-8 becomes U+FFFD escapes. NULL writes
 * null. */
void bn_json_quote(struct bn_buf *out, const char *text);

/* The splitter: feed the bytes of a document as they arrive; each item of the array at `path` (""
 * when the document itself is the array) is handed over as text, one at a time, and never kept.
 * What remains is the document with that array empty. Tracks strings, escapes and depth; knows
 * nothing else of JSON, so each item is still parsed strictly by bn_json_load. Bounds: an item at
 * most `max_item` bytes, the rest at most `max_rest` bytes, depth at most 512.  When the member is
 * null or absent there are no items.
 *
 * on_item returns BN_OK to go on; anything else ends the feeding with that code. */
struct bn_split;
typedef int bn_split_fn(const char *item, size_t size, void *payload, struct bn_error *err);
struct bn_split *bn_split_new(const char *path, size_t max_item, size_t max_rest,
			      bn_split_fn *on_item, void *payload);
int bn_split_feed(struct bn_split *split, const char *bytes, size_t size, struct bn_error *err);
/* After the last byte: BN_EPARSE if the document is not complete. *rest (may be NULL) is borrowed
 * text, valid until bn_split_free. */
int bn_split_finish(struct bn_split *split, const char **rest, size_t *rest_size,
		    struct bn_error *err);
size_t bn_split_items(const struct bn_split *split);
void bn_split_free(struct bn_split *split);

#endif

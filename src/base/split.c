/* split.c - cuts the items of one array out of a JSON document while its bytes arrive. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"

#define MAX_DEPTH    512
#define MAX_SEGMENTS 16

enum place {
	IN_REST,  /* anywhere but in the list */
	IN_ITEMS, /* in the list, before an item */
	IN_ITEM
};

struct bn_split {
	struct bn_strlist path;
	bn_split_fn *on_item;
	void *payload;

	struct bn_buf item, rest, key; /* key: with its opening quote, as written */
	size_t items;
	enum place place;
	bool failed, string, escaped;
	bool found;	 /* the list was met; it may be there only once */
	bool ended;	 /* the document's own bracket was closed */
	bool comma;	 /* an item must follow */
	bool want_key;	 /* directly in an object on the path, before ':' */
	bool collecting; /* reading such a key */
	bool hit;	 /* the next value is where the path goes on */

	/* The outermost `chain` of the `depth` open containers lie on the path; the one at depth n
	 * was reached by the path's first n - 1 segments. */
	size_t depth, chain, item_depth;
	size_t index[MAX_SEGMENTS + 1];
	unsigned char is_array[MAX_DEPTH / 8];
};

/* The bytes of one feed: those from `start` on have not been kept yet. */
struct run {
	const char *bytes;
	size_t start, at;
};

static void
add_segment(struct bn_split *split, const char *text, size_t size)
{
	struct bn_buf out = BN_BUF_INIT(0);

	for (size_t i = 0; i < size; i++) {
		char c = text[i];

		if (c == '~' && i + 1 < size && (text[i + 1] == '0' || text[i + 1] == '1'))
			c = text[++i] == '1' ? '/' : '~';
		bn_buf_addc(&out, c);
	}
	bn_strlist_add(&split->path, bn_buf_text(&out));
	bn_buf_free(&out);
}

struct bn_split *
bn_split_new(const char *path, size_t max_item, size_t max_rest, bn_split_fn *on_item,
	     void *payload)
{
	struct bn_split *split = bn_xcalloc(1, sizeof(*split));
	size_t longest = 0;

	while (path != NULL && *path != '\0' && split->path.count < MAX_SEGMENTS) {
		size_t size = strcspn(path, "/");

		add_segment(split, path, size);
		longest = size > longest ? size : longest;
		path += size + (path[size] == '/');
	}
	split->item.ceiling = max_item;
	split->rest.ceiling = max_rest;
	split->key.ceiling = longest * 6 + 2; /* every byte may be written as \u00XX */
	split->on_item = on_item;
	split->payload = payload;
	split->hit = true;
	return split;
}

void
bn_split_free(struct bn_split *split)
{
	if (split == NULL)
		return;
	bn_strlist_clear(&split->path);
	bn_buf_free(&split->item);
	bn_buf_free(&split->rest);
	bn_buf_free(&split->key);
	free(split);
}

size_t
bn_split_items(const struct bn_split *split)
{
	return split->items;
}

/* ---- what is kept ---------------------------------------------------------------------------- */

/* Hands the bytes of the run before `end` to what they belong to. */
static int
flush(struct bn_split *split, struct run *run, size_t end, struct bn_error *err)
{
	bool item = split->place == IN_ITEM;
	struct bn_buf *to = item ? &split->item : &split->rest;
	size_t start = run->start;

	run->start = end;
	if (split->place == IN_ITEMS || bn_buf_add(to, run->bytes + start, end - start))
		return BN_OK;
	return bn_fail(err, BN_ETOOBIG, "JSON: %s is larger than %zu bytes",
		       item ? "an item of the list" : "what stands beside the list", to->ceiling);
}

static int
end_item(struct bn_split *split, struct bn_error *err)
{
	size_t size = split->item.size;
	int rc;

	while (size > 0 && strchr(" \t\r\n", split->item.data[size - 1]) != NULL)
		size--;
	if (size > 0)
		split->item.data[size] = '\0';
	split->items++;
	rc = split->on_item(size > 0 ? split->item.data : "", size, split->payload, err);
	bn_buf_reset(&split->item);
	return rc;
}

/* ---- the path -------------------------------------------------------------------------------- */

static bool
top_is_array(const struct bn_split *split)
{
	size_t top = split->depth - 1;

	return (split->is_array[top / 8] >> top % 8 & 1) != 0;
}

/* Directly inside a container that the path leads through? */
static bool
on_path(const struct bn_split *split)
{
	return split->place == IN_REST && split->depth > 0 && split->depth == split->chain;
}

/* In an array on the path the next item is meant by its index. */
static void
test_index(struct bn_split *split)
{
	char text[24];

	snprintf(text, sizeof(text), "%zu", split->index[split->chain - 1]);
	split->hit = strcmp(text, split->path.items[split->chain - 1]) == 0;
}

/* Compares the key just read, its escapes undone, with the path's next segment. */
static void
test_key(struct bn_split *split)
{
	const char *want = split->path.items[split->chain - 1], *key;
	json_t *decoded = NULL;

	split->collecting = false;
	split->hit = false;
	if (split->key.overflow)
		return;
	key = split->key.data + 1;
	if (strchr(key, '\\') != NULL) {
		bn_buf_addc(&split->key, '"');
		decoded = json_loadb(split->key.data, split->key.size, JSON_DECODE_ANY, NULL);
		key = json_string_value(decoded);
	}
	split->hit = key != NULL && strcmp(key, want) == 0;
	json_decref(decoded);
}

/* ---- structure ------------------------------------------------------------------------------- */

static int
open_container(struct bn_split *split, struct run *run, bool array, struct bn_error *err)
{
	bool on = split->place == IN_REST && split->depth == split->chain && split->hit;
	unsigned char bit = (unsigned char)(1u << split->depth % 8);

	if (split->depth == MAX_DEPTH)
		return bn_fail(err, BN_ETOOBIG, "JSON nested deeper than %d", MAX_DEPTH);
	if (array)
		split->is_array[split->depth / 8] |= bit;
	else
		split->is_array[split->depth / 8] &= (unsigned char)~bit;
	split->depth++;
	split->hit = false;
	if (!on)
		return BN_OK;
	if (split->depth - 1 < split->path.count) {
		split->chain = split->depth;
		split->index[split->chain - 1] = 0;
		split->want_key = !array;
		if (array)
			test_index(split);
		return BN_OK;
	}
	if (!array)
		return BN_OK;
	if (split->found)
		return bn_fail(err, BN_EPARSE, "JSON: the list is there twice");
	split->found = true;
	split->item_depth = split->depth;
	split->comma = false;
	if (flush(split, run, run->at + 1, err) != BN_OK)
		return BN_ETOOBIG;
	split->place = IN_ITEMS;
	return BN_OK;
}

static int
close_container(struct bn_split *split, struct run *run, bool array, struct bn_error *err)
{
	int rc = BN_OK;

	if (split->depth == 0 || top_is_array(split) != array)
		return bn_fail(err, BN_EPARSE, "JSON: a '%c' that closes nothing",
			       array ? ']' : '}');
	if (split->place != IN_REST && split->depth == split->item_depth) {
		bool last = split->place == IN_ITEM || split->comma;

		rc = flush(split, run, run->at, err);
		if (rc == BN_OK && last)
			rc = end_item(split, err);
		split->place = IN_REST;
	}
	if (split->chain == split->depth)
		split->chain--;
	split->depth--;
	split->ended = split->depth == 0;
	split->hit = split->want_key = false;
	return rc;
}

static int
next_member(struct bn_split *split, struct run *run, struct bn_error *err)
{
	int rc;

	if (split->place != IN_REST && split->depth == split->item_depth) {
		rc = flush(split, run, run->at, err);
		if (rc == BN_OK)
			rc = end_item(split, err);
		split->place = IN_ITEMS;
		split->comma = true;
		run->start = run->at + 1;
		return rc;
	}
	if (on_path(split)) {
		split->hit = false;
		split->want_key = !top_is_array(split);
		if (!split->want_key) {
			split->index[split->chain - 1]++;
			test_index(split);
		}
	}
	return BN_OK;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/* Goes on inside a string; stops behind its closing quote or at the end of the bytes. */
static void
pass_string(struct bn_split *split, struct run *run, size_t size)
{
	size_t start = run->at;

	for (; run->at < size && split->string; run->at++) {
		char c = run->bytes[run->at];

		if (split->escaped)
			split->escaped = false;
		else if (c == '\\')
			split->escaped = true;
		else if (c == '"')
			split->string = false;
	}
	if (split->collecting) {
		bn_buf_add(&split->key, run->bytes + start,
			   run->at - start - (split->string ? 0 : 1));
		if (!split->string)
			test_key(split);
	}
}

static void
begin_string(struct bn_split *split)
{
	split->string = true;
	split->collecting = on_path(split) && split->want_key;
	if (split->collecting) {
		bn_buf_reset(&split->key);
		bn_buf_addc(&split->key, '"');
	}
}

/* One byte outside of strings that is not white space. */
static int
structure(struct bn_split *split, struct run *run, struct bn_error *err)
{
	char c = run->bytes[run->at];

	if (split->ended)
		return bn_fail(err, BN_EPARSE, "JSON: more follows behind the document's end");
	if (split->place == IN_ITEMS && c != ']' && c != ',') {
		run->start = run->at;
		split->place = IN_ITEM;
	}
	switch (c) {
	case '"':
		begin_string(split);
		return BN_OK;
	case '{':
	case '[':
		return open_container(split, run, c == '[', err);
	case '}':
	case ']':
		return close_container(split, run, c == ']', err);
	case ',':
		return next_member(split, run, err);
	case ':':
		if (on_path(split))
			split->want_key = false;
		return BN_OK;
	default:
		return BN_OK;
	}
}

static int
feed(struct bn_split *split, struct run *run, size_t size, struct bn_error *err)
{
	while (run->at < size) {
		char c = run->bytes[run->at];
		int rc;

		if (split->string) {
			pass_string(split, run, size);
			continue;
		}
		if (c != ' ' && c != '\n' && c != '\t' && c != '\r') {
			rc = structure(split, run, err);
			if (rc != BN_OK)
				return rc;
		}
		run->at++;
	}
	return flush(split, run, size, err);
}

int
bn_split_feed(struct bn_split *split, const char *bytes, size_t size, struct bn_error *err)
{
	struct run run = {bytes, 0, 0};
	int rc;

	if (split->failed)
		return bn_fail(err, BN_EPARSE, "JSON: the document is broken already");
	rc = feed(split, &run, size, err);
	split->failed = rc != BN_OK;
	return rc;
}

int
bn_split_finish(struct bn_split *split, const char **rest, size_t *rest_size, struct bn_error *err)
{
	const char *text = bn_buf_text(&split->rest);

	if (rest != NULL)
		*rest = text;
	if (rest_size != NULL)
		*rest_size = split->rest.size;
	if (split->failed)
		return bn_fail(err, BN_EPARSE, "JSON: the document is broken");
	if (split->depth > 0 || split->string)
		return bn_fail(err, BN_EPARSE, "JSON: the document ends in the middle");
	if (text[strspn(text, " \t\r\n")] == '\0')
		return bn_fail(err, BN_EPARSE, "JSON: the answer is empty");
	return BN_OK;
}

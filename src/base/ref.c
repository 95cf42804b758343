/* ref.c - references as people write them: KIND/[SOURCE/]KEY. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"

static int
unknown_kind(const char *text, const char *word, struct bn_error *err)
{
	const char *words[BN_KIND_COUNT] = {NULL}, *nearest;
	struct bn_buf list = BN_BUF_INIT(200);

	for (int kind = 1; kind < BN_KIND_COUNT; kind++) {
		words[kind - 1] = bn_kind_word((enum bn_kind)kind);
		bn_buf_addf(&list, "%s%s", kind > 1 ? ", " : "", words[kind - 1]);
	}
	nearest = bn_nearest(word, words);
	bn_fail(err, BN_EINVAL, "'%.120s' does not begin with a kind of thing", text);
	bn_hint(err, "%s%s%swrite KIND/[SOURCE/]KEY; kinds: %s",
		nearest != NULL ? "did you mean " : "", nearest != NULL ? nearest : "",
		nearest != NULL ? "? " : "", bn_buf_text(&list));
	bn_buf_free(&list);
	return BN_EINVAL;
}

/* The bytes of the longest leading part of `rest` that is a source's name and leaves a key; 0 if
 * none. */
static size_t
source_size(const char *rest, bool (*is_source)(const char *, void *), void *payload)
{
	size_t best = 0;

	for (const char *slash = strchr(rest, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		char *name = bn_xstrndup(rest, (size_t)(slash - rest));

		if (slash[1] != '\0' && is_source(name, payload))
			best = (size_t)(slash - rest);
		free(name);
	}
	return best;
}

int
bn_ref_parse(const char *text, bool (*is_source)(const char *name, void *payload), void *payload,
	     struct bn_ref_text *out, struct bn_error *err)
{
	const char *slash, *rest;
	size_t source = 0;
	char *word;

	*out = (struct bn_ref_text){BN_KIND_NONE, NULL, NULL};
	if (text == NULL)
		text = "";
	slash = strchr(text, '/');
	word = bn_xstrndup(text, slash != NULL ? (size_t)(slash - text) : strlen(text));
	out->kind = bn_kind_from_word(word);
	if (slash == NULL || slash[1] == '\0' || out->kind == BN_KIND_NONE) {
		int rc = out->kind == BN_KIND_NONE
			     ? unknown_kind(text, word, err)
			     : bn_fail(err, BN_EINVAL, "'%.120s' names no thing: write %s/KEY",
				       text, word);

		out->kind = BN_KIND_NONE;
		free(word);
		return rc;
	}
	free(word);
	rest = slash + 1;
	if (is_source != NULL && out->kind != BN_SOURCE)
		source = source_size(rest, is_source, payload);
	if (source > 0) {
		out->source = bn_xstrndup(rest, source);
		rest += source + 1;
	}
	out->key = bn_xstrdup(rest);
	return BN_OK;
}

void
bn_ref_free(struct bn_ref_text *ref)
{
	free(ref->source);
	free(ref->key);
	*ref = (struct bn_ref_text){BN_KIND_NONE, NULL, NULL};
}

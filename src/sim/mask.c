/* mask.c - Argo server's `fields` parameter. */
/* SPDX-License-Identifier: MIT */
#include "sim/mask.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct bn_mask {
	bool all, exclude;
	struct bn_strlist paths;
	size_t *length; /* of each */
};

struct bn_mask *
bn_mask_new(const char *fields)
{
	struct bn_mask *mask = bn_xcalloc(1, sizeof(*mask));
	const char *end;
	char *path;
	size_t i;

	mask->all = fields == NULL || *fields == '\0';
	if (mask->all)
		return mask;
	mask->exclude = *fields == '-';
	fields += mask->exclude;
	while (*fields != '\0') {
		end = fields + strcspn(fields, ",");
		path = bn_xstrndup(fields, (size_t)(end - fields));
		bn_strlist_add(&mask->paths, path);
		free(path);
		fields = *end == ',' ? end + 1 : end;
	}
	mask->length = bn_xcalloc(mask->paths.count + 1, sizeof(*mask->length));
	for (i = 0; i < mask->paths.count; i++)
		mask->length[i] = strlen(mask->paths.items[i]);
	return mask;
}

void
bn_mask_free(struct bn_mask *mask)
{
	if (mask == NULL)
		return;
	bn_strlist_clear(&mask->paths);
	free(mask->length);
	free(mask);
}

/* Is `a` the path `b` or one above it? */
static bool
is_above(const char *a, size_t a_length, const char *b, size_t b_length)
{
	return a_length <= b_length && memcmp(a, b, a_length) == 0 &&
	       (a_length == b_length || b[a_length] == '.');
}

static bool
wants(const struct bn_mask *mask, const char *path, size_t length)
{
	size_t i;

	for (i = 0; i < mask->paths.count; i++) {
		const char *each = mask->paths.items[i];

		if (is_above(each, mask->length[i], path, length) ||
		    (!mask->exclude && is_above(path, length, each, mask->length[i])))
			return !mask->exclude;
	}
	return mask->exclude;
}

bool
bn_mask_wants(const struct bn_mask *mask, const char *path)
{
	return mask->all || wants(mask, path, strlen(path));
}

#define DEEPEST 512 /* bytes of a path; what lies below a longer one is left as it is */

/* `path` has room for DEEPEST bytes, of which `length` are the object's own. */
static void
prune(const struct bn_mask *mask, json_t *json, char *path, size_t length)
{
	const char *key;
	json_t *value;
	void *next;
	size_t i, below, size;

	json_array_foreach(json, i, value) prune(mask, value, path, length);
	if (!json_is_object(json))
		return;
	json_object_foreach_safe(json, next, key, value)
	{
		size = strlen(key);
		if (length + size + 2 > DEEPEST)
			continue;
		below = length;
		if (below > 0)
			path[below++] = '.';
		memcpy(path + below, key, size);
		below += size;
		if (wants(mask, path, below))
			prune(mask, value, path, below);
		else
			json_object_del(json, key);
	}
}

void
bn_mask_apply(const struct bn_mask *mask, json_t *json)
{
	char path[DEEPEST];

	if (!mask->all)
		prune(mask, json, path, 0);
}

/* mask.c - Argo server's `fields` parameter. */
/* SPDX-License-Identifier: MIT */
#include "sim/mask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct bn_mask {
	bool all, exclude;
	struct bn_strlist paths;
};

struct bn_mask *
bn_mask_new(const char *fields)
{
	struct bn_mask *mask = bn_xcalloc(1, sizeof(*mask));
	const char *end;
	char *path;

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
	return mask;
}

void
bn_mask_free(struct bn_mask *mask)
{
	if (mask == NULL)
		return;
	bn_strlist_clear(&mask->paths);
	free(mask);
}

/* Is `a` the path `b` or one above it? */
static bool
is_above(const char *a, const char *b)
{
	size_t length = strlen(a);

	return strncmp(a, b, length) == 0 && (b[length] == '\0' || b[length] == '.');
}

bool
bn_mask_wants(const struct bn_mask *mask, const char *path)
{
	size_t i;

	if (mask->all)
		return true;
	for (i = 0; i < mask->paths.count; i++) {
		if (mask->exclude ? is_above(mask->paths.items[i], path)
				  : is_above(mask->paths.items[i], path) ||
					is_above(path, mask->paths.items[i]))
			return !mask->exclude;
	}
	return mask->exclude;
}

static void
prune(const struct bn_mask *mask, json_t *json, const char *path)
{
	char below[512];
	const char *key;
	json_t *value;
	void *next;
	size_t i;

	json_array_foreach(json, i, value) prune(mask, value, path);
	if (!json_is_object(json))
		return;
	json_object_foreach_safe(json, next, key, value)
	{
		snprintf(below, sizeof(below), "%s%s%s", path, *path == '\0' ? "" : ".", key);
		if (bn_mask_wants(mask, below))
			prune(mask, value, below);
		else
			json_object_del(json, key);
	}
}

void
bn_mask_apply(const struct bn_mask *mask, json_t *json)
{
	if (!mask->all)
		prune(mask, json, "");
}

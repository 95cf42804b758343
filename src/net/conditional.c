/* conditional.c - remembers validators and digests of answers, so that an unchanged one is not read again. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "net/internal.h"

#define SLOTS 64

/* One URL's answer; `settled` once what was read from it is safely stored. */
struct slot {
	char *url;
	char *etag, *last_modified, *digest;
	bool settled;
};

struct bn_memory {
	struct slot slots[SLOTS];
	size_t next; /* the one to give way when all are taken */
};

struct bn_memory *
bn_memory_new(void)
{
	return bn_xcalloc(1, sizeof(struct bn_memory));
}

static void
empty(struct slot *slot)
{
	free(slot->url);
	free(slot->etag);
	free(slot->last_modified);
	free(slot->digest);
	memset(slot, 0, sizeof(*slot));
}

void
bn_memory_free(struct bn_memory *memory)
{
	size_t i;

	if (memory == NULL)
		return;
	for (i = 0; i < SLOTS; i++)
		empty(&memory->slots[i]);
	free(memory);
}

static const struct slot *
find(const struct bn_memory *memory, const char *url)
{
	size_t i;

	for (i = 0; i < SLOTS; i++)
		if (memory->slots[i].url != NULL && strcmp(memory->slots[i].url, url) == 0)
			return &memory->slots[i];
	return NULL;
}

void
bn_memory_find(const struct bn_memory *memory, const char *url, struct bn_validators *out)
{
	const struct slot *slot = find(memory, url);

	memset(out, 0, sizeof(*out));
	if (slot == NULL || !slot->settled)
		return;
	out->etag = slot->etag;
	out->last_modified = slot->last_modified;
	out->digest = slot->digest;
}

void
bn_memory_note(struct bn_memory *memory, const char *url, const struct bn_validators *seen)
{
	const struct slot *old = find(memory, url);
	struct slot *slot;
	size_t i = old != NULL ? (size_t)(old - memory->slots) : memory->next;

	if (old == NULL)
		memory->next = (memory->next + 1) % SLOTS;
	slot = &memory->slots[i];
	empty(slot);
	slot->url = bn_xstrdup(url);
	slot->etag = bn_xstrdup(seen->etag);
	slot->last_modified = bn_xstrdup(seen->last_modified);
	slot->digest = bn_xstrdup(seen->digest);
}

void
bn_memory_settle(struct bn_memory *memory, bool keep)
{
	size_t i;

	for (i = 0; i < SLOTS; i++) {
		if (memory->slots[i].url == NULL || memory->slots[i].settled)
			continue;
		if (keep)
			memory->slots[i].settled = true;
		else
			empty(&memory->slots[i]);
	}
}

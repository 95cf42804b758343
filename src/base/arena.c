/* arena.c - memory that is freed all at once. */
/* SPDX-License-Identifier: MIT */
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define FIRST_BLOCK ((size_t)16 << 10)
#define LAST_BLOCK  ((size_t)1 << 20) /* blocks double until they have this size */

struct block {
	struct block *next;
	size_t size, used;
	alignas(max_align_t) char bytes[];
};

struct bn_arena {
	struct block *blocks; /* the one in use first */
	size_t used;
};

static struct block *
block_new(size_t size, struct block *next)
{
	struct block *block;

	if (size > SIZE_MAX - sizeof(*block))
		size = SIZE_MAX - sizeof(*block); /* which bn_xmalloc refuses in its own way */
	block = bn_xmalloc(sizeof(*block) + size);
	block->next = next;
	block->size = size;
	block->used = 0;
	return block;
}

struct bn_arena *
bn_arena_new(void)
{
	return bn_xcalloc(1, sizeof(struct bn_arena));
}

static void
free_blocks(struct block *block)
{
	while (block != NULL) {
		struct block *next = block->next;

		free(block);
		block = next;
	}
}

void
bn_arena_free(struct bn_arena *arena)
{
	if (arena == NULL)
		return;
	free_blocks(arena->blocks);
	free(arena);
}

void
bn_arena_reset(struct bn_arena *arena)
{
	struct block *keep = arena->blocks;

	if (keep != NULL && keep->size > LAST_BLOCK) { /* one huge item is no reason to hold it */
		free_blocks(keep);
		arena->blocks = NULL;
	} else if (keep != NULL) {
		free_blocks(keep->next);
		keep->next = NULL;
		keep->used = 0;
	}
	arena->used = 0;
}

size_t
bn_arena_used(const struct bn_arena *arena)
{
	return arena->used;
}

static size_t
next_size(const struct bn_arena *arena, size_t want)
{
	size_t size = FIRST_BLOCK;

	if (arena->blocks != NULL)
		size = arena->blocks->size * 2;
	if (size > LAST_BLOCK)
		size = LAST_BLOCK;
	return want > size ? want : size;
}

void *
bn_arena_alloc(struct bn_arena *arena, size_t size)
{
	const size_t align = alignof(max_align_t);
	size_t want;
	void *p;

	want = size > SIZE_MAX - align ? SIZE_MAX : (size + align - 1) / align * align;
	if (want == 0)
		want = align;
	if (arena->blocks == NULL || want > arena->blocks->size - arena->blocks->used)
		arena->blocks = block_new(next_size(arena, want), arena->blocks);
	p = arena->blocks->bytes + arena->blocks->used;
	arena->blocks->used += want;
	arena->used += want;
	return memset(p, 0, want);
}

char *
bn_arena_strndup(struct bn_arena *arena, const char *text, size_t size)
{
	size_t used;
	char *copy;

	if (text == NULL)
		return NULL;
	used = strnlen(text, size);
	copy = bn_arena_alloc(arena, used + 1);
	memcpy(copy, text, used);
	return copy;
}

char *
bn_arena_strdup(struct bn_arena *arena, const char *text)
{
	return text != NULL ? bn_arena_strndup(arena, text, strlen(text)) : NULL;
}

char *
bn_arena_formatv(struct bn_arena *arena, const char *format, va_list ap)
{
	va_list again;
	char *text;
	int size;

	va_copy(again, ap);
	size = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (size < 0)
		size = 0;
	text = bn_arena_alloc(arena, (size_t)size + 1);
	vsnprintf(text, (size_t)size + 1, format, ap);
	return text;
}

char *
bn_arena_format(struct bn_arena *arena, const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	text = bn_arena_formatv(arena, format, ap);
	va_end(ap);
	return text;
}

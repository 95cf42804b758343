/* memory.h - allocation that never fails, growable buffers with a ceiling, arenas, string lists. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_BASE_MEMORY_H
#define BN_BASE_MEMORY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Like malloc, calloc, realloc, strdup, strndup, asprintf; out of memory ends the process with one
 * line on standard error and exit status 70, through exit(3), so that what must be given back (the
 * terminal) can be given back by atexit. Free with free(3). bn_xstrdup(NULL) is NULL. */
void *bn_xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *bn_xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *bn_xrealloc(void *old, size_t count, size_t size);
char *bn_xstrdup(const char *text);
char *bn_xstrndup(const char *text, size_t size);
char *bn_xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *bn_xvasprintf(const char *format, va_list ap) __attribute__((format(printf, 1, 0)));

/* A growable byte buffer. `data` is always NUL-terminated once anything was appended (the NUL is
 * not counted in `size`). Appending beyond `ceiling` bytes (0: 64 MiB) appends nothing and sets
 * `overflow`, so a run of appends needs one check at its end. */
struct bn_buf {
	char *data;
	size_t size, capacity, ceiling;
	bool overflow;
};
#define BN_BUF_INIT(max)                                                                           \
	{                                                                                          \
		NULL, 0, 0, (max), false                                                           \
	}

bool bn_buf_add(struct bn_buf *buf, const void *bytes, size_t size);
bool bn_buf_adds(struct bn_buf *buf, const char *text);
bool bn_buf_addc(struct bn_buf *buf, char c);
bool bn_buf_addf(struct bn_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool bn_buf_addv(struct bn_buf *buf, const char *format, va_list ap)
    __attribute__((format(printf, 2, 0)));
void bn_buf_reset(struct bn_buf *buf); /* keeps the memory */
void bn_buf_free(struct bn_buf *buf);
char *
bn_buf_take(struct bn_buf *buf); /* the caller owns the NUL-terminated text; buf is empty again */
const char *bn_buf_text(const struct bn_buf *buf); /* "" when empty, borrowed */

/* Memory that is freed all at once. */
struct bn_arena;
struct bn_arena *bn_arena_new(void);
void bn_arena_free(struct bn_arena *arena);	    /* NULL allowed */
void bn_arena_reset(struct bn_arena *arena);	    /* frees what was allocated, keeps one block */
size_t bn_arena_used(const struct bn_arena *arena); /* bytes handed out */
void *bn_arena_alloc(struct bn_arena *arena, size_t size)
    __attribute__((returns_nonnull));				 /* zeroed, aligned for any type */
char *bn_arena_strdup(struct bn_arena *arena, const char *text); /* NULL for NULL */
char *bn_arena_strndup(struct bn_arena *arena, const char *text, size_t size);
char *bn_arena_format(struct bn_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *bn_arena_formatv(struct bn_arena *arena, const char *format, va_list ap)
    __attribute__((format(printf, 2, 0)));

/* A list of owned strings. */
struct bn_strlist {
	char **items;
	size_t count, capacity;
};
void bn_strlist_add(struct bn_strlist *list, const char *text); /* copies */
void bn_strlist_clear(struct bn_strlist *list);
bool bn_strlist_has(const struct bn_strlist *list, const char *text);

#endif

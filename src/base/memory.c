/* memory.c - allocation that never fails, growable buffers with a ceiling, string lists. */
/* SPDX-License-Identifier: MIT */
#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_NO_MEMORY	70
#define DEFAULT_CEILING ((size_t)64 << 20)

__attribute__((noreturn)) static void
out_of_memory(void)
{
	static const char text[] = "binnacle: out of memory\n";
	ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)ignored;
	exit(EXIT_NO_MEMORY);
}

void *
bn_xmalloc(size_t size)
{
	void *p = malloc(size > 0 ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *
bn_xcalloc(size_t count, size_t size)
{
	void *p = count > 0 && size > 0 ? calloc(count, size) : calloc(1, 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *
bn_xrealloc(void *old, size_t count, size_t size)
{
	void *p;

	if (count == 0 || size == 0)
		count = size = 1;
	p = reallocarray(old, count, size);
	if (p == NULL)
		out_of_memory();
	return p;
}

char *
bn_xstrdup(const char *text)
{
	return text != NULL ? bn_xstrndup(text, strlen(text)) : NULL;
}

char *
bn_xstrndup(const char *text, size_t size)
{
	size_t used = strnlen(text, size);
	char *copy = bn_xmalloc(used + 1);

	memcpy(copy, text, used);
	copy[used] = '\0';
	return copy;
}

char *
bn_xvasprintf(const char *format, va_list ap)
{
	char *text = NULL;

	if (vasprintf(&text, format, ap) < 0)
		out_of_memory();
	return text;
}

char *
bn_xasprintf(const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	text = bn_xvasprintf(format, ap);
	va_end(ap);
	return text;
}

/* ---- buffers --------------------------------------------------------------------------------- */

/* Room for `more` bytes and the NUL; false (and overflow) where that would break the ceiling. */
static bool
buf_reserve(struct bn_buf *buf, size_t more)
{
	size_t ceiling = buf->ceiling > 0 ? buf->ceiling : DEFAULT_CEILING, want;

	if (buf->overflow || more > ceiling || buf->size > ceiling - more) {
		buf->overflow = true;
		return false;
	}
	want = buf->size + more + 1;
	if (want > buf->capacity) {
		size_t capacity = buf->capacity > 0 ? buf->capacity : 64;

		while (capacity < want)
			capacity *= 2;
		buf->data = bn_xrealloc(buf->data, capacity, 1);
		buf->capacity = capacity;
	}
	return true;
}

bool
bn_buf_add(struct bn_buf *buf, const void *bytes, size_t size)
{
	if (!buf_reserve(buf, size))
		return false;
	if (size > 0)
		memcpy(buf->data + buf->size, bytes, size);
	buf->size += size;
	buf->data[buf->size] = '\0';
	return true;
}

bool
bn_buf_adds(struct bn_buf *buf, const char *text)
{
	return text == NULL || bn_buf_add(buf, text, strlen(text));
}

bool
bn_buf_addc(struct bn_buf *buf, char c)
{
	return bn_buf_add(buf, &c, 1);
}

bool
bn_buf_addv(struct bn_buf *buf, const char *format, va_list ap)
{
	va_list again;
	int size;

	va_copy(again, ap);
	size = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (size < 0 || !buf_reserve(buf, (size_t)size))
		return false;
	vsnprintf(buf->data + buf->size, (size_t)size + 1, format, ap);
	buf->size += (size_t)size;
	return true;
}

bool
bn_buf_addf(struct bn_buf *buf, const char *format, ...)
{
	va_list ap;
	bool ok;

	va_start(ap, format);
	ok = bn_buf_addv(buf, format, ap);
	va_end(ap);
	return ok;
}

void
bn_buf_reset(struct bn_buf *buf)
{
	buf->size = 0;
	buf->overflow = false;
	if (buf->data != NULL)
		buf->data[0] = '\0';
}

void
bn_buf_free(struct bn_buf *buf)
{
	free(buf->data);
	buf->data = NULL;
	buf->size = buf->capacity = 0;
	buf->overflow = false;
}

char *
bn_buf_take(struct bn_buf *buf)
{
	char *text = buf->data != NULL ? buf->data : bn_xstrdup("");

	buf->data = NULL;
	buf->size = buf->capacity = 0;
	buf->overflow = false;
	return text;
}

const char *
bn_buf_text(const struct bn_buf *buf)
{
	return buf->data != NULL ? buf->data : "";
}

/* ---- lists of strings ------------------------------------------------------------------------ */

void
bn_strlist_add(struct bn_strlist *list, const char *text)
{
	if (list->count == list->capacity) {
		list->capacity = list->capacity > 0 ? list->capacity * 2 : 8;
		list->items = bn_xrealloc(list->items, list->capacity, sizeof(*list->items));
	}
	list->items[list->count++] = bn_xstrdup(text);
}

void
bn_strlist_clear(struct bn_strlist *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct bn_strlist){NULL, 0, 0};
}

bool
bn_strlist_has(const struct bn_strlist *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}

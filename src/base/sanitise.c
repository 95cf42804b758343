/* sanitise.c - the one function between foreign bytes and the terminal. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/width.h"

#define REPLACEMENT    0xFFFDu
#define DOTTED_CIRCLE  0x25CCu /* Unicode's own stand-in for the base a mark is missing */
#define MARKS_PER_BASE 4
#define TAB_STOP       8

struct line {
	struct bn_buf *out;
	size_t column;
	unsigned marks; /* on the present base */
	bool base;	/* there is something a mark can join */
};

static void
put(struct line *line, uint32_t point, size_t columns)
{
	char bytes[4];

	bn_buf_add(line->out, bytes, bn_utf8_encode(point, bytes));
	line->column += columns;
	line->marks = 0;
	line->base = true;
}

static void
put_caret(struct line *line, uint32_t control)
{
	put(line, '^', 1);
	put(line, control ^ 0x40, 1);
}

static void
put_code(struct line *line, uint32_t point)
{
	size_t before = line->out->size;

	bn_buf_addf(line->out, "<U+%04X>", (unsigned)point);
	line->column += line->out->size - before;
	line->marks = 0;
	line->base = true;
}

/* What goes beyond four marks is one replacement character, however long the run is. */
static void
put_mark(struct line *line, uint32_t point)
{
	char bytes[4];

	if (!line->base)
		put(line, DOTTED_CIRCLE, 1);
	if (line->marks < MARKS_PER_BASE)
		bn_buf_add(line->out, bytes, bn_utf8_encode(point, bytes));
	else if (line->marks == MARKS_PER_BASE) {
		bn_buf_add(line->out, bytes, bn_utf8_encode(REPLACEMENT, bytes));
		line->column++;
	}
	if (line->marks <= MARKS_PER_BASE)
		line->marks++;
}

static void
put_hidden(struct line *line, uint32_t point, enum bn_sanitise mode)
{
	if (point == '\t' && mode == BN_SANITISE_TEXT) {
		do
			put(line, ' ', 1);
		while (line->column % TAB_STOP != 0);
	} else if (point < 0x20 || point == 0x7F)
		put_caret(line, point);
	else
		put_code(line, point);
}

/* Printable ASCII is nearly everything there is, so it is copied in runs. */
static size_t
copy_plain(struct line *line, const char *text, size_t size)
{
	size_t run = 0;

	while (run < size && text[run] >= 0x20 && text[run] < 0x7F)
		run++;
	if (run > 0) {
		bn_buf_add(line->out, text, run);
		line->column += run;
		line->marks = 0;
		line->base = true;
	}
	return run;
}

void
bn_sanitise(struct bn_buf *out, const char *text, size_t size, enum bn_sanitise mode)
{
	struct line line = {.out = out};
	size_t at = 0;

	while (at < size) {
		uint32_t point;
		size_t run = copy_plain(&line, text + at, size - at);

		if (run > 0) {
			at += run;
			continue;
		}
		at += bn_utf8_decode(text + at, size - at, &point);
		switch (bn_width_class(point)) {
		case BN_WIDTH_NARROW:
			put(&line, point, 1);
			break;
		case BN_WIDTH_WIDE:
			put(&line, point, 2);
			break;
		case BN_WIDTH_MARK:
			put_mark(&line, point);
			break;
		case BN_WIDTH_HIDDEN:
			put_hidden(&line, point, mode);
			break;
		case BN_WIDTH_UNASSIGNED:
			put(&line, REPLACEMENT, 1);
			break;
		}
	}
}

const char *
bn_sanitised(struct bn_arena *arena, const char *text)
{
	struct bn_buf buf = BN_BUF_INIT(SIZE_MAX - 1);
	const char *copy;

	if (text == NULL)
		return "";
	bn_sanitise(&buf, text, strlen(text), BN_SANITISE_FIELD);
	copy = bn_arena_strdup(arena, bn_buf_text(&buf));
	bn_buf_free(&buf);
	return copy;
}

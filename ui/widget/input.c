/* input.c - one line of text being edited, with a history and completion. */
/* SPDX-License-Identifier: MIT */
#include "ui/widget/input.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_TEXT  4096
#define MAX_LINES 200

/* ---- history ----------------------------------------------------------------------------- */

void
bn_history_add(struct bn_history *history, const char *line)
{
	struct bn_strlist *lines = &history->lines;

	if (*line == '\0' || (history->refuses != NULL && history->refuses(line)) ||
	    (lines->count > 0 && strcmp(lines->items[lines->count - 1], line) == 0))
		return;
	if (lines->count == MAX_LINES) {
		free(lines->items[0]);
		memmove(lines->items, lines->items + 1, (MAX_LINES - 1) * sizeof(*lines->items));
		lines->count--;
	}
	bn_strlist_add(lines, line);
}

void
bn_history_load(struct bn_history *history, const char *path)
{
	char line[MAX_TEXT + 2];
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (bn_utf8_valid(line, strlen(line)))
			bn_history_add(history, line);
	}
	fclose(file);
}

void
bn_history_save(const struct bn_history *history, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	size_t i;

	if (file == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	for (i = 0; i < history->lines.count; i++)
		fprintf(file, "%s\n", history->lines.items[i]);
	fclose(file);
}

/* ---- editing ----------------------------------------------------------------------------- */

static void
set_text(struct bn_input *input, const char *text)
{
	bn_buf_reset(&input->text);
	bn_buf_adds(&input->text, text);
	input->at = input->text.size;
}

void
bn_input_init(struct bn_input *input, const char *initial, const struct bn_history *history)
{
	memset(input, 0, sizeof(*input));
	input->text.ceiling = MAX_TEXT;
	input->history = history;
	set_text(input, initial == NULL ? "" : initial);
}

void
bn_input_clear(struct bn_input *input)
{
	bn_buf_free(&input->text);
	free(input->typed);
	input->typed = NULL;
	bn_strlist_clear(&input->offers);
}

static size_t
before(const struct bn_input *input)
{
	size_t at = input->at;

	while (at > 0 && ((unsigned char)input->text.data[--at] & 0xc0) == 0x80)
		continue;
	return at;
}

static size_t
after(const struct bn_input *input)
{
	size_t at = input->at;

	if (at < input->text.size)
		at++;
	while (at < input->text.size && ((unsigned char)input->text.data[at] & 0xc0) == 0x80)
		at++;
	return at;
}

static enum bn_input_result
cut(struct bn_input *input, size_t from, size_t to)
{
	if (from >= to)
		return BN_INPUT_NOTHING;
	memmove(input->text.data + from, input->text.data + to, input->text.size - to + 1);
	input->text.size -= to - from;
	input->at = from;
	return BN_INPUT_CHANGED;
}

static void
insert(struct bn_input *input, const char *bytes, size_t size)
{
	char *tail;

	if (input->text.size + size > MAX_TEXT)
		return;
	tail = bn_xstrdup(bn_buf_text(&input->text) + input->at);
	input->text.size = input->at;
	bn_buf_add(&input->text, bytes, size);
	input->at = input->text.size;
	bn_buf_adds(&input->text, tail);
	free(tail);
}

static enum bn_input_result
cut_word(struct bn_input *input)
{
	size_t from = input->at;

	while (from > 0 && input->text.data[from - 1] == ' ')
		from--;
	while (from > 0 && input->text.data[from - 1] != ' ')
		from--;
	return cut(input, from, input->at);
}

static enum bn_input_result
recall(struct bn_input *input, bool back)
{
	size_t count = input->history == NULL ? 0 : input->history->lines.count;

	if (back ? input->recalled >= count : input->recalled == 0)
		return BN_INPUT_NOTHING;
	if (input->recalled == 0) {
		free(input->typed);
		input->typed = bn_xstrdup(bn_buf_text(&input->text));
	}
	input->recalled += back ? 1 : (size_t)-1;
	set_text(input, input->recalled == 0
			    ? input->typed
			    : input->history->lines.items[count - input->recalled]);
	return BN_INPUT_CHANGED;
}

static enum bn_input_result
type(struct bn_input *input, bn_key key)
{
	char bytes[4];

	if (key < 0x20 || key == 0x7f || key >= 0x110000)
		return BN_INPUT_NOTHING;
	insert(input, bytes, bn_utf8_encode(key, bytes));
	return BN_INPUT_CHANGED;
}

static enum bn_input_result
paste(struct bn_input *input, bn_key key)
{
	return type(input, key == BN_KEY_ENTER || key == BN_KEY_TAB ? ' ' : key);
}

static enum bn_input_result
command_key(struct bn_input *input, bn_key key)
{
	size_t size = input->text.size;

	switch (key) {
	case BN_KEY_ENTER:
		return BN_INPUT_DONE;
	case BN_KEY_ESC:
	case BN_KEY_CTRL('C'):
		return BN_INPUT_LEFT;
	case BN_KEY_TAB:
	case BN_KEY_BACKTAB:
		return BN_INPUT_COMPLETE;
	case BN_KEY_BACKSPACE:
		return size == 0 ? BN_INPUT_LEFT : cut(input, before(input), input->at);
	case BN_KEY_DELETE:
	case BN_KEY_CTRL('D'):
		return cut(input, input->at, after(input));
	case BN_KEY_CTRL('U'):
		return cut(input, 0, input->at);
	case BN_KEY_CTRL('K'):
		return cut(input, input->at, size);
	case BN_KEY_CTRL('W'):
		return cut_word(input);
	case BN_KEY_UP:
	case BN_KEY_CTRL('P'):
		return recall(input, true);
	case BN_KEY_DOWN:
	case BN_KEY_CTRL('N'):
		return recall(input, false);
	case BN_KEY_LEFT:
	case BN_KEY_CTRL('B'):
		input->at = before(input);
		break;
	case BN_KEY_RIGHT:
	case BN_KEY_CTRL('F'):
		input->at = after(input);
		break;
	case BN_KEY_HOME:
	case BN_KEY_CTRL('A'):
		input->at = 0;
		break;
	case BN_KEY_END:
	case BN_KEY_CTRL('E'):
		input->at = size;
		break;
	default:
		return type(input, key);
	}
	return BN_INPUT_NOTHING;
}

enum bn_input_result
bn_input_key(struct bn_input *input, const struct bn_key_event *event)
{
	enum bn_input_result result;

	result = event->pasted ? paste(input, event->key) : command_key(input, event->key);
	if (result != BN_INPUT_COMPLETE)
		bn_strlist_clear(&input->offers);
	return result;
}

/* ---- completion -------------------------------------------------------------------------- */

static size_t
word_start(const struct bn_input *input)
{
	size_t at = input->at;

	while (at > 0 && input->text.data[at - 1] != ' ')
		at--;
	return at;
}

static size_t
common_beginning(const struct bn_strlist *offers)
{
	size_t length = strlen(offers->items[0]), i, j;

	for (i = 1; i < offers->count; i++) {
		for (j = 0; j < length && offers->items[i][j] == offers->items[0][j]; j++)
			continue;
		length = j;
	}
	while (length > 0 && ((unsigned char)offers->items[0][length] & 0xc0) == 0x80)
		length--;
	return length;
}

static void
put_word(struct bn_input *input, const char *word, size_t length)
{
	cut(input, word_start(input), input->at);
	insert(input, word, length);
}

void
bn_input_complete(struct bn_input *input, struct bn_strlist *offers, bool backwards)
{
	size_t length;

	if (input->offers.count > 0) { /* Tab again: the next of those already shown */
		bn_strlist_clear(offers);
		input->offer = (input->offer + (backwards ? input->offers.count - 1 : 1)) %
			       input->offers.count;
		put_word(input, input->offers.items[input->offer],
			 strlen(input->offers.items[input->offer]));
		return;
	}
	if (offers->count == 0)
		return;
	if (offers->count == 1) {
		put_word(input, offers->items[0], strlen(offers->items[0]));
		if (bn_buf_text(&input->text)[input->at] == ' ') /* in the midst of the line */
			input->at++;
		else
			insert(input, " ", 1);
		bn_strlist_clear(offers);
		return;
	}
	length = common_beginning(offers);
	if (length > input->at - word_start(input))
		put_word(input, offers->items[0], length);
	input->offers = *offers;
	input->offer = offers->count - 1;
	memset(offers, 0, sizeof(*offers));
}

/* ---- drawing ----------------------------------------------------------------------------- */

static int
draw_offers(const struct bn_input *input, struct bn_pen *pen, int y, int x, int width)
{
	size_t i;
	int at = 0;

	for (i = 0; i < input->offers.count && at < width - 2; i++) {
		bool chosen = i == input->offer;

		at += bn_draw(pen, y, x + at, width - at,
			      BN_INK_ON(chosen ? BN_ROLE_KEY : BN_ROLE_DIM, chosen),
			      input->offers.items[i]);
		at += 2;
	}
	return at;
}

int
bn_input_draw(const struct bn_input *input, struct bn_pen *pen, int y, int x, int width,
	      const char *label)
{
	char *head = bn_xstrndup(bn_buf_text(&input->text), input->at);
	const char *text = bn_buf_text(&input->text);
	int start, column, room, skip;

	bn_draw_blank(pen, y, x, width, BN_INK(BN_ROLE_TEXT));
	start = x + bn_draw(pen, y, x, width / 2, BN_INK(BN_ROLE_KEY), label);
	room = width - (start - x) - 1;
	column = (int)bn_text_width(head);
	/* Keep the cursor in sight: what is left of the window is not drawn. */
	skip = column > room ? column - room : 0;
	if (skip > 0) {
		size_t used;

		text += bn_text_fit(text, (size_t)skip, &used);
		column -= (int)used;
	}
	column += start;
	start += bn_draw(pen, y, start, room, BN_INK(BN_ROLE_TEXT), text);
	if (input->offers.count > 0)
		draw_offers(input, pen, y, start + 3, width - (start + 3 - x));
	free(head);
	return column;
}

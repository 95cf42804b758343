/* draw.c - what every widget draws with: cells in roles, rules and boxes, clipped and sanitised. */
/* SPDX-License-Identifier: MIT */
#include "ui/draw.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- ink --------------------------------------------------------------------------------- */

/* Two pairs a role (on the page, in the selected band), so that 64 pairs are enough for all. */
static short
pair_of(struct bn_ink ink)
{
	return (short)(1 + 2 * (int)ink.role + (ink.selected ? 1 : 0));
}

void
bn_pen_init(struct bn_pen *pen, WINDOW *window, const struct bn_theme *theme, bool ascii)
{
	const struct bn_look *band = &theme->looks[BN_ROLE_SELECTED];
	int role;

	pen->window = window;
	pen->theme = theme;
	pen->ascii = ascii;
	pen->colour = theme->colours > 0 && has_colors() && COLORS >= 8;
	pen->scratch.ceiling = 1 << 20;
	if (!pen->colour)
		return;
	for (role = 0; role < BN_ROLE_COUNT; role++) {
		const struct bn_look *look = &theme->looks[role];
		short fg = (short)(look->fg < COLORS ? look->fg : -1);
		short bg = (short)(look->bg < COLORS ? look->bg : -1);

		init_pair(pair_of(BN_INK((enum bn_role)role)), fg, bg);
		init_pair(pair_of(BN_INK_ON((enum bn_role)role, true)),
			  role == BN_ROLE_TEXT && band->fg >= 0 && band->fg < COLORS
			      ? (short)band->fg
			      : fg,
			  band->bg >= 0 ? (short)band->bg : bg);
	}
}

void
bn_pen_clear(struct bn_pen *pen)
{
	bn_buf_free(&pen->scratch);
}

static void
set_ink(struct bn_pen *pen, struct bn_ink ink)
{
	const struct bn_look *look = &pen->theme->looks[ink.role];
	const struct bn_look *band = &pen->theme->looks[BN_ROLE_SELECTED];
	attr_t attributes = A_NORMAL;

	if (look->bold || (ink.selected && band->bold))
		attributes |= A_BOLD;
	/* Dim and reverse together are unreadable on many terminals. */
	if (look->dim && !(ink.selected && band->reverse))
		attributes |= A_DIM;
	if (look->underline || (ink.selected && band->underline))
		attributes |= A_UNDERLINE;
	if (look->reverse || (ink.selected && band->reverse))
		attributes |= A_REVERSE;
	/* A reversed band in many colours would be a patchwork: there the signs alone carry it. */
	if (ink.selected && band->reverse)
		ink.role = BN_ROLE_SELECTED;
	wattr_set(pen->window, attributes, pen->colour ? pair_of(ink) : 0, NULL);
}

/* ---- text -------------------------------------------------------------------------------- */

/* What stands for the few signs of our own where only ASCII may leave. */
static const struct {
	uint32_t point;
	char ascii;
} plain[] = {
    {0x2026, '~'},  {0x2013, '-'}, {0x2014, '-'}, {0x00b7, '.'}, {0x2192, '>'}, {0x2190, '<'},
    {0x2191, '^'},  {0x2193, 'v'}, {0x2502, '|'}, {0x2500, '-'}, {0x2501, '='}, {0x2504, '.'},
    {0x250a, '|'},  {0x256d, '+'}, {0x256e, '+'}, {0x256f, '+'}, {0x2570, '+'}, {0x251c, '|'},
    {0x2514, '`'},  {0x25b8, '+'}, {0x25be, '-'}, {0x258f, '|'}, {0x2595, '|'}, {0x00d7, 'x'},
    {0x00b1, '~'},  {0x0394, 'd'}, {0x2717, 'x'}, {0x25b2, '!'}, {0x25d0, '>'}, {0x25cf, 'o'},
    {0x25cb, '.'},  {0x25cc, '?'}, {0x25c6, '+'}, {0x2588, '#'}, {0x258c, '*'}, {0x2581, '_'},
    {0x2582, '_'},  {0x2583, '.'}, {0x2584, '.'}, {0x2585, '-'}, {0x2586, '-'}, {0x2587, '='},
    {0x2265, '>'},  {0x2264, '<'}, {0x2578, '-'}, {0x257a, '-'}, {0x00b5, 'u'}, {0x254c, '-'},
    {0x2575, '\''}, {0x2591, ':'}, {0x2260, '#'}, {0x25ba, '>'}, {0x2691, 'F'}};

static char
plain_char(uint32_t point)
{
	size_t i;

	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (plain[i].point == point)
			return plain[i].ascii;
	return '?';
}

/* In place: every column of a non-ASCII character becomes one ASCII character. */
static void
make_plain(struct bn_buf *buf)
{
	size_t from = 0, to = 0;

	while (from < buf->size) {
		uint32_t point;
		size_t used = bn_utf8_decode(buf->data + from, buf->size - from, &point);
		int width = bn_codepoint_width(point);

		if (point < 0x80)
			buf->data[to++] = buf->data[from];
		else if (width > 0)
			buf->data[to++] = plain_char(point);
		if (width == 2)
			buf->data[to++] = '?';
		from += used;
	}
	buf->size = to;
	buf->data[to] = '\0';
}

/* Sanitised (and, where needed, plain) text in the pen's scratch. */
static const char *
clean(struct bn_pen *pen, const char *text)
{
	bn_buf_reset(&pen->scratch);
	bn_sanitise(&pen->scratch, text, strlen(text), BN_SANITISE_FIELD);
	if (pen->ascii && pen->scratch.size > 0)
		make_plain(&pen->scratch);
	return bn_buf_text(&pen->scratch);
}

static bool
visible(const struct bn_pen *pen, int y, int x)
{
	return y >= 0 && x >= 0 && y < getmaxy(pen->window) && x < getmaxx(pen->window);
}

/* Puts cleaned text at a place; returns the columns used. */
static int
put(struct bn_pen *pen, int y, int x, int width, struct bn_ink ink, const char *text)
{
	size_t used = 0, bytes;
	int room;

	if (!visible(pen, y, x) || width <= 0)
		return 0;
	room = getmaxx(pen->window) - x;
	if (width > room)
		width = room;
	set_ink(pen, ink);
	bytes = bn_text_fit(text, (size_t)width, &used);
	if (text[bytes] != '\0') {
		bytes = bn_text_fit(text, (size_t)width - 1, &used);
		mvwaddnstr(pen->window, y, x, text, (int)bytes);
		waddstr(pen->window, pen->ascii ? "~" : "…");
		return (int)used + 1;
	}
	mvwaddnstr(pen->window, y, x, text, (int)bytes);
	return (int)used;
}

int
bn_draw(struct bn_pen *pen, int y, int x, int width, struct bn_ink ink, const char *text)
{
	return put(pen, y, x, width, ink, clean(pen, text));
}

int
bn_drawf(struct bn_pen *pen, int y, int x, int width, struct bn_ink ink, const char *format, ...)
{
	va_list ap;
	char *text;
	int used;

	va_start(ap, format);
	text = bn_xvasprintf(format, ap);
	va_end(ap);
	used = bn_draw(pen, y, x, width, ink, text);
	free(text);
	return used;
}

int
bn_draw_right(struct bn_pen *pen, int y, int x, int width, struct bn_ink ink, const char *text)
{
	const char *cleaned = clean(pen, text);
	int columns = (int)bn_text_width(cleaned);

	if (columns > width)
		columns = width;
	put(pen, y, x + width - columns, columns, ink, cleaned);
	return x + width - columns;
}

void
bn_draw_blank(struct bn_pen *pen, int y, int x, int width, struct bn_ink ink)
{
	if (!visible(pen, y, x) || width <= 0)
		return;
	set_ink(pen, ink);
	mvwhline(pen->window, y, x, ' ', width); /* cut at the right edge by ncurses */
}

void
bn_draw_clear(struct bn_pen *pen, struct bn_rect rect)
{
	int i;

	for (i = 0; i < rect.h; i++)
		bn_draw_blank(pen, rect.y + i, rect.x, rect.w, BN_INK(BN_ROLE_TEXT));
}

/* ---- rules and boxes --------------------------------------------------------------------- */

static void
repeat(struct bn_pen *pen, int y, int x, int width, struct bn_ink ink, const char *sign)
{
	const char *cleaned = clean(pen, sign);
	int i;

	if (!visible(pen, y, x))
		return;
	if (width > getmaxx(pen->window) - x)
		width = getmaxx(pen->window) - x;
	set_ink(pen, ink);
	wmove(pen->window, y, x);
	for (i = 0; i < width; i++)
		waddstr(pen->window, cleaned);
}

/* Columns of what stands at the left of an edge, rule and blanks before it included. */
static int
title_columns(struct bn_pen *pen, int width, const char *title)
{
	int columns = title == NULL ? 0 : (int)bn_text_width(clean(pen, title));

	if (columns == 0 || width <= 6)
		return 0;
	return 3 + (columns < width - 6 ? columns : width - 6);
}

int
bn_draw_edge_room(int width, const char *title)
{
	return width - 6 - (*title == '\0' ? 0 : 3 + (int)bn_text_width(title));
}

#define PART	  " · "
#define LEAST_CUT 12 /* columns under which a piece of a part says nothing */

/* The parts that fit, or a piece of the first; "" where there is no room for any of it. The caller frees. */
static char *
fitting(struct bn_pen *pen, const char *right, int limit)
{
	char *text = bn_xstrdup(right), *part;

	while ((int)bn_text_width(clean(pen, text)) > limit) {
		char *next = text;

		for (part = NULL; (next = strstr(next, PART)) != NULL; next += strlen(PART))
			part = next;
		if (part == NULL) {
			if (limit < LEAST_CUT)
				*text = '\0';
			break;
		}
		*part = '\0';
	}
	return text;
}

static void
draw_right_end(struct bn_pen *pen, int y, int x, int width, const char *right, int limit)
{
	char *text = fitting(pen, right, limit);
	int columns = (int)bn_text_width(clean(pen, text));

	if (columns > limit)
		columns = limit;
	if (columns > 0) {
		bn_draw_blank(pen, y, x + width - columns - 4, columns + 2, BN_INK(BN_ROLE_TEXT));
		bn_draw(pen, y, x + width - columns - 3, columns, BN_INK(BN_ROLE_DIM), text);
	}
	free(text);
}

/* An edge with words in it. */
static void
edge(struct bn_pen *pen, int y, int x, int width, const char *title, const char *right, bool focus)
{
	int used = title_columns(pen, width, title), limit = width - used - 6;

	repeat(pen, y, x, width, BN_INK(BN_ROLE_RULE), "─");
	if (used > 0) {
		bn_draw_blank(pen, y, x + 2, 1, BN_INK(BN_ROLE_TEXT));
		bn_draw(pen, y, x + 3, used - 3, BN_INK(focus ? BN_ROLE_KEY : BN_ROLE_HEADING),
			title);
		bn_draw_blank(pen, y, x + used, 1, BN_INK(BN_ROLE_TEXT));
	}
	if (right != NULL && limit > 0)
		draw_right_end(pen, y, x, width, right, limit);
}

void
bn_draw_rule(struct bn_pen *pen, int y, int x, int width, const char *title, const char *right)
{
	edge(pen, y, x, width, title, right, false);
}

struct bn_rect
bn_draw_box(struct bn_pen *pen, struct bn_rect r, const char *title, const char *right, bool focus)
{
	struct bn_ink rule = BN_INK(BN_ROLE_RULE);
	struct bn_rect inside = {r.y + 1, r.x + 2, r.h - 2, r.w - 4};
	int i;

	if (r.h < 2 || r.w < 4)
		return (struct bn_rect){r.y, r.x, 0, 0};
	edge(pen, r.y, r.x, r.w, title, right, focus);
	bn_draw(pen, r.y, r.x, 1, rule, "╭");
	bn_draw(pen, r.y, r.x + r.w - 1, 1, rule, "╮");
	for (i = 1; i < r.h - 1; i++) {
		bn_draw(pen, r.y + i, r.x, 1, rule, "│");
		bn_draw(pen, r.y + i, r.x + r.w - 1, 1, rule, "│");
	}
	repeat(pen, r.y + r.h - 1, r.x, r.w, rule, "─");
	bn_draw(pen, r.y + r.h - 1, r.x, 1, rule, "╰");
	bn_draw(pen, r.y + r.h - 1, r.x + r.w - 1, 1, rule, "╯");
	return inside;
}

/* ---- bars -------------------------------------------------------------------------------- */

void
bn_draw_bar(struct bn_pen *pen, int y, int x, int width, double fraction, struct bn_ink ink)
{
	int filled;

	if (width <= 0)
		return;
	if (!(fraction > 0))
		fraction = 0;
	if (fraction > 1)
		fraction = 1;
	filled = (int)(fraction * width + 0.5);
	repeat(pen, y, x, filled, ink, "━");
	repeat(pen, y, x + filled, width - filled, BN_INK_ON(BN_ROLE_RULE, ink.selected),
	       pen->ascii ? "." : "─");
}

void
bn_draw_span(struct bn_pen *pen, int y, int x, int from, int to, enum bn_span span,
	     struct bn_ink ink)
{
	static const char *const signs[][2] = {[BN_SPAN_RAN] = {"━", "="},
					       [BN_SPAN_WAITS] = {"┄", "."},
					       [BN_SPAN_BEFORE] = {"▀", "-"},
					       [BN_SPAN_AGAIN] = {"▄", "="}};

	if (to <= from)
		to = from + 1;
	repeat(pen, y, x + from, to - from, ink, signs[span][pen->ascii]);
}

/* ---- folded text ------------------------------------------------------------------------- */

int
bn_draw_folded(struct bn_pen *pen, struct bn_rect r, struct bn_ink ink, const char *text)
{
	char *copy = bn_xstrdup(clean(pen, text)), *rest = copy;
	int rows = 0;

	while (*rest != '\0' && rows < r.h && r.w > 0) {
		size_t bytes = bn_text_fold(rest, (size_t)r.w);
		char saved = rest[bytes];

		if (rows < r.h - 1)
			rest[bytes] = '\0';
		if (pen->window != NULL)
			put(pen, r.y + rows, r.x, r.w, ink, rest);
		rows++;
		rest[bytes] = saved;
		rest += bytes;
		rest += strspn(rest, " ");
	}
	free(copy);
	return rows;
}

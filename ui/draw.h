/* draw.h - what every widget draws with: cells in roles, rules and boxes, clipped and sanitised. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_DRAW_H
#define BN_UI_DRAW_H

#include <curses.h>

#include "base/text.h"
#include "ui/theme.h"

/* The one place where text meets the terminal. Everything goes through the sanitiser here, whoever
 * did so before: nothing that reaches addstr() holds a control character. */
struct bn_pen {
	WINDOW *window;
	const struct bn_theme *theme;
	bool colour; /* the terminal has some and they may be used */
	bool ascii;  /* the locale is not UTF-8: only ASCII leaves */
	struct bn_buf scratch;
};

struct bn_rect {
	int y, x, h, w;
};

/* Makes the colour pairs of the theme (ncurses must be up); later calls change them. */
void bn_pen_init(struct bn_pen *pen, WINDOW *window, const struct bn_theme *theme, bool ascii);
void bn_pen_clear(struct bn_pen *pen);

/* How a cell looks: its role, and whether it lies in the selected band. */
struct bn_ink {
	enum bn_role role;
	bool selected;
};
#define BN_INK(role_)	       ((struct bn_ink){(role_), false})
#define BN_INK_ON(role_, sel_) ((struct bn_ink){(role_), (sel_)})

/* Draws text in at most `width` columns, cut with an ellipsis; returns the columns used.
 * Coordinates outside the window draw nothing. */
int bn_draw(struct bn_pen *pen, int y, int x, int width, struct bn_ink ink, const char *text);
int bn_drawf(struct bn_pen *pen, int y, int x, int width, struct bn_ink ink, const char *format,
	     ...) __attribute__((format(printf, 6, 7)));
/* The same at the right end of the `width` columns. Returns the column where it begins. */
int bn_draw_right(struct bn_pen *pen, int y, int x, int width, struct bn_ink ink, const char *text);
/* Blanks (in the ink's background) over `width` columns. */
void bn_draw_blank(struct bn_pen *pen, int y, int x, int width, struct bn_ink ink);
void bn_draw_clear(struct bn_pen *pen, struct bn_rect rect);

/* "── title ─────────────── right ──" over the whole width. Title and right may be NULL. Where `right` is too long its
 * last parts (" · ") are left out, and a first part that is too long ends in an ellipsis. */
void bn_draw_rule(struct bn_pen *pen, int y, int x, int width, const char *title,
		  const char *right);
/* A box with round corners, title and right end in its upper edge; `focus` brightens the title.
 * Returns the room inside. */
struct bn_rect bn_draw_box(struct bn_pen *pen, struct bn_rect rect, const char *title,
			   const char *right, bool focus);

/* Columns there are for `right` in an edge of that width. */
int bn_draw_edge_room(int width, const char *title);

/* A thin bar of `width` columns: `fraction` (0..1) of it filled; a fraction over 1 fills it all. */
void bn_draw_bar(struct bn_pen *pen, int y, int x, int width, double fraction, struct bn_ink ink);
/* A piece of such a bar from column `from` to `to` (exclusive), for Gantt charts: what ran, what waits, and in one line
 * what ran before (above) and again (below). */
enum bn_span { BN_SPAN_RAN, BN_SPAN_WAITS, BN_SPAN_BEFORE, BN_SPAN_AGAIN };
void bn_draw_span(struct bn_pen *pen, int y, int x, int from, int to, enum bn_span span,
		  struct bn_ink ink);

/* Lines of text folded at blanks to `width` columns, at most `height` rows, the last one cut with
 * an ellipsis. Returns the rows used. `text` is sanitised first. With pen->window NULL it only
 * counts. */
int bn_draw_folded(struct bn_pen *pen, struct bn_rect rect, struct bn_ink ink, const char *text);

#endif

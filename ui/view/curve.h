/* curve.h - a chart that a query fills, and the window several of them share: zoom, cursor, another day behind. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_CURVE_H
#define BN_UI_CURVE_H

#include "ui/app.h"
#include "ui/widget/chart.h"

/* What charts that stand together share. */
struct bn_window {
	int zoom;	/* which of the lengths there are */
	bn_time cursor; /* a moment in the step the cursor is on, 0: there is no cursor */
	enum bn_compare { BN_COMPARE_NONE, BN_COMPARE_DAY, BN_COMPARE_WEEK } compare;
};
struct bn_window bn_window_of(int64_t length);		    /* as near as there is one; ms */
int64_t bn_window_length(const struct bn_window *window);   /* ms */
const char *bn_window_word(const struct bn_window *window); /* "60m" */

struct bn_curve {
	struct bn_screen *screen;
	int slot; /* and the next one, for the other day */
	const struct bn_view_table *table;
	struct bn_window *window; /* borrowed */
	struct bn_ref about;	  /* own strings; key NULL: nothing yet */
	struct bn_series series, before;
	bool asked_before; /* the other day of this window was asked for */
	char *unit;
	double limit; /* 0: none */
	const char *limit_word;
	struct bn_error error; /* code 0: the latest query worked */
	bool answered;
	int width; /* of the rectangle as last drawn */
};

/* `table` is "points" (of a stream) or another with its columns. */
void bn_curve_init(struct bn_curve *curve, struct bn_screen *screen, int slot, const char *table,
		   struct bn_window *window);
void bn_curve_clear(struct bn_curve *curve);
/* From now on it is about this thing; asks if that is another than before. */
void bn_curve_about(struct bn_curve *curve, const struct bn_ref *about);
void bn_curve_ask(struct bn_curve *curve);
/* True if the answer was for this curve. */
bool bn_curve_answer(struct bn_curve *curve, struct bn_answer *answer);
/* Moves the cursor, zooms, compares, drops the cursor on `back`; 0: not its affair. BN_REASK: the window is another
 * one, and whoever draws in it has to be asked again. */
unsigned bn_window_act(struct bn_window *window, enum bn_action action,
		       const struct bn_curve *curve);

/* The chart alone; with `times` its lowest row holds them. Where nothing is known, words saying so. */
void bn_curve_draw(struct bn_curve *curve, struct bn_rect rect, bool times);
/* "now 291  avg 288  ceiling 400" */
void bn_curve_legend(const struct bn_curve *curve, int width, struct bn_buf *out);
/* What the cursor stands on in so many columns, or as few as its minute and value take; "" only without a cursor. */
void bn_curve_tell(const struct bn_curve *curve, int width, struct bn_buf *out);

#endif

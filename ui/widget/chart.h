/* chart.h - a series over time in Braille dots, blocks or '#': a hole stays a hole, a ceiling is seen. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_CHART_H
#define BN_UI_CHART_H

#include "ui/draw.h"
#include "ui/widget/series.h"

/* What a chart is made of: from the finest to what every terminal has. */
enum bn_chart_set { BN_CHART_BRAILLE, BN_CHART_EIGHTHS, BN_CHART_HALVES, BN_CHART_ASCII };
/* "braille", "blocks", "half", "ascii"; -1 for another word. */
int bn_chart_set_from_word(const char *word);

#define BN_CHART_GUTTER 7 /* columns left of the plot for the numbers of its axis */

/* Bars stand for steps: several columns for one step where there is room, several steps for one bar where there is not;
 * then a bar reaches from the least to the greatest value. A missing step (or a bar with
 * one in it) is left blank, a band of shade stands where nobody looked, and both are named below. Marks in the lowest
 * row: late, not closed yet; at the top: at or over the ceiling. */
struct bn_chart {
	const struct bn_series *series;
	const struct bn_series *before; /* another day's, drawn as dots behind it; NULL: none */
	enum bn_chart_set set;
	double limit; /* a dashed line, 0: none. Out of scale it is not drawn: see bn_chart_draw */
	const struct bn_zone *zone;
	long cursor; /* a step, -1: none */
	bool times;  /* the lowest row holds the times */
};

/* Draws it over the rectangle, which it clears. True if the limit could be drawn; where it lies far above everything
 * that was measured it would flatten the rest, and is left to words. */
bool bn_chart_draw(struct bn_pen *pen, struct bn_rect rect, const struct bn_chart *chart);
/* How many steps a bar holds at this width of rectangle: what the cursor moves by. At least 1. */
size_t bn_chart_bucket(const struct bn_series *series, enum bn_chart_set set, int width);
/* How many units of width so many bars take together: columns, in Braille columns of dots. Bar b of n lies over the
 * units u with u * n / span == b. */
int bn_chart_span(enum bn_chart_set set, size_t bars, int width);

#endif

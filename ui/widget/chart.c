/* chart.c - one series by the minute, in Braille dots; a hole stays a hole. */
/* SPDX-License-Identifier: MIT */
#include "ui/widget/chart.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define MAX_POINTS 240

struct points {
	double at[MAX_POINTS]; /* NAN: a hole */
	size_t count;
	double highest;
};

static bool
read_points(const char *series, struct points *points)
{
	struct bn_error err;
	json_t *json = NULL;
	size_t i;

	memset(points, 0, sizeof(*points));
	if (*series == '\0' || bn_json_load(&json, series, strlen(series), &err) != BN_OK)
		return false;
	for (i = 0; i < json_array_size(json) && i < MAX_POINTS; i++) {
		const json_t *value = json_array_get(json, i);

		points->at[i] = json_is_number(value) ? json_number_value(value) : NAN;
		if (points->at[i] > points->highest)
			points->highest = points->at[i];
	}
	points->count = i;
	json_decref(json);
	return points->count > 0;
}

/* 1, 2 or 5 times a power of ten, not below the value. */
static double
round_up(double value)
{
	double power = pow(10, floor(log10(value > 0 ? value : 1)));

	if (value <= power)
		return power;
	return value <= 2 * power ? 2 * power : value <= 5 * power ? 5 * power : 10 * power;
}

/* The value under a column of dots, NAN in a hole. */
static double
value_at(const struct points *points, int dot, int dots)
{
	size_t index = (size_t)dot * points->count / (size_t)dots;

	return points->at[index < points->count ? index : points->count - 1];
}

/* Dots (of four a cell) that a column fills up to its value; at least one, so that a small value is
 * seen. */
static int
height_of(double value, double top, int rows)
{
	int dots = (int)(value / top * rows * 4 + 0.5);

	return dots < 1 ? 1 : dots > rows * 4 ? rows * 4 : dots;
}

static void
draw_cell(struct bn_pen *pen, int y, int x, int left, int right)
{
	/* Bits of a Braille cell from the bottom up, in the left and the right column. */
	static const unsigned char lefts[] = {0x40, 0x04, 0x02, 0x01},
				   rights[] = {0x80, 0x20, 0x10, 0x08};
	unsigned bits = 0;
	char text[5] = "";
	int i;

	for (i = 0; i < 4; i++)
		bits |= (i < left ? lefts[i] : 0u) | (i < right ? rights[i] : 0u);
	if (bits == 0)
		return;
	if (pen->ascii)
		strcpy(text, "#");
	else
		text[bn_utf8_encode(0x2800 + bits, text)] = '\0';
	bn_draw(pen, y, x, 1, BN_INK(BN_ROLE_ACCENT), text);
}

static void
draw_columns(struct bn_pen *pen, struct bn_rect r, const struct points *points, double top)
{
	int x, y;

	for (x = 0; x < r.w; x++) {
		double a = value_at(points, 2 * x, 2 * r.w),
		       b = value_at(points, 2 * x + 1, 2 * r.w);
		int left = isnan(a) ? 0 : height_of(a, top, r.h),
		    right = isnan(b) ? 0 : height_of(b, top, r.h);

		for (y = 0; y < r.h; y++)
			draw_cell(pen, r.y + r.h - 1 - y, r.x + x, left - 4 * y, right - 4 * y);
	}
}

static void
draw_times(struct bn_pen *pen, struct bn_rect r, size_t minutes, bn_time end,
	   const struct bn_zone *zone)
{
	char text[BN_TIME_TEXT];
	int i;

	for (i = 0; i <= 2; i++) {
		bn_time at = end - (bn_time)minutes * 60000 * (2 - i) / 2;
		int x = r.x + (r.w - 5) * i / 2;

		bn_draw(pen, r.y, x, 5, BN_INK(BN_ROLE_DIM),
			bn_time_show(at, zone, BN_TIME_HM, text));
	}
}

void
bn_chart_draw(struct bn_pen *pen, struct bn_rect r, const char *series, double limit, bn_time end,
	      const struct bn_zone *zone)
{
	struct points points;
	struct bn_rect plot = {r.y, r.x + 6, r.h - 1, r.w - 6};
	double top;
	int y;

	if (!read_points(series, &points) || plot.h < 2 || plot.w < 10) {
		bn_draw(pen, r.y, r.x, r.w, BN_INK(BN_ROLE_DIM),
			"nothing measured in the last hour");
		return;
	}
	top = round_up(limit > points.highest ? limit : points.highest);
	if (limit > 0) {
		y = plot.y + plot.h - (height_of(limit, top, plot.h) + 3) / 4;
		for (int x = 0; x < plot.w; x++)
			bn_draw(pen, y, plot.x + x, 1, BN_INK(BN_ROLE_RULE),
				pen->ascii ? "-" : "╌");
	}
	draw_columns(pen, plot, &points, top);
	for (y = 0; y < plot.h; y++)
		bn_draw(pen, plot.y + y, plot.x - 1, 1, BN_INK(BN_ROLE_RULE), "│");
	bn_drawf(pen, plot.y, r.x, 5, BN_INK(BN_ROLE_DIM), "%4g", top);
	bn_drawf(pen, plot.y + plot.h - 1, r.x, 5, BN_INK(BN_ROLE_DIM), "%4d", 0);
	draw_times(pen, (struct bn_rect){plot.y + plot.h, plot.x, 1, plot.w}, points.count, end,
		   zone);
}

/* gantt.c - bars over a time axis: when each task waited and ran. */
/* SPDX-License-Identifier: MIT */
#include "ui/widget/gantt.h"

/* ms between two labels that is round for people and leaves room for them. */
static int64_t
tick_step(int64_t span, int width)
{
	static const int64_t steps[] = {1000,	  5000,	    10000,    30000,   60000,	120000,
					300000,	  600000,   900000,   1800000, 3600000, 7200000,
					14400000, 21600000, 43200000, 86400000};
	int most = width / 12 > 0 ? width / 12 : 1;
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (span / steps[i] <= most)
			return steps[i];
	return span / most + 1;
}

static int
column(const struct bn_axis *axis, bn_time at)
{
	if (at <= axis->from)
		return 0;
	if (at >= axis->to)
		return axis->width;
	return (int)((at - axis->from) * axis->width / (axis->to - axis->from));
}

void
bn_axis_draw(const struct bn_axis *axis, struct bn_pen *pen, int y)
{
	int64_t step = tick_step(axis->to - axis->from, axis->width);
	bn_time at = (axis->from + step - 1) / step * step;
	char text[BN_TIME_TEXT];

	for (; at <= axis->to; at += step) {
		int x = column(axis, at);

		bn_time_show(at, axis->zone, step < 60000 ? BN_TIME_HMS : BN_TIME_HM, text);
		if (x + (step < 60000 ? 8 : 5) <= axis->width)
			bn_draw(pen, y, axis->x + x, axis->width - x, BN_INK(BN_ROLE_DIM), text);
	}
}

void
bn_gantt_draw(const struct bn_axis *axis, struct bn_pen *pen, int y, bn_time queued,
	      bn_time started, bn_time finished, bn_time now, enum bn_span span, struct bn_ink ink)
{
	int from, to;

	if (queued > 0 && (started == 0 || started > queued)) {
		from = column(axis, queued);
		to = column(axis, started > 0 ? started : now);
		if (to > from)
			bn_draw_span(pen, y, axis->x, from, to, BN_SPAN_WAITS,
				     BN_INK_ON(BN_ROLE_DIM, ink.selected));
	}
	if (started == 0)
		return;
	from = column(axis, started);
	to = column(axis, finished > 0 ? finished : now);
	if (from >= axis->width)
		from = axis->width - 1;
	bn_draw_span(pen, y, axis->x, from, to, span, ink);
}

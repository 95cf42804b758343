/* chart.h - one series by the minute, in Braille dots; a hole stays a hole. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_CHART_H
#define BN_UI_CHART_H

#include "base/clock.h"
#include "ui/draw.h"

/* `series` is a JSON array of numbers, null where nothing was measured, a minute apart, the last
 * one at `end`. `limit` (0: none) is drawn as a dashed line. */
void bn_chart_draw(struct bn_pen *pen, struct bn_rect rect, const char *series, double limit,
		   bn_time end, const struct bn_zone *zone);

#endif

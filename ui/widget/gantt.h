/* gantt.h - bars over a time axis: when each task waited and ran. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_GANTT_H
#define BN_UI_GANTT_H

#include "base/clock.h"
#include "ui/draw.h"

struct bn_axis {
	bn_time from, to; /* `to` > `from` */
	int x, width;	  /* columns on the screen */
	const struct bn_zone *zone;
};

/* The tick labels ("03:05"), as many as fit, at round moments. */
void bn_axis_draw(const struct bn_axis *axis, struct bn_pen *pen, int y);
/* One task: dotted from `queued` to `started`, a bar from `started` to `finished` (0: until `now`).
 * Unknown times are 0. `span` is what the bar is made of. */
void bn_gantt_draw(const struct bn_axis *axis, struct bn_pen *pen, int y, bn_time queued,
		   bn_time started, bn_time finished, bn_time now, enum bn_span span,
		   struct bn_ink ink);

#endif

/* clock.c - binnacle's own time: the system's, or an anchored one that can stand still or hurry. */
/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* No moment a clock shows lies beyond these (about the year 9999), so sums can't overflow. */
#define LATEST	((bn_time)253402300799999)
#define FASTEST 1e6
#define SYSTEM_TIME                                                                                \
	0 /* an anchor that stands for CLOCK_REALTIME, which may be set and survives sleep */

static int64_t
read_clock(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts) != 0)
		return 0;
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
bn_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

void
bn_clock_init(struct bn_clock *clock)
{
	const char *text = getenv("BINNACLE_CLOCK");
	struct bn_clock given;
	char rest;

	*clock = (struct bn_clock){SYSTEM_TIME, 0, 1.0};
	if (text == NULL)
		return;
	if (sscanf(text, "%" SCNd64 " %" SCNd64 " %lf %c", &given.anchor, &given.monotonic,
		   &given.speed, &rest) != 3)
		return;
	if (given.anchor <= 0 || given.anchor > LATEST || !(given.speed >= 0) ||
	    given.speed > FASTEST || given.monotonic < 0 || given.monotonic > LATEST)
		return;
	*clock = given;
}

void
bn_clock_set(struct bn_clock *clock, bn_time anchor, double speed)
{
	clock->anchor = anchor;
	clock->monotonic = bn_monotonic();
	clock->speed = speed;
}

bn_time
bn_clock_now(const struct bn_clock *clock)
{
	double passed;

	if (clock->anchor == SYSTEM_TIME)
		return read_clock(CLOCK_REALTIME);
	passed = (double)(bn_monotonic() - clock->monotonic) * clock->speed;
	if (passed >= (double)(LATEST - clock->anchor))
		return LATEST;
	return clock->anchor + (bn_time)passed;
}

void
bn_clock_export(const struct bn_clock *clock, char *out, size_t size)
{
	/* No %f: its decimal point follows the locale. Six digits of speed are enough for anybody.
	 */
	int64_t micro = (int64_t)(clock->speed * 1e6 + 0.5);

	snprintf(out, size, "%" PRId64 " %" PRId64 " %" PRId64 "e-6", clock->anchor,
		 clock->monotonic, micro);
}

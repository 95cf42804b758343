/* target.h - what a data product promises, as a person writes it: shares, and times of the day. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_BASE_TARGET_H
#define BN_BASE_TARGET_H

#include "base/clock.h"

/* "99.5%" or "0.995" as a share of 1; false unless it is in (0, 1]. */
bool bn_share_parse(const char *text, double *share);

/* A time of the day by which something has to be ready: "05:30", "05:30 Europe/Berlin",
 * "05:30 Europe/Berlin mon-fri", "23:00 UTC daily". Without a zone it is UTC, without days daily. */
struct bn_deadline {
	int minute;	   /* past midnight, on that zone's clocks */
	unsigned weekdays; /* 1 << 0 for Sunday … 1 << 6 for Saturday */
	struct bn_zone *zone;
};
/* BN_EINVAL with what is expected. The caller clears `out`, which is all zero after a failure. */
int bn_deadline_parse(struct bn_deadline *out, const char *text, struct bn_error *err);
void bn_deadline_clear(struct bn_deadline *deadline);
/* The first such moment strictly after `at`, and the last at or before it. A day on which the zone's
 * clocks skip the time has it when they would have shown it; where they show it twice the first counts. */
bn_time bn_deadline_next(const struct bn_deadline *deadline, bn_time at);
bn_time bn_deadline_last(const struct bn_deadline *deadline, bn_time at);

#endif

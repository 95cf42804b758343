/* civil.h - the Gregorian calendar in integers: days, dates, weekdays. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_BASE_CIVIL_H
#define BN_BASE_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

/* A date and time of day without a zone. month 1..12, day 1..31, weekday 0 (Sunday) .. 6. */
struct bn_civil {
	int64_t year;
	int month, day, hour, minute, second, weekday;
};

/* Days from 1970-01-01 to that date; any year of a few million. */
int64_t bn_civil_days(int64_t year, int month, int day);
int bn_civil_month_days(int64_t year, int month);
bool bn_civil_leap(int64_t year);

/* Seconds since 1970-01-01T00:00:00 on the clock that shows `civil` (weekday is not read), and
 * back. */
int64_t bn_civil_seconds(const struct bn_civil *civil);
void bn_civil_from_seconds(int64_t seconds, struct bn_civil *civil);

#endif

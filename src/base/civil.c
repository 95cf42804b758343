/* civil.c - the Gregorian calendar in integers: days, dates, weekdays. */
/* SPDX-License-Identifier: MIT */
#include "base/civil.h"

#define DAY 86400

bool
bn_civil_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int
bn_civil_month_days(int64_t year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && bn_civil_leap(year) ? 29 : days[month - 1];
}

/* Years begin in March here, so that the leap day is the last one; an era is 400 years. */
int64_t
bn_civil_days(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

int64_t
bn_civil_seconds(const struct bn_civil *c)
{
	return bn_civil_days(c->year, c->month, c->day) * DAY + c->hour * 3600 + c->minute * 60 +
	       c->second;
}

void
bn_civil_from_seconds(int64_t seconds, struct bn_civil *c)
{
	int64_t days = seconds / DAY, rest = seconds % DAY;
	int64_t era, day_of_era, year_of_era, day_of_year, month;

	if (rest < 0) {
		rest += DAY;
		days--;
	}
	c->hour = (int)(rest / 3600);
	c->minute = (int)(rest / 60 % 60);
	c->second = (int)(rest % 60);
	c->weekday = (int)(((days + 4) % 7 + 7) % 7);
	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	day_of_era = days - era * 146097;
	year_of_era =
	    (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	month = (5 * day_of_year + 2) / 153;
	c->day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
	c->month = (int)(month < 10 ? month + 3 : month - 9);
	c->year = year_of_era + era * 400 + (c->month <= 2);
}

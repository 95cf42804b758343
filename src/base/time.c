/* time.c - moments and durations as text: RFC 3339, forms for the screen, "1h30m". */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/timetext.h"

bool
bn_read_digits(const char **p, int digits, int *out)
{
	*out = 0;
	for (int i = 0; i < digits; i++) {
		if (!isdigit((unsigned char)(*p)[i]))
			return false;
		*out = *out * 10 + ((*p)[i] - '0');
	}
	*p += digits;
	return true;
}

bool
bn_read_date(const char **p, struct bn_civil *c)
{
	int year;

	if (!bn_read_digits(p, 4, &year) || *(*p)++ != '-' || !bn_read_digits(p, 2, &c->month) ||
	    *(*p)++ != '-' || !bn_read_digits(p, 2, &c->day))
		return false;
	c->year = year;
	return c->month >= 1 && c->month <= 12 && c->day >= 1 &&
	       c->day <= bn_civil_month_days(c->year, c->month);
}

bool
bn_read_time_of_day(const char **p, struct bn_civil *c, int *ms)
{
	int scale = 100;

	*ms = 0;
	c->second = 0;
	if (!bn_read_digits(p, 2, &c->hour) || *(*p)++ != ':' || !bn_read_digits(p, 2, &c->minute))
		return false;
	if (**p == ':') {
		(*p)++;
		if (!bn_read_digits(p, 2, &c->second))
			return false;
		if ((**p == '.' || **p == ',') && isdigit((unsigned char)(*p)[1]))
			for ((*p)++; isdigit((unsigned char)**p); (*p)++, scale /= 10)
				*ms += (**p - '0') * scale;
	}
	return c->hour <= 23 && c->minute <= 59 && c->second <= 60;
}

bool
bn_read_offset(const char **p, int *seconds)
{
	int sign, hours, minutes = 0;

	if (**p == 'Z' || **p == 'z') {
		(*p)++;
		*seconds = 0;
		return true;
	}
	if (**p != '+' && **p != '-')
		return false;
	sign = *(*p)++ == '-' ? -1 : 1;
	if (!bn_read_digits(p, 2, &hours))
		return false;
	if (**p == ':')
		(*p)++;
	if (isdigit((unsigned char)**p) && !bn_read_digits(p, 2, &minutes))
		return false;
	*seconds = sign * (hours * 3600 + minutes * 60);
	return hours <= 23 && minutes <= 59;
}

bn_time
bn_time_parse(const char *text)
{
	struct bn_civil c = {0};
	int ms, offset = 0;
	int64_t seconds;

	if (text == NULL || !bn_read_date(&text, &c))
		return 0;
	if (*text != 'T' && *text != 't' && *text != ' ')
		return 0;
	text++;
	if (!bn_read_time_of_day(&text, &c, &ms))
		return 0;
	if (*text != '\0' && !bn_read_offset(&text, &offset))
		return 0;
	seconds = bn_civil_seconds(&c) - offset;
	/* Go and Java write the year 1 for "never"; nothing of ours happened before 1970. */
	if (*text != '\0' || seconds < 0)
		return 0;
	return seconds * 1000 + ms;
}

static int64_t
floor_seconds(bn_time time)
{
	return time / 1000 - (time % 1000 < 0);
}

char *
bn_time_rfc3339(bn_time time, char out[BN_TIME_TEXT])
{
	struct bn_civil c;
	int64_t seconds = floor_seconds(time);
	int ms = (int)(time - seconds * 1000), used;

	out[0] = '\0';
	if (time == 0)
		return out;
	bn_civil_from_seconds(seconds, &c);
	used = snprintf(out, BN_TIME_TEXT, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d", c.year,
			c.month, c.day, c.hour, c.minute, c.second);
	if (used < 0 || used >= BN_TIME_TEXT - 6)
		out[0] = '\0';
	else if (ms != 0)
		snprintf(out + used, BN_TIME_TEXT - (size_t)used, ".%03dZ", ms);
	else
		strcpy(out + used, "Z");
	return out;
}

char *
bn_time_show(bn_time time, const struct bn_zone *zone, enum bn_time_form form,
	     char out[BN_TIME_TEXT])
{
	struct bn_civil c;
	int used = -1;

	out[0] = '\0';
	if (time == 0)
		return out;
	bn_civil_from_seconds(floor_seconds(time) + bn_zone_offset(zone, time, NULL), &c);
	switch (form) {
	case BN_TIME_HM:
		used = snprintf(out, BN_TIME_TEXT, "%02d:%02d", c.hour, c.minute);
		break;
	case BN_TIME_HMS:
		used = snprintf(out, BN_TIME_TEXT, "%02d:%02d:%02d", c.hour, c.minute, c.second);
		break;
	case BN_TIME_MDHM:
		used = snprintf(out, BN_TIME_TEXT, "%02d-%02d %02d:%02d", c.month, c.day, c.hour,
				c.minute);
		break;
	case BN_TIME_MD:
		used = snprintf(out, BN_TIME_TEXT, "%02d-%02d", c.month, c.day);
		break;
	case BN_TIME_YMD:
		used =
		    snprintf(out, BN_TIME_TEXT, "%04" PRId64 "-%02d-%02d", c.year, c.month, c.day);
		break;
	case BN_TIME_FULL:
		used = snprintf(out, BN_TIME_TEXT, "%04" PRId64 "-%02d-%02d %02d:%02d:%02d", c.year,
				c.month, c.day, c.hour, c.minute, c.second);
		break;
	}
	if (used < 0 || used >= BN_TIME_TEXT)
		out[0] = '\0';
	return out;
}

/* ---- durations ------------------------------------------------------------------------------- */

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static const struct unit {
	const char *name;
	int64_t ms;
} units[] = {
    {"w", 7 * DAY}, {"d", DAY}, {"h", HOUR}, {"m", MINUTE}, {"s", SECOND}, {"ms", 1},
};

static const struct unit *
find_unit(const char *text, size_t size)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strlen(units[i].name) == size && memcmp(units[i].name, text, size) == 0)
			return &units[i];
	return NULL;
}

static int
bad_duration(const char *text, struct bn_error *err)
{
	bn_fail(err, BN_EINVAL, "'%.60s' is not a duration", text);
	return bn_hint(err, "write it like 250ms, 15s, 5m, 1h30m, 24h or 7d"), BN_EINVAL;
}

int
bn_duration_parse(const char *text, int64_t *ms, struct bn_error *err)
{
	const char *p = text != NULL ? text : "";
	const struct unit *unit, *before = NULL;
	int64_t total = 0;

	do {
		int64_t number = 0, part;
		size_t letters;

		if (!isdigit((unsigned char)*p))
			return bad_duration(text != NULL ? text : "", err);
		for (; isdigit((unsigned char)*p); p++)
			if (__builtin_mul_overflow(number, 10, &number) ||
			    __builtin_add_overflow(number, *p - '0', &number))
				return bad_duration(text, err);
		letters = strspn(p, "abcdefghijklmnopqrstuvwxyz");
		unit = letters == 0 && before == NULL && *p == '\0' ? find_unit("s", 1)
								    : find_unit(p, letters);
		/* Bigger units first and each once: "5m1h" is more likely a slip than meant. */
		if (unit == NULL || (before != NULL && unit <= before) ||
		    __builtin_mul_overflow(number, unit->ms, &part) ||
		    __builtin_add_overflow(total, part, &total))
			return bad_duration(text, err);
		before = unit;
		p += letters;
	} while (*p != '\0');
	*ms = total;
	return BN_OK;
}

char *
bn_duration_show(int64_t ms, char out[BN_TIME_TEXT])
{
	static const struct unit shown[] = {{"d", DAY}, {"h", HOUR}, {"m", MINUTE}, {"s", SECOND}};
	const char *sign = ms < 0 ? "-" : "";
	uint64_t left = ms < 0 ? -(uint64_t)ms : (uint64_t)ms, many, few;
	size_t i = 0;

	if (left < (uint64_t)SECOND) {
		snprintf(out, BN_TIME_TEXT, "%s%" PRIu64 "%s", left > 0 ? sign : "", left,
			 left > 0 ? "ms" : "s");
		return out;
	}
	while (left < (uint64_t)shown[i].ms)
		i++;
	many = left / (uint64_t)shown[i].ms;
	few = i < 3 ? left % (uint64_t)shown[i].ms / (uint64_t)shown[i + 1].ms : 0;
	if (few == 0 ||
	    (i == 0 && many >= 10)) /* past ten days an hour more or less says nothing */
		snprintf(out, BN_TIME_TEXT, "%s%" PRIu64 "%s", sign, many, shown[i].name);
	else
		snprintf(out, BN_TIME_TEXT, "%s%" PRIu64 "%s%u%s", sign, many, shown[i].name,
			 (unsigned)(few % 100), shown[i + 1].name);
	return out;
}

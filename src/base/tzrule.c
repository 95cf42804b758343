/* tzrule.c - the POSIX TZ string that ends a TZif file and rules the future (POSIX 8.3, RFC 8536 3.3). */
/* SPDX-License-Identifier: MIT */
#include "base/tzrule.h"

#include <ctype.h>
#include <string.h>

#include "base/civil.h"

#define DAY 86400

/* "CET", or "<+0330>" where it holds digits or signs; at least three characters. */
static bool
read_name(const char **p, char *out, size_t size)
{
	bool quoted = **p == '<';
	const char *start = *p + quoted, *end = start;
	size_t length;

	while (quoted ? isalnum((unsigned char)*end) || *end == '+' || *end == '-'
		      : isalpha((unsigned char)*end))
		end++;
	length = (size_t)(end - start);
	if (length < 3 || length >= size || (quoted && *end != '>'))
		return false;
	memcpy(out, start, length);
	out[length] = '\0';
	*p = end + quoted;
	return true;
}

static bool
read_number(const char **p, int most, int *out)
{
	if (!isdigit((unsigned char)**p))
		return false;
	for (*out = 0; isdigit((unsigned char)**p); (*p)++) {
		*out = *out * 10 + (**p - '0');
		if (*out > most)
			return false;
	}
	return true;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool
read_clock(const char **p, int most_hours, int *out)
{
	int sign = **p == '-' ? -1 : 1, hours, minutes = 0, seconds = 0;

	if (**p == '-' || **p == '+')
		(*p)++;
	if (!read_number(p, most_hours, &hours))
		return false;
	if (**p == ':' && ((*p)++, !read_number(p, 59, &minutes)))
		return false;
	if (**p == ':' && ((*p)++, !read_number(p, 59, &seconds)))
		return false;
	*out = sign * (hours * 3600 + minutes * 60 + seconds);
	return true;
}

static bool
read_rule_date(const char **p, struct bn_tz_date *date)
{
	if (*(*p)++ != ',')
		return false;
	date->form = '0';
	if (**p == 'J' || **p == 'M')
		date->form = *(*p)++;
	if (date->form == 'M') {
		if (!read_number(p, 12, &date->month) || *(*p)++ != '.' ||
		    !read_number(p, 5, &date->week) || *(*p)++ != '.' ||
		    !read_number(p, 6, &date->day) || date->month < 1 || date->week < 1)
			return false;
	} else if (!read_number(p, 365, &date->day) || (date->form == 'J' && date->day < 1))
		return false;
	date->time = 2 * 3600;
	return **p != '/' || ((*p)++, read_clock(p, 167, &date->time));
}

bool
bn_tz_rule_parse(const char *p, struct bn_tz_rule *rule)
{
	memset(rule, 0, sizeof(*rule));
	if (!read_name(&p, rule->std_name, sizeof(rule->std_name)) ||
	    !read_clock(&p, 24, &rule->std))
		return false;
	rule->std = -rule->std; /* POSIX counts westward */
	if (*p == '\0')
		return true;
	rule->has_dst = true;
	if (!read_name(&p, rule->dst_name, sizeof(rule->dst_name)))
		return false;
	rule->dst = rule->std + 3600;
	if (*p != ',' && *p != '\0') {
		if (!read_clock(&p, 24, &rule->dst))
			return false;
		rule->dst = -rule->dst;
	}
	if (*p == '\0')
		p = ",M3.2.0,M11.1.0"; /* what POSIX systems take when it is left out */
	return read_rule_date(&p, &rule->start) && read_rule_date(&p, &rule->end) && *p == '\0';
}

/* Local seconds at which the rule's date falls in `year`. */
static int64_t
date_in(const struct bn_tz_date *date, int64_t year)
{
	int64_t day = bn_civil_days(year, 1, 1);

	if (date->form == '0')
		day += date->day;
	else if (date->form == 'J')
		day += date->day - 1 + (date->day >= 60 && bn_civil_leap(year));
	else {
		int64_t first = bn_civil_days(year, date->month, 1);
		int weekday = (int)(((first + 4) % 7 + 7) % 7);
		int in_month = (date->day - weekday + 7) % 7 + (date->week - 1) * 7;

		while (in_month >= bn_civil_month_days(year, date->month))
			in_month -= 7;
		day = first + in_month;
	}
	return day * DAY + date->time;
}

int
bn_tz_rule_offset(const struct bn_tz_rule *rule, int64_t at, const char **name)
{
	struct bn_civil civil;
	int64_t start, end;
	bool dst = false;

	if (rule->has_dst) {
		bn_civil_from_seconds(at + rule->std, &civil);
		start = date_in(&rule->start, civil.year) - rule->std;
		end = date_in(&rule->end, civil.year) - rule->dst;
		dst = start < end ? at >= start && at < end : at >= start || at < end;
	}
	if (name != NULL)
		*name = dst ? rule->dst_name : rule->std_name;
	return dst ? rule->dst : rule->std;
}

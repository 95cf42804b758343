/* cron.c - cron expressions: which minutes fire, and which is next in a zone that changes its clocks. */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"

#define YEARS  5
#define HOUR   3600
#define DAY    86400
#define LATEST INT64_C(253402300799999) /* the end of the year 9999 */

struct bn_cron {
	uint64_t minutes, hours, days, months, weekdays; /* bit n: value n */
	bool any_hour, any_day, any_weekday;
};

struct field {
	const char *what;
	int low, high;
	const char *const *names; /* the first stands for `low` */
};

static const char *const month_names[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
					  "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const weekday_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

static const struct field fields[] = {
    {"minute", 0, 59, NULL},
    {"hour", 0, 23, NULL},
    {"day", 1, 31, NULL},
    {"month", 1, 12, month_names},
    {"weekday", 0, 7, weekday_names},
};

static const struct {
	const char *word, *meaning;
} macros[] = {
    {"@hourly", "0 * * * *"},	{"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},	{"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
};

static bool
read_value(const char **p, const struct field *field, int *out)
{
	if (isdigit((unsigned char)**p)) {
		for (*out = 0; isdigit((unsigned char)**p) && *out < 1000; (*p)++)
			*out = *out * 10 + (**p - '0');
		return *out >= field->low && *out <= field->high;
	}
	for (int i = 0; field->names != NULL && field->names[i] != NULL; i++)
		if (strncasecmp(*p, field->names[i], 3) == 0) {
			*p += 3;
			*out = field->low + i;
			return true;
		}
	return false;
}

/* One element of a list: "*", "5", "1-5", each with or without "/step". */
static bool
read_range(const char **p, const struct field *field, uint64_t *bits, bool *any)
{
	int low = field->low, high = field->high, step = 1;
	bool star = **p == '*' || **p == '?', single;

	if (star)
		(*p)++;
	else {
		if (!read_value(p, field, &low))
			return false;
		high = low;
		single = **p != '-';
		if (!single && ((*p)++, !read_value(p, field, &high)))
			return false;
		if (**p == '/' && single)
			high = field->high; /* "5/15" is "5-59/15" */
	}
	if (**p == '/') {
		if (!isdigit((unsigned char)*++*p))
			return false;
		for (step = 0; isdigit((unsigned char)**p) && step < 1000; (*p)++)
			step = step * 10 + (**p - '0');
	}
	if (high < low || step < 1 || step > field->high)
		return false;
	if (star && step == 1)
		*any = true;
	for (int value = low; value <= high; value += step)
		*bits |= UINT64_C(1) << value;
	return true;
}

static bool
read_field(const char **p, const struct field *field, uint64_t *bits, bool *any)
{
	do {
		if (!read_range(p, field, bits, any))
			return false;
	} while (*(*p)++ == ',');
	(*p)--;
	return **p == ' ' || **p == '\t' || **p == '\0';
}

static const char *
expand_macro(const char *text)
{
	for (size_t i = 0; i < sizeof(macros) / sizeof(macros[0]); i++)
		if (strcasecmp(text, macros[i].word) == 0)
			return macros[i].meaning;
	return text;
}

int
bn_cron_parse(struct bn_cron **out, const char *text, struct bn_error *err)
{
	struct bn_cron cron = {0};
	bool any[5] = {false};
	uint64_t bits[5] = {0};
	const char *p;

	*out = NULL;
	if (text == NULL)
		text = "";
	p = expand_macro(text);
	for (size_t i = 0; i < 5; i++) {
		p += strspn(p, " \t");
		if (!read_field(&p, &fields[i], &bits[i], &any[i])) {
			bn_fail(err, BN_EINVAL,
				"'%.80s' is not a cron expression: its %s field is %s", text,
				fields[i].what, *p == '\0' ? "missing or cut" : "not understood");
			bn_hint(err, "five fields: minute hour day month weekday, or @daily");
			return BN_EINVAL;
		}
	}
	if (p[strspn(p, " \t")] != '\0')
		return bn_fail(err, BN_EINVAL,
			       "'%.80s' is not a cron expression: more than five fields", text);
	if (bits[4] & UINT64_C(1) << 7) /* Sunday is 0 and 7 */
		bits[4] |= 1;
	cron.minutes = bits[0], cron.hours = bits[1], cron.days = bits[2];
	cron.months = bits[3], cron.weekdays = bits[4];
	cron.any_hour = any[1], cron.any_day = any[2], cron.any_weekday = any[4];
	*out = bn_xmalloc(sizeof(cron));
	**out = cron;
	return BN_OK;
}

void
bn_cron_free(struct bn_cron *cron)
{
	free(cron);
}

static bool
has(uint64_t bits, int value)
{
	return (bits >> value & 1) != 0;
}

static bool
day_fires(const struct bn_cron *cron, const struct bn_civil *c)
{
	bool day = has(cron->days, c->day), weekday = has(cron->weekdays, c->weekday);

	if (!has(cron->months, c->month))
		return false;
	return cron->any_day || cron->any_weekday ? day && weekday : day || weekday;
}

bn_time
bn_cron_next(const struct bn_cron *cron, bn_time after, const struct bn_zone *zone)
{
	int64_t t = after / 1000 + 1, end = t + (int64_t)YEARS * 366 * DAY;

	if (after < 0 || after > LATEST)
		return 0;
	while (t < end) {
		int64_t local = t + bn_zone_offset(zone, t * 1000, NULL);
		int64_t of_day = (local % DAY + DAY) % DAY;
		struct bn_civil c;

		bn_civil_from_seconds(local, &c);
		if (of_day % 60 != 0)
			t += 60 - of_day % 60;
		else if (!day_fires(cron, &c))
			/* Short of midnight by three hours, in case the clocks change meanwhile. */
			t += DAY - of_day > 4 * HOUR ? DAY - of_day - 3 * HOUR
						     : HOUR - of_day % HOUR;
		else if (!has(cron->hours, c.hour))
			t += HOUR - of_day % HOUR;
		else if (!has(cron->minutes, c.minute) ||
			 (!cron->any_hour && bn_zone_resolve(zone, local) < t))
			t += 60;
		else
			return t * 1000;
	}
	return 0;
}

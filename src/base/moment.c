/* moment.c - a moment as a person writes one: "yesterday 17:00", "03:05", "-15m", "2h ago". */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/timetext.h"

#define DAY 86400

static int
not_a_moment(const char *text, struct bn_error *err)
{
	bn_fail(err, BN_EINVAL, "'%.60s' is not a time", text);
	bn_hint(err,
		"write it like 2026-03-10T03:05:00Z, 2026-03-10 03:05, 03:05, yesterday 17:00, "
		"-15m or 2h ago");
	return BN_EINVAL;
}

/* "-15m" and "2h ago": how long before now. */
static bool
read_relative(const char *text, bn_time now, bn_time *out)
{
	char number[32];
	size_t size = strlen(text);
	int64_t ms;

	if (*text == '-') {
		text++;
		size--;
	} else if (size > 4 && strcasecmp(text + size - 4, " ago") == 0)
		size -= 4;
	else
		return false;
	while (size > 0 && text[size - 1] == ' ')
		size--;
	if (size == 0 || size >= sizeof(number))
		return false;
	memcpy(number, text, size);
	number[size] = '\0';
	if (bn_duration_parse(number, &ms, NULL) != BN_OK || ms >= now)
		return false;
	*out = now - ms;
	return true;
}

/* The zone's civil date `back` days before the one at `now`. */
static void
date_of(bn_time now, const struct bn_zone *zone, int back, struct bn_civil *c)
{
	int64_t local = now / 1000 + bn_zone_offset(zone, now, NULL);

	bn_civil_from_seconds(local - (int64_t)back * DAY, c);
	c->hour = c->minute = c->second = 0;
}

static const char *
after_word(const char *text, const char *word)
{
	size_t size = strlen(word);

	if (strncasecmp(text, word, size) != 0 || (text[size] != '\0' && text[size] != ' '))
		return NULL;
	return text + size + strspn(text + size, " ");
}

/* "03:05", the latest one that has been; a time on a day may follow in the other forms. */
static bool
read_time_only(const char *text, bn_time now, const struct bn_zone *zone, bn_time *out)
{
	for (int back = 0; back <= 1; back++) {
		const char *p = text;
		struct bn_civil c;
		int ms;

		date_of(now, zone, back, &c);
		if (!bn_read_time_of_day(&p, &c, &ms) || *p != '\0')
			return false;
		*out = bn_zone_resolve(zone, bn_civil_seconds(&c)) * 1000 + ms;
		if (*out <= now)
			return true;
	}
	return true;
}

/* A date, given or by name, with or without a time of day (midnight then), in the zone. */
static bool
read_dated(const char *text, bn_time now, const struct bn_zone *zone, bn_time *out)
{
	struct bn_civil c = {0};
	const char *p;
	int ms = 0;

	if ((p = after_word(text, "yesterday")) != NULL)
		date_of(now, zone, 1, &c);
	else if ((p = after_word(text, "today")) != NULL)
		date_of(now, zone, 0, &c);
	else {
		p = text;
		if (!bn_read_date(&p, &c) || (*p != '\0' && *p != ' ' && *p != 'T' && *p != 't'))
			return false;
		p += *p != '\0';
	}
	if (*p != '\0' && (!bn_read_time_of_day(&p, &c, &ms) || *p != '\0'))
		return false;
	*out = bn_zone_resolve(zone, bn_civil_seconds(&c)) * 1000 + ms;
	return *out > 0;
}

int
bn_time_parse_human(const char *text, bn_time now, const struct bn_zone *zone, bn_time *out,
		    struct bn_error *err)
{
	size_t size;

	if (text == NULL)
		return not_a_moment("", err);
	size = strlen(text);
	if (strcasecmp(text, "now") == 0)
		*out = now;
	else if (read_relative(text, now, out) || read_time_only(text, now, zone, out) ||
		 read_dated(text, now, zone, out))
		return BN_OK;
	else if (size > 16 && (*out = bn_time_parse(text)) != 0)
		return BN_OK;
	else
		return not_a_moment(text, err);
	return BN_OK;
}

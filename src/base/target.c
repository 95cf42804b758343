/* target.c - shares ("99.5%") and deadlines ("05:30 Europe/Berlin daily"), read and reckoned with. */
/* SPDX-License-Identifier: MIT */
#include "base/target.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/civil.h"
#include "base/error.h"

#define EVERY_DAY 0x7fu
#define DAY_S	  86400
#define MINUTE_S  60

bool
bn_share_parse(const char *text, double *share)
{
	char *end;
	double value;

	if (text == NULL || (text[0] != '.' && (text[0] < '0' || text[0] > '9')))
		return false;
	value = strtod(text, &end);
	if (end == text || strpbrk(text, "xXpPnN") != NULL)
		return false;
	while (*end == ' ')
		end++;
	if (*end == '%') {
		value /= 100;
		end++;
	}
	if (*end != '\0' || !(value > 0) || value > 1)
		return false;
	*share = value;
	return true;
}

/* "mon", or -1. */
static int
weekday_of(const char *word, size_t size)
{
	static const char *const names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

	for (int i = 0; i < 7; i++) {
		if (size == 3 && strncasecmp(names[i], word, 3) == 0)
			return i;
	}
	return -1;
}

/* "daily", "weekdays", "mon-fri", "mon,wed,sat"; 0 if it is none. */
static unsigned
days_of(const char *word)
{
	unsigned days = 0;

	if (strcasecmp(word, "daily") == 0)
		return EVERY_DAY;
	if (strcasecmp(word, "weekdays") == 0)
		return EVERY_DAY & ~(1u << 0 | 1u << 6);
	while (*word != '\0') {
		size_t size = strcspn(word, ",");
		const char *dash = memchr(word, '-', size);
		int first = weekday_of(word, dash != NULL ? (size_t)(dash - word) : size);
		int last =
		    dash != NULL ? weekday_of(dash + 1, size - (size_t)(dash + 1 - word)) : first;

		if (first < 0 || last < 0)
			return 0;
		for (int day = first;; day = (day + 1) % 7) {
			days |= 1u << day;
			if (day == last)
				break;
		}
		word += size;
		word += *word == ',';
	}
	return days;
}

static bool
time_of_day(const char *text, int *minute)
{
	if (strlen(text) != 5 || text[2] != ':' || strspn(text, "0123456789:") != 5)
		return false;
	*minute =
	    ((text[0] - '0') * 10 + text[1] - '0') * 60 + (text[3] - '0') * 10 + text[4] - '0';
	return text[0] <= '2' && text[3] <= '5' && *minute < 24 * 60;
}

static int
parse_words(struct bn_deadline *out, char *words[3], size_t count, const char *text,
	    struct bn_error *err)
{
	size_t zone = 1;

	if (count == 0 || count > 3 || !time_of_day(words[0], &out->minute)) {
		bn_fail(err, BN_EINVAL, "'%.80s' is not a time of the day", text);
		return bn_hint(err, "for instance 05:30 Europe/Berlin daily");
	}
	out->weekdays = EVERY_DAY;
	if (count > 1 && days_of(words[count - 1]) != 0) {
		out->weekdays = days_of(words[count - 1]);
		count--;
	}
	if (count > 2) {
		bn_fail(err, BN_EINVAL, "'%.40s' in '%.80s' names no days", words[2], text);
		return bn_hint(err, "daily, weekdays, mon-fri or mon,wed,sat");
	}
	return bn_zone_open(&out->zone, count > zone ? words[zone] : "UTC", err);
}

int
bn_deadline_parse(struct bn_deadline *out, const char *text, struct bn_error *err)
{
	char copy[200], *words[4], *rest = copy, *word;
	size_t count = 0;
	int rc;

	memset(out, 0, sizeof(*out));
	if (text == NULL || strlen(text) >= sizeof(copy))
		return bn_fail(err, BN_EINVAL, "a deadline has a time, a zone and days, no more");
	memcpy(copy, text, strlen(text) + 1);
	while (count < 4 && (word = strtok_r(rest, " \t", &rest)) != NULL)
		words[count++] = word;
	rc = parse_words(out, words, count, text, err);
	if (rc != BN_OK) {
		bn_deadline_clear(out);
		memset(out, 0, sizeof(*out));
		return rc == BN_EINVAL ? rc : (err != NULL ? (err->code = BN_EINVAL) : BN_EINVAL);
	}
	return BN_OK;
}

void
bn_deadline_clear(struct bn_deadline *deadline)
{
	bn_zone_free(deadline->zone);
	deadline->zone = NULL;
}

/* The moment on the day that lies `days` after 1970-01-01 on the zone's calendar; 0: not that weekday. */
static bn_time
on_day(const struct bn_deadline *deadline, int64_t days)
{
	int64_t weekday = (days % 7 + 7 + 4) % 7; /* 1970-01-01 was a Thursday */

	if ((deadline->weekdays & 1u << weekday) == 0)
		return 0;
	return bn_zone_resolve(deadline->zone, days * DAY_S + deadline->minute * MINUTE_S) * 1000;
}

static int64_t
day_of(const struct bn_deadline *deadline, bn_time at)
{
	int64_t local = at / 1000 + bn_zone_offset(deadline->zone, at, NULL);

	return local >= 0 ? local / DAY_S : -((DAY_S - 1 - local) / DAY_S);
}

bn_time
bn_deadline_next(const struct bn_deadline *deadline, bn_time at)
{
	int64_t day = day_of(deadline, at) - 1;

	/* a day is left out by its weekday only, so one of the next nine has it */
	for (int i = 0; i < 10; i++, day++) {
		bn_time moment = on_day(deadline, day);

		if (moment > at)
			return moment;
	}
	return 0;
}

bn_time
bn_deadline_last(const struct bn_deadline *deadline, bn_time at)
{
	int64_t day = day_of(deadline, at) + 1;

	for (int i = 0; i < 10; i++, day--) {
		bn_time moment = on_day(deadline, day);

		if (moment != 0 && moment <= at)
			return moment;
	}
	return 0;
}

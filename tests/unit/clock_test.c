/* clock_test.c - the clock, moments and durations as text, time zones, cron across clock changes. */
/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
#define NOW    INT64_C(1773112364000) /* 2026-03-10T03:12:44Z */

static struct bn_zone *
rule(const char *text)
{
	struct bn_error err = {0};
	struct bn_zone *zone;

	assert_ok(bn_zone_from_rule(&zone, text, &err), &err);
	return zone;
}

static void
assert_moment(bn_time at, const char *want)
{
	char text[BN_TIME_TEXT];

	assert_string_equal(bn_time_rfc3339(at, text), want);
}

/* ---- the clock ------------------------------------------------------------------------------- */

static void
clock_frozen_stands_still_and_children_see_the_same(void **state)
{
	struct bn_clock clock, child;
	char text[80];

	(void)state;
	bn_clock_set(&clock, NOW, 0);
	assert_int_equal(bn_clock_now(&clock), NOW);
	bn_clock_export(&clock, text, sizeof(text));
	setenv("BINNACLE_CLOCK", text, 1);
	bn_clock_init(&child);
	assert_int_equal(bn_clock_now(&child), NOW);
	unsetenv("BINNACLE_CLOCK");
}

static void
clock_speed_multiplies_what_has_passed(void **state)
{
	struct bn_clock clock, child;
	char text[80];

	(void)state;
	bn_clock_set(&clock, NOW, 60);
	clock.monotonic -= 1000; /* as if a second had passed */
	assert_true(bn_clock_now(&clock) >= NOW + 60000);
	clock.speed = 2.5;
	bn_clock_export(&clock, text, sizeof(text));
	setenv("BINNACLE_CLOCK", text, 1);
	bn_clock_init(&child);
	unsetenv("BINNACLE_CLOCK");
	assert_true(child.speed > 2.49 && child.speed < 2.51);
	assert_int_equal(child.monotonic, clock.monotonic);
}

static void
clock_without_or_with_broken_environment_is_the_systems(void **state)
{
	static const char *const broken[] = {
	    "", "x", "1 2", "1 2 nan", "-5 0 1", "5 0 -1", "5 0 1 7", "99999999999999999 0 1"};
	struct bn_clock clock;

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		setenv("BINNACLE_CLOCK", broken[i], 1);
		bn_clock_init(&clock);
		assert_true(bn_clock_now(&clock) / 1000 - (int64_t)time(NULL) <= 1);
		assert_true((int64_t)time(NULL) - bn_clock_now(&clock) / 1000 <= 1);
	}
	unsetenv("BINNACLE_CLOCK");
}

/* ---- text ------------------------------------------------------------------------------------ */

static void
time_parse_reads_what_platforms_write(void **state)
{
	(void)state;
	assert_int_equal(bn_time_parse("2026-03-10T03:12:44Z"), NOW);
	assert_int_equal(bn_time_parse("2026-03-10t03:12:44z"), NOW);
	assert_int_equal(bn_time_parse("2026-03-10 03:12:44"), NOW);
	assert_int_equal(bn_time_parse("2026-03-10T04:12:44+01:00"), NOW);
	assert_int_equal(bn_time_parse("2026-03-09T22:42:44-0430"), NOW);
	assert_int_equal(bn_time_parse("2026-03-10T03:12:44.5Z"), NOW + 500);
	assert_int_equal(bn_time_parse("2026-03-10T03:12:44.123456789Z"), NOW + 123);
	assert_int_equal(bn_time_parse("2024-02-29T00:00:00Z"), INT64_C(1709164800000));
}

static void
time_parse_refuses_what_is_none(void **state)
{
	static const char *const bad[] = {"",
					  "x",
					  "2026-03-10",
					  "2026-02-29T00:00:00Z",
					  "2026-13-01T00:00:00Z",
					  "2026-00-01T00:00:00Z",
					  "2026-01-00T00:00:00Z",
					  "2026-01-01T24:00:00Z",
					  "2026-01-01T00:60:00Z",
					  "2026-01-01T00:00:61Z",
					  "2026-01-01T00:00:00Zx",
					  "2026-01-01T00:00:00+24:00",
					  "2026-01-01T00:00:00.Z",
					  "2026-01-01T00:00:00+1",
					  "20260101T000000Z",
					  "0001-01-01T00:00:00Z",
					  "1969-12-31T23:59:59Z"};

	(void)state;
	assert_int_equal(bn_time_parse(NULL), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (bn_time_parse(bad[i]) != 0)
			fail_msg("'%s' was taken for a time", bad[i]);
}

static void
time_shown_in_each_form(void **state)
{
	struct bn_zone *zone = rule(BERLIN);
	char text[BN_TIME_TEXT];

	(void)state;
	assert_string_equal(bn_time_show(NOW, NULL, BN_TIME_HM, text), "03:12");
	assert_string_equal(bn_time_show(NOW, zone, BN_TIME_HMS, text), "04:12:44");
	assert_string_equal(bn_time_show(NOW, zone, BN_TIME_MDHM, text), "03-10 04:12");
	assert_string_equal(bn_time_show(NOW, zone, BN_TIME_MD, text), "03-10");
	assert_string_equal(bn_time_show(NOW, zone, BN_TIME_YMD, text), "2026-03-10");
	assert_string_equal(bn_time_show(NOW, zone, BN_TIME_FULL, text), "2026-03-10 04:12:44");
	assert_string_equal(bn_time_show(0, zone, BN_TIME_FULL, text), "");
	assert_moment(NOW + 7, "2026-03-10T03:12:44.007Z");
	assert_moment(0, "");
	bn_zone_free(zone);
}

static void
assert_said(const char *text, const struct bn_zone *zone, const char *want)
{
	struct bn_error err = {0};
	bn_time at;

	assert_ok(bn_time_parse_human(text, NOW, zone, &at, &err), &err);
	assert_moment(at, want);
}

static void
time_said_by_a_person_is_understood(void **state)
{
	struct bn_zone *zone = rule(BERLIN);
	struct bn_error err = {0};
	bn_time at;

	(void)state;
	assert_said("now", NULL, "2026-03-10T03:12:44Z");
	assert_said("2026-03-10T03:05:00Z", zone, "2026-03-10T03:05:00Z");
	assert_said("2026-03-10 03:05", zone, "2026-03-10T02:05:00Z");
	assert_said("2026-03-09", NULL, "2026-03-09T00:00:00Z");
	assert_said("03:05", NULL, "2026-03-10T03:05:00Z");
	assert_said("23:30", NULL, "2026-03-09T23:30:00Z"); /* the latest that has been */
	assert_said("04:12:44", zone, "2026-03-10T03:12:44Z");
	assert_said("yesterday 17:00", zone, "2026-03-09T16:00:00Z");
	assert_said("today", zone, "2026-03-09T23:00:00Z");
	assert_said("-15m", NULL, "2026-03-10T02:57:44Z");
	assert_said("2h ago", NULL, "2026-03-10T01:12:44Z");
	assert_fails_with(BN_EINVAL, bn_time_parse_human("tomorrow", NOW, NULL, &at, &err));
	assert_non_null(strstr(err.hint, "yesterday 17:00"));
	assert_fails_with(BN_EINVAL, bn_time_parse_human("25:00", NOW, NULL, &at, &err));
	assert_fails_with(BN_EINVAL, bn_time_parse_human("", NOW, NULL, &at, &err));
	bn_zone_free(zone);
}

static void
duration_forms_are_read_and_slips_refused(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {{"250ms", 250},	{"15s", 15000},	   {"5m", 300000},     {"1h30m", 5400000},
		    {"24h", 86400000},	{"7d", 604800000}, {"2w", 1209600000}, {"90", 90000},
		    {"1m500ms", 60500}, {"0", 0}};
	static const char *const bad[] = {"",
					  "-5s",
					  "5x",
					  "s",
					  "1.5h",
					  "5m1h",
					  "5m5m",
					  "5 m",
					  "1h30",
					  "99999999999999999999s",
					  "9223372036854775807d",
					  "1M",
					  "5min"};
	struct bn_error err = {0};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_ok(bn_duration_parse(good[i].text, &ms, &err), &err);
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (bn_duration_parse(bad[i], &ms, &err) != BN_EINVAL)
			fail_msg("'%s' was taken for a duration", bad[i]);
	assert_fails_with(BN_EINVAL, bn_duration_parse(NULL, &ms, &err));
}

static void
duration_shown_with_two_units_at_most(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {{0, "0s"},		 {1, "1ms"},	     {850, "850ms"},
		    {1000, "1s"},	 {34999, "34s"},     {334000, "5m34s"},
		    {3000000, "50m"},	 {4440000, "1h14m"}, {3600999, "1h"},
		    {273600000, "3d4h"}, {864000000, "10d"}, {6145200000, "71d"},
		    {-2000, "-2s"},	 {-5, "-5ms"},	     {INT64_MIN, "-106751991167d"}};
	char text[BN_TIME_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(bn_duration_show(rows[i].ms, text), rows[i].text);
}

/* ---- zones ----------------------------------------------------------------------------------- */

static void
assert_offset(const struct bn_zone *zone, const char *at, int seconds, const char *name)
{
	const char *got;

	assert_int_equal(bn_zone_offset(zone, bn_time_parse(at), &got), seconds);
	assert_string_equal(got, name);
}

static void
zone_rules_change_the_clocks_at_the_right_second(void **state)
{
	struct bn_zone *berlin = rule(BERLIN), *south = rule("NZST-12NZDT,M9.5.0,M4.1.0/3");
	struct bn_zone *always = rule("XXX3EDT4,0/0,J365/23"), *half = rule("<+0330>-3:30");

	(void)state;
	assert_offset(berlin, "2026-03-29T00:59:59Z", 3600, "CET");
	assert_offset(berlin, "2026-03-29T01:00:00Z", 7200, "CEST");
	assert_offset(berlin, "2026-10-25T00:59:59Z", 7200, "CEST");
	assert_offset(berlin, "2026-10-25T01:00:00Z", 3600, "CET");
	assert_offset(south, "2026-01-15T00:00:00Z", 13 * 3600, "NZDT");
	assert_offset(south, "2026-07-15T00:00:00Z", 12 * 3600, "NZST");
	assert_offset(always, "2026-01-01T03:00:00Z", -4 * 3600, "EDT");
	assert_offset(always, "2026-12-31T23:00:00Z", -4 * 3600, "EDT");
	assert_offset(half, "2026-01-01T00:00:00Z", 12600, "+0330");
	assert_int_equal(bn_zone_offset(NULL, NOW, NULL), 0);
	bn_zone_free(berlin);
	bn_zone_free(south);
	bn_zone_free(always);
	bn_zone_free(half);
}

static void
zone_rules_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {"",
					  "CET",
					  "C-1",
					  "CET-1CEST,M3.5.0",
					  "CET-1CEST,M13.1.0,M1.1.0",
					  "CET-1CEST,M3.6.0,M10.5.0",
					  "CET-1CEST,J0,J365",
					  "CET-25",
					  "<CET-1",
					  "CET-1CEST,M3.5.0,M10.5.0x",
					  "CET-1CEST,M3.5.0/168,M10.5.0",
					  "AVERYLONGZONENAMEINDEED-1"};
	struct bn_zone *zone;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (bn_zone_from_rule(&zone, bad[i], NULL) != BN_EPARSE)
			fail_msg("'%s' was taken for a rule", bad[i]);
}

/* A version 2 file: one transition in 1970 + 1000 s from LMT (+0:53:28) to CET, then the rule. */
static size_t
make_tzif(unsigned char *out, const char *footer)
{
	static const unsigned char v1[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
					   0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0};
	static const unsigned char counts[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
					       0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 8};
	static const unsigned char body[] = {0, 0,    0,    0,	 0, 0,	 0x03, 0xE8, 1,	   0,
					     0, 0x0C, 0x88, 0,	 0, 0,	 0,    0x0E, 0x10, 0,
					     4, 'L',  'M',  'T', 0, 'C', 'E',  'T',  0};
	size_t n = 0;

	memcpy(out, "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
	n = 20;
	memcpy(out + n, v1, 24);
	n += 24;
	memset(out + n, 0, 7); /* the version 1 block: one type, one character */
	n += 7;
	memcpy(out + n, "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
	n += 20;
	memcpy(out + n, counts, sizeof(counts));
	n += sizeof(counts);
	memcpy(out + n, body, sizeof(body));
	n += sizeof(body);
	memcpy(out + n, footer, strlen(footer));
	return n + strlen(footer);
}

static void
zone_file_is_read_with_its_footer(void **state)
{
	unsigned char bytes[256];
	size_t size = make_tzif(bytes, "\n" BERLIN "\n");
	struct bn_error err = {0};
	struct bn_zone *zone;

	(void)state;
	assert_ok(bn_zone_parse(&zone, "test", bytes, size, &err), &err);
	assert_offset(zone, "1970-01-01T00:10:00Z", 3208, "LMT");
	assert_offset(zone, "2060-07-01T00:00:00Z", 7200, "CEST");
	bn_zone_free(zone);
	size = make_tzif(bytes, "\n\n");
	assert_ok(bn_zone_parse(&zone, "test", bytes, size, &err), &err);
	assert_offset(zone, "2060-07-01T00:00:00Z", 3600, "CET");
	bn_zone_free(zone);
}

static void
zone_file_cut_anywhere_is_refused(void **state)
{
	unsigned char bytes[256], *exact;
	size_t size = make_tzif(bytes, "\n" BERLIN "\n");
	struct bn_zone *zone;

	(void)state;
	for (size_t cut = 0; cut < size; cut++) {
		exact = malloc(cut + 1); /* so that a sanitizer sees a byte too many */
		assert_non_null(exact);
		memcpy(exact, bytes, cut);
		assert_fails_with(BN_EPARSE, bn_zone_parse(&zone, "cut", exact, cut, NULL));
		free(exact);
	}
}

static void
zone_names_cannot_leave_their_directory(void **state)
{
	static const char *const bad[] = {"",	  "../../etc/passwd", "/etc/localtime", "Europe/",
					  "a//b", "Europe/Ber lin",   "x\ny",		"."};
	struct bn_error err = {0};
	struct bn_zone *zone;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_fails_with(BN_EINVAL, bn_zone_open(&zone, bad[i], &err));
	assert_fails_with(BN_ENOTFOUND, bn_zone_open(&zone, "Mars/Phobos", &err));
	assert_ok(bn_zone_open(&zone, "UTC", &err), &err);
	assert_int_equal(bn_zone_offset(zone, NOW, NULL), 0);
	bn_zone_free(zone);
}

static void
zone_installed_agrees_with_the_c_library(void **state)
{
	static const char *const names[] = {"Europe/Berlin",	   "America/New_York",
					    "Australia/Lord_Howe", "Asia/Kolkata",
					    "Africa/Casablanca",   "America/St_Johns"};
	struct bn_error err = {0};

	(void)state;
	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0)
		bn_skip("no zones are installed (package tzdata)");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct bn_zone *zone;

		assert_ok(bn_zone_open(&zone, names[i], &err), &err);
		setenv("TZ", names[i], 1); /* the test alone may do this */
		tzset();
		for (time_t at = 0; at < (time_t)4102444800; at += 86400 * 9 + 1234) {
			struct tm tm;

			localtime_r(&at, &tm);
			if (bn_zone_offset(zone, (bn_time)at * 1000, NULL) != tm.tm_gmtoff)
				fail_msg("%s at %lld", names[i], (long long)at);
		}
		bn_zone_free(zone);
	}
	setenv("TZ", "UTC", 1);
	tzset();
}

static void
zone_local_follows_the_environment(void **state)
{
	struct bn_error err = {0};
	struct bn_zone *zone;

	(void)state;
	setenv("TZ", BERLIN, 1);
	assert_ok(bn_zone_open(&zone, "local", &err), &err);
	assert_offset(zone, "2026-07-01T00:00:00Z", 7200, "CEST");
	bn_zone_free(zone);
	setenv("TZ", "", 1); /* as for the C library: UTC */
	assert_ok(bn_zone_open(&zone, "local", &err), &err);
	assert_offset(zone, "2026-07-01T00:00:00Z", 0, "UTC");
	bn_zone_free(zone);
	setenv("TZ", "nonsense", 1);
	assert_fails_with(BN_EPARSE, bn_zone_open(&zone, "local", &err));
	setenv("TZ", "UTC", 1);
}

static void
zone_resolve_handles_gap_and_repeat(void **state)
{
	struct bn_zone *zone = rule(BERLIN);

	(void)state;
	/* Twice: the first. Never: as if the clocks had not changed yet. */
	assert_int_equal(bn_zone_resolve(zone, bn_time_parse("2026-10-25T02:30:00Z") / 1000),
			 bn_time_parse("2026-10-25T00:30:00Z") / 1000);
	assert_int_equal(bn_zone_resolve(zone, bn_time_parse("2026-03-29T02:30:00Z") / 1000),
			 bn_time_parse("2026-03-29T01:30:00Z") / 1000);
	assert_int_equal(bn_zone_resolve(zone, bn_time_parse("2026-07-01T12:00:00Z") / 1000),
			 bn_time_parse("2026-07-01T10:00:00Z") / 1000);
	bn_zone_free(zone);
}

/* ---- cron ------------------------------------------------------------------------------------ */

static void
assert_fires(const char *expression, const struct bn_zone *zone, const char *after,
	     const char *const *want)
{
	struct bn_error err = {0};
	struct bn_cron *cron;
	bn_time at = bn_time_parse(after);

	assert_ok(bn_cron_parse(&cron, expression, &err), &err);
	for (; *want != NULL; want++) {
		char text[BN_TIME_TEXT];

		at = bn_cron_next(cron, at, zone);
		if (strcmp(bn_time_rfc3339(at, text), *want) != 0)
			fail_msg("%s: %s, not %s", expression, text, *want);
	}
	bn_cron_free(cron);
}
#define FIRES(expression, zone, after, ...)                                                        \
	assert_fires(expression, zone, after, (const char *const[]){__VA_ARGS__, NULL})

static void
cron_fields_select_minutes(void **state)
{
	const char *from = "2026-03-10T03:12:44Z"; /* a Tuesday */

	(void)state;
	FIRES("* * * * *", NULL, from, "2026-03-10T03:13:00Z", "2026-03-10T03:14:00Z");
	FIRES("*/15 * * * *", NULL, from, "2026-03-10T03:15:00Z", "2026-03-10T03:30:00Z");
	FIRES("5/20 * * * *", NULL, from, "2026-03-10T03:25:00Z", "2026-03-10T03:45:00Z",
	      "2026-03-10T04:05:00Z");
	FIRES("0 9-17/4 * * mon-fri", NULL, from, "2026-03-10T09:00:00Z", "2026-03-10T13:00:00Z",
	      "2026-03-10T17:00:00Z", "2026-03-11T09:00:00Z");
	FIRES("0 0 * * 7", NULL, from, "2026-03-15T00:00:00Z");
	FIRES("0 0 * * sun,tue", NULL, from, "2026-03-15T00:00:00Z", "2026-03-17T00:00:00Z");
	FIRES("30 4 1 jan *", NULL, from, "2027-01-01T04:30:00Z");
	FIRES("0 0 29 2 *", NULL, from, "2028-02-29T00:00:00Z");
	FIRES("0 0 31 2 *", NULL, from, ""); /* never */
	FIRES("@hourly", NULL, from, "2026-03-10T04:00:00Z");
	FIRES("@weekly", NULL, from, "2026-03-15T00:00:00Z");
	FIRES("@yearly", NULL, from, "2027-01-01T00:00:00Z");
	FIRES("13 3 * * *", NULL, "2026-03-10T03:13:00Z",
	      "2026-03-11T03:13:00Z"); /* strictly after */
}

static void
cron_day_and_weekday_are_alternatives_when_both_are_given(void **state)
{
	(void)state;
	FIRES("0 0 13 * 5", NULL, "2026-03-10T00:00:00Z", "2026-03-13T00:00:00Z",
	      "2026-03-20T00:00:00Z", "2026-03-27T00:00:00Z");
	FIRES("0 0 13 * *", NULL, "2026-03-10T00:00:00Z", "2026-03-13T00:00:00Z",
	      "2026-04-13T00:00:00Z");
	FIRES("0 0 ? * 5", NULL, "2026-03-14T00:00:00Z", "2026-03-20T00:00:00Z");
}

static void
cron_across_clock_changes_fires_once_or_not(void **state)
{
	struct bn_zone *zone = rule(BERLIN);

	(void)state;
	/* 02:30 does not exist on 29 March and exists twice on 25 October. */
	FIRES("30 2 * * *", zone, "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z");
	FIRES("30 2 * * *", zone, "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z",
	      "2026-10-26T01:30:00Z");
	/* Each hour is a real hour. */
	FIRES("0 * * * *", zone, "2026-10-24T23:30:00Z", "2026-10-25T00:00:00Z",
	      "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z");
	FIRES("0 0 * * *", zone, "2026-03-28T12:00:00Z", "2026-03-28T23:00:00Z",
	      "2026-03-29T22:00:00Z");
	FIRES("0 0 30 3 *", zone, "2026-03-20T12:00:00Z", "2026-03-29T22:00:00Z");
	bn_zone_free(zone);
}

static void
cron_expressions_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {"",
					  "* * * *",
					  "* * * * * *",
					  "60 * * * *",
					  "* 24 * * *",
					  "* * 0 * *",
					  "* * 32 * *",
					  "* * * 13 *",
					  "* * * * 8",
					  "5-1 * * * *",
					  "*/0 * * * *",
					  "a * * * *",
					  "1,, * * * *",
					  "* * * foo *",
					  "@never",
					  "*/ * * * *",
					  "1- * * * *",
					  "99999999999 * * * *",
					  "* * L * *"};
	struct bn_error err = {0};
	struct bn_cron *cron;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (bn_cron_parse(&cron, bad[i], &err) != BN_EINVAL)
			fail_msg("'%s' was taken for a cron expression", bad[i]);
	assert_fails_with(BN_EINVAL, bn_cron_parse(&cron, NULL, &err));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(clock_frozen_stands_still_and_children_see_the_same),
    cmocka_unit_test(clock_speed_multiplies_what_has_passed),
    cmocka_unit_test(clock_without_or_with_broken_environment_is_the_systems),
    cmocka_unit_test(time_parse_reads_what_platforms_write),
    cmocka_unit_test(time_parse_refuses_what_is_none),
    cmocka_unit_test(time_shown_in_each_form),
    cmocka_unit_test(time_said_by_a_person_is_understood),
    cmocka_unit_test(duration_forms_are_read_and_slips_refused),
    cmocka_unit_test(duration_shown_with_two_units_at_most),
    cmocka_unit_test(zone_rules_change_the_clocks_at_the_right_second),
    cmocka_unit_test(zone_rules_that_are_none_are_refused),
    cmocka_unit_test(zone_file_is_read_with_its_footer),
    cmocka_unit_test(zone_file_cut_anywhere_is_refused),
    cmocka_unit_test(zone_names_cannot_leave_their_directory),
    cmocka_unit_test(zone_installed_agrees_with_the_c_library),
    cmocka_unit_test(zone_local_follows_the_environment),
    cmocka_unit_test(zone_resolve_handles_gap_and_repeat),
    cmocka_unit_test(cron_fields_select_minutes),
    cmocka_unit_test(cron_day_and_weekday_are_alternatives_when_both_are_given),
    cmocka_unit_test(cron_across_clock_changes_fires_once_or_not),
    cmocka_unit_test(cron_expressions_that_are_none_are_refused),
};

BN_TEST_MAIN(tests)

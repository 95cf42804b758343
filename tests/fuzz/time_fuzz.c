/* time_fuzz.c - text forms of moments, durations, cron expressions and time zones. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "tests/fuzz/fuzz.h"

#define NOW INT64_C(1773112364000) /* 2026-03-10T03:12:44Z */

static void
check_moment(const char *text, const struct bn_zone *zone)
{
	bn_time parsed = bn_time_parse(text), said;
	char shown[BN_TIME_TEXT];

	/* What we write, we read. */
	if (parsed != 0)
		FUZZ_CHECK(bn_time_parse(bn_time_rfc3339(parsed, shown)) == parsed);
	if (bn_time_parse_human(text, NOW, zone, &said, NULL) == BN_OK)
		for (int form = BN_TIME_HM; form <= BN_TIME_FULL; form++)
			bn_time_show(said, zone, (enum bn_time_form)form, shown);
}

static void
check_duration(const char *text)
{
	char shown[BN_TIME_TEXT];
	int64_t ms, again;

	if (bn_duration_parse(text, &ms, NULL) != BN_OK)
		return;
	FUZZ_CHECK(ms >= 0);
	FUZZ_CHECK(bn_duration_parse(bn_duration_show(ms, shown), &again, NULL) == BN_OK);
	FUZZ_CHECK(again <= ms);
}

static void
check_cron(const char *text, const struct bn_zone *zone)
{
	struct bn_cron *cron;
	bn_time at = NOW;

	if (bn_cron_parse(&cron, text, NULL) != BN_OK)
		return;
	for (int i = 0; i < 3 && at != 0; i++) {
		bn_time next = bn_cron_next(cron, at, zone);

		FUZZ_CHECK(next == 0 || (next > at && next % 1000 == 0));
		at = next;
	}
	bn_cron_free(cron);
}

/* Three lines: a zone rule, a cron expression, anything. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = bn_xstrndup((const char *)data, size), *second, *third;
	struct bn_zone *zone = NULL;

	second = text + strcspn(text, "\n");
	if (*second != '\0')
		*second++ = '\0';
	third = second + strcspn(second, "\n");
	if (*third != '\0')
		*third++ = '\0';
	bn_zone_from_rule(&zone, text, NULL);
	check_cron(second, zone);
	check_moment(third, zone);
	check_duration(third);
	check_duration(text);
	bn_zone_free(zone);
	free(text);
	return 0;
}

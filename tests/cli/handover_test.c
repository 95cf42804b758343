/* handover_test.c - the hand-over report of the demo's night, word for word. */
/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/served.h"

#define GOLDEN "tests/cli/handover.md"

static struct served world;

static int
start_world(void **state)
{
	(void)state;
	served_start(&world, NULL);
	return 0;
}

static int
stop_world(void **state)
{
	(void)state;
	served_stop(&world);
	return 0;
}

/* What the person on call does in the quarter of an hour before. */
static const char *const deeds[] = {
    "ack pipeline/argo-prod/transform-hourly --reason 'driver lost'",
    "note add pipeline/argo-prod/transform-hourly 'asked the platform team'",
    "snooze product/products/demand-forecast 2h --reason 'known, since Monday'",
};

/* Whoever runs the test is called oncall. */
static char *
report(const char *line, int code)
{
	const struct passwd *user = getpwuid(getuid());
	const char *name = user != NULL ? user->pw_name : "?", *from, *to;
	struct said said;
	char *text, *out;

	ask(&world, line, &said);
	if (said.code != code)
		fail_msg("%s: ended with %d: %.600s", line, said.code, said.err);
	out = text = calloc(1, 8 * strlen(said.out) + 1);
	for (from = said.out; (to = strstr(from, name)) != NULL; from = to + strlen(name)) {
		bool whole = to > said.out && strchr(" |", to[-1]) != NULL &&
			     strchr(" :|", to[strlen(name)]) != NULL;

		out += sprintf(out, "%.*s%s", (int)(to - from), from, whole ? "oncall" : name);
	}
	strcpy(out, from);
	said_clear(&said);
	return text;
}

static char *
golden_path(char path[512])
{
	const char *top = getenv("abs_top_srcdir");

	assert_non_null(top);
	snprintf(path, 512, "%s/" GOLDEN, top);
	return path;
}

static char *
read_golden(void)
{
	char path[512], *text = calloc(1, 65536);
	FILE *file = fopen(golden_path(path), "r");

	if (file != NULL && fread(text, 1, 65535, file) == 0)
		text[0] = '\0';
	if (file != NULL)
		fclose(file);
	return text;
}

static void
accept(const char *text)
{
	char path[512];
	FILE *file = fopen(golden_path(path), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
handover_of_the_demo_is_the_one_that_was_looked_at(void **state)
{
	char *now, *golden;

	(void)state;
	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
		free(report(deeds[i], 0));
	now = report("report handover --since 12h -o md", 0);
	if (getenv("BN_ACCEPT") != NULL)
		accept(now);
	golden = read_golden();
	if (strcmp(now, golden) != 0) {
		size_t at = 0, line = 1;

		for (; now[at] != '\0' && now[at] == golden[at]; at++)
			line += now[at] == '\n';
		while (at > 0 && now[at - 1] != '\n')
			at--;
		fail_msg(GOLDEN
			 ":%zu is otherwise: %.*s\n(if that is right: BN_ACCEPT=1 make check "
			 "TESTS=tests/cli/handover_test, and look at the difference)",
			 line, (int)strcspn(now + at, "\n"), now + at);
	}
	free(now);
	free(golden);
}

/* The same in JSON: as many items of each section as its heading says. */
static void
handover_is_the_same_for_programs(void **state)
{
	static const char *const sections[] = {"open",	  "watch",   "recovered", "changes",
					       "retries", "snoozed", "budgets",	  "cost",
					       "sources", "notes"};
	char *golden = read_golden();
	const json_t *items, *item;
	struct said said;
	json_t *json;
	size_t n, total = 0;

	(void)state;
	ask(&world, "report handover --since 12h -o json", &said);
	json = said_json(&said);
	items = json_object_get(json, "items");
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		char heading[32];
		const char *at;
		long count = 0;

		json_array_foreach(items, n, item) count +=
		    strcmp(json_string_value(json_object_get(item, "section")), sections[i]) == 0;
		snprintf(heading, sizeof(heading), "## %zu. ", i + 1);
		at = strstr(golden, heading);
		assert_non_null(at);
		at += strcspn(at, "(\n");
		assert_int_equal(strtol(at + 1, NULL, 10), count);
		total += (size_t)count;
	}
	assert_int_equal(total, json_array_size(items));
	json_decref(json);
	said_clear(&said);
	free(golden);
}

static void
assert_in(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("'%s' is not in: %.4000s", part, text);
}

/* Where nobody looked, nothing seen is not nothing there; a list says what its numbers are. */
static void
handover_of_what_nobody_watched_does_not_say_none(void **state)
{
	char *text = report("-q report handover --at 03:05", 3);

	(void)state;
	assert_in(text, "There may have been more: 13 of 13 sources were not observed");
	assert_in(text, "## 1. Open now (0)\n\nNot known: 13 of 13 sources were not observed");
	assert_in(text, "## 2. Watch (0)\n\nNot known: 13 of 13 sources were not observed");
	assert_in(text, "## 3. Recovered (0)\n\nNot known: 13 of 13 sources were not observed");
	assert_in(text, "## 9. Sources degraded (13)\n");
	assert_in(text, "- argo-prod · not observed · from 2026-03-09 15:05:00Z · until –\n");
	assert_null(strstr(text, "nothing critical is open"));
	assert_null(strstr(text, "no warnings"));
	assert_null(strstr(text, "without a break"));
	assert_in(text, "- customers · freshness · target 2h · now not known · budget left –\n");
	assert_null(strstr(text, "%\n"));
	free(text);

	/* watched for no time at all, up to now: how it stands is known, how it was is not */
	text = report("report handover", 0);
	assert_in(text, "## 3. Recovered (0)\n\nNot known: 13 of 13 sources were not observed");
	assert_in(text, "- argo-prod · not observed · from 2026-03-09 15:12:00Z · until "
			"2026-03-10 03:12:00Z\n");
	assert_null(strstr(text, "without a break"));
	free(text);

	/* and with nothing left that nobody watched, it is none */
	text = report("report handover --since 0s", 0);
	assert_in(text, "## 3. Recovered (0)\n\nNone: nothing recovered in this time.\n");
	assert_in(text,
		  "## 9. Sources degraded (0)\n\nNone: every source was read without a break");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(handover_of_the_demo_is_the_one_that_was_looked_at),
	    cmocka_unit_test(handover_is_the_same_for_programs),
	    cmocka_unit_test(handover_of_what_nobody_watched_does_not_say_none),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, start_world, stop_world);
}

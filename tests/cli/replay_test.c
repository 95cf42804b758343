/* replay_test.c - --at on a demo that was collected for a while: what was read then is what it answers. */
/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/served.h"

#define LOOKS 7
#define SPEED "50"

static struct served world;

#define OLDEST "2026-03-09T22:00:00Z"

/* What is state in each list; ages and what goes on by itself are left out. */
static const char *const lists[] = {
    "runs --columns pipeline,status,run,run_status,start,p50,p95,schedule",
    "runs --each --since " OLDEST " --columns run,status,pipeline,start,attempt,finished,message",
    "endpoints --columns endpoint,status,since",
    "findings --columns what,since,rule,severity,message",
    "sources --columns source,status,state",
    "products --columns product,status,lifecycle",
    "note list --columns about,note,seq",
};
#define LISTS (sizeof(lists) / sizeof(lists[0]))

static struct look {
	char at[LISTS]
	       [BN_TIME_TEXT]; /* of each: on a busy machine they are asked some time apart */
	json_t *items[LISTS];
} looks[LOOKS];

static json_t *
items_of(const char *line, char at[BN_TIME_TEXT], int *code)
{
	struct said said;
	json_t *json, *items;

	ask(&world, line, &said);
	*code = said.code;
	json = said_json(&said);
	if (at != NULL)
		bn_time_rfc3339(
		    bn_time_parse(json_string_value(json_object_get(json, "generated_at"))) + 1000,
		    at);
	items = json_incref(json_object_get(json, "items"));
	json_decref(json);
	said_clear(&said);
	return items;
}

/* Polls, then asks what is stored: nothing is read between that and the second that is kept as its moment. */
static void
look(struct look *l)
{
	struct said said;
	char line[256];
	int code;

	ask(&world, "poll", &said);
	said_clear(&said);
	for (size_t i = 0; i < LISTS; i++) {
		snprintf(line, sizeof(line), "--offline -q %s -o json", lists[i]);
		l->items[i] = items_of(line, l->at[i], &code);
	}
	usleep(100000);
}

static int
collect_an_hour(void **state)
{
	struct said said;

	(void)state;
	served_start(&world, "--at 2026-03-10T02:58:00Z --speed " SPEED);
	for (int i = 0; i < LOOKS; i++) {
		if (i == 2) {
			ask(&world, "note add pipeline/argo-prod/transform-hourly 'seen it'",
			    &said);
			said_clear(&said);
		}
		look(&looks[i]);
		usleep(600000);
	}
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	for (int i = 0; i < LOOKS; i++)
		for (size_t n = 0; n < LISTS; n++)
			json_decref(looks[i].items[n]);
	served_stop(&world);
	return 0;
}

/* By their reference, so that the order (which knows of ages) does not matter. */
static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *
sorted(const json_t *items)
{
	size_t n = json_array_size(items), i;
	char **lines = calloc(n + 1, sizeof(*lines)), *all;
	size_t size = 1;

	for (i = 0; i < n; i++) {
		lines[i] = json_dumps(json_array_get(items, i), JSON_SORT_KEYS);
		size += strlen(lines[i]) + 1;
	}
	qsort(lines, n, sizeof(*lines), by_text);
	all = calloc(1, size);
	for (i = 0, size = 0; i < n; i++) {
		size += (size_t)sprintf(all + size, "%s\n", lines[i]);
		free(lines[i]);
	}
	free(lines);
	return all;
}

static void
replay_state_is_the_state_that_was_read(void **state)
{
	(void)state;
	for (int i = 0; i < LOOKS; i++)
		for (size_t n = 0; n < LISTS; n++) {
			char line[320], *then, *again;
			json_t *items;
			int code;

			snprintf(line, sizeof(line), "-q %s -o json --at %s", lists[n],
				 looks[i].at[n]);
			items = items_of(line, NULL, &code);
			then = sorted(looks[i].items[n]);
			again = sorted(items);
			/* How long a reading is believed follows from the rhythm of now: on a machine that
			 * was busy then and is not any more, what was read late is stale in the replay. */
			if (strstr(again, "\"stale\": true") == NULL && strcmp(then, again) != 0) {
				size_t d = strspn(again, ""), k = 0;

				while (then[k] == again[k])
					d = then[k++] == '\n' ? k : d;
				fail_msg("%s at %s:\n read then %.*s\n replayed  %.*s", lists[n],
					 looks[i].at[n], (int)strcspn(then + d, "\n"), then + d,
					 (int)strcspn(again + d, "\n"), again + d);
			}
			free(then);
			free(again);
			json_decref(items);
		}
}

static void
replay_says_what_it_is_of(void **state)
{
	struct said said;
	char line[160];
	json_t *json, *source;
	size_t n;

	(void)state;
	snprintf(line, sizeof(line), "-q status -o json --at %s", looks[LOOKS - 1].at[0]);
	ask(&world, line, &said);
	json = said_json(&said);
	assert_string_equal(json_string_value(json_object_get(json, "at")), looks[LOOKS - 1].at[0]);
	assert_true(json_is_true(json_object_get(json, "complete")));
	json_array_foreach(json_object_get(json, "sources"), n, source)
	{
		assert_true(json_is_true(json_object_get(source, "observed")));
		assert_true(json_is_null(json_object_get(source, "age")));
	}
	json_decref(json);
	said_clear(&said);
}

/* Before anybody watched: nothing is green, every source is named, and the exit code is 3. */
static void
replay_of_what_nobody_watched_is_not_observed(void **state)
{
	struct said said;
	json_t *json, *item;
	size_t n, running = 0;

	(void)state;
	ask(&world, "endpoints -o json --at '2026-03-10 02:30'", &said);
	assert_int_equal(said.code, 3);
	assert_non_null(strstr(said.err, "not observed at that moment"));
	json = said_json(&said);
	assert_true(json_is_false(json_object_get(json, "complete")));
	json_array_foreach(json_object_get(json, "sources"), n, item)
	    assert_true(json_is_false(json_object_get(item, "observed")));
	assert_true(json_array_size(json_object_get(json, "items")) > 0);
	json_array_foreach(json_object_get(json, "items"), n, item)
	{
		assert_string_equal(json_string_value(json_object_get(item, "status")), "unknown");
		assert_string_equal(json_string_value(json_object_get(item, "message")),
				    "not observed");
		assert_true(json_is_null(json_object_get(item, "latest")));
		running++;
	}
	assert_true(running > 0);
	json_decref(json);
	said_clear(&said);
	ask(&world, "status --at 02:30", &said);
	assert_int_equal(said.code, 3);
	said_clear(&said);
}

static char *
said_by(const char *line, int code)
{
	struct said said;
	char *text;

	ask(&world, line, &said);
	assert_int_equal(said.code, code);
	text = strdup(said.out);
	said_clear(&said);
	return text;
}

/* The SQL door and checks see what the lists see: as many open findings as were read then. */
static void
replay_holds_for_sql_and_checks(void **state)
{
	char line[256], *text;

	(void)state;
	for (int i = 0; i < LOOKS; i++) {
		snprintf(line, sizeof(line),
			 "-q sql 'SELECT count(*) FROM finding' --no-header --at %s",
			 looks[i].at[3]);
		text = said_by(line, 0);
		assert_int_equal(atoi(text), json_array_size(looks[i].items[3]));
		free(text);
		snprintf(line, sizeof(line), "-q sql 'SELECT now()' --no-header --at %s",
			 looks[i].at[3]);
		text = said_by(line, 0);
		assert_true(strtoll(text, NULL, 10) == bn_time_parse(looks[i].at[3]));
		free(text);
	}
	snprintf(line, sizeof(line), "-q check source argo-prod --max-age 10m --at %s",
		 looks[0].at[0]);
	text = said_by(line, 0);
	assert_non_null(strstr(text, "OK - argo-prod"));
	free(text);
	text = said_by("-q check endpoint api-stock --at '2026-03-10 02:30'", 3);
	assert_non_null(strstr(text, "UNKNOWN"));
	assert_non_null(strstr(text, "not observed then"));
	free(text);
	snprintf(line, sizeof(line), "-q sql 'SELECT 1 FROM at_entity' --at %s", looks[0].at[0]);
	free(said_by(line, 65));
}

static void
replay_refuses_what_changes_or_polls(void **state)
{
	static const char *const lines[] = {"ack pipeline/argo-prod/transform-hourly", "poll",
					    "note add pipeline/argo-prod/transform-hourly x",
					    "doctor"};
	struct said said;
	char line[160];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(line, sizeof(line), "%s --at 03:00", lines[i]);
		ask(&world, line, &said);
		assert_int_equal(said.code, 64);
		assert_non_null(strstr(said.err, "does not look back"));
		said_clear(&said);
	}
	ask(&world, "status --at 2036-01-01", &said);
	assert_int_equal(said.code, 64);
	said_clear(&said);
}

/* The post-mortem: nothing stands there without where it can be looked up. */
static void
replay_postmortem_has_evidence_for_every_line(void **state)
{
	struct said said;
	json_t *json, *item;
	bn_time before = 0;
	size_t n;

	(void)state;
	ask(&world, "report postmortem --from 02:45 -o json", &said);
	json = said_json(&said);
	assert_true(json_array_size(json_object_get(json, "items")) > 10);
	json_array_foreach(json_object_get(json, "items"), n, item)
	{
		bn_time at = bn_time_parse(json_string_value(json_object_get(item, "at")));

		assert_non_null(json_string_value(json_object_get(item, "evidence")));
		assert_true(at >= before);
		before = at;
	}
	json_decref(json);
	said_clear(&said);
	ask(&world, "report postmortem", &said);
	assert_int_equal(said.code, 64);
	said_clear(&said);
}

static void
replay_timeline_takes_a_kind(void **state)
{
	struct said said;
	json_t *json, *item;
	size_t n;

	(void)state;
	ask(&world, "timeline --kind note -o json", &said);
	json = said_json(&said);
	assert_int_equal(json_array_size(json_object_get(json, "items")), 1);
	json_decref(json);
	said_clear(&said);
	ask(&world, "timeline --kind commit --since 24h -o json", &said);
	json = said_json(&said);
	assert_true(json_array_size(json_object_get(json, "items")) > 0);
	json_array_foreach(json_object_get(json, "items"), n, item)
	    assert_string_equal(json_string_value(json_object_get(item, "kind")), "commit");
	json_decref(json);
	said_clear(&said);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(replay_state_is_the_state_that_was_read),
	    cmocka_unit_test(replay_says_what_it_is_of),
	    cmocka_unit_test(replay_of_what_nobody_watched_is_not_observed),
	    cmocka_unit_test(replay_holds_for_sql_and_checks),
	    cmocka_unit_test(replay_refuses_what_changes_or_polls),
	    cmocka_unit_test(replay_postmortem_has_evidence_for_every_line),
	    cmocka_unit_test(replay_timeline_takes_a_kind),
	};

	return cmocka_run_group_tests_name("replay", tests, collect_an_hour, stop);
}

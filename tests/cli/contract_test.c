/* contract_test.c - the output contract of scripted mode, held against the demo. */
/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <unistd.h>

#include "base/clock.h"
#include "cli/served.h"

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

/* Every command that lists, and the schema it promises. */
static const struct {
	const char *line, *schema;
} lists[] = {
    {"status", "binnacle.triage/1"},
    {"runs", "binnacle.pipelines/1"},
    {"runs --each --since 12h", "binnacle.runs/1"},
    {"run tree transform-hourly", "binnacle.tasks/1"},
    {"run show transform-hourly", "binnacle.runs/1"},
    {"endpoints", "binnacle.endpoints/1"},
    {"endpoint show api-stock", "binnacle.endpoints/1"},
    {"findings --all", "binnacle.findings/1"},
    {"timeline --since 2h", "binnacle.timeline/1"},
    {"changed", "binnacle.changed/1"},
    {"sources", "binnacle.sources/1"},
    {"note list", "binnacle.notes/1"},
    {"export --format json", "binnacle.export/1"},
};

static void
contract_json_has_the_documented_envelope(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct said said;
		char line[256];
		json_t *json, *source;
		size_t n;

		snprintf(line, sizeof(line), "%s -o json", lists[i].line);
		ask(&world, line, &said);
		json = said_json(&said);
		assert_string_equal(json_string_value(json_object_get(json, "schema")),
				    lists[i].schema);
		assert_true(
		    bn_time_parse(json_string_value(json_object_get(json, "generated_at"))) > 0);
		assert_true(json_is_true(json_object_get(json, "complete")));
		assert_true(json_is_array(json_object_get(json, "items")));
		assert_true(json_array_size(json_object_get(json, "sources")) >= 5);
		json_array_foreach(json_object_get(json, "sources"), n, source)
		{
			assert_non_null(json_string_value(json_object_get(source, "name")));
			assert_non_null(json_string_value(json_object_get(source, "state")));
			assert_true(json_is_integer(json_object_get(source, "age")));
		}
		json_decref(json);
		said_clear(&said);
	}
}

/* Walks every value: times are RFC 3339 where a member says so, nothing unknown is "" . */
static void
check_values(json_t *item)
{
	const char *name;
	json_t *value;

	json_object_foreach(item, name, value)
	{
		if (json_is_string(value))
			assert_string_not_equal(json_string_value(value), "");
		if (json_is_string(value) &&
		    (strcmp(name, "since") == 0 || strcmp(name, "start") == 0 ||
		     strcmp(name, "finished") == 0 || strcmp(name, "next") == 0 ||
		     strcmp(name, "at") == 0))
			assert_true(bn_time_parse(json_string_value(value)) > 0);
		if (strcmp(name, "duration") == 0 || strcmp(name, "for") == 0 ||
		    strcmp(name, "age") == 0)
			assert_true(json_is_integer(value) || json_is_null(value));
	}
}

static void
contract_values_are_typed_and_unknown_is_null(void **state)
{
	size_t i, items = 0;

	(void)state;
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct said said;
		char line[256];
		json_t *json, *item;
		size_t n;

		snprintf(line, sizeof(line), "%s -o json", lists[i].line);
		ask(&world, line, &said);
		json = said_json(&said);
		json_array_foreach(json_object_get(json, "items"), n, item)
		{
			check_values(item);
			items++;
		}
		json_decref(json);
		said_clear(&said);
	}
	assert_true(items > 300);
}

static void
contract_ndjson_holds_the_items_of_json(void **state)
{
	struct said whole, lines;
	json_t *json, *item;
	char *line, *rest;
	size_t n = 0;

	(void)state;
	ask(&world, "runs --columns pipeline,status,start -o json", &whole);
	ask(&world, "runs --columns pipeline,status,start -o ndjson", &lines);
	json = said_json(&whole);
	for (rest = lines.out; (line = strsep(&rest, "\n")) != NULL && *line != '\0'; n++) {
		item = json_loads(line, 0, NULL);
		assert_non_null(item);
		assert_true(json_equal(item, json_array_get(json_object_get(json, "items"), n)));
		json_decref(item);
	}
	assert_int_equal(n, json_array_size(json_object_get(json, "items")));
	json_decref(json);
	said_clear(&whole);
	said_clear(&lines);
}

static void
contract_csv_has_a_header_and_crlf(void **state)
{
	struct said said;

	(void)state;
	ask(&world, "runs --columns pipeline,status,next -o csv --limit 3", &said);
	assert_true(strncmp(said.out, "pipeline,status,next\r\n", 22) == 0);
	assert_string_equal(said.out + said.out_size - 2, "\r\n");
	said_clear(&said);
	ask(&world, "runs --columns pipeline,status,next -o csv --limit 3 --no-header", &said);
	assert_true(strncmp(said.out, "pipeline,", 9) != 0);
	said_clear(&said);
}

static void
contract_columns_and_sort_are_obeyed(void **state)
{
	struct said said;
	json_t *json, *item;
	const char *before = "";
	size_t n;

	(void)state;
	ask(&world, "runs --columns pipeline,source --sort pipeline -o json", &said);
	json = said_json(&said);
	json_array_foreach(json_object_get(json, "items"), n, item)
	{
		const char *name = json_string_value(json_object_get(item, "pipeline"));

		assert_int_equal(json_object_size(item),
				 4); /* ref and stale come with every thing */
		assert_true(strcasecmp(before, name) <= 0);
		before = name;
	}
	json_decref(json);
	said_clear(&said);
	ask(&world, "runs --columns pipelin", &said);
	assert_int_equal(said.code, 64);
	said_clear(&said);
}

static void
contract_mistakes_leave_standard_output_empty(void **state)
{
	static const struct {
		const char *line;
		int code;
	} wrong[] = {
	    {"statsu", 64},
	    {"status --no-such-option", 64},
	    {"run show no-such-run", 66},
	    {"endpoint show no-such-endpoint", 66},
	    {"runs --filter 'nosuch:field'", 64},
	    {"runs --sort nosuch", 64},
	    {"ack pipeline/argo-prod/transform-hourly --read-only", 77},
	    {"sql 'DROP TABLE entity'", 77},
	    {"sql 'SELEC nothing'", 65},
	    {"check nothing x", 64},
	    {"--demo=/nonexistent/demo status", 66},
	    {"--config /nonexistent/file status", 64}, /* the demo has a configuration of its own */
	    {"--context prod status", 64},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct said said;

		ask(&world, wrong[i].line, &said);
		if (said.code != wrong[i].code)
			fail_msg("%s: exit status %d, stderr %s", wrong[i].line, said.code,
				 said.err);
		assert_string_equal(said.out, "");
		assert_true(strncmp(said.err, "binnacle: ", 10) == 0);
		said_clear(&said);
	}
}

/* What is read in a zone is meant in it: the run began at 03:05 UTC, 12:05 in Tokyo. */
static void
contract_times_in_a_filter_are_of_the_zone_that_is_shown(void **state)
{
	static const struct {
		const char *line, *count;
	} lines[] = {
	    {"TZ=Asia/Tokyo binnacle --demo=\"$DEMO\" runs --local --count --filter "
	     "'pipeline=transform-hourly start>=12:05 start<12:06'",
	     "1\n"},
	    {"TZ=Asia/Tokyo binnacle --demo=\"$DEMO\" runs --count --filter "
	     "'pipeline=transform-hourly start>=03:05 start<03:06'",
	     "1\n"},
	    {"TZ=Asia/Tokyo binnacle --demo=\"$DEMO\" runs --local --columns pipeline -o csv "
	     "--no-header "
	     "--filter 'pipeline=transform-hourly start>=12:05 start<12:06'",
	     "transform-hourly\r\n"},
	};
	struct said said;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		ask_shell(&world, lines[i].line, &said);
		assert_string_equal(said.out, lines[i].count);
		said_clear(&said);
	}
}

/* Waiting for an answer of one's own has one code, whoever is waited for. */
static void
contract_a_query_beyond_its_time_ends_with_124(void **state)
{
	struct said said;

	(void)state;
	ask(&world,
	    "--offline --timeout 300ms sql 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + "
	    "1 FROM n) "
	    "SELECT max(i) FROM n'",
	    &said);
	assert_int_equal(said.code, 124);
	assert_string_equal(said.out, "");
	assert_non_null(strstr(said.err, "took too long"));
	assert_non_null(strstr(said.err, "narrow it down"));
	said_clear(&said);
}

static void
contract_full_disk_and_closed_pipe_are_noticed(void **state)
{
	struct said said;

	(void)state;
	ask_shell(&world, "binnacle --demo=\"$DEMO\" runs --each > /dev/full", &said);
	assert_int_equal(said.code, 73);
	said_clear(&said);
	ask_shell(&world,
		  "{ binnacle --demo=\"$DEMO\" runs --each -o ndjson; echo $? >\"$DEMO/code\"; } | "
		  "head -n 1 >/dev/null;"
		  " sleep 1; cat \"$DEMO/code\"",
		  &said);
	assert_string_equal(said.out, "141\n");
	assert_string_equal(said.err, "");
	said_clear(&said);
}

static void
contract_offline_asks_nothing(void **state)
{
	struct said before, after, said;

	(void)state;
	ask(&world, "status -q", &said);
	said_clear(&said);
	ask(&world, "sources --offline --columns source,calls -o csv", &before);
	ask(&world, "runs --offline", &said);
	said_clear(&said);
	ask(&world, "sources --offline --columns source,calls -o csv", &after);
	assert_string_equal(before.out, after.out);
	said_clear(&before);
	said_clear(&after);
}

static void
contract_dead_source_is_incomplete_and_never_fine(void **state)
{
	struct said said;
	json_t *json, *item;
	size_t n, unknown = 0;

	(void)state;
	served_faults(&world, "dead=argo-prod\n", 1);
	ask(&world, "status --timeout 10s", &said);
	assert_int_equal(said.code, 3);
	said_clear(&said);
	ask(&world, "sources -o json", &said);
	json = said_json(&said);
	assert_true(json_is_false(json_object_get(json, "complete")));
	json_array_foreach(json_object_get(json, "items"), n, item)
	{
		const char *name = json_string_value(json_object_get(item, "source"));
		const char *status = json_string_value(json_object_get(item, "status"));

		if (strcmp(name, "argo-prod") == 0) {
			assert_string_not_equal(status, "healthy");
			unknown++;
		}
	}
	assert_int_equal(unknown, 1);
	json_decref(json);
	said_clear(&said);
	ask(&world, "check source argo-prod", &said);
	assert_int_equal(said.code, 3);
	said_clear(&said);
	served_faults(&world, "", 1);
}

/* No byte of a hostile platform reaches the terminal as anything but visible text, in any format
 * for people. */
static void
contract_hostile_text_is_made_visible(void **state)
{
	static const char *const lines[] = {"status",
					    "runs -o wide",
					    "runs --each -o csv",
					    "findings --all -o md",
					    "run tree transform-hourly",
					    "run log transform-hourly stg_payments",
					    "run show transform-hourly",
					    "timeline",
					    "sql 'SELECT * FROM entity LIMIT 200'"};
	size_t i, n;

	(void)state;
	served_faults(&world, "hostile=*\n", 1);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct said said;

		ask(&world, lines[i], &said);
		for (n = 0; n < said.out_size; n++) {
			unsigned char c = (unsigned char)said.out[n];

			if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f)
				fail_msg("%s: byte %#x at %zu", lines[i], c, n);
			if (c == '\r' && said.out[n + 1] != '\n')
				fail_msg("%s: a bare CR at %zu", lines[i], n);
		}
		assert_null(strstr(said.out, "\xe2\x80\xae")); /* U+202E */
		assert_null(strstr(said.out, "\xe2\x80\x8b")); /* U+200B */
		assert_null(strstr(said.out, "\xc2\x9b"));     /* U+009B */
		said_clear(&said);
	}
	served_faults(&world, "", 1);
}

/* A source of one good and two broken records: the good one is there, the others are counted. */
static void
contract_broken_items_are_skipped_and_counted(void **state)
{
	struct said said;
	json_t *json, *item;

	(void)state;
	ask_shell(&world,
		  "cp \"$abs_top_srcdir/tests/cli/broken-jobs.sh\" \"$HOME/jobs\" && chmod 700 "
		  "\"$HOME/jobs\" &&"
		  " printf '[source \"jobs\"]\\n\\ttype = exec\\n\\tcommand = %s/jobs\\n' \"$HOME\""
		  " >\"$HOME/jobs.config\" && chmod 600 \"$HOME/jobs.config\" &&"
		  " binnacle --config \"$HOME/jobs.config\" --cache \"$HOME/jobs.state\" -o json"
		  " sources --columns source,entities,skipped,skip_reason",
		  &said);
	json = said_json(&said);
	item = json_array_get(json_object_get(json, "items"), 0);
	assert_int_equal(json_integer_value(json_object_get(item, "skipped")), 2);
	assert_int_equal(json_integer_value(json_object_get(item, "entities")), 1);
	assert_true(json_is_string(json_object_get(item, "skip_reason")));
	json_decref(json);
	said_clear(&said);
}

/* A program that complains about its token, in an error, on standard error, in a plan, an outcome, a record, a log:
 * nobody reads it there, and nothing of ours has it on disk; only what is sent is as the program made it. */
static void
contract_secret_that_a_program_says_back_is_nowhere(void **state)
{
	struct said said;
	const char *sent;

	(void)state;
	ask_shell(&world, "exec \"$abs_top_srcdir/tests/cli/canary.sh\"", &said);
	assert_int_equal(said.code, 0);
	if (strstr(said.out, "CANARY") != NULL || strstr(said.err, "CANARY") != NULL)
		fail_msg("it is told: %.300s %.300s",
			 strstr(said.out, "CANARY") != NULL ? strstr(said.out, "CANARY") : "",
			 strstr(said.err, "CANARY") != NULL ? strstr(said.err, "CANARY") : "");
	if (strstr(said.out, "\nstored in") != NULL)
		fail_msg("it is stored: %s", strstr(said.out, "\nstored in"));
	/* All of it was said: what was sent held the token, what was stored its stars. */
	sent = strstr(said.out, "\nsent ");
	assert_non_null(sent);
	assert_true(strtol(sent + 6, NULL, 10) >= 3);
	assert_null(strstr(said.out, "\nstars 0"));
	assert_non_null(strstr(said.out, "401 for Bearer ***"));
	assert_non_null(strstr(said.err, "401 for Bearer ***"));
	said_clear(&said);
}

/* A shared object named in the configuration brings its type along; one that can't be trusted stops
 * everything with the place it is named at. */
static void
contract_plugin_of_ones_own_is_loaded(void **state)
{
	struct said said;
	json_t *json, *item;

	(void)state;
	if (access("/usr/bin/cc", X_OK) != 0)
		bn_skip("there is no cc to build a plugin with");
	ask_shell(
	    &world,
	    "cc -shared -fPIC -D_GNU_SOURCE -I\"$abs_top_srcdir/src\" -o \"$HOME/own.so\""
	    " \"$abs_top_srcdir/tests/cli/own.c\" && chmod 600 \"$HOME/own.so\" && "
	    "printf '[plugin]\\n\\tpath = %s/own.so\\n[source \"o\"]\\n\\ttype = own\\n' \"$HOME\""
	    " >\"$HOME/own.config\" && chmod 600 \"$HOME/own.config\" &&"
	    " binnacle --config \"$HOME/own.config\" --cache \"$HOME/own.state\" -o json"
	    " sql 'SELECT entity FROM pipeline'",
	    &said);
	json = said_json(&said);
	item = json_array_get(json_object_get(json, "items"), 0);
	assert_string_equal(json_string_value(json_object_get(item, "entity")),
			    "pipeline/o/the-one");
	json_decref(json);
	said_clear(&said);
	ask_shell(&world,
		  "chmod 666 \"$HOME/own.so\"; binnacle --config \"$HOME/own.config\" status",
		  &said);
	assert_int_equal(said.code, 78);
	assert_non_null(strstr(said.err, "own.config:1"));
	assert_non_null(strstr(said.err, "own.so"));
	said_clear(&said);
}

static void
contract_journal_commands_leave_records(void **state)
{
	struct said said;

	(void)state;
	ask(&world, "ack pipeline/argo-prod/transform-hourly --reason 'looking' -q", &said);
	assert_int_equal(said.code, 0);
	said_clear(&said);
	ask(&world, "note add pipeline/argo-prod/transform-hourly 'a note'", &said);
	assert_int_equal(said.code, 0);
	said_clear(&said);
	ask(&world, "note list -o csv --columns note", &said);
	assert_non_null(strstr(said.out, "a note"));
	said_clear(&said);
	ask(&world, "ack --undo pipeline/argo-prod/transform-hourly", &said);
	assert_int_equal(said.code, 0);
	said_clear(&said);
}

static void
assert_verified(const char *binnacle, int anchored)
{
	char line[400];
	struct said said;
	json_t *json;

	snprintf(line, sizeof(line), "%s audit verify", binnacle);
	ask_shell(&world, line, &said);
	assert_int_equal(said.code, 0);
	assert_int_equal(strncmp(said.out, "ok ", 3), 0);
	assert_int_equal(strstr(said.err, "compared with nothing outside the journal") == NULL,
			 anchored);
	assert_int_equal(strstr(said.err, "anchor = FILE") == NULL, anchored);
	said_clear(&said);
	snprintf(line, sizeof(line), "%s -q audit verify", binnacle);
	ask_shell(&world, line, &said);
	assert_int_equal(said.code, 0);
	assert_string_equal(said.err, "");
	said_clear(&said);
	snprintf(line, sizeof(line), "%s audit verify -o json", binnacle);
	ask_shell(&world, line, &said);
	json = said_json(&said);
	assert_true(json_is_true(json_object_get(json, "ok")));
	assert_true(json_is_integer(json_object_get(json, "records")));
	assert_true(json_is_null(json_object_get(json, "first_bad")));
	assert_true(json_is_boolean(json_object_get(json, "anchored")));
	assert_int_equal(json_is_true(json_object_get(json, "anchored")), anchored);
	json_decref(json);
	said_clear(&said);
}

/* "ok" alone promises more than a journal that is compared with itself can keep. */
static void
contract_verify_says_whether_anything_outside_was_compared(void **state)
{
	static const char made[] =
	    "make() { printf '[state]\\n\\t%s\\n[endpoint \"x\"]\\n\\turl = %s\\n' \"$2\""
	    " http://127.0.0.1:1 >\"$1\"; chmod 600 \"$1\";"
	    " set -- binnacle --config \"$1\" --cache \"$1.d\" -q;"
	    " \"$@\" status >/dev/null 2>&1; \"$@\" note add endpoint/x why; };"
	    " make \"$HOME/plain\" 'keep-calls = 1d';"
	    " make \"$HOME/anchored\" \"anchor = $HOME/heads\"";
	struct said said;

	(void)state;
	ask_shell(&world, made, &said);
	assert_string_equal(said.err, "");
	said_clear(&said);
	assert_verified("binnacle --config \"$HOME/plain\" --cache \"$HOME/plain.d\"", 0);
	assert_verified("binnacle --config \"$HOME/anchored\" --cache \"$HOME/anchored.d\"", 1);
}

/* What somebody has in hand needs nobody else: it is listed, and the exit status is that of status. */
static void
contract_findings_in_hand_need_nobody(void **state)
{
	static const char about[] =
	    "findings -q --filter 'key=transform-hourly severity!=info' --columns title";
	static const struct {
		const char *line;
		int after;
	} steps[] = {{NULL, 1},
		     {"ack pipeline/argo-prod/transform-hourly", 0},
		     {"ack --undo pipeline/argo-prod/transform-hourly", 1},
		     {"snooze pipeline/argo-prod/transform-hourly 2h", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct said said;

		if (steps[i].line != NULL) {
			ask(&world, steps[i].line, &said);
			assert_int_equal(said.code, 0);
			said_clear(&said);
		}
		ask(&world, about, &said);
		assert_non_null(strchr(said.out, '\n'));
		assert_int_equal(said.code, steps[i].after);
		said_clear(&said);
	}
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(contract_json_has_the_documented_envelope),
    cmocka_unit_test(contract_values_are_typed_and_unknown_is_null),
    cmocka_unit_test(contract_ndjson_holds_the_items_of_json),
    cmocka_unit_test(contract_csv_has_a_header_and_crlf),
    cmocka_unit_test(contract_columns_and_sort_are_obeyed),
    cmocka_unit_test(contract_mistakes_leave_standard_output_empty),
    cmocka_unit_test(contract_times_in_a_filter_are_of_the_zone_that_is_shown),
    cmocka_unit_test(contract_a_query_beyond_its_time_ends_with_124),
    cmocka_unit_test(contract_full_disk_and_closed_pipe_are_noticed),
    cmocka_unit_test(contract_offline_asks_nothing),
    cmocka_unit_test(contract_dead_source_is_incomplete_and_never_fine),
    cmocka_unit_test(contract_hostile_text_is_made_visible),
    cmocka_unit_test(contract_broken_items_are_skipped_and_counted),
    cmocka_unit_test(contract_secret_that_a_program_says_back_is_nowhere),
    cmocka_unit_test(contract_plugin_of_ones_own_is_loaded),
    cmocka_unit_test(contract_journal_commands_leave_records),
    cmocka_unit_test(contract_verify_says_whether_anything_outside_was_compared),
    cmocka_unit_test(contract_findings_in_hand_need_nobody),
};

int
main(void)
{
	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, start_world, stop_world);
}

/* replay_screen_test.c - time travel on the console: what the header says, what keys do, what is refused. */
/* SPDX-License-Identifier: MIT */
#include "tests/screen/console.h"

#include <locale.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"

static struct served world;

static int
setup(void **state)
{
	(void)state;
	setlocale(LC_CTYPE, "C.UTF-8");
	served_start(&world, "--at 2026-03-10T03:12:44Z");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	served_stop(&world);
	return 0;
}

static bool
shows(struct bn_term *t, const char *text)
{
	int row, col;

	return bn_term_find(t, text, &row, &col);
}

/* Whether it comes to stand on the screen: answers may take their time. */
static bool
comes(struct bn_term *t, const char *text)
{
	return bn_term_wait(t, text, 60000);
}

static bool
in_header(struct bn_term *t, const char *text)
{
	char *row = bn_term_row(t, 0);
	bool found = strstr(row, text) != NULL;

	free(row);
	return found;
}

static void
replay_is_said_in_the_header_and_left_with_T(void **state)
{
	struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, NULL);
	struct bn_term_cell plain, replay;
	int row, col;

	(void)state;
	assert_true(in_header(t, "03:12:44Z"));
	assert_false(in_header(t, "REPLAY"));
	assert_true(bn_term_find(t, "03:12:44Z", &row, &col));
	plain = bn_term_cell(t, 0, col);
	console_play(t, "t03:05<Enter><Wait:REPLAY 03:05:00Z><Wait:src 0/>");
	assert_true(bn_term_find(t, "REPLAY", &row, &col));
	assert_int_equal(row, 0);
	/* a colour of its own */
	replay = bn_term_cell(t, 0, col);
	assert_int_not_equal(memcmp(&plain.bg, &replay.bg, sizeof(plain.bg)), 0);
	/* nobody watched then: nothing is green, no source answered */
	assert_true(in_header(t, "src 0/"));
	assert_true(comes(t, "◌"));
	console_play(t, "[<Wait:REPLAY 03:04:00Z>]<Wait:REPLAY 03:05:00Z>{<Wait:REPLAY 02:05:00Z>");
	console_play(t, "}<Wait:REPLAY 03:05:00Z>T<Gone:REPLAY><Gone:src 0/><Wait:03:12:44Z>");
	assert_true(in_header(t, "03:12:44Z"));
	assert_false(in_header(t, "src 0/"));
	console_quit(t);
}

static struct bn_term *
start_at(const char *at)
{
	char demo[128], moment[64];
	const char *const argv[] = {"binnacle", demo, moment, NULL};
	struct bn_term *t;

	snprintf(demo, sizeof(demo), "--demo=%s", world.demo);
	snprintf(moment, sizeof(moment), "--at=%s", at);
	t = bn_term_start(&(struct bn_term_options){.cols = 80, .rows = 24, .argv = argv});
	assert_non_null(t);
	return t;
}

static void
replay_is_where_at_begins(void **state)
{
	struct bn_term *t = start_at("2026-03-10 03:05");

	(void)state;
	if (!bn_term_wait(t, "REPLAY 03:05:00Z", 20000))
		fail_msg("not in the past:\n%s", bn_term_dump(t));
	console_play(t, "a<Wait:in the past>");
	console_play(t, "T<Gone:REPLAY><Wait:03:12:44Z>");
	console_quit(t);

	t = start_at("2036-01-01 00:00");
	assert_int_equal(bn_term_exit(t, 20000), 64);
	assert_true(shows(t, "has not come yet"));
	bn_term_free(t);
}

static void
replay_steps_back_from_now_and_not_beyond_it(void **state)
{
	struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, NULL);

	(void)state;
	console_play(t, "[<Wait:REPLAY 03:12:00Z>]<Gone:REPLAY>");
	console_play(t, "t2036-01-01 00:00<Enter><Wait:has not come yet>");
	assert_false(in_header(t, "REPLAY"));
	console_play(t, "tnonsense<Enter><Gone:go to (>");
	assert_false(in_header(t, "REPLAY"));
	console_play(t, "t2026-03-09 12:00<Enter><Wait:REPLAY 03-09 12:00:00Z>T<Gone:REPLAY>");
	console_quit(t);
}

/* No key that changes anything does so in the past. */
static void
replay_refuses_what_changes(void **state)
{
	static const char *const keys[] = {"a", "z", "i", "r"};
	struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, NULL);
	struct said said;
	json_t *json;

	(void)state;
	console_play(t, "[<Wait:REPLAY>2<Wait:PIPELINE><Wait:ing-ads-google><Quiet:300>");
	/* they are no keys there: neither the help nor the line of hints has them */
	assert_false(shows(t, "r retry"));
	console_play(t, "?<Wait:keys that are valid>");
	assert_false(shows(t, "plan a retry"));
	assert_false(shows(t, "acknowledge: you"));
	console_play(t, "2<Gone:keys that are valid><Wait:ing-ads-google>");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char script[64];

		snprintf(script, sizeof(script), "%s<Wait:in the past>j<Gone:in the past>",
			 keys[i]);
		console_play(t, script);
	}
	console_quit(t);
	ask(&world, "timeline --kind ack -o json", &said);
	json = said_json(&said);
	assert_int_equal(json_array_size(json_object_get(json, "items")), 0);
	json_decref(json);
	said_clear(&said);
}

/* The hour at a glance: a row a group where there is room, and what nobody watched. */
static void
replay_timeline_draws_groups_and_what_nobody_watched(void **state)
{
	static const char *const groups[] = {"│ runs",	"│ changes", "│ models",
					     "│ infra", "│ streams", "│ people"};
	struct bn_term *t = console_start(&world, 120, 40, NULL, NULL, NULL);
	struct bn_term *narrow;

	(void)state;
	console_play(t, "9<Wait:hour at a glance>");
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		assert_true(comes(t, groups[i]));
	assert_true(comes(t, "░ not observed"));
	assert_true(comes(t, "◆")); /* the merge of the night */
	console_quit(t);
	narrow = console_start(&world, 80, 24, NULL, NULL, NULL);
	console_play(narrow, "9<Wait:WHAT>");
	assert_true(comes(narrow, "02:12"));
	assert_true(comes(narrow, "░"));
	console_quit(narrow);
}

static void
replay_marks_an_incident_and_exports_it(void **state)
{
	struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, NULL);
	char path[160], script[320], line[256];
	FILE *file;
	bool titled = false, failed = false;

	(void)state;
	console_play(t, "9<Wait:WHAT><Quiet:500>/transform-hourly<Enter><Quiet:500>");
	console_play(t, "Gm<Wait:the incident began at>gm<Wait:the incident lasted from>");
	console_play(t, "x<Wait:Post-mortem: timeline>");
	snprintf(path, sizeof(path), "%s/incident.md", world.dir);
	snprintf(script, sizeof(script), "x<Wait:write to:><C-u>%s<Enter><Wait:written>", path);
	console_play(t, script);
	console_quit(t);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		titled = titled || strcmp(line, "# Post-mortem: timeline\n") == 0;
		failed = failed || (strstr(line, "transform-hourly") != NULL &&
				    strstr(line, "failed 3, skipped 37") != NULL);
	}
	fclose(file);
	assert_true(titled);
	assert_true(failed);
}

static void
handover_comes_up_with_H(void **state)
{
	struct bn_term *t = console_start(&world, 120, 40, NULL, NULL, NULL);

	(void)state;
	console_play(t, "H<Wait:# Hand-over 2026-03-10>");
	assert_true(comes(t, "## 1. Open now (1)"));
	assert_true(comes(t, "| transform-hourly | 3 failed +37 skipped |"));
	assert_true(comes(t, "Interrupts: 1"));
	console_play(t, "<Esc><Gone:Hand-over>");
	console_quit(t);
}

/* The editor is a program with options; what it leaves is on the screen, and what fails leaves the text as it was. */
static void
handover_is_edited_in_the_persons_own_editor(void **state)
{
	static const char
	    *const good[] = {"VISUAL=", "EDITOR=sed -i s/Hand-over/Written-by-hand/", NULL},
		   *const bad[] = {"VISUAL=false", NULL}, *const slow[] = {"VISUAL=tail -f", NULL},
		   *const none[] = {"VISUAL=/nowhere/edit", NULL};
	struct bn_term *t = console_start(&world, 120, 40, NULL, good, NULL);

	(void)state;
	console_play(t, "H<Wait:# Hand-over 2026-03-10>e<Wait:# Written-by-hand 2026-03-10>");
	assert_true(shows(t, "## 1. Open now (1)"));
	console_play(t, "<Esc><Gone:Written-by-hand>");
	console_quit(t);

	/* what is pressed at the editor is the editor's: the console goes on */
	t = console_start(&world, 120, 40, NULL, slow, NULL);
	console_play(t, "H<Wait:# Hand-over 2026-03-10>e");
	bn_term_settle(t, 1500, 5000);
	bn_term_type(t, "\003");
	assert_true(bn_term_wait(t, "the text is as it was", 20000));
	console_play(t, "e");
	bn_term_settle(t, 1500, 5000);
	for (int i = 0; i < 40; i++) { /* also while the terminal is on its way back */
		bn_term_type(t, i == 0 ? "\034" : "\003");
		bn_term_pump(t, 1);
	}
	console_play(t, "1<Wait:[1 Triage]><Gone:Hand-over>");
	console_quit(t);

	t = console_start(&world, 120, 40, NULL, bad, NULL);
	console_play(t, "H<Wait:# Hand-over 2026-03-10>e<Wait:the text is as it was>");
	assert_true(shows(t, "# Hand-over 2026-03-10"));
	console_quit(t);

	t = console_start(&world, 120, 40, NULL, none, NULL);
	console_play(t, "H<Wait:# Hand-over 2026-03-10>e<Wait:/nowhere/edit>");
	assert_true(shows(t, "# Hand-over 2026-03-10"));
	console_quit(t);
}

/* A screen that was left under another one shows the moment and the domain of now when it comes up again, also while
 * nothing is read by itself. */
static void
replay_leaves_no_rows_of_another_moment_under_the_live_clock(void **state)
{
	struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, NULL);

	(void)state;
	assert_true(comes(t, "✗ 1 transform-hourly"));
	console_play(t, "Z<Wait:PAUSED>t02:05<Enter><Wait:REPLAY 02:05:00Z><Wait:src 0/>");
	assert_true(bn_term_wait_gone(t, "✗ 1 transform-hourly", 60000));
	console_play(t, "?<Wait:keys that are valid>T<Gone:REPLAY><Esc><Gone:keys that are valid>");
	assert_true(comes(t, "✗ 1 transform-hourly"));
	/* a key that comes with Esc is about the rows that are read then */
	console_play(t, "t02:05<Enter><Wait:REPLAY 02:05:00Z><Wait:src 0/>");
	console_play(t, "?<Wait:keys that are valid>T<Gone:REPLAY>");
	bn_term_type(t, "qi");
	assert_true(comes(t, "note:"));
	console_play(t, "what was it<Enter><Wait:noted on transform-hourly>");
	/* the same where it is another domain */
	console_play(t,
		     "?<Wait:keys that are valid>:domain marketing<Enter><Wait:domain marketing>");
	console_play(t, "<Esc><Gone:keys that are valid><Gone:▲ 2 api-forecast>");
	console_play(t, "?<Wait:keys that are valid>:domain<Enter><Wait:everything>");
	console_play(t, "<Esc><Gone:keys that are valid><Wait:▲ 2 api-forecast>");
	console_quit(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(replay_is_said_in_the_header_and_left_with_T),
	    cmocka_unit_test(replay_is_where_at_begins),
	    cmocka_unit_test(replay_steps_back_from_now_and_not_beyond_it),
	    cmocka_unit_test(replay_refuses_what_changes),
	    cmocka_unit_test(replay_timeline_draws_groups_and_what_nobody_watched),
	    cmocka_unit_test(replay_marks_an_incident_and_exports_it),
	    cmocka_unit_test(handover_comes_up_with_H),
	    cmocka_unit_test(handover_is_edited_in_the_persons_own_editor),
	    cmocka_unit_test(replay_leaves_no_rows_of_another_moment_under_the_live_clock),
	};

	return cmocka_run_group_tests_name("replay_screen", tests, setup, teardown);
}

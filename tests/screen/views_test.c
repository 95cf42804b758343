/* views_test.c - what screens show when what they showed is gone, runs again, or belongs to another moment. */
/* SPDX-License-Identifier: MIT */
#include "tests/screen/recorded.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define STILL "--at 2026-03-10T03:12:44Z"

/* ---- nothing is selected ------------------------------------------------------------------- */

/* List and detail are asked together: the detail of what was there comes after the list that is without it. */
static void
views_detail_goes_with_the_last_finding(void **state)
{
	struct recorded world;
	struct bn_term *t;

	(void)state;
	recorded_start(&world, STILL);
	t = console_start(&world.served, 80, 24, NULL, NULL, NULL);
	assert_shown(t, "─ transform-hourly ─");
	bn_term_type(t, "t02:00\r");
	assert_shown(t, "REPLAY 02:00:00Z");
	assert_shown(t, "nothing known to be wrong");
	bn_term_settle(t, 1000, RECORDED_WAIT);
	assert_shown(t, "─ nothing selected ─");
	console_quit(t);
	recorded_stop(&world);
}

/* Whether the lines below a box's title hold anything, from that line of the box on. */
static bool
box_is_empty(struct bn_term *t, const char *title, int from, int width)
{
	int row, col, i;

	assert_true(bn_term_find(t, title, &row, &col));
	for (i = 0; i < 3; i++) {
		char *line = console_cut(t, row + from + i, col, col + width);
		bool empty = *line == '\0';

		free(line);
		if (!empty)
			return false;
	}
	return true;
}

static void
assert_box(struct bn_term *t, const char *title, int from, int width, bool empty)
{
	int64_t until = bn_monotonic() + RECORDED_WAIT;

	assert_shown(t, title);
	while (box_is_empty(t, title, from, width) != empty && bn_monotonic() < until)
		bn_term_pump(t, 100);
	if (box_is_empty(t, title, from, width) != empty)
		fail_msg("\"%s\" is %sempty:\n%s", title, empty ? "not " : "", bn_term_dump(t));
}

static void
views_side_panes_go_with_the_last_row(void **state)
{
	static const struct {
		const char *key, *title;
		int from, width; /* what of the box */
	} boxes[] = {{"2", " its latest runs ", 1, 40},
		     {"4", " latency, ms ", 2, 40},
		     {"7", " objectives ", 1, 30},
		     {"7", " 30 days ", 1, 30},
		     {"3", " governance ", 1, 60}};
	struct recorded world;
	struct bn_term *t;
	size_t i;

	(void)state;
	recorded_start(&world, STILL);
	t = console_start(&world.served, 120, 40, NULL, NULL, NULL);
	for (i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++) {
		bn_term_type(t, boxes[i].key);
		assert_box(t, boxes[i].title, boxes[i].from, boxes[i].width, false);
		bn_term_type(t, "/no-such-thing\r");
		assert_shown(t, "nothing matches the filter");
		assert_box(t, boxes[i].title, boxes[i].from, boxes[i].width, true);
		console_play(t, "<Esc><Gone:nothing matches>");
		assert_box(t, boxes[i].title, boxes[i].from, boxes[i].width, false);
	}
	console_quit(t);
	recorded_stop(&world);
}

/* ---- a run ----------------------------------------------------------------------------------- */

static void
open_run(struct bn_term *t)
{
	bn_term_type(t, "2");
	assert_shown(t, "PIPELINE");
	bn_term_type(t, "/transform-hourly\r");
	assert_shown(t, "1 pipeline");
	bn_term_type(t, "\r");
	assert_shown(t, "✗ stg_payments");
	assert_shown(t, "log · stg_payments");
	assert_shown(t, "DRIVER_UNREACHABLE");
}

/* How many requests for a log the platforms have seen. */
static int
logs_read(const struct recorded *world)
{
	FILE *file = fopen(world->record, "r");
	char line[4096];
	int logs = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL)
		logs += strstr(line, "/log") != NULL;
	fclose(file);
	return logs;
}

/* concepts(7): nobody is asked about the past. */
static void
views_run_in_the_past_reads_no_log_from_its_platform(void **state)
{
	struct recorded world;
	struct bn_term *t;
	int64_t until;
	int before;

	(void)state;
	recorded_start(&world, STILL " --speed 20");
	t = console_open(&world.served, 80, 30, NULL, NULL, NULL);
	assert_shown(t, "src 13/13");
	open_run(t);
	/* two minutes of that world at least: the one that `[` goes back to knows the tasks */
	for (until = bn_monotonic() + 8000; bn_monotonic() < until;)
		bn_term_pump(t, 100);
	bn_term_type(t, "[");
	assert_shown(t, "REPLAY 03:");
	assert_shown(t, "✗ stg_shipments");
	before = logs_read(&world);
	bn_term_type(t, "j");
	assert_shown(t, "log · stg_shipments");
	assert_shown(t, "nothing of it was kept");
	assert_int_equal(logs_read(&world), before);
	/* and of now it is read */
	bn_term_type(t, "T");
	assert_shown(t, "stg_shipments: DRIVER_UNREACHABLE");
	console_quit(t);
	recorded_stop(&world);
}

static void
views_log_is_that_of_the_try_that_runs(void **state)
{
	struct recorded world;
	struct bn_term *t;

	(void)state;
	recorded_start(&world, STILL);
	t = console_start(&world.served, 80, 30, NULL, NULL, NULL);
	open_run(t);
	bn_term_type(t, "j");
	assert_shown(t, "stg_shipments: DRIVER_UNREACHABLE");
	bn_term_type(t, "r");
	assert_shown(t, "y retry");
	bn_term_settle(t, 500, RECORDED_WAIT);
	bn_term_type(t, "cluster is back\rw"); /* this very screen stays */
	bn_term_settle(t, 500, RECORDED_WAIT);
	bn_term_type(t, "y");
	assert_shown(t, "retry asked");
	assert_shown(t, "◐ stg_shipments");
	assert_shown(t, "log · stg_shipments");
	assert_shown(t, "Running with dbt");
	assert_gone(t, "DRIVER_UNREACHABLE");
	console_quit(t);
	recorded_stop(&world);
}

static void
views_another_run_has_no_log_of_the_one_before(void **state)
{
	struct recorded world;
	struct bn_term *t;

	(void)state;
	recorded_start(&world, STILL);
	t = console_start(&world.served, 80, 24, NULL, NULL, NULL);
	open_run(t);
	bn_term_type(t, "N");
	assert_shown(t, "● succeeded");
	assert_shown(t, "no task selected");
	assert_gone(t, "log · stg_payments");
	console_quit(t);
	recorded_stop(&world);
}

/* The newest run of it went well: there is no task to whose log `l` could go. */
static void
views_log_that_was_asked_for_does_not_come_up_later(void **state)
{
	struct recorded world;
	struct bn_term *t;

	(void)state;
	recorded_start(&world, STILL);
	t = console_start(&world.served, 80, 24, NULL, NULL, NULL);
	bn_term_type(t, "2");
	assert_shown(t, "PIPELINE");
	bn_term_type(t, "/ing-competitor\r");
	assert_shown(t, "1 pipeline");
	bn_term_type(t, "l");
	assert_shown(t, "TASK");
	assert_shown(t, "▾ ● ing-competitor-prices");
	bn_term_settle(t, 1000, RECORDED_WAIT);
	assert_shown(t, "no task selected");
	bn_term_type(t, "j");
	assert_gone(t, "no task selected"); /* its log is read */
	bn_term_settle(t, 1000, RECORDED_WAIT);
	assert_shown(t, "TASK");
	console_quit(t);
	recorded_stop(&world);
}

static void
views_acknowledging_a_run_is_about_its_pipeline(void **state)
{
	struct recorded world;
	struct bn_term *t;
	int64_t until;

	(void)state;
	recorded_start(&world, STILL);
	t = console_start(&world.served, 80, 24, NULL, NULL, NULL);
	open_run(t);
	/* before it is known what is found about the run, it asks for the key once more */
	until = bn_monotonic() + RECORDED_WAIT;
	do
		bn_term_type(t, "a");
	while (!bn_term_wait(t, "acknowledged by", 3000) && bn_monotonic() < until);
	assert_shown(t, "transform-hourly acknowledged by");
	bn_term_type(t, "1");
	assert_shown(t, "needs you");
	assert_shown(t, "· 1 acked");
	assert_gone(t, "✗ 1 transform-hourly");
	console_quit(t);
	recorded_stop(&world);
}

/* A DAG that can't be imported is nothing that is known: the journal has its finding as RULE/KEY. */
static void
views_finding_about_nothing_is_acknowledged_on_the_timeline(void **state)
{
	struct recorded world;
	struct bn_term *t;

	(void)state;
	recorded_start(&world, STILL);
	t = console_start(&world.served, 80, 24, NULL, NULL, NULL);
	assert_shown(t, "legacy_ftp");
	bn_term_type(t, "9");
	assert_shown(t, "WHAT");
	bn_term_type(t, "/legacy_ftp kind:finding\r");
	bn_term_settle(t, 1000, RECORDED_WAIT);
	bn_term_type(t, "a");
	assert_shown(t, "acknowledged by");
	bn_term_type(t, "1");
	assert_shown(t, "· 1 acked");
	assert_gone(t, "legacy_ftp");
	console_quit(t);
	recorded_stop(&world);
}

static void
views_run_opened_by_itself_has_others_beside_it(void **state)
{
	struct recorded world;
	struct bn_term *t;

	(void)state;
	recorded_start(&world, STILL);
	t = console_start(&world.served, 80, 24, NULL, NULL, NULL);
	bn_term_type(t, "9");
	assert_shown(t, "WHAT");
	bn_term_type(t, "/transform-hourly kind:run\r");
	bn_term_settle(t, 1000, RECORDED_WAIT);
	bn_term_type(t, "\r");
	assert_shown(t, "transform-hourly ▸ 28f6k");
	assert_shown(t, "✗ stg_payments");
	bn_term_settle(t, 1000, RECORDED_WAIT);
	bn_term_type(t, "N");
	assert_gone(t, "28f6k");
	assert_shown(t, "● succeeded");
	bn_term_type(t, "n");
	assert_shown(t, "transform-hourly ▸ 28f6k");
	bn_term_type(t, "n");
	assert_shown(t, "no later run of its pipeline is known");
	console_quit(t);
	recorded_stop(&world);
}

/* Nobody asks for the tasks of a run that went well until somebody looks at it. */
static void
views_tasks_come_once_their_platform_is_back(void **state)
{
	struct recorded world;
	struct bn_term *t;
	int row, col;

	(void)state;
	recorded_start(&world, STILL);
	t = console_start(&world.served, 80, 24, NULL, NULL, NULL);
	bn_term_type(t, "2");
	assert_shown(t, "PIPELINE");
	bn_term_type(t, "/ing-competitor\r");
	assert_shown(t, "1 pipeline");
	served_faults(&world.served, "http=argo-prod:503\n", 0);
	bn_term_type(t, "\r");
	assert_shown(t, "TASK");
	bn_term_settle(t, 3000, RECORDED_WAIT);
	assert_false(bn_term_find(t, "▾", &row, &col));
	served_faults(&world.served, "", 0);
	assert_shown(t, "▾ ● ing-competitor-prices");
	console_quit(t);
	recorded_stop(&world);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void
views_keys_of_hints_do_what_they_say(void **state)
{
	struct recorded world;
	struct bn_term *t;
	char script[320], path[160];
	int row, col;

	(void)state;
	recorded_start(&world, STILL);
	t = console_start(&world.served, 80, 24, NULL, NULL, NULL);
	/* a log in a run is written, as any text */
	open_run(t);
	bn_term_settle(t, 500, RECORDED_WAIT);
	bn_term_type(t, "l");
	assert_shown(t, "x write");
	snprintf(path, sizeof(path), "%s/task.log", world.served.dir);
	snprintf(script, sizeof(script),
		 "x<Wait:write to: stg_payments.log><C-u>%s<Enter><Wait:written>", path);
	console_play(t, script);
	assert_int_equal(access(path, R_OK), 0);
	bn_term_type(t, "e");
	assert_shown(t, "a log stays as it was written");
	/* there is one help, however often it is asked for */
	console_play(t, "1<Wait:needs you>?<Quiet:300>?<Quiet:300>?<Wait:keys that are "
			"valid><Esc><Gone:keys that are valid>");
	/* a list of streams has no chart whose cursor moves */
	console_play(t, "5<Wait:zoom><Size:60x16><Gone:zoom>");
	assert_shown(t, "m maximise");
	assert_false(bn_term_find(t, "Tab next", &row, &col));
	console_quit(t);
	recorded_stop(&world);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(views_detail_goes_with_the_last_finding),
    cmocka_unit_test(views_side_panes_go_with_the_last_row),
    cmocka_unit_test(views_run_in_the_past_reads_no_log_from_its_platform),
    cmocka_unit_test(views_log_is_that_of_the_try_that_runs),
    cmocka_unit_test(views_another_run_has_no_log_of_the_one_before),
    cmocka_unit_test(views_log_that_was_asked_for_does_not_come_up_later),
    cmocka_unit_test(views_acknowledging_a_run_is_about_its_pipeline),
    cmocka_unit_test(views_finding_about_nothing_is_acknowledged_on_the_timeline),
    cmocka_unit_test(views_run_opened_by_itself_has_others_beside_it),
    cmocka_unit_test(views_tasks_come_once_their_platform_is_back),
    cmocka_unit_test(views_keys_of_hints_do_what_they_say),
};

int
main(void)
{
	setbuf(stdout, NULL);
	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}

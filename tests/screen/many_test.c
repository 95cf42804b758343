/* many_test.c - retrying many with real keys: the plan, what is set apart, progress, abort, hang-up, and the rest. */
/* SPDX-License-Identifier: MIT */
#include "tests/screen/recorded.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

/* A night in which two pipelines are red at once; one feeds the other. */
#define NIGHT "--seed 7 --at 2026-03-10T03:45:00Z"

/* Runs, with the two that failed marked. */
static struct bn_term *
start_marked(const struct recorded *world, int cols, int rows)
{
	struct bn_term *t = console_open(&world->served, cols, rows, NULL, NULL, NULL);

	bn_term_type(t, "2");
	assert_shown(t, "\xe2\x9c\x97 ing-competitor-prices");
	assert_shown(t, "\xe2\x9c\x97 transform-hourly");
	bn_term_type(t, "*");
	assert_shown(t, "2 marked");
	return t;
}

/* One of the two may not run twice. */
static void
set_apart(const struct recorded *world)
{
	struct said said;

	ask_shell(
	    &world->served,
	    "sed -i 's/^\\[ui\\]/[policy]\\n\\tappend = ing-competitor-*\\n[ui]/' $DEMO/config",
	    &said);
	assert_int_equal(said.code, 0);
	said_clear(&said);
}

/* Both are planned, and `y` is alive. */
static void
plan(struct bn_term *t, const char *reason)
{
	bn_term_type(t, "r");
	assert_shown(t, "y send 2");
	bn_term_settle(t, 300, RECORDED_WAIT);
	bn_term_type(t, reason);
	assert_shown(t, reason);
	bn_term_type(t, "\r");
	bn_term_settle(t, 300, RECORDED_WAIT);
}

/* It is sent, as far as it goes while the clock stands still: the first wave never ends. */
static void
send_first_wave(const struct recorded *world, struct bn_term *t)
{
	plan(t, "cluster is back");
	assert_writes(world, 0);
	bn_term_type(t, "y");
	assert_shown(t, "1 of 2 sent");
	assert_shown(t, "waiting for its runs");
	assert_writes(world, 1);
}

static void
many_are_sent_wave_by_wave_and_followed_to_their_end(void **state)
{
	struct recorded world;
	struct bn_term *t;
	struct said said;

	(void)state;
	recorded_start(&world, NIGHT " --speed 20");
	t = start_marked(&world, 120, 40);
	bn_term_type(t, "r");
	assert_shown(t, "bulk retry of 2 runs");
	assert_shown(t, "2 runs: 4 failed + 38 skipped pods run again; keeps 273");
	assert_shown(t, "wave 1   1 run \xc2\xb7 argo 1 \xc2\xb7 ing-competitor-prices");
	assert_shown(t, "wave 2   1 run \xc2\xb7 argo 1 \xc2\xb7 transform-hourly");
	assert_shown(t, "2 idempotent");
	assert_shown(t, "at most 8 under way at a source; stops when");
	bn_term_settle(t, 300, 2000);
	/* in the reason even y is a letter, and Enter only leaves it */
	bn_term_type(t, "yes");
	assert_shown(t, "yes");
	bn_term_type(t, "\r\r\r");
	bn_term_settle(t, 300, 2000);
	assert_writes(&world, 0);
	bn_term_type(t, "y");
	assert_shown(t, "bulk retry, record 1");
	assert_shown(t, "2 of 2 sent, 2 succeeded");
	assert_writes(&world, 2);
	bn_term_type(t, "2");
	assert_shown(t, "LAST");
	assert_gone(t, "2 marked");
	console_quit(t);
	/* one parent, a child for each; the chain is whole */
	assert_int_equal(recorded_number(&world, "SELECT count(*) FROM bulk_now"), 1);
	assert_int_equal(
	    recorded_number(&world,
			    "SELECT count(*) FROM intent WHERE parent = 1 AND state = 'done'"),
	    2);
	ask(&world.served, "audit verify", &said);
	assert_int_equal(said.code, 0);
	said_clear(&said);
	recorded_stop(&world);
}

static void
many_leave_append_work_out_until_its_name_is_typed(void **state)
{
	struct recorded world;
	struct bn_term *t;
	struct said said;

	(void)state;
	recorded_start(&world, NIGHT);
	ask_shell(
	    &world.served,
	    "sed -i 's/^\\[ui\\]/[policy]\\n\\tappend = ing-competitor-*\\n[ui]/' $DEMO/config",
	    &said);
	assert_int_equal(said.code, 0);
	said_clear(&said);
	t = start_marked(&world, 80, 24);
	bn_term_type(t, "r");
	assert_shown(t, "y send 1");
	assert_shown(t, "ing-competitor-prices: append, running twice can");
	assert_shown(t, "left out until its name is typed below");
	assert_shown(t, "transform-hourly is sent; what it waits for,");
	bn_term_settle(t, 300, RECORDED_WAIT);
	bn_term_type(t, "because\ring-competitor\r");
	assert_shown(t, "ing-competitor is none of those set apart");
	/* a name that stands there and was not taken keeps y from being alive */
	bn_term_type(t, "\ty");
	bn_term_settle(t, 300, RECORDED_WAIT);
	assert_writes(&world, 0);
	bn_term_press(t, "BackTab");
	bn_term_type(t, "-prices\r");
	assert_shown(t, "ing-competitor-prices is sent too");
	assert_shown(t, "y send 2");
	assert_writes(&world, 0);
	bn_term_press(t, "C-c");
	assert_shown(t, "nothing was sent");
	assert_writes(&world, 0);
	console_quit(t);
	recorded_stop(&world);
}

static void
many_aborted_leave_a_row_that_plans_the_rest(void **state)
{
	struct recorded world;
	struct said said;
	struct bn_term *t;

	(void)state;
	recorded_start(&world, NIGHT);
	t = start_marked(&world, 80, 24);
	send_first_wave(&world, t);
	/* who would retry the other one alone is told of it */
	ask(&world.served, "retry transform-hourly --plan", &said);
	assert_non_null(strstr(said.out, "bulk 1 of "));
	assert_non_null(strstr(said.out, " is about to send it"));
	said_clear(&said);
	/* it goes on behind other screens, and says so */
	bn_term_press(t, "Esc");
	assert_shown(t, "bulk 1/2 sent  P");
	bn_term_type(t, "4");
	assert_shown(t, "ENDPOINT");
	assert_shown(t, "bulk 1/2 sent  P");
	bn_term_type(t, "P");
	assert_shown(t, "waiting for its runs");
	bn_term_type(t, "x");
	assert_shown(t, "aborted");
	assert_gone(t, "waiting for its runs");
	assert_shown(t, "1 of 2 sent");
	assert_shown(t, "1 no longer watched");
	assert_shown(t, "aborted before its turn");
	assert_writes(&world, 1);
	/* the row on Triage; only what was not sent is planned again */
	bn_term_type(t, "1R/bulk retry\r");
	assert_shown(t, "bulk retry of 2");
	assert_shown(t, "2 aborted: 1 sent, 1 not");
	bn_term_settle(t, 300, RECORDED_WAIT);
	bn_term_type(t, "r");
	assert_shown(t, "the rest of bulk retry 1");
	assert_shown(t, "y send 1");
	assert_shown(t, "wave 1   1 run \xc2\xb7 argo 1 \xc2\xb7 transform-hourly");
	bn_term_settle(t, 300, RECORDED_WAIT);
	bn_term_type(t, "the rest\r");
	bn_term_settle(t, 300, RECORDED_WAIT);
	assert_writes(&world, 1);
	bn_term_type(t, "y");
	assert_shown(t, "1 of 1 sent");
	assert_writes(&world, 2);
	bn_term_type(t, "QQ");
	assert_int_equal(bn_term_exit(t, RECORDED_WAIT), 0);
	bn_term_free(t);
	assert_int_equal(recorded_number(&world, "SELECT count(*) FROM bulk_now WHERE rest_of = 1"),
			 1);
	recorded_stop(&world);
}

/* Somebody else was quicker: nothing is sent, the line says so and why, and Triage plans what is left. */
static void
many_that_could_not_be_sent_are_said_with_the_reason(void **state)
{
	struct recorded world;
	struct bn_term *t;
	struct said said;

	(void)state;
	recorded_start(&world, NIGHT);
	t = start_marked(&world, 120, 40);
	plan(t, "cluster is back");
	ask(&world.served, "retry ing-competitor-prices --yes", &said);
	assert_int_equal(said.code, 0);
	said_clear(&said);
	assert_writes(&world, 1);
	bn_term_type(t, "y");
	assert_shown(t, "stopped after wave 1: 1 of 1 could not be sent, 2 not sent");
	assert_shown(t, "0 of 2 sent \xc2\xb7 0 done \xc2\xb7 2 left (1 could not be sent)");
	assert_shown(t, "argo      not-sent ing-competitor-prices-kt9ds was retried");
	assert_shown(t, "argo      not-sent stopped: too much of its wave failed");
	assert_shown(t, "could not be sent, 2 not sent: ing-competitor-prices-kt9ds was");
	assert_writes(&world, 1);
	bn_term_type(t, "1R/bulk retry\r");
	assert_shown(t, "bulk retry of 2 stopped: 0 sent, 2 not");
	bn_term_settle(t, 300, RECORDED_WAIT);
	bn_term_type(t, "r");
	assert_shown(t, "the rest of bulk retry 4");
	assert_shown(t, "y send 1");
	bn_term_settle(t, 300, RECORDED_WAIT);
	bn_term_press(t, "C-c");
	assert_shown(t, "nothing was sent");
	assert_writes(&world, 1);
	console_quit(t);
	recorded_stop(&world);
}

static void
many_hung_up_finish_what_is_sent_and_keep_the_rest(void **state)
{
	struct recorded world;
	struct bn_term *t;
	struct said said;

	(void)state;
	recorded_start(&world, NIGHT);
	t = start_marked(&world, 80, 24);
	send_first_wave(&world, t);
	bn_term_hang_up(t);
	assert_int_equal(bn_term_exit(t, RECORDED_WAIT), 129);
	bn_term_free(t);
	assert_writes(&world, 1);
	ask(&world.served, "status", &said);
	assert_non_null(strstr(said.out, "bulk retry of 2"));
	said_clear(&said);
	assert_int_equal(
	    recorded_number(&world, "SELECT count(*) FROM intent WHERE state = 'done'"), 1);
	ask(&world.served, "audit verify", &said);
	assert_int_equal(said.code, 0);
	said_clear(&said);
	recorded_stop(&world);
}

static void
many_are_not_left_by_one_press_of_quit(void **state)
{
	struct recorded world;
	struct bn_term *t;

	(void)state;
	recorded_start(&world, NIGHT);
	t = start_marked(&world, 80, 24);
	send_first_wave(&world, t);
	bn_term_type(t, "Q");
	assert_shown(t, "quit again stops the bulk retry at 1 of 2 sent");
	/* nor is anything else planned meanwhile */
	bn_term_type(t, "2");
	assert_shown(t, "PIPELINE");
	bn_term_type(t, "r");
	assert_shown(t, "one thing at a time");
	assert_shown(t, "waiting for its runs");
	/* whoever did something else meanwhile is told again */
	bn_term_type(t, "Q");
	assert_shown(t, "quit again stops the bulk retry at 1 of 2 sent");
	bn_term_type(t, "Q");
	assert_int_equal(bn_term_exit(t, RECORDED_WAIT), 0);
	bn_term_free(t);
	assert_writes(&world, 1);
	recorded_stop(&world);
}

/* The warning holds for the very next key only, and Ctrl-Z has one of its own. */
static void
many_warn_anew_after_anything_else(void **state)
{
	struct recorded world;
	struct bn_term *t;

	(void)state;
	recorded_start(&world, NIGHT);
	t = start_marked(&world, 80, 24);
	send_first_wave(&world, t);
	bn_term_press(t, "Esc");
	assert_shown(t, "bulk 1/2 sent  P");
	bn_term_type(t, "q");
	assert_shown(t, "quit again stops the bulk retry at 1 of 2 sent");
	bn_term_type(t, ":audit list\r");
	assert_shown(t, "Output");
	bn_term_type(t, "q");
	assert_gone(t, "Output");
	bn_term_type(t, "q");
	assert_shown(t, "quit again stops the bulk retry at 1 of 2 sent");
	bn_term_press(t, "C-z");
	assert_shown(t, "suspend again holds up the bulk retry at 1 of 2 sent");
	bn_term_type(t, ":quit\r");
	assert_shown(t, "quit again stops the bulk retry at 1 of 2 sent");
	bn_term_type(t, ":quit\r");
	assert_int_equal(bn_term_exit(t, RECORDED_WAIT), 0);
	bn_term_free(t);
	assert_writes(&world, 1);
	recorded_stop(&world);
}

/* On Triage stands much that nobody can retry: `*` takes what can be, and other marks are no part of a plan. */
static void
many_are_marked_on_triage_among_other_trouble(void **state)
{
	struct recorded world;
	struct bn_term *t;

	(void)state;
	recorded_start(&world, NIGHT);
	t = console_start(&world.served, 120, 40, NULL, NULL, NULL);
	assert_shown(t, "demand-forecast@118203");
	assert_shown(t, "ing-competitor-prices");
	bn_term_type(t, "*");
	assert_shown(t, "2 marked");
	bn_term_type(t, "r");
	assert_shown(t, "bulk retry of 2 runs");
	bn_term_settle(t, 300, RECORDED_WAIT); /* what comes before it was seen is thrown away */
	bn_term_press(t, "C-c");
	assert_shown(t, "nothing was sent");
	/* everything else that is wrong, under a filter that hides the two */
	bn_term_type(t, "/demand-forecast@\r");
	assert_gone(t, "ing-competitor-prices");
	bn_term_type(t, "g r");
	assert_shown(t, "r is not offered: none of the 3 marked rows is something that runs");
	bn_term_type(t, "U");
	assert_gone(t, "3 marked");
	assert_writes(&world, 0);
	console_quit(t);
	recorded_stop(&world);
}

/* 60x16, ASCII, no colour: the form stays in sight, the lines above it scroll. */
static void
many_fit_a_small_plain_terminal(void **state)
{
	static const char *const env[] = {"LC_ALL=C", NULL};
	struct recorded world;
	struct bn_term *t;
	const char *at;
	char *dump;

	(void)state;
	recorded_start(&world, NIGHT);
	set_apart(&world);
	t = console_open(&world.served, 60, 16, "vt100", env, NULL);
	bn_term_type(t, "2");
	assert_shown(t, "x ing-competitor-prices");
	assert_shown(t, "x transform-hourly");
	bn_term_type(t, "*");
	assert_shown(t, "2 marked");
	bn_term_type(t, "r");
	assert_shown(t, "y send 1");
	assert_shown(t, "what");
	assert_shown(t, "PgUp PgDn");
	bn_term_settle(t, 300, RECORDED_WAIT);
	bn_term_press(t, "PgDn");
	assert_shown(t, "typical");
	assert_shown(t, "reason");
	bn_term_type(t, "why\ring-competitor-prices\r");
	assert_shown(t, "y send 2");
	bn_term_type(t, "y");
	assert_shown(t, "1 of 2 sent");
	assert_shown(t, "wave 2");
	assert_shown(t, "> 1  ing-competitor-price");
	dump = bn_term_dump(t);
	for (at = dump; *at != '\0'; at++)
		assert_true((unsigned char)*at < 0x80);
	free(dump);
	bn_term_type(t, "QQ");
	assert_int_equal(bn_term_exit(t, RECORDED_WAIT), 0);
	bn_term_free(t);
	recorded_stop(&world);
}

/* Marks, but nobody may act: neither in a read-only session nor in the past. */
static void
many_are_not_planned_where_nobody_may_act(void **state)
{
	struct recorded world;
	struct bn_term *t;
	int row, col;

	(void)state;
	recorded_start(&world, NIGHT);
	t = console_start(&world.served, 80, 24, NULL, NULL, "--read-only");
	bn_term_type(t, "2");
	assert_shown(t, "\xe2\x9c\x97 transform-hourly");
	bn_term_type(t, "*");
	assert_shown(t, "2 marked");
	bn_term_type(t, "r");
	bn_term_settle(t, 700, RECORDED_WAIT);
	assert_false(bn_term_find(t, "Enter never sends", &row, &col));
	/* nor is the command completed */
	bn_term_type(t, ":ret\t");
	bn_term_settle(t, 500, RECORDED_WAIT);
	assert_false(bn_term_find(t, ":retry", &row, &col));
	bn_term_press(t, "C-c");
	console_quit(t);
	t = start_marked(&world, 80, 24);
	bn_term_type(t, ":ret\t");
	assert_shown(t, ":retry");
	bn_term_press(t, "C-c");
	bn_term_type(t, "[");
	assert_shown(t, "REPLAY");
	bn_term_type(t, "r");
	assert_shown(t, "in the past");
	bn_term_type(t, "?");
	assert_shown(t, "keys that are valid");
	assert_false(bn_term_find(t, "plan a retry", &row, &col));
	assert_writes(&world, 0);
	console_quit(t);
	recorded_stop(&world);
}

/* Esc while a platform does not answer: the plan is gone at once, and the runs behind the first are not planned. */
static void
many_whose_plan_is_left_never_hold_the_console(void **state)
{
	struct recorded world;
	struct bn_term *t;
	int row, col, i;

	(void)state;
	recorded_start(&world, NIGHT);
	t = start_marked(&world, 80, 24);
	served_faults(&world.served, "slow=argo-prod:5m", 0);
	bn_term_type(t, "r");
	assert_shown(t, "asking their platforms");
	bn_term_press(t, "Esc");
	if (!bn_term_wait(t, "nothing was sent", 20000))
		fail_msg("Esc waits for the platform:\n%s", bn_term_dump(t));
	assert_gone(t, "asking their platforms");
	served_faults(&world.served, "", 0);
	/* the marks are still there, and can be planned again as soon as the thread has seen it: it does not go on
	 * with the rest, 10 s for each */
	for (i = 0; i < 15 && !bn_term_find(t, "bulk retry of 2 runs", &row, &col); i++) {
		bn_term_type(t, "r");
		bn_term_wait(t, "bulk retry of 2 runs", 1000);
	}
	assert_shown(t, "bulk retry of 2 runs");
	bn_term_settle(t, 300, RECORDED_WAIT);
	bn_term_press(t, "C-c");
	assert_shown(t, "nothing was sent");
	assert_writes(&world, 0);
	console_quit(t);
	recorded_stop(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(many_are_sent_wave_by_wave_and_followed_to_their_end),
	    cmocka_unit_test(many_leave_append_work_out_until_its_name_is_typed),
	    cmocka_unit_test(many_aborted_leave_a_row_that_plans_the_rest),
	    cmocka_unit_test(many_that_could_not_be_sent_are_said_with_the_reason),
	    cmocka_unit_test(many_hung_up_finish_what_is_sent_and_keep_the_rest),
	    cmocka_unit_test(many_are_not_left_by_one_press_of_quit),
	    cmocka_unit_test(many_warn_anew_after_anything_else),
	    cmocka_unit_test(many_are_marked_on_triage_among_other_trouble),
	    cmocka_unit_test(many_fit_a_small_plain_terminal),
	    cmocka_unit_test(many_are_not_planned_where_nobody_may_act),
	    cmocka_unit_test(many_whose_plan_is_left_never_hold_the_console),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	setbuf(stdout, NULL);
	return cmocka_run_group_tests_name("many", tests, NULL, NULL);
}

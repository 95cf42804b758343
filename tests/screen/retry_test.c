/* retry_test.c - the retry dialog with real keys: what it shows, what sends, and that nothing else does. */
/* SPDX-License-Identifier: MIT */
#include "tests/screen/recorded.h"

#include <locale.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* The clock stands still, so the second attempt has no length yet: what is seen of the task is its first, in the upper
 * half of its line. */
static void
assert_bar(struct bn_term *t, const char *task)
{
	int row, col, cols, rows, bars = 0, i;

	assert_shown(t, task);
	bn_term_settle(t, 500, RECORDED_WAIT);
	bn_term_size(t, &cols, &rows);
	assert_true(bn_term_find(t, task, &row, &col));
	for (i = 0; i < cols; i++)
		bars += strcmp(bn_term_cell(t, row, i).text, "\xe2\x96\x80") == 0;
	if (bars < 3) {
		char *dump = bn_term_dump(t);

		print_message("%s\n", dump);
		free(dump);
	}
	assert_true(bars >= 3);
}

static void
retry_is_sent_once_by_y_after_the_reason(void **state)
{
	struct recorded world;
	struct bn_term *t;

	(void)state;
	recorded_start(&world, "--at 2026-03-10T03:12:44Z");
	t = console_start(&world.served, 80, 24, NULL, NULL, NULL);
	bn_term_type(t, "r");
	assert_shown(t, "y retry");
	assert_shown(t, "Enter never sends");
	assert_shown(t, "failed nodes only: 3 failed + 37 skipped; keeps 272 ok");
	assert_shown(
	    t,
	    "1 \xe2\x96\xb8 3 staging   2 \xe2\x96\xb8 16 intermediate   3 \xe2\x96\xb8 14 marts");
	assert_shown(t, "4 \xe2\x96\xb8 7 exports");
	assert_shown(t, "idempotent (declared by the pipeline)");
	assert_shown(t, "not retried before");
	assert_shown(t, "PUT workflow retry, without parameters");
	assert_shown(t, "next schedule 04:05");
	bn_term_settle(t, 300, RECORDED_WAIT);
	assert_true(bn_term_cursor_visible(t));
	/* in the reason even y is a letter */
	console_play(t, "yes, cluster is back");
	assert_shown(t, "yes, cluster is back");
	assert_writes(&world, 0);
	console_play(t, "<Enter><Enter><Enter>");
	assert_writes(&world, 0);
	console_play(t, "y");
	assert_shown(t, "retry asked");
	assert_writes(&world, 1);
	/* then watch: the run in its second attempt */
	assert_shown(t, "transform-hourly-28f6k");
	assert_shown(t, "running");
	assert_bar(t, "stg_payments");
	/* a second one is refused while it runs */
	bn_term_type(t, "r");
	assert_shown(t, "runs at this moment");
	assert_writes(&world, 1);
	console_quit(t);
	recorded_stop(&world);
}

static void
keys_typed_before_the_plan_stands_there_are_thrown_away(void **state)
{
	struct recorded world;
	struct bn_term *t;

	(void)state;
	recorded_start(&world, "--at 2026-03-10T03:12:44Z --fault slow=argo-prod:300ms");
	t = console_start(&world.served, 120, 40, NULL, NULL, NULL);
	bn_term_type(t, "r\ry");
	assert_shown(t, "y retry");
	bn_term_settle(t, 500, RECORDED_WAIT);
	assert_writes(&world, 0);
	assert_shown(t, "wave 2   16 intermediate");
	/* and Esc leaves without having sent anything */
	console_play(t, "<Esc>");
	assert_shown(t, "nothing was sent");
	assert_writes(&world, 0);
	console_quit(t);
	recorded_stop(&world);
}

/* Before a console reads it. */
static void
set_policy(const struct recorded *world, const char *option)
{
	char line[160];
	struct said said;

	snprintf(line, sizeof(line), "sed -i 's/^\\[ui\\]/[policy]\\n\\t%s\\n[ui]/' $DEMO/config",
		 option);
	ask_shell(&world->served, line, &said);
	assert_int_equal(said.code, 0);
	said_clear(&said);
}

static void
append_work_needs_its_name_typed(void **state)
{
	struct recorded world;
	struct bn_term *t;

	(void)state;
	recorded_start(&world, "--at 2026-03-10T03:12:44Z");
	/* nobody says whether it may run twice */
	set_policy(&world, "append = transform-*");
	t = console_start(&world.served, 80, 24, NULL, NULL, NULL);
	bn_term_type(t, "r");
	assert_shown(t, "type transform-hourly to go on");
	bn_term_settle(t, 300, RECORDED_WAIT);
	assert_shown(t, "retry of append work");
	console_play(t, "checked the log<Enter>transform-hour<Enter>yy<Enter>");
	assert_writes(&world, 0);
	console_play(t, "<C-u>transform-hourly<Enter>");
	assert_writes(&world, 0);
	console_play(t, "y");
	assert_shown(t, "retry asked");
	assert_writes(&world, 1);
	console_quit(t);
	recorded_stop(&world);
}

/* J1 on one thing: it is acknowledged, looked at, and retried; no key of these is about anything else. */
static void
retry_after_acknowledging_is_of_the_same_thing(void **state)
{
	struct recorded world;
	struct bn_term *t;
	int row, col, after;

	(void)state;
	recorded_start(&world, "--seed 7 --at 2026-03-10T03:45:00Z");
	t = console_start(&world.served, 80, 24, NULL, NULL, NULL);
	bn_term_type(t, "j");
	assert_shown(t, "─ transform-hourly ─"); /* the cursor is on it */
	assert_true(bn_term_find(t, " ✗ 1 transform-hourly", &row, &col));
	bn_term_type(t, "a");
	assert_shown(t, "transform-hourly acknowledged by");
	assert_shown(t, "a✗ 1 transform-hourly");
	assert_true(bn_term_find(t, "a✗ 1 transform-hourly", &after, &col));
	assert_int_equal(after, row);
	/* the title says so, and still what is red */
	assert_shown(t, " red, ");
	assert_shown(t, "· 1 acked");
	bn_term_resize(t, 60, 16);
	bn_term_settle(t, 500, RECORDED_WAIT);
	assert_shown(t, "acked");
	assert_shown(t, " red, ");
	bn_term_resize(t, 80, 24);
	assert_shown(t, "─ transform-hourly ─");
	console_play(t, "w<Wait:what changed around transform-hourly><Esc>");
	console_play(t, "b<Wait:it feeds><Esc><Wait:needs you>");
	bn_term_type(t, "r");
	assert_shown(t, "Enter never sends");
	assert_shown(t, "run      transform-hourly-");
	bn_term_settle(t, 300,
		       RECORDED_WAIT); /* what is typed before it stands there is thrown away */
	console_play(t, "<Esc>");
	assert_shown(t, "nothing was sent");
	/* it goes with the cursor, and comes again for whoever asks for what is hidden */
	bn_term_type(t, "j");
	assert_gone(t, "✗ 1 transform-hourly");
	bn_term_type(t, "A");
	assert_shown(t, "a✗ 1 transform-hourly");
	assert_writes(&world, 0);
	console_quit(t);
	recorded_stop(&world);
}

/* It is the plan of that run; out of it again. */
static void
leave_plan_of(struct bn_term *t, const char *run)
{
	assert_shown(t, run);
	assert_shown(t, "y retry");
	bn_term_settle(t, 300, RECORDED_WAIT);
	console_play(t, "<Esc><Wait:nothing was sent><Esc>");
}

/* A filter and the key that is meant for what it leaves, at one stroke: what was on top before is not meant. */
static void
keys_typed_ahead_are_about_the_rows_that_were_asked_for(void **state)
{
	struct recorded world;
	struct bn_term *t;

	(void)state;
	recorded_start(&world, "--seed 7 --at 2026-03-10T03:45:00Z");
	t = console_start(&world.served, 80, 24, NULL, NULL, NULL);
	bn_term_type(t, "2");
	assert_shown(t, "\xe2\x9c\x97 transform-hourly");
	assert_shown(t, "\xe2\x9c\x97 ing-competitor-prices");
	bn_term_type(t, "/transform-h\rr");
	leave_plan_of(t, "run      transform-hourly-");
	bn_term_type(t, "/competitor\rr");
	leave_plan_of(t, "run      ing-competitor-prices-");
	/* what needs nobody to confirm it; and by another tab */
	bn_term_type(t, "1/ing-comp\ra");
	assert_shown(t, "ing-competitor-prices acknowledged by");
	bn_term_type(t, "4/no-such-thing\r1/\025transform-h\rr");
	leave_plan_of(t, "run      transform-hourly-");
	assert_writes(&world, 0);
	console_quit(t);
	recorded_stop(&world);
}

/* A retry of the run in the journal, a minute ago, of a person with a long name; nobody checks the chain here.
 * `told`: what became of it is known. */
static void
somebody_retried_it(const struct recorded *world, bool told)
{
	static const char asked[] =
	    "INSERT INTO record SELECT 1, 1773112364000 - 60000, 'intent',"
	    " 'a-person-with-a-name-of-some-length', '', 'elsewhere', '', 'argo-prod', 'run',"
	    " 'transform-hourly-28f6k', NULL, '', '{\"verb\":\"retry\"}', '0', '1'";
	static const char became[] =
	    "INSERT INTO record SELECT 2, 1773112364000 - 59000, 'outcome', user, '', host, '',"
	    " source, kind, key, 1, '', '{\"state\":\"done\"}', '1', '2' FROM record";
	char path[256];
	sqlite3 *db = NULL;

	snprintf(path, sizeof(path), "%s/state/journal.db", world->served.demo);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, asked, NULL, NULL, NULL), SQLITE_OK);
	if (told)
		assert_int_equal(sqlite3_exec(db, became, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* What forbids it is the first thing to be read, and all of it, on the smallest screen, too. */
static void
retry_that_is_refused_says_why_where_it_is_seen(void **state)
{
	struct recorded world;
	struct bn_term *t;
	struct said said;
	int row, col;

	(void)state;
	recorded_start(&world, "--at 2026-03-10T03:12:44Z");
	ask(&world.served, "audit list", &said); /* makes the journal */
	said_clear(&said);
	somebody_retried_it(&world, true);
	t = console_start(&world.served, 60, 16, NULL, NULL, NULL);
	bn_term_type(t, "r");
	assert_shown(t, "n / Esc close");
	assert_true(bn_term_find(t, "not now  ✗ was retried 1m ago by", &row, &col));
	assert_int_equal(row, 3); /* below the run's name, which it does not repeat */
	assert_shown(t, "again in 9m");
	assert_false(bn_term_find(t, "…", &row, &col));
	bn_term_settle(t, 300, RECORDED_WAIT);
	console_play(t, "<PgDn><PgDn>");
	assert_shown(t, "next schedule");
	assert_shown(t, "n / Esc close");
	console_play(t, "<Esc>");
	console_quit(t);
	recorded_stop(&world);
}

/* Nothing left this console: whose request it is that nobody knows the outcome of is said, not "sent". */
static void
retry_of_what_somebody_sent_meanwhile_is_not_called_sent(void **state)
{
	struct recorded world;
	struct bn_term *t;
	int row, col;

	(void)state;
	recorded_start(&world, "--at 2026-03-10T03:12:44Z");
	t = console_start(&world.served, 120, 40, NULL, NULL, NULL);
	bn_term_type(t, "r");
	assert_shown(t, "y retry");
	bn_term_settle(t, 300, RECORDED_WAIT);
	somebody_retried_it(&world, false);
	console_play(t, "back again<Enter>y");
	assert_shown(t, "intent 1 of a-person-with-a-name-of-some-length@elsewhere");
	assert_false(bn_term_find(t, "record 0", &row, &col));
	assert_writes(&world, 0);
	console_quit(t);
	recorded_stop(&world);
}

/* Nothing of the plan is cut at 80 columns, and a wave of 120 says how many it does not name. */
static void
retry_dialog_folds_its_lines(void **state)
{
	struct recorded world;
	struct bn_term *t;
	int row, first, col;
	char *line;

	(void)state;
	recorded_start(&world, "--at 2026-03-10T03:12:44Z");
	t = console_start(&world.served, 80, 24, NULL, NULL, NULL);
	bn_term_type(t, "r");
	assert_shown(t, "y retry");
	assert_shown(t, "(they would re-run");
	assert_shown(t, "nodes that already succeeded)");
	assert_true(bn_term_find(t, "note     time to live: ", &first, &col));
	/* under the text of the note, and two further in */
	assert_true(bn_term_find(t, "           if it still runs then", &row, &col));
	assert_int_equal(row, first + 1);
	assert_true(bn_term_find(t, "reason   ", &row, &col));
	assert_shown(t, "w [x] then watch");
	bn_term_resize(t, 120, 40);
	assert_shown(t, "wave 4");
	bn_term_settle(t, 500, RECORDED_WAIT);
	/* as many names as there is room for, and how many more */
	assert_true(bn_term_find(t, "wave 4    7 exports", &row, &col));
	line = console_cut(t, row, 0, 120);
	assert_non_null(strstr(line, "exp_courier_billing"));
	assert_non_null(strstr(line, " more"));
	free(line);
	bn_term_resize(t, 60, 16);
	bn_term_settle(t, 500, RECORDED_WAIT);
	assert_shown(t, "reason   ");
	assert_shown(t, "y retry");
	assert_shown(t, "n / Esc cancel");
	assert_true(bn_term_cursor_visible(t));
	console_play(t, "<Esc>");
	console_quit(t);
	recorded_stop(&world);
}

static void
retry_that_needs_a_reason_says_so(void **state)
{
	struct recorded world;
	struct bn_term *t;

	(void)state;
	recorded_start(&world, "--at 2026-03-10T03:12:44Z");
	set_policy(&world, "require-reason = true");
	t = console_start(&world.served, 60, 16, NULL, NULL, NULL);
	bn_term_type(t, "r");
	assert_shown(t, "reason     required: [policy] require-reason");
	bn_term_settle(t, 300, RECORDED_WAIT);
	console_play(t, "<Enter>");
	assert_shown(t, "required: [policy] require-reason");
	console_play(t, "cluster is back");
	assert_gone(t, "required: [policy]");
	console_play(t, "<Enter>y");
	assert_shown(t, "retry asked");
	assert_writes(&world, 1);
	console_quit(t);
	recorded_stop(&world);
}

static void
read_only_session_has_no_such_key(void **state)
{
	struct recorded world;
	struct bn_term *t;
	int row, col;

	(void)state;
	recorded_start(&world, "--at 2026-03-10T03:12:44Z");
	t = console_start(&world.served, 120, 40, NULL, NULL, "--read-only");
	assert_false(bn_term_find(t, "r retry", &row, &col));
	console_play(t, "r");
	assert_false(bn_term_find(t, "Enter never sends", &row, &col));
	console_play(t, "?");
	assert_false(bn_term_find(t, "plan a retry", &row, &col));
	console_play(t, "<Esc>");
	assert_writes(&world, 0);
	console_quit(t);
	recorded_stop(&world);
}

/* The hint line shows the keys that do something for what is selected; pressed all the same, they say why not. */
static void
retry_is_hinted_only_where_something_runs(void **state)
{
	struct recorded world;
	struct bn_term *t;

	(void)state;
	recorded_start(&world, "--seed 7 --at 2026-03-10T03:45:00Z");
	t = console_start(&world.served, 80, 24, NULL, NULL, NULL);
	assert_shown(t, "─ demand-forecast@"); /* a model's version */
	assert_gone(t, "r retry");
	assert_gone(t, "l log");
	assert_shown(t, "b lineage");
	bn_term_type(t, "r");
	assert_shown(t, "r is not offered: a model is not something that runs");
	bn_term_type(t, "l");
	assert_shown(t, "a model has no log");
	bn_term_type(t, "j");
	assert_shown(t, "─ transform-hourly ─");
	assert_shown(t, "r retry");
	assert_shown(t, "l log");
	console_quit(t);
	t = console_start(&world.served, 80, 24, NULL, NULL, "--read-only");
	assert_gone(t, "r retry");
	bn_term_type(t, "jr");
	assert_shown(t, "read-only: started with --read-only, nothing is sent");
	assert_writes(&world, 0);
	console_quit(t);
	recorded_stop(&world);
}

/* Does it have a line of a run that began at `first`, or at one of the 36 tens of minutes after it? */
static bool
has_line_of(const char *body, bn_time first)
{
	char minute[BN_TIME_TEXT];
	int i;

	for (i = 0; i < 36; i++) {
		bn_time_show(first + i * INT64_C(600000), NULL, BN_TIME_HM, minute);
		strcat(minute, ":");
		if (strstr(body, minute) != NULL)
			return true;
	}
	return false;
}

/* The log of a pipeline that runs every ten minutes, on a dashboard: it goes on to a next run, and follows that. Which
 * one it is depends on how fast this machine is: a run is the newest for 30 s. */
static void
assert_log_goes_on(struct bn_term *t, const struct served *served)
{
	json_t *facts = served_facts(served);
	bn_time at = fact_time(facts, "at"), next = ((at + 90000) / 600000 + 1) * 600000;
	char *dump = NULL, *body;
	bool found = false;
	int i;

	json_decref(facts);
	bn_term_type(t, ":dashboard log\r");
	for (i = 0; i < RECORDED_WAIT / 500 && !found; i++) {
		bn_term_settle(t, 500, 500);
		free(dump);
		dump = bn_term_dump(t);
		body = strchr(dump, '\n'); /* the first line has the clock in it */
		found = body != NULL && has_line_of(body, next);
	}
	if (!found)
		fail_msg("no run after the one that was the newest is in:\n%s", dump);
	free(dump);
}

/* The handover tells of as many retries as were made. */
static void
assert_handed_over(const struct recorded *world, int retries)
{
	struct said said;
	json_t *report, *item;
	size_t i;
	int found = 0;

	ask(&world->served, "report handover --since 2h -o json", &said);
	report = said_json(&said);
	json_array_foreach(json_object_get(report, "items"), i, item)
	{
		if (strcmp(json_string_value(json_object_get(item, "section")), "recovered") != 0 ||
		    strcmp(json_string_value(json_object_get(item, "what")), "transform-hourly") !=
			0)
			continue;
		found++;
		assert_int_equal(json_integer_value(json_object_get(item, "retries")), retries);
	}
	assert_int_equal(found, 1);
	json_decref(report);
	said_clear(&said);
}

/* J2 to its end, the clock going: attempt 2 comes up, what runs again is counted, and the pipeline has recovered. */
static void
retry_is_watched_until_it_has_recovered(void **state)
{
	struct recorded world;
	struct bn_term *t;
	struct said said;

	(void)state;
	recorded_start(&world, "--at 2026-03-10T03:12:44Z --speed 20");
	ask_shell(&world.served,
		  "printf '[dashboard \"log\"]\n\tpanel = log pipeline/argo-prod/ing-shop-orders\n'"
		  " >> $DEMO/config",
		  &said);
	assert_int_equal(said.code, 0);
	said_clear(&said);
	t = console_open(&world.served, 120, 40, NULL, NULL, NULL);
	assert_shown(t, "\xe2\x9c\x97 1  transform-hourly");
	bn_term_type(t, "\r");
	assert_shown(t, "same error: never retried");
	bn_term_type(t, "r");
	assert_shown(t, "y retry");
	bn_term_settle(t, 300, 2000);
	bn_term_type(t, "cluster is back\r");
	bn_term_settle(t, 300, 2000);
	bn_term_type(t, "y");
	assert_shown(t, "attempt 2");
	assert_shown(t, "/40 ");
	assert_shown(t, "\xe2\x96\x84\xe2\x96\x84"); /* attempt 2 under … */
	assert_shown(t, "\xe2\x96\x80\xe2\x96\x80"); /* … attempt 1 */
	/* Triage tells whoever looks there, too, and another session */
	bn_term_type(t, "1");
	assert_shown(t, "retrying ");
	bn_term_type(t, "\r");
	assert_shown(t, "succeeded 4m");
	bn_term_type(t, "1");
	assert_shown(t, "transform-hourly recovered 03:");
	assert_shown(t, "1 retry");
	assert_handed_over(&world, 1);
	assert_log_goes_on(t, &world.served);
	assert_writes(&world, 1);
	console_quit(t);
	recorded_stop(&world);
}

/* What was retried and failed again looks otherwise than what nobody has touched. */
static void
retry_that_failed_again_is_told_on_triage(void **state)
{
	struct recorded world;
	struct bn_term *t;

	(void)state;
	recorded_start(&world, "--scenario I1-bad-sql --at 2026-03-10T03:12:44Z --speed 20");
	t = console_open(&world.served, 120, 40, NULL, NULL, NULL);
	assert_shown(t, "\xe2\x9c\x97 1  transform-hourly");
	bn_term_type(t, "r");
	assert_shown(t, "y retry");
	bn_term_settle(t, 300, 2000);
	bn_term_type(t, "perhaps it helps\r");
	bn_term_settle(t, 300, 2000);
	bn_term_type(t, "y");
	assert_shown(t, "attempt 2");
	bn_term_type(t, "1");
	assert_shown(t, "failed again \xc2\xb7 ");
	assert_writes(&world, 1);
	console_quit(t);
	recorded_stop(&world);
}

/* Airflow clears single tasks: `s` chooses them, what was chosen is planned anew, and only that is sent. */
static void
retry_of_some_tasks_is_planned_anew(void **state)
{
	struct recorded world;
	struct bn_term *t;
	struct said said;
	int row, col, i;

	(void)state;
	recorded_start(&world, "--at 2026-03-10T03:12:44Z");
	t = console_start(&world.served, 80, 24, NULL, NULL, NULL);
	bn_term_type(t, "2");
	assert_shown(t, "PIPELINE");
	bn_term_type(t, "/ing-weather\r");
	assert_shown(t, "\xe2\x94\x80 ing-weather \xe2\x94\x80"); /* the cursor is on it */
	bn_term_type(t, "\r");
	assert_shown(t, "Runs \xe2\x96\xb8 ing-weather");
	/* the one that failed, thirteen runs ago */
	for (i = 0; i < 40 && !bn_term_find(t, "failed 55s", &row, &col); i++) {
		bn_term_type(t, "N");
		bn_term_settle(t, 300, 5000);
	}
	assert_shown(t, "failed 55s");
	bn_term_type(t, "r");
	assert_shown(t, "failed tasks: 1 failed + 2 upstream_failed");
	assert_shown(t, "s tasks");
	bn_term_settle(t, 300, RECORDED_WAIT);
	bn_term_type(t, "gateway is back\r");
	bn_term_settle(t, 300, RECORDED_WAIT);
	bn_term_type(t, "s");
	assert_shown(t, "[x] fetch_region");
	/* none is not all: Enter plans nothing then */
	bn_term_type(t, "*");
	assert_shown(t, "[ ] check_coverage");
	bn_term_type(t, "\ry");
	bn_term_settle(t, 300, RECORDED_WAIT);
	assert_shown(t, "[ ] check_coverage");
	bn_term_type(t, "* ");
	assert_shown(t, "[ ] fetch_region");
	bn_term_type(t, "\r");
	assert_shown(t, "chosen tasks: 0 failed + 2 upstream_failed");
	bn_term_settle(t, 300, RECORDED_WAIT);
	/* what was said stays said, and has to be left again */
	assert_shown(t, "gateway is back");
	assert_int_equal(recorded_number(&world, "SELECT count(*) FROM intent"), 0);
	bn_term_type(t, "\r");
	bn_term_settle(t, 300, RECORDED_WAIT);
	bn_term_type(t, "y");
	assert_shown(t, "attempt 2");
	assert_int_equal(
	    recorded_number(&world, "SELECT count(*) FROM intent WHERE state = 'done'"), 1);
	ask(&world.served, "audit show 1 -o json", &said);
	assert_non_null(strstr(said.out, "load_stations"));
	assert_non_null(strstr(said.out, "task_ids"));
	assert_null(strstr(said.out, "\\\"fetch_region\\\""));
	said_clear(&said);
	console_quit(t);
	recorded_stop(&world);
}

#define TASKS_WAIT 10000 /* ms that the console waits for a run's tasks */

/* Esc while the platform does not answer: how long it took from `r` on until the console was alive again, ms. */
static int64_t
leave_silent_platform(struct bn_term *t)
{
	int64_t since = bn_monotonic();

	bn_term_type(t, "r");
	assert_shown(t, "asking its platform");
	bn_term_press(t, "Esc");
	assert_shown(t, "nothing was sent");
	since = bn_monotonic() - since;
	assert_gone(t, "asking its platform");
	return since;
}

/* The dialog is gone before the platform had its time, which is not so on a machine that is too busy even to paint: it
 * is tried some times. */
static void
plan_that_is_left_never_holds_the_console(void **state)
{
	struct recorded world;
	struct bn_term *t;
	int row, col, i;

	(void)state;
	recorded_start(&world, "--at 2026-03-10T03:12:44Z");
	t = console_start(&world.served, 80, 24, NULL, NULL, NULL);
	served_faults(&world.served, "slow=argo-prod:5m", 0);
	for (i = 0; i < 4 && leave_silent_platform(t) >= TASKS_WAIT; i++)
		bn_term_settle(t, 300, RECORDED_WAIT);
	assert_true(i < 4);
	/* and the next plan is one of its own */
	served_faults(&world.served, "", 0);
	for (i = 0; i < 60 && !bn_term_find(t, "Enter never sends", &row, &col); i++) {
		bn_term_type(t, "r");
		bn_term_wait(t, "Enter never sends", 1000);
	}
	assert_shown(t, "Enter never sends");
	bn_term_settle(t, 300, RECORDED_WAIT);
	console_play(t, "<C-c>");
	assert_writes(&world, 0);
	console_quit(t);
	recorded_stop(&world);
}

/* Where only "too small" stands nobody sees what a key would do: none sends, types or opens anything. */
static void
no_key_sends_from_a_terminal_that_is_too_small(void **state)
{
	struct recorded world;
	struct bn_term *t;
	int row, col;

	(void)state;
	recorded_start(&world, "--at 2026-03-10T03:12:44Z");
	t = console_start(&world.served, 80, 24, NULL, NULL, NULL);
	bn_term_resize(t, 58, 12);
	assert_shown(t, "58x12 is too small");
	bn_term_type(t, "2ar");
	bn_term_settle(t, 500, RECORDED_WAIT);
	bn_term_resize(t, 80, 24);
	assert_shown(t, "[1 Triage]");
	bn_term_settle(t, 500, RECORDED_WAIT);
	assert_false(bn_term_find(t, "Enter never sends", &row, &col));
	assert_shown(t, " ✗ 1 transform-hourly");
	/* a plan that was seen, and that is out of sight now */
	bn_term_type(t, "r");
	assert_shown(t, "y retry");
	bn_term_settle(t, 300, RECORDED_WAIT);
	bn_term_resize(t, 58, 12);
	assert_shown(t, "58x12 is too small");
	bn_term_type(t, "because\ry");
	bn_term_settle(t, 500, RECORDED_WAIT);
	assert_writes(&world, 0);
	bn_term_resize(t, 80, 24);
	assert_shown(t, "y retry");
	assert_false(bn_term_find(t, "because", &row, &col));
	/* it can be left there */
	bn_term_resize(t, 58, 12);
	assert_shown(t, "58x12 is too small");
	console_play(t, "<Esc><Wait:nothing was sent>");
	assert_writes(&world, 0);
	console_quit(t);
	recorded_stop(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(retry_is_sent_once_by_y_after_the_reason),
	    cmocka_unit_test(keys_typed_before_the_plan_stands_there_are_thrown_away),
	    cmocka_unit_test(retry_is_watched_until_it_has_recovered),
	    cmocka_unit_test(retry_that_failed_again_is_told_on_triage),
	    cmocka_unit_test(retry_of_some_tasks_is_planned_anew),
	    cmocka_unit_test(append_work_needs_its_name_typed),
	    cmocka_unit_test(retry_after_acknowledging_is_of_the_same_thing),
	    cmocka_unit_test(keys_typed_ahead_are_about_the_rows_that_were_asked_for),
	    cmocka_unit_test(retry_dialog_folds_its_lines),
	    cmocka_unit_test(retry_that_is_refused_says_why_where_it_is_seen),
	    cmocka_unit_test(retry_of_what_somebody_sent_meanwhile_is_not_called_sent),
	    cmocka_unit_test(retry_that_needs_a_reason_says_so),
	    cmocka_unit_test(read_only_session_has_no_such_key),
	    cmocka_unit_test(retry_is_hinted_only_where_something_runs),
	    cmocka_unit_test(plan_that_is_left_never_holds_the_console),
	    cmocka_unit_test(no_key_sends_from_a_terminal_that_is_too_small),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* retry_test.c - the retry dialog with real keys: what it shows, what sends, and that nothing else does. */
/* SPDX-License-Identifier: MIT */
#include "tests/screen/console.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char record[64];

static void
start(struct served *served, const char *scenario)
{
	char options[200];
	int fd;

	snprintf(record, sizeof(record), "/tmp/bn-record-XXXXXX");
	fd = mkstemp(record);
	assert_true(fd >= 0);
	close(fd);
	snprintf(options, sizeof(options), "--record %s %s", record, scenario);
	served_start(served, options);
}

static void
stop(struct served *served)
{
	served_stop(served);
	unlink(record);
}

/* What the platforms themselves saw: requests by a method that may change something, and what no right client
 * would send. A clear that says it is a dry run is none. */
static void
count_writes(int *writes, int *violations)
{
	char line[4096];
	FILE *file = fopen(record, "r");

	*writes = *violations = 0;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		*writes += strstr(line, "\"method\":\"PUT\"") != NULL ||
			   strstr(line, "\"method\":\"DELETE\"") != NULL ||
			   strstr(line, "\"method\":\"PATCH\"") != NULL;
		*violations += strstr(line, "\"violation\":null") == NULL;
	}
	fclose(file);
}

static void
assert_writes(int wanted)
{
	int writes, violations;

	count_writes(&writes, &violations);
	assert_int_equal(writes, wanted);
	assert_int_equal(violations, 0);
}

static void
assert_shown(struct bn_term *t, const char *text)
{
	if (!bn_term_wait(t, text, 30000)) {
		char *dump = bn_term_dump(t);

		print_message("%s\n", dump);
		free(dump);
		fail_msg("not on the screen: %s", text);
	}
}

/* The clock stands still, so the second attempt has no length yet: what is seen of the task is its first, in the upper
 * half of its line. */
static void
assert_bar(struct bn_term *t, const char *task)
{
	int row, col, cols, rows, bars = 0, i;

	assert_shown(t, task);
	bn_term_settle(t, 500, 10000);
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
	struct served served;
	struct bn_term *t;

	(void)state;
	start(&served, "--at 2026-03-10T03:12:44Z");
	t = console_start(&served, 80, 24, NULL, NULL, NULL);
	console_play(t, "r<Wait:y retry>");
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
	assert_true(bn_term_cursor_visible(t));
	/* in the reason even y is a letter */
	console_play(t, "yes, cluster is back");
	assert_shown(t, "yes, cluster is back");
	assert_writes(0);
	console_play(t, "<Enter><Enter><Enter>");
	assert_writes(0);
	console_play(t, "y<Wait:retry asked>");
	assert_writes(1);
	/* then watch: the run in its second attempt */
	assert_shown(t, "transform-hourly-28f6k");
	assert_shown(t, "running");
	assert_bar(t, "stg_payments");
	/* a second one is refused while it runs */
	console_play(t, "r<Wait:runs at this moment>");
	assert_writes(1);
	console_quit(t);
	stop(&served);
}

static void
keys_typed_before_the_plan_stands_there_are_thrown_away(void **state)
{
	struct served served;
	struct bn_term *t;

	(void)state;
	start(&served, "--at 2026-03-10T03:12:44Z --fault slow=argo-prod:300ms");
	t = console_start(&served, 120, 40, NULL, NULL, NULL);
	bn_term_type(t, "r\ry");
	assert_shown(t, "y retry");
	bn_term_settle(t, 500, 10000);
	assert_writes(0);
	assert_shown(t, "wave 2   16 intermediate");
	/* and Esc leaves without having sent anything */
	console_play(t, "<Esc><Wait:nothing was sent>");
	assert_writes(0);
	console_quit(t);
	stop(&served);
}

static void
append_work_needs_its_name_typed(void **state)
{
	struct served served;
	struct bn_term *t;
	struct said said;

	(void)state;
	start(&served, "--at 2026-03-10T03:12:44Z");
	/* nobody says whether it may run twice */
	ask_shell(&served,
		  "sed -i 's/^\\[ui\\]/[policy]\\n\\tappend = transform-*\\n[ui]/' $DEMO/config",
		  &said);
	assert_int_equal(said.code, 0);
	said_clear(&said);
	t = console_start(&served, 80, 24, NULL, NULL, NULL);
	console_play(t, "r<Wait:type transform-hourly to go on>");
	assert_shown(t, "retry of append work");
	console_play(t, "checked the log<Enter>transform-hour<Enter>yy<Enter>");
	assert_writes(0);
	console_play(t, "<C-u>transform-hourly<Enter>");
	assert_writes(0);
	console_play(t, "y<Wait:retry asked>");
	assert_writes(1);
	console_quit(t);
	stop(&served);
}

static void
read_only_session_has_no_such_key(void **state)
{
	struct served served;
	struct bn_term *t;
	int row, col;

	(void)state;
	start(&served, "--at 2026-03-10T03:12:44Z");
	t = console_start(&served, 120, 40, NULL, NULL, "--read-only");
	assert_false(bn_term_find(t, "r retry", &row, &col));
	console_play(t, "r");
	assert_false(bn_term_find(t, "Enter never sends", &row, &col));
	console_play(t, "?");
	assert_false(bn_term_find(t, "plan a retry", &row, &col));
	console_play(t, "<Esc>");
	assert_writes(0);
	console_quit(t);
	stop(&served);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(retry_is_sent_once_by_y_after_the_reason),
	    cmocka_unit_test(keys_typed_before_the_plan_stands_there_are_thrown_away),
	    cmocka_unit_test(append_work_needs_its_name_typed),
	    cmocka_unit_test(read_only_session_has_no_such_key),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

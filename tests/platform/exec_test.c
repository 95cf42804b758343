/* exec_test.c - the exec plugin: its protocol, its limits, and that nothing is left running. */
/* SPDX-License-Identifier: MIT */
#include "../test.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "fakehost.h"

extern const struct bn_plugin bn_plugin_exec;

static struct fake *
command(const char *script, const char *argument)
{
	struct fake *fake = fake_new(&bn_plugin_exec);
	const char *top = getenv("abs_top_srcdir");
	char path[1024];

	snprintf(path, sizeof(path), "%s/tests/platform/exec/%s", top != NULL ? top : ".", script);
	fake_option(fake, "command", path);
	if (argument != NULL)
		fake_option(fake, "argument", argument);
	fake_now(fake, "2026-03-10T03:12:44Z");
	return fake;
}

static void
exec_ten_lines_of_shell_are_a_plugin(void **state)
{
	struct fake *fake = command("disks.sh", NULL);
	struct bn_error err;

	(void)state;
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(fake_count(fake, "entity"), 1);
	assert_int_equal(fake_count(fake, "measure"), 1);
	assert_int_equal(fake_skipped(fake), 0);
	assert_true(fake_scope_done(fake, "records"));
	fake_free(fake);
}

static void
exec_each_record_is_read(void **state)
{
	struct fake *fake = command("records.sh", "--flag");
	const json_t *record;
	struct bn_error err;

	(void)state;
	assert_ok(fake_poll(fake, &err), &err);
	record = fake_find(fake, "pipeline", "nightly");
	assert_string_equal(fake_text(record, "idempotence"), "append");
	assert_string_equal(
	    json_string_value(json_object_get(json_object_get(record, "labels"), "team")), "data");
	record = fake_find(fake, "run", "nightly/1");
	assert_string_equal(fake_text(record, "status"), "failed");
	assert_string_equal(fake_text(record, "raw_status"), "ABEND");
	assert_int_equal(fake_int(record, "started_at"), bn_time_parse("2026-03-10T01:00:00Z"));
	assert_int_equal(fake_int(record, "finished_at"), 1773104460000);
	assert_int_equal(fake_int(record, "tasks_total"), 2);
	record = fake_try(fake, "load", 2);
	assert_string_equal(
	    json_string_value(json_array_get(json_object_get(record, "depends"), 0)), "extract");
	record = fake_find(fake, "endpoint", "ftp");
	assert_int_equal(fake_int(record, "total"), 12500);
	assert_int_equal(fake_int(record, "connect"), -1);
	assert_int_equal(json_array_size(json_object_get(record, "asserts")), 3);
	record = fake_find(fake, "finding", "f1");
	assert_string_equal(fake_text(record, "severity"), "crit");
	assert_string_equal(fake_text(record, "about"), "pipeline/nightly");
	assert_string_equal(fake_text(fake_find(fake, "entity", "orders"), "kind"), "dataset");
	assert_string_equal(fake_text(fake_find(fake, "attribute", "revision"), "value"), "7");
	assert_true(fake_number(fake_find(fake, "measure", "rows"), "value") == 41200);
	assert_string_equal(fake_text(fake_find(fake, "link", "feeds"), "to"), "dataset/orders");
	fake_free(fake);
}

static void
exec_broken_lines_are_skipped_and_counted(void **state)
{
	struct fake *fake = command("records.sh", NULL);
	struct bn_error err;

	(void)state;
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(fake_count(fake, "run"), 1);
	assert_int_equal(fake_count(fake, "task"), 1);
	/* no JSON, 6 bad records, 1 that is none, 1 behind the end */
	assert_int_equal(fake_skipped(fake), 9);
	assert_string_equal(
	    fake_skip_reason(fake, 1),
	    "run: status: is none of binnacle's words; the platform's own belongs in raw_status");
	assert_string_equal(fake_skip_reason(fake, 8),
			    "a line: it comes behind {\"complete\":true}");
	fake_free(fake);
}

static void
exec_state_comes_back_at_the_next_poll(void **state)
{
	struct fake *fake = command("records.sh", NULL);
	struct bn_error err;

	(void)state;
	assert_ok(fake_poll(fake, &err), &err);
	assert_string_equal(fake_watermark(fake, "state"), "after ");
	assert_ok(fake_poll(fake, &err), &err);
	assert_string_equal(fake_watermark(fake, "state"), "after after ");
	fake_free(fake);
}

static void
exec_other_verbs_are_arguments(void **state)
{
	struct fake *fake = command("records.sh", NULL);
	const struct bn_log_request request = {.run = "nightly/1", .handle = "h1"};
	struct bn_error err;

	(void)state;
	assert_ok(fake_detail(fake, BN_RUN, "nightly/1", &err), &err);
	assert_string_equal(fake_text(fake_find(fake, "task", "t"), "run"), "nightly/1");
	assert_ok(fake_logs(fake, &request, &err), &err);
	assert_string_equal(fake_text(json_array_get(fake_lines(fake), 0), "text"),
			    "log of nightly/1");
	assert_ok(fake_doctor(fake, &err), &err);
	assert_string_equal(fake_text(json_array_get(fake_checks(fake), 0), "verdict"), "note");
	assert_string_equal(fake_text(json_array_get(fake_checks(fake), 1), "verdict"), "ok");
	fake_free(fake);
}

/* Secrets are neither in an argument nor in the environment, and of that only what is allowed is
 * there. */
static void
exec_sees_only_what_it_may(void **state)
{
	struct fake *fake = command("trouble.sh", "env");
	const json_t *record;
	struct bn_error err;

	(void)state;
	setenv("BN_TEST_SECRET", "s", 1);
	setenv("BN_TEST_ALLOWED", "a", 1);
	fake_option(fake, "environment", "BN_TEST_ALLOWED");
	fake_option(fake, "set", "a=b c");
	fake_secret(fake, "token", "hush");
	assert_ok(fake_poll(fake, &err), &err);
	record = fake_find(fake, "entity", "env");
	assert_null(strstr(fake_text(record, "message"), "BN_TEST_SECRET"));
	assert_non_null(strstr(fake_text(record, "message"), "BN_TEST_ALLOWED"));
	assert_non_null(strstr(fake_text(record, "message"), "PATH"));
	assert_string_equal(fake_text(record, "name"), "env poll");
	assert_string_equal(fake_text(record, "owner"), "hush b c");
	fake_free(fake);
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void
exec_command_that_hangs_is_stopped(void **state)
{
	struct fake *fake = command("trouble.sh", "hang");
	struct bn_error err;

	(void)state;
	fake_option(fake, "time-limit", "1s");
	assert_fails_with(BN_ETIMEOUT, fake_poll(fake, &err));
	assert_non_null(strstr(err.hint, "time-limit"));
	assert_false(fake_scope_done(fake, "records"));
	fake_free(fake);
}

static void
exec_endless_output_is_stopped(void **state)
{
	struct fake *fake = command("trouble.sh", "flood");
	struct bn_error err;

	(void)state;
	fake_option(fake, "max-output", "64k");
	assert_fails_with(BN_ETOOBIG, fake_poll(fake, &err));
	assert_false(fake_scope_done(fake, "records"));
	fake_free(fake);
}

static void
exec_endless_line_is_skipped(void **state)
{
	struct fake *fake = command("trouble.sh", "long-line");
	struct bn_error err;

	(void)state;
	assert_ok(fake_poll(fake, &err), &err);
	assert_int_equal(fake_skipped(fake), 1);
	assert_string_equal(fake_skip_reason(fake, 0), "a line: it is longer than 1 MiB");
	fake_free(fake);
}

/* Gone, or a zombie that nobody collected yet. */
static bool
has_ended(pid_t pid)
{
	char path[64], line[256] = "";
	FILE *stat;

	if (kill(pid, 0) != 0 && errno == ESRCH)
		return true;
	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	stat = fopen(path, "r");
	if (stat == NULL)
		return true;
	if (fgets(line, sizeof(line), stat) == NULL)
		line[0] = '\0';
	fclose(stat);
	return strstr(line, ") Z") != NULL;
}

static void
exec_children_left_behind_are_ended(void **state)
{
	struct fake *fake = command("trouble.sh", "orphan");
	const char *key;
	struct bn_error err;
	long pid;
	int tries;

	(void)state;
	assert_ok(fake_poll(fake, &err), &err);
	key = fake_text(json_array_get(fake_records(fake), 0), "key");
	pid = strtol(key + strlen("pid-"), NULL, 10);
	assert_true(pid > 1);
	/* whoever inherited it collects it, sooner or later; killed it is at once */
	for (tries = 0; tries < 1000 && !has_ended((pid_t)pid); tries++)
		usleep(10000);
	assert_true(tries < 1000);
	fake_free(fake);
}

static void
exec_cancelled_command_is_stopped(void **state)
{
	struct fake *fake = command("trouble.sh", "hang");
	struct bn_error err;

	(void)state;
	fake_patience(fake, -1);
	assert_fails_with(BN_ECANCELLED, fake_poll(fake, &err));
	fake_free(fake);
}

static void
exec_failures_say_what_happened(void **state)
{
	static const struct {
		const char *argument;
		int code;
		const char *message, *hint;
	} rows[] = {{"no-end", BN_EREMOTE, "without {\"complete\":true}", "by hand"},
		    {"no-start", BN_EPARSE, "first line is not {\"binnacle\":1}", ""},
		    {"newer", BN_EUNSUPPORTED, "newer protocol", ""},
		    {"error", BN_EAUTH, "the login has expired", "run kinit"},
		    {"dies", BN_EREMOTE, "status 3: disk on fire", "by hand"}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake *fake = command("trouble.sh", rows[i].argument);
		struct bn_error err;
		int rc = fake_poll(fake, &err);

		if (rc != rows[i].code || strstr(err.message, rows[i].message) == NULL ||
		    strstr(err.hint, rows[i].hint) == NULL)
			fail_msg("%s: %d: %s (%s)", rows[i].argument, rc, err.message, err.hint);
		assert_false(fake_scope_done(fake, "records"));
		fake_free(fake);
	}
}

/* What is left of a secret would not be known again as one. */
static void
exec_complaint_is_not_cut_within_a_word(void **state)
{
	struct fake *fake = command("trouble.sh", "mutters");
	struct bn_error err;

	(void)state;
	fake_secret(fake, "token", "CANARY-0123456789-0123456789-0123456789");
	assert_fails_with(BN_EREMOTE, fake_poll(fake, &err));
	assert_non_null(strstr(err.message, "status 22: curl: 000"));
	assert_null(strstr(err.message, "CANARY"));
	fake_free(fake);
}

static void
exec_missing_command_says_what_to_configure(void **state)
{
	struct fake *fake = command("nowhere.sh", NULL);
	struct bn_error err;

	(void)state;
	assert_fails_with(BN_ENOTFOUND, fake_poll(fake, &err));
	assert_non_null(strstr(err.hint, "absolute path"));
	fake_free(fake);

	fake = fake_new(&bn_plugin_exec);
	fake_option(fake, "command", "relative.sh");
	assert_fails_with(BN_ECONFIG, fake_poll(fake, &err));
	fake_free(fake);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(exec_ten_lines_of_shell_are_a_plugin),
    cmocka_unit_test(exec_each_record_is_read),
    cmocka_unit_test(exec_broken_lines_are_skipped_and_counted),
    cmocka_unit_test(exec_state_comes_back_at_the_next_poll),
    cmocka_unit_test(exec_other_verbs_are_arguments),
    cmocka_unit_test(exec_sees_only_what_it_may),
    cmocka_unit_test(exec_command_that_hangs_is_stopped),
    cmocka_unit_test(exec_endless_output_is_stopped),
    cmocka_unit_test(exec_endless_line_is_skipped),
    cmocka_unit_test(exec_children_left_behind_are_ended),
    cmocka_unit_test(exec_cancelled_command_is_stopped),
    cmocka_unit_test(exec_failures_say_what_happened),
    cmocka_unit_test(exec_complaint_is_not_cut_within_a_word),
    cmocka_unit_test(exec_missing_command_says_what_to_configure),
};

BN_TEST_MAIN(tests)

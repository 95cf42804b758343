/* bulk_test.c - many retries on the command line, against the demo: one plan, one record, and the rest of a broken one. */
/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/served.h"

static struct served world;

/* Failed long ago, of two platforms, and nobody waits for either. */
#define APART_A "run/argo-prod/ing-wms-shipments-hgwbb"
#define APART_B "run/airflow-ml/ing-weather/scheduled__2026-03-08T03:09:00+00:00"
/* Two of one pipeline: the older goes first, and the world stands still, so that it never ends. */
#define OLDER "run/argo-prod/ing-competitor-prices-82vlb"
#define NEWER "run/argo-prod/ing-competitor-prices-vwt2w"

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

/* Runs it and expects that exit code; its standard output, which the caller frees by said_clear. */
static struct said
run(const char *line, int code)
{
	struct said said;
	char patient[1200];

	/* a sanitizer's build of both ends, among other tests, takes longer than a person would wait */
	snprintf(patient, sizeof(patient), "%s%s", line,
		 strstr(line, "--timeout") == NULL ? " --timeout 45s" : "");
	ask(&world, patient, &said);
	if (said.code != code)
		fail_msg("%s: ended with %d, not %d: %.800s", line, said.code, code, said.err);
	return said;
}

static json_t *
answer(const char *line, int code)
{
	struct said said = run(line, code);
	json_t *json = said_json(&said);

	said_clear(&said);
	return json;
}

static int64_t
number(const char *sql)
{
	char line[600];
	struct said said;
	int64_t value;

	snprintf(line, sizeof(line), "sql \"%s\" --no-header", sql);
	said = run(line, 0);
	value = strtoll(said.out, NULL, 10);
	said_clear(&said);
	return value;
}

static void
several_are_one_plan_one_record_and_a_request_each(void **state)
{
	char line[600], digest[80];
	json_t *plan, *done;
	struct said said;

	(void)state;
	plan = answer("retry " APART_A " " APART_B " " APART_A " --plan -o json", 0);
	assert_int_equal(json_array_size(json_object_get(plan, "items")), 2);
	assert_int_equal(
	    json_integer_value(json_object_get(json_object_get(plan, "bulk"), "ready")), 2);
	snprintf(digest, sizeof(digest), "%s",
		 json_string_value(json_object_get(json_object_get(plan, "bulk"), "digest")));
	assert_int_equal(strlen(digest), 64);
	json_decref(plan);
	/* Not that plan: nothing is sent, nothing recorded. */
	said = run("retry " APART_A " " APART_B " --yes=0000", 2);
	said_clear(&said);
	assert_int_equal(number("SELECT count(*) FROM intent"), 0);
	snprintf(line, sizeof(line),
		 "-q retry " APART_B " " APART_A " --yes=%s --reason 'cluster is back' -o json",
		 digest);
	done = answer(line, 0);
	assert_int_equal(json_array_size(json_object_get(done, "items")), 2);
	assert_string_equal(
	    json_string_value(json_object_get(json_object_get(done, "bulk"), "state")), "ended");
	json_decref(done);
	assert_int_equal(number("SELECT count(*) FROM bulk_now WHERE reason = 'cluster is back'"
				" AND total = 2 AND done = 2 AND left = 0"),
			 1);
	assert_int_equal(number("SELECT count(*) FROM intent i JOIN bulk_now b ON b.seq = i.parent"
				" WHERE i.state = 'done'"),
			 2);
	said = run("audit verify", 0);
	said_clear(&said);
	/* They run now: a second time nothing is sent. */
	said = run("retry " APART_A " " APART_B " --yes", 75);
	said_clear(&said);
	assert_int_equal(number("SELECT count(*) FROM intent"), 2);
}

static void
audit_tells_the_bulk_and_its_retries(void **state)
{
	struct said said = run("audit show 1", 0);

	(void)state;
	assert_non_null(strstr(said.out, "bulk-end"));
	assert_non_null(strstr(said.out, "done argo-prod/ing-wms-shipments-hgwbb"));
	assert_non_null(strstr(said.out, "done airflow-ml/ing-weather/"));
	assert_non_null(strstr(said.out, "2 of 2 sent"));
	/* numbers with what they count */
	assert_non_null(strstr(said.out, "ratio      20%\n"));
	assert_non_null(strstr(said.out, "spacing    250ms\n"));
	assert_non_null(strstr(said.out, "\ntime       "));
	said_clear(&said);
	/* and of another time only what there was then */
	said = run("audit list --at 2026-03-10T03:00:00Z -o csv --columns seq --no-header", 0);
	assert_string_equal(said.out, "");
	said_clear(&said);
	/* the journal outlives what it is about */
	said = run("audit list run/argo-prod/gone-long-ago -o csv --columns seq --no-header", 0);
	assert_string_equal(said.out, "");
	said_clear(&said);
	/* the timeline tells of a retry, and what came of it */
	said = run("timeline --filter retry -o csv --columns kind,what --no-header", 0);
	assert_non_null(strstr(said.out, "retry,retry"));
	assert_non_null(strstr(said.out, "outcome,retry done: phase Running"));
	assert_non_null(strstr(said.out, "bulk,bulk retry of 2"));
	said_clear(&said);
	said = run("audit list --verb bulk -o csv --columns seq,state,answer --no-header", 0);
	assert_string_equal(said.out, "1,ended,2 of 2 sent\r\n");
	said_clear(&said);
	/* The world stands still: its runs don't end. */
	said = run("wait 1 --for succeeded --timeout 2s", 124);
	said_clear(&said);
}

static void
some_tasks_of_a_run_can_be_chosen_where_the_engine_can(void **state)
{
	static const char run_of_three[] =
	    "run/airflow-ml/ing-weather/scheduled__2026-03-09T14:09:00+00:00";
	char line[400];
	struct said said;
	const char *body;
	json_t *plan, *item;

	(void)state;
	snprintf(line, sizeof(line), "retry %s --select 'task:check_coverage' --plan -o json",
		 run_of_three);
	plan = answer(line, 0);
	item = json_array_get(json_object_get(plan, "items"), 0);
	assert_int_equal(json_integer_value(json_object_get(item, "failed")), 0);
	assert_int_equal(json_integer_value(json_object_get(item, "skipped")), 1);
	body = json_string_value(json_object_get(item, "body"));
	assert_non_null(strstr(body, "\"task_ids\":[\"check_coverage\"]"));
	assert_non_null(strstr(body, "\"include_downstream\":true"));
	json_decref(plan);
	/* Chosen with what waits for it; of a mapped task all instances that failed. */
	snprintf(line, sizeof(line), "retry %s --select 'task:fetch_region' --yes -o json",
		 run_of_three);
	plan = answer(line, 0);
	item = json_array_get(json_object_get(plan, "items"), 0);
	assert_string_equal(json_string_value(json_object_get(item, "answer")),
			    "3 task instances cleared");
	json_decref(plan);
	/* An empty choice is not all of them. */
	said = run("retry " OLDER " --select 'task:nothing-like-it' --plan", 66);
	said_clear(&said);
	said = run("retry " OLDER " --select 'status:failed' --yes", 2);
	assert_non_null(strstr(said.err, "not some of it"));
	said_clear(&said);
	said = run("retry " OLDER " " NEWER " --select 'status:failed' --yes", 64);
	said_clear(&said);
}

static void
wrong_calls_send_nothing(void **state)
{
	static const struct {
		const char *line;
		int code;
	} calls[] = {
	    {"retry --yes", 64},
	    {"retry " OLDER " --filter x --yes", 64},
	    {"retry " OLDER " " NEWER " --yes --abort-ratio 2", 64},
	    {"retry " OLDER " --yes --abort-ratio 2", 64},
	    {"retry " OLDER " " NEWER " --yes --concurrency 0", 64},
	    {"retry " OLDER " nobody-knows-it --yes", 66},
	    {"retry " OLDER " " NEWER " --yes --confirm other", 66},
	    {"retry --filter 'source:airflow-legacy pipeline:nothing' --yes", 66},
	    {"retry " OLDER " --yes --detach", 64},
	    {"retry --rest 2 --yes", 66},
	    {"retry --rest 1 --yes", 2},
	    /* a digest that is not there is not "whatever the plan is" */
	    {"retry " OLDER " --yes=", 64},
	    {"retry --filter 'source:argo-prod' --limit 1 --yes", 64},
	    {"retry --filter 'source:argo-prod' --since 1s --yes", 64},
	    /* the beginning of a name is not the name */
	    {"retry ing-competitor-price --yes", 66},
	    {"retry run/argo-prod/ing-competitor-prices-82vl --yes", 66},
	    {"wait ing --timeout 1s", 64},
	    {"wait model/newsletter-recs --timeout 1s", 64},
	    {"wait product/postage-quotes --for failed --timeout 1s", 124},
	    {"--read-only retry " OLDER " " NEWER " --yes", 77},
	};
	int64_t before = number("SELECT count(*) FROM intent");

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct said said = run(calls[i].line, calls[i].code);

		said_clear(&said);
	}
	assert_int_equal(number("SELECT count(*) FROM intent"), before);
}

static void
plan_of_many_shows_under_each_what_does_not_hold(void **state)
{
	static const char line[] = "retry " OLDER " " NEWER " " APART_A " --plan";
	const char *item, *next;
	char json_line[300];
	struct said said;
	json_t *plan, *one;
	size_t i;
	bool noted = false;

	(void)state;
	said = run(line, 75);
	item = strstr(said.out, "argo-prod/ing-competitor-prices-82vlb ");
	assert_non_null(item);
	next = strchr(item, '\n');
	assert_non_null(next);
	item = strstr(item, " a newer run ing-competitor-prices-");
	assert_non_null(item);
	assert_true(item > next && strchr(next + 1, '\n') > item);
	/* not what holds, and not once more why one is left out */
	assert_null(strstr(said.out, "no other session"));
	item = strstr(said.out, "ing-wms-shipments-hgwbb: ");
	assert_non_null(item);
	item = strchr(item, '\n');
	assert_non_null(item);
	assert_null(strstr(item, "was retried"));
	assert_null(strstr(item, "is running"));
	said_clear(&said);
	snprintf(json_line, sizeof(json_line), "%s -o json", line);
	plan = answer(json_line, 75);
	json_array_foreach(
	    json_object_get(json_array_get(json_object_get(plan, "items"), 0), "guards"), i, one)
	{
		noted =
		    noted || strcmp(json_string_value(json_object_get(one, "mark")), "note") == 0;
	}
	assert_true(noted);
	json_decref(plan);
}

static int64_t
requests_and_bulks(void)
{
	return number("SELECT (SELECT count(*) FROM intent) + (SELECT count(*) FROM bulk_now)");
}

static void
offline_nothing_is_planned_or_sent(void **state)
{
	static const char *const calls[] = {
	    "--offline retry " OLDER " --plan",
	    "--offline retry " OLDER " --yes",
	    "retry " OLDER " " NEWER " --yes --offline",
	    "--offline retry " OLDER " " NEWER " --yes --detach",
	    "--offline retry --filter 'source:argo-prod' --plan",
	    "--offline retry --rest 1 --yes",
	};
	int64_t before = requests_and_bulks();
	struct said said;

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		said = run(calls[i], 77);
		assert_non_null(strstr(said.err, "--offline asks none"));
		said_clear(&said);
	}
	assert_int_equal(requests_and_bulks(), before);
}

/* What is nothing without asking says so; what the journal tells is told. */
static void
offline_no_platform_is_asked_anything(void **state)
{
	static const char *const calls[] = {"doctor argo-prod", "poll argo-prod", "probe api-stock",
					    "collect --for 1s",
					    "run log transform-hourly stg_payments"};
	char line[200];
	struct said said;

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		snprintf(line, sizeof(line), "--offline %s", calls[i]);
		said = run(line, 64);
		assert_non_null(strstr(said.err, "--offline asks none"));
		said_clear(&said);
	}
	said = run("--offline wait 1 --for succeeded --timeout 1s", 124);
	said_clear(&said);
	said = run("--offline audit show 1", 0);
	said_clear(&said);
}

static void
lock_of_what_is_never_retried_is_refused(void **state)
{
	static const char *const others[] = {"source/argo-prod", "endpoint/api-stock",
					     "product/demand-forecast"};
	char line[200];
	struct said said;

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(line, sizeof(line), "lock %s", others[i]);
		said = run(line, 64);
		assert_non_null(strstr(said.err, "pipeline/[SOURCE/]KEY"));
		said_clear(&said);
	}
	said = run("audit list --verb lock -o csv --columns seq --no-header", 0);
	assert_string_equal(said.out, "");
	said_clear(&said);
	said = run("lock " OLDER, 0);
	assert_non_null(strstr(said.out, " until 2026-03-1"));
	said_clear(&said);
	said = run("retry " OLDER " --plan -o json", 0);
	assert_non_null(strstr(said.out, "you locked it against everybody else"));
	said_clear(&said);
	said = run("unlock " OLDER, 0);
	said_clear(&said);
	said = run("unlock " OLDER, 66);
	said_clear(&said);
}

/* Whoever asked for it was told no number, so that there must be nothing to have a number. */
static void
detached_bulk_ends_with_its_caller_until_it_has_a_number(void **state)
{
	static const char line[] =
	    "binnacle --demo=\"$DEMO\" retry " OLDER " " NEWER " --yes --detach --reason why &"
	    " p=$!; sleep 2; kill -TERM $p; wait $p; code=$?;"
	    " for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline 2>/dev/null |"
	    " grep -q -e \"--demo=$DEMO retry .*--yes\" && echo still there; done; exit $code";
	int64_t before = requests_and_bulks();
	struct said said;

	(void)state;
	served_faults(&world, "dead=argo-prod\n", 0);
	ask_shell(&world, line, &said);
	assert_int_equal(said.code, 128 + 15);
	assert_string_equal(said.out, "");
	assert_non_null(strstr(said.err, "nothing was sent"));
	said_clear(&said);
	/* Now it could. */
	served_faults(&world, "", 0);
	sleep(3);
	assert_int_equal(requests_and_bulks(), before);
}

/* What starts it may ignore the end of its children, and hands that on. No shell does it in a test's stead: some set
 * it back. */
static int
run_by_one_who_ignores_children(const char *const *argv)
{
	union {
		const char *const *in;
		char *const *out;
	} cast = {argv};
	pid_t pid = fork();
	int fd, status = 0;

	if (pid == 0) {
		fd = open("/dev/null", O_RDWR);
		signal(SIGCHLD, SIG_IGN);
		dup2(fd, 0);
		dup2(fd, 1);
		dup2(fd, 2);
		execvp(argv[0], cast.out);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
detached_bulk_that_never_began_is_told_where_children_are_ignored(void **state)
{
	char demo[120];
	const char *const argv[] = {"binnacle", demo,	    "retry",	OLDER, "nobody-knows-it",
				    "--yes",	"--detach", "--reason", "why", "--timeout",
				    "45s",	NULL};
	int64_t before = requests_and_bulks();

	(void)state;
	snprintf(demo, sizeof(demo), "--demo=%s", world.demo);
	assert_int_equal(run_by_one_who_ignores_children(argv), 66);
	assert_int_equal(requests_and_bulks(), before);
}

static void
interrupted_in_the_middle_it_is_found_and_its_rest_is_sent(void **state)
{
	char line[400];
	struct said said;
	int64_t bulk;

	(void)state;
	/* what runs already is left out, and whoever asked for it is told, though another process sends */
	said = run("retry --yes --detach -q --timeout 45s --reason again -- " OLDER " " NEWER
		   " " APART_A,
		   75);
	bulk = strtoll(said.out, NULL, 10);
	assert_true(bulk > 0);
	assert_non_null(strstr(said.err, "ing-wms-shipments-hgwbb is left out: "));
	said_clear(&said);
	snprintf(line, sizeof(line), "audit show %lld", (long long)bulk);
	said = run(line, 0);
	assert_non_null(strstr(said.out, "left out   argo-prod/ing-wms-shipments-hgwbb: "));
	said_clear(&said);
	for (int i = 0; i < 600; i++, usleep(100000)) {
		snprintf(line, sizeof(line), "SELECT sent FROM bulk_now WHERE seq = %lld",
			 (long long)bulk);
		if (number(line) == 1)
			break;
	}
	snprintf(
	    line, sizeof(line),
	    "SELECT count(*) FROM bulk_now WHERE seq = %lld AND state = 'running' AND sent = 1",
	    (long long)bulk);
	assert_int_equal(number(line), 1);
	/* While it is at it, nobody takes its rest over. */
	snprintf(line, sizeof(line), "retry --rest %lld --plan", (long long)bulk);
	said = run(line, 75);
	said_clear(&said);
	/* Its process is the one with this very world and that command in its arguments. */
	ask_shell(&world,
		  "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline 2>/dev/null |"
		  " grep -q -e \"--demo=$DEMO retry .*--yes\" && kill -9 ${p#/proc/}; done; true",
		  &said);
	said_clear(&said);
	/* The collector notices that it is gone; the rules make a row of it at once, and take it away. */
	snprintf(line, sizeof(line),
		 "SELECT count(*) FROM bulk_now WHERE seq = %lld AND state ="
		 " 'interrupted' AND left = 1",
		 (long long)bulk);
	for (int i = 0; i < 20 && number(line) != 1; i++) {
		said = run("collect --for 2s", 0);
		said_clear(&said);
	}
	assert_int_equal(number(line), 1);
	snprintf(line, sizeof(line),
		 "SELECT count(*) FROM finding WHERE rule = 'bulk-interrupted' AND key = '%lld' AND"
		 " title = 'bulk retry of 2 interrupted: 1 sent, 1 not'",
		 (long long)bulk);
	assert_int_equal(number(line), 1);
	snprintf(line, sizeof(line), "retry --rest %lld --yes --reason rest", (long long)bulk);
	said = run(line, 0);
	assert_non_null(strstr(said.out, "ing-competitor-prices-vwt2w"));
	assert_null(strstr(said.out, "82vlb"));
	said_clear(&said);
	assert_int_equal(number("SELECT count(*) FROM finding WHERE rule = 'bulk-interrupted'"), 0);
	assert_int_equal(number("SELECT count(*) FROM (SELECT 1 FROM intent WHERE state = 'done'"
				" GROUP BY source, key HAVING count(*) > 1)"),
			 0);
	said = run("audit verify", 0);
	said_clear(&said);
}

/* The world as it is when one of its sources can't be read, and never was. */
static void
leave_unread(const char *source)
{
	char fault[80];

	snprintf(fault, sizeof(fault), "http=%s:503\n", source);
	served_faults(&world, fault, 1);
}

static void
filter_that_could_not_see_all_exits_with_incomplete(void **state)
{
	struct said said;
	json_t *json;

	(void)state;
	leave_unread("airflow-ml");
	json = answer("-q retry --filter 'source:argo-prod' --plan -o json", 3);
	assert_true(json_is_false(json_object_get(json, "complete")));
	assert_int_equal(json_array_size(json_object_get(json, "items")), 1);
	json_decref(json);
	said = run("-q retry --filter 'source:argo-prod' --plan", 3);
	assert_non_null(strstr(said.out, "\nunread    airflow-ml: "));
	assert_non_null(strstr(said.err, "not seen: airflow-ml\n"));
	said_clear(&said);
	/* perhaps there is something that matches, where nobody could look */
	said = run("-q retry --filter 'pipeline:nothing-like-it' --yes", 3);
	assert_non_null(strstr(said.err, "not seen: airflow-ml\n"));
	said_clear(&said);
	/* what can't be right is wrong all the same, and what names its runs needs no other source */
	said = run("retry --filter 'pipeline:' --plan", 64);
	said_clear(&said);
	ask(&world, "retry " OLDER " " NEWER " --plan -o json", &said);
	assert_int_not_equal(said.code, 3);
	json = said_json(&said);
	said_clear(&said);
	assert_true(json_is_true(json_object_get(json, "complete")));
	json_decref(json);
	/* whoever lets another process send it is told by that one's record */
	said = run("-q retry --filter 'source:argo-prod' --yes --detach --reason why", 3);
	assert_string_equal(said.out, "1\n");
	assert_non_null(strstr(said.err, "not seen: airflow-ml\n"));
	said_clear(&said);
	said = run("audit show 1", 0);
	assert_non_null(strstr(said.out, "\nunread     airflow-ml\n"));
	said_clear(&said);
	/* it fails again only in another world */
	served_stop(&world);
	served_start(&world, NULL);
	leave_unread("airflow-ml");
	said = run("-q retry --filter 'source:argo-prod' --yes --reason why", 3);
	assert_string_equal(said.out, "1\n");
	assert_non_null(strstr(said.err, "not seen: airflow-ml\n"));
	said_clear(&said);
	served_faults(&world, "", 0);
}

static void
read_only_help_names_no_verb(void **state)
{
	struct said said = run("--help", 0);

	(void)state;
	assert_non_null(strstr(said.out, "\n  retry "));
	said_clear(&said);
	said = run("--read-only --help", 0);
	assert_null(strstr(said.out, "\n  retry "));
	assert_null(strstr(said.out, "\n  lock "));
	assert_null(strstr(said.out, "\n  ack "));
	assert_non_null(strstr(said.out, "\n  audit list "));
	said_clear(&said);
	said = run("policy show", 0);
	assert_non_null(strstr(said.out, "retry-abort-ratio"));
	assert_non_null(strstr(said.out, "argo-prod"));
	said_clear(&said);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(several_are_one_plan_one_record_and_a_request_each),
	    cmocka_unit_test(audit_tells_the_bulk_and_its_retries),
	    cmocka_unit_test(some_tasks_of_a_run_can_be_chosen_where_the_engine_can),
	    cmocka_unit_test(wrong_calls_send_nothing),
	    cmocka_unit_test(plan_of_many_shows_under_each_what_does_not_hold),
	    cmocka_unit_test(offline_nothing_is_planned_or_sent),
	    cmocka_unit_test(offline_no_platform_is_asked_anything),
	    cmocka_unit_test(lock_of_what_is_never_retried_is_refused),
	    cmocka_unit_test(detached_bulk_ends_with_its_caller_until_it_has_a_number),
	    cmocka_unit_test(detached_bulk_that_never_began_is_told_where_children_are_ignored),
	    cmocka_unit_test(interrupted_in_the_middle_it_is_found_and_its_rest_is_sent),
	    cmocka_unit_test(filter_that_could_not_see_all_exits_with_incomplete),
	    cmocka_unit_test(read_only_help_names_no_verb),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, start_world, stop_world);
}

/* kill_test.c - kill -9 at every system call of the retry path, and cuts at the request: never unrecorded, twice, in limbo. */
/* SPDX-License-Identifier: MIT
 *
 * The program itself retries a run of the platform in fake.c, or of a program of one's own, while this test traces it.
 * From the moment it takes hold of the run (it opens a file of that name below lease/) its system calls are counted,
 * over all threads and whatever it starts; run N is killed at the entry of the N-th. What it had started goes on. After
 * each the program is started again as a person would, and the platform's own log and the journal are compared:
 *   I1  for each write the platform saw there was an intent on disk when it arrived
 *   I2  no more than one write
 *   I3  after the restart the intent is done (and it was), not sent (and it was not), or visibly unknown
 * BN_KILL_STEP=1 kills at every boundary; the suite's own run takes KILLS of them for each plugin, evenly spread. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "tests/fault/fake.h"
#include "tests/fault/trace.h"
#include "tests/test.h"

#define KILLS 20

/* Whose retry path it is. */
struct subject {
	const char *source, *type, *below, *settings, *run;
};
static const struct subject subjects[] = {
    {"argo", "argo-workflows", "", "\tnamespace = orch\n", FAKE_ARGO_RUN},
    {"af2", "airflow", "/af2", "\tapi = v1\n", FAKE_AIRFLOW_RUN},
    {"af3", "airflow", "/af3", "\tapi = v2\n\ttoken-env = HOME\n", FAKE_AIRFLOW_RUN},
    {"prog", "exec", NULL, NULL, "job-1"},
};
#define SUBJECTS (sizeof(subjects) / sizeof(subjects[0]))

struct ground {
	const struct subject *subject;
	struct fake fake;
	char dir[64], state[96], config[96];
};

/* A platform of one's own. It keeps its log (calls), and the journal as it was when a write arrived; `cut` says
 * where it dies. */
static const char script[] =
    "#!/bin/sh\n"
    "cd %s || exit 1; read -r input; cut=$(cat cut)\n"
    "echo '{\"binnacle\":1}'\n"
    "[ -f ran ] && state=running || state=failed\n"
    "case $1 in\n"
    "poll) echo '{\"record\":\"pipeline\",\"key\":\"job\",\"idempotence\":\"idempotent\"}'\n"
    "  echo '{\"record\":\"run\",\"key\":\"job-1\",\"pipeline\":\"job\",\"status\":\"'$state'\","
    "\"started_at\":\"2026-03-10T03:05:04Z\"}' ;;\n"
    "plan) [ -f ran ] && { echo '{\"error\":\"it runs\",\"code\":\"running\"}'; exit 0; }\n"
    "  echo '{\"record\":\"plan\",\"mode\":\"again\",\"attempt\":\"1\",\"request\":\"again\"}' ;;\n"
    "act) cp state/journal.db* arrived; echo act >>calls\n"
    "  case $cut in before) exit 3 ;; fails) echo broken >&2; exit 1 ;;\n"
    "  refuses) echo '{\"record\":\"outcome\",\"state\":\"refused\"}'; echo '{\"complete\":true}'; "
    "exit 0 ;; esac\n"
    "  : >ran\n"
    "  case $cut in midway) printf '{\"record\":\"outc'; exit 3 ;; after) exit 3 ;; esac\n"
    "  echo '{\"record\":\"outcome\",\"state\":\"done\"}' ;;\n"
    "reconcile) [ -f ran ] && state=done || state=unchanged\n"
    "  echo '{\"record\":\"outcome\",\"state\":\"'$state'\"}' ;;\n"
    "esac\n"
    "echo '{\"complete\":true}'\n";

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
write_file(const struct ground *g, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", g->dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void
prepare(struct ground *g, const struct subject *subject)
{
	char text[sizeof(script) + 64], path[128];

	g->subject = subject;
	snprintf(g->dir, sizeof(g->dir), "/tmp/bn-kill-XXXXXX");
	assert_non_null(mkdtemp(g->dir));
	snprintf(g->state, sizeof(g->state), "%s/state", g->dir);
	snprintf(g->config, sizeof(g->config), "%s/config", g->dir);
	fake_start(&g->fake);
	snprintf(g->fake.journal, sizeof(g->fake.journal), "%s/journal.db", g->state);
	snprintf(text, sizeof(text), script, g->dir);
	write_file(g, "prog", text);
	snprintf(path, sizeof(path), "%s/prog", g->dir);
	assert_int_equal(chmod(path, 0700), 0);
	if (subject->below != NULL)
		snprintf(path, sizeof(path), "url = %s%s", ts_url(g->fake.server), subject->below);
	else
		snprintf(path, sizeof(path), "command = %s/prog", g->dir);
	snprintf(text, sizeof(text),
		 "[state]\n\tdir = %s\n\tanchor = %s/anchor\n[source \"%s\"]\n\ttype = %s\n"
		 "\t%s\n%s\tactions = retry\n",
		 g->state, g->dir, subject->source, subject->type, path,
		 subject->settings != NULL ? subject->settings : "");
	write_file(g, "config", text);
}

/* The run has failed, and nobody has done anything yet; the request will be cut there. */
static void
fresh(struct ground *g, enum fake_cut cut)
{
	static const char *const words[] = {
	    [FAKE_ANSWERS] = "answers",	  [FAKE_CUT_BEFORE] = "before", [FAKE_CUT_AFTER] = "after",
	    [FAKE_CUT_MIDWAY] = "midway", [FAKE_FAILS] = "fails",	[FAKE_REFUSES] = "refuses"};
	static const char *const names[] = {"anchor", "ran", "calls", "arrived"};
	char path[128];

	nftw(g->state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	assert_int_equal(mkdir(g->state, 0700), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", g->dir, names[i]);
		nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	}
	assert_int_equal(mkdir(path, 0700), 0);
	fake_reset(&g->fake);
	atomic_store(&g->fake.cut, (int)cut);
	write_file(g, "cut", words[cut]);
}

static void
clean(struct ground *g)
{
	fake_stop(&g->fake);
	nftw(g->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* In the child: becomes the program. */
static void
become(const struct ground *g, const char *program, bool plan)
{
	char log[128], run[128];
	int fd;

	snprintf(log, sizeof(log), "%s/out", g->dir);
	snprintf(run, sizeof(run), "run/%s/%s", g->subject->source, g->subject->run);
	fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	dup2(fd, 1);
	dup2(fd, 2);
	setenv("HOME", g->dir, 1);
	if (plan)
		execl(program, program, "--config", g->config, "retry", run, "--plan",
		      (char *)NULL);
	else
		execl(program, program, "--config", g->config, "retry", run, "--yes", "--reason",
		      "cluster is back", (char *)NULL);
	_exit(127);
}

/* As a person would: `plan` reads what the platform shows and what it means for the intent. Returns the exit status. */
static int
run_program(const struct ground *g, const char *program, bool plan)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		become(g, program, plan);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* ---- the oracle -------------------------------------------------------------------------------- */

struct verdict {
	int writes, unjournalled;
	int intents, done, not_sent, unknown, other;
	bool whole;
};

/* The platform's own log. */
static void
look_at_platform(const struct ground *g, struct verdict *v)
{
	char path[128], line[16];
	FILE *file;

	v->writes = atomic_load(&g->fake.writes);
	v->unjournalled = atomic_load(&g->fake.unjournalled);
	snprintf(path, sizeof(path), "%s/calls", g->dir);
	if ((file = fopen(path, "r")) == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL)
		v->writes++;
	fclose(file);
	snprintf(path, sizeof(path), "%s/arrived/journal.db", g->dir);
	v->unjournalled += !fake_intent_is_on_disk(path);
}

static struct verdict
look(const struct ground *g)
{
	static const char sql[] = "SELECT coalesce((SELECT json_extract(o.body, '$.state') FROM "
				  "record o WHERE o.parent = i.seq"
				  " AND o.verb = 'outcome' ORDER BY o.seq DESC LIMIT 1), CASE WHEN "
				  "EXISTS (SELECT 1 FROM record s"
				  " WHERE s.parent = i.seq AND s.verb = 'sending') THEN 'unknown' "
				  "ELSE 'open' END) FROM record i"
				  " WHERE i.verb = 'intent'";
	struct verdict v = {0};
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;

	look_at_platform(g, &v);
	if (access(g->fake.journal, F_OK) != 0) {
		v.whole = true;
		return v;
	}
	assert_int_equal(sqlite3_open_v2(g->fake.journal, &db, SQLITE_OPEN_READWRITE, NULL),
			 SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK)
		while (sqlite3_step(st) == SQLITE_ROW) {
			const char *state = (const char *)sqlite3_column_text(st, 0);

			v.intents++;
			v.done += strcmp(state, "done") == 0;
			v.not_sent += strcmp(state, "not-sent") == 0;
			v.unknown += strcmp(state, "unknown") == 0;
		}
	v.other = v.intents - v.done - v.not_sent - v.unknown;
	sqlite3_finalize(st);
	st = NULL;
	if (sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		v.whole = strcmp((const char *)sqlite3_column_text(st, 0), "ok") == 0;
	sqlite3_finalize(st);
	sqlite3_close(db);
	return v;
}

/* NULL, or what is wrong. */
static const char *
judge(const struct verdict *v)
{
	if (v->unjournalled > 0)
		return "I1: a write arrived without an intent on disk";
	if (v->writes > 1)
		return "I2: it was sent twice";
	if (v->other > 0)
		return "I3: an intent is neither done, nor not sent, nor unknown";
	if (v->done > 0 && v->writes == 0)
		return "I3: called done, but the platform never saw it";
	if (v->not_sent > 0 && v->writes > 0)
		return "I3: called not sent, but the platform saw it";
	if (v->writes > 0 && v->intents == 0)
		return "I1: a write, and no intent";
	if (!v->whole)
		return "I7: the journal is damaged";
	return NULL;
}

static const char *
built(const char *name)
{
	static char path[2][512];
	static int which;

	which = !which;
	snprintf(path[which], sizeof(path[which]), "%s/%s", getenv("abs_top_builddir"), name);
	return path[which];
}

#ifdef CAN_TRACE

struct calling {
	const struct ground *g;
	const char *program;
};

static void
become_tracee(void *payload)
{
	const struct calling *calling = payload;

	become(calling->g, calling->program, false);
}

/* Runs the program and kills it at the entry of call `at` (0: never). */
static int
traced_run(const struct ground *g, const char *program, int at)
{
	struct calling calling = {g, program};

	return trace_run(become_tracee, &calling, "/lease/act-", at);
}

struct campaign {
	int boundaries, killed, wrong;
	int done, not_sent, unknown;
	const char *why; /* the first that was wrong */
};

static void
tally(struct campaign *c, const struct verdict *v, int at)
{
	const char *found = judge(v);

	c->done += v->done;
	c->not_sent += v->not_sent;
	c->unknown += v->unknown;
	if (found == NULL)
		return;
	c->wrong++;
	c->why = c->why != NULL ? c->why : found;
	print_message("# killed at call %d of %d: %s\n", at, c->boundaries, found);
}

/* Kills at every step-th call (0: at KILLS of them). False: nothing can be traced here. */
static bool
campaign(struct campaign *c, const struct subject *subject, const char *program, int step)
{
	struct ground g = {0};
	struct verdict v;
	int at;

	memset(c, 0, sizeof(*c));
	prepare(&g, subject);
	fresh(&g, FAKE_ANSWERS);
	c->boundaries = traced_run(&g, program, 0);
	if (c->boundaries >= 0) {
		v = look(&g);
		tally(c, &v, 0);
	}
	if (step == 0)
		step = c->boundaries / KILLS + 1;
	for (at = 1; at <= c->boundaries; at += step) {
		fresh(&g, FAKE_ANSWERS);
		traced_run(&g, program, at);
		run_program(&g, program, true);
		v = look(&g);
		c->killed++;
		tally(c, &v, at);
	}
	clean(&g);
	return c->boundaries >= 0;
}

#endif

static void
killed_anywhere_nothing_is_lost_doubled_or_in_limbo(void **state)
{
#ifdef CAN_TRACE
	const char *wish = getenv("BN_KILL_STEP"), *why = NULL;
	int boundaries = 0;
	struct campaign c;

	(void)state;
	for (size_t i = 0; i < SUBJECTS; i++) {
		if (!campaign(&c, &subjects[i], built("binnacle"), wish != NULL ? atoi(wish) : 0))
			bn_skip("system calls may not be traced here");
		print_message("# %s: %d boundaries, killed at %d of them: %d done, %d not sent, "
			      "%d unknown; %d wrong\n",
			      subjects[i].type, c.boundaries, c.killed, c.done, c.not_sent,
			      c.unknown, c.wrong);
		why = why != NULL ? why : c.why;
		boundaries += c.boundaries;
		/* The first run, which nobody kills, is done; kills fall before the request and after it. */
		assert_true(c.done > 1 && c.not_sent > 0);
	}
	print_message("# %d boundaries in all\n", boundaries);
	if (why != NULL)
		fail_msg("%s", why);
	assert_true(boundaries >= 200);
#else
	(void)state;
	bn_skip("system calls are not traced on this machine or in this build");
#endif
}

/* The test of the test: the same program, with the journal and the sending the other way round. */
static void
swapped_journal_and_sending_are_caught(void **state)
{
#ifdef CAN_TRACE
	struct campaign c;

	(void)state;
	for (size_t i = 0; i < SUBJECTS; i++) {
		if (!campaign(&c, &subjects[i], built("tests/fault/binnacle_swapped"), 1000000))
			bn_skip("system calls may not be traced here");
		assert_true(c.wrong > 0);
		assert_non_null(strstr(c.why, "I1"));
	}
#else
	(void)state;
	bn_skip("system calls are not traced on this machine or in this build");
#endif
}

/* The same judges, nobody killed: the request is cut before, during and after it, fails, is refused. */
static void
cut_anywhere_the_program_says_what_is_known(void **state)
{
	static const struct {
		enum fake_cut cut;
		int exit, done, unknown; /* of the intent */
	} cases[] = {{FAKE_ANSWERS, 0, 1, 0},	 {FAKE_CUT_BEFORE, 79, 0, 1},
		     {FAKE_CUT_MIDWAY, 0, 1, 0}, {FAKE_CUT_AFTER, 0, 1, 0},
		     {FAKE_FAILS, 79, 0, 1},	 {FAKE_REFUSES, 2, 0, 0}};

	(void)state;
	for (size_t i = 0; i < SUBJECTS; i++) {
		struct ground g = {0};

		prepare(&g, &subjects[i]);
		for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
			struct verdict v;

			fresh(&g, cases[k].cut);
			assert_int_equal(run_program(&g, built("binnacle"), false), cases[k].exit);
			run_program(&g, built("binnacle"), true);
			v = look(&g);
			v.other -= cases[k].cut == FAKE_REFUSES; /* known as well */
			if (judge(&v) != NULL)
				fail_msg("%s, cut %d: %s", subjects[i].type, (int)cases[k].cut,
					 judge(&v));
			assert_int_equal(v.writes, 1);
			assert_int_equal(v.intents, 1);
			assert_int_equal(v.done, cases[k].done);
			assert_int_equal(v.unknown, cases[k].unknown);
			assert_int_equal(atomic_load(&g.fake.unlisted), 0);
		}
		clean(&g);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(killed_anywhere_nothing_is_lost_doubled_or_in_limbo),
	    cmocka_unit_test(swapped_journal_and_sending_are_caught),
	    cmocka_unit_test(cut_anywhere_the_program_says_what_is_known),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

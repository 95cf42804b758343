/* kill_test.c - kill -9 all along the retry path, and cuts at the request: never unrecorded, twice, in limbo. */
/* SPDX-License-Identifier: MIT
 *
 * The program itself retries a run of the platform in fake.c, or of a program of one's own, while this test traces it.
 * From the moment it takes hold of the run (it opens a file of that name below lease/) its system calls are counted,
 * over all threads and whatever it starts; run N is killed at the N-th boundary (trace.h). What it had started goes
 * on. After each the same retry is asked for once more, as by a person who saw nothing but a dead session, and the
 * platform's own log and the journal are compared:
 *   I1  for each write the platform saw there was an intent on disk when it arrived
 *   I2  no more than one write, of both sessions together
 *   I3  the intents are done (and it was), not sent (and it was not), or visibly unknown, and the second session's exit
 *       code says which
 * Every other time the platform goes on showing the run as failed, in its old attempt: then nothing but the journal
 * keeps the second session from sending it twice.
 * `make check-kill` kills at every boundary (BN_KILL_STEP=1; with BN_KILL_CALLS=1 as well each call is one); the suite's
 * own run takes KILLS of them for each plugin, evenly spread. */
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
#include "tests/fault/campaign.h"
#include "tests/fault/fake.h"
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
    "  [ $cut = late ] || : >ran\n"
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
	    [FAKE_CUT_MIDWAY] = "midway", [FAKE_FAILS] = "fails",	[FAKE_REFUSES] = "refuses",
	    [FAKE_LATE] = "late"};
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

/* In the child: becomes the program, which retries the run. */
static void
become(const struct ground *g, const char *program)
{
	char log[128], run[128];
	int fd;

	snprintf(log, sizeof(log), "%s/out", g->dir);
	snprintf(run, sizeof(run), "run/%s/%s", g->subject->source, g->subject->run);
	fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	dup2(fd, 1);
	dup2(fd, 2);
	setenv("HOME", g->dir, 1);
	execl(program, program, "--config", g->config, "retry", run, "--yes", "--reason",
	      "cluster is back", (char *)NULL);
	_exit(127);
}

/* Returns the exit status. */
static int
run_program(const struct ground *g, const char *program)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		become(g, program);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* ---- the oracle -------------------------------------------------------------------------------- */

struct verdict {
	int writes, unjournalled;
	int intents, done, not_sent, unknown, other;
	bool last_is_done;
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
				  " WHERE i.verb = 'intent' ORDER BY i.seq";
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
			v.last_is_done = strcmp(state, "done") == 0;
			v.done += v.last_is_done;
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

/* What the second session's exit code says, by what the journal says after it. */
static bool
fits(const struct verdict *v, int code)
{
	switch (code) {
	case 0: /* it sent, so nothing had been */
		return v->last_is_done && v->done == 1 && v->unknown == 0;
	case 75: /* it runs already, or did a moment ago */
		return v->done == 1 && v->unknown == 0;
	case 79:
		return v->done == 0 && v->unknown == 1;
	default:
		return false;
	}
}

/* NULL, or what is wrong after the second session. */
static const char *
judge(const struct verdict *v, int code)
{
	if (v->unjournalled > 0)
		return "I1: a write arrived without an intent on disk";
	if (v->writes > 0 && v->intents == 0)
		return "I1: a write, and no intent";
	if (v->writes > 1)
		return "I2: it was sent twice";
	if (v->other > 0)
		return "I3: an intent is neither done, nor not sent, nor unknown";
	if (v->done > v->writes)
		return "I3: called done, but the platform never saw it";
	if (v->writes > v->done + v->unknown)
		return "I3: called not sent, but the platform saw it";
	if (!fits(v, code))
		return "I3: the second session's exit code says something else than the journal";
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

enum { DONE, NOT_SENT, UNKNOWN, SENT_AGAIN };

static void
become_tracee(void *payload)
{
	become(payload, built("binnacle"));
}

static struct trace_count
kill_at(void *payload, struct campaign_part *part, int at, int turn, const char **why)
{
	struct ground *g = payload;
	struct trace_count count;
	struct verdict v;
	int code;

	fresh(g, turn % 2 == 0 ? FAKE_ANSWERS : FAKE_LATE);
	count = trace_run(become_tracee, g, "/lease/act-", at);
	if (count.calls < 0)
		return count;
	code = run_program(g, built("binnacle"));
	v = look(g);
	*why = judge(&v, code);
	part->counts[DONE] += v.done;
	part->counts[NOT_SENT] += v.not_sent;
	part->counts[UNKNOWN] += v.unknown;
	part->counts[SENT_AGAIN] += code == 0;
	return count;
}

/* Of a subject after the other: all its parts. */
static void
campaign(int i, void *payload)
{
	struct campaign_part *part = (struct campaign_part *)payload + i;
	struct ground g = {0};

	prepare(&g, &subjects[i / part->parts]);
	campaign_run(part, kill_at, &g);
	clean(&g);
}

static int
sum(const struct campaign_part *parts, int count, int which)
{
	int total = 0;

	for (int i = 0; i < count; i++)
		total += parts[i].counts[which];
	return total;
}

/* Returns how many boundaries there were; *why is the first that was wrong, of all subjects. */
static int
report(const struct campaign_part *parts, const struct subject *subject, const char **why)
{
	int count = parts->parts, boundaries = campaign_boundaries(parts, count), wrong = 0;

	for (int i = 0; i < count; i++) {
		wrong += parts[i].wrong;
		*why = *why != NULL ? *why : parts[i].why;
	}
	print_message("# %s: killed at %d of %d boundaries (%d calls): %d done, of them %d by the "
		      "second session, %d not sent, %d unknown; %d wrong\n",
		      subject->type, campaign_killed(parts, count), boundaries, parts->whole.calls,
		      sum(parts, count, DONE), sum(parts, count, SENT_AGAIN),
		      sum(parts, count, NOT_SENT), sum(parts, count, UNKNOWN), wrong);
	campaign_assert_all(parts, count);
	/* A run that nobody kills is done; kills fall before the request and after it. */
	assert_true(sum(parts, count, DONE) > sum(parts, count, SENT_AGAIN) + count &&
		    sum(parts, count, SENT_AGAIN) > 0);
	return boundaries;
}

#endif

static void
killed_anywhere_and_asked_again_nothing_is_lost_doubled_or_in_limbo(void **state)
{
#ifdef CAN_TRACE
	int count = campaign_parts(1), boundaries = 0;
	struct campaign_part *parts = campaign_share(SUBJECTS * count * sizeof(*parts));
	const char *why = NULL;

	(void)state;
	for (int i = 0; i < (int)SUBJECTS * count; i++) {
		parts[i].part = i % count;
		parts[i].parts = count;
		parts[i].kills = KILLS;
		parts[i].shift = i / count * 100 / (int)SUBJECTS;
	}
	campaign_in_processes(SUBJECTS * count, campaign, parts);
	if (parts->whole.calls < 0)
		bn_skip("system calls may not be traced here");
	for (size_t i = 0; i < SUBJECTS; i++)
		boundaries += report(parts + i * count, &subjects[i], &why);
	print_message("# %d boundaries in all\n", boundaries);
	if (why != NULL)
		fail_msg("%s", why);
	assert_true(boundaries >= 200);
	assert_true(sum(parts, (int)SUBJECTS * count, NOT_SENT) > 0);
#else
	(void)state;
	bn_skip("system calls are not traced on this machine or in this build");
#endif
}

/* ---- nobody is killed -------------------------------------------------------------------------- */

/* What one of the processes has to tell; "" nothing is wrong. */
struct story {
	char wrong[256];
};

static void
tell(struct story *story, const struct subject *subject, enum fake_cut cut, const char *wrong)
{
	snprintf(story->wrong, sizeof(story->wrong), "%s, cut %d: %s", subject->type, (int)cut,
		 wrong);
}

static void
assert_no_story(const struct story *stories)
{
	for (size_t i = 0; i < SUBJECTS; i++)
		if (stories[i].wrong[0] != '\0')
			fail_msg("%s", stories[i].wrong);
}

/* Two sessions of a program with a mistake in it: the judge must see it, and call it so. */
static void
must_be_caught(const struct ground *g, const char *program, const char *as, struct story *story)
{
	int cut = atomic_load(&g->fake.cut), code;
	const char *found;
	struct verdict v;

	run_program(g, built(program));
	code = run_program(g, built(program));
	v = look(g);
	found = judge(&v, code);
	if (found == NULL || strncmp(found, as, strlen(as)) != 0)
		tell(story, g->subject, cut, found != NULL ? found : "nothing was noticed");
}

static void
swapped(int i, void *payload)
{
	struct ground g = {0};

	prepare(&g, &subjects[i]);
	fresh(&g, FAKE_ANSWERS);
	must_be_caught(&g, "tests/fault/binnacle_swapped", "I1", (struct story *)payload + i);
	clean(&g);
}

/* The test of the test: the same program, with the journal and the sending the other way round. */
static void
swapped_journal_and_sending_are_caught(void **state)
{
	struct story *stories = campaign_share(SUBJECTS * sizeof(*stories));

	(void)state;
	campaign_in_processes(SUBJECTS, swapped, stories);
	assert_no_story(stories);
}

/* The first is known to be done a moment ago, then nothing is known of it; and the platform shows neither. */
static void
unguarded(int i, void *payload)
{
	struct ground g = {0};

	prepare(&g, &subjects[i]);
	fresh(&g, FAKE_LATE);
	must_be_caught(&g, "tests/fault/binnacle_unguarded", "I2", (struct story *)payload + i);
	fresh(&g, FAKE_CUT_BEFORE);
	must_be_caught(&g, "tests/fault/binnacle_unguarded", "I2", (struct story *)payload + i);
	clean(&g);
}

/* The same program, in which an earlier intent that is not settled, or is of a moment ago, holds nothing back. */
static void
intents_that_hold_nothing_back_are_caught(void **state)
{
	struct story *stories = campaign_share(SUBJECTS * sizeof(*stories));

	(void)state;
	campaign_in_processes(SUBJECTS, unguarded, stories);
	assert_no_story(stories);
}

struct cut_case {
	enum fake_cut cut;
	int exit, again;   /* of the first session and of the second */
	int done, unknown; /* of the intent */
};
static const struct cut_case cut_cases[] = {
    {FAKE_ANSWERS, 0, 75, 1, 0},   {FAKE_CUT_BEFORE, 79, 79, 0, 1}, {FAKE_CUT_MIDWAY, 0, 75, 1, 0},
    {FAKE_CUT_AFTER, 0, 75, 1, 0}, {FAKE_FAILS, 79, 79, 0, 1},	    {FAKE_LATE, 0, 75, 1, 0},
};

static void
cut(struct ground *g, const struct cut_case *c, struct story *story)
{
	struct verdict v;
	int code, again;

	fresh(g, c->cut);
	code = run_program(g, built("binnacle"));
	again = run_program(g, built("binnacle"));
	v = look(g);
	if (judge(&v, again) != NULL)
		tell(story, g->subject, c->cut, judge(&v, again));
	else if (code != c->exit || again != c->again)
		tell(story, g->subject, c->cut, "another exit code");
	else if (v.writes != 1 || v.intents != 1 || v.done != c->done || v.unknown != c->unknown)
		tell(story, g->subject, c->cut, "the journal says something else");
	else if (atomic_load(&g->fake.unlisted) != 0)
		tell(story, g->subject, c->cut, "a request that is on no list");
}

/* Refused by the platform: that is known, and so it may be asked for once more. */
static void
refuse(struct ground *g, struct story *story)
{
	struct verdict v;
	int code;

	fresh(g, FAKE_REFUSES);
	code = run_program(g, built("binnacle"));
	v = look(g);
	if (code != 2 || v.writes != 1 || v.unjournalled > 0 || v.intents != 1 || v.other != 1)
		tell(story, g->subject, FAKE_REFUSES, "it is not refused");
	code = run_program(g, built("binnacle"));
	v = look(g);
	if (code != 2 || v.writes != 2 || v.intents != 2 || v.other != 2)
		tell(story, g->subject, FAKE_REFUSES, "it is not refused once more");
}

static void
cut_everywhere(int i, void *payload)
{
	struct ground g = {0};

	prepare(&g, &subjects[i]);
	for (size_t k = 0; k < sizeof(cut_cases) / sizeof(cut_cases[0]); k++)
		cut(&g, &cut_cases[k], (struct story *)payload + i);
	refuse(&g, (struct story *)payload + i);
	clean(&g);
}

/* The same judges: the request is cut before, during and after it, fails, is refused. */
static void
cut_anywhere_the_program_says_what_is_known(void **state)
{
	struct story *stories = campaign_share(SUBJECTS * sizeof(*stories));

	(void)state;
	campaign_in_processes(SUBJECTS, cut_everywhere, stories);
	assert_no_story(stories);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(
		killed_anywhere_and_asked_again_nothing_is_lost_doubled_or_in_limbo,
		campaign_leave),
	    cmocka_unit_test_teardown(swapped_journal_and_sending_are_caught, campaign_leave),
	    cmocka_unit_test_teardown(intents_that_hold_nothing_back_are_caught, campaign_leave),
	    cmocka_unit_test_teardown(cut_anywhere_the_program_says_what_is_known, campaign_leave),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

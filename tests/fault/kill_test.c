/* kill_test.c - kill -9 at every system call of the retry path: nothing is sent unrecorded, twice, or into limbo. */
/* SPDX-License-Identifier: MIT
 *
 * The program itself retries a run of the platform in fake.c while this test traces it. From the moment it takes hold
 * of the run (it opens a file of that name below lease/) its system calls are counted, over all threads; run N is
 * killed at the entry of the N-th. After each the program is started again as a person would, and the platform's own
 * log and the journal are compared:
 *   I1  for each write the platform saw there was an intent on disk when it arrived
 *   I2  no more than one write
 *   I3  after the restart the intent is done (and it was), not sent (and it was not), or visibly unknown
 * BN_KILL_STEP=1 kills at every boundary; the suite's own run takes every so many-th. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "tests/fault/fake.h"
#include "tests/test.h"

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CAN_TRACE 1
#endif

#ifdef CAN_TRACE

struct ground {
	struct fake fake;
	char dir[64], state[96], config[96];
};

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
prepare(struct ground *g)
{
	FILE *file;

	snprintf(g->dir, sizeof(g->dir), "/tmp/bn-kill-XXXXXX");
	assert_non_null(mkdtemp(g->dir));
	snprintf(g->state, sizeof(g->state), "%s/state", g->dir);
	snprintf(g->config, sizeof(g->config), "%s/config", g->dir);
	fake_start(&g->fake);
	snprintf(g->fake.journal, sizeof(g->fake.journal), "%s/journal.db", g->state);
	file = fopen(g->config, "w");
	assert_non_null(file);
	fprintf(file,
		"[state]\n\tdir = %s\n\tanchor = %s/anchor\n[source \"argo\"]\n\ttype = "
		"argo-workflows\n"
		"\turl = %s\n\tnamespace = orch\n\tactions = retry\n",
		g->state, g->dir, ts_url(g->fake.server));
	fclose(file);
}

static void
fresh(struct ground *g)
{
	char path[128];

	nftw(g->state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	assert_int_equal(mkdir(g->state, 0700), 0);
	snprintf(path, sizeof(path), "%s/anchor", g->dir);
	unlink(path);
	fake_reset(&g->fake);
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
	char log[128];
	int fd;

	snprintf(log, sizeof(log), "%s/out", g->dir);
	fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	dup2(fd, 1);
	dup2(fd, 2);
	setenv("HOME", g->dir, 1);
	if (plan)
		execl(program, program, "--config", g->config, "retry", "run/argo/" FAKE_ARGO_RUN,
		      "--plan", (char *)NULL);
	else
		execl(program, program, "--config", g->config, "retry", "run/argo/" FAKE_ARGO_RUN,
		      "--yes", "--reason", "cluster is back", (char *)NULL);
	_exit(127);
}

/* As a person would go on: what the platform shows is read, and what it means for the intent. */
static void
restart(const struct ground *g, const char *program)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		become(g, program, true);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
}

/* ---- the oracle -------------------------------------------------------------------------------- */

struct verdict {
	int intents, done, not_sent, unknown, other;
	bool whole;
};

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
judge(const struct ground *g, const struct verdict *v)
{
	int writes = atomic_load(&g->fake.writes);

	if (atomic_load(&g->fake.unjournalled) > 0)
		return "I1: a write arrived without an intent on disk";
	if (writes > 1)
		return "I2: it was sent twice";
	if (v->other > 0)
		return "I3: an intent is neither done, nor not sent, nor unknown";
	if (v->done > 0 && writes == 0)
		return "I3: called done, but the platform never saw it";
	if (v->not_sent > 0 && writes > 0)
		return "I3: called not sent, but the platform saw it";
	if (writes > 0 && v->intents == 0)
		return "I1: a write, and no intent";
	if (!v->whole)
		return "I7: the journal is damaged";
	return NULL;
}

/* ---- tracing ----------------------------------------------------------------------------------- */

static bool
opens_the_hold(pid_t pid, const struct user_regs_struct *regs)
{
	char path[256] = "";
	struct iovec local = {path, sizeof(path) - 1};
	struct iovec remote = {(void *)(uintptr_t)regs->rsi, sizeof(path) - 1};

	if (regs->orig_rax != SYS_openat)
		return false;
	/* It may end at a page that is not there: then less is read. */
	while (process_vm_readv(pid, &local, 1, &remote, 1, 0) < 0 && remote.iov_len > 16)
		local.iov_len = remote.iov_len = remote.iov_len / 2;
	return strstr(path, "/lease/act-") != NULL;
}

/* Runs the program and kills it at the entry of call `at` (0: never). Returns how many calls there were; -1: nothing
 * can be traced here. */
static int
traced_run(const struct ground *g, const char *program, int at)
{
	int count = 0, status, signal;
	bool counting = false;
	pid_t child = fork(), pid;

	assert_true(child >= 0);
	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
			_exit(126);
		raise(SIGSTOP);
		become(g, program, false);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFSTOPPED(status)) /* a container may forbid it */
		return -1;
	ptrace(PTRACE_SETOPTIONS, child, NULL,
	       PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
		   PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
	ptrace(PTRACE_SYSCALL, child, NULL, NULL);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (pid == child)
				break;
			continue;
		}
		signal = 0;
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			struct __ptrace_syscall_info info;

			if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 &&
			    info.op == PTRACE_SYSCALL_INFO_ENTRY) {
				struct user_regs_struct regs;

				if (!counting && info.entry.nr == SYS_openat &&
				    ptrace(PTRACE_GETREGS, pid, NULL, &regs) == 0)
					counting = opens_the_hold(pid, &regs);
				count += counting;
				if (counting && at > 0 && count == at) {
					kill(child, SIGKILL);
					continue;
				}
			}
		} else if (WSTOPSIG(status) != SIGTRAP && WSTOPSIG(status) != SIGSTOP)
			signal = WSTOPSIG(status);
		ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(intptr_t)signal);
	}
	while (waitpid(-1, &status, __WALL | WNOHANG) > 0)
		continue;
	return count;
}

/* Kills at every step-th call. Returns the number of runs in which something was wrong; *why the first. */
static int
campaign(const char *program, int step, const char **why, int *boundaries, int *killed,
	 int tally[3])
{
	struct ground g = {0};
	struct verdict v;
	int at, wrong = 0;

	prepare(&g);
	fresh(&g);
	*boundaries = traced_run(&g, program, 0);
	if (*boundaries < 0) {
		clean(&g);
		return 0;
	}
	v = look(&g);
	*why = judge(&g, &v);
	wrong += *why != NULL;
	for (at = 1; at <= *boundaries; at += step) {
		const char *found;

		fresh(&g);
		traced_run(&g, program, at);
		restart(&g, program);
		v = look(&g);
		(*killed)++;
		tally[0] += v.done;
		tally[1] += v.not_sent;
		tally[2] += v.unknown;
		if ((found = judge(&g, &v)) != NULL) {
			wrong++;
			*why = *why != NULL ? *why : found;
			print_message("# killed at call %d of %d: %s\n", at, *boundaries, found);
		}
	}
	clean(&g);
	return wrong;
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

#endif

static void
killed_anywhere_nothing_is_lost_doubled_or_in_limbo(void **state)
{
#ifdef CAN_TRACE
	const char *wish = getenv("BN_KILL_STEP"), *why = NULL;
	int boundaries = 0, killed = 0, tally[3] = {0}, wrong;

	(void)state;
	wrong = campaign(built("binnacle"), wish != NULL ? atoi(wish) : 29, &why, &boundaries,
			 &killed, tally);
	if (boundaries < 0)
		bn_skip("system calls may not be traced here");
	print_message(
	    "# %d boundaries, killed at %d of them: %d done, %d not sent, %d unknown; %d wrong\n",
	    boundaries, killed, tally[0], tally[1], tally[2], wrong);
	if (wrong > 0)
		fail_msg("%s", why);
	assert_true(boundaries >= 200);
	assert_true(tally[0] > 0 && tally[1] > 0);
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
	const char *why = NULL;
	int boundaries = 0, killed = 0, tally[3] = {0}, wrong;

	(void)state;
	wrong = campaign(built("tests/fault/binnacle_swapped"), 100000, &why, &boundaries, &killed,
			 tally);
	if (boundaries < 0)
		bn_skip("system calls may not be traced here");
	assert_true(wrong > 0);
	assert_non_null(strstr(why, "I1"));
#else
	(void)state;
	bn_skip("system calls are not traced on this machine or in this build");
#endif
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(killed_anywhere_nothing_is_lost_doubled_or_in_limbo),
	    cmocka_unit_test(swapped_journal_and_sending_are_caught),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

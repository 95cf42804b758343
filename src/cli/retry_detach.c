/* retry_detach.c - --detach: the same call again, in a session of its own and without a terminal. */
/* SPDX-License-Identifier: MIT */
#include "cli/context.h"
#include "cli/retry.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"

#define SELF	"/proc/self/exe"
#define LOOK_MS 20 /* between two looks for what it says */

extern char **environ;

/* What it prints goes into files without a name: a pipe would be closed when this process ends. */
struct child {
	FILE *out, *complaint;
	pid_t pid;
	bool ended;
	bool lost; /* it ended, and nobody knows how: status is none */
	int status;
	int signal; /* that came before the number, and that the child was told of; 0: none */
};

/* As this process was called, but for --detach; and it prints the record's number first. */
static char **
arguments(const struct bn_cli *cli)
{
	static const char *const more[] = {"-q", "-o", "table"};
	char **argv = bn_xcalloc((size_t)cli->argc + 4, sizeof(*argv));
	int count = 0, i, n;

	for (i = 0; i < cli->argc && strcmp(cli->argv[i], "--") != 0; i++)
		if (strcmp(cli->argv[i], "--detach") != 0)
			argv[count++] = bn_xstrdup(cli->argv[i]);
	for (n = 0; n < 3;
	     n++) /* the last word on it, but before operands that begin with a dash */
		argv[count++] = bn_xstrdup(more[n]);
	for (; i < cli->argc; i++)
		argv[count++] = bn_xstrdup(cli->argv[i]);
	return argv;
}

static int
spawn(const struct bn_cli *cli, struct child *child, struct bn_error *err)
{
	char **argv = arguments(cli);
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int rc, i;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, fileno(child->out), 1);
	posix_spawn_file_actions_adddup2(&files, fileno(child->complaint), 2);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
					    POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawn(&child->pid, SELF, &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	for (i = 0; argv[i] != NULL; i++)
		free(argv[i]);
	free(argv);
	return rc == 0 ? BN_OK
		       : bn_fail(err, BN_EIO, "%s can't be started: %s: nothing was sent", SELF,
				 strerror(rc));
}

/* The number it has printed so far; 0: none yet. Read by offset, since the child writes at the end of the same
 * open file. */
static int64_t
number_of(const struct child *child)
{
	char text[32];
	ssize_t size = pread(fileno(child->out), text, sizeof(text) - 1, 0);

	if (size <= 0 || memchr(text, '\n', (size_t)size) == NULL)
		return 0;
	text[size] = '\0';
	return strtoll(text, NULL, 10);
}

/* What was ignored when we were called (nohup, a script's background) does not end us, though it is held back. */
static bool
is_ignored(int signal)
{
	struct sigaction action;

	return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/* Planning is bounded, so that a number or an end comes in time. Until there is a number nobody could say which bulk
 * it was, so a signal ends the child before it sends; from its record on the child catches the signal itself, and
 * the number comes. */
static int64_t
await(struct bn_cli *cli, struct child *child)
{
	int64_t number;
	int signal;
	pid_t gone;

	for (;;) {
		number = number_of(child);
		if (number != 0 || child->ended)
			return number;
		gone = waitpid(child->pid, &child->status, WNOHANG);
		child->lost = gone < 0;
		child->ended = gone != 0;
		if (child->ended || (signal = bn_cli_wait(cli, LOOK_MS)) == 0 || is_ignored(signal))
			continue;
		if (number_of(child) == 0) {
			child->signal = signal;
			kill(child->pid, SIGTERM);
		}
	}
}

/* It ended without having begun: its words and its exit code are ours. */
static int
pass_on(struct bn_cli *cli, const struct child *child)
{
	struct bn_error err = {0};
	char text[4096];
	ssize_t size;
	off_t at = 0;

	while ((size = pread(fileno(child->complaint), text, sizeof(text), at)) > 0) {
		fwrite(text, 1, (size_t)size, cli->err);
		at += size;
	}
	if (!child->lost)
		return WIFEXITED(child->status) ? WEXITSTATUS(child->status) : BN_EXIT_INTERNAL;
	bn_fail(&err, BN_EUNCERTAIN,
		"the process that sends it is gone, and how it ended is not known");
	bn_hint(&err, "whether there is a bulk: binnacle audit list --verb bulk");
	return bn_cli_report(cli, &err);
}

/* The sources that could not be read when it was planned, or NULL; in cli->arena. */
static const char *
unread(struct bn_cli *cli, int64_t number)
{
	static const char sql[] =
	    "SELECT json_extract(body, '$.unread') FROM record WHERE seq = ?1";
	const char *names = NULL;
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(bn_reader_db(cli->reader), sql, -1, &st, NULL) == SQLITE_OK) {
		sqlite3_bind_int64(st, 1, number);
		if (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_type(st, 0) == SQLITE_TEXT)
			names =
			    bn_arena_strdup(cli->arena, (const char *)sqlite3_column_text(st, 0));
	}
	sqlite3_finalize(st);
	return names;
}

/* Who asked for it has to know what is not in it, as without --detach. Exit code. */
static int
left_out(struct bn_cli *cli, int64_t number)
{
	static const char sql[] =
	    "SELECT coalesce(json_extract(t.value, '$.source'), ''),"
	    " coalesce(json_extract(t.value, '$.key'), ''),"
	    " coalesce(json_extract(t.value, '$.why'), ''), json_extract(t.value, '$.code')"
	    " FROM record r, json_each(r.body, '$.left_out') t WHERE r.seq = ?1";
	struct bn_error err = {0};
	sqlite3_stmt *st = NULL;
	int code = BN_EXIT_OK, one;

	if (bn_cli_open_store(cli, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	if (sqlite3_prepare_v2(bn_reader_db(cli->reader), sql, -1, &st, NULL) == SQLITE_OK) {
		sqlite3_bind_int64(st, 1, number);
		while (sqlite3_step(st) == SQLITE_ROW) {
			bn_fail(&err, sqlite3_column_int(st, 3), "%.60s/%.150s is left out: %.300s",
				(const char *)sqlite3_column_text(st, 0),
				(const char *)sqlite3_column_text(st, 1),
				(const char *)sqlite3_column_text(st, 2));
			one = bn_retry_exit(cli, &err);
			code = code == BN_EXIT_OK ? one : bn_exit_combine(code, one);
		}
	}
	sqlite3_finalize(st);
	return bn_retry_unread(cli, unread(cli, number), code);
}

static int
tell(struct bn_cli *cli, int64_t number)
{
	if (bn_retry_for_programs(cli))
		fprintf(cli->out, "{\"bulk\":{\"record\":%lld}}\n", (long long)number);
	else if (cli->quiet)
		fprintf(cli->out, "%lld\n", (long long)number);
	else
		fprintf(
		    cli->out,
		    "bulk %lld goes on by itself: binnacle wait %lld, binnacle audit show %lld\n",
		    (long long)number, (long long)number, (long long)number);
	return left_out(cli, number);
}

/* After a signal, and not before the child is gone or has begun. */
static int
interrupted(struct bn_cli *cli, const struct child *child, int64_t number)
{
	struct bn_error err = {0};

	if (number == 0)
		bn_fail(&err, BN_ECANCELLED, "interrupted: nothing was sent");
	else {
		fprintf(cli->out,
			bn_retry_for_programs(cli) ? "{\"bulk\":{\"record\":%lld}}\n" : "%lld\n",
			(long long)number);
		bn_fail(&err, BN_ECANCELLED, "interrupted, but bulk %lld had begun: it stops",
			(long long)number);
		bn_hint(&err, "see: binnacle audit show %lld", (long long)number);
	}
	bn_cli_report(cli, &err);
	return child->signal == SIGINT ? BN_EXIT_INTERRUPTED : 128 + child->signal;
}

static int
may_detach(struct bn_cli *cli, const struct bn_invocation *in, struct bn_error *err)
{
	const char *cache = bn_flag_get(in, "cache"), *demo = bn_flag_get(in, "demo");

	if (!bn_flag_has(in, "yes") || !bn_retry_is_bulk(in))
		return bn_fail(err, BN_EINVAL, "--detach goes with --yes and several runs");
	if (bn_flag_has(in, "demo") && (demo == NULL || *demo == '\0')) {
		bn_fail(err, BN_EINVAL, "--detach needs a world that goes on without this process");
		return bn_hint(err, "--demo=DIR, beside binnacle demo --serve DIR");
	}
	if (cache != NULL && strcmp(cache, "none") == 0)
		return bn_fail(err, BN_EINVAL,
			       "--detach needs a journal on disk: not --cache none");
	return bn_cli_may_write(cli, err);
}

int
bn_retry_detach(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct child child = {.pid = -1};
	struct bn_error err = {0};
	int64_t number;
	int code;

	if (may_detach(cli, in, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	child.out = tmpfile();
	child.complaint = tmpfile();
	if (child.out == NULL || child.complaint == NULL) {
		bn_fail(&err, BN_EIO, "no temporary file: %s: nothing was sent", strerror(errno));
		code = bn_cli_report(cli, &err);
	} else if (bn_cli_catch_signals(cli, &err) != BN_OK || spawn(cli, &child, &err) != BN_OK)
		code = bn_cli_report(cli, &err);
	else {
		number = await(cli, &child);
		code = child.signal != 0 ? interrupted(cli, &child, number)
		       : number != 0	 ? tell(cli, number)
					 : pass_on(cli, &child);
	}
	if (child.out != NULL)
		fclose(child.out);
	if (child.complaint != NULL)
		fclose(child.complaint);
	return code;
}

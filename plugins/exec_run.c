/* exec_run.c - runs a command within bounds: its time, its output, all its children. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "exec.h"

#define LINE_AT_MOST (1024 * 1024)
/* Below the 64 KiB a pipe holds: it is written before anybody reads. */
#define INPUT_AT_MOST 60000
#define TICK	      200 /* ms between two looks at a cancel and the command's end */
#define GRACE	      500 /* ms between SIGTERM and SIGKILL */

struct child {
	pid_t pid;
	int out, err; /* ends of its pipes, -1: closed */
	bool exited; /* seen, not yet collected: until then its process group's number is its own */
	char *line;
	size_t size, capacity, total;
	bool too_long; /* the present line is thrown away */
};

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int
set_actions(posix_spawn_file_actions_t *actions, const int pipes[3][2])
{
	int rc = posix_spawn_file_actions_adddup2(actions, pipes[0][0], 0);

	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(actions, pipes[1][1], 1);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(actions, pipes[2][1], 2);
	if (rc == 0)
		rc = posix_spawn_file_actions_addclosefrom_np(actions, 3);
	return rc == 0 ? posix_spawn_file_actions_addchdir_np(actions, "/") : rc;
}

static int
set_attributes(posix_spawnattr_t *attr)
{
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	rc = posix_spawnattr_setpgroup(attr, 0);
	if (rc == 0)
		rc = posix_spawnattr_setsigmask(attr, &none);
	if (rc == 0)
		rc = posix_spawnattr_setsigdefault(attr, &all);
	return rc == 0
		   ? posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
							POSIX_SPAWN_SETSIGDEF)
		   : rc;
}

/* posix_spawn wants char *const[], but does not write. */
static char *const *
vector(const char *const *list)
{
	union {
		const char *const *in;
		char *const *out;
	} cast = {list};

	return cast.out;
}

static int
spawn(struct child *child, const struct exec_command *command)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int pipes[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
	size_t size = strlen(command->input);
	int rc = 0;

	for (int i = 0; rc == 0 && i < 3; i++)
		if (pipe2(pipes[i], O_CLOEXEC) != 0)
			rc = errno;
	if (rc == 0 &&
	    (size > INPUT_AT_MOST || write(pipes[0][1], command->input, size) != (ssize_t)size))
		rc = E2BIG;
	close_fd(&pipes[0][1]);
	if (rc == 0) {
		posix_spawn_file_actions_init(&actions);
		posix_spawnattr_init(&attr);
		rc = set_actions(&actions, (const int(*)[2])pipes);
		if (rc == 0)
			rc = set_attributes(&attr);
		if (rc == 0)
			rc = posix_spawn(&child->pid, command->argv[0], &actions, &attr,
					 vector(command->argv), vector(command->env));
		posix_spawn_file_actions_destroy(&actions);
		posix_spawnattr_destroy(&attr);
	}
	close_fd(&pipes[0][0]);
	close_fd(&pipes[1][1]);
	close_fd(&pipes[2][1]);
	child->out = pipes[1][0];
	child->err = pipes[2][0];
	if (rc != 0) {
		close_fd(&child->out);
		close_fd(&child->err);
		return rc;
	}
	fcntl(child->out, F_SETFL, O_NONBLOCK);
	fcntl(child->err, F_SETFL, O_NONBLOCK);
	return 0;
}

/* ---- output ---------------------------------------------------------------------------------- */

static int
end_line(struct child *child, struct bn_source *s, exec_line_fn *on_line, void *payload,
	 struct bn_error *err)
{
	int rc = BN_OK;

	(void)s;
	if (child->too_long)
		rc = on_line("", 0, payload, err); /* counted as a line that can't be read */
	else if (child->size > 0) {
		child->line[child->size] = '\0';
		rc = on_line(child->line, child->size, payload, err);
	}
	child->size = 0;
	child->too_long = false;
	return rc;
}

static bool
append(struct child *child, const char *bytes, size_t size)
{
	size_t need = child->size + size + 1;

	if (child->too_long || need > LINE_AT_MOST) {
		child->too_long = true;
		return true;
	}
	if (need > child->capacity) {
		size_t capacity = need < 4096 ? 4096 : 2 * need;
		char *line = realloc(child->line, capacity);

		if (line == NULL)
			return false;
		child->line = line;
		child->capacity = capacity;
	}
	memcpy(child->line + child->size, bytes, size);
	child->size += size;
	return true;
}

static int
take_output(struct child *child, struct bn_source *s, const struct exec_command *command,
	    exec_line_fn *on_line, void *payload, struct bn_error *err)
{
	char bytes[16384];
	ssize_t got;

	while (child->out >= 0 && (got = read(child->out, bytes, sizeof(bytes))) != -1) {
		const char *at = bytes, *end = bytes + got;

		if (got == 0) {
			close_fd(&child->out);
			return end_line(child, s, on_line, payload, err);
		}
		child->total += (size_t)got;
		if (child->total > command->output_at_most)
			return bn_fail_at(s, err, BN_ETOOBIG, "%s wrote more than %zu bytes",
					  command->argv[0], command->output_at_most);
		while (at < end) {
			const char *newline = memchr(at, '\n', (size_t)(end - at));
			int rc = BN_OK;

			if (!append(child, at, (size_t)((newline != NULL ? newline : end) - at)))
				return bn_fail_at(s, err, BN_EINTERNAL, "out of memory");
			if (newline != NULL)
				rc = end_line(child, s, on_line, payload, err);
			if (rc != BN_OK)
				return rc;
			at = newline != NULL ? newline + 1 : end;
		}
	}
	return BN_OK;
}

/* Keeps the last line: interpreters write the reason last. */
static void
take_complaint(struct child *child, char *out, size_t size)
{
	char bytes[4096];
	ssize_t got;

	while (child->err >= 0 && (got = read(child->err, bytes, sizeof(bytes))) != -1) {
		if (got == 0)
			close_fd(&child->err);
		for (ssize_t i = 0; i < got; i++) {
			size_t n = strlen(out);

			if (n > 0 && out[n - 1] == '\n' && bytes[i] != '\n')
				out[n = 0] = '\0';
			if (n + 1 < size && !(bytes[i] == '\n' && (n == 0 || out[n - 1] == '\n'))) {
				out[n] = bytes[i];
				out[n + 1] = '\0';
			}
		}
	}
}

/* ---- the end --------------------------------------------------------------------------------- */

static bool
has_exited(struct child *child)
{
	siginfo_t info = {0};

	if (!child->exited &&
	    waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    info.si_pid == child->pid)
		child->exited = true;
	return child->exited;
}

/* Ends the whole group, politely first, and collects the command. */
static int
finish(struct child *child, bool stop)
{
	int64_t until = now_ms() + GRACE;
	int status = 0;

	if (stop && !has_exited(child)) {
		kill(-child->pid, SIGTERM);
		while (!has_exited(child) && now_ms() < until)
			poll(NULL, 0, 10);
	}
	kill(-child->pid, SIGKILL);
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	close_fd(&child->out);
	close_fd(&child->err);
	free(child->line);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int
converse(struct child *child, struct bn_source *s, const struct exec_command *command,
	 exec_line_fn *on_line, void *payload, char *complaint, size_t complaint_size,
	 struct bn_error *err)
{
	int64_t until = now_ms() + command->time_limit;
	int rc = BN_OK;

	while (rc == BN_OK) {
		struct pollfd fds[2] = {{child->out, POLLIN, 0}, {child->err, POLLIN, 0}};
		bool exited = has_exited(child);

		take_complaint(child, complaint, complaint_size);
		rc = take_output(child, s, command, on_line, payload, err);
		if (rc != BN_OK)
			break;
		/* What it left running may keep the pipe open: what counts is the command itself.
		 */
		if (exited)
			return end_line(child, s, on_line, payload, err);
		if (bn_cancelled(s))
			return bn_fail_at(s, err, BN_ECANCELLED, "cancelled");
		if (now_ms() >= until) {
			bn_fail_at(s, err, BN_ETIMEOUT,
				   "%s did not end within %lld s and was stopped", command->argv[0],
				   (long long)(command->time_limit / 1000));
			return bn_hint_at(err, "raise time-limit, or let it do less at a time");
		}
		poll(fds, 2, child->out < 0 ? 10 : TICK);
	}
	return rc;
}

/* Without its line end. One that did not fit ends with a whole word: half a secret would not be known again as one,
 * and would be shown. */
static void
end_complaint(char *complaint, size_t size)
{
	size_t n = strlen(complaint);

	if (n + 1 == size)
		while (n > 0 && complaint[n - 1] != ' ')
			n--;
	if (n > 0 && (complaint[n - 1] == '\n' || complaint[n - 1] == ' '))
		n--;
	complaint[n] = '\0';
}

int
exec_run(struct bn_source *s, const struct exec_command *command, exec_line_fn *on_line,
	 void *payload, int *exit_status, char *complaint, size_t complaint_size,
	 struct bn_error *err)
{
	struct child child = {.out = -1, .err = -1};
	int failure, rc;

	complaint[0] = '\0';
	*exit_status = -1;
	failure = spawn(&child, command);
	if (failure != 0) {
		bn_fail_at(s, err, failure == ENOENT ? BN_ENOTFOUND : BN_ECONFIG,
			   "%s can't be run: %s", command->argv[0], strerror(failure));
		return bn_hint_at(err, "`command` must be the absolute path of an executable file");
	}
	rc = converse(&child, s, command, on_line, payload, complaint, complaint_size, err);
	*exit_status = finish(&child, rc != BN_OK);
	end_complaint(complaint, complaint_size);
	return rc;
}

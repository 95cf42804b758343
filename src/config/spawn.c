/* spawn.c - runs a helper command within bounds and keeps what it prints. */
/* SPDX-License-Identifier: MIT */
#include "config/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"

#define TICK 20 /* ms between two looks at whether the child has ended */

/* What a helper may see. Tokens of ours, and of anybody else, are not in it. "LC_" stands for all.
 */
static const char *const allowed[] = {"PATH=",
				      "HOME=",
				      "USER=",
				      "LOGNAME=",
				      "SHELL=",
				      "LANG=",
				      "LANGUAGE=",
				      "LC_",
				      "TZ=",
				      "TMPDIR=",
				      "XDG_",
				      "DBUS_SESSION_BUS_ADDRESS=",
				      "DISPLAY=",
				      "WAYLAND_DISPLAY=",
				      "SSH_AUTH_SOCK=",
				      "GNUPGHOME=",
				      "PASSWORD_STORE_DIR=",
				      "KUBECONFIG=",
				      "AWS_PROFILE=",
				      "AWS_REGION=",
				      "AWS_DEFAULT_REGION=",
				      "AWS_CONFIG_FILE=",
				      "AWS_SHARED_CREDENTIALS_FILE=",
				      "AWS_CA_BUNDLE=",
				      "VAULT_ADDR=",
				      "http_proxy=",
				      "https_proxy=",
				      "no_proxy=",
				      "HTTP_PROXY=",
				      "HTTPS_PROXY=",
				      "NO_PROXY=",
				      "SSL_CERT_FILE=",
				      "SSL_CERT_DIR="};

struct child {
	pid_t pid;
	int out, complaint; /* -1 once closed */
	bool ended;
	int status;
};

struct sink {
	char *text;
	size_t size, used;
};

/* Pointers into environ; the caller frees the list only. */
static char **
reduced_environment(void)
{
	size_t count = 0, kept = 0;
	char **list;

	while (environ[count] != NULL)
		count++;
	list = bn_xcalloc(count + 1, sizeof(*list));
	for (size_t i = 0; i < count; i++)
		for (size_t a = 0; a < sizeof(allowed) / sizeof(allowed[0]); a++)
			if (strncmp(environ[i], allowed[a], strlen(allowed[a])) == 0) {
				list[kept++] = environ[i];
				break;
			}
	return list;
}

static int
spawn_shell(const char *command, int out, int complaint, pid_t *pid)
{
	char shell[] = "/bin/sh", dash_c[] = "-c", *text = bn_xstrdup(command);
	char *argv[] = {shell, dash_c, text, NULL}, **env = reduced_environment();
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	posix_spawn_file_actions_adddup2(&files, complaint, 2);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
					    POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawn(pid, shell, &files, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	free(env);
	free(text);
	return rc;
}

static int
start(struct child *child, const char *command, struct bn_error *err)
{
	int out[2] = {-1, -1}, complaint[2] = {-1, -1}, rc = BN_OK, failed;

	if (pipe2(out, O_CLOEXEC) != 0 || pipe2(complaint, O_CLOEXEC) != 0) {
		rc = bn_fail(err, BN_EIO, "no pipe for the command: %s", strerror(errno));
		goto out;
	}
	failed = spawn_shell(command, out[1], complaint[1], &child->pid);
	if (failed != 0) {
		rc = bn_fail(err, BN_EIO, "the command can't be started: %s", strerror(failed));
		goto out;
	}
	child->out = out[0];
	child->complaint = complaint[0];
	fcntl(child->out, F_SETFL, O_NONBLOCK);
	fcntl(child->complaint, F_SETFL, O_NONBLOCK);
	out[0] = complaint[0] = -1;
out:
	for (int i = 0; i < 2; i++) {
		if (out[i] >= 0)
			close(out[i]);
		if (complaint[i] >= 0)
			close(complaint[i]);
	}
	return rc;
}

/* Reads what is there. False when the sink is full and `strict`; a full complaint is just cut. */
static bool
drain(int *fd, struct sink *sink, bool strict)
{
	char scrap[1024];

	while (*fd >= 0) {
		bool full = sink->used == sink->size - 1;
		ssize_t got = full
				  ? read(*fd, scrap, sizeof(scrap))
				  : read(*fd, sink->text + sink->used, sink->size - 1 - sink->used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return true;
		if (got <= 0) {
			close(*fd);
			*fd = -1;
		} else if (full && strict) {
			explicit_bzero(scrap, sizeof(scrap));
			return false;
		} else if (!full)
			sink->used += (size_t)got;
	}
	return true;
}

static void
look_for_end(struct child *child)
{
	if (!child->ended && waitpid(child->pid, &child->status, WNOHANG) == child->pid)
		child->ended = true;
}

/* Until the command itself has ended; what it left in the background does not count. */
static int
follow(struct child *child, int64_t timeout_ms, const struct bn_stop *stop, struct sink *out,
       struct sink *complaint, struct bn_error *err)
{
	int64_t deadline = bn_monotonic() + timeout_ms;

	while (!child->ended) {
		struct pollfd fds[] = {{child->out, POLLIN, 0}, {child->complaint, POLLIN, 0}};

		if (bn_monotonic() >= deadline)
			return bn_fail(err, BN_ETIMEOUT, "the command did not end within %d s",
				       (int)(timeout_ms / 1000));
		if (stop != NULL && stop->asked(stop->payload))
			return bn_fail(err, BN_ECANCELLED, "the command was cancelled");
		poll(fds, 2, TICK);
		look_for_end(child); /* before the last reading, or its last words could be lost */
		if (!drain(&child->out, out, true))
			return bn_fail(err, BN_ETOOBIG, "the command printed more than %zu bytes",
				       out->size - 1);
		drain(&child->complaint, complaint, false);
	}
	if (WIFSIGNALED(child->status))
		return bn_fail(err, BN_EAUTH, "the command was ended by signal %d",
			       WTERMSIG(child->status));
	if (WEXITSTATUS(child->status) != 0)
		return bn_fail(err, BN_EAUTH, "the command failed with exit status %d",
			       WEXITSTATUS(child->status));
	return BN_OK;
}

int
bn_spawn_read(const char *command, int64_t timeout_ms, const struct bn_stop *stop, char *out,
	      size_t size, size_t *used, char *complaint, size_t complaint_size,
	      struct bn_error *err)
{
	struct child child = {-1, -1, -1, false, 0};
	struct sink text = {out, size, 0}, words = {complaint, complaint_size, 0};
	int rc = start(&child, command, err);

	if (rc != BN_OK)
		goto out;
	rc = follow(&child, timeout_ms, stop, &text, &words, err);
	kill(-child.pid, SIGKILL); /* also what it left behind */
	while (!child.ended && waitpid(child.pid, &child.status, 0) < 0 && errno == EINTR)
		;
out:
	if (child.out >= 0)
		close(child.out);
	if (child.complaint >= 0)
		close(child.complaint);
	out[text.used] = '\0';
	complaint[words.used] = '\0';
	complaint[strcspn(complaint, "\r\n")] = '\0';
	*used = text.used;
	return rc;
}

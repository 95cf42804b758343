/* console.c - opens the console for the program: collector, options, and the ':' line as a child of its own. */
/* SPDX-License-Identifier: MIT */
#include "ui/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/cli.h"
#include "cli/complete.h"
#include "cli/context.h"
#include "program.h"

extern char **environ;

/* ---- the ':' line -------------------------------------------------------------------------- */

/* The global options of this session, so that the child sees the same configuration and state. */
static void
session_arguments(const struct bn_cli *cli, struct bn_strlist *out)
{
	if (cli->scratch != NULL) {
		char *demo = bn_xasprintf("--demo=%s", cli->scratch);

		bn_strlist_add(out, demo);
		free(demo);
	} else if (bn_flag_has(cli->in, "demo")) {
		char *demo = bn_xasprintf("--demo=%s", bn_flag_get(cli->in, "demo"));

		bn_strlist_add(out, demo);
		free(demo);
	} else {
		static const char *const names[] = {"config", "context", "cache"};
		size_t i;

		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			if (!bn_flag_has(cli->in, names[i]))
				continue;
			char *flag =
			    bn_xasprintf("--%s=%s", names[i], bn_flag_get(cli->in, names[i]));

			bn_strlist_add(out, flag);
			free(flag);
		}
	}
	if (cli->read_only)
		bn_strlist_add(out, "--read-only");
	if (cli->offline)
		bn_strlist_add(out, "--offline");
	bn_strlist_add(out, "--color=never");
}

/* Copies what the child writes to both pipes until it has closed them. */
static void
copy_output(int out_fd, int err_fd, FILE *out, FILE *err)
{
	struct pollfd fds[2] = {{out_fd, POLLIN, 0}, {err_fd, POLLIN, 0}};
	FILE *to[2] = {out, err};
	char buffer[8192];
	int open_count = 2, i;

	while (open_count > 0 && (poll(fds, 2, -1) >= 0 || errno == EINTR)) {
		for (i = 0; i < 2; i++) {
			ssize_t got;

			if (fds[i].fd < 0 || (fds[i].revents & (POLLIN | POLLHUP | POLLERR)) == 0)
				continue;
			got = read(fds[i].fd, buffer, sizeof(buffer));
			if (got > 0)
				fwrite(buffer, 1, (size_t)got, to[i]);
			else if (got == 0 || errno != EINTR) {
				fds[i].fd = -1;
				open_count--;
			}
		}
	}
}

static int
spawn_self(char *const *argv, int out_fd, int err_fd, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, defaults;
	int rc;

	sigemptyset(&none);
	sigfillset(&defaults);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, err_fd, STDERR_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
						  POSIX_SPAWN_SETPGROUP);
	rc = posix_spawn(pid, "/proc/self/exe", &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

/* Runs a scripted command as a child of our own binary: it can be slow, be killed or crash without
 * harm, and can't touch the terminal. */
static int
run_command(void *payload, int argc, char **argv, FILE *out, FILE *err)
{
	const struct bn_cli *cli = payload;
	struct bn_strlist line = {0};
	int out_pipe[2] = {-1, -1}, err_pipe[2] = {-1, -1}, status = 0, rc, i;
	char **child = NULL;
	pid_t pid;

	bn_strlist_add(&line, "binnacle");
	session_arguments(cli, &line);
	for (i = 0; i < argc; i++)
		bn_strlist_add(&line, argv[i]);
	child = bn_xcalloc(line.count + 1, sizeof(*child));
	memcpy(child, line.items, line.count * sizeof(*child));
	if (pipe2(out_pipe, O_CLOEXEC) != 0 || pipe2(err_pipe, O_CLOEXEC) != 0) {
		fprintf(err, "binnacle: pipe: %s\n", strerror(errno));
		rc = BN_EXIT_INTERNAL;
		goto out;
	}
	rc = spawn_self(child, out_pipe[1], err_pipe[1], &pid);
	close(out_pipe[1]);
	close(err_pipe[1]);
	out_pipe[1] = err_pipe[1] = -1;
	if (rc != 0) {
		fprintf(err, "binnacle: starting the command failed: %s\n", strerror(rc));
		rc = BN_EXIT_INTERNAL;
		goto out;
	}
	copy_output(out_pipe[0], err_pipe[0], out, err);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	rc = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
out:
	for (i = 0; i < 2; i++) {
		if (out_pipe[i] >= 0)
			close(out_pipe[i]);
		if (err_pipe[i] >= 0)
			close(err_pipe[i]);
	}
	free(child);
	bn_strlist_clear(&line);
	return rc;
}

static void
complete(void *payload, const char *line, bool acts, struct bn_strlist *out)
{
	(void)payload;
	bn_complete_line(line, acts, out);
}

/* The first paint comes from what is stored; the lanes begin when it stands. */
static void
start_collecting(void *payload)
{
	struct bn_cli *cli = payload;
	struct bn_error err = {0};

	if (cli->collect != NULL && bn_collect_start(cli->collect, &err) != BN_OK)
		bn_log_write(cli->log, 1, "collecting could not start: %s", err.message);
}

static int
reload(void *payload, struct bn_config **out, struct bn_error *err)
{
	return bn_cli_reload_config(payload, out, err);
}

/* ---- opening ------------------------------------------------------------------------------- */

/* Threads inherit the mask of the one that makes them: everything is blocked before the first lane.
 */
static void
block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGABRT);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
}

int
bn_open_console(struct bn_cli *cli, struct bn_error *err)
{
	struct bn_console_options options;
	int rc;

	block_signals();
	rc = cli->offline ? bn_cli_open_store(cli, err) : bn_cli_open_action(cli, NULL, err);
	if (rc != BN_OK)
		return rc;
	options = (struct bn_console_options){
	    .config = cli->config,
	    .registry = cli->registry,
	    .store = cli->store,
	    .collect = cli->collect,
	    .actions = cli->action,
	    .clock = &cli->clock,
	    .zone = cli->style.zone,
	    .context = cli->context,
	    .at = cli->at,
	    .read_only = cli->read_only,
	    .no_colour = !cli->colour,
	    .wake_fd = cli->wake_fd,
	    .command = run_command,
	    .complete = complete,
	    .painted = start_collecting,
	    .reload = reload,
	    .payload = cli,
	};
	return bn_console_run(&options, err);
}

/* editor.c - a text in the person's own editor: the terminal is lent to it, and what it leaves comes back. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "ui/state.h"

#define TEXT_MOST (4 * 1024 * 1024) /* bytes that are read back */
#define WORDS	  16		    /* of the editor's command */

extern char **environ;

/* A file of this person alone, for the editor to change. */
static char *
lay_out(const char *text, struct bn_error *err)
{
	const char *base = getenv("TMPDIR");
	char *path =
	    bn_xasprintf("%s/binnacle-XXXXXX.md", base != NULL && base[0] == '/' ? base : "/tmp");
	size_t left = strlen(text);
	int fd = mkstemps(path, 3);

	if (fd < 0) {
		bn_fail(err, BN_EIO, "%s: %s", path, strerror(errno));
		free(path);
		return NULL;
	}
	while (left > 0) {
		ssize_t wrote = write(fd, text, left);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			break;
		text += wrote;
		left -= (size_t)wrote;
	}
	if (left > 0)
		bn_fail(err, BN_EIO, "%s: %s", path, strerror(errno));
	close(fd);
	if (left == 0)
		return path;
	unlink(path);
	free(path);
	return NULL;
}

static char *
read_back(const char *path, struct bn_error *err)
{
	FILE *file = fopen(path, "re");
	char *text = file != NULL ? bn_xmalloc(TEXT_MOST + 2) : NULL;
	size_t size = 0;

	if (file == NULL) {
		bn_fail(err, BN_EIO, "%s: %s", path, strerror(errno));
		return NULL;
	}
	size = fread(text, 1, TEXT_MOST + 1, file);
	fclose(file);
	if (size > TEXT_MOST || memchr(text, '\0', size) != NULL) {
		bn_fail(err, BN_ETOOBIG, "what the editor left is no text of at most 4 MiB");
		free(text);
		return NULL;
	}
	text[size] = '\0';
	return text;
}

/* VISUAL and EDITOR are words, a program and perhaps options; no shell reads them. */
static int
start(char *command, char *path, pid_t *pid)
{
	char *argv[WORDS + 2] = {NULL}, *next = NULL, *word;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int count = 0, rc;

	for (word = strtok_r(command, " \t", &next); word != NULL && count < WORDS;
	     word = strtok_r(NULL, " \t", &next))
		argv[count++] = word;
	if (count == 0)
		return ENOENT;
	argv[count] = path;
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawnp(pid, argv[0], NULL, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	return rc;
}

/* Until it ends. When it stops (Ctrl-Z) the shell has to notice, so we stop as well, and go on together. */
static int
wait_for(pid_t pid)
{
	sigset_t only;
	int status = 0;

	for (;;) {
		if (waitpid(pid, &status, WUNTRACED) < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		if (!WIFSTOPPED(status))
			return status;
		sigemptyset(&only);
		sigaddset(&only, SIGTSTP);
		signal(SIGTSTP, SIG_DFL);
		raise(SIGTSTP);
		pthread_sigmask(SIG_UNBLOCK, &only, NULL); /* here the process stops, and goes on */
		pthread_sigmask(SIG_BLOCK, &only, NULL);
		kill(pid, SIGCONT);
	}
}

/* While the terminal is lent, its Ctrl-C and Ctrl-\\ are the editor's, though they reach us too: POSIX's system()
 * leaves them aside in the same way. */
static void
leave_keys_aside(struct sigaction *quit)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigemptyset(&ignore.sa_mask);
	sigaction(SIGQUIT, &ignore, quit);
}

/* Only once the terminal is raw again, where Ctrl-C is a key: what came before then was not meant for us. */
static void
heed_keys(const struct sigaction *quit)
{
	static const struct timespec now = {0, 0};
	sigset_t interrupt;

	sigemptyset(&interrupt);
	sigaddset(&interrupt,
		  SIGINT); /* it is blocked: it waits for the loop that would end the console */
	while (sigtimedwait(&interrupt, NULL, &now) > 0)
		continue;
	sigaction(SIGQUIT, quit, NULL);
}

static const char *
editor_of_choice(void)
{
	static const char *const names[] = {"VISUAL", "EDITOR"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value != NULL && value[strspn(value, " \t")] != '\0')
			return value;
	}
	return "vi";
}

int
bn_app_edit(struct bn_app *app, const char *text, char **out, struct bn_error *err)
{
	const char *chosen = editor_of_choice();
	char *path = lay_out(text, err), *command;
	struct sigaction quit;
	pid_t pid = 0;
	int rc, status = 0;

	*out = NULL;
	if (path == NULL)
		return err->code;
	command = bn_xstrdup(chosen);
	leave_keys_aside(&quit);
	bn_term_release(app->term);
	rc = start(command, path, &pid);
	if (rc == 0)
		status = wait_for(pid);
	bn_term_resized(app->term);
	bn_term_reclaim(app->term);
	heed_keys(&quit);
	app->stale = app->dirty = app->whole = true;
	if (rc != 0) {
		bn_fail(err, BN_ENOTFOUND, "%s: %s", chosen, strerror(rc));
		bn_hint(err, "VISUAL or EDITOR names the editor");
	} else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		bn_fail(err, BN_EREMOTE, "%s failed: the text is as it was", chosen);
	else
		*out = read_back(path, err);
	unlink(path);
	free(command);
	free(path);
	return *out != NULL ? BN_OK : err->code;
}

/* served.c - starts and stops a served demo, and runs commands on it. */
/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "cli/served.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char *
read_all(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	char *text = calloc(1, 1);
	size_t used = 0, got;

	while (file != NULL) {
		text = realloc(text, used + 65537);
		got = fread(text + used, 1, 65536, file);
		used += got;
		text[used] = '\0';
		if (got == 0)
			break;
	}
	if (file != NULL)
		fclose(file);
	if (size != NULL)
		*size = used;
	return text;
}

static long
spawn_shell(const char *line, const char *out, const char *err)
{
	char *argv[] = {strdup("sh"), strdup("-c"), strdup(line), NULL};
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int i;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_addopen(&actions, 2, err, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(posix_spawn(&pid, "/bin/sh", &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	for (i = 0; i < 3; i++)
		free(argv[i]);
	return pid;
}

static int
wait_code(long pid)
{
	int status = 0;

	while (waitpid((pid_t)pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void
served_start(struct served *served, const char *options)
{
	const char *top = getenv("abs_top_builddir"), *server = getenv("BN_DEMO_SERVER");
	char line[1024], path[256], environment[1024];
	int i;

	assert_non_null(top);
	snprintf(served->dir, sizeof(served->dir), "/tmp/binnacle-test.XXXXXX");
	assert_non_null(mkdtemp(served->dir));
	snprintf(served->demo, sizeof(served->demo), "%s/demo", served->dir);
	snprintf(environment, sizeof(environment), "%s:%s", top, getenv("PATH"));
	setenv("PATH", environment, 1);
	setenv("HOME", served->dir, 1);
	setenv("XDG_CONFIG_HOME", served->dir, 1);
	setenv("XDG_STATE_HOME", served->dir, 1);
	setenv("DEMO", served->demo, 1);
	snprintf(line, sizeof(line), "exec '%s' demo -q --speed 0 --serve '%s' %s",
		 server != NULL ? server : "binnacle", served->demo,
		 options != NULL ? options : "");
	snprintf(path, sizeof(path), "%s/serve.out", served->dir);
	served->pid = spawn_shell(line, path, path);
	snprintf(path, sizeof(path), "%s/pid", served->demo);
	for (i = 0; i < 300 && access(path, F_OK) != 0; i++)
		usleep(100000);
	if (access(path, F_OK) != 0)
		fail_msg("the demo did not come up: %s", line);
}

void
served_stop(struct served *served)
{
	char line[256];

	kill((pid_t)served->pid, SIGTERM);
	wait_code(served->pid);
	snprintf(line, sizeof(line), "rm -rf '%s'", served->dir);
	wait_code(spawn_shell(line, "/dev/null", "/dev/null"));
}

void
served_faults(struct served *served, const char *faults, int fresh_state)
{
	char path[256], line[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/faults", served->demo);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(faults, file);
	fclose(file);
	if (fresh_state) {
		snprintf(line, sizeof(line), "rm -rf '%s/state' && mkdir -m 700 '%s/state'",
			 served->demo, served->demo);
		assert_int_equal(wait_code(spawn_shell(line, "/dev/null", "/dev/null")), 0);
	}
	sleep(2); /* the demo looks at the file every second */
}

void
ask_shell(const struct served *served, const char *line, struct said *said)
{
	char out[256], err[256];

	snprintf(out, sizeof(out), "%s/out", served->dir);
	snprintf(err, sizeof(err), "%s/err", served->dir);
	said->code = wait_code(spawn_shell(line, out, err));
	said->out = read_all(out, &said->out_size);
	said->err = read_all(err, NULL);
}

void
ask(const struct served *served, const char *arguments, struct said *said)
{
	bool patient = strstr(arguments, "--timeout") == NULL && strstr(arguments, "wait ") == NULL;
	char line[2048];

	/* a busy or a sanitized binnacle reads a whole platform for longer than a person waits */
	snprintf(line, sizeof(line), "exec timeout 90 binnacle --demo=\"$DEMO\" %s%s",
		 patient ? "--timeout 75s " : "", arguments);
	ask_shell(served, line, said);
}

void
said_clear(struct said *said)
{
	free(said->out);
	free(said->err);
	said->out = said->err = NULL;
}

json_t *
said_json(const struct said *said)
{
	json_error_t error;
	json_t *json = json_loads(said->out, JSON_REJECT_DUPLICATES, &error);

	if (json == NULL)
		fail_msg("not JSON: %s in: %.300s (stderr: %.300s)", error.text, said->out,
			 said->err);
	return json;
}

json_t *
served_facts(const struct served *served)
{
	char path[256];
	json_t *json;

	snprintf(path, sizeof(path), "%s/facts.json", served->demo);
	json = json_load_file(path, 0, NULL);
	assert_non_null(json);
	return json;
}

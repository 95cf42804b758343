/* measure.c - series and medians, programs run and watched. */
/* SPDX-License-Identifier: MIT */
#include "tests/bench/bench.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

extern char **environ;

double
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

char *
path_of(const char *dir, const char *name)
{
	return bn_xasprintf("%s/%s", dir, name);
}

/* ---- series -------------------------------------------------------------------------------- */

void
series_add(struct series *s, double value)
{
	if (s->count == s->capacity) {
		s->capacity = s->capacity > 0 ? 2 * s->capacity : 64;
		s->values = bn_xrealloc(s->values, s->capacity, sizeof(*s->values));
	}
	s->values[s->count++] = value;
}

void
series_clear(struct series *s)
{
	free(s->values);
	memset(s, 0, sizeof(*s));
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
series_share(struct series *s, double share)
{
	size_t at;

	if (s->count == 0)
		return 0;
	qsort(s->values, s->count, sizeof(*s->values), by_value);
	at = (size_t)(share * (double)s->count);
	return s->values[at < s->count ? at : s->count - 1];
}

/* ---- programs without a terminal ----------------------------------------------------------- */

static void
read_all(int fd, char *out, size_t size)
{
	char ignored[16384];
	size_t used = 0;
	ssize_t n;

	while ((n = read(fd, ignored, sizeof(ignored))) > 0 || (n < 0 && errno == EINTR)) {
		size_t keep = n > 0 ? (size_t)n : 0;

		if (out == NULL || size == 0)
			continue;
		if (keep > size - 1 - used)
			keep = size - 1 - used;
		memcpy(out + used, ignored, keep);
		used += keep;
	}
	if (out != NULL && size > 0)
		out[used] = '\0';
}

/* posix_spawn's types predate const; it changes nothing. */
union strings {
	const char *const *given;
	char *const *taken;
};

double
run_timed(const char *const *argv, int also, char *out, size_t size)
{
	union strings args = {.given = argv};
	posix_spawn_file_actions_t actions;
	int fds[2], status = 0, failure;
	double began, took = -1;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	began = now_ms();
	failure = posix_spawn(&pid, argv[0], &actions, NULL, args.taken, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	if (failure == 0) {
		read_all(fds[0], out, size);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			continue;
		took = now_ms() - began;
	}
	close(fds[0]);
	if (failure != 0 || !WIFEXITED(status) ||
	    (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != also)) {
		fprintf(stderr, "bench: %s %s failed: %s\n", argv[0],
			argv[1] != NULL ? argv[1] : "",
			failure != 0 ? strerror(failure) : "status");
		return -1;
	}
	return took;
}

/* ---- what a process uses ------------------------------------------------------------------- */

static bool
read_file(const char *path, char *out, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t n;

	if (file == NULL)
		return false;
	n = fread(out, 1, size - 1, file);
	out[n] = '\0';
	fclose(file);
	return true;
}

static int64_t
field(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at == NULL ? 0 : strtoll(at + strlen(name), NULL, 10);
}

/* One thread: its time on a processor in ns, and how often it went to sleep of itself. */
static void
add_thread(const char *task, const char *name, struct usage *out)
{
	char path[320], text[4096];

	snprintf(path, sizeof(path), "%s/%.64s/schedstat", task, name);
	if (read_file(path, text, sizeof(text)))
		out->cpu_ms += (double)strtoll(text, NULL, 10) / 1e6;
	snprintf(path, sizeof(path), "%s/%.64s/status", task, name);
	if (read_file(path, text, sizeof(text)))
		out->wakeups += field(text, "\nvoluntary_ctxt_switches:");
}

bool
usage_of(pid_t pid, struct usage *out)
{
	char path[64], text[4096];
	struct dirent *entry;
	DIR *dir;

	memset(out, 0, sizeof(*out));
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (!read_file(path, text, sizeof(text)))
		return false;
	out->rss_kb = field(text, "VmRSS:");
	out->anon_kb = field(text, "RssAnon:");
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			add_thread(path, entry->d_name, out);
	if (dir != NULL)
		closedir(dir);
	return true;
}

/* ---- programs on a terminal ---------------------------------------------------------------- */

struct bn_term *
term_start(const char *const *argv)
{
	return bn_term_start(&(struct bn_term_options){.cols = 120, .rows = 40, .argv = argv});
}

void
term_quit(struct bn_term *t)
{
	if (t == NULL)
		return;
	bn_term_type(t, "q");
	bn_term_exit(t, 3000);
	bn_term_free(t);
}

double
term_until(struct bn_term *t, const char *text, double since)
{
	while (now_ms() - since < 10000) {
		bool any = bn_term_pump(t, 100);
		const char *raw;
		size_t size;

		raw = bn_term_raw(t, &size);
		if (memmem(raw, size, text, strlen(text)) != NULL)
			return now_ms() - since;
		if (!any && bn_term_exit(t, 0) >= 0)
			break;
	}
	return -1;
}

double
term_key(struct bn_term *t, const char *key, int quiet, size_t *bytes, double *first)
{
	size_t before = bn_term_bytes(t);
	double began = now_ms(), last = 0;

	bn_term_type(t, key);
	while (bn_term_pump(t, quiet)) {
		last = now_ms() - began;
		if (first != NULL && *first == 0)
			*first = last;
	}
	if (bytes != NULL)
		*bytes = bn_term_bytes(t) - before;
	return last;
}

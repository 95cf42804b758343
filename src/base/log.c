/* log.c - the debug log: a file of the user's own, one line an event, never a secret. */
/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

#define ROTATE_AT ((off_t)8 << 20)
#define MAX_LINE  ((size_t)16 << 10)

struct bn_log {
	int fd, level;
	char *path; /* NULL: standard error */
	pthread_mutex_t lock;
};

static int
open_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
}

struct bn_log *
bn_log_open(const char *path, int level)
{
	struct bn_log *log;
	int fd = STDERR_FILENO;

	if (level <= 0)
		return NULL;
	if (path != NULL) {
		fd = open_file(path);
		if (fd < 0)
			return NULL;
		if (fchmod(fd, 0600) != 0 && errno != EPERM) {
			close(fd);
			return NULL;
		}
	}
	log = bn_xcalloc(1, sizeof(*log));
	log->fd = fd;
	log->level = level;
	log->path = bn_xstrdup(path);
	pthread_mutex_init(&log->lock, NULL);
	return log;
}

void
bn_log_close(struct bn_log *log)
{
	if (log == NULL)
		return;
	if (log->path != NULL && log->fd >= 0)
		close(log->fd);
	pthread_mutex_destroy(&log->lock);
	free(log->path);
	free(log);
}

int
bn_log_level(const struct bn_log *log)
{
	return log != NULL ? log->level : 0;
}

/* One old file is kept. Several processes may do this at once: the loser moves a file that is new
 * and small, and a few lines go early; nothing worse. */
static void
rotate(struct bn_log *log)
{
	struct stat st;
	char *old;
	int fd;

	if (log->path == NULL || fstat(log->fd, &st) != 0 || st.st_size < ROTATE_AT)
		return;
	old = bn_xasprintf("%s.1", log->path);
	if (rename(log->path, old) == 0 && (fd = open_file(log->path)) >= 0) {
		close(log->fd);
		log->fd = fd;
	}
	free(old);
}

static void
write_all(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t put = write(fd, text, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return; /* a full disk must not stop what is being logged */
		text += put;
		size -= (size_t)put;
	}
}

void
bn_log_write(struct bn_log *log, int level, const char *format, ...)
{
	struct bn_buf raw = BN_BUF_INIT(MAX_LINE), line = BN_BUF_INIT(MAX_LINE * 12);
	char at[BN_TIME_TEXT];
	struct timespec now;
	va_list ap;

	if (log == NULL || level > log->level)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	va_start(ap, format);
	if (!bn_buf_addv(&raw, format, ap))
		bn_buf_adds(&line, "(a line too long to log) ");
	va_end(ap);
	bn_buf_addf(&line, "%s %ld %d ",
		    bn_time_rfc3339((bn_time)now.tv_sec * 1000 + now.tv_nsec / 1000000, at),
		    (long)getpid(), level);
	bn_sanitise(&line, bn_buf_text(&raw), raw.size, BN_SANITISE_FIELD);
	bn_buf_addc(&line, '\n');
	pthread_mutex_lock(&log->lock);
	rotate(log);
	write_all(log->fd, bn_buf_text(&line), line.size);
	pthread_mutex_unlock(&log->lock);
	bn_buf_free(&raw);
	bn_buf_free(&line);
}

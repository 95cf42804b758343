/* harness.c - runs a program on a pseudo-terminal and reads its screen back through libvterm. */
/* SPDX-License-Identifier: MIT */
#include "tests/screen/harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/screen/harness_int.h"

#define RAW_MAX (1024 * 1024)

extern char **environ;

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- what libvterm tells us ---------------------------------------------------------------- */

static int
on_cursor(VTermPos pos, VTermPos old, int visible, void *user)
{
	struct bn_term *t = user;

	(void)old;
	(void)visible;
	t->cursor = pos;
	return 1;
}

static int
on_property(VTermProp prop, VTermValue *val, void *user)
{
	struct bn_term *t = user;

	switch (prop) {
	case VTERM_PROP_CURSORVISIBLE:
		t->cursor_visible = val->boolean;
		break;
	case VTERM_PROP_ALTSCREEN:
		t->altscreen = val->boolean;
		break;
	case VTERM_PROP_MOUSE:
		t->mouse = val->number != VTERM_PROP_MOUSE_NONE;
		break;
	default:
		break;
	}
	return 1;
}

static const VTermScreenCallbacks callbacks = {
    .movecursor = on_cursor,
    .settermprop = on_property,
};

/* Keys pressed and answers to the program's questions leave through here. */
static void
on_output(const char *bytes, size_t len, void *user)
{
	struct bn_term *t = user;
	size_t done = 0;
	int64_t end = now_ms() + 5000;

	while (done < len && t->fd >= 0 && now_ms() < end) {
		ssize_t n = write(t->fd, bytes + done, len - done);

		if (n > 0) {
			done += (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			struct pollfd p = {.fd = t->fd, .events = POLLOUT};

			poll(&p, 1, 100);
		} else if (n < 0 && errno != EINTR) {
			return;
		}
	}
}

/* ---- the child ------------------------------------------------------------------------------ */

static bool
same_name(const char *entry, const char *change)
{
	size_t len = strcspn(change, "=");

	return strncmp(entry, change, len) == 0 && (entry[len] == '=' || entry[len] == '\0');
}

static size_t
count(const char *const *list)
{
	size_t n = 0;

	while (list != NULL && list[n] != NULL)
		n++;
	return n;
}

/* The child's environment: `list` grows by what is in `changes`, names without a value are removed.
 */
static void
change_env(const char **list, size_t *n, const char *const *changes)
{
	for (size_t i = 0; i < count(changes); i++) {
		size_t kept = 0;

		for (size_t k = 0; k < *n; k++)
			if (!same_name(list[k], changes[i]))
				list[kept++] = list[k];
		if (strchr(changes[i], '=') != NULL)
			list[kept++] = changes[i];
		*n = kept;
	}
}

static const char **
child_env(const struct bn_term_options *options, const char *term)
{
	static const char *const base[] = {
	    "LINES",	      "COLUMNS", "LANG", "NO_COLOR",	 "COLORTERM", "LC_CTYPE",
	    "LC_ALL=C.UTF-8", "TERMCAP", "TMUX", "TERM_PROGRAM", NULL};
	const char *const first[] = {term, NULL};
	size_t n = count((const char *const *)environ);
	const char **list = calloc(n + count(base) + count(options->env) + 2, sizeof(*list));

	if (list == NULL)
		return NULL;
	memcpy(list, environ, n * sizeof(*list));
	change_env(list, &n, base);
	change_env(list, &n, first);
	change_env(list, &n, options->env);
	list[n] = NULL;
	return list;
}

/* execve's types predate const; it changes nothing. */
union strings {
	const char *const *given;
	char *const *taken;
};

static void
run_child(const struct bn_term_options *options, const char **env)
{
	union strings argv = {.given = options->argv}, envp = {.given = env};
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (options->dir != NULL && chdir(options->dir) != 0)
		_exit(126);
	execvpe(options->argv[0], argv.taken, envp.taken);
	fprintf(stderr, "%s: %s\n", options->argv[0], strerror(errno));
	_exit(127);
}

struct bn_term *
bn_term_start(const struct bn_term_options *options)
{
	struct bn_term *t = calloc(1, sizeof(*t));
	char term[128];
	const char **env = NULL;
	bool ok = false;

	if (t == NULL)
		return NULL;
	t->fd = -1;
	t->status = -1;
	t->cols = options->cols > 0 ? options->cols : 80;
	t->rows = options->rows > 0 ? options->rows : 24;
	t->cursor_visible = true;
	snprintf(term, sizeof(term), "TERM=%s",
		 options->term != NULL ? options->term : "xterm-256color");
	env = child_env(options, term);
	t->raw = malloc(2 * RAW_MAX);
	t->vt = vterm_new(t->rows, t->cols);
	if (env == NULL || t->raw == NULL || t->vt == NULL)
		goto out;
	vterm_set_utf8(t->vt, 1);
	t->screen = vterm_obtain_screen(t->vt);
	vterm_screen_set_callbacks(t->screen, &callbacks, t);
	vterm_screen_enable_altscreen(t->screen, 1);
	vterm_screen_reset(t->screen, 1);
	vterm_output_set_callback(t->vt, on_output, t);

	struct winsize size = {.ws_row = (unsigned short)t->rows,
			       .ws_col = (unsigned short)t->cols};

	t->pid = forkpty(&t->fd, NULL, NULL, &size);
	if (t->pid == 0)
		run_child(options, env);
	if (t->pid < 0)
		goto out;
	fcntl(t->fd, F_SETFL, O_NONBLOCK);
	fcntl(t->fd, F_SETFD, FD_CLOEXEC);
	ok = true;
out:
	free(env);
	if (!ok) {
		bn_term_free(t);
		return NULL;
	}
	return t;
}

void
bn_term_free(struct bn_term *t)
{
	if (t == NULL)
		return;
	if (t->pid > 0 && t->status < 0) {
		kill(-t->pid, SIGKILL);
		kill(t->pid, SIGKILL);
		waitpid(t->pid, NULL, 0);
	}
	if (t->fd >= 0)
		close(t->fd);
	if (t->vt != NULL)
		vterm_free(t->vt);
	free(t->raw);
	free(t);
}

/* ---- reading -------------------------------------------------------------------------------- */

static void
keep_raw(struct bn_term *t, const char *bytes, size_t len)
{
	if (t->raw_len + len > 2 * RAW_MAX) {
		memmove(t->raw, t->raw + t->raw_len - RAW_MAX, RAW_MAX);
		t->raw_len = RAW_MAX;
	}
	memcpy(t->raw + t->raw_len, bytes, len);
	t->raw_len += len;
	t->bytes += len;
}

bool
bn_term_pump(struct bn_term *t, int ms)
{
	struct pollfd p = {.fd = t->fd, .events = POLLIN};
	char buf[16384];
	bool any = false;

	if (t->fd < 0) {
		if (ms > 0)
			poll(NULL, 0, ms > 10 ? 10 : ms);
		return false;
	}
	if (poll(&p, 1, ms) <= 0)
		return false;
	for (;;) {
		ssize_t n = read(t->fd, buf, sizeof(buf));

		if (n > 0) {
			keep_raw(t, buf, (size_t)n);
			vterm_input_write(t->vt, buf, (size_t)n);
			any = true;
		} else if (n < 0 && errno == EINTR) {
			continue;
		} else {
			/* A terminal without any process left reads as EIO. */
			if (n == 0 || (n < 0 && errno != EAGAIN)) {
				close(t->fd);
				t->fd = -1;
			}
			break;
		}
	}
	return any;
}

/* A limit is for what never comes; a build that a sanitizer slows down gets that much more of it. */
static int64_t
patient(int limit_ms)
{
#if defined(__SANITIZE_THREAD__)
	return (int64_t)limit_ms * 6;
#elif defined(__SANITIZE_ADDRESS__)
	return (int64_t)limit_ms * 3;
#else
	return limit_ms;
#endif
}

static bool
wait_until(struct bn_term *t, const char *text, bool there, int limit_ms)
{
	int64_t end = now_ms() + patient(limit_ms);

	for (;;) {
		int64_t left = end - now_ms();

		if (bn_term_find(t, text, NULL, NULL) == there)
			return true;
		if (left <= 0)
			return false;
		bn_term_pump(t, left > 50 ? 50 : (int)left);
	}
}

bool
bn_term_wait(struct bn_term *t, const char *text, int limit_ms)
{
	return wait_until(t, text, true, limit_ms);
}

bool
bn_term_wait_gone(struct bn_term *t, const char *text, int limit_ms)
{
	return wait_until(t, text, false, limit_ms);
}

/* ns that the program's threads ran, or were ready to run and had no processor (proc_pid_schedstat(5)); 0 where
 * that can't be told. */
static int64_t
work_ns(const struct bn_term *t)
{
	char path[300];
	struct dirent *entry;
	int64_t sum = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)t->pid);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		long long ran = 0, waited = 0;
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", (int)t->pid,
			 entry->d_name);
		if (entry->d_name[0] == '.' || (file = fopen(path, "re")) == NULL)
			continue;
		if (fscanf(file, "%lld %lld", &ran, &waited) == 2)
			sum += ran + waited;
		fclose(file);
	}
	if (dir != NULL)
		closedir(dir);
	return sum;
}

/* A screen on which nothing moves may still be one whose program is at work on the answer: it rests only when the
 * program did as well. */
bool
bn_term_settle(struct bn_term *t, int quiet_ms, int limit_ms)
{
	int64_t end = now_ms() + patient(limit_ms), quiet = now_ms() + quiet_ms,
		before = work_ns(t);

	for (;;) {
		int64_t now = now_ms();

		if (now >= quiet && work_ns(t) - before < (int64_t)quiet_ms * 1000000 * 2 / 5)
			return true;
		if (now >= end)
			return false;
		if (now >= quiet || bn_term_pump(t, (int)(quiet - now))) {
			quiet = now_ms() + quiet_ms;
			before = work_ns(t);
		}
	}
}

/* ---- the rest of the world ------------------------------------------------------------------ */

void
bn_term_resize(struct bn_term *t, int cols, int rows)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};

	t->cols = cols;
	t->rows = rows;
	vterm_set_size(t->vt, rows, cols);
	if (t->fd >= 0)
		ioctl(t->fd, TIOCSWINSZ, &size);
}

void
bn_term_hang_up(struct bn_term *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

int
bn_term_exit(struct bn_term *t, int limit_ms)
{
	int64_t end = now_ms() + limit_ms;

	while (t->status < 0) {
		int st;

		bn_term_pump(t, 20);
		if (waitpid(t->pid, &st, WNOHANG) == t->pid) {
			t->status = WIFSIGNALED(st) ? 128 + WTERMSIG(st) : WEXITSTATUS(st);
			/* What it wrote last may still lie in the terminal. */
			while (bn_term_pump(t, 20))
				;
		} else if (now_ms() >= end) {
			break;
		}
	}
	return t->status;
}

size_t
bn_term_bytes(const struct bn_term *t)
{
	return t->bytes;
}

const char *
bn_term_raw(const struct bn_term *t, size_t *len)
{
	*len = t->raw_len;
	return t->raw;
}

void
bn_term_size(const struct bn_term *t, int *cols, int *rows)
{
	*cols = t->cols;
	*rows = t->rows;
}

pid_t
bn_term_pid(const struct bn_term *t)
{
	return t->pid;
}

void
bn_term_cursor(const struct bn_term *t, int *row, int *col)
{
	*row = t->cursor.row;
	*col = t->cursor.col;
}

bool
bn_term_cursor_visible(const struct bn_term *t)
{
	return t->cursor_visible;
}

bool
bn_term_altscreen(const struct bn_term *t)
{
	return t->altscreen;
}

bool
bn_term_mouse(const struct bn_term *t)
{
	return t->mouse;
}

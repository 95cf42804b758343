/* reload.c - the configuration's files are watched: dashboards are read again when one of them was written. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/error.h"
#include "ui/state.h"

/* Editors write a new file and rename it over the old one: so it is the folder that is watched. */
static void
watch_folder(int fd, const char *path)
{
	char *copy = bn_xstrdup(path);

	(void)inotify_add_watch(fd, dirname(copy), IN_CLOSE_WRITE | IN_MOVED_TO);
	free(copy);
}

static void
watch_files(struct bn_app *app, const struct bn_config *config)
{
	const char *const *files = bn_config_files(config);
	char real[PATH_MAX];
	size_t i;

	bn_strlist_clear(&app->watched);
	for (i = 0; app->reload_fd >= 0 && files != NULL && files[i] != NULL; i++) {
		watch_folder(app->reload_fd, files[i]);
		bn_strlist_add(&app->watched, files[i]);
		if (realpath(files[i], real) != NULL && strcmp(real, files[i]) != 0) {
			watch_folder(app->reload_fd,
				     real); /* a link: what it points to is edited */
			bn_strlist_add(&app->watched, real);
		}
	}
}

/* Whether one of the files is called so. */
static bool
is_watched(const struct bn_app *app, const char *name)
{
	size_t i;

	for (i = 0; i < app->watched.count; i++) {
		const char *slash = strrchr(app->watched.items[i], '/');

		if (strcmp(slash == NULL ? app->watched.items[i] : slash + 1, name) == 0)
			return true;
	}
	return false;
}

void
bn_reload_begin(struct bn_app *app)
{
	struct bn_error err = {0};

	app->reload_fd = -1;
	if (bn_dashboards_read(app->options->config, &app->boards, &err) != BN_OK)
		bn_app_fail(app, &err);
	if (app->options->reload == NULL)
		return;
	app->reload_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	watch_files(app, app->options->config);
}

void
bn_reload_end(struct bn_app *app)
{
	if (app->reload_fd >= 0)
		close(app->reload_fd);
	bn_strlist_clear(&app->watched);
	bn_dashboards_free(app->boards);
	app->boards = NULL;
}

/* "config:12: …" without the folder that the file lies in: one line has to be enough. */
static const char *
without_folder(const char *message)
{
	size_t end = strcspn(message, ":"), i;

	for (i = end; i > 0; i--)
		if (message[i - 1] == '/')
			return message + i;
	return message;
}

/* What is wrong is said, and everything stays as it was. */
void
bn_reload_now(struct bn_app *app, bool say)
{
	struct bn_config *config = NULL;
	struct bn_dashboards *fresh = NULL, *old = app->boards;
	struct bn_error err = {0};
	int rc;

	if (app->options->reload == NULL)
		return;
	rc = app->options->reload(app->options->payload, &config, &err);
	if (rc == BN_OK)
		rc = bn_dashboards_read(config, &fresh, &err);
	if (rc != BN_OK) {
		bn_app_say(app, BN_TONE_BAD, "%s%s%s — the dashboards stay as they were",
			   without_folder(err.message), err.hint[0] != '\0' ? "; " : "", err.hint);
		bn_config_free(config);
		return;
	}
	watch_files(app, config);
	app->boards = fresh;
	bn_boards_changed(app); /* panels borrow from the old ones until then */
	bn_dashboards_free(old);
	bn_config_free(config);
	if (say)
		bn_app_say(app, BN_TONE_PLAIN,
			   "the configuration was written: %zu dashboard%s read again",
			   fresh->count, fresh->count == 1 ? "" : "s");
}

void
bn_reload_noticed(struct bn_app *app)
{
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool ours = false;
	ssize_t got;

	while ((got = read(app->reload_fd, buffer, sizeof(buffer))) > 0) {
		const char *at = buffer;

		while (at < buffer + got) {
			const struct inotify_event *event = (const void *)at;

			ours |= event->len > 0 && is_watched(app, event->name);
			at += sizeof(*event) + event->len;
		}
	}
	if (ours)
		bn_reload_now(app, true);
}

/* app.c - the console's loop: keys, answers, commits and signals come in, one paint goes out. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/error.h"
#include "ui/many.h"
#include "ui/retry.h"
#include "ui/state.h"

#define ASK_AGAIN     5000  /* ages go on, staleness is seen, though nothing was committed */
#define ASK_IDLE      15000 /* the same while nobody has touched a key for a minute */
#define ASK_SOONEST   250   /* between two askings while commits come thick and fast */
#define ASK_CALM      1000  /* the same when nobody has touched a key for a while */
#define ANSWER_NEAR   2	    /* a paint waits that long for the answer to its key */
#define LEAST_ROWS    16
#define LEAST_COLUMNS 60

/* ---- painting ---------------------------------------------------------------------------- */

static void
draw_too_small(struct bn_app *app)
{
	int height = getmaxy(stdscr), width = getmaxx(stdscr);

	bn_draw_clear(&app->pen, (struct bn_rect){0, 0, height, width});
	bn_drawf(&app->pen, height / 2, 0, width, BN_INK(BN_ROLE_TEXT),
		 "%dx%d is too small: %dx%d at least", width, height, LEAST_COLUMNS, LEAST_ROWS);
	if (app->message != NULL && height / 2 + 1 < height) /* what quitting would stop */
		bn_draw(&app->pen, height / 2 + 1, 0, width, BN_INK(BN_ROLE_TEXT), app->message);
}

static void
draw_prompt(struct bn_app *app)
{
	int y = getmaxy(stdscr) - 1, x;

	if (!app->prompting) {
		curs_set(0);
		return;
	}
	x = bn_input_draw(&app->input, &app->pen, y, 0, getmaxx(stdscr), app->prompt.label);
	wmove(stdscr, y, x);
	curs_set(1);
}

static void
draw_all(struct bn_app *app)
{
	struct bn_rect body = bn_chrome_draw(app);

	app->top->ops->draw(app->top, body);
	draw_prompt(app);
	if (bn_retry_shown(app))
		bn_retry_draw(app);
	if (bn_many_shown(app))
		bn_many_draw(app);
}

static void
paint(struct bn_app *app)
{
	app->small = getmaxy(stdscr) < LEAST_ROWS || getmaxx(stdscr) < LEAST_COLUMNS;
	if (app->small)
		draw_too_small(app);
	else
		draw_all(app);
	bn_term_paint(app->term, app->whole);
	app->dirty = app->whole = false;
	if (app->small) /* nobody has seen a plan */
		return;
	bn_retry_painted(app);
	bn_many_painted(app);
}

/* ---- answers ----------------------------------------------------------------------------- */

static struct bn_screen *
find_screen(struct bn_app *app, uint64_t serial)
{
	struct bn_screen *screen;
	int i;

	for (screen = app->top; screen != NULL; screen = screen->below)
		if (screen->serial == serial)
			return screen;
	for (i = 0; i < BN_TAB_COUNT; i++)
		if (app->tabs[i]->serial == serial)
			return app->tabs[i];
	return NULL;
}

static void
take_summary(struct bn_app *app, const struct bn_answer *answer)
{
	if (answer->rc == BN_OK) {
		app->summary = answer->summary;
		app->summarised = true;
		app->trouble.code = BN_OK;
		return;
	}
	if (answer->rc == BN_ECANCELLED)
		return;
	if (app->trouble.code == BN_OK)
		bn_app_fail(app, &answer->error);
	app->trouble = answer->error;
}

static void
take_answers(struct bn_app *app)
{
	struct bn_answer answer;

	while (bn_queries_take(app->queries, &answer)) {
		struct bn_screen *screen = find_screen(app, answer.owner);

		if (answer.owner == BN_SUMMARY_OWNER) {
			take_summary(app, &answer);
			bn_deed_answered(app, answer.number);
		} else if (answer.owner == BN_DEED_OWNER)
			bn_deed_done(app, &answer);
		else {
			app->answered = true;
			if (screen != NULL && answer.rc != BN_ECANCELLED)
				screen->ops->answer(screen, &answer);
		}
		bn_answer_clear(&answer);
		app->dirty = true;
	}
}

/* ---- signals ----------------------------------------------------------------------------- */

static void
take_signal(struct bn_app *app, int number)
{
	switch (number) {
	case SIGWINCH:
		if (bn_term_resized(app->term))
			app->dirty = app->whole = true;
		break;
	case SIGTSTP:
		bn_app_suspend(app);
		break;
	case SIGCONT: /* stopped and continued from outside: the screen may be anybody's */
		bn_term_reclaim(app->term);
		app->dirty = app->whole = app->stale = true;
		break;
	case SIGHUP:
		app->quit = true;
		app->exit_code = 129;
		break;
	case SIGTERM:
	case SIGINT:
		app->quit = true;
		app->exit_code = 128 + number;
		break;
	default:
		break;
	}
}

static void
take_signals(struct bn_app *app)
{
	struct signalfd_siginfo info;

	while (read(app->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		take_signal(app, (int)info.ssi_signo);
}

static int
open_signals(struct bn_app *app, struct bn_error *err)
{
	static const int numbers[] = {SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT, SIGPIPE};
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&set, numbers[i]);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	app->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (app->signal_fd < 0)
		return bn_fail(err, BN_EIO, "signalfd: %s", strerror(errno));
	return BN_OK;
}

/* ---- the loop ---------------------------------------------------------------------------- */

static int
sooner(int a, int64_t b)
{
	if (b < 0)
		b = 0;
	return a < 0 || b < a ? (int)b : a;
}

/* How long to wait after the last asking. An untouched console stands about all night: it wakes seldom. */
static int64_t
ask_interval(const struct bn_app *app)
{
	if (app->stale)
		return bn_app_calm(app) ? ASK_CALM : ASK_SOONEST;
	return app->tick - app->last_key > 60000 ? ASK_IDLE : ASK_AGAIN;
}

/* Milliseconds until something has to happen by itself. */
static int
next_timer(struct bn_app *app)
{
	int wait = bn_decoder_wait(&app->decoder, app->tick);

	if (app->held.count > 0)
		wait = sooner(wait, bn_app_held_wait(app));
	if (app->options->clock->speed > 0) /* the header's clock: to the next second that shows */
		wait = sooner(wait, 1000 - bn_clock_now(app->options->clock) % 1000);
	/* While questions are out there is nothing to ask: their answers wake us. */
	if (!app->paused && (app->at == 0 || app->stale) && !bn_queries_busy(app->queries))
		wait = sooner(wait, app->asked + ask_interval(app) - app->tick);
	if (app->top->ops->timer != NULL) {
		int own = app->top->ops->timer(app->top);

		if (own >= 0)
			wait = sooner(wait, own);
	}
	if (bn_store_notice_fd(app->options->store) < 0)
		wait = sooner(wait, 1000);
	return wait;
}

static void
run_timers(struct bn_app *app)
{
	char clock[BN_TIME_TEXT];

	bn_app_late_keys(app);
	bn_app_held_keys(app);
	bn_chrome_clock(app, clock);
	if (strcmp(clock, app->clock_shown) != 0)
		app->dirty = true;
	if (app->top->ops->timer != NULL && app->top->ops->timer(app->top) == 0)
		bn_app_react(app, app->top->ops->wake(app->top));
	if (app->paused || app->quit || (app->at != 0 && !app->stale))
		return;
	if (app->tick - app->asked >= ask_interval(app))
		if (!bn_queries_busy(app->queries))
			bn_app_ask_all(app);
}

enum {
	FD_TTY,
	FD_SIGNAL,
	FD_ANSWER,
	FD_COMMIT,
	FD_WAKE,
	FD_JOB,
	FD_RETRY,
	FD_MANY,
	FD_CONFIG,
	FD_COUNT
};

static void
drain(int fd)
{
	uint64_t count;

	while (read(fd, &count, sizeof(count)) < 0 && errno == EINTR)
		continue;
}

static void
wait_for_something(struct bn_app *app)
{
	struct pollfd fds[FD_COUNT] = {
	    [FD_TTY] = {bn_term_fd(app->term), POLLIN, 0},
	    [FD_SIGNAL] = {app->signal_fd, POLLIN, 0},
	    [FD_ANSWER] = {bn_queries_fd(app->queries), POLLIN, 0},
	    /* Known to be stale already: a page of a thousand commits wakes nobody again. */
	    [FD_COMMIT] = {app->stale ? -1 : bn_store_notice_fd(app->options->store), POLLIN, 0},
	    /* A screen that does nothing when woken sleeps on. */
	    [FD_WAKE] = {app->top->ops->wake != NULL ? app->options->wake_fd : -1, POLLIN, 0},
	    [FD_JOB] = {bn_job_fd(app->job), POLLIN, 0},
	    [FD_RETRY] = {bn_retry_fd(app), POLLIN, 0},
	    [FD_MANY] = {bn_many_fd(app), POLLIN, 0},
	    [FD_CONFIG] = {app->reload_fd, POLLIN, 0},
	};

	(void)poll(fds, FD_COUNT, app->dirty ? 1 : next_timer(app));
	app->tick = bn_monotonic();
	if (fds[FD_SIGNAL].revents != 0)
		take_signals(app);
	if (fds[FD_TTY].revents != 0 && !app->quit && !bn_app_read_keys(app)) {
		app->quit = true;
		app->exit_code = 129;
	}
	if (app->quit)
		return;
	if (fds[FD_COMMIT].revents != 0) {
		bn_store_noticed(app->options->store);
		if (app->at ==
		    0) /* what is past stays as it was, and what a key made stale stale */
			app->stale = true;
	}
	if (fds[FD_WAKE].revents != 0) {
		drain(app->options->wake_fd);
		if (app->top->ops->wake != NULL)
			bn_app_react(app, app->top->ops->wake(app->top));
	}
	if (fds[FD_JOB].revents != 0)
		bn_job_finish(app);
	/* Not one that a key has just begun in the place of another. */
	if (fds[FD_RETRY].revents != 0 && fds[FD_RETRY].fd == bn_retry_fd(app))
		bn_retry_finish(app);
	if (fds[FD_MANY].revents != 0 && fds[FD_MANY].fd == bn_many_fd(app))
		bn_many_wake(app);
	if (fds[FD_CONFIG].revents != 0)
		bn_reload_noticed(app);
	if (fds[FD_ANSWER].revents != 0)
		take_answers(app);
	run_timers(app);
}

/* What a key has asked for comes within a moment, mostly: one paint then shows both, and nothing flickers. */
static bool
answer_is_near(const struct bn_app *app)
{
	return app->answered && bn_monotonic() - app->last_key < ANSWER_NEAR &&
	       bn_queries_busy(app->queries);
}

static void
loop(struct bn_app *app)
{
	app->tick = bn_monotonic();
	app->last_key =
	    app->tick - BN_CALM_AFTER; /* none was pressed yet: rows come in their order */
	bn_app_ask_all(app);
	app->dirty = app->whole = true;
	while (!app->quit) {
		if (app->dirty && !answer_is_near(app))
			paint(app);
		if (app->answered && !app->begun) {
			app->begun = true;
			if (app->options->painted != NULL)
				app->options->painted(app->options->payload);
			bn_retry_reconcile(app);
		}
		wait_for_something(app);
	}
}

/* ---- beginning and end ------------------------------------------------------------------- */

static const struct bn_config_section *
own_section(const struct bn_app *app)
{
	return app->options->config == NULL ? NULL
					    : bn_config_section(app->options->config, "ui", 0);
}

/* Only ASCII where no more can leave; else what the person, the theme or the terminal says. The kernel's own console
 * has a font without Braille. */
static enum bn_chart_set
choose_charts(const struct bn_app *app)
{
	const struct bn_config_section *section = own_section(app);
	const char *word =
	    section == NULL ? NULL : bn_section_get(section, bn_core_options("ui"), "charts");
	const char *term = getenv("TERM");
	int set = word == NULL ? -1 : bn_chart_set_from_word(word);

	if (bn_term_ascii(app->term))
		return BN_CHART_ASCII;
	if (set < 0)
		set = bn_chart_set_from_word(app->theme.charts);
	if (set < 0)
		set =
		    term != NULL && strcmp(term, "linux") == 0 ? BN_CHART_HALVES : BN_CHART_BRAILLE;
	return (enum bn_chart_set)set;
}

static void
begin_look(struct bn_app *app, const char *replaced)
{
	const struct bn_config_section *section = own_section(app);
	const char *theme = app->options->theme;
	struct bn_error err;

	if (theme == NULL && section != NULL)
		theme = bn_section_get(section, bn_core_options("ui"), "theme");
	if (bn_theme_choose(&app->theme, theme, bn_term_colours(app->term), app->options->no_colour,
			    &err) != BN_OK)
		bn_app_fail(app, &err);
	bn_pen_init(&app->pen, stdscr, &app->theme, bn_term_ascii(app->term));
	app->charts = choose_charts(app);
	if (replaced != NULL)
		bn_app_say(app, BN_TONE_PLAIN, "this host does not know TERM=%s; used %s instead",
			   getenv("TERM") == NULL ? "" : getenv("TERM"), replaced);
	if (app->options->notice != NULL)
		bn_app_say(app, BN_TONE_BAD, "%s", app->options->notice);
	app->context = bn_xstrdup(app->options->context);
	if (app->context == NULL && section != NULL)
		app->context =
		    bn_xstrdup(bn_section_get(section, bn_core_options("ui"), "context"));
}

static void
begin_screens(struct bn_app *app)
{
	int i;

	for (i = 0; i < BN_TAB_COUNT; i++)
		app->tabs[i] = bn_tabs[i].make(app);
	app->tab = BN_TAB_TRIAGE;
	app->top = app->tabs[BN_TAB_TRIAGE];
	app->top->ops->come(app->top); /* keys of the first second wait for its rows */
}

static char *
history_path(const struct bn_app *app)
{
	const char *dir = bn_store_dir(app->options->store);

	return *dir == '\0' ? NULL : bn_xasprintf("%s/history", dir);
}

static int
begin(struct bn_app *app, struct bn_error *err)
{
	const struct bn_config_section *section = own_section(app);
	struct bn_error keys = {0};
	const char *replaced = NULL;
	char *path;
	int rc;

	rc = open_signals(app, err);
	if (rc != BN_OK)
		return rc;
	rc = bn_queries_new(&app->queries, app->options->store, app->options->clock, err);
	if (rc == BN_OK)
		rc = bn_replay_begin(app, err);
	if (rc != BN_OK)
		return rc;
	rc = bn_term_open(
	    &app->term, section != NULL && bn_section_bool(section, bn_core_options("ui"), "mouse"),
	    &replaced, err);
	if (rc != BN_OK)
		return rc;
	begin_look(app, replaced);
	if (bn_keymap_new(&app->keymap, app->options->config, &keys) != BN_OK)
		bn_app_fail(app, &keys);
	app->commands.refuses = bn_command_consents;
	path = history_path(app);
	if (path != NULL)
		bn_history_load(&app->commands, path);
	app->recalls = true;
	free(path);
	bn_reload_begin(app);
	begin_screens(app);
	return bn_queries_ready(app->queries, err);
}

static void
save_history(const struct bn_app *app)
{
	char *path = app->recalls && !app->options->read_only ? history_path(app) : NULL;

	if (path != NULL)
		bn_history_save(&app->commands, path);
	free(path);
}

static void
end(struct bn_app *app)
{
	int i;

	if (app->prompting)
		bn_app_end_prompt(app, false);
	while (app->top != NULL && app->top->below != NULL)
		bn_app_leave(app);
	for (i = 0; i < BN_TAB_COUNT; i++)
		bn_app_free_screen(app->tabs[i]);
	bn_reload_end(app);
	bn_term_close(app->term);
	/* What a person has done comes first: a command that does not end ends the process where it is. */
	save_history(app);
	bn_queries_free(app->queries);
	bn_retry_abandon(app);
	bn_many_abandon(app);
	bn_job_abandon(app);
	bn_keymap_free(app->keymap);
	bn_pen_clear(&app->pen);
	bn_strlist_clear(&app->commands.lines);
	bn_strlist_clear(&app->filters.lines);
	free(app->message);
	free(app->context);
	free(app->domain);
	if (app->signal_fd >= 0)
		close(app->signal_fd);
}

int
bn_console_run(const struct bn_console_options *options, struct bn_error *err)
{
	struct bn_app app = {.options = options, .signal_fd = -1, .reload_fd = -1};
	int rc;

	app.tick = bn_monotonic();
	rc = begin(&app, err);
	if (rc == BN_OK) {
		loop(&app);
		rc = app.exit_code;
	}
	end(&app);
	return rc;
}

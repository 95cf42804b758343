/* app.c - the console's loop: keys, answers, commits and signals come in, one paint goes out. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/error.h"
#include "ui/state.h"

#define CALM_AFTER    10000 /* ms without a key after which rows may change their order */
#define ASK_AGAIN     5000  /* ages go on, staleness is seen, though nothing was committed */
#define ASK_IDLE      15000 /* the same while nobody has touched a key for a minute */
#define ASK_SOONEST   250   /* between two askings while commits come thick and fast */
#define LEAST_ROWS    16
#define LEAST_COLUMNS 60
#define SUMMARY_OWNER 0

/* ---- what screens use ---------------------------------------------------------------------------
 */

const struct bn_console_options *
bn_app_options(const struct bn_app *app)
{
	return app->options;
}

struct bn_pen *
bn_app_pen(struct bn_app *app)
{
	return &app->pen;
}

struct bn_style
bn_app_style(const struct bn_app *app)
{
	return (struct bn_style){app->options->zone, app->pen.ascii,
				 bn_clock_now(app->options->clock)};
}

const struct bn_keymap *
bn_app_keymap(const struct bn_app *app)
{
	return app->keymap;
}

bool
bn_app_ascii(const struct bn_app *app)
{
	return app->pen.ascii;
}

bool
bn_app_calm(const struct bn_app *app)
{
	return app->tick - app->last_key >= CALM_AFTER;
}

struct bn_summary
bn_app_summary(const struct bn_app *app)
{
	return app->summary;
}

int64_t
bn_app_tick(const struct bn_app *app)
{
	return app->tick;
}

struct bn_history *
bn_app_filters(struct bn_app *app)
{
	return &app->filters;
}

void *
bn_screen_new(struct bn_app *app, const struct bn_screen_ops *ops, size_t size)
{
	struct bn_screen *screen = bn_xcalloc(1, size);

	screen->ops = ops;
	screen->app = app;
	screen->serial = ++app->serials;
	return screen;
}

static void
free_screen(struct bn_screen *screen)
{
	if (screen == NULL)
		return;
	bn_queries_forget(screen->app->queries, screen->serial);
	if (screen->ops->close != NULL)
		screen->ops->close(screen);
	free(screen->name);
	free(screen);
}

void
bn_app_say(struct bn_app *app, enum bn_tone tone, const char *format, ...)
{
	va_list ap;

	free(app->message);
	va_start(ap, format);
	app->message = bn_xvasprintf(format, ap);
	va_end(ap);
	app->tone = tone;
	app->said = app->tick;
	app->dirty = true;
}

void
bn_app_fail(struct bn_app *app, const struct bn_error *err)
{
	bn_app_say(app, BN_TONE_BAD, "%s%s%s%s%s", err->source, err->source[0] != '\0' ? ": " : "",
		   err->message, err->hint[0] != '\0' ? " — " : "", err->hint);
}

void
bn_app_copy(struct bn_app *app, const char *text)
{
	struct bn_buf clean = BN_BUF_INIT(0);
	struct bn_error err;

	bn_sanitise(&clean, text, strlen(text), BN_SANITISE_FIELD);
	if (bn_term_copy(app->term, bn_buf_text(&clean), &err) != BN_OK)
		bn_app_fail(app, &err);
	else
		bn_app_say(app, BN_TONE_PLAIN, "copied: %s", bn_buf_text(&clean));
	bn_buf_free(&clean);
}

void
bn_app_ask(struct bn_screen *screen, int slot, const struct bn_question *question)
{
	struct bn_question styled = *question;

	styled.zone = screen->app->options->zone;
	styled.ascii = screen->app->pen.ascii;
	bn_queries_ask(screen->app->queries, screen->serial, slot, &styled);
}

static void
ask_all(struct bn_app *app)
{
	struct bn_question question = {.kind = BN_ASK_SUMMARY};

	bn_store_noticed(app->options->store);
	bn_queries_ask(app->queries, SUMMARY_OWNER, 0, &question);
	app->top->ops->ask(app->top);
	app->asked = app->tick;
	app->stale = false;
}

void
bn_app_push(struct bn_app *app, struct bn_screen *screen)
{
	screen->below = app->top;
	app->top = screen;
	app->dirty = true;
	if (screen->ops->ask != NULL)
		screen->ops->ask(screen);
}

static void
leave(struct bn_app *app)
{
	struct bn_screen *screen = app->top;

	if (screen->below == NULL)
		return;
	app->top = screen->below;
	free_screen(screen);
	if (app->top->ops->wake != NULL)
		app->top->ops->wake(app->top);
	app->stale = true;
	app->asked = 0;
	app->dirty = true;
}

void
bn_app_tab(struct bn_app *app, enum bn_tab tab)
{
	while (app->top->below != NULL)
		leave(app);
	app->tab = tab;
	app->top = app->tabs[tab];
	if (app->top->ops->come != NULL)
		app->top->ops->come(app->top);
	app->stale = true;
	app->asked = 0;
	app->dirty = true;
}

struct bn_screen *
bn_app_tab_screen(struct bn_app *app, enum bn_tab tab)
{
	return app->tabs[tab];
}

void
bn_app_open(struct bn_app *app, struct bn_ref ref)
{
	if (ref.kind == BN_PIPELINE || ref.kind == BN_RUN)
		bn_app_push(app, bn_run_screen(app, ref, false));
	else
		bn_app_push(app, bn_detail_screen(app, ref));
}

void
bn_app_prompt(struct bn_app *app, const struct bn_prompt *prompt)
{
	if (app->prompting)
		bn_input_clear(&app->input);
	app->prompt = *prompt;
	app->prompting = true;
	bn_input_init(&app->input, prompt->initial, prompt->history);
	app->dirty = true;
}

/* ---- painting ----------------------------------------------------------------------------------
 */

static void
draw_too_small(struct bn_app *app)
{
	int height = getmaxy(stdscr), width = getmaxx(stdscr);

	bn_draw_clear(&app->pen, (struct bn_rect){0, 0, height, width});
	bn_drawf(&app->pen, height / 2, 0, width, BN_INK(BN_ROLE_TEXT),
		 "%dx%d is too small: %dx%d at least", width, height, LEAST_COLUMNS, LEAST_ROWS);
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
paint(struct bn_app *app)
{
	if (getmaxy(stdscr) < LEAST_ROWS || getmaxx(stdscr) < LEAST_COLUMNS) {
		draw_too_small(app);
	} else {
		struct bn_rect body = bn_chrome_draw(app);

		app->top->ops->draw(app->top, body);
		draw_prompt(app);
	}
	bn_term_paint(app->term, app->whole);
	app->dirty = app->whole = false;
}

/* ---- actions -----------------------------------------------------------------------------------
 */

static void
command_done(struct bn_app *app, void *payload, const char *text)
{
	(void)payload;
	if (text == NULL)
		return;
	bn_history_add(&app->commands, text);
	bn_app_command(app, text);
}

static void
command_complete(struct bn_app *app, void *payload, const char *text, struct bn_strlist *out)
{
	(void)payload;
	if (app->options->complete != NULL)
		app->options->complete(app->options->payload, text, out);
}

static void
poll_now(struct bn_app *app)
{
	struct bn_ref ref = {BN_KIND_NONE, NULL, NULL};
	const char *source = NULL;

	if (app->options->collect == NULL) {
		bn_app_say(app, BN_TONE_PLAIN, "nothing is fetched: started with --offline");
		return;
	}
	if (app->top == app->tabs[BN_TAB_SOURCES] && app->top->ops->selected(app->top, &ref))
		source = ref.key;
	bn_collect_refresh(app->options->collect, source);
	bn_app_say(app, BN_TONE_PLAIN, "polling %s now", source != NULL ? source : "every source");
}

/* Back to the shell. Other processes of our group (a wrapper script) must stop too for the shell to
 * notice; the leases are given back first, so that somebody else's binnacle can go on polling. */
static void
suspend(struct bn_app *app)
{
	sigset_t only;

	if (app->options->collect != NULL)
		bn_collect_suspend(app->options->collect);
	bn_term_release(app->term);
	sigemptyset(&only);
	sigaddset(&only, SIGTSTP);
	signal(SIGTSTP, SIG_DFL);
	kill(0, SIGTSTP);
	pthread_sigmask(SIG_UNBLOCK, &only, NULL); /* here the process stops, and goes on */
	pthread_sigmask(SIG_BLOCK, &only, NULL);
	bn_term_resized(app->term);
	bn_term_reclaim(app->term);
	if (app->options->collect != NULL)
		bn_collect_resume(app->options->collect);
	app->stale = app->dirty = app->whole = true;
	app->asked = 0;
}

static void
copy_selected(struct bn_app *app)
{
	struct bn_ref ref;
	char *text;

	if (app->top->ops->selected == NULL || !app->top->ops->selected(app->top, &ref) ||
	    ref.key == NULL)
		return;
	text =
	    bn_xasprintf("%s%s%s%s%s", bn_kind_word(ref.kind), ref.kind != BN_KIND_NONE ? "/" : "",
			 ref.source == NULL ? "" : ref.source,
			 ref.source == NULL || *ref.source == '\0' ? "" : "/", ref.key);
	bn_app_copy(app, text);
	free(text);
}

/* Actions about the selected thing that are the same on every screen. True: done. */
static bool
subject_action(struct bn_app *app, enum bn_action action)
{
	struct bn_ref ref;

	switch (action) {
	case BN_ACT_CHANGED:
	case BN_ACT_LINKS:
	case BN_ACT_DETAIL:
	case BN_ACT_ACK:
	case BN_ACT_SNOOZE:
	case BN_ACT_NOTE:
	case BN_ACT_OPEN:
	case BN_ACT_LOG:
		break;
	default:
		return false;
	}
	if (app->top->ops->selected == NULL || !app->top->ops->selected(app->top, &ref))
		return true;
	switch (action) {
	case BN_ACT_CHANGED:
		bn_app_push(app, bn_changed_screen(app, ref));
		break;
	case BN_ACT_LINKS:
		bn_app_push(app, bn_links_screen(app, ref));
		break;
	case BN_ACT_DETAIL:
		bn_app_push(app, bn_detail_screen(app, ref));
		break;
	case BN_ACT_ACK:
		bn_app_acknowledge(app, ref, false);
		break;
	case BN_ACT_SNOOZE:
		bn_app_snooze(app, ref);
		break;
	case BN_ACT_NOTE:
		bn_app_note(app, ref);
		break;
	case BN_ACT_LOG:
		if (ref.kind == BN_PIPELINE || ref.kind == BN_RUN)
			bn_app_push(app, bn_run_screen(app, ref, true));
		else
			bn_app_say(app, BN_TONE_PLAIN, "%s has no log", bn_kind_word(ref.kind));
		break;
	default:
		bn_app_open(app, ref);
	}
	return true;
}

static const enum bn_action tab_actions[BN_TAB_COUNT] = {
    [BN_TAB_TRIAGE] = BN_ACT_TRIAGE,	   [BN_TAB_RUNS] = BN_ACT_RUNS,
    [BN_TAB_ENDPOINTS] = BN_ACT_ENDPOINTS, [BN_TAB_TIMELINE] = BN_ACT_TIMELINE,
    [BN_TAB_SOURCES] = BN_ACT_SOURCES,
};

static bool
tab_action(struct bn_app *app, enum bn_action action)
{
	int i;

	for (i = 0; i < BN_TAB_COUNT; i++)
		if (tab_actions[i] == action) {
			bn_app_tab(app, (enum bn_tab)i);
			return true;
		}
	return false;
}

static void
close_view(struct bn_app *app)
{
	if (app->top->below != NULL)
		leave(app);
	else
		app->quit = true;
}

static void
app_action(struct bn_app *app, enum bn_action action)
{
	if (tab_action(app, action) || subject_action(app, action))
		return;
	switch (action) {
	case BN_ACT_BACK:
		leave(app);
		break;
	case BN_ACT_CLOSE:
		close_view(app);
		break;
	case BN_ACT_QUIT:
		app->quit = true;
		break;
	case BN_ACT_REDRAW:
		app->dirty = app->whole = true;
		break;
	case BN_ACT_SUSPEND:
		suspend(app);
		break;
	case BN_ACT_REFRESH:
		poll_now(app);
		break;
	case BN_ACT_PAUSE:
		app->paused = !app->paused;
		app->stale = true;
		break;
	case BN_ACT_COPY:
		copy_selected(app);
		break;
	case BN_ACT_COMMAND:
		bn_app_prompt(app, &(struct bn_prompt){.label = ":",
						       .history = &app->commands,
						       .done = command_done,
						       .complete = command_complete});
		break;
	case BN_ACT_HELP:
		bn_app_push(app, bn_help_screen(app, app->top->ops->where != NULL
							 ? app->top->ops->where(app->top)
							 : app->top->ops->context));
		break;
	case BN_ACT_CANCEL:
		bn_app_say(app, BN_TONE_PLAIN,
			   app->job != NULL ? "the command goes on; its output will come up"
					    : "nothing is pending; q leaves");
		break;
	default:
		break;
	}
}

static void
react(struct bn_app *app, unsigned reaction)
{
	if ((reaction & BN_LEAVE) != 0) {
		leave(app);
		return;
	}
	if ((reaction & BN_REASK) != 0)
		app->top->ops->ask(app->top);
	if (reaction != 0)
		app->dirty = true;
}

/* ---- keys --------------------------------------------------------------------------------------
 */

static void
end_prompt(struct bn_app *app, bool done)
{
	struct bn_prompt prompt = app->prompt;
	char *text = done ? bn_xstrdup(bn_buf_text(&app->input.text)) : NULL;

	app->prompting = false;
	bn_input_clear(&app->input);
	prompt.done(app, prompt.payload, text);
	free(text);
}

static void
complete_prompt(struct bn_app *app, bool backwards)
{
	struct bn_strlist offers = {0};

	if (app->prompt.complete != NULL && app->input.offers.count == 0)
		app->prompt.complete(app, app->prompt.payload, bn_buf_text(&app->input.text),
				     &offers);
	bn_input_complete(&app->input, &offers, backwards);
	bn_strlist_clear(&offers);
}

static void
prompt_key(struct bn_app *app, const struct bn_key_event *event)
{
	switch (bn_input_key(&app->input, event)) {
	case BN_INPUT_CHANGED:
		if (app->prompt.changed != NULL)
			app->prompt.changed(app, app->prompt.payload,
					    bn_buf_text(&app->input.text));
		break;
	case BN_INPUT_DONE:
		end_prompt(app, true);
		break;
	case BN_INPUT_LEFT:
		end_prompt(app, false);
		break;
	case BN_INPUT_COMPLETE:
		complete_prompt(app, event->key == BN_KEY_BACKTAB);
		break;
	case BN_INPUT_NOTHING:
		break;
	}
}

static void
one_key(struct bn_app *app, const struct bn_key_event *event)
{
	struct bn_screen *top = app->top;
	enum bn_action action;
	unsigned reaction;

	app->last_key = app->tick;
	app->dirty = true;
	if (app->prompting) {
		prompt_key(app, event);
		return;
	}
	if (app->message != NULL) {
		free(app->message);
		app->message = NULL;
	}
	if (event->pasted) /* text pasted where none is asked for is no command */
		return;
	action = bn_keymap_action(
	    app->keymap, top->ops->where != NULL ? top->ops->where(top) : top->ops->context,
	    event->key);
	if (action == BN_ACT_NONE)
		return;
	reaction = top->ops->act == NULL ? 0 : top->ops->act(top, action, event);
	if (reaction != 0)
		react(app, reaction);
	else
		app_action(app, action);
}

/* False: the terminal is gone. */
static bool
read_keys(struct bn_app *app)
{
	struct bn_key_event event;
	char bytes[1024];
	ssize_t count = read(bn_term_fd(app->term), bytes, sizeof(bytes));

	if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN))
		return false;
	if (count > 0)
		bn_decoder_feed(&app->decoder, bytes, (size_t)count, app->tick);
	while (!app->quit && bn_decoder_next(&app->decoder, app->tick, &event))
		one_key(app, &event);
	return true;
}

static void
late_keys(struct bn_app *app)
{
	struct bn_key_event event;

	while (!app->quit && bn_decoder_next(&app->decoder, app->tick, &event))
		one_key(app, &event);
}

/* ---- answers -----------------------------------------------------------------------------------
 */

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

		if (answer.owner == SUMMARY_OWNER)
			take_summary(app, &answer);
		else if (answer.owner == BN_DEED_OWNER)
			bn_deed_done(app, &answer);
		else if (screen != NULL && answer.rc != BN_ECANCELLED)
			screen->ops->answer(screen, &answer);
		bn_answer_clear(&answer);
		app->dirty = true;
	}
}

/* ---- signals -----------------------------------------------------------------------------------
 */

static void
take_signal(struct bn_app *app, int number)
{
	switch (number) {
	case SIGWINCH:
		if (bn_term_resized(app->term))
			app->dirty = app->whole = true;
		break;
	case SIGTSTP:
		suspend(app);
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

/* ---- the loop ----------------------------------------------------------------------------------
 */

static int
sooner(int a, int64_t b)
{
	if (b < 0)
		b = 0;
	return a < 0 || b < a ? (int)b : a;
}

static int64_t
ask_interval(const struct bn_app *app)
{
	return app->tick - app->last_key > 60000 ? ASK_IDLE : ASK_AGAIN;
}

/* Milliseconds until something has to happen by itself. */
static int
next_timer(struct bn_app *app)
{
	int wait = bn_decoder_wait(&app->decoder, app->tick);

	if (app->options->clock->speed > 0) /* the header's clock: to the next second that shows */
		wait = sooner(wait, 1000 - bn_clock_now(app->options->clock) % 1000);
	/* While questions are out there is nothing to ask: their answers wake us. */
	if (!app->paused && !bn_queries_busy(app->queries))
		wait = sooner(wait, app->asked + (app->stale ? ASK_SOONEST : ask_interval(app)) -
					app->tick);
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

	late_keys(app);
	bn_chrome_clock(app, clock);
	if (strcmp(clock, app->clock_shown) != 0)
		app->dirty = true;
	if (app->top->ops->timer != NULL && app->top->ops->timer(app->top) == 0)
		react(app, app->top->ops->wake(app->top));
	if (app->paused || app->quit)
		return;
	if ((app->stale && app->tick - app->asked >= ASK_SOONEST) ||
	    app->tick - app->asked >= ask_interval(app))
		if (!bn_queries_busy(app->queries))
			ask_all(app);
}

enum { FD_TTY, FD_SIGNAL, FD_ANSWER, FD_COMMIT, FD_WAKE, FD_JOB, FD_COUNT };

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
	    [FD_WAKE] = {app->options->wake_fd, POLLIN, 0},
	    [FD_JOB] = {bn_job_fd(app->job), POLLIN, 0},
	};

	(void)poll(fds, FD_COUNT, next_timer(app));
	app->tick = bn_monotonic();
	if (fds[FD_SIGNAL].revents != 0)
		take_signals(app);
	if (fds[FD_TTY].revents != 0 && !app->quit && !read_keys(app)) {
		app->quit = true;
		app->exit_code = 129;
	}
	if (app->quit)
		return;
	if (fds[FD_COMMIT].revents != 0)
		app->stale = true;
	if (fds[FD_WAKE].revents != 0) {
		drain(app->options->wake_fd);
		if (app->top->ops->wake != NULL)
			react(app, app->top->ops->wake(app->top));
	}
	if (fds[FD_JOB].revents != 0)
		bn_job_finish(app);
	if (fds[FD_ANSWER].revents != 0)
		take_answers(app);
	run_timers(app);
}

static void
loop(struct bn_app *app)
{
	app->tick = bn_monotonic();
	app->last_key = app->tick - CALM_AFTER; /* none was pressed yet: rows come in their order */
	ask_all(app);
	app->dirty = app->whole = true;
	while (!app->quit) {
		if (app->dirty)
			paint(app);
		wait_for_something(app);
	}
}

/* ---- beginning and end -------------------------------------------------------------------------
 */

static const struct bn_config_section *
own_section(const struct bn_app *app)
{
	return app->options->config == NULL ? NULL
					    : bn_config_section(app->options->config, "ui", 0);
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
	app->tabs[BN_TAB_TRIAGE] = bn_triage_screen(app);
	app->tabs[BN_TAB_RUNS] = bn_runs_screen(app);
	app->tabs[BN_TAB_ENDPOINTS] = bn_endpoints_screen(app);
	app->tabs[BN_TAB_TIMELINE] = bn_timeline_screen(app);
	app->tabs[BN_TAB_SOURCES] = bn_sources_screen(app);
	app->tab = BN_TAB_TRIAGE;
	app->top = app->tabs[BN_TAB_TRIAGE];
}

static char *
history_path(const struct bn_app *app)
{
	const char *dir = bn_store_dir(app->options->store);

	return dir == NULL ? NULL : bn_xasprintf("%s/history", dir);
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
	path = history_path(app);
	if (path != NULL)
		bn_history_load(&app->commands, path);
	free(path);
	begin_screens(app);
	return BN_OK;
}

static void
end(struct bn_app *app)
{
	char *path = history_path(app);
	int i;

	if (app->prompting)
		end_prompt(app, false);
	while (app->top != NULL && app->top->below != NULL)
		leave(app);
	for (i = 0; i < BN_TAB_COUNT; i++)
		free_screen(app->tabs[i]);
	bn_term_close(app->term);
	bn_job_abandon(app);
	bn_queries_free(app->queries);
	bn_keymap_free(app->keymap);
	bn_pen_clear(&app->pen);
	if (path != NULL && !app->options->read_only)
		bn_history_save(&app->commands, path);
	bn_strlist_clear(&app->commands.lines);
	bn_strlist_clear(&app->filters.lines);
	free(path);
	free(app->message);
	free(app->context);
	if (app->signal_fd >= 0)
		close(app->signal_fd);
}

int
bn_console_run(const struct bn_console_options *options, struct bn_error *err)
{
	struct bn_app app = {.options = options, .signal_fd = -1};
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

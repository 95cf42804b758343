/* keys.c - what keys do: from the decoder to the prompt, the screen, or the application. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ui/many.h"
#include "ui/retry.h"
#include "ui/state.h"

/* ---- actions ----------------------------------------------------------------------------- */

static void
command_done(struct bn_app *app, void *payload, const char *text)
{
	(void)payload;
	if (text == NULL) {
		bn_many_unwarn(app);
		return;
	}
	bn_history_add(&app->commands, text);
	bn_app_command(app, text);
}

static void
poll_now(struct bn_app *app)
{
	struct bn_ref ref = {BN_KIND_NONE, NULL, NULL};
	const char *source = NULL;

	if (app->at != 0) {
		bn_app_say(app, BN_TONE_PLAIN, "the past is not polled; T goes back to now");
		return;
	}
	if (app->options->collect == NULL) {
		bn_app_say(app, BN_TONE_PLAIN, "nothing is fetched: started with --offline");
		return;
	}
	if (app->top == app->tabs[BN_TAB_SOURCES] && app->top->ops->selected(app->top, &ref))
		source = ref.key;
	if (app->reload_fd < 0)
		bn_reload_now(app, false);
	bn_collect_refresh(app->options->collect, source);
	bn_app_say(app, BN_TONE_PLAIN, "polling %s now", source != NULL ? source : "every source");
}

/* Back to the shell. Other processes of our group (a wrapper script) must stop too for the shell to
 * notice; the leases are given back first, so that somebody else's binnacle can go on polling. */
void
bn_app_suspend(struct bn_app *app)
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

#define REST "bulk-interrupted/" /* the finding of a bulk that did not send all it had planned */

static bool
is_rest(struct bn_ref ref)
{
	return ref.kind == BN_KIND_NONE && ref.key != NULL &&
	       strncmp(ref.key, REST, strlen(REST)) == 0;
}

/* What is marked, all of it in one plan; or else what the cursor is on. */
static void
retry_selected(struct bn_app *app, struct bn_ref ref)
{
	struct bn_ref *refs = NULL;
	size_t marked = 0, hidden = 0, runs = 0, i;

	if (bn_many_sending(app)) {
		bn_many_progress(app);
		bn_app_say(app, BN_TONE_PLAIN, "one thing at a time: a bulk retry is under way");
		return;
	}
	if (app->top->ops->marked != NULL)
		marked = app->top->ops->marked(app->top, &refs, &hidden);
	for (i = 0; i < marked; i++)
		if (refs[i].kind == BN_PIPELINE || refs[i].kind == BN_RUN)
			refs[runs++] = refs[i];
	if (marked + hidden == 0 && is_rest(ref))
		bn_many_rest(app, strtoll(ref.key + strlen(REST), NULL, 10));
	else if (marked + hidden == 0)
		bn_retry_open(app, ref);
	else if (runs == 0)
		bn_app_say(app, BN_TONE_PLAIN,
			   "r is not offered: none of the %zu marked rows is something that runs%s",
			   marked + hidden, hidden > 0 ? ", or they are not in sight" : "");
	else if (runs == 1 && marked + hidden == 1)
		bn_retry_open(app, refs[0]);
	else
		bn_many_open(app, refs, runs, marked - runs + hidden);
	free(refs);
}

/* Whether there is a log, or something to retry, for what is selected or marked: elsewhere these keys only say why
 * not. */
bool
bn_app_offers(struct bn_app *app, enum bn_action action)
{
	const struct bn_screen_ops *ops = app->top->ops;
	struct bn_ref ref = {BN_KIND_NONE, NULL, NULL}, *refs = NULL;
	size_t marked, hidden = 0;
	bool runs;

	if ((action != BN_ACT_RETRY && action != BN_ACT_LOG) || ops->selected == NULL)
		return true;
	if (action == BN_ACT_RETRY && ops->marked != NULL) {
		marked = ops->marked(app->top, &refs, &hidden);
		free(refs);
		if (marked + hidden > 0)
			return true;
	}
	if (!ops->selected(app->top, &ref) || ref.key == NULL)
		return false;
	runs = ref.kind == BN_PIPELINE || ref.kind == BN_RUN;
	if (action == BN_ACT_LOG)
		return runs || ref.kind == BN_TASK;
	return runs ? bn_retry_offers(app, ref) : is_rest(ref);
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
	case BN_ACT_RETRY:
		break;
	default:
		return false;
	}
	if (app->top->ops->selected == NULL)
		return true;
	/* Rows that are not read yet can't be meant: a key that came too early is not lost in silence. */
	if (!app->top->ops->selected(app->top, &ref)) {
		bn_app_say(app, BN_TONE_PLAIN, "nothing is selected here");
		return true;
	}
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
	case BN_ACT_RETRY:
		retry_selected(app, ref);
		break;
	case BN_ACT_LOG:
		if (ref.kind == BN_PIPELINE || ref.kind == BN_RUN)
			bn_app_push(app, bn_run_screen(app, ref, true));
		else
			bn_app_say(app, BN_TONE_PLAIN, "%s has no log", bn_app_a(ref));
		break;
	default:
		bn_app_open(app, ref);
	}
	return true;
}

static bool
tab_action(struct bn_app *app, enum bn_action action)
{
	int i;

	for (i = 0; i < BN_TAB_COUNT; i++)
		if (bn_tabs[i].action == action) {
			bn_app_tab(app, (enum bn_tab)i);
			return true;
		}
	return false;
}

static void
close_view(struct bn_app *app)
{
	if (app->top->below != NULL) {
		bn_many_unwarn(app);
		bn_app_leave(app);
	} else if (!bn_many_keeps(app, BN_MANY_QUIT))
		app->quit = true;
}

static void
app_action(struct bn_app *app, enum bn_action action)
{
	if (tab_action(app, action) || subject_action(app, action))
		return;
	if (bn_replay_action(app, action))
		return;
	switch (action) {
	case BN_ACT_HANDOVER:
		bn_app_command(app, "report handover -o md");
		break;
	case BN_ACT_BACK:
		bn_app_leave(app);
		break;
	case BN_ACT_CLOSE:
		close_view(app);
		break;
	case BN_ACT_QUIT:
		app->quit = !bn_many_keeps(app, BN_MANY_QUIT);
		break;
	case BN_ACT_PROGRESS:
		bn_many_progress(app);
		break;
	case BN_ACT_REDRAW:
		app->dirty = app->whole = true;
		break;
	case BN_ACT_SUSPEND:
		if (!bn_many_keeps(app, BN_MANY_SUSPEND))
			bn_app_suspend(app);
		break;
	case BN_ACT_REFRESH:
		poll_now(app);
		break;
	case BN_ACT_PAUSE:
		app->paused = !app->paused;
		app->stale = true;
		break;
	case BN_ACT_BOARDS:
		bn_app_boards(app);
		break;
	case BN_ACT_COPY:
		copy_selected(app);
		break;
	case BN_ACT_COMMAND:
		bn_app_prompt(app, &(struct bn_prompt){.label = ":",
						       .history = &app->commands,
						       .done = command_done,
						       .complete = bn_command_complete});
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

void
bn_app_react(struct bn_app *app, unsigned reaction)
{
	if ((reaction & BN_LEAVE) != 0) {
		bn_app_leave(app);
		return;
	}
	if ((reaction & BN_REASK) != 0)
		app->top->ops->ask(app->top);
	if (reaction != 0)
		app->dirty = true;
}

/* ---- keys -------------------------------------------------------------------------------- */

void
bn_app_end_prompt(struct bn_app *app, bool done)
{
	struct bn_prompt prompt = app->prompt;
	char *text = done ? bn_xstrdup(bn_buf_text(&app->input.text)) : NULL;

	app->prompting = false;
	bn_input_clear(&app->input);
	prompt.done(app, prompt.payload, text);
	free(text);
}

static void
prompt_changed(struct bn_app *app)
{
	if (app->prompt.changed != NULL)
		app->prompt.changed(app, app->prompt.payload, bn_buf_text(&app->input.text));
}

/* The word at the cursor: what stands behind it is no part of it. */
static void
complete_prompt(struct bn_app *app, bool backwards)
{
	const char *text = bn_buf_text(&app->input.text);
	char *head = bn_xstrndup(text, app->input.at), *before = bn_xstrdup(text);
	struct bn_strlist offers = {0};

	if (app->prompt.complete != NULL && app->input.offers.count == 0)
		app->prompt.complete(app, app->prompt.payload, head, &offers);
	bn_input_complete(&app->input, &offers, backwards);
	if (strcmp(bn_buf_text(&app->input.text), before) != 0)
		prompt_changed(app);
	bn_strlist_clear(&offers);
	free(before);
	free(head);
}

static void
prompt_key(struct bn_app *app, const struct bn_key_event *event)
{
	switch (bn_input_key(&app->input, event)) {
	case BN_INPUT_CHANGED:
		prompt_changed(app);
		break;
	case BN_INPUT_DONE:
		bn_app_end_prompt(app, true);
		break;
	case BN_INPUT_LEFT:
		bn_app_end_prompt(app, false);
		break;
	case BN_INPUT_COMPLETE:
		complete_prompt(app, event->key == BN_KEY_BACKTAB);
		break;
	case BN_INPUT_NOTHING:
		break;
	}
}

static enum bn_action
action_of(const struct bn_app *app, bn_key key)
{
	const struct bn_screen *top = app->top;

	return bn_keymap_action(
	    app->keymap, top->ops->where != NULL ? top->ops->where(top) : top->ops->context, key);
}

/* On a terminal that is too small nobody sees what a key would be about: only what leads out is taken. */
static bool
is_blind(const struct bn_app *app, const struct bn_key_event *event)
{
	enum bn_action action = action_of(app, event->key);

	if (!app->small)
		return false;
	if (event->pasted)
		return true;
	if (app->prompting || bn_retry_shown(app) || bn_many_shown(app))
		return event->key != BN_KEY_ESC && event->key != BN_KEY_CTRL('C');
	return action != BN_ACT_QUIT && action != BN_ACT_CLOSE && action != BN_ACT_REDRAW &&
	       action != BN_ACT_SUSPEND;
}

/* Says so where the rows in sight are not those that were asked for. */
static bool
shows_others(struct bn_app *app)
{
	if (app->top->failed)
		bn_app_say(app, BN_TONE_BAD,
			   "these are not the rows that were asked for: nothing is changed");
	return app->top->failed;
}

/* True: it was for what lies over the screen. */
static bool
dialog_key(struct bn_app *app, const struct bn_key_event *event)
{
	if (bn_retry_shown(app))
		bn_retry_key(app, event);
	else if (bn_many_shown(app))
		bn_many_key(app, event);
	else if (app->prompting)
		prompt_key(app, event);
	else
		return false;
	return true;
}

static void
one_key(struct bn_app *app, const struct bn_key_event *event)
{
	struct bn_screen *top = app->top;
	enum bn_action action;
	unsigned reaction;

	app->last_key = app->tick;
	app->dirty = true;
	if (is_blind(app, event) || dialog_key(app, event))
		return;
	if (app->message != NULL) {
		free(app->message);
		app->message = NULL;
	}
	if (event->pasted) /* text pasted where none is asked for is no command */
		return;
	action = action_of(app, event->key);
	/* A command that is no quitting does so when it is given. */
	if (action != BN_ACT_QUIT && action != BN_ACT_CLOSE && action != BN_ACT_COMMAND &&
	    action != BN_ACT_SUSPEND)
		bn_many_unwarn(app);
	if (action == BN_ACT_NONE)
		return;
	/* The key is on no hint line then, but who presses it has to hear why nothing comes. */
	if (app->options->read_only && (bn_action_row(action)->flags & BN_ACTS) != 0) {
		bn_app_say(app, BN_TONE_BAD,
			   "read-only: started with --read-only, nothing is sent");
		return;
	}
	if ((bn_action_row(action)->flags & (BN_CHANGES | BN_ACTS)) != 0 &&
	    (bn_app_replaying(app) || shows_others(app)))
		return;
	reaction = top->ops->act == NULL ? 0 : top->ops->act(top, action, event);
	if (reaction != 0) {
		bn_many_unwarn(app); /* it was the screen's: nobody quits */
		bn_app_react(app, reaction);
	} else
		app_action(app, action);
}

/* ---- keys that come before their rows ----------------------------------------------------- */

/* A filter was typed, or a screen came up, and what is in sight is not yet what it will be: `/orders`, Enter, `a` in
 * one go must never acknowledge what was on top before. Such keys wait for the rows, and
 * all that follow wait behind them; rows that don't come in HOLD_MS make them forgotten, not done. */
#define HOLD_MS 3000

/* Out of here, whatever the rows are. */
static bool
leads_away(enum bn_action action)
{
	int i;

	for (i = 0; i < BN_TAB_COUNT; i++)
		if (bn_tabs[i].action == action)
			return true;
	return action == BN_ACT_BACK || action == BN_ACT_CLOSE || action == BN_ACT_QUIT ||
	       action == BN_ACT_CANCEL;
}

/* What was written a moment ago shows in the rows only when they were read again: `a` and `a` is once, and taken back.
 * Moving about needs no such wait. */
static bool
must_wait(const struct bn_app *app, const struct bn_key_event *event)
{
	enum bn_action action = action_of(app, event->key);

	if (app->prompting || bn_retry_shown(app) || bn_many_shown(app))
		return false;
	if (app->top->unread)
		return !leads_away(action);
	return bn_deed_pending(app) && action != BN_ACT_NONE &&
	       (bn_action_row(action)->flags & (BN_CHANGES | BN_ACTS)) != 0;
}

static void
forget_held(struct bn_app *app)
{
	app->held.count = 0;
	bn_app_say(app, BN_TONE_PLAIN,
		   "the rows are still being read: what was typed meanwhile is forgotten");
}

void
bn_app_forget_keys(struct bn_screen *screen)
{
	struct bn_app *app = screen->app;

	if (screen != app->top || app->held.count == 0)
		return;
	app->held.count = 0;
	bn_app_say(app, BN_TONE_BAD,
		   "the rows could not be read: what was typed meanwhile is forgotten");
}

static void
take_key(struct bn_app *app, const struct bn_key_event *event)
{
	if (app->held.count == 0 && !must_wait(app, event)) {
		one_key(app, event);
		return;
	}
	if (app->held.count == 0)
		app->held.since = app->tick;
	if (app->held.count < BN_HELD_KEYS)
		app->held.keys[app->held.count++] = *event;
	else
		forget_held(app);
}

void
bn_app_held_keys(struct bn_app *app)
{
	size_t done = 0;

	if (app->held.count > 0 && bn_app_held_wait(app) <= 0 && must_wait(app, app->held.keys)) {
		forget_held(app);
		return;
	}
	while (done < app->held.count && !app->quit && !must_wait(app, &app->held.keys[done]))
		one_key(app, &app->held.keys[done++]);
	app->held.count -= done;
	memmove(app->held.keys, app->held.keys + done, app->held.count * sizeof(*app->held.keys));
	if (done > 0)
		app->held.since = app->tick;
}

int
bn_app_held_wait(const struct bn_app *app)
{
	int64_t left = app->held.since + HOLD_MS - app->tick;

	return app->held.count == 0 ? -1 : left > 0 ? (int)left : 0;
}

/* False: the terminal is gone. */
bool
bn_app_read_keys(struct bn_app *app)
{
	struct bn_key_event event;
	char bytes[1024];
	ssize_t count = read(bn_term_fd(app->term), bytes, sizeof(bytes));

	if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN))
		return false;
	if (count > 0)
		bn_decoder_feed(&app->decoder, bytes, (size_t)count, app->tick);
	while (!app->quit && bn_decoder_next(&app->decoder, app->tick, &event))
		take_key(app, &event);
	return true;
}

void
bn_app_late_keys(struct bn_app *app)
{
	struct bn_key_event event;

	while (!app->quit && bn_decoder_next(&app->decoder, app->tick, &event))
		take_key(app, &event);
}

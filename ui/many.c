/* many.c - what retrying many does: the threads that plan and send it, and what becomes of their answers. */
/* SPDX-License-Identifier: MIT */
#include "ui/many.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/error.h"
#include "ui/many_draw.h"
#include "ui/sheet.h"
#include "ui/state.h"

#define CANCEL_AGAIN 50 /* ms, at the end */

enum stage {
	PLANNING, /* the thread asks the platforms */
	PLANNED,  /* a person reads, says why, and decides */
	SENDING,  /* the thread sends; any screen may be shown */
	OVER
};

struct bn_many {
	struct bn_app *app;
	enum stage stage;
	pthread_t thread;
	int fd;		/* readable when there is something new; -1: no thread is at work */
	bool dismissed; /* nobody wants to see the plan: see bn_retry */
	atomic_bool ended, abort;
	struct bn_ref *refs; /* with strings of their own */
	size_t count, aside;
	int64_t rest_of;
	struct bn_bulk *bulk;
	struct bn_bulk_options options;
	char *reason, *said;
	int rc;
	struct bn_error err;
	struct bn_confirm confirm;
	size_t top;
	enum bn_many_end warned; /* of this, by the last thing that was done */
};

/* ---- life ---------------------------------------------------------------------------------- */

static void
free_many(struct bn_many *m)
{
	size_t i;

	if (m == NULL)
		return;
	if (m->fd >= 0)
		close(m->fd);
	for (i = 0; i < m->count; i++) {
		free((char *)(uintptr_t)m->refs[i].source);
		free((char *)(uintptr_t)m->refs[i].key);
	}
	free(m->refs);
	bn_bulk_free(m->bulk);
	bn_confirm_clear(&m->confirm);
	free(m->reason);
	free(m->said);
	free(m);
}

static void
forget(struct bn_app *app)
{
	free_many(app->many);
	app->many = NULL;
	bn_app_uncover(app);
}

/* ---- on the thread -------------------------------------------------------------------------- */

static void
wake(struct bn_many *m)
{
	uint64_t one = 1;

	while (write(m->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
}

static void
tick(void *payload)
{
	wake(payload);
}

static int
plan_rest(struct bn_many *m)
{
	struct bn_actions *actions = m->app->options->actions;
	struct bn_arena *arena = NULL;
	struct bn_ref *refs = NULL;
	size_t count = 0;
	int rc = bn_bulk_rest(&arena, &refs, &count, actions, m->rest_of, &m->err);

	if (rc == BN_OK)
		rc = bn_bulk_plan(&m->bulk, actions, refs, count, &m->err);
	if (rc == BN_OK)
		m->bulk->rest_of = m->rest_of;
	bn_arena_free(arena);
	return rc;
}

static void *
run_errand(void *payload)
{
	struct bn_many *m = payload;
	struct bn_actions *actions = m->app->options->actions;

	if (m->stage == SENDING)
		m->rc = bn_bulk_send(actions, m->bulk, m->reason, &m->options, NULL, &m->err);
	else if (m->rest_of != 0)
		m->rc = plan_rest(m);
	else
		m->rc = bn_bulk_plan(&m->bulk, actions, m->refs, m->count, &m->err);
	atomic_store(&m->ended, true);
	wake(m);
	return NULL;
}

/* False: there is no thread for it, and nothing was sent. */
static bool
begin(struct bn_app *app, struct bn_many *m, enum stage stage)
{
	sigset_t all, before;
	int rc = -1;

	m->stage = stage;
	m->rc = BN_OK;
	memset(&m->err, 0, sizeof(m->err));
	atomic_store(&m->ended, false);
	m->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (m->fd >= 0)
		rc = pthread_create(&m->thread, NULL, run_errand, m);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc == 0)
		return true;
	forget(app);
	bn_app_say(app, BN_TONE_BAD, "can't start a thread: nothing was sent");
	return false;
}

static void
end_thread(struct bn_many *m)
{
	pthread_join(m->thread, NULL);
	close(m->fd);
	m->fd = -1;
}

/* ---- opening -------------------------------------------------------------------------------- */

static bool
offered(struct bn_app *app)
{
	const struct bn_console_options *options = app->options;

	if (bn_app_replaying(app))
		return false;
	if (options->read_only)
		bn_app_say(app, BN_TONE_BAD,
			   "read-only: started with --read-only, nothing is sent");
	else if (options->collect == NULL || options->actions == NULL)
		bn_app_say(app, BN_TONE_BAD, "nothing is sent: started with --offline");
	else if (app->retry != NULL)
		bn_app_say(app, BN_TONE_PLAIN,
			   "one moment: earlier retries are being looked after");
	else if (bn_many_sending(app))
		bn_many_progress(app);
	else if (app->many != NULL && app->many->dismissed)
		bn_app_say(app, BN_TONE_PLAIN,
			   "one moment: the plan that was left is being put away");
	else
		return true;
	return false;
}

static struct bn_many *
new_many(struct bn_app *app)
{
	struct bn_many *m = bn_xcalloc(1, sizeof(*m));

	free_many(app->many); /* that of before, which is over */
	m->app = app;
	m->fd = -1;
	bn_confirm_init(&m->confirm);
	bn_bulk_defaults(app->options->actions, &m->options);
	m->options.follow = true;
	m->options.abort = &m->abort;
	m->options.tick = tick;
	m->options.payload = m;
	app->many = m;
	return m;
}

/* A screen of the bulk of before would show what is freed. */
static bool
may_replace(struct bn_app *app)
{
	return app->many == NULL || app->many->stage == OVER;
}

void
bn_many_open(struct bn_app *app, const struct bn_ref *refs, size_t count, size_t aside)
{
	struct bn_many *m;
	size_t i;

	if (!offered(app) || !may_replace(app))
		return;
	m = new_many(app);
	m->refs = bn_xcalloc(count + 1, sizeof(*m->refs));
	m->count = count;
	m->aside = aside;
	for (i = 0; i < count; i++)
		m->refs[i] = (struct bn_ref){refs[i].kind, bn_xstrdup(refs[i].source),
					     bn_xstrdup(refs[i].key)};
	begin(app, m, PLANNING);
}

void
bn_many_rest(struct bn_app *app, int64_t parent)
{
	struct bn_many *m;

	if (!offered(app) || !may_replace(app))
		return;
	m = new_many(app);
	m->rest_of = parent;
	begin(app, m, PLANNING);
}

bool
bn_many_shown(const struct bn_app *app)
{
	return app->many != NULL && app->many->stage <= PLANNED && !app->many->dismissed;
}

/* ---- answers --------------------------------------------------------------------------------- */

static void
planned(struct bn_app *app)
{
	struct bn_many *m = app->many;

	if (m->rc != BN_OK) {
		struct bn_error err = m->err;

		forget(app);
		bn_app_fail(app, &err);
		return;
	}
	m->stage = PLANNED;
	bn_confirm_show(&m->confirm, NULL, m->bulk->needs_reason,
			m->bulk->ready + m->bulk->apart == 0);
	m->confirm.names = m->bulk->apart > 0;
	m->confirm.empty = m->bulk->ready == 0;
}

/* Why the first of those whose turn came in vain was not sent, to be said behind how many there are of them. The
 * caller frees it. */
static char *
why_missed(const struct bn_bulk *bulk)
{
	struct bn_bulk_item_now now;
	size_t i;

	for (i = 0; i < bulk->count; i++) {
		bn_bulk_item_now(bulk, i, &now);
		if (now.missed)
			return bn_xasprintf(": %s", now.answer);
	}
	return bn_xstrdup("");
}

static void
sent(struct bn_app *app)
{
	struct bn_many *m = app->many;
	char *why = why_missed(m->bulk);
	struct bn_bulk_now now;

	m->stage = OVER;
	bn_bulk_now(m->bulk, &now);
	if (now.parent == 0) /* nothing was sent: its words are all there is */
		bn_app_fail(app, &m->err);
	else
		bn_app_say(app, m->rc == BN_OK ? BN_TONE_GOOD : BN_TONE_BAD,
			   "bulk retry %lld: %s%s", (long long)now.parent, now.text, why);
	free(why);
	app->stale = true;
	app->asked = 0;
}

int
bn_many_fd(const struct bn_app *app)
{
	return app->many != NULL ? app->many->fd : -1;
}

void
bn_many_wake(struct bn_app *app)
{
	struct bn_many *m = app->many;
	uint64_t count;

	while (read(m->fd, &count, sizeof(count)) < 0 && errno == EINTR)
		continue;
	app->dirty = true;
	if (!atomic_load(&m->ended))
		return;
	end_thread(m);
	if (m->dismissed) {
		free_many(m);
		app->many = NULL;
	} else if (m->stage == PLANNING)
		planned(app);
	else
		sent(app);
}

/* Within a moment. What only reads asks one thing after another: each of them is cancelled. */
static bool
has_ended(const struct bn_many *m)
{
	struct pollfd done = {m->fd, POLLIN, 0};

	return poll(&done, 1, CANCEL_AGAIN) != 0;
}

void
bn_many_abandon(struct bn_app *app)
{
	struct bn_many *m = app->many;

	if (m == NULL)
		return;
	if (m->fd >= 0) {
		atomic_store(&m->abort, true);
		do
			bn_collect_cancel_plans(app->options->collect);
		while (m->stage == PLANNING && !has_ended(m));
		end_thread(m);
	}
	free_many(m);
	app->many = NULL;
}

/* ---- keys and paint --------------------------------------------------------------------------- */

static void
leave(struct bn_app *app)
{
	struct bn_many *m = app->many;

	if (m->fd < 0)
		forget(app);
	else {
		m->dismissed = true;
		bn_collect_cancel_plans(app->options->collect);
		bn_app_uncover(app);
	}
	bn_app_say(app, BN_TONE_PLAIN, "nothing was sent");
}

/* A name that was typed: what is set apart under it is taken in. */
static void
take_name(struct bn_many *m)
{
	const char *typed = bn_buf_text(&m->confirm.name.text);
	struct bn_error err = {0};
	size_t i;

	free(m->said);
	for (i = 0; i < m->bulk->count; i++)
		if (m->bulk->items[i].fate == BN_BULK_APART &&
		    strcmp(m->bulk->items[i].name, typed) == 0)
			break;
	if (i == m->bulk->count) {
		m->said = bn_xasprintf("%s is none of those set apart", typed);
		return;
	}
	if (bn_bulk_name(m->bulk, i, typed, &err) != BN_OK) {
		m->said = bn_xstrdup(err.message);
		return;
	}
	m->said = bn_xasprintf("%s is sent too", typed);
	bn_confirm_named(&m->confirm, m->bulk->apart > 0);
	m->confirm.empty = m->bulk->ready == 0;
}

static void
given(struct bn_app *app)
{
	struct bn_many *m = app->many;

	m->reason = bn_xstrdup(bn_buf_text(&m->confirm.reason.text));
	if (!begin(app, m, SENDING))
		return;
	if (app->top->ops->act != NULL) /* what was marked is on its way */
		app->top->ops->act(app->top, BN_ACT_UNMARK, NULL);
	bn_many_progress(app);
}

void
bn_many_key(struct bn_app *app, const struct bn_key_event *event)
{
	struct bn_many *m = app->many;

	if (!event->pasted && bn_sheet_key(event->key, &m->top))
		return;
	switch (bn_confirm_key(&m->confirm, event)) {
	case BN_CONFIRM_LEFT:
		leave(app);
		break;
	case BN_CONFIRM_NAMED:
		take_name(m);
		break;
	case BN_CONFIRM_GIVEN:
		given(app);
		break;
	default:
		break;
	}
}

void
bn_many_draw(struct bn_app *app)
{
	struct bn_many *m = app->many;
	struct bn_many_look look = {
	    .bulk = m->stage == PLANNED ? m->bulk : NULL,
	    .options = &m->options,
	    .confirm = &m->confirm,
	    .asked = m->count,
	    .aside = m->aside,
	    .said = m->said,
	};

	bn_many_draw_box(app, &look, &m->top);
}

void
bn_many_painted(struct bn_app *app)
{
	struct bn_many *m = app->many;
	struct bn_key_event event;

	if (m == NULL || m->stage != PLANNED || m->confirm.focus != BN_CONFIRM_WAITS)
		return;
	/* What waits in the terminal or is half decoded was typed by somebody who had not seen it. */
	tcflush(bn_term_fd(app->term), TCIFLUSH);
	while (bn_decoder_next(&app->decoder, app->tick, &event))
		continue;
	bn_confirm_painted(&m->confirm);
	app->dirty = true;
}

/* ---- while it is sent -------------------------------------------------------------------------- */

const struct bn_bulk *
bn_many_bulk(const struct bn_app *app)
{
	return app->many != NULL && app->many->stage >= SENDING ? app->many->bulk : NULL;
}

bool
bn_many_sending(const struct bn_app *app)
{
	return app->many != NULL && app->many->stage == SENDING;
}

void
bn_many_abort(struct bn_app *app)
{
	if (!bn_many_sending(app))
		bn_app_say(app, BN_TONE_PLAIN, "it is over: nothing is left to abort");
	else if (atomic_exchange(&app->many->abort, true))
		bn_app_say(app, BN_TONE_PLAIN, "nothing more is sent; what is under way ends");
	else
		bn_app_say(app, BN_TONE_BAD, "aborted: nothing more is sent");
}

void
bn_many_progress(struct bn_app *app)
{
	if (bn_many_bulk(app) == NULL)
		bn_app_say(app, BN_TONE_PLAIN,
			   "no bulk retry in this session: mark rows (Space, *), then r");
	else
		bn_app_push(app, bn_progress_screen(app));
}

bool
bn_many_words(const struct bn_app *app, char *out, size_t size)
{
	struct bn_bulk_now now;
	int done;

	if (!bn_many_sending(app))
		return false;
	bn_bulk_now(app->many->bulk, &now);
	done = snprintf(out, size, "bulk %d/%d sent", now.all.sent, now.all.total);
	if (now.all.failed > 0 && done > 0 && (size_t)done < size)
		done += snprintf(out + done, size - (size_t)done, ", %d failed", now.all.failed);
	if (now.all.missed > 0 && done > 0 && (size_t)done < size)
		snprintf(out + done, size - (size_t)done, ", %d not sent", now.all.missed);
	return true;
}

void
bn_many_unwarn(struct bn_app *app)
{
	if (app->many != NULL)
		app->many->warned = BN_MANY_GOES_ON;
}

bool
bn_many_keeps(struct bn_app *app, enum bn_many_end how)
{
	struct bn_bulk_now now;

	if (!bn_many_sending(app) || app->many->warned == how)
		return false;
	app->many->warned = how;
	bn_bulk_now(app->many->bulk, &now);
	bn_app_say(app, BN_TONE_BAD, "%s the bulk retry at %d of %d sent",
		   how == BN_MANY_QUIT ? "quit again stops" : "suspend again holds up",
		   now.all.sent, now.all.total);
	return true;
}

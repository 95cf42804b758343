/* retry.c - what the retry dialog does: the thread behind it, and what becomes of its answers. */
/* SPDX-License-Identifier: MIT */
#include "ui/retry.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/error.h"
#include "ui/retry_choice.h"
#include "ui/retry_draw.h"
#include "ui/state.h"

#define DETAIL_WAIT  10000 /* ms for the run's tasks, which are the evidence that is kept */
#define CANCEL_AGAIN 50	   /* ms, at the end */

enum errand { PLAN, SEND, RECONCILE };

struct bn_retry {
	struct bn_app *app;
	enum errand errand;
	pthread_t thread;
	int fd; /* readable when the errand is done; -1: none is under way */
	bool
	    dismissed; /* nobody wants to see the plan: its thread is told to stop, and nothing is shown */
	unsigned plans; /* see bn_collect_plans: as it was when the errand began */
	struct bn_ref about;
	char *source, *key, *words, *name;
	struct bn_action_plan *plan;
	struct bn_action_result result;
	int rc, left;
	struct bn_error err;
	struct bn_confirm confirm;
	/* What the thread finds out; the dialog's own only when the thread has been joined. */
	struct {
		char *source, *key; /* of the run, if a pipeline was asked for; or NULL */
		struct bn_action_plan *plan;
	} found;
	size_t top; /* first line of the plan in sight */
	struct bn_choice choice;
	bool choosing; /* its list is over the plan */
};

/* ---- on the errand's thread -------------------------------------------------------------- */

/* A pipeline means its latest run. */
static int
find_run(struct bn_retry *r, struct bn_ref *run, struct bn_error *err)
{
	struct bn_query query = {
	    .table = bn_view_table("runs"), .scope = r->about, .sort = "-start", .limit = 1};
	struct bn_reader *reader = NULL;
	struct bn_rows *rows = NULL;
	int rc;

	*run = r->about;
	if (run->kind == BN_RUN)
		return BN_OK;
	if ((rc = bn_reader_open(&reader, r->app->options->store, err)) == BN_OK)
		rc = bn_view_query(reader, &query, &rows, err);
	if (rc == BN_OK && bn_rows_count(rows) == 0)
		rc = bn_fail(err, BN_ENOTFOUND, "%s has no run yet", r->about.key);
	if (rc == BN_OK) {
		struct bn_ref ref = bn_rows_ref(rows, 0);

		r->found.source = bn_xstrdup(ref.source);
		r->found.key = bn_xstrdup(ref.key);
		*run = (struct bn_ref){BN_RUN, r->found.source, r->found.key};
	}
	bn_rows_free(rows);
	bn_reader_close(reader);
	return rc;
}

static bool
stopped(const struct bn_retry *r)
{
	return bn_collect_plans(r->app->options->collect) != r->plans;
}

static int
make_plan(struct bn_retry *r)
{
	const struct bn_console_options *options = r->app->options;
	struct bn_error ignored;
	struct bn_ref run;
	int rc = find_run(r, &run, &r->err);

	if (rc != BN_OK)
		return rc;
	bn_collect_plan_detail(options->collect, run, DETAIL_WAIT, r->plans, &ignored);
	if (!stopped(r))
		bn_action_reconcile(options->actions, run.source, NULL, &ignored);
	if (stopped(r))
		return bn_fail(&r->err, BN_ECANCELLED, "cancelled");
	return bn_action_plan_tasks(&r->found.plan, options->actions, run, r->choice.only, &r->err);
}

static void *
run_errand(void *payload)
{
	struct bn_retry *r = payload;
	uint64_t one = 1;

	if (r->errand == PLAN)
		r->rc = make_plan(r);
	else if (r->errand == SEND)
		r->rc = bn_action_send(r->app->options->actions, r->plan, r->words, r->name,
				       &r->result, &r->err);
	else
		r->rc = bn_action_reconcile(r->app->options->actions, NULL, &r->left, &r->err);
	while (write(r->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
	return NULL;
}

static void
free_retry(struct bn_retry *r)
{
	if (r == NULL)
		return;
	if (r->fd >= 0)
		close(r->fd);
	bn_action_plan_free(r->plan);
	bn_action_plan_free(r->found.plan);
	free(r->found.source);
	free(r->found.key);
	bn_confirm_clear(&r->confirm);
	bn_choice_clear(&r->choice);
	free(r->source);
	free(r->key);
	free(r->words);
	free(r->name);
	free(r);
}

/* False: there is no thread for it, and the dialog is gone. */
static bool
begin(struct bn_app *app, struct bn_retry *r, enum errand errand)
{
	sigset_t all, before;
	int rc = -1;

	r->errand = errand;
	r->rc = BN_OK;
	r->plans = bn_collect_plans(app->options->collect);
	memset(&r->err, 0, sizeof(r->err));
	r->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (r->fd >= 0)
		rc = pthread_create(&r->thread, NULL, run_errand, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc == 0)
		return true;
	bn_app_say(app, BN_TONE_BAD, "can't start a thread: nothing was sent");
	free_retry(r);
	app->retry = NULL;
	return false;
}

static struct bn_retry *
new_retry(struct bn_app *app)
{
	struct bn_retry *r = bn_xcalloc(1, sizeof(*r));

	r->app = app;
	r->fd = -1;
	bn_confirm_init(&r->confirm);
	app->retry = r;
	return r;
}

/* ---- opening ------------------------------------------------------------------------------ */

static bool
allowed(const struct bn_app *app, struct bn_ref about)
{
	const char *actions = bn_collect_actions(app->options->collect, about.source);

	return actions != NULL && strcmp(actions, "retry") == 0;
}

bool
bn_retry_offers(const struct bn_app *app, struct bn_ref about)
{
	const struct bn_console_options *options = app->options;

	return !options->read_only && options->collect != NULL && options->actions != NULL &&
	       allowed(app, about) && bn_collect_can_act(options->collect, about.source);
}

static bool
offered(struct bn_app *app, struct bn_ref about)
{
	const struct bn_console_options *options = app->options;

	if (options->read_only)
		bn_app_say(app, BN_TONE_BAD,
			   "read-only: started with --read-only, nothing is sent");
	else if (options->collect == NULL || options->actions == NULL)
		bn_app_say(app, BN_TONE_BAD, "nothing is sent: started with --offline");
	else if (about.kind != BN_RUN && about.kind != BN_PIPELINE)
		bn_app_say(app, BN_TONE_PLAIN, "r is not offered: %s is not something that runs",
			   bn_app_a(about));
	else if (!allowed(app, about))
		bn_app_say(
		    app, BN_TONE_PLAIN,
		    "r is not offered: the configuration of %s allows no action (actions = retry)",
		    about.source != NULL ? about.source : "its source");
	else if (!bn_collect_can_act(options->collect, about.source))
		bn_app_say(app, BN_TONE_PLAIN, "r is not offered: %s has nothing to retry",
			   about.source);
	else if (app->retry != NULL)
		bn_app_say(app, BN_TONE_PLAIN, "one moment: %s",
			   app->retry->dismissed ? "the plan that was left is being put away"
						 : "earlier retries are being looked after");
	else
		return true;
	return false;
}

void
bn_retry_open(struct bn_app *app, struct bn_ref about)
{
	struct bn_retry *r;

	if (!offered(app, about))
		return;
	r = new_retry(app);
	r->source = bn_xstrdup(about.source);
	r->key = bn_xstrdup(about.key);
	r->about = (struct bn_ref){about.kind, r->source, r->key};
	begin(app, r, PLAN);
}

void
bn_retry_reconcile(struct bn_app *app)
{
	if (app->retry == NULL && !app->options->read_only && app->options->collect != NULL &&
	    app->options->actions != NULL)
		begin(app, new_retry(app), RECONCILE);
}

bool
bn_retry_shown(const struct bn_app *app)
{
	return app->retry != NULL && app->retry->errand != RECONCILE && !app->retry->dismissed;
}

/* ---- closing ------------------------------------------------------------------------------ */

static void
close_dialog(struct bn_app *app)
{
	free_retry(app->retry);
	app->retry = NULL;
	bn_app_uncover(app);
}

/* Esc while it is being planned: the dialog is gone at once. The thread is told to stop, and joined when it has: a
 * platform that does not answer may hold it for a while, the console never. */
static void
leave(struct bn_app *app)
{
	struct bn_retry *r = app->retry;

	if (r->fd < 0)
		close_dialog(app);
	else {
		r->dismissed = true;
		bn_collect_cancel_plans(app->options->collect);
		bn_app_uncover(app);
	}
	bn_app_say(app, BN_TONE_PLAIN, "nothing was sent");
}

static void
sent(struct bn_app *app)
{
	struct bn_retry *r = app->retry;
	struct bn_ref run = {BN_RUN, r->about.source,
			     r->result.run[0] != '\0' ? r->result.run : r->about.key};
	bool watch = r->confirm.watch && r->rc == BN_OK;
	struct bn_screen *screen = watch ? bn_run_screen(app, run, false) : NULL;

	if (r->rc == BN_OK)
		bn_app_say(app, BN_TONE_GOOD, "retry asked: %s · %s · record %lld", r->about.key,
			   r->result.answer, (long long)r->result.intent);
	else if (r->result.intent != 0 && r->result.state == BN_OUTCOME_UNKNOWN)
		bn_app_say(
		    app, BN_TONE_BAD,
		    "sent, and what came of it is not known: do not send it again · record %lld",
		    (long long)r->result.intent);
	else
		bn_app_fail(app, &r->err);
	close_dialog(app);
	if (screen != NULL)
		bn_app_push(app, screen);
}

/* The thread is gone: what it found is the dialog's. */
static void
take_over(struct bn_retry *r)
{
	if (r->found.key != NULL) {
		free(r->source);
		free(r->key);
		r->source = r->found.source;
		r->key = r->found.key;
		r->about = (struct bn_ref){BN_RUN, r->source, r->key};
		r->found.source = r->found.key = NULL;
	}
	r->plan = r->found.plan;
	r->found.plan = NULL;
}

static void
planned(struct bn_app *app)
{
	struct bn_retry *r = app->retry;
	struct bn_error why = {0};

	if (r->rc != BN_OK) {
		struct bn_error err = r->err;

		close_dialog(app);
		bn_app_fail(app, &err);
		return;
	}
	take_over(r);
	/* The plan of the whole run says what there is to choose from. */
	if (r->choice.names.count == 0 &&
	    bn_collect_plans_tasks(app->options->collect, r->about.source))
		bn_choice_fill(&r->choice, r->plan);
	r->confirm.choices = r->choice.names.count > 0;
	bn_confirm_show(&r->confirm, r->plan->typed ? r->plan->name : NULL, r->plan->needs_reason,
			bn_action_plan_refusal(r->plan, &why) != BN_OK);
	app->dirty = true;
}

static void
reconciled(struct bn_app *app)
{
	int left = app->retry->left;

	free_retry(app->retry);
	app->retry = NULL;
	if (left > 0)
		bn_app_say(app, BN_TONE_BAD,
			   "of %d earlier retr%s the outcome is not known: :audit list --unsettled",
			   left, left == 1 ? "y" : "ies");
	app->stale = true;
}

int
bn_retry_fd(const struct bn_app *app)
{
	return app->retry != NULL ? app->retry->fd : -1;
}

void
bn_retry_finish(struct bn_app *app)
{
	struct bn_retry *r = app->retry;

	pthread_join(r->thread, NULL);
	close(r->fd);
	r->fd = -1;
	if (r->dismissed) {
		free_retry(r);
		app->retry = NULL;
	} else if (r->errand == PLAN)
		planned(app);
	else if (r->errand == SEND)
		sent(app);
	else
		reconciled(app);
}

/* An errand that only reads asks one thing after another: each of them is cancelled. */
static void
stop(struct bn_app *app, const struct bn_retry *r)
{
	struct pollfd done = {r->fd, POLLIN, 0};

	do
		bn_collect_cancel_plans(app->options->collect);
	while (r->errand != SEND && poll(&done, 1, CANCEL_AGAIN) == 0);
	pthread_join(r->thread, NULL);
}

void
bn_retry_abandon(struct bn_app *app)
{
	if (app->retry == NULL)
		return;
	/* What is being sent is not cancelled: its outcome is still recorded. */
	if (app->retry->fd >= 0)
		stop(app, app->retry);
	free_retry(app->retry);
	app->retry = NULL;
}

/* ---- keys and paint ------------------------------------------------------------------------ */

/* What was chosen is planned anew, and stands on the screen before any key counts again. */
static void
choice_key(struct bn_app *app, const struct bn_key_event *event)
{
	struct bn_retry *r = app->retry;
	enum bn_choice_wish wish = bn_choice_key(&r->choice, event);

	r->choosing = wish == BN_CHOICE_STAYS;
	if (wish != BN_CHOICE_TAKEN)
		return;
	bn_action_plan_free(r->plan);
	r->plan = NULL;
	r->top = 0;
	r->confirm.focus = BN_CONFIRM_WAITS;
	begin(app, r, PLAN);
}

void
bn_retry_key(struct bn_app *app, const struct bn_key_event *event)
{
	struct bn_retry *r = app->retry;

	if (r->choosing) {
		choice_key(app, event);
		return;
	}
	if (!event->pasted && bn_sheet_key(event->key, &r->top))
		return;
	switch (bn_confirm_key(&r->confirm, event)) {
	case BN_CONFIRM_LEFT:
		leave(app);
		break;
	case BN_CONFIRM_CHOOSES:
		r->choosing = true;
		break;
	case BN_CONFIRM_GIVEN:
		r->words = bn_xstrdup(bn_buf_text(&r->confirm.reason.text));
		r->name = r->plan->typed ? bn_xstrdup(bn_buf_text(&r->confirm.name.text)) : NULL;
		begin(app, r, SEND);
		break;
	default:
		break;
	}
}

void
bn_retry_draw(struct bn_app *app)
{
	struct bn_retry *r = app->retry;
	struct bn_retry_look look = {
	    .plan = r->plan,
	    .about = r->about,
	    .confirm = &r->confirm,
	    .sending = r->errand == SEND,
	};

	if (r->choosing)
		bn_choice_draw(app, &r->choice);
	else
		bn_retry_draw_box(app, &look, &r->top);
}

void
bn_retry_painted(struct bn_app *app)
{
	struct bn_retry *r = app->retry;
	struct bn_key_event event;

	if (r == NULL || r->errand != PLAN || r->plan == NULL ||
	    r->confirm.focus != BN_CONFIRM_WAITS)
		return;
	/* What waits in the terminal or is half decoded was typed by somebody who had not seen it. */
	tcflush(bn_term_fd(app->term), TCIFLUSH);
	while (bn_decoder_next(&app->decoder, app->tick, &event))
		continue;
	bn_confirm_painted(&r->confirm);
	app->dirty = true;
}

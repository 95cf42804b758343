/* bulk_send.c - wave after wave: spaced, so many at once, stopped early, each run watched to its end. */
/* SPDX-License-Identifier: MIT */
#include "action/bulk_room.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/status.h"

#define TICK	  100	/* ms between two looks at what a person wants */
#define LOOK_WAIT 10000 /* ms for one look at a run */
#define STALE	  1000	/* ms of waiting after which what was read is no longer what is there */

struct sender {
	struct bn_actions *action;
	struct bn_bulk *bulk;
	const struct bn_bulk_options *options;
	const char *reason;
	int64_t deadline;
	int last; /* the last wave that has something to send */
};

/* One source: its requests go one behind the other, and its runs are looked at in between. */
struct lane {
	struct sender *sender;
	const char *source;
	struct bn_reader *reader;
	pthread_t thread;
	bool started;
};

void
bn_bulk_defaults(const struct bn_actions *action, struct bn_bulk_options *options)
{
	const struct bn_config_section *policy =
	    bn_config_find(action->options.config, "policy", "");
	const struct bn_option *rows = bn_core_options("policy");

	*options = (struct bn_bulk_options){
	    .spacing = bn_section_int(policy, rows, "retry-spacing"),
	    .concurrency = (int)bn_section_int(policy, rows, "retry-concurrency"),
	    .abort_ratio = bn_section_number(policy, rows, "retry-abort-ratio"),
	    .timeout = bn_section_int(policy, rows, "retry-timeout"),
	    .poll = 5000,
	};
}

static void
rest(struct bn_bulk_state *state, int64_t ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ms % 1000 * 1000000;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_cond_timedwait(&state->changed, &state->lock, &until);
}

/* ---- under the lock ---------------------------------------------------------------------------- */

static bool
has_failed(const struct bn_bulk_item_now *item)
{
	return item->step == BN_BULK_RED || item->step == BN_BULK_REFUSED ||
	       item->step == BN_BULK_UNKNOWN || item->missed;
}

static void
leave_unsent(struct bn_bulk *bulk, size_t i, const char *why)
{
	struct bn_bulk_item_now *now = &bulk->state->work[i].now;

	now->step = BN_BULK_UNSENT;
	now->code = BN_ECANCELLED;
	snprintf(now->answer, sizeof(now->answer), "%.255s", why);
}

/* From here on nothing is sent; what is under way comes back. */
static void
stop(struct bn_bulk *bulk, enum bn_bulk_end end, const char *why)
{
	size_t i;

	if (bulk->state->end != BN_BULK_RUNNING)
		return;
	bulk->state->end = end;
	for (i = 0; i < bulk->count; i++)
		if (bulk->items[i].fate == BN_BULK_READY &&
		    bulk->state->work[i].now.step == BN_BULK_WAITS)
			leave_unsent(bulk, i, why);
	pthread_cond_broadcast(&bulk->state->changed);
}

/* Asked before anything is sent and after everything that failed: not one more than the ratio allows. */
static void
check_ratio(struct sender *s)
{
	struct bn_bulk *bulk = s->bulk;
	int total = 0, failed = 0;
	size_t i;

	for (i = 0; i < bulk->count; i++)
		if (bulk->items[i].fate == BN_BULK_READY &&
		    bulk->items[i].wave == bulk->state->wave) {
			total++;
			failed += has_failed(&bulk->state->work[i].now);
		}
	/* 29 of 100 are no more than 0.29 of them, whatever the product's last digit says. */
	if ((double)failed > s->options->abort_ratio * total + 1e-9)
		stop(bulk, BN_BULK_STOPPED, "stopped: too much of its wave failed");
}

static void
check_wishes(struct sender *s)
{
	if (s->options->abort != NULL && atomic_load(s->options->abort))
		stop(s->bulk, BN_BULK_ABORTED, "aborted before its turn");
	if (bn_monotonic() >= s->deadline)
		stop(s->bulk, BN_BULK_TIMED_OUT, "its time was over before it was sent");
}

/* The first that item `i` waits for and that has not ended well; -1: none. */
static int
waits_for(const struct bn_bulk *bulk, size_t i)
{
	size_t k;

	for (k = 0; k < i; k++)
		if (bulk->items[k].fate == BN_BULK_READY && bn_bulk_waits_for(bulk, i, k) &&
		    bulk->state->work[k].now.step != BN_BULK_GREEN)
			return (int)k;
	return -1;
}

/* What waits for one that failed, or that is not sent itself, is not sent. */
static void
leave_behind(struct bn_bulk *bulk)
{
	size_t i;

	for (i = 0; i < bulk->count; i++) {
		enum bn_bulk_step step;
		char why[256];
		int other;

		if (bulk->items[i].fate != BN_BULK_READY ||
		    bulk->state->work[i].now.step != BN_BULK_WAITS ||
		    (other = waits_for(bulk, i)) < 0 ||
		    (step = bulk->state->work[other].now.step) <= BN_BULK_SENT)
			continue;
		snprintf(why, sizeof(why), "it waits for %.150s, which %s", bulk->items[other].name,
			 step == BN_BULK_UNSENT ? "was not sent" : "did not end well");
		leave_unsent(bulk, i, why);
	}
}

static bool
is_due(const struct lane *lane, size_t i)
{
	const struct bn_bulk *bulk = lane->sender->bulk;

	return strcmp(bulk->items[i].run.source, lane->source) == 0 &&
	       bulk->items[i].fate == BN_BULK_READY && bulk->items[i].wave <= bulk->state->wave;
}

/* The next to send; -1: none at this moment. It takes the place and the time. */
static int
take_next(struct lane *lane)
{
	struct sender *s = lane->sender;
	struct bn_bulk_state *state = s->bulk->state;
	int64_t now = bn_monotonic();
	int busy = 0, found = -1;
	size_t i;

	check_wishes(s);
	if (state->end != BN_BULK_RUNNING || now < state->next_send)
		return -1;
	for (i = 0; i < s->bulk->count; i++) {
		enum bn_bulk_step step = state->work[i].now.step;

		if (!is_due(lane, i))
			continue;
		busy += step == BN_BULK_SENDING || step == BN_BULK_SENT;
		if (found < 0 && step == BN_BULK_WAITS && waits_for(s->bulk, i) < 0)
			found = (int)i;
	}
	if (found < 0 || busy >= s->options->concurrency)
		return -1;
	state->work[found].now.step = BN_BULK_SENDING;
	state->next_send = now + s->options->spacing;
	return found;
}

/* The run that has waited longest to be looked at; -1: none is due. */
static int
take_look(struct lane *lane)
{
	struct bn_bulk_work *work = lane->sender->bulk->state->work;
	int64_t now = bn_monotonic();
	int found = -1;
	size_t i;

	for (i = 0; i < lane->sender->bulk->count; i++)
		if (is_due(lane, i) && work[i].now.step == BN_BULK_SENT && work[i].look_at <= now &&
		    (found < 0 || work[i].look_at < work[found].look_at))
			found = (int)i;
	return found;
}

/* ---- a request --------------------------------------------------------------------------------- */

/* What became of a request. Without an intent, or with one that says so, nothing left this machine, whatever the
 * error is called: an earlier intent whose outcome is unknown keeps this one from being sent, too. */
static enum bn_bulk_step
step_of(int rc, const struct bn_action_result *result)
{
	if (rc == BN_OK)
		return BN_BULK_SENT;
	if (result->intent == 0 || result->state == BN_OUTCOME_NOT_SENT)
		return BN_BULK_UNSENT;
	return rc == BN_EUNCERTAIN ? BN_BULK_UNKNOWN : BN_BULK_REFUSED;
}

static bool
must_wait(const struct lane *lane)
{
	const struct bn_bulk_state *state = lane->sender->bulk->state;

	return (state->turn != NULL && state->turn != lane) || bn_monotonic() < state->next_request;
}

/* However long each was prepared: two requests are `spacing` apart when they leave, whatever their sources are; and
 * none leaves once the bulk has stopped. Who waited long reads its target again, and keeps its turn for as long as
 * that takes: it would have to wait again otherwise, and then to read again. send_item gives the turn back. */
static int
wait_turn(void *payload, struct bn_error *err)
{
	struct lane *lane = payload;
	struct bn_bulk_state *state = lane->sender->bulk->state;
	int64_t since = bn_monotonic(), left;
	int rc = BN_OK;

	pthread_mutex_lock(&state->lock);
	while (must_wait(lane) && state->end == BN_BULK_RUNNING) {
		left = state->next_request - bn_monotonic();
		rest(state, left > 0 && left < TICK ? left : TICK);
	}
	if (state->end != BN_BULK_RUNNING)
		rc = bn_fail(err, BN_ECANCELLED,
			     "the bulk had %s before this one left: nothing was sent",
			     state->end == BN_BULK_TIMED_OUT ? "run out of time" : "been stopped");
	else if (bn_monotonic() - since > STALE) {
		state->turn = lane;
		rc = BN_LOOK_AGAIN;
	} else {
		state->turn = NULL;
		state->next_request = bn_monotonic() + lane->sender->options->spacing;
	}
	pthread_mutex_unlock(&state->lock);
	return rc;
}

static void
send_item(struct lane *lane, size_t i)
{
	struct sender *s = lane->sender;
	struct bn_bulk_state *state = s->bulk->state;
	const struct bn_bulk_item *item = &s->bulk->items[i];
	struct bn_bulk_work *work = &state->work[i];
	struct bn_turn turn = {wait_turn, lane};
	struct bn_action_result result = {0};
	struct bn_error err = {0};
	int rc;

	pthread_mutex_unlock(&state->lock);
	rc = bn_action_send_within(s->action, item->plan, state->parent, &turn, s->reason,
				   work->named ? item->name : NULL, &result, &err);
	pthread_mutex_lock(&state->lock);
	if (state->turn == lane) /* it did not leave after all */
		state->turn = NULL;
	work->now.step = step_of(rc, &result);
	work->now.missed = work->now.step == BN_BULK_UNSENT && rc != BN_ECANCELLED;
	work->now.code = rc;
	work->now.intent = result.intent;
	snprintf(work->now.run, sizeof(work->now.run), "%s", result.run);
	snprintf(work->now.answer, sizeof(work->now.answer), "%.255s",
		 rc == BN_OK ? result.answer : err.message);
	work->sent_at = bn_monotonic();
	/* Soon at first, since many runs are short; ever less often, since some are long. */
	work->pause = s->options->poll / 8;
	work->look_at = work->sent_at + work->pause;
}

/* ---- a look at a run --------------------------------------------------------------------------- */

/* How the run that was asked for stands in the store: in an attempt after the one that failed, or as the other run
 * that a resubmission made. BN_UNKNOWN: nothing of it yet. */
static enum bn_status
status_of(struct lane *lane, size_t i, struct bn_ref *run)
{
	static const char sql[] =
	    "SELECT last_status, attempt FROM run_now WHERE source = ?1 AND key = ?2";
	const struct bn_bulk_work *work = &lane->sender->bulk->state->work[i];
	enum bn_status status = BN_UNKNOWN;
	sqlite3_stmt *st = NULL;

	if (lane->reader != NULL &&
	    sqlite3_prepare_v2(bn_reader_db(lane->reader), sql, -1, &st, NULL) == SQLITE_OK) {
		sqlite3_bind_text(st, 1, run->source, -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 2, run->key, -1, SQLITE_STATIC);
		if (sqlite3_step(st) == SQLITE_ROW &&
		    (work->now.run[0] != '\0' || sqlite3_column_int(st, 1) > work->attempt))
			status = bn_status_from_word((const char *)sqlite3_column_text(st, 0));
	}
	sqlite3_finalize(st);
	return status;
}

static void
look_at(struct lane *lane, size_t i)
{
	struct sender *s = lane->sender;
	struct bn_bulk_state *state = s->bulk->state;
	struct bn_bulk_work *work = &state->work[i];
	struct bn_ref run = s->bulk->items[i].run;
	enum bn_status status;
	struct bn_error err;

	if (work->now.run[0] != '\0')
		run.key = work->now.run; /* stays as it is from the answer on */
	pthread_mutex_unlock(&state->lock);
	/* What has no details is read with all else of its source. */
	if (bn_collect_detail(s->action->options.collect, run, LOOK_WAIT, &err) != BN_OK)
		bn_collect_refresh(s->action->options.collect, run.source);
	status = status_of(lane, i, &run);
	pthread_mutex_lock(&state->lock);
	work->pause = work->pause * 2 < s->options->poll ? work->pause * 2 : s->options->poll;
	work->look_at = bn_monotonic() + work->pause;
	if (status == BN_SUCCEEDED)
		work->now.step = BN_BULK_GREEN;
	else if (status == BN_FAILED || status == BN_CANCELLED || status == BN_SKIPPED) {
		work->now.step = BN_BULK_RED;
		work->now.code = BN_EREMOTE;
		snprintf(work->now.answer, sizeof(work->now.answer), "its run is %s",
			 bn_status_row(status)->word);
	}
}

/* ---- lanes ------------------------------------------------------------------------------------- */

/* Short enough for the next moment at which something may be sent or looked at. */
static int64_t
pause_of(const struct sender *s)
{
	int64_t spacing = s->bulk->state->next_send - bn_monotonic();
	int64_t pause = s->options->poll < TICK ? s->options->poll : TICK;

	if (spacing > 0 && spacing < pause)
		pause = spacing;
	return pause > 0 ? pause : 1;
}

static void *
run_lane(void *payload)
{
	struct lane *lane = payload;
	struct sender *s = lane->sender;
	struct bn_bulk_state *state = s->bulk->state;
	struct bn_error ignored;
	int i;

	bn_reader_open(&lane->reader, s->action->options.store, &ignored);
	pthread_mutex_lock(&state->lock);
	while (!state->over) {
		if ((i = take_next(lane)) >= 0)
			send_item(lane, (size_t)i);
		else if (state->end == BN_BULK_RUNNING && (i = take_look(lane)) >= 0)
			look_at(lane, (size_t)i);
		else {
			rest(state, pause_of(s));
			continue;
		}
		/* What an abort kept from being sent is no reason to stop of its own. */
		check_wishes(s);
		check_ratio(s);
		leave_behind(s->bulk);
		pthread_cond_broadcast(&state->changed);
	}
	pthread_mutex_unlock(&state->lock);
	bn_reader_close(lane->reader);
	return NULL;
}

static size_t
start_lanes(struct sender *s, struct lane *lanes)
{
	const struct bn_bulk *bulk = s->bulk;
	sigset_t all, before;
	size_t i, k, count = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (i = 0; i < bulk->count; i++) {
		if (bulk->items[i].fate != BN_BULK_READY)
			continue;
		for (k = 0; k < count; k++)
			if (strcmp(lanes[k].source, bulk->items[i].run.source) == 0)
				break;
		if (k < count)
			continue;
		lanes[k] = (struct lane){.sender = s, .source = bulk->items[i].run.source};
		lanes[k].started = pthread_create(&lanes[k].thread, NULL, run_lane, &lanes[k]) == 0;
		count++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return count;
}

/* ---- waves ------------------------------------------------------------------------------------- */

/* Nothing of the wave is left to do: sent, and ended where somebody waits for that. */
static bool
is_settled(const struct sender *s)
{
	const struct bn_bulk_state *state = s->bulk->state;
	bool until_sent = state->wave == s->last && !s->options->follow;
	size_t i;

	for (i = 0; i < s->bulk->count; i++) {
		enum bn_bulk_step step = state->work[i].now.step;

		if (s->bulk->items[i].fate != BN_BULK_READY ||
		    s->bulk->items[i].wave != state->wave)
			continue;
		if (step < BN_BULK_SENT || (step == BN_BULK_SENT && !until_sent))
			return false;
	}
	return true;
}

static bool
is_sending(const struct bn_bulk *bulk)
{
	for (size_t i = 0; i < bulk->count; i++)
		if (bulk->state->work[i].now.step == BN_BULK_SENDING)
			return true;
	return false;
}

static void
tick(const struct sender *s)
{
	if (s->options->tick == NULL)
		return;
	pthread_mutex_unlock(&s->bulk->state->lock);
	s->options->tick(s->options->payload);
	pthread_mutex_lock(&s->bulk->state->lock);
}

static bool
has_items(const struct bn_bulk *bulk, int wave)
{
	for (size_t i = 0; i < bulk->count; i++)
		if (bulk->items[i].fate == BN_BULK_READY && bulk->items[i].wave == wave)
			return true;
	return false;
}

static void
run_waves(struct sender *s)
{
	struct bn_bulk_state *state = s->bulk->state;
	int wave;

	for (wave = 1; wave <= s->last && state->end == BN_BULK_RUNNING; wave++) {
		if (!has_items(s->bulk, wave))
			continue;
		state->wave = wave;
		leave_behind(s->bulk);
		pthread_cond_broadcast(&state->changed);
		while (state->end == BN_BULK_RUNNING && !is_settled(s)) {
			tick(s);
			check_wishes(s);
			rest(state, TICK);
		}
	}
	if (state->end == BN_BULK_RUNNING)
		state->end = BN_BULK_ENDED;
	while (is_sending(s->bulk)) {
		tick(s);
		rest(state, TICK);
	}
	state->over = true;
	pthread_cond_broadcast(&state->changed);
}

/* ---- the end ----------------------------------------------------------------------------------- */

static void
summarise(struct bn_bulk *bulk)
{
	struct bn_bulk_state *state = bulk->state;
	const struct bn_bulk_wave_now *wave;
	struct bn_bulk_now now;
	int size = 0;

	bn_bulk_look(bulk, &now);
	wave = &now.waves[now.wave];
	if (state->end == BN_BULK_STOPPED)
		size =
		    snprintf(state->text, sizeof(state->text), "stopped after wave %d: %d of %d %s",
			     now.wave, wave->failed + wave->missed, wave->total,
			     wave->missed == 0	 ? "failed"
			     : wave->failed == 0 ? "could not be sent"
						 : "failed or could not be sent");
	else if (state->end == BN_BULK_ENDED)
		size = snprintf(state->text, sizeof(state->text), "%d of %d sent", now.all.sent,
				now.all.total);
	else
		size = snprintf(state->text, sizeof(state->text), "%s in wave %d: %d of %d sent",
				state->end == BN_BULK_ABORTED ? "aborted" : "time was over",
				now.wave, now.all.sent, now.all.total);
	if (state->end != BN_BULK_STOPPED && now.all.green > 0)
		size += snprintf(state->text + size, sizeof(state->text) - (size_t)size,
				 ", %d succeeded", now.all.green);
	if (state->end != BN_BULK_STOPPED && now.all.failed > 0)
		size += snprintf(state->text + size, sizeof(state->text) - (size_t)size,
				 ", %d failed", now.all.failed);
	if (now.unknown > 0)
		size += snprintf(state->text + size, sizeof(state->text) - (size_t)size,
				 " (%d unknown)", now.unknown);
	if (now.all.left > 0)
		snprintf(state->text + size, sizeof(state->text) - (size_t)size, ", %d not sent",
			 now.all.left);
}

static int
verdict(const struct bn_bulk *bulk, struct bn_error *err)
{
	struct bn_bulk_now now;
	int code;

	bn_bulk_look(bulk, &now);
	code = now.unknown > 0				? BN_EUNCERTAIN
	       : now.end == BN_BULK_ABORTED		? BN_ECANCELLED
	       : now.end == BN_BULK_TIMED_OUT		? BN_ETIMEOUT
	       : now.all.failed > 0 || now.all.left > 0 ? BN_EREMOTE
							: BN_OK;
	if (code == BN_OK)
		return BN_OK;
	bn_fail(err, code, "bulk %" PRId64 ": %s", now.parent, now.text);
	if (now.all.left > 0)
		return bn_hint(err, "the rest: binnacle retry --rest %" PRId64, now.parent);
	return bn_hint(err, "see: binnacle audit show %" PRId64, now.parent);
}

/* What came of the requests is known, and goes before what came of recording that. */
static int
conclude(struct bn_actions *action, const struct bn_bulk *bulk, struct bn_error *err)
{
	const struct bn_bulk_state *state = bulk->state;
	struct bn_error why = {0};
	int rc = verdict(bulk, err);

	if (bn_bulk_end_record(action, state->parent, state->end, state->text, &why) == BN_OK)
		return rc;
	bn_log_write(action->options.log, 1, "bulk %" PRId64 ": its end is not recorded: %s",
		     state->parent, why.message);
	if (rc != BN_OK)
		return rc;
	bn_fail(err, BN_EUNCERTAIN, "bulk %" PRId64 ": %s; its end could not be recorded: %.200s",
		state->parent, state->text, why.message);
	return bn_hint(err, "do not send it again; see: binnacle audit show %" PRId64,
		       state->parent);
}

static int
may_begin(const struct bn_actions *action, const struct bn_bulk *bulk, const char *reason,
	  struct bn_error *err)
{
	if (action->options.read_only)
		return bn_fail(err, BN_EPERM, "this is a read-only session");
	if (bulk->ready == 0)
		return bn_fail(err, BN_EINVAL, "nothing of it can be sent");
	if (bulk->needs_reason && (reason == NULL || strspn(reason, " \t\r\n") == strlen(reason))) {
		bn_fail(err, BN_EPERM, "[policy] require-reason: say why");
		return bn_hint(err, "--reason TEXT");
	}
	return BN_OK;
}

static void
run_all(struct sender *s, int64_t parent)
{
	struct lane *lanes = bn_xcalloc(s->bulk->count, sizeof(*lanes));
	struct bn_bulk_state *state = s->bulk->state;
	size_t i, count;

	pthread_mutex_lock(&state->lock);
	state->parent = parent;
	state->concurrency = s->options->concurrency;
	count = start_lanes(s, lanes);
	for (i = 0; i < count; i++)
		if (!lanes[i].started)
			stop(s->bulk, BN_BULK_ABORTED, "there was no thread for it");
	run_waves(s);
	pthread_mutex_unlock(&state->lock);
	for (i = 0; i < count; i++)
		if (lanes[i].started)
			pthread_join(lanes[i].thread, NULL);
	free(lanes);
	pthread_mutex_lock(&state->lock);
	summarise(s->bulk);
	pthread_mutex_unlock(&state->lock);
}

int
bn_bulk_send(struct bn_actions *action, struct bn_bulk *bulk, const char *reason,
	     const struct bn_bulk_options *options, int64_t *seq, struct bn_error *err)
{
	struct sender s = {.action = action, .bulk = bulk, .options = options, .reason = reason};
	struct bn_hold *hold = NULL, *turnstile;
	int64_t parent = 0;
	char name[33];
	int rc;

	memset(err, 0, sizeof(*err));
	bn_uuid_hex(name);
	/* Held before it is recorded: whoever finds the record without an end sees that somebody is at it. */
	if ((rc = may_begin(action, bulk, reason, err)) != BN_OK ||
	    (rc = bn_bulk_hold(&hold, action, name, err)) != BN_OK)
		return rc;
	if ((rc = bn_bulk_still_rest(action, bulk, &turnstile, err)) != BN_OK)
		goto out;
	rc = bn_bulk_begin_record(action, bulk, reason, options, name, &parent, err);
	bn_hold_release(turnstile);
	if (rc != BN_OK)
		goto out;
	if (seq != NULL)
		*seq = parent;
	for (size_t i = 0; i < bulk->count; i++)
		if (bulk->items[i].fate == BN_BULK_READY && bulk->items[i].wave > s.last)
			s.last = bulk->items[i].wave;
	s.deadline = bn_monotonic() + options->timeout;
	run_all(&s, parent);
	rc = conclude(action, bulk, err);
out:
	bn_hold_release(hold);
	return rc;
}

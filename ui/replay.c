/* replay.c - time travel in the console: the moment all screens show, and the keys that move it. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "ui/state.h"

#define MINUTE ((int64_t)60000)

bn_time
bn_app_at(const struct bn_app *app)
{
	return app->at;
}

bn_time
bn_app_now(const struct bn_app *app)
{
	return app->at != 0 ? app->at : bn_clock_now(app->options->clock);
}

bool
bn_app_replaying(struct bn_app *app)
{
	char text[BN_TIME_TEXT];

	if (app->at == 0)
		return false;
	bn_app_say(app, BN_TONE_BAD,
		   "this is %s, in the past: nothing can be changed there; T goes back to now",
		   bn_time_show(app->at, app->options->zone, BN_TIME_HMS, text));
	return true;
}

enum bn_reach
bn_app_reach(const struct bn_app *app)
{
	return app->at != 0		 ? BN_REACH_PAST
	       : app->options->read_only ? BN_REACH_READ_ONLY
					 : BN_REACH_ALL;
}

/* Everything on the screen is of another moment now. */
static void
go_to(struct bn_app *app, bn_time at)
{
	if (at == app->at)
		return;
	app->at = at;
	app->epoch++;
	bn_queries_at(app->queries, at);
	/* What was on top then is nothing that a key of now may be about. */
	if (at == 0 && app->top->ops->come != NULL)
		app->top->ops->come(app->top);
	bn_app_ask_all(app);
	app->dirty = true;
}

/* A step of a minute or an hour lands on a whole one. The first step leaves now. */
static void
step(struct bn_app *app, int64_t ms, bool back)
{
	bn_time now = bn_clock_now(app->options->clock), from = bn_app_now(app);
	bn_time at = back ? (from - 1) / MINUTE * MINUTE : from / MINUTE * MINUTE + MINUTE;

	if (ms > MINUTE)
		at = back ? from - ms : from + ms;
	if (at >= now)
		bn_app_say(app, BN_TONE_PLAIN,
			   app->at != 0 ? "back to now" : "nothing is known of later");
	go_to(app, at >= now ? 0 : at);
}

int
bn_replay_begin(struct bn_app *app, struct bn_error *err)
{
	bn_time at = app->options->at;

	if (at == 0)
		return BN_OK;
	if (at > bn_clock_now(app->options->clock)) {
		bn_fail(err, BN_EINVAL, "--at: that moment has not come yet");
		return bn_hint(err, "time travel goes back; without a moment everything is live");
	}
	app->at = at;
	bn_queries_at(app->queries, at);
	return BN_OK;
}

static void
moment_done(struct bn_app *app, void *payload, const char *text)
{
	bn_time at = 0, now = bn_clock_now(app->options->clock);
	struct bn_error err = {0};

	(void)payload;
	if (text == NULL || *text == '\0')
		return;
	if (bn_time_parse_human(text, now, app->options->zone, &at, &err) != BN_OK)
		bn_app_fail(app, &err);
	else if (at > now)
		bn_app_say(app, BN_TONE_BAD, "that moment has not come yet");
	else
		go_to(app, at == now ? 0 : at);
}

bool
bn_replay_action(struct bn_app *app, enum bn_action action)
{
	char text[BN_TIME_TEXT], *initial;

	switch (action) {
	case BN_ACT_GO_TO:
		initial = bn_xstrdup(
		    bn_time_show(bn_app_now(app), app->options->zone, BN_TIME_FULL, text));
		bn_app_prompt(
		    app, &(struct bn_prompt){.label = "go to (03:05, -15m, 2026-03-10 03:05): ",
					     .initial = app->at != 0 ? initial : NULL,
					     .done = moment_done});
		free(initial);
		return true;
	case BN_ACT_MINUTE_BACK:
	case BN_ACT_MINUTE_ON:
		step(app, MINUTE, action == BN_ACT_MINUTE_BACK);
		return true;
	case BN_ACT_HOUR_BACK:
	case BN_ACT_HOUR_ON:
		step(app, 60 * MINUTE, action == BN_ACT_HOUR_BACK);
		return true;
	case BN_ACT_LIVE:
		if (app->at == 0)
			bn_app_say(app, BN_TONE_PLAIN, "this is now");
		go_to(app, 0);
		return true;
	default:
		return false;
	}
}

/* journal.c - acknowledge, snooze, note: the verbs a person has over what is selected. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "ui/state.h"

/* A thing kept while a person types, with strings of its own. */
struct subject {
	struct bn_ref ref;
	char *source, *key;
};

static struct subject *
keep(struct bn_ref ref)
{
	struct subject *subject = bn_xcalloc(1, sizeof(*subject));

	subject->source = bn_xstrdup(ref.source);
	subject->key = bn_xstrdup(ref.key);
	subject->ref = (struct bn_ref){ref.kind, subject->source, subject->key};
	return subject;
}

static void
free_subject(struct subject *subject)
{
	free(subject->source);
	free(subject->key);
	free(subject);
}

static bool
writable(struct bn_app *app)
{
	if (app->options->read_only)
		bn_app_say(app, BN_TONE_BAD,
			   "read-only: started with --read-only, nothing is written");
	else if (!bn_store_journal_writable(app->options->store))
		bn_app_say(app, BN_TONE_BAD,
			   "the journal can't be written; see \"binnacle doctor\"");
	else
		return true;
	return false;
}

void
bn_app_acknowledge(struct bn_app *app, struct bn_ref about, bool undo)
{
	struct bn_actor actor;
	struct bn_error err;
	char at[BN_TIME_TEXT];
	int64_t seq;

	if (!writable(app))
		return;
	bn_actor_self(&actor, app->options->identity);
	if (bn_journal_ack(app->options->store, &actor, about, NULL, undo, &seq, &err) != BN_OK) {
		bn_app_fail(app, &err);
		return;
	}
	bn_time_show(bn_clock_now(app->options->clock), app->options->zone, BN_TIME_HMS, at);
	bn_app_say(app, BN_TONE_GOOD, "%s %s by %s at %s · journal record %lld", about.key,
		   undo ? "no longer acknowledged" : "acknowledged", actor.user, at,
		   (long long)seq);
	app->stale = true;
}

/* "2h driver lost": how long, then why. */
static void
snooze_done(struct bn_app *app, void *payload, const char *text)
{
	struct subject *subject = payload;
	struct bn_actor actor;
	struct bn_error err;
	char *word = NULL, until[BN_TIME_TEXT];
	int64_t ms, seq;
	bn_time end;
	size_t length;

	if (text == NULL)
		goto out;
	text += strspn(text, " ");
	length = strcspn(text, " ");
	word = bn_xstrndup(text, length);
	text += length;
	text += strspn(text, " ");
	if (bn_duration_parse(word, &ms, &err) != BN_OK) {
		bn_hint(&err, "write how long, then why: 2h driver is being replaced");
		bn_app_fail(app, &err);
		goto out;
	}
	bn_actor_self(&actor, app->options->identity);
	end = bn_clock_now(app->options->clock) + ms;
	if (bn_journal_snooze(app->options->store, &actor, subject->ref, end,
			      *text == '\0' ? NULL : text, false, &seq, &err) != BN_OK) {
		bn_app_fail(app, &err);
		goto out;
	}
	bn_app_say(
	    app, BN_TONE_GOOD, "%s snoozed until %s by %s · journal record %lld", subject->ref.key,
	    bn_time_show(end, app->options->zone, ms < 86400000 ? BN_TIME_HM : BN_TIME_MDHM, until),
	    actor.user, (long long)seq);
	app->stale = true;
out:
	free(word);
	free_subject(subject);
}

void
bn_app_snooze(struct bn_app *app, struct bn_ref about)
{
	if (!writable(app))
		return;
	bn_app_prompt(app, &(struct bn_prompt){.label = "snooze for (and why): ",
					       .initial = "2h ",
					       .done = snooze_done,
					       .payload = keep(about)});
}

static void
note_done(struct bn_app *app, void *payload, const char *text)
{
	struct subject *subject = payload;
	struct bn_actor actor;
	struct bn_error err;
	int64_t seq;

	if (text != NULL && *text != '\0') {
		bn_actor_self(&actor, app->options->identity);
		if (bn_journal_note(app->options->store, &actor, subject->ref, NULL, text, &seq,
				    &err) != BN_OK)
			bn_app_fail(app, &err);
		else
			bn_app_say(app, BN_TONE_GOOD, "noted on %s · journal record %lld",
				   subject->ref.key, (long long)seq);
		app->stale = true;
	}
	free_subject(subject);
}

void
bn_app_note(struct bn_app *app, struct bn_ref about)
{
	if (!writable(app))
		return;
	bn_app_prompt(
	    app, &(struct bn_prompt){.label = "note: ", .done = note_done, .payload = keep(about)});
}

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
	if (bn_app_replaying(app))
		return false;
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

/* The view thread writes: the journal is synced to disk, and somebody else may hold its lock. It is said to be
 * done when it is. */
static void
do_deed(struct bn_app *app, struct bn_deed deed, struct bn_ref about)
{
	struct bn_question question = {.kind = BN_ASK_DEED, .about = about, .deed = deed};

	question.deed.identity = app->options->identity;
	question.zone = app->options->zone;
	app->deeds_out++;
	bn_queries_ask(app->queries, BN_DEED_OWNER, ++app->deeds, &question);
}

bool
bn_deed_pending(const struct bn_app *app)
{
	return app->deeds_out > 0 || app->rereading != 0;
}

void
bn_deed_reread(struct bn_app *app)
{
	bn_app_ask_all(app);
	app->rereading = app->asked_last; /* the rows are answered before it */
}

void
bn_deed_answered(struct bn_app *app, uint64_t number)
{
	if (number >= app->rereading)
		app->rereading = 0;
}

void
bn_deed_done(struct bn_app *app, const struct bn_answer *answer)
{
	app->deeds_out--;
	if (answer->rc != BN_OK)
		bn_app_fail(app, &answer->error);
	else
		bn_app_say(app, BN_TONE_GOOD, "%s", answer->text);
	bn_deed_reread(app);
}

void
bn_app_acknowledge(struct bn_app *app, struct bn_ref about, bool undo)
{
	if (writable(app))
		do_deed(app, (struct bn_deed){.verb = BN_DEED_ACK, .undo = undo}, about);
}

/* "2h driver lost": how long, then why. */
static void
snooze_done(struct bn_app *app, void *payload, const char *text)
{
	struct subject *subject = payload;
	struct bn_deed deed = {.verb = BN_DEED_SNOOZE};
	struct bn_error err;
	char *word = NULL;
	size_t length;
	int64_t ms;

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
	deed.undo = ms == 0;
	deed.until = bn_clock_now(app->options->clock) + ms;
	deed.words = *text == '\0' ? NULL : text;
	do_deed(app, deed, subject->ref);
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

	if (text != NULL && *text != '\0')
		do_deed(app, (struct bn_deed){.verb = BN_DEED_NOTE, .words = text}, subject->ref);
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

/* send.c - the order that keeps a retry from happening twice: intent, target read again, sent once, outcome. */
/* SPDX-License-Identifier: MIT */
#include "action/internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/status.h"
#include "base/text.h"

#define LOOK_AGAIN   3	  /* how often the platform is read after a lost answer … */
#define ANSWER_BYTES 4096 /* of what it said, in the journal */

/* The mistake that tests/fault/kill_test has to notice, built into a program of its own there. */
#ifdef BN_TEST_SEND_BEFORE_INTENT
#define SEND_FIRST true
#else
#define SEND_FIRST false
#endif

struct sending {
	struct bn_actions *action;
	const struct bn_action_plan *plan;
	struct bn_action_result *result;
	int64_t parent; /* the bulk it is a part of, or 0 */
	const struct bn_turn *turn;
	char key[33];
	bn_time at;	/* before anything was recorded or sent */
	char *remember; /* bn_plan.remember of the plan that was sent, or NULL */
	bool waited;	/* for its turn, so long that all was looked at once more */
	bool told;
	int recorded; /* BN_OK, or why the outcome is not in the journal */
	struct bn_error why;
};

const char *
bn_outcome_word(enum bn_outcome_state state)
{
	static const char *const words[] = {[BN_OUTCOME_UNKNOWN] = "unknown",
					    [BN_OUTCOME_DONE] = "done",
					    [BN_OUTCOME_REFUSED] = "refused",
					    [BN_OUTCOME_NOT_SENT] = "not-sent",
					    [BN_OUTCOME_UNCHANGED] = "unknown"};

	return words[state];
}

int
bn_action_record(struct bn_actions *action, struct bn_ref about, int64_t intent, const char *by,
		 const struct bn_outcome *outcome, const char *why, const char *reason,
		 int64_t *seq, struct bn_error *err)
{
	json_t *body = json_pack("{s:s, s:s}", "state", bn_outcome_word(outcome->state), "by", by);
	const char *answer = outcome->answer != NULL ? outcome->answer : why;
	size_t spent = 0;
	char *text;
	int rc;

	if (answer != NULL)
		json_object_set_new(body, "answer", bn_action_short(answer, ANSWER_BYTES, &spent));
	if (outcome->http_status != 0)
		json_object_set_new(body, "http_status", json_integer(outcome->http_status));
	if (outcome->run != NULL)
		json_object_set_new(body, "run", json_string(outcome->run));
	if (outcome->attempt != NULL)
		json_object_set_new(body, "attempt", json_string(outcome->attempt));
	text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	rc = bn_journal_outcome(action->options.store, &action->actor, about, intent, reason, text,
				seq, err);
	free(text);
	if (rc == BN_OK)
		bn_collect_recorded(action->options.collect);
	return rc;
}

/* ---- the intent -------------------------------------------------------------------------------- */

static json_t *
intent_json(const struct sending *s, json_t *snapshot)
{
	const struct bn_action_plan *plan = s->plan;
	char sha[BN_DIGEST_HEX];

	bn_digest_once(plan->body != NULL ? plan->body : "",
		       plan->body != NULL ? strlen(plan->body) : 0, sha);
	return json_pack("{s:s, s:s, s:s?, s:s, s:s, s:s, s:o, s:o}", "verb", plan->verb, "digest",
			 plan->digest, "pipeline", plan->pipeline, "class",
			 bn_idempotence_word(plan->class), "key", s->key, "body_sha256", sha,
			 "plan", bn_plan_json(plan), "snapshot", snapshot);
}

/* On disk when it returns BN_OK. */
static int
record_intent(struct sending *s, const char *reason, struct bn_error *err)
{
	struct bn_journal_entry entry = {"intent", s->plan->about, s->parent, reason, NULL};
	struct bn_reader *reader = NULL;
	char *text = NULL;
	int64_t other;
	json_t *body;
	int rc = bn_reader_open(&reader, s->action->options.store, err);

	if (rc != BN_OK)
		return rc;
	body = intent_json(s, bn_action_snapshot(s->action, reader, s->plan));
	bn_reader_close(reader);
	text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	if (text == NULL)
		return bn_fail(err, BN_EINTERNAL, "the plan can't be written as JSON");
	entry.body = text;
	rc = bn_journal_intent(s->action->options.store, &s->action->actor, &entry,
			       s->plan->pipeline, bn_action_min_interval(s->action),
			       &s->result->intent, &other, err);
	free(text);
	if (rc != BN_OK)
		s->result->intent = 0;
	return rc;
}

/* ---- on the action's lane ---------------------------------------------------------------------- */

/* On disk when it returns BN_OK: from here on something may have been sent. What the plugin will have to know when the
 * answer is lost goes along, for it is of this moment and not of the one the person planned in. */
static int
record_sending(struct sending *s, const struct bn_plan *fresh, struct bn_error *err)
{
	struct bn_journal_entry entry = {"sending", s->plan->about, s->result->intent, NULL, NULL};
	json_t *body =
	    fresh->remember != NULL ? json_pack("{s:s}", "remember", fresh->remember) : NULL;
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	int rc;

	json_decref(body);
	if (text != NULL)
		s->remember = bn_xstrdup(fresh->remember);
	entry.body = text;
	rc = bn_journal_append(s->action->options.store, &s->action->actor, &entry, NULL, err);
	free(text);
	return rc;
}

/* The last step before the request leaves: what is there now must be what the person saw. Where it has to wait for its
 * turn, "now" is when that has come. */
static int
compare(const struct bn_plan *fresh, void *payload, struct bn_error *err)
{
	struct sending *s = payload;
	char digest[BN_DIGEST_HEX];
	int rc;

	if (strcmp(fresh->attempt, s->plan->attempt) != 0) {
		bn_fail(err, BN_ECONFLICT,
			"%.150s is in another attempt than the plan's (%.60s, then %.60s): nothing "
			"was sent",
			s->plan->about.key, fresh->attempt, s->plan->attempt);
		return bn_hint(err, "plan again");
	}
	bn_plan_digest(fresh, digest);
	if (strcmp(digest, s->plan->digest) != 0) {
		bn_fail(err, BN_ECONFLICT,
			"%.200s: planning again gives another plan: nothing was sent",
			s->plan->about.key);
		return bn_hint(err, "plan again");
	}
	if (s->waited && (rc = bn_action_newer(s->action, s->plan, err)) != BN_OK)
		return rc;
	if (s->turn != NULL && (rc = s->turn->wait(s->turn->payload, err)) != BN_OK) {
		s->waited = rc == BN_LOOK_AGAIN;
		return rc;
	}
	return record_sending(s, fresh, err);
}

static void
told(const struct bn_outcome *outcome, const struct bn_error *why, void *payload)
{
	struct sending *s = payload;
	struct bn_error err = {0};

	s->told = true;
	s->result->state = outcome->state;
	s->result->http_status = outcome->http_status;
	snprintf(s->result->answer, sizeof(s->result->answer), "%.255s",
		 outcome->answer != NULL ? outcome->answer
		 : why != NULL		 ? why->message
					 : "accepted");
	if (outcome->run != NULL)
		snprintf(s->result->run, sizeof(s->result->run), "%s", outcome->run);
	s->recorded =
	    bn_action_record(s->action, s->plan->about, s->result->intent, "answer", outcome,
			     why != NULL ? why->message : NULL, NULL, NULL, &err);
	if (s->recorded != BN_OK)
		s->why = err;
}

/* ---- after it ---------------------------------------------------------------------------------- */

static int
look_what_became(struct sending *s, struct bn_error *err)
{
	struct bn_intent intent = {
	    .about = s->plan->about,
	    .verb = s->plan->verb,
	    .mode = s->plan->mode,
	    .attempt = s->plan->attempt,
	    .request = s->plan->request,
	    .body = s->plan->body,
	    .key = s->key,
	    .remember = s->remember,
	    .at = s->at,
	};
	struct timespec second = {1, 0};
	struct bn_error ignored;
	char said[256];
	int i;

	snprintf(said, sizeof(said), "%s", s->result->answer);
	for (i = 0; i < LOOK_AGAIN && s->result->state == BN_OUTCOME_UNKNOWN; i++) {
		if (i > 0)
			nanosleep(&second, NULL);
		bn_action_settle_one(s->action, &intent, s->result->intent, s->result, &ignored);
	}
	if (s->result->state != BN_OUTCOME_UNKNOWN) {
		if (strcmp(said, s->result->answer) == 0)
			snprintf(s->result->answer, sizeof(s->result->answer),
				 "the platform shows it");
		return BN_OK;
	}
	if (strcmp(said, s->result->answer) == 0)
		bn_fail(err, BN_EUNCERTAIN, "sent, and what came of it is not known: %.300s", said);
	else
		bn_fail(err, BN_EUNCERTAIN,
			"sent, and what came of it is not known: %.200s; read again: %.250s", said,
			s->result->answer);
	return bn_hint(err, "do not send it again; binnacle audit show %lld tells what is known",
		       (long long)s->result->intent);
}

static int
conclude(struct sending *s, struct bn_error *err)
{
	struct bn_error why = *err;
	int rc;

	if (s->result->state == BN_OUTCOME_UNKNOWN) {
		if ((rc = look_what_became(s, err)) != BN_OK)
			return rc;
		/* What was read is in the journal, and takes the place of the answer that was lost. */
		s->recorded = BN_OK;
		memset(&why, 0, sizeof(why));
	}
	if (s->recorded != BN_OK && s->result->state != BN_OUTCOME_NOT_SENT) {
		bn_fail(err, BN_EUNCERTAIN, "%s, but that could not be recorded: %.300s",
			bn_outcome_word(s->result->state), s->why.message);
		return bn_hint(err, "do not send it again; when the journal can be written, the "
				    "platform is read for its outcome");
	}
	if (s->result->state == BN_OUTCOME_DONE)
		return BN_OK;
	*err = why;
	if (s->result->state == BN_OUTCOME_REFUSED) {
		if (err->code == BN_OK)
			bn_fail(err, BN_EREMOTE, "refused: %.400s", s->result->answer);
		/* The platform's own refusals are one thing to a script, whatever their number. */
		return err->code == BN_ETHROTTLED ? err->code : (err->code = BN_EREMOTE);
	}
	return err->code != BN_OK
		   ? err->code
		   : bn_fail(err, BN_EINTERNAL, "nothing was sent: %.300s", s->result->answer);
}

/* What the platform shows now belongs on the screen at once. Where it can't be read the next poll does. */
static void
show(struct bn_actions *action, const struct bn_action_plan *plan)
{
	struct bn_error ignored;

	bn_collect_detail(action->options.collect, plan->about, 5000, &ignored);
	bn_collect_refresh(action->options.collect, plan->about.source);
}

static int
may_send(struct bn_actions *action, const struct bn_action_plan *plan, const char *reason,
	 const char *typed, struct bn_error *err)
{
	const char *actions = bn_collect_actions(action->options.collect, plan->about.source);

	if (action->options.read_only)
		return bn_fail(err, BN_EPERM, "this is a read-only session");
	/* Nobody would know of it: not the next session, nor another person's at this moment. */
	if (*bn_store_dir(action->options.store) == '\0') {
		bn_fail(err, BN_EPERM, "a journal in memory is none: nothing is sent");
		return bn_hint(err, "leave out --cache none");
	}
	if (actions == NULL || strcmp(actions, "retry") != 0)
		return bn_fail(err, BN_EPERM, "%s: its configuration allows no action",
			       plan->about.source);
	if (plan->needs_reason && (reason == NULL || strspn(reason, " \t\r\n") == strlen(reason))) {
		bn_fail(err, BN_EPERM, "[policy] require-reason: say why");
		return bn_hint(err, "--reason TEXT");
	}
	if (plan->typed && (typed == NULL || strcmp(typed, plan->name) != 0)) {
		bn_fail(err, BN_EPERM,
			"%s work (%s): doing it twice may leave things twice, so its name has to "
			"be typed",
			bn_idempotence_word(plan->class), plan->class_origin);
		return bn_hint(err, "--confirm %s", plan->name);
	}
	return bn_action_plan_refusal(plan, err);
}

int
bn_action_send(struct bn_actions *action, const struct bn_action_plan *plan, const char *reason,
	       const char *typed, struct bn_action_result *result, struct bn_error *err)
{
	return bn_action_send_within(action, plan, 0, NULL, reason, typed, result, err);
}

int
bn_action_send_within(struct bn_actions *action, const struct bn_action_plan *plan, int64_t parent,
		      const struct bn_turn *turn, const char *reason, const char *typed,
		      struct bn_action_result *result, struct bn_error *err)
{
	struct sending s = {
	    .action = action, .plan = plan, .result = result, .parent = parent, .turn = turn};
	struct bn_outcome unsent = {.state = BN_OUTCOME_NOT_SENT};
	struct bn_hold *hold = NULL;
	struct bn_error own = {0};
	int rc;

	memset(result, 0, sizeof(*result));
	result->state = BN_OUTCOME_NOT_SENT;
	memset(err, 0, sizeof(*err));
	if ((rc = may_send(action, plan, reason, typed, err)) != BN_OK ||
	    (rc = bn_action_newer(action, plan, err)) != BN_OK ||
	    (rc = bn_collect_hold(&hold, action->options.collect, plan->about, err)) != BN_OK)
		return rc;
	bn_uuid_hex(s.key);
	s.at = bn_clock_now(action->options.clock);
	if (!SEND_FIRST && (rc = record_intent(&s, reason, err)) != BN_OK)
		goto out;
	rc = bn_collect_act(action->options.collect, plan->about, plan->verb, plan->only, s.key,
			    compare, told, &s, err);
	if (SEND_FIRST)
		record_intent(&s, reason, err);
	if (!s.told) {
		snprintf(result->answer, sizeof(result->answer), "%.255s", err->message);
		s.recorded = bn_action_record(action, plan->about, result->intent, "check", &unsent,
					      err->message, NULL, NULL, &own);
	}
	if (s.told)
		rc = conclude(&s, err);
	if (s.told && result->state != BN_OUTCOME_NOT_SENT)
		show(action, plan);
out:
	free(s.remember);
	bn_hold_release(hold);
	return rc;
}

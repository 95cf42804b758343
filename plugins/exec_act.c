/* exec_act.c - retrying through a program: its plan, its act, and what it says became of one. */
/* SPDX-License-Identifier: MIT
 *
 * The program sends by itself; what keeps it from happening twice is that `act` is run once for an intent that is
 * in the journal, with a key of its own that the program may pass on. A program that ends without saying what came
 * of it may have sent: then that is not known. */
#include <string.h>

#include "exec.h"

#define STEPS_AT_MOST 1000

/* ---- reading ----------------------------------------------------------------------------------- */

static const char *
copy(struct exec_reader *r, struct bn_json json, const char *path)
{
	const char *text = bn_json_string(json, path);

	return text != NULL ? bn_format(r->s, "%s", text) : NULL;
}

static void
read_steps(struct exec_reader *r, struct bn_json json)
{
	size_t room = bn_json_size(json, "steps");
	struct bn_json_iter it = bn_json_walk(json, "steps");
	struct bn_plan_step *steps;

	if (room > STEPS_AT_MOST)
		room = STEPS_AT_MOST;
	steps = bn_alloc(r->s, (room + 1) * sizeof(*steps));
	while (r->plan->step_count < room && bn_json_next(&it)) {
		const char *name = copy(r, it.value, "name");
		int64_t wave = bn_json_int(it.value, "wave", 0);

		if (name != NULL)
			steps[r->plan->step_count++] = (struct bn_plan_step){
			    .name = name,
			    .group = copy(r, it.value, "group"),
			    .wave = wave < 0 || wave > 255 ? 0 : (int)wave,
			    .failed = bn_json_bool(it.value, "failed", false),
			};
	}
	r->plan->steps = steps;
}

static int
count_of(struct bn_json json, const char *path)
{
	int64_t count = bn_json_int(json, path, -1);

	return count < 0 || count > 1000000 ? -1 : (int)count;
}

static int
read_plan(struct exec_reader *r, struct bn_json json, struct bn_error *err)
{
	struct bn_json_iter it = bn_json_walk(json, "notes");
	struct bn_plan *plan = r->plan;
	size_t n = 0;

	plan->mode = copy(r, json, "mode");
	plan->attempt = copy(r, json, "attempt");
	plan->request = copy(r, json, "request");
	if (plan->mode == NULL || plan->attempt == NULL || plan->request == NULL)
		return bn_fail_at(r->s, err, BN_EPARSE,
				  "the command's plan holds no `mode`, `attempt` or `request`");
	plan->unit = copy(r, json, "unit");
	plan->what = copy(r, json, "what");
	plan->sends = copy(r, json, "sends");
	plan->body = copy(r, json, "body");
	plan->failed = count_of(json, "failed");
	plan->skipped = count_of(json, "skipped");
	plan->kept = count_of(json, "kept");
	while (n + 1 < sizeof(plan->notes) / sizeof(plan->notes[0]) && bn_json_next(&it))
		if ((plan->notes[n] = copy(r, it.value, NULL)) != NULL)
			n++;
	read_steps(r, json);
	return BN_OK;
}

static int
read_outcome(struct exec_reader *r, struct bn_json json, struct bn_error *err)
{
	static const struct {
		const char *word;
		enum bn_outcome_state state;
	} words[] = {{"done", BN_OUTCOME_DONE},
		     {"refused", BN_OUTCOME_REFUSED},
		     {"unknown", BN_OUTCOME_UNKNOWN},
		     {"not-sent", BN_OUTCOME_NOT_SENT},
		     {"unchanged", BN_OUTCOME_UNCHANGED}};
	const char *state = bn_json_string(json, "state");

	for (size_t i = 0; state != NULL && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(state, words[i].word) != 0)
			continue;
		r->outcome->state = words[i].state;
		r->outcome->answer = copy(r, json, "answer");
		r->outcome->run = copy(r, json, "run");
		r->outcome->attempt = copy(r, json, "attempt");
		return BN_OK;
	}
	return bn_fail_at(r->s, err, BN_EPARSE,
			  "the command's outcome has no `state` that is known");
}

int
exec_act_record(struct exec_reader *r, struct bn_json json, const char *name, struct bn_error *err)
{
	int rc = BN_OK;

	if (r->plan != NULL && strcmp(name, "plan") == 0)
		rc = read_plan(r, json, err);
	else if (r->outcome != NULL && strcmp(name, "outcome") == 0)
		rc = read_outcome(r, json, err);
	else
		return BN_OK;
	r->told = rc == BN_OK;
	return rc;
}

/* ---- the three verbs --------------------------------------------------------------------------- */

int
exec_plan(struct bn_source *s, struct bn_plan *plan, struct bn_error *err)
{
	struct exec_reader reader = {.s = s, .plan = plan};
	bool started;
	int rc;

	plan->failed = plan->skipped = plan->kept = -1;
	rc = exec_verb(s, "plan", plan->about.key, NULL, &reader, &started, err);
	if (rc == BN_OK && !reader.told)
		rc = bn_fail_at(s, err, BN_EUNSUPPORTED, "the command plans no retry of %s",
				plan->about.key);
	return rc;
}

static const char *
plan_members(struct bn_source *s, const char *mode, const char *attempt, const char *body,
	     const char *key)
{
	return bn_format(s, ",\"mode\":%s,\"attempt\":%s,\"body\":%s,\"key\":%s", bn_quote(s, mode),
			 bn_quote(s, attempt), bn_quote(s, body), bn_quote(s, key));
}

int
exec_act(struct bn_source *s, const struct bn_plan *plan, struct bn_outcome *outcome,
	 struct bn_error *err)
{
	struct exec_reader reader = {.s = s, .outcome = outcome};
	bool started;
	int rc = exec_verb(s, "act", plan->about.key,
			   plan_members(s, plan->mode, plan->attempt, plan->body, plan->key),
			   &reader, &started, err);

	if (!started) {
		outcome->state = BN_OUTCOME_NOT_SENT;
		return rc;
	}
	/* It said so before it failed: that stands. A claim of success does not. */
	if (!reader.told || (rc != BN_OK && outcome->state == BN_OUTCOME_DONE)) {
		outcome->state = BN_OUTCOME_UNKNOWN;
		outcome->answer = NULL;
		return rc != BN_OK ? rc
				   : bn_fail_at(s, err, BN_EUNCERTAIN,
						"the command did not say what came of it");
	}
	if (outcome->state == BN_OUTCOME_UNCHANGED)
		outcome->state = BN_OUTCOME_UNKNOWN;
	if (rc == BN_OK && outcome->state != BN_OUTCOME_DONE)
		return bn_fail_at(s, err, BN_EREMOTE, "%s",
				  outcome->answer != NULL ? outcome->answer
							  : "the command did not do it");
	return rc;
}

int
exec_reconcile(struct bn_source *s, const struct bn_intent *intent, struct bn_outcome *outcome,
	       struct bn_error *err)
{
	struct exec_reader reader = {.s = s, .outcome = outcome};
	bool started;
	int rc =
	    exec_verb(s, "reconcile", intent->about.key,
		      plan_members(s, intent->mode, intent->attempt, intent->body, intent->key),
		      &reader, &started, err);

	if (rc == BN_OK && !reader.told)
		outcome->state = BN_OUTCOME_UNKNOWN;
	return rc;
}

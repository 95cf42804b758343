/* plan.c - what a retry would do: the plugin's plan, its digest, and everything that may forbid it. */
/* SPDX-License-Identifier: MIT */
#include "action/internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/status.h"

/* ---- life -------------------------------------------------------------------------------------- */

int
bn_action_new(struct bn_actions **out, const struct bn_action_options *options,
	      struct bn_error *err)
{
	struct bn_actions *action = bn_xcalloc(1, sizeof(*action));

	(void)err;
	action->options = *options;
	bn_actor_self(&action->actor, NULL);
	*out = action;
	return BN_OK;
}

void
bn_action_free(struct bn_actions *action)
{
	free(action);
}

void
bn_action_plan_free(struct bn_action_plan *plan)
{
	if (plan != NULL)
		bn_arena_free(plan->arena); /* the plan itself lies in it */
}

/* ---- the plugin's part ------------------------------------------------------------------------- */

static void
digest_number(struct bn_digest *digest, int64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, value);
	bn_digest_field(digest, text);
}

/* What is sent, to what, and what it makes run. Not the words about it, which may count minutes. */
void
bn_plan_digest(const struct bn_plan *plan, char out[BN_DIGEST_HEX])
{
	struct bn_digest *digest = bn_digest_new();
	size_t i;

	bn_digest_field(digest, "binnacle plan 1");
	bn_digest_field(digest, plan->about.source);
	bn_digest_field(digest, bn_kind_word(plan->about.kind));
	bn_digest_field(digest, plan->about.key);
	bn_digest_field(digest, plan->verb);
	bn_digest_field(digest, plan->mode);
	bn_digest_field(digest, plan->attempt);
	bn_digest_field(digest, plan->request);
	bn_digest_field(digest, plan->body);
	digest_number(digest, plan->failed);
	digest_number(digest, plan->skipped);
	digest_number(digest, plan->kept);
	for (i = 0; i < plan->step_count; i++) {
		bn_digest_field(digest, plan->steps[i].name);
		digest_number(digest, plan->steps[i].wave);
		digest_number(digest, plan->steps[i].failed);
	}
	bn_digest_finish(digest, out);
}

static void
copy_steps(struct bn_action_plan *out, const struct bn_plan *plan)
{
	struct bn_plan_step *steps =
	    bn_arena_alloc(out->arena, (plan->step_count + 1) * sizeof(*steps));
	size_t i;

	for (i = 0; i < plan->step_count; i++) {
		steps[i] = plan->steps[i];
		steps[i].name = bn_arena_strdup(out->arena, plan->steps[i].name);
		steps[i].group = bn_arena_strdup(out->arena, plan->steps[i].group);
		if (steps[i].wave > out->waves)
			out->waves = steps[i].wave;
	}
	out->steps = steps;
	out->step_count = plan->step_count;
}

static const char *const *
copy_only(struct bn_arena *arena, const char *const *only)
{
	const char **copy;
	size_t count = 0, i;

	if (only == NULL || only[0] == NULL)
		return NULL;
	while (only[count] != NULL)
		count++;
	copy = bn_arena_alloc(arena, (count + 1) * sizeof(*copy));
	for (i = 0; i < count; i++)
		copy[i] = bn_arena_strdup(arena, only[i]);
	copy[count] = NULL;
	return copy;
}

struct bn_action_plan *
bn_plan_copy(const struct bn_plan *plan)
{
	struct bn_arena *arena = bn_arena_new();
	struct bn_action_plan *out = bn_arena_alloc(arena, sizeof(*out));
	size_t i;

	out->arena = arena;
	out->about = (struct bn_ref){plan->about.kind, bn_arena_strdup(arena, plan->about.source),
				     bn_arena_strdup(arena, plan->about.key)};
	out->verb = bn_arena_strdup(arena, plan->verb);
	out->mode = bn_arena_strdup(arena, plan->mode);
	out->attempt = bn_arena_strdup(arena, plan->attempt);
	out->unit = bn_arena_strdup(arena, plan->unit != NULL ? plan->unit : "task");
	out->what = bn_arena_strdup(arena, plan->what != NULL ? plan->what : "");
	out->sends = bn_arena_strdup(arena, plan->sends != NULL ? plan->sends : plan->request);
	out->request = bn_arena_strdup(arena, plan->request);
	out->body = bn_arena_strdup(arena, plan->body);
	out->failed = plan->failed;
	out->skipped = plan->skipped;
	out->kept = plan->kept;
	for (i = 0; i + 1 < sizeof(out->notes) / sizeof(out->notes[0]) && plan->notes[i] != NULL;
	     i++)
		out->notes[i] = bn_arena_strdup(arena, plan->notes[i]);
	out->only = copy_only(arena, plan->only);
	copy_steps(out, plan);
	bn_plan_digest(plan, out->digest);
	out->usual = -1;
	out->name = out->about.key;
	return out;
}

#define STEPS_BYTES ((size_t)256 << 10)

/* As many as a record has room for; the plan's digest is of all of them. */
static json_t *
steps_json(const struct bn_action_plan *plan)
{
	json_t *steps = json_array();
	size_t i, spent = 0;

	for (i = 0; i < plan->step_count && spent < STEPS_BYTES; i++) {
		spent += strlen(plan->steps[i].name) +
			 (plan->steps[i].group != NULL ? strlen(plan->steps[i].group) : 0) + 64;
		json_array_append_new(
		    steps, json_pack("{s:s, s:s?, s:i, s:b}", "name", plan->steps[i].name, "group",
				     plan->steps[i].group, "wave", plan->steps[i].wave, "failed",
				     plan->steps[i].failed));
	}
	return steps;
}

static json_t *
count_json(int count)
{
	return count >= 0 ? json_integer(count) : json_null();
}

json_t *
bn_plan_json(const struct bn_action_plan *plan)
{
	json_t *notes = json_array(), *only = plan->only != NULL ? json_array() : NULL;
	size_t i;

	for (i = 0; plan->notes[i] != NULL; i++)
		json_array_append_new(notes, json_string(plan->notes[i]));
	for (i = 0; plan->only != NULL && plan->only[i] != NULL; i++)
		json_array_append_new(only, json_string(plan->only[i]));
	return json_pack(
	    "{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:s, s:s?, s:o, s:o, s:i, s:o*}", "verb",
	    plan->verb, "mode", plan->mode, "attempt", plan->attempt, "unit", plan->unit, "what",
	    plan->what, "failed", count_json(plan->failed), "skipped", count_json(plan->skipped),
	    "kept", count_json(plan->kept), "sends", plan->sends, "request", plan->request, "body",
	    plan->body, "notes", notes, "steps", steps_json(plan), "steps_total",
	    (int)plan->step_count, "only", only);
}

/* ---- the store's part -------------------------------------------------------------------------- */

static void
guard(struct bn_action_plan *plan, enum bn_guard_mark mark, const struct bn_error *why,
      const char *text)
{
	struct bn_action_guard *g = &plan->guards[plan->guard_count];

	if (plan->guard_count == sizeof(plan->guards) / sizeof(plan->guards[0]))
		return;
	plan->guard_count++;
	g->mark = mark;
	g->text = bn_arena_strdup(plan->arena, text);
	g->code = why != NULL ? why->code : BN_OK;
	g->retry_after = why != NULL ? why->retry_after : 0;
}

/* The first row of a question about the run: the name and status of another. NULL both where there is none. */
static int
ask_other(struct bn_reader *reader, const struct bn_action_plan *plan, const char *sql,
	  struct bn_arena *arena, const char **name, const char **status, struct bn_error *err)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(bn_reader_db(reader), sql, -1, &st, NULL);

	*name = *status = NULL;
	if (rc == SQLITE_OK) {
		sqlite3_bind_text(st, 1, plan->about.source, -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 2, plan->about.key, -1, SQLITE_STATIC);
		rc = sqlite3_step(st);
	}
	if (rc == SQLITE_ROW) {
		*name = bn_arena_strdup(arena, (const char *)sqlite3_column_text(st, 0));
		*status = bn_arena_strdup(arena, (const char *)sqlite3_column_text(st, 1));
	} else if (rc != SQLITE_DONE)
		bn_fail(err, BN_EIO, "store: %s", sqlite3_errmsg(bn_reader_db(reader)));
	sqlite3_finalize(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? BN_OK : BN_EIO;
}

static bool
under_way(const char *status)
{
	return status != NULL && (strcmp(status, "running") == 0 || strcmp(status, "queued") == 0);
}

/* A run that was made from this one, by a retry from here or by somebody else, does its work: while it is under way
 * (BN_EBUSY) and once it went well (BN_ECONFLICT) this one, which stays failed for ever, is not sent again. */
static int
ask_made_anew(struct bn_reader *reader, const struct bn_action_plan *plan, struct bn_arena *arena,
	      struct bn_error *why)
{
	static const char sql[] =
	    "SELECT n.name, n.last_status FROM run_now n WHERE n.source = ?1 AND n.key <> ?2 AND "
	    "n.key IN ("
	    " SELECT l.from_key FROM main.link l WHERE l.to_kind = kind_number('run') AND l.to_key"
	    " = ?2 AND l.from_source = ?1 AND l.kind = 'retry-of' UNION SELECT i.new_run FROM"
	    " intent_now i WHERE i.kind = 'run' AND i.key = ?2 AND i.source = ?1 AND i.state ="
	    " 'done') ORDER BY n.last_status = 'succeeded' DESC, n.last_status IN ('running',"
	    " 'queued') DESC LIMIT 1";
	const char *name, *status;
	int rc = ask_other(reader, plan, sql, arena, &name, &status, why);

	if (rc != BN_OK || status == NULL)
		return rc;
	if (strcmp(status, "succeeded") == 0)
		return bn_fail(why, BN_ECONFLICT, "it was made anew as %.200s, which succeeded",
			       name);
	if (under_way(status))
		return bn_fail(why, BN_EBUSY, "it was made anew as %.200s, which is %s", name,
			       status);
	return BN_OK;
}

/* Runs of the same pipeline that began later: one that is under way forbids a retry (BN_EBUSY), one that went well
 * is worth knowing. *name and *status are NULL where there is none. */
static int
ask_newer(struct bn_reader *reader, const struct bn_action_plan *plan, struct bn_arena *arena,
	  const char **name, const char **status, struct bn_error *why)
{
	static const char sql[] =
	    "SELECT n.name, n.last_status FROM run_now r JOIN run_now n ON n.source = r.source AND"
	    " n.pipeline = r.pipeline AND n.id <> r.id AND " BN_RUN_BEGAN("n") " > " BN_RUN_BEGAN(
		"r") " WHERE r.source = ?1 AND r.key = ?2"
		     " ORDER BY n.last_status IN ('running', 'queued') DESC, " BN_RUN_BEGAN(
			 "n") " DESC LIMIT 1";
	int rc;

	*name = *status = NULL;
	rc = ask_made_anew(reader, plan, arena, why);
	if (rc == BN_OK)
		rc = ask_other(reader, plan, sql, arena, name, status, why);
	if (rc == BN_OK && under_way(*status))
		return bn_fail(why, BN_EBUSY, "a newer run is %s: %.200s", *status, *name);
	return rc;
}

static int
newer_runs(struct bn_reader *reader, struct bn_action_plan *plan, struct bn_error *err)
{
	const char *name, *status;
	struct bn_error why = {0};
	int rc = ask_newer(reader, plan, plan->arena, &name, &status, &why);

	if (rc == BN_EBUSY || rc == BN_ECONFLICT)
		guard(plan, BN_GUARD_STOP, &why, why.message);
	else if (rc != BN_OK) {
		*err = why;
		return rc;
	} else if (name != NULL)
		guard(
		    plan, BN_GUARD_NOTE, NULL,
		    bn_arena_format(plan->arena, "a newer run %.100s is %s already", name, status));
	else
		guard(plan, BN_GUARD_FINE, NULL, "no newer run started");
	return BN_OK;
}

int
bn_action_newer(struct bn_actions *action, const struct bn_action_plan *plan, struct bn_error *err)
{
	struct bn_arena *arena = bn_arena_new();
	struct bn_reader *reader = NULL;
	const char *name, *status;
	int rc = bn_reader_open(&reader, action->options.store, err);

	if (rc == BN_OK)
		rc = ask_newer(reader, plan, arena, &name, &status, err);
	bn_reader_close(reader);
	bn_arena_free(arena);
	return rc;
}

/* What the store knows of run and pipeline. */
static int
read_run(struct bn_actions *action, struct bn_reader *reader, struct bn_action_plan *plan,
	 struct bn_error *err)
{
	static const char sql[] =
	    "SELECT r.pipeline, p.idempotence, p.engine, p.p50_ms, p.next_due_at, r.message FROM"
	    " run_now r LEFT JOIN pipeline_now p ON p.id = r.pipeline_id WHERE r.source = ?1 AND"
	    " r.key = ?2";
	const char *declared = NULL;
	sqlite3_stmt *st = NULL;
	char *folded;
	int rc = sqlite3_prepare_v2(bn_reader_db(reader), sql, -1, &st, NULL);

	if (rc == SQLITE_OK) {
		sqlite3_bind_text(st, 1, plan->about.source, -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 2, plan->about.key, -1, SQLITE_STATIC);
		rc = sqlite3_step(st);
	}
	if (rc == SQLITE_ROW) {
		plan->pipeline =
		    bn_arena_strdup(plan->arena, (const char *)sqlite3_column_text(st, 0));
		declared = bn_arena_strdup(plan->arena, (const char *)sqlite3_column_text(st, 1));
		plan->engine =
		    bn_arena_strdup(plan->arena, (const char *)sqlite3_column_text(st, 2));
		if (sqlite3_column_type(st, 3) != SQLITE_NULL)
			plan->usual = sqlite3_column_int64(st, 3);
		plan->next_due = sqlite3_column_int64(st, 4);
		plan->error =
		    bn_arena_strdup(plan->arena, (const char *)sqlite3_column_text(st, 5));
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		bn_fail(err, BN_EIO, "store: %s", sqlite3_errmsg(bn_reader_db(reader)));
	sqlite3_finalize(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return BN_EIO;
	if (plan->pipeline != NULL)
		plan->name = plan->pipeline;
	folded = bn_action_fingerprint(plan->error);
	plan->fingerprint = bn_arena_strdup(plan->arena, folded);
	free(folded);
	bn_action_classify(action, plan, declared);
	return BN_OK;
}

int64_t
bn_action_min_interval(const struct bn_actions *action)
{
	return bn_section_int(bn_config_find(action->options.config, "policy", ""),
			      bn_core_options("policy"), "retry-min-interval");
}

/* A bulk that is under way somewhere, of which this run's turn is still to come. NULL: none. */
static const char *
bulk_to_come(struct bn_reader *reader, const struct bn_action_plan *plan)
{
	static const char sql[] =
	    "SELECT b.seq, b.user, b.host FROM bulk_now b, json_each(b.targets) t WHERE b.state ="
	    " 'running' AND json_extract(t.value, '$.source') = ?1 AND json_extract(t.value, "
	    "'$.key')"
	    " = ?2 AND NOT EXISTS (SELECT 1 FROM intent_now i WHERE i.parent = b.seq AND i.source ="
	    " ?1 AND i.key = ?2) ORDER BY b.seq DESC LIMIT 1";
	const char *words = NULL;
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(bn_reader_db(reader), sql, -1, &st, NULL) == SQLITE_OK) {
		sqlite3_bind_text(st, 1, plan->about.source, -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 2, plan->about.key, -1, SQLITE_STATIC);
		if (sqlite3_step(st) == SQLITE_ROW)
			words = bn_arena_format(
			    plan->arena, "bulk %" PRId64 " of %.60s@%.60s is about to send it",
			    (int64_t)sqlite3_column_int64(st, 0),
			    (const char *)sqlite3_column_text(st, 1),
			    (const char *)sqlite3_column_text(st, 2));
	}
	sqlite3_finalize(st);
	return words;
}

static bool
own_lock(const struct bn_actions *action, struct bn_reader *reader,
	 const struct bn_action_plan *plan)
{
	static const char sql[] = "SELECT 1 FROM lock_now WHERE source = ?1 AND user = ?4 AND "
				  "((kind = 'run' AND key = ?2)"
				  " OR (kind = 'pipeline' AND key = ?3)) LIMIT 1";
	sqlite3_stmt *st = NULL;
	bool own = false;

	if (sqlite3_prepare_v2(bn_reader_db(reader), sql, -1, &st, NULL) == SQLITE_OK) {
		sqlite3_bind_text(st, 1, plan->about.source, -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 2, plan->about.key, -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 3, plan->pipeline, -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 4, action->actor.user, -1, SQLITE_STATIC);
		own = sqlite3_step(st) == SQLITE_ROW;
	}
	sqlite3_finalize(st);
	return own;
}

static void
ask_journal(struct bn_actions *action, struct bn_reader *reader, struct bn_action_plan *plan)
{
	struct bn_error why = {0};
	const char *bulk;
	int64_t other;

	if (bn_journal_may_act(action->options.store, &action->actor, plan->about, plan->pipeline,
			       bn_action_min_interval(action), &other, &why) != BN_OK)
		guard(plan, BN_GUARD_STOP, &why, why.message);
	else if ((bulk = bulk_to_come(reader, plan)) != NULL)
		guard(plan, BN_GUARD_NOTE, NULL, bulk);
	else
		guard(plan, BN_GUARD_FINE, NULL,
		      own_lock(action, reader, plan) ? "you locked it against everybody else"
						     : "no other session acts on it");
}

static int
add_knowledge(struct bn_actions *action, struct bn_action_plan *plan, struct bn_error *err)
{
	struct bn_reader *reader = NULL;
	int rc = bn_reader_open(&reader, action->options.store, err);

	if (rc == BN_OK)
		rc = read_run(action, reader, plan, err);
	if (rc == BN_OK)
		rc = newer_runs(reader, plan, err);
	if (rc == BN_OK)
		rc = bn_action_lore(reader, plan, err);
	if (rc == BN_OK) {
		guard(plan, plan->retried > 0 ? BN_GUARD_NOTE : BN_GUARD_FINE, NULL,
		      plan->retried > 0
			  ? bn_arena_format(plan->arena, "retried %d time%s before", plan->retried,
					    plan->retried == 1 ? "" : "s")
			  : "not retried before");
		ask_journal(action, reader, plan);
	}
	bn_reader_close(reader);
	return rc;
}

/* ---- planning ---------------------------------------------------------------------------------- */

static int
allowed(struct bn_actions *action, const struct bn_ref *run, struct bn_error *err)
{
	const char *actions = bn_collect_actions(action->options.collect, run->source);

	if (action->options.read_only) {
		bn_fail(err, BN_EPERM, "this is a read-only session");
		return bn_hint(err, "run it without --read-only");
	}
	if (run->kind != BN_RUN)
		return bn_fail(err, BN_EUNSUPPORTED, "only a run can be retried, not a %s",
			       bn_kind_word(run->kind));
	if (actions != NULL && strcmp(actions, "retry") == 0)
		return BN_OK;
	if (actions == NULL)
		return BN_OK; /* not configured here: planning says so better */
	bn_fail(err, BN_EPERM, "%s: its configuration allows no action", run->source);
	return bn_hint(err, "actions = retry in [source \"%s\"] allows retries", run->source);
}

static int
take(const struct bn_plan *plan, void *payload, struct bn_error *err)
{
	struct bn_action_plan **out = payload;

	(void)err;
	*out = bn_plan_copy(plan);
	return BN_OK;
}

int
bn_action_plan(struct bn_action_plan **out, struct bn_actions *action, struct bn_ref run,
	       struct bn_error *err)
{
	return bn_action_plan_tasks(out, action, run, NULL, err);
}

int
bn_action_plan_tasks(struct bn_action_plan **out, struct bn_actions *action, struct bn_ref run,
		     const char *const *only, struct bn_error *err)
{
	int rc;

	*out = NULL;
	/* No list means all of them; an empty one must not. */
	if (only != NULL && only[0] == NULL)
		return bn_fail(err, BN_EINVAL, "no task of %.200s was chosen", run.key);
	if ((rc = allowed(action, &run, err)) != BN_OK)
		return rc;
	rc = bn_collect_plan(action->options.collect, run, "retry", only, take, out, err);
	if (rc == BN_OK)
		rc = add_knowledge(action, *out, err);
	if (rc != BN_OK) {
		bn_action_plan_free(*out);
		*out = NULL;
		return rc;
	}
	(*out)->needs_reason = bn_section_bool(bn_config_find(action->options.config, "policy", ""),
					       bn_core_options("policy"), "require-reason");
	return BN_OK;
}

int
bn_action_plan_refusal(const struct bn_action_plan *plan, struct bn_error *err)
{
	size_t i;

	for (i = 0; i < plan->guard_count; i++)
		if (plan->guards[i].mark == BN_GUARD_STOP) {
			bn_fail(err, plan->guards[i].code, "%s", plan->guards[i].text);
			err->retry_after = plan->guards[i].retry_after;
			if (err->code == BN_EUNCERTAIN)
				bn_hint(err, "do not send it again; see: binnacle audit list");
			return err->code;
		}
	return BN_OK;
}

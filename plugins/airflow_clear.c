/* airflow_clear.c - an Airflow run again: what a clear would reset, the clear, and what became of it. */
/* SPDX-License-Identifier: MIT
 *
 * Clearing is Airflow's retry. `dry_run` and `only_failed` default to true, and an empty list of tasks once
 * cleared every run of every DAG (apache/airflow #22869): so a clear always names its run, a list of tasks only
 * where some were chosen (with what waits for them), and says all three in words. only_failed covers upstream_failed, so nothing is left behind (#33014); past and future,
 * which Airflow 3 refuses with a run's id (#54134), are never asked for. A run that is at work is left alone:
 * cleared meanwhile its tasks stick in `restarting` (#55045). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "airflow.h"
#include "attempt.h"

#define UNITS_AT_MOST 20000
#define PAGE	      "100"
#define PAGES_AT_MOST 200

/* One task of the run that would run again: all its mapped instances together. */
struct unit {
	const char *task, *operator;
	int failed, upstream; /* instances */
	int wave;
	bool cleared; /* by Airflow's dry run */
};

struct reading {
	struct bn_source *s;
	const struct airflow_dialect *d;
	const char *dag, *run;
	struct unit *units;
	size_t count, room;
	int kept, failed, upstream, cleared;
	bool partial; /* there are more instances than were read */
};

static struct unit *
find(struct reading *r, const char *task)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->units[i].task, task) == 0)
			return &r->units[i];
	return NULL;
}

static struct unit *
add(struct reading *r, const char *task)
{
	struct unit *unit = find(r, task);

	if (unit != NULL || r->count == UNITS_AT_MOST)
		return unit;
	if (r->count == r->room) {
		struct unit *more = bn_alloc(r->s, (2 * r->room + 16) * sizeof(*more));

		if (r->count > 0)
			memcpy(more, r->units, r->count * sizeof(*more));
		r->units = more;
		r->room = 2 * r->room + 16;
	}
	unit = &r->units[r->count++];
	*unit = (struct unit){.task = bn_format(r->s, "%s", task), .wave = 1};
	return unit;
}

/* ---- reading ----------------------------------------------------------------------------------- */

static int
on_instance(struct bn_json item, void *payload, struct bn_error *err)
{
	struct reading *r = payload;
	const char *task = bn_json_string(item, "task_id"), *state = bn_json_string(item, "state");
	const char *operator= bn_json_string(item, "operator");
	struct unit *unit;
	bool failed = state != NULL && strcmp(state, "failed") == 0;
	bool upstream = state != NULL && strcmp(state, "upstream_failed") == 0;

	r->cleared++;
	if (task == NULL)
		return bn_fail_at(r->s, err, BN_EPARSE, "a task instance has no task_id");
	r->kept += state != NULL && strcmp(state, "success") == 0;
	r->failed += failed;
	r->upstream += upstream;
	if ((failed || upstream) && (unit = add(r, task)) != NULL) {
		unit->failed += failed;
		unit->upstream += upstream;
		if (operator!= NULL && unit->operator== NULL)
			unit->operator= bn_format(r->s, "%s", operator);
	}
	return BN_OK;
}

static int
read_instances(struct reading *r, struct bn_error *err)
{
	for (int page = 0; page < PAGES_AT_MOST; page++) {
		struct bn_json rest;
		int before = r->cleared, rc;
		/* a server may give fewer than were asked for (maximum_page_limit) */
		const char *offset = bn_format(r->s, "%d", before);

		rc = bn_items(r->s, r->d->first + AIRFLOW_INSTANCES,
			      BN_PARAMS({"dag_id", r->dag}, {"dag_run_id", r->run}, {"limit", PAGE},
					{"offset", offset}),
			      "task_instances", on_instance, r, &rest, err);
		if (rc != BN_OK)
			return rc;
		if (r->cleared == before || r->cleared >= bn_json_int(rest, "total_entries", 0))
			return BN_OK;
	}
	r->partial = true;
	return BN_OK;
}

static int
on_task(struct bn_json item, void *payload, struct bn_error *err)
{
	struct reading *r = payload;
	struct unit *unit = NULL;
	const char *task = bn_json_string(item, "task_id");
	struct bn_json_iter it = bn_json_walk(item, "downstream_task_ids");

	(void)err;
	if (task != NULL)
		unit = find(r, task);
	while (unit != NULL && bn_json_next(&it)) {
		const char *next = bn_json_string(it.value, NULL);
		struct unit *behind = next != NULL ? find(r, next) : NULL;

		if (behind != NULL && behind != unit && behind->wave <= unit->wave &&
		    unit->wave < 256)
			behind->wave = unit->wave + 1;
	}
	return BN_OK;
}

/* Each pass carries the waves one task further; a DAG has no circles, but an answer might. */
static int
read_waves(struct reading *r, struct bn_error *err)
{
	struct bn_json tasks;
	int rc =
	    bn_get(r->s, r->d->first + AIRFLOW_TASKS, BN_PARAMS({"dag_id", r->dag}), &tasks, err);
	bool changed = rc == BN_OK;

	for (size_t pass = 0; changed && pass <= r->count && pass < 256; pass++) {
		struct bn_json_iter it = bn_json_walk(tasks, "tasks");
		int before = 0, after = 0;

		for (size_t i = 0; i < r->count; i++)
			before += r->units[i].wave;
		while (bn_json_next(&it))
			on_task(it.value, r, err);
		for (size_t i = 0; i < r->count; i++)
			after += r->units[i].wave;
		changed = after != before;
	}
	return rc;
}

/* "load[3]" is an instance of the mapped task "load", of which all that failed are cleared: Airflow 2 can't tell
 * them apart here. */
static const char *
task_of(struct bn_source *s, const char *key)
{
	size_t size = strlen(key);

	while (size > 0 && key[size - 1] != '[')
		size--;
	return size > 1 && key[strlen(key) - 1] == ']' ? bn_format(s, "%.*s", (int)size - 1, key)
						       : key;
}

/* "" for all that failed; never an empty list. */
static const char *
chosen(struct bn_source *s, const char *const *only)
{
	const char *list = "";

	for (size_t i = 0; only != NULL && only[i] != NULL; i++) {
		const char *name = task_of(s, only[i]);
		bool known = false;

		for (size_t k = 0; !known && k < i; k++)
			known = strcmp(task_of(s, only[k]), name) == 0;
		if (!known)
			list = bn_format(s, "%s%s%s", list, i > 0 ? "," : "", bn_quote(s, name));
	}
	return *list != '\0' ? bn_format(s, ",\"task_ids\":[%s],\"include_downstream\":true", list)
			     : "";
}

static const char *
clear_body(struct bn_source *s, const char *run, const char *const *only, bool dry)
{
	return bn_format(s,
			 "{\"dry_run\":%s,\"dag_run_id\":%s,\"only_failed\":true,"
			 "\"reset_dag_runs\":true%s}",
			 dry ? "true" : "false", bn_quote(s, run), chosen(s, only));
}

/* Where some tasks were chosen only what Airflow names is counted: those, and what waits for them. */
static void
keep_cleared(struct reading *r, struct bn_json reply)
{
	struct bn_json_iter it = bn_json_walk(reply, "task_instances");
	struct unit *unit;
	size_t count = 0;

	while (bn_json_next(&it)) {
		const char *task = bn_json_string(it.value, "task_id");

		if (task != NULL && (unit = find(r, task)) != NULL)
			unit->cleared = true;
	}
	r->failed = r->upstream = 0;
	for (size_t i = 0; i < r->count; i++)
		if (r->units[i].cleared) {
			r->failed += r->units[i].failed;
			r->upstream += r->units[i].upstream;
			r->units[count++] = r->units[i];
		}
	r->count = count;
}

/* What Airflow itself says it would clear. */
static int
dry_run(struct reading *r, const char *const *only, struct bn_error *err)
{
	struct bn_json reply;
	int rc = bn_post(r->s, r->d->first + AIRFLOW_CLEAR_PLAN, BN_PARAMS({"dag_id", r->dag}),
			 clear_body(r->s, r->run, only, true), &reply, err);

	if (rc == BN_OK)
		r->cleared = (int)bn_json_size(reply, "task_instances");
	if (rc == BN_OK && only != NULL)
		keep_cleared(r, reply);
	return rc;
}

/* ---- the run ----------------------------------------------------------------------------------- */

/* A clear sets the state to queued and takes the start away; the next attempt begins with another one (2.x and 3.x:
 * clear_task_instances, DagRun.set_state). Marking a run as failed or succeeded leaves the start as it is. */
static const char *
attempt_of(struct bn_source *s, struct bn_json run)
{
	const char *state = bn_json_string(run, "state");

	return attempt_words(s, state != NULL ? state : "?", bn_json_string(run, "start_date"),
			     bn_json_string(run, "end_date"));
}

static bool
at_work(struct bn_json run)
{
	const char *state = bn_json_string(run, "state");

	return state != NULL && (strcmp(state, "running") == 0 || strcmp(state, "queued") == 0);
}

static int
read_run(struct reading *r, struct bn_source *s, const char *key, struct bn_json *run,
	 struct bn_error *err)
{
	int rc;

	*r = (struct reading){.s = s};
	if (!airflow_split_key(s, key, &r->dag, &r->run))
		return bn_fail_at(s, err, BN_ENOTFOUND, "%s is not DAG/RUN-ID", key);
	if ((rc = airflow_dialect(s, &r->d, err)) != BN_OK)
		return rc;
	return bn_get(s, r->d->first + AIRFLOW_RUN,
		      BN_PARAMS({"dag_id", r->dag}, {"dag_run_id", r->run}), run, err);
}

static int
may_clear(struct bn_source *s, struct bn_json run, const char *key, struct bn_error *err)
{
	const char *state = bn_json_string(run, "state");

	if (state == NULL)
		return bn_fail_at(s, err, BN_EPARSE, "%s: the answer holds no state", key);
	if (strcmp(state, "success") == 0)
		return bn_fail_at(s, err, BN_ECONFLICT, "%s has recovered already: it succeeded",
				  key);
	if (at_work(run))
		return bn_fail_at(s, err, BN_EBUSY, "%s runs at this moment (%s)", key, state);
	if (strcmp(state, "failed") != 0)
		return bn_fail_at(s, err, BN_EUNSUPPORTED,
				  "%s is %s, and only what failed is retried", key, state);
	return BN_OK;
}

/* ---- plan -------------------------------------------------------------------------------------- */

static int
by_wave(const void *a, const void *b)
{
	const struct bn_plan_step *x = a, *y = b;

	if (x->wave != y->wave)
		return x->wave < y->wave ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void
fill(struct reading *r, struct bn_plan *plan)
{
	struct bn_plan_step *steps = bn_alloc(r->s, (r->count + 1) * sizeof(*steps));
	int shown = r->failed + r->upstream;

	for (size_t i = 0; i < r->count; i++) {
		struct unit *unit = &r->units[i];
		int instances = unit->failed + unit->upstream;

		steps[i] = (struct bn_plan_step){
		    .name = instances > 1 ? bn_format(r->s, "%s (%d)", unit->task, instances)
					  : unit->task,
		    .group = unit->operator,
		    .wave = unit->wave,
		    .failed = unit->failed > 0};
	}
	qsort(steps, r->count, sizeof(*steps), by_wave);
	plan->steps = steps;
	plan->step_count = r->count;
	plan->failed = r->failed;
	plan->skipped = r->upstream;
	plan->kept = r->kept;
	plan->what = bn_format(r->s, "%s: %d failed + %d upstream_failed; keeps %d ok",
			       plan->only != NULL ? "chosen tasks" : "failed tasks", r->failed,
			       r->upstream, r->kept);
	if (r->partial)
		plan->notes[0] = bn_format(r->s,
					   "of more task instances than %d pages hold, only the "
					   "first are counted here; Airflow's dry run clears %d",
					   PAGES_AT_MOST, r->cleared);
	else if (r->cleared != shown)
		plan->notes[0] =
		    bn_format(r->s,
			      "Airflow's dry run clears %d task instances, %d are shown as "
			      "failed or upstream_failed",
			      r->cleared, shown);
}

int
airflow_plan(struct bn_source *s, struct bn_plan *plan, struct bn_error *err)
{
	struct reading r;
	struct bn_json run;
	int rc = read_run(&r, s, plan->about.key, &run, err);

	if (rc == BN_OK)
		rc = may_clear(s, run, plan->about.key, err);
	if (rc == BN_OK)
		rc = read_instances(&r, err);
	if (rc == BN_OK)
		rc = dry_run(&r, plan->only, err);
	if (rc == BN_OK && r.cleared == 0)
		rc = bn_fail_at(s, err, BN_EUNSUPPORTED,
				plan->only == NULL
				    ? "%s: Airflow would clear nothing (is the DAG still there?)"
				    : "%s: Airflow would clear nothing of what was chosen",
				plan->about.key);
	if (rc == BN_OK)
		rc = read_waves(&r, err);
	if (rc != BN_OK)
		return rc;
	plan->mode = "clear";
	plan->attempt = attempt_of(s, run);
	plan->unit = "task instance";
	fill(&r, plan);
	plan->sends =
	    plan->only != NULL
		? "POST clear of the chosen tasks of this run and what waits for them; no "
		  "past, no future"
		: "POST clear of what failed in this run, downstream included; no past, no "
		  "future";
	plan->request = bn_format(s, "POST /api/%s/dags/%s/clearTaskInstances", r.d->name, r.dag);
	plan->body = clear_body(s, r.run, plan->only, false);
	return BN_OK;
}

/* ---- act and reconcile ------------------------------------------------------------------------- */

int
airflow_act(struct bn_source *s, const struct bn_plan *plan, struct bn_outcome *outcome,
	    struct bn_error *err)
{
	const struct airflow_dialect *d;
	const char *dag, *run;
	struct bn_json reply;
	int rc = airflow_dialect(s, &d, err);

	if (rc != BN_OK)
		return rc;
	if (!airflow_split_key(s, plan->about.key, &dag, &run))
		return bn_fail_at(s, err, BN_ENOTFOUND, "%s is not DAG/RUN-ID", plan->about.key);
	rc = bn_send(s, d->first + AIRFLOW_CLEAR, BN_PARAMS({"dag_id", dag}), plan->body, &reply,
		     outcome, err);
	if (rc == BN_OK)
		outcome->answer = bn_format(s, "%d task instances cleared",
					    (int)bn_json_size(reply, "task_instances"));
	return rc;
}

int
airflow_reconcile(struct bn_source *s, const struct bn_intent *intent, struct bn_outcome *outcome,
		  struct bn_error *err)
{
	struct reading r;
	struct bn_json run;
	int rc = read_run(&r, s, intent->about.key, &run, err);

	if (rc == BN_OK)
		attempt_judge(s, intent, attempt_of(s, run), at_work(run), outcome);
	return rc;
}

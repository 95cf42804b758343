/* airflow.c - what the two Airflow dialects share. */
/* SPDX-License-Identifier: MIT */
#include "sim/airflow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

/* ---- DAGs and states ------------------------------------------------------- */

const struct bn_w_pipeline *
bn_af_dag(const struct bn_world *world, enum bn_w_engine engine, size_t index)
{
	const struct bn_w_pipeline *pipeline;
	size_t i;

	for (i = 0; (pipeline = bn_world_pipeline(world, i)) != NULL; i++) {
		if (pipeline->engine == engine && index-- == 0)
			return pipeline;
	}
	return NULL;
}

const struct bn_w_pipeline *
bn_af_find_dag(const struct bn_world *world, enum bn_w_engine engine, const char *name)
{
	const struct bn_w_pipeline *pipeline = bn_world_find_pipeline(world, name);

	return pipeline != NULL && pipeline->engine == engine ? pipeline : NULL;
}

bn_time
bn_af_logical_date(const struct bn_w_run *run)
{
	/* 2.x: the start of the data interval; 3.x's CronTriggerTimetable has none: the time itself
	 */
	return run->pipeline->engine == BN_W_AIRFLOW2
		   ? run->scheduled - run->pipeline->period * BN_W_MINUTE
		   : run->scheduled;
}

const char *
bn_af_run_state(const struct bn_w_run *run, bn_time now)
{
	switch (bn_world_run_state(run, now)) {
	case BN_W_PENDING:
		return "queued";
	case BN_W_RUNNING:
	case BN_W_RETRYING:
		return "running";
	case BN_W_FAILED:
		return "failed";
	default:
		return "success";
	}
}

const char *
bn_af_task_state(const struct bn_w_run *run, const struct bn_w_task *task, bn_time now)
{
	bn_time since;
	int tries;

	(void)run;
	switch (bn_world_task_state(task, now, &since, &tries)) {
	case BN_W_RUNNING:
		return "running";
	case BN_W_RETRYING:
		return "up_for_retry";
	case BN_W_OK:
		return "success";
	case BN_W_FAILED:
		return "failed";
	case BN_W_OMITTED:
		return "upstream_failed";
	default:
		return NULL;
	}
}

/* ---- queries --------------------------------------------------------------- */

static const struct {
	const char *name;
	enum bn_af_field field;
	bool v2, v3, filters;
} fields[] = {
    {"execution_date", AF_LOGICAL, true, false, true},
    {"logical_date", AF_LOGICAL, false, true, true},
    {"run_after", AF_RUN_AFTER, false, true, true},
    {"start_date", AF_START, true, true, true},
    {"end_date", AF_END, true, true, true},
    {"updated_at", AF_UPDATED, true, true, true},
    {"id", AF_ID, true, true, false},
    {"state", AF_STATE, true, true, false},
    {"dag_id", AF_DAG, true, true, false},
};
#define KNOWN_FIELDS (sizeof(fields) / sizeof(fields[0]))

static bool
find_field(const struct bn_af_query *query, const char *name, size_t length, bool filters,
	   enum bn_af_field *out)
{
	size_t i;

	for (i = 0; i < KNOWN_FIELDS; i++) {
		if (strlen(fields[i].name) == length &&
		    strncmp(fields[i].name, name, length) == 0 &&
		    (query->engine == BN_W_AIRFLOW2 ? fields[i].v2 : fields[i].v3) &&
		    (!filters || fields[i].filters)) {
			*out = fields[i].field;
			return true;
		}
	}
	return false;
}

void
bn_af_query_init(struct bn_af_query *query, enum bn_w_engine engine, int64_t limit)
{
	memset(query, 0, sizeof(*query));
	query->engine = engine;
	query->limit = limit;
	query->order = AF_ID;
}

static enum bn_af_verdict
add_limit(struct bn_af_query *query, const char *name, const char *value)
{
	/* 2.x has only _gte and _lte */
	static const char *const suffixes[AF_COMPARES] = {"_gte", "_gt", "_lte", "_lt"};
	size_t length = strlen(name), tail;
	enum bn_af_field field;
	int i;

	for (i = 0; i < AF_COMPARES; i++) {
		tail = strlen(suffixes[i]);
		if (length <= tail || strcmp(name + length - tail, suffixes[i]) != 0 ||
		    !find_field(query, name, length - tail, true, &field) ||
		    (query->engine == BN_W_AIRFLOW2 && (i == AF_GT || i == AF_LT)))
			continue;
		query->limits[field][i] = bn_time_parse(value);
		return query->limits[field][i] == 0 ? AF_BAD : AF_GOOD;
	}
	return AF_UNKNOWN;
}

static enum bn_af_verdict
add_state(struct bn_af_query *query, const char *value)
{
	static const char *const known[] = {
	    "queued",	"running",	"success",	     "failed", "upstream_failed",
	    "skipped",	"up_for_retry", "up_for_reschedule", "none",   "scheduled",
	    "deferred", "removed",	"restarting",	     NULL};
	size_t i;

	for (i = 0; known[i] != NULL && strcmp(known[i], value) != 0; i++)
		;
	if (known[i] == NULL || query->state_count == 16)
		return AF_BAD;
	query->states[query->state_count++] = known[i];
	return AF_GOOD;
}

/* 2.x also takes "a,b". */
static enum bn_af_verdict
add_states(struct bn_af_query *query, const char *value)
{
	enum bn_af_verdict verdict = AF_GOOD;
	char word[32];
	size_t length;

	while (*value != '\0' && verdict == AF_GOOD) {
		length = strcspn(value, ",");
		snprintf(word, sizeof(word), "%.*s", (int)length, value);
		verdict = add_state(query, word);
		value += length + (value[length] == ',');
	}
	return verdict;
}

enum bn_af_verdict
bn_af_query_add(struct bn_af_query *query, const char *name, const char *value)
{
	if (strcmp(name, "limit") == 0 || strcmp(name, "page_limit") == 0) {
		query->limit = bn_face_number(value, INT32_MAX);
		if (query->limit < 0)
			return AF_BAD;
		if (query->limit == 0 || query->limit > AF_MAX_PAGE)
			query->limit = AF_MAX_PAGE;
		return AF_GOOD;
	}
	if (strcmp(name, "offset") == 0 || strcmp(name, "page_offset") == 0) {
		query->offset = bn_face_number(value, INT32_MAX);
		return query->offset < 0 ? AF_BAD : AF_GOOD;
	}
	if (strcmp(name, "order_by") == 0) {
		query->descending = *value == '-';
		value += query->descending;
		return find_field(query, value, strlen(value), false, &query->order) ? AF_GOOD
										     : AF_BAD;
	}
	if (strcmp(name, "state") == 0 || strcmp(name, "states") == 0)
		return query->engine == BN_W_AIRFLOW2 ? add_states(query, value)
						      : add_state(query, value);
	if (strcmp(name, "dag_ids") == 0) {
		if (query->dag_count < 32)
			query->dags[query->dag_count++] = value;
		return AF_GOOD;
	}
	return add_limit(query, name, value);
}

/* ---- runs ------------------------------------------------------------------ */

static bn_time
field_of(const struct bn_w_run *run, enum bn_af_field field, bn_time now)
{
	switch (field) {
	case AF_LOGICAL:
		return bn_af_logical_date(run);
	case AF_RUN_AFTER:
		return run->scheduled;
	case AF_START:
		return now >= run->started ? run->started : 0;
	case AF_END:
		return now >= run->finished ? run->finished : 0;
	case AF_UPDATED:
		return now >= run->finished  ? run->finished
		       : now >= run->started ? run->started
					     : run->created;
	default:
		return run->scheduled;
	}
}

/* A date that is not set matches no filter, as NULL in SQL. */
static bool
within(const struct bn_af_query *query, const struct bn_w_run *run, bn_time now)
{
	enum bn_af_field field;
	const bn_time *limit;
	bn_time value;

	for (field = AF_LOGICAL; field <= AF_UPDATED; field++) {
		limit = query->limits[field];
		value = field_of(run, field, now);
		if ((limit[AF_GTE] != 0 && (value == 0 || value < limit[AF_GTE])) ||
		    (limit[AF_GT] != 0 && (value == 0 || value <= limit[AF_GT])) ||
		    (limit[AF_LTE] != 0 && (value == 0 || value > limit[AF_LTE])) ||
		    (limit[AF_LT] != 0 && (value == 0 || value >= limit[AF_LT])))
			return false;
	}
	return true;
}

static bool
dag_wanted(const struct bn_af_query *query, const char *name)
{
	size_t i;

	if (query->dag != NULL && strcmp(query->dag, "~") != 0 && strcmp(query->dag, name) != 0)
		return false;
	for (i = 0; i < query->dag_count; i++) {
		if (strcmp(query->dags[i], name) == 0)
			return true;
	}
	return query->dag_count == 0;
}

static bool
run_wanted(const struct bn_af_query *query, const struct bn_w_run *run, bn_time now)
{
	const char *state = bn_af_run_state(run, now);
	size_t i;

	if (query->run != NULL && strcmp(query->run, "~") != 0 &&
	    strcmp(query->run, run->name) != 0)
		return false;
	for (i = 0; i < query->state_count && strcmp(query->states[i], state) != 0; i++)
		;
	return (query->state_count == 0 || i < query->state_count) && within(query, run, now);
}

struct sorting {
	const struct bn_af_query *query;
	bn_time now;
};

static int
order_runs(const void *a, const void *b, void *payload)
{
	const struct bn_w_run *x = a, *y = b;
	const struct sorting *sorting = payload;
	enum bn_af_field order = sorting->query->order;
	bn_time left, right;
	int result = 0;

	if (order == AF_STATE) {
		result = strcmp(bn_af_run_state(x, sorting->now), bn_af_run_state(y, sorting->now));
	} else if (order == AF_DAG) {
		result = strcmp(x->pipeline->name, y->pipeline->name);
	} else {
		left = field_of(x, order, sorting->now);
		right = field_of(y, order, sorting->now);
		result = left < right ? -1 : left > right;
	}
	if (result == 0) /* the row's id: they were inserted as they became due */
		result = x->scheduled < y->scheduled ? -1 : x->scheduled > y->scheduled;
	return sorting->query->descending ? -result : result;
}

void
bn_af_runs(const struct bn_world *world, const struct bn_af_query *query, bn_time now,
	   struct bn_af_list *list)
{
	struct sorting sorting = {query, now};
	const struct bn_w_pipeline *dag;
	struct bn_w_run run;
	size_t i, capacity = 0;
	int64_t slot;

	memset(list, 0, sizeof(*list));
	for (i = 0; (dag = bn_af_dag(world, query->engine, i)) != NULL; i++) {
		if (!dag_wanted(query, dag->name))
			continue;
		for (slot = bn_world_first_slot(dag, now); slot <= bn_world_last_slot(dag, now);
		     slot++) {
			bn_world_run_now(world, dag, slot, now, &run);
			if (!run_wanted(query, &run, now))
				continue;
			if (list->count == capacity) {
				capacity = capacity == 0 ? 256 : capacity * 2;
				list->run = bn_xrealloc(list->run, capacity, sizeof(*list->run));
			}
			list->run[list->count++] = run;
		}
	}
	if (list->count > 0)
		qsort_r(list->run, list->count, sizeof(*list->run), order_runs, &sorting);
}

bool
bn_af_on_page(const struct bn_af_query *query, size_t index)
{
	return (int64_t)index >= query->offset && (int64_t)index < query->offset + query->limit;
}

/* ---- task instances -------------------------------------------------------- */

const struct bn_w_task *
bn_af_task(const struct bn_w_task *tasks, size_t count, const char *name, int map_index)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (strcmp(tasks[i].name, name) == 0 && tasks[i].map_index == map_index)
			return &tasks[i];
	}
	return NULL;
}

void
bn_af_instance(const struct bn_world *world, const struct bn_w_run *run,
	       const struct bn_w_task *task, int try_number, bn_time now,
	       struct bn_af_instance *out)
{
	const struct bn_w_try *attempt;
	bn_time since;
	int begun;

	memset(out, 0, sizeof(*out));
	out->run = run;
	out->task = task;
	out->state = bn_af_task_state(run, task, now);
	out->max_tries = task->retries;
	bn_world_uuid(bn_world_hash(bn_world_seed(world), task->name, run->slot, task->map_index),
		      out->id);
	bn_world_task_state(task, now, &since, &begun);
	if (task->omitted) {
		out->started = out->finished = out->state == NULL ? 0 : task->attempt[0].finished;
		return;
	}
	out->try_number = try_number == 0 ? begun : try_number;
	if (out->try_number == 0)
		return;
	attempt = &task->attempt[out->try_number - 1];
	if (try_number != 0 && try_number < begun)
		out->state = attempt->failed ? "failed" : "success";
	out->queued = attempt->started - 400;
	out->started = attempt->started;
	out->finished = now >= attempt->finished ? attempt->finished : 0;
}

size_t
bn_af_log(const struct bn_world *world, const struct bn_af_instance *instance, int try_number,
	  bn_time now, size_t from, void (*line)(const struct bn_w_line *, void *), void *payload)
{
	struct bn_w_line each = {0, NULL, ""};

	while (bn_world_log_line(world, instance->run, instance->task, try_number, from, &each) &&
	       each.at <= now) {
		line(&each, payload);
		from++;
	}
	return from;
}

const char *
bn_af_host(void)
{
	return "airflow-worker-0.airflow-worker.data.svc";
}

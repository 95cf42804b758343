/* airflow_tasks.c - the task instances of one Airflow run, their tries and dependencies. */
/* SPDX-License-Identifier: MIT
 *
 * Task instances carry neither dependencies nor a reason: the first come from the DAG's tasks, the
 * second only from the log of the try that failed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "airflow.h"

#define TASKS_AT_MOST	20000
#define DEPENDS_AT_MOST 64
#define TRIES_AT_MOST	40 /* requests for earlier tries a detail makes */
#define CAUSES_AT_MOST	5  /* logs of failed tasks a detail reads */

static const struct {
	const char *word;
	enum bn_status status;
} task_states[] = {{"none", BN_QUEUED},
		   {"scheduled", BN_QUEUED},
		   {"queued", BN_QUEUED},
		   {"running", BN_RUNNING},
		   {"restarting", BN_RUNNING},
		   {"deferred", BN_RUNNING},
		   {"up_for_reschedule", BN_RUNNING},
		   {"up_for_retry", BN_RUNNING},
		   {"success", BN_SUCCEEDED},
		   {"failed", BN_FAILED},
		   {"upstream_failed", BN_FAILED},
		   {"skipped", BN_SKIPPED},
		   {"removed", BN_CANCELLED},
		   {"shutdown", BN_RUNNING}};

/* A task of the DAG and what it waits for. */
struct task {
	const char *id;
	const char **upstream;
	size_t upstream_count;
	int depth; /* longest way from a task that waits for nothing */
	int first; /* its instances in this run, a chain; -1: none */
};

/* A task instance of the run. */
struct instance {
	const char *key, *task, *state, *name, *type, *message;
	int map_index, try_number;
	int next; /* instance of the same task, -1: none */
	bn_time queued, started, finished;
};

struct detail {
	struct bn_source *s;
	struct bn_batch *batch;
	const struct airflow_dialect *d;
	const char *dag, *run, *run_key;
	struct task *tasks;
	size_t task_count;
	struct instance *list;
	size_t count, capacity, page_items;
	int tries_asked, causes_asked;
};

static enum bn_status
task_status(const char *state)
{
	if (state == NULL)
		return BN_QUEUED;
	for (size_t i = 0; i < sizeof(task_states) / sizeof(task_states[0]); i++)
		if (strcmp(state, task_states[i].word) == 0)
			return task_states[i].status;
	return BN_UNKNOWN;
}

static bool
is_state(const struct instance *instance, const char *state)
{
	return instance->state != NULL && strcmp(instance->state, state) == 0;
}

/* ---- the DAG's tasks ------------------------------------------------------------------------- */

static int
by_id(const void *a, const void *b)
{
	return strcmp(((const struct task *)a)->id, ((const struct task *)b)->id);
}

static struct task *
find_task(const struct detail *d, const char *id)
{
	struct task wanted = {.id = id};

	if (d->task_count == 0 || id == NULL)
		return NULL;
	return bsearch(&wanted, d->tasks, d->task_count, sizeof(*d->tasks), by_id);
}

/* Rounds until nothing moves give each task its depth; a circle (there is none in a DAG) ends with
 * the rounds. */
static void
find_depths(struct detail *d)
{
	bool moved = true;

	for (int round = 0; moved && round < 200; round++) {
		moved = false;
		for (size_t i = 0; i < d->task_count; i++)
			for (size_t u = 0; u < d->tasks[i].upstream_count; u++) {
				const struct task *up = find_task(d, d->tasks[i].upstream[u]);

				if (up != NULL && up->depth >= d->tasks[i].depth &&
				    up->depth < 10000) {
					d->tasks[i].depth = up->depth + 1;
					moved = true;
				}
			}
	}
}

/* The graph is a service: without it tasks are shown unconnected. */
static void
read_graph(struct detail *d)
{
	struct bn_json graph, list;
	struct bn_json_iter it;
	struct bn_error err;
	size_t size;

	if (bn_get(d->s, d->d->first + AIRFLOW_TASKS, BN_PARAMS({"dag_id", d->dag}), &graph,
		   &err) != BN_OK)
		return;
	list = bn_json_get(graph, "tasks");
	size = bn_json_size(list, NULL);
	if (size > TASKS_AT_MOST)
		size = TASKS_AT_MOST;
	d->tasks = bn_alloc(d->s, (size + 1) * sizeof(*d->tasks));
	it = bn_json_walk(list, NULL);
	while (d->task_count < size && bn_json_next(&it)) {
		const char *id = bn_json_string(it.value, "task_id");

		if (id != NULL)
			d->tasks[d->task_count++] = (struct task){.id = id, .first = -1};
	}
	qsort(d->tasks, d->task_count, sizeof(*d->tasks), by_id);
	it = bn_json_walk(list, NULL);
	while (bn_json_next(&it)) {
		struct bn_json_iter down = bn_json_walk(it.value, "downstream_task_ids");
		const char *id = bn_json_string(it.value, "task_id");

		while (id != NULL && bn_json_next(&down)) {
			struct task *task = find_task(d, bn_json_string(down.value, NULL));

			if (task == NULL || task->upstream_count == DEPENDS_AT_MOST)
				continue;
			if (task->upstream == NULL)
				task->upstream =
				    bn_alloc(d->s, DEPENDS_AT_MOST * sizeof(*task->upstream));
			task->upstream[task->upstream_count++] = id;
		}
	}
	find_depths(d);
}

/* ---- instances ------------------------------------------------------------------------------- */

static int
read_instance(struct bn_source *s, struct bn_json item, struct instance *out, struct bn_error *err)
{
	const char *task = bn_json_string(item, "task_id"),
		   *name = bn_json_string(item, "task_display_name");
	int64_t map_index = bn_json_int(item, "map_index", -1),
		number = bn_json_int(item, "try_number", 0);

	if (task == NULL || task[0] == '\0')
		return bn_fail_at(s, err, BN_EPARSE, "a task instance has no task_id");
	if (map_index < -1 || map_index > 1000000 || number < 0 || number > 1000000)
		return bn_fail_at(s, err, BN_EPARSE,
				  "task %s: map_index or try_number out of bounds", task);
	*out = (struct instance){.task = bn_format(s, "%s", task),
				 .state = bn_json_string(item, "state"),
				 .type = bn_json_string(item, "operator_name"),
				 .map_index = (int)map_index,
				 .try_number = (int)number,
				 .next = -1,
				 .queued = bn_json_time(item, "queued_when"),
				 .started = bn_json_time(item, "start_date"),
				 .finished = bn_json_time(item, "end_date")};
	if (out->type == NULL)
		out->type = bn_json_string(item, "operator");
	if (out->type != NULL)
		out->type = bn_format(s, "%s", out->type);
	if (out->state != NULL)
		out->state = bn_format(s, "%s", out->state);
	name = bn_format(s, "%s", name != NULL ? name : task);
	out->key = map_index < 0 ? out->task : bn_format(s, "%s[%d]", task, out->map_index);
	out->name = map_index < 0 ? name : bn_format(s, "%s[%d]", name, out->map_index);
	/* What waits keeps the dates of an earlier try, and what never ran has the moment of that
	 * decision. */
	if (task_status(out->state) == BN_QUEUED)
		out->started = out->finished = 0;
	if (task_status(out->state) == BN_RUNNING)
		out->finished = 0;
	if (is_state(out, "upstream_failed") || is_state(out, "skipped"))
		out->started = 0;
	return BN_OK;
}

static int
on_instance(struct bn_json item, void *payload, struct bn_error *err)
{
	struct detail *d = payload;
	struct instance instance;
	int rc = read_instance(d->s, item, &instance, err);

	d->page_items++;
	if (rc != BN_OK || d->count == TASKS_AT_MOST)
		return rc;
	if (d->count == d->capacity) {
		size_t capacity = d->capacity > 0 ? 2 * d->capacity : 128;
		struct instance *list = bn_alloc(d->s, capacity * sizeof(*list));

		if (d->count > 0)
			memcpy(list, d->list, d->count * sizeof(*list));
		d->list = list;
		d->capacity = capacity;
	}
	d->list[d->count++] = instance;
	return BN_OK;
}

static int
read_instances(struct detail *d, struct bn_error *err)
{
	size_t offset = 0;

	for (int page = 0; page < TASKS_AT_MOST / 100; page++) {
		struct bn_json rest;
		int rc;

		d->page_items = 0;
		rc =
		    bn_items(d->s, d->d->first + AIRFLOW_INSTANCES,
			     BN_PARAMS({"dag_id", d->dag}, {"dag_run_id", d->run}, {"limit", "100"},
				       {"offset", bn_format(d->s, "%zu", offset)}),
			     "task_instances", on_instance, d, &rest, err);
		if (rc != BN_OK)
			return rc;
		offset += d->page_items;
		if (d->page_items == 0 || bn_json_int(rest, "total_entries", 0) <= (int64_t)offset)
			break;
	}
	return BN_OK;
}

/* ---- telling --------------------------------------------------------------------------------- */

/* A task waits for every instance of what is upstream of it. */
static const char *const *
depends_of(const struct detail *d, const struct instance *instance)
{
	const struct task *task = find_task(d, instance->task);
	const char **keys;
	size_t n = 0;

	if (task == NULL || task->upstream_count == 0)
		return NULL;
	keys = bn_alloc(d->s, (DEPENDS_AT_MOST + 1) * sizeof(*keys));
	for (size_t u = 0; u < task->upstream_count; u++) {
		const struct task *up = find_task(d, task->upstream[u]);

		for (int i = up != NULL ? up->first : -1; i >= 0 && n < DEPENDS_AT_MOST;
		     i = d->list[i].next)
			keys[n++] = d->list[i].key;
	}
	return keys;
}

static void
add_try(struct detail *d, const struct instance *instance, const char *const *depends, int order)
{
	int number = instance->try_number > 0 ? instance->try_number : 1;
	bool ran = instance->try_number > 0 && instance->started > 0;

	bn_add_task(
	    d->batch,
	    &(struct bn_task){
		.e = {.key = instance->key,
		      .name = instance->name,
		      .status = task_status(instance->state),
		      .raw_status = instance->state != NULL ? instance->state : "none",
		      .since = instance->finished != 0 ? instance->finished : instance->started,
		      .message = instance->message},
		.run = d->run_key,
		.try_number = number,
		.depends = depends,
		.type = instance->type,
		.order = order,
		.queued_at = instance->queued,
		.started_at = instance->started,
		.finished_at = instance->finished,
		.log =
		    ran ? bn_format(d->s, "%d %d %s", instance->map_index, number, instance->task)
			: NULL,
	    });
}

/* Earlier tries, oldest first; servers before 2.10 do not tell them. */
static void
add_earlier_tries(struct detail *d, const struct instance *instance, const char *const *depends,
		  int order)
{
	bool mapped = instance->map_index >= 0;
	struct bn_json reply;
	struct bn_json_iter it;
	struct bn_error err;

	if (instance->try_number < 2 || d->tries_asked++ >= TRIES_AT_MOST)
		return;
	if (bn_get(d->s, d->d->first + (mapped ? AIRFLOW_MAPPED_TRIES : AIRFLOW_TRIES),
		   BN_PARAMS(
		       {"dag_id", d->dag}, {"dag_run_id", d->run}, {"task_id", instance->task},
		       {"map_index", mapped ? bn_format(d->s, "%d", instance->map_index) : NULL}),
		   &reply, &err) != BN_OK)
		return;
	it = bn_json_walk(reply, "task_instances");
	while (bn_json_next(&it)) {
		struct instance earlier;

		if (read_instance(d->s, it.value, &earlier, &err) != BN_OK) {
			bn_add_skip(d->batch, instance->key, err.message);
			continue;
		}
		earlier.key = instance->key;
		if (earlier.try_number > 0 && earlier.try_number < instance->try_number)
			add_try(d, &earlier, depends, order);
	}
}

static void
add_instance(struct detail *d, struct instance *instance)
{
	const char *const *depends = depends_of(d, instance);
	const struct task *task = find_task(d, instance->task);
	int order = task != NULL ? 1000 * task->depth + (int)(task - d->tasks) % 1000 : 0;

	if (is_state(instance, "upstream_failed"))
		instance->message = "did not run: a task it waits for failed";
	else if (is_state(instance, "failed") && instance->try_number > 0 &&
		 d->causes_asked++ < CAUSES_AT_MOST)
		instance->message = airflow_cause(d->s, d->dag, d->run, instance->task,
						  instance->map_index, instance->try_number);
	add_earlier_tries(d, instance, depends, order);
	add_try(d, instance, depends, order);
}

static void
summarise(const struct detail *d, struct bn_run *run)
{
	const struct instance *first = NULL;

	if (d->count == 0)
		return;
	run->tasks_total = (int)d->count;
	run->tasks_failed = run->tasks_skipped = run->tasks_done = 0;
	for (size_t i = 0; i < d->count; i++) {
		const struct instance *instance = &d->list[i];

		run->tasks_done += is_state(instance, "success");
		run->tasks_skipped +=
		    is_state(instance, "skipped") || is_state(instance, "upstream_failed");
		if (!is_state(instance, "failed"))
			continue;
		run->tasks_failed++;
		if (first == NULL ||
		    (instance->finished != 0 && instance->finished < first->finished))
			first = instance;
	}
	if (first != NULL && run->e.status == BN_FAILED)
		run->e.message = first->message != NULL
				     ? bn_format(d->s, "%s: %s", first->name, first->message)
				     : bn_format(d->s, "%s failed", first->name);
}

int
airflow_detail(struct bn_source *s, const struct bn_ref *ref, struct bn_batch *batch,
	       struct bn_error *err)
{
	struct detail d = {.s = s, .batch = batch, .run_key = ref->key};
	struct bn_json reply;
	struct bn_run run;
	int rc;

	if (ref->kind != BN_RUN || !airflow_split_key(s, ref->key, &d.dag, &d.run))
		return bn_fail_at(s, err, BN_EUNSUPPORTED,
				  "%s is not a run of Airflow (DAG/RUN-ID)", ref->key);
	rc = airflow_dialect(s, &d.d, err);
	if (rc == BN_OK)
		rc = bn_get(s, d.d->first + AIRFLOW_RUN,
			    BN_PARAMS({"dag_id", d.dag}, {"dag_run_id", d.run}), &reply, err);
	if (rc == BN_OK)
		rc = airflow_read_run(s, reply, &run, err);
	if (rc == BN_OK)
		rc = read_instances(&d, err);
	if (rc != BN_OK)
		return rc;
	read_graph(&d);
	for (size_t i = d.count; i-- > 0;) {
		struct task *task = find_task(&d, d.list[i].task);

		if (task != NULL) {
			d.list[i].next = task->first;
			task->first = (int)i;
		}
	}
	for (size_t i = 0; i < d.count; i++)
		add_instance(&d, &d.list[i]);
	summarise(&d, &run);
	bn_add_run(batch, &run);
	return bn_page(batch, err);
}

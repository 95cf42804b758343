/* world_acts.c - what people had run again, and how it went. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sim/world_room.h"

/* A partial retry of transformations goes layer by layer. */
#define LAYERS 4
static const char *const layer_names[LAYERS] = {"staging", "intermediate", "marts", "exports"};
static const int64_t layer_time[LAYERS] = {40000, 95000, 110000, 45000};

#define FAILS_AGAIN 20000 /* ms after which a node fails again */
#define FIRST_STEP  3000  /* ms until the first task of a small pipeline starts */
#define BETWEEN	    1000

struct bn_w_acts *
bn_world_acts_new(void)
{
	struct bn_w_acts *acts = bn_xcalloc(1, sizeof(*acts));

	pthread_mutex_init(&acts->lock, NULL);
	return acts;
}

void
bn_world_acts_free(struct bn_w_acts *acts)
{
	if (acts != NULL)
		pthread_mutex_destroy(&acts->lock);
	free(acts);
}

int64_t
bn_world_acted(const struct bn_world *world)
{
	return atomic_load(&world->acts->count);
}

/* ---- how the tasks go again -------------------------------------------------------------------- */

static int
layer_of(const struct bn_w_task *task)
{
	int i;

	for (i = 0; i < LAYERS - 1; i++)
		if (strcmp(task->group, layer_names[i]) == 0)
			break;
	return i;
}

static bool
failed_last(const struct bn_w_task *task)
{
	return task->omitted || (task->tries > 0 && task->attempt[task->tries - 1].failed);
}

/* Argo makes a new pod in the place of the old one; Airflow goes on counting tries. */
static void
reset(const struct bn_w_run *run, struct bn_w_task *task, bn_time at)
{
	if (run->pipeline->engine == BN_W_ARGO || task->omitted)
		task->tries = 0;
	if (task->tries == BN_W_TRIES)
		task->tries--;
	task->omitted = false;
	task->cleared = at;
	task->kept_tries = task->tries;
}

static void
go(struct bn_w_task *task, bn_time started, bn_time finished, bool failed)
{
	task->attempt[task->tries].started = started;
	task->attempt[task->tries].finished = finished;
	task->attempt[task->tries].failed = failed;
	task->tries++;
}

/* Does a parent of it fail (again)? *end gets when the last parent was done, one way or another. */
static bool
parent_fails(const struct bn_w_task *tasks, const struct bn_w_task *task, bn_time *end)
{
	bool fails = false;
	int i;

	for (i = 0; i < task->depend_count; i++) {
		const struct bn_w_task *parent = &tasks[task->depends[i]];
		bn_time done = parent->attempt[parent->tries > 0 ? parent->tries - 1 : 0].finished;

		fails = fails || failed_last(parent);
		if (done > *end)
			*end = done;
	}
	return fails;
}

static bool
fails_again(const struct bn_world *world, const struct bn_w_run *run, size_t index, bn_time at)
{
	if (run->pipeline->work != BN_W_DBT)
		return false;
	if (bn_world_run_has_bad_sql(world, run))
		return index == 0;
	return bn_world_run_loses_driver(world, run) && at < BN_W_I1_BACK &&
	       index < BN_W_DBT_FAILING;
}

/* When the task starts and ends in an attempt that began at `at`: the last of a layer ends with it. */
static void
times_of(const struct bn_world *world, const struct bn_w_run *run, const struct bn_w_task *task,
	 size_t index, bn_time at, bn_time ready, bn_time *started, bn_time *finished)
{
	int64_t before = 0, length;
	int layer, i;

	if (run->pipeline->work != BN_W_DBT) {
		length =
		    4000 +
		    (int64_t)(bn_world_hash(world->seed, task->name, run->slot, 5) % 20) * 1000;
		*started = ready > at ? ready + BETWEEN : at + FIRST_STEP;
		*finished = *started + length;
		return;
	}
	layer = layer_of(task);
	for (i = 0; i < layer; i++)
		before += layer_time[i];
	/* every third takes its layer's whole time */
	length = index % 3 == 0
		     ? layer_time[layer]
		     : layer_time[layer] * (int64_t)(60 + index * 7 % 35) / 100 / 1000 * 1000;
	*started = at + before;
	*finished = *started + length;
}

static void
replay(const struct bn_world *world, const struct bn_w_run *run, struct bn_w_task *tasks,
       size_t count, bn_time at, uint64_t chosen)
{
	bn_time ready, started, finished;
	bool *again = bn_xcalloc(count, sizeof(*again));
	size_t i;

	for (i = 0; i < count; i++)
		again[i] =
		    failed_last(&tasks[i]) && (chosen == 0 || (i < 64 && (chosen >> i & 1) != 0));
	for (i = 0; i < count; i++) {
		if (!again[i])
			continue;
		reset(run, &tasks[i], at);
		ready = at;
		if (parent_fails(tasks, &tasks[i], &ready)) {
			tasks[i].omitted = true;
			tasks[i].cleared = 0;
			tasks[i].attempt[0].started = tasks[i].attempt[0].finished = ready;
			continue;
		}
		times_of(world, run, &tasks[i], i, at, ready, &started, &finished);
		if (fails_again(world, run, i, at))
			go(&tasks[i], started, started + FAILS_AGAIN, true);
		else
			go(&tasks[i], started, finished, false);
	}
	free(again);
}

void
bn_world_replan(const struct bn_world *world, const struct bn_w_run *run, struct bn_w_task *tasks,
		size_t count)
{
	int i;

	for (i = 0; i < run->retries; i++)
		replay(world, run, tasks, count, run->retried[i], run->chosen[i]);
}

/* ---- how the run goes then --------------------------------------------------------------------- */

/* Started, finished and fails of the latest attempt. */
static void
latest_attempt(const struct bn_world *world, struct bn_w_run *run)
{
	bn_time end = run->retried[run->retries - 1],
		unit = run->pipeline->engine == BN_W_ARGO ? 1000 : 100;
	struct bn_w_task *tasks;
	size_t i, count = bn_world_tasks(world, run, &tasks);
	bool fails = false;
	bn_time last;

	for (i = 0; i < count; i++) {
		fails = fails || failed_last(&tasks[i]);
		last = tasks[i].attempt[tasks[i].tries > 0 ? tasks[i].tries - 1 : 0].finished;
		if (last > end)
			end = last;
	}
	free(tasks);
	run->started = run->retried[run->retries - 1];
	run->started -= run->started % unit;
	run->finished = end - end % unit;
	run->fails = fails;
	run->flaky = false;
}

static void
add_acts(const struct bn_world *world, int made_from, bn_time now, struct bn_w_run *run)
{
	int i, count = atomic_load(&world->acts->count);

	for (i = 0; i < count && run->retries < BN_W_RETRIES; i++) {
		const struct bn_w_act *act = &world->acts->act[i];

		if (!act->resubmit && act->pipeline == run->pipeline && act->slot == run->slot &&
		    act->made_from == made_from && act->at <= now) {
			if (act->restore) {
				memcpy(run->former_uid, run->uid, sizeof(run->uid));
				bn_world_uuid(bn_world_hash(world->seed, "restored", act->slot, i),
					      run->uid);
			}
			run->chosen[run->retries] = act->chosen;
			run->retried[run->retries++] = act->at;
		}
	}
	if (run->retries > 0)
		latest_attempt(world, run);
}

void
bn_world_run_now(const struct bn_world *world, const struct bn_w_pipeline *pipeline, int64_t slot,
		 bn_time now, struct bn_w_run *out)
{
	bn_world_run(world, pipeline, slot, out);
	add_acts(world, -1, now, out);
}

/* The run an act made: as its slot's, but at another time and with a name of its own. */
static void
made_by(const struct bn_world *world, int index, struct bn_w_run *out)
{
	const struct bn_w_act *act = &world->acts->act[index];
	struct bn_w_run old;
	int64_t length = act->pipeline->p50 * BN_W_SECOND;

	bn_world_run(world, act->pipeline, act->slot, &old);
	*out = old;
	snprintf(out->resubmitted_from, sizeof(out->resubmitted_from), "%s", old.name);
	snprintf(out->name, sizeof(out->name), "%.80s-r%d", act->pipeline->name, index + 1);
	bn_world_uuid(bn_world_hash(world->seed, "resubmitted", act->slot, index), out->uid);
	out->created = act->at;
	out->started = act->at + 1000;
	out->started -= out->started % 1000;
	out->fails = bn_world_run_has_bad_sql(world, &old);
	out->flaky = false;
	out->factor = 1;
	out->finished = out->started + (out->fails ? world->bad_sql_length : length);
}

bool
bn_world_resubmitted(const struct bn_world *world, size_t index, bn_time now, struct bn_w_run *out)
{
	int i, count = atomic_load(&world->acts->count);

	for (i = 0; i < count; i++) {
		const struct bn_w_act *act = &world->acts->act[i];

		if (!act->resubmit || act->at > now || index-- > 0)
			continue;
		made_by(world, i, out);
		return true;
	}
	return false;
}

/* The act's number, or -1. */
static int
add(const struct bn_world *world, const struct bn_w_act *act)
{
	struct bn_w_acts *acts = world->acts;
	int number;

	pthread_mutex_lock(&acts->lock);
	number = atomic_load(&acts->count);
	if (number < BN_W_ACTS) {
		acts->act[number] = *act;
		atomic_store(&acts->count, number + 1);
	} else
		number = -1;
	pthread_mutex_unlock(&acts->lock);
	return number;
}

static bool
add_retry(const struct bn_world *world, const struct bn_w_run *run, const struct bn_w_act *act)
{
	return run->retries < BN_W_RETRIES && run->resubmitted_from[0] == '\0' &&
	       add(world, act) >= 0;
}

bool
bn_world_retry(const struct bn_world *world, const struct bn_w_run *run, bn_time at)
{
	return bn_world_retry_some(world, run, at, 0);
}

bool
bn_world_restore(const struct bn_world *world, const struct bn_w_run *run, bn_time at)
{
	struct bn_w_act act = {run->pipeline, run->slot, at, -1, false, true, 0};

	return add_retry(world, run, &act);
}

bool
bn_world_retry_some(const struct bn_world *world, const struct bn_w_run *run, bn_time at,
		    uint64_t chosen)
{
	struct bn_w_act act = {run->pipeline, run->slot, at, -1, false, false, chosen};

	return add_retry(world, run, &act);
}

bool
bn_world_resubmit(const struct bn_world *world, const struct bn_w_run *run, bn_time at,
		  struct bn_w_run *out)
{
	struct bn_w_act act = {run->pipeline, run->slot, at, -1, true, false, 0};
	int number = add(world, &act);

	if (number >= 0)
		made_by(world, number, out);
	return number >= 0;
}

/* world_tasks.c - what a run consists of: dbt nodes, Meltano's steps, a DAG's tasks, and their tries. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sim/world_room.h"

#define DRIVER_LOST                                                                                \
	"Error (exit code 1): DRIVER_UNREACHABLE: cluster 0310-dbt-prod terminated: driver lost"
#define BAD_SQL                                                                                    \
	"Error (exit code 1): Database Error in model stg_payments: [UNRESOLVED_COLUMN] a column " \
	"with name `fee_amount_8` cannot be resolved"
#define FAILED_ONCE "Error (exit code 1): Databricks job run timed out waiting for a worker"

/* A step of the small pipelines: which share of the run it takes, and what it waits for. */
struct step {
	const char *name, *operator;
	double from, to; /* share of the run's time */
	int depends[4];
	int depend_count;
	int map_index;
	bool retries;
	bool fragile; /* where a failing run fails */
};

static const struct step meltano_steps[] = {
    {"prepare", "", 0, 0.05, {0}, 0, -1, false, false},
    {"meltano-run", "", 0.05, 0.9, {0}, 1, -1, false, true},
    {"verify", "", 0.91, 1, {1}, 1, -1, false, false},
};
static const struct step fx_steps[] = {
    {"fetch_ecb", "PythonOperator", 0, 0.4, {0}, 0, -1, true, true},
    {"fetch_open_rates", "PythonOperator", 0, 0.3, {0}, 0, -1, true, false},
    {"merge_rates", "PythonOperator", 0.45, 0.6, {0, 1}, 2, -1, false, false},
    {"load_rates", "SQLExecuteQueryOperator", 0.6, 0.9, {2}, 1, -1, true, false},
    {"check_freshness", "SQLCheckOperator", 0.9, 1, {3}, 1, -1, false, false},
};
static const struct step postcode_steps[] = {
    {"download", "BashOperator", 0, 0.3, {0}, 0, -1, true, false},
    {"unpack", "PythonOperator", 0.32, 0.5, {0}, 1, -1, true, true},
    {"load_zones", "SQLExecuteQueryOperator", 0.52, 0.9, {1}, 1, -1, true, false},
    {"verify_counts", "SQLCheckOperator", 0.92, 1, {2}, 1, -1, false, false},
};
static const struct step weather_steps[] = {
    {"list_regions", "PythonOperator", 0, 0.1, {0}, 0, -1, true, false},
    {"fetch_region", "PythonOperator", 0.12, 0.5, {0}, 1, 0, true, false},
    {"fetch_region", "PythonOperator", 0.12, 0.6, {0}, 1, 1, true, true},
    {"fetch_region", "PythonOperator", 0.13, 0.55, {0}, 1, 2, true, false},
    {"fetch_region", "PythonOperator", 0.13, 0.65, {0}, 1, 3, true, false},
    {"load_stations", "SQLExecuteQueryOperator", 0.67, 0.9, {1, 2, 3, 4}, 4, -1, true, false},
    {"check_coverage", "SQLCheckOperator", 0.92, 1, {5}, 1, -1, false, false},
};

static const struct step newsletter_steps[] = {
    {"glue_etl", "GlueJobOperator", 0, 0.55, {0}, 0, -1, false, true},
    {"incremental_training", "SageMakerTrainingOperator", 0.55, 0.78, {0}, 1, -1, false, false},
    {"batch_transform", "SageMakerTransformOperator", 0.78, 0.93, {1}, 1, -1, false, false},
    {"load_redis", "LambdaInvokeFunctionOperator", 0.93, 0.98, {2}, 1, -1, false, false},
    {"check_api", "HttpOperator", 0.98, 1, {3}, 1, -1, false, false},
};

struct shape {
	const char *pipeline; /* NULL: any other */
	const struct step *steps;
	size_t count;
};
#define SHAPE(name, table)                                                                         \
	{                                                                                          \
		name, table, sizeof(table) / sizeof((table)[0])                                    \
	}
static const struct shape shapes[] = {
    SHAPE("fx-rates", fx_steps),	 SHAPE("ing-postcode-zones", postcode_steps),
    SHAPE("ing-weather", weather_steps), SHAPE("newsletter-recs", newsletter_steps),
    SHAPE(NULL, meltano_steps),
};

static void
finish(struct bn_w_task *task, bn_time started, bn_time finished, bool failed)
{
	task->attempt[task->tries].started = started;
	task->attempt[task->tries].finished = finished;
	task->attempt[task->tries].failed = failed;
	task->tries++;
}

/* Omitted when whatever it waits for is done, one way or another. */
static void
omit(struct bn_w_task *tasks, size_t index)
{
	struct bn_w_task *task = &tasks[index];
	const struct bn_w_task *parent;
	bn_time last = 0, end;
	int i;

	for (i = 0; i < task->depend_count; i++) {
		parent = &tasks[task->depends[i]];
		end = parent->attempt[parent->tries > 0 ? parent->tries - 1 : 0].finished;
		if (end > last)
			last = end;
	}
	task->omitted = true;
	task->attempt[0].started = task->attempt[0].finished = last;
}

static bool
parent_missing(const struct bn_w_task *tasks, const struct bn_w_task *task)
{
	const struct bn_w_task *parent;
	int i;

	for (i = 0; i < task->depend_count; i++) {
		parent = &tasks[task->depends[i]];
		if (parent->omitted || parent->attempt[parent->tries - 1].failed)
			return true;
	}
	return false;
}

/* ---- dbt ------------------------------------------------------------------- */

static int64_t
scaled(const struct bn_w_run *run, const struct bn_world *world, int64_t ms)
{
	double scale = (double)run->pipeline->p50 * (double)BN_W_SECOND /
		       (double)world->dbt_length * run->factor;

	return (int64_t)((double)ms * scale);
}

static void
plan_node(const struct bn_world *world, const struct bn_w_run *run, struct bn_w_task *tasks, int i)
{
	/* started s after 03:05:04; ended at 03:07:08, :08 and :10 */
	static const int64_t lost_at[BN_W_DBT_FAILING] = {-2000, -2000, 0};
	const struct bn_w_node *node = &world->node[i];
	struct bn_w_task *task = &tasks[i];
	bn_time start = run->started + scaled(run, world, node->start);
	bn_time end = run->started + scaled(run, world, node->start + node->length);
	int64_t half;

	if (parent_missing(tasks, task)) {
		omit(tasks, (size_t)i);
		return;
	}
	if (i < BN_W_DBT_FAILING && bn_world_run_loses_driver(world, run)) {
		finish(task, start, BN_W_I1_FAILED + lost_at[i], true);
		task->message = DRIVER_LOST;
		task->error = "DRIVER_UNREACHABLE";
		return;
	}
	if (i == 0 && bn_world_run_has_bad_sql(world, run)) {
		finish(task, start, start + scaled(run, world, 8000), true);
		task->message = BAD_SQL;
		task->error = "[UNRESOLVED_COLUMN] `fee_amount_8`";
		return;
	}
	if (run->flaky && i == 309 + (int)(run->slot % 3)) {
		half = (end - start) / 2;
		finish(task, start, start + half, true);
		task->message = FAILED_ONCE;
		task->error = "TIMEDOUT waiting for a worker";
		start += half + 5 * BN_W_SECOND;
		end = start + 2 * half;
	}
	finish(task, start, end, false);
}

static size_t
plan_dbt(const struct bn_world *world, const struct bn_w_run *run, struct bn_w_task *tasks)
{
	const struct bn_w_node *node;
	int i;

	for (i = 0; i < BN_W_DBT_NODES; i++) {
		node = &world->node[i];
		tasks[i].name = node->name;
		tasks[i].group = node->layer;
		tasks[i].operator= node->python ? "python" : "sql";
		tasks[i].depends = node->depends;
		tasks[i].depend_count = node->depend_count;
		tasks[i].map_index = -1;
		tasks[i].retries = node->python;
	}
	/* every part of the graph depends only on nodes with lower indices */
	for (i = 0; i < BN_W_DBT_NODES; i++)
		plan_node(world, run, tasks, i);
	return BN_W_DBT_NODES;
}

/* ---- Meltano and DAGs ------------------------------------------------------ */

static const struct shape *
shape_of(const struct bn_w_pipeline *pipeline)
{
	size_t i;

	for (i = 0; shapes[i].pipeline != NULL; i++) {
		if (strcmp(shapes[i].pipeline, pipeline->name) == 0)
			break;
	}
	return &shapes[i];
}

static void
plan_step(const struct bn_w_run *run, const struct step *step, struct bn_w_task *tasks, size_t i)
{
	struct bn_w_task *task = &tasks[i];
	double span = (double)(run->finished - run->started);
	bn_time start, end, half;

	start = run->started + (bn_time)(step->from * span);
	end = run->started + (bn_time)(step->to * span);
	if (end > run->finished)
		end = run->finished;
	if (parent_missing(tasks, task)) {
		omit(tasks, i);
		return;
	}
	if (step->fragile && (run->fails || (run->flaky && step->retries))) {
		task->message = run->pipeline->error;
		task->error = run->pipeline->error;
		if (run->fails)
			end = run->finished; /* nothing runs behind it */
		half = start + (end - start) * 2 / 5;
		if (step->retries) {
			finish(task, start, half, true);
			start = half + (end - half) / 4;
		}
		finish(task, start, end, run->fails);
		return;
	}
	finish(task, start, end, false);
}

static size_t
plan_steps(const struct bn_w_run *run, const struct shape *shape, struct bn_w_task *tasks)
{
	size_t i;

	for (i = 0; i < shape->count; i++) {
		tasks[i].name = shape->steps[i].name;
		tasks[i].group = run->pipeline->work == BN_W_MELTANO ? shape->steps[i].name : "";
		tasks[i].operator= shape->steps[i].operator;
		tasks[i].depends = shape->steps[i].depends;
		tasks[i].depend_count = shape->steps[i].depend_count;
		tasks[i].map_index = shape->steps[i].map_index;
		tasks[i].retries = shape->steps[i].retries;
		if (shape->steps[i].fragile)
			tasks[i].rows = run->pipeline->rows * 9 / 10 +
					(int64_t)(run->factor * (double)run->pipeline->rows / 10);
		plan_step(run, &shape->steps[i], tasks, i);
	}
	return shape->count;
}

/* Kubernetes keeps times in whole seconds, Airflow's database in microseconds (100 ms here). */
static void
round_times(const struct bn_w_run *run, struct bn_w_task *tasks, size_t count)
{
	bn_time unit = run->pipeline->engine == BN_W_ARGO ? BN_W_SECOND : 100;
	size_t i, k;

	for (i = 0; i < count; i++) {
		for (k = 0; k < BN_W_TRIES; k++) {
			tasks[i].attempt[k].started -= tasks[i].attempt[k].started % unit;
			tasks[i].attempt[k].finished -= tasks[i].attempt[k].finished % unit;
		}
	}
}

size_t
bn_world_tasks(const struct bn_world *world, const struct bn_w_run *now, struct bn_w_task **out)
{
	struct bn_w_run first, *run = &first;
	const struct shape *shape = shape_of(now->pipeline);
	bool dbt = now->pipeline->work == BN_W_DBT;
	size_t count;

	/* Its first attempt as it was planned; what came after is laid over it. */
	first = *now;
	if (now->retries > 0 && now->resubmitted_from[0] == '\0')
		bn_world_run(world, now->pipeline, now->slot, &first);

	*out = bn_xcalloc(dbt ? BN_W_DBT_NODES : shape->count, sizeof(**out));
	count = dbt ? plan_dbt(world, run, *out) : plan_steps(run, shape, *out);
	round_times(run, *out, count);
	if (now->retries > 0)
		bn_world_replan(world, now, *out, count);
	return count;
}

enum bn_w_state
bn_world_task_state(const struct bn_w_task *task, bn_time now, bn_time *since, int *tries)
{
	enum bn_w_state state = BN_W_NONE;
	bn_time at = 0;
	int i;

	*tries = 0;
	/* reset, and its turn has not come: Airflow keeps the tries there were */
	if (task->cleared != 0 && !task->omitted && now < task->attempt[task->kept_tries].started) {
		*tries = task->kept_tries;
		*since = task->cleared;
		return BN_W_NONE;
	}
	if (task->omitted) {
		at = task->attempt[0].finished;
		*since = now >= at ? at : 0;
		return now >= at ? BN_W_OMITTED : BN_W_NONE;
	}
	for (i = 0; i < task->tries && now >= task->attempt[i].started; i++) {
		*tries = i + 1;
		state = BN_W_RUNNING;
		at = task->attempt[i].started;
		if (now >= task->attempt[i].finished) {
			at = task->attempt[i].finished;
			state = !task->attempt[i].failed ? BN_W_OK
				: i + 1 < task->tries	 ? BN_W_RETRYING
							 : BN_W_FAILED;
		}
	}
	*since = at;
	return state;
}

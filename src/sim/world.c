/* world.c - pipelines' schedules and runs, computed from seed and moment. */
/* SPDX-License-Identifier: MIT */
#include "sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "sim/world_room.h"

struct bn_world *
bn_world_new(uint64_t seed, enum bn_w_scenario scenario)
{
	struct bn_world *world = bn_xcalloc(1, sizeof(*world));

	world->seed = seed;
	world->scenario = scenario;
	world->acts = bn_world_acts_new();
	bn_world_grow_dbt(world);
	return world;
}

void
bn_world_free(struct bn_world *world)
{
	if (world != NULL)
		bn_world_acts_free(world->acts);
	free(world);
}

enum bn_w_scenario
bn_world_scenario(const struct bn_world *world)
{
	return world->scenario;
}

uint64_t
bn_world_seed(const struct bn_world *world)
{
	return world->seed;
}

const struct bn_w_pipeline *
bn_world_pipeline(const struct bn_world *world, size_t index)
{
	size_t i;

	(void)world; /* every seed has the same pipelines */
	for (i = 0; bn_w_pipelines[i].name != NULL; i++) {
		if (i == index)
			return &bn_w_pipelines[i];
	}
	return NULL;
}

const struct bn_w_pipeline *
bn_world_find_pipeline(const struct bn_world *world, const char *name)
{
	const struct bn_w_pipeline *pipeline;
	size_t i;

	for (i = 0; (pipeline = bn_world_pipeline(world, i)) != NULL; i++) {
		if (strcmp(pipeline->name, name) == 0)
			return pipeline;
	}
	return NULL;
}

static bn_time
slot_time(const struct bn_w_pipeline *pipeline, int64_t slot)
{
	return (slot * pipeline->period + pipeline->offset % pipeline->period) * BN_W_MINUTE;
}

int64_t
bn_world_last_slot(const struct bn_w_pipeline *pipeline, bn_time now)
{
	int64_t period = pipeline->period * BN_W_MINUTE;
	int64_t offset = pipeline->offset % pipeline->period * BN_W_MINUTE;

	return (now - offset) / period; /* now is always long after 1970 */
}

int64_t
bn_world_first_slot(const struct bn_w_pipeline *pipeline, bn_time now)
{
	return bn_world_last_slot(pipeline, now - BN_W_HISTORY) + 1;
}

bn_time
bn_world_next_due(const struct bn_w_pipeline *pipeline, bn_time now)
{
	return slot_time(pipeline, bn_world_last_slot(pipeline, now) + 1);
}

bool
bn_world_run_loses_driver(const struct bn_world *world, const struct bn_w_run *run)
{
	return (world->scenario == BN_W_I1 || world->scenario == BN_W_NIGHT_SCRIPT) &&
	       strcmp(run->pipeline->name, "transform-hourly") == 0 &&
	       run->scheduled == BN_W_I1_RUN;
}

bool
bn_world_run_has_bad_sql(const struct bn_world *world, const struct bn_w_run *run)
{
	return world->scenario == BN_W_I1_BAD_SQL && run->pipeline->work == BN_W_DBT &&
	       run->scheduled >= BN_W_DBT_2207;
}

/* Kubernetes' suffix alphabet (apimachinery util/rand): no vowels, nothing that looks like another.
 */
static void
suffix(uint64_t hash, char out[6])
{
	static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";
	int i;

	for (i = 0; i < 5; i++) {
		out[i] = alphabet[hash % (sizeof(alphabet) - 1)];
		hash /= sizeof(alphabet) - 1;
	}
	out[5] = '\0';
}

static void
name_run(struct bn_w_run *run, uint64_t hash)
{
	const struct bn_w_pipeline *pipeline = run->pipeline;
	char text[BN_TIME_TEXT], tail[6];
	bn_time logical = run->scheduled;

	if (pipeline->engine == BN_W_ARGO) {
		suffix(hash, tail);
		/* the night's run is called in every seed what the handbook calls it */
		if (run->scheduled == BN_W_I1_RUN &&
		    strcmp(pipeline->name, "transform-hourly") == 0)
			memcpy(tail, "28f6k", 6);
		snprintf(run->name, sizeof(run->name), "%s-%s", pipeline->name, tail);
		return;
	}
	/* Airflow 2 names a run after the start of its data interval, 3 after its own time */
	if (pipeline->engine == BN_W_AIRFLOW2)
		logical -= pipeline->period * BN_W_MINUTE;
	bn_time_rfc3339(logical, text);
	text[strcspn(text, "Z")] = '\0';
	snprintf(run->name, sizeof(run->name), "scheduled__%s+00:00", text);
}

/* The newsletter's Glue step was slow four nights ago, 96 minutes in all, and is so in the night of the
 * incidents: it is ready at 04:24, six minutes before it is due, after everybody had to fear that it would not
 * be. ms, 0 for other runs. */
static int64_t
slow_night(const struct bn_world *world, const struct bn_w_run *run)
{
	bn_time night = BN_W_NIGHT + 3 * BN_W_HOUR + 4 * BN_W_MINUTE;

	if (strcmp(run->pipeline->name, "newsletter-recs") != 0)
		return 0;
	if (run->scheduled == night - 4 * BN_W_DAY)
		return 96 * BN_W_MINUTE;
	return (run->scheduled == night && world->scenario != BN_W_STEADY ? 80 : 55) * BN_W_MINUTE;
}

/* ms the run takes, from how it goes. */
static int64_t
run_length(const struct bn_world *world, const struct bn_w_run *run)
{
	const struct bn_w_pipeline *pipeline = run->pipeline;
	double usual = (double)pipeline->p50 * (double)BN_W_SECOND * run->factor;
	int64_t length, most = pipeline->period * BN_W_MINUTE * 9 / 10;

	if (pipeline->work == BN_W_DBT && run->fails)
		usual *= (double)world->bad_sql_length / (double)world->dbt_length;
	else if (run->fails)
		usual *= 0.8; /* it does not get to its last step */
	else if (run->flaky && pipeline->work == BN_W_DAG)
		usual *= 1.5;
	/* Argo tells times in whole seconds; then they are whole here, or facts would know more */
	length = (int64_t)usual;
	length -= length % (pipeline->engine == BN_W_ARGO ? BN_W_SECOND : 100);
	return length > most ? most : length;
}

void
bn_world_run(const struct bn_world *world, const struct bn_w_pipeline *pipeline, int64_t slot,
	     struct bn_w_run *out)
{
	uint64_t hash = bn_world_hash(world->seed, pipeline->name, slot, 1);
	double p95 = (double)pipeline->p95 / (double)pipeline->p50;
	int luck = (int)(bn_world_chance(bn_world_hash(hash, "luck", 0, 0)) * 1000);
	bool bad_sql;

	memset(out, 0, sizeof(*out));
	out->pipeline = pipeline;
	out->slot = slot;
	out->scheduled = slot_time(pipeline, slot);
	out->created = out->scheduled;
	out->started = out->scheduled + pipeline->delay * BN_W_SECOND;
	bad_sql = bn_world_run_has_bad_sql(world, out);
	out->fails = bad_sql || luck < pipeline->fail;
	out->flaky = !out->fails && luck < pipeline->fail + pipeline->flake;
	out->factor = bn_world_spread(bn_world_hash(hash, "pace", 0, 0), p95);
	if (bn_world_run_loses_driver(world, out)) {
		out->fails = true;
		out->flaky = false;
		out->factor = 1;
		out->finished = BN_W_I1_FAILED;
	} else if (slow_night(world, out) != 0) {
		out->fails = out->flaky = false;
		out->finished = out->started + slow_night(world, out);
	} else {
		out->finished = out->started + run_length(world, out);
	}
	bn_world_uuid(hash, out->uid);
	name_run(out, hash);
}

static bool
find_in(const struct bn_world *world, const struct bn_w_pipeline *pipeline, const char *name,
	const char *uid, bn_time now, struct bn_w_run *out)
{
	int64_t slot, first = bn_world_first_slot(pipeline, now);

	if (pipeline->suspended)
		return false;
	for (slot = bn_world_last_slot(pipeline, now); slot >= first; slot--) {
		bn_world_run_now(world, pipeline, slot, now, out);
		if ((name != NULL && strcmp(out->name, name) == 0) ||
		    (uid != NULL &&
		     (strcmp(out->uid, uid) == 0 || strcmp(out->former_uid, uid) == 0)))
			return true;
	}
	return false;
}

bool
bn_world_find_run(const struct bn_world *world, const struct bn_w_pipeline *pipeline,
		  const char *name, const char *uid, bn_time now, struct bn_w_run *out)
{
	const struct bn_w_pipeline *each;
	size_t i, length;

	if (pipeline != NULL)
		return find_in(world, pipeline, name, uid, now, out);
	for (i = 0; (each = bn_world_pipeline(world, i)) != NULL; i++) {
		length = strlen(each->name);
		if (each->engine != BN_W_ARGO ||
		    (name != NULL &&
		     (strncmp(name, each->name, length) != 0 || name[length] != '-')))
			continue;
		if (find_in(world, each, name, uid, now, out))
			return true;
	}
	for (i = 0; bn_world_resubmitted(world, i, now, out); i++)
		if ((name != NULL && strcmp(out->name, name) == 0) ||
		    (uid != NULL && strcmp(out->uid, uid) == 0))
			return true;
	return false;
}

enum bn_w_state
bn_world_run_state(const struct bn_w_run *run, bn_time now)
{
	if (now < run->created)
		return BN_W_NONE;
	if (now < run->started)
		return BN_W_PENDING;
	if (now < run->finished)
		return BN_W_RUNNING;
	return run->fails ? BN_W_FAILED : BN_W_OK;
}

/* facts_events.c - what happened in the last day, as facts: runs that began or ended. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "sim/facts_room.h"

/* How many of its tasks failed, and how many were not run because of that. */
static void
count_lost(const struct bn_facts *facts, const struct bn_w_run *run, int *failed, int *skipped)
{
	struct bn_w_task *tasks;
	size_t i, count = bn_world_tasks(facts->world, run, &tasks);
	bn_time since;
	int tries;

	*failed = *skipped = 0;
	for (i = 0; i < count; i++) {
		enum bn_w_state state = bn_world_task_state(&tasks[i], facts->at, &since, &tries);

		*failed += state == BN_W_FAILED;
		*skipped += state == BN_W_OMITTED;
	}
	free(tasks);
}

static json_t *
event_of(const struct bn_facts *facts, const struct bn_w_run *run, bn_time when)
{
	int failed, skipped;
	json_t *event =
	    json_pack("{s:o, s:s, s:s, s:s, s:s, s:s}", "at", bn_facts_when(when), "source",
		      bn_facts_source(run->pipeline), "pipeline", run->pipeline->name, "run",
		      run->name, "status", bn_facts_run_status(run, facts->at), "kind", "run");

	if (bn_world_run_state(run, facts->at) == BN_W_FAILED) {
		count_lost(facts, run, &failed, &skipped);
		json_object_set_new(event, "failed", json_integer(failed));
		json_object_set_new(event, "skipped", json_integer(skipped));
	}
	return event;
}

static int
newest_first(const void *a, const void *b)
{
	const char *x = json_string_value(json_object_get(*(json_t *const *)a, "at"));
	const char *y = json_string_value(json_object_get(*(json_t *const *)b, "at"));

	return strcmp(y, x);
}

static json_t *
sorted(json_t *list)
{
	size_t count = json_array_size(list), i;
	json_t **items = calloc(count + 1, sizeof(json_t *)), *out = json_array();

	for (i = 0; i < count; i++)
		items[i] = json_array_get(list, i);
	qsort(items, count, sizeof(json_t *), newest_first);
	for (i = 0; i < count; i++)
		json_array_append(out, items[i]);
	free(items);
	json_decref(list);
	return out;
}

json_t *
bn_facts_events(const struct bn_facts *facts)
{
	const struct bn_w_pipeline *pipeline;
	json_t *list = json_array();
	struct bn_w_run run;
	int64_t slot;
	size_t i;

	for (i = 0; (pipeline = bn_world_pipeline(facts->world, i)) != NULL; i++) {
		slot = bn_world_last_slot(pipeline, facts->at);
		for (; !pipeline->suspended; slot--) {
			bn_world_run(facts->world, pipeline, slot, &run);
			if (run.created < facts->at - 2 * BN_W_DAY)
				break;
			if (facts->at >= run.finished && run.finished >= facts->at - BN_W_DAY)
				json_array_append_new(list, event_of(facts, &run, run.finished));
			else if (facts->at < run.finished && facts->at >= run.started)
				json_array_append_new(list, event_of(facts, &run, run.started));
		}
	}
	return sorted(list);
}

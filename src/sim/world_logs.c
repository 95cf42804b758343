/* world_logs.c - what the tries of a task write to their logs, line by line with its time. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "sim/world_room.h"

#define LINE_EVERY (8 * BN_W_SECOND) /* of progress */

struct writing {
	const struct bn_world *world;
	const struct bn_w_run *run;
	const struct bn_w_task *task;
	const struct bn_w_try *attempt;
	struct bn_w_line *line;
};

/* Lines between the opening and the closing ones. */
static size_t
progress_lines(const struct bn_w_try *attempt)
{
	return (size_t)((attempt->finished - attempt->started) / LINE_EVERY);
}

static bool
say(struct writing *w, bn_time at, const char *level, const char *text)
{
	w->line->at = at < w->attempt->finished ? at : w->attempt->finished;
	w->line->level = level;
	if (text != w->line->text)
		snprintf(w->line->text, sizeof(w->line->text), "%s", text);
	return true;
}

/* ---- dbt ------------------------------------------------------------------- */

static bool
dbt_opening(struct writing *w, size_t index)
{
	char *text = w->line->text;
	size_t size = sizeof(w->line->text);

	switch (index) {
	case 0:
		return say(w, w->attempt->started, "info", "Running with dbt=1.9.2");
	case 1:
		return say(w, w->attempt->started + 200, "info",
			   "Found 312 models, 1140 data tests, 41 sources, 512 macros");
	case 2:
		return say(w, w->attempt->started + 300, "info",
			   "Concurrency: 1 threads (target='prod')");
	default:
		snprintf(text, size, "1 of 1 START %s model prod.%s ............ [RUN]",
			 strcmp(w->task->operator, "python") == 0 ? "python table"
								  : "sql incremental",
			 w->task->name);
		return say(w, w->attempt->started + 400, "info", text);
	}
}

static bool
dbt_driver_lost(struct writing *w, size_t index)
{
	char *text = w->line->text;
	size_t size = sizeof(w->line->text);
	bn_time end = w->attempt->finished;

	switch (index) {
	case 0:
		return say(w, BN_W_I1_LOST, "warning", "cluster 0310-dbt-prod event DRIVER_LOST");
	case 1:
		return say(w, BN_W_I1_LOST + 1000, "warning",
			   "driver heartbeat missed, last seen 41s ago");
	case 2:
		snprintf(text, size, "%s: DRIVER_UNREACHABLE", w->task->name);
		return say(w, end, "error", text);
	case 3:
		return say(w, end, "error", "  cluster 0310-dbt-prod terminated: driver lost");
	default:
		return false;
	}
}

static bool
dbt_error(struct writing *w, size_t index)
{
	char *text = w->line->text;
	size_t size = sizeof(w->line->text);

	if (strcmp(w->task->error, "DRIVER_UNREACHABLE") == 0)
		return dbt_driver_lost(w, index);
	if (index > 0)
		return false;
	snprintf(text, size, "%s: %s", w->task->name, w->task->error);
	return say(w, w->attempt->finished, "error", text);
}

static bool
dbt_closing(struct writing *w, size_t index)
{
	char *text = w->line->text;
	size_t size = sizeof(w->line->text);
	double took = (double)(w->attempt->finished - w->attempt->started) / 1000;
	bool failed = w->attempt->failed;

	switch (index) {
	case 0:
		snprintf(text, size, "1 of 1 %s model prod.%s ............ [%s in %.2fs]",
			 failed ? "ERROR creating" : "OK created", w->task->name,
			 failed ? "ERROR" : "OK", took);
		return say(w, w->attempt->finished, failed ? "error" : "info", text);
	case 1:
		snprintf(text, size, "Done. PASS=%d WARN=0 ERROR=%d SKIP=0 TOTAL=1", !failed,
			 failed);
		return say(w, w->attempt->finished, "info", text);
	default:
		return false;
	}
}

static bool
dbt_line(struct writing *w, size_t index)
{
	size_t errors = 0;

	if (index < 4)
		return dbt_opening(w, index);
	index -= 4;
	if (w->attempt->failed) {
		errors = strcmp(w->task->error, "DRIVER_UNREACHABLE") == 0 ? 4 : 1;
		if (index < errors)
			return dbt_error(w, index);
		index -= errors;
	}
	return dbt_closing(w, index);
}

/* ---- Meltano --------------------------------------------------------------- */

static bool
step_line(struct writing *w, size_t index)
{
	const char *name = w->run->pipeline->name;
	char *text = w->line->text;
	size_t size = sizeof(w->line->text), progress = progress_lines(w->attempt);
	bn_time at = w->attempt->started + (bn_time)index * LINE_EVERY;

	if (index == 0) {
		snprintf(text, size, "%s: %s, try %d", name, w->task->name,
			 w->attempt == &w->task->attempt[1] ? 2 : 1);
		return say(w, at, "info", text);
	}
	if (index <= progress) {
		snprintf(text, size, "%s: %lld records so far", name,
			 (long long)(w->task->rows * (int64_t)index / (int64_t)(progress + 1)));
		return say(w, at, "info", w->task->rows > 0 ? text : "working");
	}
	if (index > progress + 1)
		return false;
	if (w->attempt->failed)
		return say(w, w->attempt->finished, "error", w->task->error);
	snprintf(text, size, "%s: done, %lld records", w->task->name, (long long)w->task->rows);
	return say(w, w->attempt->finished, "info", w->task->rows > 0 ? text : "done");
}

bool
bn_world_log_line(const struct bn_world *world, const struct bn_w_run *run,
		  const struct bn_w_task *task, int attempt, size_t index, struct bn_w_line *out)
{
	struct writing writing = {world, run, task, NULL, out};

	if (attempt < 1 || attempt > task->tries)
		return false;
	writing.attempt = &task->attempt[attempt - 1];
	return run->pipeline->work == BN_W_DBT ? dbt_line(&writing, index)
					       : step_line(&writing, index);
}

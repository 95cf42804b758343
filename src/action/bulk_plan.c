/* bulk_plan.c - many runs, one plan: references folded into runs, each planned, sources side by side. */
/* SPDX-License-Identifier: MIT */
#include "action/bulk_room.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/status.h"

#define DETAIL_WAIT 10000 /* ms for a run's tasks, which are the evidence that is kept */

struct planning {
	struct bn_actions *action;
	struct bn_bulk *bulk;
	unsigned plans; /* as bn_collect_plans was in the beginning */
};

/* One source's items, one behind the other. */
struct lane {
	struct planning *planning;
	const char *source;
	pthread_t thread;
	bool started, cancelled;
};

/* ---- folding ----------------------------------------------------------------------------------- */

static const char pipeline_run_sql[] =
    "SELECT r.key FROM run_now r WHERE r.source = ?1 AND r.pipeline = ?2"
    " ORDER BY coalesce(r.started_at, r.queued_at) DESC, r.id DESC LIMIT 1";
/* A run's key may hold slashes, a task's too: the longest run that fits. */
static const char task_run_sql[] =
    "SELECT r.key FROM run_now r WHERE r.source = ?1 AND substr(?2, 1, length(r.key) + 1) ="
    " r.key || '/' AND EXISTS (SELECT 1 FROM task_now t WHERE t.run_id = r.id AND t.key ="
    " substr(?2, length(r.key) + 2)) ORDER BY length(r.key) DESC LIMIT 1";

static int
ask_run(struct bn_bulk *bulk, struct bn_reader *reader, const char *sql, struct bn_ref *ref,
	struct bn_error *err)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(bn_reader_db(reader), sql, -1, &st, NULL);

	if (rc == SQLITE_OK) {
		sqlite3_bind_text(st, 1, ref->source, -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 2, ref->key, -1, SQLITE_STATIC);
		rc = sqlite3_step(st);
	}
	if (rc == SQLITE_ROW) {
		ref->kind = BN_RUN;
		ref->key = bn_arena_strdup(bulk->arena, (const char *)sqlite3_column_text(st, 0));
	} else if (rc == SQLITE_DONE)
		bn_fail(err, BN_ENOTFOUND, "%.200s has no run", ref->key);
	else
		bn_fail(err, BN_EIO, "store: %s", sqlite3_errmsg(bn_reader_db(reader)));
	sqlite3_finalize(st);
	return rc == SQLITE_ROW ? BN_OK : rc == SQLITE_DONE ? BN_ENOTFOUND : BN_EIO;
}

static int
find_run(struct bn_bulk *bulk, struct bn_reader *reader, struct bn_ref *ref, struct bn_error *err)
{
	if (ref->kind == BN_RUN)
		return BN_OK;
	if (ref->kind == BN_PIPELINE)
		return ask_run(bulk, reader, pipeline_run_sql, ref, err);
	if (ref->kind == BN_TASK)
		return ask_run(bulk, reader, task_run_sql, ref, err);
	return bn_fail(err, BN_EUNSUPPORTED, "%s is not something that runs",
		       bn_kind_word(ref->kind));
}

static struct bn_bulk_item *
find_item(struct bn_bulk *bulk, const struct bn_ref *ref)
{
	for (size_t i = 0; i < bulk->count; i++)
		if (bulk->items[i].run.kind == ref->kind &&
		    strcmp(bulk->items[i].run.source, ref->source) == 0 &&
		    strcmp(bulk->items[i].run.key, ref->key) == 0)
			return &bulk->items[i];
	return NULL;
}

static int
fold(struct bn_bulk *bulk, struct bn_reader *reader, const struct bn_ref *refs, size_t count,
     struct bn_error *err)
{
	size_t i;

	bulk->items = bn_arena_alloc(bulk->arena, count * sizeof(*bulk->items));
	for (i = 0; i < count; i++) {
		struct bn_ref ref = {
		    refs[i].kind,
		    bn_arena_strdup(bulk->arena, refs[i].source != NULL ? refs[i].source : ""),
		    bn_arena_strdup(bulk->arena, refs[i].key != NULL ? refs[i].key : "")};
		struct bn_error why = {0};
		int rc = find_run(bulk, reader, &ref, &why);
		struct bn_bulk_item *item = find_item(bulk, &ref);

		if (rc == BN_EIO) {
			*err = why;
			return rc;
		}
		if (item == NULL) {
			item = &bulk->items[bulk->count++];
			*item = (struct bn_bulk_item){
			    .run = ref, .name = ref.key, .why = why, .behind = -1};
			item->fate = rc != BN_OK ? BN_BULK_OUT : BN_BULK_READY;
		}
		item->asked++;
	}
	return BN_OK;
}

/* ---- planning ---------------------------------------------------------------------------------- */

/* Also where the cancel came between two requests, or during one that is nobody's plan. */
static bool
stopped(struct lane *lane)
{
	const struct planning *planning = lane->planning;

	if (bn_collect_plans(planning->action->options.collect) != planning->plans)
		lane->cancelled = true;
	return lane->cancelled;
}

static void
plan_item(struct lane *lane, struct bn_bulk_item *item)
{
	struct bn_actions *action = lane->planning->action;
	struct bn_error ignored;
	int rc;

	bn_collect_plan_detail(action->options.collect, item->run, DETAIL_WAIT,
			       lane->planning->plans, &ignored);
	if (stopped(lane))
		return;
	rc = bn_action_plan(&item->plan, action, item->run, &item->why);
	lane->cancelled = lane->cancelled || rc == BN_ECANCELLED;
	if (rc == BN_OK)
		rc = bn_action_plan_refusal(item->plan, &item->why);
	item->fate = rc != BN_OK ? BN_BULK_OUT : item->plan->typed ? BN_BULK_APART : BN_BULK_READY;
	if (item->plan != NULL) {
		item->pipeline = item->plan->pipeline;
		item->name = item->plan->name;
		item->engine = item->plan->engine;
	}
}

static void *
run_lane(void *payload)
{
	struct lane *lane = payload;
	struct bn_bulk *bulk = lane->planning->bulk;
	struct bn_error ignored;
	size_t i;

	/* What earlier sessions left behind may forbid it, or turn out to be done. */
	bn_action_reconcile(lane->planning->action, lane->source, NULL, &ignored);
	for (i = 0; i < bulk->count && !stopped(lane); i++)
		if (strcmp(bulk->items[i].run.source, lane->source) == 0 &&
		    bulk->items[i].fate == BN_BULK_READY)
			plan_item(lane, &bulk->items[i]);
	return NULL;
}

static struct lane *
lanes_of(struct planning *planning, size_t *count)
{
	struct bn_bulk *bulk = planning->bulk;
	struct lane *lanes = bn_xcalloc(bulk->count, sizeof(*lanes));
	size_t i, k;

	for (*count = i = 0; i < bulk->count; i++) {
		for (k = 0; k < *count; k++)
			if (strcmp(lanes[k].source, bulk->items[i].run.source) == 0)
				break;
		if (k == *count)
			lanes[(*count)++] = (struct lane){.planning = planning,
							  .source = bulk->items[i].run.source};
	}
	return lanes;
}

static bool
plan_all(struct planning *planning)
{
	sigset_t all, before;
	struct lane *lanes;
	bool cancelled = false;
	size_t count, i;

	lanes = lanes_of(planning, &count);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (i = 0; i < count; i++)
		lanes[i].started = pthread_create(&lanes[i].thread, NULL, run_lane, &lanes[i]) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	for (i = 0; i < count; i++) {
		if (lanes[i].started)
			pthread_join(lanes[i].thread, NULL);
		else
			run_lane(&lanes[i]);
		cancelled = cancelled || lanes[i].cancelled;
	}
	free(lanes);
	return !cancelled;
}

/* ---- what the store adds ----------------------------------------------------------------------- */

/* The attempt that failed, when it began; and of an item without a plan whose it is, for the order. */
static int
read_runs(struct bn_bulk *bulk, struct bn_reader *reader, struct bn_error *err)
{
	static const char sql[] =
	    "SELECT r.attempt, " BN_RUN_BEGAN("r") ", r.pipeline FROM run_now r"
						   " WHERE r.source = ?1 AND r.key = ?2";
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(bn_reader_db(reader), sql, -1, &st, NULL);
	size_t i;

	for (i = 0; rc == SQLITE_OK && i < bulk->count; i++) {
		struct bn_bulk_item *item = &bulk->items[i];
		int step;

		if (item->run.kind != BN_RUN)
			continue;
		sqlite3_bind_text(st, 1, item->run.source, -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 2, item->run.key, -1, SQLITE_STATIC);
		if ((step = sqlite3_step(st)) == SQLITE_ROW) {
			bulk->state->work[i].attempt = sqlite3_column_int(st, 0);
			bulk->state->work[i].start = sqlite3_column_int64(st, 1);
			if (item->plan == NULL)
				item->pipeline = bn_arena_strdup(
				    bulk->arena, (const char *)sqlite3_column_text(st, 2));
			if (item->plan == NULL && item->pipeline != NULL)
				item->name = item->pipeline;
		}
		rc = step == SQLITE_ROW || step == SQLITE_DONE ? sqlite3_reset(st) : step;
	}
	if (rc != SQLITE_OK)
		bn_fail(err, BN_EIO, "store: %s", sqlite3_errmsg(bn_reader_db(reader)));
	sqlite3_finalize(st);
	return rc == SQLITE_OK ? BN_OK : BN_EIO;
}

static void
make_state(struct bn_bulk *bulk, const struct bn_actions *action)
{
	struct bn_bulk_state *state = bn_xcalloc(1, sizeof(*state));
	struct bn_bulk_options options;
	pthread_condattr_t attr;

	pthread_mutex_init(&state->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&state->changed, &attr);
	pthread_condattr_destroy(&attr);
	state->work = bn_xcalloc(bulk->count, sizeof(*state->work));
	state->before = bn_xcalloc(bulk->count, bulk->count);
	bn_bulk_defaults(action, &options);
	state->concurrency = options.concurrency;
	bulk->state = state;
}

int
bn_bulk_plan(struct bn_bulk **out, struct bn_actions *action, const struct bn_ref *refs,
	     size_t count, struct bn_error *err)
{
	struct bn_arena *arena;
	struct bn_bulk *bulk;
	struct planning planning = {.action = action,
				    .plans = bn_collect_plans(action->options.collect)};
	struct bn_reader *reader = NULL;
	int rc;

	*out = NULL;
	if (action->options.read_only) {
		bn_fail(err, BN_EPERM, "this is a read-only session");
		return bn_hint(err, "run it without --read-only");
	}
	if (count == 0 || count > BN_BULK_MAX)
		return bn_fail(err, BN_EINVAL, "%zu runs to retry; it takes 1 to %d", count,
			       BN_BULK_MAX);
	arena = bn_arena_new();
	bulk = planning.bulk = bn_arena_alloc(arena, sizeof(*bulk));
	bulk->arena = arena;
	if ((rc = bn_reader_open(&reader, action->options.store, err)) != BN_OK ||
	    (rc = fold(bulk, reader, refs, count, err)) != BN_OK)
		goto out;
	make_state(bulk, action);
	rc = plan_all(&planning) ? BN_OK : bn_fail(err, BN_ECANCELLED, "cancelled");
	if (rc == BN_OK && (rc = read_runs(bulk, reader, err)) == BN_OK)
		rc = bn_bulk_order(bulk, reader, err);
	if (rc == BN_OK)
		bn_bulk_sum(bulk);
out:
	bn_reader_close(reader);
	if (rc == BN_OK)
		*out = bulk;
	else
		bn_bulk_free(bulk);
	return rc;
}

void
bn_bulk_free(struct bn_bulk *bulk)
{
	size_t i;

	if (bulk == NULL)
		return;
	for (i = 0; i < bulk->count; i++)
		bn_action_plan_free(bulk->items[i].plan);
	if (bulk->state != NULL) {
		pthread_mutex_destroy(&bulk->state->lock);
		pthread_cond_destroy(&bulk->state->changed);
		free(bulk->state->work);
		free(bulk->state->before);
		free(bulk->state);
	}
	bn_arena_free(bulk->arena); /* the bulk itself lies in it */
}

int
bn_bulk_name(struct bn_bulk *bulk, size_t i, const char *typed, struct bn_error *err)
{
	const char *name = i < bulk->count ? bulk->items[i].name : "";
	size_t k;

	if (i >= bulk->count || bulk->items[i].fate != BN_BULK_APART)
		return bn_fail(err, BN_EINVAL, "it does not wait for its name");
	if (typed == NULL || strcmp(typed, name) != 0)
		return bn_fail(err, BN_EPERM, "its name is %.200s", name);
	for (k = 0; k < bulk->count; k++)
		if (bulk->items[k].fate == BN_BULK_APART &&
		    strcmp(bulk->items[k].name, name) == 0) {
			bulk->items[k].fate = BN_BULK_READY;
			bulk->state->work[k].named = true;
		}
	bn_bulk_sum(bulk);
	return BN_OK;
}

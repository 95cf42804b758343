/* apply_run.c - pipelines, runs with their attempts, and tasks. */
/* SPDX-License-Identifier: MIT */
#include "store/apply.h"

#include <stdlib.h>
#include <string.h>

/* A run that began this little before its fire time was that fire's: clocks differ. */
#define EARLY_MS   ((int64_t)5000)
#define STATS_RUNS 20
#define NO_STATS   (-1)

static bool
finished(enum bn_status status)
{
	return status == BN_SUCCEEDED || status == BN_FAILED || status == BN_CANCELLED ||
	       status == BN_SKIPPED;
}

static bool
going_on(enum bn_status status)
{
	return status == BN_QUEUED || status == BN_RUNNING || status == BN_PAUSED;
}

void
bn_apply_dirty(struct bn_apply *a, int64_t pipeline_id)
{
	if (pipeline_id == 0)
		return;
	for (size_t i = a->dirty_count; i > 0 && i + 16 > a->dirty_count; i--)
		if (a->dirty[i - 1] == pipeline_id)
			return;
	if (a->dirty_count == a->dirty_capacity) {
		a->dirty_capacity = a->dirty_capacity == 0 ? 64 : a->dirty_capacity * 2;
		a->dirty = bn_xrealloc(a->dirty, a->dirty_capacity, sizeof(*a->dirty));
	}
	a->dirty[a->dirty_count++] = pipeline_id;
}

/* ---- pipelines ---- */

/* The next fire after `after`, or 0 when the schedule isn't a cron expression we know. */
static bn_time
next_fire(struct bn_apply *a, const char *schedule, const char *zone, bn_time after)
{
	struct bn_cron *cron = NULL;
	struct bn_error ignored;
	bn_time next = 0;

	if (schedule == NULL || bn_cron_parse(&cron, schedule, &ignored) != BN_OK)
		return 0;
	next = bn_cron_next(cron, after, bn_writer_zone(a->writer, zone));
	bn_cron_free(cron);
	return next;
}

static int
put_pipeline(struct bn_apply *a, int64_t id, const struct bn_pipeline *p, bn_time next,
	     bool computed, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_PIPELINE_PUT, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, id);
	bn_bind_text(st, 2, p->schedule);
	bn_bind_text(st, 3, p->timezone);
	bn_bind_time(st, 4, next);
	sqlite3_bind_int(st, 5, computed);
	sqlite3_bind_int(st, 6, p->paused);
	bn_bind_text(st, 7, p->group);
	bn_bind_text(st, 8, p->engine);
	bn_bind_text(st, 9, p->definition);
	sqlite3_bind_int(st, 10, p->idempotence);
	return bn_run_statement(a->writer, st, err);
}

/* Runs that came before their pipeline was known. */
static int
adopt_runs(struct bn_apply *a, int64_t id, const char *key, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_PIPELINE_ADOPT, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int64(st, 2, a->source_id);
	bn_bind_text(st, 3, key);
	return bn_run_statement(a->writer, st, err);
}

/* What of a pipeline is history: written when it is first seen and whenever it differs. */
static int
note_facts(struct bn_apply *a, const struct bn_pipeline *p, bool paused, bool schedule,
	   bn_time sent, struct bn_error *err)
{
	int rc = BN_OK;

	if (paused)
		rc = bn_apply_attribute(a, BN_PIPELINE, p->e.key, "paused",
					p->paused ? "yes" : "no", sent, err);
	if (rc == BN_OK && schedule)
		rc = bn_apply_attribute(a, BN_PIPELINE, p->e.key, "schedule", p->schedule, sent,
					err);
	return rc;
}

int
bn_apply_pipeline(struct bn_apply *a, const struct bn_pipeline *p, const char *labels, bn_time sent,
		  struct bn_error *err)
{
	struct bn_seen seen;
	sqlite3_stmt *st;
	bn_time next = p->next_due_at;
	bool found = false, keep = false, paused = true, schedule = p->schedule != NULL;
	int rc;

	rc = bn_apply_entity(a, BN_PIPELINE, &p->e, labels, sent, &seen, err);
	if (rc != BN_OK || seen.dropped)
		return rc;
	st = bn_use(a->writer, BN_ST_PIPELINE_FIND, err);
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, seen.id);
	rc = bn_first_row(a->writer, st, &found, err);
	if (found) {
		paused = (sqlite3_column_int(st, 4) != 0) != p->paused;
		schedule = !bn_same_text(bn_column_text(st, 0), p->schedule);
	}
	if (rc == BN_OK && next == 0 && !p->paused) {
		/* What was due stays due until a run comes or the schedule changes: else nothing
		 * would ever be late. */
		keep = found && sqlite3_column_int(st, 3) != 0 && sqlite3_column_int(st, 4) == 0 &&
		       sqlite3_column_int64(st, 2) != 0 &&
		       bn_same_text(bn_column_text(st, 0), p->schedule) &&
		       bn_same_text(bn_column_text(st, 1), p->timezone);
		next = keep ? sqlite3_column_int64(st, 2)
			    : next_fire(a, p->schedule, p->timezone, sent);
	}
	sqlite3_reset(st);
	if (rc == BN_OK)
		rc = put_pipeline(a, seen.id, p, next, p->next_due_at == 0, err);
	if (rc == BN_OK && (paused || schedule))
		rc = note_facts(a, p, paused, schedule, sent, err);
	if (rc == BN_OK && !found) {
		rc = adopt_runs(a, seen.id, p->e.key, err);
		bn_apply_dirty(a, seen.id);
		a->last_pipeline.id = 0;
	}
	return rc;
}

static int
ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

struct numbers {
	int64_t latest, last_good, p50, p95;
	bn_time latest_at;
};

static int
read_numbers(struct bn_apply *a, int64_t pipeline_id, struct numbers *n, struct bn_error *err)
{
	int64_t durations[STATS_RUNS];
	size_t count = 0;
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_PIPELINE_RUNS, err);
	int step;

	*n = (struct numbers){0, 0, NO_STATS, NO_STATS, 0};
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, pipeline_id);
	while ((step = sqlite3_step(st)) == SQLITE_ROW && count < STATS_RUNS) {
		bn_time started = sqlite3_column_int64(st, 1), ended = sqlite3_column_int64(st, 2);

		if (n->latest == 0 && sqlite3_column_int(st, 4) != 0) {
			n->latest = sqlite3_column_int64(st, 0);
			n->latest_at = started;
		}
		if (sqlite3_column_int(st, 3) != BN_SUCCEEDED || ended == 0)
			continue;
		if (ended > n->last_good)
			n->last_good = ended;
		if (ended >= started)
			durations[count++] = ended - started;
	}
	sqlite3_reset(st);
	if (step != SQLITE_ROW && step != SQLITE_DONE)
		return bn_db_fail(a->writer->db, err, "cache.db");
	if (count > 0) {
		qsort(durations, count, sizeof(durations[0]), ascending);
		n->p50 = durations[(count - 1) / 2];
		n->p95 = durations[(count * 95 + 99) / 100 - 1]; /* nearest rank */
	}
	return BN_OK;
}

/* A run that waits has no start as yet; it is the latest if it was queued after the latest start.
 */
static int
consider_queued(struct bn_apply *a, int64_t pipeline_id, struct numbers *n, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_PIPELINE_QUEUED, err);
	bool found;
	int rc;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, pipeline_id);
	rc = bn_first_row(a->writer, st, &found, err);
	if (rc == BN_OK && found && sqlite3_column_int64(st, 1) >= n->latest_at) {
		n->latest = sqlite3_column_int64(st, 0);
		n->latest_at = sqlite3_column_int64(st, 1);
	}
	sqlite3_reset(st);
	return rc;
}

/* A computed due time moves on when a run has come for it. The first run that is known may also
 * move it back: to the fire that was missed before we ever looked. */
static int
due_after(struct bn_apply *a, int64_t pipeline_id, bn_time latest, bool *set, bn_time *next,
	  struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_PIPELINE_FIND, err);
	bool found;
	int rc;

	*set = false;
	*next = 0;
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, pipeline_id);
	rc = bn_first_row(a->writer, st, &found, err);
	if (rc == BN_OK && found && sqlite3_column_int(st, 3) != 0 &&
	    sqlite3_column_int(st, 4) == 0 && latest != 0) {
		*next =
		    next_fire(a, bn_column_text(st, 0), bn_column_text(st, 1), latest + EARLY_MS);
		*set = *next > sqlite3_column_int64(st, 2) ||
		       (*next != 0 && sqlite3_column_type(st, 5) == SQLITE_NULL);
	}
	sqlite3_reset(st);
	return rc;
}

static int
pipeline_done(struct bn_apply *a, int64_t id, struct bn_error *err)
{
	struct numbers n;
	sqlite3_stmt *st;
	bool set = false;
	bn_time next = 0;
	int rc;

	rc = read_numbers(a, id, &n, err);
	if (rc == BN_OK)
		rc = consider_queued(a, id, &n, err);
	if (rc == BN_OK)
		rc = due_after(a, id, n.latest_at, &set, &next, err);
	if (rc != BN_OK)
		return rc;
	st = bn_use(a->writer, BN_ST_PIPELINE_STATS, err);
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, id);
	bn_bind_time(st, 2, n.latest);
	bn_bind_time(st, 3, n.last_good);
	bn_bind_known(st, 4, n.p50);
	bn_bind_known(st, 5, n.p95);
	sqlite3_bind_int(st, 6, set);
	bn_bind_time(st, 7, next);
	return bn_run_statement(a->writer, st, err);
}

int
bn_apply_pipelines_done(struct bn_apply *a, struct bn_error *err)
{
	int64_t previous = 0;
	int rc = BN_OK;

	if (a->dirty_count > 0)
		qsort(a->dirty, a->dirty_count, sizeof(*a->dirty), ascending);
	for (size_t i = 0; i < a->dirty_count && rc == BN_OK; i++) {
		if (a->dirty[i] != previous)
			rc = pipeline_done(a, a->dirty[i], err);
		previous = a->dirty[i];
	}
	a->dirty_count = 0;
	return rc;
}

/* ---- runs ---- */

/* Columns of BN_ST_RUN_FIND. */
enum {
	R_ATTEMPT,
	R_QUEUED,
	R_STARTED,
	R_FINISHED,
	R_PIPELINE,
	R_TRIGGER,
	R_PROGRESS,
	R_RETRY,
	R_TOTAL,
	R_FAILED,
	R_SKIPPED,
	R_DONE
};

static int
pipeline_of(struct bn_apply *a, const char *key, int64_t *id, struct bn_error *err)
{
	struct bn_ref ref = {BN_PIPELINE, NULL, key};
	struct bn_error ignored;
	int rc;

	*id = 0;
	if (key == NULL)
		return BN_OK;
	if (a->last_pipeline.id != 0 && strcmp(a->last_pipeline.key, key) == 0) {
		*id = a->last_pipeline.id;
		return BN_OK;
	}
	rc = bn_apply_find(a, &ref, id, &ignored);
	if (rc == BN_ENOTFOUND)
		return BN_OK;
	if (rc != BN_OK) {
		*err = ignored;
		return rc;
	}
	a->last_pipeline.id = 0;
	if (strlen(key) < sizeof(a->last_pipeline.key)) {
		strcpy(a->last_pipeline.key, key);
		a->last_pipeline.id = *id;
	}
	return BN_OK;
}

/* Which attempt the observation is of, given the one that is stored (0: none). Platforms that count
 * are believed. Otherwise: running again after its end, or a later end without our having seen it
 * run, is a new attempt. */
static int
which_attempt(const struct bn_run *r, int stored, enum bn_status old, bn_time old_finished)
{
	if (stored == 0)
		return r->attempt > 0 ? r->attempt : 1;
	if (r->attempt > 0)
		return r->attempt;
	if (!finished(old))
		return stored;
	if (going_on(r->e.status))
		return stored + 1;
	if (finished(r->e.status) && old_finished != 0 &&
	    (r->started_at > old_finished || (r->e.status != old && r->finished_at > old_finished)))
		return stored + 1;
	return stored;
}

static bool
same_counts(sqlite3_stmt *row, const struct bn_run *r)
{
	const int now[] = {r->tasks_total, r->tasks_failed, r->tasks_skipped, r->tasks_done};

	if (now[0] <= 0 && now[1] <= 0 && now[2] <= 0 && now[3] <= 0)
		return true;
	for (int i = 0; i < 4; i++)
		if (sqlite3_column_type(row, R_TOTAL + i) == SQLITE_NULL ||
		    sqlite3_column_int(row, R_TOTAL + i) != now[i])
			return false;
	return true;
}

static bool
same_or_silent(const char *new, const char *old)
{
	return new == NULL || bn_same_text(new, old);
}

static bool
same_run(sqlite3_stmt *row, const struct bn_run *r, int attempt)
{
	return sqlite3_column_int(row, R_ATTEMPT) == attempt &&
	       sqlite3_column_int64(row, R_QUEUED) == r->queued_at &&
	       sqlite3_column_int64(row, R_STARTED) == r->started_at &&
	       sqlite3_column_int64(row, R_FINISHED) == r->finished_at &&
	       same_or_silent(r->pipeline, bn_column_text(row, R_PIPELINE)) &&
	       same_or_silent(r->trigger, bn_column_text(row, R_TRIGGER)) &&
	       bn_same_text(r->progress, bn_column_text(row, R_PROGRESS)) &&
	       same_or_silent(r->retry_of, bn_column_text(row, R_RETRY)) && same_counts(row, r);
}

static int
put_run(struct bn_apply *a, int64_t id, int64_t pipeline_id, const struct bn_run *r, int attempt,
	struct bn_error *err)
{
	bool counted =
	    r->tasks_total > 0 || r->tasks_failed > 0 || r->tasks_skipped > 0 || r->tasks_done > 0;
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_RUN_PUT, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, id);
	bn_bind_time(st, 2, pipeline_id);
	bn_bind_text(st, 3, r->pipeline);
	sqlite3_bind_int(st, 4, attempt);
	bn_bind_time(st, 5, r->queued_at);
	bn_bind_time(st, 6, r->started_at);
	bn_bind_time(st, 7, r->finished_at);
	bn_bind_text(st, 8, r->trigger);
	bn_bind_text(st, 9, r->progress);
	bn_bind_text(st, 10, r->retry_of);
	bn_bind_known(st, 11, counted ? r->tasks_total : -1);
	bn_bind_known(st, 12, counted ? r->tasks_failed : -1);
	bn_bind_known(st, 13, counted ? r->tasks_skipped : -1);
	bn_bind_known(st, 14, counted ? r->tasks_done : -1);
	return bn_run_statement(a->writer, st, err);
}

/* `after` is when the attempt before ended (0: there was none): a time the platform did not reset
 * is not this attempt's. */
static int
put_attempt(struct bn_apply *a, int64_t id, int n, const struct bn_run *r, bn_time after,
	    struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_ATTEMPT_PUT, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int(st, 2, n);
	sqlite3_bind_int(st, 3, r->e.status);
	bn_bind_text(st, 4, r->e.raw_status);
	bn_bind_time(st, 5, r->queued_at >= after ? r->queued_at : 0);
	bn_bind_time(st, 6,
		     r->started_at >= after ? r->started_at
		     : r->e.since >= after  ? r->e.since
					    : 0);
	bn_bind_time(st, 7, r->finished_at);
	bn_bind_text(st, 8, r->e.message);
	sqlite3_bind_int64(st, 9, a->now);
	return bn_run_statement(a->writer, st, err);
}

static int
attempt_lost(struct bn_apply *a, int64_t id, int n, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_ATTEMPT_LOST, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int(st, 2, n);
	return bn_run_statement(a->writer, st, err);
}

/* What is stored of the run: *attempt 0 if nothing. */
struct stored_run {
	int attempt;
	bn_time finished;
	bool same; /* as r with attempt `now` */
	int now;
};

static int
find_run(struct bn_apply *a, int64_t id, const struct bn_run *r, enum bn_status old,
	 struct stored_run *stored, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_RUN_FIND, err);
	bool found;
	int rc;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, id);
	rc = bn_first_row(a->writer, st, &found, err);
	if (rc == BN_OK && found) {
		stored->attempt = sqlite3_column_int(st, R_ATTEMPT);
		stored->finished = sqlite3_column_int64(st, R_FINISHED);
		stored->now = which_attempt(r, stored->attempt, old, stored->finished);
		stored->same = same_run(st, r, stored->now);
	}
	sqlite3_reset(st);
	return rc;
}

/* The platform tells of an attempt that is over while a later one is known: only that row. */
static int
older_attempt(struct bn_apply *a, const struct bn_run *r, bool *older, struct bn_error *err)
{
	sqlite3_stmt *st;
	bool found;
	int64_t id = 0;
	int rc;

	*older = false;
	if (r->attempt <= 0)
		return BN_OK;
	st = bn_use(a->writer, BN_ST_RUN_ATTEMPT, err);
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, a->source_id);
	bn_bind_text(st, 2, r->e.key);
	rc = bn_first_row(a->writer, st, &found, err);
	if (rc == BN_OK && found && sqlite3_column_int(st, 1) > r->attempt) {
		*older = true;
		id = sqlite3_column_int64(st, 0);
	}
	sqlite3_reset(st);
	return rc == BN_OK && *older ? put_attempt(a, id, r->attempt, r, 0, err) : rc;
}

int
bn_apply_run(struct bn_apply *a, const struct bn_run *r, const char *labels, bn_time sent,
	     struct bn_error *err)
{
	struct bn_entity e = r->e;
	struct bn_run now;
	struct bn_seen seen;
	struct stored_run stored = {0};
	struct bn_ref self = {BN_RUN, NULL, r->e.key}, other = {BN_RUN, NULL, r->retry_of};
	int64_t pipeline_id = 0;
	bool older;
	int rc;

	if (e.since == 0)
		e.since = finished(e.status)	  ? r->finished_at
			  : e.status == BN_QUEUED ? r->queued_at
						  : r->started_at;
	rc = older_attempt(a, r, &older, err);
	if (rc != BN_OK || older)
		return rc;
	rc = bn_apply_entity(a, BN_RUN, &e, labels, sent, &seen, err);
	if (rc != BN_OK || seen.dropped)
		return rc;
	if (!seen.added)
		rc = find_run(a, seen.id, r, seen.old, &stored, err);
	if (stored.attempt == 0)
		stored.now = which_attempt(r, 0, BN_UNKNOWN, 0);
	if (rc != BN_OK || (stored.same && !seen.changed))
		return rc;
	rc = pipeline_of(a, r->pipeline, &pipeline_id, err);
	if (rc == BN_OK)
		rc = put_run(a, seen.id, pipeline_id, r, stored.now, err);
	now = *r;
	now.e.since = seen.since;
	if (rc == BN_OK)
		rc = put_attempt(
		    a, seen.id, stored.now, &now,
		    stored.attempt != 0 && stored.now > stored.attempt ? stored.finished : 0, err);
	if (rc == BN_OK && stored.attempt != 0 && stored.now > stored.attempt)
		rc = attempt_lost(a, seen.id, stored.now, err);
	if (rc == BN_OK && r->retry_of != NULL)
		rc = bn_apply_link(a, &self, &other, "retry-of", a->source_name, err);
	bn_apply_dirty(a, pipeline_id);
	a->last_run.id = 0;
	return rc;
}

/* ---- tasks ---- */

static int
run_of(struct bn_apply *a, const char *key, int64_t *id, int *attempt, struct bn_error *err)
{
	sqlite3_stmt *st;
	bool found;
	int rc;

	if (a->last_run.id != 0 && strcmp(a->last_run.key, key) == 0) {
		*id = a->last_run.id;
		*attempt = a->last_run.attempt;
		return BN_OK;
	}
	st = bn_use(a->writer, BN_ST_RUN_ATTEMPT, err);
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, a->source_id);
	bn_bind_text(st, 2, key);
	rc = bn_first_row(a->writer, st, &found, err);
	*id = found ? sqlite3_column_int64(st, 0) : 0;
	*attempt = found ? sqlite3_column_int(st, 1) : 0;
	sqlite3_reset(st);
	if (rc != BN_OK)
		return rc;
	if (!found)
		return bn_fail(err, BN_ENOTFOUND, "task of a run that is not known: %.200s", key);
	a->last_run.id = 0;
	if (strlen(key) < sizeof(a->last_run.key)) {
		strcpy(a->last_run.key, key);
		a->last_run.id = *id;
		a->last_run.attempt = *attempt;
	}
	return BN_OK;
}

static int
detail_read(struct bn_apply *a, int64_t run_id, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_RUN_DETAIL, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, run_id);
	sqlite3_bind_int64(st, 2, a->now);
	return bn_run_statement(a->writer, st, err);
}

int
bn_apply_task(struct bn_apply *a, const struct bn_task *t, const char *depends, bn_time sent,
	      struct bn_error *err)
{
	int64_t previous = a->last_run.id, run_id;
	sqlite3_stmt *st;
	int attempt, rc;

	rc = run_of(a, t->run, &run_id, &attempt, err);
	if (rc == BN_OK && run_id != previous)
		rc = detail_read(a, run_id, err);
	if (rc != BN_OK)
		return rc;
	st = bn_use(a->writer, BN_ST_TASK_PUT, err);
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, run_id);
	sqlite3_bind_int(st, 2, t->attempt > 0 ? t->attempt : attempt);
	bn_bind_text(st, 3, t->e.key);
	sqlite3_bind_int(st, 4, t->try_number > 0 ? t->try_number : 1);
	bn_bind_text(st, 5, t->e.name != NULL ? t->e.name : t->e.key);
	sqlite3_bind_int(st, 6, t->e.status);
	bn_bind_text(st, 7, t->e.raw_status);
	bn_bind_text(st, 8, t->e.message);
	bn_bind_text(st, 9, t->e.url);
	bn_bind_text(st, 10, t->parent);
	bn_bind_text(st, 11, depends);
	bn_bind_text(st, 12, t->type);
	sqlite3_bind_int(st, 13, t->order);
	bn_bind_time(st, 14, t->queued_at);
	bn_bind_time(st, 15, t->started_at);
	bn_bind_time(st, 16, t->finished_at);
	bn_bind_text(st, 17, t->log);
	sqlite3_bind_int64(st, 18, sent);
	return bn_run_statement(a->writer, st, err);
}

int
bn_apply_tasks_complete(struct bn_apply *a, const char *run_key, int attempt, bn_time sent,
			struct bn_error *err)
{
	sqlite3_stmt *st;
	int64_t run_id;
	int current, rc;

	rc = run_of(a, run_key, &run_id, &current, err);
	if (rc != BN_OK)
		return rc;
	st = bn_use(a->writer, BN_ST_TASK_SWEEP, err);
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, run_id);
	sqlite3_bind_int(st, 2, attempt > 0 ? attempt : current);
	sqlite3_bind_int64(st, 3, sent);
	rc = bn_run_statement(a->writer, st, err);
	return rc == BN_OK ? detail_read(a, run_id, err) : rc;
}

/* sources.c - sources, leases, polls and calls; the configuration's links; kept logs. */
/* SPDX-License-Identifier: MIT */
#include "store/apply.h"

#include <stdlib.h>
#include <string.h>

#define LOG_MAX ((size_t)1 << 20)

/* Every source is a thing too, so that it has a status, transitions and findings like the rest. */
static int
source_thing(struct bn_writer *writer, int64_t source_id, const char *name, enum bn_status status,
	     bn_time since, const char *message, bn_time now, struct bn_error *err)
{
	struct bn_apply a = {
	    .writer = writer, .source_id = source_id, .source_name = name, .now = now};
	struct bn_entity e = {.key = name, .status = status, .since = since, .message = message};
	struct bn_seen seen;

	return bn_apply_entity(&a, BN_SOURCE, &e, NULL, now, &seen, err);
}

static int
add_source(struct bn_writer *writer, const struct bn_source_info *info, bn_time now, int64_t *id,
	   bool *fresh, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(writer, BN_ST_SOURCE_ADD, err);
	const char *state;
	bool found;
	int rc;

	if (st == NULL)
		return err->code;
	bn_bind_text(st, 1, info->name);
	bn_bind_text(st, 2, info->type != NULL ? info->type : "");
	bn_bind_text(st, 3, info->url);
	sqlite3_bind_int64(st, 4, info->interval > 0 ? info->interval : 30000);
	bn_bind_text(st, 5, info->config_digest);
	sqlite3_bind_int64(st, 6, now);
	sqlite3_bind_int(st, 7, info->disabled);
	bn_bind_text(st, 8, info->auth);
	bn_bind_text(st, 9, info->origin);
	rc = bn_first_row(writer, st, &found, err);
	if (rc == BN_OK && found) {
		*id = sqlite3_column_int64(st, 0);
		state = bn_column_text(st, 1);
		*fresh = state != NULL && strcmp(state, "new") == 0;
	}
	sqlite3_reset(st);
	return rc;
}

/* Findings about what is not configured any more are over: nobody can tell whether they last. */
static int
close_retired(struct bn_writer *writer, bn_time now, struct bn_error *err)
{
	static const char sql[] =
	    "UPDATE finding SET closed_at = ?1 WHERE closed_at IS NULL AND (source_id IN"
	    " (SELECT id FROM source WHERE configured_at IS NULL) OR about_source IN"
	    " (SELECT name FROM source WHERE configured_at IS NULL))";
	sqlite3_stmt *st = NULL;
	int rc = BN_OK;

	if (sqlite3_prepare_v2(writer->db, sql, -1, &st, NULL) != SQLITE_OK)
		return bn_fail(err, BN_EIO, "findings: %s", sqlite3_errmsg(writer->db));
	sqlite3_bind_int64(st, 1, now);
	if (sqlite3_step(st) != SQLITE_DONE)
		rc = bn_fail(err, BN_EIO, "findings: %s", sqlite3_errmsg(writer->db));
	sqlite3_finalize(st);
	return rc;
}

int
bn_writer_retire(struct bn_writer *writer, const char *origin, const char *keep,
		 struct bn_error *err)
{
	static const char sql[] =
	    "UPDATE source SET configured_at = NULL WHERE origin = ?1 AND configured_at IS NOT NULL"
	    " AND name NOT IN (SELECT value FROM json_each(?2))";
	sqlite3_stmt *st = NULL;
	int rc = bn_begin(writer, err);

	if (rc != BN_OK)
		return rc;
	if (sqlite3_prepare_v2(writer->db, sql, -1, &st, NULL) == SQLITE_OK) {
		bn_bind_text(st, 1, origin);
		bn_bind_text(st, 2, keep);
		rc = sqlite3_step(st) == SQLITE_DONE ? BN_OK : BN_EIO;
	} else
		rc = BN_EIO;
	if (rc != BN_OK)
		bn_fail(err, rc, "retiring sources: %s", sqlite3_errmsg(writer->db));
	else if (sqlite3_changes(writer->db) > 0)
		rc = close_retired(writer, bn_clock_now(writer->store->clock), err);
	sqlite3_finalize(st);
	if (rc == BN_OK)
		rc = bn_commit(writer, err);
	if (rc != BN_OK)
		bn_rollback(writer);
	return rc;
}

int
bn_writer_source(struct bn_writer *writer, const struct bn_source_info *info, int64_t *id,
		 struct bn_error *err)
{
	bn_time now = bn_clock_now(writer->store->clock);
	bool fresh = false;
	int rc;

	rc = bn_begin(writer, err);
	if (rc != BN_OK)
		return rc;
	rc = add_source(writer, info, now, id, &fresh, err);
	if (rc == BN_OK && (fresh || info->disabled))
		rc = source_thing(writer, *id, info->name, info->disabled ? BN_PAUSED : BN_UNKNOWN,
				  0, NULL, now, err);
	if (rc == BN_OK)
		rc = bn_commit(writer, err);
	if (rc != BN_OK)
		bn_rollback(writer);
	return rc;
}

int
bn_writer_take_lease(struct bn_writer *writer, int64_t source_id, const char *holder,
		     int64_t *epoch, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(writer, BN_ST_LEASE, err);
	bool found;
	int rc;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, source_id);
	bn_bind_text(st, 2, holder);
	rc = bn_first_row(writer, st, &found, err);
	if (rc == BN_OK && found) {
		*epoch = sqlite3_column_int64(st, 0);
		/* The row is there before the statement is through; the commit comes with the
		 * reset. */
		if (sqlite3_reset(st) != SQLITE_OK)
			rc = bn_db_fail(writer->db, err, "cache.db");
	} else if (rc == BN_OK)
		rc = bn_fail(err, BN_ENOTFOUND, "no source has the number %lld",
			     (long long)source_id);
	bn_store_committed(writer->store);
	return rc;
}

/* ---- what came of a poll ---- */

static int
poll_fine(struct bn_writer *writer, int64_t source_id, const struct bn_poll_result *r,
	  struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(writer, BN_ST_POLL_FINE, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, source_id);
	sqlite3_bind_int64(st, 2, r->began);
	sqlite3_bind_int64(st, 3, r->ended);
	bn_bind_time(st, 4, r->next_poll_at);
	sqlite3_bind_int64(st, 5, r->took);
	sqlite3_bind_int64(st, 6, r->requests);
	sqlite3_bind_int64(st, 7, r->skipped);
	bn_bind_text(st, 8, r->skip_reason);
	bn_bind_time(st, 9, r->auth_expires_at);
	return bn_run_statement(writer, st, err);
}

static const char *
state_of(int code)
{
	switch (code) {
	case BN_EAUTH:
		return "auth";
	case BN_ETHROTTLED:
		return "throttled";
	default:
		return "failing";
	}
}

static int
poll_failed(struct bn_writer *writer, int64_t source_id, const struct bn_poll_result *r,
	    struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(writer, BN_ST_POLL_FAILED, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, source_id);
	bn_bind_text(st, 2, state_of(r->failure->code));
	sqlite3_bind_int64(st, 3, r->began);
	sqlite3_bind_int64(st, 4, r->ended);
	sqlite3_bind_int(st, 5, r->failure->code);
	bn_bind_time(st, 6, r->failure->http_status);
	bn_bind_text(st, 7, r->failure->message);
	bn_bind_text(st, 8, r->failure->hint[0] != '\0' ? r->failure->hint : NULL);
	bn_bind_time(st, 9, r->next_poll_at);
	sqlite3_bind_int64(st, 10, r->requests);
	bn_bind_time(st, 11, r->auth_expires_at);
	return bn_run_statement(writer, st, err);
}

int
bn_apply_watched(struct bn_writer *writer, int64_t source_id, int64_t scope_id, bn_time began,
		 bn_time ended, struct bn_error *err)
{
	double speed = writer->store->clock->speed > 1 ? writer->store->clock->speed : 1;
	sqlite3_stmt *st = bn_use(writer, BN_ST_WATCHED_LAST, err);
	bool found, goes_on = false;
	int rc;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, source_id);
	sqlite3_bind_int64(st, 2, scope_id);
	rc = bn_first_row(writer, st, &found, err);
	if (rc == BN_OK && found && sqlite3_column_type(st, 0) != SQLITE_NULL) {
		/* the same factor as clock_factor(), by which what is read is judged stale */
		goes_on = ended - sqlite3_column_int64(st, 1) <=
			  sqlite3_column_int64(st, 2) * (int64_t)(speed + 0.5);
		if (goes_on)
			began = sqlite3_column_int64(st, 0);
	}
	sqlite3_reset(st);
	if (rc != BN_OK)
		return rc;
	st = bn_use(writer, goes_on ? BN_ST_WATCHED_EXTEND : BN_ST_WATCHED_ADD, err);
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, source_id);
	sqlite3_bind_int64(st, 2, scope_id);
	sqlite3_bind_int64(st, 3, began);
	sqlite3_bind_int64(st, 4, ended);
	return bn_run_statement(writer, st, err);
}

int
bn_apply_history(struct bn_apply *a, bn_time from, bn_time until, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_BACKFILLED, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, a->source_id);
	sqlite3_bind_int64(st, 2, from);
	sqlite3_bind_int64(st, 3, until);
	return bn_run_statement(a->writer, st, err);
}

/* Coverage: the latest interval goes on while the gap is no longer than two intervals. */
int
bn_apply_observed(struct bn_writer *writer, int64_t source_id, int64_t interval,
		  const struct bn_poll_result *r, struct bn_error *err)
{
	double speed = writer->store->clock->speed > 1 ? writer->store->clock->speed : 1;
	int64_t gap = (int64_t)(2.0 * (double)(interval > r->took ? interval : r->took) * speed);
	sqlite3_stmt *st = bn_use(writer, BN_ST_OBSERVED_LAST, err);
	bn_time began = 0, ended = 0;
	bool found;
	int rc;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, source_id);
	rc = bn_first_row(writer, st, &found, err);
	if (found) {
		began = sqlite3_column_int64(st, 0);
		ended = sqlite3_column_int64(st, 1);
	}
	sqlite3_reset(st);
	if (rc != BN_OK)
		return rc;
	found = found && r->ended - ended <= gap;
	st = bn_use(writer, found ? BN_ST_OBSERVED_EXTEND : BN_ST_OBSERVED_ADD, err);
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, source_id);
	sqlite3_bind_int64(st, 2, found ? began : r->began);
	sqlite3_bind_int64(st, 3, r->ended);
	return bn_run_statement(writer, st, err);
}

static int
apply_result(struct bn_writer *writer, int64_t source_id, const struct bn_poll_result *r,
	     struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(writer, BN_ST_SOURCE_ROW, err);
	enum bn_status status = r->failure == NULL		    ? BN_HEALTHY
				: r->failure->code == BN_ETHROTTLED ? BN_DEGRADED
								    : BN_DOWN;
	char *name = NULL;
	int64_t interval = 0;
	bn_time failing = 0;
	bool found;
	int rc;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, source_id);
	rc = bn_first_row(writer, st, &found, err);
	if (rc == BN_OK && !found)
		rc = bn_fail(err, BN_ENOTFOUND, "no source has the number %lld",
			     (long long)source_id);
	else if (rc == BN_OK) {
		name = bn_xstrdup(bn_column_text(st, 0));
		interval = sqlite3_column_int64(st, 1);
		failing = sqlite3_column_int64(st, 2);
	}
	sqlite3_reset(st);
	if (rc == BN_OK)
		rc = r->failure == NULL ? poll_fine(writer, source_id, r, err)
					: poll_failed(writer, source_id, r, err);
	if (rc == BN_OK)
		rc = source_thing(writer, source_id, name, status,
				  r->failure == NULL ? 0
				  : failing != 0     ? failing
						     : r->began,
				  r->failure == NULL ? NULL : r->failure->message, r->ended, err);
	if (rc == BN_OK)
		rc = bn_apply_watched(writer, source_id, 0, r->began, r->ended, err);
	if (rc == BN_OK && r->failure == NULL)
		rc = bn_apply_observed(writer, source_id, interval, r, err);
	free(name);
	return rc;
}

int
bn_writer_poll_result(struct bn_writer *writer, int64_t source_id, int64_t epoch,
		      const struct bn_poll_result *result, struct bn_error *err)
{
	int rc = bn_begin(writer, err);

	if (rc != BN_OK)
		return rc;
	rc = bn_check_epoch(writer, source_id, epoch, err);
	if (rc == BN_OK)
		rc = apply_result(writer, source_id, result, err);
	if (rc == BN_OK)
		rc = bn_commit(writer, err);
	if (rc != BN_OK)
		bn_rollback(writer);
	return rc;
}

static int
add_call(struct bn_writer *writer, int64_t source_id, const struct bn_call_record *call,
	 struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(writer, BN_ST_CALL_ADD, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, source_id);
	sqlite3_bind_int64(st, 2, call->at);
	sqlite3_bind_int64(st, 3, call->took);
	bn_bind_text(st, 4, call->what != NULL ? call->what : "");
	bn_bind_time(st, 5, call->http_status);
	bn_bind_known(st, 6, call->bytes);
	bn_bind_text(st, 7, call->error);
	return bn_run_statement(writer, st, err);
}

int
bn_writer_calls(struct bn_writer *writer, int64_t source_id, const struct bn_call_record *calls,
		size_t count, struct bn_error *err)
{
	int rc;

	if (count == 0)
		return BN_OK;
	rc = bn_begin(writer, err);
	for (size_t i = 0; i < count && rc == BN_OK; i++)
		rc = add_call(writer, source_id, &calls[i], err);
	if (rc == BN_OK)
		rc = bn_commit(writer, err);
	if (rc != BN_OK)
		bn_rollback(writer);
	return rc;
}

/* ---- the configuration's links, kept logs ---- */

int
bn_writer_config_links(struct bn_writer *writer, const struct bn_config_link *links, size_t count,
		       struct bn_error *err)
{
	struct bn_apply a = {.writer = writer, .now = bn_clock_now(writer->store->clock)};
	sqlite3_stmt *st;
	int rc;

	rc = bn_begin(writer, err);
	if (rc != BN_OK)
		return rc;
	st = bn_use(writer, BN_ST_LINKS_DROP, err);
	if (st == NULL)
		rc = err->code;
	else {
		bn_bind_text(st, 1, "config");
		rc = bn_run_statement(writer, st, err);
	}
	for (size_t i = 0; i < count && rc == BN_OK; i++)
		rc = bn_apply_link(&a, &links[i].from, &links[i].to, links[i].kind, "config", err);
	if (rc == BN_OK)
		rc = bn_commit(writer, err);
	if (rc != BN_OK)
		bn_rollback(writer);
	return rc;
}

static int
put_log(struct bn_writer *writer, int64_t run_id, int attempt, const char *task_key, int try_number,
	bool complete, const char *text, size_t size, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(writer, BN_ST_LOG_PUT, err);
	const char *newline;

	if (st == NULL)
		return err->code;
	if (size > LOG_MAX) {
		/* Its end is what a person needs; from the start of a line on. */
		text += size - LOG_MAX;
		size = LOG_MAX;
		newline = memchr(text, '\n', size);
		if (newline != NULL && newline + 1 < text + size) {
			size -= (size_t)(newline + 1 - text);
			text = newline + 1;
		}
	}
	sqlite3_bind_int64(st, 1, run_id);
	sqlite3_bind_int(st, 2, attempt);
	bn_bind_text(st, 3, task_key != NULL ? task_key : "");
	sqlite3_bind_int(st, 4, try_number);
	sqlite3_bind_int64(st, 5, bn_clock_now(writer->store->clock));
	sqlite3_bind_int(st, 6, complete);
	sqlite3_bind_int64(st, 7, (int64_t)size);
	sqlite3_bind_text64(st, 8, text, size, SQLITE_STATIC, SQLITE_UTF8);
	return bn_run_statement(writer, st, err);
}

int
bn_writer_log(struct bn_writer *writer, const char *source, const char *run_key, int attempt,
	      const char *task_key, int try_number, bool complete, const char *text, size_t size,
	      struct bn_error *err)
{
	struct bn_apply a = {.writer = writer, .source_name = source};
	struct bn_ref run = {BN_RUN, source, run_key};
	int64_t run_id;
	int rc;

	rc = bn_begin(writer, err);
	if (rc != BN_OK)
		return rc;
	rc = bn_apply_find(&a, &run, &run_id, err);
	if (rc == BN_OK)
		rc = put_log(writer, run_id, attempt, task_key, try_number, complete, text, size,
			     err);
	if (rc == BN_OK)
		rc = bn_commit(writer, err);
	if (rc != BN_OK)
		bn_rollback(writer);
	return rc;
}

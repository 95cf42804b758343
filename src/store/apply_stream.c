/* apply_stream.c - streams: what is expected of them, what was asked for, and numbers that came before their thing. */
/* SPDX-License-Identifier: MIT */
#include "store/apply.h"

#include <math.h>

#define STEP 60000

static void
bind_number(sqlite3_stmt *st, int at, double value, bool said)
{
	if (said && isfinite(value))
		sqlite3_bind_double(st, at, value);
	else
		sqlite3_bind_null(st, at);
}

int
bn_apply_stream(struct bn_apply *a, const struct bn_stream *s, const char *labels, bn_time sent,
		struct bn_error *err)
{
	struct bn_seen seen;
	sqlite3_stmt *st;
	int rc;

	rc = bn_apply_entity(a, BN_STREAM, &s->e, labels, sent, &seen, err);
	if (rc != BN_OK || seen.dropped)
		return rc;
	st = bn_use(a->writer, BN_ST_STREAM_PUT, err);
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, seen.id);
	bn_bind_text(st, 2, s->unit);
	bn_bind_text(st, 3, s->query);
	bind_number(st, 4, s->expect > 0 ? s->expect : 1, s->expect >= 0);
	sqlite3_bind_int(st, 5, s->counted);
	sqlite3_bind_int64(st, 6, s->settle > 0 ? s->settle : 0);
	bind_number(st, 7, s->ceiling, s->ceiling > 0);
	bind_number(st, 8, s->burst, s->burst > 0);
	bn_bind_time(st, 9, s->flat);
	bind_number(st, 10, s->anomaly, s->anomaly > 0);
	bn_bind_text(st, 11, s->scope);
	bn_bind_text(st, 12, s->group);
	bn_bind_text(st, 13, s->stage);
	sqlite3_bind_int(st, 14, s->position);
	bn_bind_text(st, 15, s->checks);
	return bn_run_statement(a->writer, st, err);
}

/* ---- what was asked for ---- */

static int
settle_of(struct bn_apply *a, int64_t id, int64_t *out, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_STREAM_SETTLE, err);
	bool found;
	int rc;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, id);
	rc = bn_first_row(a->writer, st, &found, err);
	*out = STEP + (found ? sqlite3_column_int64(st, 0) : 0);
	sqlite3_reset(st);
	return rc;
}

static void
bind_reading(sqlite3_stmt *st, int64_t id, bn_time from, bn_time at, int64_t open)
{
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int64(st, 2, from);
	sqlite3_bind_int64(st, 3, at);
	if (sqlite3_bind_parameter_count(st) >= 4)
		sqlite3_bind_int64(st, 4, open);
}

static int
run_reading(struct bn_apply *a, enum bn_statement which, int64_t id, bn_time from, bn_time at,
	    int64_t open, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, which, err);

	if (st == NULL)
		return err->code;
	bind_reading(st, id, from, at, open);
	return bn_run_statement(a->writer, st, err);
}

int
bn_apply_reading(struct bn_apply *a, const char *stream, bn_time from, bn_time at,
		 struct bn_error *err)
{
	struct bn_ref about = {BN_STREAM, NULL, stream};
	bn_time began = from, ended = at;
	sqlite3_stmt *st;
	int64_t id = 0, open = 0;
	bool found;
	int rc;

	rc = bn_apply_find(a, &about, &id, err);
	if (rc == BN_OK)
		rc = settle_of(a, id, &open, err);
	/* the usual one: a little further than the last */
	if (rc == BN_OK)
		rc = run_reading(a, BN_ST_READING_EXTEND, id, from, at, open, err);
	if (rc != BN_OK)
		return rc;
	if (sqlite3_changes(a->writer->db) > 0)
		return run_reading(a, BN_ST_READING_INSIDE, id, from, at, open, err);
	st = bn_use(a->writer, BN_ST_READING_JOIN, err);
	if (st == NULL)
		return err->code;
	bind_reading(st, id, from, at, open);
	rc = bn_first_row(a->writer, st, &found, err);
	if (rc == BN_OK && found && sqlite3_column_type(st, 0) != SQLITE_NULL) {
		began = sqlite3_column_int64(st, 0) < from ? sqlite3_column_int64(st, 0) : from;
		ended = sqlite3_column_int64(st, 1) > at ? sqlite3_column_int64(st, 1) : at;
	}
	sqlite3_reset(st);
	if (rc == BN_OK)
		rc = run_reading(a, BN_ST_READING_DROP, id, began, ended, open, err);
	return rc == BN_OK ? run_reading(a, BN_ST_READING_ADD, id, began, ended, open, err) : rc;
}

/* ---- numbers before their thing ---- */

int
bn_apply_early(struct bn_apply *a, const struct bn_ref *about, const char *name, bool point,
	       double value, const char *unit, bn_time at, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_EARLY_ADD, err);

	if (st == NULL)
		return err->code;
	bn_bind_text(st, 1, about->source != NULL ? about->source : a->source_name);
	sqlite3_bind_int(st, 2, about->kind);
	bn_bind_text(st, 3, about->key);
	bn_bind_text(st, 4, name);
	sqlite3_bind_int(st, 5, point);
	bind_number(st, 6, value, true);
	bn_bind_text(st, 7, unit);
	sqlite3_bind_int64(st, 8, at);
	sqlite3_bind_int64(st, 9, a->now);
	return bn_run_statement(a->writer, st, err);
}

int
bn_apply_awaited(struct bn_apply *a, int64_t id, enum bn_kind kind, const char *key,
		 struct bn_error *err)
{
	static const enum bn_statement steps[] = {BN_ST_EARLY_FIND, BN_ST_EARLY_MEASURE,
						  BN_ST_EARLY_SERIES, BN_ST_EARLY_POINTS,
						  BN_ST_EARLY_DROP};
	int rc = BN_OK;

	for (size_t i = 0; rc == BN_OK && i < sizeof(steps) / sizeof(steps[0]); i++) {
		sqlite3_stmt *st = bn_use(a->writer, steps[i], err);
		bool found = true;

		if (st == NULL)
			return err->code;
		bn_bind_text(st, 1, a->source_name);
		sqlite3_bind_int(st, 2, kind);
		bn_bind_text(st, 3, key);
		if (i == 0) {
			rc = bn_first_row(a->writer, st, &found, err);
			sqlite3_reset(st);
			if (!found)
				break;
			continue;
		}
		if (sqlite3_bind_parameter_count(st) >= 4)
			sqlite3_bind_int64(st, 4, id);
		rc = bn_run_statement(a->writer, st, err);
	}
	return rc;
}

/* apply_rest.c - endpoints, findings, attributes, measures, points, links. */
/* SPDX-License-Identifier: MIT */
#include "store/apply.h"

#include <math.h>
#include <string.h>

int
bn_apply_endpoint(struct bn_apply *a, const struct bn_endpoint *p, const char *labels,
		  const char *asserts, bn_time sent, struct bn_error *err)
{
	const int64_t phases[] = {p->resolve,	 p->connect,  p->tls,
				  p->first_byte, p->transfer, p->total};
	struct bn_seen seen;
	sqlite3_stmt *st;
	int rc;

	rc = bn_apply_entity(a, BN_ENDPOINT, &p->e, labels, sent, &seen, err);
	if (rc != BN_OK || seen.dropped)
		return rc;
	st = bn_use(a->writer, BN_ST_ENDPOINT_PUT, err);
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, seen.id);
	bn_bind_text(st, 2, p->type);
	bn_bind_text(st, 3, p->target);
	bn_bind_time(st, 4, p->http_status);
	for (int i = 0; i < 6; i++)
		bn_bind_known(st, 5 + i, phases[i]);
	bn_bind_time(st, 11, p->certificate_expires);
	bn_bind_time(st, 12, p->checked_at != 0 ? p->checked_at : sent);
	bn_bind_time(st, 13, p->slo_p99);
	bn_bind_text(st, 14, asserts);
	return bn_run_statement(a->writer, st, err);
}

/* ---- findings ---- */

static void
bind_about(struct bn_apply *a, sqlite3_stmt *st, int at, const struct bn_ref *about)
{
	bool any = about->kind != BN_KIND_NONE && about->key != NULL;

	bn_bind_text(st, at, !any ? NULL : about->source != NULL ? about->source : a->source_name);
	bn_bind_time(st, at + 1, any ? (int64_t)about->kind : 0);
	bn_bind_text(st, at + 2, any ? about->key : NULL);
}

static void
bind_silence(sqlite3_stmt *st, int at, const struct bn_finding *f)
{
	sqlite3_bind_int(st, at, f->silenced);
	bn_bind_time(st, at + 1, f->silenced ? f->silenced_until : 0);
	bn_bind_text(st, at + 2, f->silenced ? f->silenced_by : NULL);
	bn_bind_text(st, at + 3, f->silenced ? f->silenced_why : NULL);
}

static int
add_finding(struct bn_apply *a, const struct bn_finding *f, const char *rule, const char *labels,
	    bn_time sent, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_FINDING_ADD, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, a->source_id);
	bn_bind_text(st, 2, rule);
	bn_bind_text(st, 3, f->key);
	sqlite3_bind_int(st, 4, f->severity);
	bn_bind_text(st, 5, f->title != NULL ? f->title : f->key);
	bn_bind_text(st, 6, f->message);
	bind_about(a, st, 7, &f->about);
	sqlite3_bind_int64(st, 10, f->since != 0 ? f->since : sent);
	sqlite3_bind_int64(st, 11, a->now);
	bn_bind_text(st, 12, f->url);
	bn_bind_text(st, 13, labels);
	bn_bind_time(st, 14, a->scope_id);
	sqlite3_bind_int64(st, 15, a->generation);
	sqlite3_bind_int64(st, 16, sent);
	bind_silence(st, 17, f);
	return bn_run_statement(a->writer, st, err);
}

static int
update_finding(struct bn_apply *a, int64_t id, const struct bn_finding *f, const char *labels,
	       bn_time sent, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_FINDING_UPDATE, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int(st, 2, f->severity);
	bn_bind_text(st, 3, f->title != NULL ? f->title : f->key);
	bn_bind_text(st, 4, f->message);
	bind_about(a, st, 5, &f->about);
	bn_bind_time(st, 8, f->since);
	sqlite3_bind_int64(st, 9, a->now);
	bn_bind_text(st, 10, f->url);
	bn_bind_text(st, 11, labels);
	bn_bind_time(st, 12, a->scope_id);
	sqlite3_bind_int64(st, 13, a->generation);
	sqlite3_bind_int64(st, 14, sent);
	bind_silence(st, 15, f);
	return bn_run_statement(a->writer, st, err);
}

int
bn_apply_finding(struct bn_apply *a, const struct bn_finding *f, const char *labels, bn_time sent,
		 struct bn_error *err)
{
	const char *rule = f->rule != NULL ? f->rule : "finding";
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_FINDING_FIND, err);
	bool found, closed = false, older = false;
	int64_t id = 0;
	int rc;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, a->source_id);
	bn_bind_text(st, 2, rule);
	bn_bind_text(st, 3, f->key);
	rc = bn_first_row(a->writer, st, &found, err);
	if (rc == BN_OK && found) {
		id = sqlite3_column_int64(st, 0);
		closed = sqlite3_column_type(st, 1) != SQLITE_NULL;
		older = sent < sqlite3_column_int64(st, 2);
	}
	sqlite3_reset(st);
	if (rc != BN_OK || (found && older))
		return rc;
	if (!found || closed)
		return add_finding(a, f, rule, labels, sent, err);
	return update_finding(a, id, f, labels, sent, err);
}

/* ---- named facts ---- */

static int
attribute_changed(struct bn_apply *a, int64_t id, const char *name, bn_time at, const char *old,
		  const char *new, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_ATTRIBUTE_CHANGE, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, id);
	bn_bind_text(st, 2, name);
	sqlite3_bind_int64(st, 3, at);
	sqlite3_bind_int64(st, 4, a->now);
	bn_bind_text(st, 5, old);
	bn_bind_text(st, 6, new);
	return bn_run_statement(a->writer, st, err);
}

int
bn_apply_attribute(struct bn_apply *a, enum bn_kind kind, const char *key, const char *name,
		   const char *value, bn_time sent, struct bn_error *err)
{
	struct bn_ref about = {kind, NULL, key};
	bool found, older = false, same = false;
	sqlite3_stmt *st;
	int64_t id;
	int rc;

	rc = bn_apply_find(a, &about, &id, err);
	if (rc != BN_OK)
		return rc;
	st = bn_use(a->writer, BN_ST_ATTRIBUTE_FIND, err);
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, id);
	bn_bind_text(st, 2, name);
	rc = bn_first_row(a->writer, st, &found, err);
	if (rc == BN_OK && found) {
		older = sent < sqlite3_column_int64(st, 1);
		same = bn_same_text(bn_column_text(st, 0), value);
		if (!older && !same)
			rc =
			    attribute_changed(a, id, name, sent, bn_column_text(st, 0), value, err);
	}
	sqlite3_reset(st);
	if (rc == BN_OK && !found)
		rc = attribute_changed(a, id, name, sent, NULL, value, err);
	if (rc != BN_OK || older)
		return rc;
	st = bn_use(a->writer, BN_ST_ATTRIBUTE_PUT, err);
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, id);
	bn_bind_text(st, 2, name);
	bn_bind_text(st, 3, value);
	sqlite3_bind_int64(st, 4, sent);
	sqlite3_bind_int64(st, 5, sent);
	return bn_run_statement(a->writer, st, err);
}

static void
bind_number(sqlite3_stmt *st, int at, double value)
{
	/* Prometheus has NaN for "no value"; SQLite would store NULL for it and infinities as they
	 * are. */
	if (isfinite(value))
		sqlite3_bind_double(st, at, value);
	else
		sqlite3_bind_null(st, at);
}

int
bn_apply_measure(struct bn_apply *a, const struct bn_ref *about, const char *name, double value,
		 const char *unit, bn_time at, struct bn_error *err)
{
	sqlite3_stmt *st;
	int64_t id;
	int rc;

	rc = bn_apply_find(a, about, &id, err);
	if (rc != BN_OK)
		return rc;
	st = bn_use(a->writer, BN_ST_MEASURE_PUT, err);
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, id);
	bn_bind_text(st, 2, name);
	bind_number(st, 3, value);
	bn_bind_text(st, 4, unit);
	sqlite3_bind_int64(st, 5, at);
	return bn_run_statement(a->writer, st, err);
}

static int
series_of(struct bn_apply *a, int64_t entity_id, const char *name, int64_t *id,
	  struct bn_error *err)
{
	sqlite3_stmt *st;
	bool found;
	int rc;

	if (a->last_series.series_id != 0 && a->last_series.entity_id == entity_id &&
	    strcmp(a->last_series.name, name) == 0) {
		*id = a->last_series.series_id;
		return BN_OK;
	}
	st = bn_use(a->writer, BN_ST_SERIES_PUT, err);
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, entity_id);
	bn_bind_text(st, 2, name);
	rc = bn_first_row(a->writer, st, &found, err);
	*id = found ? sqlite3_column_int64(st, 0) : 0;
	sqlite3_reset(st);
	a->last_series.series_id = 0;
	if (rc == BN_OK && strlen(name) < sizeof(a->last_series.name)) {
		strcpy(a->last_series.name, name);
		a->last_series.series_id = *id;
		a->last_series.entity_id = entity_id;
	}
	return rc;
}

int
bn_apply_point(struct bn_apply *a, const struct bn_ref *about, const char *series, bn_time at,
	       double value, struct bn_error *err)
{
	sqlite3_stmt *st;
	int64_t entity_id, series_id = 0;
	int rc;

	rc = bn_apply_find(a, about, &entity_id, err);
	if (rc == BN_OK)
		rc = series_of(a, entity_id, series, &series_id, err);
	if (rc != BN_OK)
		return rc;
	st = bn_use(a->writer, BN_ST_POINT_PUT, err);
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, series_id);
	sqlite3_bind_int64(st, 2, at);
	bind_number(st, 3, value);
	sqlite3_bind_int64(st, 4, a->now);
	rc = bn_run_statement(a->writer, st, err);
	if (rc != BN_OK || about->kind != BN_STREAM || sqlite3_changes(a->writer->db) == 0)
		return rc;
	st = bn_use(a->writer, BN_ST_POINT_CHANGED, err);
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, entity_id);
	sqlite3_bind_int64(st, 2, at);
	return bn_run_statement(a->writer, st, err);
}

/* ---- lineage ---- */

int
bn_apply_link(struct bn_apply *a, const struct bn_ref *from, const struct bn_ref *to,
	      const char *kind, const char *origin, struct bn_error *err)
{
	/* A plugin that names no source means its own; the configuration means any ('' in the
	 * table). */
	const char *fallback = a->source_name != NULL ? a->source_name : "";
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_LINK_PUT, err);

	if (st == NULL)
		return err->code;
	bn_bind_text(st, 1, from->source != NULL ? from->source : fallback);
	sqlite3_bind_int(st, 2, from->kind);
	bn_bind_text(st, 3, from->key);
	bn_bind_text(st, 4, to->source != NULL ? to->source : fallback);
	sqlite3_bind_int(st, 5, to->kind);
	bn_bind_text(st, 6, to->key);
	bn_bind_text(st, 7, kind);
	bn_bind_text(st, 8, origin);
	sqlite3_bind_int64(st, 9, a->now);
	return bn_run_statement(a->writer, st, err);
}

/* products.c - data products as they were judged: entities of a source without a platform, and objectives. */
/* SPDX-License-Identifier: MIT */
#include "store/apply.h"

#include <math.h>
#include <string.h>

/* Where nothing changed, that it is still so is written this often, ms. */
#define RENEW 30000

struct put {
	struct bn_apply apply;
	struct bn_error *err;
	bn_time at;
	sqlite3_stmt *product, *find, *objective, *row, *old_row, *drop;
};

static void
bind_real(sqlite3_stmt *st, int at, double value)
{
	if (isnan(value))
		sqlite3_bind_null(st, at);
	else
		sqlite3_bind_double(st, at, value);
}

static int
prepare(struct put *put)
{
	const struct {
		sqlite3_stmt **out;
		const char *sql;
	} all[] = {
	    {&put->product,
	     "INSERT INTO product (entity_id, domain, contact, lifecycle, consumers, cost,"
	     " cost_unit) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (entity_id) DO UPDATE SET"
	     " domain = ?2, contact = ?3, lifecycle = ?4, consumers = ?5, cost = ?6, cost_unit = "
	     "?7"},
	    {&put->find, "SELECT id, evaluated_at FROM objective WHERE product_id = ?1 AND sli = "
			 "?2"},
	    {&put->objective,
	     "INSERT INTO objective (product_id, sli, target, text, goal, window_ms, value, state,"
	     " since, good_at, due_at, predicted_at, evaluated_at, detail) VALUES (?1, ?2, ?3, ?4,"
	     " ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT (product_id, sli) DO UPDATE"
	     " SET target = ?3, text = ?4, goal = ?5, window_ms = ?6, value = ?7,"
	     " since = coalesce(?9, CASE WHEN state = ?8 THEN since END, ?13), state = ?8,"
	     " good_at = ?10, due_at = ?11, predicted_at = ?12, evaluated_at = ?13, detail = ?14,"
	     " gone_at = NULL RETURNING id"},
	    {&put->row, "INSERT OR REPLACE INTO objective_history (objective_id, at, good_ms,"
			" bad_ms, unknown_ms, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"},
	    {&put->old_row, "SELECT good_ms, bad_ms, unknown_ms, state FROM objective_history"
			    " WHERE objective_id = ?1 AND at = ?2"},
	    {&put->drop, "UPDATE objective SET gone_at = ?2 WHERE product_id = ?1"
			 " AND evaluated_at < ?2 AND gone_at IS NULL"},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (sqlite3_prepare_v2(put->apply.writer->db, all[i].sql, -1, all[i].out, NULL) !=
		    SQLITE_OK)
			return bn_db_fail(put->apply.writer->db, put->err, "products");
	return BN_OK;
}

static void
finish(struct put *put)
{
	sqlite3_finalize(put->product);
	sqlite3_finalize(put->find);
	sqlite3_finalize(put->objective);
	sqlite3_finalize(put->row);
	sqlite3_finalize(put->old_row);
	sqlite3_finalize(put->drop);
}

static int
step(struct put *put, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);

	if (rc == SQLITE_ROW)
		rc = SQLITE_DONE;
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? BN_OK : bn_db_fail(put->apply.writer->db, put->err, "products");
}

/* The source's row and the configuration's scope in it. There is no BN_SOURCE entity: no platform has
 * to be asked, so none can be missing. */
static int
open_scope(struct put *put, const char *origin, int64_t interval)
{
	static const char source_sql[] =
	    "INSERT INTO source (name, type, interval_ms, configured_at, state, last_try_at,"
	    " last_ok_at, took_ms) VALUES ('" BN_PRODUCT_SOURCE "', '" BN_PRODUCT_SOURCE
	    "', ?1, ?2,"
	    " 'ok', ?2, ?2, 0) ON CONFLICT (name) DO UPDATE SET interval_ms = ?1,"
	    " configured_at = max(coalesce(configured_at, 0), ?2),"
	    " last_try_at = max(last_try_at, ?2), last_ok_at = max(last_ok_at, ?2) RETURNING id";
	struct bn_apply *a = &put->apply;
	sqlite3_stmt *st = NULL;
	bool found;
	int rc;

	if (sqlite3_prepare_v2(a->writer->db, source_sql, -1, &st, NULL) != SQLITE_OK)
		return bn_db_fail(a->writer->db, put->err, "products");
	sqlite3_bind_int64(st, 1, interval);
	sqlite3_bind_int64(st, 2, put->at);
	rc = sqlite3_step(st) == SQLITE_ROW ? BN_OK
					    : bn_db_fail(a->writer->db, put->err, "products");
	a->source_id = rc == BN_OK ? sqlite3_column_int64(st, 0) : 0;
	sqlite3_finalize(st);
	a->source_name = BN_PRODUCT_SOURCE;
	if (rc != BN_OK || (st = bn_use(a->writer, BN_ST_SCOPE_BEGIN, put->err)) == NULL)
		return rc != BN_OK ? rc : put->err->code;
	sqlite3_bind_int64(st, 1, a->source_id);
	bn_bind_text(st, 2, origin);
	sqlite3_bind_int(st, 3, 1);
	rc = bn_first_row(a->writer, st, &found, put->err);
	if (rc == BN_OK && found) {
		a->scope_id = sqlite3_column_int64(st, 0);
		a->generation = sqlite3_column_int64(st, 1);
	}
	sqlite3_reset(st);
	return rc;
}

static int
close_scope(struct put *put, size_t count, int64_t interval)
{
	const struct bn_poll_result seen = {.began = put->at, .ended = put->at};
	struct bn_apply *a = &put->apply;
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_SCOPE_DONE, put->err);
	int rc;

	if (st == NULL)
		return put->err->code;
	sqlite3_bind_int64(st, 1, a->scope_id);
	sqlite3_bind_int64(st, 2, put->at);
	sqlite3_bind_int64(st, 3, put->at);
	sqlite3_bind_int64(st, 4, (int64_t)count);
	sqlite3_bind_int64(st, 5, 0);
	rc = bn_run_statement(a->writer, st, put->err);
	if (rc == BN_OK)
		rc = bn_apply_sweep(a, put->at, put->err);
	if (rc == BN_OK)
		rc = bn_apply_observed(a->writer, a->source_id, interval, &seen, put->err);
	return rc;
}

static bool
same_row(struct put *put, int64_t objective, const struct bn_objective_row *row)
{
	bool same;

	sqlite3_bind_int64(put->old_row, 1, objective);
	sqlite3_bind_int64(put->old_row, 2, row->at);
	same = sqlite3_step(put->old_row) == SQLITE_ROW &&
	       sqlite3_column_int64(put->old_row, 0) == row->good &&
	       sqlite3_column_int64(put->old_row, 1) == row->bad &&
	       sqlite3_column_int64(put->old_row, 2) == row->unknown &&
	       sqlite3_column_int(put->old_row, 3) == (int)row->state;
	sqlite3_reset(put->old_row);
	return same;
}

static int
put_rows(struct put *put, int64_t objective, const struct bn_objective_record *o)
{
	int rc = BN_OK;

	for (size_t i = 0; i < o->row_count && rc == BN_OK; i++) {
		const struct bn_objective_row *row = &o->rows[i];

		if (same_row(put, objective, row))
			continue;
		sqlite3_bind_int64(put->row, 1, objective);
		sqlite3_bind_int64(put->row, 2, row->at);
		sqlite3_bind_int64(put->row, 3, row->good);
		sqlite3_bind_int64(put->row, 4, row->bad);
		sqlite3_bind_int64(put->row, 5, row->unknown);
		sqlite3_bind_int(put->row, 6, (int)row->state);
		rc = step(put, put->row);
	}
	return rc;
}

static int
put_objective(struct put *put, int64_t product, const char *key,
	      const struct bn_objective_record *o)
{
	const struct bn_ref about = {BN_PRODUCT, BN_PRODUCT_SOURCE, key};
	sqlite3_stmt *st = put->objective;
	int64_t id = 0;
	int rc = BN_OK;

	sqlite3_bind_int64(put->find, 1, product);
	bn_bind_text(put->find, 2, o->sli);
	if (sqlite3_step(put->find) == SQLITE_ROW && sqlite3_column_int64(put->find, 1) > put->at)
		id = -1; /* somebody knows better already */
	sqlite3_reset(put->find);
	if (id < 0)
		return BN_OK;
	sqlite3_bind_int64(st, 1, product);
	bn_bind_text(st, 2, o->sli);
	bind_real(st, 3, o->target);
	bn_bind_text(st, 4, o->text);
	sqlite3_bind_double(st, 5, o->goal);
	sqlite3_bind_int64(st, 6, o->window);
	bind_real(st, 7, o->value);
	sqlite3_bind_int(st, 8, (int)o->state);
	bn_bind_time(st, 9, o->since);
	bn_bind_time(st, 10, o->good_at);
	bn_bind_time(st, 11, o->due_at);
	bn_bind_time(st, 12, o->predicted_at);
	sqlite3_bind_int64(st, 13, put->at);
	bn_bind_text(st, 14, o->detail);
	if (sqlite3_step(st) == SQLITE_ROW)
		id = sqlite3_column_int64(st, 0);
	else
		rc = bn_db_fail(put->apply.writer->db, put->err, "products");
	sqlite3_reset(st);
	if (rc == BN_OK && o->sampled && !isnan(o->value))
		rc = bn_apply_point(&put->apply, &about, o->sli, put->at / 60000 * 60000, o->value,
				    put->err);
	return rc == BN_OK ? put_rows(put, id, o) : rc;
}

static int
put_product(struct put *put, const struct bn_product_record *p)
{
	struct bn_seen seen;
	int rc =
	    bn_apply_entity(&put->apply, BN_PRODUCT, &p->entity, NULL, put->at, &seen, put->err);

	if (rc != BN_OK || seen.dropped)
		return rc;
	sqlite3_bind_int64(put->product, 1, seen.id);
	bn_bind_text(put->product, 2, p->domain);
	bn_bind_text(put->product, 3, p->contact);
	bn_bind_text(put->product, 4, p->lifecycle);
	bn_bind_text(put->product, 5, p->consumers);
	bind_real(put->product, 6, p->cost);
	bn_bind_text(put->product, 7, p->cost_unit);
	rc = step(put, put->product);
	if (rc == BN_OK) /* when it was changed is history */
		rc = bn_apply_attribute(&put->apply, BN_PRODUCT, p->entity.key, "lifecycle",
					p->lifecycle, put->at, put->err);
	for (size_t i = 0; i < p->objective_count && rc == BN_OK; i++)
		rc = put_objective(put, seen.id, p->entity.key, &p->objectives[i]);
	if (rc != BN_OK)
		return rc;
	sqlite3_bind_int64(put->drop, 1, seen.id);
	sqlite3_bind_int64(put->drop, 2, put->at);
	return step(put, put->drop);
}

/* Whether what is stored says the same, and not long ago: then nothing is written. */
static bool
is_settled(struct bn_writer *writer, const char *origin, bn_time at,
	   const struct bn_product_record *products, size_t count)
{
	static const char sql[] =
	    "SELECT e.key, e.status, e.message, (SELECT group_concat(o.sli || o.state) FROM"
	    "  (SELECT sli, state FROM objective WHERE product_id = e.id AND gone_at IS NULL"
	    "   ORDER BY id) o) FROM entity e JOIN scope c ON c.id = e.scope_id JOIN source s"
	    " ON s.id = c.source_id WHERE s.name = '" BN_PRODUCT_SOURCE "' AND c.name = ?1 AND"
	    " c.last_ok_at <= ?2 AND c.last_ok_at > ?2 - ?3 * clock_factor()"
	    " AND s.configured_at IS NOT NULL AND e.gone_at IS NULL";
	sqlite3_stmt *st = NULL;
	size_t seen = 0;
	bool same = sqlite3_prepare_v2(writer->db, sql, -1, &st, NULL) == SQLITE_OK;

	if (!same)
		return false;
	bn_bind_text(st, 1, origin);
	sqlite3_bind_int64(st, 2, at);
	sqlite3_bind_int64(st, 3, RENEW);
	while (same && sqlite3_step(st) == SQLITE_ROW) {
		struct bn_buf objectives = BN_BUF_INIT(0);
		size_t i = 0;

		while (i < count && strcmp(products[i].entity.key, bn_column_text(st, 0)) != 0)
			i++;
		same = i < count && sqlite3_column_int(st, 1) == (int)products[i].entity.status &&
		       bn_same_text(bn_column_text(st, 2), products[i].entity.message);
		for (size_t n = 0; same && n < products[i].objective_count; n++)
			bn_buf_addf(&objectives, "%s%s%d", n > 0 ? "," : "",
				    products[i].objectives[n].sli,
				    (int)products[i].objectives[n].state);
		if (same && products[i].objective_count > 0)
			same = bn_same_text(bn_column_text(st, 3), bn_buf_text(&objectives));
		bn_buf_free(&objectives);
		seen++;
	}
	sqlite3_finalize(st);
	return same && seen == count;
}

int
bn_writer_products(struct bn_writer *writer, const char *origin, int64_t interval, bn_time at,
		   const struct bn_product_record *products, size_t count, struct bn_error *err)
{
	struct put put = {.apply = {.writer = writer, .now = at, .source_name = BN_PRODUCT_SOURCE},
			  .at = at,
			  .err = err};
	int rc;

	if (is_settled(writer, origin, at, products, count))
		return BN_OK;
	rc = bn_begin(writer, err);
	if (rc != BN_OK)
		return rc;
	rc = prepare(&put);
	if (rc == BN_OK)
		rc = open_scope(&put, origin, interval);
	for (size_t i = 0; i < count && rc == BN_OK; i++)
		rc = put_product(&put, &products[i]);
	if (rc == BN_OK)
		rc = close_scope(&put, count, interval);
	finish(&put);
	if (rc == BN_OK)
		rc = bn_commit(writer, err);
	if (rc != BN_OK)
		bn_rollback(writer);
	return rc;
}

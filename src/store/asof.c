/* asof.c - time travel: temporary views that shadow the tables and hold them as they were known at a moment. */
/* SPDX-License-Identifier: MIT */
#include "store/asof.h"

#include <stdlib.h>
#include <string.h>

#define EARLY_MS                                                                                   \
	((int64_t)5000) /* as apply_run.c: a run that began this little before its fire time was that fire's */
#define STATS_RUNS 20

/* What is asked for of one statement at a time while the moment is being made. */
static int
each(sqlite3 *db, const char *const *scripts, struct bn_error *err)
{
	int rc = BN_OK;

	for (size_t i = 0; scripts[i] != NULL && rc == BN_OK; i++)
		rc = bn_db_exec(db, scripts[i], err);
	return rc;
}

/* ---- the views ----------------------------------------------------------------------------- */

/* The documented views over the tables themselves, or over what they were: the same text. */
static int
make_now_views(sqlite3 *db, bool shadowed, struct bn_error *err)
{
	static const char *const from[] = {"main.", "journal."};
	static const char made[] = "CREATE TEMP VIEW ";
	const char *at = bn_views_now;
	struct bn_buf sql = BN_BUF_INIT(0);
	int rc;

	for (const char *v = at; (v = strstr(v, made)) != NULL; v += strlen(made)) {
		v += strlen(made);
		bn_buf_addf(&sql, "DROP VIEW IF EXISTS temp.%.*s;", (int)strcspn(v, " "), v);
		v -= strlen(made);
	}
	while (*at != '\0') {
		size_t i = 0;

		while (i < 2 && strncmp(at, from[i], strlen(from[i])) != 0)
			i++;
		if (i == 2 || !shadowed)
			bn_buf_addc(&sql, *at++);
		else {
			bn_buf_adds(&sql, "temp.at_");
			at += strlen(from[i]);
		}
	}
	rc = bn_db_exec(db, bn_buf_text(&sql), err);
	bn_buf_free(&sql);
	return rc;
}

/* Tables of which nothing is kept as it was, or that are history themselves: passed on as they are.
 * `shadow` says whether at_NAME is to get a bare name as well. */
static int
for_all_tables(sqlite3 *db, const char *format, bool missing_only, struct bn_error *err)
{
	static const char sql[] = "SELECT m.name FROM main.sqlite_master m WHERE m.type = 'table'"
				  " AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'search%'"
				  " AND NOT (?1 AND EXISTS (SELECT 1 FROM temp.sqlite_master t "
				  "WHERE t.name = 'at_' || m.name))"
				  " UNION ALL SELECT 'record' WHERE NOT ?1";
	struct bn_buf script = BN_BUF_INIT(0);
	sqlite3_stmt *st = NULL;
	int rc = BN_OK, step = SQLITE_DONE;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		return bn_db_fail(db, err, "time travel");
	sqlite3_bind_int(st, 1, missing_only);
	while ((step = sqlite3_step(st)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(st, 0);

		for (const char *f = format; *f != '\0'; f++)
			if (*f == '%')
				bn_buf_adds(&script, name);
			else
				bn_buf_addc(&script, *f);
	}
	if (step != SQLITE_DONE)
		rc = bn_db_fail(db, err, "time travel");
	sqlite3_finalize(st);
	if (rc == BN_OK)
		rc = bn_db_exec(db, bn_buf_text(&script), err);
	bn_buf_free(&script);
	return rc;
}

/* CREATE TEMP VIEW at_TABLE over the columns the table has. */
static int
make_shadow(sqlite3 *db, const struct bn_shadow *s, struct bn_error *err)
{
	struct bn_buf sql = BN_BUF_INIT(0);
	sqlite3_stmt *st = NULL;
	int rc = BN_OK, count = 0;

	bn_buf_addf(&sql, "CREATE TEMP VIEW at_%s AS SELECT ", s->table);
	if (sqlite3_prepare_v2(db, "SELECT name FROM pragma_table_xinfo(?1, 'main')", -1, &st,
			       NULL) != SQLITE_OK)
		return bn_db_fail(db, err, "time travel");
	bn_bind_text(st, 1, s->table);
	while (sqlite3_step(st) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(st, 0), *by = NULL;

		for (size_t i = 0; s->columns[i].column != NULL && by == NULL; i++)
			if (strcmp(s->columns[i].column, name) == 0)
				by = s->columns[i].sql;
		bn_buf_addf(&sql, "%s%s%s AS %s", count++ > 0 ? ", " : "", by != NULL ? by : "x.",
			    by != NULL ? "" : name, name);
	}
	sqlite3_finalize(st);
	bn_buf_addf(&sql, " FROM main.%s x%s%s", s->table, s->where != NULL ? " WHERE " : "",
		    s->where != NULL ? s->where : "");
	rc = bn_db_exec(db, bn_buf_text(&sql), err);
	bn_buf_free(&sql);
	return rc;
}

static int
shadow(struct bn_asof *a, struct bn_error *err)
{
	int rc = BN_OK;

	if (!a->made) {
		rc = each(a->db, bn_asof_tables, err);
		for (size_t i = 0; bn_asof_shadows[i].table != NULL && rc == BN_OK; i++)
			rc = make_shadow(a->db, &bn_asof_shadows[i], err);
		if (rc == BN_OK)
			rc = each(a->db, bn_asof_views, err);
	}
	if (rc == BN_OK && !a->made)
		rc = for_all_tables(a->db, "CREATE TEMP VIEW at_% AS SELECT * FROM main.%;", true,
				    err);
	a->made = a->made || rc == BN_OK;
	if (rc == BN_OK)
		rc = for_all_tables(a->db, "CREATE TEMP VIEW % AS SELECT * FROM temp.at_%;", false,
				    err);
	return rc == BN_OK ? make_now_views(a->db, true, err) : rc;
}

static int
unshadow(struct bn_asof *a, struct bn_error *err)
{
	int rc = for_all_tables(a->db, "DROP VIEW IF EXISTS temp.%;", false, err);

	return rc == BN_OK ? make_now_views(a->db, false, err) : rc;
}

/* ---- pipelines: what the store keeps of their runs, made anew from the runs of then ---------- */

struct pipeline {
	int64_t id, latest, last_good, p50, p95, next;
	bn_time first_seen, latest_at, planned_at;
	bool paused;
	const char *schedule, *zone;
};

static int
ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int
read_runs(struct bn_asof *a, sqlite3_stmt *st, struct pipeline *p, struct bn_error *err)
{
	int64_t took[STATS_RUNS];
	size_t count = 0;
	int step;

	sqlite3_reset(st);
	sqlite3_bind_int64(st, 1, p->id);
	while ((step = sqlite3_step(st)) == SQLITE_ROW && count < STATS_RUNS) {
		bool started = sqlite3_column_type(st, 1) != SQLITE_NULL;
		bn_time from = sqlite3_column_int64(st, 1), to = sqlite3_column_int64(st, 2);

		if (sqlite3_column_int(st, 4) != 0 && p->latest == 0) {
			p->latest = sqlite3_column_int64(st, 0);
			p->latest_at = sqlite3_column_int64(st, 5);
		}
		if (!started || to == 0 || sqlite3_column_int(st, 3) != BN_SUCCEEDED)
			continue;
		p->last_good = to > p->last_good ? to : p->last_good;
		if (to >= from)
			took[count++] = to - from;
	}
	if (step != SQLITE_ROW && step != SQLITE_DONE)
		return bn_db_fail(a->db, err, "time travel");
	p->p50 = p->p95 = -1;
	if (count > 0) {
		qsort(took, count, sizeof(took[0]), ascending);
		p->p50 = took[(count - 1) / 2];
		p->p95 = took[(count * 95 + 99) / 100 - 1];
	}
	return BN_OK;
}

/* When it was due next then: the fire after its latest run, or after its schedule was changed or taken up
 * again, as apply_run.c counts it. What the platform said then is not kept. */
static void
next_due(struct pipeline *p)
{
	struct bn_zone *zone = NULL;
	struct bn_cron *cron = NULL;
	struct bn_error ignored;
	bn_time after = p->latest_at != 0 ? p->latest_at + EARLY_MS : p->first_seen;

	p->next = 0;
	if (p->paused || p->schedule == NULL ||
	    bn_cron_parse(&cron, p->schedule, &ignored) != BN_OK)
		return;
	if (p->zone != NULL && bn_zone_open(&zone, p->zone, &ignored) != BN_OK)
		zone = NULL;
	p->next = bn_cron_next(cron, after > p->planned_at ? after : p->planned_at, zone);
	bn_zone_free(zone);
	bn_cron_free(cron);
}

static int
put_pipeline(struct bn_asof *a, sqlite3_stmt *st, const struct pipeline *p, struct bn_error *err)
{
	sqlite3_reset(st);
	sqlite3_bind_int64(st, 1, p->id);
	bn_bind_time(st, 2, p->latest);
	bn_bind_time(st, 3, p->last_good);
	bn_bind_known(st, 4, p->p50);
	bn_bind_known(st, 5, p->p95);
	bn_bind_time(st, 6, p->next);
	return sqlite3_step(st) == SQLITE_DONE ? BN_OK : bn_db_fail(a->db, err, "time travel");
}

static int
make_pipelines(struct bn_asof *a, struct bn_error *err)
{
	sqlite3_stmt *list = NULL, *runs = NULL, *put = NULL;
	int rc = BN_OK, step = SQLITE_DONE;

	if (sqlite3_prepare_v2(a->db, bn_asof_pipelines, -1, &list, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(a->db, bn_asof_runs, -1, &runs, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(a->db, bn_asof_put_pipeline, -1, &put, NULL) != SQLITE_OK) {
		rc = bn_db_fail(a->db, err, "time travel");
		goto out;
	}
	while (rc == BN_OK && (step = sqlite3_step(list)) == SQLITE_ROW) {
		struct pipeline p = {
		    .id = sqlite3_column_int64(list, 0),
		    .paused = sqlite3_column_int(list, 3) != 0,
		    .schedule = (const char *)sqlite3_column_text(list, 1),
		    .zone = (const char *)sqlite3_column_text(list, 2),
		    .first_seen = sqlite3_column_int64(list, 4),
		    .planned_at = sqlite3_column_int64(list, 5),
		};

		rc = read_runs(a, runs, &p, err);
		sqlite3_reset(runs);
		if (rc == BN_OK) {
			next_due(&p);
			rc = put_pipeline(a, put, &p, err);
		}
	}
	if (rc == BN_OK && step != SQLITE_DONE)
		rc = bn_db_fail(a->db, err, "time travel");
out:
	sqlite3_finalize(list);
	sqlite3_finalize(runs);
	sqlite3_finalize(put);
	return rc;
}

/* ---- the moment ---------------------------------------------------------------------------- */

static int
fill(struct bn_asof *a, struct bn_error *err)
{
	int rc = each(a->db, bn_asof_fill, err);

	return rc == BN_OK ? make_pipelines(a, err) : rc;
}

/* The temporary schema and tables are written to; the connection is for reading else. */
static int
writable(struct bn_asof *a, int (*write)(struct bn_asof *, struct bn_error *), struct bn_error *err)
{
	int rc = bn_db_exec(a->db, "PRAGMA query_only=OFF", err);

	if (rc == BN_OK)
		rc = write(a, err);
	sqlite3_exec(a->db, "PRAGMA query_only=ON", NULL, NULL, NULL);
	return rc;
}

/* One snapshot for the moment and for everything that is read of it. */
static int
begin(struct bn_asof *a, struct bn_error *err)
{
	return sqlite3_get_autocommit(a->db) ? bn_db_exec(a->db, "BEGIN", err) : BN_OK;
}

static int64_t
cache_version(struct bn_asof *a)
{
	struct bn_error ignored;
	int64_t version = 0;

	/* A read first: the snapshot begins with it, and the number is that snapshot's. */
	bn_db_int(a->db, "SELECT count(*) FROM main.source", 0, &version, &ignored);
	return bn_db_version(a->db);
}

int
bn_asof_set(struct bn_asof *a, sqlite3 *db, bn_time at, struct bn_error *err)
{
	int64_t version;
	int rc = BN_OK;

	a->db = db;
	if (at == 0) {
		bn_asof_rest(a);
		if (a->at == 0)
			return BN_OK;
		a->at = a->filled_at = 0;
		return writable(a, unshadow, err);
	}
	if (a->at == 0)
		rc = writable(a, shadow, err);
	if (rc != BN_OK)
		return rc;
	a->at = at;
	rc = begin(a, err);
	if (rc != BN_OK)
		return rc;
	version = cache_version(a);
	if (a->filled_at == at && a->version == version)
		return BN_OK;
	a->filled_at = 0;
	rc = writable(a, fill, err);
	if (rc != BN_OK) {
		/* an interrupted statement may have taken the transaction with it */
		if (!sqlite3_get_autocommit(db))
			sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
		return rc;
	}
	a->filled_at = at;
	a->version = version;
	return BN_OK;
}

void
bn_asof_rest(struct bn_asof *a)
{
	if (a->db != NULL && !sqlite3_get_autocommit(a->db))
		sqlite3_exec(a->db, "COMMIT", NULL, NULL, NULL);
}

/* floor_list.c - prints 100 rows of the store as JSON with nothing but SQLite and jansson. */
/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define RUNS_ORDER                                                                                 \
	" ORDER BY CASE e.status WHEN 4 THEN 0 WHEN 2 THEN 1 WHEN 1 THEN 2 ELSE 3 END,"            \
	" r.started_at DESC, e.name"

/* The order is that of `runs --each`: failed first, then running and queued, then the newest. */
static const char runs_sql[] =
    "SELECT CASE e.status WHEN 3 THEN 'succeeded' WHEN 4 THEN 'failed' ELSE e.raw_status END AS "
    "status,"
    " e.name AS run, coalesce(pe.name, r.pipeline_key) AS pipeline, r.started_at AS start,"
    " r.finished_at - r.started_at AS duration, r.attempt, r.tasks_failed AS failed,"
    " r.tasks_skipped AS skipped, r.tasks_total AS tasks, r.tasks_done AS done, r.trigger, "
    "e.message,"
    " p.engine, p.grp AS \"group\", r.queued_at AS queued, r.finished_at AS finished, r.progress,"
    " p.p50_ms AS p50, p.p95_ms AS p95, (SELECT m.value FROM measure m WHERE m.entity_id = e.id"
    " AND m.name = 'rows') AS rows, r.retry_of, e.raw_status AS platform_status,"
    " coalesce(e.owner, pe.owner) AS owner, s.name AS source, e.key, e.url, e.seen_at AS age,"
    " 0 AS stale"
    " FROM entity e JOIN run r ON r.entity_id = e.id JOIN source s ON s.id = e.source_id"
    " LEFT JOIN pipeline p ON p.entity_id = r.pipeline_id LEFT JOIN entity pe ON pe.id = "
    "r.pipeline_id"
    " WHERE e.id IN (SELECT e.id FROM entity e JOIN run r ON r.entity_id = e.id"
    "  WHERE e.kind = 2 AND e.gone_at IS NULL" RUNS_ORDER " LIMIT 100)" RUNS_ORDER;

static const char pipelines_sql[] =
    "SELECT CASE l.status WHEN 3 THEN 'succeeded' WHEN 4 THEN 'failed' ELSE l.raw_status END AS "
    "status,"
    " e.name AS pipeline, p.grp AS \"group\", p.engine, (SELECT group_concat(c, '') FROM (SELECT c "
    "FROM"
    " (SELECT char(48 + h.status) AS c, hr.started_at AS at FROM run hr JOIN entity h"
    " ON h.id = hr.entity_id WHERE hr.pipeline_id = e.id ORDER BY hr.started_at DESC LIMIT 20)"
    " ORDER BY at)) AS history, r.started_at AS start, r.finished_at - r.started_at AS duration,"
    " p.p50_ms AS p50, p.p95_ms AS p95, (SELECT m.value FROM measure m WHERE"
    " m.entity_id = p.latest_run_id AND m.name = 'rows') AS rows, p.schedule, p.next_due_at AS "
    "next,"
    " r.tasks_failed AS failed, r.tasks_skipped AS skipped, r.tasks_total AS tasks, r.tasks_done "
    "AS done,"
    " l.key AS run, l.raw_status AS run_status, (SELECT count(*) FROM (SELECT h.status AS s FROM "
    "run hr"
    " JOIN entity h ON h.id = hr.entity_id WHERE hr.pipeline_id = e.id ORDER BY hr.started_at DESC"
    " LIMIT 12) WHERE s = 4) AS recent_failed, p.last_good_at AS last_good, p.paused, e.owner,"
    " coalesce(l.message, e.message) AS message, p.definition, s.name AS source, e.key, e.url,"
    " e.seen_at AS age, 0 AS stale"
    " FROM entity e JOIN pipeline p ON p.entity_id = e.id JOIN source s ON s.id = e.source_id"
    " LEFT JOIN entity l ON l.id = p.latest_run_id LEFT JOIN run r ON r.entity_id = p.latest_run_id"
    " WHERE e.kind = 1 AND e.gone_at IS NULL"
    " ORDER BY CASE l.status WHEN 4 THEN 0 WHEN 2 THEN 1 ELSE 2 END, e.name LIMIT 100";

static json_t *
value_of(sqlite3_stmt *row, int i)
{
	switch (sqlite3_column_type(row, i)) {
	case SQLITE_INTEGER:
		return json_integer(sqlite3_column_int64(row, i));
	case SQLITE_FLOAT:
		return json_real(sqlite3_column_double(row, i));
	case SQLITE_TEXT:
		return json_string((const char *)sqlite3_column_text(row, i));
	default:
		return json_null();
	}
}

int
main(int argc, char **argv)
{
	json_t *list = json_array();
	sqlite3_stmt *row = NULL;
	sqlite3 *db = NULL;

	if (argc < 3 || sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
	    sqlite3_exec(db, "PRAGMA cache_size=-8000; PRAGMA temp_store=MEMORY", NULL, NULL,
			 NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, strcmp(argv[2], "runs") == 0 ? runs_sql : pipelines_sql, -1,
			       &row, NULL) != SQLITE_OK) {
		fprintf(stderr, "floor_list: %s\n", db != NULL ? sqlite3_errmsg(db) : "usage");
		return 1;
	}
	while (sqlite3_step(row) == SQLITE_ROW) {
		json_t *item = json_object();

		for (int i = 0; i < sqlite3_column_count(row); i++)
			json_object_set_new(item, sqlite3_column_name(row, i), value_of(row, i));
		json_array_append_new(list, item);
	}
	sqlite3_finalize(row);
	json_dumpf(list, stdout, JSON_INDENT(2));
	json_decref(list);
	sqlite3_close(db);
	return 0;
}

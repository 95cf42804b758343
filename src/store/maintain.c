/* maintain.c - housekeeping in small steps: retention, roll-ups, search index, space. */
/* SPDX-License-Identifier: MIT */
#include "store/internal.h"

#define STEP_ROWS    2000
#define SEARCH_ROWS  500
#define ROLLUP_MS    600000
#define LOGS_MAX     ((int64_t)256 << 20)
#define LINK_DAYS_MS ((int64_t)7 * 86400000)
#define EXPIRE_MS    ((int64_t)600000)
#define FREE_PAGES   512 /* given back to the file system a few at a time, when there are more */

/* What is deleted, a few rows at a time; ?1 is the moment before which it goes, ?2 how many. */
struct expiry {
	enum { OLD_HISTORY, OLD_CALLS, OLD_LINKS, OLD_WORDS } by;
	const char *sql;
};

/* A thing's last transition before the limit stays: its state at the limit follows from it. */
static const struct expiry expiries[] = {
    {OLD_CALLS, "DELETE FROM call WHERE id IN (SELECT id FROM call WHERE at < ?1 LIMIT ?2)"},
    {OLD_CALLS, "DELETE FROM early_number WHERE id IN (SELECT id FROM early_number WHERE seen_at < "
		"?1 LIMIT ?2)"},
    {OLD_HISTORY, "DELETE FROM stream_minute WHERE (entity_id, at) IN (SELECT entity_id, at FROM "
		  "stream_minute WHERE at < ?1 LIMIT ?2)"},
    {OLD_HISTORY, "DELETE FROM stream_read WHERE (entity_id, began) IN (SELECT entity_id, began "
		  "FROM stream_read WHERE ended < ?1 LIMIT ?2)"},
    {OLD_LINKS, "DELETE FROM link WHERE id IN (SELECT id FROM link WHERE seen_at < ?1 AND origin "
		"<> 'config' LIMIT ?2)"},
    {OLD_HISTORY,
     "DELETE FROM transition WHERE id IN (SELECT t.id FROM transition t WHERE t.at < ?1 AND EXISTS"
     " (SELECT 1 FROM transition n WHERE n.entity_id = t.entity_id AND n.at > t.at AND n.at < ?1) "
     "LIMIT ?2)"},
    {OLD_HISTORY, "DELETE FROM attempt WHERE (run_id, n) IN (SELECT a.run_id, a.n FROM attempt a "
		  "JOIN run r ON r.entity_id = a.run_id"
		  " WHERE a.n < r.attempt AND a.finished_at < ?1 LIMIT ?2)"},
    /* Which model was in production when is asked for years later (kind 4 is a model). */
    {OLD_HISTORY, "DELETE FROM attribute_history WHERE id IN (SELECT h.id FROM attribute_history h "
		  "JOIN entity e ON e.id = h.entity_id WHERE h.seen_at < ?1 AND e.kind <> 4 "
		  "LIMIT ?2)"},
    {OLD_HISTORY,
     "DELETE FROM finding WHERE id IN (SELECT id FROM finding WHERE closed_at < ?1 LIMIT ?2)"},
    /* Messages that tell an age change every minute: of longer ago one an hour is enough, and every change of
     * severity or title. */
    {OLD_WORDS,
     "DELETE FROM finding_was WHERE id IN (SELECT w.id FROM finding_was w WHERE w.until < ?1 AND "
     "EXISTS"
     " (SELECT 1 FROM finding_was n WHERE n.finding_id = w.finding_id AND n.until > w.until"
     " AND n.until < (w.until / 3600000 + 1) * 3600000 AND n.severity = w.severity AND n.title = "
     "w.title"
     " AND n.silenced = w.silenced) LIMIT ?2)"},
    {OLD_HISTORY, "DELETE FROM observed WHERE (source_id, began) IN"
		  " (SELECT source_id, began FROM observed WHERE ended < ?1 LIMIT ?2)"},
    {OLD_HISTORY, "DELETE FROM watched WHERE (source_id, scope_id, began) IN"
		  " (SELECT source_id, scope_id, began FROM watched WHERE ended < ?1 LIMIT ?2)"},
    {OLD_HISTORY, "DELETE FROM backfilled WHERE (source_id, began) IN"
		  " (SELECT source_id, began FROM backfilled WHERE ended < ?1 LIMIT ?2)"},
    {OLD_HISTORY, "DELETE FROM rollup WHERE (series_id, at) IN"
		  " (SELECT series_id, at FROM rollup WHERE at < ?1 LIMIT ?2)"},
    {OLD_HISTORY, "DELETE FROM objective_history WHERE (objective_id, at) IN"
		  " (SELECT objective_id, at FROM objective_history WHERE at < ?1 LIMIT ?2)"},
    {OLD_HISTORY, "DELETE FROM commit_file WHERE (repo, id) IN (SELECT repo, id FROM commit_log "
		  "WHERE at < ?1 LIMIT ?2)"},
};

/* Things that ended or went that long ago, with all that hangs on them. */
static const char *const forget[] = {
    "CREATE TEMP TABLE IF NOT EXISTS forgotten (id INTEGER PRIMARY KEY)",
    "DELETE FROM temp.forgotten",
    NULL, /* the choice, with parameters */
    "DELETE FROM task WHERE run_id IN temp.forgotten",
    "DELETE FROM logtext WHERE run_id IN temp.forgotten",
    "DELETE FROM attempt WHERE run_id IN temp.forgotten",
    "DELETE FROM run WHERE entity_id IN temp.forgotten",
    "DELETE FROM pipeline WHERE entity_id IN temp.forgotten",
    "DELETE FROM endpoint WHERE entity_id IN temp.forgotten",
    "DELETE FROM stream WHERE entity_id IN temp.forgotten",
    "DELETE FROM stream_read WHERE entity_id IN temp.forgotten",
    "DELETE FROM stream_changed WHERE entity_id IN temp.forgotten",
    "DELETE FROM stream_minute WHERE entity_id IN temp.forgotten",
    "DELETE FROM stream_verdict WHERE entity_id IN temp.forgotten",
    "DELETE FROM objective_history WHERE objective_id IN"
    " (SELECT id FROM objective WHERE product_id IN temp.forgotten)",
    "DELETE FROM objective WHERE product_id IN temp.forgotten",
    "DELETE FROM product WHERE entity_id IN temp.forgotten",
    "DELETE FROM attribute WHERE entity_id IN temp.forgotten",
    "DELETE FROM attribute_history WHERE entity_id IN temp.forgotten",
    "DELETE FROM measure WHERE entity_id IN temp.forgotten",
    "DELETE FROM point WHERE series_id IN (SELECT id FROM series WHERE entity_id IN "
    "temp.forgotten)",
    "DELETE FROM rollup WHERE series_id IN (SELECT id FROM series WHERE entity_id IN "
    "temp.forgotten)",
    "DELETE FROM series WHERE entity_id IN temp.forgotten",
    "DELETE FROM transition WHERE entity_id IN temp.forgotten",
    "DELETE FROM search WHERE rowid IN temp.forgotten",
    "DELETE FROM search_done WHERE entity_id IN temp.forgotten",
    "DELETE FROM entity WHERE id IN temp.forgotten",
};

/* Runs by their end, other things by when they went; a pipeline's latest run stays, and so do models. */
static const char choice[] =
    "INSERT INTO temp.forgotten SELECT id FROM (SELECT r.entity_id AS id "
    "FROM run r WHERE r.started_at < ?1"
    " AND r.finished_at < ?1 AND NOT EXISTS (SELECT 1 FROM pipeline p "
    "WHERE p.latest_run_id = r.entity_id"
    " AND p.entity_id = r.pipeline_id)"
    " UNION SELECT e.id FROM entity e WHERE e.gone_at < ?1 AND e.kind <> 4)"
    " LIMIT ?2";

static int
run(struct bn_writer *writer, const char *sql, int64_t one, int64_t two, struct bn_error *err)
{
	sqlite3_stmt *st = NULL;
	int rc, status = BN_OK;

	rc = sqlite3_prepare_v2(writer->db, sql, -1, &st, NULL);
	if (rc == SQLITE_OK) {
		if (sqlite3_bind_parameter_count(st) >= 1)
			sqlite3_bind_int64(st, 1, one);
		if (sqlite3_bind_parameter_count(st) >= 2)
			sqlite3_bind_int64(st, 2, two);
		while ((rc = sqlite3_step(st)) == SQLITE_ROW)
			;
	}
	if (rc != SQLITE_DONE)
		status = bn_db_fail(writer->db, err, "cache.db");
	sqlite3_finalize(st);
	return status;
}

static bn_time
limit_of(const struct bn_writer *writer, int by, bn_time now)
{
	const struct bn_store_keep *keep = &writer->store->keep;

	return now - (by == OLD_CALLS	? keep->calls
		      : by == OLD_LINKS ? LINK_DAYS_MS
		      : by == OLD_WORDS ? keep->points
					: keep->history);
}

/* Each step returns BN_EBUSY when it did a full portion and there may be more. */

static int
expire(struct bn_writer *writer, bn_time now, struct bn_error *err)
{
	bool more = false;
	int rc = BN_OK;

	for (size_t i = 0; i < sizeof(expiries) / sizeof(expiries[0]) && rc == BN_OK; i++) {
		rc = run(writer, expiries[i].sql, limit_of(writer, expiries[i].by, now), STEP_ROWS,
			 err);
		more = more || sqlite3_changes(writer->db) >= STEP_ROWS;
	}
	if (rc == BN_OK)
		rc = run(writer,
			 "DELETE FROM commit_log WHERE at < ?1 AND NOT EXISTS (SELECT 1 FROM "
			 "commit_file f"
			 " WHERE f.repo = commit_log.repo AND f.id = commit_log.id)",
			 limit_of(writer, OLD_HISTORY, now), 0, err);
	return rc == BN_OK && more ? BN_EBUSY : rc;
}

static int
forget_old(struct bn_writer *writer, bn_time now, struct bn_error *err)
{
	int64_t count = 0;
	int rc = BN_OK;

	for (size_t i = 0; i < sizeof(forget) / sizeof(forget[0]) && rc == BN_OK; i++) {
		rc = run(writer, forget[i] != NULL ? forget[i] : choice,
			 limit_of(writer, OLD_HISTORY, now), SEARCH_ROWS, err);
		if (forget[i] == NULL && (count = sqlite3_changes64(writer->db)) == 0)
			break;
	}
	return rc == BN_OK && count >= SEARCH_ROWS ? BN_EBUSY : rc;
}

/* One day of one series: ten-minute roll-ups, then the raw points go; both or neither. */
static int
roll_up(struct bn_writer *writer, bn_time now, struct bn_error *err)
{
	static const char summary[] =
	    "INSERT INTO rollup (series_id, at, count, sum, min, max, last)"
	    " SELECT ?1, g.at, g.n, g.s, g.low, g.high, (SELECT value FROM point WHERE series_id = "
	    "?1 AND at = g.newest)"
	    " FROM (SELECT at / 600000 * 600000 AS at, count(value) AS n, sum(value) AS s, "
	    "min(value) AS low,"
	    "  max(value) AS high, max(at) AS newest FROM point WHERE series_id = ?1 AND at < ?2"
	    "  GROUP BY at / 600000) g WHERE true"
	    " ON CONFLICT (series_id, at) DO UPDATE SET count = count + excluded.count,"
	    " sum = coalesce(sum + excluded.sum, sum, excluded.sum),"
	    " min = coalesce(min(min, excluded.min), min, excluded.min),"
	    " max = coalesce(max(max, excluded.max), max, excluded.max), last = "
	    "coalesce(excluded.last, last)";
	bn_time limit = (now - writer->store->keep.points) / ROLLUP_MS * ROLLUP_MS;
	sqlite3_stmt *st = NULL;
	int64_t series = 0, first = 0;
	int rc;

	rc = sqlite3_prepare_v2(
	    writer->db,
	    "SELECT s.id, (SELECT min(p.at) FROM point p WHERE p.series_id = s.id) FROM series s"
	    " WHERE (SELECT min(p.at) FROM point p WHERE p.series_id = s.id) < ?1 LIMIT 1",
	    -1, &st, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_bind_int64(st, 1, limit);
		rc = sqlite3_step(st);
		series = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
		first = rc == SQLITE_ROW ? sqlite3_column_int64(st, 1) : 0;
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		series = -1;
	sqlite3_finalize(st);
	if (series <= 0)
		return series == 0 ? BN_OK : bn_db_fail(writer->db, err, "cache.db");
	first = (first / ROLLUP_MS + 144) * ROLLUP_MS;
	rc = run(writer, summary, series, first < limit ? first : limit, err);
	if (rc == BN_OK)
		rc = run(writer, "DELETE FROM point WHERE series_id = ?1 AND at < ?2", series,
			 first < limit ? first : limit, err);
	return rc == BN_OK ? BN_EBUSY : rc;
}

/* The oldest logs go when all together are too much. */
static int
trim_logs(struct bn_writer *writer, bn_time now, struct bn_error *err)
{
	int64_t total = 0;
	int rc = bn_db_int(writer->db, "SELECT sum(bytes) FROM logtext", 0, &total, err);

	(void)now;
	if (rc != BN_OK || total <= LOGS_MAX)
		return rc;
	rc = run(writer,
		 "DELETE FROM logtext WHERE rowid IN (SELECT rowid FROM logtext ORDER BY "
		 "fetched_at LIMIT 32)",
		 0, 0, err);
	return rc == BN_OK ? BN_EBUSY : rc;
}

/* New things by their number, which only grows; changed ones by their mark. */
static int
index_text(struct bn_writer *writer, bn_time now, struct bn_error *err)
{
	static const char *const steps[] = {
	    "CREATE TEMP TABLE IF NOT EXISTS to_index (id INTEGER PRIMARY KEY)",
	    "DELETE FROM temp.to_index",
	    "INSERT INTO temp.to_index SELECT id FROM (SELECT id FROM entity WHERE id >"
	    " (SELECT coalesce(max(entity_id), 0) FROM search_done) ORDER BY id LIMIT ?2)",
	    "INSERT OR IGNORE INTO temp.to_index SELECT d.entity_id FROM search_done d WHERE "
	    "d.seen_at = 0 LIMIT ?2",
	    "DELETE FROM search WHERE rowid IN temp.to_index",
	    "INSERT INTO search (rowid, name, message) SELECT e.id,"
	    " CASE WHEN instr(e.name, e.key) THEN e.name ELSE e.name || char(10) || e.key END,"
	    " coalesce(e.message, '')"
	    " FROM temp.to_index t JOIN entity e ON e.id = t.id",
	    "INSERT OR REPLACE INTO search_done (entity_id, seen_at) SELECT id, ?1 FROM "
	    "temp.to_index",
	};
	int64_t found = 0;
	int rc = BN_OK;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && rc == BN_OK; i++) {
		rc = run(writer, steps[i], now, SEARCH_ROWS, err);
		if (i == 2 || i == 3)
			found += sqlite3_changes64(writer->db);
		if (i == 3 && found == 0)
			break;
	}
	return rc == BN_OK && found >= SEARCH_ROWS ? BN_EBUSY : rc;
}

static int
give_back(struct bn_writer *writer, struct bn_error *err)
{
	int64_t pages = 0;
	int rc = bn_db_int(writer->db, "PRAGMA freelist_count", 0, &pages, err);

	if (rc != BN_OK || pages <= FREE_PAGES)
		return rc;
	rc = run(writer, "PRAGMA incremental_vacuum(256)", 0, 0, err);
	return rc == BN_OK ? BN_EBUSY : rc;
}

/* What is too old is looked for now and then; it scans. */
static bool
due(struct bn_writer *writer, bn_time now)
{
	if (writer->maintain_step == 0)
		return true;
	if (writer->maintain_step == 1) {
		writer->expiring = writer->expired_at == 0 ||
				   now - writer->expired_at >= EXPIRE_MS ||
				   now < writer->expired_at;
		if (writer->expiring)
			writer->expired_at = now;
	}
	return writer->expiring;
}

/* Nothing to index is the usual case: looked up first, without the write lock. */
static int
anything(struct bn_writer *writer, int64_t *more, struct bn_error *err)
{
	return bn_db_int(writer->db,
			 "SELECT (SELECT max(id) FROM entity) > (SELECT coalesce(max(entity_id), "
			 "0) FROM search_done)"
			 " OR EXISTS (SELECT 1 FROM search_done WHERE seen_at = 0)",
			 0, more, err);
}

/* One portion of one step, in a transaction of its own. */
static int
portion(struct bn_writer *writer, int (*step)(struct bn_writer *, bn_time, struct bn_error *),
	bn_time now, struct bn_error *err)
{
	int commit, rc = bn_begin(writer, err);

	if (rc != BN_OK)
		return rc;
	rc = step(writer, now, err);
	if (rc != BN_OK && rc != BN_EBUSY) {
		bn_rollback(writer);
		return rc;
	}
	commit = bn_commit(writer, err);
	if (commit != BN_OK)
		bn_rollback(writer);
	return commit != BN_OK ? commit : rc;
}

int
bn_writer_maintain(struct bn_writer *writer, struct bn_error *err)
{
	static int (*const steps[])(struct bn_writer *, bn_time, struct bn_error *) = {
	    index_text, expire, forget_old, roll_up, trim_logs};
	const int count = (int)(sizeof(steps) / sizeof(steps[0]));
	bn_time now = bn_clock_now(writer->store->clock);
	int64_t more = 0;
	int rc = BN_OK;

	while (writer->maintain_step < count) {
		int step = writer->maintain_step;

		if (step == 0)
			rc = anything(writer, &more, err);
		if (rc != BN_OK)
			return rc;
		if ((step == 0 && !more) ||
		    (step > 0 && !writer->portion_left && !due(writer, now))) {
			writer->maintain_step++;
			continue;
		}
		rc = portion(writer, steps[step], now, err);
		writer->portion_left = rc == BN_EBUSY;
		if (rc == BN_OK)
			writer->maintain_step++;
		return rc == BN_OK ? BN_EBUSY : rc;
	}
	rc = give_back(writer, err);
	if (rc != BN_OK)
		return rc;
	/* No ANALYZE: with statistics SQLite begins a join at the few sources and walks all their things,
	 * where without it walks the index that gives the order (0.1 ms against 190 ms for a page of
	 * runs out of 100 000). */
	writer->maintain_step = 0;
	return BN_OK;
}

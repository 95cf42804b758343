/* minutes_store.c - keeps what was judged of minutes and streams. */
/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "triage/minutes_room.h"

enum { UPSERT, TOUCH, EXAMINED, FORGET, HOLD, DROP, STATEMENTS };

static const char *const texts[STATEMENTS] = {
    /* A minute that was missed stays one that was missed; what fills it later is when it came. */
    [UPSERT] =
	"INSERT INTO stream_minute (entity_id, at, missed_at, filled_at, marks, value, usual)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (entity_id, at) DO UPDATE SET"
	" filled_at = CASE WHEN excluded.value IS NULL THEN NULL"
	"  WHEN coalesce(missed_at, excluded.missed_at) IS NULL THEN NULL"
	"  ELSE coalesce(filled_at, excluded.filled_at, ?8) END,"
	" missed_at = coalesce(missed_at, excluded.missed_at), marks = excluded.marks,"
	" value = excluded.value, usual = excluded.usual",
    [TOUCH] = "UPDATE stream_minute SET marks = 0, value = ?3, filled_at = CASE WHEN missed_at IS"
	      " NULL THEN NULL ELSE coalesce(filled_at, ?4) END WHERE entity_id = ?1 AND at = ?2",
    [EXAMINED] = "UPDATE stream SET examined_at = max(coalesce(examined_at, 0), ?2),"
		 " examined_from = min(coalesce(examined_from, ?3), ?3) WHERE entity_id = ?1",
    [FORGET] = "DELETE FROM stream_changed WHERE entity_id = ?1",
    [HOLD] = "INSERT INTO stream_verdict (entity_id, rule, other, since, title, message)"
	     " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (entity_id, rule, other) DO UPDATE SET"
	     " title = excluded.title, message = excluded.message"
	     " WHERE (title, message) IS NOT (excluded.title, excluded.message)",
    [DROP] = "DELETE FROM stream_verdict WHERE entity_id = ?1 AND rule = ?2 AND other = ?3",
};

sqlite3_stmt *
bn_judging_prepare(struct judging *j, const char *sql)
{
	sqlite3_stmt *row = NULL;

	if (sqlite3_prepare_v2(j->db, sql, -1, &row, NULL) == SQLITE_OK)
		return row;
	bn_fail(j->err, BN_EIO, "streams: %s", sqlite3_errmsg(j->db));
	return NULL;
}

int
bn_judging_end(struct judging *j, sqlite3_stmt *row, int step)
{
	int rc = BN_OK;

	if (row == NULL)
		return j->err->code;
	if (step != SQLITE_DONE)
		rc = bn_fail(j->err, BN_EIO, "streams: %s", sqlite3_errmsg(j->db));
	sqlite3_finalize(row);
	return rc;
}

static void
bind_time(sqlite3_stmt *st, int at, bn_time time)
{
	if (time > 0)
		sqlite3_bind_int64(st, at, time);
	else
		sqlite3_bind_null(st, at);
}

static void
bind_value(sqlite3_stmt *st, int at, double value, bool there)
{
	if (there)
		sqlite3_bind_double(st, at, value);
	else
		sqlite3_bind_null(st, at);
}

static int
run(struct judging *j, sqlite3_stmt *st)
{
	int step = sqlite3_step(st);

	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	if (step != SQLITE_DONE)
		return bn_fail(j->err,
			       sqlite3_errcode(j->writer) == SQLITE_BUSY ? BN_EBUSY : BN_EIO,
			       "streams: %s", sqlite3_errmsg(j->writer));
	j->work.writes += sqlite3_changes(j->writer);
	return BN_OK;
}

static int
store_minute(struct judging *j, sqlite3_stmt *const *st, const struct minute *m)
{
	bool said = m->missed_at > 0 || m->marks != 0;
	sqlite3_stmt *use = st[said ? UPSERT : TOUCH];

	if (!said && !m->again)
		return BN_OK;
	sqlite3_bind_int64(use, 1, m->stream);
	sqlite3_bind_int64(use, 2, m->at);
	if (!said) {
		bind_value(use, 3, m->value, m->there);
		bind_time(use, 4, m->seen_at);
		return run(j, use);
	}
	bind_time(use, 3, m->missed_at);
	bind_time(use, 4, m->filled_at);
	sqlite3_bind_int(use, 5, m->marks);
	/* a count of 0 is as good as nothing: it fills no gap */
	bind_value(use, 6, m->value, m->there && (m->missed_at == 0 || m->filled_at > 0));
	bind_value(use, 7, m->usual, m->compared);
	bind_time(use, 8, m->seen_at);
	return run(j, use);
}

static int
store_streams(struct judging *j, sqlite3_stmt *const *st)
{
	int rc = BN_OK;

	for (size_t i = 0; rc == BN_OK && i < j->count; i++) {
		const struct judged *s = &j->streams[i];

		sqlite3_bind_int64(st[EXAMINED], 1, s->id);
		sqlite3_bind_int64(st[EXAMINED], 2, s->last + 60000);
		sqlite3_bind_int64(st[EXAMINED], 3, s->judged_from);
		rc = run(j, st[EXAMINED]);
		if (rc == BN_OK) {
			sqlite3_bind_int64(st[FORGET], 1, s->id);
			rc = run(j, st[FORGET]);
		}
	}
	return rc;
}

static int
store_verdict(struct judging *j, sqlite3_stmt *const *st, const struct verdict *v)
{
	sqlite3_stmt *use = st[v->holds ? HOLD : DROP];

	sqlite3_bind_int64(use, 1, v->stream);
	sqlite3_bind_text(use, 2, v->rule, -1, SQLITE_STATIC);
	sqlite3_bind_text(use, 3, v->other, -1, SQLITE_STATIC);
	if (v->holds) {
		sqlite3_bind_int64(use, 4, v->since);
		sqlite3_bind_text(use, 5, v->title, -1, SQLITE_STATIC);
		sqlite3_bind_text(use, 6, v->message, -1, SQLITE_STATIC);
	}
	return run(j, use);
}

int
bn_minutes_store(struct judging *j)
{
	sqlite3_stmt *st[STATEMENTS] = {NULL};
	int rc = BN_OK;

	if (sqlite3_exec(j->writer, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		return bn_fail(j->err, BN_EBUSY, "streams: %s", sqlite3_errmsg(j->writer));
	for (int i = 0; rc == BN_OK && i < STATEMENTS; i++)
		if (sqlite3_prepare_v2(j->writer, texts[i], -1, &st[i], NULL) != SQLITE_OK)
			rc = bn_fail(j->err, BN_EIO, "streams: %s", sqlite3_errmsg(j->writer));
	for (size_t i = 0; rc == BN_OK && i < j->minute_count; i++)
		rc = store_minute(j, st, &j->minutes[i]);
	if (rc == BN_OK && j->minute_count > 0)
		rc = store_streams(j, st);
	for (size_t i = 0; rc == BN_OK && i < j->verdict_count; i++)
		rc = store_verdict(j, st, &j->verdicts[i]);
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(st[i]);
	if (rc == BN_OK && sqlite3_exec(j->writer, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		rc = bn_fail(j->err, BN_EIO, "streams: %s", sqlite3_errmsg(j->writer));
	if (rc != BN_OK)
		(void)sqlite3_exec(j->writer, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

/* reader.c - read connections: both files, functions, views, a version of commits. */
/* SPDX-License-Identifier: MIT */
#include "store/asof.h"

#include <stdlib.h>
#include <string.h>

/* More than there are rules and lists, so that a round of all of them finds each again. */
#define KEPT 96

struct bn_reader {
	struct bn_store *store;
	sqlite3 *db;
	struct bn_functions functions;
	struct bn_asof asof;
	sqlite3_stmt *version[2];
	sqlite3_stmt
	    *kept[KEPT]; /* those that rest, the one used last first; NULL behind the last */
};

/* data_version counts, for this connection, the commits of all others. */
static int64_t
one_version(sqlite3 *db, sqlite3_stmt **statement, const char *sql)
{
	int64_t value = 0;

	if (*statement == NULL && sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT,
						     statement, NULL) != SQLITE_OK)
		return 0;
	if (sqlite3_step(*statement) == SQLITE_ROW)
		value = sqlite3_column_int64(*statement, 0);
	sqlite3_reset(*statement);
	return value;
}

int
bn_reader_open(struct bn_reader **out, struct bn_store *store, struct bn_error *err)
{
	struct bn_reader *reader = bn_xcalloc(1, sizeof(*reader));
	int rc;

	*out = NULL;
	reader->store = store;
	reader->functions.clock = store->clock;
	rc = bn_db_open(&reader->db, store, store->cache, SQLITE_OPEN_READWRITE, 2000, err);
	if (rc == BN_OK)
		rc = bn_db_attach(reader->db, store->journal, "journal", err);
	if (rc == BN_OK)
		rc = bn_functions_add(reader->db, &reader->functions, err);
	if (rc == BN_OK)
		rc = bn_db_exec(reader->db, bn_views_now, err);
	if (rc == BN_OK)
		rc = bn_db_exec(reader->db, bn_views_live, err);
	if (rc == BN_OK)
		rc = bn_db_exec(reader->db, bn_views_version, err);
	if (rc == BN_OK)
		rc = bn_db_exec(reader->db, "PRAGMA cache_size=-4000; PRAGMA query_only=ON", err);
	if (rc != BN_OK)
		bn_reader_close(reader);
	else
		*out = reader;
	return rc;
}

void
bn_reader_close(struct bn_reader *reader)
{
	if (reader == NULL)
		return;
	bn_asof_rest(&reader->asof);
	sqlite3_finalize(reader->version[0]);
	sqlite3_finalize(reader->version[1]);
	for (size_t i = 0; i < KEPT; i++)
		sqlite3_finalize(reader->kept[i]);
	bn_db_close(reader->db);
	bn_functions_free(&reader->functions);
	free(reader);
}

int
bn_reader_prepare(struct bn_reader *reader, const char *sql, sqlite3_stmt **out)
{
	for (size_t i = 0; i < KEPT && reader->kept[i] != NULL; i++) {
		sqlite3_stmt *kept = reader->kept[i];

		if (strcmp(sqlite3_sql(kept), sql) != 0)
			continue;
		memmove(reader->kept + i, reader->kept + i + 1,
			(KEPT - i - 1) * sizeof(*reader->kept));
		reader->kept[KEPT - 1] = NULL;
		*out = kept;
		return SQLITE_OK;
	}
	return sqlite3_prepare_v3(reader->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
}

void
bn_reader_done(struct bn_reader *reader, sqlite3_stmt *statement)
{
	if (statement == NULL)
		return;
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	sqlite3_finalize(reader->kept[KEPT - 1]);
	memmove(reader->kept + 1, reader->kept, (KEPT - 1) * sizeof(*reader->kept));
	reader->kept[0] = statement;
}

sqlite3 *
bn_reader_db(struct bn_reader *reader)
{
	return reader->db;
}

void
bn_reader_interrupt(struct bn_reader *reader)
{
	sqlite3_interrupt(reader->db);
}

void
bn_reader_set_now(struct bn_reader *reader, bn_time now)
{
	if (reader->asof.at == 0)
		reader->functions.frozen = now;
}

int
bn_reader_set_at(struct bn_reader *reader, bn_time at, struct bn_error *err)
{
	int rc;

	if (at > bn_clock_now(reader->functions.clock)) {
		bn_fail(err, BN_EINVAL, "that moment has not come yet");
		return bn_hint(err, "time travel goes back; without a moment everything is live");
	}
	reader->functions.frozen = at;
	rc = bn_asof_set(&reader->asof, reader->db, at, err);
	if (rc != BN_OK)
		reader->functions.frozen = reader->asof.at;
	return rc;
}

bn_time
bn_reader_at(const struct bn_reader *reader)
{
	return reader->asof.at;
}

void
bn_reader_rest(struct bn_reader *reader)
{
	bn_asof_rest(&reader->asof);
}

bn_time
bn_reader_now(const struct bn_reader *reader)
{
	return reader->functions.frozen != 0 ? reader->functions.frozen
					     : bn_clock_now(reader->functions.clock);
}

int64_t
bn_reader_version(struct bn_reader *reader)
{
	int64_t cache = one_version(reader->db, &reader->version[0], "PRAGMA main.data_version");
	int64_t journal =
	    one_version(reader->db, &reader->version[1], "PRAGMA journal.data_version");

	return (journal << 32) | (cache & 0xffffffff);
}

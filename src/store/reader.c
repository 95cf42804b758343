/* reader.c - read connections: both files, functions, views, a version of commits. */
/* SPDX-License-Identifier: MIT */
#include "store/asof.h"

#include <stdlib.h>

struct bn_reader {
	struct bn_store *store;
	sqlite3 *db;
	struct bn_functions functions;
	struct bn_asof asof;
	sqlite3_stmt *version[2];
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
	bn_db_close(reader->db);
	bn_functions_free(&reader->functions);
	free(reader);
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

/* writer.c - a write connection: its statements, transactions, leases, and what came of a poll. */
/* SPDX-License-Identifier: MIT */
#include "store/internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct bn_writer_zone {
	struct bn_writer_zone *next;
	struct bn_zone *zone; /* NULL: there is none of that name */
	char name[];
};

int
bn_writer_open(struct bn_writer **out, struct bn_store *store, struct bn_error *err)
{
	struct bn_writer *writer = bn_xcalloc(1, sizeof(*writer));
	int rc;

	*out = NULL;
	writer->store = store;
	rc = bn_db_open(&writer->db, store, store->cache, SQLITE_OPEN_READWRITE, 10000, err);
	/* Long enough between checkpoints that a bulk load isn't slowed by them; 16 MB of -wal at
	 * rest. */
	if (rc == BN_OK)
		rc = bn_db_exec(
		    writer->db,
		    "PRAGMA synchronous=NORMAL; PRAGMA cache_size=-8000; PRAGMA secure_delete=OFF;"
		    "PRAGMA wal_autocheckpoint=4000; PRAGMA journal_size_limit=16777216",
		    err);
	/* A rollback journal is only as safe as a -wal file when it is synced fully. */
	if (rc == BN_OK && !store->wal)
		rc = bn_db_exec(writer->db, "PRAGMA synchronous=FULL", err);
	if (rc != BN_OK)
		bn_writer_close(writer);
	else
		*out = writer;
	return rc;
}

void
bn_writer_close(struct bn_writer *writer)
{
	if (writer == NULL)
		return;
	for (size_t i = 0; i < BN_ST_COUNT; i++)
		sqlite3_finalize(writer->statements[i]);
	bn_db_close(writer->db);
	while (writer->zones != NULL) {
		struct bn_writer_zone *next = writer->zones->next;

		bn_zone_free(writer->zones->zone);
		free(writer->zones);
		writer->zones = next;
	}
	free(writer);
}

sqlite3 *
bn_writer_db(struct bn_writer *writer)
{
	return writer->db;
}

static int
writer_fail(struct bn_writer *writer, struct bn_error *err)
{
	return bn_db_fail(writer->db, err, "cache.db");
}

sqlite3_stmt *
bn_use(struct bn_writer *writer, enum bn_statement which, struct bn_error *err)
{
	sqlite3_stmt **slot = &writer->statements[which];

	if (*slot != NULL) {
		sqlite3_reset(*slot);
		return *slot;
	}
	if (sqlite3_prepare_v3(writer->db, bn_statement_sql(which), -1, SQLITE_PREPARE_PERSISTENT,
			       slot, NULL) != SQLITE_OK)
		writer_fail(writer, err);
	return *slot;
}

int
bn_run_statement(struct bn_writer *writer, sqlite3_stmt *statement, struct bn_error *err)
{
	int rc = sqlite3_step(statement), result = BN_OK;

	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		result = writer_fail(writer, err);
	sqlite3_reset(statement);
	return result;
}

int
bn_first_row(struct bn_writer *writer, sqlite3_stmt *statement, bool *found, struct bn_error *err)
{
	int rc = sqlite3_step(statement);

	*found = rc == SQLITE_ROW;
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? BN_OK : writer_fail(writer, err);
}

static int
simple(struct bn_writer *writer, enum bn_statement which, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(writer, which, err);

	return st == NULL ? err->code : bn_run_statement(writer, st, err);
}

int
bn_begin(struct bn_writer *writer, struct bn_error *err)
{
	return simple(writer, BN_ST_BEGIN, err);
}

int
bn_commit(struct bn_writer *writer, struct bn_error *err)
{
	int rc = simple(writer, BN_ST_COMMIT, err);

	if (rc == BN_OK)
		bn_store_committed(writer->store);
	return rc;
}

void
bn_rollback(struct bn_writer *writer)
{
	/* A RETURNING or SELECT that was left half way would keep the transaction open. */
	for (size_t i = 0; i < BN_ST_COUNT; i++)
		if (writer->statements[i] != NULL)
			sqlite3_reset(writer->statements[i]);
	if (!sqlite3_get_autocommit(writer->db))
		sqlite3_exec(writer->db, "ROLLBACK", NULL, NULL, NULL);
}

int
bn_check_epoch(struct bn_writer *writer, int64_t source_id, int64_t epoch, struct bn_error *err)
{
	sqlite3_stmt *st;
	bool found;
	int rc;

	if (epoch < 0)
		return BN_OK;
	st = bn_use(writer, BN_ST_EPOCH, err);
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, source_id);
	sqlite3_bind_int64(st, 2, epoch);
	rc = bn_first_row(writer, st, &found, err);
	if (rc == BN_OK && !found)
		rc = bn_fail(err, BN_ENOTFOUND, "no source has the number %lld",
			     (long long)source_id);
	else if (rc == BN_OK && sqlite3_column_int(st, 0) != 1) {
		const char *holder = bn_column_text(st, 1);

		rc = bn_fail(err, BN_EBUSY, "%s polls this source now",
			     holder != NULL ? holder : "another process");
	}
	sqlite3_reset(st);
	return rc;
}

const struct bn_zone *
bn_writer_zone(struct bn_writer *writer, const char *name)
{
	struct bn_writer_zone *z;
	struct bn_error ignored;
	size_t size;

	if (name == NULL || *name == '\0')
		return NULL;
	for (z = writer->zones; z != NULL; z = z->next)
		if (strcmp(z->name, name) == 0)
			return z->zone;
	size = strlen(name) + 1;
	if (size > 128)
		return NULL;
	z = bn_xcalloc(1, sizeof(*z) + size);
	memcpy(z->name, name, size);
	if (bn_zone_open(&z->zone, name, &ignored) != BN_OK)
		z->zone = NULL;
	z->next = writer->zones;
	writer->zones = z;
	return z->zone;
}

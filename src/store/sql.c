/* sql.c - connections to SQLite made strict, and its failures told in words a person can act on. */
/* SPDX-License-Identifier: MIT */
#include "store/internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* SQLite's own handler sleeps up to 100 ms at a time; ours starts at 1 ms, since our transactions
 * are short. It keeps no state: how long was waited follows from the count. */
static int
wait_for_lock(void *payload, int count)
{
	int64_t limit = (int64_t)(intptr_t)payload;
	int64_t ms = count < 5 ? 1 : count < 20 ? 5 : 20;
	int64_t waited = count < 5    ? count
			 : count < 20 ? 5 + (count - 5) * 5
				      : 80 + (count - 20) * 20;
	struct timespec pause = {0, (long)ms * 1000000};

	if (waited >= limit)
		return 0;
	nanosleep(&pause, NULL);
	return 1;
}

int
bn_db_open(sqlite3 **out, const struct bn_store *store, const char *path, int flags,
	   int64_t patience, struct bn_error *err)
{
	sqlite3 *db = NULL;
	int rc;

	*out = NULL;
	/* The directory is a real path already, so no component of an honest one is a link. An
	 * absolute path is never taken for a URI. */
	flags |= SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI | (store->uri ? 0 : SQLITE_OPEN_NOFOLLOW);
	rc = sqlite3_open_v2(path, &db, flags, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_extended_result_codes(db, 1);
		sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
		sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
		sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
		sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
		sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
		sqlite3_busy_handler(db, wait_for_lock, (void *)(intptr_t)patience);
		rc = sqlite3_exec(db, "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY", NULL,
				  NULL, NULL);
	}
	if (rc != SQLITE_OK) {
		rc = bn_db_fail(db, err, path);
		bn_db_close(db);
		return rc;
	}
	*out = db;
	return BN_OK;
}

void
bn_db_close(sqlite3 *db)
{
	sqlite3_close_v2(db);
}

bool
bn_db_corrupt(int rc)
{
	return (rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB;
}

void
bn_store_met(sqlite3 *db)
{
	const char *file = sqlite3_db_filename(db, "main");
	const char *name = file != NULL ? strrchr(file, '/') : NULL;
	char *mark;
	int fd;

	if (!bn_db_corrupt(sqlite3_errcode(db)) || name == NULL || strcmp(name, "/cache.db") != 0)
		return;
	mark = bn_xasprintf("%.*s/cache.suspect", (int)(name - file), file);
	fd = open(mark, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	free(mark);
}

static int
no_room(struct bn_error *err)
{
	bn_hint(err, "free space (or raise the quota) where the state directory lies; nothing "
		     "stored was lost");
	return BN_EIO;
}

int
bn_db_fail(sqlite3 *db, struct bn_error *err, const char *what)
{
	int full = sqlite3_extended_errcode(db);
	int code = BN_EIO;

	switch (full & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		code = BN_ETIMEOUT;
		break;
	case SQLITE_INTERRUPT:
		code = BN_ECANCELLED;
		break;
	case SQLITE_TOOBIG:
		code = BN_ETOOBIG;
		break;
	case SQLITE_AUTH:
	case SQLITE_PERM:
	case SQLITE_READONLY:
		code = BN_EPERM;
		break;
	}
	bn_store_met(db);
	bn_fail(err, code, "%s: %s", what, sqlite3_errmsg(db));
	if ((full & 0xff) == SQLITE_FULL || full == SQLITE_IOERR_WRITE ||
	    full == SQLITE_IOERR_SHMSIZE)
		return no_room(err);
	if (bn_db_corrupt(full))
		bn_hint(err, "the file is damaged: stop every binnacle that uses it and start one "
			     "again; a damaged cache.db is then set aside and rebuilt");
	if (code == BN_ETIMEOUT)
		bn_hint(err, "another process keeps it locked; see which with: fuser -v FILE");
	if (code == BN_EPERM)
		bn_hint(err,
			"the state directory must be writable by you; or start with --cache none");
	return code;
}

int
bn_db_exec(sqlite3 *db, const char *sql, struct bn_error *err)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return bn_db_fail(db, err, "store");
	return BN_OK;
}

int
bn_db_int(sqlite3 *db, const char *sql, int64_t fallback, int64_t *out, struct bn_error *err)
{
	sqlite3_stmt *st = NULL;
	int rc, status = BN_OK;

	*out = fallback;
	rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
	if (rc == SQLITE_OK) {
		rc = sqlite3_step(st);
		if (rc == SQLITE_ROW && sqlite3_column_type(st, 0) != SQLITE_NULL)
			*out = sqlite3_column_int64(st, 0);
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		status = bn_db_fail(db, err, "store");
	sqlite3_finalize(st);
	return status;
}

int
bn_db_attach(sqlite3 *db, const char *path, const char *name, struct bn_error *err)
{
	sqlite3_stmt *st = NULL;
	int rc;

	rc = sqlite3_prepare_v2(db, "ATTACH ?1 AS ?2", -1, &st, NULL);
	if (rc == SQLITE_OK) {
		bn_bind_text(st, 1, path);
		bn_bind_text(st, 2, name);
		rc = sqlite3_step(st);
	}
	if (rc != SQLITE_DONE)
		rc = bn_db_fail(db, err, path);
	else
		rc = BN_OK;
	sqlite3_finalize(st);
	return rc;
}

void
bn_bind_text(sqlite3_stmt *statement, int at, const char *text)
{
	if (text == NULL)
		sqlite3_bind_null(statement, at);
	else
		sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

void
bn_bind_time(sqlite3_stmt *statement, int at, int64_t value)
{
	if (value == 0)
		sqlite3_bind_null(statement, at);
	else
		sqlite3_bind_int64(statement, at, value);
}

void
bn_bind_known(sqlite3_stmt *statement, int at, int64_t value)
{
	if (value < 0)
		sqlite3_bind_null(statement, at);
	else
		sqlite3_bind_int64(statement, at, value);
}

const char *
bn_column_text(sqlite3_stmt *statement, int at)
{
	return (const char *)sqlite3_column_text(statement, at);
}

bool
bn_same_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

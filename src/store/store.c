/* store.c - opens the two files: creates, migrates, refuses, rebuilds. */
/* SPDX-License-Identifier: MIT */
#include "store/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"

#define DAY_MS	    ((int64_t)86400000)
#define PATIENCE_MS 10000
#define CHECK_MS    2000 /* how long a check of a file that was not closed may take */
#define SMALL_JOURNAL                                                                              \
	((int64_t)1 << 20) /* below this the journal is checked whenever it is opened */

/* A file of ours: what to expect in it. */
struct kind_of_file {
	const char *name;
	int32_t id;
	int version;
	const char *steps[4]; /* steps[n] leads from schema n to n + 1; NULL behind the last */
	const char *tables;   /* that must be there */
};
static const struct kind_of_file cache_file = {
    "cache.db",
    BN_CACHE_ID,
    BN_CACHE_VERSION,
    {bn_schema_cache, bn_schema_cache_2, bn_schema_cache_3, NULL},
    "SELECT count(*) = 4 FROM main.sqlite_schema WHERE name IN ('source', 'entity', 'transition', "
    "'finding')"};
static const struct kind_of_file journal_file = {
    "journal.db",
    BN_JOURNAL_ID,
    BN_JOURNAL_VERSION,
    {bn_schema_journal, NULL},
    "SELECT count(*) = 3 FROM main.sqlite_schema WHERE name IN ('record', 'record_no_update', "
    "'record_no_delete')"};

static int
out_of_time(void *payload)
{
	const int64_t *deadline = payload;

	return bn_monotonic() > *deadline;
}

/* BN_ECONFLICT when the file is damaged; BN_OK also when the time did not suffice to say. */
static int
quick_check(sqlite3 *db, struct bn_error *err)
{
	int64_t deadline = bn_monotonic() + CHECK_MS;
	sqlite3_stmt *st = NULL;
	int rc, result = BN_OK;

	sqlite3_progress_handler(db, 10000, out_of_time, &deadline);
	rc = sqlite3_prepare_v2(db, "PRAGMA main.quick_check(1)", -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW && strcmp(bn_column_text(st, 0), "ok") != 0)
		result = bn_fail(err, BN_ECONFLICT, "%s", bn_column_text(st, 0));
	else if (bn_db_corrupt(rc))
		result = bn_fail(err, BN_ECONFLICT, "%s", sqlite3_errmsg(db));
	sqlite3_finalize(st);
	sqlite3_progress_handler(db, 0, NULL, NULL);
	return result;
}

static int
too_new(sqlite3 *db, const struct kind_of_file *kind, int64_t version, struct bn_error *err)
{
	/* Untouched: without this the last connection to close would move the -wal into the file.
	 */
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	bn_fail(err, BN_EUNSUPPORTED, "%s has schema %lld; this binnacle knows up to %d",
		kind->name, (long long)version, kind->version);
	bn_hint(
	    err,
	    "a newer binnacle wrote it: install that one, or give this one another [state] dir");
	return BN_EUNSUPPORTED;
}

/* The version of what is there: 0 for an empty file, BN_ECONFLICT for a damaged one. */
static int
look_at(sqlite3 *db, const struct kind_of_file *kind, int64_t *version, struct bn_error *err)
{
	int64_t id = 0, objects = 0, complete = 1;
	int rc;

	rc = bn_db_int(db, "PRAGMA main.user_version", 0, version, err);
	if (rc == BN_OK)
		rc = bn_db_int(db, "PRAGMA main.application_id", 0, &id, err);
	if (rc == BN_OK)
		rc = bn_db_int(db, "SELECT count(*) FROM main.sqlite_schema", 0, &objects, err);
	if (rc == BN_OK && objects > 0 && id == kind->id && *version == kind->version)
		rc = bn_db_int(db, kind->tables, 0, &complete, err);
	if (rc != BN_OK)
		return bn_db_corrupt(sqlite3_errcode(db)) ? BN_ECONFLICT : rc;
	if (objects > 0 && id != kind->id) {
		sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		bn_fail(err, BN_EUNSUPPORTED, "%s is a database of some other program", kind->name);
		bn_hint(err, "move it away, or use another [state] dir");
		return BN_EUNSUPPORTED;
	}
	if (*version > kind->version)
		return too_new(db, kind, *version, err);
	return complete ? BN_OK
			: bn_fail(err, BN_ECONFLICT, "%s lacks tables it should have", kind->name);
}

/* From the schema that is there to ours, in one transaction: another process that came first has done it. */
static int
migrate(sqlite3 *db, const struct bn_store *store, const struct kind_of_file *kind,
	struct bn_error *err)
{
	char stamp[128];
	int64_t version = 0;
	int rc;

	/* Before the first table, since it can't be turned on later without a VACUUM. */
	rc = bn_db_exec(db, "PRAGMA main.auto_vacuum=INCREMENTAL", err);
	if (rc == BN_OK && !store->uri)
		rc = bn_db_exec(db,
				store->wal ? "PRAGMA main.journal_mode=WAL"
					   : "PRAGMA main.journal_mode=DELETE",
				err);
	if (rc == BN_OK)
		rc = bn_db_exec(db, "BEGIN EXCLUSIVE", err);
	if (rc != BN_OK)
		return rc;
	snprintf(stamp, sizeof(stamp),
		 "PRAGMA main.application_id=%ld; PRAGMA main.user_version=%d", (long)kind->id,
		 kind->version);
	rc = bn_db_int(db, "PRAGMA main.user_version", 0, &version, err);
	for (; rc == BN_OK && version >= 0 && version < kind->version; version++)
		rc = bn_db_exec(db, kind->steps[version], err);
	if (rc == BN_OK)
		rc = bn_db_exec(db, stamp, err);
	if (rc == BN_OK)
		rc = bn_db_exec(db, "COMMIT", err);
	if (rc != BN_OK)
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

/* A file made by a process that could use WAL and opened by one that can't, or the other way round.
 */
static int
journal_mode(sqlite3 *db, struct bn_store *store, struct bn_error *err)
{
	sqlite3_stmt *st = NULL;
	int rc;

	if (store->uri)
		return BN_OK;
	rc = sqlite3_prepare_v2(
	    db, store->wal ? "PRAGMA main.journal_mode=WAL" : "PRAGMA main.journal_mode=DELETE", -1,
	    &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW && store->wal && strcmp(bn_column_text(st, 0), "wal") != 0)
		store->wal = false;
	sqlite3_finalize(st);
	return rc == SQLITE_ROW ? BN_OK : bn_db_fail(db, err, sqlite3_db_filename(db, "main"));
}

/* Opens one file and brings it to our schema. BN_ECONFLICT: it is damaged. */
static int
open_file(struct bn_store *store, const struct kind_of_file *kind, const char *path, bool check,
	  sqlite3 **out, struct bn_error *err)
{
	sqlite3 *db = NULL;
	int64_t version = 0;
	int rc;

	*out = NULL;
	rc = bn_db_open(&db, store, path,
			SQLITE_OPEN_READWRITE | (store->uri ? SQLITE_OPEN_CREATE : 0), PATIENCE_MS,
			err);
	if (rc != BN_OK)
		return rc;
	rc = look_at(db, kind, &version, err);
	if (rc == BN_OK && check)
		rc = quick_check(db, err);
	if (rc == BN_OK && sqlite3_db_readonly(db, "main") != 1)
		rc = version < kind->version ? migrate(db, store, kind, err)
					     : journal_mode(db, store, err);
	if (rc != BN_OK && rc != BN_ECONFLICT && bn_db_corrupt(sqlite3_errcode(db)))
		rc = BN_ECONFLICT;
	if (rc == BN_OK)
		*out = db;
	else {
		if (rc == BN_ECONFLICT)
			sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		bn_db_close(db);
	}
	return rc;
}

static int64_t
file_size(const char *path, const char *suffix)
{
	char *name = bn_xasprintf("%s%s", path, suffix);
	struct stat st;
	int64_t size = lstat(name, &st) == 0 ? (int64_t)st.st_size : 0;

	free(name);
	return size;
}

/* Somebody met damage, or nobody closed the file last time. */
static bool
needs_check(struct bn_store *store, const char *path)
{
	char *mark = bn_xasprintf("%s/cache.suspect", store->dir);
	bool suspect = unlink(mark) == 0;

	free(mark);
	return suspect || (bn_files_alone(store) &&
			   (file_size(path, "-wal") > 0 || file_size(path, "-journal") > 0));
}

/* Made empty long ago: whoever makes a journal writes its tables at once, so somebody has cut it. */
static bool
rests_empty(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && st.st_size == 0 && file_size(path, "-wal") == 0 &&
	       time(NULL) - st.st_mtime > 2;
}

static void
add_notice(char **notice, const char *text)
{
	char *joined;

	if (notice == NULL)
		return;
	joined = *notice == NULL ? bn_xstrdup(text) : bn_xasprintf("%s\n%s", *notice, text);
	free(*notice);
	*notice = joined;
}

static int
rebuild_cache(struct bn_store *store, char **notice, struct bn_error *err)
{
	char *aside = NULL, *said;
	struct bn_error why = *err;
	bool created;
	int rc;

	if (!bn_files_alone(store)) {
		bn_fail(err, BN_EIO, "%s is damaged (%.200s) and another process has it open",
			store->cache, why.message);
		bn_hint(err, "stop the other binnacle, then start again: it will be rebuilt");
		return BN_EIO;
	}
	rc = bn_files_set_aside(store, &aside, err);
	if (rc == BN_OK)
		rc = bn_file_prepare(store, store->cache, &created, err);
	if (rc == BN_OK)
		rc = open_file(store, &cache_file, store->cache, false, &store->keeper, err);
	if (rc == BN_OK) {
		said =
		    bn_xasprintf("cache.db was damaged (%.200s); it is rebuilt, the old one is %s",
				 why.message, aside);
		add_notice(notice, said);
		free(said);
	}
	free(aside);
	return rc;
}

static int
open_cache(struct bn_store *store, char **notice, struct bn_error *err)
{
	bool created = false;
	int rc = BN_OK;

	if (!store->uri)
		rc = bn_file_prepare(store, store->cache, &created, err);
	if (rc != BN_OK)
		return rc;
	rc = open_file(store, &cache_file, store->cache,
		       !store->uri && !created && needs_check(store, store->cache), &store->keeper,
		       err);
	if (rc == BN_ECONFLICT)
		rc = rebuild_cache(store, notice, err);
	if (rc == BN_OK && sqlite3_db_readonly(store->keeper, "main") == 1) {
		rc = bn_fail(err, BN_EPERM, "%s can't be written", store->cache);
		bn_hint(err, "make it writable, set [state] dir, or use --cache none");
	}
	return rc;
}

/* What can still be read of a damaged journal goes to a copy in memory, so that every query works.
 */
static int
salvage_journal(struct bn_store *store, int64_t *kept, struct bn_error *err)
{
	char name[33], *path = store->journal;
	struct bn_store memory = {.uri = true};
	sqlite3 *from = NULL;
	sqlite3_stmt *get = NULL, *put = NULL;
	int rc;

	bn_uuid_hex(name);
	store->journal = bn_xasprintf("file:/bn-%s-journal?vfs=memdb", name);
	rc = open_file(&memory, &journal_file, store->journal, false, &store->journal_db, err);
	if (rc == BN_OK &&
	    bn_db_open(&from, store, path, SQLITE_OPEN_READWRITE, 1000, NULL) == BN_OK &&
	    sqlite3_prepare_v2(from, "SELECT * FROM record ORDER BY seq", -1, &get, NULL) ==
		SQLITE_OK &&
	    sqlite3_column_count(get) == 15 &&
	    sqlite3_prepare_v2(store->journal_db,
			       "INSERT INTO record VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", -1,
			       &put, NULL) == SQLITE_OK) {
		while (sqlite3_step(get) == SQLITE_ROW) {
			for (int i = 0; i < 15; i++)
				sqlite3_bind_value(put, i + 1, sqlite3_column_value(get, i));
			*kept += sqlite3_step(put) == SQLITE_DONE;
			sqlite3_reset(put);
		}
	}
	sqlite3_finalize(get);
	sqlite3_finalize(put);
	if (from != NULL)
		sqlite3_db_config(from, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	bn_db_close(from);
	free(path);
	return rc;
}

static int
damaged_journal(struct bn_store *store, char **notice, struct bn_error *err)
{
	char *path = bn_xstrdup(store->journal), *said;
	struct bn_error why = *err;
	int64_t kept = 0;
	int rc;

	store->journal_state = BN_JOURNAL_SALVAGED;
	rc = salvage_journal(store, &kept, err);
	if (rc == BN_OK) {
		said = bn_xasprintf(
		    "%s is damaged (%.200s): it is left as it is and only read, %lld records of "
		    "it; "
		    "nothing can be acknowledged, noted or retried until it is moved away",
		    path, why.message, (long long)kept);
		add_notice(notice, said);
		free(said);
	}
	free(path);
	return rc;
}

static int
open_journal(struct bn_store *store, char **notice, struct bn_error *err)
{
	bool created = false, check = false;
	int rc = BN_OK;

	if (!store->uri)
		rc = bn_file_prepare(store, store->journal, &created, err);
	if (rc != BN_OK)
		return rc;
	if (!store->uri && !created && rests_empty(store->journal))
		add_notice(notice,
			   "journal.db was empty: what it held is gone, and a new one is begun "
			   "([state] anchor, or else syslog, tells what there was)");
	if (!store->uri && !created)
		check = file_size(store->journal, "") < SMALL_JOURNAL ||
			needs_check(store, store->journal);
	rc = open_file(store, &journal_file, store->journal, check, &store->journal_db, err);
	if (rc == BN_ECONFLICT)
		return damaged_journal(store, notice, err);
	if (rc != BN_OK)
		return rc;
	if (sqlite3_db_readonly(store->journal_db, "main") == 1) {
		store->journal_state = BN_JOURNAL_READONLY;
		add_notice(
		    notice,
		    "journal.db can't be written: nothing can be acknowledged, noted or retried");
		return BN_OK;
	}
	/* Without a write-ahead log the folder has to be synced, too: else a power cut brings back the rollback
	 * journal, and with it what was there before a record that had been committed. */
	return bn_db_exec(store->journal_db,
			  store->wal ? "PRAGMA synchronous=FULL; PRAGMA cache_size=-500"
				     : "PRAGMA synchronous=EXTRA; PRAGMA cache_size=-500",
			  err);
}

/* The keeper has read both files, so that their -wal files exist and stay while we run. */
static int
keep_open(struct bn_store *store, struct bn_error *err)
{
	int64_t ignored;
	int rc;

	rc = bn_db_attach(store->keeper, store->journal, "journal", err);
	if (rc == BN_OK)
		rc = bn_db_exec(store->keeper, "PRAGMA query_only=ON; PRAGMA cache_size=-200", err);
	if (rc == BN_OK)
		rc = bn_db_int(store->keeper, "SELECT count(*) FROM main.source", 0, &ignored, err);
	if (rc == BN_OK)
		rc = bn_db_int(store->keeper, "SELECT max(seq) FROM journal.record", 0, &ignored,
			       err);
	return rc;
}

static int
open_both(struct bn_store *store, char **notice, struct bn_error *err)
{
	bool could = store->wal;
	int rc;

	rc = open_cache(store, notice, err);
	if (rc == BN_OK)
		rc = open_journal(store, notice, err);
	if (rc == BN_OK)
		rc = keep_open(store, err);
	if (rc == BN_OK && !store->uri && (!could || !store->wal)) {
		char *said = bn_xasprintf(
		    "%s is on a network file system: working without write-ahead log, slower and "
		    "for one machine at a time; [state] dir on a local disk is better",
		    store->dir);

		add_notice(notice, said);
		free(said);
	}
	return rc;
}

int
bn_store_open(struct bn_store **out, const char *dir, unsigned mode, const struct bn_clock *clock,
	      char **notice, struct bn_error *err)
{
	struct bn_store *store = bn_xcalloc(1, sizeof(*store));
	char name[33];
	int rc = BN_OK;

	*out = NULL;
	if (notice != NULL)
		*notice = NULL;
	store->mode = mode;
	store->clock = clock;
	store->lock_fd = -1;
	store->keep = (struct bn_store_keep){8 * DAY_MS, 400 * DAY_MS, DAY_MS};
	pthread_mutex_init(&store->lock, NULL);
	pthread_mutex_init(&store->journal_lock, NULL);
	bn_notice_init(&store->notice);
	if ((mode & BN_STORE_MEMORY) != 0) {
		bn_uuid_hex(name);
		store->uri = true;
		store->cache = bn_xasprintf("file:/bn-%s-cache?vfs=memdb", name);
		store->journal = bn_xasprintf("file:/bn-%s-journal?vfs=memdb", name);
	} else if (dir == NULL || *dir == '\0') {
		rc = bn_fail(err, BN_EINVAL, "no state directory given");
	} else {
		store->dir = bn_xstrdup(dir);
		rc = bn_files_prepare(store, err);
		if (rc == BN_OK)
			rc = bn_files_lock(store, err);
	}
	if (rc == BN_OK)
		rc = open_both(store, notice, err);
	if (store->lock_fd >= 0)
		bn_files_unlock(store);
	if (rc == BN_OK && store->uri)
		(void)bn_store_notice_fd(store);
	if (rc != BN_OK) {
		bn_store_close(store);
		return rc;
	}
	*out = store;
	return BN_OK;
}

void
bn_store_close(struct bn_store *store)
{
	if (store == NULL)
		return;
	bn_door_free(store->door);
	bn_notice_free(&store->notice);
	bn_db_close(store->journal_db);
	bn_db_close(store->keeper);
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	pthread_mutex_destroy(&store->lock);
	pthread_mutex_destroy(&store->journal_lock);
	free(store->dir);
	free(store->cache);
	free(store->journal);
	free(store->anchor);
	free(store);
}

const char *
bn_store_dir(const struct bn_store *store)
{
	return store->dir != NULL ? store->dir : "";
}

bool
bn_store_journal_writable(const struct bn_store *store)
{
	return store->journal_state == BN_JOURNAL_FINE;
}

void
bn_store_set_keep(struct bn_store *store, const struct bn_store_keep *keep)
{
	store->keep = *keep;
}

void
bn_store_set_anchor(struct bn_store *store, const char *path)
{
	free(store->anchor);
	store->anchor = bn_xstrdup(path);
}

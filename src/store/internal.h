/* internal.h - what the files of the store share with each other and nobody else. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_STORE_INTERNAL_H
#define BN_STORE_INTERNAL_H

#include <pthread.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/memory.h"
#include "store/journal.h"
#include "store/statements.h"
#include "store/store.h"

/* The .sql files beside this one, made into C at build time: schema 1 and the step to each later one. */
extern const char bn_schema_cache[];
extern const char bn_schema_cache_2[];
extern const char bn_schema_cache_3[];
extern const char bn_schema_journal[];

#define BN_CACHE_VERSION   3
#define BN_JOURNAL_VERSION 1
#define BN_CACHE_ID	   0x424e4343 /* "BNCC", PRAGMA application_id */
#define BN_JOURNAL_ID	   0x424e434a /* "BNCJ" */

/* What the journal turned out to be. SALVAGED: not readable throughout; what could be read lies in
 * memory. */
enum bn_journal_state { BN_JOURNAL_FINE, BN_JOURNAL_READONLY, BN_JOURNAL_SALVAGED };

struct bn_notice {
	int epoll, inotify, timer, event; /* -1: none */
	int64_t version;
	int trailing; /* how many looks after the last event are still due */
};

struct bn_store {
	char *dir, *cache, *journal; /* paths, or URIs in memory */
	unsigned mode;
	bool uri, wal, shared;
	mode_t file_mode;
	const struct bn_clock *clock;
	int lock_fd;
	enum bn_journal_state journal_state;
	struct bn_store_keep keep;
	char *anchor;
	pthread_mutex_t lock; /* keeper, notice, door */
	sqlite3 *keeper;      /* both files; holds the -wal files in place, never writes */
	struct bn_notice notice;
	struct bn_door *door; /* an idle one, or NULL */
	pthread_mutex_t journal_lock;
	sqlite3 *journal_db;
};

struct bn_writer {
	struct bn_store *store;
	sqlite3 *db;
	sqlite3_stmt *statements[BN_ST_COUNT];
	struct bn_writer_zone *zones;
	/* housekeeping: where it stands */
	bn_time expired_at;
	int maintain_step;
	bool portion_left, expiring;
};

/* ---- sql.c: connections and statements ---- */

/* Opens `path` with everything that makes SQLite strict (defensive, trusted_schema off,
 * cell_size_check) and a busy handler that gives up after `patience` ms. `flags` are
 * sqlite3_open_v2's. */
int bn_db_open(sqlite3 **out, const struct bn_store *store, const char *path, int flags,
	       int64_t patience, struct bn_error *err);
void bn_db_close(sqlite3 *db);
/* Turns the connection's last failure into *err: "what: SQLite's words", with what to do where we
 * know it. */
int bn_db_fail(sqlite3 *db, struct bn_error *err, const char *what);
bool bn_db_corrupt(int rc);
int bn_db_exec(sqlite3 *db, const char *sql, struct bn_error *err);
/* The first column of the first row as a number; `fallback` without a row; BN_E* on failure. */
int bn_db_int(sqlite3 *db, const char *sql, int64_t fallback, int64_t *out, struct bn_error *err);
int bn_db_attach(sqlite3 *db, const char *path, const char *name, struct bn_error *err);

void bn_bind_text(sqlite3_stmt *statement, int at,
		  const char *text);				   /* NULL binds NULL; not copied */
void bn_bind_time(sqlite3_stmt *statement, int at, int64_t value); /* 0 binds NULL */
void bn_bind_known(sqlite3_stmt *statement, int at, int64_t value); /* below 0 binds NULL */
const char *bn_column_text(sqlite3_stmt *statement, int at);	    /* NULL for NULL */
bool bn_same_text(const char *a, const char *b);		    /* NULL is like NULL only */

/* ---- functions.c ---- */

/* What now() says on a connection, and until when (monotonic ms, 0: no limit) regexp() may work. */
struct bn_functions {
	const struct bn_clock *clock;
	bn_time frozen; /* 0: the clock's */
	int64_t deadline;
	void *regex; /* the latest pattern, compiled */
	char *pattern;
};
int bn_functions_add(sqlite3 *db, struct bn_functions *functions, struct bn_error *err);
void bn_functions_free(struct bn_functions *functions);

/* ---- reader.c: the views ---- */

extern const char bn_views_now[];
extern const char bn_views_live[]; /* after those: live_now; and then version_now */
extern const char bn_views_version[];
extern const char bn_views_short[];
extern const char *const bn_view_names[]; /* every name of both, NULL at the end */

/* ---- door.c ---- */
void bn_door_free(struct bn_door *door);

/* ---- journal.c ---- */

/* Appends unless the guard, which sees journal.db (as `main`) under the lock that the record is written under,
 * returns other than BN_OK. */
typedef int bn_journal_guard(sqlite3 *db, bn_time now, void *payload, struct bn_error *err);
int bn_journal_append_if(struct bn_store *store, const struct bn_actor *actor,
			 const struct bn_journal_entry *entry, bn_journal_guard *guard,
			 void *payload, int64_t *seq, struct bn_error *err);

/* ---- notice.c ---- */
void bn_notice_init(struct bn_notice *notice);
void bn_notice_free(struct bn_notice *notice);
/* Called after every commit of this process. */
void bn_store_committed(struct bn_store *store);
int64_t bn_db_version(sqlite3 *db);

/* ---- files.c ---- */

/* True for file systems several machines share (statfs(2) f_type): WAL's shared memory does not
 * work there. */
bool bn_network_filesystem(int64_t type);
int bn_files_prepare(struct bn_store *store, struct bn_error *err);
/* Makes the file, if it isn't there, before SQLite would; checks owner and kind of one that is.
 * *created says which. Never opens one that exists: closing that descriptor would drop SQLite's
 * locks. */
int bn_file_prepare(const struct bn_store *store, const char *path, bool *created,
		    struct bn_error *err);
/* One process at a time opens, migrates, rebuilds. bn_files_alone is true when no other process has
 * it open. */
int bn_files_lock(struct bn_store *store, struct bn_error *err);
bool bn_files_alone(struct bn_store *store);
void bn_files_unlock(struct bn_store *store);
/* cache.db, -wal and -shm become cache.db.damaged-STAMP…; *aside (caller frees) is the new name. */
int bn_files_set_aside(struct bn_store *store, char **aside, struct bn_error *err);

/* ---- writer.c ---- */

/* The prepared statement, reset and ready to bind; NULL with *err filled. */
sqlite3_stmt *bn_use(struct bn_writer *writer, enum bn_statement which, struct bn_error *err);
/* Steps a statement that gives no rows. */
int bn_run_statement(struct bn_writer *writer, sqlite3_stmt *statement, struct bn_error *err);
/* Steps to the first row: *found says whether there is one. The statement is reset by the next
 * bn_use. */
int bn_first_row(struct bn_writer *writer, sqlite3_stmt *statement, bool *found,
		 struct bn_error *err);
int bn_begin(struct bn_writer *writer, struct bn_error *err);
int bn_commit(struct bn_writer *writer, struct bn_error *err);
void bn_rollback(struct bn_writer *writer);
int bn_check_epoch(struct bn_writer *writer, int64_t source_id, int64_t epoch,
		   struct bn_error *err);
/* The zone by name, opened once a writer; NULL if the name is NULL or unknown. */
const struct bn_zone *bn_writer_zone(struct bn_writer *writer, const char *name);

#endif

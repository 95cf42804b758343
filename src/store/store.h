/* store.h - the bus: cache.db and journal.db, opened, migrated, written in batches, read by queries. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_STORE_STORE_H
#define BN_STORE_STORE_H

#include <sqlite3.h>

#include "base/clock.h"
#include "binnacle/plugin.h"

/* One state directory, opened by one process. Never open a second descriptor on cache.db besides SQLite's
 * (closing it would drop SQLite's locks). Safe to share between threads: each thread takes connections of
 * its own from it. */
struct bn_store;

enum bn_store_mode {
	BN_STORE_SHARED = 0,	  /* read and write */
	BN_STORE_MEMORY = 1 << 0, /* --cache none: nothing on disk, gone at close */
	BN_STORE_NO_WAL = 1 << 1  /* a rollback journal, as on a network file system */
};

/* Opens or creates both files in `dir` (made 0600; WAL; `dir` NULL with BN_STORE_MEMORY). A newer schema is
 * refused untouched (BN_EUNSUPPORTED with the version that is needed); a corrupt cache.db is renamed aside
 * and rebuilt, which *notice (may be NULL; caller frees) says; a corrupt journal is opened read-only, said
 * the same way. On a network file system WAL is not used, and it is said. The clock is borrowed. */
int bn_store_open(struct bn_store **out, const char *dir, unsigned mode,
		  const struct bn_clock *clock, char **notice, struct bn_error *err);
void bn_store_close(struct bn_store *store);
const char *bn_store_dir(const struct bn_store *store); /* "" in memory */
bool bn_store_journal_writable(const struct bn_store *store);

/* How long things are kept, ms; what stands here is the default. Call before the writers are opened. */
struct bn_store_keep {
	int64_t points; /* raw points, then ten-minute roll-ups: 8 days */
	int64_t
	    history; /* transitions, attempts, closed findings, roll-ups, what is gone: 400 days */
	int64_t calls; /* requests made: 1 day */
};
void bn_store_set_keep(struct bn_store *store, const struct bn_store_keep *keep);
/* Where the journal's head is written besides: NULL (the default) syslog(3), "" nowhere (the demo), else a
 * file, appended. */
void bn_store_set_anchor(struct bn_store *store, const char *path);

/* ---- reading ------------------------------------------------------------------------------- */

/* A read connection for one thread: cache.db as `main`, journal.db attached as `journal`, query_only, an
 * interruptible busy handler, and these functions and temporary views (documented in store/views.c):
 *   now(), status_word(n), kind_word(n), status_rank(n), status_fine(n), status_problem(n),
 *   severity_word(n), ref_text(kind number, source, key), stale_after(interval_ms, took_ms), clock_factor(),
 *   glob(pattern, text), regexp(pattern, text) (bounded: a pattern that explodes is an error), human_ms(n)
 *   entity_now: every entity not gone, with source (name), source_state, age_ms (since its scope was last
 *     read, or itself if that is later), stale (age over two intervals, or never read), status_now (unknown
 *     when stale), kind_name, entity (its reference as text). Each source is in it too, as kind `source`.
 *   pipeline_now run_now task_now endpoint_now source_now finding_now: the same joined with what the kind adds
 *   ack_now, snooze_now, note_now: what is acknowledged, snoozed, noted at this moment, from the journal
 * The caller closes it. */
struct bn_reader;
int bn_reader_open(struct bn_reader **out, struct bn_store *store, struct bn_error *err);
void bn_reader_close(struct bn_reader *reader);
sqlite3 *bn_reader_db(struct bn_reader *reader);
/* A statement for `sql`, one that rests if it was asked before: a console asks the same questions all night, and most
 * of what a short one costs is its preparation. Returns SQLite's code. Given back by bn_reader_done, which resets and
 * unbinds it (NULL allowed); what was bound with SQLITE_STATIC may go after that. */
int bn_reader_prepare(struct bn_reader *reader, const char *sql, sqlite3_stmt **out);
void bn_reader_done(struct bn_reader *reader, sqlite3_stmt *statement);
void bn_reader_interrupt(struct bn_reader *reader); /* from any thread */
/* Call where a statement failed: if that was because the file is damaged, a mark is left, and the next process
 * to open the cache looks at all of it. */
void bn_store_met(sqlite3 *db);
/* Freezes now() for the statements of one screen, so that all of them agree; 0 thaws. */
void bn_reader_set_now(struct bn_reader *reader, bn_time now);
bn_time bn_reader_now(const struct bn_reader *reader);
/* Time travel: from now on every table and view answers as of `at` (0: live again), now() included. A moment
 * that was watched gives what was known then; of one that nobody watched (no `observed` around it) things are
 * unknown with the message "not observed", and runs are as their attempts' times say. Costs what changed since
 * that moment. Opens a read transaction, so that all that is read is of one state of the files; who keeps a
 * reader for long calls bn_reader_rest when it has read enough, and this again (cheap if nothing was committed
 * meanwhile) before it reads on. BN_EINVAL: the moment lies ahead. */
int bn_reader_set_at(struct bn_reader *reader, bn_time at, struct bn_error *err);
bn_time bn_reader_at(const struct bn_reader *reader);
void bn_reader_rest(struct bn_reader *reader);
/* Changes whenever any process committed to the cache or the journal. Cheap. */
int64_t bn_reader_version(struct bn_reader *reader);

/* The read-only SQL door of `sql`, [rule] and the filter's raw form: its own connection with an authoriser
 * (SELECT on the documented views and tables only), no attach, no pragma, a time limit in ms and a row
 * limit (0: none; BN_ETOOBIG after the last row it allows). There the views also have the short names
 * `pipeline run task endpoint finding source app model dataset stream product change entity link transition
 * attribute measure series point observed ack snooze note`. For each row on_row gets the statement; returning
 * other than BN_OK ends it with that code. BN_EINVAL: not SQL; BN_EPERM: not allowed; BN_ETIMEOUT: too long. */
int bn_store_sql(struct bn_store *store, const char *sql, int64_t limit_ms, int64_t limit_rows,
		 int (*on_row)(sqlite3_stmt *row, void *payload, struct bn_error *err),
		 void *payload, struct bn_error *err);

/* ---- noticing commits ---------------------------------------------------------------------- */

/* The same door as of moments in the past, for one thread; views and now() answer as bn_reader_set_at has
 * it. Names that begin with at_ are taken there, so SQL that has any is refused (BN_EINVAL). */
struct bn_past;
int bn_past_open(struct bn_past **out, struct bn_store *store, struct bn_error *err);
void bn_past_free(struct bn_past *past); /* NULL allowed */
int bn_past_sql(struct bn_past *past, bn_time at, const char *sql, int64_t limit_ms,
		int64_t limit_rows,
		int (*on_row)(sqlite3_stmt *row, void *payload, struct bn_error *err),
		void *payload, struct bn_error *err);

/* A descriptor that becomes readable when some process may have committed (inotify on the -wal files); -1
 * where that doesn't work, then ask bn_reader_version every 100 ms. bn_store_noticed empties it. */
int bn_store_notice_fd(struct bn_store *store);
void bn_store_noticed(struct bn_store *store);

/* ---- writing: sources ---------------------------------------------------------------------- */

/* A write connection for one thread. */
struct bn_writer;
int bn_writer_open(struct bn_writer **out, struct bn_store *store, struct bn_error *err);
void bn_writer_close(struct bn_writer *writer);
sqlite3 *bn_writer_db(struct bn_writer *writer);

/* Makes sure a source has its row; *id is its number. Marks it configured now. */
struct bn_source_info {
	const char *name, *type, *url, *config_digest, *auth;
	int64_t interval; /* ms */
	bool disabled;
	const char *origin; /* which configuration names it (bn_config_origin), or NULL */
};
int bn_writer_source(struct bn_writer *writer, const struct bn_source_info *info, int64_t *id,
		     struct bn_error *err);
/* Of the sources that `origin` named once, those not in `keep` (a JSON array of names) are configured no
 * more: they and what they described leave every view, and their findings are closed. Nothing is deleted;
 * a source that comes back finds everything as it was. */
int bn_writer_retire(struct bn_writer *writer, const char *origin, const char *keep,
		     struct bn_error *err);
/* Takes over the lease's epoch (the flock is the collector's affair): raises it, returns it. */
int bn_writer_take_lease(struct bn_writer *writer, int64_t source_id, const char *holder,
			 int64_t *epoch, struct bn_error *err);

/* What came of a poll; extends or opens the observed interval when it was fine. `failure` NULL: fine. */
struct bn_poll_result {
	bn_time began, ended;
	int64_t took; /* ms, by the monotonic clock */
	int64_t requests;
	bn_time next_poll_at;
	int64_t skipped;
	const char *skip_reason;
	const struct bn_error *failure;
	bn_time auth_expires_at;
};
int bn_writer_poll_result(struct bn_writer *writer, int64_t source_id, int64_t epoch,
			  const struct bn_poll_result *result, struct bn_error *err);
struct bn_call_record {
	bn_time at;
	int64_t took; /* ms */
	const char *what;
	int http_status;
	int64_t bytes;
	const char *error;
};
int bn_writer_calls(struct bn_writer *writer, int64_t source_id, const struct bn_call_record *calls,
		    size_t count, struct bn_error *err);

/* ---- writing: batches ---------------------------------------------------------------------- */

/* A batch takes what one plugin call reads. Records are copied into its arena; bn_batch_page writes them in
 * one transaction that first checks the epoch (BN_EBUSY when the lease was lost, nothing written). With
 * epoch -1 there is no lease (details, logs, actions): only records are written, no scope is swept.
 * `host` is put at its head for the plugin's inline functions. Rules of DESIGN 3 (absence, order, attempts,
 * history) are applied here and nowhere else. */
struct bn_batch;
struct bn_batch *bn_batch_new(struct bn_writer *writer, const struct bn_host *host,
			      int64_t source_id, const char *source_name, int64_t epoch);
void bn_batch_free(struct bn_batch *batch); /* what was not committed is dropped */
/* When the request was sent whose answer the following records come from. */
void bn_batch_sent(struct bn_batch *batch, bn_time sent_at);
int bn_batch_scope(struct bn_batch *batch, const char *name, enum bn_scope_type type,
		   struct bn_error *err);
int bn_batch_page(struct bn_batch *batch, struct bn_error *err);
int bn_batch_scope_done(struct bn_batch *batch, struct bn_error *err);
/* Instead of scope_done, when the scope's answer is byte for byte the one it was last read from: renews its
 * last_ok_at and sent_at (after the epoch check), touches no entity, sweeps nothing, and ends the scope.
 * BN_ECONFLICT if the scope was never read to its end. */
int bn_batch_scope_same(struct bn_batch *batch, struct bn_error *err);
const char *bn_batch_watermark(struct bn_batch *batch, const char *name);
void bn_batch_set_watermark(struct bn_batch *batch, const char *name, const char *value);
void bn_batch_pipeline(struct bn_batch *batch, const struct bn_pipeline *record);
void bn_batch_run(struct bn_batch *batch, const struct bn_run *record);
/* Tasks of a run form a scope of their own: all added between two pages replace nothing but what they name;
 * bn_batch_tasks_complete says the run's tasks were all named. */
void bn_batch_task(struct bn_batch *batch, const struct bn_task *record);
/* Attempt 0: the current one. Drops what this batch did not name, if it named any. */
void bn_batch_tasks_complete(struct bn_batch *batch, const char *run_key, int attempt);
void bn_batch_endpoint(struct bn_batch *batch, const struct bn_endpoint *record);
void bn_batch_model(struct bn_batch *batch, const struct bn_model *record);
void bn_batch_model_version(struct bn_batch *batch, const struct bn_model_version *record);
void bn_batch_entity(struct bn_batch *batch, enum bn_kind kind, const struct bn_entity *record);
void bn_batch_finding(struct bn_batch *batch, const struct bn_finding *record);
void bn_batch_attribute(struct bn_batch *batch, enum bn_kind kind, const char *key,
			const char *name, const char *value);
void bn_batch_measure(struct bn_batch *batch, struct bn_ref about, const char *name, double value,
		      const char *unit, bn_time at);
void bn_batch_point(struct bn_batch *batch, struct bn_ref about, const char *series, bn_time at,
		    double value);
/* What is known of a stream, and that all its minutes from `from` on were asked for at `at` (plugin.h). */
void bn_batch_stream(struct bn_batch *batch, const struct bn_stream *record);
void bn_batch_reading(struct bn_batch *batch, const char *stream, bn_time from, bn_time at);
/* All runs of the source between these moments are known, from the platform's own history. */
void bn_batch_history(struct bn_batch *batch, bn_time from, bn_time until);
void bn_batch_link(struct bn_batch *batch, struct bn_ref from, struct bn_ref to, const char *kind);
void bn_batch_skip(struct bn_batch *batch, const char *what, const char *why);
size_t bn_batch_skipped(const struct bn_batch *batch, const char **reason);
size_t bn_batch_records(const struct bn_batch *batch); /* committed so far */

/* ---- writing: the rest --------------------------------------------------------------------- */

/* Links and other facts of the configuration, origin "config": replaces the whole set. */
struct bn_config_link {
	struct bn_ref from, to; /* source NULL: any */
	const char *kind;
};
int bn_writer_config_links(struct bn_writer *writer, const struct bn_config_link *links,
			   size_t count, struct bn_error *err);

/* Data products, as they are judged (src/triage). They belong to the source BN_PRODUCT_SOURCE, which no
 * platform stands behind. Strings are borrowed; `value` is NAN where it is not known; times 0 likewise. */
#define BN_PRODUCT_SOURCE "products"
#define BN_OBJECTIVE_ROW  ((int64_t)600000) /* ms that a row of an objective's history stands for */
struct bn_objective_row {
	bn_time at;		    /* its start */
	int64_t good, bad, unknown; /* ms, together at most BN_OBJECTIVE_ROW */
	enum bn_status state;	    /* at its end */
};
struct bn_objective_record {
	const char *sli, *text, *detail;
	double target, goal, value;
	int64_t window; /* ms */
	enum bn_status state;
	bn_time since, good_at, due_at, predicted_at;
	const struct bn_objective_row *rows; /* those that are to be replaced, ascending */
	size_t row_count;
	bool
	    sampled; /* its value is kept as a point of the minute, since nothing else tells its past */
};
struct bn_product_record {
	struct bn_entity entity;
	const char *domain, *contact, *lifecycle;
	const char *consumers; /* a JSON array, or NULL */
	double cost;	       /* NAN: nobody said */
	const char *cost_unit;
	const struct bn_objective_record *objectives;
	size_t objective_count;
};
/* Writes all products of the configuration `origin`; those it named before and now does not are gone.
 * `interval` (ms) is how often they are judged at least. Where nothing but time has passed, and little of
 * it, nothing is written. What another process wrote of a later moment stays. */
int bn_writer_products(struct bn_writer *writer, const char *origin, int64_t interval, bn_time at,
		       const struct bn_product_record *products, size_t count,
		       struct bn_error *err);

/* Logs read once are kept (at most 1 MiB each, the newest 256 MiB in all). */
int bn_writer_log(struct bn_writer *writer, const char *source, const char *run_key, int attempt,
		  const char *task_key, int try_number, bool complete, const char *text,
		  size_t size, struct bn_error *err);

/* Housekeeping in small steps: retention, roll-ups, search index, free space. Returns BN_OK when there is
 * nothing left to do now, BN_EBUSY when called again it would do more. */
int bn_writer_maintain(struct bn_writer *writer, struct bn_error *err);

#endif

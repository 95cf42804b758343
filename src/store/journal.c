/* journal.c - what people did: appended, synced, each record bound to the last by hash. */
/* SPDX-License-Identifier: MIT */
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/status.h"
#include "base/text.h"

#define REASON_MAX ((size_t)64 << 10)
#define BODY_MAX   ((size_t)1 << 20)
#define NO_HASH	   "0000000000000000000000000000000000000000000000000000000000000000"

/* One record as it is hashed and stored: every column in the order of journal.sql. */
struct record {
	int64_t seq, at, parent; /* parent 0: none, NULL in the table */
	const char *verb, *user, *identity, *host, *origin, *source, *kind, *key, *reason, *body,
	    *prev;
};

static void
number_field(struct bn_digest *digest, int64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, value);
	bn_digest_field(digest, text);
}

static void
hash_record(const struct record *r, char out[BN_DIGEST_HEX])
{
	struct bn_digest *digest = bn_digest_new();

	number_field(digest, r->seq);
	number_field(digest, r->at);
	bn_digest_field(digest, r->verb);
	bn_digest_field(digest, r->user);
	bn_digest_field(digest, r->identity);
	bn_digest_field(digest, r->host);
	bn_digest_field(digest, r->origin);
	bn_digest_field(digest, r->source);
	bn_digest_field(digest, r->kind);
	bn_digest_field(digest, r->key);
	if (r->parent == 0)
		bn_digest_field(digest, NULL);
	else
		number_field(digest, r->parent);
	bn_digest_field(digest, r->reason);
	bn_digest_field(digest, r->body);
	bn_digest_field(digest, r->prev);
	bn_digest_finish(digest, out);
}

/* ---- the second place the head is kept in ---- */

/* Whoever cuts the journal's tail, adds to it, or writes it anew whole, would have to change this as well. It
 * says less than the record: no reason, no body.
 *
 * In a file each record has two lines: "~SEQ HASH" before it is committed, "SEQ HASH" after. What the second kind
 * names must be in the journal; what is in the journal must be named by one of them, and it is even where the
 * process was killed between commit and second line. So a record whose first line can't be written is refused. */
static int
anchor_open(const struct bn_store *store)
{
	static const int how = O_APPEND | O_NOFOLLOW | O_CLOEXEC;
	int fd = open(store->anchor, O_RDWR | O_CREAT | O_EXCL | how, store->file_mode);

	if (fd >=
	    0) { /* whoever shares the state directory writes to it, too, whatever the umask is */
		if (store->shared)
			(void)fchmod(fd, store->file_mode);
		return fd;
	}
	fd = open(store->anchor, O_RDWR | how);
	/* Somebody else's, who lets us append and not read. */
	return fd < 0 && errno == EACCES ? open(store->anchor, O_WRONLY | how) : fd;
}

/* A full disk may have cut the line before: then ours begins a new one. */
static bool
ends_whole(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char last = '\n';

	return size <= 0 || pread(fd, &last, 1, size - 1) != 1 || last == '\n';
}

static int
anchor_line(const struct bn_store *store, const struct record *r, const char *hash, bool before,
	    struct bn_error *err)
{
	char line[256];
	int size, fd = anchor_open(store), rc = BN_OK;

	if (fd >= 0) {
		size = snprintf(line, sizeof(line), "%s%s%" PRId64 " %s\n",
				ends_whole(fd) ? "" : "\n", before ? "~" : "", r->seq, hash);
		errno = ENOSPC; /* of a write that is cut */
		/* One write of one short line: lines of several processes don't mix. */
		if (write(fd, line, (size_t)size) == (ssize_t)size &&
		    (fdatasync(fd) == 0 || errno == EINVAL)) /* no file, but a pipe */
			errno = 0;
	}
	if (fd < 0 || errno != 0) {
		rc = bn_fail(err, BN_EIO, "%.200s: %s: nothing was recorded", store->anchor,
			     strerror(errno));
		bn_hint(err, "[state] anchor names the file that every record is entered in first");
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

bool
bn_journal_anchored(const struct bn_store *store)
{
	return !store->uri && store->anchor != NULL && *store->anchor != '\0';
}

static void
anchor_head(const struct bn_store *store, const struct record *r, const char *hash)
{
	struct bn_error ignored; /* it is entered already, as one that may not be there */

	if (bn_journal_anchored(store))
		anchor_line(store, r, hash, false, &ignored);
	else if (!store->uri && store->anchor == NULL)
		syslog(LOG_AUTH | LOG_INFO,
		       "binnacle journal %s record %" PRId64 " %s by %s hash %s", store->dir,
		       r->seq, r->verb, r->user, hash);
}

/* ---- appending ---- */

static int
head_of(sqlite3 *db, int64_t *seq, char hash[BN_DIGEST_HEX], struct bn_error *err)
{
	sqlite3_stmt *st = NULL;
	int rc, status = BN_OK;

	*seq = 0;
	memcpy(hash, NO_HASH, BN_DIGEST_HEX);
	rc = sqlite3_prepare_v2(db, "SELECT seq, hash FROM record ORDER BY seq DESC LIMIT 1", -1,
				&st, NULL);
	if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		*seq = sqlite3_column_int64(st, 0);
		snprintf(hash, BN_DIGEST_HEX, "%s", bn_column_text(st, 1));
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		status = bn_db_fail(db, err, "journal.db");
	sqlite3_finalize(st);
	return status;
}

static int
insert_record(sqlite3 *db, const struct record *r, const char *hash, struct bn_error *err)
{
	sqlite3_stmt *st = NULL;
	int rc, status = BN_OK;

	rc = sqlite3_prepare_v2(db,
				"INSERT INTO record (seq, at, verb, user, identity, host, origin, "
				"source, kind, key, parent, reason, body,"
				" prev, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
				"?11, ?12, ?13, ?14, ?15)",
				-1, &st, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_bind_int64(st, 1, r->seq);
		sqlite3_bind_int64(st, 2, r->at);
		bn_bind_text(st, 3, r->verb);
		bn_bind_text(st, 4, r->user);
		bn_bind_text(st, 5, r->identity);
		bn_bind_text(st, 6, r->host);
		bn_bind_text(st, 7, r->origin);
		bn_bind_text(st, 8, r->source);
		bn_bind_text(st, 9, r->kind);
		bn_bind_text(st, 10, r->key);
		bn_bind_time(st, 11, r->parent);
		bn_bind_text(st, 12, r->reason);
		bn_bind_text(st, 13, r->body);
		bn_bind_text(st, 14, r->prev);
		bn_bind_text(st, 15, hash);
		rc = sqlite3_step(st);
	}
	if (rc != SQLITE_DONE)
		status = bn_db_fail(db, err, "journal.db");
	sqlite3_finalize(st);
	return status;
}

/* The whole record under one lock: two processes can't both follow the same head. What the guard looks at is
 * the journal as it is under that lock. */
static int
append_locked(struct bn_store *store, struct record *r, bn_journal_guard *guard, void *payload,
	      struct bn_error *err)
{
	char prev[BN_DIGEST_HEX], hash[BN_DIGEST_HEX];
	sqlite3 *db = store->journal_db;
	int64_t seq;
	int rc;

	rc = bn_db_exec(db, "BEGIN IMMEDIATE", err);
	if (rc != BN_OK)
		return rc;
	rc = guard != NULL ? guard(db, bn_clock_now(store->clock), payload, err) : BN_OK;
	if (rc != BN_OK) {
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
		return rc;
	}
	rc = head_of(db, &seq, prev, err);
	if (rc == BN_OK) {
		r->seq = seq + 1;
		r->at = bn_clock_now(store->clock);
		r->prev = prev;
		hash_record(r, hash);
		rc = insert_record(db, r, hash, err);
	}
	if (rc == BN_OK && bn_journal_anchored(store))
		rc = anchor_line(store, r, hash, true, err);
	if (rc == BN_OK)
		rc = bn_db_exec(db, "COMMIT", err);
	if (rc != BN_OK) {
		if (!sqlite3_get_autocommit(db))
			sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
		return rc == BN_EPERM || rc == BN_ETIMEOUT ? rc : (err->code = BN_EIO);
	}
	anchor_head(store, r, hash);
	r->prev = NULL;
	return BN_OK;
}

static int
check_entry(const struct bn_journal_entry *entry, const char *body, struct bn_error *err)
{
	json_t *json = NULL;
	bool object;
	int rc;

	if (entry->verb == NULL || *entry->verb == '\0')
		return bn_fail(err, BN_EINVAL, "a journal record needs a verb");
	if (entry->reason != NULL && strlen(entry->reason) > REASON_MAX)
		return bn_fail(err, BN_ETOOBIG, "the text is longer than 64 KiB");
	if (entry->reason != NULL && !bn_utf8_valid(entry->reason, strlen(entry->reason)))
		return bn_fail(err, BN_EINVAL, "the text is not UTF-8");
	if (strlen(body) > BODY_MAX)
		return bn_fail(err, BN_ETOOBIG, "the record's body is longer than 1 MiB");
	rc = bn_json_load(&json, body, strlen(body), err);
	if (rc != BN_OK)
		return rc;
	object = json_is_object(json);
	json_decref(json);
	return object ? BN_OK : bn_fail(err, BN_EINVAL, "a journal record's body is a JSON object");
}

static const char *
or_empty(const char *text)
{
	return text != NULL ? text : "";
}

int
bn_journal_append(struct bn_store *store, const struct bn_actor *actor,
		  const struct bn_journal_entry *entry, int64_t *seq, struct bn_error *err)
{
	return bn_journal_append_if(store, actor, entry, NULL, NULL, seq, err);
}

int
bn_journal_append_if(struct bn_store *store, const struct bn_actor *actor,
		     const struct bn_journal_entry *entry, bn_journal_guard *guard, void *payload,
		     int64_t *seq, struct bn_error *err)
{
	const char *body = entry->body != NULL ? entry->body : "{}";
	struct record r = {
	    .parent = entry->parent,
	    .verb = entry->verb,
	    .user = actor->user,
	    .identity = actor->identity,
	    .host = actor->host,
	    .origin = actor->origin,
	    .source = or_empty(entry->about.source),
	    .kind = bn_kind_word(entry->about.kind),
	    .key = or_empty(entry->about.key),
	    .reason = or_empty(entry->reason),
	    .body = body,
	};
	int rc = check_entry(entry, body, err);

	if (rc != BN_OK)
		return rc;
	if (store->journal_state != BN_JOURNAL_FINE) {
		bn_fail(err, BN_EPERM, "the journal can't be written: nothing was recorded");
		bn_hint(
		    err,
		    "journal.db in %.150s is damaged or read-only; move it away to begin a new one",
		    or_empty(store->dir));
		return BN_EPERM;
	}
	pthread_mutex_lock(&store->journal_lock);
	rc = append_locked(store, &r, guard, payload, err);
	pthread_mutex_unlock(&store->journal_lock);
	if (rc == BN_OK) {
		if (seq != NULL)
			*seq = r.seq;
		bn_store_committed(store);
	}
	return rc;
}

/* ---- verifying ---- */

/* Where these stand in the query of the walk. */
enum { SEQ = 0, AT = 1, PARENT = 10, HASH = 14 };

/* The columns of one row as a record; borrowed until the statement moves. */
static struct record
row_record(sqlite3_stmt *st)
{
	return (struct record){
	    .seq = sqlite3_column_int64(st, 0),
	    .at = sqlite3_column_int64(st, 1),
	    .verb = bn_column_text(st, 2),
	    .user = bn_column_text(st, 3),
	    .identity = bn_column_text(st, 4),
	    .host = bn_column_text(st, 5),
	    .origin = bn_column_text(st, 6),
	    .source = bn_column_text(st, 7),
	    .kind = bn_column_text(st, 8),
	    .key = bn_column_text(st, 9),
	    .parent = sqlite3_column_int64(st, 10),
	    .reason = bn_column_text(st, 11),
	    .body = bn_column_text(st, 12),
	    .prev = bn_column_text(st, 13),
	};
}

/* The lines of the second file: what they name must be in the chain, with that hash. Syslog is for
 * people. */
struct anchors {
	FILE *file;
	int64_t seq;
	char hash[BN_DIGEST_HEX];
};

static bool
next_anchor(struct anchors *a)
{
	char line[256];

	while (a->file != NULL && fgets(line, sizeof(line), a->file) != NULL)
		if (sscanf(line, "%" SCNd64 " %64[0-9a-f]", &a->seq, a->hash) == 2)
			return true;
	a->seq = INT64_MAX;
	return false;
}

int64_t
bn_journal_missing(struct bn_store *store)
{
	struct bn_error ignored;
	struct anchors anchors = {NULL, 0, ""};
	int64_t last = 0, seq = 0;
	char hash[BN_DIGEST_HEX];

	if (store->anchor == NULL || *store->anchor == '\0')
		return 0;
	anchors.file = fopen(store->anchor, "re");
	if (anchors.file == NULL)
		return 0;
	/* Lines are shorter than 128 bytes; the one that is cut is no line. */
	if (fseek(anchors.file, -1024, SEEK_END) == 0)
		(void)!fgets(hash, sizeof(hash), anchors.file);
	while (next_anchor(&anchors))
		last = anchors.seq;
	fclose(anchors.file);
	pthread_mutex_lock(&store->journal_lock);
	if (last > 0 && head_of(store->journal_db, &seq, hash, &ignored) != BN_OK)
		last = 0;
	pthread_mutex_unlock(&store->journal_lock);
	return last > seq ? last - seq : 0;
}

/* All lines of the second file, by number: those of several processes may stand in another order. */
struct anchor {
	int64_t seq;
	char hash[BN_DIGEST_HEX];
	bool before; /* written before the record was committed: it need not be there */
};
struct anchor_list {
	struct anchor *list;
	size_t count, room, at;
	/* Each record up to here has its line; later ones may be newer than the list. */
	int64_t told;
};

static int
by_number(const void *a, const void *b)
{
	const struct anchor *x = a, *y = b;

	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static int
read_anchors(const struct bn_store *store, struct anchor_list *a, struct bn_error *err)
{
	FILE *file = bn_journal_anchored(store) ? fopen(store->anchor, "re") : NULL;
	struct anchor one;
	char line[256];

	if (file == NULL && bn_journal_anchored(store) && errno != ENOENT)
		return bn_fail(err, errno == EACCES ? BN_EPERM : BN_EIO,
			       "%.200s: %s: what the journal holds can't be compared with it",
			       store->anchor, strerror(errno));
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		one.before = line[0] == '~';
		if (sscanf(line + one.before, "%" SCNd64 " %64[0-9a-f]", &one.seq, one.hash) != 2 ||
		    strlen(one.hash) != 64) /* a full disk took but a part of it */
			continue;
		if (a->count == a->room) {
			a->room = a->room * 2 + 64;
			a->list = bn_xrealloc(a->list, a->room, sizeof(*a->list));
		}
		a->list[a->count++] = one;
	}
	if (file != NULL)
		fclose(file);
	if (a->count > 0)
		qsort(a->list, a->count, sizeof(*a->list), by_number);
	return BN_OK;
}

/* What the second file says of a record. One from before there was such a file is not named in it. */
static bool
anchored(struct anchor_list *a, int64_t seq, const char *hash)
{
	bool named = false, fine = true;

	if (a->count == 0 || seq < a->list[0].seq)
		return true;
	for (; a->at < a->count && a->list[a->at].seq <= seq; a->at++) {
		const struct anchor *one = &a->list[a->at];
		bool same = one->seq == seq && strcmp(one->hash, hash) == 0;

		named = named || same;
		fine = fine && (same || one->before);
	}
	return fine && (named || seq > a->told);
}

/* The highest number that was committed, by the second file, from where the walk stands. */
static int64_t
committed_last(const struct anchor_list *a)
{
	int64_t last = 0;

	for (size_t i = a->at; i < a->count; i++)
		if (!a->list[i].before)
			last = a->list[i].seq;
	return last;
}

/* SQLite stores in a column what it is given: the same letters as a BLOB, with a zero behind them, or a number that is
 * no whole one would have the hash of the record, and be found by no query. */
static bool
has_right_types(sqlite3_stmt *st)
{
	int i, type;

	for (i = 0; i < sqlite3_column_count(st); i++) {
		type = sqlite3_column_type(st, i);
		if (i == PARENT && type == SQLITE_NULL)
			continue;
		if (i == SEQ || i == AT || i == PARENT) {
			if (type != SQLITE_INTEGER || sqlite3_column_int64(st, i) == 0)
				return false;
		} else if (type != SQLITE_TEXT ||
			   (size_t)sqlite3_column_bytes(st, i) != strlen(bn_column_text(st, i)))
			return false;
	}
	return true;
}

/* NULL: it is as it was written. Otherwise why not. */
static const char *
misfit(sqlite3_stmt *st, int64_t expected, const char *prev, struct anchor_list *anchors)
{
	char hash[BN_DIGEST_HEX];
	struct record r;

	/* first of all: reading a column as text makes it one */
	if (!has_right_types(st))
		return "does not fit the chain";
	r = row_record(st);
	hash_record(&r, hash);
	if (r.seq != expected || !bn_same_text(r.prev, prev) ||
	    !bn_same_text(bn_column_text(st, HASH), hash))
		return "does not fit the chain";
	return anchored(anchors, r.seq, hash) ? NULL : "is not the one the anchor names";
}

static int
walk(sqlite3 *db, struct anchor_list *anchors, int64_t *count, int64_t *bad, struct bn_error *err)
{
	char prev[BN_DIGEST_HEX] = NO_HASH;
	sqlite3_stmt *st = NULL;
	int rc, step;

	rc = sqlite3_prepare_v2(db,
				"SELECT seq, at, verb, user, identity, host, origin, source, kind, "
				"key, parent, reason, body, prev, hash"
				" FROM journal.record ORDER BY seq",
				-1, &st, NULL);
	if (rc != SQLITE_OK)
		return bn_db_fail(db, err, "journal.db");
	rc = BN_OK;
	while ((step = sqlite3_step(st)) == SQLITE_ROW) {
		const char *why = misfit(st, *count + 1, prev, anchors);

		if (why != NULL) {
			*bad = *count + 1;
			rc = bn_fail(err, BN_ECONFLICT, "journal record %" PRId64 " %s", *bad, why);
			break;
		}
		snprintf(prev, sizeof(prev), "%s", bn_column_text(st, HASH));
		(*count)++;
	}
	if (rc == BN_OK && step != SQLITE_DONE) {
		*bad = *count + 1;
		rc = bn_fail(err, BN_ECONFLICT, "journal record %" PRId64 " can't be read: %s",
			     *bad, sqlite3_errmsg(db));
	}
	if (rc == BN_OK && committed_last(anchors) > 0) {
		*bad = *count + 1;
		rc = bn_fail(err, BN_ECONFLICT,
			     "the journal ends at record %" PRId64 ", but %" PRId64 " was written",
			     *count, committed_last(anchors));
	}
	sqlite3_finalize(st);
	return rc;
}

/* The second file as it is between two looks at the journal, while others may write to both: what the first look
 * sees must be named in it, and what it says was committed must be there at the second, which is the walk. *head is
 * what the first saw; where it can't be read nothing is taken for new. */
static int
look_at_anchors(struct bn_store *store, sqlite3 *db, struct anchor_list *anchors, int64_t *head,
		struct bn_error *err)
{
	struct bn_error ignored;
	int rc;

	if (bn_db_int(db, "SELECT max(seq) FROM journal.record", 0, head, &ignored) != BN_OK)
		*head = INT64_MAX;
	rc = read_anchors(store, anchors, err);
	anchors->told = committed_last(anchors);
	if (anchors->told < *head)
		anchors->told = *head;
	return rc;
}

int
bn_journal_verify(struct bn_store *store, int64_t *count, int64_t *bad, struct bn_error *err)
{
	struct bn_reader *reader = NULL;
	struct anchor_list anchors = {0};
	int64_t head = 0;
	int rc;

	*count = *bad = 0;
	rc = bn_reader_open(&reader, store, err);
	if (rc != BN_OK)
		return rc;
	rc = look_at_anchors(store, bn_reader_db(reader), &anchors, &head, err);
	if (rc == BN_OK)
		rc = walk(bn_reader_db(reader), &anchors, count, bad, err);
	if (rc == BN_OK && bn_journal_anchored(store) && anchors.count == 0 && head > 0) {
		rc = bn_fail(err, BN_ECONFLICT,
			     "%.200s names none of the journal's %" PRId64 " records",
			     store->anchor, *count);
		bn_hint(err, "it was emptied or taken away; where it is only new, the next record "
			     "begins it");
	}
	if (rc == BN_OK && store->journal_state == BN_JOURNAL_SALVAGED) {
		*bad = *count + 1;
		rc = bn_fail(err, BN_ECONFLICT, "the journal is damaged after record %" PRId64,
			     *count);
	}
	free(anchors.list);
	bn_reader_close(reader);
	return rc;
}

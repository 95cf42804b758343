/* acts.c - who acts, and the verbs of this release: acknowledge, snooze, note, undo. */
/* SPDX-License-Identifier: MIT */
#include "store/internal.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/status.h"

void
bn_actor_self(struct bn_actor *actor, const char *identity)
{
	const char *connection = getenv("SSH_CONNECTION");
	struct passwd entry, *found = NULL;
	char buffer[4096];

	memset(actor, 0, sizeof(*actor));
	/* The real user: not what the environment claims. */
	if (getpwuid_r(getuid(), &entry, buffer, sizeof(buffer), &found) == 0 && found != NULL)
		snprintf(actor->user, sizeof(actor->user), "%s", found->pw_name);
	else
		snprintf(actor->user, sizeof(actor->user), "uid %ld", (long)getuid());
	snprintf(actor->identity, sizeof(actor->identity), "%s", identity != NULL ? identity : "");
	if (gethostname(actor->host, sizeof(actor->host)) != 0)
		actor->host[0] = '\0';
	actor->host[sizeof(actor->host) - 1] = '\0';
	if (connection != NULL)
		snprintf(actor->origin, sizeof(actor->origin), "%.*s",
			 (int)strcspn(connection, " "), connection);
}

/* The record that is in force for the thing: the latest of `verb` unless `undo` came after it. 0:
 * none. */
static int
in_force(struct bn_reader *reader, const struct bn_ref *about, const char *verb, const char *undo,
	 int64_t *seq, struct bn_error *err)
{
	sqlite3 *db = bn_reader_db(reader);
	sqlite3_stmt *st = NULL;
	int rc, status = BN_OK;

	*seq = 0;
	rc = sqlite3_prepare_v2(db,
				"SELECT seq, verb FROM journal.record WHERE kind = ?1 AND key = ?2 "
				"AND source = ?3 AND verb IN (?4, ?5)"
				" ORDER BY seq DESC LIMIT 1",
				-1, &st, NULL);
	if (rc == SQLITE_OK) {
		bn_bind_text(st, 1, bn_kind_word(about->kind));
		bn_bind_text(st, 2, about->key != NULL ? about->key : "");
		bn_bind_text(st, 3, about->source != NULL ? about->source : "");
		bn_bind_text(st, 4, verb);
		bn_bind_text(st, 5, undo);
		rc = sqlite3_step(st);
	}
	if (rc == SQLITE_ROW && strcmp(bn_column_text(st, 1), verb) == 0)
		*seq = sqlite3_column_int64(st, 0);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		status = bn_db_fail(db, err, "journal.db");
	sqlite3_finalize(st);
	return status;
}

/* When the latest incident of the thing began, by the platforms' clocks: what an acknowledgement is
 * about. */
static int
incident_since(struct bn_reader *reader, const struct bn_ref *about, int64_t *since,
	       struct bn_error *err)
{
	sqlite3 *db = bn_reader_db(reader);
	sqlite3_stmt *st = NULL;
	int rc, status = BN_OK;

	*since = 0;
	rc = sqlite3_prepare_v2(
	    db,
	    "SELECT max(since) FROM (SELECT f.since FROM main.finding f WHERE f.closed_at IS NULL"
	    "  AND f.about_kind = ?1 AND f.about_key = ?2 AND (?3 IS NULL OR f.about_source = ?3)"
	    " UNION ALL SELECT f.since FROM main.finding f LEFT JOIN main.source s ON s.id = "
	    "f.source_id"
	    "  WHERE f.closed_at IS NULL AND ?1 = 0 AND coalesce(f.about_kind, 0) = 0"
	    "  AND f.rule || '/' || f.key = ?2 AND (?3 IS NULL OR s.name = ?3)"
	    " UNION ALL SELECT e.since FROM main.source s JOIN main.entity e ON e.source_id = s.id"
	    "  WHERE (?3 IS NULL OR s.name = ?3) AND e.kind = ?1 AND e.key = ?2 AND "
	    "status_problem(e.status))",
	    -1, &st, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_bind_int(st, 1, about->kind);
		bn_bind_text(st, 2, about->key);
		bn_bind_text(st, 3, about->source);
		rc = sqlite3_step(st);
	}
	if (rc == SQLITE_ROW)
		*since = sqlite3_column_int64(st, 0);
	else if (rc != SQLITE_DONE)
		status = bn_db_fail(db, err, "store");
	sqlite3_finalize(st);
	return status;
}

static int
named(const struct bn_ref *about, struct bn_error *err)
{
	if (about->key == NULL || *about->key == '\0')
		return bn_fail(err, BN_EINVAL, "name the thing it is about: KIND/[SOURCE/]KEY");
	return BN_OK;
}

static int
undo_act(struct bn_store *store, struct bn_reader *reader, const struct bn_actor *actor,
	 struct bn_ref about, const char *verb, const char *undo, const char *reason, int64_t *seq,
	 struct bn_error *err)
{
	struct bn_journal_entry entry = {undo, about, 0, reason, NULL};
	int rc = in_force(reader, &about, verb, undo, &entry.parent, err);

	if (rc == BN_OK && entry.parent == 0)
		rc = bn_fail(err, BN_ENOTFOUND, "%.200s: there is no %s to take back", about.key,
			     verb);
	return rc == BN_OK ? bn_journal_append(store, actor, &entry, seq, err) : rc;
}

int
bn_journal_ack(struct bn_store *store, const struct bn_actor *actor, struct bn_ref about,
	       const char *reason, bool undo, int64_t *seq, struct bn_error *err)
{
	struct bn_journal_entry entry = {"ack", about, 0, reason, NULL};
	struct bn_reader *reader = NULL;
	int64_t since = 0;
	char body[64];
	int rc;

	rc = named(&about, err);
	if (rc == BN_OK)
		rc = bn_reader_open(&reader, store, err);
	if (rc != BN_OK)
		return rc;
	if (undo) {
		rc = undo_act(store, reader, actor, about, "ack", "unack", reason, seq, err);
	} else {
		rc = incident_since(reader, &about, &since, err);
		snprintf(body, sizeof(body), "{\"since\":%" PRId64 "}", since);
		entry.body = body;
		if (rc == BN_OK)
			rc = bn_journal_append(store, actor, &entry, seq, err);
	}
	bn_reader_close(reader);
	return rc;
}

int
bn_journal_snooze(struct bn_store *store, const struct bn_actor *actor, struct bn_ref about,
		  bn_time until, const char *reason, bool undo, int64_t *seq, struct bn_error *err)
{
	struct bn_journal_entry entry = {"snooze", about, 0, reason, NULL};
	struct bn_reader *reader = NULL;
	char body[64];
	int rc;

	rc = named(&about, err);
	if (rc != BN_OK)
		return rc;
	if (!undo) {
		if (until <= bn_clock_now(store->clock))
			return bn_fail(err, BN_EINVAL,
				       "snooze until a moment that is still to come");
		snprintf(body, sizeof(body), "{\"until\":%" PRId64 "}", until);
		entry.body = body;
		return bn_journal_append(store, actor, &entry, seq, err);
	}
	rc = bn_reader_open(&reader, store, err);
	if (rc == BN_OK)
		rc = undo_act(store, reader, actor, about, "snooze", "unsnooze", reason, seq, err);
	bn_reader_close(reader);
	return rc;
}

int
bn_journal_note(struct bn_store *store, const struct bn_actor *actor, struct bn_ref about,
		const char *tag, const char *text, int64_t *seq, struct bn_error *err)
{
	struct bn_journal_entry entry = {"note", about, 0, text, NULL};
	struct bn_buf body = BN_BUF_INIT(4096);
	int rc;

	if (text == NULL || *text == '\0')
		return bn_fail(err, BN_EINVAL, "a note needs words");
	bn_buf_adds(&body, "{");
	if (tag != NULL && *tag != '\0') {
		bn_buf_adds(&body, "\"tag\":");
		bn_json_quote(&body, tag);
	}
	bn_buf_adds(&body, "}");
	if (body.overflow) {
		rc = bn_fail(err, BN_ETOOBIG, "the tag is too long");
	} else {
		entry.body = bn_buf_text(&body);
		rc = bn_journal_append(store, actor, &entry, seq, err);
	}
	bn_buf_free(&body);
	return rc;
}

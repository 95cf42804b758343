/* intents.c - what was asked of platforms: intents, outcomes, locks, and what forbids a further one. */
/* SPDX-License-Identifier: MIT */
#include "store/internal.h"

#include <inttypes.h>
#include <string.h>

#include "base/status.h"

struct guard {
	const struct bn_actor *actor;
	struct bn_ref about;
	const char *pipeline;
	int64_t min_interval;
	int64_t intent; /* outcomes: whose */
	int64_t other;
};

/* ---- questions, under the journal's lock ------------------------------------------------------- */

static int
ask(sqlite3 *db, const struct guard *g, const char *sql, int64_t number, sqlite3_stmt **st,
    struct bn_error *err)
{
	int rc = sqlite3_prepare_v2(db, sql, -1, st, NULL);

	if (rc == SQLITE_OK) {
		bn_bind_text(*st, 1, bn_kind_word(g->about.kind));
		bn_bind_text(*st, 2, g->about.key);
		bn_bind_text(*st, 3, g->about.source);
		bn_bind_text(*st, 4, g->pipeline != NULL ? g->pipeline : "");
		bn_bind_text(*st, 5, g->actor->user);
		sqlite3_bind_int64(*st, 6, number);
		rc = sqlite3_step(*st);
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return bn_db_fail(db, err, "journal.db");
	return rc == SQLITE_ROW ? 1 : BN_OK;
}

#define OUTCOME_OF(what)                                                                           \
	"(SELECT " what " FROM record o WHERE o.kind = i.kind AND o.key = i.key AND"               \
	" o.source = i.source AND o.parent = i.seq AND o.verb = 'outcome' ORDER BY o.seq DESC"     \
	" LIMIT 1)"

static int
unsettled(sqlite3 *db, struct guard *g, struct bn_error *err)
{
	static const char sql[] =
	    "SELECT i.seq, i.user, i.host FROM record i WHERE i.kind = ?1 AND i.key = ?2 AND"
	    " i.source = ?3 AND i.verb = 'intent' AND coalesce(" OUTCOME_OF(
		"json_extract(o.body, '$.state')") ", 'unknown') = 'unknown' ORDER BY i.seq DESC"
						   " LIMIT 1";
	sqlite3_stmt *st = NULL;
	int rc = ask(db, g, sql, 0, &st, err);

	if (rc == 1) {
		g->other = sqlite3_column_int64(st, 0);
		rc = bn_fail(err, BN_EUNCERTAIN,
			     "intent %" PRId64
			     " of %s@%s about %.150s was sent or is being sent, and"
			     " its outcome is not known",
			     g->other, bn_column_text(st, 1), bn_column_text(st, 2), g->about.key);
		bn_hint(err, "do not send it again; see: binnacle audit show %" PRId64, g->other);
	}
	sqlite3_finalize(st);
	return rc;
}

static int
locked(sqlite3 *db, struct guard *g, bn_time now, struct bn_error *err)
{
	static const char sql[] =
	    "SELECT i.seq, i.user, i.host, json_extract(i.body, '$.until'), i.key FROM record i"
	    " WHERE ((i.kind = ?1 AND i.key = ?2) OR (?4 <> '' AND i.kind = 'pipeline' AND i.key = "
	    "?4))"
	    " AND i.source = ?3 AND i.verb = 'lock' AND i.user <> ?5"
	    " AND json_extract(i.body, '$.until') > ?6 AND NOT EXISTS (SELECT 1 FROM record u WHERE"
	    " u.kind = i.kind AND u.key = i.key AND u.source = i.source AND u.verb IN ('lock',"
	    " 'unlock') AND u.seq > i.seq) ORDER BY i.seq DESC LIMIT 1";
	sqlite3_stmt *st = NULL;
	char until[BN_TIME_TEXT];
	int rc = ask(db, g, sql, now, &st, err);

	if (rc == 1) {
		g->other = sqlite3_column_int64(st, 0);
		rc = bn_fail(err, BN_EBUSY, "%.150s is locked by %s@%s until %s",
			     bn_column_text(st, 4), bn_column_text(st, 1), bn_column_text(st, 2),
			     bn_time_rfc3339(sqlite3_column_int64(st, 3), until));
		err->retry_after = sqlite3_column_int64(st, 3) - now;
		bn_hint(err, "see: binnacle audit show %" PRId64, g->other);
	}
	sqlite3_finalize(st);
	return rc;
}

#define OWN_RETRY                                                                                  \
	"SELECT i.seq, i.user, i.at FROM record i WHERE i.kind = ?1 AND i.key = ?2 AND"            \
	" i.source = ?3 AND i.verb = 'intent' AND i.at > ?6 AND " OUTCOME_OF(                      \
	    "json_extract(o.body, '$.state')") " = 'done'"

/* One of another run, which this one was made from. */
#define MADE_BY_RETRY                                                                              \
	"SELECT i.seq, i.user, i.at FROM record o JOIN record i ON i.seq = o.parent WHERE o.verb"  \
	" = 'outcome' AND o.at > ?6 AND o.kind = ?1 AND o.source = ?3 AND json_valid(o.body) AND"  \
	" json_extract(o.body, '$.run') = ?2 AND i.at > ?6"

static int
too_soon(sqlite3 *db, struct guard *g, bn_time now, struct bn_error *err)
{
	static const char sql[] = OWN_RETRY " UNION ALL " MADE_BY_RETRY " ORDER BY 1 DESC LIMIT 1";
	sqlite3_stmt *st = NULL;
	char ago[BN_TIME_TEXT], left[BN_TIME_TEXT];
	int64_t at;
	int rc = ask(db, g, sql, now - g->min_interval, &st, err);

	if (rc == 1) {
		g->other = sqlite3_column_int64(st, 0);
		at = sqlite3_column_int64(st, 2);
		rc = bn_fail(err, BN_EBUSY, "%.150s was retried %s ago by %s; again in %s",
			     g->about.key, bn_duration_show(now - at, ago), bn_column_text(st, 1),
			     bn_duration_show(at + g->min_interval - now, left));
		err->retry_after = at + g->min_interval - now;
		bn_hint(err, "[policy] retry-min-interval says how soon");
	}
	sqlite3_finalize(st);
	return rc;
}

/* The mistake that tests/fault/kill_test has to notice, built into a program of its own there. */
#ifdef BN_TEST_SEND_AGAIN
#define HOLDS_BACK false
#else
#define HOLDS_BACK true
#endif

static int
may_act(sqlite3 *db, bn_time now, void *payload, struct bn_error *err)
{
	struct guard *g = payload;
	int rc = HOLDS_BACK ? unsettled(db, g, err) : BN_OK;

	if (rc == BN_OK)
		rc = locked(db, g, now, err);
	return rc == BN_OK && HOLDS_BACK && g->min_interval > 0 ? too_soon(db, g, now, err) : rc;
}

/* ---- intents and outcomes ---------------------------------------------------------------------- */

static struct guard
guard_of(const struct bn_actor *actor, struct bn_ref about, const char *pipeline,
	 int64_t min_interval)
{
	return (struct guard){
	    .actor = actor,
	    .about = {about.kind, about.source != NULL ? about.source : "",
		      about.key != NULL ? about.key : ""},
	    .pipeline = pipeline,
	    .min_interval = min_interval,
	};
}

int
bn_journal_intent(struct bn_store *store, const struct bn_actor *actor,
		  const struct bn_journal_entry *entry, const char *pipeline, int64_t min_interval,
		  int64_t *seq, int64_t *other, struct bn_error *err)
{
	struct guard g = guard_of(actor, entry->about, pipeline, min_interval);
	int rc = bn_journal_append_if(store, actor, entry, may_act, &g, seq, err);

	*other = g.other;
	return rc;
}

int
bn_journal_may_act(struct bn_store *store, const struct bn_actor *actor, struct bn_ref about,
		   const char *pipeline, int64_t min_interval, int64_t *other, struct bn_error *err)
{
	struct guard g = guard_of(actor, about, pipeline, min_interval);
	int rc;

	*other = 0;
	if (store->journal_state != BN_JOURNAL_FINE) {
		bn_fail(err, BN_EPERM, "the journal can't be written, so nothing may be sent");
		return bn_hint(err, "journal.db is damaged or read-only: binnacle audit verify");
	}
	pthread_mutex_lock(&store->journal_lock);
	rc = may_act(store->journal_db, bn_clock_now(store->clock), &g, err);
	pthread_mutex_unlock(&store->journal_lock);
	*other = g.other;
	return rc;
}

static int
still_open(sqlite3 *db, bn_time now, void *payload, struct bn_error *err)
{
	static const char sql[] = "SELECT " OUTCOME_OF(
	    "json_extract(o.body, '$.state')") " FROM record i"
					       " WHERE i.seq = ?6 AND i.verb = 'intent'";
	struct guard *g = payload;
	const char *state;
	sqlite3_stmt *st = NULL;
	int rc = ask(db, g, sql, g->intent, &st, err);

	(void)now;
	if (rc == BN_OK)
		rc = bn_fail(err, BN_ENOTFOUND, "record %" PRId64 " is not an intent", g->intent);
	else if (rc == 1) {
		state = bn_column_text(st, 0);
		rc = state == NULL || strcmp(state, "unknown") == 0
			 ? BN_OK
			 : bn_fail(err, BN_ECONFLICT, "intent %" PRId64 " is settled already: %s",
				   g->intent, state);
	}
	sqlite3_finalize(st);
	return rc;
}

int
bn_journal_outcome(struct bn_store *store, const struct bn_actor *actor, struct bn_ref about,
		   int64_t intent, const char *reason, const char *body, int64_t *seq,
		   struct bn_error *err)
{
	struct bn_journal_entry entry = {"outcome", about, intent, reason, body};
	struct guard g = guard_of(actor, about, NULL, 0);

	g.intent = intent;
	return bn_journal_append_if(store, actor, &entry, still_open, &g, seq, err);
}

/* ---- locks ------------------------------------------------------------------------------------- */

static int
locked_guard(sqlite3 *db, bn_time now, void *payload, struct bn_error *err)
{
	return locked(db, payload, now, err);
}

static int
unlocked_guard(sqlite3 *db, bn_time now, void *payload, struct bn_error *err)
{
	static const char sql[] =
	    "SELECT 1 FROM record i WHERE i.kind = ?1 AND i.key = ?2 AND i.source = ?3 AND i.verb ="
	    " 'lock' AND json_extract(i.body, '$.until') > ?6 AND NOT EXISTS (SELECT 1 FROM record "
	    "u"
	    " WHERE u.kind = i.kind AND u.key = i.key AND u.source = i.source AND u.verb IN "
	    "('lock',"
	    " 'unlock') AND u.seq > i.seq)";
	struct guard *g = payload;
	sqlite3_stmt *st = NULL;
	int rc = ask(db, g, sql, now, &st, err);

	sqlite3_finalize(st);
	if (rc == 1)
		return BN_OK;
	return rc != BN_OK ? rc : bn_fail(err, BN_ENOTFOUND, "%.150s is not locked", g->about.key);
}

int
bn_journal_lock(struct bn_store *store, const struct bn_actor *actor, struct bn_ref about,
		bn_time until, const char *reason, bool undo, int64_t *seq, struct bn_error *err)
{
	struct guard g = guard_of(actor, about, NULL, 0);
	struct bn_journal_entry entry = {undo ? "unlock" : "lock", about, 0, reason, NULL};
	char body[64];

	if (about.key == NULL || *about.key == '\0')
		return bn_fail(err, BN_EINVAL, "name the thing to lock: KIND/[SOURCE/]KEY");
	if (!undo && until <= bn_clock_now(store->clock))
		return bn_fail(err, BN_EINVAL, "lock until a moment that is still to come");
	snprintf(body, sizeof(body), "{\"until\":%" PRId64 "}", until);
	if (!undo)
		entry.body = body;
	/* Anybody may take a lock back: the journal says who did. */
	return bn_journal_append_if(store, actor, &entry, undo ? unlocked_guard : locked_guard, &g,
				    seq, err);
}

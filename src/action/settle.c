/* settle.c - intents whose outcome is not known: the platform is read, or a person decides. */
/* SPDX-License-Identifier: MIT */
#include "action/bulk_room.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/status.h"

struct reading {
	struct bn_actions *action;
	const struct bn_intent *intent;
	int64_t seq;
	struct bn_action_result *result;
	int rc;
	struct bn_error err;
};

/* Has the journal these words already? Numbers aside: a program may count the minutes in each of its answers, and
 * platforms are read again and again. */
static bool
said_before(const struct reading *r, const char *answer)
{
	char *now = bn_action_fingerprint(answer), *before = NULL;
	struct bn_reader *reader = NULL;
	struct bn_error ignored;
	sqlite3_stmt *st = NULL;
	bool said = true; /* where it can't be read, nothing is added either */

	if (bn_reader_open(&reader, r->action->options.store, &ignored) == BN_OK &&
	    sqlite3_prepare_v2(bn_reader_db(reader), "SELECT answer FROM intent_now WHERE seq = ?1",
			       -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_bind_int64(st, 1, r->seq) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW) {
		before = bn_action_fingerprint((const char *)sqlite3_column_text(st, 0));
		said = now == NULL || (before != NULL && strcmp(now, before) == 0);
	}
	sqlite3_finalize(st);
	bn_reader_close(reader);
	free(now);
	free(before);
	return said;
}

static void
told(const struct bn_outcome *outcome, const struct bn_error *why, void *payload)
{
	struct reading *r = payload;

	(void)why;
	if (outcome->answer != NULL)
		snprintf(r->result->answer, sizeof(r->result->answer), "%s", outcome->answer);
	/* "It still shows the attempt of before" proves nothing while the request may be under way. What is seen and
	 * proves nothing either way belongs before the person who decides, once. */
	if (outcome->state != BN_OUTCOME_DONE && outcome->state != BN_OUTCOME_REFUSED &&
	    (outcome->state != BN_OUTCOME_UNKNOWN || outcome->answer == NULL ||
	     said_before(r, outcome->answer)))
		return;
	r->rc = bn_action_record(r->action, r->intent->about, r->seq, "reconcile", outcome, NULL,
				 NULL, NULL, &r->err);
	if (r->rc != BN_OK)
		return;
	r->result->state = outcome->state;
	if (outcome->run != NULL)
		snprintf(r->result->run, sizeof(r->result->run), "%s", outcome->run);
}

int
bn_action_settle_one(struct bn_actions *action, const struct bn_intent *intent, int64_t seq,
		     struct bn_action_result *result, struct bn_error *err)
{
	struct reading r = {.action = action, .intent = intent, .seq = seq, .result = result};
	int rc;

	result->state = BN_OUTCOME_UNKNOWN;
	rc = bn_collect_reconcile(action->options.collect, intent, told, &r, err);
	if (rc == BN_OK && r.rc != BN_OK) {
		*err = r.err;
		rc = r.rc;
	}
	return rc;
}

/* ---- all of them ------------------------------------------------------------------------------- */

#define PAGE 500 /* intents at a time: there may be any number, and memory is bounded */

struct pending {
	struct bn_arena *arena; /* of the page */
	struct bn_intent *intents;
	int64_t *seqs;
	size_t count;
};

static const char *
keep(struct pending *p, sqlite3_stmt *st, int at)
{
	return bn_arena_strdup(p->arena, (const char *)sqlite3_column_text(st, at));
}

/* The next page behind intent `after`. */
static int
find_pending(struct bn_actions *action, const char *source, int64_t after, struct pending *p,
	     struct bn_error *err)
{
	static const char sql[] =
	    "SELECT n.seq, n.kind, n.source, n.key, n.verb, n.mode, n.attempt, n.request,"
	    " json_extract(r.body, '$.plan.body'), json_extract(r.body, '$.key'), n.at"
	    " FROM intent_now n JOIN journal.record r ON r.seq = n.seq WHERE n.state IN ('open', "
	    "'unknown')"
	    " AND (?1 IS NULL OR n.source = ?1) AND n.seq > ?2 ORDER BY n.seq LIMIT ?3";
	struct bn_reader *reader = NULL;
	sqlite3_stmt *st = NULL;
	int rc = bn_reader_open(&reader, action->options.store, err), step = SQLITE_DONE;

	if (rc != BN_OK)
		return rc;
	p->intents = bn_arena_alloc(p->arena, PAGE * sizeof(*p->intents));
	p->seqs = bn_arena_alloc(p->arena, PAGE * sizeof(*p->seqs));
	if (sqlite3_prepare_v2(bn_reader_db(reader), sql, -1, &st, NULL) != SQLITE_OK ||
	    sqlite3_bind_text(st, 1, source, -1, SQLITE_STATIC) != SQLITE_OK ||
	    sqlite3_bind_int64(st, 2, after) != SQLITE_OK ||
	    sqlite3_bind_int(st, 3, PAGE) != SQLITE_OK)
		rc = bn_fail(err, BN_EIO, "journal: %s", sqlite3_errmsg(bn_reader_db(reader)));
	while (rc == BN_OK && (step = sqlite3_step(st)) == SQLITE_ROW) {
		const char *kind = (const char *)sqlite3_column_text(st, 1);

		p->seqs[p->count] = sqlite3_column_int64(st, 0);
		p->intents[p->count++] = (struct bn_intent){
		    .about = {bn_kind_from_word(kind), keep(p, st, 2), keep(p, st, 3)},
		    .verb = keep(p, st, 4),
		    .mode = keep(p, st, 5),
		    .attempt = keep(p, st, 6),
		    .request = keep(p, st, 7),
		    .body = keep(p, st, 8),
		    .key = keep(p, st, 9),
		    .at = sqlite3_column_int64(st, 10),
		};
	}
	if (rc == BN_OK && step != SQLITE_DONE)
		rc = bn_fail(err, BN_EIO, "journal: %s", sqlite3_errmsg(bn_reader_db(reader)));
	sqlite3_finalize(st);
	bn_reader_close(reader);
	return rc;
}

/* Whoever recorded it died, or was killed, before the request left: the record that goes before that is missing.
 */
static int
never_sent(struct bn_actions *action, const struct bn_intent *intent, int64_t seq,
	   struct bn_error *err)
{
	struct bn_outcome outcome = {.state = BN_OUTCOME_NOT_SENT,
				     .answer = "the session ended before anything was sent"};

	return bn_action_record(action, intent->about, seq, "reconcile", &outcome, NULL, NULL, NULL,
				err);
}

/* Asked while the run is held: whoever was at it when the intent was found may have sent meanwhile, and nobody can
 * from here on. Fills intent->remember, which is in the record of that. */
static bool
is_sent(struct pending *p, struct bn_actions *action, struct bn_intent *intent, int64_t seq)
{
	static const char sql[] =
	    "SELECT n.state, (SELECT json_extract(x.body, '$.remember') FROM journal.record x"
	    " WHERE x.kind = n.kind AND x.key = n.key AND x.source = n.source AND x.parent = n.seq"
	    " AND x.verb = 'sending' AND json_valid(x.body) ORDER BY x.seq DESC LIMIT 1)"
	    " FROM intent_now n WHERE n.seq = ?1";
	struct bn_reader *reader = NULL;
	sqlite3_stmt *st = NULL;
	struct bn_error err;
	bool sent = true;

	if (bn_reader_open(&reader, action->options.store, &err) != BN_OK)
		return true;
	if (sqlite3_prepare_v2(bn_reader_db(reader), sql, -1, &st, NULL) == SQLITE_OK) {
		sqlite3_bind_int64(st, 1, seq);
		if (sqlite3_step(st) == SQLITE_ROW) {
			sent = strcmp((const char *)sqlite3_column_text(st, 0), "open") != 0;
			intent->remember = keep(p, st, 1);
		}
	}
	sqlite3_finalize(st);
	bn_reader_close(reader);
	return sent;
}

/* True: it is settled now. */
static bool
settle(struct pending *p, struct bn_actions *action, struct bn_intent *intent, int64_t seq)
{
	struct bn_action_result result = {.state = BN_OUTCOME_UNKNOWN};
	struct bn_hold *hold = NULL;
	struct bn_error err = {0};
	bool sent;
	int rc;

	/* Held: its own session is at it and will tell. In memory nobody can hold, and nobody else can have died. */
	if ((rc = bn_collect_hold(&hold, action->options.collect, intent->about, &err)) != BN_OK)
		return false;
	sent = is_sent(p, action, intent, seq);
	if (!sent)
		rc = hold != NULL ? never_sent(action, intent, seq, &err) : BN_EBUSY;
	else
		rc = bn_action_settle_one(action, intent, seq, &result, &err);
	bn_hold_release(hold);
	if (rc != BN_OK && rc != BN_ECONFLICT)
		bn_log_write(action->options.log, 1, "intent %" PRId64 " stays unknown: %s", seq,
			     err.message);
	return rc == BN_ECONFLICT || (rc == BN_OK && (!sent || result.state != BN_OUTCOME_UNKNOWN));
}

/* One page; adds to *left those that stay unknown. *after becomes its last intent, or -1 behind the last page. */
static int
settle_page(struct bn_actions *action, const char *source, int64_t *after, int *left,
	    struct bn_error *err)
{
	struct pending p = {.arena = bn_arena_new()};
	int rc = find_pending(action, source, *after, &p, err);

	for (size_t i = 0; rc == BN_OK && i < p.count; i++)
		*left += action->options.read_only || !settle(&p, action, &p.intents[i], p.seqs[i]);
	*after = rc == BN_OK && p.count == PAGE ? p.seqs[p.count - 1] : -1;
	bn_arena_free(p.arena);
	return rc;
}

int
bn_action_reconcile(struct bn_actions *action, const char *source, int *left, struct bn_error *err)
{
	int64_t after = 0;
	int open = 0, rc;

	do
		rc = settle_page(action, source, &after, &open, err);
	while (rc == BN_OK && after >= 0);
	if (left != NULL)
		*left = open;
	if (rc == BN_OK && !action->options.read_only)
		rc = bn_bulk_reconcile(action, err);
	return rc;
}

/* ---- a person ---------------------------------------------------------------------------------- */

int
bn_action_settle(struct bn_actions *action, int64_t intent, bool done, const char *reason,
		 int64_t *seq, struct bn_error *err)
{
	struct bn_outcome outcome = {.state = done ? BN_OUTCOME_DONE : BN_OUTCOME_NOT_SENT};
	struct bn_reader *reader = NULL;
	struct bn_hold *hold = NULL;
	sqlite3_stmt *st = NULL;
	struct bn_arena *arena = bn_arena_new();
	struct bn_ref about = {0};
	int rc = action->options.read_only ? bn_fail(err, BN_EPERM, "this is a read-only session")
					   : bn_reader_open(&reader, action->options.store, err);

	if (rc != BN_OK)
		goto out;
	rc = bn_fail(err, BN_ENOTFOUND, "record %" PRId64 " is not an intent", intent);
	if (sqlite3_prepare_v2(
		bn_reader_db(reader),
		"SELECT kind, source, key FROM journal.record WHERE seq = ?1 AND verb ="
		" 'intent'",
		-1, &st, NULL) == SQLITE_OK &&
	    sqlite3_bind_int64(st, 1, intent) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW) {
		about.kind = bn_kind_from_word((const char *)sqlite3_column_text(st, 0));
		about.source = bn_arena_strdup(arena, (const char *)sqlite3_column_text(st, 1));
		about.key = bn_arena_strdup(arena, (const char *)sqlite3_column_text(st, 2));
		rc = BN_OK;
	}
	sqlite3_finalize(st);
	/* Not while its own session is at it. */
	if (rc == BN_OK)
		rc = bn_collect_hold(&hold, action->options.collect, about, err);
	if (rc == BN_OK)
		rc = bn_action_record(action, about, intent, "person", &outcome,
				      done ? "a person says it was done"
					   : "a person says it was not done",
				      reason, seq, err);
out:
	bn_hold_release(hold);
	bn_reader_close(reader);
	bn_arena_free(arena);
	return rc;
}

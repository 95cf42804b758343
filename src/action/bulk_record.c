/* bulk_record.c - a bulk in the journal: its parent record, its end, those that were broken off, and their rest. */
/* SPDX-License-Identifier: MIT */
#include "action/bulk_room.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/status.h"

/* ---- the two records --------------------------------------------------------------------------- */

static json_t *
targets_json(const struct bn_bulk *bulk)
{
	json_t *targets = json_array();
	size_t i;

	for (i = 0; i < bulk->count; i++) {
		const struct bn_bulk_item *item = &bulk->items[i];

		if (item->fate == BN_BULK_READY)
			json_array_append_new(
			    targets,
			    json_pack("{s:s, s:s, s:s?, s:i, s:s, s:s}", "source", item->run.source,
				      "key", item->run.key, "pipeline", item->pipeline, "wave",
				      item->wave, "class", bn_idempotence_word(item->plan->class),
				      "plan", item->plan->digest));
	}
	return targets;
}

static json_t *
left_out_json(const struct bn_bulk *bulk)
{
	json_t *left = json_array();
	size_t i;

	for (i = 0; i < bulk->count; i++) {
		const struct bn_bulk_item *item = &bulk->items[i];
		json_t *why;

		if (item->fate == BN_BULK_READY)
			continue;
		why = json_string(item->fate == BN_BULK_APART ? "its name was not typed"
							      : item->why.message);
		json_array_append_new(
		    left, json_pack("{s:s, s:s, s:o, s:i}", "source", item->run.source, "key",
				    item->run.key, "why", why != NULL ? why : json_null(), "code",
				    item->fate == BN_BULK_APART ? BN_EPERM : item->why.code));
	}
	return left;
}

int
bn_bulk_begin_record(struct bn_actions *action, const struct bn_bulk *bulk, const char *reason,
		     const struct bn_bulk_options *options, const char *hold, int64_t *seq,
		     struct bn_error *err)
{
	json_t *body =
	    json_pack("{s:s, s:s, s:s, s:i, s:I, s:i, s:f, s:I, s:o, s:o}", "verb", "retry",
		      "digest", bulk->digest, "hold", hold, "waves", bulk->waves, "spacing",
		      (json_int_t)options->spacing, "concurrency", options->concurrency,
		      "abort_ratio", options->abort_ratio, "timeout", (json_int_t)options->timeout,
		      "targets", targets_json(bulk), "left_out", left_out_json(bulk));
	struct bn_journal_entry entry = {BN_BULK_VERB, {BN_KIND_NONE, NULL, NULL}, 0, reason, NULL};
	char *text;
	int rc;

	if (bulk->rest_of != 0)
		json_object_set_new(body, "rest_of", json_integer(bulk->rest_of));
	if (bulk->unread != NULL)
		json_object_set_new(body, "unread", json_string(bulk->unread));
	text = body != NULL ? json_dumps(body, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
	json_decref(body);
	if (text == NULL)
		return bn_fail(err, BN_EINTERNAL, "the plan can't be written as JSON");
	entry.body = text;
	rc = bn_journal_append(action->options.store, &action->actor, &entry, seq, err);
	free(text);
	if (rc == BN_OK)
		bn_collect_recorded(action->options.collect);
	return rc;
}

int
bn_bulk_end_record(struct bn_actions *action, int64_t parent, enum bn_bulk_end end,
		   const char *text, struct bn_error *err)
{
	json_t *body = json_pack("{s:s, s:s}", "state", bn_bulk_end_word(end), "text", text);
	char *dumped = json_dumps(body, JSON_COMPACT);
	int rc;

	json_decref(body);
	rc = bn_journal_bulk_end(action->options.store, &action->actor, parent, dumped, NULL, err);
	free(dumped);
	if (rc == BN_OK)
		bn_collect_recorded(action->options.collect);
	return rc;
}

int
bn_bulk_hold(struct bn_hold **out, struct bn_actions *action, const char *name,
	     struct bn_error *err)
{
	struct bn_ref about = {BN_KIND_NONE, "bulk", name};

	return bn_collect_hold(out, action->options.collect, about, err);
}

/* ---- those whose process is gone --------------------------------------------------------------- */

struct orphan {
	int64_t seq, total, sent;
	char *hold;
};

static int
find_running(struct bn_actions *action, struct orphan *orphans, int room, int *count,
	     struct bn_error *err)
{
	static const char sql[] = "SELECT seq, hold, total, sent FROM bulk_now WHERE state ="
				  " 'running' ORDER BY seq LIMIT ?1";
	struct bn_reader *reader = NULL;
	sqlite3_stmt *st = NULL;
	int step = SQLITE_ERROR, rc = bn_reader_open(&reader, action->options.store, err);

	*count = 0;
	if (rc != BN_OK)
		return rc;
	if (sqlite3_prepare_v2(bn_reader_db(reader), sql, -1, &st, NULL) == SQLITE_OK) {
		sqlite3_bind_int(st, 1, room);
		while ((step = sqlite3_step(st)) == SQLITE_ROW) {
			const char *hold = (const char *)sqlite3_column_text(st, 1);

			orphans[(*count)++] = (struct orphan){
			    sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 2),
			    sqlite3_column_int64(st, 3), bn_xstrdup(hold != NULL ? hold : "")};
		}
	}
	if (step != SQLITE_DONE)
		rc = bn_fail(err, BN_EIO, "journal: %s", sqlite3_errmsg(bn_reader_db(reader)));
	sqlite3_finalize(st);
	bn_reader_close(reader);
	return rc;
}

static void
end_orphan(struct bn_actions *action, const struct orphan *orphan)
{
	struct bn_hold *hold = NULL;
	struct bn_error err = {0};
	char text[128];

	/* Held: its own session is at it. Not to be held (in memory): nobody else can have died. */
	if (bn_bulk_hold(&hold, action, orphan->hold, &err) != BN_OK || hold == NULL)
		return;
	snprintf(text, sizeof(text),
		 "its process is gone: %" PRId64 " of %" PRId64 " sent, %" PRId64 " not",
		 orphan->sent, orphan->total, orphan->total - orphan->sent);
	if (bn_bulk_end_record(action, orphan->seq, BN_BULK_INTERRUPTED, text, &err) != BN_OK &&
	    err.code != BN_ECONFLICT)
		bn_log_write(action->options.log, 1, "bulk %" PRId64 ": %s", orphan->seq,
			     err.message);
	bn_hold_release(hold);
}

int
bn_bulk_reconcile(struct bn_actions *action, struct bn_error *err)
{
	enum { ROOM = 32 };
	struct orphan orphans[ROOM];
	int count, i, rc = find_running(action, orphans, ROOM, &count, err);

	for (i = 0; i < count; i++) {
		if (rc == BN_OK)
			end_orphan(action, &orphans[i]);
		free(orphans[i].hold);
	}
	return rc;
}

/* ---- the rest ---------------------------------------------------------------------------------- */

/* `kin` are the bulks of one root: this one, those it is the rest of, and every other rest of those. What one of them
 * sent is sent, whichever of them is asked for its rest. None began before the root (clocks are set back by less than
 * an hour). The rule bulk-interrupted counts by the same. */
#define WITH_KIN                                                                                   \
	"WITH own AS MATERIALIZED (SELECT seq, root, targets FROM bulk_now WHERE seq = ?1),"       \
	" kin AS MATERIALIZED (SELECT k.seq, k.state FROM bulk_now k WHERE k.at >= (SELECT f.at"   \
	" FROM bulk_now f WHERE f.seq = (SELECT root FROM own)) - 3600000"                         \
	" AND k.root = (SELECT root FROM own))"

static const char rest_sql[] =
    WITH_KIN " SELECT json_extract(t.value, '$.source'), json_extract(t.value, '$.key') FROM own,"
	     " json_each(own.targets) t WHERE NOT EXISTS (SELECT 1 FROM intent_now i WHERE"
	     " i.kind = 'run' AND i.source = json_extract(t.value, '$.source') AND i.key ="
	     " json_extract(t.value, '$.key') AND i.parent IN (SELECT seq FROM kin)"
	     " AND i.state <> 'not-sent') ORDER BY t.id";

/* One row where there is such a bulk: the first of its kin that is under way, or nothing. */
static const char running_sql[] = WITH_KIN " SELECT (SELECT min(seq) FROM kin WHERE state ="
					   " 'running') FROM own";

static int
check_parent(struct bn_reader *reader, int64_t parent, struct bn_error *err)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(bn_reader_db(reader), running_sql, -1, &st, NULL);
	int64_t running;

	if (rc == SQLITE_OK) {
		sqlite3_bind_int64(st, 1, parent);
		rc = sqlite3_step(st);
	}
	if (rc == SQLITE_ROW) {
		running = sqlite3_column_int64(st, 0);
		rc = running == 0 ? BN_OK
		     : running == parent
			 ? bn_fail(err, BN_EBUSY, "bulk %" PRId64 " is still being sent", parent)
			 : bn_fail(err, BN_EBUSY,
				   "bulk %" PRId64 ", which is of the same runs as bulk %" PRId64
				   ", is still being sent",
				   running, parent);
	} else if (rc == SQLITE_DONE)
		rc = bn_fail(err, BN_ENOTFOUND, "record %" PRId64 " is not a bulk", parent);
	else
		rc = bn_fail(err, BN_EIO, "journal: %s", sqlite3_errmsg(bn_reader_db(reader)));
	sqlite3_finalize(st);
	return rc;
}

static int
read_rest(struct bn_reader *reader, struct bn_arena *arena, int64_t parent, struct bn_ref *refs,
	  size_t *count, struct bn_error *err)
{
	sqlite3_stmt *st = NULL;
	int step = SQLITE_ERROR;

	if (sqlite3_prepare_v2(bn_reader_db(reader), rest_sql, -1, &st, NULL) == SQLITE_OK) {
		sqlite3_bind_int64(st, 1, parent);
		while ((step = sqlite3_step(st)) == SQLITE_ROW && *count < BN_BULK_MAX)
			refs[(*count)++] = (struct bn_ref){
			    BN_RUN,
			    bn_arena_strdup(arena, (const char *)sqlite3_column_text(st, 0)),
			    bn_arena_strdup(arena, (const char *)sqlite3_column_text(st, 1))};
	}
	if (step != SQLITE_DONE && step != SQLITE_ROW)
		bn_fail(err, BN_EIO, "journal: %s", sqlite3_errmsg(bn_reader_db(reader)));
	sqlite3_finalize(st);
	return step == SQLITE_DONE || step == SQLITE_ROW ? BN_OK : BN_EIO;
}

int
bn_bulk_rest(struct bn_arena **arena, struct bn_ref **refs, size_t *count,
	     struct bn_actions *action, int64_t parent, struct bn_error *err)
{
	struct bn_reader *reader = NULL;
	int rc = bn_action_reconcile(action, NULL, NULL, err);

	*arena = NULL;
	*refs = NULL;
	*count = 0;
	if (rc != BN_OK || (rc = bn_reader_open(&reader, action->options.store, err)) != BN_OK)
		return rc;
	*arena = bn_arena_new();
	*refs = bn_arena_alloc(*arena, BN_BULK_MAX * sizeof(**refs));
	rc = check_parent(reader, parent, err);
	if (rc == BN_OK)
		rc = read_rest(reader, *arena, parent, *refs, count, err);
	if (rc == BN_OK && *count == 0)
		rc = bn_fail(err, BN_ECONFLICT, "nothing is left of bulk %" PRId64, parent);
	if (rc != BN_OK) {
		bn_arena_free(*arena);
		*arena = NULL;
		*refs = NULL;
		*count = 0;
	}
	bn_reader_close(reader);
	return rc;
}

static bool
is_among(const struct bn_ref *refs, size_t count, struct bn_ref run)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(refs[i].source, run.source) == 0 && strcmp(refs[i].key, run.key) == 0)
			return true;
	return false;
}

int
bn_bulk_still_rest(struct bn_actions *action, const struct bn_bulk *bulk, struct bn_hold **out,
		   struct bn_error *err)
{
	struct bn_arena *arena = NULL;
	struct bn_ref *refs;
	size_t count, i;
	int rc;

	*out = NULL;
	if (bulk->rest_of == 0)
		return BN_OK;
	if ((rc = bn_bulk_hold(out, action, "rest", err)) == BN_OK)
		rc = bn_bulk_rest(&arena, &refs, &count, action, bulk->rest_of, err);
	for (i = 0; rc == BN_OK && i < bulk->count; i++)
		if (bulk->items[i].fate == BN_BULK_READY &&
		    !is_among(refs, count, bulk->items[i].run)) {
			bn_fail(err, BN_ECONFLICT,
				"%.150s was sent by somebody else meanwhile: nothing was sent",
				bulk->items[i].name);
			rc = bn_hint(err, "plan again");
		}
	bn_arena_free(arena);
	if (rc != BN_OK) {
		bn_hold_release(*out);
		*out = NULL;
	}
	return rc;
}

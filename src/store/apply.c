/* apply.c - how an observation of any thing is stored: order by send time, transitions, absence. */
/* SPDX-License-Identifier: MIT */
#include "store/apply.h"

#include <stdlib.h>
#include <string.h>

/* How far a platform's clock may run before ours and still be believed. */
#define SKEW_MS ((int64_t)300000)

/* Columns of BN_ST_ENTITY_FIND. */
enum {
	E_ID,
	E_STATUS,
	E_SINCE,
	E_SENT,
	E_GONE,
	E_SCOPE,
	E_GENERATION,
	E_NAME,
	E_RAW,
	E_MESSAGE,
	E_OWNER,
	E_URL,
	E_LABELS
};

int
bn_apply_transition(struct bn_apply *a, int64_t id, const struct bn_change *c, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_TRANSITION, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int64(st, 2, c->at);
	sqlite3_bind_int64(st, 3, a->now);
	bn_bind_known(st, 4, c->old);
	bn_bind_known(st, 5, c->new);
	bn_bind_text(st, 6, c->message);
	bn_bind_text(st, 7, c->raw);
	sqlite3_bind_int64(st, 8, c->since);
	return bn_run_statement(a->writer, st, err);
}

static int
add_entity(struct bn_apply *a, enum bn_kind kind, const struct bn_entity *e, const char *labels,
	   bn_time sent, struct bn_seen *seen, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_ENTITY_ADD, err);
	int rc;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, a->source_id);
	bn_bind_time(st, 2, a->scope_id);
	sqlite3_bind_int(st, 3, kind);
	bn_bind_text(st, 4, e->key);
	bn_bind_text(st, 5, e->name != NULL ? e->name : e->key);
	sqlite3_bind_int(st, 6, e->status);
	bn_bind_text(st, 7, e->raw_status);
	bn_bind_time(st, 8, e->since);
	bn_bind_text(st, 9, e->message);
	bn_bind_text(st, 10, e->owner);
	bn_bind_text(st, 11, e->url);
	bn_bind_text(st, 12, labels);
	sqlite3_bind_int64(st, 13, a->now);
	sqlite3_bind_int64(st, 14, sent);
	sqlite3_bind_int64(st, 15, a->generation);
	rc = bn_run_statement(a->writer, st, err);
	if (rc != BN_OK)
		return rc;
	seen->id = sqlite3_last_insert_rowid(a->writer->db);
	seen->added = seen->changed = true;
	seen->since = e->since;
	rc = bn_apply_awaited(a, seen->id, kind, e->key, err);
	if (rc != BN_OK)
		return rc;
	return bn_apply_transition(
	    a, seen->id,
	    &(struct bn_change){.at = e->since > 0 && e->since <= a->now + SKEW_MS ? e->since
										   : a->now,
				.old = -1,
				.new = (int)e->status,
				.message = e->message,
				.raw = e->raw_status,
				.since = e->since},
	    err);
}

/* The statement's row is what is stored; e is what was read, NULL where it says nothing. Not said
 * is not changed, but for the message, which belongs to the status. */
struct merged {
	const char *name, *raw, *message, *owner, *url, *labels;
	bn_time since;
	bool same_text, same;
};

static struct merged
merge(struct bn_apply *a, sqlite3_stmt *row, const struct bn_entity *e, const char *labels)
{
	bool same_status = sqlite3_column_int(row, E_STATUS) == (int)e->status;
	bn_time old_since = sqlite3_column_int64(row, E_SINCE);
	const char *old_name = bn_column_text(row, E_NAME),
		   *old_message = bn_column_text(row, E_MESSAGE);
	const char *old_raw = bn_column_text(row, E_RAW), *old_owner = bn_column_text(row, E_OWNER);
	const char *old_url = bn_column_text(row, E_URL),
		   *old_labels = bn_column_text(row, E_LABELS);
	struct merged m = {
	    .name = e->name != NULL ? e->name : e->key,
	    .raw = e->raw_status != NULL || !same_status ? e->raw_status : old_raw,
	    .message = e->message != NULL || !same_status ? e->message : old_message,
	    .owner = e->owner != NULL ? e->owner : old_owner,
	    .url = e->url != NULL ? e->url : old_url,
	    .labels = labels != NULL ? labels : old_labels,
	    .since = e->since != 0 ? e->since
		     : same_status ? old_since
				   : a->now,
	};

	m.same_text = bn_same_text(m.name, old_name) && bn_same_text(m.message, old_message);
	m.same = same_status && m.same_text && m.since == old_since &&
		 bn_same_text(m.raw, old_raw) && bn_same_text(m.owner, old_owner) &&
		 bn_same_text(m.url, old_url) && bn_same_text(m.labels, old_labels) &&
		 sqlite3_column_type(row, E_GONE) == SQLITE_NULL &&
		 (a->scope_id == 0 || sqlite3_column_int64(row, E_SCOPE) == a->scope_id);
	return m;
}

static int
touch_entity(struct bn_apply *a, int64_t id, bn_time sent, int64_t generation, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_ENTITY_TOUCH, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int64(st, 2, a->now);
	sqlite3_bind_int64(st, 3, sent);
	sqlite3_bind_int64(st, 4, generation);
	return bn_run_statement(a->writer, st, err);
}

/* It is older than what is stored, but it does say that the thing is in the list. */
static int
listed_entity(struct bn_apply *a, int64_t id, struct bn_error *err)
{
	sqlite3_stmt *st;

	if (a->scope_id == 0)
		return BN_OK;
	st = bn_use(a->writer, BN_ST_ENTITY_LISTED, err);
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int64(st, 2, a->generation);
	return bn_run_statement(a->writer, st, err);
}

static int
text_changed(struct bn_apply *a, int64_t id, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_TEXT_CHANGED, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, id);
	return bn_run_statement(a->writer, st, err);
}

static int
update_entity(struct bn_apply *a, sqlite3_stmt *row, const struct merged *m,
	      const struct bn_entity *e, bn_time sent, struct bn_seen *seen, struct bn_error *err)
{
	bool was_gone = sqlite3_column_type(row, E_GONE) != SQLITE_NULL;
	bn_time old_since = sqlite3_column_int64(row, E_SINCE), at = a->now;
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_ENTITY_UPDATE, err);
	int rc;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, seen->id);
	bn_bind_time(st, 2, a->scope_id != 0 ? a->scope_id : sqlite3_column_int64(row, E_SCOPE));
	bn_bind_text(st, 3, m->name);
	sqlite3_bind_int(st, 4, e->status);
	bn_bind_text(st, 5, m->raw);
	bn_bind_time(st, 6, m->since);
	bn_bind_text(st, 7, m->message);
	bn_bind_text(st, 8, m->owner);
	bn_bind_text(st, 9, m->url);
	bn_bind_text(st, 10, m->labels);
	sqlite3_bind_int64(st, 11, a->now);
	sqlite3_bind_int64(st, 12, sent);
	sqlite3_bind_int64(
	    st, 13, a->scope_id != 0 ? a->generation : sqlite3_column_int64(row, E_GENERATION));
	rc = bn_run_statement(a->writer, st, err);
	seen->changed = true;
	seen->since = m->since;
	/* A status whose beginning moved on was left and entered again while nobody looked. */
	if (rc == BN_OK &&
	    (was_gone || seen->old != e->status ||
	     (e->since > old_since && e->since <= a->now + SKEW_MS && old_since != 0))) {
		/* The platform's own time, unless it can't be that of this change. */
		if (e->since > old_since && e->since <= a->now + SKEW_MS)
			at = e->since;
		rc = bn_apply_transition(a, seen->id,
					 &(struct bn_change){.at = at,
							     .old = was_gone ? -1 : (int)seen->old,
							     .new = (int)e->status,
							     .message = m->message,
							     .raw = m->raw,
							     .since = m->since},
					 err);
	}
	if (rc == BN_OK && !m->same_text)
		rc = text_changed(a, seen->id, err);
	return rc;
}

int
bn_apply_entity(struct bn_apply *a, enum bn_kind kind, const struct bn_entity *e,
		const char *labels, bn_time sent, struct bn_seen *seen, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_ENTITY_FIND, err);
	struct merged m;
	bool found;
	int rc;

	memset(seen, 0, sizeof(*seen));
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, a->source_id);
	sqlite3_bind_int(st, 2, kind);
	bn_bind_text(st, 3, e->key);
	rc = bn_first_row(a->writer, st, &found, err);
	if (rc == BN_OK && !found) {
		sqlite3_reset(st);
		return add_entity(a, kind, e, labels, sent, seen, err);
	}
	if (rc != BN_OK)
		return rc;
	seen->id = sqlite3_column_int64(st, E_ID);
	seen->old = (enum bn_status)sqlite3_column_int(st, E_STATUS);
	seen->since = sqlite3_column_int64(st, E_SINCE);
	if (sent < sqlite3_column_int64(st, E_SENT)) {
		seen->dropped = true;
		rc = listed_entity(a, seen->id, err);
	} else {
		m = merge(a, st, e, labels);
		if (m.same)
			rc = touch_entity(a, seen->id, sent,
					  a->scope_id != 0 ? a->generation
							   : sqlite3_column_int64(st, E_GENERATION),
					  err);
		else
			rc = update_entity(a, st, &m, e, sent, seen, err);
	}
	sqlite3_reset(st);
	return rc;
}

int
bn_apply_find_exact(struct bn_apply *a, const struct bn_ref *about, int64_t *id,
		    struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_ENTITY_ID, err);
	bool found;
	int rc;

	if (st == NULL)
		return err->code;
	bn_bind_text(st, 1, about->source != NULL ? about->source : a->source_name);
	sqlite3_bind_int(st, 2, about->kind);
	bn_bind_text(st, 3, about->key);
	rc = bn_first_row(a->writer, st, &found, err);
	*id = found ? sqlite3_column_int64(st, 0) : 0;
	sqlite3_reset(st);
	if (rc == BN_OK && !found)
		rc = bn_fail(err, BN_ENOTFOUND, "no such thing: %.200s", about->key);
	return rc;
}

int
bn_apply_find(struct bn_apply *a, const struct bn_ref *about, int64_t *id, struct bn_error *err)
{
	int rc = bn_apply_find_exact(a, about, id, err);

	/* NAME@champion means the version that this alias of the model points to. */
	if (rc == BN_ENOTFOUND && about->kind == BN_MODEL && strchr(about->key, '@') != NULL)
		rc = bn_apply_find_alias(a, about, id, err);
	return rc;
}

static int
gone(struct bn_apply *a, int64_t id, int status, bn_time before, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_SWEEP_GONE, err);
	int rc;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int64(st, 2, a->now);
	sqlite3_bind_int64(st, 3, before);
	rc = bn_run_statement(a->writer, st, err);
	return rc == BN_OK
		   ? bn_apply_transition(
			 a, id, &(struct bn_change){.at = a->now, .old = status, .new = -1}, err)
		   : rc;
}

int
bn_apply_sweep(struct bn_apply *a, bn_time before, struct bn_error *err)
{
	struct {
		int64_t id;
		int status;
	} *found = NULL;
	size_t count = 0, capacity = 0;
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_SWEEP_FIND, err);
	int step, rc = BN_OK;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, a->scope_id);
	sqlite3_bind_int64(st, 2, a->generation);
	sqlite3_bind_int64(st, 3, before);
	/* Collected first: an index must not be changed while it is walked. */
	while ((step = sqlite3_step(st)) == SQLITE_ROW) {
		if (count == capacity)
			found = bn_xrealloc(found, capacity = capacity == 0 ? 64 : capacity * 2,
					    sizeof(*found));
		found[count].id = sqlite3_column_int64(st, 0);
		found[count++].status = sqlite3_column_int(st, 1);
	}
	sqlite3_reset(st);
	if (step != SQLITE_DONE)
		rc = bn_db_fail(a->writer->db, err, "cache.db");
	for (size_t i = 0; i < count && rc == BN_OK; i++)
		rc = gone(a, found[i].id, found[i].status, before, err);
	free(found);
	if (rc != BN_OK)
		return rc;
	st = bn_use(a->writer, BN_ST_FINDING_SWEEP, err);
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, a->scope_id);
	sqlite3_bind_int64(st, 2, a->generation);
	sqlite3_bind_int64(st, 3, a->now);
	sqlite3_bind_int64(st, 4, before);
	return bn_run_statement(a->writer, st, err);
}

/* replay.c - when a rule would have fired: evaluated again at the moments at which something changed. */
/* SPDX-License-Identifier: MIT
 *
 * Between two moments nothing that is stored changed, but time passed: a rule that compares with now() may have
 * begun to hold in between. So there is a rhythm besides the changes, and where a row tells `since` the beginning
 * is taken from there. Where no source was watched nothing is known, and a stretch ends there. */
#include "triage/replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/status.h"
#include "triage/internal.h"

#define RHYTHM_MOMENTS 500
#define MOMENTS_MAX    2000
#define RHYTHM_LEAST   60000

struct moments {
	bn_time *items;
	size_t count;
};

/* What holds at the present moment, and since when. */
struct holding {
	const char *key;
	size_t fired; /* its place in the result */
	bool seen;
};

struct pass {
	struct bn_store *store;
	struct bn_reader *reader;
	struct bn_past *past;
	const struct bn_rule *rule;
	bool user;
	struct bn_replay *out;
	size_t capacity;
	struct holding *holding;
	size_t holding_count, holding_capacity;
	bn_time before; /* the moment before, 0: none, or nobody looked in between */
};

/* ---- moments ----------------------------------------------------------------------------------- */

static const char changes_sql[] =
    "SELECT DISTINCT at FROM (SELECT seen_at AS at FROM main.transition WHERE seen_at BETWEEN ?1 "
    "AND ?2"
    " UNION ALL SELECT at FROM main.transition WHERE at BETWEEN ?1 AND ?2"
    " UNION ALL SELECT seen_at FROM main.attribute_history WHERE seen_at BETWEEN ?1 AND ?2"
    " UNION ALL SELECT started_at FROM main.attempt WHERE started_at BETWEEN ?1 AND ?2"
    " UNION ALL SELECT finished_at FROM main.attempt WHERE finished_at BETWEEN ?1 AND ?2"
    " UNION ALL SELECT since FROM main.finding WHERE since BETWEEN ?1 AND ?2"
    " UNION ALL SELECT closed_at FROM main.finding WHERE closed_at BETWEEN ?1 AND ?2"
    " UNION ALL SELECT began FROM main.observed WHERE began BETWEEN ?1 AND ?2"
    " UNION ALL SELECT ended FROM main.observed WHERE ended BETWEEN ?1 AND ?2"
    " UNION ALL SELECT ?1 UNION ALL SELECT ?2"
    /* the rhythm */
    " UNION ALL SELECT value FROM (WITH RECURSIVE r(value) AS (SELECT ?1 UNION ALL SELECT value + "
    "?3 FROM r"
    "  WHERE value + ?3 <= ?2) SELECT value FROM r)) WHERE at IS NOT NULL ORDER BY at";

static int
find_moments(sqlite3 *db, bn_time since, bn_time until, struct moments *out, struct bn_error *err)
{
	sqlite3_stmt *row = NULL;
	int64_t rhythm = (until - since) / RHYTHM_MOMENTS;
	size_t capacity = 0, kept = 0;
	int step, rc = bn_triage_prepare(db, changes_sql, &row, err);

	if (rc != BN_OK)
		return rc;
	sqlite3_bind_int64(row, 1, since);
	sqlite3_bind_int64(row, 2, until);
	sqlite3_bind_int64(row, 3, rhythm > RHYTHM_LEAST ? rhythm : RHYTHM_LEAST);
	while ((step = sqlite3_step(row)) == SQLITE_ROW) {
		if (out->count == capacity) {
			capacity = capacity > 0 ? capacity * 2 : 256;
			out->items = bn_xrealloc(out->items, capacity, sizeof(*out->items));
		}
		out->items[out->count++] = sqlite3_column_int64(row, 0);
	}
	sqlite3_finalize(row);
	if (step != SQLITE_DONE)
		return bn_fail(err, BN_EIO, "%s", sqlite3_errmsg(db));
	/* Too many: of those close together the last one, which knows of the others. */
	for (size_t i = 0; out->count > MOMENTS_MAX && i < out->count; i++) {
		int64_t slot = (until - since) / MOMENTS_MAX + 1;

		if (i + 1 < out->count &&
		    (out->items[i] - since) / slot == (out->items[i + 1] - since) / slot)
			continue;
		out->items[kept++] = out->items[i];
	}
	if (out->count > MOMENTS_MAX)
		out->count = kept;
	return BN_OK;
}

/* Parts of the window around which no source has an interval. */
static int
find_unobserved(sqlite3 *db, bn_time since, bn_time until, struct bn_replay *out,
		struct bn_error *err)
{
	sqlite3_stmt *row = NULL;
	bn_time known = since;
	size_t capacity = 0;
	int step = SQLITE_DONE, rc;
	bool more = true;

	/* As the views believe it: two intervals longer than the last answer. */
	rc = bn_triage_prepare(
	    db,
	    "SELECT o.began, o.ended + s.stale_ms FROM main.observed o JOIN main.source s"
	    " ON s.id = o.source_id WHERE o.ended + s.stale_ms >= ?1 AND o.began <= ?2"
	    " ORDER BY o.began",
	    &row, err);
	if (rc != BN_OK)
		return rc;
	sqlite3_bind_int64(row, 1, since);
	sqlite3_bind_int64(row, 2, until);
	while (more) {
		bn_time began, ended;

		step = sqlite3_step(row);
		more = step == SQLITE_ROW;
		began = more ? sqlite3_column_int64(row, 0) : until;
		ended = more ? sqlite3_column_int64(row, 1) : until;
		if (began > known) {
			if (out->unobserved_count == capacity) {
				capacity = capacity > 0 ? capacity * 2 : 16;
				out->unobserved = bn_xrealloc(out->unobserved, capacity,
							      sizeof(*out->unobserved));
			}
			out->unobserved[out->unobserved_count++] =
			    (struct bn_stretch){known, began};
		}
		if (ended > known)
			known = ended;
	}
	sqlite3_finalize(row);
	return step == SQLITE_DONE ? BN_OK : bn_fail(err, BN_EIO, "%s", sqlite3_errmsg(db));
}

/* The stretch nobody watched that the moment lies in; NULL: it was watched. Its ends are watched. */
static const struct bn_stretch *
unobserved_at(const struct bn_replay *replay, bn_time at)
{
	for (size_t i = 0; i < replay->unobserved_count; i++)
		if (replay->unobserved[i].from < at && at < replay->unobserved[i].until)
			return &replay->unobserved[i];
	return NULL;
}

/* Does one lie between two moments? Its beginning, or 0. */
static bn_time
gap_between(const struct bn_replay *replay, bn_time from, bn_time to)
{
	for (size_t i = 0; i < replay->unobserved_count; i++)
		if (replay->unobserved[i].from >= from && replay->unobserved[i].until <= to)
			return replay->unobserved[i].from;
	return 0;
}

/* ---- one moment ---------------------------------------------------------------------------------- */

static void
open_fired(struct pass *pass, const struct bn_hit *hit, bn_time at)
{
	struct bn_replay *out = pass->out;
	bool about = hit->kind != BN_KIND_NONE;
	bn_time from = at;

	if (hit->since > pass->before && hit->since <= at && pass->before != 0)
		from = hit->since;
	if (out->count == pass->capacity) {
		pass->capacity = pass->capacity > 0 ? pass->capacity * 2 : 32;
		out->fired = bn_xrealloc(out->fired, pass->capacity, sizeof(*out->fired));
	}
	if (pass->holding_count == pass->holding_capacity) {
		pass->holding_capacity =
		    pass->holding_capacity > 0 ? pass->holding_capacity * 2 : 32;
		pass->holding =
		    bn_xrealloc(pass->holding, pass->holding_capacity, sizeof(*pass->holding));
	}
	pass->holding[pass->holding_count++] =
	    (struct holding){bn_arena_strdup(out->arena, hit->finding_key), out->count, true};
	out->fired[out->count++] = (struct bn_fired){
	    .entity = about ? bn_arena_strdup(out->arena, hit->finding_key) : "",
	    .title = bn_arena_strdup(out->arena, hit->title),
	    .severity = hit->severity,
	    .from = from,
	    .cut = pass->before == 0,
	};
}

static void
take_hits(struct pass *pass, const struct bn_hits *hits, bn_time at)
{
	for (size_t i = 0; i < pass->holding_count; i++)
		pass->holding[i].seen = false;
	for (size_t i = 0; i < hits->count; i++) {
		size_t k = 0;

		while (k < pass->holding_count &&
		       strcmp(pass->holding[k].key, hits->items[i].finding_key) != 0)
			k++;
		if (k < pass->holding_count)
			pass->holding[k].seen = true;
		else
			open_fired(pass, &hits->items[i], at);
	}
}

/* Ends what is not seen any more, or all of it where nobody looked. */
static void
end_holding(struct pass *pass, bn_time at, bool all)
{
	size_t kept = 0;

	for (size_t i = 0; i < pass->holding_count; i++) {
		if (pass->holding[i].seen && !all) {
			pass->holding[kept++] = pass->holding[i];
			continue;
		}
		pass->out->fired[pass->holding[i].fired].until = at;
		pass->out->fired[pass->holding[i].fired].cut |= all;
	}
	pass->holding_count = kept;
}

static int
evaluate(struct pass *pass, bn_time at, int64_t left, struct bn_error *err)
{
	struct bn_hits hits = {.arena = bn_arena_new()};
	int rc;

	if (pass->user)
		rc = bn_rule_run_past(pass->past, pass->rule, at, left, &hits, err);
	else if ((rc = bn_reader_set_at(pass->reader, at, err)) == BN_OK)
		rc = bn_rule_run(pass->reader, pass->rule, &hits, err);
	if (rc == BN_OK) {
		take_hits(pass, &hits, at);
		end_holding(pass, at, false);
		pass->out->moments++;
	}
	free(hits.items);
	bn_arena_free(hits.arena);
	return rc;
}

static int
walk(struct pass *pass, const struct moments *moments, int64_t limit, struct bn_error *err)
{
	int64_t deadline = bn_monotonic() + limit;
	int rc = BN_OK;

	for (size_t i = 0; rc == BN_OK && i < moments->count; i++) {
		bn_time at = moments->items[i], gap;
		int64_t left = deadline - bn_monotonic();

		if (unobserved_at(pass->out, at) != NULL)
			continue;
		if (left <= 0) {
			pass->out->stopped = true;
			break;
		}
		gap = pass->before != 0 ? gap_between(pass->out, pass->before, at) : 0;
		if (gap != 0) {
			end_holding(pass, gap, true);
			pass->before = 0;
		}
		if (pass->before != 0 && at - pass->before > pass->out->widest)
			pass->out->widest = at - pass->before;
		rc = evaluate(pass, at, left, err);
		/* The rest of the time was not enough for this moment: what was found before it stands. */
		if (rc == BN_ETIMEOUT && pass->out->moments > 0) {
			pass->out->stopped = true;
			return BN_OK;
		}
		pass->before = at;
		pass->out->done_until = at;
	}
	return rc;
}

int
bn_replay_run(struct bn_store *store, const struct bn_rule *rule, bool user, bn_time since,
	      bn_time until, int64_t limit, struct bn_replay *out, struct bn_error *err)
{
	struct bn_rule bare = *rule;
	struct pass pass = {.store = store, .rule = &bare, .user = user, .out = out};
	struct moments moments = {0};
	char *sql = NULL;
	int rc;

	*out = (struct bn_replay){.arena = bn_arena_new(), .done_until = since};
	if (!user) {
		/* Built-in rules name some tables outright; as of a moment the bare names are the right ones. */
		struct bn_buf text = BN_BUF_INIT(0);

		for (const char *c = rule->sql; *c != '\0'; c++) {
			if (strncmp(c, "main.", 5) == 0)
				c += 5;
			bn_buf_addc(&text, *c);
		}
		sql = bn_buf_take(&text);
		bare.sql = sql;
	}
	rc = bn_reader_open(&pass.reader, store, err);
	if (rc == BN_OK)
		rc = find_moments(bn_reader_db(pass.reader), since, until, &moments, err);
	if (rc == BN_OK)
		rc = find_unobserved(bn_reader_db(pass.reader), since, until, out, err);
	if (rc == BN_OK && user)
		rc = bn_past_open(&pass.past, store, err);
	if (rc == BN_OK)
		rc = walk(&pass, &moments, limit, err);
	/* What ends the window nobody watched ends what held before it. */
	if (rc == BN_OK && pass.before != 0 && out->unobserved_count > 0 && !out->stopped &&
	    out->unobserved[out->unobserved_count - 1].until >= until &&
	    out->unobserved[out->unobserved_count - 1].from >= pass.before)
		end_holding(&pass, out->unobserved[out->unobserved_count - 1].from, true);
	bn_reader_close(pass.reader);
	bn_past_free(pass.past);
	free(pass.holding);
	free(moments.items);
	free(sql);
	return rc;
}

void
bn_replay_free(struct bn_replay *replay)
{
	free(replay->fired);
	free(replay->unobserved);
	bn_arena_free(replay->arena);
	*replay = (struct bn_replay){0};
}

/* resolve.c - finds the one thing a person's reference means. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/status.h"
#include "base/text.h"
#include "view/view.h"

#define MAX_CANDIDATES 5
#define MAX_NAMES      5000

/* Tried in this order; the first that finds anything decides. */
static const char *const steps[] = {
    "e.key = ?3",
    "e.name = ?3",
    "(substr(e.key, 1, length(?3)) = ?3 OR substr(e.name, 1, length(?3)) = ?3)",
};

struct candidates {
	struct bn_ref refs[MAX_CANDIDATES];
	size_t count; /* may be more than are listed */
};

static int
find(struct bn_reader *reader, const char *where, enum bn_kind kind, const char *source,
     const char *key, struct bn_arena *arena, struct candidates *found, struct bn_error *err)
{
	sqlite3 *db = bn_reader_db(reader);
	sqlite3_stmt *row = NULL;
	char sql[512];
	int step, rc = BN_OK;

	snprintf(sql, sizeof(sql),
		 "SELECT s.name, e.key FROM entity e JOIN source s ON s.id = e.source_id"
		 " WHERE e.kind = ?1 AND e.gone_at IS NULL AND (?2 IS NULL OR s.name = ?2) AND %s"
		 " ORDER BY e.seen_at DESC, s.name, e.key LIMIT 100",
		 where);
	if (sqlite3_prepare_v2(db, sql, -1, &row, NULL) != SQLITE_OK)
		return bn_fail(err, BN_EIO, "%s: %s", key, sqlite3_errmsg(db));
	sqlite3_bind_int(row, 1, kind);
	if (source != NULL)
		sqlite3_bind_text(row, 2, source, -1, SQLITE_STATIC);
	sqlite3_bind_text(row, 3, key, -1, SQLITE_STATIC);
	found->count = 0;
	while ((step = sqlite3_step(row)) == SQLITE_ROW) {
		if (found->count < MAX_CANDIDATES)
			found->refs[found->count] = (struct bn_ref){
			    .kind = kind,
			    .source =
				bn_arena_strdup(arena, (const char *)sqlite3_column_text(row, 0)),
			    .key =
				bn_arena_strdup(arena, (const char *)sqlite3_column_text(row, 1)),
			};
		found->count++;
	}
	if (step != SQLITE_DONE)
		rc = bn_fail(err, step == SQLITE_INTERRUPT ? BN_ECANCELLED : BN_EIO, "%s: %s", key,
			     sqlite3_errmsg(db));
	sqlite3_finalize(row);
	return rc;
}

static int
fail_ambiguous(const struct candidates *found, const char *key, struct bn_error *err)
{
	struct bn_buf list = BN_BUF_INIT(0);
	const char *word = bn_kind_word(found->refs[0].kind);
	int rc;

	for (size_t i = 0; i < found->count && i < MAX_CANDIDATES; i++)
		bn_buf_addf(&list, "%s%s/%s/%s", i > 0 ? ", " : "", word, found->refs[i].source,
			    found->refs[i].key);
	if (found->count > MAX_CANDIDATES)
		bn_buf_adds(&list, " …");
	rc = bn_fail(err, BN_ECONFLICT, "\"%s\" may mean %zu things: %s", key, found->count,
		     bn_buf_text(&list));
	(void)bn_hint(err, "write more of it, or with its source: %s/%s/%s", word,
		      found->refs[0].source, found->refs[0].key);
	bn_buf_free(&list);
	return rc;
}

static int
fail_unknown(struct bn_reader *reader, enum bn_kind kind, const char *source, const char *key,
	     struct bn_error *err)
{
	struct bn_strlist names = {0};
	const char *near = NULL;
	sqlite3_stmt *row = NULL;

	if (sqlite3_prepare_v2(bn_reader_db(reader),
			       "SELECT DISTINCT e.name FROM entity e WHERE e.kind = ? AND "
			       "e.gone_at IS NULL LIMIT ?",
			       -1, &row, NULL) == SQLITE_OK) {
		sqlite3_bind_int(row, 1, kind);
		sqlite3_bind_int(row, 2, MAX_NAMES);
		while (sqlite3_step(row) == SQLITE_ROW)
			bn_strlist_add(&names, (const char *)sqlite3_column_text(row, 0));
	}
	sqlite3_finalize(row);
	if (names.count > 0) {
		const char **list = bn_xcalloc(names.count + 1, sizeof(*list));

		for (size_t i = 0; i < names.count; i++)
			list[i] = names.items[i];
		near = bn_nearest(key, list);
		free(list);
	}
	(void)bn_fail(err, BN_ENOTFOUND, "no %s \"%s\"%s%s", bn_kind_word(kind), key,
		      source != NULL ? " in source " : "", source != NULL ? source : "");
	if (near != NULL)
		(void)bn_hint(err, "did you mean %s?", near);
	else if (names.count == 0)
		(void)bn_hint(err, "none is known at all: see \"binnacle sources\"");
	bn_strlist_clear(&names);
	return BN_ENOTFOUND;
}

int
bn_view_resolve(struct bn_reader *reader, enum bn_kind kind, const char *source, const char *key,
		struct bn_arena *arena, struct bn_ref *out, struct bn_error *err)
{
	struct candidates found = {0};

	*out = (struct bn_ref){.kind = kind};
	if (key == NULL || key[0] == '\0')
		return bn_fail(err, BN_EINVAL, "a %s needs a name", bn_kind_word(kind));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int rc = find(reader, steps[i], kind, source, key, arena, &found, err);

		if (rc != BN_OK)
			return rc;
		if (found.count == 1) {
			*out = found.refs[0];
			return BN_OK;
		}
		if (found.count > 1)
			return fail_ambiguous(&found, key, err);
	}
	return fail_unknown(reader, kind, source, key, err);
}

/* resolve.c - finds the one thing a person's reference means. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/status.h"
#include "base/text.h"
#include "view/sql.h"
#include "view/view.h"

#define MAX_CANDIDATES 5
#define MAX_NAMES      5000

/* Tried in this order; the first that finds anything decides. */
static const char *const steps[] = {
    "e.key = ?3",
    "e.name = ?3",
    "(substr(e.key, 1, length(?3)) = ?3 OR substr(e.name, 1, length(?3)) = ?3)",
};

#define WHOLE_STEPS 2 /* the first of them take the whole key or name */

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
	char sql[768];
	int step, rc = BN_OK;

	snprintf(sql, sizeof(sql),
		 "SELECT s.name, e.key FROM entity e JOIN source s ON s.id = e.source_id"
		 " WHERE e.kind = ?1 AND e.gone_at IS NULL AND (?2 IS NULL OR s.name = ?2) AND %s"
		 /* the name of a model is no beginning of its versions' */
		 " AND (?1 <> " SQL_MODEL " OR instr(?3, '@') > 0 OR e.id NOT IN (SELECT "
		 "v.entity_id FROM model_version v))"
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
	rc = bn_fail(err, BN_EINVAL, "\"%s\" may mean %zu things: %s", key, found->count,
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

/* What comes after the @ of a model, tried in this order: a version; an alias; what is live; what was live
 * before that. ?1 is the model's row, ?2 the word. */
static const char *const version_steps[] = {
    "SELECT v.version FROM model_version v JOIN entity e ON e.id = v.entity_id WHERE v.model_id = "
    "?1"
    " AND v.version = ?2 AND e.gone_at IS NULL",
    "SELECT a.value FROM attribute a WHERE a.entity_id = ?1 AND a.name = 'alias:' || ?2"
    " AND a.value IS NOT NULL",
    "SELECT l.version FROM live_now l WHERE l.model_id = ?1 AND l.ended IS NULL AND ?2 = 'live'"
    " ORDER BY l.began DESC LIMIT 1",
    "SELECT l.version FROM live_now l WHERE l.model_id = ?1 AND l.ended IS NOT NULL AND ?2 = "
    "'previous' AND NOT EXISTS (SELECT 1 FROM live_now n WHERE n.model_id = ?1 AND n.version = "
    "l.version AND n.ended IS NULL) ORDER BY l.ended DESC LIMIT 1",
};

static int
model_row(sqlite3 *db, const struct bn_ref *model, int64_t *id, struct bn_error *err)
{
	sqlite3_stmt *row = NULL;
	int step;

	*id = 0;
	if (sqlite3_prepare_v2(
		db,
		"SELECT e.id FROM main.entity e JOIN main.source s ON s.id = e.source_id"
		" WHERE e.kind = " SQL_MODEL " AND e.key = ?1 AND s.name = ?2",
		-1, &row, NULL) != SQLITE_OK)
		return bn_fail(err, BN_EIO, "%s: %s", model->key, sqlite3_errmsg(db));
	sqlite3_bind_text(row, 1, model->key, -1, SQLITE_STATIC);
	sqlite3_bind_text(row, 2, model->source, -1, SQLITE_STATIC);
	step = sqlite3_step(row);
	if (step == SQLITE_ROW)
		*id = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return step == SQLITE_ROW ? BN_OK
				  : bn_fail(err, BN_ENOTFOUND, "%s: no longer known", model->key);
}

static int
version_of(sqlite3 *db, int64_t model, const char *word, struct bn_arena *arena, const char **out,
	   struct bn_error *err)
{
	*out = NULL;
	for (size_t i = 0; *out == NULL && i < sizeof(version_steps) / sizeof(version_steps[0]);
	     i++) {
		sqlite3_stmt *row = NULL;
		int step;

		if (sqlite3_prepare_v2(db, version_steps[i], -1, &row, NULL) != SQLITE_OK)
			return bn_fail(err, BN_EIO, "%s: %s", word, sqlite3_errmsg(db));
		sqlite3_bind_int64(row, 1, model);
		if (sqlite3_bind_parameter_count(row) > 1)
			sqlite3_bind_text(row, 2, word, -1, SQLITE_STATIC);
		step = sqlite3_step(row);
		if (step == SQLITE_ROW)
			*out = bn_arena_strdup(arena, (const char *)sqlite3_column_text(row, 0));
		sqlite3_finalize(row);
		if (step != SQLITE_ROW && step != SQLITE_DONE)
			return bn_fail(err, step == SQLITE_INTERRUPT ? BN_ECANCELLED : BN_EIO,
				       "%s: %s", word, sqlite3_errmsg(db));
	}
	return BN_OK;
}

/* NAME@champion, NAME@previous, NAME@live; the name may be as short as is clear. */
static int
resolve_version(struct bn_reader *reader, const char *source, const char *key,
		struct bn_arena *arena, struct bn_ref *out, struct bn_error *err)
{
	const char *at = strrchr(key, '@'), *version;
	struct bn_ref model;
	int64_t id;
	int rc =
	    bn_view_resolve(reader, BN_MODEL, source,
			    bn_arena_strndup(arena, key, (size_t)(at - key)), arena, &model, err);

	if (rc == BN_OK)
		rc = model_row(bn_reader_db(reader), &model, &id, err);
	if (rc == BN_OK)
		rc = version_of(bn_reader_db(reader), id, at + 1, arena, &version, err);
	if (rc != BN_OK)
		return rc;
	if (version == NULL) {
		(void)bn_fail(err, BN_ENOTFOUND, "%s has no version or alias \"%s\"", model.key,
			      at + 1);
		return bn_hint(err, "`binnacle models --all --filter model=%s` lists its versions",
			       model.key);
	}
	*out = (struct bn_ref){BN_MODEL, model.source,
			       bn_arena_format(arena, "%s@%s", model.key, version)};
	return BN_OK;
}

/* The first so many of the steps. */
static int
resolve(struct bn_reader *reader, size_t most, enum bn_kind kind, const char *source,
	const char *key, struct bn_arena *arena, struct bn_ref *out, struct bn_error *err)
{
	struct candidates found = {0};

	*out = (struct bn_ref){.kind = kind};
	if (key == NULL || key[0] == '\0')
		return bn_fail(err, BN_EINVAL, "a %s needs a name", bn_kind_word(kind));
	for (size_t i = 0; i < most; i++) {
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
	if (kind == BN_MODEL && strchr(key, '@') != NULL && key[0] != '@')
		return resolve_version(reader, source, key, arena, out, err);
	return fail_unknown(reader, kind, source, key, err);
}

int
bn_view_resolve(struct bn_reader *reader, enum bn_kind kind, const char *source, const char *key,
		struct bn_arena *arena, struct bn_ref *out, struct bn_error *err)
{
	return resolve(reader, sizeof(steps) / sizeof(steps[0]), kind, source, key, arena, out,
		       err);
}

int
bn_view_resolve_whole(struct bn_reader *reader, enum bn_kind kind, const char *source,
		      const char *key, struct bn_arena *arena, struct bn_ref *out,
		      struct bn_error *err)
{
	return resolve(reader, WHOLE_STEPS, kind, source, key, arena, out, err);
}

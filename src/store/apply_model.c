/* apply_model.c - registered models, their versions, and the aliases that say which is which. */
/* SPDX-License-Identifier: MIT */
#include "store/apply.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define PSI_WARN 0.1
#define PSI_BAD	 0.2
#define GRACE_MS ((int64_t)20 * 60 * 1000)

static int
put_model(struct bn_apply *a, int64_t id, const struct bn_model *m, const char *live,
	  const char *checks, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_MODEL_PUT, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, id);
	bn_bind_text(st, 2, m->serving);
	bn_bind_text(st, 3, m->live_on);
	bn_bind_text(st, 4, m->metric);
	bn_bind_text(st, 5, m->better);
	bn_bind_text(st, 6, live != NULL ? live : ",");
	sqlite3_bind_double(st, 7, m->psi_warn > 0 ? m->psi_warn : PSI_WARN);
	sqlite3_bind_double(st, 8, m->psi_bad > 0 ? m->psi_bad : PSI_BAD);
	sqlite3_bind_int(st, 9, m->auto_deploy);
	sqlite3_bind_int64(st, 10, m->grace > 0 ? m->grace : GRACE_MS);
	bn_bind_text(st, 11, checks);
	return bn_run_statement(a->writer, st, err);
}

/* Versions that came before their model was known. */
static int
adopt_versions(struct bn_apply *a, int64_t id, const char *key, struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_MODEL_ADOPT, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int64(st, 2, a->source_id);
	bn_bind_text(st, 3, key);
	return bn_run_statement(a->writer, st, err);
}

/* An alias the model has no more points to nothing from now on; what it pointed to is history. */
static int
drop_aliases(struct bn_apply *a, int64_t id, const char *key, const char *present, bn_time sent,
	     struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_MODEL_ALIASES, err);
	struct bn_strlist dropped = {0};
	int step, rc = BN_OK;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, id);
	bn_bind_text(st, 2, present);
	while ((step = sqlite3_step(st)) == SQLITE_ROW)
		bn_strlist_add(&dropped, bn_column_text(st, 0));
	sqlite3_reset(st);
	if (step != SQLITE_DONE)
		rc = bn_db_fail(a->writer->db, err, "cache.db");
	for (size_t i = 0; i < dropped.count && rc == BN_OK; i++)
		rc = bn_apply_attribute(a, BN_MODEL, key, dropped.items[i], NULL, sent, err);
	bn_strlist_clear(&dropped);
	return rc;
}

/* Numbers that came for NAME@alias before that said which version it is. */
static int
await_alias(struct bn_apply *a, int64_t version, const char *model, const char *alias,
	    struct bn_error *err)
{
	char *key = bn_xasprintf("%s@%s", model, alias);
	int rc = bn_apply_awaited(a, version, BN_MODEL, key, err);

	free(key);
	return rc;
}

/* A version that is new, or whose model is. */
static int
await_aliases(struct bn_apply *a, int64_t model, const char *key, int64_t version, const char *name,
	      struct bn_error *err)
{
	sqlite3_stmt *st = bn_use(a->writer, BN_ST_VERSION_ALIASES, err);
	struct bn_strlist found = {0};
	int step, rc = BN_OK;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, model);
	bn_bind_text(st, 2, name);
	while ((step = sqlite3_step(st)) == SQLITE_ROW)
		bn_strlist_add(&found, bn_column_text(st, 0));
	sqlite3_reset(st);
	if (step != SQLITE_DONE)
		rc = bn_db_fail(a->writer->db, err, "cache.db");
	for (size_t i = 0; i < found.count && rc == BN_OK; i++)
		rc = await_alias(a, version, key, found.items[i], err);
	bn_strlist_clear(&found);
	return rc;
}

static int
put_aliases(struct bn_apply *a, int64_t id, const struct bn_model *m, bn_time sent,
	    struct bn_error *err)
{
	struct bn_buf present = BN_BUF_INIT((size_t)1 << 20), name = BN_BUF_INIT((size_t)1 << 12);
	int rc = BN_OK;

	bn_buf_addc(&present, '{');
	for (size_t i = 0; rc == BN_OK && m->aliases[i] != NULL && m->aliases[i + 1] != NULL;
	     i += 2) {
		if (i > 0)
			bn_buf_addc(&present, ',');
		bn_json_quote(&present, m->aliases[i]);
		bn_buf_adds(&present, ":1");
		bn_buf_reset(&name);
		bn_buf_addf(&name, "alias:%s", m->aliases[i]);
		rc = bn_apply_attribute(a, BN_MODEL, m->e.key, bn_buf_text(&name),
					m->aliases[i + 1], sent, err);
	}
	bn_buf_addc(&present, '}');
	if (rc == BN_OK)
		rc = drop_aliases(a, id, m->e.key, bn_buf_text(&present), sent, err);
	bn_buf_free(&present);
	bn_buf_free(&name);
	return rc;
}

int
bn_apply_model(struct bn_apply *a, const struct bn_model *m, const char *labels, const char *live,
	       const char *checks, bn_time sent, struct bn_error *err)
{
	struct bn_seen seen;
	int rc = bn_apply_entity(a, BN_MODEL, &m->e, labels, sent, &seen, err);

	if (rc != BN_OK || seen.dropped)
		return rc;
	rc = put_model(a, seen.id, m, live, checks, err);
	if (rc == BN_OK && seen.added)
		rc = adopt_versions(a, seen.id, m->e.key, err);
	if (rc == BN_OK && m->aliases != NULL)
		rc = put_aliases(a, seen.id, m, sent, err);
	for (size_t i = 0; rc == BN_OK && seen.added && m->aliases != NULL &&
			   m->aliases[i] != NULL && m->aliases[i + 1] != NULL;
	     i += 2) {
		char *key = bn_xasprintf("%s@%s", m->e.key, m->aliases[i + 1]);
		struct bn_ref version = {BN_MODEL, NULL, key};
		struct bn_error unknown;
		int64_t id = 0;

		if (bn_apply_find_exact(a, &version, &id, &unknown) == BN_OK)
			rc = await_alias(a, id, m->e.key, m->aliases[i], err);
		free(key);
	}
	return rc;
}

static void
bind_version(sqlite3_stmt *st, const struct bn_model_version *v, const char *tags,
	     const char *params)
{
	bn_bind_text(st, 3, v->model);
	bn_bind_text(st, 4, v->version);
	bn_bind_text(st, 5, v->stage);
	bn_bind_time(st, 6, v->created_at);
	bn_bind_time(st, 7, v->updated_at);
	bn_bind_text(st, 8, v->run);
	sqlite3_bind_int(st, 9, v->run_read);
	bn_bind_text(st, 10, v->artifact);
	bn_bind_text(st, 11, v->image);
	bn_bind_text(st, 12, v->framework);
	bn_bind_text(st, 13, v->signature);
	bn_bind_time(st, 14, v->train_started);
	bn_bind_time(st, 15, v->train_finished);
	bn_bind_time(st, 16, v->data_from);
	bn_bind_time(st, 17, v->data_to);
	bn_bind_text(st, 18, tags);
	bn_bind_text(st, 19, params);
	bn_bind_time(st, 20, v->live_from);
	bn_bind_time(st, 21, v->live_until);
	bn_bind_text(st, 22, v->approved_by);
	bn_bind_text(st, 23, v->change);
}

int
bn_apply_model_version(struct bn_apply *a, const struct bn_model_version *v, const char *labels,
		       const char *tags, const char *params, bn_time sent, struct bn_error *err)
{
	const struct bn_ref model = {BN_MODEL, NULL, v->model};
	struct bn_error unknown;
	int64_t model_id = 0;
	struct bn_seen seen;
	sqlite3_stmt *st;
	int rc = bn_apply_entity(a, BN_MODEL, &v->e, labels, sent, &seen, err);

	if (rc != BN_OK || seen.dropped)
		return rc;
	rc = bn_apply_find_exact(a, &model, &model_id, &unknown);
	if (rc != BN_OK && rc != BN_ENOTFOUND) {
		*err = unknown;
		return rc;
	}
	st = bn_use(a->writer, BN_ST_VERSION_PUT, err);
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, seen.id);
	bn_bind_time(st, 2, model_id);
	bind_version(st, v, tags, params);
	rc = bn_run_statement(a->writer, st, err);
	if (rc == BN_OK && seen.added && model_id != 0)
		rc = await_aliases(a, model_id, v->model, seen.id, v->version, err);
	if (rc == BN_OK && v->stage != NULL)
		rc = bn_apply_attribute(a, BN_MODEL, v->e.key, "stage", v->stage, sent, err);
	return rc;
}

int
bn_apply_find_alias(struct bn_apply *a, const struct bn_ref *about, int64_t *id,
		    struct bn_error *err)
{
	const char *at = strrchr(about->key, '@');
	struct bn_ref ref = *about;
	char *name, *key = NULL;
	int64_t model = 0;
	sqlite3_stmt *st;
	bool found = false;
	int rc;

	*id = 0;
	if (at == NULL || at == about->key || at[1] == '\0')
		return bn_fail(err, BN_ENOTFOUND, "no such thing: %.200s", about->key);
	name = bn_xasprintf("%.*s", (int)(at - about->key), about->key);
	ref.key = name;
	rc = bn_apply_find_exact(a, &ref, &model, err);
	st = rc == BN_OK ? bn_use(a->writer, BN_ST_ATTRIBUTE_FIND, err) : NULL;
	if (rc == BN_OK && st == NULL)
		rc = err->code;
	if (rc == BN_OK) {
		char *alias = bn_xasprintf("alias:%s", at + 1);

		sqlite3_bind_int64(st, 1, model);
		bn_bind_text(st, 2, alias);
		rc = bn_first_row(a->writer, st, &found, err);
		if (found && bn_column_text(st, 0) != NULL)
			key = bn_xasprintf("%s@%s", name, bn_column_text(st, 0));
		sqlite3_reset(st);
		free(alias);
	}
	if (rc == BN_OK && key == NULL)
		rc = bn_fail(err, BN_ENOTFOUND, "%.200s has no alias %.100s", name, at + 1);
	ref.key = key;
	if (rc == BN_OK)
		rc = bn_apply_find_exact(a, &ref, id, err);
	free(key);
	free(name);
	return rc;
}

/* rule.c - runs one rule: what its SELECT gives becomes hits, in the built-in form or a person's short one. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/status.h"
#include "triage/internal.h"

/* What a person's rule may cost. */
#define USER_LIMIT_MS 2000

void
bn_hits_add(struct bn_hits *hits, const struct bn_hit *hit)
{
	if (hits->count == hits->capacity) {
		hits->capacity = hits->capacity > 0 ? hits->capacity * 2 : 32;
		hits->items = bn_xrealloc(hits->items, hits->capacity, sizeof(*hits->items));
	}
	hits->items[hits->count++] = *hit;
}

static int
column_of(sqlite3_stmt *row, const char *name)
{
	for (int i = 0; i < sqlite3_column_count(row); i++) {
		if (strcasecmp(sqlite3_column_name(row, i), name) == 0)
			return i;
	}
	return -1;
}

static const char *
text_at(struct bn_hits *hits, sqlite3_stmt *row, int column)
{
	if (column < 0 || column >= sqlite3_column_count(row))
		return NULL;
	return bn_arena_strdup(hits->arena, (const char *)sqlite3_column_text(row, column));
}

static bn_time
time_at(sqlite3_stmt *row, int column)
{
	return column >= 0 && column < sqlite3_column_count(row) ? sqlite3_column_int64(row, column)
								 : 0;
}

/* A kind as number or word. */
static enum bn_kind
kind_at(sqlite3_stmt *row, int column)
{
	int number = sqlite3_column_int(row, column);

	if (sqlite3_column_type(row, column) == SQLITE_TEXT)
		return bn_kind_from_word((const char *)sqlite3_column_text(row, column));
	return number > BN_KIND_NONE && number < BN_KIND_COUNT ? (enum bn_kind)number
							       : BN_KIND_NONE;
}

static enum bn_severity
severity_at(sqlite3_stmt *row, enum bn_severity fallback)
{
	int column = column_of(row, "severity");
	const char *word = column < 0 ? NULL : (const char *)sqlite3_column_text(row, column);

	for (int s = BN_INFO; word != NULL && s <= BN_CRIT; s++) {
		if (strcmp(bn_severity_word((enum bn_severity)s), word) == 0)
			return (enum bn_severity)s;
	}
	return fallback;
}

/* KIND/SOURCE/KEY as the views' `entity` column gives it; what isn't one is a finding about nothing
 * known. */
static void
split_entity(struct bn_hits *hits, struct bn_hit *hit, const char *entity)
{
	const char *slash = strchr(entity, '/');
	char *word;

	if (slash == NULL)
		return;
	word = bn_arena_strndup(hits->arena, entity, (size_t)(slash - entity));
	hit->kind = bn_kind_from_word(word);
	if (hit->kind == BN_KIND_NONE)
		return;
	hit->key = slash + 1;
	slash = strchr(hit->key, '/');
	if (hit->kind == BN_SOURCE) {
		hit->source = hit->key;
	} else if (slash != NULL) {
		hit->source = bn_arena_strndup(hits->arena, hit->key, (size_t)(slash - hit->key));
		hit->key = slash + 1;
	}
}

static void
finish_hit(struct bn_hits *hits, struct bn_hit *hit)
{
	if (hit->kind == BN_KIND_NONE || hit->key == NULL) {
		/* About nothing known: a key of its own keeps it the same while its title counts on. */
		hit->finding_key = hit->key != NULL ? hit->key : hit->title;
		hit->kind = BN_KIND_NONE;
		hit->key = hit->source = NULL;
	} else {
		hit->finding_key =
		    bn_arena_format(hits->arena, "%s/%s/%s", bn_kind_word(hit->kind),
				    hit->source != NULL ? hit->source : "", hit->key);
	}
	bn_hits_add(hits, hit);
}

static int
too_many(struct bn_error *err)
{
	return bn_fail(err, BN_ETOOBIG, "it finds more than %d things", TRIAGE_MAX_HITS);
}

int
bn_rule_run(struct bn_reader *reader, const struct bn_rule *rule, struct bn_hits *hits,
	    struct bn_error *err)
{
	sqlite3_stmt *row = NULL;
	int rc = BN_OK, step;

	if (bn_reader_prepare(reader, rule->sql, &row) != SQLITE_OK)
		return bn_fail(err, BN_EIO, "%s", sqlite3_errmsg(bn_reader_db(reader)));
	while ((step = sqlite3_step(row)) == SQLITE_ROW && rc == BN_OK) {
		struct bn_hit hit = {.severity = severity_at(row, rule->severity)};

		hit.source = text_at(hits, row, column_of(row, "about_source"));
		hit.kind = kind_at(row, column_of(row, "about_kind"));
		hit.key = text_at(hits, row, column_of(row, "about_key"));
		hit.since = time_at(row, column_of(row, "since"));
		hit.title = text_at(hits, row, column_of(row, "title"));
		hit.message = text_at(hits, row, column_of(row, "message"));
		if (hit.title == NULL)
			hit.title = rule->name;
		if (hits->count >= TRIAGE_MAX_HITS)
			rc = too_many(err);
		else
			finish_hit(hits, &hit);
	}
	if (rc == BN_OK && step != SQLITE_DONE)
		rc = bn_fail(err, BN_EIO, "%s", sqlite3_errmsg(bn_reader_db(reader)));
	bn_reader_done(reader, row);
	return rc;
}

struct user {
	const struct bn_rule *rule;
	struct bn_hits *hits;
};

/* The short form: entity, since, text, by place; a severity column may follow by name. */
static int
on_user_row(sqlite3_stmt *row, void *payload, struct bn_error *err)
{
	struct user *user = payload;
	struct bn_hit hit = {.severity = severity_at(row, user->rule->severity)};
	const char *entity;

	if (sqlite3_column_count(row) < 3)
		return bn_fail(err, BN_EINVAL,
			       "a rule selects entity, since and a text; this one gives %d columns",
			       sqlite3_column_count(row));
	if (user->hits->count >= TRIAGE_MAX_HITS)
		return too_many(err);
	entity = text_at(user->hits, row, 0);
	hit.since = time_at(row, 1);
	hit.message = text_at(user->hits, row, 2);
	hit.title = user->rule->doc;
	if (hit.title == NULL) { /* without a title of its own the text is it */
		hit.title =
		    hit.message != NULL && hit.message[0] != '\0' ? hit.message : user->rule->name;
		hit.message = NULL;
	}
	if (entity != NULL)
		split_entity(user->hits, &hit, entity);
	if (hit.kind == BN_KIND_NONE && entity != NULL)
		hit.title = bn_arena_format(user->hits->arena, "%s: %s", entity, hit.title);
	finish_hit(user->hits, &hit);
	return BN_OK;
}

int
bn_rule_run_user(struct bn_store *store, const struct bn_rule *rule, struct bn_hits *hits,
		 struct bn_error *err)
{
	struct user user = {rule, hits};

	return bn_store_sql(store, rule->sql, USER_LIMIT_MS, 0, on_user_row, &user, err);
}

int
bn_rule_run_past(struct bn_past *past, const struct bn_rule *rule, bn_time at, int64_t limit,
		 struct bn_hits *hits, struct bn_error *err)
{
	struct user user = {rule, hits};

	return bn_past_sql(past, at, rule->sql, limit < USER_LIMIT_MS ? limit : USER_LIMIT_MS, 0,
			   on_user_row, &user, err);
}

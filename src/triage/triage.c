/* triage.c - evaluates every rule and keeps the stored findings true: opened, going on, closed, folded. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/status.h"
#include "triage/internal.h"
#include "triage/minutes.h"

/* An unchanged finding's seen_at is renewed this often, so that an idle platform costs no commits;
 * one whose rule no process has any more is closed after the other time. ms. */
#define RENEW	  3600000
#define FORGOTTEN 86400000

struct bn_triage {
	struct bn_store *store;
	struct bn_reader *reader;
	struct bn_writer *writer;
	struct bn_rule *rules; /* a person's */
	size_t rule_count;
};

/* Numbers of findings. */
struct ids {
	int64_t *items;
	size_t count, capacity;
};

/* What a rule gave: hits first to end, or why it failed. */
struct outcome {
	const struct bn_rule *rule;
	size_t first, end;
	const char *failure;
};

/* One evaluation. Everything is read before anything is written, so that no transaction is open
 * while rules run, and no reader waits for itself where reading and writing exclude each other. */
struct pass {
	struct bn_triage *triage;
	sqlite3 *db;
	bn_time now;
	struct bn_hits hits;
	struct outcome *outcomes;
	size_t outcome_count;
	struct ids stale; /* open findings whose thing is too old to be believed */
	struct ids kept;  /* findings the present rule still finds */
	sqlite3_stmt *find, *insert, *update, *open, *close;
	bool changed;
	struct bn_error *err;
};

static enum bn_severity
severity_of(const char *word)
{
	for (int s = BN_INFO; word != NULL && s <= BN_CRIT; s++) {
		if (strcmp(bn_severity_word((enum bn_severity)s), word) == 0)
			return (enum bn_severity)s;
	}
	return BN_WARN;
}

static void
add_user_rules(struct bn_triage *triage, const struct bn_config *config)
{
	const struct bn_config_section *section;

	for (size_t i = 0; (section = bn_config_section(config, "rule", i)) != NULL; i++) {
		const char *sql = bn_section_get(section, NULL, "sql");

		if (sql == NULL)
			continue;
		triage->rules =
		    bn_xrealloc(triage->rules, triage->rule_count + 1, sizeof(*triage->rules));
		triage->rules[triage->rule_count++] = (struct bn_rule){
		    .name = section->name,
		    .severity = severity_of(bn_section_get(section, NULL, "severity")),
		    .sql = sql,
		    .doc = bn_section_get(section, NULL, "title"),
		};
	}
}

int
bn_triage_new(struct bn_triage **out, struct bn_store *store, const struct bn_config *config,
	      struct bn_error *err)
{
	struct bn_triage *triage = bn_xcalloc(1, sizeof(*triage));
	int rc;

	*out = NULL;
	triage->store = store;
	if (config != NULL)
		add_user_rules(triage, config);
	rc = bn_reader_open(&triage->reader, store, err);
	if (rc == BN_OK)
		rc = bn_writer_open(&triage->writer, store, err);
	if (rc == BN_OK)
		*out = triage;
	else
		bn_triage_free(triage);
	return rc;
}

void
bn_triage_free(struct bn_triage *triage)
{
	if (triage == NULL)
		return;
	bn_reader_close(triage->reader);
	bn_writer_close(triage->writer);
	free(triage->rules);
	free(triage);
}

static int
fail_db(struct pass *pass)
{
	if (sqlite3_errcode(pass->db) == SQLITE_BUSY)
		return bn_fail(pass->err, BN_EBUSY,
			       "triage: the cache is locked by another process");
	return bn_fail(pass->err, BN_EIO, "triage: %s", sqlite3_errmsg(pass->db));
}

static int
step(struct pass *pass, sqlite3_stmt *statement)
{
	int rc = sqlite3_step(statement);

	sqlite3_reset(statement);
	pass->changed = true;
	return rc == SQLITE_DONE ? BN_OK : fail_db(pass);
}

static void
bind_text(sqlite3_stmt *statement, int at, const char *text)
{
	sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC); /* NULL binds NULL */
}

static void
add_id(struct ids *ids, int64_t id)
{
	if (ids->count == ids->capacity) {
		ids->capacity = ids->capacity > 0 ? ids->capacity * 2 : 32;
		ids->items = bn_xrealloc(ids->items, ids->capacity, sizeof(*ids->items));
	}
	ids->items[ids->count++] = id;
}

static bool
has_id(const struct ids *ids, int64_t id)
{
	for (size_t i = 0; i < ids->count; i++) {
		if (ids->items[i] == id)
			return true;
	}
	return false;
}

static bool
same(const char *a, const unsigned char *b)
{
	return a == NULL || b == NULL ? a == NULL && b == NULL : strcmp(a, (const char *)b) == 0;
}

static int
open_finding(struct pass *pass, const struct bn_rule *rule, const struct bn_hit *hit)
{
	bool about = hit->kind != BN_KIND_NONE;
	int rc;

	bind_text(pass->insert, 1, hit->source);
	bind_text(pass->insert, 2, rule->name);
	bind_text(pass->insert, 3, hit->finding_key);
	sqlite3_bind_int(pass->insert, 4, hit->severity);
	bind_text(pass->insert, 5, hit->title);
	bind_text(pass->insert, 6, hit->message);
	bind_text(pass->insert, 7, about ? hit->source : NULL);
	if (about)
		sqlite3_bind_int(pass->insert, 8, hit->kind);
	else
		sqlite3_bind_null(pass->insert, 8);
	bind_text(pass->insert, 9, about ? hit->key : NULL);
	sqlite3_bind_int64(pass->insert, 10, hit->since > 0 ? hit->since : pass->now);
	sqlite3_bind_int64(pass->insert, 11, pass->now);
	rc = step(pass, pass->insert);
	if (rc == BN_OK)
		add_id(&pass->kept, sqlite3_last_insert_rowid(pass->db));
	return rc;
}

/* Opens the hit's finding, or brings the open one up to date; touches nothing that is the same. A
 * rule that gives no `since` keeps the moment it was first found. */
static int
store_hit(struct pass *pass, const struct bn_rule *rule, const struct bn_hit *hit)
{
	bool differs;
	int64_t id, since;
	int rc;

	bind_text(pass->find, 1, rule->name);
	bind_text(pass->find, 2, hit->finding_key);
	rc = sqlite3_step(pass->find);
	if (rc != SQLITE_ROW) {
		sqlite3_reset(pass->find);
		return rc == SQLITE_DONE ? open_finding(pass, rule, hit) : fail_db(pass);
	}
	id = sqlite3_column_int64(pass->find, 0);
	since = hit->since > 0 ? hit->since : sqlite3_column_int64(pass->find, 4);
	differs = sqlite3_column_int(pass->find, 1) != (int)hit->severity ||
		  !same(hit->title, sqlite3_column_text(pass->find, 2)) ||
		  !same(hit->message, sqlite3_column_text(pass->find, 3)) ||
		  since != sqlite3_column_int64(pass->find, 4) ||
		  pass->now - sqlite3_column_int64(pass->find, 5) > RENEW;
	sqlite3_reset(pass->find);
	add_id(&pass->kept, id);
	if (!differs)
		return BN_OK;
	sqlite3_bind_int64(pass->update, 1, id);
	sqlite3_bind_int(pass->update, 2, hit->severity);
	bind_text(pass->update, 3, hit->title);
	bind_text(pass->update, 4, hit->message);
	sqlite3_bind_int64(pass->update, 5, since);
	sqlite3_bind_int64(pass->update, 6, pass->now);
	return step(pass, pass->update);
}

static int
close_finding(struct pass *pass, int64_t id)
{
	sqlite3_bind_int64(pass->close, 1, id);
	sqlite3_bind_int64(pass->close, 2, pass->now);
	return step(pass, pass->close);
}

/* Closes what the rule no longer finds; not where the thing is too old to be believed, since then
 * nobody knows that it recovered. */
static int
close_rest(struct pass *pass, const struct bn_rule *rule)
{
	struct ids over = {0};
	int rc, result = BN_OK;

	bind_text(pass->open, 1, rule->name);
	while ((rc = sqlite3_step(pass->open)) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(pass->open, 0);

		if (!has_id(&pass->kept, id) && !has_id(&pass->stale, id))
			add_id(&over, id);
	}
	sqlite3_reset(pass->open);
	if (rc != SQLITE_DONE)
		result = fail_db(pass);
	for (size_t i = 0; result == BN_OK && i < over.count; i++)
		result = close_finding(pass, over.items[i]);
	free(over.items);
	return result;
}

static void
run_rule(struct pass *pass, const struct bn_rule *rule, bool user)
{
	struct outcome *outcome = &pass->outcomes[pass->outcome_count++];
	struct bn_error why = {0};
	int rc;

	*outcome = (struct outcome){.rule = rule, .first = pass->hits.count};
	rc = user ? bn_rule_run_user(pass->triage->store, rule, &pass->hits, &why)
		  : bn_rule_run(pass->triage->reader, rule, &pass->hits, &why);
	if (rc != BN_OK) {
		pass->hits.count = outcome->first;
		outcome->failure = bn_arena_strdup(pass->hits.arena, why.message);
	}
	outcome->end = pass->hits.count;
}

static int
find_stale(struct pass *pass)
{
	sqlite3_stmt *row = NULL;
	int step_rc,
	    rc = bn_triage_prepare(
		bn_reader_db(pass->triage->reader),
		"SELECT f.id FROM main.finding f JOIN main.source s ON s.name = f.about_source"
		" JOIN entity_now e ON e.source_id = s.id AND e.kind = f.about_kind AND e.key = "
		"f.about_key"
		" WHERE f.closed_at IS NULL AND f.origin = 'rule' AND e.stale AND e.kind <> 11",
		&row, pass->err);

	if (rc != BN_OK)
		return rc;
	while ((step_rc = sqlite3_step(row)) == SQLITE_ROW)
		add_id(&pass->stale, sqlite3_column_int64(row, 0));
	sqlite3_finalize(row);
	return step_rc == SQLITE_DONE
		   ? BN_OK
		   : bn_fail(pass->err, BN_EIO, "triage: findings can't be read");
}

static int
run_rules(struct pass *pass)
{
	size_t count = pass->triage->rule_count;

	for (const struct bn_rule *rule = bn_builtin_rules; rule->name != NULL; rule++)
		count++;
	pass->outcomes = bn_xcalloc(count, sizeof(*pass->outcomes));
	for (const struct bn_rule *rule = bn_builtin_rules; rule->name != NULL; rule++)
		run_rule(pass, rule, false);
	for (size_t i = 0; i < pass->triage->rule_count; i++)
		run_rule(pass, &pass->triage->rules[i], true);
	return find_stale(pass);
}

/* A rule that failed keeps what it had found before, and is a finding itself. */
static int
store_outcome(struct pass *pass, const struct outcome *outcome)
{
	int rc = BN_OK;

	pass->kept.count = 0;
	if (outcome->failure != NULL)
		return BN_OK;
	for (size_t i = outcome->first; rc == BN_OK && i < outcome->end; i++)
		rc = store_hit(pass, outcome->rule, &pass->hits.items[i]);
	return rc == BN_OK ? close_rest(pass, outcome->rule) : rc;
}

static int
store_failures(struct pass *pass)
{
	static const struct bn_rule broken = {.name = "rule-broken", .severity = BN_WARN};
	int rc = BN_OK;

	pass->kept.count = 0;
	for (size_t i = 0; rc == BN_OK && i < pass->outcome_count; i++) {
		const struct outcome *outcome = &pass->outcomes[i];
		struct bn_hit hit = {.severity = BN_WARN};

		if (outcome->failure == NULL)
			continue;
		hit.finding_key = outcome->rule->name;
		hit.title =
		    bn_arena_format(pass->hits.arena, "rule %s does not run", outcome->rule->name);
		hit.message = outcome->failure;
		rc = store_hit(pass, &broken, &hit);
	}
	return rc == BN_OK ? close_rest(pass, &broken) : rc;
}

static bool
is_known(const struct pass *pass, const char *name)
{
	for (size_t i = 0; i < pass->outcome_count; i++) {
		if (strcmp(pass->outcomes[i].rule->name, name) == 0)
			return true;
	}
	return strcmp(name, "rule-broken") == 0;
}

/* Findings of rules that no process evaluates any more. */
static int
close_forgotten(struct pass *pass)
{
	struct ids over = {0};
	sqlite3_stmt *row = NULL;
	int rc = bn_triage_prepare(pass->db,
				   "SELECT id, rule FROM finding WHERE origin = 'rule' AND "
				   "closed_at IS NULL AND seen_at < ?1",
				   &row, pass->err);

	if (rc != BN_OK)
		return rc;
	sqlite3_bind_int64(row, 1, pass->now - FORGOTTEN);
	while (sqlite3_step(row) == SQLITE_ROW) {
		if (!is_known(pass, (const char *)sqlite3_column_text(row, 1)))
			add_id(&over, sqlite3_column_int64(row, 0));
	}
	sqlite3_finalize(row);
	for (size_t i = 0; rc == BN_OK && i < over.count; i++)
		rc = close_finding(pass, over.items[i]);
	free(over.items);
	return rc;
}

static int
prepare(struct pass *pass)
{
	const struct {
		sqlite3_stmt **out;
		const char *sql;
	} rows[] = {
	    {&pass->find,
	     "SELECT id, severity, title, message, since, seen_at FROM finding"
	     " WHERE origin = 'rule' AND rule = ?1 AND key = ?2 AND closed_at IS NULL"},
	    {&pass->insert, "INSERT INTO finding (origin, source_id, rule, key, severity, title, "
			    "message, about_source,"
			    " about_kind, about_key, since, opened_at, seen_at)"
			    " VALUES ('rule', (SELECT id FROM source WHERE name = ?1), ?2, ?3, ?4, "
			    "?5, ?6, ?7, ?8, ?9, ?10,"
			    " ?11, ?11)"},
	    {&pass->update, "UPDATE finding SET severity = ?2, title = ?3, message = ?4, since = "
			    "?5, seen_at = ?6 WHERE id = ?1"},
	    {&pass->open,
	     "SELECT id FROM finding WHERE origin = 'rule' AND rule = ?1 AND closed_at IS NULL"},
	    {&pass->close, "UPDATE finding SET closed_at = ?2 WHERE id = ?1"},
	};
	int rc = BN_OK;

	for (size_t i = 0; rc == BN_OK && i < sizeof(rows) / sizeof(rows[0]); i++)
		rc = bn_triage_prepare(pass->db, rows[i].sql, rows[i].out, pass->err);
	return rc;
}

static void
finish(struct pass *pass)
{
	sqlite3_finalize(pass->find);
	sqlite3_finalize(pass->insert);
	sqlite3_finalize(pass->update);
	sqlite3_finalize(pass->open);
	sqlite3_finalize(pass->close);
	bn_arena_free(pass->hits.arena);
	free(pass->hits.items);
	free(pass->outcomes);
	free(pass->stale.items);
	free(pass->kept.items);
}

static int
store_all(struct pass *pass)
{
	int rc = BN_OK;

	for (size_t i = 0; rc == BN_OK && i < pass->outcome_count; i++)
		rc = store_outcome(pass, &pass->outcomes[i]);
	if (rc == BN_OK)
		rc = store_failures(pass);
	if (rc == BN_OK)
		rc = close_forgotten(pass);
	if (rc == BN_OK)
		rc = bn_triage_twins(pass->db, &pass->changed, pass->err);
	if (rc == BN_OK)
		rc = bn_triage_fold(pass->db, &pass->changed, pass->err);
	return rc;
}

int
bn_triage_run(struct bn_triage *triage, struct bn_error *err)
{
	struct pass pass = {.triage = triage, .db = bn_writer_db(triage->writer), .err = err};
	bool begun = false;
	int rc;

	pass.hits.arena = bn_arena_new();
	pass.now = bn_reader_now(triage->reader);
	bn_reader_set_now(triage->reader, pass.now);
	rc = bn_minutes_judge(triage->reader, triage->writer, NULL, err);
	if (rc == BN_OK)
		rc = run_rules(&pass);
	if (rc == BN_OK)
		rc = prepare(&pass);
	if (rc != BN_OK)
		goto out;
	if (sqlite3_exec(pass.db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK) {
		rc = fail_db(&pass);
		goto out;
	}
	begun = true;
	rc = store_all(&pass);
	if (rc == BN_OK && pass.changed &&
	    sqlite3_exec(pass.db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		rc = fail_db(&pass);
	else if (rc == BN_OK && pass.changed)
		begun = false;
out:
	finish(&pass);
	if (begun)
		(void)sqlite3_exec(pass.db, "ROLLBACK", NULL, NULL, NULL);
	bn_reader_set_now(triage->reader, 0);
	return rc;
}

/* reader_test.c - what queries see: views, staleness, notices, the SQL door's walls. */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/store_fixture.h"

#include <poll.h>

#include "base/status.h"

struct answer {
	int rows;
	char text[256];
};

static int
take(sqlite3_stmt *row, void *payload, struct bn_error *err)
{
	struct answer *answer = payload;
	const char *text = (const char *)sqlite3_column_text(row, 0);

	(void)err;
	answer->rows++;
	snprintf(answer->text, sizeof(answer->text), "%s", text != NULL ? text : "(null)");
	return BN_OK;
}

static int
door(struct fixture *f, const char *sql, struct answer *answer)
{
	memset(answer, 0, sizeof(*answer));
	return bn_store_sql(f->store, sql, 3000, 0, take, answer, &f->err);
}

/* ---- freshness ---- */

static void
reader_thing_older_than_two_intervals_is_unknown(void **state)
{
	struct fixture *f = *state;

	observe_list(f, T0, "apps", BN_APP, BN_DOWN, KEYS("a"));
	fixture_at(f, T0 + 30000);
	assert_int_equal(ask(f, "SELECT stale FROM entity_now WHERE key = 'a'"), 0);
	assert_int_equal(ask(f, "SELECT status_now FROM entity_now WHERE key = 'a'"), BN_DOWN);
	fixture_at(f, T0 + 30001);
	assert_int_equal(ask(f, "SELECT stale FROM entity_now WHERE key = 'a'"), 1);
	assert_int_equal(ask(f, "SELECT status_now FROM entity_now WHERE key = 'a'"), BN_UNKNOWN);
	assert_int_equal(ask(f, "SELECT status FROM entity_now WHERE key = 'a'"), BN_DOWN);
	assert_int_equal(ask(f, "SELECT age_ms FROM entity_now WHERE key = 'a'"), 30001);
	/* Never written as a transition: it is derived. */
	assert_int_equal(
	    ask(f, "SELECT count(*) FROM transition WHERE new = 0 AND old IS NOT NULL"), 0);
}

static void
reader_thing_seen_by_itself_is_fresh_though_its_list_is_not(void **state)
{
	struct fixture *f = *state;
	struct bn_batch *b;

	observe_list(f, T0, "apps", BN_APP, BN_DOWN, KEYS("a", "b"));
	fixture_at(f, T0 + HOUR);
	b = bn_batch_new(f->writer, NULL, f->source, "argo", -1);
	bn_batch_entity(b, BN_APP, &(struct bn_entity){.key = "a", .status = BN_HEALTHY});
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	bn_batch_free(b);
	assert_int_equal(ask(f, "SELECT stale FROM entity_now WHERE key = 'a'"), 0);
	assert_int_equal(ask(f, "SELECT stale FROM entity_now WHERE key = 'b'"), 1);
}

static void
reader_source_whose_polls_are_slower_than_its_interval_is_not_stale_for_that(void **state)
{
	struct fixture *f = *state;
	struct bn_poll_result slow = {.began = T0, .ended = T0 + 40000, .took = 40000};

	observe_list(f, T0, "apps", BN_APP, BN_DOWN, KEYS("a"));
	assert_ok(bn_writer_poll_result(f->writer, f->source, f->epoch, &slow, &f->err), &f->err);
	fixture_at(f, T0 + 79000);
	assert_int_equal(ask(f, "SELECT stale FROM entity_now WHERE key = 'a'"), 0);
	fixture_at(f, T0 + 81000);
	assert_int_equal(ask(f, "SELECT stale FROM entity_now WHERE key = 'a'"), 1);
}

static void
reader_pipeline_of_a_source_not_read_to_the_end_is_unknown(void **state)
{
	struct fixture *f = *state;
	struct bn_poll_result fine = {.began = T0 + MINUTE, .ended = T0 + MINUTE, .took = 100};

	/* Its definition was read, and then the source broke off: nobody knows its runs. */
	observe_list(f, T0, "pipelines", BN_PIPELINE, BN_HEALTHY, KEYS("a"));
	assert_int_equal(ask(f, "SELECT stale FROM entity_now WHERE key = 'a'"), 1);
	assert_int_equal(ask(f, "SELECT status_now FROM entity_now WHERE key = 'a'"), BN_UNKNOWN);
	observe_list(f, T0 + MINUTE, "pipelines", BN_PIPELINE, BN_HEALTHY, KEYS("a"));
	assert_ok(bn_writer_poll_result(f->writer, f->source, f->epoch, &fine, &f->err), &f->err);
	assert_int_equal(ask(f, "SELECT status_now FROM entity_now WHERE key = 'a'"), BN_HEALTHY);
	/* The same later: the list is fresh, what was read after it is not. */
	observe_list(f, T0 + 3 * MINUTE, "pipelines", BN_PIPELINE, BN_HEALTHY, KEYS("a"));
	assert_int_equal(ask(f, "SELECT status_now FROM entity_now WHERE key = 'a'"), BN_UNKNOWN);
	assert_int_equal(ask(f, "SELECT age_ms FROM entity_now WHERE key = 'a'"), 0);
}

static void
reader_now_can_be_frozen_for_one_screen(void **state)
{
	struct fixture *f = *state;

	bn_reader_set_now(f->reader, T0 + 7);
	fixture_at(f, T0 + HOUR);
	assert_int_equal(ask(f, "SELECT now()"), T0 + 7);
	assert_int_equal(bn_reader_now(f->reader), T0 + 7);
	bn_reader_set_now(f->reader, 0);
	assert_int_equal(ask(f, "SELECT now()"), T0 + HOUR);
}

/* ---- functions and views ---- */

static void
reader_functions_say_words_and_references(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(
	    ask_text(f, "SELECT status_word(4) || ' ' || kind_word(1) || ' ' || severity_word(2)"),
	    "failed pipeline crit");
	assert_string_equal(ask_text(f, "SELECT status_word(NULL)"), "(null)");
	assert_int_equal(
	    ask(f, "SELECT status_problem(4) AND NOT status_problem(3) AND status_fine(3)"), 1);
	assert_int_equal(ask(f, "SELECT status_rank(4) > status_rank(3)"), 1);
	assert_string_equal(ask_text(f, "SELECT human_ms(334000)"), "5m34s");
	assert_string_equal(ask_text(f, "SELECT ref_text(2, 'a/b', 'c/d')"), "run/a/b/c/d");
	assert_string_equal(ask_text(f, "SELECT ref_text(0, 'a', 'c')"), "(null)");
	assert_int_equal(ask(f, "SELECT kind_number('stream')"), BN_STREAM);
	assert_int_equal(ask(f, "SELECT 'ing-orders' GLOB 'ing-*'"), 1);
	assert_int_equal(ask(f, "SELECT 'ing-orders' REGEXP '^ing-(a|o)[[:alpha:]]+s$'"), 1);
	assert_int_equal(ask(f, "SELECT 'x' REGEXP 'y'"), 0);
}

static void
reader_kinds_of_the_short_views_are_those_of_the_enum(void **state)
{
	static const char *const names[] = {"model",   "stream", "app", "dataset",
					    "product", "change", NULL};
	struct fixture *f = *state;
	struct bn_batch *b = fixture_batch(f);

	for (size_t i = 0; names[i] != NULL; i++)
		bn_batch_entity(b, bn_kind_from_word(names[i]),
				&(struct bn_entity){.key = names[i]});
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	bn_batch_free(b);
	for (size_t i = 0; names[i] != NULL; i++) {
		char sql[64];
		struct answer a;

		snprintf(sql, sizeof(sql), "SELECT group_concat(key) FROM %s", names[i]);
		assert_ok(door(f, sql, &a), &f->err);
		assert_string_equal(a.text, names[i]);
	}
	assert_int_equal(BN_SOURCE, 11);
	assert_string_equal(ask_text(f, "SELECT entity FROM source_now"), "source/argo");
}

static int
refuse_all(void *payload, int action, const char *one, const char *two, const char *three,
	   const char *four)
{
	int *count = payload;

	(void)one, (void)two, (void)three, (void)four;
	if (action == SQLITE_INSERT || action == SQLITE_DELETE || action == SQLITE_UPDATE)
		(*count)++;
	return SQLITE_OK;
}

static void
reader_connection_can_not_write(void **state)
{
	struct fixture *f = *state;
	sqlite3 *db = bn_reader_db(f->reader);
	int asked = 0;

	sqlite3_set_authorizer(db, refuse_all, &asked);
	assert_int_equal(sqlite3_exec(db, "DELETE FROM entity", NULL, NULL, NULL), SQLITE_READONLY);
	assert_int_equal(sqlite3_exec(db, "INSERT INTO journal.record (seq) VALUES (1)", NULL, NULL,
				      NULL) != SQLITE_OK,
			 1);
	assert_int_equal(asked > 0, 1);
}

/* Whether the plan of a query holds the words. */
static bool
plan_has(struct fixture *f, const char *sql, const char *words)
{
	char *explain = bn_xasprintf("EXPLAIN QUERY PLAN %s", sql);
	sqlite3_stmt *st = NULL;
	bool found = false;

	assert_int_equal(sqlite3_prepare_v2(bn_reader_db(f->reader), explain, -1, &st, NULL),
			 SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW)
		found = found || strstr((const char *)sqlite3_column_text(st, 3), words) != NULL;
	sqlite3_finalize(st);
	free(explain);
	return found;
}

/* A view that is not flattened, or a wrong index, would read the whole table for each screen. */
static void
reader_views_are_read_by_index(void **state)
{
	static const char by_key[] =
	    "SELECT e.name FROM pipeline_now r JOIN entity_now e ON e.id = r.latest_run_id"
	    " WHERE r.source = 'argo' AND r.key = 'x'";
	static const char newest[] =
	    "SELECT entity FROM run_now ORDER BY started_at DESC LIMIT 100";
	static const char pipelines[] = "SELECT entity FROM pipeline_now ORDER BY name";
	struct fixture *f = *state;

	assert_false(plan_has(f, by_key, "SCAN"));
	assert_false(plan_has(f, by_key, "MATERIALIZE"));
	assert_false(plan_has(f, by_key, "CO-ROUTINE"));
	assert_true(plan_has(f, by_key, "(source_id=? AND kind=? AND key=?)"));
	assert_true(plan_has(f, newest, "run_started"));
	assert_false(plan_has(f, newest, "TEMP B-TREE"));
	assert_false(plan_has(f, pipelines, "SCAN e"));
}

static int64_t
add_bulk(struct fixture *f, const char *body)
{
	struct bn_journal_entry entry = {"bulk", {BN_KIND_NONE, NULL, NULL}, 0, NULL, body};
	struct bn_actor actor;
	int64_t seq = 0;

	bn_actor_self(&actor, NULL);
	assert_ok(bn_journal_append(f->store, &actor, &entry, &seq, &f->err), &f->err);
	return seq;
}

/* Records 1 and 4 begin anew; 2 is a rest of 1, 3 a rest of that; 5, 6 and 7 name what is no bulk before them. */
static void
reader_bulk_has_the_root_of_all_its_rests(void **state)
{
	static const char *const bodies[] = {
	    "{\"targets\":[]}", "{\"rest_of\":1}", "{\"rest_of\":2}",	    "{\"rest_of\":null}",
	    "{\"rest_of\":5}",	"{\"rest_of\":7}", "{\"rest_of\":\"what\"}"};
	static const int roots[] = {1, 1, 1, 4, 5, 6, 7};
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		assert_int_equal(add_bulk(f, bodies[i]), i + 1);
	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		char *sql = bn_xasprintf("SELECT root FROM bulk_now WHERE seq = %d", (int)i + 1);
		struct answer a;

		/* By the door, too: there a view may read what a query may not. */
		assert_ok(door(f, sql, &a), &f->err);
		assert_int_equal(atoi(a.text), roots[i]);
		assert_int_equal(ask(f, sql), roots[i]);
		free(sql);
	}
}

/* A journal is never shortened: what asks for the bulks of a root must not read it from its beginning. */
static void
reader_bulks_of_a_root_are_read_by_index(void **state)
{
	static const char kin[] = "SELECT seq FROM bulk_now WHERE at >= 5 AND root = 1";
	struct fixture *f = *state;
	char *path = bn_xasprintf("%s/src/triage/bulk-interrupted.sql", getenv("abs_top_srcdir"));
	char rule[8192];
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	rule[fread(rule, 1, sizeof(rule) - 1, file)] = '\0';
	fclose(file);
	free(path);
	assert_true(plan_has(f, kin, "record_verb (verb=? AND at>?)"));
	assert_false(plan_has(f, kin, "SCAN b"));
	assert_true(plan_has(f, rule, "record_thing (kind=? AND key=? AND source=?)"));
	assert_true(plan_has(f, rule, "(source_id=? AND kind=? AND key=?)"));
	assert_false(plan_has(f, rule, "SEARCH b USING INDEX record_verb (verb=?)"));
	assert_false(plan_has(f, rule, "SCAN b"));
	assert_false(plan_has(f, rule, "SCAN i"));
}

/* ---- noticing ---- */

static void
reader_version_changes_with_commits_of_others_only(void **state)
{
	struct fixture *f = *state;
	int64_t before = bn_reader_version(f->reader), after;
	struct bn_actor actor;

	assert_int_equal(bn_reader_version(f->reader), before);
	observe_list(f, T0, "apps", BN_APP, BN_DOWN, KEYS("a"));
	after = bn_reader_version(f->reader);
	assert_int_not_equal(after, before);
	bn_actor_self(&actor, NULL);
	assert_ok(bn_journal_note(f->store, &actor, (struct bn_ref){0}, NULL, "shift begins", NULL,
				  &f->err),
		  &f->err);
	assert_int_not_equal(bn_reader_version(f->reader), after);
	after = bn_reader_version(f->reader);
	assert_int_equal(bn_reader_version(f->reader), after);
}

/* Waits until the descriptor is readable, at most 5 s. */
static bool
woken(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 5000) == 1;
}

static void
reader_notice_wakes_for_a_commit_and_falls_silent(void **state)
{
	struct fixture *f = *state;
	int fd = bn_store_notice_fd(f->store);
	int64_t version = bn_reader_version(f->reader);
	struct bn_actor actor;
	bool seen = false;

	assert_true(fd >= 0);
	observe_list(f, T0, "apps", BN_APP, BN_DOWN, KEYS("a"));
	for (int i = 0; i < 10 && !seen && woken(fd); i++) {
		bn_store_noticed(f->store);
		seen = bn_reader_version(f->reader) != version;
	}
	assert_true(seen);
	bn_actor_self(&actor, NULL);
	version = bn_reader_version(f->reader);
	assert_ok(bn_journal_note(f->store, &actor, (struct bn_ref){0}, NULL, "x", NULL, &f->err),
		  &f->err);
	seen = false;
	for (int i = 0; i < 10 && !seen && woken(fd); i++) {
		bn_store_noticed(f->store);
		seen = bn_reader_version(f->reader) != version;
	}
	assert_true(seen);
	/* Without commits it goes quiet after the last late look. */
	for (int i = 0; i < 10; i++) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		if (poll(&p, 1, 600) == 0)
			return;
		bn_store_noticed(f->store);
	}
	fail_msg("the descriptor never falls silent");
}

static void
reader_memory_store_works_and_notices(void **state)
{
	struct fixture f = {0};

	(void)state;
	fixture_at(&f, T0);
	fixture_open(&f, BN_STORE_MEMORY);
	f.source = fixture_source(&f, "argo", 15000);
	assert_ok(bn_writer_take_lease(f.writer, f.source, "x", &f.epoch, &f.err), &f.err);
	bn_store_noticed(f.store);
	observe_list(&f, T0, "apps", BN_APP, BN_DOWN, KEYS("a"));
	assert_true(woken(bn_store_notice_fd(f.store)));
	assert_int_equal(ask(&f, "SELECT count(*) FROM entity_now WHERE kind = 7"), 1);
	assert_string_equal(bn_store_dir(f.store), "");
	fixture_close(&f);
}

/* ---- the SQL door ---- */

static void
door_answers_the_rule_of_the_manual(void **state)
{
	struct fixture *f = *state;
	struct bn_batch *b = fixture_batch(f);
	struct answer a;

	bn_batch_pipeline(b, &(struct bn_pipeline){.e = {.key = "p", .status = BN_HEALTHY},
						   .schedule = "5 * * * *"});
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	bn_batch_free(b);
	fixture_at(f, T0 + 19 * MINUTE);
	assert_ok(
	    door(f, "SELECT entity, since, 'late' FROM pipeline WHERE next_due_at < now() - 900000",
		 &a),
	    &f->err);
	assert_int_equal(a.rows, 0);
	fixture_at(f, T0 + 21 * MINUTE);
	assert_ok(door(f,
		       "SELECT entity, since, 'late' FROM pipeline WHERE next_due_at < now() - "
		       "900000; -- end",
		       &a),
		  &f->err);
	assert_int_equal(a.rows, 1);
	assert_string_equal(a.text, "pipeline/argo/p");
}

static void
door_knows_every_short_name(void **state)
{
	static const char *const names[] = {"pipeline",
					    "run",
					    "task",
					    "endpoint",
					    "finding",
					    "source",
					    "app",
					    "model",
					    "dataset",
					    "stream",
					    "product",
					    "change",
					    "entity",
					    "link",
					    "transition",
					    "attribute",
					    "attribute_change",
					    "measure",
					    "series",
					    "point",
					    "observed",
					    "attempt",
					    "ack",
					    "snooze",
					    "note",
					    "entity_now",
					    "finding_now",
					    NULL};
	struct fixture *f = *state;
	struct answer a;
	char sql[128];

	for (size_t i = 0; names[i] != NULL; i++) {
		snprintf(sql, sizeof(sql), "SELECT * FROM %s ORDER BY 1 LIMIT 5", names[i]);
		assert_ok(door(f, sql, &a), &f->err);
	}
	observe_run(f, T0,
		    &(struct bn_run){.e = {.key = "r", .status = BN_FAILED, .message = "boom"}});
	assert_ok(door(f,
		       "WITH x AS (SELECT status, message FROM run) SELECT status || ' ' || "
		       "message FROM x",
		       &a),
		  &f->err);
	assert_string_equal(a.text, "failed boom");
	assert_ok(door(f, "SELECT value FROM json_each('[1,2]')", &a), &f->err);
	assert_int_equal(a.rows, 2);
}

static void
door_lets_nothing_through_but_reading_the_views(void **state)
{
	static const char *const hostile[] = {
	    "DELETE FROM main.entity",
	    "DELETE FROM entity",
	    "INSERT INTO main.source (name) VALUES ('x')",
	    "UPDATE main.source SET url = 'x'",
	    "DROP TABLE main.entity",
	    "CREATE TABLE x (y)",
	    "CREATE TEMP TABLE x (y)",
	    "CREATE TEMP VIEW x AS SELECT * FROM main.source",
	    "ATTACH '/etc/passwd' AS p",
	    "ATTACH ':memory:' AS p",
	    "DETACH journal",
	    "PRAGMA journal_mode=DELETE",
	    "PRAGMA query_only=OFF",
	    "PRAGMA writable_schema=ON",
	    "SELECT * FROM pragma_table_info('entity')",
	    "SELECT * FROM pragma_database_list",
	    "SELECT load_extension('/tmp/x.so')",
	    "VACUUM INTO '/tmp/bn-out'",
	    "BEGIN",
	    "COMMIT",
	    "SAVEPOINT x",
	    "REINDEX",
	    "ANALYZE",
	    "SELECT * FROM main.source",
	    "SELECT * FROM sqlite_master",
	    "SELECT * FROM main.sqlite_schema",
	    "SELECT * FROM temp.sqlite_schema",
	    "SELECT * FROM journal.record",
	    "SELECT * FROM main.logtext",
	    "SELECT hash FROM record",
	    "SELECT fts3_tokenizer('simple')",
	    "SELECT * FROM main.search",
	    "EXPLAIN DELETE FROM main.entity",
	    "WITH entity_now AS (SELECT * FROM main.source) SELECT * FROM entity_now",
	    "WITH x AS (SELECT url FROM main.source) SELECT * FROM x",
	    "SELECT (SELECT max(lease_epoch) FROM main.source)",
	    NULL};
	struct fixture *f = *state;
	struct answer a;

	observe_list(f, T0, "apps", BN_APP, BN_DOWN, KEYS("a"));
	for (size_t i = 0; hostile[i] != NULL; i++) {
		int rc = door(f, hostile[i], &a);

		if (rc != BN_EPERM && rc != BN_EINVAL)
			fail_msg("%s: %d %s", hostile[i], rc, f->err.message);
		assert_int_equal(a.rows, 0);
		assert_true(f->err.message[0] != '\0');
	}
	assert_int_equal(ask(f, "SELECT count(*) FROM entity WHERE kind = 7"), 1);
	assert_int_equal(access("/tmp/bn-out", F_OK), -1);
}

static void
door_refuses_more_than_one_statement_and_none(void **state)
{
	struct fixture *f = *state;
	struct answer a;

	assert_fails_with(BN_EINVAL, door(f, "SELECT 1; SELECT 2", &a));
	assert_int_equal(a.rows, 0);
	assert_fails_with(BN_EINVAL, door(f, "SELECT 1; /* */ DELETE FROM main.entity", &a));
	assert_fails_with(BN_EINVAL, door(f, "", &a));
	assert_fails_with(BN_EINVAL, door(f, "SELECT ?1", &a));
	assert_fails_with(BN_EINVAL, door(f, "SELEKT 1", &a));
	assert_non_null(strstr(f->err.message, "SELEKT"));
	assert_ok(door(f, "SELECT 1 ; /* that is all */ -- really", &a), &f->err);
	assert_int_equal(a.rows, 1);
}

static void
door_stops_what_never_ends(void **state)
{
	struct fixture *f = *state;
	struct answer a = {0};

	assert_fails_with(BN_ETIMEOUT, bn_store_sql(f->store,
						    "WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL "
						    "SELECT n + 1 FROM x) SELECT count(*) FROM x",
						    100, 0, take, &a, &f->err));
	assert_int_equal(a.rows, 0);
	/* The connection is as good as before. */
	assert_ok(door(f, "SELECT 42", &a), &f->err);
	assert_string_equal(a.text, "42");
	assert_fails_with(
	    BN_ETOOBIG,
	    bn_store_sql(
		f->store,
		"WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT n FROM x",
		5000, 10, take, &a, &f->err));
	assert_string_equal(a.text, "10");
	/* Neither long texts nor many rows kept in memory. */
	assert_fails_with(BN_ETOOBIG, door(f,
					   "WITH RECURSIVE x(s) AS (SELECT 'aaaaaaaa' UNION ALL "
					   "SELECT s || s FROM x) SELECT length(s) FROM x",
					   &a));
	int rc = bn_store_sql(f->store,
			      "WITH RECURSIVE x(n) AS (SELECT 1 UNION SELECT n + 1 FROM x),"
			      " y AS (SELECT n, printf('%2000d', n) AS s FROM x) SELECT count(*) "
			      "FROM (SELECT s FROM y ORDER BY s)",
			      20000, 0, take, &a, &f->err);
	assert_true(rc == BN_ETOOBIG || rc == BN_ETIMEOUT);
}

static void
door_bounds_a_regular_expression_that_explodes(void **state)
{
	struct fixture *f = *state;
	struct answer a;

	assert_fails_with(
	    BN_EINVAL,
	    door(f,
		 "SELECT 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' REGEXP "
		 "'(a+)+$'",
		 &a));
	assert_non_null(strstr(f->err.message, "too long"));
	assert_fails_with(BN_EINVAL, door(f, "SELECT 'x' REGEXP '('", &a));
	assert_non_null(strstr(f->err.message, "regular expression"));
	assert_fails_with(
	    BN_EINVAL,
	    door(f, "SELECT 'x' REGEXP '((((a{1,1000}){1,1000}){1,1000}){1,1000})'", &a));
	/* Bytes that are no UTF-8 are text like any other. */
	assert_ok(door(f, "SELECT CAST(x'61ff62' AS TEXT) REGEXP 'b$'", &a), &f->err);
	assert_string_equal(a.text, "1");
}

static int
stop(sqlite3_stmt *row, void *payload, struct bn_error *err)
{
	(void)row, (void)payload;
	return bn_store_sql(payload, "SELECT 1", 1000, 0, take, &(struct answer){0}, err) == BN_OK
		   ? BN_ECANCELLED
		   : BN_EIO;
}

static void
door_can_be_used_while_it_is_in_use_and_ends_when_told(void **state)
{
	struct fixture *f = *state;

	assert_fails_with(BN_ECANCELLED, bn_store_sql(f->store, "SELECT 1 UNION ALL SELECT 2", 1000,
						      0, stop, f->store, &f->err));
}

static void
reader_statement_that_rests_is_found_again_without_its_bindings(void **state)
{
	static const char sql[] = "SELECT count(*) FROM entity_now WHERE kind_name = 'app' AND "
				  "status_now <> 0 AND (?1 IS NULL OR key = ?1)";
	struct fixture *f = *state;
	sqlite3_stmt *first = NULL, *second = NULL, *third = NULL;
	char text[32];

	observe_list(f, T0, "apps", BN_APP, BN_DOWN, KEYS("a", "b"));
	assert_int_equal(bn_reader_prepare(f->reader, sql, &first), SQLITE_OK);
	sqlite3_bind_text(first, 1, "a", -1, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(first), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(first, 0), 1);
	/* in use: the same question gets a statement of its own */
	assert_int_equal(bn_reader_prepare(f->reader, sql, &second), SQLITE_OK);
	assert_ptr_not_equal(first, second);
	bn_reader_done(f->reader, second);
	bn_reader_done(f->reader, first);
	assert_int_equal(bn_reader_prepare(f->reader, sql, &third), SQLITE_OK);
	assert_ptr_equal(third, first);
	assert_int_equal(sqlite3_step(third), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(third, 0), 2);
	bn_reader_done(f->reader, third);
	/* a moment of the past changes the views under it, and back */
	fixture_at(f, T0 + 1000);
	assert_ok(bn_reader_set_at(f->reader, T0 - HOUR, &f->err), &f->err);
	assert_int_equal(bn_reader_prepare(f->reader, sql, &third), SQLITE_OK);
	assert_ptr_equal(third, first);
	assert_int_equal(sqlite3_step(third), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(third, 0), 0); /* nothing was healthy, down or else */
	bn_reader_done(f->reader, third);
	assert_ok(bn_reader_set_at(f->reader, 0, &f->err), &f->err);
	/* more than are kept: the oldest go, none is lost */
	for (int i = 0; i < 300; i++) {
		snprintf(text, sizeof(text), "SELECT %d", i);
		assert_int_equal(bn_reader_prepare(f->reader, text, &third), SQLITE_OK);
		assert_int_equal(sqlite3_step(third), SQLITE_ROW);
		assert_int_equal(sqlite3_column_int(third, 0), i);
		bn_reader_done(f->reader, third);
	}
	bn_reader_done(f->reader, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(reader_thing_older_than_two_intervals_is_unknown),
	    STORE_TEST(reader_thing_seen_by_itself_is_fresh_though_its_list_is_not),
	    STORE_TEST(
		reader_source_whose_polls_are_slower_than_its_interval_is_not_stale_for_that),
	    STORE_TEST(reader_pipeline_of_a_source_not_read_to_the_end_is_unknown),
	    STORE_TEST(reader_now_can_be_frozen_for_one_screen),
	    STORE_TEST(reader_functions_say_words_and_references),
	    STORE_TEST(reader_kinds_of_the_short_views_are_those_of_the_enum),
	    STORE_TEST(reader_connection_can_not_write),
	    STORE_TEST(reader_views_are_read_by_index),
	    STORE_TEST(reader_bulk_has_the_root_of_all_its_rests),
	    STORE_TEST(reader_bulks_of_a_root_are_read_by_index),
	    STORE_TEST(reader_version_changes_with_commits_of_others_only),
	    STORE_TEST(reader_notice_wakes_for_a_commit_and_falls_silent),
	    STORE_TEST(reader_memory_store_works_and_notices),
	    STORE_TEST(reader_statement_that_rests_is_found_again_without_its_bindings),
	    STORE_TEST(door_answers_the_rule_of_the_manual),
	    STORE_TEST(door_knows_every_short_name),
	    STORE_TEST(door_lets_nothing_through_but_reading_the_views),
	    STORE_TEST(door_refuses_more_than_one_statement_and_none),
	    STORE_TEST(door_stops_what_never_ends),
	    STORE_TEST(door_bounds_a_regular_expression_that_explodes),
	    STORE_TEST(door_can_be_used_while_it_is_in_use_and_ends_when_told),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

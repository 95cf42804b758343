/* model_test.c - models: what was live when, whatever polls come late or versions vanish; and their tables. */
/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <math.h>
#include <stdarg.h>

#include "view/better.h"
#include "view/comparison.h"
#include "view/view.h"

static const char *const champion_means_live[] = {"champion", "production", NULL};

static void
add_model(struct bn_batch *b, const char *name, const char *const *aliases)
{
	bn_batch_model(b, &(struct bn_model){.e = {.key = name, .status = BN_HEALTHY},
					     .serving = "endpoint",
					     .live_on = "recs-prod",
					     .metric = "ndcg",
					     .better = "higher",
					     .aliases = aliases,
					     .live = champion_means_live});
}

static void
add_version(struct bn_batch *b, const char *model, const char *version, bn_time created)
{
	char key[64];

	snprintf(key, sizeof(key), "%s@%s", model, version);
	bn_batch_model_version(b,
			       &(struct bn_model_version){.e = {.key = key, .status = BN_HEALTHY},
							  .model = model,
							  .version = version,
							  .stage = "None",
							  .run = "r1",
							  .run_read = true,
							  .created_at = created});
}

/* The registry as it was when asked at `sent`: product-recs with these versions and aliases. */
static void
observe(struct world *w, bn_time sent, const char *const *aliases, const char *const *versions)
{
	static const struct bn_host host = {.abi = BN_PLUGIN_ABI};
	int64_t source = world_source(w, "mlflow", "mlflow", 30000), epoch;
	struct bn_batch *b;

	world_at(w, sent);
	assert_ok(bn_writer_take_lease(w->writer, source, "me@here 1", &epoch, &w->err), &w->err);
	b = bn_batch_new(w->writer, &host, source, "mlflow", epoch);
	bn_batch_sent(b, sent);
	assert_ok(bn_batch_scope(b, "models", BN_COMPLETE, &w->err), &w->err);
	bn_batch_sent(b, sent);
	add_model(b, "product-recs", aliases);
	assert_ok(bn_batch_scope_done(b, &w->err), &w->err);
	assert_ok(bn_batch_scope(b, "versions", BN_COMPLETE, &w->err), &w->err);
	bn_batch_sent(b, sent);
	for (size_t i = 0; versions[i] != NULL; i++)
		add_version(b, "product-recs", versions[i], NOW - DAYS(10) + HOURS((int)i));
	assert_ok(bn_batch_scope_done(b, &w->err), &w->err);
	bn_batch_free(b);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NONE	  ((const char *const[]){NULL})

__attribute__((format(printf, 2, 3))) static char *
text_of(struct world *w, const char *format, ...)
{
	static char text[2048];
	struct bn_buf sql = BN_BUF_INIT(0);
	sqlite3_stmt *st = NULL;
	va_list ap;

	va_start(ap, format);
	bn_buf_addv(&sql, format, ap);
	va_end(ap);
	snprintf(text, sizeof(text), "(none)");
	if (sqlite3_prepare_v2(bn_reader_db(w->reader), sql.data, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql.data, sqlite3_errmsg(bn_reader_db(w->reader)));
	if (sqlite3_step(st) == SQLITE_ROW)
		snprintf(text, sizeof(text), "%s",
			 sqlite3_column_text(st, 0) != NULL
			     ? (const char *)sqlite3_column_text(st, 0)
			     : "(null)");
	sqlite3_finalize(st);
	bn_buf_free(&sql);
	return text;
}

/* Minutes since NOW, so that a whole history fits a line. */
#define LIVE                                                                                       \
	"SELECT group_concat(version || ' ' || coalesce(role, '-') || ' ' ||"                      \
	" ((began - %lld) / 60000) || '..' || coalesce((ended - %lld) / 60000, '') || ' ' ||"      \
	" evidence, '; ')"                                                                         \
	" FROM (SELECT * FROM live_now ORDER BY began, version)"
#define live_of(w) text_of(w, LIVE, (long long)NOW, (long long)NOW)

static void
model_alias_that_moves_leaves_both_intervals(void **state)
{
	struct world *w = *state;

	world_source(w, "mlflow", "mlflow", 30000);
	observe(w, NOW, LIST("champion", "1"), LIST("1", "2"));
	assert_string_equal(live_of(w), "1 champion 0.. found");
	observe(w, NOW + MINUTES(5), LIST("champion", "1"), LIST("1", "2"));
	observe(w, NOW + MINUTES(10), LIST("champion", "2", "previous", "1"), LIST("1", "2"));
	assert_string_equal(live_of(w), "1 champion 0..10 found; 2 champion 10.. seen");
}

static void
model_late_poll_does_not_move_the_alias_back(void **state)
{
	struct world *w = *state;

	world_source(w, "mlflow", "mlflow", 30000);
	observe(w, NOW, LIST("champion", "1"), LIST("1", "2"));
	observe(w, NOW + MINUTES(10), LIST("champion", "2"), LIST("1", "2"));
	/* asked for before the alias moved, arrived after */
	observe(w, NOW + MINUTES(9), LIST("champion", "1"), LIST("1", "2"));
	world_at(w, NOW + MINUTES(11));
	assert_string_equal(live_of(w), "1 champion 0..10 found; 2 champion 10.. seen");
}

static void
model_alias_taken_away_ends_the_interval(void **state)
{
	struct world *w = *state;

	world_source(w, "mlflow", "mlflow", 30000);
	observe(w, NOW, LIST("champion", "1", "challenger", "2"), LIST("1", "2"));
	observe(w, NOW + MINUTES(10), LIST("challenger", "2"), LIST("1", "2"));
	assert_string_equal(live_of(w), "1 champion 0..10 found");
	assert_string_equal(text_of(w, "SELECT count(*) FROM attribute WHERE name = "
				       "'alias:champion' AND value IS NULL"),
			    "1");
	/* a list that says nothing of aliases takes none away */
	observe(w, NOW + MINUTES(20), NULL, LIST("1", "2"));
	assert_string_equal(
	    text_of(w, "SELECT value FROM attribute WHERE name = 'alias:challenger'"), "2");
}

static void
model_version_deleted_at_the_source_stays_in_what_was_live(void **state)
{
	struct world *w = *state;
	struct bn_rows *rows = NULL;
	struct bn_query query = {.table = bn_view_table("live")};

	world_source(w, "mlflow", "mlflow", 30000);
	observe(w, NOW, LIST("champion", "1"), LIST("1", "2"));
	observe(w, NOW + MINUTES(10), LIST("champion", "2"), LIST("1", "2"));
	observe(w, NOW + MINUTES(20), LIST("champion", "2"), LIST("2"));
	assert_ok(bn_view_query(w->reader, &query, &rows, &w->err), &w->err);
	assert_int_equal(bn_rows_count(rows), 2);
	assert_string_equal(bn_rows_named(rows, 0, "version").s, "2");
	assert_int_equal(bn_rows_named(rows, 0, "at_source").i, 1);
	assert_int_equal(bn_rows_named(rows, 0, "until").type, BN_VALUE_NULL);
	assert_string_equal(bn_rows_named(rows, 1, "version").s, "1");
	assert_int_equal(bn_rows_named(rows, 1, "at_source").i, 0);
	assert_int_equal(bn_rows_named(rows, 1, "until").i, NOW + MINUTES(10));
	bn_rows_free(rows);
	/* and in no list of what there is */
	query.table = bn_view_table("versions");
	assert_ok(bn_view_query(w->reader, &query, &rows, &w->err), &w->err);
	assert_int_equal(bn_rows_count(rows), 1);
	bn_rows_free(rows);
}

static void
model_stage_counts_as_live_by_its_own_history(void **state)
{
	struct world *w = *state;

	world_source(w, "mlflow", "mlflow", 30000);
	for (int i = 0; i < 3; i++) {
		struct bn_batch *b = world_batch(w, "mlflow", NOW + MINUTES(10 * i));

		world_at(w, NOW + MINUTES(10 * i));
		add_model(b, "old-stage", NONE);
		bn_batch_model_version(
		    b, &(struct bn_model_version){.e = {.key = "old-stage@1", .status = BN_HEALTHY},
						  .model = "old-stage",
						  .version = "1",
						  .stage = i == 0   ? "Staging"
							   : i == 1 ? "Production"
								    : "Archived"});
		world_done(w, b);
	}
	assert_string_equal(live_of(w), "1 Production 10..20 seen");
}

static void
model_declared_interval_and_the_one_that_was_seen_are_one(void **state)
{
	struct world *w = *state;
	struct bn_batch *b;

	world_source(w, "mlflow", "mlflow", 30000);
	observe(w, NOW, LIST("champion", "2"), LIST("1", "2", "3"));
	b = world_batch(w, "mlflow", NOW + MINUTES(1));
	bn_batch_model_version(
	    b, &(struct bn_model_version){.e = {.key = "product-recs@1", .status = BN_HEALTHY},
					  .model = "product-recs",
					  .version = "1",
					  .live_from = NOW - MINUTES(300),
					  .live_until = NOW - MINUTES(100),
					  .approved_by = "ml-release1",
					  .change = "ml-deploy#90"});
	bn_batch_model_version(
	    b, &(struct bn_model_version){.e = {.key = "product-recs@2", .status = BN_HEALTHY},
					  .model = "product-recs",
					  .version = "2",
					  .live_from = NOW - MINUTES(100),
					  .approved_by = "ml-release1",
					  .change = "ml-deploy#91"});
	world_done(w, b);
	assert_string_equal(live_of(w), "1 - -300..-100 declared; 2 champion -100.. declared");
	/* rolled back: its end is seen, and the second time of the old one is a row of its own */
	b = world_batch(w, "mlflow", NOW + MINUTES(30));
	world_at(w, NOW + MINUTES(30));
	add_model(b, "product-recs", LIST("champion", "1"));
	world_done(w, b);
	assert_string_equal(live_of(w), "1 - -300..-100 declared; 2 champion -100..30 declared; "
					"1 champion 30.. seen");
}

static void
model_alias_names_a_version_for_numbers_from_elsewhere(void **state)
{
	struct world *w = *state;
	struct bn_batch *b;

	world_source(w, "mlflow", "mlflow", 30000);
	world_source(w, "prom", "prometheus", 30000);
	observe(w, NOW, LIST("champion", "1", "challenger", "2"), LIST("1", "2"));
	b = world_batch(w, "prom", NOW);
	bn_batch_measure(b, (struct bn_ref){BN_MODEL, "mlflow", "product-recs@challenger"}, "psi",
			 0.09, NULL, NOW);
	bn_batch_measure(b, (struct bn_ref){BN_MODEL, "mlflow", "product-recs@nobody"}, "psi", 0.5,
			 NULL, NOW);
	assert_ok(bn_batch_page(b, &w->err), &w->err);
	assert_int_equal(bn_batch_skipped(b, NULL), 1);
	bn_batch_free(b);
	assert_string_equal(text_of(w,
				    "SELECT e.key || ' ' || m.value FROM measure m JOIN entity e "
				    "ON e.id = m.entity_id WHERE m.name = 'psi'"),
			    "product-recs@2 0.09");
}

/* ---- tables ---- */

static struct bn_rows *
query_models(struct world *w, const char *table, const char *const *columns, struct bn_ref scope)
{
	struct bn_query query = {.table = bn_view_table(table), .columns = columns, .scope = scope};
	struct bn_rows *rows = NULL;

	assert_ok(bn_view_query(w->reader, &query, &rows, &w->err), &w->err);
	return rows;
}

static const char *
cell(const struct bn_rows *rows, size_t row, const char *column)
{
	struct bn_value value = bn_rows_named(rows, row, column);

	return value.type == BN_VALUE_TEXT ? value.s : "";
}

static void
measure_of(struct world *w, const char *key, const char *name, double value)
{
	struct bn_batch *b = world_batch(w, "mlflow", NOW);

	bn_batch_measure(b, (struct bn_ref){BN_MODEL, NULL, key}, name, value, NULL, NOW);
	world_done(w, b);
}

static void
models_table_shows_the_model_and_the_versions_that_count(void **state)
{
	static const char *const columns[] = {"level",	 "model",     "version", "stage",
					      "live_on", "eval",      "psi",	 "quality",
					      "live",	 "psi_state", NULL};
	struct world *w = *state;
	struct bn_rows *rows;

	world_source(w, "mlflow", "mlflow", 30000);
	observe(w, NOW, LIST("champion", "2", "previous", "1"), LIST("1", "2", "3", "4", "5"));
	measure_of(w, "product-recs@2", "eval:ndcg", 0.412);
	measure_of(w, "product-recs@2", "eval:auc", 0.9);
	measure_of(w, "product-recs", "psi", 0.12);
	measure_of(w, "product-recs", "live", 0.405);
	rows = query_models(w, "models", columns, (struct bn_ref){0});
	/* 3 and 4 are neither the newest nor of any name */
	assert_int_equal(bn_rows_count(rows), 4);
	assert_int_equal(bn_rows_named(rows, 0, "level").i, 0);
	assert_string_equal(cell(rows, 0, "model"), "product-recs");
	assert_string_equal(cell(rows, 1, "version"), "5");
	assert_string_equal(cell(rows, 1, "eval"), "no eval");
	assert_string_equal(cell(rows, 1, "live_on"), "nowhere");
	assert_int_equal(bn_rows_status(rows, 1), BN_QUEUED);
	assert_string_equal(cell(rows, 2, "version"), "2");
	assert_string_equal(cell(rows, 2, "stage"), "champion");
	assert_string_equal(cell(rows, 2, "live_on"), "recs-prod");
	assert_string_equal(cell(rows, 2, "eval"), "ndcg .412");
	assert_int_equal(bn_rows_status(rows, 2), BN_HEALTHY);
	/* numbers of the model are those of its live version, and of no other */
	assert_true(bn_rows_named(rows, 2, "psi").r > 0.119);
	assert_string_equal(cell(rows, 2, "psi_state"), "warn");
	assert_true(bn_rows_named(rows, 2, "quality").r > 0.404);
	assert_string_equal(cell(rows, 3, "stage"), "previous");
	assert_int_equal(bn_rows_named(rows, 3, "psi").type, BN_VALUE_NULL);
	bn_rows_free(rows);
}

/* LIVE ON of product-recs' versions 1 to 3 and 9 at that moment, "-" where it says nothing. */
static const char *
live_on_at(struct world *w, bn_time at)
{
	static const char *const columns[] = {"version", "live_on", "live", NULL};
	static char text[200];
	struct bn_rows *rows;
	size_t n = 0;

	assert_ok(bn_reader_set_at(w->reader, at, &w->err), &w->err);
	rows = query_models(w, "versions", columns, (struct bn_ref){0});
	text[0] = '\0';
	for (size_t i = bn_rows_count(rows); i-- > 0;) {
		const char *on = cell(rows, i, "live_on");
		struct bn_value live = bn_rows_named(rows, i, "live");

		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s %s%s", n > 0 ? ", " : "",
				      cell(rows, i, "version"), on[0] != '\0' ? on : "-",
				      live.type == BN_VALUE_NULL ? " ?"
				      : live.i != 0		 ? " live"
								 : "");
	}
	bn_rows_free(rows);
	assert_ok(bn_reader_set_at(w->reader, 0, &w->err), &w->err);
	return text;
}

/* Before anybody looked: what is declared at the registry, what it has not touched since, and else nothing. */
static void
models_of_what_nobody_watched_are_live_only_where_somebody_says_so(void **state)
{
	struct world *w = *state;
	struct bn_batch *b;

	world_source(w, "mlflow", "mlflow", 30000);
	observe(w, NOW, LIST("champion", "2"), LIST("1", "2", "3"));
	b = world_batch(w, "mlflow", NOW);
	bn_batch_model_version(
	    b, &(struct bn_model_version){.e = {.key = "product-recs@1", .status = BN_HEALTHY},
					  .model = "product-recs",
					  .version = "1",
					  .created_at = NOW - DAYS(10),
					  .live_from = NOW - DAYS(3),
					  .live_until = NOW - DAYS(1)});
	bn_batch_model_version(
	    b, &(struct bn_model_version){.e = {.key = "product-recs@9", .status = BN_HEALTHY},
					  .model = "product-recs",
					  .version = "9",
					  .stage = "Production",
					  .created_at = NOW - HOURS(30),
					  .updated_at = NOW - HOURS(20)});
	world_done(w, b);
	world_at(w, NOW + MINUTES(1));
	assert_string_equal(live_on_at(w, NOW + SECONDS(1)),
			    "1 -, 2 recs-prod live, 3 nowhere, 9 recs-prod live");
	/* 9 was not touched since it was made what it is; 2 may have been anything */
	assert_string_equal(live_on_at(w, NOW - HOURS(10)),
			    "1 - ?, 2 - ?, 3 - ?, 9 recs-prod live");
	assert_string_equal(live_on_at(w, NOW - HOURS(25)),
			    "1 recs-prod live, 2 - ?, 3 - ?, 9 - ?");
	/* there was no 9 */
	assert_string_equal(live_on_at(w, NOW - HOURS(40)), "1 recs-prod live, 2 - ?, 3 - ?");
}

static void
versions_table_has_every_version_of_its_model_and_no_other(void **state)
{
	static const char *const columns[] = {"model", "version", "eval", NULL};
	struct world *w = *state;
	struct bn_rows *rows;
	struct bn_batch *b;

	world_source(w, "mlflow", "mlflow", 30000);
	observe(w, NOW, LIST("champion", "2"), LIST("1", "2", "3"));
	b = world_batch(w, "mlflow", NOW);
	add_model(b, "lpo-postage", NONE);
	add_version(b, "lpo-postage", "9", NOW);
	world_done(w, b);
	rows =
	    query_models(w, "versions", columns, (struct bn_ref){BN_MODEL, NULL, "product-recs"});
	assert_int_equal(bn_rows_count(rows), 3);
	assert_string_equal(cell(rows, 0, "version"), "3");
	assert_string_equal(cell(rows, 2, "version"), "1");
	bn_rows_free(rows);
	/* a version alone, even one that counts for nothing */
	rows =
	    query_models(w, "models", columns, (struct bn_ref){BN_MODEL, NULL, "product-recs@1"});
	assert_int_equal(bn_rows_count(rows), 1);
	assert_string_equal(cell(rows, 0, "version"), "1");
	bn_rows_free(rows);
}

static void
eval_is_not_said_to_be_missing_where_the_run_was_not_read(void **state)
{
	static const char *const columns[] = {"version", "eval", NULL};
	struct world *w = *state;
	struct bn_rows *rows;
	struct bn_batch *b;

	world_source(w, "mlflow", "mlflow", 30000);
	b = world_batch(w, "mlflow", NOW);
	add_model(b, "product-recs", LIST("champion", "1"));
	bn_batch_model_version(
	    b, &(struct bn_model_version){.e = {.key = "product-recs@1", .status = BN_HEALTHY},
					  .model = "product-recs",
					  .version = "1",
					  .run = "not-read"});
	world_done(w, b);
	rows = query_models(w, "models", columns, (struct bn_ref){0});
	assert_int_equal(bn_rows_count(rows), 2);
	assert_int_equal(bn_rows_named(rows, 1, "eval").type, BN_VALUE_NULL);
	bn_rows_free(rows);
}

static void
models_are_unknown_when_their_source_is_silent(void **state)
{
	static const char *const columns[] = {"status", NULL};
	struct world *w = *state;
	struct bn_rows *rows;

	world_source(w, "mlflow", "mlflow", 30000);
	observe(w, NOW, LIST("champion", "1"), LIST("1"));
	world_at(w, NOW + MINUTES(5));
	rows = query_models(w, "models", columns, (struct bn_ref){0});
	assert_int_equal(bn_rows_count(rows), 2);
	assert_int_equal(bn_rows_status(rows, 0), BN_UNKNOWN);
	assert_int_equal(bn_rows_status(rows, 1), BN_UNKNOWN);
	assert_true(bn_rows_stale(rows, 1));
	bn_rows_free(rows);
}

static void
psi_of_fourteen_days_has_holes_where_nothing_was_measured(void **state)
{
	static const char *const columns[] = {"version", "psi_14d", NULL};
	struct world *w = *state;
	struct bn_rows *rows;
	struct bn_batch *b;

	world_source(w, "mlflow", "mlflow", 30000);
	observe(w, NOW, LIST("champion", "1"), LIST("1"));
	b = world_batch(w, "mlflow", NOW);
	bn_batch_point(b, (struct bn_ref){BN_MODEL, NULL, "product-recs"}, "psi", NOW - DAYS(12),
		       0.05);
	bn_batch_point(b, (struct bn_ref){BN_MODEL, NULL, "product-recs"}, "psi", NOW - HOURS(30),
		       0.1);
	bn_batch_point(b, (struct bn_ref){BN_MODEL, NULL, "product-recs"}, "psi", NOW - HOURS(25),
		       0.2);
	bn_batch_point(b, (struct bn_ref){BN_MODEL, NULL, "product-recs"}, "psi", NOW - DAYS(20),
		       0.9);
	world_done(w, b);
	rows = query_models(w, "models", columns, (struct bn_ref){0});
	assert_string_equal(
	    cell(rows, 1, "psi_14d"),
	    "[null,0.05,null,null,null,null,null,null,null,null,null,null,0.15,null]");
	bn_rows_free(rows);
}

static void
flag_note_marks_the_model_and_its_versions(void **state)
{
	static const char *const columns[] = {"version", "flagged", NULL};
	struct bn_ref model = {BN_MODEL, "mlflow", "product-recs"};
	struct bn_actor actor;
	struct world *w = *state;
	struct bn_rows *rows;
	int64_t seq;

	observe(w, NOW, LIST("champion", "1"), LIST("1"));
	bn_actor_self(&actor, "me");
	assert_ok(bn_journal_note(w->store, &actor, model, "why", "winter coats", &seq, &w->err),
		  &w->err);
	rows = query_models(w, "models", columns, (struct bn_ref){0});
	assert_int_equal(bn_rows_named(rows, 0, "flagged").i, 0);
	bn_rows_free(rows);
	assert_ok(bn_journal_note(w->store, &actor, model, "flag", "winter coats", &seq, &w->err),
		  &w->err);
	rows = query_models(w, "models", columns, (struct bn_ref){0});
	assert_int_equal(bn_rows_named(rows, 0, "flagged").i, 1);
	assert_int_equal(bn_rows_named(rows, 1, "flagged").i, 1);
	bn_rows_free(rows);
}

static const char *
detail_line(struct world *w, const char *key, const char *label)
{
	static char text[512];
	struct bn_arena *arena = bn_arena_new();
	struct bn_style style = {.now = bn_clock_now(&w->clock)};
	struct bn_detail detail;

	text[0] = '\0';
	assert_ok(bn_view_detail(w->reader, (struct bn_ref){BN_MODEL, "mlflow", key}, &style, arena,
				 &detail, &w->err),
		  &w->err);
	for (size_t i = 0; i < detail.count; i++)
		if (strcmp(detail.lines[i].label, label) == 0)
			snprintf(text, sizeof(text), "%s", detail.lines[i].text);
	bn_arena_free(arena);
	return text;
}

static void
detail_tells_what_is_live_and_what_was_before(void **state)
{
	struct world *w = *state;

	observe(w, NOW, LIST("champion", "1"), LIST("1", "2"));
	observe(w, NOW + MINUTES(10), LIST("champion", "2"), LIST("1", "2"));
	measure_of(w, "product-recs@2", "eval:ndcg", 0.412);
	assert_string_equal(detail_line(w, "product-recs", "live"), "2 on recs-prod, since 03:22");
	assert_string_equal(detail_line(w, "product-recs", "before"), "1 from 03:12 to 03:22");
	assert_string_equal(detail_line(w, "product-recs@2", "offline"), "ndcg 0.412");
	assert_string_equal(detail_line(w, "product-recs@1", "offline"), "no eval");
	assert_string_equal(detail_line(w, "product-recs@1", "live"), "");
}

static void
name_with_an_alias_means_that_version(void **state)
{
	static const char *const asked[][2] = {{"product-recs", "product-recs"},
					       {"product-recs@2", "product-recs@2"},
					       {"prod@2", "product-recs@2"},
					       {"product-recs@champion", "product-recs@2"},
					       {"product-recs@live", "product-recs@2"},
					       {"product-recs@previous", "product-recs@1"}};
	struct world *w = *state;
	struct bn_arena *arena = bn_arena_new();
	struct bn_ref ref;

	observe(w, NOW, LIST("champion", "1"), LIST("1", "2"));
	observe(w, NOW + MINUTES(10), LIST("champion", "2"), LIST("1", "2"));
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		assert_ok(
		    bn_view_resolve(w->reader, BN_MODEL, NULL, asked[i][0], arena, &ref, &w->err),
		    &w->err);
		assert_string_equal(ref.key, asked[i][1]);
	}
	assert_int_equal(
	    bn_view_resolve(w->reader, BN_MODEL, NULL, "product-recs@gold", arena, &ref, &w->err),
	    BN_ENOTFOUND);
	bn_arena_free(arena);
}

static const struct bn_compared *
compared(const struct bn_comparison *c, const char *name)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->rows[i].name, name) == 0)
			return &c->rows[i];
	fail_msg("no row %s", name);
	return NULL;
}

static struct bn_comparison
comparison_of(struct world *w, const char *left, const char *right, struct bn_arena *arena)
{
	struct bn_style style = {.now = bn_clock_now(&w->clock)};
	struct bn_comparison c;

	assert_ok(bn_view_compare(w->reader, (struct bn_ref){BN_MODEL, "mlflow", left},
				  (struct bn_ref){BN_MODEL, "mlflow", right}, &style, arena, &c,
				  &w->err),
		  &w->err);
	return c;
}

static void
number_at(struct world *w, const char *key, const char *name, double value, const char *unit,
	  bn_time at)
{
	struct bn_batch *b = world_batch(w, "mlflow", at);

	bn_batch_measure(b, (struct bn_ref){BN_MODEL, NULL, key}, name, value, unit, at);
	bn_batch_point(b, (struct bn_ref){BN_MODEL, NULL, key}, name, at, value);
	world_done(w, b);
}

static void
comparison_marks_the_better_side_only_where_that_is_known(void **state)
{
	struct world *w = *state;
	struct bn_arena *arena = bn_arena_new();
	struct bn_style style = {.now = NOW};
	struct bn_comparison c;

	observe(w, NOW, LIST("champion", "1"), LIST("1", "2"));
	measure_of(w, "product-recs@1", "eval:ndcg", 0.412);
	measure_of(w, "product-recs@2", "eval:ndcg", 0.419);
	measure_of(w, "product-recs@1", "eval:val_loss", 0.5);
	measure_of(w, "product-recs@2", "eval:val_loss", 0.4);
	measure_of(w, "product-recs@1", "eval:novelty", 0.5);
	measure_of(w, "product-recs@2", "eval:novelty", 0.4);
	measure_of(w, "product-recs", "psi", 0.31);
	measure_of(w, "product-recs@2", "p95", 40);
	c = comparison_of(w, "product-recs@1", "product-recs@2", arena);
	assert_string_equal(c.rows[0].name, "ndcg (offline)");
	assert_int_equal(c.rows[0].better, BN_BETTER_RIGHT);
	assert_int_equal(compared(&c, "val_loss (offline)")->better, BN_BETTER_RIGHT);
	/* nobody said which way it is better */
	assert_int_equal(compared(&c, "novelty (offline)")->better, BN_BETTER_DIFFERENT);
	/* the model's number is that of its live version; the other side is not known */
	assert_string_equal(compared(&c, "PSI")->left.text, "0.31");
	assert_null(compared(&c, "PSI")->right.text);
	assert_int_equal(compared(&c, "PSI")->better, BN_BETTER_UNKNOWN);
	assert_int_equal(compared(&c, "latency p95")->better, BN_BETTER_UNKNOWN);
	assert_string_equal(compared(&c, "latency p95")->right.text, "40 ms");
	assert_int_equal(bn_view_compare(w->reader,
					 (struct bn_ref){BN_MODEL, "mlflow", "product-recs@1"},
					 (struct bn_ref){BN_MODEL, "mlflow", "product-recs@7"},
					 &style, arena, &c, &w->err),
			 BN_ENOTFOUND);
	bn_arena_free(arena);
}

/* A KPI is the model's: of a version it is what was measured while that version alone was live. */
static void
comparison_tells_numbers_of_the_model_by_who_was_live_then(void **state)
{
	struct world *w = *state;
	struct bn_arena *arena = bn_arena_new();
	struct bn_comparison c;

	observe(w, NOW, LIST("champion", "1"), LIST("1", "2"));
	number_at(w, "product-recs", "kpi:click-through", 3.1, "%", NOW + MINUTES(1));
	observe(w, NOW + MINUTES(10), LIST("champion", "2"), LIST("1", "2"));
	c = comparison_of(w, "product-recs@1", "product-recs@2", arena);
	assert_null(compared(&c, "click-through (KPI)")->right.text);
	number_at(w, "product-recs", "kpi:click-through", 2.54, "%", NOW + MINUTES(12));
	number_at(w, "product-recs", "least:kpi:click-through", 3, "%", NOW + MINUTES(12));
	world_at(w, NOW + MINUTES(13));
	c = comparison_of(w, "product-recs@1", "product-recs@2", arena);
	assert_string_equal(compared(&c, "click-through (KPI)")->left.text, "3.1%");
	assert_int_equal(compared(&c, "click-through (KPI)")->left.age, MINUTES(12));
	assert_string_equal(compared(&c, "click-through (KPI)")->right.text, "2.54%");
	assert_int_equal(compared(&c, "click-through (KPI)")->right.age, MINUTES(1));
	assert_int_equal(compared(&c, "click-through (KPI)")->better, BN_BETTER_LEFT);
	assert_string_equal(compared(&c, "click-through target")->right.text, "≥ 3%");
	/* two that are live: nobody knows whose it is */
	observe(w, NOW + MINUTES(20), LIST("champion", "2", "production", "1"), LIST("1", "2"));
	number_at(w, "product-recs", "kpi:click-through", 2.8, "%", NOW + MINUTES(21));
	world_at(w, NOW + MINUTES(22));
	c = comparison_of(w, "product-recs@1", "product-recs@2", arena);
	for (size_t i = 0; i < c.count; i++)
		assert_true(c.rows[i].left.text == NULL ||
			    strstr(c.rows[i].left.text, "2.8") == NULL);
	bn_arena_free(arena);
}

static void
comparison_of_two_models_keeps_their_numbers_apart(void **state)
{
	struct world *w = *state;
	struct bn_arena *arena = bn_arena_new();
	struct bn_comparison c;
	struct bn_batch *b;

	observe(w, NOW, LIST("champion", "1"), LIST("1"));
	b = world_batch(w, "mlflow", NOW);
	bn_batch_model(b, &(struct bn_model){.e = {.key = "lpo-postage", .status = BN_HEALTHY},
					     .metric = "mae",
					     .better = "lower",
					     .aliases = LIST("champion", "9"),
					     .live = champion_means_live});
	add_version(b, "lpo-postage", "9", NOW);
	world_done(w, b);
	measure_of(w, "product-recs@1", "eval:ndcg", 0.4);
	measure_of(w, "lpo-postage@9", "eval:mae", 0.3);
	measure_of(w, "product-recs@1", "live", 0.39);
	measure_of(w, "lpo-postage@9", "live", 0.33);
	measure_of(w, "product-recs@1", "eval:loss", 0.7);
	measure_of(w, "lpo-postage@9", "eval:loss", 0.2);
	c = comparison_of(w, "product-recs@1", "lpo-postage@9", arena);
	assert_null(compared(&c, "ndcg (offline)")->right.text);
	assert_null(compared(&c, "mae (offline)")->left.text);
	assert_string_equal(compared(&c, "ndcg (live)")->left.text, "0.39");
	assert_null(compared(&c, "ndcg (live)")->right.text);
	assert_string_equal(compared(&c, "mae (live)")->right.text, "0.33");
	/* losses of different models are no matter of better and worse */
	assert_int_equal(compared(&c, "loss (offline)")->better, BN_BETTER_DIFFERENT);
	bn_arena_free(arena);
}

static void
comparison_tells_what_a_signature_and_a_thousand_predictions_come_to(void **state)
{
	static const char *const signatures[] = {
	    "{\"inputs\":[{\"name\":\"price\",\"type\":\"double\"},{\"name\":\"age\",\"type\":"
	    "\"long\"}],\"outputs\":[{\"type\":\"double\"}]}",
	    "{\"inputs\":\"[{\\\"name\\\":\\\"price\\\",\\\"type\\\":\\\"double\\\"}]\","
	    "\"outputs\":null}"};
	struct world *w = *state;
	struct bn_arena *arena = bn_arena_new();
	struct bn_comparison c;

	observe(w, NOW, LIST("champion", "1"), LIST("1", "2"));
	for (int i = 0; i < 2; i++) {
		const char *key = i == 0 ? "product-recs@1" : "product-recs@2";
		struct bn_batch *b = world_batch(w, "mlflow", NOW + 1);

		bn_batch_model_version(
		    b, &(struct bn_model_version){.e = {.key = key, .status = BN_HEALTHY},
						  .model = "product-recs",
						  .version = key + strlen(key) - 1,
						  .signature = signatures[i]});
		world_done(w, b);
		number_at(w, key, "cost", i == 0 ? 300 : 40, "USD/month", NOW);
		number_at(w, key, "predictions", i == 0 ? 10000000 : 100,
			  i == 0 ? "1/month" : "1/min", NOW);
	}
	c = comparison_of(w, "product-recs@1", "product-recs@2", arena);
	assert_string_equal(compared(&c, "signature")->left.text, "2 in, 1 out");
	assert_string_equal(compared(&c, "signature")->right.text, "1 in, 0 out");
	assert_string_equal(compared(&c, "input age")->left.text, "long");
	assert_null(compared(&c, "input age")->right.text);
	for (size_t i = 0; i < c.count; i++)
		assert_string_not_equal(c.rows[i].name, "input price"); /* it is the same */
	/* 40 USD for 4,320,000 predictions of 30 days */
	assert_string_equal(compared(&c, "cost per 1,000")->left.text, "0.03 USD/1000");
	assert_string_equal(compared(&c, "cost per 1,000")->right.text, "0.009259 USD/1000");
	assert_int_equal(compared(&c, "cost per 1,000")->better, BN_BETTER_RIGHT);
	/* what it costs in all depends on how much it answers */
	assert_int_equal(compared(&c, "cost")->better, BN_BETTER_DIFFERENT);
	assert_string_equal(compared(&c, "predictions")->left.text, "10M/month");
	bn_arena_free(arena);
}

static void
number_in(struct world *w, const char *key, const char *name, double value, const char *unit)
{
	number_at(w, key, name, value, unit, NOW);
}

static void
numbers_of_what_serves_a_version_have_columns_with_unit_and_mark(void **state)
{
	static const char *const columns[] = {
	    "version",	 "p50",		"p95",	     "model_latency", "overhead",
	    "cpu",	 "cpu_mark",	"memory",    "memory_mark",   "cost",
	    "cost_unit", "predictions", "cost_1000", "measured",      NULL};
	struct world *w = *state;
	struct bn_rows *rows;

	observe(w, NOW, LIST("champion", "1"), LIST("1"));
	/* each in a unit of its own, as platforms tell them; without one it is ms */
	number_in(w, "product-recs@1", "p50", 18500, "us");
	number_in(w, "product-recs@1", "p95", 0.041, "s");
	number_in(w, "product-recs@1", "model-latency", 33, "ms");
	number_in(w, "product-recs@1", "overhead", 8, NULL);
	number_in(w, "product-recs@1", "cpu", 80, "%");
	number_in(w, "product-recs@1", "memory", 84, "%");
	number_in(w, "product-recs@1", "cost", 0.5, "EUR/h");
	number_in(w, "product-recs@1", "predictions", 100, "1/min");
	world_at(w, NOW + MINUTES(1));
	observe(w, NOW + MINUTES(1), LIST("champion", "1"), LIST("1"));
	rows =
	    query_models(w, "models", columns, (struct bn_ref){BN_MODEL, NULL, "product-recs@1"});
	assert_int_equal(bn_rows_count(rows), 1);
	assert_int_equal(bn_rows_named(rows, 0, "p50").i, 18500);
	assert_int_equal(bn_rows_named(rows, 0, "p95").i, 41000);
	assert_int_equal(bn_rows_named(rows, 0, "model_latency").i, 33000);
	assert_int_equal(bn_rows_named(rows, 0, "overhead").i, 8000);
	assert_int_equal(bn_rows_named(rows, 0, "cpu_mark").i, BN_HEALTHY);
	assert_int_equal(bn_rows_named(rows, 0, "memory_mark").i, BN_DEGRADED);
	assert_true(fabs(bn_rows_named(rows, 0, "cost").r - 360) < 1e-6);
	assert_string_equal(cell(rows, 0, "cost_unit"), "EUR");
	assert_true(fabs(bn_rows_named(rows, 0, "predictions").r - 4320000) < 1e-3);
	assert_true(fabs(bn_rows_named(rows, 0, "cost_1000").r - 360 / 4320.0) < 1e-9);
	assert_int_equal(bn_rows_named(rows, 0, "measured").i, MINUTES(1));
	bn_rows_free(rows);
	assert_string_equal(
	    detail_line(w, "product-recs@1", "cost"),
	    "0.5 EUR/h for 100/min predictions: 0.08333 EUR per 1,000, measured 1m ago");
	assert_string_equal(detail_line(w, "product-recs@1", "use"),
			    "CPU 80% · memory 84% (over 80%), measured 1m ago");
	/* a cost that is of no time is no rate */
	number_at(w, "product-recs@1", "cost", 7, "USD", NOW + MINUTES(1));
	rows =
	    query_models(w, "models", columns, (struct bn_ref){BN_MODEL, NULL, "product-recs@1"});
	assert_int_equal(bn_rows_named(rows, 0, "cost_1000").type, BN_VALUE_NULL);
	bn_rows_free(rows);
}

static void
numbers_of_a_model_with_two_live_versions_stand_with_the_model(void **state)
{
	static const char *const columns[] = {"version", "psi", NULL};
	struct world *w = *state;
	struct bn_rows *rows;

	observe(w, NOW, LIST("champion", "1", "production", "2"), LIST("1", "2"));
	measure_of(w, "product-recs", "psi", 0.12);
	rows = query_models(w, "models", columns, (struct bn_ref){0});
	assert_int_equal(bn_rows_count(rows), 3);
	assert_true(bn_rows_named(rows, 0, "psi").r > 0.119);
	assert_int_equal(bn_rows_named(rows, 1, "psi").type, BN_VALUE_NULL);
	assert_int_equal(bn_rows_named(rows, 2, "psi").type, BN_VALUE_NULL);
	bn_rows_free(rows);
}

static void
kpi_is_shown_with_its_target_and_marked_where_it_misses_it(void **state)
{
	static const char *const columns[] = {"version",  "kpi_name", "kpi_text", "kpi_target",
					      "kpi_mark", "kpi_age",  "kpi_14d",  NULL};
	struct world *w = *state;
	struct bn_rows *rows;

	observe(w, NOW, LIST("champion", "1"), LIST("1", "2"));
	number_in(w, "product-recs", "kpi:click-through", 2.54, "%");
	number_in(w, "product-recs", "least:kpi:click-through", 3, "%");
	rows = query_models(w, "models", columns, (struct bn_ref){0});
	assert_string_equal(cell(rows, 0, "kpi_text"), "2.54%"); /* the model's */
	assert_null(bn_rows_named(rows, 1, "kpi_text").s);	 /* 2 is not live */
	assert_string_equal(cell(rows, 2, "kpi_name"), "click-through");
	assert_string_equal(cell(rows, 2, "kpi_text"), "2.54%");
	assert_string_equal(cell(rows, 2, "kpi_target"), "at least 3%");
	assert_int_equal(bn_rows_named(rows, 2, "kpi_mark").i, BN_DEGRADED);
	assert_non_null(strstr(cell(rows, 2, "kpi_14d"), "null,2.54]"));
	bn_rows_free(rows);
	assert_string_equal(detail_line(w, "product-recs@1", "kpi"),
			    "click-through 2.54%, target at least 3%, measured 0s ago");
	/* measured again without a target: nobody sets one any more */
	number_at(w, "product-recs", "kpi:click-through", 2.6, "%", NOW + MINUTES(1));
	world_at(w, NOW + MINUTES(1));
	rows = query_models(w, "models", columns, (struct bn_ref){0});
	assert_null(bn_rows_named(rows, 0, "kpi_target").s);
	assert_int_equal(bn_rows_named(rows, 0, "kpi_mark").type, BN_VALUE_NULL);
	bn_rows_free(rows);
}

/* A KPI that lost a fifth is far from nothing, and yet it has to be seen; one that hardly moved is no mountain. */
static void
trend_of_a_kpi_shows_how_it_moved(void **state)
{
	static const char *const trends[][2] = {{"[3.1,null,3.1,2.54]", "█ █▁"},
						{"[3.1,3.11,3.09,3.1]", "▅▅▄▅"}};
	const struct bn_column *column = bn_view_column(bn_view_table("models"), "kpi_14d");
	struct bn_style style = {.now = NOW};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct bn_buf out = BN_BUF_INIT(0);
		struct bn_value value = {.type = BN_VALUE_TEXT, .s = trends[i][0]};

		bn_view_show(&out, column, value, &style, 0);
		assert_string_equal(bn_buf_text(&out), trends[i][1]);
		bn_buf_free(&out);
	}
}

static void
direction_of_a_number_is_known_by_its_name_or_not_at_all(void **state)
{
	static const char *const lower[] = {
	    "loss",	"val_loss", "RMSE", "training_mean_absolute_error",
	    "Log-Loss", "wape",	    "psi",  "error-rate"};
	static const char *const higher[] = {"ndcg@10",	     "test-roc.auc", "accuracy",
					     "val_f1_score", "recall_at_20", "click-through",
					     "NDCG",	     "eval_r2"};
	static const char *const unknown[] = {"",	 "@",	"val", "epochs", "loss_of_signal",
					      "novelty", "rows"};

	(void)state;
	for (size_t i = 0; i < sizeof(lower) / sizeof(lower[0]); i++)
		if (bn_better_by_name(lower[i]) != BN_LOWER_IS_BETTER)
			fail_msg("less of %s is better", lower[i]);
	for (size_t i = 0; i < sizeof(higher) / sizeof(higher[0]); i++)
		if (bn_better_by_name(higher[i]) != BN_HIGHER_IS_BETTER)
			fail_msg("more of %s is better", higher[i]);
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		if (bn_better_by_name(unknown[i]) != BN_NEITHER)
			fail_msg("nobody knows of %s", unknown[i]);
}

#define MODEL_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

static const struct CMUnitTest tests[] = {
    MODEL_TEST(model_alias_that_moves_leaves_both_intervals),
    MODEL_TEST(model_late_poll_does_not_move_the_alias_back),
    MODEL_TEST(model_alias_taken_away_ends_the_interval),
    MODEL_TEST(model_version_deleted_at_the_source_stays_in_what_was_live),
    MODEL_TEST(model_stage_counts_as_live_by_its_own_history),
    MODEL_TEST(model_declared_interval_and_the_one_that_was_seen_are_one),
    MODEL_TEST(model_alias_names_a_version_for_numbers_from_elsewhere),
    MODEL_TEST(models_table_shows_the_model_and_the_versions_that_count),
    MODEL_TEST(models_of_what_nobody_watched_are_live_only_where_somebody_says_so),
    MODEL_TEST(versions_table_has_every_version_of_its_model_and_no_other),
    MODEL_TEST(eval_is_not_said_to_be_missing_where_the_run_was_not_read),
    MODEL_TEST(models_are_unknown_when_their_source_is_silent),
    MODEL_TEST(psi_of_fourteen_days_has_holes_where_nothing_was_measured),
    MODEL_TEST(detail_tells_what_is_live_and_what_was_before),
    MODEL_TEST(name_with_an_alias_means_that_version),
    MODEL_TEST(comparison_marks_the_better_side_only_where_that_is_known),
    MODEL_TEST(comparison_tells_numbers_of_the_model_by_who_was_live_then),
    MODEL_TEST(comparison_of_two_models_keeps_their_numbers_apart),
    MODEL_TEST(comparison_tells_what_a_signature_and_a_thousand_predictions_come_to),
    MODEL_TEST(numbers_of_what_serves_a_version_have_columns_with_unit_and_mark),
    MODEL_TEST(numbers_of_a_model_with_two_live_versions_stand_with_the_model),
    MODEL_TEST(kpi_is_shown_with_its_target_and_marked_where_it_misses_it),
    cmocka_unit_test(trend_of_a_kpi_shows_how_it_moved),
    cmocka_unit_test(direction_of_a_number_is_known_by_its_name_or_not_at_all),
    MODEL_TEST(flag_note_marks_the_model_and_its_versions),
};

BN_TEST_MAIN(tests)

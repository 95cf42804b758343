/* model_rules_test.c - what is wrong with a model, and what is not, by each of the rules. */
/* SPDX-License-Identifier: MIT */
#include "config/config.h"
#include "triage/triage.h"
#include "view/view.h"
#include "world.h"

static const char *const champion_means_live[] = {"champion", "production", NULL};
static const char *const latency_check[] = {"p95", "<", "100", "p95 < 100", NULL};

/* product-recs: versions 1 and 2, of which `live` is the champion (NULL: none is), trained `trained`. */
static void
registry(struct world *w, bn_time at, const char *live, bool automatic, bn_time trained)
{
	const char *const aliases[] = {"champion", live, NULL}, *const none[] = {NULL};
	struct bn_batch *b;

	world_at(w, at);
	world_source(w, "mlflow", "mlflow", 30000);
	b = world_batch(w, "mlflow", at);
	bn_batch_model(b, &(struct bn_model){.e = {.key = "product-recs", .status = BN_HEALTHY},
					     .metric = "ndcg",
					     .better = "higher",
					     .aliases = live != NULL ? aliases : none,
					     .live = champion_means_live,
					     .auto_deploy = automatic,
					     .grace = MINUTES(20),
					     .checks = latency_check});
	for (int i = 1; i <= 2; i++)
		bn_batch_model_version(
		    b, &(struct bn_model_version){
			   .e = {.key = i == 1 ? "product-recs@1" : "product-recs@2",
				 .status = BN_HEALTHY},
			   .model = "product-recs",
			   .version = i == 1 ? "1" : "2",
			   .run = "r",
			   .run_read = true,
			   .created_at = i == 1 ? NOW - DAYS(2) : trained,
			   .train_finished = i == 1 ? NOW - DAYS(2) : trained});
	world_done(w, b);
}

static void
measure_of(struct world *w, const char *key, const char *name, double value)
{
	struct bn_batch *b = world_batch(w, "mlflow", bn_clock_now(&w->clock));

	bn_batch_measure(b, (struct bn_ref){BN_MODEL, NULL, key}, name, value, NULL,
			 bn_clock_now(&w->clock));
	world_done(w, b);
}

static int64_t
number(struct world *w, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int64_t n;

	assert_int_equal(sqlite3_prepare_v2(bn_reader_db(w->reader), sql, -1, &st, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

/* The things that rule finds wrong now, as "KEY severity title", separated by "; ". */
static const char *
found(struct world *w, const char *rule)
{
	static char text[512];
	struct bn_triage *triage = NULL;
	sqlite3_stmt *st = NULL;

	assert_ok(bn_triage_new(&triage, w->store, NULL, &w->err), &w->err);
	assert_ok(bn_triage_run(triage, &w->err), &w->err);
	bn_triage_free(triage);
	assert_int_equal(
	    sqlite3_prepare_v2(
		bn_reader_db(w->reader),
		"SELECT group_concat(about_key || ' ' || severity_word(severity) || ' ' "
		"|| title, '; ') FROM finding WHERE closed_at IS NULL AND rule = ?1",
		-1, &st, NULL),
	    SQLITE_OK);
	sqlite3_bind_text(st, 1, rule, -1, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	snprintf(text, sizeof(text), "%s",
		 sqlite3_column_text(st, 0) != NULL ? (const char *)sqlite3_column_text(st, 0)
						    : "");
	sqlite3_finalize(st);
	return text;
}

static void
drift_is_amber_over_one_threshold_and_red_over_the_other(void **state)
{
	struct world *w = *state;

	registry(w, NOW, "1", false, NOW - DAYS(1));
	measure_of(w, "product-recs", "psi", 0.099);
	/* a version that is not live may drift as it likes */
	measure_of(w, "product-recs@2", "psi", 0.9);
	assert_string_equal(found(w, "model-drift"), "");
	measure_of(w, "product-recs", "psi", 0.1);
	assert_string_equal(found(w, "model-drift"), "product-recs@1 warn drifted, PSI over 0.1");
	measure_of(w, "product-recs", "psi", 0.31);
	assert_string_equal(found(w, "model-drift"), "product-recs@1 crit drifted, PSI over 0.2");
	measure_of(w, "product-recs", "psi", 0.05);
	assert_string_equal(found(w, "model-drift"), "");
}

/* What was measured before binnacle came: a number an hour. */
static void
past_of(struct world *w, const char *key, const double *psi, int count)
{
	struct bn_batch *b = world_batch(w, "mlflow", NOW);

	for (int i = 0; i < count; i++)
		bn_batch_point(b, (struct bn_ref){BN_MODEL, NULL, key}, "psi",
			       NOW - HOURS(count - i), psi[i]);
	world_done(w, b);
}

static void
drift_began_when_the_numbers_of_before_say_so(void **state)
{
	static const double psi[] = {0.12, 0.09, 0.11, 0.12, 0.13, 0.21};
	struct world *w = *state;

	registry(w, NOW, "1", false, NOW - DAYS(1));
	past_of(w, "product-recs", psi, 6);
	measure_of(w, "product-recs", "psi", 0.22);
	assert_string_equal(found(w, "model-drift"), "product-recs@1 crit drifted, PSI over 0.2");
	assert_int_equal(number(w, "SELECT since FROM finding WHERE rule = 'model-drift'"),
			 NOW - HOURS(4));
	assert_int_equal(number(w, "SELECT message LIKE 'PSI was 0.11 when this began;%' FROM "
				   "finding WHERE rule = 'model-drift'"),
			 1);
	/* of another version that was seen to go live since, the drift is no older than that */
	world_at(w, NOW + MINUTES(5));
	registry(w, NOW + MINUTES(5), "2", false, NOW - DAYS(1));
	measure_of(w, "product-recs", "psi", 0.15);
	assert_string_equal(found(w, "model-drift"), "product-recs@2 warn drifted, PSI over 0.1");
	assert_int_equal(number(w, "SELECT since FROM finding WHERE rule = 'model-drift' AND "
				   "closed_at IS NULL"),
			 NOW + MINUTES(5));
}

static void
champion_worse_than_the_one_before_it_is_told(void **state)
{
	struct world *w = *state;

	registry(w, NOW, "1", false, NOW - DAYS(1));
	measure_of(w, "product-recs@1", "eval:ndcg", 0.412);
	measure_of(w, "product-recs@2", "eval:ndcg", 0.419);
	registry(w, NOW + MINUTES(1), "2", false, NOW - DAYS(1));
	assert_string_equal(found(w, "model-worse"), "");
	measure_of(w, "product-recs@2", "eval:ndcg", 0.402);
	assert_string_equal(found(w, "model-worse"), "product-recs@2 warn worse than 1 before it");
}

static void
model_of_which_nothing_is_live_any_more_is_told(void **state)
{
	struct world *w = *state;

	registry(w, NOW, "1", false, NOW - DAYS(1));
	assert_string_equal(found(w, "model-no-champion"), "");
	registry(w, NOW + MINUTES(1), NULL, false, NOW - DAYS(1));
	assert_string_equal(found(w, "model-no-champion"), "product-recs warn no version is live");
}

static void
trained_version_is_waited_for_and_then_told(void **state)
{
	struct world *w = *state;

	registry(w, NOW, "1", true, NOW - MINUTES(19));
	assert_string_equal(found(w, "model-not-deployed"), "");
	registry(w, NOW + MINUTES(2), "1", true, NOW - MINUTES(19));
	assert_string_equal(found(w, "model-not-deployed"),
			    "product-recs@2 warn trained, not live");
	registry(w, NOW + MINUTES(42), "1", true, NOW - MINUTES(19));
	assert_string_equal(found(w, "model-not-deployed"),
			    "product-recs@2 crit trained, not live");
	registry(w, NOW + MINUTES(43), "2", true, NOW - MINUTES(19));
	assert_string_equal(found(w, "model-not-deployed"), "");
	/* rolled back: it was live, nobody forgot it */
	registry(w, NOW + MINUTES(44), "1", true, NOW - MINUTES(19));
	assert_string_equal(found(w, "model-not-deployed"), "");
}

static void
model_that_people_deploy_is_not_waited_for(void **state)
{
	struct world *w = *state;

	registry(w, NOW, "1", false, NOW - DAYS(1));
	assert_string_equal(found(w, "model-not-deployed"), "");
}

static void
live_version_without_its_number_is_told(void **state)
{
	struct world *w = *state;

	registry(w, NOW, "1", false, NOW - DAYS(1));
	measure_of(w, "product-recs@1", "eval:auc", 0.9);
	assert_string_equal(found(w, "model-no-eval"), "product-recs@1 warn live without ndcg");
	measure_of(w, "product-recs@1", "eval:ndcg", 0.412);
	assert_string_equal(found(w, "model-no-eval"), "");
}

static void
check_of_the_configuration_holds_or_is_told(void **state)
{
	struct world *w = *state;

	registry(w, NOW, "1", false, NOW - DAYS(1));
	assert_string_equal(found(w, "model-check"), "");
	measure_of(w, "product-recs@1", "p95", 99);
	assert_string_equal(found(w, "model-check"), "");
	measure_of(w, "product-recs@1", "p95", 100);
	assert_string_equal(found(w, "model-check"), "product-recs@1 warn check p95 < 100 failed");
}

/* What is not known is neither fine nor wrong. */
static void
silent_registry_finds_nothing_about_its_models(void **state)
{
	struct world *w = *state;

	registry(w, NOW, "1", true, NOW - DAYS(1));
	measure_of(w, "product-recs", "psi", 0.5);
	world_at(w, NOW + MINUTES(10));
	assert_string_equal(found(w, "model-drift"), "");
	assert_string_equal(found(w, "model-not-deployed"), "");
	assert_string_equal(found(w, "model-no-eval"), "");
}

#define RULE_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

static const struct CMUnitTest tests[] = {
    RULE_TEST(drift_is_amber_over_one_threshold_and_red_over_the_other),
    RULE_TEST(drift_began_when_the_numbers_of_before_say_so),
    RULE_TEST(champion_worse_than_the_one_before_it_is_told),
    RULE_TEST(model_of_which_nothing_is_live_any_more_is_told),
    RULE_TEST(trained_version_is_waited_for_and_then_told),
    RULE_TEST(model_that_people_deploy_is_not_waited_for),
    RULE_TEST(live_version_without_its_number_is_told),
    RULE_TEST(check_of_the_configuration_holds_or_is_told),
    RULE_TEST(silent_registry_finds_nothing_about_its_models),
};

BN_TEST_MAIN(tests)

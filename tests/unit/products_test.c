/* products_test.c - data products: what each promise says now, how it went, and that silence is never green. */
/* SPDX-License-Identifier: MIT */
#include "base/target.h"
#include "triage/products.h"
#include "triage/triage.h"
#include "view/view.h"
#include "world.h"

#define ARGO "argo-prod"

static void
judge(struct world *w, const char *text)
{
	struct bn_config *config = NULL;
	struct bn_products *products = NULL;
	struct bn_triage *triage = NULL;

	assert_ok(bn_config_load_text(&config, "test", text, NULL, &w->err), &w->err);
	assert_ok(bn_products_new(&products, w->store, config, &w->err), &w->err);
	assert_ok(bn_products_run(products, &w->err), &w->err);
	bn_products_free(products);
	assert_ok(bn_triage_new(&triage, w->store, config, &w->err), &w->err);
	assert_ok(bn_triage_run(triage, &w->err), &w->err);
	bn_triage_free(triage);
	bn_config_free(config);
}

static struct bn_rows *
ask(struct world *w, const char *table, const char *filter)
{
	struct bn_query q = {.table = bn_view_table(table), .filter = filter};
	const char *columns[65] = {NULL};
	struct bn_rows *rows = NULL;
	size_t n = 0;

	for (const struct bn_column *c = q.table->columns; c->name != NULL; c++)
		columns[n++] = c->name;
	q.columns = columns;
	assert_ok(bn_view_query(w->reader, &q, &rows, &w->err), &w->err);
	return rows;
}

/* The status of the only product. */
static enum bn_status
status(struct world *w)
{
	struct bn_rows *rows = ask(w, "products", NULL);
	enum bn_status found;

	assert_int_equal(bn_rows_count(rows), 1);
	found = bn_rows_status(rows, 0);
	bn_rows_free(rows);
	return found;
}

/* The number in a column of the only objective; -1 for none. */
static double
objective(struct world *w, const char *column)
{
	struct bn_rows *rows = ask(w, "objectives", NULL);
	struct bn_value value;
	double number;

	assert_int_equal(bn_rows_count(rows), 1);
	value = bn_rows_named(rows, 0, column);
	number = value.type == BN_VALUE_NULL  ? -1
		 : value.type == BN_VALUE_INT ? (double)value.i
					      : value.r;
	bn_rows_free(rows);
	return number;
}

static size_t
findings(struct world *w, const char *filter)
{
	struct bn_rows *rows = ask(w, "findings", filter);
	size_t count = bn_rows_count(rows);

	bn_rows_free(rows);
	return count;
}

static void
exec(struct world *w, const char *sql)
{
	if (sqlite3_exec(bn_writer_db(w->writer), sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(bn_writer_db(w->writer)));
}

static int64_t
number(struct world *w, const char *sql)
{
	sqlite3_stmt *row = NULL;
	int64_t n;

	assert_int_equal(sqlite3_prepare_v2(bn_writer_db(w->writer), sql, -1, &row, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(row), SQLITE_ROW);
	n = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return n;
}

/* From `from` to now the source was observed, and at no other time. */
static void
observed(struct world *w, bn_time from)
{
	char sql[200];

	exec(w, "DELETE FROM observed");
	snprintf(sql, sizeof(sql),
		 "INSERT INTO observed (source_id, began, ended) SELECT id, %lld, %lld FROM source"
		 " WHERE name = '" ARGO "'",
		 (long long)from, (long long)bn_clock_now(&w->clock));
	exec(w, sql);
}

static void
good_run(struct world *w, const char *key, bn_time started, bn_time finished)
{
	world_run(w, ARGO,
		  &(struct world_run){.pipeline = "nightly",
				      .key = key,
				      .status = finished != 0 ? BN_SUCCEEDED : BN_RUNNING,
				      .started = started,
				      .finished = finished});
}

static int
setup(void **state)
{
	struct world *w;

	world_setup(state);
	w = *state;
	world_source(w, ARGO, "argo-workflows", SECONDS(10));
	world_source(w, "web", "http", SECONDS(15));
	world_pipeline(w, ARGO, "nightly");
	return 0;
}

#define FRESH                                                                                      \
	"[product \"orders\"]\nneeds = pipeline/" ARGO "/nightly\nfreshness = 30m\nowner = j\n"

/* ---- freshness ----------------------------------------------------------------------------- */

static void
products_are_as_old_as_their_last_good_end(void **state)
{
	struct world *w = *state;

	good_run(w, "a", NOW - MINUTES(20), NOW - MINUTES(10));
	judge(w, FRESH);
	assert_int_equal(status(w), BN_HEALTHY);
	assert_int_equal(objective(w, "value"), MINUTES(10));
	assert_int_equal(findings(w, "rule=product-missed"), 0);

	world_at(w, NOW + MINUTES(25)); /* 35 minutes old */
	world_source(w, ARGO, "argo-workflows", SECONDS(10));
	world_pipeline(w, ARGO, "nightly");
	judge(w, FRESH);
	assert_int_equal(status(w), BN_DEGRADED);
	assert_int_equal(objective(w, "since"), NOW + MINUTES(20));
	assert_int_equal(findings(w, "rule=product-missed severity=warn"), 1);

	world_at(w, NOW + MINUTES(36)); /* over one and a half times what it may be */
	world_source(w, ARGO, "argo-workflows", SECONDS(10));
	world_pipeline(w, ARGO, "nightly");
	judge(w, FRESH);
	assert_int_equal(status(w), BN_DOWN);
	assert_int_equal(findings(w, "rule=product-missed severity=crit"), 1);

	good_run(w, "b", NOW + MINUTES(30), NOW + MINUTES(36));
	judge(w, FRESH);
	assert_int_equal(status(w), BN_HEALTHY);
	assert_int_equal(findings(w, "rule=product-missed"), 0);
}

static void
products_of_what_is_not_known_are_not_known(void **state)
{
	struct world *w = *state;

	/* it never ended well */
	judge(w, FRESH);
	assert_int_equal(status(w), BN_UNKNOWN);
	good_run(w, "a", NOW - MINUTES(20), NOW - MINUTES(10));
	/* one of the things it needs is not there, though no promise is about it */
	judge(w, FRESH "needs = endpoint/web/quote\n");
	assert_int_equal(status(w), BN_UNKNOWN);
	world_endpoint(w, "web", "quote", BN_HEALTHY, 200, NOW - HOURS(1));
	judge(w, FRESH "needs = endpoint/web/quote\n");
	assert_int_equal(status(w), BN_HEALTHY);
	/* the source is silent: fresh by what was last known, and all the same not known */
	world_at(w, NOW + MINUTES(2));
	judge(w, FRESH);
	assert_int_equal(status(w), BN_UNKNOWN);
	assert_int_equal(findings(w, "rule=product-missed"), 0);
	/* nobody judges it any more */
	world_source(w, ARGO, "argo-workflows", SECONDS(10));
	world_pipeline(w, ARGO, "nightly");
	judge(w, FRESH);
	assert_int_equal(status(w), BN_HEALTHY);
	world_at(w, NOW + MINUTES(12));
	assert_int_equal(status(w), BN_UNKNOWN);
	/* nothing tells of it at all */
	world_at(w, NOW + MINUTES(13));
	judge(w, "[product \"orders\"]\nowner = me\n");
	assert_int_equal(status(w), BN_UNKNOWN);
}

static void
products_without_promises_are_what_they_need_is(void **state)
{
	static const char text[] = "[product \"x\"]\nneeds = endpoint/web/quote\n";
	struct world *w = *state;

	world_endpoint(w, "web", "quote", BN_HEALTHY, 200, NOW - HOURS(1));
	judge(w, text);
	assert_int_equal(status(w), BN_HEALTHY);
	world_at(w, NOW + SECONDS(5));
	world_endpoint(w, "web", "quote", BN_DOWN, 503, NOW);
	judge(w, text);
	assert_int_equal(status(w), BN_DEGRADED);
}

static void
products_asleep_page_nobody_and_retiring_ones_name_their_users(void **state)
{
	struct world *w = *state;
	struct bn_rows *rows;

	good_run(w, "a", NOW - HOURS(20), NOW - HOURS(19));
	judge(w, FRESH "lifecycle = dormant\n");
	assert_int_equal(status(w), BN_PAUSED);
	assert_int_equal(findings(w, "key=orders rule~^product"), 0);
	judge(w, FRESH "lifecycle = retiring\nconsumers = a\nconsumers = b\n");
	assert_int_equal(status(w), BN_DOWN); /* it still promises something */
	assert_int_equal(findings(w, "rule=product-retiring title:\"2 consumers left\""), 1);
	assert_int_equal(number(w, "SELECT since FROM finding WHERE rule = 'product-retiring'"),
			 NOW);
	judge(w, FRESH "lifecycle = retiring\n");
	assert_int_equal(findings(w, "rule=product-retiring"), 0);
	/* somebody uses it again: it is being retired since it was said to be, not since it is found so */
	world_at(w, NOW + MINUTES(5));
	judge(w, FRESH "lifecycle = retiring\nconsumers = a\n");
	assert_int_equal(number(w, "SELECT since FROM finding WHERE rule = 'product-retiring'"
				   " AND closed_at IS NULL"),
			 NOW);
	/* and at a moment before that it was not */
	world_at(w, NOW + MINUTES(6));
	judge(w, FRESH "lifecycle = retired\nconsumers = a\n");
	assert_ok(bn_reader_set_at(w->reader, NOW + MINUTES(5), &w->err), &w->err);
	rows = ask(w, "products", "lifecycle=retiring");
	assert_int_equal(bn_rows_count(rows), 1);
	bn_rows_free(rows);
	assert_ok(bn_reader_set_at(w->reader, 0, &w->err), &w->err);
}

static void
products_taken_out_of_the_configuration_are_gone(void **state)
{
	struct world *w = *state;
	struct bn_rows *rows;

	good_run(w, "a", NOW - HOURS(1), NOW - MINUTES(40));
	judge(w, FRESH);
	assert_int_equal(findings(w, "rule=product-missed"), 1);
	judge(w, "[state]\nkeep-points = 8d\n");
	rows = ask(w, "products", NULL);
	assert_int_equal(bn_rows_count(rows), 0);
	bn_rows_free(rows);
	assert_int_equal(findings(w, "rule=product-missed"), 0);
}

/* A pipeline of one engine fails; another engine's pipeline, an endpoint's age and two products follow. */
static void
products_fold_under_what_broke_them_in_another_source(void **state)
{
	static const char text[] =
	    FRESH "needs = endpoint/web/quote\n"
		  "[product \"letter\"]\nneeds = pipeline/airflow/mail\nfreshness = 30m\n"
		  "[product \"stock\"]\nneeds = pipeline/airflow/count\nfreshness = 30m\n";
	const struct bn_ref nightly = {BN_PIPELINE, ARGO, "nightly"};
	const struct bn_ref mail = {BN_PIPELINE, "airflow", "mail"};
	const struct bn_ref quote = {BN_ENDPOINT, "web", "quote"};
	struct world *w = *state;
	struct bn_rows *rows;

	world_source(w, "airflow", "airflow", SECONDS(15));
	world_pipeline(w, "airflow", "mail");
	world_pipeline(w, "airflow", "count");
	good_run(w, "a", NOW - MINUTES(60), NOW - MINUTES(50));
	world_run(w, ARGO,
		  &(struct world_run){.pipeline = "nightly",
				      .key = "b",
				      .status = BN_FAILED,
				      .started = NOW - MINUTES(30),
				      .finished = NOW - MINUTES(25)});
	for (int i = 0; i < 2; i++) {
		const char *key = i == 0 ? "mail" : "count";
		char good[16], bad[16];

		snprintf(good, sizeof(good), "%s-good", key);
		snprintf(bad, sizeof(bad), "%s-bad", key);
		world_run(w, "airflow",
			  &(struct world_run){.pipeline = key,
					      .key = good,
					      .status = BN_SUCCEEDED,
					      .started = NOW - MINUTES(50),
					      .finished = NOW - MINUTES(45)});
		if (i == 0)
			world_run(w, "airflow",
				  &(struct world_run){.pipeline = key,
						      .key = bad,
						      .status = BN_FAILED,
						      .started = NOW - MINUTES(22),
						      .finished = NOW - MINUTES(20)});
	}
	world_endpoint(w, "web", "quote", BN_DEGRADED, 200, NOW - MINUTES(18));
	world_link(w, nightly, mail);
	world_link(w, nightly, quote);
	world_link(w, nightly, (struct bn_ref){BN_PRODUCT, "products", "orders"});
	world_link(w, mail, (struct bn_ref){BN_PRODUCT, "products", "letter"});
	judge(w, text);
	rows = ask(w, "triage", NULL);
	assert_int_equal(bn_rows_count(rows), 2); /* stock has nothing to do with it */
	assert_string_equal(bn_rows_named(rows, 0, "what").s, "nightly");
	assert_int_equal(bn_rows_named(rows, 0, "folded").i, 4);
	assert_string_equal(bn_rows_named(rows, 0, "blast").s, "2p 1a 1j");
	assert_string_equal(bn_rows_named(rows, 1, "what").s, "stock");
	bn_rows_free(rows);
}

/* ---- budgets ------------------------------------------------------------------------------- */

static void
products_spend_budget_only_where_it_was_observed(void **state)
{
	struct world *w = *state;

	/* good until 3:00 h ago + 30 min; then nothing; observed for the last hour only */
	good_run(w, "a", NOW - HOURS(4), NOW - HOURS(3));
	observed(w, NOW - HOURS(1));
	judge(w, FRESH);
	assert_int_equal(number(w, "SELECT sum(good_ms) FROM objective_history"), MINUTES(30));
	assert_int_equal(number(w, "SELECT sum(bad_ms) FROM objective_history"), HOURS(1));
	assert_int_equal(number(w, "SELECT sum(unknown_ms) FROM objective_history"),
			 NOW - HOURS(3) - (NOW - HOURS(3)) / 600000 * 600000 + MINUTES(90));
	assert_int_equal(objective(w, "budget_allowed_ms"), DAYS(30) / 100);
	assert_int_equal(objective(w, "budget_used_ms"), HOURS(1));
	assert_in_range((int64_t)(objective(w, "budget") * 1000), 86110,
			86112); /* 1 - 1 h / 7.2 h */
	/* the whole hour was bad: a hundred times the pace that lasts the window */
	assert_in_range((int64_t)objective(w, "burn"), 99, 100);
	assert_in_range((int64_t)objective(w, "empty_in"), HOURS(6) + MINUTES(11),
			HOURS(6) + MINUTES(13));
	assert_in_range((int64_t)(objective(w, "observed") * 1000), 208, 209); /* 1.5 h of 720 */
}

static void
products_history_does_not_depend_on_who_reckons_it_or_how_often(void **state)
{
	static const char sum[] = "SELECT sum(good_ms) * 7 + sum(bad_ms) * 3 + sum(unknown_ms)"
				  " + count(*) FROM objective_history";
	struct world *w = *state;
	int64_t once;

	good_run(w, "a", NOW - HOURS(4), NOW - HOURS(3));
	good_run(w, "b", NOW - HOURS(2), NOW - MINUTES(90));
	observed(w, NOW - HOURS(3));
	judge(w, FRESH);
	once = number(w, sum);
	judge(w, FRESH); /* another process, the same moment */
	assert_int_equal(number(w, sum), once);
	exec(w, "DELETE FROM objective_history");
	exec(w, "UPDATE scope SET last_ok_at = NULL");
	judge(w, FRESH); /* it starts from nothing */
	assert_int_equal(number(w, sum), once);
	assert_int_equal(
	    number(w, "SELECT max(good_ms + bad_ms + unknown_ms) FROM objective_history"), 600000);
}

static void
products_time_without_binnacle_is_neither_good_nor_bad(void **state)
{
	struct world *w = *state;

	good_run(w, "a", NOW - MINUTES(20), NOW - MINUTES(10));
	observed(w, NOW - MINUTES(10));
	judge(w, FRESH);
	/* six hours later somebody starts it again; nothing ran well meanwhile */
	world_at(w, NOW + HOURS(6));
	exec(w, "DELETE FROM observed");
	world_source(w, ARGO, "argo-workflows", SECONDS(10));
	world_pipeline(w, ARGO, "nightly");
	judge(w, FRESH);
	assert_int_equal(number(w, "SELECT sum(good_ms) FROM objective_history"), MINUTES(30));
	assert_true(number(w, "SELECT sum(bad_ms) FROM objective_history") < SECONDS(1));
	assert_true(number(w, "SELECT sum(unknown_ms) FROM objective_history") >
		    HOURS(5) + MINUTES(39));
	/* older runs that become known later are reckoned too */
	good_run(w, "old", NOW - DAYS(2), NOW - DAYS(2) + MINUTES(5));
	world_at(w, NOW + HOURS(6) + MINUTES(1));
	judge(w, FRESH);
	assert_int_equal(number(w, "SELECT sum(good_ms) FROM objective_history"), MINUTES(60));
}

/* A run of five minutes every ten, but for those that would have ended in the hole: as a backfill gives them, in
 * one list; `claimed` says that these are all there were. */
static void
runs_of_the_past(struct world *w, bn_time from, const bn_time hole[2], bool claimed)
{
	struct bn_batch *batch = world_batch(w, ARGO, NOW);
	char key[32];

	for (bn_time end = from; end <= NOW; end += MINUTES(10)) {
		if (end > hole[0] && end < hole[1])
			continue;
		snprintf(key, sizeof(key), "past-%lld", (long long)end);
		bn_batch_run(batch, &(struct bn_run){.e = {.key = key, .status = BN_SUCCEEDED},
						     .pipeline = "nightly",
						     .started_at = end - MINUTES(5),
						     .finished_at = end});
	}
	if (claimed)
		bn_batch_history(batch, from, NOW);
	world_done(w, batch);
}

/* A day that nobody watched, and of which the platform knew every run: what it was down is what was burnt, wherever
 * the outage lay, and whether the objective was reckoned before the backfill had come to its end. */
static void
products_burn_of_a_backfilled_day_what_its_outage_took(void **state)
{
	static const int outages[][2] = {{60, 200}, {300, 341}, {700, 1000}, {1380, 1441}};

	for (size_t i = 0; i < 2 * sizeof(outages) / sizeof(outages[0]); i++) {
		bn_time from = NOW - DAYS(2),
			hole[] = {from + MINUTES(outages[i / 2][0]),
				  from + MINUTES(outages[i / 2][1])},
			last = from + (hole[0] - from) / MINUTES(10) * MINUTES(10),
			again =
			    from + (hole[1] - from + MINUTES(10) - 1) / MINUTES(10) * MINUTES(10);
		struct world *w;

		assert_int_equal(world_teardown(state), 0);
		setup(state);
		w = *state;
		if (i % 2 != 0) {
			/* of what was read so far nobody can say that it is all */
			runs_of_the_past(w, from, hole, false);
			judge(w, FRESH);
			assert_int_equal(objective(w, "budget_used_ms"), 0);
			world_at(w, NOW + SECONDS(40));
			world_source(w, ARGO, "argo-workflows", SECONDS(10));
			world_pipeline(w, ARGO, "nightly");
		}
		runs_of_the_past(w, from, hole, true);
		judge(w, FRESH);
		assert_int_equal(objective(w, "budget_used_ms"), again - last - MINUTES(30));
		assert_int_equal(
		    number(w, "SELECT count(*) FROM objective_history WHERE unknown_ms > 0"
			      " AND at > (SELECT min(at) FROM objective_history)"),
		    0);
	}
}

/* Minutes that a stream did not have, as its history was asked for; a day later they are as bad as before. */
static void
products_burn_the_minutes_that_a_stream_missed_and_go_on_doing_so(void **state)
{
	static const char text[] =
	    "[product \"x\"]\nneeds = stream/" ARGO "/tx\ncompleteness = 99%\n",
			  bad[] =
			      "SELECT sum(bad_ms) FROM objective_history WHERE at < 1773105000000";
	bn_time from = NOW / MINUTES(1) * MINUTES(1) - HOURS(30), hole = from + HOURS(6);
	struct world *w = *state;
	struct bn_batch *batch = world_batch(w, ARGO, NOW);

	bn_batch_stream(batch, &(struct bn_stream){.e = {.key = "tx", .status = BN_HEALTHY},
						   .expect = 1,
						   .settle = MINUTES(2)});
	for (bn_time at = from; at < NOW; at += MINUTES(1)) {
		if (at < hole || at >= hole + MINUTES(90))
			bn_batch_point(batch, (struct bn_ref){BN_STREAM, NULL, "tx"}, "value", at,
				       1);
	}
	bn_batch_reading(batch, "tx", from, NOW);
	world_done(w, batch);
	judge(w, text);
	assert_int_equal(number(w, bad), MINUTES(90));
	/* the last day, which is reckoned anew, begins within the outage, and after it */
	for (int minutes = 10; minutes <= 150; minutes += 35) {
		world_at(w, NOW + MINUTES(minutes));
		world_source(w, ARGO, "argo-workflows", SECONDS(10));
		judge(w, text);
		assert_int_equal(number(w, bad), MINUTES(90));
	}
}

/* What was two hours old when it was first looked at was too old for all but half an hour of them. */
static void
products_burn_what_an_age_says_of_the_time_before_it(void **state)
{
	static const char text[] =
	    "[product \"x\"]\nneeds = dataset/" ARGO "/table\nfreshness = 30m\n";
	const struct bn_ref table = {BN_DATASET, ARGO, "table"};
	struct world *w = *state;
	struct bn_batch *batch = world_batch(w, ARGO, NOW);

	bn_batch_entity(batch, BN_DATASET,
			&(struct bn_entity){.key = "table", .status = BN_HEALTHY});
	bn_batch_point(batch, table, "age", NOW, 7200);
	world_done(w, batch);
	judge(w, text);
	assert_int_equal(objective(w, "budget_used_ms"), MINUTES(90));
	assert_int_equal(number(w, "SELECT sum(good_ms) FROM objective_history"), MINUTES(30));
}

static void
products_days_are_as_bad_as_their_worst_and_blank_where_nobody_looked(void **state)
{
	struct world *w = *state;
	struct bn_rows *rows;

	good_run(w, "a", NOW - HOURS(60), NOW - HOURS(50)); /* 03-08 01:12 */
	good_run(w, "b", NOW - HOURS(1), NOW - MINUTES(25));
	observed(w, NOW - HOURS(2));
	judge(w, FRESH);
	rows = ask(w, "slo_days", NULL);
	assert_int_equal(bn_rows_count(rows), 30);
	assert_int_equal(bn_rows_status(rows, 29), BN_DOWN); /* 95 minutes of today */
	assert_int_equal(bn_rows_status(rows, 28), BN_UNKNOWN);
	assert_int_equal(bn_rows_status(rows, 27), BN_UNKNOWN); /* half an hour is no day */
	assert_int_equal(bn_rows_status(rows, 0), BN_UNKNOWN);
	assert_string_equal(bn_rows_named(rows, 29, "day").s, "2026-03-10");
	bn_rows_free(rows);
}

/* Time travel: yesterday's state is what it was then, whatever has become of it. */
static void
products_are_seen_as_they_were(void **state)
{
	struct world *w = *state;
	struct bn_rows *rows;

	good_run(w, "a", NOW - MINUTES(20), NOW - MINUTES(10));
	for (int minute = 0; minute <= 36; minute++) {
		world_at(w, NOW + MINUTES(minute));
		world_source(w, ARGO, "argo-workflows", SECONDS(60));
		world_pipeline(w, ARGO, "nightly");
		judge(w, FRESH);
	}
	assert_int_equal(status(w), BN_DOWN);
	assert_ok(bn_reader_set_at(w->reader, NOW + MINUTES(12), &w->err), &w->err);
	assert_int_equal(status(w), BN_HEALTHY);
	rows = ask(w, "objectives", NULL);
	assert_int_equal(bn_rows_status(rows, 0), BN_HEALTHY);
	assert_string_equal(bn_rows_named(rows, 0, "now").s, "22m");
	assert_int_equal(bn_rows_named(rows, 0, "budget_used_ms").i, 0);
	bn_rows_free(rows);
	assert_ok(bn_reader_set_at(w->reader, NOW + MINUTES(31), &w->err), &w->err);
	assert_int_equal(status(w), BN_DEGRADED);
	assert_ok(bn_reader_set_at(w->reader, NOW - HOURS(3), &w->err), &w->err);
	rows = ask(w, "products", "status=healthy");
	assert_int_equal(bn_rows_count(rows), 0); /* nobody had looked yet */
	bn_rows_free(rows);
	assert_ok(bn_reader_set_at(w->reader, 0, &w->err), &w->err);
}

/* ---- deadlines ----------------------------------------------------------------------------- */

static void
products_deadlines_follow_the_clocks_of_their_zone(void **state)
{
	struct bn_deadline d;
	struct bn_error err = {0};
	char text[BN_TIME_TEXT];

	(void)state;
	assert_ok(bn_deadline_parse(&d, "05:30 Europe/Berlin daily", &err), &err);
	assert_string_equal(bn_time_rfc3339(bn_deadline_next(&d, NOW), text),
			    "2026-03-10T04:30:00Z");
	assert_string_equal(bn_time_rfc3339(bn_deadline_last(&d, NOW), text),
			    "2026-03-09T04:30:00Z");
	/* the clocks go forward on 2026-03-29 at 02:00, and back on 10-25 at 03:00 */
	assert_string_equal(
	    bn_time_rfc3339(bn_deadline_next(&d, bn_time_parse("2026-03-28T12:00:00Z")), text),
	    "2026-03-29T03:30:00Z");
	bn_deadline_clear(&d);
	assert_ok(bn_deadline_parse(&d, "02:30 Europe/Berlin", &err), &err);
	assert_string_equal(/* a time that is skipped: when it would have been */
			    bn_time_rfc3339(
				bn_deadline_next(&d, bn_time_parse("2026-03-28T12:00:00Z")), text),
			    "2026-03-29T01:30:00Z");
	assert_string_equal(/* one that comes twice: the first */
			    bn_time_rfc3339(
				bn_deadline_next(&d, bn_time_parse("2026-10-24T12:00:00Z")), text),
			    "2026-10-25T00:30:00Z");
	assert_string_equal(
	    bn_time_rfc3339(bn_deadline_next(&d, bn_time_parse("2026-10-25T00:30:00Z")), text),
	    "2026-10-26T01:30:00Z");
	bn_deadline_clear(&d);
	assert_ok(bn_deadline_parse(&d, "08:00 UTC mon-fri", &err), &err);
	assert_string_equal(
	    bn_time_rfc3339(bn_deadline_next(&d, bn_time_parse("2026-03-13T09:00:00Z")), text),
	    "2026-03-16T08:00:00Z");
	assert_string_equal(
	    bn_time_rfc3339(bn_deadline_last(&d, bn_time_parse("2026-03-15T09:00:00Z")), text),
	    "2026-03-13T08:00:00Z");
	bn_deadline_clear(&d);
	assert_int_equal(bn_deadline_parse(&d, "24:00", &err), BN_EINVAL);
	assert_int_equal(bn_deadline_parse(&d, "5:30", &err), BN_EINVAL);
	assert_int_equal(bn_deadline_parse(&d, "05:30 UTC mon-", &err), BN_EINVAL);
	assert_int_equal(bn_deadline_parse(&d, "05:30 ../../etc/passwd", &err), BN_EINVAL);
}

/* 05:30 in Berlin is 04:30 UTC; NOW is 03:12:44. */
#define DUE                                                                                        \
	"[product \"letter\"]\nneeds = pipeline/" ARGO "/nightly\n"                                \
	"deadline = 05:30 Europe/Berlin daily\n"
#define LAST_DUE (NOW - DAYS(1) + MINUTES(77) + SECONDS(16))

/* Good runs of 55 minutes on the five nights before, and one that took 96. */
static void
nights(struct world *w)
{
	char key[16];

	for (int i = 1; i <= 6; i++) {
		bn_time started = NOW - MINUTES(8) - DAYS(i);

		snprintf(key, sizeof(key), "n%d", i);
		good_run(w, key, started, started + MINUTES(i == 4 ? 96 : 55));
	}
}

static void
products_late_runs_are_foretold_from_what_runs_usually_take(void **state)
{
	struct world *w = *state;

	nights(w);
	good_run(w, "tonight", NOW - MINUTES(8), 0);
	judge(w, DUE);
	assert_int_equal(status(w), BN_HEALTHY); /* 55 minutes from 03:04 are 03:59 */
	assert_int_equal(objective(w, "predicted"), NOW + MINUTES(47));
	assert_int_equal(objective(w, "due"), LAST_DUE + DAYS(1));
	/* longer than the median: now the 95th percentile counts, and that is 04:40 */
	world_at(w, NOW + MINUTES(48));
	world_source(w, ARGO, "argo-workflows", SECONDS(10));
	world_pipeline(w, ARGO, "nightly");
	judge(w, DUE);
	assert_int_equal(status(w), BN_DEGRADED);
	assert_int_equal(findings(w, "rule=product-late title:\"will miss 05:30 by 10m\""), 1);
	assert_int_equal(findings(w, "rule=product-missed"), 0);
	assert_true(number(w, "SELECT coalesce(sum(bad_ms), 0) FROM objective_history") <
		    MINUTES(30));
	/* it makes it after all */
	good_run(w, "tonight", NOW - MINUTES(8), NOW + MINUTES(72));
	world_at(w, NOW + MINUTES(73));
	world_source(w, ARGO, "argo-workflows", SECONDS(10));
	world_pipeline(w, ARGO, "nightly");
	judge(w, DUE);
	assert_int_equal(status(w), BN_HEALTHY);
	assert_int_equal(findings(w, "rule=product-late"), 0);
}

static void
products_deadlines_that_pass_are_missed_until_it_is_there(void **state)
{
	struct world *w = *state;
	bn_time due = LAST_DUE + DAYS(1);

	nights(w);
	world_run(w, ARGO,
		  &(struct world_run){.pipeline = "nightly",
				      .key = "tonight",
				      .status = BN_FAILED,
				      .started = NOW - MINUTES(8),
				      .finished = NOW});
	judge(w, DUE);
	assert_int_equal(status(w), BN_DEGRADED); /* run anew it would be there at 04:07 */
	assert_int_equal(findings(w, "rule=product-late"), 1);
	world_at(w, due + MINUTES(20));
	world_source(w, ARGO, "argo-workflows", SECONDS(10));
	world_pipeline(w, ARGO, "nightly");
	observed(w, NOW - MINUTES(10));
	judge(w, DUE);
	assert_int_equal(status(w), BN_DOWN);
	assert_int_equal(
	    findings(w, "rule=product-missed severity=crit title:\"not ready at 05:30\""), 1);
	assert_int_equal(
	    number(w, "SELECT sum(bad_ms) FROM objective_history WHERE at >= 1773117000000"),
	    MINUTES(20));
	good_run(w, "again", due + MINUTES(1), due + MINUTES(19));
	judge(w, DUE);
	assert_int_equal(status(w), BN_HEALTHY);
	world_at(w, due + MINUTES(21));
	judge(w, DUE);
	assert_int_equal(
	    number(w, "SELECT sum(bad_ms) FROM objective_history WHERE at >= 1773117000000"),
	    MINUTES(19));
}

/* ---- shares -------------------------------------------------------------------------------- */

static void
products_are_available_as_often_as_their_endpoint_answers(void **state)
{
	static const char text[] =
	    "[product \"x\"]\nneeds = endpoint/web/quote\navailability = 99%\ngoal = 90%\n";
	struct world *w = *state;
	struct bn_batch *batch;
	struct bn_ref quote = {BN_ENDPOINT, "web", "quote"};

	world_endpoint(w, "web", "quote", BN_HEALTHY, 200, NOW - HOURS(1));
	batch = world_batch(w, "web", NOW);
	for (int i = 0; i < 40; i++) /* one a minute, the first four bad */
		bn_batch_point(batch, quote, "up", NOW - MINUTES(40) + MINUTES(i), i >= 4);
	world_done(w, batch);
	judge(w, text);
	assert_int_equal(status(w), BN_DEGRADED);
	assert_in_range((int64_t)(objective(w, "value") * 1000), 899, 901);
	assert_int_equal(number(w, "SELECT sum(bad_ms) FROM objective_history"), MINUTES(4));
	assert_int_equal(number(w, "SELECT sum(good_ms) FROM objective_history"),
			 MINUTES(36)); /* the open minute has no probe yet */
	world_at(w, NOW + SECONDS(10));
	world_endpoint(w, "web", "quote", BN_DOWN, 503, NOW);
	judge(w, text);
	assert_int_equal(status(w), BN_DOWN);
}

static void
products_pass_as_many_tests_as_a_source_says(void **state)
{
	static const char text[] =
	    "[product \"x\"]\nneeds = pipeline/" ARGO "/nightly\nquality = 100%\n";
	const struct bn_ref nightly = {BN_PIPELINE, ARGO, "nightly"};
	struct world *w = *state;
	struct bn_batch *batch;

	good_run(w, "a", NOW - MINUTES(20), NOW - MINUTES(10));
	judge(w, text);
	assert_int_equal(status(w), BN_UNKNOWN); /* nobody tells of tests */
	batch = world_batch(w, ARGO, NOW);
	bn_batch_measure(batch, nightly, "tests-total", 31, NULL, NOW);
	bn_batch_measure(batch, nightly, "tests-passed", 30, NULL, NOW);
	world_done(w, batch);
	judge(w, text);
	assert_int_equal(status(w), BN_DOWN); /* a promise of all of them allows none */
	assert_in_range((int64_t)(objective(w, "value") * 1000), 967, 968);
	world_at(w, NOW + MINUTES(1));
	world_source(w, ARGO, "argo-workflows", SECONDS(10));
	world_pipeline(w, ARGO, "nightly");
	judge(w, text);
	/* what nothing else tells the past of is kept as it was judged */
	assert_true(number(w, "SELECT sum(bad_ms) FROM objective_history") > 0);
}

static void
products_of_two_configurations_do_not_drive_each_other_out(void **state)
{
	struct world *w = *state;
	struct bn_config *config = NULL;
	struct bn_products *products = NULL;
	struct bn_rows *rows;

	good_run(w, "a", NOW - MINUTES(20), NOW - MINUTES(10));
	judge(w, FRESH);
	assert_ok(bn_config_load_text(&config, "other",
				      "[product \"stock\"]\nneeds = pipeline/nightly\n", NULL,
				      &w->err),
		  &w->err);
	assert_ok(bn_products_new(&products, w->store, config, &w->err), &w->err);
	assert_ok(bn_products_run(products, &w->err), &w->err);
	bn_products_free(products);
	bn_config_free(config);
	rows = ask(w, "products", NULL);
	assert_int_equal(bn_rows_count(rows), 2);
	bn_rows_free(rows);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(products_are_as_old_as_their_last_good_end),
	    TEST(products_of_what_is_not_known_are_not_known),
	    TEST(products_without_promises_are_what_they_need_is),
	    TEST(products_asleep_page_nobody_and_retiring_ones_name_their_users),
	    TEST(products_taken_out_of_the_configuration_are_gone),
	    TEST(products_fold_under_what_broke_them_in_another_source),
	    TEST(products_spend_budget_only_where_it_was_observed),
	    TEST(products_history_does_not_depend_on_who_reckons_it_or_how_often),
	    TEST(products_time_without_binnacle_is_neither_good_nor_bad),
	    TEST(products_burn_of_a_backfilled_day_what_its_outage_took),
	    TEST(products_burn_the_minutes_that_a_stream_missed_and_go_on_doing_so),
	    TEST(products_burn_what_an_age_says_of_the_time_before_it),
	    TEST(products_days_are_as_bad_as_their_worst_and_blank_where_nobody_looked),
	    TEST(products_are_seen_as_they_were),
	    TEST(products_deadlines_follow_the_clocks_of_their_zone),
	    TEST(products_late_runs_are_foretold_from_what_runs_usually_take),
	    TEST(products_deadlines_that_pass_are_missed_until_it_is_there),
	    TEST(products_are_available_as_often_as_their_endpoint_answers),
	    TEST(products_pass_as_many_tests_as_a_source_says),
	    TEST(products_of_two_configurations_do_not_drive_each_other_out),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

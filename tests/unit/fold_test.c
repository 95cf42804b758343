/* fold_test.c - folding by root cause: what goes under what, and that nothing is ever lost. */
/* SPDX-License-Identifier: MIT */
#include "triage/triage.h"
#include "view/view.h"
#include "world.h"

#define ARGO "argo-prod"

static struct bn_ref
pipeline(const char *key)
{
	return (struct bn_ref){BN_PIPELINE, ARGO, key};
}

static struct bn_ref
endpoint(const char *key)
{
	return (struct bn_ref){BN_ENDPOINT, "web", key};
}

static void
run(struct world *w)
{
	struct bn_triage *triage = NULL;

	assert_ok(bn_triage_new(&triage, w->store, NULL, &w->err), &w->err);
	assert_ok(bn_triage_run(triage, &w->err), &w->err);
	bn_triage_free(triage);
}

/* A pipeline whose only run failed at `at`. */
static void
broken(struct world *w, const char *key, bn_time at)
{
	char name[64];

	snprintf(name, sizeof(name), "%s-run", key);
	world_pipeline(w, ARGO, key);
	world_run(w, ARGO,
		  &(struct world_run){.pipeline = key,
				      .key = name,
				      .status = BN_FAILED,
				      .started = at - MINUTES(1),
				      .finished = at,
				      .message = "it broke"});
}

static void
alert(struct world *w, const char *key, struct bn_ref about, enum bn_severity severity,
      bn_time since)
{
	struct bn_batch *batch = world_batch(w, "prom", bn_clock_now(&w->clock));

	bn_batch_finding(batch, &(struct bn_finding){.key = key,
						     .rule = "alert",
						     .severity = severity,
						     .title = key,
						     .about = about,
						     .since = since});
	world_done(w, batch);
}

/* An alert as a server tells it; labels are name, value … NULL. */
static void
told(struct world *w, const char *source, const char *key, const char *const *labels,
     const char *silenced_by)
{
	struct bn_batch *batch = world_batch(w, source, bn_clock_now(&w->clock));

	bn_batch_finding(batch, &(struct bn_finding){.key = key,
						     .rule = "alert",
						     .severity = BN_CRIT,
						     .title = key,
						     .labels = labels,
						     .since = NOW - MINUTES(9),
						     .silenced = silenced_by != NULL,
						     .silenced_until = NOW + HOURS(1),
						     .silenced_by = silenced_by,
						     .silenced_why = "known"});
	world_done(w, batch);
}

static int
setup(void **state)
{
	struct world *w;

	world_setup(state);
	w = *state;
	world_source(w, ARGO, "argo-workflows", SECONDS(10));
	world_source(w, "web", "http", SECONDS(15));
	world_source(w, "prom", "prometheus", SECONDS(15));
	return 0;
}

static int64_t
number_of(struct world *w, const char *sql)
{
	sqlite3_stmt *row = NULL;
	int64_t n;

	assert_int_equal(sqlite3_prepare_v2(bn_reader_db(w->reader), sql, -1, &row, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(row), SQLITE_ROW);
	n = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return n;
}

/* Every open finding is a root, or under one that is open and a root itself. */
static void
assert_nothing_lost(struct world *w)
{
	assert_int_equal(
	    number_of(
		w,
		"SELECT count(*) FROM finding f WHERE f.closed_at IS NULL AND f.root_id IS NOT NULL"
		" AND NOT EXISTS (SELECT 1 FROM finding r WHERE r.id = f.root_id"
		"  AND r.closed_at IS NULL AND r.root_id IS NULL)"),
	    0);
	assert_int_equal(number_of(w, "SELECT count(*) FROM finding WHERE root_id = id"), 0);
}

static struct bn_rows *
triage(struct world *w)
{
	static const char *const columns[] = {"what", "folded", "blast", "p", "rule", NULL};
	struct bn_rows *rows = NULL;

	assert_ok(
	    bn_view_query(w->reader,
			  &(struct bn_query){.table = bn_view_table("triage"), .columns = columns},
			  &rows, &w->err),
	    &w->err);
	assert_nothing_lost(w);
	return rows;
}

static void
assert_roots(struct world *w, const char *const *names)
{
	struct bn_rows *rows = triage(w);
	size_t n = 0;

	for (; names[n] != NULL; n++) {
		if (n >= bn_rows_count(rows))
			fail_msg("%s is missing", names[n]);
		assert_string_equal(bn_rows_named(rows, n, "what").s, names[n]);
	}
	assert_int_equal(bn_rows_count(rows), n);
	bn_rows_free(rows);
}
#define ROOTS(w, ...) assert_roots(w, (const char *const[]){__VA_ARGS__, NULL})

static void
fold_forty_downstream_into_one_row(void **state)
{
	struct world *w = *state;
	struct bn_rows *rows;
	char name[32];

	broken(w, "root", NOW - MINUTES(30));
	for (int i = 0; i < 39; i++) {
		snprintf(name, sizeof(name), "model-%02d", i);
		broken(w, name, NOW - MINUTES(29) + SECONDS(i));
		/* A tree three wide: 0-2 under the root, 3-5 under 0 … */
		char above[32];

		snprintf(above, sizeof(above), "model-%02d", i / 3 - 1);
		world_link(w, pipeline(i < 3 ? "root" : above), pipeline(name));
	}
	run(w);
	rows = triage(w);
	assert_int_equal(bn_rows_count(rows), 1);
	assert_string_equal(bn_rows_named(rows, 0, "what").s, "root");
	assert_int_equal(bn_rows_named(rows, 0, "folded").i, 39);
	assert_string_equal(bn_rows_named(rows, 0, "blast").s, "39j");
	bn_rows_free(rows);
	assert_int_equal(number_of(w, "SELECT count(*) FROM finding WHERE closed_at IS NULL"), 40);
}

static void
fold_endpoint_under_the_pipeline_that_feeds_it(void **state)
{
	struct world *w = *state;
	struct bn_rows *rows;

	broken(w, "train", NOW - MINUTES(10));
	world_endpoint(w, "web", "quote", BN_DOWN, 503, NOW - MINUTES(5));
	world_endpoint(w, "web", "other", BN_DOWN, 503, NOW - MINUTES(4));
	world_link(w, pipeline("train"), endpoint("quote"));
	run(w);
	rows = triage(w);
	assert_int_equal(bn_rows_count(rows), 2);
	assert_string_equal(bn_rows_named(rows, 0, "what").s, "train");
	assert_string_equal(bn_rows_named(rows, 0, "blast").s, "1a");
	assert_string_equal(bn_rows_named(rows, 1, "what").s, "other");
	assert_int_equal(bn_rows_named(rows, 1, "blast").type, BN_VALUE_NULL);
	bn_rows_free(rows);
}

static void
fold_never_under_a_cause_that_came_much_later(void **state)
{
	struct world *w = *state;

	broken(w, "train", NOW - MINUTES(2));
	world_endpoint(w, "web", "quote", BN_DOWN, 503, NOW - HOURS(2));
	world_link(w, pipeline("train"), endpoint("quote"));
	run(w);
	ROOTS(w, "quote", "train");
}

static void
fold_never_hides_red_under_amber(void **state)
{
	struct world *w = *state;

	world_pipeline(w, ARGO, "train");
	alert(w, "TrainSlow", pipeline("train"), BN_WARN, NOW - HOURS(1));
	world_endpoint(w, "web", "quote", BN_DOWN, 503, NOW - MINUTES(5));
	world_link(w, pipeline("train"), endpoint("quote"));
	run(w);
	ROOTS(w, "quote", "train");
}

static void
fold_alert_under_the_finding_of_its_thing(void **state)
{
	struct world *w = *state;

	broken(w, "train", NOW - MINUTES(10));
	alert(w, "TrainFailing", pipeline("train"), BN_WARN, NOW - MINUTES(8));
	alert(w, "RunFailing", (struct bn_ref){BN_RUN, ARGO, "train-run"}, BN_CRIT,
	      NOW - MINUTES(7));
	run(w);
	ROOTS(w, "train");
	assert_int_equal(number_of(w, "SELECT count(*) FROM finding WHERE root_id IS NOT NULL"), 2);
}

static void
fold_alert_about_nothing_known_stands_alone(void **state)
{
	struct world *w = *state;
	struct bn_rows *rows;

	broken(w, "train", NOW - MINUTES(10));
	alert(w, "DiskFull", (struct bn_ref){BN_KIND_NONE, NULL, NULL}, BN_CRIT, NOW - MINUTES(1));
	run(w);
	rows = triage(w);
	assert_int_equal(bn_rows_count(rows), 2);
	assert_string_equal(bn_rows_named(rows, 1, "what").s, "DiskFull");
	assert_int_equal(bn_rows_ref(rows, 1).kind, BN_KIND_NONE);
	assert_string_equal(bn_rows_ref(rows, 1).key, "alert/DiskFull");
	assert_string_equal(bn_rows_ref(rows, 1).source, "prom");
	bn_rows_free(rows);
}

static void
fold_ring_of_links_has_one_root(void **state)
{
	struct world *w = *state;

	broken(w, "a", NOW - MINUTES(12));
	broken(w, "b", NOW - MINUTES(13));
	broken(w, "c", NOW - MINUTES(11));
	world_link(w, pipeline("a"), pipeline("b"));
	world_link(w, pipeline("b"), pipeline("c"));
	world_link(w, pipeline("c"), pipeline("a"));
	world_link(w, pipeline("a"), pipeline("a"));
	run(w);
	ROOTS(w, "b"); /* the oldest */
	run(w);
	ROOTS(w, "b");
}

static void
fold_blind_source_takes_what_opens_after_it(void **state)
{
	struct world *w = *state;
	bn_time blind = NOW + MINUTES(5);

	broken(w, "before", NOW - MINUTES(30));
	world_at(w, NOW + MINUTES(6));
	world_fail(w, ARGO, BN_EAUTH, 401, blind + SECONDS(40));
	alert(w, "NoRuns", pipeline("before"), BN_WARN, NOW + MINUTES(6));
	alert(w, "Lagging", pipeline("unheard-of"), BN_WARN, NOW + MINUTES(6));
	run(w);
	/* What was known to be broken before is not explained by the source; what came after is. */
	ROOTS(w, "before", ARGO);
	assert_int_equal(
	    number_of(w, "SELECT count(*) FROM finding f JOIN finding r ON r.id = f.root_id"
			 " WHERE r.rule = 'source-failing'"),
	    1);
}

static void
fold_full_pool_of_a_source_takes_nothing_with_it(void **state)
{
	struct world *w = *state;

	alert(w, "pool", (struct bn_ref){BN_SOURCE, ARGO, ARGO}, BN_WARN, NOW - HOURS(1));
	broken(w, "train", NOW - MINUTES(10));
	run(w);
	ROOTS(w, "train", ARGO);
}

static void
fold_ends_when_the_root_recovers(void **state)
{
	struct world *w = *state;

	broken(w, "train", NOW - MINUTES(10));
	world_endpoint(w, "web", "quote", BN_DOWN, 503, NOW - MINUTES(5));
	world_link(w, pipeline("train"), endpoint("quote"));
	run(w);
	ROOTS(w, "train");
	world_run(w, ARGO,
		  &(struct world_run){.pipeline = "train",
				      .key = "train-2",
				      .status = BN_SUCCEEDED,
				      .started = NOW - MINUTES(2),
				      .finished = NOW - MINUTES(1)});
	run(w);
	ROOTS(w, "quote");
}

static void
fold_many_findings_on_a_dense_graph(void **state)
{
	struct world *w = *state;
	struct bn_batch *batch;
	char from[32], to[32];

	broken(w, "n0", NOW - HOURS(1));
	for (int i = 1; i < 300; i++) {
		snprintf(to, sizeof(to), "n%d", i);
		alert(w, to, pipeline(to), BN_CRIT, NOW - MINUTES(59) + i);
	}
	batch = world_batch(w, ARGO, NOW);
	for (int i = 1; i < 300; i++) {
		for (int back = 1; back <= 4 && back <= i; back++) {
			snprintf(from, sizeof(from), "n%d", i - back);
			snprintf(to, sizeof(to), "n%d", i);
			bn_batch_link(batch, pipeline(from), pipeline(to), "feeds");
		}
	}
	world_done(w, batch);
	run(w);
	ROOTS(w, "n0");
	assert_int_equal(number_of(w, "SELECT count(*) FROM finding WHERE root_id IS NOT NULL"),
			 299);
}

/* ---- one alert, two servers --------------------------------------------------------------------- */

static const char *const inside[] = {"alertname", "Down", "job", "x", NULL};
static const char *const outside[] = {"alertname", "Down", "cluster", "eu", "job", "x", NULL};
static const char *const elsewhere[] = {"alertname", "Down", "cluster", "eu", "job", "y", NULL};

#define TWINS_OF(source)                                                                           \
	"SELECT count(*) FROM finding WHERE same_as IS NOT NULL AND source_id ="                   \
	" (SELECT id FROM source WHERE name = '" source "')"

static void
alert_in_prometheus_and_alertmanager_is_one_and_keeps_its_silence(void **state)
{
	struct world *w = *state;
	struct bn_summary summary;
	struct bn_rows *rows;

	world_source(w, "am", "alertmanager", SECONDS(15));
	told(w, "prom", "Down{job=x}", inside, NULL);
	told(w, "am", "Down{cluster=eu,job=x}", outside, "ana");
	told(w, "am", "Down{cluster=eu,job=y}", elsewhere, NULL);
	run(w);
	rows = triage(w);
	assert_int_equal(bn_rows_count(rows), 2);
	assert_string_equal(bn_rows_ref(rows, 0).source, "am");
	assert_string_equal(bn_rows_ref(rows, 1).source, "am");
	/* nothing follows from it, least of all itself */
	assert_int_equal(bn_rows_named(rows, 1, "folded").i, 0);
	bn_rows_free(rows);
	assert_int_equal(number_of(w, "SELECT count(*) FROM finding_now"), 2);
	assert_ok(bn_view_summary(w->reader, &summary, &w->err), &w->err);
	assert_int_equal(summary.failed, 1);
	assert_int_equal(summary.silenced, 1);
	assert_int_equal(summary.folded_from, 2);
	assert_nothing_lost(w);
	/* the silence is over: it needs somebody again */
	world_at(w, NOW + SECONDS(5));
	told(w, "am", "Down{cluster=eu,job=x}", outside, NULL);
	run(w);
	assert_ok(bn_view_summary(w->reader, &summary, &w->err), &w->err);
	assert_int_equal(summary.failed, 2);
	assert_int_equal(summary.silenced, 0);
}

static void
alert_is_told_by_prometheus_while_alertmanager_does_not_answer(void **state)
{
	struct world *w = *state;

	world_source(w, "am", "alertmanager", SECONDS(15));
	told(w, "prom", "Down{job=x}", inside, NULL);
	told(w, "am", "Down{cluster=eu,job=x}", outside, NULL);
	run(w);
	assert_int_equal(number_of(w, TWINS_OF("prom")), 1);
	world_fail(w, "am", BN_ETIMEOUT, 0, NOW);
	run(w);
	assert_int_equal(number_of(w, TWINS_OF("prom")), 0);
	assert_int_equal(number_of(w, TWINS_OF("am")), 1);
	assert_nothing_lost(w);
}

static void
alerts_of_one_server_or_with_other_labels_stay_apart(void **state)
{
	struct world *w = *state;

	world_source(w, "am", "alertmanager", SECONDS(15));
	told(w, "prom", "Down{job=x}", inside, NULL);
	told(w, "prom", "Down{cluster=eu,job=x}", outside, NULL);
	told(w, "am", "Down{cluster=eu,job=y}", elsewhere, NULL);
	run(w);
	assert_int_equal(number_of(w, "SELECT count(*) FROM finding WHERE same_as IS NOT NULL"), 0);
}

static void
exec_sql(struct world *w, const char *sql)
{
	assert_int_equal(sqlite3_exec(bn_writer_db(w->writer), sql, NULL, NULL, NULL), SQLITE_OK);
}

/* A diamond: both ways down lead back to what broke first. */
static void
fold_diamond_under_its_top(void **state)
{
	struct world *w = *state;

	broken(w, "top", NOW - MINUTES(20));
	broken(w, "left", NOW - MINUTES(18));
	broken(w, "right", NOW - MINUTES(17));
	broken(w, "foot", NOW - MINUTES(16));
	world_link(w, pipeline("top"), pipeline("left"));
	world_link(w, pipeline("top"), pipeline("right"));
	world_link(w, pipeline("left"), pipeline("foot"));
	world_link(w, pipeline("right"), pipeline("foot"));
	run(w);
	ROOTS(w, "top");
}

/* What follows from either goes under the one that broke first, and both stay. */
static void
fold_two_causes_stay_two_rows(void **state)
{
	struct world *w = *state;

	broken(w, "first", NOW - MINUTES(30));
	broken(w, "second", NOW - MINUTES(25));
	broken(w, "both", NOW - MINUTES(20));
	world_link(w, pipeline("second"), pipeline("both"));
	world_link(w, pipeline("first"), pipeline("both"));
	run(w);
	ROOTS(w, "first", "second");
	assert_int_equal(number_of(w, "SELECT count(*) FROM finding f JOIN finding r ON r.id ="
				      " f.root_id WHERE f.about_key = 'both' AND r.about_key ="
				      " 'first'"),
			 1);
	run(w); /* and so it stays */
	ROOTS(w, "first", "second");
}

/* When the cause recovers first, what it left behind stands for itself; the closed one keeps what it
 * followed from, for those who look back. */
static void
fold_effect_outlives_its_cause(void **state)
{
	struct world *w = *state;

	broken(w, "cause", NOW - MINUTES(20));
	broken(w, "effect", NOW - MINUTES(18));
	broken(w, "last", NOW - MINUTES(17));
	world_link(w, pipeline("cause"), pipeline("effect"));
	world_link(w, pipeline("effect"), pipeline("last"));
	run(w);
	ROOTS(w, "cause");
	world_at(w, NOW + SECONDS(5));
	world_run(w, ARGO,
		  &(struct world_run){.pipeline = "cause",
				      .key = "cause-again",
				      .status = BN_SUCCEEDED,
				      .started = NOW - MINUTES(3),
				      .finished = NOW});
	run(w);
	ROOTS(w, "effect");
	world_run(w, ARGO,
		  &(struct world_run){.pipeline = "last",
				      .key = "last-again",
				      .status = BN_SUCCEEDED,
				      .started = NOW - MINUTES(3),
				      .finished = NOW});
	run(w);
	assert_int_equal(number_of(w, "SELECT count(*) FROM finding f JOIN finding r ON r.id ="
				      " f.root_id WHERE f.about_key = 'last' AND f.closed_at IS NOT"
				      " NULL AND r.about_key = 'effect'"),
			 1);
}

/* The chain leads over something no source tells of. */
static void
fold_reaches_over_what_is_not_known(void **state)
{
	struct world *w = *state;

	broken(w, "cause", NOW - MINUTES(20));
	broken(w, "effect", NOW - MINUTES(18));
	world_source(w, "nowhere", "exec", SECONDS(30));
	world_link(w, pipeline("cause"), (struct bn_ref){BN_DATASET, "nowhere", "table"});
	world_link(w, (struct bn_ref){BN_DATASET, "nowhere", "table"}, pipeline("effect"));
	run(w);
	ROOTS(w, "cause");
}

/* An alert about nothing we know, but for its label. */
static void
fold_alert_under_the_pipeline_behind_the_endpoint_it_names(void **state)
{
	static const char *const labels[] = {"alertname", "Slow", "app", "quote", NULL};
	static const char *const other[] = {"alertname", "Slow", "app", "elsewhere", NULL};
	struct world *w = *state;

	broken(w, "train", NOW - MINUTES(20));
	world_endpoint(w, "web", "quote", BN_HEALTHY, 200, NOW - HOURS(5));
	world_link(w, pipeline("train"), endpoint("quote"));
	told(w, "prom", "slow", labels, NULL);
	run(w);
	ROOTS(w, "train");
	told(w, "prom", "slow-too", other, NULL);
	run(w);
	assert_int_equal(number_of(w, "SELECT count(*) FROM finding WHERE root_id IS NULL"), 2);
	/* what broke long before it is more likely something else */
	exec_sql(w, "UPDATE attempt SET finished_at = finished_at - 3600000");
	run(w);
	assert_int_equal(number_of(w, "SELECT count(*) FROM finding WHERE root_id IS NULL"), 3);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    T(fold_forty_downstream_into_one_row),
	    T(fold_endpoint_under_the_pipeline_that_feeds_it),
	    T(fold_never_under_a_cause_that_came_much_later),
	    T(fold_never_hides_red_under_amber),
	    T(fold_alert_under_the_finding_of_its_thing),
	    T(fold_alert_about_nothing_known_stands_alone),
	    T(fold_ring_of_links_has_one_root),
	    T(fold_blind_source_takes_what_opens_after_it),
	    T(fold_full_pool_of_a_source_takes_nothing_with_it),
	    T(fold_ends_when_the_root_recovers),
	    T(fold_many_findings_on_a_dense_graph),
	    T(fold_diamond_under_its_top),
	    T(fold_two_causes_stay_two_rows),
	    T(fold_effect_outlives_its_cause),
	    T(fold_reaches_over_what_is_not_known),
	    T(fold_alert_under_the_pipeline_behind_the_endpoint_it_names),
	    T(alert_in_prometheus_and_alertmanager_is_one_and_keeps_its_silence),
	    T(alert_is_told_by_prometheus_while_alertmanager_does_not_answer),
	    T(alerts_of_one_server_or_with_other_labels_stay_apart),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

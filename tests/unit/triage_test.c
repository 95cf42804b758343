/* triage_test.c - the built-in rules, a person's own, how findings open, go on and close. */
/* SPDX-License-Identifier: MIT */
#include "config/config.h"
#include "triage/triage.h"
#include "view/view.h"
#include "world.h"

#define BROKEN "transform-hourly"

static void
run_with(struct world *w, const struct bn_config *config)
{
	struct bn_triage *triage = NULL;

	assert_ok(bn_triage_new(&triage, w->store, config, &w->err), &w->err);
	assert_ok(bn_triage_run(triage, &w->err), &w->err);
	bn_triage_free(triage);
}

static void
run(struct world *w)
{
	run_with(w, NULL);
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

static const char *
text(const struct bn_rows *rows, size_t row, const char *column)
{
	struct bn_value value = bn_rows_named(rows, row, column);

	return value.type == BN_VALUE_TEXT ? value.s : "";
}

/* The one open finding of that rule; fails when there is another number of them. */
static struct bn_rows *
only(struct world *w, const char *rule)
{
	struct bn_rows *rows;
	char filter[64];

	snprintf(filter, sizeof(filter), "rule=%s", rule);
	rows = ask(w, "findings", filter);
	assert_int_equal(bn_rows_count(rows), 1);
	return rows;
}

static size_t
count(struct world *w, const char *rule)
{
	char filter[64];
	struct bn_rows *rows;
	size_t n;

	snprintf(filter, sizeof(filter), "rule=%s", rule);
	rows = ask(w, "findings", rule != NULL ? filter : NULL);
	n = bn_rows_count(rows);
	bn_rows_free(rows);
	return n;
}

static void
build(struct world *w)
{
	world_source(w, "argo-prod", "argo-workflows", SECONDS(10));
	world_pipeline(w, "argo-prod", BROKEN);
	world_history(w, "argo-prod", BROKEN, 11, NOW - MINUTES(7), SECONDS(365));
}

static void
break_it(struct world *w, const char *key, bn_time finished)
{
	world_run(w, "argo-prod",
		  &(struct world_run){.pipeline = BROKEN,
				      .key = key,
				      .status = BN_FAILED,
				      .started = finished - SECONDS(126),
				      .finished = finished,
				      .failed = 3,
				      .skipped = 37,
				      .done = 272,
				      .total = 312,
				      .message = "DRIVER_UNREACHABLE"});
}

static void
rules_find_nothing_in_a_healthy_world(void **state)
{
	struct world *w = *state;
	struct bn_summary summary;

	build(w);
	run(w);
	assert_int_equal(count(w, "run-failed"), 0);
	assert_ok(bn_view_summary(w->reader, &summary, &w->err), &w->err);
	assert_int_equal(summary.failed + summary.warned, 0);
}

static void
rules_are_documented_and_run(void **state)
{
	struct world *w = *state;
	size_t n = 0;

	for (const struct bn_rule *rule = bn_builtin_rules; rule->name != NULL; rule++, n++) {
		assert_true(strlen(rule->doc) > 20);
		assert_true(strlen(rule->sql) > 20);
	}
	assert_true(n >= 11);
	run(w);
	assert_int_equal(count(w, "rule-broken"), 0);
}

static void
failed_run_is_one_row_however_many_tasks(void **state)
{
	struct world *w = *state;
	struct bn_summary summary;
	struct bn_rows *rows;

	build(w);
	break_it(w, "b1", NOW - SECONDS(334));
	run(w);
	rows = ask(w, "triage", NULL);
	assert_int_equal(bn_rows_count(rows), 1);
	assert_string_equal(text(rows, 0, "what"), BROKEN);
	assert_string_equal(text(rows, 0, "state"), "3 failed +37 skipped");
	assert_string_equal(text(rows, 0, "message"), "DRIVER_UNREACHABLE");
	assert_int_equal(bn_rows_named(rows, 0, "p").i, 1);
	assert_int_equal(bn_rows_named(rows, 0, "since").i, NOW - SECONDS(334));
	assert_int_equal(bn_rows_named(rows, 0, "for").i, SECONDS(334));
	assert_int_equal(bn_rows_status(rows, 0), BN_FAILED);
	assert_int_equal(bn_rows_named(rows, 0, "changed").type, BN_VALUE_NULL);
	bn_rows_free(rows);
	assert_ok(bn_view_summary(w->reader, &summary, &w->err), &w->err);
	assert_int_equal(summary.failed, 1);
	assert_int_equal(summary.warned, 0);
	assert_int_equal(summary.folded_from, 40);
}

static void
failed_run_keeps_its_beginning_over_further_failures(void **state)
{
	struct world *w = *state;
	struct bn_rows *rows;

	build(w);
	break_it(w, "b1", NOW - MINUTES(50));
	run(w);
	break_it(w, "b2", NOW - MINUTES(5));
	run(w);
	rows = only(w, "run-failed");
	assert_int_equal(bn_rows_named(rows, 0, "since").i, NOW - MINUTES(50));
	bn_rows_free(rows);
}

/* Airflow takes a cleared run's start away until it starts again; the good run before it is no recovery. */
static void
failed_run_stays_while_it_waits_to_start_again(void **state)
{
	struct world *w = *state;

	build(w);
	break_it(w, "b1", NOW - MINUTES(5));
	run(w);
	world_run(w, "argo-prod",
		  &(struct world_run){.pipeline = BROKEN, .key = "b1", .status = BN_QUEUED});
	run(w);
	assert_int_equal(count(w, "run-failed"), 1);
}

static void
failed_run_stays_while_it_is_tried_again_and_ends_when_one_is_good(void **state)
{
	struct world *w = *state;

	build(w);
	break_it(w, "b1", NOW - MINUTES(5));
	run(w);
	assert_int_equal(count(w, "run-failed"), 1);
	world_run(w, "argo-prod",
		  &(struct world_run){.pipeline = BROKEN,
				      .key = "b1",
				      .status = BN_RUNNING,
				      .started = NOW - MINUTES(1)});
	run(w);
	assert_int_equal(count(w, "run-failed"), 1);
	world_at(w, NOW + MINUTES(4));
	world_source(w, "argo-prod", "argo-workflows", SECONDS(10));
	world_pipeline(w, "argo-prod", BROKEN);
	world_run(w, "argo-prod",
		  &(struct world_run){.pipeline = BROKEN,
				      .key = "b1",
				      .status = BN_SUCCEEDED,
				      .started = NOW - MINUTES(1),
				      .finished = NOW + MINUTES(3)});
	run(w);
	assert_int_equal(count(w, "run-failed"), 0);
}

static void
flaky_pipeline_is_a_warning(void **state)
{
	struct world *w = *state;
	struct bn_rows *rows;

	build(w);
	break_it(w, "b1", NOW - HOURS(5));
	run(w);
	assert_int_equal(count(w, "run-flaky"), 0); /* one in twelve is no news */
	break_it(w, "b2", NOW - HOURS(3));
	run(w);
	rows = only(w, "run-flaky");
	assert_string_equal(text(rows, 0, "severity"), "warn");
	assert_string_equal(text(rows, 0, "title"), "2 of the last 12 runs failed");
	bn_rows_free(rows);
	assert_int_equal(count(w, "run-failed"), 0);
	rows = ask(w, "pipelines", NULL);
	assert_int_equal(bn_rows_status(rows, 0), BN_DEGRADED);
	bn_rows_free(rows);
}

static void
late_slow_and_stuck_runs_are_warnings(void **state)
{
	struct world *w = *state;

	build(w);
	world_at(w, NOW + MINUTES(56)); /* due at +52 */
	world_source(w, "argo-prod", "argo-workflows", SECONDS(10));
	world_history(w, "argo-prod", BROKEN, 0, NOW, 0);
	run(w);
	assert_int_equal(count(w, "run-late"), 0); /* within the grace */
	world_at(w, NOW + MINUTES(58));
	run(w);
	/* The pipeline was last read six minutes ago: what it does now is not known. */
	assert_int_equal(count(w, "run-late"), 0);
}

static struct bn_batch *
late_batch(struct world *w, bn_time due)
{
	struct bn_batch *batch = world_batch(w, "argo-prod", bn_clock_now(&w->clock));

	bn_batch_pipeline(batch, &(struct bn_pipeline){.e = {.key = "ing-orders"},
						       .schedule = "dataset",
						       .next_due_at = due});
	return batch;
}

static void
late_pipeline_that_was_just_read_is_a_warning(void **state)
{
	struct world *w = *state;
	struct bn_rows *rows;

	build(w);
	world_done(w, late_batch(w, NOW - MINUTES(4)));
	run(w);
	assert_int_equal(count(w, "run-late"), 0);
	world_done(w, late_batch(w, NOW - MINUTES(6)));
	run(w);
	rows = only(w, "run-late");
	assert_int_equal(bn_rows_named(rows, 0, "since").i, NOW - MINUTES(6));
	bn_rows_free(rows);
	world_run(
	    w, "argo-prod",
	    &(struct world_run){
		.pipeline = "ing-orders", .key = "late-1", .status = BN_RUNNING, .started = NOW});
	run(w);
	assert_int_equal(count(w, "run-late"), 0);
}

static void
slow_run_is_told_past_its_p95_and_a_warning_far_past_it(void **state)
{
	struct world *w = *state;
	struct bn_rows *rows;

	build(w);
	world_run(w, "argo-prod",
		  &(struct world_run){.pipeline = BROKEN,
				      .key = "slow",
				      .status = BN_RUNNING,
				      .started = NOW - SECONDS(300)});
	run(w);
	assert_int_equal(count(w, "run-slow"), 0);
	world_run(w, "argo-prod",
		  &(struct world_run){.pipeline = BROKEN,
				      .key = "slow",
				      .status = BN_RUNNING,
				      .started = NOW - SECONDS(400)});
	run(w);
	rows = only(w, "run-slow");
	assert_string_equal(text(rows, 0, "severity"), "info");
	assert_string_equal(text(rows, 0, "title"), "slow, usually 6m5s");
	assert_string_equal(text(rows, 0, "message"),
			    "longer than 6m5s, the 95th percentile of the last 11 good runs");
	assert_int_equal(bn_rows_named(rows, 0, "since").i, NOW - SECONDS(35));
	bn_rows_free(rows);
	world_run(w, "argo-prod",
		  &(struct world_run){.pipeline = BROKEN,
				      .key = "slow",
				      .status = BN_RUNNING,
				      .started = NOW - SECONDS(560)});
	run(w);
	rows = only(w, "run-slow");
	assert_string_equal(text(rows, 0, "severity"), "warn");
	bn_rows_free(rows);
	/* it may have ended since it was read */
	world_run(w, "argo-prod",
		  &(struct world_run){.pipeline = BROKEN,
				      .key = "slow",
				      .status = BN_RUNNING,
				      .started = NOW - SECONDS(360)});
	world_at(w, NOW + SECONDS(15));
	run(w);
	assert_int_equal(count(w, "run-slow"), 0);
}

static void
queued_run_is_a_warning_after_ten_minutes(void **state)
{
	struct world *w = *state;
	struct bn_batch *batch;

	build(w);
	batch = world_batch(w, "argo-prod", NOW);
	bn_batch_run(batch, &(struct bn_run){.e = {.key = "q", .status = BN_QUEUED},
					     .pipeline = BROKEN,
					     .queued_at = NOW - MINUTES(11)});
	bn_batch_run(batch, &(struct bn_run){.e = {.key = "q2", .status = BN_QUEUED},
					     .pipeline = BROKEN,
					     .queued_at = NOW - MINUTES(9)});
	world_done(w, batch);
	run(w);
	assert_int_equal(count(w, "run-stuck"), 1);
}

static void
endpoints_down_degraded_slow_and_expiring(void **state)
{
	static const char *const asserts[] = {
	    "status 200", "ok", "200", "json .generated_at age < 24h", "failed", "24h32m", NULL};
	struct world *w = *state;
	struct bn_ref slow = {BN_ENDPOINT, "web", "slow"};
	struct bn_batch *batch;
	struct bn_rows *rows;

	world_source(w, "web", "http", SECONDS(15));
	world_endpoint(w, "web", "down", BN_DOWN, 503, NOW - MINUTES(3));
	batch = world_batch(w, "web", NOW);
	bn_batch_endpoint(
	    batch, &(struct bn_endpoint){.e = {.key = "old", .status = BN_DEGRADED, .since = NOW},
					 .http_status = 200,
					 .checked_at = NOW,
					 .asserts = asserts});
	bn_batch_endpoint(batch, &(struct bn_endpoint){.e = {.key = "cert", .status = BN_HEALTHY},
						       .checked_at = NOW,
						       .certificate_expires = NOW + DAYS(10)});
	bn_batch_endpoint(batch,
			  &(struct bn_endpoint){.e = {.key = "cert-now", .status = BN_HEALTHY},
						.checked_at = NOW,
						.certificate_expires = NOW + DAYS(2)});
	bn_batch_endpoint(batch, &(struct bn_endpoint){.e = {.key = "slow", .status = BN_HEALTHY},
						       .checked_at = NOW,
						       .slo_p99 = 100});
	for (int i = 0; i < 20; i++)
		bn_batch_point(batch, slow, "total", NOW - SECONDS(15 * i), i == 0 ? 480 : 12);
	world_done(w, batch);
	run(w);
	rows = only(w, "endpoint-down");
	assert_string_equal(text(rows, 0, "title"), "down, answers 503");
	assert_string_equal(text(rows, 0, "severity"), "crit");
	bn_rows_free(rows);
	rows = only(w, "endpoint-degraded");
	assert_string_equal(text(rows, 0, "title"), "json .generated_at age < 24h failed");
	bn_rows_free(rows);
	rows = only(w, "endpoint-slow");
	assert_string_equal(text(rows, 0, "title"), "p99 over 100ms");
	bn_rows_free(rows);
	rows = ask(w, "findings", "rule=certificate severity=crit");
	assert_int_equal(bn_rows_count(rows), 1);
	assert_string_equal(text(rows, 0, "key"), "cert-now");
	bn_rows_free(rows);
	assert_int_equal(count(w, "certificate"), 2);
}

static void
refused_login_is_one_row_that_counts_what_is_unknown(void **state)
{
	struct world *w = *state;
	struct bn_rows *rows;

	world_source(w, "dbx-prod", "exec", SECONDS(15));
	for (int i = 0; i < 6; i++) {
		char key[16];

		snprintf(key, sizeof(key), "job-%d", i);
		world_pipeline(w, "dbx-prod", key);
	}
	world_at(w, NOW + MINUTES(2));
	world_fail(w, "dbx-prod", BN_EAUTH, 401, NOW + MINUTES(2) - SECONDS(20));
	run(w);
	rows = ask(w, "triage", NULL);
	assert_int_equal(bn_rows_count(rows), 1);
	assert_string_equal(text(rows, 0, "what"), "dbx-prod");
	assert_string_equal(text(rows, 0, "state"), "401, 6 entities unknown");
	assert_int_equal(bn_rows_named(rows, 0, "p").i, 2);
	assert_int_equal(bn_rows_ref(rows, 0).kind, BN_SOURCE);
	bn_rows_free(rows);
}

static void
source_asked_too_often_is_a_finding_once_its_data_is_old(void **state)
{
	struct world *w = *state;
	struct bn_error failure = {.code = BN_ETHROTTLED, .message = "429"};
	struct bn_poll_result result = {.began = NOW, .ended = NOW, .failure = &failure};
	int64_t id = world_source(w, "argo-prod", "argo-workflows", SECONDS(10)), epoch;

	assert_ok(bn_writer_take_lease(w->writer, id, "t", &epoch, &w->err), &w->err);
	assert_ok(bn_writer_poll_result(w->writer, id, epoch, &result, &w->err), &w->err);
	run(w);
	assert_int_equal(count(w, "source-failing"), 0);
	world_at(w, NOW + SECONDS(21));
	run(w);
	assert_int_equal(count(w, "source-failing"), 1);
}

static void
one_failed_poll_is_no_finding_yet(void **state)
{
	struct world *w = *state;
	struct bn_error failure = {.code = BN_ETIMEOUT, .message = "no answer"};
	struct bn_poll_result result = {.began = NOW, .ended = NOW, .failure = &failure};
	int64_t id = world_source(w, "argo-prod", "argo-workflows", SECONDS(10)), epoch;

	assert_ok(bn_writer_take_lease(w->writer, id, "t", &epoch, &w->err), &w->err);
	assert_ok(bn_writer_poll_result(w->writer, id, epoch, &result, &w->err), &w->err);
	run(w);
	assert_int_equal(count(w, "source-failing"), 0);
	assert_ok(bn_writer_poll_result(w->writer, id, epoch, &result, &w->err), &w->err);
	run(w);
	assert_int_equal(count(w, "source-failing"), 1);
}

static void
finding_of_a_thing_gone_blind_is_not_closed(void **state)
{
	struct world *w = *state;
	struct bn_rows *rows;

	world_source(w, "web", "http", SECONDS(15));
	world_endpoint(w, "web", "quote", BN_DOWN, 503, NOW - MINUTES(3));
	run(w);
	assert_int_equal(count(w, "endpoint-down"), 1);
	world_at(w, NOW + HOURS(1));
	run(w);
	rows = only(w, "endpoint-down");
	assert_int_equal(bn_rows_status(rows, 0), BN_UNKNOWN);
	assert_true(bn_rows_stale(rows, 0));
	bn_rows_free(rows);
	world_source(w, "web", "http", SECONDS(15));
	world_endpoint(w, "web", "quote", BN_HEALTHY, 200, NOW + HOURS(1));
	run(w);
	assert_int_equal(count(w, "endpoint-down"), 0);
}

static void
acknowledged_finding_is_out_of_the_way_until_it_breaks_again(void **state)
{
	struct world *w = *state;
	struct bn_ref about = {BN_PIPELINE, "argo-prod", BROKEN};
	struct bn_actor actor = {.user = "oncall1", .host = "bastion"};
	struct bn_summary summary;
	struct bn_rows *rows;
	int64_t seq;

	build(w);
	break_it(w, "b1", NOW - MINUTES(5));
	run(w);
	assert_ok(bn_journal_ack(w->store, &actor, about, "mine", false, &seq, &w->err), &w->err);
	assert_ok(bn_view_summary(w->reader, &summary, &w->err), &w->err);
	assert_int_equal(summary.failed, 0);
	assert_int_equal(summary.acknowledged, 1);
	rows = ask(w, "triage", "acked=yes");
	assert_int_equal(bn_rows_count(rows), 1);
	assert_string_equal(text(rows, 0, "acked_by"), "oncall1");
	bn_rows_free(rows);
	rows = NULL;
	assert_ok(
	    bn_view_query(w->reader,
			  &(struct bn_query){.table = bn_view_table("triage"), .problems = true},
			  &rows, &w->err),
	    &w->err);
	assert_int_equal(bn_rows_count(rows), 0);
	bn_rows_free(rows);
	/* Good again, then broken again: nobody has taken that. */
	world_at(w, NOW + MINUTES(30));
	world_source(w, "argo-prod", "argo-workflows", SECONDS(10));
	world_pipeline(w, "argo-prod", BROKEN);
	world_run(w, "argo-prod",
		  &(struct world_run){.pipeline = BROKEN,
				      .key = "good",
				      .status = BN_SUCCEEDED,
				      .started = NOW + MINUTES(10),
				      .finished = NOW + MINUTES(16)});
	run(w);
	break_it(w, "b2", NOW + MINUTES(29));
	run(w);
	assert_ok(bn_view_summary(w->reader, &summary, &w->err), &w->err);
	assert_int_equal(summary.failed, 1);
	assert_int_equal(summary.acknowledged, 0);
}

static void
snoozed_finding_comes_back_when_its_time_is_over(void **state)
{
	struct world *w = *state;
	struct bn_ref about = {BN_PIPELINE, "argo-prod", BROKEN};
	struct bn_actor actor = {.user = "oncall1", .host = "bastion"};
	struct bn_summary summary;
	int64_t seq;

	build(w);
	break_it(w, "b1", NOW - MINUTES(5));
	run(w);
	assert_ok(bn_journal_snooze(w->store, &actor, about, NOW + HOURS(1), "later", false, &seq,
				    &w->err),
		  &w->err);
	assert_ok(bn_view_summary(w->reader, &summary, &w->err), &w->err);
	assert_int_equal(summary.failed, 0);
	assert_int_equal(summary.snoozed, 1);
	world_at(w, NOW + HOURS(1) + 1);
	assert_ok(bn_view_summary(w->reader, &summary, &w->err), &w->err);
	assert_int_equal(summary.failed, 1);
	assert_int_equal(summary.snoozed, 0);
}

static struct bn_config *
configured(struct world *w, const char *words)
{
	static const struct bn_config_types none = {NULL, NULL, NULL, NULL};
	struct bn_config *config = NULL;

	assert_ok(bn_config_load_text(&config, "test", words, &none, &w->err), &w->err);
	return config;
}

static void
own_rule_finds_with_three_columns(void **state)
{
	struct world *w = *state;
	struct bn_config *config = configured(
	    w,
	    "[rule \"no-owner\"]\n\tseverity = crit\n"
	    "\tsql = SELECT entity, since, 'nobody owns it' FROM pipeline WHERE owner IS NULL\n");
	struct bn_rows *rows;

	build(w);
	run_with(w, config);
	rows = only(w, "no-owner");
	assert_string_equal(text(rows, 0, "title"), "nobody owns it");
	assert_string_equal(text(rows, 0, "severity"), "crit");
	assert_int_equal(bn_rows_ref(rows, 0).kind, BN_PIPELINE);
	assert_string_equal(bn_rows_ref(rows, 0).key, BROKEN);
	bn_rows_free(rows);
	bn_config_free(config);
}

static void
own_rule_that_does_not_run_is_a_finding_and_stops_nothing(void **state)
{
	struct world *w = *state;
	struct bn_config *config =
	    configured(w, "[rule \"broken\"]\n\tsql = SELECT nonsense FROM nowhere\n"
			  "[rule \"writes\"]\n\tsql = DELETE FROM entity\n"
			  "[rule \"narrow\"]\n\tsql = SELECT entity FROM pipeline\n");
	struct bn_config *repaired = configured(
	    w, "[rule \"broken\"]\n\tsql = SELECT entity, since, 'x' FROM pipeline WHERE 0\n");
	struct bn_rows *rows;

	build(w);
	break_it(w, "b1", NOW - MINUTES(5));
	run_with(w, config);
	assert_int_equal(count(w, "rule-broken"), 3);
	assert_int_equal(count(w, "run-failed"), 1);
	rows = ask(w, "findings", "title:\"rule broken does\"");
	assert_int_equal(bn_rows_count(rows), 1);
	assert_non_null(strstr(text(rows, 0, "message"), "nowhere"));
	bn_rows_free(rows);
	run_with(w, repaired);
	assert_int_equal(count(w, "rule-broken"), 0);
	bn_config_free(config);
	bn_config_free(repaired);
}

static void
evaluation_writes_nothing_when_nothing_differs(void **state)
{
	struct world *w = *state;
	struct bn_triage *triage = NULL;
	int64_t before;

	build(w);
	break_it(w, "b1", NOW - MINUTES(5));
	assert_ok(bn_triage_new(&triage, w->store, NULL, &w->err), &w->err);
	assert_ok(bn_triage_run(triage, &w->err), &w->err);
	before = bn_reader_version(w->reader);
	assert_ok(bn_triage_run(triage, &w->err), &w->err);
	assert_int_equal(bn_reader_version(w->reader), before);
	bn_triage_free(triage);
}

static void
hostile_names_pass_through_rules_and_tables(void **state)
{
	struct world *w = *state;
	const char *name = "'; DROP TABLE finding; --/\x1b[31m\n%s\xff";
	struct bn_rows *rows;

	world_source(w, "argo-prod", "argo-workflows", SECONDS(10));
	world_pipeline(w, "argo-prod", name);
	world_run(w, "argo-prod",
		  &(struct world_run){.pipeline = name,
				      .key = "r",
				      .status = BN_FAILED,
				      .started = NOW - MINUTES(2),
				      .finished = NOW - MINUTES(1),
				      .message = name});
	run(w);
	rows = only(w, "run-failed");
	assert_string_equal(bn_rows_ref(rows, 0).key, name);
	bn_rows_free(rows);
	run(w);
	assert_int_equal(count(w, "run-failed"), 1);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    T(rules_find_nothing_in_a_healthy_world),
	    T(rules_are_documented_and_run),
	    T(failed_run_is_one_row_however_many_tasks),
	    T(failed_run_keeps_its_beginning_over_further_failures),
	    T(failed_run_stays_while_it_waits_to_start_again),
	    T(failed_run_stays_while_it_is_tried_again_and_ends_when_one_is_good),
	    T(flaky_pipeline_is_a_warning),
	    T(late_slow_and_stuck_runs_are_warnings),
	    T(late_pipeline_that_was_just_read_is_a_warning),
	    T(slow_run_is_told_past_its_p95_and_a_warning_far_past_it),
	    T(queued_run_is_a_warning_after_ten_minutes),
	    T(endpoints_down_degraded_slow_and_expiring),
	    T(refused_login_is_one_row_that_counts_what_is_unknown),
	    T(source_asked_too_often_is_a_finding_once_its_data_is_old),
	    T(one_failed_poll_is_no_finding_yet),
	    T(finding_of_a_thing_gone_blind_is_not_closed),
	    T(acknowledged_finding_is_out_of_the_way_until_it_breaks_again),
	    T(snoozed_finding_comes_back_when_its_time_is_over),
	    T(own_rule_finds_with_three_columns),
	    T(own_rule_that_does_not_run_is_a_finding_and_stops_nothing),
	    T(evaluation_writes_nothing_when_nothing_differs),
	    T(hostile_names_pass_through_rules_and_tables),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* batch_test.c - the rules of what is stored: absence, order, attempts, history. */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/store_fixture.h"

/* ---- absence ---- */

static void
batch_complete_scope_marks_what_it_no_longer_holds_as_gone(void **state)
{
	struct fixture *f = *state;

	observe_list(f, T0, "apps", BN_APP, BN_HEALTHY, KEYS("a", "b", "c"));
	observe_list(f, T0 + 15000, "apps", BN_APP, BN_HEALTHY, KEYS("a", "c"));
	assert_int_equal(ask(f, "SELECT count(*) FROM entity_now WHERE kind = 7"), 2);
	assert_int_equal(ask(f, "SELECT gone_at FROM entity WHERE key = 'b'"), T0 + 15000);
	assert_int_equal(
	    ask(f, "SELECT new IS NULL FROM transition t JOIN entity e ON e.id = t.entity_id"
		   " WHERE e.key = 'b' ORDER BY t.id DESC LIMIT 1"),
	    1);
	observe_list(f, T0 + 30000, "apps", BN_APP, BN_HEALTHY, KEYS("a", "b", "c"));
	assert_int_equal(ask(f, "SELECT gone_at FROM entity WHERE key = 'b'"), -999);
	assert_int_equal(ask(f,
			     "SELECT count(*) FROM transition t JOIN entity e ON e.id = t.entity_id"
			     " WHERE e.key = 'b'"),
			 3);
}

static void
batch_scope_not_read_to_its_end_marks_nothing_gone(void **state)
{
	struct fixture *f = *state;
	struct bn_batch *b = fixture_batch(f);

	observe_list(f, T0, "apps", BN_APP, BN_HEALTHY, KEYS("a", "b"));
	fixture_at(f, T0 + 15000);
	assert_ok(bn_batch_scope(b, "apps", BN_COMPLETE, &f->err), &f->err);
	bn_batch_entity(b, BN_APP, &(struct bn_entity){.key = "a", .status = BN_DOWN});
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	bn_batch_free(b);
	assert_int_equal(ask(f, "SELECT count(*) FROM entity_now WHERE kind = 7"), 2);
	assert_int_equal(ask(f, "SELECT status FROM entity WHERE key = 'a'"), BN_DOWN);
	assert_int_equal(ask(f, "SELECT last_ok_at FROM scope"), T0);
	/* The next full reading is of the next generation and does mark it. */
	observe_list(f, T0 + 30000, "apps", BN_APP, BN_HEALTHY, KEYS("a"));
	assert_int_equal(ask(f, "SELECT gone_at FROM entity WHERE key = 'b'"), T0 + 30000);
}

static void
batch_complete_scope_with_broken_items_marks_nothing_gone(void **state)
{
	struct fixture *f = *state;
	struct bn_batch *b;

	observe_list(f, T0, "apps", BN_APP, BN_HEALTHY, KEYS("a", "b"));
	b = fixture_batch(f);
	fixture_at(f, T0 + 100000);
	assert_ok(bn_batch_scope(b, "apps", BN_COMPLETE, &f->err), &f->err);
	bn_batch_entity(b, BN_APP, &(struct bn_entity){.key = "a", .status = BN_HEALTHY});
	bn_batch_skip(b, "apps", "not an object"); /* this may have been b */
	assert_ok(bn_batch_scope_done(b, &f->err), &f->err);
	bn_batch_free(b);
	assert_int_equal(ask(f, "SELECT gone_at FROM entity WHERE key = 'b'"), -999);
	/* a was seen; of b nothing is known since the last whole reading */
	assert_int_equal(ask(f, "SELECT age_ms FROM entity_now WHERE key = 'a'"), 0);
	assert_int_equal(ask(f, "SELECT age_ms FROM entity_now WHERE key = 'b'"), 100000);
	assert_int_equal(ask(f, "SELECT status_now FROM entity_now WHERE key = 'b'"), BN_UNKNOWN);
}

static void
batch_delta_scope_marks_nothing_gone(void **state)
{
	struct fixture *f = *state;

	observe_run(f, T0, &(struct bn_run){.e = {.key = "r1", .status = BN_RUNNING}});
	observe_run(f, T0 + 15000, &(struct bn_run){.e = {.key = "r2", .status = BN_RUNNING}});
	assert_int_equal(ask(f, "SELECT count(*) FROM run_now"), 2);
}

static void
batch_thing_seen_after_the_list_was_asked_for_is_not_swept(void **state)
{
	struct fixture *f = *state;
	struct bn_batch *b = fixture_batch(f);

	observe_list(f, T0, "apps", BN_APP, BN_HEALTHY, KEYS("a", "b"));
	/* The list was asked for at +10 s; at +12 s an action saw b; the list comes without it. */
	fixture_at(f, T0 + 10000);
	assert_ok(bn_batch_scope(b, "apps", BN_COMPLETE, &f->err), &f->err);
	bn_batch_sent(b, T0 + 10000);
	bn_batch_entity(b, BN_APP, &(struct bn_entity){.key = "a", .status = BN_HEALTHY});
	struct bn_batch *action = bn_batch_new(f->writer, NULL, f->source, "argo", -1);
	bn_batch_sent(action, T0 + 12000);
	bn_batch_entity(action, BN_APP, &(struct bn_entity){.key = "b", .status = BN_PROGRESSING});
	assert_ok(bn_batch_page(action, &f->err), &f->err);
	bn_batch_free(action);
	assert_ok(bn_batch_scope_done(b, &f->err), &f->err);
	bn_batch_free(b);
	assert_int_equal(ask(f, "SELECT gone_at FROM entity WHERE key = 'b'"), -999);
	assert_int_equal(ask(f, "SELECT status FROM entity WHERE key = 'b'"), BN_PROGRESSING);
}

/* ---- order ---- */

static void
batch_older_observation_than_the_stored_one_is_dropped(void **state)
{
	struct fixture *f = *state;
	struct bn_batch *b;

	observe_list(f, T0, "apps", BN_APP, BN_HEALTHY, KEYS("a"));
	observe_list(f, T0 + 30000, "apps", BN_APP, BN_DOWN, KEYS("a"));
	b = fixture_batch(f);
	bn_batch_sent(b, T0 + 20000);
	bn_batch_entity(b, BN_APP,
			&(struct bn_entity){.key = "a", .status = BN_HEALTHY, .message = "late"});
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	assert_int_equal(ask(f, "SELECT status FROM entity WHERE key = 'a'"), BN_DOWN);
	assert_string_equal(ask_text(f, "SELECT message FROM entity WHERE key = 'a'"), "(null)");
	/* One that was sent at the same moment is as good. */
	bn_batch_sent(b, T0 + 30000);
	bn_batch_entity(b, BN_APP, &(struct bn_entity){.key = "a", .status = BN_DEGRADED});
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	bn_batch_free(b);
	assert_int_equal(ask(f, "SELECT status FROM entity WHERE key = 'a'"), BN_DEGRADED);
}

static void
batch_unchanged_list_renews_freshness_and_order_and_touches_no_row(void **state)
{
	struct fixture *f = *state;
	struct bn_batch *b = fixture_batch(f);

	assert_ok(bn_batch_scope(b, "apps", BN_COMPLETE, &f->err), &f->err);
	assert_fails_with(BN_ECONFLICT, bn_batch_scope_same(b, &f->err));
	observe_list(f, T0, "apps", BN_APP, BN_HEALTHY, KEYS("a"));
	fixture_at(f, T0 + HOUR);
	assert_int_equal(ask(f, "SELECT stale FROM entity_now WHERE key = 'a'"), 1);
	assert_ok(bn_batch_scope(b, "apps", BN_COMPLETE, &f->err), &f->err);
	assert_ok(bn_batch_scope_same(b, &f->err), &f->err);
	assert_int_equal(ask(f, "SELECT stale FROM entity_now WHERE key = 'a'"), 0);
	assert_int_equal(ask(f, "SELECT seen_at FROM entity WHERE key = 'a'"), T0);
	/* An answer asked for before the unchanged one can't change it back. */
	bn_batch_sent(b, T0 + MINUTE);
	bn_batch_entity(b, BN_APP, &(struct bn_entity){.key = "a", .status = BN_DOWN});
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	bn_batch_free(b);
	assert_int_equal(ask(f, "SELECT status FROM entity WHERE key = 'a'"), BN_HEALTHY);
}

/* ---- attempts ---- */

static void
batch_finished_run_seen_running_again_opens_the_next_attempt(void **state)
{
	struct fixture *f = *state;
	struct bn_run failed = {.e = {.key = "r", .status = BN_FAILED, .message = "driver lost"},
				.started_at = T0 - HOUR,
				.finished_at = T0 - MINUTE};
	struct bn_run again = {.e = {.key = "r", .status = BN_RUNNING}, .started_at = T0 + 5000};

	observe_run(f, T0, &failed);
	observe_run(f, T0 + 15000, &again);
	assert_int_equal(ask(f, "SELECT attempt FROM run"), 2);
	assert_int_equal(ask(f, "SELECT finished_at FROM run"), -999);
	assert_int_equal(ask(f, "SELECT finished_at FROM attempt WHERE n = 1"), T0 - MINUTE);
	assert_string_equal(ask_text(f, "SELECT message FROM attempt WHERE n = 1"), "driver lost");
	assert_int_equal(ask(f, "SELECT status FROM attempt WHERE n = 1"), BN_FAILED);
	assert_int_equal(ask(f, "SELECT started_at FROM attempt WHERE n = 2"), T0 + 5000);
	/* The new attempt has no message of the old one. */
	assert_string_equal(ask_text(f, "SELECT message FROM entity WHERE key = 'r'"), "(null)");
	/* Seen again in the same state: no third. */
	observe_run(f, T0 + 30000, &again);
	assert_int_equal(ask(f, "SELECT count(*) FROM attempt"), 2);
	again.e.status = BN_SUCCEEDED;
	again.finished_at = T0 + 40000;
	observe_run(f, T0 + 45000, &again);
	assert_int_equal(ask(f, "SELECT count(*) FROM attempt"), 2);
	assert_int_equal(ask(f, "SELECT finished_at FROM attempt WHERE n = 2"), T0 + 40000);
}

static void
batch_retry_that_began_and_ended_between_two_polls_is_an_attempt(void **state)
{
	struct fixture *f = *state;

	observe_run(f, T0,
		    &(struct bn_run){.e = {.key = "r", .status = BN_FAILED},
				     .started_at = T0 - HOUR,
				     .finished_at = T0});
	/* The platform keeps the first start (as some do) but tells the new end. */
	observe_run(f, T0 + 5 * MINUTE,
		    &(struct bn_run){.e = {.key = "r", .status = BN_SUCCEEDED},
				     .started_at = T0 - HOUR,
				     .finished_at = T0 + 4 * MINUTE});
	assert_int_equal(ask(f, "SELECT attempt FROM run"), 2);
	assert_int_equal(ask(f, "SELECT status FROM attempt WHERE n = 1"), BN_FAILED);
	/* A start before the first attempt's end is not the second one's. */
	assert_true(ask(f, "SELECT started_at FROM attempt WHERE n = 2") != T0 - HOUR);
}

static void
batch_platforms_own_attempt_count_is_believed(void **state)
{
	struct fixture *f = *state;
	struct bn_run run = {
	    .e = {.key = "r", .status = BN_RUNNING}, .attempt = 3, .started_at = T0 - MINUTE};

	observe_run(f, T0, &run);
	assert_int_equal(ask(f, "SELECT attempt FROM run"), 3);
	/* History of an earlier one fills its row and changes nothing else. */
	observe_run(f, T0 + 15000,
		    &(struct bn_run){.e = {.key = "r", .status = BN_FAILED, .message = "first"},
				     .attempt = 1,
				     .started_at = T0 - HOUR,
				     .finished_at = T0 - 30 * MINUTE});
	assert_int_equal(ask(f, "SELECT attempt FROM run"), 3);
	assert_int_equal(ask(f, "SELECT status FROM entity WHERE key = 'r'"), BN_RUNNING);
	assert_string_equal(ask_text(f, "SELECT message FROM attempt WHERE n = 1"), "first");
	/* The end of attempt 3 was missed: it is not claimed to be running for ever. */
	run.attempt = 4;
	observe_run(f, T0 + 30000, &run);
	assert_int_equal(ask(f, "SELECT status FROM attempt WHERE n = 3"), BN_UNKNOWN);
}

static void
batch_resubmission_is_a_run_linked_to_the_first(void **state)
{
	struct fixture *f = *state;

	observe_run(f, T0,
		    &(struct bn_run){.e = {.key = "r2", .status = BN_RUNNING}, .retry_of = "r1"});
	assert_int_equal(ask(f,
			     "SELECT count(*) FROM link WHERE from_key = 'r2' AND to_key = 'r1'"
			     " AND kind = 'retry-of' AND origin = 'argo' AND from_source = 'argo'"),
			 1);
}

/* ---- history ---- */

static void
batch_transition_carries_the_platforms_time_when_it_says_one(void **state)
{
	struct fixture *f = *state;

	observe_run(f, T0,
		    &(struct bn_run){.e = {.key = "r", .status = BN_RUNNING},
				     .started_at = T0 - 2 * MINUTE});
	observe_run(f, T0 + 15000,
		    &(struct bn_run){.e = {.key = "r", .status = BN_FAILED, .message = "no"},
				     .started_at = T0 - 2 * MINUTE,
				     .finished_at = T0 + 3000});
	assert_int_equal(ask(f,
			     "SELECT count(*) FROM transition t JOIN entity e ON e.id = t.entity_id"
			     " WHERE e.key = 'r'"),
			 2);
	assert_int_equal(ask(f, "SELECT at FROM transition WHERE new = 2"), T0 - 2 * MINUTE);
	assert_int_equal(ask(f, "SELECT at FROM transition WHERE new = 4 AND old = 2"), T0 + 3000);
	assert_int_equal(ask(f, "SELECT seen_at FROM transition WHERE new = 4"), T0 + 15000);
	assert_string_equal(ask_text(f, "SELECT message FROM transition WHERE new = 4"), "no");
	assert_int_equal(ask(f, "SELECT since FROM entity WHERE key = 'r'"), T0 + 3000);
}

static void
batch_transition_without_a_platform_time_has_ours(void **state)
{
	struct fixture *f = *state;

	observe_list(f, T0, "apps", BN_APP, BN_HEALTHY, KEYS("a"));
	assert_int_equal(ask(f, "SELECT since FROM entity WHERE key = 'a'"), -999);
	observe_list(f, T0 + 15000, "apps", BN_APP, BN_DOWN, KEYS("a"));
	assert_int_equal(ask(f, "SELECT at FROM transition WHERE new = 11"), T0 + 15000);
	assert_int_equal(ask(f, "SELECT since FROM entity WHERE key = 'a'"), T0 + 15000);
	/* A time that lies in the future is not believed. */
	struct bn_batch *b = fixture_batch(f);
	fixture_at(f, T0 + 30000);
	bn_batch_entity(
	    b, BN_APP,
	    &(struct bn_entity){.key = "a", .status = BN_HEALTHY, .since = T0 + 30000 + DAY});
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	bn_batch_free(b);
	assert_int_equal(ask(f, "SELECT at FROM transition WHERE new = 8 ORDER BY id DESC LIMIT 1"),
			 T0 + 30000);
}

static void
batch_attribute_changes_are_history_and_late_ones_are_dropped(void **state)
{
	struct fixture *f = *state;
	struct bn_batch *b = fixture_batch(f);

	bn_batch_sent(b, T0);
	bn_batch_attribute(b, BN_APP, "a", "image",
			   "v1"); /* before the thing itself: the order is ours to care for */
	bn_batch_entity(b, BN_APP, &(struct bn_entity){.key = "a", .status = BN_HEALTHY});
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	bn_batch_sent(b, T0 + 20000);
	bn_batch_attribute(b, BN_APP, "a", "image", "v2");
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	bn_batch_sent(b, T0 + 10000);
	bn_batch_attribute(b, BN_APP, "a", "image", "v1");
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	bn_batch_sent(b, T0 + 30000);
	bn_batch_attribute(b, BN_APP, "a", "image", "v2");
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	bn_batch_free(b);
	assert_string_equal(ask_text(f, "SELECT group_concat(coalesce(old, '-') || '>' || new, ' ')"
					" FROM attribute_history"),
			    "->v1 v1>v2");
	assert_string_equal(ask_text(f, "SELECT value FROM attribute"), "v2");
	assert_int_equal(ask(f, "SELECT since FROM attribute"), T0 + 20000);
}

/* ---- findings ---- */

static void
observe_alerts(struct fixture *f, bn_time sent, const char *const *keys)
{
	struct bn_batch *b = fixture_batch(f);

	fixture_at(f, sent);
	assert_ok(bn_batch_scope(b, "alerts", BN_COMPLETE, &f->err), &f->err);
	bn_batch_sent(b, sent);
	for (size_t i = 0; keys[i] != NULL; i++)
		bn_batch_finding(b, &(struct bn_finding){.key = keys[i],
							 .rule = "alert",
							 .severity = BN_CRIT,
							 .title = keys[i],
							 .about = {BN_ENDPOINT, NULL, "api"}});
	assert_ok(bn_batch_scope_done(b, &f->err), &f->err);
	bn_batch_free(b);
}

static void
batch_findings_open_and_close_with_their_list(void **state)
{
	struct fixture *f = *state;

	observe_alerts(f, T0, KEYS("hot", "slow"));
	observe_alerts(f, T0 + 15000, KEYS("hot"));
	assert_int_equal(ask(f, "SELECT count(*) FROM finding_now"), 1);
	assert_int_equal(ask(f, "SELECT closed_at FROM finding WHERE key = 'slow'"), T0 + 15000);
	assert_int_equal(ask(f, "SELECT since FROM finding WHERE key = 'hot'"), T0);
	assert_string_equal(ask_text(f, "SELECT entity FROM finding_now"), "endpoint/argo/api");
	observe_alerts(f, T0 + 30000, KEYS("hot", "slow"));
	assert_int_equal(ask(f, "SELECT count(*) FROM finding WHERE key = 'slow'"), 2);
	assert_int_equal(ask(f, "SELECT since FROM finding_now WHERE key = 'slow'"), T0 + 30000);
}

/* ---- tasks, numbers ---- */

static void
batch_tasks_belong_to_an_attempt_and_complete_drops_the_unnamed(void **state)
{
	struct fixture *f = *state;
	struct bn_batch *b;

	observe_run(f, T0,
		    &(struct bn_run){.e = {.key = "r", .status = BN_RUNNING}, .started_at = T0});
	b = bn_batch_new(f->writer, NULL, f->source, "argo", -1);
	bn_batch_sent(b, T0);
	bn_batch_task(b, &(struct bn_task){.e = {.key = "x", .status = BN_RUNNING},
					   .run = "r",
					   .depends = KEYS("a", "b\"c")});
	bn_batch_task(
	    b, &(struct bn_task){.e = {.key = "y", .status = BN_QUEUED}, .run = "r", .order = 1});
	bn_batch_tasks_complete(b, "r", 0);
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	assert_int_equal(ask(f, "SELECT count(*) FROM task_now"), 2);
	assert_string_equal(ask_text(f, "SELECT depends FROM task WHERE key = 'x'"),
			    "[\"a\",\"b\\\"c\"]");
	assert_int_equal(ask(f, "SELECT detail_at FROM run"), T0);
	bn_batch_free(b);
	/* Read again by two requests: what neither names is dropped; reading nothing drops nothing.
	 */
	fixture_at(f, T0 + 14000);
	b = bn_batch_new(f->writer, NULL, f->source, "argo", -1);
	bn_batch_tasks_complete(b, "r", 0);
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	assert_int_equal(ask(f, "SELECT count(*) FROM task"), 2);
	bn_batch_sent(b, T0 + 14000);
	bn_batch_task(b, &(struct bn_task){.e = {.key = "z", .status = BN_RUNNING}, .run = "r"});
	bn_batch_sent(b, T0 + 15000);
	bn_batch_task(b, &(struct bn_task){.e = {.key = "x", .status = BN_FAILED, .message = "oom"},
					   .run = "r"});
	bn_batch_tasks_complete(b, "r", 0);
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	assert_string_equal(
	    ask_text(f, "SELECT group_concat(key) FROM (SELECT key FROM task ORDER BY key)"),
	    "x,z");
	/* Late news do not bring it back to life. */
	bn_batch_sent(b, T0 + 5000);
	bn_batch_task(b, &(struct bn_task){.e = {.key = "x", .status = BN_RUNNING}, .run = "r"});
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	assert_int_equal(ask(f, "SELECT status FROM task WHERE key = 'x'"), BN_FAILED);
	/* A task of a run nobody knows is skipped and said. */
	bn_batch_task(b,
		      &(struct bn_task){.e = {.key = "x", .status = BN_RUNNING}, .run = "ghost"});
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	const char *why = NULL;
	assert_int_equal(bn_batch_skipped(b, &why), 1);
	assert_non_null(strstr(why, "ghost"));
	bn_batch_free(b);
}

static void
batch_numbers_go_to_the_thing_and_late_ones_do_not_win(void **state)
{
	struct fixture *f = *state;
	struct bn_batch *b = fixture_batch(f);
	struct bn_ref about = {BN_STREAM, NULL, "orders"};

	bn_batch_entity(b, BN_STREAM, &(struct bn_entity){.key = "orders", .status = BN_HEALTHY});
	bn_batch_measure(b, about, "rps", 41.5, "1/s", T0);
	bn_batch_measure(b, about, "rps", 7, "1/s", T0 - MINUTE);
	for (int i = 0; i < 5; i++)
		bn_batch_point(b, about, "count", T0 + i * MINUTE, i);
	bn_batch_point(b, about, "count", T0, 100); /* corrected */
	bn_batch_measure(b, (struct bn_ref){BN_STREAM, "elsewhere", "x"}, "rps", 1, NULL, T0);
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	assert_int_equal(ask(f, "SELECT value * 10 FROM measure"), 415);
	assert_int_equal(ask(f, "SELECT count(*) FROM point"), 5);
	assert_int_equal(ask(f, "SELECT sum(value) FROM point"), 110);
	assert_int_equal(bn_batch_skipped(b, NULL), 1);
	bn_batch_free(b);
}

/* ---- pipelines ---- */

static void
batch_pipeline_numbers_follow_its_runs(void **state)
{
	struct fixture *f = *state;
	struct bn_batch *b = fixture_batch(f);

	/* Runs before their pipeline is known, as pages may come. */
	for (int i = 0; i < 30; i++) {
		char key[16];

		snprintf(key, sizeof(key), "r%02d", i);
		bn_batch_run(b, &(struct bn_run){
				    .e = {.key = key, .status = i == 29 ? BN_FAILED : BN_SUCCEEDED},
				    .pipeline = "p",
				    .started_at = T0 - (30 - i) * HOUR,
				    .finished_at = T0 - (30 - i) * HOUR + (i + 1) * 1000});
	}
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	assert_int_equal(ask(f, "SELECT pipeline_id FROM run LIMIT 1"), -999);
	bn_batch_pipeline(b, &(struct bn_pipeline){.e = {.key = "p", .status = BN_HEALTHY}});
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	assert_int_equal(ask(f, "SELECT count(*) FROM run WHERE pipeline_id IS NULL"), 0);
	assert_string_equal(
	    ask_text(f,
		     "SELECT r.key FROM pipeline_now p JOIN run_now r ON r.id = p.latest_run_id"),
	    "r29");
	assert_int_equal(ask(f, "SELECT last_good_at FROM pipeline"), T0 - 2 * HOUR + 29000);
	/* The last 20 good ones took 10 … 29 seconds. */
	assert_int_equal(ask(f, "SELECT p50_ms FROM pipeline"), 19000);
	assert_int_equal(ask(f, "SELECT p95_ms FROM pipeline"), 28000);
	/* One that waits has no start and is the latest all the same. */
	bn_batch_run(b, &(struct bn_run){.e = {.key = "q", .status = BN_QUEUED},
					 .pipeline = "p",
					 .queued_at = T0});
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	assert_string_equal(
	    ask_text(f,
		     "SELECT r.key FROM pipeline_now p JOIN run_now r ON r.id = p.latest_run_id"),
	    "q");
	bn_batch_free(b);
}

static void
see_pipeline(struct fixture *f, bn_time now, const char *schedule, const char *zone, bool paused)
{
	struct bn_batch *b = fixture_batch(f);

	fixture_at(f, now);
	bn_batch_pipeline(b, &(struct bn_pipeline){.e = {.key = "p", .status = BN_HEALTHY},
						   .schedule = schedule,
						   .timezone = zone,
						   .paused = paused});
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	bn_batch_free(b);
}

static void
batch_due_time_follows_from_schedule_and_stays_until_a_run_comes(void **state)
{
	struct fixture *f = *state;

	see_pipeline(f, T0, "5 * * * *", NULL, false);
	assert_int_equal(ask(f, "SELECT next_due_at FROM pipeline"), T0 + 5 * MINUTE);
	/* Nothing came: twenty minutes later it is still the one that is due. */
	see_pipeline(f, T0 + 25 * MINUTE, "5 * * * *", NULL, false);
	assert_int_equal(ask(f, "SELECT next_due_at FROM pipeline"), T0 + 5 * MINUTE);
	observe_run(f, T0 + 26 * MINUTE,
		    &(struct bn_run){.e = {.key = "r", .status = BN_RUNNING},
				     .pipeline = "p",
				     .started_at = T0 + 26 * MINUTE});
	assert_int_equal(ask(f, "SELECT next_due_at FROM pipeline"), T0 + 65 * MINUTE);
	/* Another schedule, another zone (UTC+1 in March), paused, resumed. */
	see_pipeline(f, T0 + 27 * MINUTE, "0 6 * * *", "Europe/Berlin", false);
	assert_int_equal(ask(f, "SELECT next_due_at FROM pipeline"), T0 + 2 * HOUR);
	see_pipeline(f, T0 + 28 * MINUTE, "0 6 * * *", "Europe/Berlin", true);
	assert_int_equal(ask(f, "SELECT next_due_at FROM pipeline"), -999);
	see_pipeline(f, T0 + 3 * HOUR, "0 6 * * *", "Europe/Berlin", false);
	assert_int_equal(ask(f, "SELECT next_due_at FROM pipeline"), T0 + 26 * HOUR);
	/* Words that are no cron expression give none. */
	see_pipeline(f, T0 + 4 * HOUR, "dataset", NULL, false);
	assert_int_equal(ask(f, "SELECT next_due_at FROM pipeline"), -999);
}

static void
batch_first_look_finds_the_run_that_was_missed_before(void **state)
{
	struct fixture *f = *state;

	see_pipeline(f, T0 + 50 * MINUTE, "5 * * * *", NULL, false);
	observe_run(f, T0 + 50 * MINUTE,
		    &(struct bn_run){.e = {.key = "r", .status = BN_SUCCEEDED},
				     .pipeline = "p",
				     .started_at = T0 - 54 * MINUTE,
				     .finished_at = T0 - 50 * MINUTE});
	assert_int_equal(ask(f, "SELECT next_due_at FROM pipeline"), T0 + 5 * MINUTE);
}

/* ---- leases, pages, bounds ---- */

static void
batch_page_of_a_lost_lease_writes_nothing(void **state)
{
	struct fixture *f = *state;
	struct bn_batch *b = fixture_batch(f);
	int64_t epoch;

	bn_batch_entity(b, BN_APP, &(struct bn_entity){.key = "a", .status = BN_HEALTHY});
	assert_ok(bn_writer_take_lease(f->writer, f->source, "you@there 2", &epoch, &f->err),
		  &f->err);
	assert_int_equal(epoch, f->epoch + 1);
	assert_fails_with(BN_EBUSY, bn_batch_page(b, &f->err));
	assert_non_null(strstr(f->err.message, "you@there 2"));
	assert_int_equal(ask(f, "SELECT count(*) FROM entity WHERE kind = 7"), 0);
	struct bn_poll_result fine = {.began = T0, .ended = T0 + 1};
	assert_fails_with(BN_EBUSY,
			  bn_writer_poll_result(f->writer, f->source, f->epoch, &fine, &f->err));
	assert_int_equal(ask(f, "SELECT last_ok_at FROM source"), -999);
	bn_batch_free(b);
}

static void
batch_without_a_lease_sweeps_nothing_and_moves_no_watermark(void **state)
{
	struct fixture *f = *state;
	struct bn_batch *b;

	observe_list(f, T0, "apps", BN_APP, BN_HEALTHY, KEYS("a", "b"));
	b = bn_batch_new(f->writer, NULL, f->source, "argo", -1);
	fixture_at(f, T0 + 15000);
	assert_ok(bn_batch_scope(b, "apps", BN_COMPLETE, &f->err), &f->err);
	bn_batch_entity(b, BN_APP, &(struct bn_entity){.key = "a", .status = BN_DOWN});
	bn_batch_set_watermark(b, "since", "5");
	assert_ok(bn_batch_scope_done(b, &f->err), &f->err);
	bn_batch_free(b);
	assert_int_equal(ask(f, "SELECT count(*) FROM entity_now WHERE kind = 7"), 2);
	assert_int_equal(ask(f, "SELECT status FROM entity WHERE key = 'a'"), BN_DOWN);
	assert_int_equal(ask(f, "SELECT count(*) FROM watermark"), 0);
	assert_int_equal(ask(f, "SELECT last_ok_at FROM scope"), T0);
}

static void
batch_watermark_moves_with_the_end_of_the_scope(void **state)
{
	struct fixture *f = *state;
	struct bn_batch *b = fixture_batch(f);

	assert_null(bn_batch_watermark(b, "since"));
	assert_ok(bn_batch_scope(b, "runs", BN_DELTA, &f->err), &f->err);
	bn_batch_set_watermark(b, "since", "1");
	bn_batch_run(b, &(struct bn_run){.e = {.key = "r", .status = BN_RUNNING}});
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	assert_int_equal(ask(f, "SELECT count(*) FROM watermark"), 0);
	assert_ok(bn_batch_scope_done(b, &f->err), &f->err);
	bn_batch_free(b);
	b = fixture_batch(f);
	assert_string_equal(bn_batch_watermark(b, "since"), "1");
	bn_batch_free(b);
}

static void
batch_large_readings_are_written_in_portions_of_their_own(void **state)
{
	struct fixture *f = *state;
	struct bn_batch *b = fixture_batch(f);
	char key[32];

	for (int i = 0; i < 25000; i++) {
		snprintf(key, sizeof(key), "r%05d", i);
		bn_batch_run(b, &(struct bn_run){.e = {.key = key, .status = BN_SUCCEEDED},
						 .started_at = T0 - i});
	}
	assert_int_equal(ask(f, "SELECT count(*) FROM run"), 20000);
	assert_int_equal(bn_batch_records(b), 20000);
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	assert_int_equal(ask(f, "SELECT count(*) FROM run"), 25000);
	bn_batch_free(b);
}

static void
batch_impossible_records_are_counted_not_stored(void **state)
{
	struct fixture *f = *state;
	struct bn_batch *b = fixture_batch(f);
	char *long_key = bn_xcalloc(1, 5000), *long_text = bn_xcalloc(1, 100001);
	const char *why = NULL;

	memset(long_key, 'k', 4999);
	memset(long_text, 'x', 100000);
	memcpy(long_text + 32767, "\xe2\x82\xac", 3); /* the cut would go through it */
	bn_batch_run(b, &(struct bn_run){.e = {.status = BN_RUNNING}});
	bn_batch_run(b, &(struct bn_run){.e = {.key = long_key, .status = BN_RUNNING}});
	bn_batch_entity(b, BN_KIND_NONE, &(struct bn_entity){.key = "x"});
	bn_batch_entity(b, (enum bn_kind)99, &(struct bn_entity){.key = "x"});
	bn_batch_skip(b, "item 5", "not an object");
	bn_batch_entity(b, BN_APP,
			&(struct bn_entity){.key = "a",
					    .status = (enum bn_status)77,
					    .message = long_text,
					    .labels = KEYS("te\"am", "x\\y", "odd")});
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	assert_int_equal(bn_batch_skipped(b, &why), 5);
	assert_non_null(strstr(why, "no key"));
	assert_int_equal(ask(f, "SELECT count(*) FROM entity WHERE kind <> 11"), 1);
	assert_int_equal(ask(f, "SELECT status FROM entity WHERE key = 'a'"), BN_UNKNOWN);
	assert_int_equal(ask(f, "SELECT length(message) FROM entity WHERE key = 'a'"), 32767);
	assert_string_equal(ask_text(f, "SELECT labels FROM entity WHERE key = 'a'"),
			    "{\"te\\\"am\":\"x\\\\y\"}");
	bn_batch_free(b);
	free(long_key);
	free(long_text);
}

/* ---- polls ---- */

static void
poll_once(struct fixture *f, bn_time began, const struct bn_error *failure)
{
	struct bn_poll_result r = {
	    .began = began, .ended = began + 500, .took = 500, .requests = 2, .failure = failure};

	fixture_at(f, began + 500);
	assert_ok(bn_writer_poll_result(f->writer, f->source, f->epoch, &r, &f->err), &f->err);
}

static void
batch_coverage_goes_on_over_small_gaps_and_breaks_at_large_ones(void **state)
{
	struct fixture *f = *state;

	poll_once(f, T0, NULL);
	poll_once(f, T0 + 15000, NULL);
	poll_once(f, T0 + 45000, NULL); /* one was missed: the gap is two intervals at most */
	assert_int_equal(ask(f, "SELECT count(*) FROM observed"), 1);
	assert_int_equal(ask(f, "SELECT ended FROM observed"), T0 + 45500);
	poll_once(f, T0 + 77000, NULL);
	assert_int_equal(ask(f, "SELECT count(*) FROM observed"), 2);
	assert_int_equal(ask(f, "SELECT max(began) FROM observed"), T0 + 77000);
}

static void
batch_failing_source_says_since_when_and_why(void **state)
{
	struct fixture *f = *state;
	struct bn_error failure = {
	    .code = BN_EAUTH, .http_status = 401, .message = "login refused", .hint = "log in"};

	poll_once(f, T0, NULL);
	assert_string_equal(ask_text(f, "SELECT status FROM source_now"), "healthy");
	poll_once(f, T0 + 15000, &failure);
	poll_once(f, T0 + 30000, &failure);
	assert_string_equal(ask_text(f, "SELECT state FROM source"), "auth");
	assert_int_equal(ask(f, "SELECT failing_since FROM source"), T0 + 15000);
	assert_int_equal(ask(f, "SELECT failures FROM source"), 2);
	assert_string_equal(ask_text(f, "SELECT last_hint FROM source"), "log in");
	assert_string_equal(ask_text(f, "SELECT status FROM source_now"), "down");
	assert_string_equal(ask_text(f, "SELECT entity FROM source_now"), "source/argo");
	assert_int_equal(ask(f, "SELECT since FROM source_now"), T0 + 15000);
	assert_int_equal(ask(f, "SELECT count(*) FROM observed"), 1);
	assert_int_equal(ask(f, "SELECT ended FROM observed"), T0 + 500);
	poll_once(f, T0 + 45000, NULL);
	assert_int_equal(ask(f, "SELECT failing_since FROM source"), -999);
	assert_string_equal(ask_text(f, "SELECT status FROM source_now"), "healthy");
	/* Not polled any more: not known, whatever it was. */
	fixture_at(f, T0 + HOUR);
	assert_string_equal(ask_text(f, "SELECT status FROM source_now"), "unknown");
	assert_string_equal(ask_text(f, "SELECT last_status FROM source_now"), "healthy");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(batch_complete_scope_marks_what_it_no_longer_holds_as_gone),
	    STORE_TEST(batch_scope_not_read_to_its_end_marks_nothing_gone),
	    STORE_TEST(batch_complete_scope_with_broken_items_marks_nothing_gone),
	    STORE_TEST(batch_delta_scope_marks_nothing_gone),
	    STORE_TEST(batch_thing_seen_after_the_list_was_asked_for_is_not_swept),
	    STORE_TEST(batch_older_observation_than_the_stored_one_is_dropped),
	    STORE_TEST(batch_unchanged_list_renews_freshness_and_order_and_touches_no_row),
	    STORE_TEST(batch_finished_run_seen_running_again_opens_the_next_attempt),
	    STORE_TEST(batch_retry_that_began_and_ended_between_two_polls_is_an_attempt),
	    STORE_TEST(batch_platforms_own_attempt_count_is_believed),
	    STORE_TEST(batch_resubmission_is_a_run_linked_to_the_first),
	    STORE_TEST(batch_transition_carries_the_platforms_time_when_it_says_one),
	    STORE_TEST(batch_transition_without_a_platform_time_has_ours),
	    STORE_TEST(batch_attribute_changes_are_history_and_late_ones_are_dropped),
	    STORE_TEST(batch_findings_open_and_close_with_their_list),
	    STORE_TEST(batch_tasks_belong_to_an_attempt_and_complete_drops_the_unnamed),
	    STORE_TEST(batch_numbers_go_to_the_thing_and_late_ones_do_not_win),
	    STORE_TEST(batch_pipeline_numbers_follow_its_runs),
	    STORE_TEST(batch_due_time_follows_from_schedule_and_stays_until_a_run_comes),
	    STORE_TEST(batch_first_look_finds_the_run_that_was_missed_before),
	    STORE_TEST(batch_page_of_a_lost_lease_writes_nothing),
	    STORE_TEST(batch_without_a_lease_sweeps_nothing_and_moves_no_watermark),
	    STORE_TEST(batch_watermark_moves_with_the_end_of_the_scope),
	    STORE_TEST(batch_large_readings_are_written_in_portions_of_their_own),
	    STORE_TEST(batch_impossible_records_are_counted_not_stored),
	    STORE_TEST(batch_coverage_goes_on_over_small_gaps_and_breaks_at_large_ones),
	    STORE_TEST(batch_failing_source_says_since_when_and_why),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

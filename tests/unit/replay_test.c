/* replay_test.c - rules over a history with known answers: when they would have fired, and where nobody looked. */
/* SPDX-License-Identifier: MIT */
#include "triage/replay.h"
#include "world.h"

#define T(minutes) (NOW + MINUTES(minutes))
#define EVERY	   SECONDS(15)

static bool
down_a(int64_t at)
{
	return (at >= MINUTES(5) && at < MINUTES(8)) || at >= MINUTES(20);
}

static bool
down_b(int64_t at)
{
	return at >= MINUTES(10) && at < MINUTES(25);
}

/* Half an hour, read every 15 s, but for six minutes in which nobody looked. `a` is down from 5:00 to 8:00 and
 * from 20:00 on, `b` from 10:00 to 25:00. */
static int
setup(void **state)
{
	struct world *w;

	world_setup(state);
	w = *state;
	for (int64_t at = 0; at <= MINUTES(30); at += EVERY) {
		if (at >= MINUTES(12) && at < MINUTES(18))
			continue;
		world_at(w, NOW + at);
		world_source(w, "web", "http", EVERY);
		world_endpoint(w, "web", "a", down_a(at) ? BN_DOWN : BN_HEALTHY, 503, NOW + at);
		world_endpoint(w, "web", "b", down_b(at) ? BN_DOWN : BN_HEALTHY, 503, NOW + at);
	}
	return 0;
}

static const struct bn_rule *
builtin(const char *name)
{
	const struct bn_rule *rule = bn_builtin_rules;

	while (strcmp(rule->name, name) != 0)
		rule++;
	return rule;
}

static void
expect(const struct bn_replay *replay, size_t i, const char *entity, bn_time from, bn_time until,
       bool cut)
{
	const struct bn_fired *f;

	assert_true(i < replay->count);
	f = &replay->fired[i];
	assert_string_equal(f->entity, entity);
	if (f->from != from || f->until != until || f->cut != cut)
		fail_msg(
		    "%s from %lld until %lld s%s", f->entity, (long long)(f->from - NOW) / 1000,
		    f->until != 0 ? (long long)(f->until - NOW) / 1000 : -1, f->cut ? ", cut" : "");
}

/* What both forms of the rule must find. */
static void
expect_all(const struct bn_replay *replay)
{
	bn_time blind = T(12) - EVERY + 2 * EVERY; /* two intervals after the last answer */

	assert_int_equal(replay->count, 4);
	expect(replay, 0, "endpoint/web/a", T(5), T(8), false);
	expect(replay, 1, "endpoint/web/b", T(10), blind, true);
	expect(replay, 2, "endpoint/web/b", replay->unobserved[0].until, T(25), true);
	expect(replay, 3, "endpoint/web/a", T(20), 0, false);
	assert_int_equal(replay->unobserved_count, 1);
	assert_int_equal(replay->unobserved[0].from, blind);
	/* the answer came at 18:00; its question was sent a second before */
	assert_in_range(replay->unobserved[0].until, T(18) - SECONDS(1), T(18));
	assert_false(replay->stopped);
	assert_true(replay->widest <= MINUTES(1));
}

static void
replay_built_in_rule_over_the_stored_history(void **state)
{
	struct world *w = *state;
	struct bn_replay replay;

	assert_ok(bn_replay_run(w->store, builtin("endpoint-down"), false, T(0), T(30), 60000,
				&replay, &w->err),
		  &w->err);
	expect_all(&replay);
	bn_replay_free(&replay);
}

static void
replay_own_rule_sees_the_views_as_they_were(void **state)
{
	struct world *w = *state;
	const struct bn_rule rule = {
	    .name = "own",
	    .severity = BN_WARN,
	    .sql = "SELECT entity, since, 'down' FROM endpoint WHERE status = 'down'"};
	struct bn_replay replay;

	assert_ok(bn_replay_run(w->store, &rule, true, T(0), T(30), 60000, &replay, &w->err),
		  &w->err);
	expect_all(&replay);
	bn_replay_free(&replay);
}

/* Nothing changes when such a rule begins to hold: the rhythm finds it, to the minute. */
static void
replay_rule_that_only_waits_is_found_by_the_rhythm(void **state)
{
	struct world *w = *state;
	struct bn_rule rule = {.name = "own", .severity = BN_WARN};
	char sql[120];
	struct bn_replay replay;

	snprintf(sql, sizeof(sql), "SELECT NULL, NULL, 'late' WHERE now() BETWEEN %lld AND %lld",
		 (long long)(T(1) + 1), (long long)T(3));
	rule.sql = sql;
	assert_ok(bn_replay_run(w->store, &rule, true, T(0), T(30), 60000, &replay, &w->err),
		  &w->err);
	assert_int_equal(replay.count, 1);
	assert_string_equal(replay.fired[0].entity, "");
	assert_string_equal(replay.fired[0].title, "late");
	assert_true(replay.fired[0].from > T(1) && replay.fired[0].from <= T(2));
	assert_true(replay.fired[0].until > T(3) && replay.fired[0].until <= T(4));
	bn_replay_free(&replay);
}

static void
replay_of_a_window_nobody_watched_finds_nothing_and_says_so(void **state)
{
	struct world *w = *state;
	struct bn_replay replay;

	assert_ok(bn_replay_run(w->store, builtin("endpoint-down"), false, T(13), T(17), 60000,
				&replay, &w->err),
		  &w->err);
	assert_int_equal(replay.count, 0);
	assert_int_equal(replay.unobserved_count, 1);
	assert_int_equal(replay.unobserved[0].until - replay.unobserved[0].from, MINUTES(4));
	bn_replay_free(&replay);
}

static void
replay_refuses_what_is_no_rule(void **state)
{
	static const struct {
		const char *sql;
		int code;
	} cases[] = {{"SELEC", BN_EINVAL},
		     {"SELECT 1", BN_EINVAL},
		     {"DELETE FROM entity", BN_EINVAL},
		     {"SELECT key, since, 'x' FROM main.entity", BN_EPERM},
		     {"SELECT user, at, reason FROM journal.record", BN_EPERM},
		     {"WITH at_entity AS (SELECT * FROM main.entity) SELECT 1, 2, 3 FROM at_entity",
		      BN_EINVAL},
		     {"SELECT 1, 2, 3 FROM \"at_record\"", BN_EINVAL}};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct bn_rule rule = {.name = "own", .sql = cases[i].sql};
		struct bn_replay replay;
		int rc = bn_replay_run(w->store, &rule, true, T(0), T(30), 60000, &replay, &w->err);

		if (rc != cases[i].code)
			fail_msg("%s gives %d: %s", cases[i].sql, rc, w->err.message);
		bn_replay_free(&replay);
	}
}

static void
replay_without_time_stops_and_says_where(void **state)
{
	struct world *w = *state;
	struct bn_replay replay;

	assert_ok(bn_replay_run(w->store, builtin("endpoint-down"), false, T(0), T(30), 0, &replay,
				&w->err),
		  &w->err);
	assert_true(replay.stopped);
	assert_int_equal(replay.moments, 0);
	assert_int_equal(replay.done_until, T(0));
	bn_replay_free(&replay);
}

/* It only looks: nothing that is stored changes. */
static void
replay_changes_nothing(void **state)
{
	struct world *w = *state;
	int64_t before = bn_reader_version(w->reader);
	struct bn_replay replay;

	assert_ok(bn_replay_run(w->store, builtin("endpoint-down"), false, T(0), T(30), 60000,
				&replay, &w->err),
		  &w->err);
	bn_replay_free(&replay);
	assert_int_equal(bn_reader_version(w->reader), before);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(replay_built_in_rule_over_the_stored_history),
	    TEST(replay_own_rule_sees_the_views_as_they_were),
	    TEST(replay_rule_that_only_waits_is_found_by_the_rhythm),
	    TEST(replay_of_a_window_nobody_watched_finds_nothing_and_says_so),
	    TEST(replay_refuses_what_is_no_rule),
	    TEST(replay_without_time_stops_and_says_where),
	    TEST(replay_changes_nothing),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

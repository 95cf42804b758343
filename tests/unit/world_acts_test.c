/* world_acts_test.c - the demo's world after people retried: a function of its acts, and of nothing else. */
/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

#include "sim/world.h"

#define SEED	    81
#define AT(h, m, s) (BN_W_NIGHT + (h)*BN_W_HOUR + (m)*BN_W_MINUTE + (s)*BN_W_SECOND)

static struct bn_w_run
night_run(const struct bn_world *world, bn_time now)
{
	struct bn_w_run run;

	assert_true(bn_world_find_run(world, NULL, "transform-hourly-28f6k", NULL, now, &run));
	return run;
}

static void
count(const struct bn_world *world, bn_time now, int counts[BN_W_OMITTED + 1])
{
	struct bn_w_run run = night_run(world, now);
	struct bn_w_task *tasks;
	size_t i, n = bn_world_tasks(world, &run, &tasks);
	bn_time since;
	int tries;

	memset(counts, 0, sizeof(int) * (BN_W_OMITTED + 1));
	for (i = 0; i < n; i++)
		counts[bn_world_task_state(&tasks[i], now, &since, &tries)]++;
	free(tasks);
}

static void
i1_retry_plays_to_recovery_in_four_waves(void **state)
{
	static const struct {
		int after, ok, running;
	} looks[] = {{0, 272, 3},    {39, 274, 1},  {40, 275, 16},
		     {135, 291, 14}, {245, 305, 7}, {290, 312, 0}};
	struct bn_world *world = bn_world_new(SEED, BN_W_I1);
	struct bn_w_run run = night_run(world, AT(3, 12, 44));
	int counts[BN_W_OMITTED + 1];
	size_t i;

	(void)state;
	assert_int_equal(bn_world_run_state(&run, AT(3, 12, 44)), BN_W_FAILED);
	count(world, AT(3, 12, 44), counts);
	assert_int_equal(counts[BN_W_FAILED], 3);
	assert_int_equal(counts[BN_W_OMITTED], 37);
	assert_true(bn_world_retry(world, &run, AT(3, 13, 0)));
	/* before the act nothing is other than it was */
	run = night_run(world, AT(3, 12, 59));
	assert_int_equal(bn_world_run_state(&run, AT(3, 12, 59)), BN_W_FAILED);
	assert_int_equal(run.retries, 0);
	for (i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		bn_time now = AT(3, 13, looks[i].after);

		count(world, now, counts);
		assert_true(counts[BN_W_OK] >= looks[i].ok);
		assert_true(counts[BN_W_RUNNING] <= looks[i].running);
		assert_int_equal(counts[BN_W_FAILED] + counts[BN_W_OMITTED], 0);
	}
	run = night_run(world, AT(3, 17, 49));
	assert_int_equal(bn_world_run_state(&run, AT(3, 17, 49)), BN_W_RUNNING);
	assert_int_equal(bn_world_run_state(&run, AT(3, 17, 50)), BN_W_OK);
	assert_int_equal(run.started, AT(3, 13, 0));
	bn_world_free(world);
}

/* What is not chosen stays as it failed, and so does the run. */
static void
i1_retry_of_one_task_leaves_the_others_failed(void **state)
{
	struct bn_world *world = bn_world_new(SEED, BN_W_I1);
	struct bn_w_run run = night_run(world, AT(3, 12, 44));
	int counts[BN_W_OMITTED + 1];

	(void)state;
	assert_true(bn_world_retry_some(world, &run, AT(3, 13, 0), 1));
	count(world, AT(3, 13, 5), counts);
	assert_int_equal(counts[BN_W_RUNNING], 1);
	count(world, AT(3, 20, 0), counts);
	assert_int_equal(counts[BN_W_OK], 273);
	assert_int_equal(counts[BN_W_FAILED], 2);
	assert_int_equal(counts[BN_W_OMITTED], 37);
	run = night_run(world, AT(3, 20, 0));
	assert_int_equal(bn_world_run_state(&run, AT(3, 20, 0)), BN_W_FAILED);
	/* The rest of it, then, and it recovers. */
	assert_true(bn_world_retry(world, &run, AT(3, 21, 0)));
	run = night_run(world, AT(3, 40, 0));
	assert_int_equal(bn_world_run_state(&run, AT(3, 40, 0)), BN_W_OK);
	bn_world_free(world);
}

static void
i1_retry_before_the_cluster_is_back_fails_again(void **state)
{
	struct bn_world *world = bn_world_new(SEED, BN_W_I1);
	struct bn_w_run run = night_run(world, AT(3, 9, 0));
	int counts[BN_W_OMITTED + 1];

	(void)state;
	assert_true(bn_world_retry(world, &run, AT(3, 9, 0)));
	run = night_run(world, AT(3, 10, 0));
	assert_int_equal(bn_world_run_state(&run, AT(3, 10, 0)), BN_W_FAILED);
	count(world, AT(3, 10, 0), counts);
	assert_int_equal(counts[BN_W_FAILED], 3);
	assert_int_equal(counts[BN_W_OMITTED], 37);
	/* and a second one, when it is, goes well */
	assert_true(bn_world_retry(world, &run, AT(3, 11, 0)));
	run = night_run(world, AT(3, 16, 0));
	assert_int_equal(bn_world_run_state(&run, AT(3, 16, 0)), BN_W_OK);
	assert_int_equal(run.retries, 2);
	bn_world_free(world);
}

static void
i1_bad_sql_stays_red_whatever_is_retried(void **state)
{
	struct bn_world *world = bn_world_new(SEED, BN_W_I1_BAD_SQL);
	struct bn_w_run run = night_run(world, AT(3, 30, 0));

	(void)state;
	assert_int_equal(bn_world_run_state(&run, AT(3, 30, 0)), BN_W_FAILED);
	assert_true(bn_world_retry(world, &run, AT(3, 31, 0)));
	run = night_run(world, AT(3, 40, 0));
	assert_int_equal(bn_world_run_state(&run, AT(3, 40, 0)), BN_W_FAILED);
	bn_world_free(world);
}

static void
i1_heals_by_itself_at_the_next_run(void **state)
{
	struct bn_world *world = bn_world_new(SEED, BN_W_I1);
	const struct bn_w_pipeline *pipeline = bn_world_find_pipeline(world, "transform-hourly");
	bn_time now = AT(4, 20, 0);
	struct bn_w_run run = night_run(world, now);

	(void)state;
	assert_int_equal(bn_world_run_state(&run, now), BN_W_FAILED);
	bn_world_run_now(world, pipeline, bn_world_last_slot(pipeline, now), now, &run);
	assert_int_equal(bn_world_run_state(&run, now), BN_W_OK);
	bn_world_free(world);
}

/* Two worlds with the same acts are the same, in whatever order they are asked. */
static void
world_is_a_function_of_its_acts(void **state)
{
	struct bn_world *a = bn_world_new(SEED, BN_W_I1), *b = bn_world_new(SEED, BN_W_I1);
	struct bn_w_run run = night_run(a, AT(3, 12, 44)), made, x, y;
	int m;

	(void)state;
	assert_true(bn_world_retry(a, &run, AT(3, 13, 0)));
	assert_true(bn_world_resubmit(a, &run, AT(3, 14, 0), &made));
	assert_true(bn_world_retry(b, &run, AT(3, 13, 0)));
	for (m = 30; m >= 0; m--) { /* asked backwards, and in between */
		bn_time now = AT(3, 12, 44) + m * BN_W_MINUTE;

		x = night_run(a, now);
		y = night_run(b, now);
		assert_memory_equal(&x.started, &y.started, sizeof(x.started));
		assert_int_equal(bn_world_run_state(&x, now), bn_world_run_state(&y, now));
		if (m == 5)
			assert_true(bn_world_resubmit(b, &run, AT(3, 14, 0), &made));
	}
	assert_true(bn_world_resubmitted(a, 0, AT(3, 14, 0), &x));
	assert_true(bn_world_resubmitted(b, 0, AT(3, 14, 0), &y));
	assert_string_equal(x.name, y.name);
	assert_string_equal(x.resubmitted_from, "transform-hourly-28f6k");
	assert_false(bn_world_resubmitted(a, 0, AT(3, 13, 59), &x));
	bn_world_free(a);
	bn_world_free(b);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(i1_retry_plays_to_recovery_in_four_waves),
    cmocka_unit_test(i1_retry_of_one_task_leaves_the_others_failed),
    cmocka_unit_test(i1_retry_before_the_cluster_is_back_fails_again),
    cmocka_unit_test(i1_bad_sql_stays_red_whatever_is_retried),
    cmocka_unit_test(i1_heals_by_itself_at_the_next_run),
    cmocka_unit_test(world_is_a_function_of_its_acts),
};

BN_TEST_MAIN(tests)

/* ui_lineage_test.c - lineage as trees: order of suspicion, things met twice, rings, how each stands. */
/* SPDX-License-Identifier: MIT */
#include "ui/lineage.h"
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
sources(struct world *w)
{
	world_source(w, ARGO, "argo-workflows", 15000);
	world_source(w, "web", "http", 15000);
}

/* "name" or "name^" (again), two blanks a depth, a line each. */
static char *
drawn(const struct bn_lineage_line *lines, size_t count)
{
	struct bn_buf text = BN_BUF_INIT(10000);
	size_t i;

	for (i = 0; i < count; i++)
		bn_buf_addf(&text, "%*s%s%s\n", 2 * (lines[i].depth - 1), "", lines[i].name,
			    lines[i].again ? "^" : "");
	return bn_buf_take(&text);
}

static void
read_it(struct world *w, struct bn_ref about, struct bn_arena *arena, struct bn_lineage *out)
{
	bn_reader_set_now(w->reader, NOW);
	assert_ok(bn_lineage_read(w->reader, about, arena, out, &w->err), &w->err);
}

#define assert_drawn(lines, count, expected)                                                       \
	do {                                                                                       \
		char *drawn_ = drawn(lines, count);                                                \
		assert_string_equal(drawn_, expected);                                             \
		free(drawn_);                                                                      \
	} while (0)

static void
lineage_thing_met_twice_is_unfolded_once(void **state)
{
	struct world *w = *state;
	struct bn_arena *arena = bn_arena_new();
	struct bn_lineage lineage;

	sources(w);
	world_pipeline(w, ARGO, "a");
	world_pipeline(w, ARGO, "b");
	world_pipeline(w, ARGO, "c");
	world_link(w, pipeline("a"), pipeline("b"));
	world_link(w, pipeline("a"), pipeline("c"));
	world_link(w, pipeline("b"), pipeline("c"));
	world_link(w, pipeline("c"), endpoint("e"));
	read_it(w, pipeline("a"), arena, &lineage);
	assert_drawn(lineage.down, lineage.downs, "b\n  c^\nc\n  e\n");
	assert_int_equal(lineage.ups, 0);
	assert_false(lineage.cut);
	assert_false(lineage.down[3].known); /* no source tells of that endpoint */
	assert_true(lineage.down[2].parent);
	assert_true(lineage.down[2].last);
	assert_false(lineage.down[0].last);
	bn_arena_free(arena);
}

static void
lineage_ring_ends_by_itself(void **state)
{
	struct world *w = *state;
	struct bn_arena *arena = bn_arena_new();
	struct bn_lineage lineage;

	sources(w);
	world_pipeline(w, ARGO, "a");
	world_pipeline(w, ARGO, "b");
	world_link(w, pipeline("a"), pipeline("b"));
	world_link(w, pipeline("b"), pipeline("a"));
	world_link(w, pipeline("b"), pipeline("b"));
	read_it(w, pipeline("a"), arena, &lineage);
	assert_drawn(lineage.down, lineage.downs, "b\n  b^\n");
	assert_drawn(lineage.up, lineage.ups, "b\n  b^\n");
	bn_arena_free(arena);
}

/* What feeds a thing: first the branch behind which something went wrong or changed last, however far up. */
static void
lineage_suspects_come_first(void **state)
{
	struct world *w = *state;
	struct bn_arena *arena = bn_arena_new();
	struct bn_lineage lineage;

	sources(w);
	world_pipeline(w, ARGO, "calm");
	world_pipeline(w, ARGO, "between");
	world_pipeline(w, ARGO, "far");
	world_pipeline(w, ARGO, "older");
	world_endpoint(w, "web", "e", BN_HEALTHY, 200, NOW - DAYS(1));
	world_run(w, ARGO,
		  &(struct world_run){.pipeline = "far",
				      .key = "far-run",
				      .status = BN_FAILED,
				      .started = NOW - MINUTES(9),
				      .finished = NOW - MINUTES(8)});
	world_run(w, ARGO,
		  &(struct world_run){.pipeline = "older",
				      .key = "older-run",
				      .status = BN_FAILED,
				      .started = NOW - HOURS(9),
				      .finished = NOW - HOURS(8)});
	world_link(w, pipeline("calm"), endpoint("e"));
	world_link(w, pipeline("older"), endpoint("e"));
	world_link(w, pipeline("between"), endpoint("e"));
	world_link(w, pipeline("far"), pipeline("between"));
	read_it(w, endpoint("e"), arena, &lineage);
	assert_drawn(lineage.up, lineage.ups, "between\n  far\nolder\ncalm\n");
	/* A pipeline stands as its latest run does, since that ended. */
	assert_int_equal(lineage.up[1].status, BN_FAILED);
	assert_true(lineage.up[1].since == NOW - MINUTES(8));
	bn_arena_free(arena);
}

static void
lineage_run_stands_for_its_pipeline(void **state)
{
	struct world *w = *state;
	struct bn_arena *arena = bn_arena_new();
	struct bn_lineage lineage;

	sources(w);
	world_pipeline(w, ARGO, "a");
	world_run(w, ARGO,
		  &(struct world_run){.pipeline = "a",
				      .key = "a-1",
				      .status = BN_SUCCEEDED,
				      .started = NOW - MINUTES(9),
				      .finished = NOW - MINUTES(8)});
	world_link(w, pipeline("a"), endpoint("e"));
	read_it(w, (struct bn_ref){BN_RUN, ARGO, "a-1"}, arena, &lineage);
	assert_drawn(lineage.down, lineage.downs, "e\n");
	bn_arena_free(arena);
}

/* However wide it is: bounded, and said so. */
static void
lineage_is_bounded(void **state)
{
	struct world *w = *state;
	struct bn_arena *arena = bn_arena_new();
	struct bn_lineage lineage;
	char key[32];
	int i;

	sources(w);
	for (i = 0; i < BN_LINEAGE_MOST + 100; i++) {
		snprintf(key, sizeof(key), "e%d", i);
		world_link(w, pipeline("a"), endpoint(key));
	}
	read_it(w, pipeline("a"), arena, &lineage);
	assert_true(lineage.downs <= BN_LINEAGE_MOST);
	assert_true(lineage.downs >= BN_LINEAGE_MOST - 1);
	assert_true(lineage.cut);
	bn_arena_free(arena);
}

#define world_test(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
static const struct CMUnitTest tests[] = {
    world_test(lineage_thing_met_twice_is_unfolded_once),
    world_test(lineage_ring_ends_by_itself),
    world_test(lineage_suspects_come_first),
    world_test(lineage_run_stands_for_its_pipeline),
    world_test(lineage_is_bounded),
};
BN_TEST_MAIN(tests)

/* ui_list_test.c - the list and the tree over rows of a real store: identity, order, columns, folding. */
/* SPDX-License-Identifier: MIT */
#include "ui_paper.h"

#include "ui/widget/list.h"
#include "ui/widget/tree.h"
#include "world.h"

static struct bn_rows *
rows_of(struct world *w, const char *table, const char *const *columns, struct bn_ref scope,
	const char *sort)
{
	struct bn_query query = {
	    .table = bn_view_table(table), .columns = columns, .scope = scope, .sort = sort};
	struct bn_rows *rows = NULL;

	assert_ok(bn_view_query(w->reader, &query, &rows, &w->err), &w->err);
	return rows;
}

static struct bn_rows *
pipelines(struct world *w)
{
	return rows_of(w, "pipelines", NULL, (struct bn_ref){0}, NULL);
}

static void
one_run(struct world *w, const char *pipeline, const char *key, enum bn_status status)
{
	world_run(w, "argo",
		  &(struct world_run){.pipeline = pipeline,
				      .key = key,
				      .status = status,
				      .started = NOW - MINUTES(5),
				      .finished = NOW - MINUTES(3),
				      .message = NULL});
}

/* a, b and c, all well. */
static void
three(struct world *w)
{
	world_source(w, "argo", "argo-workflows", 15000);
	world_pipeline(w, "argo", "a");
	world_pipeline(w, "argo", "b");
	world_pipeline(w, "argo", "c");
	one_run(w, "a", "a-1", BN_SUCCEEDED);
	one_run(w, "b", "b-1", BN_SUCCEEDED);
	one_run(w, "c", "c-1", BN_SUCCEEDED);
}

static const char *
selected(const struct bn_list *list)
{
	size_t row;

	return bn_list_selected(list, &row) ? bn_rows_ref(bn_list_rows(list), row).key : "";
}

static const char *
key_at(const struct bn_list *list, size_t place)
{
	return bn_rows_ref(bn_list_rows(list), bn_list_row_at(list, place)).key;
}

static void
list_order_never_jumps_while_held(void **state)
{
	struct world *w = *state;
	struct bn_list *list = bn_list_new(NULL);

	three(w);
	bn_list_set(list, pipelines(w), false);
	bn_list_act(list, BN_ACT_DOWN);
	assert_string_equal(selected(list), "b");
	one_run(w, "c", "c-2", BN_FAILED); /* the query now puts c first */
	bn_list_set(list, pipelines(w), true);
	assert_string_equal(key_at(list, 0), "a");
	assert_string_equal(key_at(list, 2), "c");
	assert_string_equal(selected(list), "b");
	bn_list_set(list, pipelines(w), false);
	assert_string_equal(key_at(list, 0), "c");
	assert_string_equal(selected(list), "b"); /* the same thing, wherever it stands now */
	bn_list_free(list);
}

/* Whoever did something to the thing under an untouched cursor goes on to mean that thing. */
static void
list_cursor_stays_with_what_was_meant(void **state)
{
	struct world *w = *state;
	struct bn_list *list = bn_list_new(NULL);

	three(w);
	bn_list_stay(list); /* nothing is there that could be meant */
	assert_false(bn_list_put(list));
	bn_list_set(list, pipelines(w), false);
	assert_string_equal(selected(list), "a");
	bn_list_stay(list);
	assert_true(bn_list_put(list));
	one_run(w, "c", "c-2", BN_FAILED);
	bn_list_set(list, pipelines(w), false);
	assert_string_equal(key_at(list, 0), "c");
	assert_string_equal(selected(list), "a");
	bn_list_free(list);
}

static void
list_untouched_cursor_stays_on_the_worst(void **state)
{
	struct world *w = *state;
	struct bn_list *list = bn_list_new(NULL);

	three(w);
	bn_list_set(list, pipelines(w), false);
	one_run(w, "c", "c-2", BN_FAILED);
	bn_list_set(list, pipelines(w), true);
	assert_string_equal(selected(list), "c");
	bn_list_free(list);
}

static void
list_marks_stay_with_their_things(void **state)
{
	struct world *w = *state;
	struct bn_list *list = bn_list_new(NULL);
	size_t row;

	three(w);
	bn_list_set(list, pipelines(w), false);
	bn_list_act(list, BN_ACT_MARK); /* a, and on to b */
	assert_string_equal(selected(list), "b");
	one_run(w, "c", "c-2", BN_FAILED);
	bn_list_set(list, pipelines(w), false);
	assert_int_equal(bn_list_marked(list), 1);
	for (row = 0; row < 3; row++)
		assert_int_equal(bn_list_is_marked(list, row),
				 strcmp(bn_rows_ref(bn_list_rows(list), row).key, "a") == 0);
	bn_list_act(list, BN_ACT_BOTTOM);
	bn_list_act(list, BN_ACT_RANGE);
	assert_true(bn_list_marked(list) >= 2);
	bn_list_act(list, BN_ACT_MARK_ALL);
	assert_int_equal(bn_list_marked(list), 3);
	bn_list_act(list, BN_ACT_UNMARK);
	assert_int_equal(bn_list_marked(list), 0);
	bn_list_free(list);
}

static void
list_selects_a_thing_as_soon_as_it_comes(void **state)
{
	struct world *w = *state;
	struct bn_list *list = bn_list_new(NULL);

	three(w);
	bn_list_set(list, pipelines(w), false);
	bn_list_select(list, (struct bn_ref){BN_PIPELINE, "argo", "d"});
	assert_string_equal(selected(list), "a");
	world_pipeline(w, "argo", "d");
	bn_list_set(list, pipelines(w), false);
	assert_string_equal(selected(list), "d");
	bn_list_free(list);
}

static void
list_narrow_screen_keeps_what_matters(void **state)
{
	struct world *w = *state;
	struct bn_list *list = bn_list_new(NULL);
	struct bn_list_look look = {
	    .style = {.now = NOW}, .header = true, .cursor = true, .margin = true};
	struct paper paper;

	paper_open(&paper, 10, 130, false);
	three(w);
	bn_list_set(list, pipelines(w), false);
	look.level = 2;
	bn_list_draw(list, &paper.pen, (struct bn_rect){0, 0, 10, 130}, &look);
	assert_row_has(0, "P95");
	look.level = 0;
	bn_list_draw(list, &paper.pen, (struct bn_rect){0, 0, 10, 44}, &look);
	assert_row_has(0, "PIPELINE");
	assert_row_has(1, "● a");
	assert_row_has(1, "03:07");
	bn_list_free(list);
	paper_close(&paper);
}

static void
list_hostile_name_can_not_leave_its_row(void **state)
{
	struct world *w = *state;
	struct bn_list *list = bn_list_new(NULL);
	struct bn_list_look look = {.style = {.now = NOW}, .cursor = true, .margin = true};
	struct paper paper;

	paper_open(&paper, 6, 60, false);
	world_source(w, "argo", "argo-workflows", 15000);
	world_pipeline(w, "argo",
		       "x\033[2J\r\n\xe2\x80\xae"
		       "forged");
	bn_list_set(list, pipelines(w), false);
	bn_list_draw(list, &paper.pen, (struct bn_rect){0, 0, 6, 60}, &look);
	assert_row_has(0, "x^[[2J^M^J<U+202E>");
	assert_row(1, "");
	bn_list_free(list);
	paper_close(&paper);
}

static void
list_sorts_by_the_columns_shown(void **state)
{
	struct world *w = *state;
	struct bn_list *list = bn_list_new(NULL);
	struct bn_list_look look = {.style = {.now = NOW}, .header = true};
	struct paper paper;

	paper_open(&paper, 6, 60, false);
	three(w);
	bn_list_set(list, pipelines(w), false);
	bn_list_draw(list, &paper.pen, (struct bn_rect){0, 0, 6, 60}, &look);
	assert_null(bn_list_sort(list));
	bn_list_sort_act(list, BN_ACT_SORT_RIGHT);
	bn_list_sort_act(list, BN_ACT_SORT_RIGHT);
	assert_string_equal(bn_list_sort(list), "pipeline");
	bn_list_sort_act(list, BN_ACT_SORT);
	assert_string_equal(bn_list_sort(list), "-pipeline");
	bn_list_sort_act(list, BN_ACT_SORT_LEFT);
	bn_list_sort_act(list, BN_ACT_SORT_LEFT);
	assert_null(bn_list_sort(list)); /* past the end: the table's own order */
	bn_list_free(list);
	paper_close(&paper);
}

/* ---- the tree ---------------------------------------------------------------------------- */

static const char *const task_columns[] = {"status",
					   "task",
					   "depth",
					   "parent",
					   "key",
					   "children",
					   "children_failed",
					   "children_skipped",
					   "children_done",
					   "children_running",
					   NULL};

static void
add_task(struct bn_batch *batch, const char *key, const char *parent, enum bn_status status,
	 int order)
{
	bn_batch_task(batch, &(struct bn_task){.e = {.key = key, .status = status},
					       .run = "a-1",
					       .attempt = 1,
					       .try_number = 1,
					       .parent = parent,
					       .order = order});
}

/* root > bad (x failed, y ok) and > good (20 ok, 12 skipped). */
static struct bn_rows *
tasks(struct world *w)
{
	struct bn_batch *batch;
	char key[16];
	int i;

	three(w);
	batch = world_batch(w, "argo", NOW);
	add_task(batch, "root", NULL, BN_FAILED, 0);
	add_task(batch, "bad", "root", BN_FAILED, 1);
	add_task(batch, "x", "bad", BN_FAILED, 1);
	add_task(batch, "y", "bad", BN_SUCCEEDED, 0);
	add_task(batch, "good", "root", BN_SUCCEEDED, 2);
	for (i = 0; i < 32; i++) {
		snprintf(key, sizeof(key), "t%02d", i);
		add_task(batch, key, "good", i < 20 ? BN_SUCCEEDED : BN_SKIPPED, i);
	}
	world_done(w, batch);
	return rows_of(w, "tasks", task_columns, (struct bn_ref){BN_RUN, "argo", "a-1"}, NULL);
}

static const char *
tree_key(const struct bn_tree *tree, size_t place)
{
	return bn_rows_named(bn_tree_rows(tree), bn_tree_line(tree, place)->row, "key").s;
}

static void
tree_opens_trouble_and_folds_what_went_well(void **state)
{
	struct bn_tree *tree = bn_tree_new();

	bn_tree_set(tree, tasks(*state));
	assert_int_equal(bn_tree_count(tree), 5); /* root bad y x good */
	assert_string_equal(tree_key(tree, 1), "bad");
	assert_false(bn_tree_line(tree, 1)->folded);
	assert_string_equal(tree_key(tree, 4), "good");
	assert_true(bn_tree_line(tree, 4)->folded);
	assert_string_equal(tree_key(tree, bn_tree_cursor(tree)),
			    "x"); /* straight to what failed */
	bn_tree_free(tree);
}

static void
tree_of_many_alike_shows_a_few_and_says_how_many(void **state)
{
	struct bn_tree *tree = bn_tree_new();
	size_t i, skipped = 0, good = 0;

	bn_tree_set(tree, tasks(*state));
	bn_tree_act(tree, BN_ACT_BOTTOM);
	bn_tree_act(tree, BN_ACT_OPEN);
	for (i = 0; i < bn_tree_count(tree); i++) {
		const struct bn_tree_line *line = bn_tree_line(tree, i);

		if (line->more > 0 && bn_rows_status(bn_tree_rows(tree), line->row) == BN_SKIPPED)
			skipped = line->more;
		else if (line->more > 0)
			good = line->more;
	}
	assert_int_equal(good, 17); /* 20, three of them shown */
	assert_int_equal(skipped, 9);
	bn_tree_act(tree, BN_ACT_BOTTOM);
	bn_tree_act(tree, BN_ACT_OPEN); /* the line that stands for them */
	assert_int_equal(bn_tree_count(tree), 5 + 20 + 4);
	bn_tree_free(tree);
}

static void
tree_folding_outlives_new_rows(void **state)
{
	struct world *w = *state;
	struct bn_tree *tree = bn_tree_new();

	bn_tree_set(tree, tasks(w));
	bn_tree_act(tree, BN_ACT_LEFT); /* from x to bad */
	assert_string_equal(tree_key(tree, bn_tree_cursor(tree)), "bad");
	bn_tree_act(tree, BN_ACT_LEFT);
	assert_int_equal(bn_tree_count(tree), 3);
	bn_tree_set(
	    tree, rows_of(w, "tasks", task_columns, (struct bn_ref){BN_RUN, "argo", "a-1"}, NULL));
	assert_int_equal(bn_tree_count(tree), 3);
	assert_string_equal(tree_key(tree, bn_tree_cursor(tree)), "bad");
	bn_tree_act(tree, BN_ACT_RIGHT);
	assert_int_equal(bn_tree_count(tree), 5);
	bn_tree_free(tree);
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
static const struct CMUnitTest tests[] = {
    WORLD_TEST(list_order_never_jumps_while_held),
    WORLD_TEST(list_cursor_stays_with_what_was_meant),
    WORLD_TEST(list_untouched_cursor_stays_on_the_worst),
    WORLD_TEST(list_marks_stay_with_their_things),
    WORLD_TEST(list_selects_a_thing_as_soon_as_it_comes),
    WORLD_TEST(list_narrow_screen_keeps_what_matters),
    WORLD_TEST(list_hostile_name_can_not_leave_its_row),
    WORLD_TEST(list_sorts_by_the_columns_shown),
    WORLD_TEST(tree_opens_trouble_and_folds_what_went_well),
    WORLD_TEST(tree_of_many_alike_shows_a_few_and_says_how_many),
    WORLD_TEST(tree_folding_outlives_new_rows),
};
BN_TEST_MAIN(tests)

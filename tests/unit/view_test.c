/* view_test.c - the tables, their queries, values as shown, the summary, details and references. */
/* SPDX-License-Identifier: MIT */
#include "base/memory.h"
#include "view/view.h"
#include "world.h"

#define BROKEN "transform-hourly"

static struct bn_rows *
query(struct world *w, const struct bn_query *q)
{
	struct bn_rows *rows = NULL;

	assert_ok(bn_view_query(w->reader, q, &rows, &w->err), &w->err);
	assert_non_null(rows);
	return rows;
}

static const char *
named(const struct bn_rows *rows, size_t row, const char *column)
{
	struct bn_value value = bn_rows_named(rows, row, column);

	assert_int_equal(value.type, BN_VALUE_TEXT);
	return value.s;
}

static int64_t
number(const struct bn_rows *rows, size_t row, const char *column)
{
	struct bn_value value = bn_rows_named(rows, row, column);

	assert_true(value.type == BN_VALUE_INT || value.type == BN_VALUE_REAL);
	return value.type == BN_VALUE_REAL ? (int64_t)value.r : value.i;
}

/* Three pipelines: one failed, one running, one good. */
static void
build(struct world *w)
{
	world_source(w, "argo-prod", "argo-workflows", SECONDS(10));
	world_pipeline(w, "argo-prod", BROKEN);
	world_pipeline(w, "argo-prod", "ing-shop-orders");
	world_pipeline(w, "argo-prod", "ing-payments");
	world_history(w, "argo-prod", BROKEN, 11, NOW - MINUTES(7), SECONDS(365));
	world_run(w, "argo-prod",
		  &(struct world_run){.pipeline = BROKEN,
				      .key = BROKEN "-28f6k",
				      .status = BN_FAILED,
				      .started = NOW - SECONDS(460),
				      .finished = NOW - SECONDS(334),
				      .failed = 3,
				      .skipped = 37,
				      .done = 272,
				      .total = 312,
				      .message = "DRIVER_UNREACHABLE"});
	world_history(w, "argo-prod", "ing-shop-orders", 3, NOW, SECONDS(160));
	world_run(w, "argo-prod",
		  &(struct world_run){.pipeline = "ing-shop-orders",
				      .key = "ing-shop-orders-x",
				      .status = BN_RUNNING,
				      .started = NOW - SECONDS(130)});
	world_history(w, "argo-prod", "ing-payments", 3, NOW, SECONDS(100));
}

static void
tables_all_queries_run_with_every_column(void **state)
{
	struct world *w = *state;

	build(w);
	for (size_t i = 0; bn_view_tables[i] != NULL; i++) {
		const struct bn_view_table *table = bn_view_tables[i];
		const char *columns[65] = {NULL};
		struct bn_rows *rows;
		size_t n = 0;

		for (const struct bn_column *c = table->columns; c->name != NULL && n < 64; c++) {
			columns[n++] = c->name;
			assert_non_null(c->doc);
			assert_true(c->doc[0] != '\0' && c->doc[strlen(c->doc) - 1] != '.');
			assert_ptr_equal(bn_view_column(table, c->name), c);
		}
		rows = query(w, &(struct bn_query){.table = table,
						   .columns = columns,
						   .scope = {BN_PIPELINE, "argo-prod", BROKEN},
						   .sort = columns[0],
						   .problems = true,
						   .since = NOW - HOURS(24),
						   .until = NOW,
						   .limit = 10});
		assert_int_equal(bn_rows_columns(rows), n);
		bn_rows_free(rows);
		assert_ptr_equal(bn_view_table(table->name), table);
	}
	assert_null(bn_view_table("nonsense"));
}

/* What a person has just acknowledged stays under their cursor though only problems are asked for. */
static void
query_of_problems_keeps_the_one_that_is_named(void **state)
{
	struct world *w = *state;
	struct bn_query q = {.table = bn_view_table("pipelines"), .problems = true};
	struct bn_rows *rows;

	build(w);
	rows = query(w, &q);
	assert_int_equal(bn_rows_count(rows), 1);
	bn_rows_free(rows);
	q.keep = (struct bn_ref){BN_PIPELINE, "argo-prod", "ing-payments"};
	q.filter = "/./"; /* its parameters come after */
	rows = query(w, &q);
	assert_int_equal(bn_rows_count(rows), 2);
	assert_string_equal(bn_rows_ref(rows, 0).key, BROKEN);
	assert_string_equal(bn_rows_ref(rows, 1).key, "ing-payments");
	bn_rows_free(rows);
	q.keep.source = "argo-stage"; /* the same key elsewhere is another thing */
	rows = query(w, &q);
	assert_int_equal(bn_rows_count(rows), 1);
	bn_rows_free(rows);
}

/* A plain number has a unit of its own, or one that the row tells, or is one of the few quantities without any. */
static void
tables_every_number_says_what_it_counts(void **state)
{
	static const char *const pure[] = {"psi", "burn", NULL};
	/* numbers whose measure another column of the row names */
	static const char *const named[][2] = {
	    {"eval_value", "metric"}, {"eval_delta", "metric"},	 {"quality", "metric"},
	    {"kpi_value", "kpi"},     {"kpi_value", "kpi_unit"}, {"cost", "cost_unit"},
	    {"left_value", "name"},   {"right_value", "name"},	 {"value", "sli"}};
	size_t numbers = 0;

	(void)state;
	for (size_t i = 0; bn_view_tables[i] != NULL; i++)
		for (const struct bn_column *c = bn_view_tables[i]->columns; c->name != NULL; c++) {
			bool known =
			    c->unit != NULL || bn_view_column(bn_view_tables[i], "unit") != NULL;

			if (c->format != BN_FORMAT_NUMBER)
				continue;
			numbers++;
			for (size_t k = 0; pure[k] != NULL; k++)
				known |= strcmp(c->name, pure[k]) == 0;
			for (size_t k = 0; k < sizeof(named) / sizeof(named[0]); k++)
				known |= strcmp(c->name, named[k][0]) == 0 &&
					 bn_view_column(bn_view_tables[i], named[k][1]) != NULL;
			if (!known)
				fail_msg("%s.%s is a number of what?", bn_view_tables[i]->name,
					 c->name);
		}
	assert_true(numbers >= 15);
}

/* A filter and a sort over each single column must at least be valid SQL. */
static void
tables_every_column_can_be_filtered_and_sorted(void **state)
{
	struct world *w = *state;

	build(w);
	for (size_t i = 0; bn_view_tables[i] != NULL; i++) {
		for (const struct bn_column *c = bn_view_tables[i]->columns; c->name != NULL; c++) {
			char filter[128], sort[128];
			struct bn_rows *rows;

			snprintf(filter, sizeof(filter), "%s=\"\" OR %s~x OR word", c->name,
				 c->name);
			snprintf(sort, sizeof(sort), "-%s,%s", c->name, c->name);
			rows = query(w, &(struct bn_query){.table = bn_view_tables[i],
							   .filter = filter,
							   .sort = sort});
			bn_rows_free(rows);
		}
	}
}

static void
pipelines_show_the_latest_run_worst_first(void **state)
{
	static const char *const columns[] = {"pipeline", "history", "duration", "failed",
					      "skipped",  "p50",     "next",	 "rows",
					      "run",	  NULL};
	struct world *w = *state;
	struct bn_rows *rows;

	build(w);
	rows =
	    query(w, &(struct bn_query){.table = bn_view_table("pipelines"), .columns = columns});
	assert_int_equal(bn_rows_count(rows), 3);
	assert_int_equal(bn_rows_total(rows), 3);
	assert_string_equal(named(rows, 0, "pipeline"), BROKEN);
	assert_int_equal(bn_rows_status(rows, 0), BN_FAILED);
	assert_string_equal(named(rows, 0, "history"), "333333333334");
	assert_int_equal(number(rows, 0, "duration"), SECONDS(126));
	assert_int_equal(number(rows, 0, "failed"), 3);
	assert_int_equal(number(rows, 0, "skipped"), 37);
	assert_int_equal(number(rows, 0, "p50"), SECONDS(365));
	assert_int_equal(number(rows, 0, "next"), NOW + MINUTES(52));
	assert_string_equal(named(rows, 0, "run"), BROKEN "-28f6k");
	assert_int_equal(bn_rows_named(rows, 0, "rows").type, BN_VALUE_NULL);
	assert_string_equal(named(rows, 1, "pipeline"), "ing-shop-orders");
	assert_int_equal(bn_rows_status(rows, 1), BN_RUNNING);
	assert_int_equal(number(rows, 1, "duration"), SECONDS(130));
	assert_string_equal(named(rows, 2, "pipeline"), "ing-payments");
	assert_int_equal(bn_rows_status(rows, 2), BN_SUCCEEDED);
	assert_int_equal(bn_rows_ref(rows, 2).kind, BN_PIPELINE);
	assert_string_equal(bn_rows_ref(rows, 2).source, "argo-prod");
	assert_string_equal(bn_rows_ref(rows, 2).key, "ing-payments");
	bn_rows_free(rows);
}

static void
pipelines_limit_and_offset_keep_the_total(void **state)
{
	struct world *w = *state;
	struct bn_rows *rows;

	build(w);
	rows = query(
	    w, &(struct bn_query){.table = bn_view_table("pipelines"), .limit = 1, .offset = 1});
	assert_int_equal(bn_rows_count(rows), 1);
	assert_int_equal(bn_rows_total(rows), 3);
	assert_string_equal(named(rows, 0, "pipeline"), "ing-shop-orders");
	bn_rows_free(rows);
}

static void
pipelines_problems_only_are_what_failed_or_is_unknown(void **state)
{
	struct world *w = *state;
	struct bn_rows *rows;

	build(w);
	rows = query(w, &(struct bn_query){.table = bn_view_table("pipelines"), .problems = true});
	assert_int_equal(bn_rows_count(rows), 1);
	assert_string_equal(named(rows, 0, "pipeline"), BROKEN);
	bn_rows_free(rows);
}

static void
dead_source_makes_everything_of_it_unknown(void **state)
{
	struct world *w = *state;
	struct bn_summary summary;
	struct bn_rows *rows;

	build(w);
	world_at(w, NOW + MINUTES(5));
	world_fail(w, "argo-prod", BN_EAUTH, 401, NOW + MINUTES(5) - SECONDS(16));
	rows = query(w, &(struct bn_query){.table = bn_view_table("pipelines")});
	assert_int_equal(bn_rows_count(rows), 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(bn_rows_status(rows, i), BN_UNKNOWN);
		assert_true(bn_rows_stale(rows, i));
	}
	bn_rows_free(rows);
	rows = query(
	    w, &(struct bn_query){.table = bn_view_table("pipelines"), .filter = "status:fine"});
	assert_int_equal(bn_rows_count(rows), 0);
	bn_rows_free(rows);
	assert_ok(bn_view_summary(w->reader, &summary, &w->err), &w->err);
	assert_int_equal(summary.sources, 1);
	assert_int_equal(summary.sources_ok, 0);
	assert_int_equal(summary.unknown, 4); /* three pipelines and the run in flight */
	assert_int_equal(summary.running, 0);
	assert_true(summary.stale);
	rows = query(w, &(struct bn_query){.table = bn_view_table("sources")});
	assert_int_equal(bn_rows_status(rows, 0), BN_DOWN);
	assert_true(bn_rows_stale(rows, 0));
	bn_rows_free(rows);
}

static void
summary_counts_what_runs_and_what_answers(void **state)
{
	struct world *w = *state;
	struct bn_summary summary;

	build(w);
	assert_ok(bn_view_summary(w->reader, &summary, &w->err), &w->err);
	assert_int_equal(summary.running, 1);
	assert_int_equal(summary.unknown, 0);
	assert_int_equal(summary.sources, 1);
	assert_int_equal(summary.sources_ok, 1);
	assert_int_equal(summary.newest, NOW);
	assert_false(summary.stale);
}

static void
runs_keep_how_they_ended_when_their_source_dies(void **state)
{
	struct world *w = *state;
	struct bn_rows *rows;

	build(w);
	world_at(w, NOW + HOURS(1));
	rows = query(w, &(struct bn_query){.table = bn_view_table("runs"),
					   .scope = {BN_PIPELINE, NULL, BROKEN}});
	assert_int_equal(bn_rows_count(rows), 12);
	assert_int_equal(bn_rows_status(rows, 0), BN_FAILED);
	assert_false(bn_rows_stale(rows, 0));
	bn_rows_free(rows);
	rows = query(w, &(struct bn_query){.table = bn_view_table("runs"),
					   .filter = "run=ing-shop-orders-x"});
	assert_int_equal(bn_rows_count(rows), 1);
	assert_int_equal(bn_rows_status(rows, 0), BN_UNKNOWN);
	bn_rows_free(rows);
}

static void
scope_of_a_table_s_own_kind_is_one_row(void **state)
{
	struct world *w = *state;
	struct bn_rows *rows;

	build(w);
	world_source(w, "other", "argo-workflows", SECONDS(10));
	world_pipeline(w, "other", BROKEN);
	rows = query(w, &(struct bn_query){.table = bn_view_table("pipelines"),
					   .scope = {BN_PIPELINE, "other", BROKEN}});
	assert_int_equal(bn_rows_count(rows), 1);
	assert_string_equal(bn_rows_ref(rows, 0).source, "other");
	bn_rows_free(rows);
	rows = query(w, &(struct bn_query){.table = bn_view_table("pipelines"),
					   .scope = {BN_PIPELINE, NULL, BROKEN}});
	assert_int_equal(bn_rows_count(rows), 2);
	bn_rows_free(rows);
	rows = query(w, &(struct bn_query){.table = bn_view_table("runs"),
					   .scope = {BN_RUN, NULL, BROKEN "-28f6k"},
					   .limit = 5});
	assert_int_equal(bn_rows_count(rows), 1);
	assert_int_equal(bn_rows_total(rows), 1);
	bn_rows_free(rows);
	rows = query(w, &(struct bn_query){.table = bn_view_table("sources"),
					   .scope = {BN_SOURCE, NULL, "other"}});
	assert_int_equal(bn_rows_count(rows), 1);
	bn_rows_free(rows);
}

static void
moving_shows_how_far_a_run_should_be(void **state)
{
	struct world *w = *state;
	struct bn_rows *rows;

	build(w);
	rows = query(w, &(struct bn_query){.table = bn_view_table("moving")});
	assert_int_equal(bn_rows_count(rows), 1);
	assert_string_equal(named(rows, 0, "pipeline"), "ing-shop-orders");
	assert_int_equal(number(rows, 0, "elapsed"), SECONDS(130));
	assert_int_equal(number(rows, 0, "typical"), SECONDS(160));
	assert_int_equal(number(rows, 0, "share"), 81); /* 130 of 160 */
	bn_rows_free(rows);
}

static void
add_task(struct bn_batch *batch, const char *key, const char *parent, enum bn_status status,
	 int order)
{
	bn_batch_task(batch, &(struct bn_task){.e = {.key = key, .status = status},
					       .run = BROKEN "-28f6k",
					       .parent = parent,
					       .order = order,
					       .try_number = 1});
}

static void
tasks_come_in_the_order_of_their_tree(void **state)
{
	static const char *const wanted[] = {"root",	     "b-staging", "stg_orders",
					     "stg_payments", "a-marts",	  NULL};
	static const int depths[] = {0, 1, 2, 2, 1};
	static const char *const columns[] = {"task", "depth", "children", "children_failed", NULL};
	struct world *w = *state;
	struct bn_batch *batch;
	struct bn_rows *rows;

	build(w);
	batch = world_batch(w, "argo-prod", NOW);
	add_task(batch, "stg_payments", "b-staging", BN_FAILED, 2);
	add_task(batch, "a-marts", "root", BN_SKIPPED, 2);
	add_task(batch, "stg_orders", "b-staging", BN_SUCCEEDED, 1);
	add_task(batch, "b-staging", "root", BN_FAILED, 1);
	add_task(batch, "root", NULL, BN_FAILED, 0);
	world_done(w, batch);
	rows = query(w, &(struct bn_query){.table = bn_view_table("tasks"),
					   .columns = columns,
					   .scope = {BN_RUN, "argo-prod", BROKEN "-28f6k"}});
	assert_int_equal(bn_rows_count(rows), 5);
	for (size_t i = 0; wanted[i] != NULL; i++) {
		assert_string_equal(named(rows, i, "task"), wanted[i]);
		assert_int_equal(number(rows, i, "depth"), depths[i]);
	}
	assert_int_equal(number(rows, 1, "children"), 2);
	assert_int_equal(number(rows, 1, "children_failed"), 1);
	assert_string_equal(bn_rows_ref(rows, 3).key, BROKEN "-28f6k/stg_payments");
	bn_rows_free(rows);
}

static void
tasks_in_a_ring_of_parents_are_all_listed(void **state)
{
	struct world *w = *state;
	struct bn_batch *batch;
	struct bn_rows *rows;

	build(w);
	batch = world_batch(w, "argo-prod", NOW);
	add_task(batch, "a", "b", BN_FAILED, 0);
	add_task(batch, "b", "a", BN_FAILED, 0);
	add_task(batch, "self", "self", BN_FAILED, 0);
	add_task(batch, "orphan", "nowhere", BN_FAILED, 0);
	world_done(w, batch);
	rows = query(w, &(struct bn_query){.table = bn_view_table("tasks"),
					   .scope = {BN_RUN, "argo-prod", BROKEN "-28f6k"}});
	assert_int_equal(bn_rows_count(rows), 4);
	bn_rows_free(rows);
}

static void
endpoints_take_percentiles_from_our_own_probes(void **state)
{
	static const char *const columns[] = {"endpoint", "state", "p50",   "p95", "p99",
					      "errors",	  "rps",   "spark", NULL};
	struct world *w = *state;
	struct bn_ref self = {BN_ENDPOINT, "web", "quote"};
	struct bn_batch *batch;
	struct bn_rows *rows;
	const char *spark;
	int commas = 0, holes = 0;

	world_source(w, "web", "http", SECONDS(15));
	world_endpoint(w, "web", "quote", BN_HEALTHY, 200, NOW - HOURS(1));
	world_endpoint(w, "web", "silent", BN_HEALTHY, 200, NOW - HOURS(1));
	batch = world_batch(w, "web", NOW);
	for (int i = 1; i <= 100; i++) {
		bn_batch_point(batch, self, "total", NOW - SECONDS(i * 15), i);
		bn_batch_point(batch, self, "up", NOW - SECONDS(i * 15), i <= 5 ? 0 : 1);
	}
	world_done(w, batch);
	rows = query(w, &(struct bn_query){.table = bn_view_table("endpoints"),
					   .columns = columns,
					   .sort = "endpoint"});
	assert_int_equal(bn_rows_count(rows), 2);
	assert_int_equal(number(rows, 0, "p50"), 50000); /* µs */
	assert_int_equal(number(rows, 0, "p95"), 95000);
	assert_int_equal(number(rows, 0, "p99"), 99000);
	assert_int_equal(number(rows, 0, "errors"), 5);
	assert_string_equal(named(rows, 0, "state"), "200");
	spark = named(rows, 0, "spark");
	/* Sixty buckets; the newest 26 were measured, the others are holes and not zeroes. */
	assert_memory_equal(spark, "[null,null,", 11);
	for (const char *c = spark; *c != '\0'; c++) {
		commas += *c == ',';
		holes += *c == 'n';
	}
	assert_int_equal(commas, 59);
	assert_int_equal(holes, 34);
	assert_int_equal(bn_rows_named(rows, 0, "rps").type, BN_VALUE_NULL);
	assert_int_equal(bn_rows_named(rows, 1, "p99").type, BN_VALUE_NULL);
	assert_int_equal(bn_rows_named(rows, 1, "errors").type, BN_VALUE_NULL);
	assert_int_equal(bn_rows_named(rows, 1, "spark").type, BN_VALUE_NULL);
	bn_rows_free(rows);
}

static void
endpoints_believe_the_platform_s_own_measures_first(void **state)
{
	struct world *w = *state;
	struct bn_ref self = {BN_ENDPOINT, "web", "quote"};
	struct bn_batch *batch;
	struct bn_rows *rows;

	world_source(w, "web", "http", SECONDS(15));
	world_endpoint(w, "web", "quote", BN_HEALTHY, 200, NOW - HOURS(1));
	batch = world_batch(w, "web", NOW);
	bn_batch_point(batch, self, "total", NOW - SECONDS(15), 3);
	bn_batch_measure(batch, self, "p99", 58, "ms", NOW);
	bn_batch_measure(batch, self, "rps", 41, "1/s", NOW);
	world_done(w, batch);
	rows = query(w, &(struct bn_query){.table = bn_view_table("endpoints")});
	assert_int_equal(number(rows, 0, "p99"), 58000);
	assert_int_equal(number(rows, 0, "p50"), 3000);
	assert_int_equal(number(rows, 0, "rps"), 41);
	bn_rows_free(rows);
}

static void
sources_count_calls_errors_and_things(void **state)
{
	struct world *w = *state;
	struct bn_call_record calls[20];
	struct bn_rows *rows;
	int64_t id;

	build(w);
	id = world_source(w, "argo-prod", "argo-workflows", SECONDS(10));
	for (int i = 0; i < 20; i++)
		calls[i] = (struct bn_call_record){.at = NOW - MINUTES(i + 1),
						   .took = 10 * (i + 1),
						   .what = "GET /x",
						   .http_status = i == 3 ? 500 : 200,
						   .bytes = 4096,
						   .error = i == 3 ? "HTTP 500" : NULL};
	assert_ok(bn_writer_calls(w->writer, id, calls, 20, &w->err), &w->err);
	rows = query(w, &(struct bn_query){.table = bn_view_table("sources")});
	assert_int_equal(bn_rows_status(rows, 0), BN_HEALTHY);
	assert_int_equal(number(rows, 0, "calls"), 20);
	assert_int_equal(number(rows, 0, "errors"), 1);
	assert_int_equal(number(rows, 0, "p50"), 110); /* of the 19 that were answered */
	assert_int_equal(number(rows, 0, "entities"), 3);
	assert_int_equal(number(rows, 0, "last_ok"), 0);
	bn_rows_free(rows);
	rows = query(w, &(struct bn_query){.table = bn_view_table("calls"),
					   .scope = {BN_SOURCE, NULL, "argo-prod"},
					   .problems = true});
	assert_int_equal(bn_rows_count(rows), 1);
	assert_string_equal(named(rows, 0, "error"), "HTTP 500");
	bn_rows_free(rows);
}

static void
query_hostile_words_in_sort_and_columns_are_errors(void **state)
{
	static const char *const bad[] = {"name; DROP TABLE entity",
					  "1",
					  "pipeline)",
					  "status DESC",
					  "'",
					  "rowid",
					  "pipeline,-",
					  NULL};
	struct world *w = *state;
	struct bn_rows *rows = NULL;

	build(w);
	for (size_t i = 0; bad[i] != NULL; i++) {
		const char *columns[] = {bad[i], NULL};

		assert_fails_with(
		    BN_EINVAL, bn_view_query(w->reader,
					     &(struct bn_query){.table = bn_view_table("pipelines"),
								.sort = bad[i]},
					     &rows, &w->err));
		assert_null(rows);
		assert_fails_with(
		    BN_EINVAL, bn_view_query(w->reader,
					     &(struct bn_query){.table = bn_view_table("pipelines"),
								.columns = columns},
					     &rows, &w->err));
	}
	assert_fails_with(BN_EINVAL,
			  bn_view_query(w->reader,
					&(struct bn_query){.table = bn_view_table("pipelines"),
							   .sort = "-duratoin"},
					&rows, &w->err));
	assert_non_null(strstr(w->err.hint, "duration"));
}

static const struct bn_style plain = {.zone = NULL, .ascii = false, .now = NOW};

static char *
shown(enum bn_format format, struct bn_value value, size_t width)
{
	struct bn_column column = {.name = "x", .format = format, .width = 1};
	struct bn_buf out = BN_BUF_INIT(0);

	bn_view_show(&out, &column, value, &plain, width);
	return out.data != NULL ? bn_buf_take(&out) : bn_xstrdup("");
}

static void
assert_shown(enum bn_format format, struct bn_value value, size_t width, const char *wanted)
{
	char *text = shown(format, value, width);

	assert_string_equal(text, wanted);
	free(text);
}

#define INT(n)	((struct bn_value){.type = BN_VALUE_INT, .i = (n)})
#define REAL(n) ((struct bn_value){.type = BN_VALUE_REAL, .r = (n)})
#define TEXT(t) ((struct bn_value){.type = BN_VALUE_TEXT, .s = (t)})
#define NONE	((struct bn_value){.type = BN_VALUE_NULL})

static void
show_values_as_a_person_reads_them(void **state)
{
	(void)state;
	assert_shown(BN_FORMAT_TIME, INT(NOW - MINUTES(5)), 0, "03:07");
	assert_shown(BN_FORMAT_TIME, INT(NOW - DAYS(3)), 0, "03-07");
	assert_shown(BN_FORMAT_TIME, INT(NOW - DAYS(400)), 0, "2025-02-03");
	assert_shown(BN_FORMAT_UNTIL, INT(NOW + MINUTES(53)), 0, "04:05");
	assert_shown(BN_FORMAT_AGE, INT(SECONDS(334)), 0, "5m34s");
	assert_shown(BN_FORMAT_DURATION, INT(SECONDS(-90)), 0, "-1m30s");
	assert_shown(BN_FORMAT_INT, INT(312), 0, "312");
	assert_shown(BN_FORMAT_INT, INT(41200), 0, "41.2k");
	assert_shown(BN_FORMAT_INT, INT(1100000), 0, "1.1M");
	assert_shown(BN_FORMAT_MILLIS, INT(58400), 0, "58");
	assert_shown(BN_FORMAT_MILLIS, INT(400), 0, "0.4");
	assert_shown(BN_FORMAT_MILLIS, INT(12500000), 0, "12.5s");
	assert_shown(BN_FORMAT_PERCENT, REAL(0.02), 0, "0.02");
	assert_shown(BN_FORMAT_BYTES, INT(31744), 0, "31.0kB");
	assert_shown(BN_FORMAT_BOOL, INT(1), 0, "yes");
	assert_shown(BN_FORMAT_STATUS, INT(BN_FAILED), 0, "✗");
	assert_shown(BN_FORMAT_HISTORY, TEXT("3342"), 0, "●●✗◐");
	assert_shown(BN_FORMAT_HISTORY, TEXT("3342"), 2, "✗◐");
	assert_shown(BN_FORMAT_SPARK, TEXT("[0,null,4,8]"), 0, "▁ ▃▆");
	assert_shown(BN_FORMAT_SPARK, TEXT("[10,10,10,90]"), 0, "▁▁▁█");
	assert_shown(BN_FORMAT_SPARK, TEXT("[10,11,10]"), 0, "▃▃▃");
	assert_shown(BN_FORMAT_SPARK, TEXT("not json"), 0, "");
	assert_shown(BN_FORMAT_INT, NONE, 0, "");
	assert_string_equal(bn_view_absent(&plain), "–");
}

static void
show_hostile_text_is_made_visible(void **state)
{
	char *text;

	(void)state;
	text = shown(BN_FORMAT_TEXT, TEXT("\x1b]0;x\x07 a\nb\u202e"), 0);
	for (const char *c = text; *c != '\0'; c++)
		assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
	assert_non_null(strstr(text, "<U+202E>"));
	free(text);
}

static void
assert_json(enum bn_format format, const char *unit, struct bn_value value, const char *wanted)
{
	struct bn_column column = {.name = "x", .format = format, .unit = unit};
	struct bn_buf out = BN_BUF_INIT(0);

	bn_view_json(&out, &column, value);
	assert_string_equal(bn_buf_text(&out), wanted);
	bn_buf_free(&out);
}

static void
json_values_follow_the_contract(void **state)
{
	(void)state;
	assert_json(BN_FORMAT_INT, NULL, NONE, "null");
	assert_json(BN_FORMAT_TIME, NULL, INT(NOW), "\"2026-03-10T03:12:44Z\"");
	assert_json(BN_FORMAT_DURATION, "s", INT(SECONDS(126)), "126");
	assert_json(BN_FORMAT_DURATION, "ms", INT(126), "126");
	assert_json(BN_FORMAT_AGE, "s", INT(SECONDS(334)), "334");
	assert_json(BN_FORMAT_MILLIS, "ms", INT(58400), "58.4");
	assert_json(BN_FORMAT_STATUS, NULL, INT(BN_UNKNOWN), "\"unknown\"");
	assert_json(BN_FORMAT_BOOL, NULL, INT(0), "false");
	assert_json(BN_FORMAT_HISTORY, NULL, TEXT("34"), "[\"succeeded\",\"failed\"]");
	assert_json(BN_FORMAT_SPARK, NULL, TEXT("[1,null]"), "[1,null]");
	assert_json(BN_FORMAT_JSON, NULL, TEXT("{\"a\": broken"), "null");
	assert_json(BN_FORMAT_TEXT, NULL, TEXT("a\"b"), "\"a\\\"b\"");
	assert_json(BN_FORMAT_NUMBER, NULL, REAL(0.0 / 0.0), "null");
}

static void
resolve_finds_by_key_name_and_prefix(void **state)
{
	struct world *w = *state;
	struct bn_arena *arena = bn_arena_new();
	struct bn_ref ref;

	build(w);
	assert_ok(bn_view_resolve(w->reader, BN_PIPELINE, NULL, BROKEN, arena, &ref, &w->err),
		  &w->err);
	assert_string_equal(ref.source, "argo-prod");
	assert_ok(bn_view_resolve(w->reader, BN_PIPELINE, NULL, "trans", arena, &ref, &w->err),
		  &w->err);
	assert_string_equal(ref.key, BROKEN);
	assert_fails_with(
	    BN_EINVAL, bn_view_resolve(w->reader, BN_PIPELINE, NULL, "ing-", arena, &ref, &w->err));
	assert_non_null(strstr(w->err.message, "pipeline/argo-prod/ing-shop-orders"));
	assert_fails_with(BN_ENOTFOUND, bn_view_resolve(w->reader, BN_PIPELINE, NULL,
							"transfrom-hourly", arena, &ref, &w->err));
	assert_non_null(strstr(w->err.hint, BROKEN));
	assert_fails_with(BN_ENOTFOUND, bn_view_resolve(w->reader, BN_PIPELINE, "other", BROKEN,
							arena, &ref, &w->err));
	bn_arena_free(arena);
}

static const char *
line_of(const struct bn_detail *detail, const char *label)
{
	for (size_t i = 0; i < detail->count; i++) {
		if (strcmp(detail->lines[i].label, label) == 0)
			return detail->lines[i].text;
	}
	return "";
}

static void
detail_of_a_failed_pipeline_answers_why_and_then(void **state)
{
	struct world *w = *state;
	struct bn_arena *arena = bn_arena_new();
	struct bn_detail detail;
	struct bn_batch *batch;

	build(w);
	world_source(w, "web", "http", SECONDS(15));
	world_endpoint(w, "web", "quote", BN_HEALTHY, 200, NOW);
	world_link(w, (struct bn_ref){BN_PIPELINE, "argo-prod", BROKEN},
		   (struct bn_ref){BN_ENDPOINT, "web", "quote"});
	batch = world_batch(w, "argo-prod", NOW);
	bn_batch_task(batch, &(struct bn_task){.e = {.key = "stg_payments",
						     .status = BN_FAILED,
						     .message = "DRIVER_UNREACHABLE"},
					       .run = BROKEN "-28f6k",
					       .try_number = 1});
	bn_batch_task(batch, &(struct bn_task){.e = {.key = "stg_returns",
						     .status = BN_FAILED,
						     .message = "DRIVER_UNREACHABLE"},
					       .run = BROKEN "-28f6k",
					       .try_number = 1});
	world_done(w, batch);
	assert_ok(bn_view_detail(w->reader, (struct bn_ref){BN_PIPELINE, NULL, BROKEN}, &plain,
				 arena, &detail, &w->err),
		  &w->err);
	assert_string_equal(detail.title, BROKEN);
	assert_string_equal(line_of(&detail, "why"),
			    "stg_payments, stg_returns: DRIVER_UNREACHABLE");
	assert_non_null(
	    strstr(line_of(&detail, "then"),
		   "3 failed, 37 skipped after it; 272 of 312 ok; last good run 02:11"));
	assert_string_equal(line_of(&detail, "hits"), "endpoint quote");
	assert_non_null(strstr(line_of(&detail, "next"), "due 04:04, 5 * * * *"));
	assert_string_equal(line_of(&detail, "w"), ""); /* no repository is read */
	bn_arena_free(arena);
}

static void
detail_of_hostile_text_is_sanitised(void **state)
{
	struct world *w = *state;
	struct bn_arena *arena = bn_arena_new();
	struct bn_detail detail;

	world_source(w, "argo-prod", "argo-workflows", SECONDS(10));
	world_pipeline(w, "argo-prod",
		       "x\x1b[2J\x01"
		       "12\x02y");
	world_run(w, "argo-prod",
		  &(struct world_run){.pipeline = "x\x1b[2J\x01"
						  "12\x02y",
				      .key = "r",
				      .status = BN_FAILED,
				      .started = NOW - MINUTES(2),
				      .finished = NOW,
				      .message = "\x01"
						 "99999999999999999999\x02 \x1b]52;c;\x07"});
	assert_ok(bn_view_detail(w->reader,
				 (struct bn_ref){BN_PIPELINE, NULL,
						 "x\x1b[2J\x01"
						 "12\x02y"},
				 &plain, arena, &detail, &w->err),
		  &w->err);
	for (size_t i = 0; i < detail.count; i++)
		for (const char *c = detail.lines[i].text; *c != '\0'; c++)
			assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
	for (const char *c = detail.title; *c != '\0'; c++)
		assert_true((unsigned char)*c >= 0x20);
	bn_arena_free(arena);
}

static void
timeline_joins_statuses_and_what_people_did(void **state)
{
	struct world *w = *state;
	struct bn_actor actor = {.user = "oncall1", .host = "bastion"};
	struct bn_ref about = {BN_PIPELINE, "argo-prod", BROKEN};
	struct bn_rows *rows;
	int64_t seq;

	build(w);
	assert_ok(bn_journal_note(w->store, &actor, about, NULL, "driver lost", &seq, &w->err),
		  &w->err);
	rows = query(w, &(struct bn_query){.table = bn_view_table("timeline"), .scope = about});
	assert_true(bn_rows_count(rows) >= 2);
	assert_string_equal(named(rows, 0, "kind"), "note");
	assert_string_equal(named(rows, 0, "who"), "oncall1");
	assert_int_equal(bn_rows_ref(rows, 0).kind, BN_PIPELINE);
	bn_rows_free(rows);
	rows = query(w, &(struct bn_query){.table = bn_view_table("timeline"),
					   .filter = "what:\"failed 3, skipped 37\""});
	assert_int_equal(bn_rows_count(rows), 1);
	assert_string_equal(named(rows, 0, "entity"), BROKEN);
	bn_rows_free(rows);
	rows = query(w, &(struct bn_query){.table = bn_view_table("notes")});
	assert_int_equal(bn_rows_count(rows), 1);
	assert_string_equal(named(rows, 0, "note"), "driver lost");
	bn_rows_free(rows);
}

/* ---- words looked up in the index ---- */

static void
index_all(struct world *w)
{
	int rc;

	do
		rc = bn_writer_maintain(w->writer, &w->err);
	while (rc == BN_EBUSY);
	assert_ok(rc, &w->err);
}

static void
named_run(struct world *w, bn_time sent, const char *key, const char *name, const char *message)
{
	struct bn_batch *batch = world_batch(w, "argo-prod", sent);

	bn_batch_run(batch, &(struct bn_run){.e = {.key = key,
						   .name = name,
						   .message = message,
						   .status = BN_FAILED,
						   .since = NOW - HOURS(2)},
					     .started_at = NOW - HOURS(3),
					     .finished_at = NOW - HOURS(2)});
	world_done(w, batch);
}

/* The keys found, in one order, joined by '|'; caller frees. */
static char *
keys_found(struct world *w, const char *filter)
{
	static const char *const columns[] = {"key", NULL};
	struct bn_rows *rows = query(w, &(struct bn_query){.table = bn_view_table("runs"),
							   .columns = columns,
							   .filter = filter,
							   .sort = "key",
							   .limit = 100});
	struct bn_buf text = BN_BUF_INIT(0);

	for (size_t i = 0; i < bn_rows_count(rows); i++)
		bn_buf_addf(&text, "%s%s", i > 0 ? "|" : "", named(rows, i, "key"));
	assert_int_equal(bn_rows_total(rows), bn_rows_count(rows));
	bn_rows_free(rows);
	return text.data != NULL ? bn_buf_take(&text) : bn_xstrdup("");
}

/* A word finds what the fields it stands for find, which are never looked up. */
static void
assert_as_scanned(struct world *w, const char *word, const char *expected)
{
	char *scan = bn_xasprintf("key:%s OR run:%s OR message:%s", word, word, word);
	char *not = bn_xasprintf("!%s", word), *not_scan = bn_xasprintf("!(%s)", scan);
	char *by_index = keys_found(w, word), *by_scan = keys_found(w, scan);
	char *without = keys_found(w, not ), *scanned_without = keys_found(w, not_scan);

	assert_string_equal(by_index, by_scan);
	assert_string_equal(by_index, expected);
	assert_string_equal(without, scanned_without);
	free(scan);
	free(not );
	free(not_scan);
	free(by_index);
	free(by_scan);
	free(without);
	free(scanned_without);
}

static void
assert_words_as_scanned(struct world *w)
{
	assert_as_scanned(w, "alpha", "k-alpha");
	assert_as_scanned(w, "ALPHA", "k-alpha");
	assert_as_scanned(w, "k-a", "k-alpha");
	assert_as_scanned(w, "beta", "k-two");
	assert_as_scanned(w, "k-two", "k-two"); /* the key is no part of the name */
	assert_as_scanned(w, "50%", "k-percent");
	assert_as_scanned(w, "50_", "");
	assert_as_scanned(w, "it's", "k-quote");
	assert_as_scanned(w, "\"said \\\"no\\\"\"", "k-quote");
	assert_as_scanned(w, "größe", "k-umlaut");
	assert_as_scanned(w, "GRÖßE", ""); /* beyond ASCII case counts, though the index folds it */
	assert_as_scanned(w, "数据管", "k-umlaut");
	assert_as_scanned(w, "数据", "k-umlaut"); /* six bytes, two characters */
	assert_as_scanned(w, "ph", "k-alpha");
	assert_as_scanned(w, "nosuch", "");
	assert_as_scanned(w, "AND-OR*", "k-two");
}

static void
words_find_the_same_with_and_without_the_index(void **state)
{
	struct world *w = *state;

	world_source(w, "argo-prod", "argo-workflows", SECONDS(10));
	named_run(w, NOW, "k-alpha", "k-alpha", NULL);
	named_run(w, NOW, "k-two", "Beta", "AND-OR*");
	named_run(w, NOW, "k-percent", "half", "50% done");
	named_run(w, NOW, "k-quote", "quoted", "it's he who said \"no\"");
	named_run(w, NOW, "k-umlaut", "größe", "数据管道");
	assert_words_as_scanned(w); /* nothing is indexed */
	index_all(w);
	assert_words_as_scanned(w);
}

static void
words_find_what_changed_or_came_since_it_was_indexed(void **state)
{
	struct world *w = *state;

	world_source(w, "argo-prod", "argo-workflows", SECONDS(10));
	named_run(w, NOW, "k-one", "one", "waiting");
	named_run(w, NOW, "k-two", "two", "waiting");
	index_all(w);
	world_at(w, NOW + SECONDS(5));
	named_run(w, NOW + SECONDS(5), "k-one", "one", "evicted");
	named_run(w, NOW + SECONDS(5), "k-three", "three", "evicted");
	assert_as_scanned(w, "waiting", "k-two");
	assert_as_scanned(w, "evicted", "k-one|k-three");
	index_all(w);
	assert_as_scanned(w, "waiting", "k-two");
	assert_as_scanned(w, "evicted", "k-one|k-three");
}

static void
words_of_an_earlier_moment_are_not_looked_up(void **state)
{
	struct world *w = *state;
	char *keys;

	world_source(w, "argo-prod", "argo-workflows", SECONDS(10));
	world_run(w, "argo-prod",
		  &(struct world_run){.key = "k-one",
				      .status = BN_RUNNING,
				      .started = NOW - MINUTES(1),
				      .message = "waiting"});
	world_at(w, NOW + SECONDS(5));
	world_run(w, "argo-prod",
		  &(struct world_run){.key = "k-one",
				      .status = BN_FAILED,
				      .started = NOW - MINUTES(1),
				      .finished = NOW + SECONDS(3),
				      .message = "evicted"});
	world_source(w, "argo-prod", "argo-workflows", SECONDS(10));
	index_all(w);
	assert_ok(bn_reader_set_at(w->reader, NOW + SECONDS(1), &w->err), &w->err);
	keys = keys_found(w, "waiting");
	assert_string_equal(keys, "k-one");
	free(keys);
	keys = keys_found(w, "evicted");
	assert_string_equal(keys, "");
	free(keys);
	assert_ok(bn_reader_set_at(w->reader, 0, &w->err), &w->err);
	assert_as_scanned(w, "evicted", "k-one");
}

/* What is indexed is not looked through: without its entry there, it is not found. */
static void
words_of_long_tables_are_looked_up(void **state)
{
	struct world *w = *state;
	char *keys;

	world_source(w, "argo-prod", "argo-workflows", SECONDS(10));
	named_run(w, NOW, "k-one", "one", "waiting");
	index_all(w);
	assert_int_equal(
	    sqlite3_exec(bn_writer_db(w->writer), "DELETE FROM search", NULL, NULL, NULL),
	    SQLITE_OK);
	keys = keys_found(w, "waiting");
	assert_string_equal(keys, "");
	free(keys);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    T(tables_all_queries_run_with_every_column),
	    T(query_of_problems_keeps_the_one_that_is_named),
	    T(tables_every_number_says_what_it_counts),
	    T(tables_every_column_can_be_filtered_and_sorted),
	    T(words_find_the_same_with_and_without_the_index),
	    T(words_find_what_changed_or_came_since_it_was_indexed),
	    T(words_of_an_earlier_moment_are_not_looked_up),
	    T(words_of_long_tables_are_looked_up),
	    T(pipelines_show_the_latest_run_worst_first),
	    T(pipelines_limit_and_offset_keep_the_total),
	    T(pipelines_problems_only_are_what_failed_or_is_unknown),
	    T(dead_source_makes_everything_of_it_unknown),
	    T(summary_counts_what_runs_and_what_answers),
	    T(runs_keep_how_they_ended_when_their_source_dies),
	    T(scope_of_a_table_s_own_kind_is_one_row),
	    T(moving_shows_how_far_a_run_should_be),
	    T(tasks_come_in_the_order_of_their_tree),
	    T(tasks_in_a_ring_of_parents_are_all_listed),
	    T(endpoints_take_percentiles_from_our_own_probes),
	    T(endpoints_believe_the_platform_s_own_measures_first),
	    T(sources_count_calls_errors_and_things),
	    T(query_hostile_words_in_sort_and_columns_are_errors),
	    T(show_values_as_a_person_reads_them),
	    T(show_hostile_text_is_made_visible),
	    T(json_values_follow_the_contract),
	    T(resolve_finds_by_key_name_and_prefix),
	    T(detail_of_a_failed_pipeline_answers_why_and_then),
	    T(detail_of_hostile_text_is_sanitised),
	    T(timeline_joins_statuses_and_what_people_did),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* filter_test.c - the filter language: what it finds, what it refuses, and that it never becomes SQL. */
/* SPDX-License-Identifier: MIT */
#include "view/view.h"
#include "world.h"

/* Five pipelines that differ in everything a filter can ask for. */
static int
setup(void **state)
{
	struct world *w;

	world_setup(state);
	w = *state;
	world_source(w, "argo-prod", "argo-workflows", SECONDS(10));
	for (int i = 0; i < 5; i++) {
		static const char *const names[] = {"transform-hourly", "transform-daily",
						    "ing-orders", "ing_100%",
						    "o'brien; DROP TABLE entity"};
		struct bn_batch *batch = world_batch(w, "argo-prod", NOW);

		bn_batch_pipeline(
		    batch,
		    &(struct bn_pipeline){.e = {.key = names[i], .owner = i == 2 ? "dev-mo" : NULL},
					  .schedule = "5 * * * *",
					  .next_due_at = NOW + MINUTES(52),
					  .group = i < 2 ? "transformation" : "ingestion",
					  .paused = i == 4,
					  .engine = i == 1 ? "airflow" : "argo"});
		world_done(w, batch);
	}
	world_run(w, "argo-prod",
		  &(struct world_run){.pipeline = "transform-hourly",
				      .key = "th-1",
				      .status = BN_FAILED,
				      .started = NOW - MINUTES(8),
				      .finished = NOW - MINUTES(6),
				      .failed = 3,
				      .skipped = 37,
				      .total = 312,
				      .message = "DRIVER_UNREACHABLE on cluster"});
	world_run(w, "argo-prod",
		  &(struct world_run){.pipeline = "transform-daily",
				      .key = "td-1",
				      .status = BN_SUCCEEDED,
				      .started = NOW - HOURS(30),
				      .finished = NOW - HOURS(29)});
	world_run(w, "argo-prod",
		  &(struct world_run){.pipeline = "ing-orders",
				      .key = "io-1",
				      .status = BN_RUNNING,
				      .started = NOW - SECONDS(90)});
	return 0;
}

/* The names found, sorted, joined by '|'. */
static char *
found(struct world *w, const char *filter)
{
	static const char *const columns[] = {"pipeline", NULL};
	struct bn_query q = {.table = bn_view_table("pipelines"),
			     .columns = columns,
			     .filter = filter,
			     .sort = "pipeline"};
	struct bn_buf out = BN_BUF_INIT(0);
	struct bn_rows *rows = NULL;

	if (bn_view_query(w->reader, &q, &rows, &w->err) != BN_OK)
		fail_msg("%s: %s", filter, w->err.message);
	for (size_t i = 0; i < bn_rows_count(rows); i++)
		bn_buf_addf(&out, "%s%s", i > 0 ? "|" : "", bn_rows_value(rows, i, 0).s);
	bn_rows_free(rows);
	return out.data != NULL ? bn_buf_take(&out) : bn_xstrdup("");
}

static void
assert_found(struct world *w, const char *filter, const char *wanted)
{
	char *names = found(w, filter);

	if (strcmp(names, wanted) != 0)
		fail_msg("%s: found \"%s\", not \"%s\"", filter, names, wanted);
	free(names);
}

#define HOSTILE "o'brien; DROP TABLE entity"

static void
filter_words_must_all_occur_somewhere(void **state)
{
	assert_found(*state, "transform", "transform-daily|transform-hourly");
	assert_found(*state, "TRANSFORM hour", "transform-hourly");
	assert_found(*state, "driver_unreachable", "transform-hourly"); /* in the message */
	assert_found(*state, "\"on cluster\"", "transform-hourly");
	assert_found(*state, "\"cluster on\"", "");
	assert_found(*state, "  ",
		     "ing-orders|ing_100%|" HOSTILE "|transform-daily|transform-hourly");
}

static void
filter_like_s_own_signs_are_taken_literally(void **state)
{
	assert_found(*state, "100%", "ing_100%");
	assert_found(*state, "g_1", "ing_100%");
	assert_found(*state, "g_o", ""); /* '_' is no wildcard: not ing-orders */
	assert_found(*state, "%", "ing_100%");
	assert_found(*state, "\"\\\\\"", "");
}

static void
filter_not_or_and_parentheses(void **state)
{
	assert_found(*state, "transform !hourly", "transform-daily");
	assert_found(*state, "transform -hourly", "transform-daily");
	assert_found(*state, "hourly OR orders", "ing-orders|transform-hourly");
	assert_found(*state, "transform hourly OR orders", "ing-orders|transform-hourly");
	assert_found(*state, "transform (hourly OR orders)", "transform-hourly");
	assert_found(*state, "!(transform OR ing)", HOSTILE);
	assert_found(*state, "! ! transform", "transform-daily|transform-hourly");
	assert_found(*state, "transform AND daily", "transform-daily");
}

static void
filter_fields_compare_by_their_kind(void **state)
{
	assert_found(*state, "group:transf", "transform-daily|transform-hourly");
	assert_found(*state, "engine=ARGO group=transformation", "transform-hourly");
	assert_found(*state, "engine!=argo", "transform-daily");
	assert_found(*state, "failed>0", "transform-hourly");
	assert_found(*state, "failed=3 skipped>=37 tasks<=312", "transform-hourly");
	assert_found(*state, "failed<3", ""); /* what isn't known is not less */
	assert_found(*state, "!failed>0 transform", "transform-daily"); /* nor is it more */
	assert_found(*state, "duration>5m", "transform-daily");
	assert_found(*state, "duration<=2m", "ing-orders|transform-hourly");
	assert_found(*state, "duration=90s", "ing-orders");
	assert_found(*state, "start>-15m", "ing-orders|transform-hourly");
	assert_found(*state, "start<2026-03-09T12:00Z", "transform-daily");
	assert_found(*state, "paused=yes", HOSTILE);
	assert_found(*state, "paused:no owner:mo", "ing-orders");
	assert_found(*state, "owner=\"\"", "ing_100%|" HOSTILE "|transform-daily|transform-hourly");
	assert_found(*state, "owner!=\"\"", "ing-orders");
	assert_found(*state, "pipeline=\"" HOSTILE "\"", HOSTILE);
}

static void
filter_statuses_by_word_and_class(void **state)
{
	assert_found(*state, "status:failed", "transform-hourly");
	assert_found(*state, "status=running", "ing-orders");
	assert_found(*state, "status:problem", "transform-hourly");
	assert_found(*state, "status:fine transform", "transform-daily");
	assert_found(*state, "status:unknown", "ing_100%"); /* never ran */
	assert_found(*state, "status:paused", HOSTILE);
	assert_found(*state, "status!=failed transform", "transform-daily");
}

static void
filter_regular_expressions(void **state)
{
	assert_found(*state, "/^ing[-_]/", "ing-orders|ing_100%");
	assert_found(*state, "pipeline~ly$", "transform-daily|transform-hourly");
	assert_found(*state, "pipeline~\"^transform-(hour|dai)ly$\" -daily", "transform-hourly");
	assert_found(*state, "message~DRIVER", "transform-hourly");
	assert_found(*state, "/a\\/b/", "");
}

static void
assert_refused(const char *filter, const char *because)
{
	struct bn_filter *parsed = NULL;
	struct bn_error err = {0};
	int rc = bn_filter_parse(&parsed, bn_view_table("pipelines"), filter, &err);

	if (rc != BN_EINVAL)
		fail_msg("%s: accepted", filter);
	assert_null(parsed);
	if (strstr(err.message, because) == NULL && strstr(err.hint, because) == NULL)
		fail_msg("%s: \"%s\" (%s) does not say \"%s\"", filter, err.message, err.hint,
			 because);
}

static void
filter_errors_name_place_and_remedy(void **state)
{
	(void)state;
	assert_refused("foo:bar", "\"foo\" at character 1 is no field");
	assert_refused("transform staus:failed", "at character 11");
	assert_refused("staus:failed", "did you mean status?");
	assert_refused("\"open", "no closing \" at character 1");
	assert_refused("a /open", "no closing / at character 3");
	assert_refused("(a OR b", "no closing )");
	assert_refused("a OR", "a term is missing");
	assert_refused("OR a", "a term is missing");
	assert_refused("a)", "\")\" without its \"(\"");
	assert_refused("()", "a term is missing");
	assert_refused("failed>many", "failed wants a number");
	assert_refused("failed>0x10", "failed wants a number");
	assert_refused("duration>soon", "duration wants a duration");
	assert_refused("start>someday", "start wants a time");
	assert_refused("start=03:05", "< > <= >=");
	assert_refused("status:greenish", "status wants a status");
	assert_refused("status>failed", ": = and !=");
	assert_refused("/(/", "regular expression");
	assert_refused("pipeline:", "no value after pipeline");
	assert_refused("\xff", "UTF-8");
}

static void
filter_bounds_are_errors(void **state)
{
	char text[3000];
	size_t n = 0;

	(void)state;
	memset(text, 'a', 1100);
	text[1100] = '\0';
	assert_refused(text, "longer than");
	for (int i = 0; i < 70; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "a%d ", i);
	assert_refused(text, "too many terms");
	memset(text, '(', 100);
	snprintf(text + 100, sizeof(text) - 100, "a");
	assert_refused(text, "nested too deeply");
	memset(text, '!', 100);
	assert_refused(text, "nested too deeply");
	snprintf(text, sizeof(text), "/%0300d/", 1);
	assert_refused(text, "longer than");
}

static void
filter_exploding_expression_ends_the_query_with_an_error(void **state)
{
	struct world *w = *state;
	struct bn_batch *batch = world_batch(w, "argo-prod", NOW);
	struct bn_rows *rows = NULL;

	bn_batch_pipeline(batch,
			  &(struct bn_pipeline){
			      .e = {.key = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"}});
	world_done(w, batch);
	assert_fails_with(BN_EINVAL,
			  bn_view_query(w->reader,
					&(struct bn_query){.table = bn_view_table("pipelines"),
							   .filter = "/^(a+)+$/"},
					&rows, &w->err));
	assert_null(rows);
}

/* Whatever is written, only `?` and the table's own words reach SQL. */
static void
filter_hostile_values_stay_values(void **state)
{
	static const char *const attempts[] = {"'; DROP TABLE entity; --",
					       "' OR '1'='1",
					       "pipeline:') OR (1=1",
					       "pipeline=\"' UNION SELECT 1 --\"",
					       "/'; DROP/",
					       "pipeline~\"' OR 1\"",
					       "%' --",
					       NULL};
	struct world *w = *state;

	for (size_t i = 0; attempts[i] != NULL; i++) {
		struct bn_filter *parsed = NULL;
		struct bn_error err = {0};

		if (bn_filter_parse(&parsed, bn_view_table("pipelines"), attempts[i], &err) !=
		    BN_OK)
			continue;
		assert_null(strstr(bn_filter_sql(parsed), "DROP"));
		assert_null(strstr(bn_filter_sql(parsed), "UNION"));
		assert_null(strstr(bn_filter_sql(parsed), "'1'"));
		bn_filter_free(parsed);
	}
	assert_found(w, "\"'; DROP TABLE entity; --\"", "");
	assert_found(w, "\"; DROP TABLE\"", HOSTILE);
	assert_found(w, "transform", "transform-daily|transform-hourly"); /* all still there */
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    T(filter_words_must_all_occur_somewhere),
	    T(filter_like_s_own_signs_are_taken_literally),
	    T(filter_not_or_and_parentheses),
	    T(filter_fields_compare_by_their_kind),
	    T(filter_statuses_by_word_and_class),
	    T(filter_regular_expressions),
	    cmocka_unit_test(filter_errors_name_place_and_remedy),
	    cmocka_unit_test(filter_bounds_are_errors),
	    T(filter_exploding_expression_ends_the_query_with_an_error),
	    T(filter_hostile_values_stay_values),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

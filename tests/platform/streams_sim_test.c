/* streams_sim_test.c - minute by minute, the store says of the demo's streams what facts.json says. */
/* SPDX-License-Identifier: MIT */
#include "../test.h"

#include <ftw.h>
#include <math.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/status.h"
#include "collect/collect.h"
#include "plugins/builtin.h"
#include "sim/sim.h"
#include "triage/triage.h"
#include "view/view.h"

#define LATE  ((bn_time)1773114490000) /* 2026-03-10T03:48:10Z, both halves of I4 */
#define AMONG ((bn_time)1773113610000) /* 03:33:30Z, in the middle of the gap */

struct stage {
	struct bn_sim *sim;
	struct bn_clock clock;
	struct bn_registry *registry;
	struct bn_config *config;
	struct bn_store *store;
	struct bn_collect *collect;
	struct bn_reader *reader;
	json_t *facts;
	char dir[512];
};

static void
open_stage(struct stage *stage, bn_time at, const char *fault)
{
	const char *faults[] = {fault, NULL};
	struct bn_sim_options options = {
	    .scenario = "I4", .at = at, .speed = 0, .speed_given = true, .faults = faults};
	struct bn_triage *triage = NULL;
	struct bn_error err = {0};
	char *text;

	memset(stage, 0, sizeof(*stage));
	assert_ok(bn_sim_start(&stage->sim, &options, &err), &err);
	stage->clock = *bn_sim_clock(stage->sim);
	assert_ok(bn_registry_new(&stage->registry, bn_builtin_plugins, &err), &err);
	assert_ok(bn_config_load_text(&stage->config, "demo", bn_sim_config_text(stage->sim),
				      bn_registry_types(stage->registry), &err),
		  &err);
	snprintf(stage->dir, sizeof(stage->dir), "%s/bn-streams-XXXXXX",
		 getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(stage->dir));
	assert_ok(
	    bn_store_open(&stage->store, stage->dir, BN_STORE_SHARED, &stage->clock, NULL, &err),
	    &err);
	bn_store_set_anchor(stage->store, "");
	assert_ok(bn_collect_new(&stage->collect,
				 &(struct bn_collect_options){.config = stage->config,
							      .registry = stage->registry,
							      .store = stage->store,
							      .clock = &stage->clock},
				 &err),
		  &err);
	if (bn_collect_once(stage->collect, (const char *const[]){"prom", NULL}, 120000, true,
			    &err) != BN_OK)
		assert_non_null(fault);
	assert_ok(bn_triage_new(&triage, stage->store, stage->config, &err), &err);
	assert_ok(bn_triage_run(triage, &err), &err);
	bn_triage_free(triage);
	assert_ok(bn_reader_open(&stage->reader, stage->store, &err), &err);
	text = bn_sim_facts(stage->sim, 0);
	stage->facts = json_loads(text, 0, NULL);
	free(text);
	assert_non_null(stage->facts);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static void
close_stage(struct stage *stage)
{
	json_decref(stage->facts);
	bn_reader_close(stage->reader);
	bn_collect_free(stage->collect);
	bn_store_close(stage->store);
	bn_config_free(stage->config);
	bn_registry_free(stage->registry);
	bn_sim_stop(stage->sim);
	nftw(stage->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct bn_rows *
minutes(struct stage *stage, const char *stream)
{
	static const char *const columns[] = {"at", "value", "state", NULL};
	struct bn_query query = {.table = bn_view_table("points"),
				 .columns = columns,
				 .scope = {BN_STREAM, NULL, stream}};
	struct bn_rows *rows = NULL;
	struct bn_error err = {0};

	assert_ok(bn_view_query(stage->reader, &query, &rows, &err), &err);
	return rows;
}

static void
compare_stream(struct stage *stage, const json_t *stream)
{
	const char *name = bn_json_str_at(stream, "name");
	struct bn_rows *rows = minutes(stage, name);
	const json_t *list = json_object_get(stream, "minutes"), *minute;
	size_t i;

	assert_true(bn_rows_count(rows) >= json_array_size(list));
	json_array_foreach(list, i, minute)
	{
		struct bn_value value = bn_rows_value(rows, i, 1);
		const json_t *wanted = json_object_get(minute, "value");

		assert_int_equal(bn_rows_value(rows, i, 0).i,
				 bn_time_parse(bn_json_str_at(minute, "at")));
		if (strcmp(bn_rows_value(rows, i, 2).s, bn_json_str_at(minute, "state")) != 0)
			fail_msg("%s at %s is %s, not %s", name, bn_json_str_at(minute, "at"),
				 bn_rows_value(rows, i, 2).s, bn_json_str_at(minute, "state"));
		if (json_is_null(wanted))
			assert_int_equal(value.type, BN_VALUE_NULL);
		else if (fabs(value.r - json_number_value(wanted)) >
			 1e-6 * fabs(json_number_value(wanted)))
			fail_msg("%s at %s is %g, not %g", name, bn_json_str_at(minute, "at"),
				 value.r, json_number_value(wanted));
	}
	bn_rows_free(rows);
}

static void
compare_all(bn_time at)
{
	struct stage stage;
	const json_t *stream;
	size_t i;

	open_stage(&stage, at, NULL);
	json_array_foreach(json_object_get(stage.facts, "streams"), i, stream)
	    compare_stream(&stage, stream);
	assert_int_equal(i, 18);
	close_stage(&stage);
}

static void
streams_are_minute_by_minute_what_the_facts_say(void **state)
{
	(void)state;
	compare_all(LATE);
}

static void
streams_show_the_gap_while_it_lasts(void **state)
{
	struct stage stage;
	const json_t *stream;
	size_t i, missing = 0;

	(void)state;
	open_stage(&stage, AMONG, NULL);
	json_array_foreach(json_object_get(stage.facts, "streams"), i, stream)
	{
		compare_stream(&stage, stream);
		missing += json_array_size(json_object_get(stream, "missing"));
	}
	assert_int_equal(missing, 6 * 4); /* six streams of windows, 03:29 to 03:32 */
	close_stage(&stage);
}

static int64_t
number(struct stage *stage, const char *sql)
{
	sqlite3_stmt *row = NULL;
	int64_t value;

	assert_int_equal(sqlite3_prepare_v2(bn_reader_db(stage->reader), sql, -1, &row, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(row), SQLITE_ROW);
	value = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return value;
}

/* Late, not lost: five minutes came late, and every counter agrees with the one before it. */
static void
streams_say_late_and_not_lost(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage, LATE, NULL);
	assert_int_equal(number(&stage,
				"SELECT count(*) FROM main.finding WHERE rule = 'stream-gap'"
				" AND closed_at IS NULL AND title = '5 min late'"),
			 6);
	assert_int_equal(number(&stage, "SELECT count(*) FROM main.finding WHERE rule ="
					" 'stream-imbalance' AND closed_at IS NULL"),
			 0);
	assert_int_equal(number(&stage, "SELECT count(*) FROM main.finding WHERE rule ="
					" 'stream-ceiling' AND closed_at IS NULL AND about_key ="
					" 'tx-metrics'"),
			 1);
	close_stage(&stage);
}

/* "stream=word …" of those that have a level, as the table has it; the facts must say the same. */
static void
compare_levels(bn_time at, const char *wanted)
{
	static const char *const columns[] = {"stream", "level", NULL};
	struct bn_query query = {
	    .table = bn_view_table("streams"), .columns = columns, .sort = "stream"};
	struct bn_buf found = BN_BUF_INIT(0);
	struct bn_rows *rows = NULL;
	struct bn_error err = {0};
	struct stage stage;
	const json_t *stream;
	size_t i, k;

	open_stage(&stage, at, NULL);
	assert_ok(bn_view_query(stage.reader, &query, &rows, &err), &err);
	for (i = 0; i < bn_rows_count(rows); i++) {
		const char *name = bn_rows_value(rows, i, 0).s,
			   *level = bn_rows_value(rows, i, 1).s;
		const char *fact = NULL;

		json_array_foreach(json_object_get(stage.facts, "streams"), k, stream)
		{
			if (strcmp(bn_json_str_at(stream, "name"), name) == 0)
				fact = bn_json_str_at(stream, "level");
		}
		if (strcmp(level != NULL ? level : "", fact != NULL ? fact : "") != 0)
			fail_msg("the level of %s is %s, not %s", name, level, fact);
		if (level != NULL)
			bn_buf_addf(&found, " %s=%s", name, level);
	}
	bn_rows_free(rows);
	assert_string_equal(bn_buf_text(&found), wanted);
	bn_buf_free(&found);
	close_stage(&stage);
}

/* The restarts mark Flink for half an hour; the share of known transactions falls to nothing in the surge. */
static void
streams_say_which_values_are_beyond_their_levels(void **state)
{
	(void)state;
	compare_levels(LATE, " tx-offline-lag=ok tx-restarts=warn tx-seen-before=warn");
	compare_levels(LATE + 5 * 60000, " tx-offline-lag=ok tx-restarts=warn tx-seen-before=bad");
}

/* Whatever the platform does, no total calls an unknown minute fine and none is called missing. */
static void
streams_of_a_platform_in_trouble_are_unknown_and_never_missing(void **state)
{
	static const char *const faults[] = {"drop=prom", "garbage=prom", "http=prom:502",
					     "truncate=prom", NULL};

	(void)state;
	for (size_t i = 0; faults[i] != NULL; i++) {
		struct stage stage;

		open_stage(&stage, LATE, faults[i]);
		assert_int_equal(number(&stage, "SELECT count(*) FROM main.stream_minute"), 0);
		assert_int_equal(number(&stage,
					"SELECT count(*) FROM main.point p JOIN main.series r"
					" ON r.id = p.series_id JOIN main.entity e ON e.id ="
					" r.entity_id WHERE e.kind = 6"),
				 0);
		assert_int_equal(number(&stage, "SELECT count(*) FROM entity_now WHERE kind = 6 AND"
						" status_now <> 0"),
				 0);
		close_stage(&stage);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(streams_are_minute_by_minute_what_the_facts_say),
	    cmocka_unit_test(streams_show_the_gap_while_it_lasts),
	    cmocka_unit_test(streams_say_late_and_not_lost),
	    cmocka_unit_test(streams_say_which_values_are_beyond_their_levels),
	    cmocka_unit_test(streams_of_a_platform_in_trouble_are_unknown_and_never_missing),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

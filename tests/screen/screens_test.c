/* screens_test.c - what the screens show, cell by cell, compared with what is true in the demo's world. */
/* SPDX-License-Identifier: MIT */
#include "tests/screen/console.h"

#include <locale.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/status.h"

static struct {
	struct served served;
	json_t *facts;
	long long at;
} world;

static int
setup(void **state)
{
	(void)state;
	setlocale(LC_CTYPE, "C.UTF-8");
	served_start(&world.served, NULL);
	world.facts = served_facts(&world.served);
	world.at = bn_json_int_at(world.facts, "at_ms", 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	json_decref(world.facts);
	served_stop(&world.served);
	return 0;
}

static const json_t *
list(const char *name)
{
	return json_object_get(world.facts, name);
}

static const char *
glyph(const char *status)
{
	return bn_status_row(bn_status_from_word(status))->glyph;
}

/* ---- Runs -------------------------------------------------------------------------------- */

/* How many of the latest `n` runs failed. */
static int
failed_of(const json_t *pipeline, size_t n)
{
	const json_t *last = json_object_get(pipeline, "last"), *run;
	size_t count = json_array_size(last), i;
	int failed = 0;

	json_array_foreach(last, i, run) if (i + n >= count && strcmp(fact_text(run, "status"),
								      "failed") == 0) failed++;
	return failed;
}

/* A pipeline whose latest run went well but two or more of the last twelve did not is amber. */
static const char *
pipeline_glyph(const json_t *pipeline)
{
	const char *latest = fact_text(pipeline, "latest/status");

	if (bn_json_bool_at(pipeline, "paused", false) && strcmp(latest, "running") != 0)
		return glyph("paused");
	if (strcmp(latest, "succeeded") == 0 && failed_of(pipeline, 12) >= 2)
		return glyph("degraded");
	return *latest == '\0' ? glyph("unknown") : glyph(latest);
}

/* "●●●✗": the newest `width` of the latest runs. */
static void
expect_history(const struct screen_table *table, int row, const char *header,
	       const json_t *pipeline)
{
	const json_t *last = json_object_get(pipeline, "last"), *run;
	size_t count = json_array_size(last), width = (size_t)atoi(header + 5), i;
	char expected[256] = "";

	json_array_foreach(last, i, run) if (i + width >= count)
	    strcat(expected, glyph(fact_text(run, "status")));
	table_expect(table, row, header, count == 0 ? "–" : expected);
}

static int
by_size(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return (x > y) - (x < y);
}

/* Nearest-rank percentile of the last 20 good runs, as a duration. */
static const char *
percentile(const json_t *pipeline, int share, char *out)
{
	const json_t *all = json_object_get(pipeline, "durations");
	long long sorted[20];
	size_t count = json_array_size(all) < 20 ? json_array_size(all) : 20, i;

	if (count == 0)
		return "–";
	for (i = 0; i < count; i++)
		sorted[i] = json_integer_value(json_array_get(all, i));
	qsort(sorted, count, sizeof(sorted[0]), by_size);
	return bn_duration_show(sorted[(count * (size_t)share + 99) / 100 - 1], out);
}

static void
expect_pipeline(const struct screen_table *table, int row, const json_t *p, const char *history,
		bool wide)
{
	const json_t *latest = json_object_get(p, "latest");
	char text[BN_TIME_TEXT], *mark = console_cut(table->t, row, 1, 2);
	long long started = json_is_object(latest) ? fact_time(latest, "started") : 0;

	assert_string_equal(mark, pipeline_glyph(p));
	free(mark);
	table_expect(table, row, "KIND",
		     fact_text(p, "group")[0] != '\0' ? fact_text(p, "group") : "–");
	table_expect(table, row, "ENGINE", fact_text(p, "engine"));
	expect_history(table, row, history, p);
	table_expect(table, row, "START", fact_clock(started, text));
	table_expect(table, row, "DUR",
		     started != 0 ? bn_duration_show(bn_json_int_at(latest, "duration", 0), text)
				  : "–");
	table_expect(table, row, "NEXT", fact_clock(fact_time(p, "next_due"), text));
	table_expect(table, row, "ROWS", "–"); /* no source of this demo tells them */
	if (!wide)
		return;
	table_expect(table, row, "P50", percentile(p, 50, text));
	table_expect(table, row, "P95", percentile(p, 95, text));
	table_expect(table, row, "SCHED", fact_text(p, "schedule"));
}

/* "LAST 12": the header says how many marks there are. */
static void
history_header(const struct screen_table *table, char out[16])
{
	const char *at = strstr(table->line, "LAST ");
	int marks = 0;

	assert_non_null(at);
	assert_int_equal(sscanf(at, "LAST %d", &marks), 1);
	snprintf(out, 16, "LAST %d", marks);
}

/* Goes down the whole list, so that every pipeline is compared, and counts them. */
static void
compare_pipelines(struct bn_term *t, bool wide)
{
	const json_t *pipeline;
	size_t i;

	json_array_foreach(list("pipelines"), i, pipeline)
	{
		struct screen_table table;
		char history[16];
		int row, page;

		table_open(&table, t, "PIPELINE");
		history_header(&table, history);
		row = table_row(&table, "PIPELINE", fact_text(pipeline, "key"));
		for (page = 0; row < 0 && page < 8; page++) {
			console_play(t, page == 0 ? "g" : "<PgDn>");
			row = table_row(&table, "PIPELINE", fact_text(pipeline, "key"));
		}
		if (row < 0)
			fail_msg("%s is not on:\n%s", fact_text(pipeline, "key"), bn_term_dump(t));
		expect_pipeline(&table, row, pipeline, history, wide);
		table_close(&table);
	}
	assert_true(i > 20);
}

static void
screens_runs_120x40_shows_every_pipeline_as_it_is(void **state)
{
	struct bn_term *t = console_start(&world.served, 120, 40, NULL, NULL, NULL);

	(void)state;
	console_play(t, "2");
	compare_pipelines(t, true);
	console_quit(t);
}

static void
screens_runs_80x24_shows_every_pipeline_as_it_is(void **state)
{
	struct bn_term *t = console_start(&world.served, 80, 24, NULL, NULL, NULL);

	(void)state;
	console_play(t, "2");
	compare_pipelines(t, false);
	console_quit(t);
}

/* ---- Endpoints --------------------------------------------------------------------------- */

static void
expect_endpoint(const struct screen_table *table, int row, const json_t *e)
{
	char text[64], *mark = console_cut(table->t, row, 1, 2);
	bool stale = bn_json_bool_at(e, "stale", false);

	assert_string_equal(mark, glyph(fact_text(e, "status")));
	free(mark);
	table_expect(table, row, "KIND", "http");
	snprintf(text, sizeof(text), "%lld%s", (long long)bn_json_int_at(e, "http_status", 0),
		 stale ? " stale" : "");
	table_expect(table, row, "STATE", text);
	snprintf(text, sizeof(text), "%lld", (long long)bn_json_int_at(e, "p50", 0));
	table_expect(table, row, "p50", text);
	snprintf(text, sizeof(text), "%lld", (long long)bn_json_int_at(e, "p95", 0));
	table_expect(table, row, "p95", text);
	snprintf(text, sizeof(text), "%lld", (long long)bn_json_int_at(e, "p99", 0));
	table_expect(table, row, "p99", text);
	snprintf(text, sizeof(text), "%lld", (long long)bn_json_int_at(e, "slo_p99", 0));
	table_expect(table, row, "SLO", text);
	snprintf(text, sizeof(text), "%.2f", bn_json_num_at(e, "error_ratio", 0) * 100);
	table_expect(table, row, "ERR%", text);
}

static void
screens_endpoints_show_every_endpoint_as_it_is(void **state)
{
	struct bn_term *t = console_start(&world.served, 80, 24, NULL, NULL, NULL);
	struct screen_table table;
	const json_t *endpoint;
	size_t i;

	(void)state;
	console_play(t, "4");
	table_open(&table, t, "ENDPOINT");
	json_array_foreach(list("endpoints"), i, endpoint)
	{
		int row = table_row(&table, "ENDPOINT", fact_text(endpoint, "name"));

		if (row < 0)
			fail_msg("%s is not on:\n%s", fact_text(endpoint, "name"), bn_term_dump(t));
		expect_endpoint(&table, row, endpoint);
	}
	assert_int_equal(i, 9);
	table_close(&table);
	console_quit(t);
}

/* ---- Triage ------------------------------------------------------------------------------ */

static const json_t *
find(const char *name, const char *field, const char *value)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list(name), i,
			   item) if (strcmp(fact_text(item, field), value) == 0) return item;
	return NULL;
}

/* The four answers of J1, for the worst item, with no key pressed: what is broken, since when, what it touches,
 * what changed. */
static void
screens_triage_80x24_answers_the_four_questions_without_a_key(void **state)
{
	struct bn_term *t = console_start(&world.served, 80, 24, NULL, NULL, NULL);
	const json_t *run = find("runs", "pipeline", "transform-hourly"),
		     *finding = find("findings", "rule", "run-failed");
	long long since = fact_time(finding, "since");
	struct screen_table table;
	char text[96], *mark;
	int row, where, col;

	(void)state;
	assert_non_null(run);
	table_open(&table, t, "WHAT");
	row = table_row(&table, "WHAT", "transform-hourly");
	assert_int_equal(row, table.header + 1); /* the worst comes first, and is selected */
	mark = console_cut(t, row, 1, 2);
	assert_string_equal(mark, glyph("failed"));
	free(mark);
	table_expect(&table, row, "P", "1");
	snprintf(text, sizeof(text), "%lld failed +%lld skipped",
		 (long long)bn_json_int_at(run, "counts/failed", 0),
		 (long long)bn_json_int_at(run, "counts/skipped", 0));
	table_expect(&table, row, "STATE", text);
	table_expect(&table, row, "SINCE", fact_clock(since, text));
	table_expect(&table, row, "FOR", bn_duration_show(world.at - since, text));
	table_close(&table);
	/* why: the failed tasks; then: what was kept; hits: what depends on it; what changed */
	assert_true(bn_term_find(t, "DRIVER_", &where, &col));
	snprintf(text, sizeof(text), "%lld of %lld ok",
		 (long long)bn_json_int_at(run, "counts/ok", 0),
		 (long long)bn_json_int_at(run, "counts/total", 0));
	assert_true(bn_term_find(t, text, &where, &col));
	/* of the products that follow from it the broken ones come first */
	assert_true(bn_term_find(t, "hits", &where, &col));
	assert_true(
	    bn_term_find(t, "products demand-forecast, orders, postage-quotes", &where, &col));
	assert_true(bn_term_find(t, "02:51 ", &where, &col));
	assert_true(bn_term_find(t, "dbt!2207", &where, &col));
	console_quit(t);
}

static void
screens_triage_60x16_answers_them_within_four_keys(void **state)
{
	struct bn_term *t = console_start(&world.served, 60, 16, NULL, NULL, NULL);
	struct screen_table table;
	int row, col;
	char text[16];

	(void)state;
	table_open(&table, t, "WHAT");
	row = table_row(&table, "WHAT", "transform-hourly");
	assert_int_equal(row, table.header + 1);
	table_expect(&table, row, "SINCE",
		     fact_clock(fact_time(find("findings", "rule", "run-failed"), "since"), text));
	table_close(&table);
	console_play(t, "d");
	assert_true(bn_term_find(t, "endpoints api-forecast", &row, &col)); /* touches */
	console_play(t, "<Esc>w");
	assert_true(bn_term_find(t, "fee rounding to 8 places", &row, &col)); /* changed */
	console_quit(t);
}

/* Every finding of the world is on the screen or folded under one that is; nothing else is red. */
static void
screens_triage_counts_what_the_world_counts(void **state)
{
	struct bn_term *t = console_start(&world.served, 120, 40, NULL, NULL, NULL);
	char *header = bn_term_row(t, 0), text[64];
	const json_t *import = json_array_get(list("import_errors"), 0);
	struct screen_table table;
	const char *name = strrchr(fact_text(import, "filename"), '/') + 1;
	int row, line;

	(void)state;
	snprintf(text, sizeof(text), "✗ %lld",
		 (long long)bn_json_int_at(world.facts, "counters/crit", -1));
	assert_non_null(strstr(header, text));
	snprintf(text, sizeof(text), "◐ %lld",
		 (long long)bn_json_int_at(world.facts, "counters/running", -1));
	assert_non_null(strstr(header, text));
	free(header);
	table_open(&table, t, "WHAT");
	for (row = -1, line = table.header + 1; line < table.header + 8; line++) {
		char *cell = table_cell(&table, line, "WHAT");

		if (strncmp(cell, name, 12) == 0)
			row = line;
		free(cell);
	}
	assert_true(row > 0);
	table_expect(&table, row, "SINCE", fact_clock(fact_time(import, "since"), text));
	table_close(&table);
	console_quit(t);
}

/* ---- a run ------------------------------------------------------------------------------- */

static void
screens_run_shows_its_tasks_and_the_log_of_what_failed(void **state)
{
	struct bn_term *t = console_start(&world.served, 120, 40, NULL, NULL, NULL);
	const json_t *run = find("runs", "pipeline", "transform-hourly"), *task;
	struct screen_table table;
	char text[96], took[BN_TIME_TEXT];
	size_t i, failed = 0;
	int row, col;

	(void)state;
	console_play(t, "2/transform-hourly<Enter><Quiet:700><Enter><Wait:TASK><Quiet:3000>");
	snprintf(text, sizeof(text), "failed %s · started 03:05:04",
		 bn_duration_show(bn_json_int_at(run, "duration", 0), took));
	assert_true(bn_term_find(t, text, &row, &col));
	table_open(&table, t, "TASK");
	json_array_foreach(json_object_get(run, "tasks"), i, task)
	{
		if (strcmp(fact_text(task, "status"), "failed") != 0)
			continue;
		snprintf(text, sizeof(text), "✗ %s", fact_text(task, "name"));
		assert_true(bn_term_find(t, text, &row, &col));
		snprintf(text, sizeof(text), "%s",
			 bn_duration_show(bn_json_int_at(task, "duration", 0), took));
		table_expect(&table, row, "DUR", text);
		table_expect(&table, row, "STATE", "failed");
		failed++;
	}
	table_close(&table);
	assert_int_equal(failed, bn_json_int_at(run, "counts/failed", -1));
	snprintf(text, sizeof(text), "… %lld more ok",
		 (long long)bn_json_int_at(run, "counts/ok", 0) - 3);
	assert_true(bn_term_find(t, text, &row, &col));
	snprintf(text, sizeof(text), "… %lld more skipped",
		 (long long)bn_json_int_at(run, "counts/skipped", 0) - 3);
	assert_true(bn_term_find(t, text, &row, &col));
	assert_true(bn_term_find(t, "DRIVER_UNREACHABLE", &row, &col)); /* the log */
	console_quit(t);
}

/* ---- Sources ----------------------------------------------------------------------------- */

static void
screens_sources_show_what_each_one_holds(void **state)
{
	struct bn_term *t = console_start(&world.served, 80, 26, NULL, NULL, NULL);
	struct screen_table table;
	const json_t *source;
	char text[32];
	size_t i;

	(void)state;
	console_play(t, "0");
	table_open(&table, t, "SOURCE");
	json_array_foreach(list("sources"), i, source)
	{
		int row = table_row(&table, "SOURCE", fact_text(source, "name"));
		char *mark;

		if (row < 0)
			fail_msg("%s is not on:\n%s", fact_text(source, "name"), bn_term_dump(t));
		mark = console_cut(t, row, 1, 2);
		assert_string_equal(mark, "●");
		free(mark);
		table_expect(&table, row, "KIND", fact_text(source, "type"));
		/* what stands; runs belong to their pipelines */
		snprintf(text, sizeof(text), "%lld",
			 (long long)(bn_json_int_at(source, "entities/pipelines", 0) +
				     bn_json_int_at(source, "entities/streams", 0) +
				     bn_json_int_at(source, "entities/models", 0) +
				     bn_json_int_at(source, "entities/versions", 0) +
				     bn_json_int_at(source, "entities/keys", 0) +
				     bn_json_int_at(source, "entities/endpoints", 0)));
		table_expect(&table, row, "ENT", text);
	}
	assert_true(i >= 5);
	table_close(&table);
	console_quit(t);
}

/* ---- what changed ------------------------------------------------------------------------ */

static void
screens_changed_shows_the_merge_of_the_night(void **state)
{
	struct bn_term *t = console_start(&world.served, 80, 24, NULL, NULL, NULL);
	const json_t *change = json_array_get(list("changes"), 0);
	char at[BN_TIME_TEXT];
	int row, col;

	(void)state;
	console_play(t, "w");
	assert_true(bn_term_find(t, bn_time_show(fact_time(change, "at"), NULL, BN_TIME_HMS, at),
				 &row, &col));
	assert_true(bn_term_find(t, fact_text(change, "title"), &row, &col));
	assert_true(bn_term_find(t, fact_text(change, "author"), &row, &col));
	console_quit(t);
}

/* J12: a dead source is never green, and what it told of becomes unknown. */
static void
screens_dead_source_is_nowhere_green(void **state)
{
	struct served dead;
	struct bn_term *t;
	struct screen_table table;
	char demo[128], *mark, *header;
	const char *const args[] = {"binnacle", demo, NULL};
	struct bn_term_options options = {.cols = 80, .rows = 24, .argv = args};
	json_t *facts, *endpoint;
	size_t i;
	int row;

	(void)state;
	served_start(&dead, "--fault dead=probes --fault dead=prom");
	facts = served_facts(&dead);
	snprintf(demo, sizeof(demo), "--demo=%s", dead.demo);
	t = bn_term_start(&options);
	assert_non_null(t);
	/* every probe has timed out: that is an answer, of the endpoints; Prometheus gives none */
	assert_true(bn_term_wait(t, "src 12/13", 60000));
	console_play(t, "0<Wait:SOURCE>");
	header = bn_term_row(t, 0);
	assert_null(strstr(header, "src 12/12"));
	free(header);
	table_open(&table, t, "SOURCE");
	row = table_row(&table, "SOURCE", "prom");
	assert_true(row > 0);
	mark = console_cut(t, row, 1, 2);
	assert_string_not_equal(mark, "●");
	assert_string_not_equal(mark, "");
	free(mark);
	table_close(&table);

	console_play(t, "4<Wait:ENDPOINT>");
	table_open(&table, t, "ENDPOINT");
	json_array_foreach(json_object_get(facts, "endpoints"), i, endpoint)
	{
		row = table_row(&table, "ENDPOINT", fact_text(endpoint, "name"));
		assert_true(row > 0);
		mark = table_mark(&table, row, "ENDPOINT");
		assert_string_not_equal(mark, "●");
		assert_string_not_equal(mark, "");
		free(mark);
	}
	assert_true(i > 0);
	table_close(&table);
	json_decref(facts);
	console_quit(t);
	served_stop(&dead);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(screens_triage_80x24_answers_the_four_questions_without_a_key),
    cmocka_unit_test(screens_triage_60x16_answers_them_within_four_keys),
    cmocka_unit_test(screens_triage_counts_what_the_world_counts),
    cmocka_unit_test(screens_runs_120x40_shows_every_pipeline_as_it_is),
    cmocka_unit_test(screens_runs_80x24_shows_every_pipeline_as_it_is),
    cmocka_unit_test(screens_endpoints_show_every_endpoint_as_it_is),
    cmocka_unit_test(screens_run_shows_its_tasks_and_the_log_of_what_failed),
    cmocka_unit_test(screens_sources_show_what_each_one_holds),
    cmocka_unit_test(screens_changed_shows_the_merge_of_the_night),
    cmocka_unit_test(screens_dead_source_is_nowhere_green),
};

int
main(void)
{
	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, setup, teardown);
}

/* cells_test.c - every cell of Triage, Timeline, Links, Changed, Endpoints, Sources and a run, at three sizes. */
/* SPDX-License-Identifier: MIT */
#include "tests/screen/console.h"

#include <locale.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/status.h"

#define SIZES 3

/* One console of each size serves all tests. */
static struct {
	struct served served;
	json_t *facts;
	long long at;
	struct bn_term *console[SIZES];
} world;

static const struct size {
	int cols, rows;
} sizes[SIZES] = {{80, 24}, {120, 40}, {60, 16}};
#define EACH_SIZE(s) for (const struct size *s = sizes; s < sizes + SIZES; s++)

static int
setup(void **state)
{
	(void)state;
	setlocale(LC_CTYPE, "C.UTF-8");
	served_start(&world.served, NULL);
	world.facts = served_facts(&world.served);
	world.at = bn_json_int_at(world.facts, "at_ms", 0);
	EACH_SIZE(size)
	world.console[size - sizes] =
	    console_start(&world.served, size->cols, size->rows, NULL, NULL, NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	EACH_SIZE(size) console_quit(world.console[size - sizes]);
	json_decref(world.facts);
	served_stop(&world.served);
	return 0;
}

/* The console of that size, at the top of the screen whose digit `keys` begin with. What a test before opened and
 * filtered on its last screen is closed; each waits a moment in case it is the beginning of a longer key. */
static struct bn_term *
open_at(const struct size *size, const char *keys)
{
	struct bn_term *t = world.console[size - sizes];
	char all[160];

	snprintf(all, sizeof(all), "<Esc><Esc>%cg<Quiet:300>%s", keys[0], keys + 1);
	console_play(t, all);
	return t;
}

static const json_t *
list(const char *name)
{
	return json_object_get(world.facts, name);
}

static const json_t *
find(const char *name, const char *field, const char *value)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list(name), i,
			   item) if (strcmp(fact_text(item, field), value) == 0) return item;
	return NULL;
}

static const char *
glyph(const char *status)
{
	return bn_status_row(bn_status_from_word(status))->glyph;
}

static void
expect_mark(const struct screen_table *table, int row, const char *first, const char *expected)
{
	char *mark = table_mark(table, row, first);

	if (strcmp(mark, expected) != 0)
		fail_msg("row %d: mark \"%s\" instead of \"%s\" on:\n%s", row, mark, expected,
			 bn_term_dump(table->t));
	free(mark);
}

/* A row of a table begins with a glyph; a rule, a border or an empty line does not. */
static bool
is_row(const struct screen_table *table, int row, const char *first)
{
	char *mark = table_mark(table, row, first);
	bool is = *mark != '\0' && strcmp(mark, "─") != 0;

	free(mark);
	return is;
}

static int
rows_of(const struct screen_table *table, const char *first)
{
	int row = table->header + 1;

	while (is_row(table, row, first))
		row++;
	return row - table->header - 1;
}

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* ---- Triage ------------------------------------------------------------------------------ */

/* When binnacle says it began: by the platform's word, else when it was first seen. */
static long long
since_of(const json_t *finding)
{
	long long since = fact_time(finding, "since");

	return since != 0 ? since : world.at;
}

static const json_t *
blast_facts(const json_t *finding)
{
	return json_object_get(list("blast"), fact_text(finding, "about"));
}

static int
hits_of(const json_t *finding)
{
	static const char *const kinds[] = {"p", "s", "a", "d", "j"};
	int hits = 0;

	for (size_t i = 0; i < 5; i++)
		hits += (int)bn_json_int_at(blast_facts(finding), kinds[i], 0);
	return hits;
}

static const char *
priority_of(const json_t *finding)
{
	if (strcmp(fact_text(finding, "severity"), "crit") == 0)
		return "1";
	if (hits_of(finding) > 0)
		return "2";
	return world.at - since_of(finding) > 86400000 ? "4" : "3";
}

static void
what_of(const json_t *finding, char out[160])
{
	const char *rule = fact_text(finding, "rule"), *title = fact_text(finding, "title");

	if (strcmp(rule, "import-error") == 0)
		snprintf(out, 160, "%s does not import", last_part(title));
	else if (strcmp(rule, "target-down") == 0)
		snprintf(out, 160, "%s %s can't be scraped",
			 fact_text(find("targets", "instance", title), "job"), title);
	else
		snprintf(out, 160, "%s", title);
}

static int
failed_of_twelve(const char *ref)
{
	const json_t *last = json_object_get(find("pipelines", "ref", ref), "last"), *run;
	size_t i;
	int failed = 0;

	json_array_foreach(last, i, run) failed +=
	    i + 12 >= json_array_size(last) && strcmp(fact_text(run, "status"), "failed") == 0;
	return failed;
}

/* What is wrong, as far as the facts tell it; "" where they don't. */
static void
state_of(const json_t *finding, char out[200])
{
	const char *rule = fact_text(finding, "rule"), *title = fact_text(finding, "title");
	const json_t *run = find("runs", "pipeline", title);

	out[0] = '\0';
	if (strcmp(rule, "run-failed") == 0)
		snprintf(out, 200, "%lld failed +%lld skipped",
			 (long long)bn_json_int_at(run, "counts/failed", 0),
			 (long long)bn_json_int_at(run, "counts/skipped", 0));
	else if (strcmp(rule, "run-flaky") == 0)
		snprintf(out, 200, "%d of the last 12 runs failed",
			 failed_of_twelve(fact_text(finding, "about")));
	else if (strcmp(rule, "import-error") == 0)
		snprintf(out, 200, "%s",
			 fact_text(find("import_errors", "filename", title), "error"));
	else if (strcmp(rule, "target-down") == 0)
		snprintf(out, 200, "%s", fact_text(find("targets", "instance", title), "error"));
}

/* "2p 4a 1j": products, services, endpoints, datasets, pipelines. */
static void
blast_of(const json_t *finding, char out[64])
{
	static const char *const kinds[] = {"p", "s", "a", "d", "j"};
	int n = 0;

	for (size_t i = 0; i < 5; i++) {
		int count = (int)bn_json_int_at(blast_facts(finding), kinds[i], 0);

		if (count > 0)
			n += snprintf(out + n, 64 - (size_t)n, "%s%d%s", n > 0 ? " " : "", count,
				      kinds[i]);
	}
	if (n == 0)
		snprintf(out, 64, "–");
}

/* "dbt!2207 21m": in one unit, cut, not rounded. */
static void
changed_of(const json_t *finding, char out[64])
{
	long long age = (world.at - fact_time(finding, "changed/at")) / 60000;

	if (fact_text(finding, "about")[0] == '\0')
		snprintf(out, 64, "–"); /* about nothing that a file could define */
	else if (strncmp(fact_text(finding, "about"), "model/", 6) == 0)
		snprintf(out, 64, "–"); /* no file of the demo's repositories defines a model */
	else if (fact_text(finding, "changed/ref")[0] == '\0')
		snprintf(out, 64, "none in 24h");
	else if (age < 60)
		snprintf(out, 64, "%s %lldm", fact_text(finding, "changed/ref"), age);
	else
		snprintf(out, 64, "%s %lldh", fact_text(finding, "changed/ref"), age / 60);
}

static void
expect_finding(const struct screen_table *table, int row, const json_t *finding)
{
	char text[200];

	expect_mark(
	    table, row, "P",
	    glyph(strcmp(fact_text(finding, "severity"), "crit") == 0 ? "failed" : "degraded"));
	table_expect(table, row, "P", priority_of(finding));
	state_of(finding, text);
	if (text[0] != '\0')
		table_expect(table, row, "STATE", text);
	table_expect(table, row, "SINCE", fact_clock(since_of(finding), text));
	table_expect(table, row, "FOR", bn_duration_show(world.at - since_of(finding), text));
	blast_of(finding, text);
	table_expect_any(table, row, "BLAST", text);
	changed_of(finding, text);
	table_expect_any(table, row, "CHANGED", text);
}

/* Everything that stands for itself has its row, in order of urgency, and nothing else has one. */
static void
cells_triage_shows_every_root_and_nothing_else(void **state)
{
	(void)state;
	EACH_SIZE(size)
	{
		struct bn_term *t = open_at(size, "1");
		const json_t *finding;
		struct screen_table table;
		char what[160];
		int roots = 0;
		size_t i;

		/* the drift began before the first contact, as the history tells once it is read */
		assert_true(bn_term_wait(t, " 05:00 ", 60000));
		table_open(&table, t, "WHAT");
		json_array_foreach(list("findings"), i, finding)
		{
			int row;

			what_of(finding, what);
			row = table_row(&table, "WHAT", what);
			if (fact_text(finding, "root")[0] != '\0') {
				assert_int_equal(row, -1); /* folded */
				continue;
			}
			if (row < 0)
				fail_msg("%s is not on:\n%s", what, bn_term_dump(t));
			expect_finding(&table, row, finding);
			roots++;
		}
		assert_int_equal(rows_of(&table, "P"), roots);
		table_close(&table);
	}
}

/* "━━━━━━━━──" stands for how far a run should be. */
static int
heavy(const char *text)
{
	int count = 0;

	for (; (text = strstr(text, "━")) != NULL; text += strlen("━"))
		count++;
	return count;
}

static int
by_size(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return (x > y) - (x < y);
}

/* Of the last 20 good runs; 0 if there was none. */
static long long
percentile(const json_t *pipeline, int share)
{
	const json_t *all = json_object_get(pipeline, "durations");
	size_t count = json_array_size(all) < 20 ? json_array_size(all) : 20, i;
	long long sorted[20];

	for (i = 0; i < count; i++)
		sorted[i] = json_integer_value(json_array_get(all, i));
	qsort(sorted, count, sizeof(sorted[0]), by_size);
	return count == 0 ? 0 : sorted[(count * (size_t)share + 99) / 100 - 1];
}

static void
expect_moving(struct bn_term *t, int row, const json_t *pipeline)
{
	char *line = bn_term_row(t, row), text[BN_TIME_TEXT];
	long long took = bn_json_int_at(pipeline, "latest/duration", 0);
	long long typical = percentile(pipeline, 50);
	int tenths = typical == 0 ? 0 : (int)((took * 10 + typical / 2) / typical);

	if (strstr(line, glyph("running")) == NULL ||
	    strstr(line, fact_text(pipeline, "engine")) == NULL ||
	    strstr(line, bn_duration_show(took, text)) == NULL ||
	    strstr(line, bn_duration_show(typical, text)) == NULL ||
	    abs(heavy(line) - (tenths > 10 ? 10 : tenths)) > 1)
		fail_msg("row %d is not %s, %lld of %lld ms, on:\n%s", row,
			 fact_text(pipeline, "key"), took, typical, bn_term_dump(t));
	free(line);
}

static void
cells_triage_shows_what_moves_longest_first(void **state)
{
	struct bn_term *t = open_at(&sizes[1], "1");
	const json_t *pipeline;
	int row, col, moving = 0;
	char text[32];
	size_t i;

	(void)state;
	json_array_foreach(list("pipelines"), i, pipeline)
	{
		if (strcmp(fact_text(pipeline, "latest/status"), "running") != 0)
			continue;
		snprintf(text, sizeof(text), "◐ %.14s", fact_text(pipeline, "key"));
		if (!bn_term_find(t, text, &row, &col))
			fail_msg("%s is not on:\n%s", text, bn_term_dump(t));
		expect_moving(t, row, pipeline);
		moving++;
	}
	assert_int_equal(moving, bn_json_int_at(world.facts, "counters/running", -1));
	snprintf(text, sizeof(text), "%d in flight", moving);
	assert_true(bn_term_find(t, text, &row, &col));
}

/* ---- Timeline ---------------------------------------------------------------------------- */

static void
event_words(const json_t *event, char out[96])
{
	const char *status = fact_text(event, "status");
	long long failed = bn_json_int_at(event, "failed", 0),
		  skipped = bn_json_int_at(event, "skipped", 0);
	int n = snprintf(out, 96, "%s", status);

	if (failed > 0)
		n += snprintf(out + n, 96 - (size_t)n, " %lld", failed);
	if (failed > 0 && skipped > 0)
		snprintf(out + n, 96 - (size_t)n, ", skipped %lld", skipped);
}

/* The row of an event: events of one second may stand in any order. -1: not in sight. */
static int
event_row(const struct screen_table *table, const json_t *event, int rows)
{
	char at[BN_TIME_TEXT];
	int row;

	bn_time_show(fact_time(event, "at"), NULL, BN_TIME_HMS, at);
	for (row = table->header + 1; row <= table->header + rows; row++) {
		char *time = table_cell(table, row, "TIME"), *kind = table_cell(table, row, "KIND"),
		     *entity = table_cell(table, row, "ENTITY"), *cut = strstr(entity, "…");
		const char *name = fact_text(event, "pipeline");
		bool same = strcmp(time, at) == 0 && strcmp(kind, "run") == 0 &&
			    (strcmp(entity, name) == 0 ||
			     (cut != NULL && strncmp(entity, name, (size_t)(cut - entity)) == 0));

		free(time);
		free(kind);
		free(entity);
		if (same)
			return row;
	}
	return -1;
}

static int
runs_among(const struct screen_table *table, int rows)
{
	int row, runs = 0;

	for (row = table->header + 1; row <= table->header + rows; row++) {
		char *kind = table_cell(table, row, "KIND");

		runs += strcmp(kind, "run") == 0;
		free(kind);
	}
	return runs;
}

/* The runs of the first page are those the facts begin with. */
static void
compare_page(const struct screen_table *table)
{
	const json_t *events = list("events"), *event;
	int rows = rows_of(table, "TIME"), runs = runs_among(table, rows), row, i;
	char text[96];

	for (i = 0; i < runs; i++) {
		event = json_array_get(events, (size_t)i);
		row = event_row(table, event, rows);
		/* the last second may go on behind the page's end, in another order */
		if (row < 0 && i >= runs - 3)
			break;
		if (row < 0)
			fail_msg("%s %s is not on:\n%s", fact_text(event, "at"),
				 fact_text(event, "pipeline"), bn_term_dump(table->t));
		expect_mark(table, row, "TIME", glyph(fact_text(event, "status")));
		event_words(event, text);
		table_expect(table, row, "WHAT", text);
		table_expect_any(table, row, "WHO", "–");
		table_expect_any(table, row, "EVIDENCE", fact_text(event, "run"));
	}
	assert_true(i > 5);
}

static void
cells_timeline_shows_every_run_that_ended_newest_first(void **state)
{
	(void)state;
	EACH_SIZE(size)
	{
		/* only runs: the filter leaves no row that the facts' list does not have */
		struct bn_term *t = open_at(size, "9/kind=run<Enter>");
		struct screen_table table;

		table_open(&table, t, "TIME");
		compare_page(&table);
		table_close(&table);
	}
}

/* Two rows a change: merged, and written 23 minutes before. */
static void
cells_timeline_shows_what_people_merged(void **state)
{
	(void)state;
	EACH_SIZE(size)
	{
		struct bn_term *t = open_at(size, "9/kind=commit<Enter>");
		struct screen_table table;
		const json_t *change;
		char at[BN_TIME_TEXT];
		int shown = 0;
		size_t i;

		table_open(&table, t, "TIME");
		json_array_foreach(list("changes"), i, change)
		{
			int row;

			if (fact_time(change, "written") < world.at - 86400000)
				break;
			bn_time_show(fact_time(change, "at"), NULL, BN_TIME_HMS, at);
			row = table_row(&table, "TIME", at);
			assert_true(row > 0);
			table_expect(&table, row, "KIND", "commit");
			table_expect(&table, row, "ENTITY", fact_text(change, "ref"));
			table_expect(&table, row, "WHAT", fact_text(change, "title"));
			table_expect_any(&table, row, "WHO", fact_text(change, "author"));
			bn_time_show(fact_time(change, "written"), NULL, BN_TIME_HMS, at);
			row = table_row(&table, "TIME", at);
			assert_true(row > 0);
			table_expect(&table, row, "KIND", "commit");
			table_expect(
			    &table, row, "ENTITY",
			    fact_text(find("repos", "repo", fact_text(change, "repo")), "name"));
			table_expect(&table, row, "WHAT", fact_text(change, "title"));
			table_expect_any(&table, row, "WHO", fact_text(change, "author"));
			shown += 2;
		}
		assert_true(shown >= 4);
		assert_int_equal(rows_of(&table, "TIME"), shown);
		table_close(&table);
	}
}

/* ---- along the lineage ------------------------------------------------------------------- */

/* The newest change of a file that defines the thing; NULL if the facts know none. */
static const json_t *
defining_change(const char *ref)
{
	const json_t *change, *thing;
	size_t i, k;

	json_array_foreach(list("changes"), i, change)
	{
		json_array_foreach(json_object_get(change, "defines"), k, thing)
		{
			if (strcmp(json_string_value(thing), ref) == 0)
				return change;
		}
	}
	return NULL;
}

/* "22:05 k8s-apps#415", "02-25 workflows-argo#57": the time of day within the last day. */
static void
expect_last_change(const struct screen_table *table, int row, const char *ref)
{
	const json_t *change = defining_change(ref);
	char text[96], at[BN_TIME_TEXT];
	long long when;

	if (change == NULL)
		return;
	when = fact_time(change, "at");
	if (world.at - when < 86400000)
		bn_time_show(when, NULL, BN_TIME_HM, at);
	else
		snprintf(at, sizeof(at), "%.5s", fact_text(change, "at") + 5);
	snprintf(text, sizeof(text), "%s %s", at, fact_text(change, "ref"));
	table_expect_any(table, row, "CHANGED", text);
}

/* Goes down the tree to the thing's line. Long names are cut, so the beginning has to do. */
static int
lineage_row(struct bn_term *t, const char *ref, const char *mark)
{
	char text[64];
	int row, col, i;

	snprintf(text, sizeof(text), "─ %s %.16s", mark, last_part(ref));
	for (i = 0; i < 60 && !bn_term_find(t, text, &row, &col); i++) {
		bn_term_type(t, i == 0 ? "g" : "j");
		bn_term_settle(t, 40, 1000);
	}
	if (i == 60)
		fail_msg("\"%s\" is not on:\n%s", text, bn_term_dump(t));
	return row;
}

static void
expect_related(struct bn_term *t, const char *ref)
{
	static const char *const lists[] = {"pipelines", "endpoints", "products", "models"};
	const json_t *thing = NULL, *latest;
	struct screen_table table;
	const char *status;
	char text[64], *kind;
	long long since;
	int row;

	for (size_t i = 0; thing == NULL && i < 4; i++)
		thing = find(lists[i], "ref", ref);
	if (thing == NULL)
		return; /* the facts don't tell how it stands */
	latest = json_object_get(thing, "latest");
	status = latest != NULL ? fact_text(latest, "status") : fact_text(thing, "status");
	row = lineage_row(t, ref, glyph(status));
	table_open(&table, t, "THING");
	kind = table_cell(&table, row, "KIND");
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(ref, "/"), ref);
	assert_true(strncmp(kind, text, strlen(text)) == 0);
	free(kind);
	table_expect(&table, row, "STATE", status);
	since = fact_time(latest, "finished");
	if (since == 0)
		since = fact_time(latest, "started");
	if (latest != NULL)
		table_expect(&table, row, "SINCE", since == 0 ? "" : fact_clock(since, text));
	expect_last_change(&table, row, ref);
	table_close(&table);
}

static void
cells_lineage_shows_both_directions_with_how_each_stands(void **state)
{
	static const char about[] = "pipeline/argo-prod/transform-hourly";
	(void)state;
	EACH_SIZE(size)
	{
		struct bn_term *t = open_at(size, "1b");
		const json_t *link;
		int row, col;
		size_t i;

		assert_true(bn_term_find(t, "it feeds ", &row, &col));
		json_array_foreach(list("links"), i, link)
		{
			if (strcmp(fact_text(link, "from"), about) == 0)
				expect_related(t, fact_text(link, "to"));
			if (strcmp(fact_text(link, "to"), about) == 0)
				expect_related(t, fact_text(link, "from"));
		}
	}
}

/* ---- what changed ------------------------------------------------------------------------ */

/* Whether `ref` is `about` or leads to it along the links. */
static bool
leads_to(const char *ref, const char *about, int depth)
{
	const json_t *link;
	size_t i;

	if (strcmp(ref, about) == 0)
		return true;
	json_array_foreach(list("links"), i, link)
	{
		if (depth < 8 && strcmp(fact_text(link, "from"), ref) == 0 &&
		    leads_to(fact_text(link, "to"), about, depth + 1))
			return true;
	}
	return false;
}

static bool
concerns(const json_t *change, const char *about)
{
	const json_t *thing;
	size_t i;

	json_array_foreach(json_object_get(change, "defines"), i,
			   thing) if (leads_to(json_string_value(thing), about, 0)) return true;
	return false;
}

static void
expect_change(const struct screen_table *table, const json_t *change, const char *time,
	      const char *words)
{
	char at[BN_TIME_TEXT], *evidence;
	int row;

	bn_time_show(fact_time(change, time), NULL, BN_TIME_HMS, at);
	row = table_row(table, "TIME", at);
	if (row < 0)
		fail_msg("%s is not on:\n%s", at, bn_term_dump(table->t));
	table_expect(table, row, "KIND", "code");
	table_expect(table, row, "WHAT", words);
	table_expect_any(table, row, "WHO", fact_text(change, "author"));
	if (!table_has(table, "EVIDENCE"))
		return;
	/* ten digits of the commit, and the file */
	evidence = table_cell(table, row, "EVIDENCE");
	assert_int_equal(strspn(evidence, "0123456789abcdef"), 10);
	assert_true(strncmp(evidence + 11, fact_text(change, "path"), 8) == 0);
	free(evidence);
}

static void
compare_changes(struct bn_term *t, const char *about)
{
	const json_t *change;
	struct screen_table table;
	int shown = 0, row;
	char words[160];
	size_t i;

	table_open(&table, t, "KIND");
	json_array_foreach(list("changes"), i, change)
	{
		if (!concerns(change, about) || fact_time(change, "written") < world.at - 86400000)
			continue;
		snprintf(words, sizeof(words), "%s %s", fact_text(change, "ref"),
			 fact_text(change, "title"));
		expect_change(&table, change, "at", words);
		expect_change(&table, change, "written", fact_text(change, "title"));
		shown += 2;
	}
	assert_true(shown > 0);
	for (row = table.header + 1; shown >= 0; row++, shown--) {
		char *kind = table_cell(&table, row, "KIND");

		assert_int_equal(*kind == '\0', shown == 0);
		free(kind);
	}
	table_close(&table);
}

static void
cells_changed_shows_the_commits_that_concern_it_and_no_other(void **state)
{
	(void)state;
	EACH_SIZE(size)
	{
		struct bn_term *t = open_at(size, "1w");

		compare_changes(t, "pipeline/argo-prod/transform-hourly");
		console_play(t, "<Esc>4/api-lpo-quote<Enter><Quiet:700>w");
		compare_changes(t, "endpoint/probes/api-lpo-quote");
		console_play(t, "<Esc><Esc>2/ing-courier-b-rates<Enter><Quiet:700>w");
		compare_changes(t, "pipeline/argo-prod/ing-courier-b-rates");
	}
}

/* ---- Endpoints --------------------------------------------------------------------------- */

/* Three digits that count: "3.57", "70.1", "106". */
static void
expect_rate(const struct screen_table *table, int row, const char *name, double rate)
{
	char text[32];

	snprintf(text, sizeof(text), "%.*f", rate < 10 ? 2 : rate < 100 ? 1 : 0, rate);
	table_expect_any(table, row, name, text);
}

static void
expect_number(const struct screen_table *table, int row, const char *name, long long number)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", number);
	table_expect_any(table, row, name, text);
}

/* One probe was made: the last of the sixty minutes has a bar, the others none. */
static void
expect_one_minute(const struct screen_table *table, int row)
{
	char *cell;

	if (!table_has(table, "60m"))
		return;
	cell = table_cell(table, row, "60m");
	assert_int_equal(strlen(cell), strlen("▃"));
	assert_true(strncmp(cell, "▁", 2) == 0); /* one of the eight blocks */
	free(cell);
}

static void
expect_endpoint(const struct screen_table *table, int row, const json_t *e)
{
	bool stale = bn_json_bool_at(e, "stale", false);
	int ok = (bn_json_int_at(e, "http_status", 0) == 200) + !stale;
	long long expires = fact_time(e, "certificate_expires");
	char text[96], age[BN_TIME_TEXT];

	expect_mark(table, row, "ENDPOINT", glyph(fact_text(e, "status")));
	table_expect_any(table, row, "KIND", "http");
	snprintf(text, sizeof(text), "%lld%s", (long long)bn_json_int_at(e, "http_status", 0),
		 stale ? " stale" : "");
	table_expect(table, row, "STATE", text);
	expect_rate(table, row, "RPS", bn_json_num_at(e, "rps", -1));
	snprintf(text, sizeof(text), "%.2f", bn_json_num_at(e, "error_ratio", 0) * 100);
	table_expect_any(table, row, "ERR%", text);
	expect_number(table, row, "p50", bn_json_int_at(e, "p50", 0));
	expect_number(table, row, "p95", bn_json_int_at(e, "p95", 0));
	expect_number(table, row, "p99", bn_json_int_at(e, "p99", 0));
	expect_number(table, row, "SLO", bn_json_int_at(e, "slo_p99", 0));
	expect_one_minute(table, row);
	snprintf(text, sizeof(text), "%lldd", (expires - world.at) / 86400000);
	table_expect_any(table, row, "CERT", expires == 0 ? "–" : text);
	snprintf(text, sizeof(text), "%d/2", ok); /* its status, and the age of what it tells */
	table_expect_any(table, row, "ASSERT", text);
	snprintf(text, sizeof(text), "json .generated_at age < 24h: it is %s",
		 bn_duration_show(bn_json_int_at(e, "generated_age", 0), age));
	table_expect_any(table, row, "MESSAGE", stale ? text : "–");
}

static void
cells_endpoints_show_every_cell(void **state)
{
	(void)state;
	EACH_SIZE(size)
	{
		struct bn_term *t = open_at(size, "4");
		const json_t *endpoint;
		struct screen_table table;
		size_t i;

		json_array_foreach(list("endpoints"), i, endpoint)
		{
			int row;

			table_open(&table, t, "ENDPOINT");
			row = table_row(&table, "ENDPOINT", fact_text(endpoint, "name"));
			if (row < 0)
				fail_msg("%s is not on:\n%s", fact_text(endpoint, "name"),
					 bn_term_dump(t));
			expect_endpoint(&table, row, endpoint);
			table_close(&table);
		}
		assert_true(i > 0);
	}
}

/* ---- Sources ----------------------------------------------------------------------------- */

/* What a shell line about the demo's configuration prints first; "" if nothing. */
static void
first_line(const char *words, char out[64])
{
	char line[400];
	FILE *pipe;

	snprintf(line, sizeof(line), "git config -f '%s/config' %s", world.served.demo, words);
	out[0] = '\0';
	pipe = popen(line, "r");
	assert_non_null(pipe);
	if (fgets(out, 64, pipe) == NULL)
		out[0] = '\0';
	pclose(pipe);
	out[strcspn(out, "\n")] = '\0';
}

static void
configured(const char *source, const char *key, char out[64])
{
	char words[200];

	snprintf(words, sizeof(words), "--get 'source.%s.%s'", source, key);
	first_line(words, out);
}

static long long
streams_of(const char *source)
{
	char words[200], count[64];

	snprintf(words, sizeof(words), "--get-regexp 'stream\\..*\\.source' '^%s$' | wc -l",
		 source);
	first_line(words, count);
	return atoll(count);
}

static const char *
login_of(const char *source)
{
	char text[64];

	configured(source, "token-file", text);
	if (text[0] != '\0')
		return "token-file";
	configured(source, "user", text);
	return text[0] != '\0' ? "basic" : "none";
}

/* A measured time, or none where nothing was asked. */
static void
expect_measured(const struct screen_table *table, int row, const char *name, bool asked)
{
	char *cell;

	if (!table_has(table, name))
		return;
	cell = table_cell(table, row, name);
	if ((strcmp(cell, "–") == 0) == asked || (asked && strspn(cell, "0123456789") == 0))
		fail_msg("%s is \"%s\" on:\n%s", name, cell, bn_term_dump(table->t));
	free(cell);
}

static void
expect_source(const struct screen_table *table, int row, const json_t *source)
{
	const char *name = fact_text(source, "name");
	char text[64];

	expect_mark(table, row, "SOURCE", glyph("healthy"));
	table_expect(table, row, "KIND", fact_text(source, "type"));
	table_expect(table, row, "LAST OK", "0s");
	configured(name, "interval", text);
	table_expect_any(table, row, "EVERY", text);
	expect_measured(table, row, "CALLS/h", true);
	expect_measured(table, row, "p50", true);
	expect_measured(table, row, "p95", true);
	/* what stands: runs belong to their pipelines, and streams are what the configuration names */
	expect_number(table, row, "ENT",
		      bn_json_int_at(source, "entities/pipelines", 0) +
			  bn_json_int_at(source, "entities/endpoints", 0) +
			  bn_json_int_at(source, "entities/models", 0) +
			  bn_json_int_at(source, "entities/datasets", 0) +
			  bn_json_int_at(source, "entities/versions", 0) +
			  bn_json_int_at(source, "entities/keys", 0) + streams_of(name));
	table_expect_any(table, row, "BROKEN", "0");
	table_expect_any(table, row, "AUTH", login_of(name));
	table_expect_any(table, row, "EXPIRES", "–");
}

/* Where they don't all fit, the others are at the other end of the list. */
static int
find_source(struct screen_table *table, const char *name)
{
	static const char *const ends[] = {"G", "g"};
	struct bn_term *t = table->t;
	int row = table_row(table, "SOURCE", name);

	for (int i = 0; row < 0 && i < 2; i++) {
		bn_term_type(t, ends[i]);
		bn_term_settle(t, 150, 5000);
		row = table_row(table, "SOURCE", name);
	}
	if (row < 0)
		fail_msg("%s is not on:\n%s", name, bn_term_dump(t));
	return row;
}

static void
cells_sources_show_every_cell(void **state)
{
	(void)state;
	EACH_SIZE(size)
	{
		struct bn_term *t = open_at(size, "0");
		const json_t *item;
		struct screen_table table;
		char name[64];
		size_t i;

		table_open(&table, t, "SOURCE");
		json_array_foreach(list("sources"), i, item)
		    expect_source(&table, find_source(&table, fact_text(item, "name")), item);
		json_array_foreach(list("repos"), i, item)
		{
			int row;

			snprintf(name, sizeof(name), "repo:%s", fact_text(item, "name"));
			row = find_source(&table, name);
			expect_mark(&table, row, "SOURCE", glyph("healthy"));
			table_expect(&table, row, "KIND", "repo");
			table_expect(&table, row, "ERR", "0");
			table_expect(&table, row, "ENT", "0");
			expect_measured(&table, row, "p95", false);
		}
		table_close(&table);
	}
}

/* ---- a run ------------------------------------------------------------------------------- */

/* Columns of the first and the last "━" of a row before `until`; false if there is none. */
static bool
bar_of(struct bn_term *t, int row, int until, int *from, int *to)
{
	int col;

	for (*from = -1, col = 0; col < until; col++) {
		if (strcmp(bn_term_cell(t, row, col).text, "━") != 0)
			continue;
		if (*from < 0)
			*from = col;
		*to = col;
	}
	return *from >= 0;
}

/* The bar stands where its times are between the run's, give or take a column at either end. */
static void
expect_bar(struct bn_term *t, int row, const int axis[2], const json_t *run, const json_t *task,
	   int until)
{
	long long began = fact_time(run, "started"), span = fact_time(run, "finished") - began;
	long long from = fact_time(task, "started"), to = fact_time(task, "finished");
	int width = axis[1] - axis[0] + 1, left, right;

	if (from == 0 || from == to) { /* it never ran */
		assert_false(bar_of(t, row, until, &left, &right));
		return;
	}
	if (!bar_of(t, row, until, &left, &right))
		fail_msg("row %d has no bar on:\n%s", row, bn_term_dump(t));
	assert_in_range(left + 2, axis[0] + (from - began) * width / span + 1,
			axis[0] + (from - began) * width / span + 3);
	assert_in_range(right + 2, axis[0] + (to - began) * width / span,
			axis[0] + (to - began) * width / span + 3);
}

/* The state's word; a bar may follow. */
static void
expect_state(const struct screen_table *table, int row, const char *word)
{
	char *cell = table_cell(table, row, "STATE");

	cell[strcspn(cell, " ")] = '\0';
	if (strcmp(cell, word) != 0)
		fail_msg("row %d is \"%s\" instead of \"%s\" on:\n%s", row, cell, word,
			 bn_term_dump(table->t));
	free(cell);
}

/* How wide the tasks' table is: a pane may stand beside it. */
static int
table_end(const struct screen_table *table)
{
	const char *at = strstr(table->line, "DUR");

	assert_non_null(at);
	return (int)(at - table->line) - 1;
}

static void
compare_tasks(struct bn_term *t, const json_t *run)
{
	const json_t *task;
	struct screen_table table;
	int seen[3] = {0, 0, 0}, axis[2], row, col;
	char text[96], took[BN_TIME_TEXT];
	size_t i;

	table_open(&table, t, "TASK");
	snprintf(text, sizeof(text), "✗ %s", fact_text(run, "key"));
	assert_true(bn_term_find(t, text, &row, &col));
	snprintf(text, sizeof(text), "%lld/%lld", (long long)bn_json_int_at(run, "counts/ok", 0),
		 (long long)bn_json_int_at(run, "counts/total", 0));
	expect_state(&table, row, text);
	table_expect(&table, row, "DUR",
		     bn_duration_show(bn_json_int_at(run, "duration", 0), took));
	assert_true(bar_of(t, row, table_end(&table), &axis[0], &axis[1]));
	json_array_foreach(json_object_get(run, "tasks"), i, task)
	{
		const char *status = fact_text(task, "status");
		bool good = strcmp(status, "succeeded") == 0, bad = strcmp(status, "failed") == 0;

		snprintf(text, sizeof(text), "%s %s ", glyph(status), fact_text(task, "name"));
		if (!bn_term_find(t, text, &row, &col) || row <= table.header)
			continue;
		expect_state(&table, row, status);
		table_expect(
		    &table, row, "DUR",
		    good || bad ? bn_duration_show(bn_json_int_at(task, "duration", 0), took) : "");
		expect_bar(t, row, axis, run, task, table_end(&table));
		seen[good ? 0 : bad ? 1 : 2]++;
	}
	/* what failed comes first, whole; of the rest a few */
	assert_int_equal(seen[1], bn_json_int_at(run, "counts/failed", -1));
	assert_true(seen[2] > 0);
	table_close(&table);
}

static void
cells_run_shows_its_tasks_with_their_times(void **state)
{
	const json_t *run = find("runs", "pipeline", "transform-hourly");
	char text[96], took[BN_TIME_TEXT], at[BN_TIME_TEXT];
	int row, col;

	(void)state;
	EACH_SIZE(size)
	{
		struct bn_term *t = open_at(size, "1<Enter><Wait:TASK><Quiet:2500>");

		snprintf(text, sizeof(text), "failed %s · started %s · %s",
			 bn_duration_show(bn_json_int_at(run, "duration", 0), took),
			 bn_time_show(fact_time(run, "started"), NULL, BN_TIME_HMS, at), "argo");
		assert_true(bn_term_find(t, text, &row, &col));
		compare_tasks(t, run);
	}
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(cells_triage_shows_every_root_and_nothing_else),
    cmocka_unit_test(cells_triage_shows_what_moves_longest_first),
    cmocka_unit_test(cells_timeline_shows_every_run_that_ended_newest_first),
    cmocka_unit_test(cells_timeline_shows_what_people_merged),
    cmocka_unit_test(cells_lineage_shows_both_directions_with_how_each_stands),
    cmocka_unit_test(cells_changed_shows_the_commits_that_concern_it_and_no_other),
    cmocka_unit_test(cells_endpoints_show_every_cell),
    cmocka_unit_test(cells_sources_show_every_cell),
    cmocka_unit_test(cells_run_shows_its_tasks_with_their_times),
};

int
main(void)
{
	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, setup, teardown);
}

/* charts_test.c - charts, streams, products, lineage and dashboards on the screen, compared with the demo's facts. */
/* SPDX-License-Identifier: MIT */
#include "tests/screen/console.h"

#include <locale.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/status.h"
#include "ui/widget/chart.h"

/* In the midst of incident I4: minutes are missing, others may still come. */
#define IN_THE_GAP "--at 2026-03-10T03:33:50Z"

static struct {
	struct served gap, night;
	json_t *gap_facts, *night_facts;
} world;

static int
setup(void **state)
{
	(void)state;
	setlocale(LC_CTYPE, "C.UTF-8");
	served_start(&world.gap, IN_THE_GAP);
	served_start(&world.night, NULL);
	world.gap_facts = served_facts(&world.gap);
	world.night_facts = served_facts(&world.night);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	json_decref(world.gap_facts);
	json_decref(world.night_facts);
	served_stop(&world.gap);
	served_stop(&world.night);
	return 0;
}

static const json_t *
find(const json_t *facts, const char *list, const char *name)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(facts, list), i,
			   item) if (strcmp(fact_text(item, "name"), name) == 0) return item;
	fail_msg("no %s in the facts' %s", name, list);
	return NULL;
}

static const char *
glyph(const char *status)
{
	return bn_status_row(bn_status_from_word(status))->glyph;
}

static void
expect(struct bn_term *t, const char *text)
{
	if (!bn_term_wait(t, text, 30000))
		fail_msg("no \"%s\" on:\n%s", text, bn_term_dump(t));
}

/* Adds to the configuration, as a person with an editor does. */
static void
append(const struct served *served, const char *text)
{
	char path[160];
	FILE *file;

	snprintf(path, sizeof(path), "%s/config", served->demo);
	file = fopen(path, "a");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* ---- charts ------------------------------------------------------------------------------ */

static bool
painted(struct bn_term_cell cell, enum bn_chart_set set, int half)
{
	static const unsigned bits[] = {0x40 | 0x04 | 0x02 | 0x01, 0x80 | 0x20 | 0x10 | 0x08};
	uint32_t point = 0;

	if (set == BN_CHART_ASCII)
		return cell.text[0] != '\0' && strchr("#_.=^!>", cell.text[0]) != NULL;
	bn_utf8_decode(cell.text, strlen(cell.text), &point);
	if (point > 0x2800 && point <= 0x28ff)
		return ((point - 0x2800) & bits[half]) != 0;
	return point == 0x25b2 || point == 0x2265 || point == 0x25cb;
}

/* A chart on the screen: the rows of its plot, and the columns it takes with its axis. */
struct plot {
	int top, bottom, left, width;
	enum bn_chart_set set;
};

static bool
bar_painted(struct bn_term *t, const struct plot *p, size_t bar, size_t bars)
{
	int halves = p->set == BN_CHART_BRAILLE ? 2 : 1,
	    span = bn_chart_span(p->set, bars, p->width), unit, y;

	for (unit = 0; unit < span; unit++) {
		if ((size_t)unit * bars / (size_t)span != bar)
			continue;
		for (y = p->top; y <= p->bottom; y++)
			if (painted(bn_term_cell(t, y, p->left + BN_CHART_GUTTER + unit / halves),
				    p->set, unit % halves))
				return true;
	}
	return false;
}

/* Each of the sixty closed minutes is painted where the world has a value for it, and nowhere else. */
static void
compare_minutes(struct bn_term *t, const struct plot *p, const char *stream)
{
	const json_t *minutes =
			 json_object_get(find(world.gap_facts, "streams", stream), "minutes"),
		     *minute;
	size_t i, holes = 0;

	assert_int_equal(json_array_size(minutes), 60);
	json_array_foreach(minutes, i, minute)
	{
		bool there = !json_is_null(json_object_get(minute, "value"));

		holes += !there;
		if (bar_painted(t, p, i, 60) != there)
			fail_msg("%s: minute %s is %s, and its bar is%s painted on:\n%s", stream,
				 fact_text(minute, "at"), fact_text(minute, "state"),
				 there ? " not" : "", bn_term_dump(t));
	}
	assert_true(holes >= 2);
}

/* The row where a chart's title stands. */
static int
title_row(struct bn_term *t, const char *title)
{
	int row, col;

	if (!bn_term_find(t, title, &row, &col))
		fail_msg("no chart \"%s\" on:\n%s", title, bn_term_dump(t));
	return row;
}

static void
compare_charts(struct bn_term *t, int left, int width, enum bn_chart_set set, const char *below)
{
	int first = title_row(t, "tx-metrics, tx/min"),
	    second = title_row(t, "tx-fee-sum, BTC/min"),
	    third = title_row(t, "tx-fee-average, BTC"), end = title_row(t, below);

	compare_minutes(t, &(struct plot){first + 1, second - 1, left, width, set}, "tx-metrics");
	compare_minutes(t, &(struct plot){second + 1, third - 1, left, width, set}, "tx-fee-sum");
	compare_minutes(t, &(struct plot){third + 1, end - 2, left, width, set}, "tx-fee-average");
}

/* The minutes of tx-metrics that are missing in the world; they lie together. */
static size_t
missing(long long *first, long long *last)
{
	const json_t *list =
	    json_object_get(find(world.gap_facts, "streams", "tx-metrics"), "missing");
	size_t count = json_array_size(list);

	assert_true(count >= 2);
	*first = bn_time_parse(json_string_value(json_array_get(list, 0)));
	*last = bn_time_parse(json_string_value(json_array_get(list, count - 1)));
	assert_int_equal(*last - *first, (long long)(count - 1) * 60000);
	return count;
}

static void
expect_verdict(struct bn_term *t, bool boxed)
{
	long long first, last;
	size_t count = missing(&first, &last);
	char from[16], to[16], text[96];

	if (boxed)
		snprintf(text, sizeof(text), "GAP %s-%s", fact_clock(first, from),
			 fact_clock(last, to));
	else
		snprintf(text, sizeof(text), "gap %s-%s, %zu min missing", fact_clock(first, from),
			 fact_clock(last, to), count);
	expect(t, text);
}

static void
charts_80x24_paint_no_minute_that_is_not_there(void **state)
{
	struct bn_term *t = console_start(&world.gap, 80, 24, NULL, NULL, NULL);

	(void)state;
	console_play(t, "5<Wait:tx-fee-sum><Quiet:2000>");
	compare_charts(t, 0, 80, BN_CHART_BRAILLE, "must hold");
	expect_verdict(t, false);
	console_play(t, "1<Wait:tx-metrics><Quiet:1000>");
	expect(t, "infra-tf#77"); /* what it changed for */
	console_quit(t);
}

static void
charts_120x40_paint_no_minute_that_is_not_there(void **state)
{
	struct bn_term *t = console_start(&world.gap, 120, 40, NULL, NULL, NULL);

	(void)state;
	console_play(t, "5<Wait:tx-fee-sum><Quiet:2000>");
	/* within its box: an edge and a blank on both sides; the box ends two lines above the hints */
	compare_charts(t, 2, 120 - 40 - 4, BN_CHART_BRAILLE, "Enter open");
	expect_verdict(t, true);
	expect(t, "03:27:00  infra-tf#77 flink"); /* what Flink restarted for */
	console_quit(t);
}

static void
charts_in_ascii_paint_no_minute_that_is_not_there(void **state)
{
	static const char *const env[] = {"LC_ALL=C", NULL};
	struct bn_term *t = console_start(&world.gap, 80, 24, NULL, env, NULL);

	(void)state;
	console_play(t, "5<Wait:tx-fee-sum><Quiet:2000>");
	compare_charts(t, 0, 80, BN_CHART_ASCII, "must hold");
	console_quit(t);
}

static void
charts_without_colour_paint_the_same(void **state)
{
	static const char *const env[] = {"NO_COLOR=1", NULL};
	struct bn_term *t = console_start(&world.gap, 80, 24, NULL, env, NULL);

	(void)state;
	console_play(t, "5<Wait:tx-fee-sum><Quiet:2000>");
	compare_charts(t, 0, 80, BN_CHART_BRAILLE, "must hold");
	console_quit(t);
}

/* J6: into the hole with the cursor; nothing is made up there. */
static void
charts_cursor_reads_the_hole(void **state)
{
	struct bn_term *t = console_start(&world.gap, 80, 24, NULL, NULL, NULL);
	long long first, last, at = bn_json_int_at(world.gap_facts, "at_ms", 0);
	size_t count = missing(&first, &last);
	char clock[16], ago[BN_TIME_TEXT], text[96];

	(void)state;
	console_play(t, "5<Wait:tx-fee-sum><Quiet:2000><Left>");
	snprintf(text, sizeof(text), "%s  no record (closed %s ago)", fact_clock(last, clock),
		 bn_duration_show(at - last - 60000, ago));
	expect(t, text);
	for (; count > 0; count--)
		console_play(t, "<Left>");
	snprintf(text, sizeof(text), "%s  ", fact_clock(first - 60000, clock));
	expect(t, text);
	snprintf(text, sizeof(text), "m<Wait:Chart><Wait:%s  >", fact_clock(first - 60000, clock));
	console_play(t, text);
	console_play(t, "-<Wait:tx-metrics · 3h>");
	console_play(t, "c<Wait:a day before>");
	console_play(t, "m");
	expect(t, "[5 Strm]");
	console_quit(t);
}

/* The title of a chart, as far as its box goes; the caller frees. */
static char *
title_of(struct bn_term *t, const char *title, int cols)
{
	/* at 120 columns the list stands to the right of it */
	return console_cut(t, title_row(t, title), 0, cols >= 120 ? cols - 40 : cols);
}

/* Walks to that minute with the cursor; every chart's title tells of it, and none how it is now. */
static void
walk_to(struct bn_term *t, int cols, const json_t *minute, const char *says)
{
	static const char *const titles[] = {"tx-metrics, tx/min", "tx-fee-sum, BTC/min",
					     "tx-fee-average, BTC"};
	bool over = strcmp(fact_text(minute, "state"), "over") == 0;
	char clock[16], when[32], value[BN_NUMBER_TEXT], told[128], *title = NULL;
	size_t i;

	fact_clock(bn_time_parse(fact_text(minute, "at")), clock);
	snprintf(when, sizeof(when), " %s  ", clock);
	for (i = 0; i < 61; i++) {
		console_play(t, "<Left>");
		free(title);
		title = title_of(t, titles[0], cols);
		if (strstr(title, "now ") != NULL)
			fail_msg("with a cursor, \"%s\" on:\n%s", title, bn_term_dump(t));
		if (strstr(title, when) != NULL)
			break;
	}
	snprintf(told, sizeof(told), "%s  %s%s", clock,
		 bn_number_show(json_number_value(json_object_get(minute, "value")), value),
		 over ? " or more" : "");
	if (strstr(title, told) == NULL || strstr(title, says) == NULL)
		fail_msg("no \"%s\" or no \"%s\" in \"%s\"", told, says, title);
	free(title);
	for (i = 1; i < 3; i++) {
		title = title_of(t, titles[i], cols);
		if (strstr(title, when) == NULL || strstr(title, "now ") != NULL)
			fail_msg("not of %s: \"%s\"", clock, title);
		free(title);
	}
}

/* After incident I4: minutes that came late, then some at the ceiling. Their remarks are long. */
static void
charts_cursor_is_told_of_at_every_width(void **state)
{
	static const int sizes[][2] = {{80, 24}, {120, 40}};
	struct served after;
	json_t *facts;
	const json_t *minutes, *minute, *late = NULL, *over = NULL;
	size_t i;

	(void)state;
	served_start(&after, "--at 2026-03-10T03:48:10Z");
	facts = served_facts(&after);
	minutes = json_object_get(find(facts, "streams", "tx-metrics"), "minutes");
	json_array_foreach(minutes, i, minute)
	{
		late = strcmp(fact_text(minute, "state"), "late") == 0 ? minute : late;
		over = strcmp(fact_text(minute, "state"), "over") == 0 ? minute : over;
	}
	assert_non_null(late);
	assert_non_null(over);
	for (i = 0; i < 2; i++) {
		struct bn_term *t =
		    console_start(&after, sizes[i][0], sizes[i][1], NULL, NULL, NULL);

		console_play(t, "5<Wait:tx-fee-sum><Quiet:2000>");
		walk_to(t, sizes[i][0], over, ", at the ceiling");
		walk_to(t, sizes[i][0], late, ", late");
		console_quit(t);
	}
	json_decref(facts);
	served_stop(&after);
}

/* ---- streams ----------------------------------------------------------------------------- */

static void
streams_60x16_lists_every_stream_with_its_gaps(void **state)
{
	struct bn_term *t = console_start(&world.gap, 60, 16, NULL, NULL, NULL);
	const json_t *streams = json_object_get(world.gap_facts, "streams"), *stream;
	size_t i;

	(void)state;
	console_play(t, "5<Wait:tx-metrics><Quiet:1000>");
	json_array_foreach(streams, i, stream)
	{
		struct screen_table table;
		char gaps[16];
		int row, page;

		table_open(&table, t, "STREAM");
		row = table_row(&table, "STREAM", fact_text(stream, "name"));
		for (page = 0; row < 0 && page < 4; page++) {
			console_play(t, page == 0 ? "g" : "<PgDn>");
			row = table_row(&table, "STREAM", fact_text(stream, "name"));
		}
		if (row < 0)
			fail_msg("%s is not on:\n%s", fact_text(stream, "name"), bn_term_dump(t));
		snprintf(gaps, sizeof(gaps), "%zu",
			 json_array_size(json_object_get(stream, "missing")));
		table_expect(&table, row, "GAPS", gaps);
		table_close(&table);
	}
	assert_true(i >= 10);
	console_quit(t);
}

static void
streams_tab_goes_to_the_next_chain(void **state)
{
	struct bn_term *t = console_start(&world.gap, 80, 24, NULL, NULL, NULL);
	int row, col, i;

	(void)state;
	console_play(t, "5<Wait:tx-fee-sum><Quiet:2000>");
	expect(t, "tx-metrics · 60m");
	console_play(t, "<Tab>");
	expect(t, "2/");
	/* Enter lists them one by one, a stage's chart has its level as a line; Esc goes back the same way */
	console_play(t, "<Tab><Quiet:700><Enter><Wait:LAST><Quiet:700>");
	for (i = 0; i < 30 && !bn_term_find(t, "tx-offline-lag · 60m", &row, &col); i++)
		console_play(t, i == 0 ? "g<Enter><Wait:Chart>" : "<Esc>j<Enter><Wait:Chart>");
	expect(t, "warn 600");
	console_play(t, "<Esc><Wait:LAST><Esc><Wait:must hold>");
	console_quit(t);
}

/* ---- products ---------------------------------------------------------------------------- */

static void
compare_products(struct bn_term *t)
{
	const json_t *product;
	size_t i;

	json_array_foreach(json_object_get(world.night_facts, "products"), i, product)
	{
		struct screen_table table;
		char text[BN_TIME_TEXT], *mark;
		int row;

		table_open(&table, t, "PRODUCT");
		row = table_row(&table, "PRODUCT", fact_text(product, "name"));
		if (row < 0)
			fail_msg("%s is not on:\n%s", fact_text(product, "name"), bn_term_dump(t));
		mark = console_cut(t, row, 1, 2);
		assert_string_equal(mark, glyph(fact_text(product, "status")));
		free(mark);
		if (fact_text(product, "owner")[0] != '\0')
			table_expect(&table, row, "OWNER", fact_text(product, "owner"));
		if (json_is_object(json_object_get(product, "freshness"))) {
			char *cell = table_cell(&table, row, "FRESH");

			bn_duration_show(bn_json_int_at(product, "freshness/age", 0), text);
			if (strncmp(cell, text, strlen(text)) != 0)
				fail_msg("%s is %s old, not %s, on:\n%s",
					 fact_text(product, "name"), text, cell, bn_term_dump(t));
			free(cell);
		}
		table_close(&table);
	}
	assert_true(i >= 10);
}

static void
products_80x24_show_every_product_as_it_is(void **state)
{
	struct bn_term *t = console_start(&world.night, 80, 24, NULL, NULL, NULL);

	(void)state;
	console_play(t, "7<Wait:PRODUCT><Quiet:1000>");
	compare_products(t);
	console_play(t, "S");
	expect(t, "freshness");
	console_play(t, "S");
	expect(t, "S facts");
	console_quit(t);
}

static void
products_120x40_show_chain_objectives_and_days(void **state)
{
	struct bn_term *t = console_start(&world.night, 120, 40, NULL, NULL, NULL);
	int drift, kpi, col;

	(void)state;
	console_play(t, "7<Wait:PRODUCT><Quiet:1000>");
	expect(t, "p99"); /* performance, reliability, cost */
	expect(t, "SLO%");
	expect(t, "COST/MO");
	expect(t, "702 USD 3.1%");
	console_play(t, "/postage<Enter><Quiet:1000>");
	expect(t, "postage-quotes is made of");
	expect(t, "✗ transform-hourly");
	expect(t, "objectives");
	expect(t, "30 days");
	/* what a model costs and uses; the KPI's line stands under that of drift */
	console_play(t, "3<Wait:MEM%>/product-recs<Enter><Wait:551902>jj<Wait:target at least 3%>");
	expect(t, "310   38   62");
	assert_true(bn_term_find(t, "drift ", &drift, &col));
	assert_true(bn_term_find(t, "kpi ", &kpi, &col));
	assert_int_equal(kpi, drift + 1);
	console_quit(t);
}

/* ---- models ------------------------------------------------------------------------------ */

static void
models_show_what_is_live_where(void **state)
{
	struct bn_term *t = console_start(&world.night, 80, 24, NULL, NULL, NULL);
	const json_t *model;
	char keys[128];
	size_t i;

	(void)state;
	console_play(t, "3<Wait:STAGE><Quiet:1500>");
	json_array_foreach(json_object_get(world.night_facts, "models"), i, model)
	{
		const char *champion = fact_text(model, "champion");
		struct screen_table table;
		int row, col;

		snprintf(keys, sizeof(keys), "/%s<Enter><Wait:%s><Quiet:700>",
			 fact_text(model, "key"), champion);
		console_play(t, keys);
		assert_true(bn_term_find(t, champion, &row, &col));
		table_open(&table, t, "STAGE");
		table_expect(&table, row, "STAGE", "champion");
		table_expect(&table, row, "LIVE ON", fact_text(model, "live_on"));
		table_close(&table);
		console_play(t, "<Esc>");
	}
	assert_true(i >= 4);
	console_quit(t);
}

/* The version that was trained and never went live, beside the one that answers. */
static void
models_compare_says_which_is_better(void **state)
{
	struct bn_term *t = console_start(&world.night, 80, 24, NULL, NULL, NULL);

	(void)state;
	console_play(t, "3<Wait:118203><Quiet:1500>jc<Wait:LIVE 094410><Quiet:700>");
	expect(t, "THIS 118203");
	expect(t, "wape (offline)        0.121 1d");
	expect(t, "0.118 ● 3");
	expect(t, "better");
	console_play(t, "c<Wait:STAGE>");
	console_quit(t);
}

/* ---- lineage ----------------------------------------------------------------------------- */

static void
lineage_shows_what_broke_before_what_is_calm(void **state)
{
	struct bn_term *t = console_start(&world.night, 80, 24, NULL, NULL, NULL);
	int row, col, first;

	(void)state;
	console_play(t, "4/api-forecast<Enter><Quiet:700>b<Wait:it depends on><Quiet:700>");
	assert_true(bn_term_find(t, "it depends on", &first, &col));
	assert_true(bn_term_find(t, "✗ transform-hourly", &row, &col));
	assert_int_equal(row, first + 1);
	assert_true(bn_term_find(t, "├─ ● ing-", &row, &col));
	assert_true(row > first + 1);
	console_play(t, "<Left>");
	expect(t, "✗ transform-hourly ▸");
	assert_false(bn_term_find(t, "├─ ● ing-", &row, &col));
	console_play(t, "<Right>");
	expect(t, "├─ ● ing-");
	console_quit(t);
}

/* ---- domains ----------------------------------------------------------------------------- */

/* What the products of a domain touch: they, and along the links all that is upstream. The caller decrefs. */
static json_t *
touched_by(const json_t *facts, const char *domain)
{
	const json_t *product, *link;
	json_t *set = json_array();
	size_t i, k, n;

	json_array_foreach(json_object_get(facts, "products"), i, product)
	{
		if (strcmp(fact_text(product, "domain"), domain) == 0)
			json_array_append_new(
			    set, json_sprintf("product/products/%s", fact_text(product, "name")));
	}
	for (n = 0; n < json_array_size(set); n++)
		json_array_foreach(json_object_get(facts, "links"), i, link)
		{
			const char *from = fact_text(link, "from");

			if (strcmp(fact_text(link, "to"),
				   json_string_value(json_array_get(set, n))) != 0)
				continue;
			for (k = 0; k < json_array_size(set) &&
				    strcmp(json_string_value(json_array_get(set, k)), from) != 0;
			     k++)
				;
			if (k == json_array_size(set))
				json_array_append_new(set, json_string(from));
		}
	return set;
}

static bool
is_among(const json_t *set, const char *ref)
{
	const json_t *item;
	size_t i;

	json_array_foreach(set, i, item) if (strcmp(json_string_value(item), ref) == 0) return true;
	return false;
}

/* The screen's rows are those of the facts' list that are in the set, no more and no fewer (NULL: all of them). */
static void
compare_narrowed(struct bn_term *t, const char *keys, const char *column, const char *list,
		 const json_t *set)
{
	const json_t *item;
	size_t i, shown = 0;

	console_play(t, keys);
	json_array_foreach(json_object_get(world.night_facts, list), i, item)
	{
		const char *name = strrchr(fact_text(item, "ref"), '/') + 1;
		bool wanted = set == NULL || is_among(set, fact_text(item, "ref"));
		struct screen_table table;

		table_open(&table, t, column);
		if ((table_row(&table, column, name) >= 0) != wanted)
			fail_msg("%s is %son:\n%s", name, wanted ? "not " : "", bn_term_dump(t));
		table_close(&table);
		shown += wanted;
	}
	assert_true(set == NULL || (shown > 0 && shown < i));
}

static void
domain_narrows_every_screen(void **state)
{
	static const char *const domains[] = {"lpo", "marketing"};
	struct bn_term *t = console_start(&world.night, 120, 56, NULL, NULL, NULL);
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		json_t *set = touched_by(world.night_facts, domains[i]);
		char keys[80];

		snprintf(keys, sizeof(keys), ":domain %.3s<Tab><Enter><Wait:domain %s><Quiet:700>",
			 domains[i], domains[i]);
		console_play(t, keys);
		compare_narrowed(t, "2<Wait:PIPELINE><Quiet:1000>", "PIPELINE", "pipelines", set);
		compare_narrowed(t, "7<Wait:PRODUCT><Quiet:1000>", "PRODUCT", "products", set);
		compare_narrowed(t, "4<Wait:ENDPOINT><Quiet:1000>", "ENDPOINT", "endpoints", set);
		json_decref(set);
	}
	console_play(t, ":domain marketign<Enter><Wait:no data product>");
	expect(t, "marketing");
	expect(t, "domain marketing"); /* it stays what it was */
	console_play(t, ":domain<Enter><Wait:everything><Quiet:700>");
	compare_narrowed(t, "7<Wait:PRODUCT><Quiet:1000>", "PRODUCT", "products", NULL);
	console_quit(t);
}

/* ---- dashboards -------------------------------------------------------------------------- */

static void
dashboard_is_read_again_when_it_was_written(void **state)
{
	struct bn_term *t;

	(void)state;
	append(
	    &world.night,
	    "[dashboard \"night\"]\n\tcolumns = 2\n\tpanel = triage product=orders\n"
	    "\tpanel = runs pipeline~transform\n\tpanel = gauge endpoint/api-lpo-quote p95 100\n");
	t = console_start(&world.night, 120, 40, NULL, NULL, NULL);
	console_play(t, ":dashboard night<Enter><Wait:triage product=orders><Quiet:1000>");
	expect(t, "✗ 1 transform-hourly");
	expect(t, "transform-hourly-28f6k");
	expect(t, "32 ms of 100");
	append(&world.night, "\tpanel = chart stream/orders 6h\n");
	console_play(t, "<Wait:chart stream/orders 6h><Quiet:700>");
	expect(t, "read again");
	/* the log of the latest run's task, read from its platform: nobody had it read before */
	append(&world.night, "\tpanel = log pipeline/argo-prod/transform-hourly stg_payments\n");
	console_play(
	    t, "<Wait:DRIVER_UNREACHABLE>[<Wait:nothing of it was kept>T<Wait:DRIVER_UNREACHABLE>");
	append(&world.night, "\tpanel = runz pipeline~transform\n");
	console_play(t, "<Wait:runz>");
	expect(t, "there is no table \"runz\"; did you mean runs?");
	expect(t, "chart stream/orders 6h"); /* the old one is still there */
	console_quit(t);
}

/* ---- themes and sizes -------------------------------------------------------------------- */

/* Opens a screen; what it comes to rest at is what it was the first time. */
static void
same_words(struct bn_term *t, const char *keys, char **first)
{
	char *dump = NULL;
	int i;

	console_play(t, keys);
	for (i = 0; i < 30; i++) {
		bn_term_settle(t, *first == NULL ? 4000 : 500, 20000);
		free(dump);
		dump = bn_term_dump(t);
		if (*first == NULL)
			*first = strdup(dump);
		if (strcmp(dump, *first) == 0)
			break;
	}
	assert_string_equal(dump, *first);
	free(dump);
}

/* Another theme is another set of colours, never other words. */
static void
themes_show_the_same_words(void **state)
{
	static const char *const themes[] = {"dark", "light", "colorblind", "16"};
	static const char *const screens[] = {"3", "5", "7"}; /* none with measured times */
	char *first[3] = {NULL};
	size_t i, k;

	(void)state;
	for (i = 0; i < 4; i++) {
		char section[64];
		struct bn_term *t;

		snprintf(section, sizeof(section), "[ui]\n\ttheme = %s\n", themes[i]);
		append(&world.gap, section);
		t = console_start(&world.gap, 80, 24, NULL, NULL, NULL);
		for (k = 0; k < 3; k++)
			same_words(t, screens[k], &first[k]);
		console_quit(t);
	}
	for (k = 0; k < 3; k++)
		free(first[k]);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(charts_80x24_paint_no_minute_that_is_not_there),
    cmocka_unit_test(charts_120x40_paint_no_minute_that_is_not_there),
    cmocka_unit_test(charts_in_ascii_paint_no_minute_that_is_not_there),
    cmocka_unit_test(charts_without_colour_paint_the_same),
    cmocka_unit_test(charts_cursor_reads_the_hole),
    cmocka_unit_test(charts_cursor_is_told_of_at_every_width),
    cmocka_unit_test(streams_60x16_lists_every_stream_with_its_gaps),
    cmocka_unit_test(streams_tab_goes_to_the_next_chain),
    cmocka_unit_test(products_80x24_show_every_product_as_it_is),
    cmocka_unit_test(products_120x40_show_chain_objectives_and_days),
    cmocka_unit_test(models_show_what_is_live_where),
    cmocka_unit_test(models_compare_says_which_is_better),
    cmocka_unit_test(lineage_shows_what_broke_before_what_is_calm),
    cmocka_unit_test(domain_narrows_every_screen),
    cmocka_unit_test(themes_show_the_same_words),
    cmocka_unit_test(
	dashboard_is_read_again_when_it_was_written), /* last: it writes into the configuration */
};

int
main(void)
{
	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, setup, teardown);
}

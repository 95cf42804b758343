/* ui_chart_test.c - charts: a hole stays a hole in every rendering, unknown is never a number, known cells. */
/* SPDX-License-Identifier: MIT */
#include "ui_paper.h"

#include <math.h>

#include "ui/widget/chart.h"

#define NOON 1773144000000 /* 2026-03-10T12:00:00Z */

static unsigned
chance(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 8 & 0xffff;
}

static void
make_series(struct bn_series *series, size_t count, const double *values)
{
	size_t i;

	*series = (struct bn_series){calloc(count + 1, sizeof(struct bn_step)), count, NOON, 60000};
	for (i = 0; i < count; i++)
		series->steps[i] =
		    (struct bn_step){values[i], 0, isnan(values[i]) ? BN_STEP_MISSING : BN_STEP_OK};
}

/* Values, holes, late ones, minutes nobody watched, in runs. */
static void
random_series(struct bn_series *series, size_t count, unsigned *seed)
{
	size_t i = 0;

	*series = (struct bn_series){calloc(count + 1, sizeof(struct bn_step)), count,
				     NOON + 60000 * (bn_time)(chance(seed) % 100), 60000};
	while (i < count) {
		static const enum bn_step_state states[] = {BN_STEP_OK,	  BN_STEP_MISSING,
							    BN_STEP_LATE, BN_STEP_UNOBSERVED,
							    BN_STEP_OVER, BN_STEP_OK};
		enum bn_step_state state = states[chance(seed) % 6];
		size_t run = 1 + chance(seed) % (state == BN_STEP_OK ? 40 : 6);

		for (; run > 0 && i < count; run--, i++) {
			bool none = state == BN_STEP_MISSING || state == BN_STEP_UNOBSERVED;

			series->steps[i] =
			    (struct bn_step){none ? NAN : (double)(chance(seed) % 400), 0, state};
		}
	}
}

static wchar_t
cell(int y, int x)
{
	wchar_t wide[2] = L"";

	assert_true(mvinnwstr(y, x, wide, 1) != ERR);
	return wide[0];
}

/* What a series is painted with. */
static bool
painted(wchar_t c)
{
	return (c > 0x2800 && c <= 0x28ff) || (c >= 0x2581 && c <= 0x2588) || c == L'#' ||
	       c == L'_' || c == L'.' || c == L'-' || c == L'=' || c == L'^' || c == L'>' ||
	       c == L'!' || c == 0x25b2 || c == 0x2265 || c == 0x25cb;
}

/* The half of a Braille cell that belongs to a bar: are any of its dots set? */
static bool
half_painted(wchar_t c, int half)
{
	static const unsigned bits[] = {0x40 | 0x04 | 0x02 | 0x01, 0x80 | 0x20 | 0x10 | 0x08};

	if (c > 0x2800 && c <= 0x28ff)
		return (((unsigned)c - 0x2800) & bits[half]) != 0;
	return painted(c);
}

/* Whether any unit of width of a bar is painted, in the rows of the plot. */
static bool
bar_painted(struct bn_rect plot, enum bn_chart_set set, size_t bar, size_t count, int span)
{
	int halves = set == BN_CHART_BRAILLE ? 2 : 1, unit, y;

	for (unit = 0; unit < span; unit++) {
		if ((size_t)unit * count / (size_t)span != bar)
			continue;
		for (y = plot.y; y < plot.y + plot.h; y++)
			if (halves == 2 ? half_painted(cell(y, plot.x + unit / 2), unit % 2)
					: painted(cell(y, plot.x + unit)))
				return true;
	}
	return false;
}

static void
check_holes(struct bn_series *series, enum bn_chart_set set, int width, int height)
{
	struct bn_chart chart = {.series = series, .set = set, .cursor = -1, .times = true};
	struct bn_rect plot = {0, BN_CHART_GUTTER, height - 1, width - BN_CHART_GUTTER};
	struct paper paper;
	struct bn_bar *bars;
	size_t count, i, s;
	int span;

	paper_open(&paper, height, width, set == BN_CHART_ASCII);
	bn_chart_draw(&paper.pen, (struct bn_rect){0, 0, height, width}, &chart);
	bars = bn_series_bars(series, bn_chart_bucket(series, set, width), &count);
	span = bn_chart_span(set, count, width);
	assert_true(span >= (int)count);
	for (i = 0; i < count; i++) {
		bool hole = false;

		for (s = 0; s < bars[i].count; s++)
			hole |= series->steps[bars[i].first + s].state == BN_STEP_MISSING ||
				series->steps[bars[i].first + s].state == BN_STEP_UNOBSERVED;
		if (bar_painted(plot, set, i, count, span) == hole)
			fail_msg("set %d, %dx%d, bar %zu of %zu (%zu steps): hole %d, painted %d",
				 set, width, height, i, count, bars[i].count, hole, !hole);
	}
	free(bars);
	paper_close(&paper);
}

static void
chart_holes_are_never_painted_in_any_rendering(void **state)
{
	static const size_t lengths[] = {1, 12, 60, 61, 119, 120, 360, 1440, 10080};
	static const int widths[] = {24, 67, 80, 120};
	unsigned seed = 20260310;
	size_t l, w;
	int set, round;

	(void)state;
	for (round = 0; round < 3; round++)
		for (l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++)
			for (w = 0; w < 4; w++)
				for (set = BN_CHART_BRAILLE; set <= BN_CHART_ASCII; set++) {
					struct bn_series series;

					random_series(&series, lengths[l], &seed);
					check_holes(&series, (enum bn_chart_set)set, widths[w],
						    round == 2 ? 2 : 7);
					bn_series_clear(&series);
				}
}

static void
chart_bars_keep_least_and_greatest(void **state)
{
	struct bn_series series;
	struct bn_bar *bars;
	unsigned seed = 7;
	size_t count, i, s, bucket, steps;

	(void)state;
	for (bucket = 1; bucket < 40; bucket += 3) {
		random_series(&series, 1000, &seed);
		bars = bn_series_bars(&series, bucket, &count);
		for (i = steps = 0; i < count; i++) {
			double low = INFINITY, high = -INFINITY;

			assert_int_equal(bars[i].first, steps);
			steps += bars[i].count;
			for (s = 0; s < bars[i].count; s++) {
				double value = series.steps[bars[i].first + s].value;

				low = value < low ? value : low;
				high = value > high ? value : high;
			}
			if (bars[i].kind != BN_BAR_VALUE)
				continue;
			assert_true(bars[i].low == low);
			assert_true(bars[i].high == high);
		}
		assert_int_equal(steps, 1000); /* every step is in one bar */
		free(bars);
		bn_series_clear(&series);
	}
}

/* As a minute passes, bars that stand for several minutes stay what they were. */
static void
chart_bars_stay_while_time_goes_on(void **state)
{
	struct bn_series now, later;
	struct bn_bar *a, *b;
	unsigned seed = 3;
	size_t na, nb, i;

	(void)state;
	random_series(&now, 361, &seed);
	later = (struct bn_series){now.steps + 1, 360, now.start + 60000, 60000};
	a = bn_series_bars(&now, 6, &na);
	b = bn_series_bars(&later, 6, &nb);
	for (i = 1; i + 1 < nb; i++) {
		const struct bn_bar *same = &a[i + (na - nb)];

		assert_int_equal(b[i].kind, same->kind);
		assert_true(b[i].high == same->high);
	}
	free(a);
	free(b);
	bn_series_clear(&now);
}

static void
chart_known_cells(void **state)
{
	static const double values[] = {10, 20, NAN, 40};
	struct bn_series series;
	struct bn_chart chart = {.series = &series, .cursor = -1, .times = true};
	struct paper paper;

	(void)state;
	make_series(&series, 4, values);
	paper_open(&paper, 4, 11, false);
	bn_chart_draw(&paper.pen, (struct bn_rect){0, 0, 3, 11}, &chart);
	assert_row(0, "   40 │   ⣿");
	assert_row(1, "    0 │⣤⣿ ⣿");
	chart.set = BN_CHART_EIGHTHS;
	bn_chart_draw(&paper.pen, (struct bn_rect){0, 0, 3, 11}, &chart);
	assert_row(0, "   40 │   █");
	assert_row(1, "    0 │▄█ █");
	chart.set = BN_CHART_HALVES;
	bn_chart_draw(&paper.pen, (struct bn_rect){0, 0, 3, 11}, &chart);
	assert_row(1, "    0 │▄█ █");
	paper_close(&paper);
	paper_open(&paper, 4, 15, true);
	chart.set = BN_CHART_ASCII;
	chart.limit = 40;
	bn_chart_draw(&paper.pen, (struct bn_rect){0, 0, 3, 15}, &chart);
	assert_row(0, "   40 |------##"); /* two columns a step; the ceiling is a line */
	assert_row(1, "    0 |####  ##");
	paper_close(&paper);
	bn_series_clear(&series);
}

/* What is odd about a minute is a sign of its own, not a colour only. */
static void
chart_marks_late_ceiling_open_and_unobserved(void **state)
{
	static const double values[] = {20, 20, 40, NAN, NAN, 5};
	struct bn_series series;
	struct bn_chart chart = {.series = &series, .cursor = -1, .times = true};
	struct paper paper;

	(void)state;
	make_series(&series, 6, values);
	series.steps[1].state = BN_STEP_LATE;
	series.steps[2].state = BN_STEP_OVER;
	series.steps[3].state = BN_STEP_UNOBSERVED;
	series.steps[5].state = BN_STEP_OPEN;
	paper_open(&paper, 5, 13, false);
	bn_chart_draw(&paper.pen, (struct bn_rect){0, 0, 3, 13}, &chart);
	assert_row(0, "   40 │  ≥░");
	assert_row(1, "    0 │⣿▲⣿░ ○");
	chart.cursor = 4;
	bn_chart_draw(&paper.pen, (struct bn_rect){0, 0, 3, 13}, &chart);
	assert_row(0, "   40 │  ≥░┊");
	paper_close(&paper);
	bn_series_clear(&series);
}

static void
chart_names_its_gap_and_its_times(void **state)
{
	double values[60];
	struct bn_series series;
	struct bn_chart chart = {.series = &series, .cursor = -1, .times = true};
	struct paper paper;
	int i;

	(void)state;
	for (i = 0; i < 60; i++)
		values[i] = i >= 41 && i < 46 ? NAN : 288;
	make_series(&series, 60, values);
	paper_open(&paper, 6, 70, false);
	bn_chart_draw(&paper.pen, (struct bn_rect){0, 0, 6, 70}, &chart);
	assert_row(5, "       12:00          12:15          12:30      ╵   ╵ gap 5m     12:59");
	bn_series_clear(&series);
	paper_close(&paper);
}

static void
chart_limit_far_away_is_left_out(void **state)
{
	static const double values[] = {10, 12};
	struct bn_series series;
	struct bn_chart chart = {.series = &series, .cursor = -1, .limit = 100};
	struct paper paper;

	(void)state;
	make_series(&series, 2, values);
	paper_open(&paper, 6, 30, false);
	assert_false(bn_chart_draw(&paper.pen, (struct bn_rect){0, 0, 6, 30}, &chart));
	assert_row_has(0, "   12 │");
	chart.limit = 20;
	assert_true(bn_chart_draw(&paper.pen, (struct bn_rect){0, 0, 6, 30}, &chart));
	assert_row_has(0, "   20 │╌╌");
	bn_series_clear(&series);
	paper_close(&paper);
}

static void
chart_other_day_is_dots_behind(void **state)
{
	static const double today[] = {10, NAN, 40, 10}, yesterday[] = {40, 40, 10, NAN};
	struct bn_series series, before;
	struct bn_chart chart = {.series = &series, .before = &before, .cursor = -1};
	struct paper paper;

	(void)state;
	make_series(&series, 4, today);
	make_series(&before, 4, yesterday);
	before.start -= 86400000;
	paper_open(&paper, 3, 11, false);
	bn_chart_draw(&paper.pen, (struct bn_rect){0, 0, 2, 11}, &chart);
	assert_row(0, "   40 │··⣿");
	assert_row(1, "    0 │⣤ ⣿⣤");
	bn_series_clear(&series);
	bn_series_clear(&before);
	paper_close(&paper);
}

/* ---- words ------------------------------------------------------------------------------- */

static void
series_legend_never_counts_the_unknown(void **state)
{
	static const double values[] = {300, NAN, 100, 5, 7};
	struct bn_buf text = BN_BUF_INIT(1000);
	struct bn_series series;
	struct bn_sums sums;

	(void)state;
	make_series(&series, 5, values);
	series.steps[3].state = BN_STEP_UNOBSERVED;
	series.steps[4].state = BN_STEP_OPEN;
	sums = bn_series_sums(&series);
	assert_int_equal(sums.known, 2);
	assert_true(sums.average == 200);
	bn_series_legend(&series, 200, false, &text);
	/* now: the newest closed minute was not observed, so there is none */
	assert_string_equal(bn_buf_text(&text),
			    "now –  1 missing  avg 200  1 not observed  min 100  max 300");
	bn_buf_reset(&text);
	bn_series_legend(&series, 26, true, &text);
	assert_string_equal(bn_buf_text(&text), "now -  1 missing  avg 200");
	bn_series_clear(&series);
	bn_buf_free(&text);
}

static void
told_in(int width, const struct bn_series *series, size_t first, size_t count, const char *expected)
{
	const struct bn_style style = {NULL, false, NOON + 1200000};
	struct bn_buf text = BN_BUF_INIT(1000);

	bn_series_tell(series, first, count, "tx/min", NULL, NULL, &style, width, &text);
	assert_string_equal(bn_buf_text(&text), expected);
	bn_buf_free(&text);
}

static void
told(const struct bn_series *series, size_t first, size_t count, const char *expected)
{
	told_in(200, series, first, count, expected);
}

static void
series_cursor_reads_every_state(void **state)
{
	static const double values[] = {288, NAN, 285, 401, NAN, 17300};
	struct bn_series series;

	(void)state;
	make_series(&series, 6, values);
	series.steps[2].state = BN_STEP_LATE;
	series.steps[2].seen_at = NOON + 246000;
	series.steps[3].state = BN_STEP_OVER;
	series.steps[4].state = BN_STEP_UNOBSERVED;
	told(&series, 0, 1, "12:00  288 tx/min (closed 19m ago)");
	told(&series, 1, 1, "12:01  no record (closed 18m ago)");
	told(&series, 2, 1, "12:02  285 tx/min (closed 17m ago), late: came 12:04:06");
	told(&series, 3, 1,
	     "12:03  401 or more tx/min (closed 16m ago), at the ceiling: a lower bound");
	told(&series, 4, 1, "12:04  not observed");
	told(&series, 0, 4,
	     "12:00..12:03  min 285  avg 324.7  max 401 tx/min, 1 of 4 missing, 1 late");
	bn_series_clear(&series);
}

/* Where there is less room less is said, and never another minute's value. */
static void
series_cursor_says_less_where_it_is_narrow(void **state)
{
	static const double values[] = {288, NAN, 285, 401, 300};
	const struct bn_style style = {NULL, false, NOON + 1200000};
	struct bn_buf text = BN_BUF_INIT(1000);
	struct bn_series series;

	(void)state;
	make_series(&series, 5, values);
	series.steps[2].state = BN_STEP_LATE;
	series.steps[2].seen_at = NOON + 246000;
	series.steps[3].state = BN_STEP_OVER;
	told_in(55, &series, 2, 1, "12:02  285 tx/min (closed 17m ago), late: came 12:04:06");
	told_in(54, &series, 2, 1, "12:02  285 tx/min, late: came 12:04:06");
	told_in(30, &series, 2, 1, "12:02  285 tx/min, late");
	told_in(22, &series, 2, 1, "12:02  285 tx/min");
	told_in(16, &series, 2, 1, "12:02  285");
	told_in(0, &series, 2, 1, "12:02  285");
	told_in(70, &series, 3, 1, "12:03  401 or more tx/min, at the ceiling: a lower bound");
	told_in(50, &series, 3, 1, "12:03  401 or more tx/min, at the ceiling");
	told_in(30, &series, 3, 1, "12:03  401 or more tx/min");
	told_in(24, &series, 3, 1, "12:03  401 or more");
	told_in(20, &series, 1, 1, "12:01  no record");
	told_in(68, &series, 0, 4, "12:00..12:03  min 285  avg 324.7  max 401 tx/min, 1 missing");
	told_in(52, &series, 0, 4, "12:00..12:03  min 285  avg 324.7  max 401 tx/min");
	told_in(30, &series, 0, 4, "12:00..12:03  avg 324.7");
	bn_series_tell(&series, 0, 1, "tx/min", &series, "a day before", &style, 46, &text);
	assert_string_equal(bn_buf_text(&text), "12:00  288 tx/min · a day before 288");
	bn_series_tell(&series, 0, 1, "tx/min", &series, "a day before", &style, 20, &text);
	assert_string_equal(bn_buf_text(&text), "12:00  288 tx/min");
	bn_buf_free(&text);
	bn_series_clear(&series);
}

static void
series_numbers_are_short(void **state)
{
	char text[BN_NUMBER_TEXT];

	(void)state;
	assert_string_equal(bn_number_show(291, text), "291");
	assert_string_equal(bn_number_show(0.0021, text), "0.0021");
	assert_string_equal(bn_number_show(9300, text), "9300");
	assert_string_equal(bn_number_show(17301, text), "17.3k");
	assert_string_equal(bn_number_show(999999, text), "1M");
	assert_string_equal(bn_number_show(-17301, text), "-17.3k");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(chart_holes_are_never_painted_in_any_rendering),
    cmocka_unit_test(chart_bars_keep_least_and_greatest),
    cmocka_unit_test(chart_bars_stay_while_time_goes_on),
    cmocka_unit_test(chart_known_cells),
    cmocka_unit_test(chart_marks_late_ceiling_open_and_unobserved),
    cmocka_unit_test(chart_names_its_gap_and_its_times),
    cmocka_unit_test(chart_limit_far_away_is_left_out),
    cmocka_unit_test(chart_other_day_is_dots_behind),
    cmocka_unit_test(series_legend_never_counts_the_unknown),
    cmocka_unit_test(series_cursor_reads_every_state),
    cmocka_unit_test(series_cursor_says_less_where_it_is_narrow),
    cmocka_unit_test(series_numbers_are_short),
};
BN_TEST_MAIN(tests)

/* chart.c - a series over time in Braille dots, blocks or '#': a hole stays a hole, a ceiling is seen. */
/* SPDX-License-Identifier: MIT */
#include "ui/widget/chart.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
bn_chart_set_from_word(const char *word)
{
	static const char *const words[] = {"braille", "blocks", "half", "ascii"};
	int i;

	for (i = 0; i < 4; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}

/* ---- where everything lies --------------------------------------------------------------- */

/* A chart as it is being drawn. */
struct plot {
	struct bn_pen *pen;
	const struct bn_chart *chart;
	struct bn_rect r; /* of the bars */
	struct bn_bar *bars, *befores;
	size_t count, before_count;
	bool band; /* bars stand for several steps: they reach from the least to the greatest */
	int span;  /* units (see bn_chart_span) that the bars take */
	double bottom, top;
	int limit_row; /* from the bottom, -1: none */
};

/* Steps up or down that one cell can show, and side by side. */
static int
fine_rows(enum bn_chart_set set)
{
	static const int rows[] = {4, 8, 2, 1};

	return rows[set];
}

static size_t
bucket_for(const struct bn_series *series, size_t places)
{
	size_t bucket = series->count / (places > 0 ? places : 1), first;

	if (places < 2 || series->count == 0)
		return series->count > 0 ? series->count : 1;
	for (bucket = bucket > 0 ? bucket : 1;; bucket++) {
		first = (size_t)(series->start / series->step_ms) % bucket;
		if ((first + series->count + bucket - 1) / bucket <= places)
			return bucket;
	}
}

/* Columns of dots in a cell. */
static int
halves_in(enum bn_chart_set set)
{
	return set == BN_CHART_BRAILLE ? 2 : 1;
}

int
bn_chart_span(enum bn_chart_set set, size_t bars, int width)
{
	int units = (width - BN_CHART_GUTTER) * halves_in(set);
	int even = bars > 0 && (int)bars <= units ? units / (int)bars * (int)bars : units;

	/* Bars of one width where that leaves little room unused. */
	return units - even <= units / 8 ? even : units;
}

size_t
bn_chart_bucket(const struct bn_series *series, enum bn_chart_set set, int width)
{
	int units = (width - BN_CHART_GUTTER) * halves_in(set);

	return bucket_for(series, units < 1 ? 1 : (size_t)units);
}

/* Not below the value: as close as a person likes to read it. */
static double
round_up(double value)
{
	static const double nice[] = {1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10};
	double power = pow(10, floor(log10(value)));
	size_t i;

	for (i = 0; i < sizeof(nice) / sizeof(nice[0]); i++)
		if (value <= nice[i] * power * (1 + 1e-9))
			return nice[i] * power;
	return 10 * power;
}

static void
widen(const struct bn_bar *bars, size_t count, double *low, double *high)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (bars[i].kind != BN_BAR_VALUE)
			continue;
		*low = bars[i].low < *low ? bars[i].low : *low;
		*high = bars[i].high > *high ? bars[i].high : *high;
	}
}

static void
find_scale(struct plot *p)
{
	double low = 0, high = 0, limit = p->chart->limit;
	bool drawn;

	widen(p->bars, p->count, &low, &high);
	widen(p->befores, p->before_count, &low, &high);
	drawn = limit > 0 && (high <= 0 || limit <= 4 * high);
	if (drawn && limit > high)
		high = limit;
	p->top = high > 0 ? round_up(high) : 0;
	p->bottom = low < 0 ? -round_up(-low) : 0;
	if (p->top <= p->bottom)
		p->top = p->bottom + 1;
	p->limit_row =
	    drawn ? (int)ceil((limit - p->bottom) / (p->top - p->bottom) * p->r.h - 1e-9) - 1 : -1;
}

/* Fine rows that a value fills; at least one, so that a small value is seen. */
static int
fill_of(const struct plot *p, double value)
{
	int most = p->r.h * fine_rows(p->chart->set);
	int rows = (int)((value - p->bottom) / (p->top - p->bottom) * most + 0.5);

	return rows < 1 ? 1 : rows > most ? most : rows;
}

/* The bar over a column of cells (`half` 1: its right half), NULL where there is none. */
static const struct bn_bar *
bar_at(const struct plot *p, const struct bn_bar *bars, size_t count, int x, int half)
{
	int halves = halves_in(p->chart->set), unit = halves * x + (halves > 1 ? half : 0);
	size_t index = unit < p->span ? (size_t)unit * p->count / (size_t)p->span : p->count;

	return index < count ? &bars[index] : NULL;
}

/* ---- one cell ---------------------------------------------------------------------------- */

/* The fine rows of a bar, from and to, counted from the bottom of a cell in row y: 0..fine. */
static void
part_of(const struct plot *p, const struct bn_bar *bar, int y, int *from, int *to)
{
	int fine = fine_rows(p->chart->set);

	*from = *to = 0;
	if (bar == NULL || bar->kind != BN_BAR_VALUE)
		return;
	*to = fill_of(p, bar->high) - y * fine;
	/* One step fills down to the axis, several from their least on. */
	*from = p->band ? fill_of(p, bar->low) - 1 - y * fine : 0;
	*from = *from < 0 ? 0 : *from;
	*to = *to > fine ? fine : *to;
	if (*to <= *from)
		*from = *to = 0;
}

/* Bits of a Braille cell from the bottom up, in the left and the right column. */
static const unsigned char dots[2][4] = {{0x40, 0x04, 0x02, 0x01}, {0x80, 0x20, 0x10, 0x08}};

static void
braille(const struct plot *p, int x, int y, char out[8])
{
	unsigned bits = 0;
	int half, i, from, to;

	for (half = 0; half < 2; half++) {
		part_of(p, bar_at(p, p->bars, p->count, x, half), y, &from, &to);
		for (i = from; i < to; i++)
			bits |= dots[half][i];
	}
	out[0] = '\0';
	if (bits != 0)
		out[bn_utf8_encode(0x2800 + bits, out)] = '\0';
}

static void
block(const struct plot *p, int x, int y, char out[8])
{
	static const char *const eighths[] = {"", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const halves[] = {"", "▄", "█"};
	int from, to;

	part_of(p, bar_at(p, p->bars, p->count, x, 0), y, &from, &to);
	strcpy(out, p->chart->set == BN_CHART_EIGHTHS ? eighths[to] : halves[to]);
}

/* One row of '#' says nothing about the height: there the signs of a sparkline do. */
static void
plain(const struct plot *p, int x, int y, char out[8])
{
	static const char *const signs[] = {"_", ".", "-", "=", "^"};
	const struct bn_bar *bar = bar_at(p, p->bars, p->count, x, 0);
	int from, to, level;

	part_of(p, bar, y, &from, &to);
	strcpy(out, to > from ? "#" : "");
	if (p->r.h > 1 || to <= from)
		return;
	level = (int)((bar->high - p->bottom) / (p->top - p->bottom) * 5);
	strcpy(out, signs[level < 0 ? 0 : level > 4 ? 4 : level]);
}

/* The other day's value as a dot, where it is higher than today's. */
static bool
before_dot(const struct plot *p, int x, int y)
{
	const struct bn_bar *bar = bar_at(p, p->befores, p->before_count, x, 0);

	return bar != NULL && bar->kind == BN_BAR_VALUE &&
	       (fill_of(p, bar->high) - 1) / fine_rows(p->chart->set) == y;
}

/* Signs of the lowest row and of the top: what is odd about a bar, in its first column. NULL: nothing, or not here. */
static const char *
mark_of(const struct plot *p, int x, int y, const struct bn_bar *bar)
{
	const struct bn_bar *other = bar_at(p, p->bars, p->count, x, 1);

	/* Where half a cell is a hole no sign may fill it. */
	if (bar == NULL || bar->kind != BN_BAR_VALUE ||
	    (other != NULL && other->kind != BN_BAR_VALUE))
		return NULL;
	if (bar->over && (fill_of(p, bar->high) - 1) / fine_rows(p->chart->set) == y)
		return "≥";
	if (y > 0 || (x > 0 && bar == bar_at(p, p->bars, p->count, x - 1, 0)))
		return NULL;
	return bar->late || (other != NULL && other->late) ? "▲" : bar->open ? "○" : NULL;
}

static enum bn_role
role_of(const struct plot *p, int y, const struct bn_bar *bar)
{
	if (bar != NULL && bar->open)
		return BN_ROLE_DIM;
	if ((bar != NULL && (bar->late || bar->over)) || (p->limit_row >= 0 && y > p->limit_row))
		return BN_ROLE_WARN;
	return BN_ROLE_ACCENT;
}

static bool
unobserved(const struct bn_bar *bar)
{
	return bar != NULL && bar->kind == BN_BAR_UNOBSERVED;
}

static bool
under_cursor(const struct plot *p, const struct bn_bar *bar)
{
	long at = p->chart->cursor;

	return bar != NULL && at >= (long)bar->first && at < (long)(bar->first + bar->count);
}

static void
draw_cell(const struct plot *p, int x, int y)
{
	const struct bn_bar *left = bar_at(p, p->bars, p->count, x, 0),
			    *right = bar_at(p, p->bars, p->count, x, 1);
	bool cursor = under_cursor(p, left) || under_cursor(p, right);
	const char *mark = mark_of(p, x, y, left);
	struct bn_ink ink = BN_INK_ON(role_of(p, y, left), cursor);
	char text[8] = "";

	if (p->chart->set == BN_CHART_BRAILLE)
		braille(p, x, y, text);
	else if (p->chart->set == BN_CHART_ASCII)
		plain(p, x, y, text);
	else
		block(p, x, y, text);
	if (mark != NULL) {
		strcpy(text, mark);
		ink.role = left->open ? BN_ROLE_DIM : BN_ROLE_WARN;
	} else if (text[0] == '\0' && unobserved(left) && (right == NULL || unobserved(right))) {
		strcpy(text, "░");
		ink.role = BN_ROLE_RULE;
	} else if (text[0] == '\0' && cursor) {
		strcpy(text, "┊");
		ink.role = BN_ROLE_KEY;
	} else if (text[0] == '\0' && before_dot(p, x, y)) {
		strcpy(text, "·");
		ink.role = BN_ROLE_TEXT;
	} else if (text[0] == '\0' && y == p->limit_row && left != NULL) {
		strcpy(text, "╌");
		ink.role = BN_ROLE_DIM;
	}
	if (text[0] != '\0')
		bn_draw(p->pen, p->r.y + p->r.h - 1 - y, p->r.x + x, 1, ink, text);
}

/* ---- axes -------------------------------------------------------------------------------- */

/* A number of the axis; a nought before the point gives way where there is no room for it. */
static void
draw_number(const struct plot *p, int y, double value)
{
	char number[BN_NUMBER_TEXT];
	const char *text = bn_number_show(value, number);

	if (strlen(text) > BN_CHART_GUTTER - 2 && strncmp(text, "0.", 2) == 0)
		text++;
	bn_draw_right(p->pen, y, p->r.x - BN_CHART_GUTTER, BN_CHART_GUTTER - 2, BN_INK(BN_ROLE_DIM),
		      text);
}

static void
draw_scale(const struct plot *p)
{
	int y;

	for (y = 0; y < p->r.h; y++)
		bn_draw(p->pen, p->r.y + y, p->r.x - 1, 1, BN_INK(BN_ROLE_RULE), "│");
	if (p->r.h < 2)
		return;
	draw_number(p, p->r.y, p->top);
	draw_number(p, p->r.y + p->r.h - 1, p->bottom);
	if (p->limit_row >= 1 && p->limit_row < p->r.h - 1)
		draw_number(p, p->r.y + p->r.h - 1 - p->limit_row, p->chart->limit);
}

/* The row of times while it is being filled: which columns are taken. */
struct times {
	struct plot *p;
	int y;
	bool taken[1024];
};

static bool
room_for(const struct times *t, int x, int width)
{
	int i;

	if (x < 0 || x + width > t->p->r.w || x + width >= (int)sizeof(t->taken))
		return false;
	for (i = x > 0 ? x - 1 : 0; i < x + width + 1; i++)
		if (t->taken[i])
			return false;
	return true;
}

static void
put(struct times *t, int x, struct bn_ink ink, const char *text)
{
	int width = (int)bn_text_width(text), i;

	if (!room_for(t, x, width))
		return;
	bn_draw(t->p->pen, t->y, t->p->r.x + x, width, ink, text);
	for (i = x; i < x + width; i++)
		t->taken[i] = true;
}

/* The first column of a bar. */
static int
column_of(const struct plot *p, size_t bar)
{
	int unit = (int)((bar * (size_t)p->span + p->count - 1) / p->count);

	return unit / halves_in(p->chart->set);
}

/* "╵ gap 5m ╵" under a run of bars that are alike. */
static void
name_run(struct times *t, size_t from, size_t to)
{
	const struct plot *p = t->p;
	bool hole = p->bars[from].kind == BN_BAR_HOLE;
	struct bn_ink ink = BN_INK(hole ? BN_ROLE_WARN : BN_ROLE_DIM);
	int left = column_of(p, from), right = column_of(p, to + 1) - 1, width;
	size_t steps = 0, i, b;
	char words[64], span[BN_TIME_TEXT];

	right = right < left ? left : right;
	for (b = from; b <= to; b++)
		for (i = 0; i < p->bars[b].count; i++)
			steps += p->chart->series->steps[p->bars[b].first + i].state ==
				 (hole ? BN_STEP_MISSING : BN_STEP_UNOBSERVED);
	bn_duration_show((int64_t)steps * p->chart->series->step_ms, span);
	snprintf(words, sizeof(words), "%s %s", hole ? "gap" : "not seen", span);
	width = (int)bn_text_width(words);
	if (right - left + 1 >= width + 4) {
		put(t, left + (right - left + 1 - width) / 2, ink, words);
		put(t, left, ink, "╵");
		put(t, right, ink, "╵");
		return;
	}
	put(t, left, ink, "╵");
	if (right > left + 1)
		put(t, right, ink, "╵");
	if (room_for(t, right + 2, width))
		put(t, right + 2, ink, words);
	else
		put(t, left - width - 1, ink, words);
}

static void
name_holes(struct times *t)
{
	const struct plot *p = t->p;
	size_t from, to;

	for (from = 0; from < p->count; from = to + 1) {
		enum bn_bar_kind kind = p->bars[from].kind;

		for (to = from; to + 1 < p->count && p->bars[to + 1].kind == kind; to++)
			continue;
		if (kind == BN_BAR_HOLE || kind == BN_BAR_UNOBSERVED)
			name_run(t, from, to);
	}
}

static void
put_time(struct times *t, size_t bar, struct bn_ink ink, bool centred)
{
	const struct plot *p = t->p;
	const struct bn_series *series = p->chart->series;
	bool days = (int64_t)series->count * series->step_ms > 86400000;
	char text[BN_TIME_TEXT];
	int x = column_of(p, bar), width;

	bn_time_show(series->start + (bn_time)p->bars[bar].first * series->step_ms, p->chart->zone,
		     days ? BN_TIME_MDHM : BN_TIME_HM, text);
	width = (int)bn_text_width(text);
	if (centred)
		x -= width / 2;
	if (x + width > p->r.w) /* the latest ones end at the edge */
		x = p->r.w - width;
	put(t, x < 0 ? 0 : x, ink, text);
}

static void
draw_times(struct plot *p, int y)
{
	struct times t = {.p = p, .y = y};
	size_t i, quarter = p->count / 4;

	if (p->count == 0)
		return;
	for (i = 0; i < p->count; i++)
		if (under_cursor(p, &p->bars[i]))
			put_time(&t, i, BN_INK(BN_ROLE_KEY), true);
	name_holes(&t);
	put_time(&t, 0, BN_INK(BN_ROLE_DIM), false);
	put_time(&t, p->count - 1, BN_INK(BN_ROLE_DIM), false);
	for (i = 1; i <= 3 && quarter > 0; i++)
		put_time(&t, i * quarter, BN_INK(BN_ROLE_DIM), false);
}

bool
bn_chart_draw(struct bn_pen *pen, struct bn_rect r, const struct bn_chart *chart)
{
	const struct bn_series *series = chart->series;
	size_t bucket = bn_chart_bucket(series, chart->set, r.w);
	struct plot p = {.pen = pen, .chart = chart, .limit_row = -1};
	int x, y;

	bn_draw_clear(pen, r);
	p.r = (struct bn_rect){r.y, r.x + BN_CHART_GUTTER, r.h - (chart->times ? 1 : 0),
			       r.w - BN_CHART_GUTTER};
	if (p.r.h < 1 || p.r.w < 4 || series->count == 0)
		return false;
	p.bars = bn_series_bars(series, bucket, &p.count);
	p.band = bucket > 1;
	if (chart->before != NULL && chart->before->count == series->count) {
		struct bn_series before = *chart->before;

		before.start = series->start; /* bar for bar the same steps */
		p.befores = bn_series_bars(&before, bucket, &p.before_count);
	}
	p.span = bn_chart_span(chart->set, p.count, r.w);
	find_scale(&p);
	draw_scale(&p);
	for (y = 0; y < p.r.h; y++)
		for (x = 0; x < p.r.w; x++)
			draw_cell(&p, x, y);
	if (chart->times)
		draw_times(&p, r.y + r.h - 1);
	free(p.bars);
	free(p.befores);
	return p.limit_row >= 0;
}

/* curve.c - a chart that a query fills, and the window several of them share: zoom, cursor, another day behind. */
/* SPDX-License-Identifier: MIT */
#include "ui/view/curve.h"

#include <stdlib.h>
#include <string.h>

/* ---- the window -------------------------------------------------------------------------- */

#define MINUTES(n) ((int64_t)(n)*60000)

static const struct {
	int64_t length;
	const char *word;
} zooms[] = {{MINUTES(15), "15m"},   {MINUTES(30), "30m"},  {MINUTES(60), "60m"},
	     {MINUTES(180), "3h"},   {MINUTES(360), "6h"},  {MINUTES(720), "12h"},
	     {MINUTES(1440), "24h"}, {MINUTES(4320), "3d"}, {MINUTES(10080), "7d"}};
#define ZOOMS (int)(sizeof(zooms) / sizeof(zooms[0]))

struct bn_window
bn_window_of(int64_t length)
{
	struct bn_window window = {.zoom = 2};
	int i;

	for (i = 0; i < ZOOMS && length > 0; i++) {
		window.zoom = i;
		if (zooms[i].length >= length)
			break;
	}
	return window;
}

int64_t
bn_window_length(const struct bn_window *window)
{
	return zooms[window->zoom].length;
}

const char *
bn_window_word(const struct bn_window *window)
{
	return zooms[window->zoom].word;
}

static int64_t
shift_of(const struct bn_window *window)
{
	return window->compare == BN_COMPARE_DAY ? MINUTES(1440) : MINUTES(10080);
}

/* The step under the cursor, -1: none. */
static long
cursor_step(const struct bn_curve *curve)
{
	bn_time at = curve->window->cursor;
	const struct bn_series *series = &curve->series;

	if (at == 0 || series->count == 0 || at < series->start ||
	    at >= series->start + (bn_time)series->count * series->step_ms)
		return -1;
	return (long)((at - series->start) / series->step_ms);
}

/* By a bar. The first step brings the cursor to the newest closed minute. */
static unsigned
move_cursor(struct bn_window *window, const struct bn_curve *curve, int by)
{
	const struct bn_series *series = &curve->series;
	long at = cursor_step(curve), last = (long)series->count - 1;
	long bucket = (long)bn_chart_bucket(series, bn_app_charts(curve->screen->app),
					    curve->width > 0 ? curve->width : 80);

	if (series->count == 0)
		return BN_REDRAW;
	if (at < 0)
		for (at = last; at > 0 && series->steps[at].state == BN_STEP_OPEN; at--)
			continue;
	else
		at += by * bucket;
	at = at < 0 ? 0 : at > last ? last : at;
	window->cursor = series->start + at * series->step_ms;
	return BN_REDRAW;
}

static unsigned
zoom_by(struct bn_window *window, int by)
{
	int to = window->zoom + by;

	if (to < 0 || to >= ZOOMS)
		return BN_REDRAW;
	window->zoom = to;
	return BN_REDRAW | BN_REASK;
}

unsigned
bn_window_act(struct bn_window *window, enum bn_action action, const struct bn_curve *curve)
{
	switch (action) {
	case BN_ACT_CURSOR_LEFT:
		return move_cursor(window, curve, -1);
	case BN_ACT_CURSOR_RIGHT:
		return move_cursor(window, curve, 1);
	case BN_ACT_ZOOM_IN:
		return zoom_by(window, -1);
	case BN_ACT_ZOOM_OUT:
		return zoom_by(window, 1);
	case BN_ACT_COMPARE:
		window->compare = window->compare == BN_COMPARE_WEEK
				      ? BN_COMPARE_NONE
				      : (enum bn_compare)(window->compare + 1);
		return BN_REDRAW | BN_REASK;
	case BN_ACT_BACK:
		if (window->cursor == 0 && window->compare == BN_COMPARE_NONE)
			return 0;
		window->compare = window->cursor == 0 ? BN_COMPARE_NONE : window->compare;
		window->cursor = 0;
		return BN_REDRAW;
	default:
		return 0;
	}
}

/* ---- one curve --------------------------------------------------------------------------- */

static const char *const columns[] = {"at", "value", "state", "unit", NULL};
static const char *const point_columns[] = {"at",	 "value", "state", "seen_at",
					    "filled_at", "step",  "unit",  NULL};

void
bn_curve_init(struct bn_curve *curve, struct bn_screen *screen, int slot, const char *table,
	      struct bn_window *window)
{
	curve->screen = screen;
	curve->slot = slot;
	curve->table = bn_view_table(table);
	curve->window = window;
}

static void
set_about(struct bn_curve *curve, const struct bn_ref *about)
{
	char *source = about == NULL ? NULL : bn_xstrdup(about->source);
	char *key = about == NULL ? NULL : bn_xstrdup(about->key);

	free((char *)(uintptr_t)curve->about.source);
	free((char *)(uintptr_t)curve->about.key);
	curve->about = (struct bn_ref){about == NULL ? BN_KIND_NONE : about->kind, source, key};
}

void
bn_curve_clear(struct bn_curve *curve)
{
	set_about(curve, NULL);
	bn_series_clear(&curve->series);
	bn_series_clear(&curve->before);
	free(curve->unit);
	curve->unit = NULL;
}

static bool
same(const char *a, const char *b)
{
	return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

void
bn_curve_about(struct bn_curve *curve, const struct bn_ref *about)
{
	if (about != NULL && curve->about.key != NULL && about->kind == curve->about.kind &&
	    same(about->source, curve->about.source) && same(about->key, curve->about.key))
		return;
	set_about(curve, about);
	bn_series_clear(&curve->series);
	bn_series_clear(&curve->before);
	curve->answered = false;
	curve->error.code = BN_OK;
	bn_curve_ask(curve);
}

static void
ask_from(struct bn_curve *curve, int slot, int64_t back)
{
	struct bn_question question = {.kind = BN_ASK_ROWS};
	bn_time minute = bn_app_style(curve->screen->app).now / 60000 * 60000 - back;

	/* Closed minutes only: what is in the open one is no value yet. */
	question.query = (struct bn_query){
	    .table = curve->table,
	    .columns = bn_view_column(curve->table, "step") != NULL ? point_columns : columns,
	    .scope = curve->about,
	    .since = minute - bn_window_length(curve->window),
	    .until = minute - 1,
	    .limit = BN_SERIES_MOST,
	    .uncounted = true};
	bn_app_ask(curve->screen, slot, &question);
}

void
bn_curve_ask(struct bn_curve *curve)
{
	if (curve->about.key == NULL)
		return;
	ask_from(curve, curve->slot, 0);
	if (curve->window->compare != BN_COMPARE_NONE)
		ask_from(curve, curve->slot + 1, shift_of(curve->window));
	else
		bn_series_clear(&curve->before);
}

bool
bn_curve_answer(struct bn_curve *curve, struct bn_answer *answer)
{
	if (answer->slot != curve->slot && answer->slot != curve->slot + 1)
		return false;
	if (curve->about.key == NULL) /* it was asked when there still was something */
		return true;
	if (answer->slot == curve->slot + 1) {
		if (answer->rc == BN_OK && curve->window->compare != BN_COMPARE_NONE)
			bn_series_from_rows(&curve->before, answer->rows);
		return true;
	}
	curve->answered = true;
	curve->error = answer->error;
	curve->error.code = answer->rc;
	if (answer->rc != BN_OK)
		return true;
	bn_series_from_rows(&curve->series, answer->rows);
	if (bn_rows_count(answer->rows) > 0) {
		struct bn_value unit = bn_rows_named(answer->rows, 0, "unit");

		free(curve->unit);
		curve->unit = unit.type == BN_VALUE_TEXT ? bn_xstrdup(unit.s) : NULL;
	}
	return true;
}

/* ---- drawing and words ------------------------------------------------------------------- */

/* Whether the other day's series is of the window that is shown. */
static const struct bn_series *
before_of(const struct bn_curve *curve)
{
	if (curve->window->compare == BN_COMPARE_NONE || curve->before.count != curve->series.count)
		return NULL;
	return &curve->before;
}

static bool
nothing_known(const struct bn_series *series)
{
	size_t i;

	for (i = 0; i < series->count; i++)
		if (series->steps[i].state != BN_STEP_UNOBSERVED &&
		    series->steps[i].state != BN_STEP_OPEN)
			return false;
	return true;
}

void
bn_curve_draw(struct bn_curve *curve, struct bn_rect r, bool times)
{
	struct bn_pen *pen = bn_app_pen(curve->screen->app);
	struct bn_chart chart = {.series = &curve->series,
				 .before = before_of(curve),
				 .set = bn_app_charts(curve->screen->app),
				 .limit = curve->limit,
				 .zone = bn_app_style(curve->screen->app).zone,
				 .cursor = cursor_step(curve),
				 .times = times};
	const char *words = curve->about.key == NULL ? ""
			    : !curve->answered	     ? "…"
						     : "nothing was observed";

	curve->width = r.w;
	bn_draw_clear(pen, r);
	if (curve->error.code != BN_OK) {
		bn_draw_folded(pen, r, BN_INK(BN_ROLE_WARN), curve->error.message);
		return;
	}
	if (nothing_known(&curve->series)) {
		bn_draw(pen, r.y, r.x + BN_CHART_GUTTER, r.w - BN_CHART_GUTTER, BN_INK(BN_ROLE_DIM),
			words);
		return;
	}
	bn_chart_draw(pen, r, &chart);
}

void
bn_curve_legend(const struct bn_curve *curve, int width, struct bn_buf *out)
{
	const struct bn_style style = bn_app_style(curve->screen->app);
	struct bn_buf limit = BN_BUF_INIT(256);
	char number[BN_NUMBER_TEXT];

	if (curve->limit > 0)
		bn_buf_addf(&limit, "  %s %s", curve->limit_word,
			    bn_number_show(curve->limit, number));
	if (before_of(curve) != NULL)
		bn_buf_addf(&limit, "  %s %s before", style.ascii ? "." : "·",
			    curve->window->compare == BN_COMPARE_DAY ? "a day" : "a week");
	bn_series_legend(&curve->series, width - (int)bn_text_width(bn_buf_text(&limit)),
			 style.ascii, out);
	bn_buf_adds(out, bn_buf_text(&limit));
	bn_buf_free(&limit);
}

/* There is a cursor, and no step of this series under it. */
static void
tell_nothing(const struct bn_curve *curve, const struct bn_style *style, struct bn_buf *out)
{
	bn_time at = curve->window->cursor;
	bool past = style->now - at >= 86400000;
	char text[BN_TIME_TEXT];

	if (at == 0)
		return;
	bn_buf_addf(out, "%s  %s",
		    bn_time_show(at, style->zone, past ? BN_TIME_MDHM : BN_TIME_HM, text),
		    !curve->answered	       ? "…"
		    : curve->series.count == 0 ? "nothing was observed"
					       : "not in what is shown");
}

void
bn_curve_tell(const struct bn_curve *curve, int width, struct bn_buf *out)
{
	const struct bn_style style = bn_app_style(curve->screen->app);
	size_t bucket = bn_chart_bucket(&curve->series, bn_app_charts(curve->screen->app),
					curve->width > 0 ? curve->width : 80);
	long at = cursor_step(curve);
	size_t first, count;

	if (at < 0) {
		tell_nothing(curve, &style, out);
		return;
	}
	/* The bar that the step lies in. */
	first = (size_t)(curve->series.start / curve->series.step_ms) % bucket;
	first = ((size_t)at + first) / bucket * bucket > first
		    ? ((size_t)at + first) / bucket * bucket - first
		    : 0;
	count = bucket - ((size_t)(curve->series.start / curve->series.step_ms) + first) % bucket;
	if (first + count > curve->series.count)
		count = curve->series.count - first;
	bn_series_tell(&curve->series, first, count, curve->unit, before_of(curve),
		       curve->window->compare == BN_COMPARE_DAY ? "a day before" : "a week before",
		       &style, width, out);
}

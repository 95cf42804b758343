/* board_panel.c - one panel of a dashboard: a table, a chart, a gauge or a log, in a box of its own. */
/* SPDX-License-Identifier: MIT */
#include "ui/view/board.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const measure_columns[] = {"measure", "value", "unit", "at", NULL};

void
bn_board_panel_init(struct bn_board_panel *p, struct bn_screen *screen, int slot,
		    const struct bn_panel *spec)
{
	p->spec = spec;
	p->slot = slot;
	switch (spec->kind) {
	case BN_PANEL_CHART:
		p->window = bn_window_of(spec->window);
		bn_curve_init(&p->curve, screen, slot, spec->table->name, &p->window);
		p->curve.about = (struct bn_ref){spec->ref.kind, bn_xstrdup(spec->ref.source),
						 bn_xstrdup(spec->ref.key)};
		return;
	case BN_PANEL_GAUGE:
		bn_pane_init(&p->pane, screen, slot, "measures", measure_columns, NULL);
		break;
	case BN_PANEL_LOG:
		bn_board_log_init(p, screen, slot);
		break;
	case BN_PANEL_TABLE:
		bn_pane_init(&p->pane, screen, slot, spec->table->name, NULL, NULL);
		p->pane.filter = bn_xstrdup(spec->filter);
		p->pane.own_filter = spec->filter != NULL;
		p->pane.limit = 500;
		/* Triage is about what needs somebody. */
		p->pane.problems = p->pane.usual = strcmp(spec->table->name, "triage") == 0;
		break;
	}
	p->pane.scope = spec->ref;
}

void
bn_board_panel_clear(struct bn_board_panel *p)
{
	if (p->spec->kind == BN_PANEL_CHART)
		bn_curve_clear(&p->curve);
	else
		bn_pane_clear(&p->pane);
	if (p->spec->kind == BN_PANEL_LOG)
		bn_board_log_clear(p);
	memset(p, 0, sizeof(*p));
}

/* ---- questions and answers --------------------------------------------------------------- */

void
bn_board_panel_ask(struct bn_board_panel *p)
{
	if (p->spec->kind == BN_PANEL_CHART) {
		bn_curve_ask(&p->curve);
		return;
	}
	if (p->spec->kind == BN_PANEL_LOG)
		bn_board_log_ask(p);
	else
		bn_pane_ask(&p->pane);
}

bool
bn_board_panel_wake(struct bn_board_panel *p)
{
	return p->spec->kind == BN_PANEL_LOG && bn_log_pump(&p->log);
}

bool
bn_board_panel_answer(struct bn_board_panel *p, struct bn_answer *answer)
{
	if (answer->slot < p->slot || answer->slot > p->slot + 2)
		return false;
	if (p->spec->kind == BN_PANEL_CHART)
		return bn_curve_answer(&p->curve, answer);
	return p->spec->kind == BN_PANEL_LOG ? bn_board_log_answer(p, answer)
					     : bn_pane_answer(&p->pane, answer);
}

/* ---- acting ------------------------------------------------------------------------------ */

bool
bn_board_panel_selected(const struct bn_board_panel *p, struct bn_ref *ref)
{
	if (p->spec->kind == BN_PANEL_TABLE)
		return bn_pane_selected(&p->pane, ref);
	if (p->spec->kind == BN_PANEL_LOG) {
		*ref = (struct bn_ref){BN_RUN, p->run_source, p->run_key};
		return p->run_key != NULL;
	}
	*ref = p->spec->ref;
	return true;
}

unsigned
bn_board_panel_act(struct bn_board_panel *p, enum bn_action action,
		   const struct bn_key_event *event)
{
	switch (p->spec->kind) {
	case BN_PANEL_CHART:
		if (action == BN_ACT_MAXIMISE || action == BN_ACT_OPEN) {
			bn_app_push(p->curve.screen->app,
				    bn_chart_screen(p->curve.screen->app, p->spec->ref,
						    p->spec->table->name, &p->window,
						    p->curve.limit, p->curve.limit_word));
			return BN_REDRAW;
		}
		return bn_window_act(&p->window, action, &p->curve);
	case BN_PANEL_LOG:
		return bn_pager_act(p->log.pager, action) ? BN_REDRAW : 0;
	case BN_PANEL_TABLE:
		return action == BN_ACT_BACK ? 0 : bn_pane_act(&p->pane, action, event);
	default:
		return 0;
	}
}

/* ---- drawing ----------------------------------------------------------------------------- */

/* The measure of a gauge: false where it is not known. */
static bool
gauge_row(const struct bn_board_panel *p, size_t *row)
{
	const struct bn_rows *rows = bn_list_rows(p->pane.list);

	for (*row = 0; rows != NULL && *row < bn_rows_count(rows); ++*row)
		if (strcmp(bn_row_text(rows, *row, "measure"), p->spec->word) == 0)
			return bn_rows_named(rows, *row, "value").type != BN_VALUE_NULL;
	return false;
}

/* "58 ms of 100    4s ago" and a bar. */
static void
draw_gauge(const struct bn_board_panel *p, struct bn_rect in)
{
	struct bn_pen *pen = bn_app_pen(p->pane.screen->app);
	const struct bn_style style = bn_app_style(p->pane.screen->app);
	const struct bn_rows *rows = bn_list_rows(p->pane.list);
	char number[BN_NUMBER_TEXT], full[BN_NUMBER_TEXT], age[BN_TIME_TEXT];
	struct bn_value value;
	double is;
	size_t row;
	bool stale;
	int x;

	if (!gauge_row(p, &row)) {
		bn_draw(pen, in.y, in.x, in.w, BN_INK(BN_ROLE_DIM),
			rows == NULL ? "…" : "not known: no source has measured it");
		return;
	}
	value = bn_rows_named(rows, row, "value");
	is = value.type == BN_VALUE_INT ? (double)value.i : value.r;
	stale = bn_rows_stale(rows, row);
	x = in.x + bn_drawf(pen, in.y, in.x, in.w, BN_INK(stale ? BN_ROLE_STALE : BN_ROLE_KEY),
			    "%s %s", bn_number_show(is, number), bn_row_text(rows, row, "unit"));
	if (p->spec->full > 0)
		bn_drawf(pen, in.y, x + 1, in.x + in.w - x - 1,
			 BN_INK(is > p->spec->full ? BN_ROLE_WARN : BN_ROLE_DIM), "of %s",
			 bn_number_show(p->spec->full, full));
	snprintf(number, sizeof(number), "%s ago",
		 bn_duration_show(style.now > bn_row_int(rows, row, "at")
				      ? style.now - bn_row_int(rows, row, "at")
				      : 0,
				  age));
	bn_draw_right(pen, in.y, in.x, in.w, BN_INK(stale ? BN_ROLE_WARN : BN_ROLE_DIM), number);
	if (in.h > 1 && p->spec->full > 0)
		bn_draw_bar(pen, in.y + 1, in.x, in.w, is / p->spec->full,
			    BN_INK(stale		? BN_ROLE_STALE
				   : is > p->spec->full ? BN_ROLE_WARN
							: BN_ROLE_ACCENT));
}

static void
draw_chart(struct bn_board_panel *p, struct bn_rect in)
{
	struct bn_pen *pen = bn_app_pen(p->curve.screen->app);
	struct bn_buf words = BN_BUF_INIT(1024);

	bn_curve_draw(&p->curve, (struct bn_rect){in.y + 1, in.x, in.h - 1, in.w}, in.h > 3);
	bn_curve_tell(&p->curve, in.w, &words);
	if (words.size == 0)
		bn_curve_legend(&p->curve, in.w, &words);
	bn_draw_right(pen, in.y, in.x, in.w,
		      BN_INK(p->window.cursor != 0 ? BN_ROLE_KEY : BN_ROLE_DIM),
		      bn_buf_text(&words));
	bn_buf_free(&words);
}

/* "4-17 of 41" of a table, the window of a chart, where a log is and whether it goes on. */
static void
corner(const struct bn_board_panel *p, char *out, size_t size)
{
	struct bn_buf title = BN_BUF_INIT(1024), right = BN_BUF_INIT(1024);

	out[0] = '\0';
	if (p->spec->kind == BN_PANEL_TABLE)
		bn_list_position(p->pane.list, out, size);
	else if (p->spec->kind == BN_PANEL_CHART)
		snprintf(out, size, "%s", bn_window_word(&p->window));
	else if (p->spec->kind == BN_PANEL_LOG) {
		bn_log_words(&p->log, &title, &right);
		snprintf(out, size, "%s", bn_buf_text(&right));
	}
	bn_buf_free(&title);
	bn_buf_free(&right);
}

void
bn_board_panel_draw(struct bn_board_panel *p, struct bn_rect r, bool focus)
{
	struct bn_screen *screen =
	    p->spec->kind == BN_PANEL_CHART ? p->curve.screen : p->pane.screen;
	struct bn_pen *pen = bn_app_pen(screen->app);
	struct bn_rect in = {r.y + 1, r.x + 2, r.h - 2, r.w - 4};
	char words[128];

	bn_draw_clear(pen, r);
	if (in.h < 1 || in.w < 8)
		return;
	switch (p->spec->kind) {
	case BN_PANEL_CHART:
		draw_chart(p, in);
		break;
	case BN_PANEL_GAUGE:
		draw_gauge(p, in);
		break;
	case BN_PANEL_LOG:
		bn_board_log_draw(p, in);
		break;
	case BN_PANEL_TABLE:
		bn_pane_draw(&p->pane, (struct bn_rect){in.y, in.x - 1, in.h, in.w + 1},
			     bn_level_for(in.w + 5), in.h > 2, focus, "nothing matches");
		break;
	}
	corner(p, words, sizeof(words));
	bn_draw_box(pen, r, p->spec->text, words, focus);
}

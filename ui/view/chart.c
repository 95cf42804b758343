/* chart.c - one chart over the whole screen: cursor with read-out, zoom, another day behind it. */
/* SPDX-License-Identifier: MIT */
#include "ui/view/curve.h"

#include <stdlib.h>

struct chart {
	struct bn_screen screen;
	struct bn_window window;
	struct bn_curve curve;
};

static void
chart_ask(struct bn_screen *screen)
{
	bn_curve_ask(&((struct chart *)screen)->curve);
}

static void
chart_answer(struct bn_screen *screen, struct bn_answer *answer)
{
	bn_curve_answer(&((struct chart *)screen)->curve, answer);
}

static void
chart_close(struct bn_screen *screen)
{
	bn_curve_clear(&((struct chart *)screen)->curve);
}

static bool
chart_selected(struct bn_screen *screen, struct bn_ref *ref)
{
	*ref = ((struct chart *)screen)->curve.about;
	return true;
}

static unsigned
chart_act(struct bn_screen *screen, enum bn_action action, const struct bn_key_event *event)
{
	struct chart *c = (struct chart *)screen;

	(void)event;
	if (action == BN_ACT_MAXIMISE)
		return BN_LEAVE;
	return bn_window_act(&c->window, action, &c->curve);
}

/* "── orders · 60 minutes ───────────── now 71  avg 70 ──", the read-out below it. */
static void
chart_draw(struct bn_screen *screen, struct bn_rect r)
{
	struct chart *c = (struct chart *)screen;
	struct bn_pen *pen = bn_app_pen(screen->app);
	struct bn_buf title = BN_BUF_INIT(1024), right = BN_BUF_INIT(1024),
		      told = BN_BUF_INIT(1024);

	bn_buf_addf(&title, "%s %s %s%s%s", c->curve.about.key, pen->ascii ? "-" : "·",
		    bn_window_word(&c->window), c->curve.unit != NULL ? ", " : "",
		    c->curve.unit != NULL ? c->curve.unit : "");
	bn_curve_draw(&c->curve, (struct bn_rect){r.y + 2, r.x, r.h - 2, r.w}, true);
	bn_curve_legend(&c->curve, r.w - (int)bn_text_width(bn_buf_text(&title)) - 10, &right);
	bn_curve_tell(&c->curve, r.w - BN_CHART_GUTTER, &told);
	bn_draw_rule(pen, r.y, r.x, r.w, bn_buf_text(&title), bn_buf_text(&right));
	bn_draw_blank(pen, r.y + 1, r.x, r.w, BN_INK(BN_ROLE_TEXT));
	bn_draw(pen, r.y + 1, r.x + BN_CHART_GUTTER, r.w - BN_CHART_GUTTER, BN_INK(BN_ROLE_KEY),
		bn_buf_text(&told));
	bn_buf_free(&title);
	bn_buf_free(&right);
	bn_buf_free(&told);
}

static const struct bn_screen_ops ops = {
    .title = "Chart",
    .context = BN_IN_CHART,
    .close = chart_close,
    .ask = chart_ask,
    .answer = chart_answer,
    .draw = chart_draw,
    .act = chart_act,
    .selected = chart_selected,
};

struct bn_screen *
bn_chart_screen(struct bn_app *app, struct bn_ref about, const char *table,
		const struct bn_window *window, double limit, const char *limit_word)
{
	struct chart *c = bn_screen_new(app, &ops, sizeof(*c));

	c->window = *window;
	bn_curve_init(&c->curve, &c->screen, 0, table, &c->window);
	c->curve.limit = limit;
	c->curve.limit_word = limit_word;
	c->curve.about =
	    (struct bn_ref){about.kind, bn_xstrdup(about.source), bn_xstrdup(about.key)};
	return &c->screen;
}

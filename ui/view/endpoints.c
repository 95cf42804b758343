/* endpoints.c - the Endpoints screen: does it answer, how fast, how long does its certificate last. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "ui/view/curve.h"
#include "ui/view/plain.h"

/* Beyond the slots of a plain screen. */
enum { SLOT_CURVE = 8 };

struct endpoints {
	struct bn_plain plain;
	struct bn_window window;
	struct bn_curve curve;
};

static void
headline(const struct bn_plain *p, struct bn_buf *left, struct bn_buf *right)
{
	const struct bn_rows *rows = bn_list_rows(p->list.list);

	bn_buf_adds(left, "latencies in ms over the last 60 minutes");
	if (rows != NULL)
		bn_buf_addf(right, "%zu endpoints%s", bn_rows_total(rows),
			    bn_list_sort(p->list.list) == NULL ? ", worst first" : "");
}

static double
slo_of(const struct bn_plain *p)
{
	size_t row;

	return bn_list_selected(p->list.list, &row)
		   ? (double)bn_row_int(bn_list_rows(p->list.list), row, "slo") / 1000
		   : 0;
}

/* The latency of the selected endpoint, with what the cursor stands on or how it was in all. */
static void
draw_chart(const struct bn_plain *p, struct bn_rect in)
{
	struct endpoints *e = (struct endpoints *)(uintptr_t)p; /* as made below */
	struct bn_pen *pen = bn_app_pen(p->screen.app);
	struct bn_buf words = BN_BUF_INIT(1024);

	bn_curve_draw(&e->curve, (struct bn_rect){in.y + 1, in.x, in.h - 1, in.w}, true);
	bn_curve_tell(&e->curve, in.w - 5, &words);
	if (words.size == 0)
		bn_curve_legend(&e->curve, in.w - 5, &words);
	bn_draw(pen, in.y, in.x, 4, BN_INK(BN_ROLE_DIM), bn_window_word(&e->window));
	bn_draw_right(pen, in.y, in.x + 4, in.w - 4,
		      BN_INK(e->window.cursor != 0 ? BN_ROLE_KEY : BN_ROLE_DIM),
		      bn_buf_text(&words));
	bn_buf_free(&words);
}

/* The chart follows the cursor of the list. */
static void
follow(struct endpoints *e)
{
	struct bn_ref ref;
	bool any = e->plain.boxed && bn_pane_selected(&e->plain.list, &ref);

	e->curve.limit = slo_of(&e->plain);
	bn_curve_about(&e->curve, any ? &ref : NULL);
}

static void
endpoints_ask(struct bn_screen *screen)
{
	bn_plain_ask(screen);
	bn_curve_ask(&((struct endpoints *)screen)->curve);
}

static void
endpoints_answer(struct bn_screen *screen, struct bn_answer *answer)
{
	struct endpoints *e = (struct endpoints *)screen;

	if (bn_curve_answer(&e->curve, answer))
		return;
	bn_plain_answer(screen, answer);
	follow(e);
}

static void
endpoints_draw(struct bn_screen *screen, struct bn_rect body)
{
	struct endpoints *e = (struct endpoints *)screen;
	bool boxed = e->plain.boxed;

	bn_plain_draw(screen, body);
	if (e->plain.boxed != boxed) /* there is room for the chart only now, or no more */
		follow(e);
}

static unsigned
endpoints_act(struct bn_screen *screen, enum bn_action action, const struct bn_key_event *event)
{
	struct endpoints *e = (struct endpoints *)screen;
	struct bn_ref ref;
	unsigned reaction;

	if (action == BN_ACT_MAXIMISE) {
		if (bn_pane_selected(&e->plain.list, &ref))
			bn_app_push(screen->app,
				    bn_chart_screen(screen->app, ref, "latency", &e->window,
						    slo_of(&e->plain), "SLO"));
		return BN_REDRAW;
	}
	reaction = bn_plain_act(screen, action, event);
	if (reaction != 0) {
		follow(e);
		return reaction;
	}
	return e->plain.boxed ? bn_window_act(&e->window, action, &e->curve) : 0;
}

static void
endpoints_close(struct bn_screen *screen)
{
	bn_curve_clear(&((struct endpoints *)screen)->curve);
	bn_plain_close(screen);
}

static const char *const columns[] = {
    "status", "endpoint", "type",  "state",	  "rps",     "errors",	"p50",	  "p95",
    "p99",    "slo",	  "spark", "certificate", "asserts", "message", "target", NULL};

static const struct bn_plain_kind kind = {
    .ops = {.title = "Endpoints",
	    .context = BN_IN_ENDPOINTS,
	    .come = bn_plain_come,
	    .close = endpoints_close,
	    .ask = endpoints_ask,
	    .answer = endpoints_answer,
	    .draw = endpoints_draw,
	    .act = endpoints_act,
	    .selected = bn_plain_selected},
    .table = "endpoints",
    .columns = columns,
    .nothing = "no endpoint is configured; [endpoint \"name\"] url = … adds one",
    .headline = headline,
    .side_title = "latency, ms",
    .side_right = "m maximise",
    .side_draw = draw_chart,
};

struct bn_screen *
bn_endpoints_screen(struct bn_app *app)
{
	struct endpoints *e = bn_screen_new(app, &kind.ops, sizeof(*e));

	bn_plain_init(&e->plain, &kind);
	e->window = bn_window_of(3600000);
	bn_curve_init(&e->curve, &e->plain.screen, SLOT_CURVE, "latency", &e->window);
	e->curve.limit_word = "SLO";
	return &e->plain.screen;
}

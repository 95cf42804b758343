/* board.c - a person's own screens: one made of the panels of a [dashboard], and the list of them. */
/* SPDX-License-Identifier: MIT */
#include "ui/view/board.h"

#include <stdlib.h>
#include <string.h>

#include "ui/state.h"

/* ---- one dashboard ----------------------------------------------------------------------- */

struct board {
	struct bn_screen screen;
	char *name;
	const struct bn_dashboards
	    *from; /* what the panels borrow from: another one once it was read anew */
	struct bn_board_panel panels[BN_PANELS_MOST];
	size_t count, focus;
	int columns;
	struct bn_rect at[BN_PANELS_MOST]; /* where each was drawn last; height 0: it was not */
};

static void
clear_panels(struct board *b)
{
	size_t i;

	for (i = 0; i < b->count; i++)
		bn_board_panel_clear(&b->panels[i]);
	b->count = 0;
}

/* The panels as the configuration has them now. */
static void
set_up(struct board *b)
{
	const struct bn_dashboards *all = b->screen.app->boards;
	const struct bn_dashboard *spec = bn_dashboard_find(all, b->name);
	size_t i;

	clear_panels(b);
	b->from = all;
	for (i = 0; spec != NULL && i < spec->count; i++)
		bn_board_panel_init(&b->panels[b->count++], &b->screen, 3 * (int)i,
				    &spec->panels[i]);
	b->columns = spec == NULL ? 1 : spec->columns;
	if (b->focus >= b->count)
		b->focus = 0;
}

static void
board_ask(struct bn_screen *screen)
{
	struct board *b = (struct board *)screen;
	size_t i;

	for (i = 0; i < b->count; i++)
		bn_board_panel_ask(&b->panels[i]);
}

static void
board_answer(struct bn_screen *screen, struct bn_answer *answer)
{
	struct board *b = (struct board *)screen;
	size_t i;

	for (i = 0; i < b->count; i++)
		if (bn_board_panel_answer(&b->panels[i], answer))
			return;
}

static unsigned
board_wake(struct bn_screen *screen)
{
	struct board *b = (struct board *)screen;
	bool changed = false;
	size_t i;

	for (i = 0; i < b->count; i++)
		changed = bn_board_panel_wake(&b->panels[i]) || changed;
	return changed ? BN_REDRAW : 0;
}

static void
board_close(struct bn_screen *screen)
{
	struct board *b = (struct board *)screen;

	clear_panels(b);
	free(b->name);
}

static bool
board_selected(struct bn_screen *screen, struct bn_ref *ref)
{
	struct board *b = (struct board *)screen;

	return b->count > 0 && bn_board_panel_selected(&b->panels[b->focus], ref);
}

/* A click goes to the panel under it. */
static void
focus_on(struct board *b, const struct bn_key_event *event)
{
	size_t i;

	for (i = 0; i < b->count; i++) {
		const struct bn_rect *r = &b->at[i];

		if (event->y >= r->y && event->y < r->y + r->h && event->x >= r->x &&
		    event->x < r->x + r->w)
			b->focus = i;
	}
}

static unsigned
board_act(struct bn_screen *screen, enum bn_action action, const struct bn_key_event *event)
{
	struct board *b = (struct board *)screen;

	if (b->count == 0)
		return 0;
	if (action == BN_ACT_PANE) {
		b->focus = (b->focus + 1) % b->count;
		return BN_REDRAW;
	}
	if (action == BN_ACT_CLICK)
		focus_on(b, event);
	return bn_board_panel_act(&b->panels[b->focus], action, event);
}

#define LEAST_LINES 5 /* of a panel, its box included */
#define GAUGE_LINES 4

/* The panels in lines as they are drawn: which is where, and how high each line is. */
struct grid {
	int columns, lines, top, shown; /* lines in all; the first and how many are in sight */
	int height[BN_PANELS_MOST];
};

static bool
only_gauges(const struct board *b, const struct grid *g, int line)
{
	size_t i;

	for (i = (size_t)(line * g->columns); i < b->count && (int)i < (line + 1) * g->columns; i++)
		if (b->panels[i].spec->kind != BN_PANEL_GAUGE)
			return false;
	return true;
}

/* Every line gets the same height, but those that hold nothing but gauges need little. What has no room is further
 * down: the focus brings it into sight. */
static struct grid
lay_out(const struct board *b, struct bn_rect r)
{
	struct grid g = {.columns = r.w < 80 || b->count < 2 ? 1 : b->columns};
	int focus = (int)b->focus / g.columns, low = 0, i, left, others;

	g.lines = ((int)b->count + g.columns - 1) / g.columns;
	g.shown = r.h / LEAST_LINES < g.lines ? r.h / LEAST_LINES : g.lines;
	g.shown = g.shown < 1 ? 1 : g.shown;
	g.top = focus >= g.shown ? focus - g.shown + 1 : 0;
	for (i = 0; i < g.shown; i++)
		low += only_gauges(b, &g, g.top + i);
	others = g.shown - low;
	left = r.h - low * GAUGE_LINES;
	for (i = 0; i < g.shown; i++) {
		bool gauge = others > 0 && only_gauges(b, &g, g.top + i);

		g.height[i] = gauge ? GAUGE_LINES : left / (others > 0 ? others : g.shown);
		if (others == 0)
			g.height[i] = GAUGE_LINES;
		if (!gauge && others > 0) {
			left -= g.height[i];
			others--;
		}
	}
	return g;
}

static void
board_draw(struct bn_screen *screen, struct bn_rect r)
{
	struct board *b = (struct board *)screen;
	struct bn_pen *pen = bn_app_pen(screen->app);
	struct grid g = lay_out(b, r);
	int line, i, y;

	bn_draw_clear(pen, r);
	if (b->count == 0)
		bn_drawf(pen, r.y + 1, r.x + 1, r.w - 2, BN_INK(BN_ROLE_DIM),
			 "the configuration has no dashboard \"%s\" any more", b->name);
	for (i = 0; i < (int)b->count; i++)
		b->at[i].h = 0;
	for (line = 0, y = r.y; line < g.shown; y += g.height[line++]) {
		int first = (g.top + line) * g.columns, across = (int)b->count - first;

		across = across < g.columns ? across : g.columns;
		for (i = 0; i < across; i++) {
			int from = i * r.w / across, to = (i + 1) * r.w / across;

			b->at[first + i] =
			    (struct bn_rect){y, r.x + from, g.height[line], to - from};
			bn_board_panel_draw(&b->panels[first + i], b->at[first + i],
					    (size_t)(first + i) == b->focus);
		}
	}
}

static const struct bn_screen_ops board_ops = {
    .title = "Dashboard",
    .context = BN_IN_BOARD,
    .close = board_close,
    .ask = board_ask,
    .answer = board_answer,
    .draw = board_draw,
    .act = board_act,
    .selected = board_selected,
    .wake = board_wake,
};

struct bn_screen *
bn_board_screen(struct bn_app *app, const char *name)
{
	struct board *b = bn_screen_new(app, &board_ops, sizeof(*b));

	b->name = bn_xstrdup(name);
	set_up(b);
	return &b->screen;
}

void
bn_boards_changed(struct bn_app *app)
{
	struct bn_screen *screen;

	for (screen = app->top; screen != NULL; screen = screen->below)
		if (screen->ops == &board_ops)
			set_up((struct board *)screen);
	if (app->top->ops->ask != NULL)
		app->top->ops->ask(app->top);
	app->dirty = true;
}

/* ---- the list of them -------------------------------------------------------------------- */

struct boards {
	struct bn_screen screen;
	size_t cursor;
	int first;
};

static size_t
count_of(const struct bn_app *app)
{
	return app->boards == NULL ? 0 : app->boards->count;
}

static void
boards_ask(struct bn_screen *screen)
{
	(void)screen;
}

static void
boards_answer(struct bn_screen *screen, struct bn_answer *answer)
{
	(void)screen;
	(void)answer;
}

static unsigned
boards_act(struct bn_screen *screen, enum bn_action action, const struct bn_key_event *event)
{
	struct boards *b = (struct boards *)screen;
	size_t count = count_of(screen->app);

	switch (action) {
	case BN_ACT_DOWN:
		b->cursor += b->cursor + 1 < count;
		return BN_REDRAW;
	case BN_ACT_UP:
		b->cursor -= b->cursor > 0;
		return BN_REDRAW;
	case BN_ACT_TOP:
		b->cursor = 0;
		return BN_REDRAW;
	case BN_ACT_BOTTOM:
		b->cursor = count > 0 ? count - 1 : 0;
		return BN_REDRAW;
	case BN_ACT_CLICK:
		if (event->y >= b->first && (size_t)(event->y - b->first) < count)
			b->cursor = (size_t)(event->y - b->first);
		return BN_REDRAW;
	case BN_ACT_OPEN:
		if (b->cursor < count)
			bn_app_push(
			    screen->app,
			    bn_board_screen(screen->app, screen->app->boards->at[b->cursor].name));
		return BN_REDRAW;
	default:
		return 0;
	}
}

static void
boards_draw(struct bn_screen *screen, struct bn_rect r)
{
	struct boards *b = (struct boards *)screen;
	struct bn_pen *pen = bn_app_pen(screen->app);
	size_t count = count_of(screen->app), i;

	bn_draw_clear(pen, r);
	b->first = r.y + 1;
	b->cursor = b->cursor < count ? b->cursor : count > 0 ? count - 1 : 0;
	bn_draw(pen, r.y, r.x + 2, 24, BN_INK(BN_ROLE_DIM), "DASHBOARD");
	bn_draw_right(pen, r.y, r.x + 26, 7, BN_INK(BN_ROLE_DIM), "PANELS");
	bn_draw(pen, r.y, r.x + 35, r.w - 35, BN_INK(BN_ROLE_DIM), "WRITTEN IN");
	for (i = 0; i < count && (int)i + 1 < r.h; i++) {
		const struct bn_dashboard *board = &screen->app->boards->at[i];
		bool selected = i == b->cursor;
		int y = b->first + (int)i;

		bn_draw_blank(pen, y, r.x, r.w, BN_INK_ON(BN_ROLE_TEXT, selected));
		bn_draw(pen, y, r.x + 2, 24, BN_INK_ON(BN_ROLE_TEXT, selected), board->name);
		bn_drawf(pen, y, r.x + 31, 3, BN_INK_ON(BN_ROLE_TEXT, selected), "%2zu",
			 board->count);
		bn_drawf(pen, y, r.x + 35, r.w - 35, BN_INK_ON(BN_ROLE_DIM, selected), "%s:%d",
			 board->file, board->line);
	}
	if (count == 0)
		bn_draw(pen, r.y + 1, r.x + 2, r.w - 3, BN_INK(BN_ROLE_DIM),
			"none is configured; [dashboard \"name\"] panel = … adds one");
}

static const struct bn_screen_ops boards_ops = {
    .title = "Dashboards",
    .context = BN_IN_BOARDS,
    .ask = boards_ask,
    .answer = boards_answer,
    .draw = boards_draw,
    .act = boards_act,
};

/* The only one there is, or the list. */
void
bn_app_boards(struct bn_app *app)
{
	if (count_of(app) == 1)
		bn_app_push(app, bn_board_screen(app, app->boards->at[0].name));
	else
		bn_app_push(app, bn_screen_new(app, &boards_ops, sizeof(struct boards)));
}

bool
bn_app_board(struct bn_app *app, const char *name)
{
	if (bn_dashboard_find(app->boards, name) == NULL)
		return false;
	bn_app_push(app, bn_board_screen(app, name));
	return true;
}

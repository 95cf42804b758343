/* chrome.c - what surrounds every screen: header, tabs, and the line of keys that are valid now. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "ui/many.h"
#include "ui/state.h"

void
bn_chrome_clock(const struct bn_app *app, char out[BN_TIME_TEXT])
{
	bn_time_show(bn_app_now(app), app->options->zone, BN_TIME_HMS, out);
	if (app->options->zone == NULL)
		strcat(out, "Z");
}

/* ---- the header -------------------------------------------------------------------------- */

/* A piece of the right half, built from the right end leftwards. */
static int
piece(struct bn_pen *pen, int x, struct bn_ink ink, const char *text)
{
	int width = (int)bn_text_width(text);

	if (x - width < 0)
		return x;
	bn_draw(pen, 0, x - width, width, ink, text);
	return x - width;
}

static int
counter(struct bn_pen *pen, int x, enum bn_status status, int count, bool always)
{
	const struct bn_status_row *row = bn_status_row(status);
	char text[32];

	if (count == 0 && !always)
		return x;
	snprintf(text, sizeof(text), " %d", count);
	x = piece(pen, x, BN_INK(count > 0 ? BN_ROLE_TEXT : BN_ROLE_DIM), text);
	x = piece(pen, x, BN_INK(count > 0 ? row->role : BN_ROLE_DIM),
		  pen->ascii ? row->ascii : row->glyph);
	return x - 2;
}

static int
draw_counters(struct bn_app *app, int x)
{
	const struct bn_summary *s = &app->summary;
	struct bn_pen *pen = &app->pen;
	bool blind = s->sources_ok < s->sources;
	char text[64];

	x -= 2;
	if (!app->summarised)
		return x;
	snprintf(text, sizeof(text), "src %d/%d", s->sources_ok, s->sources);
	x = piece(pen, x, BN_INK(blind ? BN_ROLE_WARN : BN_ROLE_TEXT), text) - 2;
	x = counter(pen, x, BN_UNKNOWN, s->unknown, false);
	x = counter(pen, x, BN_RUNNING, s->running, true);
	x = counter(pen, x, BN_DEGRADED, s->warned, true);
	x = counter(pen, x, BN_FAILED, s->failed, true);
	/* They could not be had anew: these are of before. */
	return app->trouble.code == BN_OK ? x : piece(pen, x, BN_INK(BN_ROLE_WARN), "old:") - 2;
}

/* " REPLAY 03:05:00Z ", with its date where that is not today's. */
static int
draw_replay(struct bn_app *app, int x, const char *clock)
{
	bn_time now = bn_clock_now(app->options->clock);
	char text[2 * BN_TIME_TEXT + 32], day[BN_TIME_TEXT], today[BN_TIME_TEXT];

	bn_time_show(app->at, app->options->zone, BN_TIME_MDHM, day);
	bn_time_show(now, app->options->zone, BN_TIME_MDHM, today);
	day[strcspn(day, " ")] = today[strcspn(today, " ")] = '\0';
	snprintf(text, sizeof(text), " REPLAY %s%s%s ", strcmp(day, today) != 0 ? day : "",
		 strcmp(day, today) != 0 ? " " : "", clock);
	return piece(&app->pen, x + 1, BN_INK_ON(BN_ROLE_REPLAY, false), text);
}

/* Counters, sources and clock. Returns where they begin. */
static int
draw_right(struct bn_app *app, int width)
{
	const struct bn_summary *s = &app->summary;
	struct bn_pen *pen = &app->pen;
	char clock[BN_TIME_TEXT];
	int x = width - 1;

	bn_chrome_clock(app, clock);
	snprintf(app->clock_shown, sizeof(app->clock_shown), "%s", clock);
	if (app->at != 0)
		return draw_counters(app, draw_replay(app, x, clock));
	x = piece(pen, x, BN_INK(BN_ROLE_TEXT), clock);
	if (app->paused)
		x = piece(pen, x, BN_INK(BN_ROLE_WARN), "PAUSED ");
	else if (app->summarised && s->stale)
		x = piece(pen, x, BN_INK(BN_ROLE_WARN), "STALE ");
	return draw_counters(app, x);
}

/* "product │ context │ domain │ screen", as much as fits before column `end`: what the screens are narrowed to is
 * said first, for a list that lacks something must not look like all there is. */
static void
draw_left(struct bn_app *app, int end)
{
	struct bn_pen *pen = &app->pen;
	const struct bn_screen *screen = app->top;
	const char *context = app->context, *domain = app->domain;
	int x = 1, left, title = (int)bn_text_width(screen->ops->title) + 3;

	if (domain != NULL)
		title += (int)bn_text_width(domain) + 10; /* " │ domain " */

	left = end - x;
	if (domain == NULL || left >= title + (int)strlen("binnacle") - 7) /* without the word */
		x += bn_draw(pen, 0, x, left, BN_INK_ON(BN_ROLE_MARKED, false), "binnacle");
	if (context != NULL && end - x > title + (int)bn_text_width(context) + 3) {
		x += bn_draw(pen, 0, x, end - x, BN_INK(BN_ROLE_RULE), " │ ");
		x += bn_draw(pen, 0, x, end - x, BN_INK(BN_ROLE_TEXT), context);
	}
	if (domain != NULL) {
		if (x > 1)
			x += bn_draw(pen, 0, x, end - x, BN_INK(BN_ROLE_RULE), " │ ");
		if (end - x >= title - 3)
			x += bn_draw(pen, 0, x, end - x, BN_INK(BN_ROLE_DIM), "domain ");
		x += bn_draw(pen, 0, x, end - x, BN_INK(BN_ROLE_KEY), domain);
	}
	x += bn_draw(pen, 0, x, end - x, BN_INK(BN_ROLE_RULE), " │ ");
	bn_draw(pen, 0, x, end - x, BN_INK(BN_ROLE_TEXT), screen->ops->title);
}

/* How much of the names stands in the line of tabs. */
enum brevity { TABS_WHOLE, TABS_BRIEF, TABS_OPEN_ONE };

/* "[1 Triage]", or only its width with `draw` false. */
static int
one_tab(struct bn_app *app, int i, int x, int width, enum brevity brevity, bool draw)
{
	struct bn_pen *pen = &app->pen;
	bool open = i == (int)app->tab;
	struct bn_ink ink = BN_INK(open ? BN_ROLE_TAB : BN_ROLE_DIM);
	struct bn_buf text = BN_BUF_INIT(256);
	int used;

	bn_buf_addc(&text, open ? '[' : ' ');
	bn_keymap_keys(app->keymap, bn_tabs[i].action, true, !pen->ascii, &text);
	if (open || brevity < TABS_OPEN_ONE) {
		if (text.size > 1)
			bn_buf_addc(&text, ' ');
		bn_buf_adds(&text, brevity == TABS_WHOLE ? bn_tabs[i].name : bn_tabs[i].brief);
	}
	bn_buf_addc(&text, open ? ']' : ' ');
	used = (int)bn_text_width(bn_buf_text(&text));
	if (draw)
		bn_draw(pen, 1, x, width - x, ink, bn_buf_text(&text));
	bn_buf_free(&text);
	return used;
}

static void
draw_tabs(struct bn_app *app, int width)
{
	enum brevity brevity;
	int need, x = 0, i;

	bn_draw_blank(&app->pen, 1, 0, width, BN_INK(BN_ROLE_TEXT));
	for (brevity = TABS_WHOLE;; brevity++) {
		for (need = i = 0; i < BN_TAB_COUNT; i++)
			need += one_tab(app, i, 0, width, brevity, false);
		if (need <= width || brevity == TABS_OPEN_ONE)
			break;
	}
	for (i = 0; i < BN_TAB_COUNT && x < width; i++)
		x += one_tab(app, i, x, width, brevity, true);
}

/* ---- the line of keys -------------------------------------------------------------------- */

static int
draw_hint(struct bn_app *app, enum bn_action action, int y, int x, int end)
{
	const struct bn_action_row *row = bn_action_row(action);
	struct bn_buf key = BN_BUF_INIT(256);
	int need;

	bn_keymap_keys(app->keymap, action, true, !app->pen.ascii, &key);
	need = (int)(bn_text_width(bn_buf_text(&key)) + 1 + bn_text_width(row->hint));
	if (key.size > 0 && x + need <= end) {
		x += bn_draw(&app->pen, y, x, end - x, BN_INK(BN_ROLE_KEY), bn_buf_text(&key)) + 1;
		x += bn_draw(&app->pen, y, x, end - x, BN_INK(BN_ROLE_DIM), row->hint) + 2;
	}
	bn_buf_free(&key);
	return x;
}

/* "◐ bulk 12/40 sent  P" at the right end, while a bulk retry goes on behind another screen; the columns left. */
static int
draw_bulk(struct bn_app *app, int y, int width)
{
	struct bn_buf text = BN_BUF_INIT(256);
	char words[96];
	int x = width;

	if (app->top->ops->context == BN_IN_BULK || !bn_many_words(app, words, sizeof(words)))
		return width;
	bn_buf_addf(&text, "%s %s  ", app->pen.ascii ? ">" : "◐", words);
	bn_keymap_keys(app->keymap, BN_ACT_PROGRESS, true, !app->pen.ascii, &text);
	x = bn_draw_right(&app->pen, y, 0, width - 1, BN_INK(BN_ROLE_RUNNING), bn_buf_text(&text));
	bn_buf_free(&text);
	return x - 1;
}

static void
draw_hints(struct bn_app *app, int y, int width)
{
	unsigned context =
	    app->top->ops->where != NULL ? app->top->ops->where(app->top) : app->top->ops->context;
	struct bn_buf key = BN_BUF_INIT(256);
	int x = 1, a;

	for (a = 0; a < BN_ACT_COUNT; a++) {
		const struct bn_action_row *row = bn_action_row((enum bn_action)a);

		if ((row->hinted & context) == 0 ||
		    (bn_app_reach(app) != BN_REACH_ALL &&
		     (row->flags & (BN_CHANGES | BN_ACTS)) != 0) ||
		    !bn_app_offers(app, (enum bn_action)a))
			continue;
		x = draw_hint(app, (enum bn_action)a, y, x, width - 3);
	}
	bn_keymap_keys(app->keymap, BN_ACT_HELP, true, !app->pen.ascii, &key);
	bn_draw(&app->pen, y, x, width - x, BN_INK(BN_ROLE_KEY), bn_buf_text(&key));
	bn_buf_free(&key);
}

static void
draw_bottom(struct bn_app *app, int y, int width)
{
	enum bn_role role = app->tone == BN_TONE_BAD	? BN_ROLE_WARN
			    : app->tone == BN_TONE_GOOD ? BN_ROLE_OK
							: BN_ROLE_TEXT;

	bn_draw_blank(&app->pen, y, 0, width, BN_INK(BN_ROLE_TEXT));
	if (app->prompting)
		return; /* app.c draws it last, with the cursor */
	width = draw_bulk(app, y, width);
	if (app->message != NULL)
		bn_draw(&app->pen, y, 1, width - 2, BN_INK(role), app->message);
	else
		draw_hints(app, y, width);
}

struct bn_rect
bn_chrome_draw(struct bn_app *app)
{
	int height = getmaxy(stdscr), width = getmaxx(stdscr), end;

	bn_draw_blank(&app->pen, 0, 0, width, BN_INK(BN_ROLE_TEXT));
	end = draw_right(app, width);
	draw_left(app, end);
	draw_tabs(app, width);
	draw_bottom(app, height - 1, width);
	return (struct bn_rect){2, 0, height - 3, width};
}

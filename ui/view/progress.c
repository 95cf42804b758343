/* progress.c - a bulk retry as it goes: a bar for each wave, and every run with what became of it. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/many.h"
#include "ui/view/pane.h"

struct progress {
	struct bn_screen screen;
	size_t cursor, top; /* items */
	bool moved;	    /* a person moved it: it no longer follows the sending */
	int first_line, lines;
	char run[256]; /* key of the selected run */
};

static void
progress_ask(struct bn_screen *screen)
{
	(void)screen; /* no query: the thread that sends is asked at each paint */
}

static void
progress_answer(struct bn_screen *screen, struct bn_answer *answer)
{
	(void)screen;
	(void)answer;
}

/* Items that are sent; those left out in the plan stand behind them and are not shown. */
static size_t
item_count(const struct bn_bulk *bulk)
{
	return bulk == NULL ? 0 : bulk->ready;
}

/* The index of the n-th item that is sent: what is set apart stands among them. */
static size_t
item_at(const struct bn_bulk *bulk, size_t n)
{
	size_t i;

	for (i = 0; i < bulk->count; i++)
		if (bulk->items[i].fate == BN_BULK_READY && n-- == 0)
			return i;
	return 0;
}

static bool
progress_selected(struct bn_screen *screen, struct bn_ref *ref)
{
	struct progress *p = (struct progress *)screen;
	const struct bn_bulk *bulk = bn_many_bulk(screen->app);
	const struct bn_bulk_item *item;
	struct bn_bulk_item_now now;
	size_t i;

	if (p->cursor >= item_count(bulk))
		return false;
	i = item_at(bulk, p->cursor);
	item = &bulk->items[i];
	bn_bulk_item_now(bulk, i, &now);
	snprintf(p->run, sizeof(p->run), "%s", now.run[0] != '\0' ? now.run : item->run.key);
	*ref = (struct bn_ref){BN_RUN, item->run.source, p->run};
	return true;
}

/* ---- actions --------------------------------------------------------------------------------- */

static unsigned
move_by(struct progress *p, long by)
{
	long count = (long)item_count(bn_many_bulk(p->screen.app)), to = (long)p->cursor + by;

	to = to >= count ? count - 1 : to;
	p->cursor = to < 0 ? 0 : (size_t)to;
	p->moved = true;
	return BN_REDRAW;
}

static unsigned
plan_rest(struct progress *p)
{
	const struct bn_bulk *bulk = bn_many_bulk(p->screen.app);
	struct bn_bulk_now now;

	if (bulk == NULL)
		return BN_REDRAW;
	bn_bulk_now(bulk, &now);
	if (bn_many_sending(p->screen.app))
		bn_app_say(p->screen.app, BN_TONE_PLAIN, "it goes on; x sends nothing more");
	else if (now.all.left == 0 || now.parent == 0)
		bn_app_say(p->screen.app, BN_TONE_PLAIN, "nothing of it is left to be sent");
	else
		bn_many_rest(p->screen.app, now.parent);
	return BN_REDRAW;
}

static unsigned
progress_act(struct bn_screen *screen, enum bn_action action, const struct bn_key_event *event)
{
	struct progress *p = (struct progress *)screen;
	long page = p->lines > 1 ? p->lines : 1;

	switch (action) {
	case BN_ACT_DOWN:
		return move_by(p, 1);
	case BN_ACT_UP:
		return move_by(p, -1);
	case BN_ACT_TOP:
		return move_by(p, -(long)BN_BULK_MAX);
	case BN_ACT_BOTTOM:
		return move_by(p, BN_BULK_MAX);
	case BN_ACT_HALF_DOWN:
		return move_by(p, (page + 1) / 2);
	case BN_ACT_HALF_UP:
		return move_by(p, -(page + 1) / 2);
	case BN_ACT_PAGE_DOWN:
		return move_by(p, page);
	case BN_ACT_PAGE_UP:
		return move_by(p, -page);
	case BN_ACT_CLICK:
		if (event == NULL || event->y < p->first_line ||
		    event->y >= p->first_line + p->lines)
			return 0;
		return move_by(p, (long)p->top + event->y - p->first_line - (long)p->cursor);
	case BN_ACT_ABORT:
		bn_many_abort(screen->app);
		return BN_REDRAW;
	case BN_ACT_RETRY:
		return plan_rest(p);
	default:
		return 0;
	}
}

/* ---- drawing ----------------------------------------------------------------------------------- */

static const struct {
	const char *glyph, *ascii;
	enum bn_role role;
} steps[] = {
    [BN_BULK_WAITS] = {"○", ".", BN_ROLE_DIM},	    [BN_BULK_SENDING] = {"◐", ">", BN_ROLE_RUNNING},
    [BN_BULK_SENT] = {"◐", ">", BN_ROLE_RUNNING},   [BN_BULK_GREEN] = {"●", "o", BN_ROLE_OK},
    [BN_BULK_RED] = {"✗", "x", BN_ROLE_FAILED},	    [BN_BULK_REFUSED] = {"✗", "x", BN_ROLE_FAILED},
    [BN_BULK_UNKNOWN] = {"◌", "?", BN_ROLE_FAILED}, [BN_BULK_UNSENT] = {"–", "-", BN_ROLE_DIM},
};

/* What a person has to see to is no dim line among those that were left behind for it. */
static enum bn_role
role_of(const struct bn_bulk_item_now *now)
{
	return now->missed ? BN_ROLE_WARN : steps[now->step].role;
}

/* "12 sent · 9 done · 1 failed · 28 left (1 could not be sent) · about 6m", those that failed or could not be
 * sent only where there are any. */
static void
count_words(const struct bn_bulk_now *now, struct bn_buf *out)
{
	char left[BN_TIME_TEXT];

	bn_buf_addf(out, "%d of %d sent · %d done", now->all.sent, now->all.total, now->all.green);
	/* Once it has ended nobody asks for its runs any more, and what they were last is no news. */
	if (now->all.running > 0)
		bn_buf_addf(out, " · %d %s", now->all.running,
			    now->end == BN_BULK_RUNNING ? "running" : "no longer watched");
	if (now->all.failed > 0)
		bn_buf_addf(out, " · %d failed", now->all.failed);
	if (now->unknown > 0)
		bn_buf_addf(out, " (%d not known)", now->unknown);
	bn_buf_addf(out, " · %d left", now->all.left);
	if (now->all.missed > 0)
		bn_buf_addf(out, " (%d could not be sent)", now->all.missed);
	if (now->end == BN_BULK_RUNNING && now->left_ms >= 0)
		bn_buf_addf(out, " · about %s", bn_duration_show(now->left_ms, left));
}

static void
draw_head(struct progress *p, const struct bn_bulk_now *now, struct bn_rect r)
{
	struct bn_pen *pen = bn_app_pen(p->screen.app);
	struct bn_buf words = BN_BUF_INIT(1024);
	char *title = now->parent != 0
			  ? bn_xasprintf("bulk retry, record %lld", (long long)now->parent)
			  : bn_xstrdup("bulk retry");
	enum bn_role role = now->end == BN_BULK_RUNNING		       ? BN_ROLE_RUNNING
			    : now->all.failed > 0 || now->all.left > 0 ? BN_ROLE_WARN
								       : BN_ROLE_OK;

	bn_draw_rule(pen, r.y, r.x, r.w, title,
		     now->end == BN_BULK_RUNNING
			 ? (now->waiting ? "waiting for its runs" : "sending")
			 : bn_bulk_end_word(now->end));
	count_words(now, &words);
	bn_draw_clear(pen, (struct bn_rect){r.y + 1, r.x, 2, r.w});
	bn_draw(pen, r.y + 1, r.x + 1, r.w - 2, BN_INK(BN_ROLE_TEXT), bn_buf_text(&words));
	bn_draw(pen, r.y + 2, r.x + 1, r.w - 2, BN_INK(role), now->text);
	bn_buf_free(&words);
	free(title);
}

/* What ended well, what did not, and what is under way, each in its colour, over the wave's whole width. */
static void
draw_wave_bar(struct bn_pen *pen, const struct bn_bulk_wave_now *wave, int y, int x, int width)
{
	const struct {
		int count;
		enum bn_role role;
		enum bn_span span;
	} parts[] = {{wave->green, BN_ROLE_ACCENT, BN_SPAN_RAN},
		     {wave->failed, BN_ROLE_FAILED, BN_SPAN_RAN},
		     {wave->running, BN_ROLE_RUNNING, BN_SPAN_WAITS}};
	int from = 0, sum = 0, to;
	size_t i;

	bn_draw_bar(pen, y, x, width, 0, BN_INK(BN_ROLE_DIM));
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]) && wave->total > 0; i++) {
		sum += parts[i].count;
		to = sum * width / wave->total;
		if (to > from)
			bn_draw_span(pen, y, x, from, to, parts[i].span, BN_INK(parts[i].role));
		from = to > from ? to : from;
	}
}

static void
draw_wave(struct bn_pen *pen, const struct bn_bulk_wave_now *wave, int number, bool current,
	  struct bn_rect r)
{
	int bar = r.w > 76 ? r.w - 52 : r.w - 44, over = wave->green + wave->failed;
	struct bn_buf words = BN_BUF_INIT(512);

	bn_draw_blank(pen, r.y, r.x, r.w, BN_INK(BN_ROLE_TEXT));
	bn_drawf(pen, r.y, r.x + 1, 9, BN_INK(current ? BN_ROLE_KEY : BN_ROLE_DIM), "wave %d",
		 number);
	draw_wave_bar(pen, wave, r.y, r.x + 10, bar);
	bn_buf_addf(&words, "%d/%d", over, wave->total);
	if (wave->failed > 0)
		bn_buf_addf(&words, " · %d failed", wave->failed);
	if (wave->running > 0)
		bn_buf_addf(&words, " · %d running", wave->running);
	if (wave->left > 0)
		bn_buf_addf(&words, " · %d left", wave->left);
	bn_draw(pen, r.y, r.x + bar + 12, r.w - bar - 13, BN_INK(BN_ROLE_TEXT),
		bn_buf_text(&words));
	bn_buf_free(&words);
}

/* As many waves as there is room for, the one under way among them; those that nothing is sent in are passed over.
 * Returns the lines taken. */
static int
draw_waves(struct progress *p, const struct bn_bulk *bulk, const struct bn_bulk_now *now,
	   struct bn_rect r)
{
	struct bn_pen *pen = bn_app_pen(p->screen.app);
	int numbers[BN_BULK_WAVES + 1], count = 0, first, here = 0, i;

	for (i = 1; i <= bulk->waves && i <= BN_BULK_WAVES; i++)
		if (now->waves[i].total > 0) {
			here = i <= now->wave ? count : here;
			numbers[count++] = i;
		}
	first = here - r.h / 2;
	if (first > count - r.h)
		first = count - r.h;
	if (first < 0)
		first = 0;
	for (i = 0; i < r.h && first + i < count; i++)
		draw_wave(pen, &now->waves[numbers[first + i]], numbers[first + i],
			  numbers[first + i] == now->wave, (struct bn_rect){r.y + i, r.x, 1, r.w});
	return i;
}

static void
draw_item(struct bn_pen *pen, const struct bn_bulk *bulk, size_t i, struct bn_rect r, bool selected,
	  bool ended)
{
	const struct bn_bulk_item *item = &bulk->items[i];
	int name = r.w < 80 ? 24 : r.w < 120 ? 30 : 44, x = r.x + 1;
	struct bn_bulk_item_now now;

	bn_bulk_item_now(bulk, i, &now);
	if (ended && now.step == BN_BULK_SENT)
		snprintf(now.answer, sizeof(now.answer), "no longer watched: Enter");
	bn_draw_blank(pen, r.y, r.x, r.w, BN_INK_ON(BN_ROLE_TEXT, selected));
	bn_draw(pen, r.y, x, 1, BN_INK_ON(role_of(&now), selected),
		pen->ascii ? steps[now.step].ascii : steps[now.step].glyph);
	bn_drawf(pen, r.y, x + 2, 2, BN_INK_ON(BN_ROLE_DIM, selected), "%d", item->wave);
	bn_draw(pen, r.y, x + 5, name, BN_INK_ON(BN_ROLE_TEXT, selected), item->name);
	x += 6 + name;
	if (r.w >= 80) {
		bn_draw(pen, r.y, x, 9, BN_INK_ON(BN_ROLE_DIM, selected),
			item->engine != NULL ? item->engine : "–");
		x += 10;
	}
	bn_draw(pen, r.y, x, 8, BN_INK_ON(role_of(&now), selected), bn_bulk_step_word(now.step));
	/* What the platform said when it took the request is no news once the run has ended. */
	if (x + 9 < r.x + r.w - 1 && now.step != BN_BULK_GREEN && now.step != BN_BULK_RED)
		bn_draw(pen, r.y, x + 9, r.x + r.w - x - 10, BN_INK_ON(BN_ROLE_DIM, selected),
			now.answer);
}

/* Until somebody moves it the cursor is with what is being sent. */
static void
follow(struct progress *p, const struct bn_bulk *bulk)
{
	struct bn_bulk_item_now now;
	size_t i, n = 0;

	for (i = 0; i < bulk->count; i++) {
		if (bulk->items[i].fate != BN_BULK_READY)
			continue;
		bn_bulk_item_now(bulk, i, &now);
		if (now.step <= BN_BULK_SENDING) {
			p->cursor = n;
			return;
		}
		n++;
	}
}

static void
draw_items(struct progress *p, const struct bn_bulk *bulk, struct bn_rect r)
{
	struct bn_pen *pen = bn_app_pen(p->screen.app);
	size_t count = item_count(bulk), i;
	struct bn_bulk_now now;

	bn_bulk_now(bulk, &now);
	p->first_line = r.y;
	p->lines = r.h;
	/* Another bulk may have been sent meanwhile, with fewer. */
	if (p->cursor >= count)
		p->cursor = count > 0 ? count - 1 : 0;
	if (p->cursor < p->top)
		p->top = p->cursor;
	if (p->cursor >= p->top + (size_t)r.h)
		p->top = p->cursor + 1 - (size_t)r.h;
	if (p->top > 0 && p->top + (size_t)r.h > count)
		p->top = count > (size_t)r.h ? count - (size_t)r.h : 0;
	for (i = 0; i < (size_t)r.h && p->top + i < count; i++)
		draw_item(pen, bulk, item_at(bulk, p->top + i),
			  (struct bn_rect){r.y + (int)i, r.x, 1, r.w}, p->top + i == p->cursor,
			  now.end != BN_BULK_RUNNING);
}

static void
progress_draw(struct bn_screen *screen, struct bn_rect r)
{
	struct progress *p = (struct progress *)screen;
	const struct bn_bulk *bulk = bn_many_bulk(screen->app);
	struct bn_pen *pen = bn_app_pen(screen->app);
	struct bn_bulk_now now;
	char position[64];
	int y;

	bn_draw_clear(pen, r);
	if (bulk == NULL) {
		bn_draw(pen, r.y, r.x + 1, r.w - 2, BN_INK(BN_ROLE_DIM),
			"the bulk retry that stood here is over; P shows the latest");
		return;
	}
	bn_bulk_now(bulk, &now);
	if (!p->moved)
		follow(p, bulk);
	draw_head(p, &now, r);
	y = r.y + 3;
	y += draw_waves(p, bulk, &now, (struct bn_rect){y, r.x, r.h / 3, r.w});
	if (r.y + r.h - y < 2)
		return;
	draw_items(p, bulk, (struct bn_rect){y + 1, r.x, r.y + r.h - y - 1, r.w});
	snprintf(position, sizeof(position), "%zu of %zu", p->cursor + 1, item_count(bulk));
	bn_draw_rule(pen, y, r.x, r.w, "runs, in the order they are sent in", position);
}

static const struct bn_screen_ops ops = {
    .title = "Bulk retry",
    .context = BN_IN_BULK,
    .ask = progress_ask,
    .answer = progress_answer,
    .draw = progress_draw,
    .act = progress_act,
    .selected = progress_selected,
};

struct bn_screen *
bn_progress_screen(struct bn_app *app)
{
	struct progress *p = bn_screen_new(app, &ops, sizeof(*p));

	return &p->screen;
}

/* links.c - the links of one thing: what it feeds, with how each stands, and what feeds it. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "ui/view/pane.h"

enum { SLOT_LINKS };

/* A line as shown: a heading, or a thing. */
struct shown {
	const char *heading;
	const struct bn_lineage_line *line;
};

struct links {
	struct bn_screen screen;
	struct bn_ref about; /* own strings */
	struct bn_arena *arena;
	struct bn_lineage lineage;
	struct shown *shown;
	size_t count, cursor, top;
	int height, first;
	bool answered;
	struct bn_error error;
};

static void
links_ask(struct bn_screen *screen)
{
	struct bn_question question = {.kind = BN_ASK_LINKS,
				       .about = ((struct links *)screen)->about};

	bn_app_ask(screen, SLOT_LINKS, &question);
}

static void
add_all(struct links *l, const char *heading, const struct bn_lineage_line *lines, size_t count)
{
	size_t i;

	l->shown[l->count++] = (struct shown){heading, NULL};
	for (i = 0; i < count; i++)
		l->shown[l->count++] = (struct shown){NULL, &lines[i]};
}

static void
links_answer(struct bn_screen *screen, struct bn_answer *answer)
{
	struct links *l = (struct links *)screen;

	l->answered = true;
	l->error = answer->error;
	l->error.code = answer->rc;
	if (answer->rc != BN_OK)
		return;
	bn_arena_free(l->arena);
	l->arena = answer->arena;
	answer->arena = NULL;
	l->lineage = answer->lineage;
	free(l->shown);
	l->shown = bn_xcalloc(l->lineage.downs + l->lineage.ups + 2, sizeof(*l->shown));
	l->count = 0;
	add_all(l, l->lineage.downs > 0 ? "it feeds" : "it feeds nothing that is known",
		l->lineage.down, l->lineage.downs);
	add_all(l, l->lineage.ups > 0 ? "it depends on" : "it depends on nothing that is known",
		l->lineage.up, l->lineage.ups);
	if (l->cursor >= l->count)
		l->cursor = l->count - 1;
}

static void
move_by(struct links *l, long by)
{
	long to = (long)l->cursor + by;

	to = to < 0 ? 0 : to >= (long)l->count ? (long)l->count - 1 : to;
	l->cursor = l->count == 0 ? 0 : (size_t)to;
}

static unsigned
links_act(struct bn_screen *screen, enum bn_action action, const struct bn_key_event *event)
{
	struct links *l = (struct links *)screen;
	long page = l->height > 1 ? l->height : 1, all = (long)l->count;

	switch (action) {
	case BN_ACT_DOWN:
		move_by(l, 1);
		break;
	case BN_ACT_UP:
		move_by(l, -1);
		break;
	case BN_ACT_TOP:
		move_by(l, -all);
		break;
	case BN_ACT_BOTTOM:
		move_by(l, all);
		break;
	case BN_ACT_HALF_DOWN:
		move_by(l, (page + 1) / 2);
		break;
	case BN_ACT_HALF_UP:
		move_by(l, -(page + 1) / 2);
		break;
	case BN_ACT_PAGE_DOWN:
		move_by(l, page);
		break;
	case BN_ACT_PAGE_UP:
		move_by(l, -page);
		break;
	case BN_ACT_CLICK:
		if (event->y < l->first || l->top + (size_t)(event->y - l->first) >= l->count)
			return 0;
		l->cursor = l->top + (size_t)(event->y - l->first);
		break;
	default:
		return 0;
	}
	return BN_REDRAW;
}

static bool
links_selected(struct bn_screen *screen, struct bn_ref *ref)
{
	struct links *l = (struct links *)screen;
	const struct bn_lineage_line *line = l->count == 0 ? NULL : l->shown[l->cursor].line;

	*ref = line == NULL ? l->about : line->ref;
	return ref->key != NULL;
}

static void
draw_line(struct bn_pen *pen, int y, struct bn_rect r, const struct shown *shown, bool selected)
{
	const struct bn_lineage_line *line = shown->line;
	const struct bn_status_row *status;
	int x = r.x + 1;

	bn_draw_blank(pen, y, r.x, r.w, BN_INK_ON(BN_ROLE_TEXT, selected));
	if (line == NULL) {
		bn_draw(pen, y, x, r.w - 2, BN_INK_ON(BN_ROLE_HEADING, selected), shown->heading);
		return;
	}
	status = bn_status_row(line->known ? line->status : BN_UNKNOWN);
	x += 2 * line->depth;
	bn_draw(pen, y, x, 1, BN_INK_ON(status->role, selected),
		pen->ascii ? status->ascii : status->glyph);
	x += 2 + bn_draw(pen, y, x + 2, r.w / 2,
			 BN_INK_ON(line->known ? BN_ROLE_TEXT : BN_ROLE_STALE, selected),
			 line->name);
	bn_drawf(pen, y, x + 2, r.x + r.w - x - 3, BN_INK_ON(BN_ROLE_DIM, selected), "%s · %s%s%s",
		 bn_kind_word(line->ref.kind), line->link,
		 line->known ? " · " : " · no source tells of it", line->known ? status->word : "");
}

static void
links_draw(struct bn_screen *screen, struct bn_rect r)
{
	struct links *l = (struct links *)screen;
	struct bn_pen *pen = bn_app_pen(screen->app);
	size_t i, height = (size_t)r.h - 1;

	bn_draw_clear(pen, r);
	bn_draw_rule(pen, r.y, r.x, r.w, l->about.key,
		     l->lineage.cut ? "there are more links than are shown" : NULL);
	l->height = r.h - 1;
	l->first = r.y + 1;
	if (l->error.code != BN_OK || l->count == 0) {
		bn_draw(pen, r.y + 1, r.x + 1, r.w - 2,
			BN_INK(l->error.code != BN_OK ? BN_ROLE_WARN : BN_ROLE_DIM),
			l->error.code != BN_OK ? l->error.message : "…");
		return;
	}
	if (l->cursor < l->top)
		l->top = l->cursor;
	if (l->cursor >= l->top + height)
		l->top = l->cursor - height + 1;
	for (i = 0; i < height && l->top + i < l->count; i++)
		draw_line(pen, l->first + (int)i, r, &l->shown[l->top + i],
			  l->top + i == l->cursor);
}

static void
links_close(struct bn_screen *screen)
{
	struct links *l = (struct links *)screen;

	free((char *)(uintptr_t)l->about.source);
	free((char *)(uintptr_t)l->about.key);
	bn_arena_free(l->arena);
	free(l->shown);
}

static const struct bn_screen_ops ops = {
    .title = "Links",
    .context = BN_IN_LINKS,
    .close = links_close,
    .ask = links_ask,
    .answer = links_answer,
    .draw = links_draw,
    .act = links_act,
    .selected = links_selected,
};

struct bn_screen *
bn_links_screen(struct bn_app *app, struct bn_ref about)
{
	struct links *l = bn_screen_new(app, &ops, sizeof(*l));

	l->about = (struct bn_ref){about.kind, bn_xstrdup(about.source), bn_xstrdup(about.key)};
	return &l->screen;
}

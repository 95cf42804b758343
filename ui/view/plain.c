/* plain.c - a screen that is one table, the detail of the selected row, and where there is room a third pane. */
/* SPDX-License-Identifier: MIT */
#include "ui/view/plain.h"

#include <stdlib.h>
#include <string.h>

enum { SLOT_LIST, SLOT_DETAIL, SLOT_SIDE };

void
bn_plain_init(struct bn_plain *p, const struct bn_plain_kind *kind)
{
	p->kind = kind;
	bn_pane_init(&p->list, &p->screen, SLOT_LIST, kind->table, kind->columns, kind->id_column);
	p->list.runs = kind->runs;
	if (kind->limit > 0)
		p->list.limit = kind->limit;
	if (kind->side_table != NULL) {
		bn_pane_init(&p->side, &p->screen, SLOT_SIDE, kind->side_table, kind->side_columns,
			     NULL);
		p->side.limit = 60;
		p->side.sort = kind->side_sort;
	}
	bn_detail_init(&p->detail, &p->screen, SLOT_DETAIL);
}

struct bn_plain *
bn_plain_new(struct bn_app *app, const struct bn_plain_kind *kind)
{
	struct bn_plain *p = bn_screen_new(app, &kind->ops, sizeof(*p));

	bn_plain_init(p, kind);
	return p;
}

void
bn_plain_come(struct bn_screen *screen)
{
	bn_pane_renew(&((struct bn_plain *)screen)->list);
}

void
bn_plain_close(struct bn_screen *screen)
{
	struct bn_plain *p = (struct bn_plain *)screen;

	bn_pane_clear(&p->list);
	bn_pane_clear(&p->side);
	bn_detail_clear(&p->detail);
	free(p->side_source);
	free(p->side_key);
}

static void
ask_side(struct bn_plain *p)
{
	if (p->boxed && p->kind->side_table != NULL && p->side_key != NULL)
		bn_pane_ask(&p->side);
}

void
bn_plain_ask(struct bn_screen *screen)
{
	struct bn_plain *p = (struct bn_plain *)screen;

	bn_pane_ask(&p->list);
	if (!p->kind->no_detail)
		bn_detail_ask(&p->detail);
	ask_side(p);
}

/* The third pane is about nothing: what it holds, and what is still on its way to it, is not shown. */
static void
forget_side(struct bn_plain *p)
{
	free(p->side_source);
	free(p->side_key);
	p->side_source = p->side_key = NULL;
	p->side.scope = (struct bn_ref){BN_KIND_NONE, NULL, NULL};
}

/* Detail and third pane follow the cursor. */
static void
follow_cursor(struct bn_plain *p)
{
	struct bn_ref ref = {BN_KIND_NONE, NULL, NULL};
	bool any = bn_pane_selected(&p->list, &ref);

	if (!p->kind->no_detail)
		bn_detail_about(&p->detail, any ? &ref : NULL);
	if (!any)
		forget_side(p);
	if (!any || p->kind->side_table == NULL ||
	    (p->side_key != NULL && strcmp(p->side_key, ref.key) == 0 &&
	     strcmp(p->side_source == NULL ? "" : p->side_source,
		    ref.source == NULL ? "" : ref.source) == 0))
		return;
	free(p->side_source);
	free(p->side_key);
	p->side_source = bn_xstrdup(ref.source);
	p->side_key = bn_xstrdup(ref.key);
	p->side.scope = (struct bn_ref){ref.kind, p->side_source, p->side_key};
	p->side.fresh = true;
	bn_list_home(p->side.list);
	ask_side(p);
}

void
bn_plain_answer(struct bn_screen *screen, struct bn_answer *answer)
{
	struct bn_plain *p = (struct bn_plain *)screen;

	if (bn_pane_answer(&p->list, answer))
		follow_cursor(p);
	else if (p->kind->side_table == NULL || !bn_pane_answer(&p->side, answer))
		bn_detail_answer(&p->detail, answer);
}

bool
bn_plain_selected(struct bn_screen *screen, struct bn_ref *ref)
{
	return bn_pane_selected(&((struct bn_plain *)screen)->list, ref);
}

size_t
bn_plain_marked(struct bn_screen *screen, struct bn_ref **out, size_t *hidden)
{
	return bn_pane_marked(&((struct bn_plain *)screen)->list, out, hidden);
}

unsigned
bn_plain_act(struct bn_screen *screen, enum bn_action action, const struct bn_key_event *event)
{
	struct bn_plain *p = (struct bn_plain *)screen;
	unsigned reaction = bn_pane_act(&p->list, action, event);

	if (reaction != 0)
		follow_cursor(p);
	return reaction;
}

/* ---- drawing ----------------------------------------------------------------------------- */

static void
draw_headline(const struct bn_plain *p, int y, int x, int w)
{
	struct bn_pen *pen = bn_app_pen(p->screen.app);
	struct bn_buf left = BN_BUF_INIT(4096), right = BN_BUF_INIT(4096);
	char words[256];
	bool chosen = false;
	int end;

	bn_draw_blank(pen, y, x, w, BN_INK(BN_ROLE_TEXT));
	if (p->kind->headline != NULL)
		p->kind->headline(p, &left, &right);
	bn_list_position(p->list.list, words, sizeof(words));
	if (words[0] != '\0')
		bn_buf_addf(&left, " · %s", words);
	bn_pane_words(&p->list, words, sizeof(words));
	if (words[0] != '\0') { /* what was chosen matters more than what is always so */
		bn_buf_reset(&left);
		bn_buf_adds(&left, words);
		bn_list_position(p->list.list, words, sizeof(words));
		bn_buf_addf(&left, "%s%s", words[0] != '\0' ? " · " : "", words);
		chosen = true;
	}
	end = x + 1 +
	      bn_draw(pen, y, x + 1, w - 2, BN_INK(chosen ? BN_ROLE_ACCENT : BN_ROLE_DIM),
		      bn_buf_text(&left));
	if ((int)bn_text_width(bn_buf_text(&right)) < x + w - 2 - end)
		bn_draw_right(pen, y, end + 1, x + w - end - 2, BN_INK(BN_ROLE_DIM),
			      bn_buf_text(&right));
	bn_buf_free(&left);
	bn_buf_free(&right);
}

static bool
has_side(const struct bn_plain *p)
{
	return p->kind->side_table != NULL || p->kind->side_draw != NULL;
}

/* Two boxes under the table. */
static void
draw_boxes(struct bn_plain *p, struct bn_rect r)
{
	struct bn_pen *pen = bn_app_pen(p->screen.app);
	int left = has_side(p) ? r.w / 2 : r.w;
	struct bn_rect in;

	bn_detail_draw_boxed(&p->detail, (struct bn_rect){r.y, r.x, r.h, left}, "selected",
			     "d all");
	if (!has_side(p))
		return;
	bn_draw_clear(pen, (struct bn_rect){r.y, r.x + left, r.h, r.w - left});
	in = bn_draw_box(pen, (struct bn_rect){r.y, r.x + left, r.h, r.w - left},
			 p->kind->side_title, p->kind->side_right, false);
	if (p->kind->side_draw != NULL) {
		p->kind->side_draw(p, in);
		return;
	}
	if (p->side_key == NULL && bn_list_rows(p->list.list) != NULL)
		return;
	in.x--;
	in.w++;
	bn_pane_draw(&p->side, in, in.w >= 76 ? 1 : 0, true, false, "nothing yet");
}

/* Always the same for a size: the list must not change its height under the cursor. */
static int
detail_rows(const struct bn_plain *p, struct bn_rect r, bool boxes)
{
	if (p->kind->no_detail || r.w < 80 || r.h < 18)
		return 0;
	if (boxes)
		return r.h / 3 < 10 ? 10 : r.h / 3;
	return r.h / 4 + 2;
}

void
bn_plain_draw(struct bn_screen *screen, struct bn_rect r)
{
	struct bn_plain *p = (struct bn_plain *)screen;
	bool boxes = r.w >= 120 && r.h >= 30;
	int below, strip = r.h < 18			      ? 0
			   : boxes && p->kind->strip_tall > 0 ? p->kind->strip_tall
							      : p->kind->strip_height;

	below = detail_rows(p, r, boxes);
	if (boxes && !p->boxed) { /* there is room for it only now */
		p->boxed = true;
		ask_side(p);
	}
	p->boxed = boxes;
	if (strip > 0)
		p->kind->strip(p, (struct bn_rect){r.y + 1, r.x, strip, r.w});
	bn_pane_draw(&p->list, (struct bn_rect){r.y + 1 + strip, r.x, r.h - 1 - strip - below, r.w},
		     bn_level_for(r.w), true, true, p->kind->nothing);
	draw_headline(p, r.y, r.x, r.w); /* after the list: it says which rows are in sight */
	if (below == 0)
		return;
	r.y += r.h - below;
	r.h = below;
	if (boxes)
		draw_boxes(p, r);
	else
		bn_detail_draw_ruled(&p->detail, r, "nothing selected");
}

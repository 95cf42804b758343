/* compare.c - two versions of models side by side: what differs, and which is better where that can be said. */
/* SPDX-License-Identifier: MIT */
#include "ui/view/compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

/* ---- what is compared --------------------------------------------------------------------- */

void
bn_compare_init(struct bn_compare_pane *pane, struct bn_screen *screen, int slot)
{
	pane->screen = screen;
	pane->slot = slot;
}

static void
forget(struct bn_compare_pane *pane)
{
	bn_arena_free(pane->arena);
	pane->arena = NULL;
	memset(&pane->comparison, 0, sizeof(pane->comparison));
	pane->error.code = BN_OK;
	pane->known = false;
}

static void
set_ref(struct bn_ref *to, const struct bn_ref *from)
{
	struct bn_ref copy = {BN_KIND_NONE, NULL, NULL};

	if (from != NULL)
		copy = (struct bn_ref){from->kind, bn_xstrdup(from->source), bn_xstrdup(from->key)};
	free((char *)(uintptr_t)to->source);
	free((char *)(uintptr_t)to->key);
	*to = copy;
}

void
bn_compare_clear(struct bn_compare_pane *pane)
{
	forget(pane);
	set_ref(&pane->left, NULL);
	set_ref(&pane->right, NULL);
}

static bool
same(const struct bn_ref *a, const struct bn_ref *b)
{
	return a->kind == b->kind && strcmp(a->source, b->source) == 0 &&
	       strcmp(a->key, b->key) == 0;
}

void
bn_compare_about(struct bn_compare_pane *pane, const struct bn_ref *left,
		 const struct bn_ref *right)
{
	if (left == NULL || right == NULL) {
		bn_compare_clear(pane);
		return;
	}
	if (same(left, &pane->left) && same(right, &pane->right))
		return;
	forget(pane);
	pane->top = 0;
	set_ref(&pane->left, left);
	set_ref(&pane->right, right);
	bn_compare_ask(pane);
}

void
bn_compare_ask(struct bn_compare_pane *pane)
{
	struct bn_question question = {
	    .kind = BN_ASK_COMPARE, .about = pane->left, .other = pane->right};

	if (pane->left.key != NULL)
		bn_app_ask(pane->screen, pane->slot, &question);
}

bool
bn_compare_answer(struct bn_compare_pane *pane, struct bn_answer *answer)
{
	if (answer->slot != pane->slot)
		return false;
	forget(pane);
	if (pane->left.key == NULL)
		return true;
	pane->known = true;
	if (answer->rc != BN_OK) {
		pane->error = answer->error;
		pane->error.code = answer->rc;
		return true;
	}
	pane->arena = answer->arena;
	pane->comparison = answer->comparison;
	answer->arena = NULL;
	return true;
}

/* ---- drawing ------------------------------------------------------------------------------ */

#define VERDICT 7 /* columns: "differs" */

struct lay {
	struct bn_pen *pen;
	struct bn_rect r;
	int label, value; /* widths */
};

static struct lay
lay_for(struct bn_app *app, struct bn_rect r)
{
	struct lay lay = {bn_app_pen(app), r, r.w >= 70 ? 22 : 17, 0};

	lay.value = (r.w - lay.label - VERDICT) / 2;
	if (lay.value > 30)
		lay.value = 30;
	return lay;
}

/* The value; how long ago it was measured; a mark where it is the better one. */
static void
draw_side(const struct lay *lay, int y, int x, const struct bn_compared_side *side, bool better,
	  bool same)
{
	const struct bn_status_row *ok = bn_status_row(BN_HEALTHY);
	enum bn_role role = side->text == NULL || same ? BN_ROLE_DIM : BN_ROLE_TEXT;
	int width = lay->value - 1, used = side->text != NULL ? (int)bn_text_width(side->text) : 1;
	char age[BN_TIME_TEXT];

	bn_draw(lay->pen, y, x, width, BN_INK(role),
		side->text != NULL ? side->text
		: lay->pen->ascii  ? "-"
				   : "–");
	if (better && used + 2 <= width) {
		bn_draw(lay->pen, y, x + used + 1, 1, BN_INK(BN_ROLE_OK),
			lay->pen->ascii ? ok->ascii : ok->glyph);
		used += 2;
	}
	if (side->age < 0)
		return;
	bn_duration_show(side->age, age);
	if (used + 1 + (int)strlen(age) <= width)
		bn_draw(lay->pen, y, x + used + 1, width - used - 1, BN_INK(BN_ROLE_DIM), age);
}

/* Said of the right one. */
static void
draw_verdict(const struct lay *lay, int y, int x, enum bn_better better)
{
	static const struct {
		const char *word;
		enum bn_role role;
	} verdicts[] = {{"", BN_ROLE_DIM},
			{"=", BN_ROLE_DIM},
			{"worse", BN_ROLE_WARN},
			{"better", BN_ROLE_OK},
			{"differs", BN_ROLE_CHANGE}};

	bn_draw(lay->pen, y, x, lay->r.x + lay->r.w - x, BN_INK(verdicts[better].role),
		verdicts[better].word);
}

static void
draw_row(const struct lay *lay, int y, const struct bn_compared *row)
{
	bool equal = row->better == BN_BETTER_EQUAL;
	int x = lay->r.x;

	bn_draw(lay->pen, y, x, lay->label - 1, BN_INK(BN_ROLE_DIM), row->name);
	x += lay->label;
	draw_side(lay, y, x, &row->left, row->better == BN_BETTER_LEFT, equal);
	x += lay->value;
	draw_side(lay, y, x, &row->right, row->better == BN_BETTER_RIGHT, equal);
	draw_verdict(lay, y, x + lay->value, row->better);
}

static void
draw_head(const struct lay *lay, int x, bool live, const char *other, const char *version)
{
	bn_drawf(lay->pen, lay->r.y, lay->r.x + x, lay->value - 1, BN_INK(BN_ROLE_HEADING), "%s %s",
		 live ? "LIVE" : other, version);
}

void
bn_compare_draw(struct bn_compare_pane *pane, struct bn_rect r)
{
	const struct bn_comparison *c = &pane->comparison;
	struct lay lay = lay_for(pane->screen->app, r);
	int count = (int)c->count;

	bn_draw_clear(lay.pen, r);
	if (pane->error.code != BN_OK) {
		bn_draw_folded(lay.pen, r, BN_INK(BN_ROLE_WARN), pane->error.message);
		return;
	}
	if (!pane->known) {
		bn_draw(lay.pen, r.y, r.x, r.w, BN_INK(BN_ROLE_DIM), lay.pen->ascii ? "..." : "…");
		return;
	}
	pane->shown = r.h - 1;
	if (pane->top > count - pane->shown)
		pane->top = count > pane->shown ? count - pane->shown : 0;
	draw_head(&lay, lay.label, c->left_live, "THIS", c->left);
	draw_head(&lay, lay.label + lay.value, c->right_live, c->left_live ? "THIS" : "THAT",
		  c->right);
	for (int i = 0; i < pane->shown && pane->top + i < count; i++)
		draw_row(&lay, r.y + 1 + i, &c->rows[pane->top + i]);
}

/* ---- the screen -------------------------------------------------------------------------- */

enum { SLOT_COMPARISON };

struct compare {
	struct bn_screen screen;
	struct bn_compare_pane pane;
};

static void
compare_ask(struct bn_screen *screen)
{
	bn_compare_ask(&((struct compare *)screen)->pane);
}

static void
compare_answer(struct bn_screen *screen, struct bn_answer *answer)
{
	bn_compare_answer(&((struct compare *)screen)->pane, answer);
}

static void
compare_close(struct bn_screen *screen)
{
	bn_compare_clear(&((struct compare *)screen)->pane);
}

static void
compare_draw(struct bn_screen *screen, struct bn_rect r)
{
	struct compare *c = (struct compare *)screen;
	struct bn_pen *pen = bn_app_pen(screen->app);
	struct bn_buf title = BN_BUF_INIT(1024);
	char position[64] = "two versions";
	int count = (int)c->pane.comparison.count;

	bn_draw_clear(pen, r);
	bn_compare_draw(&c->pane, (struct bn_rect){r.y + 1, r.x + 1, r.h - 1, r.w - 2});
	if (c->pane.shown > 0 && count > c->pane.shown)
		snprintf(position, sizeof(position), "%d-%d of %d", c->pane.top + 1,
			 c->pane.top + c->pane.shown < count ? c->pane.top + c->pane.shown : count,
			 count);
	bn_buf_addf(&title, "%s %s %s", c->pane.left.key, pen->ascii ? "-" : "·",
		    c->pane.right.key);
	bn_draw_rule(pen, r.y, r.x, r.w, bn_buf_text(&title), position);
	bn_buf_free(&title);
}

static bool
compare_selected(struct bn_screen *screen, struct bn_ref *ref)
{
	*ref = ((struct compare *)screen)->pane.right;
	return true;
}

static unsigned
scroll_by(struct bn_compare_pane *pane, int rows)
{
	pane->top = pane->top + rows < 0 ? 0 : pane->top + rows;
	return BN_REDRAW; /* drawing bounds the other end */
}

static unsigned
compare_act(struct bn_screen *screen, enum bn_action action, const struct bn_key_event *event)
{
	struct bn_compare_pane *pane = &((struct compare *)screen)->pane;
	int all = (int)pane->comparison.count;

	(void)event;
	switch (action) {
	case BN_ACT_COMPARE:
		return BN_LEAVE;
	case BN_ACT_DOWN:
		return scroll_by(pane, 1);
	case BN_ACT_UP:
		return scroll_by(pane, -1);
	case BN_ACT_TOP:
		return scroll_by(pane, -all);
	case BN_ACT_BOTTOM:
		return scroll_by(pane, all);
	case BN_ACT_HALF_DOWN:
		return scroll_by(pane, pane->shown / 2);
	case BN_ACT_HALF_UP:
		return scroll_by(pane, -pane->shown / 2);
	case BN_ACT_PAGE_DOWN:
		return scroll_by(pane, pane->shown);
	case BN_ACT_PAGE_UP:
		return scroll_by(pane, -pane->shown);
	default:
		return 0;
	}
}

static const struct bn_screen_ops ops = {
    .title = "Compare",
    .context = BN_IN_COMPARE,
    .close = compare_close,
    .ask = compare_ask,
    .answer = compare_answer,
    .draw = compare_draw,
    .act = compare_act,
    .selected = compare_selected,
};

struct bn_screen *
bn_compare_screen(struct bn_app *app, struct bn_ref left, struct bn_ref right)
{
	struct compare *c = bn_screen_new(app, &ops, sizeof(*c));

	bn_compare_init(&c->pane, &c->screen, SLOT_COMPARISON);
	set_ref(&c->pane.left, &left);
	set_ref(&c->pane.right, &right);
	return &c->screen;
}

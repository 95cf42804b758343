/* detail.c - the pane with everything worth knowing about the selected thing, as labelled lines. */
/* SPDX-License-Identifier: MIT */
#include "ui/view/detail.h"

#include <stdlib.h>
#include <string.h>

void
bn_detail_init(struct bn_detail_pane *pane, struct bn_screen *screen, int slot)
{
	pane->screen = screen;
	pane->slot = slot;
}

static void
forget(struct bn_detail_pane *pane)
{
	bn_arena_free(pane->arena);
	pane->arena = NULL;
	memset(&pane->detail, 0, sizeof(pane->detail));
	pane->error.code = BN_OK;
}

static void
set_about(struct bn_detail_pane *pane, const struct bn_ref *about)
{
	char *source = about == NULL ? NULL : bn_xstrdup(about->source);
	char *key = about == NULL ? NULL : bn_xstrdup(about->key);

	free((char *)(uintptr_t)pane->about.source);
	free((char *)(uintptr_t)pane->about.key);
	pane->about = (struct bn_ref){about == NULL ? BN_KIND_NONE : about->kind, source, key};
}

void
bn_detail_clear(struct bn_detail_pane *pane)
{
	forget(pane);
	set_about(pane, NULL);
}

static bool
same(const char *a, const char *b)
{
	return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

void
bn_detail_about(struct bn_detail_pane *pane, const struct bn_ref *about)
{
	if (about == NULL) {
		bn_detail_clear(pane);
		return;
	}
	if (about->kind == pane->about.kind && same(about->source, pane->about.source) &&
	    same(about->key, pane->about.key))
		return;
	forget(pane);
	set_about(pane, about);
	bn_detail_ask(pane);
}

void
bn_detail_ask(struct bn_detail_pane *pane)
{
	struct bn_question question = {.kind = BN_ASK_DETAIL, .about = pane->about};

	if (pane->about.key != NULL)
		bn_app_ask(pane->screen, pane->slot, &question);
}

bool
bn_detail_answer(struct bn_detail_pane *pane, struct bn_answer *answer)
{
	if (answer->slot != pane->slot)
		return false;
	forget(pane);
	if (pane->about.key == NULL) /* it was asked when there still was something */
		return true;
	if (answer->rc != BN_OK) {
		pane->error = answer->error;
		pane->error.code = answer->rc;
		return true;
	}
	pane->arena = answer->arena;
	pane->detail = answer->detail;
	answer->arena = NULL;
	return true;
}

int
bn_detail_height(const struct bn_detail_pane *pane)
{
	return pane->error.code != BN_OK ? 2 : (int)pane->detail.count;
}

static int
label_width(const struct bn_detail_pane *pane)
{
	int width = 4;
	size_t i;

	for (i = 0; i < pane->detail.count; i++) {
		int one = (int)bn_text_width(pane->detail.lines[i].label);

		width = one > width ? one : width;
	}
	return width > 12 ? 12 : width;
}

int
bn_detail_draw(const struct bn_detail_pane *pane, struct bn_rect r)
{
	struct bn_pen *pen = bn_app_pen(pane->screen->app);
	int label = label_width(pane), used = 0, spare;
	size_t i;

	bn_draw_clear(pen, r);
	if (pane->error.code != BN_OK) {
		used = bn_draw_folded(pen, r, BN_INK(BN_ROLE_WARN), pane->error.message);
		bn_draw(pen, r.y + used, r.x, r.w, BN_INK(BN_ROLE_DIM), pane->error.hint);
		return used + 1;
	}
	spare = r.h - (int)pane->detail.count;
	for (i = 0; i < pane->detail.count && used < r.h; i++) {
		const struct bn_detail_line *line = &pane->detail.lines[i];
		struct bn_rect room = {r.y + used, r.x + label + 2, 1 + (spare > 0 ? spare : 0),
				       r.w - label - 2};
		int rows;

		if (pane->skip != NULL && strcmp(pane->skip, line->label) == 0)
			continue;
		bn_draw(pen, r.y + used, r.x, label, BN_INK(BN_ROLE_DIM), line->label);
		rows = bn_draw_folded(pen, room, BN_INK(line->role), line->text);
		rows = rows < 1 ? 1 : rows;
		spare -= rows - 1;
		used += rows;
	}
	return used;
}

void
bn_detail_draw_ruled(const struct bn_detail_pane *pane, struct bn_rect r, const char *nothing)
{
	struct bn_pen *pen = bn_app_pen(pane->screen->app);
	const char *title = pane->detail.title;

	if (title == NULL)
		title = pane->about.key == NULL ? nothing : pane->about.key;
	bn_draw_clear(pen, r);
	bn_draw_rule(pen, r.y, r.x, r.w, title, pane->detail.subtitle);
	if (r.h > 1)
		bn_detail_draw(pane, (struct bn_rect){r.y + 1, r.x + 1, r.h - 1, r.w - 2});
}

/* Title left and subtitle right, or below it where both don't fit. */
static void
draw_heading(const struct bn_detail_pane *pane, struct bn_pen *pen, struct bn_rect in)
{
	const char *title = pane->detail.title == NULL ? "" : pane->detail.title;
	const char *subtitle = pane->detail.subtitle == NULL ? "" : pane->detail.subtitle;

	bn_draw(pen, in.y, in.x, in.w, BN_INK(BN_ROLE_KEY), title);
	if ((int)(bn_text_width(title) + bn_text_width(subtitle)) + 2 <= in.w)
		bn_draw_right(pen, in.y, in.x, in.w, BN_INK(BN_ROLE_DIM), subtitle);
	else
		bn_draw(pen, in.y + 1, in.x, in.w, BN_INK(BN_ROLE_DIM), subtitle);
}

void
bn_detail_draw_boxed(const struct bn_detail_pane *pane, struct bn_rect r, const char *title,
		     const char *right)
{
	struct bn_pen *pen = bn_app_pen(pane->screen->app);
	struct bn_rect in;

	bn_draw_clear(pen, r);
	in = bn_draw_box(pen, r, title, right, false);
	if (in.h < 3)
		return;
	draw_heading(pane, pen, in);
	bn_detail_draw(pane, (struct bn_rect){in.y + 2, in.x, in.h - 2, in.w});
}

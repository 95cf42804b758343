/* compare.h - two versions of models side by side: as a pane of another screen, and as a screen. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_COMPARE_H
#define BN_UI_COMPARE_H

#include "ui/app.h"

struct bn_compare_pane {
	struct bn_screen *screen;
	int slot;
	struct bn_ref left, right; /* with strings of their own; kind NONE: nothing is compared */
	struct bn_arena *arena;
	struct bn_comparison comparison;
	struct bn_error error; /* code 0: it could be had */
	bool known;	       /* an answer has come */
	int top, shown;	       /* rows scrolled past, rows that fitted when it was drawn last */
};

void bn_compare_init(struct bn_compare_pane *pane, struct bn_screen *screen, int slot);
void bn_compare_clear(struct bn_compare_pane *pane);
/* Compares these from now on; asks if they are others than before. NULL: nothing. */
void bn_compare_about(struct bn_compare_pane *pane, const struct bn_ref *left,
		      const struct bn_ref *right);
void bn_compare_ask(struct bn_compare_pane *pane);
bool bn_compare_answer(struct bn_compare_pane *pane, struct bn_answer *answer);
/* Draws as many rows as fit. */
void bn_compare_draw(struct bn_compare_pane *pane, struct bn_rect rect);

/* A screen of its own. */
struct bn_screen *bn_compare_screen(struct bn_app *app, struct bn_ref left, struct bn_ref right);

#endif

/* detail.h - the pane with everything worth knowing about the selected thing, as labelled lines. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_DETAIL_H
#define BN_UI_DETAIL_H

#include "ui/app.h"

struct bn_detail_pane {
	struct bn_screen *screen;
	int slot;
	struct bn_ref about; /* with strings of its own; kind NONE: nothing */
	struct bn_arena *arena;
	struct bn_detail detail;
	struct bn_error error; /* code 0: it could be had */
	const char
	    *skip; /* lines of this label are left out: the screen says it itself; NULL: none */
};

void bn_detail_init(struct bn_detail_pane *pane, struct bn_screen *screen, int slot);
void bn_detail_clear(struct bn_detail_pane *pane);
/* Shows this thing from now on; asks if it is another one than before. NULL: nothing. */
void bn_detail_about(struct bn_detail_pane *pane, const struct bn_ref *about);
void bn_detail_ask(struct bn_detail_pane *pane);
bool bn_detail_answer(struct bn_detail_pane *pane, struct bn_answer *answer);
/* Draws the lines; long ones are folded as far as there is room. Returns the rows used. */
int bn_detail_draw(const struct bn_detail_pane *pane, struct bn_rect rect);
/* Rows that all lines would take, unfolded. */
int bn_detail_height(const struct bn_detail_pane *pane);
/* The same behind a rule with title and subtitle (1 + lines rows), or in a box. */
void bn_detail_draw_ruled(const struct bn_detail_pane *pane, struct bn_rect rect,
			  const char *nothing);
void bn_detail_draw_boxed(const struct bn_detail_pane *pane, struct bn_rect rect, const char *title,
			  const char *right);

#endif

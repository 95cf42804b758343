/* plain.h - a screen that is one table, the detail of the selected row, and where there is room a third pane. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_PLAIN_H
#define BN_UI_PLAIN_H

#include "ui/view/detail.h"
#include "ui/view/pane.h"

struct bn_plain;

/* What makes one such screen: a record, in the screen's own file. */
struct bn_plain_kind {
	struct bn_screen_ops ops; /* begins with bn_plain_ops, then title, context … */
	const char *table;
	const char *const *columns; /* NULL: those shown by default */
	const char *id_column;
	const char *nothing; /* said where there is no row */
	/* The dim line over the table: what it is, and its counts. */
	void (*headline)(const struct bn_plain *, struct bn_buf *left, struct bn_buf *right);
	/* The third pane at 120 columns: a table about the selected thing, or drawn by the screen.
	 */
	const char *side_title, *side_right; /* words in its upper edge */
	const char *side_table;
	const char *const *side_columns;
	const char *side_sort;
	void (*side_draw)(const struct bn_plain *, struct bn_rect inside);
	/* Lines between headline and table. */
	int strip_height, strip_tall; /* tall: where there are boxes; 0: the same */
	void (*strip)(const struct bn_plain *, struct bn_rect);
	bool no_detail;
	bool runs;     /* see struct bn_pane */
	int64_t limit; /* 0: BN_PANE_ROWS */
};

struct bn_plain {
	struct bn_screen screen;
	const struct bn_plain_kind *kind;
	struct bn_pane list, side;
	struct bn_detail_pane detail;
	char *side_source, *side_key; /* what the side pane is about */
	bool boxed; /* it was drawn with boxes last: only then the third pane is asked for */
};

#define BN_PLAIN_OPS                                                                               \
	.come = bn_plain_come, .close = bn_plain_close, .ask = bn_plain_ask,                       \
	.answer = bn_plain_answer, .draw = bn_plain_draw, .act = bn_plain_act,                     \
	.selected = bn_plain_selected, .marked = bn_plain_marked

/* A screen of its own, or the part of one that begins with struct bn_plain. */
void bn_plain_init(struct bn_plain *plain, const struct bn_plain_kind *kind);
struct bn_plain *bn_plain_new(struct bn_app *app, const struct bn_plain_kind *kind);
void bn_plain_come(struct bn_screen *screen);
void bn_plain_close(struct bn_screen *screen);
void bn_plain_ask(struct bn_screen *screen);
void bn_plain_answer(struct bn_screen *screen, struct bn_answer *answer);
void bn_plain_draw(struct bn_screen *screen, struct bn_rect body);
unsigned bn_plain_act(struct bn_screen *screen, enum bn_action action,
		      const struct bn_key_event *event);
bool bn_plain_selected(struct bn_screen *screen, struct bn_ref *ref);
size_t bn_plain_marked(struct bn_screen *screen, struct bn_ref **out, size_t *hidden);

#endif

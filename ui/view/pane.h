/* pane.h - a list that a query fills: what every list screen is made of. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_PANE_H
#define BN_UI_PANE_H

#include "ui/app.h"
#include "ui/widget/list.h"

/* At most so many rows are held; a filter narrows what is beyond. */
#define BN_PANE_ROWS 5000

struct bn_pane {
	struct bn_screen *screen;
	int slot;
	const struct bn_view_table *table;
	const char *const
	    *columns; /* what is asked for, NULL-terminated; NULL: those shown by default */
	struct bn_ref scope;
	int64_t limit;
	const char *sort; /* where the person chose none; NULL: the table's own */
	bn_time since;
	struct bn_list *list;
	char *filter;	      /* NULL: none */
	bool own_filter;      /* it is the screen's, no person typed it */
	char *previous;	      /* the filter as it was before it is being edited */
	bool problems, usual; /* problems only; as it is when nobody chose */
	const char *dim;      /* see struct bn_list_look; so are the next ones */
	const char *const *hidden, *const *also;
	const char *level_column, *group_text;
	const struct bn_list_sign *signs;
	const struct bn_list_state *states;
	/* What the cursor was put on stays in sight while it is there, though it was acknowledged or put to sleep. */
	bool keeps;
	bool runs;	/* rows are things that run: `*` marks those that failed */
	bool fresh;	/* the next rows come in the query's order, whatever keys are pressed */
	bool renewed;	/* … and keys wait for them, see struct bn_screen.unread */
	bool leads;	/* it is the one that its screen's keys are about */
	uint64_t asked; /* number of the latest question */
	struct bn_error error; /* code 0: the latest query worked */
};

void bn_pane_init(struct bn_pane *pane, struct bn_screen *screen, int slot, const char *table,
		  const char *const *columns, const char *id_column);
void bn_pane_clear(struct bn_pane *pane);
void bn_pane_ask(struct bn_pane *pane);
/* Other rows than those in sight are going to be asked for, and keys wait for them. For the one pane of a screen that
 * its keys are about. */
void bn_pane_renew(struct bn_pane *pane);
/* True if the answer was this pane's; it is used up then. */
bool bn_pane_answer(struct bn_pane *pane, struct bn_answer *answer);
/* Moving, marks, sorting, filter, problems only, Esc that clears the filter. Reactions; 0: not its
 * affair. */
unsigned bn_pane_act(struct bn_pane *pane, enum bn_action action, const struct bn_key_event *event);
bool bn_pane_selected(const struct bn_pane *pane, struct bn_ref *ref);
/* The selected row is one that was acknowledged or put to sleep. */
bool bn_pane_settled(const struct bn_pane *pane);
/* See struct bn_screen_ops.marked. */
size_t bn_pane_marked(const struct bn_pane *pane, struct bn_ref **out, size_t *hidden);
/* The rows; under them nothing. Where the query failed or there are none, words saying so. */
void bn_pane_draw(struct bn_pane *pane, struct bn_rect rect, int level, bool header, bool cursor,
		  const char *nothing);
/* What a person chose: "/filter · problems only · 3 marked"; "" where nothing was. */
void bn_pane_words(const struct bn_pane *pane, char *out, size_t size);

/* Values of the row under the cursor (or any row), by column name. "" and 0 where there is none. */
const char *bn_row_text(const struct bn_rows *rows, size_t row, const char *column);
int64_t bn_row_int(const struct bn_rows *rows, size_t row, const char *column);

/* The levels of columns for a width. */
int bn_level_for(int width);

#endif

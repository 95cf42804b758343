/* list.h - the list engine: columns by width, cursor by identity, order that never jumps, marks, sorting. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_LIST_H
#define BN_UI_LIST_H

#include "ui/draw.h"
#include "ui/keymap.h"
#include "view/view.h"

/* One table on the screen. Rows come from queries; the cursor and the marks stay with things, not
 * with row numbers, through every refresh. */
struct bn_list;

/* `id_column` (may be NULL) names the column that tells rows apart which are about the same thing
 * (a finding's id, an event's time). Borrowed. */
struct bn_list *bn_list_new(const char *id_column);
void bn_list_free(struct bn_list *list);

/* Takes over new rows. With `hold` the order on the screen stays: what is gone leaves, what is new
 * is put at the end; without, or where the cursor was never moved, it becomes the query's. */
void bn_list_set(struct bn_list *list, struct bn_rows *rows, bool hold);
const struct bn_rows *bn_list_rows(const struct bn_list *list); /* NULL before the first */
size_t bn_list_count(const struct bn_list *list);

/* The row (of bn_list_rows) under the cursor; false if there is none. */
bool bn_list_selected(const struct bn_list *list, size_t *row);
/* The row at a place of the list as it is shown. */
size_t bn_list_row_at(const struct bn_list *list, size_t place);
void bn_list_home(struct bn_list *list); /* cursor to the top, as if it had never been moved */
/* Puts the cursor on the thing, now or as soon as it comes. */
void bn_list_select(struct bn_list *list, struct bn_ref ref);
/* The thing under the cursor is meant: the cursor stays with it, as if it had been moved there. */
void bn_list_stay(struct bn_list *list);
/* Whether the cursor was put where it is on purpose. */
bool bn_list_put(const struct bn_list *list);

/* Moving and marking. True if the action was one of the list's own. */
bool bn_list_act(struct bn_list *list, enum bn_action action);
/* The row drawn at that line of the screen becomes the selected one; false if there is none. */
bool bn_list_click(struct bn_list *list, int y);
size_t bn_list_marked(const struct bn_list *list);
bool bn_list_is_marked(const struct bn_list *list, size_t row);
/* Marks that row (of bn_list_rows). */
void bn_list_mark(struct bn_list *list, size_t row);

/* Sorting: `<` and `>` choose among the columns that are shown, `s` turns the order round. The text
 * for struct bn_query.sort, borrowed, NULL for the table's own order. */
bool bn_list_sort_act(struct bn_list *list, enum bn_action action);
const char *bn_list_sort(const struct bn_list *list);

/* A column whose cells take colour and mark from another one, a status: "64m✗". Ends with a NULL column. */
struct bn_list_state {
	const char *column, *state;
};

/* What stands in the margin where a column is true, or a time to come; the first that is. Ends with a NULL column. */
struct bn_list_sign {
	const char *column, *sign;
	enum bn_role role;
};

struct bn_list_look {
	struct bn_style style;
	int level;		   /* columns up to this level (0, 1, 2) */
	bool header;		   /* a line of column names first */
	bool cursor;		   /* show the selected row */
	bool margin;		   /* one blank column left, where marks stand */
	const char *const *hidden; /* names of columns not to show, NULL-terminated, or NULL */
	const char *const *also;   /* … and of those to show whatever their level */
	const char *dim;	   /* rows are dimmed where this column is true; NULL: none are */
	/* The column that is 0 in the row of a group and 1 in what belongs to it; NULL: there are none. The text
	 * after a group's first column, over the rest of the row, comes from `group_text`. */
	const char *level_column;
	const char *group_text;
	const struct bn_list_state *states;
	const struct bn_list_sign *signs; /* NULL: none */
};
void bn_list_draw(struct bn_list *list, struct bn_pen *pen, struct bn_rect rect,
		  const struct bn_list_look *look);
/* "4-17 of 41" for a rule's right end, "" when everything is in sight. */
void bn_list_position(const struct bn_list *list, char *out, size_t size);

#endif

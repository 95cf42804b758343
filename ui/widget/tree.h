/* tree.h - the tasks of a run as a tree that shows what went wrong and folds what went well. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_TREE_H
#define BN_UI_TREE_H

#include "ui/draw.h"
#include "ui/keymap.h"
#include "view/view.h"

/* One line of the tree as it is shown. */
struct bn_tree_line {
	size_t row; /* of the rows; of the first hidden one where `more` > 0 */
	int depth;
	bool group, folded;
	size_t more; /* > 0: stands for so many good leaves that are not shown */
};

struct bn_tree;
struct bn_tree *bn_tree_new(void);
void bn_tree_free(struct bn_tree *tree);

/* Takes over the rows of the table "tasks" with the columns depth, key, children, children_failed …
 * (in the order of their tree). What a person folded or opened stays so; else groups with trouble
 * or work in them are open, others folded, and of many good leaves only the first few are shown. */
void bn_tree_set(struct bn_tree *tree, struct bn_rows *rows);
const struct bn_rows *bn_tree_rows(const struct bn_tree *tree); /* NULL before the first */
size_t bn_tree_count(const struct bn_tree *tree);
const struct bn_tree_line *bn_tree_line(const struct bn_tree *tree, size_t place);
/* The line under the cursor, NULL if there is none. */
const struct bn_tree_line *bn_tree_selected(const struct bn_tree *tree);
size_t bn_tree_cursor(const struct bn_tree *tree);
/* Puts the cursor on the first failed leaf, if there is one. */
void bn_tree_to_failure(struct bn_tree *tree);

/* Moving; Enter, Left and Right fold and open. True if it was one of the tree's own: Enter on a
 * task that has nothing to fold is not. */
bool bn_tree_act(struct bn_tree *tree, enum bn_action action);
bool bn_tree_click(struct bn_tree *tree, int y);
/* Makes the cursor's line visible in `lines` lines drawn from screen line `y` on; the first one's
 * place. */
size_t bn_tree_scroll(struct bn_tree *tree, int y, int lines);

#endif

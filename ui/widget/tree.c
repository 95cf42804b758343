/* tree.c - the tasks of a run as a tree that shows what went wrong and folds what went well. */
/* SPDX-License-Identifier: MIT */
#include "ui/widget/tree.h"

#include <stdlib.h>
#include <string.h>

#define FEW_ALIKE  3  /* leaves shown … */
#define MANY_ALIKE 10 /* … where a group has more than so many that went well, or were skipped */

struct bn_tree {
	struct bn_rows *rows;
	size_t *parents; /* of each row, SIZE_MAX: a root */
	bool *groups;	 /* has children */
	struct bn_tree_line *lines;
	size_t count;
	struct bn_strlist opened, closed; /* keys, as a person left them; "\1KEY": all good leaves
					     of KEY, "\2KEY": all skipped */
	size_t cursor, top;
	char *cursor_key;
	bool cursor_more;
	int first_line, height;
	bool moved;
};

static const char *
text_of(const struct bn_rows *rows, size_t row, const char *column)
{
	struct bn_value value = bn_rows_named(rows, row, column);

	return value.type == BN_VALUE_TEXT && value.s != NULL ? value.s : "";
}

static int64_t
int_of(const struct bn_rows *rows, size_t row, const char *column)
{
	return bn_rows_named(rows, row, column).i;
}

struct bn_tree *
bn_tree_new(void)
{
	return bn_xcalloc(1, sizeof(struct bn_tree));
}

static void
clear_rows(struct bn_tree *tree)
{
	bn_rows_free(tree->rows);
	free(tree->parents);
	free(tree->groups);
	free(tree->lines);
	tree->rows = NULL;
	tree->parents = NULL;
	tree->groups = NULL;
	tree->lines = NULL;
	tree->count = 0;
}

void
bn_tree_free(struct bn_tree *tree)
{
	if (tree == NULL)
		return;
	clear_rows(tree);
	bn_strlist_clear(&tree->opened);
	bn_strlist_clear(&tree->closed);
	free(tree->cursor_key);
	free(tree);
}

/* ---- what is under what ------------------------------------------------------------------ */

#define MAX_DEPTH 64

/* Rows come parent first; the last row seen at each depth is the parent of what follows one deeper.
 */
static void
find_parents(struct bn_tree *tree, size_t count)
{
	size_t last[MAX_DEPTH], row;
	int d;

	for (d = 0; d < MAX_DEPTH; d++)
		last[d] = SIZE_MAX;
	for (row = 0; row < count; row++) {
		int64_t depth = int_of(tree->rows, row, "depth");

		if (depth < 0 || depth >= MAX_DEPTH)
			depth = depth < 0 ? 0 : MAX_DEPTH - 1;
		tree->parents[row] = depth > 0 ? last[depth - 1] : SIZE_MAX;
		if (tree->parents[row] != SIZE_MAX)
			tree->groups[tree->parents[row]] = true;
		last[depth] = row;
		for (d = (int)depth + 1; d < MAX_DEPTH; d++)
			last[d] = SIZE_MAX;
	}
}

/* What a row is among its siblings: groups and whatever is wrong or moving are always shown; of
 * leaves that were skipped, or went well, only the first few where there are many. */
enum rank { SHOWN, SKIPPED, GOOD, RANKS };

static enum rank
rank_of(const struct bn_tree *tree, size_t row)
{
	enum bn_status status = bn_rows_status(tree->rows, row);

	if (tree->groups[row])
		return SHOWN;
	return status == BN_SUCCEEDED ? GOOD : status == BN_SKIPPED ? SKIPPED : SHOWN;
}

static bool
has(const struct bn_strlist *list, const char *mark, const char *key)
{
	char name[512];

	snprintf(name, sizeof(name), "%s%s", mark, key);
	return bn_strlist_has(list, name);
}

/* Whether a group is folded: as the person left it; else open where there is anything to see. */
static bool
is_folded(const struct bn_tree *tree, size_t row)
{
	const char *key = text_of(tree->rows, row, "key");

	if (has(&tree->opened, "", key))
		return false;
	if (has(&tree->closed, "", key))
		return true;
	if (tree->parents[row] == SIZE_MAX)
		return false;
	return int_of(tree->rows, row, "children_failed") == 0 &&
	       int_of(tree->rows, row, "children_running") == 0 &&
	       bn_rows_status(tree->rows, row) != BN_FAILED &&
	       bn_rows_status(tree->rows, row) != BN_RUNNING;
}

/* ---- lines ------------------------------------------------------------------------------- */

static void
add_line(struct bn_tree *tree, struct bn_tree_line line)
{
	tree->lines[tree->count++] = line;
}

static void add_children(struct bn_tree *tree, size_t parent, int depth, size_t count);

static void
add_row(struct bn_tree *tree, size_t row, int depth, size_t count)
{
	bool group = tree->groups[row], folded = group && is_folded(tree, row);

	add_line(tree, (struct bn_tree_line){row, depth, group, folded, 0});
	if (group && !folded && depth < MAX_DEPTH)
		add_children(tree, row, depth + 1, count);
}

static size_t
count_rank(const struct bn_tree *tree, size_t parent, size_t count, enum rank rank)
{
	size_t row, found = 0;

	for (row = parent == SIZE_MAX ? 0 : parent + 1; row < count; row++)
		found += tree->parents[row] == parent && rank_of(tree, row) == rank;
	return found;
}

/* The children of one rank, and a line for those left out. */
static void
add_rank(struct bn_tree *tree, size_t parent, int depth, size_t count, enum rank rank)
{
	const char *key = parent == SIZE_MAX ? "" : text_of(tree->rows, parent, "key");
	size_t many = count_rank(tree, parent, count, rank), shown = 0, row;
	bool all = rank == SHOWN || many <= MANY_ALIKE ||
		   has(&tree->opened, rank == GOOD ? "\001" : "\002", key);

	for (row = parent == SIZE_MAX ? 0 : parent + 1; row < count; row++) {
		if (tree->parents[row] != parent || rank_of(tree, row) != rank)
			continue;
		if (!all && shown++ == FEW_ALIKE) {
			add_line(tree,
				 (struct bn_tree_line){row, depth, false, true, many - FEW_ALIKE});
			return;
		}
		add_row(tree, row, depth, count);
	}
}

/* Few children stay in their own order; of many, what is wrong comes first. */
static void
add_children(struct bn_tree *tree, size_t parent, int depth, size_t count)
{
	size_t row;
	int rank;

	if (count_rank(tree, parent, count, GOOD) + count_rank(tree, parent, count, SKIPPED) >
	    MANY_ALIKE) {
		for (rank = SHOWN; rank < RANKS; rank++)
			add_rank(tree, parent, depth, count, (enum rank)rank);
		return;
	}
	for (row = parent == SIZE_MAX ? 0 : parent + 1; row < count; row++)
		if (tree->parents[row] == parent)
			add_row(tree, row, depth, count);
}

static void
remember_cursor(struct bn_tree *tree)
{
	const struct bn_tree_line *line = bn_tree_selected(tree);

	free(tree->cursor_key);
	tree->cursor_key = line == NULL ? NULL : bn_xstrdup(text_of(tree->rows, line->row, "key"));
	tree->cursor_more = line != NULL && line->more > 0;
}

static void
find_cursor(struct bn_tree *tree)
{
	size_t i;

	for (i = 0; tree->cursor_key != NULL && i < tree->count; i++)
		if ((tree->lines[i].more > 0) == tree->cursor_more &&
		    strcmp(text_of(tree->rows, tree->lines[i].row, "key"), tree->cursor_key) == 0) {
			tree->cursor = i;
			return;
		}
	if (tree->cursor >= tree->count)
		tree->cursor = tree->count > 0 ? tree->count - 1 : 0;
}

static void
lay_out(struct bn_tree *tree)
{
	size_t count = bn_rows_count(tree->rows);

	free(tree->lines);
	tree->lines = bn_xcalloc(count * 2 + 1, sizeof(*tree->lines));
	tree->count = 0;
	add_children(tree, SIZE_MAX, 0, count);
	find_cursor(tree);
}

void
bn_tree_set(struct bn_tree *tree, struct bn_rows *rows)
{
	size_t count = bn_rows_count(rows);
	bool first = tree->rows == NULL || bn_rows_count(tree->rows) == 0;

	remember_cursor(tree);
	clear_rows(tree);
	tree->rows = rows;
	tree->parents = bn_xcalloc(count + 1, sizeof(*tree->parents));
	tree->groups = bn_xcalloc(count + 1, sizeof(*tree->groups));
	find_parents(tree, count);
	lay_out(tree);
	if (first && !tree->moved)
		bn_tree_to_failure(tree);
}

const struct bn_rows *
bn_tree_rows(const struct bn_tree *tree)
{
	return tree->rows;
}

size_t
bn_tree_count(const struct bn_tree *tree)
{
	return tree->count;
}

const struct bn_tree_line *
bn_tree_line(const struct bn_tree *tree, size_t place)
{
	return &tree->lines[place];
}

const struct bn_tree_line *
bn_tree_selected(const struct bn_tree *tree)
{
	return tree->count == 0 ? NULL : &tree->lines[tree->cursor];
}

size_t
bn_tree_cursor(const struct bn_tree *tree)
{
	return tree->cursor;
}

void
bn_tree_to_failure(struct bn_tree *tree)
{
	size_t i;

	for (i = 0; i < tree->count; i++)
		if (!tree->lines[i].group && tree->lines[i].more == 0 &&
		    bn_rows_status(tree->rows, tree->lines[i].row) == BN_FAILED) {
			tree->cursor = i;
			return;
		}
}

/* ---- acting ------------------------------------------------------------------------------ */

static void
forget_key(struct bn_strlist *list, const char *key)
{
	struct bn_strlist kept = {0};
	size_t i;

	for (i = 0; i < list->count; i++)
		if (strcmp(list->items[i], key) != 0)
			bn_strlist_add(&kept, list->items[i]);
	bn_strlist_clear(list);
	*list = kept;
}

static void
set_folded(struct bn_tree *tree, const struct bn_tree_line *line, bool folded)
{
	const char *key = text_of(tree->rows, line->row, "key");

	remember_cursor(tree);
	forget_key(&tree->opened, key);
	forget_key(&tree->closed, key);
	bn_strlist_add(folded ? &tree->closed : &tree->opened, key);
	lay_out(tree);
}

static void
show_all(struct bn_tree *tree, const struct bn_tree_line *line)
{
	size_t parent = tree->parents[line->row];
	char name[512];

	snprintf(name, sizeof(name), "%s%s", rank_of(tree, line->row) == GOOD ? "\001" : "\002",
		 parent == SIZE_MAX ? "" : text_of(tree->rows, parent, "key"));
	free(tree->cursor_key);
	tree->cursor_key = bn_xstrdup(text_of(tree->rows, line->row, "key"));
	tree->cursor_more = false;
	bn_strlist_add(&tree->opened, name);
	lay_out(tree);
}

static bool
fold_act(struct bn_tree *tree, enum bn_action action)
{
	const struct bn_tree_line *line = bn_tree_selected(tree);

	if (line == NULL)
		return false;
	if (line->more > 0 && action != BN_ACT_LEFT) {
		show_all(tree, line);
		return true;
	}
	if (action == BN_ACT_LEFT && (!line->group || line->folded)) { /* to the group it is in */
		size_t parent = tree->parents[line->row], i;

		for (i = 0; parent != SIZE_MAX && i < tree->count; i++)
			if (tree->lines[i].row == parent && tree->lines[i].more == 0)
				tree->cursor = i;
		return true;
	}
	if (!line->group)
		return action == BN_ACT_RIGHT;
	if (action == BN_ACT_OPEN || (action == BN_ACT_RIGHT) == line->folded)
		set_folded(tree, line, !line->folded);
	return true;
}

static void
move_by(struct bn_tree *tree, long by)
{
	long to = (long)tree->cursor + by;

	to = to < 0 ? 0 : to >= (long)tree->count ? (long)tree->count - 1 : to;
	tree->cursor = tree->count == 0 ? 0 : (size_t)to;
	tree->moved = true;
}

bool
bn_tree_act(struct bn_tree *tree, enum bn_action action)
{
	long page = tree->height > 1 ? tree->height : 1, all = (long)tree->count;

	switch (action) {
	case BN_ACT_DOWN:
		move_by(tree, 1);
		return true;
	case BN_ACT_UP:
		move_by(tree, -1);
		return true;
	case BN_ACT_TOP:
		move_by(tree, -all);
		return true;
	case BN_ACT_BOTTOM:
		move_by(tree, all);
		return true;
	case BN_ACT_HALF_DOWN:
		move_by(tree, (page + 1) / 2);
		return true;
	case BN_ACT_HALF_UP:
		move_by(tree, -(page + 1) / 2);
		return true;
	case BN_ACT_PAGE_DOWN:
		move_by(tree, page);
		return true;
	case BN_ACT_PAGE_UP:
		move_by(tree, -page);
		return true;
	case BN_ACT_OPEN:
	case BN_ACT_LEFT:
	case BN_ACT_RIGHT:
		return fold_act(tree, action);
	default:
		return false;
	}
}

bool
bn_tree_click(struct bn_tree *tree, int y)
{
	size_t place = tree->top + (size_t)(y - tree->first_line);

	if (y < tree->first_line || y >= tree->first_line + tree->height || place >= tree->count)
		return false;
	tree->cursor = place;
	tree->moved = true;
	return true;
}

size_t
bn_tree_scroll(struct bn_tree *tree, int y, int lines)
{
	size_t height = lines > 0 ? (size_t)lines : 1;

	tree->first_line = y;
	tree->height = lines;
	if (tree->cursor < tree->top)
		tree->top = tree->cursor;
	if (tree->cursor >= tree->top + height)
		tree->top = tree->cursor - height + 1;
	if (tree->top + height > tree->count)
		tree->top = tree->count > height ? tree->count - height : 0;
	return tree->top;
}

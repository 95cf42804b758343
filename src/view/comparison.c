/* comparison.c - two versions side by side: each side's facts laid beside the other's, and which is the better. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "view/comparison_room.h"

static int
by_place(const void *a, const void *b)
{
	const struct fact *x = a, *y = b;
	int order;

	if (x->rank != y->rank || x->order != y->order)
		return x->rank != y->rank ? x->rank - y->rank : x->order - y->order;
	order = strcmp(x->beside, y->beside);
	return order != 0 ? order : strcmp(x->label, y->label);
}

/* A loss of one kind of model says nothing about that of another; what both models declare to count does. And what
 * a version costs in all depends on how much of the traffic it answers: where the cost per prediction is known
 * of both, that is what is judged. */
static void
doubt(struct side *side, const struct side *other)
{
	bool relatives = strcmp(side->model, other->model) == 0;
	size_t i, rates = 0;

	for (i = 0; i < side->count; i++)
		rates += strcmp(side->facts[i].label, RATE_LABEL) == 0;
	for (i = 0; i < other->count; i++)
		rates += strcmp(other->facts[i].label, RATE_LABEL) == 0;
	for (i = 0; i < side->count; i++) {
		struct fact *fact = &side->facts[i];

		if ((fact->rank == RANK_EVAL && !relatives) ||
		    (rates == 2 && strcmp(fact->label, COST_LABEL) == 0))
			fact->direction = BN_NEITHER;
	}
}

static enum bn_better
judge(const struct fact *left, const struct fact *right)
{
	const struct bn_compared_side *l = &left->side, *r = &right->side;
	bool same_unit = (l->unit == NULL && r->unit == NULL) ||
			 (l->unit != NULL && r->unit != NULL && strcmp(l->unit, r->unit) == 0);

	if (l->text == NULL || r->text == NULL)
		return BN_BETTER_UNKNOWN;
	if (strcmp(l->text, r->text) == 0)
		return BN_BETTER_EQUAL;
	if (!l->number || !r->number || !same_unit || left->direction == BN_NEITHER ||
	    left->direction != right->direction)
		return BN_BETTER_DIFFERENT;
	return (l->value < r->value) == (left->direction == BN_LOWER_IS_BETTER) ? BN_BETTER_LEFT
										: BN_BETTER_RIGHT;
}

/* Parts that are the same on both sides are only counted. */
static bool
goes_without_saying(const struct fact *left, const struct fact *right)
{
	return left->rank >= RANK_INPUT && judge(left, right) == BN_BETTER_EQUAL;
}

static struct bn_compared *
add_row(struct compare *c, const char *name)
{
	struct bn_compared *row = &c->rows[c->count++];

	row->name = name;
	row->left.age = row->right.age = -1;
	return row;
}

static void
lay_beside(struct compare *c, struct side *left, struct side *right)
{
	static const struct fact end = {.rank = RANK_LAST, .beside = "", .label = ""};
	size_t i = 0, k = 0, equal = 0;

	qsort(left->facts, left->count, sizeof(*left->facts), by_place);
	qsort(right->facts, right->count, sizeof(*right->facts), by_place);
	while (i < left->count || k < right->count) {
		const struct fact *l = i < left->count ? &left->facts[i] : &end;
		const struct fact *r = k < right->count ? &right->facts[k] : &end;
		int order = by_place(l, r);
		struct bn_compared *row;

		i += order <= 0;
		k += order >= 0;
		if (order == 0 && goes_without_saying(l, r)) {
			equal += l->rank == RANK_PARAM;
			continue;
		}
		row = add_row(c, order <= 0 ? l->label : r->label);
		if (order <= 0)
			row->left = l->side;
		if (order >= 0)
			row->right = r->side;
		if (order == 0)
			row->better = judge(l, r);
	}
	if (equal > 0) {
		struct bn_compared *row = add_row(c, "other params");

		row->left.text = row->right.text = bn_arena_format(c->arena, "%zu equal", equal);
		row->better = BN_BETTER_EQUAL;
	}
}

int
bn_view_compare(struct bn_reader *reader, struct bn_ref left, struct bn_ref right,
		const struct bn_style *style, struct bn_arena *arena, struct bn_comparison *out,
		struct bn_error *err)
{
	struct compare c = {.db = bn_reader_db(reader), .style = style, .arena = arena};
	struct side l = {0}, r = {0};
	int rc;

	*out = (struct bn_comparison){0};
	c.rows = bn_arena_alloc(arena, (2 * MAX_FACTS + 1) * sizeof(*c.rows));
	rc = bn_compare_read_side(&c, &left, &l, err);
	if (rc == BN_OK)
		rc = bn_compare_read_side(&c, &right, &r, err);
	if (rc != BN_OK)
		return rc;
	doubt(&l, &r);
	doubt(&r, &l);
	lay_beside(&c, &l, &r);
	*out = (struct bn_comparison){.left = l.version,
				      .right = r.version,
				      .left_live = l.live,
				      .right_live = r.live,
				      .rows = c.rows,
				      .count = c.count};
	return BN_OK;
}

/* comparison.h - two versions of models side by side: what differs, and which is the better. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_VIEW_COMPARISON_H
#define BN_VIEW_COMPARISON_H

#include "view/view.h"

/* UNKNOWN where a side is missing; DIFFERENT where nobody said which is better. */
enum bn_better {
	BN_BETTER_UNKNOWN,
	BN_BETTER_EQUAL,
	BN_BETTER_LEFT,
	BN_BETTER_RIGHT,
	BN_BETTER_DIFFERENT
};

struct bn_compared_side {
	const char *text; /* sanitised, with its unit, as a person reads it; NULL: not known */
	bool number;	  /* `value` counts, in `unit` (NULL: it has none) */
	double value;
	const char *unit; /* sanitised */
	int64_t age;	  /* ms since it was measured; -1: it is no measurement, or nobody knows */
};
struct bn_compared {
	const char *name; /* "ndcg (offline)", "data window" … */
	struct bn_compared_side left, right;
	enum bn_better better;
};
struct bn_comparison {
	const char *left, *right;   /* what the sides are called: "551902" */
	bool left_live, right_live; /* whether that is what its model answers with now */
	const struct bn_compared *rows;
	size_t count;
};

/* The rows: the declared number of the training runs first, their other numbers, numbers from production (those
 * of a version that is not live any more as they were last), what they were trained on and with, parameters
 * that differ (and how many are the same), who approved them. A number of the model is told of a version only
 * for a moment at which that version alone was live. Strings live in the arena. BN_ENOTFOUND when either is no
 * version of a model; BN_EINVAL for a model itself. */
int bn_view_compare(struct bn_reader *reader, struct bn_ref left, struct bn_ref right,
		    const struct bn_style *style, struct bn_arena *arena, struct bn_comparison *out,
		    struct bn_error *err);

#endif

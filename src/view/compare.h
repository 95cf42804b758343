/* compare.h - two versions of models side by side: what differs, and which is the better. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_VIEW_COMPARE_H
#define BN_VIEW_COMPARE_H

#include "view/view.h"

/* UNKNOWN where a side is missing; DIFFERENT where nobody said which is better. */
enum bn_better {
	BN_BETTER_UNKNOWN,
	BN_BETTER_EQUAL,
	BN_BETTER_LEFT,
	BN_BETTER_RIGHT,
	BN_BETTER_DIFFERENT
};

struct bn_compared {
	const char *name;	  /* "ndcg (offline)", "data window" … */
	const char *left, *right; /* sanitised, as a person reads them; NULL: not known */
	enum bn_better better;
};
struct bn_comparison {
	const char *left, *right; /* what the sides are called: "551902" */
	const struct bn_compared *rows;
	size_t count;
};

/* The rows: the declared number first, other numbers of the training runs, numbers from production, what they
 * were trained on and with, parameters that differ (and how many are the same), who approved them. Strings
 * live in the arena. BN_ENOTFOUND when either is no version of a model; BN_EINVAL for a model itself. */
int bn_view_compare(struct bn_reader *reader, struct bn_ref left, struct bn_ref right,
		    const struct bn_style *style, struct bn_arena *arena, struct bn_comparison *out,
		    struct bn_error *err);

#endif

/* comparison_room.h - inside the comparison: what is read of one side (comparison_side.c) and laid beside the other. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_VIEW_COMPARISON_ROOM_H
#define BN_VIEW_COMPARISON_ROOM_H

#include "view/better.h"
#include "view/comparison.h"

#define MAX_FACTS 400 /* of a side */

/* Where a fact stands among the rows; the names of measures that have a place of their own follow below. */
enum rank {
	RANK_DECLARED,
	RANK_EVAL,
	RANK_LIVE,
	RANK_MEASURE, /* drift, then KPIs, then the rest of the table */
	RANK_KPI,
	RANK_OTHER = 40,
	RANK_TOLD, /* as they are told in comparison_sql.c */
	RANK_INPUT,
	RANK_OUTPUT,
	RANK_PARAM,
	RANK_LAST
};

struct fact {
	int rank;
	const char *label;
	struct bn_compared_side side;
	enum bn_direction direction;
	/* where it stands within its rank: a target right behind what it is the target of */
	int order;
	const char *beside;
};

struct side {
	int64_t id;
	const char *model, *version, *metric, *better;
	bool live;
	struct fact *facts;
	size_t count;
};

struct compare {
	sqlite3 *db;
	const struct bn_style *style;
	struct bn_arena *arena;
	struct bn_compared *rows;
	size_t count;
};

#define COST_LABEL "cost"
#define RATE_LABEL "cost per 1,000"

/* Finds the version and reads all that is known of it; BN_ENOTFOUND, BN_EINVAL as bn_view_compare. */
int bn_compare_read_side(struct compare *c, const struct bn_ref *ref, struct side *side,
			 struct bn_error *err);

#endif

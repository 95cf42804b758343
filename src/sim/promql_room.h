/* promql_room.h - what the parser and the arithmetic of PromQL share. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_SIM_PROMQL_ROOM_H
#define BN_SIM_PROMQL_ROOM_H

#include "sim/promql.h"

/* by (a, b), without (a, b), on (a, b) */
struct bn_promql_grouping {
	char label[8][64];
	size_t count;
	bool without, given;
};

/* Every series of the world at a moment, as samples; the caller owns the list. */
json_t *bn_promql_series(const struct bn_world *world, bn_time at);
/* Removes the samples whose label does not match; `op` is one of = != =~ !~. */
void bn_promql_keep(json_t *samples, const char *label, const char *op, const char *value);
/* The labels of a metric that a grouping looks at; the caller owns them. */
json_t *bn_promql_labels(const struct bn_promql_grouping *grouping, const json_t *metric);
/* sum, avg, min, max or count, in place. */
void bn_promql_aggregate(const char *how, const struct bn_promql_grouping *grouping,
			 struct bn_promql *value);

#endif

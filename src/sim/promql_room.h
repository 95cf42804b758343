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

#define BN_PROMQL_SCRAPE (15 * BN_W_SECOND)

/* name{label op "value", …} */
struct bn_promql_selector {
	char name[128];
	struct {
		char label[64], value[256];
		const char *op;
	} match[8];
	size_t count;
};

/* The samples of a selector that lie on that very moment (`exact`, a full multiple of the scrape interval), or
 * the latest of the last five minutes; the caller owns the list. */
json_t *bn_promql_select(const struct bn_world *world, const struct bn_promql_selector *selector,
			 bn_time at, bn_time now, bool exact);
/* All samples from `from` to `to`, both included, by series: a range. */
json_t *bn_promql_range(const struct bn_world *world, const struct bn_promql_selector *selector,
			bn_time from, bn_time to, bn_time now);
/* sum_over_time … increase, rate: a range becomes values, in place. False if there is no such function. */
bool bn_promql_over(const char *function, int64_t length, bn_time at, struct bn_promql *value);
/* Whether samples with that label can match: spares the world's work for those that can't. */
bool bn_promql_wants(const struct bn_promql_selector *selector, const char *label,
		     const char *value);
/* The models' numbers at a moment, as samples added to `out` (sim_models.c). */
void bn_promql_models(const struct bn_world *world, const struct bn_promql_selector *selector,
		      bn_time at, json_t *out);
/* Tests of data that passed, and all of them, in the same way (sim_tests.c). */
void bn_promql_tests(const struct bn_promql_selector *selector, json_t *out);
/* Removes the samples whose label does not match; `op` is one of = != =~ !~. */
void bn_promql_keep(json_t *samples, const char *label, const char *op, const char *value);
/* The labels of a metric that a grouping looks at; the caller owns them. */
json_t *bn_promql_labels(const struct bn_promql_grouping *grouping, const json_t *metric);
/* sum, avg, min, max or count, in place. */
void bn_promql_aggregate(const char *how, const struct bn_promql_grouping *grouping,
			 struct bn_promql *value);

#endif

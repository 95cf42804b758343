/* promql.h - as much of PromQL as the demo's own expressions need, over the world's series. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_SIM_PROMQL_H
#define BN_SIM_PROMQL_H

#include <jansson.h>

#include "sim/world.h"

/* A value: a number, or a list of {"metric": {…}, "v": number}; of a range also with the times "t" (s) and the
 * values "vs" of its samples, oldest first. */
struct bn_promql {
	bool scalar, range;
	double number;
	json_t *samples; /* owned; NULL for a scalar */
	char error[200]; /* why it could not be parsed or evaluated */
};

/* Evaluates at a moment, as far as things are known at `now`: selectors with = != =~ !~ (the last two as
 * alternatives of literals), numbers, + - * / == != > < >= <= with `bool` and on(…), and or unless, sum avg
 * min max count with by/without; over ranges (both ends belong to them, as in 2.x) last count sum avg min
 * max _over_time, increase and rate; label_replace without a pattern. A selector of a moment stands for the
 * latest sample of the last five minutes. False with error set for anything else. */
bool bn_promql(const struct bn_world *world, const char *query, bn_time at, bn_time now,
	       struct bn_promql *out);
/* As Prometheus writes a sample: "0.48", "+Inf". */
void bn_promql_number(double number, char out[40]);

#endif

/* promql.h - as much of PromQL as the demo's own expressions need, over the world's series. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_SIM_PROMQL_H
#define BN_SIM_PROMQL_H

#include <jansson.h>

#include "sim/world.h"

/* A value: a number, or a list of {"metric": {…}, "v": number}. */
struct bn_promql {
	bool scalar;
	double number;
	json_t *samples; /* owned; NULL for a scalar */
	char error[200]; /* why it could not be parsed or evaluated */
};

/* Evaluates at a moment: selectors with = != =~ !~ (the last two as alternatives of literals),
 * numbers,
 * + - * / == != > < >= <= with `bool` and on(…), sum avg min max count with by/without. False with
 * error set for anything else: no functions, no range vectors, no offsets. */
bool bn_promql(const struct bn_world *world, const char *query, bn_time at, struct bn_promql *out);
/* As Prometheus writes a sample: "0.48", "+Inf". */
void bn_promql_number(double number, char out[40]);

#endif

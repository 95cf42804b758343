/* world.h - the store the measurements run on: 100,000 runs of 500 pipelines, written through the store's own
 * batches. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_BENCH_WORLD_H
#define BN_BENCH_WORLD_H

#include "binnacle/types.h"

#define WORLD_PIPELINES 500
#define WORLD_RUNS	200 /* of each */
#define WORLD_FAILING	20  /* pipelines whose latest run failed: what Triage shows */

/* Fills the state directory `dir` (made if need be) for the one source of the configuration file `config`, and
 * evaluates the built-in rules, so that a console opened on both finds everything as after a poll. */
int bench_world_fill(const char *dir, const char *config, struct bn_error *err);

/* That configuration: source "argo" at `url`, nothing read in less than a day. Caller frees. */
char *bench_world_config(const char *dir, const char *url);

#endif

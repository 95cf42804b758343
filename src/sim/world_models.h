/* world_models.h - Harbourline's models: versions, which is live, and how they do in production. */
/* SPDX-License-Identifier: MIT
 *
 * Pure functions of (world, moment), as all of the world is. A version exists from `created` on. */
#ifndef BN_SIM_WORLD_MODELS_H
#define BN_SIM_WORLD_MODELS_H

#include "sim/world.h"

struct bn_w_model {
	const char *name;
	const char *metric;
	bool lower;	     /* a lower number is the better one */
	const char *serving; /* "endpoint", "batch" */
	const char *live_on; /* "recs-prod" */
	const char *owner;
	const char *summary;
	const char *experiment; /* MLflow's id of its experiment */
	int versions;
};
const struct bn_w_model *bn_world_model(size_t index); /* NULL behind the last */

#define BN_W_VERSION_TEXT 96
struct bn_w_version {
	const struct bn_w_model *model;
	int index;				   /* from 0, oldest first */
	char version[8];			   /* "551902": how Harbourline numbers them */
	char run[40], run_name[BN_W_VERSION_TEXT]; /* its training run */
	char artifact[2 * BN_W_VERSION_TEXT];
	bn_time train_started, train_finished;
	bn_time created;
	double eval;	/* of the model's metric, offline */
	bool evaluated; /* some trainings forgot it */
	bn_time data_from, data_to;
	int64_t rows;
	int epochs;
	const char *image, *framework;
	bn_time live_from, live_until; /* 0: not (yet) */
	const char *approved_by;       /* NULL: never live */
	char change[32];	       /* "ml-deploy#91" */
};
/* Version `index` with what is true of it at `now`; false behind the last and before it exists. */
bool bn_world_version(const struct bn_world *world, const struct bn_w_model *model, int index,
		      bn_time now, struct bn_w_version *out);
/* Aliases of a model at `now`: name and index of the version; false behind the last. */
bool bn_world_alias(const struct bn_world *world, const struct bn_w_model *model, size_t index,
		    bn_time now, const char **alias, int *version);
/* Index of the version with that alias, or -1. */
int bn_world_alias_version(const struct bn_world *world, const struct bn_w_model *model,
			   const char *alias, bn_time now);

/* How a version does in production at `now`; NAN where nobody measures it. */
struct bn_w_production {
	double psi, quality, traffic, p95, cost; /* traffic: a share; p95: s; cost: USD a month */
	double click_through;			 /* a share; only where the model recommends */
	double p50, p99;			 /* s */
	double model_latency, overhead;		 /* s: what the 95th percentile is made of */
	double cpu, memory;			 /* shares */
	double predictions;			 /* of the last 30 days */
};
void bn_world_production(const struct bn_world *world, const struct bn_w_version *version,
			 bn_time now, struct bn_w_production *out);

/* Does the trained candidate stay undeployed (I2), does the challenger take over (I3)? */
bool bn_world_has_i2(const struct bn_world *world);
bool bn_world_has_i3(const struct bn_world *world);
#define BN_W_I2_TRAINED (BN_W_NIGHT + 2 * BN_W_HOUR + 38 * BN_W_MINUTE + 51 * BN_W_SECOND)
#define BN_W_I2_GRACE	(20 * BN_W_MINUTE)
#define BN_W_I3_MERGED	(BN_W_NIGHT + 3 * BN_W_HOUR + 16 * BN_W_MINUTE)
#define BN_W_I3_LIVE	(BN_W_NIGHT + 3 * BN_W_HOUR + 24 * BN_W_MINUTE)

#endif

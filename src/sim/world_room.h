/* world_room.h - what the world's own files share; faces and facts use world.h. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_SIM_WORLD_ROOM_H
#define BN_SIM_WORLD_ROOM_H

#include <pthread.h>
#include <stdatomic.h>

#include "sim/world.h"

extern const struct bn_w_pipeline bn_w_pipelines[]; /* ends with a NULL name */

/* Night times of the script. */
#define BN_W_I1_RUN    (BN_W_NIGHT + 3 * BN_W_HOUR + 5 * BN_W_MINUTE) /* 03:05 */
#define BN_W_I1_LOST   (BN_W_I1_RUN + 118 * BN_W_SECOND)	      /* 03:06:58 */
#define BN_W_I1_FAILED (BN_W_I1_RUN + 130 * BN_W_SECOND)	      /* 03:07:10 */
#define BN_W_I1_BACK   (BN_W_I1_RUN + 320 * BN_W_SECOND)	      /* 03:10:20 */
#define BN_W_DBT_2207  (BN_W_NIGHT + 2 * BN_W_HOUR + 51 * BN_W_MINUTE + 3 * BN_W_SECOND)
#define BN_W_I5_START  (BN_W_NIGHT + 3 * BN_W_HOUR + 52 * BN_W_MINUTE)
#define BN_W_I5_END    (BN_W_NIGHT + 10 * BN_W_HOUR)
extern const char *const bn_w_node_names[BN_W_DBT_NODES];
#define BN_W_DBT_FAILING 3 /* the first nodes: stg_payments, stg_shipments, stg_returns */

/* One thing people had run again. Added in order, never changed or removed. */
struct bn_w_act {
	const struct bn_w_pipeline *pipeline;
	int64_t slot;
	bn_time at;
	int made_from; /* the act whose run it is about, -1: the slot's own */
	bool resubmit, restore;
	uint64_t chosen; /* which of its first 64 tasks; 0: all that failed */
};
#define BN_W_ACTS 256
struct bn_w_acts {
	pthread_mutex_t lock; /* who adds */
	atomic_int count;
	struct bn_w_act act[BN_W_ACTS];
};

struct bn_world {
	struct bn_w_acts *acts;
	uint64_t seed;
	enum bn_w_scenario scenario;
	struct bn_w_node node[BN_W_DBT_NODES];
	int64_t dbt_length;	/* ms of a median run of transform-hourly */
	int64_t bad_sql_length; /* the same when stg_payments fails at once */
	bool behind_payments[BN_W_DBT_NODES];
};

/* Fills world->node and the lengths. */
void bn_world_grow_dbt(struct bn_world *world);
/* world_acts.c: what each act made of the run that has `retries` of them, from planned tasks on. */
void bn_world_replan(const struct bn_world *world, const struct bn_w_run *run,
		     struct bn_w_task *tasks, size_t count);
struct bn_w_acts *bn_world_acts_new(void);
void bn_world_acts_free(struct bn_w_acts *acts);
/* What happens to a dbt run. */
bool bn_world_run_loses_driver(const struct bn_world *world, const struct bn_w_run *run);
bool bn_world_run_has_bad_sql(const struct bn_world *world, const struct bn_w_run *run);
bool bn_world_has_i5(const struct bn_world *world, bn_time now);

#endif

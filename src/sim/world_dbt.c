/* world_dbt.c - dbt's graph of 312 nodes: who depends on whom, and when each runs. */
/* SPDX-License-Identifier: MIT
 *
 * The graph has two parts. The family is stg_payments, stg_shipments, stg_returns and the 37 nodes
 * behind them (16, 14 and 7): the slow chain, on which a median run of 365 s spends its last four
 * minutes. Everything else is done after two minutes. So a run that loses the family's three roots
 * at 126 s ends with 272 nodes done and a retry of the rest takes 40
 * + 95 + 110 + 45 s. */
#include <string.h>

#include "sim/world_room.h"

struct layer {
	const char *name;
	int first, count, family;
};
static const struct layer layers[] = {
    {"staging", 0, 96, 3},
    {"intermediate", 96, 118, 16},
    {"marts", 214, 74, 14},
    {"exports", 288, 24, 7},
};

/* Where a part of the graph may take its parents from: `count` nodes of [from, to), at least one of
 * them from the first range. */
struct part {
	int first, last;	/* nodes [first, last) */
	int near_from, near_to; /* the first parent */
	int far_from, far_to;	/* the others */
	int fan;		/* at most so many parents */
};
static const struct part family_parts[] = {
    {96, 112, 0, 3, 0, 96, 3},
    {214, 228, 96, 112, 112, 214, 4},
    {288, 295, 214, 228, 228, 288, 3},
};
/* Intermediate in three steps, marts in two: leaves lie at depth 4 to 7. Never from the family's
 * ranges (0-2, 96-111, 214-227), or it would grow. */
static const struct part other_parts[] = {
    {112, 162, 3, 96, 3, 96, 5},       {162, 197, 112, 162, 3, 96, 4},
    {197, 214, 162, 197, 112, 197, 3}, {228, 268, 162, 214, 112, 214, 5},
    {268, 288, 228, 268, 112, 214, 4}, {295, 312, 228, 288, 228, 288, 4},
};
#define WAVES 4
static const int64_t wave_end[WAVES] = {111, 206, 316, 361}; /* s of a median run */
#define OTHERS_DONE 120					     /* s */

static int
between(uint64_t hash, int from, int to)
{
	return from + (int)(hash % (uint64_t)(to - from));
}

static bool
has_parent(const struct bn_w_node *node, int parent)
{
	int i;

	for (i = 0; i < node->depend_count; i++) {
		if (node->depends[i] == parent)
			return true;
	}
	return false;
}

static void
add_parent(struct bn_world *world, int index, int parent)
{
	struct bn_w_node *node = &world->node[index];

	if (has_parent(node, parent))
		return;
	node->depends[node->depend_count++] = parent;
	if (world->node[parent].depth >= node->depth)
		node->depth = world->node[parent].depth + 1;
	node->family |= world->node[parent].family;
	world->behind_payments[index] |= world->behind_payments[parent];
}

static void
choose_parents(struct bn_world *world, const struct part *part)
{
	int i, k, fan;
	uint64_t hash;

	for (i = part->first; i < part->last; i++) {
		hash = bn_world_hash(world->seed, "parents", i, 0);
		fan = between(hash, 1, part->fan + 1);
		/* in turn, so that every near node has somebody behind it */
		add_parent(world, i,
			   part->near_from + (i - part->first) % (part->near_to - part->near_from));
		for (k = 1; k < fan; k++)
			add_parent(
			    world, i,
			    between(bn_world_hash(hash, "k", k, 0), part->far_from, part->far_to));
	}
}

static void
name_nodes(struct bn_world *world)
{
	size_t l;
	int i;

	for (l = 0; l < sizeof(layers) / sizeof(layers[0]); l++) {
		for (i = layers[l].first; i < layers[l].first + layers[l].count; i++) {
			strcpy(world->node[i].name, bn_w_node_names[i]);
			world->node[i].layer = layers[l].name;
			world->node[i].family = l == 0 && i < BN_W_DBT_FAILING;
			world->node[i].depth = l == 0;
		}
	}
	world->behind_payments[0] = true;
	/* 11 Python models; the last three are exports that nobody waits for */
	for (i = 0; i < 4; i++) {
		world->node[150 + 7 * i].python = true;
		world->node[250 + 5 * i].python = true;
	}
	for (i = 309; i < 312; i++)
		world->node[i].python = true;
}

static int64_t
parents_end(const struct bn_world *world, const struct bn_w_node *node)
{
	int64_t end = 0, each;
	int i;

	for (i = 0; i < node->depend_count; i++) {
		each = world->node[node->depends[i]].start + world->node[node->depends[i]].length;
		if (each > end)
			end = each;
	}
	return end;
}

/* Outside the family: staging spread over the first minute, the rest as soon as its parents are
 * done. */
static void
time_others(struct bn_world *world)
{
	struct bn_w_node *node;
	int64_t last = 1;
	uint64_t hash;
	int i;

	for (i = 0; i < BN_W_DBT_NODES; i++) {
		node = &world->node[i];
		hash = bn_world_hash(world->seed, "time", i, 0);
		if (node->family)
			continue;
		if (node->depth == 1) {
			node->start =
			    2000 + (int64_t)(i - BN_W_DBT_FAILING) * 650 + (int64_t)(hash % 500);
			node->length = 8000 + (int64_t)(hash / 500 % 17000);
		} else {
			node->start = parents_end(world, node) + 400 + (int64_t)(hash % 900);
			node->length = 1500 + (int64_t)(hash / 900 % 3500);
		}
		if (node->start + node->length > last)
			last = node->start + node->length;
	}
	for (i = 0; i < BN_W_DBT_NODES; i++) {
		node = &world->node[i];
		if (node->family)
			continue;
		node->start = node->start * OTHERS_DONE * BN_W_SECOND / last;
		node->length = node->length * OTHERS_DONE * BN_W_SECOND / last;
	}
}

static void
time_family(struct bn_world *world)
{
	static const int64_t root_start[BN_W_DBT_FAILING] = {66000, 67000, 85000};
	size_t l;
	int i, k;

	for (i = 0; i < BN_W_DBT_FAILING; i++) {
		world->node[i].start = root_start[i];
		world->node[i].length =
		    wave_end[0] * BN_W_SECOND - root_start[i] - (i == 2 ? 0 : 2000);
	}
	for (l = 1; l < WAVES; l++) {
		int64_t from = wave_end[l - 1] * BN_W_SECOND,
			span = wave_end[l] * BN_W_SECOND - from;

		for (k = 0; k < layers[l].family; k++) {
			struct bn_w_node *node = &world->node[layers[l].first + k];

			node->start = from + 500 + span / 2 * k / layers[l].family;
			/* the last of a wave ends it */
			node->length = k == layers[l].family - 1 ? from + span - node->start
								 : span * (35 + k % 4 * 4) / 100;
		}
	}
}

void
bn_world_grow_dbt(struct bn_world *world)
{
	size_t i;
	int64_t end;

	name_nodes(world);
	/* parents before children: the parts interleave by layer */
	choose_parents(world, &other_parts[0]);
	choose_parents(world, &other_parts[1]);
	choose_parents(world, &other_parts[2]);
	choose_parents(world, &family_parts[0]);
	choose_parents(world, &other_parts[3]);
	choose_parents(world, &other_parts[4]);
	choose_parents(world, &family_parts[1]);
	choose_parents(world, &other_parts[5]);
	choose_parents(world, &family_parts[2]);
	time_others(world);
	time_family(world);
	world->dbt_length = world->bad_sql_length = 0;
	for (i = 0; i < BN_W_DBT_NODES; i++) {
		end = world->node[i].start + world->node[i].length + 4 * BN_W_SECOND;
		if (end > world->dbt_length)
			world->dbt_length = end;
		if (!world->behind_payments[i] && end > world->bad_sql_length)
			world->bad_sql_length = end;
	}
}

const struct bn_w_node *
bn_world_nodes(const struct bn_world *world)
{
	return world->node;
}

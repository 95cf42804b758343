/* world_redis.c - what lies in Redis: the recommendations, and when they were last written. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "sim/world_room.h"

#define PRODUCTS    5000
#define SUBSCRIBERS 41200
#define NIGHTLY	    (4 * BN_W_HOUR + 21 * BN_W_MINUTE) /* the newsletter's, after midnight UTC */
#define LATE	    (5 * BN_W_HOUR + 24 * BN_W_MINUTE) /* in the night of the slow Glue step */

/* The batch that feeds api-recs-product runs every quarter of an hour. */
static bn_time
prod_written(bn_time now)
{
	bn_time quarter = 15 * BN_W_MINUTE;

	return now / quarter * quarter - BN_W_MINUTE - 40 * BN_W_SECOND;
}

static bn_time
newsletter_of(bn_time day)
{
	return day + (day == BN_W_NIGHT ? LATE : NIGHTLY);
}

static bn_time
nl_written(bn_time now)
{
	bn_time day = now / BN_W_DAY * BN_W_DAY;

	return now >= newsletter_of(day) ? newsletter_of(day) : newsletter_of(day - BN_W_DAY);
}

bool
bn_world_key(const struct bn_world *world, size_t index, bn_time now, struct bn_w_key *out)
{
	uint64_t hash;

	memset(out, 0, sizeof(*out));
	switch (index) {
	case 0:
		out->name = "recs:prod";
		out->type = "hash";
		out->written = prod_written(now);
		hash = bn_world_hash(world->seed, out->name, out->written, 0);
		out->rows = PRODUCTS - (int64_t)(hash % 40) + 1; /* and the field `written` */
		out->stamp_field = "written";
		return true;
	case 1:
		out->name = "recs:nl";
		out->type = "hash";
		out->written = nl_written(now);
		hash = bn_world_hash(world->seed, out->name, out->written, 0);
		out->rows = SUBSCRIBERS + (int64_t)(hash % 300);
		out->expires = out->written + 2 * BN_W_DAY;
		return true;
	case 2: /* when the one above was written, by the Lambda that fills it */
		out->name = "recs:nl:written";
		out->type = "string";
		out->written = nl_written(now);
		out->stamp = true;
		return true;
	default:
		return false;
	}
}

void
bn_world_redis(const struct bn_world *world, bn_time now, struct bn_w_redis *out)
{
	bn_time started = BN_W_NIGHT - 19 * BN_W_DAY - 3 * BN_W_HOUR;
	uint64_t hash = bn_world_hash(world->seed, "redis", now / BN_W_MINUTE, 0);

	memset(out, 0, sizeof(*out));
	out->uptime = (now - started) / BN_W_SECOND;
	out->clients = 6 + (int)(hash % 4);
	out->ops = (int64_t)(240 * (1 + 0.12 * bn_world_wave(now)));
	out->used = 412 * 1024 * 1024 + (int64_t)(hash % (1024 * 1024));
	out->maxmemory = 1024 * 1024 * 1024;
	/* counters grow with the clock and never go back */
	out->hits = out->uptime * 230;
	out->misses = out->uptime * 3;
}

/* redis_server.c - a Redis server as an endpoint: the phases of the connection, and what INFO complains of. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis.h"

struct judged {
	enum bn_status status;
	const char *raw, *message;
};

const char *
redis_info(struct bn_source *s, const char *info, const char *name)
{
	size_t size = strlen(name);

	for (const char *line = info; line != NULL && *line != '\0';) {
		size_t length = strcspn(line, "\r\n");

		if (length > size && strncmp(line, name, size) == 0 && line[size] == ':')
			return bn_format(s, "%.*s", (int)(length - size - 1), line + size + 1);
		line += length;
		line += strspn(line, "\r\n");
	}
	return NULL;
}

/* NAN where it is not said, or no number. */
static double
number(struct bn_source *s, const char *info, const char *name)
{
	const char *text = redis_info(s, info, name);
	char *end = NULL;
	double value = text != NULL ? strtod(text, &end) : NAN;

	return text != NULL && end != text && *end == '\0' && isfinite(value) ? value : NAN;
}

static bool
is(struct bn_source *s, const char *info, const char *name, const char *word)
{
	const char *text = redis_info(s, info, name);

	return text != NULL && strcmp(text, word) == 0;
}

/* All reasons are told, the first one gives the word. */
static void
complain(struct bn_source *s, struct judged *j, const char *raw, const char *message)
{
	if (j->status == BN_HEALTHY)
		j->raw = raw;
	j->status = BN_DEGRADED;
	j->message = j->message != NULL ? bn_format(s, "%s; %s", j->message, message) : message;
}

/* How much a counter has grown since the last poll; 0 where it began anew or nothing was known. */
static double
growth(struct bn_source *s, struct bn_batch *batch, const char *info, const char *name)
{
	const char *before = bn_watermark(batch, name);
	double now = number(s, info, name), then = before != NULL ? strtod(before, NULL) : NAN;

	if (isnan(now))
		return 0;
	bn_set_watermark(batch, name, bn_format(s, "%.0f", now));
	return now > then ? now - then : 0;
}

static void
judge_memory(struct bn_source *s, const char *info, struct judged *j)
{
	double used = number(s, info, "used_memory"), most = number(s, info, "maxmemory");
	const char *limit = bn_option(s, "memory-warn");
	double share = used / most * 100, bound = limit != NULL ? strtod(limit, NULL) : 90;
	bool refuses = is(s, info, "maxmemory_policy", "noeviction");

	if (most > 0 && share >= bound)
		complain(s, j, "memory",
			 bn_format(s, "memory is %.0f %% full; %s", share,
				   refuses ? "beyond it writes are refused"
					   : "beyond it keys are evicted"));
}

static void
judge_replication(struct bn_source *s, const char *info, struct judged *j)
{
	double down = number(s, info, "master_link_down_since_seconds");

	if (is(s, info, "master_link_status", "down"))
		complain(s, j, "replication",
			 down >= 0
			     ? bn_format(s, "the link to its master has been down for %.0f s", down)
			     : "the link to its master is down");
	if (is(s, info, "master_sync_in_progress", "1"))
		complain(s, j, "replication", "it is being filled from its master");
}

static void
judge_storage(struct bn_source *s, const char *info, struct judged *j)
{
	if (is(s, info, "loading", "1"))
		complain(s, j, "loading", "it is loading its data from disk");
	if (is(s, info, "rdb_last_bgsave_status", "err"))
		complain(s, j, "save failed", "the last save to disk failed");
	if (is(s, info, "aof_last_write_status", "err"))
		complain(s, j, "append failed", "the last write to the append-only file failed");
}

static void
judge_growth(struct bn_source *s, struct bn_batch *batch, const char *info, struct judged *j)
{
	double evicted = growth(s, batch, info, "evicted_keys"),
	       rejected = growth(s, batch, info, "rejected_connections");

	if (evicted > 0)
		complain(s, j, "evicting",
			 bn_format(s, "%.0f keys were evicted since it was last asked", evicted));
	if (rejected > 0)
		complain(s, j, "full",
			 bn_format(s, "%.0f connections were turned away since it was last asked",
				   rejected));
}

static void
measure(struct bn_source *s, struct bn_batch *batch, struct bn_ref self, const char *name,
	double value, const char *unit)
{
	if (isfinite(value))
		bn_add_measure(batch, self, name, value, unit, bn_source_now(s));
}

static void
add_measures(struct bn_source *s, struct bn_batch *batch, struct bn_ref self, const char *info)
{
	double hits = number(s, info, "keyspace_hits"), misses = number(s, info, "keyspace_misses"),
	       most = number(s, info, "maxmemory");

	measure(s, batch, self, "rps", number(s, info, "instantaneous_ops_per_sec"), "1/s");
	measure(s, batch, self, "clients", number(s, info, "connected_clients"), "clients");
	measure(s, batch, self, "memory", number(s, info, "used_memory"), "bytes");
	if (most > 0)
		measure(s, batch, self, "memory-share", number(s, info, "used_memory") / most * 100,
			"%");
	if (hits + misses > 0)
		measure(s, batch, self, "hits", hits / (hits + misses) * 100, "%");
	measure(s, batch, self, "uptime", number(s, info, "uptime_in_seconds"), "s");
}

static void
add(struct bn_source *s, struct bn_batch *batch, const struct bn_probe *probe,
    const struct judged *j)
{
	struct bn_ref self = {BN_ENDPOINT, NULL, s->name};
	bn_time at = probe->sent_at > 0 ? probe->sent_at : bn_source_now(s);

	bn_add_endpoint(
	    batch, &(struct bn_endpoint){.e = {.key = s->name,
					       .status = j->status,
					       .raw_status = j->raw,
					       .message = j->message},
					 .type = "redis",
					 .target = bn_format(s, "PING %s", bn_option(s, "url")),
					 .resolve = probe->resolve,
					 .connect = probe->connect,
					 .tls = probe->tls,
					 .first_byte = probe->first_byte,
					 .transfer = -1,
					 .total = probe->total,
					 .certificate_expires = probe->certificate_expires,
					 .checked_at = at});
	if (j->status != BN_DOWN && probe->total >= 0)
		bn_add_point(batch, self, "total", at, (double)probe->total / 1000);
	bn_add_point(batch, self, "up", at, j->status == BN_DOWN ? 0 : 1);
}

int
redis_server_add(struct bn_source *s, struct bn_batch *batch, const struct bn_probe *probe,
		 struct bn_error *err)
{
	struct judged j = {.status = BN_HEALTHY, .raw = "PONG"};
	const char *info, *role, *id;
	struct bn_json reply;
	int rc = bn_talk(s, REDIS_INFO, BN_NO_PARAMS, &reply, err);

	if (rc != BN_OK)
		return rc;
	info = bn_json_string(reply, NULL);
	if (info == NULL)
		return bn_fail_at(s, err, BN_EPARSE, "INFO gave no text");
	judge_storage(s, info, &j);
	judge_replication(s, info, &j);
	judge_memory(s, info, &j);
	judge_growth(s, batch, info, &j);
	add(s, batch, probe, &j);
	add_measures(s, batch, (struct bn_ref){BN_ENDPOINT, NULL, s->name}, info);
	/* Its changes are history: a failover, a restart. */
	if ((role = redis_info(s, info, "role")) != NULL)
		bn_add_attribute(batch, BN_ENDPOINT, s->name, "role", role);
	if ((id = redis_info(s, info, "run_id")) != NULL)
		bn_add_attribute(batch, BN_ENDPOINT, s->name, "run-id", id);
	return BN_OK;
}

void
redis_server_down(struct bn_source *s, struct bn_batch *batch, const struct bn_probe *probe)
{
	struct judged j = {.status = BN_DOWN,
			   .raw = probe->rc == BN_ETIMEOUT ? "timeout"
				  : probe->rc == BN_ETLS   ? "TLS"
							   : "unreachable",
			   .message = bn_format(s, "%s", probe->error.message)};

	add(s, batch, probe, &j);
}

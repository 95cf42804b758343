/* redis.h - what the files of the redis plugin share: its commands, and the two things it reads. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_PLUGINS_REDIS_H
#define BN_PLUGINS_REDIS_H

#include "binnacle/plugin.h"

/* Rows of the request table. */
enum redis_command {
	REDIS_PING,
	REDIS_AUTH,
	REDIS_SELECT,
	REDIS_INFO,
	REDIS_TYPE,
	REDIS_HLEN,
	REDIS_LLEN,
	REDIS_SCARD,
	REDIS_ZCARD,
	REDIS_XLEN,
	REDIS_XINFO,
	REDIS_STRLEN,
	REDIS_TTL,
	REDIS_GET,
	REDIS_HGET,
	REDIS_IDLETIME,
};

/* The server itself, as an endpoint with the source's name; its INFO. The conversation must be open. */
int redis_server_add(struct bn_source *s, struct bn_batch *batch, const struct bn_probe *probe,
		     struct bn_error *err);
/* The same where there is no connection. */
void redis_server_down(struct bn_source *s, struct bn_batch *batch, const struct bn_probe *probe);
/* The value of a line "name:value" of INFO, of memory of this call; NULL if there is none. */
const char *redis_info(struct bn_source *s, const char *info, const char *name);

/* One [key] section as a dataset, with its findings. Fails only where the conversation did; what the
 * server refuses is told of the key. */
int redis_key_add(struct bn_source *s, struct bn_batch *batch, size_t section,
		  struct bn_error *err);
/* Whether everything the section needs may be asked: one check for doctor. */
void redis_key_check(struct bn_source *s, struct bn_sink *sink, size_t section);

#endif

/* redis.c - Redis: is the server well, are the keys that people depend on fresh and full. */
/* SPDX-License-Identifier: MIT
 *
 * Speaks RESP2 (https://redis.io/docs/latest/develop/reference/protocol-spec/) on one connection a
 * poll, which is the probe at the same time. Only reads, and only what stands in the table: an ACL
 * user may be limited to exactly these commands. Never KEYS or SCAN: what is watched is named. */
#include <stdio.h>
#include <string.h>

#include "redis.h"

static const struct bn_option options[] = {
    {"url", BN_OPT_URL, NULL,
     "the server, `rediss://HOST:PORT` with TLS or `redis://HOST:PORT` without; an unencrypted one "
     "on another machine needs allow-http = true",
     BN_OPT_REQUIRED, "rediss|redis"},
    {"database", BN_OPT_INT, "0", "number of the database the keys are in", 0, "0..1000000"},
    {"memory-warn", BN_OPT_NUMBER, "90",
     "per cent of maxmemory from which the server counts as degraded", 0, "1..100"},
    {NULL, 0, NULL, NULL, 0, NULL}};

static const struct bn_option key_options[] = {
    {"key", BN_OPT_STRING, NULL, "the key's name in Redis (default: the section's name)", 0, NULL},
    {"source", BN_OPT_STRING, NULL,
     "name of the source of type redis that has it; needed only with "
     "several",
     0, NULL},
    {"timestamp", BN_OPT_STRING, NULL,
     "where it says when it was written: `value` (its own text), `field NAME` (of a hash), "
     "`key NAME` (another key's text), `idle` (when it was last used, by whomever) or `stream` "
     "(its "
     "last entry; the default for streams). Seconds or milliseconds since 1970, or ISO 8601",
     0, NULL},
    {"unit", BN_OPT_STRING, NULL,
     "what its length counts, such as `products`; fields of a hash, items of a list, set or "
     "stream, "
     "bytes of a string",
     0, NULL},
    {"assert", BN_OPT_ASSERT, NULL,
     "what must be true, or it is degraded: `age < 24h`, `rows >= 4000`, `ttl > 1h`", BN_OPT_MULTI,
     NULL},
    {"warn", BN_OPT_ASSERT, NULL, "when it is degraded, written the same way: `rows < 4000`",
     BN_OPT_MULTI, NULL},
    {"crit", BN_OPT_ASSERT, NULL, "when it is down, written the same way", BN_OPT_MULTI, NULL},
    {"owner", BN_OPT_STRING, NULL, "who is asked about it", 0, NULL},
    {"group", BN_OPT_STRING, NULL, "a word to filter by, kept as the label `group`", 0, NULL},
    {NULL, 0, NULL, NULL, 0, NULL}};

#define READS(path, doc)                                                                           \
	{                                                                                          \
		BN_TALK_METHOD, path, "", BN_READS, doc                                            \
	}
static const struct bn_request requests[] = {
    [REDIS_PING] = READS("PING", "whether the server answers, and how fast"),
    [REDIS_AUTH] = READS("AUTH {user} {password}", "the login, where one is configured"),
    [REDIS_SELECT] = READS("SELECT {database}", "another database than 0"),
    [REDIS_INFO] = READS("INFO", "memory, replication, persistence, evictions"),
    [REDIS_TYPE] = READS("TYPE {key}", "which of the following counts it"),
    [REDIS_HLEN] = READS("HLEN {key}", "fields of a hash"),
    [REDIS_LLEN] = READS("LLEN {key}", "items of a list"),
    [REDIS_SCARD] = READS("SCARD {key}", "members of a set"),
    [REDIS_ZCARD] = READS("ZCARD {key}", "members of a sorted set"),
    [REDIS_XLEN] = READS("XLEN {key}", "entries of a stream"),
    [REDIS_XINFO] = READS("XINFO STREAM {key}", "a stream's last entry"),
    [REDIS_STRLEN] = READS("STRLEN {key}", "bytes of a string"),
    [REDIS_TTL] = READS("TTL {key}", "when it goes away by itself"),
    [REDIS_GET] = READS("GET {key}", "timestamp = value, or key NAME"),
    [REDIS_HGET] = READS("HGET {key} {field}", "timestamp = field NAME"),
    [REDIS_IDLETIME] = READS("OBJECT IDLETIME {key}", "timestamp = idle"),
    {NULL, NULL, NULL, BN_READS, NULL}};

static int
open_line(struct bn_source *s, struct bn_probe *probe, struct bn_error *err)
{
	int64_t database = bn_option_int(s, "database");
	struct bn_json reply;
	int rc;

	*probe = (struct bn_probe){.url = bn_option(s, "url")};
	rc = bn_talk_open(s, REDIS_PING, probe, err);
	if (rc == BN_OK && database > 0)
		rc = bn_talk(s, REDIS_SELECT,
			     BN_PARAMS({"database", bn_format(s, "%lld", (long long)database)}),
			     &reply, err);
	return rc;
}

static int
redis_poll(struct bn_source *s, struct bn_batch *batch, struct bn_error *err)
{
	struct bn_probe probe;
	struct bn_error ignored;
	int rc = bn_scope(batch, "server", BN_COMPLETE, err);

	if (rc != BN_OK)
		return rc;
	rc = open_line(s, &probe, err);
	/* Nobody there: that is known of the server, though nothing is known of its keys. */
	if (probe.rc == BN_EUNREACHABLE || probe.rc == BN_ETIMEOUT || probe.rc == BN_ETLS) {
		redis_server_down(s, batch, &probe);
		(void)bn_page(batch, &ignored);
	}
	if (rc == BN_OK)
		rc = redis_server_add(s, batch, &probe, err);
	if (rc == BN_OK)
		rc = bn_scope_done(batch, err);
	if (rc == BN_OK)
		rc = bn_scope(batch, "keys", BN_COMPLETE, err);
	for (size_t i = 0; rc == BN_OK && i < bn_section_count(s); i++)
		rc = redis_key_add(s, batch, i, err);
	return rc == BN_OK ? bn_scope_done(batch, err) : rc;
}

/* ---- doctor ---------------------------------------------------------------------------------- */

static const char *
told(struct bn_source *s, const struct bn_error *err)
{
	return err->hint[0] != '\0' ? bn_format(s, "%s (%s)", err->message, err->hint)
				    : bn_format(s, "%s", err->message);
}

static int
redis_doctor(struct bn_source *s, struct bn_sink *sink, struct bn_error *err)
{
	struct bn_error failure = {0};
	struct bn_probe probe;
	struct bn_json info = {0};
	const char *version;

	(void)err;
	if (open_line(s, &probe, &failure) != BN_OK) {
		bn_check(s, sink, BN_CHECK_FAIL, "connection and login", told(s, &failure));
		return BN_OK;
	}
	bn_check(s, sink, BN_CHECK_OK, "connection and login", "");
	if (bn_talk(s, REDIS_INFO, BN_NO_PARAMS, &info, &failure) != BN_OK) {
		bn_check(s, sink, BN_CHECK_FAIL, "INFO", told(s, &failure));
	} else {
		version = redis_info(s, bn_json_string(info, NULL), "redis_version");
		bn_check(s, sink, BN_CHECK_OK, "server version", version != NULL ? version : "");
	}
	if (bn_section_count(s) == 0)
		bn_check(s, sink, BN_CHECK_NOTE, "keys",
			 "none is configured: add a [key \"NAME\"] section");
	for (size_t i = 0; i < bn_section_count(s); i++)
		redis_key_check(s, sink, i);
	return BN_OK;
}

const struct bn_plugin bn_plugin_redis = {
    .abi = BN_PLUGIN_ABI,
    .name = "redis",
    .summary = "Redis: the server's health, and whether keys are there, fresh and full",
    .provides = "endpoint dataset finding",
    .section = "key",
    .options = options,
    .section_options = key_options,
    .requests = requests,
    .interval = 15000,
    .poll = redis_poll,
    .doctor = redis_doctor,
};

/* face_redis.c - a Redis 7.0 that holds the recommendations: reads only, behind a login. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/memory.h"
#include "sim/face.h"

static void
bulk(struct bn_wire_request *request, const char *text)
{
	const char *ornament = request->hostile ? "\x1b[31m\xe2\x80\xae\r\n" : "";

	bn_buf_addf(request->reply, "$%zu\r\n%s%s\r\n", strlen(text) + strlen(ornament), text,
		    ornament);
}

static void
integer(struct bn_wire_request *request, int64_t value)
{
	bn_buf_addf(request->reply, ":%lld\r\n", (long long)value);
}

static void
say(struct bn_wire_request *request, const char *line)
{
	bn_buf_addf(request->reply, "%s\r\n", line);
}

/* The key named by the second word, false (and answered where `answer` says so) if there is none. */
static bool
find(struct bn_wire_request *request, const char *name, struct bn_w_key *key)
{
	for (size_t i = 0; bn_world_key(request->world, i, request->now, key); i++)
		if (strcmp(key->name, name) == 0)
			return true;
	memset(key, 0, sizeof(*key));
	return false;
}

static const char *
stamp(const struct bn_w_key *key, char text[32])
{
	snprintf(text, 32, "%lld", (long long)(key->written / 1000));
	return text;
}

static bool
is_type(struct bn_wire_request *request, const struct bn_w_key *key, const char *type)
{
	if (key->name == NULL || strcmp(key->type, type) == 0)
		return true;
	say(request, "-WRONGTYPE Operation against a key holding the wrong kind of value");
	return false;
}

/* ---- commands -------------------------------------------------------------- */

static void
do_ping(struct bn_wire_request *request)
{
	say(request, "+PONG");
}

static void
do_select(struct bn_wire_request *request)
{
	say(request, strcmp(request->word[1], "0") == 0 ? "+OK" : "-ERR DB index is out of range");
}

static void
do_info(struct bn_wire_request *request)
{
	struct bn_buf text = BN_BUF_INIT(0);
	struct bn_w_redis redis;

	bn_world_redis(request->world, request->now, &redis);
	bn_buf_addf(&text,
		    "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n"
		    "run_id:28350901e7c12de60ecef3efe5a4446f30aba8d0\r\nuptime_in_seconds:%lld\r\n",
		    (long long)redis.uptime);
	bn_buf_addf(&text,
		    "\r\n# Clients\r\nconnected_clients:%d\r\nmaxclients:10000\r\n\r\n# Memory\r\n"
		    "used_memory:%lld\r\nmaxmemory:%lld\r\nmaxmemory_policy:noeviction\r\n",
		    redis.clients, (long long)redis.used, (long long)redis.maxmemory);
	bn_buf_addf(&text,
		    "\r\n# Persistence\r\nloading:0\r\nrdb_last_bgsave_status:ok\r\n"
		    "aof_enabled:0\r\naof_last_write_status:ok\r\n\r\n# Stats\r\n"
		    "instantaneous_ops_per_sec:%lld\r\nrejected_connections:0\r\nevicted_keys:0\r\n"
		    "keyspace_hits:%lld\r\nkeyspace_misses:%lld\r\n",
		    (long long)redis.ops, (long long)redis.hits, (long long)redis.misses);
	bn_buf_adds(&text, "\r\n# Replication\r\nrole:master\r\nconnected_slaves:1\r\n");
	bulk(request, bn_buf_text(&text));
	bn_buf_free(&text);
}

static void
do_type(struct bn_wire_request *request)
{
	struct bn_w_key key;

	find(request, request->word[1], &key);
	bn_buf_addf(request->reply, "+%s\r\n", key.name != NULL ? key.type : "none");
}

static void
do_hlen(struct bn_wire_request *request)
{
	struct bn_w_key key;

	find(request, request->word[1], &key);
	if (is_type(request, &key, "hash"))
		integer(request, key.rows);
}

static void
do_strlen(struct bn_wire_request *request)
{
	struct bn_w_key key;
	char text[32];

	find(request, request->word[1], &key);
	if (is_type(request, &key, "string"))
		integer(request, key.name != NULL ? (int64_t)strlen(stamp(&key, text)) : 0);
}

static void
do_ttl(struct bn_wire_request *request)
{
	struct bn_w_key key;
	bool found = find(request, request->word[1], &key);

	integer(request, !found		    ? -2
			 : key.expires == 0 ? -1
					    : (key.expires - request->now + 500) / 1000);
}

static void
do_get(struct bn_wire_request *request)
{
	struct bn_w_key key;
	char text[32];

	find(request, request->word[1], &key);
	if (!is_type(request, &key, "string"))
		return;
	if (key.name != NULL)
		bulk(request, stamp(&key, text));
	else
		say(request, "$-1");
}

static void
do_hget(struct bn_wire_request *request)
{
	struct bn_w_key key;
	char text[32];

	find(request, request->word[1], &key);
	if (!is_type(request, &key, "hash"))
		return;
	if (key.name != NULL && key.stamp_field != NULL &&
	    strcmp(key.stamp_field, request->word[2]) == 0)
		bulk(request, stamp(&key, text));
	else
		say(request, "$-1");
}

static const struct {
	const char *name;
	size_t words;
	void (*answer)(struct bn_wire_request *);
} commands[] = {
    {"PING", 1, do_ping}, {"SELECT", 2, do_select}, {"INFO", 1, do_info},
    {"TYPE", 2, do_type}, {"HLEN", 2, do_hlen},	    {"STRLEN", 2, do_strlen},
    {"TTL", 2, do_ttl},	  {"GET", 2, do_get},	    {"HGET", 3, do_hget},
};

static void
do_auth(struct bn_wire_request *request, const struct bn_face_login *login)
{
	bool ok = request->words == 3 && strcmp(request->word[1], login->user) == 0 &&
		  strcmp(request->word[2], login->password) == 0;

	request->logged_in = ok;
	request->bad_login = !ok;
	say(request, ok ? "+OK" : "-WRONGPASS invalid username-password pair or user is disabled.");
}

void
bn_face_redis(struct bn_wire_request *request, void *payload)
{
	if (strcasecmp(request->word[0], "AUTH") == 0) {
		do_auth(request, payload);
		return;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcasecmp(commands[i].name, request->word[0]) != 0)
			continue;
		if (!request->logged_in)
			say(request, "-NOAUTH Authentication required.");
		else if (commands[i].words != request->words) {
			request->violation = "wrong number of words";
			bn_buf_addf(request->reply,
				    "-ERR wrong number of arguments for '%s' command\r\n",
				    commands[i].name);
		} else
			commands[i].answer(request);
		return;
	}
	/* What writes, and what a watcher should not ask on a large server, is not there at all. */
	request->violation = "a command this face does not have";
	bn_buf_addf(request->reply, "-ERR unknown command '%.60s'\r\n", request->word[0]);
}

/* resp.h - Redis' wire protocol (RESP2): commands out, replies in as JSON, refusals in words. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_NET_RESP_H
#define BN_NET_RESP_H

#include <jansson.h>

#include "base/memory.h"
#include "binnacle/plugin.h"

/* Whatever a server sends: so much of one reply is read, and so many items of it, nested so deep as
 * hiredis goes (seven). */
#define BN_RESP_BYTES_MAX (8u * 1024 * 1024)
#define BN_RESP_ITEMS_MAX 100000

/* Writes the command of a row "HLEN {key}" into out: every word is an argument, a placeholder one of any
 * bytes, so that no value can become a command. BN_EINTERNAL when a placeholder has no value or a
 * parameter no placeholder; BN_ETOOBIG beyond 64 KiB. */
int bn_resp_command(struct bn_buf *out, const struct bn_request *request,
		    const struct bn_param *params, struct bn_error *err);

/* Replies from bytes, one reader a connection. */
struct bn_resp;
struct bn_resp *bn_resp_new(void);
void bn_resp_free(struct bn_resp *resp); /* NULL allowed */
/* BN_EPARSE: that is no RESP; BN_ETOOBIG: more than the bounds. `what` begins the message. The reader
 * is of no use afterwards. */
int bn_resp_feed(struct bn_resp *resp, const char *bytes, size_t size, const char *what,
		 struct bn_error *err);
/* True once a reply is there: *out (the caller's; strings may hold any bytes) or, for an error reply,
 * *out NULL and its text in *refusal, borrowed until the next call. An error inside an array is null.
 * BN_OK or what bn_resp_feed gives goes to *rc. */
bool bn_resp_next(struct bn_resp *resp, json_t **out, const char **refusal, int *rc,
		  const char *what, struct bn_error *err);
/* Bytes that belong to no reply that was asked for. */
bool bn_resp_rest(const struct bn_resp *resp);

/* An error reply in words a person can act on; returns the code. */
int bn_resp_failure(struct bn_error *err, const char *what, const char *refusal);

#endif

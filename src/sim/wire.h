/* wire.h - a small server for one face that speaks RESP2: commands cut up, replies built, faults, all recorded. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_SIM_WIRE_H
#define BN_SIM_WIRE_H

#include "base/memory.h"
#include "sim/web.h"

#define BN_WIRE_WORDS 16

/* One command, as the face's handler sees it. */
struct bn_wire_request {
	const struct bn_world *world;
	bn_time now;
	const char *word[BN_WIRE_WORDS];
	size_t words;
	bool logged_in; /* the handler sets it */
	bool bad_login;
	const char *violation; /* what a correct client would not send; a constant */
	bool hostile;
	struct bn_buf *reply; /* complete RESP */
};
typedef void bn_wire_handler(struct bn_wire_request *request, void *payload);

struct bn_wire;
struct bn_wire_options {
	const char *name; /* the face: the source's name */
	const struct bn_world *world;
	const struct bn_clock *clock;
	struct bn_faults *faults;
	struct bn_recorder *recorder;
	bn_wire_handler *handler;
	void *payload;
};
/* Listens on 127.0.0.1, on a port the kernel chooses; one thread. */
int bn_wire_start(struct bn_wire **out, const struct bn_wire_options *options,
		  struct bn_error *err);
void bn_wire_stop(struct bn_wire *wire); /* NULL allowed */
int bn_wire_port(const struct bn_wire *wire);

#endif

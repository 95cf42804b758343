/* recorder.h - every request the simulator saw, in order, for tests to check. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_SIM_RECORDER_H
#define BN_SIM_RECORDER_H

#include <stddef.h>

#include "base/digest.h"
#include "binnacle/types.h"

enum bn_recorded_auth { BN_AUTH_NONE, BN_AUTH_OK, BN_AUTH_REFUSED };

/* One answered (or dropped) request. Strings are the recorder's and never change. */
struct bn_recorded {
	size_t number;			   /* from 1 */
	bn_time at;			   /* world clock, when it arrived */
	const char *face;		   /* the source's name in the configuration: "argo-prod" */
	const char *method, *path, *query; /* as they came: percent-encoded, query without '?' */
	enum bn_recorded_auth auth;
	char body[BN_DIGEST_HEX]; /* SHA-256 of the request's body; "" without one */
	int status;		  /* answered; 0: connection dropped */
	/* What a real server would let pass but a correct client would not send: a query parameter
	 * or a body the specification does not know, a path it does not have, a write. NULL:
	 * nothing. */
	const char *violation;
};

struct bn_recorder;

/* `path` (may be NULL) is appended to, one JSON object a line; and so is, with less in it, the file that
 * BINNACLE_RECORD in the environment names. */
int bn_recorder_open(struct bn_recorder **out, const char *path, struct bn_error *err);
void bn_recorder_close(struct bn_recorder *recorder);
/* Copies what it is given and sets the number. Safe from several threads, as all of these are. */
void bn_recorder_add(struct bn_recorder *recorder, const struct bn_recorded *request);
size_t bn_recorder_count(const struct bn_recorder *recorder);
size_t bn_recorder_violations(const struct bn_recorder *recorder);
/* Request `index` from 0; false behind the last. */
bool bn_recorder_get(const struct bn_recorder *recorder, size_t index, struct bn_recorded *out);
/* All of it as NDJSON:
 * {"n","at","face","method","path","query","auth","body","status","violation"}. The caller frees
 * the text. */
char *bn_recorder_dump(const struct bn_recorder *recorder);

#endif

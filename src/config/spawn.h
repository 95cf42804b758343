/* spawn.h - runs a helper command within bounds and keeps what it prints; for secrets. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_CONFIG_SPAWN_H
#define BN_CONFIG_SPAWN_H

#include <stdbool.h>
#include <stddef.h>

#include "binnacle/types.h"

/* Asked every few ms whether nobody waits any more. */
struct bn_stop {
	bool (*asked)(void *payload);
	void *payload;
};

/* Runs `command` by /bin/sh -c in a session of its own (no terminal), standard input /dev/null, the
 * environment reduced to an allow-list. Its standard output goes to out (size bytes,
 * NUL-terminated, the number of bytes in *used), the first line of its standard error to
 * `complaint` (complaint_size bytes). After timeout_ms, or when it prints more than fits, its
 * process group is killed. BN_OK when it exits with 0; BN_EAUTH otherwise, BN_ETIMEOUT, BN_ETOOBIG,
 * BN_EIO; the message says which, without output. When `stop` (may be NULL)
 * says so the group is killed too, with BN_ECANCELLED. */
int bn_spawn_read(const char *command, int64_t timeout_ms, const struct bn_stop *stop, char *out,
		  size_t size, size_t *used, char *complaint, size_t complaint_size,
		  struct bn_error *err);

#endif

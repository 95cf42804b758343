/* secret.h - credentials by reference: commands, files, environment; never kept in a file of ours. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_CONFIG_SECRET_H
#define BN_CONFIG_SECRET_H

#include "config/config.h"

/* Resolves secret `name` ("token", "password") of a section from its keys NAME-command (run by
 * /bin/sh -c in a session of its own with an environment from an allow-list, standard input
 * /dev/null, 10 s limit, at most 64 KiB, trailing newline cut), NAME-file (regular, owned by us or
 * root, not readable by group or others), NAME-env. It must be one line; a leading "Bearer " of a
 * token is cut.
 *
 * Typed credentials printed by a command are understood: kubectl's ExecCredential, OAuth answers
 * ("access_token"), git credential output ("password="): the token is taken and its expiry kept.
 * AWS credential_process gives its whole JSON as one line, since its three values belong together.
 *
 * BN_ENOTFOUND if the section names no such secret, BN_EAUTH/BN_EPERM/BN_ETIMEOUT with what to do.
 * The value never appears in an error. */
struct bn_secret; /* locked best effort, wiped on free */
int bn_secret_resolve(struct bn_secret **out, const struct bn_config_section *section,
		      const char *name, struct bn_error *err);
/* The same; a command still running is killed when `stop` (spawn.h) says that nobody waits any more:
 * BN_ECANCELLED. */
struct bn_stop;
int bn_secret_resolve_until(struct bn_secret **out, const struct bn_config_section *section,
			    const char *name, const struct bn_stop *stop, struct bn_error *err);
const char *bn_secret_text(const struct bn_secret *secret);
bn_time bn_secret_expires(const struct bn_secret *secret); /* 0: not said */
void bn_secret_free(struct bn_secret *secret);
struct bn_secret *bn_secret_from_text(const char *text); /* copies; for tokens a login returned */

/* Core dumps and ptrace off, for the whole process; call it first in main. */
void bn_secret_harden_process(void);

#endif

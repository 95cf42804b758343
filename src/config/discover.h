/* discover.h - finds the logins and servers a person already has, for `config init`. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_CONFIG_DISCOVER_H
#define BN_CONFIG_DISCOVER_H

#include "base/memory.h"
#include "binnacle/types.h"

/* Writes a first configuration into `out` from what the environment and home directory show
 * (ARGO_SERVER and ARGO_TOKEN, AIRFLOW__*, PROMETHEUS_URL, kubeconfig contexts, AWS profiles,
 * .databrickscfg, gh/glab hosts, Git clones in the present directory): complete sections for what
 * this build has a plugin for, comments for what it only saw. Reads no secret: sections name the
 * variable, file or command. `environment` is a NULL-terminated list "NAME=value" (normally
 * environ), `home` the home directory. */
int bn_discover(struct bn_buf *out, const char *const *environment, const char *home,
		struct bn_error *err);

#endif

/* registry.h - the plugins there are: linked in, or loaded from shared objects. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_COLLECT_REGISTRY_H
#define BN_COLLECT_REGISTRY_H

#include "binnacle/plugin.h"
#include "config/config.h"

struct bn_registry;

/* `builtin` is NULL-terminated and borrowed (bn_builtin_plugins of plugins/builtin.c). */
int bn_registry_new(struct bn_registry **out, const struct bn_plugin *const *builtin,
		    struct bn_error *err);
void bn_registry_free(struct bn_registry *registry);
/* Loads a shared object: absolute path, file and every parent directory owned by root or us and writable by
 * nobody else, checked and loaded through the same descriptor, exact ABI match. */
int bn_registry_load(struct bn_registry *registry, const char *path, struct bn_error *err);
const struct bn_plugin *bn_registry_find(const struct bn_registry *registry, const char *name);
const struct bn_plugin *bn_registry_at(const struct bn_registry *registry,
				       size_t index); /* NULL past the end */
/* What the configuration loader asks (borrowed from the registry). */
const struct bn_config_types *bn_registry_types(const struct bn_registry *registry);

#endif

/* builtin.h - the plugins that are linked into the program. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_PLUGINS_BUILTIN_H
#define BN_PLUGINS_BUILTIN_H

#include "binnacle/plugin.h"

/* Every first-party plugin, in the order the manual lists them; ends with NULL. */
extern const struct bn_plugin *const bn_builtin_plugins[];

#endif

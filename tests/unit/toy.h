/* toy.h - a small plugin over the test server, for everything the collector does with plugins. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TOY_H
#define BN_TOY_H

#include <stdatomic.h>

#include "binnacle/plugin.h"

/* GET /runs {"items":[{"id","status"}]}, /detail/ID, /logs/ID, /old (history); type `toy`. */
extern const struct bn_plugin toy_plugin;
/* Tries what is not in its table, and what its table marks as a write; sends twice, denies it, tells its token; type `planted`. */
extern const struct bn_plugin planted_plugin;
/* Owns [widget] sections; type `widgets`. */
extern const struct bn_plugin widget_plugin;

extern const struct bn_plugin *const toy_plugins[];

/* A toy with `hang` has come to where it never comes back from. */
extern atomic_bool toy_hangs;

#endif

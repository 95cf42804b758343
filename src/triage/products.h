/* products.h - judges data products: from the store alone, against what the configuration promises of them. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TRIAGE_PRODUCTS_H
#define BN_TRIAGE_PRODUCTS_H

#include "config/config.h"
#include "store/store.h"

/* The [product] sections of a configuration, which is borrowed. Run after polls, before the rules, by
 * whoever polled. What a run writes follows from what the store holds and from the moment: two processes
 * that do it at once write the same, and one that was not running writes afterwards what can be known of
 * the time without it (that it is not known, mostly).
 *
 * A product is down where a promise is broken by far, degraded where one is broken or will be, unknown
 * where something it needs is not known, and healthy only where all of it is known and well. */
struct bn_products;
int bn_products_new(struct bn_products **out, struct bn_store *store,
		    const struct bn_config *config, struct bn_error *err);
void bn_products_free(struct bn_products *products);
int bn_products_run(struct bn_products *products, struct bn_error *err);

#endif

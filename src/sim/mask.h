/* mask.h - Argo server's `fields` parameter: which members of an answer are wanted. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_SIM_MASK_H
#define BN_SIM_MASK_H

#include <stdbool.h>

#include <jansson.h>

struct bn_mask;

/* From "items.metadata.name,items.status.phase", or with a leading '-' what is not wanted; NULL or
 * "" wants everything. Lists are transparent: their items have the list's path. */
struct bn_mask *bn_mask_new(const char *fields);
void bn_mask_free(struct bn_mask *mask);
/* May anything at or below this path be wanted? */
bool bn_mask_wants(const struct bn_mask *mask, const char *path);
/* Removes what is not wanted. */
void bn_mask_apply(const struct bn_mask *mask, json_t *json);

#endif

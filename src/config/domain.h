/* domain.h - the parts of the business that data products belong to, as the configuration names them. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_CONFIG_DOMAIN_H
#define BN_CONFIG_DOMAIN_H

#include "config/config.h"

/* Every domain of a [product], each once, in the order of the configuration. */
void bn_domains(const struct bn_config *config, struct bn_strlist *out);
/* BN_EINVAL, with those there are, for one that no data product is of: an empty screen for a misspelt domain would
 * look like all is well. */
int bn_domain_check(const struct bn_config *config, const char *domain, struct bn_error *err);

#endif

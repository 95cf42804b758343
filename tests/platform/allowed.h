/* allowed.h - every write there is, and every read that does not travel by GET: a list by hand. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TESTS_ALLOWED_H
#define BN_TESTS_ALLOWED_H

#include <stdbool.h>

#include "binnacle/plugin.h"

/* End with a NULL plugin. */
struct allowed {
	const char *plugin, *method, *path;
};
extern const struct allowed allowed_writes[];
extern const struct allowed allowed_reads[];

/* May that plugin have such a row in its table? */
bool request_is_allowed(const char *plugin, const struct bn_request *row);

#endif

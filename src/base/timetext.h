/* timetext.h - the small readers that the machine's and the person's time formats share. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_BASE_TIMETEXT_H
#define BN_BASE_TIMETEXT_H

#include <stdbool.h>

#include "base/civil.h"

/* Each reads its form at *p, moves *p behind it and returns true; on false *p is anywhere. Never
 * reads past the NUL. */
bool bn_read_digits(const char **p, int digits, int *out);
bool bn_read_date(const char **p, struct bn_civil *c);		       /* 2026-03-10 */
bool bn_read_time_of_day(const char **p, struct bn_civil *c, int *ms); /* 03:05[:10[.123]] */
bool bn_read_offset(const char **p, int *seconds);		       /* Z, +01:00, +0100, +01 */

#endif

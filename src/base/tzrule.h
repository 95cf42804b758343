/* tzrule.h - the POSIX TZ string that ends a TZif file and rules the future. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_BASE_TZRULE_H
#define BN_BASE_TZRULE_H

#include <stdbool.h>
#include <stdint.h>

struct bn_tz_date {
	char form; /* 'J' 1..365 without 29 February, '0' 0..365, 'M' month week weekday */
	int month, week, day;
	int time; /* seconds after midnight, local; RFC 8536 allows -167..167 hours */
};

struct bn_tz_rule {
	bool has_dst;
	int std, dst; /* seconds east of UTC */
	char std_name[16], dst_name[16];
	struct bn_tz_date start, end;
};

/* Reads the whole of `text`; false if it is not such a string. */
bool bn_tz_rule_parse(const char *text, struct bn_tz_rule *rule);
/* Seconds east of UTC at `at` (seconds); *name is borrowed from the rule. */
int bn_tz_rule_offset(const struct bn_tz_rule *rule, int64_t at, const char **name);

#endif

/* fault.h - the switches that make a face slow, dead, lying or hostile. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_SIM_FAULT_H
#define BN_SIM_FAULT_H

#include <stddef.h>
#include <stdint.h>

#include "binnacle/types.h"

enum bn_fault_kind {
	BN_FAULT_SLOW,
	BN_FAULT_DROP,
	BN_FAULT_HTTP,
	BN_FAULT_401,
	BN_FAULT_RATELIMIT,
	BN_FAULT_DEAD,
	BN_FAULT_GARBAGE,
	BN_FAULT_TRUNCATE,
	BN_FAULT_ENDLESS,
	BN_FAULT_LIE,
	BN_FAULT_HOSTILE,
	BN_FAULT_EXPIRE,
	BN_FAULT_SKEW,
	BN_FAULT_COUNT
};

/* The table for help and the manual; ends with a NULL name. */
struct bn_fault_row {
	const char *name;
	const char *syntax; /* "slow=SOURCE:DURATION" */
	const char *doc;    /* one sentence, no full stop */
};
extern const struct bn_fault_row bn_fault_rows[BN_FAULT_COUNT + 1];

struct bn_faults;
struct bn_faults *bn_faults_new(void);
void bn_faults_free(struct bn_faults *faults);
/* Adds one switch as written ("slow=argo-prod:8s"); the source "*" means every face. `names` are
 * the faces there are (NULL-terminated). BN_EINVAL with what is allowed. Safe while the faces run,
 * as all of these are. */
int bn_faults_add(struct bn_faults *faults, const char *text, const char *const *names,
		  struct bn_error *err);
void bn_faults_clear(struct bn_faults *faults);
/* Is this switch on for this face? *value (may be NULL) gets its argument: ms (slow, skew), status
 * (http), number of requests (expire). */
bool bn_faults_on(const struct bn_faults *faults, enum bn_fault_kind kind, const char *face,
		  int64_t *value);

#endif

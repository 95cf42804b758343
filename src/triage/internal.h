/* internal.h - what the files of triage share: hits of rules, and the folding step. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TRIAGE_INTERNAL_H
#define BN_TRIAGE_INTERNAL_H

#include "base/memory.h"
#include "triage/triage.h"

/* A rule finds at most this many things; more is one finding that says so. */
#define TRIAGE_MAX_HITS 5000

/* One thing a rule found wrong. Strings in the run's arena. */
struct bn_hit {
	const char *source; /* NULL or "" with kind NONE */
	enum bn_kind kind;
	const char *key;
	bn_time since; /* 0: since we know of it */
	const char *title, *message;
	enum bn_severity severity;
	const char *finding_key; /* unique within the rule, stable while it lasts */
};
struct bn_hits {
	struct bn_arena *arena;
	struct bn_hit *items;
	size_t count, capacity;
};
void bn_hits_add(struct bn_hits *hits, const struct bn_hit *hit);

/* Runs one rule into `hits`: a built-in one on the reader, a person's through the SQL door. */
int bn_rule_run(struct bn_reader *reader, const struct bn_rule *rule, struct bn_hits *hits,
		struct bn_error *err);
int bn_rule_run_user(struct bn_store *store, const struct bn_rule *rule, struct bn_hits *hits,
		     struct bn_error *err);

/* A person's rule as of a moment, within `limit` ms. */
int bn_rule_run_past(struct bn_past *past, const struct bn_rule *rule, bn_time at, int64_t limit,
		     struct bn_hits *hits, struct bn_error *err);

/* Lets one finding stand for the same alert seen through several sources (finding.same_as). Before the
 * folding, which leaves out what another one stands for. */
int bn_triage_twins(sqlite3 *db, bool *changed, struct bn_error *err);

/* Gives every open finding its root, inside the writer's transaction. */
int bn_triage_fold(sqlite3 *db, bool *changed, struct bn_error *err);

/* Prepares, or fills *err. */
int bn_triage_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out, struct bn_error *err);

#endif

/* replay.h - when a rule would have fired: evaluated again at the moments at which something changed. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TRIAGE_REPLAY_H
#define BN_TRIAGE_REPLAY_H

#include "triage/triage.h"

/* One stretch of time for which the rule held of one thing. Strings belong to the replay. */
struct bn_fired {
	const char *entity; /* KIND/SOURCE/KEY, "" for nothing known */
	const char *title;
	enum bn_severity severity;
	bn_time from, until; /* as far as the moments show; until 0: it still holds */
	bool cut;	     /* it ends, or begins, where nobody looked */
};
struct bn_stretch {
	bn_time from, until;
};
struct bn_replay {
	struct bn_fired *fired; /* by beginning */
	size_t count;
	struct bn_stretch *unobserved; /* parts of the window in which no source was watched */
	size_t unobserved_count;
	size_t moments;	    /* evaluated */
	int64_t widest;	    /* ms between two of them at most, where somebody looked */
	bool stopped;	    /* the time was over before the window was */
	bn_time done_until; /* what lies behind it was not looked at */
	struct bn_arena *arena;
};

/* Evaluates the rule, a built-in one (by its name) or a person's SQL, at every moment of [since, until] at which
 * something is known to have changed, and in between at a rhythm of at most 500 a window; at most 2000 moments
 * in all, and `limit` ms. BN_EINVAL, BN_EPERM: the SQL. The caller frees it with bn_replay_free. */
int bn_replay_run(struct bn_store *store, const struct bn_rule *rule, bool user, bn_time since,
		  bn_time until, int64_t limit, struct bn_replay *out, struct bn_error *err);
void bn_replay_free(struct bn_replay *replay);

#endif

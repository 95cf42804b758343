/* objective.h - one promise of a data product: what it is now, and how it went, from the store. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TRIAGE_OBJECTIVE_H
#define BN_TRIAGE_OBJECTIVE_H

#include "base/memory.h"
#include "base/status.h"
#include "base/target.h"
#include "store/store.h"

enum bn_sli { BN_FRESHNESS, BN_COMPLETENESS, BN_DEADLINE, BN_AVAILABILITY, BN_QUALITY, BN_SLIS };
extern const char *const bn_sli_words[BN_SLIS];

/* How much worse than promised is bad by far: freshness of one and a half times its target, a share that
 * misses twice what it may. */
#define BN_FAR_FRESHNESS 1.5
#define BN_FAR_SHARE	 2.0

/* A thing a product needs, as configured and as the store knows it at the moment. */
struct bn_need {
	struct bn_ref_text ref;
	int64_t id, source_id; /* 0: nobody tells of it */
	enum bn_status status; /* unknown when stale */
	bool known, problem;
};

struct bn_objective {
	enum bn_sli sli;
	const char *text; /* as it was written */
	double target;
	struct bn_deadline deadline;
	const struct bn_need *of; /* freshness-of: that thing alone; NULL: whichever needs say it */
};

/* Has this need a part in that promise? */
bool bn_objective_takes(const struct bn_objective *objective, const struct bn_need *need);

/* What a run of the judgement works with. `arena` is of the run. */
struct bn_judge {
	sqlite3 *db;
	bn_time now;
	struct bn_arena *arena;
	const struct bn_need *needs;
	size_t need_count;
	int64_t product_id; /* 0: not stored yet */
	double goal;
	int64_t window; /* ms */
};

/* Fills `out` but for goal and window: its value and state now, and the rows of its history that may differ
 * from what is stored. Strings and rows go into the arena. */
int bn_objective_judge(const struct bn_judge *judge, const struct bn_objective *objective,
		       struct bn_objective_record *out, struct bn_error *err);

/* ---- between objective.c, its history (objective_past.c) and what that rests on (objective_evidence.c) ---- */

/* Good ends of what tells freshness, in [from, to], and the last one before `from`. Of a run also when it
 * started: that is what says which day's deadline it is for. */
struct bn_good_end {
	bn_time ended, started;
};
struct bn_good_ends {
	struct bn_good_end *items;
	size_t count, capacity;
};
bool bn_tells_freshness(enum bn_kind kind);
int bn_good_ends(const struct bn_judge *judge, const struct bn_need *need, bn_time from, bn_time to,
		 struct bn_good_ends *out, struct bn_error *err);
/* Runs that started after this moment, half way from the deadline before, count for the deadline `due`:
 * so one that is run anew after it does, and tonight's does not count for last night's. */
bn_time bn_deadline_from(const struct bn_deadline *deadline, bn_time due);
/* The first good end among them; 0: none. */
bn_time bn_ready_for(const struct bn_good_ends *ends, const struct bn_deadline *deadline,
		     bn_time due);
/* When a good end of that need would have become known, since `from`: in order, none touching another. */
struct bn_period {
	bn_time from, to;
};
struct bn_covered {
	struct bn_period *items;
	size_t count, capacity;
};
int bn_covered_read(const struct bn_judge *judge, const struct bn_need *need, bn_time from,
		    struct bn_covered *out, struct bn_error *err);
bool bn_covered_holds(const struct bn_covered *covered, bn_time from, bn_time to);
int bn_objective_past(const struct bn_judge *judge, const struct bn_objective *objective,
		      struct bn_objective_record *out, struct bn_error *err);

#endif

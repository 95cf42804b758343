/* attempt.h - the words that name an attempt of a run, and what a later look at it proves of a retry. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_PLUGINS_ATTEMPT_H
#define BN_PLUGINS_ATTEMPT_H

#include "binnacle/plugin.h"

/* "STATE START/END", with "-" for a time that is not there (NULL). In memory of this call. */
const char *attempt_words(struct bn_source *s, const char *state, const char *started,
			  const char *ended);
/* When the attempt of these words ended; 0: it did not, or they say no time. */
bn_time attempt_end(struct bn_source *s, const char *words);

/* Fills the outcome of an intent whose answer was lost: `now` are the words of what the run shows, `at_work` says
 * that it is queued or runs. DONE where it began anew or is at work, for a retry is sent only to what has ended;
 * UNCHANGED where it shows the attempt of before. Any other difference is UNKNOWN: a person may mark a failed run as
 * succeeded, and no retry does that. */
void attempt_judge(struct bn_source *s, const struct bn_intent *intent, const char *now,
		   bool at_work, struct bn_outcome *outcome);

#endif

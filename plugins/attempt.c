/* attempt.c - the words that name an attempt of a run, and what a later look at it proves of a retry. */
/* SPDX-License-Identifier: MIT */
#include "attempt.h"

const char *
attempt_words(struct bn_source *s, const char *state, const char *started, const char *ended)
{
	return bn_format(s, "%s %s/%s", state, started != NULL ? started : "-",
			 ended != NULL ? ended : "-");
}

static const char *
start_of(struct bn_source *s, const char *words)
{
	const char *start = strchr(words, ' '), *slash = strchr(words, '/');

	return start != NULL && slash != NULL && start < slash
		   ? bn_format(s, "%.*s", (int)(slash - start - 1), start + 1)
		   : NULL;
}

bn_time
attempt_end(struct bn_source *s, const char *words)
{
	const char *slash = words != NULL ? strchr(words, '/') : NULL;

	return slash != NULL ? bn_parse_time(s, slash + 1) : 0;
}

/* As moments, not as text: a platform that was upgraded meanwhile may write the same moment otherwise. */
static bool
began_anew(struct bn_source *s, const char *before, const char *now)
{
	const char *was = start_of(s, before), *is = start_of(s, now);
	bn_time earlier = was != NULL ? bn_parse_time(s, was) : 0;
	bn_time later = is != NULL ? bn_parse_time(s, is) : 0;

	return later != 0 &&
	       (earlier != 0 ? later > earlier : was != NULL && strcmp(was, "-") == 0);
}

void
attempt_judge(struct bn_source *s, const struct bn_intent *intent, const char *now, bool at_work,
	      struct bn_outcome *outcome)
{
	outcome->attempt = now;
	if (intent->attempt == NULL) {
		outcome->state = BN_OUTCOME_UNKNOWN;
		outcome->answer = bn_format(s, "shows %s; of before nothing is known", now);
	} else if (strcmp(intent->attempt, now) == 0) {
		outcome->state = BN_OUTCOME_UNCHANGED;
		outcome->answer = bn_format(s, "still shows the attempt of before: %s", now);
	} else if (at_work || began_anew(s, intent->attempt, now)) {
		outcome->state = BN_OUTCOME_DONE;
		outcome->answer =
		    bn_format(s, "is in a newer attempt, ours or somebody else's: %s", now);
	} else {
		outcome->state = BN_OUTCOME_UNKNOWN;
		outcome->answer = bn_format(
		    s, "did not begin again, but shows %s where it showed %s: no retry does that",
		    now, intent->attempt);
	}
}

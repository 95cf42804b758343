/* class.c - may this work be done twice? what [policy] says, or the pipeline itself. */
/* SPDX-License-Identifier: MIT */
#include "action/internal.h"

#include <string.h>

#include "base/status.h"
#include "base/text.h"

static const char *const words[] = {[BN_IDEMPOTENCE_UNKNOWN] = "unknown",
				    [BN_IDEMPOTENT] = "idempotent",
				    [BN_AT_LEAST_ONCE] = "at-least-once",
				    [BN_APPEND] = "append"};

static bool
configured(const struct bn_config_section *policy, const char *key, const char *both,
	   const char *pipeline)
{
	const char *pattern;
	size_t i;

	for (i = 0; (pattern = bn_section_at(policy, key, i)) != NULL; i++)
		if (bn_glob(pattern, both) || bn_glob(pattern, pipeline))
			return true;
	return false;
}

/* The most careful word wins where two of [policy]'s patterns fit. */
void
bn_action_classify(struct bn_actions *action, struct bn_action_plan *plan, const char *declared)
{
	const struct bn_config_section *policy =
	    bn_config_find(action->options.config, "policy", "");
	int class;

	plan->class = BN_IDEMPOTENCE_UNKNOWN;
	plan->class_origin = "not declared";
	for (class = BN_IDEMPOTENT; declared != NULL && class <= BN_APPEND; class ++)
		if (strcmp(declared, words[class]) == 0) {
			plan->class = (enum bn_idempotence) class;
			plan->class_origin = "declared by the pipeline";
		}
	if (policy != NULL && plan->pipeline != NULL) {
		const char *both =
		    bn_arena_format(plan->arena, "%s/%s", plan->about.source, plan->pipeline);

		for (class = BN_APPEND; class >= BN_IDEMPOTENT; class --)
			if (configured(policy, words[class], both, plan->pipeline)) {
				plan->class = (enum bn_idempotence) class;
				plan->class_origin = "[policy]";
				break;
			}
	}
	plan->typed = plan->class == BN_APPEND || plan->class == BN_IDEMPOTENCE_UNKNOWN;
}

char *
bn_action_fingerprint(const char *message)
{
	return bn_text_fingerprint(message);
}

/* class.c - may this work be done twice? what [policy] says, or the pipeline itself; and folded error texts. */
/* SPDX-License-Identifier: MIT */
#include "action/internal.h"

#include <ctype.h>
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

/* ---- fingerprints ------------------------------------------------------------------------------ */

#define FINGERPRINT_MAX 200

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || c == '_';
}

/* A word that differs from run to run: it holds a digit, or is a long hexadecimal number. Digits at its end
 * count only ("v2" in "silver2_orders" stays a name). */
static bool
varies(const char *word, size_t size)
{
	size_t digits = 0, hex = 0, i;

	for (i = 0; i < size; i++) {
		digits += isdigit((unsigned char)word[i]) != 0;
		hex += isxdigit((unsigned char)word[i]) != 0;
	}
	return isdigit((unsigned char)word[0]) || (hex == size && size >= 8 && digits > 0) ||
	       (digits > 0 && digits * 2 >= size);
}

char *
bn_action_fingerprint(const char *message)
{
	struct bn_buf out = BN_BUF_INIT(FINGERPRINT_MAX);
	bool folded = false;
	size_t size;

	if (message == NULL)
		return NULL;
	while (*message != '\0' && out.size < FINGERPRINT_MAX) {
		if (!is_word(*message)) {
			/* What joins two folded words (12:30:01, 0310-28f6k, 1.5) goes with them. */
			if (!(folded && strchr(".:-+/", *message) != NULL && message[1] != '\0' &&
			      is_word(message[1])))
				folded = false;
			if (!folded && !(isspace((unsigned char)*message) && out.size > 0 &&
					 out.data[out.size - 1] == ' '))
				bn_buf_addc(&out,
					    isspace((unsigned char)*message) ? ' ' : *message);
			message++;
			continue;
		}
		for (size = 0; is_word(message[size]);)
			size++;
		if (varies(message, size)) {
			if (!folded)
				bn_buf_addc(&out, '#');
			folded = true;
		} else {
			if (folded)
				bn_buf_addc(&out, ' ');
			bn_buf_add(&out, message,
				   size < FINGERPRINT_MAX - out.size ? size
								     : FINGERPRINT_MAX - out.size);
			folded = false;
		}
		message += size;
	}
	while (out.size > 0 && out.data[out.size - 1] == ' ')
		out.data[--out.size] = '\0';
	if (out.size == 0) {
		bn_buf_free(&out);
		return NULL;
	}
	return bn_buf_take(&out);
}

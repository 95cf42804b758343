/* redact.c - no secret that a lane was told goes on into what is stored, shown or logged. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/text.h"
#include "collect/internal.h"

/* The lane's secrets one behind the other; false behind the last. *out: NULL where there is none. */
static bool
secret_at(const struct bn_lane *lane, size_t index, const char **out)
{
	if (index < lane->secret_count)
		*out = bn_secret_text(lane->secrets[index]);
	else if (index - lane->secret_count < BN_HTTP_SECRETS)
		*out = bn_http_secret(lane->http, index - lane->secret_count);
	else
		return false;
	return true;
}

/* From `least` bytes on. */
static const char *
redacted(struct bn_lane *lane, const char *text, size_t least)
{
	size_t size = text != NULL ? strlen(text) : 0, i;
	const char *secret;
	char *copy = NULL;

	for (i = 0; size > 0 && secret_at(lane, i, &secret); i++) {
		if (secret == NULL || strlen(secret) < least ||
		    bn_text_secret(copy != NULL ? copy : text, size, secret) == NULL)
			continue;
		if (copy == NULL)
			copy = bn_arena_strndup(lane->arena, text, size);
		bn_text_blot(copy, size, secret);
	}
	return copy != NULL ? copy : text;
}

const char *
bn_lane_redacted(struct bn_lane *lane, const char *text)
{
	return redacted(lane, text, BN_SECRET_LONG);
}

const char *
bn_lane_redacted_answer(struct bn_lane *lane, const char *text)
{
	return redacted(lane, text, 0);
}

void
bn_lane_redact_bytes(const struct bn_lane *lane, char *text, size_t size)
{
	const char *secret;
	size_t i;

	for (i = 0; secret_at(lane, i, &secret); i++)
		if (secret != NULL && strlen(secret) >= BN_SECRET_LONG)
			bn_text_blot(text, size, secret);
}

void
bn_lane_redact_error(const struct bn_lane *lane, struct bn_error *err)
{
	const char *secret;
	size_t i;

	for (i = 0; err != NULL && secret_at(lane, i, &secret); i++) {
		bn_text_blot_cut(err->message, strlen(err->message), secret);
		bn_text_blot_cut(err->hint, strlen(err->hint), secret);
	}
}

void
bn_lane_redact_outcome(struct bn_lane *lane, struct bn_outcome *outcome)
{
	outcome->answer = bn_lane_redacted_answer(lane, outcome->answer);
	outcome->run = bn_lane_redacted(lane, outcome->run);
	outcome->attempt = bn_lane_redacted(lane, outcome->attempt);
}

struct bn_plan
bn_lane_redacted_plan(struct bn_lane *lane, const struct bn_plan *plan)
{
	struct bn_plan shown = *plan;
	struct bn_plan_step *steps;
	size_t i;

	shown.mode = bn_lane_redacted(lane, plan->mode);
	shown.attempt = bn_lane_redacted(lane, plan->attempt);
	shown.unit = bn_lane_redacted(lane, plan->unit);
	shown.what = bn_lane_redacted(lane, plan->what);
	shown.sends = bn_lane_redacted(lane, plan->sends);
	shown.request = bn_lane_redacted(lane, plan->request);
	shown.body = bn_lane_redacted(lane, plan->body);
	for (i = 0; i < sizeof(shown.notes) / sizeof(shown.notes[0]); i++)
		shown.notes[i] = bn_lane_redacted(lane, plan->notes[i]);
	if (plan->step_count == 0)
		return shown;
	steps = bn_arena_alloc(lane->arena, plan->step_count * sizeof(*steps));
	for (i = 0; i < plan->step_count; i++) {
		steps[i] = plan->steps[i];
		steps[i].name = bn_lane_redacted(lane, steps[i].name);
		steps[i].group = bn_lane_redacted(lane, steps[i].group);
	}
	shown.steps = steps;
	return shown;
}

const char *const *
bn_lane_redacted_list(struct bn_lane *lane, const char *const *list)
{
	const char **copy;
	size_t count, i;
	bool same = true;

	if (list == NULL)
		return NULL;
	for (count = 0; list[count] != NULL; count++)
		same = same && bn_lane_redacted(lane, list[count]) == list[count];
	if (same)
		return list;
	copy = bn_arena_alloc(lane->arena, (count + 1) * sizeof(*copy));
	for (i = 0; i < count; i++)
		copy[i] = bn_lane_redacted(lane, list[i]);
	copy[count] = NULL;
	return copy;
}

/* All but its key: identity must not depend on what is secret. */
struct bn_entity
bn_lane_redacted_entity(struct bn_lane *lane, const struct bn_entity *entity)
{
	struct bn_entity shown = *entity;

	shown.name = bn_lane_redacted(lane, entity->name);
	shown.raw_status = bn_lane_redacted(lane, entity->raw_status);
	shown.message = bn_lane_redacted(lane, entity->message);
	shown.owner = bn_lane_redacted(lane, entity->owner);
	shown.url = bn_lane_redacted(lane, entity->url);
	shown.labels = bn_lane_redacted_list(lane, entity->labels);
	return shown;
}

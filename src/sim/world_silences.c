/* world_silences.c - the silences people made in Alertmanager, and which of them covers an alert. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "sim/world_room.h"

/* One is over, one is in force; the one for the night's backup is renewed every day. */
bool
bn_world_silence(const struct bn_world *world, size_t index, bn_time now, struct bn_w_silence *out)
{
	bn_time day = now / BN_W_DAY * BN_W_DAY;

	memset(out, 0, sizeof(*out));
	if (index > 1)
		return false;
	bn_world_uuid(bn_world_hash(world->seed, "silence", (int64_t)index, 0), out->id);
	if (index == 0) {
		out->matcher[0] = "alertname";
		out->matcher[1] = "TargetDown";
		out->matcher[2] = "job";
		out->matcher[3] = "wms-exporter";
		out->by = "ops-ana";
		out->why = "nightly backup of the warehouse, WMS-1182";
		out->from = day + BN_W_HOUR + 50 * BN_W_MINUTE;
		out->until = day + 8 * BN_W_HOUR;
		if (now < out->from) {
			out->from -= BN_W_DAY;
			out->until -= BN_W_DAY;
		}
		return true;
	}
	out->matcher[0] = "alertname";
	out->matcher[1] = "KafkaConsumerLag";
	out->by = "dev-mo";
	out->why = "reindexing";
	out->from = BN_W_NIGHT - 2 * BN_W_DAY;
	out->until = BN_W_NIGHT - BN_W_DAY;
	return true;
}

static const char *
label_of(const struct bn_w_alert *alert, const char *name)
{
	if (strcmp(name, "alertname") == 0)
		return alert->name;
	if (strcmp(name, "severity") == 0)
		return alert->severity;
	for (size_t i = 0; alert->label[i] != NULL; i += 2)
		if (strcmp(alert->label[i], name) == 0)
			return alert->label[i + 1];
	return "";
}

bool
bn_world_silenced(const struct bn_world *world, const struct bn_w_alert *alert, bn_time now,
		  struct bn_w_silence *out)
{
	for (size_t i = 0; bn_world_silence(world, i, now, out); i++) {
		bool meets = now >= out->from && now < out->until;

		for (size_t k = 0; out->matcher[k] != NULL; k += 2)
			meets = meets &&
				strcmp(label_of(alert, out->matcher[k]), out->matcher[k + 1]) == 0;
		if (meets)
			return true;
	}
	return false;
}

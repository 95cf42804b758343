/* facts_room.h - what the files that write the facts share. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_SIM_FACTS_ROOM_H
#define BN_SIM_FACTS_ROOM_H

#include <jansson.h>

#include "sim/facts.h"

/* The document as it grows. */
struct bn_facts {
	const struct bn_world *world;
	bn_time at, certificate_expires;
	json_t *root, *findings;
	int failed, running, queued, degraded, crit, warn, silenced;
};

json_t *bn_facts_when(bn_time time); /* RFC 3339, null for 0 */
const char *bn_facts_source(const struct bn_w_pipeline *pipeline);
json_t *bn_facts_reference(const char *kind, const char *source, const char *key);
/* Adds a finding; takes the reference of `about`. */
void bn_facts_find(struct bn_facts *facts, const char *rule, bool critical, const char *source,
		   json_t *about, const char *title, bn_time since);

/* facts_runs.c */
const char *bn_facts_run_status(const struct bn_w_run *run, bn_time at);
json_t *bn_facts_run(const struct bn_w_run *run, bn_time at); /* as in `last` and `latest` */
json_t *bn_facts_run_detail(const struct bn_facts *facts, const struct bn_w_pipeline *pipeline);

/* facts_stands.c; endpoints, alerts, targets and import errors add their findings */
json_t *bn_facts_endpoint(struct bn_facts *facts, const struct bn_w_api *api);
json_t *bn_facts_alerts(struct bn_facts *facts);
json_t *bn_facts_targets(struct bn_facts *facts);
json_t *bn_facts_keys(struct bn_facts *facts);
json_t *bn_facts_import_errors(struct bn_facts *facts);
json_t *bn_facts_changes(const struct bn_facts *facts);
json_t *bn_facts_link_list(const struct bn_facts *facts);

/* facts_products.c; products add their findings */
json_t *bn_facts_product(struct bn_facts *facts, const struct bn_w_product *product);
json_t *bn_facts_blast(const struct bn_facts *facts); /* needs root's links */
void bn_facts_fold(struct bn_facts *facts);	      /* needs root's blast and all findings */
/* facts_streams.c */
json_t *bn_facts_streams(const struct bn_facts *facts);
/* facts_changes.c; the last one is for when findings, links and changes are complete */
json_t *bn_facts_defines(const struct bn_facts *facts, const struct bn_w_change *change);
void bn_facts_blame(struct bn_facts *facts);

/* facts_events.c */
json_t *bn_facts_events(const struct bn_facts *facts);
/* facts_models.c; adds its findings */
json_t *bn_facts_models(struct bn_facts *facts);

#endif

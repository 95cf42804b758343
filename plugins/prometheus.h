/* prometheus.h - what the files of the prometheus plugin share. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_PLUGIN_PROMETHEUS_H
#define BN_PLUGIN_PROMETHEUS_H

#include "binnacle/plugin.h"

enum prometheus_request {
	PROM_ALERTS,
	PROM_TARGETS,
	PROM_RULES,
	PROM_QUERY,
	PROM_RANGE,
	PROM_RANGE_FORM,
	PROM_BUILDINFO
};

struct prometheus_poll {
	struct bn_source *s;
	struct bn_batch *batch;
};

/* Servers say in `warnings` that an answer may not be complete: noted; returns how many. */
size_t bn_prometheus_warnings(struct prometheus_poll *p, struct bn_json answer, const char *what);

/* The expression with every selector of a moment confined to its minute: a server answers `x` with the latest
 * sample of the last five minutes, which would fill holes. In memory of this call; NULL when it is too long
 * or nested too deeply to be read. */
const char *bn_prometheus_exact(struct bn_source *s, const char *query);

/* The [query] sections: what they say now; what models' numbers were since `since`, as far as the server has it. */
int bn_prometheus_queries(struct prometheus_poll *p, struct bn_error *err);
int bn_prometheus_queries_past(struct bn_source *s, bn_time since, struct bn_batch *batch,
			       struct bn_error *err);
/* A section's expression in *out; else returns what is wrong with it. */
const char *bn_prometheus_query_text(struct bn_source *s, size_t section, const char **out);

/* The [stream] sections: what is new since the last poll; all that the server still has since `since`. */
int bn_prometheus_streams(struct prometheus_poll *p, struct bn_error *err);
int bn_prometheus_streams_past(struct bn_source *s, bn_time since, struct bn_batch *batch,
			       struct bn_error *err);
void bn_prometheus_doctor(struct bn_source *s, struct bn_sink *sink);

#endif

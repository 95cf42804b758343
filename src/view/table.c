/* table.c - the list of all tables, and finding one, or a column of one, by its name. */
/* SPDX-License-Identifier: MIT */
#include "view/tables.h"

#include <string.h>

/* A line each, so that two who add one do not get in each other's way. */
/* clang-format off */
const struct bn_view_table *const bn_view_tables[] = {
    &bn_table_pipelines,
    &bn_table_runs,
    &bn_table_tasks,
    &bn_table_endpoints,
    &bn_table_latency,
    &bn_table_measures,
    &bn_table_streams,
    &bn_table_points,
    &bn_table_checks,
    &bn_table_models,
    &bn_table_versions,
    &bn_table_live,
    &bn_table_products,
    &bn_table_objectives,
    &bn_table_slo_days,
    &bn_table_lineage,
    &bn_table_oncall,
    &bn_table_sources,
    &bn_table_calls,
    &bn_table_coverage,
    &bn_table_findings,
    &bn_table_triage,
    &bn_table_moving,
    &bn_table_timeline,
    &bn_table_notes,
    &bn_table_changed,
    &bn_table_audit,
    &bn_table_recovered,
    NULL,
};
/* clang-format on */

const struct bn_view_table *
bn_view_table(const char *name)
{
	for (size_t i = 0; name != NULL && bn_view_tables[i] != NULL; i++) {
		if (strcmp(bn_view_tables[i]->name, name) == 0)
			return bn_view_tables[i];
	}
	return NULL;
}

const struct bn_view_table *
bn_view_table_of(enum bn_kind kind)
{
	static const char *const names[] = {
	    [BN_PIPELINE] = "pipelines", [BN_RUN] = "runs",	[BN_ENDPOINT] = "endpoints",
	    [BN_STREAM] = "streams",	 [BN_MODEL] = "models", [BN_PRODUCT] = "products",
	    [BN_SOURCE] = "sources"};

	return (size_t)kind < sizeof(names) / sizeof(names[0]) ? bn_view_table(names[kind]) : NULL;
}

const struct bn_column *
bn_view_column(const struct bn_view_table *table, const char *name)
{
	for (const struct bn_column *c = table->columns; name != NULL && c->name != NULL; c++) {
		if (strcmp(c->name, name) == 0)
			return c;
	}
	return NULL;
}

/* tables.h - the tables of src/view/table_*.c, for the registry in table.c. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_VIEW_TABLES_H
#define BN_VIEW_TABLES_H

#include "view/view.h"

extern const struct bn_view_table bn_table_pipelines, bn_table_runs, bn_table_moving;
extern const struct bn_view_table bn_table_tasks;
extern const struct bn_view_table bn_table_endpoints, bn_table_latency;
extern const struct bn_view_table bn_table_measures;
extern const struct bn_view_table bn_table_streams, bn_table_points, bn_table_checks;
extern const struct bn_view_table bn_table_models, bn_table_versions, bn_table_live;
extern const struct bn_view_table bn_table_sources, bn_table_calls, bn_table_coverage;
extern const struct bn_view_table bn_table_findings, bn_table_triage;
extern const struct bn_view_table bn_table_products, bn_table_objectives, bn_table_slo_days;
extern const struct bn_view_table bn_table_lineage, bn_table_oncall;
extern const struct bn_view_table bn_table_timeline, bn_table_notes, bn_table_changed;
extern const struct bn_view_table bn_table_audit, bn_table_recovered;

#endif

/* dashboard.h - [dashboard] sections: what panels a person's own screens are made of, checked as they are read. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_DASHBOARD_H
#define BN_UI_DASHBOARD_H

#include "base/status.h"
#include "config/config.h"
#include "view/view.h"

#define BN_PANELS_MOST 12

enum bn_panel_kind { BN_PANEL_TABLE, BN_PANEL_CHART, BN_PANEL_GAUGE, BN_PANEL_LOG };

/* One `panel =`. All strings are the dashboards' own. */
struct bn_panel {
	enum bn_panel_kind kind;
	char *text; /* as it was written */
	const struct bn_view_table
	    *table;   /* TABLE; CHART: "points" or "latency"; GAUGE: "measures" */
	char *filter; /* TABLE: NULL for everything */
	struct bn_ref
	    ref; /* what it is about; key NULL: a table of everything. Of a triage table: what is
					      hit by what is listed */
	int64_t window; /* CHART: ms */
	char *word;	/* GAUGE: the measure; LOG: the task, NULL for the whole run */
	double full;	/* GAUGE: where the bar is full, 0: nobody said */
};
struct bn_dashboard {
	char *name;
	char *file; /* where it was written */
	int line;
	int columns;
	struct bn_panel panels[BN_PANELS_MOST];
	size_t count;
};
struct bn_dashboards {
	struct bn_dashboard *at;
	size_t count;
};

/* Reads all [dashboard] sections. BN_ECONFIG with file, line and what would be right for the first mistake; *out is
 * NULL then. */
int bn_dashboards_read(const struct bn_config *config, struct bn_dashboards **out,
		       struct bn_error *err);
void bn_dashboards_free(struct bn_dashboards *dashboards); /* NULL allowed */
const struct bn_dashboard *bn_dashboard_find(const struct bn_dashboards *dashboards,
					     const char *name);

#endif

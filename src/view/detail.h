/* detail.h - the queries behind the detail pane, for detail.c. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_VIEW_DETAIL_H
#define BN_VIEW_DETAIL_H

#include "view/view.h"

/* Lines of one label. The query gives one text column, and perhaps a second, the role; it may name
 * :id (row of the thing), :run (row of the run whose tasks count; 0 for none), :source, :kind and
 * :key. */
struct bn_detail_query {
	unsigned kinds; /* 1 << enum bn_kind, each that has the line */
	const char *label;
	enum bn_role role;
	const char *sql;
};

/* In the order of the pane; ends with a NULL label. */
extern const struct bn_detail_query bn_detail_queries[];
extern const struct bn_detail_query bn_detail_bare_finding;
/* id, run id, source, title, subtitle of the thing :kind :source :key. */
extern const char bn_detail_head[];

#endif

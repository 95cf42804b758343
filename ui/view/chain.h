/* chain.h - the lines of a lineage as a tree: the guides before each, and the tree drawn small. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_CHAIN_H
#define BN_UI_CHAIN_H

#include "ui/app.h"
#include "ui/lineage.h"

/* Guides are made line by line, in order. */
#define BN_GUIDES_DEEPEST 16
struct bn_guides {
	bool open[BN_GUIDES_DEEPEST + 1]; /* at each depth: siblings follow */
};
/* Appends "│  └─ " for the next line. */
void bn_guides_add(struct bn_guides *guides, const struct bn_lineage_line *line,
		   struct bn_buf *out);

/* The tree in a box: names with their marks, since when at the right. Returns the rows used; what has no room is
 * counted in the last one. */
int bn_chain_draw(struct bn_app *app, struct bn_rect rect, const struct bn_lineage_line *lines,
		  size_t count);
/* The same in one line: "✗ transform-hourly ← ● ing-orders  ● ing-payments". What is wrong first. Returns the
 * columns used. */
int bn_chain_draw_line(struct bn_app *app, int y, int x, int width,
		       const struct bn_lineage_line *lines, size_t count);

#endif

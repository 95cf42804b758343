/* compare.h - two versions of a model side by side: what differs, and which is better where that can be said. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_COMPARE_H
#define BN_UI_COMPARE_H

#include "ui/app.h"

/* What has to be asked of the table "models" or "versions" for it; ends with NULL. */
extern const char *const bn_compare_columns[];

/* Draws the lines of the comparison, as many as fit: `left` and `right` are rows with those columns. Returns how many
 * there are. */
int bn_compare_draw(struct bn_app *app, struct bn_rect rect, const struct bn_rows *rows,
		    size_t left, size_t right);

/* A screen of its own: two versions of one model, by their references. */
struct bn_screen *bn_compare_screen(struct bn_app *app, struct bn_ref left, struct bn_ref right);

#endif

/* cell.h - which columns fit, how wide each is, and how one value of one column is drawn. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_CELL_H
#define BN_UI_CELL_H

#include "ui/draw.h"
#include "view/view.h"

/* A column as it stands on the screen. */
struct bn_shown {
	const struct bn_column *column;
	size_t index; /* of the rows' columns */
	int x, width;
	int content; /* the widest value there is */
};
struct bn_columns {
	struct bn_shown *at;
	size_t count;
	/* the widest value of every column of the rows, as measured */
	int *content;
	size_t measured;
};

/* Measures the widest value of every column (of the first 500 rows). */
void bn_columns_measure(struct bn_columns *columns, const struct bn_rows *rows);
/* Chooses and places the columns for `width` columns of screen: up to `level`, and those named in `also`, without those
 * in `hidden` (either may be NULL); too wide, the least
 * important ones shrink, then go; what is left over goes to the open column and to those whose
 * values are cut. */
void bn_columns_lay(struct bn_columns *columns, const struct bn_rows *rows, int width, int level,
		    bool margin, const char *const *hidden, const char *const *also);
void bn_columns_clear(struct bn_columns *columns);

/* Draws one value; nothing known is drawn as such. */
void bn_cell_draw(struct bn_pen *pen, int y, int x, int width, const struct bn_column *column,
		  struct bn_value value, const struct bn_style *style, bool stale, bool selected);

#endif

/* sheet.h - a form over the middle of the screen: labelled lines that scroll, and fields below them that stay. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_SHEET_H
#define BN_UI_SHEET_H

#include "ui/app.h"
#include "ui/widget/confirm.h"

#define BN_SHEET_LABEL 9   /* columns of a line's label */
#define BN_SHEET_LINES 400 /* at most; what is beyond is not shown */

struct bn_sheet_line {
	const char *label; /* borrowed */
	char *text;
	enum bn_role role;
};

struct bn_sheet {
	struct bn_app *app;
	int width; /* columns inside, labels included */
	struct bn_sheet_line *lines;
	size_t count, room;
};

/* Its width follows from the screen's. */
void bn_sheet_init(struct bn_sheet *sheet, struct bn_app *app);
void bn_sheet_clear(struct bn_sheet *sheet);
/* One line, cut where it is too long; `text` is taken over. */
void bn_sheet_add(struct bn_sheet *sheet, const char *label, enum bn_role role, char *text);
/* The same folded into as many lines as it needs; with `hang` all but the first begin so many columns further right. */
void bn_sheet_fold(struct bn_sheet *sheet, const char *label, enum bn_role role, char *text);
void bn_sheet_hang(struct bn_sheet *sheet, const char *label, enum bn_role role, int hang,
		   char *text);
/* Draws box and lines from *top on, which is kept where there are lines; returns where the `form` rows under them
 * begin. The cursor is hidden. */
struct bn_rect bn_sheet_draw(struct bn_sheet *sheet, const char *title, int form, size_t *top);
/* A field of the form; the cursor stands in it when it has the focus. */
void bn_sheet_field(struct bn_sheet *sheet, int y, int x, const char *label,
		    const struct bn_input *input, bool focus);
/* The field for the reason, which says so where one is required and none is given yet. */
void bn_sheet_reason(struct bn_sheet *sheet, int y, int x, const struct bn_confirm *confirm);
/* How far a key moves the lines; false: it is not for that. */
bool bn_sheet_key(bn_key key, size_t *top);

#endif

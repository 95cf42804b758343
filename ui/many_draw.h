/* many_draw.h - how the plan of a bulk looks. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_MANY_DRAW_H
#define BN_UI_MANY_DRAW_H

#include "action/bulk.h"
#include "ui/app.h"
#include "ui/widget/confirm.h"

struct bn_many_look {
	const struct bn_bulk *bulk; /* NULL: not yet */
	const struct bn_bulk_options *options;
	const struct bn_confirm *confirm;
	size_t asked, aside; /* things named; marked rows that are no part of it */
	const char *said;    /* of the name typed last, or NULL */
};

/* Over the middle of the screen, its lines from *top on; puts the cursor into the field that has the focus. */
void bn_many_draw_box(struct bn_app *app, const struct bn_many_look *look, size_t *top);

#endif

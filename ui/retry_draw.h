/* retry_draw.h - how the retry dialog looks. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_RETRY_DRAW_H
#define BN_UI_RETRY_DRAW_H

#include "action/action.h"
#include "ui/sheet.h"
#include "ui/widget/confirm.h"

struct bn_retry_look {
	const struct bn_action_plan *plan; /* NULL: not yet */
	struct bn_ref about;
	const struct bn_confirm *confirm;
	bool sending;
};

/* Over the middle of the screen, its lines from *top on; puts the cursor into the field that has the focus. */
void bn_retry_draw_box(struct bn_app *app, const struct bn_retry_look *look, size_t *top);

#endif

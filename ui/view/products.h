/* products.h - inside the Products screen: what its behaviour (products.c) and its drawing (products_draw.c) share. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_PRODUCTS_H
#define BN_UI_PRODUCTS_H

#include "ui/lineage.h"
#include "ui/view/detail.h"
#include "ui/view/pane.h"

/* What stands under the list where there is room for one thing only. */
enum product_part { PART_FACTS, PART_OBJECTIVES, PART_DAYS, PARTS };

struct products {
	struct bn_screen screen;
	struct bn_pane list, objectives, days;
	struct bn_detail_pane detail;
	struct bn_arena *arena; /* of the lineage */
	struct bn_lineage lineage;
	char *source, *key; /* which product the other panes are about */
	enum product_part part;
};

void products_draw(struct bn_screen *screen, struct bn_rect body);

#endif

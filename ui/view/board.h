/* board.h - inside a dashboard's screen: its panels as they are filled and drawn. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_BOARD_H
#define BN_UI_BOARD_H

#include "ui/dashboard.h"
#include "ui/view/curve.h"
#include "ui/view/pane.h"
#include "ui/widget/pager.h"

/* A panel on the screen. Which parts are used depends on its kind. */
struct bn_board_panel {
	const struct bn_panel *spec; /* borrowed from the dashboards */
	int slot;		     /* and the next one */
	struct bn_pane pane;	     /* TABLE; GAUGE: the measures; LOG: the latest run */
	struct bn_window window;     /* CHART */
	struct bn_curve curve;
	struct bn_pager *pager; /* LOG */
	char *run_source, *run_key;
	bool told; /* LOG: something was kept, or is known not to be */
};

void bn_board_panel_init(struct bn_board_panel *panel, struct bn_screen *screen, int slot,
			 const struct bn_panel *spec);
void bn_board_panel_clear(struct bn_board_panel *panel);
void bn_board_panel_ask(struct bn_board_panel *panel);
bool bn_board_panel_answer(struct bn_board_panel *panel, struct bn_answer *answer);
unsigned bn_board_panel_act(struct bn_board_panel *panel, enum bn_action action,
			    const struct bn_key_event *event);
bool bn_board_panel_selected(const struct bn_board_panel *panel, struct bn_ref *ref);
void bn_board_panel_draw(struct bn_board_panel *panel, struct bn_rect rect, bool focus);

#endif

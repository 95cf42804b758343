/* board.h - inside a dashboard's screen: its panels as they are filled and drawn. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_BOARD_H
#define BN_UI_BOARD_H

#include "ui/dashboard.h"
#include "ui/view/curve.h"
#include "ui/view/log.h"
#include "ui/view/pane.h"

/* A panel on the screen. Which parts are used depends on its kind. */
struct bn_board_panel {
	const struct bn_panel *spec; /* borrowed from the dashboards */
	int slot;		     /* and the next two */
	struct bn_pane pane;	     /* TABLE; GAUGE: the measures; LOG: the latest run */
	struct bn_window window;     /* CHART */
	struct bn_curve curve;
	/* LOG */
	struct bn_log log;
	char *run_source, *run_key; /* the run it is about, NULL: none is known yet */
	bool runs, following;	    /* what writes it runs; it is read to its end as that writes */
	bool tasks_wanted,
	    no_task; /* the run's tasks were asked for; the one that is meant is not among them */
	bool past;   /* it shows the past */
	int64_t started; /* bn_monotonic() */
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
/* Lines of its log that wait are taken (bounded). True if anything changed. */
bool bn_board_panel_wake(struct bn_board_panel *panel);

/* board_log.c: the same for a panel that is a log. */
void bn_board_log_init(struct bn_board_panel *panel, struct bn_screen *screen, int slot);
void bn_board_log_clear(struct bn_board_panel *panel);
void bn_board_log_ask(struct bn_board_panel *panel);
bool bn_board_log_answer(struct bn_board_panel *panel, struct bn_answer *answer);
void bn_board_log_draw(struct bn_board_panel *panel, struct bn_rect in);

#endif

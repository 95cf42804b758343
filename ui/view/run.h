/* run.h - inside the Run screen: what its behaviour (run.c) and its drawing (run_draw.c) share. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_RUN_H
#define BN_UI_RUN_H

#include "ui/view/detail.h"
#include "ui/view/log.h"
#include "ui/view/pane.h"
#include "ui/widget/tree.h"

struct run {
	struct bn_screen screen;
	struct bn_ref about;	/* pipeline or run, as opened; own strings */
	struct bn_ref shown;	/* the run; own strings; key NULL until it is known */
	struct bn_ref pipeline; /* whose run it is; own strings; key NULL: of none that is known */
	bool pipeline_known;	/* … and that it is asked for no more */
	bool finding_known, finding; /* whether something is found about this very run */
	struct bn_pane runs;	     /* all runs there are to choose from, newest first */
	struct bn_tree *tree;
	struct bn_error error; /* of the tasks' query */
	struct bn_detail_pane detail;
	struct bn_log log;
	bool log_focus;	  /* keys go to the log */
	bool log_wanted;  /* opened by `l`: the log comes up as soon as there is a failed task */
	bool log_big;	  /* the log takes the whole screen */
	char *log_for;	  /* key of the task whose log is shown */
	char *log_handle; /* … what it was asked for with, */
	int64_t log_attempt, log_try;
	bool log_followed; /* … and that it is read on as it grows */
	int64_t cursor_at; /* when the cursor came to rest where it is */
	int64_t detail_at; /* when tasks were last asked of the platform; 0: never */
	struct bn_error detail_error;
	int detail_tries; /* how often they were, of this run */
	bool ran;	  /* it was seen running: its tasks are read once more when it has ended */
	char *trouble, *advice; /* what is wrong with its source, and what to do; NULL: nothing */
	bn_time at;		/* the moment that log and tasks are of; 0: now */
};

void bn_run_draw(struct bn_screen *screen, struct bn_rect rect);

#endif

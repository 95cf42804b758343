/* retry_choice.h - some of a run's tasks chosen for a retry, where the engine can run a part of it. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_RETRY_CHOICE_H
#define BN_UI_RETRY_CHOICE_H

#include "action/action.h"
#include "ui/app.h"

struct bn_choice {
	struct bn_strlist names; /* of all that would run again */
	bool *on;
	size_t cursor, top;
	const char **only; /* the chosen ones, NULL behind the last; NULL: all of them */
};

/* What the plan of the whole run would run again; less than two are no choice, and none are held then. */
void bn_choice_fill(struct bn_choice *choice, const struct bn_action_plan *plan);
void bn_choice_clear(struct bn_choice *choice);
/* Over the middle of the screen. */
void bn_choice_draw(struct bn_app *app, struct bn_choice *choice);

/* TAKEN: `only` says what was chosen, to be planned anew; nothing is sent by any key here. */
enum bn_choice_wish { BN_CHOICE_STAYS, BN_CHOICE_LEFT, BN_CHOICE_TAKEN };
enum bn_choice_wish bn_choice_key(struct bn_choice *choice, const struct bn_key_event *event);

#endif

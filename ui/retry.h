/* retry.h - the retry dialog: planned and sent on a thread of its own, drawn over the screen, confirmed by `y`. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_RETRY_H
#define BN_UI_RETRY_H

#include "ui/app.h"

struct bn_retry;

/* Begins to plan for a run, or a pipeline's latest run; says why not where that can't be. */
void bn_retry_open(struct bn_app *app, struct bn_ref about);
/* Whether that would plan anything, as far as the configuration says. */
bool bn_retry_offers(const struct bn_app *app, struct bn_ref about);
/* In the beginning: what earlier sessions left unsettled is looked after. */
void bn_retry_reconcile(struct bn_app *app);
bool bn_retry_shown(const struct bn_app *app);
void bn_retry_draw(struct bn_app *app);
/* After each paint: what was typed before the plan stood on the screen is thrown away. */
void bn_retry_painted(struct bn_app *app);
void bn_retry_key(struct bn_app *app, const struct bn_key_event *event);
int bn_retry_fd(const struct bn_app *app); /* -1: nothing under way */
void bn_retry_finish(struct bn_app *app);  /* when that is readable */
/* At the end: planning is cancelled; a request that is being sent is waited for. */
void bn_retry_abandon(struct bn_app *app);

#endif

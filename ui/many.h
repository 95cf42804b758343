/* many.h - retrying many from the console: one plan over the screen, then a thread that sends and waits behind it. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_MANY_H
#define BN_UI_MANY_H

#include "action/bulk.h"
#include "ui/app.h"

struct bn_many;

/* Begins to plan for pipelines and runs; strings are copied. `aside`: marked rows that are no part of it, said in the
 * plan. Says why not where that can't be. */
void bn_many_open(struct bn_app *app, const struct bn_ref *refs, size_t count, size_t aside);
/* The same for what is left of the bulk of that record, see bn_bulk_rest. */
void bn_many_rest(struct bn_app *app, int64_t parent);

/* The plan is over the screen: keys go there. */
bool bn_many_shown(const struct bn_app *app);
void bn_many_draw(struct bn_app *app);
void bn_many_painted(struct bn_app *app); /* see bn_retry_painted */
void bn_many_key(struct bn_app *app, const struct bn_key_event *event);

int bn_many_fd(const struct bn_app *app); /* -1: nothing is under way */
void bn_many_wake(struct bn_app *app);	  /* when that is readable */
/* At the end: planning is cancelled; nothing more is sent, and what is being sent is waited for. */
void bn_many_abandon(struct bn_app *app);

/* ---- while it is sent, and after it --------------------------------------------------------- */

/* What is being sent, or was sent last; NULL: nothing in this session. */
const struct bn_bulk *bn_many_bulk(const struct bn_app *app);
bool bn_many_sending(const struct bn_app *app);
void bn_many_abort(struct bn_app *app);	   /* sends nothing more */
void bn_many_progress(struct bn_app *app); /* brings its screen up */
/* "bulk 12/40 sent, 1 failed, 1 not sent" while it is sent behind another screen; false: nothing to say. */
bool bn_many_words(const struct bn_app *app, char *out, size_t size);
/* True where somebody wants to quit, or to go back to the shell, in the midst of it, and did not want just before: says
 * what that would mean. Whoever did something else since is told again: bn_many_unwarn. */
enum bn_many_end { BN_MANY_GOES_ON, BN_MANY_QUIT, BN_MANY_SUSPEND };
bool bn_many_keeps(struct bn_app *app, enum bn_many_end how);
void bn_many_unwarn(struct bn_app *app);

#endif

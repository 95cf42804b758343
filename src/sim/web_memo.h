/* web_memo.h - what a face said to the same question at the same moment. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_SIM_WEB_MEMO_H
#define BN_SIM_WEB_MEMO_H

#include "sim/web.h"

/* A world is a function of its moment and its acts (world.h), and so are the answers of a face that keeps nothing
 * itself. A bounded number of them is kept, the oldest go first. All of it may be called by several threads. */
struct bn_web_memo;
struct bn_web_memo *bn_web_memo_new(void);
void bn_web_memo_free(struct bn_web_memo *memo); /* NULL allowed */
/* Answers a GET as it was answered before: the same path and query at the same moment, `version` (the number of acts)
 * being the same. False: nothing was done. */
bool bn_web_memo_said(struct bn_web_memo *memo, struct bn_web_request *request, int64_t version);
/* Keeps the request's answer, if it is a whole one of status 200 that no violation was marked in. */
void bn_web_memo_keep(struct bn_web_memo *memo, const struct bn_web_request *request,
		      int64_t version);

#endif

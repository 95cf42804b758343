/* campaign.h - a program killed at one boundary after the other, in several processes at once. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TESTS_FAULT_CAMPAIGN_H
#define BN_TESTS_FAULT_CAMPAIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/fault/trace.h"

enum { CAMPAIGN_MOST = 16384, CAMPAIGN_COUNTS = 4, CAMPAIGN_PARTS = 4 };

/* What one of the processes does, and what it tells; it lies in memory that all of them share. */
struct campaign_part {
	int part, parts; /* this one of so many: they take turns in the boundaries */
	int kills;	 /* of how many boundaries, evenly spread, where BN_KILL_STEP is not set */
	int shift; /* a percentage of the distance between two, by which all of them are later */
	/* what it tells */
	struct trace_count
	    whole;    /* of the run that nobody killed; calls -1: nothing can be traced here */
	int shortest; /* boundaries of the shortest that came to its end */
	int wrong, counts[CAMPAIGN_COUNTS]; /* the latter are the test's own */
	const char *why;		    /* the first that was wrong; a literal */
	bool killed[CAMPAIGN_MOST];	    /* [at] */
};

/* The run that is killed at boundary `at` (0: nobody kills) and all that follows; it is the turn-th, or one later where
 * the one before was over too soon. *why is left alone where nothing is wrong. */
typedef struct trace_count campaign_kill(void *payload, struct campaign_part *part, int at,
					 int turn, const char **why);

/* In how many parts: several where BN_KILL_STEP asks for every n-th boundary, otherwise `few`. */
int campaign_parts(int few);
void campaign_run(struct campaign_part *part, campaign_kill *kill, void *payload);
/* Of all parts: how many boundaries the shortest run had that came to its own end (they differ by a few), and at how
 * many of those there was a kill. */
int campaign_boundaries(const struct campaign_part *parts, int count);
int campaign_killed(const struct campaign_part *parts, int count);
/* Fails where BN_KILL_STEP is 1 and a boundary was left out, and where one run was not half as long as another. */
void campaign_assert_all(const struct campaign_part *parts, int count);

/* Memory, all zero, that the processes below share with this one. */
void *campaign_share(size_t size);
/* job(i, payload) for each i below `count`, each in a process of its own, several at once. An assertion that fails in
 * one of them fails here, if the test has campaign_leave() as its teardown. */
void campaign_in_processes(int count, void (*job)(int i, void *payload), void *payload);
int campaign_leave(void **state);

#endif

/* recorded.h - a served demo whose platforms write down what they are sent, and a console to look at. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TESTS_RECORDED_H
#define BN_TESTS_RECORDED_H

#include "tests/screen/console.h"

/* How long a busy machine, or a build that checks every access, may take to show something, ms. */
#define RECORDED_WAIT 60000

struct recorded {
	struct served served;
	char record[64]; /* the platforms' log */
	char options[160];
};

/* A world of its own for each test, as if it had just come up: where the one before changed nothing in the same world
 * that one is taken over, with a log, a state and a configuration that are new. */
void recorded_start(struct recorded *world, const char *options);
void recorded_stop(struct recorded *world);
/* What the platforms themselves saw: requests by a method that may change something, and none that no right client
 * would send. */
int recorded_writes(const struct recorded *world);
void assert_writes(const struct recorded *world, int wanted);
/* Waits for it; fails the test with the screen. */
void assert_shown(struct bn_term *t, const char *text);
void assert_gone(struct bn_term *t, const char *text);
/* The one number that a query of the store gives. */
long long recorded_number(const struct recorded *world, const char *sql);

#endif

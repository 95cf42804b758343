/* served.h - a served demo for tests of the command line: start it, run commands on it, stop it. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TESTS_SERVED_H
#define BN_TESTS_SERVED_H

#include <jansson.h>
#include <stddef.h>

/* One world in a directory of its own, served by the freshly built binnacle at speed 0. */
struct served {
	char dir[64];  /* everything lies here; removed at the end */
	char demo[96]; /* what --demo= takes */
	long pid;
};

/* What one command printed and how it ended. */
struct said {
	char *out, *err;
	size_t out_size;
	int code; /* exit status, or 128 + signal */
};

/* The platforms run in a process of their own: that of BN_DEMO_SERVER, a binnacle built without sanitizers, where there
 * is one. Extra options for `binnacle demo --serve` ("--fault dead=argo-prod"), or NULL. Fails the test if
 * it does not come up within 30 s. */
void served_start(struct served *served, const char *options);
void served_stop(struct served *served);
/* Writes DIR/demo/faults, which the running demo reads again ("" clears), and gives the world a
 * fresh state directory with `fresh_state`. */
void served_faults(struct served *served, const char *faults, int fresh_state);

/* Runs "binnacle --demo=DIR " + arguments through sh, standard input from /dev/null, 90 s at most.
 */
void ask(const struct served *served, const char *arguments, struct said *said);
/* Runs a whole shell line with binnacle in PATH and $DEMO set. */
void ask_shell(const struct served *served, const char *line, struct said *said);
void said_clear(struct said *said);
/* Its standard output as JSON; fails the test if it isn't. The caller decrefs. */
json_t *said_json(const struct said *said);
/* facts.json of the world as it is served now. The caller decrefs. */
json_t *served_facts(const struct served *served);

#endif

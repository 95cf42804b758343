/* fleet.h - several platforms with many failed runs, as Argo tells them, that keep their own log of retries. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TESTS_FAULT_FLEET_H
#define BN_TESTS_FAULT_FLEET_H

#include <pthread.h>
#include <stdint.h>

#include "tests/unit/testserver.h"

enum { FLEET_MAX = 80, FLEET_SOURCES = 3 };

/* What a retry of a run comes to. */
enum fleet_fate {
	FLEET_GREEN,   /* it succeeds */
	FLEET_RED,     /* it fails again */
	FLEET_REFUSES, /* 409 */
	FLEET_LOST     /* it is taken, no answer, and nobody can ask about it afterwards */
};

/* The run "pN-1" of the pipeline "pN" of source "sS". */
struct fleet_run {
	int source;
	enum fleet_fate fate;
	bool undeclared; /* its pipeline doesn't say whether it may be done twice */
	bool running;	 /* it has not even failed: it runs */
	bool hidden;	 /* it is listed, and can't be read on its own */
	int elsewhere;	 /* retries that somebody else sent: it failed again since */
	bool newer;	 /* a later run of its pipeline, "pN-2", runs */
	int slow;	 /* ms that it takes to be read */
	/* its log */
	int retries; /* requests that arrived */
	int reads;   /* left until it ends; 0: it is not under way */
	bool ended, green;
};

struct fleet {
	struct testserver *server;
	pthread_mutex_t lock;
	struct fleet_run runs[FLEET_MAX];
	int count;
	bool before[FLEET_MAX][FLEET_MAX]; /* [a][b]: b waits for a */
	int limit;			   /* how many may be under way at one source */
	int lasts;			   /* reads a retried run takes to end */
	/* the log */
	int order[FLEET_MAX * 2], writes;
	int64_t at[FLEET_MAX * 2]; /* when each arrived: monotonic ms */
	int too_early;		   /* retries of what waits for one that has not ended well */
	int too_many;		   /* retries beyond `limit` */
	int unjournalled;
	char journal[256]; /* looked into when a retry arrives; "" none */
	/* Before a run is read, and when it was: on the server's thread, without the lock. NULL: nothing. */
	void (*on_read)(int number, bool done, void *payload);
	void *payload;
};

/* Sources s0 … s2 at the address `ts_url(server)`/sN. */
void fleet_start(struct fleet *fleet);
void fleet_stop(struct fleet *fleet);
/* [source], all of them, as configuration. The caller frees it. */
char *fleet_config(const struct fleet *fleet);

#endif

/* fake.h - a platform with one failed run, as Argo and both Airflows tell it, that keeps its own log of writes. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TESTS_FAULT_FAKE_H
#define BN_TESTS_FAULT_FAKE_H

#include <stdatomic.h>

#include "tests/unit/testserver.h"

/* What happens to a write. */
enum fake_cut {
	FAKE_ANSWERS,
	FAKE_CUT_BEFORE, /* the request is read, nothing is done, no answer */
	FAKE_CUT_AFTER,	 /* it is done, no answer */
	FAKE_CUT_MIDWAY, /* it is done, half an answer */
	FAKE_MEDDLED, /* nothing is done, no answer; then somebody deletes Argo's workflow and makes
			  * another of that name, and marks Airflow's run as succeeded */
	FAKE_FAILS,   /* 503, nothing is done */
	FAKE_REFUSES, /* 409, nothing is done */
	FAKE_LATE     /* it is done and answered, but what is read stays as it was before */
};

struct fake {
	struct testserver *server;
	atomic_int cut;
	atomic_int done;	 /* writes that took effect */
	atomic_int meddled;	 /* somebody was at it, see above */
	atomic_int page;	 /* of a list Airflow gives at most so many */
	atomic_int writes;	 /* writes that arrived */
	atomic_int unjournalled; /* those for which the journal held no open intent */
	atomic_int unlisted;	 /* requests that change something and are on no list */
	char journal[256];	 /* journal.db that is looked into when a write arrives; "" none */
	void (*on_request)(
	    void
		*payload); /* before a request is answered, on the server's thread; NULL: nothing */
	void *payload;
};

void fake_start(struct fake *fake);
void fake_stop(struct fake *fake);
/* The run has failed, and nothing was ever asked. */
void fake_reset(struct fake *fake);

/* Is there, on disk and at this moment, an intent without an outcome? Asked over a connection of its own. */
bool fake_intent_is_on_disk(const char *journal);

#define FAKE_ARGO_RUN	 "hourly-1"
#define FAKE_AIRFLOW_RUN "hourly/scheduled__1"

#endif

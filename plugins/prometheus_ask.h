/* prometheus_ask.h - what the files that read [stream] sections from Prometheus share. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_PLUGIN_PROMETHEUS_ASK_H
#define BN_PLUGIN_PROMETHEUS_ASK_H

#include "prometheus.h"

#define STEP	((int64_t)60000)
#define ASK_MAX 6000 /* bytes of one stream's expression */

/* A stream while it is read. */
struct wanted {
	size_t index; /* of its section */
	const char *name, *query, *arrival, *as;
	const char *exact, *exact_arrival; /* as they are asked; NULL: can't be */
	double scale;
	int64_t settle; /* ms */
	int64_t open;	/* ms after its start until a minute has settled */
	int64_t reread; /* ms */
	struct bn_ref about;
	bn_time read;  /* when it was last read; 0: never */
	bn_time from;  /* the first minute that is asked for now */
	bool alone;    /* can't be joined with others */
	bool seen;     /* it had a value once: before that nothing is missing */
	bn_time since; /* the first minute that had one */
	bool failed;
	const char *failure;
	/* what this answer gave */
	size_t series;
	bool doubtful;
	bn_time first, latest; /* minutes with a value; 0: none */
	double latest_value;
};

const char *bn_prometheus_mark(struct bn_source *s, const char *what, const char *stream);

/* Asks for the minutes from each stream's `from` up to `to`; those that begin with the same one are asked for
 * together, as many a request as fit. What is wrong with a stream's own query is said in the stream. */
int bn_prometheus_ask(struct prometheus_poll *p, struct wanted **due, size_t count, bn_time to,
		      struct bn_error *err);

#endif

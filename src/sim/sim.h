/* sim.h - the embedded demo platform: starts the world's faces and says how to reach them. */
/* SPDX-License-Identifier: MIT
 *
 * Harbourline (world.h) answers on loopback HTTP through one face per platform, with real Git
 * repositories beside it. What is true in it is told by facts (facts.h), what was asked of it by
 * the recorder (recorder.h). Only `demo` and the tests know this room. */
#ifndef BN_SIM_SIM_H
#define BN_SIM_SIM_H

#include "base/clock.h"
#include "binnacle/types.h"
#include "sim/fault.h"
#include "sim/recorder.h"

#define BN_SIM_START ((bn_time)1773112320000) /* 2026-03-10T03:12:00Z */
#define BN_SIM_SEED  81 /* in which nothing but the script fails for the first two hours */

/* What can be played; the table for help and the manual ends with a NULL name. */
struct bn_sim_scenario {
	const char *name;
	const char *doc; /* one sentence, no full stop */
	bn_time at;	 /* where it starts if nothing else is said */
};
extern const struct bn_sim_scenario bn_sim_scenarios[];

struct bn_sim_options {
	const char *scenario; /* NULL: the first of the table */
	uint64_t seed;	      /* 0: BN_SIM_SEED */
	bn_time at;	      /* 0: the scenario's */
	double speed;	      /* 1 real time, 0 frozen; only with `speed_given`, else 1 */
	bool speed_given;
	const char *const
	    *faults; /* "slow=argo-prod:8s" …, NULL-terminated; NULL: none (fault.h) */
	/* Where the demo keeps its secrets, repositories, config and facts.json: made (mode 0700)
	 * if it is not there, and left behind. NULL: a new directory below $TMPDIR that bn_sim_stop
	 * removes. */
	const char *dir;
	const char *record; /* requests are appended there as NDJSON; NULL: only kept in memory */
};

struct bn_sim;

/* Starts everything. BN_EINVAL for an unknown scenario or fault (with what there is), BN_EIO for
 * directories and sockets. Threads are its own; none of them takes signals. */
int bn_sim_start(struct bn_sim **out, const struct bn_sim_options *options, struct bn_error *err);
/* Ends the threads, closes the sockets, removes what it made (unless `dir` was given). NULL
 * allowed. */
void bn_sim_stop(struct bn_sim *sim);

/* The configuration that points binnacle at it: gitconfig text, borrowed. Sources: argo-prod,
 * airflow-legacy (2.x), airflow-ml (3.x), prom, probes; endpoints, repositories, links. */
const char *bn_sim_config_text(const struct bn_sim *sim);
/* What is true at `at` (0: now), as facts.json (facts.h says what it holds). The caller frees it.
 */
char *bn_sim_facts(const struct bn_sim *sim, bn_time at);
const struct bn_recorder *bn_sim_requests(const struct bn_sim *sim);
/* The world's clock; copy it to have the same time (and export it to children). Borrowed. */
const struct bn_clock *bn_sim_clock(const struct bn_sim *sim);
/* The directory it keeps its things in. Borrowed. */
const char *bn_sim_dir(const struct bn_sim *sim);
/* The port a face listens on; 0 if there is none of that name. */
int bn_sim_port(const struct bn_sim *sim, const char *face);
/* A further fault while it runs, or none any more. */
int bn_sim_fault(struct bn_sim *sim, const char *fault, struct bn_error *err);
void bn_sim_clear_faults(struct bn_sim *sim);

/* Serving for others: writes DIR/config, DIR/facts.json, DIR/clock (a BINNACLE_CLOCK value) and
 * DIR/pid, in this order, so that a pid file means that all is there. While it runs:
 *   DIR/faults      one fault a line; read again whenever it is written
 *   DIR/want-facts  whoever makes it gets a fresh DIR/facts.json; when it is gone, that is there */
int bn_sim_publish(struct bn_sim *sim, struct bn_error *err);

#endif

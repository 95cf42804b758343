/* bench.h - what the measurements share: repeats, medians, rows of the table, programs run and watched. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_BENCH_H
#define BN_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/memory.h"
#include "tests/screen/harness.h"

/* A gate is measured in this many runs; it fails only when two of them do. */
#define RUNS 3

/* One series of measurements of one thing. */
struct series {
	double *values;
	size_t count, capacity;
};
void series_add(struct series *s, double value);
void series_clear(struct series *s);
/* The value that a share of 0..1 of all lies at or under (nearest rank); 0 of an empty series. */
double series_share(struct series *s, double share);
#define series_median(s) series_share((s), 0.5)

/* What all measurements stand on. */
struct bench {
	const char *binnacle; /* the program */
	char *tools;	      /* directory of the floors, and of ours_poll */
	char *dir;	      /* everything written lies here and is removed at the end */
	char *state, *config; /* the store of 100,000 runs and its configuration */
	const char *only;     /* ids to run, separated by commas, or NULL: all */
	int met, missed, skipped;
	struct bn_buf notes;
};

/* One gate as it is being measured. `bound` is compared with ours divided by floor, or with `ratio` where a run
 * sets it itself; `at_least` turns the comparison round. */
struct gate {
	const char *id, *what, *floor_is, *unit;
	double bound;
	bool at_least;
	struct series ours[RUNS], floor[RUNS];
	double ratio[RUNS]; /* 0: medians divided */
	double slack;	    /* in `unit`, allowed beyond bound times floor */
	bool p99;	    /* of the 99th percentiles, not of the medians */
};
/* Prints the row and counts it. `note` says more than figures can, NULL if nothing. */
void gate_close(struct bench *bench, struct gate *gate, const char *note);
/* A row that was not measured, and why. */
void gate_skip(struct bench *bench, const char *id, const char *what, const char *why);
/* Whether the caller asked for this id. */
bool wanted(const struct bench *bench, const char *id);

/* Programs without a terminal: run to the end with standard output into `out` (may be NULL). Returns milliseconds
 * from exec to exit, or -1 when it could not be run or ended with a status other than 0 and `also`. */
double run_timed(const char *const *argv, int also, char *out, size_t size);

/* What a process has used so far, over all its threads. */
struct usage {
	double cpu_ms;
	int64_t wakeups; /* voluntary context switches */
	int64_t rss_kb, anon_kb;
};
bool usage_of(pid_t pid, struct usage *out);

/* Milliseconds of the monotonic clock. */
double now_ms(void);
char *path_of(const char *dir, const char *name); /* caller frees */

/* A program on a terminal of 120x40. */
struct bn_term *term_start(const char *const *argv);
/* Ends it with `q` and frees it. Not by a signal: after that the next start checks the whole cache for damage. */
void term_quit(struct bn_term *t);
/* Reads until `text` was written since `from` bytes, as raw bytes; milliseconds from `since`, or -1 after 10 s. */
double term_until(struct bn_term *t, const char *text, double since);
/* Sends a key and reads on until nothing came for `quiet` ms. Returns when the last byte came, in ms from the key
 * on (0 if none came); *bytes how many came, and *first, if it was 0, when the first of them did. Either may be
 * NULL. */
double term_key(struct bn_term *t, const char *key, int quiet, size_t *bytes, double *first);

/* The measurements, a file each. */
void bench_start(struct bench *bench);	 /* P1 P2 P3 */
void bench_ingest(struct bench *bench);	 /* P5 P6 */
void bench_screen(struct bench *bench);	 /* P8 P10 P11 */
void bench_idle(struct bench *bench);	 /* P12 P13 */
void bench_fanout(struct bench *bench);	 /* P17 */
void bench_streams(struct bench *bench); /* P18 */
void bench_filter(struct bench *bench);	 /* P9 */
void bench_flat(struct bench *bench);	 /* P4 P7; leaves more in the store than was there */

#endif

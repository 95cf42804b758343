/* minutes.h - judges the minutes of streams: gaps, late ones, bursts, ceilings, flat lines, unequal counters. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TRIAGE_MINUTES_H
#define BN_TRIAGE_MINUTES_H

#include "store/store.h"

/* Bits of stream_minute.marks. */
enum bn_minute_mark {
	BN_MINUTE_OVER = 1,  /* at or above the ceiling: a lower bound */
	BN_MINUTE_BURST = 2, /* more records than expected, by the stream's factor */
	BN_MINUTE_SHORT = 4, /* fewer than three quarters of them */
	BN_MINUTE_ODD = 8    /* far off the same minute of earlier days */
};

/* What one call looked at: the measure of its cost. */
struct bn_minutes_work {
	int64_t streams; /* that had anything new */
	int64_t minutes; /* judged */
	int64_t rows;	 /* of points read */
	int64_t writes;	 /* rows written */
};

/* Judges every minute that has settled since the last call, and those that changed after they were judged,
 * as of the reader's now(); stores what there is to say in stream_minute and stream_verdict, from which the
 * rules stream-*.sql make findings. Only minutes that a reading covers until they had settled are judged, so
 * that nothing is called missing that was not looked for. Reads first, then one transaction; where nothing is
 * new, neither. `work` may be NULL. */
int bn_minutes_judge(struct bn_reader *reader, struct bn_writer *writer,
		     struct bn_minutes_work *work, struct bn_error *err);

/* The median of `count` numbers, and the median of their distances from it. Reorders `values`. */
double bn_median(double *values, size_t count);
double bn_deviation(double *values, size_t count, double median);

#endif

/* series.h - numbers by the minute with what is known of each one: read, counted, put into bars, told in words. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_SERIES_H
#define BN_UI_SERIES_H

#include "base/clock.h"
#include "base/memory.h"
#include "view/view.h"

/* What a step is. Only OK, LATE and OVER have a value that counts; an OPEN one may have one that is not final. */
enum bn_step_state {
	BN_STEP_OK,	   /* without a value: none was expected */
	BN_STEP_MISSING,   /* closed, and nothing came */
	BN_STEP_LATE,	   /* filled after it should have been */
	BN_STEP_OVER,	   /* at the ceiling of what can be counted: a lower bound */
	BN_STEP_OPEN,	   /* not closed yet */
	BN_STEP_UNOBSERVED /* nobody looked */
};
enum bn_step_state bn_step_state(const char *word); /* UNOBSERVED for a word that is none */

struct bn_step {
	double value;	 /* NAN: none */
	bn_time seen_at; /* when the value came, 0: not known */
	enum bn_step_state state;
};
/* Steps follow each other without a gap: what is missing is a step without a value. */
struct bn_series {
	struct bn_step *steps; /* own */
	size_t count;
	bn_time start;	 /* of the first step */
	int64_t step_ms; /* > 0 once there are steps */
};

#define BN_SERIES_MOST 20160 /* steps: two weeks of minutes */

/* Replaces what the series holds by the rows of the view table "points" or one like it (columns at, value,
 * state, and where it has them seen_at, filled_at, step; in order of time), the newest BN_SERIES_MOST of them. */
void bn_series_from_rows(struct bn_series *series, const struct bn_rows *rows);
/* … by a JSON array of numbers, null where nothing was measured, a minute apart, the last one ended at `end`. */
void bn_series_from_spark(struct bn_series *series, const char *json, bn_time end);
void bn_series_clear(struct bn_series *series);

/* Sums over what is known; nothing unknown, not closed or not observed is ever in them. */
struct bn_sums {
	size_t known, missing, late, over, unobserved;
	double now;		     /* of the newest closed step, NAN where that has none */
	double average, least, most; /* NAN where nothing is known */
};
struct bn_sums bn_series_sums(const struct bn_series *series);

/* Some steps as one bar of a chart. One missing step makes the whole bar a hole: a hole is never hidden. */
enum bn_bar_kind { BN_BAR_NONE, BN_BAR_VALUE, BN_BAR_HOLE, BN_BAR_UNOBSERVED };
struct bn_bar {
	enum bn_bar_kind kind;
	double low, high; /* of VALUE */
	bool late, over, open;
	size_t first, count; /* the steps */
};
/* The bars of `bucket` steps each. They begin at multiples of the bucket since the epoch, so that they stay the same
 * while time goes on. The caller frees; *count is how many there are. */
struct bn_bar *bn_series_bars(const struct bn_series *series, size_t bucket, size_t *count);

/* "291", "17.3k", "0.0021". Returns out. */
#define BN_NUMBER_TEXT 24
char *bn_number_show(double value, char out[BN_NUMBER_TEXT]);

/* "now 291  avg 288  min 250  max 320"; only as much as fits `width` columns, "" for none at all. */
void bn_series_legend(const struct bn_series *series, int width, bool ascii, struct bn_buf *out);
/* What the cursor stands on, one step or a bar of several: "03:31 no record (closed 17m ago)". `unit` may be NULL;
 * `before`, another day's series of the same length, may be NULL. Where it is wider than `width` columns, less is said:
 * not how long ago it closed, then no remark; its minute and value stay. What `out` held is gone. */
void bn_series_tell(const struct bn_series *series, size_t first, size_t count, const char *unit,
		    const struct bn_series *before, const char *before_word,
		    const struct bn_style *style, int width, struct bn_buf *out);

#endif

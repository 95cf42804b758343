/* series.c - numbers by the minute with what is known of each one: read, counted, put into bars, told in words. */
/* SPDX-License-Identifier: MIT */
#include "ui/widget/series.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

/* ---- reading ----------------------------------------------------------------------------- */

static const char *const state_words[] = {"ok", "missing", "late", "over", "open", "unobserved"};

enum bn_step_state
bn_step_state(const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(state_words) / sizeof(state_words[0]); i++)
		if (strcmp(state_words[i], word) == 0)
			return (enum bn_step_state)i;
	return BN_STEP_UNOBSERVED;
}

void
bn_series_clear(struct bn_series *series)
{
	free(series->steps);
	memset(series, 0, sizeof(*series));
}

static double
number_of(struct bn_value value)
{
	return value.type == BN_VALUE_INT    ? (double)value.i
	       : value.type == BN_VALUE_REAL ? value.r
					     : NAN;
}

static struct bn_step
step_of(const struct bn_rows *rows, size_t row)
{
	struct bn_value state = bn_rows_named(rows, row, "state");
	int64_t filled = bn_rows_named(rows, row, "filled_at").i;
	struct bn_step step = {number_of(bn_rows_named(rows, row, "value")),
			       filled > 0 ? filled : bn_rows_named(rows, row, "seen_at").i,
			       BN_STEP_UNOBSERVED};

	if (state.type == BN_VALUE_TEXT && state.s != NULL)
		step.state = bn_step_state(state.s);
	/* Whatever a row says of itself: without a number there is none. */
	if (isnan(step.value) && (step.state == BN_STEP_LATE || step.state == BN_STEP_OVER))
		step.state = BN_STEP_MISSING;
	return step;
}

/* How long a row's step is: a minute, or ten where only summaries are left. */
static int64_t
length_of(const struct bn_rows *rows, size_t row)
{
	int64_t length = bn_rows_named(rows, row, "step").i;

	return length > 0 ? length : 60000;
}

void
bn_series_from_rows(struct bn_series *series, const struct bn_rows *rows)
{
	size_t count = rows == NULL ? 0 : bn_rows_count(rows), total = 0, from = 0, i, at = 0;
	int64_t step = 0;

	bn_series_clear(series);
	for (i = 0; i < count; i++)
		if (step == 0 || length_of(rows, i) < step)
			step = length_of(rows, i);
	for (i = count; i-- > 0 && total + (size_t)(length_of(rows, i) / step) <= BN_SERIES_MOST;
	     from = i)
		total += (size_t)(length_of(rows, i) / step);
	if (total == 0)
		return;
	series->steps = bn_xcalloc(total, sizeof(*series->steps));
	series->step_ms = step;
	series->start = bn_rows_named(rows, from, "at").i;
	for (i = from; i < count; i++) { /* a longer row stands for several steps */
		int64_t times = length_of(rows, i) / step;

		for (; times > 0 && at < total; times--)
			series->steps[at++] = step_of(rows, i);
	}
	series->count = at;
}

void
bn_series_from_spark(struct bn_series *series, const char *text, bn_time end)
{
	json_t *json = NULL;
	struct bn_error err;
	size_t i;

	bn_series_clear(series);
	if (*text == '\0' || bn_json_load(&json, text, strlen(text), &err) != BN_OK)
		return;
	series->count =
	    json_array_size(json) < BN_SERIES_MOST ? json_array_size(json) : BN_SERIES_MOST;
	series->step_ms = 60000;
	series->start = end / 60000 * 60000 - (bn_time)series->count * 60000;
	series->steps = bn_xcalloc(series->count + 1, sizeof(*series->steps));
	for (i = 0; i < series->count; i++) {
		const json_t *item = json_array_get(json, i);
		bool known = json_is_number(item);

		series->steps[i] = (struct bn_step){known ? json_number_value(item) : NAN, 0,
						    known ? BN_STEP_OK : BN_STEP_MISSING};
	}
	json_decref(json);
}

/* ---- counting ---------------------------------------------------------------------------- */

static bool
counts(const struct bn_step *step)
{
	return !isnan(step->value) && (step->state == BN_STEP_OK || step->state == BN_STEP_LATE ||
				       step->state == BN_STEP_OVER);
}

static void
sum_step(struct bn_sums *sums, const struct bn_step *step, double *total)
{
	sums->missing += step->state == BN_STEP_MISSING;
	sums->unobserved += step->state == BN_STEP_UNOBSERVED;
	sums->late += step->state == BN_STEP_LATE;
	sums->over += step->state == BN_STEP_OVER;
	if (step->state != BN_STEP_OPEN)
		sums->now = counts(step) ? step->value : NAN;
	if (!counts(step))
		return;
	*total += step->value;
	sums->least = sums->known == 0 || step->value < sums->least ? step->value : sums->least;
	sums->most = sums->known == 0 || step->value > sums->most ? step->value : sums->most;
	sums->known++;
}

static struct bn_sums
sums_of(const struct bn_step *steps, size_t count)
{
	struct bn_sums sums = {.now = NAN, .average = NAN, .least = NAN, .most = NAN};
	double total = 0;
	size_t i;

	for (i = 0; i < count; i++)
		sum_step(&sums, &steps[i], &total);
	if (sums.known > 0)
		sums.average = total / (double)sums.known;
	return sums;
}

struct bn_sums
bn_series_sums(const struct bn_series *series)
{
	return sums_of(series->steps, series->count);
}

/* ---- bars -------------------------------------------------------------------------------- */

static void
add_step(struct bn_bar *bar, const struct bn_step *step)
{
	bar->count++;
	if (step->state == BN_STEP_MISSING) {
		bar->kind = BN_BAR_HOLE;
		return;
	}
	if (step->state == BN_STEP_UNOBSERVED) {
		if (bar->kind != BN_BAR_HOLE)
			bar->kind = BN_BAR_UNOBSERVED;
		return;
	}
	if (isnan(step->value)) /* nothing yet, or nothing where nothing is expected */
		return;
	if (bar->kind == BN_BAR_NONE) {
		bar->kind = BN_BAR_VALUE;
		bar->low = bar->high = step->value;
	}
	bar->low = step->value < bar->low ? step->value : bar->low;
	bar->high = step->value > bar->high ? step->value : bar->high;
	bar->late |= step->state == BN_STEP_LATE;
	bar->over |= step->state == BN_STEP_OVER;
	bar->open |= step->state == BN_STEP_OPEN;
}

struct bn_bar *
bn_series_bars(const struct bn_series *series, size_t bucket, size_t *count)
{
	size_t room = series->count / bucket + 2, i, first;
	struct bn_bar *bars = bn_xcalloc(room, sizeof(*bars));

	*count = 0;
	if (series->count == 0)
		return bars;
	first = (size_t)(series->start / series->step_ms) % bucket;
	for (i = 0; i < series->count; i++) {
		struct bn_bar *bar = &bars[(first + i) / bucket];

		if (bar->count == 0)
			bar->first = i;
		add_step(bar, &series->steps[i]);
		*count = (first + i) / bucket + 1;
	}
	return bars;
}

/* ---- words ------------------------------------------------------------------------------- */

char *
bn_number_show(double value, char out[BN_NUMBER_TEXT])
{
	static const char *const scales[] = {"k", "M", "G", "T"};
	double size = fabs(value);
	int scale = -1;

	while (size >= 9999.5 && scale < 0 ? true : scale >= 0 && size >= 999.5 && scale < 3) {
		size /= 1000;
		value /= 1000;
		scale++;
	}
	if (scale < 0)
		snprintf(out, BN_NUMBER_TEXT, "%.4g", value);
	else
		snprintf(out, BN_NUMBER_TEXT, size >= 99.95 ? "%.0f%s" : "%.3g%s", value,
			 scales[scale]);
	return out;
}

static void
add_part(struct bn_buf *out, int width, const char *word, double value, const char *absent)
{
	char number[BN_NUMBER_TEXT], part[64];

	snprintf(part, sizeof(part), "%s%s %s", out->size > 0 ? "  " : "", word,
		 isnan(value) ? absent : bn_number_show(value, number));
	if ((int)(bn_text_width(bn_buf_text(out)) + bn_text_width(part)) <= width)
		bn_buf_adds(out, part);
}

static void
add_count(struct bn_buf *out, int width, size_t count, const char *word)
{
	char part[64];

	snprintf(part, sizeof(part), "%s%zu %s", out->size > 0 ? "  " : "", count, word);
	if (count > 0 && (int)(bn_text_width(bn_buf_text(out)) + bn_text_width(part)) <= width)
		bn_buf_adds(out, part);
}

void
bn_series_legend(const struct bn_series *series, int width, bool ascii, struct bn_buf *out)
{
	const char *absent = ascii ? "-" : "–";
	struct bn_sums sums = bn_series_sums(series);

	if (series->count == 0)
		return;
	add_part(out, width, "now", sums.now, absent);
	/* What is wrong with it before how it is. */
	add_count(out, width, sums.missing, "missing");
	add_part(out, width, "avg", sums.average, absent);
	add_count(out, width, sums.late, "late");
	add_count(out, width, sums.unobserved, "not observed");
	add_part(out, width, "min", sums.least, absent);
	add_part(out, width, "max", sums.most, absent);
}

/* How much is said of what the cursor stands on: less the further down, until it fits. */
enum telling {
	TELL_ALL,
	TELL_NO_AGE, /* not how long ago it closed */
	TELL_BRIEF,  /* "late", not when it came */
	TELL_NO_REMARK,
	TELL_NO_OTHER, /* nor the other day's */
	TELL_VALUE     /* the minute and its value: what can't be left out */
};

static void
add_unit(const char *unit, enum telling how, struct bn_buf *out)
{
	if (unit != NULL && how < TELL_VALUE)
		bn_buf_addf(out, " %s", unit);
}

static void
tell_remark(const struct bn_step *step, const struct bn_style *style, enum telling how,
	    struct bn_buf *out)
{
	char text[BN_TIME_TEXT];

	if (step->state == BN_STEP_OVER)
		bn_buf_addf(out, ", at the ceiling%s", how < TELL_BRIEF ? ": a lower bound" : "");
	if (step->state == BN_STEP_LATE)
		bn_buf_adds(out, ", late");
	if (step->state == BN_STEP_LATE && step->seen_at > 0 && how < TELL_BRIEF)
		bn_buf_addf(out, ": came %s",
			    bn_time_show(step->seen_at, style->zone, BN_TIME_HMS, text));
}

/* The words after the time for one step. "or more" belongs to the value. */
static void
tell_step(const struct bn_series *series, size_t at, const char *unit, const struct bn_style *style,
	  enum telling how, struct bn_buf *out)
{
	const struct bn_step *step = &series->steps[at];
	bn_time closed = series->start + (bn_time)(at + 1) * series->step_ms;
	char number[BN_NUMBER_TEXT], text[BN_TIME_TEXT];

	if (step->state == BN_STEP_UNOBSERVED) {
		bn_buf_adds(out, "not observed");
		return;
	}
	if (step->state == BN_STEP_MISSING || isnan(step->value)) {
		bn_buf_adds(out, step->state == BN_STEP_OPEN ? "nothing yet"
				 : step->state != BN_STEP_OK ? "no record"
				 : how < TELL_BRIEF	     ? "nothing, and nothing expected"
							     : "nothing");
	} else {
		bn_buf_addf(out, "%s%s", bn_number_show(step->value, number),
			    step->state == BN_STEP_OVER ? " or more" : "");
		add_unit(unit, how, out);
	}
	if ((step->state == BN_STEP_OPEN || closed > style->now) && how < TELL_NO_REMARK)
		bn_buf_adds(out, " (still open)");
	else if (how < TELL_NO_AGE)
		bn_buf_addf(out, " (closed %s ago)", bn_duration_show(style->now - closed, text));
	if (how < TELL_NO_REMARK)
		tell_remark(step, style, how, out);
}

static void
tell_bar(const struct bn_series *series, size_t first, size_t count, const char *unit,
	 enum telling how, struct bn_buf *out)
{
	struct bn_sums sums = sums_of(series->steps + first, count);
	char number[BN_NUMBER_TEXT];

	if (sums.known > 0 && how < TELL_VALUE)
		bn_buf_addf(out, "min %s  ", bn_number_show(sums.least, number));
	if (sums.known > 0)
		bn_buf_addf(out, "avg %s", bn_number_show(sums.average, number));
	else
		bn_buf_adds(out, "no record");
	if (sums.known > 0 && how < TELL_VALUE) {
		bn_buf_addf(out, "  max %s", bn_number_show(sums.most, number));
		add_unit(unit, how, out);
	}
	if (how >= TELL_NO_REMARK)
		return;
	if (sums.missing > 0 && how < TELL_BRIEF)
		bn_buf_addf(out, ", %zu of %zu missing", sums.missing, count);
	else if (sums.missing > 0)
		bn_buf_addf(out, ", %zu missing", sums.missing);
	if (sums.unobserved > 0)
		bn_buf_addf(out, ", %zu not observed", sums.unobserved);
	if (sums.late > 0 && how < TELL_BRIEF)
		bn_buf_addf(out, ", %zu late", sums.late);
}

/* "03:29", "03:29..03:33", with the date where it was another day's. */
static void
tell_when(const struct bn_series *series, size_t first, size_t count, const struct bn_style *style,
	  struct bn_buf *out)
{
	bn_time at = series->start + (bn_time)first * series->step_ms;
	bn_time end = at + (bn_time)(count - 1) * series->step_ms;
	enum bn_time_form how = style->now - at >= 86400000 ? BN_TIME_MDHM : BN_TIME_HM;
	char text[BN_TIME_TEXT];

	bn_buf_adds(out, bn_time_show(at, style->zone, how, text));
	if (count > 1)
		bn_buf_addf(out, "..%s", bn_time_show(end, style->zone, how, text));
	bn_buf_adds(out, "  ");
}

void
bn_series_tell(const struct bn_series *series, size_t first, size_t count, const char *unit,
	       const struct bn_series *before, const char *before_word,
	       const struct bn_style *style, int width, struct bn_buf *out)
{
	char number[BN_NUMBER_TEXT];
	int how;

	if (count == 0 || first + count > series->count)
		return;
	for (how = TELL_ALL; how <= TELL_VALUE; how++) {
		bn_buf_reset(out);
		tell_when(series, first, count, style, out);
		if (count == 1)
			tell_step(series, first, unit, style, (enum telling)how, out);
		else
			tell_bar(series, first, count, unit, (enum telling)how, out);
		if (how < TELL_NO_OTHER && before != NULL && first + count <= before->count) {
			struct bn_sums sums = sums_of(before->steps + first, count);

			bn_buf_addf(out, " %s %s %s", style->ascii ? "-" : "·", before_word,
				    isnan(sums.average) ? "unknown"
							: bn_number_show(sums.average, number));
		}
		if ((int)bn_text_width(bn_buf_text(out)) <= width)
			break;
	}
}

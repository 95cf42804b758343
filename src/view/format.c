/* format.c - values as a person reads them and as JSON, per the column's format. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "view/view.h"

#define DAY_MS 86400000

static int64_t
as_int(struct bn_value value)
{
	return value.type == BN_VALUE_REAL ? (int64_t)value.r : value.i;
}

static double
as_real(struct bn_value value)
{
	return value.type == BN_VALUE_REAL ? value.r : (double)value.i;
}

static double
larger(double a, double b)
{
	return a > b ? a : b;
}

static bool
is_whole(double value)
{
	return value > -9e15 && value < 9e15 && value == (double)(int64_t)value;
}

static void
show_text(struct bn_buf *out, const char *text)
{
	bn_sanitise(out, text, strlen(text), BN_SANITISE_FIELD);
}

/* "03:07" within the last day (or the next, when it lies ahead); "03-07" beyond; "2025-03-07"
 * beyond a year. */
static void
show_time(struct bn_buf *out, bn_time at, const struct bn_style *style)
{
	int64_t away = at > style->now ? at - style->now : style->now - at;
	char text[BN_TIME_TEXT];
	enum bn_time_form form = BN_TIME_HM;

	if (away >= 365 * (int64_t)DAY_MS)
		form = BN_TIME_YMD;
	else if (away >= DAY_MS)
		form = BN_TIME_MD;
	bn_buf_adds(out, bn_time_show(at, style->zone, form, text));
}

static void
show_duration(struct bn_buf *out, int64_t ms)
{
	char text[BN_TIME_TEXT];

	if (ms < 0) {
		bn_buf_addc(out, '-');
		ms = ms == INT64_MIN ? INT64_MAX : -ms;
	}
	bn_buf_adds(out, bn_duration_show(ms, text));
}

/* 950, 18.0k, 1.1M: three significant digits. */
static void
show_scaled(struct bn_buf *out, double value, double step, const char *const *units)
{
	double size = fabs(value);
	size_t unit = 0;

	while (size >= step && units[unit + 1] != NULL) {
		size /= step;
		value /= step;
		unit++;
	}
	if (unit == 0)
		bn_buf_addf(out, "%.0f%s", value, units[unit]);
	else
		bn_buf_addf(out, size < 100 ? "%.1f%s" : "%.0f%s", value, units[unit]);
}

static void
show_number(struct bn_buf *out, double value)
{
	double size = fabs(value);

	if (size == 0 || size >= 100 || is_whole(value))
		bn_buf_addf(out, "%.0f", value);
	else if (size < 0.1) /* what is not nothing is not shown as 0.00 */
		bn_buf_addf(out, "%.2g", value);
	else
		bn_buf_addf(out, size >= 10 ? "%.1f" : "%.2f", value);
}

/* µs as ms: "12", "0.4" below one, "1.2s" from ten seconds on the unit is written. */
static void
show_millis(struct bn_buf *out, double us)
{
	double ms = us / 1000;

	if (ms >= 10000)
		bn_buf_addf(out, "%.1fs", ms / 1000);
	else
		bn_buf_addf(out, ms < 1 && ms > 0 ? "%.1f" : "%.0f", ms);
}

static void
show_history(struct bn_buf *out, const char *text, const struct bn_style *style, size_t width)
{
	size_t size = strlen(text);

	if (width > 0 && size > width)
		text += size - width;
	for (; *text != '\0'; text++) {
		const struct bn_status_row *row = bn_status_row((enum bn_status)(*text - '0'));

		bn_buf_adds(out, style->ascii ? row->ascii : row->glyph);
	}
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* What a full sign stands for: the largest value, or three times the usual one, so that a steady series is a low
 * line and not a wall. */
static double
spark_top(const json_t *array, size_t first)
{
	size_t count = json_array_size(array), known = 0;
	double *values = bn_xcalloc(count + 1, sizeof(*values)), top;

	for (size_t i = first; i < count; i++)
		if (json_is_number(json_array_get(array, i)))
			values[known++] = json_number_value(json_array_get(array, i));
	qsort(values, known, sizeof(*values), by_value);
	top = known > 0 ? larger(values[known - 1], 3 * values[known / 2]) : 0;
	free(values);
	return top;
}

/* A KPI is seldom near nothing: what counts is how it moved. The lowest sign stands for the least there was; where
 * it hardly moved, nothing is made of it. */
static double
spark_bottom(const json_t *array, size_t first, double *top)
{
	size_t count = json_array_size(array);
	double least = INFINITY, most = -INFINITY, margin;

	for (size_t i = first; i < count; i++) {
		const json_t *item = json_array_get(array, i);

		if (!json_is_number(item))
			continue;
		least = json_number_value(item) < least ? json_number_value(item) : least;
		most = larger(most, json_number_value(item));
	}
	if (least > most)
		return 0;
	margin = larger(0.1 * larger(fabs(most), fabs(least)) - (most - least), 0) / 2;
	*top = most + margin;
	return least - margin;
}

/* One sign a bucket, holes as blanks. */
static void
show_spark(struct bn_buf *out, const char *text, const struct bn_style *style, size_t width,
	   bool moves)
{
	static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const signs[] = {"_", ".", "-", "=", "^"};
	json_t *array = json_loads(text, JSON_DECODE_ANY, NULL);
	size_t count = json_array_size(array), first = 0, levels = style->ascii ? 5 : 8;
	double top, bottom = 0;

	if (width > 0 && count > width)
		first = count - width;
	top = spark_top(array, first);
	if (moves)
		bottom = spark_bottom(array, first, &top);
	for (size_t i = first; i < count; i++) {
		const json_t *item = json_array_get(array, i);
		size_t level;

		if (!json_is_number(item)) {
			bn_buf_addc(out, ' ');
			continue;
		}
		level = top > bottom ? (size_t)(larger(0, json_number_value(item) - bottom) /
						(top - bottom) * (double)levels)
				     : 0;
		if (level >= levels)
			level = levels - 1;
		bn_buf_adds(out, style->ascii ? signs[level] : blocks[level]);
	}
	json_decref(array);
}

void
bn_view_show(struct bn_buf *out, const struct bn_column *column, struct bn_value value,
	     const struct bn_style *style, size_t width)
{
	static const char *const counts[] = {"", "k", "M", "G", "T", NULL};
	static const char *const sizes[] = {"B", "kB", "MB", "GB", "TB", NULL};
	const struct bn_status_row *row;

	if (value.type == BN_VALUE_NULL)
		return;
	if (value.type == BN_VALUE_TEXT) {
		if (column->format == BN_FORMAT_HISTORY)
			show_history(out, value.s, style, width);
		else if (column->format == BN_FORMAT_SPARK)
			show_spark(out, value.s, style, width,
				   strcmp(column->name, "kpi_14d") == 0);
		else
			show_text(out, value.s);
		return;
	}
	switch (column->format) {
	case BN_FORMAT_STATUS:
		row = bn_status_row((enum bn_status)as_int(value));
		bn_buf_adds(out, column->width > 2 ? row->word
				 : style->ascii	   ? row->ascii
						   : row->glyph);
		break;
	case BN_FORMAT_TIME:
	case BN_FORMAT_UNTIL:
		show_time(out, as_int(value), style);
		break;
	case BN_FORMAT_AGE:
	case BN_FORMAT_DURATION:
		show_duration(out, as_int(value));
		break;
	case BN_FORMAT_INT:
		/* Counts of rows and the like are shortened; ordinals and small counts never get
		 * that far. */
		show_scaled(out, as_real(value), as_real(value) >= 10000 ? 1000 : 1e15, counts);
		break;
	case BN_FORMAT_MILLIS:
		show_millis(out, as_real(value));
		break;
	case BN_FORMAT_PERCENT:
		bn_buf_addf(out, as_real(value) >= 10 ? "%.0f" : "%.2f", as_real(value));
		break;
	case BN_FORMAT_BYTES:
		show_scaled(out, as_real(value), 1024, sizes);
		break;
	case BN_FORMAT_BOOL:
		bn_buf_adds(out, as_int(value) != 0 ? "yes" : "no");
		break;
	default:
		show_number(out, as_real(value));
		break;
	}
}

const char *
bn_view_absent(const struct bn_style *style)
{
	return style->ascii ? "-" : "–";
}

static void
json_double(struct bn_buf *out, double value)
{
	if (!isfinite(value))
		bn_buf_adds(out, "null");
	else
		bn_buf_addf(out, "%.10g", value);
}

static void
json_text(struct bn_buf *out, enum bn_format format, const char *text)
{
	if (format == BN_FORMAT_HISTORY) {
		bn_buf_addc(out, '[');
		for (const char *c = text; *c != '\0'; c++) {
			if (c != text)
				bn_buf_addc(out, ',');
			bn_json_quote(out, bn_status_row((enum bn_status)(*c - '0'))->word);
		}
		bn_buf_addc(out, ']');
	} else if (format == BN_FORMAT_JSON || format == BN_FORMAT_SPARK) {
		struct bn_error ignored;
		json_t *json = NULL;

		/* Stored text was checked when it was stored; a damaged row must not break the
		 * document. */
		if (bn_json_load(&json, text, strlen(text), &ignored) == BN_OK) {
			char *dumped = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);

			bn_buf_adds(out, dumped != NULL ? dumped : "null");
			free(dumped);
			json_decref(json);
		} else {
			bn_buf_adds(out, "null");
		}
	} else {
		bn_json_quote(out, text);
	}
}

void
bn_view_json(struct bn_buf *out, const struct bn_column *column, struct bn_value value)
{
	char text[BN_TIME_TEXT];
	bool ms = column->unit != NULL && strcmp(column->unit, "ms") == 0;

	if (value.type == BN_VALUE_NULL) {
		bn_buf_adds(out, "null");
		return;
	}
	if (value.type == BN_VALUE_TEXT) {
		json_text(out, column->format, value.s);
		return;
	}
	switch (column->format) {
	case BN_FORMAT_STATUS:
		bn_json_quote(out, bn_status_row((enum bn_status)as_int(value))->word);
		break;
	case BN_FORMAT_TIME:
	case BN_FORMAT_UNTIL:
		bn_json_quote(out, bn_time_rfc3339(as_int(value), text));
		break;
	case BN_FORMAT_AGE:
	case BN_FORMAT_DURATION:
		bn_buf_addf(out, "%" PRId64, ms ? as_int(value) : as_int(value) / 1000);
		break;
	case BN_FORMAT_INT:
	case BN_FORMAT_BYTES:
		if (value.type == BN_VALUE_REAL && !is_whole(value.r))
			json_double(out, value.r);
		else
			bn_buf_addf(out, "%" PRId64, as_int(value));
		break;
	case BN_FORMAT_MILLIS:
		json_double(out, as_real(value) / 1000);
		break;
	case BN_FORMAT_BOOL:
		bn_buf_adds(out, as_int(value) != 0 ? "true" : "false");
		break;
	default:
		json_double(out, as_real(value));
		break;
	}
}

/* Numbers that ask for attention by themselves: from `warn` on amber (below it, when `low`). */
static const struct {
	const char *name;
	double warn;
	bool low;
	enum bn_role role;
} watched[] = {
    {"failed", 1, false, BN_ROLE_FAILED},      {"children_failed", 1, false, BN_ROLE_FAILED},
    {"errors", 1, false, BN_ROLE_WARN},	       {"skipped", 1, false, BN_ROLE_WARN},
    {"recent_failed", 2, false, BN_ROLE_WARN}, {"certificate", 14.0 * DAY_MS, true, BN_ROLE_WARN},
};

enum bn_role
bn_view_role(const struct bn_column *column, struct bn_value value)
{
	if (value.type == BN_VALUE_NULL)
		return BN_ROLE_DIM;
	if (column->format == BN_FORMAT_STATUS)
		return bn_status_row((enum bn_status)as_int(value))->role;
	if (column->format == BN_FORMAT_SPARK)
		return BN_ROLE_ACCENT;
	if (value.type == BN_VALUE_TEXT) {
		if (strcmp(column->name, "changed") == 0 && strncmp(value.s, "none", 4) != 0)
			return BN_ROLE_CHANGE;
		return BN_ROLE_TEXT;
	}
	if (strcmp(column->name, "stale") == 0 && as_int(value) != 0)
		return BN_ROLE_STALE;
	for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]); i++) {
		bool over = as_real(value) >= watched[i].warn;

		if (strcmp(column->name, watched[i].name) == 0)
			return over != watched[i].low ? watched[i].role : BN_ROLE_TEXT;
	}
	return BN_ROLE_TEXT;
}

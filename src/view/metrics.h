/* metrics.h - what is known, as numbers for other systems: names, labels, values. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_VIEW_METRICS_H
#define BN_VIEW_METRICS_H

#include "view/view.h"

/* A family of numbers. Names and label names are fixed here, so that nothing from outside can become
 * one; only label values come from outside. */
struct bn_metric {
	const char *name; /* "binnacle_source_up" */
	const char *type; /* "gauge" or "counter" */
	const char *doc;  /* one sentence, no full stop; the manual and HELP have it */
	/* Either a SELECT whose columns are the labels and, last, the value (NULL: not known, and then
	 * left out); or a view table with the columns whose values become labels, and the one that is the
	 * value, multiplied by `scale`. */
	const char *sql;
	const char *table, *column;
	double scale;
};
extern const struct bn_metric bn_metrics[]; /* ends with a NULL name; families stand together */

#define BN_METRIC_LABELS 4
struct bn_sample {
	const struct bn_metric *metric;
	const char *label[2 * BN_METRIC_LABELS + 1]; /* name, value … NULL; values unsanitised */
	double value;				     /* finite */
};
/* Calls for every sample, family after family; a second one with the same labels is left out. Everything
 * is borrowed until the call returns. */
typedef int bn_sample_fn(const struct bn_sample *sample, void *payload, struct bn_error *err);
int bn_metrics_each(struct bn_reader *reader, bn_sample_fn *on_sample, void *payload,
		    struct bn_error *err);

#endif

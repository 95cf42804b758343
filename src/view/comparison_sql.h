/* comparison_sql.h - what comparison_side.c asks of one version: its numbers, what is told of it, its parts. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_VIEW_COMPARISON_SQL_H
#define BN_VIEW_COMPARISON_SQL_H

/* ?1 the key, ?2 the source or NULL: id, model, version, metric, better, live. */
extern const char bn_compare_find[];

/* The others have :id, the version's row number. */
#define COST_PER_1000 "cost-per-1000"
enum number_column {
	NUMBER_NAME,
	NUMBER_VALUE,
	NUMBER_UNIT,
	NUMBER_AT,
	NUMBER_LEAST, /* its target, one of the two */
	NUMBER_MOST
};
extern const char bn_compare_numbers[];

/* One row; which of its columns says what. */
enum told_kind {
	TOLD_TEXT,
	TOLD_TIME,
	TOLD_DURATION,
	TOLD_WINDOW /* and the next column: its end */
};
struct told {
	const char *label;
	int column;
	enum told_kind kind;
};
extern const struct told bn_compare_told[]; /* ends with a NULL label */
extern const char bn_compare_facts[];

/* 0 an input, 1 an output, 2 a parameter; name, value. */
extern const char bn_compare_parts[];

#endif

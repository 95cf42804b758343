/* filter.h - the parsed form of the filter language, shared by its parser and its compiler. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_VIEW_FILTER_H
#define BN_VIEW_FILTER_H

#include "view/view.h"

/* Bounds: what is longer or deeper is an error, so that no filter can hang or exhaust anything. */
#define FILTER_MAX_BYTES 1024
#define FILTER_MAX_DEPTH 24
#define FILTER_MAX_TERMS 64
#define FILTER_MAX_REGEX 256

enum bn_operand_type { BN_OPERAND_TEXT, BN_OPERAND_INT, BN_OPERAND_REAL, BN_OPERAND_TIME };

/* What a `?` of the compiled expression is bound to. A time is kept as written, since "-15m" means
 * another moment each time the filter is used. */
struct bn_operand {
	enum bn_operand_type type;
	char *text;
	int64_t i;
	double r;
};

struct bn_filter {
	const struct bn_view_table *table;
	sqlite3
	    *db; /* whose index words are looked up in, borrowed; NULL: every row is looked at */
	struct bn_buf sql;
	struct bn_operand operands[FILTER_MAX_TERMS * 2];
	size_t count;
	size_t terms;
};

/* One comparison as the parser read it. */
enum bn_op { BN_OP_HAS, BN_OP_EQ, BN_OP_NE, BN_OP_LT, BN_OP_GT, BN_OP_LE, BN_OP_GE, BN_OP_MATCH };

/* Appends the SQL for `column op value` (always 0 or 1, never NULL). `quoted`: the value was in
 * quotes. */
int bn_filter_compare(struct bn_filter *filter, const struct bn_column *column, enum bn_op op,
		      const char *value, bool quoted, struct bn_error *err);
/* Appends the SQL for a word looked for in the row's text, and for a regular expression over its
 * name. */
int bn_filter_word(struct bn_filter *filter, const char *word, struct bn_error *err);
int bn_filter_regex(struct bn_filter *filter, const char *expression, const char *pattern,
		    struct bn_error *err);

/* As bn_filter_parse (view.h), with words looked up in the index of `db`, where there is one. The answers are the
 * same; only for queries of what is so now, since the index holds no other text. */
int bn_filter_parse_indexed(struct bn_filter **out, const struct bn_view_table *table, sqlite3 *db,
			    const char *text, struct bn_error *err);

#endif

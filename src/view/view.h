/* view.h - what is shown: one table of columns a kind of thing, queries over the store, formatted values. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_VIEW_VIEW_H
#define BN_VIEW_VIEW_H

#include "base/memory.h"
#include "base/status.h"
#include "store/store.h"

/* How a value is shown and what it is in JSON. */
enum bn_format {
	BN_FORMAT_TEXT,
	BN_FORMAT_STATUS,   /* status number; screen: glyph; JSON: the word */
	BN_FORMAT_TIME,	    /* ms UTC; screen: 03:07 today, 03-07 else; JSON: RFC 3339 */
	BN_FORMAT_AGE,	    /* ms since; screen "5m34s"; JSON: integer seconds */
	BN_FORMAT_DURATION, /* ms; screen "2m06s"; JSON: integer seconds (unit s) */
	BN_FORMAT_UNTIL,    /* ms UTC in the future; screen "04:05"; JSON: RFC 3339 */
	BN_FORMAT_INT,
	BN_FORMAT_NUMBER,
	BN_FORMAT_MILLIS, /* µs in the store; screen ms "12"; JSON: number of ms */
	BN_FORMAT_PERCENT,
	BN_FORMAT_BYTES,
	BN_FORMAT_BOOL,
	BN_FORMAT_HISTORY, /* text of status numbers, one char each ('0'+status), oldest first:
			      "●●✗"; JSON: words */
	BN_FORMAT_SPARK,   /* JSON array of numbers with null for holes; screen: a sparkline */
	BN_FORMAT_JSON	   /* JSON text, passed on as it is */
};

enum bn_align { BN_LEFT, BN_RIGHT };

/* One column of one kind of thing. The console's tables, --columns, CSV, JSON, the filter's fields
 * and the manual all come from this row. */
struct bn_column {
	const char *name; /* --columns, filter field, JSON member: lower case, '_' between words */
	const char *header; /* on the screen */
	int width; /* columns wanted on the screen; 0: as wide as the rest leaves (one a table) */
	int min_width; /* below this it is dropped */
	enum bn_align align;
	int level; /* 0 always, 1 at 80 columns and more, 2 at 120 and more, 3 only when asked for
		      (wide) */
	enum bn_format format;
	const char *unit; /* as written in the manual and JSON schema: "ms", "s", "bytes", NULL */
	const char *sql;  /* expression over the table's `from` */
	const char *doc;
};

struct bn_view_table {
	const char *name; /* "runs": the command, the JSON schema binnacle.runs/N, the screen */
	int schema;	  /* N: raised when a member changes its meaning or goes */
	enum bn_kind kind;
	const char *doc;
	/* FROM … WHERE clause without a filter. May name :source, :kind, :key (the query's scope),
	 * :attempt, :since and :until; each is NULL where the query leaves it open. */
	const char *from;
	const char *from_pipeline; /* the same for a query whose scope is a pipeline, or NULL */
	const char *id_sql;	   /* three expressions: source, kind number, key; "a, b, c" */
	const char *order;	   /* default: worst first, then longest, then name */
	const char *problem_sql;   /* expression for `!` problems only */
	const char *time_sql;	   /* expression --since compares with, or NULL */
	const char *status_sql; /* the row's mark: a status number after staleness; NULL: unknown */
	const char *stale_sql;	/* whether what the row says is too old to be believed */
	const char *age_sql; /* how long ago that was read, in ms; NULL where rows can't be stale */
	const char *search_sql; /* the text that the filter's plain words are looked for in */
	const char *row_sql;	/* a number unique to the row, for long tables; or NULL */
	/* The number of the entity whose name, key and message are all that search_sql holds: plain words are
	 * then looked up in the store's index; or NULL. */
	const char *indexed_sql;
	const char *name_sql;		 /* what /regex/ alone is matched with */
	const struct bn_column *columns; /* ends with a NULL name */
};

/* All tables: pipelines (the Runs screen: latest run each), runs, tasks (of one run), endpoints,
 * sources, calls (of one source), findings, triage, moving, timeline, notes, changed (what changed
 * around a thing). Ends with a NULL name. */
extern const struct bn_view_table *const bn_view_tables[];
const struct bn_view_table *bn_view_table(const char *name);

/* Where things of that kind are listed, a row each with how it is; NULL: they are listed nowhere. */
const struct bn_view_table *bn_view_table_of(enum bn_kind kind);
const struct bn_column *bn_view_column(const struct bn_view_table *table, const char *name);

/* ---- queries ------------------------------------------------------------------------------- */

struct bn_query {
	const struct bn_view_table *table;
	const char *const *columns; /* names, NULL-terminated; NULL: level 0..2 */
	const char *filter;	    /* the filter language, NULL: everything */
	/* Only what the data products of this domain touch: theirs, what is upstream of them, its sources; NULL:
	 * everything. With a scope it is of no account. */
	const char *domain;
	const struct bn_zone *zone; /* of times in the filter, borrowed; NULL: UTC */
	const char *sort; /* "column", "-column", comma separated; NULL: the table's order */
	bool problems;
	/* With problems: stays among the rows though it is none (any more); key NULL: nothing does. */
	struct bn_ref keep;
	bn_time since, until;  /* 0: open */
	struct bn_ref scope;   /* tasks, calls, changed, timeline of one thing; kind NONE: of all */
	int attempt;	       /* tasks: 0 the latest */
	int64_t limit, offset; /* rows; 0: no limit */
	bool
	    uncounted; /* nobody asks for bn_rows_total: spares a second pass where there is a limit */
};

/* A value as the query gave it. Text is borrowed from the rows. */
struct bn_value {
	enum { BN_VALUE_NULL, BN_VALUE_INT, BN_VALUE_REAL, BN_VALUE_TEXT } type;
	int64_t i;
	double r;
	const char *s;
};

/* An immutable result: safe to hand from the view thread to the UI. Every row also has the
 * identity, the status (after staleness) and the staleness of its thing. */
struct bn_rows;
int bn_view_query(struct bn_reader *reader, const struct bn_query *query, struct bn_rows **out,
		  struct bn_error *err);
void bn_rows_free(struct bn_rows *rows);
size_t bn_rows_count(const struct bn_rows *rows);
size_t bn_rows_total(const struct bn_rows *rows); /* without limit and offset */
size_t bn_rows_columns(const struct bn_rows *rows);
const struct bn_column *bn_rows_column(const struct bn_rows *rows, size_t column);
struct bn_value bn_rows_value(const struct bn_rows *rows, size_t row, size_t column);
/* By column name; NULL value if the column wasn't asked for. */
struct bn_value bn_rows_named(const struct bn_rows *rows, size_t row, const char *column);
struct bn_ref bn_rows_ref(const struct bn_rows *rows, size_t row);
enum bn_status bn_rows_status(const struct bn_rows *rows, size_t row);
bool bn_rows_stale(const struct bn_rows *rows, size_t row);
/* How long ago what the row says was read, in ms; -1 where that isn't known. */
int64_t bn_rows_age(const struct bn_rows *rows, size_t row);
bn_time bn_rows_now(const struct bn_rows *rows); /* the moment it was asked for */

/* ---- formatting ---------------------------------------------------------------------------- */

/* How text for a person is made: zone, glyph set. */
struct bn_style {
	const struct bn_zone *zone; /* NULL: UTC */
	bool ascii;
	bn_time now;
};

/* Appends the value as a person reads it, sanitised; nothing for NULL ("–" or "-" is the caller's,
 * who knows the width: bn_view_absent). `width` bounds sparklines and histories (the newest are
 * kept); 0: no bound. */
void bn_view_show(struct bn_buf *out, const struct bn_column *column, struct bn_value value,
		  const struct bn_style *style, size_t width);
const char *bn_view_absent(const struct bn_style *style);
/* Appends the value as JSON per the column's format. */
void bn_view_json(struct bn_buf *out, const struct bn_column *column, struct bn_value value);
/* The colour role a cell asks for (a status' own, warn for a latency over its SLO …). */
enum bn_role bn_view_role(const struct bn_column *column, struct bn_value value);

/* ---- the filter language ------------------------------------------------------------------- */

/* words            every word must occur in name, key or message, in any case
 * "quoted words"   as they stand, blanks and signs included; a backslash keeps the next character
 * field:value      text: contains it; else the same as =
 * field=value  field!=value  field<value  > <= >=
 *                  numbers, durations ("5m"), sizes ("64k"), times ("03:05", "-15m", RFC 3339),
 *                  statuses (the word, or a class: fine, problem, unknown) as the column has them;
 *                  text regardless of case. What has no value is equal to nothing, not less, not more;
 *                  field="" finds it
 * field~regex      regular expression (PCRE2, bounded); /regex/ alone: over the name
 * !term  or  -term not;    a b  or  a AND b  both;    a OR b  either;    ( … )
 * Compiled to SQL with bound parameters; fields are columns of the table, unknown ones are errors with
 * the nearest right one. At most 1024 bytes, 64 terms, 24 levels; errors say where. Times are read in
 * the query's zone at the moment the filter is used. */
struct bn_filter;
int bn_filter_parse(struct bn_filter **out, const struct bn_view_table *table, const char *text,
		    struct bn_error *err);
void bn_filter_free(struct bn_filter *filter);
const char *
bn_filter_sql(const struct bn_filter *filter); /* a boolean expression with ?-parameters */
/* `zone`: what a time of day or a date without a zone of its own is read in; NULL: UTC. */
int bn_filter_bind(const struct bn_filter *filter, sqlite3_stmt *statement, int first, bn_time now,
		   const struct bn_zone *zone);

/* ---- what the header and the four questions need ------------------------------------------- */

struct bn_summary {
	int failed, warned,
	    running; /* triage: crit and warn findings that need a person; runs in flight */
	int unknown; /* entities not known now */
	int sources, sources_ok;
	int acknowledged, snoozed, silenced;
	int folded_from; /* what is wrong before folding: findings, and tasks behind failed runs */
	bn_time newest;	 /* when anything arrived last */
	bool
	    stale; /* nothing arrived for 30 s (or twice the longest interval, if that is longer) */
};
int bn_view_summary(struct bn_reader *reader, struct bn_summary *out, struct bn_error *err);
/* The same of what one domain's data products touch (struct bn_query.domain); NULL: of everything. */
int bn_view_summary_of(struct bn_reader *reader, const char *domain, struct bn_summary *out,
		       struct bn_error *err);

/* The detail of one thing as labelled lines ("why", "then", "hits", "changed", "next" …): the pane
 * under a list, `run show`, `endpoint show`. Lines belong to the caller's arena. */
struct bn_detail_line {
	const char *label; /* "" continues the one above */
	const char *text;  /* sanitised */
	enum bn_role role;
};
struct bn_detail {
	const char *title, *subtitle;
	const struct bn_detail_line *lines;
	size_t count;
};
int bn_view_detail(struct bn_reader *reader, struct bn_ref about, const struct bn_style *style,
		   struct bn_arena *arena, struct bn_detail *out, struct bn_error *err);

/* Finds the one thing a person's reference means: exact key, then exact name, then a unique prefix.
 * `source` may be NULL. Strings into the arena. BN_ENOTFOUND with the nearest, BN_EINVAL with
 * the candidates. */
int bn_view_resolve(struct bn_reader *reader, enum bn_kind kind, const char *source,
		    const char *key, struct bn_arena *arena, struct bn_ref *out,
		    struct bn_error *err);
/* The same, but no prefix will do. */
int bn_view_resolve_whole(struct bn_reader *reader, enum bn_kind kind, const char *source,
			  const char *key, struct bn_arena *arena, struct bn_ref *out,
			  struct bn_error *err);

#endif

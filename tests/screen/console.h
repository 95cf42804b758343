/* console.h - the real console on a served demo, for screen tests: start it, read its tables. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TESTS_CONSOLE_H
#define BN_TESTS_CONSOLE_H

#include "tests/test.h"

#include "tests/cli/served.h"
#include "tests/screen/harness.h"

/* Starts "binnacle --demo=DIR" and waits until every source has answered and the screen rests. `term` NULL:
 * xterm-256color; `env` as in struct bn_term_options; `option` (may be NULL) is one more argument. */
struct bn_term *console_start(const struct served *served, int cols, int rows, const char *term,
			      const char *const *env, const char *option);
/* The same as soon as it stands on the screen: for a world whose clock goes, where nothing ever settles. */
struct bn_term *console_open(const struct served *served, int cols, int rows, const char *term,
			     const char *const *env, const char *option);
/* Types keys (see bn_term_play) and waits until the screen rests. */
void console_play(struct bn_term *t, const char *keys);
/* Leaves with Q; the exit status has to be 0. Frees. */
void console_quit(struct bn_term *t);

/* The text between two columns of a row, blanks at both ends cut. The caller frees. */
char *console_cut(struct bn_term *t, int row, int from, int to);
/* A table on the screen: its header row was found by `first`, a column's name. */
struct screen_table {
	struct bn_term *t;
	int header;
	char *line; /* the header's text, a byte a column: names are ASCII */
	int width;
};
void table_open(struct screen_table *table, struct bn_term *t, const char *first);
void table_close(struct screen_table *table);
/* The row whose column `name` begins with `text`; -1 if there is none before the next rule. */
int table_row(const struct screen_table *table, const char *name, const char *text);
/* A cell's text. Columns end where the next header begins. The caller frees. */
char *table_cell(const struct screen_table *table, int row, const char *name);
/* The cell holds `expected`, or the beginning of it and an ellipsis. */
void table_expect(const struct screen_table *table, int row, const char *name,
		  const char *expected);

/* Whether it has a column of that name; which there are depends on its width. */
bool table_has(const struct screen_table *table, const char *name);
/* The glyph that stands before the first column `first` of a row; "" where there is none. The caller frees. */
char *table_mark(const struct screen_table *table, int row, const char *first);
/* As table_expect, where there is such a column. */
void table_expect_any(const struct screen_table *table, int row, const char *name,
		      const char *expected);

/* Fields of facts.json. */
const char *fact_text(const json_t *object, const char *path); /* "" if absent or null */
long long fact_time(const json_t *object, const char *path);   /* ms, 0 if absent or null */
/* "03:07" of a moment; "–" for 0. The buffer is the caller's, 16 bytes. */
const char *fact_clock(long long ms, char *out);

#endif

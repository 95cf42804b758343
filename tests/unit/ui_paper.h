/* ui_paper.h - an ncurses screen nobody sees, for the tests of widgets: draw, then read the cells back. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TESTS_UI_PAPER_H
#define BN_TESTS_UI_PAPER_H

#include <locale.h>
#include <stdlib.h>
#include <wchar.h>

#include "tests/test.h"
#include "ui/draw.h"

struct paper {
	FILE *null_out, *null_in;
	SCREEN *screen;
	struct bn_theme theme;
	struct bn_pen pen;
};

static inline void
paper_open(struct paper *paper, int rows, int columns, bool ascii)
{
	char text[16];
	struct bn_error err;

	memset(paper, 0, sizeof(*paper));
	setlocale(LC_CTYPE, "C.UTF-8");
	snprintf(text, sizeof(text), "%d", rows);
	setenv("LINES", text, 1);
	snprintf(text, sizeof(text), "%d", columns);
	setenv("COLUMNS", text, 1);
	paper->null_out = fopen("/dev/null", "w");
	paper->null_in = fopen("/dev/null", "r");
	paper->screen = newterm("vt100", paper->null_out, paper->null_in);
	assert_non_null(paper->screen);
	assert_ok(bn_theme_choose(&paper->theme, "mono", 0, true, &err), &err);
	bn_pen_init(&paper->pen, stdscr, &paper->theme, ascii);
}

static inline void
paper_close(struct paper *paper)
{
	bn_pen_clear(&paper->pen);
	endwin();
	delscreen(paper->screen);
	fclose(paper->null_out);
	fclose(paper->null_in);
}

/* One row as UTF-8, blanks at its end cut. The caller frees. */
static inline char *
paper_row(int y)
{
	wchar_t wide[512];
	char *text = calloc(1, 2048);
	size_t length;

	assert_true(mvinnwstr(y, 0, wide, 500) != ERR);
	wcstombs(text, wide, 2047);
	length = strlen(text);
	while (length > 0 && text[length - 1] == ' ')
		text[--length] = '\0';
	return text;
}

#define assert_row(y, expected)                                                                    \
	do {                                                                                       \
		char *row_ = paper_row(y);                                                         \
		assert_string_equal(row_, expected);                                               \
		free(row_);                                                                        \
	} while (0)
#define assert_row_has(y, part)                                                                    \
	do {                                                                                       \
		char *row_ = paper_row(y);                                                         \
		if (strstr(row_, part) == NULL)                                                    \
			fail_msg("row %d is \"%s\", without \"%s\"", y, row_, part);               \
		free(row_);                                                                        \
	} while (0)

#endif

/* floor_screen.c - ncurses alone: a list with a reversed bar, or recorded screens drawn one after the other. */
/* SPDX-License-Identifier: MIT
 *
 * usage: floor_screen          j and k move the bar over 500 rows and scroll at the edges
 *        floor_screen FRAMES   each byte read paints the next of these screens (cells of tests/screen/harness.h) */
#include <curses.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "tests/screen/harness.h"

#define ITEMS 500

/* ---- the list ------------------------------------------------------------------------------ */

static void
draw_list(int top, int selected)
{
	int height = getmaxy(stdscr) - 2;

	erase();
	mvprintw(0, 0, "%d of %d", selected + 1, ITEMS);
	for (int y = 0; y < height && top + y < ITEMS; y++) {
		attrset(top + y == selected ? A_REVERSE : A_NORMAL);
		mvprintw(y + 1, 0, "%-*.*s", getmaxx(stdscr), getmaxx(stdscr), "");
		mvprintw(
		    y + 1, 0,
		    "  pipeline-%03d-hourly  transformation  argo  03:%02d  4m%02ds  5 * * * *",
		    top + y, (top + y) % 60, (top + y * 7) % 60);
	}
	attrset(A_NORMAL);
	refresh();
}

static void
run_list(void)
{
	int top = 0, selected = 0, height = getmaxy(stdscr) - 2;
	char key;

	draw_list(top, selected);
	while (read(STDIN_FILENO, &key, 1) == 1 && key != 'q') {
		if (key == 'j' && selected + 1 < ITEMS)
			selected++;
		else if (key == 'k' && selected > 0)
			selected--;
		if (selected >= top + height)
			top = selected - height + 1;
		if (selected < top)
			top = selected;
		draw_list(top, selected);
	}
}

/* ---- recorded screens ---------------------------------------------------------------------- */

static attr_t
attributes(const struct bn_term_cell *cell)
{
	return (cell->bold ? A_BOLD : 0) | (cell->italic ? A_ITALIC : 0) |
	       (cell->underline ? A_UNDERLINE : 0) | (cell->reverse ? A_REVERSE : 0);
}

static void
draw_cell(int y, int x, const struct bn_term_cell *cell)
{
	wchar_t text[CCHARW_MAX + 1] = {L' ', 0};
	cchar_t c;
	int pair;

	if (cell->width == 0) /* the right half of a wide character comes with its left one */
		return;
	if (cell->text[0] != '\0' && mbstowcs(text, cell->text, CCHARW_MAX) == (size_t)-1)
		text[0] = L'?';
	pair = cell->fg == -1 && cell->bg == -1 ? 0 : alloc_pair(cell->fg, cell->bg);
	if (pair < 0 || setcchar(&c, text, attributes(cell), (short)pair, &pair) == ERR)
		return;
	mvadd_wch(y, x, &c);
}

static void
run_frames(FILE *file)
{
	size_t count = (size_t)getmaxy(stdscr) * (size_t)getmaxx(stdscr);
	struct bn_term_cell *cells = calloc(count, sizeof(*cells));
	char key = 'n';

	while (cells != NULL && key != 'q' && fread(cells, sizeof(*cells), count, file) == count) {
		erase();
		for (size_t i = 0; i < count; i++)
			draw_cell((int)i / getmaxx(stdscr), (int)i % getmaxx(stdscr), &cells[i]);
		refresh();
		if (read(STDIN_FILENO, &key, 1) != 1)
			break;
	}
	free(cells);
}

int
main(int argc, char **argv)
{
	FILE *file = argc > 1 ? fopen(argv[1], "re") : NULL;
	SCREEN *screen;

	setlocale(LC_ALL, "");
	screen = newterm(NULL, stdout, stdin);
	if (screen == NULL || (argc > 1 && file == NULL))
		return 1;
	cbreak();
	noecho();
	idlok(stdscr, TRUE);
	leaveok(stdscr, TRUE);
	curs_set(0);
	start_color();
	use_default_colors();
	if (file != NULL)
		run_frames(file);
	else
		run_list();
	endwin();
	delscreen(screen);
	if (file != NULL)
		fclose(file);
	return 0;
}

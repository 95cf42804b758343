/* toy.c - a small ncurses program that the screen harness is tried on. */
/* SPDX-License-Identifier: MIT */
#include <curses.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
paint(void)
{
	erase();
	mvprintw(0, 0, "toy %dx%d", COLS, LINES);
	attron(A_BOLD | COLOR_PAIR(1));
	mvaddstr(1, 2, "red");
	attroff(A_BOLD | COLOR_PAIR(1));
	attron(A_REVERSE);
	mvaddstr(1, 10, "turned");
	attroff(A_REVERSE);
	attron(COLOR_PAIR(2) | A_UNDERLINE);
	mvaddstr(1, 20, "208");
	attroff(COLOR_PAIR(2) | A_UNDERLINE);
	mvaddstr(2, 0, "漢字 wide e\xcc\x81 combined ┌─┐ ▁▄█");
	refresh();
}

static void
echo_key(int key)
{
	static int line = 4;
	const char *name = keyname(key);

	/* Shows the three newest, so that a test sees each key arrive. */
	mvprintw(line, 0, "key %-20s", name != NULL ? name : "?");
	line = line == 6 ? 4 : line + 1;
	refresh();
}

int
main(int argc, char **argv)
{
	SCREEN *screen;
	int key;

	if (argc > 1 && strcmp(argv[1], "env") == 0) {
		for (int i = 2; i < argc; i++)
			printf("%s=%s\n", argv[i],
			       getenv(argv[i]) != NULL ? getenv(argv[i]) : "(none)");
		return 0;
	}
	setlocale(LC_ALL, "");
	screen = newterm(NULL, stdout, stdin);
	if (screen == NULL)
		return 4;
	set_escdelay(25);
	start_color();
	use_default_colors();
	init_pair(1, COLOR_RED, -1);
	init_pair(2, COLORS >= 256 ? 208 : COLOR_YELLOW, COLOR_BLUE);
	noecho();
	raw();
	keypad(stdscr, TRUE);
	curs_set(0);
	paint();
	/* A new size that comes just before getch() sleeps is seen when it wakes, so it must wake by itself. */
	timeout(100);
	while ((key = getch()) != 'q') {
		if (key == ERR)
			continue;
		if (key == KEY_RESIZE)
			paint();
		else if (key == 'x')
			raise(SIGKILL);
		else
			echo_key(key);
	}
	endwin();
	delscreen(screen);
	return 3;
}

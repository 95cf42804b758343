/* floor_start.c - the least that could start like the console: the same libraries, all initialised, one query, one
 * paint. */
/* SPDX-License-Identifier: MIT */
#include <curl/curl.h>
#include <curses.h>
#include <git2.h>
#include <jansson.h>
#include <locale.h>
#include <microhttpd.h>
#include <openssl/ssl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

static const char rows_sql[] =
    "SELECT e.name, e.message, r.started_at FROM run r JOIN entity e ON e.id = r.entity_id"
    " ORDER BY r.started_at DESC LIMIT ?1";

static int
paint(sqlite3 *db)
{
	sqlite3_stmt *row = NULL;
	int y = 1;

	if (sqlite3_prepare_v2(db, rows_sql, -1, &row, NULL) != SQLITE_OK)
		return 1;
	sqlite3_bind_int(row, 1, getmaxy(stdscr) - 2);
	attrset(A_REVERSE);
	mvprintw(0, 0, "%-*s", getmaxx(stdscr), "floor");
	attrset(A_NORMAL);
	for (; sqlite3_step(row) == SQLITE_ROW; y++)
		mvprintw(y, 0, "%-48.48s %14lld  %s", (const char *)sqlite3_column_text(row, 0),
			 (long long)sqlite3_column_int64(row, 2),
			 sqlite3_column_type(row, 1) == SQLITE_NULL
			     ? ""
			     : (const char *)sqlite3_column_text(row, 1));
	sqlite3_finalize(row);
	refresh();
	return 0;
}

/* Names one function of each library that has nothing to initialise, so that the linker keeps it. */
static int
touch_libraries(void)
{
	uint32_t unicode = 0;

	pcre2_config(PCRE2_CONFIG_UNICODE, &unicode);
	return (int)unicode + (MHD_get_version() != NULL) + (TLS_client_method() != NULL) +
	       (json_object_seed(1), 0);
}

int
main(int argc, char **argv)
{
	sqlite3 *db = NULL;
	SCREEN *screen;
	char byte;
	int rc = 1;

	setlocale(LC_ALL, "");
	if (argc < 2 || touch_libraries() == 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0 ||
	    git_libgit2_init() < 0)
		return 1;
	if (sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		return 1;
	screen = newterm(NULL, stdout, stdin);
	if (screen == NULL)
		return 1;
	cbreak();
	noecho();
	if (has_colors()) {
		start_color();
		use_default_colors();
	}
	rc = paint(db);
	while (rc == 0 && read(STDIN_FILENO, &byte, 1) == 1 && byte != 'q')
		continue;
	endwin();
	delscreen(screen);
	sqlite3_close(db);
	return rc;
}

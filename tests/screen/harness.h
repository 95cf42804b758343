/* harness.h - runs a program on a pseudo-terminal and reads its screen back through libvterm. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_SCREEN_HARNESS_H
#define BN_SCREEN_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* One program on one terminal. Not thread-safe. Nothing here asserts: every wait has a limit in
 * milliseconds of the monotonic clock and says whether what it waited for came. */
struct bn_term;

/* How to start it. `argv` ends in NULL; argv[0] is looked up in PATH when it has no slash. */
struct bn_term_options {
	int cols, rows;	  /* 0 means 80 and 24 */
	const char *term; /* $TERM, NULL for xterm-256color */
	const char *dir;  /* working directory, NULL for the caller's */
	const char *const
	    *env; /* "NAME=value" or, to remove it, "NAME"; ends in NULL; may be NULL */
	const char *const *argv;
};

/* A cell as the user sees it. A colour is -1 for the terminal's default, 0-255 for a palette index,
 * or BN_TERM_RGB plus 0xRRGGBB. `text` is empty in the right half of a wide character. */
#define BN_TERM_RGB 0x1000000
struct bn_term_cell {
	char text[32];
	int width; /* columns: 1 or 2; 0 for the right half */
	int fg, bg;
	bool bold, italic, underline, reverse;
};

/* Starts the program with the caller's environment, less LINES, COLUMNS, LANG, NO_COLOR and
 * COLORTERM, with LC_ALL=C.UTF-8 and TERM, changed by `env`. Returns NULL when no terminal or
 * process could be made. */
struct bn_term *bn_term_start(const struct bn_term_options *options);

/* Kills the process group if it still runs, and frees. NULL is fine. */
void bn_term_free(struct bn_term *t);

/* Reads what has come, for at most `ms`; true if anything did. */
bool bn_term_pump(struct bn_term *t, int ms);

/* Reads until `text` stands in one row of the screen (or, for gone, in none), or the time is over.
 */
bool bn_term_wait(struct bn_term *t, const char *text, int limit_ms);
bool bn_term_wait_gone(struct bn_term *t, const char *text, int limit_ms);

/* Reads until nothing has come for `quiet_ms`. False if output still came when `limit_ms` was over.
 */
bool bn_term_settle(struct bn_term *t, int quiet_ms, int limit_ms);

/* Types UTF-8 text as it is, control characters included. */
void bn_term_type(struct bn_term *t, const char *text);

/* Presses one named key as the terminal in its present mode sends it: Enter Esc Tab BackTab Space
 * BS Up Down Left Right Home End PgUp PgDn Ins Del F1 ... F12, C-x (control), M-x (alt), lt (the
 * character <). False if the name is none of these. */
bool bn_term_press(struct bn_term *t, const char *name);

/* Plays a script of keys: literal text, and in angle brackets the names above or
 *   <Wait:text> <Gone:text>  until the text is or is not on the screen (60 s, or the patience)
 *   <Quiet:ms>               until nothing has come for that long (likewise)
 *   <Size:COLSxROWS>         resize
 * After Esc it waits half a second, as a person does, or the next key would make it Alt. False, and
 * why in `why` (of `whylen` bytes), when a wait failed, the program ended, or the script is wrong.
 */
bool bn_term_play(struct bn_term *t, const char *script, char *why, size_t whylen);

/* How many ms each wait of a script may take from now on. */
void bn_term_patience(struct bn_term *t, int ms);

/* Tells the program of a new size (SIGWINCH). */
void bn_term_resize(struct bn_term *t, int cols, int rows);

/* The screen as UTF-8, a line a row, blanks at the ends of rows cut. Caller frees. */
char *bn_term_dump(struct bn_term *t);

/* One row, likewise. "" outside the screen. Caller frees. */
char *bn_term_row(struct bn_term *t, int row);

/* Where `text` stands first, in reading order, as row and column of cells; false if nowhere. */
bool bn_term_find(struct bn_term *t, const char *text, int *row, int *col);

/* The cell at a place; a blank with width 1 outside the screen. */
struct bn_term_cell bn_term_cell(struct bn_term *t, int row, int col);

/* What the terminal was told: place and visibility of the cursor, alternate screen, mouse reports.
 */
void bn_term_cursor(const struct bn_term *t, int *row, int *col);
bool bn_term_cursor_visible(const struct bn_term *t);
bool bn_term_altscreen(const struct bn_term *t);
bool bn_term_mouse(const struct bn_term *t);

/* Bytes the program has written so far, and the last of them as they came (at most 1 MiB are kept;
 * the pointer holds until more is read). */
size_t bn_term_bytes(const struct bn_term *t);
const char *bn_term_raw(const struct bn_term *t, size_t *len);

/* Columns and rows now. */
void bn_term_size(const struct bn_term *t, int *cols, int *rows);

/* The program's process id, to send it signals. */
pid_t bn_term_pid(const struct bn_term *t);

/* Closes the terminal from its far end, as a lost SSH connection does (SIGHUP). */
void bn_term_hang_up(struct bn_term *t);

/* Waits for the end, reading on. Returns the exit status, 128 + signal, or -1 if it still runs. */
int bn_term_exit(struct bn_term *t, int limit_ms);

/* Writes the screen as a picture; returns false if writing failed. */
bool bn_term_svg(struct bn_term *t, FILE *out);

#endif

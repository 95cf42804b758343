/* input.h - one line of text being edited, with a history and completion. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_INPUT_H
#define BN_UI_INPUT_H

#include "ui/draw.h"
#include "ui/key.h"

/* Lines entered before, newest last; at most 200. */
struct bn_history {
	struct bn_strlist lines;
	bool (*refuses)(const char *line); /* what no key may bring back; NULL: nothing */
};
/* Adds a line unless it is empty, refused, or the newest one already. */
void bn_history_add(struct bn_history *history, const char *line);
/* From and to a file of one line each, mode 0600; failing to read or write it is no failure. */
void bn_history_load(struct bn_history *history, const char *path);
void bn_history_save(const struct bn_history *history, const char *path);

struct bn_input {
	struct bn_buf text; /* UTF-8, at most 4096 bytes */
	size_t at;	    /* byte where the cursor stands */
	const struct bn_history *history;
	size_t recalled;	  /* lines back in the history; 0: what is being typed */
	char *typed;		  /* that, while the history is shown */
	struct bn_strlist offers; /* completions shown */
	size_t offer;
};
void bn_input_init(struct bn_input *input, const char *initial, const struct bn_history *history);
void bn_input_clear(struct bn_input *input);

enum bn_input_result {
	BN_INPUT_NOTHING,
	BN_INPUT_CHANGED,
	BN_INPUT_DONE,
	BN_INPUT_LEFT,
	BN_INPUT_COMPLETE
};
/* Takes one key: letters, Left Right Home End Backspace Delete, Ctrl-A E U K W, Up Down for the
 * history. Pasted text is taken as text whatever it holds; its line ends become blanks. Enter:
 * DONE; Esc, Ctrl-C and Backspace on an empty line: LEFT; Tab: COMPLETE. */
enum bn_input_result bn_input_key(struct bn_input *input, const struct bn_key_event *event);
/* Completes the word before the cursor from `offers` (taken over): one is put in, of several their common
 * beginning, then one after the other. */
void bn_input_complete(struct bn_input *input, struct bn_strlist *offers, bool backwards);

/* Draws label and text over the width; returns the column where the terminal's cursor belongs. */
int bn_input_draw(const struct bn_input *input, struct bn_pen *pen, int y, int x, int width,
		  const char *label);

#endif

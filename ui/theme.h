/* theme.h - what the semantic roles look like: gitconfig files, the built-in ones embedded. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_THEME_H
#define BN_UI_THEME_H

#include <stdbool.h>

#include "base/status.h"
#include "config/config.h"

/* -1: the terminal's own. */
struct bn_look {
	int fg, bg;
	bool bold, dim, underline, reverse;
};

struct bn_theme {
	char name[32];
	int colours; /* how many the terminal must have; 0: none needed */
	char
	    charts[12]; /* what its charts are made of, a word of [ui] charts; "": it doesn't say */
	struct bn_look looks[BN_ROLE_COUNT];
};

/* The built-in themes, embedded from themes/NAME.theme; ends with a NULL name. */
struct bn_theme_file {
	const char *name;
	const char *text;
};
extern const struct bn_theme_file bn_theme_files[];

/* Reads a theme. A role that it doesn't name looks like "text". BN_ECONFIG with file and line. */
int bn_theme_load_text(struct bn_theme *out, const char *name, const char *text,
		       struct bn_error *err);
int bn_theme_load(struct bn_theme *out, const char *path, struct bn_error *err);

/* The theme of that name, or of that file if the name holds a slash; with NULL or "auto", or where
 * the terminal has too few colours for it, the best that fits. `mono` (NO_COLOR) allows no colour
 * at all. When the wanted one can't be had, *out is a usable one and the reason is returned. */
int bn_theme_choose(struct bn_theme *out, const char *wanted, int colours, bool mono,
		    struct bn_error *err);

#endif

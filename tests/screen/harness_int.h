/* harness_int.h - what the harness's own files share. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_SCREEN_HARNESS_INT_H
#define BN_SCREEN_HARNESS_INT_H

#include <vterm.h>

#include "tests/screen/harness.h"

struct bn_term {
	int fd; /* our end of the terminal, -1 once closed */
	pid_t pid;
	int status; /* -1 while it runs */
	int cols, rows;
	int patience; /* ms, of a script's waits; 0: the default */
	VTerm *vt;
	VTermScreen *screen;
	VTermPos cursor;
	bool cursor_visible, altscreen, mouse;
	size_t bytes;
	char *raw;
	size_t raw_len;
};

/* Writes the UTF-8 form of `c` to `out` (at least 4 bytes), unterminated; returns its length. */
size_t bn_term_utf8(uint32_t c, char *out);

#endif

/* term.h - the terminal: taken over carefully, always given back. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_TERM_H
#define BN_UI_TERM_H

#include <stdbool.h>
#include <stddef.h>

#include "binnacle/types.h"

/* Standard input and output as a full-screen terminal. From bn_term_open on, every way out of the
 * process gives it back: bn_term_close, exit(3) (also of the out-of-memory kind), a fatal signal.
 */
struct bn_term;

/* BN_EUNSUPPORTED where there is no terminal, or none that can address the cursor, with what to do
 * instead. A TERM this host has never heard of is replaced by the nearest there is, which *replaced
 * (may be NULL) then names; it is NULL otherwise. `mouse` asks for mouse reports (the terminal's
 * own selection then needs Shift). Sets LC_CTYPE from the environment. */
int bn_term_open(struct bn_term **out, bool mouse, const char **replaced, struct bn_error *err);
void bn_term_close(struct bn_term *term); /* NULL allowed */

int bn_term_fd(const struct bn_term *term);	 /* to poll and read keys from */
bool bn_term_ascii(const struct bn_term *term);	 /* the locale is not UTF-8 */
int bn_term_colours(const struct bn_term *term); /* 0: none */

/* After SIGWINCH: asks for the size; true if it differs. Then everything has to be painted anew. */
bool bn_term_resized(struct bn_term *term);
/* Puts what was drawn on the screen; `whole`: every cell, whatever ncurses believes is there. */
void bn_term_paint(struct bn_term *term, bool whole);

/* Gives the terminal back and takes it again, around a suspension. */
void bn_term_release(struct bn_term *term);
void bn_term_reclaim(struct bn_term *term);

/* Puts sanitised text on the clipboard of the person's own terminal (OSC 52, also through tmux and
 * screen). BN_ETOOBIG beyond 74,994 bytes, the most that terminals commonly take. */
int bn_term_copy(struct bn_term *term, const char *text, struct bn_error *err);

#endif

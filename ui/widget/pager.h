/* pager.h - long text: scrolling, following, wrapping, searching; never a raw escape sequence. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_PAGER_H
#define BN_UI_PAGER_H

#include "ui/draw.h"
#include "ui/keymap.h"

struct bn_pager;

/* Holds at most `max_bytes` (0: 16 MiB); the oldest lines give way and are counted. `levels`: lines
 * that say ERROR or WARN are coloured so. */
struct bn_pager *bn_pager_new(size_t max_bytes, bool levels);
void bn_pager_free(struct bn_pager *pager);

/* Adds one line (without its end). SGR sequences are taken out, whatever else is no text is made
 * visible by the sanitiser. `head` (may be NULL) stands dimmed before it (a time, a key). */
void bn_pager_add(struct bn_pager *pager, const char *head, const char *text, size_t size,
		  enum bn_role role);
/* Adds text of many lines. */
void bn_pager_add_text(struct bn_pager *pager, const char *text);
void bn_pager_clear(struct bn_pager *pager);
size_t bn_pager_lines(const struct bn_pager *pager);
const char *bn_pager_line(const struct bn_pager *pager, size_t line); /* sanitised */
size_t bn_pager_dropped(const struct bn_pager *pager);

/* Scrolling, following, wrapping, next and previous hit. True if the action was one of the pager's
 * own. */
bool bn_pager_act(struct bn_pager *pager, enum bn_action action);
void bn_pager_follow(struct bn_pager *pager, bool follow);
bool bn_pager_following(const struct bn_pager *pager);
bool bn_pager_at_top(const struct bn_pager *pager);

/* Searches from the top of what is shown (POSIX extended; lower-case patterns match either case).
 * "" ends the search. BN_EINVAL with regcomp's words; BN_ENOTFOUND if nothing matches. */
int bn_pager_search(struct bn_pager *pager, const char *pattern, struct bn_error *err);

void bn_pager_draw(struct bn_pager *pager, struct bn_pen *pen, struct bn_rect rect);
/* "12-30 of 211 · follow · wrap · 37 dropped" for a rule's right end. */
void bn_pager_position(const struct bn_pager *pager, char *out, size_t size);

#endif

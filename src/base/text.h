/* text.h - UTF-8, display width, and the one sanitiser between foreign bytes and the terminal. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_BASE_TEXT_H
#define BN_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

/* Decodes one code point, strictly (no overlong forms, surrogates, or values over U+10FFFF).
 * Returns the bytes used (1..4) and sets *out; for an invalid sequence returns 1 and sets *out to
 * U+FFFD. size > 0. */
size_t bn_utf8_decode(const char *text, size_t size, uint32_t *out);

/* Writes the code point's 1..4 bytes (no NUL) and returns their number; invalid ones become U+FFFD.
 */
size_t bn_utf8_encode(uint32_t code_point, char out[4]);

/* Columns a code point takes on the terminal: 0, 1 or 2; -1 for what must not be shown as it is.
 * Own table, so that the answer does not depend on the locale. Ambiguous width counts as 1. */
int bn_codepoint_width(uint32_t code_point);

/* What the sanitiser does with tab, CR and LF: in a field they are made visible, so that no value
 * can forge a row; in running text (a log line already split) a tab becomes blanks up to the next
 * multiple of eight. */
enum bn_sanitise { BN_SANITISE_FIELD, BN_SANITISE_TEXT };

/* The display sanitiser: appends to `out` the text as it may be sent to a terminal. Invalid UTF-8
 * and unassigned code points become U+FFFD; C0 and DEL become caret notation ("^[") and C1
 * <U+0085>; bidi controls, zero-width and other default-ignorable code points, line/paragraph
 * separators, tag characters and noncharacters become <U+XXXX>; at most four combining marks follow
 * a base, a longer run ends in one U+FFFD, and a mark without a base gets U+25CC. The result is
 * valid UTF-8 without any byte below 0x20 and without 0x7F, and sanitising it again changes
 * nothing. (Rule and precedents: CVE-2021-25743, CVE-2024-52005, CVE-2026-45803.) */
void bn_sanitise(struct bn_buf *out, const char *text, size_t size, enum bn_sanitise mode);

/* The same into an arena; NULL gives "". */
const char *bn_sanitised(struct bn_arena *arena, const char *text);

/* Columns of text that went through the sanitiser. */
size_t bn_text_width(const char *text);

/* The longest prefix of sanitised text that fits `columns`: returns its bytes, sets *used to its
 * columns. Never splits a base from its combining marks, nor a wide character. */
size_t bn_text_fit(const char *text, size_t columns, size_t *used);

/* Bytes of the first line when sanitised text is folded to `columns`: up to a blank where there is one, or else as much
 * as fits. Never 0 unless the text is "". Blanks at the break belong to neither line: the next begins behind them. */
size_t bn_text_fold(const char *text, size_t columns);

/* Sanitised text cut to `columns`, the last one an ellipsis ("…", or "~" when ascii) if anything
 * was cut, padded with blanks on the right (or left) when pad is given. Appends to out. */
enum bn_pad { BN_PAD_NONE, BN_PAD_RIGHT, BN_PAD_LEFT };
void bn_text_cell(struct bn_buf *out, const char *text, size_t columns, enum bn_pad pad,
		  bool ascii);

/* True if the bytes are valid UTF-8 throughout. */
bool bn_utf8_valid(const char *text, size_t size);
/* How many of the text's `size` bytes to keep so that they are at most `most` and no character is cut in two. */
size_t bn_utf8_cut(const char *text, size_t size, size_t most);

/* The nearest of `words` (NULL-terminated) to `word` by edit distance, or NULL if none is near
 * enough to be what was meant. For "unknown key, did you mean …". */
const char *bn_nearest(const char *word, const char *const *words);

/* A decimal number ("42", "-1.5e3", "NaN", "+Inf") that fills the whole text, whatever the locale's
 * decimal point is. False (and *out untouched or meaningless) otherwise; NULL is not a number. */
bool bn_number_parse(const char *text, double *out);

/* Shell-style glob over a whole string: * ? [set]; case-sensitive; linear in practice and bounded.
 */
bool bn_glob(const char *pattern, const char *text);

/* Where a secret (a token, a password) stands in a text, or NULL. One of fewer than BN_SECRET_LONG bytes counts only
 * as a word of its own, since its letters may well be a part of others ("prod" in "argo-prod"); one of fewer than
 * four is not looked for at all: it protects nothing, and what is missing would give it away. */
#define BN_SECRET_LONG 8
const char *bn_text_secret(const char *text, size_t size, const char *secret);

/* Overwrites it with stars wherever it stands. NULL: nothing is secret. */
void bn_text_blot(char *text, size_t size, const char *secret);

/* The same in a text that may have been cut: the secret's beginning at the end of it, too. */
void bn_text_blot_cut(char *text, size_t size, const char *secret);

/* "stg_payments: exit 1 after 12s, run 28f6k" with its numbers, ids and times folded to '#', at most 200 bytes: equal
 * errors of different runs have equal fingerprints. The caller frees it; NULL for NULL or "". */
char *bn_text_fingerprint(const char *message);

#endif

/* key.h - keys: their codes and names, and the decoder that puts split escape sequences together. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_KEY_H
#define BN_UI_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A key is a Unicode code point (control characters are themselves: Ctrl-D is 4), or one of these.
 */
typedef uint32_t bn_key;
#define BN_KEY_TAB	    9u
#define BN_KEY_ENTER	    13u
#define BN_KEY_ESC	    27u
#define BN_KEY_CTRL(letter) ((bn_key)((letter)&0x1f))
enum bn_named_key {
	BN_KEY_UP = 0x110000,
	BN_KEY_DOWN,
	BN_KEY_LEFT,
	BN_KEY_RIGHT,
	BN_KEY_HOME,
	BN_KEY_END,
	BN_KEY_PGUP,
	BN_KEY_PGDN,
	BN_KEY_INSERT,
	BN_KEY_DELETE,
	BN_KEY_BACKSPACE,
	BN_KEY_BACKTAB,
	BN_KEY_F1,
	BN_KEY_F12 = BN_KEY_F1 + 11,
	BN_KEY_WHEEL_UP,
	BN_KEY_WHEEL_DOWN,
	BN_KEY_CLICK
};
#define BN_KEY_NONE UINT32_MAX

/* "j", "Ctrl-D", "PgDn", "Space", "F1": BN_KEY_NONE if it is no key's name. Case matters for single
 * letters only. */
bn_key bn_key_parse(const char *name);
/* The name back, at most BN_KEY_NAME - 1 bytes; with `arrows` the arrow keys are drawn as arrows.
 */
#define BN_KEY_NAME 24
char *bn_key_name(bn_key key, bool arrows, char out[BN_KEY_NAME]);

/* What the terminal sent, decoded. Bytes are fed as they come, in any pieces; a sequence that a
 * slow line split is put together again within BN_KEY_SPLIT ms and an unknown or broken one is
 * dropped whole, so that its tail is never taken for letters. */
#define BN_KEY_SPLIT 300
struct bn_decoder {
	char bytes[4096];
	size_t count;
	int64_t since; /* when the oldest byte still waiting arrived (ms, monotonic) */
	int64_t fed;   /* when the newest arrived: a paste whose end mark was lost ends by itself */
	bool pasting;
};
struct bn_key_event {
	bn_key key;
	bool pasted; /* between the marks of a bracketed paste: text, never a command */
	int x, y;    /* of mouse events, from 0 */
};

/* Returns how many of the bytes were taken (all, unless the buffer is full: then take events
 * first). */
size_t bn_decoder_feed(struct bn_decoder *decoder, const char *bytes, size_t count, int64_t now);
/* The next event, if there is one by now. */
bool bn_decoder_next(struct bn_decoder *decoder, int64_t now, struct bn_key_event *event);
/* Milliseconds until a started sequence will be given up, -1 if none is waiting. */
int bn_decoder_wait(const struct bn_decoder *decoder, int64_t now);

#endif

/* harness_keys.c - typing at the harness's terminal: text, named keys, and scripts of both. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "tests/screen/harness_int.h"

enum { WAIT_MS = 60000, AFTER_ESC_MS = 500 };

static const struct {
	const char *name;
	VTermKey key;
	VTermModifier mod;
} keys[] = {
    {"Enter", VTERM_KEY_ENTER, VTERM_MOD_NONE},	  {"Esc", VTERM_KEY_ESCAPE, VTERM_MOD_NONE},
    {"Tab", VTERM_KEY_TAB, VTERM_MOD_NONE},	  {"BackTab", VTERM_KEY_TAB, VTERM_MOD_SHIFT},
    {"BS", VTERM_KEY_BACKSPACE, VTERM_MOD_NONE},  {"Up", VTERM_KEY_UP, VTERM_MOD_NONE},
    {"Down", VTERM_KEY_DOWN, VTERM_MOD_NONE},	  {"Left", VTERM_KEY_LEFT, VTERM_MOD_NONE},
    {"Right", VTERM_KEY_RIGHT, VTERM_MOD_NONE},	  {"Home", VTERM_KEY_HOME, VTERM_MOD_NONE},
    {"End", VTERM_KEY_END, VTERM_MOD_NONE},	  {"PgUp", VTERM_KEY_PAGEUP, VTERM_MOD_NONE},
    {"PgDn", VTERM_KEY_PAGEDOWN, VTERM_MOD_NONE}, {"Ins", VTERM_KEY_INS, VTERM_MOD_NONE},
    {"Del", VTERM_KEY_DEL, VTERM_MOD_NONE},
};

void
bn_term_type(struct bn_term *t, const char *text)
{
	/* libvterm passes on what is given to its keyboard one character at a time; text needs no
	 * mode. */
	while (*text != '\0') {
		unsigned char c = (unsigned char)*text;
		uint32_t code = c;
		int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;

		if (more > 0)
			code = c & (0x3fu >> more);
		for (text++; more > 0 && (*text & 0xc0) == 0x80; more--, text++)
			code = code << 6 | ((unsigned char)*text & 0x3f);
		vterm_keyboard_unichar(t->vt, code, VTERM_MOD_NONE);
	}
}

bool
bn_term_press(struct bn_term *t, const char *name)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(name, keys[i].name) == 0) {
			vterm_keyboard_key(t->vt, keys[i].key, keys[i].mod);
			return true;
		}
	}
	if (strcmp(name, "lt") == 0) {
		bn_term_type(t, "<");
	} else if (strcmp(name, "Space") == 0) {
		bn_term_type(t, " ");
	} else if (name[0] == 'F' && name[1] >= '1' && name[1] <= '9' && atoi(name + 1) <= 12) {
		vterm_keyboard_key(t->vt, (VTermKey)VTERM_KEY_FUNCTION(atoi(name + 1)),
				   VTERM_MOD_NONE);
	} else if ((name[0] == 'C' || name[0] == 'M') && name[1] == '-' && name[2] != '\0' &&
		   name[3] == '\0') {
		/* What a terminal without modern key reports sends: the low five bits, or Esc and
		 * the key. */
		char text[3] = {'\033', name[2], '\0'};

		if (name[0] == 'C')
			text[0] = (char)(name[2] & 0x1f), text[1] = '\0';
		bn_term_type(t, text);
	} else {
		return false;
	}
	return true;
}

void
bn_term_patience(struct bn_term *t, int ms)
{
	t->patience = ms;
}

/* One <...> of a script. False, and why, when it failed. */
static bool
play_tag(struct bn_term *t, const char *tag, char *why, size_t whylen)
{
	int cols, rows, patience = t->patience > 0 ? t->patience : WAIT_MS;
	bool ok;

	if (strncmp(tag, "Wait:", 5) == 0) {
		ok = bn_term_wait(t, tag + 5, patience);
		if (!ok)
			snprintf(why, whylen, "'%s' did not appear", tag + 5);
	} else if (strncmp(tag, "Gone:", 5) == 0) {
		ok = bn_term_wait_gone(t, tag + 5, patience);
		if (!ok)
			snprintf(why, whylen, "'%s' stayed", tag + 5);
	} else if (strncmp(tag, "Quiet:", 6) == 0) {
		ok = bn_term_settle(t, atoi(tag + 6), patience);
		if (!ok)
			snprintf(why, whylen, "output did not stop for %s ms", tag + 6);
	} else if (sscanf(tag, "Size:%dx%d", &cols, &rows) == 2) {
		bn_term_resize(t, cols, rows);
		ok = true;
	} else {
		ok = bn_term_press(t, tag);
		if (!ok)
			snprintf(why, whylen, "<%s> is no key", tag);
		if (ok && strcmp(tag, "Esc") == 0)
			bn_term_settle(t, AFTER_ESC_MS, WAIT_MS);
	}
	return ok;
}

bool
bn_term_play(struct bn_term *t, const char *script, char *why, size_t whylen)
{
	while (*script != '\0') {
		if (*script != '<') {
			char text[8] = {0};
			size_t n = 1;

			while (((unsigned char)script[n] & 0xc0) == 0x80 && n < 4)
				n++;
			memcpy(text, script, n);
			bn_term_type(t, text);
			script += n;
		} else {
			const char *end = strchr(script, '>');
			char tag[256];

			if (end == NULL || (size_t)(end - script) > sizeof(tag)) {
				snprintf(why, whylen, "no end of '%.40s'", script);
				return false;
			}
			snprintf(tag, sizeof(tag), "%.*s", (int)(end - script - 1), script + 1);
			if (!play_tag(t, tag, why, whylen))
				return false;
			script = end + 1;
		}
		bn_term_pump(t, 0);
	}
	return true;
}

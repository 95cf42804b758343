/* key.c - keys: their codes and names, and the decoder that puts split escape sequences together. */
/* SPDX-License-Identifier: MIT */
#include "ui/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

/* ---- names ------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	const char *arrow;
	bn_key key;
} names[] = {
    {"Up", "↑", BN_KEY_UP},
    {"Down", "↓", BN_KEY_DOWN},
    {"Left", "←", BN_KEY_LEFT},
    {"Right", "→", BN_KEY_RIGHT},
    {"Home", NULL, BN_KEY_HOME},
    {"End", NULL, BN_KEY_END},
    {"PgUp", NULL, BN_KEY_PGUP},
    {"PgDn", NULL, BN_KEY_PGDN},
    {"Insert", NULL, BN_KEY_INSERT},
    {"Delete", NULL, BN_KEY_DELETE},
    {"Backspace", NULL, BN_KEY_BACKSPACE},
    {"Shift-Tab", NULL, BN_KEY_BACKTAB},
    {"Tab", NULL, BN_KEY_TAB},
    {"Enter", NULL, BN_KEY_ENTER},
    {"Esc", NULL, BN_KEY_ESC},
    {"Space", NULL, ' '},
    {"Ctrl-Space", NULL, 0},
    {"WheelUp", NULL, BN_KEY_WHEEL_UP},
    {"WheelDown", NULL, BN_KEY_WHEEL_DOWN},
    {"Click", NULL, BN_KEY_CLICK},
};
#define NAMES (sizeof(names) / sizeof(names[0]))

bn_key
bn_key_parse(const char *name)
{
	size_t length = strlen(name), i;
	uint32_t point;

	for (i = 0; i < NAMES; i++)
		if (strcasecmp(names[i].name, name) == 0)
			return names[i].key;
	if (strncasecmp(name, "Ctrl-", 5) == 0 && length == 6) {
		char c = name[5];

		if ((c >= 'a' && c <= 'z') || (c >= '@' && c <= '_'))
			return BN_KEY_CTRL(c);
		return BN_KEY_NONE;
	}
	if ((name[0] == 'F' || name[0] == 'f') && length >= 2 && length <= 3) {
		char *end;
		long n = strtol(name + 1, &end, 10);

		if (*end == '\0' && n >= 1 && n <= 12)
			return BN_KEY_F1 + (bn_key)n - 1;
	}
	if (length == 0 || bn_utf8_decode(name, length, &point) != length)
		return BN_KEY_NONE;
	return bn_codepoint_width(point) > 0 && point != 0xfffd ? point : BN_KEY_NONE;
}

char *
bn_key_name(bn_key key, bool arrows, char out[BN_KEY_NAME])
{
	size_t i;

	for (i = 0; i < NAMES; i++)
		if (names[i].key == key) {
			snprintf(out, BN_KEY_NAME, "%s",
				 arrows && names[i].arrow != NULL ? names[i].arrow : names[i].name);
			return out;
		}
	if (key >= BN_KEY_F1 && key <= BN_KEY_F12)
		snprintf(out, BN_KEY_NAME, "F%u", key - BN_KEY_F1 + 1);
	else if (key < 0x20)
		snprintf(out, BN_KEY_NAME, "Ctrl-%c", (char)(key | 0x40));
	else if (key < 0x110000)
		out[bn_utf8_encode(key, out)] = '\0';
	else
		snprintf(out, BN_KEY_NAME, "?");
	return out;
}

/* ---- the decoder ------------------------------------------------------------------------- */

/* What became of the bytes at the head of the buffer: `used` of them are done with; 0 means that
 * more are needed to tell. */
struct step {
	size_t used;
	bool event;
};

static const bn_key csi_letters[] = {
    ['A'] = BN_KEY_UP,	    ['B'] = BN_KEY_DOWN,   ['C'] = BN_KEY_RIGHT,  ['D'] = BN_KEY_LEFT,
    ['F'] = BN_KEY_END,	    ['H'] = BN_KEY_HOME,   ['M'] = BN_KEY_ENTER, /* the keypad's, as SS3 M
									  */
    ['P'] = BN_KEY_F1,	    ['Q'] = BN_KEY_F1 + 1, ['R'] = BN_KEY_F1 + 2, ['S'] = BN_KEY_F1 + 3,
    ['Z'] = BN_KEY_BACKTAB,
};
static const bn_key csi_numbers[] = {
    [1] = BN_KEY_HOME,	  [2] = BN_KEY_INSERT,	[3] = BN_KEY_DELETE,   [4] = BN_KEY_END,
    [5] = BN_KEY_PGUP,	  [6] = BN_KEY_PGDN,	[7] = BN_KEY_HOME,     [8] = BN_KEY_END,
    [11] = BN_KEY_F1,	  [12] = BN_KEY_F1 + 1, [13] = BN_KEY_F1 + 2,  [14] = BN_KEY_F1 + 3,
    [15] = BN_KEY_F1 + 4, [17] = BN_KEY_F1 + 5, [18] = BN_KEY_F1 + 6,  [19] = BN_KEY_F1 + 7,
    [20] = BN_KEY_F1 + 8, [21] = BN_KEY_F1 + 9, [23] = BN_KEY_F1 + 10, [24] = BN_KEY_F1 + 11,
};

static bn_key
letter_key(unsigned char letter)
{
	if (letter >= sizeof(csi_letters) / sizeof(csi_letters[0]) || csi_letters[letter] == 0)
		return BN_KEY_NONE;
	return csi_letters[letter];
}

/* SGR mouse reports: ESC [ < button ; column ; row M (press) or m (release). */
static bool
mouse_event(const char *parameters, char final, struct bn_key_event *event)
{
	int button, column, row;

	if (final != 'M' || sscanf(parameters, "%d;%d;%d", &button, &column, &row) != 3)
		return false;
	if (button == 64)
		event->key = BN_KEY_WHEEL_UP;
	else if (button == 65)
		event->key = BN_KEY_WHEEL_DOWN;
	else if (button == 0)
		event->key = BN_KEY_CLICK;
	else
		return false;
	event->x = column - 1;
	event->y = row - 1;
	return true;
}

static bool
csi_event(struct bn_decoder *d, const char *parameters, char final, struct bn_key_event *event)
{
	unsigned long number;

	if (parameters[0] == '<')
		return mouse_event(parameters + 1, final, event);
	if (final != '~') {
		/* "1;5A" is Ctrl-Up: taken as Up, for terminals differ too much to build on it. */
		event->key = final == 'M' ? BN_KEY_NONE : letter_key((unsigned char) final);
		return event->key != BN_KEY_NONE;
	}
	number = strtoul(parameters, NULL, 10);
	if (number == 200 || number == 201) {
		d->pasting = number == 200;
		return false;
	}
	if (number >= sizeof(csi_numbers) / sizeof(csi_numbers[0]) || csi_numbers[number] == 0)
		return false;
	event->key = csi_numbers[number];
	return true;
}

/* ESC [ … */
static struct step
decode_csi(struct bn_decoder *d, struct bn_key_event *event)
{
	char parameters[32];
	size_t i, n = 0;

	if (d->count >= 3 && d->bytes[2] == '[') { /* the Linux console's F1 to F5: ESC [ [ A … */
		if (d->count < 4)
			return (struct step){0, false};
		if (d->bytes[3] < 'A' || d->bytes[3] > 'E')
			return (struct step){4, false};
		event->key = BN_KEY_F1 + (bn_key)(d->bytes[3] - 'A');
		return (struct step){4, true};
	}
	for (i = 2; i < d->count; i++) {
		unsigned char c = (unsigned char)d->bytes[i];

		if (c >= 0x40 && c <= 0x7e) {
			parameters[n] = '\0';
			return (struct step){i + 1, csi_event(d, parameters, (char)c, event)};
		}
		if (c < 0x20 || c > 0x7e ||
		    i > 64) /* not a sequence after all: drop what there was */
			return (struct step){i, false};
		if (n + 1 < sizeof(parameters))
			parameters[n++] = (char)c;
	}
	return (struct step){0, false};
}

/* ESC O letter, with the digits that some terminals put before the letter. */
static struct step
decode_ss3(struct bn_decoder *d, struct bn_key_event *event)
{
	size_t i;

	for (i = 2; i < d->count; i++) {
		unsigned char c = (unsigned char)d->bytes[i];

		if ((c >= '0' && c <= '9') || c == ';') {
			if (i > 16)
				return (struct step){i, false};
			continue;
		}
		if (c < 0x20 || c > 0x7e)
			return (struct step){i, false};
		event->key = letter_key(c);
		return (struct step){i + 1, event->key != BN_KEY_NONE};
	}
	return (struct step){0, false};
}

/* ESC ] or ESC P …: an answer to a question we never asked, dropped up to its end (BEL or ESC \).
 */
static struct step
decode_string(const struct bn_decoder *d)
{
	size_t i;

	for (i = 2; i < d->count; i++) {
		if (d->bytes[i] == 7)
			return (struct step){i + 1, false};
		if (d->bytes[i] == 27 && i + 1 < d->count)
			return (struct step){i + 2, false};
	}
	return (struct step){d->count >= sizeof(d->bytes) ? d->count : 0, false};
}

static struct step
decode_escape(struct bn_decoder *d, struct bn_key_event *event)
{
	if (d->count < 2)
		return (struct step){0, false};
	switch (d->bytes[1]) {
	case '[':
		return decode_csi(d, event);
	case 'O':
		return decode_ss3(d, event);
	case ']':
	case 'P':
	case '_':
		return decode_string(d);
	default: /* Esc, and then another key quickly */
		event->key = BN_KEY_ESC;
		return (struct step){1, true};
	}
}

static size_t
utf8_length(unsigned char lead)
{
	return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

static struct step
decode_plain(const struct bn_decoder *d, struct bn_key_event *event)
{
	unsigned char c = (unsigned char)d->bytes[0];
	uint32_t point;
	size_t used;

	if (c == 127 || c == 8)
		event->key = BN_KEY_BACKSPACE;
	else if (c == '\n' || c == '\r')
		event->key = BN_KEY_ENTER;
	else if (c < 0x80)
		event->key = c;
	else {
		if (c >= 0xc2 && c <= 0xf4 && d->count < utf8_length(c))
			return (struct step){0, false};
		used = bn_utf8_decode(d->bytes, d->count, &point);
		event->key = point;
		return (struct step){used, point != 0xfffd};
	}
	return (struct step){1, true};
}

static void
consume(struct bn_decoder *d, size_t used, int64_t now)
{
	d->count -= used;
	memmove(d->bytes, d->bytes + used, d->count);
	d->since = now;
}

size_t
bn_decoder_feed(struct bn_decoder *d, const char *bytes, size_t count, int64_t now)
{
	size_t room = sizeof(d->bytes) - d->count;

	if (count > room)
		count = room;
	if (d->count == 0)
		d->since = now;
	if (now - d->fed > 10 * BN_KEY_SPLIT)
		d->pasting = false;
	d->fed = now;
	memcpy(d->bytes + d->count, bytes, count);
	d->count += count;
	return count;
}

bool
bn_decoder_next(struct bn_decoder *d, int64_t now, struct bn_key_event *event)
{
	while (d->count > 0) {
		struct step step;
		bool lone = d->count == 1;

		*event = (struct bn_key_event){BN_KEY_NONE, d->pasting, 0, 0};
		step = d->bytes[0] == 27 ? decode_escape(d, event) : decode_plain(d, event);
		if (step.used == 0) {
			if (now - d->since < BN_KEY_SPLIT)
				return false;
			/* Time is up: a lone ESC is the Esc key, the start of anything else is
			 * dropped. */
			step.event = lone && d->bytes[0] == 27;
			step.used = d->count;
			event->key = BN_KEY_ESC;
		}
		consume(d, step.used, now);
		if (step.event)
			return true;
	}
	return false;
}

int
bn_decoder_wait(const struct bn_decoder *d, int64_t now)
{
	if (d->count == 0)
		return -1;
	return now - d->since >= BN_KEY_SPLIT ? 0 : (int)(BN_KEY_SPLIT - (now - d->since));
}

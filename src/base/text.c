/* text.c - strict UTF-8, display width, and cells cut and padded to a width. */
/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <ctype.h>
#include <string.h>

#include "base/width.h"

#define REPLACEMENT 0xFFFDu

size_t
bn_utf8_decode(const char *text, size_t size, uint32_t *out)
{
	const unsigned char *s = (const unsigned char *)text;
	uint32_t point, least;
	size_t length;

	*out = s[0];
	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xC2 && s[0] <= 0xDF) {
		length = 2, least = 0x80, point = s[0] & 0x1Fu;
	} else if (s[0] >= 0xE0 && s[0] <= 0xEF) {
		length = 3, least = 0x800, point = s[0] & 0x0Fu;
	} else if (s[0] >= 0xF0 && s[0] <= 0xF4) {
		length = 4, least = 0x10000, point = s[0] & 0x07u;
	} else {
		*out = REPLACEMENT;
		return 1;
	}
	*out = REPLACEMENT;
	if (length > size)
		return 1;
	for (size_t i = 1; i < length; i++) {
		if ((s[i] & 0xC0) != 0x80)
			return 1;
		point = point << 6 | (s[i] & 0x3Fu);
	}
	if (point < least || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
		return 1;
	*out = point;
	return length;
}

size_t
bn_utf8_encode(uint32_t code_point, char out[4])
{
	if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF))
		code_point = REPLACEMENT;
	if (code_point < 0x80) {
		out[0] = (char)code_point;
		return 1;
	}
	if (code_point < 0x800) {
		out[0] = (char)(0xC0 | code_point >> 6);
		out[1] = (char)(0x80 | (code_point & 0x3F));
		return 2;
	}
	if (code_point < 0x10000) {
		out[0] = (char)(0xE0 | code_point >> 12);
		out[1] = (char)(0x80 | (code_point >> 6 & 0x3F));
		out[2] = (char)(0x80 | (code_point & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | code_point >> 18);
	out[1] = (char)(0x80 | (code_point >> 12 & 0x3F));
	out[2] = (char)(0x80 | (code_point >> 6 & 0x3F));
	out[3] = (char)(0x80 | (code_point & 0x3F));
	return 4;
}

bool
bn_utf8_valid(const char *text, size_t size)
{
	size_t at = 0;

	while (at < size) {
		uint32_t point;
		size_t used = bn_utf8_decode(text + at, size - at, &point);

		if (used == 1 && point == REPLACEMENT)
			return false;
		at += used;
	}
	return true;
}

size_t
bn_utf8_cut(const char *text, size_t size, size_t most)
{
	if (size <= most)
		return size;
	while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80)
		most--;
	return most;
}

/* The columns of one code point of sanitised text; what should not be there counts as one. */
static size_t
columns_of(uint32_t code_point)
{
	int width = bn_codepoint_width(code_point);

	return width < 0 ? 1 : (size_t)width;
}

size_t
bn_text_width(const char *text)
{
	size_t used;

	bn_text_fit(text, SIZE_MAX, &used);
	return used;
}

size_t
bn_text_fit(const char *text, size_t columns, size_t *used)
{
	size_t at = 0, width = 0;

	/* Only as far as it fits: a line folded piece by piece may have a megabyte. */
	while (text[at] != '\0') {
		uint32_t point;
		size_t bytes = bn_utf8_decode(text + at, strnlen(text + at, 4), &point);
		size_t wide = columns_of(point);

		if (wide > columns - width)
			break;
		width += wide;
		at += bytes;
	}
	if (used != NULL)
		*used = width;
	return at;
}

size_t
bn_text_fold(const char *text, size_t columns)
{
	size_t fit = bn_text_fit(text, columns, NULL), at;

	if (text[fit] == '\0' || text[fit] == ' ')
		return fit > 0 ? fit : strspn(text, " ");
	for (at = fit; at > 0 && text[at - 1] != ' '; at--)
		continue;
	while (at > 0 && text[at - 1] == ' ')
		at--;
	return at > 0 ? at : fit > 0 ? fit : strlen(text);
}

static void
add_blanks(struct bn_buf *out, size_t count)
{
	while (count-- > 0)
		bn_buf_addc(out, ' ');
}

void
bn_text_cell(struct bn_buf *out, const char *text, size_t columns, enum bn_pad pad, bool ascii)
{
	const char *mark = "";
	size_t used, bytes, width;

	if (text == NULL)
		text = "";
	bytes = bn_text_fit(text, columns, &used);
	width = used;
	if (text[bytes] != '\0' && columns > 0) {
		mark = ascii ? "~" : "…";
		bytes = bn_text_fit(text, columns - 1, &used);
		width = used + 1;
	}
	if (pad == BN_PAD_LEFT)
		add_blanks(out, columns - width);
	bn_buf_add(out, text, bytes);
	bn_buf_adds(out, mark);
	if (pad == BN_PAD_RIGHT)
		add_blanks(out, columns - width);
}

/* ---- secrets ------------------------------------------------------------------------------------ */

#define SECRET_LEAST 4

/* Bytes over 0x7F are parts of letters. */
static bool
is_of_a_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || (c & 0x80) != 0;
}

static const char *
find_secret(const char *text, size_t size, size_t from, const char *secret, size_t length)
{
	const char *found, *end = text + size;

	for (; (found = memmem(text + from, size - from, secret, length)) != NULL;
	     from = (size_t)(found - text) + 1)
		if (length >= BN_SECRET_LONG ||
		    ((found == text || !is_of_a_word(found[-1])) &&
		     (found + length == end || !is_of_a_word(found[length]))))
			return found;
	return NULL;
}

const char *
bn_text_secret(const char *text, size_t size, const char *secret)
{
	size_t length = secret != NULL ? strlen(secret) : 0;

	return length >= SECRET_LEAST ? find_secret(text, size, 0, secret, length) : NULL;
}

void
bn_text_blot(char *text, size_t size, const char *secret)
{
	size_t length = secret != NULL ? strlen(secret) : 0, at = 0;
	const char *found;

	while (length >= SECRET_LEAST &&
	       (found = find_secret(text, size, at, secret, length)) != NULL) {
		at = (size_t)(found - text) + length;
		memset(text + at - length, '*', length);
	}
}

void
bn_text_blot_cut(char *text, size_t size, const char *secret)
{
	size_t length = secret != NULL ? strlen(secret) : 0, part;

	bn_text_blot(text, size, secret);
	for (part = length < size ? length : size; part >= BN_SECRET_LONG; part--)
		if (memcmp(text + size - part, secret, part) == 0) {
			memset(text + size - part, '*', part);
			return;
		}
}

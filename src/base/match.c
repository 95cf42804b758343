/* match.c - the nearest word, shell-style globs, numbers as text: comparing what people write. */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define LONGEST_WORD 48

/* Case and the kind of dash do not count when guessing what was meant. */
static char
fold(char c)
{
	return c == '_' ? '-' : (char)tolower((unsigned char)c);
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edits between two words; two letters swapped are one (optimal string alignment). */
static size_t
distance(const char *a, size_t na, const char *b, size_t nb)
{
	size_t rows[3][LONGEST_WORD + 1], *older = rows[0], *old = rows[1], *now = rows[2];

	for (size_t j = 0; j <= nb; j++)
		old[j] = older[j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t *spare = older;

		now[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t change = fold(a[i - 1]) != fold(b[j - 1]);

			now[j] = least(least(old[j], now[j - 1]) + 1, old[j - 1] + change);
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1]))
				now[j] = least(now[j], older[j - 2] + 1);
		}
		older = old;
		old = now;
		now = spare;
	}
	return old[nb];
}

static bool
begins_with(const char *word, size_t size, const char *start, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (i >= size || fold(word[i]) != fold(start[i]))
			return false;
	return true;
}

const char *
bn_nearest(const char *word, const char *const *words)
{
	size_t size = strlen(word), best = size / 3 + 1;
	const char *found = NULL, *longer = NULL;

	if (size == 0 || size > LONGEST_WORD)
		return NULL;
	for (; *words != NULL; words++) {
		size_t length = strlen(*words), edits;

		if (length > LONGEST_WORD)
			continue;
		edits = distance(word, size, *words, length);
		if (edits < best || (edits == best && found == NULL && edits < size)) {
			best = edits;
			found = *words;
		}
		if (longer == NULL && size >= 3 && begins_with(*words, length, word, size))
			longer = *words;
	}
	return found != NULL ? found : longer;
}

/* ---- globs ----------------------------------------------------------------------------------- */

/* Reads one member of a set, escaped or not; returns the bytes used, 0 at the end of the pattern.
 */
static size_t
set_member(const char *p, uint32_t *out)
{
	size_t skip = p[0] == '\\' && p[1] != '\0';

	if (p[skip] == '\0')
		return 0;
	return skip + bn_utf8_decode(p + skip, strnlen(p + skip, 4), out);
}

/* Matches `point` against the set at p ("[a-z]"); *end is set behind it, or NULL if it is not
 * closed (then '[' stands for itself). */
static bool
in_set(const char *p, uint32_t point, const char **end)
{
	bool invert, found = false, first = true;

	p++;
	invert = *p == '!' || *p == '^';
	p += invert;
	for (; *p != '\0' && (*p != ']' || first); first = false) {
		uint32_t low, high;
		size_t used = set_member(p, &low);

		if (used == 0)
			break;
		p += used;
		high = low;
		if (p[0] == '-' && p[1] != ']' && p[1] != '\0') {
			used = set_member(p + 1, &high);
			p += 1 + used;
		}
		if (point >= low && point <= high)
			found = true;
	}
	*end = *p == ']' ? p + 1 : NULL;
	return found != invert;
}

/* Matches one code point of text (used bytes) with the pattern's next element; sets *next behind
 * it. */
static bool
one_matches(const char *p, uint32_t point, const char **next)
{
	const char *end;
	uint32_t want;
	bool in;

	if (*p == '?') {
		*next = p + 1;
		return true;
	}
	if (*p == '[') {
		in = in_set(p, point, &end);
		if (end != NULL) {
			*next = end;
			return in;
		}
	}
	if (*p == '\\' && p[1] != '\0')
		p++;
	*next = p + bn_utf8_decode(p, strnlen(p, 4), &want);
	return want == point;
}

bool
bn_glob(const char *pattern, const char *text)
{
	const char *star = NULL, *resume = NULL;

	while (*text != '\0') {
		const char *next;
		uint32_t point;
		size_t used = bn_utf8_decode(text, strnlen(text, 4), &point);

		if (*pattern == '*') {
			star = ++pattern;
			resume = text;
		} else if (*pattern != '\0' && one_matches(pattern, point, &next)) {
			pattern = next;
			text += used;
		} else if (star != NULL) {
			pattern = star;
			resume += bn_utf8_decode(resume, strnlen(resume, 4), &point);
			text = resume;
		} else
			return false;
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

/* ---- numbers --------------------------------------------------------------------------------- */

static bool
special_number(const char *text, double *out)
{
	bool minus = *text == '-';

	if (*text == '+' || *text == '-')
		text++;
	if (strcasecmp(text, "nan") == 0)
		*out = NAN;
	else if (strcasecmp(text, "inf") == 0 || strcasecmp(text, "infinity") == 0)
		*out = minus ? -INFINITY : INFINITY;
	else
		return false;
	return true;
}

bool
bn_number_parse(const char *text, double *out)
{
	locale_t c_locale;
	char *end;

	if (text == NULL || *text == '\0')
		return false;
	if (special_number(text, out))
		return true;
	if (text[strspn(text, "0123456789+-.eE")] != '\0')
		return false;
	c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (c_locale == (locale_t)0)
		return false;
	*out = strtod_l(text, &end, c_locale);
	freelocale(c_locale);
	return end != text && *end == '\0' && isfinite(*out);
}

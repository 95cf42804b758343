/* json.c - typed access over jansson: strict loading, RFC 6901 paths, numbers that arrive as text. */
/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

int
bn_json_load(json_t **out, const char *text, size_t size, struct bn_error *err)
{
	json_error_t reason;

	*out = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &reason);
	if (*out == NULL)
		return bn_fail(err, BN_EPARSE, "JSON, line %d, column %d: %s", reason.line,
			       reason.column, reason.text);
	return BN_OK;
}

/* ---- paths ----------------------------------------------------------------------------------- */

/* Undoes ~1 and ~0 of the segment at `p` (up to '/' or the end) into `out`; false if it is too
 * long. */
static bool
read_segment(const char **p, char *out, size_t size)
{
	size_t used = 0;

	for (; **p != '\0' && **p != '/'; (*p)++) {
		char c = **p;

		if (c == '~' && ((*p)[1] == '0' || (*p)[1] == '1'))
			c = *++*p == '1' ? '/' : '~';
		if (used + 1 >= size)
			return false;
		out[used++] = c;
	}
	out[used] = '\0';
	return true;
}

static const json_t *
item_at(const json_t *array, const char *segment)
{
	char *end;
	unsigned long index;

	if (segment[0] < '0' || segment[0] > '9' || (segment[0] == '0' && segment[1] != '\0'))
		return NULL;
	errno = 0;
	index = strtoul(segment, &end, 10);
	if (*end != '\0' || errno != 0)
		return NULL;
	return json_array_get(array, index);
}

const json_t *
bn_json_at(const json_t *json, const char *path)
{
	char segment[512]; /* longer names than that stand in nobody's protocol */

	if (path == NULL || *path == '\0')
		return json;
	while (json != NULL) {
		if (!read_segment(&path, segment, sizeof(segment)))
			return NULL;
		json =
		    json_is_array(json) ? item_at(json, segment) : json_object_get(json, segment);
		if (*path == '\0')
			break;
		path++;
	}
	return json;
}

/* ---- typed values ---------------------------------------------------------------------------- */

const char *
bn_json_str_at(const json_t *json, const char *path)
{
	return json_string_value(bn_json_at(json, path));
}

/* Beyond 2^63 a double has no integer to become. */
static bool
integer_from_double(double number, int64_t *out)
{
	if (!(number >= -9223372036854775808.0 && number < 9223372036854775808.0) ||
	    (double)(int64_t)number != number)
		return false;
	*out = (int64_t)number;
	return true;
}

static bool
integer_from_text(const char *text, int64_t *out)
{
	const char *digits = text + (*text == '-');
	char *end;

	if (*digits < '0' || *digits > '9')
		return false;
	errno = 0;
	*out = strtoll(text, &end, 10);
	return errno == 0 && *end == '\0';
}

int64_t
bn_json_int_at(const json_t *json, const char *path, int64_t fallback)
{
	const json_t *value = bn_json_at(json, path);
	int64_t number;

	if (json_is_integer(value))
		return json_integer_value(value);
	if (json_is_real(value) && integer_from_double(json_real_value(value), &number))
		return number;
	if (json_is_string(value) && integer_from_text(json_string_value(value), &number))
		return number;
	return fallback;
}

double
bn_json_num_at(const json_t *json, const char *path, double fallback)
{
	const json_t *value = bn_json_at(json, path);
	double number;

	if (json_is_number(value))
		return json_number_value(value);
	if (json_is_string(value) && bn_number_parse(json_string_value(value), &number))
		return number;
	return fallback;
}

bool
bn_json_bool_at(const json_t *json, const char *path, bool fallback)
{
	const json_t *value = bn_json_at(json, path);

	return json_is_boolean(value) ? json_is_true(value) : fallback;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void
quote_point(struct bn_buf *out, uint32_t point)
{
	switch (point) {
	case '"':
	case '\\':
		bn_buf_addc(out, '\\');
		bn_buf_addc(out, (char)point);
		break;
	case '\n':
		bn_buf_adds(out, "\\n");
		break;
	case '\r':
		bn_buf_adds(out, "\\r");
		break;
	case '\t':
		bn_buf_adds(out, "\\t");
		break;
	default:
		if (point >= 0x10000) {
			bn_buf_addf(out, "\\u%04x", (unsigned)(0xD800 + ((point - 0x10000) >> 10)));
			point = 0xDC00 + ((point - 0x10000) & 0x3FF);
		}
		bn_buf_addf(out, "\\u%04x", (unsigned)point);
	}
}

/* Must it be escaped? Besides what JSON asks for, whatever would act on a terminal unseen. */
static bool
needs_escape(uint32_t point, size_t used)
{
	return point == '"' || point == '\\' || bn_codepoint_width(point) < 0 ||
	       (point == 0xFFFD && used == 1);
}

void
bn_json_quote(struct bn_buf *out, const char *text)
{
	size_t size, at = 0, plain = 0;

	if (text == NULL) {
		bn_buf_adds(out, "null");
		return;
	}
	size = strlen(text);
	bn_buf_addc(out, '"');
	while (at < size) {
		uint32_t point;
		size_t used = bn_utf8_decode(text + at, size - at, &point);

		if (needs_escape(point, used)) {
			bn_buf_add(out, text + plain, at - plain);
			quote_point(out, point);
			plain = at + used;
		}
		at += used;
	}
	bn_buf_add(out, text + plain, at - plain);
	bn_buf_addc(out, '"');
}

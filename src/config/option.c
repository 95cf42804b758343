/* option.c - one value against one row of an option table. */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "config/option.h"

const struct bn_option *
bn_option_find(const struct bn_option *options, const char *name)
{
	const struct bn_option *any = NULL;

	for (; options != NULL && options->name != NULL; options++) {
		if (strcmp(options->name, name) == 0)
			return options;
		if (strcmp(options->name, "*") == 0)
			any = options;
	}
	return any;
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool
read_int(const char *text, int64_t *out)
{
	const char *digits = text + (*text == '-');

	*out = 0;
	if (*digits == '\0')
		return false;
	for (; isdigit((unsigned char)*digits); digits++)
		if (__builtin_mul_overflow(*out, 10, out) ||
		    __builtin_add_overflow(*out, *digits - '0', out))
			return false;
	if (*text == '-')
		*out = -*out;
	return *digits == '\0';
}

/* "64k", "8m", "1g": powers of 1024, as git has it. */
static bool
read_size(const char *text, int64_t *out)
{
	static const char units[] = "kmg";
	size_t digits = strspn(text, "0123456789");
	char number[24];
	const char *unit;
	int64_t scale = 1;

	if (digits == 0 || digits >= sizeof(number))
		return false;
	memcpy(number, text, digits);
	number[digits] = '\0';
	text += digits;
	if (*text != '\0') {
		unit = strchr(units, tolower((unsigned char)*text));
		if (unit == NULL || text[1] != '\0')
			return false;
		scale = INT64_C(1) << (10 * (unit - units + 1));
	}
	return read_int(number, out) && !__builtin_mul_overflow(*out, scale, out);
}

bool
bn_bool_parse(const char *text, bool *out)
{
	static const char *const yes[] = {"true", "yes", "on", "1", NULL};
	static const char *const no[] = {"false", "no", "off", "0", "", NULL};

	for (size_t i = 0; yes[i] != NULL; i++)
		if (strcasecmp(text, yes[i]) == 0)
			return *out = true;
	for (size_t i = 0; no[i] != NULL; i++)
		if (strcasecmp(text, no[i]) == 0) {
			*out = false;
			return true;
		}
	return false;
}

bool
bn_whole_parse(enum bn_option_type type, const char *text, int64_t *out)
{
	if (type == BN_OPT_DURATION)
		return bn_duration_parse(text, out, NULL) == BN_OK;
	if (type == BN_OPT_SIZE)
		return read_size(text, out);
	return read_int(text, out);
}

/* ---- ranges ---------------------------------------------------------------------------------- */

/* Cuts "1s..1h" into its ends, either of which may be empty. */
static bool
cut_range(const char *range, char low[32], char high[32])
{
	const char *dots = range != NULL ? strstr(range, "..") : NULL;

	if (dots == NULL || (size_t)(dots - range) >= 32 || strlen(dots + 2) >= 32)
		return false;
	memcpy(low, range, (size_t)(dots - range));
	low[dots - range] = '\0';
	strcpy(high, dots + 2);
	return true;
}

static bool
whole_in_range(const struct bn_option *option, int64_t value)
{
	char low[32], high[32];
	int64_t bound;

	if (!cut_range(option->range, low, high))
		return true;
	if (*low != '\0' && bn_whole_parse(option->type, low, &bound) && value < bound)
		return false;
	return *high == '\0' || !bn_whole_parse(option->type, high, &bound) || value <= bound;
}

static bool
number_in_range(const struct bn_option *option, double value)
{
	char low[32], high[32];
	double bound;

	if (!cut_range(option->range, low, high))
		return true;
	if (*low != '\0' && bn_number_parse(low, &bound) && value < bound)
		return false;
	return *high == '\0' || !bn_number_parse(high, &bound) || value <= bound;
}

static bool
word_in_range(const char *range, const char *word)
{
	size_t size = strlen(word);

	while (range != NULL && *range != '\0') {
		size_t length = strcspn(range, "|");

		if (length == size && memcmp(range, word, size) == 0)
			return true;
		range += length + (range[length] == '|');
	}
	return false;
}

/* ---- URLs ------------------------------------------------------------------------------------ */

bool
bn_url_host(const char *url, char *out, size_t size)
{
	const char *host = strstr(url, "://"), *end;
	size_t length;

	if (host == NULL)
		return false;
	host += 3;
	if (*host == '[') {
		end = strchr(++host, ']');
		length = end != NULL ? (size_t)(end - host) : 0;
	} else
		length = strcspn(host, ":/?#");
	if (length == 0 || length >= size)
		return false;
	memcpy(out, host, length);
	out[length] = '\0';
	return true;
}

bool
bn_host_is_loopback(const char *host)
{
	size_t size = strlen(host);
	int64_t part = 0;

	if (strcasecmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
	    (size > 10 && strcasecmp(host + size - 10, ".localhost") == 0))
		return true;
	if (strncmp(host, "127.", 4) != 0)
		return false;
	for (const char *p = host + 4; *p != '\0'; p++) { /* digits only, or it is a name */
		if (*p != '.' && !isdigit((unsigned char)*p))
			return false;
		part++;
	}
	return part > 0;
}

/* Schemes are words separated by '|'. */
static bool
has_scheme(const char *value, const char *schemes)
{
	while (*schemes != '\0') {
		size_t size = strcspn(schemes, "|");

		if (strncasecmp(value, schemes, size) == 0 && strncmp(value + size, "://", 3) == 0)
			return true;
		schemes += size + (schemes[size] == '|');
	}
	return false;
}

/* The value is not repeated in these messages: it may hold what should be secret. */
static int
check_url(const struct bn_option *option, const char *value, struct bn_error *err)
{
	char host[256];
	size_t size = strlen(value), authority;

	if (!has_scheme(value, option->range != NULL ? option->range : "https|http")) {
		bn_fail(err, BN_EINVAL, "%s is not a URL", option->name);
		return option->range != NULL
			   ? bn_hint(err, "begin it with one of %s, then ://", option->range)
			   : bn_hint(err, "begin it with https:// (or http://)");
	}
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)value[i] <= 0x20 || value[i] == 0x7F)
			return bn_fail(err, BN_EINVAL, "%s holds a blank or a control character",
				       option->name);
	authority = strcspn(strstr(value, "://") + 3, "/?#");
	if (memchr(strstr(value, "://") + 3, '@', authority) != NULL) {
		bn_fail(err, BN_EINVAL, "%s holds a login", option->name);
		return bn_hint(err, "take it out; use user and password-command, or token-command");
	}
	if (!bn_url_host(value, host, sizeof(host)))
		return bn_fail(err, BN_EINVAL, "%s names no host", option->name);
	return BN_OK;
}

/* ---- the check ------------------------------------------------------------------------------- */

static int
bad(const struct bn_option *option, const char *value, const char *want, struct bn_error *err)
{
	bn_fail(err, BN_EINVAL, "%s = %.80s: not %s", option->name, value, want);
	if (option->range != NULL)
		bn_hint(err, "allowed: %s", option->range);
	return BN_EINVAL;
}

static int
check_whole(const struct bn_option *option, const char *value, const char *want,
	    struct bn_error *err)
{
	int64_t number;

	if (!bn_whole_parse(option->type, value, &number))
		return bad(option, value, want, err);
	if (!whole_in_range(option, number))
		return bad(option, value, "in its range", err);
	return BN_OK;
}

static int
check_number(const struct bn_option *option, const char *value, struct bn_error *err)
{
	double number;

	if (!bn_number_parse(value, &number))
		return bad(option, value, "a number", err);
	if (number != number || !number_in_range(option, number))
		return bad(option, value, "in its range", err);
	return BN_OK;
}

static int
check_not_empty(const struct bn_option *option, const char *value, struct bn_error *err)
{
	if (*value == '\0')
		return bn_fail(err, BN_EINVAL, "%s is empty", option->name);
	return BN_OK;
}

int
bn_option_check(const struct bn_option *option, const char *value, struct bn_error *err)
{
	bool yes;

	switch (option->type) {
	case BN_OPT_STRING:
		return BN_OK;
	case BN_OPT_URL:
		return check_url(option, value, err);
	case BN_OPT_INT:
		return check_whole(option, value, "a whole number", err);
	case BN_OPT_NUMBER:
		return check_number(option, value, err);
	case BN_OPT_BOOL:
		return bn_bool_parse(value, &yes) ? BN_OK
						  : bad(option, value, "true or false", err);
	case BN_OPT_DURATION:
		return check_whole(option, value, "a duration like 15s, 5m or 1h30m", err);
	case BN_OPT_SIZE:
		return check_whole(option, value, "a size like 64k or 8m", err);
	case BN_OPT_ENUM:
		return word_in_range(option->range, value)
			   ? BN_OK
			   : bad(option, value, "one of its words", err);
	case BN_OPT_PATH:
	case BN_OPT_GLOB:
	case BN_OPT_ASSERT:
		return check_not_empty(option, value, err);
	}
	return bn_fail(err, BN_EINTERNAL, "option %s has no known type", option->name);
}

char *
bn_path_expand(const char *path)
{
	const char *home = getenv("HOME");

	if (path != NULL && path[0] == '~' && (path[1] == '/' || path[1] == '\0') && home != NULL)
		return bn_xasprintf("%s%s", home, path + 1);
	return bn_xstrdup(path);
}

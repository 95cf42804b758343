/* error.c - filling a struct bn_error where the cause of a failure is known. */
/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* Cuts what a full buffer left of a multi-byte character at the end of `text`. */
static void
trim_broken_tail(char *text)
{
	size_t size = strlen(text), tail = 0, want;
	unsigned char lead;

	while (tail < size && tail < 3 && ((unsigned char)text[size - 1 - tail] & 0xC0) == 0x80)
		tail++;
	if (tail == size)
		return;
	lead = (unsigned char)text[size - 1 - tail];
	want = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
	if (lead >= 0xC0 && tail < want)
		text[size - 1 - tail] = '\0';
}

/* vsnprintf through a buffer of its own, because an argument may be the very field that is written.
 */
__attribute__((format(printf, 3, 0))) static void
format_field(char *field, size_t size, const char *format, va_list ap)
{
	char text[sizeof(((struct bn_error *)NULL)->message)];

	if (vsnprintf(text, size < sizeof(text) ? size : sizeof(text), format, ap) < 0)
		text[0] = '\0';
	trim_broken_tail(text);
	memcpy(field, text, strlen(text) + 1);
}

int
bn_failv(struct bn_error *err, int code, const char *format, va_list ap)
{
	struct bn_error fresh = {.code = code};

	if (err == NULL)
		return code;
	format_field(fresh.message, sizeof(fresh.message), format, ap);
	*err = fresh;
	return code;
}

int
bn_fail(struct bn_error *err, int code, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	bn_failv(err, code, format, ap);
	va_end(ap);
	return code;
}

int
bn_hint(struct bn_error *err, const char *format, ...)
{
	va_list ap;

	if (err == NULL)
		return BN_EINTERNAL;
	va_start(ap, format);
	format_field(err->hint, sizeof(err->hint), format, ap);
	va_end(ap);
	return err->code;
}

void
bn_error_prefix(struct bn_error *err, const char *format, ...)
{
	char prefix[sizeof(err->message)], whole[sizeof(err->message) * 2 + 2];
	va_list ap;

	if (err == NULL)
		return;
	va_start(ap, format);
	format_field(prefix, sizeof(prefix), format, ap);
	va_end(ap);
	snprintf(whole, sizeof(whole), "%s: %s", prefix, err->message);
	whole[sizeof(err->message) - 1] = '\0';
	trim_broken_tail(whole);
	memcpy(err->message, whole, strlen(whole) + 1);
}

const char *
bn_code_name(int code)
{
	static const char *const names[] = {
	    [-BN_OK] = "ok",
	    [-BN_EINVAL] = "invalid argument",
	    [-BN_ECONFIG] = "configuration error",
	    [-BN_EAUTH] = "login refused",
	    [-BN_EPERM] = "not allowed",
	    [-BN_ENOTFOUND] = "not found",
	    [-BN_ETHROTTLED] = "asked too often",
	    [-BN_ETIMEOUT] = "timed out",
	    [-BN_EUNREACHABLE] = "unreachable",
	    [-BN_ETLS] = "TLS failure",
	    [-BN_EPARSE] = "answer not understood",
	    [-BN_ETOOBIG] = "too big",
	    [-BN_EREMOTE] = "error at the far end",
	    [-BN_EUNSUPPORTED] = "not supported",
	    [-BN_EIO] = "input/output error",
	    [-BN_EBUSY] = "busy",
	    [-BN_ECONFLICT] = "conflict",
	    [-BN_ECANCELLED] = "cancelled",
	    [-BN_EINTERNAL] = "internal error",
	    [-BN_EUNCERTAIN] = "sent, outcome unknown",
	};

	if (code > 0 || code < BN_EUNCERTAIN)
		return "unknown error";
	return names[-code];
}

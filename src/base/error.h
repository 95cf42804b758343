/* error.h - filling a struct bn_error where the cause of a failure is known. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_BASE_ERROR_H
#define BN_BASE_ERROR_H

#include <stdarg.h>

#include "binnacle/types.h"

/* Sets code and message (printf, cut at the field's size on a UTF-8 boundary), clears hint, source
 * and the rest, and returns `code`. `err` may be NULL. */
int bn_fail(struct bn_error *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int bn_failv(struct bn_error *err, int code, const char *format, va_list ap)
    __attribute__((format(printf, 3, 0)));

/* Adds what the person can do about it; returns err->code so that it can end a return statement. */
int bn_hint(struct bn_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "prefix: " before the message (a file and line, a source); keeps code and hint. */
void bn_error_prefix(struct bn_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "not found", "timed out" …: the code in words, never NULL. */
const char *bn_code_name(int code);

#endif

/* option.h - reading the values that option tables describe; for the loader's own parts. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_CONFIG_OPTION_H
#define BN_CONFIG_OPTION_H

#include "config/config.h"

/* Git's words for true and false; false if it is none of them. */
bool bn_bool_parse(const char *text, bool *out);
/* INT as it is, DURATION in ms, SIZE in bytes; other types as INT. */
bool bn_whole_parse(enum bn_option_type type, const char *text, int64_t *out);
/* The host of "scheme://host[:port]/…" (an IPv6 address without brackets); false if there is none.
 */
bool bn_url_host(const char *url, char *out, size_t size);
/* localhost, *.localhost, 127.0.0.0/8, ::1: traffic that leaves no machine. */
bool bn_host_is_loopback(const char *host);

#endif

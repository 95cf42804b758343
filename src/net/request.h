/* request.h - from a row of a request table and its parameters to a URL; origins; header checks. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_NET_REQUEST_H
#define BN_NET_REQUEST_H

#include "base/memory.h"
#include "binnacle/plugin.h"

/* Writes the URL of `request` into out: the base URL's path is kept before the request's,
 * {placeholders} are filled percent-encoded (all but RFC 3986 unreserved), the other parameters
 * become the query, in the order given. BN_EINTERNAL names a parameter that the row does not know
 * or a placeholder nobody filled; BN_EINVAL a value that would change the path ("", "." or ".." as
 * a whole segment; "" is allowed at the path's end). For
 * "{url}…" the parameter `url` must be an absolute http(s) URL. */
int bn_request_url(struct bn_buf *out, const char *base_url, const struct bn_request *request,
		   const struct bn_param *params, struct bn_error *err);

/* Rows in a table. */
size_t bn_request_count(const struct bn_request *requests);

/* BN_OK for an absolute http or https URL without user and password; *https may be NULL. */
int bn_url_check(const char *url, bool *https, struct bn_error *err);
/* Is it redis:// or rediss://, for talk.c alone? */
bool bn_url_is_talk(const char *url);
/* Same scheme, host and port. */
bool bn_url_same_origin(const char *a, const char *b);
/* Is the host "localhost" or a loopback address? */
bool bn_url_is_loopback(const char *url);
/* `location` as seen from `url` (RFC 3986 5); NULL if it can't be resolved. The caller frees it. */
char *bn_url_resolve(const char *url, const char *location);

/* "Name: value" with a token for a name and nothing below 0x20 but tab, no DEL, in the value. */
bool bn_header_ok(const char *header);

/* Percent-encodes all but unreserved characters. */
void bn_percent_encode(struct bn_buf *out, const char *text);

#endif

/* http_assert.h - what a person claims of an endpoint's answer, and whether it holds. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_PLUGINS_HTTP_ASSERT_H
#define BN_PLUGINS_HTTP_ASSERT_H

#include "binnacle/plugin.h"

/* One line each, words separated by blanks, text in "double quotes" (backslash escapes) where it
 * holds blanks:
 *
 *   status 200                 the HTTP status; also 2xx, and several: 200,204
 *   latency < 500ms            the whole answer, from the name's resolution on
 *   certificate > 14d          until the first certificate of the chain expires
 *   body contains "ready"      also: body lacks "error"
 *   json .status = "ok"        a value of the JSON body; = != < <= > >= contains
 *   json .items[0].id exists   also: lacks
 *   json .generated_at age < 24h
 *                              how long ago that moment was (RFC 3339, or seconds or ms since 1970)
 */
enum http_verdict { HTTP_HOLDS, HTTP_FAILS, HTTP_UNCLEAR };

/* What the claim was about: what is worth less than a claim about the status is only degraded. */
enum http_subject { HTTP_STATUS, HTTP_LATENCY, HTTP_CERTIFICATE, HTTP_BODY, HTTP_JSON, HTTP_AGE };

struct http_outcome {
	enum http_verdict verdict;
	enum http_subject subject;
	const char *seen; /* "404", "24h32m", "absent" */
	bn_time made; /* the moment an age claim is about; 0: not known, or it is another claim */
	bn_time failing; /* since when an age claim fails, likewise */
};

/* Judges one probe. `body` is its JSON (node NULL when it is none). BN_ECONFIG says what is wrong with
 * a claim that can't be read, and how it is written. */
int http_assert(struct bn_source *s, const char *claim, const struct bn_probe *probe,
		struct bn_json body, struct http_outcome *out, struct bn_error *err);
/* Whether a status is in a list such as "200,204" or "2xx". */
bool http_status_in(const char *list, int status);

#endif

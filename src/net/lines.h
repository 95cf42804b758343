/* lines.h - cuts a byte stream into lines: raw text, NDJSON, server-sent events. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_NET_LINES_H
#define BN_NET_LINES_H

#include "binnacle/plugin.h"

#define BN_LINE_MAX (1024 * 1024)

/* Pieces arrive in any size and need not end where lines end. Line ends are LF and CRLF.
 *   RAW     every line, empty ones too; one longer than `max_line` is handed over in pieces of that
 * size; what follows the last line end is a line NDJSON  lines that are not blank; a longer one is
 * BN_ETOOBIG SSE     one call for each event: its data lines joined by LF (WHATWG HTML 9.2.6);
 * comments, event, id and retry fields are skipped. A bare line that begins with '{' is an event
 * too: grpc-gateway ends a broken stream with one. */
struct bn_lines;
struct bn_lines *bn_lines_new(enum bn_framing framing, size_t max_line, bn_line_fn *on_line,
			      void *payload);
/* BN_OK, or what on_line returned when it was not BN_OK, or BN_ETOOBIG. */
int bn_lines_feed(struct bn_lines *lines, const char *bytes, size_t size, struct bn_error *err);
int bn_lines_finish(struct bn_lines *lines, struct bn_error *err);
void bn_lines_free(struct bn_lines *lines);

#endif

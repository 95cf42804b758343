/* lines.c - cuts a byte stream into lines: raw text, NDJSON, server-sent events. */
/* SPDX-License-Identifier: MIT */
#include "net/lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

struct bn_lines {
	enum bn_framing framing;
	size_t max_line;
	bn_line_fn *on_line;
	void *payload;
	struct bn_buf line;  /* the line so far */
	struct bn_buf event; /* SSE: data lines of the event so far, each with its LF */
	bool begun;	     /* the first bytes were looked at for a byte order mark */
};

struct bn_lines *
bn_lines_new(enum bn_framing framing, size_t max_line, bn_line_fn *on_line, void *payload)
{
	struct bn_lines *lines = bn_xcalloc(1, sizeof(*lines));

	lines->framing = framing;
	lines->max_line = max_line;
	lines->on_line = on_line;
	lines->payload = payload;
	lines->line.ceiling = max_line + 1;
	lines->event.ceiling = max_line + 1;
	return lines;
}

void
bn_lines_free(struct bn_lines *lines)
{
	if (lines == NULL)
		return;
	bn_buf_free(&lines->line);
	bn_buf_free(&lines->event);
	free(lines);
}

static int
too_long(const struct bn_lines *lines, struct bn_error *err)
{
	return bn_fail(err, BN_ETOOBIG, "a line of the stream is longer than %zu bytes",
		       lines->max_line);
}

static int
hand_over(struct bn_lines *lines, struct bn_buf *buf, struct bn_error *err)
{
	int rc = lines->on_line(bn_buf_text(buf), buf->size, lines->payload, err);

	bn_buf_reset(buf);
	return rc;
}

static int
end_event(struct bn_lines *lines, struct bn_error *err)
{
	if (lines->event.size == 0)
		return BN_OK;
	lines->event.data[--lines->event.size] = '\0'; /* the last LF */
	return hand_over(lines, &lines->event, err);
}

/* One line of an event stream. */
static int
end_sse_line(struct bn_lines *lines, struct bn_error *err)
{
	struct bn_buf *line = &lines->line;
	const char *text = bn_buf_text(line);
	size_t size = line->size;
	int rc = BN_OK;

	if (size == 0)
		rc = end_event(lines, err);
	else if (text[0] == '{')
		rc = hand_over(lines, line, err);
	else if (size >= 4 && memcmp(text, "data", 4) == 0 && (size == 4 || text[4] == ':')) {
		text += size == 4 ? 4 : 5;
		size -= size == 4 ? 4 : 5;
		if (size > 0 && *text == ' ')
			text++, size--;
		bn_buf_add(&lines->event, text, size);
		bn_buf_addc(&lines->event, '\n');
		if (lines->event.overflow)
			rc = too_long(lines, err);
	}
	bn_buf_reset(line);
	return rc;
}

static bool
blank(const struct bn_buf *buf)
{
	return strspn(bn_buf_text(buf), " \t") == buf->size;
}

static int
end_line(struct bn_lines *lines, struct bn_error *err)
{
	struct bn_buf *line = &lines->line;

	if (line->size > 0 && line->data[line->size - 1] == '\r')
		line->data[--line->size] = '\0';
	switch (lines->framing) {
	case BN_LINES_SSE:
		return end_sse_line(lines, err);
	case BN_LINES_NDJSON:
		if (blank(line)) {
			bn_buf_reset(line);
			return BN_OK;
		}
		return hand_over(lines, line, err);
	case BN_LINES_RAW:
		break;
	}
	return hand_over(lines, line, err);
}

/* Adds bytes that hold no line end. */
static int
add_piece(struct bn_lines *lines, const char *bytes, size_t size, struct bn_error *err)
{
	size_t room;
	int rc;

	while (size > 0) {
		room = lines->line.size < lines->max_line ? lines->max_line - lines->line.size : 0;
		if (room == 0) {
			/* The CR of a CRLF may be the one byte too many. */
			if (lines->line.size == lines->max_line && *bytes == '\r') {
				bn_buf_addc(&lines->line, '\r');
				bytes++, size--;
				continue;
			}
			if (lines->framing != BN_LINES_RAW)
				return too_long(lines, err);
			if ((rc = hand_over(lines, &lines->line, err)) != BN_OK)
				return rc;
			continue;
		}
		room = room < size ? room : size;
		bn_buf_add(&lines->line, bytes, room);
		bytes += room;
		size -= room;
	}
	return BN_OK;
}

int
bn_lines_feed(struct bn_lines *lines, const char *bytes, size_t size, struct bn_error *err)
{
	const char *end;
	size_t piece;
	int rc;

	if (!lines->begun && size > 0) {
		lines->begun = true;
		if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
			bytes += 3, size -= 3;
	}
	while (size > 0) {
		end = memchr(bytes, '\n', size);
		piece = end != NULL ? (size_t)(end - bytes) : size;
		if ((rc = add_piece(lines, bytes, piece, err)) != BN_OK)
			return rc;
		bytes += piece;
		size -= piece;
		if (end == NULL)
			continue;
		bytes++, size--;
		if ((rc = end_line(lines, err)) != BN_OK)
			return rc;
	}
	return BN_OK;
}

int
bn_lines_finish(struct bn_lines *lines, struct bn_error *err)
{
	int rc = BN_OK;

	if (lines->line.size > 0)
		rc = end_line(lines, err);
	if (rc == BN_OK && lines->framing == BN_LINES_SSE)
		rc = end_event(lines, err);
	return rc;
}

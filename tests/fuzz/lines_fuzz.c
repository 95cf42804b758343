/* lines_fuzz.c - line framing gives the same lines however the bytes arrive. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "net/lines.h"
#include "tests/fuzz/fuzz.h"

#define MAX_LINE 64

static int
on_line(const char *line, size_t size, void *payload, struct bn_error *err)
{
	struct bn_buf *out = payload;

	(void)err;
	/* The CR of a long raw line may come with it. */
	if (line[size] != '\0' || size > MAX_LINE + 1)
		abort();
	bn_buf_addf(out, "%zu:", size);
	bn_buf_add(out, line, size);
	return BN_OK;
}

static int
run(struct bn_buf *out, enum bn_framing framing, const uint8_t *data, size_t size, size_t piece)
{
	struct bn_lines *lines = bn_lines_new(framing, MAX_LINE, on_line, out);
	size_t at, n;
	int rc = BN_OK;

	for (at = 0; at < size && rc == BN_OK; at += n) {
		n = size - at < piece ? size - at : piece;
		rc = bn_lines_feed(lines, (const char *)data + at, n, NULL);
	}
	if (rc == BN_OK)
		rc = bn_lines_finish(lines, NULL);
	bn_lines_free(lines);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bn_buf whole = BN_BUF_INIT(0), pieces = BN_BUF_INIT(0);
	int framing;

	if (size < 4)
		return 0;
	for (framing = BN_LINES_RAW; framing <= BN_LINES_SSE; framing++) {
		bn_buf_reset(&whole);
		bn_buf_reset(&pieces);
		/* The first three bytes stay together: a byte order mark is looked for there. */
		if (run(&whole, framing, data + 1, size - 1, size) !=
			run(&pieces, framing, data + 1, size - 1, 3 + data[0] % 7) ||
		    whole.size != pieces.size ||
		    memcmp(bn_buf_text(&whole), bn_buf_text(&pieces), whole.size) != 0)
			abort();
	}
	bn_buf_free(&whole);
	bn_buf_free(&pieces);
	return 0;
}

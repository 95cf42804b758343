/* sanitise_fuzz.c - whatever comes in, nothing that acts on a terminal comes out of the sanitiser. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/text.h"
#include "tests/fuzz/fuzz.h"

static void
check_harmless(const struct bn_buf *out)
{
	const char *text = bn_buf_text(out);
	size_t at = 0, marks = 0;

	FUZZ_CHECK(bn_utf8_valid(text, out->size));
	while (at < out->size) {
		uint32_t point;
		int width;

		at += bn_utf8_decode(text + at, out->size - at, &point);
		width = bn_codepoint_width(point);
		FUZZ_CHECK(point >= 0x20 && point != 0x7F && width >= 0);
		marks = width == 0 ? marks + 1 : 0;
		FUZZ_CHECK(marks <= 4);
	}
}

static void
check_cells(const char *text)
{
	for (size_t columns = 0; columns < 12; columns++) {
		struct bn_buf cell = BN_BUF_INIT(0);
		size_t used, bytes = bn_text_fit(text, columns, &used);

		FUZZ_CHECK(used <= columns && bytes <= strlen(text));
		bn_text_cell(&cell, text, columns, BN_PAD_RIGHT, columns % 2 == 0);
		FUZZ_CHECK(bn_text_width(bn_buf_text(&cell)) == columns);
		FUZZ_CHECK(bn_utf8_valid(bn_buf_text(&cell), cell.size));
		bn_buf_free(&cell);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bn_buf once = BN_BUF_INIT(0), twice = BN_BUF_INIT(0);

	for (int mode = BN_SANITISE_FIELD; mode <= BN_SANITISE_TEXT; mode++) {
		bn_buf_reset(&once);
		bn_buf_reset(&twice);
		bn_sanitise(&once, (const char *)data, size, (enum bn_sanitise)mode);
		check_harmless(&once);
		bn_sanitise(&twice, bn_buf_text(&once), once.size, BN_SANITISE_FIELD);
		FUZZ_CHECK(strcmp(bn_buf_text(&once), bn_buf_text(&twice)) == 0);
		if (size < 256)
			check_cells(bn_buf_text(&once));
	}
	bn_buf_free(&once);
	bn_buf_free(&twice);
	return 0;
}

/* keys_fuzz.c - whatever a terminal sends, in whatever pieces, becomes keys and leaves nothing stuck. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "fuzz.h"
#include "ui/widget/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says how the rest is cut; every key also goes into an input line. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bn_decoder decoder = {0};
	struct bn_key_event event;
	struct bn_input input;
	int64_t now = 0;
	size_t piece, at;

	if (size == 0)
		return 0;
	bn_input_init(&input, "", NULL);
	piece = 1 + data[0] % 16;
	for (at = 1; at < size; at += piece) {
		size_t count = size - at < piece ? size - at : piece;

		now += data[at] % 64;
		bn_decoder_feed(&decoder, (const char *)data + at, count, now);
		while (bn_decoder_next(&decoder, now, &event))
			(void)bn_input_key(&input, &event);
	}
	now += BN_KEY_SPLIT;
	while (bn_decoder_next(&decoder, now, &event))
		continue;
	if (decoder.count != 0 || input.at > input.text.size ||
	    (input.text.size > 0 && !bn_utf8_valid(input.text.data, input.text.size)))
		abort();
	bn_input_clear(&input);
	return 0;
}

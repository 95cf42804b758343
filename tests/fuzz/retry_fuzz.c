/* retry_fuzz.c - Retry-After in every form a server may send it. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "net/backoff.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	int64_t wait = bn_retry_after(text, size, 1773108000000);

	if (wait < 0 || wait > BN_RETRY_AFTER_MAX)
		abort();
	return 0;
}

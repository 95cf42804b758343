/* words_fuzz.c - globs, references and "did you mean" take any words. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "tests/fuzz/fuzz.h"

static bool
short_name(const char *name, void *payload)
{
	(void)payload;
	return strlen(name) < 6;
}

/* Up to the first NUL one word, behind it the other. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const words[] = {"token-command", "token-file", "url", "interval", NULL};
	char *first = bn_xmalloc(size + 2), *second;
	struct bn_ref_text ref;

	if (size > 2000) /* longer ones only take longer */
		size = 2000;
	memcpy(first, data, size);
	first[size] = first[size + 1] = '\0';
	second = first + strlen(first) + 1;
	bn_glob(first, second);
	FUZZ_CHECK(bn_glob("*", first) && bn_glob("", second) == (*second == '\0'));
	bn_nearest(first, words);
	if (bn_ref_parse(first, short_name, NULL, &ref, NULL) == BN_OK) {
		FUZZ_CHECK(ref.kind != BN_KIND_NONE && *ref.key != '\0');
		FUZZ_CHECK(ref.source == NULL || short_name(ref.source, NULL));
		bn_ref_free(&ref);
	}
	free(first);
	return 0;
}

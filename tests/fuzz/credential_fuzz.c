/* credential_fuzz.c - whatever a helper prints, no error message repeats it. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/memory.h"
#include "config/credential.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = bn_xstrndup((const char *)data, size);
	struct bn_credential found;
	struct bn_error err = {0};
	int rc = bn_credential_read(&found, text, strlen(text), &err);

	if (rc == BN_OK && found.text != NULL)
		FUZZ_CHECK(strlen(found.text) == found.size);
	else if (rc != BN_OK)
		FUZZ_CHECK(strlen(text) < 8 || strstr(err.message, text) == NULL);
	FUZZ_CHECK(found.expires >= 0);
	bn_credential_clear(&found);
	free(text);
	return 0;
}

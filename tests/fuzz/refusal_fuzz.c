/* refusal_fuzz.c - the platform's words out of an error body, and what is shown of a URL. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "net/internal.h"
#include "net/request.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bn_buf out = BN_BUF_INIT(4096);
	struct bn_error err;
	char *text = bn_xstrndup((const char *)data, size), *resolved, shown[64];

	if (bn_failure_text(&out, size % 2 ? "text/plain" : NULL, text, strlen(text)) &&
	    out.size == 0)
		abort();
	if (memchr(bn_buf_text(&out), '\n', out.size) != NULL)
		abort();
	bn_failure_status(&err, 400 + (long)(size % 200), "GET https://h/", "application/json",
			  text, strlen(text));
	bn_http_show_url(text, shown, sizeof(shown));
	if (strpbrk(shown, "?#") != NULL)
		abort();
	if ((resolved = bn_url_resolve("https://h/a/b", text)) != NULL)
		bn_url_same_origin("https://h/a", resolved);
	free(resolved);
	if (bn_header_ok(text) && strpbrk(text, "\r\n") != NULL)
		abort();
	bn_buf_free(&out);
	free(text);
	return 0;
}

/* http_fuzz.c - arbitrary assertions against arbitrary answers of an endpoint. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "tests/platform/fakehost.h"

extern const struct bn_plugin bn_plugin_http;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first line is the assertion, what follows is the body. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *newline = memchr(data, '\n', size);
	struct bn_probe probe = {
	    .rc = BN_OK, .http_status = 200, .total = 1000, .certificate_expires = 1};
	char claim[1024], *body;
	size_t length;
	struct fake *fake;
	struct bn_error err;

	if (newline == NULL || (length = (size_t)(newline - data)) >= sizeof(claim))
		return 0;
	memcpy(claim, data, length);
	claim[length] = '\0';
	body = malloc(size - length);
	if (body == NULL)
		return 0;
	probe.body_size = size - length - 1;
	memcpy(body, newline + 1, probe.body_size);
	body[probe.body_size] = '\0';
	probe.body = body;
	fake = fake_new(&bn_plugin_http);
	fake_section(fake, "a");
	fake_section_option(fake, "url", "http://a/");
	fake_section_option(fake, "expect-status", claim);
	fake_section_option(fake, "assert", claim);
	fake_probe(fake, "http://a/", &probe);
	fake_poll(fake, &err);
	fake_free(fake);
	free(body);
	return 0;
}

/* alertmanager_fuzz.c - arbitrary bytes as the answers of an Alertmanager. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "tests/platform/fakehost.h"

extern const struct bn_plugin bn_plugin_alertmanager;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says which function; then come the answers, separated by bytes 0x1e. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fake *fake;
	struct bn_error err;

	if (size < 1)
		return 0;
	fake = fake_new(&bn_plugin_alertmanager);
	fake_option(fake, "url", "https://alerts.example.com");
	fake_option(fake, "peers", "2");
	fake_reply_always(fake, (const char *)data + 1, size - 1);
	switch (data[0]) {
	case 'o':
		fake_doctor(fake, &err);
		break;
	default:
		fake_poll(fake, &err);
	}
	fake_free(fake);
	return 0;
}

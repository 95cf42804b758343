/* redis_fuzz.c - arbitrary bytes as the replies of a Redis. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "tests/platform/fakehost.h"

extern const struct bn_plugin bn_plugin_redis;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says which function; then come the replies, separated by bytes 0x1e. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const stamps[] = {"value", "field f", "key k", "idle", "stream"};
	struct fake *fake;
	struct bn_error err;

	if (size < 1)
		return 0;
	fake = fake_new(&bn_plugin_redis);
	fake_option(fake, "url", "rediss://redis.example.com");
	for (size_t i = 0; i < sizeof(stamps) / sizeof(stamps[0]); i++) {
		fake_section(fake, stamps[i]);
		fake_section_option(fake, "timestamp", stamps[i]);
		fake_section_option(fake, "assert", "age < 1h");
		fake_section_option(fake, "warn", "rows < 5");
		fake_section_option(fake, "crit", "ttl < 1m");
	}
	fake_reply_always(fake, (const char *)data + 1, size - 1);
	if (data[0] == 'o')
		fake_doctor(fake, &err);
	else
		fake_poll(fake, &err);
	fake_free(fake);
	return 0;
}

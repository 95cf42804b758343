/* prometheus_fuzz.c - arbitrary bytes as the answers of a Prometheus. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "tests/platform/fakehost.h"

extern const struct bn_plugin bn_plugin_prometheus;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says which function; then come the answers, separated by bytes 0x1e. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fake *fake;
	struct bn_error err;

	if (size < 1)
		return 0;
	fake = fake_new(&bn_plugin_prometheus);
	fake_option(fake, "url", "https://prometheus.example.com");
	fake_section(fake, "q");
	fake_section_option(fake, "query", "up");
	fake_section_option(fake, "for", "endpoint/a");
	fake_section_option(fake, "warn", "> 1");
	fake_stream(fake, "s");
	fake_stream_option(fake, "source", "p");
	fake_stream_option(fake, "query", "sum(x) / y offset 5m");
	fake_stream_option(fake, "for", "endpoint/a");
	fake_stream_option(fake, "arrival", "timestamp(x)");
	fake_stream(fake, "t");
	fake_stream_option(fake, "source", "p");
	fake_stream_option(fake, "query", "1");
	fake_now(fake, "2026-11-28T17:38:30Z");
	fake_reply_always(fake, (const char *)data + 1, size - 1);
	switch (data[0]) {
	case 'q':
		fake_option(fake, "alerts", "false");
		fake_option(fake, "targets", "false");
		fake_option(fake, "rules", "false");
		fake_poll(fake, &err);
		break;
	case 's': /* the streams' answers alone */
		fake_option(fake, "alerts", "false");
		fake_option(fake, "targets", "false");
		fake_option(fake, "rules", "false");
		fake_poll(fake, &err);
		fake_now(fake, "2026-11-28T17:39:30Z");
		fake_poll(fake, &err);
		break;
	case 'o':
		fake_doctor(fake, &err);
		break;
	default:
		fake_poll(fake, &err);
	}
	fake_free(fake);
	return 0;
}

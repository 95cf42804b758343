/* mlflow_fuzz.c - arbitrary bytes as the answers of an MLflow. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "tests/platform/fakehost.h"

extern const struct bn_plugin bn_plugin_mlflow;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says which function; then come the answers, separated by bytes 0x1e. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fake *fake;
	struct bn_error err;

	if (size < 1)
		return 0;
	fake = fake_new(&bn_plugin_mlflow);
	fake_option(fake, "url", "https://mlflow.example.com");
	fake_section(fake, "product-recs");
	fake_section_option(fake, "check", "p95 < 100");
	fake_reply_always(fake, (const char *)data + 1, size - 1);
	switch (data[0]) {
	case 'v':
		fake_detail(fake, BN_MODEL, "product-recs@1", &err);
		break;
	case 'm':
		fake_detail(fake, BN_MODEL, "product-recs", &err);
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

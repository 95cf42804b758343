/* argo_fuzz.c - arbitrary bytes as the answers of an argo-server. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "tests/platform/fakehost.h"

extern const struct bn_plugin bn_plugin_argo_workflows;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says which function; then come the answers, separated by bytes 0x1e. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fake *fake;
	struct bn_error err;

	if (size < 1)
		return 0;
	fake = fake_new(&bn_plugin_argo_workflows);
	if (data[0] != 'a')
		fake_option(fake, "namespace", "data");
	fake_option(fake, "url", "https://argo.example.com");
	fake_reply_always(fake, (const char *)data + 1, size - 1);
	switch (data[0]) {
	case 'd':
		fake_detail(fake, BN_RUN, "w", &err);
		break;
	case 'l':
	case 'f':
		fake_follow(fake, data[0] == 'f');
		fake_logs(fake, &(struct bn_log_request){.run = "w", .handle = "pod node main"},
			  &err);
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

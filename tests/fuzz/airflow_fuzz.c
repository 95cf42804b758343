/* airflow_fuzz.c - arbitrary bytes as the answers of an Airflow of either dialect. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "tests/platform/fakehost.h"

extern const struct bn_plugin bn_plugin_airflow;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says which function; then come the answers, separated by bytes 0x1e. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fake *fake;
	struct bn_error err;

	if (size < 1)
		return 0;
	fake = fake_new(&bn_plugin_airflow);
	if (strchr("2DLF", data[0]) != NULL)
		fake_option(fake, "api", "v1");
	else if (data[0] != 'a')
		fake_option(fake, "api", "v2");
	fake_option(fake, "url", "https://airflow.example.com");
	fake_secret(fake, "token", "t");
	fake_reply_always(fake, (const char *)data + 1, size - 1);
	switch (data[0]) {
	case 'd':
	case 'D':
		fake_detail(fake, BN_RUN, "dag/run", &err);
		break;
	case 'l':
	case 'L':
	case 'f':
	case 'F':
		fake_follow(fake, data[0] == 'f' || data[0] == 'F');
		fake_logs(fake, &(struct bn_log_request){.run = "dag/run", .handle = "1 1 task"},
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

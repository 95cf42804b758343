/* exec_fuzz.c - arbitrary lines as the output of an exec command. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "tests/platform/fakehost.h"

#include "plugins/exec.h"

extern const struct bn_plugin bn_plugin_exec;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t size;
};

static int
feed(struct bn_source *s, struct bn_batch *batch, struct bn_sink *sink, void *payload,
     struct bn_error *err)
{
	const struct input *input = payload;
	bool records = input->data[0] != 'l';
	struct exec_reader reader = {.s = s,
				     .batch = records ? batch : NULL,
				     .sink = records ? NULL : sink,
				     .records = records};
	const uint8_t *at = input->data + 1, *end = input->data + input->size;
	int rc = BN_OK;

	while (rc == BN_OK && at < end) {
		const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((newline != NULL ? newline : end) - at);
		char *line = malloc(length + 1);

		if (line == NULL)
			return BN_EINTERNAL;
		memcpy(line, at, length);
		line[length] = '\0';
		rc = exec_on_line(line, length, &reader, err);
		free(line);
		at += length + 1;
	}
	return rc;
}

/* The first byte says whether records or log lines are wanted; then come the lines. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct bn_error err;
	struct fake *fake;

	if (size < 1)
		return 0;
	fake = fake_new(&bn_plugin_exec);
	fake_option(fake, "command", "/bin/true");
	fake_call(fake, feed, &input, &err);
	fake_free(fake);
	return 0;
}

/* json_fuzz.c - typed access takes any document and path; quoting gives back what was put in. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "tests/fuzz/fuzz.h"

static void
check_quote(const char *text, size_t size)
{
	struct bn_buf quoted = BN_BUF_INIT(0);
	json_t *back = NULL;

	bn_json_quote(&quoted, text);
	FUZZ_CHECK(bn_json_load(&back, bn_buf_text(&quoted), quoted.size, NULL) == BN_OK);
	if (bn_utf8_valid(text, size))
		FUZZ_CHECK(strcmp(json_string_value(back), text) == 0);
	for (size_t i = 0; i < quoted.size; i++)
		FUZZ_CHECK((unsigned char)quoted.data[i] >= 0x20 && quoted.data[i] != 0x7F);
	json_decref(back);
	bn_buf_free(&quoted);
}

/* Up to the first NUL a path, behind it a document. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *path = bn_xmalloc(size + 1);
	size_t length;
	json_t *json = NULL;
	double number;

	memcpy(path, data, size);
	path[size] = '\0';
	length = strlen(path);
	check_quote(path, length);
	if (length < size && bn_json_load(&json, (const char *)data + length + 1, size - length - 1,
					  NULL) == BN_OK) {
		const char *text = bn_json_str_at(json, path);

		FUZZ_CHECK(bn_json_at(json, "") == json);
		bn_json_int_at(json, path, 0);
		bn_json_num_at(json, path, 0);
		bn_json_bool_at(json, path, false);
		if (text != NULL)
			check_quote(text, strlen(text));
	}
	if (bn_number_parse(path, &number))
		FUZZ_CHECK(length > 0);
	json_decref(json);
	free(path);
	return 0;
}

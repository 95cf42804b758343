/* fingerprint.c - error texts with what differs from run to run folded, so that equal errors are told as equal. */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define FINGERPRINT_MAX 200

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || c == '_';
}

/* A word that differs from run to run: it holds a digit, or is a long hexadecimal number. Digits at its end
 * count only ("v2" in "silver2_orders" stays a name). */
static bool
varies(const char *word, size_t size)
{
	size_t digits = 0, hex = 0, i;

	for (i = 0; i < size; i++) {
		digits += isdigit((unsigned char)word[i]) != 0;
		hex += isxdigit((unsigned char)word[i]) != 0;
	}
	return isdigit((unsigned char)word[0]) || (hex == size && size >= 8 && digits > 0) ||
	       (digits > 0 && digits * 2 >= size);
}

char *
bn_text_fingerprint(const char *message)
{
	struct bn_buf out = BN_BUF_INIT(FINGERPRINT_MAX);
	bool folded = false;
	size_t size;

	if (message == NULL)
		return NULL;
	while (*message != '\0' && out.size < FINGERPRINT_MAX) {
		if (!is_word(*message)) {
			/* What joins two folded words (12:30:01, 0310-28f6k, 1.5) goes with them. */
			if (!(folded && strchr(".:-+/", *message) != NULL && message[1] != '\0' &&
			      is_word(message[1])))
				folded = false;
			if (!folded && !(isspace((unsigned char)*message) && out.size > 0 &&
					 out.data[out.size - 1] == ' '))
				bn_buf_addc(&out,
					    isspace((unsigned char)*message) ? ' ' : *message);
			message++;
			continue;
		}
		for (size = 0; is_word(message[size]);)
			size++;
		if (varies(message, size)) {
			if (!folded)
				bn_buf_addc(&out, '#');
			folded = true;
		} else {
			if (folded)
				bn_buf_addc(&out, ' ');
			bn_buf_add(&out, message,
				   size < FINGERPRINT_MAX - out.size ? size
								     : FINGERPRINT_MAX - out.size);
			folded = false;
		}
		message += size;
	}
	while (out.size > 0 && out.data[out.size - 1] == ' ')
		out.data[--out.size] = '\0';
	if (out.size == 0) {
		bn_buf_free(&out);
		return NULL;
	}
	return bn_buf_take(&out);
}

/* digest.c - SHA-256, for chains and fingerprints, and random identifiers. */
/* SPDX-License-Identifier: MIT */
#include "base/digest.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/evp.h>

#include "base/memory.h"

struct bn_digest {
	EVP_MD_CTX *context;
};

/* Only a broken installation of the library gets here; a wrong digest would be worse than an end.
 */
__attribute__((noreturn)) static void
broken(const char *what)
{
	fprintf(stderr, "binnacle: %s does not work here\n", what);
	exit(70);
}

static void
to_hex(const unsigned char *bytes, size_t size, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * size] = '\0';
}

struct bn_digest *
bn_digest_new(void)
{
	struct bn_digest *digest = bn_xcalloc(1, sizeof(*digest));

	digest->context = EVP_MD_CTX_new();
	if (digest->context == NULL || EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL) != 1)
		broken("SHA-256");
	return digest;
}

void
bn_digest_add(struct bn_digest *digest, const void *bytes, size_t size)
{
	if (size > 0 && EVP_DigestUpdate(digest->context, bytes, size) != 1)
		broken("SHA-256");
}

void
bn_digest_field(struct bn_digest *digest, const char *text)
{
	uint64_t size = text != NULL ? strlen(text) : UINT64_MAX;
	unsigned char length[8];

	for (int i = 0; i < 8; i++)
		length[i] = (unsigned char)(size >> (56 - 8 * i));
	bn_digest_add(digest, length, sizeof(length));
	if (text != NULL)
		bn_digest_add(digest, text, (size_t)size);
}

void
bn_digest_free(struct bn_digest *digest)
{
	if (digest == NULL)
		return;
	EVP_MD_CTX_free(digest->context);
	free(digest);
}

void
bn_digest_finish(struct bn_digest *digest, char out[BN_DIGEST_HEX])
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	if (EVP_DigestFinal_ex(digest->context, bytes, &size) != 1 || size != 32)
		broken("SHA-256");
	to_hex(bytes, size, out);
	bn_digest_free(digest);
}

void
bn_digest_once(const void *bytes, size_t size, char out[BN_DIGEST_HEX])
{
	struct bn_digest *digest = bn_digest_new();

	bn_digest_add(digest, bytes, size);
	bn_digest_finish(digest, out);
}

void
bn_uuid_hex(char out[33])
{
	unsigned char bytes[16];
	size_t have = 0;

	while (have < sizeof(bytes)) {
		ssize_t got = getrandom(bytes + have, sizeof(bytes) - have, 0);

		if (got > 0)
			have += (size_t)got;
		else if (got < 0 && errno != EINTR)
			broken("getrandom");
	}
	to_hex(bytes, sizeof(bytes), out);
}

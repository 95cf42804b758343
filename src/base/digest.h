/* digest.h - SHA-256, for chains and fingerprints, and random identifiers. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_BASE_DIGEST_H
#define BN_BASE_DIGEST_H

#include <stddef.h>

#define BN_DIGEST_HEX 65 /* 64 lower-case hex digits and NUL */

struct bn_digest;
struct bn_digest *bn_digest_new(void);
void bn_digest_add(struct bn_digest *digest, const void *bytes, size_t size);
/* A field in a sequence: its length as 8 big-endian bytes, then its bytes, so that no two different
 * sequences of fields give the same input. NULL differs from "". */
void bn_digest_field(struct bn_digest *digest, const char *text);
/* Writes the hex form and frees the digest. */
void bn_digest_finish(struct bn_digest *digest, char out[BN_DIGEST_HEX]);
void bn_digest_free(struct bn_digest *digest);
void bn_digest_once(const void *bytes, size_t size, char out[BN_DIGEST_HEX]);

/* 32 random lower-case hex digits and NUL (from getrandom(2)): fits every platform's idempotency
 * token. */
void bn_uuid_hex(char out[33]);

#endif

/* credential.h - the typed forms in which helpers print a credential. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_CONFIG_CREDENTIAL_H
#define BN_CONFIG_CREDENTIAL_H

#include <stddef.h>

#include "binnacle/types.h"

struct bn_credential {
	char *text; /* NULL: the output was no typed form, but the secret itself */
	size_t size;
	bn_time expires; /* 0: not said */
};

/* Understands kubectl's ExecCredential (client.authentication.k8s.io), OAuth token answers as the
 * cloud command lines print them ("access_token"/"accessToken"), git credential output
 * ("password=…" lines), and AWS credential_process (there the text is the whole JSON, since its
 * three values belong together). BN_EAUTH for JSON of no known form. No message repeats any of the
 * text. */
int bn_credential_read(struct bn_credential *out, const char *text, size_t size,
		       struct bn_error *err);
void bn_credential_clear(struct bn_credential *credential); /* wipes */

#endif

/* certificate.h - a key and a certificate for the one API that is served over TLS. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_SIM_CERTIFICATE_H
#define BN_SIM_CERTIFICATE_H

#include "binnacle/types.h"

/* Makes an EC key and a certificate for 127.0.0.1, signed by itself, valid from a day before now (real
 * time) to `expires` (whole seconds). Both come as PEM text that the caller frees. */
int bn_certificate_make(char **key_pem, char **certificate_pem, bn_time expires,
			struct bn_error *err);

#endif

/* certificate.c - a key and a certificate for the one API that is served over TLS. */
/* SPDX-License-Identifier: MIT */
#include "sim/certificate.h"

#include <stdlib.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/memory.h"

static EVP_PKEY *
make_key(void)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
	EVP_PKEY *key = NULL;

	if (context != NULL && EVP_PKEY_keygen_init(context) == 1 &&
	    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1)
		EVP_PKEY_keygen(context, &key);
	EVP_PKEY_CTX_free(context);
	return key;
}

static bool
extend(X509 *certificate, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	bool ok;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	ok = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return ok;
}

static bool
name(X509 *certificate)
{
	static const unsigned char common[] = "catalog.harbourline.example";
	X509_NAME *subject = X509_get_subject_name(certificate);

	return X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, common, -1, -1,
					  0) == 1 &&
	       X509_set_issuer_name(certificate, subject) == 1;
}

static bool
fill(X509 *certificate, EVP_PKEY *key, bn_time expires)
{
	char random[33];
	unsigned long serial;

	bn_uuid_hex(random);
	random[14] = '\0'; /* positive, and of its own, or clients take two demos for one */
	serial = strtoul(random, NULL, 16);
	return X509_set_version(certificate, 2) == 1 &&
	       ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(certificate), -24L * 60 * 60) != NULL &&
	       ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)(expires / 1000)) != NULL &&
	       X509_set_pubkey(certificate, key) == 1 && name(certificate) &&
	       extend(certificate, NID_basic_constraints, "critical,CA:TRUE") &&
	       extend(certificate, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost") &&
	       extend(certificate, NID_subject_key_identifier, "hash") &&
	       X509_sign(certificate, key, EVP_sha256()) > 0;
}

static char *
text_of(BIO *bio)
{
	char *bytes = NULL;
	long size = BIO_get_mem_data(bio, &bytes);

	return size > 0 ? bn_xstrndup(bytes, (size_t)size) : NULL;
}

int
bn_certificate_make(char **key_pem, char **certificate_pem, bn_time expires, struct bn_error *err)
{
	EVP_PKEY *key = make_key();
	X509 *certificate = X509_new();
	BIO *key_out = BIO_new(BIO_s_mem()), *certificate_out = BIO_new(BIO_s_mem());
	int rc = BN_EINTERNAL;

	*key_pem = *certificate_pem = NULL;
	if (key != NULL && certificate != NULL && key_out != NULL && certificate_out != NULL &&
	    fill(certificate, key, expires) &&
	    PEM_write_bio_PrivateKey(key_out, key, NULL, NULL, 0, NULL, NULL) == 1 &&
	    PEM_write_bio_X509(certificate_out, certificate) == 1) {
		*key_pem = text_of(key_out);
		*certificate_pem = text_of(certificate_out);
		rc = BN_OK;
	} else {
		bn_fail(err, rc, "demo: cannot make a certificate");
	}
	BIO_free(key_out);
	BIO_free(certificate_out);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return rc;
}

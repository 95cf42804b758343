/* spec.h - OpenAPI 2 and 3 documents, as far as conformance tests need them. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TESTS_SPEC_H
#define BN_TESTS_SPEC_H

#include <jansson.h>

struct spec;

/* A file below $BN_SHARED_APIS; NULL if it is not there. Broken ones end the test. */
struct spec *spec_open(const char *file);
void spec_close(struct spec *spec);

/* Such a file as it is, for specifications of another form; the caller owns it. NULL if it is not there. */
json_t *spec_document(const char *file);

/* NULL if the specification has this path ({placeholders} of any name), the method, and each of the
 * query parameters (words); or what it lacks. The text is valid until the next call. */
const char *spec_check(struct spec *spec, const char *method, const char *path, const char *query);

/* The schema of the 2xx JSON answer; NULL if it has none. Borrowed. */
const json_t *spec_answer(struct spec *spec, const char *method, const char *path);

/* How an example of a schema is made. */
enum spec_flavour {
	SPEC_FULL,   /* every member, with a plausible value */
	SPEC_BARE,   /* no optional member */
	SPEC_NULLS,  /* every optional member null */
	SPEC_STRANGE /* unknown words in every text, further members, huge and negative numbers */
};
/* An answer that the schema allows (but for SPEC_NULLS and SPEC_STRANGE, which servers give all the
 * same). Lists have two items. The caller owns it. */
json_t *spec_example(struct spec *spec, const json_t *schema, enum spec_flavour flavour);

#endif

/* test.h - what every cmocka program of the suite includes: the harness and a few readable asserts. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TEST_H
#define BN_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "binnacle/types.h"

/* Passes when CALL returns BN_OK; otherwise fails and prints the message in ERR (a struct
 * bn_error). */
#define assert_ok(call, err)                                                                       \
	do {                                                                                       \
		int bn_rc_ = (call);                                                               \
		if (bn_rc_ != BN_OK)                                                               \
			fail_msg("%s: %d: %s", #call, bn_rc_, (err)->message);                     \
	} while (0)

/* Passes when CALL returns exactly CODE. */
#define assert_fails_with(code, call) assert_int_equal((call), (code))

/* Skips this test and says why: REASON is a string without line breaks. A bare skip() counts as
 * failed. */
#define bn_skip(reason)                                                                            \
	do {                                                                                       \
		printf("# SKIP-REASON %s\n", (reason));                                            \
		fflush(stdout);                                                                    \
		skip();                                                                            \
	} while (0)

/* Unbuffered, because a sanitizer's exit loses what stdio still holds on a pipe. */
#define BN_TEST_MAIN(tests)                                                                        \
	int main(void)                                                                             \
	{                                                                                          \
		setbuf(stdout, NULL);                                                              \
		return cmocka_run_group_tests(tests, NULL, NULL);                                  \
	}

#endif

/* backoff_test.c - jitter, Retry-After, the retry budget and the circuit breaker. */
/* SPDX-License-Identifier: MIT */
#include "net/backoff.h"

#include "tests/test.h"

static const bn_time now = 1773108000000; /* 2026-03-10T02:00:00Z, a Tuesday */

static int64_t
after(const char *text)
{
	return bn_retry_after(text, strlen(text), now);
}

static void
retry_after_seconds_become_ms(void **state)
{
	(void)state;
	assert_int_equal(after("0"), 0);
	assert_int_equal(after("7"), 7000);
	assert_int_equal(after(" 12 \r\n"), 12000);
	assert_int_equal(after("1.5"), 2000);
}

static void
retry_after_is_capped_at_five_minutes(void **state)
{
	(void)state;
	assert_int_equal(after("301"), BN_RETRY_AFTER_MAX);
	assert_int_equal(after("1000000000"), BN_RETRY_AFTER_MAX);
	assert_int_equal(after("99999999999999999999999999"), BN_RETRY_AFTER_MAX);
	assert_int_equal(after("Wed, 11 Mar 2026 02:00:00 GMT"), BN_RETRY_AFTER_MAX);
}

static void
retry_after_date_counts_from_now(void **state)
{
	(void)state;
	assert_int_equal(after("Tue, 10 Mar 2026 02:00:30 GMT"), 30000);
	assert_int_equal(after("Tue, 10 Mar 2026 01:00:00 GMT"), 0);
	assert_int_equal(after("Sun, 06 Nov 1994 08:49:37 GMT"), 0);
}

static void
retry_after_nonsense_is_zero(void **state)
{
	static const char *const nonsense[] = {"",     " ",   "-5",    "soon",	  "5 s",
					       "0x10", "1e9", "12:00", "\xff\xfe"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++)
		assert_int_equal(after(nonsense[i]), 0);
	assert_int_equal(bn_retry_after("5\0"
					"5",
					3, now),
			 0);
}

static void
backoff_stays_within_a_doubling_ceiling(void **state)
{
	int n, i;

	(void)state;
	assert_int_equal(bn_backoff_ceiling(0), 500);
	assert_int_equal(bn_backoff_ceiling(1), 1000);
	assert_int_equal(bn_backoff_ceiling(7), 60000);
	assert_int_equal(bn_backoff_ceiling(1000), 60000);
	for (n = 0; n < 12; n++)
		for (i = 0; i < 50; i++)
			assert_in_range(bn_backoff(n), 0, bn_backoff_ceiling(n));
}

static void
backoff_is_jittered(void **state)
{
	int64_t first = bn_backoff(7);
	int i, different = 0;

	(void)state;
	for (i = 0; i < 20; i++)
		different += bn_backoff(7) != first;
	assert_true(different > 10);
}

static void
budget_allows_ten_retries_and_refills_with_success(void **state)
{
	struct bn_governor *governor = bn_governor_new();
	int i;

	(void)state;
	for (i = 0; i < 10; i++)
		assert_true(bn_governor_spend(governor));
	assert_false(bn_governor_spend(governor));
	for (i = 0; i < 9; i++)
		bn_governor_tell(governor, false, 0);
	assert_false(bn_governor_spend(governor));
	bn_governor_tell(governor, false, 0);
	assert_true(bn_governor_spend(governor));
	bn_governor_free(governor);
}

static void
breaker_opens_after_five_failures_in_a_row(void **state)
{
	struct bn_governor *governor = bn_governor_new();
	int i;

	(void)state;
	for (i = 0; i < 4; i++)
		bn_governor_tell(governor, true, 1000);
	bn_governor_tell(governor, false, 1000);
	for (i = 0; i < 4; i++)
		bn_governor_tell(governor, true, 1000);
	assert_int_equal(bn_governor_ask(governor, 1000), 0);
	bn_governor_tell(governor, true, 1000);
	assert_true(bn_governor_open(governor));
	assert_in_range(bn_governor_ask(governor, 1000), 500, 1000);
	bn_governor_free(governor);
}

static void
breaker_lets_one_trial_through_and_closes_when_it_is_fine(void **state)
{
	struct bn_governor *governor = bn_governor_new();
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		bn_governor_tell(governor, true, 0);
	assert_int_equal(bn_governor_ask(governor, 5000), 0); /* the trial */
	assert_true(bn_governor_ask(governor, 5000) > 0);     /* nobody else */
	bn_governor_tell(governor, true, 5000);
	assert_in_range(bn_governor_ask(governor, 5000), 1000, 2000); /* twice as long */
	assert_int_equal(bn_governor_ask(governor, 60000), 0);
	bn_governor_pass(governor); /* cancelled: the turn goes to the next */
	assert_int_equal(bn_governor_ask(governor, 60000), 0);
	bn_governor_tell(governor, false, 60000);
	assert_false(bn_governor_open(governor));
	assert_int_equal(bn_governor_ask(governor, 60000), 0);
	bn_governor_free(governor);
}

static void
breaker_lets_a_person_through_at_once(void **state)
{
	struct bn_governor *governor = bn_governor_new();
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		bn_governor_tell(governor, true, 100);
	assert_true(bn_governor_ask(governor, 100) > 0);
	bn_governor_trial(governor);
	assert_int_equal(bn_governor_ask(governor, 100), 0);
	bn_governor_free(governor);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(retry_after_seconds_become_ms),
	    cmocka_unit_test(retry_after_is_capped_at_five_minutes),
	    cmocka_unit_test(retry_after_date_counts_from_now),
	    cmocka_unit_test(retry_after_nonsense_is_zero),
	    cmocka_unit_test(backoff_stays_within_a_doubling_ceiling),
	    cmocka_unit_test(backoff_is_jittered),
	    cmocka_unit_test(budget_allows_ten_retries_and_refills_with_success),
	    cmocka_unit_test(breaker_opens_after_five_failures_in_a_row),
	    cmocka_unit_test(breaker_lets_one_trial_through_and_closes_when_it_is_fine),
	    cmocka_unit_test(breaker_lets_a_person_through_at_once),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

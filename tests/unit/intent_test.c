/* intent_test.c - what the journal lets happen once: intents, their outcomes, locks, the interval between two. */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/store_fixture.h"

#include <sys/wait.h>

static const struct bn_ref run = {BN_RUN, "argo", "hourly-1"};
static const struct bn_ref other_run = {BN_RUN, "argo", "hourly-2"};
static const struct bn_ref pipeline = {BN_PIPELINE, "argo", "hourly"};
static const struct bn_actor ann = {"ann", "", "bastion", ""};
static const struct bn_actor bob = {"bob", "", "bastion", ""};

static int
intend(struct fixture *f, const struct bn_actor *actor, struct bn_ref about, int64_t interval,
       int64_t *seq)
{
	struct bn_journal_entry entry = {"intent", about, 0, "driver lost",
					 "{\"verb\":\"retry\",\"plan\":{\"mode\":\"retry\"}}"};
	int64_t other;

	memset(&f->err, 0, sizeof(f->err));
	return bn_journal_intent(f->store, actor, &entry, "hourly", interval, seq, &other, &f->err);
}

static int
settle(struct fixture *f, struct bn_ref about, int64_t intent, const char *state)
{
	char body[64];

	snprintf(body, sizeof(body), "{\"state\":\"%s\",\"by\":\"answer\"}", state);
	return bn_journal_outcome(f->store, &ann, about, intent, NULL, body, NULL, &f->err);
}

static void
assert_state(struct fixture *f, int64_t intent, const char *wanted)
{
	struct bn_reader *reader;
	sqlite3_stmt *st = NULL;

	assert_ok(bn_reader_open(&reader, f->store, &f->err), &f->err);
	assert_int_equal(sqlite3_prepare_v2(bn_reader_db(reader),
					    "SELECT state FROM intent_now WHERE seq = ?1", -1, &st,
					    NULL),
			 SQLITE_OK);
	sqlite3_bind_int64(st, 1, intent);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(st, 0), wanted);
	sqlite3_finalize(st);
	bn_reader_close(reader);
}

static void
intent_without_an_outcome_lets_no_second_through(void **state)
{
	struct bn_journal_entry sending = {"sending", run, 0, NULL, NULL};
	struct fixture *f = *state;
	int64_t first = 0, second = 0;

	assert_ok(intend(f, &ann, run, 0, &first), &f->err);
	assert_state(f, first, "open");
	assert_int_equal(intend(f, &ann, run, 0, &second), BN_EUNCERTAIN);
	assert_non_null(strstr(f->err.hint, "audit show"));
	sending.parent = first;
	assert_ok(bn_journal_append(f->store, &ann, &sending, NULL, &f->err), &f->err);
	assert_state(f, first, "unknown");
	assert_int_equal(intend(f, &bob, run, 0, &second), BN_EUNCERTAIN);
	/* another run is another matter */
	assert_ok(intend(f, &bob, other_run, 0, &second), &f->err);
	assert_ok(settle(f, run, first, "refused"), &f->err);
	assert_state(f, first, "refused");
	assert_ok(intend(f, &bob, run, 0, &second), &f->err);
}

static void
intent_unknown_outcome_still_blocks_and_a_later_one_settles(void **state)
{
	struct fixture *f = *state;
	int64_t first = 0, second = 0;

	assert_ok(intend(f, &ann, run, 0, &first), &f->err);
	assert_ok(settle(f, run, first, "unknown"), &f->err);
	assert_state(f, first, "unknown");
	assert_int_equal(intend(f, &ann, run, 0, &second), BN_EUNCERTAIN);
	assert_ok(settle(f, run, first, "done"), &f->err);
	assert_state(f, first, "done");
	/* of two who find out only the first writes */
	assert_int_equal(settle(f, run, first, "not-sent"), BN_ECONFLICT);
	assert_state(f, first, "done");
	assert_int_equal(settle(f, run, first + 1, "done"), BN_ENOTFOUND);
}

static void
intent_soon_after_one_that_was_done_waits(void **state)
{
	struct fixture *f = *state;
	int64_t first = 0, second = 0;

	assert_ok(intend(f, &ann, run, 600000, &first), &f->err);
	assert_ok(settle(f, run, first, "done"), &f->err);
	assert_int_equal(intend(f, &ann, run, 600000, &second), BN_EBUSY);
	assert_true(f->err.retry_after > 0 && f->err.retry_after <= 600000);
	bn_clock_set(&f->clock, bn_clock_now(&f->clock) + 600001, 0);
	assert_ok(intend(f, &ann, run, 600000, &second), &f->err);
	assert_ok(settle(f, run, second, "refused"), &f->err);
	/* what was refused holds nobody up */
	assert_ok(intend(f, &ann, run, 600000, &second), &f->err);
}

static void
lock_keeps_others_off_until_it_ends(void **state)
{
	struct fixture *f = *state;
	bn_time until = bn_clock_now(&f->clock) + 60000;
	int64_t seq = 0;

	assert_ok(bn_journal_lock(f->store, &ann, pipeline, until, "mine", false, &seq, &f->err),
		  &f->err);
	assert_int_equal(intend(f, &bob, run, 0, &seq), BN_EBUSY);
	assert_non_null(strstr(f->err.message, "ann"));
	assert_int_equal(
	    bn_journal_lock(f->store, &bob, pipeline, until, "no", false, &seq, &f->err), BN_EBUSY);
	assert_ok(intend(f, &ann, run, 0, &seq), &f->err);
	assert_ok(settle(f, run, seq, "not-sent"), &f->err);
	bn_clock_set(&f->clock, until + 1, 0);
	assert_ok(intend(f, &bob, run, 0, &seq), &f->err);
	assert_ok(settle(f, run, seq, "not-sent"), &f->err);
	until = bn_clock_now(&f->clock) + 60000;
	assert_ok(bn_journal_lock(f->store, &ann, run, until, NULL, false, &seq, &f->err), &f->err);
	assert_int_equal(intend(f, &bob, run, 0, &seq), BN_EBUSY);
	assert_int_equal(bn_journal_lock(f->store, &bob, pipeline, 0, NULL, true, &seq, &f->err),
			 BN_ENOTFOUND);
	assert_ok(bn_journal_lock(f->store, &bob, run, 0, "she is asleep", true, &seq, &f->err),
		  &f->err);
	assert_ok(intend(f, &bob, run, 0, &seq), &f->err);
}

/* Many processes at once: one intent. */
static void
intent_of_many_processes_is_one(void **state)
{
	enum { CHILDREN = 8 };
	struct fixture *f = *state;
	int i, status, won = 0;

	for (i = 0; i < CHILDREN; i++) {
		if (fork() == 0) {
			struct bn_store *store = NULL;
			struct bn_journal_entry entry = {"intent", run, 0, "r",
							 "{\"verb\":\"retry\"}"};
			struct bn_error err;
			int64_t seq, other;
			int rc =
			    bn_store_open(&store, f->dir, BN_STORE_SHARED, &f->clock, NULL, &err);

			bn_store_set_anchor(store, "");
			if (rc == BN_OK)
				rc = bn_journal_intent(store, &ann, &entry, NULL, 0, &seq, &other,
						       &err);
			_exit(rc == BN_OK ? 0 : rc == BN_EUNCERTAIN ? 1 : 2);
		}
	}
	for (i = 0; i < CHILDREN; i++) {
		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
		won += WEXITSTATUS(status) == 0;
	}
	assert_int_equal(won, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(intent_without_an_outcome_lets_no_second_through),
	    STORE_TEST(intent_unknown_outcome_still_blocks_and_a_later_one_settles),
	    STORE_TEST(intent_soon_after_one_that_was_done_waits),
	    STORE_TEST(lock_keeps_others_off_until_it_ends),
	    STORE_TEST(intent_of_many_processes_is_one),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

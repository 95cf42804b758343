/* memory_test.c - buffers with ceilings, arenas, string lists, and errors cut on a character's end. */
/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

static void
buffer_beyond_ceiling_appends_nothing_more(void **state)
{
	struct bn_buf buf = BN_BUF_INIT(10);

	(void)state;
	assert_true(bn_buf_adds(&buf, "12345"));
	assert_false(bn_buf_adds(&buf, "678901"));
	assert_true(buf.overflow);
	assert_false(bn_buf_addc(&buf, 'x')); /* no hole in the middle */
	assert_string_equal(bn_buf_text(&buf), "12345");
	bn_buf_reset(&buf);
	assert_true(bn_buf_addf(&buf, "%d-%s", 1234, "56789"));
	assert_int_equal(buf.size, 10);
	assert_false(bn_buf_addf(&buf, "%c", 'x'));
	bn_buf_free(&buf);
}

static void
buffer_taken_is_owned_and_leaves_an_empty_one(void **state)
{
	struct bn_buf buf = BN_BUF_INIT(0);
	char *text;

	(void)state;
	assert_string_equal(bn_buf_text(&buf), "");
	for (int i = 0; i < 1000; i++)
		bn_buf_addf(&buf, "%04d", i);
	assert_int_equal(buf.size, 4000);
	text = bn_buf_take(&buf);
	assert_string_equal(text + 3992, "09980999");
	assert_int_equal(buf.size, 0);
	free(text);
	text = bn_buf_take(&buf);
	assert_string_equal(text, "");
	free(text);
}

static void
arena_memory_is_zeroed_aligned_and_apart(void **state)
{
	struct bn_arena *arena = bn_arena_new();
	char *before = NULL;

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (size_t size = 0; size < 300; size++) {
			char *p = bn_arena_alloc(arena, size);

			assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
			for (size_t i = 0; i < size; i++)
				assert_int_equal(p[i], 0);
			memset(p, 0xA5, size);
			assert_ptr_not_equal(p, before);
			before = p;
		}
		memset(bn_arena_alloc(arena, (size_t)3 << 20), 1, (size_t)3 << 20);
		assert_true(bn_arena_used(arena) > (size_t)3 << 20);
		bn_arena_reset(arena);
		assert_int_equal(bn_arena_used(arena), 0);
	}
	assert_string_equal(bn_arena_format(arena, "%s-%d", "x", 7), "x-7");
	assert_string_equal(bn_arena_strndup(arena, "abcdef", 3), "abc");
	assert_null(bn_arena_strdup(arena, NULL));
	bn_arena_free(arena);
	bn_arena_free(NULL);
}

static void
strlist_copies_and_finds(void **state)
{
	struct bn_strlist list = {NULL, 0, 0};
	char word[] = "one";

	(void)state;
	bn_strlist_add(&list, word);
	word[0] = 'X';
	for (int i = 0; i < 20; i++)
		bn_strlist_add(&list, "more");
	assert_int_equal(list.count, 21);
	assert_true(bn_strlist_has(&list, "one"));
	assert_false(bn_strlist_has(&list, "Xne"));
	bn_strlist_clear(&list);
	assert_int_equal(list.count, 0);
}

static void
error_message_may_quote_itself(void **state)
{
	struct bn_error err = {0};

	(void)state;
	assert_fails_with(BN_EIO, bn_fail(&err, BN_EIO, "disk %d", 7));
	assert_fails_with(BN_EPARSE, bn_fail(&err, BN_EPARSE, "outer: %s", err.message));
	assert_string_equal(err.message, "outer: disk 7");
	assert_fails_with(BN_EPARSE, bn_hint(&err, "try %s", "again"));
	bn_error_prefix(&err, "%s:%d", "file", 3);
	assert_string_equal(err.message, "file:3: outer: disk 7");
	assert_string_equal(err.hint, "try again");
	bn_fail(&err, BN_EAUTH, "new");
	assert_string_equal(err.hint, "");
	assert_fails_with(BN_EBUSY, bn_fail(NULL, BN_EBUSY, "nobody listens"));
}

static void
error_too_long_ends_with_a_whole_character(void **state)
{
	struct bn_error err = {0};
	char text[1024];

	(void)state;
	for (size_t shift = 0; shift < 4; shift++) {
		memset(text, 'a', shift);
		text[shift] = '\0';
		while (strlen(text) + 4 < sizeof(text))
			strcat(text, shift % 2 ? "漢" : "🙂");
		bn_fail(&err, BN_EIO, "%s", text);
		assert_true(strlen(err.message) > sizeof(err.message) - 6);
		assert_true(bn_utf8_valid(err.message, strlen(err.message)));
		bn_error_prefix(&err, "%s", "é");
		assert_true(bn_utf8_valid(err.message, strlen(err.message)));
	}
}

static void
code_names_are_distinct_words(void **state)
{
	(void)state;
	for (int a = BN_EINTERNAL; a <= BN_OK; a++) {
		assert_true(strlen(bn_code_name(a)) > 1);
		for (int b = BN_EINTERNAL; b < a; b++)
			assert_string_not_equal(bn_code_name(a), bn_code_name(b));
	}
	assert_string_equal(bn_code_name(-999), "unknown error");
	assert_string_equal(bn_code_name(1), "unknown error");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(buffer_beyond_ceiling_appends_nothing_more),
    cmocka_unit_test(buffer_taken_is_owned_and_leaves_an_empty_one),
    cmocka_unit_test(arena_memory_is_zeroed_aligned_and_apart),
    cmocka_unit_test(strlist_copies_and_finds),
    cmocka_unit_test(error_message_may_quote_itself),
    cmocka_unit_test(error_too_long_ends_with_a_whole_character),
    cmocka_unit_test(code_names_are_distinct_words),
};

BN_TEST_MAIN(tests)

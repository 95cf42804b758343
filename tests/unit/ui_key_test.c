/* ui_key_test.c - keys: names, and the decoder under split, broken and pasted input. */
/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include "ui/key.h"

/* Feeds at a moment, gives the keys that come out by then. */
static size_t
keys_of(struct bn_decoder *d, const char *bytes, size_t size, int64_t now, bn_key *out)
{
	struct bn_key_event event;
	size_t count = 0;

	assert_int_equal(bn_decoder_feed(d, bytes, size, now), size);
	while (bn_decoder_next(d, now, &event))
		out[count++] = event.key;
	return count;
}

static void
key_names_come_back(void **state)
{
	static const char *const names[] = {"j",   "Ctrl-D", "PgDn",	  "Space",
					    "F12", "Esc",    "Shift-Tab", "é"};
	char text[BN_KEY_NAME];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_string_equal(bn_key_name(bn_key_parse(names[i]), false, text), names[i]);
	assert_string_equal(bn_key_name(BN_KEY_DOWN, true, text), "↓");
	assert_int_equal(bn_key_parse("Ctrl-d"), 4);
	assert_int_equal(bn_key_parse("jj"), BN_KEY_NONE);
	assert_int_equal(bn_key_parse("F13"), BN_KEY_NONE);
	assert_int_equal(bn_key_parse(""), BN_KEY_NONE);
}

static void
key_split_escape_sequence_is_one_key(void **state)
{
	struct bn_decoder d = {0};
	bn_key keys[8];

	(void)state;
	assert_int_equal(keys_of(&d, "\033", 1, 1000, keys), 0);
	assert_int_equal(bn_decoder_wait(&d, 1100), 200);
	assert_int_equal(keys_of(&d, "[", 1, 1150, keys), 0);
	assert_int_equal(keys_of(&d, "B", 1, 1299, keys), 1);
	assert_int_equal(keys[0], BN_KEY_DOWN);
	assert_int_equal(bn_decoder_wait(&d, 1300), -1);
}

static void
key_lone_escape_becomes_esc_in_time(void **state)
{
	struct bn_decoder d = {0};
	struct bn_key_event event;

	(void)state;
	bn_decoder_feed(&d, "\033", 1, 1000);
	assert_false(bn_decoder_next(&d, 1299, &event));
	assert_true(bn_decoder_next(&d, 1300, &event));
	assert_int_equal(event.key, BN_KEY_ESC);
	assert_false(bn_decoder_next(&d, 1300, &event));
}

static void
key_escape_then_letter_is_two_keys(void **state)
{
	struct bn_decoder d = {0};
	bn_key keys[8];

	(void)state;
	assert_int_equal(keys_of(&d, "\033j", 2, 1, keys), 2);
	assert_int_equal(keys[0], BN_KEY_ESC);
	assert_int_equal(keys[1], 'j');
}

static void
key_unfinished_sequence_is_dropped_whole(void **state)
{
	struct bn_decoder d = {0};
	struct bn_key_event event;
	bn_key keys[8];

	(void)state;
	assert_int_equal(keys_of(&d, "\033[1;", 4, 1000, keys), 0);
	assert_false(bn_decoder_next(&d, 1400, &event)); /* no Esc, no letters */
	assert_int_equal(keys_of(&d, "a", 1, 1401, keys), 1);
	assert_int_equal(keys[0], 'a');
}

static void
key_every_form_of_an_arrow_is_known(void **state)
{
	static const struct {
		const char *bytes;
		bn_key key;
	} forms[] = {
	    {"\033[A", BN_KEY_UP},	{"\033OA", BN_KEY_UP},	    {"\033[1;5A", BN_KEY_UP},
	    {"\033[5~", BN_KEY_PGUP},	{"\033[1~", BN_KEY_HOME},   {"\033[H", BN_KEY_HOME},
	    {"\033[[A", BN_KEY_F1},	{"\033OP", BN_KEY_F1},	    {"\033[15~", BN_KEY_F1 + 4},
	    {"\033[Z", BN_KEY_BACKTAB}, {"\177", BN_KEY_BACKSPACE}, {"\b", BN_KEY_BACKSPACE},
	    {"\n", BN_KEY_ENTER},	{"\xc3\xa9", 0xe9}};
	bn_key keys[8];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct bn_decoder d = {0};

		assert_int_equal(keys_of(&d, forms[i].bytes, strlen(forms[i].bytes), 1, keys), 1);
		assert_int_equal(keys[0], forms[i].key);
	}
}

static void
key_unknown_sequences_and_answers_are_swallowed(void **state)
{
	static const char bytes[] =
	    "\033[?1;2c\033]11;rgb:0000/0000/0000\a\033P1$r0m\033\\\033[99~x";
	struct bn_decoder d = {0};
	bn_key keys[8];

	(void)state;
	assert_int_equal(keys_of(&d, bytes, sizeof(bytes) - 1, 1, keys), 1);
	assert_int_equal(keys[0], 'x');
}

static void
key_paste_is_marked_as_text(void **state)
{
	static const char bytes[] = "\033[200~qQ\r\033[201~j";
	struct bn_decoder d = {0};
	struct bn_key_event event;
	int i;

	(void)state;
	bn_decoder_feed(&d, bytes, sizeof(bytes) - 1, 1);
	for (i = 0; i < 3; i++) {
		assert_true(bn_decoder_next(&d, 1, &event));
		assert_true(event.pasted);
	}
	assert_true(bn_decoder_next(&d, 1, &event));
	assert_false(event.pasted);
	assert_int_equal(event.key, 'j');
}

static void
key_paste_without_an_end_ends_by_itself(void **state)
{
	struct bn_decoder d = {0};
	struct bn_key_event event;

	(void)state;
	bn_decoder_feed(&d, "\033[200~q", 7, 1);
	assert_true(bn_decoder_next(&d, 1, &event));
	assert_true(event.pasted);
	bn_decoder_feed(&d, "j", 1, 1 + 11 * BN_KEY_SPLIT);
	assert_true(bn_decoder_next(&d, 1 + 11 * BN_KEY_SPLIT, &event));
	assert_false(event.pasted);
}

static void
key_mouse_reports_have_a_place(void **state)
{
	static const char bytes[] = "\033[<0;12;7M\033[<0;12;7m\033[<65;1;1M";
	struct bn_decoder d = {0};
	struct bn_key_event event;

	(void)state;
	bn_decoder_feed(&d, bytes, sizeof(bytes) - 1, 1);
	assert_true(bn_decoder_next(&d, 1, &event));
	assert_int_equal(event.key, BN_KEY_CLICK);
	assert_int_equal(event.x, 11);
	assert_int_equal(event.y, 6);
	assert_true(bn_decoder_next(&d, 1, &event));
	assert_int_equal(event.key, BN_KEY_WHEEL_DOWN);
	assert_false(bn_decoder_next(&d, 1, &event));
}

/* Whatever comes, in whatever pieces: it ends, and nothing is left waiting for ever. */
static void
key_noise_never_gets_stuck(void **state)
{
	struct bn_decoder d = {0};
	struct bn_key_event event;
	unsigned seed = 12345;
	int64_t now = 0;
	int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		char byte = (char)((seed = seed * 1103515245u + 12345u) >> 16);

		if ((seed >> 28) == 0)
			byte = 27;
		bn_decoder_feed(&d, &byte, 1, ++now);
		while (bn_decoder_next(&d, now, &event))
			assert_true(event.key != BN_KEY_NONE);
	}
	now += BN_KEY_SPLIT;
	while (bn_decoder_next(&d, now, &event))
		continue;
	assert_int_equal(d.count, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(key_names_come_back),
    cmocka_unit_test(key_split_escape_sequence_is_one_key),
    cmocka_unit_test(key_lone_escape_becomes_esc_in_time),
    cmocka_unit_test(key_escape_then_letter_is_two_keys),
    cmocka_unit_test(key_unfinished_sequence_is_dropped_whole),
    cmocka_unit_test(key_every_form_of_an_arrow_is_known),
    cmocka_unit_test(key_unknown_sequences_and_answers_are_swallowed),
    cmocka_unit_test(key_paste_is_marked_as_text),
    cmocka_unit_test(key_paste_without_an_end_ends_by_itself),
    cmocka_unit_test(key_mouse_reports_have_a_place),
    cmocka_unit_test(key_noise_never_gets_stuck),
};
BN_TEST_MAIN(tests)

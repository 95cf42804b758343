/* text_test.c - the sanitiser's rule row by row, display width, cells, globs, numbers, near words. */
/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <math.h>

#include "base/text.h"

static void
assert_sanitised(const char *in, size_t size, enum bn_sanitise mode, const char *want)
{
	struct bn_buf out = BN_BUF_INIT(0);

	bn_sanitise(&out, in, size, mode);
	assert_string_equal(bn_buf_text(&out), want);
	bn_buf_free(&out);
}
#define FIELD(in, want) assert_sanitised(in, sizeof(in) - 1, BN_SANITISE_FIELD, want)
#define TEXT(in, want)	assert_sanitised(in, sizeof(in) - 1, BN_SANITISE_TEXT, want)

static void
sanitise_escape_sequences_become_visible(void **state)
{
	(void)state;
	FIELD("A\x1b[31mB", "A^[[31mB");
	FIELD("\x1b]52;c;aGk=\x07", "^[]52;c;aGk=^G");
	FIELD("A\x7f\x08\x00Z", "A^?^H^@Z");
	FIELD("A\x9b\x33\x31m", "A\xEF\xBF\xBD"
				"31m"); /* a bare 8-bit CSI is invalid UTF-8 */
	FIELD("A\xC2\x9b\xC2\x85", "A<U+009B><U+0085>");
}

static void
sanitise_line_breaks_cannot_forge_a_row(void **state)
{
	(void)state;
	FIELD("good\r\nbad\tx", "good^M^Jbad^Ix");
	TEXT("good\r\nbad", "good^M^Jbad");
	FIELD("a\u2028b\u2029c", "a<U+2028>b<U+2029>c");
}

static void
sanitise_text_expands_tabs_to_the_next_stop(void **state)
{
	(void)state;
	TEXT("a\tb", "a       b");
	TEXT("\tb", "        b");
	TEXT("12345678\tb", "12345678        b");
	TEXT("漢字\tb", "漢字    b"); /* counted in columns, not bytes */
}

static void
sanitise_unseen_characters_become_visible(void **state)
{
	(void)state;
	FIELD("\u202egnp\u202c\u2066\u2069\u061c\u200e\u200f",
	      "<U+202E>gnp<U+202C><U+2066><U+2069><U+061C><U+200E><U+200F>");
	FIELD("\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f",
	      "<U+200B><U+200C><U+200D><U+2060><U+FEFF><U+00AD><U+034F>");
	FIELD("\u115f\u1160\u17b4\u17b5\u180b\u180e\u180f\u3164\uffa0\ufff9\ufe00\ufe0f",
	      "<U+115F><U+1160><U+17B4><U+17B5><U+180B><U+180E><U+180F><U+3164><U+FFA0><U+FFF9>"
	      "<U+FE00><U+FE0F>");
	FIELD("\U000e0041\U000e0fff\U000e0100", "<U+E0041><U+E0FFF><U+E0100>");
	FIELD("\ufdd0\ufffe\U0001ffff\U0010fffe", "<U+FDD0><U+FFFE><U+1FFFF><U+10FFFE>");
}

static void
sanitise_invalid_utf8_becomes_replacements(void **state)
{
	(void)state;
	FIELD("A\xffZ", "A\uFFFDZ");
	FIELD("\xc0\x9b", "\uFFFD\uFFFD");		       /* overlong ESC */
	FIELD("\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD");	       /* surrogate */
	FIELD("\xf4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"); /* above U+10FFFF */
	FIELD("abc\xe6\xbc", "abc\uFFFD\uFFFD");	       /* cut */
	FIELD("\u0378", "\uFFFD"); /* not assigned: its width is anybody's guess */
}

static void
sanitise_marks_are_four_at_most(void **state)
{
	(void)state;
	FIELD("e\u0301x", "e\u0301x");
	FIELD("e\u0301\u0301\u0301\u0301x", "e\u0301\u0301\u0301\u0301x");
	FIELD("e\u0301\u0301\u0301\u0301\u0301\u0301\u0301x", "e\u0301\u0301\u0301\u0301\uFFFDx");
	FIELD("\u0301x", "\u25CC\u0301x"); /* must not join the cell before it */
}

static void
sanitise_plain_text_passes_unchanged(void **state)
{
	struct bn_arena *arena = bn_arena_new();

	(void)state;
	FIELD("transform-hourly 3 failed \u00e4\u00f6 \u20ac 漢字 🙂 \ue0b0",
	      "transform-hourly 3 failed \u00e4\u00f6 \u20ac 漢字 🙂 \ue0b0");
	assert_string_equal(bn_sanitised(arena, NULL), "");
	assert_string_equal(bn_sanitised(arena, "a\nb"), "a^Jb");
	bn_arena_free(arena);
}

static void
utf8_every_code_point_survives_encode_and_decode(void **state)
{
	(void)state;
	for (uint32_t point = 0; point <= 0x10FFFF; point += point < 0x3000 ? 1 : 61) {
		char bytes[4];
		size_t size = bn_utf8_encode(point, bytes);
		uint32_t back;

		if (point >= 0xD800 && point <= 0xDFFF)
			continue;
		assert_int_equal(bn_utf8_decode(bytes, size, &back), size);
		assert_int_equal(back, point);
		assert_true(bn_utf8_valid(bytes, size));
		if (size > 1) {
			assert_int_equal(bn_utf8_decode(bytes, size - 1, &back), 1);
			assert_int_equal(back, 0xFFFD);
		}
	}
	assert_true(bn_utf8_valid("\uFFFD", 3)); /* the real one is no error */
	assert_false(bn_utf8_valid("a\xff", 2));
	assert_int_equal(bn_utf8_cut("a\u2026b", 5, 5), 5);
	assert_int_equal(bn_utf8_cut("a\u2026b", 5, 4), 4);
	assert_int_equal(bn_utf8_cut("a\u2026b", 5, 3), 1);
	assert_int_equal(bn_utf8_cut("\u2026", 3, 2), 0);
}

static void
width_follows_the_unicode_tables(void **state)
{
	static const struct {
		uint32_t point;
		int width;
	} rows[] = {{'a', 1},	    {0x7F, -1},	   {0x1B, -1},	 {0xA0, 1},	{0xE9, 1},
		    {0x301, 0},	    {0x489, 0},	   {0x600, 1},	 {0x1100, 2},	{0x1161, 0},
		    {0x200B, -1},   {0x25CF, 1},   {0x2713, 1},	 {0x3000, 2},	{0x3042, 2},
		    {0x4E00, 2},    {0xAC00, 2},   {0xE000, 1},	 {0xFF01, 2},	{0xFF61, 1},
		    {0xFFFD, 1},    {0x1F642, 2},  {0x20000, 2}, {0xE0001, -1}, {0xF0000, 1},
		    {0x10FFFF, -1}, {0x110000, -1}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (bn_codepoint_width(rows[i].point) != rows[i].width)
			fail_msg("U+%04X: %d, not %d", (unsigned)rows[i].point,
				 bn_codepoint_width(rows[i].point), rows[i].width);
}

static void
fit_splits_neither_wide_characters_nor_marks(void **state)
{
	size_t used;

	(void)state;
	assert_int_equal(bn_text_width("漢字ab"), 6);
	assert_int_equal(bn_text_fit("漢字", 3, &used), 3);
	assert_int_equal(used, 2);
	assert_int_equal(bn_text_fit("e\u0301x", 1, &used), 3);
	assert_int_equal(used, 1);
	assert_int_equal(bn_text_fit("abc", 0, &used), 0);
}

static void
assert_cell(const char *text, size_t columns, enum bn_pad pad, bool ascii, const char *want)
{
	struct bn_buf out = BN_BUF_INIT(0);

	bn_text_cell(&out, text, columns, pad, ascii);
	assert_string_equal(bn_buf_text(&out), want);
	bn_buf_free(&out);
}

static void
cell_is_cut_with_a_mark_and_padded(void **state)
{
	(void)state;
	assert_cell("abc", 5, BN_PAD_RIGHT, false, "abc  ");
	assert_cell("abc", 5, BN_PAD_LEFT, false, "  abc");
	assert_cell("abc", 5, BN_PAD_NONE, false, "abc");
	assert_cell("abcdef", 5, BN_PAD_RIGHT, false, "abcd…");
	assert_cell("abcdef", 5, BN_PAD_RIGHT, true, "abcd~");
	assert_cell("abcde", 5, BN_PAD_RIGHT, false, "abcde");
	assert_cell("漢字漢", 5, BN_PAD_RIGHT, false, "漢字…");
	assert_cell("漢字漢", 4, BN_PAD_RIGHT, false, "漢… ");
	assert_cell("abc", 1, BN_PAD_RIGHT, false, "…");
	assert_cell("abc", 0, BN_PAD_RIGHT, false, "");
	assert_cell(NULL, 2, BN_PAD_RIGHT, false, "  ");
}

static void
nearest_finds_slips_and_not_strangers(void **state)
{
	static const char *const words[] = {"token-command", "token-file", "token-env", "url",
					    "interval",	     "namespace",  NULL};

	(void)state;
	assert_string_equal(bn_nearest("namespac", words), "namespace");
	assert_string_equal(bn_nearest("nmaespace", words), "namespace");
	assert_string_equal(bn_nearest("token_comand", words), "token-command");
	assert_string_equal(bn_nearest("URL", words), "url");
	assert_string_equal(bn_nearest("inter", words), "interval");
	assert_null(bn_nearest("colour", words));
	assert_null(bn_nearest("", words));
	assert_null(bn_nearest("x", words));
}

static void
glob_matches_whole_text(void **state)
{
	(void)state;
	assert_true(bn_glob("transform-*", "transform-hourly"));
	assert_false(bn_glob("transform", "transform-hourly"));
	assert_true(bn_glob("*-h??rly", "transform-hourly"));
	assert_true(bn_glob("a[0-9b]c", "a5c") && bn_glob("a[0-9b]c", "abc"));
	assert_false(bn_glob("a[!0-9]c", "a5c"));
	assert_true(bn_glob("a[]x]c", "a]c"));
	assert_true(bn_glob("a\\*c", "a*c"));
	assert_false(bn_glob("a\\*c", "abc"));
	assert_true(bn_glob("[abc", "[abc")); /* a set that does not end is itself */
	assert_true(bn_glob("?[α-ω]", "漢β"));
	assert_true(bn_glob("", "") && bn_glob("*", "") && !bn_glob("?", ""));
	assert_false(bn_glob("Prod", "prod"));
}

static void
glob_with_many_stars_ends_soon(void **state)
{
	char text[3001];

	(void)state;
	memset(text, 'a', 3000);
	text[3000] = '\0';
	/* Backtracking naively this would not end today. */
	assert_false(bn_glob("*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}

static void
number_takes_decimals_whatever_the_locale(void **state)
{
	double n;

	(void)state;
	assert_true(bn_number_parse("-1.5e3", &n) && n < -1499.9 && n > -1500.1);
	assert_true(bn_number_parse("NaN", &n) && isnan(n));
	assert_true(bn_number_parse("-Inf", &n) && isinf(n) && n < 0);
	assert_false(bn_number_parse("", &n) || bn_number_parse(NULL, &n));
	assert_false(bn_number_parse("1,5", &n) || bn_number_parse("0x10", &n));
	assert_false(bn_number_parse(" 1", &n) || bn_number_parse("1 ", &n));
	assert_false(bn_number_parse("1e999", &n) || bn_number_parse("--1", &n));
}

static void
secret_is_blotted_out_and_names_that_hold_its_letters_are_not(void **state)
{
	static const struct {
		const char *text, *secret, *after;
	} rows[] = {
	    {"401 for Bearer s3cret-token!", "s3cret-token", "401 for Bearer ************!"},
	    {"xs3cret-tokens3cret-token", "s3cret-token", "x************************"},
	    {"********", "********", "********"},
	    {"argo-prod: 401 for prod, prod_2 and \"prod\"", "prod",
	     "argo-prod: 401 for ****, prod_2 and \"****\""},
	    {"a key of abc", "abc", "a key of abc"},
	    {"nothing", NULL, "nothing"},
	    {"", "s3cret-token", ""},
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "%s", rows[i].text);
		bn_text_blot(text, strlen(text), rows[i].secret);
		assert_string_equal(text, rows[i].after);
	}
	/* Cut in the middle of it, its beginning is told, too; a few letters tell nothing. */
	snprintf(text, sizeof(text), "401 for Bearer s3cret-tok");
	bn_text_blot_cut(text, strlen(text), "s3cret-token");
	assert_string_equal(text, "401 for Bearer **********");
	snprintf(text, sizeof(text), "401 for Bearer s3c");
	bn_text_blot_cut(text, strlen(text), "s3cret-token");
	assert_string_equal(text, "401 for Bearer s3c");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(sanitise_escape_sequences_become_visible),
    cmocka_unit_test(sanitise_line_breaks_cannot_forge_a_row),
    cmocka_unit_test(sanitise_text_expands_tabs_to_the_next_stop),
    cmocka_unit_test(sanitise_unseen_characters_become_visible),
    cmocka_unit_test(sanitise_invalid_utf8_becomes_replacements),
    cmocka_unit_test(sanitise_marks_are_four_at_most),
    cmocka_unit_test(sanitise_plain_text_passes_unchanged),
    cmocka_unit_test(utf8_every_code_point_survives_encode_and_decode),
    cmocka_unit_test(width_follows_the_unicode_tables),
    cmocka_unit_test(fit_splits_neither_wide_characters_nor_marks),
    cmocka_unit_test(cell_is_cut_with_a_mark_and_padded),
    cmocka_unit_test(nearest_finds_slips_and_not_strangers),
    cmocka_unit_test(glob_matches_whole_text),
    cmocka_unit_test(glob_with_many_stars_ends_soon),
    cmocka_unit_test(number_takes_decimals_whatever_the_locale),
    cmocka_unit_test(secret_is_blotted_out_and_names_that_hold_its_letters_are_not),
};

BN_TEST_MAIN(tests)

/* ui_theme_test.c - themes: the built-in ones load and say what they should, mistakes are told. */
/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include "ui/theme.h"

static void
theme_every_built_in_one_loads_and_names_every_role(void **state)
{
	struct bn_error err = {0};
	struct bn_theme theme;
	char head[64];
	size_t i;
	int role;

	(void)state;
	for (i = 0; bn_theme_files[i].name != NULL; i++) {
		assert_ok(bn_theme_load_text(&theme, bn_theme_files[i].name, bn_theme_files[i].text,
					     &err),
			  &err);
		for (role = 0; role < BN_ROLE_COUNT; role++) {
			snprintf(head, sizeof(head), "[role \"%s\"]",
				 bn_role_word((enum bn_role)role));
			if (strstr(bn_theme_files[i].text, head) == NULL && role != BN_ROLE_TEXT)
				fail_msg("%s.theme has no %s", bn_theme_files[i].name, head);
		}
	}
	assert_int_equal(i, 5);
}

/* The values that product/3-screens.md 3.1b gives for the default theme. */
static void
theme_dark_is_what_was_agreed(void **state)
{
	static const struct {
		enum bn_role role;
		int fg;
	} agreed[] = {{BN_ROLE_TEXT, 252},    {BN_ROLE_DIM, 243},    {BN_ROLE_RULE, 238},
		      {BN_ROLE_HEADING, 250}, {BN_ROLE_ACCENT, 111}, {BN_ROLE_RUNNING, 75},
		      {BN_ROLE_OK, 71},	      {BN_ROLE_WARN, 179},   {BN_ROLE_FAILED, 203},
		      {BN_ROLE_KEY, 255}};
	struct bn_theme theme;
	struct bn_error err;
	size_t i;

	(void)state;
	assert_ok(bn_theme_choose(&theme, "dark", 256, false, &err), &err);
	for (i = 0; i < sizeof(agreed) / sizeof(agreed[0]); i++)
		assert_int_equal(theme.looks[agreed[i].role].fg, agreed[i].fg);
	assert_int_equal(theme.looks[BN_ROLE_SELECTED].bg, 236);
	assert_int_equal(theme.looks[BN_ROLE_TEXT].bg, -1); /* the terminal's own page */
}

static void
theme_mono_uses_no_colour(void **state)
{
	struct bn_theme theme;
	struct bn_error err;
	int role;

	(void)state;
	assert_ok(bn_theme_choose(&theme, NULL, 256, true, &err), &err);
	for (role = 0; role < BN_ROLE_COUNT; role++) {
		assert_int_equal(theme.looks[role].fg, -1);
		assert_int_equal(theme.looks[role].bg, -1);
	}
	assert_true(theme.looks[BN_ROLE_SELECTED].reverse);
}

static void
theme_fits_the_terminal(void **state)
{
	struct bn_theme theme;
	struct bn_error err;

	(void)state;
	assert_ok(bn_theme_choose(&theme, "auto", 0, false, &err), &err);
	assert_string_equal(theme.name, "mono");
	assert_ok(bn_theme_choose(&theme, NULL, 8, false, &err), &err);
	assert_string_equal(theme.name, "16");
	assert_ok(bn_theme_choose(&theme, NULL, 256, false, &err), &err);
	assert_string_equal(theme.name, "dark");
	assert_ok(bn_theme_choose(&theme, "light", 8, false, &err),
		  &err); /* it has not the colours */
	assert_string_equal(theme.name, "16");
}

static void
theme_mistakes_are_told_and_something_usable_stays(void **state)
{
	struct bn_error err = {0};
	struct bn_theme theme;

	(void)state;
	assert_fails_with(BN_ENOTFOUND, bn_theme_choose(&theme, "drak", 256, false, &err));
	assert_string_equal(theme.name, "dark");
	assert_fails_with(
	    BN_ECONFIG, bn_theme_load_text(&theme, "mine", "[role \"text\"]\n\tfg = rde\n", &err));
	assert_non_null(strstr(err.message, "mine:1"));
	assert_non_null(strstr(err.hint, "red"));
	assert_fails_with(
	    BN_ECONFIG, bn_theme_load_text(&theme, "mine", "[role \"txet\"]\n\tfg = red\n", &err));
	assert_fails_with(
	    BN_ECONFIG, bn_theme_load_text(&theme, "mine", "[role \"text\"]\n\tfgg = red\n", &err));
	assert_fails_with(BN_EIO, bn_theme_load(&theme, "/nonexistent/x.theme", &err));
}

static void
theme_own_file_is_enough_with_one_role(void **state)
{
	struct bn_error err = {0};
	struct bn_theme theme;

	(void)state;
	assert_ok(bn_theme_load_text(&theme, "mine",
				     "[role \"text\"]\n\tfg = bright-red\n\tbold = true\n", &err),
		  &err);
	assert_int_equal(theme.looks[BN_ROLE_TEXT].fg, 9);
	assert_true(theme.looks[BN_ROLE_HEADING].bold); /* what is not named looks like text */
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(theme_every_built_in_one_loads_and_names_every_role),
    cmocka_unit_test(theme_dark_is_what_was_agreed),
    cmocka_unit_test(theme_mono_uses_no_colour),
    cmocka_unit_test(theme_fits_the_terminal),
    cmocka_unit_test(theme_mistakes_are_told_and_something_usable_stays),
    cmocka_unit_test(theme_own_file_is_enough_with_one_role),
};
BN_TEST_MAIN(tests)

/* ui_theme_test.c - themes: the built-in ones load and say what they should, mistakes are told. */
/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <math.h>

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

/* ---- told apart, read -------------------------------------------------------------------- */

/* Colour is never the only carrier: what has a role of its own has a mark of its own, drawn or ASCII. */
static void
theme_every_role_of_a_status_has_a_glyph_of_its_own(void **state)
{
	int a, b;

	(void)state;
	for (a = 0; a < BN_STATUS_COUNT; a++) {
		for (b = 0; b < a; b++) {
			const struct bn_status_row *x = bn_status_row((enum bn_status)a),
						   *y = bn_status_row((enum bn_status)b);

			if (x->role == y->role)
				continue;
			assert_string_not_equal(x->glyph, y->glyph);
			assert_string_not_equal(x->ascii, y->ascii);
		}
	}
}

static bool
same_look(const struct bn_theme *theme, enum bn_role a, enum bn_role b)
{
	return memcmp(&theme->looks[a], &theme->looks[b], sizeof(theme->looks[a])) == 0;
}

/* Roles that no glyph carries differ from plain text by colour or attribute; in themes with colours the four
 * that tell good from bad differ from each other besides. */
static void
theme_roles_without_a_glyph_differ_from_text(void **state)
{
	static const enum bn_role bare[] = {BN_ROLE_SELECTED, BN_ROLE_MARKED, BN_ROLE_KEY,
					    BN_ROLE_TAB,      BN_ROLE_MATCH,  BN_ROLE_INPUT};
	static const enum bn_role told[] = {BN_ROLE_OK, BN_ROLE_RUNNING, BN_ROLE_WARN,
					    BN_ROLE_FAILED};
	struct bn_theme theme;
	struct bn_error err;
	size_t i, a, b;

	(void)state;
	for (i = 0; bn_theme_files[i].name != NULL; i++) {
		assert_ok(bn_theme_load_text(&theme, bn_theme_files[i].name, bn_theme_files[i].text,
					     &err),
			  &err);
		for (a = 0; a < sizeof(bare) / sizeof(bare[0]); a++)
			if (same_look(&theme, bare[a], BN_ROLE_TEXT))
				fail_msg("%s: %s looks like text", theme.name,
					 bn_role_word(bare[a]));
		for (a = 0; theme.colours > 0 && a < 4; a++)
			for (b = 0; b < a; b++)
				if (theme.looks[told[a]].fg == theme.looks[told[b]].fg)
					fail_msg("%s: %s and %s have one colour", theme.name,
						 bn_role_word(told[a]), bn_role_word(told[b]));
	}
}

/* Linear red, green and blue of one of xterm's colours above the first sixteen, which are the terminal's own. */
static void
linear(int colour, double out[3])
{
	int i, level[3];

	if (colour >= 232)
		level[0] = level[1] = level[2] = 8 + 10 * (colour - 232);
	else
		for (i = 0; i < 3; i++) {
			int step = (colour - 16) / (i == 0 ? 36 : i == 1 ? 6 : 1) % 6;

			level[i] = step == 0 ? 0 : 55 + 40 * step;
		}
	for (i = 0; i < 3; i++) {
		double c = level[i] / 255.0;

		out[i] = c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
	}
}

/* WCAG 2.1: (lighter + 0.05) / (darker + 0.05), from 1 to 21. */
static double
contrast(int fg, int bg)
{
	double a[3], b[3], x, y;

	linear(fg, a);
	linear(bg, b);
	x = 0.2126 * a[0] + 0.7152 * a[1] + 0.0722 * a[2] + 0.05;
	y = 0.2126 * b[0] + 0.7152 * b[1] + 0.0722 * b[2] + 0.05;
	return x > y ? x / y : y / x;
}

/* Whatever words are written in can be read on the page it is for; rules are only lines. */
static void
theme_words_can_be_read_on_their_page(void **state)
{
	static const struct {
		const char *name;
		int page;
	} themes[] = {{"dark", 16}, {"light", 231}, {"colorblind", 16}};
	struct bn_theme theme;
	struct bn_error err;
	size_t i;
	int role;

	(void)state;
	for (i = 0; i < sizeof(themes) / sizeof(themes[0]); i++) {
		assert_ok(bn_theme_choose(&theme, themes[i].name, 256, false, &err), &err);
		for (role = 0; role < BN_ROLE_COUNT; role++) {
			const struct bn_look *look = &theme.looks[role];

			if (role == BN_ROLE_RULE)
				continue;
			if (contrast(look->fg, look->bg >= 0 ? look->bg : themes[i].page) < 3)
				fail_msg("%s: %s is hard to read", theme.name,
					 bn_role_word((enum bn_role)role));
		}
	}
}

/* What an eye without one of its kinds of cones sees (Viénot, Brettel and Mollon 1999), as sRGB. */
static void
seen(int colour, bool protan, double out[3])
{
	double c[3], mixed;
	int i;

	linear(colour, c);
	mixed = protan ? 0.11238 * c[0] + 0.88762 * c[1] : 0.29275 * c[0] + 0.70725 * c[1];
	out[2] = c[2] + (protan ? 0.00401 : -0.02234) * (c[0] - c[1]);
	out[0] = out[1] = mixed;
	for (i = 0; i < 3; i++)
		out[i] = out[i] <= 0.0031308 ? 255 * 12.92 * out[i]
					     : 255 * (1.055 * pow(out[i], 1 / 2.4) - 0.055);
}

static void
theme_colorblind_keeps_good_and_bad_apart(void **state)
{
	static const enum bn_role told[] = {BN_ROLE_OK, BN_ROLE_RUNNING, BN_ROLE_WARN,
					    BN_ROLE_FAILED};
	struct bn_theme theme;
	struct bn_error err;
	int protan, a, b;

	(void)state;
	assert_ok(bn_theme_choose(&theme, "colorblind", 256, false, &err), &err);
	for (protan = 0; protan < 2; protan++) {
		for (a = 0; a < 4; a++) {
			for (b = 0; b < a; b++) {
				double x[3], y[3];

				seen(theme.looks[told[a]].fg, protan != 0, x);
				seen(theme.looks[told[b]].fg, protan != 0, y);
				/* the dark theme's ok and failed come to 15 here */
				assert_true(sqrt(pow(x[0] - y[0], 2) + pow(x[1] - y[1], 2) +
						 pow(x[2] - y[2], 2)) > 60);
			}
		}
	}
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(theme_every_built_in_one_loads_and_names_every_role),
    cmocka_unit_test(theme_dark_is_what_was_agreed),
    cmocka_unit_test(theme_mono_uses_no_colour),
    cmocka_unit_test(theme_fits_the_terminal),
    cmocka_unit_test(theme_mistakes_are_told_and_something_usable_stays),
    cmocka_unit_test(theme_own_file_is_enough_with_one_role),
    cmocka_unit_test(theme_every_role_of_a_status_has_a_glyph_of_its_own),
    cmocka_unit_test(theme_roles_without_a_glyph_differ_from_text),
    cmocka_unit_test(theme_words_can_be_read_on_their_page),
    cmocka_unit_test(theme_colorblind_keeps_good_and_bad_apart),
};
BN_TEST_MAIN(tests)

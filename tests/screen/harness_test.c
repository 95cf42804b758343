/* harness_test.c - the screen harness itself, tried on a small ncurses program. */
/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <signal.h>

#include "tests/screen/harness.h"

static const char *
toy(void)
{
	static char path[4096];
	const char *dir = getenv("abs_top_builddir");

	snprintf(path, sizeof(path), "%s/tests/screen/toy", dir != NULL ? dir : ".");
	return path;
}

static struct bn_term *
start(const char *term, int cols, int rows)
{
	const char *argv[] = {toy(), NULL};
	struct bn_term_options options = {.cols = cols, .rows = rows, .term = term, .argv = argv};
	struct bn_term *t = bn_term_start(&options);

	assert_non_null(t);
	if (!bn_term_wait(t, "wide", 10000)) {
		char *screen = bn_term_dump(t);

		fail_msg("the toy did not paint; screen:\n%s", screen);
	}
	return t;
}

static void
dump_first_screen_is_text_with_wide_and_combining_characters(void **state)
{
	struct bn_term *t = start(NULL, 80, 24);
	char *screen = bn_term_dump(t);
	int lines = 0;

	(void)state;
	for (const char *p = screen; *p != '\0'; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 24);
	assert_ptr_equal(strstr(screen, "toy 80x24\n  red     turned    208\n"), screen);
	assert_non_null(strstr(screen, "\n漢字 wide e\xcc\x81 combined ┌─┐ ▁▄█\n"));
	free(screen);
	bn_term_free(t);
}

static void
cell_attributes_are_those_the_program_set(void **state)
{
	struct bn_term *t = start(NULL, 80, 24);
	struct bn_term_cell cell;

	(void)state;
	cell = bn_term_cell(t, 1, 2);
	assert_string_equal(cell.text, "r");
	assert_int_equal(cell.fg, 1);
	assert_int_equal(cell.bg, -1);
	assert_true(cell.bold);
	assert_false(cell.reverse);
	assert_true(bn_term_cell(t, 1, 10).reverse);
	cell = bn_term_cell(t, 1, 20);
	assert_int_equal(cell.fg, 208);
	assert_int_equal(cell.bg, 4);
	assert_true(cell.underline);
	assert_int_equal(bn_term_cell(t, 2, 0).width, 2);
	assert_int_equal(bn_term_cell(t, 2, 1).width, 0);
	assert_string_equal(bn_term_cell(t, 99, 99).text, " ");
	bn_term_free(t);
}

static void
find_text_after_wide_characters_counts_cells(void **state)
{
	struct bn_term *t = start(NULL, 80, 24);
	int row = -1, col = -1;

	(void)state;
	assert_true(bn_term_find(t, "wide", &row, &col));
	assert_int_equal(row, 2);
	assert_int_equal(col, 5);
	assert_false(bn_term_find(t, "nowhere", NULL, NULL));
	bn_term_free(t);
}

/* Cursor keys differ between application and normal mode; a program must see the same key on each.
 */
static void
press_named_key_is_understood_on_each_terminal(void **state)
{
	static const char *const terms[] = {"xterm-256color", "tmux-256color", "screen", "linux",
					    "vt100"};

	(void)state;
	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
		struct bn_term *t = start(terms[i], 80, 24);
		char why[256] = "";

		if (!bn_term_play(t, "<Down><Wait:key KEY_DOWN>a<Wait:key a><C-d><Wait:key ^D>",
				  why, sizeof(why)))
			fail_msg("%s: %s", terms[i], why);
		bn_term_free(t);
	}
}

static void
play_script_waits_resizes_and_reports_what_failed(void **state)
{
	struct bn_term *t = start(NULL, 80, 24);
	char why[256] = "";
	int cols, rows;

	(void)state;
	if (!bn_term_play(t, "<Size:132x43><Wait:toy 132x43><lt>", why, sizeof(why)))
		fail_msg("%s", why);
	assert_true(bn_term_wait(t, "key <", 10000));
	bn_term_size(t, &cols, &rows);
	assert_int_equal(cols, 132);
	assert_int_equal(rows, 43);
	assert_false(bn_term_play(t, "<NoSuchKey>", why, sizeof(why)));
	assert_string_equal(why, "<NoSuchKey> is no key");
	assert_false(bn_term_play(t, "<Wait:", why, sizeof(why)));
	assert_false(bn_term_wait(t, "never there", 50));
	assert_true(bn_term_wait_gone(t, "never there", 50));
	bn_term_free(t);
}

static void
exit_status_and_screen_given_back_are_seen(void **state)
{
	struct bn_term *t = start(NULL, 80, 24);

	(void)state;
	assert_true(bn_term_altscreen(t));
	assert_false(bn_term_cursor_visible(t));
	assert_int_equal(bn_term_exit(t, 50), -1);
	bn_term_type(t, "q");
	assert_int_equal(bn_term_exit(t, 10000), 3);
	assert_false(bn_term_altscreen(t));
	assert_true(bn_term_cursor_visible(t));
	bn_term_free(t);

	t = start(NULL, 80, 24);
	bn_term_type(t, "x");
	assert_int_equal(bn_term_exit(t, 10000), 128 + SIGKILL);
	bn_term_free(t);
}

static void
hang_up_ends_the_program(void **state)
{
	struct bn_term *t = start(NULL, 80, 24);

	(void)state;
	bn_term_hang_up(t);
	assert_int_equal(bn_term_exit(t, 10000), 128 + SIGHUP);
	bn_term_free(t);
}

static void
bytes_grow_with_output_and_stand_still_without(void **state)
{
	struct bn_term *t = start(NULL, 80, 24);
	size_t first, len;

	(void)state;
	assert_true(bn_term_settle(t, 100, 5000));
	first = bn_term_bytes(t);
	assert_true(first > 100);
	assert_non_null(memmem(bn_term_raw(t, &len), first, "turned", 6));
	assert_int_equal(len, first);
	bn_term_settle(t, 200, 1000);
	assert_int_equal(bn_term_bytes(t), first);
	bn_term_type(t, "a");
	assert_true(bn_term_wait(t, "key a", 5000));
	assert_true(bn_term_bytes(t) > first);
	bn_term_free(t);
}

static void
start_environment_is_the_terminals(void **state)
{
	const char *argv[] = {toy(),	"env",	 "TERM", "LINES", "COLUMNS",
			      "LC_ALL", "ADDED", "HOME", NULL};
	const char *env[] = {"ADDED=yes", "HOME", NULL};
	struct bn_term_options options = {.term = "vt100", .argv = argv, .env = env};
	struct bn_term *t;
	char *screen;

	(void)state;
	setenv("LINES", "7", 1);
	setenv("COLUMNS", "9", 1);
	t = bn_term_start(&options);
	assert_non_null(t);
	assert_int_equal(bn_term_exit(t, 10000), 0);
	screen = bn_term_dump(t);
	assert_ptr_equal(
	    strstr(screen, "TERM=vt100\nLINES=(none)\nCOLUMNS=(none)\nLC_ALL=C.UTF-8\nADDED=yes\n"
			   "HOME=(none)\n"),
	    screen);
	free(screen);
	bn_term_free(t);
}

static void
svg_picture_holds_text_colours_and_blocks(void **state)
{
	struct bn_term *t = start(NULL, 80, 24);
	char *svg = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&svg, &len);

	(void)state;
	assert_non_null(out);
	assert_true(bn_term_svg(t, out));
	fclose(out);
	assert_non_null(strstr(svg, "shape-rendering='crispEdges'"));
	assert_non_null(strstr(svg, "font-weight='bold'>red</text>"));
	assert_non_null(strstr(svg, "fill='#ff8700' text-decoration='underline'>208</text>"));
	assert_non_null(strstr(svg, ">漢</text>"));
	assert_null(strstr(svg, "█"));
	free(svg);
	bn_term_free(t);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(dump_first_screen_is_text_with_wide_and_combining_characters),
    cmocka_unit_test(cell_attributes_are_those_the_program_set),
    cmocka_unit_test(find_text_after_wide_characters_counts_cells),
    cmocka_unit_test(press_named_key_is_understood_on_each_terminal),
    cmocka_unit_test(play_script_waits_resizes_and_reports_what_failed),
    cmocka_unit_test(exit_status_and_screen_given_back_are_seen),
    cmocka_unit_test(hang_up_ends_the_program),
    cmocka_unit_test(bytes_grow_with_output_and_stand_still_without),
    cmocka_unit_test(start_environment_is_the_terminals),
    cmocka_unit_test(svg_picture_holds_text_colours_and_blocks),
};

BN_TEST_MAIN(tests)

/* manners_test.c - how the console behaves towards terminals, lines, signals and fingers. */
/* SPDX-License-Identifier: MIT */
#include "tests/screen/console.h"

#include <locale.h>
#include <signal.h>
#include <unistd.h>

#include "base/json.h"
#include "ui/keymap.h"

static struct served world;

static int
setup(void **state)
{
	(void)state;
	setlocale(LC_CTYPE, "C.UTF-8");
	setenv("VISUAL", "true", 1); /* an editor that changes nothing */
	served_start(&world, "--record \"$DEMO\".requests");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	served_stop(&world);
	return 0;
}

static bool
on_screen(struct bn_term *t, const char *text)
{
	int row, col;

	return bn_term_find(t, text, &row, &col);
}

static void
expect(struct bn_term *t, const char *text)
{
	if (!bn_term_wait(t, text, 10000))
		fail_msg("no \"%s\" on:\n%s", text, bn_term_dump(t));
}

/* ---- terminals --------------------------------------------------------------------------- */

/* Whether any cell has a colour of its own. */
static bool
has_colour(struct bn_term *t)
{
	int cols, rows, y, x;

	bn_term_size(t, &cols, &rows);
	for (y = 0; y < rows; y++)
		for (x = 0; x < cols; x++) {
			struct bn_term_cell cell = bn_term_cell(t, y, x);

			if (cell.fg != -1 || cell.bg != -1)
				return true;
		}
	return false;
}

static void
manners_every_terminal_shows_the_same(void **state)
{
	static const struct {
		const char *term;
		bool colour;
	} terms[] = {{"xterm-256color", true}, {"tmux-256color", true},
		     {"screen", true},	       {"linux", true},
		     {"vt100", false},	       {"never-heard-of-it", false},
		     {"xterm-kitty", true}};
	char *first = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
		struct bn_term *t = console_start(&world, 80, 24, terms[i].term, NULL, NULL);
		char *dump;

		console_play(
		    t,
		    "2<Wait:PIPELINE><Quiet:500>"); /* the first key takes away what was said about TERM */
		dump = bn_term_dump(t);
		if (first == NULL)
			first = strdup(dump);
		assert_string_equal(dump, first);
		assert_int_equal(has_colour(t), terms[i].colour);
		free(dump);
		console_quit(t);
	}
	free(first);
}

static void
manners_unknown_terminal_is_said(void **state)
{
	struct bn_term *t = console_start(&world, 80, 24, "never-heard-of-it", NULL, NULL);

	(void)state;
	expect(t, "this host does not know TERM=never-heard-of-it; used vt100 instead");
	console_quit(t);
}

static void
manners_terminal_without_a_cursor_gets_advice(void **state)
{
	struct bn_term_options options = {
	    .term = "dumb",
	    .argv =
		(const char *const[]){"sh", "-c", "binnacle --demo=\"$DEMO\"; echo left $?", NULL}};
	struct bn_term *t = bn_term_start(&options);

	(void)state;
	assert_non_null(t);
	if (!bn_term_wait(t, "left", 20000))
		fail_msg("it hangs on a dumb terminal:\n%s", bn_term_dump(t));
	assert_true(on_screen(t, "transform-hourly") || on_screen(t, "binnacle status"));
	bn_term_free(t);
}

static void
manners_no_color_means_none(void **state)
{
	static const char *const env[] = {"NO_COLOR=1", NULL};
	struct bn_term *t = console_start(&world, 80, 24, NULL, env, NULL);

	(void)state;
	assert_false(has_colour(t));
	expect(t, "✗ 1 transform-hourly"); /* the sign carries it */
	console_quit(t);
}

static void
manners_plain_locale_sends_only_ascii(void **state)
{
	static const char *const env[] = {"LC_ALL=C", NULL};
	struct bn_term *t = console_start(&world, 80, 24, NULL, env, NULL);
	const char *raw;
	size_t size, i;

	(void)state;
	console_play(t, "2490");
	expect(t, "[0 Src]"); /* 80 columns: the brief names */
	raw = bn_term_raw(t, &size);
	for (i = 0; i < size; i++)
		if ((raw[i] & 0x80) != 0)
			fail_msg("a byte 0x%02x was sent", (unsigned char)raw[i]);
	console_quit(t);
}

/* ---- keys -------------------------------------------------------------------------------- */

static void
manners_split_escape_sequence_is_a_key(void **state)
{
	struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, NULL);

	(void)state;
	console_play(t, "2/ing-<Enter>");
	expect(t, "/ing- ·");
	bn_term_type(t, "\033");
	bn_term_settle(t, 100, 200);
	bn_term_type(t, "[");
	bn_term_settle(t, 100, 200);
	bn_term_type(t, "B");
	bn_term_settle(t, 600, 5000);
	expect(t, "/ing- ·"); /* Esc would have cleared the filter */
	bn_term_type(t, "\033");
	bn_term_settle(t, 900, 5000);
	assert_false(on_screen(t, "/ing- ·"));
	console_quit(t);
}

static void
manners_pasted_text_is_no_command(void **state)
{
	struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, NULL);

	(void)state;
	bn_term_type(t, "\033[200~Q2a\033[201~");
	bn_term_settle(t, 500, 5000);
	expect(t, "[1 Triage]");
	console_quit(t);
}

static long long
journal_records(void)
{
	struct said said;
	long long count;
	json_t *json;

	ask(&world, "--offline -o json sql 'SELECT count(*) AS n FROM note'", &said);
	json = said_json(&said);
	count = bn_json_int_at(json, "items/0/n", -1);
	json_decref(json);
	said_clear(&said);
	return count;
}

/* Every key there is, on every screen, but for those whose table row says that they change something: nothing is
 * written to the journal, and every request the platforms saw was a reading one. */
static void
manners_no_key_outside_a_dialog_changes_anything(void **state)
{
	static const char named[] =
	    "<Enter><C-c><Tab><C-c><Space><C-c><BS><C-c><Up><Down><Left><Right><Home><End><PgUp><"
	    "PgDn>"
	    "<Del><F1>q<F5><F10><C-a><C-b><C-d><C-e><C-f><C-g><C-k><C-l><C-n><C-o><C-p><C-r><C-t>"
	    "<C-u><C-v><C-w><C-x><C-y>";
	static const char *const screens[] = {"1", "2", "3", "4", "5", "7", "9", "0"};
	struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, NULL);
	struct said said;
	size_t i;
	int key;

	(void)state;
	for (i = 0; i < sizeof(screens) / sizeof(screens[0]); i++) {
		console_play(t, screens[i]);
		for (key = '!'; key <= '~'; key++) {
			char text[8];

			if (strchr("aziqQ<0123456789", key) != NULL)
				continue;
			snprintf(text, sizeof(text), "%c\003",
				 key); /* Ctrl-C leaves whatever it opened */
			bn_term_type(t, text);
			bn_term_pump(t, 20);
		}
		bn_term_settle(t, 300, 10000);
		bn_term_type(t, screens[i]);
		console_play(t, named);
	}
	console_play(t, "1");
	expect(t, "[1 Triage]");
	ask_shell(&world,
		  "test -s \"$DEMO\".requests && ! grep -E '\"method\": *\"(PUT|DELETE|PATCH)\"' "
		  "\"$DEMO\".requests",
		  &said);
	assert_int_equal(said.code, 0);
	said_clear(&said);
	ask(&world,
	    "--offline -o json sql 'SELECT count(*) AS n FROM ack UNION ALL SELECT count(*) FROM "
	    "snooze'",
	    &said);
	assert_non_null(strstr(said.out, "[{\"n\":0},{\"n\":0}]"));
	said_clear(&said);
	assert_int_equal(journal_records(), 0);
	console_quit(t);
}

static long long
acknowledgements(void)
{
	struct said said;
	long long count;
	json_t *json;

	ask(&world, "--offline -o json timeline --kind ack", &said);
	json = said_json(&said);
	count = (long long)json_array_size(json_object_get(json, "items"));
	json_decref(json);
	said_clear(&said);
	return count;
}

/* The rows that were asked for can't be had: what stands there is not what is meant, neither by a key that came at one
 * stroke with the filter nor by one that comes later. */
static void
manners_wrong_filter_acknowledges_nothing(void **state)
{
	struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, NULL);
	long long before = acknowledgements();

	(void)state;
	console_play(t, "2<Wait:PIPELINE><Wait:ing-shop-orders>");
	bn_term_type(t, "/durration>5m\ra");
	assert_true(bn_term_wait(t, "did you mean duration?", 60000));
	bn_term_settle(t, 1000, 60000);
	console_play(t, "a<Wait:not the rows that were asked for>");
	console_play(t, "<Esc><Gone:did you mean duration?>");
	console_quit(t);
	assert_int_equal(acknowledgements(), before);
}

static void
manners_acknowledging_is_recorded_and_taken_back(void **state)
{
	struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, NULL);
	char *row;

	(void)state;
	console_play(t, "a");
	expect(t, "acknowledged by ");
	row = bn_term_row(t, 4); /* what is done next is about it, too */
	assert_int_equal(row[0], 'a');
	assert_non_null(strstr(row, "transform-hourly"));
	free(row);
	console_play(t, "j");
	row = bn_term_row(t, 4);
	assert_null(strstr(row, "transform-hourly")); /* it needs nobody any more */
	free(row);
	console_play(t, "A");
	console_play(t, "g");
	expect(t, "transform-hourly");
	console_play(t, "a");
	expect(t, "no longer acknowledged");
	console_play(t, "A");
	row = bn_term_row(t, 4);
	assert_non_null(strstr(row, "transform-hourly"));
	free(row);
	console_quit(t);
}

/* The second `a` is about the row as it is after the first, whether it waits for that or the console stands still. */
static void
manners_acknowledging_twice_takes_it_back(void **state)
{
	struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, NULL);

	(void)state;
	console_play(t, "<Wait:✗ 1 transform-hourly>");
	bn_term_type(t, "aa");
	assert_true(bn_term_wait(t, "transform-hourly no longer acknowledged", 60000));
	console_play(t, "Z<Wait:PAUSED>a<Wait:transform-hourly acknowledged by>");
	assert_true(bn_term_wait(t, "a✗ 1 transform-hourly", 60000));
	console_play(t, "a<Wait:transform-hourly no longer acknowledged>");
	assert_true(bn_term_wait_gone(t, "a✗ 1 transform-hourly", 60000));
	console_quit(t);
}

static void
manners_note_is_kept_word_for_word(void **state)
{
	struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, NULL);

	(void)state;
	console_play(t, "idriver lost, jq Q!<Enter>");
	expect(t, "noted on transform-hourly");
	/* on a slow machine other things happened in that very moment, more than a page of them */
	console_play(t, "9<Wait:WHAT>/driver lost<Enter><Wait:driver lost, jq Q!>");
	expect(t, "driver lost, jq Q!");
	console_quit(t);
}

static void
manners_read_only_refuses_to_write(void **state)
{
	struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, "--read-only");

	(void)state;
	console_play(t, "a");
	expect(t, "read-only");
	console_play(t, "?");
	expect(t, "(read-only: refused)");
	console_quit(t);
}

static void
manners_copy_sends_the_reference_by_osc_52(void **state)
{
	struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, NULL);
	const char *raw;
	size_t size;

	(void)state;
	console_play(t, "y");
	raw = bn_term_raw(t, &size);
	/* base64 of pipeline/argo-prod/transform-hourly */
	assert_non_null(
	    memmem(raw, size, "\033]52;c;cGlwZWxpbmUvYXJnby1wcm9kL3RyYW5zZm9ybS1ob3VybHk=\a", 53));
	console_quit(t);
}

/* ---- help, generated from the table ------------------------------------------------------ */

static void
expect_help(struct bn_term *t, unsigned context)
{
	struct bn_keymap *map = NULL;
	struct bn_strlist lines = {0};
	struct bn_error err;
	size_t i;

	assert_ok(bn_keymap_new(&map, NULL, &err), &err);
	bn_keymap_help(map, context, true, BN_REACH_ALL, &lines);
	assert_true(lines.count > 20);
	for (i = 0; i < lines.count; i++) {
		char *tab = strchr(lines.items[i], '\t');

		if (tab == NULL)
			continue;
		*tab = '\0';
		expect(t, lines.items[i]);
		expect(t, tab + 1);
	}
	bn_strlist_clear(&lines);
	bn_keymap_free(map);
}

static void
manners_help_lists_the_keys_of_this_screen(void **state)
{
	static const struct {
		const char *keys;
		unsigned context;
	} screens[] = {{"1", BN_IN_TRIAGE},  {"2", BN_IN_RUNS},	    {"4", BN_IN_ENDPOINTS},
		       {"5", BN_IN_STREAMS}, {"9", BN_IN_TIMELINE}, {"0", BN_IN_SOURCES}};
	struct bn_term *t = console_start(&world, 200, 90, NULL, NULL, NULL);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(screens) / sizeof(screens[0]); i++) {
		console_play(t, screens[i].keys);
		console_play(t, "?");
		expect_help(t, screens[i].context);
		console_play(t, "q");
	}
	console_quit(t);
}

static void
manners_help_scrolls_where_it_does_not_fit(void **state)
{
	struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, NULL);

	(void)state;
	console_play(t, "?");
	expect(t, "open the selected thing");
	console_play(t, "G");
	expect(t, "quit");
	console_quit(t);
}

/* ---- the command line -------------------------------------------------------------------- */

static void
manners_command_line_completes_and_shows_output(void **state)
{
	struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, NULL);

	(void)state;
	console_play(t, ":sourc<Tab>");
	expect(t, ":sources");
	console_play(t, "<Enter><Wait:exit code><Quiet:500>");
	expect(t, "Output");
	expect(t, "airflow-legacy");
	console_play(t, "q:<Up>"); /* the history */
	expect(t, ":sources");
	console_play(t, "<C-c>");
	console_quit(t);
}

/* What Tab puts in is the filter as well, and it is the word at the cursor that is completed. */
static void
manners_completed_filter_is_the_one_in_force(void **state)
{
	struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, NULL);

	(void)state;
	console_play(t, "2<Wait:PIPELINE><Wait:ing-shop-orders>");
	console_play(t, "/dur<Tab><Wait:no value after duration>");
	console_play(t, "<C-u>eng zzz<Left><Left><Left><Left><Tab><Wait:/engine: zzz>");
	assert_true(bn_term_wait_gone(t, "/eng zzz", 60000));
	console_play(t, "<C-c>");
	console_quit(t);
}

static void
manners_wrong_filter_says_what_is_right(void **state)
{
	struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, NULL);

	(void)state;
	console_play(t, "2/durration>5m");
	expect(t, "\"durration\"");
	expect(t, "did you mean duration?");
	console_play(t, "<C-c>");
	expect(t, "transform-hourly"); /* left, it is as it was */
	assert_false(on_screen(t, "durration"));
	console_quit(t);
}

/* Held still: what is in sight stays, and what was not in sight is still read when somebody asks for it. */
static void
manners_paused_console_opens_other_screens(void **state)
{
	struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, NULL);

	(void)state;
	console_play(t, "<Wait:transform-hourly>Z<Wait:PAUSED>");
	console_play(t, "2<Wait:PIPELINE><Wait:ing-shop-orders>");
	console_play(t, "4<Wait:ENDPOINT><Wait:api-forecast>");
	expect(t, "PAUSED");
	console_quit(t);
}

/* ---- sizes ------------------------------------------------------------------------------- */

static void
manners_any_sequence_of_sizes_ends_well(void **state)
{
	struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, NULL);
	unsigned seed = 7;
	char *before, *after;
	int i;

	(void)state;
	console_play(t, "2");
	before = bn_term_dump(t);
	for (i = 0; i < 400; i++) {
		seed = seed * 1103515245u + 12345u;
		bn_term_resize(t, 1 + (int)(seed >> 8) % 220, 1 + (int)(seed >> 20) % 80);
		bn_term_type(t, i % 7 == 0 ? "?" : i % 5 == 0 ? "h2" : i % 3 == 0 ? "j" : "1");
		bn_term_pump(t, 3);
	}
	bn_term_resize(t, 59, 16);
	bn_term_settle(t, 700, 10000);
	expect(t, "59x16 is too small: 60x16 at least");
	bn_term_resize(t, 80, 24);
	bn_term_settle(t, 700, 10000);
	console_play(t, "12g");
	after = bn_term_dump(t);
	assert_string_equal(after, before);
	free(before);
	free(after);
	console_quit(t);
}

/* ---- bytes ------------------------------------------------------------------------------- */

static void
manners_nothing_is_sent_when_nothing_changed(void **state)
{
	struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, NULL);
	size_t before;

	(void)state;
	bn_term_settle(t, 3000, 20000);
	before = bn_term_bytes(t);
	bn_term_settle(
	    t, 7000,
	    8000); /* the demo's clock stands still; everything was asked for again meanwhile */
	assert_int_equal(bn_term_bytes(t) - before, 0);
	console_quit(t);
}

static void
manners_moving_the_cursor_costs_little(void **state)
{
	struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, NULL);
	size_t before;

	(void)state;
	console_play(
	    t,
	    "9"); /* its detail changes with every row: the worst case is Runs, this is the usual one */
	console_play(t, "j");
	before = bn_term_bytes(t);
	console_play(t, "jjjj");
	assert_true(bn_term_bytes(t) - before < 4 * 1200);
	console_quit(t);
}

/* ---- signals ----------------------------------------------------------------------------- */

static void
manners_hang_up_ends_it(void **state)
{
	struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, NULL);

	(void)state;
	bn_term_hang_up(t);
	assert_int_equal(bn_term_exit(t, 5000), 129);
	bn_term_free(t);
}

static void
manners_terminal_is_given_back(void **state)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGSEGV};
	static const int codes[] = {143, 130, 139};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, NULL);

		assert_true(bn_term_altscreen(t));
		assert_false(bn_term_cursor_visible(t));
		kill(bn_term_pid(t), signals[i]);
		assert_int_equal(bn_term_exit(t, 5000), codes[i]);
		bn_term_pump(t, 200);
		assert_false(bn_term_altscreen(t));
		assert_true(bn_term_cursor_visible(t));
		bn_term_free(t);
	}
}

static void
manners_stopped_from_outside_it_comes_back_whole(void **state)
{
	struct bn_term *t = console_start(&world, 80, 24, NULL, NULL, NULL);
	char *before = bn_term_dump(t), *after;

	(void)state;
	kill(bn_term_pid(t), SIGSTOP);
	bn_term_settle(t, 200, 1000);
	kill(bn_term_pid(t), SIGCONT);
	bn_term_settle(t, 1000, 10000);
	after = bn_term_dump(t);
	assert_string_equal(after, before);
	free(before);
	free(after);
	console_quit(t);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(
	manners_no_key_outside_a_dialog_changes_anything), /* first: the journal is empty */
    cmocka_unit_test(manners_every_terminal_shows_the_same),
    cmocka_unit_test(manners_unknown_terminal_is_said),
    cmocka_unit_test(manners_terminal_without_a_cursor_gets_advice),
    cmocka_unit_test(manners_no_color_means_none),
    cmocka_unit_test(manners_plain_locale_sends_only_ascii),
    cmocka_unit_test(manners_split_escape_sequence_is_a_key),
    cmocka_unit_test(manners_pasted_text_is_no_command),
    cmocka_unit_test(manners_read_only_refuses_to_write),
    cmocka_unit_test(manners_copy_sends_the_reference_by_osc_52),
    cmocka_unit_test(manners_help_lists_the_keys_of_this_screen),
    cmocka_unit_test(manners_help_scrolls_where_it_does_not_fit),
    cmocka_unit_test(manners_command_line_completes_and_shows_output),
    cmocka_unit_test(manners_completed_filter_is_the_one_in_force),
    cmocka_unit_test(manners_wrong_filter_says_what_is_right),
    cmocka_unit_test(manners_any_sequence_of_sizes_ends_well),
    cmocka_unit_test(manners_nothing_is_sent_when_nothing_changed),
    cmocka_unit_test(manners_moving_the_cursor_costs_little),
    cmocka_unit_test(manners_hang_up_ends_it),
    cmocka_unit_test(manners_terminal_is_given_back),
    cmocka_unit_test(manners_stopped_from_outside_it_comes_back_whole),
    cmocka_unit_test(manners_paused_console_opens_other_screens),
    cmocka_unit_test(manners_wrong_filter_acknowledges_nothing),
    cmocka_unit_test(manners_acknowledging_is_recorded_and_taken_back),
    cmocka_unit_test(manners_acknowledging_twice_takes_it_back),
    cmocka_unit_test(manners_note_is_kept_word_for_word),
};

int
main(void)
{
	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, setup, teardown);
}

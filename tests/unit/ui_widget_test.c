/* ui_widget_test.c - drawing, the input line and the pager, read back from the screen's cells. */
/* SPDX-License-Identifier: MIT */
#include "ui_paper.h"

#include <unistd.h>

#include "ui/widget/gantt.h"
#include "ui/widget/input.h"
#include "ui/widget/pager.h"

/* ---- drawing ----------------------------------------------------------------------------- */

static void
draw_hostile_text_stays_in_its_cells(void **state)
{
	struct paper paper;
	bool other = false;
	int y, x;

	(void)state;
	paper_open(&paper, 5, 40, false);
	bn_draw(&paper.pen, 2, 3, 20, BN_INK(BN_ROLE_TEXT),
		"\033[2J\r\nA\bB\xe2\x80\xae\x9b"
		"31m\t\xff");
	for (y = 0; y < 5; y++)
		for (x = 0; x < 40; x++) {
			chtype cell = mvinch(y, x) & A_CHARTEXT;

			other |= cell != ' ' && (y != 2 || x < 3 || x >= 23);
			assert_false(cell < 32 || cell == 127);
		}
	assert_false(other);
	paper_close(&paper);
}

static void
draw_text_is_cut_with_an_ellipsis(void **state)
{
	struct paper paper;

	(void)state;
	paper_open(&paper, 5, 40, false);
	assert_int_equal(bn_draw(&paper.pen, 0, 0, 6, BN_INK(BN_ROLE_TEXT), "abcdefgh"), 6);
	assert_row(0, "abcde…");
	bn_draw(&paper.pen, 1, 0, 5, BN_INK(BN_ROLE_TEXT),
		"ab漢字x"); /* a wide one is never halved */
	assert_row(1, "ab漢…");
	bn_draw(&paper.pen, 2, 36, 20, BN_INK(BN_ROLE_TEXT), "longer than the rest");
	assert_row_has(2, "lon…");
	bn_draw_right(&paper.pen, 3, 0, 10, BN_INK(BN_ROLE_TEXT), "42");
	assert_row(3, "        42");
	paper_close(&paper);
}

static void
draw_ascii_only_sends_ascii(void **state)
{
	struct paper paper;
	int x;

	(void)state;
	paper_open(&paper, 6, 40, true);
	bn_draw_box(&paper.pen, (struct bn_rect){0, 0, 4, 40}, "Größe → 漢", "●✗▲", false);
	bn_draw_bar(&paper.pen, 4, 0, 10, 0.5, BN_INK(BN_ROLE_ACCENT));
	for (int y = 0; y < 5; y++)
		for (x = 0; x < 40; x++)
			assert_true((mvinch(y, x) & A_CHARTEXT) < 128);
	assert_row_has(0, "Gr?");
	assert_row(4, "=====.....");
	paper_close(&paper);
}

static void
draw_rule_and_box_carry_their_words(void **state)
{
	struct paper paper;
	struct bn_rect in;

	(void)state;
	paper_open(&paper, 6, 40, false);
	bn_draw_rule(&paper.pen, 0, 0, 40, "needs you", "1 red");
	assert_row(0, "── needs you ────────────────── 1 red ──");
	in = bn_draw_box(&paper.pen, (struct bn_rect){1, 0, 4, 20}, "box", NULL, false);
	assert_row(1, "╭─ box ────────────╮");
	assert_row(4, "╰──────────────────╯");
	assert_int_equal(in.h, 2);
	assert_int_equal(in.w, 16);
	paper_close(&paper);
}

/* What is too long loses its last parts, and never all of it where a piece of it still says something. */
static void
draw_rule_is_cut_by_parts(void **state)
{
	struct paper paper;

	(void)state;
	paper_open(&paper, 6, 40, false);
	bn_draw_rule(&paper.pen, 0, 0, 40, "needs you", "4 red, 6 amber · 1 acked · 1 silenced");
	assert_row(0, "── needs you ───────── 4 red, 6 amber ──");
	bn_draw_rule(&paper.pen, 1, 0, 40, "needs you", "/a filter that somebody typed · 1-2 of 9");
	assert_row(1, "── needs you ─ /a filter that somebo… ──");
	bn_draw_rule(&paper.pen, 2, 0, 40, "a title that leaves no room", "4 red, 6 amber");
	assert_row(2, "── a title that leaves no room ─────────");
	paper_close(&paper);
}

static void
draw_folded_breaks_at_blanks_and_counts(void **state)
{
	struct paper paper;

	(void)state;
	paper_open(&paper, 6, 40, false);
	assert_int_equal(bn_draw_folded(&paper.pen, (struct bn_rect){0, 0, 3, 10},
					BN_INK(BN_ROLE_TEXT), "one two three four"),
			 2);
	assert_row(0, "one two");
	assert_row(1, "three four");
	assert_int_equal(bn_draw_folded(&paper.pen, (struct bn_rect){3, 0, 1, 10},
					BN_INK(BN_ROLE_TEXT), "one two three"),
			 1);
	assert_row(3, "one two t…");
	paper_close(&paper);
}

static void
gantt_bar_lies_where_its_time_is(void **state)
{
	const struct bn_axis axis = {1000000, 1010000, 0, 10, NULL};
	struct paper paper;

	(void)state;
	paper_open(&paper, 4, 40, false);
	bn_gantt_draw(&axis, &paper.pen, 0, 0, 1002000, 1005000, 1010000, BN_SPAN_RAN,
		      BN_INK(BN_ROLE_OK));
	assert_row(0, "  ━━━");
	bn_gantt_draw(&axis, &paper.pen, 1, 1001000, 1004000, 0, 1010000, BN_SPAN_RAN,
		      BN_INK(BN_ROLE_RUNNING));
	assert_row(1, " ┄┄┄━━━━━━");
	bn_gantt_draw(&axis, &paper.pen, 2, 0, 1009999, 1009999, 1010000, BN_SPAN_RAN,
		      BN_INK(BN_ROLE_OK));
	assert_row(2, "         ━"); /* short as it is, it is seen */
	paper_close(&paper);
}

/* ---- the input line ---------------------------------------------------------------------- */

static enum bn_input_result
press(struct bn_input *input, bn_key key)
{
	return bn_input_key(input, &(struct bn_key_event){key, false, 0, 0});
}

static void
type_text(struct bn_input *input, const char *text)
{
	for (; *text != '\0'; text++)
		press(input, (unsigned char)*text);
}

static void
input_edits_a_line(void **state)
{
	struct bn_input input;

	(void)state;
	bn_input_init(&input, "ab", NULL);
	type_text(&input, "jkq");
	press(&input, 0xe9);
	assert_string_equal(bn_buf_text(&input.text),
			    "abjkqé"); /* letters are letters, whatever they do elsewhere */
	press(&input, BN_KEY_BACKSPACE);
	press(&input, BN_KEY_HOME);
	press(&input, BN_KEY_DELETE);
	assert_string_equal(bn_buf_text(&input.text), "bjkq");
	press(&input, BN_KEY_END);
	type_text(&input, " two");
	press(&input, BN_KEY_CTRL('W'));
	assert_string_equal(bn_buf_text(&input.text), "bjkq ");
	assert_int_equal(press(&input, BN_KEY_ENTER), BN_INPUT_DONE);
	press(&input, BN_KEY_CTRL('U'));
	assert_string_equal(bn_buf_text(&input.text), "");
	assert_int_equal(press(&input, BN_KEY_BACKSPACE), BN_INPUT_LEFT);
	assert_int_equal(press(&input, BN_KEY_ESC), BN_INPUT_LEFT);
	bn_input_clear(&input);
}

static void
input_pasted_line_end_does_not_enter(void **state)
{
	struct bn_input input;

	(void)state;
	bn_input_init(&input, "", NULL);
	assert_int_equal(bn_input_key(&input, &(struct bn_key_event){'a', true, 0, 0}),
			 BN_INPUT_CHANGED);
	assert_int_equal(bn_input_key(&input, &(struct bn_key_event){BN_KEY_ENTER, true, 0, 0}),
			 BN_INPUT_CHANGED);
	assert_int_equal(bn_input_key(&input, &(struct bn_key_event){BN_KEY_ESC, true, 0, 0}),
			 BN_INPUT_NOTHING);
	assert_string_equal(bn_buf_text(&input.text), "a ");
	bn_input_clear(&input);
}

static bool
refuses_secret(const char *line)
{
	return strcmp(line, "secret") == 0;
}

static void
input_history_keeps_what_is_refused_neither_typed_nor_read(void **state)
{
	struct bn_history history = {.refuses = refuses_secret};
	char path[] = "/tmp/binnacle-history.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "runs\nsecret\nstatus\n", 19), 19);
	close(fd);
	bn_history_load(&history, path);
	assert_int_equal(history.lines.count, 2);
	bn_history_add(&history, "secret");
	assert_int_equal(history.lines.count, 2);
	assert_string_equal(history.lines.items[1], "status");
	unlink(path);
	bn_strlist_clear(&history.lines);
}

static void
input_history_comes_back_and_goes(void **state)
{
	struct bn_history history = {0};
	struct bn_input input;

	(void)state;
	bn_history_add(&history, "runs");
	bn_history_add(&history, "status");
	bn_history_add(&history, "status");
	assert_int_equal(history.lines.count, 2);
	bn_input_init(&input, "", &history);
	type_text(&input, "half");
	press(&input, BN_KEY_UP);
	assert_string_equal(bn_buf_text(&input.text), "status");
	press(&input, BN_KEY_UP);
	press(&input, BN_KEY_UP);
	assert_string_equal(bn_buf_text(&input.text), "runs");
	press(&input, BN_KEY_DOWN);
	press(&input, BN_KEY_DOWN);
	assert_string_equal(bn_buf_text(&input.text), "half");
	bn_input_clear(&input);
	bn_strlist_clear(&history.lines);
}

static void
input_completes_the_last_word(void **state)
{
	struct bn_strlist offers = {0};
	struct bn_input input;

	(void)state;
	bn_input_init(&input, "run s", NULL);
	bn_strlist_add(&offers, "show");
	bn_input_complete(&input, &offers, false);
	assert_string_equal(bn_buf_text(&input.text), "run show ");
	bn_strlist_add(&offers, "argo-prod");
	bn_strlist_add(&offers, "argo-test");
	bn_input_complete(&input, &offers, false);
	assert_string_equal(bn_buf_text(&input.text), "run show argo-");
	bn_input_complete(&input, &offers, false);
	assert_string_equal(bn_buf_text(&input.text), "run show argo-prod");
	bn_input_complete(&input, &offers, false);
	assert_string_equal(bn_buf_text(&input.text), "run show argo-test");
	bn_input_clear(&input);
	/* in the midst of the line: the blank is there already */
	bn_input_init(&input, "ru show", NULL);
	input.at = 2;
	bn_strlist_add(&offers, "runs");
	bn_input_complete(&input, &offers, false);
	assert_string_equal(bn_buf_text(&input.text), "runs show");
	assert_int_equal(input.at, 5);
	bn_input_clear(&input);
}

/* ---- the pager --------------------------------------------------------------------------- */

static void
fill(struct bn_pager *pager, int lines)
{
	char text[40];
	int i;

	for (i = 1; i <= lines; i++) {
		snprintf(text, sizeof(text), "line %d", i);
		bn_pager_add(pager, NULL, text, strlen(text), BN_ROLE_TEXT);
	}
}

static void
pager_follows_until_scrolled(void **state)
{
	struct bn_pager *pager = bn_pager_new(0, true);
	struct bn_rect r = {0, 0, 4, 40};
	struct paper paper;

	(void)state;
	paper_open(&paper, 6, 40, false);
	fill(pager, 10);
	bn_pager_follow(pager, true);
	bn_pager_draw(pager, &paper.pen, r);
	assert_row(3, "line 10");
	bn_pager_add(pager, NULL, "new", 3, BN_ROLE_TEXT);
	bn_pager_draw(pager, &paper.pen, r);
	assert_row(3, "new");
	bn_pager_act(pager, BN_ACT_UP);
	bn_pager_add(pager, NULL, "newer", 5, BN_ROLE_TEXT);
	bn_pager_draw(pager, &paper.pen, r);
	assert_row(3, "line 10"); /* nothing moves under a reader's eyes */
	assert_false(bn_pager_following(pager));
	bn_pager_free(pager);
	paper_close(&paper);
}

static void
pager_search_finds_and_goes_round(void **state)
{
	struct bn_pager *pager = bn_pager_new(0, false);
	struct bn_rect r = {0, 0, 3, 40};
	struct bn_error err = {0};
	struct paper paper;

	(void)state;
	paper_open(&paper, 6, 40, false);
	fill(pager, 30);
	bn_pager_draw(pager, &paper.pen, r);
	assert_ok(bn_pager_search(pager, "LINE 1[57]", &err) == BN_ENOTFOUND ? BN_OK : BN_EINTERNAL,
		  &err);
	assert_ok(bn_pager_search(pager, "line 1[57]", &err), &err);
	bn_pager_draw(pager, &paper.pen, r);
	assert_row(0, "line 15");
	bn_pager_act(pager, BN_ACT_NEXT);
	bn_pager_draw(pager, &paper.pen, r);
	assert_row(0, "line 17");
	bn_pager_act(pager, BN_ACT_NEXT);
	bn_pager_draw(pager, &paper.pen, r);
	assert_row(0, "line 15");
	assert_fails_with(BN_EINVAL, bn_pager_search(pager, "(", &err));
	bn_pager_free(pager);
	paper_close(&paper);
}

static void
pager_shows_no_escape_sequences(void **state)
{
	static const char hostile[] = "\033[31mred\033[0m \033]52;c;QQ==\a \033[2Jx";
	struct bn_pager *pager = bn_pager_new(0, false);

	(void)state;
	bn_pager_add(pager, NULL, hostile, sizeof(hostile) - 1, BN_ROLE_TEXT);
	assert_string_equal(bn_pager_line(pager, 0), "red ^[]52;c;QQ==^G ^[[2Jx");
	bn_pager_free(pager);
}

static void
pager_is_bounded_and_counts_what_it_dropped(void **state)
{
	struct bn_pager *pager = bn_pager_new(20000, false);

	(void)state;
	fill(pager, 5000);
	assert_true(bn_pager_lines(pager) < 1000);
	assert_int_equal(bn_pager_lines(pager) + bn_pager_dropped(pager), 5000);
	assert_string_equal(bn_pager_line(pager, bn_pager_lines(pager) - 1), "line 5000");
	bn_pager_free(pager);
}

static void
pager_wraps_long_lines(void **state)
{
	struct bn_pager *pager = bn_pager_new(0, false);
	struct paper paper;

	(void)state;
	paper_open(&paper, 6, 40, false);
	bn_pager_add(pager, "k ", "abcdefghijklmnop", 16, BN_ROLE_TEXT);
	bn_pager_draw(pager, &paper.pen, (struct bn_rect){0, 0, 4, 12});
	assert_row(0, "k abcdefghi…");
	bn_pager_act(pager, BN_ACT_WRAP);
	bn_pager_draw(pager, &paper.pen, (struct bn_rect){0, 0, 4, 12});
	assert_row(0, "k abcdefghij");
	assert_row(1, "  klmnop");
	bn_pager_free(pager);
	paper_close(&paper);
}

/* Long words are cut, others are not: "leaves the scr|een". */
static void
pager_wraps_at_blanks(void **state)
{
	struct bn_pager *pager = bn_pager_new(0, false);
	const char *text = "leaves the screen, in  that order";
	struct paper paper;

	(void)state;
	paper_open(&paper, 6, 20, false);
	bn_pager_add(pager, "Esc ", text, strlen(text), BN_ROLE_TEXT);
	bn_pager_add(pager, NULL, "a0123456789b0123456789", 22, BN_ROLE_TEXT);
	bn_pager_add(pager, NULL, "last", 4, BN_ROLE_TEXT);
	bn_pager_act(pager, BN_ACT_WRAP);
	bn_pager_draw(pager, &paper.pen, (struct bn_rect){0, 0, 6, 20});
	assert_row(0, "Esc leaves the");
	assert_row(1, "    screen, in  that");
	assert_row(2, "    order");
	assert_row(3, "a0123456789b01234567");
	assert_row(4, "89");
	assert_row(5, "last");
	paper_close(&paper);
	bn_pager_free(pager);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(draw_hostile_text_stays_in_its_cells),
    cmocka_unit_test(draw_text_is_cut_with_an_ellipsis),
    cmocka_unit_test(draw_ascii_only_sends_ascii),
    cmocka_unit_test(draw_rule_and_box_carry_their_words),
    cmocka_unit_test(draw_rule_is_cut_by_parts),
    cmocka_unit_test(draw_folded_breaks_at_blanks_and_counts),
    cmocka_unit_test(gantt_bar_lies_where_its_time_is),
    cmocka_unit_test(input_edits_a_line),
    cmocka_unit_test(input_pasted_line_end_does_not_enter),
    cmocka_unit_test(input_history_keeps_what_is_refused_neither_typed_nor_read),
    cmocka_unit_test(input_history_comes_back_and_goes),
    cmocka_unit_test(input_completes_the_last_word),
    cmocka_unit_test(pager_follows_until_scrolled),
    cmocka_unit_test(pager_search_finds_and_goes_round),
    cmocka_unit_test(pager_shows_no_escape_sequences),
    cmocka_unit_test(pager_is_bounded_and_counts_what_it_dropped),
    cmocka_unit_test(pager_wraps_long_lines),
    cmocka_unit_test(pager_wraps_at_blanks),
};
BN_TEST_MAIN(tests)

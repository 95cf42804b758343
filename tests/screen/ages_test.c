/* ages_test.c - every number on a screen has a unit and an age, and what no longer answers is marked, dimmed and dated. */
/* SPDX-License-Identifier: MIT */
#include "tests/screen/console.h"

#include <ctype.h>
#include <locale.h>

#define LATER (22 * INT64_C(60000))
#define STALE 243 /* themes/dark.theme, role "stale" */

/* The screens that are one table, and a column that each has at every width. */
static const struct {
	const char *key, *column;
	int rows; /* that a quiet platform fills at least */
} screens[] = {{"1", "WHAT", 5},
	       {"2", "PIPELINE", 8},
	       {"3", "MODEL", 8},
	       {"4", "ENDPOINT", 8},
	       {"7", "PRODUCT", 8}};

/* What can happen to all platforms at once. A probe that gets any answer knows something, so that only when all are
 * dead every row has to be old. */
enum answers { ALL, SOME, NONE };
static const struct {
	const char *name;
	enum answers answers;
} faults[] = {{"dead=*", NONE}, {"garbage=*", SOME}, {"http=*:503", SOME}, {"truncate=*", SOME}};

static struct served world;

static int
setup(void **state)
{
	struct said said;

	(void)state;
	setlocale(LC_CTYPE, "C.UTF-8");
	served_start(&world, NULL);
	ask(&world, "-q status", &said);
	assert_int_equal(said.code, 1);
	said_clear(&said);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	served_stop(&world);
	return 0;
}

/* The same state some time later, while a fault is on: the world stands, so only its clock has to be put on. */
static void
pass(int64_t ms, const char *fault)
{
	char path[160], line[80];
	long long at, zero;
	char speed[40];
	FILE *file;

	snprintf(path, sizeof(path), "%s/clock", world.demo);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%lld %lld %39s", &at, &zero, speed), 3);
	fclose(file);
	served_faults(&world, fault, 0);
	file = fopen(path, "w");
	assert_non_null(file);
	snprintf(line, sizeof(line), "%lld %lld %s\n", at + (long long)ms, zero, speed);
	fputs(line, file);
	assert_int_equal(fclose(file), 0);
}

/* The row as text, its end cut. */
static char *
row_text(struct bn_term *t, int row)
{
	char *text = bn_term_row(t, row);
	size_t n = strlen(text);

	while (n > 0 && isspace((unsigned char)text[n - 1]))
		text[--n] = '\0';
	return text;
}

/* "22m old" at its end: the age of what it says. */
static bool
has_age(const char *text)
{
	const char *word = strrchr(text, ' '), *age;

	if (word == NULL || strcmp(word, " old") != 0)
		return false;
	for (age = word; age > text && age[-1] != ' '; age--)
		;
	return isdigit((unsigned char)*age) && strchr("smhd", word[-1]) != NULL;
}

/* Whether a row of the table stands there: a mark or a blank, and then something. */
static bool
is_row(const char *text)
{
	return text[0] != '\0' && strncmp(text, "\xe2\x94\x80", 3) != 0 &&
	       strncmp(text, "\xe2\x95", 2) != 0 && text[0] == ' ';
}

static void
assert_dim(struct bn_term *t, int row, const char *text)
{
	int rows, cols, col;

	bn_term_size(t, &cols, &rows);
	for (col = 0; col < cols; col++) {
		struct bn_term_cell cell = bn_term_cell(t, row, col);

		if (cell.text[0] != '\0' && cell.text[0] != ' ' &&
		    strcmp(cell.text, "\xe2\x80\x93") != 0 && cell.fg != STALE) /* – says nothing */
			fail_msg("column %d (%s, colour %d) is not dimmed in:\n%s", col, cell.text,
				 cell.fg, text);
	}
}

/* Looks at each row of the table on the screen: what is old has its age, is marked as unknown and dimmed. Returns how
 * many rows there are. */
static int
look(struct bn_term *t, const char *column, enum answers answers)
{
	int header, col, row, rows, cols, count = 0, cursor;

	bn_term_size(t, &cols, &rows);
	if (!bn_term_find(t, column, &header, &col))
		fail_msg("no %s on:\n%s", column, bn_term_dump(t));
	cursor = header + 1; /* the first row is where the cursor is, in colours of its own */
	for (row = header + 1; row < rows - 1; row++) {
		char *text = row_text(t, row);
		bool old;

		if (!is_row(text)) {
			free(text);
			break;
		}
		old = has_age(text);
		if (answers != SOME && old != (answers == NONE))
			fail_msg("%s:\n%s\non:\n%s",
				 old ? "old, though it answers" : "without an age", text,
				 bn_term_dump(t));
		if (old && strstr(text, "\xe2\x97\x8c") == NULL)
			fail_msg("not marked as unknown:\n%s\non:\n%s", text, bn_term_dump(t));
		if (old && row != cursor)
			assert_dim(t, row, text);
		free(text);
		count++;
	}
	return count;
}

/* Where a percentile stands, its unit has to. */
static void
assert_units(struct bn_term *t)
{
	static const char *const percentiles[] = {" p50 ", " p95 ", " p99 "};
	int row, col;

	if (bn_term_find(t, "[2 Run", &row, &col))
		return; /* durations, each with its own */
	for (size_t i = 0; i < sizeof(percentiles) / sizeof(percentiles[0]); i++)
		if (bn_term_find(t, percentiles[i], &row, &col) &&
		    !bn_term_find(t, "in ms", &row, &col))
			fail_msg("%s of what on:\n%s", percentiles[i], bn_term_dump(t));
}

static void
look_at_all(int cols, int lines, enum answers answers)
{
	struct bn_term *t = answers == ALL ? console_start(&world, cols, lines, NULL, NULL, NULL)
					   : console_open(&world, cols, lines, NULL, NULL, NULL);

	if (answers == NONE && !bn_term_wait(t, "src 0/", 60000))
		fail_msg("somebody answers:\n%s", bn_term_dump(t));
	for (size_t i = 0; i < sizeof(screens) / sizeof(screens[0]); i++) {
		console_play(t, screens[i].key);
		if (!bn_term_wait(t, screens[i].column, 30000))
			fail_msg("no %s on:\n%s", screens[i].column, bn_term_dump(t));
		assert_units(t);
		if (look(t, screens[i].column, answers) < screens[i].rows)
			fail_msg("too few rows on:\n%s", bn_term_dump(t));
	}
	console_quit(t);
}

static void
ages_are_not_shown_of_what_answers(void **state)
{
	(void)state;
	look_at_all(120, 24, ALL);
	look_at_all(80, 24, ALL);
}

static void
ages_and_marks_are_on_every_row_that_nobody_answers_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		pass(i == 0 ? LATER : 0, faults[i].name);
		look_at_all(i % 2 == 0 ? 120 : 80, 24, faults[i].answers);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ages_are_not_shown_of_what_answers),
	    cmocka_unit_test(ages_and_marks_are_on_every_row_that_nobody_answers_for),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, setup, teardown);
}

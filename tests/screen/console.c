/* console.c - the real console on a served demo, for screen tests: start it, read its tables. */
/* SPDX-License-Identifier: MIT */
#include "tests/screen/console.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

struct bn_term *
console_open(const struct served *served, int cols, int rows, const char *term,
	     const char *const *env, const char *option)
{
	char demo[128];
	const char *const argv[] = {"binnacle", demo, option, NULL};
	struct bn_term_options options = {
	    .cols = cols, .rows = rows, .term = term, .env = env, .argv = argv};
	struct bn_term *t;

	snprintf(demo, sizeof(demo), "--demo=%s", served->demo);
	t = bn_term_start(&options);
	assert_non_null(t);
	/* "src 9/9": as many as there are have answered. */
	if (!bn_term_wait(t, "src ", 60000))
		fail_msg("the console did not come up:\n%s", bn_term_dump(t));
	return t;
}

struct bn_term *
console_start(const struct served *served, int cols, int rows, const char *term,
	      const char *const *env, const char *option)
{
	struct bn_term *t = console_open(served, cols, rows, term, env, option);
	char *sources, wanted[32];

	for (int i = 0; i < 100; i++) {
		int row, col, ok = 0, all = -1;

		bn_term_settle(t, 300, 5000);
		sources = bn_term_row(t, 0);
		if (bn_term_find(t, "src ", &row, &col) &&
		    sscanf(strstr(sources, "src "), "src %d/%d", &ok, &all) == 2 && ok == all &&
		    all > 0 && bn_term_settle(t, 1500, 20000)) {
			free(sources);
			return t;
		}
		free(sources);
	}
	snprintf(wanted, sizeof(wanted), "not every source answered");
	fail_msg("%s:\n%s", wanted, bn_term_dump(t));
	return NULL;
}

void
console_play(struct bn_term *t, const char *keys)
{
	char why[200] = "";

	if (!bn_term_play(t, keys, why, sizeof(why)))
		fail_msg("keys \"%s\": %s\n%s", keys, why, bn_term_dump(t));
	bn_term_settle(t, 700, 30000);
}

void
console_quit(struct bn_term *t)
{
	bn_term_type(t, "Q");
	assert_int_equal(bn_term_exit(t, 60000), 0);
	bn_term_free(t);
}

char *
console_cut(struct bn_term *t, int row, int from, int to)
{
	char *text = calloc(1, (size_t)(to - from + 1) * 32 + 1);
	size_t length = 0, skip;
	int col;

	for (col = from; col < to; col++) {
		struct bn_term_cell cell = bn_term_cell(t, row, col);
		const char *shown = cell.text[0] == '\0' && cell.width > 0 ? " " : cell.text;

		length += (size_t)sprintf(text + length, "%s", shown);
	}
	while (length > 0 && text[length - 1] == ' ')
		text[--length] = '\0';
	skip = strspn(text, " ");
	memmove(text, text + skip, length - skip + 1);
	return text;
}

void
table_open(struct screen_table *table, struct bn_term *t, const char *first)
{
	int cols, rows, col, i;

	bn_term_size(t, &cols, &rows);
	table->t = t;
	table->width = cols;
	/* on a busy machine the rows may still be on their way */
	if (!bn_term_find(t, first, &table->header, &col)) {
		bn_term_wait(t, first, 20000);
		console_play(t, "<Quiet:500>");
	}
	if (!bn_term_find(t, first, &table->header, &col))
		fail_msg("no column \"%s\" on:\n%s", first, bn_term_dump(t));
	table->line = calloc(1, (size_t)cols + 1);
	for (i = 0; i < cols; i++) {
		struct bn_term_cell cell = bn_term_cell(t, table->header, i);

		table->line[i] =
		    cell.text[0] == '\0' || (cell.text[0] & 0x80) != 0 ? ' ' : cell.text[0];
	}
}

void
table_close(struct screen_table *table)
{
	free(table->line);
	table->line = NULL;
}

/* Where a header stands: found as a whole word. */
static void
header_span(const struct screen_table *table, const char *name, int *from, int *to)
{
	const char *at = table->line;
	size_t length = strlen(name);

	for (;;) {
		at = strstr(at, name);
		if (at == NULL)
			fail_msg("no column \"%s\" in \"%s\"", name, table->line);
		if ((at == table->line || at[-1] == ' ') &&
		    (at[length] == ' ' || at[length] == '\0'))
			break;
		at++;
	}
	*from = (int)(at - table->line);
	*to = *from + (int)length;
}

bool
table_has(const struct screen_table *table, const char *name)
{
	const char *at = table->line;
	size_t length = strlen(name);

	for (; (at = strstr(at, name)) != NULL; at++)
		if ((at == table->line || at[-1] == ' ') &&
		    (at[length] == ' ' || at[length] == '\0'))
			return true;
	return false;
}

char *
table_mark(const struct screen_table *table, int row, const char *first)
{
	int from, to;

	header_span(table, first, &from, &to);
	return console_cut(table->t, row, from - 2, from - 1);
}

static bool
blank_at(const struct screen_table *table, int row, int col)
{
	struct bn_term_cell cell = bn_term_cell(table->t, row, col);

	return cell.text[0] == '\0' || cell.text[0] == ' ';
}

/* A right-aligned value may begin left of its header, a left-aligned one end right of it: the cell is what stands
 * around the header without a gap of two blanks, or a neighbour's header. */
char *
table_cell(const struct screen_table *table, int row, const char *name)
{
	int from, to, edge;
	char *text, *border;
	size_t length;

	header_span(table, name, &from, &to);
	for (edge = from - 1; edge >= 0 && table->line[edge] == ' '; edge--)
		continue;
	while (from - 1 > edge && !blank_at(table, row, from - 1))
		from--;
	for (edge = to; edge < table->width && table->line[edge] == ' '; edge++)
		continue;
	while (edge < table->width && edge > to && !blank_at(table, row, edge - 1))
		edge--; /* the neighbour is aligned to the right, and wider than its header */
	text = console_cut(table->t, row, from, edge > to ? edge : to);
	border = strstr(text, "│");
	if (border != NULL)
		*border = '\0';
	for (length = strlen(text); length > 0 && text[length - 1] == ' '; length--)
		text[length - 1] = '\0';
	return text;
}

int
table_row(const struct screen_table *table, const char *name, const char *text)
{
	int cols, rows, row;

	bn_term_size(table->t, &cols, &rows);
	for (row = table->header + 1; row < rows; row++) {
		char *cell = table_cell(table, row, name);
		bool found = strcmp(cell, text) == 0;

		/* Cut short with an ellipsis it is the one as well, if enough of it is left to tell. */
		if (!found && strstr(cell, "…") != NULL && strstr(cell, "…") - cell >= 8)
			found = strncmp(cell, text, (size_t)(strstr(cell, "…") - cell)) == 0;
		free(cell);
		if (found)
			return row;
	}
	return -1;
}

void
table_expect(const struct screen_table *table, int row, const char *name, const char *expected)
{
	char *cell = table_cell(table, row, name), *cut = strstr(cell, "…");
	bool same = strcmp(cell, expected) == 0;

	if (!same && cut != NULL)
		same = strncmp(cell, expected, (size_t)(cut - cell)) == 0;
	if (!same)
		fail_msg("row %d, column %s: \"%s\" instead of \"%s\" on:\n%s", row, name, cell,
			 expected, bn_term_dump(table->t));
	free(cell);
}

void
table_expect_any(const struct screen_table *table, int row, const char *name, const char *expected)
{
	if (table_has(table, name))
		table_expect(table, row, name, expected);
}

const char *
fact_text(const json_t *object, const char *path)
{
	const char *text = bn_json_str_at(object, path);

	return text == NULL ? "" : text;
}

long long
fact_time(const json_t *object, const char *path)
{
	return bn_time_parse(bn_json_str_at(object, path));
}

const char *
fact_clock(long long ms, char *out)
{
	char text[BN_TIME_TEXT];

	snprintf(out, 16, "%s", ms == 0 ? "–" : bn_time_show(ms, NULL, BN_TIME_HM, text));
	return out;
}

/* harness_cells.c - the harness's screen as text and as single cells. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "tests/screen/harness_int.h"

/* What libvterm puts into the right half of a wide character. */
#define RIGHT_HALF ((uint32_t)-1)

size_t
bn_term_utf8(uint32_t c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static int
colour(const VTermColor *c, bool is_default)
{
	if (is_default)
		return -1;
	if (VTERM_COLOR_IS_INDEXED(c))
		return c->indexed.idx;
	return BN_TERM_RGB + (c->rgb.red << 16 | c->rgb.green << 8 | c->rgb.blue);
}

struct bn_term_cell
bn_term_cell(struct bn_term *t, int row, int col)
{
	struct bn_term_cell cell = {.text = " ", .width = 1, .fg = -1, .bg = -1};
	VTermPos pos = {.row = row, .col = col};
	VTermScreenCell vc;
	size_t len = 0;

	if (row < 0 || row >= t->rows || col < 0 || col >= t->cols ||
	    !vterm_screen_get_cell(t->screen, pos, &vc))
		return cell;
	cell.fg = colour(&vc.fg, VTERM_COLOR_IS_DEFAULT_FG(&vc.fg));
	cell.bg = colour(&vc.bg, VTERM_COLOR_IS_DEFAULT_BG(&vc.bg));
	cell.bold = vc.attrs.bold;
	cell.italic = vc.attrs.italic;
	cell.underline = vc.attrs.underline != VTERM_UNDERLINE_OFF;
	cell.reverse = vc.attrs.reverse;
	if (vc.chars[0] == RIGHT_HALF) {
		cell.width = 0;
		cell.text[0] = '\0';
		return cell;
	}
	if (vc.chars[0] == 0)
		return cell;
	for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && vc.chars[i] != 0; i++)
		len += bn_term_utf8(vc.chars[i], cell.text + len);
	cell.text[len] = '\0';
	cell.width = vc.width;
	return cell;
}

/* Row `row` appended to `out`, which has room for it; returns the length without trailing blanks.
 */
static size_t
put_row(struct bn_term *t, int row, char *out)
{
	size_t len = 0, used = 0;

	for (int col = 0; col < t->cols; col++) {
		struct bn_term_cell cell = bn_term_cell(t, row, col);
		size_t n = strlen(cell.text);

		memcpy(out + len, cell.text, n);
		len += n;
		if (strcmp(cell.text, " ") != 0)
			used = len;
	}
	return used;
}

char *
bn_term_row(struct bn_term *t, int row)
{
	char *out = malloc((size_t)t->cols * sizeof(((struct bn_term_cell *)0)->text) + 1);

	if (out == NULL)
		abort();
	out[row < 0 || row >= t->rows ? 0 : put_row(t, row, out)] = '\0';
	return out;
}

char *
bn_term_dump(struct bn_term *t)
{
	size_t row_max = (size_t)t->cols * sizeof(((struct bn_term_cell *)0)->text) + 1;
	char *out = malloc((size_t)t->rows * row_max + 1);
	size_t len = 0;

	if (out == NULL)
		abort();
	for (int row = 0; row < t->rows; row++) {
		len += put_row(t, row, out + len);
		out[len++] = '\n';
	}
	out[len] = '\0';
	return out;
}

/* The column of the cell in which byte `offset` of the row's text begins. */
static int
column_of(struct bn_term *t, int row, size_t offset)
{
	size_t len = 0;

	for (int col = 0; col < t->cols; col++) {
		if (len >= offset && bn_term_cell(t, row, col).width > 0)
			return col;
		len += strlen(bn_term_cell(t, row, col).text);
	}
	return t->cols;
}

bool
bn_term_find(struct bn_term *t, const char *text, int *row, int *col)
{
	bool found = false;

	for (int r = 0; r < t->rows && !found; r++) {
		char *line = bn_term_row(t, r);
		const char *at = strstr(line, text);

		found = at != NULL;
		if (found && row != NULL)
			*row = r;
		if (found && col != NULL)
			*col = column_of(t, r, (size_t)(at - line));
		free(line);
	}
	return found;
}

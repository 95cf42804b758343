/* harness_svg.c - the harness's screen as a picture: cells become rectangles and runs of text. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "tests/screen/harness_int.h"

/* DejaVu Sans Mono at this size: its advance, and the line height at which its box lines meet. */
#define FONT_SIZE 15.0
#define CELL_W	  (FONT_SIZE * 1233 / 2048)
#define CELL_H	  (FONT_SIZE * 2384 / 2048)
#define ASCENT	  (FONT_SIZE * 1901 / 2048)
#define MARGIN	  14.0

static const char page_bg[] = "#11151c", page_fg[] = "#c9d1d9";

/* A calm rendering of the sixteen colours a terminal may choose itself; the other 240 are fixed. */
static const unsigned char palette16[16][3] = {
    {0x1c, 0x21, 0x2b}, {0xe0, 0x6c, 0x75}, {0x8f, 0xc8, 0x7c}, {0xe5, 0xc0, 0x7b},
    {0x61, 0xaf, 0xef}, {0xc6, 0x8a, 0xee}, {0x56, 0xb6, 0xc2}, {0xc9, 0xd1, 0xd9},
    {0x6b, 0x76, 0x86}, {0xff, 0x7b, 0x85}, {0xa5, 0xe0, 0x90}, {0xff, 0xd8, 0x8f},
    {0x7f, 0xc1, 0xff}, {0xd9, 0xa6, 0xff}, {0x6f, 0xd3, 0xe0}, {0xff, 0xff, 0xff},
};

struct look {
	char fg[8], bg[8]; /* #rrggbb; bg empty for the page's */
	bool bold, italic, underline;
};

static void
colour_name(int c, const char *fallback, char out[8])
{
	static const int steps[6] = {0, 95, 135, 175, 215, 255};
	int r, g, b;

	if (c < 0) {
		snprintf(out, 8, "%s", fallback);
		return;
	}
	if (c >= BN_TERM_RGB) {
		r = c >> 16 & 0xff, g = c >> 8 & 0xff, b = c & 0xff;
	} else if (c < 16) {
		r = palette16[c][0], g = palette16[c][1], b = palette16[c][2];
	} else if (c < 232) {
		r = steps[(c - 16) / 36], g = steps[(c - 16) / 6 % 6], b = steps[(c - 16) % 6];
	} else {
		r = g = b = 8 + (c - 232) * 10;
	}
	snprintf(out, 8, "#%02x%02x%02x", r & 0xff, g & 0xff, b & 0xff);
}

static struct look
look_of(const struct bn_term_cell *cell)
{
	struct look look = {
	    .bold = cell->bold, .italic = cell->italic, .underline = cell->underline};
	char fg[8], bg[8];

	colour_name(cell->fg, page_fg, fg);
	colour_name(cell->bg, cell->reverse ? page_bg : "", bg);
	memcpy(look.fg, cell->reverse ? bg : fg, sizeof(look.fg));
	memcpy(look.bg, cell->reverse ? fg : bg, sizeof(look.bg));
	return look;
}

static bool
same_look(const struct look *a, const struct look *b)
{
	return strcmp(a->fg, b->fg) == 0 && strcmp(a->bg, b->bg) == 0 && a->bold == b->bold &&
	       a->italic == b->italic && a->underline == b->underline;
}

static void
put_escaped(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case ' ':
			fputs("&#160;", out);
			break;
		default:
			fputc(*text, out);
		}
	}
}

static void
rect(FILE *out, double x, double y, double w, double h, const char *fill, double opacity)
{
	fprintf(out, "<rect x='%.2f' y='%.2f' width='%.2f' height='%.2f' fill='%s'", x, y, w, h,
		fill);
	if (opacity < 1)
		fprintf(out, " fill-opacity='%.2f'", opacity);
	fputs("/>\n", out);
}

/* Block elements are drawn, so that bars and charts have no seams whatever font the viewer has. */
static bool
draw_block(FILE *out, const char *text, double x, double y, const char *fill)
{
	int c;

	if ((unsigned char)text[0] != 0xe2 || (unsigned char)text[1] != 0x96 || text[3] != '\0')
		return false;
	c = 0x2580 + ((unsigned char)text[2] & 0x3f);
	if ((unsigned char)text[2] > 0x9f || c == 0x2594 || c > 0x2595)
		return false;
	if (c == 0x2580)
		rect(out, x, y, CELL_W, CELL_H / 2, fill, 1);
	else if (c <= 0x2588)
		rect(out, x, y + CELL_H * (0x2588 - c) / 8, CELL_W, CELL_H * (c - 0x2580) / 8, fill,
		     1);
	else if (c <= 0x258f)
		rect(out, x, y, CELL_W * (0x2590 - c) / 8, CELL_H, fill, 1);
	else if (c == 0x2590)
		rect(out, x + CELL_W / 2, y, CELL_W / 2, CELL_H, fill, 1);
	else if (c <= 0x2593)
		rect(out, x, y, CELL_W, CELL_H, fill, 0.25 * (c - 0x2590));
	else
		rect(out, x + CELL_W * 7 / 8, y, CELL_W / 8, CELL_H, fill, 1);
	return true;
}

static bool
is_ascii(const struct bn_term_cell *cell)
{
	return cell->width == 1 && cell->text[1] == '\0';
}

/* One row's backgrounds: neighbours of one colour become one rectangle. */
static void
row_background(struct bn_term *t, FILE *out, int row)
{
	for (int col = 0, next; col < t->cols; col = next) {
		struct bn_term_cell cell = bn_term_cell(t, row, col);
		struct look look = look_of(&cell);

		for (next = col + 1; next < t->cols; next++) {
			struct bn_term_cell other = bn_term_cell(t, row, next);
			struct look l = look_of(&other);

			if (strcmp(l.bg, look.bg) != 0)
				break;
		}
		if (look.bg[0] != '\0')
			rect(out, col * CELL_W, row * CELL_H, (next - col) * CELL_W, CELL_H,
			     look.bg, 1);
	}
}

static void
put_run(struct bn_term *t, FILE *out, int row, int col, int end, const struct look *look)
{
	fprintf(out, "<text x='%.2f' y='%.2f' textLength='%.2f' fill='%s'%s%s%s>", col * CELL_W,
		row * CELL_H + ASCENT, (end - col) * CELL_W, look->fg,
		look->bold ? " font-weight='bold'" : "", look->italic ? " font-style='italic'" : "",
		look->underline ? " text-decoration='underline'" : "");
	for (; col < end; col++)
		put_escaped(out, bn_term_cell(t, row, col).text);
	fputs("</text>\n", out);
}

/* One row's text: ASCII neighbours of one look become one run, everything else stands alone on its
 * cell, since another font's advance may differ. */
static void
row_text(struct bn_term *t, FILE *out, int row)
{
	for (int col = 0, next; col < t->cols; col = next) {
		struct bn_term_cell cell = bn_term_cell(t, row, col);
		struct look look = look_of(&cell);
		bool blank = strcmp(cell.text, " ") == 0 && !look.underline;

		next = col + (cell.width > 1 ? 2 : 1);
		if (cell.width == 0 || blank ||
		    draw_block(out, cell.text, col * CELL_W, row * CELL_H, look.fg))
			continue;
		while (is_ascii(&cell) && next < t->cols) {
			struct bn_term_cell other = bn_term_cell(t, row, next);
			struct look l = look_of(&other);

			if (!is_ascii(&other) || !same_look(&look, &l))
				break;
			next++;
		}
		put_run(t, out, row, col, next, &look);
	}
}

bool
bn_term_svg(struct bn_term *t, FILE *out)
{
	double w = t->cols * CELL_W + 2 * MARGIN, h = t->rows * CELL_H + 2 * MARGIN;

	fprintf(out,
		"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %.0f %.0f' width='%.0f' "
		"height='%.0f' shape-rendering='crispEdges'>\n",
		w, h, w, h);
	fprintf(out,
		"<rect width='%.0f' height='%.0f' rx='8' fill='%s' shape-rendering='auto'/>\n"
		"<g transform='translate(%.0f %.0f)' font-size='%.0f' "
		"font-family='\"DejaVu Sans Mono\", \"Liberation Mono\", Menlo, Consolas, "
		"monospace'>\n",
		w, h, page_bg, MARGIN, MARGIN, FONT_SIZE);
	for (int row = 0; row < t->rows; row++)
		row_background(t, out, row);
	for (int row = 0; row < t->rows; row++)
		row_text(t, out, row);
	fputs("</g>\n</svg>\n", out);
	return fflush(out) == 0 && !ferror(out);
}

/* cell.c - which columns fit, how wide each is, and how one value of one column is drawn. */
/* SPDX-License-Identifier: MIT */
#include "ui/widget/cell.h"

#include <stdlib.h>
#include <string.h>

#define MEASURED_ROWS 500

void
bn_columns_measure(struct bn_columns *columns, const struct bn_rows *rows)
{
	size_t count = bn_rows_columns(rows), lines = bn_rows_count(rows), i, row;

	if (lines > MEASURED_ROWS)
		lines = MEASURED_ROWS;
	columns->content = bn_xrealloc(columns->content, count + 1, sizeof(*columns->content));
	columns->measured = count;
	for (i = 0; i < count; i++) {
		columns->content[i] = 0;
		if (bn_rows_column(rows, i)->format != BN_FORMAT_TEXT)
			continue;
		for (row = 0; row < lines; row++) {
			struct bn_value value = bn_rows_value(rows, row, i);
			int width = value.type == BN_VALUE_TEXT ? (int)bn_text_width(value.s) : 0;

			if (width > columns->content[i])
				columns->content[i] = width;
		}
	}
}

static bool
named(const char *const *names, const char *name)
{
	for (; names != NULL && *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static int
total_width(const struct bn_columns *c, int gap)
{
	int total = 0;
	size_t i;

	for (i = 0; i < c->count; i++)
		total += c->at[i].width + (i > 0 ? gap : 0);
	return total;
}

static void
drop(struct bn_columns *c, size_t index)
{
	memmove(c->at + index, c->at + index + 1, (c->count - index - 1) * sizeof(*c->at));
	c->count--;
}

/* One step towards `room`: a column of the highest level shrinks to its least width, else one goes;
 * from the right. False when only the last one is left. */
static bool
squeeze(struct bn_columns *c, int over)
{
	int level;
	size_t i;

	for (level = 2; level >= 0; level--) {
		for (i = c->count; i-- > 0;) {
			struct bn_shown *s = &c->at[i];
			int spare = s->width - s->column->min_width;

			if (s->column->level != level || spare <= 0)
				continue;
			s->width -= spare < over ? spare : over;
			return true;
		}
		for (i = c->count; i-- > 1;)
			if (c->at[i].column->level == level && (level > 0 || c->count > 2)) {
				drop(c, i);
				return true;
			}
	}
	return false;
}

/* Gives columns to spare to the open column first, then to those whose values are cut. */
static void
spread(struct bn_columns *c, int spare)
{
	size_t i;
	int pass;

	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < c->count && spare > 0; i++) {
			struct bn_shown *s = &c->at[i];
			int more = s->content - s->width;

			if ((s->column->width == 0) != (pass == 0) || more <= 0)
				continue;
			more = more < spare ? more : spare;
			s->width += more;
			spare -= more;
		}
}

void
bn_columns_lay(struct bn_columns *c, const struct bn_rows *rows, int width, int level, bool margin,
	       const char *const *hidden)
{
	int gap = width >= 100 ? 2 : 1, room = width - (margin ? 1 : 0), x = margin ? 1 : 0, over;
	size_t i, count = bn_rows_columns(rows);

	c->at = bn_xrealloc(c->at, count + 1, sizeof(*c->at));
	c->count = 0;
	for (i = 0; i < count; i++) {
		const struct bn_column *column = bn_rows_column(rows, i);

		if (column->level > level || named(hidden, column->name))
			continue;
		c->at[c->count++] = (struct bn_shown){
		    column, i, 0, column->width > 0 ? column->width : column->min_width,
		    i < c->measured ? c->content[i] : 0};
	}
	while ((over = total_width(c, gap) - room) > 0)
		if (!squeeze(c, over))
			break;
	spread(c, room - total_width(c, gap));
	for (i = 0; i < c->count; i++) {
		c->at[i].x = x;
		/* a mark and what it marks stand close together */
		x += c->at[i].width + (c->at[i].column->format == BN_FORMAT_STATUS ? 1 : gap);
	}
}

void
bn_columns_clear(struct bn_columns *columns)
{
	free(columns->at);
	free(columns->content);
	memset(columns, 0, sizeof(*columns));
}

/* ---- values ------------------------------------------------------------------------------------
 */

/* "●●✗": each mark in its own colour, the newest kept where the column is narrow. */
static void
draw_history(struct bn_pen *pen, int y, int x, int width, const char *digits, bool ascii,
	     bool stale, bool selected)
{
	size_t length = strlen(digits);
	int i = 0;

	if (length > (size_t)width)
		digits += length - (size_t)width;
	else
		i = width - (int)length;
	for (; *digits != '\0' && i < width; digits++, i++) {
		const struct bn_status_row *status = bn_status_row((enum bn_status)(*digits - '0'));

		bn_draw(pen, y, x + i, 1, BN_INK_ON(stale ? BN_ROLE_STALE : status->role, selected),
			ascii ? status->ascii : status->glyph);
	}
}

static bool
is_share(const struct bn_column *column)
{
	return column->format == BN_FORMAT_PERCENT && strcmp(column->name, "share") == 0;
}

void
bn_cell_draw(struct bn_pen *pen, int y, int x, int width, const struct bn_column *column,
	     struct bn_value value, const struct bn_style *style, bool stale, bool selected)
{
	struct bn_ink ink =
	    BN_INK_ON(stale ? BN_ROLE_STALE : bn_view_role(column, value), selected);
	struct bn_buf text = BN_BUF_INIT(65536);

	if (value.type == BN_VALUE_NULL) {
		ink.role = BN_ROLE_RULE;
		bn_buf_adds(&text, bn_view_absent(style));
	} else if (column->format == BN_FORMAT_HISTORY && value.type == BN_VALUE_TEXT) {
		draw_history(pen, y, x, width, value.s, style->ascii, stale, selected);
		goto out;
	} else if (is_share(column)) {
		double share = value.type == BN_VALUE_REAL ? value.r : (double)value.i;

		ink.role = stale ? BN_ROLE_STALE : share > 100 ? BN_ROLE_WARN : BN_ROLE_ACCENT;
		bn_draw_bar(pen, y, x, width, share / 100, ink);
		goto out;
	} else {
		bn_view_show(&text, column, value, style, (size_t)width);
	}
	if (column->format == BN_FORMAT_SPARK && !stale)
		ink.role = BN_ROLE_ACCENT;
	if (column->align == BN_RIGHT)
		bn_draw_right(pen, y, x, width, ink, bn_buf_text(&text));
	else
		bn_draw(pen, y, x, width, ink, bn_buf_text(&text));
out:
	bn_buf_free(&text);
}

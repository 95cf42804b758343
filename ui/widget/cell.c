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
	struct bn_buf text = BN_BUF_INIT(0);

	if (lines > MEASURED_ROWS)
		lines = MEASURED_ROWS;
	if (columns->measured != count) {
		columns->content =
		    bn_xrealloc(columns->content, count + 1, sizeof(*columns->content));
		memset(columns->content, 0, (count + 1) * sizeof(*columns->content));
		columns->measured = count;
	}
	for (i = 0; i < count; i++) {
		enum bn_format format = bn_rows_column(rows, i)->format;

		if (format != BN_FORMAT_TEXT && format != BN_FORMAT_HISTORY)
			continue;
		for (row = 0; row < lines; row++) {
			struct bn_value value = bn_rows_value(rows, row, i);
			int width;

			if (value.type != BN_VALUE_TEXT)
				continue;
			bn_buf_reset(&text);
			bn_sanitise(&text, value.s, strlen(value.s), BN_SANITISE_FIELD);
			width = (int)bn_text_width(bn_buf_text(&text));
			if (width > columns->content[i])
				columns->content[i] = width;
		}
	}
	bn_buf_free(&text);
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

/* What a column would like: text no wider than there is of it (as far as was ever seen, so that
 * nothing jumps); the open column what it holds, within reason: names matter most. */
static int
wanted(const struct bn_shown *s, int width)
{
	const struct bn_column *column = s->column;
	int header = (int)bn_text_width(column->header), most = width >= 100 ? 34 : 18, fit;

	fit = s->content > header ? s->content : header;
	if (column->width == 0)
		return fit < column->min_width ? column->min_width : fit > most ? most : fit;
	if (column->format != BN_FORMAT_TEXT || s->content == 0)
		return column->width;
	return fit < column->width ? fit : column->width;
}

void
bn_columns_lay(struct bn_columns *c, const struct bn_rows *rows, int width, int level, bool margin,
	       const char *const *hidden, const char *const *also)
{
	int gap = 2, room = width - (margin ? 1 : 0), x = margin ? 1 : 0, over;
	size_t i, count = bn_rows_columns(rows);

	c->at = bn_xrealloc(c->at, count + 1, sizeof(*c->at));
	c->count = 0;
	for (i = 0; i < count; i++) {
		const struct bn_column *column = bn_rows_column(rows, i);

		if ((column->level > level && !named(also, column->name)) ||
		    named(hidden, column->name))
			continue;
		c->at[c->count] =
		    (struct bn_shown){column, i, 0, 0, i < c->measured ? c->content[i] : 0};
		c->at[c->count].width = wanted(&c->at[c->count], width);
		c->count++;
	}
	if (total_width(c, gap) > room)
		gap = 1;
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

/* ---- values ------------------------------------------------------------------------------ */

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
		/* Good runs of old are calm; what stands out is the latest, and trouble. */
		bool old = digits[1] != '\0' && status->role == BN_ROLE_OK;

		bn_draw(pen, y, x + i, 1,
			BN_INK_ON(stale || old ? BN_ROLE_STALE : status->role, selected),
			ascii ? status->ascii : status->glyph);
	}
}

/* What is left of an error budget: a bar and the number, where there is room. */
static bool
draw_budget(struct bn_pen *pen, int y, int x, int width, const struct bn_column *column,
	    struct bn_value value, bool stale, bool selected)
{
	double left = value.type == BN_VALUE_REAL ? value.r : (double)value.i;
	enum bn_role role = stale	? BN_ROLE_STALE
			    : left <= 0 ? BN_ROLE_FAILED
			    : left < 25 ? BN_ROLE_WARN
					: BN_ROLE_ACCENT;

	if (column->format != BN_FORMAT_PERCENT || strcmp(column->name, "budget") != 0 || width < 9)
		return false;
	bn_draw_bar(pen, y, x, width - 5, left / 100, BN_INK_ON(role, selected));
	bn_drawf(pen, y, x + width - 4, 4,
		 BN_INK_ON(stale ? BN_ROLE_STALE : BN_ROLE_TEXT, selected), "%3.0f%%", left);
	return true;
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
	} else if (draw_budget(pen, y, x, width, column, value, stale, selected)) {
		goto out;
	} else if (is_share(column)) {
		double share = value.type == BN_VALUE_REAL ? value.r : (double)value.i;

		ink.role = stale ? BN_ROLE_STALE : share > 100 ? BN_ROLE_WARN : BN_ROLE_ACCENT;
		bn_draw_bar(pen, y, x, width, share / 100, ink);
		goto out;
	} else if (column->format == BN_FORMAT_TIME && width >= 8 && value.type == BN_VALUE_INT &&
		   style->now - value.i < 86400000) {
		char at[BN_TIME_TEXT]; /* there is room for the seconds */

		bn_buf_adds(&text, bn_time_show(value.i, style->zone, BN_TIME_HMS, at));
	} else {
		bn_view_show(&text, column, value, style, (size_t)width);
		/* where the header does not say it already */
		if (column->format == BN_FORMAT_PERCENT && strchr(column->header, '%') == NULL &&
		    text.size < (size_t)width)
			bn_buf_adds(&text, "%");
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

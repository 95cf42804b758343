/* sheet.c - a form over the middle of the screen: labelled lines that scroll, and fields below them that stay. */
/* SPDX-License-Identifier: MIT */
#include "ui/sheet.h"

#include <stdlib.h>
#include <string.h>

void
bn_sheet_init(struct bn_sheet *sheet, struct bn_app *app)
{
	int width = getmaxx(stdscr);

	*sheet = (struct bn_sheet){.app = app,
				   .width = (width >= 112  ? 104
					     : width >= 74 ? 70
							   : width - 4) -
					    4};
}

void
bn_sheet_clear(struct bn_sheet *sheet)
{
	size_t i;

	for (i = 0; i < sheet->count; i++)
		free(sheet->lines[i].text);
	free(sheet->lines);
	sheet->lines = NULL;
	sheet->count = sheet->room = 0;
}

void
bn_sheet_add(struct bn_sheet *sheet, const char *label, enum bn_role role, char *text)
{
	if (sheet->count == BN_SHEET_LINES) {
		free(text);
		return;
	}
	if (sheet->count == sheet->room) {
		sheet->room = sheet->room == 0 ? 32 : sheet->room * 2;
		sheet->lines = bn_xrealloc(sheet->lines, sheet->room, sizeof(*sheet->lines));
	}
	sheet->lines[sheet->count++] = (struct bn_sheet_line){label, text, role};
}

void
bn_sheet_fold(struct bn_sheet *sheet, const char *label, enum bn_role role, char *text)
{
	bn_sheet_hang(sheet, label, role, 0, text);
}

void
bn_sheet_hang(struct bn_sheet *sheet, const char *label, enum bn_role role, int hang, char *text)
{
	struct bn_buf clean = BN_BUF_INIT(0);
	int width = sheet->width - BN_SHEET_LABEL, indent = 0;
	const char *rest;

	/* What is folded has to be what is drawn: names come from outside. */
	bn_sanitise(&clean, text, strlen(text), BN_SANITISE_FIELD);
	free(text);
	rest = bn_buf_text(&clean);
	do {
		size_t bytes = bn_text_fold(rest, (size_t)(width - indent));

		bn_sheet_add(sheet, label, role,
			     bn_xasprintf("%*s%.*s", indent, "", (int)bytes, rest));
		rest += bytes;
		rest += strspn(rest, " ");
		label = "";
		indent = hang < width / 2 ? hang : 0;
	} while (*rest != '\0');
	bn_buf_free(&clean);
}

/* "1-9 of 23 PgDn" where not all of it is in sight. */
static void
draw_position(const struct bn_sheet *sheet, struct bn_rect box, int shown, size_t top)
{
	if ((size_t)shown >= sheet->count)
		return;
	char *text =
	    bn_xasprintf(" %zu-%zu of %zu, PgUp PgDn ", top + 1, top + (size_t)shown, sheet->count);

	bn_draw_right(bn_app_pen(sheet->app), box.y + box.h - 1, box.x + 2, box.w - 4,
		      BN_INK(BN_ROLE_DIM), text);
	free(text);
}

struct bn_rect
bn_sheet_draw(struct bn_sheet *sheet, const char *title, int form, size_t *top)
{
	int height = getmaxy(stdscr), width = getmaxx(stdscr), rows = (int)sheet->count + form, i;
	struct bn_pen *pen = bn_app_pen(sheet->app);
	struct bn_rect box, room;

	if (rows > height - 4) /* what is typed stays; the lines above it scroll */
		rows = height - 4;
	if (*top + (size_t)(rows - form) > sheet->count)
		*top = sheet->count - (size_t)(rows - form);
	box = (struct bn_rect){(height - rows - 2) / 2, (width - sheet->width - 4) / 2, rows + 2,
			       sheet->width + 4};
	bn_draw_clear(pen, box);
	room = bn_draw_box(pen, box, title, "Enter never sends", true);
	curs_set(0);
	for (i = 0; i < rows - form; i++) {
		const struct bn_sheet_line *line = &sheet->lines[*top + (size_t)i];

		bn_draw(pen, room.y + i, box.x + 2, BN_SHEET_LABEL, BN_INK(BN_ROLE_DIM),
			line->label);
		bn_draw(pen, room.y + i, box.x + 2 + BN_SHEET_LABEL, sheet->width - BN_SHEET_LABEL,
			BN_INK(line->role), line->text);
	}
	draw_position(sheet, box, rows - form, *top);
	return (struct bn_rect){room.y + rows - form, box.x + 2, form, sheet->width};
}

void
bn_sheet_field(struct bn_sheet *sheet, int y, int x, const char *label,
	       const struct bn_input *input, bool focus)
{
	struct bn_pen *pen = bn_app_pen(sheet->app);
	size_t indent = strlen(label) < BN_SHEET_LABEL ? BN_SHEET_LABEL : strlen(label) + 2;
	int cursor;

	bn_draw(pen, y, x, sheet->width, BN_INK(focus ? BN_ROLE_KEY : BN_ROLE_DIM), label);
	cursor = bn_input_draw(input, pen, y, x + (int)indent, sheet->width - (int)indent, "");
	if (focus) {
		wmove(pen->window, y, cursor);
		curs_set(1);
	}
}

void
bn_sheet_reason(struct bn_sheet *sheet, int y, int x, const struct bn_confirm *confirm)
{
	bool focus = confirm->focus == BN_CONFIRM_REASON;
	int used = BN_SHEET_LABEL + 2; /* the cursor stands before the words */

	bn_sheet_field(sheet, y, x, "reason", &confirm->reason, focus);
	if (!confirm->needs_reason || confirm->reason.text.size > 0)
		return;
	bn_draw(bn_app_pen(sheet->app), y, x + used, sheet->width - used,
		BN_INK(confirm->missed ? BN_ROLE_WARN : BN_ROLE_DIM),
		"required: [policy] require-reason");
	if (focus)
		wmove(bn_app_pen(sheet->app)->window, y, x + BN_SHEET_LABEL);
}

bool
bn_sheet_key(bn_key key, size_t *top)
{
	size_t by = key == BN_KEY_PGUP || key == BN_KEY_PGDN ? 8 : 1;

	if (key == BN_KEY_PGDN || key == BN_KEY_DOWN)
		*top += by; /* drawing keeps it in bounds */
	else if (key == BN_KEY_PGUP || key == BN_KEY_UP)
		*top -= *top < by ? *top : by;
	else
		return false;
	return true;
}

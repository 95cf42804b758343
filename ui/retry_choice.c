/* retry_choice.c - some of a run's tasks chosen for a retry, where the engine can run a part of it. */
/* SPDX-License-Identifier: MIT */
#include "ui/retry_choice.h"

#include <stdlib.h>
#include <string.h>

#include "ui/sheet.h"

void
bn_choice_fill(struct bn_choice *choice, const struct bn_action_plan *plan)
{
	size_t i;

	bn_choice_clear(choice);
	if (plan->step_count < 2)
		return;
	choice->on = bn_xcalloc(plan->step_count, sizeof(*choice->on));
	for (i = 0; i < plan->step_count; i++) {
		bn_strlist_add(&choice->names, plan->steps[i].name);
		choice->on[i] = true;
	}
}

void
bn_choice_clear(struct bn_choice *choice)
{
	bn_strlist_clear(&choice->names);
	free(choice->on);
	free(choice->only);
	memset(choice, 0, sizeof(*choice));
}

void
bn_choice_draw(struct bn_app *app, struct bn_choice *choice)
{
	int room = getmaxy(stdscr) - 6; /* lines in sight: the box's edges, the margins, the keys */
	bool ascii = bn_app_ascii(app);
	struct bn_sheet sheet;
	struct bn_rect form;
	size_t i;

	bn_sheet_init(&sheet, app);
	for (i = 0; i < choice->names.count; i++)
		bn_sheet_add(&sheet, i == 0 ? "tasks" : "",
			     i == choice->cursor ? BN_ROLE_KEY : BN_ROLE_TEXT,
			     bn_xasprintf("%s [%c] %s",
					  i != choice->cursor ? " "
					  : ascii	      ? ">"
							      : "▸",
					  choice->on[i] ? 'x' : ' ', choice->names.items[i]));
	if (choice->cursor < choice->top)
		choice->top = choice->cursor;
	if (room > 0 && choice->cursor >= choice->top + (size_t)room)
		choice->top = choice->cursor + 1 - (size_t)room;
	form = bn_sheet_draw(&sheet, "run again", 2, &choice->top);
	bn_draw(bn_app_pen(app), form.y + 1, form.x, form.w, BN_INK(BN_ROLE_TEXT),
		"Space choose   * all, none   Enter plan these   Esc back");
	bn_sheet_clear(&sheet);
}

static size_t
count_on(const struct bn_choice *choice)
{
	size_t i, count = 0;

	for (i = 0; i < choice->names.count; i++)
		count += choice->on[i];
	return count;
}

/* None chosen is not all of them: then there is nothing to plan. */
static enum bn_choice_wish
take(struct bn_choice *choice)
{
	size_t count = count_on(choice), i, n = 0;

	if (count == 0)
		return BN_CHOICE_STAYS;
	free(choice->only);
	choice->only = NULL;
	if (count == choice->names.count)
		return BN_CHOICE_TAKEN;
	choice->only = bn_xcalloc(count + 1, sizeof(*choice->only));
	for (i = 0; i < choice->names.count; i++)
		if (choice->on[i])
			choice->only[n++] = choice->names.items[i];
	return BN_CHOICE_TAKEN;
}

enum bn_choice_wish
bn_choice_key(struct bn_choice *choice, const struct bn_key_event *event)
{
	size_t last = choice->names.count - 1, i;
	bool all;

	if (event->pasted)
		return BN_CHOICE_STAYS;
	switch (event->key) {
	case 'j':
	case BN_KEY_DOWN:
		choice->cursor += choice->cursor < last;
		break;
	case 'k':
	case BN_KEY_UP:
		choice->cursor -= choice->cursor > 0;
		break;
	case BN_KEY_PGDN:
		choice->cursor = choice->cursor + 8 < last ? choice->cursor + 8 : last;
		break;
	case BN_KEY_PGUP:
		choice->cursor -= choice->cursor < 8 ? choice->cursor : 8;
		break;
	case ' ':
		choice->on[choice->cursor] = !choice->on[choice->cursor];
		choice->cursor += choice->cursor < last;
		break;
	case '*':
		all = count_on(choice) < choice->names.count;
		for (i = 0; i <= last; i++)
			choice->on[i] = all;
		break;
	case BN_KEY_ENTER:
		return take(choice);
	case 'q':
	case BN_KEY_ESC:
	case BN_KEY_CTRL('C'):
		return BN_CHOICE_LEFT;
	default:
		break;
	}
	return BN_CHOICE_STAYS;
}

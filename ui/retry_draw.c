/* retry_draw.c - the retry dialog's box: what runs again, in which order, what was looked at, what is sent. */
/* SPDX-License-Identifier: MIT */
#include "ui/retry_draw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/status.h"

/* What the box is filled from. */
struct look {
	struct bn_sheet sheet;
	const struct bn_retry_look *look;
};

/* ---- the order ---------------------------------------------------------------------------- */

/* "build-tag-staging" among "build-tag-marts" …: what they share is left out. */
static size_t
shared_prefix(const struct bn_action_plan *plan)
{
	const char *first = NULL;
	size_t shared = 0, i, k;
	bool differ = false;

	for (i = 0; i < plan->step_count; i++) {
		const char *group = plan->steps[i].group;

		if (group == NULL)
			return 0;
		if (first == NULL) {
			first = group;
			shared = strlen(first);
		}
		differ = differ || strcmp(first, group) != 0;
		for (k = 0; k < shared && group[k] == first[k];)
			k++;
		shared = k;
	}
	while (shared > 0 && first[shared - 1] != '-')
		shared--;
	return differ ? shared : 0;
}

/* The group of a wave, if all of it is of one; else NULL. *count its steps. */
static const char *
group_of(const struct bn_action_plan *plan, int wave, int *count)
{
	const char *group = NULL;
	bool one = true;
	size_t i;

	*count = 0;
	for (i = 0; i < plan->step_count; i++) {
		if (plan->steps[i].wave != wave)
			continue;
		if (group == NULL)
			group = plan->steps[i].group;
		else
			one = one && plan->steps[i].group != NULL &&
			      strcmp(group, plan->steps[i].group) == 0;
		(*count)++;
	}
	return one ? group : NULL;
}

/* "1 > 3 staging   2 > 16 intermediate", folded to the box. */
static void
order_in_brief(struct look *s)
{
	const struct bn_action_plan *plan = s->look->plan;
	const char *arrow = bn_app_ascii(s->sheet.app) ? ">" : "▸";
	struct bn_buf text = BN_BUF_INIT(0);
	size_t prefix = shared_prefix(plan);
	const char *label = "order";
	int wave, count;

	for (wave = 1; wave <= plan->waves; wave++) {
		const char *group = group_of(plan, wave, &count);
		char *one = bn_xasprintf("%d %s %d %s", wave, arrow, count,
					 group != NULL ? group + prefix : plan->unit);

		if (text.size > 0 && bn_text_width(bn_buf_text(&text)) + bn_text_width(one) + 3 >
					 (size_t)(s->sheet.width - BN_SHEET_LABEL)) {
			bn_sheet_fold(&s->sheet, label, BN_ROLE_TEXT, bn_buf_take(&text));
			label = "";
		}
		bn_buf_addf(&text, "%s%s", text.size > 0 ? "   " : "", one);
		free(one);
	}
	if (text.size > 0)
		bn_sheet_fold(&s->sheet, label, BN_ROLE_TEXT, bn_buf_take(&text));
	bn_buf_free(&text);
}

/* As many names of a wave as there is room for, and how many there are besides: that is never cut. The first is named
 * whatever its length. */
static void
add_names(const struct look *s, int wave, int count, struct bn_buf *text)
{
	const struct bn_action_plan *plan = s->look->plan;
	size_t room = (size_t)(s->sheet.width - BN_SHEET_LABEL), i;
	int named = 0;

	for (i = 0; i < plan->step_count && named < count; i++) {
		char rest[32] = "";
		size_t need;

		if (plan->steps[i].wave != wave)
			continue;
		if (named + 1 <
		    count) /* one more is named: would there be room to say what is left? */
			snprintf(rest, sizeof(rest), "  and %d more", count - named - 1);
		need = bn_text_width(bn_buf_text(text)) + 2 + bn_text_width(plan->steps[i].name) +
		       strlen(rest);
		if (named > 0 && need > room)
			break;
		bn_buf_addf(text, "%s%s", named++ > 0 ? "  " : "", plan->steps[i].name);
	}
	if (named < count)
		bn_buf_addf(text, "  and %d more", count - named);
}

/* A line a wave. */
static void
order_in_full(struct look *s)
{
	const struct bn_action_plan *plan = s->look->plan;
	size_t prefix = shared_prefix(plan);
	int wave, count;

	for (wave = 1; wave <= plan->waves; wave++) {
		const char *group = group_of(plan, wave, &count);
		struct bn_buf text = BN_BUF_INIT(0);
		int hang;

		bn_buf_addf(&text, "wave %d  %3d %-14s ", wave, count,
			    group != NULL ? group + prefix : plan->unit);
		hang = (int)bn_text_width(bn_buf_text(&text));
		add_names(s, wave, count, &text);
		bn_sheet_hang(&s->sheet, wave == 1 ? "order" : "", BN_ROLE_TEXT, hang,
			      bn_buf_take(&text));
	}
}

/* ---- the rest ------------------------------------------------------------------------------ */

/* "transform-hourly-28f6k was retried 1m ago": whose run it is stands at the top already. */
static const char *
without_name(const struct bn_action_plan *plan, const char *text)
{
	size_t length = strlen(plan->about.key);

	return strncmp(text, plan->about.key, length) == 0 && text[length] == ' '
		   ? text + length + 1
		   : text;
}

/* What was looked at; with `stops` only what forbids it, else only the rest. Lines begin under the text, not under its
 * sign. */
static void
add_guards(struct look *s, bool stops)
{
	const struct bn_action_plan *plan = s->look->plan;
	const char *label = stops ? "not now" : "";
	bool ascii = bn_app_ascii(s->sheet.app);
	size_t i;

	for (i = 0; i < plan->guard_count; i++) {
		const struct bn_action_guard *g = &plan->guards[i];

		if ((g->mark == BN_GUARD_STOP) != stops)
			continue;
		bn_sheet_hang(&s->sheet, label,
			      stops			 ? BN_ROLE_FAILED
			      : g->mark == BN_GUARD_NOTE ? BN_ROLE_WARN
							 : BN_ROLE_TEXT,
			      2,
			      bn_xasprintf("%s %s",
					   stops		      ? (ascii ? "x" : "✗")
					   : g->mark == BN_GUARD_NOTE ? (ascii ? "-" : "◦")
								      : (ascii ? "+" : "●"),
					   without_name(plan, g->text)));
		label = "";
	}
}

static void
add_class(struct look *s)
{
	const struct bn_action_plan *plan = s->look->plan;
	bool ascii = bn_app_ascii(s->sheet.app);

	bn_sheet_hang(
	    &s->sheet, plan->typed ? "class" : "safe", plan->typed ? BN_ROLE_WARN : BN_ROLE_TEXT, 2,
	    bn_xasprintf("%s %s (%s)%s", plan->typed ? (ascii ? "!" : "▲") : (ascii ? "+" : "●"),
			 bn_idempotence_word(plan->class), plan->class_origin,
			 plan->class == BN_APPEND ? ": running twice can duplicate"
			 : plan->typed		  ? ": nobody says whether it may run twice"
						  : ""));
}

static void
add_lore(struct look *s)
{
	const struct bn_action_plan *plan = s->look->plan;

	if (plan->seen > 0)
		bn_sheet_hang(&s->sheet, "", BN_ROLE_TEXT, 2,
			      bn_xasprintf("%s this error was cured by a retry %d of %d times",
					   bn_app_ascii(s->sheet.app) ? "-" : "◦", plan->cured,
					   plan->seen));
}

static void
add_expectation(struct look *s)
{
	const struct bn_action_plan *plan = s->look->plan;
	struct bn_style style = bn_app_style(s->sheet.app);
	char usual[BN_TIME_TEXT], due[BN_TIME_TEXT];

	if (plan->usual >= 0 && plan->next_due > 0)
		bn_sheet_fold(
		    &s->sheet, "typical", BN_ROLE_TEXT,
		    bn_xasprintf("a whole run takes %s   next schedule %s",
				 bn_duration_show(plan->usual, usual),
				 bn_time_show(plan->next_due, style.zone, BN_TIME_HM, due)));
	else if (plan->usual >= 0)
		bn_sheet_fold(
		    &s->sheet, "typical", BN_ROLE_TEXT,
		    bn_xasprintf("a whole run takes %s", bn_duration_show(plan->usual, usual)));
}

static void
fill(struct look *s)
{
	const struct bn_retry_look *look = s->look;
	const struct bn_action_plan *plan = look->plan;
	size_t i;

	if (plan == NULL) {
		bn_sheet_add(&s->sheet, "run", BN_ROLE_TEXT, bn_xstrdup(look->about.key));
		bn_sheet_add(&s->sheet, "", BN_ROLE_DIM,
			     bn_xstrdup("asking its platform what a retry would run again"));
		return;
	}
	bn_sheet_fold(&s->sheet, "run", BN_ROLE_TEXT,
		      bn_xasprintf("%s · %s%s%s", plan->about.key, plan->about.source,
				   plan->engine != NULL ? " · " : "",
				   plan->engine != NULL ? plan->engine : ""));
	add_guards(s, true); /* where all of it does not fit, this must be what is seen */
	bn_sheet_fold(&s->sheet, "what", BN_ROLE_TEXT, bn_xstrdup(plan->what));
	if (s->sheet.width > 90)
		order_in_full(s);
	else
		order_in_brief(s);
	add_class(s);
	add_guards(s, false);
	add_lore(s);
	bn_sheet_fold(&s->sheet, "sends", BN_ROLE_TEXT, bn_xstrdup(plan->sends));
	if (s->sheet.width > 90)
		bn_sheet_fold(&s->sheet, "", BN_ROLE_DIM, bn_xstrdup(plan->request));
	for (i = 0; plan->notes[i] != NULL; i++)
		bn_sheet_hang(&s->sheet, i == 0 ? "note" : "", BN_ROLE_WARN, 2,
			      bn_xstrdup(plan->notes[i]));
	add_expectation(s);
}

/* ---- drawing ------------------------------------------------------------------------------- */

static void
draw_buttons(struct look *s, int y, int x)
{
	const struct bn_confirm *c = s->look->confirm;
	struct bn_pen *pen = bn_app_pen(s->sheet.app);
	bool alive = c->focus == BN_CONFIRM_BUTTONS && bn_confirm_armed(c);
	/* keys that are letters while a field has the focus */
	enum bn_role key = c->focus == BN_CONFIRM_BUTTONS ? BN_ROLE_TEXT : BN_ROLE_DIM;
	int gap = c->choices ? 2 : 4;

	if (s->look->sending) {
		bn_draw(pen, y, x, s->sheet.width, BN_INK(BN_ROLE_RUNNING),
			"sent once; waiting for the answer");
		return;
	}
	if (c->refused) {
		bn_draw(pen, y, x, s->sheet.width, BN_INK(BN_ROLE_KEY), "n / Esc close");
		return;
	}
	/* with a choice there is one word more, in the room of the smallest screen */
	x += bn_draw(pen, y, x, s->sheet.width, BN_INK(alive ? BN_ROLE_KEY : BN_ROLE_DIM),
		     "  y retry") +
	     gap;
	x += bn_draw(pen, y, x, s->sheet.width, BN_INK(key), "w ");
	x += bn_drawf(pen, y, x, s->sheet.width, BN_INK(BN_ROLE_TEXT), "[%c] then watch",
		      c->watch ? 'x' : ' ') +
	     gap;
	if (c->choices)
		x += bn_draw(pen, y, x, s->sheet.width, BN_INK(key), "s tasks") + gap;
	bn_draw(pen, y, x, s->sheet.width, BN_INK(BN_ROLE_TEXT),
		c->choices ? "Esc cancel" : "n / Esc cancel");
}

static void
draw_form(struct look *s, int y, int x)
{
	const struct bn_confirm *c = s->look->confirm;

	if (!c->refused) {
		bn_sheet_reason(&s->sheet, y++, x, c);
		if (c->asked != NULL) {
			char *label = bn_xasprintf("type %s to go on", c->asked);

			bn_sheet_field(&s->sheet, y++, x, label, &c->name,
				       c->focus == BN_CONFIRM_NAME);
			free(label);
		}
	}
	draw_buttons(s, y + 1, x);
}

void
bn_retry_draw_box(struct bn_app *app, const struct bn_retry_look *look, size_t *top)
{
	struct look s = {.look = look};
	bool typed = look->confirm->asked != NULL;
	char *title = look->plan != NULL && typed
			  ? bn_xasprintf("retry of %s work", bn_idempotence_word(look->plan->class))
			  : bn_xstrdup("retry");
	struct bn_rect form;

	bn_sheet_init(&s.sheet, app);
	fill(&s);
	form = bn_sheet_draw(&s.sheet, title,
			     look->plan == NULL	      ? 0
			     : look->confirm->refused ? 2
			     : typed		      ? 4
						      : 3,
			     top);
	free(title);
	if (look->plan != NULL)
		draw_form(&s, form.y, form.x);
	bn_sheet_clear(&s.sheet);
}

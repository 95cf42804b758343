/* retry_draw.c - the retry dialog's box: what runs again, in which order, what was looked at, what is sent. */
/* SPDX-License-Identifier: MIT */
#include "ui/retry_draw.h"

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

	for (wave = 1; wave <= plan->waves && wave <= 12; wave++) {
		const char *group = group_of(plan, wave, &count);
		char *one = bn_xasprintf("%d %s %d %s", wave, arrow, count,
					 group != NULL ? group + prefix : plan->unit);

		if (text.size > 0 && bn_text_width(bn_buf_text(&text)) + bn_text_width(one) + 3 >
					 (size_t)(s->sheet.width - BN_SHEET_LABEL)) {
			bn_sheet_add(&s->sheet, label, BN_ROLE_TEXT, bn_buf_take(&text));
			label = "";
		}
		bn_buf_addf(&text, "%s%s", text.size > 0 ? "   " : "", one);
		free(one);
	}
	if (text.size > 0)
		bn_sheet_add(&s->sheet, label, BN_ROLE_TEXT, bn_buf_take(&text));
	bn_buf_free(&text);
}

/* A line a wave, with as many names as there is room for. */
static void
order_in_full(struct look *s)
{
	const struct bn_action_plan *plan = s->look->plan;
	size_t prefix = shared_prefix(plan), i;
	int wave, count;

	for (wave = 1; wave <= plan->waves && wave <= 8; wave++) {
		const char *group = group_of(plan, wave, &count);
		struct bn_buf text = BN_BUF_INIT(0);
		int named = 0;

		bn_buf_addf(&text, "wave %d  %3d %-14s ", wave, count,
			    group != NULL ? group + prefix : plan->unit);
		for (i = 0; i < plan->step_count; i++) {
			if (plan->steps[i].wave != wave)
				continue;
			if (named == 3) {
				bn_buf_addf(&text, "  %s %d",
					    bn_app_ascii(s->sheet.app) ? "..." : "…",
					    count - named);
				break;
			}
			bn_buf_addf(&text, "%s%s", named++ > 0 ? "  " : "", plan->steps[i].name);
		}
		bn_sheet_add(&s->sheet, wave == 1 ? "order" : "", BN_ROLE_TEXT, bn_buf_take(&text));
	}
}

/* ---- the rest ------------------------------------------------------------------------------ */

static void
add_guards(struct look *s)
{
	static const enum bn_role roles[] = {BN_ROLE_TEXT, BN_ROLE_WARN, BN_ROLE_FAILED};
	const struct bn_action_plan *plan = s->look->plan;
	bool ascii = bn_app_ascii(s->sheet.app);
	size_t i;

	bn_sheet_add(
	    &s->sheet, plan->typed ? "class" : "safe", plan->typed ? BN_ROLE_WARN : BN_ROLE_TEXT,
	    bn_xasprintf("%s %s (%s)%s", plan->typed ? (ascii ? "!" : "▲") : (ascii ? "+" : "●"),
			 bn_idempotence_word(plan->class), plan->class_origin,
			 plan->class == BN_APPEND ? ": running twice can duplicate"
			 : plan->typed		  ? ": nobody says whether it may run twice"
						  : ""));
	for (i = 0; i < plan->guard_count; i++) {
		const struct bn_action_guard *g = &plan->guards[i];

		bn_sheet_add(&s->sheet, "", roles[g->mark],
			     bn_xasprintf("%s %s",
					  g->mark == BN_GUARD_FINE   ? (ascii ? "+" : "●")
					  : g->mark == BN_GUARD_NOTE ? (ascii ? "-" : "◦")
								     : (ascii ? "x" : "✗"),
					  g->text));
	}
	if (plan->seen > 0)
		bn_sheet_add(&s->sheet, "", BN_ROLE_TEXT,
			     bn_xasprintf("%s this error was cured by a retry %d of %d times",
					  ascii ? "-" : "◦", plan->cured, plan->seen));
}

static void
add_expectation(struct look *s)
{
	const struct bn_action_plan *plan = s->look->plan;
	struct bn_style style = bn_app_style(s->sheet.app);
	char usual[BN_TIME_TEXT], due[BN_TIME_TEXT];

	if (plan->usual >= 0 && plan->next_due > 0)
		bn_sheet_add(
		    &s->sheet, "typical", BN_ROLE_TEXT,
		    bn_xasprintf("a whole run takes %s   next schedule %s",
				 bn_duration_show(plan->usual, usual),
				 bn_time_show(plan->next_due, style.zone, BN_TIME_HM, due)));
	else if (plan->usual >= 0)
		bn_sheet_add(
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
	bn_sheet_add(&s->sheet, "run", BN_ROLE_TEXT,
		     bn_xasprintf("%s · %s%s%s", plan->about.key, plan->about.source,
				  plan->engine != NULL ? " · " : "",
				  plan->engine != NULL ? plan->engine : ""));
	bn_sheet_add(&s->sheet, "what", BN_ROLE_TEXT, bn_xstrdup(plan->what));
	if (s->sheet.width > 90)
		order_in_full(s);
	else
		order_in_brief(s);
	add_guards(s);
	bn_sheet_add(&s->sheet, "sends", BN_ROLE_TEXT, bn_xstrdup(plan->sends));
	if (s->sheet.width > 90)
		bn_sheet_add(&s->sheet, "", BN_ROLE_DIM, bn_xstrdup(plan->request));
	for (i = 0; plan->notes[i] != NULL; i++)
		bn_sheet_add(&s->sheet, i == 0 ? "note" : "", BN_ROLE_WARN,
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
	     (c->choices ? 3 : 5);
	x += bn_drawf(pen, y, x, s->sheet.width, BN_INK(BN_ROLE_TEXT), "[%c] then watch",
		      c->watch ? 'x' : ' ') +
	     (c->choices ? 3 : 8);
	if (c->choices)
		x += bn_draw(pen, y, x, s->sheet.width,
			     BN_INK(c->focus == BN_CONFIRM_BUTTONS ? BN_ROLE_TEXT : BN_ROLE_DIM),
			     "s tasks") +
		     3;
	bn_draw(pen, y, x, s->sheet.width, BN_INK(BN_ROLE_TEXT),
		c->choices ? "Esc cancel" : "n / Esc cancel");
}

static void
draw_form(struct look *s, int y, int x)
{
	const struct bn_confirm *c = s->look->confirm;

	if (!c->refused) {
		bn_sheet_field(&s->sheet, y++, x, "reason", &c->reason,
			       c->focus == BN_CONFIRM_REASON);
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

/* many_draw.c - the plan of a bulk: waves with names, what is set apart, what is left out and why, and the form. */
/* SPDX-License-Identifier: MIT */
#include "ui/many_draw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/status.h"
#include "ui/sheet.h"

#define ENGINES 6 /* told by name in a wave; others are "other" */

struct look {
	struct bn_sheet sheet;
	const struct bn_many_look *look;
};

static const char *
sign(const struct look *l, const char *glyph, const char *ascii)
{
	return bn_app_ascii(l->sheet.app) ? ascii : glyph;
}

/* ---- what runs again ------------------------------------------------------------------------ */

/* "38 runs: 3 failed + 37 skipped pods; keeps 272": a line for each kind of unit. */
static void
add_totals(struct look *l)
{
	const struct bn_bulk *bulk = l->look->bulk;
	size_t i;

	if (bulk->ready == 0)
		bn_sheet_add(&l->sheet, "what", BN_ROLE_WARN,
			     bn_xstrdup(bulk->apart > 0
					    ? "nothing yet: type the names of what is set apart"
					    : "nothing of this can be retried"));
	for (i = 0; i < bulk->total_count; i++) {
		const struct bn_bulk_total *total = &bulk->totals[i];
		struct bn_buf text = BN_BUF_INIT(512);

		bn_buf_addf(&text, "%d run%s: ", total->runs, total->runs == 1 ? "" : "s");
		if (total->failed >= 0 && total->skipped >= 0)
			bn_buf_addf(&text, "%d failed + %d skipped %ss run again", total->failed,
				    total->skipped, total->unit);
		else
			bn_buf_addf(&text, "how many %ss run again is not known", total->unit);
		if (total->kept >= 0)
			bn_buf_addf(&text, "; keeps %d", total->kept);
		bn_sheet_fold(&l->sheet, i == 0 ? "what" : "", BN_ROLE_TEXT, bn_buf_take(&text));
	}
}

/* "3 runs · argo 2, airflow 1 · a  b  c". False: nothing is sent in that wave. */
static bool
wave_words(const struct bn_bulk *bulk, int wave, struct bn_buf *out)
{
	const char *engines[ENGINES];
	int counts[ENGINES] = {0}, other = 0, runs = 0;
	size_t known = 0, i, e;
	struct bn_buf names = BN_BUF_INIT(0);

	for (i = 0; i < bulk->count; i++) {
		const struct bn_bulk_item *item = &bulk->items[i];
		const char *engine = item->engine != NULL ? item->engine : "?";

		if (item->fate != BN_BULK_READY || item->wave != wave)
			continue;
		for (e = 0; e < known && strcmp(engines[e], engine) != 0; e++)
			continue;
		if (e == known && known < ENGINES)
			engines[known++] = engine;
		if (e < ENGINES)
			counts[e]++;
		else
			other++;
		bn_buf_addf(&names, "%s%s", runs++ > 0 ? "  " : "", item->name);
	}
	bn_buf_addf(out, "%d run%s ·", runs, runs == 1 ? "" : "s");
	for (e = 0; e < known; e++)
		bn_buf_addf(out, "%s %s %d", e > 0 ? "," : "", engines[e], counts[e]);
	if (other > 0)
		bn_buf_addf(out, ", other %d", other);
	bn_buf_addf(out, " · %s", bn_buf_text(&names));
	bn_buf_free(&names);
	return runs > 0;
}

static void
add_waves(struct look *l)
{
	static const char *const labels[] = {"wave 1", "wave 2", "wave 3", "wave 4", "wave 5",
					     "wave 6", "wave 7", "wave 8", "wave 9"};
	int wave;

	for (wave = 1; wave <= l->look->bulk->waves; wave++) {
		struct bn_buf text = BN_BUF_INIT(0);
		bool any;

		if (wave > 9)
			bn_buf_addf(&text, "%d: ", wave);
		any = wave_words(l->look->bulk, wave, &text);
		if (any)
			bn_sheet_fold(&l->sheet, wave > 9 ? "wave" : labels[wave - 1], BN_ROLE_TEXT,
				      bn_buf_take(&text));
		bn_buf_free(&text);
	}
}

/* ---- what does not, or not yet ---------------------------------------------------------------- */

static void
add_apart(struct look *l)
{
	const struct bn_bulk *bulk = l->look->bulk;
	const char *label = "apart";
	size_t i;

	for (i = 0; i < bulk->count; i++) {
		const struct bn_bulk_item *item = &bulk->items[i];

		if (item->fate != BN_BULK_APART)
			continue;
		bn_sheet_fold(&l->sheet, label, BN_ROLE_WARN,
			      bn_xasprintf("%s %s: %s%s", sign(l, "▲", "!"), item->name,
					   item->plan != NULL
					       ? bn_idempotence_word(item->plan->class)
					       : "unknown",
					   item->plan != NULL && item->plan->class == BN_APPEND
					       ? ", running twice can duplicate"
					       : ", nobody says whether it may run twice"));
		label = "";
	}
	if (bulk->apart > 0)
		bn_sheet_fold(&l->sheet, "", BN_ROLE_DIM,
			      bn_xasprintf("left out until %s typed below",
					   bulk->apart == 1 ? "its name is" : "their names are"));
}

static void
add_left_out(struct look *l)
{
	const struct bn_bulk *bulk = l->look->bulk;
	const char *label = "left out";
	size_t i;

	for (i = 0; i < bulk->count; i++)
		if (bulk->items[i].fate == BN_BULK_OUT) {
			bn_sheet_fold(&l->sheet, label, BN_ROLE_TEXT,
				      bn_xasprintf("%s %s: %s", sign(l, "✗", "x"),
						   bulk->items[i].name,
						   bulk->items[i].why.message));
			label = "";
		}
	if (l->look->aside > 0)
		bn_sheet_fold(
		    &l->sheet, label, BN_ROLE_TEXT,
		    bn_xasprintf("%s %zu marked row%s: nothing that runs, or hidden by the filter",
				 sign(l, "◦", "-"), l->look->aside,
				 l->look->aside == 1 ? "" : "s"));
}

/* What runs behind something that is not sent with it. */
static void
add_behind(struct look *l)
{
	const struct bn_bulk *bulk = l->look->bulk;
	const char *label = "behind";
	size_t i;

	for (i = 0; i < bulk->count; i++) {
		const struct bn_bulk_item *item = &bulk->items[i];

		if (item->fate != BN_BULK_READY || item->behind < 0)
			continue;
		bn_sheet_fold(&l->sheet, label, BN_ROLE_WARN,
			      bn_xasprintf("%s %s is sent; what it waits for, %s, is not",
					   sign(l, "▲", "!"), item->name,
					   bulk->items[item->behind].name));
		label = "";
	}
	if (bulk->note != NULL)
		bn_sheet_fold(&l->sheet, "order", BN_ROLE_WARN,
			      bn_xasprintf("%s %s", sign(l, "▲", "!"), bulk->note));
}

/* ---- the rest ------------------------------------------------------------------------------------ */

/* How many may run twice, and what became of retrying such errors before: of each error once. */
static void
add_safety(struct look *l)
{
	const struct bn_bulk *bulk = l->look->bulk;
	int classes[BN_APPEND + 1] = {0}, seen = 0, cured = 0, class;
	struct bn_buf text = BN_BUF_INIT(512);
	size_t i, k;

	for (i = 0; i < bulk->count; i++) {
		const struct bn_action_plan *plan = bulk->items[i].plan;
		bool told = plan == NULL || plan->fingerprint == NULL;

		if (bulk->items[i].fate != BN_BULK_READY || plan == NULL)
			continue;
		classes[plan->class]++;
		for (k = 0; k < i && !told; k++)
			told = bulk->items[k].fate == BN_BULK_READY &&
			       bulk->items[k].plan != NULL &&
			       bulk->items[k].plan->fingerprint != NULL &&
			       strcmp(bulk->items[k].plan->fingerprint, plan->fingerprint) == 0;
		seen += told ? 0 : plan->seen;
		cured += told ? 0 : plan->cured;
	}
	for (class = 0; class <= BN_APPEND; class ++)
		if (classes[class] > 0)
			bn_buf_addf(&text, "%s%d %s", text.size > 0 ? ", " : "", classes[class],
				    bn_idempotence_word((enum bn_idempotence) class));
	if (seen > 0)
		bn_buf_addf(&text, "%s these errors were cured by a retry %d of %d times",
			    text.size > 0 ? " ·" : "", cured, seen);
	if (text.size > 0)
		bn_sheet_fold(&l->sheet, "safe", BN_ROLE_TEXT, bn_buf_take(&text));
	bn_buf_free(&text);
}

static void
add_pace(struct look *l)
{
	const struct bn_bulk_options *options = l->look->options;
	const struct bn_bulk *bulk = l->look->bulk;
	char spacing[BN_TIME_TEXT], takes[BN_TIME_TEXT];

	bn_sheet_fold(&l->sheet, "sends", BN_ROLE_TEXT,
		      bn_xasprintf("%zu request%s, %s apart, at most %d under way at a source; "
				   "stops when more than %d%% of a wave fails",
				   bulk->ready, bulk->ready == 1 ? "" : "s",
				   bn_duration_show(options->spacing, spacing),
				   options->concurrency, (int)(options->abort_ratio * 100 + 0.5)));
	if (bulk->estimate >= 0)
		bn_sheet_add(
		    &l->sheet, "typical", BN_ROLE_TEXT,
		    bn_xasprintf("all of it takes %s", bn_duration_show(bulk->estimate, takes)));
}

static void
fill(struct look *l)
{
	if (l->look->bulk == NULL) {
		if (l->look->asked > 0)
			bn_sheet_add(&l->sheet, "runs", BN_ROLE_TEXT,
				     bn_xasprintf("%zu marked", l->look->asked));
		bn_sheet_add(&l->sheet, "", BN_ROLE_DIM,
			     bn_xstrdup("asking their platforms what a retry would run again"));
		return;
	}
	add_totals(l);
	add_waves(l);
	add_apart(l);
	add_left_out(l);
	add_behind(l);
	if (l->look->bulk->ready == 0)
		return;
	add_safety(l);
	add_pace(l);
}

/* ---- the form ------------------------------------------------------------------------------------- */

static void
draw_buttons(struct look *l, int y, int x)
{
	const struct bn_confirm *c = l->look->confirm;
	struct bn_pen *pen = bn_app_pen(l->sheet.app);
	bool alive = c->focus == BN_CONFIRM_BUTTONS && bn_confirm_armed(c);

	if (c->refused) {
		bn_draw(pen, y, x, l->sheet.width, BN_INK(BN_ROLE_KEY), "n / Esc close");
		return;
	}
	x += bn_drawf(pen, y, x, l->sheet.width, BN_INK(alive ? BN_ROLE_KEY : BN_ROLE_DIM),
		      "  y send %zu", l->look->bulk->ready) +
	     8;
	bn_draw(pen, y, x, l->sheet.width, BN_INK(BN_ROLE_TEXT), "n / Esc cancel");
}

static void
draw_form(struct look *l, int y, int x)
{
	const struct bn_confirm *c = l->look->confirm;

	if (!c->refused) {
		bn_sheet_reason(&l->sheet, y++, x, c);
		if (c->names)
			bn_sheet_field(&l->sheet, y++, x, "type a name to send it too", &c->name,
				       c->focus == BN_CONFIRM_NAME);
		if (l->look->said != NULL)
			bn_draw(bn_app_pen(l->sheet.app), y, x, l->sheet.width,
				BN_INK(BN_ROLE_ACCENT), l->look->said);
	}
	draw_buttons(l, y + 1, x);
}

void
bn_many_draw_box(struct bn_app *app, const struct bn_many_look *look, size_t *top)
{
	struct look l = {.look = look};
	char *title =
	    look->bulk == NULL ? bn_xstrdup("bulk retry")
	    : look->bulk->rest_of != 0
		? bn_xasprintf("the rest of bulk retry %lld", (long long)look->bulk->rest_of)
		: bn_xasprintf("bulk retry of %zu run%s", look->bulk->ready,
			       look->bulk->ready == 1 ? "" : "s");
	struct bn_rect form;

	bn_sheet_init(&l.sheet, app);
	fill(&l);
	form = bn_sheet_draw(&l.sheet, title,
			     look->bulk == NULL	      ? 0
			     : look->confirm->refused ? 2
			     : look->confirm->names   ? 4
						      : 3,
			     top);
	free(title);
	if (look->bulk != NULL)
		draw_form(&l, form.y, form.x);
	bn_sheet_clear(&l.sheet);
}

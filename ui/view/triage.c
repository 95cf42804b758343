/* triage.c - the first screen: what is broken, since when, what it touches, what changed. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "ui/view/detail.h"
#include "ui/view/pane.h"

#define TITLE "needs you"

enum { SLOT_TRIAGE, SLOT_MOVING, SLOT_DETAIL, SLOT_EVENTS, SLOT_RECOVERED, SLOT_BUDGETS };

static const char *const triage_columns[] = {"status",	"p",	 "what",    "state", "since",
					     "for",	"blast", "changed", "id",    "acked",
					     "snoozed", "url",	 NULL};
/* The keys that did it: nobody has to learn signs for them. */
static const struct bn_list_sign triage_signs[] = {
    {"acked", "a", BN_ROLE_OK}, {"snoozed", "z", BN_ROLE_OFF}, {NULL, NULL, BN_ROLE_TEXT}};

static const char *const event_columns[] = {"status", "at", "kind", "entity", "what", NULL};

static const char *const budget_columns[] = {"status", "product", "sli",      "target",
					     "now",    "budget",  "empty_in", NULL};

struct triage {
	struct bn_screen screen;
	struct bn_pane findings, moving, recovered, events, budgets;
	struct bn_detail_pane detail;
	struct bn_summary summary;
	bool boxed;    /* as drawn last: only then there is room for events */
	bool promises; /* products are configured: there are budgets to lose */
};

static void
triage_ask(struct bn_screen *screen)
{
	struct triage *t = (struct triage *)screen;

	bn_pane_ask(&t->findings);
	bn_pane_ask(&t->moving);
	bn_pane_ask(&t->recovered);
	if (t->promises)
		bn_pane_ask(&t->budgets);
	if (t->boxed)
		bn_pane_ask(&t->events);
	bn_detail_ask(&t->detail);
}

/* The detail follows the cursor. */
static void
follow_cursor(struct triage *t)
{
	struct bn_ref ref;

	bn_detail_about(&t->detail, bn_pane_selected(&t->findings, &ref) ? &ref : NULL);
}

static void
triage_answer(struct bn_screen *screen, struct bn_answer *answer)
{
	struct triage *t = (struct triage *)screen;

	if (bn_pane_answer(&t->findings, answer))
		follow_cursor(t);
	else if (!bn_pane_answer(&t->moving, answer) && !bn_pane_answer(&t->recovered, answer) &&
		 !bn_pane_answer(&t->events, answer) && !bn_pane_answer(&t->budgets, answer))
		bn_detail_answer(&t->detail, answer);
}

/* Whoever left the screen is done with what they acknowledged there. */
static void
triage_come(struct bn_screen *screen)
{
	struct triage *t = (struct triage *)screen;

	if (t->findings.problems && bn_pane_settled(&t->findings))
		bn_list_home(t->findings.list);
	bn_pane_renew(&t->findings);
}

static void
triage_close(struct bn_screen *screen)
{
	struct triage *t = (struct triage *)screen;

	bn_pane_clear(&t->findings);
	bn_pane_clear(&t->moving);
	bn_pane_clear(&t->recovered);
	bn_pane_clear(&t->events);
	bn_pane_clear(&t->budgets);
	bn_detail_clear(&t->detail);
}

static bool
triage_selected(struct bn_screen *screen, struct bn_ref *ref)
{
	return bn_pane_selected(&((struct triage *)screen)->findings, ref);
}

static size_t
triage_marked(struct bn_screen *screen, struct bn_ref **out, size_t *hidden)
{
	return bn_pane_marked(&((struct triage *)screen)->findings, out, hidden);
}

static bool
acknowledged(const struct triage *t)
{
	size_t row;

	return bn_list_selected(t->findings.list, &row) &&
	       bn_row_int(bn_list_rows(t->findings.list), row, "acked") != 0;
}

static unsigned
triage_act(struct bn_screen *screen, enum bn_action action, const struct bn_key_event *event)
{
	struct triage *t = (struct triage *)screen;
	unsigned reaction = bn_pane_act(&t->findings, action, event);
	struct bn_ref ref;

	if (reaction != 0) {
		follow_cursor(t);
		return reaction;
	}
	switch (action) {
	case BN_ACT_HIDDEN:
		t->findings.problems = t->findings.usual = !t->findings.problems;
		bn_pane_renew(&t->findings);
		bn_pane_ask(&t->findings);
		return BN_REDRAW;
	case BN_ACT_ACK:
		if (!triage_selected(screen, &ref))
			return BN_REDRAW;
		bn_app_acknowledge(screen->app, ref, acknowledged(t));
		return BN_REDRAW;
	default:
		return 0;
	}
}

/* ---- drawing ----------------------------------------------------------------------------- */

/* What the title may say, in the order in which it stands there. */
enum { RED_AMBER, UNKNOWN, FOLDED, ACKED, SNOOZED, SILENCED, POSITION, PARTS };

/* How many of what is listed need somebody: what stays only because the cursor is on it was dealt with. */
static void
count_rows(const struct triage *t, char part[PARTS][48])
{
	const struct bn_rows *rows = bn_list_rows(t->findings.list);
	size_t i, red = 0, amber = 0, unknown = 0, count = rows == NULL ? 0 : bn_rows_count(rows);

	for (i = 0; i < count; i++) {
		enum bn_status status = bn_rows_status(rows, i);

		if (t->findings.problems && (bn_row_int(rows, i, "acked") != 0 ||
					     bn_row_int(rows, i, "snoozed") > bn_rows_now(rows)))
			continue;
		red += status == BN_FAILED || status == BN_DOWN;
		amber += status == BN_DEGRADED;
		unknown += status == BN_UNKNOWN;
	}
	snprintf(part[RED_AMBER], sizeof(part[0]), "%zu red, %zu amber", red, amber);
	if (unknown > 0)
		snprintf(part[UNKNOWN], sizeof(part[0]), ", %zu unknown", unknown);
	if (t->summary.folded_from > (int)count)
		snprintf(part[FOLDED], sizeof(part[0]), ", folded from %d", t->summary.folded_from);
}

/* What is kept out of sight, and that `A` shows it. */
static void
count_hidden(const struct triage *t, char part[PARTS][48])
{
	const struct bn_summary *s = &t->summary;

	if (!t->findings.problems)
		return;
	if (s->acknowledged > 0)
		snprintf(part[ACKED], sizeof(part[0]), " · %d acked", s->acknowledged);
	if (s->snoozed > 0)
		snprintf(part[SNOOZED], sizeof(part[0]), " · %d snoozed", s->snoozed);
	if (s->silenced > 0)
		snprintf(part[SILENCED], sizeof(part[0]), " · %d silenced", s->silenced);
}

static void
join(char part[PARTS][48], char *out, size_t size)
{
	bool hidden = false;
	int i, n = 0;

	out[0] = '\0';
	for (i = 0; i < PARTS; i++) {
		bool last = i == SILENCED;

		hidden = hidden || (part[i][0] != '\0' && i >= ACKED && i <= SILENCED);
		n += snprintf(out + n, size - (size_t)n, "%s%s", part[i],
			      last && hidden ? " (A)" : "");
	}
}

/* "1 red, 4 amber, folded from 46 · 1 acked (A)" in `room` columns: what there is no room for is left out, the least
 * important first. */
static void
count_words(const struct triage *t, int room, char *out, size_t size)
{
	static const int least[] = {FOLDED, SILENCED, SNOOZED, POSITION, ACKED, UNKNOWN};
	char part[PARTS][48] = {""}, words[200];
	size_t i;
	int n;

	bn_list_position(t->findings.list, words, sizeof(words));
	if (words[0] != '\0')
		snprintf(part[POSITION], sizeof(part[0]), " · %.40s", words);
	bn_pane_words(&t->findings, words, sizeof(words));
	if (words[0] != '\0') { /* what was chosen matters more than what is always so */
		n = snprintf(out, size, "%s", words);
		if ((size_t)n < size)
			snprintf(out + n, size - (size_t)n, "%s", part[POSITION]);
		return;
	}
	count_rows(t, part);
	count_hidden(t, part);
	join(part, out, size);
	for (i = 0; i < sizeof(least) / sizeof(least[0]) && (int)bn_text_width(out) > room; i++) {
		part[least[i]][0] = '\0';
		join(part, out, size);
	}
}

static const char *
all_well(const struct triage *t)
{
	if (t->summary.unknown > 0 || t->summary.sources_ok < t->summary.sources)
		return "nothing known to be wrong, but not everything is known: see 0 Sources";
	return t->summary.sources == 0
		   ? "no source is configured yet: try \":config init\", or \"binnacle demo\""
		   : "nothing needs you";
}

static void
moving_words(const struct triage *t, char *out, size_t size)
{
	const struct bn_rows *rows = bn_list_rows(t->moving.list);
	const struct bn_rows *well = bn_list_rows(t->recovered.list);
	size_t count = well == NULL ? 0 : bn_rows_total(well);
	int n = snprintf(out, size, "%zu in flight", rows == NULL ? 0 : bn_rows_total(rows));

	if (count > 0 && n > 0 && (size_t)n < size)
		snprintf(out + n, size - (size_t)n, " · %zu recovered", count);
}

/* "transform-hourly recovered 03:17:30, red 10m20s, 1 retry": the latest ones, below what moves. The part keeps its
 * height: they take at most half of it. Returns the lines taken. */
static int
draw_recovered(struct triage *t, struct bn_rect r)
{
	const struct bn_rows *rows = bn_list_rows(t->recovered.list);
	struct bn_style style = bn_app_style(t->screen.app);
	struct bn_pen *pen = bn_app_pen(t->screen.app);
	int count = rows == NULL ? 0 : (int)bn_rows_count(rows), i;
	char at[BN_TIME_TEXT], red[BN_TIME_TEXT];

	if (count > r.h / 2)
		count = r.h / 2;
	for (i = 0; i < count; i++) {
		int y = r.y + r.h - count + i;
		int64_t retries = bn_row_int(rows, (size_t)i, "retries");
		struct bn_value what = bn_rows_named(rows, (size_t)i, "what");
		struct bn_value by = bn_rows_named(rows, (size_t)i, "by");

		bn_draw_blank(pen, y, r.x, r.w, BN_INK(BN_ROLE_TEXT));
		bn_draw(pen, y, r.x + 1, 1, BN_INK(BN_ROLE_OK), pen->ascii ? "+" : "●");
		bn_drawf(pen, y, r.x + 3, r.w - 4, BN_INK(BN_ROLE_TEXT),
			 "%s recovered %s, red %s, %lld retr%s%s%s", what.s != NULL ? what.s : "",
			 bn_time_show(bn_row_int(rows, (size_t)i, "recovered"), style.zone,
				      BN_TIME_HMS, at),
			 bn_duration_show(bn_row_int(rows, (size_t)i, "red"), red),
			 (long long)retries, retries == 1 ? "y" : "ies",
			 by.type == BN_VALUE_TEXT ? " by " : "",
			 by.type == BN_VALUE_TEXT ? by.s : "");
	}
	return count;
}

/* Heights of the parts between rules, their rule included. They stay what they are whatever the parts hold, so that
 * the list never moves; a small screen has the list only. */
struct parts {
	int moving, detail, budgets;
};

static struct parts
parts_of(const struct triage *t, struct bn_rect r)
{
	struct parts parts = {0, 0, 0};

	if (r.h < 18 || r.w < 80)
		return parts;
	parts.budgets = !t->promises || r.h < 20 ? 0 : 3 + (r.h - 20) / 6;
	parts.moving = 3 + (r.h - 18) / 5;
	parts.detail = 8 + (r.h - 21) / 3 - (parts.budgets > 0 ? 3 : 0);
	return parts;
}

/* What runs, and below it what recovered. */
static void
draw_moving(struct triage *t, struct bn_rect r, int level, const char *nothing)
{
	r.h -= draw_recovered(t, r);
	bn_pane_draw(&t->moving, r, level, false, false, nothing);
}

/* Promises of products, the least budget left first. */
static void
draw_budgets(struct triage *t, struct bn_rect r, bool header)
{
	bn_pane_draw(&t->budgets, r, r.w >= 100 ? 1 : 0, header, false, "nothing is promised");
}

/* Rules between stacked parts: 80 columns, or too few lines for boxes. */
static void
draw_stacked(struct triage *t, struct bn_rect r)
{
	struct bn_pen *pen = bn_app_pen(t->screen.app);
	struct parts parts = parts_of(t, r);
	int level = bn_level_for(r.w), y = r.y + r.h - parts.moving - parts.detail - parts.budgets;
	char words[256];

	bn_pane_draw(&t->findings, (struct bn_rect){r.y + 1, r.x, y - r.y - 1, r.w}, level, true,
		     true, all_well(t));
	/* after the list: which rows are in sight */
	count_words(t, bn_draw_edge_room(r.w, TITLE), words, sizeof(words));
	bn_draw_rule(pen, r.y, r.x, r.w, TITLE, words);
	if (parts.moving > 0) {
		moving_words(t, words, sizeof(words));
		bn_draw_rule(pen, y, r.x, r.w, "moving", words);
		draw_moving(t, (struct bn_rect){y + 1, r.x, parts.moving - 1, r.w}, level, "");
		y += parts.moving;
	}
	if (parts.detail > 0)
		bn_detail_draw_ruled(&t->detail, (struct bn_rect){y, r.x, parts.detail, r.w},
				     "nothing selected");
	y += parts.detail;
	if (parts.budgets > 0) {
		bn_draw_rule(pen, y, r.x, r.w, "error budget most at risk", "7 Products");
		draw_budgets(t, (struct bn_rect){y + 1, r.x, parts.budgets - 1, r.w}, false);
	}
}

/* Boxes side by side: 120 columns and more. */
static void
draw_boxed(struct triage *t, struct bn_rect r)
{
	struct bn_pen *pen = bn_app_pen(t->screen.app);
	int low = r.h < 32 ? 8 : r.h / 4, left = r.w * 7 / 12, half = r.w / 2;
	int budgets = t->promises && r.h >= 32 ? 8 : 0, y = r.y + r.h - low - budgets;
	struct bn_rect in;
	char words[256];

	bn_draw_clear(pen, r);
	count_words(t, bn_draw_edge_room(left, TITLE), words, sizeof(words));
	in = bn_draw_box(pen, (struct bn_rect){r.y, r.x, y - r.y, left}, TITLE, words, false);
	bn_pane_draw(&t->findings, (struct bn_rect){in.y, in.x - 1, in.h, in.w + 1},
		     in.w >= 99 ? 1 : 0, true, true, all_well(t));
	bn_detail_draw_boxed(&t->detail, (struct bn_rect){r.y, r.x + left, y - r.y, r.w - left},
			     "selected", "b w l");
	moving_words(t, words, sizeof(words));
	in = bn_draw_box(pen, (struct bn_rect){y, r.x, low, budgets == 0 ? half : r.w}, "moving",
			 words, false);
	draw_moving(t, (struct bn_rect){in.y, in.x - 1, in.h, in.w + 1}, budgets == 0 ? 1 : 2,
		    "nothing is running");
	if (budgets > 0) {
		y += low;
		low = budgets;
		in = bn_draw_box(pen, (struct bn_rect){y, r.x, low, half}, "budgets at risk",
				 "7 for all", false);
		draw_budgets(t, (struct bn_rect){in.y, in.x - 1, in.h, in.w + 1}, true);
	}
	in = bn_draw_box(pen, (struct bn_rect){y, r.x + half, low, r.w - half}, "last events",
			 "9 for all", false);
	bn_pane_draw(&t->events, (struct bn_rect){in.y, in.x - 1, in.h, in.w + 1}, 1, false, false,
		     "nothing has happened yet");
}

static void
triage_draw(struct bn_screen *screen, struct bn_rect body)
{
	struct triage *t = (struct triage *)screen;

	bool boxed = body.w >= 120 && body.h >= 24;

	t->summary = bn_app_summary(screen->app);
	if (boxed && !t->boxed)
		bn_pane_ask(&t->events);
	t->boxed = boxed;
	if (boxed)
		draw_boxed(t, body);
	else
		draw_stacked(t, body);
}

static const struct bn_screen_ops ops = {
    .title = "Triage",
    .context = BN_IN_TRIAGE,
    .come = triage_come,
    .close = triage_close,
    .ask = triage_ask,
    .answer = triage_answer,
    .draw = triage_draw,
    .act = triage_act,
    .selected = triage_selected,
    .marked = triage_marked,
};

struct bn_screen *
bn_triage_screen(struct bn_app *app)
{
	struct triage *t = bn_screen_new(app, &ops, sizeof(*t));

	bn_pane_init(&t->findings, &t->screen, SLOT_TRIAGE, "triage", triage_columns, "id");
	t->findings.problems = t->findings.usual = true;
	t->findings.dim = "acked";
	t->findings.signs = triage_signs;
	t->findings.keeps = true;
	t->findings.runs = true;
	bn_pane_init(&t->moving, &t->screen, SLOT_MOVING, "moving", NULL, NULL);
	t->moving.limit = 50;
	bn_pane_init(&t->recovered, &t->screen, SLOT_RECOVERED, "recovered", NULL, NULL);
	t->recovered.limit = 10;
	bn_pane_init(&t->events, &t->screen, SLOT_EVENTS, "timeline", event_columns, NULL);
	t->events.limit = 50;
	bn_pane_init(&t->budgets, &t->screen, SLOT_BUDGETS, "objectives", budget_columns, "sli");
	t->budgets.limit = 12;
	t->promises = bn_app_options(app)->config != NULL &&
		      bn_config_section(bn_app_options(app)->config, "product", 0) != NULL;
	bn_detail_init(&t->detail, &t->screen, SLOT_DETAIL);
	return &t->screen;
}

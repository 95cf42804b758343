/* compare.c - two versions of a model side by side: what differs, and which is better where that can be said. */
/* SPDX-License-Identifier: MIT */
#include "ui/view/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "ui/view/pane.h"
#include "ui/widget/series.h"

const char *const bn_compare_columns[] = {
    "status",	 "model",      "version", "stage",   "live_on",	  "traffic",	 "metric",
    "better",	 "eval_value", "quality", "psi",     "p95",	  "cost",	 "data_from",
    "data_to",	 "train_time", "trained", "image",   "framework", "approved_by", "change",
    "live_from", "live_until", "params",  "created", "run",	  "live",	 NULL};

/* Which way a number is better. */
enum sense { NEITHER, LOWER, HIGHER };

static const struct {
	const char *label, *column;
	enum sense sense;
} lines[] = {
    {"stage", "stage", NEITHER},
    {"traffic", "traffic", NEITHER},
    {"offline", "eval_value", NEITHER}, /* the metric's own sense */
    {"live", "quality", NEITHER},
    {"PSI", "psi", LOWER},
    {"p95", "p95", LOWER},
    {"cost", "cost", LOWER},
    {"data from", "data_from", NEITHER},
    {"data to", "data_to", NEITHER},
    {"train time", "train_time", NEITHER},
    {"trained", "trained", NEITHER},
    {"image", "image", NEITHER},
    {"framework", "framework", NEITHER},
    {"approved by", "approved_by", NEITHER},
    {"change", "change", NEITHER},
    {"live from", "live_from", NEITHER},
};
#define LINES (sizeof(lines) / sizeof(lines[0]))

/* ---- one line ---------------------------------------------------------------------------- */

struct lay {
	struct bn_app *app;
	struct bn_rect r;
	int label, value; /* widths */
};

static struct lay
lay_for(struct bn_app *app, struct bn_rect r)
{
	struct lay lay = {app, r, 13, 0};

	lay.value = (r.w - lay.label - 9) / 2;
	if (lay.value > 30)
		lay.value = 30;
	return lay;
}

static void
draw_values(const struct lay *lay, int y, const char *label, const char *left, const char *right,
	    const char *verdict, enum bn_role role)
{
	struct bn_pen *pen = bn_app_pen(lay->app);
	bool same = strcmp(left, right) == 0;
	int x = lay->r.x;

	bn_draw(pen, y, x, lay->label - 1, BN_INK(BN_ROLE_DIM), label);
	x += lay->label;
	bn_draw(pen, y, x, lay->value - 1, BN_INK(BN_ROLE_TEXT), left);
	x += lay->value;
	bn_draw(pen, y, x, lay->value - 1, BN_INK(same ? BN_ROLE_DIM : BN_ROLE_TEXT), right);
	x += lay->value;
	bn_draw(pen, y, x, lay->r.x + lay->r.w - x, BN_INK(role),
		same && *verdict == '\0' ? "=" : verdict);
}

static double
number_of(const struct bn_rows *rows, size_t row, const char *name)
{
	struct bn_value value = bn_rows_named(rows, row, name);

	return value.type == BN_VALUE_INT    ? (double)value.i
	       : value.type == BN_VALUE_REAL ? value.r
					     : NAN;
}

static void
add_value(struct lay *lay, const struct bn_rows *rows, size_t row, const char *name,
	  struct bn_buf *out)
{
	const struct bn_style style = bn_app_style(lay->app);
	struct bn_value value = bn_rows_named(rows, row, name);
	const struct bn_column *column = bn_view_column(bn_view_table("models"), name);
	char digits[BN_NUMBER_TEXT];

	if (value.type == BN_VALUE_NULL)
		bn_buf_adds(out, bn_view_absent(&style));
	else if (column->format == BN_FORMAT_NUMBER) /* more digits than a list has room for */
		bn_buf_adds(out, bn_number_show(number_of(rows, row, name), digits));
	else
		bn_view_show(out, column, value, &style, (size_t)lay->value);
	if (value.type != BN_VALUE_NULL && strcmp(name, "p95") == 0)
		bn_buf_adds(out, " ms");
	if (value.type != BN_VALUE_NULL && strcmp(name, "traffic") == 0)
		bn_buf_adds(out, "%");
}

static enum sense
sense_of(size_t line, const struct bn_rows *rows, size_t row)
{
	const char *better = bn_row_text(rows, row, "better");

	if (lines[line].sense != NEITHER)
		return lines[line].sense;
	if (strcmp(lines[line].column, "eval_value") != 0 &&
	    strcmp(lines[line].column, "quality") != 0)
		return NEITHER;
	return strcmp(better, "lower") == 0    ? LOWER
	       : strcmp(better, "higher") == 0 ? HIGHER
					       : NEITHER;
}

/* "offline" is called after its metric: "wape (offline)". */
static void
label_of(size_t line, const struct bn_rows *rows, size_t row, char *out, size_t size)
{
	const char *metric = bn_row_text(rows, row, "metric");
	bool named = strcmp(lines[line].column, "eval_value") == 0 ||
		     strcmp(lines[line].column, "quality") == 0;

	if (named && *metric != '\0')
		snprintf(out, size, "%s %s", metric, lines[line].label);
	else
		snprintf(out, size, "%s", lines[line].label);
}

/* Draws the line if there is anything to say in it. */
static bool
draw_line(struct lay *lay, int y, size_t line, const struct bn_rows *rows, size_t left,
	  size_t right)
{
	const char *name = lines[line].column, *verdict = "";
	double a = number_of(rows, left, name), b = number_of(rows, right, name);
	enum sense sense = sense_of(line, rows, right);
	struct bn_buf l = BN_BUF_INIT(4096), r = BN_BUF_INIT(4096);
	enum bn_role role = BN_ROLE_DIM;
	char label[64];

	if (bn_rows_named(rows, left, name).type == BN_VALUE_NULL &&
	    bn_rows_named(rows, right, name).type == BN_VALUE_NULL)
		return false;
	if (sense != NEITHER && !isnan(a) && !isnan(b) && a != b) {
		bool better = sense == LOWER ? b < a : b > a;

		verdict = better ? "better" : "worse";
		role = better ? BN_ROLE_OK : BN_ROLE_WARN;
	}
	label_of(line, rows, right, label, sizeof(label));
	add_value(lay, rows, left, name, &l);
	add_value(lay, rows, right, name, &r);
	draw_values(lay, y, label, bn_buf_text(&l), bn_buf_text(&r), verdict, role);
	bn_buf_free(&l);
	bn_buf_free(&r);
	return true;
}

/* ---- parameters -------------------------------------------------------------------------- */

static json_t *
params_of(const struct bn_rows *rows, size_t row)
{
	const char *text = bn_row_text(rows, row, "params");
	struct bn_error err;
	json_t *json = NULL;

	if (*text == '\0' || bn_json_load(&json, text, strlen(text), &err) != BN_OK)
		return json_object();
	return json;
}

static const char *
param(const json_t *params, const char *name)
{
	const char *text = json_string_value(json_object_get(params, name));

	return text == NULL ? "–" : text;
}

/* A line for every parameter of the training that differs, and one saying how many don't. */
static int
draw_params(struct lay *lay, int y, const struct bn_rows *rows, size_t left, size_t right)
{
	json_t *a = params_of(rows, left), *b = params_of(rows, right), *value,
	       *all = json_object();
	int used = 0, end = lay->r.y + lay->r.h;
	size_t same = 0;
	const char *name;

	json_object_update(all, a);
	json_object_update(all, b);
	json_object_foreach(all, name, value)
	{
		if (strcmp(param(a, name), param(b, name)) == 0) {
			same++;
			continue;
		}
		if (y + used < end)
			draw_values(lay, y + used, name, param(a, name), param(b, name), "differs",
				    BN_ROLE_CHANGE);
		used++;
	}
	if (same > 0 && y + used < end)
		bn_drawf(bn_app_pen(lay->app), y + used, lay->r.x, lay->r.w, BN_INK(BN_ROLE_DIM),
			 "%zu parameter%s of the training %s equal", same, same > 1 ? "s" : "",
			 same > 1 ? "are" : "is");
	json_decref(a);
	json_decref(b);
	json_decref(all);
	return used + (same > 0);
}

static void
draw_head(const struct lay *lay, const struct bn_rows *rows, size_t row, int x, const char *what)
{
	struct bn_pen *pen = bn_app_pen(lay->app);

	bn_drawf(pen, lay->r.y, lay->r.x + x, lay->value - 1, BN_INK(BN_ROLE_HEADING), "%s %s",
		 what, bn_row_text(rows, row, "version"));
}

int
bn_compare_draw(struct bn_app *app, struct bn_rect r, const struct bn_rows *rows, size_t left,
		size_t right)
{
	struct lay lay = lay_for(app, r);
	int used = 1;
	size_t i;

	bn_draw_clear(bn_app_pen(app), r);
	draw_head(&lay, rows, left, lay.label,
		  bn_row_int(rows, left, "live") != 0 ? "LIVE" : "THIS");
	draw_head(&lay, rows, right, lay.label + lay.value,
		  bn_row_int(rows, right, "live") != 0 ? "LIVE" : "THAT");
	for (i = 0; i < LINES && used < r.h; i++)
		used += draw_line(&lay, r.y + used, i, rows, left, right);
	return used + draw_params(&lay, r.y + used, rows, left, right);
}

/* ---- the screen -------------------------------------------------------------------------- */

enum { SLOT_VERSIONS };

struct compare {
	struct bn_screen screen;
	struct bn_pane versions;
	struct bn_ref model, left, right; /* own strings */
};

static struct bn_ref
copy_ref(struct bn_ref ref)
{
	return (struct bn_ref){ref.kind, bn_xstrdup(ref.source), bn_xstrdup(ref.key)};
}

static void
free_ref(struct bn_ref *ref)
{
	free((char *)(uintptr_t)ref->source);
	free((char *)(uintptr_t)ref->key);
}

static void
compare_ask(struct bn_screen *screen)
{
	bn_pane_ask(&((struct compare *)screen)->versions);
}

static void
compare_answer(struct bn_screen *screen, struct bn_answer *answer)
{
	bn_pane_answer(&((struct compare *)screen)->versions, answer);
}

static void
compare_close(struct bn_screen *screen)
{
	struct compare *c = (struct compare *)screen;

	bn_pane_clear(&c->versions);
	free_ref(&c->model);
	free_ref(&c->left);
	free_ref(&c->right);
}

static bool
find(const struct compare *c, struct bn_ref ref, size_t *row)
{
	const struct bn_rows *rows = bn_list_rows(c->versions.list);

	for (*row = 0; rows != NULL && *row < bn_rows_count(rows); ++*row)
		if (strcmp(bn_rows_ref(rows, *row).key, ref.key) == 0)
			return true;
	return false;
}

static void
compare_draw(struct bn_screen *screen, struct bn_rect r)
{
	struct compare *c = (struct compare *)screen;
	struct bn_pen *pen = bn_app_pen(screen->app);
	struct bn_rect in = {r.y + 1, r.x + 1, r.h - 1, r.w - 2};
	size_t left, right;

	bn_draw_clear(pen, r);
	if (c->versions.error.code != BN_OK)
		bn_draw_folded(pen, in, BN_INK(BN_ROLE_WARN), c->versions.error.message);
	else if (bn_list_rows(c->versions.list) == NULL)
		bn_draw(pen, in.y, in.x, in.w, BN_INK(BN_ROLE_DIM), "…");
	else if (!find(c, c->left, &left) || !find(c, c->right, &right))
		bn_draw(pen, in.y, in.x, in.w, BN_INK(BN_ROLE_DIM),
			"one of them is no longer known");
	else
		bn_compare_draw(screen->app, in, bn_list_rows(c->versions.list), left, right);
	bn_draw_rule(pen, r.y, r.x, r.w, c->model.key, "two versions");
}

static bool
compare_selected(struct bn_screen *screen, struct bn_ref *ref)
{
	*ref = ((struct compare *)screen)->right;
	return true;
}

static unsigned
compare_act(struct bn_screen *screen, enum bn_action action, const struct bn_key_event *event)
{
	(void)screen;
	(void)event;
	return action == BN_ACT_COMPARE ? BN_LEAVE : 0;
}

static const struct bn_screen_ops ops = {
    .title = "Compare",
    .context = BN_IN_COMPARE,
    .close = compare_close,
    .ask = compare_ask,
    .answer = compare_answer,
    .draw = compare_draw,
    .act = compare_act,
    .selected = compare_selected,
};

struct bn_screen *
bn_compare_screen(struct bn_app *app, struct bn_ref left, struct bn_ref right)
{
	struct compare *c = bn_screen_new(app, &ops, sizeof(*c));
	const char *at = strchr(left.key, '@');

	c->left = copy_ref(left);
	c->right = copy_ref(right);
	c->model =
	    (struct bn_ref){BN_MODEL, bn_xstrdup(left.source),
			    at == NULL ? bn_xstrdup(left.key)
				       : bn_xasprintf("%.*s", (int)(at - left.key), left.key)};
	bn_pane_init(&c->versions, &c->screen, SLOT_VERSIONS, "versions", bn_compare_columns, NULL);
	c->versions.scope = c->model;
	return &c->screen;
}

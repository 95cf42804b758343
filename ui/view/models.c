/* models.c - the Models screen: models with their versions, what is live where, how it compares, who approved it. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/view/compare.h"
#include "ui/view/detail.h"
#include "ui/view/pane.h"

enum { SLOT_MODELS, SLOT_COMPARISON, SLOT_LIVE, SLOT_DETAIL };

static const char *const columns[] = {
    "status",	  "title",     "created",  "stage",	 "kind",	"live_on",    "traffic",
    "eval",	  "quality",   "psi_14d",  "psi",	 "p95",		"cost",	      "cpu",
    "memory",	  "age",       "psi_mark", "cpu_mark",	 "memory_mark", "kpi_name",   "kpi_text",
    "kpi_target", "kpi_mark",  "kpi_age",  "kpi_14d",	 "psi_age",	"model",      "version",
    "level",	  "note",      "flagged",  "live",	 "live_from",	"live_until", "approved_by",
    "change",	  "data_from", "data_to",  "train_time", "trained",	"run",	      "artifact",
    "image",	  "framework", "message",  "url",	 NULL};
static const char *const hidden[] = {"model", "version", "note", "flagged", NULL};
/* On a wide screen what it costs and uses is worth more than its day, which its age tells too. */
static const char *const hidden_wide[] = {"model", "version", "note", "flagged", "created", NULL};
#define WIDE_ENOUGH 134 /* columns: for both */
static const struct bn_list_state states[] = {
    {"psi", "psi_mark"}, {"cpu", "cpu_mark"}, {"memory", "memory_mark"}, {NULL, NULL}};
static const char *const also[] = {"title", NULL};
static const struct bn_list_sign model_signs[] = {{"flagged", "⚑", BN_ROLE_WARN},
						  {NULL, NULL, BN_ROLE_TEXT}};
static const char *const live_columns[] = {"version",	  "role",   "from",	"until", "live_for",
					   "approved_by", "change", "evidence", NULL};

struct models {
	struct bn_screen screen;
	struct bn_pane list, live;
	struct bn_detail_pane detail;
	struct bn_compare_pane comparison; /* of the selected version with the live one */
	char *source, *model;		   /* whose history is shown */
	bool boxed;
};

/* ---- what is shown of the selected row --------------------------------------------------- */

static void
ask_about_model(struct models *m)
{
	if (m->model == NULL || !m->boxed)
		return;
	bn_compare_ask(&m->comparison);
	bn_pane_ask(&m->live);
}

static bool
is_version(const struct bn_rows *rows, size_t row)
{
	return bn_row_int(rows, row, "level") == 1;
}

/* The live version of the model that a row belongs to; false if there is none in the list. */
static bool
live_version(const struct bn_rows *rows, size_t row, size_t *out)
{
	size_t i;

	for (i = 0; i < bn_rows_count(rows); i++)
		if (is_version(rows, i) && bn_row_int(rows, i, "live") != 0 &&
		    strcmp(bn_row_text(rows, i, "model"), bn_row_text(rows, row, "model")) == 0 &&
		    strcmp(bn_rows_ref(rows, i).source, bn_rows_ref(rows, row).source) == 0) {
			*out = i;
			return true;
		}
	return false;
}

/* The selected version beside the live one, where there is room for it. */
static void
follow_comparison(struct models *m, const struct bn_rows *rows, size_t row)
{
	struct bn_ref left, right;
	size_t live;

	if (!m->boxed || !is_version(rows, row) || !live_version(rows, row, &live) || live == row) {
		bn_compare_about(&m->comparison, NULL, NULL);
		return;
	}
	left = bn_rows_ref(rows, live);
	right = bn_rows_ref(rows, row);
	bn_compare_about(&m->comparison, &left, &right);
}

/* The other panes follow the cursor. */
static void
follow(struct models *m)
{
	const struct bn_rows *rows = bn_list_rows(m->list.list);
	struct bn_ref ref;
	const char *model;
	size_t row;

	if (!bn_list_selected(m->list.list, &row)) {
		bn_detail_about(&m->detail, NULL);
		bn_compare_about(&m->comparison, NULL, NULL);
		free(m->model);
		free(m->source);
		m->model = m->source = NULL;
		m->live.scope = (struct bn_ref){BN_KIND_NONE, NULL, NULL};
		return;
	}
	ref = bn_rows_ref(rows, row);
	model = bn_row_text(rows, row, "model");
	bn_detail_about(&m->detail, &ref);
	follow_comparison(m, rows, row);
	if (m->model != NULL && strcmp(m->model, model) == 0 && strcmp(m->source, ref.source) == 0)
		return;
	free(m->model);
	free(m->source);
	m->model = bn_xstrdup(model);
	m->source = bn_xstrdup(ref.source);
	m->live.scope = (struct bn_ref){BN_MODEL, m->source, m->model};
	m->live.fresh = true;
	ask_about_model(m);
}

static void
models_ask(struct bn_screen *screen)
{
	struct models *m = (struct models *)screen;

	bn_pane_ask(&m->list);
	bn_detail_ask(&m->detail);
	ask_about_model(m);
}

static void
models_answer(struct bn_screen *screen, struct bn_answer *answer)
{
	struct models *m = (struct models *)screen;

	if (bn_pane_answer(&m->list, answer))
		follow(m);
	else if (!bn_compare_answer(&m->comparison, answer) && !bn_pane_answer(&m->live, answer))
		bn_detail_answer(&m->detail, answer);
}

static void
models_come(struct bn_screen *screen)
{
	bn_pane_renew(&((struct models *)screen)->list);
}

static void
models_close(struct bn_screen *screen)
{
	struct models *m = (struct models *)screen;

	bn_pane_clear(&m->list);
	bn_compare_clear(&m->comparison);
	bn_pane_clear(&m->live);
	bn_detail_clear(&m->detail);
	free(m->model);
	free(m->source);
}

static bool
models_selected(struct bn_screen *screen, struct bn_ref *ref)
{
	return bn_pane_selected(&((struct models *)screen)->list, ref);
}

/* ---- comparing --------------------------------------------------------------------------- */

/* The two that are marked: the older one left, as it stands below. */
static bool
two_marked(const struct models *m, size_t *left, size_t *right)
{
	size_t i, row, found = 0;

	if (bn_list_marked(m->list.list) != 2)
		return false;
	for (i = 0; i < bn_list_count(m->list.list); i++) {
		row = bn_list_row_at(m->list.list, i);
		if (!bn_list_is_marked(m->list.list, row))
			continue;
		*(found++ == 0 ? right : left) = row;
	}
	return found == 2;
}

/* Two marked versions, else the selected one and the live one. */
static unsigned
compare(struct models *m)
{
	const struct bn_rows *rows = bn_list_rows(m->list.list);
	struct bn_app *app = m->screen.app;
	size_t left, right;

	if (two_marked(m, &left, &right)) {
		if (!is_version(rows, left) || !is_version(rows, right)) {
			bn_app_say(app, BN_TONE_PLAIN, "mark two versions to compare them");
			return BN_REDRAW;
		}
	} else if (!bn_list_selected(m->list.list, &right)) {
		return BN_REDRAW;
	} else if (!is_version(rows, right)) {
		bn_app_say(app, BN_TONE_PLAIN,
			   "select a version to compare it with the live one, or mark two");
		return BN_REDRAW;
	} else if (!live_version(rows, right, &left)) {
		bn_app_say(app, BN_TONE_PLAIN, "%s has no live version to compare with; mark two",
			   bn_row_text(rows, right, "model"));
		return BN_REDRAW;
	} else if (left == right) {
		bn_app_say(app, BN_TONE_PLAIN, "that is the live version; select or mark another");
		return BN_REDRAW;
	}
	bn_app_push(app, bn_compare_screen(app, bn_rows_ref(rows, left), bn_rows_ref(rows, right)));
	return BN_REDRAW;
}

static unsigned
models_act(struct bn_screen *screen, enum bn_action action, const struct bn_key_event *event)
{
	struct models *m = (struct models *)screen;
	unsigned reaction;

	if (action == BN_ACT_COMPARE)
		return compare(m);
	reaction = bn_pane_act(&m->list, action, event);
	if (reaction != 0)
		follow(m);
	return reaction;
}

/* ---- drawing ----------------------------------------------------------------------------- */

/* Lines of facts being drawn under each other. */
struct facts {
	struct models *m;
	struct bn_rect r;
	const struct bn_rows *rows;
	size_t row;
	int used;
};

static void
fact(struct facts *f, enum bn_role role, const char *label, const struct bn_buf *text)
{
	struct bn_pen *pen = bn_app_pen(f->m->screen.app);

	if (text->size == 0 || f->used >= f->r.h)
		return;
	bn_draw(pen, f->r.y + f->used, f->r.x, 9, BN_INK(BN_ROLE_DIM), label);
	bn_draw(pen, f->r.y + f->used, f->r.x + 10, f->r.w - 10, BN_INK(role), bn_buf_text(text));
	f->used++;
}

/* Appends "before VALUE" where there is a value. */
static void
say(const struct facts *f, struct bn_buf *out, const char *before, const char *column)
{
	const struct bn_style style = bn_app_style(f->m->screen.app);
	struct bn_value value = bn_rows_named(f->rows, f->row, column);

	if (value.type == BN_VALUE_NULL || (value.type == BN_VALUE_TEXT && value.s[0] == '\0'))
		return;
	bn_buf_adds(out, before);
	bn_view_show(out, bn_view_column(f->m->list.table, column), value, &style, 0);
}

static void
say_live(const struct facts *f, struct bn_buf *out)
{
	bool live = bn_row_int(f->rows, f->row, "live") != 0;

	if (live) {
		bn_buf_adds(out, "now");
		say(f, out, " on ", "live_on");
		say(f, out, " since ", "live_from");
	} else {
		say(f, out, "from ", "live_from");
		say(f, out, " until ", "live_until");
		if (out->size == 0)
			bn_buf_adds(out, "never");
	}
	say(f, out, ", share of the traffic in % ", "traffic");
}

/* Fourteen days of a number as a line, and the number: "▂▂▂▃▃▃ 0.08, 5s ago". */
static void
say_trend(const struct facts *f, struct bn_buf *out, const char *series, const char *name,
	  const char *value, const char *target, const char *age)
{
	size_t before;

	say(f, out, "", series);
	before = out->size;
	say(f, out, before > 0 ? "  " : "", name);
	say(f, out, out->size > 0 ? " " : "", value);
	if (target != NULL)
		say(f, out, ", target ", target);
	say(f, out, ", measured ", age);
	if (out->size > before)
		bn_buf_adds(out, " ago");
}

static void
trends(struct facts *f, struct bn_buf *text)
{
	bool missed = bn_row_int(f->rows, f->row, "kpi_mark") == BN_DEGRADED;

	bn_buf_reset(text);
	say_trend(f, text, "psi_14d", "", "psi", NULL, "psi_age");
	fact(f,
	     bn_row_int(f->rows, f->row, "psi_mark") == BN_DEGRADED ? BN_ROLE_WARN : BN_ROLE_TEXT,
	     "drift", text);
	bn_buf_reset(text);
	say_trend(f, text, "kpi_14d", "kpi_name", "kpi_text", "kpi_target", "kpi_age");
	fact(f, missed ? BN_ROLE_WARN : BN_ROLE_TEXT, "kpi", text);
}

/* Whether the version is live, on what it was trained, who let it; the rest is in the detail below. */
static int
draw_facts(struct models *m, struct bn_rect r, size_t row)
{
	static const struct {
		const char *label, *first_word, *first, *second_word, *second, *third_word, *third;
	} lines[] = {
	    {"data", "", "data_from", "..", "data_to", "", "framework"},
	    {"approved", "by ", "approved_by", " · ", "change", "", NULL},
	};
	struct facts f = {m, r, bn_list_rows(m->list.list), row, 0};
	struct bn_buf text = BN_BUF_INIT(4096);
	size_t i;

	say(&f, &text, "", "note");
	fact(&f, BN_ROLE_WARN, "why", &text);
	bn_buf_reset(&text);
	say_live(&f, &text);
	fact(&f, BN_ROLE_TEXT, "live", &text);
	trends(&f, &text);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		bn_buf_reset(&text);
		say(&f, &text, lines[i].first_word, lines[i].first);
		say(&f, &text, lines[i].second_word, lines[i].second);
		if (lines[i].third != NULL)
			say(&f, &text, *lines[i].third_word == '\0' ? " · " : lines[i].third_word,
			    lines[i].third);
		fact(&f, BN_ROLE_TEXT, lines[i].label, &text);
	}
	bn_buf_reset(&text);
	say(&f, &text, "", "message");
	fact(&f, BN_ROLE_TEXT, "says", &text);
	bn_buf_free(&text);
	return f.used;
}

/* Facts of a version, then whatever else is known of the thing. */
static void
draw_selected(struct models *m, struct bn_rect r)
{
	size_t row;
	int used = 0;

	bn_draw_clear(bn_app_pen(m->screen.app), r);
	if (bn_list_selected(m->list.list, &row) && is_version(bn_list_rows(m->list.list), row))
		used = draw_facts(m, r, row);
	if (used < r.h)
		bn_detail_draw(&m->detail, (struct bn_rect){r.y + used, r.x, r.h - used, r.w});
}

static void
title_of(const struct models *m, struct bn_buf *out)
{
	const struct bn_rows *rows = bn_list_rows(m->list.list);
	size_t row;

	if (!bn_list_selected(m->list.list, &row))
		return;
	bn_buf_adds(out, bn_row_text(rows, row, "model"));
	if (is_version(rows, row))
		bn_buf_addf(out, " %s", bn_row_text(rows, row, "version"));
}

static void
draw_headline(const struct models *m, int y, struct bn_rect r)
{
	const struct bn_rows *rows = bn_list_rows(m->list.list);
	struct bn_pen *pen = bn_app_pen(m->screen.app);
	size_t i, count = 0;
	char words[256], right[64];
	int x;

	for (i = 0; rows != NULL && i < bn_rows_count(rows); i++)
		count += !is_version(rows, i);
	bn_draw_blank(pen, y, r.x, r.w, BN_INK(BN_ROLE_TEXT));
	bn_pane_words(&m->list, words, sizeof(words));
	x = r.x + 1 +
	    bn_draw(pen, y, r.x + 1, r.w / 2,
		    BN_INK(words[0] != '\0' ? BN_ROLE_ACCENT : BN_ROLE_DIM),
		    words[0] != '\0' ? words : "attention first, then by name");
	if (r.w >= 100)
		bn_draw(pen, y, x, r.x + r.w / 2 - x, BN_INK(BN_ROLE_DIM), " · latencies in ms");
	bn_list_position(m->list.list, words, sizeof(words));
	snprintf(right, sizeof(right), "%zu model%s%s%.40s", count, count == 1 ? "" : "s",
		 words[0] != '\0' ? ", rows " : "", words);
	bn_draw_right(pen, y, r.x + r.w / 2, r.w - r.w / 2 - 1, BN_INK(BN_ROLE_DIM), right);
}

static void
draw_compare(struct models *m, struct bn_rect in)
{
	const struct bn_rows *rows = bn_list_rows(m->list.list);
	struct bn_pen *pen = bn_app_pen(m->screen.app);
	size_t row, live;

	if (m->comparison.left.key != NULL)
		bn_compare_draw(&m->comparison, in);
	else if (rows != NULL && bn_list_selected(m->list.list, &row))
		bn_draw(pen, in.y, in.x, in.w, BN_INK(BN_ROLE_DIM),
			!live_version(rows, row, &live) ? "no version of it is live"
			: !is_version(rows, row)
			    ? "select one of its versions"
			    : "this is the live version; mark two to compare them");
}

/* "EVER IN PRODUCTION 61 versions since 2025-01-04": over all that is known. */
static void
draw_governance(struct models *m, struct bn_rect in)
{
	const struct bn_rows *rows = bn_list_rows(m->live.list);
	struct bn_pen *pen = bn_app_pen(m->screen.app);
	const struct bn_style style = bn_app_style(m->screen.app);
	size_t count = rows == NULL ? 0 : bn_rows_count(rows), i, unapproved = 0;
	bn_time first = 0;
	char text[BN_TIME_TEXT];

	for (i = 0; i < count; i++) {
		bn_time from = bn_row_int(rows, i, "from");

		first = first == 0 || (from > 0 && from < first) ? from : first;
		unapproved += bn_row_text(rows, i, "approved_by")[0] == '\0';
	}
	if (m->model == NULL) /* the rows it may hold are of a model that is not in sight */
		return;
	bn_draw(pen, in.y, in.x, 19, BN_INK(BN_ROLE_HEADING), "EVER IN PRODUCTION");
	if (count == 0) {
		bn_draw(pen, in.y, in.x + 20, in.w - 20, BN_INK(BN_ROLE_DIM),
			"never, as far as is known");
		return;
	}
	bn_drawf(pen, in.y, in.x + 20, in.w - 20, BN_INK(BN_ROLE_TEXT), "%zu time%s%s%s%s", count,
		 count > 1 ? "s" : "", first > 0 ? " since " : "",
		 first > 0 ? bn_time_show(first, style.zone, BN_TIME_YMD, text) : "",
		 unapproved > 0 ? ", not all approved on record" : ", all approved on record");
	bn_pane_draw(&m->live, (struct bn_rect){in.y + 1, in.x - 1, in.h - 1, in.w + 1}, 1, false,
		     false, "");
}

static void
draw_boxes(struct models *m, struct bn_rect r)
{
	struct bn_pen *pen = bn_app_pen(m->screen.app);
	struct bn_buf title = BN_BUF_INIT(512);
	int low = r.h / 3 < 6 ? 6 : r.h / 3, high = r.h - low, half = r.w / 2;
	struct bn_rect in;

	bn_draw_clear(pen, r);
	title_of(m, &title);
	in = bn_draw_box(pen, (struct bn_rect){r.y, r.x, high, half}, bn_buf_text(&title), "d all",
			 false);
	draw_selected(m, in);
	in = bn_draw_box(pen, (struct bn_rect){r.y, r.x + half, high, r.w - half},
			 "compare with live", "c", false);
	draw_compare(m, in);
	in = bn_draw_box(pen, (struct bn_rect){r.y + high, r.x, low, r.w}, "governance",
			 "report models --ever has all", false);
	draw_governance(m, in);
	bn_buf_free(&title);
}

static void
models_draw(struct bn_screen *screen, struct bn_rect r)
{
	struct models *m = (struct models *)screen;
	struct bn_pen *pen = bn_app_pen(screen->app);
	bool boxed = r.w >= 120 && r.h >= 30;
	int below = r.w < 80 || r.h < 18 ? 0 : boxed ? r.h * 11 / 20 : r.h / 4 + 2;
	struct bn_buf title = BN_BUF_INIT(512);

	if (boxed != m->boxed) {
		m->boxed = boxed;
		ask_about_model(m);
		follow(m);
	}
	m->list.hidden = r.w >= 120 && r.w < WIDE_ENOUGH ? hidden_wide : hidden;
	bn_pane_draw(&m->list, (struct bn_rect){r.y + 1, r.x, r.h - 1 - below, r.w},
		     bn_level_for(r.w), true, true,
		     "no source tells of models; [source \"name\"] type = mlflow adds one");
	draw_headline(m, r.y, r);
	r.y += r.h - below;
	r.h = below;
	if (boxed) {
		draw_boxes(m, r);
	} else if (below > 0) {
		title_of(m, &title);
		bn_draw_clear(pen, r);
		bn_draw_rule(pen, r.y, r.x, r.w, bn_buf_text(&title),
			     title.size > 0 ? "d all" : NULL);
		draw_selected(m, (struct bn_rect){r.y + 1, r.x + 1, r.h - 1, r.w - 2});
	}
	bn_buf_free(&title);
}

static const struct bn_screen_ops ops = {
    .title = "Models",
    .context = BN_IN_MODELS,
    .come = models_come,
    .close = models_close,
    .ask = models_ask,
    .answer = models_answer,
    .draw = models_draw,
    .act = models_act,
    .selected = models_selected,
};

struct bn_screen *
bn_models_screen(struct bn_app *app)
{
	struct models *m = bn_screen_new(app, &ops, sizeof(*m));

	bn_pane_init(&m->list, &m->screen, SLOT_MODELS, "models", columns, NULL);
	m->list.also = also;
	m->list.states = states;
	m->list.level_column = "level";
	m->list.group_text = "note";
	m->list.signs = model_signs;
	bn_compare_init(&m->comparison, &m->screen, SLOT_COMPARISON);
	bn_pane_init(&m->live, &m->screen, SLOT_LIVE, "live", live_columns, "from");
	m->live.limit = 500;
	bn_detail_init(&m->detail, &m->screen, SLOT_DETAIL);
	m->detail.skip = "why";
	return &m->screen;
}

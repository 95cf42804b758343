/* products_draw.c - how the Products screen looks: the chain, the objectives with their budgets, thirty days. */
/* SPDX-License-Identifier: MIT */
#include "ui/view/products.h"

#include <stdio.h>
#include <string.h>

#include "ui/view/chain.h"

/* ---- facts ------------------------------------------------------------------------------- */

/* A label and, right of it, words; nothing where there are none. Returns the rows used. */
static int
fact(const struct products *p, struct bn_rect r, int used, enum bn_role role, const char *label,
     const char *words)
{
	struct bn_pen *pen = bn_app_pen(p->screen.app);

	if (*words == '\0' || used >= r.h)
		return 0;
	bn_draw(pen, r.y + used, r.x, 8, BN_INK(BN_ROLE_DIM), label);
	bn_draw(pen, r.y + used, r.x + 9, r.w - 9, BN_INK(role), words);
	return 1;
}

/* The objective with the least budget left: "freshness: 7h12m allowed in 30d, 2h48m used, empty in 4h24m". */
static void
budget_words(const struct products *p, struct bn_buf *out)
{
	const struct bn_rows *rows = bn_list_rows(p->objectives.list);
	char window[BN_TIME_TEXT], allowed[BN_TIME_TEXT], used[BN_TIME_TEXT], empty[BN_TIME_TEXT];
	size_t row;

	if (rows == NULL || bn_rows_count(rows) == 0)
		return;
	row = bn_list_row_at(p->objectives.list, 0);
	bn_buf_addf(out, "%s: %s may be missed in %s", bn_row_text(rows, row, "sli"),
		    bn_duration_show(bn_row_int(rows, row, "budget_allowed_ms"), allowed),
		    bn_duration_show(bn_row_int(rows, row, "window"), window));
	if (bn_rows_named(rows, row, "budget_used_ms").type == BN_VALUE_NULL)
		bn_buf_adds(out, ", nothing was observed");
	else
		bn_buf_addf(out, ", %s %s",
			    bn_duration_show(bn_row_int(rows, row, "budget_used_ms"), used),
			    bn_row_int(rows, row, "budget_used_ms") == 0 ? "were" : "was");
	if (bn_rows_named(rows, row, "empty_in").type == BN_VALUE_INT)
		bn_buf_addf(out, "; at this pace empty in %s",
			    bn_duration_show(bn_row_int(rows, row, "empty_in"), empty));
}

static void
used_by_words(const struct bn_rows *rows, size_t row, struct bn_buf *out)
{
	bn_buf_adds(out, bn_row_text(rows, row, "consumers"));
	if (bn_row_text(rows, row, "contact")[0] != '\0')
		bn_buf_addf(out, "%sask %s", out->size > 0 ? "      " : "",
			    bn_row_text(rows, row, "contact"));
}

/* What it is made of, who uses it, how its budget stands; then what else is known of it. */
static void
draw_facts(struct products *p, struct bn_rect r, bool chain)
{
	const struct bn_rows *rows = bn_list_rows(p->list.list);
	struct bn_pen *pen = bn_app_pen(p->screen.app);
	struct bn_buf words = BN_BUF_INIT(4096);
	size_t row;
	int used = 0;

	bn_draw_clear(pen, r);
	if (!bn_list_selected(p->list.list, &row))
		return;
	used += fact(p, r, used, BN_ROLE_TEXT, "why", bn_row_text(rows, row, "message"));
	if (chain && p->lineage.ups > 0 && used < r.h) {
		bn_draw(pen, r.y + used, r.x, 8, BN_INK(BN_ROLE_DIM), "chain");
		bn_chain_draw_line(p->screen.app, r.y + used, r.x + 9, r.w - 9, p->lineage.up,
				   p->lineage.ups);
		used++;
	}
	used_by_words(rows, row, &words);
	used += fact(p, r, used, BN_ROLE_TEXT, "used by", bn_buf_text(&words));
	bn_buf_reset(&words);
	budget_words(p, &words);
	used += fact(p, r, used, BN_ROLE_TEXT, "budget", bn_buf_text(&words));
	if (used < r.h)
		bn_detail_draw(&p->detail, (struct bn_rect){r.y + used, r.x, r.h - used, r.w});
	bn_buf_free(&words);
}

/* Rows that came for a product are not shown once none is selected. */
static bool
about_nothing(const struct products *p)
{
	return p->key == NULL && bn_list_rows(p->list.list) != NULL;
}

/* ---- thirty days ------------------------------------------------------------------------- */

/* Days of one promise, a mark each: "freshness    ●●●▲●✗". Rows come promise by promise, the oldest day first. */
static size_t
draw_one_sli(const struct products *p, struct bn_rect r, int y, size_t row)
{
	const struct bn_rows *rows = bn_list_rows(p->days.list);
	struct bn_pen *pen = bn_app_pen(p->screen.app);
	const char *sli = bn_row_text(rows, row, "sli");
	struct bn_buf missed = BN_BUF_INIT(1024);
	char span[BN_TIME_TEXT];
	int x = r.x + 14;

	bn_draw(pen, y, r.x, 13, BN_INK(BN_ROLE_DIM), sli);
	for (; row < bn_rows_count(rows) && strcmp(bn_row_text(rows, row, "sli"), sli) == 0;
	     row++) {
		const struct bn_status_row *status = bn_status_row(bn_rows_status(rows, row));
		int64_t bad = bn_row_int(rows, row, "missed");

		bn_draw(pen, y, x++, 1, BN_INK(status->role),
			pen->ascii ? status->ascii : status->glyph);
		if (bad >= 60000)
			bn_buf_addf(&missed, "%s%.5s %s", missed.size > 0 ? ", " : "",
				    bn_row_text(rows, row, "day") + 5, bn_duration_show(bad, span));
	}
	if (missed.size > 0)
		bn_drawf(pen, y, x + 2, r.x + r.w - x - 2, BN_INK(BN_ROLE_TEXT), "missed %s",
			 bn_buf_text(&missed));
	bn_buf_free(&missed);
	return row;
}

static void
draw_days(const struct products *p, struct bn_rect r)
{
	const struct bn_rows *rows = bn_list_rows(p->days.list);
	struct bn_pen *pen = bn_app_pen(p->screen.app);
	size_t row = 0;
	int y;

	bn_draw_clear(pen, r);
	if (about_nothing(p))
		return;
	if (p->days.error.code != BN_OK) {
		bn_draw_folded(pen, r, BN_INK(BN_ROLE_WARN), p->days.error.message);
		return;
	}
	for (y = r.y; rows != NULL && row < bn_rows_count(rows) && y < r.y + r.h; y++)
		row = draw_one_sli(p, r, y, row);
	if (rows != NULL && bn_rows_count(rows) == 0)
		bn_draw(pen, r.y, r.x, r.w, BN_INK(BN_ROLE_DIM),
			"it promises nothing that could be kept or missed");
}

/* ---- the whole --------------------------------------------------------------------------- */

static void
draw_headline(const struct products *p, int y, struct bn_rect r)
{
	const struct bn_rows *rows = bn_list_rows(p->list.list);
	struct bn_pen *pen = bn_app_pen(p->screen.app);
	char words[256], place[64];
	bool wide = r.w >= 100, sorted = bn_list_sort(p->list.list) == NULL;

	bn_draw_blank(pen, y, r.x, r.w, BN_INK(BN_ROLE_TEXT));
	bn_pane_words(&p->list, words, sizeof(words));
	bn_list_position(p->list.list, place, sizeof(place));
	if (words[0] != '\0')
		bn_draw(pen, y, r.x + 1, r.w - 2, BN_INK(BN_ROLE_ACCENT), words);
	else
		bn_drawf(pen, y, r.x + 1, r.w - 2, BN_INK(BN_ROLE_DIM), "%zu product%s%s%s",
			 rows == NULL ? 0 : bn_rows_total(rows),
			 rows != NULL && bn_rows_total(rows) == 1 ? "" : "s",
			 place[0] != '\0' ? " · rows " : "", place);
	snprintf(place, sizeof(place), "%s%s%s", wide ? "latencies in ms" : "",
		 wide && sorted ? " · " : "",
		 sorted ? "worst first, then the least budget left" : "");
	bn_draw_right(pen, y, r.x + r.w / 2, r.w - r.w / 2 - 1, BN_INK(BN_ROLE_DIM), place);
}

static void
draw_objectives(struct products *p, struct bn_rect r)
{
	if (about_nothing(p))
		return;
	bn_pane_draw(&p->objectives, (struct bn_rect){r.y, r.x - 1, r.h, r.w + 1},
		     r.w >= 76 ? 1 : 0, true, false,
		     "it promises nothing: [product] freshness = … does");
}

/* "postage-quotes · breached since 02:23". */
static void
draw_title(const struct products *p, struct bn_rect r, const char *right)
{
	const struct bn_rows *rows = bn_list_rows(p->list.list);
	const struct bn_style style = bn_app_style(p->screen.app);
	struct bn_buf title = BN_BUF_INIT(1024);
	char text[BN_TIME_TEXT];
	size_t row;

	if (bn_list_selected(p->list.list, &row)) {
		const struct bn_status_row *status = bn_status_row(bn_rows_status(rows, row));
		bn_time since = bn_row_int(rows, row, "since");

		bn_buf_addf(&title, "%s %s %s", bn_row_text(rows, row, "product"),
			    style.ascii ? "-" : "·", status->word);
		if (since > 0 && since <= style.now)
			bn_buf_addf(&title, " for %s", bn_duration_show(style.now - since, text));
	}
	bn_draw_rule(bn_app_pen(p->screen.app), r.y, r.x, r.w, bn_buf_text(&title), right);
	bn_buf_free(&title);
}

static void
draw_below(struct products *p, struct bn_rect r)
{
	static const char *const next[PARTS] = {"S objectives", "S 30 days", "S facts"};
	struct bn_rect in = {r.y + 1, r.x + 1, r.h - 1, r.w - 2};

	bn_draw_clear(bn_app_pen(p->screen.app), r);
	draw_title(p, r, next[p->part]);
	if (p->part == PART_OBJECTIVES)
		draw_objectives(p, in);
	else if (p->part == PART_DAYS)
		draw_days(p, in);
	else
		draw_facts(p, in, true);
}

static void
draw_boxes(struct products *p, struct bn_rect r)
{
	struct bn_pen *pen = bn_app_pen(p->screen.app);
	int low = r.h * 2 / 5, left = r.w * 11 / 20;
	struct bn_buf title = BN_BUF_INIT(512);
	struct bn_rect in;

	bn_draw_clear(pen, r);
	bn_buf_addf(&title, "%s%smade of", p->key == NULL ? "" : p->key,
		    p->key == NULL ? "" : " is ");
	in = bn_draw_box(pen, (struct bn_rect){r.y, r.x, r.h - low, left}, bn_buf_text(&title),
			 "b lineage", false);
	if (p->lineage.ups > 0)
		bn_chain_draw(p->screen.app, in, p->lineage.up, p->lineage.ups);
	else
		bn_draw(pen, in.y, in.x, in.w, BN_INK(BN_ROLE_DIM), "nothing that is known");
	in = bn_draw_box(pen, (struct bn_rect){r.y, r.x + left, r.h - low, r.w - left},
			 "objectives", NULL, false);
	draw_objectives(p, in);
	in = bn_draw_box(pen, (struct bn_rect){r.y + r.h - low, r.x, low, left}, "selected",
			 "d all", false);
	draw_facts(p, in, false);
	in = bn_draw_box(pen, (struct bn_rect){r.y + r.h - low, r.x + left, low, r.w - left},
			 "30 days",
			 pen->ascii ? "o kept ! missed x too long ? not seen"
				    : "● kept ▲ missed ✗ too long ◌ not seen",
			 false);
	draw_days(p, in);
	bn_buf_free(&title);
}

void
products_draw(struct bn_screen *screen, struct bn_rect r)
{
	struct products *p = (struct products *)screen;
	bool boxed = r.w >= 120 && r.h >= 30;
	int below = r.w < 80 || r.h < 18 ? 0 : boxed ? r.h * 11 / 20 : r.h / 4 + 2;

	bn_pane_draw(&p->list, (struct bn_rect){r.y + 1, r.x, r.h - 1 - below, r.w},
		     bn_level_for(r.w), true, true,
		     "no data product is configured; [product \"name\"] needs = … adds one");
	draw_headline(p, r.y, r);
	r.y += r.h - below;
	r.h = below;
	if (boxed)
		draw_boxes(p, r);
	else if (below > 0)
		draw_below(p, r);
}

/* streams_draw.c - how the Streams screen looks: stages, charts with their read-outs, checks, the gap's verdict. */
/* SPDX-License-Identifier: MIT */
#include "ui/view/streams.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ui/widget/cell.h"

static const char *
glyph(const struct bn_pen *pen, enum bn_status status)
{
	const struct bn_status_row *row = bn_status_row(status);

	return pen->ascii ? row->ascii : row->glyph;
}

/* A value of the row by its column, "" where there is none. */
static const char *
number(const struct bn_rows *rows, size_t row, const char *column, char out[BN_NUMBER_TEXT])
{
	struct bn_value value = bn_rows_named(rows, row, column);

	if (value.type != BN_VALUE_INT && value.type != BN_VALUE_REAL)
		return "";
	return bn_number_show(value.type == BN_VALUE_INT ? (double)value.i : value.r, out);
}

static const char *
lag_of(const struct bn_rows *rows, size_t row, char out[BN_TIME_TEXT])
{
	struct bn_value lag = bn_rows_named(rows, row, "lag");

	return lag.type == BN_VALUE_INT ? bn_duration_show(lag.i > 0 ? lag.i : 0, out) : "";
}

/* ---- the verdict ------------------------------------------------------------------------- */

/* The latest run of steps that are missing or came late, and how many steps are odd in all. */
struct gap {
	size_t first, last, missing, late, over;
	bn_time filled; /* when the last late one came, 0: not known */
	bool any;
};

static struct gap
gap_of(const struct bn_series *series)
{
	struct gap gap = {0};
	size_t i;

	for (i = 0; i < series->count; i++) {
		const struct bn_step *step = &series->steps[i];
		bool odd = step->state == BN_STEP_MISSING || step->state == BN_STEP_LATE;

		gap.missing += step->state == BN_STEP_MISSING;
		gap.late += step->state == BN_STEP_LATE;
		gap.over += step->state == BN_STEP_OVER;
		if (!odd)
			continue;
		if (!gap.any || gap.last + 1 != i)
			gap.first = i;
		gap.last = i;
		gap.any = true;
		if (step->state == BN_STEP_LATE && step->seen_at > gap.filled)
			gap.filled = step->seen_at;
	}
	return gap;
}

/* The gap of the chain: of the first of its results that has one. */
static const struct bn_curve *
curve_with_gap(const struct streams *s, struct gap *gap)
{
	size_t i;

	for (i = 0; i < STREAM_CHARTS; i++) {
		*gap = gap_of(&s->curves[i].series);
		if (gap->any)
			return &s->curves[i];
	}
	*gap = gap_of(&s->curves[0].series);
	return &s->curves[0];
}

/* What the counters say of records: NAN where they don't say. */
static double
lost_of(const struct streams *s)
{
	const struct bn_rows *rows = bn_list_rows(s->checks.list);
	double lost = NAN;
	size_t i;

	for (i = 0; i < bn_list_count(s->checks.list); i++) {
		struct bn_value a = bn_rows_named(rows, i, "left_value"),
				b = bn_rows_named(rows, i, "right_value");
		double apart;

		if (strcmp(bn_row_text(rows, i, "kind"), "must-equal") != 0)
			continue;
		if (strcmp(bn_row_text(rows, i, "state"), "unknown") == 0 ||
		    a.type == BN_VALUE_NULL || b.type == BN_VALUE_NULL)
			return NAN;
		apart = fabs((a.type == BN_VALUE_INT ? (double)a.i : a.r) -
			     (b.type == BN_VALUE_INT ? (double)b.i : b.r));
		if (strcmp(bn_row_text(rows, i, "state"), "ok") == 0)
			apart = 0;
		lost = isnan(lost) || apart > lost ? apart : lost;
	}
	return lost;
}

static void
add_span(const struct bn_curve *curve, const struct gap *gap, const struct bn_style *style,
	 struct bn_buf *out)
{
	const struct bn_series *series = &curve->series;
	char from[BN_TIME_TEXT], to[BN_TIME_TEXT];
	bn_time first = series->start + (bn_time)gap->first * series->step_ms,
		last = series->start + (bn_time)gap->last * series->step_ms;

	bn_buf_adds(out, bn_time_show(first, style->zone, BN_TIME_HM, from));
	if (last > first)
		bn_buf_addf(out, "-%s", bn_time_show(last, style->zone, BN_TIME_HM, to));
}

/* "gap 03:29-03:33, 5 min late, not lost". Returns how bad it is. */
static enum bn_status
verdict(const struct streams *s, struct bn_buf *out)
{
	const struct bn_style style = bn_app_style(s->screen.app);
	struct gap gap;
	const struct bn_curve *curve = curve_with_gap(s, &gap);
	double lost = lost_of(s);
	char text[BN_NUMBER_TEXT];

	if (gap.any) {
		bn_buf_adds(out, "gap ");
		add_span(curve, &gap, &style, out);
		bn_buf_addf(out, ", %zu min %s", gap.missing > 0 ? gap.missing : gap.late,
			    gap.missing > 0 ? "missing" : "late");
	}
	if (lost > 0)
		bn_buf_addf(out, "%s%s apart", out->size > 0 ? ", " : "",
			    bn_number_show(lost, text));
	else if (!isnan(lost) && gap.any && gap.missing == 0)
		bn_buf_adds(out, ", not lost");
	if (gap.over > 0)
		bn_buf_addf(out, "%s%zu min at the ceiling", out->size > 0 ? ", " : "", gap.over);
	return gap.missing > 0			     ? BN_FAILED
	       : gap.any || lost > 0 || gap.over > 0 ? BN_DEGRADED
						     : BN_HEALTHY;
}

static void
draw_headline(const struct streams *s, int y, struct bn_rect r)
{
	struct bn_pen *pen = bn_app_pen(s->screen.app);
	const struct chain *chain = streams_chain(s);
	struct bn_buf words = BN_BUF_INIT(1024);
	enum bn_status bad = verdict(s, &words);
	int x, end = r.x + r.w - 2;

	bn_draw_blank(pen, y, r.x, r.w, BN_INK(BN_ROLE_TEXT));
	if (chain == NULL)
		return;
	if (words.size > 0) {
		end = bn_draw_right(pen, y, r.x + r.w / 2, r.w - r.w / 2 - 1, BN_INK(BN_ROLE_TEXT),
				    bn_buf_text(&words));
		bn_draw(pen, y, end - 2, 1, BN_INK(bn_status_row(bad)->role), glyph(pen, bad));
		end -= 3;
	}
	x = r.x + 1 + bn_draw(pen, y, r.x + 1, end - r.x - 1, BN_INK(BN_ROLE_KEY), chain->name);
	bn_drawf(pen, y, x, end - x, BN_INK(BN_ROLE_DIM), " · %s of closed minutes · %zu/%zu",
		 bn_window_word(&s->window), s->cursor + 1, s->chain_count);
	bn_buf_free(&words);
}

/* ---- stages ------------------------------------------------------------------------------ */

static void
upper(const char *text, char *out, size_t size)
{
	size_t i;

	for (i = 0; text[i] != '\0' && i + 1 < size; i++)
		out[i] = (char)toupper((unsigned char)text[i]);
	out[i] = '\0';
}

/* The columns a stage wants: its name, or what stands below it. */
static int
stage_width(const struct streams *s, size_t row)
{
	const struct bn_rows *rows = bn_list_rows(s->all.list);
	char value[BN_NUMBER_TEXT], lag[BN_TIME_TEXT];
	int name = (int)bn_text_width(bn_row_text(rows, row, "stage")),
	    number_width = (int)strlen(number(rows, row, "last_value", value)),
	    mark = 2 + (int)strlen(lag_of(rows, row, lag));

	name = name > number_width ? name : number_width;
	return name > mark ? name : mark;
}

/* One stage of the strip: its name and an arrow, its latest minute, how it stands. */
static void
draw_stage(const struct streams *s, size_t row, struct bn_rect r, bool last)
{
	struct bn_pen *pen = bn_app_pen(s->screen.app);
	const struct bn_rows *rows = bn_list_rows(s->all.list);
	enum bn_status status = bn_rows_status(rows, row);
	char name[64], value[BN_NUMBER_TEXT], lag[BN_TIME_TEXT];
	const char *shown = number(rows, row, "last_value", value),
		   *unit = bn_row_text(rows, row, "unit");
	int x, i;

	upper(bn_row_text(rows, row, "stage"), name, sizeof(name));
	x = r.x + bn_draw(pen, r.y, r.x, r.w - 1, BN_INK(BN_ROLE_HEADING), name);
	for (i = x + 1; !last && i < r.x + r.w - 2; i++)
		bn_draw(pen, r.y, i, 1, BN_INK(BN_ROLE_RULE), "─");
	if (!last)
		bn_draw(pen, r.y, r.x + r.w - (r.x + r.w - 1 > x ? 2 : 1), 1, BN_INK(BN_ROLE_RULE),
			"►");
	x = r.x + bn_draw(pen, r.y + 1, r.x, r.w - 1,
			  BN_INK(*shown == '\0' ? BN_ROLE_RULE : BN_ROLE_TEXT),
			  *shown == '\0' ? "–" : shown);
	if (*shown != '\0' && (int)bn_text_width(unit) < r.x + r.w - x - 1)
		bn_draw(pen, r.y + 1, x + 1, r.x + r.w - x - 2, BN_INK(BN_ROLE_DIM), unit);
	bn_draw(pen, r.y + 2, r.x, 1, BN_INK(bn_status_row(status)->role), glyph(pen, status));
	bn_draw(pen, r.y + 2, r.x + 2, r.w - 3, BN_INK(BN_ROLE_DIM), lag_of(rows, row, lag));
}

static void
draw_strip(const struct streams *s, struct bn_rect r)
{
	const struct chain *chain = streams_chain(s);
	int count = chain == NULL ? 0 : (int)chain->stage_count, spare = r.w - 2 - count,
	    x = r.x + 1, i;

	bn_draw_clear(bn_app_pen(s->screen.app), r);
	for (i = 0; i < count; i++)
		spare -= stage_width(s, chain->stages[i]);
	for (i = 0; i < count;
	     i++) { /* what is left over is shared; what is too much, taken from each */
		int share = spare * (i + 1) / count - spare * i / count;
		int width = stage_width(s, chain->stages[i]) + 1 + share;

		width = width < 4 ? 4 : width;
		draw_stage(s, chain->stages[i], (struct bn_rect){r.y, x, r.h, width},
			   i + 1 == count);
		x += width;
	}
}

/* The stages as a table: where there is room for words. */
static void
draw_stage_table(const struct streams *s, struct bn_rect r)
{
	const struct bn_rows *rows = bn_list_rows(s->all.list);
	struct bn_pen *pen = bn_app_pen(s->screen.app);
	const struct chain *chain = streams_chain(s);
	char value[BN_NUMBER_TEXT], lag[BN_TIME_TEXT];
	size_t i;

	if (chain == NULL || chain->stage_count == 0) {
		bn_draw(pen, r.y, r.x, r.w, BN_INK(BN_ROLE_DIM), "no stage is configured for it");
		return;
	}
	bn_draw(pen, r.y, r.x + 2, 12, BN_INK(BN_ROLE_DIM), "STAGE");
	bn_draw_right(pen, r.y, r.x + 14, 8, BN_INK(BN_ROLE_DIM), "LAST");
	bn_draw(pen, r.y, r.x + 23, 10, BN_INK(BN_ROLE_DIM), "UNIT");
	bn_draw_right(pen, r.y, r.x + 33, 6, BN_INK(BN_ROLE_DIM), "LAG");
	bn_draw(pen, r.y, r.x + 41, r.w - 41, BN_INK(BN_ROLE_DIM), "NOTE");
	for (i = 0; i < chain->stage_count && (int)i + 1 < r.h; i++) {
		size_t row = chain->stages[i];
		enum bn_status status = bn_rows_status(rows, row);
		const char *shown = number(rows, row, "last_value", value);
		int y = r.y + 1 + (int)i;

		bn_draw(pen, y, r.x, 1, BN_INK(bn_status_row(status)->role), glyph(pen, status));
		bn_draw(pen, y, r.x + 2, 12, BN_INK(BN_ROLE_TEXT), bn_row_text(rows, row, "stage"));
		bn_draw_right(pen, y, r.x + 14, 8,
			      BN_INK(*shown == '\0' ? BN_ROLE_RULE : BN_ROLE_TEXT),
			      *shown == '\0' ? "–" : shown);
		bn_draw(pen, y, r.x + 23, 10, BN_INK(BN_ROLE_DIM), bn_row_text(rows, row, "unit"));
		bn_draw_right(pen, y, r.x + 33, 6, BN_INK(BN_ROLE_TEXT), lag_of(rows, row, lag));
		bn_draw(pen, y, r.x + 41, r.w - 41, BN_INK(BN_ROLE_DIM),
			bn_row_text(rows, row, "note"));
	}
}

/* ---- charts ------------------------------------------------------------------------------ */

/* "── tx-count, tx/min ──────── now 291  avg 288 ──"; with a cursor, what it stands on. */
static void
draw_title(const struct bn_curve *curve, struct bn_rect r, bool rule)
{
	struct bn_pen *pen = bn_app_pen(curve->screen->app);
	struct bn_buf title = BN_BUF_INIT(1024), right = BN_BUF_INIT(1024);
	int room;

	bn_buf_addf(&title, "%s%s%s", curve->about.key, curve->unit != NULL ? ", " : "",
		    curve->unit != NULL ? curve->unit : "");
	room = r.w - (int)bn_text_width(bn_buf_text(&title)) - 10;
	/* How it is now is never told where the cursor is elsewhere. */
	bn_curve_tell(curve, room, &right);
	if (right.size == 0)
		bn_curve_legend(curve, room, &right);
	if (rule) {
		bn_draw_rule(pen, r.y, r.x, r.w, bn_buf_text(&title), bn_buf_text(&right));
	} else {
		bn_draw_blank(pen, r.y, r.x, r.w, BN_INK(BN_ROLE_TEXT));
		bn_draw(pen, r.y, r.x, r.w, BN_INK(BN_ROLE_HEADING), bn_buf_text(&title));
		bn_draw_right(pen, r.y, r.x, r.w,
			      BN_INK(curve->window->cursor != 0 ? BN_ROLE_KEY : BN_ROLE_DIM),
			      bn_buf_text(&right));
	}
	bn_buf_free(&title);
	bn_buf_free(&right);
}

/* The charts under each other; the first one gets what can't be shared evenly, the last one the times. */
static void
draw_charts(struct streams *s, struct bn_rect r, bool rules)
{
	const struct chain *chain = streams_chain(s);
	struct bn_pen *pen = bn_app_pen(s->screen.app);
	size_t i;
	int each, spare, y = r.y;

	bn_draw_clear(pen, r);
	if (chain == NULL || chain->result_count == 0)
		return;
	each = (r.h - 1 - (int)chain->result_count) / (int)chain->result_count;
	spare = r.h - 1 - (int)chain->result_count * (each + 1);
	/* A ceiling wants room. */
	if (each > 2 && chain->result_count > 1) {
		each--;
		spare = r.h - 1 - (int)chain->result_count * (each + 1);
	}
	for (i = 0; i < chain->result_count; i++) {
		bool last = i + 1 == chain->result_count;
		int height = each + (i == 0 ? spare : 0);

		draw_title(&s->curves[i], (struct bn_rect){y, r.x, 1, r.w}, rules);
		bn_curve_draw(&s->curves[i],
			      (struct bn_rect){y + 1, r.x, height + (last ? 1 : 0), r.w}, last);
		y += 1 + height;
	}
}

/* ---- the whole --------------------------------------------------------------------------- */

static void
draw_checks(struct streams *s, struct bn_rect r)
{
	bn_pane_draw(&s->checks, r, r.w >= 78 ? 1 : 0, false, false, "nothing is to be checked");
}

static void
draw_stacked(struct streams *s, struct bn_rect r)
{
	struct bn_pen *pen = bn_app_pen(s->screen.app);
	const struct chain *chain = streams_chain(s);
	int strip = chain != NULL && chain->stage_count > 0 ? 3 : 0,
	    checks = 4 + (r.h > 24 ? (r.h - 24) / 4 : 0);
	struct bn_rect charts = {r.y + 1 + strip, r.x, r.h - 2 - strip - checks, r.w};

	if (strip > 0)
		draw_strip(s, (struct bn_rect){r.y + 1, r.x, strip, r.w});
	draw_charts(s, charts, true);
	draw_headline(s, r.y, r);
	bn_draw_rule(pen, charts.y + charts.h, r.x, r.w, "must hold", NULL);
	draw_checks(s, (struct bn_rect){charts.y + charts.h + 1, r.x, checks, r.w});
}

/* A row a chain: what it results in. */
static void
draw_chain_row(struct streams *s, int y, struct bn_rect r, size_t at)
{
	const struct bn_rows *rows = bn_list_rows(s->all.list);
	struct bn_pen *pen = bn_app_pen(s->screen.app);
	const struct bn_style style = bn_app_style(s->screen.app);
	const struct chain *chain = &s->chains[at];
	size_t row = chain->results[0];
	bool selected = at == s->cursor;
	const struct bn_column *spark = bn_view_column(s->all.table, "spark");
	char value[BN_NUMBER_TEXT], lag[BN_TIME_TEXT], gaps[64] = "0";
	int64_t missing = bn_row_int(rows, row, "gaps"), late = bn_row_int(rows, row, "late");

	if (missing > 0 || late > 0)
		snprintf(gaps, sizeof(gaps), "%lld %s", (long long)(missing > 0 ? missing : late),
			 missing > 0 ? "gone" : "late");
	bn_draw_blank(pen, y, r.x - 1, r.w + 2, BN_INK_ON(BN_ROLE_TEXT, selected));
	bn_draw(pen, y, r.x, 1, BN_INK_ON(bn_status_row(chain->status)->role, selected),
		glyph(pen, chain->status));
	bn_draw(pen, y, r.x + 2, 14, BN_INK_ON(BN_ROLE_TEXT, selected), chain->name);
	bn_draw_right(pen, y, r.x + 16, 7, BN_INK_ON(BN_ROLE_TEXT, selected),
		      number(rows, row, "last_value", value));
	bn_cell_draw(pen, y, r.x + 24, 16, spark, bn_rows_named(rows, row, "spark"), &style,
		     bn_rows_stale(rows, row), selected);
	bn_draw_right(pen, y, r.x + 41, 6, BN_INK_ON(BN_ROLE_TEXT, selected),
		      lag_of(rows, row, lag));
	bn_draw(pen, y, r.x + 48, r.w - 48,
		BN_INK_ON(missing + late > 0 ? BN_ROLE_WARN : BN_ROLE_DIM, selected), gaps);
}

static void
draw_chains(struct streams *s, struct bn_rect r)
{
	struct bn_pen *pen = bn_app_pen(s->screen.app);
	size_t height = (size_t)(r.h > 1 ? r.h - 1 : 1), i;

	bn_draw(pen, r.y, r.x + 2, 14, BN_INK(BN_ROLE_DIM), "STREAM");
	bn_draw_right(pen, r.y, r.x + 16, 7, BN_INK(BN_ROLE_DIM), "LAST");
	bn_draw(pen, r.y, r.x + 24, 16, BN_INK(BN_ROLE_DIM), "60 MIN");
	bn_draw_right(pen, r.y, r.x + 41, 6, BN_INK(BN_ROLE_DIM), "LAG");
	bn_draw(pen, r.y, r.x + 48, r.w - 48, BN_INK(BN_ROLE_DIM), "GAPS");
	if (s->cursor < s->top)
		s->top = s->cursor;
	if (s->cursor >= s->top + height)
		s->top = s->cursor - height + 1;
	s->first_line = r.y + 1;
	for (i = 0; i < height && s->top + i < s->chain_count; i++)
		draw_chain_row(s, s->first_line + (int)i, r, s->top + i);
}

/* Labels and words about the latest gap. */
static int
draw_gap(const struct streams *s, struct bn_rect r)
{
	struct bn_pen *pen = bn_app_pen(s->screen.app);
	const struct bn_style style = bn_app_style(s->screen.app);
	struct bn_buf span = BN_BUF_INIT(256);
	struct gap gap;
	const struct bn_curve *curve = curve_with_gap(s, &gap);
	double lost = lost_of(s);
	char text[BN_TIME_TEXT], value[BN_NUMBER_TEXT];
	int y = r.y;

	if (!gap.any && gap.over == 0)
		return 0;
	if (gap.any) {
		bn_buf_adds(&span, "GAP ");
		add_span(curve, &gap, &style, &span);
		bn_draw(pen, y++, r.x, r.w, BN_INK(BN_ROLE_HEADING), bn_buf_text(&span));
		bn_drawf(pen, y++, r.x, r.w,
			 BN_INK(gap.missing > 0 ? BN_ROLE_FAILED : BN_ROLE_TEXT),
			 "missing %zu minutes", gap.missing);
		bn_drawf(pen, y++, r.x, r.w, BN_INK(BN_ROLE_TEXT), "late    %zu minutes%s%s",
			 gap.late, gap.filled > 0 ? ", came " : "",
			 gap.filled > 0 ? bn_time_show(gap.filled, style.zone, BN_TIME_HMS, text)
					: "");
		bn_drawf(pen, y++, r.x, r.w, BN_INK(lost > 0 ? BN_ROLE_FAILED : BN_ROLE_TEXT),
			 "lost    %s",
			 isnan(lost) ? "not known: not all was counted"
			 : lost > 0  ? bn_number_show(lost, value)
				     : "0, the inputs are all accounted for");
	}
	if (gap.over > 0)
		bn_drawf(pen, y++, r.x, r.w, BN_INK(BN_ROLE_WARN),
			 "ceiling %zu minutes are lower bounds", gap.over);
	bn_buf_free(&span);
	return y - r.y + 1;
}

static void
draw_side(struct streams *s, struct bn_rect in)
{
	struct bn_pen *pen = bn_app_pen(s->screen.app);
	int checks = (int)bn_list_count(s->checks.list), y;

	checks = checks < 1 ? 1 : checks > in.h / 2 ? in.h / 2 : checks;
	draw_checks(s, (struct bn_rect){in.y, in.x - 1, checks, in.w + 1});
	y = in.y + checks + 1;
	y += draw_gap(s, (struct bn_rect){y, in.x, in.y + in.h - y, in.w});
	if (y + 2 > in.y + in.h)
		return;
	bn_draw(pen, y, in.x, in.w, BN_INK(BN_ROLE_HEADING), "CHANGED");
	bn_pane_draw(&s->changed, (struct bn_rect){y + 1, in.x - 1, in.y + in.h - y - 1, in.w + 1},
		     0, false, false, "nothing in 24 hours");
}

/* Lines that chains and stages want, at most so many. */
static int
list_height(const struct streams *s, int most)
{
	int want = (int)s->chain_count;
	size_t i;

	for (i = 0; i < s->chain_count;
	     i++) /* of any chain: the boxes must not move when another one is chosen */
		want = (int)s->chains[i].stage_count > want ? (int)s->chains[i].stage_count : want;
	return want < 4 ? 4 : want > most ? most : want;
}

static void
draw_boxed(struct streams *s, struct bn_rect r)
{
	struct bn_pen *pen = bn_app_pen(s->screen.app);
	int half = r.w / 2, side = r.w / 3, low = 3 + list_height(s, r.h / 3 - 2);
	struct bn_buf title = BN_BUF_INIT(512);
	const struct chain *chain = streams_chain(s);
	const char *name = chain == NULL ? "" : chain->name;
	struct bn_rect in;

	bn_draw_clear(pen, r);
	in = bn_draw_box(pen, (struct bn_rect){r.y, r.x, low, half}, "streams", "Tab", true);
	draw_chains(s, in);
	bn_buf_addf(&title, "%s stages", name);
	in = bn_draw_box(pen, (struct bn_rect){r.y, r.x + half, low, r.w - half},
			 bn_buf_text(&title), NULL, false);
	draw_stage_table(s, in);
	bn_buf_reset(&title);
	bn_buf_addf(&title, "%s %s %s of closed minutes", name, pen->ascii ? "-" : "·",
		    bn_window_word(&s->window));
	in = bn_draw_box(pen, (struct bn_rect){r.y + low, r.x, r.h - low, r.w - side},
			 bn_buf_text(&title),
			 pen->ascii ? "<> cursor  + - zoom" : "←→ cursor  + - zoom", false);
	draw_charts(s, in, false);
	in = bn_draw_box(pen, (struct bn_rect){r.y + low, r.x + r.w - side, r.h - low, side},
			 "checks", NULL, false);
	draw_side(s, in);
	bn_buf_free(&title);
}

static void
draw_list(struct streams *s, struct bn_rect r)
{
	struct bn_pen *pen = bn_app_pen(s->screen.app);
	char place[64];

	bn_pane_draw(&s->all, (struct bn_rect){r.y + 1, r.x, r.h - 1, r.w}, bn_level_for(r.w), true,
		     true, "no stream is configured; [stream \"name\"] query = … adds one");
	bn_list_position(s->all.list, place, sizeof(place));
	bn_draw_rule(pen, r.y, r.x, r.w, "streams", place);
}

void
streams_draw(struct bn_screen *screen, struct bn_rect r)
{
	struct streams *s = (struct streams *)screen;
	bool boxed = r.w >= 120 && r.h >= 30;

	s->first_line = -1;
	s->small = s->listed || r.w < 80 || r.h < 21 || s->chain_count == 0;
	if (boxed && !s->boxed && s->changed_key != NULL)
		bn_pane_ask(&s->changed);
	s->boxed = boxed;
	if (s->small)
		draw_list(s, r);
	else if (boxed)
		draw_boxed(s, r);
	else
		draw_stacked(s, r);
}

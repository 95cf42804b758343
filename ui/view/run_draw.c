/* run_draw.c - how the Run screen looks: where it came from, tasks with their bars, the log, the facts. */
/* SPDX-License-Identifier: MIT */
#include "ui/view/run.h"

#include <stdio.h>
#include <string.h>

#include "ui/widget/gantt.h"

/* Of what runs again in this attempt, how much is done: what was kept has not started anew. Groups hold others. Units
 * that wait for those before them may not be told of yet: the plan knew them. */
static bool
count_again(const struct run *r, int64_t planned, int *done, int *all)
{
	const struct bn_rows *rows = bn_tree_rows(r->tree);
	size_t i, count = rows == NULL ? 0 : bn_rows_count(rows);

	*done = *all = 0;
	for (i = 0; i < count; i++) {
		bool anew = bn_rows_named(rows, i, "before").type == BN_VALUE_TEXT;
		bool good = bn_rows_status(rows, i) == BN_SUCCEEDED;

		if (bn_row_int(rows, i, "children") > 0)
			continue;
		*all += anew || !good;
		*done += anew && good;
	}
	if (planned > *all)
		*all = (int)planned;
	return *all > 0;
}

/* " · attempt 2 · 12/40 · by 03:18:55": how far a retry has come, and when all of it would be done at the latest if the
 * whole run took its usual time. */
static void
add_attempt(const struct run *r, const struct bn_rows *rows, size_t row, struct bn_buf *out)
{
	const struct bn_zone *zone = bn_app_options(r->screen.app)->zone;
	int64_t usual = bn_row_int(rows, row, "p50"), start = bn_row_int(rows, row, "start");
	char by[BN_TIME_TEXT];
	int done, all;

	bn_buf_addf(out, " · attempt %lld", (long long)bn_row_int(rows, row, "attempt"));
	if (bn_rows_status(rows, row) != BN_RUNNING ||
	    !count_again(r, bn_row_int(rows, row, "again"), &done, &all))
		return;
	bn_buf_addf(out, " · %d/%d", done, all);
	if (usual > 0 && start > 0)
		bn_buf_addf(out, " · by %s", bn_time_show(start + usual, zone, BN_TIME_HMS, by));
}

/* " · started 03:05:04 · argo", after how it went. */
static void
add_facts(const struct run *r, const struct bn_rows *rows, size_t row, struct bn_buf *out)
{
	const struct bn_zone *zone = bn_app_options(r->screen.app)->zone;
	char at[BN_TIME_TEXT];

	if (bn_row_int(rows, row, "start") > 0)
		bn_buf_addf(out, " · started %s",
			    bn_time_show(bn_row_int(rows, row, "start"), zone, BN_TIME_HMS, at));
	if (bn_row_text(rows, row, "engine")[0] != '\0')
		bn_buf_addf(out, " · %s", bn_row_text(rows, row, "engine"));
}

/* "Runs ▸ transform-hourly ▸ 28f6k      ✗ failed 2m06s · started 03:05:04 · argo" */
static void
draw_crumbs(const struct run *r, int y, int x, int w)
{
	struct bn_pen *pen = bn_app_pen(r->screen.app);
	const struct bn_rows *rows = bn_list_rows(r->runs.list);
	const struct bn_status_row *status;
	char took[BN_TIME_TEXT];
	struct bn_buf right = BN_BUF_INIT(4096);
	const char *name, *pipeline;
	size_t row;
	int end;

	bn_draw_blank(pen, y, x, w, BN_INK(BN_ROLE_TEXT));
	if (!bn_list_selected(r->runs.list, &row)) {
		bn_drawf(pen, y, x + 1, w - 2, BN_INK(BN_ROLE_DIM), "Runs ▸ %s", r->about.key);
		return;
	}
	status = bn_status_row(bn_rows_status(rows, row));
	bn_buf_addf(&right, "%s", status->word);
	if (bn_rows_named(rows, row, "duration").type == BN_VALUE_INT)
		bn_buf_addf(&right, " %s",
			    bn_duration_show(bn_row_int(rows, row, "duration"), took));
	if (bn_row_int(rows, row, "attempt") > 1)
		add_attempt(r, rows, row, &right);
	/* How far it has come matters more than when it began. */
	if (bn_rows_status(rows, row) != BN_RUNNING || bn_row_int(rows, row, "attempt") <= 1)
		add_facts(r, rows, row, &right);
	end = bn_draw_right(pen, y, x + w / 3, w - w / 3 - 1, BN_INK(BN_ROLE_TEXT),
			    bn_buf_text(&right));
	bn_draw(pen, y, end - 2, 1, BN_INK(status->role),
		pen->ascii ? status->ascii : status->glyph);
	pipeline = bn_row_text(rows, row, "pipeline");
	name = bn_row_text(rows, row, "run");
	/* A run is mostly called after its pipeline: the rest of the name says which. */
	if (*pipeline != '\0' && strncmp(name, pipeline, strlen(pipeline)) == 0 &&
	    name[strlen(pipeline)] == '-')
		name += strlen(pipeline) + 1;
	if (*pipeline == '\0')
		bn_drawf(pen, y, x + 1, end - x - 4, BN_INK(BN_ROLE_TEXT), "Runs ▸ %s", name);
	else
		bn_drawf(pen, y, x + 1, end - x - 4, BN_INK(BN_ROLE_TEXT), "Runs ▸ %s ▸ %s",
			 pipeline, name);
	bn_buf_free(&right);
}

/* Where the columns of a task stand. */
struct lay {
	int task, state, bars, dur; /* widths; 0: not shown */
};

static struct lay
lay_tasks(int w)
{
	struct lay lay = {0, 10, 0, 6};
	int rest = w - 2 - lay.state - 1 - lay.dur - 1;

	lay.task = rest < 34	       ? rest
		   : rest * 2 / 5 > 40 ? 40
		   : rest * 2 / 5 < 26 ? 26
				       : rest * 2 / 5;
	lay.bars = rest - lay.task - 1;
	if (lay.bars < 8) {
		lay.bars = 0;
		lay.task = rest;
	}
	return lay;
}

static struct bn_axis
task_axis(const struct run *r, bn_time now, int x, int width)
{
	const struct bn_rows *rows = bn_tree_rows(r->tree);
	struct bn_axis axis = {0, 0, x, width, bn_app_options(r->screen.app)->zone};
	size_t i, count = rows == NULL ? 0 : bn_rows_count(rows);

	for (i = 0; i < count; i++) {
		bn_time start = bn_row_int(rows, i, "start"), end = bn_row_int(rows, i, "finished");
		bn_time before = bn_row_int(rows, i, "before_start");

		if (before > 0 && (axis.from == 0 || before < axis.from))
			axis.from = before;
		if (start > 0 && (axis.from == 0 || start < axis.from))
			axis.from = start;
		if (start > 0 && end == 0 && bn_rows_status(rows, i) == BN_RUNNING)
			end = now;
		if (end > axis.to)
			axis.to = end;
	}
	if (axis.to <= axis.from)
		axis.to = axis.from + 1000;
	return axis;
}

/* "93/96" for a group, the status' word for a task. */
static void
state_words(const struct bn_rows *rows, const struct bn_tree_line *line, char *out, size_t size)
{
	int64_t children = bn_row_int(rows, line->row, "children");

	if (line->group && children > 0)
		snprintf(out, size, "%lld/%lld",
			 (long long)bn_row_int(rows, line->row, "children_done"),
			 (long long)children);
	else
		snprintf(out, size, "%s", bn_status_row(bn_rows_status(rows, line->row))->word);
}

static void
draw_more(struct bn_pen *pen, int y, int x, const struct lay *lay, const struct bn_tree_line *line,
	  enum bn_status status, bool selected)
{
	const struct bn_status_row *row = bn_status_row(status);
	int indent = 1 + 2 * (line->depth < 8 ? line->depth : 8);

	bn_draw(pen, y, x + indent + 2, 1, BN_INK_ON(row->role, selected),
		pen->ascii ? row->ascii : row->glyph);
	bn_drawf(pen, y, x + indent + 4, lay->task - indent - 4, BN_INK_ON(BN_ROLE_DIM, selected),
		 "… %zu more %s", line->more, status == BN_SUCCEEDED ? "ok" : row->word);
}

/* The bar of the attempt before, in the colour of how it ended, the upper half of the line: the later attempt's stands
 * under it. False: there is none. */
static bool
draw_before(struct bn_pen *pen, int y, const struct bn_axis *axis, const struct bn_rows *rows,
	    size_t row, bool selected)
{
	bn_time start = bn_row_int(rows, row, "before_start");
	bn_time end = bn_row_int(rows, row, "before_finished");
	struct bn_value how = bn_rows_named(rows, row, "before");

	if (start <= 0 || end < start || how.type != BN_VALUE_TEXT)
		return false;
	bn_gantt_draw(axis, pen, y, 0, start, end, end, BN_SPAN_BEFORE,
		      BN_INK_ON(bn_status_row(bn_status_from_word(how.s))->role, selected));
	return true;
}

static void
draw_task(const struct run *r, struct bn_pen *pen, int y, int x, int w, const struct lay *lay,
	  const struct bn_axis *axis, const struct bn_tree_line *line, bool selected, bn_time now)
{
	const struct bn_rows *rows = bn_tree_rows(r->tree);
	const struct bn_status_row *status = bn_status_row(bn_rows_status(rows, line->row));
	struct bn_value took = bn_rows_named(rows, line->row, "duration");
	int indent = 1 + 2 * (line->depth < 8 ? line->depth : 8), right = x + w - 1 - lay->dur;
	enum bn_role role = status->role == BN_ROLE_OK ? BN_ROLE_ACCENT : status->role;
	enum bn_span span = BN_SPAN_RAN;
	char text[64];

	bn_draw_blank(pen, y, x, w, BN_INK_ON(BN_ROLE_TEXT, selected));
	if (line->more > 0) {
		draw_more(pen, y, x, lay, line, bn_rows_status(rows, line->row), selected);
		return;
	}
	if (line->group)
		bn_draw(pen, y, x + indent, 1, BN_INK_ON(BN_ROLE_DIM, selected),
			line->folded ? "▸" : "▾");
	bn_draw(pen, y, x + indent + 2, 1, BN_INK_ON(status->role, selected),
		pen->ascii ? status->ascii : status->glyph);
	bn_draw(pen, y, x + indent + 4, lay->task - indent - 3, BN_INK_ON(BN_ROLE_TEXT, selected),
		bn_row_text(rows, line->row, "task"));
	state_words(rows, line, text, sizeof(text));
	bn_draw(pen, y, x + lay->task + 2, lay->state,
		BN_INK_ON(status->problem ? status->role : BN_ROLE_DIM, selected), text);
	if (lay->bars > 0 && draw_before(pen, y, axis, rows, line->row, selected))
		span = BN_SPAN_AGAIN;
	if (lay->bars > 0 && bn_rows_status(rows, line->row) != BN_SKIPPED)
		bn_gantt_draw(axis, pen, y, bn_row_int(rows, line->row, "queued"),
			      bn_row_int(rows, line->row, "start"),
			      bn_row_int(rows, line->row, "finished") == 0 &&
				      bn_rows_status(rows, line->row) != BN_RUNNING
				  ? bn_row_int(rows, line->row, "start")
				  : bn_row_int(rows, line->row, "finished"),
			      now, span, BN_INK_ON(role, selected));
	if (took.type == BN_VALUE_INT && bn_rows_status(rows, line->row) != BN_SKIPPED)
		bn_draw_right(pen, y, right, lay->dur, BN_INK_ON(BN_ROLE_TEXT, selected),
			      bn_duration_show(took.i, text));
}

static const char *
no_tasks_word(const struct run *r)
{
	struct bn_app *app = r->screen.app;

	if (bn_app_at(app) != 0)
		return "its tasks had not been read by then";
	if (bn_app_options(app)->collect == NULL)
		return "its tasks were never read, and nothing is fetched (--offline)";
	return r->detail_tries > 1 ? "none of its tasks has come; they are asked for again (R: now)"
				   : "reading its tasks …";
}

/* What went wrong here, or with its source; else how far it is. */
static void
draw_no_tasks(const struct run *r, struct bn_rect rect)
{
	struct bn_pen *pen = bn_app_pen(r->screen.app);
	const struct bn_error *err = r->error.code != BN_OK ? &r->error : &r->detail_error;
	bool failed = err->code != BN_OK;
	const char *message = failed ? err->message : r->trouble;
	const char *hint = failed ? err->hint : r->advice;
	struct bn_rect in = {rect.y, rect.x + 1, rect.h, rect.w - 2};
	int used;

	if (message == NULL) {
		bn_draw(pen, in.y, in.x, in.w, BN_INK(BN_ROLE_DIM), no_tasks_word(r));
		return;
	}
	used = bn_draw_folded(pen, in, BN_INK(BN_ROLE_WARN), message);
	if (used < rect.h)
		bn_draw(pen, in.y + used, in.x, in.w, BN_INK(BN_ROLE_DIM), hint);
}

static void
draw_tasks(struct run *r, struct bn_rect rect)
{
	struct bn_pen *pen = bn_app_pen(r->screen.app);
	struct bn_style style = bn_app_style(r->screen.app);
	struct lay lay = lay_tasks(rect.w);
	struct bn_axis axis =
	    task_axis(r, style.now, rect.x + 2 + lay.task + 1 + lay.state, lay.bars);
	size_t top, i;

	bn_draw_clear(pen, rect);
	bn_draw(pen, rect.y, rect.x + 3, lay.task, BN_INK(BN_ROLE_DIM), "TASK");
	bn_draw(pen, rect.y, rect.x + lay.task + 2, lay.state, BN_INK(BN_ROLE_DIM), "STATE");
	bn_draw_right(pen, rect.y, rect.x + rect.w - 1 - lay.dur, lay.dur, BN_INK(BN_ROLE_DIM),
		      "DUR");
	if (bn_tree_count(r->tree) == 0) {
		draw_no_tasks(r, (struct bn_rect){rect.y + 1, rect.x, rect.h - 1, rect.w});
		return;
	}
	if (lay.bars > 0)
		bn_axis_draw(&axis, pen, rect.y);
	top = bn_tree_scroll(r->tree, rect.y + 1, rect.h - 1);
	for (i = 0; i < (size_t)rect.h - 1 && top + i < bn_tree_count(r->tree); i++)
		draw_task(r, pen, rect.y + 1 + (int)i, rect.x, rect.w, &lay, &axis,
			  bn_tree_line(r->tree, top + i),
			  !r->log_focus && top + i == bn_tree_cursor(r->tree), style.now);
}

static void
draw_log(struct run *r, struct bn_rect rect, bool box)
{
	struct bn_pen *pen = bn_app_pen(r->screen.app);
	struct bn_buf title = BN_BUF_INIT(4096), right = BN_BUF_INIT(4096);
	struct bn_rect in = {rect.y + 1, rect.x + 1, rect.h - 1, rect.w - 2};

	bn_draw_clear(pen, rect);
	if (box)
		in = (struct bn_rect){rect.y + 1, rect.x + 2, rect.h - 2, rect.w - 4};
	bn_log_draw(&r->log, in); /* before the words: they say what is in sight */
	bn_log_words(&r->log, &title, &right);
	if (box)
		bn_draw_box(pen, rect, bn_buf_text(&title), bn_buf_text(&right), r->log_focus);
	else
		bn_draw_rule(pen, rect.y, rect.x, rect.w, bn_buf_text(&title), bn_buf_text(&right));
	bn_buf_free(&title);
	bn_buf_free(&right);
}

static void
draw_wide(struct run *r, struct bn_rect rect)
{
	struct bn_pen *pen = bn_app_pen(r->screen.app);
	int log = rect.h * 2 / 5, right = rect.w * 3 / 10 < 34	 ? 34
					  : rect.w * 3 / 10 > 60 ? 60
								 : rect.w * 3 / 10;
	struct bn_rect tasks = {rect.y, rect.x, rect.h - log, rect.w - right}, in;

	bn_draw_clear(pen, tasks);
	in = bn_draw_box(pen, tasks, "tasks", "Enter fold", !r->log_focus);
	draw_tasks(r, (struct bn_rect){in.y, in.x - 1, in.h, in.w + 1});
	bn_detail_draw_boxed(&r->detail,
			     (struct bn_rect){rect.y, rect.x + rect.w - right, rect.h - log, right},
			     "run", NULL);
	draw_log(r, (struct bn_rect){rect.y + rect.h - log, rect.x, log, rect.w}, true);
}

void
bn_run_draw(struct bn_screen *screen, struct bn_rect rect)
{
	struct run *r = (struct run *)screen;
	int detail, log;

	draw_crumbs(r, rect.y, rect.x, rect.w);
	rect.y++;
	rect.h--;
	bn_draw_clear(bn_app_pen(screen->app), rect);
	if (r->log_big) {
		draw_log(r, rect, false);
		return;
	}
	if (rect.w >= 120 && rect.h >= 28) {
		draw_wide(r, rect);
		return;
	}
	detail = rect.h < 18 || rect.w < 80
		     ? 0
		     : 1 + (bn_detail_height(&r->detail) > 4 ? 4 : bn_detail_height(&r->detail));
	log = rect.h < 12 ? 0 : rect.h < 18 ? 4 : rect.h / 4 + 1;
	draw_tasks(r, (struct bn_rect){rect.y, rect.x, rect.h - log - detail, rect.w});
	if (log > 0)
		draw_log(r, (struct bn_rect){rect.y + rect.h - log - detail, rect.x, log, rect.w},
			 false);
	if (detail > 0)
		bn_detail_draw_ruled(
		    &r->detail, (struct bn_rect){rect.y + rect.h - detail, rect.x, detail, rect.w},
		    "run");
}

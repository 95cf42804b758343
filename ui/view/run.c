/* run.c - the Run screen: the tasks of a run as a tree with bars, the log of the selected one, its facts. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/view/detail.h"
#include "ui/view/log.h"
#include "ui/view/pane.h"
#include "ui/widget/gantt.h"
#include "ui/widget/tree.h"

enum { SLOT_RUNS, SLOT_TASKS, SLOT_DETAIL, SLOT_KEPT };

#define LOG_AFTER    350  /* ms the cursor rests on a task before its log is asked for */
#define DETAIL_EVERY 5000 /* ms between two readings of the tasks of a run that goes on */
#define LOG_TAIL     500

static const char *const run_columns[] = {"status", "run",	"pipeline", "start",  "duration",
					  "engine", "finished", "attempt",  "failed", "skipped",
					  "tasks",  "done",	"url",	    "key",    NULL};
static const char *const task_columns[] = {"status",
					   "task",
					   "duration",
					   "start",
					   "try",
					   "type",
					   "message",
					   "depth",
					   "parent",
					   "children",
					   "children_failed",
					   "children_skipped",
					   "children_done",
					   "children_running",
					   "queued",
					   "finished",
					   "attempt",
					   "platform_status",
					   "log",
					   "key",
					   "url",
					   NULL};

struct run {
	struct bn_screen screen;
	struct bn_ref about; /* pipeline or run, as opened; own strings */
	struct bn_ref shown; /* the run; own strings; key NULL until it is known */
	struct bn_pane runs; /* all runs there are to choose from, newest first */
	struct bn_tree *tree;
	struct bn_error error; /* of the tasks' query */
	struct bn_detail_pane detail;
	struct bn_log log;
	bool log_focus;	   /* keys go to the log */
	bool log_wanted;   /* opened by `l`: the log comes up as soon as there is a failed task */
	bool log_big;	   /* the log takes the whole screen */
	char *log_for;	   /* key of the task whose log is shown */
	int64_t cursor_at; /* when the cursor came to rest where it is */
	int64_t detail_at; /* when tasks were last asked of the platform; 0: never */
	struct bn_error detail_error;
};

static void
free_ref(struct bn_ref *ref)
{
	free((char *)(uintptr_t)ref->source);
	free((char *)(uintptr_t)ref->key);
	*ref = (struct bn_ref){BN_KIND_NONE, NULL, NULL};
}

static struct bn_ref
copy_ref(struct bn_ref ref)
{
	return (struct bn_ref){ref.kind, bn_xstrdup(ref.source), bn_xstrdup(ref.key)};
}

static enum bn_status
run_status(const struct run *r)
{
	size_t row;

	return bn_list_selected(r->runs.list, &row)
		   ? bn_rows_status(bn_list_rows(r->runs.list), row)
		   : BN_UNKNOWN;
}

/* ---- asking -------------------------------------------------------------------------------- */

/* Tasks are too much to poll: they are read when somebody looks, and again while the run goes on.
 */
static void
fetch_tasks(struct run *r)
{
	struct bn_collect *collect = bn_app_options(r->screen.app)->collect;
	int64_t now = bn_app_tick(r->screen.app);

	if (collect == NULL || r->shown.key == NULL)
		return;
	if (r->detail_at != 0 && (run_status(r) != BN_RUNNING || now - r->detail_at < DETAIL_EVERY))
		return;
	r->detail_at = now;
	r->detail_error.code = BN_OK;
	if (bn_collect_detail(collect, r->shown, 0, &r->detail_error) == BN_OK)
		r->detail_error.code = BN_OK;
}

static void
ask_tasks(struct run *r)
{
	struct bn_question question = {.kind = BN_ASK_ROWS};

	if (r->shown.key == NULL)
		return;
	question.query = (struct bn_query){.table = bn_view_table("tasks"),
					   .columns = task_columns,
					   .scope = r->shown,
					   .limit = 20000};
	bn_app_ask(&r->screen, SLOT_TASKS, &question);
	bn_detail_about(&r->detail, &r->shown);
}

static void
run_ask(struct bn_screen *screen)
{
	struct run *r = (struct run *)screen;

	bn_pane_ask(&r->runs);
	ask_tasks(r);
	bn_detail_ask(&r->detail);
	fetch_tasks(r);
}

/* Another run of the same pipeline, or the first one known. */
static void
show_run(struct run *r, struct bn_ref ref)
{
	if (r->shown.key != NULL && strcmp(r->shown.key, ref.key) == 0)
		return;
	free_ref(&r->shown);
	r->shown = copy_ref(ref);
	bn_list_select(r->runs.list, r->shown); /* a newer run doesn't push it away */
	bn_tree_free(r->tree);
	r->tree = bn_tree_new();
	bn_log_stop(&r->log);
	bn_pager_clear(r->log.pager);
	free(r->log_for);
	r->log_for = NULL;
	r->detail_at = 0;
	r->cursor_at = bn_app_tick(r->screen.app);
	ask_tasks(r);
	fetch_tasks(r);
}

static void
take_runs(struct run *r)
{
	struct bn_ref ref;

	if (bn_pane_selected(&r->runs, &ref) && ref.key != NULL)
		show_run(r, ref);
}

static void
run_answer(struct bn_screen *screen, struct bn_answer *answer)
{
	struct run *r = (struct run *)screen;

	if (bn_pane_answer(&r->runs, answer)) {
		take_runs(r);
	} else if (answer->slot == SLOT_TASKS) {
		r->error = answer->error;
		r->error.code = answer->rc;
		if (answer->rc == BN_OK) {
			bn_tree_set(r->tree, answer->rows);
			answer->rows = NULL;
		}
	} else if (!bn_detail_answer(&r->detail, answer)) {
		bn_log_answer(&r->log, answer);
	}
}

/* ---- the log of the selected task ---------------------------------------------------------- */

static const char *
task_text(const struct run *r, const struct bn_tree_line *line, const char *column)
{
	return bn_row_text(bn_tree_rows(r->tree), line->row, column);
}

/* The task whose log should be shown, NULL if the cursor is on none that has one. */
static const struct bn_tree_line *
log_line(const struct run *r)
{
	const struct bn_tree_line *line = bn_tree_selected(r->tree);

	if (line == NULL || line->more > 0 || task_text(r, line, "log")[0] == '\0')
		return NULL;
	return line;
}

static void
start_log(struct run *r, const struct bn_tree_line *line)
{
	const char *key = task_text(r, line, "key");
	const struct bn_rows *rows = bn_tree_rows(r->tree);
	bool follow = bn_rows_status(rows, line->row) == BN_RUNNING;

	free(r->log_for);
	r->log_for = bn_xstrdup(key);
	bn_log_start(&r->log, r->shown, key, task_text(r, line, "log"), task_text(r, line, "task"),
		     (int)bn_row_int(rows, line->row, "try"), LOG_TAIL, follow);
}

static int
run_timer(struct bn_screen *screen)
{
	struct run *r = (struct run *)screen;
	const struct bn_tree_line *line = log_line(r);
	int64_t left;

	if (line == NULL ||
	    (r->log_for != NULL && strcmp(r->log_for, task_text(r, line, "key")) == 0))
		return -1;
	left = r->cursor_at + LOG_AFTER - bn_app_tick(screen->app);
	return left > 0 ? (int)left : 0;
}

static unsigned
run_wake(struct bn_screen *screen)
{
	struct run *r = (struct run *)screen;
	unsigned reaction = 0;

	if (run_timer(screen) == 0) {
		start_log(r, log_line(r));
		reaction = BN_REDRAW;
		if (r->log_wanted)
			r->log_focus = r->log_big = true;
		r->log_wanted = false;
	}
	return bn_log_pump(&r->log) ? BN_REDRAW : reaction;
}

/* ---- actions ------------------------------------------------------------------------------- */

static void
search_done(struct bn_app *app, void *payload, const char *pattern)
{
	struct run *r = payload;
	struct bn_error err;

	if (pattern == NULL)
		return;
	bn_history_add(bn_app_filters(app), pattern);
	if (bn_pager_search(r->log.pager, pattern, &err) != BN_OK)
		bn_app_fail(app, &err);
}

static void
open_log(struct run *r)
{
	const struct bn_tree_line *line = log_line(r);

	if (line == NULL) {
		bn_app_say(r->screen.app, BN_TONE_PLAIN,
			   "this one has no log of its own; select a task");
		return;
	}
	if (r->log_for == NULL || strcmp(r->log_for, task_text(r, line, "key")) != 0)
		start_log(r, line);
	r->log_focus = r->log_big = true;
}

static unsigned
log_act(struct run *r, enum bn_action action)
{
	if (bn_pager_act(r->log.pager, action))
		return BN_REDRAW;
	switch (action) {
	case BN_ACT_BACK:
	case BN_ACT_CLOSE:
	case BN_ACT_PANE:
		r->log_focus = r->log_big = false;
		return BN_REDRAW;
	case BN_ACT_SEARCH:
		bn_app_prompt(r->screen.app,
			      &(struct bn_prompt){.label = "/",
						  .history = bn_app_filters(r->screen.app),
						  .done = search_done,
						  .payload = r});
		return BN_REDRAW;
	default:
		return 0;
	}
}

static void
copy_task(struct run *r, bool link)
{
	const struct bn_tree_line *line = bn_tree_selected(r->tree);
	const char *text = line == NULL ? "" : task_text(r, line, link ? "url" : "key");
	size_t row;

	if (*text == '\0' && link && bn_list_selected(r->runs.list, &row))
		text = bn_row_text(bn_list_rows(r->runs.list), row, "url");
	if (*text == '\0')
		bn_app_say(r->screen.app, BN_TONE_PLAIN, "the platform gives no link for this");
	else
		bn_app_copy(r->screen.app, text);
}

/* n and N go through the runs of the pipeline; they are newest first. */
static unsigned
other_run(struct run *r, bool older)
{
	bn_list_act(r->runs.list, older ? BN_ACT_DOWN : BN_ACT_UP);
	take_runs(r);
	return BN_REDRAW;
}

static unsigned
run_act(struct bn_screen *screen, enum bn_action action, const struct bn_key_event *event)
{
	struct run *r = (struct run *)screen;

	if (r->log_focus)
		return log_act(r, action);
	if (bn_tree_act(r->tree, action)) {
		r->cursor_at = bn_app_tick(screen->app);
		return BN_REDRAW;
	}
	switch (action) {
	case BN_ACT_CLICK:
		r->cursor_at = bn_app_tick(screen->app);
		return bn_tree_click(r->tree, event->y) ? BN_REDRAW : 0;
	case BN_ACT_OPEN:
	case BN_ACT_LOG:
		open_log(r);
		return BN_REDRAW;
	case BN_ACT_PANE:
		r->log_focus = r->log_for != NULL;
		return BN_REDRAW;
	case BN_ACT_NEWER:
	case BN_ACT_OLDER:
		return other_run(r, action == BN_ACT_OLDER);
	case BN_ACT_COPY:
	case BN_ACT_LINK:
		copy_task(r, action == BN_ACT_LINK);
		return BN_REDRAW;
	default:
		return 0;
	}
}

static bool
run_selected(struct bn_screen *screen, struct bn_ref *ref)
{
	struct run *r = (struct run *)screen;

	*ref = r->shown.key != NULL ? r->shown : r->about;
	return ref->key != NULL;
}

static unsigned
run_where(const struct bn_screen *screen)
{
	return ((const struct run *)screen)->log_focus ? BN_IN_TEXT : BN_IN_RUN;
}

/* ---- drawing ------------------------------------------------------------------------------- */

/* "Runs ▸ transform-hourly ▸ 28f6k      ✗ failed 2m06s · started 03:05:04 · argo" */
static void
draw_crumbs(const struct run *r, int y, int x, int w)
{
	struct bn_pen *pen = bn_app_pen(r->screen.app);
	const struct bn_rows *rows = bn_list_rows(r->runs.list);
	const struct bn_status_row *status;
	char at[BN_TIME_TEXT], took[BN_TIME_TEXT];
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
	if (bn_row_int(rows, row, "start") > 0)
		bn_buf_addf(&right, " · started %s",
			    bn_time_show(bn_row_int(rows, row, "start"),
					 bn_app_options(r->screen.app)->zone, BN_TIME_HMS, at));
	if (bn_row_int(rows, row, "attempt") > 1)
		bn_buf_addf(&right, " · attempt %lld", (long long)bn_row_int(rows, row, "attempt"));
	if (bn_row_text(rows, row, "engine")[0] != '\0')
		bn_buf_addf(&right, " · %s", bn_row_text(rows, row, "engine"));
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

static void
draw_task(const struct run *r, struct bn_pen *pen, int y, int x, int w, const struct lay *lay,
	  const struct bn_axis *axis, const struct bn_tree_line *line, bool selected, bn_time now)
{
	const struct bn_rows *rows = bn_tree_rows(r->tree);
	const struct bn_status_row *status = bn_status_row(bn_rows_status(rows, line->row));
	struct bn_value took = bn_rows_named(rows, line->row, "duration");
	int indent = 1 + 2 * (line->depth < 8 ? line->depth : 8), right = x + w - 1 - lay->dur;
	enum bn_role role = status->role == BN_ROLE_OK ? BN_ROLE_ACCENT : status->role;
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
	if (lay->bars > 0 && bn_rows_status(rows, line->row) != BN_SKIPPED)
		bn_gantt_draw(axis, pen, y, bn_row_int(rows, line->row, "queued"),
			      bn_row_int(rows, line->row, "start"),
			      bn_row_int(rows, line->row, "finished") == 0 &&
				      bn_rows_status(rows, line->row) != BN_RUNNING
				  ? bn_row_int(rows, line->row, "start")
				  : bn_row_int(rows, line->row, "finished"),
			      now, BN_INK_ON(role, selected));
	if (took.type == BN_VALUE_INT && bn_rows_status(rows, line->row) != BN_SKIPPED)
		bn_draw_right(pen, y, right, lay->dur, BN_INK_ON(BN_ROLE_TEXT, selected),
			      bn_duration_show(took.i, text));
}

static void
draw_no_tasks(const struct run *r, struct bn_rect rect)
{
	struct bn_pen *pen = bn_app_pen(r->screen.app);
	const struct bn_error *err = r->error.code != BN_OK ? &r->error : &r->detail_error;

	if (err->code != BN_OK) {
		int used =
		    bn_draw_folded(pen, (struct bn_rect){rect.y, rect.x + 1, rect.h, rect.w - 2},
				   BN_INK(BN_ROLE_WARN), err->message);

		if (used < rect.h)
			bn_draw(pen, rect.y + used, rect.x + 1, rect.w - 2, BN_INK(BN_ROLE_DIM),
				err->hint);
		return;
	}
	bn_draw(pen, rect.y, rect.x + 1, rect.w - 2, BN_INK(BN_ROLE_DIM),
		bn_app_options(r->screen.app)->collect == NULL
		    ? "its tasks were never read, and nothing is fetched (--offline)"
		    : "reading its tasks …");
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

static void
run_draw(struct bn_screen *screen, struct bn_rect rect)
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

static void
run_close(struct bn_screen *screen)
{
	struct run *r = (struct run *)screen;

	free_ref(&r->about);
	free_ref(&r->shown);
	bn_pane_clear(&r->runs);
	bn_tree_free(r->tree);
	bn_detail_clear(&r->detail);
	bn_log_clear(&r->log);
	free(r->log_for);
}

static const struct bn_screen_ops ops = {
    .title = "Run",
    .context = BN_IN_RUN,
    .close = run_close,
    .ask = run_ask,
    .answer = run_answer,
    .draw = run_draw,
    .act = run_act,
    .selected = run_selected,
    .wake = run_wake,
    .timer = run_timer,
    .where = run_where,
};

struct bn_screen *
bn_run_screen(struct bn_app *app, struct bn_ref about, bool log)
{
	struct run *r = bn_screen_new(app, &ops, sizeof(*r));

	r->about = copy_ref(about);
	r->tree = bn_tree_new();
	r->log_wanted = log;
	bn_pane_init(&r->runs, &r->screen, SLOT_RUNS, "runs", run_columns, NULL);
	r->runs.scope = r->about;
	r->runs.limit = 100;
	r->runs.sort = "-start";
	bn_detail_init(&r->detail, &r->screen, SLOT_DETAIL);
	bn_log_init(&r->log, &r->screen, SLOT_KEPT);
	return &r->screen;
}

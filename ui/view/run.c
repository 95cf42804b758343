/* run.c - the Run screen: the tasks of a run as a tree with bars, the log of the selected one, its facts. */
/* SPDX-License-Identifier: MIT */
#include "ui/view/run.h"

#include <stdlib.h>
#include <string.h>

enum { SLOT_RUNS, SLOT_TASKS, SLOT_DETAIL, SLOT_KEPT, SLOT_SOURCE, SLOT_PIPELINE, SLOT_FINDING };

#define LOG_AFTER    350   /* ms the cursor rests on a task before its log is asked for */
#define DETAIL_EVERY 5000  /* ms between two readings of the tasks of a run that goes on */
#define TASKS_AGAIN  10000 /* ms between two tries while none of its tasks is known */
#define LOG_TAIL     500

static const char *const run_columns[] = {
    "status",  "run",	"pipeline", "start", "duration", "engine", "finished", "attempt", "failed",
    "skipped", "tasks", "done",	    "url",   "key",	 "p50",	   "again",    NULL};
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
					   "before",
					   "before_start",
					   "before_finished",
					   "platform_status",
					   "log",
					   "key",
					   "url",
					   NULL};

static const char *const pipeline_columns[] = {"pipeline", NULL};
static const char *const finding_columns[] = {"id", NULL};
static const char *const source_columns[] = {"error", "hint", NULL};

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

/* Whether the platform can be asked: not in the past, and not without anybody who asks. */
static bool
is_live(const struct run *r)
{
	return bn_app_options(r->screen.app)->collect != NULL && bn_app_at(r->screen.app) == 0;
}

static void
forget_log(struct run *r)
{
	bn_log_forget(&r->log);
	free(r->log_for);
	free(r->log_handle);
	r->log_for = r->log_handle = NULL;
	r->cursor_at = bn_app_tick(r->screen.app);
}

/* ---- asking ------------------------------------------------------------------------------ */

/* Tasks are too much to poll: they are read when somebody looks, and again while the run goes on, or as long as there
 * are none. */
static bool
is_due(const struct run *r)
{
	int64_t since = bn_app_tick(r->screen.app) - r->detail_at;

	if (r->detail_at == 0)
		return true;
	if (run_status(r) == BN_RUNNING && since >= DETAIL_EVERY)
		return true;
	return bn_tree_count(r->tree) == 0 && r->detail_error.code != BN_EUNSUPPORTED &&
	       since >= TASKS_AGAIN;
}

static void
fetch_tasks(struct run *r)
{
	struct bn_collect *collect = bn_app_options(r->screen.app)->collect;

	if (!is_live(r) || r->shown.key == NULL || !is_due(r))
		return;
	r->detail_at = bn_app_tick(r->screen.app);
	r->detail_tries++;
	r->detail_error.code = BN_OK;
	if (bn_collect_detail(collect, r->shown, 0, &r->detail_error) == BN_OK)
		r->detail_error.code = BN_OK;
}

/* Why there may be none: nobody tells of a question that failed on its way. */
static void
ask_source(struct run *r)
{
	struct bn_question question = {.kind = BN_ASK_ROWS};

	question.query = (struct bn_query){.table = bn_view_table("sources"),
					   .columns = source_columns,
					   .scope = {BN_SOURCE, NULL, r->shown.source},
					   .limit = 1};
	bn_app_ask(&r->screen, SLOT_SOURCE, &question);
}

static void
set_trouble(struct run *r, const struct bn_rows *rows)
{
	const char *error = "", *hint = "";

	free(r->trouble);
	free(r->advice);
	r->trouble = r->advice = NULL;
	if (rows != NULL && bn_rows_count(rows) > 0) {
		error = bn_row_text(rows, 0, "error");
		hint = bn_row_text(rows, 0, "hint");
	}
	if (*error == '\0')
		return;
	r->trouble = bn_xstrdup(error);
	r->advice = bn_xstrdup(hint);
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
	if (bn_tree_count(r->tree) == 0 && is_live(r))
		ask_source(r);
	bn_detail_about(&r->detail, &r->shown);
}

/* ---- what is found about it -------------------------------------------------------------- */

/* A run is its pipeline, as far as findings go; some are about the run itself (it is slow, or stuck). */
static void
ask_finding(struct run *r)
{
	struct bn_question question = {.kind = BN_ASK_ROWS};

	question.query = (struct bn_query){.table = bn_view_table("findings"),
					   .columns = finding_columns,
					   .scope = r->shown,
					   .limit = 1};
	bn_app_ask(&r->screen, SLOT_FINDING, &question);
}

/* A run tells the name of its pipeline only. */
static void
ask_pipeline(struct run *r, const char *name)
{
	struct bn_question question = {.kind = BN_ASK_ROWS};
	char *filter;

	if (*name == '\0' || strpbrk(name, "\"\\") != NULL) {
		r->pipeline_known = true;
		return;
	}
	filter = bn_xasprintf("pipeline=\"%s\" source=\"%s\"", name, r->shown.source);
	question.query = (struct bn_query){.table = bn_view_table("pipelines"),
					   .columns = pipeline_columns,
					   .scope = r->shown, /* whatever the domain */
					   .filter = filter,
					   .limit = 2};
	bn_app_ask(&r->screen, SLOT_PIPELINE, &question);
	free(filter);
}

/* A run that was opened by itself has others beside it, for n and N. */
static void
widen(struct run *r)
{
	if (r->pipeline.key == NULL || r->about.kind == BN_PIPELINE)
		return;
	r->runs.scope = r->pipeline;
	r->runs.fresh = true;
	bn_pane_ask(&r->runs);
}

/* Two of one name can't be told apart: then the run stands for itself. */
static void
take_pipeline(struct run *r, const struct bn_answer *answer)
{
	if (r->pipeline_known || answer->rc != BN_OK)
		return;
	r->pipeline_known = true;
	if (bn_rows_count(answer->rows) == 1)
		r->pipeline = copy_ref(bn_rows_ref(answer->rows, 0));
	widen(r);
}

/* What acknowledging and putting to sleep are about. False: it is not known yet. */
static bool
subject(const struct run *r, struct bn_ref *ref)
{
	const struct bn_rows *rows = bn_list_rows(r->runs.list);

	*ref = r->shown;
	if (r->shown.key == NULL) {
		*ref = r->about;
		return rows != NULL && bn_rows_count(rows) == 0;
	}
	if (!r->finding_known || !r->pipeline_known)
		return false;
	if (!r->finding && r->pipeline.key != NULL)
		*ref = (struct bn_ref){BN_PIPELINE, r->shown.source, r->pipeline.key};
	return true;
}

/* Its pipeline's latest runs may be without it (it is too old): it must not be left for the newest one then. */
static bool
narrow(struct run *r)
{
	const struct bn_rows *rows = bn_list_rows(r->runs.list);
	size_t row;

	if (r->about.kind == BN_PIPELINE || r->runs.scope.kind != BN_PIPELINE ||
	    r->shown.key == NULL || strcmp(r->shown.key, r->about.key) != 0)
		return false;
	for (row = 0; row < bn_rows_count(rows); row++)
		if (strcmp(bn_rows_ref(rows, row).key, r->about.key) == 0)
			return false;
	r->runs.scope = r->about;
	r->runs.fresh = true;
	bn_pane_ask(&r->runs);
	return true;
}

/* What was read at another moment is no log of this one. */
static void
look_back(struct run *r)
{
	bn_time at = bn_app_at(r->screen.app);

	if (at == r->at)
		return;
	r->at = at;
	r->detail_at = 0;
	r->detail_error.code = BN_OK;
	set_trouble(r, NULL);
	if (r->pipeline.key != NULL)
		r->runs.scope = r->pipeline;
	forget_log(r);
}

static void
run_ask(struct bn_screen *screen)
{
	struct run *r = (struct run *)screen;

	look_back(r);
	bn_pane_ask(&r->runs);
	if (r->shown.key != NULL)
		ask_finding(r);
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
	forget_log(r);
	set_trouble(r, NULL);
	r->detail_at = 0;
	r->detail_tries = 0;
	r->ran = false;
	r->finding_known = false;
	ask_finding(r);
	ask_tasks(r);
	fetch_tasks(r);
}

static bool
has_ended(enum bn_status status)
{
	return status == BN_SUCCEEDED || status == BN_FAILED || status == BN_CANCELLED ||
	       status == BN_SKIPPED;
}

/* A poll may tell of the end before its tasks were read for the last time. */
static void
watch_end(struct run *r)
{
	enum bn_status status = run_status(r);

	if (status == BN_RUNNING)
		r->ran = true;
	if (!r->ran || !has_ended(status))
		return;
	r->ran = false;
	r->detail_at = 0;
	fetch_tasks(r);
}

static void
take_runs(struct run *r)
{
	struct bn_ref ref;
	size_t row;

	if (bn_list_rows(r->runs.list) == NULL || narrow(r) || !bn_pane_selected(&r->runs, &ref) ||
	    ref.key == NULL)
		return;
	show_run(r, ref);
	if (!r->pipeline_known && bn_list_selected(r->runs.list, &row))
		ask_pipeline(r, bn_row_text(bn_list_rows(r->runs.list), row, "pipeline"));
	watch_end(r);
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
	} else if (answer->slot == SLOT_PIPELINE) {
		take_pipeline(r, answer);
	} else if (answer->slot == SLOT_FINDING) {
		r->finding_known = r->finding_known || answer->rc == BN_OK;
		if (answer->rc == BN_OK)
			r->finding = bn_rows_count(answer->rows) > 0;
	} else if (answer->slot == SLOT_SOURCE) {
		set_trouble(r, answer->rc == BN_OK ? answer->rows : NULL);
	} else if (!bn_detail_answer(&r->detail, answer)) {
		bn_log_answer(&r->log, answer);
	}
}

/* ---- the log of the selected task -------------------------------------------------------- */

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
	const char *key = task_text(r, line, "key"), *name = task_text(r, line, "task");
	const struct bn_rows *rows = bn_tree_rows(r->tree);

	free(r->log_for);
	free(r->log_handle);
	r->log_for = bn_xstrdup(key);
	r->log_handle = bn_xstrdup(task_text(r, line, "log"));
	r->log_attempt = bn_row_int(rows, line->row, "attempt");
	r->log_try = bn_row_int(rows, line->row, "try");
	r->log_followed = bn_rows_status(rows, line->row) == BN_RUNNING;
	if (is_live(r))
		bn_log_start(&r->log, r->shown, key, r->log_handle, name, (int)r->log_try, LOG_TAIL,
			     r->log_followed);
	else /* in the past there is only what was kept by then */
		bn_log_kept(&r->log, r->shown, key, name, (int)r->log_try);
}

/* Whether the log that is shown is that of the line: a task that runs again writes another one. */
static bool
is_shown(const struct run *r, const struct bn_tree_line *line)
{
	const struct bn_rows *rows = bn_tree_rows(r->tree);

	return r->log_for != NULL && strcmp(r->log_for, task_text(r, line, "key")) == 0 &&
	       strcmp(r->log_handle, task_text(r, line, "log")) == 0 &&
	       r->log_attempt == bn_row_int(rows, line->row, "attempt") &&
	       r->log_try == bn_row_int(rows, line->row, "try") &&
	       (r->log_followed || bn_rows_status(rows, line->row) != BN_RUNNING);
}

/* Somebody reads further up in a log of the same task: it stays until they follow its end, or are done. */
static bool
is_being_read(const struct run *r, const struct bn_tree_line *line)
{
	return r->log_focus && r->log_for != NULL &&
	       strcmp(r->log_for, task_text(r, line, "key")) == 0 &&
	       bn_pager_lines(r->log.pager) > 0 && !bn_pager_following(r->log.pager);
}

static int
run_timer(struct bn_screen *screen)
{
	struct run *r = (struct run *)screen;
	const struct bn_tree_line *line = log_line(r);
	int64_t left;

	if (line == NULL || is_shown(r, line) || is_being_read(r, line))
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

/* ---- actions ----------------------------------------------------------------------------- */

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

/* It could not be had, or it ended while its task goes on: whoever asks for it wants it tried again. */
static bool
has_broken_off(const struct run *r, const struct bn_tree_line *line)
{
	return is_live(r) && r->log.reader == NULL &&
	       (r->log.error.code != BN_OK || r->log.kept || r->log.none ||
		bn_rows_status(bn_tree_rows(r->tree), line->row) == BN_RUNNING);
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
	if (!is_shown(r, line) || has_broken_off(r, line))
		start_log(r, line);
	r->log_focus = r->log_big = true;
}

static void
write_done(struct bn_app *app, void *payload, const char *path)
{
	bn_text_write(app, ((struct run *)payload)->log.pager, path);
}

/* What a task is called may hold what a file's name may not. */
static void
ask_where(struct run *r)
{
	char *name = bn_xasprintf("%s.log", r->log.title != NULL ? r->log.title : "task"), *at;

	for (at = name; *at != '\0'; at++)
		if (*at == '/' || *at == ' ')
			*at = '-';
	bn_app_prompt(
	    r->screen.app,
	    &(struct bn_prompt){
		.label = "write to: ", .initial = name, .done = write_done, .payload = r});
	free(name);
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
	case BN_ACT_WRITE:
		ask_where(r);
		return BN_REDRAW;
	case BN_ACT_EDIT:
		bn_app_say(r->screen.app, BN_TONE_PLAIN,
			   "a log stays as it was written; x writes it to a file");
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

static void
say_no_other(struct run *r, bool older)
{
	if (!r->pipeline_known || r->runs.fresh)
		bn_app_say(r->screen.app, BN_TONE_PLAIN,
			   "its pipeline's runs are still being read");
	else if (r->pipeline.key != NULL && r->runs.scope.kind != BN_PIPELINE)
		bn_app_say(r->screen.app, BN_TONE_PLAIN,
			   "it is not among the latest runs of its pipeline");
	else
		bn_app_say(r->screen.app, BN_TONE_PLAIN, "no %s run of its pipeline is known",
			   older ? "earlier" : "later");
}

/* n and N go through the runs of the pipeline; they are newest first. */
static unsigned
other_run(struct run *r, bool older)
{
	char *before = bn_xstrdup(r->shown.key);

	bn_list_act(r->runs.list, older ? BN_ACT_DOWN : BN_ACT_UP);
	take_runs(r);
	if (before != NULL && strcmp(before, r->shown.key) == 0)
		say_no_other(r, older);
	free(before);
	return BN_REDRAW;
}

static unsigned
deed(struct run *r, enum bn_action action)
{
	struct bn_ref ref;

	if (!subject(r, &ref))
		bn_app_say(r->screen.app, BN_TONE_PLAIN,
			   "what is found about it is still being read: once more, please");
	else if (action == BN_ACT_ACK)
		bn_app_acknowledge(r->screen.app, ref, false);
	else
		bn_app_snooze(r->screen.app, ref);
	return BN_REDRAW;
}

static unsigned
run_act(struct bn_screen *screen, enum bn_action action, const struct bn_key_event *event)
{
	struct run *r = (struct run *)screen;

	if (action == BN_ACT_REFRESH) { /* the application polls; tasks are nothing it polls */
		r->detail_at = 0;
		fetch_tasks(r);
		return 0;
	}
	r->log_wanted = false; /* who goes on by hand is not to be thrown into a log later */
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
	case BN_ACT_ACK:
	case BN_ACT_SNOOZE:
		return deed(r, action);
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

static void
run_close(struct bn_screen *screen)
{
	struct run *r = (struct run *)screen;

	free_ref(&r->about);
	free_ref(&r->shown);
	free_ref(&r->pipeline);
	bn_pane_clear(&r->runs);
	bn_tree_free(r->tree);
	bn_detail_clear(&r->detail);
	bn_log_clear(&r->log);
	free(r->log_for);
	free(r->log_handle);
	set_trouble(r, NULL);
}

static const struct bn_screen_ops ops = {
    .title = "Run",
    .context = BN_IN_RUN,
    .close = run_close,
    .ask = run_ask,
    .answer = run_answer,
    .draw = bn_run_draw,
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
	r->pipeline_known = about.kind == BN_PIPELINE;
	if (r->pipeline_known)
		r->pipeline = copy_ref(about);
	r->tree = bn_tree_new();
	r->log_wanted = log;
	r->at = bn_app_at(app);
	bn_pane_init(&r->runs, &r->screen, SLOT_RUNS, "runs", run_columns, NULL);
	r->runs.scope = r->about;
	r->runs.limit = 100;
	r->runs.sort = "-start";
	bn_detail_init(&r->detail, &r->screen, SLOT_DETAIL);
	bn_log_init(&r->log, &r->screen, SLOT_KEPT, 0);
	return &r->screen;
}

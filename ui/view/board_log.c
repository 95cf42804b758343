/* board_log.c - a dashboard's log panel: which run and task it is about, read live and followed while that runs. */
/* SPDX-License-Identifier: MIT */
#include "ui/view/board.h"

#include <stdlib.h>
#include <string.h>

#define PANEL_BYTES (1u << 20) /* that a panel holds; older lines give way */
#define PANEL_TAIL  500	       /* lines that it begins with */
#define TRY_AGAIN   30000      /* ms after a log could not be had */

static const char *const run_columns[] = {"status", "run", "start", NULL};
static const char *const task_columns[] = {"status", "task", "key", "log", "try", NULL};

void
bn_board_log_init(struct bn_board_panel *p, struct bn_screen *screen, int slot)
{
	bn_pane_init(&p->pane, screen, slot, "runs", run_columns, NULL);
	p->pane.limit = 1;
	p->pane.sort = "-start";
	p->pane.scope = p->spec->ref;
	bn_log_init(&p->log, screen, slot + 1, PANEL_BYTES);
}

void
bn_board_log_clear(struct bn_board_panel *p)
{
	bn_log_clear(&p->log);
	free(p->run_source);
	free(p->run_key);
}

/* ---- which log ----------------------------------------------------------------------------- */

/* Whether the platform can be asked: not in the past, and not without anybody who asks. */
static bool
is_live(const struct bn_board_panel *p)
{
	struct bn_app *app = p->pane.screen->app;

	return bn_app_options(app)->collect != NULL && bn_app_at(app) == 0;
}

/* Reads it from its platform, or where that can't be, what is kept of it. */
static void
start(struct bn_board_panel *p, const char *key, const char *handle, int try_number)
{
	struct bn_ref run = {BN_RUN, p->run_source, p->run_key};

	p->started = bn_app_tick(p->pane.screen->app);
	p->following = p->runs;
	if (!is_live(p))
		bn_log_kept(&p->log, run, key, p->spec->word, try_number);
	else
		bn_log_start(&p->log, run, key, handle, p->spec->word, try_number, PANEL_TAIL,
			     p->runs);
}

/* Not asked for yet, could not be had a while ago, or writes again since it was read. */
static bool
is_due(const struct bn_board_panel *p)
{
	bool another = p->log.run.key == NULL || strcmp(p->log.run.key, p->run_key) != 0;

	if (another || (p->runs && !p->following))
		return true;
	return p->log.reader == NULL && p->log.error.code != BN_OK &&
	       bn_app_tick(p->pane.screen->app) - p->started >= TRY_AGAIN;
}

static void
ask_tasks(struct bn_board_panel *p)
{
	struct bn_collect *collect = bn_app_options(p->pane.screen->app)->collect;
	struct bn_ref run = {BN_RUN, p->run_source, p->run_key};
	struct bn_question question = {.kind = BN_ASK_ROWS};
	struct bn_error err;

	/* Tasks are read when somebody looks; where they can't be, the log will say why. */
	if (is_live(p) && !p->tasks_wanted)
		(void)bn_collect_detail(collect, run, 0, &err);
	p->tasks_wanted = true;
	question.query = (struct bn_query){
	    .table = bn_view_table("tasks"), .columns = task_columns, .scope = run, .limit = 20000};
	bn_app_ask(p->pane.screen, p->slot + 2, &question);
}

static void
read_run(struct bn_board_panel *p)
{
	if (!is_due(p))
		return;
	if (p->spec->word != NULL)
		ask_tasks(p);
	else
		start(p, NULL, NULL, 0);
}

/* The task that the panel names, of the run that it is about. */
static void
found_tasks(struct bn_board_panel *p, const struct bn_rows *rows)
{
	size_t row;

	for (row = 0; row < bn_rows_count(rows); row++)
		if (strcmp(bn_row_text(rows, row, "task"), p->spec->word) == 0 ||
		    strcmp(bn_row_text(rows, row, "key"), p->spec->word) == 0)
			break;
	p->no_task = row == bn_rows_count(rows);
	if (!p->no_task) {
		const char *handle = bn_row_text(rows, row, "log");

		p->runs = bn_rows_status(rows, row) == BN_RUNNING;
		start(p, bn_row_text(rows, row, "key"), *handle != '\0' ? handle : NULL,
		      (int)bn_row_int(rows, row, "try"));
	} else if (!is_live(p)) {
		start(p, p->spec->word, NULL, 0);
	}
}

static void
be_about(struct bn_board_panel *p, struct bn_ref run)
{
	if (p->run_key != NULL && strcmp(p->run_key, run.key) == 0)
		return;
	free(p->run_source);
	free(p->run_key);
	p->run_source = bn_xstrdup(run.source);
	p->run_key = bn_xstrdup(run.key);
	p->tasks_wanted = false;
}

/* ---- questions and answers --------------------------------------------------------------- */

/* In the past there is only what was kept by then. */
static void
look_back(struct bn_board_panel *p)
{
	bool past = bn_app_at(p->pane.screen->app) != 0;

	if (past == p->past)
		return;
	p->past = past;
	bn_log_forget(&p->log);
	p->tasks_wanted = false;
}

void
bn_board_log_ask(struct bn_board_panel *p)
{
	look_back(p);
	bn_pane_ask(&p->pane);
}

/* The pipeline's latest run, or the run itself. */
static void
found_run(struct bn_board_panel *p)
{
	struct bn_ref run;

	if (!bn_pane_selected(&p->pane, &run) || run.key == NULL)
		return;
	be_about(p, run);
	p->runs = bn_rows_status(bn_list_rows(p->pane.list), 0) == BN_RUNNING;
	read_run(p);
}

bool
bn_board_log_answer(struct bn_board_panel *p, struct bn_answer *answer)
{
	if (bn_pane_answer(&p->pane, answer)) {
		found_run(p);
		return true;
	}
	if (answer->slot == p->slot + 2) {
		if (answer->rc == BN_OK && p->run_key != NULL && is_due(p))
			found_tasks(p, answer->rows);
		return true;
	}
	return bn_log_answer(&p->log, answer);
}

/* ---- drawing ----------------------------------------------------------------------------- */

void
bn_board_log_draw(struct bn_board_panel *p, struct bn_rect in)
{
	struct bn_pen *pen = bn_app_pen(p->pane.screen->app);

	if (p->log.run.key != NULL)
		bn_log_draw(&p->log, in);
	else if (p->pane.error.code != BN_OK)
		bn_draw_folded(pen, in, BN_INK(BN_ROLE_WARN), p->pane.error.message);
	else if (p->no_task)
		bn_drawf(pen, in.y, in.x, in.w, BN_INK(BN_ROLE_DIM), "its run has no task \"%s\"",
			 p->spec->word);
	else
		bn_draw(pen, in.y, in.x, in.w, BN_INK(BN_ROLE_DIM),
			bn_list_rows(p->pane.list) == NULL ? "…" : "no run of it is known");
}

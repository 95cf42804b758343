/* log.c - one log being read: live from its platform, or as it was kept when that can't be had. */
/* SPDX-License-Identifier: MIT */
#include "ui/view/log.h"

#include <stdlib.h>
#include <string.h>

#define LINES_A_TURN 4000 /* so that a log that pours in doesn't keep keys waiting */

void
bn_log_init(struct bn_log *log, struct bn_screen *screen, int slot, size_t max_bytes)
{
	log->screen = screen;
	log->slot = slot;
	log->pager = bn_pager_new(max_bytes, true);
}

static void
forget(struct bn_log *log)
{
	bn_log_stop(log);
	free((char *)(uintptr_t)log->run.source);
	free((char *)(uintptr_t)log->run.key);
	free(log->task);
	free(log->title);
	free(log->handle);
	log->run = (struct bn_ref){BN_KIND_NONE, NULL, NULL};
	log->task = log->handle = log->title = NULL;
	log->ended = log->kept = log->none = false;
	log->error.code = BN_OK;
}

void
bn_log_forget(struct bn_log *log)
{
	forget(log);
	bn_pager_clear(log->pager);
}

void
bn_log_clear(struct bn_log *log)
{
	forget(log);
	bn_pager_free(log->pager);
	log->pager = NULL;
}

void
bn_log_stop(struct bn_log *log)
{
	bn_log_reader_close(log->reader);
	log->reader = NULL;
}

/* What an earlier reading left, for when the platform doesn't answer or forgot. */
static void
ask_kept(struct bn_log *log)
{
	struct bn_question question = {.kind = BN_ASK_KEPT_LOG,
				       .about = log->run,
				       .task = log->task,
				       .try_number = log->try_number};

	bn_app_ask(log->screen, log->slot, &question);
}

static void
be_about(struct bn_log *log, struct bn_ref run, const char *task, const char *title, int try_number)
{
	forget(log);
	bn_pager_clear(log->pager);
	bn_pager_follow(log->pager, true);
	log->run = (struct bn_ref){run.kind, bn_xstrdup(run.source), bn_xstrdup(run.key)};
	log->task = bn_xstrdup(task);
	log->title = bn_xstrdup(title);
	log->try_number = try_number;
}

void
bn_log_kept(struct bn_log *log, struct bn_ref run, const char *task, const char *title,
	    int try_number)
{
	be_about(log, run, task, title, try_number);
	ask_kept(log);
}

void
bn_log_start(struct bn_log *log, struct bn_ref run, const char *task, const char *handle,
	     const char *title, int try_number, int tail, bool follow)
{
	struct bn_collect *collect = bn_app_options(log->screen->app)->collect;
	struct bn_log_request request;

	be_about(log, run, task, title, try_number);
	log->handle = bn_xstrdup(handle);
	request =
	    (struct bn_log_request){log->run.key, log->task, log->handle, try_number, tail, follow};
	if (collect == NULL ||
	    bn_collect_log_open(&log->reader, collect, log->run, &request, &log->error) != BN_OK) {
		log->reader = NULL;
		ask_kept(log);
	}
}

static void
add_line(struct bn_log *log, const struct bn_log_line *line)
{
	char at[BN_TIME_TEXT], head[BN_TIME_TEXT + 2] = "";

	if (line->at != 0) {
		bn_time_show(line->at, bn_app_options(log->screen->app)->zone, BN_TIME_HMS, at);
		/* Many programs write the time themselves: once is enough. */
		if (memmem(line->text, line->size < 24 ? line->size : 24, at, strlen(at)) == NULL)
			snprintf(head, sizeof(head), "%s ", at);
	}
	bn_pager_add(log->pager, head[0] != '\0' ? head : NULL, line->text, line->size,
		     BN_ROLE_TEXT);
}

bool
bn_log_pump(struct bn_log *log)
{
	struct bn_log_line line;
	struct bn_error err = {0};
	bool changed = false;
	int i, rc = 1;

	for (i = 0; log->reader != NULL && i < LINES_A_TURN; i++) {
		rc = bn_log_next(log->reader, &line, 0, &err);
		if (rc != 1)
			break;
		add_line(log, &line);
		changed = true;
	}
	if (log->reader == NULL || rc >= 0)
		return changed;
	log->ended = true;
	bn_log_stop(log);
	if (bn_pager_following(
		log->pager)) { /* there is nothing more to follow: its end stays in sight */
		bn_pager_act(log->pager, BN_ACT_BOTTOM);
		bn_pager_follow(log->pager, false);
	}
	if (rc != BN_ECANCELLED) {
		log->error = err;
		log->error.code = rc;
		if (bn_pager_lines(log->pager) == 0)
			ask_kept(log);
	}
	return true;
}

bool
bn_log_answer(struct bn_log *log, struct bn_answer *answer)
{
	if (answer->slot != log->slot)
		return false;
	if (log->run.key == NULL || log->reader != NULL) /* of what was looked at before */
		return true;
	if (answer->rc != BN_OK) {
		log->error = answer->error;
		log->error.code = answer->rc;
	} else if (answer->text != NULL && bn_pager_lines(log->pager) == 0) {
		bn_pager_add_text(log->pager, answer->text);
		log->kept = true;
		log->kept_at = answer->text_at;
	} else {
		log->none = answer->text == NULL;
	}
	return true;
}

void
bn_log_words(const struct bn_log *log, struct bn_buf *title, struct bn_buf *right)
{
	char position[96], at[BN_TIME_TEXT];

	bn_buf_addf(title, "log%s%s", log->title != NULL ? " · " : "",
		    log->title != NULL ? log->title : "");
	if (log->try_number > 1)
		bn_buf_addf(title, " · try %d", log->try_number);
	if (log->kept)
		bn_buf_addf(right, "kept %s · ",
			    bn_time_show(log->kept_at, bn_app_options(log->screen->app)->zone,
					 BN_TIME_MDHM, at));
	else if (log->ended && log->error.code == BN_OK)
		bn_buf_adds(right, "end · ");
	bn_pager_position(log->pager, position, sizeof(position));
	bn_buf_adds(right, position);
	if (log->reader != NULL && bn_log_dropped(log->reader) > 0)
		bn_buf_addf(right, " · %lld lost on the way",
			    (long long)bn_log_dropped(log->reader));
}

void
bn_log_draw(struct bn_log *log, struct bn_rect r)
{
	struct bn_pen *pen = bn_app_pen(log->screen->app);
	int used;

	bn_pager_draw(log->pager, pen, r);
	if (bn_pager_lines(log->pager) > 0)
		return;
	if (log->run.key == NULL)
		bn_draw(pen, r.y, r.x, r.w, BN_INK(BN_ROLE_DIM), "no task selected");
	else if (log->error.code != BN_OK) {
		used = bn_draw_folded(pen, r, BN_INK(BN_ROLE_WARN), log->error.message);
		if (used < r.h)
			bn_draw(pen, r.y + used, r.x, r.w, BN_INK(BN_ROLE_DIM), log->error.hint);
	} else if (log->reader != NULL)
		bn_draw(pen, r.y, r.x, r.w, BN_INK(BN_ROLE_DIM), "…");
	else
		bn_draw(pen, r.y, r.x, r.w, BN_INK(BN_ROLE_DIM),
			log->none ? "nothing of it was kept" : "the log is empty");
}

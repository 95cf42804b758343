/* log.h - one log being read: live from its platform, or as it was kept when that can't be had. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_LOG_H
#define BN_UI_LOG_H

#include "ui/app.h"
#include "ui/widget/pager.h"

struct bn_log {
	struct bn_screen *screen;
	int slot; /* of the question for what was kept */
	struct bn_pager *pager;
	struct bn_log_reader *reader; /* NULL: not reading */
	struct bn_ref run;	      /* with strings of its own */
	char *task, *handle, *title;
	int try_number;
	bool ended; /* the far end says that there is no more */
	bool kept;  /* what is shown was kept from an earlier reading */
	bool none;  /* nothing was kept */
	bn_time kept_at;
	struct bn_error error; /* code 0: nothing went wrong */
};

/* It holds at most `max_bytes` of text, 0: what a pager does. */
void bn_log_init(struct bn_log *log, struct bn_screen *screen, int slot, size_t max_bytes);
/* It is about nothing any more, and empty. */
void bn_log_forget(struct bn_log *log);
void bn_log_clear(struct bn_log *log);
/* Begins to read; what was read before goes. `task` NULL: the whole run; `title` is what
 * a person calls it. `tail` 0: all. */
void bn_log_start(struct bn_log *log, struct bn_ref run, const char *task, const char *handle,
		  const char *title, int try_number, int tail, bool follow);
/* The same without asking the platform: what an earlier reading left. */
void bn_log_kept(struct bn_log *log, struct bn_ref run, const char *task, const char *title,
		 int try_number);
void bn_log_stop(struct bn_log *log);
/* Takes the lines that wait (bounded). True if anything changed. */
bool bn_log_pump(struct bn_log *log);
/* True if the answer was its own. */
bool bn_log_answer(struct bn_log *log, struct bn_answer *answer);
/* "log · TASK" and "12-30 of 211 · follow". */
void bn_log_words(const struct bn_log *log, struct bn_buf *title, struct bn_buf *right);
void bn_log_draw(struct bn_log *log, struct bn_rect rect);

/* text.c: writes what a pager holds to a new file (`path` NULL or "": to none), and says so. */
void bn_text_write(struct bn_app *app, const struct bn_pager *pager, const char *path);

#endif

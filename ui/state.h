/* state.h - the application's own fields: for app.c, chrome.c, command.c and journal.c, for no screen. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_STATE_H
#define BN_UI_STATE_H

#include "ui/app.h"
#include "ui/dashboard.h"
#include "ui/term.h"

#define BN_HELD_KEYS 256

struct bn_job; /* a scripted command at work, command.c */

struct bn_app {
	const struct bn_console_options *options;
	struct bn_term *term;
	struct bn_theme theme;
	struct bn_pen pen;
	enum bn_chart_set charts;
	struct bn_keymap *keymap;
	struct bn_queries *queries;
	struct bn_decoder decoder;
	int signal_fd;
	int64_t tick;	  /* bn_monotonic() of this turn */
	int64_t last_key; /* … of the latest key */
	struct {
		struct bn_key_event keys[BN_HELD_KEYS];
		size_t count;
		int64_t since;
	} held;	       /* keys that wait for the rows they are about */
	bool answered; /* some rows were painted, or could not be had … */
	bool begun;    /* … and whoever waited for that was told */

	struct bn_screen *tabs[BN_TAB_COUNT];
	enum bn_tab tab;
	struct bn_screen *top; /* what is shown */
	uint64_t serials;
	char *context;
	char *
	    domain; /* what all screens are narrowed to, NULL: nothing; see struct bn_query.domain */

	struct bn_summary summary;
	bool summarised;
	struct bn_error trouble; /* why the summary could not be had; code 0: it could */
	bool paused;
	bool dirty, whole; /* something to paint; everything */
	bool small;	   /* what stands on the terminal is only that it is too small */
	bool stale;	   /* data changed since the last asking */
	int64_t asked;	   /* when everything was last asked for */
	char clock_shown[BN_TIME_TEXT];

	char *message;
	enum bn_tone tone;
	int64_t said;

	bool prompting;
	struct bn_prompt prompt;
	struct bn_input input;
	struct bn_history commands, filters;
	bool recalls; /* the file of commands was read: without that it is not written over */

	struct bn_dashboards *boards; /* NULL: they could not be read */
	int reload_fd;		      /* inotify, -1: nothing is watched */
	struct bn_strlist watched;    /* the configuration's files */

	bn_time at; /* the moment that is shown, 0: now */
	unsigned
	    epoch; /* counts how often that changed, or the domain: rows of before are other rows */
	struct bn_job *job;
	struct bn_retry *retry; /* the dialog, or what is done behind it; NULL: none */
	struct bn_many *many;	/* the same for many at once */
	int deeds;		/* written to the journal so far: a slot each */
	int deeds_out;		/* … of which so many are not done yet */
	uint64_t asked_last;	/* number of the last question of the latest bn_app_ask_all */
	uint64_t
	    rereading; /* the one whose answer says that a deed's rows were read, 0: none is awaited */
	bool quit;
	int exit_code;
};

#define BN_CALM_AFTER	 10000 /* ms without a key after which rows may change their order */
#define BN_SUMMARY_OWNER 0

/* services.c: asks the header's question and the shown screen's; back to the screen below, if there is one. */
void bn_app_ask_all(struct bn_app *app);
void bn_app_free_screen(struct bn_screen *screen);
void bn_app_leave(struct bn_app *app);

/* keys.c: reads what was typed and acts on it (false: the terminal is gone); keys that only time makes certain;
 * keys that waited for rows, which are there now or did not come in time, and how long that is still (ms, -1: none
 * waits); what a screen wants done after an action; back to the shell until somebody says fg; the end of a prompt. */
bool bn_app_read_keys(struct bn_app *app);
void bn_app_late_keys(struct bn_app *app);
void bn_app_held_keys(struct bn_app *app);
int bn_app_held_wait(const struct bn_app *app);
void bn_app_react(struct bn_app *app, unsigned reaction);
void bn_app_suspend(struct bn_app *app);
/* Whether the key does something for what is selected, rather than say why not: the hint line shows no other. */
bool bn_app_offers(struct bn_app *app, enum bn_action action);
void bn_app_end_prompt(struct bn_app *app, bool done);

/* chrome.c: the two lines above a screen and the one below it. Returns the screen's room. */
struct bn_rect bn_chrome_draw(struct bn_app *app);
/* The clock as the header shows it. */
void bn_chrome_clock(const struct bn_app *app, char out[BN_TIME_TEXT]);

/* replay.c: the keys of time travel; true: it was one of them. */
bool bn_replay_action(struct bn_app *app, enum bn_action action);
/* Before the first paint: to the moment that --at names, if it does. */
int bn_replay_begin(struct bn_app *app, struct bn_error *err);

/* journal.c: questions that write belong to this owner. */
#define BN_DEED_OWNER UINT64_MAX
/* True while rows in sight may lack what was written here: keys about them wait. */
bool bn_deed_pending(const struct bn_app *app);
/* Reads the rows in sight, which a deed may have changed, though nothing else is read while paused. */
void bn_deed_reread(struct bn_app *app);
/* An answer to the header's question has come. */
void bn_deed_answered(struct bn_app *app, uint64_t number);
void bn_deed_done(struct bn_app *app, const struct bn_answer *answer);

/* reload.c: reads the dashboards and watches the files they come from; inotify has something to say; reads them now. */
void bn_reload_begin(struct bn_app *app);
void bn_reload_end(struct bn_app *app);
void bn_reload_noticed(struct bn_app *app);
void bn_reload_now(struct bn_app *app, bool say);

/* board.c: the dashboards were read anew, and are not freed yet; the list of them, or the only one; the one of that
 * name: false if there is none. */
void bn_boards_changed(struct bn_app *app);
void bn_app_boards(struct bn_app *app);
bool bn_app_board(struct bn_app *app, const char *name);

/* command.c: what the line could become, the console's own commands among it */
void bn_command_complete(struct bn_app *app, void *payload, const char *text,
			 struct bn_strlist *out);
/* The line says yes by itself: it is not kept, or `:`, Up and Enter would send again what was meant once. */
bool bn_command_consents(const char *line);
int bn_job_fd(const struct bn_job *job); /* -1 without a job */
void bn_job_finish(struct bn_app *app);	 /* when that is readable: shows what came of it */
void bn_job_abandon(struct bn_app *app); /* at the end: waits a second for it, no longer */

#endif

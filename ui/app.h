/* app.h - inside the console: the application, its screens, and what a screen may ask of it. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_APP_H
#define BN_UI_APP_H

#include "ui/console.h"
#include "ui/draw.h"
#include "ui/keymap.h"
#include "ui/query.h"
#include "ui/widget/chart.h"
#include "ui/widget/input.h"

struct bn_app;
struct bn_screen;

/* What an action wants to happen next; the loop does it once. */
#define BN_REDRAW 1u
#define BN_REASK  2u
#define BN_LEAVE  4u

/* A screen is a record of functions and an instance that begins with struct bn_screen. */
struct bn_screen_ops {
	const char *title; /* in the header */
	unsigned context;
	void (*close)(struct bn_screen *);
	/* Asks the view thread everything the screen shows; called when it comes up and when data
	 * changed. */
	void (*ask)(struct bn_screen *);
	void (*answer)(struct bn_screen *, struct bn_answer *);
	void (*draw)(struct bn_screen *, struct bn_rect body);
	unsigned (*act)(struct bn_screen *, enum bn_action, const struct bn_key_event *);
	/* It comes up: rows may take their proper order. May be NULL. */
	void (*come)(struct bn_screen *);
	/* What the cursor is on; strings borrowed until the next answer. NULL or false: nothing. */
	bool (*selected)(struct bn_screen *, struct bn_ref *out);
	/* What is marked and in sight, with strings as above; the caller frees *out. *hidden counts what is marked and
	 * not among the rows (a filter). NULL: nothing can be marked for others. */
	size_t (*marked)(struct bn_screen *, struct bn_ref **out, size_t *hidden);
	/* Something moved that no query shows (log lines). Returns reactions. */
	unsigned (*wake)(struct bn_screen *);
	/* Milliseconds until `wake` wants to be called by itself, -1: not. */
	int (*timer)(struct bn_screen *);
	/* Where keys go at present, when that differs from ops->context (a pane with its own keys).
	 */
	unsigned (*where)(const struct bn_screen *);
};

struct bn_screen {
	const struct bn_screen_ops *ops;
	struct bn_app *app;
	struct bn_screen *below; /* shown again when this one is left; NULL: a tab */
	uint64_t serial;	 /* owner of its questions */
	/* Its rows were asked for otherwise (a filter, another order, it came up), and those in sight are not the ones
	 * that are meant: keys wait for the answer. */
	bool unread;
	bool
	    failed; /* … and could not be had: those in sight are still others, and no key changes them */
	unsigned epoch; /* bn_app.epoch when it was asked for last … */
	int deeds;	/* … and bn_app.deeds */
	char *name;	/* shown after the title, or NULL */
};

/* A screen as it is made. The tabs' constructors take no subject. */
struct bn_screen *bn_triage_screen(struct bn_app *app);
struct bn_screen *bn_runs_screen(struct bn_app *app);
struct bn_screen *bn_models_screen(struct bn_app *app);
struct bn_screen *bn_endpoints_screen(struct bn_app *app);
struct bn_screen *bn_streams_screen(struct bn_app *app);
struct bn_screen *bn_products_screen(struct bn_app *app);
struct bn_screen *bn_timeline_screen(struct bn_app *app);
struct bn_screen *bn_sources_screen(struct bn_app *app);
struct bn_screen *bn_run_screen(struct bn_app *app, struct bn_ref about, bool log);
struct bn_screen *bn_changed_screen(struct bn_app *app, struct bn_ref about);
struct bn_screen *bn_links_screen(struct bn_app *app, struct bn_ref about);
/* A chart of the whole screen. `table`: see bn_curve_init; `limit` is drawn as a line called `limit_word`. */
struct bn_window;
struct bn_screen *bn_chart_screen(struct bn_app *app, struct bn_ref about, const char *table,
				  const struct bn_window *window, double limit,
				  const char *limit_word);
struct bn_screen *bn_detail_screen(struct bn_app *app, struct bn_ref about);
struct bn_screen *bn_progress_screen(struct bn_app *app); /* of the bulk that is sent, or was */
struct bn_screen *bn_board_screen(struct bn_app *app, const char *name);
/* `text` is taken over; split into lines. */
struct bn_screen *bn_text_screen(struct bn_app *app, const char *title, char *text);
struct bn_screen *bn_help_screen(struct bn_app *app, unsigned context);

enum bn_tab {
	BN_TAB_TRIAGE,
	BN_TAB_RUNS,
	BN_TAB_MODELS,
	BN_TAB_ENDPOINTS,
	BN_TAB_STREAMS,
	BN_TAB_PRODUCTS,
	BN_TAB_TIMELINE,
	BN_TAB_SOURCES,
	BN_TAB_COUNT
};
struct bn_tab_row {
	enum bn_action action;
	const char *name, *brief; /* brief: where all the names don't fit into the line */
	struct bn_screen *(*make)(struct bn_app *app);
};
extern const struct bn_tab_row bn_tabs[BN_TAB_COUNT];

/* ---- what screens use -------------------------------------------------------------------- */

const struct bn_console_options *bn_app_options(const struct bn_app *app);
struct bn_pen *bn_app_pen(struct bn_app *app);
struct bn_style bn_app_style(const struct bn_app *app); /* zone, glyphs, the moment */
const struct bn_keymap *bn_app_keymap(const struct bn_app *app);
bool bn_app_ascii(const struct bn_app *app);
enum bn_chart_set bn_app_charts(const struct bn_app *app); /* what charts are made of here */
/* A person pressed no key for ten seconds: now the order of rows may change. */
bool bn_app_calm(const struct bn_app *app);
struct bn_summary bn_app_summary(const struct bn_app *app); /* all 0 before the first */
int64_t bn_app_tick(const struct bn_app *app); /* bn_monotonic() of this turn of the loop */

void *bn_screen_new(struct bn_app *app, const struct bn_screen_ops *ops, size_t size);
void bn_app_push(struct bn_app *app, struct bn_screen *screen);
void bn_app_tab(struct bn_app *app, enum bn_tab tab);
struct bn_screen *bn_app_tab_screen(struct bn_app *app, enum bn_tab tab);
/* Opens the screen that shows this thing best. */
void bn_app_open(struct bn_app *app, struct bn_ref ref);
uint64_t bn_app_ask(struct bn_screen *screen, int slot, const struct bn_question *question);
/* Its rows could not be had: keys that wait for them are never done. */
void bn_app_forget_keys(struct bn_screen *screen);

/* A dialog is gone: what was under it is painted anew, with rows of now. */
void bn_app_uncover(struct bn_app *app);

/* "a model", "an endpoint": the thing's kind in a sentence; "this" for what is none. */
const char *bn_app_a(struct bn_ref ref);

/* One line at the bottom until the next key. */
enum bn_tone { BN_TONE_PLAIN, BN_TONE_GOOD, BN_TONE_BAD };
void bn_app_say(struct bn_app *app, enum bn_tone tone, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void bn_app_fail(struct bn_app *app, const struct bn_error *err);
void bn_app_copy(struct bn_app *app, const char *text);
/* editor.c: lends the terminal to VISUAL, EDITOR or vi, with `text` in a file of its own; blocks until it ends. *out is
 * what it left, to be freed. When it fails, or left more than 4 MiB, the text is as it was. */
int bn_app_edit(struct bn_app *app, const char *text, char **out, struct bn_error *err);

/* A line asked of the person at the bottom. `changed` (may be NULL) hears of every edit; `done` of
 * the end: text, or NULL when it was left with Esc. */
struct bn_prompt {
	const char *label;
	const char *initial;
	struct bn_history *history;
	void (*changed)(struct bn_app *app, void *payload, const char *text);
	void (*done)(struct bn_app *app, void *payload, const char *text);
	void (*complete)(struct bn_app *app, void *payload, const char *text,
			 struct bn_strlist *out);
	void *payload;
};
void bn_app_prompt(struct bn_app *app, const struct bn_prompt *prompt);
struct bn_history *bn_app_filters(struct bn_app *app); /* history of filters and searches */

/* Runs a scripted command; its output comes up in a pager. */
void bn_app_command(struct bn_app *app, const char *line);

/* What all screens are narrowed to, NULL: nothing. */
const char *bn_app_domain(const struct bn_app *app);

/* Time travel: the moment that is shown, 0 live; and that, or now. */
bn_time bn_app_at(const struct bn_app *app);
bn_time bn_app_now(const struct bn_app *app);
/* Says that nothing can be done in the past, if that is what is shown. */
bool bn_app_replaying(struct bn_app *app);
enum bn_reach bn_app_reach(const struct bn_app *app);

/* The journal's verbs over the selected thing. */
void bn_app_acknowledge(struct bn_app *app, struct bn_ref about, bool undo);
void bn_app_snooze(struct bn_app *app, struct bn_ref about);
void bn_app_note(struct bn_app *app, struct bn_ref about);

#endif

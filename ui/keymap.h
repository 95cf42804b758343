/* keymap.h - the one table of actions: keys, help overlay, hint line and binnacle-keys(7) come from it. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_KEYMAP_H
#define BN_UI_KEYMAP_H

#include <stdio.h>

#include "base/memory.h"
#include "config/config.h"
#include "ui/key.h"

/* Where a key is pressed. Every screen has one; pagers of all sorts share IN_TEXT. */
#define BN_IN_TRIAGE	(1u << 0)
#define BN_IN_RUNS	(1u << 1)
#define BN_IN_RUN	(1u << 2)
#define BN_IN_ENDPOINTS (1u << 3)
#define BN_IN_SOURCES	(1u << 4)
#define BN_IN_TIMELINE	(1u << 5)
#define BN_IN_CHANGED	(1u << 6)
#define BN_IN_LINKS	(1u << 7)
#define BN_IN_MODELS	(1u << 8)
#define BN_IN_STREAMS	(1u << 9)
#define BN_IN_PRODUCTS	(1u << 10)
#define BN_IN_BOARD	(1u << 11)
#define BN_IN_CHART	(1u << 12)
#define BN_IN_COMPARE	(1u << 13)
#define BN_IN_BOARDS	(1u << 14)
#define BN_IN_BULK	(1u << 15)
#define BN_IN_STREAMED	(1u << 16) /* Streams as a list: no chart has a cursor there */
#define BN_IN_TEXT	(1u << 17)
#define BN_IN_LISTS	(BN_IN_TEXT - 1u)
#define BN_IN_ALL	(BN_IN_LISTS | BN_IN_TEXT)
#define BN_IN_FILTERED                                                                             \
	(BN_IN_LISTS & ~(BN_IN_RUN | BN_IN_LINKS | BN_IN_STREAMS | BN_IN_STREAMED | BN_IN_CHART |  \
			 BN_IN_COMPARE | BN_IN_BOARD | BN_IN_BOARDS | BN_IN_BULK))
/* Where there is a chart with a cursor. */
#define BN_IN_CHARTS (BN_IN_ENDPOINTS | BN_IN_STREAMS | BN_IN_CHART | BN_IN_BOARD)
/* Screens whose rows are things of the platforms (not calls or commits). */
#define BN_IN_THINGS (BN_IN_LISTS & ~(BN_IN_CHANGED | BN_IN_BOARDS))

/* Flags of an action. */
#define BN_CHANGES 1u /* changes something: refused with --read-only */
#define BN_ACTS	   2u /* opens a plan of something that changes a platform: absent with --read-only */

/* Id, name (also the key of [keys]), contexts, default keys, contexts whose hint line shows it, its
 * hint, flags, help. The order is that of the help overlay and, within a screen, of the hint line.
 */
#define BN_ACTIONS(X)                                                                              \
	X(OPEN, "open", BN_IN_LISTS, "Enter", BN_IN_LISTS, "open", 0,                              \
	  "open the selected thing; in a run, fold a group or read a task's log")                  \
	X(BACK, "back", BN_IN_ALL, "Esc h Backspace",                                              \
	  BN_IN_RUN | BN_IN_CHANGED | BN_IN_LINKS | BN_IN_CHART | BN_IN_COMPARE | BN_IN_BOARD |    \
	      BN_IN_BOARDS | BN_IN_BULK | BN_IN_TEXT,                                              \
	  "back", 0, "back: clears the filter, closes the pane, leaves the screen, in that order") \
	X(RETRY, "retry", BN_IN_TRIAGE | BN_IN_RUNS | BN_IN_RUN | BN_IN_BULK, "r",                 \
	  BN_IN_TRIAGE | BN_IN_RUNS | BN_IN_RUN, "retry", BN_ACTS,                                 \
	  "plan a retry of what failed, or of all that is marked: shows what would run again; "    \
	  "sends nothing yet")                                                                     \
	X(ABORT, "abort", BN_IN_BULK, "x", BN_IN_BULK, "abort", 0,                                 \
	  "send nothing more of this bulk retry; what is under way ends by itself")                \
	X(PROGRESS, "progress", BN_IN_LISTS & ~BN_IN_BULK, "P", 0, NULL, 0,                        \
	  "the bulk retry that is under way, or was the last one")                                 \
	X(LOG, "log", BN_IN_TRIAGE | BN_IN_RUNS | BN_IN_RUN | BN_IN_TIMELINE, "l",                 \
	  BN_IN_TRIAGE | BN_IN_RUNS | BN_IN_RUN, "log", 0,                                         \
	  "read the log of the selected run or task")                                              \
	X(LINKS, "links", BN_IN_THINGS, "b",                                                       \
	  BN_IN_TRIAGE | BN_IN_RUNS | BN_IN_RUN | BN_IN_ENDPOINTS | BN_IN_STREAMS |                \
	      BN_IN_STREAMED | BN_IN_MODELS | BN_IN_PRODUCTS,                                      \
	  "lineage", 0, "lineage: what feeds it, what changed last first, and what it feeds")      \
	X(CHANGED, "changed", BN_IN_THINGS, "w",                                                   \
	  BN_IN_TRIAGE | BN_IN_RUNS | BN_IN_RUN | BN_IN_ENDPOINTS | BN_IN_LINKS | BN_IN_STREAMS |  \
	      BN_IN_STREAMED | BN_IN_CHART | BN_IN_MODELS | BN_IN_PRODUCTS,                        \
	  "what changed", 0, "what changed around it: commits, statuses, attributes")              \
	X(DETAIL, "detail", BN_IN_LISTS, "d", BN_IN_SOURCES | BN_IN_TIMELINE, "detail", 0,         \
	  "everything known about the selected thing")                                             \
	X(OBJECTIVES, "objectives", BN_IN_PRODUCTS, "S", BN_IN_PRODUCTS, "objectives", 0,          \
	  "under the list: facts, objectives, or the last 30 days")                                \
	X(DOCTOR, "doctor", BN_IN_SOURCES, "D", BN_IN_SOURCES, "doctor", 0,                        \
	  "ask this source whether login and rights work")                                         \
	X(ACK, "acknowledge", BN_IN_THINGS, "a", BN_IN_TRIAGE, "ack", BN_CHANGES,                  \
	  "acknowledge: you have seen it; on Triage it stays, marked a, until the cursor leaves "  \
	  "it (again: take that back)")                                                            \
	X(SNOOZE, "snooze", BN_IN_THINGS, "z", BN_IN_TRIAGE, "snooze", BN_CHANGES,                 \
	  "put it to sleep for a while (for 0: wake it); on Triage it stays likewise, marked z")   \
	X(NOTE, "note", BN_IN_THINGS, "i", BN_IN_TRIAGE, "note", BN_CHANGES,                       \
	  "write a note about it into the journal")                                                \
	X(HIDDEN, "show-hidden", BN_IN_TRIAGE, "A", 0, "hidden", 0,                                \
	  "show what is acknowledged or snoozed as well")                                          \
	X(DOWN, "down", BN_IN_ALL, "j Down Ctrl-N WheelDown", 0, NULL, 0, "one row down")          \
	X(UP, "up", BN_IN_ALL, "k Up Ctrl-P WheelUp", 0, NULL, 0, "one row up")                    \
	X(TOP, "top", BN_IN_ALL, "g Home", 0, NULL, 0, "to the first row")                         \
	X(BOTTOM, "bottom", BN_IN_ALL, "G End", 0, NULL, 0, "to the last row")                     \
	X(HALF_DOWN, "half-down", BN_IN_ALL, "Ctrl-D", 0, NULL, 0, "half a page down")             \
	X(HALF_UP, "half-up", BN_IN_ALL, "Ctrl-U", 0, NULL, 0, "half a page up")                   \
	X(PAGE_DOWN, "page-down", BN_IN_ALL, "PgDn Ctrl-F", 0, NULL, 0, "a page down")             \
	X(PAGE_UP, "page-up", BN_IN_ALL, "PgUp Ctrl-B", 0, NULL, 0, "a page up")                   \
	X(TEXT_PAGE, "page", BN_IN_TEXT, "Space", 0, NULL, 0, "a page down")                       \
	X(LEFT, "left", BN_IN_RUN | BN_IN_LINKS | BN_IN_TEXT, "Left", 0, NULL, 0,                  \
	  "fold; in a text, scroll left")                                                          \
	X(RIGHT, "right", BN_IN_RUN | BN_IN_LINKS | BN_IN_TEXT, "Right", 0, NULL, 0,               \
	  "unfold; in a text, scroll right")                                                       \
	X(PANE, "pane", BN_IN_RUN | BN_IN_STREAMS | BN_IN_BOARD | BN_IN_TEXT, "Tab",               \
	  BN_IN_STREAMS | BN_IN_BOARD, "next", 0,                                                  \
	  "in a run, between the tasks and the log; on Streams to the next stream; on a "          \
	  "dashboard to the next panel")                                                           \
	X(CLICK, "click", BN_IN_LISTS, "Click", 0, NULL, 0, "select the row under the mouse")      \
	X(TRIAGE, "triage", BN_IN_ALL, "1", 0, NULL, 0, "Triage: what needs a person")             \
	X(RUNS, "runs", BN_IN_ALL, "2", 0, NULL, 0, "Runs: pipelines and their latest run")        \
	X(MODELS, "models", BN_IN_ALL, "3", 0, NULL, 0,                                            \
	  "Models: versions, what is live where, how they compare")                                \
	X(ENDPOINTS, "endpoints", BN_IN_ALL, "4", 0, NULL, 0,                                      \
	  "Endpoints: does it answer, how fast")                                                   \
	X(STREAMS, "streams", BN_IN_ALL, "5", 0, NULL, 0,                                          \
	  "Streams: numbers by the minute, their gaps and checks")                                 \
	X(PRODUCTS, "products", BN_IN_ALL, "7", 0, NULL, 0,                                        \
	  "Products: what each promises, and how much of its budget is left")                      \
	X(TIMELINE, "timeline", BN_IN_ALL, "9", 0, NULL, 0,                                        \
	  "Timeline: what happened, newest first")                                                 \
	X(SOURCES, "sources", BN_IN_ALL, "0", 0, NULL, 0, "Sources: the collector's own health")   \
	X(BOARDS, "dashboards", BN_IN_ALL, "B", 0, NULL, 0,                                        \
	  "your own screens: the [dashboard] sections of the configuration")                       \
	X(MARK, "mark", BN_IN_FILTERED, "Space", BN_IN_RUNS | BN_IN_MODELS, "mark", 0,             \
	  "mark or unmark the row")                                                                \
	X(RANGE, "range", BN_IN_FILTERED, "v", 0, NULL, 0,                                         \
	  "mark from the last marked row to this one")                                             \
	X(MARK_ALL, "mark-all", BN_IN_FILTERED, "*", BN_IN_RUNS, "all failed", 0,                  \
	  "mark every row that matches; on Triage and Runs those that failed")                     \
	X(UNMARK, "unmark", BN_IN_FILTERED, "U", 0, NULL, 0, "clear all marks")                    \
	X(FILTER, "filter", BN_IN_FILTERED, "/",                                                   \
	  BN_IN_RUNS | BN_IN_ENDPOINTS | BN_IN_SOURCES | BN_IN_TIMELINE, "filter", 0,              \
	  "filter: words, field:value, field>value, /regex/, !not")                                \
	X(PROBLEMS, "problems", BN_IN_FILTERED, "!", BN_IN_RUNS | BN_IN_ENDPOINTS | BN_IN_SOURCES, \
	  "problems", 0, "show problems only, or everything again")                                \
	X(SORT, "sort", BN_IN_FILTERED, "s", BN_IN_ENDPOINTS | BN_IN_SOURCES, "sort", 0,           \
	  "sort anew; again on the same column: the other way round")                              \
	X(SORT_LEFT, "sort-left", BN_IN_FILTERED, "<", 0, NULL, 0,                                 \
	  "sort by the column to the left")                                                        \
	X(SORT_RIGHT, "sort-right", BN_IN_FILTERED, ">", 0, NULL, 0,                               \
	  "sort by the column to the right")                                                       \
	X(SEARCH, "search", BN_IN_TEXT, "/", BN_IN_TEXT, "search", 0,                              \
	  "search (POSIX extended regular expression)")                                            \
	X(NEXT, "next", BN_IN_TEXT, "n", BN_IN_TEXT, "next", 0, "to the next hit")                 \
	X(PREVIOUS, "previous", BN_IN_TEXT, "N", 0, NULL, 0, "to the hit before")                  \
	X(NEWER, "newer", BN_IN_RUN, "n", 0, NULL, 0, "the next run of this pipeline")             \
	X(OLDER, "older", BN_IN_RUN, "N", BN_IN_RUN, "run before", 0, "the run before this one")   \
	X(FOLLOW, "follow", BN_IN_TEXT, "f F", BN_IN_TEXT, "follow", 0,                            \
	  "follow the end as it grows, or stop doing so")                                          \
	X(WRAP, "wrap", BN_IN_TEXT, "w", BN_IN_TEXT, "wrap", 0, "wrap long lines, or cut them")    \
	X(CURSOR_LEFT, "cursor-left", BN_IN_CHARTS, "Left ,", BN_IN_STREAMS | BN_IN_CHART,         \
	  "cursor", 0, "move the chart's cursor to the minute before")                             \
	X(CURSOR_RIGHT, "cursor-right", BN_IN_CHARTS, "Right .", 0, NULL, 0,                       \
	  "move the chart's cursor to the next minute")                                            \
	X(ZOOM_IN, "zoom-in", BN_IN_CHARTS, "+ =", BN_IN_STREAMS | BN_IN_CHART, "zoom", 0,         \
	  "a shorter window")                                                                      \
	X(ZOOM_OUT, "zoom-out", BN_IN_CHARTS, "- _", 0, NULL, 0, "a longer window")                \
	X(MAXIMISE, "maximise", BN_IN_CHARTS | BN_IN_STREAMED, "m",                                \
	  BN_IN_ENDPOINTS | BN_IN_STREAMS | BN_IN_STREAMED | BN_IN_CHART, "maximise", 0,           \
	  "give the chart the whole screen, or take it back")                                      \
	X(COMPARE, "compare", BN_IN_CHARTS | BN_IN_MODELS | BN_IN_COMPARE, "c",                    \
	  BN_IN_STREAMS | BN_IN_CHART | BN_IN_MODELS, "compare", 0,                                \
	  "charts: the same time a day before behind it, then a week before; models: this "        \
	  "version and the live one, or the two that are marked")                                  \
	X(GO_TO, "go-to", BN_IN_ALL, "t", BN_IN_TIMELINE, "go to time", 0,                         \
	  "time travel: show everything as it was known at a moment")                              \
	X(MINUTE_BACK, "minute-back", BN_IN_ALL, "[", BN_IN_TIMELINE, "minute", 0,                 \
	  "a minute back in time")                                                                 \
	X(MINUTE_ON, "minute-on", BN_IN_ALL, "]", 0, NULL, 0, "a minute on in time")               \
	X(HOUR_BACK, "hour-back", BN_IN_ALL, "{", BN_IN_TIMELINE, "hour", 0, "an hour back")       \
	X(HOUR_ON, "hour-on", BN_IN_ALL, "}", 0, NULL, 0, "an hour on")                            \
	X(LIVE, "live", BN_IN_ALL, "T", BN_IN_TIMELINE, "now", 0, "back to what is now")           \
	X(INCIDENT, "incident", BN_IN_TIMELINE, "m", BN_IN_TIMELINE, "mark start/end", 0,          \
	  "mark the start of an incident here, then its end; a third time: no marks")              \
	X(EXPORT, "export", BN_IN_TIMELINE, "x", BN_IN_TIMELINE, "export", 0,                      \
	  "the post-mortem's timeline of what is marked, as Markdown")                             \
	X(HANDOVER, "handover", BN_IN_ALL, "H", BN_IN_TRIAGE, "handover", 0,                       \
	  "the hand-over report of the last 12 hours, as Markdown")                                \
	X(WRITE, "write", BN_IN_TEXT, "x", BN_IN_TEXT, "write", 0, "write this text to a file")    \
	X(EDIT, "edit", BN_IN_TEXT, "e", BN_IN_TEXT, "edit", 0,                                    \
	  "change this text in your editor (VISUAL, EDITOR), before it is written or copied")      \
	X(COPY, "copy", BN_IN_ALL, "y", 0, "copy", 0,                                              \
	  "copy to your terminal's clipboard (OSC 52), also over SSH")                             \
	X(LINK, "link", BN_IN_TRIAGE | BN_IN_RUNS | BN_IN_RUN | BN_IN_SOURCES, "o", BN_IN_RUN,     \
	  "link", 0, "show and copy the address of its page")                                      \
	X(REFRESH, "refresh", BN_IN_ALL, "R Ctrl-R F5", BN_IN_SOURCES, "poll now", 0,              \
	  "poll now: the selected source, or all")                                                 \
	X(PAUSE, "pause", BN_IN_ALL, "Z", 0, NULL, 0, "hold the screen still, or go on")           \
	X(COMMAND, "command", BN_IN_ALL, ":", 0, NULL, 0,                                          \
	  "command line: every command of the scripted mode")                                      \
	X(HELP, "help", BN_IN_ALL, "? F1", 0, NULL, 0, "this page")                                \
	X(REDRAW, "redraw", BN_IN_ALL, "Ctrl-L", 0, NULL, 0, "draw the whole screen again")        \
	X(SUSPEND, "suspend", BN_IN_ALL, "Ctrl-Z", 0, NULL, 0, "back to the shell for a moment")   \
	X(CANCEL, "cancel", BN_IN_ALL, "Ctrl-C", 0, NULL, 0, "cancel what is pending")             \
	X(CLOSE, "close", BN_IN_ALL, "q", 0, NULL, 0, "close this view; at the root, quit")        \
	X(QUIT, "quit", BN_IN_ALL, "Q", 0, NULL, 0, "quit")

enum bn_action {
	BN_ACT_NONE = -1,
#define X(id, name, contexts, keys, hinted, hint, flags, help) BN_ACT_##id,
	BN_ACTIONS(X)
#undef X
	    BN_ACT_COUNT
};

struct bn_action_row {
	const char *name;
	unsigned contexts;
	const char
	    *keys; /* defaults, separated by blanks, as a person would write them in [keys] */
	unsigned hinted;
	const char *hint;
	unsigned flags;
	const char *help;
};
const struct bn_action_row *bn_action_row(enum bn_action action);

/* What the keys do at present: the defaults, changed by [keys] (config may be NULL). A key that is
 * no key, or stands for two actions on one screen, is BN_ECONFIG with file and line; *out is set
 * all the same, without that key. */
struct bn_keymap;
int bn_keymap_new(struct bn_keymap **out, const struct bn_config *config, struct bn_error *err);
void bn_keymap_free(struct bn_keymap *map);

enum bn_action bn_keymap_action(const struct bn_keymap *map, unsigned context, bn_key key);
/* Appends the action's keys, separated by blanks; only the first one with `first`. Nothing if it
 * has none. */
void bn_keymap_keys(const struct bn_keymap *map, enum bn_action action, bool first, bool arrows,
		    struct bn_buf *out);

/* What may be done at present: everything; with --read-only nothing that acts on a platform, and what writes the
 * journal is refused; in the past neither is there. */
enum bn_reach { BN_REACH_ALL, BN_REACH_READ_ONLY, BN_REACH_PAST };

/* The overlay's lines for a context, "keys\thelp", a group to a paragraph; what is refused is marked, what is not
 * there is left out. */
void bn_keymap_help(const struct bn_keymap *map, unsigned context, bool arrows, enum bn_reach reach,
		    struct bn_strlist *out);

/* The body of binnacle-keys(7) in mdoc, from the same table. */
void bn_keymap_manual(FILE *out);

#endif

/* console.h - the console: the full-screen program over a store that a collector fills. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_CONSOLE_H
#define BN_UI_CONSOLE_H

#include <stdio.h>

#include "action/action.h"
#include "collect/collect.h"
#include "store/journal.h"
#include "ui/keymap.h"
#include "view/view.h"

/* What the program above hands over. Everything is borrowed and must outlive the call. */
struct bn_console_options {
	const struct bn_config *config;
	const struct bn_registry *registry;
	struct bn_store *store;
	struct bn_collect *collect; /* NULL: nothing is fetched (--offline) */
	struct bn_actions *actions; /* what retries; NULL: nothing does */
	const struct bn_clock *clock;
	const struct bn_zone *zone; /* how times are shown, NULL: UTC */
	const char *context;	    /* what the header calls this platform, NULL: nothing */
	const char *theme;	    /* --theme; NULL: [ui] theme */
	const char *identity;	    /* git's "user.name <user.email>" for the journal, or NULL */
	const char *notice; /* something to say at the start (a rebuilt cache …), or NULL */
	bn_time at;	    /* the moment to begin at, as if travelled to; 0: now */
	bool read_only;
	bool no_colour; /* NO_COLOR, --color never */
	int wake_fd;	/* an eventfd that the collector's wake callback writes to; -1: none */

	/* Runs one scripted command; argv[0] is the command's own name. Called from a thread of its
	 * own, one at a time; returns its exit code. NULL: there is no command line. */
	int (*command)(void *payload, int argc, char **argv, FILE *out, FILE *err);
	/* Adds what the last word of `line` could become, whole words; without `acts` no command that acts on a
	 * platform. NULL: no completion. */
	void (*complete)(void *payload, const char *line, bool acts, struct bn_strlist *out);
	/* Called once, when the first rows stand on the screen: what need not come before that (starting the
	 * collector) belongs here. May be NULL. */
	void (*painted)(void *payload);
	/* Reads the configuration again from where it came from. The caller frees *out, which may be set in
	 * failure too; *err says the first thing that is wrong with it. NULL: it can't be read again. */
	int (*reload)(void *payload, struct bn_config **out, struct bn_error *err);
	void *payload;
};

/* Its settings are the core section [ui]. [keys] is bn_keys_section (ui/keymap.h), for whoever
 * loads the configuration (struct bn_config_types.sections).
 */

/* Runs the console until it is left. Returns an exit code: 0; 129 when the terminal hung up, 143
 * when told to end by a signal (the terminal is given back in every case); or a negative code with
 * *err when it could not start (BN_EUNSUPPORTED: no terminal, or one that can't do it). Blocks
 * SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT and SIGPIPE in the calling thread; other
 * threads must have them blocked already. */
int bn_console_run(const struct bn_console_options *options, struct bn_error *err);

#endif

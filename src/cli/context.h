/* context.h - opening what commands use: configuration, store, collector, demo; and waiting with signals. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_CLI_CONTEXT_H
#define BN_CLI_CONTEXT_H

#include "cli/cli.h"

/* Starts the embedded demo (dir NULL or "") or joins the one served in `dir`: afterwards
 * configuration, state and clock are the demo's. `in` gives --scenario, --seed, --speed, --at,
 * --fault (NULL: defaults). */
int bn_cli_open_demo(struct bn_cli *cli, const struct bn_invocation *in, const char *dir,
		     struct bn_error *err);
/* demo --serve DIR: keeps one world running there until a signal comes. */
int bn_cli_serve_demo(struct bn_cli *cli, const struct bn_invocation *in, const char *dir,
		      struct bn_error *err);

/* Signals for long commands: INT, TERM and HUP wake bn_cli_wait instead of ending the process. */
int bn_cli_catch_signals(struct bn_cli *cli, struct bn_error *err);
/* Waits at most `ms` (-1: for ever) for a signal or news. Returns the signal's number, or 0. */
int bn_cli_wait(struct bn_cli *cli, int64_t ms);

/* A write connection, opened the first time. */
int bn_cli_open_writer(struct bn_cli *cli, struct bn_error *err);
/* The way to act, opened the first time; with the collector, and with what earlier sessions left unsettled of
 * `source` (NULL: nothing) looked after. */
int bn_cli_open_action(struct bn_cli *cli, const char *source, struct bn_error *err);
/* Whether --read-only forbids it (reported). */
int bn_cli_may_write(struct bn_cli *cli, struct bn_error *err);
/* Whether --offline forbids it (reported), as it does what is nothing without asking: "logs are read". */
int bn_cli_may_ask(struct bn_cli *cli, const char *what, struct bn_error *err);
/* Opens the store, and refuses a domain (NULL: none was asked for) that no data product is of: an empty list for a
 * misspelt one would look fine for ever. */
int bn_cli_open_domain(struct bn_cli *cli, const char *domain, struct bn_error *err);

/* Opens the console; returns the exit code. */
int bn_cli_console(struct bn_cli *cli);

#endif

/* program.h - what this build consists of, for main and for the generator of its documents. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_PROGRAM_H
#define BN_PROGRAM_H

#include "cli/cli.h"

extern const struct bn_program bn_program;

/* Opens the console over the collector; as struct bn_program.console says. */
int bn_open_console(struct bn_cli *cli, struct bn_error *err);

#endif

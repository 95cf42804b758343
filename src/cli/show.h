/* show.h - one thing in whatever format: labelled lines for people, its row for programs. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_CLI_SHOW_H
#define BN_CLI_SHOW_H

#include "cli/cli.h"

/* `table` is the view table whose row it is; `ref` names it. */
int bn_cli_show(struct bn_cli *cli, const char *table, const struct bn_ref *ref,
		struct bn_error *err);

#endif

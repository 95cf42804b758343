/* commands.c - all commands, as one array. */
/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

const struct bn_command *const bn_commands[] = {
#define X(id) &bn_command_##id,
    BN_COMMANDS(X)
#undef X
	NULL,
};

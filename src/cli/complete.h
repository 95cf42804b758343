/* complete.h - completion of a command line from the command table. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_CLI_COMPLETE_H
#define BN_CLI_COMPLETE_H

#include "base/memory.h"

/* Adds every whole word the last word of `line` could become: commands, their second words,
 * options, and the fixed values of options and operands. Without `acts` as if commands that act on a platform did
 * not exist. */
void bn_complete_line(const char *line, bool acts, struct bn_strlist *out);

#endif

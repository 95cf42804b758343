/* program.c - the parts of this build: its plugins and its console. */
/* SPDX-License-Identifier: MIT */
#include "program.h"

#include "plugins/builtin.h"
#include "ui/keymap.h"

static int
check_keys(const struct bn_config *config, struct bn_error *err)
{
	struct bn_keymap *map = NULL;
	int rc = bn_keymap_new(&map, config, err);

	bn_keymap_free(map);
	return rc;
}

const struct bn_program bn_program = {
    .plugins = bn_builtin_plugins,
    .console = bn_open_console,
    .keys_mdoc = bn_keymap_manual,
    .check_ui = check_keys,
};

/* program.c - the parts of this build: its plugins and its console. */
/* SPDX-License-Identifier: MIT */
#include "program.h"

#include "plugins/builtin.h"
#include "ui/dashboard.h"
#include "ui/keymap.h"

/* Keys and dashboards. */
static int
check_ui(const struct bn_config *config, struct bn_error *err)
{
	struct bn_keymap *map = NULL;
	struct bn_dashboards *boards = NULL;
	int rc = bn_keymap_new(&map, config, err);

	if (rc == BN_OK)
		rc = bn_dashboards_read(config, &boards, err);
	bn_keymap_free(map);
	bn_dashboards_free(boards);
	return rc;
}

const struct bn_program bn_program = {
    .plugins = bn_builtin_plugins,
    .console = bn_open_console,
    .keys_mdoc = bn_keymap_manual,
    .check_ui = check_ui,
};

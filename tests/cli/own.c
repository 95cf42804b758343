/* own.c - a plugin of one pipeline, built by a test as a person outside this tree would build theirs. */
/* SPDX-License-Identifier: MIT */
#include "binnacle/plugin.h"

static int
own_poll(struct bn_source *source, struct bn_batch *batch, struct bn_error *err)
{
	int rc = bn_scope(batch, "pipelines", BN_COMPLETE, err);

	(void)source;
	if (rc == BN_OK)
		bn_add_pipeline(
		    batch, &(struct bn_pipeline){.e = {.key = "the-one", .status = BN_HEALTHY}});
	return rc == BN_OK ? bn_scope_done(batch, err) : rc;
}

static const struct bn_option options[] = {{NULL, BN_OPT_STRING, NULL, NULL, 0, NULL}};
static const struct bn_request requests[] = {{NULL, NULL, NULL, BN_READS, NULL}};

static const struct bn_plugin own = {
    .abi = BN_PLUGIN_ABI,
    .name = "own",
    .summary = "one pipeline, always healthy",
    .provides = "pipeline",
    .options = options,
    .requests = requests,
    .poll = own_poll,
};

extern const struct bn_plugin *const bn_plugin_entry;
const struct bn_plugin *const bn_plugin_entry = &own;

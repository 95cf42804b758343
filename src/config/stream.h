/* stream.h - [stream] sections: their keys, and what one says, ready for the store. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_CONFIG_STREAM_H
#define BN_CONFIG_STREAM_H

#include "binnacle/plugin.h"
#include "config/config.h"

/* The keys of [stream "NAME"]; one of bn_core_sections. */
extern const struct bn_option bn_stream_options[];

/* Reads a section into `out`: key, name, owner, url and all that follows; strings in the arena or borrowed
 * from the section. BN_ECONFIG with what is wrong, and in *key (may be NULL) which key it is about. The
 * other streams it names are not looked up: bn_stream_others does that. */
int bn_stream_read(const struct bn_config_section *section, struct bn_arena *arena,
		   struct bn_stream *out, const char **key, struct bn_error *err);

/* Every stream that the section compares itself with must be configured, and neither side of an equality may
 * count more than this stream (scope). */
int bn_stream_others(const struct bn_config *config, const struct bn_config_section *section,
		     const char **key, struct bn_error *err);

#endif

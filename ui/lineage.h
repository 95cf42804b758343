/* lineage.h - what a thing feeds and what feeds it, along the stored links, as two trees of lines. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_LINEAGE_H
#define BN_UI_LINEAGE_H

#include "base/memory.h"
#include "store/store.h"

/* Bounds of one walk; a ring of links ends by itself. */
#define BN_LINEAGE_DEPTH 8
#define BN_LINEAGE_MOST	 1000

struct bn_lineage_line {
	int depth; /* 1: linked directly */
	struct bn_ref ref;
	const char *name;
	const char *link; /* "feeds", "serves" … */
	enum bn_status status;
	bool stale;
	bool known;    /* an entity of this name exists at present */
	bool again;    /* it stands elsewhere in the tree, with what is behind it */
	bool parent;   /* lines under it follow */
	bool last;     /* of its siblings */
	bn_time since; /* of its status, 0: not known */
	bn_time
	    changed; /* the latest change of an attribute or of what defines it, 0: none known */
	const char
	    *change; /* what changed then: "parallelism 1 to 2", "dbt!2207"; NULL: nothing known */
};
struct bn_lineage {
	const struct bn_lineage_line *down, *up;
	size_t downs, ups;
	bool cut; /* there is more than the bounds allow */
};

/* Everything lives in the arena. A run stands for its pipeline. What feeds it is in the order of suspicion: of
 * siblings the one first behind which something changed, or went wrong, last; what it feeds: the worst first. */
int bn_lineage_read(struct bn_reader *reader, struct bn_ref about, struct bn_arena *arena,
		    struct bn_lineage *out, struct bn_error *err);

#endif

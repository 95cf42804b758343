/* streams.h - inside the Streams screen: what its behaviour (streams.c) and its drawing (streams_draw.c) share. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_STREAMS_H
#define BN_UI_STREAMS_H

#include "ui/view/curve.h"
#include "ui/view/pane.h"

#define STREAM_CHARTS 3
#define STREAM_STAGES 12

/* Streams that belong together: those of one group, or one that is in none. Numbers are rows of the pane. */
struct chain {
	const char *name; /* borrowed from the rows */
	bool group;
	enum bn_status status;			     /* the worst of its streams */
	size_t results[STREAM_CHARTS], result_count; /* what it results in, in order */
	size_t stages[STREAM_STAGES], stage_count;
};

struct streams {
	struct bn_screen screen;
	struct bn_pane all; /* every stream: the list where the screen is small */
	struct bn_pane checks, changed;
	struct bn_window window;
	struct bn_curve curves[STREAM_CHARTS];
	struct chain *chains;
	size_t chain_count, cursor, top;
	char *chosen; /* name of the chain under the cursor */
	char *filter; /* of the checks */
	char *changed_source, *changed_key;
	int first_line; /* of the list of chains, as drawn last; -1: it was not */
	bool listed;	/* the list is wanted where there is room for more */
	bool small;	/* the list was drawn last, nothing else */
	bool boxed;	/* there is room for what changed */
};

const struct chain *streams_chain(const struct streams *s); /* NULL: there is none */
void streams_draw(struct bn_screen *screen, struct bn_rect body);

#endif

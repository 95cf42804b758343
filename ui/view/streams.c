/* streams.c - the Streams screen: chains of streams, their stages, charts, checks, and the verdict on gaps. */
/* SPDX-License-Identifier: MIT */
#include "ui/view/streams.h"

#include <stdlib.h>
#include <string.h>

enum { SLOT_ALL, SLOT_CHECKS, SLOT_CHANGED, SLOT_CURVES }; /* two slots a curve */

static const char *const columns[] = {"status",	 "stream",    "group",	   "stage",    "last_value",
				      "unit",	 "avg",	      "spark",	   "lag",      "gaps",
				      "late",	 "lost",      "line",	   "level",    "note",
				      "message", "saturated", "line_word", "position", NULL};
static const char *const check_columns[] = {"status", "name", "left_value", "right_value",
					    "state",  "text", "kind",	    NULL};
static const char *const changed_columns[] = {"at", "what", NULL};

const struct chain *
streams_chain(const struct streams *s)
{
	return s->chain_count == 0 ? NULL : &s->chains[s->cursor];
}

/* ---- chains ------------------------------------------------------------------------------ */

static struct chain *
find_chain(struct streams *s, const char *name, bool group)
{
	size_t i;

	for (i = 0; i < s->chain_count; i++)
		if (s->chains[i].group == group && strcmp(s->chains[i].name, name) == 0)
			return &s->chains[i];
	s->chains = bn_xrealloc(s->chains, s->chain_count + 1, sizeof(*s->chains));
	s->chains[s->chain_count] =
	    (struct chain){.name = name, .group = group, .status = BN_HEALTHY};
	return &s->chains[s->chain_count++];
}

/* Puts a row among others by its position, then as it came; what has no room is left out. */
static void
place(const struct bn_rows *rows, size_t row, size_t *list, size_t *count, size_t most)
{
	int64_t position = bn_row_int(rows, row, "position");
	size_t at = *count < most ? *count : most - 1;

	if (*count == most && bn_row_int(rows, list[at], "position") <= position)
		return;
	for (; at > 0 && bn_row_int(rows, list[at - 1], "position") > position; at--)
		list[at] = list[at - 1];
	list[at] = row;
	*count += *count < most;
}

/* Rows come the worst first, so chains do. */
static void
find_chains(struct streams *s)
{
	const struct bn_rows *rows = bn_list_rows(s->all.list);
	size_t i, row;

	s->chain_count = 0;
	for (i = 0; i < bn_list_count(s->all.list); i++) {
		struct chain *chain;
		const char *group;
		bool stage;

		row = bn_list_row_at(s->all.list, i);
		group = bn_row_text(rows, row, "group");
		stage = bn_row_text(rows, row, "stage")[0] != '\0';
		chain = find_chain(s, *group != '\0' ? group : bn_rows_ref(rows, row).key,
				   *group != '\0');
		if (bn_status_row(bn_rows_status(rows, row))->rank >
		    bn_status_row(chain->status)->rank)
			chain->status = bn_rows_status(rows, row);
		if (stage && chain->group)
			place(rows, row, chain->stages, &chain->stage_count, STREAM_STAGES);
		else
			place(rows, row, chain->results, &chain->result_count, STREAM_CHARTS);
	}
	for (i = 0; i < s->chain_count; i++) { /* a chain without a result shows its last stages */
		struct chain *chain = &s->chains[i];

		for (row = chain->stage_count; chain->result_count == 0 && row > 0; row--)
			chain->results[chain->result_count++] = chain->stages[row - 1];
	}
}

static void
ask_about_chain(struct streams *s)
{
	if (s->filter != NULL)
		bn_pane_ask(&s->checks);
	if (s->boxed && s->changed_key != NULL)
		bn_pane_ask(&s->changed);
}

/* What changed is asked of the chain's first stream. */
static void
set_changed(struct streams *s, struct bn_ref ref)
{
	free(s->changed_source);
	free(s->changed_key);
	s->changed_source = bn_xstrdup(ref.source);
	s->changed_key = bn_xstrdup(ref.key);
	s->changed.scope = (struct bn_ref){ref.kind, s->changed_source, s->changed_key};
}

/* Where the chart of a row has a line, and what that is: borrowed from the table of words, since rows go. */
static double
line_of(const struct bn_rows *rows, size_t row, const char **word)
{
	static const char *const words[] = {"ceiling", "warn", "bad"};
	struct bn_value line = bn_rows_named(rows, row, "line");

	*word = words[0];
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(bn_row_text(rows, row, "line_word"), words[i]) == 0)
			*word = words[i];
	return line.type == BN_VALUE_REAL ? line.r : line.type == BN_VALUE_INT ? (double)line.i : 0;
}

/* Charts, checks and changes are those of the chain under the cursor. */
static void
show_chain(struct streams *s)
{
	const struct bn_rows *rows = bn_list_rows(s->all.list);
	const struct chain *chain = streams_chain(s);
	char *filter;
	size_t i;

	if (chain == NULL)
		return;
	filter = bn_xasprintf("%s=\"%s\"", chain->group ? "group" : "stream", chain->name);
	free(s->chosen);
	s->chosen = bn_xstrdup(chain->name);
	for (i = 0; i < STREAM_CHARTS; i++) {
		struct bn_ref ref = {BN_KIND_NONE, NULL, NULL};

		if (i < chain->result_count)
			ref = bn_rows_ref(rows, chain->results[i]);
		bn_curve_about(&s->curves[i], i < chain->result_count ? &ref : NULL);
		s->curves[i].limit = 0;
		if (i < chain->result_count)
			s->curves[i].limit =
			    line_of(rows, chain->results[i], &s->curves[i].limit_word);
	}
	if (s->filter != NULL && strcmp(s->filter, filter) == 0) {
		free(filter);
		return;
	}
	free(s->filter);
	s->filter = filter;
	free(s->checks.filter);
	s->checks.filter = bn_xstrdup(filter);
	s->checks.fresh = true;
	set_changed(s, bn_rows_ref(rows, chain->results[0]));
	ask_about_chain(s);
}

static void
streams_ask(struct bn_screen *screen)
{
	struct streams *s = (struct streams *)screen;
	size_t i;

	bn_pane_ask(&s->all);
	for (i = 0; i < STREAM_CHARTS; i++)
		bn_curve_ask(&s->curves[i]);
	ask_about_chain(s);
}

static void
streams_answer(struct bn_screen *screen, struct bn_answer *answer)
{
	struct streams *s = (struct streams *)screen;
	size_t i;

	if (bn_pane_answer(&s->all, answer)) {
		find_chains(s);
		s->cursor = s->cursor < s->chain_count ? s->cursor : 0;
		for (i = 0; s->chosen != NULL && i < s->chain_count; i++)
			if (strcmp(s->chains[i].name, s->chosen) == 0)
				s->cursor = i;
		show_chain(s);
		return;
	}
	if (bn_pane_answer(&s->checks, answer) || bn_pane_answer(&s->changed, answer))
		return;
	for (i = 0; i < STREAM_CHARTS; i++)
		if (bn_curve_answer(&s->curves[i], answer))
			return;
}

static void
streams_come(struct bn_screen *screen)
{
	bn_pane_renew(&((struct streams *)screen)->all);
}

static void
streams_close(struct bn_screen *screen)
{
	struct streams *s = (struct streams *)screen;
	size_t i;

	bn_pane_clear(&s->all);
	bn_pane_clear(&s->checks);
	bn_pane_clear(&s->changed);
	for (i = 0; i < STREAM_CHARTS; i++)
		bn_curve_clear(&s->curves[i]);
	free(s->chains);
	free(s->chosen);
	free(s->filter);
	free(s->changed_source);
	free(s->changed_key);
}

static bool
streams_selected(struct bn_screen *screen, struct bn_ref *ref)
{
	struct streams *s = (struct streams *)screen;
	const struct chain *chain = streams_chain(s);

	if (s->small)
		return bn_pane_selected(&s->all, ref);
	if (chain == NULL)
		return false;
	*ref = bn_rows_ref(bn_list_rows(s->all.list), chain->results[0]);
	return true;
}

/* ---- actions ----------------------------------------------------------------------------- */

static unsigned
go_to(struct streams *s, size_t chain)
{
	if (s->chain_count == 0)
		return BN_REDRAW;
	s->cursor = chain < s->chain_count ? chain : s->chain_count - 1;
	show_chain(s);
	return BN_REDRAW;
}

/* The chart that is looked at: of the chain's first result, or of the stream in the list. */
static unsigned
maximise(struct streams *s)
{
	struct bn_ref ref;
	size_t row;
	const char *word = s->curves[0].limit_word;
	double line = s->curves[0].limit;

	if (!streams_selected(&s->screen, &ref))
		return BN_REDRAW;
	if (s->small && bn_list_selected(s->all.list, &row))
		line = line_of(bn_list_rows(s->all.list), row, &word);
	bn_app_push(s->screen.app,
		    bn_chart_screen(s->screen.app, ref, "points", &s->window, line, word));
	return BN_REDRAW;
}

/* Every stream of the chain by itself: those that are stages of it have their chart there. */
static unsigned
list_them(struct streams *s)
{
	const struct chain *chain = streams_chain(s);

	if (chain == NULL)
		return BN_REDRAW;
	s->listed = true;
	bn_list_select(s->all.list, bn_rows_ref(bn_list_rows(s->all.list), chain->results[0]));
	return BN_REDRAW;
}

static unsigned
click(struct streams *s, int y)
{
	if (s->first_line < 0 || y < s->first_line ||
	    s->top + (size_t)(y - s->first_line) >= s->chain_count)
		return BN_REDRAW;
	return go_to(s, s->top + (size_t)(y - s->first_line));
}

static unsigned
streams_act(struct bn_screen *screen, enum bn_action action, const struct bn_key_event *event)
{
	struct streams *s = (struct streams *)screen;

	if (action == BN_ACT_MAXIMISE || (action == BN_ACT_OPEN && s->small))
		return maximise(s);
	if (action == BN_ACT_OPEN)
		return list_them(s);
	if (s->small) {
		unsigned reaction = bn_pane_act(&s->all, action, event);

		if (reaction != 0 || action != BN_ACT_BACK || !s->listed)
			return reaction;
		s->listed = false;
		return BN_REDRAW;
	}
	switch (action) {
	case BN_ACT_PANE:
		return go_to(s, s->cursor + 1 < s->chain_count ? s->cursor + 1 : 0);
	case BN_ACT_DOWN:
		return go_to(s, s->cursor + 1);
	case BN_ACT_UP:
		return go_to(s, s->cursor > 0 ? s->cursor - 1 : 0);
	case BN_ACT_TOP:
		return go_to(s, 0);
	case BN_ACT_BOTTOM:
		return go_to(s, s->chain_count);
	case BN_ACT_CLICK:
		return click(s, event->y);
	default:
		return bn_window_act(&s->window, action, &s->curves[0]);
	}
}

/* In the list there is no chart with a cursor, and nothing that Tab goes to. */
static unsigned
streams_where(const struct bn_screen *screen)
{
	return ((const struct streams *)screen)->small ? BN_IN_STREAMED : BN_IN_STREAMS;
}

static const struct bn_screen_ops ops = {
    .title = "Streams",
    .context = BN_IN_STREAMS,
    .come = streams_come,
    .close = streams_close,
    .ask = streams_ask,
    .answer = streams_answer,
    .draw = streams_draw,
    .act = streams_act,
    .selected = streams_selected,
    .where = streams_where,
};

struct bn_screen *
bn_streams_screen(struct bn_app *app)
{
	struct streams *s = bn_screen_new(app, &ops, sizeof(*s));
	int i;

	s->window = bn_window_of(3600000);
	bn_pane_init(&s->all, &s->screen, SLOT_ALL, "streams", columns, NULL);
	s->all.limit = 1000;
	bn_pane_init(&s->checks, &s->screen, SLOT_CHECKS, "checks", check_columns, "name");
	s->checks.limit = 40;
	s->checks.sort = "status";
	bn_pane_init(&s->changed, &s->screen, SLOT_CHANGED, "changed", changed_columns, "at");
	s->changed.limit = 20;
	for (i = 0; i < STREAM_CHARTS; i++)
		bn_curve_init(&s->curves[i], &s->screen, SLOT_CURVES + 2 * i, "points", &s->window);
	return &s->screen;
}

/* links.c - the lineage of one thing as trees: what feeds it, suspects first, and what it feeds, with how each stands. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "ui/view/chain.h"
#include "ui/view/pane.h"

enum { SLOT_LINKS };

/* A line as shown: a heading, or a thing and how the tree leads to it. */
struct shown {
	const char *heading;
	const struct bn_lineage_line *line;
	const char *guides; /* "│  └─ ", in the arena */
	bool folded;
};

struct links {
	struct bn_screen screen;
	struct bn_ref about; /* own strings */
	struct bn_arena *arena;
	struct bn_lineage lineage;
	struct shown *shown;
	struct bn_strlist folded; /* where a person folded: "up/KIND/SOURCE/KEY" */
	size_t count, cursor, top;
	int height, first;
	bool answered, moved;
	struct bn_error error;
};

static void
links_ask(struct bn_screen *screen)
{
	struct bn_question question = {.kind = BN_ASK_LINKS,
				       .about = ((struct links *)screen)->about};

	bn_app_ask(screen, SLOT_LINKS, &question);
}

/* ---- lines ------------------------------------------------------------------------------- */

static char *
fold_name(const struct bn_lineage_line *line, bool up)
{
	return bn_xasprintf("%s/%s/%s/%s", up ? "up" : "down", bn_kind_word(line->ref.kind),
			    line->ref.source == NULL ? "" : line->ref.source, line->ref.key);
}

static bool
is_folded(const struct links *l, const struct bn_lineage_line *line, bool up)
{
	char *name = fold_name(line, up);
	bool folded = bn_strlist_has(&l->folded, name);

	free(name);
	return folded;
}

/* How many of each kind: "9 products, 4 endpoints". What stands twice counts once. */
static void
add_kinds(struct bn_buf *out, const struct bn_lineage_line *lines, size_t count)
{
	size_t of[32] = {0}, i;
	int kind;

	for (i = 0; i < count; i++)
		of[lines[i].ref.kind & 31] += !lines[i].again;
	for (kind = 0; kind < 32; kind++)
		if (of[kind] > 0)
			bn_buf_addf(out, "%s%zu %s%s", out->size > 0 ? ", " : "", of[kind],
				    bn_kind_word((enum bn_kind)kind), of[kind] > 1 ? "s" : "");
}

static void
add_all(struct links *l, bool up)
{
	const struct bn_lineage_line *lines = up ? l->lineage.up : l->lineage.down;
	size_t count = up ? l->lineage.ups : l->lineage.downs, i;
	struct bn_buf text = BN_BUF_INIT(4096);
	struct bn_guides guides = {{false}};
	int hidden = 0; /* depth under which everything is folded away, 0: none */

	add_kinds(&text, lines, count);
	l->shown[l->count++] = (struct shown){
	    count == 0
		? (up ? "it depends on nothing that is known" : "it feeds nothing that is known")
		: bn_arena_format(l->arena, "%s %s%s", up ? "it depends on" : "it feeds",
				  bn_buf_text(&text), up ? ", what changed last first" : ""),
	    NULL, NULL, false};
	for (i = 0; i < count; i++) {
		if (hidden > 0 && lines[i].depth > hidden)
			continue;
		hidden = 0;
		bn_buf_reset(&text);
		bn_guides_add(&guides, &lines[i], &text);
		l->shown[l->count] =
		    (struct shown){NULL, &lines[i], bn_arena_strdup(l->arena, bn_buf_text(&text)),
				   lines[i].parent && is_folded(l, &lines[i], up)};
		if (l->shown[l->count++].folded)
			hidden = lines[i].depth;
	}
	bn_buf_free(&text);
}

/* What breaks is asked of what runs, what feeds it of everything else: that comes first. */
static void
lay_out(struct links *l)
{
	bool down_first = l->about.kind == BN_PIPELINE || l->about.kind == BN_RUN;

	free(l->shown);
	l->shown = bn_xcalloc(l->lineage.downs + l->lineage.ups + 2, sizeof(*l->shown));
	l->count = 0;
	add_all(l, !down_first);
	add_all(l, down_first);
	if (l->cursor >= l->count)
		l->cursor = l->count - 1;
	if (!l->moved && l->shown[0].line == NULL && l->count > 1 && l->shown[1].line != NULL)
		l->cursor = 1;
}

/* The cursor stays with its thing while lines come and go above it. */
static void
keep_cursor(struct links *l, struct bn_ref ref)
{
	size_t i;

	for (i = 0; i < l->count; i++) {
		const struct bn_lineage_line *line = l->shown[i].line;

		if (line == NULL || line->ref.kind != ref.kind ||
		    strcmp(line->ref.key, ref.key) != 0 ||
		    strcmp(line->ref.source == NULL ? "" : line->ref.source,
			   ref.source == NULL ? "" : ref.source) != 0)
			continue;
		l->cursor = i;
		if (i == l->cursor && !line->again)
			return;
	}
}

static void
links_answer(struct bn_screen *screen, struct bn_answer *answer)
{
	struct links *l = (struct links *)screen;
	struct bn_arena *old = l->arena;
	struct bn_ref ref = {BN_KIND_NONE, NULL, NULL};

	l->answered = true;
	l->error = answer->error;
	l->error.code = answer->rc;
	if (answer->rc != BN_OK)
		return;
	if (l->moved && l->count > 0 && l->shown[l->cursor].line != NULL)
		ref = l->shown[l->cursor].line->ref;
	l->arena = answer->arena;
	answer->arena = NULL;
	l->lineage = answer->lineage;
	lay_out(l);
	if (ref.key != NULL)
		keep_cursor(l, ref);
	bn_arena_free(old);
}

/* Folds or unfolds what is under the cursor; Left on what can't be folded goes to what it hangs on. */
static void
fold(struct links *l, bool close)
{
	const struct bn_lineage_line *line = l->count == 0 ? NULL : l->shown[l->cursor].line;
	struct bn_strlist kept = {0};
	bool up;
	char *name;
	size_t i, at;

	if (line == NULL)
		return;
	up = line >= l->lineage.up && line < l->lineage.up + l->lineage.ups;
	if (!line->parent || l->shown[l->cursor].folded == close) {
		for (at = l->cursor; close && at > 0 && l->shown[at].line != NULL &&
				     l->shown[at].line->depth >= line->depth;)
			at--;
		if (close && l->shown[at].line != NULL)
			l->cursor = at;
		return;
	}
	name = fold_name(line, up);
	for (i = 0; i < l->folded.count; i++)
		if (strcmp(l->folded.items[i], name) != 0)
			bn_strlist_add(&kept, l->folded.items[i]);
	if (close)
		bn_strlist_add(&kept, name);
	bn_strlist_clear(&l->folded);
	l->folded = kept;
	free(name);
	at = l->cursor;
	lay_out(l);
	l->cursor = at; /* what is folded lies below it */
}

static void
move_by(struct links *l, long by)
{
	long to = (long)l->cursor + by;

	to = to < 0 ? 0 : to >= (long)l->count ? (long)l->count - 1 : to;
	l->cursor = l->count == 0 ? 0 : (size_t)to;
	l->moved = true;
}

static unsigned
links_act(struct bn_screen *screen, enum bn_action action, const struct bn_key_event *event)
{
	struct links *l = (struct links *)screen;
	long page = l->height > 1 ? l->height : 1, all = (long)l->count;

	switch (action) {
	case BN_ACT_DOWN:
		move_by(l, 1);
		break;
	case BN_ACT_UP:
		move_by(l, -1);
		break;
	case BN_ACT_TOP:
		move_by(l, -all);
		break;
	case BN_ACT_BOTTOM:
		move_by(l, all);
		break;
	case BN_ACT_HALF_DOWN:
		move_by(l, (page + 1) / 2);
		break;
	case BN_ACT_HALF_UP:
		move_by(l, -(page + 1) / 2);
		break;
	case BN_ACT_PAGE_DOWN:
		move_by(l, page);
		break;
	case BN_ACT_PAGE_UP:
		move_by(l, -page);
		break;
	case BN_ACT_LEFT:
	case BN_ACT_RIGHT:
		l->moved = true;
		fold(l, action == BN_ACT_LEFT);
		break;
	case BN_ACT_CLICK:
		if (event->y < l->first || l->top + (size_t)(event->y - l->first) >= l->count)
			return 0;
		l->cursor = l->top + (size_t)(event->y - l->first);
		l->moved = true;
		break;
	default:
		return 0;
	}
	return BN_REDRAW;
}

static bool
links_selected(struct bn_screen *screen, struct bn_ref *ref)
{
	struct links *l = (struct links *)screen;
	const struct bn_lineage_line *line = l->count == 0 ? NULL : l->shown[l->cursor].line;

	*ref = line == NULL ? l->about : line->ref;
	return ref->key != NULL;
}

/* ---- drawing ----------------------------------------------------------------------------- */

/* Where the columns of a line stand. */
struct lay {
	int name, kind, state, since, change; /* columns of each */
};

static struct lay
lay_for(int width)
{
	struct lay lay = {.kind = 10, .state = 10, .since = 6};

	if (width >= 110)
		lay.kind = 20;
	lay.change = width >= 110 ? 40 : width >= 80 ? 22 : 0;
	lay.name = width - 3 - lay.kind - lay.state - lay.since - lay.change;
	return lay;
}

static void
draw_header(struct bn_pen *pen, int y, struct bn_rect r, const struct lay *lay)
{
	int x = r.x + 1 + lay->name;

	bn_draw_blank(pen, y, r.x, r.w, BN_INK(BN_ROLE_TEXT));
	bn_draw(pen, y, r.x + 1, lay->name, BN_INK(BN_ROLE_DIM), "THING");
	bn_draw(pen, y, x, lay->kind, BN_INK(BN_ROLE_DIM), "KIND");
	bn_draw(pen, y, x + lay->kind, lay->state, BN_INK(BN_ROLE_DIM), "STATE");
	bn_draw(pen, y, x + lay->kind + lay->state, lay->since, BN_INK(BN_ROLE_DIM), "SINCE");
	bn_draw(pen, y, x + lay->kind + lay->state + lay->since, lay->change, BN_INK(BN_ROLE_DIM),
		"CHANGED");
}

static const char *
moment(const struct bn_style *style, bn_time at, char out[BN_TIME_TEXT])
{
	return bn_time_show(at, style->zone, style->now - at < 86400000 ? BN_TIME_HM : BN_TIME_MD,
			    out);
}

static void
draw_facts(struct bn_pen *pen, int y, int x, const struct lay *lay, const struct shown *shown,
	   const struct bn_style *style, bool selected)
{
	const struct bn_lineage_line *line = shown->line;
	const struct bn_status_row *status = bn_status_row(line->known ? line->status : BN_UNKNOWN);
	bool recent = line->changed > 0 && style->now - line->changed < 86400000;
	char at[BN_TIME_TEXT];

	if (lay->kind >= 20)
		bn_drawf(pen, y, x, lay->kind - 1, BN_INK_ON(BN_ROLE_DIM, selected), "%s %s %s",
			 bn_kind_word(line->ref.kind), pen->ascii ? "-" : "·", line->link);
	else
		bn_draw(pen, y, x, lay->kind - 1, BN_INK_ON(BN_ROLE_DIM, selected),
			bn_kind_word(line->ref.kind));
	x += lay->kind;
	if (!line->known) {
		bn_draw(pen, y, x, lay->state + lay->since + lay->change,
			BN_INK_ON(BN_ROLE_STALE, selected), "no source tells of it");
		return;
	}
	bn_draw(pen, y, x, lay->state - 1,
		BN_INK_ON(status->problem ? status->role : BN_ROLE_DIM, selected), status->word);
	x += lay->state;
	if (line->since > 0)
		bn_draw(pen, y, x, lay->since - 1, BN_INK_ON(BN_ROLE_TEXT, selected),
			moment(style, line->since, at));
	x += lay->since;
	if (line->changed > 0 && lay->change > 0)
		bn_drawf(pen, y, x, lay->change,
			 BN_INK_ON(recent ? BN_ROLE_CHANGE : BN_ROLE_DIM, selected), "%s %s",
			 moment(style, line->changed, at), line->change);
}

static void
draw_line(struct bn_pen *pen, int y, struct bn_rect r, const struct shown *shown,
	  const struct lay *lay, const struct bn_style *style, bool selected)
{
	const struct bn_lineage_line *line = shown->line;
	const struct bn_status_row *status;
	int x = r.x + 1, end = r.x + 1 + lay->name;

	bn_draw_blank(pen, y, r.x, r.w, BN_INK_ON(BN_ROLE_TEXT, selected));
	if (line == NULL) {
		bn_draw(pen, y, x, r.w - 2, BN_INK_ON(BN_ROLE_HEADING, selected), shown->heading);
		return;
	}
	status = bn_status_row(line->known ? line->status : BN_UNKNOWN);
	x += bn_draw(pen, y, x, end - x - 4, BN_INK_ON(BN_ROLE_RULE, selected), shown->guides);
	bn_draw(pen, y, x, 1, BN_INK_ON(status->role, selected),
		pen->ascii ? status->ascii : status->glyph);
	x += 2;
	x +=
	    bn_draw(pen, y, x, end - x - 1,
		    BN_INK_ON(line->known && !line->stale ? BN_ROLE_TEXT : BN_ROLE_STALE, selected),
		    line->name);
	if (shown->folded || line->again)
		bn_draw(pen, y, x + 1, end - x - 2, BN_INK_ON(BN_ROLE_DIM, selected),
			shown->folded ? "▸" : "↑ elsewhere");
	draw_facts(pen, y, end, lay, shown, style, selected);
}

static void
links_draw(struct bn_screen *screen, struct bn_rect r)
{
	struct links *l = (struct links *)screen;
	struct bn_pen *pen = bn_app_pen(screen->app);
	struct bn_style style = bn_app_style(screen->app);
	struct lay lay = lay_for(r.w);
	size_t i, height = (size_t)(r.h > 2 ? r.h - 2 : 1);

	bn_draw_clear(pen, r);
	bn_draw_rule(pen, r.y, r.x, r.w, l->about.key,
		     l->lineage.cut ? "there are more links than are shown"
				    : bn_kind_word(l->about.kind));
	l->height = (int)height;
	l->first = r.y + 2;
	if (l->error.code != BN_OK || l->count == 0) {
		bn_draw(pen, r.y + 1, r.x + 1, r.w - 2,
			BN_INK(l->error.code != BN_OK ? BN_ROLE_WARN : BN_ROLE_DIM),
			l->error.code != BN_OK ? l->error.message : "…");
		return;
	}
	draw_header(pen, r.y + 1, r, &lay);
	if (l->cursor < l->top)
		l->top = l->cursor;
	if (l->cursor >= l->top + height)
		l->top = l->cursor - height + 1;
	for (i = 0; i < height && l->top + i < l->count; i++)
		draw_line(pen, l->first + (int)i, r, &l->shown[l->top + i], &lay, &style,
			  l->top + i == l->cursor);
}

static void
links_close(struct bn_screen *screen)
{
	struct links *l = (struct links *)screen;

	free((char *)(uintptr_t)l->about.source);
	free((char *)(uintptr_t)l->about.key);
	bn_arena_free(l->arena);
	free(l->shown);
	bn_strlist_clear(&l->folded);
}

static const struct bn_screen_ops ops = {
    .title = "Lineage",
    .context = BN_IN_LINKS,
    .close = links_close,
    .ask = links_ask,
    .answer = links_answer,
    .draw = links_draw,
    .act = links_act,
    .selected = links_selected,
};

struct bn_screen *
bn_links_screen(struct bn_app *app, struct bn_ref about)
{
	struct links *l = bn_screen_new(app, &ops, sizeof(*l));

	l->about = (struct bn_ref){about.kind, bn_xstrdup(about.source), bn_xstrdup(about.key)};
	return &l->screen;
}

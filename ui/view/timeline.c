/* timeline.c - the Timeline screen: what happened in the last day, newest first, the hour at a glance. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "ui/view/plain.h"

#define HOUR 3600000

static void
headline(const struct bn_plain *p, struct bn_buf *left, struct bn_buf *right)
{
	const struct bn_rows *rows = bn_list_rows(p->list.list);

	bn_buf_adds(left, bn_app_at(p->screen.app) != 0 ? "the 24 hours before, newest first"
							: "the last 24 hours, newest first");
	if (rows != NULL)
		bn_buf_addf(right, "%zu events", bn_rows_total(rows));
}

/* The mark of one column of the strip: the worst event in it; commits and attributes are changes.
 */
struct spot {
	int rank;
	enum bn_role role;
	const char *glyph, *ascii;
};

static struct spot
spot_of(const struct bn_rows *rows, size_t row)
{
	const struct bn_status_row *status = bn_status_row(bn_rows_status(rows, row));
	const char *kind = bn_row_text(rows, row, "kind");

	if (strcmp(kind, "commit") == 0 || strcmp(kind, "change") == 0)
		return (struct spot){80, BN_ROLE_CHANGE, "◆", "+"};
	return (struct spot){status->rank + 1,
			     status->role == BN_ROLE_OK ? BN_ROLE_DIM : status->role, status->glyph,
			     status->ascii};
}

/* ---- the hour at a glance ---------------------------------------------------------------- */

#define GROUPS	    6
#define COLUMNS_MAX 400
#define LABEL	    9

static const char *const groups[GROUPS] = {"runs",  "changes", "models",
					   "infra", "streams", "people"};

/* What the strip shows: the marks of each group (all in the first, with `merged`), and what was watched. */
struct hour {
	bn_time from;
	int width;
	struct spot spots[GROUPS][COLUMNS_MAX];
	unsigned char watched[COLUMNS_MAX]; /* 0: nobody, 1: some sources, 2: all */
};

struct timeline {
	struct bn_plain plain;
	struct bn_rows *coverage;
	bn_time start, end; /* of the incident that is marked; 0: not */
};

enum { SLOT_COVERAGE = 3 };

static int
group_of(const char *name)
{
	int g = 0;

	while (g < GROUPS - 1 && strcmp(groups[g], name) != 0)
		g++;
	return g;
}

static void
fill_spots(const struct bn_rows *rows, struct hour *hour, bool merged)
{
	size_t i;

	for (i = 0; rows != NULL && i < bn_rows_count(rows); i++) {
		int64_t into = bn_row_int(rows, i, "at") - hour->from;
		struct spot spot = spot_of(rows, i);
		int at = (int)(into * hour->width / HOUR);
		int g = merged ? 0 : group_of(bn_row_text(rows, i, "group"));

		if (into >= 0 && into < HOUR && at < hour->width &&
		    spot.rank > hour->spots[g][at].rank)
			hour->spots[g][at] = spot;
	}
}

/* A column counts as watched by a source if one of its spans holds the column's middle. */
static void
fill_coverage(const struct timeline *t, struct hour *hour, bn_time now)
{
	struct bn_summary s = bn_app_summary(t->plain.screen.app);
	size_t i, count = t->coverage != NULL ? bn_rows_count(t->coverage) : 0;

	for (int x = 0; x < hour->width; x++) {
		bn_time at = hour->from + ((bn_time)x * HOUR + HOUR / 2) / hour->width;
		int n = 0;

		for (i = 0; i < count; i++) {
			bn_time until = bn_row_int(t->coverage, i, "until");

			/* the last poll was just now: it goes on */
			n += bn_row_int(t->coverage, i, "from") <= at &&
			     (at <= until || (now - until < 120000 && at <= now));
		}
		hour->watched[x] = t->coverage == NULL || n >= s.sources ? 2 : n > 0 ? 1 : 0;
	}
}

static int
column_of(const struct hour *hour, bn_time at)
{
	int64_t into = at - hour->from;

	return into < 0 || into > HOUR ? -1 : (int)(into * (hour->width - 1) / HOUR);
}

static void
draw_axis(const struct timeline *t, const struct hour *hour, int y, int x)
{
	struct bn_pen *pen = bn_app_pen(t->plain.screen.app);
	struct bn_style style = bn_app_style(t->plain.screen.app);
	int start = t->start != 0 ? column_of(hour, t->start) : -1;
	int end = t->end != 0 ? column_of(hour, t->end) : -1, i;
	char text[BN_TIME_TEXT];

	for (i = 0; i <= 4; i++)
		bn_draw(
		    pen, y, x + i * (hour->width / 4), 5, BN_INK(BN_ROLE_DIM),
		    bn_time_show(hour->from + (bn_time)i * HOUR / 4, style.zone, BN_TIME_HM, text));
	if (start >= 0)
		bn_draw(pen, y, x + start, 1, BN_INK(BN_ROLE_ACCENT), "[");
	if (end >= 0)
		bn_draw(pen, y, x + end, 1, BN_INK(BN_ROLE_ACCENT), "]");
}

static void
draw_marks(struct bn_pen *pen, const struct hour *hour, int g, int y, int x)
{
	for (int i = 0; i < hour->width; i++) {
		const struct spot *spot = &hour->spots[g][i];
		bool quarter = hour->width >= 4 && i % (hour->width / 4) == 0;

		if (spot->rank > 0)
			bn_draw(pen, y, x + i, 1, BN_INK(spot->role),
				pen->ascii ? spot->ascii : spot->glyph);
		else if (hour->watched[i] == 0)
			bn_draw(pen, y, x + i, 1, BN_INK(BN_ROLE_STALE), pen->ascii ? "?" : "░");
		else
			bn_draw(pen, y, x + i, 1,
				BN_INK(hour->watched[i] == 1 ? BN_ROLE_WARN : BN_ROLE_RULE),
				quarter ? "┊" : "·");
	}
}

static bool
anything_unwatched(const struct hour *hour)
{
	return memchr(hour->watched, 0, (size_t)hour->width) != NULL;
}

static void
draw_strip(const struct bn_plain *p, struct bn_rect r)
{
	const struct timeline *t = (const struct timeline *)p;
	struct bn_pen *pen = bn_app_pen(p->screen.app);
	struct bn_style style = bn_app_style(p->screen.app);
	bool tall = r.h > 2;
	struct hour *hour = bn_xcalloc(1, sizeof(*hour));
	struct bn_rect in = r;

	bn_draw_clear(pen, r);
	if (tall) {
		in =
		    bn_draw_box(pen, r, "hour at a glance", "[ ] minute  { } hour  t go to", false);
		in.x += LABEL;
		in.w -= LABEL;
	} else {
		in.x++;
		in.w -= 7;
	}
	hour->from = style.now - HOUR;
	hour->width = in.w > COLUMNS_MAX ? COLUMNS_MAX : in.w;
	if (hour->width < 8)
		goto out;
	if (tall)
		hour->width -= 5; /* the last label of the axis */
	fill_spots(bn_list_rows(p->list.list), hour, !tall);
	fill_coverage(t, hour, style.now);
	draw_axis(t, hour, in.y, in.x);
	for (int g = 0; g < (tall ? GROUPS : 1) && g + 1 < in.h; g++) {
		if (tall)
			bn_draw(pen, in.y + 1 + g, in.x - LABEL, LABEL - 1, BN_INK(BN_ROLE_DIM),
				groups[g]);
		draw_marks(pen, hour, g, in.y + 1 + g, in.x);
	}
	if (tall && anything_unwatched(hour) && in.h > GROUPS + 1)
		bn_draw(pen, in.y + GROUPS + 1, in.x - LABEL, in.w, BN_INK(BN_ROLE_STALE),
			pen->ascii ? "? not observed" : "░ not observed");
out:
	free(hour);
}

/* ---- the screen -------------------------------------------------------------------------- */

static const char *const columns[] = {"status", "at",	    "kind",  "entity", "what",
				      "who",	"evidence", "group", NULL};

static void
timeline_ask(struct bn_screen *screen)
{
	static const char *const wanted[] = {"source", "from", "until", NULL};
	struct bn_question question = {.kind = BN_ASK_ROWS};
	bn_time now = bn_app_now(screen->app);

	bn_plain_ask(screen);
	question.query.table = bn_view_table("coverage");
	question.query.columns = wanted;
	question.query.since = now - 2 * HOUR;
	question.query.limit = 2000;
	question.query.uncounted = true;
	bn_app_ask(screen, SLOT_COVERAGE, &question);
}

static void
timeline_answer(struct bn_screen *screen, struct bn_answer *answer)
{
	struct timeline *t = (struct timeline *)screen;

	if (answer->slot != SLOT_COVERAGE) {
		bn_plain_answer(screen, answer);
		return;
	}
	if (answer->rc != BN_OK)
		return;
	bn_rows_free(t->coverage);
	t->coverage = answer->rows;
	answer->rows = NULL;
}

static void
timeline_close(struct bn_screen *screen)
{
	bn_rows_free(((struct timeline *)screen)->coverage);
	bn_plain_close(screen);
}

/* When the selected event happened; the moment that is shown if there is none. */
static bn_time
selected_moment(const struct timeline *t)
{
	size_t row;

	if (bn_list_selected(t->plain.list.list, &row))
		return bn_row_int(bn_list_rows(t->plain.list.list), row, "at");
	return bn_app_now(t->plain.screen.app);
}

static void
mark_incident(struct timeline *t)
{
	struct bn_style style = bn_app_style(t->plain.screen.app);
	bn_time at = selected_moment(t);
	char from[BN_TIME_TEXT], to[BN_TIME_TEXT];

	if (t->start == 0 || t->end != 0) {
		t->start = t->end != 0 ? 0 : at;
		t->end = 0;
	} else if (at < t->start) {
		t->end = t->start;
		t->start = at;
	} else
		t->end = at;
	bn_time_show(t->start, style.zone, BN_TIME_HMS, from);
	bn_time_show(t->end, style.zone, BN_TIME_HMS, to);
	if (t->start == 0)
		bn_app_say(t->plain.screen.app, BN_TONE_PLAIN, "no incident is marked");
	else if (t->end == 0)
		bn_app_say(t->plain.screen.app, BN_TONE_PLAIN,
			   "the incident began at %s; m again marks its end", from);
	else
		bn_app_say(t->plain.screen.app, BN_TONE_PLAIN,
			   "the incident lasted from %s to %s; x exports its timeline", from, to);
}

/* The scripted report; its Markdown comes up in a pager. */
static void
export_incident(struct timeline *t)
{
	bn_time now = bn_app_now(t->plain.screen.app);
	char from[BN_TIME_TEXT], to[BN_TIME_TEXT], *line;

	bn_time_rfc3339(t->start != 0 ? t->start : now - HOUR, from);
	/* the event at the end belongs to it, whatever part of its second it fell into */
	bn_time_rfc3339(t->end != 0 ? (t->end / 1000 + 1) * 1000 : now, to);
	line = bn_xasprintf("report postmortem --from %s --to %s -o md", from, to);
	bn_app_command(t->plain.screen.app, line);
	free(line);
}

static unsigned
timeline_act(struct bn_screen *screen, enum bn_action action, const struct bn_key_event *event)
{
	switch (action) {
	case BN_ACT_INCIDENT:
		mark_incident((struct timeline *)screen);
		return BN_REDRAW;
	case BN_ACT_EXPORT:
		export_incident((struct timeline *)screen);
		return BN_REDRAW;
	default:
		return bn_plain_act(screen, action, event);
	}
}

static const struct bn_plain_kind kind = {
    .ops = {.title = "Timeline",
	    .context = BN_IN_TIMELINE,
	    .come = bn_plain_come,
	    .close = timeline_close,
	    .ask = timeline_ask,
	    .answer = timeline_answer,
	    .draw = bn_plain_draw,
	    .act = timeline_act,
	    .selected = bn_plain_selected},
    .table = "timeline",
    .columns = columns,
    .id_column = "at",
    .nothing = "nothing has happened in the last 24 hours",
    .headline = headline,
    .strip_height = 2,
    .strip_tall = GROUPS + 4,
    .strip = draw_strip,
    .limit = 2000,
};

struct bn_screen *
bn_timeline_screen(struct bn_app *app)
{
	struct timeline *t = bn_screen_new(app, &kind.ops, sizeof(*t));

	bn_plain_init(&t->plain, &kind);
	return &t->plain.screen;
}

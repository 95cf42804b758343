/* timeline.c - the Timeline screen: what happened in the last day, newest first, the hour at a glance. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "ui/view/plain.h"

#define HOUR 3600000

static void
headline(const struct bn_plain *p, struct bn_buf *left, struct bn_buf *right)
{
	const struct bn_rows *rows = bn_list_rows(p->list.list);

	bn_buf_adds(left, "the last 24 hours, newest first");
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

static void
fill_spots(const struct bn_rows *rows, struct spot *spots, int width, bn_time from)
{
	size_t i;

	for (i = 0; rows != NULL && i < bn_rows_count(rows); i++) {
		int64_t into = bn_row_int(rows, i, "at") - from;
		struct spot spot = spot_of(rows, i);
		int at = (int)(into * width / HOUR);

		if (into >= 0 && at < width && spot.rank > spots[at].rank)
			spots[at] = spot;
	}
}

static void
draw_strip(const struct bn_plain *p, struct bn_rect r)
{
	struct bn_pen *pen = bn_app_pen(p->screen.app);
	struct bn_style style = bn_app_style(p->screen.app);
	int width = r.w - 8 > 400 ? 400 : r.w - 8, i;
	bn_time from = style.now - HOUR;
	struct spot spots[400] = {0};
	char text[BN_TIME_TEXT];

	bn_draw_clear(pen, r);
	fill_spots(bn_list_rows(p->list.list), spots, width, from);
	for (i = 0; i < width; i++) {
		bool quarter = i % (width / 4) == 0;

		if (spots[i].rank > 0)
			bn_draw(pen, r.y + 1, r.x + 1 + i, 1, BN_INK(spots[i].role),
				pen->ascii ? spots[i].ascii : spots[i].glyph);
		else
			bn_draw(pen, r.y + 1, r.x + 1 + i, 1, BN_INK(BN_ROLE_RULE),
				quarter ? "┊" : "·");
	}
	for (i = 0; i <= 4; i++)
		bn_draw(pen, r.y, r.x + 1 + i * (width / 4), 5, BN_INK(BN_ROLE_DIM),
			bn_time_show(from + (bn_time)i * HOUR / 4, style.zone, BN_TIME_HM, text));
}

static const char *const columns[] = {"status", "at",  "kind",	   "entity",
				      "what",	"who", "evidence", NULL};

static const struct bn_plain_kind kind = {
    .ops = {.title = "Timeline", .context = BN_IN_TIMELINE, BN_PLAIN_OPS},
    .table = "timeline",
    .columns = columns,
    .id_column = "at",
    .nothing = "nothing has happened in the last 24 hours",
    .headline = headline,
    .strip_height = 2,
    .strip = draw_strip,
    .limit = 2000,
};

struct bn_screen *
bn_timeline_screen(struct bn_app *app)
{
	return &bn_plain_new(app, &kind)->screen;
}

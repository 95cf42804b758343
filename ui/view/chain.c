/* chain.c - the lines of a lineage as a tree: the guides before each, and the tree drawn small. */
/* SPDX-License-Identifier: MIT */
#include "ui/view/chain.h"

void
bn_guides_add(struct bn_guides *guides, const struct bn_lineage_line *line, struct bn_buf *out)
{
	int d;

	for (d = 1; d < line->depth && d <= BN_GUIDES_DEEPEST; d++)
		bn_buf_adds(out, guides->open[d] ? "│  " : "   ");
	bn_buf_adds(out, line->last ? "└─ " : "├─ ");
	if (line->depth <= BN_GUIDES_DEEPEST)
		guides->open[line->depth] = !line->last;
}

static int
draw_name(struct bn_pen *pen, int y, int x, int width, const struct bn_lineage_line *line)
{
	const struct bn_status_row *status = bn_status_row(line->known ? line->status : BN_UNKNOWN);

	if (width < 4)
		return 0;
	bn_draw(pen, y, x, 1, BN_INK(status->role), pen->ascii ? status->ascii : status->glyph);
	return 2 + bn_draw(pen, y, x + 2, width - 2,
			   BN_INK(line->known && !line->stale ? BN_ROLE_TEXT : BN_ROLE_STALE),
			   line->name);
}

int
bn_chain_draw(struct bn_app *app, struct bn_rect r, const struct bn_lineage_line *lines,
	      size_t count)
{
	struct bn_pen *pen = bn_app_pen(app);
	const struct bn_style style = bn_app_style(app);
	struct bn_guides guides = {{false}};
	struct bn_buf text = BN_BUF_INIT(1024);
	char at[BN_TIME_TEXT];
	size_t i;
	int x;

	for (i = 0; i < count && (int)i < r.h; i++) {
		const struct bn_lineage_line *line = &lines[i];
		int y = r.y + (int)i;

		if ((int)i == r.h - 1 && i + 1 < count) {
			bn_drawf(pen, y, r.x, r.w, BN_INK(BN_ROLE_DIM), "… %zu more (b)",
				 count - i);
			break;
		}
		bn_buf_reset(&text);
		bn_guides_add(&guides, line, &text);
		x = r.x + bn_draw(pen, y, r.x, r.w, BN_INK(BN_ROLE_RULE), bn_buf_text(&text));
		x += draw_name(pen, y, x, r.x + r.w - x - 18, line);
		bn_draw_right(pen, y, r.x + r.w - 17, 10, BN_INK(BN_ROLE_DIM),
			      bn_kind_word(line->ref.kind));
		if (line->since > 0)
			bn_draw_right(pen, y, r.x + r.w - 6, 6, BN_INK(BN_ROLE_DIM),
				      bn_time_show(line->since, style.zone,
						   style.now - line->since < 86400000 ? BN_TIME_HM
										      : BN_TIME_MD,
						   at));
	}
	bn_buf_free(&text);
	return count < (size_t)r.h ? (int)count : r.h;
}

int
bn_chain_draw_line(struct bn_app *app, int y, int x, int width, const struct bn_lineage_line *lines,
		   size_t count)
{
	struct bn_pen *pen = bn_app_pen(app);
	int end = x + width, from = x, depth = 1, pass;
	size_t i;

	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < count; i++) {
			const struct bn_lineage_line *line = &lines[i];
			bool wrong = bn_status_row(line->status)->problem || !line->known;
			const char *between = x == from ? "" : line->depth > depth ? " ← " : "  ";

			if (wrong != (pass == 0) || line->again)
				continue;
			if (x + (int)bn_text_width(between) + 2 + (int)bn_text_width(line->name) >
			    end - 3) {
				x += bn_draw(pen, y, x, end - x, BN_INK(BN_ROLE_DIM), " …");
				return x - from;
			}
			x += bn_draw(pen, y, x, end - x, BN_INK(BN_ROLE_RULE), between);
			x += draw_name(pen, y, x, end - x, line);
			depth = line->depth;
		}
	return x - from;
}

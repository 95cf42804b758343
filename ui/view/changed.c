/* changed.c - the what-changed pane: commits, attributes and troubles around one thing, by kind and time. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "ui/view/plain.h"

struct changed {
	struct bn_plain plain;
	char *source, *key;
};

static void
headline(const struct bn_plain *p, struct bn_buf *left, struct bn_buf *right)
{
	const struct bn_rows *rows = bn_list_rows(p->list.list);

	bool ill = rows != NULL && bn_rows_count(rows) > 0 && *bn_row_text(rows, 0, "when") != '\0';

	/* Of what is not well the day is that before it began. */
	bn_buf_addf(left, "what changed around %s in %s",
		    p->list.scope.key == NULL ? "it" : p->list.scope.key,
		    ill ? "the 24 hours before it, and after" : "the last 24 hours");
	if (rows != NULL)
		bn_buf_addf(right, "%zu changes", bn_rows_total(rows));
}

static void
changed_close(struct bn_screen *screen)
{
	struct changed *c = (struct changed *)screen;

	bn_plain_close(screen);
	free(c->source);
	free(c->key);
}

static const struct bn_plain_kind kind = {
    .ops = {.title = "Changed",
	    .context = BN_IN_CHANGED,
	    .close = changed_close,
	    .ask = bn_plain_ask,
	    .answer = bn_plain_answer,
	    .draw = bn_plain_draw,
	    .act = bn_plain_act,
	    .selected = bn_plain_selected},
    .table = "changed",
    .id_column = "at",
    .nothing = "nothing changed around it, as far as the sources and repositories tell",
    .headline = headline,
    .no_detail = true,
};

struct bn_screen *
bn_changed_screen(struct bn_app *app, struct bn_ref about)
{
	struct changed *c = bn_screen_new(app, &kind.ops, sizeof(*c));

	c->source = bn_xstrdup(about.source);
	c->key = bn_xstrdup(about.key);
	bn_plain_init(&c->plain, &kind);
	c->plain.list.scope = (struct bn_ref){about.kind, c->source, c->key};
	return &c->plain.screen;
}

/* sources.c - the Sources screen: the collector's own health, and how old what it read is. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "ui/view/plain.h"

static void
headline(const struct bn_plain *p, struct bn_buf *left, struct bn_buf *right)
{
	const struct bn_rows *rows = bn_list_rows(p->list.list);
	int busy = bn_app_options(p->screen.app)->collect == NULL
		       ? 0
		       : bn_collect_busy(bn_app_options(p->screen.app)->collect, NULL);

	if (rows != NULL)
		bn_buf_addf(left, "%zu sources · this host asks, nothing listens",
			    bn_rows_total(rows));
	if (bn_app_options(p->screen.app)->collect == NULL)
		bn_buf_adds(right, "offline: nothing is asked");
	else if (busy > 0)
		bn_buf_addf(right, "%d asking now", busy);
	else
		bn_buf_adds(right, bn_list_sort(p->list.list) == NULL ? "worst, then slowest" : "");
}

static unsigned
sources_act(struct bn_screen *screen, enum bn_action action, const struct bn_key_event *event)
{
	struct bn_ref ref;
	char line[200];

	if (action != BN_ACT_DOCTOR)
		return bn_plain_act(screen, action, event);
	if (!bn_plain_selected(screen, &ref))
		return BN_REDRAW;
	snprintf(line, sizeof(line), "doctor '%s'", ref.key);
	bn_app_command(screen->app, line);
	return BN_REDRAW;
}

static const char *const columns[] = {"status",	 "source", "type",    "last_ok", "every",
				      "calls",	 "p50",	   "p95",     "errors",	 "entities",
				      "skipped", "auth",   "expires", "url",	 NULL};
static const char *const side_columns[] = {"status", "at",    "what",  "http_status",
					   "took",   "bytes", "error", NULL};

static const struct bn_plain_kind kind = {
    .ops = {.title = "Sources",
	    .context = BN_IN_SOURCES,
	    .come = bn_plain_come,
	    .close = bn_plain_close,
	    .ask = bn_plain_ask,
	    .answer = bn_plain_answer,
	    .draw = bn_plain_draw,
	    .act = sources_act,
	    .selected = bn_plain_selected},
    .table = "sources",
    .columns = columns,
    .nothing = "no source is configured; \"binnacle config init\" writes a first file",
    .headline = headline,
    .side_title = "its latest calls",
    .side_table = "calls",
    .side_columns = side_columns,
};

struct bn_screen *
bn_sources_screen(struct bn_app *app)
{
	return &bn_plain_new(app, &kind)->screen;
}

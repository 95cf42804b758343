/* endpoints.c - the Endpoints screen: does it answer, how fast, how long does its certificate last. */
/* SPDX-License-Identifier: MIT */
#include "ui/view/plain.h"
#include "ui/widget/chart.h"

static void
headline(const struct bn_plain *p, struct bn_buf *left, struct bn_buf *right)
{
	const struct bn_rows *rows = bn_list_rows(p->list.list);

	bn_buf_adds(left, "latencies in ms over the last 60 minutes");
	if (rows != NULL)
		bn_buf_addf(right, "%zu endpoints%s", bn_rows_total(rows),
			    bn_list_sort(p->list.list) == NULL ? ", worst first" : "");
}

/* The selected endpoint's hour. */
static void
draw_chart(const struct bn_plain *p, struct bn_rect in)
{
	struct bn_pen *pen = bn_app_pen(p->screen.app);
	const struct bn_rows *rows = bn_list_rows(p->list.list);
	struct bn_style style = bn_app_style(p->screen.app);
	struct bn_series series = {0};
	struct bn_chart chart = {.series = &series,
				 .set = bn_app_charts(p->screen.app),
				 .zone = style.zone,
				 .cursor = -1,
				 .times = true};
	size_t row;

	if (bn_list_selected(p->list.list, &row)) {
		bn_series_from_spark(&series, bn_row_text(rows, row, "spark"), style.now);
		chart.limit = (double)bn_row_int(rows, row, "slo") / 1000;
	}
	bn_chart_draw(pen, in, &chart);
	if (series.count == 0)
		bn_draw(pen, in.y, in.x, in.w, BN_INK(BN_ROLE_DIM),
			"nothing measured in the last hour");
	bn_series_clear(&series);
}

static const char *const columns[] = {
    "status", "endpoint", "type",  "state",	  "rps",     "errors",	"p50",	  "p95",
    "p99",    "slo",	  "spark", "certificate", "asserts", "message", "target", NULL};

static const struct bn_plain_kind kind = {
    .ops = {.title = "Endpoints", .context = BN_IN_ENDPOINTS, BN_PLAIN_OPS},
    .table = "endpoints",
    .columns = columns,
    .nothing = "no endpoint is configured; [endpoint \"name\"] url = … adds one",
    .headline = headline,
    .side_title = "probe time, ms",
    .side_draw = draw_chart,
};

struct bn_screen *
bn_endpoints_screen(struct bn_app *app)
{
	return &bn_plain_new(app, &kind)->screen;
}

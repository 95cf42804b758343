/* runs.c - the Runs screen: pipelines, each with its latest run. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "ui/view/plain.h"

#define GROUPS 6

/* "24 ingestion · 12 transformation": the groups there are, in the order they come. */
static void
headline(const struct bn_plain *p, struct bn_buf *left, struct bn_buf *right)
{
	const struct bn_rows *rows = bn_list_rows(p->list.list);
	const char *groups[GROUPS] = {NULL};
	size_t counts[GROUPS] = {0}, i, g, known = 0;

	bn_buf_adds(left,
		    bn_list_sort(p->list.list) == NULL ? "pipelines, worst first" : "pipelines");
	for (i = 0; rows != NULL && i < bn_rows_count(rows); i++) {
		const char *group = bn_row_text(rows, i, "group");

		for (g = 0; g < known && strcmp(groups[g], group) != 0; g++)
			continue;
		if (*group == '\0' || g == GROUPS)
			continue;
		if (g == known)
			groups[known++] = group;
		counts[g]++;
	}
	if (rows != NULL)
		bn_buf_addf(right, "%zu pipeline%s", bn_rows_total(rows),
			    bn_rows_total(rows) == 1 ? "" : "s");
	for (g = 0; g < known; g++)
		bn_buf_addf(right, " · %zu %s", counts[g], groups[g]);
}

static const char *const columns[] = {"status",	  "pipeline", "group", "engine", "history",
				      "start",	  "duration", "p50",   "p95",	 "rows",
				      "schedule", "next",     "run",   "url",	 NULL};
static const char *const side_columns[] = {"status", "run",	"start", "duration",
					   "failed", "trigger", NULL};

static const struct bn_plain_kind kind = {
    .ops = {.title = "Runs", .context = BN_IN_RUNS, BN_PLAIN_OPS},
    .table = "pipelines",
    .columns = columns,
    .nothing = "no source has told of a pipeline yet",
    .headline = headline,
    .side_title = "its latest runs",
    .side_table = "runs",
    .side_columns = side_columns,
    .side_sort = "-start",
    .runs = true,
};

struct bn_screen *
bn_runs_screen(struct bn_app *app)
{
	return &bn_plain_new(app, &kind)->screen;
}

/* dashboard.c - [dashboard] sections: what panels a person's own screens are made of, checked as they are read. */
/* SPDX-License-Identifier: MIT */
#include "ui/dashboard.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

/* ---- words ------------------------------------------------------------------------------- */

/* The first word of *rest, in an arena; *rest goes behind it. NULL: there is none. */
static const char *
next_word(struct bn_arena *arena, const char **rest)
{
	size_t length;
	const char *word;

	*rest += strspn(*rest, " \t");
	length = strcspn(*rest, " \t");
	if (length == 0)
		return NULL;
	word = bn_arena_strndup(arena, *rest, length);
	*rest += length;
	*rest += strspn(*rest, " \t");
	return word;
}

/* While one panel is being read. */
struct reading {
	struct bn_arena *arena;
	const struct bn_config *config;
	const char *rest; /* of its words */
	struct bn_panel *panel;
	struct bn_error *err;
};

static bool
is_source(const char *name, void *payload)
{
	return bn_config_find(payload, "source", name) != NULL;
}

static int
read_ref(struct reading *r, const char *word)
{
	struct bn_ref_text text;
	void *config = (void *)(uintptr_t)r->config; /* only read there */

	if (bn_ref_parse(word, is_source, config, &text, r->err) != BN_OK)
		return r->err->code;
	r->panel->ref = (struct bn_ref){text.kind, text.source, text.key}; /* taken over */
	return BN_OK;
}

static int
need_ref(struct reading *r, const char *what, const char *example)
{
	const char *word = next_word(r->arena, &r->rest);

	if (word != NULL)
		return read_ref(r, word);
	bn_fail(r->err, BN_ECONFIG, "%s of what?", what);
	return bn_hint(r->err, "as in: %s", example);
}

static int
nothing_more(struct reading *r)
{
	if (*r->rest == '\0')
		return BN_OK;
	bn_fail(r->err, BN_ECONFIG, "\"%s\" is too much", r->rest);
	return bn_hint(r->err, "the words of a panel are in binnacle-config(5)");
}

/* ---- kinds of panels --------------------------------------------------------------------- */

static int
read_chart(struct reading *r)
{
	int rc = need_ref(r, "a chart", "chart stream/orders 6h");
	const char *window;

	if (rc != BN_OK)
		return rc;
	r->panel->kind = BN_PANEL_CHART;
	r->panel->window = 3600000;
	if (r->panel->ref.kind != BN_STREAM && r->panel->ref.kind != BN_ENDPOINT) {
		bn_fail(r->err, BN_ECONFIG, "there is no chart of a %s",
			bn_kind_word(r->panel->ref.kind));
		return bn_hint(r->err, "charts are of a stream or an endpoint");
	}
	r->panel->table = bn_view_table(r->panel->ref.kind == BN_STREAM ? "points" : "latency");
	window = next_word(r->arena, &r->rest);
	if (window != NULL && bn_duration_parse(window, &r->panel->window, r->err) != BN_OK)
		return r->err->code;
	if (r->panel->window < 60000 || r->panel->window > 604800000)
		return bn_fail(r->err, BN_ECONFIG, "a chart shows from 1m to 7d, not %s", window);
	return nothing_more(r);
}

static int
read_gauge(struct reading *r)
{
	static const char example[] = "gauge endpoint/api-lpo-quote p95 100";
	int rc = need_ref(r, "a gauge", example);
	const char *word;
	char *end;

	if (rc != BN_OK)
		return rc;
	r->panel->kind = BN_PANEL_GAUGE;
	r->panel->table = bn_view_table("measures");
	word = next_word(r->arena, &r->rest);
	if (word == NULL) {
		bn_fail(r->err, BN_ECONFIG, "a gauge of which measure?");
		return bn_hint(r->err, "as in: %s", example);
	}
	r->panel->word = bn_xstrdup(word);
	word = next_word(r->arena, &r->rest);
	if (word == NULL)
		return BN_OK;
	errno = 0;
	r->panel->full = strtod(word, &end);
	if (*end != '\0' || errno != 0 || !isfinite(r->panel->full) || r->panel->full <= 0) {
		bn_fail(r->err, BN_ECONFIG, "\"%s\" is no number to fill a gauge", word);
		return bn_hint(r->err, "as in: %s", example);
	}
	return nothing_more(r);
}

static int
read_log(struct reading *r)
{
	int rc = need_ref(r, "the log", "log pipeline/argo-prod/transform-hourly");
	enum bn_kind kind = r->panel->ref.kind;
	const char *task;
	char *slash;

	if (rc != BN_OK)
		return rc;
	r->panel->kind = BN_PANEL_LOG;
	if (kind != BN_RUN && kind != BN_PIPELINE && kind != BN_TASK) {
		bn_fail(r->err, BN_ECONFIG, "a %s has no log", bn_kind_word(kind));
		return bn_hint(
		    r->err, "logs are of a run, a pipeline's latest run, or a task: task/RUN/TASK");
	}
	task = next_word(r->arena, &r->rest);
	if (kind == BN_TASK) {
		slash = strrchr((char *)(uintptr_t)r->panel->ref.key, '/');
		if (slash == NULL)
			return bn_fail(r->err, BN_ECONFIG, "a task is written task/RUN/TASK");
		task = slash + 1;
		*slash = '\0';
		r->panel->ref.kind = BN_RUN;
	}
	r->panel->word = bn_xstrdup(task);
	return kind == BN_TASK && *r->rest != '\0' ? nothing_more(r) : BN_OK;
}

/* Tables that are about one thing. */
static bool
needs_subject(const char *name)
{
	static const char *const names[] = {"tasks",	"calls",   "points", "latency",
					    "measures", "changed", NULL};
	size_t i;

	for (i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static int
no_table(struct reading *r, const char *name)
{
	const char *names[64] = {"chart", "gauge", "log", NULL}, *near;
	size_t i;

	for (i = 0; i < 60 && bn_view_tables[i] != NULL; i++) {
		names[i + 3] = bn_view_tables[i]->name;
		names[i + 4] = NULL;
	}
	near = bn_nearest(name, names);
	bn_fail(r->err, BN_ECONFIG, "there is no table \"%s\"", name);
	return near != NULL
		   ? bn_hint(r->err, "did you mean %s?", near)
		   : bn_hint(r->err,
			     "a panel is chart, gauge, log, or a table: triage, runs, endpoints …");
}

/* "product=NAME" of a triage table: what hits that product. The rest is the filter. */
static void
take_product(struct reading *r)
{
	const char *at = strstr(r->rest, "product=");
	size_t length;

	if (at == NULL || (at > r->rest && at[-1] != ' '))
		return;
	length = strcspn(at + 8, " \t");
	r->panel->ref =
	    (struct bn_ref){BN_PRODUCT, NULL, bn_xasprintf("%.*s", (int)length, at + 8)};
	r->rest =
	    bn_arena_format(r->arena, "%.*s%s", (int)(at - r->rest), r->rest, at + 8 + length);
	r->rest += strspn(r->rest, " \t");
}

static int
read_table(struct reading *r, const char *name)
{
	struct bn_filter *filter = NULL;
	int rc = BN_OK;

	r->panel->kind = BN_PANEL_TABLE;
	r->panel->table = bn_view_table(name);
	if (r->panel->table == NULL)
		return no_table(r, name);
	if (needs_subject(name))
		rc = need_ref(r, name, "changed pipeline/argo-prod/transform-hourly");
	else if (strcmp(name, "triage") == 0)
		take_product(r);
	if (rc != BN_OK || *r->rest == '\0')
		return rc;
	rc = bn_filter_parse(&filter, r->panel->table, r->rest, r->err);
	bn_filter_free(filter);
	r->panel->filter = bn_xstrdup(r->rest);
	return rc;
}

static int
read_panel(const struct bn_config *config, const struct bn_config_value *value,
	   struct bn_panel *panel, struct bn_error *err)
{
	struct reading r = {bn_arena_new(), config, value->text, panel, err};
	const char *word = next_word(r.arena, &r.rest);
	int rc;

	panel->text = bn_xstrdup(value->text);
	if (word == NULL)
		rc = bn_fail(err, BN_ECONFIG, "an empty panel");
	else if (strcmp(word, "chart") == 0)
		rc = read_chart(&r);
	else if (strcmp(word, "gauge") == 0)
		rc = read_gauge(&r);
	else if (strcmp(word, "log") == 0)
		rc = read_log(&r);
	else
		rc = read_table(&r, word);
	bn_arena_free(r.arena);
	return rc;
}

/* ---- sections ---------------------------------------------------------------------------- */

static int
read_dashboard(const struct bn_config *config, const struct bn_config_section *section,
	       struct bn_dashboard *board, struct bn_error *err)
{
	size_t i;
	int rc;

	board->name = bn_xstrdup(section->name);
	board->file = bn_xstrdup(section->file);
	board->line = section->line;
	board->columns = (int)bn_section_int(section, bn_core_options("dashboard"), "columns");
	for (i = 0; i < section->count; i++) {
		const struct bn_config_value *value = &section->values[i];

		if (strcmp(value->key, "panel") != 0)
			continue;
		if (board->count == BN_PANELS_MOST)
			return bn_fail(err, BN_ECONFIG, "%s:%d: dashboard.%s: more than %d panels",
				       value->file, value->line, section->name, BN_PANELS_MOST);
		rc = read_panel(config, value, &board->panels[board->count++], err);
		if (rc != BN_OK) {
			bn_error_prefix(err, "%s:%d: dashboard.%s", value->file, value->line,
					section->name);
			return err->code = BN_ECONFIG;
		}
	}
	return BN_OK;
}

int
bn_dashboards_read(const struct bn_config *config, struct bn_dashboards **out, struct bn_error *err)
{
	struct bn_dashboards *all = bn_xcalloc(1, sizeof(*all));
	const struct bn_config_section *section;
	size_t i, count = 0;
	int rc = BN_OK;

	*out = NULL;
	while (config != NULL && bn_config_section(config, "dashboard", count) != NULL)
		count++;
	all->at = bn_xcalloc(count + 1, sizeof(*all->at));
	for (i = 0; rc == BN_OK && i < count; i++) {
		section = bn_config_section(config, "dashboard", i);
		rc = read_dashboard(config, section, &all->at[all->count++], err);
	}
	if (rc != BN_OK) {
		bn_dashboards_free(all);
		return rc;
	}
	*out = all;
	return BN_OK;
}

void
bn_dashboards_free(struct bn_dashboards *all)
{
	size_t i, p;

	if (all == NULL)
		return;
	for (i = 0; i < all->count; i++) {
		for (p = 0; p < all->at[i].count; p++) {
			struct bn_panel *panel = &all->at[i].panels[p];

			free(panel->text);
			free(panel->filter);
			free(panel->word);
			free((char *)(uintptr_t)panel->ref.source);
			free((char *)(uintptr_t)panel->ref.key);
		}
		free(all->at[i].name);
		free(all->at[i].file);
	}
	free(all->at);
	free(all);
}

const struct bn_dashboard *
bn_dashboard_find(const struct bn_dashboards *all, const char *name)
{
	size_t i;

	for (i = 0; all != NULL && i < all->count; i++)
		if (strcmp(all->at[i].name, name) == 0)
			return &all->at[i];
	return NULL;
}

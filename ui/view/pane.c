/* pane.c - a list that a query fills: what every list screen is made of. */
/* SPDX-License-Identifier: MIT */
#include "ui/view/pane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
bn_level_for(int width)
{
	return width >= 120 ? 2 : width >= 80 ? 1 : 0;
}

const char *
bn_row_text(const struct bn_rows *rows, size_t row, const char *column)
{
	struct bn_value value = {0};

	if (rows != NULL)
		value = bn_rows_named(rows, row, column);
	return value.type == BN_VALUE_TEXT && value.s != NULL ? value.s : "";
}

int64_t
bn_row_int(const struct bn_rows *rows, size_t row, const char *column)
{
	struct bn_value value = {0};

	if (rows != NULL)
		value = bn_rows_named(rows, row, column);
	return value.type == BN_VALUE_INT    ? value.i
	       : value.type == BN_VALUE_REAL ? (int64_t)value.r
					     : 0;
}

void
bn_pane_init(struct bn_pane *pane, struct bn_screen *screen, int slot, const char *table,
	     const char *const *columns, const char *id_column)
{
	pane->screen = screen;
	pane->slot = slot;
	pane->table = bn_view_table(table);
	pane->columns = columns;
	pane->limit = BN_PANE_ROWS;
	pane->list = bn_list_new(id_column);
	pane->fresh = true;
}

void
bn_pane_clear(struct bn_pane *pane)
{
	bn_list_free(pane->list);
	free(pane->filter);
	free(pane->previous);
	pane->list = NULL;
	pane->filter = pane->previous = NULL;
}

static bool
is_settled(const struct bn_pane *pane, size_t row)
{
	const struct bn_rows *rows = bn_list_rows(pane->list);

	return bn_row_int(rows, row, "acked") != 0 ||
	       bn_row_int(rows, row, "snoozed") > bn_rows_now(rows);
}

bool
bn_pane_settled(const struct bn_pane *pane)
{
	size_t row;

	return bn_list_selected(pane->list, &row) && is_settled(pane, row);
}

/* What a person does next is about the thing they did something to just now, or about nothing: it must not be gone
 * from under the cursor, and another thing in its place. */
static struct bn_ref
kept(const struct bn_pane *pane)
{
	struct bn_ref ref = {BN_KIND_NONE, NULL, NULL};

	if (pane->keeps && bn_list_put(pane->list))
		bn_pane_selected(pane, &ref);
	return ref;
}

void
bn_pane_ask(struct bn_pane *pane)
{
	struct bn_question question = {.kind = BN_ASK_ROWS};
	const char *sort = bn_list_sort(pane->list);

	question.query = (struct bn_query){.table = pane->table,
					   .columns = pane->columns,
					   .filter = pane->filter,
					   .zone = bn_app_style(pane->screen->app).zone,
					   .sort = sort != NULL ? sort : pane->sort,
					   .problems = pane->problems,
					   .keep = kept(pane),
					   .scope = pane->scope,
					   .limit = pane->limit,
					   .since = pane->since};
	pane->asked = bn_app_ask(pane->screen, pane->slot, &question);
}

void
bn_pane_renew(struct bn_pane *pane)
{
	pane->leads = pane->fresh = pane->renewed = pane->screen->unread = true;
}

bool
bn_pane_answer(struct bn_pane *pane, struct bn_answer *answer)
{
	if (answer->slot != pane->slot)
		return false;
	/* That one was already on its way when something else was asked. */
	if (pane->fresh && answer->number < pane->asked)
		return true;
	/* Those in sight are not the ones that were asked for, whether keys came early or come late. */
	if (pane->leads && (pane->renewed || answer->rc == BN_OK))
		pane->screen->failed = answer->rc != BN_OK;
	if (pane->renewed)
		pane->renewed = pane->screen->unread = false;
	if (answer->rc != BN_OK) {
		if (pane->leads)
			bn_app_forget_keys(pane->screen);
		pane->error = answer->error;
		pane->error.code = answer->rc;
		return true;
	}
	pane->error.code = BN_OK;
	bn_list_set(pane->list, answer->rows, !pane->fresh && !bn_app_calm(pane->screen->app));
	answer->rows = NULL;
	pane->fresh = false;
	return true;
}

/* ---- the filter -------------------------------------------------------------------------- */

static void
set_filter(struct bn_pane *pane, const char *text)
{
	free(pane->filter);
	pane->filter = text == NULL || *text == '\0' ? NULL : bn_xstrdup(text);
	bn_pane_renew(pane);
	bn_pane_ask(pane);
}

static void
filter_changed(struct bn_app *app, void *payload, const char *text)
{
	(void)app;
	set_filter(payload, text);
}

static void
filter_done(struct bn_app *app, void *payload, const char *text)
{
	struct bn_pane *pane = payload;

	if (text == NULL)
		set_filter(pane, pane->previous);
	else
		bn_history_add(bn_app_filters(app), text);
	free(pane->previous);
	pane->previous = NULL;
}

/* Words of the filter language that may stand next: the table's columns as "name:". */
static void
filter_complete(struct bn_app *app, void *payload, const char *text, struct bn_strlist *out)
{
	const struct bn_pane *pane = payload;
	const char *word = strrchr(text, ' ');
	const struct bn_column *column;
	char name[64];

	(void)app;
	word = word == NULL ? text : word + 1;
	for (column = pane->table->columns; column->name != NULL; column++)
		if (strncmp(column->name, word, strlen(word)) == 0) {
			snprintf(name, sizeof(name), "%s:", column->name);
			bn_strlist_add(out, name);
		}
}

static void
edit_filter(struct bn_pane *pane)
{
	struct bn_app *app = pane->screen->app;

	free(pane->previous);
	pane->previous = bn_xstrdup(pane->filter);
	bn_app_prompt(app, &(struct bn_prompt){.label = "/",
					       .initial = pane->filter,
					       .history = bn_app_filters(app),
					       .changed = filter_changed,
					       .done = filter_done,
					       .complete = filter_complete,
					       .payload = pane});
}

/* The address of the selected thing's page, copied so that a browser can be given it. */
static void
show_link(struct bn_pane *pane)
{
	const char *url = "";
	size_t row;

	if (bn_list_selected(pane->list, &row))
		url = bn_row_text(bn_list_rows(pane->list), row, "url");
	if (*url == '\0')
		bn_app_say(pane->screen->app, BN_TONE_PLAIN, "the platform gives no link for this");
	else
		bn_app_copy(pane->screen->app, url);
}

/* ---- actions ----------------------------------------------------------------------------- */

/* What could be retried; how many there are. */
static size_t
mark_failed(struct bn_pane *pane)
{
	const struct bn_rows *rows = bn_list_rows(pane->list);
	size_t row, found = 0;

	for (row = 0; row < bn_list_count(pane->list); row++) {
		enum bn_kind kind = bn_rows_ref(rows, row).kind;

		if (bn_rows_status(rows, row) != BN_FAILED ||
		    (kind != BN_PIPELINE && kind != BN_RUN))
			continue;
		bn_list_mark(pane->list, row);
		found++;
	}
	return found;
}

/* Whatever is done to the thing under the cursor: the cursor stays there. */
static bool
is_about_selected(enum bn_action action)
{
	switch (action) {
	case BN_ACT_OPEN:
	case BN_ACT_RETRY:
	case BN_ACT_LOG:
	case BN_ACT_LINKS:
	case BN_ACT_CHANGED:
	case BN_ACT_DETAIL:
	case BN_ACT_ACK:
	case BN_ACT_SNOOZE:
	case BN_ACT_NOTE:
		return true;
	default:
		return false;
	}
}

/* What was kept for the cursor's sake alone goes with the cursor. */
static void
let_go(struct bn_pane *pane, bool settled, size_t before)
{
	size_t now;

	if (pane->keeps && settled && bn_list_selected(pane->list, &now) && now != before)
		bn_pane_ask(pane);
}

/* Moves the cursor, or marks; false: the action is not the list's. */
static bool
list_act(struct bn_pane *pane, enum bn_action action, const struct bn_key_event *event)
{
	bool settled = bn_pane_settled(pane), done;
	size_t before = 0;

	bn_list_selected(pane->list, &before);
	done = action == BN_ACT_CLICK ? event != NULL && bn_list_click(pane->list, event->y)
				      : bn_list_act(pane->list, action);
	if (done)
		let_go(pane, settled, before);
	return done;
}

unsigned
bn_pane_act(struct bn_pane *pane, enum bn_action action, const struct bn_key_event *event)
{
	if (is_about_selected(action))
		bn_list_stay(pane->list);
	if (pane->runs && action == BN_ACT_MARK_ALL) {
		if (mark_failed(pane) == 0)
			bn_app_say(pane->screen->app, BN_TONE_PLAIN,
				   "nothing that runs failed here");
		return BN_REDRAW;
	}
	if (list_act(pane, action, event))
		return BN_REDRAW;
	switch (action) {
	case BN_ACT_LINK:
		show_link(pane);
		return BN_REDRAW;
	case BN_ACT_FILTER:
		edit_filter(pane);
		return BN_REDRAW;
	case BN_ACT_PROBLEMS:
		pane->problems = !pane->problems;
		bn_pane_renew(pane);
		bn_list_home(pane->list);
		bn_pane_ask(pane);
		return BN_REDRAW;
	case BN_ACT_SORT:
	case BN_ACT_SORT_LEFT:
	case BN_ACT_SORT_RIGHT:
		bn_list_sort_act(pane->list, action);
		bn_pane_renew(pane);
		bn_pane_ask(pane);
		return BN_REDRAW;
	case BN_ACT_BACK:
		if (pane->filter == NULL && pane->problems == pane->usual)
			return 0;
		pane->problems = pane->usual;
		set_filter(pane, NULL);
		return BN_REDRAW;
	default:
		return 0;
	}
}

bool
bn_pane_selected(const struct bn_pane *pane, struct bn_ref *ref)
{
	size_t row;

	if (!bn_list_selected(pane->list, &row))
		return false;
	*ref = bn_rows_ref(bn_list_rows(pane->list), row);
	return true;
}

size_t
bn_pane_marked(const struct bn_pane *pane, struct bn_ref **out, size_t *hidden)
{
	const struct bn_rows *rows = bn_list_rows(pane->list);
	size_t marked = bn_list_marked(pane->list), found = 0, row;

	*out = bn_xcalloc(marked + 1, sizeof(**out));
	/* In the order in which they are seen. */
	for (row = 0; row < bn_list_count(pane->list) && found < marked; row++)
		if (bn_list_is_marked(pane->list, bn_list_row_at(pane->list, row)))
			(*out)[found++] = bn_rows_ref(rows, bn_list_row_at(pane->list, row));
	*hidden = marked - found;
	return found;
}

/* ---- drawing ----------------------------------------------------------------------------- */

static void
draw_words(struct bn_pane *pane, struct bn_rect r, const char *nothing)
{
	struct bn_pen *pen = bn_app_pen(pane->screen->app);
	const char *text = nothing, *domain = bn_app_domain(pane->screen->app);
	struct bn_buf narrowed = BN_BUF_INIT(512);
	enum bn_role role = BN_ROLE_DIM;

	if (pane->error.code != BN_OK) {
		struct bn_rect below = r;

		role = BN_ROLE_WARN;
		below.y += bn_draw_folded(pen, (struct bn_rect){r.y, r.x + 1, r.h, r.w - 2},
					  BN_INK(role), pane->error.message);
		below.h = r.y + r.h - below.y;
		if (below.h > 0)
			bn_draw_folded(pen, (struct bn_rect){below.y, r.x + 1, below.h, r.w - 2},
				       BN_INK(BN_ROLE_DIM), pane->error.hint);
		return;
	}
	if (bn_list_rows(pane->list) == NULL)
		text = "…";
	else if (pane->filter != NULL && !pane->own_filter)
		text = "nothing matches the filter; Esc clears it";
	else if (domain != NULL && pane->scope.kind == BN_KIND_NONE) {
		bn_buf_addf(&narrowed, "nothing of the domain %s; :domain alone ends that", domain);
		text = bn_buf_text(&narrowed);
	}
	bn_draw(pen, r.y, r.x + 1, r.w - 2, BN_INK(role), text);
	bn_buf_free(&narrowed);
}

void
bn_pane_draw(struct bn_pane *pane, struct bn_rect r, int level, bool header, bool cursor,
	     const char *nothing)
{
	struct bn_list_look look = {.style = bn_app_style(pane->screen->app),
				    .level = level,
				    .header = header,
				    .cursor = cursor,
				    .margin = true,
				    .hidden = pane->hidden,
				    .also = pane->also,
				    .dim = pane->dim,
				    .level_column = pane->level_column,
				    .group_text = pane->group_text,
				    .signs = pane->signs,
				    .states = pane->states};
	int lines = header ? 1 : 0;

	bn_list_draw(pane->list, bn_app_pen(pane->screen->app), r, &look);
	/* Rows of an answer that a later failure made old stay in sight; the failure stands under
	 * them. */
	if (pane->error.code != BN_OK || bn_list_count(pane->list) == 0) {
		int y = r.y + lines + (int)bn_list_count(pane->list);

		if (y > r.y + r.h - 2)
			y = r.y + r.h - 2;
		if (y < r.y)
			y = r.y;
		draw_words(pane, (struct bn_rect){y, r.x, r.y + r.h - y, r.w}, nothing);
	}
}

void
bn_pane_words(const struct bn_pane *pane, char *out, size_t size)
{
	struct bn_buf text = BN_BUF_INIT(4096);

	if (pane->filter != NULL)
		bn_buf_addf(&text, "/%s", pane->filter);
	if (pane->problems && !pane->usual)
		bn_buf_addf(&text, "%sproblems only", text.size > 0 ? " · " : "");
	if (bn_list_marked(pane->list) > 0)
		bn_buf_addf(&text, "%s%zu marked", text.size > 0 ? " · " : "",
			    bn_list_marked(pane->list));
	snprintf(out, size, "%s", bn_buf_text(&text));
	bn_buf_free(&text);
}

/* text.c - screens that are one long text: the help, a command's output, everything about a thing. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/view/detail.h"
#include "ui/view/log.h"
#include "ui/widget/pager.h"

enum { SLOT_DETAIL };

static const struct bn_screen_ops text_ops;

/* The common part: a pager and the prompt that searches it. */
struct text {
	struct bn_screen screen;
	struct bn_pager *pager;
	struct bn_detail_pane detail;
	char *heading;
};

static void
search_done(struct bn_app *app, void *payload, const char *pattern)
{
	struct text *t = payload;
	struct bn_error err;

	if (pattern == NULL)
		return;
	bn_history_add(bn_app_filters(app), pattern);
	if (bn_pager_search(t->pager, pattern, &err) != BN_OK)
		bn_app_fail(app, &err);
}

/* The line at the top of the window, the way a person would take it along. */
static void
copy_all(struct text *t)
{
	struct bn_buf out = BN_BUF_INIT(70000);
	size_t i;

	for (i = 0; i < bn_pager_lines(t->pager) && out.size < 60000; i++)
		bn_buf_addf(&out, "%s%s", i > 0 ? " " : "", bn_pager_line(t->pager, i));
	bn_app_copy(t->screen.app, bn_buf_text(&out));
	bn_buf_free(&out);
}

/* Never over a file that is there: nobody is asked twice. */
void
bn_text_write(struct bn_app *app, const struct bn_pager *pager, const char *path)
{
	FILE *out;
	bool fine = true;

	if (path == NULL || *path == '\0')
		return;
	out = fopen(path, "wxe");
	for (size_t i = 0; out != NULL && i < bn_pager_lines(pager); i++)
		fine = fprintf(out, "%s\n", bn_pager_line(pager, i)) >= 0 && fine;
	if (out == NULL || (fclose(out) != 0) || !fine)
		bn_app_say(app, BN_TONE_BAD, "%s: %s", path, strerror(errno));
	else
		bn_app_say(app, BN_TONE_GOOD, "written: %s", path);
}

static void
write_done(struct bn_app *app, void *payload, const char *path)
{
	bn_text_write(app, ((struct text *)payload)->pager, path);
}

/* "report handover …" becomes "report-handover-2026-03-10.md". */
static void
ask_where(struct text *t)
{
	struct bn_buf name = BN_BUF_INIT(256);
	char day[BN_TIME_TEXT];
	const char *at = t->heading;
	int words = 0;

	for (; *at != '\0' && *at != '/' && words < 2; at++) {
		words += *at == ' ';
		bn_buf_addc(&name, *at == ' ' ? '-' : *at);
	}
	if (words < 2)
		bn_buf_addc(&name, '-');
	bn_buf_addf(&name, "%s.md",
		    bn_time_show(bn_app_now(t->screen.app), NULL, BN_TIME_YMD, day));
	bn_app_prompt(t->screen.app, &(struct bn_prompt){.label = "write to: ",
							 .initial = bn_buf_text(&name),
							 .done = write_done,
							 .payload = t});
	bn_buf_free(&name);
}

/* A command's output is the person's to change; what is filled by itself (help, a detail) is not. */
static void
edit(struct text *t)
{
	struct bn_buf text = BN_BUF_INIT(0);
	struct bn_error err = {0};
	char *changed = NULL;

	if (t->screen.ops != &text_ops) {
		bn_app_say(t->screen.app, BN_TONE_PLAIN, "this text writes itself");
		return;
	}
	for (size_t i = 0; i < bn_pager_lines(t->pager); i++)
		bn_buf_addf(&text, "%s\n", bn_pager_line(t->pager, i));
	if (bn_app_edit(t->screen.app, bn_buf_text(&text), &changed, &err) != BN_OK)
		bn_app_fail(t->screen.app, &err);
	else {
		bn_pager_clear(t->pager);
		bn_pager_add_text(t->pager, changed);
	}
	free(changed);
	bn_buf_free(&text);
}

static unsigned
text_act(struct bn_screen *screen, enum bn_action action, const struct bn_key_event *event)
{
	struct text *t = (struct text *)screen;

	(void)event;
	if (bn_pager_act(t->pager, action))
		return BN_REDRAW;
	switch (action) {
	case BN_ACT_SEARCH:
		bn_app_prompt(screen->app,
			      &(struct bn_prompt){.label = "/",
						  .history = bn_app_filters(screen->app),
						  .done = search_done,
						  .payload = t});
		return BN_REDRAW;
	case BN_ACT_COPY:
		copy_all(t);
		return BN_REDRAW;
	case BN_ACT_WRITE:
		ask_where(t);
		return BN_REDRAW;
	case BN_ACT_EDIT:
		edit(t);
		return BN_REDRAW;
	default:
		return 0;
	}
}

static void
text_draw(struct bn_screen *screen, struct bn_rect r)
{
	struct text *t = (struct text *)screen;
	struct bn_pen *pen = bn_app_pen(screen->app);
	char position[96];

	bn_draw_clear(pen, r);
	bn_pager_draw(t->pager, pen, (struct bn_rect){r.y + 1, r.x + 1, r.h - 1, r.w - 2});
	bn_draw_blank(pen, r.y, r.x, r.w, BN_INK(BN_ROLE_TEXT));
	bn_pager_position(t->pager, position, sizeof(position));
	bn_draw_rule(pen, r.y, r.x, r.w, t->heading, position);
}

static void
text_close(struct bn_screen *screen)
{
	struct text *t = (struct text *)screen;

	bn_pager_free(t->pager);
	bn_detail_clear(&t->detail);
	free(t->heading);
}

static void
text_ask(struct bn_screen *screen)
{
	(void)screen; /* it is what it is */
}

static void
text_answer(struct bn_screen *screen, struct bn_answer *answer)
{
	(void)screen;
	(void)answer;
}

/* ---- a command's output ------------------------------------------------------------------ */

static const struct bn_screen_ops text_ops = {
    .title = "Output",
    .context = BN_IN_TEXT,
    .close = text_close,
    .ask = text_ask,
    .answer = text_answer,
    .draw = text_draw,
    .act = text_act,
};

static struct text *
new_text(struct bn_app *app, const struct bn_screen_ops *ops, const char *heading)
{
	struct text *t = bn_screen_new(app, ops, sizeof(*t));

	t->pager = bn_pager_new(0, false);
	t->heading = bn_xstrdup(heading);
	return t;
}

struct bn_screen *
bn_text_screen(struct bn_app *app, const char *title, char *text)
{
	struct text *t = new_text(app, &text_ops, title);

	bn_pager_add_text(t->pager, text);
	free(text);
	return &t->screen;
}

/* ---- help -------------------------------------------------------------------------------- */

/* In the help itself there is nothing deeper. */
static unsigned
help_act(struct bn_screen *screen, enum bn_action action, const struct bn_key_event *event)
{
	return action == BN_ACT_HELP ? BN_REDRAW : text_act(screen, action, event);
}

static const struct bn_screen_ops help_ops = {
    .title = "Help",
    .context = BN_IN_TEXT,
    .close = text_close,
    .ask = text_ask,
    .answer = text_answer,
    .draw = text_draw,
    .act = help_act,
};

#define KEY_COLUMNS 22

struct bn_screen *
bn_help_screen(struct bn_app *app, unsigned context)
{
	struct text *t =
	    new_text(app, &help_ops, "keys that are valid on the screen you came from");
	struct bn_strlist lines = {0};
	size_t i;

	bn_pager_act(t->pager, BN_ACT_WRAP);
	bn_keymap_help(bn_app_keymap(app), context, !bn_app_ascii(app), bn_app_reach(app), &lines);
	for (i = 0; i < lines.count; i++) {
		struct bn_buf head = BN_BUF_INIT(256);
		char *tab = strchr(lines.items[i], '\t');

		if (tab != NULL) {
			*tab = '\0';
			bn_text_cell(&head, lines.items[i], KEY_COLUMNS - 1, BN_PAD_RIGHT,
				     bn_app_ascii(app));
			bn_buf_adds(&head, " ");
			bn_pager_add(t->pager, bn_buf_text(&head), tab + 1, strlen(tab + 1),
				     BN_ROLE_TEXT);
		} else {
			bn_pager_add(t->pager, NULL, lines.items[i], strlen(lines.items[i]),
				     BN_ROLE_KEY);
		}
		bn_buf_free(&head);
	}
	bn_strlist_clear(&lines);
	return &t->screen;
}

/* ---- everything about one thing ---------------------------------------------------------- */

static void
detail_ask(struct bn_screen *screen)
{
	bn_detail_ask(&((struct text *)screen)->detail);
}

static void
fill_detail(struct text *t)
{
	const struct bn_detail *detail = &t->detail.detail;
	struct bn_buf head = BN_BUF_INIT(256);
	size_t i;

	bn_pager_clear(t->pager);
	if (t->detail.error.code != BN_OK) {
		bn_pager_add_text(t->pager, t->detail.error.message);
		bn_pager_add_text(t->pager, t->detail.error.hint);
	}
	for (i = 0; i < detail->count; i++) {
		bn_buf_reset(&head);
		bn_text_cell(&head, detail->lines[i].label, 12, BN_PAD_RIGHT,
			     bn_app_ascii(t->screen.app));
		bn_buf_adds(&head, " ");
		bn_pager_add(t->pager, bn_buf_text(&head), detail->lines[i].text,
			     strlen(detail->lines[i].text), detail->lines[i].role);
	}
	bn_buf_free(&head);
}

static void
detail_answer(struct bn_screen *screen, struct bn_answer *answer)
{
	struct text *t = (struct text *)screen;
	bool first = bn_pager_lines(t->pager) == 0;

	if (!bn_detail_answer(&t->detail, answer) || !(first || bn_pager_at_top(t->pager)))
		return; /* nothing moves under the eyes of somebody reading further down */
	fill_detail(t);
	if (t->detail.detail.title != NULL) {
		free(t->heading);
		t->heading = bn_xasprintf(
		    "%s  %s", t->detail.detail.title,
		    t->detail.detail.subtitle == NULL ? "" : t->detail.detail.subtitle);
	}
}

static bool
detail_selected(struct bn_screen *screen, struct bn_ref *ref)
{
	*ref = ((struct text *)screen)->detail.about;
	return ref->key != NULL;
}

static const struct bn_screen_ops detail_ops = {
    .title = "Detail",
    .context = BN_IN_TEXT,
    .close = text_close,
    .ask = detail_ask,
    .answer = detail_answer,
    .draw = text_draw,
    .act = text_act,
    .selected = detail_selected,
};

struct bn_screen *
bn_detail_screen(struct bn_app *app, struct bn_ref about)
{
	struct text *t = new_text(app, &detail_ops, about.key);

	bn_pager_act(t->pager, BN_ACT_WRAP);
	bn_detail_init(&t->detail, &t->screen, SLOT_DETAIL);
	bn_detail_about(&t->detail, &about);
	return &t->screen;
}

/* services.c - what the application does for its screens: the stack of them, messages, questions, the prompt. */
/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ui/state.h"

const struct bn_console_options *
bn_app_options(const struct bn_app *app)
{
	return app->options;
}

struct bn_pen *
bn_app_pen(struct bn_app *app)
{
	return &app->pen;
}

struct bn_style
bn_app_style(const struct bn_app *app)
{
	return (struct bn_style){app->options->zone, app->pen.ascii, bn_app_now(app)};
}

const struct bn_keymap *
bn_app_keymap(const struct bn_app *app)
{
	return app->keymap;
}

bool
bn_app_ascii(const struct bn_app *app)
{
	return app->pen.ascii;
}

enum bn_chart_set
bn_app_charts(const struct bn_app *app)
{
	return app->charts;
}

bool
bn_app_calm(const struct bn_app *app)
{
	return app->tick - app->last_key >= BN_CALM_AFTER;
}

const char *
bn_app_domain(const struct bn_app *app)
{
	return app->domain;
}

struct bn_summary
bn_app_summary(const struct bn_app *app)
{
	return app->summary;
}

int64_t
bn_app_tick(const struct bn_app *app)
{
	return app->tick;
}

struct bn_history *
bn_app_filters(struct bn_app *app)
{
	return &app->filters;
}

void *
bn_screen_new(struct bn_app *app, const struct bn_screen_ops *ops, size_t size)
{
	struct bn_screen *screen = bn_xcalloc(1, size);

	screen->ops = ops;
	screen->app = app;
	screen->serial = ++app->serials;
	return screen;
}

void
bn_app_free_screen(struct bn_screen *screen)
{
	if (screen == NULL)
		return;
	bn_queries_forget(screen->app->queries, screen->serial);
	if (screen->ops->close != NULL)
		screen->ops->close(screen);
	free(screen->name);
	free(screen);
}

const char *
bn_app_a(struct bn_ref ref)
{
	static const char *const words[] = {
	    [BN_PIPELINE] = "a pipeline",  [BN_RUN] = "a run",
	    [BN_TASK] = "a task",	   [BN_MODEL] = "a model",
	    [BN_ENDPOINT] = "an endpoint", [BN_STREAM] = "a stream",
	    [BN_APP] = "an app",	   [BN_DATASET] = "a dataset",
	    [BN_PRODUCT] = "a product",	   [BN_CHANGE] = "a change",
	    [BN_SOURCE] = "a source"};
	size_t kind = (size_t)ref.kind;

	return kind < sizeof(words) / sizeof(words[0]) && words[kind] != NULL ? words[kind]
									      : "this";
}

void
bn_app_uncover(struct bn_app *app)
{
	app->dirty = app->whole = app->stale = true;
	app->asked = 0;
}

void
bn_app_say(struct bn_app *app, enum bn_tone tone, const char *format, ...)
{
	va_list ap;

	free(app->message);
	va_start(ap, format);
	app->message = bn_xvasprintf(format, ap);
	va_end(ap);
	app->tone = tone;
	app->said = app->tick;
	app->dirty = true;
}

void
bn_app_fail(struct bn_app *app, const struct bn_error *err)
{
	bn_app_say(app, BN_TONE_BAD, "%s%s%s%s%s", err->source, err->source[0] != '\0' ? ": " : "",
		   err->message, err->hint[0] != '\0' ? " — " : "", err->hint);
}

void
bn_app_copy(struct bn_app *app, const char *text)
{
	struct bn_buf clean = BN_BUF_INIT(0);
	struct bn_error err;

	bn_sanitise(&clean, text, strlen(text), BN_SANITISE_FIELD);
	if (bn_term_copy(app->term, bn_buf_text(&clean), &err) != BN_OK)
		bn_app_fail(app, &err);
	else
		bn_app_say(app, BN_TONE_PLAIN, "copied: %s", bn_buf_text(&clean));
	bn_buf_free(&clean);
}

uint64_t
bn_app_ask(struct bn_screen *screen, int slot, const struct bn_question *question)
{
	struct bn_question styled = *question;

	styled.zone = screen->app->options->zone;
	styled.ascii = screen->app->pen.ascii;
	styled.query.domain = screen->app->domain;
	return bn_queries_ask(screen->app->queries, screen->serial, slot, &styled);
}

void
bn_app_ask_all(struct bn_app *app)
{
	struct bn_question question = {.kind = BN_ASK_SUMMARY, .query.domain = app->domain};

	bn_store_noticed(app->options->store);
	/* The rows first: they are what a person waits for. */
	app->top->ops->ask(app->top);
	app->top->epoch = app->epoch;
	app->top->deeds = app->deeds;
	app->asked_last = bn_queries_ask(app->queries, BN_SUMMARY_OWNER, 0, &question);
	app->asked = app->tick;
	app->stale = false;
}

void
bn_app_push(struct bn_app *app, struct bn_screen *screen)
{
	screen->below = app->top;
	screen->epoch = app->epoch;
	screen->deeds = app->deeds;
	app->top = screen;
	app->dirty = true;
	if (screen->ops->come != NULL)
		screen->ops->come(screen);
	if (screen->ops->ask != NULL)
		screen->ops->ask(screen);
}

/* Rows in place of those in sight: no key may be about these any more. */
static void
ask_anew(struct bn_app *app)
{
	if (app->top->ops->come != NULL)
		app->top->ops->come(app->top);
	bn_app_ask_all(app);
	app->dirty = true;
}

static void
pop(struct bn_app *app)
{
	struct bn_screen *screen = app->top;

	app->top = screen->below;
	bn_app_free_screen(screen);
	if (app->top->ops->wake != NULL)
		app->top->ops->wake(app->top);
	app->stale = true;
	app->asked = 0;
	app->dirty = true;
}

void
bn_app_leave(struct bn_app *app)
{
	if (app->top->below == NULL)
		return;
	pop(app);
	/* It still shows another moment, or another domain; who paused meant what they saw since. */
	if (app->top->epoch != app->epoch)
		ask_anew(app);
	else if (app->top->deeds != app->deeds)
		bn_deed_reread(app);
}

void
bn_app_tab(struct bn_app *app, enum bn_tab tab)
{
	while (app->top->below != NULL)
		pop(app);
	/* What nobody looks at any more is not waited for. */
	bn_queries_forget(app->queries, app->top->serial);
	app->tab = tab;
	app->top = app->tabs[tab];
	ask_anew(app);
}

struct bn_screen *
bn_app_tab_screen(struct bn_app *app, enum bn_tab tab)
{
	return app->tabs[tab];
}

void
bn_app_open(struct bn_app *app, struct bn_ref ref)
{
	if (ref.kind == BN_PIPELINE || ref.kind == BN_RUN)
		bn_app_push(app, bn_run_screen(app, ref, false));
	else
		bn_app_push(app, bn_detail_screen(app, ref));
}

void
bn_app_prompt(struct bn_app *app, const struct bn_prompt *prompt)
{
	if (app->prompting)
		bn_input_clear(&app->input);
	app->prompt = *prompt;
	app->prompting = true;
	bn_input_init(&app->input, prompt->initial, prompt->history);
	app->dirty = true;
}

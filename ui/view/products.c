/* products.c - the Products screen: what each promises and keeps, what it is made of, how long its budget lasts. */
/* SPDX-License-Identifier: MIT */
#include "ui/view/products.h"

#include <stdlib.h>
#include <string.h>

enum { SLOT_LIST, SLOT_OBJECTIVES, SLOT_DAYS, SLOT_DETAIL, SLOT_LINKS };

static const char *const columns[] = {
    "status",	   "product",	"owner",       "domain",	 "fresh",
    "target",	   "due",	"complete",    "quality",	 "avail",
    "latency",	   "slo",	"budget",      "cost_text",	 "kpi",
    "used_by",	   "lifecycle", "fresh_state", "complete_state", "quality_state",
    "avail_state", "due_state", "slo_state",   "latency_state",	 "kpi_state",
    "message",	   "since",	"consumers",   "contact",	 "predicted",
    "empty_in",	   "observed",	NULL};
static const struct bn_list_state states[] = {
    {"fresh", "fresh_state"},	  {"due", "due_state"},	    {"complete", "complete_state"},
    {"quality", "quality_state"}, {"avail", "avail_state"}, {"latency", "latency_state"},
    {"slo", "slo_state"},	  {"kpi", "kpi_state"},	    {NULL, NULL}};
static const char *const objective_columns[] = {
    "status",	      "sli",	  "target", "now",	"met",
    "goal",	      "budget",	  "burn",   "empty_in", "budget_allowed_ms",
    "budget_used_ms", "observed", "window", "detail",	NULL};
static const char *const day_columns[] = {"status", "sli", "day", "missed", NULL};

static void
ask_about_product(struct products *p)
{
	struct bn_question question = {.kind = BN_ASK_LINKS,
				       .about = {BN_PRODUCT, p->source, p->key}};

	if (p->key == NULL)
		return;
	bn_pane_ask(&p->objectives);
	bn_pane_ask(&p->days);
	bn_app_ask(&p->screen, SLOT_LINKS, &question);
}

static void
forget_lineage(struct products *p)
{
	bn_arena_free(p->arena);
	p->arena = NULL;
	memset(&p->lineage, 0, sizeof(p->lineage));
}

/* Nothing is selected: what the other panes hold, and what is still on its way to them, is of no product in sight. */
static void
be_about_nothing(struct products *p)
{
	bn_detail_about(&p->detail, NULL);
	free(p->source);
	free(p->key);
	p->source = p->key = NULL;
	p->objectives.scope = p->days.scope = (struct bn_ref){BN_KIND_NONE, NULL, NULL};
	forget_lineage(p);
}

/* The other panes follow the cursor. */
static void
follow(struct products *p)
{
	struct bn_ref ref;

	if (!bn_pane_selected(&p->list, &ref)) {
		be_about_nothing(p);
		return;
	}
	bn_detail_about(&p->detail, &ref);
	if (p->key != NULL && strcmp(p->key, ref.key) == 0 && strcmp(p->source, ref.source) == 0)
		return;
	free(p->source);
	free(p->key);
	p->source = bn_xstrdup(ref.source);
	p->key = bn_xstrdup(ref.key);
	p->objectives.scope = p->days.scope = (struct bn_ref){ref.kind, p->source, p->key};
	p->objectives.fresh = p->days.fresh = true;
	forget_lineage(p);
	ask_about_product(p);
}

static void
products_ask(struct bn_screen *screen)
{
	struct products *p = (struct products *)screen;

	bn_pane_ask(&p->list);
	bn_detail_ask(&p->detail);
	ask_about_product(p);
}

static void
products_answer(struct bn_screen *screen, struct bn_answer *answer)
{
	struct products *p = (struct products *)screen;

	if (bn_pane_answer(&p->list, answer)) {
		follow(p);
		return;
	}
	if (bn_pane_answer(&p->objectives, answer) || bn_pane_answer(&p->days, answer))
		return;
	if (answer->slot != SLOT_LINKS) {
		bn_detail_answer(&p->detail, answer);
		return;
	}
	if (answer->rc != BN_OK || p->key == NULL)
		return;
	forget_lineage(p);
	p->arena = answer->arena;
	answer->arena = NULL;
	p->lineage = answer->lineage;
}

static void
products_come(struct bn_screen *screen)
{
	bn_pane_renew(&((struct products *)screen)->list);
}

static void
products_close(struct bn_screen *screen)
{
	struct products *p = (struct products *)screen;

	bn_pane_clear(&p->list);
	bn_pane_clear(&p->objectives);
	bn_pane_clear(&p->days);
	bn_detail_clear(&p->detail);
	forget_lineage(p);
	free(p->source);
	free(p->key);
}

static bool
products_selected(struct bn_screen *screen, struct bn_ref *ref)
{
	return bn_pane_selected(&((struct products *)screen)->list, ref);
}

static unsigned
products_act(struct bn_screen *screen, enum bn_action action, const struct bn_key_event *event)
{
	struct products *p = (struct products *)screen;
	unsigned reaction;

	if (action == BN_ACT_OBJECTIVES) {
		p->part = (enum product_part)((p->part + 1) % PARTS);
		return BN_REDRAW;
	}
	reaction = bn_pane_act(&p->list, action, event);
	if (reaction != 0)
		follow(p);
	return reaction;
}

static const struct bn_screen_ops ops = {
    .title = "Products",
    .context = BN_IN_PRODUCTS,
    .come = products_come,
    .close = products_close,
    .ask = products_ask,
    .answer = products_answer,
    .draw = products_draw,
    .act = products_act,
    .selected = products_selected,
};

struct bn_screen *
bn_products_screen(struct bn_app *app)
{
	struct products *p = bn_screen_new(app, &ops, sizeof(*p));

	bn_pane_init(&p->list, &p->screen, SLOT_LIST, "products", columns, NULL);
	p->list.states = states;
	bn_pane_init(&p->objectives, &p->screen, SLOT_OBJECTIVES, "objectives", objective_columns,
		     "sli");
	bn_pane_init(&p->days, &p->screen, SLOT_DAYS, "slo_days", day_columns, "day");
	bn_detail_init(&p->detail, &p->screen, SLOT_DETAIL);
	p->detail.skip = "why";
	return &p->screen;
}

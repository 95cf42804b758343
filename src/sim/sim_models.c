/* sim_models.c - what the demo's configuration and its Prometheus say of the models. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "sim/promql_room.h"
#include "sim/sim_room.h"
#include "sim/world_models.h"

#define CLICK_THROUGH "ml:click_through:ratio"

/* What the world measures of a version: by which series, and how the configuration asks for it. */
#define OF(member) offsetof(struct bn_w_production, member)
static const struct number {
	const char *as, *series, *unit, *scale;
	size_t offset;
	bool few; /* asked for only of those that answer most */
} numbers[] = {
    {"psi", "ml:psi", NULL, "1", OF(psi), false},
    {"live", "ml:quality", NULL, "1", OF(quality), false},
    {"traffic", "ml:traffic:ratio", "%", "100", OF(traffic), false},
    {"p50", "ml:latency_seconds:p50", "ms", "1000", OF(p50), true},
    {"p95", "ml:latency_seconds:p95", "ms", "1000", OF(p95), false},
    {"p99", "ml:latency_seconds:p99", "ms", "1000", OF(p99), true},
    {"model-latency", "ml:latency_seconds:model", "ms", "1000", OF(model_latency), true},
    {"overhead", "ml:latency_seconds:overhead", "ms", "1000", OF(overhead), true},
    {"cost", "ml:cost_usd:month", "USD/month", "1", OF(cost), false},
    {"cpu", "ml:cpu:ratio", "%", "100", OF(cpu), false},
    {"memory", "ml:memory:ratio", "%", "100", OF(memory), false},
    {"predictions", "ml:predictions:month", "1/month", "1", OF(predictions), false},
};
#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static double
number_of(const struct bn_w_production *now, const struct number *number)
{
	return *(const double *)(const void *)((const char *)now + number->offset);
}

static void
configure_number(const struct bn_w_model *model, const char *role, const struct number *number,
		 struct bn_buf *out)
{
	bn_buf_addf(out,
		    "[query \"%s %s %s\"]\n\tquery = %s{model=\\\"%s\\\", role=\\\"%s\\\"}\n"
		    "\tfor = model/mlflow/%s@%s\n\tas = %s\n\tscale = %s\n",
		    model->name, role, number->as, number->series, model->name, role, model->name,
		    role, number->as, number->scale);
	if (number->unit != NULL)
		bn_buf_addf(out, "\tunit = %s\n", number->unit);
}

/* The business looks at the model, whichever version is live, and at the product that it makes. */
static void
configure_kpi(const struct bn_w_model *model, struct bn_buf *out)
{
	static const char *const about[] = {"model/mlflow", "product/products"};

	for (size_t i = 0; i < 2; i++)
		bn_buf_addf(
		    out,
		    "[query \"%s click-through%s\"]\n\tquery = "
		    "max(" CLICK_THROUGH "{model=\\\"%s\\\"})\n\tfor = %s/%s\n"
		    "\tas = kpi:click-through\n\tscale = 100\n\tunit = %%\n\ttarget = >= 3\n",
		    model->name, i > 0 ? " product" : "", model->name, about[i], model->name);
}

static void
configure_versions(const struct bn_sim *sim, const struct bn_w_model *model, struct bn_buf *out)
{
	static const char *const roles[] = {"champion", "challenger"};
	bn_time at = bn_clock_now(&sim->clock);
	struct bn_w_production now;
	struct bn_w_version version;

	for (size_t i = 0; i < 2; i++) {
		if (!bn_world_version(sim->world, model,
				      bn_world_alias_version(sim->world, model, roles[i], at), at,
				      &version))
			continue;
		bn_world_production(sim->world, &version, at, &now);
		for (size_t k = 0; k < NUMBERS; k++)
			if (!isnan(number_of(&now, &numbers[k])) &&
			    (!numbers[k].few || strcmp(model->name, "product-recs") == 0))
				configure_number(model, roles[i], &numbers[k], out);
		if (!isnan(now.click_through))
			configure_kpi(model, out);
	}
}

static void
configure_model(const struct bn_sim *sim, const struct bn_w_model *model, struct bn_buf *out)
{
	bn_buf_addf(out,
		    "[model \"%s\"]\n\tsource = mlflow\n\tmetric = %s\n\tbetter = %s\n\tlive-on = "
		    "%s\n",
		    model->name, model->metric, model->lower ? "lower" : "higher", model->live_on);
	if (strcmp(model->name, "demand-forecast") == 0)
		bn_buf_adds(out, "\tauto-deploy = true\n\tgrace = 20m\n");
	if (strcmp(model->name, "product-recs") == 0)
		bn_buf_adds(out, "\tcheck = p95 < 150\n\tcheck = kpi:click-through > 2.8\n");
	configure_versions(sim, model, out);
}

void
bn_sim_configure_models(const struct bn_sim *sim, struct bn_buf *out)
{
	const struct bn_w_model *model;

	for (size_t i = 0; (model = bn_world_model(i)) != NULL; i++)
		configure_model(sim, model, out);
}

/* ---- what Prometheus has --------------------------------------------------- */

/* One version's number, with the role it has; nothing where nobody measures it. */
static void
add_number(json_t *out, const struct bn_w_version *version, const char *role, const char *name,
	   double value)
{
	if (!isnan(value))
		json_array_append_new(out, json_pack("{s:{s:s, s:s, s:s, s:s}, s:f}", "metric",
						     "__name__", name, "model",
						     version->model->name, "role", role, "version",
						     version->version, "v", value));
}

/* A selector without a name wants them all. */
static bool
named(const struct bn_promql_selector *selector, const char *series)
{
	return selector->name[0] == '\0' || strcmp(selector->name, series) == 0;
}

void
bn_promql_models(const struct bn_world *world, const struct bn_promql_selector *selector,
		 bn_time at, json_t *out)
{
	static const char *const roles[] = {"champion", "challenger"};
	const struct bn_w_model *model;
	struct bn_w_version version;
	struct bn_w_production now;

	for (size_t i = 0; (model = bn_world_model(i)) != NULL; i++)
		for (size_t k = 0; k < 2; k++) {
			if (!bn_promql_wants(selector, "model", model->name) ||
			    !bn_promql_wants(selector, "role", roles[k]) ||
			    !bn_world_version(world, model,
					      bn_world_alias_version(world, model, roles[k], at),
					      at, &version))
				continue;
			bn_world_production(world, &version, at, &now);
			for (size_t n = 0; n < NUMBERS; n++)
				if (named(selector, numbers[n].series))
					add_number(out, &version, roles[k], numbers[n].series,
						   number_of(&now, &numbers[n]));
			if (named(selector, CLICK_THROUGH))
				add_number(out, &version, roles[k], CLICK_THROUGH,
					   now.click_through);
		}
}

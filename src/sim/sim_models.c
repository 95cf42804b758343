/* sim_models.c - what the demo's configuration and its Prometheus say of the models. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "sim/promql_room.h"
#include "sim/sim_room.h"
#include "sim/world_models.h"

/* What the world measures of a model; NAN is what nobody measures. */
static void
configure_number(const struct bn_w_model *model, const char *role, const char *as,
		 const char *series, const char *unit, const char *scale, struct bn_buf *out)
{
	bn_buf_addf(out,
		    "[query \"%s %s %s\"]\n\tquery = %s{model=\\\"%s\\\", role=\\\"%s\\\"}\n"
		    "\tfor = model/mlflow/%s@%s\n\tas = %s\n\tscale = %s\n",
		    model->name, role, as, series, model->name, role, model->name, role, as, scale);
	if (unit != NULL)
		bn_buf_addf(out, "\tunit = %s\n", unit);
}

static void
configure_model(const struct bn_sim *sim, const struct bn_w_model *model, struct bn_buf *out)
{
	static const char *const roles[] = {"champion", "challenger"};
	struct bn_w_production now;
	struct bn_w_version version;
	bn_time at = bn_clock_now(&sim->clock);

	bn_buf_addf(out,
		    "[model \"%s\"]\n\tsource = mlflow\n\tmetric = %s\n\tbetter = %s\n\tlive-on = "
		    "%s\n",
		    model->name, model->metric, model->lower ? "lower" : "higher", model->live_on);
	if (strcmp(model->name, "demand-forecast") == 0)
		bn_buf_adds(out, "\tauto-deploy = true\n\tgrace = 20m\n");
	if (strcmp(model->name, "product-recs") == 0)
		bn_buf_adds(out, "\tcheck = p95 < 150\n\tcheck = kpi:click-through > 0.028\n");
	for (size_t i = 0; i < 2; i++) {
		if (!bn_world_version(sim->world, model,
				      bn_world_alias_version(sim->world, model, roles[i], at), at,
				      &version))
			continue;
		bn_world_production(sim->world, &version, at, &now);
		if (!isnan(now.psi))
			configure_number(model, roles[i], "psi", "ml:psi", NULL, "1", out);
		if (!isnan(now.quality))
			configure_number(model, roles[i], "live", "ml:quality", NULL, "1", out);
		if (!isnan(now.traffic))
			configure_number(model, roles[i], "traffic", "ml:traffic:ratio", "%", "100",
					 out);
		if (!isnan(now.p95))
			configure_number(model, roles[i], "p95", "ml:latency_seconds:p95", "ms",
					 "1000", out);
		if (!isnan(now.cost))
			configure_number(model, roles[i], "cost", "ml:cost_usd:month", "USD/month",
					 "1", out);
		if (!isnan(now.click_through))
			bn_buf_addf(out,
				    "[query \"%s click-through\"]\n\tquery = "
				    "ml:click_through:ratio{model=\\\"%s\\\"}\n\tfor = "
				    "model/mlflow/%s\n\tas = kpi:click-through\n",
				    model->name, model->name, model->name);
	}
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
			add_number(out, &version, roles[k], "ml:psi", now.psi);
			add_number(out, &version, roles[k], "ml:quality", now.quality);
			add_number(out, &version, roles[k], "ml:traffic:ratio", now.traffic);
			add_number(out, &version, roles[k], "ml:latency_seconds:p95", now.p95);
			add_number(out, &version, roles[k], "ml:cost_usd:month", now.cost);
			add_number(out, &version, roles[k], "ml:click_through:ratio",
				   now.click_through);
		}
}

/* facts_models.c - models, their versions and what is wrong with them, as facts. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "sim/facts_room.h"
#include "sim/world_models.h"

#define PSI_WARN 0.1
#define PSI_BAD	 0.2

static json_t *
number_or_null(double value)
{
	return isnan(value) ? json_null() : json_real(value);
}

static json_t *
aliases_of(const struct bn_facts *facts, const struct bn_w_version *version)
{
	json_t *list = json_array();
	const char *alias;
	int index;

	for (size_t i = 0;
	     bn_world_alias(facts->world, version->model, i, facts->at, &alias, &index); i++)
		if (index == version->index)
			json_array_append_new(list, json_string(alias));
	return list;
}

/* What it is called: NAME@VERSION. */
static const char *
called(const struct bn_w_version *version, char out[128])
{
	snprintf(out, 128, "%s@%s", version->model->name, version->version);
	return out;
}

static json_t *
reference_of(const struct bn_w_version *version)
{
	char key[128];

	return bn_facts_reference("model", "mlflow", called(version, key));
}

/* Since which full hour its numbers are over the threshold, as Prometheus tells them an hour apart; 0: it was not
 * yet at the last full hour. */
static bn_time
drifts_since(const struct bn_facts *facts, const struct bn_w_version *version)
{
	bn_time since = 0;

	for (bn_time at = facts->at / BN_W_HOUR * BN_W_HOUR; at > facts->at - 14 * BN_W_DAY;
	     at -= BN_W_HOUR) {
		struct bn_w_production then;

		bn_world_production(facts->world, version, at, &then);
		if (isnan(then.psi) || then.psi < PSI_WARN)
			break;
		since = at;
	}
	return since;
}

static void
find_drift(struct bn_facts *facts, const struct bn_w_version *version,
	   const struct bn_w_production *production)
{
	char key[128];

	if (!isnan(production->psi) && production->psi >= PSI_WARN)
		bn_facts_find(facts, "model-drift", production->psi >= PSI_BAD, "mlflow",
			      reference_of(version), called(version, key),
			      drifts_since(facts, version));
}

/* The checks that the demo's configuration has of product-recs. */
static void
find_checks(struct bn_facts *facts, const struct bn_w_version *version,
	    const struct bn_w_production *production)
{
	char key[128];

	if (strcmp(version->model->name, "product-recs") == 0 &&
	    (production->p95 >= 0.150 || production->click_through <= 0.028))
		bn_facts_find(facts, "model-check", false, "mlflow", reference_of(version),
			      called(version, key), 0);
}

/* What is trained and not live when it should be. */
static void
find_not_deployed(struct bn_facts *facts, const struct bn_w_version *version)
{
	char key[128];
	bn_time due = version->train_finished + BN_W_I2_GRACE;

	if (strcmp(version->model->name, "demand-forecast") == 0 &&
	    version->index == version->model->versions - 1 && version->live_from == 0 &&
	    facts->at > due)
		bn_facts_find(facts, "model-not-deployed",
			      facts->at > version->train_finished + 3 * BN_W_I2_GRACE, "mlflow",
			      reference_of(version), called(version, key), due);
}

static json_t *
version_form(struct bn_facts *facts, const struct bn_w_version *version, bool live)
{
	struct bn_w_production production;
	json_t *form;

	bn_world_production(facts->world, version, facts->at, &production);
	form = json_pack("{s:s, s:o, s:o, s:b, s:o, s:o, s:o, s:s, s:s, s:I}", "version",
			 version->version, "ref", reference_of(version), "aliases",
			 aliases_of(facts, version), "live", live, "created",
			 bn_facts_when(version->created), "trained",
			 bn_facts_when(version->train_finished), "eval",
			 version->evaluated ? json_real(version->eval) : json_null(), "run",
			 version->run, "artifact", version->artifact, "train_time",
			 (json_int_t)(version->train_finished - version->train_started));
	json_object_update_new(form, json_pack("{s:o, s:o, s:s?, s:s?, s:o, s:o, s:s, s:I}",
					       "live_from", bn_facts_when(version->live_from),
					       "live_until", bn_facts_when(version->live_until),
					       "approved_by", version->approved_by, "change",
					       version->change[0] != '\0' ? version->change : NULL,
					       "data_from", bn_facts_when(version->data_from),
					       "data_to", bn_facts_when(version->data_to), "image",
					       version->image, "rows", (json_int_t)version->rows));
	json_object_update_new(
	    form, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "psi", number_or_null(production.psi),
			    "quality", number_or_null(production.quality), "traffic",
			    number_or_null(production.traffic), "p95",
			    number_or_null(production.p95), "cost", number_or_null(production.cost),
			    "click_through", number_or_null(production.click_through)));
	json_object_update_new(form, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "p50",
					       number_or_null(production.p50), "p99",
					       number_or_null(production.p99), "model_latency",
					       number_or_null(production.model_latency), "overhead",
					       number_or_null(production.overhead), "cpu",
					       number_or_null(production.cpu), "memory",
					       number_or_null(production.memory), "predictions",
					       number_or_null(production.predictions)));
	if (live) {
		find_drift(facts, version, &production);
		find_checks(facts, version, &production);
	}
	find_not_deployed(facts, version);
	return form;
}

json_t *
bn_facts_models(struct bn_facts *facts)
{
	const struct bn_w_model *model;
	struct bn_w_version version;
	json_t *list = json_array();

	for (size_t i = 0; (model = bn_world_model(i)) != NULL; i++) {
		int live = bn_world_alias_version(facts->world, model, "champion", facts->at);
		json_t *versions = json_array(), *champion = json_null();

		for (int k = 0; bn_world_version(facts->world, model, k, facts->at, &version);
		     k++) {
			json_array_append_new(versions, version_form(facts, &version, k == live));
			if (k == live)
				champion = json_string(version.version);
		}
		json_array_append_new(
		    list,
		    json_pack("{s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "key", model->name,
			      "ref", bn_facts_reference("model", "mlflow", model->name), "serving",
			      model->serving, "live_on", model->live_on, "metric", model->metric,
			      "better", model->lower ? "lower" : "higher", "owner", model->owner,
			      "champion", champion, "versions", versions));
	}
	return list;
}

/* facts_products.c - data products and what depends on what, as facts; and the sections that configure them. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "sim/facts_room.h"

/* How a promise about age stands: missed beyond the target, by far beyond one and a half times it. */
static const char *
standing(int64_t age, int64_t target)
{
	return 2 * age > 3 * target ? "down" : age > target ? "degraded" : "healthy";
}

static bool
is_judged(const struct bn_w_product *product)
{
	return strcmp(product->lifecycle, "active") == 0;
}

static json_t *
words(const char *const *list)
{
	json_t *out = json_array();

	for (size_t i = 0; list[i] != NULL; i++)
		json_array_append_new(out, json_string(list[i]));
	return out;
}

static json_t *
text_or_null(const char *text)
{
	return text != NULL ? json_string(text) : json_null();
}

/* The world's one deadline is never missed, only feared to be. */
static void
add_deadline(struct bn_facts *facts, const struct bn_w_product *product, json_t *form)
{
	bn_time due = bn_world_product_due(facts->at);
	bn_time ready = bn_world_product_ready(facts->world, product, facts->at);
	const char *status = ready > due ? "degraded" : "healthy";

	json_object_set_new(form, "deadline",
			    json_pack("{s:o, s:o, s:s}", "due", bn_facts_when(due), "ready",
				      bn_facts_when(ready), "status", status));
	json_object_set_new(form, "status", json_string(status));
	if (ready > due)
		bn_facts_find(facts, "product-late", false, "products",
			      bn_facts_reference("product", "products", product->name),
			      product->name, 0);
}

/* 99 % are promised; twice as much missing as may be is far off. */
static void
add_completeness(struct bn_facts *facts, const struct bn_w_product *product, json_t *form)
{
	double share = bn_world_product_complete(facts->world, product, facts->at);
	const char *status = share < 0.98 ? "down" : share < 0.99 ? "degraded" : "healthy";

	json_object_set_new(form, "completeness",
			    json_pack("{s:f, s:s}", "share", share, "status", status));
	if (strcmp(status, "healthy") == 0)
		return;
	json_object_set_new(form, "status", json_string(status));
	bn_facts_find(facts, "product-missed", share < 0.98, "products",
		      bn_facts_reference("product", "products", product->name), product->name, 0);
}

/* Nine in ten are promised, and all of the world's keep it. */
static json_t *
quality(const struct bn_w_product *product)
{
	return json_pack("{s:i, s:i, s:f, s:s}", "passed", product->tests.passed, "total",
			 product->tests.total, "share",
			 1.0 * product->tests.passed / product->tests.total, "status", "healthy");
}

json_t *
bn_facts_product(struct bn_facts *facts, const struct bn_w_product *product)
{
	bn_time made = bn_world_product_made(facts->world, product, facts->at);
	int64_t target = product->freshness * BN_W_MINUTE, age = facts->at - made;
	bool judged = is_judged(product);
	const char *fresh = judged && product->freshness > 0 ? standing(age, target) : NULL;
	json_t *form = json_pack(
	    "{s:s, s:o, s:o, s:o, s:s, s:s, s:o, s:o, s:i}", "name", product->name, "ref",
	    bn_facts_reference("product", "products", product->name), "owner",
	    text_or_null(product->owner), "contact", text_or_null(product->contact), "domain",
	    product->domain, "lifecycle", product->lifecycle, "consumers",
	    words(product->consumers), "needs", words(product->needs), "cost", product->cost);

	json_object_set_new(form, "status",
			    json_string(!judged		? "paused"
					: fresh != NULL ? fresh
							: "healthy"));
	if (fresh != NULL) {
		json_object_set_new(form, "freshness",
				    json_pack("{s:I, s:o, s:I, s:s}", "target", (json_int_t)target,
					      "made", bn_facts_when(made), "age", (json_int_t)age,
					      "status", fresh));
		if (strcmp(fresh, "healthy") != 0)
			bn_facts_find(facts, "product-missed", strcmp(fresh, "down") == 0,
				      "products",
				      bn_facts_reference("product", "products", product->name),
				      product->name, made + target);
	}
	if (product->complete)
		add_completeness(facts, product, form);
	if (product->tests.of != NULL)
		json_object_set_new(form, "quality", quality(product));
	if (product->deadline != NULL)
		add_deadline(facts, product, form);
	if (strcmp(product->lifecycle, "retiring") == 0 && product->consumers[0] != NULL)
		bn_facts_find(facts, "product-retiring", false, "products",
			      bn_facts_reference("product", "products", product->name),
			      product->name, 0);
	return form;
}

/* ---- what depends on what ------------------------------------------------------------------- */

static bool
has(const json_t *list, const char *text)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (strcmp(json_string_value(item), text) == 0)
			return true;
	}
	return false;
}

/* Everything that is reached from `ref` along the links. */
static json_t *
reached(const json_t *links, const char *ref)
{
	json_t *out = json_pack("[s]", ref);
	const json_t *link;
	size_t i, done;

	for (done = 0; done < json_array_size(out); done++) {
		json_array_foreach(links, i, link)
		{
			const char *from = json_string_value(json_object_get(link, "from"));
			const char *to = json_string_value(json_object_get(link, "to"));

			if (strcmp(from, json_string_value(json_array_get(out, done))) == 0 &&
			    !has(out, to))
				json_array_append_new(out, json_string(to));
		}
	}
	json_array_remove(out, 0);
	return out;
}

json_t *
bn_facts_blast(const struct bn_facts *facts)
{
	static const char *const kinds[] = {"product/", "app/", "endpoint/", "dataset/",
					    "pipeline/"};
	static const char *const letters[] = {"p", "s", "a", "d", "j"};
	const json_t *links = json_object_get(facts->root, "links"), *link, *thing;
	json_t *out = json_object(), *all, *counts;
	size_t i, k, n;

	json_array_foreach(links, i, link)
	{
		const char *from = json_string_value(json_object_get(link, "from"));

		if (json_object_get(out, from) != NULL)
			continue;
		all = reached(links, from);
		counts = json_object();
		for (k = 0; k < 5; k++) {
			int count = 0;

			json_array_foreach(all, n, thing) count +=
			    strncmp(json_string_value(thing), kinds[k], strlen(kinds[k])) == 0;
			json_object_set_new(counts, letters[k], json_integer(count));
		}
		json_object_set_new(counts, "reached", all);
		json_object_set_new(out, from, counts);
	}
	return out;
}

/* Why something may be wrong further down. */
static bool
is_cause(const json_t *finding)
{
	const char *rule = json_string_value(json_object_get(finding, "rule"));

	return strcmp(rule, "run-failed") == 0 || strncmp(rule, "endpoint-", 9) == 0;
}

static bn_time
since_of(const json_t *finding)
{
	return bn_time_parse(json_string_value(json_object_get(finding, "since")));
}

/* What a finding about a product follows from: something broken upstream of it that began no later (15
 * minutes are allowed: pipelines end long after they go wrong), the critical before the others. */
static const char *
root_of(const struct bn_facts *facts, const json_t *finding)
{
	const json_t *blast = json_object_get(facts->root, "blast"), *cause;
	const char *about = json_string_value(json_object_get(finding, "about")), *root = NULL;
	bool critical = false;
	size_t i;

	if (about == NULL || strncmp(about, "product/", 8) != 0 || since_of(finding) == 0)
		return NULL;
	json_array_foreach(facts->findings, i, cause)
	{
		const char *from = json_string_value(json_object_get(cause, "about"));
		const char *severity = json_string_value(json_object_get(cause, "severity"));
		bool crit = strcmp(severity, "crit") == 0;

		if (from == NULL || !is_cause(cause) ||
		    since_of(cause) > since_of(finding) + 15 * BN_W_MINUTE ||
		    !has(json_object_get(json_object_get(blast, from), "reached"), about))
			continue;
		if (root == NULL || (crit && !critical)) {
			root = from;
			critical = crit;
		}
	}
	return root;
}

void
bn_facts_fold(struct bn_facts *facts)
{
	json_t *finding;
	size_t i;

	facts->crit = facts->warn = 0;
	json_array_foreach(facts->findings, i, finding)
	{
		const char *root = root_of(facts, finding);
		const char *severity = json_string_value(json_object_get(finding, "severity"));

		json_object_set_new(finding, "root", text_or_null(root));
		if (root == NULL)
			*(strcmp(severity, "crit") == 0 ? &facts->crit : &facts->warn) += 1;
	}
}

/* ---- the configuration ----------------------------------------------------------------------- */

static void
configure(const struct bn_w_product *product, struct bn_buf *out)
{
	bn_buf_addf(out, "[product \"%s\"]\n\tdomain = %s\n\tlifecycle = %s\n", product->name,
		    product->domain, product->lifecycle);
	if (product->owner != NULL)
		bn_buf_addf(out, "\towner = %s\n", product->owner);
	if (product->contact != NULL)
		bn_buf_addf(out, "\tcontact = \"%s\"\n", product->contact);
	for (size_t i = 0; product->consumers[i] != NULL; i++)
		bn_buf_addf(out, "\tconsumers = %s\n", product->consumers[i]);
	for (size_t i = 0; product->needs[i] != NULL; i++)
		bn_buf_addf(out, "\tneeds = %s\n", product->needs[i]);
	if (product->freshness > 0)
		bn_buf_addf(
		    out,
		    product->freshness % 60 == 0 ? "\tfreshness = %dh\n" : "\tfreshness = %dm\n",
		    product->freshness % 60 == 0 ? product->freshness / 60 : product->freshness);
	if (product->freshness_of != NULL)
		bn_buf_addf(out, "\tfreshness-of = %s\n", product->freshness_of);
	if (product->deadline != NULL)
		bn_buf_addf(out, "\tdeadline = %s\n", product->deadline);
	if (product->complete)
		bn_buf_adds(out, "\tcompleteness = 99%\n");
	if (product->availability != NULL)
		bn_buf_addf(out, "\tavailability = %s\n", product->availability);
	if (product->tests.of != NULL)
		bn_buf_adds(out, "\tquality = 90%\n");
	bn_buf_addf(out, "\tcost = %d\n", product->cost);
}

void
bn_facts_configure_products(struct bn_buf *out)
{
	const struct bn_w_product *product;

	for (size_t i = 0; (product = bn_world_product(i)) != NULL; i++)
		configure(product, out);
}

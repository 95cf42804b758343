/* world_products.c - Harbourline's data products: who answers for them, what they promise, what is true. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "sim/world_room.h"

#define HOURLY "pipeline/argo-prod/transform-hourly"

static const struct bn_w_product products[] = {
    {.name = "postage-quotes",
     .owner = "a.novak",
     .contact = "#team-lpo",
     .domain = "lpo",
     .lifecycle = "active",
     .consumers = {"checkout", "courier-billing", "api-lpo-quote"},
     .needs = {HOURLY, "endpoint/probes/api-lpo-quote", "endpoint/probes/api-lpo-rules"},
     .freshness = 60,
     .availability = "99.9%",
     .cost = 412},
    {.name = "orders",
     .owner = "j.mbeki",
     .contact = "#team-core",
     .domain = "core",
     .lifecycle = "active",
     .consumers = {"checkout", "finance", "customer-service", "returns-portal", "board-pack",
		   "courier-billing", "forecasting", "marketing", "tax-report"},
     .needs = {HOURLY, "pipeline/argo-prod/ing-shop-orders", "endpoint/probes/api-orders-feed"},
     .freshness = 60,
     .availability = "99.9%",
     .cost = 530},
    {.name = "demand-forecast",
     .owner = "ml-release1",
     .contact = "#team-forecast",
     .domain = "forecast",
     .lifecycle = "active",
     .consumers = {"store-replenishment", "purchasing"},
     .needs = {"endpoint/probes/api-forecast", "pipeline/argo-prod/transform-daily"},
     .freshness = 24 * 60,
     .freshness_of = "endpoint/probes/api-forecast",
     .availability = "99.9%",
     .cost = 640},
    {.name = "shipments",
     .owner = "a.novak",
     .contact = "#team-lpo",
     .domain = "lpo",
     .lifecycle = "active",
     .consumers = {"customer-service", "courier-billing", "returns-portal", "store-apps",
		   "carrier-portal"},
     .needs = {"pipeline/argo-prod/ing-wms-shipments", HOURLY},
     .freshness = 60,
     .freshness_of = "pipeline/argo-prod/ing-wms-shipments",
     .cost = 188},
    {.name = "product-recs",
     .owner = "ml-release1",
     .contact = "#team-recs",
     .domain = "recs",
     .lifecycle = "active",
     .consumers = {"shop-web", "shop-app", "email"},
     .needs = {"endpoint/probes/api-recs-product", "pipeline/argo-prod/transform-daily", HOURLY},
     .freshness = 27 * 60,
     .freshness_of = "pipeline/argo-prod/transform-daily",
     .availability = "99.9%",
     .cost = 702},
    {.name = "tx-metrics",
     .owner = "d.rossi",
     .contact = "#team-payments",
     .domain = "payments",
     .lifecycle = "active",
     .consumers = {"fraud-desk", "finance"},
     .needs = {"pipeline/argo-prod/ing-payments-ledger"},
     .freshness = 30,
     .cost = 850},
    {.name = "stock",
     .owner = "j.mbeki",
     .contact = "#team-core",
     .domain = "core",
     .lifecycle = "active",
     .consumers = {"shop-web", "shop-app", "purchasing", "store-replenishment", "marketplace",
		   "customer-service"},
     .needs = {"pipeline/argo-prod/ing-wms-stock", HOURLY, "endpoint/probes/api-stock"},
     .freshness = 30,
     .freshness_of = "pipeline/argo-prod/ing-wms-stock",
     .availability = "99.9%",
     .cost = 95},
    {.name = "customers",
     .owner = "j.mbeki",
     .contact = "#team-core",
     .domain = "core",
     .lifecycle = "active",
     .consumers = {"customer-service", "email", "marketing", "finance", "returns-portal",
		   "fraud-desk", "segments"},
     .needs = {"pipeline/argo-prod/ing-shop-customers", HOURLY},
     .freshness = 120,
     .cost = 140},
    {.name = "products",
     .owner = "j.mbeki",
     .contact = "#team-core",
     .domain = "core",
     .lifecycle = "active",
     .consumers = {"shop-web", "shop-app", "search", "marketplace", "purchasing", "email",
		   "forecasting", "price-desk"},
     .needs = {"pipeline/argo-prod/ing-shop-products", HOURLY, "endpoint/probes/api-catalog"},
     .freshness = 120,
     .availability = "99.9%",
     .cost = 120},
    {.name = "marketing-spend",
     .owner = "s.iqbal",
     .contact = "#team-marketing",
     .domain = "marketing",
     .lifecycle = "active",
     .consumers = {"marketing", "board-pack"},
     .needs = {"pipeline/argo-prod/ing-ads-google", "pipeline/argo-prod/ing-ads-meta", HOURLY},
     .freshness = 24 * 60,
     .cost = 75},
    /* nobody looks after it any more, and two still read it */
    {.name = "supplier-perf",
     .domain = "supply",
     .lifecycle = "retiring",
     .consumers = {"purchasing", "board-pack"},
     .needs = {"pipeline/argo-prod/ing-erp-suppliers"},
     .cost = 12},
};
#define PRODUCTS (sizeof(products) / sizeof(products[0]))

const struct bn_w_product *
bn_world_product(size_t index)
{
	return index < PRODUCTS ? &products[index] : NULL;
}

/* The end of the latest good run that had ended by then; 0: none within the history. */
static bn_time
last_good(const struct bn_world *world, const struct bn_w_pipeline *pipeline, bn_time now)
{
	int64_t slot = bn_world_last_slot(pipeline, now);
	int64_t first = bn_world_first_slot(pipeline, now);
	struct bn_w_run run;

	for (; slot >= first; slot--) {
		bn_world_run(world, pipeline, slot, &run);
		if (bn_world_run_state(&run, now) == BN_W_OK)
			return run.finished;
	}
	return 0;
}

/* When what that reference names was last made well; 0 where that can't be said of its kind. */
static bn_time
made_at(const struct bn_world *world, const char *ref, bn_time now)
{
	const char *key = strrchr(ref, '/') + 1;
	const struct bn_w_pipeline *pipeline;
	const struct bn_w_api *api;
	struct bn_w_health health;

	if (strncmp(ref, "pipeline/", 9) == 0) {
		pipeline = bn_world_find_pipeline(world, key);
		return pipeline != NULL ? last_good(world, pipeline, now) : 0;
	}
	for (size_t i = 0; (api = bn_world_api(i)) != NULL; i++) {
		if (strcmp(api->name, key) == 0) {
			bn_world_health(world, api, now, &health);
			return health.generated_at;
		}
	}
	return 0;
}

bn_time
bn_world_product_made(const struct bn_world *world, const struct bn_w_product *product, bn_time now)
{
	bn_time oldest = 0, made;

	if (product->freshness_of != NULL)
		return made_at(world, product->freshness_of, now);
	for (size_t i = 0; product->needs[i] != NULL; i++) {
		if (strncmp(product->needs[i], "pipeline/", 9) != 0)
			continue;
		made = made_at(world, product->needs[i], now);
		if (made != 0 && (oldest == 0 || made < oldest))
			oldest = made;
	}
	return oldest;
}

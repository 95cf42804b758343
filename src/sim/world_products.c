/* world_products.c - Harbourline's data products: who answers for them, what they promise, what is true. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
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
     .tests = {"ing-shop-orders", 88, 88},
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
     .tests = {"ing-wms-shipments", 30, 31},
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
    {.name = "newsletter-recs",
     .owner = "s.iqbal",
     .contact = "#team-marketing",
     .domain = "marketing",
     .lifecycle = "active",
     .consumers = {"email"},
     .needs = {"pipeline/airflow-ml/newsletter-recs", "endpoint/probes/api-recs-nl"},
     .deadline = "05:30 Europe/Berlin daily",
     .availability = "99.9%",
     .tests = {"newsletter-recs", 9, 9},
     .cost = 58},
    {.name = "tx-metrics",
     .owner = "d.rossi",
     .contact = "#team-payments",
     .domain = "payments",
     .lifecycle = "active",
     .consumers = {"fraud-desk", "finance"},
     .needs = {"pipeline/argo-prod/ing-payments-ledger", "stream/prom/tx-metrics"},
     .freshness = 30,
     .freshness_of = "pipeline/argo-prod/ing-payments-ledger",
     .complete = true,
     .tests = {"ing-payments-ledger", 5, 5},
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
     .tests = {"ing-wms-stock", 22, 22},
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
     .tests = {"ing-shop-customers", 40, 40},
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
     .tests = {"ing-shop-products", 35, 35},
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

double
bn_world_product_complete(const struct bn_world *world, const struct bn_w_product *product,
			  bn_time now)
{
	bn_time end = (now - 2 * BN_W_MINUTE) / BN_W_MINUTE * BN_W_MINUTE, arrived;
	const struct bn_w_stream *stream;
	double value;
	int there = 0;

	for (size_t i = 0; (stream = bn_world_stream(i)) != NULL; i++) {
		if (strcmp(stream->name, product->name) != 0)
			continue;
		for (int minute = 1; minute <= 60; minute++)
			there += bn_world_minute(world, stream, end - minute * BN_W_MINUTE, now,
						 &value, &arrived);
	}
	return there / 60.0;
}

static int
by_length(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* The next 04:30 UTC: 05:30 in Berlin all through that March but its last days. */
bn_time
bn_world_product_due(bn_time now)
{
	bn_time at = 4 * BN_W_HOUR + 30 * BN_W_MINUTE;

	return ((now - at) / BN_W_DAY + 1) * BN_W_DAY + at;
}

bn_time
bn_world_product_ready(const struct bn_world *world, const struct bn_w_product *product,
		       bn_time now)
{
	const struct bn_w_pipeline *pipeline =
	    bn_world_find_pipeline(world, strrchr(product->needs[0], '/') + 1);
	int64_t slot = bn_world_last_slot(pipeline, now), lengths[BN_W_HISTORY / BN_W_DAY + 1];
	int64_t first = bn_world_first_slot(pipeline, now);
	bn_time due = bn_world_product_due(now), start;
	struct bn_w_run run, latest;
	int count = 0;

	bn_world_run(world, pipeline, slot, &latest);
	for (; slot >= first && count < (int)(sizeof(lengths) / sizeof(lengths[0])); slot--) {
		bn_world_run(world, pipeline, slot, &run);
		if (bn_world_run_state(&run, now) == BN_W_OK)
			lengths[count++] = run.finished - run.started;
	}
	if (count == 0)
		return 0;
	qsort(lengths, (size_t)count, sizeof(lengths[0]), by_length);
	if (latest.scheduled < due - BN_W_DAY / 2) { /* last night's; tonight's is to come */
		start = bn_world_next_due(pipeline, now);
		return start + lengths[(count - 1) / 2];
	}
	if (bn_world_run_state(&latest, now) == BN_W_OK)
		return latest.finished;
	start = latest.started;
	if (now - start <= lengths[(count - 1) / 2])
		return start + lengths[(count - 1) / 2];
	start += lengths[(count * 95 + 99) / 100 - 1];
	return start > now ? start : now;
}

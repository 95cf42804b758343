/* world_stands.c - APIs, alerts, scrape targets and import errors at a moment. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "sim/world_room.h"

/* As the mock-ups have them but for the objectives, which are wider: a probe's time is real, and a busy
 * machine must not turn what facts.json calls healthy into something slow. */
static const struct bn_w_api apis[] = {
    {"api-lpo-quote", "/v1/lpo-quote/health", 41, 12, 31, 58, 250, 60, "lpo-oncall", "lpo-quote",
     "3.8.1", 4, false},
    {"api-lpo-rules", "/v1/lpo-rules/health", 2, 5, 9, 11, 250, 3600, "lpo-oncall", "lpo-rules",
     "3.8.1", 2, false},
    {"api-forecast", "/v1/forecast/health", 4, 15, 37, 52, 400, 0, "forecasting", "forecast",
     "1.14.2", 2, false},
    {"api-recs-product", "/v1/recs-product/health", 118, 21, 55, 90, 300, 900, "recs",
     "recs-product", "5.2.0", 6, false},
    {"api-recs-nl", "/v1/recs-nl/health", 1, 7, 13, 18, 300, 21600, "recs", "recs-nl", "5.2.0", 2,
     false},
    {"api-stock", "/v1/stock/health", 77, 6, 14, 22, 250, 60, "logistics", "stock", "2.4.0", 2,
     false},
    {"api-pricing", "/v1/pricing/health", 52, 8, 19, 30, 250, 300, "pricing", "pricing", "4.0.3", 2,
     false},
    {"api-orders-feed", "/v1/orders-feed/health", 9, 40, 88, 120, 500, 300, "shop", "orders-feed",
     "1.9.7", 2, false},
    {"api-catalog", "/v1/catalog/health", 33, 9, 20, 33, 250, 1800, "shop", "catalog", "6.1.0", 2,
     true},
};
#define APIS (sizeof(apis) / sizeof(apis[0]))

const struct bn_w_api *
bn_world_api(size_t index)
{
	return index < APIS ? &apis[index] : NULL;
}

bool
bn_world_has_i5(const struct bn_world *world, bn_time now)
{
	return (world->scenario == BN_W_I5 || world->scenario == BN_W_NIGHT_SCRIPT) &&
	       now >= BN_W_I5_START && now < BN_W_I5_END;
}

/* The forecast's nightly refresh at 02:40; the one of the night did not happen. */
static bn_time
last_refresh(bn_time now)
{
	int64_t at = 2 * BN_W_HOUR + 40 * BN_W_MINUTE;
	bn_time last = (now - at) / BN_W_DAY * BN_W_DAY + at;

	return last == BN_W_NIGHT + at ? last - BN_W_DAY : last;
}

void
bn_world_health(const struct bn_world *world, const struct bn_w_api *api, bn_time now,
		struct bn_w_health *out)
{
	uint64_t hash = bn_world_hash(world->seed, api->name, now / BN_W_MINUTE, 7);
	double noise = 0.94 + 0.12 * bn_world_chance(hash);
	bool busy = strcmp(api->name, "api-lpo-quote") == 0 && bn_world_has_i5(world, now);
	int64_t refresh = api->refresh * BN_W_SECOND;

	memset(out, 0, sizeof(*out));
	out->status = 200;
	out->generated_at = api->refresh == 0 ? last_refresh(now) : now / refresh * refresh;
	out->rps = api->rps * (1 + 0.12 * bn_world_wave(now)) * noise * (busy ? 3 : 1);
	out->errors = busy ? 0.004 : 0.0001 * (double)(hash % 4);
	out->cpu = busy ? 0.91 : 0.30 + 0.08 * bn_world_chance(hash + 1);
	out->p50 = busy ? 140 : (int)(api->p50 * noise + 0.5);
	out->p95 = busy ? 370 : (int)(api->p95 * noise + 0.5);
	out->p99 = busy ? 480 : (int)(api->p99 * noise + 0.5);
	/* a probe sees the median at rest; while it is busy every request waits in the queue */
	out->latency = busy ? 480 : api->p50;
}

/* ---- alerts ---------------------------------------------------------------- */

struct rule {
	const char *name, *severity, *group, *query;
	int64_t wait;
	const char *label[8];
	const char *summary, *description;
	double value;
	bn_time (*active)(const struct bn_world *, bn_time now);
};

static bn_time
when_lpo_is_slow(const struct bn_world *world, bn_time now)
{
	bn_time at = BN_W_I5_START + 15 * BN_W_SECOND; /* the next evaluation */

	return bn_world_has_i5(world, now) && now >= at ? at : 0;
}

/* Its memory saws: over the line from 8 to 20 past every hour, shorter than the rule waits. */
static bn_time
when_argo_saws(const struct bn_world *world, bn_time now)
{
	bn_time hour = now / BN_W_HOUR * BN_W_HOUR;
	bn_time at = hour + 8 * BN_W_MINUTE + 12 * BN_W_SECOND;

	(void)world;
	return now >= at && now < hour + 20 * BN_W_MINUTE ? at : 0;
}

/* The warehouse stops its exporter every night for its own backup, and told only those who are on call. */
static bool
wms_is_down(bn_time now, bn_time *since)
{
	bn_time day = now / BN_W_DAY * BN_W_DAY;
	bn_time from = day + BN_W_HOUR + 58 * BN_W_MINUTE + 20 * BN_W_SECOND;
	bn_time to = day + 7 * BN_W_HOUR + 40 * BN_W_MINUTE;

	*since = now >= to ? to : now >= from ? from : to - BN_W_DAY;
	return now >= from && now < to;
}

static bn_time
when_wms_is_down(const struct bn_world *world, bn_time now)
{
	bn_time since;

	(void)world;
	return wms_is_down(now, &since) ? since + 10 * BN_W_SECOND : 0;
}

static bn_time
never(const struct bn_world *world, bn_time now)
{
	(void)world, (void)now;
	return 0;
}

static const struct rule rules[] = {
    {"ApiLatencyHigh",
     "critical",
     "api",
     "app:http_latency_seconds:p99 > on(app) app:http_latency_slo_seconds",
     2 * BN_W_MINUTE,
     {"app", "api-lpo-quote", "namespace", "lpo", "team", "lpo-oncall", NULL},
     "p99 of api-lpo-quote is 480 ms, over its 250 ms",
     "Traffic is three times the usual and CPU at 91 %.",
     0.48,
     when_lpo_is_slow},
    {"ApiErrorsHigh",
     "critical",
     "api",
     "app:http_errors:ratio1m > 0.01",
     5 * BN_W_MINUTE,
     {NULL},
     "More than 1 % of requests fail",
     "",
     0,
     never},
    {"PodMemoryHigh",
     "warning",
     "kubernetes",
     "pod:memory:ratio > 0.85",
     15 * BN_W_MINUTE,
     {"namespace", "orch", "pod", "argo-server-6c9d7f5b8-x2kqp", "team", "data-platform", NULL},
     "argo-server uses more than 85 % of its memory",
     "",
     0.87,
     when_argo_saws},
    {"KafkaConsumerLag",
     "warning",
     "streams",
     "kafka_consumergroup_lag > 50000",
     10 * BN_W_MINUTE,
     {NULL},
     "A consumer group falls behind",
     "",
     0,
     never},
    {"TargetDown",
     "warning",
     "targets",
     "up == 0",
     5 * BN_W_MINUTE,
     {"instance", "wms-exporter.wms.svc:9187", "job", "wms-exporter", "team", "logistics", NULL},
     "wms-exporter can't be scraped",
     "",
     0,
     when_wms_is_down},
};
#define RULES (sizeof(rules) / sizeof(rules[0]))

bool
bn_world_alert(const struct bn_world *world, size_t index, bn_time now, struct bn_w_alert *out)
{
	const struct rule *rule;

	memset(out, 0, sizeof(*out));
	if (index >= RULES)
		return false;
	rule = &rules[index];
	out->name = rule->name;
	out->severity = rule->severity;
	out->group = rule->group;
	out->query = rule->query;
	out->wait = rule->wait;
	memcpy(out->label, rule->label, sizeof(out->label));
	out->summary = rule->summary;
	out->description = rule->description;
	out->value = rule->value;
	out->active_at = rule->active(world, now);
	out->firing = out->active_at != 0 && now >= out->active_at + rule->wait;
	return true;
}

/* ---- scrape targets -------------------------------------------------------- */

static const struct {
	const char *job, *instance;
} others[] = {
    {"prometheus", "localhost:9090"},
    {"argo-workflows", "argo-workflows-controller.orch.svc:9090"},
    {"kube-state-metrics", "kube-state-metrics.kube-system.svc:8080"},
    {"node", "node-1.hl-prod-k8s:9100"},
    {"node", "node-2.hl-prod-k8s:9100"},
    {"node", "node-3.hl-prod-k8s:9100"},
    {"wms-exporter", "wms-exporter.wms.svc:9187"},
};
#define OTHERS (sizeof(others) / sizeof(others[0]))
#define SCRAPE (15 * BN_W_SECOND)

bool
bn_world_target(const struct bn_world *world, size_t index, bn_time now, struct bn_w_target *out)
{
	uint64_t hash = bn_world_hash(world->seed, "scrape", (int64_t)index, now / SCRAPE);

	memset(out, 0, sizeof(*out));
	out->up = true;
	out->since = BN_W_NIGHT - 12 * BN_W_DAY;
	out->error = "";
	out->scraped = now - (now + (bn_time)(index * 977)) % SCRAPE;
	out->duration = 0.002 + 0.02 * bn_world_chance(hash);
	if (index < APIS) {
		snprintf(out->job, sizeof(out->job), "fastapi");
		snprintf(out->instance, sizeof(out->instance), "%s.%s.svc:8080", apis[index].name,
			 apis[index].app);
		return true;
	}
	if (index - APIS >= OTHERS)
		return false;
	snprintf(out->job, sizeof(out->job), "%s", others[index - APIS].job);
	snprintf(out->instance, sizeof(out->instance), "%s", others[index - APIS].instance);
	if (strcmp(out->job, "wms-exporter") == 0 && wms_is_down(out->scraped, &out->since)) {
		out->up = false;
		out->error =
		    "Get \"http://wms-exporter.wms.svc:9187/metrics\": dial tcp 10.42.7.19:9187: "
		    "connect: connection refused";
	}
	return true;
}

/* ---- import errors --------------------------------------------------------- */

bool
bn_world_import_error(enum bn_w_engine engine, size_t index, bn_time now,
		      struct bn_w_import_error *out)
{
	bn_time since =
	    BN_W_NIGHT - BN_W_DAY + 16 * BN_W_HOUR + 40 * BN_W_MINUTE + 12 * BN_W_SECOND;

	memset(out, 0, sizeof(*out));
	if (engine != BN_W_AIRFLOW2 || index > 0 || now < since)
		return false;
	out->id = 7;
	out->filename = "/opt/airflow/dags/legacy_ftp_rates.py";
	out->trace = "Traceback (most recent call last):\n"
		     "  File \"/opt/airflow/dags/legacy_ftp_rates.py\", line 4, in <module>\n"
		     "    import pysftp\n"
		     "ModuleNotFoundError: No module named 'pysftp'\n";
	out->since = since;
	return true;
}

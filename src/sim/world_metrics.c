/* world_metrics.c - the numbers of the night, a sample or a minute at a time: the transaction chain, web events. */
/* SPDX-License-Identifier: MIT
 *
 * What is counted since the beginning (a counter) is a closed form of the moment, so that any two samples agree
 * about what came between them, and nothing has to be summed up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world_room.h"

#define SCRAPE (15 * BN_W_SECOND)
/* The counters' beginning: longer ago than any API remembers. */
#define ORIGIN (BN_W_NIGHT - 10 * BN_W_DAY)

/* I4, first half: the Flink application is updated, its job starts three times; windows that closed meanwhile
 * are worked off at once. Then the surge: more transactions than four polls of a hundred can see. */
#define UPDATE	    (BN_W_NIGHT + 3 * BN_W_HOUR + 28 * BN_W_MINUTE + 40 * BN_W_SECOND)
#define STALL	    (BN_W_NIGHT + 3 * BN_W_HOUR + 29 * BN_W_MINUTE + 2 * BN_W_SECOND)
#define RESUME	    (BN_W_NIGHT + 3 * BN_W_HOUR + 34 * BN_W_MINUTE + 2 * BN_W_SECOND)
#define CAUGHT_UP   (BN_W_NIGHT + 3 * BN_W_HOUR + 34 * BN_W_MINUTE + 6 * BN_W_SECOND)
#define SURGE_START (BN_W_NIGHT + 3 * BN_W_HOUR + 44 * BN_W_MINUTE)
#define SURGE_END   (BN_W_NIGHT + 3 * BN_W_HOUR + 52 * BN_W_MINUTE)
#define SEEN_MOST   400 /* 4 polls a minute, 100 items each */

#define SEEN_BEFORE "tx-seen-before" /* share of what was polled that the dedupe threw away */
#define RESTARTED   "tx-restarts"

static bool
has_i4(const struct bn_world *world)
{
	return world->scenario == BN_W_I4 || world->scenario == BN_W_NIGHT_SCRIPT;
}

bool
bn_world_flink_updated(const struct bn_world *world)
{
	return has_i4(world);
}

/* What the aggregation makes, and what it counts. */
bool
bn_world_stream_of_flink(const struct bn_w_stream *stream)
{
	return stream->window || strncmp(stream->name, "tx-agg-", 7) == 0 ||
	       strcmp(stream->name, RESTARTED) == 0;
}

/* ---- counters ---------------------------------------------------------------- */

static int64_t
minute_of(bn_time at)
{
	return (at - ORIGIN) / BN_W_MINUTE;
}

static bn_time
start_of(int64_t minute)
{
	return ORIGIN + minute * BN_W_MINUTE;
}

/* What a source with so many a minute has counted at the start of a minute: a straight line, the day's wave
 * summed up by tens of minutes, and noise that cancels itself out from minute to minute. */
static double
steady(const struct bn_world *world, const char *name, double rate, double wave, double noise,
       int64_t minute)
{
	/* the integral of the wave over a day is nothing; within the day it is a smooth hump */
	bn_time at = start_of(minute);
	double into = (double)(at % BN_W_DAY) / (double)BN_W_DAY, hump = 0;
	double spread = bn_world_chance(bn_world_hash(world->seed, name, minute, 3)) - 0.5;
	int i;

	for (i = 0; i < 24 && (double)i / 24 < into; i++) {
		double length = into - (double)i / 24;

		if (length > 1.0 / 24)
			length = 1.0 / 24;
		hump += length * bn_world_wave(at / BN_W_DAY * BN_W_DAY + i * BN_W_HOUR +
					       (bn_time)(length * (double)BN_W_DAY / 2));
	}
	return rate * (double)minute + rate * wave * 1440 * hump + noise * spread;
}

/* Transactions the poller has let through as new, at the start of a minute. */
static double
new_at(const struct bn_world *world, int64_t minute)
{
	int64_t from = minute_of(SURGE_START), to = minute_of(SURGE_END), m;
	double sum = (double)(int64_t)steady(world, "tx", 288, 0.12, 30, minute);

	if (!has_i4(world))
		return sum;
	for (m = from; m < to && m < minute; m++)
		sum += SEEN_MOST - ((double)(int64_t)steady(world, "tx", 288, 0.12, 30, m + 1) -
				    (double)(int64_t)steady(world, "tx", 288, 0.12, 30, m));
	return sum;
}

/* Whole numbers between two full minutes, spread evenly. */
static double
between(bn_time at, double before, double after)
{
	double share = (double)(at % BN_W_MINUTE) / (double)BN_W_MINUTE;

	return (double)(int64_t)(before + (after - before) * share);
}

static double
new_until(const struct bn_world *world, bn_time at)
{
	int64_t minute = minute_of(at);

	return between(at, new_at(world, minute), new_at(world, minute + 1));
}

static double
steady_until(const struct bn_world *world, const char *name, double rate, double wave, double noise,
	     bn_time at)
{
	int64_t minute = minute_of(at);

	return between(at, (double)(int64_t)steady(world, name, rate, wave, noise, minute),
		       (double)(int64_t)steady(world, name, rate, wave, noise, minute + 1));
}

/* Flink reads on until the update takes it away, and makes up for it when it is back. */
static double
flink_until(const struct bn_world *world, bn_time at)
{
	if (!has_i4(world) || at < STALL || at >= CAUGHT_UP)
		return new_until(world, at);
	return new_until(world, STALL);
}

static double
restarts_until(const struct bn_world *world, bn_time at)
{
	static const int minutes[] = {29, 30, 32};
	double count = 0;
	size_t i;

	for (i = 0; i < 3 && has_i4(world); i++)
		count += at >= BN_W_NIGHT + 3 * BN_W_HOUR + minutes[i] * BN_W_MINUTE + SCRAPE;
	return count;
}

/* ---- windows ----------------------------------------------------------------- */

bn_time
bn_world_window_arrived(const struct bn_world *world, bn_time minute)
{
	uint64_t hash = bn_world_hash(world->seed, "window", minute / BN_W_MINUTE, 0);
	bn_time at = minute + BN_W_MINUTE + 1200 + (bn_time)(hash % 1500);

	return has_i4(world) && at >= STALL + BN_W_MINUTE / 2 && at < CAUGHT_UP ? CAUGHT_UP : at;
}

double
bn_world_transactions(const struct bn_world *world, bn_time minute)
{
	int64_t m = minute_of(minute);

	return new_at(world, m + 1) - new_at(world, m);
}

double
bn_world_fees(const struct bn_world *world, bn_time minute)
{
	double noise = bn_world_chance(bn_world_hash(world->seed, "fee", minute / BN_W_MINUTE, 1)),
	       count = bn_world_transactions(world, minute);

	/* satoshis are whole */
	return (double)(int64_t)(count * 0.0021 * (0.95 + 0.1 * noise) * 1e8) / 1e8;
}

/* ---- samples ----------------------------------------------------------------- */

/* How a metric comes about: scraped every 15 s, or written once a minute with the window's end as its time. */
enum form {
	NEW,
	POLLS,
	POLLED,
	BUS,
	FLINK_IN,
	RESTARTS,
	WEB,
	ORDERS,
	OFFLINE,
	COUNT,
	FEES,
	AVERAGE,
	ARRIVED,
	ONE
};

static const struct {
	const char *name, *label, *value;
	enum form form;
} metrics[] = {
    {"tx_polls_total", "job", "tx-poller", POLLS},
    {"tx_items_polled_total", "job", "tx-poller", POLLED},
    {"eventbridge_invocations_total", "scope", "account", BUS},
    {"tx_dedupe_new_total", "job", "tx-dedupe", NEW},
    {"kinesis_incoming_records_total", "stream", "tx-ingest", NEW},
    {"firehose_delivered_records_total", "stream", "tx-archive", NEW},
    {"flink_records_in_total", "job", "tx-agg-1m", FLINK_IN},
    {"flink_restarts_total", "job", "tx-agg-1m", RESTARTS},
    {"flink_window_records", "job", "tx-agg-1m", ONE},
    {"kinesis_window_records", "stream", "tx-delivery", ONE},
    {"feature_window_records", "group", "tx_agg_1m", ONE},
    {"feature_offline_lag_seconds", "group", "tx_agg_1m", OFFLINE},
    {"tx_window_count", "job", "tx-agg-1m", COUNT},
    {"tx_window_fee_sum", "job", "tx-agg-1m", FEES},
    {"tx_window_fee_average", "job", "tx-agg-1m", AVERAGE},
    {"tx_window_arrived_seconds", "job", "tx-agg-1m", ARRIVED},
    {"web_events_total", "topic", "web-events", WEB},
    {"orders_total", "topic", "orders", ORDERS},
};
#define METRICS (sizeof(metrics) / sizeof(metrics[0]))

bool
bn_world_metric(size_t index, struct bn_w_metric *out)
{
	if (index >= METRICS)
		return false;
	*out = (struct bn_w_metric){metrics[index].name, metrics[index].label, metrics[index].value,
				    metrics[index].form >= COUNT ? BN_W_MINUTE : SCRAPE};
	return true;
}

/* Written when the window was: its time is the window's end. */
static bool
window_sample(const struct bn_world *world, enum form form, bn_time at, bn_time now, double *out)
{
	bn_time minute = at - BN_W_MINUTE, arrived = bn_world_window_arrived(world, minute);

	if (at % BN_W_MINUTE != 0 || arrived > now)
		return false;
	switch (form) {
	case COUNT:
		*out = bn_world_transactions(world, minute);
		break;
	case FEES:
		*out = bn_world_fees(world, minute);
		break;
	case AVERAGE:
		*out = bn_world_fees(world, minute) / bn_world_transactions(world, minute);
		break;
	case ARRIVED:
		*out = (double)arrived / 1000;
		break;
	default:
		*out = 1;
	}
	return true;
}

bool
bn_world_sample(const struct bn_world *world, size_t index, bn_time at, bn_time now, double *out)
{
	enum form form = metrics[index].form;

	if (at > now || at % SCRAPE != 0 || at < ORIGIN)
		return false;
	switch (form) {
	case POLLS:
		*out = (double)(minute_of(at) * 4 + at % BN_W_MINUTE / SCRAPE);
		return true;
	case POLLED:
		*out = (double)(minute_of(at) * 4 + at % BN_W_MINUTE / SCRAPE) * 100;
		return true;
	case NEW:
		*out = new_until(world, at);
		return true;
	case BUS:
		*out = steady_until(world, "bus", 1100, 0.3, 200, at);
		return true;
	case FLINK_IN:
		*out = flink_until(world, at);
		return true;
	case RESTARTS:
		*out = restarts_until(world, at);
		return true;
	case WEB:
		*out = steady_until(world, "web", 15500, 0.45, 900, at);
		return true;
	case ORDERS:
		*out = steady_until(world, "orders", 130, 0.5, 24, at);
		return true;
	case OFFLINE:
		*out = 360 +
		       40 * bn_world_chance(
				bn_world_hash(world->seed, "offline", at / BN_W_MINUTE, 2)) -
		       20;
		return true;
	default:
		return window_sample(world, form, at, now, out);
	}
}

/* ---- streams ----------------------------------------------------------------- */

#define RATE(metric) "sum(increase(" metric "[1m]))"
#define CHAIN	     "tx-metrics"
#define ARRIVAL	     "tx_window_arrived_seconds"

/* Six minutes behind is usual, a quarter of an hour is more than is promised. */
static const struct bn_w_level late_levels[] = {
    {"warn", true, 600, 3, NULL, 0}, {"bad", true, 900, 3, NULL, 0}, {NULL, false, 0, 0, NULL, 0}};
/* Full polls of nothing but new transactions: there are more than are seen. */
static const struct bn_w_level seen_levels[] = {{"warn", false, 5, 2, "tx-polls", 3},
						{"bad", false, 1, 3, "tx-polls", 3},
						{NULL, false, 0, 0, NULL, 0}};
static const struct bn_w_level restart_levels[] = {{"warn", true, 0, 1, NULL, 0},
						   {NULL, false, 0, 0, NULL, 0}};

static const struct bn_w_stream streams[] = {
    {"tx-metrics", "tx_window_count", "tx/min", CHAIN, NULL, 0, .ceiling = SEEN_MOST,
     .window = true, .more = "\tanomaly = 8\n\tbackfill = 7d\n"},
    {"tx-fee-sum", "tx_window_fee_sum", "BTC/min", CHAIN, NULL, 1, .window = true},
    {"tx-fee-average", "tx_window_fee_average", "BTC", CHAIN, NULL, 2, .window = true,
     .more = "\tconsistency = tx-fee-sum / tx-metrics\n"},
    {"tx-polls", RATE("tx_polls_total"), "polls/min", CHAIN, "poll", 1,
     .more = "\texpect = 4/min\n"},
    {"tx-bus", RATE("eventbridge_invocations_total"), "events/min", CHAIN, "bus", 2,
     .more = "\tscope = account-wide\n"},
    {"tx-new", RATE("tx_dedupe_new_total"), "tx/min", CHAIN, "dedupe", 3, .ceiling = SEEN_MOST},
    {"tx-ingest", RATE("kinesis_incoming_records_total{stream=\\\"tx-ingest\\\"}"), "records/min",
     CHAIN, "kinesis", 4, .equal = "tx-new"},
    {"tx-archive", RATE("firehose_delivered_records_total"), "records/min", CHAIN, "firehose", 5,
     .equal = "tx-ingest"},
    {"tx-agg-in", RATE("flink_records_in_total"), "records/min", CHAIN, "flink", 5,
     .equal = "tx-ingest"},
    {"tx-agg-out", "flink_window_records", "records/min", CHAIN, "windows", 6, .window = true,
     .more = "\tburst = 2\n"},
    {"tx-delivery", "kinesis_window_records", "records/min", CHAIN, "delivery", 7, .window = true,
     .equal = "tx-agg-out", .more = "\tburst = 2\n"},
    {"tx-features", "feature_window_records", "records/min", CHAIN, "features", 8, .window = true,
     .equal = "tx-delivery", .more = "\tburst = 2\n"},
    {"tx-offline-lag", "feature_offline_lag_seconds", "s", CHAIN, "offline", 9,
     .levels = late_levels},
    {SEEN_BEFORE, "100 - 100 * " RATE("tx_dedupe_new_total") " / " RATE("tx_items_polled_total"),
     "%", CHAIN, NULL, 10, .levels = seen_levels},
    {RESTARTED,
     "sum(max_over_time(flink_restarts_total[30m]) - min_over_time(flink_restarts_total[30m]))",
     "restarts/30min", CHAIN, NULL, 11, .more = "\tbackfill = 1h\n", .levels = restart_levels},
    {"web-events", RATE("web_events_total"), "events/min", NULL, NULL, 0, .more = "\tflat = 15m\n"},
    {"orders", RATE("orders_total"), "orders/min", NULL, NULL, 0, .more = "\tflat = 15m\n"},
    {"api-lpo-quote-p99", "app:http_latency_seconds:p99{app=\\\"api-lpo-quote\\\"}", "ms", NULL,
     NULL, 0, .more = "\tscale = 1000\n\tfor = endpoint/api-lpo-quote\n\tas = p99-per-minute\n"},
};

const struct bn_w_stream *
bn_world_stream(size_t index)
{
	return index < sizeof(streams) / sizeof(streams[0]) ? &streams[index] : NULL;
}

const char *
bn_world_stream_arrival(const struct bn_w_stream *stream)
{
	return stream->window ? ARRIVAL : NULL;
}

int64_t
bn_world_stream_settle(const struct bn_w_stream *stream)
{
	return stream->window ? 5 * BN_W_SECOND : 2 * BN_W_MINUTE;
}

/* What the minute's value is, from the world itself and not by way of any query. */
bool
bn_world_minute(const struct bn_world *world, const struct bn_w_stream *stream, bn_time minute,
		bn_time now, double *value, bn_time *arrived)
{
	bn_time end = minute + BN_W_MINUTE;
	struct bn_w_health health;
	size_t i;

	*arrived = stream->window ? bn_world_window_arrived(world, minute) : end;
	if (*arrived > now)
		return false;
	if (strcmp(stream->name, "api-lpo-quote-p99") == 0) {
		bn_world_health(world, bn_world_api(0), end, &health);
		*value = health.p99;
		return true;
	}
	if (strcmp(stream->name, SEEN_BEFORE) == 0) {
		*value = 100 - 100 * (new_until(world, end) - new_until(world, minute)) / SEEN_MOST;
		return true;
	}
	if (strcmp(stream->name, RESTARTED) == 0) {
		*value = restarts_until(world, end) - restarts_until(world, end - 30 * BN_W_MINUTE);
		return true;
	}
	for (i = 0; i < METRICS; i++) {
		double before = 0, after = 0;

		if (strstr(stream->query, metrics[i].name) == NULL)
			continue;
		bn_world_sample(world, i, end, now, &after);
		if (strstr(stream->query, "increase(") != NULL)
			bn_world_sample(world, i, minute, now, &before);
		*value = after - before;
		return true;
	}
	return false;
}

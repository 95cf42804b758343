/* world.c - fills a store with 100,000 runs through bn_batch_*, as a plugin would. */
/* SPDX-License-Identifier: MIT */
#include "tests/bench/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "collect/registry.h"
#include "plugins/builtin.h"
#include "store/store.h"
#include "triage/triage.h"

#define MINUTE ((int64_t)60000)
#define HOUR   (60 * MINUTE)

char *
bench_world_config(const char *dir, const char *url)
{
	return bn_xasprintf("[state]\n\tdir = %s\n\tanchor = %s/anchor\n"
			    "[source \"argo\"]\n\ttype = argo-workflows\n\turl = %s\n"
			    "\tnamespace = data\n\tinterval = 1d\n",
			    dir, dir, url);
}

/* Each pipeline runs hourly; the latest run began 15 to 45 minutes ago, so that none is late. */
static bn_time
latest_start(int p, bn_time now)
{
	return (now / MINUTE - 15 - p % 30) * MINUTE;
}

static void
add_pipeline(struct bn_batch *batch, int p, bn_time now)
{
	static const char *const groups[] = {"ingestion", "transformation", "training", "export"};
	char key[64], owner[32], schedule[32];

	snprintf(schedule, sizeof(schedule), "%d * * * *",
		 (int)(latest_start(p, now) / MINUTE % 60));
	snprintf(key, sizeof(key), "pipeline-%03d-hourly", p);
	snprintf(owner, sizeof(owner), "team-%d", p % 12);
	bn_batch_pipeline(batch, &(struct bn_pipeline){
				     .e = {.key = key,
					   .name = key,
					   .status = BN_HEALTHY,
					   .owner = owner,
					   .url = "https://argo.example.com/cron-workflows/data"},
				     .schedule = schedule,
				     .group = groups[p % 4],
				     .engine = "argo",
				 });
}

/* One run in forty failed, and the latest of every 25th pipeline; the rest went well. */
static bool
failed(int p, int n)
{
	return n == 0 ? p % (WORLD_PIPELINES / WORLD_FAILING) == 0 : (p * 7 + n) % 40 == 0;
}

static void
add_run(struct bn_batch *batch, int p, int n, bn_time now)
{
	bn_time start = latest_start(p, now) - n * HOUR;
	bool bad = failed(p, n);
	char key[64], pipeline[64];

	snprintf(pipeline, sizeof(pipeline), "pipeline-%03d-hourly", p);
	snprintf(key, sizeof(key), "pipeline-%03d-hourly-%08x", p, (unsigned)(n * 2654435761u));
	bn_batch_run(
	    batch,
	    &(struct bn_run){
		.e = {.key = key,
		      .name = key,
		      .status = bad ? BN_FAILED : BN_SUCCEEDED,
		      .raw_status = bad ? "Failed" : "Succeeded",
		      .message = bad ? "main: exit code 1: relation \"orders\" has no rows" : NULL,
		      .since = start + 240000 + p * 100,
		      .url = "https://argo.example.com/workflows/data"},
		.pipeline = pipeline,
		.queued_at = start - 1500,
		.started_at = start,
		.finished_at = start + 240000 + p * 100,
		.trigger = "schedule",
		.progress = bad ? "3/12" : "12/12",
		.tasks_total = 12,
		.tasks_done = bad ? 3 : 12,
		.tasks_failed = bad ? 1 : 0,
		.tasks_skipped = bad ? 8 : 0,
	    });
}

static int
write_records(struct bn_writer *writer, int64_t source, int64_t epoch, bn_time now,
	      struct bn_error *err)
{
	static const struct bn_host host = {.abi = BN_PLUGIN_ABI};
	struct bn_batch *batch = bn_batch_new(writer, &host, source, "argo", epoch);
	int p, n, rc;

	bn_batch_sent(batch, now);
	rc = bn_batch_scope(batch, "cron-workflows", BN_COMPLETE, err);
	for (p = 0; p < WORLD_PIPELINES; p++)
		add_pipeline(batch, p, now);
	if (rc == BN_OK)
		rc = bn_batch_scope_done(batch, err);
	if (rc == BN_OK)
		rc = bn_batch_scope(batch, "runs", BN_DELTA, err);
	/* oldest first, as they would have come */
	for (n = WORLD_RUNS - 1; rc == BN_OK && n >= 0; n--)
		for (p = 0; p < WORLD_PIPELINES; p++)
			add_run(batch, p, n, now);
	if (rc == BN_OK)
		rc = bn_batch_scope_done(batch, err);
	bn_batch_free(batch);
	return rc;
}

static int
write_world(struct bn_store *store, const struct bn_config *config, bn_time now,
	    struct bn_error *err)
{
	struct bn_source_info info = {.name = "argo",
				      .type = "argo-workflows",
				      .url = "https://argo.example.com",
				      .auth = "none",
				      .interval = 24 * HOUR};
	struct bn_poll_result result = {.began = now, .ended = now, .took = 100, .requests = 3};
	struct bn_writer *writer = NULL;
	struct bn_triage *triage = NULL;
	int64_t source, epoch;
	int rc = bn_writer_open(&writer, store, err);

	if (rc == BN_OK)
		rc = bn_writer_source(writer, &info, &source, err);
	if (rc == BN_OK)
		rc = bn_writer_take_lease(writer, source, "bench", &epoch, err);
	if (rc == BN_OK)
		rc = write_records(writer, source, epoch, now, err);
	if (rc == BN_OK)
		rc = bn_writer_poll_result(writer, source, epoch, &result, err);
	if (rc == BN_OK)
		rc = bn_triage_new(&triage, store, config, err);
	if (rc == BN_OK)
		rc = bn_triage_run(triage, err);
	while (rc == BN_OK && (rc = bn_writer_maintain(writer, err)) == BN_EBUSY)
		rc = BN_OK;
	bn_triage_free(triage);
	if (writer != NULL)
		bn_writer_close(writer);
	return rc;
}

int
bench_world_fill(const char *dir, const char *config_file, struct bn_error *err)
{
	struct bn_registry *registry = NULL;
	struct bn_config *config = NULL;
	struct bn_store *store = NULL;
	struct bn_clock clock;
	int rc;

	bn_clock_init(&clock);
	mkdir(dir, 0700);
	rc = bn_registry_new(&registry, bn_builtin_plugins, err);
	if (rc == BN_OK)
		rc = bn_config_load(&config, config_file, bn_registry_types(registry), err);
	if (rc == BN_OK)
		rc = bn_store_open(&store, dir, BN_STORE_SHARED, &clock, NULL, err);
	if (rc == BN_OK) {
		bn_store_set_anchor(store, "");
		rc = write_world(store, config, bn_clock_now(&clock), err);
	}
	if (store != NULL)
		bn_store_close(store);
	bn_config_free(config);
	bn_registry_free(registry);
	return rc;
}

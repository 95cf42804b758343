/* ours_poll.c - one poll through collector, plugin and store, without the rest of the program: time and memory. */
/* SPDX-License-Identifier: MIT
 *
 * usage: ours_poll CONFIG STATE-DIRECTORY. Prints "MILLISECONDS PEAK-KB RUNS ENDPOINTS". */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "collect/collect.h"
#include "collect/registry.h"
#include "plugins/builtin.h"
#include "store/store.h"
#include "tests/bench/peak.h"

static int64_t
count(struct bn_reader *reader, const char *table)
{
	sqlite3_stmt *row = NULL;
	char sql[64];
	int64_t n = -1;

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM main.%s", table);
	if (sqlite3_prepare_v2(bn_reader_db(reader), sql, -1, &row, NULL) == SQLITE_OK &&
	    sqlite3_step(row) == SQLITE_ROW)
		n = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return n;
}

/* What lies before a source's window is read apart, after its first poll, and is not what is measured here. */
#define PLUGINS_MOST 64
static struct bn_plugin without_history[PLUGINS_MOST];
static const struct bn_plugin *plugins[PLUGINS_MOST + 1];

static void
leave_history_out(void)
{
	for (size_t i = 0; i < PLUGINS_MOST && bn_builtin_plugins[i] != NULL; i++) {
		without_history[i] = *bn_builtin_plugins[i];
		without_history[i].backfill = NULL;
		plugins[i] = &without_history[i];
	}
}

static int
poll_once(const char *config_file, const char *dir, struct bn_error *err)
{
	struct bn_collect_options options = {0};
	struct bn_registry *registry = NULL;
	struct bn_collect *collect = NULL;
	struct bn_config *config = NULL;
	struct bn_reader *reader = NULL;
	struct bn_store *store = NULL;
	struct bn_clock clock;
	int64_t began;
	long peak;
	int rc;

	bn_clock_init(&clock);
	leave_history_out();
	rc = bn_registry_new(&registry, plugins, err);
	if (rc == BN_OK)
		rc = bn_config_load(&config, config_file, bn_registry_types(registry), err);
	if (rc == BN_OK)
		rc = bn_store_open(&store, dir, BN_STORE_SHARED, &clock, NULL, err);
	if (rc != BN_OK)
		goto out;
	bn_store_set_anchor(store, "");
	options.config = config;
	options.registry = registry;
	options.store = store;
	options.clock = &clock;
	rc = bn_collect_new(&collect, &options, err);
	began = bn_monotonic();
	if (rc == BN_OK)
		rc = bn_collect_once(collect, NULL, 120000, true, err);
	if (rc != BN_OK)
		goto out;
	began = bn_monotonic() - began;
	peak = peak_kb();
	rc = bn_reader_open(&reader, store, err);
	if (rc == BN_OK)
		printf("%" PRId64 " %ld %" PRId64 " %" PRId64 "\n", began, peak,
		       count(reader, "run"), count(reader, "endpoint"));
out:
	if (reader != NULL)
		bn_reader_close(reader);
	bn_collect_free(collect);
	if (store != NULL)
		bn_store_close(store);
	bn_config_free(config);
	bn_registry_free(registry);
	return rc;
}

int
main(int argc, char **argv)
{
	struct bn_error err = {0};

	if (argc < 3)
		return 64;
	if (poll_once(argv[1], argv[2], &err) != BN_OK) {
		fprintf(stderr, "ours_poll: %s\n", err.message);
		return 1;
	}
	return 0;
}

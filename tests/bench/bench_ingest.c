/* bench_ingest.c - P5 and P6: a list of 50 MB from HTTP into the store, how fast and in how much memory. */
/* SPDX-License-Identifier: MIT */
#include "tests/bench/bench.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "tests/bench/server.h"
#include "tests/bench/world.h"

#define WORKFLOWS 6100
#define EACH	  8200 /* bytes */
#define REPEATS	  3    /* pairs a run */

struct list {
	struct bench *bench;
	struct bench_server *server;
	char *config;
	double megabytes;
};

/* What one program said: how long, how much memory, how many runs it stored. */
struct said {
	double ms, peak_mb;
	long runs;
};

static int
remove_entry(const char *path, const struct stat *info, int type, struct FTW *position)
{
	(void)info;
	(void)type;
	(void)position;
	return remove(path);
}

/* Runs an ingest into a new store; false unless every run of the list is in it afterwards. */
static bool
ingest(struct list *list, const char *tool, bool whole, struct said *out)
{
	char *program = path_of(list->bench->tools, tool);
	char *dir = path_of(list->bench->dir, "ingest"), *database = path_of(dir, "floor.db");
	char *url =
	    bn_xasprintf("%s/api/v1/workflows/data?createdAfter=x", bench_server_url(list->server));
	bool ours = strcmp(tool, "ours_poll") == 0;
	const char *const argv[] = {program, ours ? list->config : url, ours ? dir : database,
				    whole ? "whole" : NULL, NULL};
	char text[256];
	long peak = 0;
	bool ok;

	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	mkdir(dir, 0700);
	ok = run_timed(argv, 0, text, sizeof(text)) >= 0 &&
	     sscanf(text, "%lf %ld %ld", &out->ms, &peak, &out->runs) == 3 &&
	     out->runs == WORKFLOWS;
	out->peak_mb = (double)peak / 1e3;
	if (!ok)
		fprintf(stderr, "bench: %s stored %ld of %d runs\n", tool, out->runs, WORKFLOWS);
	free(program);
	free(dir);
	free(database);
	free(url);
	return ok;
}

static void
measure(struct list *list)
{
	struct gate speed = {
	    .id = "P5",
	    .what = "parse and store a list of 50 MB",
	    .floor_is = "floor: libcurl, a 30-line splitter, jansson item by item, prepared "
			"statements; same tables, columns and indexes, same rows",
	    .unit = "MB/s",
	    .bound = 0.8,
	    .at_least = true};
	struct gate peak = {.id = "P6",
			    .what = "peak memory meanwhile",
			    .floor_is = "floor: the same program",
			    .unit = "MB",
			    .bound = 3};
	struct gate whole = {.id = "P6w",
			     .what = "the same against the whole document in jansson",
			     .floor_is = "floor: the same program, the document parsed at once",
			     .unit = "MB",
			     .bound = 0.2};
	struct said ours, floor;

	for (int r = 0; r < RUNS; r++) {
		for (int i = 0; i < REPEATS; i++) {
			if (!ingest(list, "ours_poll", false, &ours) ||
			    !ingest(list, "floor_ingest", false, &floor))
				continue;
			series_add(&speed.ours[r], list->megabytes / ours.ms * 1e3);
			series_add(&speed.floor[r], list->megabytes / floor.ms * 1e3);
			series_add(&peak.ours[r], ours.peak_mb);
			series_add(&peak.floor[r], floor.peak_mb);
			series_add(&whole.ours[r], ours.peak_mb);
		}
		if (ingest(list, "floor_ingest", true, &floor))
			series_add(&whole.floor[r], floor.peak_mb);
	}
	gate_close(list->bench, &speed, NULL);
	gate_close(list->bench, &peak, NULL);
	gate_close(list->bench, &whole, NULL);
}

void
bench_ingest(struct bench *bench)
{
	struct bench_server_options options = {0};
	struct list list = {.bench = bench};
	char *text, *state, *body;
	FILE *file;

	if (!wanted(bench, "P5") && !wanted(bench, "P6"))
		return;
	body = bench_workflows(0, WORKFLOWS, EACH, NULL, &options.runs_size);
	options.runs = body;
	list.megabytes = (double)options.runs_size / 1e6;
	list.server = bench_server_start(&options);
	list.config = path_of(bench->dir, "ingest.config");
	state = path_of(bench->dir, "ingest");
	text = bench_world_config(state, bench_server_url(list.server));
	file = fopen(list.config, "we");
	if (file != NULL && fputs(text, file) >= 0 && fputs("\tarchived = never\n", file) >= 0 &&
	    fclose(file) == 0)
		measure(&list);
	else
		perror(list.config);
	bench_server_stop(list.server);
	free(list.config);
	free(state);
	free(text);
	free(body);
}

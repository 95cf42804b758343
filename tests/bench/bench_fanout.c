/* bench_fanout.c - P17: 200 requests over 20 sources, each answered after 100 ms. */
/* SPDX-License-Identifier: MIT */
#include "tests/bench/bench.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "tests/bench/server.h"

#define SOURCES	   20
#define EACH	   10 /* requests of each source, or endpoints */
#define LATENCY_MS 100
#define REPEATS	   3

static int
remove_entry(const char *path, const struct stat *info, int type, struct FTW *position)
{
	(void)info;
	(void)type;
	(void)position;
	return remove(path);
}

/* 20 argo-servers whose lists come in pages, one request after the other in each; or 20 sources of 10 endpoints, all
 * asked at once. */
static bool
write_config(const char *path, const char *dir, const char *url, bool endpoints)
{
	FILE *file = fopen(path, "we");

	if (file == NULL)
		return false;
	fprintf(file, "[state]\n\tdir = %s\n\tanchor = %s/anchor\n", dir, dir);
	for (int s = 0; s < SOURCES; s++) {
		if (!endpoints) {
			fprintf(file,
				"[source \"argo-%02d\"]\n\ttype = argo-workflows\n\turl = %s\n"
				"\tnamespace = data\n\tarchived = never\n",
				s, url);
			continue;
		}
		fprintf(file, "[source \"web-%02d\"]\n\ttype = http\n", s);
		for (int e = 0; e < EACH; e++)
			fprintf(file,
				"[endpoint \"api-%02d-%d\"]\n\tsource = web-%02d\n\turl = "
				"%s/health/%d\n",
				s, e, s, url, e);
	}
	return fclose(file) == 0;
}

/* ms from the first request to the last answer; -1 when it did not ask and store what it should. */
static double
round_trip(struct bench *bench, struct bench_server *server, const char *config, bool endpoints)
{
	char *program = path_of(bench->tools, "ours_poll"), *dir = path_of(bench->dir, "fanout");
	const char *const argv[] = {program, config, dir, NULL};
	double ms = -1, whole = -1;
	char text[256];
	long peak, runs, found;
	int asked;

	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	mkdir(dir, 0700);
	bench_server_requests(server, NULL);
	if (run_timed(argv, 0, text, sizeof(text)) < 0 ||
	    sscanf(text, "%lf %ld %ld %ld", &whole, &peak, &runs, &found) != 4)
		found = -1;
	asked = bench_server_requests(server, &ms);
	if (asked != SOURCES * EACH || (endpoints && found != SOURCES * EACH)) {
		fprintf(stderr, "bench: P17 made %d requests instead of %d\n", asked,
			SOURCES * EACH);
		ms = -1;
	}
	free(program);
	free(dir);
	return ms;
}

static void
fan_out(struct bench *bench, bool endpoints)
{
	/* seven pages of runs, the list of unfinished ones, cron workflows, templates: ten requests */
	struct bench_server *server = bench_server_start(
	    &(struct bench_server_options){.items = 10, .pages = 7, .latency_ms = LATENCY_MS});
	struct gate gate = {
	    .id = endpoints ? "P17p" : "P17",
	    .what = endpoints ? "200 probes of 20 sources, all at once"
			      : "200 requests, 20 sources, 100 ms each",
	    .floor_is = endpoints
			    ? "floor: one latency. Beyond it: 20 lanes and 200 connections are "
			      "made, by two processors that "
			      "also serve them"
			    : "floor: ceil(200 / 20) x 100 ms; a source's pages follow one another",
	    .unit = "ms",
	    .bound = 1.2};
	char *config = path_of(bench->dir, "fanout.config"), *dir = path_of(bench->dir, "fanout");

	if (write_config(config, dir, bench_server_url(server), endpoints))
		for (int r = 0; r < RUNS; r++)
			for (int i = 0; i < REPEATS; i++) {
				double ms = round_trip(bench, server, config, endpoints);

				if (ms < 0)
					continue;
				series_add(&gate.ours[r], ms);
				series_add(&gate.floor[r],
					   endpoints ? LATENCY_MS : EACH * LATENCY_MS);
			}
	gate_close(bench, &gate, NULL);
	bench_server_stop(server);
	free(config);
	free(dir);
}

void
bench_fanout(struct bench *bench)
{
	if (!wanted(bench, "P17"))
		return;
	fan_out(bench, false);
	fan_out(bench, true);
}

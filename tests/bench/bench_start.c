/* bench_start.c - P1 first painted row, P2 a scripted list of 100 rows, P3 memory, on 100,000 stored runs. */
/* SPDX-License-Identifier: MIT */
#include "tests/bench/bench.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"

#define REPEATS 20 /* pairs a run */

/* ---- P1 ------------------------------------------------------------------------------------ */

/* From exec until a row of the store stands on the terminal. */
static double
first_row(const char *const *argv)
{
	double began = now_ms(), took;
	struct bn_term *t = term_start(argv);

	took = t != NULL ? term_until(t, "pipeline-", began) : -1;
	term_quit(t);
	return took;
}

static void
first_rows(struct bench *bench, bool offline)
{
	char *floor = path_of(bench->tools, "floor_start"),
	     *cache = path_of(bench->state, "cache.db");
	const char *const ours[] = {bench->binnacle, "--config", bench->config,
				    offline ? "--offline" : NULL, NULL};
	const char *const theirs[] = {floor, cache, NULL};
	struct gate gate = {
	    .id = offline ? "P1o" : "P1",
	    .what = offline ? "the same with --offline" : "first painted row, 100,000 runs stored",
	    .floor_is = offline
			    ? NULL
			    : "floor: a program with the same libraries that initialises all of "
			      "them, opens the store and paints 38 rows of it; ours polls a dead "
			      "source meanwhile. Beyond the floor: configuration, journal, a read "
			      "connection with its views, the text of Triage's query. After an "
			      "unclean stop the "
			      "cache is checked first (60 MB: 120 ms)",
	    .unit = "ms",
	    .bound = 1.5};

	for (int r = 0; r < RUNS; r++)
		for (int i = 0; i < REPEATS; i++) {
			series_add(&gate.ours[r], first_row(ours));
			series_add(&gate.floor[r], first_row(theirs));
		}
	gate_close(bench, &gate, NULL);
	free(floor);
	free(cache);
}

/* ---- P2 ------------------------------------------------------------------------------------ */

static void
list(struct bench *bench, bool each)
{
	char *floor = path_of(bench->tools, "floor_list"),
	     *cache = path_of(bench->state, "cache.db");
	const char *const ours[] = {
	    bench->binnacle, "-q",  "--config", bench->config,		"--offline", "-o", "json",
	    "--limit",	     "100", "runs",	each ? "--each" : NULL, NULL};
	const char *const theirs[] = {floor, cache, each ? "runs" : "pipelines", NULL};
	struct gate gate = {
	    .id = each ? "P2" : "P2p",
	    .what = each ? "`runs --each --limit 100 -o json`, exec to exit"
			 : "`runs --limit 100 -o json` (pipelines)",
	    .floor_is =
		each ? "floor: SQLite and jansson alone, the same rows in the same order"
		     : "floor: the same. Beyond it: the program's 44 libraries, and libgit2, which "
		       "reads every CA certificate when it begins",
	    .unit = "ms",
	    .bound = 2};

	for (int r = 0; r < RUNS; r++)
		for (int i = 0; i < REPEATS; i++) {
			/* 3: an answer from a store whose source is not read is incomplete */
			series_add(&gate.ours[r], run_timed(ours, 3, NULL, 0));
			series_add(&gate.floor[r], run_timed(theirs, 0, NULL, 0));
		}
	gate_close(bench, &gate, NULL);
	free(floor);
	free(cache);
}

/* ---- P3 ------------------------------------------------------------------------------------ */

/* Starts, waits for `text`, lets it rest, and says what it holds. */
static bool
resting(const char *const *argv, const char *text, struct usage *out)
{
	struct bn_term *t = term_start(argv);
	bool ok = t != NULL && term_until(t, text, now_ms()) >= 0;

	if (ok) {
		bn_term_settle(t, 700, 3000);
		ok = usage_of(bn_term_pid(t), out);
	}
	term_quit(t);
	return ok;
}

static void
memory(struct bench *bench)
{
	char *peer = path_of(bench->tools, "floor_objects"),
	     *floor = path_of(bench->tools, "floor_start");
	char *cache = path_of(bench->state, "cache.db"), note[256];
	const char *const ours[] = {bench->binnacle, "--config", bench->config, NULL};
	const char *const theirs[] = {peer, NULL}, *const least[] = {floor, cache, NULL};
	struct gate gate = {.id = "P3",
			    .what = "memory at rest, 100,000 runs stored",
			    .floor_is = "peer: a Go program holding 100,000 trimmed workflows as "
					"map[string]any",
			    .unit = "MB",
			    .bound = 0.2};
	struct usage a = {0}, b = {0}, c = {0};

	if (access(peer, X_OK) != 0) {
		gate_skip(bench, "P3", gate.what,
			  "the peer is a Go program, and there is no `go` here to build it");
		goto out;
	}
	for (int r = 0; r < RUNS; r++)
		if (resting(ours, "pipeline-", &a) && resting(theirs, "ready", &b)) {
			series_add(&gate.ours[r], (double)a.rss_kb / 1e3);
			series_add(&gate.floor[r], (double)b.rss_kb / 1e3);
		}
	resting(least, "pipeline-", &c);
	snprintf(
	    note, sizeof(note),
	    "of it %.1f MB are its own (anonymous); P1's floor holds %.1f MB, of it %.1f its own",
	    (double)a.anon_kb / 1e3, (double)c.rss_kb / 1e3, (double)c.anon_kb / 1e3);
	gate_close(bench, &gate, note);
out:
	free(peer);
	free(floor);
	free(cache);
}

void
bench_start(struct bench *bench)
{
	if (wanted(bench, "P1")) {
		first_rows(bench, false);
		first_rows(bench, true);
	}
	if (wanted(bench, "P2")) {
		list(bench, true);
		list(bench, false);
	}
	if (wanted(bench, "P3"))
		memory(bench);
}

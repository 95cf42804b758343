/* bench_flat.c - P4 memory over a simulated day of upserts, P7 a key's way to the screen while pages come in. */
/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/bench/bench.h"
#include "tests/bench/server.h"

/* ---- P4 ------------------------------------------------------------------------------------ */

#define ROWS	100000
#define PAGE	500
#define WALL_MS 45000 /* that the day takes; a quarter of it is warm-up */
#define DAY_MS	((bn_time)86400000)
#define BEGAN	((bn_time)1773111600000) /* 2026-03-10T03:00:00Z */

/* kB of this process that lie in no file. */
static long
anonymous_kb(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "re");
	char line[128];
	long kb = 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "Anonymous: %ld", &kb) == 1)
			break;
	if (file != NULL)
		fclose(file);
	return kb;
}

/* The next page of runs, each with another progress and message than the last time. */
static int
upsert(struct bn_batch *batch, long from, bn_time now, struct bn_error *err)
{
	bn_batch_sent(batch, now);
	for (long i = from; i < from + PAGE; i++) {
		char key[48], progress[32], message[64];

		snprintf(key, sizeof(key), "run-%06ld", i % ROWS);
		snprintf(progress, sizeof(progress), "%ld/1000", i / ROWS);
		snprintf(message, sizeof(message), "step %ld of many", i / ROWS);
		bn_batch_run(batch, &(struct bn_run){.e = {.key = key,
							   .status = BN_RUNNING,
							   .message = message,
							   .since = BEGAN - 60000},
						     .started_at = BEGAN - 60000,
						     .progress = progress,
						     .tasks_total = 1000,
						     .tasks_done = (int)(i / ROWS)});
	}
	return bn_batch_page(batch, err);
}

/* Writes, for each quarter of the day, its samples as lines "QUARTER KB", and last "upserts N". */
static int
live_a_day(struct bn_writer *writer, struct bn_batch *batch, struct bn_clock *clock, FILE *out,
	   struct bn_error *err)
{
	double began, past = 0, sampled = 0;
	long done = 0;
	int rc = BN_OK;

	while (rc == BN_OK && done < ROWS) {
		rc = upsert(batch, done, BEGAN, err);
		done += PAGE;
	}
	began = now_ms();
	while (rc == BN_OK && (past = now_ms() - began) < WALL_MS) {
		bn_time now = BEGAN + (bn_time)((double)DAY_MS * past / WALL_MS);

		bn_clock_set(clock, now, 0);
		rc = upsert(batch, done, now, err);
		done += PAGE;
		if (rc == BN_OK && (rc = bn_writer_maintain(writer, err)) == BN_EBUSY)
			rc = BN_OK;
		if (past - sampled >= 250) {
			fprintf(out, "%d %ld\n", (int)(past * 4 / WALL_MS), anonymous_kb());
			sampled = past;
		}
	}
	if (rc == BN_OK)
		fprintf(out, "upserts %ld\n", done);
	return rc;
}

static int
day_in_child(const char *dir, FILE *out)
{
	static const struct bn_host host = {.abi = BN_PLUGIN_ABI};
	struct bn_source_info info = {
	    .name = "argo", .type = "argo-workflows", .auth = "none", .interval = 15000};
	struct bn_store *store = NULL;
	struct bn_writer *writer = NULL;
	struct bn_batch *batch;
	struct bn_clock clock;
	struct bn_error err;
	int64_t source, epoch;

	bn_clock_set(&clock, BEGAN, 0);
	mkdir(dir, 0700);
	if (bn_store_open(&store, dir, BN_STORE_SHARED, &clock, NULL, &err) != BN_OK ||
	    bn_writer_open(&writer, store, &err) != BN_OK ||
	    bn_writer_source(writer, &info, &source, &err) != BN_OK ||
	    bn_writer_take_lease(writer, source, "bench", &epoch, &err) != BN_OK) {
		fprintf(stderr, "bench: P4: %s\n", err.message);
		return 1;
	}
	batch = bn_batch_new(writer, &host, source, "argo", epoch);
	if (bn_batch_scope(batch, "runs", BN_DELTA, &err) != BN_OK ||
	    live_a_day(writer, batch, &clock, out, &err) != BN_OK) {
		fprintf(stderr, "bench: P4: %s\n", err.message);
		return 1;
	}
	bn_batch_free(batch);
	bn_writer_close(writer);
	bn_store_close(store);
	return fclose(out) != 0;
}

/* The first quarter is the warm-up that each later one is compared with. */
static long
read_day(FILE *in, struct gate *gate)
{
	struct series warm = {0};
	char line[64];
	long upserts = 0, kb;
	int quarter;

	while (in != NULL && fgets(line, sizeof(line), in) != NULL)
		if (sscanf(line, "upserts %ld", &upserts) == 1)
			break;
		else if (sscanf(line, "%d %ld", &quarter, &kb) == 2 && quarter >= 0 &&
			 quarter <= RUNS)
			series_add(quarter == 0 ? &warm : &gate->ours[quarter - 1],
				   (double)kb / 1e3);
	for (int r = 0; r < RUNS && warm.count > 0; r++)
		series_add(&gate->floor[r], series_median(&warm));
	series_clear(&warm);
	return upserts;
}

static void
memory(struct bench *bench)
{
	static const char what[] = "memory in no file over a day of upserts";
	struct gate gate = {.id = "P4",
			    .what = what,
			    .floor_is = "floor: itself in the first quarter of the day; then the "
					"other three, one after the other",
			    .unit = "MB",
			    .bound = 1.1};
	char *dir = path_of(bench->dir, "day"), note[160];
	int fds[2], status = 1;
	long upserts = 0;
	double last;
	FILE *in;
	pid_t pid;

	if (pipe(fds) != 0)
		goto out;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		_exit(day_in_child(dir, fdopen(fds[1], "w")));
	}
	close(fds[1]);
	in = fdopen(fds[0], "r");
	upserts = read_day(in, &gate);
	if (in != NULL)
		fclose(in);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0 || upserts == 0) {
		gate_skip(bench, gate.id, what, "the day did not come to its end");
		goto out;
	}
	last = series_share(&gate.ours[RUNS - 1], 1);
	snprintf(
	    note, sizeof(note),
	    "%ld upserts of %d runs in pages of %d, with housekeeping after each, 24 h in %d s; "
	    "most in the last quarter: %.1f MB",
	    upserts, ROWS, PAGE, WALL_MS / 1000, last);
	gate_close(bench, &gate, note);
out:
	for (int r = 0; r < RUNS; r++) {
		series_clear(&gate.ours[r]);
		series_clear(&gate.floor[r]);
	}
	free(dir);
}

/* ---- P7 ------------------------------------------------------------------------------------ */

#define KEYS  60 /* a run, of each */
#define PAGES 30 /* a poll: 15,000 runs, so that one follows another */

/* Which rows of the list are drawn as the cursor's: their background, as one number. */
static unsigned
bar(struct bn_term *t)
{
	unsigned sum = 0;

	for (int y = 0; y < 40; y++) {
		struct bn_term_cell cell = bn_term_cell(t, y, 8);

		sum = sum * 31 + (unsigned)cell.bg * 2 + cell.reverse;
	}
	return sum;
}

/* ms from the key until the bar is elsewhere; what else is painted meanwhile doesn't count. */
static double
key_to_bar(struct bn_term *t, const char *key)
{
	unsigned before = bar(t);
	double began = now_ms();

	bn_term_type(t, key);
	while (now_ms() - began < 3000) {
		bn_term_pump(t, 5);
		if (bar(t) != before)
			break;
	}
	return now_ms() - began;
}

static bool
press(struct bench *bench, const char *config, bool offline, struct series *all)
{
	const char *const argv[] = {bench->binnacle, "--config", config,
				    offline ? "--offline" : NULL, NULL};
	struct bn_term *t = term_start(argv);
	bool ok = t != NULL && bn_term_wait(t, "pipeline-", 30000);

	if (ok) {
		bn_term_type(t, "2");
		bn_term_wait(t, "500 pipelines", 30000);
		bn_term_settle(t, 300, 3000);
	}
	for (int i = 0; ok && i < KEYS; i++) {
		series_add(all, key_to_bar(t, i / 10 % 2 == 0 ? "j" : "k"));
		bn_term_pump(t, 30);
	}
	term_quit(t);
	return ok;
}

/* The source of the 100,000 runs is dead; the other one is read without a pause. */
static bool
write_config(const char *path, const char *dir, const char *url)
{
	FILE *file = fopen(path, "we");

	if (file == NULL)
		return false;
	fprintf(file,
		"[state]\n\tdir = %s\n\tanchor = %s/anchor\n"
		"[source \"argo\"]\n\ttype = argo-workflows\n\turl = http://127.0.0.1:1\n"
		"\tnamespace = data\n\tinterval = 1d\n"
		"[source \"ingest\"]\n\ttype = argo-workflows\n\turl = %s\n"
		"\tnamespace = data\n\tinterval = 1s\n\tarchived = never\n",
		dir, dir, url);
	return fclose(file) == 0;
}

static void
busy(struct bench *bench)
{
	struct gate gate = {.id = "P7",
			    .what = "key to the moved bar while pages come in, p99",
			    .floor_is =
				"floor: the same console on the same store, nothing to read",
			    .unit = "ms",
			    .bound = 2,
			    .p99 = true};
	struct gate felt = {.id = "P7t",
			    .what = "the same against 30 ms, p99",
			    .floor_is = "floor: 30 ms, of which a person notices nothing",
			    .unit = "ms",
			    .bound = 1,
			    .p99 = true};
	struct bench_server *server =
	    bench_server_start(&(struct bench_server_options){.items = PAGE, .pages = PAGES});
	char *config = path_of(bench->dir, "ingest7.config"), note[160];
	struct series all = {0}, idle = {0};
	bool ok = write_config(config, bench->state, bench_server_url(server));
	int pages = 0;

	for (int r = 0; ok && r < RUNS; r++) {
		int asked;

		ok = press(bench, config, true, &gate.floor[r]);
		bench_server_requests(server, NULL);
		ok = ok && press(bench, config, false, &gate.ours[r]);
		asked = bench_server_requests(server, NULL);
		ok = ok && asked > 0;
		pages += asked;
		for (size_t i = 0; i < gate.ours[r].count; i++) {
			series_add(&all, gate.ours[r].values[i]);
			series_add(&felt.ours[r], gate.ours[r].values[i]);
		}
		series_add(&felt.floor[r], 30);
		for (size_t i = 0; i < gate.floor[r].count; i++)
			series_add(&idle, gate.floor[r].values[i]);
	}
	snprintf(
	    note, sizeof(note),
	    "%d requests meanwhile, nearly all of them pages of %d runs; medians %.1f ms, idle "
	    "%.1f ms",
	    pages, PAGE, series_median(&all), series_median(&idle));
	if (ok) {
		gate_close(bench, &gate, note);
		gate_close(bench, &felt, NULL);
	} else
		gate_skip(bench, gate.id, gate.what, "a console did not come up, or read nothing");
	for (int r = 0; r < RUNS; r++) {
		series_clear(&gate.ours[r]);
		series_clear(&gate.floor[r]);
		series_clear(&felt.ours[r]);
		series_clear(&felt.floor[r]);
	}
	series_clear(&all);
	series_clear(&idle);
	bench_server_stop(server);
	free(config);
}

void
bench_flat(struct bench *bench)
{
	if (wanted(bench, "P4"))
		memory(bench);
	if (wanted(bench, "P7"))
		busy(bench);
}

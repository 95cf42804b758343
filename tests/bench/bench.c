/* bench.c - `make bench`: measures binnacle against floors built beside it, and prints one table of ratios. */
/* SPDX-License-Identifier: MIT
 *
 * Absolute times say more about a machine than about a program, so every figure is divided by what a floor (the
 * least that could do the same, with the same libraries) or a peer needs in the same run on the same machine,
 * the two taking turns. Each gate is measured in three runs and fails only if two of them do. */
#include "tests/bench/bench.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "tests/bench/world.h"

/* ---- the table ----------------------------------------------------------------------------- */

#define ROW "%-5s %-44s %18s %18s %7s %9s  %s\n"

static void
add_note(struct bench *bench, const char *id, const char *note)
{
	bn_buf_addf(&bench->notes, "%-5s %s\n", id, note);
}

static double
figure(struct gate *gate, struct series *s)
{
	return series_share(s, gate->p99 ? 0.99 : 0.5);
}

/* One run's ratio, as the bound is compared with. */
static double
ratio_of(struct gate *gate, int run)
{
	double floor = figure(gate, &gate->floor[run]);

	if (gate->ratio[run] > 0)
		return gate->ratio[run];
	return floor > 0 ? figure(gate, &gate->ours[run]) / floor : 0;
}

static bool
run_met(struct gate *gate, int run)
{
	double floor = figure(gate, &gate->floor[run]);
	double slack = gate->slack > 0 && floor > 0 ? gate->slack / floor : 0;

	if (gate->ours[run].count == 0 || gate->floor[run].count == 0)
		return false;
	return gate->at_least ? ratio_of(gate, run) >= gate->bound
			      : ratio_of(gate, run) <= gate->bound + slack;
}

/* "12.1 (13.4) ms": the figure over all runs, and the 95th percentile where there are enough to speak of one. */
static void
show(struct gate *gate, const struct series *runs, char out[32])
{
	struct series all = {0};
	double value, p95;

	for (int r = 0; r < RUNS; r++)
		for (size_t i = 0; i < runs[r].count; i++)
			series_add(&all, runs[r].values[i]);
	value = figure(gate, &all);
	p95 = series_share(&all, 0.95);
	if (all.count >= 20 && !gate->p99)
		snprintf(out, 32, "%.*f (%.*f) %s",
			 value < 10	? 2
			 : value < 1000 ? 1
					: 0,
			 value,
			 p95 < 10     ? 2
			 : p95 < 1000 ? 1
				      : 0,
			 p95, gate->unit);
	else
		snprintf(out, 32, "%.*f %s",
			 value < 10	? 2
			 : value < 1000 ? 1
					: 0,
			 value, gate->unit);
	series_clear(&all);
}

void
gate_close(struct bench *bench, struct gate *gate, const char *note)
{
	struct series ratios = {0};
	char ours[32], floor[32], ratio[16], bound[48];
	int failed = 0;

	for (int r = 0; r < RUNS; r++) {
		failed += !run_met(gate, r);
		series_add(&ratios, ratio_of(gate, r));
	}
	show(gate, gate->ours, ours);
	show(gate, gate->floor, floor);
	snprintf(ratio, sizeof(ratio), "%.*f", series_median(&ratios) < 0.1 ? 3 : 2,
		 series_median(&ratios));
	if (gate->slack > 0)
		snprintf(bound, sizeof(bound), "%g+%g%s", gate->bound, gate->slack, gate->unit);
	else
		snprintf(bound, sizeof(bound), "%s %.4g",
			 gate->at_least ? ">=" : "<=", gate->bound);
	printf(ROW, gate->id, gate->what, ours, floor, ratio, bound,
	       failed >= 2   ? "MISSED"
	       : failed == 1 ? "met (2 of 3 runs)"
			     : "met");
	fflush(stdout);
	if (failed >= 2)
		bench->missed++;
	else
		bench->met++;
	if (gate->floor_is != NULL)
		add_note(bench, gate->id, gate->floor_is);
	if (note != NULL)
		add_note(bench, "", note);
	for (int r = 0; r < RUNS; r++) {
		series_clear(&gate->ours[r]);
		series_clear(&gate->floor[r]);
	}
	series_clear(&ratios);
}

void
gate_skip(struct bench *bench, const char *id, const char *what, const char *why)
{
	printf(ROW, id, what, "-", "-", "-", "-", "not measured");
	fflush(stdout);
	add_note(bench, id, why);
	bench->skipped++;
}

bool
wanted(const struct bench *bench, const char *id)
{
	const char *at = bench->only;
	size_t size = strlen(id);

	while (at != NULL && *at != '\0') {
		if (strncmp(at, id, size) == 0 && (at[size] == ',' || at[size] == '\0'))
			return true;
		at += strcspn(at, ",");
		at += *at == ',';
	}
	return bench->only == NULL;
}

/* ---- the machine --------------------------------------------------------------------------- */

static void
print_machine(void)
{
	char model[128] = "unknown processor", line[256];
	double load[3] = {0};
	struct utsname host;
	FILE *file = fopen("/proc/cpuinfo", "re");

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "model name : %127[^\n]", model) == 1)
			break;
	if (file != NULL)
		fclose(file);
	uname(&host);
	getloadavg(load, 3);
	printf("%ld x %s, %ld MiB, %s %s, load %.2f %.2f %.2f\n", sysconf(_SC_NPROCESSORS_ONLN),
	       model, sysconf(_SC_PHYS_PAGES) / 256 * (sysconf(_SC_PAGESIZE) / 4096), host.sysname,
	       host.release, load[0], load[1], load[2]);
	if (load[0] > 0.5 * (double)sysconf(_SC_NPROCESSORS_ONLN))
		printf("the machine is busy with other things: times are noisy, their ratios less "
		       "so\n");
	printf("times: median (95th percentile); each gate in %d runs, interleaved, and missed "
	       "only if two "
	       "miss it\n\n",
	       RUNS);
	printf(ROW, "", "", "binnacle", "floor", "ratio", "bound", "");
	fflush(stdout);
}

/* ---- beginning and end --------------------------------------------------------------------- */

static int
remove_entry(const char *path, const struct stat *info, int type, struct FTW *position)
{
	(void)info;
	(void)type;
	(void)position;
	return remove(path);
}

/* In a child, so that its memory is not counted as that of programs started later. */
static bool
fill_world(const struct bench *bench)
{
	struct bn_error err = {0};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (bench_world_fill(bench->state, bench->config, &err) != BN_OK) {
			fprintf(stderr, "bench: filling the store failed: %s\n", err.message);
			_exit(1);
		}
		_exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool
prepare(struct bench *bench)
{
	char name[] = "/tmp/binnacle-bench-XXXXXX", *text;
	FILE *file;

	if (mkdtemp(name) == NULL)
		return false;
	bench->dir = bn_xstrdup(name);
	bench->state = path_of(name, "state");
	bench->config = path_of(name, "config");
	/* a port nobody listens on: the source is dead, and must delay nothing */
	text = bench_world_config(bench->state, "http://127.0.0.1:1");
	file = fopen(bench->config, "we");
	if (file == NULL)
		return false;
	fputs(text, file);
	free(text);
	return fclose(file) == 0 && fill_world(bench);
}

int
main(int argc, char **argv)
{
	struct bench bench = {.binnacle = argc > 1 ? argv[1] : "./binnacle",
			      .tools = argc > 2 ? argv[2] : NULL,
			      .only = getenv("BENCH"),
			      .notes = BN_BUF_INIT(0)};
	double began = now_ms();

	if (bench.tools == NULL) {
		fprintf(stderr, "usage: bench BINNACLE DIRECTORY-OF-FLOORS (BENCH=P1,P2 measures "
				"only those)\n");
		return 64;
	}
	unsetenv("XDG_STATE_HOME");
	unsetenv("NO_COLOR");
	if (!prepare(&bench)) {
		perror("bench: preparing");
		return 1;
	}
	setenv("HOME", bench.dir, 1);
	setenv("XDG_CONFIG_HOME", bench.dir, 1);
	print_machine();
	bench_start(&bench);
	bench_ingest(&bench);
	bench_screen(&bench);
	bench_filter(&bench);
	bench_idle(&bench);
	bench_fanout(&bench);
	bench_streams(&bench);
	bench_flat(&bench);
	printf("\n%s\n%d met, %d missed, %d not measured, in %.0f s\n", bn_buf_text(&bench.notes),
	       bench.met, bench.missed, bench.skipped, (now_ms() - began) / 1e3);
	nftw(bench.dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	bn_buf_free(&bench.notes);
	free(bench.dir);
	free(bench.state);
	free(bench.config);
	return bench.missed > 0;
}

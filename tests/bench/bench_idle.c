/* bench_idle.c - P12 and P13: what an untouched console writes and uses while it polls 20 sources, beside htop. */
/* SPDX-License-Identifier: MIT */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "tests/bench/server.h"

#define SOURCES	  20
#define WARM_MS	  18000 /* the first polls, and what follows from them */
#define WINDOW_MS 20000

static bool
write_config(const char *path, const char *dir, const char *url)
{
	FILE *file = fopen(path, "we");

	if (file == NULL)
		return false;
	fprintf(file, "[state]\n\tdir = %s\n\tanchor = %s/anchor\n", dir, dir);
	for (int s = 0; s < SOURCES; s++)
		fprintf(file,
			"[source \"argo-%02d\"]\n\ttype = argo-workflows\n\turl = %s\n\tnamespace "
			"= data\n"
			"\tinterval = 15s\n\tarchived = never\n",
			s, url);
	return fclose(file) == 0;
}

/* Lets both run for `ms`, reading what they write. */
static void
let_run(struct bn_term *a, struct bn_term *b, double ms)
{
	double end = now_ms() + ms;

	while (now_ms() < end) {
		bn_term_pump(a, 50);
		bn_term_pump(b, 50);
	}
}

struct window {
	struct usage usage;
	size_t bytes;
};

static struct window
look(struct bn_term *t)
{
	struct window w = {.bytes = bn_term_bytes(t)};

	usage_of(bn_term_pid(t), &w.usage);
	return w;
}

static void
add(struct gate gates[3], int run, bool ours, struct window from, struct window to)
{
	const double seconds = WINDOW_MS / 1e3;
	struct series *s = ours ? gates[0].ours : gates[0].floor;

	series_add(&s[run], (double)(to.bytes - from.bytes) / seconds);
	s = ours ? gates[1].ours : gates[1].floor;
	series_add(&s[run], (to.usage.cpu_ms - from.usage.cpu_ms) / seconds / 10);
	s = ours ? gates[2].ours : gates[2].floor;
	series_add(&s[run], (double)(to.usage.wakeups - from.usage.wakeups) / seconds);
}

static void
watch(struct bench *bench, struct bn_term *ours, struct bn_term *htop, struct bench_server *server)
{
	struct gate gates[3] = {
	    {.id = "P12",
	     .what = "bytes to the terminal, untouched",
	     .floor_is =
		 "peer: htop at its default tick on the same size of screen; ours with its clock",
	     .unit = "B/s",
	     .bound = 0.1},
	    {.id = "P13",
	     .what = "processor, 20 unchanging sources every 15 s",
	     .floor_is = "peer: htop, in the same seconds",
	     .unit = "%",
	     .bound = 1},
	    {.id = "P13w",
	     .what = "wakeups meanwhile",
	     .floor_is = "peer: the same. Each request must be waited for at least once, and 20 "
			 "sources make "
			 "more of them a second than htop ticks",
	     .unit = "/s",
	     .bound = 3},
	};
	char note[128];
	int asked;

	let_run(ours, htop, WARM_MS);
	bench_server_requests(server, NULL);
	for (int r = 0; r < RUNS; r++) {
		struct window a = look(ours), b = look(htop);

		let_run(ours, htop, WINDOW_MS);
		add(gates, r, true, a, look(ours));
		add(gates, r, false, b, look(htop));
	}
	asked = bench_server_requests(server, NULL);
	snprintf(note, sizeof(note),
		 "%.1f requests/s were made meanwhile, %.1f polls/s of 4 requests",
		 asked / (RUNS * WINDOW_MS / 1e3), asked / 4.0 / (RUNS * WINDOW_MS / 1e3));
	gate_close(bench, &gates[0], NULL);
	gate_close(bench, &gates[1], asked > 0 ? note : "nothing was polled: not a valid figure");
	gate_close(bench, &gates[2], NULL);
}

void
bench_idle(struct bench *bench)
{
	const char *const htop_argv[] = {"/usr/bin/htop", NULL};
	struct bench_server *server;
	struct bn_term *ours = NULL, *htop = NULL;
	char *config, *dir;

	if (!wanted(bench, "P12") && !wanted(bench, "P13"))
		return;
	if (access(htop_argv[0], X_OK) != 0) {
		gate_skip(bench, "P12", "bytes to the terminal, untouched",
			  "the peer is htop: apt-get install htop");
		gate_skip(bench, "P13", "processor and wakeups, untouched",
			  "the peer is htop: apt-get install htop");
		return;
	}
	server = bench_server_start(&(struct bench_server_options){.items = 50, .pages = 1});
	config = path_of(bench->dir, "idle.config");
	dir = path_of(bench->dir, "idle");
	if (write_config(config, dir, bench_server_url(server))) {
		const char *const argv[] = {bench->binnacle, "--config", config, NULL};

		ours = term_start(argv);
		htop = term_start(htop_argv);
		if (ours != NULL && htop != NULL)
			watch(bench, ours, htop, server);
	}
	term_quit(ours);
	term_quit(htop);
	bench_server_stop(server);
	free(config);
	free(dir);
}

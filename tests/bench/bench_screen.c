/* bench_screen.c - P8 a key's way to the screen, P10 bytes a frame, P11 bytes a scrolled row. */
/* SPDX-License-Identifier: MIT */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define QUIET 25 /* ms without output after which a key counts as answered */

/* The Runs screen on 100,000 runs, at rest. */
static struct bn_term *
open_runs(struct bench *bench)
{
	const char *const argv[] = {bench->binnacle, "--config", bench->config, "--offline", NULL};
	struct bn_term *t = term_start(argv);

	if (t == NULL || !bn_term_wait(t, "pipeline-", 10000)) {
		term_quit(t);
		return NULL;
	}
	bn_term_type(t, "2");
	bn_term_wait(t, "500 pipelines", 10000);
	bn_term_settle(t, 300, 5000);
	return t;
}

static struct bn_term *
open_floor(struct bench *bench, const char *file)
{
	char *program = path_of(bench->tools, "floor_screen");
	const char *const argv[] = {program, file, NULL};
	struct bn_term *t = term_start(argv);

	if (t != NULL)
		bn_term_settle(t, 100, 3000);
	free(program);
	return t;
}

/* ---- P8 ------------------------------------------------------------------------------------ */

#define BLOCK  10 /* keys before it is the other's turn */
#define BLOCKS 10 /* a run */

static void
press_block(struct bn_term *t, const char *key, struct series *all, struct series *bar)
{
	for (int i = 0; i < BLOCK; i++) {
		double first = 0;

		series_add(all, term_key(t, key, QUIET, NULL, &first));
		series_add(bar, first);
	}
}

/* The tail is compared; the middle says what one feels. */
static void
add_medians(struct bench *bench, struct gate *gate)
{
	struct series all[2] = {{0}};
	char note[96];

	for (int r = 0; r < RUNS; r++) {
		for (size_t i = 0; i < gate->ours[r].count; i++)
			series_add(&all[0], gate->ours[r].values[i]);
		for (size_t i = 0; i < gate->floor[r].count; i++)
			series_add(&all[1], gate->floor[r].values[i]);
	}
	snprintf(note, sizeof(note), "medians of %zu keys: %.2f ms, floor %.2f ms", all[0].count,
		 series_median(&all[0]), series_median(&all[1]));
	series_clear(&all[0]);
	series_clear(&all[1]);
	gate_close(bench, gate, note);
}

static void
key_to_byte(struct bench *bench)
{
	struct gate gate = {
	    .id = "P8",
	    .what = "key to last byte, cursor move, p99",
	    .floor_is =
		"floor: ncurses alone moves a reversed bar over as many rows; ours also "
		"asks the store for the pane beside the list, and its last byte is the pane's",
	    .unit = "ms",
	    .bound = 2,
	    .slack = 2,
	    .p99 = true};
	struct gate bar = {.id = "P8b",
			   .what = "key to the moved bar, p99",
			   .unit = "ms",
			   .bound = 2,
			   .slack = 2,
			   .p99 = true};
	struct bn_term *ours = open_runs(bench), *floor = open_floor(bench, NULL);

	for (int r = 0; ours != NULL && floor != NULL && r < RUNS; r++)
		for (int b = 0; b < BLOCKS; b++) {
			press_block(ours, b % 2 == 0 ? "j" : "k", &gate.ours[r], &bar.ours[r]);
			press_block(floor, b % 2 == 0 ? "j" : "k", &gate.floor[r], &bar.floor[r]);
		}
	add_medians(bench, &gate);
	gate_close(bench, &bar, NULL);
	term_quit(ours);
	term_quit(floor);
}

/* ---- P11 ----------------------------------------------------------------------------------- */

static void
scroll(struct bench *bench)
{
	struct gate gate = {.id = "P11",
			    .what = "bytes of one scrolled row, 120x40",
			    .floor_is = "floor: the same screen painted whole (Ctrl-L)",
			    .unit = "B",
			    .bound = 0.08};
	struct bn_term *ours = open_runs(bench), *floor = open_floor(bench, NULL);
	struct series least = {0};
	char note[224] = "";
	size_t bytes, paint = 0;

	if (ours == NULL || floor == NULL)
		goto out;
	/* to the last row that is seen, and on: from there each key scrolls */
	for (int i = 0; i < 40; i++) {
		term_key(ours, "j", 5, NULL, NULL);
		term_key(floor, "j", 5, NULL, NULL);
	}
	for (int r = 0; r < RUNS; r++) {
		bn_term_settle(ours, 200, 2000);
		term_key(ours, "\f", 150, &paint, NULL);
		for (int i = 0; i < 20; i++) {
			term_key(ours, "j", 60, &bytes, NULL);
			series_add(&gate.ours[r], (double)bytes);
			series_add(&gate.floor[r], (double)paint);
			term_key(floor, "j", QUIET, &bytes, NULL);
			series_add(&least, (double)bytes);
		}
	}
	snprintf(note, sizeof(note),
		 "two coloured bars, and the pane on the right, which follows the cursor and keeps "
		 "the terminal "
		 "from scrolling whole rows; P8's bare list writes %.0f B",
		 series_median(&least));
out:
	gate_close(bench, &gate, note);
	series_clear(&least);
	term_quit(ours);
	term_quit(floor);
}

/* ---- P10 ----------------------------------------------------------------------------------- */

/* What a person on call might press in ten minutes of the demo, whose clock runs fast meanwhile; a dot is a pause
 * in which the world goes on. */
static const char session[] =
    "jjj..\rjjj.\x1b.2jjjjjjjjjj..kkk\rjjjj..\x1b.3jjj.jj.4jjjjj..5jj.jj..1.jj"
    "..2/load\r..j.\x1b.GGgg..\x06\x06\x02..?jj.\x1b.1jj..w.\x1b.d.\x1b..3jjjj.kk.2jjjjjjjj...1...";
#define SPEED "20" /* and 30 s are ten minutes */
#define PAUSE 450  /* ms */

static void
record_frame(struct bn_term *t, FILE *out)
{
	int cols, rows;

	bn_term_size(t, &cols, &rows);
	for (int y = 0; y < rows; y++)
		for (int x = 0; x < cols; x++) {
			struct bn_term_cell cell = bn_term_cell(t, y, x);

			fwrite(&cell, sizeof(cell), 1, out);
		}
}

/* Plays the session; returns how many frames were recorded, and what each wrote in `bytes`. */
static int
record(struct bench *bench, const char *file, struct series *bytes)
{
	const char *const argv[] = {bench->binnacle, "demo", "--speed", SPEED, "--seed", "7", NULL};
	FILE *out = fopen(file, "we");
	struct bn_term *t = out != NULL ? term_start(argv) : NULL;
	size_t written = 0;
	int frames = 0;

	if (t == NULL || !bn_term_wait(t, "src ", 20000))
		goto out;
	bn_term_settle(t, 700, 8000);
	record_frame(t, out);
	written = bn_term_bytes(t);
	for (const char *key = session; *key != '\0'; key++) {
		char text[2] = {*key, '\0'};
		double end = now_ms() + PAUSE;

		if (*key == '\x1b') /* as a person presses it, or the next key would make it Alt */
			end = now_ms() + 400;
		if (*key != '.')
			bn_term_type(t, text);
		do {
			bn_term_pump(t, 20);
		} while (now_ms() < end && (*key == '.' || *key == '\x1b'));
		bn_term_settle(t, 40, 1000);
		record_frame(t, out);
		series_add(bytes, (double)(bn_term_bytes(t) - written));
		written = bn_term_bytes(t);
		frames++;
	}
out:
	if (out != NULL)
		fclose(out);
	term_quit(t);
	return frames;
}

static void
session_bytes(struct bench *bench)
{
	struct gate gate = {
	    .id = "P10",
	    .what = "bytes of a ten-minute session, a frame",
	    .floor_is = "floor: ncurses alone draws each recorded screen anew: erase, every cell, "
			"refresh",
	    .unit = "B",
	    .bound = 1.1};
	char *file = path_of(bench->dir, "frames"), note[256];
	double ours = 0, theirs = 0;
	struct bn_term *floor;
	size_t bytes;
	int frames = record(bench, file, &gate.ours[0]);

	floor = open_floor(bench, file); /* paints the first frame */
	for (int i = 0; floor != NULL && i < frames; i++) {
		term_key(floor, "n", 12, &bytes, NULL);
		series_add(&gate.floor[0], (double)bytes);
	}
	for (size_t i = 0; i < gate.ours[0].count; i++)
		ours += gate.ours[0].values[i];
	for (size_t i = 0; i < gate.floor[0].count; i++)
		theirs += gate.floor[0].values[i];
	/* one session, so one figure: all its bytes, a frame */
	for (int r = 0; r < RUNS; r++) {
		series_clear(&gate.ours[r]);
		series_clear(&gate.floor[r]);
		if (frames > 0 && theirs > 0) {
			series_add(&gate.ours[r], ours / frames);
			series_add(&gate.floor[r], theirs / frames);
		}
	}
	snprintf(note, sizeof(note),
		 "%d frames of the demo at %s times real speed, %.0f kB in all; what is beyond the "
		 "floor are second "
		 "paints: a key is shown at once, what the store says a moment later",
		 frames, SPEED, ours / 1e3);
	gate_close(bench, &gate, note);
	term_quit(floor);
	remove(file);
	free(file);
}

void
bench_screen(struct bench *bench)
{
	if (wanted(bench, "P8"))
		key_to_byte(bench);
	if (wanted(bench, "P10"))
		session_bytes(bench);
	if (wanted(bench, "P11"))
		scroll(bench);
}

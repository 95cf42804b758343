/* recorded.c - a served demo whose platforms write down what they are sent, and a console to look at. */
/* SPDX-License-Identifier: MIT */
#include "tests/screen/recorded.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The last world nothing was changed in, still served: it costs a second to bring up, and ten in a build that checks
 * every access. None: its pid is 0. */
static struct recorded left;

static void
stop(struct recorded *world)
{
	served_stop(&world->served);
	unlink(world->record);
	world->served.pid = 0;
}

static void
stop_what_is_left(void)
{
	if (left.served.pid != 0)
		stop(&left);
}

static void
run(const struct recorded *world, const char *line)
{
	struct said said;

	ask_shell(&world->served, line, &said);
	assert_int_equal(said.code, 0);
	said_clear(&said);
}

/* Nobody has asked it anything, and nothing is known of it. */
static void
renew(struct recorded *world)
{
	run(world, "cd $DEMO && cp config.kept config && rm -rf state && mkdir -m 700 state");
	run(world, "find $DEMO/.. -mindepth 1 -maxdepth 1 ! -name demo ! -name '*.out' ! -name out"
		   " ! -name err -exec rm -rf {} +");
	assert_int_equal(truncate(world->record, 0), 0);
}

/* Whether somebody changed what it serves, or how. */
static bool
is_touched(const struct recorded *world)
{
	FILE *file = fopen(world->record, "r");
	bool touched = recorded_writes(world) > 0;
	char path[160], line[4096];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL)
		touched = touched || strstr(line, "/clearTaskInstances") != NULL;
	fclose(file);
	snprintf(path, sizeof(path), "%s/faults", world->served.demo);
	return touched || access(path, F_OK) == 0;
}

void
recorded_start(struct recorded *world, const char *options)
{
	char all[300];
	int fd;

	if (left.served.pid != 0 && strcmp(left.options, options) == 0) {
		*world = left;
		left.served.pid = 0;
		renew(world);
		return;
	}
	stop_what_is_left();
	snprintf(world->options, sizeof(world->options), "%s", options);
	snprintf(world->record, sizeof(world->record), "/tmp/bn-record-XXXXXX");
	fd = mkstemp(world->record);
	assert_true(fd >= 0);
	close(fd);
	snprintf(all, sizeof(all), "--record %s %s", world->record, options);
	served_start(&world->served, all);
	run(world, "cp $DEMO/config $DEMO/config.kept");
}

/* A clock that goes makes another world of it. */
void
recorded_stop(struct recorded *world)
{
	if (strstr(world->options, "--speed") != NULL || is_touched(world)) {
		stop(world);
		return;
	}
	if (left.served.pid == 0)
		atexit(stop_what_is_left);
	stop_what_is_left();
	left = *world;
}

/* A POST is a login, a search or a dry run, but for those that the world itself counts as violations. */
int
recorded_writes(const struct recorded *world)
{
	FILE *file = fopen(world->record, "r");
	int writes = 0, violations = 0;
	char line[4096];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		writes += strstr(line, "\"method\":\"PUT\"") != NULL ||
			  strstr(line, "\"method\":\"DELETE\"") != NULL ||
			  strstr(line, "\"method\":\"PATCH\"") != NULL;
		violations += strstr(line, "\"violation\":null") == NULL;
	}
	fclose(file);
	assert_int_equal(violations, 0);
	return writes;
}

void
assert_writes(const struct recorded *world, int wanted)
{
	int i;

	/* A platform answers first, and writes it down then. */
	for (i = 0; i < RECORDED_WAIT / 100 && recorded_writes(world) < wanted; i++)
		usleep(100000);
	assert_int_equal(recorded_writes(world), wanted);
}

static void
fail_with_screen(struct bn_term *t, const char *what, const char *text)
{
	char *dump = bn_term_dump(t), *line, *rest;

	/* Line by line: cmocka cuts what it is given at 1 KiB. */
	for (line = strtok_r(dump, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
		print_message("%s\n", line);
	free(dump);
	fail_msg("%s: %s", what, text);
}

void
assert_shown(struct bn_term *t, const char *text)
{
	if (!bn_term_wait(t, text, RECORDED_WAIT))
		fail_with_screen(t, "not on the screen", text);
}

void
assert_gone(struct bn_term *t, const char *text)
{
	if (!bn_term_wait_gone(t, text, RECORDED_WAIT))
		fail_with_screen(t, "still on the screen", text);
}

long long
recorded_number(const struct recorded *world, const char *sql)
{
	char line[512];
	struct said said;
	long long number;

	snprintf(line, sizeof(line), "sql -o csv \"%s\" | tail -n 1", sql);
	ask(&world->served, line, &said);
	assert_int_equal(said.code, 0);
	number = strtoll(said.out, NULL, 10);
	said_clear(&said);
	return number;
}

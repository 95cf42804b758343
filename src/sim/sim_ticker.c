/* sim_ticker.c - the demo's own thread: asleep until a change is due or a published file is written. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "sim/sim_room.h"

static void
read_faults(struct bn_sim *sim)
{
	char *path = bn_xasprintf("%s/faults", sim->dir), line[256];
	FILE *file = fopen(path, "re");

	free(path);
	if (file == NULL)
		return;
	bn_faults_clear(sim->faults);
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '\0')
			bn_faults_add(sim->faults, line, bn_sim_names, NULL);
	}
	fclose(file);
}

/* Somebody made DIR/want-facts; that it is gone tells that facts.json is of now. */
static void
give_facts(struct bn_sim *sim)
{
	char *facts = bn_sim_facts(sim, 0), *want = bn_xasprintf("%s/want-facts", sim->dir);

	bn_sim_write_file(sim, "facts.json", facts, NULL);
	unlink(want);
	free(want);
	free(facts);
}

static void
read_notices(struct bn_sim *sim)
{
	union {
		struct inotify_event event; /* for its alignment */
		char bytes[4096];
	} buffer;
	const struct inotify_event *event;
	bool faults = false, want = false;
	ssize_t size, at = 0;

	size = read(sim->notify, buffer.bytes, sizeof(buffer.bytes));
	while (size > 0 && at < size) {
		event = (const void *)(buffer.bytes + at);
		faults |= event->len > 0 && strcmp(event->name, "faults") == 0;
		want |= event->len > 0 && strcmp(event->name, "want-facts") == 0;
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	if (faults)
		read_faults(sim);
	if (want)
		give_facts(sim);
}

/* Real ms until somebody merges the next change; -1: for ever. */
static int
until_next_change(const struct bn_sim *sim)
{
	bn_time next = bn_world_repos_next(sim->repos);
	double wait;

	if (next == 0 || sim->clock.speed <= 0)
		return -1;
	wait = (double)(next - bn_clock_now(&sim->clock)) / sim->clock.speed;
	return wait < 1 ? 1 : wait > 1e8 ? 100000000 : (int)wait + 1;
}

/* Merges what is due into the repositories and serves the published directory; sleeps otherwise. */
static void *
tick(void *payload)
{
	struct bn_sim *sim = payload;
	struct pollfd fds[2] = {{sim->wake, POLLIN, 0}, {sim->notify, POLLIN, 0}};

	while (!atomic_load(&sim->stopping)) {
		if (poll(fds, 2, until_next_change(sim)) > 0 && (fds[1].revents & POLLIN) != 0)
			read_notices(sim);
		bn_world_repos_advance(sim->repos, bn_clock_now(&sim->clock), NULL);
	}
	return NULL;
}

int
bn_sim_start_ticker(struct bn_sim *sim, struct bn_error *err)
{
	sim->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sim->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (sim->wake < 0 || sim->notify < 0 ||
	    inotify_add_watch(sim->notify, sim->dir, IN_CLOSE_WRITE | IN_MOVED_TO) < 0 ||
	    pthread_create(&sim->ticker, NULL, tick, sim) != 0)
		return bn_fail(err, BN_EIO, "demo: cannot start a thread: %s", strerror(errno));
	sim->ticking = true;
	return BN_OK;
}

void
bn_sim_stop_ticker(struct bn_sim *sim)
{
	atomic_store(&sim->stopping, true);
	if (sim->ticking) {
		eventfd_write(sim->wake, 1);
		pthread_join(sim->ticker, NULL);
	}
	if (sim->wake >= 0)
		close(sim->wake);
	if (sim->notify >= 0)
		close(sim->notify);
}

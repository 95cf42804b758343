/* campaign.c - see campaign.h. */
/* SPDX-License-Identifier: MIT */
#include "tests/fault/campaign.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test.h"

#define TRIES 5 /* at one boundary: a run may have a few less than the one before */

/* Set in the processes that campaign_in_processes() starts. */
#define WORKER "BN_KILL_WORKER"

static int
step_wished(void)
{
	const char *wish = getenv("BN_KILL_STEP");

	return wish != NULL ? atoi(wish) : 0;
}

int
campaign_parts(int few)
{
	return step_wished() > 0 ? CAMPAIGN_PARTS : few;
}

/* ---- the kills --------------------------------------------------------------------------------- */

static struct trace_count
kill_once(struct campaign_part *part, campaign_kill *kill, void *payload, int at, int turn)
{
	const char *why = NULL;
	struct trace_count count = kill(payload, part, at, turn, &why);

	if (why == NULL)
		return count;
	part->wrong++;
	part->why = part->why != NULL ? part->why : why;
	print_message("# killed at boundary %d of %d: %s\n", at,
		      at > 0 ? part->whole.boundaries : count.boundaries, why);
	return count;
}

/* True: killed there, in one of several tries. */
static bool
kill_there(struct campaign_part *part, campaign_kill *kill, void *payload, int at, int turn)
{
	int longest = 0;

	for (int tries = 0; tries < TRIES && longest < at; tries++) {
		struct trace_count count = kill_once(part, kill, payload, at, turn + tries);

		longest = count.boundaries > longest ? count.boundaries : longest;
	}
	if (longest < at && longest < part->shortest)
		part->shortest = longest;
	return longest >= at;
}

void
campaign_run(struct campaign_part *part, campaign_kill *kill, void *payload)
{
	int step = step_wished(), most = step > 0 ? CAMPAIGN_MOST : part->kills, at, turn;

	part->whole = kill_once(part, kill, payload, 0, 0);
	part->shortest = part->whole.boundaries;
	if (step <= 0 && (step = part->whole.boundaries / part->kills) == 0)
		step = 1;
	for (turn = part->part; turn < most; turn += part->parts) {
		at = 1 + turn * step + step * part->shift / 100;
		if (at > part->whole.boundaries)
			break;
		assert_true(at < CAMPAIGN_MOST);
		part->killed[at] = kill_there(part, kill, payload, at, turn);
	}
}

int
campaign_boundaries(const struct campaign_part *parts, int count)
{
	int least = parts[0].shortest;

	for (int i = 1; i < count; i++)
		least = parts[i].shortest < least ? parts[i].shortest : least;
	return least;
}

int
campaign_killed(const struct campaign_part *parts, int count)
{
	int boundaries = campaign_boundaries(parts, count), killed = 0;

	for (int i = 0; i < count; i++)
		for (int at = 1; at <= boundaries; at++)
			killed += parts[i].killed[at];
	return killed;
}

void
campaign_assert_all(const struct campaign_part *parts, int count)
{
	int boundaries = campaign_boundaries(parts, count);

	if (step_wished() == 1)
		assert_int_equal(campaign_killed(parts, count), boundaries);
	for (int i = 0; i < count; i++)
		assert_true(boundaries * 2 >= parts[i].whole.boundaries);
}

/* ---- processes --------------------------------------------------------------------------------- */

void *
campaign_share(size_t size)
{
	void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(shared != MAP_FAILED);
	return shared;
}

/* True: it ended, and well. */
static bool
await_one(void)
{
	int status;

	while (waitpid(-1, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void
campaign_in_processes(int count, void (*job)(int i, void *payload), void *payload)
{
	int most = (int)sysconf(_SC_NPROCESSORS_ONLN), running = 0, failed = 0;

	/* Some only wait. */
	most = most < 4 ? 4 : most;
	for (int i = 0; i < count; i++) {
		pid_t pid;

		if (running == most) {
			failed += !await_one();
			running--;
		}
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			setenv(WORKER, "1", 1);
			job(i, payload);
			_exit(0);
		}
		running++;
	}
	while (running-- > 0)
		failed += !await_one();
	if (failed > 0)
		fail_msg("an assertion failed in %d of %d processes", failed, count);
}

int
campaign_leave(void **state)
{
	(void)state;
	if (getenv(WORKER) != NULL)
		_exit(1);
	return 0;
}

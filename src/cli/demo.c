/* demo.c - starts the embedded demo platform for a command, joins one that is served, or serves one. */
/* SPDX-License-Identifier: MIT */
#include "cli/context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "sim/sim.h"

/* ---- options ------------------------------------------------------------------------------- */

static int
read_at(const struct bn_invocation *in, struct bn_sim_options *options, struct bn_error *err)
{
	const char *text = bn_flag_get(in, "at");

	if (text == NULL)
		return BN_OK;
	if (bn_time_parse_human(text, BN_SIM_START, NULL, &options->at, err) != BN_OK) {
		bn_error_prefix(err, "--at");
		return err->code;
	}
	return BN_OK;
}

static int
read_options(struct bn_cli *cli, const struct bn_invocation *in, struct bn_sim_options *options,
	     struct bn_error *err)
{
	const char *speed, **faults;
	int64_t seed;
	char *end;
	int n, rc;

	*options = (struct bn_sim_options){.speed = 1};
	if (in == NULL)
		return BN_OK;
	rc = bn_flag_int(in, "seed", BN_SIM_SEED, &seed, err);
	options->seed = (uint64_t)seed;
	if (rc == BN_OK)
		rc = read_at(in, options, err);
	if (rc == BN_OK && (speed = bn_flag_get(in, "speed")) != NULL) {
		options->speed = strtod(speed, &end);
		options->speed_given = true;
		if (end == speed || *end != '\0' || options->speed < 0 || options->speed > 3600) {
			bn_fail(err, BN_EINVAL, "--speed: '%s' is not a number from 0 to 3600",
				speed);
			rc = bn_hint(err, "1 is real time, 60 a minute a second, 0 stands still");
		}
	}
	if (bn_flag_has(in, "scenario"))
		options->scenario = bn_flag_get(in, "scenario");
	options->record = bn_flag_get(in, "record");
	for (n = 0; bn_flag_at(in, "fault", n) != NULL;)
		n++;
	faults = bn_arena_alloc(cli->arena, ((size_t)n + 1) * sizeof(*faults));
	while (n-- > 0)
		faults[n] = bn_flag_at(in, "fault", n);
	options->faults = faults;
	return rc;
}

/* ---- files --------------------------------------------------------------------------------- */

static int
make_scratch(struct bn_cli *cli, struct bn_error *err)
{
	const char *base = getenv("XDG_RUNTIME_DIR");

	if (base == NULL || base[0] != '/' || access(base, W_OK) != 0)
		base = getenv("TMPDIR");
	if (base == NULL || base[0] != '/')
		base = "/tmp";
	cli->scratch = bn_xasprintf("%s/binnacle-demo.XXXXXX", base);
	if (mkdtemp(cli->scratch) == NULL) {
		bn_fail(err, BN_EIO, "%s: %s", cli->scratch, strerror(errno));
		free(cli->scratch);
		cli->scratch = NULL;
		return bn_hint(err, "the demo needs a directory it can write to: set TMPDIR");
	}
	return BN_OK;
}

static char *
read_small_file(struct bn_cli *cli, const char *dir, const char *name, struct bn_error *err)
{
	char *path = bn_arena_format(cli->arena, "%s/%s", dir, name);
	char *text = bn_arena_alloc(cli->arena, 4096);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, text, 4095) : -1;

	if (fd >= 0)
		close(fd);
	if (got < 0) {
		bn_fail(err, BN_ENOTFOUND, "no demo is being served in %s", dir);
		bn_hint(err, "start one with: binnacle demo --serve %s", dir);
		return NULL;
	}
	return text;
}

/* ---- opening ------------------------------------------------------------------------------- */

/* A served demo leaves its configuration, its clock and a state directory where others find them.
 */
static int
join(struct bn_cli *cli, const char *dir, struct bn_error *err)
{
	char *clock = read_small_file(cli, dir, "clock", err);

	if (clock == NULL)
		return err->code;
	setenv("BINNACLE_CLOCK", clock, 1);
	bn_clock_init(&cli->clock);
	cli->style.now = bn_clock_now(&cli->clock);
	free(cli->context);
	cli->context = bn_xstrdup("harbourline-demo");
	cli->state_dir = bn_xasprintf("%s/state", dir);
	if (bn_registry_new(&cli->registry, cli->program->plugins, err) != BN_OK)
		return err->code;
	return bn_config_load(&cli->config, bn_arena_format(cli->arena, "%s/config", dir),
			      bn_registry_types(cli->registry), err);
}

int
bn_cli_open_demo(struct bn_cli *cli, const struct bn_invocation *in, const char *dir,
		 struct bn_error *err)
{
	struct bn_sim_options options;
	char clock[80];
	int rc;

	if (dir != NULL && dir[0] != '\0')
		return join(cli, dir, err);
	rc = read_options(cli, in, &options, err);
	if (rc == BN_OK)
		rc = make_scratch(cli, err);
	if (rc != BN_OK)
		return rc;
	options.dir = cli->scratch;
	rc = bn_sim_start(&cli->sim, &options, err);
	if (rc != BN_OK)
		return rc;
	cli->clock = *bn_sim_clock(cli->sim);
	cli->style.now = bn_clock_now(&cli->clock);
	bn_clock_export(&cli->clock, clock, sizeof(clock));
	setenv("BINNACLE_CLOCK", clock, 1);
	cli->state_dir = bn_xasprintf("%s/state", cli->scratch);
	if (mkdir(cli->state_dir, 0700) != 0)
		return bn_fail(err, BN_EIO, "%s: %s", cli->state_dir, strerror(errno));
	/* children (the console's command line) find the world the same way as with --serve */
	return bn_sim_publish(cli->sim, err);
}

int
bn_cli_serve_demo(struct bn_cli *cli, const struct bn_invocation *in, const char *dir,
		  struct bn_error *err)
{
	struct bn_sim_options options;
	char *state = bn_xasprintf("%s/state", dir);
	int rc = read_options(cli, in, &options, err);

	options.dir = dir;
	if (rc == BN_OK)
		rc = bn_sim_start(&cli->sim, &options, err);
	if (rc == BN_OK && mkdir(state, 0700) != 0 && errno != EEXIST)
		rc = bn_fail(err, BN_EIO, "%s: %s", state, strerror(errno));
	if (rc == BN_OK)
		rc = bn_cli_catch_signals(cli, err);
	if (rc == BN_OK)
		rc = bn_sim_publish(cli->sim, err);
	if (rc == BN_OK) {
		bn_cli_note(cli, "serving the demo in %s; use it with --demo=%s", dir, dir);
		while (bn_cli_wait(cli, -1) == 0)
			continue;
	}
	free(state);
	return rc;
}

/* cmd_demo.c - demo: the console on the embedded platform, or that platform alone for many commands. */
/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/context.h"

#include <unistd.h>

#include "base/error.h"

static int
run_demo(struct bn_cli *cli, const struct bn_invocation *in)
{
	const char *dir = bn_flag_get(in, "serve");
	struct bn_error err = {0};
	int words;

	if (dir != NULL)
		return bn_cli_serve_demo(cli, in, dir, &err) == BN_OK ? BN_EXIT_OK
								      : bn_cli_report(cli, &err);
	if (cli->sim == NULL && bn_cli_open_demo(cli, in, NULL, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	if (cli->program->console != NULL && isatty(STDIN_FILENO) && isatty(fileno(cli->out)))
		return bn_cli_console(cli);
	/* no terminal: what the console would show first, and not a failure of the demo that it
	 * shows problems */
	words = bn_command_find("status", NULL, &words)->run(cli, in);
	return words == BN_EXIT_ATTENTION ? BN_EXIT_OK : words;
}

static const struct bn_flag demo_flags[] = {
    {"scenario", 0, "NAME", false, NULL, "what happens in it"},
    {"seed", 0, "N", false, NULL, "another world of the same kind"},
    {"speed", 0, "X", false, NULL,
     "how fast its clock goes: 1 real time, 60 a minute a second, 0 stands still"},
    {"at", 0, "T", false, NULL, "begin at this moment of its clock (default 2026-03-10T03:12:00Z)"},
    {"fault", 0, "F", false, NULL, "make a platform misbehave; may be given more than once"},
    {"record", 0, "FILE", false, NULL,
     "write every request the platforms receive to FILE, one JSON object a line"},
    {"serve", 0, "DIR", false, NULL,
     "keep one world running for many commands, which join it with --demo=DIR"},
    BN_FLAGS_END,
};

static const struct bn_example demo_examples[] = {
    {"binnacle demo", 0, "Look around; q leaves"},
    {"binnacle demo --scenario steady --speed 0", 0, "A quiet night that stands still"},
    {"binnacle demo --fault dead=argo-prod", 3, "3: with a platform that does not answer"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_demo = {
    .name = "demo",
    .page = "demo",
    .operands = "",
    .summary = "an invented company's data platform to look around in",
    .doc = "Starts the demo's platforms on loopback and opens the console on them; where there is "
	   "no terminal, prints "
	   "their status. With --serve it keeps one world running for many commands, each run with "
	   "--demo=DIR.",
    .flags = demo_flags,
    .examples = demo_examples,
    .run = run_demo,
};

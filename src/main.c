/* main.c - puts the layers together: plugins from below, scripted mode and console from above. */
/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>

#include "cli/cli.h"
#include "config/secret.h"
#include "program.h"

int
main(int argc, char **argv)
{
	/* A closed pipe is an error of one write, not the end of every lane; cli.c ends quietly at
	 * it. */
	signal(SIGPIPE, SIG_IGN);
	/* Whoever started this may have ignored it, and then nobody is told how a child ended. */
	signal(SIGCHLD, SIG_DFL);
	bn_secret_harden_process();
	return bn_cli_main(&bn_program, argc, argv, stdout, stderr);
}

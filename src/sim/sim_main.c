/* sim_main.c - the simulator alone, for curl and for tests of other clients: binnacle-sim DIR. */
/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/sim.h"

static void
usage(FILE *out)
{
	size_t i;

	fputs(
	    "usage: binnacle-sim [--at TIME] [--fault FAULT]... [--record FILE] [--scenario NAME]\n"
	    "                    [--seed N] [--speed X] DIR\n\nscenarios:\n",
	    out);
	for (i = 0; bn_sim_scenarios[i].name != NULL; i++)
		fprintf(out, "  %-12s %s\n", bn_sim_scenarios[i].name, bn_sim_scenarios[i].doc);
	fputs("faults:\n", out);
	for (i = 0; bn_fault_rows[i].name != NULL; i++)
		fprintf(out, "  %-24s %s\n", bn_fault_rows[i].syntax, bn_fault_rows[i].doc);
}

#define MOST_FAULTS 32

static int
read_options(int argc, char **argv, struct bn_sim_options *options, const char **faults)
{
	static const struct option longs[] = {{"at", 1, NULL, 'a'},	  {"fault", 1, NULL, 'f'},
					      {"help", 0, NULL, 'h'},	  {"record", 1, NULL, 'r'},
					      {"scenario", 1, NULL, 's'}, {"seed", 1, NULL, 'n'},
					      {"speed", 1, NULL, 'x'},	  {NULL, 0, NULL, 0}};
	struct bn_error err = {0};
	int option, fault = 0;

	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (option) {
		case 'a':
			if (bn_time_parse_human(optarg, BN_SIM_START, NULL, &options->at, &err) !=
			    BN_OK) {
				fprintf(stderr, "binnacle-sim: %s\n", err.message);
				return 64;
			}
			break;
		case 'f':
			if (fault < MOST_FAULTS)
				faults[fault++] = optarg;
			break;
		case 'r':
			options->record = optarg;
			break;
		case 's':
			options->scenario = optarg;
			break;
		case 'n':
			options->seed = strtoull(optarg, NULL, 10);
			break;
		case 'x':
			options->speed = strtod(optarg, NULL);
			options->speed_given = true;
			break;
		default:
			usage(option == 'h' ? stdout : stderr);
			return option == 'h' ? -1 : 64;
		}
	}
	if (optind != argc - 1) {
		usage(stderr);
		return 64;
	}
	options->dir = argv[optind];
	options->faults = faults;
	return 0;
}

int
main(int argc, char **argv)
{
	const char *faults[MOST_FAULTS + 1] = {NULL};
	struct bn_sim_options options = {0};
	struct bn_error err = {0};
	struct bn_sim *sim = NULL;
	sigset_t signals;
	int rc, got;

	rc = read_options(argc, argv, &options, faults);
	if (rc != 0)
		return rc < 0 ? 0 : rc;
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	rc = bn_sim_start(&sim, &options, &err);
	if (rc == BN_OK)
		rc = bn_sim_publish(sim, &err);
	if (rc != BN_OK) {
		fprintf(stderr, "binnacle-sim: %s%s%s\n", err.message,
			err.hint[0] != '\0' ? "; " : "", err.hint);
	} else {
		fputs(bn_sim_config_text(sim), stdout);
		fflush(stdout);
		sigwait(&signals, &got);
	}
	bn_sim_stop(sim);
	return rc == BN_OK ? 0 : 70;
}

/* screenshot.c - runs a program on a pseudo-terminal, plays keys, and saves its screen as text or SVG. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/screen/harness.h"

static const char usage[] =
    "usage: screenshot [-s COLSxROWS] [-t TERM] [-e NAME=VALUE]... [-k KEYS] [-w MS] "
    "[-o FILE.svg|FILE.txt]\n"
    "                  -- PROGRAM [ARGUMENT]...\n"
    "KEYS: literal text and <Enter> <Esc> <C-d> <Down> <F1> <Wait:text> <Gone:text> <Quiet:ms>\n"
    "      <Size:COLSxROWS> (tests/screen/harness.h has all); -w: how long each wait may take. "
    "Without -o\n"
    "      the text goes to standard output.\n";

static bool
save(struct bn_term *t, const char *path)
{
	size_t len = path != NULL ? strlen(path) : 0;
	FILE *out = path != NULL ? fopen(path, "w") : stdout;
	char *text;
	bool ok;

	if (out == NULL)
		return false;
	if (len > 4 && strcmp(path + len - 4, ".svg") == 0) {
		ok = bn_term_svg(t, out);
	} else {
		text = bn_term_dump(t);
		ok = fputs(text, out) >= 0;
		free(text);
	}
	if (path != NULL && fclose(out) != 0)
		ok = false;
	return ok;
}

int
main(int argc, char **argv)
{
	struct bn_term_options options = {.cols = 80, .rows = 24};
	const char *keys = "<Quiet:500>", *path = NULL, *env[32] = {NULL};
	size_t nenv = 0;
	struct bn_term *t;
	char why[256] = "";
	int c, status = 0, patience = 0;

	while ((c = getopt(argc, argv, "+s:t:e:k:o:w:")) != -1) {
		if (c == 's' && sscanf(optarg, "%dx%d", &options.cols, &options.rows) == 2)
			continue;
		else if (c == 't')
			options.term = optarg;
		else if (c == 'e' && nenv + 1 < sizeof(env) / sizeof(env[0]))
			env[nenv++] = optarg;
		else if (c == 'k')
			keys = optarg;
		else if (c == 'o')
			path = optarg;
		else if (c == 'w')
			patience = atoi(optarg);
		else
			status = 2;
	}
	if (status != 0 || optind >= argc) {
		fputs(usage, stderr);
		return 2;
	}
	options.env = env;
	options.argv = (const char *const *)(argv + optind);
	t = bn_term_start(&options);
	if (t == NULL) {
		fprintf(stderr, "screenshot: no pseudo-terminal: %s\n", strerror(errno));
		return 1;
	}
	bn_term_patience(t, patience);
	if (!bn_term_play(t, keys, why, sizeof(why))) {
		fprintf(stderr, "screenshot: %s\n", why);
		status = 1;
	}
	bn_term_settle(t, 100, 5000);
	if (!save(t, path)) {
		fprintf(stderr, "screenshot: %s: %s\n", path, strerror(errno));
		status = 1;
	}
	bn_term_free(t);
	return status;
}

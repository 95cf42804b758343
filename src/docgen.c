/* docgen.c - writes manual pages and completions from the tables; run by the build, never installed. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "program.h"

/* Exit code, page and line of every example, for the test that runs them. */
static int
list_examples(void)
{
	const struct bn_example *e;
	size_t i;

	for (i = 0; bn_commands[i] != NULL; i++) {
		for (e = bn_commands[i]->examples; e != NULL && e->line != NULL; e++)
			printf("%d\t%s\t%s\n", e->code, bn_commands[i]->page, e->line);
	}
	return BN_OK;
}

int
main(int argc, char **argv)
{
	struct bn_error err = {0};
	int rc;

	if (argc == 2 && strcmp(argv[1], "page") == 0)
		rc = bn_doc_page(&bn_program, stdin, stdout, &err);
	else if (argc == 3 && strcmp(argv[1], "completion") == 0)
		rc = bn_doc_completion(argv[2], stdout, &err);
	else if (argc == 2 && strcmp(argv[1], "examples") == 0)
		rc = list_examples();
	else {
		fputs("usage: docgen page <TEMPLATE | docgen completion bash|zsh|fish | docgen "
		      "examples\n",
		      stderr);
		return 64;
	}
	if (rc != BN_OK || fflush(stdout) != 0) {
		fprintf(stderr, "docgen: %s\n", err.message);
		return 1;
	}
	return 0;
}

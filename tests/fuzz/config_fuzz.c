/* config_fuzz.c - any text as a configuration: problems with a place, and our scanner agrees with libgit2. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <git2.h>

#include "base/error.h"
#include "config/config.h"
#include "tests/fuzz/fuzz.h"

static const struct bn_option plugin_options[] = {
    {"namespace", BN_OPT_STRING, "default", "A namespace", BN_OPT_MULTI, NULL},
    {"limit", BN_OPT_INT, "10", "A number", 0, "1..100"},
    {"ratio", BN_OPT_NUMBER, "0.5", "A ratio", 0, "0..1"},
    {NULL, BN_OPT_STRING, NULL, NULL, 0, NULL},
};

static const struct bn_option *
source_options(const char *type, void *payload)
{
	(void)payload;
	return strcmp(type, "argo-workflows") == 0 ? plugin_options : NULL;
}

static void
check_problems(const struct bn_config *config, int rc)
{
	const struct bn_config_problem *problems;
	size_t count, fatal = 0;

	problems = bn_config_problems(config, &count);
	for (size_t i = 0; i < count; i++) {
		FUZZ_CHECK(problems[i].file != NULL && problems[i].message[0] != '\0');
		FUZZ_CHECK(problems[i].line >= 0);
		fatal += problems[i].fatal;
	}
	FUZZ_CHECK((fatal > 0) == (rc == BN_ECONFIG));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const words[] = {"argo-workflows", NULL};
	static const struct bn_config_types types = {source_options, NULL, words, NULL};
	char *text = bn_xstrndup((const char *)data, size);
	const struct bn_config_section *section;
	struct bn_config *config = NULL;
	struct bn_error err = {0};
	int rc;

	git_libgit2_init(); /* once more than the loader, so that it stays up: starting it is slow
			     */
	rc = bn_config_load_text(&config, "fuzz", text, &types, &err);
	FUZZ_CHECK(config != NULL && (rc == BN_OK || rc == BN_ECONFIG));
	FUZZ_CHECK((rc == BN_OK) == (err.message[0] == '\0'));
	check_problems(config, rc);
	for (size_t i = 0; (section = bn_config_section(config, NULL, i)) != NULL; i++)
		for (size_t v = 0; v < section->count; v++)
			/* Line 0 would mean that libgit2 has a value which our scanner missed. */
			FUZZ_CHECK(section->values[v].text != NULL && section->values[v].line > 0);
	bn_config_free(config);
	free(text);
	return 0;
}

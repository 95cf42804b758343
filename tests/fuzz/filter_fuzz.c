/* filter_fuzz.c - whatever a person types as a filter is refused with words, or is SQL that prepares and runs. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/memory.h"
#include "tests/fuzz/fuzz.h"
#include "view/view.h"

/* One empty store for all inputs; opening one takes longer than all the rest. */
static struct bn_reader *
reader(void)
{
	static struct bn_reader *kept;
	static struct bn_store *store;
	static struct bn_clock clock;
	struct bn_error err;

	if (kept == NULL) {
		bn_clock_set(&clock, 1773112364000, 0);
		FUZZ_CHECK(bn_store_open(&store, NULL, BN_STORE_MEMORY, &clock, NULL, &err) ==
			   BN_OK);
		FUZZ_CHECK(bn_reader_open(&kept, store, &err) == BN_OK);
	}
	return kept;
}

static void
check(const struct bn_view_table *table, const char *text)
{
	struct bn_error err = {0};
	struct bn_filter *filter = NULL;
	struct bn_rows *rows = NULL;
	int rc = bn_filter_parse(&filter, table, text, &err);

	if (rc != BN_OK) {
		FUZZ_CHECK(filter == NULL && err.message[0] != '\0' && err.code == BN_EINVAL);
		return;
	}
	/* Words that were typed are bound: none of these signs is ever needed in an expression of
	 * ours. */
	FUZZ_CHECK(strchr(bn_filter_sql(filter), ';') == NULL &&
		   strstr(bn_filter_sql(filter), "--") == NULL);
	bn_filter_free(filter);
	rc = bn_view_query(reader(), &(struct bn_query){.table = table, .filter = text, .limit = 1},
			   &rows, &err);
	FUZZ_CHECK(rc == BN_OK);
	bn_rows_free(rows);
}

/* The first byte chooses the table, the rest is typed. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const tables[] = {"pipelines", "runs", "triage", "endpoints",
					     "timeline"};
	char *text;

	if (size == 0 || size > 1200)
		return 0;
	text = bn_xstrndup((const char *)data + 1, size - 1);
	check(bn_view_table(tables[data[0] % 5]), text);
	free(text);
	return 0;
}

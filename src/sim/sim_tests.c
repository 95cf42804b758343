/* sim_tests.c - what the demo's Prometheus is told of tests of data, and how the configuration asks for it. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/memory.h"
#include "sim/promql_room.h"
#include "sim/sim_room.h"

static const struct {
	const char *series, *as;
} rows[] = {{"dq:tests_passed", "tests-passed"}, {"dq:tests_total", "tests-total"}};

void
bn_sim_configure_tests(struct bn_buf *out)
{
	const struct bn_w_product *product;

	for (size_t i = 0; (product = bn_world_product(i)) != NULL; i++) {
		const char *about = NULL;

		for (size_t n = 0; product->tests.of != NULL && product->needs[n] != NULL; n++)
			if (strcmp(strrchr(product->needs[n], '/') + 1, product->tests.of) == 0)
				about = product->needs[n];
		for (size_t k = 0; about != NULL && k < 2; k++)
			bn_buf_addf(out,
				    "[query \"%s %s\"]\n\tquery = %s{pipeline=\\\"%s\\\"}\n\tfor = "
				    "%s\n\tas = %s\n",
				    product->tests.of, rows[k].as, rows[k].series,
				    product->tests.of, about, rows[k].as);
	}
}

void
bn_promql_tests(const struct bn_promql_selector *selector, json_t *out)
{
	const struct bn_w_product *product;

	for (size_t i = 0; (product = bn_world_product(i)) != NULL; i++) {
		const int values[] = {product->tests.passed, product->tests.total};

		if (product->tests.of == NULL ||
		    !bn_promql_wants(selector, "pipeline", product->tests.of))
			continue;
		for (size_t k = 0; k < 2; k++)
			json_array_append_new(out,
					      json_pack("{s:{s:s, s:s}, s:f}", "metric", "__name__",
							rows[k].series, "pipeline",
							product->tests.of, "v", (double)values[k]));
	}
}

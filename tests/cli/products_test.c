/* products_test.c - data products and lineage on the command line, held against the demo's facts. */
/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "base/clock.h"
#include "cli/served.h"

static struct served world;
static json_t *facts;

static int
start_world(void **state)
{
	(void)state;
	served_start(&world, NULL);
	facts = served_facts(&world);
	return 0;
}

static int
stop_world(void **state)
{
	(void)state;
	json_decref(facts);
	served_stop(&world);
	return 0;
}

static json_t *
list(const char *name)
{
	return json_object_get(facts, name);
}

static const char *
text(const json_t *item, const char *member)
{
	const char *found = json_string_value(json_object_get(item, member));

	return found != NULL ? found : "";
}

static json_t *
item_named(json_t *items, const char *member, const char *name)
{
	json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		if (strcmp(text(item, member), name) == 0)
			return item;
	}
	fail_msg("nothing is called %s", name);
	return NULL;
}

/* What a command prints as JSON; a code below 0 is any but "nothing is wrong". */
static json_t *
answer(const char *line, int code)
{
	struct said said;
	json_t *json;

	ask(&world, line, &said);
	if (said.code != code && code >= 0)
		fail_msg("%s: ended with %d, not %d: %.600s", line, said.code, code, said.err);
	if (code < 0)
		assert_int_not_equal(said.code, 0);
	json = said_json(&said);
	said_clear(&said);
	return json;
}

#define ALL                                                                                        \
	"products --columns product,status,owner,domain,contact,lifecycle,used_by,fresh,due,"      \
	"predicted,complete,quality,tests,cost,cost_text,latency,latency_of,kpi_name,kpi_value,"   \
	"kpi_unit,"                                                                                \
	"kpi_target,kpi_state,kpi_age -o json"

static void
check_number(const json_t *value, double expected)
{
	assert_true(json_is_number(value));
	assert_true(json_number_value(value) > expected - 0.01 &&
		    json_number_value(value) < expected + 0.01);
}

/* What its endpoints and the business say of it; nothing where it has none. */
static void
check_operation(const json_t *item, const json_t *product)
{
	bool serves = false;
	const json_t *need, *model, *version;
	char cost[32];
	size_t i;

	json_array_foreach(json_object_get(product, "needs"), i, need)
	{
		serves = serves || strncmp(json_string_value(need), "endpoint/", 9) == 0;
	}
	assert_int_equal(json_is_number(json_object_get(item, "latency")), serves);
	assert_int_equal(text(item, "latency_of")[0] != '\0', serves);
	snprintf(cost, sizeof(cost), "%lld USD",
		 (long long)json_integer_value(json_object_get(product, "cost")));
	assert_string_equal(text(item, "cost_text"), cost);
	if (strcmp(text(product, "name"), "product-recs") != 0) {
		assert_true(json_is_null(json_object_get(item, "kpi_value")));
		return;
	}
	model = item_named(list("models"), "key", "product-recs");
	version =
	    item_named(json_object_get(model, "versions"), "version", text(model, "champion"));
	check_number(json_object_get(item, "kpi_value"),
		     100 * json_number_value(json_object_get(version, "click_through")));
	assert_string_equal(text(item, "kpi_name"), "click-through");
	assert_string_equal(text(item, "kpi_unit"), "%");
	assert_string_equal(text(item, "kpi_target"), "at least 3%");
	assert_string_equal(text(item, "kpi_state"), "healthy");
	assert_true(json_is_integer(json_object_get(item, "kpi_age")));
}

static void
products_stand_as_the_facts_say(void **state)
{
	json_t *json = answer(ALL, 1), *items = json_object_get(json, "items"), *product;
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(items), 12);
	json_array_foreach(list("products"), i, product)
	{
		json_t *item = item_named(items, "product", text(product, "name"));
		const json_t *fresh = json_object_get(product, "freshness");
		const json_t *deadline = json_object_get(product, "deadline");
		const json_t *complete = json_object_get(product, "completeness");
		const json_t *quality = json_object_get(product, "quality");

		assert_string_equal(text(item, "status"), text(product, "status"));
		assert_string_equal(text(item, "owner"), text(product, "owner"));
		assert_string_equal(text(item, "domain"), text(product, "domain"));
		assert_string_equal(text(item, "contact"), text(product, "contact"));
		assert_string_equal(text(item, "lifecycle"), text(product, "lifecycle"));
		check_number(json_object_get(item, "used_by"),
			     (double)json_array_size(json_object_get(product, "consumers")));
		check_number(json_object_get(item, "cost"),
			     json_number_value(json_object_get(product, "cost")));
		check_operation(item, product);
		if (fresh != NULL)
			assert_int_equal(json_integer_value(json_object_get(item, "fresh")),
					 json_integer_value(json_object_get(fresh, "age")) / 1000);
		else
			assert_true(json_is_null(json_object_get(item, "fresh")));
		if (deadline != NULL) {
			assert_string_equal(text(item, "due"), text(deadline, "due"));
			assert_string_equal(text(item, "predicted"), text(deadline, "ready"));
		}
		if (quality != NULL) {
			char tests[32];

			check_number(json_object_get(item, "quality"),
				     100 * json_number_value(json_object_get(quality, "share")));
			snprintf(tests, sizeof(tests), "%lld/%lld",
				 json_integer_value(json_object_get(quality, "passed")),
				 json_integer_value(json_object_get(quality, "total")));
			assert_string_equal(text(item, "tests"), tests);
		} else {
			assert_true(json_is_null(json_object_get(item, "quality")));
			assert_true(json_is_null(json_object_get(item, "tests")));
		}
		if (complete != NULL)
			check_number(json_object_get(item, "complete"),
				     100 * json_number_value(json_object_get(complete, "share")));
	}
	json_decref(json);
}

/* Without a network, from what is stored: the same. */
static void
products_say_the_same_again_from_the_store(void **state)
{
	struct said once, again;

	(void)state;
	ask(&world, "products --columns product,status,fresh,budget -o csv", &once);
	ask(&world, "--offline products --columns product,status,fresh,budget -o csv", &again);
	assert_string_equal(once.out, again.out);
	assert_true(strstr(once.out, "postage-quotes,degraded,") != NULL);
	said_clear(&once);
	said_clear(&again);
}

static void
products_one_line_says_whether_it_is_fresh(void **state)
{
	struct said said;

	(void)state;
	ask(&world, "product show orders", &said);
	assert_int_equal(said.code, 1);
	assert_non_null(strstr(
	    said.out, "orders is stale: made 02:11, 1h ago; may be 1h; stale since 03:11\n"));
	said_clear(&said);
	ask(&world, "product show stock", &said);
	assert_int_equal(said.code, 0);
	assert_non_null(strstr(said.out, "stock is fresh: made 03:01, "));
	said_clear(&said);
}

/* ---- what depends on what ------------------------------------------------------------------- */

static void
lineage_reaches_what_the_facts_say(void **state)
{
	static const char *const from[] = {"pipeline/argo-prod/transform-hourly",
					   "pipeline/argo-prod/ing-email-campaigns",
					   "endpoint/probes/api-forecast"};
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		json_t *reached =
		    json_object_get(json_object_get(list("blast"), from[i]), "reached");
		json_t *json, *items, *item = NULL, *ref;
		char line[256];

		snprintf(line, sizeof(line),
			 "lineage %s --down --columns kind,source,key,direction -o json", from[i]);
		json = answer(line, 0);
		items = json_object_get(json, "items");
		assert_int_equal(json_array_size(items), json_array_size(reached));
		json_array_foreach(reached, n, ref)
		{
			size_t k;

			json_array_foreach(items, k, item)
			{
				snprintf(line, sizeof(line), "%s/%s/%s", text(item, "kind"),
					 text(item, "source"), text(item, "key"));
				if (strcmp(line, json_string_value(ref)) == 0)
					break;
			}
			if (k == json_array_size(items))
				fail_msg("%s is not reached", json_string_value(ref));
			assert_string_equal(text(item, "direction"), "down");
		}
		json_decref(json);
	}
}

static void
lineage_names_the_latest_change_upstream_first(void **state)
{
	json_t *json =
	    answer("lineage product/postage-quotes --up --columns name,since,kind -o json", 0);
	json_t *item;
	const char *before = "9";
	bool seen = false;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(json, "items"), i, item)
	{
		const char *since = text(item, "since");

		assert_true(strcmp(since, before) <= 0);
		before = since;
		seen = seen || strcmp(text(item, "name"), "transform-hourly") == 0;
	}
	assert_true(seen);
	assert_true(i > 20);
	json_decref(json);
}

static void
triage_counts_the_blast_as_the_links_have_it(void **state)
{
	static const char *const letters[] = {"p", "s", "a", "d", "j"};
	json_t *json = answer("status --columns what,kind,source,key,blast -o json", 1), *item;
	size_t i, k, compared = 0;

	(void)state;
	json_array_foreach(json_object_get(json, "items"), i, item)
	{
		char ref[256], expected[64] = "";
		const json_t *counts;

		snprintf(ref, sizeof(ref), "%s/%s/%s", text(item, "kind"), text(item, "source"),
			 text(item, "key"));
		counts = json_object_get(list("blast"), ref);
		for (k = 0; counts != NULL && k < 5; k++) {
			long long n = json_integer_value(json_object_get(counts, letters[k]));
			size_t used = strlen(expected);

			if (n > 0)
				snprintf(expected + used, sizeof(expected) - used, "%s%lld%s",
					 used > 0 ? " " : "", n, letters[k]);
		}
		assert_string_equal(text(item, "blast"), expected);
		compared += expected[0] != '\0';
	}
	assert_true(compared >= 3);
	json_decref(json);
}

static void
products_follow_from_what_the_facts_name(void **state)
{
	json_t *json = answer("findings --columns rule,kind,key,severity,root -o json", 1);
	json_t *items = json_object_get(json, "items"), *fact, *item;
	size_t i, n, seen = 0;

	(void)state;
	json_array_foreach(list("findings"), i, fact)
	{
		const char *about = text(fact, "about"), *root = text(fact, "root");
		bool found = false;

		if (strncmp(about, "product/", 8) != 0)
			continue;
		json_array_foreach(items, n, item)
		{
			if (strcmp(text(item, "rule"), text(fact, "rule")) != 0 ||
			    strcmp(text(item, "key"), strrchr(about, '/') + 1) != 0)
				continue;
			found = true;
			assert_string_equal(text(item, "severity"), text(fact, "severity"));
			assert_string_equal(text(item, "root"),
					    root[0] != '\0' ? strrchr(root, '/') + 1 : "");
		}
		assert_true(found);
		seen++;
	}
	json_array_foreach(items, n, item) seen -= strcmp(text(item, "kind"), "product") == 0;
	assert_int_equal(seen, 0); /* and there are no others */
	json_decref(json);
}

/* ---- silence is never green ------------------------------------------------------------------ */

static void
check_ends(const char *line, int code, const char *says)
{
	struct said said;

	ask(&world, line, &said);
	if (said.code != code || strstr(said.out, says) == NULL)
		fail_msg("%s: ended with %d, not %d: %.300s", line, said.code, code, said.out);
	said_clear(&said);
}

static bool
needs_source(const json_t *product, const char *source)
{
	const json_t *need;
	char part[64];
	size_t i;

	/* how its tests went is told there */
	if (strcmp(source, "prom") == 0 && json_object_get(product, "quality") != NULL)
		return true;
	snprintf(part, sizeof(part), "/%s/", source);
	json_array_foreach(json_object_get(product, "needs"), i, need)
	{
		if (strstr(json_string_value(need), part) != NULL)
			return true;
	}
	return false;
}

/* Whatever one source's servers do, no product that needs something of it is fine, in no list, total or exit
 * code; those that need nothing of it go on. */
static void
products_with_an_unknown_need_are_never_fine(void **state)
{
	static const char *const sources[] = {"argo-prod", "airflow-ml", "probes", "prom"};
	static const char *const faults[] = {"http", "garbage", "drop"};
	size_t s, f, i;

	(void)state;
	for (s = 0; s < 4; s++) {
		for (f = 0; f < 3; f++) {
			char fault[64], line[128];
			json_t *json, *items, *product;
			size_t unknown = 0;

			/* an endpoint whose answer means nothing does answer: that is known */
			if (strcmp(sources[s], "probes") == 0 && f == 1)
				continue;
			snprintf(fault, sizeof(fault), "%s=%s%s", faults[f], sources[s],
				 f == 0 ? ":500" : "");
			served_faults(&world, fault, 1);
			/* an endpoint that does not answer is down, and known to be */
			json = answer("--timeout 30s " ALL,
				      strcmp(sources[s], "probes") == 0 ? -1 : 3);
			items = json_object_get(json, "items");
			assert_true(json_is_false(json_object_get(json, "complete")) ||
				    strcmp(sources[s], "probes") == 0);
			json_array_foreach(list("products"), i, product)
			{
				const char *name = text(product, "name");
				const json_t *item = item_named(items, "product", name);

				if (strcmp(text(item, "status"), "paused") == 0)
					continue;
				if (!needs_source(product, sources[s])) {
					assert_string_equal(text(item, "status"),
							    text(product, "status"));
					continue;
				}
				if (strcmp(text(item, "status"), "healthy") == 0)
					fail_msg("%s is healthy under %s", name, fault);
				unknown += strcmp(text(item, "status"), "unknown") == 0;
				snprintf(line, sizeof(line), "--offline check product %s --slo",
					 name);
				if (strcmp(text(item, "status"), "unknown") == 0)
					check_ends(line, 3, "UNKNOWN");
			}
			assert_true(unknown > 0 || strcmp(sources[s], "probes") == 0);
			json_decref(json);
		}
	}
	served_faults(&world, "", 1);
}

static void
checks_of_products_end_as_monitoring_expects(void **state)
{
	(void)state;
	check_ends("check product stock --slo --fresh 10m", 0, "OK - stock");
	check_ends("check product postage-quotes --slo", 2,
		   "CRITICAL - postage-quotes: postage-quotes is degraded: freshness 1h missed; "
		   "freshness 1h, promised 1h\n");
	check_ends("check product stock --upstream", 2, "upstream transform-hourly is failed");
	check_ends("check product newsletter-recs --slo --upstream", 0, "OK");
	check_ends("check product stock --max-age 5m", 2, "last fine");
	check_ends("check endpoint api-stock --slo", 64, "");
	check_ends("check product supplier-perf", 1,
		   "WARNING - supplier-perf: retiring, 2 consumers left\n");
	check_ends("check model newsletter-recs", 1,
		   "newsletter-recs@310554 is degraded: drifted, PSI over 0.1\n");
	check_ends("check stream tx-metrics", 0, "OK - tx-metrics: as it should be\n");
}

static void
reports_and_days_leave_blank_what_nobody_saw(void **state)
{
	json_t *json =
	    answer("product slo tx-metrics --days --columns status,sli,day,missed,unobserved"
		   " -o json",
		   0);
	json_t *items = json_object_get(json, "items");

	(void)state;
	/* three promises, thirty days each; nothing is known of the first of them */
	assert_int_equal(json_array_size(items), 90);
	assert_string_equal(text(json_array_get(items, 0), "status"), "unknown");
	assert_int_equal(
	    json_integer_value(json_object_get(json_array_get(items, 0), "unobserved")), 86400);
	json_decref(json);
}

static void
weeks_on_call_count_incidents_and_own_up_to_what_nobody_saw(void **state)
{
	json_t *json = answer("report oncall --since 20d -o json", 0);
	json_t *items = json_object_get(json, "items"), *now = json_array_get(items, 0);
	json_t *before = json_array_get(items, json_array_size(items) - 1);

	(void)state;
	assert_string_equal(text(now, "week"), "2026-03-09");
	assert_int_equal(
	    json_integer_value(json_object_get(now, "incidents")),
	    json_integer_value(json_object_get(json_object_get(facts, "counters"), "crit")));
	/* it runs since a moment ago: the week is not known to have been quiet */
	assert_string_equal(text(now, "status"), "unknown");
	assert_string_equal(text(before, "status"), "unknown");
	assert_true(json_is_null(json_object_get(before, "incidents")));
	json_decref(json);
}

/* ---- the newsletter ------------------------------------------------------------------------- */

static void
newsletter_is_feared_to_be_late_and_makes_it(void **state)
{
	struct served later;
	json_t *told, *product;
	struct said said;

	(void)state;
	served_start(&later, "--at 2026-03-10T04:00:10Z");
	told = served_facts(&later);
	product = item_named(json_object_get(told, "products"), "name", "newsletter-recs");
	assert_string_equal(text(product, "status"), "degraded");
	ask(&later, "findings --filter rule=product-late --columns key,title -o csv --no-header",
	    &said);
	assert_string_equal(said.out, "newsletter-recs,will miss 05:30 by 10m\r\n");
	said_clear(&said);
	ask(&later, "check product newsletter-recs --slo", &said);
	assert_int_equal(said.code, 1);
	said_clear(&said);
	json_decref(told);
	served_stop(&later);
	served_start(&later, "--at 2026-03-10T04:31:00Z"); /* it was ready at 04:24 */
	ask(&later, "check product newsletter-recs --slo", &said);
	assert_int_equal(said.code, 0);
	said_clear(&said);
	served_stop(&later);
}

/* Why it is not ok stands in the line; what a finding waits with is not ok, until somebody takes it. */
static void
checks_name_the_worst_open_finding(void **state)
{
	struct served late;
	struct said said;

	(void)state;
	served_start(&late, "--at 2026-03-10T03:41:00Z");
	ask(&late, "check stream tx-metrics", &said);
	assert_int_equal(said.code, 1);
	assert_string_equal(said.out, "WARNING - tx-metrics: tx-metrics is degraded: 5 min late\n");
	said_clear(&said);
	ask(&late, "ack product/supplier-perf", &said);
	assert_int_equal(said.code, 0);
	said_clear(&said);
	ask(&late, "check product supplier-perf", &said);
	assert_int_equal(said.code, 0);
	said_clear(&said);
	served_stop(&late);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(products_stand_as_the_facts_say),
	    cmocka_unit_test(products_say_the_same_again_from_the_store),
	    cmocka_unit_test(products_one_line_says_whether_it_is_fresh),
	    cmocka_unit_test(lineage_reaches_what_the_facts_say),
	    cmocka_unit_test(lineage_names_the_latest_change_upstream_first),
	    cmocka_unit_test(triage_counts_the_blast_as_the_links_have_it),
	    cmocka_unit_test(products_follow_from_what_the_facts_name),
	    cmocka_unit_test(checks_of_products_end_as_monitoring_expects),
	    cmocka_unit_test(reports_and_days_leave_blank_what_nobody_saw),
	    cmocka_unit_test(weeks_on_call_count_incidents_and_own_up_to_what_nobody_saw),
	    cmocka_unit_test(products_with_an_unknown_need_are_never_fine),
	    cmocka_unit_test(newsletter_is_feared_to_be_late_and_makes_it),
	    cmocka_unit_test(checks_name_the_worst_open_finding),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, start_world, stop_world);
}

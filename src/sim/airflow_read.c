/* airflow_read.c - query parameters and bodies of the two Airflows' lists. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "sim/airflow_room.h"

/* Parameters of a list of runs or task instances that narrow nothing here, by dialect. */
static const char *const ignored2[] = {"fields",       "pool",	       "queue", "executor",
				       "duration_gte", "duration_lte", NULL};
static const char *const ignored3[] = {"run_type",
				       "bundle_version",
				       "dag_version",
				       "conf_contains",
				       "run_id_pattern",
				       "dag_id_pattern",
				       "triggering_user_name_pattern",
				       "partition_key_pattern",
				       "pool",
				       "queue",
				       "executor",
				       "version_number",
				       "try_number",
				       "operator",
				       "map_index",
				       "task_id",
				       "task_display_name_pattern",
				       "task_group_id",
				       "duration_gte",
				       "duration_gt",
				       "duration_lte",
				       "duration_lt",
				       NULL};

bool
bn_af_listed(const char *const *names, const char *name)
{
	for (; *names != NULL; names++) {
		if (strcmp(*names, name) == 0)
			return true;
	}
	return false;
}

bool
bn_af_unknown_query(struct bn_web_request *request, const struct bn_af_dialect *dialect,
		    const char *name, const char *value)
{
	if (dialect->repeats) {
		bn_web_violation(request, "query parameter the specification does not have");
		return true;
	}
	dialect->bad(request, "query", name, value);
	return false;
}

/* All parameters of a list; false when an answer was given instead. */
bool
bn_af_read_query(struct bn_web_request *request, const struct bn_af_dialect *dialect,
		 struct bn_af_query *query)
{
	const char *name, *value;
	enum bn_af_verdict verdict;
	int i;

	bn_af_query_init(query, dialect->engine, dialect->page);
	for (i = 0; i < request->queries; i++) {
		name = request->query[i].name;
		value = request->query[i].value;
		if (strncmp(name, "page_", 5) == 0 || strcmp(name, "states") == 0 ||
		    strcmp(name, "dag_ids") == 0)
			verdict = AF_UNKNOWN; /* these are members of a body */
		else
			verdict = bn_af_query_add(query, name, value);
		if (verdict == AF_UNKNOWN &&
		    bn_af_listed(dialect->engine == BN_W_AIRFLOW2 ? ignored2 : ignored3, name))
			continue;
		if (verdict == AF_UNKNOWN && !bn_af_unknown_query(request, dialect, name, value))
			return false;
		if (verdict == AF_BAD) {
			dialect->bad(request, "query", name, value);
			return false;
		}
	}
	return true;
}

static enum bn_af_verdict
add_member(struct bn_af_query *query, const char *name, const json_t *value)
{
	enum bn_af_verdict verdict = AF_GOOD;
	char number[32];
	json_t *item;
	size_t i;

	if (json_is_null(value))
		return AF_GOOD;
	if (json_is_integer(value)) {
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
		return bn_af_query_add(query, name, number);
	}
	if (json_is_string(value))
		return bn_af_query_add(query, name, json_string_value(value));
	if (!json_is_array(value) ||
	    (strcmp(name, "states") != 0 && strcmp(name, "dag_ids") != 0 &&
	     strcmp(name, "state") != 0 && strcmp(name, "dag_run_ids") != 0))
		return AF_BAD;
	json_array_foreach(value, i, item)
	{
		if (!json_is_string(item))
			return AF_BAD;
		if (strcmp(name, "dag_run_ids") == 0)
			query->run = json_string_value(item);
		else if (verdict == AF_GOOD)
			verdict = bn_af_query_add(query, name, json_string_value(item));
	}
	return verdict;
}

/* The body of a POST …/list; *body stays alive as long as the query. */
bool
bn_af_read_body(struct bn_web_request *request, const struct bn_af_dialect *dialect,
		struct bn_af_query *query, json_t **body)
{
	enum bn_af_verdict verdict;
	const char *name;
	json_t *value;

	bn_af_query_init(query, dialect->engine, AF_MAX_PAGE);
	*body =
	    request->body == NULL ? NULL : json_loads(request->body, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(*body)) {
		dialect->bad(request, "body", "body", "");
		return false;
	}
	json_object_foreach(*body, name, value)
	{
		verdict = strcmp(name, "limit") == 0 || strcmp(name, "offset") == 0
			      ? AF_UNKNOWN
			      : add_member(query, name, value);
		if (verdict != AF_GOOD) {
			dialect->bad(request, "body", name, "");
			return false;
		}
	}
	return true;
}

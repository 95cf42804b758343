/* allowed.c - every write there is, and every read that does not travel by GET: a list by hand. */
/* SPDX-License-Identifier: MIT */
#include "tests/platform/allowed.h"

#include <string.h>

/* A further write has to be argued for here as well as in its plugin's table. */
const struct allowed allowed_writes[] = {
    {"argo-workflows", "PUT", "/api/v1/workflows/{namespace}/{name}/retry"},
    {"argo-workflows", "PUT", "/api/v1/archived-workflows/{uid}/retry"},
    {"argo-workflows", "PUT", "/api/v1/workflows/{namespace}/{name}/resubmit"},
    {"airflow", "POST", "/api/v1/dags/{dag_id}/clearTaskInstances"},
    {"airflow", "POST", "/api/v2/dags/{dag_id}/clearTaskInstances"},
    {NULL, NULL, NULL},
};

const struct allowed allowed_reads[] = {
    {"airflow", "POST", "/auth/token"},
    {"mlflow", "POST", "/api/2.0/mlflow/runs/search"},		     /* a search */
    {"prometheus", "POST", "/api/v1/query_range"},		     /* a long expression */
    {"airflow", "POST", "/api/v1/dags/{dag_id}/clearTaskInstances"}, /* its dry run */
    {"airflow", "POST", "/api/v2/dags/{dag_id}/clearTaskInstances"},
    {NULL, NULL, NULL},
};

/* Commands of a conversation that change nothing, by Redis' own categories: @read, @connection, and INFO. */
static bool
is_reading_command(const char *path)
{
	static const char *const words[] = {
	    "PING",  "AUTH", "SELECT", "INFO", "TYPE", "HLEN",	 "LLEN",	 "SCARD",
	    "ZCARD", "XLEN", "TTL",    "GET",  "HGET", "STRLEN", "XINFO STREAM", "OBJECT IDLETIME"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t size = strlen(words[i]);

		if (strncmp(path, words[i], size) == 0 && (path[size] == '\0' || path[size] == ' '))
			return true;
	}
	return false;
}

static bool
is_in(const struct allowed *list, const char *plugin, const struct bn_request *row)
{
	for (; list->plugin != NULL; list++)
		if (strcmp(list->plugin, plugin) == 0 && strcmp(list->method, row->method) == 0 &&
		    strcmp(list->path, row->path) == 0)
			return true;
	return false;
}

bool
request_is_allowed(const char *plugin, const struct bn_request *row)
{
	if (row->effect != BN_READS)
		return is_in(allowed_writes, plugin, row);
	/* a HEAD asks less than a GET */
	if (strcmp(row->method, "GET") == 0 || strcmp(row->method, "HEAD") == 0)
		return true;
	if (strcmp(row->method, BN_TALK_METHOD) == 0)
		return is_reading_command(row->path);
	return is_in(allowed_reads, plugin, row);
}

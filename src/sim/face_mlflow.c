/* face_mlflow.c - MLflow 3's REST API: registry and tracking, as far as reading goes. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sim/face.h"
#include "sim/world_models.h"

#define VERSION "3.17.2"

/* ---- errors ---------------------------------------------------------------- */

static void
refuse(struct bn_web_request *request, int status, const char *code, const char *text)
{
	bn_web_json(request, status, json_pack("{s:s, s:s}", "error_code", code, "message", text));
}

static void
invalid(struct bn_web_request *request, const char *text)
{
	refuse(request, 400, "INVALID_PARAMETER_VALUE", text);
}

static void
missing(struct bn_web_request *request, const char *format, const char *one, const char *two)
{
	char text[400];

	snprintf(text, sizeof(text), "%s=%.120s%s%.120s", format, one,
		 two != NULL ? ", version=" : "", two != NULL ? two : "");
	strncat(text, " not found", sizeof(text) - strlen(text) - 1);
	refuse(request, 404, "RESOURCE_DOES_NOT_EXIST", text);
}

void
bn_face_mlflow_refuse(struct bn_web_request *request, void *payload)
{
	(void)payload; /* what the proxy in front of it says */
	bn_web_text(request, 401, "text/plain",
		    "You are not authenticated. Please see "
		    "https://www.mlflow.org/docs/latest/auth/index.html.\n");
	request->challenge = "Bearer";
}

/* ---- paging ---------------------------------------------------------------- */

struct page {
	size_t offset, size;
};

/* Parameters of a search, from the query or from a body; answers and returns false where they can't be
 * taken. The largest page and the default are the server's own. */
static bool
read_page(struct bn_web_request *request, const json_t *body, int64_t fallback, int64_t most,
	  struct page *out)
{
	const char *size = bn_web_query(request, "max_results");
	const char *token = bn_web_query(request, "page_token");
	int64_t wanted = fallback, offset = 0;
	char text[200];

	if (body != NULL) {
		const json_t *number = json_object_get(body, "max_results");

		if (number != NULL)
			wanted = json_integer_value(number);
		token = json_string_value(json_object_get(body, "page_token"));
	} else if (size != NULL) {
		wanted = bn_face_number(size, INT32_MAX);
	}
	if (wanted < 1 || wanted > most) {
		snprintf(text, sizeof(text),
			 "Invalid value %lld for parameter 'max_results' supplied. It must be a "
			 "positive integer, at most %lld",
			 (long long)wanted, (long long)most);
		invalid(request, text);
		return false;
	}
	if (token != NULL && token[0] != '\0') {
		if (strncmp(token, "offset-", 7) == 0)
			offset = bn_face_number(token + 7, INT32_MAX);
		if (offset <= 0) {
			invalid(request, "Invalid page token, could not base64-decode");
			return false;
		}
	}
	out->offset = (size_t)offset;
	out->size = (size_t)wanted;
	return true;
}

/* The page of a list, under `name`, with the token of the next one where there is one. */
static void
answer_page(struct bn_web_request *request, const char *name, json_t *all, const struct page *page)
{
	size_t count = json_array_size(all);
	json_t *list = json_array(), *reply = json_object();

	for (size_t i = page->offset; i < count && i < page->offset + page->size; i++)
		json_array_append(list, json_array_get(all, i));
	json_object_set_new(reply, name, list);
	if (page->offset + page->size < count)
		json_object_set_new(reply, "next_page_token",
				    json_sprintf("offset-%zu", page->offset + page->size));
	json_decref(all);
	bn_web_json(request, 200, reply);
}

/* ---- forms ----------------------------------------------------------------- */

static void
pair(json_t *list, const char *key, const char *value)
{
	json_array_append_new(list, json_pack("{s:s, s:s}", "key", key, "value", value));
}

static void
pair_time(json_t *list, const char *key, bn_time time)
{
	json_t *text = bn_face_time(time, "Z", 0);

	if (time != 0)
		pair(list, key, json_string_value(text));
	json_decref(text);
}

static void
pair_day(json_t *list, const char *key, bn_time time)
{
	json_t *text = bn_face_time(time, "Z", 0);
	char day[11];

	snprintf(day, sizeof(day), "%.10s", json_string_value(text));
	pair(list, key, day);
	json_decref(text);
}

/* A search leaves the aliases out (mlflow#9783), asking for one version has them. */
static json_t *
version_form(const struct bn_web_request *request, const struct bn_w_version *version,
	     bool with_aliases)
{
	json_t *tags = json_array(), *form;
	bn_time updated = version->created;

	pair(tags, "job", version->run_name);
	pair(tags, "image", version->image);
	if (version->live_from != 0) {
		pair_time(tags, "live_from", version->live_from);
		pair(tags, "approved_by", version->approved_by);
		pair(tags, "change", version->change);
		updated = version->live_from;
	}
	if (version->live_until != 0) {
		pair_time(tags, "live_until", version->live_until);
		updated = version->live_until;
	}
	form =
	    json_pack("{s:s, s:s, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:o, s:s}", "name",
		      version->model->name, "version", version->version, "creation_timestamp",
		      (json_int_t)version->created, "last_updated_timestamp", (json_int_t)updated,
		      "current_stage", "None", "description", "", "source", version->artifact,
		      "run_id", version->run, "status", "READY", "tags", tags, "run_link", "");
	if (with_aliases) {
		json_t *aliases = json_array();
		const char *alias;
		int index;

		for (size_t i = 0; bn_world_alias(request->world, version->model, i, request->now,
						  &alias, &index);
		     i++)
			if (index == version->index)
				json_array_append_new(aliases, json_string(alias));
		if (json_array_size(aliases) > 0)
			json_object_set(form, "aliases", aliases);
		json_decref(aliases);
	}
	return form;
}

static json_t *
model_form(const struct bn_web_request *request, const struct bn_w_model *model)
{
	json_t *aliases = json_array(), *tags = json_array(), *latest = json_array();
	bn_time created = 0, updated = 0;
	struct bn_w_version version;
	const char *alias;
	int index;

	for (int i = 0; bn_world_version(request->world, model, i, request->now, &version); i++) {
		if (i == 0)
			created = version.created - BN_W_DAY;
		updated = version.created;
		json_array_clear(latest);
		json_array_append_new(latest, version_form(request, &version, false));
	}
	for (size_t i = 0; bn_world_alias(request->world, model, i, request->now, &alias, &index);
	     i++)
		if (bn_world_version(request->world, model, index, request->now, &version))
			json_array_append_new(aliases, json_pack("{s:s, s:s}", "alias", alias,
								 "version", version.version));
	pair(tags, "owner", model->owner);
	pair(tags, "serving", model->serving);
	return json_pack("{s:s, s:I, s:I, s:s, s:o, s:o, s:o}", "name", model->name,
			 "creation_timestamp", (json_int_t)created, "last_updated_timestamp",
			 (json_int_t)updated, "description", model->summary, "latest_versions",
			 latest, "tags", tags, "aliases", aliases);
}

static json_t *
run_form(const struct bn_w_version *version)
{
	json_t *metrics = json_array(), *params = json_array(), *tags = json_array();
	char text[32];

	if (version->evaluated) {
		json_array_append_new(metrics, json_pack("{s:s, s:f, s:I, s:i}", "key",
							 version->model->metric, "value",
							 version->eval, "timestamp",
							 (json_int_t)version->train_finished - 2000,
							 "step", version->epochs));
		json_array_append_new(
		    metrics,
		    json_pack("{s:s, s:f, s:I, s:i}", "key", "loss", "value",
			      version->model->lower ? version->eval * 1.4 : 1.2 - version->eval,
			      "timestamp", (json_int_t)version->train_finished - 2500, "step",
			      version->epochs));
	}
	snprintf(text, sizeof(text), "%d", version->epochs);
	pair(params, "epochs", text);
	snprintf(text, sizeof(text), "%lld", (long long)version->rows);
	pair(params, "rows", text);
	pair(params, "features",
	     strcmp(version->model->name, "tx-anomaly") == 0 ? "tx_agg_1m v3" : "shop_daily v7");
	pair_day(tags, "data_from", version->data_from);
	pair_day(tags, "data_to", version->data_to);
	pair(tags, "framework", version->framework);
	pair(tags, "mlflow.runName", version->run_name);
	pair(tags, "mlflow.user", "svc-training");
	pair(tags, "mlflow.source.type", "JOB");
	return json_pack(
	    "{s:{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:s}, s:{s:o, s:o, s:o}, s:{}}",
	    "info", "run_id", version->run, "run_uuid", version->run, "run_name", version->run_name,
	    "experiment_id", version->model->experiment, "user_id", "svc-training", "status",
	    "FINISHED", "start_time", (json_int_t)version->train_started, "end_time",
	    (json_int_t)version->train_finished, "artifact_uri", version->artifact,
	    "lifecycle_stage", "active", "data", "metrics", metrics, "params", params, "tags", tags,
	    "inputs");
}

/* ---- models ---------------------------------------------------------------- */

static const struct bn_w_model *
find_model(const char *name)
{
	const struct bn_w_model *model;

	for (size_t i = 0; name != NULL && (model = bn_world_model(i)) != NULL; i++)
		if (strcmp(model->name, name) == 0)
			return model;
	return NULL;
}

/* attribute='value' (or "value"), the only comparison this server needs. */
static bool
equality(const char *filter, const char *attribute, char *value, size_t size)
{
	size_t n = strlen(attribute);

	if (strncmp(filter, attribute, n) != 0)
		return false;
	filter += n + strspn(filter + n, " ");
	if (*filter++ != '=')
		return false;
	filter += strspn(filter, " ");
	if (*filter != '\'' && *filter != '"')
		return false;
	n = strcspn(filter + 1, "'\"");
	snprintf(value, size, "%.*s", (int)n, filter + 1);
	return filter[n + 1] == *filter && filter[n + 2] == '\0';
}

/* The client leaves prompts out, which are models with a tag; there are none here. */
static const char *
without_prompts(const char *filter, char *out, size_t size)
{
	const char *clause =
	    filter != NULL ? strstr(filter, "tag.`mlflow.prompt.is_prompt`") : NULL;
	size_t n;

	if (clause == NULL)
		return filter;
	n = (size_t)(clause - filter);
	while (n > 0 && (filter[n - 1] == ' ' || filter[n - 1] == '('))
		n--;
	if (n >= 3 && strncasecmp(filter + n - 3, "AND", 3) == 0)
		n -= 3;
	while (n > 0 && filter[n - 1] == ' ')
		n--;
	snprintf(out, size, "%.*s", (int)n, filter);
	return out;
}

static void
search_models(struct bn_web_request *request)
{
	char cut[300];
	const char *filter = without_prompts(bn_web_query(request, "filter"), cut, sizeof(cut));
	const struct bn_w_model *model;
	json_t *list = json_array();
	char name[200] = "";
	struct page page;

	if (filter != NULL && filter[0] != '\0' && !equality(filter, "name", name, sizeof(name))) {
		json_decref(list);
		invalid(request, "Invalid attribute key specified. Valid keys are '{'name'}'");
		return;
	}
	if (!read_page(request, NULL, 100, 1000, &page)) {
		json_decref(list);
		return;
	}
	for (size_t i = 0; (model = bn_world_model(i)) != NULL; i++)
		if (name[0] == '\0' || strcmp(name, model->name) == 0)
			json_array_append_new(list, model_form(request, model));
	answer_page(request, "registered_models", list, &page);
}

static void
get_model(struct bn_web_request *request)
{
	const char *name = bn_web_query(request, "name");
	const struct bn_w_model *model = find_model(name);

	if (name == NULL)
		invalid(request, "Missing value for required parameter 'name'.");
	else if (model == NULL)
		missing(request, "Registered Model with name", name, NULL);
	else
		bn_web_json(request, 200,
			    json_pack("{s:o}", "registered_model", model_form(request, model)));
}

/* ---- versions -------------------------------------------------------------- */

static int
newest_change_first(const void *a, const void *b)
{
	json_t *const *x = a, *const *y = b;
	json_int_t at = json_integer_value(json_object_get(*x, "last_updated_timestamp"));
	json_int_t bt = json_integer_value(json_object_get(*y, "last_updated_timestamp"));

	if (at != bt)
		return at < bt ? 1 : -1;
	return strcmp(json_string_value(json_object_get(*x, "version")),
		      json_string_value(json_object_get(*y, "version")));
}

static json_t *
in_order(json_t *list)
{
	size_t count = json_array_size(list);
	json_t **items = calloc(count + 1, sizeof(json_t *)), *sorted = json_array();

	for (size_t i = 0; items != NULL && i < count; i++)
		items[i] = json_array_get(list, i);
	if (items != NULL)
		qsort(items, count, sizeof(json_t *), newest_change_first);
	for (size_t i = 0; items != NULL && i < count; i++)
		json_array_append(sorted, items[i]);
	free(items);
	json_decref(list);
	return sorted;
}

static void
search_versions(struct bn_web_request *request)
{
	char cut[300];
	const char *filter = without_prompts(bn_web_query(request, "filter"), cut, sizeof(cut)),
		   *order = bn_web_query(request, "order_by");
	char name[200] = "", run[100] = "";
	const struct bn_w_model *model;
	struct bn_w_version version;
	json_t *list = json_array();
	struct page page;

	if ((filter != NULL && filter[0] != '\0' && !equality(filter, "name", name, sizeof(name)) &&
	     !equality(filter, "run_id", run, sizeof(run))) ||
	    (order != NULL && strcmp(order, "last_updated_timestamp DESC") != 0 &&
	     strcmp(order, "creation_timestamp DESC") != 0)) {
		json_decref(list);
		invalid(request, "Invalid attribute key specified. Valid keys are '{'run_id', "
				 "'version_number', 'name', 'source_path'}'");
		return;
	}
	if (!read_page(request, NULL, 200000, 200000, &page)) {
		json_decref(list);
		return;
	}
	for (size_t i = 0; (model = bn_world_model(i)) != NULL; i++)
		for (int k = 0; bn_world_version(request->world, model, k, request->now, &version);
		     k++)
			if ((name[0] == '\0' || strcmp(name, model->name) == 0) &&
			    (run[0] == '\0' || strcmp(run, version.run) == 0))
				json_array_append_new(list, version_form(request, &version, false));
	answer_page(request, "model_versions", in_order(list), &page);
}

static bool
find_version(const struct bn_web_request *request, const struct bn_w_model *model,
	     const char *wanted, struct bn_w_version *out)
{
	for (int i = 0; model != NULL && wanted != NULL &&
			bn_world_version(request->world, model, i, request->now, out);
	     i++)
		if (strcmp(out->version, wanted) == 0)
			return true;
	return false;
}

static void
get_version(struct bn_web_request *request)
{
	const char *name = bn_web_query(request, "name"),
		   *wanted = bn_web_query(request, "version");
	struct bn_w_version version;

	if (name == NULL || wanted == NULL)
		invalid(request, "Missing value for required parameter 'version'.");
	else if (!find_version(request, find_model(name), wanted, &version))
		missing(request, "Model Version (name", name, wanted);
	else
		bn_web_json(
		    request, 200,
		    json_pack("{s:o}", "model_version", version_form(request, &version, true)));
}

static void
get_alias(struct bn_web_request *request)
{
	const char *name = bn_web_query(request, "name"), *alias = bn_web_query(request, "alias");
	const struct bn_w_model *model = find_model(name);
	struct bn_w_version version;
	char text[300];

	if (model == NULL || alias == NULL) {
		missing(request, "Registered Model with name", name != NULL ? name : "", NULL);
		return;
	}
	if (!bn_world_version(request->world, model,
			      bn_world_alias_version(request->world, model, alias, request->now),
			      request->now, &version)) {
		snprintf(text, sizeof(text), "Registered model alias %.200s not found.", alias);
		invalid(request, text);
		return;
	}
	bn_web_json(request, 200,
		    json_pack("{s:o}", "model_version", version_form(request, &version, true)));
}

/* ---- runs and experiments -------------------------------------------------- */

static void
get_run(struct bn_web_request *request)
{
	const char *id = bn_web_query(request, "run_id");
	const struct bn_w_model *model;
	struct bn_w_version version;
	char text[200];

	for (size_t i = 0; id != NULL && (model = bn_world_model(i)) != NULL; i++)
		for (int k = 0; bn_world_version(request->world, model, k, request->now, &version);
		     k++)
			if (strcmp(version.run, id) == 0) {
				bn_web_json(request, 200,
					    json_pack("{s:o}", "run", run_form(&version)));
				return;
			}
	snprintf(text, sizeof(text), "Run with id=%.100s not found", id != NULL ? id : "");
	refuse(request, 404, "RESOURCE_DOES_NOT_EXIST", text);
}

/* The ids of attributes.run_id IN ('…', '…'), as they stand; "" without a filter. */
static bool
run_filter(const char *filter, const char **list)
{
	static const char *const starts[] = {"attributes.run_id IN (", "run_id IN ("};

	*list = "";
	if (filter == NULL || filter[0] == '\0')
		return true;
	for (size_t i = 0; i < 2; i++)
		if (strncmp(filter, starts[i], strlen(starts[i])) == 0) {
			*list = filter + strlen(starts[i]);
			return true;
		}
	return false;
}

static bool
among(json_t *ids, const char *id)
{
	json_t *one;
	size_t i;

	json_array_foreach(ids, i, one) if (json_is_string(one) &&
					    strcmp(json_string_value(one), id) == 0) return true;
	return false;
}

static void
search_runs(struct bn_web_request *request)
{
	json_t *body =
	    request->body != NULL ? json_loadb(request->body, request->body_size, 0, NULL) : NULL;
	json_t *list = json_array(), *experiments = json_object_get(body, "experiment_ids");
	const struct bn_w_model *model;
	struct bn_w_version version;
	const char *ids;
	struct page page;

	if (!json_is_object(body)) {
		invalid(request, "The request body is no JSON object");
	} else if (!run_filter(json_string_value(json_object_get(body, "filter")), &ids)) {
		invalid(request, "Invalid clause in filter string");
	} else if (read_page(request, body, 1000, 50000, &page)) {
		for (size_t i = 0; (model = bn_world_model(i)) != NULL; i++)
			for (int k = 0;
			     among(experiments, model->experiment) &&
			     bn_world_version(request->world, model, k, request->now, &version);
			     k++)
				if (ids[0] == '\0' || strstr(ids, version.run) != NULL)
					json_array_append_new(list, run_form(&version));
		answer_page(request, "runs", list, &page);
		list = NULL;
	}
	json_decref(list);
	json_decref(body);
}

static json_t *
experiment_form(const struct bn_w_model *model)
{
	return json_pack("{s:s, s:s, s:o, s:s, s:I, s:I}", "experiment_id", model->experiment,
			 "name", model->name, "artifact_location",
			 json_sprintf("s3://hl-ml-artifacts/%s", model->experiment),
			 "lifecycle_stage", "active", "last_update_time",
			 (json_int_t)(BN_W_NIGHT - 500 * BN_W_DAY), "creation_time",
			 (json_int_t)(BN_W_NIGHT - 500 * BN_W_DAY));
}

static void
search_experiments(struct bn_web_request *request)
{
	json_t *body = strcmp(request->method, "POST") == 0 && request->body != NULL
			   ? json_loadb(request->body, request->body_size, 0, NULL)
			   : NULL;
	const struct bn_w_model *model;
	json_t *list = json_array();
	struct page page;

	/* this one has no default: 0 is refused */
	if (!read_page(request, body, 0, 50000, &page)) {
		json_decref(list);
	} else {
		for (size_t i = 0; (model = bn_world_model(i)) != NULL; i++)
			json_array_append_new(list, experiment_form(model));
		answer_page(request, "experiments", list, &page);
	}
	json_decref(body);
}

static void
get_experiment(struct bn_web_request *request)
{
	const char *id = bn_web_query(request, "experiment_id");
	const struct bn_w_model *model;

	for (size_t i = 0; id != NULL && (model = bn_world_model(i)) != NULL; i++)
		if (strcmp(model->experiment, id) == 0) {
			bn_web_json(request, 200,
				    json_pack("{s:o}", "experiment", experiment_form(model)));
			return;
		}
	missing(request, "No Experiment with id", id != NULL ? id : "", NULL);
}

/* ---- the face -------------------------------------------------------------- */

static bool
authorised(struct bn_web_request *request, const struct bn_face_login *login)
{
	const char *header = bn_web_header(request, "Authorization");

	if (header == NULL || strncmp(header, "Bearer ", 7) != 0 ||
	    strcmp(header + 7, login->token) != 0)
		return false;
	request->auth = BN_AUTH_OK;
	return true;
}

void
bn_face_mlflow(struct bn_web_request *request, void *payload)
{
	static const struct {
		const char *method, *path;
		void (*answer)(struct bn_web_request *);
	} routes[] = {
	    {"GET", "/api/2.0/mlflow/registered-models/search", search_models},
	    {"GET", "/api/2.0/mlflow/registered-models/get", get_model},
	    {"GET", "/api/2.0/mlflow/registered-models/alias", get_alias},
	    {"GET", "/api/2.0/mlflow/model-versions/search", search_versions},
	    {"GET", "/api/2.0/mlflow/model-versions/get", get_version},
	    {"GET", "/api/2.0/mlflow/runs/get", get_run},
	    {"POST", "/api/2.0/mlflow/runs/search", search_runs},
	    {"GET", "/api/2.0/mlflow/experiments/search", search_experiments},
	    {"POST", "/api/2.0/mlflow/experiments/search", search_experiments},
	    {"GET", "/api/2.0/mlflow/experiments/get", get_experiment},
	};
	static const char *const known[] = {"filter",	"max_results",	 "order_by",  "page_token",
					    "name",	"alias",	 "version",   "run_id",
					    "run_uuid", "experiment_id", "view_type", NULL};

	if (bn_web_path(request, "/version")) {
		bn_web_text(request, 200, "text/html; charset=utf-8", VERSION);
		return;
	}
	if (!authorised(request, payload)) {
		bn_face_mlflow_refuse(request, payload);
		return;
	}
	if (bn_web_unknown(request, known) != NULL)
		bn_web_violation(request, "a parameter that MLflow does not have");
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (strcmp(routes[i].method, request->method) == 0 &&
		    bn_web_path(request, routes[i].path)) {
			routes[i].answer(request);
			return;
		}
	if (strncmp(request->path, "/ajax-api/2.0/mlflow/logged-models/", 35) != 0)
		bn_web_violation(request, "a path that MLflow's reading does not need");
	bn_web_text(request, 404, "text/html; charset=utf-8",
		    "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n"
		    "<h1>Not Found</h1>\n<p>The requested URL was not found on the server.</p>\n");
}

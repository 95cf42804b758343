/* mlflow_runs.c - training runs: numbers, parameters, data window; a version's signature; one thing at a time. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mlflow.h"

/* Up to so many runs are asked for one by one, which takes no list of experiments. */
#define FEW 4
/* Experiments that are searched at once; more are not looked into. */
#define EXPERIMENT_PAGES 20
#define EXPERIMENT_BYTES ((size_t)256 << 10)

/* ---- one run --------------------------------------------------------------------------------- */

static const char *
keep(struct bn_source *s, const char *text)
{
	return text != NULL && text[0] != '\0' ? bn_format(s, "%.2000s", text) : NULL;
}

static bn_time
day_or_moment(const struct bn_source *s, const char *text)
{
	char day[40];

	if (text == NULL)
		return 0;
	if (strlen(text) == 10) {
		snprintf(day, sizeof(day), "%sT00:00:00Z", text);
		text = day;
	}
	return bn_parse_time(s, text);
}

/* What a tag of the run or else a parameter says. */
static const char *
declared(const struct bn_source *s, struct bn_json data, const char *option)
{
	const char *name = bn_option(s, option);
	const char *tag = mlflow_tag(bn_json_get(data, "tags"), name);

	return tag != NULL ? tag : mlflow_tag(bn_json_get(data, "params"), name);
}

static void
take_metrics(struct bn_source *s, struct bn_json metrics, struct mlflow_version *version)
{
	struct bn_json_iter it = bn_json_walk(metrics, NULL);

	while (version->metrics < sizeof(version->metric) / sizeof(version->metric[0]) &&
	       bn_json_next(&it)) {
		const char *key = bn_json_string(it.value, "key");
		double value = bn_json_number(it.value, "value", NAN);

		/* system/… are MLflow's own measurements of the machine */
		if (key == NULL || !isfinite(value) || strncmp(key, "system/", 7) == 0)
			continue;
		version->metric[version->metrics].name = bn_format(s, "%.250s", key);
		version->metric[version->metrics].value = value;
		version->metric[version->metrics++].at = bn_json_int(it.value, "timestamp", 0);
	}
}

/* The signature that MLflow 2 leaves in a tag of the run, the latest of its logged models. */
static const char *
history_signature(struct bn_source *s, struct bn_json tags)
{
	const char *text = mlflow_tag(tags, "mlflow.log-model.history"), *signature = NULL;
	struct bn_json history;
	struct bn_json_iter it;
	struct bn_error broken;

	if (text == NULL || bn_json_parse(s, text, strlen(text), &history, &broken) != BN_OK)
		return NULL;
	it = bn_json_walk(history, NULL);
	while (bn_json_next(&it)) {
		const char *in = bn_json_string(it.value, "signature/inputs"),
			   *out = bn_json_string(it.value, "signature/outputs");

		if (in != NULL)
			signature = bn_format(s, "{\"inputs\":%s,\"outputs\":%s}", in,
					      out != NULL ? out : "null");
	}
	bn_json_release(s, history);
	return signature;
}

static void
take_run(struct bn_source *s, struct bn_json run, struct mlflow_version *version)
{
	struct bn_json data = bn_json_get(run, "data"), params = bn_json_get(data, "params");
	struct bn_json_iter it = bn_json_walk(params, NULL);
	const char *state = bn_json_string(run, "info/status");
	struct bn_model_version *v = &version->v;
	size_t n = 0;

	v->run_read = true;
	version->wanted = false;
	version->open =
	    state != NULL && (strcmp(state, "RUNNING") == 0 || strcmp(state, "SCHEDULED") == 0);
	v->train_started = bn_json_int(run, "info/start_time", 0);
	v->train_finished = version->open ? 0 : bn_json_int(run, "info/end_time", 0);
	while (n < 128 && bn_json_next(&it)) {
		const char *key = bn_json_string(it.value, "key"),
			   *value = bn_json_string(it.value, "value");

		if (key == NULL || value == NULL)
			continue;
		version->param_list[2 * n] = bn_format(s, "%.250s", key);
		version->param_list[2 * n + 1] = bn_format(s, "%.2000s", value);
		n++;
	}
	v->params = n > 0 ? version->param_list : NULL;
	take_metrics(s, bn_json_get(data, "metrics"), version);
	if (v->image == NULL)
		v->image = keep(s, declared(s, data, "image-tag"));
	if (v->framework == NULL)
		v->framework = keep(s, declared(s, data, "framework-tag"));
	if (v->data_from == 0)
		v->data_from = day_or_moment(s, declared(s, data, "data-from"));
	if (v->data_to == 0)
		v->data_to = day_or_moment(s, declared(s, data, "data-to"));
	if (v->signature == NULL)
		v->signature = history_signature(s, bn_json_get(data, "tags"));
}

/* A run that is deleted for good leaves a version without numbers; that is no error. */
static int
read_one(struct bn_source *s, struct mlflow_version *version, struct bn_error *err)
{
	struct bn_json reply;
	int rc = bn_get(s, MLFLOW_RUN, BN_PARAMS({"run_id", version->v.run}), &reply, err);

	if (rc == BN_OK && !bn_json_present(bn_json_get(reply, "run/info")))
		rc = bn_fail_at(s, err, BN_EPARSE, "run %s: the answer holds no run",
				version->v.run);
	if (rc == BN_OK) {
		take_run(s, bn_json_get(reply, "run"), version);
		bn_json_release(s, reply);
	}
	return rc == BN_ENOTFOUND ? BN_OK : rc;
}

/* ---- many runs ------------------------------------------------------------------------------- */

struct experiments {
	struct bn_source *s;
	char *text;
	size_t used;
};

/* An id goes into a request body: it is a number at every MLflow there is. */
static int
on_experiment(struct bn_json item, void *payload, struct bn_error *err)
{
	struct experiments *e = payload;
	const char *id = bn_json_text(e->s, item, "experiment_id");

	if (id == NULL || id[0] == '\0' || strlen(id) > 64 ||
	    strspn(id, "0123456789abcdefABCDEF-") != strlen(id))
		return bn_fail_at(e->s, err, BN_EPARSE, "an experiment without an id");
	if (e->used + strlen(id) + 8 < EXPERIMENT_BYTES)
		e->used += (size_t)snprintf(e->text + e->used, EXPERIMENT_BYTES - e->used,
					    "%s\"%s\"", e->used > 1 ? "," : "", id);
	return BN_OK;
}

static int
read_experiments(struct bn_source *s, struct bn_error *err)
{
	struct mlflow *m = s->data;
	struct experiments e = {s, bn_alloc(s, EXPERIMENT_BYTES), 1};
	const char *token = NULL;
	struct bn_json rest;
	int rc = BN_OK;

	e.text[0] = '[';
	for (int page = 0; rc == BN_OK && page < EXPERIMENT_PAGES && (page == 0 || token != NULL);
	     page++) {
		const char *next;

		rc = bn_items(
		    s, MLFLOW_EXPERIMENTS,
		    BN_PARAMS({"max_results", "1000"}, {"view_type", "ALL"}, {"page_token", token}),
		    "experiments", on_experiment, &e, &rest, err);
		next = rc == BN_OK ? bn_json_string(rest, "next_page_token") : NULL;
		token = next != NULL && next[0] != '\0' ? bn_format(s, "%s", next) : NULL;
	}
	if (rc != BN_OK)
		return rc;
	strcpy(e.text + e.used, "]");
	free(m->experiments);
	m->experiments = strdup(e.text);
	return m->experiments != NULL ? BN_OK : bn_fail_at(s, err, BN_EINTERNAL, "out of memory");
}

struct search {
	struct bn_source *s;
	struct mlflow_version *versions;
	size_t count;
};

static int
on_run(struct bn_json item, void *payload, struct bn_error *err)
{
	struct search *search = payload;
	const char *id = bn_json_string(item, "info/run_id");

	if (id == NULL)
		id = bn_json_string(item, "info/run_uuid");
	if (id == NULL)
		return bn_fail_at(search->s, err, BN_EPARSE, "a run without an id");
	for (size_t i = 0; i < search->count; i++)
		if (search->versions[i].wanted && strcmp(search->versions[i].v.run, id) == 0)
			take_run(search->s, item, &search->versions[i]);
	return BN_OK;
}

/* Run ids are 32 hexadecimal digits; anything else is asked for alone, where it is encoded. */
static bool
plain(const char *id)
{
	return strlen(id) <= 64 && strspn(id, "0123456789abcdefABCDEF-") == strlen(id);
}

static int
search_runs(struct bn_source *s, struct mlflow_version *versions, size_t count,
	    struct bn_error *err)
{
	struct mlflow *m = s->data;
	struct search search = {s, versions, count};
	const char *ids = "";
	struct bn_json rest;
	int rc = m->experiments == NULL ? read_experiments(s, err) : BN_OK;

	if (rc != BN_OK)
		return rc;
	for (size_t i = 0; i < count; i++)
		if (versions[i].wanted && plain(versions[i].v.run))
			ids = bn_format(s, "%s%s'%s'", ids, ids[0] != '\0' ? "," : "",
					versions[i].v.run);
	return bn_items_post(s, MLFLOW_RUNS, BN_NO_PARAMS,
			     bn_format(s,
				       "{\"experiment_ids\":%s,\"filter\":\"attributes.run_id IN "
				       "(%s)\",\"run_view_type\":\"ALL\",\"max_results\":%d}",
				       m->experiments, ids, MLFLOW_PAGE),
			     "runs", on_run, &search, &rest, err);
}

static size_t
wanted(const struct mlflow_version *versions, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += versions[i].wanted;
	return n;
}

/* A server that may not be asked, or does not know the search, must not cost us the registry. */
static bool
bearable(int rc)
{
	return rc == BN_EPERM || rc == BN_ENOTFOUND || rc == BN_EREMOTE || rc == BN_EINVAL ||
	       rc == BN_EPARSE || rc == BN_EUNSUPPORTED;
}

int
mlflow_read_runs(struct bn_source *s, struct mlflow_version *versions, size_t count,
		 struct bn_error *err)
{
	struct mlflow *m = s->data;
	int rc = BN_OK;

	if (m->runs_error[0] != '\0')
		return BN_OK;
	if (wanted(versions, count) > FEW) {
		rc = search_runs(s, versions, count, err);
		/* A new experiment is not in the list we have. */
		if (rc == BN_OK && wanted(versions, count) > 0) {
			free(m->experiments);
			m->experiments = NULL;
		}
		if (rc == BN_OK && wanted(versions, count) > FEW)
			rc = search_runs(s, versions, count, err);
	}
	for (size_t i = 0, asked = 0; rc == BN_OK && i < count && asked < MLFLOW_PAGE; i++)
		if (versions[i].wanted) {
			rc = read_one(s, &versions[i], err);
			asked++;
		}
	if (!bearable(rc))
		return rc;
	snprintf(m->runs_error, sizeof(m->runs_error), "%.190s", err->message);
	return BN_OK;
}

/* ---- one thing that is looked at ------------------------------------------------------------- */

struct mlmodel {
	struct bn_source *s;
	bool within;
	const char *inputs, *outputs;
};

/* "  inputs: '[{"name": …}]'": a YAML scalar in single quotes, in which '' is a quote. */
static const char *
quoted(struct bn_source *s, const char *line, size_t size, const char *key)
{
	size_t length = strlen(key), n = 0;
	char *out;

	if (size < length + 2 || strncmp(line, key, length) != 0 || line[length] != '\'' ||
	    line[size - 1] != '\'')
		return NULL;
	out = bn_alloc(s, size + 1);
	for (size_t i = length + 1; i + 1 < size; i++) {
		out[n++] = line[i];
		if (line[i] == '\'' && line[i + 1] == '\'')
			i++;
	}
	return out;
}

static int
on_mlmodel(const char *line, size_t size, void *payload, struct bn_error *err)
{
	struct mlmodel *f = payload;

	(void)err;
	if (size > 0 && line[0] != ' ')
		f->within = strncmp(line, "signature:", 10) == 0;
	else if (f->within && f->inputs == NULL)
		f->inputs = quoted(f->s, line, size, "  inputs: ");
	if (f->within && f->outputs == NULL)
		f->outputs = quoted(f->s, line, size, "  outputs: ");
	return BN_OK;
}

const char *
mlflow_signature(struct bn_source *s, const char *logged_model)
{
	struct mlmodel f = {.s = s};
	struct bn_json document;
	struct bn_error broken;
	const char *text;

	if (bn_lines(s, MLFLOW_MLMODEL,
		     BN_PARAMS({"model_id", logged_model}, {"artifact_file_path", "MLmodel"}),
		     BN_LINES_RAW, "text/plain", on_mlmodel, &f, &broken) != BN_OK ||
	    f.inputs == NULL)
		return NULL;
	text = bn_format(s, "{\"inputs\":%s,\"outputs\":%s}", f.inputs,
			 f.outputs != NULL ? f.outputs : "null");
	return bn_json_parse(s, text, strlen(text), &document, &broken) == BN_OK ? text : NULL;
}

static int
detail_version(struct bn_source *s, const char *key, const char *at, struct bn_batch *batch,
	       struct bn_error *err)
{
	struct mlflow_version *version = bn_alloc(s, sizeof(*version));
	struct bn_json reply;
	int rc = bn_get(
	    s, MLFLOW_VERSION,
	    BN_PARAMS({"name", bn_format(s, "%.*s", (int)(at - key), key)}, {"version", at + 1}),
	    &reply, err);

	if (rc == BN_OK)
		rc = mlflow_read_version(s, bn_json_get(reply, "model_version"), version, err);
	if (rc != BN_OK)
		return rc;
	version->wanted = version->v.run != NULL;
	((struct mlflow *)s->data)->runs_error[0] = '\0';
	rc = mlflow_read_runs(s, version, 1, err);
	if (rc == BN_OK && version->v.signature == NULL && version->v.artifact != NULL &&
	    strncmp(version->v.artifact, "models:/m-", 10) == 0)
		version->v.signature = mlflow_signature(s, version->v.artifact + 8);
	if (rc == BN_OK)
		mlflow_add_version(batch, version);
	return rc;
}

int
mlflow_detail(struct bn_source *s, const struct bn_ref *ref, struct bn_batch *batch,
	      struct bn_error *err)
{
	const char *at = ref->kind == BN_MODEL ? strrchr(ref->key, '@') : NULL;
	struct bn_json reply;
	int rc;

	if (ref->kind != BN_MODEL)
		return bn_fail_at(s, err, BN_EUNSUPPORTED, "MLflow has models only");
	if (at != NULL && at != ref->key && at[1] != '\0')
		return detail_version(s, ref->key, at, batch, err);
	rc = bn_get(s, MLFLOW_MODEL, BN_PARAMS({"name", ref->key}), &reply, err);
	return rc == BN_OK ? mlflow_add_model(s, batch, bn_json_get(reply, "registered_model"), err)
			   : rc;
}

/* mlflow.c - MLflow's model registry: options, requests, what a model and a version are made of, doctor. */
/* SPDX-License-Identifier: MIT
 *
 * https://mlflow.org/docs/latest/rest-api.html, registry and tracking of MLflow 1.30 to 3. Aliases stand
 * on registered models only: a search for versions leaves them out (mlflow#9783). Moving an alias moves no
 * timestamp, and there is no history of it: that is kept by the store. 64-bit numbers may be JSON
 * numbers or strings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mlflow.h"

static const struct bn_option options[] = {
    {"live-alias", BN_OPT_STRING, NULL,
     "an alias or stage that means production; without any, `champion` and `production` do",
     BN_OPT_MULTI, NULL},
    {"data-from", BN_OPT_STRING, "data_from",
     "tag or parameter that holds the begin of the training data's window", 0, NULL},
    {"data-to", BN_OPT_STRING, "data_to", "the same of its end", 0, NULL},
    {"image-tag", BN_OPT_STRING, "image", "tag or parameter that holds the image", 0, NULL},
    {"framework-tag", BN_OPT_STRING, "framework", "tag or parameter that holds the framework", 0,
     NULL},
    {"live-from-tag", BN_OPT_STRING, "live_from",
     "tag of a version that says when it went into production", 0, NULL},
    {"live-until-tag", BN_OPT_STRING, "live_until", "the same of its end", 0, NULL},
    {"approved-tag", BN_OPT_STRING, "approved_by", "tag of a version that says who approved it", 0,
     NULL},
    {"change-tag", BN_OPT_STRING, "change",
     "tag of a version that names the change which made it live", 0, NULL},
    {"reread", BN_OPT_DURATION, "15m",
     "how long at most until all versions are read again, changed or not (a changed tag of an old "
     "version moves no timestamp)",
     0, "1m..1d"},
    {NULL, 0, NULL, NULL, 0, NULL}};

static const struct bn_option model_options[] = {
    {"source", BN_OPT_STRING, NULL,
     "name of the mlflow source whose model this is; without it, every one that has it", 0, NULL},
    {"metric", BN_OPT_STRING, NULL,
     "the number of the training run that counts (EVAL); without it the tag `metric` of the model, "
     "or the only number there is",
     0, NULL},
    {"better", BN_OPT_ENUM, NULL,
     "whether a lower or a higher number is the better one; without it its name says so where it "
     "is a well-known one "
     "(loss, mae, ndcg, auc …)",
     0, "lower|higher"},
    {"serving", BN_OPT_ENUM, NULL,
     "how it serves; without it the tag `serving` of the model says so", 0,
     "endpoint|batch|embedded"},
    {"live-on", BN_OPT_STRING, NULL,
     "where its live version answers: a reference (endpoint/api-quote) or a word; without it the "
     "tag `live_on`",
     0, NULL},
    {"live-alias", BN_OPT_STRING, NULL,
     "an alias or stage of this model that means production, instead of the source's", BN_OPT_MULTI,
     NULL},
    {"psi-warn", BN_OPT_NUMBER, "0.1", "drift (PSI) from which on it is amber", 0, NULL},
    {"psi-bad", BN_OPT_NUMBER, "0.2", "drift (PSI) from which on it is red", 0, NULL},
    {"auto-deploy", BN_OPT_BOOL, "false",
     "whether what is trained goes live by itself: a version that is not live `grace` after its "
     "training ended is a finding",
     0, NULL},
    {"grace", BN_OPT_DURATION, "20m", "how long that may take", 0, "1m..7d"},
    {"check", BN_OPT_STRING, NULL,
     "what has to hold of a number, as in `p95 < 100` or `kpi:click-through > 0.02`; a number is a "
     "measure of the model or of its live version",
     BN_OPT_MULTI, NULL},
    {NULL, 0, NULL, NULL, 0, NULL}};

#define API "/api/2.0/mlflow"

static const struct bn_request requests[] = {
    [MLFLOW_MODELS] = {"GET", API "/registered-models/search",
		       "filter max_results order_by page_token", BN_READS,
		       "registered models with their aliases; needs READ on each"},
    [MLFLOW_VERSIONS] = {"GET", API "/model-versions/search",
			 "filter max_results order_by page_token", BN_READS,
			 "their versions, stages and tags; needs READ on each model"},
    [MLFLOW_MODEL] = {"GET", API "/registered-models/get", "name", BN_READS,
		      "one model, when it is looked at"},
    [MLFLOW_VERSION] = {"GET", API "/model-versions/get", "name version", BN_READS,
			"one version, when it is looked at"},
    [MLFLOW_EXPERIMENTS] = {"GET", API "/experiments/search",
			    "max_results page_token view_type filter", BN_READS,
			    "ids of the experiments to look for training runs in"},
    [MLFLOW_RUNS] = {"POST", API "/runs/search", "", BN_READS,
		     "training runs of new versions, many at a time: a search, which changes "
		     "nothing; needs READ on the experiments"},
    [MLFLOW_RUN] = {"GET", API "/runs/get", "run_id", BN_READS, "the training run of one version"},
    [MLFLOW_MLMODEL] = {"GET", "/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files",
			"artifact_file_path", BN_READS,
			"the MLmodel file of a logged model (MLflow 3), for its signature, when a "
			"version is looked at"},
    [MLFLOW_ABOUT] = {"GET", "/version", "", BN_READS, "which MLflow this is; doctor only"},
    {NULL, NULL, NULL, BN_READS, NULL}};

/* ---- small readers --------------------------------------------------------------------------- */

const char *
mlflow_tag(struct bn_json tags, const char *key)
{
	struct bn_json_iter it = bn_json_walk(tags, NULL);

	while (key != NULL && bn_json_next(&it)) {
		const char *name = bn_json_string(it.value, "key");

		if (name != NULL && strcmp(name, key) == 0)
			return bn_json_string(it.value, "value");
	}
	return NULL;
}

static const char *
copy(struct bn_source *s, const char *text)
{
	return text != NULL && text[0] != '\0' ? bn_format(s, "%s", text) : NULL;
}

/* ms since 1970, whatever is no plausible time is none. */
static bn_time
time_of(struct bn_json item, const char *path)
{
	int64_t ms = bn_json_int(item, path, 0);

	return ms > 0 && ms < INT64_C(4102444800000) ? ms : 0;
}

/* A day or a moment as people write them into tags; ms as programs do. */
static bn_time
declared_time(const struct bn_source *s, const char *text)
{
	char day[40];
	char *end;
	int64_t ms;

	if (text == NULL || text[0] == '\0')
		return 0;
	ms = strtoll(text, &end, 10);
	if (*end == '\0' && ms > INT64_C(100000000000) && ms < INT64_C(4102444800000))
		return ms;
	if (strlen(text) == 10) {
		snprintf(day, sizeof(day), "%sT00:00:00Z", text);
		text = day;
	}
	return bn_parse_time(s, text);
}

/* ---- models ---------------------------------------------------------------------------------- */

/* The [model] section of that name, or -1. */
static ssize_t
section_of(const struct bn_source *s, const char *name)
{
	for (size_t i = 0; i < bn_section_count(s); i++)
		if (strcmp(bn_section_name(s, i), name) == 0)
			return (ssize_t)i;
	return -1;
}

static const char *
said(const struct bn_source *s, ssize_t section, const char *option, const char *tag)
{
	const char *value = section >= 0 ? bn_section_option(s, (size_t)section, option) : NULL;

	return value != NULL ? value : tag;
}

static const char *const *
live_words(struct bn_source *s, ssize_t section)
{
	enum { AT_MOST = 16 };
	const char **list = bn_alloc(s, (AT_MOST + 1) * sizeof(*list)), *word;
	size_t n = 0;

	while (n < AT_MOST && section >= 0 &&
	       (word = bn_section_option_at(s, (size_t)section, "live-alias", n)) != NULL)
		list[n++] = word;
	for (size_t i = 0; n == i && n < AT_MOST; i++) {
		if ((word = bn_option_at(s, "live-alias", i)) != NULL)
			list[n++] = word;
	}
	if (n == 0) {
		list[0] = "champion";
		list[1] = "production";
	}
	return list;
}

/* "p95 < 100" into name, operator, number; false if it is no such thing. */
static bool
split_check(struct bn_source *s, const char *text, const char *out[4])
{
	size_t name = strcspn(text, " \t<>="), op;
	const char *at = text + name;
	char *end;

	at += strspn(at, " \t");
	op = strspn(at, "<>=");
	if (name == 0 || op == 0 || op > 2)
		return false;
	out[0] = bn_format(s, "%.*s", (int)name, text);
	out[1] = bn_format(s, "%.*s", (int)op, at);
	if (strstr(" < <= > >= ", bn_format(s, " %s ", out[1])) == NULL)
		return false;
	at += op + strspn(at + op, " \t");
	(void)strtod(at, &end);
	if (end == at || *end != '\0')
		return false;
	out[2] = at;
	out[3] = text;
	return true;
}

/* Quadruples for struct bn_model, or an error that says which one is wrong. */
static int
read_checks(struct bn_source *s, ssize_t section, const char *const **out, struct bn_error *err)
{
	enum { AT_MOST = 16 };
	const char **list = bn_alloc(s, (4 * AT_MOST + 1) * sizeof(*list)), *text;
	size_t n = 0;

	*out = NULL;
	while (section >= 0 && n < AT_MOST &&
	       (text = bn_section_option_at(s, (size_t)section, "check", n)) != NULL) {
		if (!split_check(s, text, list + 4 * n)) {
			bn_fail_at(s, err, BN_ECONFIG,
				   "[model \"%s\"] check = %s is not understood",
				   bn_section_name(s, (size_t)section), text);
			return bn_hint_at(err, "a measure, < <= > or >=, and a number: p95 < 100");
		}
		n++;
	}
	*out = n > 0 ? list : NULL;
	return BN_OK;
}

/* alias, version, alias, version …: all there are; a model without any has an empty list. */
static const char *const *
alias_list(struct bn_source *s, struct bn_json aliases)
{
	enum { AT_MOST = 200 };
	const char **list = bn_alloc(s, (2 * AT_MOST + 1) * sizeof(*list));
	struct bn_json_iter it = bn_json_walk(aliases, NULL);
	size_t n = 0;

	while (n < AT_MOST && bn_json_next(&it)) {
		const char *alias = bn_json_string(it.value, "alias");
		const char *version = bn_json_text(s, it.value, "version");

		if (alias == NULL || alias[0] == '\0' || version == NULL)
			continue;
		list[2 * n] = alias;
		list[2 * n + 1] = version;
		n++;
	}
	return list;
}

static size_t
pairs(struct bn_source *s, struct bn_json list, const char **out, size_t most)
{
	struct bn_json_iter it = bn_json_walk(list, NULL);
	size_t n = 0;

	while (n < most && bn_json_next(&it)) {
		const char *key = bn_json_string(it.value, "key"),
			   *value = bn_json_string(it.value, "value");

		/* mlflow.* are MLflow's own; some (log-model.history) are whole documents */
		if (key == NULL || value == NULL || strncmp(key, "mlflow.", 7) == 0)
			continue;
		out[2 * n] = bn_format(s, "%.250s", key);
		out[2 * n + 1] = bn_format(s, "%.2000s", value);
		n++;
	}
	out[2 * n] = NULL;
	return n;
}

/* As Git reads it; the value was checked with the configuration. */
static bool
is_yes(const char *text)
{
	return text != NULL && (strcasecmp(text, "true") == 0 || strcasecmp(text, "yes") == 0 ||
				strcasecmp(text, "on") == 0 || strcmp(text, "1") == 0);
}

static double
number_of(const struct bn_source *s, ssize_t section, const char *name)
{
	const char *text = section >= 0 ? bn_section_option(s, (size_t)section, name) : NULL;

	return text != NULL ? strtod(text, NULL) : 0;
}

int
mlflow_add_model(struct bn_source *s, struct bn_batch *batch, struct bn_json item,
		 struct bn_error *err)
{
	const char *name = bn_json_string(item, "name"), *labels[2 * 64 + 1];
	struct bn_json tags = bn_json_get(item, "tags");
	struct bn_error unclear;
	struct bn_model m;
	struct bn_ref on;
	ssize_t section;
	int rc;

	if (name == NULL || name[0] == '\0')
		return bn_fail_at(s, err, BN_EPARSE, "a registered model without a name");
	section = section_of(s, name);
	m = (struct bn_model){
	    .e = {.key = name,
		  .status = BN_HEALTHY,
		  .since = time_of(item, "creation_timestamp"),
		  .owner = mlflow_tag(tags, "owner"),
		  .url = bn_format(s, "%s/#/models/%s", bn_option(s, "url"), bn_escape(s, name)),
		  .labels = pairs(s, tags, labels, 64) > 0 ? labels : NULL},
	    .serving = said(s, section, "serving", mlflow_tag(tags, "serving")),
	    .live_on = said(s, section, "live-on", mlflow_tag(tags, "live_on")),
	    .metric = said(s, section, "metric", mlflow_tag(tags, "metric")),
	    .better = said(s, section, "better", mlflow_tag(tags, "better")),
	    .aliases = alias_list(s, bn_json_get(item, "aliases")),
	    .live = live_words(s, section),
	    .psi_warn = number_of(s, section, "psi-warn"),
	    .psi_bad = number_of(s, section, "psi-bad"),
	    .auto_deploy =
		is_yes(section >= 0 ? bn_section_option(s, (size_t)section, "auto-deploy") : NULL),
	    .grace = section >= 0 ? bn_section_option_int(s, (size_t)section, "grace") : 0,
	};
	rc = read_checks(s, section, &m.checks, err);
	if (rc != BN_OK)
		return rc;
	bn_add_model(batch, &m);
	if (m.live_on != NULL && strchr(m.live_on, '/') != NULL &&
	    bn_parse_ref(s, m.live_on, &on, &unclear) == BN_OK)
		bn_add_link(batch, (struct bn_ref){BN_MODEL, NULL, name}, on, "serves");
	return BN_OK;
}

/* ---- versions -------------------------------------------------------------------------------- */

static enum bn_status
status_of(const char *word)
{
	if (word == NULL || strcmp(word, "READY") == 0)
		return BN_HEALTHY;
	if (strcmp(word, "PENDING_REGISTRATION") == 0)
		return BN_PROGRESSING;
	return strcmp(word, "FAILED_REGISTRATION") == 0 ? BN_DOWN : BN_UNKNOWN;
}

int
mlflow_read_version(struct bn_source *s, struct bn_json item, struct mlflow_version *out,
		    struct bn_error *err)
{
	const char *name = bn_json_string(item, "name"),
		   *version = bn_json_text(s, item, "version");
	const char *state = copy(s, bn_json_string(item, "status"));
	struct bn_json tags = bn_json_get(item, "tags");
	struct bn_model_version *v = &out->v;

	if (name == NULL || name[0] == '\0' || version == NULL || version[0] == '\0')
		return bn_fail_at(s, err, BN_EPARSE, "a model version without name or version");
	name = copy(s, name);
	v->model = name;
	v->version = copy(s, version);
	v->e = (struct bn_entity){.key = bn_format(s, "%s@%s", name, version),
				  .status = status_of(state),
				  .raw_status = state,
				  .since = time_of(item, "creation_timestamp"),
				  .message = copy(s, bn_json_string(item, "status_message")),
				  .owner = copy(s, bn_json_string(item, "user_id")),
				  .url = bn_format(s, "%s/#/models/%s/versions/%s",
						   bn_option(s, "url"), bn_escape(s, name),
						   bn_escape(s, version))};
	v->stage = copy(s, bn_json_string(item, "current_stage"));
	v->created_at = v->e.since;
	v->updated_at = out->updated = time_of(item, "last_updated_timestamp");
	v->run = copy(s, bn_json_string(item, "run_id"));
	v->artifact = copy(s, bn_json_string(item, "source"));
	v->tags = pairs(s, tags, out->tag_list, 64) > 0 ? out->tag_list : NULL;
	v->image = copy(s, mlflow_tag(tags, bn_option(s, "image-tag")));
	v->framework = copy(s, mlflow_tag(tags, bn_option(s, "framework-tag")));
	v->data_from = declared_time(s, mlflow_tag(tags, bn_option(s, "data-from")));
	v->data_to = declared_time(s, mlflow_tag(tags, bn_option(s, "data-to")));
	v->live_from = declared_time(s, mlflow_tag(tags, bn_option(s, "live-from-tag")));
	v->live_until = declared_time(s, mlflow_tag(tags, bn_option(s, "live-until-tag")));
	v->approved_by = copy(s, mlflow_tag(tags, bn_option(s, "approved-tag")));
	v->change = copy(s, mlflow_tag(tags, bn_option(s, "change-tag")));
	return BN_OK;
}

void
mlflow_add_version(struct bn_batch *batch, struct mlflow_version *version)
{
	struct bn_ref about = {BN_MODEL, NULL, version->v.e.key};
	char name[300];

	bn_add_model_version(batch, &version->v);
	for (size_t i = 0; i < version->metrics; i++) {
		snprintf(name, sizeof(name), "eval:%s", version->metric[i].name);
		bn_add_measure(batch, about, name, version->metric[i].value, NULL,
			       version->metric[i].at);
	}
}

static int
mlflow_open(struct bn_source *s, struct bn_error *err)
{
	s->data = calloc(1, sizeof(struct mlflow));
	if (s->data == NULL)
		return bn_fail_at(s, err, BN_EINTERNAL, "out of memory");
	return BN_OK;
}

static void
mlflow_close(struct bn_source *s)
{
	struct mlflow *m = s->data;

	if (m != NULL)
		free(m->experiments);
	free(m);
	s->data = NULL;
}

/* ---- doctor ---------------------------------------------------------------------------------- */

static void
ask(struct bn_source *s, struct bn_sink *sink, int request, const char *body, const char *what,
    const char *array)
{
	struct bn_json reply = {0};
	struct bn_error err = {0};
	const struct bn_param *params =
	    body != NULL ? BN_NO_PARAMS : BN_PARAMS({"max_results", "1"});
	int rc = body != NULL ? bn_post(s, request, params, body, &reply, &err)
			      : bn_get(s, request, params, &reply, &err);

	if (rc != BN_OK)
		bn_check(s, sink, BN_CHECK_FAIL, what,
			 err.hint[0] != '\0' ? bn_format(s, "%s (%s)", err.message, err.hint)
					     : err.message);
	else if (array != NULL && bn_json_size(reply, array) == 0)
		bn_check(s, sink, BN_CHECK_NOTE, what, "there is none, or none we may see");
	else
		bn_check(s, sink, BN_CHECK_OK, what, "");
}

static int
on_about(const char *line, size_t size, void *payload, struct bn_error *err)
{
	char *out = payload;

	(void)err;
	snprintf(out, 64, "%.*s", size < 60 ? (int)size : 60, line);
	return BN_ECANCELLED;
}

/* Sections that name no model are mistakes nobody would notice. */
static void
check_sections(struct bn_source *s, struct bn_sink *sink)
{
	for (size_t i = 0; i < bn_section_count(s); i++) {
		const char *name = bn_section_name(s, i), *const * checks;
		struct bn_json reply;
		struct bn_error err = {0};
		int rc = read_checks(s, (ssize_t)i, &checks, &err);

		if (rc == BN_OK)
			rc = bn_get(s, MLFLOW_MODEL, BN_PARAMS({"name", name}), &reply, &err);
		bn_check(s, sink,
			 rc == BN_OK	      ? BN_CHECK_OK
			 : rc == BN_ENOTFOUND ? BN_CHECK_NOTE
					      : BN_CHECK_FAIL,
			 bn_format(s, "model %s", name),
			 rc == BN_OK	      ? ""
			 : rc == BN_ENOTFOUND ? "the registry has no model of this name"
					      : err.message);
	}
}

static int
mlflow_doctor(struct bn_source *s, struct bn_sink *sink, struct bn_error *err)
{
	char about[64] = "";
	struct bn_error unclear;
	int rc = bn_lines(s, MLFLOW_ABOUT, BN_NO_PARAMS, BN_LINES_RAW, "text/plain", on_about,
			  about, &unclear);

	(void)err;
	bn_check(s, sink, about[0] != '\0' ? BN_CHECK_OK : BN_CHECK_NOTE, "MLflow",
		 about[0] != '\0' ? about
		 : rc != BN_OK	  ? unclear.message
				  : "it does not say which version it is");
	ask(s, sink, MLFLOW_MODELS, NULL, "read registered models", "registered_models");
	ask(s, sink, MLFLOW_VERSIONS, NULL, "read model versions", "model_versions");
	ask(s, sink, MLFLOW_EXPERIMENTS, NULL, "read experiments", "experiments");
	ask(s, sink, MLFLOW_RUNS, "{\"experiment_ids\":[\"0\"],\"max_results\":1}",
	    "read training runs", NULL);
	check_sections(s, sink);
	return BN_OK;
}

const struct bn_plugin bn_plugin_mlflow = {
    .abi = BN_PLUGIN_ABI,
    .name = "mlflow",
    .summary = "MLflow: registered models, versions, aliases and stages, with the numbers of their "
	       "training runs",
    .provides = "model measure",
    .section = "model",
    .options = options,
    .section_options = model_options,
    .requests = requests,
    .interval = 60000,
    .open = mlflow_open,
    .close = mlflow_close,
    .poll = mlflow_poll,
    .detail = mlflow_detail,
    .doctor = mlflow_doctor,
};

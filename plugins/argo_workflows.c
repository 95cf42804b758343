/* argo_workflows.c - cron workflows, templates and runs from an argo-server (v3.4 to v4.1). */
/* SPDX-License-Identifier: MIT
 *
 * https://argo-workflows.readthedocs.io/en/latest/rest-api/. The server gathers whole objects
 * before it answers, and big workflows have brought servers down (argo-workflows #976, #12025), so
 * the lists of runs always carry a field mask, and metadata is always in it: without it the page
 * token is lost. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "argo.h"

#define FULL_READ_EVERY	 (60 * 60 * 1000) /* ms between two readings of the whole window */
#define OVERLAP		 (60 * 1000)	  /* ms the next reading goes back behind the newest run */
#define PAGES_AT_MOST	 40
#define UNFINISHED_BYTES 16384 /* of the names remembered from one poll to the next */
#define EXPLAINED_A_POLL 10    /* failed runs whose nodes are read without being asked for */
#define EXPLAINED_AGE	 (24 * 60 * 60 * 1000)

#define RUN_FIELDS                                                                                 \
	"metadata,items.metadata.name,items.metadata.namespace,items.metadata.uid,"                \
	"items.metadata.labels,items.metadata.creationTimestamp,items.status.phase,"               \
	"items.status.startedAt,items.status.finishedAt,items.status.progress,"                    \
	"items.status.message,items.spec.suspend,items.spec.shutdown"
#define ONE_RUN_FIELDS                                                                             \
	"metadata.name,metadata.namespace,metadata.uid,metadata.labels,"                           \
	"metadata.creationTimestamp,status.phase,status.startedAt,status.finishedAt,"              \
	"status.progress,status.message,spec.suspend,spec.shutdown"

static const struct bn_option options[] = {
    {"namespace", BN_OPT_STRING, NULL,
     "Kubernetes namespace to read; without it all that the login may list, and then keys are "
     "NAMESPACE/NAME",
     0, NULL},
    {"label-selector", BN_OPT_STRING, NULL,
     "Kubernetes label selector that workflows must match, such as `team=data,tier in "
     "(gold,silver)`",
     0, NULL},
    {"window", BN_OPT_DURATION, "7d",
     "how far back runs are read when binnacle sees this server first", 0, "1h..90d"},
    {"archived", BN_OPT_ENUM, "auto",
     "whether the workflow archive is asked besides the list of runs; `auto` asks servers before "
     "v3.5, newer ones "
     "merge it themselves",
     0, "auto|always|never"},
    {NULL, 0, NULL, NULL, 0, NULL}};

#define LIST "listOptions.limit listOptions.continue listOptions.labelSelector"

static const struct bn_request requests[] = {
    [ARGO_CRONS] = {"GET", "/api/v1/cron-workflows/{namespace}", LIST, BN_READS,
		    "cron workflows become pipelines; annotations binnacle/owner, binnacle/group, "
		    "binnacle/definition (path of the file) and binnacle/idempotence (idempotent, "
		    "at-least-once, append) are understood; needs `list cronworkflows`"},
    [ARGO_TEMPLATES] = {"GET", "/api/v1/workflow-templates/{namespace}", LIST, BN_READS,
			"workflow templates that no cron workflow runs become pipelines too; needs "
			"`list workflowtemplates`"},
    [ARGO_RUNS] = {"GET", "/api/v1/workflows/{namespace}", LIST " fields createdAfter", BN_READS,
		   "runs, the archive merged in since v3.5; needs `list workflows`"},
    [ARGO_ARCHIVED] = {"GET", "/api/v1/archived-workflows",
		       LIST " listOptions.fieldSelector namespace", BN_READS,
		       "archived runs of servers before v3.5; needs `list workflows`"},
    [ARGO_RUN] = {"GET", "/api/v1/workflows/{namespace}/{name}", "fields uid", BN_READS,
		  "one run and its nodes; needs `get workflows`"},
    [ARGO_LOG] = {"GET", "/api/v1/workflows/{namespace}/{name}/log",
		  "podName logOptions.container logOptions.follow logOptions.tailLines "
		  "logOptions.timestamps "
		  "logOptions.sinceTime.seconds",
		  BN_READS, "a run's log while its pods exist; needs `get pods/log`"},
    [ARGO_MAIN_LOGS] = {"GET",
			"/artifact-files/{namespace}/{idDiscriminator}/{id}/{nodeId}/"
			"{artifactDiscriminator}/{artifactName}",
			"", BN_READS,
			"a node's archived log once its pod is gone; needs `get workflows`"},
    [ARGO_VERSION] = {"GET", "/api/v1/version", "", BN_READS, "the server's version"},
    [ARGO_USER] = {"GET", "/api/v1/userinfo", "", BN_READS, "whom the server takes us for"},
    {NULL, NULL, NULL, BN_READS, NULL}};

/* ---- names --------------------------------------------------------------------------------- */

const char *
argo_namespace(const struct bn_source *s)
{
	const char *namespace = bn_option(s, "namespace");

	return namespace != NULL ? namespace : "";
}

const char *
argo_key(struct bn_source *s, const char *namespace, const char *name)
{
	if (name == NULL || namespace == NULL || argo_namespace(s)[0] != '\0')
		return name;
	return bn_format(s, "%s/%s", namespace, name);
}

void
argo_split_key(struct bn_source *s, const char *key, const char **namespace, const char **name)
{
	const char *slash = strchr(key, '/');

	*namespace = argo_namespace(s);
	*name = key;
	if ((*namespace)[0] == '\0' && slash != NULL) {
		*namespace = bn_format(s, "%.*s", (int)(slash - key), key);
		*name = slash + 1;
	}
}

/* `binnacle/WHAT` as an annotation or label of the object, or else a plain label WHAT. */
static const char *
declared(struct bn_source *s, struct bn_json meta, const char *what)
{
	const char *text;

	text = bn_json_string(meta, bn_format(s, "annotations/binnacle~1%s", what));
	if (text == NULL)
		text = bn_json_string(meta, bn_format(s, "labels/binnacle~1%s", what));
	return text != NULL ? text : bn_json_string(meta, bn_format(s, "labels/%s", what));
}

static enum bn_idempotence
idempotence(const char *word)
{
	static const struct {
		const char *word;
		enum bn_idempotence class;
	} classes[] = {{"idempotent", BN_IDEMPOTENT},
		       {"true", BN_IDEMPOTENT},
		       {"at-least-once", BN_AT_LEAST_ONCE},
		       {"append", BN_APPEND}};

	for (size_t i = 0; word != NULL && i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strcmp(word, classes[i].word) == 0)
			return classes[i].class;
	return BN_IDEMPOTENCE_UNKNOWN;
}

/* A person's own labels, as the list struct bn_entity wants; Argo's bookkeeping is left out. */
static const char *const *
labels_of(struct bn_source *s, struct bn_json meta)
{
	enum { AT_MOST = 24 };
	const char **list = bn_alloc(s, (2 * AT_MOST + 1) * sizeof(*list));
	struct bn_json_iter it = bn_json_walk(meta, "labels");
	size_t n = 0;

	while (n < AT_MOST && bn_json_next(&it)) {
		const char *value = bn_json_string(it.value, NULL);

		if (it.key == NULL || value == NULL ||
		    strncmp(it.key, "workflows.argoproj.io/", 22) == 0)
			continue;
		list[2 * n] = it.key;
		list[2 * n + 1] = value;
		n++;
	}
	return n > 0 ? list : NULL;
}

static const char *
page_url(struct bn_source *s, const char *list, const char *namespace, const char *name)
{
	const char *base = bn_option(s, "url");
	size_t size = base != NULL ? strlen(base) : 0;

	if (size == 0 || namespace == NULL || name == NULL)
		return NULL;
	while (size > 0 && base[size - 1] == '/')
		size--;
	return bn_format(s, "%.*s/%s/%s/%s", (int)size, base, list, bn_escape(s, namespace),
			 bn_escape(s, name));
}

/* ---- pipelines ----------------------------------------------------------------------------- */

/* Keys, each followed by a blank. */
struct words {
	char *text;
	size_t size, capacity, at_most;
};

/* One poll's state. */
struct poll {
	struct bn_source *s;
	struct bn_batch *batch;
	struct words crons;  /* keys of the cron workflows read in this poll */
	bn_time now, newest; /* creation of the newest run seen */
	bn_time explained, explained_next;
	const char *known;		      /* unfinished at the last poll */
	bool *settled;			      /* for each of those: seen in this poll */
	struct words unfinished;	      /* for the next poll */
	const char *failed[EXPLAINED_A_POLL]; /* keys of newly failed runs */
	bn_time failed_at[EXPLAINED_A_POLL];
	size_t failed_count;
};

static void
add_word(struct bn_source *s, struct words *words, const char *word)
{
	size_t length = strlen(word), need = words->size + length + 2;

	if (need > words->at_most)
		return;
	if (need > words->capacity) {
		size_t capacity = words->capacity > 0 ? 2 * words->capacity : 1024;
		char *text;

		while (capacity < need)
			capacity *= 2;
		text = bn_alloc(s, capacity);
		if (words->size > 0)
			memcpy(text, words->text, words->size);
		words->text = text;
		words->capacity = capacity;
	}
	memcpy(words->text + words->size, word, length);
	memcpy(words->text + words->size + length, " ", 2);
	words->size += length + 1;
}

/* The number of `word` among the words of `text`, or -1. */
static int
find_word(const char *text, const char *word)
{
	size_t size = strlen(word);

	for (int i = 0; text != NULL && *text != '\0'; i++) {
		size_t length = strcspn(text, " ");

		if (length == size && memcmp(text, word, size) == 0)
			return i;
		text += length + strspn(text + length, " ");
	}
	return -1;
}

/* Several schedules (since v3.6) are told joined by "; ". */
static const char *
schedule_of(struct bn_source *s, struct bn_json spec)
{
	struct bn_json_iter it = bn_json_walk(spec, "schedules");
	const char *joined = NULL;

	for (int i = 0; i < 16 && bn_json_next(&it); i++) {
		const char *one = bn_json_string(it.value, NULL);

		if (one != NULL)
			joined = joined == NULL ? one : bn_format(s, "%s; %s", joined, one);
	}
	return joined != NULL ? joined : bn_json_string(spec, "schedule");
}

/* What the controller says is wrong with a cron workflow, or NULL. */
static const char *
cron_trouble(struct bn_json item, const char **raw)
{
	struct bn_json_iter it = bn_json_walk(item, "status/conditions");

	while (bn_json_next(&it)) {
		const char *type = bn_json_string(it.value, "type");
		const char *status = bn_json_string(it.value, "status");

		if (type == NULL || status == NULL || strcmp(status, "True") != 0)
			continue;
		if (strcmp(type, "SpecError") == 0 || strcmp(type, "SubmissionError") == 0) {
			const char *message = bn_json_string(it.value, "message");

			*raw = type;
			return message != NULL ? message : type;
		}
	}
	return NULL;
}

static int
read_pipeline(struct poll *p, struct bn_json item, const char *list, struct bn_pipeline *out,
	      struct bn_error *err)
{
	struct bn_json meta = bn_json_get(item, "metadata");
	const char *name = bn_json_string(meta, "name"),
		   *namespace = bn_json_string(meta, "namespace");
	const char *owner = declared(p->s, meta, "owner");

	if (owner == NULL)
		owner = declared(p->s, meta, "team");
	if (name == NULL || name[0] == '\0')
		return bn_fail_at(p->s, err, BN_EPARSE, "an item of %s has no metadata.name", list);
	*out = (struct bn_pipeline){
	    .e = {.key = argo_key(p->s, namespace, name),
		  .name = name,
		  .status = BN_HEALTHY,
		  .owner = owner,
		  .url = page_url(p->s, list, namespace, name),
		  .labels = labels_of(p->s, meta)},
	    .group = declared(p->s, meta, "group"),
	    .engine = "argo",
	    .definition = declared(p->s, meta, "definition"),
	    .idempotence = idempotence(declared(p->s, meta, "idempotence")),
	};
	return BN_OK;
}

static int
on_cron(struct bn_json item, void *payload, struct bn_error *err)
{
	struct poll *p = payload;
	struct bn_json spec = bn_json_get(item, "spec");
	struct bn_pipeline pipeline;
	const char *trouble, *template;
	int rc = read_pipeline(p, item, "cron-workflows", &pipeline, err);

	if (rc != BN_OK)
		return rc;
	pipeline.schedule = schedule_of(p->s, spec);
	pipeline.timezone = bn_json_string(spec, "timezone");
	pipeline.paused = bn_json_bool(spec, "suspend", false);
	pipeline.e.raw_status = bn_json_string(item, "status/phase");
	trouble = cron_trouble(item, &pipeline.e.raw_status);
	if (pipeline.paused) {
		pipeline.e.status = BN_PAUSED;
		pipeline.e.raw_status = "suspended";
	} else if (trouble != NULL) {
		pipeline.e.status = BN_DEGRADED;
		pipeline.e.message = trouble;
	}
	bn_add_pipeline(p->batch, &pipeline);
	add_word(p->s, &p->crons, pipeline.e.key);

	template = argo_key(p->s, bn_json_string(item, "metadata/namespace"),
			    bn_json_string(spec, "workflowSpec/workflowTemplateRef/name"));
	if (template != NULL && find_word(p->crons.text, template) < 0)
		add_word(p->s, &p->crons, template);
	return BN_OK;
}

/* A template is a pipeline of its own, unless cron workflows run it: then they are the pipelines,
 * and it is how they are made. */
static int
on_template(struct bn_json item, void *payload, struct bn_error *err)
{
	struct poll *p = payload;
	struct bn_pipeline pipeline;
	int rc = read_pipeline(p, item, "workflow-templates", &pipeline, err);

	if (rc == BN_OK && find_word(p->crons.text, pipeline.e.key) < 0)
		bn_add_pipeline(p->batch, &pipeline);
	return rc;
}

/* Reads a list to its end, page by page. `continue` is an offset since v3.5 and a Kubernetes token
 * before: it is passed back as it came. */
static int
read_list(struct poll *p, enum argo_request request, const char *selector,
	  const char *field_selector, const char *fields, bn_time created_after,
	  bn_item_fn *on_item, struct bn_error *err)
{
	bool archive = request == ARGO_ARCHIVED;
	/* in the archive the namespace is a parameter, to be left out for all of them */
	const char *namespace =
	    archive && argo_namespace(p->s)[0] == '\0' ? NULL : argo_namespace(p->s);
	const char *after = created_after > 0 ? bn_time_text(p->s, created_after) : NULL;
	const char *next = NULL;

	for (int page = 0; page < PAGES_AT_MOST; page++) {
		struct bn_json rest;
		int rc = bn_items(p->s, request,
				  BN_PARAMS({"namespace", namespace},
					    {"listOptions.limit", archive ? "100" : "500"},
					    {"listOptions.continue", next},
					    {"listOptions.labelSelector", selector},
					    {"listOptions.fieldSelector", field_selector},
					    {"fields", fields}, {"createdAfter", after}),
				  "items", on_item, p, &rest, err);

		if (rc == BN_OK)
			rc = bn_page(p->batch, err);
		if (rc != BN_OK)
			return rc;
		next = bn_json_string(rest, "metadata/continue");
		if (next == NULL || next[0] == '\0')
			return BN_OK;
	}
	bn_add_skip(p->batch, requests[request].path,
		    "the list is longer than 40 pages; shorten `window`");
	return BN_OK;
}

/* A list that the login may not read is told as skipped, and everything else is still read. */
static int
poll_pipelines(struct poll *p, enum argo_request request, const char *scope, bn_item_fn *on_item,
	       struct bn_error *err)
{
	const char *selector = bn_option(p->s, "label-selector");
	int rc = bn_scope(p->batch, scope, BN_COMPLETE, err);

	if (rc == BN_OK)
		rc = read_list(p, request, selector, NULL, NULL, 0, on_item, err);
	if (rc == BN_EPERM) {
		bn_add_skip(p->batch, scope, err->message);
		return BN_OK;
	}
	return rc == BN_OK ? bn_scope_done(p->batch, err) : rc;
}

/* ---- runs ---------------------------------------------------------------------------------- */

/* Stopping and terminating end in phase Failed; only spec.shutdown tells them from a failure. */
static enum bn_status
run_status(const char *phase, const char *shutdown, bool suspended)
{
	if (phase == NULL || phase[0] == '\0' || strcmp(phase, "Pending") == 0)
		return BN_QUEUED;
	if (strcmp(phase, "Running") == 0)
		return suspended ? BN_PAUSED : BN_RUNNING;
	if (strcmp(phase, "Succeeded") == 0)
		return BN_SUCCEEDED;
	if (strcmp(phase, "Failed") == 0 || strcmp(phase, "Error") == 0)
		return shutdown != NULL && shutdown[0] != '\0' ? BN_CANCELLED : BN_FAILED;
	return BN_UNKNOWN;
}

static const char *
trigger_of(struct bn_json meta)
{
	if (bn_json_string(meta, ARGO_LABEL("cron-workflow")) != NULL)
		return "schedule";
	if (bn_json_string(meta, ARGO_LABEL("resubmitted-from-workflow")) != NULL)
		return "resubmit";
	if (bn_json_string(meta, "labels/events.argoproj.io~1sensor") != NULL)
		return "event";
	return bn_json_string(meta, ARGO_LABEL("creator")) != NULL ? "manual" : NULL;
}

static const char *
pipeline_of(struct bn_json meta)
{
	static const char *const paths[] = {ARGO_LABEL("cron-workflow"),
					    ARGO_LABEL("workflow-template"),
					    ARGO_LABEL("cluster-workflow-template")};
	const char *name = NULL;

	for (size_t i = 0; name == NULL && i < sizeof(paths) / sizeof(paths[0]); i++)
		name = bn_json_string(meta, paths[i]);
	return name;
}

int
argo_read_run(struct bn_source *s, struct bn_json workflow, struct bn_run *run,
	      struct bn_error *err)
{
	struct bn_json meta = bn_json_get(workflow, "metadata"),
		       status = bn_json_get(workflow, "status");
	const char *name = bn_json_string(meta, "name"),
		   *namespace = bn_json_string(meta, "namespace");
	const char *phase = bn_json_string(status, "phase"),
		   *progress = bn_json_string(status, "progress");
	const char *message = bn_json_string(status, "message");

	if (name == NULL || name[0] == '\0')
		return bn_fail_at(s, err, BN_EPARSE, "a workflow has no metadata.name");
	*run = (struct bn_run){
	    .e = {.key = argo_key(s, namespace, name),
		  .name = name,
		  .status = run_status(phase, bn_json_string(workflow, "spec/shutdown"),
				       bn_json_bool(workflow, "spec/suspend", false)),
		  .raw_status = phase != NULL && phase[0] != '\0' ? phase : "Pending",
		  /* "child 'x-123' failed" names no cause: argo_detail finds the node that has one
		   */
		  .message =
		      message != NULL && strncmp(message, "child '", 7) == 0 ? NULL : message,
		  .url = page_url(s, "workflows", namespace, name),
		  .labels = labels_of(s, meta)},
	    .pipeline = argo_key(s, namespace, pipeline_of(meta)),
	    .queued_at = bn_json_time(meta, "creationTimestamp"),
	    .started_at = bn_json_time(status, "startedAt"),
	    .finished_at = bn_json_time(status, "finishedAt"),
	    .trigger = trigger_of(meta),
	    .progress = progress,
	    .retry_of = argo_key(s, namespace,
				 bn_json_string(meta, ARGO_LABEL("resubmitted-from-workflow"))),
	    .tasks_total = -1, /* progress counts pods; argo_detail counts tasks */
	    .tasks_done = -1,
	    .tasks_failed = -1,
	    .tasks_skipped = -1,
	};
	run->e.since = run->finished_at > 0  ? run->finished_at
		       : run->started_at > 0 ? run->started_at
					     : run->queued_at;
	return BN_OK;
}

/* Remembers what the next poll has to look at again. */
static void
remember(struct poll *p, const struct bn_run *run)
{
	int known = find_word(p->known, run->e.key);
	size_t n = p->failed_count;

	if (known >= 0)
		p->settled[known] = true;
	if (run->finished_at == 0) {
		if (find_word(p->unfinished.text, run->e.key) < 0)
			add_word(p->s, &p->unfinished, run->e.key);
		return;
	}
	if (run->e.status != BN_FAILED || run->finished_at <= p->explained)
		return;
	if (run->finished_at > p->explained_next)
		p->explained_next = run->finished_at;
	/* keep the newest ones, newest first */
	while (n > 0 && p->failed_at[n - 1] < run->finished_at)
		n--;
	if (n == EXPLAINED_A_POLL)
		return;
	if (p->failed_count < EXPLAINED_A_POLL)
		p->failed_count++;
	for (size_t i = p->failed_count - 1; i > n; i--) {
		p->failed[i] = p->failed[i - 1];
		p->failed_at[i] = p->failed_at[i - 1];
	}
	p->failed[n] = bn_format(p->s, "%s", run->e.key);
	p->failed_at[n] = run->finished_at;
}

static int
on_run(struct bn_json item, void *payload, struct bn_error *err)
{
	struct poll *p = payload;
	struct bn_run run;
	int rc = argo_read_run(p->s, item, &run, err);

	if (rc != BN_OK)
		return rc;
	if (run.queued_at > p->newest)
		p->newest = run.queued_at;
	bn_add_run(p->batch, &run);
	remember(p, &run);
	return BN_OK;
}

/* A run that was unfinished at the last poll and is in no list now: finished long after it was
 * created, or deleted while it ran. */
static int
settle(struct poll *p, const char *key, struct bn_error *err)
{
	const char *namespace, *name;
	struct bn_json workflow;
	int rc;

	argo_split_key(p->s, key, &namespace, &name);
	rc = bn_get(p->s, ARGO_RUN,
		    BN_PARAMS({"namespace", namespace}, {"name", name}, {"fields", ONE_RUN_FIELDS}),
		    &workflow, err);
	if (rc == BN_OK)
		return on_run(workflow, p, err);
	if (rc != BN_ENOTFOUND)
		return rc;
	bn_add_run(p->batch,
		   &(struct bn_run){.e = {.key = key,
					  .name = name,
					  .status = BN_CANCELLED,
					  .raw_status = "deleted",
					  .message = "the workflow was deleted before it finished"},
				    .finished_at = p->now,
				    .tasks_total = -1,
				    .tasks_done = -1,
				    .tasks_failed = -1,
				    .tasks_skipped = -1});
	return BN_OK;
}

static int
settle_all(struct poll *p, struct bn_error *err)
{
	const char *at = p->known;
	int rc = BN_OK;

	for (size_t i = 0; rc == BN_OK && at != NULL && *at != '\0'; i++) {
		size_t length = strcspn(at, " ");

		if (!p->settled[i])
			rc = settle(p, bn_format(p->s, "%.*s", (int)length, at), err);
		at += length + strspn(at + length, " ");
	}
	return rc;
}

/* Servers before v3.5 keep the archive apart from the list of runs. */
static bool
archive_is_apart(struct bn_source *s)
{
	const char *wish = bn_option(s, "archived"), *version;
	struct bn_json reply;
	struct bn_error err;
	int major = 0, minor = 0;

	if (wish != NULL && strcmp(wish, "auto") != 0)
		return strcmp(wish, "always") == 0;
	if (bn_get(s, ARGO_VERSION, BN_NO_PARAMS, &reply, &err) != BN_OK)
		return false;
	version = bn_json_string(reply, "version");
	return version != NULL && sscanf(version, "v%d.%d", &major, &minor) == 2 &&
	       (major < 3 || (major == 3 && minor < 5));
}

/* All runs created since `after`, and all that have not finished, however old. */
static int
read_runs(struct poll *p, bn_time after, bool full, struct bn_error *err)
{
	const char *selector = bn_option(p->s, "label-selector");
	const char *unfinished = "workflows.argoproj.io/completed!=true";
	int rc = BN_OK;

	if (selector != NULL)
		unfinished = bn_format(p->s, "%s,%s", unfinished, selector);
	if (full && archive_is_apart(p->s))
		rc = read_list(p, ARGO_ARCHIVED, selector,
			       bn_format(p->s, "spec.startedAt>%s", bn_time_text(p->s, after)),
			       NULL, 0, on_run, err);
	if (rc == BN_OK)
		rc = read_list(p, ARGO_RUNS, selector, NULL, RUN_FIELDS, after, on_run, err);
	if (rc == BN_OK)
		rc = read_list(p, ARGO_RUNS, unfinished, NULL, RUN_FIELDS, 0, on_run, err);
	return rc == BN_OK ? settle_all(p, err) : rc;
}

/* Reads the nodes of runs that failed since the last poll: what failed is the first thing asked
 * for. */
static int
explain_failures(struct poll *p, struct bn_error *err)
{
	for (size_t i = 0; i < p->failed_count; i++) {
		struct bn_ref ref = {BN_RUN, p->s->name, p->failed[i]};
		int rc = argo_detail(p->s, &ref, p->batch, err);

		if (rc == BN_ECANCELLED)
			return rc;
		if (rc != BN_OK)
			bn_add_skip(p->batch, p->failed[i], err->message);
	}
	return BN_OK;
}

static int
poll_runs(struct poll *p, struct bn_error *err)
{
	bn_time full_at = bn_parse_time(p->s, bn_watermark(p->batch, "runs-full"));
	bn_time after = bn_parse_time(p->s, bn_watermark(p->batch, "runs-created"));
	bool full = after == 0 || p->now - full_at > FULL_READ_EVERY || p->now < full_at;
	const char *explained = bn_watermark(p->batch, "runs-explained");
	int rc;

	if (full) {
		after = p->now - bn_option_int(p->s, "window");
		full_at = p->now;
	}
	p->newest = after + OVERLAP;
	p->known = bn_watermark(p->batch, "runs-unfinished");
	p->settled = bn_alloc(p->s, p->known != NULL ? strlen(p->known) / 2 + 1 : 1);
	p->explained = explained != NULL ? bn_parse_time(p->s, explained) : p->now - EXPLAINED_AGE;
	p->explained_next = p->explained;

	rc = bn_scope(p->batch, "runs", BN_DELTA, err);
	if (rc == BN_OK)
		rc = read_runs(p, after, full, err);
	if (rc == BN_OK)
		rc = explain_failures(p, err);
	if (rc != BN_OK)
		return rc;
	bn_set_watermark(p->batch, "runs-full", bn_time_text(p->s, full_at));
	bn_set_watermark(p->batch, "runs-created", bn_time_text(p->s, p->newest - OVERLAP));
	bn_set_watermark(p->batch, "runs-unfinished",
			 p->unfinished.text != NULL ? p->unfinished.text : "");
	bn_set_watermark(p->batch, "runs-explained", bn_time_text(p->s, p->explained_next));
	return bn_scope_done(p->batch, err);
}

static int
argo_poll(struct bn_source *s, struct bn_batch *batch, struct bn_error *err)
{
	struct poll p = {.s = s,
			 .batch = batch,
			 .now = bn_source_now(s),
			 .crons = {.at_most = 1024 * 1024},
			 .unfinished = {.at_most = UNFINISHED_BYTES}};
	int rc = poll_pipelines(&p, ARGO_CRONS, "cron-workflows", on_cron, err);

	if (rc == BN_OK)
		rc = poll_pipelines(&p, ARGO_TEMPLATES, "workflow-templates", on_template, err);
	return rc == BN_OK ? poll_runs(&p, err) : rc;
}

/* ---- login and doctor ---------------------------------------------------------------------- */

/* People keep the whole header, "Bearer ...", in ARGO_TOKEN; `argo auth token` prints it so. */
static int
argo_login(struct bn_source *s, struct bn_error *err)
{
	const char *token = NULL;
	int rc = bn_secret(s, "token", &token, err);

	if (rc != BN_OK || token == NULL)
		return rc;
	if (strncmp(token, "Bearer ", 7) == 0)
		token += 7;
	bn_set_bearer(s, token);
	return BN_OK;
}

static void
ask(struct bn_source *s, struct bn_sink *sink, enum argo_request request, const char *what,
    const char *shown)
{
	struct bn_json reply = {0};
	struct bn_error err = {0};
	int rc = bn_get(
	    s, request,
	    BN_PARAMS({"namespace",
		       strchr(requests[request].path, '{') != NULL ? argo_namespace(s) : NULL},
		      {"listOptions.limit", shown == NULL ? "1" : NULL},
		      {"fields", request == ARGO_RUNS ? "metadata,items.metadata.name" : NULL}),
	    &reply, &err);
	const char *value = rc == BN_OK && shown != NULL ? bn_json_string(reply, shown) : NULL;

	if (rc != BN_OK)
		bn_check(s, sink, BN_CHECK_FAIL, what,
			 err.hint[0] != '\0' ? bn_format(s, "%s (%s)", err.message, err.hint)
					     : err.message);
	else
		bn_check(s, sink, BN_CHECK_OK, what, value != NULL ? value : "");
}

static int
argo_doctor(struct bn_source *s, struct bn_sink *sink, struct bn_error *err)
{
	(void)err;
	ask(s, sink, ARGO_VERSION, "server version", "version");
	ask(s, sink, ARGO_USER, "login", "subject");
	ask(s, sink, ARGO_RUNS, "list workflows", NULL);
	ask(s, sink, ARGO_CRONS, "list cron workflows", NULL);
	ask(s, sink, ARGO_TEMPLATES, "list workflow templates", NULL);
	return BN_OK;
}

const struct bn_plugin bn_plugin_argo_workflows = {
    .abi = BN_PLUGIN_ABI,
    .name = "argo-workflows",
    .summary =
	"Argo Workflows: cron workflows, templates, runs, nodes and logs through argo-server",
    .provides = "pipeline run task",
    .options = options,
    .requests = requests,
    .login = argo_login,
    .poll = argo_poll,
    .detail = argo_detail,
    .logs = argo_logs,
    .doctor = argo_doctor,
};

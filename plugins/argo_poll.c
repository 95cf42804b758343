/* argo_poll.c - one poll of an argo-server: pipelines, and the runs that may have changed. */
/* SPDX-License-Identifier: MIT
 *
 * Runs are read from the newest one known on. What was unfinished at the last poll and has left
 * the lists is looked up by name; once an hour the whole window is read again, for retries that
 * came and went in between. */
#include <stdio.h>
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

/* ---- pipelines ------------------------------------------------------------------------------- */

static int
on_cron(struct bn_json item, void *payload, struct bn_error *err)
{
	struct poll *p = payload;
	struct bn_pipeline pipeline;
	const char *template;
	int rc = argo_read_cron(p->s, item, &pipeline, err);

	if (rc != BN_OK)
		return rc;
	bn_add_pipeline(p->batch, &pipeline);
	add_word(p->s, &p->crons, pipeline.e.key);
	template = argo_key(p->s, bn_json_string(item, "metadata/namespace"),
			    bn_json_string(item, "spec/workflowSpec/workflowTemplateRef/name"));
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
	int rc = argo_read_template(p->s, item, "workflow-templates", &pipeline, err);

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
	bn_add_skip(p->batch, fields != NULL ? "runs" : "pipelines",
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

/* ---- runs ------------------------------------------------------------------------------------ */

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

int
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

/* ---- history --------------------------------------------------------------------------------- */

static int
on_old_run(struct bn_json item, void *payload, struct bn_error *err)
{
	struct poll *p = payload;
	struct bn_run run;
	int rc = argo_read_run(p->s, item, &run, err);

	/* what is younger is read by polls, and may be on its way */
	if (rc == BN_OK && run.finished_at != 0 && run.queued_at < p->newest)
		bn_add_run(p->batch, &run);
	return rc;
}

/* An archive of its own is asked a day at a time, from the newest on; what was read of it is all there
 * was. Since v3.5 the list holds the archive, if there is one: whether runs were deleted without having
 * been archived can't be told, so nothing is claimed then. */
int
argo_backfill(struct bn_source *s, bn_time since, struct bn_batch *batch, struct bn_error *err)
{
	const int64_t day = INT64_C(86400000);
	const char *selector = bn_option(s, "label-selector");
	struct poll p = {.s = s, .batch = batch, .now = bn_source_now(s)};
	bn_time until = bn_parse_time(s, bn_watermark(batch, "history-until")), from;
	bn_time end = bn_parse_time(s, bn_watermark(batch, "history-end"));
	bool apart = archive_is_apart(s);
	int rc = BN_OK;

	p.newest = p.now - bn_option_int(s, "window");
	if (until == 0)
		until = p.newest;
	if (end == 0)
		end = p.now; /* from here on polls have read everything */
	for (; rc == BN_OK && until > since; until = from) {
		from = apart && until - day > since ? until - day : since;
		rc = bn_scope(batch, "history", BN_DELTA, err);
		if (rc == BN_OK && apart)
			rc = read_list(&p, ARGO_ARCHIVED, selector,
				       bn_format(s, "spec.startedAt>%s,spec.startedAt<%s",
						 bn_time_text(s, from), bn_time_text(s, until)),
				       NULL, 0, on_old_run, err);
		else if (rc == BN_OK)
			rc = read_list(&p, ARGO_RUNS, selector, NULL, RUN_FIELDS, from, on_old_run,
				       err);
		if (rc != BN_OK)
			return rc;
		if (apart)
			bn_add_history(batch, from, end);
		bn_set_watermark(batch, "history-until", bn_time_text(s, from));
		bn_set_watermark(batch, "history-end", bn_time_text(s, end));
		rc = bn_scope_done(batch, err);
	}
	return rc;
}

/* airflow_poll.c - one poll of an Airflow: DAGs, runs that changed, import errors, pools. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "airflow.h"

#define PAGES_AT_MOST	 300
#define FULL_READ_EVERY	 (60 * 60 * 1000) /* ms between two readings of the whole window */
#define OVERLAP		 (120 * 1000)	  /* ms a reading goes back behind the one before */
#define EXPLAINED_A_POLL 5 /* failed runs whose tasks are read without being asked for */
#define EXPLAINED_AGE	 (24 * 60 * 60 * 1000)

/* The file a DAG stands in: an import error names only the file. */
struct dag_file {
	struct dag_file *next;
	const char *file, *dag;
};

struct poll {
	struct bn_source *s;
	struct bn_batch *batch;
	const struct airflow_dialect *d;
	bn_time now, server_now;
	struct dag_file *files;
	size_t items; /* of the current page */
	bn_time explained, explained_next;
	const char *failed[EXPLAINED_A_POLL]; /* keys of runs that failed since the last poll */
	size_t failed_count;
};

/* Reads a list to its end, 100 items at a time, or fewer where the server allows fewer a page. */
static int
read_list(struct poll *p, int request, const struct bn_param *extra, const char *array,
	  bn_item_fn *on_item, struct bn_error *err)
{
	size_t offset = 0;

	for (int page = 0; page < PAGES_AT_MOST; page++) {
		struct bn_param params[12] = {{"limit", "100"},
					      {"offset", bn_format(p->s, "%zu", offset)}};
		struct bn_json rest;
		int rc;

		for (size_t n = 2, i = 0; extra[i].name != NULL && n < 11; i++)
			params[n++] = extra[i];
		p->items = 0;
		rc = bn_items(p->s, p->d->first + request, params, array, on_item, p, &rest, err);
		if (rc == BN_OK)
			rc = bn_page(p->batch, err);
		if (rc != BN_OK)
			return rc;
		offset += p->items;
		if (p->items == 0 || bn_json_int(rest, "total_entries", 0) <= (int64_t)offset)
			return BN_OK;
	}
	bn_add_skip(p->batch, array, "the list is longer than 300 pages; shorten `window`");
	return BN_OK;
}

/* ---- DAGs ------------------------------------------------------------------------------------ */

static const char *
join(struct bn_source *s, struct bn_json j, const char *path)
{
	struct bn_json_iter it = bn_json_walk(j, path);
	const char *joined = NULL;

	for (int i = 0; i < 8 && bn_json_next(&it); i++) {
		const char *one = bn_json_string(it.value, NULL);

		if (one != NULL)
			joined = joined == NULL ? one : bn_format(s, "%s, %s", joined, one);
	}
	return joined;
}

/* Tags are all that a DAG can say of itself: `idempotent`, `at-least-once` or `append` is its
 * idempotence class, `group:NAME` its group; `name:value` becomes a label, any other word a label
 * without a value. */
static void
read_tags(struct poll *p, struct bn_json item, struct bn_pipeline *pipeline)
{
	enum { AT_MOST = 24 };
	const char **labels = bn_alloc(p->s, (2 * AT_MOST + 1) * sizeof(*labels));
	struct bn_json_iter it = bn_json_walk(item, "tags");
	size_t n = 0;

	while (n < AT_MOST && bn_json_next(&it)) {
		const char *tag = bn_json_string(it.value, "name");
		const char *colon = tag != NULL ? strchr(tag, ':') : NULL;

		if (tag == NULL)
			continue;
		if (strcmp(tag, "idempotent") == 0)
			pipeline->idempotence = BN_IDEMPOTENT;
		else if (strcmp(tag, "at-least-once") == 0)
			pipeline->idempotence = BN_AT_LEAST_ONCE;
		else if (strcmp(tag, "append") == 0)
			pipeline->idempotence = BN_APPEND;
		if (strncmp(tag, "group:", 6) == 0)
			pipeline->group = tag + 6;
		labels[2 * n] =
		    colon != NULL ? bn_format(p->s, "%.*s", (int)(colon - tag), tag) : tag;
		labels[2 * n + 1] = colon != NULL ? colon + 1 : "";
		n++;
	}
	if (n > 0)
		pipeline->e.labels = labels;
}

/* Below the DAG folder, as it is in the repository. Airflow 2 says where the file lies on the
 * server. */
static const char *
definition_of(struct poll *p, const char *file)
{
	const char *folder = bn_option(p->s, "dags-folder");
	size_t size = folder != NULL ? strlen(folder) : 0;

	while (size > 0 && folder[size - 1] == '/')
		size--;
	if (file != NULL && size > 0 && strncmp(file, folder, size) == 0 && file[size] == '/')
		return file + size + 1;
	return file;
}

static void
remember_file(struct poll *p, const char *file, const char *dag)
{
	struct dag_file *entry;

	if (file == NULL)
		return;
	entry = bn_alloc(p->s, sizeof(*entry));
	*entry =
	    (struct dag_file){p->files, bn_format(p->s, "%s", file), bn_format(p->s, "%s", dag)};
	p->files = entry;
}

static const char *
base_url(struct bn_source *s)
{
	const char *base = bn_option(s, "url");
	size_t size = base != NULL ? strlen(base) : 0;

	while (size > 0 && base[size - 1] == '/')
		size--;
	return size > 0 ? bn_format(s, "%.*s", (int)size, base) : NULL;
}

static int
on_dag(struct bn_json item, void *payload, struct bn_error *err)
{
	struct poll *p = payload;
	const char *dag = bn_json_string(item, "dag_id"), *base = base_url(p->s);
	const char *shown = bn_json_string(item, "dag_display_name");
	bool broken = bn_json_bool(item, "has_import_errors", false);
	struct bn_pipeline pipeline;

	p->items++;
	if (dag == NULL || dag[0] == '\0')
		return bn_fail_at(p->s, err, BN_EPARSE, "a DAG has no dag_id");
	pipeline = (struct bn_pipeline){
	    .e = {.key = dag,
		  .name = shown != NULL ? shown : dag,
		  .status = BN_HEALTHY,
		  .raw_status = "active",
		  .owner = join(p->s, item, "owners"),
		  .url = base != NULL ? bn_format(p->s, "%s/dags/%s", base, bn_escape(p->s, dag))
				      : NULL},
	    .paused = bn_json_bool(item, "is_paused", false),
	    .next_due_at = bn_json_time(item, p->d->next_run),
	    .engine = "airflow",
	    .definition = definition_of(p, bn_json_string(item, p->d->file)),
	};
	if (pipeline.definition == NULL)
		pipeline.definition = definition_of(p, bn_json_string(item, "fileloc"));
	for (size_t i = 0; i < 3 && p->d->schedule[i] != NULL && pipeline.schedule == NULL; i++)
		pipeline.schedule = bn_json_string(item, p->d->schedule[i]);
	if (pipeline.paused) {
		pipeline.e.status = BN_PAUSED;
		pipeline.e.raw_status = "paused";
		pipeline.next_due_at = 0;
	} else if (broken) {
		pipeline.e.status = BN_DEGRADED;
		pipeline.e.raw_status = "has_import_errors";
		pipeline.e.message =
		    "its file no longer imports; what runs is the last version that did";
	}
	read_tags(p, item, &pipeline);
	bn_add_pipeline(p->batch, &pipeline);
	remember_file(p, bn_json_string(item, "fileloc"), dag);
	remember_file(p, bn_json_string(item, "relative_fileloc"), dag);
	return BN_OK;
}

/* ---- runs ------------------------------------------------------------------------------------ */

static const struct {
	const char *word;
	enum bn_status status;
} run_states[] = {{"queued", BN_QUEUED},
		  {"running", BN_RUNNING},
		  {"success", BN_SUCCEEDED},
		  {"failed", BN_FAILED}};

static const char *
trigger_of(const char *type)
{
	static const struct {
		const char *type, *trigger;
	} words[] = {{"scheduled", "schedule"},
		     {"dataset_triggered", "dataset"},
		     {"asset_triggered", "asset"}};

	for (size_t i = 0; type != NULL && i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(type, words[i].type) == 0)
			return words[i].trigger;
	return type;
}

int
airflow_read_run(struct bn_source *s, struct bn_json item, struct bn_run *run, struct bn_error *err)
{
	const struct airflow *a = s->data;
	const char *dag = bn_json_string(item, "dag_id"), *id = bn_json_string(item, "dag_run_id");
	const char *state = bn_json_string(item, "state"), *base = base_url(s);

	if (dag == NULL || id == NULL || dag[0] == '\0' || id[0] == '\0')
		return bn_fail_at(s, err, BN_EPARSE, "a DAG run has no dag_id or dag_run_id");
	*run = (struct bn_run){
	    .e = {.key = bn_format(s, "%s/%s", dag, id),
		  .name = id,
		  .raw_status = state,
		  .message = bn_json_string(item, "note")},
	    .pipeline = dag,
	    .queued_at = bn_json_time(item, "queued_at"),
	    .started_at = bn_json_time(item, "start_date"),
	    .finished_at = bn_json_time(item, "end_date"),
	    .trigger = trigger_of(bn_json_string(item, "run_type")),
	    .tasks_total = -1,
	    .tasks_failed = -1,
	    .tasks_skipped = -1,
	    .tasks_done = -1,
	};
	for (size_t i = 0; state != NULL && i < sizeof(run_states) / sizeof(run_states[0]); i++)
		if (strcmp(state, run_states[i].word) == 0)
			run->e.status = run_states[i].status;
	/* Clearing leaves old dates behind: the state is what counts. */
	if (run->e.status == BN_QUEUED)
		run->started_at = 0;
	if (run->e.status == BN_QUEUED || run->e.status == BN_RUNNING)
		run->finished_at = 0;
	run->e.since = run->finished_at != 0  ? run->finished_at
		       : run->started_at != 0 ? run->started_at
					      : run->queued_at;
	if (base != NULL && a->dialect != NULL && !a->dialect->log_is_json)
		run->e.url = bn_format(s, "%s/dags/%s/grid?dag_run_id=%s", base, bn_escape(s, dag),
				       bn_escape(s, id));
	else if (base != NULL)
		run->e.url =
		    bn_format(s, "%s/dags/%s/runs/%s", base, bn_escape(s, dag), bn_escape(s, id));
	return BN_OK;
}

static int
on_run(struct bn_json item, void *payload, struct bn_error *err)
{
	struct poll *p = payload;
	struct bn_run run;
	int rc = airflow_read_run(p->s, item, &run, err);

	p->items++;
	if (rc != BN_OK)
		return rc;
	bn_add_run(p->batch, &run);
	if (run.e.status != BN_FAILED || run.finished_at <= p->explained)
		return BN_OK;
	if (run.finished_at > p->explained_next)
		p->explained_next = run.finished_at;
	if (p->failed_count < EXPLAINED_A_POLL) /* the newest come first */
		p->failed[p->failed_count++] = bn_format(p->s, "%s", run.e.key);
	return BN_OK;
}

/* Reads the tasks of runs that failed since the last poll: what failed is the first thing asked
 * for. */
static int
explain_failures(struct poll *p, struct bn_error *err)
{
	for (size_t i = 0; i < p->failed_count; i++) {
		struct bn_ref ref = {BN_RUN, p->s->name, p->failed[i]};
		int rc = airflow_detail(p->s, &ref, p->batch, err);

		if (rc == BN_ECANCELLED)
			return rc;
		if (rc != BN_OK)
			bn_add_skip(p->batch, p->failed[i], err->message);
	}
	return BN_OK;
}

/* The whole window once an hour, and with it the runs that wait or run, however old (a queued run
 * has no start date to be found by); in between what changed. -start_date is the only order both
 * dialects know. */
static int
poll_runs(struct poll *p, struct bn_error *err)
{
	bn_time full_at = bn_parse_time(p->s, bn_watermark(p->batch, "runs-full"));
	bn_time changed = bn_parse_time(p->s, bn_watermark(p->batch, "runs-changed"));
	bool full = changed == 0 || p->now - full_at > FULL_READ_EVERY || p->now < full_at;
	const char *explained = bn_watermark(p->batch, "runs-explained");
	int rc = bn_scope(p->batch, "runs", BN_DELTA, err);

	p->explained = explained != NULL ? bn_parse_time(p->s, explained) : p->now - EXPLAINED_AGE;
	p->explained_next = p->explained;
	if (rc == BN_OK && full) {
		full_at = p->now;
		rc = read_list(
		    p, AIRFLOW_RUNS,
		    BN_PARAMS({"dag_id", "~"}, {"order_by", "-start_date"},
			      {"start_date_gte",
			       bn_time_text(p->s, p->now - bn_option_int(p->s, "window"))}),
		    "dag_runs", on_run, err);
		if (rc == BN_OK)
			rc = read_list(p, AIRFLOW_RUNS,
				       BN_PARAMS({"dag_id", "~"}, {"order_by", "-start_date"},
						 {"state", "queued"}, {"state", "running"}),
				       "dag_runs", on_run, err);
	} else if (rc == BN_OK) {
		rc = read_list(p, AIRFLOW_RUNS,
			       BN_PARAMS({"dag_id", "~"}, {"order_by", "-start_date"},
					 {"updated_at_gte", bn_time_text(p->s, changed)}),
			       "dag_runs", on_run, err);
	}
	if (rc == BN_OK)
		rc = explain_failures(p, err);
	if (rc != BN_OK)
		return rc;
	bn_set_watermark(p->batch, "runs-explained", bn_time_text(p->s, p->explained_next));
	bn_set_watermark(p->batch, "runs-full", bn_time_text(p->s, full_at));
	bn_set_watermark(p->batch, "runs-changed", bn_time_text(p->s, p->server_now - OVERLAP));
	return bn_scope_done(p->batch, err);
}

/* ---- what Airflow itself says is wrong ------------------------------------------------------- */

/* The last line of a Python traceback is the error. */
static const char *
last_line(struct bn_source *s, const char *text)
{
	size_t end = strlen(text), start;

	while (end > 0 && strchr(" \n\r\t", text[end - 1]) != NULL)
		end--;
	for (start = end; start > 0 && text[start - 1] != '\n';)
		start--;
	return bn_format(s, "%.*s", (int)(end - start), text + start);
}

static int
on_import_error(struct bn_json item, void *payload, struct bn_error *err)
{
	struct poll *p = payload;
	const char *file = bn_json_string(item, "filename"),
		   *trace = bn_json_string(item, "stack_trace");
	struct bn_ref about = {0};

	p->items++;
	if (file == NULL)
		return bn_fail_at(p->s, err, BN_EPARSE, "an import error names no file");
	for (const struct dag_file *entry = p->files; entry != NULL; entry = entry->next)
		if (strcmp(entry->file, file) == 0)
			about = (struct bn_ref){BN_PIPELINE, NULL, entry->dag};
	bn_add_finding(p->batch,
		       &(struct bn_finding){
			   .key = file,
			   .rule = "import-error",
			   .severity = BN_WARN,
			   .title = bn_format(p->s, "%s does not import", definition_of(p, file)),
			   .message = trace != NULL ? last_line(p->s, trace) : NULL,
			   .about = about,
			   .since = bn_json_time(item, "timestamp"),
			   .url = base_url(p->s),
		       });
	return BN_OK;
}

/* As servers count: -1 is without limit; nobody has a billion. */
static int64_t
slots_of(struct bn_json pool, const char *member)
{
	int64_t count = bn_json_int(pool, member, 0);

	return count < -1 ? -1 : count > 1000000000 ? 1000000000 : count;
}

/* A pool without a free slot while tasks wait for one holds up every DAG that uses it. */
static int
on_pool(struct bn_json item, void *payload, struct bn_error *err)
{
	struct poll *p = payload;
	const char *name = bn_json_string(item, "name");
	int64_t slots = slots_of(item, "slots"), open = slots_of(item, "open_slots");
	int64_t queued = slots_of(item, "queued_slots") + slots_of(item, "scheduled_slots");

	p->items++;
	if (name == NULL)
		return bn_fail_at(p->s, err, BN_EPARSE, "a pool has no name");
	if (slots < 0) /* without limit */
		return BN_OK;
	if (open > 0 || queued == 0)
		return BN_OK;
	bn_add_finding(p->batch,
		       &(struct bn_finding){
			   .key = bn_format(p->s, "pool/%s", name),
			   .rule = "pool-exhausted",
			   .severity = BN_WARN,
			   .title = bn_format(p->s, "pool %s is full", name),
			   .message = bn_format(p->s, "all %lld slots are taken, %lld wait",
						(long long)slots, (long long)queued),
			   .url = base_url(p->s),
		       });
	return BN_OK;
}

/* A list whose findings the login may not read is told as skipped; the rest of the poll goes on. */
static int
poll_findings(struct poll *p, const char *scope, int request, const char *array,
	      bn_item_fn *on_item, struct bn_error *err)
{
	int rc = bn_scope(p->batch, scope, BN_COMPLETE, err);

	if (rc == BN_OK)
		rc = read_list(p, request, BN_NO_PARAMS, array, on_item, err);
	if (rc == BN_EPERM && strstr(err->message, "JWT") == NULL) {
		bn_add_skip(p->batch, scope, err->message);
		return BN_OK;
	}
	return rc == BN_OK ? bn_scope_done(p->batch, err) : rc;
}

/* A part that never reports (status null) is not run separately on that installation. */
static int
poll_health(struct poll *p, struct bn_error *err)
{
	static const struct {
		const char *part, *beat, *doc;
		enum bn_severity severity;
	} parts[] = {
	    {"metadatabase", NULL, "Airflow can't reach its database", BN_CRIT},
	    {"scheduler", "latest_scheduler_heartbeat", "no task is started", BN_CRIT},
	    {"triggerer", "latest_triggerer_heartbeat", "deferred tasks do not come back", BN_WARN},
	    {"dag_processor", "latest_dag_processor_heartbeat", "changed DAG files are not read",
	     BN_WARN},
	};
	struct bn_json health;
	bn_time beat;
	int rc = bn_get(p->s, p->d->first + AIRFLOW_HEALTH, BN_NO_PARAMS, &health, err);

	if (rc == BN_OK)
		rc = bn_scope(p->batch, "health", BN_COMPLETE, err);
	if (rc != BN_OK)
		return rc;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *status =
		    bn_json_string(health, bn_format(p->s, "%s/status", parts[i].part));

		if (status == NULL || strcmp(status, "healthy") == 0)
			continue;
		beat = parts[i].beat == NULL
			   ? 0
			   : bn_json_time(health,
					  bn_format(p->s, "%s/%s", parts[i].part, parts[i].beat));
		bn_add_finding(p->batch, &(struct bn_finding){
					     .key = bn_format(p->s, "health/%s", parts[i].part),
					     .rule = "airflow-health",
					     .severity = parts[i].severity,
					     .title = bn_format(p->s, "Airflow's %s is %s",
								parts[i].part, status),
					     .message = parts[i].doc,
					     .since = beat,
					     .url = base_url(p->s),
					 });
	}
	/* The server's own clock, as far as it tells: what changed is asked for by it. */
	beat = bn_json_time(health, "scheduler/latest_scheduler_heartbeat");
	if (beat > 0 && beat < p->server_now)
		p->server_now = beat;
	return bn_scope_done(p->batch, err);
}

int
airflow_poll(struct bn_source *s, struct bn_batch *batch, struct bn_error *err)
{
	struct poll p = {
	    .s = s, .batch = batch, .now = bn_source_now(s), .server_now = bn_source_now(s)};
	int rc = airflow_dialect(s, &p.d, err);

	if (rc == BN_OK)
		rc = poll_health(&p, err);
	if (rc == BN_OK)
		rc = bn_scope(batch, "dags", BN_COMPLETE, err);
	if (rc == BN_OK)
		rc = read_list(&p, AIRFLOW_DAGS, BN_PARAMS({"order_by", "dag_id"}), "dags", on_dag,
			       err);
	if (rc == BN_OK)
		rc = bn_scope_done(batch, err);
	if (rc == BN_OK)
		rc = poll_runs(&p, err);
	if (rc == BN_OK)
		rc = poll_findings(&p, "import-errors", AIRFLOW_IMPORT_ERRORS, "import_errors",
				   on_import_error, err);
	return rc == BN_OK ? poll_findings(&p, "pools", AIRFLOW_POOLS, "pools", on_pool, err) : rc;
}

/* ---- history --------------------------------------------------------------------------------- */

static int
on_old_run(struct bn_json item, void *payload, struct bn_error *err)
{
	struct poll *p = payload;
	struct bn_run run;
	int rc = airflow_read_run(p->s, item, &run, err);

	p->items++;
	if (rc == BN_OK)
		bn_add_run(p->batch, &run);
	return rc;
}

/* What polls do not read: the days before `window`, one at a time from the newest on, so that an
 * interrupted backfill goes on where it was. Airflow's database keeps every run until somebody purges it:
 * so of what was read all is known. */
int
airflow_backfill(struct bn_source *s, bn_time since, struct bn_batch *batch, struct bn_error *err)
{
	const int64_t day = INT64_C(86400000);
	struct poll p = {.s = s, .batch = batch, .now = bn_source_now(s)};
	bn_time until = bn_parse_time(s, bn_watermark(batch, "history-until")), from;
	bn_time end = bn_parse_time(s, bn_watermark(batch, "history-end"));
	int rc = airflow_dialect(s, &p.d, err);

	if (until == 0)
		until = p.now - bn_option_int(s, "window");
	if (end == 0)
		end = p.now; /* from here on polls have read everything */
	for (; rc == BN_OK && until > since; until = from) {
		from = until - day > since ? until - day : since;
		rc = bn_scope(batch, "history", BN_DELTA, err);
		if (rc == BN_OK)
			rc = read_list(&p, AIRFLOW_RUNS,
				       BN_PARAMS({"dag_id", "~"}, {"order_by", "-start_date"},
						 {"start_date_gte", bn_time_text(s, from)},
						 {"start_date_lte", bn_time_text(s, until)}),
				       "dag_runs", on_old_run, err);
		if (rc != BN_OK)
			return rc;
		bn_add_history(batch, from, end);
		bn_set_watermark(batch, "history-until", bn_time_text(s, from));
		bn_set_watermark(batch, "history-end", bn_time_text(s, end));
		rc = bn_scope_done(batch, err);
	}
	return rc;
}

/* plugins_sim_test.c - through the real host and store, plugins see what the facts say. */
/* SPDX-License-Identifier: MIT */
#include "../test.h"

#include <ftw.h>
#include <math.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/status.h"
#include "collect/collect.h"
#include "net/http.h"
#include "plugins/builtin.h"
#include "sim/sim.h"
#include "spec.h"

#define AT ((bn_time)1773112364000) /* 2026-03-10T03:12:44Z, incident I1 */

struct stage {
	struct bn_sim *sim;
	struct bn_clock clock;
	struct bn_registry *registry;
	struct bn_config *config;
	struct bn_store *store;
	struct bn_collect *collect;
	struct bn_reader *reader;
	json_t *facts;
	char dir[512];
};

static void
observe(const struct bn_exchange *exchange, void *payload)
{
	(void)payload;
	/* a write, or a request that is in no table, must never leave */
	if (exchange->request == NULL || exchange->request->effect != BN_READS)
		fail_msg("%s was sent", exchange->url);
}

static int
set_up(void **state)
{
	struct bn_sim_options options = {
	    .scenario = "I1", .at = AT, .speed = 0, .speed_given = true};
	struct stage *stage = bn_xcalloc(1, sizeof(*stage));
	struct bn_error err = {0};
	char *text;

	*state = stage;
	assert_ok(bn_sim_start(&stage->sim, &options, &err), &err);
	stage->clock = *bn_sim_clock(stage->sim);
	assert_ok(bn_registry_new(&stage->registry, bn_builtin_plugins, &err), &err);
	assert_ok(bn_config_load_text(&stage->config, "demo", bn_sim_config_text(stage->sim),
				      bn_registry_types(stage->registry), &err),
		  &err);
	snprintf(stage->dir, sizeof(stage->dir), "%s/bn-plugins-XXXXXX",
		 getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(stage->dir));
	assert_ok(
	    bn_store_open(&stage->store, stage->dir, BN_STORE_SHARED, &stage->clock, NULL, &err),
	    &err);
	bn_store_set_anchor(stage->store, "");
	assert_ok(bn_collect_new(&stage->collect,
				 &(struct bn_collect_options){.config = stage->config,
							      .registry = stage->registry,
							      .store = stage->store,
							      .clock = &stage->clock,
							      .observe = observe},
				 &err),
		  &err);
	assert_ok(bn_collect_once(stage->collect, NULL, 120000, true, &err), &err);
	assert_ok(bn_reader_open(&stage->reader, stage->store, &err), &err);
	text = bn_sim_facts(stage->sim, 0);
	stage->facts = json_loads(text, 0, NULL);
	free(text);
	assert_non_null(stage->facts);
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static int
tear_down(void **state)
{
	struct stage *stage = *state;

	json_decref(stage->facts);
	bn_reader_close(stage->reader);
	bn_collect_free(stage->collect);
	bn_store_close(stage->store);
	bn_config_free(stage->config);
	bn_registry_free(stage->registry);
	bn_sim_stop(stage->sim);
	nftw(stage->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(stage);
	return 0;
}

/* ---- asking the store ------------------------------------------------------------------------ */

/* One row, its columns by place; ends the test when there is none. The caller finalises it. */
static sqlite3_stmt *
row(const struct stage *stage, const char *sql, const char *a, const char *b)
{
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(bn_reader_db(stage->reader), sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(bn_reader_db(stage->reader)));
	if (a != NULL)
		sqlite3_bind_text(st, 1, a, -1, SQLITE_TRANSIENT);
	if (b != NULL)
		sqlite3_bind_text(st, 2, b, -1, SQLITE_TRANSIENT);
	if (sqlite3_step(st) != SQLITE_ROW)
		fail_msg("nothing for %s, %s: %s", a != NULL ? a : "", b != NULL ? b : "", sql);
	return st;
}

static const char *
column(sqlite3_stmt *st, int index)
{
	const char *text = (const char *)sqlite3_column_text(st, index);

	return text != NULL ? text : "";
}

static int64_t
number(const struct stage *stage, const char *sql, const char *a, const char *b)
{
	sqlite3_stmt *st = row(stage, sql, a, b);
	int64_t value = sqlite3_column_int64(st, 0);

	sqlite3_finalize(st);
	return value;
}

static const char *
text(const json_t *json, const char *member)
{
	const char *found = json_string_value(json_object_get(json, member));

	return found != NULL ? found : "";
}

static bn_time
moment(const json_t *json, const char *member)
{
	return bn_time_parse(json_string_value(json_object_get(json, member)));
}

/* As close as the platform's own resolution allows: Kubernetes tells whole seconds. */
static void
assert_moment(const char *what, const char *key, bn_time seen, bn_time true_one)
{
	if (seen / 1000 != true_one / 1000)
		fail_msg("%s of %s: %lld instead of %lld", what, key, (long long)seen,
			 (long long)true_one);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void
sim_every_source_is_read_without_a_skip(void **state)
{
	struct stage *stage = *state;
	sqlite3_stmt *st = NULL;
	int sources = 0;

	sqlite3_prepare_v2(
	    bn_reader_db(stage->reader),
	    "SELECT name, state, skipped, skip_reason, last_error, last_hint FROM main.source", -1,
	    &st, NULL);
	for (; sqlite3_step(st) == SQLITE_ROW; sources++)
		if (strcmp(column(st, 1), "ok") != 0 || sqlite3_column_int(st, 2) != 0)
			fail_msg("%s is %s: %s (%s); %d skipped: %s", column(st, 0), column(st, 1),
				 column(st, 4), column(st, 5), sqlite3_column_int(st, 2),
				 column(st, 3));
	sqlite3_finalize(st);
	assert_int_equal(sources, json_array_size(json_object_get(stage->facts, "sources")));
}

static void
sim_pipelines_are_as_the_facts_say(void **state)
{
	struct stage *stage = *state;
	const json_t *list = json_object_get(stage->facts, "pipelines");
	size_t index;
	json_t *fact;

	assert_int_equal(number(stage,
				"SELECT count(*) FROM entity_now WHERE kind_name = 'pipeline'",
				NULL, NULL),
			 json_array_size(list));
	json_array_foreach(list, index, fact)
	{
		sqlite3_stmt *st = row(stage,
				       "SELECT schedule, owner, grp, engine, paused, idempotence, "
				       "next_due_at, definition"
				       " FROM pipeline_now WHERE source = ?1 AND key = ?2",
				       text(fact, "source"), text(fact, "key"));
		const char *key = text(fact, "key"), *definition = text(fact, "definition");
		bool paused = json_is_true(json_object_get(fact, "paused"));

		assert_string_equal(column(st, 0), text(fact, "schedule"));
		assert_string_equal(column(st, 1), text(fact, "owner"));
		assert_string_equal(column(st, 2), text(fact, "group"));
		assert_string_equal(column(st, 3), text(fact, "engine"));
		assert_int_equal(sqlite3_column_int(st, 4), paused);
		assert_string_equal(column(st, 5), text(fact, "idempotence"));
		if (!paused)
			assert_moment("next due", key, sqlite3_column_int64(st, 6),
				      moment(fact, "next_due"));
		/* Airflow tells where a file lies below its folder only */
		if (strcmp(text(fact, "engine"), "airflow") == 0)
			assert_string_equal(column(st, 7), strrchr(definition, '/') + 1);
		sqlite3_finalize(st);
	}
}

static void
sim_runs_are_as_the_facts_say(void **state)
{
	struct stage *stage = *state;
	size_t index, n;
	json_t *fact, *run;

	json_array_foreach(json_object_get(stage->facts, "pipelines"), index, fact)
	{
		const char *source = text(fact, "source"), *key = text(fact, "key");
		int64_t runs = number(
		    stage, "SELECT count(*) FROM run_now WHERE source = ?1 AND pipeline = ?2",
		    source, key);
		int64_t failed = number(stage,
					"SELECT count(*) FROM run_now WHERE source = ?1 AND "
					"pipeline = ?2 AND status = 'failed'",
					source, key);

		if (runs != json_integer_value(json_object_get(fact, "runs")) ||
		    failed != json_integer_value(json_object_get(fact, "failed_runs")))
			fail_msg(
			    "%s has %lld runs, %lld failed; true are %lld, %lld", key,
			    (long long)runs, (long long)failed,
			    (long long)json_integer_value(json_object_get(fact, "runs")),
			    (long long)json_integer_value(json_object_get(fact, "failed_runs")));
		json_array_foreach(json_object_get(fact, "last"), n, run)
		{
			sqlite3_stmt *st = row(stage,
					       "SELECT status, raw_status, "
					       "started_at, finished_at, trigger FROM run_now"
					       " WHERE source = ?1 AND key = ?2",
					       source, text(run, "key"));

			assert_string_equal(column(st, 0), text(run, "status"));
			assert_string_equal(column(st, 1), text(run, "raw"));
			assert_moment("start", text(run, "key"), sqlite3_column_int64(st, 2),
				      moment(run, "started"));
			assert_moment("end", text(run, "key"), sqlite3_column_int64(st, 3),
				      moment(run, "finished"));
			assert_string_equal(column(st, 4), text(run, "trigger"));
			sqlite3_finalize(st);
		}
	}
}

/* What failed is there before anybody opens the run. */
static void
sim_failed_run_is_explained_by_the_poll(void **state)
{
	struct stage *stage = *state;
	sqlite3_stmt *st = row(stage,
			       "SELECT message, tasks_total, tasks_failed, tasks_skipped, "
			       "tasks_done FROM run_now WHERE source = ?1 AND key = ?2",
			       "argo-prod", "transform-hourly-28f6k");

	assert_non_null(strstr(column(st, 0), "stg_"));
	assert_non_null(strstr(column(st, 0), "DRIVER_UNREACHABLE"));
	assert_int_equal(sqlite3_column_int(st, 1), 312);
	assert_int_equal(sqlite3_column_int(st, 2), 3);
	assert_int_equal(sqlite3_column_int(st, 3), 37);
	assert_int_equal(sqlite3_column_int(st, 4), 272);
	sqlite3_finalize(st);
}

static void
compare_task(struct stage *stage, const json_t *run, const json_t *task)
{
	sqlite3_stmt *st = row(stage,
			       "SELECT status, raw_status, started_at, finished_at, "
			       "message, try_number, depends, key FROM task_now"
			       " WHERE run = ?1 AND name = ?2 AND type NOT IN ('DAG', 'Steps', "
			       "'StepGroup', 'TaskGroup')"
			       " ORDER BY try_number DESC LIMIT 1",
			       text(run, "ref"), text(task, "name"));
	int64_t tries = json_integer_value(json_object_get(task, "tries"));

	if (strcmp(column(st, 0), text(task, "status")) != 0)
		fail_msg("%s of %s is %s; true is %s", text(task, "name"), text(run, "key"),
			 column(st, 0), text(task, "status"));
	assert_string_equal(column(st, 1), text(task, "raw"));
	if (tries > 0) {
		assert_moment("start", text(task, "name"), sqlite3_column_int64(st, 2),
			      moment(task, "started"));
		assert_moment("end", text(task, "name"), sqlite3_column_int64(st, 3),
			      moment(task, "finished"));
		assert_int_equal(sqlite3_column_int(st, 5), tries);
	}
	if (text(task, "message")[0] != '\0')
		assert_string_equal(column(st, 4), text(task, "message"));
	sqlite3_finalize(st);
}

static void
sim_tasks_are_as_the_facts_say(void **state)
{
	struct stage *stage = *state;
	size_t index, n;
	json_t *run, *task;
	struct bn_error err;
	int compared = 0;

	json_array_foreach(json_object_get(stage->facts, "runs"), index, run)
	{
		struct bn_ref ref = {BN_RUN, text(run, "source"), text(run, "key")};

		assert_ok(bn_collect_detail(stage->collect, ref, 30000, &err), &err);
		json_array_foreach(json_object_get(run, "tasks"), n, task)
		{
			/* what was not reached has no node as yet */
			if (json_integer_value(json_object_get(task, "tries")) == 0 &&
			    strcmp(text(task, "status"), "queued") == 0)
				continue;
			compare_task(stage, run, task);
			compared++;
		}
	}
	assert_true(compared > 600);
}

/* A task waits for what the facts say it waits for. */
static void
sim_dependencies_are_as_the_facts_say(void **state)
{
	struct stage *stage = *state;
	size_t index, n, i;
	json_t *run, *task, *name;
	int compared = 0;

	json_array_foreach(json_object_get(stage->facts, "runs"), index, run)
	{
		json_array_foreach(json_object_get(run, "tasks"), n, task)
		{
			sqlite3_stmt *st;

			if (json_array_size(json_object_get(task, "depends")) == 0 ||
			    strcmp(text(task, "status"), "queued") == 0)
				continue;
			st =
			    row(stage,
				"SELECT depends FROM task_now WHERE run = ?1 AND name = ?2 LIMIT 1",
				text(run, "ref"), text(task, "name"));
			json_array_foreach(json_object_get(task, "depends"), i, name)
			{
				sqlite3_stmt *up = row(stage,
						       "SELECT key FROM task_now WHERE run = "
						       "?1 AND name = ?2 LIMIT 1",
						       text(run, "ref"), json_string_value(name));
				char *quoted = bn_xasprintf("\"%s\"", column(up, 0));

				if (strstr(column(st, 0), quoted) == NULL)
					fail_msg("%s of %s waits for %s, but that is not in %s",
						 text(task, "name"), text(run, "key"),
						 json_string_value(name), column(st, 0));
				compared++;
				free(quoted);
				sqlite3_finalize(up);
			}
			sqlite3_finalize(st);
		}
	}
	assert_true(compared > 300);
}

static void
sim_log_of_a_failed_task_says_why(void **state)
{
	struct stage *stage = *state;
	sqlite3_stmt *st = row(stage, "SELECT key, log FROM task_now WHERE run = ?1 AND name = ?2",
			       "run/argo-prod/transform-hourly-28f6k", "stg_payments");
	struct bn_log_request request = {
	    .run = "transform-hourly-28f6k", .task = column(st, 0), .handle = column(st, 1)};
	struct bn_log_reader *reader = NULL;
	struct bn_log_line line;
	struct bn_error err;
	int lines = 0, rc, found = 0;

	assert_ok(
	    bn_collect_log_open(&reader, stage->collect,
				(struct bn_ref){BN_RUN, "argo-prod", "transform-hourly-28f6k"},
				&request, &err),
	    &err);
	while ((rc = bn_log_next(reader, &line, 10000, &err)) == 1) {
		lines++;
		found += strstr(line.text, "DRIVER_UNREACHABLE") != NULL;
		assert_true(line.at > 0);
	}
	assert_int_equal(rc, BN_ECANCELLED);
	assert_true(lines > 3);
	assert_true(found > 0);
	bn_log_reader_close(reader);
	sqlite3_finalize(st);
}

static void
sim_endpoints_are_as_the_facts_say(void **state)
{
	struct stage *stage = *state;
	size_t index;
	json_t *fact;

	json_array_foreach(json_object_get(stage->facts, "endpoints"), index, fact)
	{
		const char *name = text(fact, "name");
		sqlite3_stmt *st = row(stage,
				       "SELECT status, http_status, slo_p99_ms, "
				       "owner, asserts FROM endpoint_now"
				       " WHERE source = ?1 AND key = ?2",
				       "probes", name);

		if (strcmp(column(st, 0), text(fact, "status")) != 0 &&
		    !json_is_true(json_object_get(fact, "slow")) &&
		    strstr(column(st, 4), "slow") == NULL)
			fail_msg("%s is %s; true is %s", name, column(st, 0), text(fact, "status"));
		assert_int_equal(sqlite3_column_int(st, 1),
				 json_integer_value(json_object_get(fact, "http_status")));
		assert_int_equal(sqlite3_column_int(st, 2),
				 json_integer_value(json_object_get(fact, "slo_p99")));
		assert_string_equal(column(st, 3), text(fact, "owner"));
		assert_int_equal(strstr(column(st, 4), "failed") != NULL,
				 json_is_true(json_object_get(fact, "stale")));
		sqlite3_finalize(st);
		/* numbers that only Prometheus knows, at the endpoint they belong to */
		st = row(stage,
			 "SELECT m.value FROM main.measure m JOIN entity_now e ON e.id = "
			 "m.entity_id WHERE e.entity = ?1 AND m.name = 'rps'",
			 text(fact, "ref"), NULL);
		assert_true(fabs(sqlite3_column_double(st, 0) -
				 json_number_value(json_object_get(fact, "rps"))) < 0.01);
		sqlite3_finalize(st);
	}
}

static void
sim_findings_are_as_the_facts_say(void **state)
{
	struct stage *stage = *state;
	size_t index, firing = 0, down = 0;
	json_t *fact;

	json_array_foreach(json_object_get(stage->facts, "alerts"), index, fact) firing +=
	    strcmp(text(fact, "state"), "firing") == 0;
	json_array_foreach(json_object_get(stage->facts, "targets"), index, fact) down +=
	    !json_is_true(json_object_get(fact, "up"));
	/* both servers show all of them; that they are one is triage's to say */
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(number(stage,
					"SELECT count(*) FROM main.finding f JOIN main.source s ON "
					"s.id = f.source_id WHERE f.rule = 'alert' AND s.name = ?1",
					i == 0 ? "prom" : "alerts", NULL),
				 firing);
	assert_int_equal(number(stage,
				"SELECT count(*) FROM main.finding WHERE rule = 'target-down'",
				NULL, NULL),
			 down);
	json_array_foreach(json_object_get(stage->facts, "import_errors"), index, fact)
	{
		sqlite3_stmt *st =
		    row(stage,
			"SELECT f.message, f.since FROM main.finding f JOIN main.source s ON s.id "
			"= f.source_id"
			" WHERE f.rule = 'import-error' AND s.name = ?1 AND f.key = ?2",
			text(fact, "source"), text(fact, "filename"));

		assert_string_equal(column(st, 0), text(fact, "error"));
		assert_moment("since", text(fact, "filename"), sqlite3_column_int64(st, 1),
			      moment(fact, "since"));
		sqlite3_finalize(st);
	}
}

/* The specification of the face a request went to; *prefix of its path is not in there. */
static struct spec *
spec_of(const char *face, const char *path, size_t *prefix)
{
	*prefix = 0;
	if (strcmp(face, "argo-prod") == 0)
		return spec_open("argo-workflows/swagger-v4.1.2.trim.json");
	if (strcmp(face, "airflow-legacy") == 0 && strncmp(path, "/api/v1", 7) == 0) {
		*prefix = 7;
		return spec_open("airflow/v1-2.10.0.trim.json");
	}
	if (strcmp(face, "airflow-ml") == 0)
		return spec_open(strncmp(path, "/auth", 5) == 0 ? "airflow/auth-token.json"
								: "airflow/v2-3.2.trim.json");
	if (strcmp(face, "alerts") == 0 && strcmp(path, "/metrics") != 0) {
		*prefix = 7;
		return spec_open("alertmanager/api_v2.json");
	}
	if (strcmp(face, "prom") == 0) {
		*prefix = 7;
		return spec_open("prometheus/api_v1.json");
	}
	return NULL;
}

/* Names of a query string, blanks between them, brackets as they are. */
static char *
query_names(const char *query)
{
	struct bn_buf names = BN_BUF_INIT(0);

	while (*query != '\0') {
		size_t size = strcspn(query, "&");
		const char *equals = memchr(query, '=', size);

		bn_buf_add(&names, query, equals != NULL ? (size_t)(equals - query) : size);
		bn_buf_addc(&names, ' ');
		query += size + (query[size] == '&');
	}
	bn_buf_addc(&names, '\0');
	return bn_buf_take(&names);
}

static void
sim_every_request_is_in_its_official_specification(void **state)
{
	struct stage *stage = *state;
	const struct bn_recorder *recorder = bn_sim_requests(stage->sim);
	struct bn_recorded request;
	struct spec *there = spec_of("prom", "/api/v1/query", &(size_t){0});
	size_t checked = 0;

	if (there == NULL)
		bn_skip("the official specifications are not here (BN_SHARED_APIS)");
	spec_close(there);
	for (size_t i = 0; bn_recorder_get(recorder, i, &request); i++) {
		size_t prefix;
		struct spec *spec = spec_of(request.face, request.path, &prefix);
		char *names = query_names(request.query);
		const char *missing;

		/* the first question to an Airflow 2 is whether it is an Airflow 3 */
		if (spec == NULL || request.violation != NULL) {
			if (request.violation != NULL &&
			    strcmp(request.path, "/api/v2/version") != 0)
				fail_msg("%s %s?%s: %s", request.method, request.path,
					 request.query, request.violation);
		} else {
			missing = spec_check(spec, request.method, request.path + prefix, names);
			if (missing != NULL)
				fail_msg("%s %s?%s: %s", request.method, request.path,
					 request.query, missing);
			checked++;
		}
		free(names);
		spec_close(spec);
	}
	assert_true(checked > 50);
}

static void
sim_silences_are_as_the_facts_say(void **state)
{
	struct stage *stage = *state;
	size_t index, silenced = 0;
	json_t *fact;

	json_array_foreach(json_object_get(stage->facts, "alerts"), index, fact)
	{
		json_t *silence = json_object_get(fact, "silence");
		sqlite3_stmt *st;

		if (!json_is_object(silence))
			continue;
		silenced++;
		st =
		    row(stage,
			"SELECT f.silenced, f.silenced_by, f.silenced_why, f.silenced_until FROM "
			"main.finding f JOIN main.source s ON s.id = f.source_id WHERE s.name = ?1 "
			"AND json_extract(f.labels, '$.alertname') = ?2",
			"alerts", text(fact, "name"));
		assert_int_equal(sqlite3_column_int(st, 0), 1);
		assert_string_equal(column(st, 1), text(silence, "by"));
		assert_string_equal(column(st, 2), text(silence, "why"));
		assert_moment("until", text(fact, "name"), sqlite3_column_int64(st, 3),
			      moment(silence, "until"));
		sqlite3_finalize(st);
	}
	assert_true(silenced > 0);
	assert_int_equal(
	    number(stage, "SELECT count(*) FROM main.finding WHERE silenced", NULL, NULL),
	    silenced);
}

/* ---- models ---------------------------------------------------------------------------------- */

static void
assert_measured(const struct stage *stage, const char *key, const char *name, const json_t *fact,
		double scale)
{
	double true_one = json_number_value(fact) * scale;
	sqlite3_stmt *st = row(stage,
			       "SELECT count(*), max(q.value) FROM main.measure q JOIN main.entity "
			       "e ON e.id = q.entity_id"
			       " WHERE e.kind = 4 AND e.key = ?1 AND q.name = ?2",
			       key, name);

	if (sqlite3_column_int(st, 0) != json_is_number(fact) ||
	    (json_is_number(fact) && fabs(sqlite3_column_double(st, 1) - true_one) > 1e-9))
		fail_msg("%s of %s is %s instead of %g", name, key, column(st, 1),
			 json_is_number(fact) ? true_one : NAN);
	sqlite3_finalize(st);
}

static void
assert_version(const struct stage *stage, const json_t *model, const json_t *fact)
{
	const char *key = strchr(strchr(text(fact, "ref"), '/') + 1, '/') + 1, *alias;
	json_t *aliases = json_object_get(fact, "aliases"), *item;
	char name[64];
	size_t i;
	sqlite3_stmt *st =
	    row(stage,
		"SELECT v.created_at, v.run_key, v.run_read, v.artifact, v.image, v.data_from, "
		"v.data_to,"
		" v.approved_by, v.change, v.live_from, v.live_until, v.train_finished_at,"
		" v.train_finished_at - v.train_started_at, json_extract(v.params, '$.rows'), "
		"v.model_key"
		" FROM main.model_version v JOIN main.entity e ON e.id = v.entity_id"
		" WHERE e.key = ?1 AND v.version = ?2",
		key, text(fact, "version"));

	assert_moment("created", key, sqlite3_column_int64(st, 0), moment(fact, "created"));
	assert_string_equal(column(st, 1), text(fact, "run"));
	assert_string_equal(column(st, 14), text(model, "key"));
	assert_string_equal(column(st, 7), text(fact, "approved_by"));
	assert_string_equal(column(st, 8), text(fact, "change"));
	if (moment(fact, "live_from") > 0)
		assert_moment("live_from", key, sqlite3_column_int64(st, 9),
			      moment(fact, "live_from"));
	if (moment(fact, "live_until") > 0)
		assert_moment("live_until", key, sqlite3_column_int64(st, 10),
			      moment(fact, "live_until"));
	/* what its training run says is read of those that are of interest; of all that have an alias */
	if (json_array_size(aliases) > 0)
		assert_int_equal(sqlite3_column_int(st, 2), 1);
	if (sqlite3_column_int(st, 2) == 1) {
		assert_string_equal(column(st, 3), text(fact, "artifact"));
		assert_string_equal(column(st, 4), text(fact, "image"));
		assert_moment("data_from", key, sqlite3_column_int64(st, 5),
			      moment(fact, "data_from"));
		assert_moment("data_to", key, sqlite3_column_int64(st, 6), moment(fact, "data_to"));
		assert_moment("trained", key, sqlite3_column_int64(st, 11),
			      moment(fact, "trained"));
		assert_int_equal(sqlite3_column_int64(st, 12),
				 json_integer_value(json_object_get(fact, "train_time")));
		assert_int_equal(sqlite3_column_int64(st, 13),
				 json_integer_value(json_object_get(fact, "rows")));
		snprintf(name, sizeof(name), "eval:%s", text(model, "metric"));
		assert_measured(stage, key, name, json_object_get(fact, "eval"), 1);
	}
	sqlite3_finalize(st);
	assert_measured(stage, key, "psi", json_object_get(fact, "psi"), 1);
	assert_measured(stage, key, "live", json_object_get(fact, "quality"), 1);
	assert_measured(stage, key, "traffic", json_object_get(fact, "traffic"), 100);
	assert_measured(stage, key, "p95", json_object_get(fact, "p95"), 1000);
	assert_measured(stage, key, "cost", json_object_get(fact, "cost"), 1);
	assert_measured(stage, key, "cpu", json_object_get(fact, "cpu"), 100);
	assert_measured(stage, key, "memory", json_object_get(fact, "memory"), 100);
	assert_measured(stage, key, "predictions", json_object_get(fact, "predictions"), 1);
	if (strcmp(text(model, "key"), "product-recs") == 0) {
		assert_measured(stage, key, "p99", json_object_get(fact, "p99"), 1000);
		assert_measured(stage, key, "model-latency", json_object_get(fact, "model_latency"),
				1000);
		assert_measured(stage, key, "overhead", json_object_get(fact, "overhead"), 1000);
	}
	json_array_foreach(aliases, i, item)
	{
		alias = json_string_value(item);
		snprintf(name, sizeof(name), "alias:%s", alias);
		st = row(
		    stage,
		    "SELECT a.value FROM main.attribute a JOIN main.entity e ON e.id = a.entity_id"
		    " WHERE e.kind = 4 AND e.key = ?1 AND a.name = ?2",
		    text(model, "key"), name);
		assert_string_equal(column(st, 0), text(fact, "version"));
		sqlite3_finalize(st);
	}
}

static void
sim_models_are_as_the_facts_say(void **state)
{
	struct stage *stage = *state;
	const json_t *list = json_object_get(stage->facts, "models");
	size_t i, n, versions = 0, aliases = 0;
	json_t *model, *version;

	assert_int_equal(number(stage, "SELECT count(*) FROM main.model", NULL, NULL),
			 json_array_size(list));
	json_array_foreach(list, i, model)
	{
		sqlite3_stmt *st =
		    row(stage,
			"SELECT m.serving, m.live_on, m.metric, m.better, e.owner FROM main.model m"
			" JOIN main.entity e ON e.id = m.entity_id WHERE e.key = ?1",
			text(model, "key"), NULL);

		assert_string_equal(column(st, 0), text(model, "serving"));
		assert_string_equal(column(st, 1), text(model, "live_on"));
		assert_string_equal(column(st, 2), text(model, "metric"));
		assert_string_equal(column(st, 3), text(model, "better"));
		assert_string_equal(column(st, 4), text(model, "owner"));
		sqlite3_finalize(st);
		json_array_foreach(json_object_get(model, "versions"), n, version)
		{
			assert_version(stage, model, version);
			aliases += json_array_size(json_object_get(version, "aliases"));
			versions++;
		}
	}
	assert_int_equal(number(stage, "SELECT count(*) FROM main.model_version", NULL, NULL),
			 versions);
	assert_int_equal(number(stage,
				"SELECT count(*) FROM main.attribute WHERE name GLOB 'alias:*'",
				NULL, NULL),
			 aliases);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(sim_every_source_is_read_without_a_skip),
    cmocka_unit_test(sim_pipelines_are_as_the_facts_say),
    cmocka_unit_test(sim_runs_are_as_the_facts_say),
    cmocka_unit_test(sim_failed_run_is_explained_by_the_poll),
    cmocka_unit_test(sim_tasks_are_as_the_facts_say),
    cmocka_unit_test(sim_dependencies_are_as_the_facts_say),
    cmocka_unit_test(sim_log_of_a_failed_task_says_why),
    cmocka_unit_test(sim_endpoints_are_as_the_facts_say),
    cmocka_unit_test(sim_findings_are_as_the_facts_say),
    cmocka_unit_test(sim_silences_are_as_the_facts_say),
    cmocka_unit_test(sim_models_are_as_the_facts_say),
    cmocka_unit_test(sim_every_request_is_in_its_official_specification),
};

int
main(void)
{
	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}

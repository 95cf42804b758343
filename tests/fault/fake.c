/* fake.c - the platform of the fault tests: what it answers, and what it saw. */
/* SPDX-License-Identifier: MIT */
#include "tests/fault/fake.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
fake_intent_is_on_disk(const char *path)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	bool found = false;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
	    sqlite3_busy_timeout(db, 5000) == SQLITE_OK &&
	    sqlite3_prepare_v2(
		db,
		"SELECT count(*) FROM record i WHERE i.verb = 'intent' AND NOT EXISTS"
		" (SELECT 1 FROM record o WHERE o.parent = i.seq AND o.verb = 'outcome')",
		-1, &st, NULL) == SQLITE_OK)
		found = sqlite3_step(st) == SQLITE_ROW && sqlite3_column_int(st, 0) > 0;
	sqlite3_finalize(st);
	sqlite3_close(db);
	return found;
}

/* ---- Argo -------------------------------------------------------------------------------------- */

static void
workflow(struct ts_conn *conn, int done, const char *uid, bool half)
{
	static const char pod[] =
	    "{\"id\":\"n%d\",\"name\":\"hourly-1.t%d\",\"displayName\":\"t%d\",\"type\":\"Pod\","
	    "\"templateName\":\"work\",\"phase\":\"%s\",\"boundaryID\":\"hourly-1\"}";
	char nodes[1200], one[2][400], body[2000];

	snprintf(one[0], sizeof(one[0]), pod, 1, 1, 1, "Succeeded");
	snprintf(one[1], sizeof(one[1]), pod, 2, 2, 2, done > 0 ? "Running" : "Failed");
	snprintf(nodes, sizeof(nodes),
		 "{\"hourly-1\":{\"id\":\"hourly-1\",\"name\":\"hourly-1\",\"type\":\"DAG\","
		 "\"phase\":\"%s\"},"
		 "\"n1\":%s,\"n2\":%s}",
		 done > 0 ? "Running" : "Failed", one[0], one[1]);
	snprintf(body, sizeof(body),
		 "{\"metadata\":{\"name\":\"hourly-1\",\"namespace\":\"orch\",\"uid\":\"%s\","
		 "\"creationTimestamp\":\"2026-03-10T03:05:00Z\",\"labels\":{"
		 "\"workflows.argoproj.io/cron-workflow\":\"hourly\"}},\"spec\":{},\"status\":{"
		 "\"phase\":\"%s\",\"startedAt\":\"2026-03-10T03:%02d:04Z\"%s,\"nodes\":%s}}",
		 uid, done > 0 ? "Running" : "Failed", 5 + done,
		 done > 0 ? "" : ",\"finishedAt\":\"2026-03-10T03:07:10Z\"", nodes);
	if (!half) {
		ts_json(conn, body);
		return;
	}
	ts_sends(
	    conn,
	    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n");
	ts_send(conn, body, 60);
}

static bool
argo_read(struct fake *fake, struct ts_conn *conn, const char *target)
{
	static const char cron[] =
	    "{\"metadata\":{},\"items\":[{\"metadata\":{\"name\":\"hourly\",\"namespace\":\"orch\","
	    "\"annotations\":{\"binnacle/idempotence\":\"idempotent\"}},\"spec\":{\"schedule\":"
	    "\"5 * * * *\"}}]}";

	if (strncmp(target, "/api/v1/workflows/orch/hourly-1", 31) == 0)
		workflow(conn, atomic_load(&fake->done) + atomic_load(&fake->meddled),
			 atomic_load(&fake->meddled) > 0 ? "u-2" : "u-1", false);
	else if (strncmp(target, "/api/v1/cron-workflows/", 23) == 0)
		ts_json(conn, cron);
	else if (strncmp(target, "/api/v1/workflows/orch?", 23) == 0)
		ts_json(
		    conn,
		    atomic_load(&fake->done) > 0
			? "{\"metadata\":{},\"items\":[{\"metadata\":{\"name\":\"hourly-1\","
			  "\"namespace\":\"orch\",\"uid\":\"u-1\",\"labels\":{"
			  "\"workflows.argoproj.io/cron-workflow\":\"hourly\"},"
			  "\"creationTimestamp\":\"2026-03-10T03:05:00Z\"},\"status\":{\"phase\":"
			  "\"Running\",\"startedAt\":\"2026-03-10T03:06:04Z\"}}]}"
			: "{\"metadata\":{},\"items\":[{\"metadata\":{\"name\":\"hourly-1\","
			  "\"namespace\":\"orch\",\"uid\":\"u-1\",\"labels\":{"
			  "\"workflows.argoproj.io/cron-workflow\":\"hourly\"},"
			  "\"creationTimestamp\":\"2026-03-10T03:05:00Z\"},\"status\":{\"phase\":"
			  "\"Failed\",\"startedAt\":\"2026-03-10T03:05:04Z\",\"finishedAt\":"
			  "\"2026-03-10T03:07:10Z\"}}]}");
	else if (strncmp(target, "/api/v1/workflow-templates/", 27) == 0)
		ts_json(conn, "{\"metadata\":{},\"items\":null}");
	else
		return false;
	return true;
}

/* ---- Airflow ----------------------------------------------------------------------------------- */

static void
dag_run(struct ts_conn *conn, const struct fake *fake, bool listed)
{
	bool done = atomic_load(&fake->done) > 0, meddled = atomic_load(&fake->meddled) > 0;
	char run[600], body[800];

	snprintf(
	    run, sizeof(run),
	    "{\"dag_id\":\"hourly\",\"dag_run_id\":\"scheduled__1\",\"state\":\"%s\",\"run_type\":"
	    "\"scheduled\",\"start_date\":%s,\"end_date\":%s}",
	    done      ? "queued"
	    : meddled ? "success"
		      : "failed",
	    done ? "null" : "\"2026-03-10T03:05:04+00:00\"",
	    done      ? "null"
	    : meddled ? "\"2026-03-10T03:30:00+00:00\""
		      : "\"2026-03-10T03:07:10+00:00\"");
	snprintf(body, sizeof(body), "{\"dag_runs\":[%s],\"total_entries\":1}", run);
	ts_json(conn, listed ? body : run);
}

/* At most `page` of the three, as a server does whose maximum_page_limit is that. */
static void
task_instances(struct ts_conn *conn, const char *target, bool done, int page)
{
	static const char *const items[2][3] = {
	    {"{\"task_id\":\"t1\",\"state\":\"success\"}",
	     "{\"task_id\":\"t2\",\"state\":\"failed\",\"operator\":\"Bash\"}",
	     "{\"task_id\":\"t3\",\"state\":\"upstream_failed\"}"},
	    {"{\"task_id\":\"t1\",\"state\":\"success\"}", "{\"task_id\":\"t2\",\"state\":null}",
	     "{\"task_id\":\"t3\",\"state\":null}"}};
	const char *asked = strstr(target, "offset=");
	int first = asked != NULL ? atoi(asked + 7) : 0, i;
	char body[400] = "{\"task_instances\":[";

	for (i = first; i < 3 && i < first + page; i++) {
		strcat(body, i > first ? "," : "");
		strcat(body, items[done][i]);
	}
	strcat(body, "],\"total_entries\":3}");
	ts_json(conn, body);
}

/* What a poll asks for. */
static bool
airflow_lists(const struct fake *fake, struct ts_conn *conn, const char *target)
{
	static const char dags[] =
	    "{\"dags\":[{\"dag_id\":\"hourly\",\"is_active\":true,\"is_paused\":false,"
	    "\"tags\":[{\"name\":\"idempotent\"}]}],\"total_entries\":1}";

	if (strncmp(target, "/dags?", 6) == 0)
		ts_json(conn, dags);
	else if (strncmp(target, "/dags/~/dagRuns", 15) == 0)
		dag_run(conn, fake, true);
	else if (strncmp(target, "/importErrors", 13) == 0)
		ts_json(conn, "{\"import_errors\":[],\"total_entries\":0}");
	else if (strncmp(target, "/pools", 6) == 0)
		ts_json(conn, "{\"pools\":[],\"total_entries\":0}");
	else if (strcmp(target, "/health") == 0 || strcmp(target, "/monitor/health") == 0)
		ts_json(conn, "{\"metadatabase\":{\"status\":\"healthy\"},\"scheduler\":{"
			      "\"status\":\"healthy\"}}");
	else
		return false;
	return true;
}

static bool
airflow_read(struct fake *fake, struct ts_conn *conn, const struct ts_request *request, int major)
{
	const char *target = request->target;
	int done = atomic_load(&fake->done);

	if (strcmp(target, "/version") == 0)
		ts_json(conn, major == 2 ? "{\"version\":\"2.10.5\"}" : "{\"version\":\"3.2.0\"}");
	else if (strstr(target, "/taskInstances") != NULL)
		task_instances(conn, target, done > 0, atomic_load(&fake->page));
	else if (strcmp(target, "/dags/hourly/tasks") == 0)
		ts_json(conn,
			"{\"tasks\":[{\"task_id\":\"t1\",\"downstream_task_ids\":[\"t2\"]},"
			"{\"task_id\":\"t2\",\"downstream_task_ids\":[\"t3\"]},"
			"{\"task_id\":\"t3\",\"downstream_task_ids\":[]}],\"total_entries\":3}");
	else if (strncmp(target, "/dags/hourly/dagRuns/", 21) == 0)
		dag_run(conn, fake, false);
	else if (strcmp(target, "/dags/hourly/clearTaskInstances") == 0 &&
		 strstr(request->body, "\"dry_run\":true") != NULL)
		ts_json(conn,
			done > 0
			    ? "{\"task_instances\":[],\"total_entries\":0}"
			    : "{\"task_instances\":[{\"task_id\":\"t2\"},{\"task_id\":\"t3\"}],"
			      "\"total_entries\":2}");
	else
		return airflow_lists(fake, conn, target);
	return true;
}

/* ---- writes ------------------------------------------------------------------------------------ */

static bool
is_write(const struct ts_request *request)
{
	size_t size = strlen(request->target);

	if (strcmp(request->method, "PUT") == 0)
		return size > 6 && strcmp(request->target + size - 6, "/retry") == 0;
	return strcmp(request->method, "POST") == 0 &&
	       strstr(request->target, "/clearTaskInstances") != NULL &&
	       strstr(request->body, "\"dry_run\":false") != NULL;
}

static void
act(struct fake *fake, struct ts_conn *conn, const struct ts_request *request)
{
	int cut = atomic_load(&fake->cut);
	bool argo = strcmp(request->method, "PUT") == 0;

	atomic_fetch_add(&fake->writes, 1);
	if (fake->journal[0] != '\0' && !fake_intent_is_on_disk(fake->journal))
		atomic_fetch_add(&fake->unjournalled, 1);
	atomic_fetch_add(&fake->meddled, cut == FAKE_MEDDLED);
	if (cut == FAKE_CUT_BEFORE || cut == FAKE_MEDDLED)
		return;
	if (cut == FAKE_FAILS || cut == FAKE_REFUSES) {
		ts_reply(conn, cut == FAKE_FAILS ? 503 : 409, "Content-Type: application/json\r\n",
			 "{\"message\":\"not now\",\"detail\":\"not now\"}");
		return;
	}
	atomic_fetch_add(&fake->done, cut != FAKE_LATE);
	if (cut == FAKE_CUT_AFTER)
		return;
	if (argo)
		workflow(conn, 1, "u-1", cut == FAKE_CUT_MIDWAY);
	else if (cut == FAKE_CUT_MIDWAY)
		ts_sends(conn, "HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{\"task_inst");
	else
		ts_json(conn, "{\"task_instances\":[{\"task_id\":\"t2\"},{\"task_id\":\"t3\"}],"
			      "\"total_entries\":2}");
}

static void
answer(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	struct fake *fake = payload;
	struct ts_request inner = *request;

	if (fake->on_request != NULL)
		fake->on_request(fake->payload);
	if (is_write(request)) {
		act(fake, conn, request);
		return;
	}
	if (strcmp(request->method, "GET") != 0 &&
	    strstr(request->target, "/clearTaskInstances") == NULL)
		atomic_fetch_add(&fake->unlisted, 1);
	if (strncmp(request->target, "/af2/api/v1", 11) == 0) {
		inner.target += 11;
		if (airflow_read(fake, conn, &inner, 2))
			return;
	} else if (strncmp(request->target, "/af3/api/v2", 11) == 0) {
		inner.target += 11;
		if (airflow_read(fake, conn, &inner, 3))
			return;
	} else if (argo_read(fake, conn, request->target))
		return;
	ts_reply(conn, 404, "Content-Type: application/json\r\n", "{\"message\":\"not found\"}");
}

void
fake_reset(struct fake *fake)
{
	atomic_store(&fake->cut, FAKE_ANSWERS);
	atomic_store(&fake->done, 0);
	atomic_store(&fake->meddled, 0);
	atomic_store(&fake->page, 100);
	atomic_store(&fake->writes, 0);
	atomic_store(&fake->unjournalled, 0);
	atomic_store(&fake->unlisted, 0);
}

void
fake_start(struct fake *fake)
{
	fake_reset(fake);
	fake->server = ts_start(answer, fake, NULL);
}

void
fake_stop(struct fake *fake)
{
	ts_stop(fake->server);
}

/* fleet.c - the platforms of the bulk tests: what they answer, and what they saw. */
/* SPDX-License-Identifier: MIT */
#include "tests/fault/fleet.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

/* ---- answers ----------------------------------------------------------------------------------- */

static const char *
phase_of(const struct fleet_run *run)
{
	if (run->reads > 0 || run->running)
		return "Running";
	return run->ended && run->green ? "Succeeded" : "Failed";
}

/* `nodes`: with its pods. */
static void
add_workflow(struct bn_buf *out, const struct fleet_run *run, int number, bool nodes)
{
	const char *phase = phase_of(run);
	int minute = 5 + run->retries + run->elsewhere;

	bn_buf_addf(out,
		    "{\"metadata\":{\"name\":\"p%d-1\",\"namespace\":\"orch\",\"uid\":\"u-%d\","
		    "\"creationTimestamp\":\"2026-03-10T03:05:00Z\",\"labels\":{"
		    "\"workflows.argoproj.io/cron-workflow\":\"p%d\"}},\"spec\":{},\"status\":{"
		    "\"phase\":\"%s\",\"startedAt\":\"2026-03-10T03:%02d:04Z\"",
		    number, number, number, phase, minute);
	if (strcmp(phase, "Running") != 0)
		bn_buf_addf(out, ",\"finishedAt\":\"2026-03-10T03:%02d:50Z\"", minute);
	if (nodes)
		bn_buf_addf(out,
			    ",\"nodes\":{\"p%d-1\":{\"id\":\"p%d-1\",\"name\":\"p%d-1\",\"type\":"
			    "\"DAG\",\"phase\":\"%s\"},\"n1\":{\"id\":\"n1\",\"name\":\"p%d-1.t\","
			    "\"displayName\":\"t\",\"type\":\"Pod\",\"templateName\":\"work\","
			    "\"phase\":\"%s\",\"message\":\"driver lost on node n-%d\","
			    "\"boundaryID\":\"p%d-1\"}}",
			    number, number, number, phase, number, phase, 10 + number, number);
	bn_buf_adds(out, "}}");
}

static void
send_text(struct ts_conn *conn, struct bn_buf *text)
{
	ts_json(conn, bn_buf_text(text));
	bn_buf_free(text);
}

static void
add_newer(struct bn_buf *out, int number)
{
	bn_buf_addf(out,
		    ",{\"metadata\":{\"name\":\"p%d-2\",\"namespace\":\"orch\",\"uid\":\"v-%d\","
		    "\"creationTimestamp\":\"2026-03-10T04:05:00Z\",\"labels\":{"
		    "\"workflows.argoproj.io/cron-workflow\":\"p%d\"}},\"spec\":{},\"status\":{"
		    "\"phase\":\"Running\",\"startedAt\":\"2026-03-10T04:05:04Z\"}}",
		    number, number, number);
}

static void
list(struct fleet *fleet, struct ts_conn *conn, int source, bool crons)
{
	struct bn_buf text = BN_BUF_INIT(0);
	bool first = true;

	bn_buf_adds(&text, "{\"metadata\":{},\"items\":[");
	for (int i = 0; i < fleet->count; i++) {
		if (fleet->runs[i].source != source)
			continue;
		bn_buf_adds(&text, first ? "" : ",");
		first = false;
		if (crons)
			bn_buf_addf(&text,
				    "{\"metadata\":{\"name\":\"p%d\",\"namespace\":\"orch\","
				    "\"annotations\":{%s}},\"spec\":{\"schedule\":\"5 * * * *\"}}",
				    i,
				    fleet->runs[i].undeclared
					? ""
					: "\"binnacle/idempotence\":\"idempotent\"");
		else
			add_workflow(&text, &fleet->runs[i], i, false);
		if (!crons && fleet->runs[i].newer)
			add_newer(&text, i);
	}
	bn_buf_adds(&text, "]}");
	send_text(conn, &text);
}

/* Each look brings a run that is under way nearer to its end. */
static void
get_run(struct fleet *fleet, struct ts_conn *conn, int number)
{
	struct fleet_run *run = &fleet->runs[number];
	struct bn_buf text = BN_BUF_INIT(0);

	if (run->reads > 0 && --run->reads == 0) {
		run->ended = true;
		run->green = run->fate == FLEET_GREEN;
	}
	add_workflow(&text, run, number, true);
	send_text(conn, &text);
}

/* ---- retries ----------------------------------------------------------------------------------- */

static bool
intent_is_on_disk(const char *path, int number)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	bool found = false;
	char key[16];

	snprintf(key, sizeof(key), "p%d-1", number);
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
	    sqlite3_busy_timeout(db, 5000) == SQLITE_OK &&
	    sqlite3_prepare_v2(db,
			       "SELECT EXISTS (SELECT 1 FROM record i JOIN record b ON b.seq ="
			       " i.parent AND b.verb = 'bulk' WHERE i.verb = 'intent' AND i.key ="
			       " ?1 AND NOT EXISTS (SELECT 1 FROM record o WHERE o.parent = i.seq"
			       " AND o.verb = 'outcome'))",
			       -1, &st, NULL) == SQLITE_OK) {
		sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
		found = sqlite3_step(st) == SQLITE_ROW && sqlite3_column_int(st, 0) == 1;
	}
	sqlite3_finalize(st);
	sqlite3_close(db);
	return found;
}

static void
judge(struct fleet *fleet, int number)
{
	const struct fleet_run *run = &fleet->runs[number];
	int busy = 0, i;

	for (i = 0; i < fleet->count; i++) {
		busy += fleet->runs[i].source == run->source && fleet->runs[i].reads > 0;
		/* What nobody retried is left as it is by the test's own wish. */
		if (fleet->before[i][number] && fleet->runs[i].retries > 0 &&
		    !(fleet->runs[i].ended && fleet->runs[i].green))
			fleet->too_early++;
		if (fleet->before[number][i] && fleet->runs[i].retries > 0)
			fleet->too_early++;
	}
	fleet->too_many += fleet->limit > 0 && busy >= fleet->limit;
	if (fleet->writes < FLEET_MAX * 2) {
		fleet->at[fleet->writes] = bn_monotonic();
		fleet->order[fleet->writes++] = number;
	}
	if (fleet->journal[0] != '\0' && !intent_is_on_disk(fleet->journal, number))
		fleet->unjournalled++;
}

static void
retry(struct fleet *fleet, struct ts_conn *conn, int number)
{
	struct fleet_run *run = &fleet->runs[number];
	struct bn_buf text = BN_BUF_INIT(0);

	judge(fleet, number);
	run->retries++;
	if (run->fate == FLEET_REFUSES) {
		ts_reply(conn, 409, "Content-Type: application/json\r\n",
			 "{\"message\":\"not now\"}");
		return;
	}
	if (run->fate == FLEET_LOST)
		return;
	run->reads = fleet->lasts > 0 ? fleet->lasts : 3;
	run->ended = false;
	add_workflow(&text, run, number, false);
	send_text(conn, &text);
}

static void
tell(const struct fleet *fleet, int number, bool done)
{
	if (fleet->on_read != NULL)
		fleet->on_read(number, done, fleet->payload);
}

static void
answer(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	struct fleet *fleet = payload;
	const char *target = request->target;
	int source = -1, number = -1, used = 0;

	pthread_mutex_lock(&fleet->lock);
	if (sscanf(target, "/s%d/api/v1/%n", &source, &used) == 1 && used > 0)
		target += used;
	if (sscanf(target, "workflows/orch/p%d-1%n", &number, &used) == 1 && number >= 0 &&
	    number < fleet->count && fleet->runs[number].source == source) {
		if (strcmp(request->method, "PUT") == 0 && strcmp(target + used, "/retry") == 0)
			retry(fleet, conn, number);
		else if (fleet->runs[number].hidden)
			ts_reply(conn, 404, "Content-Type: application/json\r\n",
				 "{\"message\":\"not found\"}");
		else if (fleet->runs[number].fate == FLEET_LOST && fleet->runs[number].retries > 0)
			ts_reply(conn, 503, NULL, "");
		else {
			pthread_mutex_unlock(&fleet->lock);
			usleep((unsigned)fleet->runs[number].slow * 1000);
			tell(fleet, number, false);
			pthread_mutex_lock(&fleet->lock);
			get_run(fleet, conn, number);
			pthread_mutex_unlock(&fleet->lock);
			tell(fleet, number, true);
			pthread_mutex_lock(&fleet->lock);
		}
	} else if (strncmp(target, "workflows/orch?", 15) == 0)
		list(fleet, conn, source, false);
	else if (strncmp(target, "cron-workflows/", 15) == 0)
		list(fleet, conn, source, true);
	else if (strncmp(target, "workflow-templates/", 19) == 0)
		ts_json(conn, "{\"metadata\":{},\"items\":null}");
	else
		ts_reply(conn, 404, "Content-Type: application/json\r\n",
			 "{\"message\":\"not found\"}");
	pthread_mutex_unlock(&fleet->lock);
}

/* ---- life -------------------------------------------------------------------------------------- */

void
fleet_start(struct fleet *fleet)
{
	pthread_mutex_init(&fleet->lock, NULL);
	fleet->server = ts_start(answer, fleet, NULL);
}

void
fleet_stop(struct fleet *fleet)
{
	ts_stop(fleet->server);
	pthread_mutex_destroy(&fleet->lock);
}

char *
fleet_config(const struct fleet *fleet)
{
	struct bn_buf text = BN_BUF_INIT(0);

	for (int i = 0; i < FLEET_SOURCES; i++)
		bn_buf_addf(&text,
			    "[source \"s%d\"]\n\ttype = argo-workflows\n\turl = %s/s%d\n"
			    "\tnamespace = orch\n\tactions = retry\n",
			    i, ts_url(fleet->server), i);
	return bn_buf_take(&text);
}

/* server.c - an argo-server on loopback, as large or as slow as a measurement wants it. */
/* SPDX-License-Identifier: MIT */
#include "tests/bench/server.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "tests/bench/bench.h"
#include "tests/unit/testserver.h"

struct bench_server {
	struct bench_server_options options;
	struct testserver *server;
	pthread_mutex_t lock;
	/* under the lock, since they were asked for last */
	int requests;
	double first, last; /* ms of the monotonic clock */
};

/* ---- workflows ----------------------------------------------------------------------------- */

static void
add_nodes(struct bn_buf *out, const char *name, size_t bytes, const char *began, const char *ended)
{
	size_t end = out->size + bytes;

	bn_buf_adds(out, ",\"nodes\":{");
	for (int n = 0; n == 0 || out->size + 760 < end; n++)
		bn_buf_addf(
		    out,
		    "%s\"%s-%d\":{\"id\":\"%s-%d\",\"name\":\"%s.step-%d\",\"displayName\":\"step-%"
		    "d\","
		    "\"type\":\"Pod\",\"templateName\":\"load\",\"templateScope\":\"local/%s\","
		    "\"phase\":\"Succeeded\",\"boundaryID\":\"%s\",\"startedAt\":\"%s\","
		    "\"finishedAt\":\"%s\",\"estimatedDuration\":41,\"progress\":\"1/1\","
		    "\"resourcesDuration\":{\"cpu\":38,\"memory\":12},\"inputs\":{\"parameters\":"
		    "[{\"name\":\"day\",\"value\":\"2026-03-10\"},{\"name\":\"rows\",\"value\":"
		    "\"184223\"}]},"
		    "\"outputs\":{\"exitCode\":\"0\",\"artifacts\":[{\"name\":\"main-logs\",\"s3\":"
		    "{\"key\":\"%s/%s-%d/main.log\"}}]},\"hostNodeName\":\"ip-10-0-12-7\"}",
		    n > 0 ? "," : "", name, n, name, n, name, n, n, name, name, began, ended, name,
		    name, n);
	bn_buf_addc(out, '}');
}

static void
add_workflow(struct bn_buf *out, int number, size_t bytes, bn_time now)
{
	char name[64], queued[BN_TIME_TEXT], began[BN_TIME_TEXT], ended[BN_TIME_TEXT];
	bn_time start = now - (bn_time)(number % 10000) * 20000 - 600000;
	int p = number % 500;

	start -= start % 1000;
	snprintf(name, sizeof(name), "pipeline-%03d-hourly-%08x", p, (unsigned)number);
	bn_time_rfc3339(start - 2000, queued);
	bn_time_rfc3339(start, began);
	bn_time_rfc3339(start + 240000, ended);
	bn_buf_addf(
	    out,
	    "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"data\",\"uid\":\"%08x-5717-4562-b3fc-"
	    "2c963f66afa6\",\"creationTimestamp\":\"%s\",\"labels\":{\"team\":\"team-%d\","
	    "\"workflows.argoproj.io/completed\":\"true\",\"workflows.argoproj.io/cron-workflow\":"
	    "\"pipeline-%03d-hourly\",\"workflows.argoproj.io/phase\":\"Succeeded\"}},\"spec\":{},"
	    "\"status\":{\"phase\":\"Succeeded\",\"startedAt\":\"%s\",\"finishedAt\":\"%s\","
	    "\"progress\":\"12/12\"",
	    name, (unsigned)number, queued, p % 12, p, began, ended);
	if (bytes > 600)
		add_nodes(out, name, bytes - 600, began, ended);
	bn_buf_adds(out, "}}");
}

char *
bench_workflows(int first, int count, size_t bytes, const char *next, size_t *size)
{
	struct bn_buf out = BN_BUF_INIT((size_t)256 << 20);
	bn_time now = (bn_time)time(NULL) * 1000;
	char *text;

	bn_buf_addf(&out, "{\"metadata\":{\"resourceVersion\":\"4711\"%s%s%s},\"items\":[",
		    next != NULL ? ",\"continue\":\"" : "", next != NULL ? next : "",
		    next != NULL ? "\"" : "");
	for (int i = 0; i < count; i++) {
		if (i > 0)
			bn_buf_addc(&out, ',');
		add_workflow(&out, first + i, bytes, now);
	}
	bn_buf_adds(&out, "]}");
	if (size != NULL)
		*size = out.size;
	text = bn_xstrndup(out.data, out.size);
	bn_buf_free(&out);
	return text;
}

/* ---- answers ------------------------------------------------------------------------------- */

/* The list of runs: its page by the token `continue`, which is the page's number. */
static void
reply_runs(struct bench_server *server, struct ts_conn *conn, const char *target)
{
	const struct bench_server_options *o = &server->options;
	const char *at = strstr(target, "continue=");
	int page = at != NULL ? atoi(at + 9) : 0;
	char next[16], *text;

	if (o->runs != NULL) {
		ts_reply_bytes(conn, 200, "Content-Type: application/json\r\n", o->runs,
			       o->runs_size);
		return;
	}
	snprintf(next, sizeof(next), "%d", page + 1);
	text =
	    bench_workflows(page * o->items, o->items, 0, page + 1 < o->pages ? next : NULL, NULL);
	ts_json(conn, text);
	free(text);
}

static void
count(struct bench_server *server, bool begins)
{
	double now = now_ms();

	pthread_mutex_lock(&server->lock);
	if (begins && server->requests++ == 0)
		server->first = now;
	server->last = now;
	pthread_mutex_unlock(&server->lock);
}

static void
answer(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	struct bench_server *server = payload;

	count(server, true);
	if (server->options.latency_ms > 0)
		usleep((useconds_t)server->options.latency_ms * 1000);
	if (strncmp(request->target, "/api/v1/workflows/", 18) == 0 &&
	    strstr(request->target, "createdAfter") != NULL)
		reply_runs(server, conn, request->target);
	else if (strncmp(request->target, "/health", 7) == 0)
		ts_json(conn, "{\"status\":\"ok\"}");
	else
		ts_json(conn, "{\"metadata\":{\"resourceVersion\":\"4711\"},\"items\":null}");
	count(server, false);
}

struct bench_server *
bench_server_start(const struct bench_server_options *options)
{
	struct bench_server *server = bn_xcalloc(1, sizeof(*server));

	server->options = *options;
	pthread_mutex_init(&server->lock, NULL);
	server->server = ts_start(answer, server, NULL);
	return server;
}

void
bench_server_stop(struct bench_server *server)
{
	if (server == NULL)
		return;
	ts_stop(server->server);
	pthread_mutex_destroy(&server->lock);
	free(server);
}

const char *
bench_server_url(const struct bench_server *server)
{
	return ts_url(server->server);
}

int
bench_server_requests(struct bench_server *server, double *ms)
{
	int requests;

	pthread_mutex_lock(&server->lock);
	requests = server->requests;
	if (ms != NULL)
		*ms = server->last - server->first;
	server->requests = 0;
	pthread_mutex_unlock(&server->lock);
	return requests;
}

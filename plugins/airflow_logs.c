/* airflow_logs.c - the log of one try of an Airflow task: text in 2.x, records in 3.x. */
/* SPDX-License-Identifier: MIT
 *
 * Neither follows. Of a running task Airflow 2 gives the whole text so far each time, Airflow 3
 * JSON with a token that goes on where the last answer ended; both are asked again until the task
 * is finished. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "airflow.h"

#define AGAIN_AFTER	  3000 /* ms between two looks at a running task's log */
#define CONTINUED_AT_MOST 100000

struct reader {
	struct bn_source *s;
	const struct airflow_dialect *d;
	struct bn_sink *sink; /* NULL: only looking for the cause */
	bool preamble;	      /* within "Log message source details" */
	size_t told, seen;    /* lines behind the preamble: given on, and read this time */
	size_t lines;	      /* read this time, of whatever sort */
	int lost_told;
	char host[256]; /* the first line, until it is clear what it is */
	bool traceback;
	char cause[400];
};

static void
tell(struct reader *r, bn_time at, const char *text, size_t size, struct bn_error *err, int *rc)
{
	(void)err;
	if (r->sink != NULL)
		*rc = bn_sink_line(r->s, r->sink, at, text, size);
}

static void
remember_cause(struct reader *r, const char *text, size_t size)
{
	if (size >= sizeof(r->cause))
		size = sizeof(r->cause) - 1;
	memcpy(r->cause, text, size);
	r->cause[size] = '\0';
}

/* ---- Airflow 2: text ------------------------------------------------------------------------- */

/* "[2026-11-20T16:24:07.060+0000] {file.py:12} ERROR - text": the time, and the text behind it. */
static bn_time
take_time(struct bn_source *s, const char **text, size_t *size)
{
	const char *end;
	char stamp[48];
	size_t n;
	bn_time at;

	if (*size < 3 || (*text)[0] != '[' ||
	    (end = memchr(*text, ']', *size < 44 ? *size : 44)) == NULL)
		return 0;
	n = (size_t)(end - *text) - 1;
	memcpy(stamp, *text + 1, n);
	stamp[n] = '\0';
	if (n > 5 && (stamp[n - 5] == '+' || stamp[n - 5] == '-')) { /* +0000 to +00:00 */
		memmove(stamp + n - 1, stamp + n - 2, 3);
		stamp[n - 2] = ':';
	}
	at = bn_parse_time(s, stamp);
	if (at == 0)
		return 0;
	end += end[1] == ' ' ? 2 : 1;
	*size -= (size_t)(end - *text);
	*text = end;
	return at;
}

/* The last line of a traceback says what went wrong: it is the one that is not indented. */
static void
look_for_cause(struct reader *r, const char *text, size_t size, bool stamped)
{
	const char *error = stamped ? strstr(text, "ERROR - ") : NULL;

	if (strncmp(text, "Traceback (most recent call last)", 33) == 0) {
		r->traceback = true;
	} else if (stamped) {
		r->traceback = false;
		if (error != NULL && r->cause[0] == '\0')
			remember_cause(r, error + 8, strlen(error + 8));
	} else if (r->traceback && size > 0 && !isspace((unsigned char)text[0])) {
		remember_cause(r, text, size);
	}
}

static int
tell_text(struct reader *r, const char *line, size_t size, struct bn_error *err)
{
	bn_time at;
	int rc = BN_OK;

	if (r->seen++ < r->told)
		return BN_OK;
	r->told = r->seen;
	at = take_time(r->s, &line, &size);
	if (r->sink == NULL)
		look_for_cause(r, line, size, at != 0);
	tell(r, at, line, size, err, &rc);
	return rc;
}

/* First comes the name of the host, and then the places where the server looked for the log; both
 * may change from one answer to the next, and neither is the task's. */
static int
on_text(const char *line, size_t size, void *payload, struct bn_error *err)
{
	struct reader *r = payload;
	bool first = r->lines++ == 0;
	int rc = BN_OK;

	if (strstr(line, "::group::Log message source details") != NULL) {
		r->preamble = true;
		r->host[0] = '\0';
		return BN_OK;
	}
	if (r->preamble) {
		r->preamble = strstr(line, "::endgroup::") == NULL;
		if (strncmp(line, "*** Could not", 13) == 0 && !r->lost_told++)
			tell(r, 0, line, size, err, &rc);
		return rc;
	}
	if (first && size > 0 && size < sizeof(r->host) && line[0] != '[') {
		memcpy(r->host, line, size + 1);
		return BN_OK;
	}
	if (r->host[0] != '\0') {
		rc = tell_text(r, r->host, strlen(r->host), err);
		r->host[0] = '\0';
	}
	if (size == 0 && r->seen == 0)
		return rc;
	return rc == BN_OK ? tell_text(r, line, size, err) : rc;
}

/* ---- Airflow 3: records ---------------------------------------------------------------------- */

/* A failed task's record carries its exceptions, outermost last: where, and then what. */
static int
tell_exceptions(struct reader *r, struct bn_json record, bn_time at, struct bn_error *err)
{
	struct bn_json_iter it = bn_json_walk(record, "error_detail");
	char text[1024];
	int rc = BN_OK;

	while (rc == BN_OK && bn_json_next(&it)) {
		const char *type = bn_json_string(it.value, "exc_type"),
			   *value = bn_json_string(it.value, "exc_value");
		struct bn_json_iter frame = bn_json_walk(it.value, "frames");

		while (rc == BN_OK && bn_json_next(&frame)) {
			const char *file = bn_json_string(frame.value, "filename");
			const char *name = bn_json_string(frame.value, "name");

			snprintf(text, sizeof(text), "  File \"%s\", line %lld, in %s",
				 file != NULL ? file : "?",
				 (long long)bn_json_int(frame.value, "lineno", 0),
				 name != NULL ? name : "?");
			tell(r, at, text, strlen(text), err, &rc);
		}
		snprintf(text, sizeof(text), "%s: %s", type != NULL ? type : "error",
			 value != NULL ? value : "");
		if (it.index <= 1 || r->cause[0] == '\0')
			remember_cause(r, text, strlen(text));
		if (rc == BN_OK)
			tell(r, at, text, strlen(text), err, &rc);
	}
	return rc;
}

static int
on_record(struct bn_json record, void *payload, struct bn_error *err)
{
	struct reader *r = payload;
	const char *event = bn_json_string(record, NULL), *level = bn_json_string(record, "level");
	const char *logger = bn_json_string(record, "logger");
	bn_time at = bn_json_time(record, "timestamp");
	char *text;
	size_t size;
	int rc = BN_OK;

	r->seen++;
	if (event == NULL)
		event = bn_json_string(record, "event");
	if (event == NULL)
		return bn_fail_at(r->s, err, BN_EPARSE, "a log record without an event");
	if (strncmp(event, "::group::Log message source details", 35) == 0) {
		r->preamble = true;
		return BN_OK;
	}
	if (r->preamble) {
		r->preamble = strncmp(event, "::endgroup::", 12) != 0;
		return BN_OK;
	}
	if (level == NULL || (logger != NULL && strcmp(logger, "task.stdout") == 0))
		level = "";
	if (strcmp(level, "error") == 0 && r->cause[0] == '\0')
		remember_cause(r, event, strlen(event));
	size = strlen(level) + strlen(event) + 2;
	text = malloc(size);
	if (text == NULL)
		return bn_fail_at(r->s, err, BN_EINTERNAL, "out of memory");
	snprintf(text, size, "%s%s%s", level, level[0] != '\0' ? " " : "", event);
	for (size_t i = 0; level[i] != '\0'; i++)
		text[i] = (char)toupper((unsigned char)text[i]);
	tell(r, at, text, strlen(text), err, &rc);
	free(text);
	return rc == BN_OK ? tell_exceptions(r, record, at, err) : rc;
}

static int
on_record_line(const char *line, size_t size, void *payload, struct bn_error *err)
{
	struct reader *r = payload;
	struct bn_json record;
	struct bn_error broken;
	int rc = BN_OK;

	if (size == 0)
		return BN_OK;
	if (bn_json_parse(r->s, line, size, &record, &broken) != BN_OK) {
		tell(r, 0, line, size, err, &rc);
		return rc;
	}
	rc = on_record(record, payload, &broken);
	if (rc == BN_EPARSE) {
		rc = BN_OK;
		tell(r, 0, line, size, err, &rc);
	}
	bn_json_release(r->s, record);
	return rc;
}

/* ---- reading --------------------------------------------------------------------------------- */

struct wanted {
	const char *dag, *run, *task, *map_index, *try_number; /* map_index NULL: not mapped */
};

static int
read_text(struct reader *r, const struct wanted *w, struct bn_error *err)
{
	r->seen = r->lines = 0;
	return bn_lines(r->s, r->d->first + AIRFLOW_LOG,
			BN_PARAMS({"dag_id", w->dag}, {"dag_run_id", w->run}, {"task_id", w->task},
				  {r->d->try_number, w->try_number}, {"map_index", w->map_index},
				  {"full_content", "true"}),
			BN_LINES_RAW, "text/plain", on_text, r, err);
}

static int
read_records(struct reader *r, const struct wanted *w, struct bn_error *err)
{
	return bn_lines(r->s, r->d->first + AIRFLOW_LOG,
			BN_PARAMS({"dag_id", w->dag}, {"dag_run_id", w->run}, {"task_id", w->task},
				  {r->d->try_number, w->try_number}, {"map_index", w->map_index},
				  {"full_content", "true"}),
			BN_LINES_NDJSON, "application/x-ndjson", on_record_line, r, err);
}

/* From the token on; the next token is copied out, since the reader outlives many answers. */
static int
continue_records(struct reader *r, const struct wanted *w, char *token, size_t size,
		 struct bn_error *err)
{
	struct bn_json rest;
	const char *next;
	int rc =
	    bn_items(r->s, r->d->first + AIRFLOW_LOG,
		     BN_PARAMS({"dag_id", w->dag}, {"dag_run_id", w->run}, {"task_id", w->task},
			       {r->d->try_number, w->try_number}, {"map_index", w->map_index},
			       {"token", token[0] != '\0' ? token : NULL}),
		     "content", on_record, r, &rest, err);

	next = rc == BN_OK ? bn_json_string(rest, "continuation_token") : NULL;
	snprintf(token, size, "%s", next != NULL ? next : "");
	return rc;
}

/* Whether the try whose log is followed may still write. */
static bool
still_runs(struct reader *r, const struct wanted *w)
{
	static const char *const words[] = {"running", "queued", "scheduled", "restarting",
					    "deferred"};
	struct bn_json reply;
	struct bn_error err;
	const char *state;
	bool runs = false;

	if (bn_get(r->s,
		   r->d->first +
		       (w->map_index != NULL ? AIRFLOW_MAPPED_INSTANCE : AIRFLOW_INSTANCE),
		   BN_PARAMS({"dag_id", w->dag}, {"dag_run_id", w->run}, {"task_id", w->task},
			     {"map_index", w->map_index}),
		   &reply, &err) != BN_OK)
		return false;
	state = bn_json_string(reply, "state");
	for (size_t i = 0; state != NULL && i < sizeof(words) / sizeof(words[0]); i++)
		runs = runs || strcmp(state, words[i]) == 0;
	/* a later try has begun: this one is over */
	if (bn_json_int(reply, "try_number", 0) > strtol(w->try_number, NULL, 10))
		runs = false;
	bn_json_release(r->s, reply);
	return runs;
}

static int
follow(struct reader *r, const struct wanted *w, struct bn_error *err)
{
	char token[4096] = "";
	bool runs;
	int rc = BN_OK;

	for (int i = 0; rc == BN_OK && i < CONTINUED_AT_MOST; i++) {
		runs =
		    still_runs(r, w); /* asked first: what it wrote last is read after it ended */
		r->seen = 0;
		rc = r->d->log_is_json ? continue_records(r, w, token, sizeof(token), err)
				       : read_text(r, w, err);
		if (rc != BN_OK || (!runs && (token[0] == '\0' || r->seen == 0)))
			break;
		if (runs)
			rc = bn_wait(r->s, AGAIN_AFTER);
	}
	return rc;
}

int
airflow_logs(struct bn_source *s, const struct bn_log_request *request, struct bn_sink *sink,
	     struct bn_error *err)
{
	struct reader r = {.s = s, .sink = sink};
	struct wanted w = {0};
	int map_index = -1, number = 0, at = 0;
	int rc;

	if (request->handle == NULL ||
	    sscanf(request->handle, "%d %d %n", &map_index, &number, &at) != 2 || at == 0)
		return bn_hint_at((bn_fail_at(s, err, BN_EUNSUPPORTED,
					      "Airflow keeps a log for each task, none for a run"),
				   err),
				  "choose a task that has run");
	if (!airflow_split_key(s, request->run, &w.dag, &w.run))
		return bn_fail_at(s, err, BN_EINVAL, "%s is not a run of Airflow (DAG/RUN-ID)",
				  request->run);
	w.task = request->handle + at;
	w.try_number = bn_format(s, "%d", request->try_number > 0 ? request->try_number : number);
	w.map_index = map_index >= 0 ? bn_format(s, "%d", map_index) : NULL;
	rc = airflow_dialect(s, &r.d, err);
	if (rc != BN_OK)
		return rc;
	if (bn_sink_follow(s, sink) && still_runs(&r, &w))
		return follow(&r, &w, err);
	return r.d->log_is_json ? read_records(&r, &w, err) : read_text(&r, &w, err);
}

const char *
airflow_cause(struct bn_source *s, const char *dag, const char *run, const char *task,
	      int map_index, int try_number)
{
	struct reader r = {.s = s};
	struct wanted w = {.dag = dag,
			   .run = run,
			   .task = task,
			   .map_index = map_index >= 0 ? bn_format(s, "%d", map_index) : NULL,
			   .try_number = bn_format(s, "%d", try_number)};
	struct bn_error err;

	if (airflow_dialect(s, &r.d, &err) != BN_OK)
		return NULL;
	if ((r.d->log_is_json ? read_records(&r, &w, &err) : read_text(&r, &w, &err)) != BN_OK ||
	    r.cause[0] == '\0')
		return NULL;
	return bn_format(s, "%s", r.cause);
}

/* argo_log.c - pods' logs as the server streams them, and the main-logs artifact of pods that are gone. */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "sim/argo.h"

/* Where one pod's log has been read to. */
struct cursor {
	const struct bn_w_task *task;
	int attempt;
	size_t next, skip; /* lines to leave out at the start (tailLines) */
	bool over, loaded;
	struct bn_w_line line; /* the next one, if loaded */
	char pod[ARGO_POD_NAME];
};

struct log_stream {
	struct bn_web_stream base;
	const struct bn_world *world;
	struct bn_w_run run;
	struct bn_w_task *tasks;
	struct cursor *cursors;
	size_t count;
	bool follow, events, raw, timestamps;
	bn_time since;
	char *grep;
};

static void
text_of(const struct log_stream *stream, const struct bn_w_line *line, char *out, size_t size)
{
	char stamp[BN_TIME_TEXT] = "";
	const char *level = strcmp(line->level, "error") == 0	  ? "ERROR  "
			    : strcmp(line->level, "warning") == 0 ? "WARN   "
								  : "";

	if (stream->timestamps)
		bn_time_rfc3339(line->at, stamp);
	snprintf(out, size, "%s%s%s%s", stamp, stream->timestamps ? " " : "", level, line->text);
}

static void
emit(const struct log_stream *stream, const struct cursor *cursor, struct bn_buf *out)
{
	char text[320];

	text_of(stream, &cursor->line, text, sizeof(text));
	if (stream->grep != NULL && strstr(text, stream->grep) == NULL)
		return;
	if (stream->raw) {
		bn_buf_addf(out, "%s\n", text);
		return;
	}
	bn_buf_adds(out, stream->events ? "data: " : "");
	bn_buf_adds(out, "{\"result\":{\"content\":");
	bn_json_quote(out, text);
	bn_buf_adds(out, ",\"podName\":");
	bn_json_quote(out, cursor->pod);
	bn_buf_adds(out, stream->events ? "}}\n\n" : "}}\n");
}

static bool
load(const struct log_stream *stream, struct cursor *cursor)
{
	if (!cursor->loaded && !cursor->over) {
		cursor->loaded = bn_world_log_line(stream->world, &stream->run, cursor->task,
						   cursor->attempt, cursor->next, &cursor->line);
		cursor->over = !cursor->loaded;
	}
	return cursor->loaded;
}

/* The cursor whose next line is the oldest that was written by now. */
static struct cursor *
oldest(const struct log_stream *stream, bn_time now)
{
	struct cursor *best = NULL, *cursor;
	size_t i;

	for (i = 0; i < stream->count; i++) {
		cursor = &stream->cursors[i];
		if (load(stream, cursor) && cursor->line.at <= now &&
		    (best == NULL || cursor->line.at < best->line.at))
			best = cursor;
	}
	return best;
}

static bool
more_log(struct bn_web_stream *base, bn_time now, struct bn_buf *out)
{
	struct log_stream *stream = (struct log_stream *)base;
	struct cursor *cursor;

	while ((cursor = oldest(stream, now)) != NULL) {
		if (cursor->next++ >= cursor->skip && cursor->line.at >= stream->since)
			emit(stream, cursor, out);
		cursor->loaded = false;
	}
	return stream->follow && now < stream->run.finished;
}

static void
free_log(struct bn_web_stream *base)
{
	struct log_stream *stream = (struct log_stream *)base;

	free(stream->tasks);
	free(stream->cursors);
	free(stream->grep);
	free(stream);
}

/* A cursor for each pod that there is, or only for the one asked for. */
static void
open_cursors(struct log_stream *stream, const char *pod, bn_time now)
{
	size_t i, count = bn_world_tasks(stream->world, &stream->run, &stream->tasks);
	struct cursor *cursor;
	int attempt;

	stream->cursors = bn_xcalloc(count * 2, sizeof(*stream->cursors));
	for (i = 0; i < count; i++) {
		for (attempt = 1; attempt <= stream->tasks[i].tries; attempt++) {
			/* a pod that is yet to come belongs to what is followed */
			if (!stream->follow && stream->tasks[i].attempt[attempt - 1].started > now)
				continue;
			cursor = &stream->cursors[stream->count];
			bn_argo_pod_name(&stream->run, &stream->tasks[i], attempt, cursor->pod);
			cursor->task = &stream->tasks[i];
			cursor->attempt = attempt;
			if (pod == NULL || strcmp(pod, cursor->pod) == 0)
				stream->count++;
		}
	}
}

/* tailLines holds for each container by itself. */
static void
keep_tail(struct log_stream *stream, size_t tail, bn_time now)
{
	struct bn_w_line line;
	struct cursor *cursor;
	size_t i, lines;

	for (i = 0; i < stream->count; i++) {
		cursor = &stream->cursors[i];
		for (lines = 0; bn_world_log_line(stream->world, &stream->run, cursor->task,
						  cursor->attempt, lines, &line) &&
				line.at <= now;
		     lines++)
			;
		cursor->skip = lines > tail ? lines - tail : 0;
	}
}

static struct log_stream *
new_log(struct bn_web_request *request, const struct bn_w_run *run, const char *pod, bool follow)
{
	struct log_stream *stream = bn_xcalloc(1, sizeof(*stream));

	stream->base.more = more_log;
	stream->base.free = free_log;
	stream->world = request->world;
	stream->run = *run;
	stream->follow = follow;
	open_cursors(stream, pod, request->now);
	return stream;
}

void
bn_argo_log(struct bn_web_request *request, const struct bn_w_run *run, const char *pod)
{
	const char *tail = bn_web_query(request, "logOptions.tailLines");
	const char *since = bn_web_query(request, "logOptions.sinceSeconds");
	const char *grep = bn_web_query(request, "grep"),
		   *accept = bn_web_header(request, "Accept");
	struct log_stream *stream;
	int64_t lines = tail == NULL ? -1 : bn_face_number(tail, 1000000);

	if ((tail != NULL && lines < 0) ||
	    (since != NULL && bn_face_number(since, INT32_MAX) < 0)) {
		bn_argo_error(request, 3, "parsing logOptions: not a number");
		return;
	}
	stream = new_log(request, run, pod,
			 bn_face_bool(bn_web_query(request, "logOptions.follow"), false));
	if (bn_argo_is_archived(run, request->now))
		stream->count = 0; /* the pods are gone; what they wrote is an artifact */
	stream->timestamps = bn_face_bool(bn_web_query(request, "logOptions.timestamps"), false);
	stream->events = accept != NULL && strstr(accept, "text/event-stream") != NULL;
	stream->grep = grep == NULL || *grep == '\0' ? NULL : bn_xstrdup(grep);
	if (since != NULL)
		stream->since = request->now - bn_face_number(since, INT32_MAX) * BN_W_SECOND;
	if (lines >= 0)
		keep_tail(stream, (size_t)lines, request->now);
	bn_web_stream(request, stream->events ? "text/event-stream" : "application/json",
		      &stream->base);
}

void
bn_argo_main_logs(struct bn_web_request *request, const struct bn_w_run *run, const char *node)
{
	struct bn_buf out = BN_BUF_INIT(0);
	struct log_stream *stream = new_log(request, run, NULL, false);
	char id[ARGO_POD_NAME];
	size_t i, kept = 0;

	for (i = 0; i < stream->count; i++) {
		struct cursor *cursor = &stream->cursors[i];

		bn_argo_node_id(run, cursor->task, cursor->task->retries ? cursor->attempt : 0, id);
		if (strcmp(id, node) == 0 &&
		    request->now >= cursor->task->attempt[cursor->attempt - 1].finished)
			stream->cursors[kept++] = *cursor;
	}
	stream->count = kept;
	stream->raw = true;
	if (kept == 0) {
		bn_argo_error(request, 5, "artifact \"main-logs\" of node \"%s\" not found", node);
	} else {
		more_log(&stream->base, request->now, &out);
		bn_web_text(request, 200, "text/plain; charset=utf-8", bn_buf_text(&out));
	}
	bn_buf_free(&out);
	free_log(&stream->base);
}

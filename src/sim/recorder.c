/* recorder.c - every request the simulator saw, in order. */
/* SPDX-License-Identifier: MIT */
#include "sim/recorder.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"

struct bn_recorder {
	pthread_mutex_t lock;
	struct bn_arena *arena;
	struct bn_recorded **all;
	size_t count, capacity, violations;
	FILE *file;
	FILE *suite; /* of BINNACLE_RECORD, where clients write down what they send */
};

int
bn_recorder_open(struct bn_recorder **out, const char *path, struct bn_error *err)
{
	struct bn_recorder *recorder;
	const char *suite = getenv("BINNACLE_RECORD");
	FILE *file = NULL;

	*out = NULL;
	if (path != NULL && (file = fopen(path, "ae")) == NULL)
		return bn_fail(err, BN_EIO, "%s: cannot record requests: %s", path,
			       strerror(errno));
	recorder = bn_xcalloc(1, sizeof(*recorder));
	pthread_mutex_init(&recorder->lock, NULL);
	recorder->arena = bn_arena_new();
	recorder->file = file;
	if (suite != NULL && *suite != '\0')
		recorder->suite = fopen(suite, "ae");
	*out = recorder;
	return BN_OK;
}

void
bn_recorder_close(struct bn_recorder *recorder)
{
	if (recorder == NULL)
		return;
	if (recorder->file != NULL)
		fclose(recorder->file);
	if (recorder->suite != NULL)
		fclose(recorder->suite);
	pthread_mutex_destroy(&recorder->lock);
	bn_arena_free(recorder->arena);
	free(recorder->all);
	free(recorder);
}

static char *
as_line(const struct bn_recorded *request)
{
	static const char *const auths[] = {"none", "ok", "refused"};
	char at[BN_TIME_TEXT], *text;
	json_t *line;

	line = json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s?}", "n",
			 (json_int_t)request->number, "at", bn_time_rfc3339(request->at, at),
			 "face", request->face, "method", request->method, "path", request->path,
			 "query", request->query, "auth", auths[request->auth], "body",
			 request->body, "status", request->status, "violation", request->violation);
	if (line == NULL) /* bytes that are no UTF-8: what came is said, not what it was */
		line = json_pack("{s:I, s:s, s:s, s:s, s:i}", "n", (json_int_t)request->number,
				 "face", request->face, "method", "?", "violation",
				 "request line is not UTF-8", "status", request->status);
	text = json_dumps(line, JSON_COMPACT);
	json_decref(line);
	return text;
}

/* Only what is compared with what was sent: who saw which path. */
static void
tell_suite(struct bn_recorder *recorder, const struct bn_recorded *request)
{
	json_t *line;
	char *text;

	if (recorder->suite == NULL)
		return;
	line = json_pack("{s:s, s:s, s:s}", "seen", request->face, "method", request->method,
			 "path", request->path);
	text = line != NULL ? json_dumps(line, JSON_COMPACT) : NULL;
	json_decref(line);
	if (text == NULL)
		return;
	fprintf(recorder->suite, "%s\n", text);
	fflush(recorder->suite);
	free(text);
}

void
bn_recorder_add(struct bn_recorder *recorder, const struct bn_recorded *request)
{
	struct bn_recorded *copy;
	char *line;

	pthread_mutex_lock(&recorder->lock);
	copy = bn_arena_alloc(recorder->arena, sizeof(*copy));
	*copy = *request;
	copy->face = bn_arena_strdup(recorder->arena, request->face);
	copy->method = bn_arena_strdup(recorder->arena, request->method);
	copy->path = bn_arena_strdup(recorder->arena, request->path);
	copy->query = bn_arena_strdup(recorder->arena, request->query);
	copy->violation = bn_arena_strdup(recorder->arena, request->violation);
	if (recorder->count == recorder->capacity) {
		recorder->capacity = recorder->capacity == 0 ? 64 : recorder->capacity * 2;
		recorder->all =
		    bn_xrealloc(recorder->all, recorder->capacity, sizeof(*recorder->all));
	}
	recorder->all[recorder->count++] = copy;
	copy->number = recorder->count;
	recorder->violations += copy->violation != NULL;
	if (recorder->file != NULL && (line = as_line(copy)) != NULL) {
		fprintf(recorder->file, "%s\n", line);
		fflush(recorder->file);
		free(line);
	}
	tell_suite(recorder, copy);
	pthread_mutex_unlock(&recorder->lock);
}

/* The lock is not part of what callers see as const. */
static pthread_mutex_t *
lock_of(const struct bn_recorder *recorder)
{
	union {
		const struct bn_recorder *in;
		struct bn_recorder *out;
	} both = {recorder};

	return &both.out->lock;
}

size_t
bn_recorder_count(const struct bn_recorder *recorder)
{
	size_t count;

	pthread_mutex_lock(lock_of(recorder));
	count = recorder->count;
	pthread_mutex_unlock(lock_of(recorder));
	return count;
}

size_t
bn_recorder_violations(const struct bn_recorder *recorder)
{
	size_t count;

	pthread_mutex_lock(lock_of(recorder));
	count = recorder->violations;
	pthread_mutex_unlock(lock_of(recorder));
	return count;
}

bool
bn_recorder_get(const struct bn_recorder *recorder, size_t index, struct bn_recorded *out)
{
	bool found;

	pthread_mutex_lock(lock_of(recorder));
	found = index < recorder->count;
	if (found)
		*out = *recorder->all[index];
	pthread_mutex_unlock(lock_of(recorder));
	return found;
}

char *
bn_recorder_dump(const struct bn_recorder *recorder)
{
	struct bn_buf out = BN_BUF_INIT(0);
	struct bn_recorded request;
	char *line;
	size_t i;

	for (i = 0; bn_recorder_get(recorder, i, &request); i++) {
		line = as_line(&request);
		if (line == NULL)
			continue;
		bn_buf_adds(&out, line);
		bn_buf_addc(&out, '\n');
		free(line);
	}
	return out.data == NULL ? bn_xstrdup("") : bn_buf_take(&out);
}

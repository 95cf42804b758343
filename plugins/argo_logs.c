/* argo_logs.c - what the pods of an Argo run wrote: streamed, or later from the archive. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "argo.h"

#define RECENT 256

static const char *
text_or(struct bn_json j, const char *path, const char *fallback)
{
	const char *text = bn_json_string(j, path);

	return text != NULL ? text : fallback;
}

struct tail {
	struct bn_source *s;
	struct bn_sink *sink;
	bool name_pods; /* a whole run's log: say which pod each line is from */
	bool resumed;	/* lines already told may come again */
	bool missing;	/* the server says the pod is gone */
	size_t lines;
	bn_time last;
	uint32_t recent[RECENT]; /* hashes of the latest lines */
	size_t told;
};

/* With timestamps asked for, a line is "2026-03-10T03:06:10.123456789Z text". */
static bn_time
take_time(struct bn_source *s, const char **text)
{
	const char *blank = strchr(*text, ' ');
	char stamp[40];
	size_t size = blank != NULL ? (size_t)(blank - *text) : strlen(*text);
	bn_time at;

	if (size < 20 || size >= sizeof(stamp) || (*text)[10] != 'T')
		return 0;
	memcpy(stamp, *text, size);
	stamp[size] = '\0';
	at = bn_parse_time(s, stamp);
	if (at != 0)
		*text += size + (blank != NULL);
	return at;
}

static bool
was_told(struct tail *t, const char *line)
{
	uint32_t hash = argo_hash(line);

	for (size_t i = 0; t->resumed && i < RECENT && i < t->told; i++)
		if (t->recent[i] == hash)
			return true;
	t->recent[t->told++ % RECENT] = hash;
	return false;
}

/* Errors arrive in the stream, after an HTTP 200: {"error":{"grpc_code":5,"message":"…"}}. */
static int
stream_error(struct tail *t, struct bn_json error, struct bn_error *err)
{
	const char *message = text_or(error, "message", "the server ended the log with an error");
	int64_t code = bn_json_int(error, "grpc_code", 0);

	t->missing = code == 5 || strstr(message, "not found") != NULL;
	if (t->missing)
		return BN_ECANCELLED;
	return bn_fail_at(t->s, err,
			  code == 7    ? BN_EPERM
			  : code == 16 ? BN_EAUTH
				       : BN_EREMOTE,
			  "log: %s", message);
}

static int
tell_entry(struct tail *t, struct bn_json entry, struct bn_error *err)
{
	struct bn_json error = bn_json_get(entry, "error");
	const char *text = bn_json_string(entry, "result/content");
	const char *pod = bn_json_string(entry, "result/podName");
	char *named;
	size_t size;
	bn_time at;
	int rc;

	if (bn_json_present(error))
		return stream_error(t, error, err);
	if (text == NULL || was_told(t, text))
		return BN_OK;
	at = take_time(t->s, &text);
	if (at > 0)
		t->last = at;
	t->lines++;
	if (!t->name_pods || pod == NULL)
		return bn_sink_line(t->s, t->sink, at, text, strlen(text));
	/* not bn_format: what that gives lives as long as the log is followed */
	size = strlen(pod) + strlen(text) + 3;
	named = malloc(size);
	if (named == NULL)
		return bn_fail_at(t->s, err, BN_EINTERNAL, "out of memory");
	snprintf(named, size, "%s: %s", pod, text);
	rc = bn_sink_line(t->s, t->sink, at, named, size - 1);
	free(named);
	return rc;
}

static int
on_entry(const char *line, size_t size, void *payload, struct bn_error *err)
{
	struct tail *t = payload;
	struct bn_json entry;
	struct bn_error broken;
	int rc;

	if (size == 0)
		return BN_OK;
	if (bn_json_parse(t->s, line, size, &entry, &broken) != BN_OK)
		return bn_sink_line(t->s, t->sink, 0, line, size);
	rc = tell_entry(t, entry, err);
	bn_json_release(t->s, entry);
	return rc;
}

static int
on_plain(const char *line, size_t size, void *payload, struct bn_error *err)
{
	struct tail *t = payload;
	const char *text = line;
	bn_time at = take_time(t->s, &text);

	(void)err;
	t->lines++;
	return bn_sink_line(t->s, t->sink, at, text, size - (size_t)(text - line));
}

/* The artifact the controller keeps when archiveLogs is on. Which of both ways to name the run the
 * server takes depends on whether it still lives. */
static int
read_artifact(struct tail *t, const char *namespace, const char *name, const char *uid,
	      const char *node, struct bn_error *err)
{
	int rc =
	    bn_lines(t->s, ARGO_MAIN_LOGS,
		     BN_PARAMS({"namespace", namespace}, {"idDiscriminator", "workflows"},
			       {"id", name}, {"nodeId", node}, {"artifactDiscriminator", "outputs"},
			       {"artifactName", "main-logs"}),
		     BN_LINES_RAW, "text/plain", on_plain, t, err);

	if (rc == BN_ENOTFOUND && uid != NULL)
		rc = bn_lines(t->s, ARGO_MAIN_LOGS,
			      BN_PARAMS({"namespace", namespace},
					{"idDiscriminator", "archived-workflows"}, {"id", uid},
					{"nodeId", node}, {"artifactDiscriminator", "outputs"},
					{"artifactName", "main-logs"}),
			      BN_LINES_RAW, "text/plain", on_plain, t, err);
	if (rc == BN_ENOTFOUND || rc == BN_EREMOTE) {
		bn_fail_at(t->s, err, BN_ENOTFOUND,
			   "the pod is gone and no log of it was archived");
		return bn_hint_at(err,
				  "set archiveLogs in the workflow to keep logs beyond their pods");
	}
	return rc;
}

static bool
run_is_finished(struct bn_source *s, const char *namespace, const char *name, const char **uid)
{
	struct bn_json workflow;
	struct bn_error err;
	const char *phase;
	bool finished;

	if (bn_get(s, ARGO_RUN,
		   BN_PARAMS({"namespace", namespace}, {"name", name},
			     {"fields", "metadata.uid,status.phase"}),
		   &workflow, &err) != BN_OK)
		return false;
	if (*uid == NULL && bn_json_string(workflow, "metadata/uid") != NULL)
		*uid = bn_format(s, "%s", bn_json_string(workflow, "metadata/uid"));
	phase = text_or(workflow, "status/phase", "");
	finished = strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0 ||
		   strcmp(phase, "Error") == 0;
	bn_json_release(s, workflow);
	return finished;
}

int
argo_logs(struct bn_source *s, const struct bn_log_request *request, struct bn_sink *sink,
	  struct bn_error *err)
{
	struct tail t = {.s = s, .sink = sink, .name_pods = request->handle == NULL};
	char pod[254] = "", node[254] = "", container[64] = "main";
	const char *namespace, *name, *uid = NULL, *since = NULL;
	const char *lines = request->tail > 0 ? bn_format(s, "%d", request->tail) : NULL;
	bool finished = false;
	int rc = BN_OK;

	if (request->handle != NULL &&
	    sscanf(request->handle, "%253s %253s %63s", pod, node, container) < 2)
		return bn_fail_at(s, err, BN_EINVAL, "not a log of this plugin: %s",
				  request->handle);
	argo_split_key(s, request->run, &namespace, &name);
	/* Idle streams are cut by proxies: while the run goes on, come back where the stream ended.
	 */
	while (rc == BN_OK && !finished && !t.missing) {
		finished = run_is_finished(s, namespace, name, &uid) || !bn_sink_follow(s, sink);
		rc = bn_lines(s, ARGO_LOG,
			      BN_PARAMS({"namespace", namespace}, {"name", name},
					{"podName", pod[0] != '\0' ? pod : NULL},
					{"logOptions.container", container},
					{"logOptions.follow", finished ? NULL : "true"},
					{"logOptions.tailLines", since == NULL ? lines : NULL},
					{"logOptions.timestamps", "true"},
					{"logOptions.sinceTime.seconds", since}),
			      BN_LINES_NDJSON, "application/json", on_entry, &t, err);
		t.resumed = true;
		if (t.last > 0)
			since = bn_format(s, "%lld", (long long)(t.last / 1000));
		if (rc == BN_OK && !finished && !t.missing)
			rc = bn_wait(s, 2000);
	}
	if (rc == BN_ENOTFOUND || (rc == BN_OK && t.lines == 0 && (finished || t.missing)))
		return node[0] != '\0' ? read_artifact(&t, namespace, name, uid, node, err) : BN_OK;
	return rc;
}

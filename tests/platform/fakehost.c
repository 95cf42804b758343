/* fakehost.c - recorded replies in, records out: struct bn_host without network and store. */
/* SPDX-License-Identifier: MIT */
#include "fakehost.h"
#include "config/stream.h"
#include "net/resp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"

#define BASE_NOW "2026-03-10T03:12:44Z"

struct pair {
	char *name, *value;
};

struct section {
	char *name;
	struct pair *pairs;
	size_t count;
};

struct reply {
	char *request;
	int status;
	char *body;
	size_t size;
	bool used;
};

struct probe_reply {
	char *url;
	struct bn_probe measured;
};

struct fake {
	struct bn_source source; /* first */
	struct bn_host host;
	struct bn_arena *arena;
	struct section config, *sections, *streams;
	size_t section_count, stream_count;
	struct section secrets, watermarks, pending;
	bn_time now;
	struct reply *replies;
	size_t reply_count;
	struct probe_reply *probes;
	size_t probe_count;
	const char *stream; /* of answers, for fuzzers */
	size_t stream_size, stream_at;
	struct reply part;
	json_t **documents;
	size_t document_count;
	struct bn_strlist requests, bodies, skips, scopes_done;
	int *rows;
	json_t *records, *lines, *checks;
	char scope[64], *bearer;
	bool opened, logged_in, in_login, follow;
	int sleeps, patience;
};

/* The batch and the sink the plugin sees. */
struct bn_batch {
	struct bn_batch_head head;
	struct fake *fake;
};
struct bn_sink {
	struct fake *fake;
};

static struct fake *
fake_of(const struct bn_source *source)
{
	union {
		const struct bn_source *in;
		struct fake *out;
	} cast = {source};

	return cast.out;
}

static void
die(const char *what, const char *detail)
{
	fprintf(stderr, "fakehost: %s: %s\n", what, detail);
	abort();
}

/* ---- configuration --------------------------------------------------------------------------- */

static void
add_pair(struct section *section, const char *name, const char *value)
{
	section->pairs = bn_xrealloc(section->pairs, section->count + 1, sizeof(*section->pairs));
	section->pairs[section->count++] = (struct pair){bn_xstrdup(name), bn_xstrdup(value)};
}

static void
clear_section(struct section *section)
{
	for (size_t i = 0; i < section->count; i++) {
		free(section->pairs[i].name);
		free(section->pairs[i].value);
	}
	free(section->pairs);
	free(section->name);
	*section = (struct section){0};
}

static const char *
pair_at(const struct section *section, const char *name, size_t index)
{
	for (size_t i = 0; i < section->count; i++)
		if (strcmp(section->pairs[i].name, name) == 0 && index-- == 0)
			return section->pairs[i].value;
	return NULL;
}

static const struct bn_option *
row_of(const struct bn_option *options, const char *name, bool common)
{
	static const char *const known[] = {"url", "user", "interval", "timeout"};

	for (; options != NULL && options->name != NULL; options++)
		if (strcmp(options->name, name) == 0)
			return options;
	for (size_t i = 0; common && i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i], name) == 0)
			return NULL;
	die("an option that is in no table", name);
	return NULL;
}

static const char *
value_of(const struct section *section, const struct bn_option *row, const char *name, size_t index)
{
	const char *value = pair_at(section, name, index);

	return value == NULL && index == 0 && row != NULL ? row->fallback : value;
}

static int64_t
to_int(const struct bn_option *row, const char *value)
{
	int64_t ms = 0;
	char *end;

	if (value == NULL)
		return 0;
	if (row != NULL && row->type == BN_OPT_DURATION) {
		if (bn_duration_parse(value, &ms, NULL) != BN_OK)
			die("not a duration", value);
		return ms;
	}
	ms = strtoll(value, &end, 10);
	return *end == 'k' ? ms * 1024 : *end == 'm' ? ms * 1024 * 1024 : ms;
}

static const char *
host_option(const struct bn_source *source, const char *name, size_t index)
{
	return value_of(&fake_of(source)->config, row_of(source->plugin->options, name, true), name,
			index);
}

static int64_t
host_option_int(const struct bn_source *source, const char *name)
{
	return to_int(row_of(source->plugin->options, name, true), host_option(source, name, 0));
}

static double
host_option_number(const struct bn_source *source, const char *name)
{
	const char *value = host_option(source, name, 0);

	return value != NULL ? strtod(value, NULL) : 0;
}

static bool
host_option_bool(const struct bn_source *source, const char *name)
{
	const char *value = host_option(source, name, 0);

	return value != NULL && strcmp(value, "true") == 0;
}

static size_t
host_section_count(const struct bn_source *source)
{
	return fake_of(source)->section_count;
}

static const char *
host_section_name(const struct bn_source *source, size_t section)
{
	return fake_of(source)->sections[section].name;
}

static const char *
host_section_option(const struct bn_source *source, size_t section, const char *name, size_t index)
{
	return value_of(&fake_of(source)->sections[section],
			row_of(source->plugin->section_options, name, false), name, index);
}

static int64_t
host_section_int(const struct bn_source *source, size_t section, const char *name)
{
	return to_int(row_of(source->plugin->section_options, name, false),
		      host_section_option(source, section, name, 0));
}

static size_t
host_stream_count(const struct bn_source *source)
{
	return fake_of(source)->stream_count;
}

/* The section as the configuration's loader would give it. */
static const struct bn_config_section *
stream_section(const struct bn_source *source, size_t stream)
{
	struct fake *fake = fake_of(source);
	const struct section *from = &fake->streams[stream];
	struct bn_config_value *values =
	    bn_arena_alloc(fake->arena, (from->count + 1) * sizeof(*values));
	struct bn_config_section *section = bn_arena_alloc(fake->arena, sizeof(*section));

	for (size_t i = 0; i < from->count; i++)
		values[i] =
		    (struct bn_config_value){from->pairs[i].name, from->pairs[i].value, "", 0};
	*section = (struct bn_config_section){"stream", from->name, "", 0, values, from->count};
	return section;
}

static int
host_stream_at(struct bn_source *source, size_t stream, struct bn_stream *out, struct bn_error *err)
{
	return bn_stream_read(stream_section(source, stream), fake_of(source)->arena, out, NULL,
			      err);
}

static const char *
host_stream_option(const struct bn_source *source, size_t stream, const char *name)
{
	return value_of(&fake_of(source)->streams[stream], row_of(bn_stream_options, name, false),
			name, 0);
}

static int64_t
host_stream_ms(const struct bn_source *source, size_t stream, const char *name)
{
	return to_int(row_of(bn_stream_options, name, false),
		      host_stream_option(source, stream, name));
}

static int
host_secret(struct bn_source *source, const char *name, const char **out, struct bn_error *err)
{
	(void)err;
	*out = pair_at(&fake_of(source)->secrets, name, 0);
	return BN_OK;
}

static bool
no_source(const char *name, void *payload)
{
	(void)name;
	(void)payload;
	return false;
}

static int
host_parse_ref(struct bn_source *source, const char *text, struct bn_ref *out, struct bn_error *err)
{
	struct fake *fake = fake_of(source);
	struct bn_ref_text ref;
	int rc = bn_ref_parse(text, no_source, NULL, &ref, err);

	*out = (struct bn_ref){BN_KIND_NONE, NULL, NULL};
	if (rc == BN_OK)
		*out = (struct bn_ref){ref.kind, NULL, bn_arena_strdup(fake->arena, ref.key)};
	bn_ref_free(&ref);
	return rc;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static struct bn_json
wrap(struct fake *fake, const json_t *json)
{
	return (struct bn_json){&fake->host, json};
}

static struct bn_json
keep(struct fake *fake, json_t *json)
{
	if (json != NULL) {
		fake->documents = bn_xrealloc(fake->documents, fake->document_count + 1,
					      sizeof(*fake->documents));
		fake->documents[fake->document_count++] = json;
	}
	return wrap(fake, json);
}

static struct bn_json
host_json_get(struct bn_json json, const char *path)
{
	return (struct bn_json){json.host, json.node != NULL ? bn_json_at(json.node, path) : NULL};
}

static const char *
host_json_string(struct bn_json json, const char *path)
{
	return json.node != NULL ? bn_json_str_at(json.node, path) : NULL;
}

static int64_t
host_json_int(struct bn_json json, const char *path, int64_t fallback)
{
	return json.node != NULL ? bn_json_int_at(json.node, path, fallback) : fallback;
}

static double
host_json_number(struct bn_json json, const char *path, double fallback)
{
	return json.node != NULL ? bn_json_num_at(json.node, path, fallback) : fallback;
}

static bool
host_json_bool(struct bn_json json, const char *path, bool fallback)
{
	return json.node != NULL ? bn_json_bool_at(json.node, path, fallback) : fallback;
}

static json_t *
writable(const void *node)
{
	union {
		const void *in;
		json_t *out;
	} cast = {node};

	return cast.out;
}

static size_t
host_json_size(struct bn_json json, const char *path)
{
	const json_t *node = json.node != NULL ? bn_json_at(json.node, path) : NULL;

	return json_is_array(node) ? json_array_size(node) : json_object_size(node);
}

static bool
host_json_next(struct bn_json_iter *iter)
{
	json_t *in = writable(iter->in.node);

	iter->key = NULL;
	iter->value = (struct bn_json){iter->in.host, NULL};
	if (json_is_array(in)) {
		iter->value.node = json_array_get(in, iter->index++);
		return iter->value.node != NULL;
	}
	if (!json_is_object(in))
		return false;
	iter->position =
	    iter->index++ == 0 ? json_object_iter(in) : json_object_iter_next(in, iter->position);
	if (iter->position == NULL)
		return false;
	iter->key = json_object_iter_key(iter->position);
	iter->value.node = json_object_iter_value(iter->position);
	return true;
}

static int
host_json_parse(struct bn_source *source, const char *text, size_t size, struct bn_json *out,
		struct bn_error *err)
{
	json_t *json = NULL;
	int rc = bn_json_load(&json, text, size, err);

	*out = keep(fake_of(source), json);
	return rc;
}

static void
host_json_release(struct bn_source *source, struct bn_json json)
{
	struct fake *fake = fake_of(source);

	for (size_t i = fake->document_count; json.node != NULL && i-- > 0;)
		if (fake->documents[i] == json.node) {
			json_decref(fake->documents[i]);
			fake->documents[i] = fake->documents[--fake->document_count];
			return;
		}
}

static const char *
host_json_text(struct bn_source *source, struct bn_json json, const char *path)
{
	const json_t *node = json.node != NULL ? bn_json_at(json.node, path) : NULL;
	const char *copy = NULL;
	char *text;

	if (json_is_string(node))
		return bn_arena_strdup(fake_of(source)->arena, json_string_value(node));
	text = node != NULL ? json_dumps(node, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	if (text != NULL)
		copy = bn_arena_strdup(fake_of(source)->arena, text);
	free(text);
	return copy;
}

/* ---- requests -------------------------------------------------------------------------------- */

static void
encode(struct bn_buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    strchr("-._~", c) != NULL)
			bn_buf_addc(out, (char)c);
		else
			bn_buf_addf(out, "%%%02X", c);
	}
}

static bool
is_word_of(const char *words, const char *name)
{
	size_t size = strlen(name);

	for (const char *at = words; (at = strstr(at, name)) != NULL; at += size)
		if ((at == words || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0'))
			return true;
	return false;
}

/* "GET /path?query" from a row and parameters; a parameter the row doesn't know ends the test. */
static char *
address(const struct bn_request *row, const struct bn_param *params)
{
	struct bn_buf out = BN_BUF_INIT(0);
	char separator = '?';

	if (strcmp(row->method, BN_TALK_METHOD) != 0)
		bn_buf_addf(&out, "%s ", row->method);
	for (const char *at = row->path; *at != '\0'; at++) {
		const char *end = *at == '{' ? strchr(at, '}') : NULL;
		const struct bn_param *p = params;

		if (end == NULL) {
			bn_buf_addc(&out, *at);
			continue;
		}
		for (; p->name != NULL; p++)
			if (strlen(p->name) == (size_t)(end - at - 1) &&
			    strncmp(p->name, at + 1, (size_t)(end - at - 1)) == 0)
				break;
		if (p->name == NULL || p->value == NULL)
			die("a path parameter without a value", row->path);
		if (strcmp(row->method, BN_TALK_METHOD) == 0)
			bn_buf_adds(&out, p->value);
		else
			encode(&out, p->value);
		at = end;
	}
	for (const struct bn_param *p = params; p->name != NULL; p++) {
		char placeholder[80];

		snprintf(placeholder, sizeof(placeholder), "{%s}", p->name);
		if (p->value == NULL || strstr(row->path, placeholder) != NULL)
			continue;
		if (!is_word_of(row->query, p->name))
			die("a parameter that is not in the request table", p->name);
		bn_buf_addf(&out, "%c%s=", separator, p->name);
		encode(&out, p->value);
		separator = '&';
	}
	return bn_buf_take(&out);
}

static struct reply *
next_part(struct fake *fake)
{
	const char *at = fake->stream + fake->stream_at, *end;

	end = memchr(at, 0x1e, fake->stream_size - fake->stream_at);
	free(fake->part.body);
	fake->part.size = end != NULL ? (size_t)(end - at) : fake->stream_size - fake->stream_at;
	fake->part.body = bn_xmalloc(fake->part.size + 1);
	memcpy(fake->part.body, at, fake->part.size);
	fake->part.body[fake->part.size] = '\0';
	fake->part.status = 200;
	fake->stream_at = end != NULL ? (size_t)(end + 1 - fake->stream) : 0;
	return &fake->part;
}

static struct reply *
reply_for(struct fake *fake, const char *request)
{
	struct reply *best = NULL;
	size_t length = 0;

	if (fake->stream != NULL)
		return next_part(fake);
	for (size_t i = 0; i < fake->reply_count; i++) {
		struct reply *reply = &fake->replies[i];
		size_t size = strlen(reply->request);

		if (strncmp(request, reply->request, size) != 0 || size < length)
			continue;
		/* of the same request the first unused answer, or else the last one */
		if (best != NULL && size == length && !best->used)
			continue;
		best = reply;
		length = size;
	}
	if (best == NULL)
		die("no answer is recorded for", request);
	best->used = true;
	return best;
}

static int
fail_status(const struct reply *reply, const char *request, struct bn_error *err)
{
	static const struct {
		int status, code;
	} codes[] = {{401, BN_EAUTH},
		     {403, BN_EPERM},
		     {404, BN_ENOTFOUND},
		     {409, BN_ECONFLICT},
		     {429, BN_ETHROTTLED}};
	static const char *const members[] = {"message", "detail", "title", "error"};
	const char *text = NULL;
	int code = BN_EREMOTE;
	json_t *json = NULL;

	if (reply->status == 0)
		return bn_fail(err, BN_EUNREACHABLE, "%s: no answer", request);
	bn_json_load(&json, reply->body, reply->size, NULL);
	for (size_t i = 0; text == NULL && i < 4; i++)
		text = json_string_value(json_object_get(json, members[i]));
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].status == reply->status)
			code = codes[i].code;
	bn_fail(err, code, "%s: %d: %s", request, reply->status, text != NULL ? text : "");
	if (err != NULL)
		err->http_status = reply->status;
	json_decref(json);
	return code;
}

static int
log_in(struct fake *fake, struct bn_error *err)
{
	int rc = BN_OK;

	if (fake->source.plugin->login != NULL && !fake->logged_in && !fake->in_login) {
		fake->in_login = true;
		rc = fake->source.plugin->login(&fake->source, err);
		fake->in_login = false;
		fake->logged_in = rc == BN_OK;
	}
	return rc;
}

/* Finds the answer; a 401 is answered by one more login. */
static int
send(struct fake *fake, int index, const struct bn_param *params, const char *body,
     struct reply **out, struct bn_error *err)
{
	const struct bn_request *row = &fake->source.plugin->requests[index];
	int rc = log_in(fake, err);
	char *request;

	for (int attempt = 0; rc == BN_OK && attempt < 2; attempt++) {
		request = address(row, params);
		if ((body != NULL) != (strcmp(row->method, "POST") == 0))
			die("a body where there should be none, or none where there should be",
			    request);
		fake->rows = bn_xrealloc(fake->rows, fake->requests.count + 1, sizeof(*fake->rows));
		fake->rows[fake->requests.count] = index;
		bn_strlist_add(&fake->requests, request);
		bn_strlist_add(&fake->bodies, body != NULL ? body : "");
		*out = reply_for(fake, request);
		rc = (*out)->status / 100 == 2 ? BN_OK : fail_status(*out, request, err);
		free(request);
		if (rc != BN_EAUTH || fake->in_login || fake->source.plugin->login == NULL ||
		    attempt == 1)
			break;
		fake->logged_in = false;
		rc = log_in(fake, err);
	}
	return rc;
}

static int
host_get(struct bn_source *source, int index, const struct bn_param *params, const char *body,
	 struct bn_json *out, struct bn_error *err)
{
	struct fake *fake = fake_of(source);
	struct reply *reply;
	json_t *json = NULL;
	int rc = send(fake, index, params, body, &reply, err);

	if (rc == BN_OK)
		rc = bn_json_load(&json, reply->body, reply->size, err);
	*out = keep(fake, json);
	return rc;
}

/* The answer is what the server sends: "+PONG\r\n". A status of 0 is a connection that broke. */
static int
host_talk(struct bn_source *source, int index, const struct bn_param *params, struct bn_json *out,
	  struct bn_error *err)
{
	struct fake *fake = fake_of(source);
	const struct bn_request *row = &source->plugin->requests[index];
	struct bn_buf command = BN_BUF_INIT(0);
	struct bn_resp *resp = bn_resp_new();
	const char *refusal = NULL;
	struct reply *reply;
	json_t *json = NULL;
	int rc;

	*out = wrap(fake, NULL);
	if (strcmp(row->method, BN_TALK_METHOD) != 0)
		die("no command", row->path);
	if ((rc = bn_resp_command(&command, row, params, err)) == BN_OK)
		rc = send(fake, index, params, NULL, &reply, err);
	if (rc == BN_OK)
		rc = bn_resp_feed(resp, reply->body, reply->size, row->path, err);
	if (rc == BN_OK && !bn_resp_next(resp, &json, &refusal, &rc, row->path, err) && rc == BN_OK)
		rc = bn_fail(err, BN_ETIMEOUT, "%s: the reply has no end", row->path);
	else if (rc == BN_OK && refusal != NULL)
		rc = bn_resp_failure(err, row->path, refusal);
	if (rc == BN_OK)
		*out = keep(fake, json);
	bn_resp_free(resp);
	bn_buf_free(&command);
	return rc;
}

/* The connection is there at once; AUTH is the host's affair. */
static int
host_talk_open(struct bn_source *source, int first, struct bn_probe *probe, struct bn_error *err)
{
	struct bn_json reply;

	probe->rc = host_talk(source, first, BN_NO_PARAMS, &reply, err);
	probe->resolve = probe->tls = probe->transfer = -1;
	probe->connect = 100;
	probe->first_byte = 200;
	probe->total = 300;
	probe->sent_at = fake_of(source)->now;
	if (probe->rc != BN_OK && err != NULL)
		probe->error = *err;
	return probe->rc;
}

struct items {
	struct fake *fake;
	bn_item_fn *on_item;
	void *payload;
};

static int
on_split(const char *text, size_t size, void *payload, struct bn_error *err)
{
	struct items *items = payload;
	struct bn_error broken = {0};
	json_t *json = NULL;
	int rc = bn_json_load(&json, text, size, &broken);

	if (rc == BN_OK)
		rc = items->on_item(wrap(items->fake, json), items->payload, &broken);
	json_decref(json);
	if (rc == BN_EPARSE) {
		bn_strlist_add(&items->fake->skips, broken.message);
		return BN_OK;
	}
	if (rc != BN_OK && err != NULL)
		*err = broken;
	return rc;
}

static int
host_items(struct bn_source *source, int index, const struct bn_param *params, const char *body,
	   const char *array, bn_item_fn *on_item, void *payload, struct bn_json *rest,
	   struct bn_error *err)
{
	struct fake *fake = fake_of(source);
	struct items items = {fake, on_item, payload};
	struct bn_split *split = NULL;
	struct reply *reply;
	const char *left = NULL;
	size_t left_size = 0;
	json_t *json = NULL;
	int rc = send(fake, index, params, body, &reply, err);

	if (rc == BN_OK) {
		split = bn_split_new(array, 16 * 1024 * 1024, 8 * 1024 * 1024, on_split, &items);
		rc = bn_split_feed(split, reply->body, reply->size, err);
	}
	if (rc == BN_OK)
		rc = bn_split_finish(split, &left, &left_size, err);
	if (rc == BN_OK)
		rc = bn_json_load(&json, left, left_size, err);
	bn_split_free(split);
	if (rest != NULL)
		*rest = keep(fake, json);
	else
		json_decref(json);
	return rc;
}

static int
host_lines(struct bn_source *source, int index, const struct bn_param *params,
	   enum bn_framing framing, const char *accept, bn_line_fn *on_line, void *payload,
	   struct bn_error *err)
{
	struct reply *reply;
	int rc = send(fake_of(source), index, params, NULL, &reply, err);
	const char *at = rc == BN_OK ? reply->body : "", *end = rc == BN_OK ? at + reply->size : at;

	(void)framing;
	(void)accept;
	while (rc == BN_OK && at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t size = (size_t)((newline != NULL ? newline : end) - at);
		char *line = bn_xstrndup(at, size);

		rc = on_line(line, strlen(line), payload, err);
		free(line);
		at += size + 1;
	}
	return rc == BN_ECANCELLED ? BN_OK : rc;
}

static int
host_probe(struct bn_source *source, struct bn_probe *probes, size_t count, size_t parallel,
	   struct bn_error *err)
{
	struct fake *fake = fake_of(source);

	(void)parallel;
	(void)err;
	for (size_t i = 0; i < count; i++) {
		const struct probe_reply *found = NULL;
		struct bn_probe asked = probes[i];

		for (size_t n = 0; n < fake->probe_count; n++)
			if (strcmp(fake->probes[n].url, asked.url) == 0)
				found = &fake->probes[n];
		if (found == NULL)
			die("no probe is recorded for", asked.url);
		probes[i] = found->measured;
		probes[i].url = asked.url;
		probes[i].method = asked.method;
		probes[i].headers = asked.headers;
		probes[i].ca_file = asked.ca_file;
		probes[i].timeout = asked.timeout;
	}
	return BN_OK;
}

static void
host_set_bearer(struct bn_source *source, const char *token)
{
	free(fake_of(source)->bearer);
	fake_of(source)->bearer = bn_xstrdup(token);
}

static bool
host_cancelled(const struct bn_source *source)
{
	return fake_of(source)->sleeps > fake_of(source)->patience;
}

static int
host_wait(struct bn_source *source, int64_t ms)
{
	(void)ms;
	return ++fake_of(source)->sleeps > fake_of(source)->patience ? BN_ECANCELLED : BN_OK;
}

static void
host_if_changed(struct bn_source *source)
{
	(void)source;
}

/* ---- text, time, memory ---------------------------------------------------------------------- */

__attribute__((format(printf, 2, 0))) static const char *
host_format(struct bn_source *source, const char *format, va_list ap)
{
	return bn_arena_formatv(fake_of(source)->arena, format, ap);
}

static void *
host_allocate(struct bn_source *source, size_t size)
{
	return bn_arena_alloc(fake_of(source)->arena, size);
}

static bn_time
host_now(const struct bn_source *source)
{
	return fake_of(source)->now;
}

static const char *
host_format_time(struct bn_source *source, bn_time time)
{
	char text[BN_TIME_TEXT];

	return bn_arena_strdup(fake_of(source)->arena, bn_time_rfc3339(time, text));
}

static const char *
host_escape(struct bn_source *source, const char *text)
{
	struct bn_buf out = BN_BUF_INIT(0);
	const char *copy;

	encode(&out, text);
	copy = bn_arena_strdup(fake_of(source)->arena, bn_buf_text(&out));
	bn_buf_free(&out);
	return copy;
}

static void
host_log(struct bn_source *source, const char *format, va_list ap)
{
	(void)source;
	(void)format;
	(void)ap;
}

/* ---- records --------------------------------------------------------------------------------- */

static json_t *
text_or_null(const char *text)
{
	json_t *json = text != NULL ? json_string_nocheck(text) : NULL;

	return json != NULL ? json : json_null();
}

static void
set(json_t *record, const char *name, const char *text)
{
	json_object_set_new(record, name, text_or_null(text));
}

static void
set_int(json_t *record, const char *name, int64_t number)
{
	json_object_set_new(record, name, json_integer(number));
}

static json_t *
list_of(const char *const *list)
{
	json_t *array = json_array();

	for (; list != NULL && *list != NULL; list++)
		json_array_append_new(array, text_or_null(*list));
	return array;
}

static void
set_ref(json_t *record, const char *name, struct bn_ref ref)
{
	char text[600];

	snprintf(text, sizeof(text), "%s/%s", bn_kind_word(ref.kind),
		 ref.key != NULL ? ref.key : "");
	set(record, name, ref.kind != BN_KIND_NONE ? text : NULL);
}

static json_t *
new_record(struct bn_batch *batch, const char *sort)
{
	json_t *record = json_object();

	set(record, "record", sort);
	set(record, "scope", batch->fake->scope);
	json_array_append_new(batch->fake->records, record);
	return record;
}

static json_t *
new_entity(struct bn_batch *batch, const char *sort, const struct bn_entity *e)
{
	json_t *record = new_record(batch, sort), *labels = json_object();

	if (e->key == NULL || e->key[0] == '\0')
		die("a record without a key", sort);
	if ((unsigned)e->status >= BN_STATUS_COUNT)
		die("a status out of range", e->key);
	set(record, "key", e->key);
	set(record, "name", e->name);
	set(record, "status", bn_status_row(e->status)->word);
	set(record, "raw_status", e->raw_status);
	set_int(record, "since", e->since);
	set(record, "message", e->message);
	set(record, "owner", e->owner);
	set(record, "url", e->url);
	for (const char *const *l = e->labels; l != NULL && l[0] != NULL; l += 2)
		json_object_set_new(labels, l[0], text_or_null(l[1]));
	json_object_set_new(record, "labels", labels);
	return record;
}

static void
add_pipeline(struct bn_batch *batch, const struct bn_pipeline *p)
{
	static const char *const classes[] = {"unknown", "idempotent", "at-least-once", "append"};
	json_t *record = new_entity(batch, "pipeline", &p->e);

	set(record, "schedule", p->schedule);
	set(record, "timezone", p->timezone);
	set_int(record, "next_due_at", p->next_due_at);
	json_object_set_new(record, "paused", json_boolean(p->paused));
	set(record, "group", p->group);
	set(record, "engine", p->engine);
	set(record, "definition", p->definition);
	set(record, "idempotence", classes[p->idempotence]);
}

static void
add_run(struct bn_batch *batch, const struct bn_run *r)
{
	json_t *record = new_entity(batch, "run", &r->e);

	set(record, "pipeline", r->pipeline);
	set_int(record, "attempt", r->attempt);
	set_int(record, "queued_at", r->queued_at);
	set_int(record, "started_at", r->started_at);
	set_int(record, "finished_at", r->finished_at);
	set(record, "trigger", r->trigger);
	set(record, "progress", r->progress);
	set(record, "retry_of", r->retry_of);
	set_int(record, "tasks_total", r->tasks_total);
	set_int(record, "tasks_failed", r->tasks_failed);
	set_int(record, "tasks_skipped", r->tasks_skipped);
	set_int(record, "tasks_done", r->tasks_done);
}

static void
add_task(struct bn_batch *batch, const struct bn_task *t)
{
	json_t *record = new_entity(batch, "task", &t->e);

	set(record, "run", t->run);
	set_int(record, "attempt", t->attempt);
	set_int(record, "try_number", t->try_number);
	set(record, "parent", t->parent);
	json_object_set_new(record, "depends", list_of(t->depends));
	set(record, "type", t->type);
	set_int(record, "order", t->order);
	set_int(record, "queued_at", t->queued_at);
	set_int(record, "started_at", t->started_at);
	set_int(record, "finished_at", t->finished_at);
	set(record, "log", t->log);
}

static void
add_endpoint(struct bn_batch *batch, const struct bn_endpoint *e)
{
	json_t *record = new_entity(batch, "endpoint", &e->e);

	set(record, "type", e->type);
	set(record, "target", e->target);
	set_int(record, "http_status", e->http_status);
	set_int(record, "resolve", e->resolve);
	set_int(record, "connect", e->connect);
	set_int(record, "tls", e->tls);
	set_int(record, "first_byte", e->first_byte);
	set_int(record, "transfer", e->transfer);
	set_int(record, "total", e->total);
	set_int(record, "certificate_expires", e->certificate_expires);
	set_int(record, "checked_at", e->checked_at);
	set_int(record, "slo_p99", e->slo_p99);
	json_object_set_new(record, "asserts", list_of(e->asserts));
}

static void
add_entity(struct bn_batch *batch, enum bn_kind kind, const struct bn_entity *e)
{
	set(new_entity(batch, "entity", e), "kind", bn_kind_word(kind));
}

static void
add_finding(struct bn_batch *batch, const struct bn_finding *f)
{
	static const char *const words[] = {"info", "warn", "crit"};
	struct bn_entity e = {.key = f->key,
			      .name = f->title,
			      .since = f->since,
			      .message = f->message,
			      .url = f->url,
			      .labels = f->labels};
	json_t *record = new_entity(batch, "finding", &e);

	set(record, "rule", f->rule);
	set(record, "severity", words[f->severity]);
	json_object_set_new(record, "silenced", json_boolean(f->silenced));
	set_int(record, "silenced_until", f->silenced_until);
	set(record, "silenced_by", f->silenced_by);
	set(record, "silenced_why", f->silenced_why);
	set_ref(record, "about", f->about);
}

static void
add_model(struct bn_batch *batch, const struct bn_model *m)
{
	json_t *record = new_entity(batch, "model", &m->e);

	set(record, "serving", m->serving);
	set(record, "live_on", m->live_on);
	set(record, "metric", m->metric);
	set(record, "better", m->better);
	json_object_set_new(record, "aliases", list_of(m->aliases));
	json_object_set_new(record, "live", list_of(m->live));
	json_object_set_new(record, "checks", list_of(m->checks));
	json_object_set_new(record, "psi_warn", json_real(m->psi_warn));
	json_object_set_new(record, "psi_bad", json_real(m->psi_bad));
	set_int(record, "auto_deploy", m->auto_deploy);
	set_int(record, "grace", m->grace);
}

static void
add_model_version(struct bn_batch *batch, const struct bn_model_version *v)
{
	json_t *record = new_entity(batch, "model_version", &v->e);

	set(record, "model", v->model);
	set(record, "version", v->version);
	set(record, "stage", v->stage);
	set(record, "run", v->run);
	set_int(record, "run_read", v->run_read);
	set_int(record, "created_at", v->created_at);
	set_int(record, "updated_at", v->updated_at);
	set(record, "artifact", v->artifact);
	set(record, "image", v->image);
	set(record, "framework", v->framework);
	set(record, "signature", v->signature);
	set_int(record, "train_started", v->train_started);
	set_int(record, "train_finished", v->train_finished);
	set_int(record, "data_from", v->data_from);
	set_int(record, "data_to", v->data_to);
	json_object_set_new(record, "tags", list_of(v->tags));
	json_object_set_new(record, "params", list_of(v->params));
	set_int(record, "live_from", v->live_from);
	set_int(record, "live_until", v->live_until);
	set(record, "approved_by", v->approved_by);
	set(record, "change", v->change);
}

static void
add_attribute(struct bn_batch *batch, enum bn_kind kind, const char *key, const char *name,
	      const char *value)
{
	json_t *record = new_record(batch, "attribute");

	set_ref(record, "about", (struct bn_ref){kind, NULL, key});
	set(record, "key", name);
	set(record, "value", value);
}

static void
add_measure(struct bn_batch *batch, struct bn_ref about, const char *name, double value,
	    const char *unit, bn_time at)
{
	json_t *record = new_record(batch, "measure");

	set_ref(record, "about", about);
	set(record, "key", name);
	json_object_set_new(record, "value", json_real(value));
	set(record, "unit", unit);
	set_int(record, "at", at);
}

static void
add_point(struct bn_batch *batch, struct bn_ref about, const char *series, bn_time at, double value)
{
	json_t *record = new_record(batch, "point");

	set_ref(record, "about", about);
	set(record, "key", series);
	json_object_set_new(record, "value", json_real(value));
	set_int(record, "at", at);
}

static void
add_stream(struct bn_batch *batch, const struct bn_stream *s)
{
	json_t *record = new_entity(batch, "stream", &s->e);

	set(record, "unit", s->unit);
	set(record, "query", s->query);
	set(record, "group", s->group);
	set(record, "stage", s->stage);
	set(record, "checks", s->checks);
	set_int(record, "settle", s->settle);
}

static void
add_reading(struct bn_batch *batch, const char *stream, bn_time from, bn_time at)
{
	json_t *record = new_record(batch, "reading");

	set(record, "key", stream);
	set_int(record, "from", from);
	set_int(record, "at", at);
}

static void
add_history(struct bn_batch *batch, bn_time from, bn_time until)
{
	(void)batch;
	(void)from;
	(void)until;
}

static void
add_link(struct bn_batch *batch, struct bn_ref from, struct bn_ref to, const char *kind)
{
	json_t *record = new_record(batch, "link");

	set_ref(record, "from", from);
	set_ref(record, "to", to);
	set(record, "key", kind);
}

static void
add_skip(struct bn_batch *batch, const char *what, const char *why)
{
	char text[700];

	snprintf(text, sizeof(text), "%s: %s", what, why);
	bn_strlist_add(&batch->fake->skips, text);
}

static int
host_scope(struct bn_batch *batch, const char *name, enum bn_scope_type type, struct bn_error *err)
{
	(void)type;
	(void)err;
	snprintf(batch->fake->scope, sizeof(batch->fake->scope), "%s", name);
	return BN_OK;
}

static int
host_page(struct bn_batch *batch, struct bn_error *err)
{
	(void)batch;
	(void)err;
	return BN_OK;
}

static int
host_scope_done(struct bn_batch *batch, struct bn_error *err)
{
	struct fake *fake = batch->fake;

	(void)err;
	for (size_t i = 0; i < fake->pending.count; i++) {
		for (size_t n = 0; n < fake->watermarks.count; n++)
			if (strcmp(fake->watermarks.pairs[n].name, fake->pending.pairs[i].name) ==
			    0)
				fake->watermarks.pairs[n].name[0] = '\0';
		add_pair(&fake->watermarks, fake->pending.pairs[i].name,
			 fake->pending.pairs[i].value);
	}
	clear_section(&fake->pending);
	bn_strlist_add(&fake->scopes_done, fake->scope);
	return BN_OK;
}

static const char *
host_watermark(struct bn_batch *batch, const char *name)
{
	return pair_at(&batch->fake->watermarks, name, 0);
}

static void
host_set_watermark(struct bn_batch *batch, const char *name, const char *value)
{
	add_pair(&batch->fake->pending, name, value);
}

static int
sink_line(struct bn_sink *sink, bn_time at, const char *text, size_t size)
{
	char *copy = bn_xstrndup(text, size);
	json_t *line = json_object();

	set_int(line, "at", at);
	set(line, "text", copy);
	json_array_append_new(sink->fake->lines, line);
	free(copy);
	return BN_OK;
}

static bool
sink_follow(const struct bn_sink *sink)
{
	return sink->fake->follow;
}

static void
sink_check(struct bn_sink *sink, enum bn_verdict verdict, const char *what, const char *detail)
{
	static const char *const words[] = {"ok", "fail", "note"};
	json_t *check = json_object();

	set(check, "verdict", words[verdict]);
	set(check, "what", what);
	set(check, "detail", detail);
	json_array_append_new(sink->fake->checks, check);
}

static const struct bn_host table = {
    .abi = BN_PLUGIN_ABI,
    .option = host_option,
    .option_int = host_option_int,
    .option_number = host_option_number,
    .option_bool = host_option_bool,
    .section_count = host_section_count,
    .stream_count = host_stream_count,
    .stream_at = host_stream_at,
    .stream_option = host_stream_option,
    .stream_ms = host_stream_ms,
    .add_stream = add_stream,
    .add_reading = add_reading,
    .section_name = host_section_name,
    .section_option = host_section_option,
    .section_int = host_section_int,
    .secret = host_secret,
    .get = host_get,
    .items = host_items,
    .lines = host_lines,
    .probe = host_probe,
    .talk_open = host_talk_open,
    .talk = host_talk,
    .set_bearer = host_set_bearer,
    .cancelled = host_cancelled,
    .format = host_format,
    .allocate = host_allocate,
    .now = host_now,
    .parse_time = bn_time_parse,
    .format_time = host_format_time,
    .fail = bn_failv,
    .log = host_log,
    .json_get = host_json_get,
    .json_string = host_json_string,
    .json_int = host_json_int,
    .json_number = host_json_number,
    .json_bool = host_json_bool,
    .json_size = host_json_size,
    .json_next = host_json_next,
    .json_parse = host_json_parse,
    .json_text = host_json_text,
    .json_release = host_json_release,
    .scope = host_scope,
    .page = host_page,
    .scope_done = host_scope_done,
    .scope_same = host_scope_done,
    .watermark = host_watermark,
    .set_watermark = host_set_watermark,
    .add_pipeline = add_pipeline,
    .add_run = add_run,
    .add_task = add_task,
    .add_endpoint = add_endpoint,
    .add_entity = add_entity,
    .add_model = add_model,
    .add_model_version = add_model_version,
    .add_finding = add_finding,
    .add_attribute = add_attribute,
    .add_measure = add_measure,
    .add_point = add_point,
    .add_history = add_history,
    .add_link = add_link,
    .add_skip = add_skip,
    .sink_line = sink_line,
    .sink_follow = sink_follow,
    .sink_check = sink_check,
    .wait = host_wait,
    .escape = host_escape,
    .parse_ref = host_parse_ref,
    .if_changed = host_if_changed,
};

/* ---- the test's side ------------------------------------------------------------------------- */

struct fake *
fake_new(const struct bn_plugin *plugin)
{
	struct fake *fake = bn_xcalloc(1, sizeof(*fake));

	fake->host = table;
	fake->source = (struct bn_source){&fake->host, plugin, "test", NULL};
	fake->arena = bn_arena_new();
	fake->records = json_array();
	fake->lines = json_array();
	fake->checks = json_array();
	fake->now = bn_time_parse(BASE_NOW);
	fake->patience = 10;
	return fake;
}

static void
end_call(struct fake *fake)
{
	for (size_t i = 0; i < fake->document_count; i++)
		json_decref(fake->documents[i]);
	fake->document_count = 0;
	bn_arena_reset(fake->arena);
	clear_section(&fake->pending);
}

static int
begin_call(struct fake *fake, struct bn_error *err)
{
	int rc = BN_OK;

	*err = (struct bn_error){0};
	fake->sleeps = 0;
	if (!fake->opened && fake->source.plugin->open != NULL)
		rc = fake->source.plugin->open(&fake->source, err);
	fake->opened = rc == BN_OK;
	return rc;
}

void
fake_reopen(struct fake *fake)
{
	if (fake->opened && fake->source.plugin->close != NULL)
		fake->source.plugin->close(&fake->source);
	fake->opened = fake->logged_in = false;
	end_call(fake);
}

void
fake_free(struct fake *fake)
{
	fake_reopen(fake);
	clear_section(&fake->config);
	for (size_t i = 0; i < fake->section_count; i++)
		clear_section(&fake->sections[i]);
	free(fake->sections);
	for (size_t i = 0; i < fake->stream_count; i++)
		clear_section(&fake->streams[i]);
	free(fake->streams);
	clear_section(&fake->secrets);
	clear_section(&fake->watermarks);
	for (size_t i = 0; i < fake->reply_count; i++) {
		free(fake->replies[i].request);
		free(fake->replies[i].body);
	}
	free(fake->replies);
	for (size_t i = 0; i < fake->probe_count; i++)
		free(fake->probes[i].url);
	free(fake->probes);
	free(fake->part.body);
	free(fake->documents);
	free(fake->rows);
	free(fake->bearer);
	bn_strlist_clear(&fake->requests);
	bn_strlist_clear(&fake->bodies);
	bn_strlist_clear(&fake->skips);
	bn_strlist_clear(&fake->scopes_done);
	json_decref(fake->records);
	json_decref(fake->lines);
	json_decref(fake->checks);
	bn_arena_free(fake->arena);
	free(fake);
}

struct bn_source *
fake_source(struct fake *fake)
{
	return &fake->source;
}

void
fake_option(struct fake *fake, const char *name, const char *value)
{
	row_of(fake->source.plugin->options, name, true);
	add_pair(&fake->config, name, value);
}

void
fake_section(struct fake *fake, const char *name)
{
	fake->sections =
	    bn_xrealloc(fake->sections, fake->section_count + 1, sizeof(*fake->sections));
	fake->sections[fake->section_count++] = (struct section){.name = bn_xstrdup(name)};
}

void
fake_section_option(struct fake *fake, const char *name, const char *value)
{
	row_of(fake->source.plugin->section_options, name, false);
	add_pair(&fake->sections[fake->section_count - 1], name, value);
}

void
fake_stream(struct fake *fake, const char *name)
{
	fake->streams = bn_xrealloc(fake->streams, fake->stream_count + 1, sizeof(*fake->streams));
	fake->streams[fake->stream_count++] = (struct section){.name = bn_xstrdup(name)};
}

void
fake_stream_option(struct fake *fake, const char *name, const char *value)
{
	row_of(bn_stream_options, name, false);
	add_pair(&fake->streams[fake->stream_count - 1], name, value);
}

void
fake_secret(struct fake *fake, const char *name, const char *value)
{
	add_pair(&fake->secrets, name, value);
}

void
fake_now(struct fake *fake, const char *rfc3339)
{
	fake->now = bn_time_parse(rfc3339);
}

static void
add_reply(struct fake *fake, const char *request, int status, char *body, size_t size)
{
	fake->replies = bn_xrealloc(fake->replies, fake->reply_count + 1, sizeof(*fake->replies));
	fake->replies[fake->reply_count++] =
	    (struct reply){bn_xstrdup(request), status, body, size, false};
}

void
fake_reply(struct fake *fake, const char *request, int status, const char *body)
{
	add_reply(fake, request, status, bn_xstrdup(body), strlen(body));
}

void
fake_reply_file(struct fake *fake, const char *request, const char *file)
{
	size_t size;
	char *body = fake_file(file, &size);

	add_reply(fake, request, 200, body, size);
}

void
fake_reply_always(struct fake *fake, const char *bytes, size_t size)
{
	fake->stream = bytes;
	fake->stream_size = size;
	fake->stream_at = 0;
}

void
fake_probe(struct fake *fake, const char *url, const struct bn_probe *measured)
{
	fake->probes = bn_xrealloc(fake->probes, fake->probe_count + 1, sizeof(*fake->probes));
	fake->probes[fake->probe_count++] = (struct probe_reply){bn_xstrdup(url), *measured};
}

void
fake_patience(struct fake *fake, int sleeps)
{
	fake->patience = sleeps;
}

void
fake_follow(struct fake *fake, bool follow)
{
	fake->follow = follow;
}

int
fake_poll(struct fake *fake, struct bn_error *err)
{
	struct bn_batch batch = {{&fake->host}, fake};
	int rc = begin_call(fake, err);

	if (rc == BN_OK)
		rc = fake->source.plugin->poll(&fake->source, &batch, err);
	end_call(fake);
	return rc;
}

int
fake_detail(struct fake *fake, enum bn_kind kind, const char *key, struct bn_error *err)
{
	struct bn_batch batch = {{&fake->host}, fake};
	struct bn_ref ref = {kind, fake->source.name, key};
	int rc = begin_call(fake, err);

	if (rc == BN_OK)
		rc = fake->source.plugin->detail(&fake->source, &ref, &batch, err);
	end_call(fake);
	return rc;
}

int
fake_logs(struct fake *fake, const struct bn_log_request *request, struct bn_error *err)
{
	struct bn_sink sink = {fake};
	int rc = begin_call(fake, err);

	if (rc == BN_OK)
		rc = fake->source.plugin->logs(&fake->source, request, &sink, err);
	end_call(fake);
	return rc;
}

int
fake_doctor(struct fake *fake, struct bn_error *err)
{
	struct bn_sink sink = {fake};
	int rc = begin_call(fake, err);

	if (rc == BN_OK)
		rc = fake->source.plugin->doctor(&fake->source, &sink, err);
	end_call(fake);
	return rc;
}

int
fake_call(struct fake *fake, fake_fn *fn, void *payload, struct bn_error *err)
{
	struct bn_batch batch = {{&fake->host}, fake};
	struct bn_sink sink = {fake};
	int rc = begin_call(fake, err);

	if (rc == BN_OK)
		rc = fn(&fake->source, &batch, &sink, payload, err);
	end_call(fake);
	return rc;
}

const char *
fake_request(const struct fake *fake, size_t index, int *row)
{
	if (index >= fake->requests.count)
		return NULL;
	if (row != NULL)
		*row = fake->rows[index];
	return fake->requests.items[index];
}

const char *
fake_body(const struct fake *fake, size_t index)
{
	return index < fake->bodies.count ? fake->bodies.items[index] : NULL;
}

size_t
fake_request_count(const struct fake *fake)
{
	return fake->requests.count;
}

size_t
fake_asked(const struct fake *fake, const char *beginning)
{
	size_t n = 0;

	for (size_t i = 0; i < fake->requests.count; i++)
		n += strncmp(fake->requests.items[i], beginning, strlen(beginning)) == 0;
	return n;
}

const char *
fake_bearer(const struct fake *fake)
{
	return fake->bearer;
}

const json_t *
fake_records(const struct fake *fake)
{
	return fake->records;
}

size_t
fake_count(const struct fake *fake, const char *record)
{
	size_t index, n = 0;
	json_t *item;

	json_array_foreach(fake->records, index, item) n +=
	    strcmp(fake_text(item, "record"), record) == 0;
	return n;
}

const json_t *
fake_find(const struct fake *fake, const char *record, const char *key)
{
	const json_t *found = NULL;
	size_t index;
	json_t *item;

	json_array_foreach(fake->records, index,
			   item) if (strcmp(fake_text(item, "record"), record) == 0 &&
				     strcmp(fake_text(item, "key"), key) == 0) found = item;
	return found;
}

const json_t *
fake_try(const struct fake *fake, const char *key, int try_number)
{
	const json_t *found = NULL;
	size_t index;
	json_t *item;

	json_array_foreach(fake->records, index,
			   item) if (strcmp(fake_text(item, "record"), "task") == 0 &&
				     strcmp(fake_text(item, "key"), key) == 0 &&
				     fake_int(item, "try_number") == try_number) found = item;
	return found;
}

const char *
fake_text(const json_t *record, const char *member)
{
	const char *text = json_string_value(json_object_get(record, member));

	return text != NULL ? text : "";
}

int64_t
fake_int(const json_t *record, const char *member)
{
	return json_integer_value(json_object_get(record, member));
}

double
fake_number(const json_t *record, const char *member)
{
	return json_number_value(json_object_get(record, member));
}

bool
fake_scope_done(const struct fake *fake, const char *scope)
{
	return bn_strlist_has(&fake->scopes_done, scope);
}

const char *
fake_watermark(const struct fake *fake, const char *name)
{
	return pair_at(&fake->watermarks, name, 0);
}

size_t
fake_skipped(const struct fake *fake)
{
	return fake->skips.count;
}

const char *
fake_skip_reason(const struct fake *fake, size_t index)
{
	return index < fake->skips.count ? fake->skips.items[index] : "";
}

const json_t *
fake_lines(const struct fake *fake)
{
	return fake->lines;
}

const json_t *
fake_checks(const struct fake *fake)
{
	return fake->checks;
}

void
fake_forget(struct fake *fake)
{
	json_array_clear(fake->records);
	json_array_clear(fake->lines);
	json_array_clear(fake->checks);
	bn_strlist_clear(&fake->requests);
	bn_strlist_clear(&fake->bodies);
	bn_strlist_clear(&fake->skips);
	bn_strlist_clear(&fake->scopes_done);
}

char *
fake_file(const char *name, size_t *size)
{
	const char *top = getenv("abs_top_srcdir");
	struct bn_buf data = BN_BUF_INIT(64 * 1024 * 1024);
	char path[1024], bytes[65536];
	size_t got;
	FILE *file;

	if (name[0] == '/')
		snprintf(path, sizeof(path), "%s", name);
	else
		snprintf(path, sizeof(path), "%s/tests/platform/%s", top != NULL ? top : ".", name);
	file = fopen(path, "rb");
	if (file == NULL)
		die("can't read", path);
	while ((got = fread(bytes, 1, sizeof(bytes), file)) > 0)
		bn_buf_add(&data, bytes, got);
	fclose(file);
	if (size != NULL)
		*size = data.size;
	if (data.data == NULL)
		bn_buf_addc(&data, '\0');
	return bn_buf_take(&data);
}

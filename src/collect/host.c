/* host.c - the function table plugins call: options, requests, JSON, records, for the lane they run on. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/status.h"
#include "collect/internal.h"
#include "config/stream.h"
#include "net/request.h"

/* ---- configuration ------------------------------------------------------------------------- */

static const char *
host_option(const struct bn_source *source, const char *name, size_t index)
{
	return bn_feed_option(bn_lane_of(source)->feed, name, index);
}

static int64_t
host_option_int(const struct bn_source *source, const char *name)
{
	const struct bn_feed *feed = bn_lane_of(source)->feed;

	return bn_section_int(feed->section, bn_feed_option_row(feed, name), name);
}

static double
host_option_number(const struct bn_source *source, const char *name)
{
	const struct bn_feed *feed = bn_lane_of(source)->feed;

	return bn_section_number(feed->section, bn_feed_option_row(feed, name), name);
}

static bool
host_option_bool(const struct bn_source *source, const char *name)
{
	const struct bn_feed *feed = bn_lane_of(source)->feed;

	return bn_section_bool(feed->section, bn_feed_option_row(feed, name), name);
}

static size_t
host_section_count(const struct bn_source *source)
{
	return bn_lane_of(source)->feed->child_count;
}

static size_t
host_stream_count(const struct bn_source *source)
{
	return bn_lane_of(source)->feed->stream_count;
}

static int
host_stream_at(struct bn_source *source, size_t stream, struct bn_stream *out, struct bn_error *err)
{
	struct bn_lane *lane = bn_lane_of(source);

	if (stream >= lane->feed->stream_count)
		return bn_fail(err, BN_EINTERNAL, "no stream %zu", stream);
	return bn_stream_read(lane->feed->streams[stream], lane->arena, out, NULL, err);
}

static const char *
host_stream_option(const struct bn_source *source, size_t stream, const char *name)
{
	const struct bn_feed *feed = bn_lane_of(source)->feed;

	return stream < feed->stream_count
		   ? bn_section_get(feed->streams[stream], bn_stream_options, name)
		   : NULL;
}

static int64_t
host_stream_ms(const struct bn_source *source, size_t stream, const char *name)
{
	const struct bn_feed *feed = bn_lane_of(source)->feed;

	return stream < feed->stream_count
		   ? bn_section_int(feed->streams[stream], bn_stream_options, name)
		   : 0;
}

static const struct bn_config_section *
child(const struct bn_source *source, size_t section)
{
	const struct bn_feed *feed = bn_lane_of(source)->feed;

	return section < feed->child_count ? feed->children[section] : NULL;
}

static const char *
host_section_name(const struct bn_source *source, size_t section)
{
	const struct bn_config_section *found = child(source, section);

	return found != NULL ? found->name : NULL;
}

static const char *
host_section_option(const struct bn_source *source, size_t section, const char *name, size_t index)
{
	const struct bn_config_section *found = child(source, section);
	const struct bn_option *options = bn_lane_of(source)->feed->plugin->section_options;
	const struct bn_option *row = options != NULL ? bn_option_find(options, name) : NULL;
	const char *text;

	if (found == NULL)
		return NULL;
	if (row != NULL && (row->flags & BN_OPT_MULTI) != 0) {
		text = bn_section_at(found, name, index);
		return text == NULL && index == 0 ? row->fallback : text;
	}
	return index == 0 ? bn_section_get(found, options, name) : NULL;
}

static int64_t
host_section_int(const struct bn_source *source, size_t section, const char *name)
{
	const struct bn_config_section *found = child(source, section);

	return found != NULL
		   ? bn_section_int(found, bn_lane_of(source)->feed->plugin->section_options, name)
		   : 0;
}

static void
add_secret(struct bn_lane *lane, struct bn_secret *secret)
{
	if (lane->secret_count == lane->secret_room) {
		lane->secret_room = lane->secret_room == 0 ? 4 : lane->secret_room * 2;
		lane->secrets =
		    bn_xrealloc(lane->secrets, lane->secret_room, sizeof(*lane->secrets));
	}
	lane->secrets[lane->secret_count++] = secret;
}

/* A secret as it stands between other text, where that differs. */
static void
add_spelling(struct bn_lane *lane, const char *text, struct bn_buf *spelt)
{
	const char *other = bn_buf_text(spelt);

	if (strcmp(other, text) != 0)
		add_secret(lane, bn_secret_from_text(other));
	if (spelt->data != NULL)
		explicit_bzero(spelt->data, spelt->size);
	bn_buf_free(spelt);
}

/* Kept also as it stands in JSON and in a URL, since that is how programs and platforms say it back. */
static const char *
keep_secret(struct bn_lane *lane, struct bn_secret *secret)
{
	const char *text = bn_secret_text(secret);
	struct bn_buf json = BN_BUF_INIT(0), url = BN_BUF_INIT(0);

	add_secret(lane, secret);
	bn_json_quote(&json, text);
	/* without its quotes */
	memmove(json.data, json.data + 1, --json.size);
	json.data[--json.size] = '\0';
	add_spelling(lane, text, &json);
	bn_percent_encode(&url, text);
	add_spelling(lane, text, &url);
	return text;
}

static int
host_secret(struct bn_source *source, const char *name, const char **out, struct bn_error *err)
{
	struct bn_lane *lane = bn_lane_of(source);
	struct bn_feed *feed = lane->feed;
	struct bn_secret *secret = NULL;
	const struct bn_secret *known;
	int rc = BN_OK;

	*out = NULL;
	pthread_mutex_lock(&feed->login_lock);
	known = !feed->resolved			? NULL
		: strcmp(name, "token") == 0	? feed->token
		: strcmp(name, "password") == 0 ? feed->password
						: NULL;
	if (known != NULL)
		secret = bn_secret_from_text(bn_secret_text(known));
	else
		rc = bn_lane_secret(lane, name, &secret, err);
	pthread_mutex_unlock(&feed->login_lock);
	bn_lane_checkpoint(lane);
	if (rc == BN_OK && secret != NULL)
		*out = keep_secret(lane, secret);
	return rc;
}

/* ---- requests ------------------------------------------------------------------------------ */

static struct bn_json
wrap(const json_t *json)
{
	return (struct bn_json){&bn_collect_host, json};
}

static struct bn_json
keep_document(struct bn_lane *lane, json_t *json)
{
	if (json == NULL)
		return wrap(NULL);
	if (lane->document_count == lane->document_room) {
		lane->document_room = lane->document_room == 0 ? 16 : lane->document_room * 2;
		lane->documents =
		    bn_xrealloc(lane->documents, lane->document_room, sizeof(*lane->documents));
	}
	lane->documents[lane->document_count++] = json;
	return wrap(json);
}

/* Before each request: a login where there is none, and an end to lists that run in circles. */
static int
before_request(struct bn_lane *lane, struct bn_error *err)
{
	if (++lane->asked > BN_ASKS_MAX && lane->role != BN_LANE_WATCH &&
	    lane->role != BN_LANE_LOG) {
		bn_fail(err, BN_ETOOBIG,
			"more than %d requests in one go: do its pages run in circles?",
			BN_ASKS_MAX);
		return bn_hint(err, "ask for less (namespace, filters)");
	}
	return bn_lane_login(lane, err);
}

static int
host_get(struct bn_source *source, int request, const struct bn_param *params, const char *body,
	 struct bn_json *out, struct bn_error *err)
{
	struct bn_lane *lane = bn_lane_of(source);
	json_t *json = NULL;
	int rc;

	if (out != NULL)
		*out = wrap(NULL);
	if ((rc = before_request(lane, err)) != BN_OK)
		return rc;
	rc = bn_http_json(lane->http, request, params, body, &json, err);
	if (rc == BN_EAUTH && bn_lane_login_again(lane, err))
		rc = bn_http_json(lane->http, request, params, body, &json, err);
	if (out != NULL)
		*out = keep_document(lane, json);
	else
		json_decref(json);
	return rc;
}

static enum bn_outcome_state
outcome_of(enum bn_http_fate fate)
{
	switch (fate) {
	case BN_FATE_NOT_SENT:
		return BN_OUTCOME_NOT_SENT;
	case BN_FATE_ANSWERED:
		return BN_OUTCOME_DONE;
	case BN_FATE_REFUSED:
		return BN_OUTCOME_REFUSED;
	default:
		return BN_OUTCOME_UNKNOWN;
	}
}

/* Once: a login that is refused now was accepted a moment ago, when the target was read again. What became of the
 * first stays what is known, whatever else a plugin tries. */
static int
host_send(struct bn_source *source, int request, const struct bn_param *params, const char *body,
	  struct bn_json *out, struct bn_outcome *outcome, struct bn_error *err)
{
	struct bn_lane *lane = bn_lane_of(source);
	enum bn_http_fate fate = BN_FATE_NOT_SENT;
	struct bn_error own = {0}, *why = err != NULL ? err : &own;
	json_t *json = NULL;
	int rc;

	if (out != NULL)
		*out = wrap(NULL);
	if (lane->sent)
		return bn_fail(why, BN_EINTERNAL,
			       "%s: the plugin sends a second request: only the first was sent",
			       lane->feed->name);
	lane->sent = true;
	outcome->state = BN_OUTCOME_NOT_SENT;
	outcome->http_status = 0;
	if ((rc = before_request(lane, why)) != BN_OK)
		return rc;
	rc = bn_http_write(lane->http, request, params, body, &json, &fate, why);
	outcome->state = lane->fate = outcome_of(fate);
	outcome->http_status = rc == BN_OK ? 200 : why->http_status;
	if (out != NULL)
		*out = keep_document(lane, json);
	else
		json_decref(json);
	return rc;
}

struct items {
	struct bn_lane *lane;
	bn_item_fn *on_item;
	void *payload;
	const char *array;
};

static int
item(json_t *json, void *payload, struct bn_error *err)
{
	struct items *items = payload;

	return items->on_item(wrap(json), items->payload, err);
}

static void
item_skipped(const char *why, void *payload)
{
	struct items *items = payload;

	why = bn_lane_redacted_answer(items->lane, why);
	bn_log_write(items->lane->feed->collect->options.log, 1, "%s: an item of %s is skipped: %s",
		     items->lane->feed->name, *items->array != '\0' ? items->array : "the list",
		     why);
	if (items->lane->batch != NULL)
		bn_batch_skip(items->lane->batch, items->array, why);
}

static int
host_items(struct bn_source *source, int request, const struct bn_param *params, const char *body,
	   const char *array, bn_item_fn *on_item, void *payload, struct bn_json *rest,
	   struct bn_error *err)
{
	struct bn_lane *lane = bn_lane_of(source);
	struct items items = {lane, on_item, payload, array != NULL ? array : ""};
	json_t *document = NULL, **wanted = rest != NULL ? &document : NULL;
	int rc;

	if (rest != NULL)
		*rest = wrap(NULL);
	if ((rc = before_request(lane, err)) != BN_OK)
		return rc;
	rc = bn_http_items(lane->http, request, params, body, items.array, item, item_skipped,
			   &items, wanted, err);
	if (rc == BN_EAUTH && bn_lane_login_again(lane, err))
		rc = bn_http_items(lane->http, request, params, body, items.array, item,
				   item_skipped, &items, wanted, err);
	if (rest != NULL)
		*rest = keep_document(lane, document);
	return rc;
}

static int
host_lines(struct bn_source *source, int request, const struct bn_param *params,
	   enum bn_framing framing, const char *accept, bn_line_fn *on_line, void *payload,
	   struct bn_error *err)
{
	struct bn_lane *lane = bn_lane_of(source);
	/* A followed log may be silent for long without being dead: TCP keep-alive finds the dead
	 * ones. */
	int64_t idle =
	    lane->role == BN_LANE_LOG || lane->role == BN_LANE_WATCH ? 10 * 60 * 1000 : 0;
	int rc;

	if ((rc = before_request(lane, err)) != BN_OK)
		return rc;
	rc = bn_http_lines(lane->http, request, params, framing, accept, idle, on_line, payload,
			   err);
	if (rc == BN_EAUTH && bn_lane_login_again(lane, err))
		rc = bn_http_lines(lane->http, request, params, framing, accept, idle, on_line,
				   payload, err);
	return rc;
}

static int
host_probe(struct bn_source *source, struct bn_probe *probes, size_t count, size_t parallel,
	   struct bn_error *err)
{
	struct bn_lane *lane = bn_lane_of(source);

	/* No login of the source: a target's own headers are in the probe. */
	if (lane->batch != NULL)
		bn_batch_sent(lane->batch, bn_clock_now(lane->feed->collect->options.clock));
	return bn_http_probe(lane->http, probes, count, parallel, lane->arena, err);
}

static int
host_talk_open(struct bn_source *source, int first, struct bn_probe *probe, struct bn_error *err)
{
	struct bn_lane *lane = bn_lane_of(source);
	int rc;

	if ((rc = before_request(lane, err)) != BN_OK) {
		probe->rc = rc;
		if (err != NULL)
			probe->error = *err;
		return rc;
	}
	rc = bn_http_talk_open(lane->http, first, probe, err);
	if (rc == BN_EAUTH && bn_lane_login_again(lane, err))
		rc = bn_http_talk_open(lane->http, first, probe, err);
	return rc;
}

static int
host_talk(struct bn_source *source, int request, const struct bn_param *params, struct bn_json *out,
	  struct bn_error *err)
{
	struct bn_lane *lane = bn_lane_of(source);
	json_t *json = NULL;
	int rc;

	*out = wrap(NULL);
	if ((rc = before_request(lane, err)) != BN_OK)
		return rc;
	rc = bn_http_talk(lane->http, request, params, &json, err);
	*out = keep_document(lane, json);
	return rc;
}

static void
host_set_bearer(struct bn_source *source, const char *token)
{
	struct bn_lane *lane = bn_lane_of(source);
	struct bn_error err;

	if (bn_http_set_bearer(lane->http, token, &err) != BN_OK)
		bn_lane_log(lane, 1, &err, "login");
}

static bool
host_cancelled(const struct bn_source *source)
{
	return atomic_load(&bn_lane_of(source)->cancelled);
}

static int
host_wait(struct bn_source *source, int64_t ms)
{
	return bn_http_wait(bn_lane_of(source)->http, ms);
}

static void
host_if_changed(struct bn_source *source)
{
	bn_http_if_changed(bn_lane_of(source)->http);
}

/* ---- text, time, memory -------------------------------------------------------------------- */

__attribute__((format(printf, 2, 0))) static const char *
host_format(struct bn_source *source, const char *format, va_list ap)
{
	return bn_arena_formatv(bn_lane_of(source)->arena, format, ap);
}

static void *
host_allocate(struct bn_source *source, size_t size)
{
	return bn_arena_alloc(bn_lane_of(source)->arena, size);
}

static bool
is_feed(const char *name, void *payload)
{
	const struct bn_collect *collect = payload;

	for (size_t i = 0; i < collect->count; i++)
		if (strcmp(collect->feeds[i].name, name) == 0)
			return true;
	return strcmp(name, BN_PRODUCT_SOURCE) == 0;
}

/* The source whose configuration has a section for the thing ([endpoint "api"]), else the asking one. */
static const char *
owner_of(const struct bn_feed *asking, enum bn_kind kind, const char *key)
{
	const struct bn_collect *collect = asking->collect;

	if (kind == BN_PRODUCT)
		return BN_PRODUCT_SOURCE;
	for (size_t i = 0; i < collect->count; i++) {
		const struct bn_feed *feed = &collect->feeds[i];

		for (size_t j = 0; kind == BN_STREAM && j < feed->stream_count; j++)
			if (strcmp(feed->streams[j]->name, key) == 0)
				return feed->name;
		if (feed->plugin->section == NULL ||
		    strcmp(feed->plugin->section, bn_kind_word(kind)) != 0)
			continue;
		for (size_t j = 0; j < feed->child_count; j++)
			if (strcmp(feed->children[j]->name, key) == 0)
				return feed->name;
	}
	return asking->name;
}

static int
host_parse_ref(struct bn_source *source, const char *text, struct bn_ref *out, struct bn_error *err)
{
	struct bn_lane *lane = bn_lane_of(source);
	struct bn_ref_text ref = {0};
	int rc = bn_ref_parse(text, is_feed, lane->feed->collect, &ref, err);

	if (rc != BN_OK)
		return rc;
	out->kind = ref.kind;
	out->key = bn_arena_strdup(lane->arena, ref.key);
	out->source = bn_arena_strdup(
	    lane->arena, ref.source != NULL ? ref.source : owner_of(lane->feed, ref.kind, ref.key));
	bn_ref_free(&ref);
	return BN_OK;
}

static bn_time
host_now(const struct bn_source *source)
{
	return bn_clock_now(bn_lane_of(source)->feed->collect->options.clock);
}

static const char *
host_format_time(struct bn_source *source, bn_time time)
{
	char text[BN_TIME_TEXT];

	return bn_arena_strdup(bn_lane_of(source)->arena, bn_time_rfc3339(time, text));
}

static const char *
host_escape(struct bn_source *source, const char *text)
{
	struct bn_buf out = BN_BUF_INIT(0);
	const char *copy;

	bn_percent_encode(&out, text);
	copy = bn_arena_strdup(bn_lane_of(source)->arena, bn_buf_text(&out));
	bn_buf_free(&out);
	return copy;
}

__attribute__((format(printf, 2, 0))) static void
host_log(struct bn_source *source, const char *format, va_list ap)
{
	const struct bn_lane *lane = bn_lane_of(source);
	char *text = bn_xvasprintf(format, ap);

	bn_lane_redact_bytes(lane, text, strlen(text));
	bn_log_write(lane->feed->collect->options.log, 2, "%s: %s", lane->feed->name, text);
	free(text);
}

/* ---- JSON
 * ------------------------------------------------------------------------------------------------------
 */

static struct bn_json
host_json_get(struct bn_json json, const char *path)
{
	return wrap(json.node != NULL ? bn_json_at(json.node, path) : NULL);
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

static size_t
host_json_size(struct bn_json json, const char *path)
{
	const json_t *node = json.node != NULL ? bn_json_at(json.node, path) : NULL;

	return json_is_array(node) ? json_array_size(node) : json_object_size(node);
}

/* jansson's iterators take a value that is not const, but only read it. */
static json_t *
unconst(const void *node)
{
	union {
		const void *in;
		json_t *out;
	} cast = {node};

	return cast.out;
}

static bool
host_json_next(struct bn_json_iter *iter)
{
	json_t *in = unconst(iter->in.node);

	iter->key = NULL;
	if (json_is_array(in)) {
		iter->value = wrap(json_array_get(in, iter->index));
		iter->index++;
		return iter->value.node != NULL;
	}
	if (!json_is_object(in))
		return false;
	iter->position =
	    iter->index == 0 ? json_object_iter(in) : json_object_iter_next(in, iter->position);
	iter->index++;
	if (iter->position == NULL)
		return false;
	iter->key = json_object_iter_key(iter->position);
	iter->value = wrap(json_object_iter_value(iter->position));
	return true;
}

static int
host_json_parse(struct bn_source *source, const char *text, size_t size, struct bn_json *out,
		struct bn_error *err)
{
	struct bn_lane *lane = bn_lane_of(source);
	json_t *json = NULL;
	int rc = bn_json_load(&json, text, size, err);

	*out = rc == BN_OK ? keep_document(lane, json) : wrap(NULL);
	return rc;
}

static void
host_json_release(struct bn_source *source, struct bn_json json)
{
	struct bn_lane *lane = bn_lane_of(source);

	for (size_t i = lane->document_count; json.node != NULL && i-- > 0;)
		if (lane->documents[i] == json.node) {
			json_decref(lane->documents[i]);
			lane->documents[i] = lane->documents[--lane->document_count];
			return;
		}
}

static const char *
host_json_text(struct bn_source *source, struct bn_json json, const char *path)
{
	struct bn_lane *lane = bn_lane_of(source);
	const json_t *node = json.node != NULL ? bn_json_at(json.node, path) : NULL;
	const char *copy;
	char *text;

	if (node == NULL)
		return NULL;
	if (json_is_string(node))
		return bn_arena_strdup(lane->arena, json_string_value(node));
	if ((text = json_dumps(node, JSON_COMPACT | JSON_ENCODE_ANY)) == NULL)
		return NULL;
	copy = bn_arena_strdup(lane->arena, text);
	free(text);
	return copy;
}

/* ---- what was read
 * ------------------------------------------------------------------------------------------------
 */

/* A batch carries the function table of the lane that fills it; each lane has a copy of its own. */
static struct bn_lane *
lane_of_batch(struct bn_batch *batch)
{
	union {
		const struct bn_host *in;
		char *out;
	} cast = {BN_HEAD(batch)};

	return (struct bn_lane *)(void *)(cast.out - offsetof(struct bn_lane, host));
}

/* What was noted of unchanged answers holds only once what was read from them is stored. */
static int
settle(struct bn_batch *batch, int rc)
{
	bn_http_remember(lane_of_batch(batch)->http, rc == BN_OK);
	return rc;
}

static int
host_scope(struct bn_batch *batch, const char *name, enum bn_scope_type type, struct bn_error *err)
{
	bn_http_remember(lane_of_batch(batch)->http, false);
	return bn_batch_scope(batch, name, type, err);
}

static int
host_scope_done(struct bn_batch *batch, struct bn_error *err)
{
	return settle(batch, bn_batch_scope_done(batch, err));
}

static int
host_scope_same(struct bn_batch *batch, struct bn_error *err)
{
	return settle(batch, bn_batch_scope_same(batch, err));
}

static void
host_add_pipeline(struct bn_batch *batch, const struct bn_pipeline *pipeline)
{
	struct bn_pipeline shown = *pipeline;

	shown.e = bn_lane_redacted_entity(lane_of_batch(batch), &pipeline->e);
	shown.definition = bn_lane_redacted(lane_of_batch(batch), pipeline->definition);
	bn_batch_pipeline(batch, &shown);
}

static void
host_add_run(struct bn_batch *batch, const struct bn_run *run)
{
	struct bn_run shown = *run;

	shown.e = bn_lane_redacted_entity(lane_of_batch(batch), &run->e);
	shown.trigger = bn_lane_redacted(lane_of_batch(batch), run->trigger);
	shown.progress = bn_lane_redacted(lane_of_batch(batch), run->progress);
	bn_batch_run(batch, &shown);
}

static void
host_add_task(struct bn_batch *batch, const struct bn_task *task)
{
	struct bn_task shown = *task;

	shown.e = bn_lane_redacted_entity(lane_of_batch(batch), &task->e);
	bn_batch_task(batch, &shown);
}

static void
host_add_endpoint(struct bn_batch *batch, const struct bn_endpoint *endpoint)
{
	struct bn_endpoint shown = *endpoint;

	shown.e = bn_lane_redacted_entity(lane_of_batch(batch), &endpoint->e);
	shown.target = bn_lane_redacted(lane_of_batch(batch), endpoint->target);
	shown.asserts = bn_lane_redacted_list(lane_of_batch(batch), endpoint->asserts);
	bn_batch_endpoint(batch, &shown);
}

static void
host_add_entity(struct bn_batch *batch, enum bn_kind kind, const struct bn_entity *entity)
{
	struct bn_entity shown = bn_lane_redacted_entity(lane_of_batch(batch), entity);

	bn_batch_entity(batch, kind, &shown);
}

static void
host_add_finding(struct bn_batch *batch, const struct bn_finding *finding)
{
	struct bn_lane *lane = lane_of_batch(batch);
	struct bn_finding shown = *finding;

	shown.title = bn_lane_redacted(lane, finding->title);
	shown.message = bn_lane_redacted(lane, finding->message);
	shown.url = bn_lane_redacted(lane, finding->url);
	shown.labels = bn_lane_redacted_list(lane, finding->labels);
	bn_batch_finding(batch, &shown);
}

static void
host_add_attribute(struct bn_batch *batch, enum bn_kind kind, const char *key, const char *name,
		   const char *value)
{
	bn_batch_attribute(batch, kind, key, name, bn_lane_redacted(lane_of_batch(batch), value));
}

static void
host_add_skip(struct bn_batch *batch, const char *what, const char *why)
{
	bn_batch_skip(batch, bn_lane_redacted_answer(lane_of_batch(batch), what),
		      bn_lane_redacted_answer(lane_of_batch(batch), why));
}

static int
host_sink_line(struct bn_sink *sink, bn_time at, const char *text, size_t size)
{
	return sink->reader != NULL ? bn_reader_push(sink->reader, at, text, size) : BN_OK;
}

static bool
host_sink_follow(const struct bn_sink *sink)
{
	return sink->follow;
}

static void
host_sink_check(struct bn_sink *sink, enum bn_verdict verdict, const char *what, const char *detail)
{
	static const char *const words[] = {"ok", "fail", "note"};

	if (sink->job != NULL && (unsigned)verdict < 3)
		bn_job_check(sink->job, words[verdict], bn_lane_redacted_answer(sink->lane, what),
			     bn_lane_redacted_answer(sink->lane, detail));
}

const struct bn_host bn_collect_host = {
    .abi = BN_PLUGIN_ABI,
    .option = host_option,
    .option_int = host_option_int,
    .option_number = host_option_number,
    .option_bool = host_option_bool,
    .section_count = host_section_count,
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
    .page = bn_batch_page,
    .scope_done = host_scope_done,
    .watermark = bn_batch_watermark,
    .set_watermark = bn_batch_set_watermark,
    .add_pipeline = host_add_pipeline,
    .add_run = host_add_run,
    .add_task = host_add_task,
    .add_endpoint = host_add_endpoint,
    .add_entity = host_add_entity,
    .add_model = bn_batch_model,
    .add_model_version = bn_batch_model_version,
    .add_finding = host_add_finding,
    .add_attribute = host_add_attribute,
    .add_measure = bn_batch_measure,
    .add_point = bn_batch_point,
    .add_history = bn_batch_history,
    .add_link = bn_batch_link,
    .add_skip = host_add_skip,
    .stream_count = host_stream_count,
    .stream_at = host_stream_at,
    .stream_option = host_stream_option,
    .stream_ms = host_stream_ms,
    .add_stream = bn_batch_stream,
    .add_reading = bn_batch_reading,
    .sink_line = host_sink_line,
    .sink_follow = host_sink_follow,
    .sink_check = host_sink_check,
    .wait = host_wait,
    .escape = host_escape,
    .if_changed = host_if_changed,
    .scope_same = host_scope_same,
    .send = host_send,
    .parse_ref = host_parse_ref,
};

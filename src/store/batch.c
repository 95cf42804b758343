/* batch.c - what one call of a plugin reads: copied as it comes, written a page at a time. */
/* SPDX-License-Identifier: MIT */
#include "store/apply.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

/* A page is written by itself when it has grown to this, so that a plugin that never asks stays
 * small. */
#define PAGE_RECORDS ((size_t)10000)
#define PAGE_BYTES   ((size_t)8 << 20)

/* What a platform may say in one field. Keys longer than this are refused (identity must not be
 * cut), other text is cut. */
#define KEY_MAX	  ((size_t)2048)
#define NAME_MAX_ ((size_t)2048)
#define TEXT_MAX  ((size_t)32768)
#define LIST_MAX  256 /* labels, dependencies, assertions */

enum record_type {
	PIPELINE,
	RUN,
	ENDPOINT,
	MODEL,
	MODEL_VERSION,
	ENTITY,
	STREAM,
	TASK,
	TASKS_COMPLETE,
	FINDING,
	ATTRIBUTE,
	MEASURE,
	POINT,
	READING,
	HISTORY,
	LINK
};

struct record {
	struct record *next;
	enum record_type type;
	bn_time sent;
	char *labels; /* JSON */
	char *extra;  /* JSON: dependencies, assertions, checks, tags */
	char *second; /* JSON: parameters; what means production, between commas */
	union {
		struct bn_pipeline pipeline;
		struct bn_run run;
		struct bn_endpoint endpoint;
		struct bn_model model;
		struct bn_model_version version;
		struct {
			enum bn_kind kind;
			struct bn_entity e;
		} entity;
		struct bn_stream stream;
		struct bn_task task;
		struct {
			const char *run;
			int attempt;
		} complete;
		struct bn_finding finding;
		struct {
			enum bn_kind kind;
			const char *key, *name, *value;
		} attribute;
		struct {
			struct bn_ref about;
			const char *name, *unit;
			double value;
			bn_time at;
		} number; /* measures and points */
		struct {
			const char *stream;
			bn_time from, at;
		} reading; /* and history, of no stream */
		struct {
			struct bn_ref from, to;
			const char *kind;
		} link;
	} u;
};

struct mark {
	struct mark *next;
	const char *name, *value;
	bool set; /* not stored as yet */
};

struct bn_batch {
	struct bn_batch_head head; /* first: plugins' inline functions look here */
	struct bn_writer *writer;
	int64_t source_id, epoch;
	char *source_name;
	struct bn_arena *page;	 /* records of the page being gathered */
	struct bn_arena *always; /* watermarks */
	struct record *first, **last;
	size_t gathered, committed, skipped;
	char *skip_reason;
	bn_time sent;	/* 0: not said */
	bn_time before; /* nothing of this batch was asked for before this */
	struct mark *marks;
	struct bn_apply apply;
	struct {
		char *name; /* NULL: none is open */
		enum bn_scope_type type;
		bn_time before; /* nothing of it was asked for before this */
		size_t items, skipped;
		bool unread; /* some of its list could not be read */
	} scope;
	int failure; /* of a page that was written by itself */
	struct bn_error error;
};

struct bn_batch *
bn_batch_new(struct bn_writer *writer, const struct bn_host *host, int64_t source_id,
	     const char *source_name, int64_t epoch)
{
	struct bn_batch *b = bn_xcalloc(1, sizeof(*b));

	b->head.host = host;
	b->writer = writer;
	b->source_id = source_id;
	b->epoch = epoch;
	b->source_name = bn_xstrdup(source_name);
	b->page = bn_arena_new();
	b->always = bn_arena_new();
	b->last = &b->first;
	b->apply.writer = writer;
	b->apply.source_id = source_id;
	b->apply.source_name = b->source_name;
	b->before = bn_clock_now(writer->store->clock);
	return b;
}

void
bn_batch_free(struct bn_batch *b)
{
	if (b == NULL)
		return;
	bn_arena_free(b->page);
	bn_arena_free(b->always);
	free(b->apply.dirty);
	free(b->scope.name);
	free(b->skip_reason);
	free(b->source_name);
	free(b);
}

static bn_time
sent_at(const struct bn_batch *b)
{
	return b->sent != 0 ? b->sent : bn_clock_now(b->writer->store->clock);
}

void
bn_batch_sent(struct bn_batch *b, bn_time sent)
{
	b->sent = sent;
	if (sent < b->before)
		b->before = sent;
	if (b->scope.name != NULL && sent < b->scope.before)
		b->scope.before = sent;
}

/* ---- copying ---- */

/* At most `limit` bytes, never half a character. */
static const char *
text(struct bn_batch *b, const char *from, size_t limit)
{
	if (from == NULL)
		return NULL;
	return bn_arena_strndup(b->page, from, bn_utf8_cut(from, strnlen(from, limit + 1), limit));
}

static bool
good_key(struct bn_batch *b, const char *what, const char *key)
{
	if (key == NULL || *key == '\0')
		bn_batch_skip(b, what, "it has no key");
	else if (strnlen(key, KEY_MAX + 1) > KEY_MAX)
		bn_batch_skip(b, what, "its key is longer than 2048 bytes");
	else
		return true;
	return false;
}

static bool
good_kind(enum bn_kind kind)
{
	return (int)kind > BN_KIND_NONE && (int)kind < BN_KIND_COUNT;
}

static char *
to_arena(struct bn_batch *b, struct bn_buf *buf)
{
	char *copy = buf->overflow ? NULL : bn_arena_strdup(b->page, bn_buf_text(buf));

	bn_buf_free(buf);
	return copy;
}

/* name, value, name, value … to a JSON object; NULL when there are none. */
static char *
labels_json(struct bn_batch *b, const char *const *list)
{
	struct bn_buf buf = BN_BUF_INIT((size_t)1 << 20);

	if (list == NULL || list[0] == NULL)
		return NULL;
	for (size_t i = 0; i < 2 * LIST_MAX && list[i] != NULL && list[i + 1] != NULL; i += 2) {
		bn_buf_addc(&buf, i == 0 ? '{' : ',');
		bn_json_quote(&buf, list[i]);
		bn_buf_addc(&buf, ':');
		bn_json_quote(&buf, list[i + 1]);
	}
	if (buf.size == 0)
		bn_buf_addc(&buf, '{');
	bn_buf_addc(&buf, '}');
	return to_arena(b, &buf);
}

/* A list to a JSON array; with `group` > 1 to an array of arrays of so many. */
static char *
list_json(struct bn_batch *b, const char *const *list, size_t group)
{
	struct bn_buf buf = BN_BUF_INIT((size_t)1 << 20);

	if (list == NULL || list[0] == NULL)
		return NULL;
	bn_buf_addc(&buf, '[');
	for (size_t i = 0; i < LIST_MAX * group && list[i] != NULL; i++) {
		if (i > 0)
			bn_buf_addc(&buf, ',');
		if (group > 1 && i % group == 0)
			bn_buf_addc(&buf, '[');
		bn_json_quote(&buf, list[i]);
		if (group > 1 && (i % group == group - 1 || list[i + 1] == NULL))
			bn_buf_addc(&buf, ']');
	}
	bn_buf_addc(&buf, ']');
	return to_arena(b, &buf);
}

static struct bn_entity
entity(struct bn_batch *b, const struct bn_entity *e)
{
	struct bn_entity copy = *e;

	copy.key = text(b, e->key, KEY_MAX);
	copy.name = text(b, e->name, NAME_MAX_);
	copy.raw_status = text(b, e->raw_status, NAME_MAX_);
	copy.message = text(b, e->message, TEXT_MAX);
	copy.owner = text(b, e->owner, NAME_MAX_);
	copy.url = text(b, e->url, TEXT_MAX);
	copy.labels = NULL;
	if ((int)copy.status < 0 || copy.status >= BN_STATUS_COUNT)
		copy.status = BN_UNKNOWN;
	return copy;
}

static struct bn_ref
reference(struct bn_batch *b, const struct bn_ref *ref)
{
	return (struct bn_ref){ref->kind, text(b, ref->source, KEY_MAX),
			       text(b, ref->key, KEY_MAX)};
}

/* ---- records ---- */

static struct record *
new_record(struct bn_batch *b, enum record_type type)
{
	struct record *r;

	if (b->failure == BN_OK &&
	    (b->gathered >= PAGE_RECORDS || bn_arena_used(b->page) >= PAGE_BYTES))
		b->failure = bn_batch_page(b, &b->error);
	r = bn_arena_alloc(b->page, sizeof(*r));
	r->type = type;
	r->sent = sent_at(b);
	*b->last = r;
	b->last = &r->next;
	b->gathered++;
	return r;
}

void
bn_batch_pipeline(struct bn_batch *b, const struct bn_pipeline *p)
{
	struct record *r;

	if (!good_key(b, "pipeline", p->e.key))
		return;
	r = new_record(b, PIPELINE);
	r->u.pipeline = *p;
	r->u.pipeline.e = entity(b, &p->e);
	r->labels = labels_json(b, p->e.labels);
	r->u.pipeline.schedule = text(b, p->schedule, NAME_MAX_);
	r->u.pipeline.timezone = text(b, p->timezone, NAME_MAX_);
	r->u.pipeline.group = text(b, p->group, NAME_MAX_);
	r->u.pipeline.engine = text(b, p->engine, NAME_MAX_);
	r->u.pipeline.definition = text(b, p->definition, TEXT_MAX);
}

void
bn_batch_run(struct bn_batch *b, const struct bn_run *run)
{
	struct record *r;

	if (!good_key(b, "run", run->e.key))
		return;
	r = new_record(b, RUN);
	r->u.run = *run;
	r->u.run.e = entity(b, &run->e);
	r->labels = labels_json(b, run->e.labels);
	r->u.run.pipeline = text(b, run->pipeline, KEY_MAX);
	r->u.run.trigger = text(b, run->trigger, NAME_MAX_);
	r->u.run.progress = text(b, run->progress, NAME_MAX_);
	r->u.run.retry_of = text(b, run->retry_of, KEY_MAX);
}

void
bn_batch_task(struct bn_batch *b, const struct bn_task *t)
{
	struct record *r;

	if (!good_key(b, "task", t->e.key) || !good_key(b, "task's run", t->run))
		return;
	r = new_record(b, TASK);
	r->u.task = *t;
	r->u.task.e = entity(b, &t->e);
	r->extra = list_json(b, t->depends, 1);
	r->u.task.depends = NULL;
	r->u.task.run = text(b, t->run, KEY_MAX);
	r->u.task.parent = text(b, t->parent, KEY_MAX);
	r->u.task.type = text(b, t->type, NAME_MAX_);
	r->u.task.log = text(b, t->log, TEXT_MAX);
}

void
bn_batch_tasks_complete(struct bn_batch *b, const char *run_key, int attempt)
{
	struct record *r;

	if (!good_key(b, "run", run_key))
		return;
	r = new_record(b, TASKS_COMPLETE);
	r->u.complete.run = text(b, run_key, KEY_MAX);
	r->u.complete.attempt = attempt;
	r->sent = b->before; /* tasks may have come by several requests */
}

void
bn_batch_endpoint(struct bn_batch *b, const struct bn_endpoint *p)
{
	struct record *r;

	if (!good_key(b, "endpoint", p->e.key))
		return;
	r = new_record(b, ENDPOINT);
	r->u.endpoint = *p;
	r->u.endpoint.e = entity(b, &p->e);
	r->labels = labels_json(b, p->e.labels);
	r->extra = list_json(b, p->asserts, 3);
	r->u.endpoint.asserts = NULL;
	r->u.endpoint.type = text(b, p->type, NAME_MAX_);
	r->u.endpoint.target = text(b, p->target, TEXT_MAX);
}

/* The list itself, for what is not stored as JSON. */
static const char *const *
list(struct bn_batch *b, const char *const *from)
{
	const char **copy;
	size_t n = 0;

	if (from == NULL)
		return NULL;
	while (n < 2 * LIST_MAX && from[n] != NULL)
		n++;
	copy = bn_arena_alloc(b->page, (n + 1) * sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = text(b, from[i], NAME_MAX_);
	return copy;
}

/* ",champion,production,": what an alias or stage is looked for in. */
static char *
between_commas(struct bn_batch *b, const char *const *from)
{
	struct bn_buf buf = BN_BUF_INIT((size_t)1 << 16);

	bn_buf_addc(&buf, ',');
	for (size_t i = 0; from != NULL && i < LIST_MAX && from[i] != NULL; i++) {
		for (const char *c = from[i]; *c != '\0'; c++)
			bn_buf_addc(&buf, *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c);
		bn_buf_addc(&buf, ',');
	}
	return to_arena(b, &buf);
}

void
bn_batch_model(struct bn_batch *b, const struct bn_model *m)
{
	struct record *r;

	if (!good_key(b, "model", m->e.key))
		return;
	r = new_record(b, MODEL);
	r->u.model = *m;
	r->u.model.e = entity(b, &m->e);
	r->labels = labels_json(b, m->e.labels);
	r->extra = list_json(b, m->checks, 4);
	r->second = between_commas(b, m->live);
	r->u.model.checks = r->u.model.live = NULL;
	r->u.model.aliases = list(b, m->aliases);
	r->u.model.serving = text(b, m->serving, NAME_MAX_);
	r->u.model.live_on = text(b, m->live_on, NAME_MAX_);
	r->u.model.metric = text(b, m->metric, NAME_MAX_);
	r->u.model.better = text(b, m->better, NAME_MAX_);
}

void
bn_batch_model_version(struct bn_batch *b, const struct bn_model_version *v)
{
	struct bn_model_version *to;
	struct record *r;

	if (!good_key(b, "model version", v->e.key) ||
	    !good_key(b, "model version's model", v->model) ||
	    !good_key(b, "model version's version", v->version))
		return;
	r = new_record(b, MODEL_VERSION);
	to = &r->u.version;
	*to = *v;
	to->e = entity(b, &v->e);
	r->labels = labels_json(b, v->e.labels);
	r->extra = labels_json(b, v->tags);
	r->second = labels_json(b, v->params);
	to->tags = to->params = NULL;
	to->model = text(b, v->model, KEY_MAX);
	to->version = text(b, v->version, KEY_MAX);
	to->stage = text(b, v->stage, NAME_MAX_);
	to->run = text(b, v->run, KEY_MAX);
	to->artifact = text(b, v->artifact, TEXT_MAX);
	to->image = text(b, v->image, TEXT_MAX);
	to->framework = text(b, v->framework, NAME_MAX_);
	to->signature = text(b, v->signature, TEXT_MAX);
	to->approved_by = text(b, v->approved_by, NAME_MAX_);
	to->change = text(b, v->change, NAME_MAX_);
}

void
bn_batch_entity(struct bn_batch *b, enum bn_kind kind, const struct bn_entity *e)
{
	struct record *r;

	if (!good_kind(kind) || kind == BN_SOURCE) {
		bn_batch_skip(b, e->key, "of no kind a plugin may add");
		return;
	}
	if (!good_key(b, "entity", e->key))
		return;
	r = new_record(b, ENTITY);
	r->u.entity.kind = kind;
	r->u.entity.e = entity(b, e);
	r->labels = labels_json(b, e->labels);
}

void
bn_batch_finding(struct bn_batch *b, const struct bn_finding *f)
{
	struct record *r;

	if (!good_key(b, "finding", f->key))
		return;
	r = new_record(b, FINDING);
	r->u.finding = *f;
	r->u.finding.key = text(b, f->key, KEY_MAX);
	r->u.finding.rule = text(b, f->rule, NAME_MAX_);
	r->u.finding.title = text(b, f->title, TEXT_MAX);
	r->u.finding.message = text(b, f->message, TEXT_MAX);
	r->u.finding.url = text(b, f->url, TEXT_MAX);
	r->u.finding.silenced_by = text(b, f->silenced_by, NAME_MAX_);
	r->u.finding.silenced_why = text(b, f->silenced_why, TEXT_MAX);
	r->u.finding.about = reference(b, &f->about);
	r->u.finding.labels = NULL;
	r->labels = labels_json(b, f->labels);
	if ((int)f->severity < BN_INFO || f->severity > BN_CRIT)
		r->u.finding.severity = BN_WARN;
}

void
bn_batch_attribute(struct bn_batch *b, enum bn_kind kind, const char *key, const char *name,
		   const char *value)
{
	struct record *r;

	if (!good_key(b, "attribute", key) || !good_key(b, "attribute's name", name))
		return;
	r = new_record(b, ATTRIBUTE);
	r->u.attribute.kind = kind;
	r->u.attribute.key = text(b, key, KEY_MAX);
	r->u.attribute.name = text(b, name, KEY_MAX);
	r->u.attribute.value = text(b, value, TEXT_MAX);
}

static void
add_number(struct bn_batch *b, enum record_type type, const struct bn_ref *about, const char *name,
	   double value, const char *unit, bn_time at)
{
	struct record *r;

	if (!good_key(b, "measure", about->key) || !good_key(b, "measure's name", name))
		return;
	r = new_record(b, type);
	r->u.number.about = reference(b, about);
	r->u.number.name = text(b, name, KEY_MAX);
	r->u.number.unit = text(b, unit, NAME_MAX_);
	r->u.number.value = value;
	r->u.number.at = at != 0 ? at : r->sent;
}

void
bn_batch_measure(struct bn_batch *b, struct bn_ref about, const char *name, double value,
		 const char *unit, bn_time at)
{
	add_number(b, MEASURE, &about, name, value, unit, at);
}

void
bn_batch_point(struct bn_batch *b, struct bn_ref about, const char *series, bn_time at,
	       double value)
{
	add_number(b, POINT, &about, series, value, NULL, at);
}

void
bn_batch_stream(struct bn_batch *b, const struct bn_stream *s)
{
	struct record *r;

	if (!good_key(b, "stream", s->e.key))
		return;
	r = new_record(b, STREAM);
	r->u.stream = *s;
	r->u.stream.e = entity(b, &s->e);
	r->labels = labels_json(b, s->e.labels);
	r->u.stream.unit = text(b, s->unit, NAME_MAX_);
	r->u.stream.query = text(b, s->query, TEXT_MAX);
	r->u.stream.scope = text(b, s->scope, NAME_MAX_);
	r->u.stream.group = text(b, s->group, NAME_MAX_);
	r->u.stream.stage = text(b, s->stage, NAME_MAX_);
	r->u.stream.checks = text(b, s->checks, TEXT_MAX);
}

void
bn_batch_reading(struct bn_batch *b, const char *stream, bn_time from, bn_time at)
{
	struct record *r;

	if (!good_key(b, "reading", stream) || from >= at)
		return;
	r = new_record(b, READING);
	r->u.reading.stream = text(b, stream, KEY_MAX);
	r->u.reading.from = from;
	r->u.reading.at = at;
}

void
bn_batch_history(struct bn_batch *b, bn_time from, bn_time until)
{
	struct record *r;

	if (from <= 0 || from >= until)
		return;
	r = new_record(b, HISTORY);
	r->u.reading.stream = NULL;
	r->u.reading.from = from;
	r->u.reading.at = until;
}

void
bn_batch_link(struct bn_batch *b, struct bn_ref from, struct bn_ref to, const char *kind)
{
	struct record *r;

	if (!good_key(b, "link", from.key) || !good_key(b, "link", to.key) ||
	    !good_kind(from.kind) || !good_kind(to.kind))
		return;
	r = new_record(b, LINK);
	r->u.link.from = reference(b, &from);
	r->u.link.to = reference(b, &to);
	r->u.link.kind = text(b, kind != NULL ? kind : "feeds", NAME_MAX_);
}

void
bn_batch_skip(struct bn_batch *b, const char *what, const char *why)
{
	b->skipped++;
	if (b->scope.name != NULL) {
		b->scope.skipped++;
		b->scope.unread = true;
	}
	if (b->skip_reason == NULL)
		b->skip_reason = bn_xasprintf("%.300s: %.600s", what != NULL ? what : "item",
					      why != NULL ? why : "broken");
}

size_t
bn_batch_skipped(const struct bn_batch *b, const char **reason)
{
	if (reason != NULL)
		*reason = b->skip_reason;
	return b->skipped;
}

size_t
bn_batch_records(const struct bn_batch *b)
{
	return b->committed;
}

/* ---- watermarks ---- */

static struct mark *
find_mark(struct bn_batch *b, const char *name)
{
	struct mark *m;

	for (m = b->marks; m != NULL && strcmp(m->name, name) != 0; m = m->next)
		;
	return m;
}

static struct mark *
new_mark(struct bn_batch *b, const char *name, const char *value, bool set)
{
	struct mark *m = bn_arena_alloc(b->always, sizeof(*m));

	m->name = bn_arena_strdup(b->always, name);
	m->value = bn_arena_strdup(b->always, value);
	m->set = set;
	m->next = b->marks;
	b->marks = m;
	return m;
}

const char *
bn_batch_watermark(struct bn_batch *b, const char *name)
{
	struct mark *m = find_mark(b, name);
	struct bn_error ignored;
	sqlite3_stmt *st;
	bool found = false;

	if (m != NULL)
		return m->value;
	st = bn_use(b->writer, BN_ST_WATERMARK_GET, &ignored);
	if (st == NULL)
		return NULL;
	sqlite3_bind_int64(st, 1, b->source_id);
	bn_bind_text(st, 2, name);
	if (bn_first_row(b->writer, st, &found, &ignored) == BN_OK)
		m = new_mark(b, name, found ? bn_column_text(st, 0) : NULL, false);
	sqlite3_reset(st);
	return m != NULL ? m->value : NULL;
}

void
bn_batch_set_watermark(struct bn_batch *b, const char *name, const char *value)
{
	struct mark *m = find_mark(b, name);

	if (value == NULL)
		return;
	if (m == NULL)
		new_mark(b, name, value, true);
	else {
		m->value = bn_arena_strdup(b->always, value);
		m->set = true;
	}
}

static int
store_marks(struct bn_batch *b, struct bn_error *err)
{
	int rc = BN_OK;

	for (struct mark *m = b->marks; m != NULL && rc == BN_OK; m = m->next) {
		sqlite3_stmt *st;

		if (!m->set)
			continue;
		st = bn_use(b->writer, BN_ST_WATERMARK_SET, err);
		if (st == NULL)
			return err->code;
		sqlite3_bind_int64(st, 1, b->source_id);
		bn_bind_text(st, 2, m->name);
		bn_bind_text(st, 3, m->value);
		rc = bn_run_statement(b->writer, st, err);
	}
	return rc;
}

/* ---- writing ---- */

static int
apply_record(struct bn_batch *b, const struct record *r, struct bn_error *err)
{
	struct bn_apply *a = &b->apply;
	struct bn_seen seen;

	switch (r->type) {
	case PIPELINE:
		return bn_apply_pipeline(a, &r->u.pipeline, r->labels, r->sent, err);
	case RUN:
		return bn_apply_run(a, &r->u.run, r->labels, r->sent, err);
	case ENDPOINT:
		return bn_apply_endpoint(a, &r->u.endpoint, r->labels, r->extra, r->sent, err);
	case MODEL:
		return bn_apply_model(a, &r->u.model, r->labels, r->second, r->extra, r->sent, err);
	case MODEL_VERSION:
		return bn_apply_model_version(a, &r->u.version, r->labels, r->extra, r->second,
					      r->sent, err);
	case ENTITY:
		return bn_apply_entity(a, r->u.entity.kind, &r->u.entity.e, r->labels, r->sent,
				       &seen, err);
	case STREAM:
		return bn_apply_stream(a, &r->u.stream, r->labels, r->sent, err);
	case TASK:
		return bn_apply_task(a, &r->u.task, r->extra, r->sent, err);
	case TASKS_COMPLETE:
		return bn_apply_tasks_complete(a, r->u.complete.run, r->u.complete.attempt, r->sent,
					       err);
	case FINDING:
		return bn_apply_finding(a, &r->u.finding, r->labels, r->sent, err);
	case ATTRIBUTE:
		return bn_apply_attribute(a, r->u.attribute.kind, r->u.attribute.key,
					  r->u.attribute.name, r->u.attribute.value, r->sent, err);
	case MEASURE:
		return bn_apply_measure(a, &r->u.number.about, r->u.number.name, r->u.number.value,
					r->u.number.unit, r->u.number.at, err);
	case POINT:
		return bn_apply_point(a, &r->u.number.about, r->u.number.name, r->u.number.at,
				      r->u.number.value, err);
	case READING:
		return bn_apply_reading(a, r->u.reading.stream, r->u.reading.from, r->u.reading.at,
					err);
	case HISTORY:
		return bn_apply_history(a, r->u.reading.from, r->u.reading.at, err);
	case LINK:
		return bn_apply_link(a, &r->u.link.from, &r->u.link.to, r->u.link.kind,
				     b->source_name, err);
	}
	return bn_fail(err, BN_EINTERNAL, "record of type %d", (int)r->type);
}

/* Raises the scope's generation with its first page. */
static int
begin_scope(struct bn_batch *b, struct bn_error *err)
{
	sqlite3_stmt *st;
	bool found;
	int rc;

	if (b->scope.name == NULL || b->epoch < 0 || b->apply.scope_id != 0)
		return BN_OK;
	st = bn_use(b->writer, BN_ST_SCOPE_BEGIN, err);
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, b->source_id);
	bn_bind_text(st, 2, b->scope.name);
	sqlite3_bind_int(st, 3, b->scope.type == BN_COMPLETE);
	rc = bn_first_row(b->writer, st, &found, err);
	if (found) {
		b->apply.scope_id = sqlite3_column_int64(st, 0);
		b->apply.generation = sqlite3_column_int64(st, 1);
	}
	sqlite3_reset(st);
	return rc;
}

/* A number about a thing of a source that was not read yet: at the start all sources are read at once, and
 * the other one may be slower. It waits in the cache until the thing comes. */
static bool
is_early(struct bn_batch *b, const struct record *r)
{
	const char *source = r->u.number.about.source;
	sqlite3_stmt *st;
	bool found = false;

	if ((r->type != MEASURE && r->type != POINT) || source == NULL ||
	    (st = bn_use(b->writer, BN_ST_SOURCE_UNREAD, NULL)) == NULL)
		return false;
	bn_bind_text(st, 1, source);
	if (bn_first_row(b->writer, st, &found, NULL) != BN_OK)
		found = false;
	sqlite3_reset(st);
	return found;
}

/* Things first, then what is said about them, so that a plugin need not care about the order. What
 * is about a thing nobody knows is skipped and counted; it fails no page. */
static int
apply_all(struct bn_batch *b, size_t *lost, const char **why, struct bn_error *err)
{
	struct bn_error own;
	int rc = BN_OK;

	*why = NULL;
	for (int pass = 0; pass < 3; pass++)
		for (struct record *r = b->first; r != NULL; r = r->next) {
			if ((r->type >= TASK) + (r->type > TASK) != pass)
				continue;
			own.code = BN_OK;
			rc = apply_record(b, r, &own);
			if (rc == BN_ENOTFOUND && is_early(b, r)) {
				rc = bn_apply_early(&b->apply, &r->u.number.about, r->u.number.name,
						    r->type == POINT, r->u.number.value,
						    r->u.number.unit, r->u.number.at, err);
				if (rc != BN_OK)
					return rc;
			} else if (rc == BN_ENOTFOUND) {
				(*lost)++;
				if (*why == NULL)
					*why = bn_arena_strdup(b->page, own.message);
			} else if (rc != BN_OK) {
				*err = own;
				return rc;
			}
		}
	return bn_apply_pipelines_done(&b->apply, err);
}

static int
finish_scope(struct bn_batch *b, struct bn_error *err)
{
	/* What could not be read may be what is missing: nothing is gone then, and what was not seen
	 * keeps the age of the last whole reading, until it is too old to be believed. */
	bool whole = b->scope.type != BN_COMPLETE || !b->scope.unread;
	sqlite3_stmt *st;
	int rc = BN_OK;

	if (b->epoch < 0 || b->apply.scope_id == 0)
		return BN_OK;
	if (b->scope.type == BN_COMPLETE && whole)
		rc = bn_apply_sweep(&b->apply, b->scope.before, err);
	if (rc == BN_OK)
		rc = store_marks(b, err);
	if (rc != BN_OK)
		return rc;
	st = bn_use(b->writer, BN_ST_SCOPE_DONE, err);
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, b->apply.scope_id);
	if (whole)
		sqlite3_bind_int64(st, 2, b->apply.now);
	sqlite3_bind_int64(st, 3, b->scope.before);
	sqlite3_bind_int64(st, 4, (int64_t)b->scope.items);
	sqlite3_bind_int64(st, 5, (int64_t)b->scope.skipped);
	rc = bn_run_statement(b->writer, st, err);
	return rc == BN_OK && whole ? bn_apply_watched(b->writer, b->source_id, b->apply.scope_id,
						       b->apply.now, b->apply.now, err)
				    : rc;
}

static void
empty_page(struct bn_batch *b)
{
	bn_arena_reset(b->page);
	b->first = NULL;
	b->last = &b->first;
	b->gathered = 0;
}

/* One transaction: the epoch, the records, and with `done` what ends the scope. */
static int
write_page(struct bn_batch *b, bool done, struct bn_error *err)
{
	int64_t scope_before = b->apply.scope_id;
	size_t lost = 0, count = b->gathered;
	const char *why = NULL;
	int rc;

	/* Row numbers kept from an earlier transaction may be of rows that are deleted by now. */
	b->apply.last_run.id = b->apply.last_pipeline.id = b->apply.last_series.series_id = 0;
	b->apply.dirty_count = 0;
	b->apply.now = bn_clock_now(b->writer->store->clock);
	rc = bn_begin(b->writer, err);
	if (rc == BN_OK)
		rc = bn_check_epoch(b->writer, b->source_id, b->epoch, err);
	if (rc == BN_OK)
		rc = begin_scope(b, err);
	if (rc == BN_OK)
		rc = apply_all(b, &lost, &why, err);
	if (rc == BN_OK && done) {
		b->scope.items += count - lost;
		b->scope.skipped += lost;
		rc = finish_scope(b, err);
	}
	if (rc == BN_OK)
		rc = bn_commit(b->writer, err);
	if (rc != BN_OK) {
		bn_rollback(b->writer);
		b->apply.scope_id = scope_before;
	} else {
		b->committed += count - lost;
		b->skipped += lost;
		if (!done) {
			b->scope.items += count - lost;
			b->scope.skipped += lost;
		}
		if (lost > 0 && b->skip_reason == NULL)
			b->skip_reason = bn_xstrdup(why);
	}
	empty_page(b);
	return rc;
}

/* A page that was written by itself failed: that is told at the next call that can tell. */
static int
earlier_failure(struct bn_batch *b, struct bn_error *err)
{
	int rc = b->failure;

	if (rc != BN_OK) {
		*err = b->error;
		b->failure = BN_OK;
		empty_page(b);
	}
	return rc;
}

int
bn_batch_page(struct bn_batch *b, struct bn_error *err)
{
	int rc = earlier_failure(b, err);

	if (rc != BN_OK || b->gathered == 0)
		return rc;
	return write_page(b, false, err);
}

static void
close_scope(struct bn_batch *b)
{
	free(b->scope.name);
	memset(&b->scope, 0, sizeof(b->scope));
	b->apply.scope_id = b->apply.generation = 0;
}

int
bn_batch_scope(struct bn_batch *b, const char *name, enum bn_scope_type type, struct bn_error *err)
{
	int rc;

	if (name == NULL || *name == '\0')
		return bn_fail(err, BN_EINVAL, "a scope needs a name");
	/* One that was not read to its end is left as it is: its records are stored, nothing of it
	 * is gone. */
	rc = bn_batch_page(b, err);
	if (rc != BN_OK)
		return rc;
	close_scope(b);
	b->scope.name = bn_xstrdup(name);
	b->scope.type = type;
	b->scope.before = bn_clock_now(b->writer->store->clock);
	return BN_OK;
}

int
bn_batch_scope_done(struct bn_batch *b, struct bn_error *err)
{
	int rc = earlier_failure(b, err);

	if (rc == BN_OK && b->scope.name == NULL)
		rc = bn_fail(err, BN_EINTERNAL, "bn_scope_done without bn_scope");
	if (rc == BN_OK)
		rc = write_page(b, true, err);
	close_scope(b);
	return rc;
}

int
bn_batch_scope_same(struct bn_batch *b, struct bn_error *err)
{
	sqlite3_stmt *st;
	bool found = false;
	bn_time now = bn_clock_now(b->writer->store->clock);
	int64_t scope = 0;
	int rc = earlier_failure(b, err);

	if (rc == BN_OK && b->scope.name == NULL)
		rc = bn_fail(err, BN_EINTERNAL, "bn_scope_same without bn_scope");
	if (rc == BN_OK && b->epoch >= 0)
		rc = bn_begin(b->writer, err);
	if (rc != BN_OK || b->epoch < 0) {
		close_scope(b);
		return rc;
	}
	rc = bn_check_epoch(b->writer, b->source_id, b->epoch, err);
	st = rc == BN_OK ? bn_use(b->writer, BN_ST_SCOPE_SAME, err) : NULL;
	if (rc == BN_OK && st == NULL)
		rc = err->code;
	if (rc == BN_OK) {
		sqlite3_bind_int64(st, 1, b->source_id);
		bn_bind_text(st, 2, b->scope.name);
		sqlite3_bind_int64(st, 3, now);
		sqlite3_bind_int64(st, 4, b->scope.before);
		rc = bn_first_row(b->writer, st, &found, err);
		scope = found ? sqlite3_column_int64(st, 0) : 0;
		sqlite3_reset(st);
	}
	if (rc == BN_OK && !found)
		rc = bn_fail(err, BN_ECONFLICT, "%s was never read to its end", b->scope.name);
	if (rc == BN_OK)
		rc = bn_apply_watched(b->writer, b->source_id, scope, now, now, err);
	if (rc == BN_OK)
		rc = store_marks(b, err);
	if (rc == BN_OK)
		rc = bn_commit(b->writer, err);
	if (rc != BN_OK)
		bn_rollback(b->writer);
	close_scope(b);
	return rc;
}

/* exec_records.c - the records an exec command writes, strictly decoded. */
/* SPDX-License-Identifier: MIT
 *
 * Members are called as the fields of plugin.h's records. Times are RFC 3339 text or milliseconds
 * since 1970, things are named KIND/[SOURCE/]KEY. A member of a wrong type makes the whole record
 * one that can't be read: half a record would be believed. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "exec.h"

#define LABELS_AT_MOST	24
#define DEPENDS_AT_MOST 64
#define ASSERTS_AT_MOST 32

/* A record being read; the first thing wrong with it is kept. */
struct record {
	struct exec_reader *r;
	struct bn_json json;
	char wrong[160];
	const char *labels[2 * LABELS_AT_MOST + 1];
};

static void
wrong(struct record *record, const char *member, const char *what)
{
	if (record->wrong[0] == '\0')
		snprintf(record->wrong, sizeof(record->wrong), "%.40s: %.110s", member, what);
}

static const char *
text(struct record *record, const char *member)
{
	struct bn_json value = bn_json_get(record->json, member);
	const char *found = bn_json_string(value, NULL);
	const char *shown = bn_json_present(value) && found == NULL
				? bn_json_text(record->r->s, value, NULL)
				: "null";

	if (found == NULL && shown != NULL && strcmp(shown, "null") != 0)
		wrong(record, member, "must be text");
	return found;
}

static const char *
needed(struct record *record, const char *member)
{
	const char *found = text(record, member);

	if (found == NULL || found[0] == '\0')
		wrong(record, member, "is missing");
	return found;
}

static double
number(struct record *record, const char *member, double fallback)
{
	double found = bn_json_number(record->json, member, NAN);

	if (!isnan(found))
		return found;
	if (bn_json_present(bn_json_get(record->json, member)))
		wrong(record, member, "must be a number");
	return fallback;
}

static int64_t
whole(struct record *record, const char *member, int64_t least, int64_t most, int64_t fallback)
{
	double found = number(record, member, (double)fallback);

	if (found < (double)least || found > (double)most) {
		wrong(record, member, "is out of bounds");
		return fallback;
	}
	return (int64_t)found;
}

static bn_time
moment(struct record *record, const char *member)
{
	bn_time at = bn_json_time(record->json, member);
	struct bn_json value = bn_json_get(record->json, member);

	if (at != 0 || !bn_json_present(value))
		return at;
	if (bn_json_string(value, NULL) != NULL) {
		wrong(record, member, "must be a time such as 2026-03-10T03:05:00Z");
		return 0;
	}
	return (bn_time)whole(record, member, 0, 253402300799999, 0);
}

static enum bn_status
status(struct record *record)
{
	static const char *const words[BN_STATUS_COUNT] = {
	    "unknown", "queued", "running", "succeeded",   "failed",   "cancelled",
	    "skipped", "paused", "healthy", "progressing", "degraded", "down"};
	const char *word = text(record, "status");

	for (int i = 0; word != NULL && i < BN_STATUS_COUNT; i++)
		if (strcmp(word, words[i]) == 0)
			return (enum bn_status)i;
	if (word != NULL)
		wrong(record, "status",
		      "is none of binnacle's words; the platform's own belongs in raw_status");
	return BN_UNKNOWN;
}

static const char *const *
labels(struct record *record)
{
	struct bn_json_iter it = bn_json_walk(record->json, "labels");
	size_t n = 0;

	while (n < LABELS_AT_MOST && bn_json_next(&it)) {
		const char *value = bn_json_string(it.value, NULL);

		if (it.key == NULL || value == NULL) {
			wrong(record, "labels", "must be an object of text");
			break;
		}
		record->labels[2 * n] = it.key;
		record->labels[2 * n + 1] = value;
		n++;
	}
	record->labels[2 * n] = NULL;
	return n > 0 ? record->labels : NULL;
}

static struct bn_ref
reference(struct record *record, const char *member, bool required)
{
	const char *named = required ? needed(record, member) : text(record, member);
	struct bn_ref ref = {0};
	struct bn_error err;

	if (named != NULL && bn_parse_ref(record->r->s, named, &ref, &err) != BN_OK)
		wrong(record, member, err.message);
	return ref;
}

static struct bn_entity
entity(struct record *record)
{
	return (struct bn_entity){.key = needed(record, "key"),
				  .name = text(record, "name"),
				  .status = status(record),
				  .raw_status = text(record, "raw_status"),
				  .since = moment(record, "since"),
				  .message = text(record, "message"),
				  .owner = text(record, "owner"),
				  .url = text(record, "url"),
				  .labels = labels(record)};
}

/* ---- one function a record ------------------------------------------------------------------- */

static void
add_pipeline(struct record *record)
{
	static const char *const classes[] = {"", "idempotent", "at-least-once", "append"};
	const char *class = text(record, "idempotence");
	struct bn_pipeline pipeline = {.e = entity(record),
				       .schedule = text(record, "schedule"),
				       .timezone = text(record, "timezone"),
				       .next_due_at = moment(record, "next_due_at"),
				       .paused = bn_json_bool(record->json, "paused", false),
				       .group = text(record, "group"),
				       .engine = text(record, "engine"),
				       .definition = text(record, "definition")};

	for (int i = 1; class != NULL && i < 4; i++)
		if (strcmp(class, classes[i]) == 0)
			pipeline.idempotence = (enum bn_idempotence)i;
	if (class != NULL && pipeline.idempotence == BN_IDEMPOTENCE_UNKNOWN)
		wrong(record, "idempotence", "must be idempotent, at-least-once or append");
	if (record->wrong[0] == '\0')
		bn_add_pipeline(record->r->batch, &pipeline);
}

static void
add_run(struct record *record)
{
	struct bn_run run = {.e = entity(record),
			     .pipeline = text(record, "pipeline"),
			     .attempt = (int)whole(record, "attempt", 0, 1000000, 0),
			     .queued_at = moment(record, "queued_at"),
			     .started_at = moment(record, "started_at"),
			     .finished_at = moment(record, "finished_at"),
			     .trigger = text(record, "trigger"),
			     .progress = text(record, "progress"),
			     .retry_of = text(record, "retry_of"),
			     .tasks_total = (int)whole(record, "tasks_total", -1, 100000000, -1),
			     .tasks_failed = (int)whole(record, "tasks_failed", -1, 100000000, -1),
			     .tasks_skipped =
				 (int)whole(record, "tasks_skipped", -1, 100000000, -1),
			     .tasks_done = (int)whole(record, "tasks_done", -1, 100000000, -1)};

	if (record->wrong[0] == '\0')
		bn_add_run(record->r->batch, &run);
}

static void
add_task(struct record *record)
{
	struct bn_json_iter it = bn_json_walk(record->json, "depends");
	const char *depends[DEPENDS_AT_MOST + 1] = {NULL};
	struct bn_task task;
	size_t n = 0;

	while (n < DEPENDS_AT_MOST && bn_json_next(&it)) {
		depends[n] = bn_json_string(it.value, NULL);
		if (depends[n++] == NULL)
			wrong(record, "depends", "must be a list of keys");
	}
	task = (struct bn_task){.e = entity(record),
				.run = needed(record, "run"),
				.attempt = (int)whole(record, "attempt", 0, 1000000, 0),
				.try_number = (int)whole(record, "try_number", 1, 1000000, 1),
				.parent = text(record, "parent"),
				.depends = n > 0 ? depends : NULL,
				.type = text(record, "type"),
				.order = (int)whole(record, "order", 0, 100000000, 0),
				.queued_at = moment(record, "queued_at"),
				.started_at = moment(record, "started_at"),
				.finished_at = moment(record, "finished_at"),
				.log = text(record, "log")};
	if (record->wrong[0] == '\0')
		bn_add_task(record->r->batch, &task);
}

/* Phases come in milliseconds, as people count them; fractions are kept. */
static int64_t
phase(struct record *record, const char *member)
{
	double ms = number(record, member, -1);

	if (ms > 1e9)
		wrong(record, member, "is out of bounds");
	return ms < 0 || ms > 1e9 ? -1 : (int64_t)(ms * 1000);
}

static void
add_endpoint(struct record *record)
{
	struct bn_endpoint endpoint = {.e = entity(record),
				       .type = text(record, "type"),
				       .target = text(record, "target"),
				       .http_status = (int)whole(record, "http_status", 0, 999, 0),
				       .resolve = phase(record, "resolve_ms"),
				       .connect = phase(record, "connect_ms"),
				       .tls = phase(record, "tls_ms"),
				       .first_byte = phase(record, "first_byte_ms"),
				       .transfer = phase(record, "transfer_ms"),
				       .total = phase(record, "total_ms"),
				       .certificate_expires = moment(record, "certificate_expires"),
				       .checked_at = moment(record, "checked_at"),
				       .slo_p99 = whole(record, "slo_p99_ms", 0, 86400000, 0)};
	struct bn_json_iter it = bn_json_walk(record->json, "asserts");
	const char *asserts[3 * ASSERTS_AT_MOST + 1] = {NULL};

	for (size_t n = 0; n < ASSERTS_AT_MOST && bn_json_next(&it); n++)
		for (size_t i = 0; i < 3; i++) {
			const char *const member[] = {"0", "1", "2"};

			asserts[3 * n + i] = bn_json_string(it.value, member[i]);
			if (asserts[3 * n + i] == NULL)
				wrong(record, "asserts",
				      "must be a list of [assertion, ok or failed, what was seen]");
		}
	endpoint.asserts = asserts[0] != NULL ? asserts : NULL;
	if (record->wrong[0] != '\0')
		return;
	bn_add_endpoint(record->r->batch, &endpoint);
	if (endpoint.total >= 0)
		bn_add_point(
		    record->r->batch, (struct bn_ref){BN_ENDPOINT, NULL, endpoint.e.key}, "total",
		    endpoint.checked_at > 0 ? endpoint.checked_at : bn_source_now(record->r->s),
		    (double)endpoint.total / 1000);
}

static void
add_finding(struct record *record)
{
	static const char *const words[] = {"info", "warn", "crit"};
	const char *severity = text(record, "severity");
	struct bn_finding finding = {.key = needed(record, "key"),
				     .rule = text(record, "rule"),
				     .severity = BN_WARN,
				     .title = needed(record, "title"),
				     .message = text(record, "message"),
				     .about = reference(record, "about", false),
				     .since = moment(record, "since"),
				     .url = text(record, "url"),
				     .labels = labels(record)};

	if (finding.rule == NULL)
		finding.rule = "exec";
	for (int i = 0; severity != NULL && i < 4; i++) {
		if (i == 3)
			wrong(record, "severity", "must be info, warn or crit");
		else if (strcmp(severity, words[i]) == 0) {
			finding.severity = (enum bn_severity)i;
			break;
		}
	}
	if (record->wrong[0] == '\0')
		bn_add_finding(record->r->batch, &finding);
}

/* Things of the kinds that have no record of their own: app, dataset, model, stream, product. */
static void
add_entity(struct record *record)
{
	static const struct {
		const char *word;
		enum bn_kind kind;
	} kinds[] = {{"app", BN_APP},
		     {"dataset", BN_DATASET},
		     {"model", BN_MODEL},
		     {"stream", BN_STREAM},
		     {"product", BN_PRODUCT}};
	const char *word = needed(record, "kind");
	enum bn_kind kind = BN_KIND_NONE;
	struct bn_entity e = entity(record);

	for (size_t i = 0; word != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(word, kinds[i].word) == 0)
			kind = kinds[i].kind;
	if (kind == BN_KIND_NONE)
		wrong(record, "kind", "must be app, dataset, model, stream or product");
	if (record->wrong[0] == '\0')
		bn_add_entity(record->r->batch, kind, &e);
}

static void
add_attribute(struct record *record)
{
	struct bn_ref about = reference(record, "about", true);
	const char *name = needed(record, "name"), *value = text(record, "value");

	if (record->wrong[0] == '\0')
		bn_add_attribute(record->r->batch, about.kind, about.key, name, value);
}

static void
add_measure(struct record *record)
{
	struct bn_ref about = reference(record, "about", true);
	const char *name = needed(record, "name"), *unit = text(record, "unit");
	double value = number(record, "value", NAN);
	bn_time at = moment(record, "at");

	if (!isfinite(value))
		wrong(record, "value", "must be a finite number");
	if (record->wrong[0] == '\0')
		bn_add_measure(record->r->batch, about, name, value, unit,
			       at > 0 ? at : bn_source_now(record->r->s));
}

static void
add_point(struct record *record)
{
	struct bn_ref about = reference(record, "about", true);
	const char *series = needed(record, "series");
	double value = number(record, "value", NAN);
	bn_time at = moment(record, "at");

	if (!isfinite(value))
		wrong(record, "value", "must be a finite number");
	if (at == 0)
		wrong(record, "at", "is missing");
	if (record->wrong[0] == '\0')
		bn_add_point(record->r->batch, about, series, at, value);
}

static void
add_link(struct record *record)
{
	struct bn_ref from = reference(record, "from", true), to = reference(record, "to", true);
	const char *kind = text(record, "kind");

	if (record->wrong[0] == '\0')
		bn_add_link(record->r->batch, from, to, kind != NULL ? kind : "feeds");
}

/* Something the command wants back at its next poll. */
static void
keep_state(struct record *record)
{
	const char *value = text(record, "value");

	if (record->wrong[0] == '\0' && record->r->records)
		bn_set_watermark(record->r->batch, "state", value != NULL ? value : "");
}

static const struct {
	const char *name;
	void (*add)(struct record *);
} records[] = {{"pipeline", add_pipeline},   {"run", add_run},	       {"task", add_task},
	       {"endpoint", add_endpoint},   {"finding", add_finding}, {"entity", add_entity},
	       {"attribute", add_attribute}, {"measure", add_measure}, {"point", add_point},
	       {"link", add_link},	     {"state", keep_state}};

/* ---- lines ----------------------------------------------------------------------------------- */

static int
on_batch_record(struct exec_reader *r, struct bn_json json, const char *name)
{
	struct record record = {.r = r, .json = json};

	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		if (strcmp(name, records[i].name) == 0) {
			records[i].add(&record);
			if (record.wrong[0] != '\0')
				bn_add_skip(r->batch, name, record.wrong);
			return BN_OK;
		}
	bn_add_skip(r->batch, bn_format(r->s, "record %.40s", name), "there is no such record");
	return BN_OK;
}

/* {"record":"line","text":…,"at":…} for logs, {"record":"check","verdict":…,"what":…,"detail":…}
 * for doctor. */
static int
on_sink_record(struct exec_reader *r, struct bn_json json, const char *name)
{
	const char *verdict = bn_json_string(json, "verdict"), *what = bn_json_string(json, "what");
	const char *line = bn_json_string(json, "text"), *detail = bn_json_string(json, "detail");

	if (strcmp(name, "line") == 0 && line != NULL)
		return bn_sink_line(r->s, r->sink, bn_json_time(json, "at"), line, strlen(line));
	if (strcmp(name, "check") == 0 && what != NULL && verdict != NULL)
		bn_check(r->s, r->sink,
			 strcmp(verdict, "ok") == 0	? BN_CHECK_OK
			 : strcmp(verdict, "note") == 0 ? BN_CHECK_NOTE
							: BN_CHECK_FAIL,
			 what, detail != NULL ? detail : "");
	return BN_OK;
}

static int
on_error(struct exec_reader *r, struct bn_json json, struct bn_error *err)
{
	static const struct {
		const char *word;
		int code;
	} codes[] = {{"auth", BN_EAUTH},
		     {"permission", BN_EPERM},
		     {"throttled", BN_ETHROTTLED},
		     {"timeout", BN_ETIMEOUT},
		     {"unreachable", BN_EUNREACHABLE},
		     {"not-found", BN_ENOTFOUND},
		     {"running", BN_EBUSY},
		     {"recovered", BN_ECONFLICT},
		     {"nothing", BN_EUNSUPPORTED}};
	const char *message = bn_json_string(json, "error"), *hint = bn_json_string(json, "hint");
	const char *word = bn_json_string(json, "code");
	int code = BN_EREMOTE;

	for (size_t i = 0; word != NULL && i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strcmp(word, codes[i].word) == 0)
			code = codes[i].code;
	bn_fail_at(r->s, err, code, "%s",
		   message != NULL ? message : "the command reported an error without words");
	if (hint != NULL)
		bn_hint_at(err, "%s", hint);
	return code;
}

static int
on_first(struct exec_reader *r, struct bn_json json, struct bn_error *err)
{
	int64_t version = bn_json_int(json, "binnacle", 0);
	const char *scope = bn_json_string(json, "scope");

	if (version != 1)
		return bn_fail_at(r->s, err, version > 1 ? BN_EUNSUPPORTED : BN_EPARSE,
				  version > 1 ? "the command speaks a newer protocol than version 1"
					      : "the command's first line is not {\"binnacle\":1}");
	r->begun = true;
	if (!r->records)
		return BN_OK;
	return bn_scope(r->batch, "records",
			scope != NULL && strcmp(scope, "delta") == 0 ? BN_DELTA : BN_COMPLETE, err);
}

int
exec_on_line(const char *line, size_t size, void *payload, struct bn_error *err)
{
	struct exec_reader *r = payload;
	struct bn_json json = {0};
	struct bn_error broken;
	const char *name;
	int rc = BN_OK;

	r->lines++;
	if (bn_json_parse(r->s, line, size, &json, &broken) != BN_OK) {
		if (!r->begun)
			return bn_fail_at(r->s, err, BN_EPARSE,
					  "the command's first line is not {\"binnacle\":1}");
		if (r->batch != NULL)
			bn_add_skip(r->batch, "a line",
				    size == 0 ? "it is longer than 1 MiB" : broken.message);
		return BN_OK;
	}
	name = bn_json_string(json, "record");
	if (bn_json_present(bn_json_get(json, "error")))
		rc = on_error(r, json, err);
	else if (!r->begun)
		rc = on_first(r, json, err);
	else if (bn_json_bool(json, "complete", false))
		r->ended = true;
	else if (name != NULL && !r->ended)
		rc = r->plan != NULL || r->outcome != NULL ? exec_act_record(r, json, name, err)
		     : r->batch != NULL			   ? on_batch_record(r, json, name)
							   : on_sink_record(r, json, name);
	else if (r->batch != NULL)
		bn_add_skip(r->batch, "a line",
			    r->ended ? "it comes behind {\"complete\":true}"
				     : "it has no `record`");
	bn_json_release(r->s, json);
	return rc;
}

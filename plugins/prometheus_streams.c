/* prometheus_streams.c - [stream] sections: which minutes of which are due, and what is told of each. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prometheus_ask.h"

#define FIRST_SPAN (180 * STEP) /* what the first poll reads; backfill reads the rest */
#define SECOND_LOOK                                                                                \
	((int64_t)20000) /* ms after a minute's end: what was scraped late is in by then */

static int
read_section(struct prometheus_poll *p, size_t index, struct wanted *w, struct bn_stream *record,
	     struct bn_error *err)
{
	const char *scale = bn_stream_option(p->s, index, "scale"),
		   *about = bn_stream_option(p->s, index, "for"), *mark, *alone, *since;
	int rc = bn_stream_at(p->s, index, record, err);

	if (rc != BN_OK)
		return rc;
	*w = (struct wanted){.index = index,
			     .name = record->e.key,
			     .query = record->query,
			     .arrival = bn_stream_option(p->s, index, "arrival"),
			     .as = bn_stream_option(p->s, index, "as"),
			     .scale = scale != NULL ? strtod(scale, NULL) : 1,
			     .settle = record->settle,
			     .open = STEP + record->settle,
			     .reread = bn_stream_ms(p->s, index, "reread")};
	if (w->as == NULL)
		w->as = w->name;
	if (w->query == NULL || strlen(w->query) > ASK_MAX)
		return bn_fail_at(p->s, err, BN_ECONFIG,
				  "[stream \"%s\"] query is longer than %d bytes", w->name,
				  ASK_MAX);
	w->exact = bn_prometheus_exact(p->s, w->query);
	w->exact_arrival = w->arrival != NULL ? bn_prometheus_exact(p->s, w->arrival) : NULL;
	mark = bn_watermark(p->batch, bn_prometheus_mark(p->s, "stream", w->name));
	w->read = mark != NULL ? strtoll(mark, NULL, 10) : 0;
	alone = bn_watermark(p->batch, bn_prometheus_mark(p->s, "alone", w->name));
	since = bn_watermark(p->batch, bn_prometheus_mark(p->s, "seen", w->name));
	w->seen = since != NULL;
	w->since = since != NULL ? strtoll(since, NULL, 10) : 0;
	w->alone = alone != NULL && strcmp(alone, w->query) == 0;
	return about != NULL ? bn_parse_ref(p->s, about, &w->about, err) : BN_OK;
}

/* ---- polling --------------------------------------------------------------------------------- */

static void
tell(struct prometheus_poll *p, const struct wanted *w, struct bn_stream *record)
{
	record->e.status = w->failed || !w->seen ? BN_UNKNOWN : BN_HEALTHY;
	record->e.message = w->failed ? w->failure
			    : w->seen ? ""
				      : "the query has given no value yet";
	bn_add_stream(p->batch, record);
	if (!w->failed)
		return;
	bn_add_skip(p->batch, w->name, w->failure);
	bn_add_finding(p->batch, &(struct bn_finding){
				     .key = bn_format(p->s, "stream %s", w->name),
				     .rule = "query",
				     .severity = BN_WARN,
				     .title = bn_format(p->s, "stream %s can't be read", w->name),
				     .message = w->failure,
				     .about = {BN_STREAM, NULL, w->name},
				 });
}

/* When a minute has ended, and once more when what was late in it is in. */
static bool
is_due(const struct wanted *w, bn_time now)
{
	bn_time closed = now / STEP * STEP;

	return w->read < closed ||
	       (w->read < closed + SECOND_LOOK && now >= closed + SECOND_LOOK) || w->read > now;
}

static bn_time
first_minute(const struct wanted *w, bn_time now)
{
	bn_time from;

	if (w->read == 0 || w->read > now)
		return now / STEP * STEP - FIRST_SPAN;
	from = w->read - w->open;
	if (now - w->reread < from)
		from = now - w->reread;
	return from / STEP * STEP;
}

int
bn_prometheus_streams(struct prometheus_poll *p, struct bn_error *err)
{
	size_t count = bn_stream_count(p->s), due_count = 0;
	struct wanted *all = bn_alloc(p->s, (count + 1) * sizeof(*all)),
		      **due = bn_alloc(p->s, (count + 1) * sizeof(struct wanted *));
	struct bn_stream *records = bn_alloc(p->s, (count + 1) * sizeof(*records));
	bn_time now = bn_source_now(p->s);
	int rc;

	if (count == 0 && bn_watermark(p->batch, "streams") == NULL)
		return BN_OK;
	for (size_t i = 0; i < count; i++) {
		rc = read_section(p, i, &all[i], &records[i], err);
		if (rc == BN_ECONFIG || rc == BN_EINVAL) {
			all[i].name = records[i].e.key;
			all[i].failed = true;
			all[i].failure = bn_format(p->s, "%s", err->message);
		} else if (rc != BN_OK) {
			return rc;
		} else if (is_due(&all[i], now)) {
			all[i].from = first_minute(&all[i], now);
			due[due_count++] = &all[i];
		}
	}
	rc = bn_scope(p->batch, "streams", BN_COMPLETE, err);
	if (rc == BN_OK && due_count == 0 && count > 0)
		return bn_scope_same(p->batch, err);
	/* new ones first, for what is read belongs to them; how they are is not known yet */
	for (size_t i = 0; rc == BN_OK && i < count; i++)
		if (all[i].name != NULL && all[i].read == 0)
			bn_add_stream(p->batch, &records[i]);
	if (rc == BN_OK)
		rc = bn_page(p->batch, err);
	if (rc == BN_OK)
		rc = bn_prometheus_ask(p, due, due_count, now / STEP * STEP, err);
	for (size_t i = 0; rc == BN_OK && i < count; i++)
		if (all[i].name != NULL)
			tell(p, &all[i], &records[i]);
	bn_set_watermark(p->batch, "streams", bn_format(p->s, "%zu", count));
	return rc == BN_OK ? bn_scope_done(p->batch, err) : rc;
}

/* ---- history --------------------------------------------------------------------------------- */

int
bn_prometheus_streams_past(struct bn_source *s, bn_time since, struct bn_batch *batch,
			   struct bn_error *err)
{
	struct prometheus_poll p = {s, batch};
	size_t count = bn_stream_count(s), due_count = 0;
	struct wanted *all = bn_alloc(s, (count + 1) * sizeof(*all)),
		      **due = bn_alloc(s, (count + 1) * sizeof(struct wanted *));
	bn_time now = bn_source_now(s);
	int rc = BN_OK;

	if (count == 0)
		return BN_OK;
	rc = bn_scope(batch, "stream history", BN_DELTA, err);
	for (size_t i = 0; rc == BN_OK && i < count; i++) {
		struct bn_stream record;
		bn_time from;

		if (read_section(&p, i, &all[i], &record, err) != BN_OK)
			continue; /* the poll says so */
		from = now - bn_stream_ms(s, i, "backfill");
		if (since > from)
			from = since;
		all[i].from = from / STEP * STEP;
		all[i].seen =
		    false; /* what went before its first value there is not missing either */
		due[due_count++] = &all[i];
	}
	if (rc == BN_OK)
		rc = bn_prometheus_ask(&p, due, due_count, now / STEP * STEP, err);
	return rc == BN_OK ? bn_scope_done(batch, err) : rc;
}

/* ---- doctor ---------------------------------------------------------------------------------- */

void
bn_prometheus_doctor(struct bn_source *s, struct bn_sink *sink)
{
	bn_time now = bn_source_now(s);

	for (size_t i = 0; i < bn_stream_count(s); i++) {
		struct bn_json answer = {0};
		struct bn_stream record;
		struct bn_error err = {0};
		const char *query = NULL, *what = "stream";
		int rc = bn_stream_at(s, i, &record, &err);

		if (rc == BN_OK) {
			what = bn_format(s, "stream %s", record.e.key);
			query = bn_prometheus_exact(s, record.query);
			rc = bn_get(
			    s, PROM_QUERY,
			    BN_PARAMS({"query", query},
				      {"time", bn_format(s, "%lld", (long long)(now / STEP * 60))}),
			    &answer, &err);
		}
		if (rc != BN_OK)
			bn_check(s, sink, BN_CHECK_FAIL, what, bn_format(s, "%s", err.message));
		else if (bn_json_size(answer, "data/result") == 0)
			bn_check(s, sink, BN_CHECK_NOTE, what,
				 bn_format(s, "nothing in the last minute: %s", query));
		else
			bn_check(s, sink, BN_CHECK_OK, what, query);
	}
}

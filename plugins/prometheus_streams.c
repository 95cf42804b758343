/* prometheus_streams.c - [stream] sections: one number a minute, holes left as they are. */
/* SPDX-License-Identifier: MIT
 *
 * query_range evaluates an expression at start, start + step … and does not align them: we ask at full
 * minutes. What it gives at t speaks of (t - 60 s, t], so it is the minute that began at t - 60 s; a step
 * without a value is left out of the answer. At most 11,000 steps are answered at once. Several streams are
 * asked for in one request, joined by `or`, each marked with a label. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prometheus.h"

#define STEP	   ((int64_t)60000)
#define PAGE	   10000	/* steps of one request */
#define FIRST_SPAN (180 * STEP) /* what the first poll reads; backfill reads the rest */
#define SECOND_LOOK                                                                                \
	((int64_t)20000) /* ms after a minute's end: what was scraped late is in by then */
#define JOIN_MAX 3500	 /* bytes of one joined expression: what proxies take in a URL */
#define ASK_MAX	 6000	 /* bytes of one alone */
#define LABEL	 "binnacle_stream"

/* A stream while it is read. */
struct wanted {
	size_t index; /* of its section */
	const char *name, *query, *arrival, *as;
	const char *exact, *exact_arrival; /* as they are asked; NULL: can't be */
	double scale;
	int64_t open;	/* ms after its start until a minute has settled */
	int64_t reread; /* ms */
	struct bn_ref about;
	bn_time read; /* when it was last read; 0: never */
	bn_time from; /* the first minute that is asked for now */
	bool alone;   /* can't be joined with others */
	bool seen;    /* it had a value once: before that nothing is missing */
	bool failed;
	const char *failure;
	/* what this answer gave */
	size_t series;
	bool doubtful;
	bn_time first, latest; /* minutes with a value; 0: none */
	double latest_value;
};

/* One request's worth. */
struct asking {
	struct prometheus_poll *p;
	struct wanted **streams;
	size_t count;
	bn_time from, to; /* minutes [from, to) */
	bool joined;
};

static const char *
mark_name(struct bn_source *s, const char *what, const char *stream)
{
	return bn_format(s, "%s %s", what, stream);
}

static int
read_section(struct prometheus_poll *p, size_t index, struct wanted *w, struct bn_stream *record,
	     struct bn_error *err)
{
	const char *scale = bn_stream_option(p->s, index, "scale"),
		   *about = bn_stream_option(p->s, index, "for"), *mark, *alone;
	int rc = bn_stream_at(p->s, index, record, err);

	if (rc != BN_OK)
		return rc;
	*w = (struct wanted){.index = index,
			     .name = record->e.key,
			     .query = record->query,
			     .arrival = bn_stream_option(p->s, index, "arrival"),
			     .as = bn_stream_option(p->s, index, "as"),
			     .scale = scale != NULL ? strtod(scale, NULL) : 1,
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
	mark = bn_watermark(p->batch, mark_name(p->s, "stream", w->name));
	w->read = mark != NULL ? strtoll(mark, NULL, 10) : 0;
	alone = bn_watermark(p->batch, mark_name(p->s, "alone", w->name));
	w->seen = bn_watermark(p->batch, mark_name(p->s, "seen", w->name)) != NULL;
	w->alone = alone != NULL && strcmp(alone, w->query) == 0;
	return about != NULL ? bn_parse_ref(p->s, about, &w->about, err) : BN_OK;
}

/* ---- answers --------------------------------------------------------------------------------- */

static void
take_value(struct asking *a, struct wanted *w, struct bn_json sample, bool arrival)
{
	double seconds = bn_json_number(sample, "0", NAN), value = bn_json_number(sample, "1", NAN);
	struct bn_ref self = {BN_STREAM, NULL, w->name};
	bn_time at;

	/* NaN is how "no value" looks: 0/0, a quantile over nothing */
	if (!isfinite(value) || !(seconds > 0 && seconds < 1e11))
		return;
	at = (bn_time)(seconds * 1000 + 0.5) - STEP;
	if (at % STEP != 0 || at < a->from || at >= a->to)
		return;
	if (arrival) {
		bn_add_point(a->p->batch, self, "arrived", at, value * 1000);
		return;
	}
	value *= w->scale;
	bn_add_point(a->p->batch, self, "value", at, value);
	if (w->about.kind != BN_KIND_NONE)
		bn_add_point(a->p->batch, w->about, w->as, at + STEP, value);
	if (w->first == 0 || at < w->first)
		w->first = at;
	if (at >= w->latest) {
		w->latest = at;
		w->latest_value = value;
	}
}

/* Which stream a series is of: by its label where several were asked for. "3" or, for arrivals, "3a". */
static struct wanted *
stream_of(struct asking *a, struct bn_json item, bool *arrival)
{
	const char *label = bn_json_string(item, "metric/" LABEL);
	char *end;
	unsigned long n;

	*arrival = false;
	if (!a->joined)
		return a->streams[0];
	if (label == NULL)
		return NULL;
	n = strtoul(label, &end, 10);
	*arrival = *end == 'a';
	return end != label && n < a->count ? a->streams[n] : NULL;
}

static int
on_series(struct bn_json item, void *payload, struct bn_error *err)
{
	struct asking *a = payload;
	bool arrival;
	struct wanted *w = stream_of(a, item, &arrival);
	struct bn_json_iter it = bn_json_walk(item, "values");
	int taken = 0;

	if (w == NULL)
		return bn_fail_at(a->p->s, err, BN_EPARSE, "a series that was not asked for");
	if (!arrival && ++w->series > 1) {
		if (w->series == 2)
			bn_add_skip(a->p->batch, w->name,
				    "the query gives several series; aggregate until one is left");
		w->doubtful = true;
		return BN_OK;
	}
	while (taken++ <= PAGE && bn_json_next(&it))
		take_value(a, w, it.value, arrival);
	return BN_OK;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static const char *
joined_query(struct asking *a)
{
	struct bn_source *s = a->p->s;
	const char *text = "";

	for (size_t i = 0; i < a->count; i++) {
		const struct wanted *w = a->streams[i];

		text = bn_format(s, "%s%slabel_replace((%s),\"" LABEL "\",\"%zu\",\"\",\"\")", text,
				 i > 0 ? " or " : "", w->exact, i);
		if (w->arrival != NULL)
			text = bn_format(
			    s, "%s or label_replace((%s),\"" LABEL "\",\"%zua\",\"\",\"\")", text,
			    w->exact_arrival, i);
	}
	return text;
}

static int
ask_page(struct asking *a, const char *query, bn_time from, bn_time to, struct bn_error *err)
{
	struct bn_source *s = a->p->s;
	struct asking page = *a;
	struct bn_json rest;
	int rc;

	page.from = from;
	page.to = to;
	rc = bn_items(s, PROM_RANGE,
		      BN_PARAMS({"query", query},
				{"start", bn_format(s, "%lld", (long long)(from + STEP) / 1000)},
				{"end", bn_format(s, "%lld", (long long)to / 1000)}, {"step", "60"},
				{"timeout", "30s"}),
		      "data/result", on_series, &page, &rest, err);
	if (rc != BN_OK)
		return rc;
	if (bn_prometheus_warnings(a->p, rest, a->streams[0]->name) > 0)
		for (size_t i = 0; i < a->count; i++)
			a->streams[i]->doubtful = true;
	for (size_t i = 0; i < a->count; i++)
		a->streams[i]->series = 0;
	return BN_OK;
}

static int
ask_pages(struct asking *a, struct bn_error *err)
{
	const char *query = a->joined ? joined_query(a) : a->streams[0]->exact;
	int rc = BN_OK;

	for (bn_time from = a->from; rc == BN_OK && from < a->to; from += PAGE * STEP) {
		bn_time to = from + PAGE * STEP < a->to ? from + PAGE * STEP : a->to;

		rc = ask_page(a, query, from, to, err);
	}
	return rc;
}

/* An answer about the question, not about the server or the way to it. */
static bool
is_about_query(int rc)
{
	return rc == BN_EREMOTE || rc == BN_EPARSE || rc == BN_EINVAL || rc == BN_ENOTFOUND;
}

static void
succeed(struct asking *a, struct wanted *w, bn_time asked)
{
	if (w->about.kind != BN_KIND_NONE && w->latest > 0)
		bn_add_measure(a->p->batch, w->about, w->as, w->latest_value,
			       bn_stream_option(a->p->s, w->index, "unit"), w->latest + STEP);
	if (!w->doubtful && (w->seen || w->first > 0))
		bn_add_reading(a->p->batch, w->name, w->seen ? a->from : w->first, asked);
	if (!w->seen && w->first > 0) {
		w->seen = true;
		bn_set_watermark(a->p->batch, mark_name(a->p->s, "seen", w->name), "1");
	}
	bn_set_watermark(a->p->batch, mark_name(a->p->s, "stream", w->name),
			 bn_format(a->p->s, "%lld", (long long)asked));
}

/* A stream by itself: what is wrong with its query is said of it and stops nothing. */
static int
ask_alone(struct asking *a, struct wanted *w, struct bn_error *err)
{
	struct asking one = *a;
	bn_time asked = bn_source_now(a->p->s);
	int rc;

	one.streams = &w;
	one.count = 1;
	one.joined = w->arrival != NULL && !w->alone;
	rc = ask_pages(&one, err);
	if (is_about_query(rc)) {
		w->failed = true;
		w->failure = bn_format(a->p->s, "%s", err->message);
		return BN_OK;
	}
	if (rc == BN_OK)
		succeed(&one, w, asked);
	return rc;
}

static int
ask(struct asking *a, struct bn_error *err)
{
	bn_time asked = bn_source_now(a->p->s);
	int rc;

	if (a->count == 1 && (a->streams[0]->alone || a->streams[0]->arrival == NULL))
		return ask_alone(a, a->streams[0], err);
	a->joined = true;
	rc = ask_pages(a, err);
	if (!is_about_query(rc)) {
		for (size_t i = 0; rc == BN_OK && i < a->count; i++)
			succeed(a, a->streams[i], asked);
		return rc;
	}
	/* one of them spoils it for all: asked alone from now on, those that are no vectors too */
	for (size_t i = 0; i < a->count && (i == 0 || rc == BN_OK); i++) {
		struct wanted *w = a->streams[i];

		rc = ask_alone(a, w, err);
		if (w->failed) {
			w->alone = true;
			w->failed = false;
			bn_set_watermark(a->p->batch, mark_name(a->p->s, "alone", w->name),
					 w->query);
			rc = ask_alone(a, w, err);
		}
	}
	return rc;
}

static size_t
cost(const struct wanted *w)
{
	if (w->exact == NULL || (w->arrival != NULL && w->exact_arrival == NULL))
		return SIZE_MAX;
	return strlen(w->exact) + (w->arrival != NULL ? strlen(w->exact_arrival) : 0) + 100;
}

/* All that begin with the same minute, as many a request as fit. */
static int
ask_all(struct prometheus_poll *p, struct wanted **due, size_t count, bn_time to,
	struct bn_error *err)
{
	int rc = BN_OK;

	for (size_t i = 0; rc == BN_OK && i < count;) {
		struct asking a = {.p = p, .streams = &due[i], .from = due[i]->from, .to = to};
		size_t size = 0;

		for (; i < count; i++) {
			size_t more = cost(due[i]);

			if (more == SIZE_MAX) {
				due[i]->failed = true;
				due[i]->failure = "the query is nested too deeply";
				if (a.count == 0)
					a.streams++;
				else
					break;
				continue;
			}
			if (a.count > 0 &&
			    (size + more > JOIN_MAX || due[i]->from != a.from || due[i]->alone))
				break;
			a.from = due[i]->from;
			a.count++;
			size += more;
			if (due[i]->alone) {
				i++;
				break;
			}
		}
		if (a.count > 0 && a.from < to)
			rc = ask(&a, err);
		if (rc == BN_OK)
			rc = bn_page(p->batch, err);
	}
	return rc;
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
		rc = ask_all(p, due, due_count, now / STEP * STEP, err);
	for (size_t i = 0; rc == BN_OK && i < count; i++)
		if (all[i].name != NULL)
			tell(p, &all[i], &records[i]);
	bn_set_watermark(p->batch, "streams", bn_format(p->s, "%zu", count));
	return rc == BN_OK ? bn_scope_done(p->batch, err) : rc;
}

/* ---- history --------------------------------------------------------------------------------- */

int
bn_prometheus_backfill(struct bn_source *s, bn_time since, struct bn_batch *batch,
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
		rc = ask_all(&p, due, due_count, now / STEP * STEP, err);
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

/* prometheus_ask.c - asks Prometheus for the minutes of many streams at once, and for those it saw nothing in itself. */
/* SPDX-License-Identifier: MIT
 *
 * query_range evaluates an expression at start, start + step … and does not align them: we ask at full
 * minutes. What it gives at t speaks of (t - 60 s, t], so it is the minute that began at t - 60 s; a step
 * without a value is left out of the answer. At most 11,000 steps are answered at once. Several streams are
 * asked for in one request, joined by `or`, each marked with a label; what is too long for a URL is sent as a
 * form, which "can be useful when specifying a large query" and is a read as well
 * (https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prometheus_ask.h"

#define PAGE	   10000  /* steps of one request */
#define POINTS_MAX 200000 /* of one request: what is held until it is committed */
#define JOIN_URL   3500	  /* bytes of one joined expression: what proxies take in a URL */
#define JOIN_FORM  50000  /* in a form; a server that takes less is found out */
#define LABEL	   "binnacle_stream"
#define DAY	   (1440 * STEP)

/* Whether the server collected anything at all, minute by minute: what is absent while it did not was not
 * observed, rather than missing. */
struct canary {
	const char *query; /* NULL: nobody knows */
	bn_time from, to;
	unsigned char *seen; /* per minute */
	bn_time first; /* the first minute it was ever seen in; 0: never, then it says nothing */
};

/* One poll's asking. */
struct askings {
	struct prometheus_poll *p;
	struct canary canary;
	size_t join; /* bytes of one joined expression */
	size_t told; /* streams of which something was found wrong */
};

/* One request's worth. */
struct asking {
	struct askings *all;
	struct prometheus_poll *p;
	struct wanted **streams;
	size_t count, size; /* bytes */
	bn_time from, to;   /* minutes [from, to) */
	bool joined;
};

const char *
bn_prometheus_mark(struct bn_source *s, const char *what, const char *stream)
{
	return bn_format(s, "%s %s", what, stream);
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

static size_t
cost(const struct wanted *w)
{
	if (w->exact == NULL || (w->arrival != NULL && w->exact_arrival == NULL))
		return SIZE_MAX;
	return strlen(w->exact) + (w->arrival != NULL ? strlen(w->exact_arrival) : 0) + 120;
}

/* Whether the server collected nothing in that minute. */
static bool
was_out(const struct canary *c, bn_time at)
{
	return c->query != NULL && at >= c->first && at >= c->from && at < c->to &&
	       !c->seen[(at - c->from) / STEP];
}

/* ---- asking ---------------------------------------------------------------------------------- */

static char *
add_part(char *to, const char *exact, size_t index, const char *what)
{
	return to + sprintf(to, "label_replace((%s),\"" LABEL "\",\"%zu%s\",\"\",\"\")", exact,
			    index, what);
}

/* a->size has room for all of it: cost() */
static const char *
joined_query(struct asking *a)
{
	char *text = bn_alloc(a->p->s, a->size + 1), *end = text;

	*text = '\0';
	for (size_t i = 0; i < a->count; i++) {
		const struct wanted *w = a->streams[i];

		if (i > 0)
			end = stpcpy(end, " or ");
		end = add_part(end, w->exact, i, "");
		if (w->arrival != NULL)
			end = add_part(stpcpy(end, " or "), w->exact_arrival, i, "a");
	}
	return text;
}

/* Whether what is asked for does not fit into a URL. One alone is asked for as it is. */
static bool
is_long(const struct asking *a)
{
	return a->count > 1 && a->size > JOIN_URL;
}

/* Minutes [from, to) of an expression. */
static int
ask_range(struct bn_source *s, const char *query, bool form, bn_time from, bn_time to,
	  bn_item_fn *on_item, void *payload, struct bn_json *rest, struct bn_error *err)
{
	const char *start = bn_format(s, "%lld", (long long)(from + STEP) / 1000),
		   *end = bn_format(s, "%lld", (long long)to / 1000);

	if (!form)
		return bn_items(s, PROM_RANGE,
				BN_PARAMS({"query", query}, {"start", start}, {"end", end},
					  {"step", "60"}, {"timeout", "30s"}),
				"data/result", on_item, payload, rest, err);
	return bn_items_post(s, PROM_RANGE_FORM, BN_NO_PARAMS,
			     bn_format(s, "query=%s&start=%s&end=%s&step=60&timeout=30s",
				       bn_escape(s, query), start, end),
			     "data/result", on_item, payload, rest, err);
}

static int
ask_page(struct asking *a, const char *query, bn_time from, bn_time to, struct bn_error *err)
{
	struct asking page = *a;
	struct bn_json rest;
	int rc;

	page.from = from;
	page.to = to;
	rc = ask_range(a->p->s, query, is_long(a), from, to, on_series, &page, &rest, err);
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

/* What was read, without the minutes in which the server itself collected nothing: up to such a hole it is as
 * settled as it will ever be. */
static void
add_readings(struct asking *a, const struct wanted *w, bn_time asked)
{
	bn_time began = !w->seen ? w->first : w->since > a->from ? w->since : a->from;

	for (bn_time at = began; at < a->to; at += STEP) {
		if (!was_out(&a->all->canary, at))
			continue;
		if (at > began)
			bn_add_reading(a->p->batch, w->name, began,
				       at + w->settle < asked ? at + w->settle : asked);
		began = at + STEP;
	}
	if (began < a->to)
		bn_add_reading(a->p->batch, w->name, began, asked);
}

static void
succeed(struct asking *a, struct wanted *w, bn_time asked)
{
	if (w->about.kind != BN_KIND_NONE && w->latest > 0)
		bn_add_measure(a->p->batch, w->about, w->as, w->latest_value,
			       bn_stream_option(a->p->s, w->index, "unit"), w->latest + STEP);
	if (!w->doubtful && (w->seen || w->first > 0))
		add_readings(a, w, asked);
	if (!w->seen && w->first > 0) {
		w->seen = true;
		bn_set_watermark(a->p->batch, bn_prometheus_mark(a->p->s, "seen", w->name),
				 bn_format(a->p->s, "%lld", (long long)w->first));
	}
	bn_set_watermark(a->p->batch, bn_prometheus_mark(a->p->s, "stream", w->name),
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
	one.size = cost(w);
	one.joined = w->arrival != NULL && !w->alone;
	rc = ask_pages(&one, err);
	if (is_about_query(rc)) {
		a->all->told++;
		w->failed = true;
		w->failure = bn_format(a->p->s, "%s", err->message);
		return BN_OK;
	}
	if (rc == BN_OK)
		succeed(&one, w, asked);
	return rc;
}

/* One of them spoils it for all: asked alone from now on, those that are no vectors too. */
static int
ask_each(struct asking *a, struct bn_error *err)
{
	int rc = BN_OK;

	for (size_t i = 0; i < a->count && rc == BN_OK; i++) {
		struct wanted *w = a->streams[i];

		rc = ask_alone(a, w, err);
		if (w->failed) {
			w->alone = true;
			w->failed = false;
			bn_set_watermark(a->p->batch, bn_prometheus_mark(a->p->s, "alone", w->name),
					 w->query);
			rc = ask_alone(a, w, err);
		}
	}
	return rc;
}

static int ask(struct asking *a, struct bn_error *err);

/* Too much at once, or one of them spoils it: the halves tell. Where nothing was wrong with any, the server (or
 * a proxy before it, which takes no forms perhaps) is asked for less from now on. */
static int
ask_halves(struct asking *a, struct bn_error *err)
{
	size_t told = a->all->told, half = a->count / 2, from[] = {0, half, a->count};
	int rc = BN_OK;

	for (int i = 0; rc == BN_OK && i < 2; i++) {
		struct asking part = *a;

		part.streams += from[i];
		part.count = from[i + 1] - from[i];
		part.size = 0;
		for (size_t n = 0; n < part.count; n++)
			part.size += cost(part.streams[n]);
		rc = ask(&part, err);
	}
	if (rc == BN_OK && a->all->told == told && a->size / 2 < a->all->join)
		a->all->join = a->size / 2 > JOIN_URL ? a->size / 2 : JOIN_URL;
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
	if (is_long(a) && (is_about_query(rc) || rc == BN_EUNSUPPORTED || rc == BN_EPERM))
		return ask_halves(a, err);
	if (is_about_query(rc))
		return ask_each(a, err);
	for (size_t i = 0; rc == BN_OK && i < a->count; i++)
		succeed(a, a->streams[i], asked);
	return rc;
}

/* ---- the canary ------------------------------------------------------------------------------ */

static int
on_canary(struct bn_json item, void *payload, struct bn_error *err)
{
	struct canary *c = payload;
	struct bn_json_iter it = bn_json_walk(item, "values");

	(void)err;
	while (bn_json_next(&it)) {
		double seconds = bn_json_number(it.value, "0", NAN);
		bn_time at;

		if (!(seconds > 0 && seconds < 1e11))
			continue;
		at = (bn_time)(seconds * 1000 + 0.5) - STEP;
		if (at % STEP != 0 || at < c->from || at >= c->to)
			continue;
		c->seen[(at - c->from) / STEP] = 1;
		if (c->first == 0 || at < c->first)
			c->first = at;
	}
	return BN_OK;
}

/* What it can't say it leaves open: then what is absent counts as missing, as without it. */
static int
ask_canary(struct askings *all, bn_time from, bn_time to, struct bn_error *err)
{
	struct canary *c = &all->canary;
	struct bn_source *s = all->p->s;
	const char *text = bn_option(s, "canary"), *mark = bn_watermark(all->p->batch, "canary");
	bn_time first = mark != NULL ? strtoll(mark, NULL, 10) : 0;
	size_t warnings = 0;
	int rc = BN_OK;

	if (text == NULL || strcmp(text, "none") == 0 ||
	    (c->query = bn_prometheus_exact(s, text)) == NULL || strlen(c->query) > ASK_MAX) {
		c->query = NULL;
		return BN_OK;
	}
	*c = (struct canary){.query = c->query, .from = from, .to = to, .first = first};
	c->seen = bn_alloc(s, (size_t)((to - from) / STEP) + 1);
	memset(c->seen, 0, (size_t)((to - from) / STEP) + 1);
	for (bn_time at = from; rc == BN_OK && at < to; at += PAGE * STEP) {
		bn_time end = at + PAGE * STEP < to ? at + PAGE * STEP : to;
		struct bn_json rest;

		rc = ask_range(s, c->query, false, at, end, on_canary, c, &rest, err);
		if (rc == BN_OK)
			warnings += bn_prometheus_warnings(all->p, rest, "canary");
	}
	if (is_about_query(rc)) {
		bn_add_skip(all->p->batch, "canary", err->message);
		c->query = NULL;
		return BN_OK;
	}
	if (warnings > 0 || c->first == 0)
		c->query = NULL;
	if (rc == BN_OK && c->first != first)
		bn_set_watermark(all->p->batch, "canary",
				 bn_format(s, "%lld", (long long)c->first));
	return rc;
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* What a server was found to take is asked again of it the next day: it may be another one by then. */
static size_t
join_limit(struct prometheus_poll *p)
{
	const char *mark = bn_watermark(p->batch, "join");
	long long day = bn_source_now(p->s) / DAY, then;
	size_t limit;

	if (mark == NULL || sscanf(mark, "%zu %lld", &limit, &then) != 2 || then != day ||
	    limit < JOIN_URL || limit > JOIN_FORM)
		return JOIN_FORM;
	return limit;
}

/* As many streams from due[*next] on as one request may ask for. */
static void
gather(struct asking *a, struct wanted **due, size_t count, size_t *next)
{
	int64_t steps;

	for (; *next < count; (*next)++) {
		struct wanted *w = due[*next];
		size_t more = cost(w);

		if (more == SIZE_MAX) {
			w->failed = true;
			w->failure = "the query is nested too deeply";
			if (a->count > 0)
				return;
			a->streams++;
			continue;
		}
		steps = (a->to - w->from) / STEP;
		if (a->count > 0 && (a->size + more > a->all->join || w->from != a->from ||
				     w->alone || (int64_t)(a->count + 1) * steps > POINTS_MAX))
			return;
		a->from = w->from;
		a->count++;
		a->size += more;
		if (w->alone) {
			(*next)++;
			return;
		}
	}
}

int
bn_prometheus_ask(struct prometheus_poll *p, struct wanted **due, size_t count, bn_time to,
		  struct bn_error *err)
{
	struct askings all = {.p = p, .join = join_limit(p)};
	size_t limit = all.join;
	bn_time from = to;
	int rc = BN_OK;

	for (size_t i = 0; i < count; i++)
		if (due[i]->from < from)
			from = due[i]->from;
	if (from < to)
		rc = ask_canary(&all, from, to, err);
	for (size_t i = 0; rc == BN_OK && i < count;) {
		struct asking a = {.all = &all, .p = p, .streams = &due[i], .to = to};

		gather(&a, due, count, &i);
		if (a.count > 0 && a.from < to)
			rc = ask(&a, err);
		if (rc == BN_OK)
			rc = bn_page(p->batch, err);
	}
	if (all.join != limit)
		bn_set_watermark(
		    p->batch, "join",
		    bn_format(p->s, "%zu %lld", all.join, (long long)(bn_source_now(p->s) / DAY)));
	return rc;
}

/* prometheus_queries.c - [query] sections: one number now, what it crosses, and what it was before. */
/* SPDX-License-Identifier: MIT
 *
 * Samples are [seconds, "text"], the text also "NaN", "+Inf" and "-Inf". */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert.h"
#include "prometheus.h"

#define QUERY_AT_MOST  6000 /* bytes: what servers and proxies take in a URL */
#define SERIES_AT_MOST 50   /* of one query that may become findings */
#define HOUR	       ((int64_t)3600000)

/* "> 400": an operator and a number; false if it is no such thing. */
static bool
parse_threshold(const char *text, char op[3], double *bound)
{
	size_t n = strspn(text, "<>=");
	char *end;

	if (n == 0 || n > 2)
		return false;
	snprintf(op, 3, "%.*s", (int)n, text);
	*bound = strtod(text + n, &end);
	if (end == text + n)
		return false;
	end += strspn(end, " \t");
	return *end == '\0' && strcmp(op, "==") != 0 && op[1] != '<' && op[1] != '>';
}

/* NaN crosses nothing: a rate over no requests is no error rate of zero, and none of one. */
static bool
crosses(const char *threshold, double value)
{
	char op[3];
	double bound;

	if (threshold == NULL || isnan(value) || !parse_threshold(threshold, op, &bound))
		return false;
	if (strcmp(op, "<") == 0)
		return value < bound;
	if (strcmp(op, "<=") == 0)
		return value <= bound;
	if (strcmp(op, ">=") == 0)
		return value >= bound;
	return strcmp(op, ">") == 0 ? value > bound : value == bound;
}

struct query {
	const char *name, *text, *unit, *as, *warn, *crit;
	const char *target_name; /* of the measure that holds the target; NULL: there is none */
	double scale, target;
	struct bn_ref about;
};

static void
add_query_finding(struct prometheus_poll *p, const struct query *q, enum bn_severity severity,
		  const char *series, const char *title, const char *message)
{
	bn_add_finding(
	    p->batch,
	    &(struct bn_finding){
		.key = series[0] != '\0' ? bn_format(p->s, "%s{%s}", q->name, series) : q->name,
		.rule = "query",
		.severity = severity,
		.title = title,
		.message = message,
		.about = q->about,
		.url = alert_page_url(p->s,
				      bn_format(p->s, "/graph?g0.expr=%s&g0.tab=0",
						bn_escape(p->s, q->text != NULL ? q->text : ""))),
	    });
}

static void
judge(struct prometheus_poll *p, const struct query *q, double value, const char *series)
{
	const char *bound = crosses(q->crit, value)   ? q->crit
			    : crosses(q->warn, value) ? q->warn
						      : NULL;

	if (bound == NULL)
		return;
	add_query_finding(
	    p, q, bound == q->crit ? BN_CRIT : BN_WARN, series,
	    bn_format(p->s, "%s is %.4g%s%s", q->name, value, q->unit != NULL ? " " : "",
		      q->unit != NULL ? q->unit : ""),
	    bn_format(p->s, "%s; the limit is %s", series[0] != '\0' ? series : q->text, bound));
}

/* A sample is [seconds, "value"]. */
static void
take_sample(struct prometheus_poll *p, const struct query *q, struct bn_json sample,
	    const char *series, bool alone)
{
	double seconds = bn_json_number(sample, "0", 0),
	       value = bn_json_number(sample, "1", NAN) * q->scale;
	bn_time at =
	    seconds > 0 && seconds < 1e11 ? (bn_time)(seconds * 1000) : bn_source_now(p->s);

	judge(p, q, value, series);
	if (!alone || q->about.kind == BN_KIND_NONE || !isfinite(value))
		return;
	bn_add_measure(p->batch, q->about, q->as, value, q->unit, at);
	bn_add_point(p->batch, q->about, q->as, at, value);
	if (q->target_name == NULL)
		return;
	/* of the same moment: so one that was taken out of the configuration is seen to be old */
	bn_add_measure(p->batch, q->about, q->target_name, q->target, q->unit, at);
	bn_add_point(p->batch, q->about, q->target_name, at, q->target);
}

static int
read_answer(struct prometheus_poll *p, const struct query *q, struct bn_json answer,
	    struct bn_error *err)
{
	const char *type = bn_json_string(answer, "data/resultType");
	size_t count = bn_json_size(answer, "data/result");
	struct bn_json_iter it = bn_json_walk(answer, "data/result");
	int taken = 0;

	bn_prometheus_warnings(p, answer, q->name);
	if (type != NULL && strcmp(type, "scalar") == 0) {
		take_sample(p, q, bn_json_get(answer, "data/result"), "", true);
		return BN_OK;
	}
	if (type == NULL || strcmp(type, "vector") != 0)
		return bn_fail_at(p->s, err, BN_EPARSE,
				  "[query \"%s\"] gives a %s; it must give a number", q->name,
				  type != NULL ? type : "strange answer");
	/* Nothing to compare is not the same as nothing wrong. */
	if (count == 0 && (q->warn != NULL || q->crit != NULL))
		add_query_finding(p, q, BN_WARN, "", bn_format(p->s, "%s has no data", q->name),
				  bn_format(p->s, "%s matches no series", q->text));
	if (count > 1 && q->about.kind != BN_KIND_NONE)
		bn_add_skip(p->batch, q->name,
			    "the query gives several series; aggregate until one is left");
	while (taken++ < SERIES_AT_MOST && bn_json_next(&it))
		take_sample(
		    p, q, bn_json_get(it.value, "value"),
		    count > 1 ? alert_label_text(p->s, bn_json_get(it.value, "metric"), "__name__")
			      : "",
		    count == 1);
	return BN_OK;
}

/* ">= 3" makes a measure `least:NAME` of 3, "<= 100" one `most:NAME`. */
static int
read_target(struct bn_source *s, size_t section, struct query *q, struct bn_error *err)
{
	const char *text = bn_section_option(s, section, "target");
	char op[3];

	if (text == NULL)
		return BN_OK;
	if (!parse_threshold(text, op, &q->target) || op[0] == '=')
		return bn_fail_at(s, err, BN_ECONFIG,
				  "[query \"%s\"] target is written like `>= 3` or `<= 100`",
				  q->name);
	q->target_name = bn_format(s, "%s:%s", op[0] == '>' ? "least" : "most", q->as);
	return BN_OK;
}

static int
read_query(struct bn_source *s, size_t section, struct query *q, struct bn_error *err)
{
	const char *scale = bn_section_option(s, section, "scale"),
		   *about = bn_section_option(s, section, "for");
	char op[3];
	double bound;

	*q = (struct query){.name = bn_section_name(s, section),
			    .text = bn_section_option(s, section, "query"),
			    .unit = bn_section_option(s, section, "unit"),
			    .as = bn_section_option(s, section, "as"),
			    .warn = bn_section_option(s, section, "warn"),
			    .crit = bn_section_option(s, section, "crit"),
			    .scale = scale != NULL ? strtod(scale, NULL) : 1};
	if (q->as == NULL)
		q->as = q->name;
	if (q->text == NULL || q->text[0] == '\0' || strlen(q->text) > QUERY_AT_MOST)
		return bn_fail_at(s, err, BN_ECONFIG,
				  "[query \"%s\"] query is empty or longer than %d bytes", q->name,
				  QUERY_AT_MOST);
	if ((q->warn != NULL && !parse_threshold(q->warn, op, &bound)) ||
	    (q->crit != NULL && !parse_threshold(q->crit, op, &bound)))
		return bn_fail_at(s, err, BN_ECONFIG,
				  "[query \"%s\"] warn and crit are written like `> 400`", q->name);
	if (about == NULL && q->warn == NULL && q->crit == NULL) {
		bn_fail_at(s, err, BN_ECONFIG, "[query \"%s\"] has no use", q->name);
		return bn_hint_at(err,
				  "say what it is `for`, or when it is a problem: `warn`, `crit`");
	}
	if (read_target(s, section, q, err) != BN_OK)
		return err->code;
	return about != NULL ? bn_parse_ref(s, about, &q->about, err) : BN_OK;
}

/* One query that fails, by a typing mistake say, is told; the others are asked all the same. */
int
bn_prometheus_queries(struct prometheus_poll *p, struct bn_error *err)
{
	int rc = bn_scope(p->batch, "queries", BN_COMPLETE, err);

	for (size_t i = 0; rc == BN_OK && i < bn_section_count(p->s); i++) {
		struct bn_json answer;
		struct query q;

		rc = read_query(p->s, i, &q, err);
		if (rc == BN_OK)
			rc = bn_get(p->s, PROM_QUERY,
				    BN_PARAMS({"query", q.text}, {"timeout", "20s"}), &answer, err);
		if (rc == BN_OK)
			rc = read_answer(p, &q, answer, err);
		if (rc == BN_EREMOTE || rc == BN_EPARSE || rc == BN_ECONFIG || rc == BN_EINVAL) {
			bn_add_skip(p->batch, q.name, err->message);
			add_query_finding(p, &q, BN_WARN, "",
					  bn_format(p->s, "query %s fails", q.name),
					  bn_format(p->s, "%s", err->message));
			rc = BN_OK;
		}
	}
	return rc == BN_OK ? bn_scope_done(p->batch, err) : rc;
}

const char *
bn_prometheus_query_text(struct bn_source *s, size_t section, const char **out)
{
	struct bn_error err;
	struct query q;

	if (read_query(s, section, &q, &err) != BN_OK)
		return bn_format(s, "%s", err.message);
	*out = q.text;
	return NULL;
}

/* ---- history --------------------------------------------------------------------------------- */

/* One query's past. */
struct past {
	struct prometheus_poll *p;
	const struct query *q;
	size_t
	    unnamed; /* series that do not say of which version they are: of those only the first is taken */
};

/* Whether it names a version by an alias. Registries count versions; who `@champion` was then, they don't tell. */
static bool
is_alias(const struct bn_ref *about)
{
	const char *version = strrchr(about->key, '@');

	return version != NULL && version[1 + strspn(version + 1, "0123456789")] != '\0';
}

/* What a series of then is about: the version it is labelled with, since an alias may have moved in the meantime
 * and a number must not be told of a version that had nothing to do with it. False: nobody knows. */
static bool
about_then(struct past *past, struct bn_json series, struct bn_ref *out)
{
	static const char *const labels[] = {"metric/version", "metric/model_version"};
	const struct bn_ref *about = &past->q->about;
	const char *at = strrchr(about->key, '@'), *version = NULL;

	*out = *about;
	for (size_t i = 0; i < 2 && version == NULL; i++)
		version = bn_json_string(series, labels[i]);
	if (at == NULL || version == NULL)
		return !(at != NULL && is_alias(about)) && past->unnamed++ == 0;
	out->key = bn_format(past->p->s, "%.*s@%s", (int)(at - about->key), about->key, version);
	return is_alias(about) || strcmp(out->key, about->key) == 0;
}

static int
on_past_series(struct bn_json item, void *payload, struct bn_error *err)
{
	struct past *past = payload;
	struct bn_json_iter it = bn_json_walk(item, "values");
	struct bn_ref about;

	(void)err;
	if (!about_then(past, item, &about))
		return BN_OK;
	while (bn_json_next(&it)) {
		double seconds = bn_json_number(it.value, "0", NAN),
		       value = bn_json_number(it.value, "1", NAN) * past->q->scale;

		if (isfinite(value) && seconds > 0 && seconds < 1e11)
			bn_add_point(past->p->batch, about, past->q->as,
				     (bn_time)(seconds * 1000 + 0.5), value);
	}
	return BN_OK;
}

static int
ask_past(struct prometheus_poll *p, const struct query *q, bn_time since, struct bn_error *err)
{
	struct past past = {.p = p, .q = q};
	bn_time from = (since + HOUR - 1) / HOUR * HOUR, to = bn_source_now(p->s) / HOUR * HOUR;

	if (from > to)
		return BN_OK;
	return bn_items(p->s, PROM_RANGE,
			BN_PARAMS({"query", q->text},
				  {"start", bn_format(p->s, "%lld", (long long)from / 1000)},
				  {"end", bn_format(p->s, "%lld", (long long)to / 1000)},
				  {"step", "3600"}, {"timeout", "30s"}),
			"data/result", on_past_series, &past, NULL, err);
}

/* A model's drift is looked at over weeks, so it would be missed most if it began with the first poll: one value an
 * hour of what the server still has. What can't be asked now is told by the poll. */
int
bn_prometheus_queries_past(struct bn_source *s, bn_time since, struct bn_batch *batch,
			   struct bn_error *err)
{
	struct prometheus_poll p = {s, batch};
	int rc = bn_scope(batch, "query history", BN_DELTA, err);

	for (size_t i = 0; rc == BN_OK && i < bn_section_count(s); i++) {
		struct query q;

		if (read_query(s, i, &q, err) != BN_OK || q.about.kind != BN_MODEL)
			continue;
		rc = ask_past(&p, &q, since, err);
		if (rc == BN_EREMOTE || rc == BN_EPARSE || rc == BN_EINVAL)
			rc = BN_OK;
		if (rc == BN_OK)
			rc = bn_page(batch, err);
	}
	return rc == BN_OK ? bn_scope_done(batch, err) : rc;
}

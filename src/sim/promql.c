/* promql.c - as much of PromQL as the demo's own expressions need. */
/* SPDX-License-Identifier: MIT */
#include "sim/promql.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define MAX_DEPTH 32

struct parser {
	const struct bn_world *world;
	bn_time at;
	const char *start, *p;
	int depth;
	char *error;
};

static bool
fail(struct parser *parser, const char *what)
{
	if (parser->error[0] == '\0')
		snprintf(parser->error, 200, "1:%d: parse error: %s",
			 (int)(parser->p - parser->start) + 1, what);
	return false;
}

static void
skip(struct parser *parser)
{
	while (isspace((unsigned char)*parser->p))
		parser->p++;
}

static bool
take(struct parser *parser, const char *text)
{
	skip(parser);
	if (strncmp(parser->p, text, strlen(text)) != 0)
		return false;
	parser->p += strlen(text);
	return true;
}

static bool
take_word(struct parser *parser, char *out, size_t size)
{
	size_t n = 0;

	skip(parser);
	while (isalnum((unsigned char)*parser->p) || *parser->p == '_' || *parser->p == ':') {
		if (n + 1 < size)
			out[n++] = *parser->p;
		parser->p++;
	}
	out[n] = '\0';
	return n > 0;
}

static bool
take_string(struct parser *parser, char *out, size_t size)
{
	size_t n = 0;
	char quote;

	skip(parser);
	quote = *parser->p;
	if (quote != '"' && quote != '\'')
		return fail(parser, "unexpected character, expected a string");
	for (parser->p++; *parser->p != quote; parser->p++) {
		if (*parser->p == '\0')
			return fail(parser, "unterminated quoted string");
		if (*parser->p == '\\' && parser->p[1] != '\0')
			parser->p++;
		if (n + 1 < size)
			out[n++] = *parser->p;
	}
	parser->p++;
	out[n] = '\0';
	return true;
}

/* ---- the world's series ---------------------------------------------------- */

static void
add(json_t *samples, json_t *metric, const char *name, double value)
{
	json_object_set_new(metric, "__name__", json_string(name));
	json_array_append_new(samples, json_pack("{s:o, s:f}", "metric", metric, "v", value));
}

static void
add_apis(const struct parser *parser, json_t *out)
{
	const struct bn_w_api *api;
	struct bn_w_health health;
	size_t i, k;

	for (i = 0; (api = bn_world_api(i)) != NULL; i++) {
		bn_world_health(parser->world, api, parser->at, &health);
		const struct {
			const char *name;
			double value;
		} rows[] = {
		    {"app:http_requests:rate1m", health.rps},
		    {"app:http_errors:ratio1m", health.errors},
		    {"app:http_latency_seconds:p50", health.p50 / 1000.0},
		    {"app:http_latency_seconds:p95", health.p95 / 1000.0},
		    {"app:http_latency_seconds:p99", health.p99 / 1000.0},
		    {"app:http_latency_slo_seconds", api->slo / 1000.0},
		    {"app:cpu:ratio", health.cpu},
		};

		for (k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
			add(out, json_pack("{s:s, s:s}", "app", api->name, "namespace", api->app),
			    rows[k].name, rows[k].value);
	}
}

static void
add_targets(const struct parser *parser, json_t *out)
{
	struct bn_w_target target;
	size_t i;

	for (i = 0; bn_world_target(parser->world, i, parser->at, &target); i++) {
		add(out, json_pack("{s:s, s:s}", "job", target.job, "instance", target.instance),
		    "up", target.up);
		add(out, json_pack("{s:s, s:s}", "job", target.job, "instance", target.instance),
		    "scrape_duration_seconds", target.duration);
	}
}

static void
add_alerts(const struct parser *parser, json_t *out)
{
	struct bn_w_alert alert;
	json_t *metric;
	size_t i, k;

	for (i = 0; bn_world_alert(parser->world, i, parser->at, &alert); i++) {
		if (alert.active_at == 0)
			continue;
		metric =
		    json_pack("{s:s, s:s, s:s}", "alertname", alert.name, "severity",
			      alert.severity, "alertstate", alert.firing ? "firing" : "pending");
		for (k = 0; alert.label[k] != NULL; k += 2)
			json_object_set_new(metric, alert.label[k],
					    json_string(alert.label[k + 1]));
		add(out, metric, "ALERTS", 1);
	}
}

static json_t *
all_series(const struct parser *parser)
{
	json_t *out = json_array();

	add_apis(parser, out);
	add_targets(parser, out);
	add_alerts(parser, out);
	return out;
}

/* ---- selectors ------------------------------------------------------------- */

/* "a|b|c" (anchored, as Prometheus anchors); ".*" and ".+" by themselves. */
static bool
alternative(const char *pattern, const char *value)
{
	size_t length;

	if (strcmp(pattern, ".*") == 0)
		return true;
	if (strcmp(pattern, ".+") == 0)
		return *value != '\0';
	for (;; pattern += length + 1) {
		length = strcspn(pattern, "|");
		if (length >= 2 && strncmp(pattern + length - 2, ".*", 2) == 0) {
			if (strncmp(pattern, value, length - 2) == 0)
				return true;
		} else if (strlen(value) == length && strncmp(pattern, value, length) == 0) {
			return true;
		}
		if (pattern[length] == '\0')
			return false;
	}
}

static void
keep_matching(json_t *samples, const char *label, const char *operator, const char * value)
{
	const char *has;
	bool match;
	size_t i;

	for (i = json_array_size(samples); i-- > 0;) {
		has = json_string_value(
		    json_object_get(json_object_get(json_array_get(samples, i), "metric"), label));
		match = operator[1] == '~' ? alternative(value, has == NULL ? "" : has)
					   : strcmp(value, has == NULL ? "" : has) == 0;
		if (match == (operator[0] == '!'))
			json_array_remove(samples, i);
	}
}

static bool
read_matchers(struct parser *parser, json_t *samples)
{
	static const char *const operators[] = {"=~", "!~", "!=", "="};
	char label[64], value[256];
	size_t i;

	while (!take(parser, "}")) {
		if (!take_word(parser, label, sizeof(label)))
			return fail(parser, "unexpected end of input inside braces");
		for (i = 0; i < 4 && !take(parser, operators[i]); i++)
			;
		if (i == 4)
			return fail(parser, "expected label matching operator");
		if (!take_string(parser, value, sizeof(value)))
			return false;
		keep_matching(samples, label, operators[i], value);
		if (!take(parser, ",") && *parser->p != '}')
			return fail(parser, "unexpected end of input inside braces");
	}
	return true;
}

static bool
read_selector(struct parser *parser, const char *name, struct bn_promql *out)
{
	out->scalar = false;
	out->samples = all_series(parser);
	if (*name != '\0')
		keep_matching(out->samples, "__name__", "=", name);
	skip(parser);
	if (*parser->p == '{') {
		parser->p++;
		if (!read_matchers(parser, out->samples))
			return false;
	}
	if (take(parser, "["))
		return fail(parser, "range vectors are beyond this server");
	return true;
}

/* ---- aggregation ----------------------------------------------------------- */

struct grouping {
	char label[8][64];
	size_t count;
	bool without, given;
};

static bool
read_grouping(struct parser *parser, struct grouping *grouping)
{
	const char *before = parser->p;
	char word[64];

	if (!take_word(parser, word, sizeof(word)) ||
	    (strcmp(word, "by") != 0 && strcmp(word, "without") != 0)) {
		parser->p = before;
		return true;
	}
	grouping->given = true;
	grouping->without = strcmp(word, "without") == 0;
	if (!take(parser, "("))
		return fail(parser, "expected \"(\" in grouping opts");
	while (!take(parser, ")")) {
		if (grouping->count == 8 ||
		    !take_word(parser, grouping->label[grouping->count++], 64))
			return fail(parser, "unexpected token in grouping opts, expected label");
		take(parser, ",");
	}
	return true;
}

static json_t *
grouped_labels(const struct grouping *grouping, const json_t *metric)
{
	json_t *labels = grouping->without ? json_copy((json_t *)(uintptr_t)metric) : json_object(),
	       *value;
	size_t i;

	json_object_del(labels, "__name__");
	for (i = 0; i < grouping->count; i++) {
		value = json_object_get(metric, grouping->label[i]);
		if (grouping->without)
			json_object_del(labels, grouping->label[i]);
		else if (value != NULL)
			json_object_set(labels, grouping->label[i], value);
	}
	return labels;
}

static json_t *
find_group(json_t *groups, json_t *labels)
{
	json_t *group;
	size_t i;

	json_array_foreach(groups, i, group)
	{
		if (json_equal(json_object_get(group, "metric"), labels))
			return group;
	}
	return NULL;
}

static double
combine(const char *how, double so_far, double value)
{
	if (strcmp(how, "min") == 0)
		return value < so_far ? value : so_far;
	if (strcmp(how, "max") == 0)
		return value > so_far ? value : so_far;
	return so_far + value;
}

static void
aggregate(const char *how, const struct grouping *grouping, struct bn_promql *value)
{
	json_t *groups = json_array(), *sample, *group, *labels;
	bool count = strcmp(how, "count") == 0;
	double v, n;
	size_t i;

	json_array_foreach(value->samples, i, sample)
	{
		labels = grouped_labels(grouping, json_object_get(sample, "metric"));
		v = count ? 1 : json_real_value(json_object_get(sample, "v"));
		group = find_group(groups, labels);
		if (group == NULL) {
			json_array_append_new(groups, json_pack("{s:o, s:f, s:f}", "metric", labels,
								"v", v, "n", 1.0));
			continue;
		}
		json_decref(labels);
		n = json_real_value(json_object_get(group, "n")) + 1;
		json_object_set_new(group, "n", json_real(n));
		json_object_set_new(
		    group, "v",
		    json_real(combine(how, json_real_value(json_object_get(group, "v")), v)));
	}
	json_array_foreach(groups, i, group)
	{
		if (strcmp(how, "avg") == 0)
			json_object_set_new(
			    group, "v",
			    json_real(json_real_value(json_object_get(group, "v")) /
				      json_real_value(json_object_get(group, "n"))));
		json_object_del(group, "n");
	}
	json_decref(value->samples);
	value->samples = groups;
}

static bool
is_aggregation(const char *word)
{
	static const char *const words[] = {"sum", "avg", "min", "max", "count", NULL};
	size_t i;

	for (i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], word) == 0)
			return true;
	}
	return false;
}

/* ---- expressions ----------------------------------------------------------- */

static bool comparison(struct parser *parser, struct bn_promql *out);

static bool
read_aggregation(struct parser *parser, const char *how, struct bn_promql *out)
{
	struct grouping grouping;

	memset(&grouping, 0, sizeof(grouping));
	if (!read_grouping(parser, &grouping))
		return false;
	if (!take(parser, "("))
		return fail(parser, "unexpected token in aggregation");
	if (!comparison(parser, out))
		return false;
	if (!take(parser, ")"))
		return fail(parser, "unclosed left parenthesis");
	if (out->scalar)
		return fail(parser,
			    "expected type instant vector in aggregation expression, got scalar");
	if (!grouping.given && !read_grouping(parser, &grouping))
		return false;
	aggregate(how, &grouping, out);
	return true;
}

static bool
primary(struct parser *parser, struct bn_promql *out)
{
	char word[128], *end;
	bool ok;

	skip(parser);
	if (*parser->p == '(') {
		parser->p++;
		if (++parser->depth > MAX_DEPTH)
			return fail(parser, "nested too deeply");
		ok = comparison(parser, out);
		parser->depth--;
		return ok && (take(parser, ")") || fail(parser, "unclosed left parenthesis"));
	}
	if (isdigit((unsigned char)*parser->p) || *parser->p == '.' || *parser->p == '-') {
		out->scalar = true;
		out->number = strtod(parser->p, &end);
		if (end == parser->p)
			return fail(parser, "bad number");
		parser->p = end;
		return true;
	}
	if (*parser->p == '{')
		return read_selector(parser, "", out);
	if (!take_word(parser, word, sizeof(word)))
		return fail(parser, *parser->p == '\0' ? "no expression found in input"
						       : "unexpected character");
	if (is_aggregation(word))
		return read_aggregation(parser, word, out);
	skip(parser);
	if (*parser->p == '(')
		return fail(parser, "functions are beyond this server");
	return read_selector(parser, word, out);
}

static double
calculate(char operator, double a, double b)
{
	switch (operator) {
	case '+':
		return a + b;
	case '-':
		return a - b;
	case '*':
		return a * b;
	default:
		return a / b;
	}
}

static bool
compare(const char *operator, double a, double b)
{
	if (strcmp(operator, "==") == 0)
		return a >= b && a <= b;
	if (strcmp(operator, "!=") == 0)
		return a < b || a > b;
	if (strcmp(operator, ">=") == 0)
		return a >= b;
	if (strcmp(operator, "<=") == 0)
		return a <= b;
	return *operator== '>' ? a > b : a<b;
}

static const json_t *
partner(const struct bn_promql *right, const json_t *metric, const struct grouping *on)
{
	struct grouping without_name = {{""}, 0, true, true};
	json_t *mine = grouped_labels(on->given ? on : &without_name, metric), *theirs, *sample;
	const json_t *found = NULL;
	size_t i;

	json_array_foreach(right->samples, i, sample)
	{
		theirs = grouped_labels(on->given ? on : &without_name,
					json_object_get(sample, "metric"));
		if (found == NULL && json_equal(mine, theirs))
			found = sample;
		json_decref(theirs);
	}
	json_decref(mine);
	return found;
}

/* Applies an operator; the vector side keeps its labels. Consumes right. */
static bool
apply(struct parser *parser, const char *operator, bool as_bool, const struct grouping *on,
      struct bn_promql *left, struct bn_promql *right)
{
	bool comparing = strchr("+-*/", *operator) == NULL;
	const json_t *other;
	json_t *sample;
	double a, b;
	size_t i;

	if (left->scalar && right->scalar) {
		if (comparing && !as_bool)
			return fail(parser, "comparisons between scalars must use BOOL modifier");
		left->number = comparing ? compare(operator, left->number, right->number)
					 : calculate(*operator, left->number, right->number);
		return true;
	}
	if (left->scalar) {
		if (comparing)
			return fail(parser, "write the vector on the left");
		left->samples = right->samples;
		right->samples = NULL;
		left->scalar = false;
		json_array_foreach(left->samples, i, sample)
		{
			a = calculate(*operator, left->number,
				      json_real_value(json_object_get(sample, "v")));
			json_object_set_new(sample, "v", json_real(a));
			json_object_del(json_object_get(sample, "metric"), "__name__");
		}
		return true;
	}
	for (i = json_array_size(left->samples); i-- > 0;) {
		sample = json_array_get(left->samples, i);
		a = json_real_value(json_object_get(sample, "v"));
		other =
		    right->scalar ? NULL : partner(right, json_object_get(sample, "metric"), on);
		b = right->scalar ? right->number : json_real_value(json_object_get(other, "v"));
		if ((!right->scalar && other == NULL) ||
		    (comparing && !as_bool && !compare(operator, a, b))) {
			json_array_remove(left->samples, i);
			continue;
		}
		if (!comparing || as_bool) {
			json_object_set_new(sample, "v",
					    json_real(comparing ? compare(operator, a, b)
								: calculate(*operator, a, b)));
			json_object_del(json_object_get(sample, "metric"), "__name__");
		}
	}
	return true;
}

static bool
read_on(struct parser *parser, struct grouping *on)
{
	const char *before = parser->p;
	char word[64];

	memset(on, 0, sizeof(*on));
	if (!take_word(parser, word, sizeof(word)) || strcmp(word, "on") != 0) {
		parser->p = before;
		return true;
	}
	parser->p = before;
	take(parser, "on");
	on->given = true;
	if (!take(parser, "("))
		return fail(parser, "expected \"(\" in grouping opts");
	while (!take(parser, ")")) {
		if (on->count == 8 || !take_word(parser, on->label[on->count++], 64))
			return fail(parser, "unexpected token in grouping opts, expected label");
		take(parser, ",");
	}
	return true;
}

/* One level of precedence: operands of `next`, joined by any of `operators`. */
static bool
level(struct parser *parser, struct bn_promql *out, const char *const *operators,
      bool (*next)(struct parser *, struct bn_promql *))
{
	struct bn_promql right;
	struct grouping on;
	bool as_bool, ok;
	size_t i;

	if (!next(parser, out))
		return false;
	for (;;) {
		for (i = 0; operators[i] != NULL && !take(parser, operators[i]); i++)
			;
		if (operators[i] == NULL)
			return true;
		skip(parser);
		as_bool =
		    strncmp(parser->p, "bool", 4) == 0 && !isalnum((unsigned char)parser->p[4]);
		if (as_bool)
			parser->p += 4;
		if (!read_on(parser, &on))
			return false;
		memset(&right, 0, sizeof(right));
		ok = next(parser, &right) && apply(parser, operators[i], as_bool, &on, out, &right);
		json_decref(right.samples);
		if (!ok)
			return false;
	}
}

static bool
product(struct parser *parser, struct bn_promql *out)
{
	static const char *const operators[] = {"*", "/", NULL};

	return level(parser, out, operators, primary);
}

static bool
sum(struct parser *parser, struct bn_promql *out)
{
	static const char *const operators[] = {"+", "-", NULL};

	return level(parser, out, operators, product);
}

static bool
comparison(struct parser *parser, struct bn_promql *out)
{
	static const char *const operators[] = {"==", "!=", ">=", "<=", ">", "<", NULL};

	return level(parser, out, operators, sum);
}

bool
bn_promql(const struct bn_world *world, const char *query, bn_time at, struct bn_promql *out)
{
	struct parser parser = {world, at, query, query, 0, out->error};
	bool ok;

	memset(out, 0, sizeof(*out));
	ok = comparison(&parser, out);
	skip(&parser);
	if (ok && *parser.p != '\0')
		ok = fail(&parser, "unexpected character");
	if (!ok) {
		json_decref(out->samples);
		out->samples = NULL;
	}
	return ok;
}

void
bn_promql_number(double number, char out[40])
{
	if (number > 1e300)
		strcpy(out, "+Inf");
	else if (number < -1e300)
		strcpy(out, "-Inf");
	else if (!(number <= 0) && !(number > 0))
		strcpy(out, "NaN");
	else
		snprintf(out, 40, "%.10g", number);
}

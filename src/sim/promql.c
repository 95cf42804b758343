/* promql.c - as much of PromQL as the demo's own expressions need. */
/* SPDX-License-Identifier: MIT */
#include "sim/promql.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/promql_room.h"

#define MAX_DEPTH 32

struct parser {
	const struct bn_world *world;
	bn_time at, now;
	int64_t range; /* length of the latest range, ms */
	const char *start, *p;
	int depth;
	bool latest; /* only the last sample of a range is looked at */
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

/* ---- selectors ------------------------------------------------------------- */

static bool
read_matchers(struct parser *parser, struct bn_promql_selector *out)
{
	static const char *const ops[] = {"=~", "!~", "!=", "="};
	size_t i;

	while (!take(parser, "}")) {
		if (out->count == 8)
			return fail(parser, "too many label matchers");
		if (!take_word(parser, out->match[out->count].label, 64))
			return fail(parser, "unexpected end of input inside braces");
		for (i = 0; i < 4 && !take(parser, ops[i]); i++)
			;
		if (i == 4)
			return fail(parser, "expected label matching op");
		out->match[out->count].op = ops[i];
		if (!take_string(parser, out->match[out->count++].value, 256))
			return false;
		if (!take(parser, ",") && *parser->p != '}')
			return fail(parser, "unexpected end of input inside braces");
	}
	return true;
}

/* 59s999ms: the length of a range. */
static bool
read_length(struct parser *parser)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
	char *end;
	size_t i;

	parser->range = 0;
	while (!take(parser, "]")) {
		long n = strtol(parser->p, &end, 10);

		if (end == parser->p || n < 0)
			return fail(parser, "bad duration");
		parser->p = end;
		for (i = 0; i < 5 && !take(parser, units[i].unit); i++)
			;
		if (i == 5)
			return fail(parser, "bad duration");
		parser->range += n * units[i].ms;
	}
	if (parser->range <= 0 || parser->range > BN_W_DAY)
		return fail(parser, "duration must be greater than 0");
	return true;
}

static bool sets(struct parser *parser, struct bn_promql *out);

static bool
read_selector(struct parser *parser, const char *name, struct bn_promql *out)
{
	struct bn_promql_selector selector = {.count = 0};
	bn_time from;

	snprintf(selector.name, sizeof(selector.name), "%s", name);
	out->scalar = out->range = false;
	skip(parser);
	if (*parser->p == '{') {
		parser->p++;
		if (!read_matchers(parser, &selector))
			return false;
	}
	if (!take(parser, "[")) {
		out->samples =
		    bn_promql_select(parser->world, &selector, parser->at, parser->now, false);
		return true;
	}
	if (!read_length(parser))
		return false;
	out->range = true;
	from = parser->at - parser->range;
	/* targets are scraped without a miss, so that their last sample is the last scrape's: history is asked for
	 * in thousands of steps */
	if (parser->latest && strcmp(name, "up") == 0 &&
	    parser->at / BN_PROMQL_SCRAPE * BN_PROMQL_SCRAPE > from)
		from = parser->at / BN_PROMQL_SCRAPE * BN_PROMQL_SCRAPE;
	out->samples = bn_promql_range(parser->world, &selector, from, parser->at, parser->now);
	return true;
}

/* ---- functions ------------------------------------------------------------- */

/* label_replace(v, "label", "value", "", ""): every series gets the label. */
static bool
label_replace(struct parser *parser, struct bn_promql *out)
{
	char word[4][256];
	json_t *sample, *metric;
	size_t i;

	for (i = 0; i < 4; i++)
		if (!take(parser, ",") || !take_string(parser, word[i], sizeof(word[i])))
			return fail(parser, "expected 5 argument(s) in call to \"label_replace\"");
	if (out->scalar)
		return fail(parser, "expected type instant vector in call to function "
				    "\"label_replace\", got scalar");
	if (word[2][0] != '\0' || word[3][0] != '\0')
		return fail(parser, "patterns are beyond this server");
	json_array_foreach(out->samples, i, sample)
	{
		metric = json_deep_copy(json_object_get(sample, "metric"));
		json_object_set_new(metric, word[0], json_string(word[1]));
		json_object_set_new(sample, "metric", metric);
	}
	return true;
}

static bool
read_call(struct parser *parser, const char *word, struct bn_promql *out)
{
	bool ok;

	if (!take(parser, "(") || ++parser->depth > MAX_DEPTH)
		return fail(parser, "nested too deeply");
	parser->latest = strcmp(word, "last_over_time") == 0;
	ok = sets(parser, out);
	parser->latest = false;
	parser->depth--;
	if (!ok)
		return false;
	if (strcmp(word, "label_replace") == 0)
		ok = label_replace(parser, out);
	else if (out->range)
		ok = bn_promql_over(word, parser->range, parser->at, out) ||
		     fail(parser, "unknown function");
	else
		ok = fail(parser, "unknown function, or expected type range vector in it");
	return ok && (take(parser, ")") || fail(parser, "unclosed left parenthesis"));
}

/* ---- aggregation ----------------------------------------------------------- */

static bool
read_grouping(struct parser *parser, struct bn_promql_grouping *grouping)
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

static bool
read_aggregation(struct parser *parser, const char *how, struct bn_promql *out)
{
	struct bn_promql_grouping grouping;

	memset(&grouping, 0, sizeof(grouping));
	if (!read_grouping(parser, &grouping))
		return false;
	if (!take(parser, "("))
		return fail(parser, "unexpected token in aggregation");
	if (!sets(parser, out))
		return false;
	if (!take(parser, ")"))
		return fail(parser, "unclosed left parenthesis");
	if (out->scalar || out->range)
		return fail(parser,
			    "expected type instant vector in aggregation expression, got scalar");
	if (!grouping.given && !read_grouping(parser, &grouping))
		return false;
	bn_promql_aggregate(how, &grouping, out);
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
		ok = sets(parser, out);
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
		return read_call(parser, word, out);
	return read_selector(parser, word, out);
}

static double
calculate(char op, double a, double b)
{
	switch (op) {
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
compare(const char *op, double a, double b)
{
	if (strcmp(op, "==") == 0)
		return a >= b && a <= b;
	if (strcmp(op, "!=") == 0)
		return a < b || a > b;
	if (strcmp(op, ">=") == 0)
		return a >= b;
	if (strcmp(op, "<=") == 0)
		return a <= b;
	return *op == '>' ? a > b : a < b;
}

static const json_t *
partner(const struct bn_promql *right, const json_t *metric, const struct bn_promql_grouping *on)
{
	struct bn_promql_grouping without_name = {{""}, 0, true, true};
	json_t *mine = bn_promql_labels(on->given ? on : &without_name, metric), *theirs, *sample;
	const json_t *found = NULL;
	size_t i;

	json_array_foreach(right->samples, i, sample)
	{
		theirs = bn_promql_labels(on->given ? on : &without_name,
					  json_object_get(sample, "metric"));
		if (found == NULL && json_equal(mine, theirs))
			found = sample;
		json_decref(theirs);
	}
	json_decref(mine);
	return found;
}

/* Applies an op; the vector side keeps its labels. Consumes right. */
static bool
apply(struct parser *parser, const char *op, bool as_bool, const struct bn_promql_grouping *on,
      struct bn_promql *left, struct bn_promql *right)
{
	bool comparing = strchr("+-*/", *op) == NULL;
	const json_t *other;
	json_t *sample;
	double a, b;
	size_t i;

	if (left->range || right->range)
		return fail(parser, "binary expression must contain only scalar and instant vector "
				    "types");
	if (left->scalar && right->scalar) {
		if (comparing && !as_bool)
			return fail(parser, "comparisons between scalars must use BOOL modifier");
		left->number = comparing ? compare(op, left->number, right->number)
					 : calculate(*op, left->number, right->number);
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
			a = calculate(*op, left->number,
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
		    (comparing && !as_bool && !compare(op, a, b))) {
			json_array_remove(left->samples, i);
			continue;
		}
		if (!comparing || as_bool) {
			json_object_set_new(
			    sample, "v",
			    json_real(comparing ? compare(op, a, b) : calculate(*op, a, b)));
			json_object_del(json_object_get(sample, "metric"), "__name__");
		}
	}
	return true;
}

static bool
read_on(struct parser *parser, struct bn_promql_grouping *on)
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

/* One level of precedence: operands of `next`, joined by any of `ops`. */
static bool
level(struct parser *parser, struct bn_promql *out, const char *const *ops,
      bool (*next)(struct parser *, struct bn_promql *))
{
	struct bn_promql right;
	struct bn_promql_grouping on;
	bool as_bool, ok;
	size_t i;

	if (!next(parser, out))
		return false;
	for (;;) {
		for (i = 0; ops[i] != NULL && !take(parser, ops[i]); i++)
			;
		if (ops[i] == NULL)
			return true;
		skip(parser);
		as_bool =
		    strncmp(parser->p, "bool", 4) == 0 && !isalnum((unsigned char)parser->p[4]);
		if (as_bool)
			parser->p += 4;
		if (!read_on(parser, &on))
			return false;
		memset(&right, 0, sizeof(right));
		ok = next(parser, &right) && apply(parser, ops[i], as_bool, &on, out, &right);
		json_decref(right.samples);
		if (!ok)
			return false;
	}
}

static bool
product(struct parser *parser, struct bn_promql *out)
{
	static const char *const ops[] = {"*", "/", NULL};

	return level(parser, out, ops, primary);
}

static bool
sum(struct parser *parser, struct bn_promql *out)
{
	static const char *const ops[] = {"+", "-", NULL};

	return level(parser, out, ops, product);
}

static bool
comparison(struct parser *parser, struct bn_promql *out)
{
	static const char *const ops[] = {"==", "!=", ">=", "<=", ">", "<", NULL};

	return level(parser, out, ops, sum);
}

/* and, or, unless: by the labels without the name. */
static bool
set_operator(struct parser *parser, char out[8])
{
	static const char *const words[] = {"and", "or", "unless", NULL};
	const char *before = parser->p;
	char word[64];
	size_t i;

	skip(parser);
	for (i = 0; take_word(parser, word, sizeof(word)) && words[i] != NULL; i++) {
		if (strcmp(word, words[i]) == 0) {
			snprintf(out, 8, "%s", words[i]);
			return true;
		}
		parser->p = before;
		skip(parser);
	}
	parser->p = before;
	return false;
}

static void
combine_sets(const char *op, struct bn_promql *left, struct bn_promql *right)
{
	struct bn_promql_grouping on = {{""}, 0, false, false};
	json_t *sample;
	size_t i;

	if (*op == 'o') {
		json_array_foreach(right->samples, i, sample)
		{
			if (partner(left, json_object_get(sample, "metric"), &on) == NULL)
				json_array_append(left->samples, sample);
		}
		return;
	}
	for (i = json_array_size(left->samples); i-- > 0;) {
		sample = json_array_get(left->samples, i);
		if ((partner(right, json_object_get(sample, "metric"), &on) != NULL) !=
		    (*op == 'a'))
			json_array_remove(left->samples, i);
	}
}

static bool
sets(struct parser *parser, struct bn_promql *out)
{
	struct bn_promql right;
	char op[8];
	bool ok;

	if (!comparison(parser, out))
		return false;
	while (set_operator(parser, op)) {
		memset(&right, 0, sizeof(right));
		ok = comparison(parser, &right);
		if (ok && (out->scalar || right.scalar || out->range || right.range))
			ok = fail(parser, "set operator not allowed in binary scalar expression");
		if (ok)
			combine_sets(op, out, &right);
		json_decref(right.samples);
		if (!ok)
			return false;
	}
	return true;
}

bool
bn_promql(const struct bn_world *world, const char *query, bn_time at, bn_time now,
	  struct bn_promql *out)
{
	struct parser parser = {world, at, now, 0, query, query, 0, false, out->error};
	bool ok;

	memset(out, 0, sizeof(*out));
	ok = sets(&parser, out);
	skip(&parser);
	if (ok && *parser.p != '\0')
		ok = fail(&parser, "unexpected character");
	if (ok && out->range)
		ok = fail(&parser,
			  "invalid expression type \"range vector\" for range query, must be "
			  "Scalar or instant Vector");
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
	else if (isnan(number))
		strcpy(out, "NaN");
	else
		snprintf(out, 40, "%.10g", number);
}

/* prometheus_exact.c - an expression that says nothing of a minute in which nothing was recorded. */
/* SPDX-License-Identifier: MIT
 *
 * A selector of a moment, `x`, stands for the latest sample of the last five minutes (--query.lookback-delta),
 * so a hole of ten minutes is answered with five invented ones; measured on 2.42.0, which also ignores the
 * parameter lookback_delta that later versions take. last_over_time(x[59s999ms]) is the same value without
 * that. Not [1m]: up to 2.x a range includes both its ends, and a sample on the full minute would count for
 * two minutes (https://prometheus.io/docs/prometheus/latest/migration/: since 3.0 the left end is open). The
 * ranges of rate() and increase() are left alone, for they extrapolate to their length. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "prometheus.h"

#define MINUTE "[59s999ms]"
/* A name of one letter grows by fewer than 32 bytes. */
#define OUT_MAX(size) ((size)*32 + 256)
#define NEST_MAX      64

/* One open parenthesis. */
struct call {
	bool over_time;	  /* of a function over a range: [1m] is taken for a minute */
	bool timestamp;	  /* of timestamp(): a minute is put beside its selector, not around */
	const char *text; /* that selector */
	size_t size;
};

struct rewrite {
	const char *p;
	char *out;
	size_t n, room;
	struct call calls[NEST_MAX];
	size_t depth;
	bool broken;
};

static void
put(struct rewrite *w, const char *text, size_t size)
{
	if (w->n + size >= w->room) {
		w->broken = true;
		return;
	}
	memcpy(w->out + w->n, text, size);
	w->n += size;
}

static void
puts_(struct rewrite *w, const char *text)
{
	put(w, text, strlen(text));
}

/* Blanks and comments. */
static const char *
blanks(const char *p)
{
	for (;;) {
		while (isspace((unsigned char)*p))
			p++;
		if (*p != '#')
			return p;
		p += strcspn(p, "\n");
	}
}

static const char *
string_end(const char *p)
{
	char quote = *p++;

	while (*p != '\0' && *p != quote) {
		if (*p == '\\' && quote != '`' && p[1] != '\0')
			p++;
		p++;
	}
	return *p != '\0' ? p + 1 : p;
}

/* From an opening bracket to behind the closing one, strings inside respected. */
static const char *
bracket_end(const char *p, char close)
{
	for (p++; *p != '\0' && *p != close;)
		p = *p == '"' || *p == '\'' || *p == '`' ? string_end(p) : p + 1;
	return *p != '\0' ? p + 1 : p;
}

static bool
starts_word(char c)
{
	return isalpha((unsigned char)c) || c == '_' || c == ':';
}

static const char *
word_end(const char *p)
{
	while (isalnum((unsigned char)*p) || *p == '_' || *p == ':' || *p == '.')
		p++;
	return p;
}

static bool
is_one_of(const char *word, size_t size, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strlen(*words) == size && strncasecmp(word, *words, size) == 0)
			return true;
	return false;
}

/* offset D and @ T behind a selector. */
static const char *
modifiers_end(const char *p)
{
	const char *end = p;

	for (;;) {
		const char *q = blanks(end);

		if (*q == '@') {
			q = blanks(q + 1);
			q += *q == '-' || *q == '+';
			end = word_end(q);
			if (*blanks(end) == '(')
				end = bracket_end(blanks(end), ')');
		} else if (strncasecmp(q, "offset", 6) == 0 && isspace((unsigned char)q[6])) {
			q = blanks(q + 6);
			end = word_end(q + (*q == '-' || *q == '+'));
		} else {
			return end;
		}
	}
}

static void
put_range(struct rewrite *w, const char *from, const char *end)
{
	size_t size = (size_t)(end - from);
	bool minute = (size == 4 && strncmp(from, "[1m]", 4) == 0) ||
		      (size == 5 && strncmp(from, "[60s]", 5) == 0);

	if (minute && w->depth > 0 && w->calls[w->depth - 1].over_time)
		puts_(w, MINUTE);
	else
		put(w, from, size);
}

/* `from` is a metric's name or an opening brace. */
static void
put_selector(struct rewrite *w, const char *from)
{
	const char *end = *from == '{' ? from : word_end(from), *q = blanks(end), *modifiers;

	if (*q == '{')
		end = bracket_end(q, '}');
	q = blanks(end);
	if (*q == '[') {
		put(w, from, (size_t)(end - from));
		w->p = bracket_end(q, ']');
		put_range(w, q, w->p);
		return;
	}
	modifiers = modifiers_end(end);
	w->p = modifiers;
	if (w->depth > 0 && w->calls[w->depth - 1].timestamp) {
		w->calls[w->depth - 1].text = from;
		w->calls[w->depth - 1].size = (size_t)(end - from);
		put(w, from, (size_t)(modifiers - from));
		return;
	}
	puts_(w, "last_over_time(");
	put(w, from, (size_t)(end - from));
	puts_(w, MINUTE);
	put(w, end, (size_t)(modifiers - end));
	puts_(w, ")");
}

static void
open_call(struct rewrite *w, const char *word, size_t size)
{
	static const char *const stamp[] = {"timestamp", NULL};
	struct call call = {.timestamp = is_one_of(word, size, stamp)};

	if (w->depth == NEST_MAX) {
		w->broken = true;
		return;
	}
	call.over_time = size > 10 && strncasecmp(word + size - 10, "_over_time", 10) == 0;
	if (call.timestamp)
		puts_(w, "(");
	put(w, word, size);
	puts_(w, "(");
	w->calls[w->depth++] = call;
	w->p = blanks(word + size) + 1;
}

static void
close_call(struct rewrite *w)
{
	const struct call *call;

	puts_(w, ")");
	w->p++;
	if (w->depth == 0)
		return;
	call = &w->calls[--w->depth];
	if (!call->timestamp)
		return;
	if (call->text != NULL) {
		puts_(w, " and last_over_time(");
		put(w, call->text, call->size);
		puts_(w, MINUTE ")");
	}
	puts_(w, ")");
}

static void
put_word(struct rewrite *w)
{
	static const char *const lists[] = {"by",	  "without",	 "on", "ignoring",
					    "group_left", "group_right", NULL};
	static const char *const others[] = {"and",   "or",  "unless", "bool", "offset",
					     "atan2", "inf", "nan",    NULL};
	static const char *const folds[] = {
	    "sum",	    "avg",    "min",	"max",	       "count",
	    "stddev",	    "stdvar", "topk",	"bottomk",     "quantile",
	    "count_values", "group",  "limitk", "limit_ratio", NULL};
	const char *from = w->p, *end = word_end(from), *next = blanks(end);
	size_t size = (size_t)(end - from);

	w->p = end;
	if (is_one_of(from, size, lists)) {
		if (*next == '(')
			w->p = bracket_end(next, ')');
		put(w, from, (size_t)(w->p - from));
	} else if (*next == '(') {
		open_call(w, from, size);
	} else if (is_one_of(from, size, others) ||
		   (is_one_of(from, size, folds) && starts_word(*next))) {
		put(w, from, size);
	} else {
		put_selector(w, from);
	}
}

const char *
bn_prometheus_exact(struct bn_source *s, const char *query)
{
	size_t room = OUT_MAX(strlen(query));
	struct rewrite w = {.p = query, .out = bn_alloc(s, room), .room = room};

	while (*w.p != '\0' && !w.broken) {
		const char *from = w.p;

		if (*from == '"' || *from == '\'' || *from == '`') {
			w.p = string_end(from);
			put(&w, from, (size_t)(w.p - from));
		} else if (isdigit((unsigned char)*from)) {
			w.p = word_end(from);
			put(&w, from, (size_t)(w.p - from));
		} else if (starts_word(*from)) {
			put_word(&w);
		} else if (*from == '{') {
			put_selector(&w, from);
		} else if (*from == '[') { /* of a subquery */
			w.p = bracket_end(from, ']');
			put_range(&w, from, w.p);
		} else if (*from == '(') {
			open_call(&w, from, 0);
		} else if (*from == ')') {
			close_call(&w);
		} else if (*from == '#') {
			w.p += strcspn(from, "\n");
		} else {
			put(&w, from, 1);
			w.p++;
		}
	}
	return w.broken ? NULL : w.out;
}

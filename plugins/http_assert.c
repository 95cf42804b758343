/* http_assert.c - parses and judges the claims of an [endpoint]: `json .generated_at age < 24h`. */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_assert.h"

enum op { OP_NONE, OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_CONTAINS, OP_LACKS, OP_EXISTS };

static const struct {
	const char *word;
	enum op op;
} ops[] = {{"=", OP_EQ},	{"==", OP_EQ},	      {"!=", OP_NE}, {"<", OP_LT},
	   {"<=", OP_LE},	{">", OP_GT},	      {">=", OP_GE}, {"contains", OP_CONTAINS},
	   {"lacks", OP_LACKS}, {"exists", OP_EXISTS}};

struct claim {
	enum http_subject subject;
	enum op op;
	char path[256];	 /* RFC 6901, without the leading slash */
	char value[256]; /* as written, without quotes */
	bool quoted;
	int64_t ms; /* of a duration */
};

/* ---- reading a claim ------------------------------------------------------------------------- */

/* The next word, or the text between double quotes. False at the end; too long is cut off as "too
 * long". */
static bool
next_word(const char **at, char *out, size_t size, bool *quoted)
{
	size_t n = 0;

	*at += strspn(*at, " \t");
	*quoted = **at == '"';
	if (**at == '\0')
		return false;
	if (*quoted)
		(*at)++;
	while (**at != '\0' && (*quoted ? **at != '"' : **at != ' ' && **at != '\t')) {
		if (*quoted && **at == '\\' && (*at)[1] != '\0')
			(*at)++;
		if (n + 1 < size)
			out[n++] = **at;
		(*at)++;
	}
	if (*quoted && **at == '"')
		(*at)++;
	out[n] = '\0';
	return true;
}

/* "15s", "24h", "1h30m", "500ms", "7d" to ms; false if it is none. */
static bool
duration(const char *text, int64_t *ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};

	for (*ms = 0; *text != '\0';) {
		char *end;
		double number = strtod(text, &end);
		size_t i, length;

		length = end != text ? strspn(end, "msdh") : 0;
		for (i = 0; i < 5; i++)
			if (strlen(units[i].unit) == length &&
			    strncmp(end, units[i].unit, length) == 0)
				break;
		if (i == 5 || !(number >= 0 && number < 1e9))
			return false;
		*ms += (int64_t)(number * (double)units[i].ms);
		text = end + length;
	}
	return true;
}

/* .a.b[0]."c.d" to a/b/0/c.d; false if it is no such path. */
static bool
json_path(const char *text, char *out, size_t size)
{
	size_t n = 0;

	if (strcmp(text, ".") == 0) {
		out[0] = '\0';
		return true;
	}
	while (*text == '.' || *text == '[') {
		bool index = *text == '[', quote = !index && text[1] == '"';
		const char *end;

		text += quote ? 2 : 1;
		end = quote ? strchr(text, '"') : text + strcspn(text, index ? "]" : ".[");
		if (end == NULL || end == text || (index && *end != ']') || n + 1 >= size)
			return false;
		if (n > 0)
			out[n++] = '/';
		for (; text < end; text++) {
			if (n + 3 >= size || (index && !isdigit((unsigned char)*text)))
				return false;
			if (*text == '~' || *text == '/') {
				out[n++] = '~';
				out[n++] = *text == '~' ? '0' : '1';
			} else {
				out[n++] = *text;
			}
		}
		text = quote || index ? end + 1 : end;
	}
	out[n] = '\0';
	return n > 0 && *text == '\0';
}

static enum op
find_op(const char *word)
{
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (strcmp(word, ops[i].word) == 0)
			return ops[i].op;
	return OP_NONE;
}

static bool
compares(enum op op)
{
	return op >= OP_LT && op <= OP_GE;
}

/* The part behind the subject; returns what is wrong, or NULL. */
static const char *
parse_rest(struct claim *c, const char *at)
{
	char word[64];
	bool quoted;

	if (c->subject == HTTP_STATUS)
		return next_word(&at, c->value, sizeof(c->value), &quoted) &&
			       isdigit((unsigned char)c->value[0])
			   ? NULL
			   : "status needs a number: status 200, status 2xx, status 200,204";
	if (c->subject == HTTP_JSON) {
		char path[256];

		if (!next_word(&at, path, sizeof(path), &quoted) ||
		    !json_path(path, c->path, sizeof(c->path)))
			return "json needs a path that begins with a dot: json .items[0].name";
	}
	if (!next_word(&at, word, sizeof(word), &quoted))
		return "a comparison is missing";
	if (c->subject == HTTP_JSON && strcmp(word, "age") == 0) {
		c->subject = HTTP_AGE;
		if (!next_word(&at, word, sizeof(word), &quoted))
			return "age needs a comparison: json .generated_at age < 24h";
	}
	c->op = find_op(word);
	if (c->op == OP_NONE)
		return "the comparison must be one of = != < <= > >= contains lacks exists";
	if (c->subject == HTTP_JSON && c->op == OP_EXISTS)
		return NULL;
	if (!next_word(&at, c->value, sizeof(c->value), &c->quoted)) {
		if (c->subject == HTTP_JSON && c->op == OP_LACKS)
			return NULL;
		return "a value is missing behind the comparison";
	}
	if (c->subject == HTTP_BODY)
		return c->op == OP_CONTAINS || c->op == OP_LACKS ? NULL
								 : "body takes contains or lacks";
	if (c->subject != HTTP_JSON && (!compares(c->op) || !duration(c->value, &c->ms)))
		return "it is compared with a duration: < 500ms, > 14d, age < 24h";
	if (c->subject == HTTP_JSON && compares(c->op)) {
		char *end;

		(void)strtod(c->value, &end);
		if (end == c->value || *end != '\0')
			return "< <= > >= compare with a number";
	}
	return NULL;
}

static int
parse(struct bn_source *s, const char *text, struct claim *c, struct bn_error *err)
{
	static const struct {
		const char *word;
		enum http_subject subject;
	} subjects[] = {{"status", HTTP_STATUS},
			{"latency", HTTP_LATENCY},
			{"certificate", HTTP_CERTIFICATE},
			{"body", HTTP_BODY},
			{"json", HTTP_JSON}};
	const char *at = text,
		   *wrong = "it must begin with status, latency, certificate, body or json";
	char word[64];
	bool quoted;

	*c = (struct claim){.ms = -1};
	if (next_word(&at, word, sizeof(word), &quoted))
		for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
			if (strcmp(word, subjects[i].word) == 0) {
				c->subject = subjects[i].subject;
				wrong = parse_rest(c, at);
				break;
			}
	if (wrong == NULL)
		return BN_OK;
	bn_fail_at(s, err, BN_ECONFIG, "assert = %s: %s", text, wrong);
	return bn_hint_at(err, "see ASSERTIONS in binnacle-sources(7)");
}

/* ---- judging --------------------------------------------------------------------------------- */

bool
http_status_in(const char *list, int status)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", status);
	while (*list != '\0') {
		size_t size = strcspn(list, ", "), i;

		for (i = 0; i < size && i < 3 && (list[i] == text[i] || list[i] == 'x'); i++)
			;
		if (size == 3 && i == 3 && strlen(text) == 3)
			return true;
		list += size;
		list += strspn(list, ", ");
	}
	return false;
}

static bool
holds(double seen, enum op op, double wanted)
{
	switch (op) {
	case OP_EQ:
		return seen == wanted;
	case OP_NE:
		return seen != wanted;
	case OP_LT:
		return seen < wanted;
	case OP_LE:
		return seen <= wanted;
	case OP_GT:
		return seen > wanted;
	case OP_GE:
		return seen >= wanted;
	default:
		return false;
	}
}

static const char *
show_ms(struct bn_source *s, int64_t ms)
{
	const char *sign = ms < 0 ? "-" : "";

	ms = ms < 0 ? -ms : ms;
	if (ms < 10000)
		return bn_format(s, "%s%lldms", sign, (long long)ms);
	if (ms < 2 * 60000)
		return bn_format(s, "%s%llds", sign, (long long)(ms / 1000));
	if (ms < 48 * 3600000LL)
		return bn_format(s, "%s%lldh%02lldm", sign, (long long)(ms / 3600000),
				 (long long)(ms / 60000 % 60));
	return bn_format(s, "%s%lldd", sign, (long long)(ms / 86400000));
}

static void
judge_ms(struct bn_source *s, const struct claim *c, int64_t ms, struct http_outcome *out)
{
	out->seen = show_ms(s, ms);
	out->verdict = holds((double)ms, c->op, (double)c->ms) ? HTTP_HOLDS : HTTP_FAILS;
}

static bool
contains(const char *body, size_t size, const char *text)
{
	return body != NULL && memmem(body, size, text, strlen(text)) != NULL;
}

/* A moment as APIs write one: RFC 3339 text, or seconds or milliseconds since 1970. */
static bn_time
moment(struct bn_json body, const char *path)
{
	bn_time at = bn_json_time(body, path);
	double number = at == 0 ? bn_json_number(body, path, 0) : 0;

	if (at != 0 || !(number > 0 && number < 1e14))
		return at;
	return number < 1e11 ? (bn_time)(number * 1000) : (bn_time)number;
}

static void
judge_age(struct bn_source *s, const struct claim *c, struct bn_json body, struct http_outcome *out)
{
	bn_time at = moment(body, c->path);

	if (at == 0) {
		out->seen = bn_json_present(bn_json_get(body, c->path)) ? "not a time" : "absent";
		out->verdict = HTTP_FAILS;
		return;
	}
	out->made = at;
	judge_ms(s, c, bn_source_now(s) - at, out);
	if (out->verdict == HTTP_FAILS && (c->op == OP_LT || c->op == OP_LE))
		out->failing = at + c->ms;
}

static void
judge_json(struct bn_source *s, const struct claim *c, struct bn_json body,
	   struct http_outcome *out)
{
	struct bn_json value = bn_json_get(body, c->path);
	const char *seen = bn_json_present(value) ? bn_json_text(s, value, NULL) : NULL;
	double number = bn_json_number(value, NULL, NAN);
	bool found = false;
	char *end;

	if (c->op == OP_EXISTS || (c->op == OP_LACKS && c->value[0] == '\0')) {
		out->seen = seen != NULL ? "present" : "absent";
		out->verdict = (seen != NULL) == (c->op == OP_EXISTS) ? HTTP_HOLDS : HTTP_FAILS;
		return;
	}
	out->seen = seen != NULL ? bn_format(s, "%.60s", seen) : "absent";
	out->verdict = HTTP_FAILS;
	if (seen == NULL)
		return;
	if (compares(c->op)) {
		found = !isnan(number) && holds(number, c->op, strtod(c->value, NULL));
	} else if (c->op == OP_CONTAINS || c->op == OP_LACKS) {
		found = (strstr(seen, c->value) != NULL) == (c->op == OP_CONTAINS);
	} else {
		double wanted = strtod(c->value, &end);
		bool numeric = !c->quoted && end != c->value && *end == '\0' && !isnan(number);
		bool equal = numeric ? number == wanted : strcmp(seen, c->value) == 0;

		found = equal == (c->op == OP_EQ);
	}
	if (found)
		out->verdict = HTTP_HOLDS;
}

int
http_assert(struct bn_source *s, const char *claim, const struct bn_probe *probe,
	    struct bn_json body, struct http_outcome *out, struct bn_error *err)
{
	struct claim c;
	int rc = parse(s, claim, &c, err);

	if (rc != BN_OK)
		return rc;
	*out = (struct http_outcome){
	    .subject = c.subject, .verdict = HTTP_UNCLEAR, .seen = "no answer"};
	if (c.subject == HTTP_CERTIFICATE) {
		out->seen = "no certificate";
		if (probe->certificate_expires != 0)
			judge_ms(s, &c, probe->certificate_expires - bn_source_now(s), out);
		return BN_OK;
	}
	if (probe->rc != BN_OK)
		return BN_OK;
	switch (c.subject) {
	case HTTP_STATUS:
		out->seen = bn_format(s, "%d", probe->http_status);
		out->verdict =
		    http_status_in(c.value, probe->http_status) ? HTTP_HOLDS : HTTP_FAILS;
		break;
	case HTTP_LATENCY:
		judge_ms(s, &c, probe->total / 1000, out);
		break;
	case HTTP_BODY:
		out->verdict =
		    contains(probe->body, probe->body_size, c.value) == (c.op == OP_CONTAINS)
			? HTTP_HOLDS
			: HTTP_FAILS;
		out->seen =
		    (out->verdict == HTTP_HOLDS) == (c.op == OP_CONTAINS) ? "found" : "not found";
		break;
	case HTTP_JSON:
	case HTTP_AGE:
		out->seen = "not JSON";
		out->verdict = HTTP_FAILS;
		if (!bn_json_present(body))
			break;
		if (c.subject == HTTP_AGE)
			judge_age(s, &c, body, out);
		else
			judge_json(s, &c, body, out);
		break;
	default:
		break;
	}
	return BN_OK;
}

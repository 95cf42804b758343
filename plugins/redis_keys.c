/* redis_keys.c - keys that people depend on, as datasets: are they there, how full, how old. */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis.h"

#define CLAIMS_AT_MOST 16

/* What is known of a key; NAN and 0 where it is not. */
struct seen {
	const char *name, *key, *type;
	bool there;
	double rows, ttl, age; /* ttl and age in ms; ttl INFINITY: it stays */
	bn_time written;
	bool age_asked;
};

struct judged {
	enum bn_status status;
	const char *message;
};

static int
ask(struct bn_source *s, enum redis_command command, const char *key, struct bn_json *reply,
    struct bn_error *err)
{
	return bn_talk(s, (int)command, BN_PARAMS({"key", key}), reply, err);
}

/* ---- when it was written --------------------------------------------------------------------- */

/* Seconds, ms or µs since 1970 by their size, or ISO 8601; 0 for anything else. */
static bn_time
parse_moment(const struct bn_source *s, const char *text)
{
	char *end;
	double value;

	if (text == NULL)
		return 0;
	value = strtod(text, &end);
	end += strspn(end, " \r\n");
	if (end == text || *end != '\0' || !isfinite(value))
		return bn_parse_time(s, text);
	if (value < 1e8)
		return 0;
	return (bn_time)(value < 1e11 ? value * 1000 : value < 1e14 ? value : value / 1000);
}

/* XINFO STREAM gives names and values in turn; an entry's id is "MS-N". */
static bn_time
last_entry(struct bn_json info)
{
	struct bn_json_iter it = bn_json_walk(info, NULL);
	bool found = false;

	while (bn_json_next(&it)) {
		const char *word = bn_json_string(it.value, NULL);

		if (found)
			return word != NULL ? (bn_time)strtoll(word, NULL, 10) : 0;
		found = word != NULL && strcmp(word, "last-generated-id") == 0;
	}
	return 0;
}

static int
read_written(struct bn_source *s, const char *where, struct seen *seen, struct bn_error *err)
{
	struct bn_json reply = {0};
	int64_t idle;
	int rc;

	if (strcmp(where, "value") == 0 || strncmp(where, "key ", 4) == 0) {
		rc = ask(s, REDIS_GET, where[0] == 'v' ? seen->key : where + 4, &reply, err);
		seen->written = rc == BN_OK ? parse_moment(s, bn_json_string(reply, NULL)) : 0;
	} else if (strncmp(where, "field ", 6) == 0) {
		rc = bn_talk(s, REDIS_HGET, BN_PARAMS({"key", seen->key}, {"field", where + 6}),
			     &reply, err);
		seen->written = rc == BN_OK ? parse_moment(s, bn_json_string(reply, NULL)) : 0;
	} else if (strcmp(where, "idle") == 0) {
		rc = ask(s, REDIS_IDLETIME, seen->key, &reply, err);
		idle = rc == BN_OK ? bn_json_int(reply, NULL, -1) : -1;
		seen->written = idle >= 0 ? bn_source_now(s) - idle * 1000 : 0;
	} else if (strcmp(where, "stream") == 0) {
		rc = ask(s, REDIS_XINFO, seen->key, &reply, err);
		seen->written = rc == BN_OK ? last_entry(reply) : 0;
	} else
		return bn_fail_at(s, err, BN_ECONFIG,
				  "timestamp = %s: not value, field NAME, key NAME, idle or stream",
				  where);
	return rc;
}

/* ---- how much it holds ----------------------------------------------------------------------- */

static int
read_rows(struct bn_source *s, struct seen *seen, struct bn_error *err)
{
	static const struct {
		const char *type;
		enum redis_command command;
	} counts[] = {{"hash", REDIS_HLEN},  {"list", REDIS_LLEN},   {"set", REDIS_SCARD},
		      {"zset", REDIS_ZCARD}, {"stream", REDIS_XLEN}, {"string", REDIS_STRLEN}};
	struct bn_json reply = {0};
	int64_t rows;
	int rc;

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		if (strcmp(counts[i].type, seen->type) != 0)
			continue;
		if ((rc = ask(s, counts[i].command, seen->key, &reply, err)) != BN_OK)
			return rc;
		rows = bn_json_int(reply, NULL, -1);
		seen->rows = rows >= 0 ? (double)rows : NAN;
	}
	return BN_OK;
}

static int
read_key(struct bn_source *s, size_t section, struct seen *seen, struct bn_error *err)
{
	const char *key = bn_section_option(s, section, "key"),
		   *where = bn_section_option(s, section, "timestamp");
	struct bn_json reply = {0};
	int64_t ttl;
	bn_time now;
	int rc;

	*seen =
	    (struct seen){.name = bn_section_name(s, section), .rows = NAN, .ttl = NAN, .age = NAN};
	seen->key = key != NULL ? key : seen->name;
	if ((rc = ask(s, REDIS_TYPE, seen->key, &reply, err)) != BN_OK)
		return rc;
	seen->type = bn_json_string(reply, NULL);
	if (seen->type == NULL)
		return bn_fail_at(s, err, BN_EPARSE, "TYPE gave no word");
	seen->there = strcmp(seen->type, "none") != 0;
	if (!seen->there)
		return BN_OK;
	if ((rc = read_rows(s, seen, err)) != BN_OK ||
	    (rc = ask(s, REDIS_TTL, seen->key, &reply, err)) != BN_OK)
		return rc;
	ttl = bn_json_int(reply, NULL, -2);
	seen->ttl = ttl >= 0 ? (double)ttl * 1000 : ttl == -1 ? INFINITY : NAN;
	if (where == NULL && strcmp(seen->type, "stream") == 0)
		where = "stream";
	if (where == NULL)
		return BN_OK;
	seen->age_asked = true;
	rc = read_written(s, where, seen, err);
	now = bn_source_now(s); /* two clocks: what was written just now may lie ahead */
	if (rc == BN_OK && seen->written > 0)
		seen->age = now > seen->written ? (double)(now - seen->written) : 0;
	return rc;
}

/* ---- claims ---------------------------------------------------------------------------------- */

/* "24h", "1h30m", "90s", "250ms" in ms; false if it is none. */
static bool
parse_duration(const char *text, double *out)
{
	static const struct {
		const char *unit;
		double ms;
	} units[] = {{"ms", 1},	     {"s", 1000},     {"m", 60000},
		     {"h", 3600000}, {"d", 86400000}, {"w", 604800000}};

	for (*out = 0; *text != '\0';) {
		char *end;
		double value = strtod(text, &end);
		size_t size = 0, i;

		while (isalpha((unsigned char)end[size]))
			size++;
		for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if (strlen(units[i].unit) == size && strncmp(units[i].unit, end, size) == 0)
				break;
		if (end == text || i == sizeof(units) / sizeof(units[0]) || !(value >= 0))
			return false;
		*out += value * units[i].ms;
		text = end + size;
	}
	return true;
}

enum truth { CLAIM_FALSE, CLAIM_TRUE, CLAIM_UNKNOWN, CLAIM_BROKEN };

static bool
compare(const char *op, double a, double b)
{
	if (strcmp(op, "<") == 0)
		return a < b;
	if (strcmp(op, "<=") == 0)
		return a <= b;
	if (strcmp(op, ">") == 0)
		return a > b;
	if (strcmp(op, ">=") == 0)
		return a >= b;
	return strcmp(op, "=") == 0 ? a == b : a != b;
}

/* "age < 24h", "rows >= 4000", "ttl > 10m". */
static enum truth
weigh(const struct seen *seen, const char *claim)
{
	char word[8], op[3], bound_text[32], rest[2];
	double value, bound;
	char *end;

	if (sscanf(claim, " %7[a-z] %2[<>=!] %31s %1s", word, op, bound_text, rest) != 3 ||
	    strstr(" < <= > >= = != ", op) == NULL || strcmp(op, "!") == 0)
		return CLAIM_BROKEN;
	if (strcmp(word, "rows") == 0) {
		value = seen->rows;
		bound = strtod(bound_text, &end);
		if (end == bound_text || *end != '\0')
			return CLAIM_BROKEN;
	} else if (strcmp(word, "age") == 0 || strcmp(word, "ttl") == 0) {
		value = word[0] == 'a' ? seen->age : seen->ttl;
		if (bound_text[0] == '\0' || !parse_duration(bound_text, &bound))
			return CLAIM_BROKEN;
	} else
		return CLAIM_BROKEN;
	if (isnan(value))
		return CLAIM_UNKNOWN;
	return compare(op, value, bound) ? CLAIM_TRUE : CLAIM_FALSE;
}

/* ms as people say it: "3h12m". */
static const char *
human(struct bn_source *s, double ms)
{
	int64_t seconds = (int64_t)(ms / 1000);

	if (seconds < 120)
		return bn_format(s, "%lld s", (long long)seconds);
	if (seconds < 3600)
		return bn_format(s, "%lldm", (long long)(seconds / 60));
	if (seconds < 2 * 86400)
		return bn_format(s, "%lldh%02lldm", (long long)(seconds / 3600),
				 (long long)(seconds / 60 % 60));
	return bn_format(s, "%lldd%lldh", (long long)(seconds / 86400),
			 (long long)(seconds / 3600 % 24));
}

static const char *
what_it_is(struct bn_source *s, const struct seen *seen, const char *claim, const char *unit)
{
	const char *word = claim + strspn(claim, " ");

	if (strncmp(word, "rows", 4) == 0)
		return bn_format(s, "it has %.0f%s%s", seen->rows, unit != NULL ? " " : "",
				 unit != NULL ? unit : "");
	if (strncmp(word, "ttl", 3) == 0)
		return isinf(seen->ttl) ? "it does not expire"
					: bn_format(s, "it expires in %s", human(s, seen->ttl));
	return bn_format(s, "it was written %s ago", human(s, seen->age));
}

static void
worsen(struct bn_source *s, struct judged *j, enum bn_status status, const char *message)
{
	j->message = j->message != NULL ? bn_format(s, "%s; %s", j->message, message) : message;
	/* Not known is worse than good and not as bad as wrong. */
	if (status == BN_UNKNOWN
		? j->status == BN_HEALTHY
		: j->status == BN_HEALTHY || j->status == BN_UNKNOWN || status > j->status)
		j->status = status;
}

static void
judge_claims(struct bn_source *s, size_t section, const struct seen *seen, const char *option,
	     bool must_hold, enum bn_status status, struct judged *j)
{
	const char *claim, *unit = bn_section_option(s, section, "unit");

	for (size_t i = 0;
	     i < CLAIMS_AT_MOST && (claim = bn_section_option_at(s, section, option, i)) != NULL;
	     i++) {
		enum truth truth = weigh(seen, claim);

		if (truth == CLAIM_BROKEN)
			worsen(s, j, BN_DEGRADED,
			       bn_format(s,
					 "%s = %s can't be read: write rows, age or ttl, a "
					 "comparison, and a number or duration",
					 option, claim));
		else if (truth == CLAIM_UNKNOWN)
			worsen(s, j, BN_UNKNOWN,
			       bn_format(s, "%s = %s: not known%s", option, claim,
					 seen->age_asked || strstr(claim, "age") == NULL
					     ? ""
					     : "; set timestamp"));
		else if ((truth == CLAIM_TRUE) != must_hold)
			worsen(s, j, status,
			       bn_format(s, "%s; %s is %s", what_it_is(s, seen, claim, unit),
					 must_hold ? "asked for" : "the limit", claim));
	}
}

static void
judge(struct bn_source *s, size_t section, const struct seen *seen, struct judged *j)
{
	const char *where = bn_section_option(s, section, "timestamp");

	*j = (struct judged){.status = BN_HEALTHY};
	if (!seen->there) {
		*j = (struct judged){BN_DOWN, bn_format(s, "there is no key %s", seen->key)};
		return;
	}
	if (seen->age_asked && seen->written == 0)
		worsen(
		    s, j, BN_UNKNOWN,
		    bn_format(s, "timestamp = %s gives no time", where != NULL ? where : "stream"));
	judge_claims(s, section, seen, "crit", false, BN_DOWN, j);
	judge_claims(s, section, seen, "assert", true, BN_DEGRADED, j);
	judge_claims(s, section, seen, "warn", false, BN_DEGRADED, j);
}

/* ---- telling --------------------------------------------------------------------------------- */

static void
measure(struct bn_source *s, struct bn_batch *batch, struct bn_ref self, const char *name,
	double value, const char *unit)
{
	bn_time at = bn_source_now(s);

	if (!isfinite(value))
		return;
	bn_add_measure(batch, self, name, value, unit, at);
	bn_add_point(batch, self, name, at, value);
}

static void
add_finding(struct bn_source *s, struct bn_batch *batch, const struct seen *seen,
	    const struct judged *j)
{
	if (j->status == BN_HEALTHY)
		return;
	bn_add_finding(batch, &(struct bn_finding){
				  .key = seen->name,
				  .rule = "key",
				  .severity = j->status == BN_DOWN ? BN_CRIT : BN_WARN,
				  .title = !seen->there		       ? "missing"
					   : j->status == BN_UNKNOWN   ? "not known"
					   : strstr(j->message, "ago") ? "stale"
								       : "not as it should be",
				  .message = j->message,
				  .about = {BN_DATASET, s->name, seen->name},
			      });
}

static void
add(struct bn_source *s, struct bn_batch *batch, size_t section, const struct seen *seen,
    const struct judged *j)
{
	const char *group = bn_section_option(s, section, "group"),
		   *unit = bn_section_option(s, section, "unit");
	const char *labels[] = {"group", group, NULL};
	struct bn_ref self = {BN_DATASET, NULL, seen->name};

	bn_add_entity(batch, BN_DATASET,
		      &(struct bn_entity){.key = seen->name,
					  .status = j->status,
					  .raw_status = seen->type,
					  .message = j->message,
					  .owner = bn_section_option(s, section, "owner"),
					  .labels = group != NULL ? labels : NULL});
	measure(s, batch, self, "rows", seen->rows, unit != NULL ? unit : "rows");
	measure(s, batch, self, "age", seen->age / 1000, "s");
	measure(s, batch, self, "ttl", seen->ttl / 1000, "s");
	add_finding(s, batch, seen, j);
}

/* The conversation itself is over, so that nothing more can be asked. */
static bool
is_fatal(int code)
{
	switch (code) {
	case BN_EPERM:
	case BN_EINVAL:
	case BN_EREMOTE:
	case BN_EUNSUPPORTED:
	case BN_ECONFIG:
	case BN_EBUSY:
		return false;
	default:
		return true;
	}
}

int
redis_key_add(struct bn_source *s, struct bn_batch *batch, size_t section, struct bn_error *err)
{
	struct bn_error failure = {0};
	struct seen seen;
	struct judged j;
	int rc = read_key(s, section, &seen, &failure);

	if (rc == BN_OK)
		judge(s, section, &seen, &j);
	else if (is_fatal(rc)) {
		*err = failure;
		return rc;
	} else {
		/* What was read before the refusal is not the whole, so nothing of it is told. */
		seen.type = NULL;
		seen.there = true;
		seen.rows = seen.age = seen.ttl = NAN;
		j = (struct judged){BN_UNKNOWN,
				    failure.hint[0] != '\0'
					? bn_format(s, "%s (%s)", failure.message, failure.hint)
					: bn_format(s, "%s", failure.message)};
	}
	add(s, batch, section, &seen, &j);
	return BN_OK;
}

void
redis_key_check(struct bn_source *s, struct bn_sink *sink, size_t section)
{
	struct bn_error failure = {0};
	struct seen seen;
	struct judged j;

	if (read_key(s, section, &seen, &failure) != BN_OK) {
		bn_check(s, sink, BN_CHECK_FAIL, bn_section_name(s, section),
			 failure.hint[0] != '\0'
			     ? bn_format(s, "%s (%s)", failure.message, failure.hint)
			     : bn_format(s, "%s", failure.message));
		return;
	}
	judge(s, section, &seen, &j);
	bn_check(s, sink,
		 j.status == BN_HEALTHY ? BN_CHECK_OK
		 : j.status == BN_DOWN	? BN_CHECK_FAIL
					: BN_CHECK_NOTE,
		 seen.name, j.message != NULL ? j.message : seen.type);
}

/* stream.c - what a [stream] section says: rhythm, limits, and what it must agree with. */
/* SPDX-License-Identifier: MIT */
#include "config/stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

#define EQUALS_MAX 8 /* of one stream */
#define LEVELS_MAX 8
#define CHECKS_MAX (EQUALS_MAX + 1 + LEVELS_MAX)
#define MINUTE	   60000
#define LONGEST	   60 /* minutes that a level may have to last */

const struct bn_option bn_stream_options[] = {
    {"source", BN_OPT_STRING, NULL, "Name of the source that has it", BN_OPT_REQUIRED, NULL},
    {"query", BN_OPT_STRING, NULL,
     "What is asked for one number a minute, in the language of that source", BN_OPT_REQUIRED,
     NULL},
    {"unit", BN_OPT_STRING, NULL, "What the number counts, such as `orders/min`", 0, NULL},
    {"scale", BN_OPT_NUMBER, "1", "The value is multiplied by it", 0, NULL},
    {"expect", BN_OPT_STRING, "1/min",
     "Records a minute: with `1/min` a value every minute; with another number, or where `burst` "
     "is "
     "given, the value itself is the number of records, and 0 is as good as missing; `none`: "
     "minutes without a value are in order",
     0, NULL},
    {"settle", BN_OPT_DURATION, "2m",
     "How long after its end a minute may still be filled in time; before that nothing is called "
     "missing or unequal",
     0, "0s..1h"},
    {"reread", BN_OPT_DURATION, "30m",
     "How far back each reading goes, so that values that come late are found", 0, "1m..1d"},
    {"backfill", BN_OPT_DURATION, "8d",
     "How far back is read when a source is met for the first time", 0, "1h..400d"},
    {"arrival", BN_OPT_STRING, NULL,
     "A query for when the minute's record arrived, in seconds since 1970: then lateness is known "
     "of minutes that were not watched",
     0, NULL},
    {"ceiling", BN_OPT_NUMBER, NULL,
     "The most that can be counted in a minute: a value that reaches it is a lower bound, and "
     "something may be lost",
     0, NULL},
    {"burst", BN_OPT_NUMBER, NULL,
     "So many times the expected records in one minute are a burst, such as `2`", 0, "1..1000"},
    {"flat", BN_OPT_DURATION, NULL, "The same value for so long is a fault", 0, "2m..7d"},
    {"anomaly", BN_OPT_NUMBER, NULL,
     "So many median absolute deviations off the same minute of earlier days are strange, such as "
     "`6`",
     0, "2..100"},
    {"must-equal", BN_OPT_STRING, NULL,
     "Another stream that counts the same: STREAM [tolerance N|N%] [settle D]; three minutes of "
     "unequal sums of the last hour are a fault",
     BN_OPT_MULTI, NULL},
    {"consistency", BN_OPT_STRING, NULL,
     "Two other streams whose quotient it must be: STREAM / STREAM [tolerance N|N%]", 0, NULL},
    {"warn", BN_OPT_STRING, NULL,
     "Where its value is a warning: above N or below N [for D] [while STREAM above N|below N]; it "
     "has "
     "to be there for so long (default 1m), and with `while` only the minutes count in which that "
     "other stream is where it says",
     BN_OPT_MULTI, NULL},
    {"bad", BN_OPT_STRING, NULL, "Where its value is critical, in the same words", BN_OPT_MULTI,
     NULL},
    {"group", BN_OPT_STRING, NULL, "The chain it is part of", 0, NULL},
    {"stage", BN_OPT_STRING, NULL,
     "Its place in the chain in a word, such as `dedupe`; without one it is a result of the chain",
     0, NULL},
    {"position", BN_OPT_INT, "0", "Its place in the chain as a number", 0, "0..1000"},
    {"scope", BN_OPT_STRING, NULL,
     "What else the number counts, such as `account-wide`; it is then never part of an equality", 0,
     NULL},
    {"for", BN_OPT_STRING, NULL,
     "Another thing that the points belong to as well, such as `endpoint/api-lpo-quote`", 0, NULL},
    {"as", BN_OPT_STRING, NULL,
     "Which of that thing's numbers they are: `rps`, `p95` … (default: the stream's name)", 0,
     NULL},
    {"owner", BN_OPT_STRING, NULL, "Who looks after it", 0, NULL},
    {"url", BN_OPT_STRING, NULL, "The page a person would open", 0, NULL},
    {NULL, BN_OPT_STRING, NULL, NULL, 0, NULL},
};

/* A side of a number. */
struct bound {
	bool above;
	double at;
};

/* What compares the stream with others, or its value with a level. */
struct check {
	const char *kind, *other, *by; /* by: the divisor of a consistency, or NULL */
	double tolerance;
	bool relative;
	int64_t settle;		    /* ms; -1: the stream's */
	const char *word, *text;    /* of a level: warn or bad, and as it was written */
	struct bound bound, while_; /* while_: where `other` has to be, if there is one */
	int64_t lasting;	    /* minutes */
};

static const char *
trimmed(struct bn_arena *arena, const char *from, const char *end)
{
	while (from < end && (*from == ' ' || *from == '\t'))
		from++;
	while (end > from && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return bn_arena_strndup(arena, from, (size_t)(end - from));
}

/* "5" or "0.5%". */
static bool
read_tolerance(const char *text, struct check *check)
{
	char *end;

	check->tolerance = strtod(text, &end);
	check->relative = *end == '%';
	if (check->relative) {
		check->tolerance /= 100;
		end++;
	}
	return end != text && *end == '\0' && isfinite(check->tolerance) && check->tolerance >= 0;
}

/* The words behind the names: tolerance N|N% and settle D; returns where they begin, NULL: not understood. */
static const char *
read_words(struct bn_arena *arena, const char *text, struct check *check)
{
	static const char *const words[] = {" tolerance ", " settle "};
	const char *first = text + strlen(text);

	for (size_t i = 0; i < 2; i++) {
		const char *at = strstr(text, words[i]), *value, *end;

		if (at == NULL)
			continue;
		value = at + strlen(words[i]);
		value += strspn(value, " \t");
		end = value + strcspn(value, " \t");
		value = bn_arena_strndup(arena, value, (size_t)(end - value));
		if (end[strspn(end, " \t")] != '\0' && strstr(end, words[1 - i]) != end)
			return NULL;
		if (i == 0 ? !read_tolerance(value, check)
			   : bn_duration_parse(value, &check->settle, NULL) != BN_OK ||
				 check->settle < 0)
			return NULL;
		if (at < first)
			first = at;
	}
	return first;
}

static int
read_equal(struct bn_arena *arena, const char *text, struct check *check, struct bn_error *err)
{
	const char *end;

	*check = (struct check){.kind = "must-equal", .settle = -1};
	end = read_words(arena, text, check);
	check->other = end != NULL ? trimmed(arena, text, end) : "";
	if (*check->other != '\0')
		return BN_OK;
	bn_fail(err, BN_ECONFIG, "must-equal is not STREAM [tolerance N|N%%] [settle D]");
	return bn_hint(err, "for example tx-flink-in tolerance 1%% settle 2m");
}

static int
read_quotient(struct bn_arena *arena, const char *text, struct check *check, struct bn_error *err)
{
	const char *end, *slash;

	/* half of the last of three digits: what rounding can do to a number a person would read */
	*check = (struct check){
	    .kind = "consistency", .settle = -1, .tolerance = 0.005, .relative = true};
	text += strspn(text, "= \t");
	end = read_words(arena, text, check);
	slash = strchr(text, '/');
	if (end != NULL && slash != NULL && slash < end) {
		check->other = trimmed(arena, text, slash);
		check->by = trimmed(arena, slash + 1, end);
		if (*check->other != '\0' && *check->by != '\0')
			return BN_OK;
	}
	bn_fail(err, BN_ECONFIG, "consistency is not STREAM / STREAM [tolerance N|N%%]");
	return bn_hint(err, "for example tx-fee-sum / tx-count");
}

/* ---- levels ---------------------------------------------------------------------------------- */

/* The next word of *rest, NULL at its end. */
static const char *
level_word(struct bn_arena *arena, const char **rest)
{
	const char *at = *rest + strspn(*rest, " \t");
	size_t length = strcspn(at, " \t");

	*rest = at + length;
	return length > 0 ? bn_arena_strndup(arena, at, length) : NULL;
}

/* "above 60", of which `side` is already read. */
static bool
read_bound(struct bn_arena *arena, const char *side, const char **rest, struct bound *out)
{
	const char *number = side != NULL ? level_word(arena, rest) : NULL;
	char *end;

	if (number == NULL || (strcmp(side, "above") != 0 && strcmp(side, "below") != 0))
		return false;
	out->above = side[0] == 'a';
	out->at = strtod(number, &end);
	return end != number && *end == '\0' && isfinite(out->at);
}

static bool
read_lasting(const char *word, struct check *check)
{
	int64_t ms;

	if (word == NULL || bn_duration_parse(word, &ms, NULL) != BN_OK || ms < MINUTE ||
	    ms > LONGEST * MINUTE)
		return false;
	check->lasting = ms / MINUTE;
	return ms % MINUTE == 0;
}

/* "above 60 for 3m while tx-polls above 3" */
static int
read_level(struct bn_arena *arena, const char *key, const char *text, struct check *check,
	   struct bn_error *err)
{
	const char *rest = text, *word;
	bool good;

	*check = (struct check){.kind = "level", .settle = -1, .word = key, .lasting = 1};
	check->text = bn_arena_format(arena, "%s %s", key, text);
	good = read_bound(arena, level_word(arena, &rest), &rest, &check->bound);
	word = level_word(arena, &rest);
	if (good && word != NULL && strcmp(word, "for") == 0) {
		good = read_lasting(level_word(arena, &rest), check);
		word = level_word(arena, &rest);
	}
	if (good && word != NULL && strcmp(word, "while") == 0) {
		check->other = level_word(arena, &rest);
		good = read_bound(arena, level_word(arena, &rest), &rest, &check->while_);
		word = level_word(arena, &rest);
	}
	if (good && word == NULL)
		return BN_OK;
	bn_fail(err, BN_ECONFIG,
		"%s is not above N or below N [for D] [while STREAM above N|below N]", key);
	return bn_hint(err, "for example above 60 for 3m; D is of full minutes, up to %dm",
		       LONGEST);
}

static int
read_levels(const struct bn_config_section *section, struct bn_arena *arena, const char *name,
	    struct check *checks, size_t *count, struct bn_error *err)
{
	size_t most = *count + LEVELS_MAX / 2;
	const char *text;

	for (size_t i = 0; (text = bn_section_at(section, name, i)) != NULL; i++) {
		if (*count == most)
			return bn_fail(err, BN_ECONFIG, "more than %d of them", LEVELS_MAX / 2);
		if (read_level(arena, name, text, &checks[*count], err) != BN_OK)
			return err->code;
		++*count;
	}
	return BN_OK;
}

static size_t
read_checks(const struct bn_config_section *section, struct bn_arena *arena,
	    struct check checks[CHECKS_MAX], const char **key, struct bn_error *err)
{
	const char *text;
	size_t count = 0;

	*key = "must-equal";
	for (size_t i = 0; (text = bn_section_at(section, "must-equal", i)) != NULL; i++) {
		if (i == EQUALS_MAX) {
			bn_fail(err, BN_ECONFIG, "more than %d streams that must be equal",
				EQUALS_MAX);
			return SIZE_MAX;
		}
		if (read_equal(arena, text, &checks[count++], err) != BN_OK)
			return SIZE_MAX;
	}
	*key = "consistency";
	text = bn_section_get(section, NULL, "consistency");
	if (text != NULL && read_quotient(arena, text, &checks[count++], err) != BN_OK)
		return SIZE_MAX;
	*key = "warn";
	if (read_levels(section, arena, *key, checks, &count, err) != BN_OK)
		return SIZE_MAX;
	*key = "bad";
	return read_levels(section, arena, *key, checks, &count, err) == BN_OK ? count : SIZE_MAX;
}

static void
level_json(struct bn_buf *out, const struct check *c)
{
	bn_buf_addf(out, "{\"kind\":\"level\",\"word\":\"%s\",\"text\":", c->word);
	bn_json_quote(out, c->text);
	bn_buf_addf(out, ",\"above\":%d,\"bound\":%.17g,\"lasting\":%lld", c->bound.above,
		    c->bound.at, (long long)c->lasting);
	if (c->other != NULL) {
		bn_buf_adds(out, ",\"other\":");
		bn_json_quote(out, c->other);
		bn_buf_addf(out, ",\"other_above\":%d,\"other_bound\":%.17g", c->while_.above,
			    c->while_.at);
	}
	bn_buf_adds(out, "}");
}

static const char *
checks_json(struct bn_arena *arena, const struct check *checks, size_t count, int64_t settle)
{
	struct bn_buf out = BN_BUF_INIT(0);
	const char *copy;

	if (count == 0)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const struct check *c = &checks[i];

		bn_buf_adds(&out, i == 0 ? "[" : ",");
		if (c->word != NULL) {
			level_json(&out, c);
			continue;
		}
		bn_buf_addf(&out, "{\"kind\":\"%s\",\"other\":", c->kind);
		bn_json_quote(&out, c->other);
		if (c->by != NULL) {
			bn_buf_adds(&out, ",\"by\":");
			bn_json_quote(&out, c->by);
		}
		bn_buf_addf(&out, ",\"tolerance\":%.17g,\"relative\":%d,\"settle\":%lld}",
			    c->tolerance, c->relative,
			    (long long)(c->settle >= 0 ? c->settle : settle));
	}
	bn_buf_adds(&out, "]");
	copy = bn_arena_strdup(arena, bn_buf_text(&out));
	bn_buf_free(&out);
	return copy;
}

/* "4/min", "1/min", "none". */
static int
read_expect(const char *text, struct bn_stream *out, struct bn_error *err)
{
	char *end;

	if (strcmp(text, "none") == 0) {
		out->expect = -1;
		return BN_OK;
	}
	out->expect = strtod(text, &end);
	if (end != text && isfinite(out->expect) && out->expect > 0 && strcmp(end, "/min") == 0) {
		out->counted = out->expect < 1 || out->expect > 1 || out->burst > 0;
		return BN_OK;
	}
	bn_fail(err, BN_ECONFIG, "expect is not a number of records a minute");
	return bn_hint(err, "write 1/min, 4/min or none");
}

int
bn_stream_read(const struct bn_config_section *section, struct bn_arena *arena,
	       struct bn_stream *out, const char **key, struct bn_error *err)
{
	const struct bn_option *o = bn_stream_options;
	struct check checks[CHECKS_MAX];
	const char *about = NULL;
	size_t count;
	int rc;

	*out = (struct bn_stream){
	    .e = {.key = section->name,
		  .name = section->name,
		  .owner = bn_section_get(section, o, "owner"),
		  .url = bn_section_get(section, o, "url")},
	    .unit = bn_section_get(section, o, "unit"),
	    .query = bn_section_get(section, o, "query"),
	    .settle = bn_section_int(section, o, "settle"),
	    .flat = bn_section_int(section, o, "flat"),
	    .ceiling = bn_section_number(section, o, "ceiling"),
	    .burst = bn_section_number(section, o, "burst"),
	    .anomaly = bn_section_number(section, o, "anomaly"),
	    .scope = bn_section_get(section, o, "scope"),
	    .group = bn_section_get(section, o, "group"),
	    .stage = bn_section_get(section, o, "stage"),
	    .position = (int)bn_section_int(section, o, "position"),
	};
	if (key == NULL)
		key = &about;
	*key = "expect";
	rc = read_expect(bn_section_get(section, o, "expect"), out, err);
	if (rc != BN_OK)
		return rc;
	*key = "ceiling";
	if (bn_section_get(section, NULL, "ceiling") != NULL && !(out->ceiling > 0))
		return bn_fail(err, BN_ECONFIG, "a ceiling is more than 0");
	count = read_checks(section, arena, checks, key, err);
	if (count == SIZE_MAX)
		return BN_ECONFIG;
	out->checks = checks_json(arena, checks, count, out->settle);
	return BN_OK;
}

/* ---- the others ------------------------------------------------------------------------------ */

static int
unknown_stream(const struct bn_config *config, const char *name, struct bn_error *err)
{
	const struct bn_config_section *section;
	const char *names[65] = {NULL}, *near;
	size_t count = 0;

	while (count < 64 && (section = bn_config_section(config, "stream", count)) != NULL)
		names[count++] = section->name;
	near = bn_nearest(name, names);
	bn_fail(err, BN_ECONFIG, "there is no [stream \"%.100s\"]", name);
	return near != NULL ? bn_hint(err, "did you mean %.100s?", near) : BN_ECONFIG;
}

static int
look_up(const struct bn_config *config, const struct bn_config_section *section, const char *name,
	bool equality, struct bn_error *err)
{
	const struct bn_config_section *other = bn_config_find(config, "stream", name);
	const char *scope, *whose = name;

	if (other == NULL)
		return unknown_stream(config, name, err);
	if (strcmp(name, section->name) == 0)
		return bn_fail(err, BN_ECONFIG, "a stream can't be compared with itself");
	scope = bn_section_get(other, NULL, "scope");
	if (scope == NULL) {
		scope = bn_section_get(section, NULL, "scope");
		whose = section->name;
	}
	if (!equality || scope == NULL)
		return BN_OK;
	bn_fail(err, BN_ECONFIG, "%.100s is %.60s: it counts more than this chain", whose, scope);
	return bn_hint(err, "leave it out of must-equal");
}

int
bn_stream_others(const struct bn_config *config, const struct bn_config_section *section,
		 const char **key, struct bn_error *err)
{
	struct bn_arena *arena = bn_arena_new();
	struct check checks[CHECKS_MAX];
	size_t count = read_checks(section, arena, checks, key, err);
	int rc = count == SIZE_MAX ? BN_ECONFIG : BN_OK;

	for (size_t i = 0; rc == BN_OK && i < count; i++) {
		bool level = checks[i].word != NULL;

		*key = level ? checks[i].word : checks[i].kind;
		if (level && checks[i].other == NULL)
			continue;
		rc = look_up(config, section, checks[i].other, !level && checks[i].by == NULL, err);
		if (rc == BN_OK && checks[i].by != NULL)
			rc = look_up(config, section, checks[i].by, false, err);
	}
	bn_arena_free(arena);
	return rc;
}

/* validate.c - every section against its table: what is unknown, bad, missing or not what was meant. */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/status.h"
#include "base/target.h"
#include "base/text.h"
#include "config/internal.h"
#include "config/option.h"
#include "config/stream.h"

#define LONGEST_NAME 63 /* what struct bn_error and the journal keep of a source's name */
#define MAX_WORDS    128

/* What is checked at the moment. */
struct check {
	struct bn_config *config;
	const struct bn_config_types *types;
	const struct bn_section_build *build;
	const struct bn_config_section *section;
	const struct bn_option *own;	/* the kind's or the plugin's rows */
	const struct bn_option *common; /* what every source has besides, or NULL */
};

__attribute__((format(printf, 5, 6))) static void
report(const struct check *c, bool fatal, size_t value, const char *hint, const char *format, ...)
{
	const struct bn_config_value *at =
	    value < c->section->count ? &c->section->values[value] : NULL;
	va_list ap;
	char *text;

	va_start(ap, format);
	text = bn_xvasprintf(format, ap);
	va_end(ap);
	bn_config_problem(c->config, fatal, at != NULL ? at->file : c->section->file,
			  at != NULL ? at->line : c->section->line, hint, "%s", text);
	free(text);
}
#define WHOLE SIZE_MAX /* the section, not one of its values */

/* ---- what kind of section -------------------------------------------------------------------- */

static const struct bn_section_kind *
find_kind(const struct check *c, const char *name)
{
	const struct bn_section_kind *tables[] = {c->types != NULL ? c->types->sections : NULL,
						  bn_core_sections};

	for (size_t t = 0; t < 2; t++)
		for (const struct bn_section_kind *k = tables[t]; k != NULL && k->name != NULL; k++)
			if (strcmp(k->name, name) == 0)
				return k;
	return NULL;
}

static void
unknown_section(const struct check *c)
{
	const struct bn_section_kind *tables[] = {bn_core_sections,
						  c->types != NULL ? c->types->sections : NULL};
	const char *words[MAX_WORDS] = {NULL}, *nearest;
	size_t count = 0;
	char hint[200] = "";

	for (size_t t = 0; t < 2; t++)
		for (const struct bn_section_kind *k = tables[t]; k != NULL && k->name != NULL; k++)
			if (count < MAX_WORDS - 1)
				words[count++] = k->name;
	nearest = bn_nearest(c->section->kind, words);
	if (nearest != NULL)
		snprintf(hint, sizeof(hint), "did you mean [%s]?", nearest);
	else
		snprintf(hint, sizeof(hint), "the sections there are: binnacle-config(5)");
	report(c, true, WHOLE, hint, "unknown section [%.60s]", c->section->kind);
}

static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7F)
			return true;
	return false;
}

static void
check_name(const struct check *c, const struct bn_section_kind *kind)
{
	const char *name = c->section->name;
	char hint[200];

	if (kind->named && *name == '\0') {
		snprintf(hint, sizeof(hint), "write [%s \"NAME\"]", kind->name);
		report(c, true, WHOLE, hint, "[%s] needs a name", kind->name);
	} else if (!kind->named && *name != '\0') {
		snprintf(hint, sizeof(hint), "write [%s]", kind->name);
		report(c, true, WHOLE, hint, "[%s] has no name", kind->name);
	} else if (strlen(name) > LONGEST_NAME)
		report(c, true, WHOLE, NULL, "the name of this [%s] is longer than %d bytes",
		       kind->name, LONGEST_NAME);
	else if (has_control(name))
		report(c, true, WHOLE, NULL, "the name of this [%s] holds a control character",
		       kind->name);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static const struct bn_option *
find_option(const struct check *c, const char *key)
{
	const struct bn_option *option = bn_option_find(c->own, key);

	return option != NULL ? option : bn_option_find(c->common, key);
}

static void
unknown_key(const struct check *c, size_t i)
{
	static const char *const secrets[] = {"token", "password", "secret", "api-key", NULL};
	const struct bn_option *tables[] = {c->own, c->common};
	const char *key = c->section->values[i].key, *words[MAX_WORDS] = {NULL}, *nearest;
	size_t count = 0;
	char hint[200] = "";

	for (size_t s = 0; secrets[s] != NULL; s++)
		if (strcmp(secrets[s], key) == 0) {
			report(c, true, i,
			       "use token-command, token-file or token-env (password-… likewise)",
			       "'%s': a secret is never a value in this file", key);
			return;
		}
	for (size_t t = 0; t < 2; t++)
		for (const struct bn_option *o = tables[t]; o != NULL && o->name != NULL; o++)
			if (count < MAX_WORDS - 1)
				words[count++] = o->name;
	nearest = bn_nearest(key, words);
	if (nearest != NULL)
		snprintf(hint, sizeof(hint), "did you mean %s?", nearest);
	report(c, true, i, hint, "unknown key '%.60s' in [%s%s%.60s%s]", key, c->section->kind,
	       *c->section->name != '\0' ? " \"" : "", c->section->name,
	       *c->section->name != '\0' ? "\"" : "");
}

/* Values in a language of their own, where a comment sign is more likely meant than not. */
static bool
is_code(const struct bn_option *option)
{
	size_t size = strlen(option->name);

	return option->type == BN_OPT_ASSERT || strcmp(option->name, "sql") == 0 ||
	       strcmp(option->name, "query") == 0 ||
	       (size > 8 && strcmp(option->name + size - 8, "-command") == 0);
}

static void
warn_lost(const struct check *c, size_t i, const struct bn_option *option)
{
	static const char hint[] =
	    "put the whole value in quotes, with \\\" and \\\\ for those inside it";
	const struct bn_written *written = &c->build->written[i];

	if (written->comment_glued || (written->comment && !written->quoted && is_code(option)))
		report(c, false, i, hint, "%s ends at '#' or ';': what follows is a comment",
		       option->name);
	if (written->lost_quotes)
		report(c, false, i, hint, "%s loses its quotes: they are part of the syntax",
		       option->name);
}

static void
warn_repeated(const struct check *c, size_t i, const struct bn_option *option)
{
	const struct bn_config_value *values = c->section->values;

	for (size_t before = i; before-- > 0;)
		if (strcmp(values[before].key, values[i].key) == 0) {
			if (strcmp(values[before].file, values[i].file) == 0)
				report(c, false, i, NULL,
				       "%s is set again: the one in line %d no longer counts",
				       option->name, values[before].line);
			return;
		}
}

/* Once and here, so that nobody who reads a path has to know of "~/". */
static void
expand_home(const struct check *c, size_t i)
{
	char *expanded = bn_path_expand(c->build->values[i].text);

	c->build->values[i].text = bn_arena_strdup(c->config->arena, expanded);
	free(expanded);
}

static void
check_value(const struct check *c, size_t i)
{
	const struct bn_config_value *value = &c->section->values[i];
	const struct bn_option *option = find_option(c, value->key);
	struct bn_error err = {0};

	if (option == NULL) {
		unknown_key(c, i);
		return;
	}
	if (c->build->written[i].no_value && option->type != BN_OPT_BOOL)
		report(c, true, i, NULL, "%s has no value", value->key);
	else if (bn_option_check(option, value->text, &err) != BN_OK)
		report(c, true, i, err.hint, "%s", err.message);
	else if (option->type == BN_OPT_PATH)
		expand_home(c, i);
	warn_lost(c, i, option);
	if (!(option->flags & BN_OPT_MULTI))
		warn_repeated(c, i, option);
}

static void
check_required(const struct check *c)
{
	const struct bn_option *tables[] = {c->own, c->common};

	for (size_t t = 0; t < 2; t++)
		for (const struct bn_option *o = tables[t]; o != NULL && o->name != NULL; o++) {
			if (!(o->flags & BN_OPT_REQUIRED) ||
			    bn_section_get(c->section, NULL, o->name) != NULL)
				continue;
			if (t == 1 && c->own != NULL && strcmp(o->name, "type") == 0)
				continue; /* a missing type has been said */
			report(c, true, WHOLE, o->doc, "[%s \"%.60s\"] has no %s", c->section->kind,
			       c->section->name, o->name);
		}
}

/* ---- what concerns more than one key --------------------------------------------------------- */

static size_t
index_of(const struct bn_config_section *section, const char *key)
{
	for (size_t i = section->count; i-- > 0;)
		if (strcmp(section->values[i].key, key) == 0)
			return i;
	return WHOLE;
}

static void
check_transport(const struct check *c)
{
	const char *url = bn_section_get(c->section, NULL, "url");
	char host[256];

	bool redis = url != NULL && strncasecmp(url, "redis://", 8) == 0;

	if (url == NULL || (!redis && strncasecmp(url, "http://", 7) != 0) ||
	    bn_section_bool(c->section, bn_source_options, "allow-http") ||
	    !bn_url_host(url, host, sizeof(host)) || bn_host_is_loopback(host))
		return;
	report(c, true, index_of(c->section, "url"),
	       redis ? "use rediss://, or say allow-http = true"
		     : "use https://, or say allow-http = true",
	       "unencrypted %s:// to another machine: anybody on the way can read the login",
	       redis ? "redis" : "http");
}

/* One way to the secret `name`, and no two. */
static bool
check_one_secret(const struct check *c, const char *name)
{
	static const char *const ways[] = {"command", "file", "env"};
	size_t found = 0, last = 0;
	char key[64];

	for (size_t i = 0; i < 3; i++) {
		snprintf(key, sizeof(key), "%s-%s", name, ways[i]);
		if (bn_section_get(c->section, NULL, key) != NULL) {
			size_t index = index_of(c->section, key);

			found++;
			last = index > last ? index : last;
		}
	}
	if (found > 1)
		report(c, true, last, "keep one of them",
		       "more than one of %s-command, %s-file and %s-env", name, name, name);
	return found > 0;
}

static void
check_login(const struct check *c)
{
	const char *auth = bn_section_get(c->section, NULL, "auth");
	bool token = check_one_secret(c, "token"), password = check_one_secret(c, "password");
	bool user = bn_section_get(c->section, NULL, "user") != NULL;

	if (auth != NULL && strcmp(auth, "bearer") == 0 && !token)
		report(c, true, index_of(c->section, "auth"),
		       "add token-command, token-file or token-env",
		       "auth = bearer, but there is no token");
	if (auth != NULL && strcmp(auth, "basic") == 0 && (!user || !password))
		report(c, true, index_of(c->section, "auth"), "add user and password-command",
		       "auth = basic, but there is no %s", user ? "password" : "user");
	if (auth == NULL && password && !user)
		report(c, true, WHOLE, "add user", "[source \"%.60s\"] has a password but no user",
		       c->section->name);
}

static bool
is_ref(const char *start, size_t size)
{
	char *text = bn_xstrndup(start, size);
	struct bn_ref_text ref;
	bool ok = bn_ref_parse(text, NULL, NULL, &ref, NULL) == BN_OK;

	bn_ref_free(&ref);
	free(text);
	return ok;
}

static void
check_feeds(const struct check *c)
{
	for (size_t i = 0; i < c->section->count; i++) {
		const char *text = c->section->values[i].text, *arrow = strstr(text, "->"), *end;

		if (strcmp(c->section->values[i].key, "feeds") != 0)
			continue;
		if (arrow != NULL) {
			const char *to = arrow + 2 + strspn(arrow + 2, " \t");

			end = arrow;
			while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
				end--;
			if (is_ref(text, (size_t)(end - text)) && is_ref(to, strlen(to)))
				continue;
		}
		report(c, true, i, "for example pipeline/argo-prod/train -> endpoint/sagemaker/lpo",
		       "feeds is not KIND/[SOURCE/]KEY -> KIND/[SOURCE/]KEY");
	}
}

static void
check_zone(const struct check *c)
{
	const char *name = bn_section_get(c->section, NULL, "zone");
	struct bn_zone *zone = NULL;
	struct bn_error err = {0};

	if (name != NULL && bn_zone_open(&zone, name, &err) != BN_OK)
		report(c, true, index_of(c->section, "zone"), err.hint, "%s", err.message);
	bn_zone_free(zone);
}

/* A clone on this machine is what is read; an address alone is kept for the release that fetches. */
static void
check_repo(const struct check *c)
{
	bool url = bn_section_get(c->section, NULL, "url") != NULL;

	if (bn_section_get(c->section, NULL, "path") != NULL)
		return;
	if (url)
		report(c, false, WHOLE, "give it the path of a clone on this machine as well",
		       "[repo \"%.60s\"] has no path: nothing is read of it in this release",
		       c->section->name);
	else
		report(c, true, WHOLE, "give it the path of a clone on this machine, or a url",
		       "[repo \"%.60s\"] has neither path nor url", c->section->name);
}

/* Targets and references of a [product]. */
static void
check_product_value(const struct check *c, size_t i)
{
	static const char *const shares[] = {"completeness", "availability", "quality", "goal"};
	const struct bn_config_value *value = &c->section->values[i];
	struct bn_deadline deadline;
	struct bn_error err = {0};
	double share;

	if ((strcmp(value->key, "needs") == 0 || strcmp(value->key, "freshness-of") == 0) &&
	    !is_ref(value->text, strlen(value->text)))
		report(c, true, i, "for example pipeline/argo-prod/transform-hourly",
		       "%s is not KIND/[SOURCE/]KEY", value->key);
	for (size_t s = 0; s < sizeof(shares) / sizeof(shares[0]); s++) {
		if (strcmp(value->key, shares[s]) != 0)
			continue;
		if (!bn_share_parse(value->text, &share))
			report(c, true, i, "for example 99.5%", "%s: '%.40s' is not a share",
			       value->key, value->text);
		else if (s == 3 && share >= 1)
			report(c, true, i, "for example 99%",
			       "a goal of all the time leaves no budget that could be spent");
	}
	if (strcmp(value->key, "deadline") == 0) {
		if (bn_deadline_parse(&deadline, value->text, &err) != BN_OK)
			report(c, true, i, err.hint, "deadline: %s", err.message);
		bn_deadline_clear(&deadline);
	}
}

/* Does one of the needs have a kind of those? `kinds` is a bit for each. */
static bool
needs_kind(const struct check *c, unsigned kinds)
{
	struct bn_ref_text ref;
	const char *text;
	bool found = false;

	for (size_t i = 0; (text = bn_section_at(c->section, "needs", i)) != NULL; i++) {
		if (bn_ref_parse(text, NULL, NULL, &ref, NULL) != BN_OK)
			continue;
		found = found || (kinds & 1u << ref.kind) != 0;
		bn_ref_free(&ref);
	}
	return found;
}

/* Promises that nothing among the needs could ever tell about are never known, so they are said. */
static void
check_product(const struct check *c)
{
	static const struct {
		const char *key;
		unsigned kinds;
		const char *hint;
	} rows[] = {
	    {"freshness", 1u << BN_PIPELINE | 1u << BN_STREAM | 1u << BN_DATASET,
	     "add needs = pipeline/…, stream/… or dataset/…, or freshness-of"},
	    {"deadline", 1u << BN_PIPELINE, "add needs = pipeline/…"},
	    {"completeness", 1u << BN_STREAM | 1u << BN_DATASET,
	     "add needs = stream/… or dataset/…"},
	    {"availability", 1u << BN_ENDPOINT, "add needs = endpoint/…"},
	};

	for (size_t i = 0; i < c->section->count; i++)
		check_product_value(c, i);
	if (bn_section_get(c->section, NULL, "needs") == NULL) {
		const char *lifecycle = bn_section_get(c->section, NULL, "lifecycle");

		if (lifecycle == NULL || strcmp(lifecycle, "active") == 0)
			report(c, false, WHOLE, "add needs = KIND/[SOURCE/]KEY",
			       "[product \"%.60s\"] needs nothing, so nothing tells how it stands",
			       c->section->name);
		return;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (bn_section_get(c->section, NULL, rows[i].key) == NULL ||
		    needs_kind(c, rows[i].kinds) ||
		    (i == 0 && bn_section_get(c->section, NULL, "freshness-of") != NULL))
			continue;
		report(c, false, index_of(c->section, rows[i].key), rows[i].hint,
		       "nothing [product \"%.60s\"] needs tells its %s", c->section->name,
		       rows[i].key);
	}
}

static void
check_stream(const struct check *c)
{
	const char *source = bn_section_get(c->section, NULL, "source"), *key = NULL;
	struct bn_arena *arena = bn_arena_new();
	struct bn_error err = {0};
	struct bn_stream stream;

	if (bn_stream_read(c->section, arena, &stream, &key, &err) != BN_OK ||
	    bn_stream_others(c->config, c->section, &key, &err) != BN_OK)
		report(c, true, index_of(c->section, key), err.hint, "%s", err.message);
	if (source != NULL && bn_config_find(c->config, "source", source) == NULL)
		report(c, true, index_of(c->section, "source"),
		       "name a [source] of this configuration", "there is no source \"%.60s\"",
		       source);
	bn_arena_free(arena);
}

static void
check_together(const struct check *c)
{
	const char *kind = c->section->kind;

	if (strcmp(kind, "source") == 0) {
		check_transport(c);
		check_login(c);
	} else if (strcmp(kind, "link") == 0)
		check_feeds(c);
	else if (strcmp(kind, "product") == 0)
		check_product(c);
	else if (strcmp(kind, "ui") == 0)
		check_zone(c);
	else if (strcmp(kind, "repo") == 0)
		check_repo(c);
	else if (strcmp(kind, "stream") == 0)
		check_stream(c);
}

/* ---- sections -------------------------------------------------------------------------------- */

/* A source's keys are known once its type is; false if it is not. */
static bool
source_tables(struct check *c)
{
	const char *type = bn_section_get(c->section, NULL, "type"), *nearest = NULL;
	char hint[200] = "";

	c->common = bn_source_options;
	if (type == NULL) {
		snprintf(hint, sizeof(hint), "add type = …; the types are in binnacle-sources(7)");
		report(c, true, WHOLE, hint, "[source \"%.60s\"] has no type", c->section->name);
		return false;
	}
	c->own = c->types != NULL && c->types->source_options != NULL
		     ? c->types->source_options(type, c->types->payload)
		     : NULL;
	if (c->own != NULL)
		return true;
	if (c->types != NULL && c->types->type_words != NULL)
		nearest = bn_nearest(type, c->types->type_words);
	snprintf(hint, sizeof(hint), "%s%s%sthe types there are: binnacle-sources(7)",
		 nearest != NULL ? "did you mean " : "", nearest != NULL ? nearest : "",
		 nearest != NULL ? "? " : "");
	report(c, true, index_of(c->section, "type"), hint, "unknown type '%.60s'", type);
	return false;
}

static void
check_section(struct check *c)
{
	const struct bn_section_kind *kind = find_kind(c, c->section->kind);

	c->own = c->common = NULL;
	if (kind == NULL) {
		unknown_section(c);
		return;
	}
	check_name(c, kind);
	if (strcmp(kind->name, "source") == 0) {
		if (!source_tables(c))
			return;
	} else
		c->own = kind->options;
	for (size_t i = 0; i < c->section->count; i++)
		check_value(c, i);
	check_required(c);
	check_together(c);
}

void
bn_config_validate(struct bn_config *config, const struct bn_config_types *types)
{
	for (size_t i = 0; i < config->section_count; i++) {
		struct check c = {.config = config,
				  .types = types,
				  .build = &config->sections[i],
				  .section = &config->sections[i].shown};

		check_section(&c);
	}
}

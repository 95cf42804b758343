/* keymap.c - the one table of actions: keys, help overlay, hint line and binnacle-keys(7) come from it. */
/* SPDX-License-Identifier: MIT */
#include "ui/keymap.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/text.h"

static const struct bn_action_row rows[] = {
#define X(id, name, contexts, keys, hinted, hint, flags, help)                                     \
	{name, contexts, keys, hinted, hint, flags, help},
    BN_ACTIONS(X)
#undef X
};

/* Where a context's screen is called what, for the manual. */
static const struct {
	unsigned context;
	const char *name;
} contexts[] = {
    {BN_IN_TRIAGE, "Triage"},
    {BN_IN_RUNS, "Runs"},
    {BN_IN_RUN, "a run"},
    {BN_IN_ENDPOINTS, "Endpoints"},
    {BN_IN_SOURCES, "Sources"},
    {BN_IN_TIMELINE, "Timeline"},
    {BN_IN_CHANGED, "what changed"},
    {BN_IN_LINKS, "lineage"},
    {BN_IN_MODELS, "Models"},
    {BN_IN_STREAMS, "Streams"},
    {BN_IN_STREAMED, "the list of streams"},
    {BN_IN_PRODUCTS, "Products"},
    {BN_IN_CHART, "a chart"},
    {BN_IN_COMPARE, "two versions"},
    {BN_IN_BOARD, "a dashboard"},
    {BN_IN_BOARDS, "the list of dashboards"},
    {BN_IN_BULK, "a bulk retry"},
    {BN_IN_TEXT, "logs and other text"},
};
#define CONTEXTS (sizeof(contexts) / sizeof(contexts[0]))

#define MAX_KEYS 8

struct bn_keymap {
	struct {
		bn_key keys[MAX_KEYS];
		size_t count;
	} actions[BN_ACT_COUNT];
};

const struct bn_action_row *
bn_action_row(enum bn_action action)
{
	return &rows[action];
}

/* The action that already has this key somewhere where `contexts` would use it. */
static enum bn_action
holder(const struct bn_keymap *map, unsigned where, bn_key key)
{
	size_t a, k;

	for (a = 0; a < BN_ACT_COUNT; a++)
		for (k = 0; k < map->actions[a].count; k++)
			if (map->actions[a].keys[k] == key && (rows[a].contexts & where) != 0)
				return (enum bn_action)a;
	return BN_ACT_NONE;
}

static int
add_key(struct bn_keymap *map, enum bn_action action, const char *name, struct bn_error *err)
{
	bn_key key = bn_key_parse(name);
	enum bn_action other;

	if (key == BN_KEY_NONE) {
		bn_fail(err, BN_ECONFIG, "keys.%s: \"%s\" is no key", rows[action].name, name);
		return bn_hint(err,
			       "write keys as j, Ctrl-D, PgDn, Space, F5, separated by blanks");
	}
	other = holder(map, rows[action].contexts, key);
	if (other != BN_ACT_NONE && other != action) {
		bn_fail(err, BN_ECONFIG, "keys.%s: \"%s\" already is the key of \"%s\"",
			rows[action].name, name, rows[other].name);
		return bn_hint(err, "give keys.%s another key as well", rows[other].name);
	}
	if (other == action || map->actions[action].count == MAX_KEYS)
		return BN_OK;
	map->actions[action].keys[map->actions[action].count++] = key;
	return BN_OK;
}

/* Adds every key of a list like "j Down". The first failure is told, the rest is still added. */
static int
add_keys(struct bn_keymap *map, enum bn_action action, const char *list, struct bn_error *err)
{
	char word[BN_KEY_NAME];
	int rc = BN_OK;

	if (strcasecmp(list, "none") == 0)
		return BN_OK;
	for (;;) {
		size_t length;
		int one;

		list += strspn(list, " \t");
		length = strcspn(list, " \t");
		if (length == 0)
			return rc;
		snprintf(word, sizeof(word), "%.*s", (int)length, list);
		one = add_key(map, action, word, rc == BN_OK ? err : NULL);
		rc = rc == BN_OK ? one : rc;
		list += length;
	}
}

static const struct bn_config_value *
written(const struct bn_config_section *section, const char *name)
{
	const struct bn_config_value *found = NULL;
	size_t i;

	for (i = 0; section != NULL && i < section->count; i++)
		if (strcmp(section->values[i].key, name) == 0)
			found = &section->values[i];
	return found;
}

/* Names in [keys] that are no action's. */
static int
check_names(const struct bn_config_section *section, struct bn_error *err)
{
	const char *names[BN_ACT_COUNT + 1] = {NULL};
	size_t i;
	int a;

	for (a = 0; a < BN_ACT_COUNT; a++)
		names[a] = rows[a].name;
	for (i = 0; section != NULL && i < section->count; i++) {
		const struct bn_config_value *value = &section->values[i];
		const char *near;

		for (a = 0; a < BN_ACT_COUNT && strcmp(names[a], value->key) != 0; a++)
			continue;
		if (a < BN_ACT_COUNT)
			continue;
		near = bn_nearest(value->key, names);
		bn_fail(err, BN_ECONFIG, "%s:%d: keys.%s: there is no such action", value->file,
			value->line, value->key);
		return near != NULL ? bn_hint(err, "did you mean %s?", near)
				    : bn_hint(err, "the actions are in binnacle-keys(7)");
	}
	return BN_OK;
}

/* Written keys first, so that a person may take a key from an action they have moved elsewhere; a
 * default that is taken by then gives way silently. */
int
bn_keymap_new(struct bn_keymap **out, const struct bn_config *config, struct bn_error *err)
{
	const struct bn_config_section *section =
	    config == NULL ? NULL : bn_config_section(config, "keys", 0);
	struct bn_keymap *map = bn_xcalloc(1, sizeof(*map));
	int rc = check_names(section, err), a;

	for (a = 0; a < BN_ACT_COUNT; a++) {
		const struct bn_config_value *value = written(section, rows[a].name);
		int one;

		if (value == NULL)
			continue;
		one = add_keys(map, (enum bn_action)a, value->text, rc == BN_OK ? err : NULL);
		if (one != BN_OK && rc == BN_OK)
			bn_error_prefix(err, "%s:%d", value->file, value->line);
		rc = rc == BN_OK ? one : rc;
	}
	for (a = 0; a < BN_ACT_COUNT; a++)
		if (written(section, rows[a].name) == NULL)
			(void)add_keys(map, (enum bn_action)a, rows[a].keys, NULL);
	*out = map;
	return rc;
}

void
bn_keymap_free(struct bn_keymap *map)
{
	free(map);
}

enum bn_action
bn_keymap_action(const struct bn_keymap *map, unsigned context, bn_key key)
{
	return holder(map, context, key);
}

void
bn_keymap_keys(const struct bn_keymap *map, enum bn_action action, bool first, bool arrows,
	       struct bn_buf *out)
{
	char name[BN_KEY_NAME];
	size_t k, n = map->actions[action].count;

	for (k = 0; k < n && (k == 0 || !first); k++) {
		bn_key key = map->actions[action].keys[k];

		if (key == BN_KEY_WHEEL_UP || key == BN_KEY_WHEEL_DOWN)
			continue;
		bn_buf_addf(out, "%s%s", k > 0 ? " " : "", bn_key_name(key, arrows, name));
	}
}

/* Groups of the overlay begin with these actions. */
static const struct {
	enum bn_action first;
	const char *title;
} groups[] = {
    {BN_ACT_OPEN, "the selected thing"},
    {BN_ACT_DOWN, "moving"},
    {BN_ACT_TRIAGE, "screens"},
    {BN_ACT_MARK, "rows"},
    {BN_ACT_SEARCH, "text"},
    {BN_ACT_CURSOR_LEFT, "charts"},
    {BN_ACT_COPY, "everywhere"},
};

static const char *
group_title(int action)
{
	size_t i;

	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if ((int)groups[i].first == action)
			return groups[i].title;
	return NULL;
}

static bool
absent(unsigned flags, enum bn_reach reach)
{
	return (reach != BN_REACH_ALL && (flags & BN_ACTS) != 0) ||
	       (reach == BN_REACH_PAST && (flags & BN_CHANGES) != 0);
}

void
bn_keymap_help(const struct bn_keymap *map, unsigned context, bool arrows, enum bn_reach reach,
	       struct bn_strlist *out)
{
	const char *title = NULL;
	struct bn_buf line = BN_BUF_INIT(4096);
	int a;

	for (a = 0; a < BN_ACT_COUNT; a++) {
		if (group_title(a) != NULL)
			title = group_title(a);
		if ((rows[a].contexts & context) == 0 || map->actions[a].count == 0 ||
		    absent(rows[a].flags, reach))
			continue;
		if (title != NULL) {
			if (out->count > 0)
				bn_strlist_add(out, "");
			bn_strlist_add(out, title);
			title = NULL;
		}
		bn_buf_reset(&line);
		bn_keymap_keys(map, (enum bn_action)a, false, arrows, &line);
		bn_buf_addf(&line, "\t%s%s", rows[a].help,
			    reach != BN_REACH_ALL && (rows[a].flags & BN_CHANGES) != 0
				? " (read-only: refused)"
				: "");
		bn_strlist_add(out, bn_buf_text(&line));
	}
	bn_buf_free(&line);
}

/* In mdoc a single punctuation mark after a macro would be taken as punctuation: \& stands before
 * it. */
static void
manual_keys(FILE *out, const char *keys)
{
	bool first = true;

	while (*keys != '\0') {
		size_t length = strcspn(keys, " ");

		if (strncmp(keys, "Wheel", 5) != 0) {
			fprintf(out, "%s%s%.*s", first ? ".It Ic " : " , Ic ",
				strspn(keys, "?!:.,;|()[]<>*/-") > 0 ? "\\&" : "", (int)length,
				keys);
			first = false;
		}
		keys += length;
		keys += strspn(keys, " ");
	}
	fputc('\n', out);
}

static void
manual_contexts(FILE *out, unsigned where)
{
	bool first = true;
	size_t i;

	if (where == BN_IN_ALL || where == BN_IN_LISTS) {
		if (where == BN_IN_LISTS)
			fprintf(out, "In lists.\n");
		return;
	}
	fprintf(out, "In ");
	for (i = 0; i < CONTEXTS; i++)
		if ((where & contexts[i].context) != 0) {
			fprintf(out, "%s%s", first ? "" : ", ", contexts[i].name);
			first = false;
		}
	fprintf(out, ".\n");
}

void
bn_keymap_manual(FILE *out)
{
	int a;

	for (a = 0; a < BN_ACT_COUNT; a++) {
		const char *title = group_title(a);

		if (title != NULL) {
			if (a > 0)
				fprintf(out, ".El\n");
			fprintf(out, ".Ss %c%s\n.Bl -tag -width Ds\n", title[0] - 'a' + 'A',
				title + 1);
		}
		manual_keys(out, rows[a].keys);
		fprintf(out, "%c%s\n.Pq Cm %s .\n", rows[a].help[0] - 'a' + 'A', rows[a].help + 1,
			rows[a].name);
		manual_contexts(out, rows[a].contexts);
	}
	fprintf(out, ".El\n");
}

/* theme.c - what the semantic roles look like: gitconfig files, the built-in ones embedded. */
/* SPDX-License-Identifier: MIT */
#include "ui/theme.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

#define MAX_THEME 65536

static const struct bn_option theme_options[] = {
    {"colors", BN_OPT_INT, "0", "how many colours the terminal must have", 0, "0..256"},
    {"doc", BN_OPT_STRING, NULL, "what the theme is for", 0, NULL},
    {"charts", BN_OPT_ENUM, NULL, "what charts are made of", 0, "braille|blocks|half|ascii"},
    {NULL, BN_OPT_STRING, NULL, NULL, 0, NULL}};
static const struct bn_option role_options[] = {
    {"fg", BN_OPT_STRING, "default", "colour of the text: a name, or a number up to 255", 0, NULL},
    {"bg", BN_OPT_STRING, "default", "colour behind the text", 0, NULL},
    {"bold", BN_OPT_BOOL, "false", "bold", 0, NULL},
    {"dim", BN_OPT_BOOL, "false", "dim", 0, NULL},
    {"underline", BN_OPT_BOOL, "false", "underlined", 0, NULL},
    {"reverse", BN_OPT_BOOL, "false", "foreground and background exchanged", 0, NULL},
    {NULL, BN_OPT_STRING, NULL, NULL, 0, NULL}};
static const struct bn_section_kind sections[] = {
    {"theme", false, theme_options, "the theme itself"},
    {"role", true, role_options, "what one role looks like"},
    {NULL, false, NULL, NULL}};

static const char *const colour_names[] = {"black",
					   "red",
					   "green",
					   "yellow",
					   "blue",
					   "magenta",
					   "cyan",
					   "white",
					   "bright-black",
					   "bright-red",
					   "bright-green",
					   "bright-yellow",
					   "bright-blue",
					   "bright-magenta",
					   "bright-cyan",
					   "bright-white",
					   NULL};

static int
colour_number(const char *text, int *out)
{
	char *end;
	long number;
	int i;

	if (strcmp(text, "default") == 0) {
		*out = -1;
		return BN_OK;
	}
	for (i = 0; colour_names[i] != NULL; i++)
		if (strcmp(colour_names[i], text) == 0) {
			*out = i;
			return BN_OK;
		}
	errno = 0;
	number = strtol(text, &end, 10);
	if (*text == '\0' || *end != '\0' || errno != 0 || number < 0 || number > 255)
		return BN_EINVAL;
	*out = (int)number;
	return BN_OK;
}

static int
read_colour(const struct bn_config_section *section, const char *key, int *out,
	    struct bn_error *err)
{
	const char *text = bn_section_get(section, role_options, key), *near;

	if (colour_number(text, out) == BN_OK)
		return BN_OK;
	bn_fail(err, BN_ECONFIG, "%s:%d: role.%s.%s: \"%s\" is no colour", section->file,
		section->line, section->name, key, text);
	near = bn_nearest(text, colour_names);
	if (near != NULL)
		return bn_hint(err, "did you mean %s?", near);
	return bn_hint(err, "a number from 0 to 255, default, red, bright-red …");
}

static int
read_role(struct bn_theme *theme, const struct bn_config_section *section, bool *seen,
	  struct bn_error *err)
{
	int role = bn_role_from_word(section->name);
	struct bn_look look = {-1, -1, false, false, false, false};

	if (role < 0)
		return bn_fail(err, BN_ECONFIG, "%s:%d: there is no role \"%s\"", section->file,
			       section->line, section->name);
	if (read_colour(section, "fg", &look.fg, err) != BN_OK ||
	    read_colour(section, "bg", &look.bg, err) != BN_OK)
		return err->code;
	look.bold = bn_section_bool(section, role_options, "bold");
	look.dim = bn_section_bool(section, role_options, "dim");
	look.underline = bn_section_bool(section, role_options, "underline");
	look.reverse = bn_section_bool(section, role_options, "reverse");
	theme->looks[role] = look;
	seen[role] = true;
	return BN_OK;
}

static int
read_roles(struct bn_theme *theme, const struct bn_config *config, struct bn_error *err)
{
	const struct bn_config_section *section;
	bool seen[BN_ROLE_COUNT] = {false};
	size_t i;
	int rc;

	for (i = 0; (section = bn_config_section(config, "role", i)) != NULL; i++) {
		rc = read_role(theme, section, seen, err);
		if (rc != BN_OK)
			return rc;
	}
	for (i = 0; i < BN_ROLE_COUNT; i++)
		if (!seen[i] && i != BN_ROLE_TEXT)
			theme->looks[i] = theme->looks[BN_ROLE_TEXT];
	section = bn_config_section(config, "theme", 0);
	if (section != NULL) {
		const char *charts = bn_section_get(section, theme_options, "charts");

		theme->colours = (int)bn_section_int(section, theme_options, "colors");
		snprintf(theme->charts, sizeof(theme->charts), "%s", charts == NULL ? "" : charts);
	}
	return BN_OK;
}

int
bn_theme_load_text(struct bn_theme *out, const char *name, const char *text, struct bn_error *err)
{
	const struct bn_config_types types = {.sections = sections};
	struct bn_theme theme = {.colours = 0};
	struct bn_config *config = NULL;
	struct bn_error local;
	int rc;

	if (err == NULL)
		err = &local;
	theme.looks[BN_ROLE_TEXT] = (struct bn_look){-1, -1, false, false, false, false};
	snprintf(theme.name, sizeof(theme.name), "%s", name);
	rc = bn_config_load_text(&config, name, text, &types, err);
	if (rc != BN_OK)
		goto out;
	rc = read_roles(&theme, config, err);
	if (rc != BN_OK)
		goto out;
	*out = theme;
out:
	bn_config_free(config);
	return rc;
}

int
bn_theme_load(struct bn_theme *out, const char *path, struct bn_error *err)
{
	char *text = bn_xmalloc(MAX_THEME + 1);
	FILE *file = fopen(path, "re");
	size_t size;
	int rc;

	if (file == NULL) {
		rc = bn_fail(err, BN_EIO, "theme %s: %s", path, strerror(errno));
		goto out;
	}
	size = fread(text, 1, MAX_THEME + 1, file);
	if (ferror(file) || size > MAX_THEME) {
		rc = bn_fail(err, BN_EIO, "theme %s: %s", path,
			     size > MAX_THEME ? "more than 64 kB" : strerror(errno));
		goto out;
	}
	text[size] = '\0';
	rc = bn_theme_load_text(out, path, text, err);
out:
	if (file != NULL)
		fclose(file);
	free(text);
	return rc;
}

static const char *
builtin(const char *name)
{
	size_t i;

	for (i = 0; bn_theme_files[i].name != NULL; i++)
		if (strcmp(bn_theme_files[i].name, name) == 0)
			return bn_theme_files[i].text;
	return NULL;
}

static int
load_named(struct bn_theme *out, const char *name, struct bn_error *err)
{
	const char *text;

	if (strchr(name, '/') != NULL)
		return bn_theme_load(out, name, err);
	text = builtin(name);
	if (text == NULL) {
		bn_fail(err, BN_ENOTFOUND, "there is no theme \"%s\"", name);
		return bn_hint(err, "dark, light, colorblind, 16, mono, or the path of a file");
	}
	return bn_theme_load_text(out, name, text, err);
}

int
bn_theme_choose(struct bn_theme *out, const char *wanted, int colours, bool mono,
		struct bn_error *err)
{
	const char *best = mono || colours < 8 ? "mono" : colours < 256 ? "16" : "dark";
	int rc = BN_OK;

	if (wanted != NULL && strcmp(wanted, "auto") != 0) {
		rc = load_named(out, wanted, err);
		if (rc == BN_OK && out->colours <= (mono ? 0 : colours))
			return BN_OK;
	}
	/* The built-in ones are read by the unit test: they load. */
	(void)load_named(out, best, NULL);
	return rc;
}

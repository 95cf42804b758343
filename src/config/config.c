/* config.c - loads what a person wrote: libgit2 gives the values, scan.c where they stand. */
/* SPDX-License-Identifier: MIT */
#include "config/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <git2.h>

#include "base/error.h"
#include "config/internal.h"

#define SYSTEM_FILE  "/etc/binnacle/config"
#define MAX_PROBLEMS 200
#define MAX_SECTIONS 5000

void
bn_config_problem(struct bn_config *config, bool fatal, const char *file, int line,
		  const char *hint, const char *format, ...)
{
	struct bn_config_problem *problem;
	struct bn_error text = {0};
	va_list ap;

	/* Beyond these nobody reads on; fatal ones come in all the same, in place of the last. */
	if (config->problem_count == MAX_PROBLEMS) {
		if (!fatal)
			return;
		config->problem_count--;
	}
	if (config->problem_count == config->problem_capacity) {
		config->problem_capacity += 16;
		config->problems = bn_xrealloc(config->problems, config->problem_capacity,
					       sizeof(*config->problems));
	}
	problem = &config->problems[config->problem_count++];
	*problem = (struct bn_config_problem){.fatal = fatal, .line = line};
	problem->file = bn_arena_strdup(config->arena, file);
	va_start(ap, format);
	bn_failv(&text, BN_ECONFIG, format, ap);
	va_end(ap);
	snprintf(problem->message, sizeof(problem->message), "%.*s",
		 (int)sizeof(problem->message) - 1, text.message);
	snprintf(problem->hint, sizeof(problem->hint), "%.*s", (int)sizeof(problem->hint) - 1,
		 hint != NULL ? hint : "");
}

/* ---- sections -------------------------------------------------------------------------------- */

static struct bn_section_build *
section_for(struct bn_config *config, const char *kind, const char *name, const char *file,
	    int line)
{
	struct bn_section_build *build;

	for (size_t i = config->section_count; i-- > 0;) {
		struct bn_config_section *s = &config->sections[i].shown;

		if (strcmp(s->kind, kind) == 0 && strcmp(s->name, name) == 0)
			return &config->sections[i];
	}
	if (config->section_count == MAX_SECTIONS) {
		if (config->problem_count == 0 ||
		    config->problems[config->problem_count - 1].line != line)
			bn_config_problem(config, true, file, line, NULL, "more than %d sections",
					  MAX_SECTIONS);
		return NULL;
	}
	if (config->section_count == config->section_capacity) {
		config->section_capacity =
		    config->section_capacity > 0 ? config->section_capacity * 2 : 32;
		config->sections = bn_xrealloc(config->sections, config->section_capacity,
					       sizeof(*config->sections));
	}
	build = &config->sections[config->section_count++];
	*build = (struct bn_section_build){0};
	build->shown.kind = bn_arena_strdup(config->arena, kind);
	build->shown.name = bn_arena_strdup(config->arena, name);
	build->shown.file = file;
	build->shown.line = line;
	return build;
}

static void
add_value(struct bn_section_build *build, const struct bn_config_value *value,
	  const struct bn_written *written)
{
	if (build->shown.count == build->capacity) {
		build->capacity = build->capacity > 0 ? build->capacity * 2 : 8;
		build->values = bn_xrealloc(build->values, build->capacity, sizeof(*build->values));
		build->written =
		    bn_xrealloc(build->written, build->capacity, sizeof(*build->written));
	}
	build->values[build->shown.count] = *value;
	build->written[build->shown.count++] = *written;
	build->shown.values = build->values;
}

/* ---- values through libgit2 ------------------------------------------------------------------ */

struct reading {
	struct bn_config *config;
	const struct bn_scan *scan;
	const char *file; /* where nothing better is known */
	size_t next;	  /* both read in the same order, so the place is mostly this one */
};

static bool
same_entry(const struct bn_scan_entry *entry, const char *kind, const char *name, const char *key)
{
	return entry->key != NULL && strcmp(entry->key, key) == 0 &&
	       strcmp(entry->kind, kind) == 0 && strcmp(entry->name, name) == 0;
}

static const struct bn_scan_entry *
find_entry(struct reading *r, const char *kind, const char *name, const char *key)
{
	for (size_t i = r->next; i < r->scan->count; i++)
		if (same_entry(&r->scan->entries[i], kind, name, key)) {
			r->next = i + 1;
			return &r->scan->entries[i];
		}
	return NULL;
}

/* libgit2 gives one name, "kind.any.thing at all.key". */
static int
on_entry(const git_config_entry *entry, void *payload)
{
	static const struct bn_written nothing = {0};
	struct reading *r = payload;
	struct bn_arena *arena = r->config->arena;
	const char *first = strchr(entry->name, '.'), *last = strrchr(entry->name, '.'), *kind,
		   *name;
	const struct bn_scan_entry *place;
	struct bn_config_value value;
	struct bn_section_build *build;

	if (first == NULL)
		return 0; /* a key before any section: the scanner has said so */
	kind = bn_arena_strndup(arena, entry->name, (size_t)(first - entry->name));
	name = last > first ? bn_arena_strndup(arena, first + 1, (size_t)(last - first) - 1) : "";
	value.key = bn_arena_strdup(arena, last + 1);
	value.text = bn_arena_strdup(arena, entry->value != NULL ? entry->value : "true");
	place = find_entry(r, kind, name, value.key);
	value.file = place != NULL ? place->file : r->file;
	value.line = place != NULL ? place->line : 0;
	build = section_for(r->config, kind, name, value.file, value.line);
	if (build != NULL)
		add_value(build, &value, place != NULL ? &place->written : &nothing);
	return 0;
}

/* libgit2's own words, which end in "(in FILE:LINE, column N)". */
static void
add_git_problem(struct bn_config *config, const char *file)
{
	static const char before[] = "failed to parse config file: ";
	const git_error *error = git_error_last();
	const char *text = error != NULL ? error->message : "not readable", *in;
	int line = 0;

	if (strncmp(text, before, sizeof(before) - 1) == 0)
		text += sizeof(before) - 1;
	in = strstr(text, " (in ");
	if (in != NULL && strrchr(in, ':') != NULL)
		line = atoi(strrchr(in, ':') + 1);
	bn_config_problem(config, true, file, line, NULL, "%.*s",
			  in != NULL ? (int)(in - text) : (int)strlen(text), text);
}

static void
read_values(struct bn_config *config, const struct bn_scan *scan, const char *path,
	    const char *shown)
{
	struct reading r = {config, scan, bn_arena_strdup(config->arena, shown), 0};
	git_config *git = NULL;

	/* One reference is kept for the life of the process: beginning anew, for each file and theme, means
	 * reading every CA certificate of the system again. */
	if (git_libgit2_init() > 1)
		git_libgit2_shutdown();
	if (git_config_open_ondisk(&git, path) != 0 || git_config_foreach(git, on_entry, &r) != 0)
		add_git_problem(config, shown);
	git_config_free(git);
}

/* All sections in the order and at the line of their heads; those without a key exist for the
 * scanner alone. */
static void
add_sections(struct bn_config *config, const struct bn_scan *scan)
{
	for (size_t i = 0; i < scan->count; i++) {
		const struct bn_scan_entry *entry = &scan->entries[i];

		if (entry->key == NULL)
			section_for(config, entry->kind, entry->name, entry->file, entry->line);
	}
}

static void
read_scanned(struct bn_scan *scan, const char *path, const char *shown)
{
	if (!scan->broken) {
		add_sections(scan->config, scan);
		read_values(scan->config, scan, path, shown);
	}
	bn_scan_clear(scan);
	scan->broken = false;
}

/* ---- loading --------------------------------------------------------------------------------- */

static struct bn_config *
config_new(void)
{
	struct bn_config *config = bn_xcalloc(1, sizeof(*config));

	config->arena = bn_arena_new();
	return config;
}

static size_t
file_index(const struct bn_config *config, const char *file)
{
	size_t i = 0;

	while (i < config->files.count && strcmp(config->files.items[i], file) != 0)
		i++;
	return i;
}

/* As a person reads them: file by file, from the top. */
static void
sort_problems(struct bn_config *config)
{
	for (size_t i = 1; i < config->problem_count; i++) {
		struct bn_config_problem moved = config->problems[i];
		size_t file = file_index(config, moved.file), to = i;

		for (; to > 0; to--) {
			const struct bn_config_problem *other = &config->problems[to - 1];
			size_t index = file_index(config, other->file);

			if (index < file || (index == file && other->line <= moved.line))
				break;
			config->problems[to] = *other;
		}
		config->problems[to] = moved;
	}
}

/* Checks everything, freezes it, and turns the first fatal problem into the error. */
static int
finish(struct bn_config *config, const struct bn_config_types *types, struct bn_error *err)
{
	const struct bn_config_problem *first = NULL;
	size_t fatal = 0;

	bn_config_validate(config, types);
	sort_problems(config);
	config->file_list = bn_xcalloc(config->files.count + 1, sizeof(*config->file_list));
	for (size_t i = 0; i < config->files.count; i++)
		config->file_list[i] = config->files.items[i];
	for (size_t i = 0; i < config->problem_count; i++)
		if (config->problems[i].fatal && fatal++ == 0)
			first = &config->problems[i];
	if (first == NULL)
		return BN_OK;
	bn_fail(err, BN_ECONFIG, "%s", first->message);
	if (first->line > 0)
		bn_error_prefix(err, "%s:%d", first->file, first->line);
	else
		bn_error_prefix(err, "%s", first->file);
	if (fatal > 1)
		bn_hint(err, "%s%s%zu more: binnacle config check", first->hint,
			*first->hint != '\0' ? "; " : "", fatal - 1);
	else
		bn_hint(err, "%s", first->hint);
	return BN_ECONFIG;
}

static int
read_file(struct bn_config *config, const char *path, struct bn_error *err)
{
	struct bn_scan scan = {.config = config};
	int rc = bn_scan_file(&scan, path, 0, err);

	if (rc == BN_OK) {
		char *whole = realpath(path, NULL);

		config->origin = bn_arena_strdup(config->arena, whole != NULL ? whole : path);
		free(whole);
		read_scanned(&scan, path, path);
	} else
		bn_scan_clear(&scan);
	return rc;
}

static char *
user_file(void)
{
	const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (base != NULL && base[0] == '/')
		return bn_xasprintf("%s/binnacle/config", base);
	return home != NULL && home[0] == '/' ? bn_xasprintf("%s/.config/binnacle/config", home)
					      : NULL;
}

static int
read_default_files(struct bn_config *config, struct bn_error *err)
{
	char *user = user_file();
	int rc = BN_OK;

	/* Later values win, so the user's own file comes last. */
	if (access(SYSTEM_FILE, F_OK) == 0)
		rc = read_file(config, SYSTEM_FILE, err);
	if (rc == BN_OK && user != NULL && (access(user, F_OK) == 0 || errno != ENOENT))
		rc = read_file(config, user, err);
	free(user);
	return rc;
}

int
bn_config_load(struct bn_config **out, const char *path, const struct bn_config_types *types,
	       struct bn_error *err)
{
	struct bn_config *config = config_new();
	int rc;

	*out = NULL;
	rc = path != NULL ? read_file(config, path, err) : read_default_files(config, err);
	if (rc != BN_OK) {
		bn_config_free(config);
		return rc;
	}
	*out = config;
	return finish(config, types, err);
}

/* libgit2 reads files only, so the text becomes one that has no name. */
static int
memory_file(const char *text, size_t size)
{
	int fd = memfd_create("binnacle-config", MFD_CLOEXEC);

	while (fd >= 0 && size > 0) {
		ssize_t put = write(fd, text, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0) {
			close(fd);
			return -1;
		}
		text += put;
		size -= (size_t)put;
	}
	return fd;
}

int
bn_config_load_text(struct bn_config **out, const char *name, const char *text,
		    const struct bn_config_types *types, struct bn_error *err)
{
	struct bn_config *config = config_new();
	struct bn_scan scan = {.config = config};
	char path[64];
	int fd = -1;

	*out = config;
	config->origin = bn_arena_strdup(config->arena, name);
	bn_scan_text(&scan, name, text, strlen(text), 0);
	if (!scan.broken) {
		fd = memory_file(text, strlen(text));
		if (fd < 0) {
			bn_scan_clear(&scan);
			bn_config_free(config);
			*out = NULL;
			return bn_fail(err, BN_EIO, "%s: %s", name, strerror(errno));
		}
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	read_scanned(&scan, path, name);
	if (fd >= 0)
		close(fd);
	return finish(config, types, err);
}

void
bn_config_free(struct bn_config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < config->section_count; i++) {
		free(config->sections[i].values);
		free(config->sections[i].written);
	}
	free(config->sections);
	free(config->problems);
	free(config->file_list);
	bn_strlist_clear(&config->files);
	bn_arena_free(config->arena);
	free(config);
}

const struct bn_config_problem *
bn_config_problems(const struct bn_config *config, size_t *count)
{
	*count = config->problem_count;
	return config->problems;
}

const char *
bn_config_origin(const struct bn_config *config)
{
	return config->origin != NULL ? config->origin : "";
}

const char *const *
bn_config_files(const struct bn_config *config)
{
	return config->file_list;
}

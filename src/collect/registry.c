/* registry.c - the plugins there are: linked in, or loaded from shared objects after checks. */
/* SPDX-License-Identifier: MIT */
#include "collect/registry.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

struct entry {
	const struct bn_plugin *plugin;
	void *object; /* of dlopen, or NULL */
};

struct bn_registry {
	struct entry *entries;
	size_t count, room;
	struct bn_config_types types;
	struct bn_section_kind *sections; /* what plugins own; ends with a NULL name */
	const char **words;		  /* the plugins' names; ends with NULL */
};

static const struct bn_option *
source_options(const char *type, void *payload)
{
	static const struct bn_option none[] = {{NULL}};
	const struct bn_plugin *plugin = bn_registry_find(payload, type);

	if (plugin == NULL)
		return NULL;
	return plugin->options != NULL ? plugin->options : none;
}

/* What the configuration loader is told, made anew whenever a plugin comes. */
static void
rebuild_types(struct bn_registry *registry)
{
	const struct bn_plugin *plugin;
	size_t i, sections = 0;

	registry->sections =
	    bn_xrealloc(registry->sections, registry->count + 1, sizeof(*registry->sections));
	registry->words =
	    bn_xrealloc(registry->words, registry->count + 1, sizeof(*registry->words));
	for (i = 0; i < registry->count; i++) {
		plugin = registry->entries[i].plugin;
		registry->words[i] = plugin->name;
		if (plugin->section == NULL)
			continue;
		registry->sections[sections++] = (struct bn_section_kind){
		    plugin->section, true, plugin->section_options, plugin->summary};
	}
	registry->words[registry->count] = NULL;
	registry->sections[sections] = (struct bn_section_kind){NULL, false, NULL, NULL};
	registry->types = (struct bn_config_types){
	    .source_options = source_options,
	    .sections = registry->sections,
	    .type_words = registry->words,
	    .payload = registry,
	};
}

static bool
known_effects(const struct bn_plugin *plugin)
{
	const struct bn_request *row;

	for (row = plugin->requests; row != NULL && row->method != NULL; row++)
		if (row->path == NULL ||
		    (row->path[0] != '/' && strncmp(row->path, "{url}", 5) != 0 &&
		     strcmp(row->method, BN_TALK_METHOD) != 0))
			return false;
	return true;
}

static int
add(struct bn_registry *registry, const struct bn_plugin *plugin, void *object, const char *from,
    struct bn_error *err)
{
	if (plugin == NULL || plugin->abi != BN_PLUGIN_ABI) {
		bn_fail(err, BN_EUNSUPPORTED,
			"%s: made for plugin interface %u, this binnacle has %u", from,
			plugin != NULL ? plugin->abi : 0, BN_PLUGIN_ABI);
		return bn_hint(err, "build it again with the plugin.h of this binnacle");
	}
	if (plugin->name == NULL || *plugin->name == '\0')
		return bn_fail(err, BN_EUNSUPPORTED, "%s: the plugin has no name", from);
	if (!known_effects(plugin))
		return bn_fail(
		    err, BN_EUNSUPPORTED,
		    "%s: its request table has a path that begins with neither / nor {url}", from);
	if (bn_registry_find(registry, plugin->name) != NULL)
		return bn_fail(err, BN_ECONFLICT, "%s: there is a plugin \"%s\" already", from,
			       plugin->name);
	if (registry->count == registry->room) {
		registry->room = registry->room == 0 ? 16 : registry->room * 2;
		registry->entries =
		    bn_xrealloc(registry->entries, registry->room, sizeof(*registry->entries));
	}
	registry->entries[registry->count++] = (struct entry){plugin, object};
	rebuild_types(registry);
	return BN_OK;
}

int
bn_registry_new(struct bn_registry **out, const struct bn_plugin *const *builtin,
		struct bn_error *err)
{
	struct bn_registry *registry = bn_xcalloc(1, sizeof(*registry));
	int rc = BN_OK;

	*out = NULL;
	rebuild_types(registry);
	for (; builtin != NULL && *builtin != NULL && rc == BN_OK; builtin++)
		rc = add(registry, *builtin, NULL, (*builtin)->name, err);
	if (rc != BN_OK) {
		bn_registry_free(registry);
		return rc;
	}
	*out = registry;
	return BN_OK;
}

void
bn_registry_free(struct bn_registry *registry)
{
	size_t i;

	if (registry == NULL)
		return;
	for (i = 0; i < registry->count; i++)
		if (registry->entries[i].object != NULL)
			dlclose(registry->entries[i].object);
	free(registry->entries);
	free(registry->sections);
	free(registry->words);
	free(registry);
}

/* ---- shared objects ------------------------------------------------------------------------ */

static int
check_owner(const struct stat *st, const char *path, bool folder, struct bn_error *err)
{
	/* In a folder like /tmp the sticky bit keeps others from replacing what isn't theirs. */
	bool sticky = folder && (st->st_mode & S_ISVTX) != 0 && st->st_uid == 0;

	if (st->st_uid != 0 && st->st_uid != geteuid()) {
		bn_fail(err, BN_EPERM, "%s: belongs to another user", path);
		return bn_hint(
		    err,
		    "a plugin runs with all your rights: file and folders must be root's or yours");
	}
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0 && !sticky) {
		bn_fail(err, BN_EPERM, "%s: can be written by others", path);
		return bn_hint(err, "chmod go-w %s", path);
	}
	return BN_OK;
}

static int
check_folders(const char *path, struct bn_error *err)
{
	char *folder = bn_xstrdup(path), *slash;
	struct stat st;
	int rc = BN_OK;

	while (rc == BN_OK && (slash = strrchr(folder, '/')) != NULL) {
		slash[slash == folder ? 1 : 0] = '\0';
		if (lstat(folder, &st) != 0)
			rc = bn_fail(err, BN_EIO, "%s: %s", folder, strerror(errno));
		else if (S_ISLNK(st.st_mode))
			rc = bn_fail(err, BN_EPERM, "%s: is a symbolic link; name the real folder",
				     folder);
		else
			rc = check_owner(&st, folder, true, err);
		if (slash == folder)
			break;
	}
	free(folder);
	return rc;
}

/* Through one descriptor, so that what was looked at is what is loaded. */
static int
open_checked(const char *path, int *out, struct bn_error *err)
{
	struct stat st;
	int rc, fd;

	*out = -1;
	if (path[0] != '/' || strstr(path, "/../") != NULL || strstr(path, "/./") != NULL)
		return bn_fail(err, BN_ECONFIG,
			       "%s: a plugin is named by its absolute path, without . or ..", path);
	if ((rc = check_folders(path, err)) != BN_OK)
		return rc;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) < 0) {
		rc = errno == ENOENT ? BN_ENOTFOUND : errno == ELOOP ? BN_EPERM : BN_EIO;
		return bn_fail(err, rc, "%s: %s", path,
			       errno == ELOOP ? "is a symbolic link; name the real file"
					      : strerror(errno));
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		rc = bn_fail(err, BN_EPERM, "%s: is not a regular file", path);
	else
		rc = check_owner(&st, path, false, err);
	if (rc != BN_OK)
		close(fd);
	else
		*out = fd;
	return rc;
}

int
bn_registry_load(struct bn_registry *registry, const char *path, struct bn_error *err)
{
	const struct bn_plugin *const *symbol;
	char name[64];
	void *object;
	int fd, rc;

	if ((rc = open_checked(path, &fd, err)) != BN_OK)
		return rc;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	object = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	close(fd);
	if (object == NULL)
		return bn_fail(err, BN_EUNSUPPORTED, "%s: cannot be loaded: %s", path, dlerror());
	symbol = dlsym(object, BN_PLUGIN_SYMBOL);
	if (symbol == NULL) {
		rc = bn_fail(err, BN_EUNSUPPORTED,
			     "%s: exports no %s, so it is not a binnacle plugin", path,
			     BN_PLUGIN_SYMBOL);
		bn_hint(err, "const struct bn_plugin *const %s = &plugin;", BN_PLUGIN_SYMBOL);
	} else
		rc = add(registry, *symbol, object, path, err);
	if (rc != BN_OK)
		dlclose(object);
	return rc;
}

const struct bn_plugin *
bn_registry_find(const struct bn_registry *registry, const char *name)
{
	size_t i;

	for (i = 0; i < registry->count; i++)
		if (strcmp(registry->entries[i].plugin->name, name) == 0)
			return registry->entries[i].plugin;
	return NULL;
}

const struct bn_plugin *
bn_registry_at(const struct bn_registry *registry, size_t index)
{
	return index < registry->count ? registry->entries[index].plugin : NULL;
}

const struct bn_config_types *
bn_registry_types(const struct bn_registry *registry)
{
	return &registry->types;
}

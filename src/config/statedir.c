/* statedir.c - the directory of cache.db and journal.db: found, made, and refused where others may write. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "config/config.h"

static char *
choose(const struct bn_config *config)
{
	const struct bn_config_section *section =
	    config != NULL ? bn_config_find(config, "state", "") : NULL;
	const char *set = bn_section_get(section, NULL, "dir");
	const char *base = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (set != NULL)
		return bn_path_expand(set);
	if (base != NULL && base[0] == '/')
		return bn_xasprintf("%s/binnacle", base);
	if (home != NULL && home[0] == '/')
		return bn_xasprintf("%s/.local/state/binnacle", home);
	return NULL;
}

/* Every missing directory on the way, for us alone. */
static int
make_all(char *path, struct bn_error *err)
{
	for (char *p = path + 1;; p++) {
		char kept = *p;

		if (kept != '/' && kept != '\0')
			continue;
		*p = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST && errno != EISDIR) {
			int rc =
			    bn_fail(err, BN_EIO, "%s can't be made: %s", path, strerror(errno));

			bn_hint(err, "set [state] dir to a place you can write to");
			*p = kept;
			return rc;
		}
		*p = kept;
		if (kept == '\0')
			return BN_OK;
	}
}

static int
check(const char *path, struct bn_error *err)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return bn_fail(err, BN_EIO, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return bn_fail(err, BN_EIO, "%s is not a directory", path);
	if (st.st_mode & S_IWOTH) {
		bn_fail(err, BN_EPERM, "anybody can write to the state directory %s", path);
		return bn_hint(err, "chmod 0700 %s (or 2770 for one team's group)", path);
	}
	/* A team's directory: setgid, so that what is made in it stays with the group. */
	if ((st.st_mode & S_IWGRP) && !(st.st_mode & S_ISGID)) {
		bn_fail(err, BN_EPERM, "a group can write to the state directory %s", path);
		return bn_hint(err, "chmod 0700 %s, or 2770 to share it with that group", path);
	}
	if (st.st_uid != geteuid() && !((st.st_mode & S_ISGID) && access(path, W_OK) == 0)) {
		bn_fail(err, BN_EPERM, "the state directory %s belongs to another user", path);
		return bn_hint(err, "set [state] dir to one of your own");
	}
	if (access(path, R_OK | W_OK | X_OK) != 0) {
		bn_fail(err, BN_EPERM, "the state directory %s: %s", path, strerror(errno));
		return bn_hint(err, "chmod 0700 %s, set [state] dir, or run with --cache none",
			       path);
	}
	return BN_OK;
}

int
bn_state_dir(const struct bn_config *config, char **out, struct bn_error *err)
{
	char *path = choose(config);
	int rc;

	*out = NULL;
	if (path == NULL || path[0] != '/') {
		bn_fail(err, BN_ECONFIG, "there is no place for the state directory");
		bn_hint(err, "set HOME, or [state] dir to an absolute path");
		free(path);
		return BN_ECONFIG;
	}
	rc = make_all(path, err);
	if (rc == BN_OK)
		rc = check(path, err);
	if (rc == BN_OK)
		*out = path;
	else
		free(path);
	return rc;
}

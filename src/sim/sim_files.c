/* sim_files.c - the demo's directory and the files in it. */
/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "sim/sim_room.h"

int
bn_sim_make_dir(const char *path, struct bn_error *err)
{
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return bn_fail(err, BN_EIO, "demo: cannot make %s: %s", path, strerror(errno));
	return BN_OK;
}

int
bn_sim_write_file(const struct bn_sim *sim, const char *name, const char *text,
		  struct bn_error *err)
{
	char *path = bn_xasprintf("%s/%s", sim->dir, name), *beside = bn_xasprintf("%s.new", path);
	int rc = BN_OK,
	    fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	ssize_t size = (ssize_t)strlen(text);

	if (fd < 0 || write(fd, text, (size_t)size) != size || rename(beside, path) != 0)
		rc = bn_fail(err, BN_EIO, "demo: cannot write %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(beside);
	free(path);
	return rc;
}

void
bn_sim_remove_tree(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	struct stat status;
	char *below;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		below = bn_xasprintf("%s/%s", path, entry->d_name);
		if (lstat(below, &status) == 0 && S_ISDIR(status.st_mode))
			bn_sim_remove_tree(below);
		else
			unlink(below);
		free(below);
	}
	closedir(dir);
	rmdir(path);
}

#define MARK ".binnacle-demo"

/* A directory that is there already must be an earlier demo's: then its repositories and what was
 * seen of its world make room. */
static int
claim_dir(const struct bn_sim *sim, struct bn_error *err)
{
	char *mark = bn_xasprintf("%s/" MARK, sim->dir);
	char *repos = bn_xasprintf("%s/repos", sim->dir);
	char *state = bn_xasprintf("%s/state", sim->dir);
	int rc = bn_sim_make_dir(sim->dir, err);

	if (rc == BN_OK && access(mark, F_OK) == 0) {
		bn_sim_remove_tree(repos);
		bn_sim_remove_tree(state);
	} else if (rc == BN_OK && (access(repos, F_OK) == 0 || access(state, F_OK) == 0)) {
		rc = bn_fail(err, BN_EIO, "demo: %s is in use and no demo's", sim->dir);
		bn_hint(err, "name a directory that is empty or not there");
	}
	if (rc == BN_OK)
		rc = bn_sim_write_file(sim, MARK, "", err);
	free(mark);
	free(repos);
	free(state);
	return rc;
}

int
bn_sim_open_dir(struct bn_sim *sim, const char *given, struct bn_error *err)
{
	const char *base = getenv("TMPDIR");
	char cwd[4096];

	if (given == NULL) {
		sim->dir = bn_xasprintf("%s/binnacle-demo-XXXXXX",
					base == NULL || *base == '\0' ? "/tmp" : base);
		if (mkdtemp(sim->dir) == NULL)
			return bn_fail(err, BN_EIO, "demo: cannot make %s: %s", sim->dir,
				       strerror(errno));
		sim->own_dir = true;
		return BN_OK;
	}
	/* the configuration holds absolute paths: whoever reads it may stand elsewhere */
	if (*given != '/' && getcwd(cwd, sizeof(cwd)) != NULL)
		sim->dir = bn_xasprintf("%s/%s", cwd, given);
	else
		sim->dir = bn_xstrdup(given);
	return claim_dir(sim, err);
}

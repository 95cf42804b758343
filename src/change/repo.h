/* repo.h - what changed: the log of the files that define things, read from clones without any forge. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_CHANGE_REPO_H
#define BN_CHANGE_REPO_H

#include "config/config.h"
#include "store/store.h"

/* Reads the commits of every [repo] with a `path` (a clone or bare repository on this machine) that
 * are not in the store yet (at most `days` back, at most 20,000 a repository) with the files they
 * touched, and stores them. No network, no hooks, owner validation on. Each repository's failure is
 * its own: it shows as a source of type "repo" in the Sources screen. */
struct bn_repos;
int bn_repos_new(struct bn_repos **out, const struct bn_config *config, struct bn_store *store,
		 struct bn_error *err);
void bn_repos_free(struct bn_repos *repos);
int bn_repos_read(struct bn_repos *repos, struct bn_error *err);

#endif

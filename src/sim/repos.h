/* repos.h - real Git repositories, made and merged into as the world's clock goes. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_SIM_REPOS_H
#define BN_SIM_REPOS_H

#include "sim/world.h"

struct bn_buf;
struct bn_world_repos;

/* Makes DIR/repos/NAME.git for each of the world's repositories, with everything merged up to
 * `now`. */
int bn_world_repos_make(struct bn_world_repos **out, const char *dir, const struct bn_world *world,
			bn_time now, struct bn_error *err);
/* Commits what became due since. */
int bn_world_repos_advance(struct bn_world_repos *repos, bn_time now, struct bn_error *err);
/* When the next change is due; 0: there is none any more. */
bn_time bn_world_repos_next(const struct bn_world_repos *repos);
void bn_world_repos_free(struct bn_world_repos *repos); /* NULL allowed; leaves the files */
/* Their [repo] sections. */
void bn_world_repos_configure(const struct bn_world_repos *repos, struct bn_buf *out);

#endif

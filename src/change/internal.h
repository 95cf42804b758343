/* internal.h - what the files of src/change share: one repository, its log, its map of definitions. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_CHANGE_INTERNAL_H
#define BN_CHANGE_INTERNAL_H

#include <git2.h>

#include "base/digest.h"
#include "base/memory.h"
#include "change/repo.h"

/* Bounds a repository can't get past: commits, days back, files of one commit, files of the tree.
 */
#define REPO_MAX_COMMITS 20000
#define REPO_DAYS	 400
#define REPO_MAX_FILES	 2000
#define REPO_MAX_TREE	 100000

/* One `defines =` line: things that match `pattern` are defined by `path`, where {name}, {key} and
 * {source} stand for the thing's own; the path may be a glob. */
struct bn_repo_define {
	enum bn_kind kind;
	char *source; /* NULL: any */
	char *pattern;
	char *path;
};

struct bn_repo {
	const char *name, *path, *branch; /* of the configuration; branch may be NULL */
	struct bn_repo_define *defines;
	size_t define_count;
	int64_t source_id, read_at; /* monotonic ms of the latest reading, 0: none */
	struct bn_strlist tree;	    /* paths of the head's files, sorted */
	char head[GIT_OID_HEXSZ + 1];
};

/* "dbt!2207", "gitops#415": the merge or pull request a commit came by, as its message says; "" if
 * none. `repo` is put before a bare number. Cut to `size`. */
void bn_merge_find(char *out, size_t size, const char *repo, const char *message);

/* What a commit is about in one line: of a merge, the title in its body where there is one. */
void bn_merge_subject(char *out, size_t size, const char *summary, const char *message);

/* Stores the commits since the remembered heads, newest last in the store's eyes, in transactions
 * of 500. */
int bn_repo_read_log(sqlite3 *db, struct bn_repo *repo, git_repository *git, bn_time now,
		     int64_t *commits, struct bn_error *err);
/* The head commit, or BN_ENOTFOUND for a repository without one. The caller frees it. */
int bn_repo_head(git_commit **out, const struct bn_repo *repo, git_repository *git,
		 struct bn_error *err);

/* Reads the paths of the head's tree, if it isn't the one that was read last. */
int bn_repo_read_tree(struct bn_repo *repo, git_commit *head, struct bn_error *err);
/* Which file defines which thing, as links of kind `defines`; writes only what differs. */
int bn_repo_map(sqlite3 *db, struct bn_repo *repo, bn_time now, struct bn_error *err);

/* Copies libgit2's own words at once, since the next call may change them. */
int bn_git_fail(struct bn_error *err, int code, const char *what);
int bn_change_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out, struct bn_error *err);
int bn_change_exec(sqlite3 *db, const char *sql, struct bn_error *err);

#endif

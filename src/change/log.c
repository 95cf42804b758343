/* log.c - copies a repository's new commits and the files they touched into the store. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "change/internal.h"

#define PER_TRANSACTION 500

struct log {
	sqlite3 *db;
	struct bn_repo *repo;
	git_repository *git;
	sqlite3_stmt *insert, *file;
	bn_time oldest;
	struct bn_error *err;
};

int
bn_git_fail(struct bn_error *err, int code, const char *what)
{
	const git_error *last = git_error_last();

	return bn_fail(err, code, "%s: %s", what, last != NULL ? last->message : "git failed");
}

int
bn_change_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out, struct bn_error *err)
{
	if (sqlite3_prepare_v2(db, sql, -1, out, NULL) == SQLITE_OK)
		return BN_OK;
	return bn_fail(err, BN_EIO, "what changed: %s", sqlite3_errmsg(db));
}

int
bn_change_exec(sqlite3 *db, const char *sql, struct bn_error *err)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return BN_OK;
	return bn_fail(err, sqlite3_errcode(db) == SQLITE_BUSY ? BN_EBUSY : BN_EIO,
		       "what changed: %s", sqlite3_errmsg(db));
}

/* The branch that counts as it was fetched last (origin's), else the clone's own, else HEAD. */
static int
find_head(git_oid *out, const struct bn_repo *repo, git_repository *git)
{
	static const char *const places[] = {"refs/remotes/origin/", "refs/heads/"};
	char name[512];
	git_oid found[2];
	bool has[2] = {false, false};

	if (repo->branch == NULL)
		return git_reference_name_to_id(out, git, "HEAD");
	for (size_t i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "%s%s", places[i], repo->branch);
		has[i] = git_reference_name_to_id(&found[i], git, name) == 0;
	}
	if (!has[0] && !has[1])
		return GIT_ENOTFOUND;
	/* The clone's own branch when it is ahead of what was fetched. */
	if (has[0] && (!has[1] || git_graph_descendant_of(git, &found[1], &found[0]) != 1))
		*out = found[0];
	else
		*out = found[1];
	return 0;
}

int
bn_repo_head(git_commit **out, const struct bn_repo *repo, git_repository *git,
	     struct bn_error *err)
{
	git_oid id;
	int rc = find_head(&id, repo, git);

	*out = NULL;
	if (rc == GIT_ENOTFOUND || rc == GIT_EUNBORNBRANCH) {
		(void)bn_fail(err, BN_ENOTFOUND, "%s: no branch \"%s\" and no commits", repo->path,
			      repo->branch != NULL ? repo->branch : "HEAD");
		return bn_hint(err, "set default-branch in [repo \"%s\"] to one that exists",
			       repo->name);
	}
	if (rc != 0 || git_commit_lookup(out, git, &id) != 0)
		return bn_git_fail(err, BN_EIO, repo->path);
	return BN_OK;
}

static int
store_path(struct log *log, const char *id, const char *path)
{
	int rc;

	sqlite3_bind_text(log->file, 1, log->repo->name, -1, SQLITE_STATIC);
	sqlite3_bind_text(log->file, 2, id, -1, SQLITE_STATIC);
	sqlite3_bind_text(log->file, 3, path, -1, SQLITE_STATIC);
	rc = sqlite3_step(log->file);
	sqlite3_reset(log->file);
	return rc == SQLITE_DONE
		   ? BN_OK
		   : bn_fail(log->err, BN_EIO, "what changed: %s", sqlite3_errmsg(log->db));
}

/* Files against the first parent: for a merge, what it brought in. */
static int
store_files(struct log *log, git_commit *commit, const char *id)
{
	git_diff_options options = GIT_DIFF_OPTIONS_INIT;
	git_commit *parent = NULL;
	git_tree *tree = NULL, *before = NULL;
	git_diff *diff = NULL;
	size_t count;
	int rc = BN_OK;

	options.flags = GIT_DIFF_SKIP_BINARY_CHECK | GIT_DIFF_IGNORE_SUBMODULES;
	if (git_commit_tree(&tree, commit) != 0 ||
	    (git_commit_parentcount(commit) > 0 && git_commit_parent(&parent, commit, 0) == 0 &&
	     git_commit_tree(&before, parent) != 0) ||
	    git_diff_tree_to_tree(&diff, log->git, before, tree, &options) != 0) {
		rc = bn_git_fail(log->err, BN_EIO, log->repo->path);
		goto out;
	}
	count = git_diff_num_deltas(diff);
	for (size_t i = 0; rc == BN_OK && i < count && i < REPO_MAX_FILES; i++) {
		const git_diff_delta *delta = git_diff_get_delta(diff, i);

		rc = store_path(log, id, delta->new_file.path);
		if (rc == BN_OK && strcmp(delta->old_file.path, delta->new_file.path) != 0)
			rc = store_path(log, id, delta->old_file.path);
	}
out:
	git_diff_free(diff);
	git_tree_free(before);
	git_tree_free(tree);
	git_commit_free(parent);
	return rc;
}

/* What a commit is about. The forges' merge commits begin with the branch's name and give the request's
 * title below it. */
static void
find_subject(git_commit *commit, char *out, size_t size)
{
	const char *summary = git_commit_summary(commit), *body = git_commit_body(commit);

	if (git_commit_parentcount(commit) > 1 && summary != NULL && body != NULL &&
	    strncmp(summary, "Merge ", 6) == 0 && strncmp(body, "See merge request", 17) != 0)
		snprintf(out, size, "%.*s", (int)strcspn(body, "\n"), body);
	else
		snprintf(out, size, "%s", summary != NULL ? summary : "");
}

static int
store_commit(struct log *log, git_commit *commit)
{
	const git_signature *author = git_commit_author(commit);
	char id[GIT_OID_HEXSZ + 1], merge[80], subject[1024];
	int rc;

	find_subject(commit, subject, sizeof(subject));

	git_oid_tostr(id, sizeof(id), git_commit_id(commit));
	bn_merge_subject(subject, sizeof(subject), git_commit_summary(commit),
			 git_commit_message(commit));
	bn_merge_find(merge, sizeof(merge), log->repo->name, git_commit_message(commit));
	sqlite3_bind_text(log->insert, 1, log->repo->name, -1, SQLITE_STATIC);
	sqlite3_bind_text(log->insert, 2, id, -1, SQLITE_STATIC);
	sqlite3_bind_int64(log->insert, 3, (int64_t)git_commit_time(commit) * 1000);
	sqlite3_bind_text(log->insert, 4, author != NULL ? author->name : "", -1, SQLITE_STATIC);
	sqlite3_bind_text(log->insert, 5, subject, -1, SQLITE_STATIC);
	sqlite3_bind_text(log->insert, 6, merge[0] != '\0' ? merge : NULL, -1, SQLITE_STATIC);
	rc = sqlite3_step(log->insert);
	sqlite3_reset(log->insert);
	if (rc != SQLITE_DONE)
		return bn_fail(log->err, BN_EIO, "what changed: %s", sqlite3_errmsg(log->db));
	return sqlite3_changes(log->db) > 0 ? store_files(log, commit, id) : BN_OK;
}

/* Walks from the head; hides what was read before, where that commit still exists. */
static int
start_walk(git_revwalk **walk, struct log *log, const git_oid *head, const char *known)
{
	git_oid old;

	if (git_revwalk_new(walk, log->git) != 0)
		return bn_git_fail(log->err, BN_EIO, log->repo->path);
	git_revwalk_sorting(*walk, GIT_SORT_TIME);
	if (git_revwalk_push(*walk, head) != 0)
		return bn_git_fail(log->err, BN_EIO, log->repo->path);
	/* A head that history was rewritten away from, or that was pruned, is no error: all is read
	 * again. */
	if (known != NULL && git_oid_fromstr(&old, known) == 0)
		(void)git_revwalk_hide(*walk, &old);
	return BN_OK;
}

static int
remember(struct log *log, const char *head)
{
	sqlite3_stmt *set = NULL;
	int rc = bn_change_prepare(
	    log->db,
	    "INSERT INTO watermark (source_id, name, value) VALUES (?1, 'head', ?2)"
	    " ON CONFLICT (source_id, name) DO UPDATE SET value = excluded.value",
	    &set, log->err);

	if (rc != BN_OK)
		return rc;
	sqlite3_bind_int64(set, 1, log->repo->source_id);
	sqlite3_bind_text(set, 2, head, -1, SQLITE_STATIC);
	if (sqlite3_step(set) != SQLITE_DONE)
		rc = bn_fail(log->err, BN_EIO, "what changed: %s", sqlite3_errmsg(log->db));
	sqlite3_finalize(set);
	return rc;
}

static char *
known_head(struct log *log)
{
	sqlite3_stmt *get = NULL;
	char *value = NULL;

	if (sqlite3_prepare_v2(log->db,
			       "SELECT value FROM watermark WHERE source_id = ?1 AND name = 'head'",
			       -1, &get, NULL) == SQLITE_OK) {
		sqlite3_bind_int64(get, 1, log->repo->source_id);
		if (sqlite3_step(get) == SQLITE_ROW)
			value = bn_xstrdup((const char *)sqlite3_column_text(get, 0));
	}
	sqlite3_finalize(get);
	return value;
}

/* One transaction's worth. *more: there may be further commits. */
static int
store_some(struct log *log, git_revwalk *walk, int64_t *count, bool *more)
{
	git_oid id;
	int rc = bn_change_exec(log->db, "BEGIN IMMEDIATE", log->err);

	if (rc != BN_OK)
		return rc;
	*more = true;
	for (int i = 0; rc == BN_OK && i < PER_TRANSACTION; i++) {
		git_commit *commit = NULL;

		if (*count >= REPO_MAX_COMMITS || git_revwalk_next(&id, walk) != 0) {
			*more = false;
			break;
		}
		if (git_commit_lookup(&commit, log->git, &id) != 0) {
			rc = bn_git_fail(log->err, BN_EIO, log->repo->path);
		} else if ((int64_t)git_commit_time(commit) * 1000 < log->oldest) {
			git_commit_free(commit);
			*more = false;
			break;
		} else {
			rc = store_commit(log, commit);
			(*count)++;
		}
		git_commit_free(commit);
	}
	if (rc == BN_OK)
		rc = bn_change_exec(log->db, "COMMIT", log->err);
	if (rc != BN_OK)
		(void)sqlite3_exec(log->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

int
bn_repo_read_log(sqlite3 *db, struct bn_repo *repo, git_repository *git, bn_time now,
		 int64_t *commits, struct bn_error *err)
{
	struct log log = {.db = db, .repo = repo, .git = git, .err = err};
	git_revwalk *walk = NULL;
	git_commit *head = NULL;
	char id[GIT_OID_HEXSZ + 1];
	char *known = NULL;
	bool more = true;
	int rc;

	*commits = 0;
	log.oldest = now - (int64_t)REPO_DAYS * 86400000;
	rc = bn_repo_head(&head, repo, git, err);
	if (rc != BN_OK)
		goto out;
	git_oid_tostr(id, sizeof(id), git_commit_id(head));
	known = known_head(&log);
	if (known != NULL && strcmp(known, id) == 0)
		goto out;
	rc = start_walk(&walk, &log, git_commit_id(head), known);
	if (rc == BN_OK)
		rc = bn_change_prepare(db,
				       "INSERT INTO commit_log (repo, id, at, author, subject, "
				       "merge) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
				       " ON CONFLICT DO NOTHING",
				       &log.insert, err);
	if (rc == BN_OK)
		rc = bn_change_prepare(db,
				       "INSERT INTO commit_file (repo, id, path) VALUES (?1, ?2, "
				       "?3) ON CONFLICT DO NOTHING",
				       &log.file, err);
	while (rc == BN_OK && more)
		rc = store_some(&log, walk, commits, &more);
	/* Only now: a crash in between reads those commits again, which changes nothing. */
	if (rc == BN_OK)
		rc = remember(&log, id);
out:
	sqlite3_finalize(log.insert);
	sqlite3_finalize(log.file);
	git_revwalk_free(walk);
	git_commit_free(head);
	free(known);
	return rc;
}

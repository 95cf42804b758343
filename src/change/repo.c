/* repo.c - the configured repositories: read in turn, each one's failure its own. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/status.h"
#include "change/internal.h"

/* A repository is looked at no more often than this, and counts as not read after twice the other.
 * ms. */
#define PAUSE	 60000
#define INTERVAL 180000

struct bn_repos {
	struct bn_store *store;
	struct bn_reader *reader; /* for its clock */
	struct bn_writer *writer;
	struct bn_repo *repos;
	size_t count;
	const char *origin; /* the configuration's */
	int64_t answered;   /* sources that had answered when they were last read */
};

/* KIND/[SOURCE/]GLOB : PATH, as in "pipeline/argo-prod/ing-* : workflows/{name}.yaml". */
static bool
parse_define(struct bn_repo_define *out, const char *text)
{
	const char *colon = strstr(text, " : "), *slash = strchr(text, '/');
	char *kind, *what, *second;

	if (colon == NULL || slash == NULL || slash > colon)
		return false;
	kind = bn_xstrndup(text, (size_t)(slash - text));
	*out = (struct bn_repo_define){.kind = bn_kind_from_word(kind)};
	free(kind);
	if (out->kind == BN_KIND_NONE)
		return false;
	what = bn_xstrndup(slash + 1, (size_t)(colon - slash - 1));
	second = strchr(what, '/');
	if (second != NULL) {
		out->source = bn_xstrndup(what, (size_t)(second - what));
		out->pattern = bn_xstrdup(second + 1);
	} else {
		out->pattern = bn_xstrdup(what);
	}
	free(what);
	colon += 3;
	out->path = bn_xstrdup(colon + strspn(colon, " "));
	return true;
}

static void
add_defines(struct bn_repo *repo, const struct bn_config_section *section)
{
	const char *text;

	for (size_t i = 0; (text = bn_section_at(section, "defines", i)) != NULL; i++) {
		struct bn_repo_define define;

		if (!parse_define(&define, text))
			continue;
		repo->defines =
		    bn_xrealloc(repo->defines, repo->define_count + 1, sizeof(*repo->defines));
		repo->defines[repo->define_count++] = define;
	}
}

int
bn_repos_new(struct bn_repos **out, const struct bn_config *config, struct bn_store *store,
	     struct bn_error *err)
{
	struct bn_repos *repos = bn_xcalloc(1, sizeof(*repos));
	const struct bn_config_section *section;
	int rc;

	*out = NULL;
	if (git_libgit2_init() < 0) {
		free(repos);
		return bn_git_fail(err, BN_EINTERNAL, "libgit2");
	}
	repos->store = store;
	repos->origin = bn_config_origin(config);
	for (size_t i = 0; (section = bn_config_section(config, "repo", i)) != NULL; i++) {
		const char *path = bn_section_get(section, NULL, "path");
		struct bn_repo *repo;

		if (path == NULL)
			continue;
		repos->repos = bn_xrealloc(repos->repos, repos->count + 1, sizeof(*repos->repos));
		repo = &repos->repos[repos->count++];
		*repo = (struct bn_repo){.name = section->name,
					 .path = path,
					 .branch = bn_section_get(section, NULL, "default-branch")};
		add_defines(repo, section);
	}
	rc = bn_reader_open(&repos->reader, store, err);
	if (rc == BN_OK)
		rc = bn_writer_open(&repos->writer, store, err);
	if (rc == BN_OK)
		*out = repos;
	else
		bn_repos_free(repos);
	return rc;
}

void
bn_repos_free(struct bn_repos *repos)
{
	if (repos == NULL)
		return;
	for (size_t i = 0; i < repos->count; i++) {
		struct bn_repo *repo = &repos->repos[i];

		for (size_t n = 0; n < repo->define_count; n++) {
			free(repo->defines[n].source);
			free(repo->defines[n].pattern);
			free(repo->defines[n].path);
		}
		free(repo->defines);
		bn_strlist_clear(&repo->tree);
	}
	free(repos->repos);
	bn_reader_close(repos->reader);
	bn_writer_close(repos->writer);
	free(repos);
	(void)git_libgit2_shutdown();
}

/* ~/ in a path is the home directory. */
static char *
real_path(const char *path)
{
	const char *home = getenv("HOME");

	if (strncmp(path, "~/", 2) == 0 && home != NULL)
		return bn_xasprintf("%s%s", home, path + 1);
	return bn_xstrdup(path);
}

static int
open_repository(git_repository **out, const struct bn_repo *repo, struct bn_error *err)
{
	char *path = real_path(repo->path);
	int rc = git_repository_open_ext(out, path, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);

	free(path);
	if (rc == 0)
		return BN_OK;
	if (rc == GIT_ENOTFOUND) {
		(void)bn_git_fail(err, BN_ENOTFOUND, repo->path);
		return bn_hint(
		    err, "path in [repo \"%s\"] is a clone or a bare repository on this machine",
		    repo->name);
	}
	if (rc == GIT_EOWNER) {
		(void)bn_git_fail(err, BN_EPERM, repo->path);
		return bn_hint(err, "git config --global --add safe.directory %s, if you trust it",
			       repo->path);
	}
	return bn_git_fail(err, BN_EIO, repo->path);
}

static int
read_one(struct bn_repos *repos, struct bn_repo *repo, bn_time now, int64_t *commits,
	 struct bn_error *err)
{
	sqlite3 *db = bn_writer_db(repos->writer);
	git_repository *git = NULL;
	git_commit *head = NULL;
	int rc = open_repository(&git, repo, err);

	if (rc == BN_OK)
		rc = bn_repo_read_log(db, repo, git, now, commits, err);
	if (rc == BN_OK)
		rc = bn_repo_head(&head, repo, git, err);
	if (rc == BN_OK)
		rc = bn_repo_read_tree(repo, head, err);
	if (rc == BN_OK)
		rc = bn_repo_map(db, repo, now, err);
	git_commit_free(head);
	git_repository_free(git);
	return rc;
}

/* Reads it, and says in the store how that went. Fails only where the store does. */
static int
read_and_tell(struct bn_repos *repos, struct bn_repo *repo, struct bn_error *err)
{
	char *name = bn_xasprintf("repo:%s", repo->name);
	struct bn_source_info info = {.name = name,
				      .type = "repo",
				      .url = repo->path,
				      .auth = "none",
				      .origin = repos->origin,
				      .interval = INTERVAL};
	struct bn_poll_result result = {.began = bn_reader_now(repos->reader)};
	struct bn_error failure = {0};
	int64_t epoch = 0, commits, started = bn_monotonic();
	int rc, tries = 5;

	rc = bn_writer_source(repos->writer, &info, &repo->source_id, err);
	free(name);
	if (rc != BN_OK)
		return rc;
	if (read_one(repos, repo, result.began, &commits, &failure) != BN_OK)
		result.failure = &failure;
	result.took = bn_monotonic() - started;
	result.ended = bn_reader_now(repos->reader);
	result.next_poll_at = result.ended + PAUSE;
	/* Several commands may read the same clone at the same time: whoever tells last is as right as
	 * the others, and none may end without having told. */
	do {
		rc = bn_writer_take_lease(repos->writer, repo->source_id, "", &epoch, err);
		if (rc == BN_OK)
			rc = bn_writer_poll_result(repos->writer, repo->source_id, epoch, &result,
						   err);
	} while (rc != BN_OK && --tries > 0);
	return rc;
}

/* What a file defines can be said of what is stored only: a source's first answer brings more of that. */
static int
count_answered(struct bn_repos *repos, int64_t *out, struct bn_error *err)
{
	sqlite3_stmt *row = NULL;
	int rc = bn_change_prepare(
	    bn_writer_db(repos->writer),
	    "SELECT count(*) FROM source WHERE last_ok_at IS NOT NULL AND type <> 'repo'", &row,
	    err);

	if (rc != BN_OK)
		return rc;
	if (sqlite3_step(row) == SQLITE_ROW)
		*out = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return BN_OK;
}

int
bn_repos_read(struct bn_repos *repos, struct bn_error *err)
{
	int64_t answered = 0;
	int rc = repos->count > 0 ? count_answered(repos, &answered, err) : BN_OK;
	bool more = answered != repos->answered;

	repos->answered = answered;
	for (size_t i = 0; rc == BN_OK && i < repos->count; i++) {
		struct bn_repo *repo = &repos->repos[i];
		int64_t now = bn_monotonic();

		if (!more && repo->read_at != 0 && now - repo->read_at < PAUSE)
			continue;
		repo->read_at = now;
		rc = read_and_tell(repos, repo, err);
	}
	return rc;
}

/* repos.c - real Git repositories through libgit2: founded once, merged into as the clock goes. */
/* SPDX-License-Identifier: MIT
 *
 * Each change is a commit on a branch and, as both hosts make them by default, a merge commit on
 * main with the request's number. Everything is written bare: no work tree, no checkout. */
#include "sim/repos.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <git2.h>
#include <git2/sys/mempack.h>
#include <git2/sys/odb_backend.h>

#include "base/error.h"
#include "base/memory.h"

#define FOUNDED (BN_W_NIGHT - 90 * BN_W_DAY)
#define MOST	8

struct repo {
	const char *name;
	char *path;
	git_repository *git;
	git_odb_backend *memory; /* takes what is written until it is packed; the odb's */
};
struct bn_world_repos {
	const struct bn_world *world;
	struct repo all[MOST];
	size_t count, next; /* the change that is merged next */
};

static int
git_fail(struct bn_error *err, const char *repo, const char *what)
{
	const git_error *last = git_error_last(); /* copied at once: libgit2 keeps one a thread */

	return bn_fail(err, BN_EIO, "demo: %s: cannot %s: %s", repo, what,
		       last == NULL ? "unknown error" : last->message);
}

static int
sign(git_signature **out, const char *who, bn_time at)
{
	char mail[96];

	snprintf(mail, sizeof(mail), "%s@harbourline.example", who);
	return git_signature_new(out, who, mail, at / 1000, 0);
}

/* One commit; *id is its parent before and itself after. `second` (may be NULL) is what it merges.
 */
static int
commit(struct repo *repo, const char *ref, const char *who, bn_time at, const char *message,
       const git_oid *tree_id, const git_oid *first, const git_oid *second, git_oid *id)
{
	git_commit *one = NULL, *two = NULL;
	const git_commit *parents[2];
	git_signature *signature = NULL;
	git_tree *tree = NULL;
	size_t count = 0;
	int rc;

	rc = sign(&signature, who, at);
	if (rc == 0)
		rc = git_tree_lookup(&tree, repo->git, tree_id);
	if (rc == 0 && first != NULL && (rc = git_commit_lookup(&one, repo->git, first)) == 0)
		parents[count++] = one;
	if (rc == 0 && second != NULL && (rc = git_commit_lookup(&two, repo->git, second)) == 0)
		parents[count++] = two;
	if (rc == 0)
		rc = git_commit_create(id, repo->git, ref, signature, signature, NULL, message,
				       tree, count, parents);
	git_commit_free(one);
	git_commit_free(two);
	git_tree_free(tree);
	git_signature_free(signature);
	return rc;
}

static int
put_blob(struct repo *repo, const char *text, git_tree_update *update, const char *path)
{
	update->action = GIT_TREE_UPDATE_UPSERT;
	update->filemode = GIT_FILEMODE_BLOB;
	update->path = path;
	return git_blob_create_from_buffer(&update->id, repo->git, text, strlen(text));
}

static int
found(const struct bn_world *world, struct repo *repo)
{
	git_tree_update *updates = NULL;
	char path[160], text[BN_W_FILE_TEXT];
	git_oid tree, id;
	size_t i, count = 0;
	int rc = 0;

	while (rc == 0 && bn_world_file(world, repo->name, count, path, text)) {
		updates = bn_xrealloc(updates, count + 1, sizeof(*updates));
		rc = put_blob(repo, text, &updates[count], NULL);
		updates[count++].path = bn_xstrdup(path);
	}
	if (rc == 0)
		rc = git_tree_create_updated(&tree, repo->git, NULL, count, updates);
	if (rc == 0)
		rc = commit(repo, "refs/heads/main", "p.duarte", FOUNDED, "Start\n", &tree, NULL,
			    NULL, &id);
	for (i = 0; i < count; i++) {
		union {
			const char *in;
			void *out;
		} name = {updates[i].path};

		free(name.out);
	}
	free(updates);
	return rc;
}

/* The file with the change made: what it replaces replaced, or a remark at its end. */
static char *
changed_text(const struct bn_w_change *change, const char *text)
{
	const char *at = change->from == NULL ? NULL : strstr(text, change->from);
	size_t length = strlen(change->path);
	bool sql = length > 4 && strcmp(change->path + length - 4, ".sql") == 0;

	if (at != NULL)
		return bn_xasprintf("%.*s%s%s", (int)(at - text), text, change->to,
				    at + strlen(change->from));
	return bn_xasprintf("%s%s %s\n", text, sql ? "--" : "#", change->title);
}

static int
changed_tree(struct repo *repo, const struct bn_w_change *change, const git_oid *head, git_oid *out)
{
	git_commit *commit_at = NULL;
	git_tree *tree = NULL;
	git_tree_entry *entry = NULL;
	git_blob *blob = NULL;
	git_tree_update update;
	char *before = NULL, *after = NULL;
	int rc;

	rc = git_commit_lookup(&commit_at, repo->git, head);
	if (rc == 0)
		rc = git_commit_tree(&tree, commit_at);
	if (rc == 0)
		rc = git_tree_entry_bypath(&entry, tree, change->path);
	if (rc == 0)
		rc = git_blob_lookup(&blob, repo->git, git_tree_entry_id(entry));
	if (rc == 0) {
		before = bn_xstrndup(git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob));
		after = changed_text(change, before);
		rc = put_blob(repo, after, &update, change->path);
	}
	if (rc == 0)
		rc = git_tree_create_updated(out, repo->git, tree, 1, &update);
	free(before);
	free(after);
	git_blob_free(blob);
	git_tree_entry_free(entry);
	git_tree_free(tree);
	git_commit_free(commit_at);
	return rc;
}

static void
merge_message(const struct bn_w_change *change, char *out, size_t size)
{
	if (bn_world_repo_on_gitlab(change->repo))
		snprintf(out, size,
			 "Merge branch 'change-%d' into 'main'\n\n%s\n\nSee merge request "
			 "harbourline/%s!%d\n",
			 change->number, change->title, change->repo, change->number);
	else
		snprintf(out, size, "Merge pull request #%d from harbourline/change-%d\n\n%s\n",
			 change->number, change->number, change->title);
}

static int
merge(struct repo *repo, const struct bn_w_change *change, struct bn_error *err)
{
	git_oid head, tree, side, merged;
	char message[300];

	if (git_reference_name_to_id(&head, repo->git, "refs/heads/main") != 0 ||
	    changed_tree(repo, change, &head, &tree) != 0)
		return git_fail(err, repo->name, "change a file");
	snprintf(message, sizeof(message), "%s\n", change->title);
	if (commit(repo, NULL, change->author, change->at - BN_W_REVIEWED, message, &tree, &head,
		   NULL, &side) != 0)
		return git_fail(err, repo->name, "commit");
	merge_message(change, message, sizeof(message));
	if (commit(repo, "refs/heads/main", change->author, change->at, message, &tree, &head,
		   &side, &merged) != 0)
		return git_fail(err, repo->name, "merge");
	return BN_OK;
}

static struct repo *
find_repo(struct bn_world_repos *repos, const char *name)
{
	size_t i;

	for (i = 0; i < repos->count; i++) {
		if (strcmp(repos->all[i].name, name) == 0)
			return &repos->all[i];
	}
	return NULL;
}

int
bn_world_repos_advance(struct bn_world_repos *repos, bn_time now, struct bn_error *err)
{
	struct bn_w_change change;
	int rc = BN_OK;

	while (rc == BN_OK && bn_world_change(repos->world, repos->next, &change) &&
	       change.at <= now) {
		rc = merge(find_repo(repos, change.repo), &change, err);
		repos->next++;
	}
	return rc;
}

/* The history so far goes into one pack: hundreds of loose objects would take the demo half a
 * second to start and as long to remove. */
static int
gather(struct repo *repo)
{
	git_odb *odb = NULL;
	int rc = git_mempack_new(&repo->memory);

	if (rc == 0)
		rc = git_repository_odb(&odb, repo->git);
	if (rc == 0)
		rc = git_odb_add_backend(odb, repo->memory, 999);
	git_odb_free(odb);
	return rc;
}

static int
pack(struct repo *repo)
{
	git_indexer_progress progress;
	git_odb_writepack *writer = NULL;
	git_buf bytes = GIT_BUF_INIT_CONST(NULL, 0);
	git_odb *odb = NULL;
	int rc;

	memset(&progress, 0, sizeof(progress));
	rc = git_mempack_dump(&bytes, repo->git, repo->memory);
	if (rc == 0)
		rc = git_repository_odb(&odb, repo->git);
	if (rc == 0)
		rc = git_odb_write_pack(&writer, odb, NULL, NULL);
	if (rc == 0)
		rc = writer->append(writer, bytes.ptr, bytes.size, &progress);
	if (rc == 0)
		rc = writer->commit(writer, &progress);
	if (writer != NULL)
		writer->free(writer);
	git_buf_dispose(&bytes);
	git_odb_free(odb);
	if (rc == 0) { /* what is merged from here on is written as it comes */
		git_repository_free(repo->git);
		repo->git = NULL;
		rc = git_repository_open_bare(&repo->git, repo->path);
	}
	return rc;
}

static int
pack_all(struct bn_world_repos *repos, struct bn_error *err)
{
	size_t i;

	for (i = 0; i < repos->count; i++) {
		if (pack(&repos->all[i]) != 0)
			return git_fail(err, repos->all[i].name, "pack its history");
	}
	return BN_OK;
}

bn_time
bn_world_repos_next(const struct bn_world_repos *repos)
{
	struct bn_w_change change;

	return bn_world_change(repos->world, repos->next, &change) ? change.at : 0;
}

static int
make_one(struct bn_world_repos *repos, const char *dir, const char *name, struct bn_error *err)
{
	git_repository_init_options options;
	struct repo *repo = &repos->all[repos->count++];

	repo->name = name;
	repo->path = bn_xasprintf("%s/repos/%s.git", dir, name);
	git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
	options.flags =
	    GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH | GIT_REPOSITORY_INIT_NO_REINIT;
	options.initial_head = "main";
	if (git_repository_init_ext(&repo->git, repo->path, &options) != 0)
		return git_fail(err, name, "make a repository");
	if (gather(repo) != 0 || found(repos->world, repo) != 0)
		return git_fail(err, name, "write its first commit");
	return BN_OK;
}

int
bn_world_repos_make(struct bn_world_repos **out, const char *dir, const struct bn_world *world,
		    bn_time now, struct bn_error *err)
{
	struct bn_world_repos *repos = bn_xcalloc(1, sizeof(*repos));
	const char *name;
	int rc = BN_OK;

	git_libgit2_init();
	repos->world = world;
	while (rc == BN_OK && repos->count < MOST && (name = bn_world_repo(repos->count)) != NULL)
		rc = make_one(repos, dir, name, err);
	if (rc == BN_OK)
		rc = bn_world_repos_advance(repos, now, err);
	if (rc == BN_OK)
		rc = pack_all(repos, err);
	if (rc != BN_OK) {
		bn_world_repos_free(repos);
		repos = NULL;
	}
	*out = repos;
	return rc;
}

void
bn_world_repos_free(struct bn_world_repos *repos)
{
	size_t i;

	if (repos == NULL)
		return;
	for (i = 0; i < repos->count; i++) {
		git_repository_free(repos->all[i].git);
		free(repos->all[i].path);
	}
	free(repos);
	git_libgit2_shutdown();
}

void
bn_world_repos_configure(const struct bn_world_repos *repos, struct bn_buf *out)
{
	const struct bn_w_stream *stream;
	const struct bn_w_api *api;
	const char *name;
	size_t i, k;

	for (i = 0; i < repos->count; i++) {
		name = bn_world_repo_called(repos->all[i].name);
		bn_buf_addf(out, "[repo \"%s\"]\n\tpath = %s\n", name, repos->all[i].path);
		/* what no platform says and no file is called like */
		if (strcmp(name, "dbt") == 0)
			bn_buf_adds(out,
				    "\tdefines = pipeline/argo-prod/transform-* : models/**\n");
		if (strcmp(name, "meltano") == 0)
			bn_buf_adds(out, "\tdefines = pipeline/argo-prod/ing-* : "
					 "extract/{name}.meltano.yml\n");
		for (k = 0; strcmp(name, "k8s-apps") == 0 && (api = bn_world_api(k)) != NULL; k++)
			bn_buf_addf(out, "\tdefines = endpoint/%s : apps/%s/deployment.yaml\n",
				    api->name, api->app);
		for (k = 0; strcmp(name, "infra-tf") == 0 && (stream = bn_world_stream(k)) != NULL;
		     k++)
			if (bn_world_stream_of_flink(stream))
				bn_buf_addf(out, "\tdefines = stream/prom/%s : %s\n", stream->name,
					    BN_W_FLINK_FILE);
	}
}

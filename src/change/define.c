/* define.c - which file of a repository defines which thing. */
/* SPDX-License-Identifier: MIT
 *
 * In this order, the first that gives a file that exists: a `defines` line of the configuration;
 * the path the platform itself names (the longest common end, since /opt/airflow/dags/x.py is
 * dags/x.py in the repository); a file called like the thing, '-' and '_' being the same, when no
 * more than three are. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "change/internal.h"

#define MAX_PER_THING 1000 /* a dbt project is a file a model */
#define MAX_BY_NAME   3

static const char *const extensions[] = {"yaml", "yml", "json", "py", "sql", NULL};

struct thing {
	enum bn_kind kind;
	const char *source, *key, *name, *definition; /* the last may be NULL */
};
struct map {
	sqlite3 *db;
	struct bn_repo *repo;
	struct bn_strlist links; /* "path\nkind\nsource\nkey", sorted before use */
};

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
on_entry(const char *root, const git_tree_entry *entry, void *payload)
{
	struct bn_strlist *tree = payload;
	char *path;

	if (git_tree_entry_type(entry) != GIT_OBJECT_BLOB)
		return 0;
	if (tree->count >= REPO_MAX_TREE)
		return GIT_EUSER;
	path = bn_xasprintf("%s%s", root, git_tree_entry_name(entry));
	bn_strlist_add(tree, path);
	free(path);
	return 0;
}

int
bn_repo_read_tree(struct bn_repo *repo, git_commit *head, struct bn_error *err)
{
	char id[GIT_OID_HEXSZ + 1];
	git_tree *tree = NULL;
	int rc;

	git_oid_tostr(id, sizeof(id), git_commit_id(head));
	if (strcmp(id, repo->head) == 0)
		return BN_OK;
	bn_strlist_clear(&repo->tree);
	if (git_commit_tree(&tree, head) != 0)
		return bn_git_fail(err, BN_EIO, repo->path);
	rc = git_tree_walk(tree, GIT_TREEWALK_PRE, on_entry, &repo->tree);
	git_tree_free(tree);
	if (rc != 0 && rc != GIT_EUSER)
		return bn_git_fail(err, BN_EIO, repo->path);
	if (repo->tree.count > 0)
		qsort(repo->tree.items, repo->tree.count, sizeof(char *), by_text);
	memcpy(repo->head, id, sizeof(id));
	return BN_OK;
}

static bool
in_tree(const struct bn_repo *repo, const char *path)
{
	return repo->tree.count > 0 &&
	       bsearch(&path, repo->tree.items, repo->tree.count, sizeof(char *), by_text) != NULL;
}

static void
add_link(struct map *map, const struct thing *thing, const char *path)
{
	char *line = bn_xasprintf("%s\n%d\n%s\n%s", path, thing->kind, thing->source, thing->key);

	if (strchr(path, '\n') == NULL && strchr(thing->key, '\n') == NULL)
		bn_strlist_add(&map->links, line);
	free(line);
}

/* {name}, {key} and {source} in a path of the configuration. */
static char *
fill(const char *path, const struct thing *thing)
{
	const struct {
		const char *mark, *value;
	} marks[] = {{"{name}", thing->name}, {"{key}", thing->key}, {"{source}", thing->source}};
	struct bn_buf out = BN_BUF_INIT(4096);

	while (*path != '\0') {
		size_t used = 0;

		for (size_t i = 0; i < 3 && used == 0; i++) {
			if (strncmp(path, marks[i].mark, strlen(marks[i].mark)) == 0) {
				bn_buf_adds(&out, marks[i].value);
				used = strlen(marks[i].mark);
			}
		}
		if (used == 0) {
			bn_buf_addc(&out, *path);
			used = 1;
		}
		path += used;
	}
	return out.data != NULL ? bn_buf_take(&out) : bn_xstrdup("");
}

static size_t
add_configured(struct map *map, const struct thing *thing)
{
	size_t found = 0;

	for (size_t i = 0; i < map->repo->define_count; i++) {
		const struct bn_repo_define *d = &map->repo->defines[i];
		char *path;

		if (d->kind != thing->kind ||
		    (d->source != NULL && strcmp(d->source, thing->source) != 0) ||
		    (!bn_glob(d->pattern, thing->key) && !bn_glob(d->pattern, thing->name)))
			continue;
		path = fill(d->path, thing);
		if (strpbrk(path, "*?[") == NULL) {
			if (in_tree(map->repo, path)) {
				add_link(map, thing, path);
				found++;
			}
		} else {
			for (size_t n = 0; n < map->repo->tree.count && found < MAX_PER_THING;
			     n++) {
				if (bn_glob(path, map->repo->tree.items[n])) {
					add_link(map, thing, map->repo->tree.items[n]);
					found++;
				}
			}
		}
		free(path);
	}
	return found;
}

/* How many bytes of whole path segments both end in; 0 unless one is the other's end. */
static size_t
common_end(const char *a, const char *b)
{
	size_t m = strlen(a), n = strlen(b), size = m < n ? m : n;

	if (size == 0 || memcmp(a + m - size, b + n - size, size) != 0)
		return 0;
	if ((m > size && a[m - size - 1] != '/') || (n > size && b[n - size - 1] != '/'))
		return 0;
	return size;
}

static size_t
add_named_by_platform(struct map *map, const struct thing *thing)
{
	const char *best = NULL;
	size_t longest = 0;

	if (thing->definition == NULL)
		return 0;
	for (size_t i = 0; i < map->repo->tree.count; i++) {
		size_t size = common_end(map->repo->tree.items[i], thing->definition);

		if (size > longest) {
			longest = size;
			best = map->repo->tree.items[i];
		}
	}
	if (best == NULL)
		return 0;
	add_link(map, thing, best);
	return 1;
}

static bool
same_name(const char *file, size_t size, const char *name)
{
	for (size_t i = 0; i < size; i++) {
		char a = file[i] == '_' ? '-' : file[i], b = name[i] == '_' ? '-' : name[i];

		if (b == '\0' || a != b)
			return false;
	}
	return name[size] == '\0';
}

/* "dags/fx_rates.py" is called like fx-rates. */
static bool
called_like(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/'), *file = slash != NULL ? slash + 1 : path;
	const char *dot = strrchr(file, '.');

	if (dot == NULL || !same_name(file, (size_t)(dot - file), name))
		return false;
	for (size_t i = 0; extensions[i] != NULL; i++) {
		if (strcmp(dot + 1, extensions[i]) == 0)
			return true;
	}
	return false;
}

static void
add_called_like(struct map *map, const struct thing *thing)
{
	const char *found[MAX_BY_NAME];
	size_t count = 0;

	for (size_t i = 0; i < map->repo->tree.count; i++) {
		if (!called_like(map->repo->tree.items[i], thing->name))
			continue;
		if (count == MAX_BY_NAME)
			return;
		found[count++] = map->repo->tree.items[i];
	}
	for (size_t i = 0; i < count; i++)
		add_link(map, thing, found[i]);
}

static int
map_things(struct map *map, struct bn_error *err)
{
	sqlite3_stmt *row = NULL;
	int step, rc = bn_change_prepare(map->db,
					 "SELECT e.kind, s.name, e.key, e.name, "
					 "coalesce(p.definition, (SELECT a.value FROM attribute a"
					 "  WHERE a.entity_id = e.id AND a.name = 'definition'))"
					 " FROM entity e JOIN source s ON s.id = e.source_id LEFT "
					 "JOIN pipeline p ON p.entity_id = e.id"
					 " WHERE e.gone_at IS NULL AND e.kind NOT IN (2, 3, 10, "
					 "11) ORDER BY e.id LIMIT 20000",
					 &row, err);

	if (rc != BN_OK)
		return rc;
	while ((step = sqlite3_step(row)) == SQLITE_ROW) {
		struct thing thing = {
		    .kind = (enum bn_kind)sqlite3_column_int(row, 0),
		    .source = (const char *)sqlite3_column_text(row, 1),
		    .key = (const char *)sqlite3_column_text(row, 2),
		    .name = (const char *)sqlite3_column_text(row, 3),
		    .definition = (const char *)sqlite3_column_text(row, 4),
		};

		if (add_configured(map, &thing) == 0 && add_named_by_platform(map, &thing) == 0)
			add_called_like(map, &thing);
	}
	sqlite3_finalize(row);
	return step == SQLITE_DONE
		   ? BN_OK
		   : bn_fail(err, BN_EIO, "what changed: %s", sqlite3_errmsg(map->db));
}

/* The links of this repository that the store has, in the same form. */
static int
stored_links(struct map *map, struct bn_strlist *out, struct bn_error *err)
{
	sqlite3_stmt *row = NULL;
	int rc = bn_change_prepare(map->db,
				   "SELECT from_key || char(10) || to_kind || char(10) || "
				   "to_source || char(10) || to_key FROM link"
				   " WHERE kind = 'defines' AND from_source = ?1",
				   &row, err);

	if (rc != BN_OK)
		return rc;
	sqlite3_bind_text(row, 1, map->repo->name, -1, SQLITE_STATIC);
	while (sqlite3_step(row) == SQLITE_ROW)
		bn_strlist_add(out, (const char *)sqlite3_column_text(row, 0));
	sqlite3_finalize(row);
	if (out->count > 0)
		qsort(out->items, out->count, sizeof(char *), by_text);
	return BN_OK;
}

static bool
same_list(const struct bn_strlist *a, const struct bn_strlist *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	}
	return true;
}

static int
insert_links(struct map *map, bn_time now, struct bn_error *err)
{
	sqlite3_stmt *insert = NULL;
	char *origin = bn_xasprintf("repo:%s", map->repo->name);
	int rc = bn_change_prepare(
	    map->db,
	    "INSERT INTO link (from_source, from_kind, from_key, to_source, to_kind, to_key, kind, "
	    "origin, seen_at)"
	    " VALUES (?1, 0, ?2, ?3, ?4, ?5, 'defines', ?6, ?7) ON CONFLICT DO NOTHING",
	    &insert, err);

	for (size_t i = 0; rc == BN_OK && i < map->links.count; i++) {
		char *line = bn_xstrdup(map->links.items[i]), *rest = line;
		const char *path = strsep(&rest, "\n"), *kind = strsep(&rest, "\n"),
			   *source = strsep(&rest, "\n");

		sqlite3_bind_text(insert, 1, map->repo->name, -1, SQLITE_STATIC);
		sqlite3_bind_text(insert, 2, path, -1, SQLITE_TRANSIENT);
		sqlite3_bind_text(insert, 3, source, -1, SQLITE_TRANSIENT);
		sqlite3_bind_int(insert, 4, atoi(kind));
		sqlite3_bind_text(insert, 5, rest, -1, SQLITE_TRANSIENT);
		sqlite3_bind_text(insert, 6, origin, -1, SQLITE_STATIC);
		sqlite3_bind_int64(insert, 7, now);
		if (sqlite3_step(insert) != SQLITE_DONE)
			rc = bn_fail(err, BN_EIO, "what changed: %s", sqlite3_errmsg(map->db));
		sqlite3_reset(insert);
		free(line);
	}
	sqlite3_finalize(insert);
	free(origin);
	return rc;
}

static int
delete_links(struct map *map, struct bn_error *err)
{
	sqlite3_stmt *remove = NULL;
	int rc = bn_change_prepare(
	    map->db, "DELETE FROM link WHERE kind = 'defines' AND from_source = ?1", &remove, err);

	if (rc != BN_OK)
		return rc;
	sqlite3_bind_text(remove, 1, map->repo->name, -1, SQLITE_STATIC);
	if (sqlite3_step(remove) != SQLITE_DONE)
		rc = bn_fail(err, BN_EIO, "what changed: %s", sqlite3_errmsg(map->db));
	sqlite3_finalize(remove);
	return rc;
}

int
bn_repo_map(sqlite3 *db, struct bn_repo *repo, bn_time now, struct bn_error *err)
{
	struct map map = {.db = db, .repo = repo};
	struct bn_strlist stored = {0};
	int rc = map_things(&map, err);

	if (map.links.count > 0)
		qsort(map.links.items, map.links.count, sizeof(char *), by_text);
	if (rc == BN_OK)
		rc = stored_links(&map, &stored, err);
	if (rc != BN_OK || same_list(&map.links, &stored))
		goto out;
	rc = bn_change_exec(db, "BEGIN IMMEDIATE", err);
	if (rc != BN_OK)
		goto out;
	rc = delete_links(&map, err);
	if (rc == BN_OK)
		rc = insert_links(&map, now, err);
	if (rc == BN_OK)
		rc = bn_change_exec(db, "COMMIT", err);
	if (rc != BN_OK)
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
out:
	bn_strlist_clear(&map.links);
	bn_strlist_clear(&stored);
	return rc;
}

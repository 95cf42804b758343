/* repo_test.c - what changed: commits, merges and definitions read from a real repository on disk. */
/* SPDX-License-Identifier: MIT */
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include <git2.h>

#include "change/internal.h"
#include "triage/triage.h"
#include "view/view.h"
#include "world.h"

struct fixture {
	struct world *w;
	char dir[256];
	git_repository *git;
	struct bn_config *config;
	struct bn_repos *repos;
};

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	void *world;

	world_setup(&world);
	f->w = world;
	snprintf(f->dir, sizeof(f->dir), "%s/binnacle-repo-XXXXXX",
		 getenv("TMPDIR") != NULL ? getenv("TMPDIR") : P_tmpdir);
	assert_non_null(mkdtemp(f->dir));
	assert_true(git_libgit2_init() > 0);
	assert_int_equal(git_repository_init(&f->git, f->dir, 1), 0);
	world_source(f->w, "argo-prod", "argo-workflows", SECONDS(10));
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	void *world = f->w;

	bn_repos_free(f->repos);
	bn_config_free(f->config);
	git_repository_free(f->git);
	git_libgit2_shutdown();
	nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	world_teardown(&world);
	free(f);
	return 0;
}

/* Adds `text` as `path` on top of HEAD's tree; parents: HEAD, and `second` where that isn't NULL.
 */
static git_oid
commit(struct fixture *f, const char *path, const char *text, const char *message, bn_time at,
       const git_oid *second)
{
	git_index *index = NULL;
	git_index_entry entry = {.mode = GIT_FILEMODE_BLOB, .path = path};
	git_signature *who = NULL;
	git_commit *parents[2] = {NULL, NULL};
	const git_commit *borrowed[2];
	git_tree *tree = NULL;
	git_oid tree_id, id, head;
	size_t count = 0;

	assert_int_equal(git_index_new(&index), 0);
	if (git_reference_name_to_id(&head, f->git, "HEAD") == 0) {
		git_tree *old = NULL;

		assert_int_equal(git_commit_lookup(&parents[count++], f->git, &head), 0);
		assert_int_equal(git_commit_tree(&old, parents[0]), 0);
		assert_int_equal(git_index_read_tree(index, old), 0);
		git_tree_free(old);
	}
	if (second != NULL)
		assert_int_equal(git_commit_lookup(&parents[count++], f->git, second), 0);
	assert_int_equal(git_blob_create_from_buffer(&entry.id, f->git, text, strlen(text)), 0);
	assert_int_equal(git_index_add(index, &entry), 0);
	assert_int_equal(git_index_write_tree_to(&tree_id, index, f->git), 0);
	assert_int_equal(git_tree_lookup(&tree, f->git, &tree_id), 0);
	assert_int_equal(git_signature_new(&who, "dev-mo", "dev-mo@example.com", at / 1000, 0), 0);
	borrowed[0] = parents[0];
	borrowed[1] = parents[1];
	assert_int_equal(
	    git_commit_create(&id, f->git, "HEAD", who, who, NULL, message, tree, count, borrowed),
	    0);
	git_signature_free(who);
	git_tree_free(tree);
	git_commit_free(parents[0]);
	git_commit_free(parents[1]);
	git_index_free(index);
	return id;
}

static void
read_with(struct fixture *f, const char *more)
{
	static const struct bn_config_types none = {NULL, NULL, NULL, NULL};
	char text[1024];

	bn_repos_free(f->repos);
	bn_config_free(f->config);
	snprintf(text, sizeof(text), "[repo \"dbt\"]\n\tpath = %s\n%s", f->dir, more);
	assert_ok(bn_config_load_text(&f->config, "test", text, &none, &f->w->err), &f->w->err);
	assert_ok(bn_repos_new(&f->repos, f->config, f->w->store, &f->w->err), &f->w->err);
	assert_ok(bn_repos_read(f->repos, &f->w->err), &f->w->err);
}

static struct bn_rows *
ask(struct fixture *f, const char *table, struct bn_ref scope)
{
	struct bn_query q = {.table = bn_view_table(table), .scope = scope};
	struct bn_rows *rows = NULL;

	assert_ok(bn_view_query(f->w->reader, &q, &rows, &f->w->err), &f->w->err);
	return rows;
}

static int64_t
number_of(struct fixture *f, const char *sql)
{
	sqlite3_stmt *row = NULL;
	int64_t n;

	assert_int_equal(sqlite3_prepare_v2(bn_reader_db(f->w->reader), sql, -1, &row, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(row), SQLITE_ROW);
	n = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return n;
}

static const struct bn_ref hourly = {BN_PIPELINE, "argo-prod", "transform-hourly"};

static void
repo_commits_are_read_once_with_their_files(void **state)
{
	struct fixture *f = *state;

	commit(f, "workflows/transform-hourly.yaml", "a", "Add it", NOW - DAYS(2), NULL);
	commit(f, "models/stg_payments.sql", "b", "Model payments", NOW - HOURS(30), NULL);
	read_with(f, "");
	assert_int_equal(number_of(f, "SELECT count(*) FROM commit_log"), 2);
	assert_int_equal(
	    number_of(f, "SELECT count(*) FROM commit_file WHERE path = 'models/stg_payments.sql'"),
	    1);
	assert_int_equal(
	    number_of(f,
		      "SELECT count(*) FROM commit_log WHERE author = 'dev-mo' AND repo = 'dbt'"),
	    2);
	commit(f, "models/stg_payments.sql", "c", "Round fees", NOW - MINUTES(21), NULL);
	read_with(f, "");
	assert_int_equal(number_of(f, "SELECT count(*) FROM commit_log"), 3);
	assert_int_equal(number_of(f, "SELECT count(*) FROM commit_file"), 3);
	assert_int_equal(
	    number_of(f, "SELECT count(*) FROM source WHERE name = 'repo:dbt' AND state = 'ok'"),
	    1);
}

static void
repo_is_read_when_its_history_was_rewritten(void **state)
{
	struct fixture *f = *state;
	git_reference *head = NULL;

	commit(f, "a.yaml", "a", "One", NOW - DAYS(2), NULL);
	commit(f, "a.yaml", "b", "Two", NOW - DAYS(1), NULL);
	read_with(f, "");
	assert_int_equal(git_repository_head(&head, f->git), 0);
	assert_int_equal(git_reference_delete(head), 0);
	git_reference_free(head);
	commit(f, "a.yaml", "c", "Other beginning", NOW - HOURS(1), NULL);
	read_with(f, "");
	assert_int_equal(
	    number_of(f, "SELECT count(*) FROM commit_log WHERE subject = 'Other beginning'"), 1);
}

static void
repo_merge_has_the_files_it_brought_and_its_number(void **state)
{
	struct fixture *f = *state;
	git_oid base =
	    commit(f, "workflows/transform-hourly.yaml", "a", "Add it", NOW - DAYS(3), NULL);

	commit(f, "workflows/transform-hourly.yaml", "b",
	       "Merge branch 'fee-rounding' into 'main'\n\nFee rounding\n\nSee merge request "
	       "data/dbt!2207\n",
	       NOW - MINUTES(21), &base);
	world_pipeline(f->w, "argo-prod", "transform-hourly");
	read_with(f, "");
	assert_int_equal(number_of(f, "SELECT count(*) FROM commit_log WHERE merge = 'dbt!2207'"
				      " AND subject = 'Fee rounding'"),
			 1);
	assert_int_equal(
	    number_of(f,
		      "SELECT count(*) FROM commit_file cf JOIN commit_log c USING (repo, id)"
		      " WHERE c.merge = 'dbt!2207' AND path = 'workflows/transform-hourly.yaml'"),
	    1);
}

static void
assert_merge(const char *message, const char *wanted)
{
	char found[80];

	bn_merge_find(found, sizeof(found), "apps", message);
	assert_string_equal(found, wanted);
}

static void
merge_numbers_are_found_as_the_forges_write_them(void **state)
{
	(void)state;
	assert_merge("Merge pull request #415 from team/branch\n\nReplicas", "apps#415");
	assert_merge("Raise replicas (#415)", "apps#415");
	assert_merge("Merge branch 'x' into 'main'\n\nSee merge request group/sub/dbt!2207",
		     "apps!2207");
	assert_merge("Merge pull request 'Replicas' (#12) from x into main", "apps#12");
	assert_merge("Merged in branch (pull request #7)", "apps#7");
	assert_merge("Deploy dbt!2207 to production", "dbt!2207");
	assert_merge("Fix #12 for good", "");
	assert_merge("Wow! 3 new models", "");
	assert_merge("Say hello!", "");
	assert_merge("(#) (#x) (!)", "");
	assert_merge("", "");
	assert_merge("See merge request ", "");
	assert_merge("Count to (#99999999999999999999)", "");
}

static void
triage_names_the_newest_change_or_says_none(void **state)
{
	struct fixture *f = *state;
	struct bn_triage *triage = NULL;
	struct bn_rows *rows;

	world_pipeline(f->w, "argo-prod", "transform-hourly");
	world_pipeline(f->w, "argo-prod", "upstream");
	world_pipeline(f->w, "argo-prod", "calm");
	world_pipeline(f->w, "argo-prod", "undefined");
	for (int i = 0; i < 2; i++)
		world_run(f->w, "argo-prod",
			  &(struct world_run){.pipeline = i == 0 ? "transform-hourly" : "calm",
					      .key = i == 0 ? "t1" : "c1",
					      .status = BN_FAILED,
					      .started = NOW - MINUTES(9),
					      .finished = NOW - MINUTES(5 + i)});
	world_link(f->w, (struct bn_ref){BN_PIPELINE, "argo-prod", "upstream"}, hourly);
	commit(f, "workflows/transform_hourly.yaml", "a", "Old (#1)", NOW - DAYS(2), NULL);
	commit(f, "workflows/calm.yaml", "a", "Old (#2)", NOW - DAYS(2), NULL);
	world_run(f->w, "argo-prod",
		  &(struct world_run){.pipeline = "undefined",
				      .key = "u1",
				      .status = BN_FAILED,
				      .started = NOW - MINUTES(9),
				      .finished = NOW - MINUTES(3)});
	commit(f, "README.md", "a", "Not a definition (#4)", NOW - MINUTES(1), NULL);
	commit(f, "workflows/upstream.yaml", "a", "Fee rounding (!2207)", NOW - MINUTES(21), NULL);
	/* what came after it failed did not bring that about, nor what was not merged before */
	commit(f, "workflows/calm.yaml", "b", "Repair (!2208)", NOW - MINUTES(2), NULL);
	commit(f, "workflows/upstream.yaml", "b", "Repair (!2209)", NOW - MINUTES(2), NULL);
	commit(f, "workflows/calm.yaml", "c", "Late", NOW - MINUTES(20), NULL);
	commit(f, "workflows/calm.yaml", "d",
	       "Merge branch 'x' into 'main'\n\nLate\n\nSee merge request group/dbt!2210",
	       NOW - MINUTES(1), NULL);
	read_with(f, "");
	assert_ok(bn_triage_new(&triage, f->w->store, NULL, &f->w->err), &f->w->err);
	assert_ok(bn_triage_run(triage, &f->w->err), &f->w->err);
	bn_triage_free(triage);
	rows = ask(f, "triage", (struct bn_ref){0});
	assert_int_equal(bn_rows_count(rows), 3);
	/* No file is known to define it: nobody can say that none changed. */
	assert_string_equal(bn_rows_named(rows, 2, "what").s, "undefined");
	assert_int_equal(bn_rows_named(rows, 2, "changed").type, BN_VALUE_NULL);
	assert_string_equal(bn_rows_named(rows, 0, "what").s, "calm");
	assert_string_equal(bn_rows_named(rows, 0, "changed").s, "none in 24h");
	assert_string_equal(bn_rows_named(rows, 1, "changed").s, "dbt!2207 21m");
	bn_rows_free(rows);
	rows = ask(f, "changed", hourly);
	assert_int_equal(bn_rows_count(rows), 2);
	assert_string_equal(bn_rows_named(rows, 0, "what").s, "dbt!2207 Fee rounding (!2207)");
	assert_string_equal(bn_rows_named(rows, 0, "who").s, "dev-mo");
	assert_string_equal(bn_rows_named(rows, 0, "group").s, "code");
	assert_string_equal(bn_rows_named(rows, 0, "entity").s, "upstream");
	assert_string_equal(bn_rows_named(rows, 0, "when").s, "before");
	/* the repair came after, and says so */
	assert_string_equal(bn_rows_named(rows, 1, "what").s, "dbt!2209 Repair (!2209)");
	assert_string_equal(bn_rows_named(rows, 1, "when").s, "after");
	bn_rows_free(rows);
}

/* Triage's CHANGED, the pane under it and the table of what changed name the same thing first; what came after the
 * failure comes last, marked; what was written on a branch is its merge. */
static void
what_changed_before_the_failure_comes_first(void **state)
{
	static const char *const order[] = {"dbt!2207 Fee rounding", "Fee rounding",
					    "dbt!2210 Late", "dbt!2208 Repair (!2208)", "Late"};
	static const struct bn_style style = {.now = NOW};
	struct fixture *f = *state;
	struct bn_triage *triage = NULL;
	struct bn_arena *arena = bn_arena_new();
	struct bn_detail detail;
	struct bn_rows *rows;
	size_t i;

	world_pipeline(f->w, "argo-prod", "transform-hourly");
	world_run(f->w, "argo-prod",
		  &(struct world_run){.pipeline = "transform-hourly",
				      .key = "t1",
				      .status = BN_FAILED,
				      .started = NOW - HOURS(21),
				      .finished = NOW - HOURS(20)});
	/* within the day before it began, though not within a day from now */
	commit(f, "workflows/transform_hourly.yaml", "a", "Fee rounding", NOW - HOURS(30), NULL);
	commit(f, "workflows/transform_hourly.yaml", "b",
	       "Merge branch 'x' into 'main'\n\nFee rounding\n\nSee merge request group/dbt!2207",
	       NOW - HOURS(26), NULL);
	commit(f, "workflows/transform_hourly.yaml", "c", "Repair (!2208)", NOW - MINUTES(9), NULL);
	/* written before, but merged after */
	commit(f, "workflows/transform_hourly.yaml", "d", "Late", NOW - HOURS(25), NULL);
	commit(f, "workflows/transform_hourly.yaml", "e",
	       "Merge branch 'y' into 'main'\n\nLate\n\nSee merge request group/dbt!2210",
	       NOW - MINUTES(8), NULL);
	read_with(f, "");
	assert_ok(bn_triage_new(&triage, f->w->store, NULL, &f->w->err), &f->w->err);
	assert_ok(bn_triage_run(triage, &f->w->err), &f->w->err);
	bn_triage_free(triage);
	rows = ask(f, "triage", (struct bn_ref){0});
	assert_string_equal(bn_rows_named(rows, 0, "changed").s, "dbt!2207 1d2h");
	bn_rows_free(rows);
	rows = ask(f, "changed", hourly);
	assert_int_equal(bn_rows_count(rows), 5);
	for (i = 0; i < 5; i++) {
		assert_string_equal(bn_rows_named(rows, i, "what").s, order[i]);
		assert_string_equal(bn_rows_named(rows, i, "when").s, i < 2 ? "before" : "after");
	}
	bn_rows_free(rows);
	assert_ok(bn_view_detail(f->w->reader, hourly, &style, arena, &detail, &f->w->err),
		  &f->w->err);
	for (i = 0; i < detail.count && strcmp(detail.lines[i].label, "w") != 0; i++)
		continue;
	assert_true(i + 1 < detail.count);
	assert_non_null(strstr(detail.lines[i].text, "dbt!2207 Fee rounding"));
	assert_null(strstr(detail.lines[i].text, "after"));
	assert_string_equal(detail.lines[i + 1].label, "");
	assert_non_null(strstr(detail.lines[i + 1].text, "after: dbt!2210 Late"));
	bn_arena_free(arena);
}

static void
failed_task_s_file_counts_as_changed(void **state)
{
	struct fixture *f = *state;
	struct bn_batch *batch;
	struct bn_rows *rows;

	world_pipeline(f->w, "argo-prod", "transform-hourly");
	world_run(f->w, "argo-prod",
		  &(struct world_run){.pipeline = "transform-hourly",
				      .key = "t1",
				      .status = BN_FAILED,
				      .started = NOW - MINUTES(9),
				      .finished = NOW - MINUTES(5)});
	batch = world_batch(f->w, "argo-prod", NOW);
	bn_batch_task(batch, &(struct bn_task){.e = {.key = "stg_payments", .status = BN_FAILED},
					       .run = "t1",
					       .try_number = 1});
	bn_batch_task(batch, &(struct bn_task){.e = {.key = "stg_orders", .status = BN_SUCCEEDED},
					       .run = "t1",
					       .try_number = 1});
	world_done(f->w, batch);
	commit(f, "models/staging/stg_payments.sql", "a", "Round fees", NOW - MINUTES(30), NULL);
	commit(f, "models/staging/stg_orders.sql", "a", "Another model", NOW - MINUTES(20), NULL);
	commit(f, "models/staging/not_stg_payments.sql", "a", "A third", NOW - MINUTES(10), NULL);
	read_with(f, "");
	rows = ask(f, "changed", hourly);
	assert_int_equal(bn_rows_count(rows), 1);
	assert_string_equal(bn_rows_named(rows, 0, "what").s, "Round fees");
	bn_rows_free(rows);
}

static void
definitions_come_from_the_configuration_first(void **state)
{
	struct fixture *f = *state;
	struct bn_batch *batch;

	batch = world_batch(f->w, "argo-prod", NOW);
	bn_batch_pipeline(batch,
			  &(struct bn_pipeline){.e = {.key = "fx-rates"},
						.definition = "/opt/airflow/dags/finance/fx.py"});
	bn_batch_pipeline(batch, &(struct bn_pipeline){.e = {.key = "by-name"}});
	bn_batch_pipeline(batch, &(struct bn_pipeline){.e = {.key = "mapped-x"},
						       .definition = "dags/finance/fx.py"});
	world_done(f->w, batch);
	commit(f, "dags/finance/fx.py", "a", "x", NOW - DAYS(1), NULL);
	commit(f, "other/fx.py", "a", "x", NOW - DAYS(1), NULL);
	commit(f, "conf/by_name.yml", "a", "x", NOW - DAYS(1), NULL);
	commit(f, "deep/mapped-x/one.yaml", "a", "x", NOW - DAYS(1), NULL);
	commit(f, "deep/mapped-x/two.yaml", "a", "x", NOW - DAYS(1), NULL);
	read_with(f, "\tdefines = pipeline/argo-prod/mapped-* : deep/{name}/*.yaml\n");
	assert_int_equal(number_of(f, "SELECT count(*) FROM link WHERE kind = 'defines'"), 4);
	assert_int_equal(number_of(f, "SELECT count(*) FROM link WHERE to_key = 'fx-rates'"
				      " AND from_key = 'dags/finance/fx.py'"),
			 1);
	assert_int_equal(number_of(f, "SELECT count(*) FROM link WHERE to_key = 'by-name' AND "
				      "from_key = 'conf/by_name.yml'"),
			 1);
	assert_int_equal(
	    number_of(
		f,
		"SELECT count(*) FROM link WHERE to_key = 'mapped-x' AND from_key LIKE 'deep/%'"),
	    2);
	/* Once more: the same set; then without the line: another. */
	read_with(f, "\tdefines = pipeline/mapped-* : deep/{name}/*.yaml\n");
	assert_int_equal(number_of(f, "SELECT count(*) FROM link WHERE kind = 'defines'"), 4);
	read_with(f, "");
	assert_int_equal(number_of(f, "SELECT count(*) FROM link WHERE to_key = 'mapped-x'"), 1);
}

static void
repo_that_is_not_there_is_a_failing_source_and_no_error(void **state)
{
	struct fixture *f = *state;
	struct bn_rows *rows;

	nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	read_with(f, "");
	rows = ask(f, "sources", (struct bn_ref){0});
	assert_int_equal(bn_rows_count(rows), 2);
	assert_string_equal(bn_rows_named(rows, 0, "source").s, "repo:dbt");
	assert_true(bn_rows_status(rows, 0) == BN_DOWN);
	bn_rows_free(rows);
	assert_int_equal(
	    number_of(f, "SELECT count(*) FROM source WHERE name = 'repo:dbt'"
			 " AND last_error LIKE '%binnacle-repo%' AND last_hint LIKE '%clone%'"),
	    1);
}

static void
empty_repo_says_what_is_missing(void **state)
{
	struct fixture *f = *state;

	read_with(f, "\tdefault-branch = trunk\n");
	assert_int_equal(number_of(f, "SELECT count(*) FROM source WHERE name = 'repo:dbt'"
				      " AND last_error LIKE '%trunk%'"),
			 1);
}

static void
hostile_paths_and_messages_are_only_text(void **state)
{
	struct fixture *f = *state;
	struct bn_rows *rows;

	commit(f, "x'; DROP TABLE link; --.yaml", "a", "\x1b[2J'); DROP TABLE commit_log; --",
	       NOW - HOURS(1), NULL);
	world_pipeline(f->w, "argo-prod", "x'; DROP TABLE link; --");
	read_with(f, "");
	rows =
	    ask(f, "changed", (struct bn_ref){BN_PIPELINE, "argo-prod", "x'; DROP TABLE link; --"});
	assert_int_equal(bn_rows_count(rows), 1);
	bn_rows_free(rows);
}

/* At first contact a repository is often read before the source whose things its files define has answered. */
static void
repo_is_read_again_when_a_source_first_answers(void **state)
{
	struct fixture *f = *state;

	commit(f, "workflows/late.yaml", "a", "Add it", NOW - HOURS(1), NULL);
	read_with(f, "\tdefines = pipeline/late/* : workflows/{name}.yaml\n");
	assert_int_equal(number_of(f, "SELECT count(*) FROM link WHERE to_key = 'late'"), 0);
	world_source(f->w, "late", "argo-workflows", 30000);
	world_pipeline(f->w, "late", "late");
	assert_ok(bn_repos_read(f->repos, &f->w->err), &f->w->err);
	assert_int_equal(number_of(f, "SELECT count(*) FROM link WHERE to_key = 'late'"), 1);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(repo_commits_are_read_once_with_their_files),
	    T(repo_is_read_when_its_history_was_rewritten),
	    T(repo_merge_has_the_files_it_brought_and_its_number),
	    cmocka_unit_test(merge_numbers_are_found_as_the_forges_write_them),
	    T(triage_names_the_newest_change_or_says_none),
	    T(what_changed_before_the_failure_comes_first),
	    T(failed_task_s_file_counts_as_changed),
	    T(definitions_come_from_the_configuration_first),
	    T(repo_that_is_not_there_is_a_failing_source_and_no_error),
	    T(empty_repo_says_what_is_missing),
	    T(hostile_paths_and_messages_are_only_text),
	    T(repo_is_read_again_when_a_source_first_answers),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

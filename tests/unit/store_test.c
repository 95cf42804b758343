/* store_test.c - opening, files, damage, two processes, sudden death, housekeeping. */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/store_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "store/internal.h"

static char *
path_of(struct fixture *f, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	return path;
}

static int
reopen(struct fixture *f, unsigned mode, char **notice)
{
	return bn_store_open(&f->store, f->dir, mode, &f->clock, notice, &f->err);
}

static void
run_on(const char *path, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

static void
scribble(const char *path, off_t at, size_t size)
{
	char junk[4096];
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	memset(junk, 0xa5, sizeof(junk));
	assert_int_equal(pwrite(fd, junk, size, at), (ssize_t)size);
	close(fd);
}

/* ---- files ---- */

static void
store_makes_private_files_with_the_right_settings(void **state)
{
	static const char *const names[] = {"cache.db",	  "cache.db-wal",   "cache.db-shm",
					    "journal.db", "journal.db-wal", "store.lock",
					    NULL};
	struct fixture *f = *state;
	struct stat st;

	for (size_t i = 0; names[i] != NULL; i++) {
		assert_int_equal(stat(path_of(f, names[i]), &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
	assert_int_equal(ask(f, "PRAGMA main.auto_vacuum"), 2);
	assert_int_equal(ask(f, "PRAGMA journal.auto_vacuum"), 2);
	assert_string_equal(ask_text(f, "PRAGMA main.journal_mode"), "wal");
	assert_int_equal(ask_db(bn_writer_db(f->writer), "PRAGMA synchronous"), 1);
	assert_int_equal(ask_db(f->store->journal_db, "PRAGMA synchronous"), 2);
	assert_int_equal(ask(f, "PRAGMA trusted_schema"), 0);
	assert_int_equal(ask(f, "PRAGMA cell_size_check"), 1);
	assert_int_equal(ask(f, "PRAGMA main.user_version"), BN_CACHE_VERSION);
	assert_true(bn_store_journal_writable(f->store));
	assert_string_equal(bn_store_dir(f->store), f->dir);
}

static void
store_opens_a_directory_that_is_not_there_yet(void **state)
{
	struct fixture *f = *state;
	char deep[160];
	struct bn_store *store = NULL;
	struct stat st;

	snprintf(deep, sizeof(deep), "%s/a/b", f->dir);
	assert_ok(bn_store_open(&store, deep, 0, &f->clock, NULL, &f->err), &f->err);
	assert_int_equal(stat(deep, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	bn_store_close(store);
	fixture_remove(deep);
	snprintf(deep, sizeof(deep), "%s/a", f->dir);
	rmdir(deep);
}

static void
store_refuses_links_strangers_and_open_directories(void **state)
{
	struct fixture *f = *state;
	char other[64] = "/tmp/bn-store-XXXXXX", link[160], target[160];
	struct bn_store *store = NULL;

	assert_non_null(mkdtemp(other));
	snprintf(link, sizeof(link), "%s/cache.db", other);
	snprintf(target, sizeof(target), "%s/elsewhere", f->dir);
	/* A dangling link and one to a real file: neither is followed. */
	assert_int_equal(symlink(target, link), 0);
	assert_fails_with(BN_EPERM, bn_store_open(&store, other, 0, &f->clock, NULL, &f->err));
	assert_int_equal(access(target, F_OK), -1);
	unlink(link);
	assert_int_equal(symlink(path_of(f, "cache.db"), link), 0);
	assert_fails_with(BN_EPERM, bn_store_open(&store, other, 0, &f->clock, NULL, &f->err));
	assert_true(f->err.hint[0] != '\0');
	unlink(link);
	assert_int_equal(chmod(other, 0777), 0);
	assert_fails_with(BN_EPERM, bn_store_open(&store, other, 0, &f->clock, NULL, &f->err));
	assert_int_equal(chmod(other, 0700), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(other, 65534, (gid_t)-1), 0);
		assert_fails_with(BN_EPERM,
				  bn_store_open(&store, other, 0, &f->clock, NULL, &f->err));
		assert_int_equal(chown(other, 0, (gid_t)-1), 0);
		assert_ok(bn_store_open(&store, other, 0, &f->clock, NULL, &f->err), &f->err);
		bn_store_close(store);
		assert_int_equal(chown(link, 65534, (gid_t)-1), 0);
		assert_fails_with(BN_EPERM,
				  bn_store_open(&store, other, 0, &f->clock, NULL, &f->err));
	}
	fixture_remove(other);
}

static void
store_shared_directory_has_group_files(void **state)
{
	struct fixture *f = *state;
	char team[64] = "/tmp/bn-store-XXXXXX", name[160];
	struct bn_store *store = NULL;
	struct stat st;

	assert_non_null(mkdtemp(team));
	assert_int_equal(chmod(team, 02770), 0);
	assert_ok(bn_store_open(&store, team, 0, &f->clock, NULL, &f->err), &f->err);
	snprintf(name, sizeof(name), "%s/journal.db", team);
	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	bn_store_close(store);
	fixture_remove(team);
}

static void
store_knows_network_file_systems(void **state)
{
	(void)state;
	assert_true(bn_network_filesystem(0x6969));
	assert_true(bn_network_filesystem(0x65735546));
	assert_true(bn_network_filesystem(
	    (int32_t)0xff534d42)); /* where f_type is signed and 32 bits wide */
	assert_false(bn_network_filesystem(0xef53));
	assert_false(bn_network_filesystem(0x01021994));
	assert_false(bn_network_filesystem(0x9123683e));
}

static void
store_without_wal_works_and_says_so(void **state)
{
	struct fixture *f = *state;
	char *notice = NULL;

	fixture_close(f);
	fixture_remove(f->dir);
	assert_int_equal(mkdir(f->dir, 0700), 0);
	assert_ok(reopen(f, BN_STORE_NO_WAL, &notice), &f->err);
	assert_non_null(notice);
	assert_non_null(strstr(notice, "network file system"));
	free(notice);
	assert_int_equal(bn_store_notice_fd(f->store), -1);
	assert_ok(bn_writer_open(&f->writer, f->store, &f->err), &f->err);
	assert_ok(bn_reader_open(&f->reader, f->store, &f->err), &f->err);
	assert_string_equal(ask_text(f, "PRAGMA main.journal_mode"), "delete");
	assert_int_equal(access(path_of(f, "cache.db-wal"), F_OK), -1);
	f->source = fixture_source(f, "argo", 15000);
	assert_ok(bn_writer_take_lease(f->writer, f->source, "x", &f->epoch, &f->err), &f->err);
	int64_t version = bn_reader_version(f->reader);
	observe_list(f, T0, "apps", BN_APP, BN_DOWN, KEYS("a"));
	assert_int_not_equal(bn_reader_version(f->reader), version);
	assert_int_equal(ask(f, "SELECT count(*) FROM entity_now WHERE kind = 7"), 1);
}

/* ---- versions and damage ---- */

static void
store_from_the_future_is_refused_untouched(void **state)
{
	static const char *const files[] = {"cache.db", "journal.db", NULL};
	struct fixture *f = *state;

	fixture_close(f);
	for (size_t i = 0; files[i] != NULL; i++) {
		struct stat before, after;
		char sql[64];

		run_on(path_of(f, files[i]), "PRAGMA user_version = 7");
		assert_int_equal(stat(path_of(f, files[i]), &before), 0);
		assert_fails_with(BN_EUNSUPPORTED, reopen(f, 0, NULL));
		assert_non_null(strstr(f->err.message, "schema 7"));
		assert_non_null(strstr(f->err.hint, "newer"));
		assert_int_equal(stat(path_of(f, files[i]), &after), 0);
		assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
		assert_int_equal(before.st_size, after.st_size);
		assert_int_equal(before.st_ino, after.st_ino);
		snprintf(sql, sizeof(sql), "PRAGMA user_version = %d",
			 i == 0 ? BN_CACHE_VERSION : BN_JOURNAL_VERSION);
		run_on(path_of(f, files[i]), sql);
	}
	fixture_open(f, 0);
}

/* A cache that the release before this one left behind: kept, with everything in it, and as a fresh one. */
static void
store_of_an_earlier_schema_is_brought_forward_with_what_it_holds(void **state)
{
	struct fixture *f = *state;
	char *fresh, *moved;

	fresh = bn_xstrdup(
	    ask_text(f, "SELECT group_concat(sql, ';') FROM (SELECT sql FROM main.sqlite_schema"
			" WHERE sql IS NOT NULL ORDER BY name)"));
	fixture_close(f);
	unlink(path_of(f, "cache.db"));
	unlink(path_of(f, "cache.db-wal"));
	unlink(path_of(f, "cache.db-shm"));
	run_on(path_of(f, "cache.db"), "PRAGMA auto_vacuum=INCREMENTAL");
	run_on(path_of(f, "cache.db"), bn_schema_cache);
	run_on(path_of(f, "cache.db"),
	       "PRAGMA application_id = 1112425283; PRAGMA user_version = 1;"
	       " INSERT INTO source (id, name) VALUES (7, 'kept')");
	chmod(path_of(f, "cache.db"), 0600);
	fixture_open(f, 0);
	assert_int_equal(ask(f, "PRAGMA main.user_version"), BN_CACHE_VERSION);
	assert_string_equal(ask_text(f, "SELECT name FROM main.source WHERE id = 7"), "kept");
	moved = bn_xstrdup(
	    ask_text(f, "SELECT group_concat(sql, ';') FROM (SELECT sql FROM main.sqlite_schema"
			" WHERE sql IS NOT NULL ORDER BY name)"));
	assert_string_equal(moved, fresh);
	free(fresh);
	free(moved);
}

static void
store_of_another_program_is_left_alone(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	unlink(path_of(f, "cache.db"));
	run_on(path_of(f, "cache.db"), "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
	chmod(path_of(f, "cache.db"), 0600);
	assert_fails_with(BN_EUNSUPPORTED, reopen(f, 0, NULL));
	run_on(path_of(f, "cache.db"), "SELECT x FROM theirs");
	unlink(path_of(f, "cache.db"));
	fixture_open(f, 0);
}

static int
count_aside(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	int count = 0;

	while ((entry = readdir(d)) != NULL)
		count += strncmp(entry->d_name, "cache.db.damaged-", 17) == 0 &&
			 strstr(entry->d_name, "-wal") == NULL &&
			 strstr(entry->d_name, "-shm") == NULL;
	closedir(d);
	return count;
}

static void
store_damaged_cache_is_set_aside_and_rebuilt(void **state)
{
	struct fixture *f = *state;
	char *notice = NULL;

	observe_list(f, T0, "apps", BN_APP, BN_DOWN, KEYS("a"));
	fixture_close(f);
	scribble(path_of(f, "cache.db"), 0, 100);
	assert_ok(reopen(f, 0, &notice), &f->err);
	assert_non_null(notice);
	assert_non_null(strstr(notice, "rebuilt"));
	assert_non_null(strstr(notice, "cache.db.damaged-"));
	free(notice);
	assert_int_equal(count_aside(f->dir), 1);
	bn_store_close(f->store);
	fixture_open(f, 0);
	assert_int_equal(ask(f, "SELECT count(*) FROM entity"), 0);
}

static void
store_damage_met_while_writing_is_mended_at_the_next_start(void **state)
{
	struct fixture *f = *state;
	struct bn_batch *b;
	char *notice = NULL;
	int64_t root, rc = BN_OK;

	for (int i = 0; i < 50; i++) {
		char key[600];

		memset(key, 'k', sizeof(key));
		snprintf(key + 550, 50, "%d", i);
		observe_run(f, T0 + i, &(struct bn_run){.e = {.key = key, .status = BN_RUNNING}});
	}
	root = ask(f, "SELECT rootpage FROM sqlite_schema WHERE name = 'entity'");
	fixture_close(f);
	scribble(path_of(f, "cache.db"), (root - 1) * 4096, 4096);
	assert_ok(reopen(f, 0, &notice), &f->err); /* closed well: not searched through */
	assert_null(notice);
	assert_ok(bn_writer_open(&f->writer, f->store, &f->err), &f->err);
	b = bn_batch_new(f->writer, NULL, f->source, "argo", -1);
	bn_batch_entity(b, BN_APP, &(struct bn_entity){.key = "a"});
	rc = bn_batch_page(b, &f->err);
	assert_int_equal(rc, BN_EIO);
	assert_non_null(strstr(f->err.hint, "rebuilt"));
	bn_batch_free(b);
	bn_writer_close(f->writer);
	bn_store_close(f->store);
	assert_ok(reopen(f, 0, &notice), &f->err);
	assert_non_null(notice);
	free(notice);
	bn_store_close(f->store);
	fixture_open(f, 0);
	assert_int_equal(ask(f, "SELECT count(*) FROM entity"), 0);
}

static void
store_damaged_cache_in_use_elsewhere_is_not_taken_away(void **state)
{
	struct fixture *f = *state;
	pid_t pid;
	int status;

	/* The fixture has it open in this process; a child that finds it damaged must not rename
	 * it. */
	assert_int_equal(ask_db(bn_writer_db(f->writer), "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
	pid = fork();
	if (pid == 0) {
		struct bn_store *store = NULL;
		struct bn_error err;
		int fd = open(path_of(f, "cache.db"), O_WRONLY);

		if (pwrite(fd, "not a database at all, is it?", 29, 0) != 29)
			_exit(2);
		close(fd);
		_exit(bn_store_open(&store, f->dir, 0, &f->clock, NULL, &err) == BN_EIO &&
			      strstr(err.hint, "other binnacle") != NULL
			  ? 0
			  : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(count_aside(f->dir), 0);
}

static void
store_damaged_journal_is_read_and_never_written(void **state)
{
	struct fixture *f = *state;
	struct bn_actor actor = {"ann", "", "h", ""};
	char *notice = NULL;
	char text[3000];
	struct stat before, after;
	int64_t count, bad;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < 30; i++)
		assert_ok(bn_journal_note(f->store, &actor, (struct bn_ref){0}, NULL, text, NULL,
					  &f->err),
			  &f->err);
	fixture_close(f);
	assert_int_equal(stat(path_of(f, "journal.db"), &before), 0);
	scribble(path_of(f, "journal.db"), before.st_size / 4096 * 4096 - 3 * 4096, 4096);
	assert_int_equal(stat(path_of(f, "journal.db"), &before), 0);
	assert_ok(reopen(f, 0, &notice), &f->err);
	assert_non_null(notice);
	assert_non_null(strstr(notice, "journal.db is damaged"));
	free(notice);
	assert_false(bn_store_journal_writable(f->store));
	assert_fails_with(BN_EPERM, bn_journal_note(f->store, &actor, (struct bn_ref){0}, NULL, "x",
						    NULL, &f->err));
	assert_ok(bn_writer_open(&f->writer, f->store, &f->err), &f->err);
	assert_ok(bn_reader_open(&f->reader, f->store, &f->err), &f->err);
	assert_in_range(ask(f, "SELECT count(*) FROM note_now"), 1, 29);
	assert_fails_with(BN_ECONFLICT, bn_journal_verify(f->store, &count, &bad, &f->err));
	assert_int_equal(bad, count + 1);
	/* The cache goes on as if nothing were. */
	f->source = fixture_source(f, "argo", 15000);
	assert_int_equal(ask(f, "SELECT count(*) FROM source_now"), 1);
	fixture_close(f);
	assert_int_equal(stat(path_of(f, "journal.db"), &after), 0);
	assert_int_equal(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	unlink(path_of(f, "journal.db"));
	fixture_open(f, 0);
}

/* ---- several processes, sudden death, no room ---- */

/* Observes things for ever, or `count`, and says on the pipe after each commit how many are stored.
 */
static void
writing_child(struct fixture *f, const char *source, int out, int count)
{
	struct bn_store *store = NULL;
	struct bn_writer *writer = NULL;
	struct bn_error err;
	struct bn_source_info info = {source, "test", NULL, NULL, NULL, 15000, false};
	struct bn_actor actor = {"child", "", "h", ""};
	int64_t id, epoch;

	if (bn_store_open(&store, f->dir, 0, &f->clock, NULL, &err) != BN_OK)
		_exit(3);
	bn_store_set_anchor(store, "");
	if (bn_writer_open(&writer, store, &err) != BN_OK ||
	    bn_writer_source(writer, &info, &id, &err) != BN_OK ||
	    bn_writer_take_lease(writer, id, "child", &epoch, &err) != BN_OK)
		_exit(4);
	for (int i = 0; count == 0 || i < count; i++) {
		struct bn_batch *b = bn_batch_new(writer, NULL, id, source, epoch);
		char key[32];
		int64_t seq;

		snprintf(key, sizeof(key), "%d-%d", (int)getpid(), i);
		for (int j = 0; j < 5; j++) {
			char run[64];

			snprintf(run, sizeof(run), "%s-%d", key, j);
			bn_batch_run(b, &(struct bn_run){.e = {.key = run, .status = BN_RUNNING},
							 .started_at = T0});
		}
		if (bn_batch_page(b, &err) != BN_OK)
			_exit(5);
		bn_batch_free(b);
		if (bn_journal_note(store, &actor, (struct bn_ref){BN_RUN, source, key}, NULL,
				    "done", &seq, &err) != BN_OK)
			_exit(6);
		if (write(out, key, sizeof(key)) != (ssize_t)sizeof(key))
			_exit(7);
	}
	bn_writer_close(writer);
	bn_store_close(store);
	_exit(0);
}

static void
store_serves_two_processes_at_once(void **state)
{
	struct fixture *f = *state;
	int fds[2], status;
	pid_t one, two;

	assert_int_equal(pipe(fds), 0);
	one = fork();
	if (one == 0)
		writing_child(f, "argo", fds[1], 40);
	two = fork();
	if (two == 0)
		writing_child(f, "airflow", fds[1], 40);
	assert_int_equal(waitpid(one, &status, 0), one);
	assert_int_equal(status, 0);
	assert_int_equal(waitpid(two, &status, 0), two);
	assert_int_equal(status, 0);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(ask(f, "SELECT count(*) FROM run_now WHERE source = 'argo'"), 200);
	assert_int_equal(ask(f, "SELECT count(*) FROM run_now WHERE source = 'airflow'"), 200);
	assert_int_equal(ask(f, "SELECT count(*) FROM journal.record"), 80);
}

static int
ignore_row(sqlite3_stmt *row, void *payload, struct bn_error *err)
{
	(void)row, (void)payload, (void)err;
	return BN_OK;
}

/* One lane: its own writer and reader, and whatever threads share. */
static void *
lane(void *payload)
{
	struct fixture *f = payload;
	struct bn_writer *writer = NULL;
	struct bn_reader *reader = NULL;
	struct bn_actor actor = {"lane", "", "h", ""};
	struct bn_error err;
	intptr_t failed = 0;

	if (bn_writer_open(&writer, f->store, &err) != BN_OK ||
	    bn_reader_open(&reader, f->store, &err) != BN_OK)
		return (void *)1;
	for (int i = 0; i < 20; i++) {
		struct bn_batch *b = bn_batch_new(writer, NULL, f->source, "argo", -1);
		char key[64];

		snprintf(key, sizeof(key), "%p-%d", (void *)writer, i);
		bn_batch_run(b, &(struct bn_run){.e = {.key = key, .status = BN_RUNNING}});
		failed += bn_batch_page(b, &err) != BN_OK;
		bn_batch_free(b);
		failed += bn_journal_note(f->store, &actor, (struct bn_ref){0}, NULL, "x", NULL,
					  &err) != BN_OK;
		failed += bn_store_sql(f->store, "SELECT count(*) FROM run", 0, 0, ignore_row, NULL,
				       &err) != BN_OK;
		failed += bn_reader_version(reader) == 0;
		bn_store_noticed(f->store);
		failed += bn_writer_maintain(writer, &err) == BN_EIO;
	}
	bn_reader_close(reader);
	bn_writer_close(writer);
	return (void *)failed;
}

static void
lanes_on(struct fixture *f)
{
	pthread_t threads[4];

	(void)bn_store_notice_fd(f->store);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, lane, f), 0);
	for (int i = 0; i < 4; i++) {
		void *failed = NULL;

		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	assert_int_equal(ask(f, "SELECT count(*) FROM run_now"), 80);
	assert_int_equal(ask(f, "SELECT count(*) FROM journal.record"), 80);
}

static void
store_is_shared_by_the_threads_of_a_process(void **state)
{
	struct fixture *f = *state, memory = {0};

	lanes_on(f);
	fixture_at(&memory, T0);
	fixture_open(&memory, BN_STORE_MEMORY);
	memory.source = fixture_source(&memory, "argo", 15000);
	lanes_on(&memory);
	fixture_close(&memory);
}

static void
store_killed_at_any_moment_loses_nothing_that_was_said(void **state)
{
	struct fixture *f = *state;
	int acknowledged = 0;

	fixture_close(f);
	for (int round = 0; round < 30; round++) {
		char key[32], last[32] = "";
		int fds[2], status, heard = 0;
		int64_t count, bad;
		pid_t pid;

		assert_int_equal(pipe(fds), 0);
		pid = fork();
		if (pid == 0) {
			close(fds[0]);
			writing_child(f, "argo", fds[1], 0);
		}
		close(fds[1]);
		while (heard < 3 + round % 7 &&
		       read(fds[0], key, sizeof(key)) == (ssize_t)sizeof(key)) {
			heard++;
			memcpy(last, key, sizeof(last));
		}
		usleep((useconds_t)(round * 37 % 400));
		kill(pid, SIGKILL);
		while (read(fds[0], key, sizeof(key)) == (ssize_t)sizeof(key)) {
			heard++;
			memcpy(last, key, sizeof(last));
		}
		close(fds[0]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		acknowledged += heard;
		fixture_open(f, 0);
		assert_string_equal(ask_text(f, "PRAGMA main.integrity_check"), "ok");
		assert_string_equal(ask_text(f, "PRAGMA journal.integrity_check"), "ok");
		assert_true(ask(f, "SELECT count(*) FROM run_now") >= 5 * acknowledged);
		/* A page is there whole or not at all. */
		assert_int_equal(ask(f, "SELECT count(*) % 5 FROM run_now"), 0);
		assert_ok(bn_journal_verify(f->store, &count, &bad, &f->err), &f->err);
		assert_true(count >= acknowledged);
		char sql[128];
		snprintf(sql, sizeof(sql), "SELECT count(*) FROM journal.record WHERE key = '%s'",
			 last);
		assert_int_equal(ask(f, sql), 1);
		snprintf(sql, sizeof(sql), "SELECT count(*) FROM run_now WHERE key GLOB '%s-*'",
			 last);
		assert_int_equal(ask(f, sql), 5);
		fixture_close(f);
	}
	fixture_open(f, 0);
}

static void
store_on_a_full_disk_refuses_and_keeps_what_it_has(void **state)
{
	struct fixture *f = *state;
	int status;
	pid_t pid;

	observe_list(f, T0, "apps", BN_APP, BN_DOWN, KEYS("a"));
	fixture_close(f);
	/* No file may grow beyond 1 MiB: writes fail as on a full disk. In a child, since it can't
	 * be undone. */
	pid = fork();
	if (pid == 0) {
		struct rlimit limit = {1 << 20, 1 << 20};
		struct bn_store *store = NULL;
		struct bn_writer *writer = NULL;
		struct bn_actor actor = {"child", "", "h", ""};
		struct bn_error err = {0};
		char *text = bn_xcalloc(1, 60001);
		int rc = BN_OK, stored = 0;
		int64_t seq, count, bad;

		memset(text, 'x', 60000);
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		if (bn_store_open(&store, f->dir, 0, &f->clock, NULL, &err) != BN_OK ||
		    bn_writer_open(&writer, store, &err) != BN_OK)
			_exit(2);
		bn_store_set_anchor(store, "");
		for (int i = 0; i < 200 && rc == BN_OK; i++) {
			rc = bn_journal_note(store, &actor, (struct bn_ref){0}, NULL, text, &seq,
					     &err);
			stored += rc == BN_OK;
		}
		if (rc != BN_EIO || err.hint[0] == '\0')
			_exit(3);
		if (bn_journal_verify(store, &count, &bad, &err) != BN_OK || count != stored)
			_exit(4);
		rc = BN_OK;
		for (int i = 0; i < 200 && rc == BN_OK; i++) {
			struct bn_batch *b = bn_batch_new(writer, NULL, f->source, "argo", -1);
			char key[32];

			snprintf(key, sizeof(key), "%d", i);
			bn_batch_entity(b, BN_APP,
					&(struct bn_entity){.key = key, .message = text});
			rc = bn_batch_page(b, &err);
			bn_batch_free(b);
		}
		_exit(rc == BN_EIO ? 0 : 5);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	fixture_open(f, 0);
	assert_string_equal(ask_text(f, "PRAGMA main.integrity_check"), "ok");
	assert_int_equal(ask(f, "SELECT count(*) FROM entity WHERE key = 'a' AND kind = 7"), 1);
	int64_t count, bad;
	assert_ok(bn_journal_verify(f->store, &count, &bad, &f->err), &f->err);
	assert_true(count > 0);
}

static void
store_in_a_directory_that_can_not_be_written_says_what_to_do(void **state)
{
	struct fixture *f = *state;
	struct bn_store *store = NULL;

	assert_fails_with(BN_EIO,
			  bn_store_open(&store, "/dev/null/x", 0, &f->clock, NULL, &f->err));
	int rc = bn_store_open(&store, "/proc/binnacle", 0, &f->clock, NULL, &f->err);
	assert_true(rc == BN_EIO || rc == BN_EPERM);
	assert_non_null(strstr(f->err.hint, "--cache none"));
	assert_fails_with(BN_EINVAL, bn_store_open(&store, NULL, 0, &f->clock, NULL, &f->err));
}

/* ---- the rest of the writer ---- */

static void
writer_keeps_logs_bounded_and_from_a_line_on(void **state)
{
	struct fixture *f = *state;
	size_t size = (2 << 20) + 7;
	char *text = bn_xmalloc(size);

	for (size_t i = 0; i < size; i++)
		text[i] = i % 100 == 99 ? '\n' : (char)('a' + i / 100 % 26);
	observe_run(f, T0, &(struct bn_run){.e = {.key = "r", .status = BN_RUNNING}});
	assert_ok(bn_writer_log(f->writer, "argo", "r", 1, "t", 1, true, text, size, &f->err),
		  &f->err);
	assert_int_equal(
	    ask(f,
		"SELECT bytes = length(CAST(text AS BLOB)) AND bytes <= 1048576 AND bytes > 1048000"
		" FROM logtext"),
	    1);
	assert_int_equal(ask(f, "SELECT substr(text, 100, 1) = char(10) FROM logtext"), 1);
	assert_ok(bn_writer_log(f->writer, "argo", "r", 1, "t", 1, true, "new\0bytes", 9, &f->err),
		  &f->err);
	assert_int_equal(ask(f, "SELECT count(*) FROM logtext"), 1);
	assert_int_equal(ask(f, "SELECT bytes FROM logtext"), 9);
	assert_fails_with(BN_ENOTFOUND, bn_writer_log(f->writer, "argo", "ghost", 1, "t", 1, true,
						      "x", 1, &f->err));
	free(text);
}

static void
writer_replaces_the_configurations_links_as_a_set(void **state)
{
	struct fixture *f = *state;
	struct bn_config_link links[] = {
	    {{BN_PIPELINE, "argo", "a"}, {BN_ENDPOINT, NULL, "b"}, "feeds"},
	    {{BN_PIPELINE, "argo", "c"}, {BN_ENDPOINT, NULL, "d"}, "feeds"},
	};
	struct bn_batch *b = fixture_batch(f);

	bn_batch_link(b, (struct bn_ref){BN_PIPELINE, NULL, "x"},
		      (struct bn_ref){BN_MODEL, NULL, "y"}, "trains");
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	bn_batch_free(b);
	assert_ok(bn_writer_config_links(f->writer, links, 2, &f->err), &f->err);
	assert_ok(bn_writer_config_links(f->writer, links, 1, &f->err), &f->err);
	assert_int_equal(ask(f, "SELECT count(*) FROM link WHERE origin = 'config'"), 1);
	assert_int_equal(ask(f, "SELECT count(*) FROM link WHERE to_source = '' AND to_key = 'b'"),
			 1);
	assert_int_equal(
	    ask(f, "SELECT count(*) FROM link WHERE origin = 'argo' AND from_source = 'argo'"), 1);
}

static void
writer_registers_calls(void **state)
{
	struct fixture *f = *state;
	struct bn_call_record calls[] = {{T0, 12, "GET /runs", 200, 1000, NULL},
					 {T0, 5, "GET /runs", 0, -1, "refused"}};

	assert_ok(bn_writer_calls(f->writer, f->source, calls, 2, &f->err), &f->err);
	assert_int_equal(ask(f, "SELECT count(*) FROM call"), 2);
	assert_int_equal(
	    ask(f, "SELECT count(*) FROM call WHERE bytes IS NULL AND http_status IS NULL"), 1);
}

/* ---- housekeeping ---- */

static int
maintain(struct fixture *f)
{
	int rc = BN_EBUSY, rounds = 0;

	while (rc == BN_EBUSY && rounds < 1000) {
		rc = bn_writer_maintain(f->writer, &f->err);
		rounds++;
	}
	assert_ok(rc, &f->err);
	return rounds;
}

static void
maintain_rolls_old_points_up_by_ten_minutes(void **state)
{
	struct fixture *f = *state;
	struct bn_ref about = {BN_STREAM, NULL, "s"};
	struct bn_batch *b = fixture_batch(f);

	bn_batch_entity(b, BN_STREAM, &(struct bn_entity){.key = "s"});
	for (int i = 0; i < 3000; i++)
		bn_batch_point(b, about, "n", T0 - 10 * DAY + i * MINUTE, i);
	bn_batch_point(b, about, "n", T0, 5);
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	bn_batch_free(b);
	maintain(f);
	/* 2880 minutes lie before the limit, the rest stays as it is. */
	assert_int_equal(ask(f, "SELECT count(*) FROM rollup"), 288);
	assert_int_equal(ask(f, "SELECT count(*) FROM point"), 121);
	assert_int_equal(ask(f, "SELECT sum(count) FROM rollup"), 2880);
	assert_int_equal(ask(f, "SELECT sum FROM rollup ORDER BY at LIMIT 1"), 45);
	assert_int_equal(ask(f, "SELECT min * 1000000 + max * 1000 + last FROM rollup ORDER BY at "
				"LIMIT 1 OFFSET 1"),
			 10019019);
	assert_int_equal(ask(f, "SELECT at FROM rollup ORDER BY at LIMIT 1"), T0 - 10 * DAY);
}

static void
maintain_forgets_what_is_older_than_it_keeps(void **state)
{
	struct fixture *f = *state;
	struct bn_call_record call = {T0, 12, "GET /runs", 200, 1000, NULL};

	observe_list(f, T0, "apps", BN_APP, BN_HEALTHY, KEYS("a"));
	observe_list(f, T0 + 1, "apps", BN_APP, BN_DOWN, KEYS("a"));
	observe_run(f, T0,
		    &(struct bn_run){.e = {.key = "old", .status = BN_FAILED},
				     .started_at = T0,
				     .finished_at = T0 + 5});
	assert_ok(bn_writer_calls(f->writer, f->source, &call, 1, &f->err), &f->err);
	maintain(f);
	assert_int_equal(ask(f, "SELECT count(*) FROM call"), 1);
	fixture_at(f, T0 + 2 * DAY);
	maintain(f);
	assert_int_equal(ask(f, "SELECT count(*) FROM call"), 0);
	assert_int_equal(ask(f, "SELECT count(*) FROM run"), 1);
	fixture_at(f, T0 + 401 * DAY);
	maintain(f);
	assert_int_equal(ask(f, "SELECT count(*) FROM run"), 0);
	assert_int_equal(ask(f, "SELECT count(*) FROM attempt"), 0);
	assert_int_equal(ask(f, "SELECT count(*) FROM entity WHERE key = 'old'"), 0);
	/* The state at the limit still follows from what is left. */
	assert_int_equal(ask(f,
			     "SELECT count(*) FROM transition t JOIN entity e ON e.id = t.entity_id"
			     " WHERE e.key = 'a'"),
			 1);
	assert_int_equal(ask(f, "SELECT new FROM transition t JOIN entity e ON e.id = t.entity_id "
				"WHERE e.key = 'a'"),
			 BN_DOWN);
}

/* How a finding was worded every minute of a week ago is of no use; that it was critical for one of them is. */
static void
maintain_thins_out_how_findings_were_worded(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    sqlite3_exec(
		bn_writer_db(f->writer),
		"INSERT INTO finding (id, origin, rule, key, severity, title, message, since, "
		"opened_at,"
		" seen_at) VALUES (1, 'rule', 'late', 'x', 1, 'late', '0m', 0, 0, 0);"
		"WITH RECURSIVE m(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM m WHERE n < 180)"
		" INSERT INTO finding_was (finding_id, until, severity, title, message, since, "
		"silenced)"
		" SELECT 1, 1773111600000 + n * 60000, n = 70, 'late', n || 'm', 0, 0 FROM m",
		NULL, NULL, NULL),
	    SQLITE_OK);
	fixture_at(f, T0 + DAY);
	maintain(f);
	assert_int_equal(ask(f, "SELECT count(*) FROM main.finding_was"), 180);
	fixture_at(f, T0 + 9 * DAY);
	maintain(f);
	/* the last of each hour that had begun, and the one that was worse */
	assert_int_equal(ask(f, "SELECT count(*) FROM main.finding_was"), 5);
	assert_int_equal(
	    ask(f, "SELECT count(*) FROM main.finding_was WHERE severity = 1 AND message = "
		   "'70m'"),
	    1);
}

static void
maintain_keeps_as_long_as_it_is_told(void **state)
{
	struct fixture *f = *state;
	struct bn_call_record call = {T0, 12, "GET /runs", 200, 1000, NULL};
	struct bn_store_keep keep = {8 * DAY, 400 * DAY, 7 * DAY};

	bn_store_set_keep(f->store, &keep);
	assert_ok(bn_writer_calls(f->writer, f->source, &call, 1, &f->err), &f->err);
	fixture_at(f, T0 + 6 * DAY);
	maintain(f);
	assert_int_equal(ask(f, "SELECT count(*) FROM call"), 1);
}

static void
maintain_fills_the_search_index_behind_the_writers(void **state)
{
	struct fixture *f = *state;
	struct bn_batch *b = fixture_batch(f);
	int rounds;

	for (int i = 0; i < 1200; i++) {
		char key[32];

		snprintf(key, sizeof(key), "transform-%d", i);
		bn_batch_entity(b, BN_APP, &(struct bn_entity){.key = key, .message = "waiting"});
	}
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	assert_int_equal(ask(f, "SELECT count(*) FROM search"), 0);
	rounds = maintain(f);
	assert_true(rounds > 3);
	assert_int_equal(ask(f, "SELECT count(*) FROM search WHERE search MATCH '\"form-77\"'"),
			 11);
	/* A text that changes is indexed anew; one that doesn't is left alone. */
	fixture_at(f, T0 + 1000);
	bn_batch_entity(b, BN_APP, &(struct bn_entity){.key = "transform-7", .message = "evicted"});
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	bn_batch_free(b);
	assert_int_equal(ask(f, "SELECT count(*) FROM search_done WHERE seen_at = 0"), 1);
	maintain(f);
	assert_int_equal(ask(f, "SELECT count(*) FROM search WHERE search MATCH 'evict'"), 1);
	assert_int_equal(ask(f, "SELECT count(*) FROM search WHERE search MATCH 'waiting'"), 1199);
	assert_int_equal(ask(f, "SELECT count(*) FROM search_done WHERE seen_at = 0"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(store_makes_private_files_with_the_right_settings),
	    STORE_TEST(store_opens_a_directory_that_is_not_there_yet),
	    STORE_TEST(store_refuses_links_strangers_and_open_directories),
	    STORE_TEST(store_shared_directory_has_group_files),
	    cmocka_unit_test(store_knows_network_file_systems),
	    STORE_TEST(store_without_wal_works_and_says_so),
	    STORE_TEST(store_from_the_future_is_refused_untouched),
	    STORE_TEST(store_of_an_earlier_schema_is_brought_forward_with_what_it_holds),
	    STORE_TEST(store_of_another_program_is_left_alone),
	    STORE_TEST(store_damaged_cache_is_set_aside_and_rebuilt),
	    STORE_TEST(store_damage_met_while_writing_is_mended_at_the_next_start),
	    STORE_TEST(store_damaged_cache_in_use_elsewhere_is_not_taken_away),
	    STORE_TEST(store_damaged_journal_is_read_and_never_written),
	    STORE_TEST(store_serves_two_processes_at_once),
	    STORE_TEST(store_is_shared_by_the_threads_of_a_process),
	    STORE_TEST(store_killed_at_any_moment_loses_nothing_that_was_said),
	    STORE_TEST(store_on_a_full_disk_refuses_and_keeps_what_it_has),
	    STORE_TEST(store_in_a_directory_that_can_not_be_written_says_what_to_do),
	    STORE_TEST(writer_keeps_logs_bounded_and_from_a_line_on),
	    STORE_TEST(writer_replaces_the_configurations_links_as_a_set),
	    STORE_TEST(writer_registers_calls),
	    STORE_TEST(maintain_rolls_old_points_up_by_ten_minutes),
	    STORE_TEST(maintain_forgets_what_is_older_than_it_keeps),
	    STORE_TEST(maintain_thins_out_how_findings_were_worded),
	    STORE_TEST(maintain_keeps_as_long_as_it_is_told),
	    STORE_TEST(maintain_fills_the_search_index_behind_the_writers),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

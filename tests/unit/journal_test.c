/* journal_test.c - the chain: appended, never forked, verified; acks, snoozes, notes. */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/store_fixture.h"

#include <fcntl.h>
#include <sys/wait.h>

static const struct bn_ref api = {BN_ENDPOINT, "argo", "api"};

static struct bn_actor
me(void)
{
	struct bn_actor actor = {"ann", "Ann <ann@example.com>", "bastion", "203.0.113.9"};

	return actor;
}

static int64_t
note(struct fixture *f, const char *text)
{
	struct bn_actor actor = me();
	int64_t seq = 0;

	assert_ok(bn_journal_note(f->store, &actor, api, "shift", text, &seq, &f->err), &f->err);
	return seq;
}

/* Runs SQL on the file behind the store's back, the triggers dropped and put back. */
static void
tamper(struct fixture *f, const char *sql)
{
	char path[128];
	sqlite3 *db = NULL;

	snprintf(path, sizeof(path), "%s/journal.db", f->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(
		db,
		"CREATE TEMP TABLE kept AS SELECT sql FROM sqlite_schema WHERE type = 'trigger';"
		"DROP TRIGGER record_no_update; DROP TRIGGER record_no_delete;",
		NULL, NULL, NULL),
	    SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	assert_int_equal(
	    sqlite3_exec(db,
			 "CREATE TRIGGER record_no_update BEFORE UPDATE ON record BEGIN"
			 " SELECT RAISE(ABORT, 'the journal is append-only'); END;"
			 "CREATE TRIGGER record_no_delete BEFORE DELETE ON record BEGIN"
			 " SELECT RAISE(ABORT, 'the journal is append-only'); END;",
			 NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
}

static int64_t
verified(struct fixture *f)
{
	int64_t count = 0, bad = 0;

	assert_ok(bn_journal_verify(f->store, &count, &bad, &f->err), &f->err);
	assert_int_equal(bad, 0);
	return count;
}

static int64_t
first_bad(struct fixture *f)
{
	int64_t count = 0, bad = 0;

	assert_fails_with(BN_ECONFLICT, bn_journal_verify(f->store, &count, &bad, &f->err));
	assert_true(f->err.message[0] != '\0');
	return bad;
}

/* ---- the chain ---- */

static void
journal_records_follow_each_other_and_verify(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(verified(f), 0);
	assert_int_equal(note(f, "one"), 1);
	fixture_at(f, T0 + 5);
	assert_int_equal(note(f, "two"), 2);
	assert_int_equal(note(f, "three"), 3);
	assert_int_equal(verified(f), 3);
	assert_string_equal(
	    ask_text(
		f,
		"SELECT user || '|' || identity || '|' || host || '|' || origin || '|' || kind ||"
		" '|' || source || '|' || key || '|' || reason || '|' || body || '|' || at"
		" FROM journal.record WHERE seq = 2"),
	    "ann|Ann "
	    "<ann@example.com>|bastion|203.0.113.9|endpoint|argo|api|two|{\"tag\":\"shift\"}|"
	    "1773111600005");
	assert_int_equal(ask(f, "SELECT prev = (SELECT hash FROM journal.record WHERE seq = 1)"
				" FROM journal.record WHERE seq = 2"),
			 1);
	assert_int_equal(
	    ask(f,
		"SELECT prev = '0000000000000000000000000000000000000000000000000000000000000000'"
		" AND length(hash) = 64 FROM journal.record WHERE seq = 1"),
	    1);
}

/* The format is final: this hash was computed by another program over the same fields, each with
 * its length. */
static void
journal_hash_is_the_documented_one(void **state)
{
	struct fixture *f = *state;
	struct bn_actor actor = {"u", "", "h", ""};
	struct bn_journal_entry entry = {"note", {0}, 0, "r", NULL};

	assert_ok(bn_journal_append(f->store, &actor, &entry, NULL, &f->err), &f->err);
	assert_string_equal(ask_text(f, "SELECT hash FROM journal.record"),
			    "7f61d93dd8d937c0115c23f65244315579dbe4ac9275fa0adc21b6a117b9a87d");
}

static void
journal_change_of_any_column_is_found(void **state)
{
	static const char *const changes[] = {
	    "at = at + 1", "verb = 'ack'", "user = 'eve'", "identity = ''", "host = 'x'",
	    "origin = 'x'", "source = 'x'", "kind = 'run'", "key = 'x'", "parent = 1",
	    "reason = 'nothing'", "body = '{}'", "prev = hash", "hash = prev",
	    /* the same bytes in another type, which no query finds */
	    "verb = CAST(verb AS BLOB)", "source = CAST(source AS BLOB)",
	    "body = CAST(body AS BLOB)", "hash = CAST(hash AS BLOB)", "kind = kind || char(0)",
	    "key = key || char(0) || 'x'", "parent = 0", "parent = 0.5", "at = at + 0.5", NULL};
	struct fixture *f = *state;

	for (int i = 0; i < 4; i++)
		note(f, "words");
	for (size_t i = 0; changes[i] != NULL; i++) {
		char sql[256];

		snprintf(sql, sizeof(sql),
			 "CREATE TABLE IF NOT EXISTS was AS SELECT * FROM record WHERE seq = 3;"
			 "UPDATE record SET %s WHERE seq = 3",
			 changes[i]);
		tamper(f, sql);
		assert_int_equal(first_bad(f), 3);
		tamper(f, "DELETE FROM record WHERE seq = 3; INSERT INTO record SELECT * FROM was");
		assert_int_equal(verified(f), 4);
	}
	tamper(f, "DELETE FROM record WHERE seq = 2");
	assert_int_equal(first_bad(f), 2);
}

static void
journal_refuses_update_and_delete(void **state)
{
	struct fixture *f = *state;
	char path[128];
	sqlite3 *db = NULL;

	note(f, "one");
	snprintf(path, sizeof(path), "%s/journal.db", f->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "UPDATE record SET reason = 'x'", NULL, NULL, NULL),
			 SQLITE_CONSTRAINT);
	assert_non_null(strstr(sqlite3_errmsg(db), "append-only"));
	assert_int_equal(sqlite3_exec(db, "DELETE FROM record", NULL, NULL, NULL),
			 SQLITE_CONSTRAINT);
	sqlite3_close(db);
	assert_int_equal(verified(f), 1);
}

/* A second file in the test's folder, and its path. */
static void
use_anchor(struct fixture *f, char anchor[128])
{
	snprintf(anchor, 128, "%s/anchor", f->dir);
	bn_store_set_anchor(f->store, anchor);
}

static void
journal_cut_tail_is_found_by_the_second_file(void **state)
{
	struct fixture *f = *state;
	char anchor[128];
	struct stat st;

	use_anchor(f, anchor);
	for (int i = 0; i < 3; i++)
		note(f, "words");
	assert_int_equal(stat(anchor, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(verified(f), 3);
	/* The chain itself is sound after this; only the head kept elsewhere tells. */
	tamper(f, "DELETE FROM record WHERE seq = 3");
	assert_int_equal(first_bad(f), 3);
	assert_non_null(strstr(f->err.message, "ends at record 2"));
	bn_store_set_anchor(f->store, "");
	assert_int_equal(verified(f), 2);
	/* And so does a record that was written anew over the cut. */
	note(f, "another third");
	assert_int_equal(verified(f), 3);
	bn_store_set_anchor(f->store, anchor);
	assert_int_equal(first_bad(f), 3);
}

/* The line after the commit, of which a full disk took a part: the one before it names the record. */
static void
journal_is_whole_where_the_last_line_of_the_second_file_is_cut(void **state)
{
	struct fixture *f = *state;
	char anchor[128];
	struct stat st;

	use_anchor(f, anchor);
	note(f, "words");
	assert_int_equal(stat(anchor, &st), 0);
	assert_int_equal(truncate(anchor, st.st_size - 20), 0);
	assert_int_equal(verified(f), 1);
	note(f, "more");
	assert_int_equal(verified(f), 2);
	tamper(f, "DELETE FROM record WHERE seq = 2");
	assert_int_equal(first_bad(f), 2);
}

/* Where the second file can't be written a record would stand there unnamed for ever: none is made. */
static void
journal_records_nothing_that_the_second_file_does_not_take(void **state)
{
	struct fixture *f = *state;
	struct bn_journal_entry entry = {"note", api, 0, "words", NULL};
	struct bn_actor actor = me();
	char anchor[128], line[160];

	snprintf(anchor, sizeof(anchor), "%s/none/anchor", f->dir);
	bn_store_set_anchor(f->store, anchor);
	assert_fails_with(BN_EIO, bn_journal_append(f->store, &actor, &entry, NULL, &f->err));
	assert_non_null(strstr(f->err.message, "nothing was recorded"));
	assert_int_equal(verified(f), 0);
	bn_store_set_anchor(f->store, "/dev/full");
	assert_fails_with(BN_EIO, bn_journal_append(f->store, &actor, &entry, NULL, &f->err));
	/* a line that a full disk cut spoils neither itself nor the next */
	snprintf(anchor, sizeof(anchor), "%s/anchor", f->dir);
	snprintf(line, sizeof(line), "printf '~1 0123' >%s", anchor);
	assert_int_equal(system(line), 0);
	bn_store_set_anchor(f->store, anchor);
	note(f, "one");
	note(f, "two");
	assert_int_equal(verified(f), 2);
}

/* Whoever can take the second file away, or empty it, must not have an "ok" for it. */
static void
journal_without_its_second_file_is_not_called_whole(void **state)
{
	struct fixture *f = *state;
	char anchor[128];

	use_anchor(f, anchor);
	assert_int_equal(verified(f), 0);
	note(f, "one");
	assert_int_equal(verified(f), 1);
	assert_int_equal(truncate(anchor, 0), 0);
	assert_int_equal(first_bad(f), 0);
	assert_non_null(strstr(f->err.message, "names none of the journal's 1 records"));
	assert_int_equal(unlink(anchor), 0);
	assert_int_equal(first_bad(f), 0);
	note(f, "two");
	assert_int_equal(verified(f), 2);
}

/* A record that is sound in itself, but that nobody wrote through binnacle; and a whole chain of such. */
static void
journal_forged_record_and_chain_are_found_by_the_second_file(void **state)
{
	struct fixture *f = *state;
	char anchor[128], path[160], line[200];
	FILE *file;

	snprintf(anchor, sizeof(anchor), "%s/anchor", f->dir);
	note(f, "before there was a second file");
	bn_store_set_anchor(f->store, anchor);
	note(f, "one");
	note(f, "two");
	assert_int_equal(verified(f), 3);
	bn_store_set_anchor(f->store, ""); /* what follows goes by the second file */
	note(f, "forged");
	bn_store_set_anchor(f->store, anchor);
	assert_int_equal(first_bad(f), 4);
	/* killed between the commit and the line after it: the line before it is enough */
	tamper(f, "DELETE FROM record WHERE seq = 4");
	note(f, "four");
	snprintf(path, sizeof(path), "sed -i '$d' %s", anchor);
	assert_int_equal(system(path), 0);
	assert_int_equal(verified(f), 4);
	/* killed before the commit: a line, and no record; and then the next of that number */
	file = fopen(anchor, "a");
	fprintf(file, "~5 %064d\n", 7);
	fclose(file);
	assert_int_equal(verified(f), 4);
	note(f, "five");
	assert_int_equal(verified(f), 5);
	/* a chain written anew whole */
	tamper(f, "DELETE FROM record WHERE seq > 1");
	bn_store_set_anchor(f->store, "");
	for (int i = 0; i < 4; i++) {
		snprintf(line, sizeof(line), "anew %d", i);
		note(f, line);
	}
	assert_int_equal(verified(f), 5);
	bn_store_set_anchor(f->store, anchor);
	assert_int_equal(first_bad(f), 2);
}

/* What a verify that reads the pipe at `pipe` is given as the second file: the lines of the real one, and before or
 * behind them a process of its own appends. The pipe is open at both ends before the first, and ends after the last,
 * so that each append has its place between what verify reads. `more` (may be NULL) is said as well. */
static pid_t
telling_child(struct fixture *f, const char *anchor, const char *pipe, int before, int behind,
	      const char *more)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct bn_journal_entry entry = {"note", api, 0, "meanwhile", NULL};
		struct bn_actor actor = me();
		struct bn_store *store = NULL;
		struct bn_error err;
		FILE *out = fopen(pipe, "w"), *in;
		int c, done = 0;

		if (bn_store_open(&store, f->dir, 0, &f->clock, NULL, &err) != BN_OK)
			_exit(1);
		bn_store_set_anchor(store, anchor);
		for (int i = 0; i < before; i++)
			done += bn_journal_append(store, &actor, &entry, NULL, &err) == BN_OK;
		in = fopen(anchor, "r");
		while (in != NULL && (c = fgetc(in)) != EOF)
			fputc(c, out);
		if (more != NULL)
			fputs(more, out);
		fflush(out);
		for (int i = 0; i < behind; i++)
			done += bn_journal_append(store, &actor, &entry, NULL, &err) == BN_OK;
		fclose(out);
		bn_store_close(store);
		_exit(done == before + behind ? 0 : 1);
	}
	return pid;
}

/* Verifies against what the child tells; BN_OK or the failure, after the child has ended well. */
static int
verify_while(struct fixture *f, int before, int behind, const char *more, int64_t *count)
{
	char anchor[128], pipe[128];
	int64_t bad = 0;
	pid_t child;
	int rc, status;

	snprintf(anchor, sizeof(anchor), "%s/anchor", f->dir);
	snprintf(pipe, sizeof(pipe), "%s/pipe", f->dir);
	unlink(pipe);
	assert_int_equal(mkfifo(pipe, 0600), 0);
	child = telling_child(f, anchor, pipe, before, behind, more);
	bn_store_set_anchor(f->store, pipe);
	rc = bn_journal_verify(f->store, count, &bad, &f->err);
	bn_store_set_anchor(f->store, anchor);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	return rc;
}

static void
journal_that_is_written_to_meanwhile_is_whole(void **state)
{
	struct fixture *f = *state;
	char anchor[128], line[100];
	int64_t count = 0;

	use_anchor(f, anchor);
	/* its very first records: the second file is still empty, or isn't any more */
	assert_ok(verify_while(f, 0, 1, NULL, &count), &f->err);
	note(f, "two");
	/* after the second file was read: they are in the journal, and in no line that was seen */
	assert_ok(verify_while(f, 0, 2, NULL, &count), &f->err);
	/* before: the lines name more than there was at first */
	assert_ok(verify_while(f, 2, 0, NULL, &count), &f->err);
	assert_int_equal(count, 6);
	/* one that was never committed, and then the one that has its number */
	snprintf(line, sizeof(line), "~7 %064d\n", 7);
	assert_ok(verify_while(f, 0, 1, line, &count), &f->err);
	assert_int_equal(verified(f), 7);
}

static void
journal_that_is_written_to_meanwhile_hides_nothing(void **state)
{
	struct fixture *f = *state;
	char anchor[128], line[100];
	int64_t count = 0;

	use_anchor(f, anchor);
	note(f, "one");
	/* what no later head has is a tail that was cut off */
	snprintf(line, sizeof(line), "4 %064d\n", 7);
	assert_int_equal(verify_while(f, 1, 0, line, &count), BN_ECONFLICT);
	assert_non_null(strstr(f->err.message, "ends at record 2, but 4 was written"));
	/* what came meanwhile is in the chain and is the one that its line names */
	snprintf(line, sizeof(line), "3 %064d\n", 7);
	assert_int_equal(verify_while(f, 0, 1, line, &count), BN_ECONFLICT);
	assert_non_null(strstr(f->err.message, "record 3 is not the one the anchor names"));
	/* what was there before and is in no line was put in */
	bn_store_set_anchor(f->store, "");
	note(f, "forged");
	assert_int_equal(verify_while(f, 0, 1, NULL, &count), BN_ECONFLICT);
	assert_non_null(strstr(f->err.message, "record 4 is not the one the anchor names"));
}

/* A child of its own with the directory opened anew; exits without the parent's clean-up. */
static pid_t
appending_child(struct fixture *f, int who, int count)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct bn_store *store = NULL;
		struct bn_error err;
		struct bn_actor actor = me();
		int done = 0;

		if (bn_store_open(&store, f->dir, 0, &f->clock, NULL, &err) == BN_OK) {
			bn_store_set_anchor(store, "");
			for (int i = 0; i < count; i++) {
				struct bn_journal_entry entry = {"note", api, 0, "from a child",
								 NULL};

				snprintf(actor.user, sizeof(actor.user), "child%d", who);
				done +=
				    bn_journal_append(store, &actor, &entry, NULL, &err) == BN_OK;
			}
			bn_store_close(store);
		}
		_exit(done == count ? 0 : 1);
	}
	return pid;
}

static void
journal_of_many_writers_never_forks(void **state)
{
	struct fixture *f = *state;
	pid_t children[4];
	int status;

	for (int i = 0; i < 4; i++)
		children[i] = appending_child(f, i, 25);
	for (int i = 0; i < 10; i++)
		note(f, "and the parent");
	for (int i = 0; i < 4; i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(verified(f), 110);
	assert_int_equal(ask(f, "SELECT count(DISTINCT prev) FROM journal.record"), 110);
	assert_int_equal(ask(f, "SELECT count(DISTINCT user) FROM journal.record"), 5);
}

static void
journal_takes_no_nonsense(void **state)
{
	struct fixture *f = *state;
	struct bn_actor actor = me();
	struct bn_journal_entry entry = {"intent", api, 0, "why", "[]"};
	char *long_text = bn_xcalloc(1, 70001);
	int64_t seq = 0;

	assert_fails_with(BN_EINVAL, bn_journal_append(f->store, &actor, &entry, &seq, &f->err));
	entry.body = "{broken";
	assert_fails_with(BN_EPARSE, bn_journal_append(f->store, &actor, &entry, &seq, &f->err));
	entry.body = NULL;
	entry.reason = memset(long_text, 'x', 70000);
	assert_fails_with(BN_ETOOBIG, bn_journal_append(f->store, &actor, &entry, &seq, &f->err));
	entry.reason = NULL;
	entry.verb = "";
	assert_fails_with(BN_EINVAL, bn_journal_append(f->store, &actor, &entry, &seq, &f->err));
	assert_fails_with(BN_EINVAL,
			  bn_journal_note(f->store, &actor, api, NULL, "", &seq, &f->err));
	assert_int_equal(verified(f), 0);
	/* Verbs of later releases need no other format. */
	entry.verb = "intent";
	entry.body = "{\"plan\":\"abc\",\"attempt\":2}";
	assert_ok(bn_journal_append(f->store, &actor, &entry, &seq, &f->err), &f->err);
	entry.verb = "outcome";
	entry.parent = seq;
	assert_ok(bn_journal_append(f->store, &actor, &entry, &seq, &f->err), &f->err);
	assert_int_equal(verified(f), 2);
	free(long_text);
}

/* ---- acknowledge, snooze, note ---- */

static void
observe_endpoint(struct fixture *f, bn_time at, enum bn_status status)
{
	struct bn_batch *b = fixture_batch(f);

	fixture_at(f, at);
	bn_batch_sent(b, at);
	bn_batch_endpoint(b, &(struct bn_endpoint){.e = {.key = "api", .status = status}});
	assert_ok(bn_batch_page(b, &f->err), &f->err);
	bn_batch_free(b);
}

static void
ack(struct fixture *f, bool undo)
{
	struct bn_actor actor = me();

	assert_ok(bn_journal_ack(f->store, &actor, api, "on it", undo, NULL, &f->err), &f->err);
}

static void
ack_holds_until_the_thing_got_better_and_worse_again(void **state)
{
	struct fixture *f = *state;

	observe_endpoint(f, T0, BN_HEALTHY);
	observe_endpoint(f, T0 + MINUTE, BN_DEGRADED);
	fixture_at(f, T0 + 2 * MINUTE);
	ack(f, false);
	assert_string_equal(
	    ask_text(f, "SELECT entity || ' ' || user || ' ' || reason FROM ack_now"),
	    "endpoint/argo/api ann on it");
	/* Worse without a pause in between: the same incident. */
	observe_endpoint(f, T0 + 3 * MINUTE, BN_DOWN);
	assert_int_equal(ask(f, "SELECT count(*) FROM ack_now"), 1);
	observe_endpoint(f, T0 + 4 * MINUTE, BN_HEALTHY);
	assert_int_equal(ask(f, "SELECT count(*) FROM ack_now"), 0);
	observe_endpoint(f, T0 + 5 * MINUTE, BN_DOWN);
	assert_int_equal(ask(f, "SELECT count(*) FROM ack_now"), 0);
	fixture_at(f, T0 + 6 * MINUTE);
	ack(f, false);
	assert_int_equal(ask(f, "SELECT count(*) FROM ack_now"), 1);
}

static void
ack_given_while_all_was_well_covers_nothing_later(void **state)
{
	struct fixture *f = *state;

	observe_endpoint(f, T0, BN_HEALTHY);
	ack(f, false);
	observe_endpoint(f, T0 + MINUTE, BN_DOWN);
	assert_int_equal(ask(f, "SELECT count(*) FROM ack_now"), 0);
}

static void
ack_can_be_taken_back_once(void **state)
{
	struct fixture *f = *state;
	struct bn_actor actor = me();

	observe_endpoint(f, T0, BN_DOWN);
	assert_fails_with(BN_ENOTFOUND,
			  bn_journal_ack(f->store, &actor, api, NULL, true, NULL, &f->err));
	ack(f, false);
	ack(f, true);
	assert_int_equal(ask(f, "SELECT count(*) FROM ack_now"), 0);
	assert_int_equal(ask(f, "SELECT parent FROM journal.record WHERE verb = 'unack'"), 1);
	assert_fails_with(BN_ENOTFOUND,
			  bn_journal_ack(f->store, &actor, api, NULL, true, NULL, &f->err));
	assert_fails_with(BN_EINVAL, bn_journal_ack(f->store, &actor, (struct bn_ref){0}, NULL,
						    false, NULL, &f->err));
}

static void
alert(struct fixture *f, bn_time at, bn_time since, bool firing, bool about)
{
	struct bn_batch *b = fixture_batch(f);

	fixture_at(f, at);
	assert_ok(bn_batch_scope(b, "alerts", BN_COMPLETE, &f->err), &f->err);
	if (firing)
		bn_batch_finding(b,
				 &(struct bn_finding){.key = "k",
						      .rule = "alert",
						      .severity = BN_CRIT,
						      .title = "t",
						      .since = since,
						      .about = {about ? BN_ENDPOINT : BN_KIND_NONE,
								NULL, about ? "api" : NULL}});
	assert_ok(bn_batch_scope_done(b, &f->err), &f->err);
	bn_batch_free(b);
}

static void
ack_covers_the_findings_that_were_open_and_not_the_next(void **state)
{
	struct fixture *f = *state;

	/* The platform's clock runs ahead of ours: what was acknowledged is covered all the same.
	 */
	alert(f, T0, T0 + 2000, true, true);
	ack(f, false);
	assert_int_equal(ask(f, "SELECT ack_seq FROM finding_now"), 1);
	assert_int_equal(ask(f, "SELECT count(*) FROM ack_now"), 1);
	alert(f, T0 + MINUTE, 0, false, true);
	assert_int_equal(ask(f, "SELECT count(*) FROM ack_now"), 0);
	alert(f, T0 + 2 * MINUTE, T0 + 2 * MINUTE, true, true);
	assert_int_equal(ask(f, "SELECT ack_seq FROM finding_now"), -999);
	assert_int_equal(ask(f, "SELECT count(*) FROM ack_now"), 0);
}

static void
ack_survives_the_loss_of_the_cache(void **state)
{
	struct fixture *f = *state;
	char path[128];

	alert(f, T0, T0 - MINUTE, true, true);
	ack(f, false);
	fixture_close(f);
	snprintf(path, sizeof(path), "%s/cache.db", f->dir);
	assert_int_equal(unlink(path), 0);
	fixture_open(f, 0);
	f->source = fixture_source(f, "argo", 15000);
	assert_ok(bn_writer_take_lease(f->writer, f->source, "x", &f->epoch, &f->err), &f->err);
	alert(f, T0 + MINUTE, T0 - MINUTE, true, true);
	assert_int_equal(ask(f, "SELECT ack_seq FROM finding_now"), 1);
}

static void
ack_of_a_finding_about_nothing_names_its_rule_and_key(void **state)
{
	struct fixture *f = *state;
	struct bn_actor actor = me();
	struct bn_ref finding = {BN_KIND_NONE, "argo", "alert/k"};

	alert(f, T0, T0, true, false);
	assert_ok(bn_journal_ack(f->store, &actor, finding, NULL, false, NULL, &f->err), &f->err);
	assert_int_equal(ask(f, "SELECT ack_seq FROM finding_now"), 1);
	assert_int_equal(ask(f, "SELECT count(*) FROM ack_now"), 1);
}

static void
snooze_lasts_until_its_moment(void **state)
{
	struct fixture *f = *state;
	struct bn_actor actor = me();

	assert_fails_with(BN_EINVAL,
			  bn_journal_snooze(f->store, &actor, api, T0, NULL, false, NULL, &f->err));
	alert(f, T0, T0, true, true);
	assert_ok(
	    bn_journal_snooze(f->store, &actor, api, T0 + HOUR, "known", false, NULL, &f->err),
	    &f->err);
	assert_int_equal(ask(f, "SELECT until FROM snooze_now"), T0 + HOUR);
	assert_int_equal(ask(f, "SELECT snooze_until FROM finding_now"), T0 + HOUR);
	fixture_at(f, T0 + HOUR);
	assert_int_equal(ask(f, "SELECT count(*) FROM snooze_now"), 0);
	assert_int_equal(ask(f, "SELECT snooze_until FROM finding_now"), -999);
	assert_ok(
	    bn_journal_snooze(f->store, &actor, api, T0 + 2 * HOUR, NULL, false, NULL, &f->err),
	    &f->err);
	assert_int_equal(ask(f, "SELECT count(*) FROM snooze_now"), 1);
	assert_ok(bn_journal_snooze(f->store, &actor, api, 0, NULL, true, NULL, &f->err), &f->err);
	assert_int_equal(ask(f, "SELECT count(*) FROM snooze_now"), 0);
}

static void
note_keeps_words_and_tag_as_they_are(void **state)
{
	struct fixture *f = *state;
	struct bn_actor actor = me();

	assert_ok(bn_journal_note(f->store, &actor, (struct bn_ref){0}, "a\"b",
				  "line\n\x1b[31m\xe2\x82\xac", NULL, &f->err),
		  &f->err);
	assert_string_equal(ask_text(f, "SELECT text FROM note_now"), "line\n\x1b[31m\xe2\x82\xac");
	assert_string_equal(ask_text(f, "SELECT tag FROM note_now"), "a\"b");
	assert_string_equal(ask_text(f, "SELECT entity FROM note_now"), "(null)");
}

static void
actor_is_the_systems_word_not_the_environments(void **state)
{
	struct bn_actor actor;

	(void)state;
	setenv("USER", "mallory", 1);
	setenv("LOGNAME", "mallory", 1);
	setenv("SSH_CONNECTION", "203.0.113.9 50000 10.0.0.1 22", 1);
	bn_actor_self(&actor, "Ann <ann@example.com>");
	assert_string_not_equal(actor.user, "mallory");
	assert_true(actor.user[0] != '\0');
	assert_true(actor.host[0] != '\0');
	assert_string_equal(actor.origin, "203.0.113.9");
	assert_string_equal(actor.identity, "Ann <ann@example.com>");
	unsetenv("SSH_CONNECTION");
	bn_actor_self(&actor, NULL);
	assert_string_equal(actor.origin, "");
	assert_string_equal(actor.identity, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(journal_records_follow_each_other_and_verify),
	    STORE_TEST(journal_hash_is_the_documented_one),
	    STORE_TEST(journal_change_of_any_column_is_found),
	    STORE_TEST(journal_refuses_update_and_delete),
	    STORE_TEST(journal_records_nothing_that_the_second_file_does_not_take),
	    STORE_TEST(journal_without_its_second_file_is_not_called_whole),
	    STORE_TEST(journal_cut_tail_is_found_by_the_second_file),
	    STORE_TEST(journal_is_whole_where_the_last_line_of_the_second_file_is_cut),
	    STORE_TEST(journal_forged_record_and_chain_are_found_by_the_second_file),
	    STORE_TEST(journal_that_is_written_to_meanwhile_is_whole),
	    STORE_TEST(journal_that_is_written_to_meanwhile_hides_nothing),
	    STORE_TEST(journal_of_many_writers_never_forks),
	    STORE_TEST(journal_takes_no_nonsense),
	    STORE_TEST(ack_holds_until_the_thing_got_better_and_worse_again),
	    STORE_TEST(ack_given_while_all_was_well_covers_nothing_later),
	    STORE_TEST(ack_can_be_taken_back_once),
	    STORE_TEST(ack_covers_the_findings_that_were_open_and_not_the_next),
	    STORE_TEST(ack_survives_the_loss_of_the_cache),
	    STORE_TEST(ack_of_a_finding_about_nothing_names_its_rule_and_key),
	    STORE_TEST(snooze_lasts_until_its_moment),
	    STORE_TEST(note_keeps_words_and_tag_as_they_are),
	    cmocka_unit_test(actor_is_the_systems_word_not_the_environments),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

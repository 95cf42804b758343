/* bulk_test.c - many retries: in order, so many at once, stopped where the ratio says, and what is left is known. */
/* SPDX-License-Identifier: MIT */
#include "action/bulk.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "tests/fault/fleet.h"
#include "tests/fault/session.h"
#include "tests/test.h"
#include "triage/triage.h"

struct fixture {
	struct fleet fleet;
	struct session s;
	char keys[FLEET_MAX][16], sources[FLEET_MAX][4];
	struct bn_ref refs[FLEET_MAX];
	unsigned seed;
};

/* ---- the ground -------------------------------------------------------------------------------- */

/* The same numbers on every machine. */
static unsigned
chance(struct fixture *f, unsigned below)
{
	f->seed = f->seed * 1103515245u + 12345u;
	return (f->seed >> 16) % below;
}

static struct fixture *
begin(int count)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	session_begin(&f->s);
	fleet_start(&f->fleet);
	f->fleet.count = count;
	f->fleet.limit = 100;
	snprintf(f->fleet.journal, sizeof(f->fleet.journal), "%s/journal.db", f->s.dir);
	return f;
}

static void
open_session(struct fixture *f, const char *more)
{
	char *sources = fleet_config(&f->fleet), *text = bn_xasprintf("%s%s", sources, more);

	session_open(&f->s, text);
	free(sources);
	free(text);
	for (int i = 0; i < f->fleet.count; i++) {
		snprintf(f->keys[i], sizeof(f->keys[i]), "p%d-1", i);
		snprintf(f->sources[i], sizeof(f->sources[i]), "s%d", f->fleet.runs[i].source);
		f->refs[i] = (struct bn_ref){BN_RUN, f->sources[i], f->keys[i]};
	}
	session_poll(&f->s);
}

static void
end(struct fixture *f)
{
	session_close(&f->s);
	fleet_stop(&f->fleet);
	session_end(&f->s);
	free(f);
}

static struct bn_bulk *
plan(struct fixture *f)
{
	struct bn_bulk *bulk = NULL;

	assert_ok(bn_bulk_plan(&bulk, f->s.actions, f->refs, (size_t)f->fleet.count, &f->s.err),
		  &f->s.err);
	return bulk;
}

/* Sent fast, looked at often. */
static struct bn_bulk_options
swift(const struct fixture *f)
{
	struct bn_bulk_options options;

	bn_bulk_defaults(f->s.actions, &options);
	options.spacing = 1;
	options.poll = 5;
	options.timeout = 120000;
	options.follow = true;
	return options;
}

static int
send(struct fixture *f, struct bn_bulk *bulk, const struct bn_bulk_options *options,
     int64_t *parent)
{
	return bn_bulk_send(f->s.actions, bulk, "test", options, parent, &f->s.err);
}

static int64_t
ask(struct fixture *f, const char *sql)
{
	struct bn_reader *reader = NULL;
	sqlite3_stmt *st = NULL;
	int64_t value = -1;

	assert_ok(bn_reader_open(&reader, f->s.store, &f->s.err), &f->s.err);
	assert_int_equal(sqlite3_prepare_v2(bn_reader_db(reader), sql, -1, &st, NULL), SQLITE_OK);
	if (sqlite3_step(st) == SQLITE_ROW)
		value = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	bn_reader_close(reader);
	return value;
}

static const struct bn_bulk_item *
item_of(const struct bn_bulk *bulk, int number, struct bn_bulk_item_now *now)
{
	char key[16];

	snprintf(key, sizeof(key), "p%d-1", number);
	for (size_t i = 0; i < bulk->count; i++)
		if (strcmp(bulk->items[i].run.key, key) == 0) {
			if (now != NULL)
				bn_bulk_item_now(bulk, i, now);
			return &bulk->items[i];
		}
	fail_msg("no item %s", key);
	return NULL;
}

/* What holds after every bulk, whatever happened in it. */
static void
assert_sound(struct fixture *f)
{
	int64_t count, bad;

	assert_int_equal(f->fleet.too_early, 0);
	assert_int_equal(f->fleet.too_many, 0);
	assert_int_equal(f->fleet.unjournalled, 0);
	for (int i = 0; i < f->fleet.count; i++)
		assert_true(f->fleet.runs[i].retries <= 1);
	assert_int_equal(ask(f, "SELECT count(*) FROM intent_now WHERE state IN ('done', 'refused',"
				" 'unknown')"),
			 f->fleet.writes);
	assert_int_equal(ask(f, "SELECT count(*) FROM intent_now WHERE parent IS NULL"), 0);
	assert_int_equal(ask(f, "SELECT count(*) FROM bulk_now WHERE state = 'running'"), 0);
	assert_ok(bn_journal_verify(f->s.store, &count, &bad, &f->s.err), &f->s.err);
}

/* ---- properties -------------------------------------------------------------------------------- */

/* Edges from lower to higher in a hidden order, some of them by way of a dataset nobody retries. */
static char *
random_graph(struct fixture *f)
{
	int hidden[FLEET_MAX], count = f->fleet.count, i, k;
	struct bn_buf text = BN_BUF_INIT(0);

	for (i = 0; i < count; i++)
		hidden[i] = i;
	for (i = count - 1; i > 0; i--) {
		int other = (int)chance(f, (unsigned)i + 1), kept = hidden[i];

		hidden[i] = hidden[other];
		hidden[other] = kept;
	}
	bn_buf_adds(&text, "[link]\n");
	for (i = 0; i < count; i++)
		for (k = i + 1; k < count; k++) {
			int a = hidden[i], b = hidden[k];

			if (chance(f, 100) >= 18)
				continue;
			f->fleet.before[a][b] = true;
			if (chance(f, 3) == 0)
				bn_buf_addf(&text,
					    "\tfeeds = pipeline/s%d/p%d -> dataset/d%d-%d\n"
					    "\tfeeds = dataset/d%d-%d -> pipeline/s%d/p%d\n",
					    f->fleet.runs[a].source, a, a, b, a, b,
					    f->fleet.runs[b].source, b);
			else
				bn_buf_addf(&text,
					    "\tfeeds = pipeline/s%d/p%d -> pipeline/s%d/p%d\n",
					    f->fleet.runs[a].source, a, f->fleet.runs[b].source, b);
		}
	return bn_buf_take(&text);
}

/* Each feeds the one that is named before it: more of them than there are waves, named back to front. */
static char *
chain(struct fixture *f)
{
	struct bn_buf text = BN_BUF_INIT(0);

	bn_buf_adds(&text, "[link]\n");
	for (int i = 1; i < f->fleet.count; i++) {
		f->fleet.before[i][i - 1] = true;
		bn_buf_addf(&text, "\tfeeds = pipeline/s%d/p%d -> pipeline/s%d/p%d\n",
			    f->fleet.runs[i].source, i, f->fleet.runs[i - 1].source, i - 1);
	}
	return bn_buf_take(&text);
}

static void
random_fleet(struct fixture *f)
{
	for (int i = 0; i < f->fleet.count; i++) {
		unsigned fate = chance(f, 100);

		f->fleet.runs[i].source = (int)chance(f, FLEET_SOURCES);
		f->fleet.runs[i].fate = fate < 80   ? FLEET_GREEN
					: fate < 90 ? FLEET_RED
						    : FLEET_REFUSES;
	}
	f->fleet.limit = 1 + (int)chance(f, 3);
	f->fleet.lasts = 2 + (int)chance(f, 4);
}

/* Is `number` behind one that was sent and did not end well, at whatever distance? */
static bool
behind_a_failure(const struct fixture *f, int number, int depth)
{
	for (int i = 0; depth < FLEET_MAX && i < f->fleet.count; i++)
		if (f->fleet.before[i][number] &&
		    ((f->fleet.runs[i].retries > 0 && f->fleet.runs[i].fate != FLEET_GREEN) ||
		     behind_a_failure(f, i, depth + 1)))
			return true;
	return false;
}

static void
assert_steps(struct fixture *f, const struct bn_bulk *bulk, enum bn_bulk_end how)
{
	for (int i = 0; i < f->fleet.count; i++) {
		const struct fleet_run *run = &f->fleet.runs[i];
		struct bn_bulk_item_now now;

		item_of(bulk, i, &now);
		if (run->retries == 0)
			assert_int_equal(now.step, BN_BULK_UNSENT);
		else if (run->fate == FLEET_REFUSES)
			assert_int_equal(now.step, BN_BULK_REFUSED);
		else if (how == BN_BULK_ENDED)
			assert_int_equal(now.step,
					 run->fate == FLEET_GREEN ? BN_BULK_GREEN : BN_BULK_RED);
		/* Nothing stopped it: whatever could be sent was, whatever could not was not. */
		if (how == BN_BULK_ENDED)
			assert_int_equal(run->retries == 0, behind_a_failure(f, i, 0));
		else if (run->retries > 0)
			assert_false(behind_a_failure(f, i, 0));
	}
}

static void
bulk_of_a_random_graph_goes_in_its_order(void **state)
{
	int stopped = 0, ended = 0, writes = 0;

	(void)state;
	for (unsigned seed = 0; seed <= 16; seed++) {
		struct fixture *f = begin(seed == 0 ? 70 : 10);
		struct bn_bulk_options options;
		struct bn_bulk_now now;
		struct bn_bulk *bulk;
		int64_t parent = 0;
		char *links;

		f->seed = seed * 7919;
		if (seed > 0)
			random_fleet(f);
		f->fleet.lasts = seed > 0 ? f->fleet.lasts : 1;
		links = seed > 0 ? random_graph(f) : chain(f);
		open_session(f, links);
		free(links);
		bulk = plan(f);
		assert_int_equal(bulk->ready, f->fleet.count);
		options = swift(f);
		options.concurrency = f->fleet.limit;
		options.abort_ratio = seed % 2 == 0 ? 1 : 0.3;
		send(f, bulk, &options, &parent);
		bn_bulk_now(bulk, &now);
		print_message("# seed %u: %s\n", seed, now.text);
		assert_true(now.end == BN_BULK_ENDED || now.end == BN_BULK_STOPPED);
		assert_int_equal(now.parent, parent);
		assert_int_equal(now.all.sent, f->fleet.writes);
		if (options.abort_ratio >= 1)
			assert_int_equal(now.end, BN_BULK_ENDED);
		else if (now.end == BN_BULK_ENDED)
			for (int wave = 1; wave <= bulk->waves; wave++)
				assert_true(now.waves[wave].failed <=
					    options.abort_ratio * now.waves[wave].total);
		else
			assert_true(now.waves[now.wave].failed >
				    options.abort_ratio * now.waves[now.wave].total);
		assert_steps(f, bulk, now.end);
		if (seed == 0)
			assert_int_equal(f->fleet.writes, 70);
		assert_sound(f);
		assert_int_equal(ask(f, "SELECT count(*) FROM bulk_now"), 1);
		stopped += now.end == BN_BULK_STOPPED;
		ended += now.end == BN_BULK_ENDED;
		writes += f->fleet.writes;
		bn_bulk_free(bulk);
		end(f);
	}
	print_message("# %d ended, %d stopped, %d requests\n", ended, stopped, writes);
	assert_true(stopped > 0 && ended > 0);
}

/* One wave at one source, refusals at random places: a model says after which request it is too much. */
static void
abort_ratio_is_kept_to_the_exact_request(void **state)
{
	static const double ratios[] = {0, 0.1, 0.2, 0.25, 0.5, 1};

	(void)state;
	for (size_t r = 0; r < sizeof(ratios) / sizeof(ratios[0]); r++) {
		struct fixture *f = begin(20);
		struct bn_bulk_options options;
		struct bn_bulk_now now;
		int failed = 0, wanted = 0, i;
		struct bn_bulk *bulk;

		f->seed = (unsigned)r + 99;
		for (i = 0; i < 20; i++)
			if (chance(f, 3) == 0)
				f->fleet.runs[i].fate = FLEET_REFUSES;
		for (i = 0; i < 20 && failed <= ratios[r] * 20; i++, wanted++)
			failed += f->fleet.runs[i].fate == FLEET_REFUSES;
		open_session(f, "");
		bulk = plan(f);
		options = swift(f);
		options.concurrency = 100;
		options.abort_ratio = ratios[r];
		assert_int_equal(send(f, bulk, &options, NULL), BN_EREMOTE);
		bn_bulk_now(bulk, &now);
		assert_int_equal(f->fleet.writes, wanted);
		assert_int_equal(now.all.sent, wanted);
		assert_int_equal(now.all.left, 20 - wanted);
		for (i = 0; i < wanted; i++)
			assert_int_equal(f->fleet.order[i], i);
		assert_sound(f);
		bn_bulk_free(bulk);
		end(f);
	}
}

/* ---- planning ---------------------------------------------------------------------------------- */

static void
references_fold_into_one_request_a_run(void **state)
{
	struct fixture *f = begin(3);
	struct bn_bulk *bulk = NULL;
	struct bn_ref refs[] = {{BN_PIPELINE, "s0", "p0"},     {BN_RUN, "s0", "p0-1"},
				{BN_TASK, "s0", "p0-1/n1"},    {BN_RUN, "s0", "p1-1"},
				{BN_PIPELINE, "s0", "absent"}, {BN_RUN, "s0", "p2-1"}};
	struct bn_bulk_options options;
	char digest[BN_DIGEST_HEX];

	(void)state;
	f->fleet.runs[2].running = true;
	open_session(f, "");
	bn_collect_detail(f->s.collect, refs[1], 60000, &f->s.err);
	assert_ok(bn_bulk_plan(&bulk, f->s.actions, refs, 6, &f->s.err), &f->s.err);
	assert_int_equal(bulk->count, 4);
	assert_int_equal(bulk->ready, 2);
	assert_int_equal(bulk->out, 2);
	assert_int_equal(item_of(bulk, 0, NULL)->asked, 3);
	assert_int_equal(item_of(bulk, 2, NULL)->fate, BN_BULK_OUT);
	assert_int_equal(item_of(bulk, 2, NULL)->why.code, BN_EBUSY);
	assert_int_equal(bulk->items[bulk->count - 1].fate, BN_BULK_OUT);
	assert_int_equal(bulk->total_count, 1);
	assert_string_equal(bulk->totals[0].unit, "pod");
	assert_int_equal(bulk->totals[0].runs, 2);
	assert_int_equal(bulk->totals[0].failed, 2);
	snprintf(digest, sizeof(digest), "%s", bulk->digest);
	bn_bulk_free(bulk);
	/* In whatever order they are named it is the same plan. */
	assert_ok(
	    bn_bulk_plan(&bulk, f->s.actions, (struct bn_ref[]){refs[3], refs[0]}, 2, &f->s.err),
	    &f->s.err);
	assert_string_equal(bulk->digest, digest);
	options = swift(f);
	assert_ok(send(f, bulk, &options, NULL), &f->s.err);
	assert_int_equal(f->fleet.writes, 2);
	assert_sound(f);
	bn_bulk_free(bulk);
	end(f);
}

static void
undeclared_work_stays_out_until_it_is_named(void **state)
{
	struct fixture *f = begin(3);
	struct bn_bulk_options options;
	char digest[BN_DIGEST_HEX];
	struct bn_bulk *bulk;
	size_t i;

	(void)state;
	f->fleet.runs[0].undeclared = f->fleet.runs[1].undeclared = true;
	open_session(f, "[link]\n\tfeeds = pipeline/s0/p0 -> pipeline/s0/p2\n");
	bulk = plan(f);
	assert_int_equal(bulk->ready, 1);
	assert_int_equal(bulk->apart, 2);
	/* p2 would be sent without p0, whose work it takes: that is said. */
	assert_true(item_of(bulk, 2, NULL)->behind >= 0);
	assert_string_equal(bulk->items[item_of(bulk, 2, NULL)->behind].name, "p0");
	snprintf(digest, sizeof(digest), "%s", bulk->digest);
	for (i = 0; strcmp(bulk->items[i].name, "p0") != 0;)
		i++;
	assert_int_equal(bn_bulk_name(bulk, i, "p1", &f->s.err), BN_EPERM);
	assert_ok(bn_bulk_name(bulk, i, "p0", &f->s.err), &f->s.err);
	assert_int_equal(bulk->ready, 2);
	assert_int_equal(item_of(bulk, 2, NULL)->behind, -1);
	assert_string_not_equal(bulk->digest, digest);
	options = swift(f);
	assert_ok(send(f, bulk, &options, NULL), &f->s.err);
	assert_int_equal(f->fleet.writes, 2);
	assert_int_equal(f->fleet.order[0], 0);
	assert_int_equal(f->fleet.order[1], 2);
	assert_int_equal(f->fleet.runs[1].retries, 0);
	assert_sound(f);
	bn_bulk_free(bulk);
	end(f);
}

/* Another person's lock is seen when it is planned; what began since then, right before it is sent. */
static void
what_is_locked_or_runs_anew_is_left_alone(void **state)
{
	static const struct bn_actor other = {"somebody-else", "", "bastion", ""};
	struct bn_ref pipeline = {BN_PIPELINE, "s0", "p0"};
	struct fixture *f = begin(3);
	struct bn_bulk_options options;
	struct bn_bulk_item_now now;
	struct bn_bulk *bulk;

	(void)state;
	open_session(f, "");
	assert_ok(bn_journal_lock(f->s.store, &other, pipeline, bn_clock_now(&f->s.clock) + 600000,
				  "mine", false, NULL, &f->s.err),
		  &f->s.err);
	bulk = plan(f);
	assert_int_equal(item_of(bulk, 0, NULL)->fate, BN_BULK_OUT);
	assert_int_equal(item_of(bulk, 0, NULL)->why.code, BN_EBUSY);
	assert_non_null(strstr(item_of(bulk, 0, NULL)->why.message, "somebody-else"));
	pthread_mutex_lock(&f->fleet.lock);
	f->fleet.runs[1].newer = true;
	pthread_mutex_unlock(&f->fleet.lock);
	assert_ok(bn_collect_once(f->s.collect, NULL, 60000, true, &f->s.err), &f->s.err);
	options = swift(f);
	options.abort_ratio = 1;
	assert_int_equal(send(f, bulk, &options, NULL), BN_EREMOTE);
	item_of(bulk, 1, &now);
	assert_int_equal(now.step, BN_BULK_UNSENT);
	assert_int_equal(now.code, BN_EBUSY);
	assert_non_null(strstr(now.answer, "newer run"));
	item_of(bulk, 2, &now);
	assert_int_equal(now.step, BN_BULK_GREEN);
	assert_int_equal(f->fleet.writes, 1);
	bn_bulk_free(bulk);
	end(f);
}

/* Thirty pipelines that are fine lie between the two, each with a dataset behind it. */
static void
far_run_waits_whatever_lies_between(void **state)
{
	struct fixture *f = begin(2);
	struct bn_buf text = BN_BUF_INIT(0);
	struct bn_bulk *bulk;

	(void)state;
	bn_buf_adds(&text, "[link]\n\tfeeds = pipeline/s0/p1 -> dataset/d0\n");
	for (int i = 0; i < 30; i++)
		bn_buf_addf(&text,
			    "\tfeeds = dataset/d%d -> pipeline/s0/fine%d\n"
			    "\tfeeds = pipeline/s0/fine%d -> dataset/d%d\n",
			    i, i, i, i + 1);
	bn_buf_adds(&text, "\tfeeds = dataset/d30 -> pipeline/s0/p0\n");
	open_session(f, bn_buf_text(&text));
	bn_buf_free(&text);
	bulk = plan(f);
	assert_int_equal(bulk->waves, 2);
	assert_string_equal(bulk->items[0].name, "p1");
	assert_string_equal(bulk->items[1].name, "p0");
	assert_null(bulk->note);
	bn_bulk_free(bulk);
	end(f);
}

/* A hundred thousand things behind p0, and p2 behind them: that not all of them were looked at is said. What p1 knows
 * of p2 holds for p0, though p1 itself is left out. */
static void
lineage_without_end_is_cut_and_said_so(void **state)
{
	static const char sql[] =
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100001)"
	    " INSERT INTO link (from_source, from_kind, from_key, to_source, to_kind, to_key, kind,"
	    " origin, seen_at) SELECT 's0', 1, 'p0', 's0', 1, 'q' || i, 'feeds', 'config', 0 FROM "
	    "n";
	struct fixture *f = begin(3);
	struct bn_writer *writer = NULL;
	struct bn_bulk *bulk;

	(void)state;
	f->fleet.runs[1].running = true;
	open_session(f, "[link]\n\tfeeds = pipeline/s0/p0 -> pipeline/s0/p1\n"
			"\tfeeds = pipeline/s0/p1 -> pipeline/s0/p2\n");
	assert_ok(bn_writer_open(&writer, f->s.store, &f->s.err), &f->s.err);
	assert_int_equal(sqlite3_exec(bn_writer_db(writer), sql, NULL, NULL, NULL), SQLITE_OK);
	bn_writer_close(writer);
	bulk = plan(f);
	assert_int_equal(bulk->ready, 2);
	assert_non_null(bulk->note);
	assert_non_null(strstr(item_of(bulk, 0, NULL)->plan->notes[0], "more lineage"));
	assert_null(item_of(bulk, 2, NULL)->plan->notes[0]);
	assert_int_equal(item_of(bulk, 0, NULL)->wave, 1);
	assert_int_equal(item_of(bulk, 2, NULL)->wave, 2);
	bn_bulk_free(bulk);
	end(f);
}

static void
two_that_feed_each_other_wait_for_nobody(void **state)
{
	struct fixture *f = begin(3);
	struct bn_bulk_options options;
	struct bn_bulk *bulk;

	(void)state;
	open_session(f, "[link]\n\tfeeds = pipeline/s0/p0 -> pipeline/s0/p1\n"
			"\tfeeds = pipeline/s0/p1 -> pipeline/s0/p2\n"
			"\tfeeds = pipeline/s0/p2 -> pipeline/s0/p0\n");
	bulk = plan(f);
	assert_int_equal(bulk->ready, 3);
	options = swift(f);
	assert_ok(send(f, bulk, &options, NULL), &f->s.err);
	assert_int_equal(f->fleet.writes, 3);
	bn_bulk_free(bulk);
	end(f);
}

/* Three runs fail of the same, on different nodes: what became of two of them is told with the third. */
static void
plan_tells_how_often_its_error_was_cured(void **state)
{
	struct fixture *f = begin(3);
	struct bn_action_plan *third = NULL;
	struct bn_bulk_options options;
	struct bn_bulk *bulk = NULL;

	(void)state;
	f->fleet.runs[1].fate = FLEET_RED;
	open_session(f, "");
	assert_ok(bn_collect_detail(f->s.collect, f->refs[2], 60000, &f->s.err), &f->s.err);
	assert_ok(bn_action_plan(&third, f->s.actions, f->refs[2], &f->s.err), &f->s.err);
	assert_string_equal(third->error, "t: driver lost on node n-12");
	assert_int_equal(third->seen, 0);
	bn_action_plan_free(third);
	assert_ok(bn_bulk_plan(&bulk, f->s.actions, f->refs, 2, &f->s.err), &f->s.err);
	options = swift(f);
	options.abort_ratio = 1;
	assert_int_equal(send(f, bulk, &options, NULL), BN_EREMOTE);
	bn_bulk_free(bulk);
	assert_ok(bn_action_plan(&third, f->s.actions, f->refs[2], &f->s.err), &f->s.err);
	assert_int_equal(third->seen, 2);
	assert_int_equal(third->cured, 1);
	bn_action_plan_free(third);
	end(f);
}

/* ---- what stops it ------------------------------------------------------------------------------ */

struct aborting {
	struct bn_bulk *bulk;
	atomic_bool abort;
	int after, ticks;
};

static void
abort_after(void *payload)
{
	struct aborting *a = payload;
	struct bn_bulk_item_now now;
	int left = 0; /* requests that have left: one that is being made ready would be held back */

	a->ticks++;
	for (size_t i = 0; i < a->bulk->count; i++) {
		bn_bulk_item_now(a->bulk, i, &now);
		left += now.step >= BN_BULK_SENT && now.step != BN_BULK_UNSENT;
	}
	if (left >= a->after)
		atomic_store(&a->abort, true);
}

static int
findings(struct fixture *f, const char *key)
{
	struct bn_triage *triage = NULL;
	char *sql = bn_xasprintf("SELECT count(*) FROM finding_now WHERE rule = 'bulk-interrupted'"
				 " AND key = '%s'",
				 key);
	int count;

	assert_ok(bn_triage_new(&triage, f->s.store, f->s.config, &f->s.err), &f->s.err);
	assert_ok(bn_triage_run(triage, &f->s.err), &f->s.err);
	bn_triage_free(triage);
	count = (int)ask(f, sql);
	free(sql);
	return count;
}

static void
aborted_bulk_leaves_a_row_and_a_rest_that_is_sent_once(void **state)
{
	struct fixture *f = begin(6);
	struct aborting aborting = {.after = 2};
	struct bn_bulk_options options;
	struct bn_arena *arena = NULL;
	struct bn_ref *refs = NULL;
	struct bn_bulk_now now;
	struct bn_bulk *rest = NULL;
	int64_t parent = 0;
	size_t count = 0;
	char key[24];

	(void)state;
	open_session(f, "");
	aborting.bulk = plan(f);
	options = swift(f);
	options.spacing = 2000;
	options.abort = &aborting.abort;
	options.tick = abort_after;
	options.payload = &aborting;
	assert_int_equal(send(f, aborting.bulk, &options, &parent), BN_ECANCELLED);
	assert_true(aborting.ticks > 0);
	bn_bulk_now(aborting.bulk, &now);
	assert_int_equal(now.end, BN_BULK_ABORTED);
	assert_int_equal(now.all.sent, f->fleet.writes);
	assert_in_range(f->fleet.writes, 2, 5);
	snprintf(key, sizeof(key), "%lld", (long long)parent);
	assert_int_equal(findings(f, key), 1);
	assert_ok(bn_bulk_rest(&arena, &refs, &count, f->s.actions, parent, &f->s.err), &f->s.err);
	assert_int_equal(count, 6 - f->fleet.writes);
	assert_ok(bn_bulk_plan(&rest, f->s.actions, refs, count, &f->s.err), &f->s.err);
	rest->rest_of = parent;
	options = swift(f);
	assert_ok(send(f, rest, &options, NULL), &f->s.err);
	assert_int_equal(f->fleet.writes, 6);
	assert_int_equal(findings(f, key), 0);
	assert_sound(f);
	bn_arena_free(arena);
	assert_int_equal(
	    bn_bulk_rest(&arena, &refs, &count, f->s.actions, f->refs[0].kind, &f->s.err),
	    BN_ENOTFOUND);
	bn_bulk_free(rest);
	bn_bulk_free(aborting.bulk);
	end(f);
}

/* ---- a rest, and the rest of a rest --------------------------------------------------------------- */

#define AT_ONCE "[policy]\n\tretry-min-interval = 0s\n"

/* Sends `bulk` and breaks it off when that many were sent, with one at a time and none before the abort is seen. */
static int64_t
broken_off(struct fixture *f, struct bn_bulk *bulk, int after)
{
	struct aborting aborting = {.bulk = bulk, .after = after};
	struct bn_bulk_options options = swift(f);
	int64_t parent = 0;

	options.spacing = 2000;
	options.abort_ratio = 1;
	options.abort = &aborting.abort;
	options.tick = abort_after;
	options.payload = &aborting;
	assert_int_equal(send(f, bulk, &options, &parent), BN_ECANCELLED);
	bn_bulk_free(bulk);
	return parent;
}

/* How many runs --rest would plan, or what it says instead. */
static int
left_of(struct fixture *f, int64_t parent)
{
	struct bn_arena *arena = NULL;
	struct bn_ref *refs = NULL;
	size_t count = 0;
	int rc = bn_bulk_rest(&arena, &refs, &count, f->s.actions, parent, &f->s.err);

	bn_arena_free(arena);
	return rc == BN_OK ? (int)count : rc;
}

static struct bn_bulk *
plan_rest(struct fixture *f, int64_t parent)
{
	struct bn_arena *arena = NULL;
	struct bn_bulk *rest = NULL;
	struct bn_ref *refs = NULL;
	size_t count = 0;

	assert_ok(bn_bulk_rest(&arena, &refs, &count, f->s.actions, parent, &f->s.err), &f->s.err);
	assert_ok(bn_bulk_plan(&rest, f->s.actions, refs, count, &f->s.err), &f->s.err);
	rest->rest_of = parent;
	bn_arena_free(arena);
	return rest;
}

static int64_t
sent_to_its_end(struct fixture *f, struct bn_bulk *bulk)
{
	struct bn_bulk_options options = swift(f);
	int64_t parent = 0;

	options.abort_ratio = 1;
	send(f, bulk, &options, &parent);
	assert_true(parent > 0);
	bn_bulk_free(bulk);
	return parent;
}

static void
hide(struct fixture *f, int number, bool hidden)
{
	pthread_mutex_lock(&f->fleet.lock);
	f->fleet.runs[number].hidden = hidden;
	pthread_mutex_unlock(&f->fleet.lock);
}

static int
findings_of(struct fixture *f, int64_t parent)
{
	char key[24];

	snprintf(key, sizeof(key), "%lld", (long long)parent);
	return findings(f, key);
}

/* One run can't be planned with the rest: it stays what is left, and what the rest sent is not sent again, though it
 * failed again and could be. */
static void
what_a_rest_leaves_out_stays_and_what_it_sent_is_not_sent_again(void **state)
{
	struct fixture *f = begin(4);
	struct bn_bulk *bulk;
	int64_t first, second;

	(void)state;
	f->fleet.runs[1].fate = f->fleet.runs[2].fate = FLEET_RED;
	open_session(f, AT_ONCE);
	first = broken_off(f, plan(f), 1);
	assert_int_equal(f->fleet.writes, 1);
	assert_int_equal(findings_of(f, first), 1);
	hide(f, 3, true);
	bulk = plan_rest(f, first);
	assert_int_equal(bulk->ready, 2);
	assert_int_equal(bulk->out, 1);
	second = sent_to_its_end(f, bulk);
	assert_int_equal(f->fleet.writes, 3);
	assert_int_equal(left_of(f, second), BN_ECONFLICT);
	assert_int_equal(findings_of(f, second), 0);
	assert_int_equal(findings_of(f, first), 1);
	assert_int_equal(ask(f, "SELECT count(*) FROM finding_now WHERE rule = 'bulk-interrupted'"
				" AND title = 'bulk retry of 4 aborted: 3 sent, 1 not'"),
			 1);
	hide(f, 3, false);
	bulk = plan_rest(f, first);
	assert_int_equal(bulk->count, 1);
	assert_string_equal(bulk->items[0].run.key, "p3-1");
	sent_to_its_end(f, bulk);
	assert_int_equal(f->fleet.writes, 4);
	assert_int_equal(left_of(f, first), BN_ECONFLICT);
	assert_int_equal(findings_of(f, first), 0);
	assert_sound(f);
	end(f);
}

static void
rest_of_a_rest_is_one_row_that_plans_all_that_is_left(void **state)
{
	struct fixture *f = begin(4);
	int64_t first, second, third;

	(void)state;
	for (int i = 0; i < 4; i++)
		f->fleet.runs[i].fate = FLEET_RED;
	open_session(f, AT_ONCE);
	first = broken_off(f, plan(f), 1);
	second = broken_off(f, plan_rest(f, first), 1);
	assert_int_equal(f->fleet.writes, 2);
	assert_int_equal(left_of(f, first), 2);
	assert_int_equal(left_of(f, second), 2);
	assert_int_equal(findings_of(f, first), 1);
	assert_int_equal(findings_of(f, second), 0);
	assert_int_equal(ask(f, "SELECT count(*) FROM bulk_now WHERE root = 1"), 2);
	/* Broken off anew it is a new incident: who acknowledged the first did not know of the second. */
	assert_int_equal(ask(f,
			     "SELECT count(*) FROM finding_now n JOIN bulk_now b ON b.rest_of = 1"
			     " WHERE n.rule = 'bulk-interrupted' AND n.since = b.ended_at"),
			 1);
	/* Both ways at once: what goes by the second is sent for the first, and the other way round. */
	third = broken_off(f, plan_rest(f, first), 1);
	assert_int_equal(left_of(f, second), 1);
	assert_int_equal(left_of(f, third), 1);
	assert_int_equal(findings_of(f, first), 1);
	sent_to_its_end(f, plan_rest(f, second));
	assert_int_equal(f->fleet.writes, 4);
	assert_int_equal(left_of(f, first), BN_ECONFLICT);
	assert_int_equal(left_of(f, second), BN_ECONFLICT);
	assert_int_equal(left_of(f, third), BN_ECONFLICT);
	assert_int_equal(findings_of(f, first), 0);
	assert_sound(f);
	end(f);
}

struct watching {
	struct fixture *f;
	int64_t first;
	bool looked;
};

static void
look_at_the_first(void *payload)
{
	struct watching *w = payload;

	if (w->looked || ask(w->f, "SELECT count(*) FROM bulk_now WHERE state = 'running'") == 0)
		return;
	w->looked = true;
	assert_int_equal(left_of(w->f, w->first), BN_EBUSY);
	assert_int_equal(findings_of(w->f, w->first), 0);
}

static void
rest_under_way_hides_the_row_and_is_not_planned_twice(void **state)
{
	struct fixture *f = begin(3);
	struct watching watching = {.f = f};
	struct bn_bulk_options options;
	struct bn_bulk *rest;

	(void)state;
	open_session(f, AT_ONCE);
	watching.first = broken_off(f, plan(f), 1);
	assert_int_equal(findings_of(f, watching.first), 1);
	rest = plan_rest(f, watching.first);
	options = swift(f);
	options.spacing = 300;
	options.tick = look_at_the_first;
	options.payload = &watching;
	assert_ok(send(f, rest, &options, NULL), &f->s.err);
	assert_true(watching.looked);
	assert_int_equal(f->fleet.writes, 3);
	assert_sound(f);
	bn_bulk_free(rest);
	end(f);
}

/* Two people plan the rest of the same bulk, and both send it. */
static void
rest_that_was_sent_since_it_was_planned_does_not_begin(void **state)
{
	struct fixture *f = begin(3);
	struct bn_bulk_options options;
	struct bn_bulk *late;
	int64_t first;

	(void)state;
	open_session(f, AT_ONCE);
	first = broken_off(f, plan(f), 1);
	late = plan_rest(f, first);
	sent_to_its_end(f, plan_rest(f, first));
	assert_int_equal(f->fleet.writes, 3);
	options = swift(f);
	assert_int_equal(send(f, late, &options, NULL), BN_ECONFLICT);
	assert_int_equal(f->fleet.writes, 3);
	assert_int_equal(ask(f, "SELECT count(*) FROM bulk_now"), 2);
	bn_bulk_free(late);
	end(f);
}

/* A person has to say what became of it: until then it is sent, for every rest. */
static void
unknown_of_a_rest_is_not_sent_by_another(void **state)
{
	struct fixture *f = begin(3);
	int64_t first;

	(void)state;
	f->fleet.runs[2].fate = FLEET_LOST;
	open_session(f, AT_ONCE);
	first = broken_off(f, plan(f), 1);
	sent_to_its_end(f, plan_rest(f, first));
	assert_int_equal(f->fleet.writes, 3);
	assert_int_equal(ask(f, "SELECT count(*) FROM intent_now WHERE state = 'unknown'"), 1);
	assert_int_equal(left_of(f, first), BN_ECONFLICT);
	assert_int_equal(findings_of(f, first), 0);
	end(f);
}

/* ---- spacing -------------------------------------------------------------------------------------- */

/* The first takes longer to be made ready than the second may be taken after it: they don't leave together. */
static void
requests_are_spaced_however_long_each_is_prepared(void **state)
{
	struct fixture *f = begin(2);
	struct bn_bulk_options options;
	struct bn_bulk *bulk;

	(void)state;
	f->fleet.runs[1].source = 1;
	open_session(f, AT_ONCE);
	bulk = plan(f);
	f->fleet.runs[0].slow = 1500;
	options = swift(f);
	options.spacing = 1000;
	options.follow = false;
	assert_ok(send(f, bulk, &options, NULL), &f->s.err);
	assert_int_equal(f->fleet.writes, 2);
	assert_true(f->fleet.at[1] - f->fleet.at[0] >= 600);
	bn_bulk_free(bulk);
	end(f);
}

/* What happens to p1 while it waits for its turn, and how it is brought there: p0 leaves only when p1 is being read,
 * and p1 has been read only when p0 has left, so that all of the spacing lies before it. */
struct waiting {
	struct fixture *f;
	atomic_bool on, taken, read, newer;
	bool polled;
};

static bool
has_left(struct fixture *f)
{
	int writes;

	pthread_mutex_lock(&f->fleet.lock);
	writes = f->fleet.writes;
	pthread_mutex_unlock(&f->fleet.lock);
	return writes > 0;
}

static void
bring_into_waiting(int number, bool done, void *payload)
{
	struct waiting *w = payload;
	int i;

	if (!atomic_load(&w->on) || atomic_load(&w->read))
		return;
	if (number == 0 && !done)
		for (i = 0; i < 2000 && !atomic_load(&w->taken); i++)
			usleep(10000);
	if (number == 1 && !done) {
		atomic_store(&w->taken, true);
		for (i = 0; i < 2000 && !has_left(w->f); i++)
			usleep(10000);
	}
	if (number != 1 || !done)
		return;
	atomic_store(&w->read, true);
	pthread_mutex_lock(&w->f->fleet.lock);
	if (atomic_load(&w->newer))
		w->f->fleet.runs[1].newer = true;
	else
		w->f->fleet.runs[1].elsewhere = 1;
	pthread_mutex_unlock(&w->f->fleet.lock);
}

/* The newer run is in the store while it waits. */
static void
poll_when_it_was_read(void *payload)
{
	struct waiting *w = payload;

	if (w->polled || !atomic_load(&w->newer) || !atomic_load(&w->read))
		return;
	w->polled = true;
	assert_ok(bn_collect_once(w->f->s.collect, NULL, 60000, true, &w->f->s.err), &w->f->s.err);
}

static void
target_is_read_again_when_its_turn_has_come(void **state)
{
	(void)state;
	for (int newer = 0; newer < 2; newer++) {
		struct fixture *f = begin(2);
		struct waiting waiting = {.f = f};
		struct bn_bulk_options options;
		struct bn_bulk_item_now item;
		struct bn_bulk *bulk;

		atomic_init(&waiting.newer, newer == 1);
		f->fleet.runs[1].source = 1;
		open_session(f, AT_ONCE);
		bulk = plan(f);
		f->fleet.payload = &waiting;
		f->fleet.on_read = bring_into_waiting;
		atomic_store(&waiting.on, true);
		options = swift(f);
		options.spacing = 4000;
		options.abort_ratio = 1;
		options.follow = false;
		options.tick = poll_when_it_was_read;
		options.payload = &waiting;
		assert_int_equal(send(f, bulk, &options, NULL), BN_EREMOTE);
		item_of(bulk, 1, &item);
		assert_int_equal(item.step, BN_BULK_UNSENT);
		assert_int_equal(item.code, newer ? BN_EBUSY : BN_ECONFLICT);
		assert_non_null(strstr(item.answer, newer ? "newer run" : "another attempt"));
		assert_int_equal(f->fleet.writes, 1);
		assert_sound(f);
		bn_bulk_free(bulk);
		end(f);
	}
}

/* ---- what could not be sent ----------------------------------------------------------------------- */

static void
what_changed_since_the_plan_is_not_sent_and_said_so(void **state)
{
	struct fixture *f = begin(3);
	struct bn_bulk_options options;
	struct bn_bulk_item_now item;
	struct bn_bulk_now now;
	struct bn_bulk *bulk;
	int64_t parent = 0;

	(void)state;
	open_session(f, AT_ONCE);
	bulk = plan(f);
	pthread_mutex_lock(&f->fleet.lock);
	f->fleet.runs[1].elsewhere = 1;
	pthread_mutex_unlock(&f->fleet.lock);
	options = swift(f);
	options.abort_ratio = 1;
	assert_int_equal(send(f, bulk, &options, &parent), BN_EREMOTE);
	assert_non_null(strstr(f->s.err.hint, "--rest"));
	assert_int_equal(f->fleet.writes, 2);
	item_of(bulk, 1, &item);
	assert_int_equal(item.step, BN_BULK_UNSENT);
	assert_true(item.missed);
	assert_int_equal(item.code, BN_ECONFLICT);
	assert_true(item.intent > 0);
	assert_non_null(strstr(item.answer, "another attempt"));
	bn_bulk_now(bulk, &now);
	assert_int_equal(now.end, BN_BULK_ENDED);
	assert_string_equal(now.text, "2 of 3 sent, 2 succeeded, 1 not sent");
	assert_int_equal(now.all.failed, 0);
	assert_int_equal(now.all.missed, 1);
	assert_int_equal(now.all.left, 1);
	assert_int_equal(ask(f, "SELECT count(*) FROM bulk_now WHERE state = 'ended' AND sent = 2"
				" AND left = 1 AND text = '2 of 3 sent, 2 succeeded, 1 not sent'"),
			 1);
	/* Only the details were read anew: for the list, too, it is still failed. */
	assert_int_equal(findings_of(f, parent), 1);
	assert_int_equal(ask(f, "SELECT count(*) FROM finding_now WHERE rule = 'bulk-interrupted'"
				" AND title = 'bulk retry of 3 ended: 2 sent, 1 not'"),
			 1);
	bn_bulk_free(bulk);
	sent_to_its_end(f, plan_rest(f, parent));
	assert_int_equal(f->fleet.writes, 3);
	assert_int_equal(findings_of(f, parent), 0);
	assert_sound(f);
	end(f);
}

/* p1 waits for p0, which is locked between plan and sending; p2 waits for nobody, and is of a later turn. */
static void
what_could_not_be_sent_counts_for_the_ratio_and_for_those_behind_it(void **state)
{
	static const struct bn_actor other = {"somebody-else", "", "bastion", ""};
	struct bn_ref pipeline = {BN_PIPELINE, "s0", "p0"};

	(void)state;
	for (int ratio = 0; ratio <= 1; ratio++) {
		struct fixture *f = begin(3);
		struct bn_bulk_options options;
		struct bn_bulk_item_now item;
		struct bn_bulk_now now;
		struct bn_bulk *bulk;

		open_session(f, "[link]\n\tfeeds = pipeline/s0/p0 -> pipeline/s0/p1\n");
		bulk = plan(f);
		assert_ok(bn_journal_lock(f->s.store, &other, pipeline,
					  bn_clock_now(&f->s.clock) + 600000, "mine", false, NULL,
					  &f->s.err),
			  &f->s.err);
		options = swift(f);
		options.abort_ratio = ratio;
		assert_int_equal(send(f, bulk, &options, NULL), BN_EREMOTE);
		item_of(bulk, 0, &item);
		assert_int_equal(item.step, BN_BULK_UNSENT);
		assert_true(item.missed);
		assert_int_equal(item.intent, 0);
		assert_int_equal(item.code, BN_EBUSY);
		item_of(bulk, 1, &item);
		assert_int_equal(item.step, BN_BULK_UNSENT);
		assert_false(item.missed);
		bn_bulk_now(bulk, &now);
		if (ratio == 0) {
			assert_int_equal(now.end, BN_BULK_STOPPED);
			assert_string_equal(
			    now.text, "stopped after wave 1: 1 of 2 could not be sent, 3 not sent");
		} else {
			assert_int_equal(now.end, BN_BULK_ENDED);
			assert_string_equal(item.answer, "it waits for p0, which was not sent");
			assert_string_equal(now.text, "1 of 3 sent, 1 succeeded, 2 not sent");
		}
		assert_int_equal(f->fleet.writes, ratio);
		assert_sound(f);
		bn_bulk_free(bulk);
		end(f);
	}
}

static void
lost_answer_is_a_failure_for_those_behind_it(void **state)
{
	struct fixture *f = begin(2);
	struct bn_bulk_options options;
	struct bn_bulk_item_now now;
	struct bn_bulk *bulk;

	(void)state;
	f->fleet.runs[0].fate = FLEET_LOST;
	open_session(f, "[link]\n\tfeeds = pipeline/s0/p0 -> pipeline/s0/p1\n");
	bulk = plan(f);
	assert_int_equal(bulk->waves, 2);
	options = swift(f);
	options.abort_ratio = 1;
	assert_int_equal(send(f, bulk, &options, NULL), BN_EUNCERTAIN);
	item_of(bulk, 0, &now);
	assert_int_equal(now.step, BN_BULK_UNKNOWN);
	item_of(bulk, 1, &now);
	assert_int_equal(now.step, BN_BULK_UNSENT);
	assert_non_null(strstr(now.answer, "p0"));
	assert_int_equal(f->fleet.writes, 1);
	assert_sound(f);
	bn_bulk_free(bulk);
	end(f);
}

/* As on a full disk, from the moment on at which all was sent. */
static void
end_cannot_be_recorded(struct fixture *f)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(f->fleet.journal, &db), SQLITE_OK);
	assert_int_equal(sqlite3_busy_timeout(db, 5000), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				      "CREATE TRIGGER full BEFORE INSERT ON record WHEN NEW.verb ="
				      " 'bulk-end' BEGIN SELECT RAISE(ABORT, 'disk full'); END",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
}

static void
end_that_is_not_recorded_takes_nothing_from_what_was_sent(void **state)
{
	static const struct {
		enum fleet_fate fate;
		int rc;
		const char *words;
	} cases[] = {{FLEET_GREEN, BN_EUNCERTAIN, "2 of 2 sent, 2 succeeded; its end could not be"},
		     {FLEET_REFUSES, BN_EREMOTE, "2 of 2 sent, 1 succeeded, 1 failed"},
		     {FLEET_LOST, BN_EUNCERTAIN, "1 failed (1 unknown)"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture *f = begin(2);
		struct bn_bulk_options options;
		struct bn_bulk *bulk;
		int64_t parent = 0;
		char hint[64];

		f->fleet.runs[1].fate = cases[i].fate;
		open_session(f, "");
		bulk = plan(f);
		end_cannot_be_recorded(f);
		options = swift(f);
		options.abort_ratio = 1;
		assert_int_equal(send(f, bulk, &options, &parent), cases[i].rc);
		assert_non_null(strstr(f->s.err.message, cases[i].words));
		snprintf(hint, sizeof(hint), "audit show %lld", (long long)parent);
		assert_non_null(strstr(f->s.err.hint, hint));
		assert_int_equal(f->fleet.writes, 2);
		bn_bulk_free(bulk);
		end(f);
	}
}

static void
time_that_is_over_sends_nothing_more(void **state)
{
	struct fixture *f = begin(2);
	struct bn_bulk_options options;
	struct bn_bulk_now now;
	struct bn_bulk *bulk;

	(void)state;
	f->fleet.lasts = 1000000;
	open_session(f, "[link]\n\tfeeds = pipeline/s0/p0 -> pipeline/s0/p1\n");
	bulk = plan(f);
	options = swift(f);
	options.timeout = 3000;
	assert_int_equal(send(f, bulk, &options, NULL), BN_ETIMEOUT);
	bn_bulk_now(bulk, &now);
	assert_int_equal(now.end, BN_BULK_TIMED_OUT);
	assert_int_equal(f->fleet.runs[1].retries, 0);
	assert_non_null(strstr(now.text, "not sent"));
	bn_bulk_free(bulk);
	end(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bulk_of_a_random_graph_goes_in_its_order),
	    cmocka_unit_test(abort_ratio_is_kept_to_the_exact_request),
	    cmocka_unit_test(references_fold_into_one_request_a_run),
	    cmocka_unit_test(undeclared_work_stays_out_until_it_is_named),
	    cmocka_unit_test(what_is_locked_or_runs_anew_is_left_alone),
	    cmocka_unit_test(two_that_feed_each_other_wait_for_nobody),
	    cmocka_unit_test(far_run_waits_whatever_lies_between),
	    cmocka_unit_test(lineage_without_end_is_cut_and_said_so),
	    cmocka_unit_test(plan_tells_how_often_its_error_was_cured),
	    cmocka_unit_test(aborted_bulk_leaves_a_row_and_a_rest_that_is_sent_once),
	    cmocka_unit_test(what_a_rest_leaves_out_stays_and_what_it_sent_is_not_sent_again),
	    cmocka_unit_test(rest_of_a_rest_is_one_row_that_plans_all_that_is_left),
	    cmocka_unit_test(rest_under_way_hides_the_row_and_is_not_planned_twice),
	    cmocka_unit_test(unknown_of_a_rest_is_not_sent_by_another),
	    cmocka_unit_test(rest_that_was_sent_since_it_was_planned_does_not_begin),
	    cmocka_unit_test(requests_are_spaced_however_long_each_is_prepared),
	    cmocka_unit_test(target_is_read_again_when_its_turn_has_come),
	    cmocka_unit_test(what_changed_since_the_plan_is_not_sent_and_said_so),
	    cmocka_unit_test(what_could_not_be_sent_counts_for_the_ratio_and_for_those_behind_it),
	    cmocka_unit_test(lost_answer_is_a_failure_for_those_behind_it),
	    cmocka_unit_test(end_that_is_not_recorded_takes_nothing_from_what_was_sent),
	    cmocka_unit_test(time_that_is_over_sends_nothing_more),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

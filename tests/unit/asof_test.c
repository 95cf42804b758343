/* asof_test.c - time travel: the state at a moment is what was read at that moment, for everything. */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/store_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/status.h"

#define INTERVAL  15000
#define STEPS	  240 /* an hour */
#define PIPELINES 5
#define RUNS	  400

/* ---- what a reader sees, as text ---- */

/* Everything that is state, a line a row. Ages are left out: of a watched moment only the bound is kept. */
static const char *const dumps[] = {
    "SELECT 'entity ' || entity, status, raw_status, since, message FROM entity_now WHERE NOT stale"
    " ORDER BY entity",
    "SELECT 'run ' || e.entity, r.attempt, r.queued_at, r.started_at, r.finished_at FROM run r"
    " JOIN entity_now e ON e.id = r.entity_id WHERE NOT e.stale ORDER BY e.entity",
    "SELECT 'attempt ' || e.entity || ' ' || a.n, a.status, a.finished_at FROM attempt a"
    " JOIN entity_now e ON e.id = a.run_id WHERE NOT e.stale ORDER BY e.entity, a.n",
    "SELECT 'pipeline ' || e.entity, p.paused, (SELECT l.key FROM entity l WHERE l.id = "
    "p.latest_run_id),"
    " p.last_good_at, p.p50_ms, p.p95_ms, p.next_due_at, p.schedule FROM pipeline p"
    " JOIN entity_now e ON e.id = p.entity_id WHERE NOT e.stale ORDER BY e.entity",
    "SELECT 'attribute ' || e.entity || ' ' || a.name, a.value FROM attribute a"
    " JOIN entity_now e ON e.id = a.entity_id WHERE NOT e.stale ORDER BY 1",
    "SELECT 'finding ' || f.rule || '/' || f.key, f.severity, f.since, f.opened_at, f.title, "
    "f.message,"
    " f.silenced, f.silenced_by FROM finding f WHERE f.closed_at IS NULL ORDER BY 1",
    "SELECT 'ack ' || entity, covers FROM ack_now ORDER BY 1",
    "SELECT 'snooze ' || entity, until FROM snooze_now ORDER BY 1",
    "SELECT 'note ' || coalesce(entity, ''), text FROM note_now ORDER BY seq",
    "SELECT 'source ' || s.name, s.state, s.last_ok_at IS NULL, s.failing_since FROM source s "
    "ORDER BY 1",
    "SELECT 'point ' || at, value FROM point WHERE EXISTS (SELECT 1 FROM entity_now WHERE kind = 1 "
    "AND NOT stale)"
    " ORDER BY series_id, at",
    "SELECT 'link ' || from_key, to_key FROM link ORDER BY 1, 2",
    NULL,
};
/* Those that are too old to be believed: there may be more of them in a replay, of what nobody watched. */
static const char *const unknowns[] = {"SELECT 'unknown ' || entity, status FROM entity_now WHERE "
				       "stale AND kind NOT IN (2) ORDER BY entity",
				       NULL};

static char *
dump(struct fixture *f, const char *const *queries)
{
	struct bn_buf out = BN_BUF_INIT(0);

	for (size_t i = 0; queries[i] != NULL; i++) {
		sqlite3_stmt *st = NULL;

		if (sqlite3_prepare_v2(bn_reader_db(f->reader), queries[i], -1, &st, NULL) !=
		    SQLITE_OK)
			fail_msg("%s: %s", queries[i], sqlite3_errmsg(bn_reader_db(f->reader)));
		while (sqlite3_step(st) == SQLITE_ROW) {
			for (int c = 0; c < sqlite3_column_count(st); c++) {
				const char *text = (const char *)sqlite3_column_text(st, c);

				bn_buf_addf(&out, "%s%s", c > 0 ? " | " : "",
					    text != NULL ? text : "-");
			}
			bn_buf_addc(&out, '\n');
		}
		sqlite3_finalize(st);
	}
	return bn_buf_take(&out);
}

/* The first line that differs, so that a failure can be read. */
static void
assert_same_state(const char *then, const char *now, bn_time at, unsigned seed)
{
	const char *a = then, *b = now;

	while (*a != '\0' && *b != '\0') {
		size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");

		if (n != m || strncmp(a, b, n) != 0)
			break;
		a += n + (a[n] == '\n');
		b += m + (b[m] == '\n');
	}
	if (*a != '\0' || *b != '\0')
		fail_msg("seed %u, T0+%lld ms:\n read then:  %.*s\n replayed:   %.*s", seed,
			 (long long)(at - T0), (int)strcspn(a, "\n"), a, (int)strcspn(b, "\n"), b);
}

/* Every line of `some` is one of `all`. */
static void
assert_among(char *some, const char *all, bn_time at, unsigned seed)
{
	char *rest = some, *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		if (strstr(all, line) == NULL)
			fail_msg("seed %u, T0+%lld ms: not in the replay: %s", seed,
				 (long long)(at - T0), line);
}

/* ---- a platform that changes at random ---- */

struct run_state {
	char key[16];
	int pipeline;
	enum bn_status status;
	int attempt;
	bn_time queued, started, finished;
	bool listed,
	    told; /* told: its end was read; a restart before that is another attempt to nobody */
};

struct platform {
	uint64_t chance;
	struct run_state runs[RUNS];
	int run_count;
	enum bn_status apps[6];
	bool app_there[6], paused[PIPELINES];
	int revision, value;
	bool broken;
	bool finding[3];
	int words[3]; /* what each of them says */
};

static unsigned
roll(struct platform *p, unsigned sides)
{
	p->chance = p->chance * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(p->chance >> 33) % sides;
}

/* A pipeline's latest run stays in the list. */
static bool
is_latest(const struct platform *p, const struct run_state *r)
{
	for (int i = 0; i < p->run_count; i++)
		if (p->runs[i].pipeline == r->pipeline && p->runs[i].told && p->runs[i].listed &&
		    p->runs[i].started > r->started)
			return false;
	return true;
}

static void
step_run(struct platform *p, struct run_state *r, bn_time now)
{
	if (r->status == BN_QUEUED && roll(p, 2) == 0) {
		r->status = BN_RUNNING;
		r->started = now - (int64_t)roll(p, 4000);
	} else if (r->status == BN_RUNNING && roll(p, 3) == 0) {
		r->status = roll(p, 3) == 0 ? BN_FAILED : BN_SUCCEEDED;
		r->finished = now - (int64_t)roll(p, 3000);
		if (r->finished < r->started)
			r->finished = r->started;
	} else if (r->status == BN_FAILED && r->told && r->attempt < 3 && roll(p, 12) == 0) {
		r->attempt++;
		r->told = false;
		r->status = BN_RUNNING;
		r->started = now - (int64_t)roll(p, 2000);
		r->finished = 0;
	} else if (r->status != BN_RUNNING && r->status != BN_QUEUED && roll(p, 20) == 0 &&
		   !is_latest(p, r))
		r->listed = false;
}

static void
step_platform(struct platform *p, bn_time now)
{
	static const enum bn_status standing[] = {BN_HEALTHY, BN_DEGRADED, BN_DOWN, BN_PROGRESSING};

	if (roll(p, 3) == 0 && p->run_count < RUNS) {
		struct run_state *r = &p->runs[p->run_count];

		*r = (struct run_state){.pipeline = (int)roll(p, PIPELINES),
					.attempt = 1,
					.status = roll(p, 2) == 0 ? BN_QUEUED : BN_RUNNING,
					.queued = now - (int64_t)roll(p, 5000),
					.listed = true};
		if (r->status == BN_RUNNING)
			r->started = r->queued + (int64_t)roll(p, 2);
		snprintf(r->key, sizeof(r->key), "run-%d", p->run_count++);
	}
	for (int i = 0; i < p->run_count; i++)
		step_run(p, &p->runs[i], now);
	for (int i = 0; i < 6; i++) {
		if (roll(p, 6) == 0)
			p->apps[i] = standing[roll(p, 4)];
		if (roll(p, 15) == 0)
			p->app_there[i] = !p->app_there[i];
	}
	for (int i = 0; i < PIPELINES; i++)
		if (roll(p, 20) == 0)
			p->paused[i] = !p->paused[i];
	for (int i = 0; i < 3; i++)
		if (roll(p, 8) == 0)
			p->finding[i] = !p->finding[i];
		else if (roll(p, 6) == 0)
			p->words[i] = (int)roll(p, 6);
	if (roll(p, 10) == 0)
		p->revision++;
	p->value++;
	/* an outage lasts some polls, sometimes longer than what was read can be believed */
	if (roll(p, p->broken ? 4 : 18) == 0)
		p->broken = !p->broken;
}

static void
poll_apps(struct fixture *f, struct platform *p, struct bn_batch *b, bn_time sent)
{
	static const char *const names[] = {"quote", "track", "rates", "stock", "fees", "mail"};
	static const char *const words[] = {NULL, "a little", "badly", "at 97 %", "at 3 %", ""};
	char revision[16];

	snprintf(revision, sizeof(revision), "r%d", p->revision);
	assert_ok(bn_batch_scope(b, "apps", BN_COMPLETE, &f->err), &f->err);
	bn_batch_sent(b, sent);
	for (int i = 0; i < 6; i++) {
		if (!p->app_there[i])
			continue;
		bn_batch_entity(
		    b, BN_APP,
		    &(struct bn_entity){.key = names[i],
					.status = p->apps[i],
					.raw_status = bn_status_row(p->apps[i])->word,
					.message = p->apps[i] == BN_HEALTHY ? NULL : "trouble"});
		bn_batch_attribute(b, BN_APP, names[i], "revision", revision);
	}
	for (int i = 0; i < 3; i++)
		if (p->finding[i])
			bn_batch_finding(b,
					 &(struct bn_finding){
					     .rule = "alert",
					     .key = names[i],
					     .title = p->words[i] > 1 ? "it fires" : "it burns",
					     .message = words[p->words[i]],
					     .severity = p->words[i] % 2 == 0 ? BN_WARN : BN_CRIT,
					     .silenced = p->words[i] == 4,
					     .silenced_by = "anna",
					     .about = {BN_APP, NULL, names[i]}});
	assert_ok(bn_batch_scope_done(b, &f->err), &f->err);
}

static void
poll_runs(struct fixture *f, struct platform *p, struct bn_batch *b, bn_time sent)
{
	assert_ok(bn_batch_scope(b, "pipelines", BN_COMPLETE, &f->err), &f->err);
	bn_batch_sent(b, sent);
	for (int i = 0; i < PIPELINES; i++) {
		char key[8];

		snprintf(key, sizeof(key), "p%d", i);
		bn_batch_pipeline(b, &(struct bn_pipeline){.e = {.key = key, .status = BN_HEALTHY},
							   .schedule = "*/10 * * * *",
							   .paused = p->paused[i]});
		if (i == 0) {
			bn_batch_point(b, (struct bn_ref){BN_PIPELINE, NULL, key}, "value",
				       sent / MINUTE * MINUTE - MINUTE,
				       (double)(sent / MINUTE % 97));
			bn_batch_measure(b, (struct bn_ref){BN_PIPELINE, NULL, key}, "value",
					 p->value, "", sent);
			bn_batch_link(
			    b, (struct bn_ref){BN_PIPELINE, NULL, key},
			    (struct bn_ref){BN_APP, NULL, p->revision % 2 ? "quote" : "track"},
			    "feeds");
		}
	}
	assert_ok(bn_batch_scope_done(b, &f->err), &f->err);
	assert_ok(bn_batch_scope(b, "runs", BN_COMPLETE, &f->err), &f->err);
	bn_batch_sent(b, sent);
	for (int i = 0; i < p->run_count; i++) {
		struct run_state *r = &p->runs[i];
		char pipeline[8];

		snprintf(pipeline, sizeof(pipeline), "p%d", r->pipeline);
		r->told = r->finished != 0;
		if (r->listed)
			bn_batch_run(b,
				     &(struct bn_run){
					 .e = {.key = r->key,
					       .status = r->status,
					       .message = r->status == BN_FAILED ? "exit 1" : NULL},
					 .pipeline = pipeline,
					 .queued_at = r->queued,
					 .started_at = r->started,
					 .finished_at = r->finished});
	}
	assert_ok(bn_batch_scope_done(b, &f->err), &f->err);
}

/* One poll; a broken one may still have read the first of its lists. */
static void
poll(struct fixture *f, struct platform *p, bn_time began)
{
	struct bn_poll_result result = {.began = began, .took = 400, .requests = 3};
	struct bn_error broken = {.code = BN_EIO, .message = "connection refused"};
	struct bn_batch *b = fixture_batch(f);
	bool half = p->broken && roll(p, 2) == 0;

	if (!p->broken || half)
		poll_apps(f, p, b, began);
	fixture_at(f, began + 200);
	if (!p->broken)
		poll_runs(f, p, b, began + 100);
	fixture_at(f, began + 400);
	result.ended = began + 400;
	result.failure = p->broken ? &broken : NULL;
	bn_batch_free(b);
	assert_ok(bn_writer_poll_result(f->writer, f->source, f->epoch, &result, &f->err), &f->err);
}

static void
person(struct fixture *f, struct platform *p)
{
	static const struct bn_actor me = {.user = "me", .host = "here"};
	struct bn_ref about = {BN_APP, "argo", roll(p, 2) ? "quote" : "track"};
	struct bn_error ignored;

	switch (roll(p, 12)) {
	case 0:
		bn_journal_ack(f->store, &me, about, "on it", roll(p, 3) == 0, NULL, &ignored);
		break;
	case 1:
		bn_journal_snooze(f->store, &me, about, bn_clock_now(&f->clock) + 3 * MINUTE, NULL,
				  roll(p, 4) == 0, NULL, &ignored);
		break;
	case 2:
		bn_journal_note(f->store, &me, about, NULL, "seen", NULL, &ignored);
		break;
	}
}

/* ---- the property ---- */

static void
check_seed(struct fixture *f, unsigned seed)
{
	struct platform p = {.chance = seed, .app_there = {true, true, true}};
	static struct {
		bn_time at;
		char *state, *unknown;
	} seen[STEPS * 3];
	size_t count = 0;
	bn_time now = T0;

	for (int i = 0; i < 6; i++)
		p.apps[i] = BN_HEALTHY;
	for (int i = 0; i < STEPS; i++) {
		bool asleep = i % 90 > 80; /* binnacle is not running */

		step_platform(&p, now);
		fixture_at(f, now);
		if (!asleep)
			poll(f, &p, now);
		person(f, &p);
		/* right after what happened, shortly before what happens next, and in between */
		for (int k = 0; k < 3; k++) {
			bn_time at =
			    k == 0 ? bn_clock_now(&f->clock) : now + (k == 1 ? 7000 : INTERVAL - 1);

			fixture_at(f, at);
			seen[count].at = at;
			seen[count].state = dump(f, dumps);
			seen[count++].unknown = dump(f, unknowns);
		}
		now += INTERVAL;
	}
	fixture_at(f, now + 5 * MINUTE);
	for (size_t i = 0; i < count; i++) {
		char *again;

		assert_ok(bn_reader_set_at(f->reader, seen[i].at, &f->err), &f->err);
		again = dump(f, dumps);
		assert_same_state(seen[i].state, again, seen[i].at, seed);
		free(again);
		again = dump(f, unknowns);
		assert_among(seen[i].unknown, again, seen[i].at, seed);
		free(again);
		free(seen[i].state);
		free(seen[i].unknown);
	}
	assert_ok(bn_reader_set_at(f->reader, 0, &f->err), &f->err);
}

static void
state_at_any_moment_is_the_state_read_then(void **state)
{
	const char *more = getenv("BN_ASOF_SEEDS"); /* for a long search */
	unsigned seeds = more != NULL ? (unsigned)atoi(more) : 2;

	for (unsigned seed = 1; seed <= seeds; seed++) {
		check_seed(*state, seed);
		fixture_teardown(state);
		fixture_setup(state);
	}
}

/* ---- what nobody watched ---- */

static void
read_history(struct fixture *f, bool claimed)
{
	struct bn_poll_result fine = {.began = T0, .ended = T0 + 100, .took = 100};
	struct bn_batch *b = fixture_batch(f);

	observe_list(f, T0, "apps", BN_APP, BN_HEALTHY, KEYS("quote"));
	assert_ok(bn_writer_poll_result(f->writer, f->source, f->epoch, &fine, &f->err), &f->err);
	assert_ok(bn_batch_scope(b, "history", BN_DELTA, &f->err), &f->err);
	bn_batch_sent(b, T0 + 200);
	bn_batch_run(b,
		     &(struct bn_run){.e = {.key = "old", .status = BN_FAILED, .message = "exit 1"},
				      .queued_at = T0 - 121 * MINUTE,
				      .started_at = T0 - 2 * HOUR,
				      .finished_at = T0 - HOUR});
	if (claimed)
		bn_batch_history(b, T0 - DAY, T0);
	assert_ok(bn_batch_scope_done(b, &f->err), &f->err);
	bn_batch_free(b);
	fixture_at(f, T0 + MINUTE);
}

#define RUN_THEN "SELECT status_word(status_now) FROM entity_now WHERE kind = 2"

static void
runs_of_history_stand_as_their_attempts_say(void **state)
{
	struct fixture *f = *state;

	read_history(f, true);
	assert_ok(bn_reader_set_at(f->reader, T0 - 90 * MINUTE, &f->err), &f->err);
	assert_string_equal(ask_text(f, RUN_THEN), "running");
	assert_int_equal(ask(f, "SELECT finished_at IS NULL FROM run"), 1);
	assert_string_equal(ask_text(f, "SELECT message FROM entity_now WHERE kind = 2"), "(null)");
	assert_ok(bn_reader_set_at(f->reader, T0 - 2 * HOUR - 1, &f->err), &f->err);
	assert_string_equal(ask_text(f, RUN_THEN), "queued");
	assert_ok(bn_reader_set_at(f->reader, T0 - 3 * HOUR, &f->err), &f->err);
	assert_string_equal(ask_text(f, RUN_THEN), "(none)");
	assert_ok(bn_reader_set_at(f->reader, T0 - HOUR, &f->err), &f->err);
	assert_string_equal(ask_text(f, RUN_THEN), "failed");
	assert_string_equal(ask_text(f, "SELECT message FROM entity_now WHERE kind = 2"), "exit 1");
}

/* Nothing but the runs is claimed; and of runs nothing either, where the platform may have forgotten some. */
static void
what_nobody_watched_is_not_observed(void **state)
{
	struct fixture *f = *state;

	read_history(f, false);
	assert_ok(bn_reader_set_at(f->reader, T0 - 90 * MINUTE, &f->err), &f->err);
	assert_string_equal(ask_text(f, RUN_THEN), "unknown");
	assert_string_equal(
	    ask_text(
		f,
		"SELECT status_word(status_now) || ' ' || message FROM entity_now WHERE kind = 7"),
	    "unknown not observed");
	assert_int_equal(ask(f, "SELECT count(*) FROM entity_now WHERE NOT stale"), 0);
	assert_ok(bn_reader_set_at(f->reader, 0, &f->err), &f->err);
	assert_string_equal(
	    ask_text(f, "SELECT status_word(status_now) FROM entity_now WHERE kind = 7"),
	    "unknown");
	fixture_at(f, T0 + 1000);
	assert_string_equal(
	    ask_text(f, "SELECT status_word(status_now) FROM entity_now WHERE kind = 7"),
	    "healthy");
}

static void
a_late_point_is_missing_until_it_came(void **state)
{
	struct fixture *f = *state;
	struct bn_poll_result fine = {.began = T0, .took = 100};

	observe_list(f, T0, "apps", BN_APP, BN_HEALTHY, KEYS("quote"));
	for (int i = 0; i < 40; i++) {
		bn_time now = T0 + i * 15000;
		struct bn_batch *b = fixture_batch(f);

		fixture_at(f, now);
		assert_ok(bn_batch_scope(b, "numbers", BN_DELTA, &f->err), &f->err);
		bn_batch_sent(b, now);
		if (i == 4 || i == 30) /* the first minute in time, the second five minutes late */
			bn_batch_point(b, (struct bn_ref){BN_APP, NULL, "quote"}, "value",
				       i == 4 ? T0 : T0 + MINUTE, i);
		assert_ok(bn_batch_scope_done(b, &f->err), &f->err);
		bn_batch_free(b);
		fine.began = fine.ended = now;
		assert_ok(bn_writer_poll_result(f->writer, f->source, f->epoch, &fine, &f->err),
			  &f->err);
	}
	assert_ok(bn_reader_set_at(f->reader, T0 + 5 * MINUTE, &f->err), &f->err);
	assert_int_equal(ask(f, "SELECT count(*) FROM point"), 1);
	assert_ok(bn_reader_set_at(f->reader, T0 + 8 * MINUTE, &f->err), &f->err);
	assert_int_equal(ask(f, "SELECT count(*) FROM point"), 2);
}

/* A replay that goes on while somebody collects shows the same moment. */
static void
the_past_does_not_change_while_more_is_read(void **state)
{
	struct fixture *f = *state;
	struct bn_poll_result fine = {.began = T0, .ended = T0, .took = 100};

	observe_list(f, T0, "apps", BN_APP, BN_HEALTHY, KEYS("quote"));
	assert_ok(bn_writer_poll_result(f->writer, f->source, f->epoch, &fine, &f->err), &f->err);
	fixture_at(f, T0 + 5000);
	assert_ok(bn_reader_set_at(f->reader, T0 + 1000, &f->err), &f->err);
	bn_reader_rest(f->reader);
	observe_list(f, T0 + 5000, "apps", BN_APP, BN_DOWN, KEYS("quote", "track"));
	assert_ok(bn_reader_set_at(f->reader, T0 + 1000, &f->err), &f->err);
	assert_string_equal(
	    ask_text(f, "SELECT status_word(status_now) FROM entity_now WHERE kind = 7"),
	    "healthy");
	assert_int_equal(ask(f, "SELECT count(*) FROM entity_now WHERE kind = 7"), 1);
	assert_int_equal(bn_reader_set_at(f->reader, T0 + DAY, &f->err), BN_EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(state_at_any_moment_is_the_state_read_then),
	    STORE_TEST(runs_of_history_stand_as_their_attempts_say),
	    STORE_TEST(what_nobody_watched_is_not_observed),
	    STORE_TEST(a_late_point_is_missing_until_it_came),
	    STORE_TEST(the_past_does_not_change_while_more_is_read),
	};

	return cmocka_run_group_tests_name("asof", tests, NULL, NULL);
}

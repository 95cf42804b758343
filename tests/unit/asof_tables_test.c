/* asof_tables_test.c - time travel: models and streams stand in their tables as they stood there at that moment. */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/store_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "triage/minutes.h"
#include "triage/triage.h"
#include "view/view.h"

#define INTERVAL 15000
#define STEPS	 64
#define SETTLE	 (2 * MINUTE)
#define REREAD	 (12 * MINUTE)
#define VERSIONS 6

/* ---- what the tables say, as text ---- */

/* All but ages, and what the registry says of things as they are today (product/2, J11). */
static const struct {
	const char *table, *columns[22];
} tables[] = {
    {"models",
     {"status",		"level",   "model",	"version", "created",	"stage",      "aliases",
      "registry_stage", "live_on", "live",	"traffic", "eval",	"eval_value", "eval_delta",
      "quality",	"psi",	   "psi_state", "psi_14d", "live_from", "live_until", "note"}},
    {"versions",
     {"status", "model", "version", "stage", "aliases", "live_on", "live", "eval_value", "psi",
      "live_from", "live_until", "note"}},
    {"live", {"model", "version", "role", "from", "until", "evidence"}},
    {"streams",
     {"status", "stream", "last_value", "avg", "spark", "gaps", "late", "lost", "saturated",
      "last_minute", "note"}},
    {"points", {"at", "value", "state", "missed_at", "filled_at", "seen_at"}},
    {"checks", {"status", "name", "left_value", "right_value", "state", "text"}},
};
#define TABLES	      (sizeof(tables) / sizeof(tables[0]))
#define STREAM_TABLES 3 /* the last of them */

static void
add_value(struct bn_buf *out, struct bn_value value)
{
	if (value.type == BN_VALUE_INT)
		bn_buf_addf(out, " | %lld", (long long)value.i);
	else if (value.type == BN_VALUE_REAL)
		bn_buf_addf(out, " | %.6f", value.r);
	else
		bn_buf_addf(out, " | %s", value.type == BN_VALUE_TEXT ? value.s : "-");
}

/* A line a row; of what was too old to be believed nothing, for in a replay there may be more of it. */
static char *
dump(struct fixture *f, size_t table)
{
	struct bn_query query = {.table = bn_view_table(tables[table].table),
				 .columns = tables[table].columns};
	bool points = strcmp(tables[table].table, "points") == 0;
	struct bn_buf out = BN_BUF_INIT(0);
	struct bn_rows *rows = NULL;

	if (points)
		query.scope = (struct bn_ref){BN_STREAM, NULL, "tx"};
	if (table >= TABLES - STREAM_TABLES + 1 &&
	    ask(f, "SELECT count(*) FROM entity_now WHERE kind = 6 AND NOT stale") == 0)
		return bn_buf_take(&out);
	assert_ok(bn_view_query(f->reader, &query, &rows, &f->err), &f->err);
	for (size_t i = 0; i < bn_rows_count(rows); i++) {
		if (bn_rows_stale(rows, i))
			continue;
		bn_buf_addf(&out, "%s %d", tables[table].table, (int)bn_rows_status(rows, i));
		for (size_t c = 0; tables[table].columns[c] != NULL; c++)
			add_value(&out, bn_rows_value(rows, i, c));
		bn_buf_addc(&out, '\n');
	}
	bn_rows_free(rows);
	return bn_buf_take(&out);
}

/* The first line that differs, so that a failure can be read. */
static void
assert_same(const char *then, const char *again, bn_time at, unsigned seed)
{
	const char *a = then, *b = again;

	if (strcmp(a, b) == 0)
		return;
	while (strcspn(a, "\n") == strcspn(b, "\n") && strncmp(a, b, strcspn(a, "\n")) == 0) {
		a += strcspn(a, "\n") + 1;
		b += strcspn(b, "\n") + 1;
	}
	fail_msg("seed %u, T0+%lld ms:\n read then:  %.*s\n replayed:   %.*s", seed,
		 (long long)(at - T0), (int)strcspn(a, "\n"), a, (int)strcspn(b, "\n"), b);
}

/* ---- a registry and a stream that change at random ---- */

struct platform {
	uint64_t chance;
	int alias[2]; /* of recs: champion, challenger; -1: none */
	struct {
		bool there;
		int stage;
		bn_time created;
	} versions[VERSIONS];
	int psi;
	bool broken;
};

static const char *const stages[] = {"None", "Staging", "Production"};

static unsigned
roll(struct platform *p, unsigned sides)
{
	p->chance = p->chance * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(p->chance >> 33) % sides;
}

static void
step_platform(struct platform *p, bn_time now)
{
	for (int i = 0; i < VERSIONS; i++) {
		if (roll(p, 30) == 0) {
			p->versions[i].there = !p->versions[i].there;
			if (p->versions[i].created == 0)
				p->versions[i].created = now - (int64_t)roll(p, 5000);
		}
		if (roll(p, 20) == 0)
			p->versions[i].stage = (int)roll(p, 3);
	}
	for (int i = 0; i < 2; i++)
		if (roll(p, 12) == 0)
			p->alias[i] = (int)roll(p, VERSIONS + 1) - 1;
	if (roll(p, 4) == 0)
		p->psi = (int)roll(p, 30);
	if (roll(p, p->broken ? 4 : 18) == 0)
		p->broken = !p->broken;
}

static void
poll_registry(struct fixture *f, struct platform *p, struct bn_batch *b, bn_time sent)
{
	static const char *const words[] = {"champion", "challenger"},
				 *const live[] = {"champion", "production", NULL},
				 *const numbers[] = {"1", "2", "3", "4", "5", "6"};
	const char *aliases[5] = {NULL};
	size_t n = 0;

	for (int i = 0; i < 2; i++)
		if (p->alias[i] >= 0) {
			aliases[n++] = words[i];
			aliases[n++] = numbers[p->alias[i]];
		}
	assert_ok(bn_batch_scope(b, "models", BN_COMPLETE, &f->err), &f->err);
	bn_batch_sent(b, sent);
	bn_batch_model(b, &(struct bn_model){.e = {.key = "recs", .status = BN_HEALTHY},
					     .live_on = "recs-prod",
					     .metric = "wape",
					     .better = "lower",
					     .aliases = aliases,
					     .live = live});
	bn_batch_measure(b, (struct bn_ref){BN_MODEL, NULL, "recs"}, "psi", p->psi / 100.0, NULL,
			 sent);
	bn_batch_point(b, (struct bn_ref){BN_MODEL, NULL, "recs"}, "psi", sent, p->psi / 100.0);
	assert_ok(bn_batch_scope_done(b, &f->err), &f->err);
	assert_ok(bn_batch_scope(b, "versions", BN_COMPLETE, &f->err), &f->err);
	bn_batch_sent(b, sent);
	for (int i = 0; i < VERSIONS; i++) {
		char key[16];

		snprintf(key, sizeof(key), "recs@%s", numbers[i]);
		if (!p->versions[i].there)
			continue;
		bn_batch_model_version(
		    b, &(struct bn_model_version){.e = {.key = key, .status = BN_HEALTHY},
						  .model = "recs",
						  .version = numbers[i],
						  .stage = stages[p->versions[i].stage],
						  .run = "r",
						  .run_read = true,
						  .created_at = p->versions[i].created});
		bn_batch_measure(b, (struct bn_ref){BN_MODEL, NULL, key}, "eval:wape",
				 0.1 + i / 100.0, NULL, p->versions[i].created);
	}
	assert_ok(bn_batch_scope_done(b, &f->err), &f->err);
}

/* Some minutes never have a value, some get it late; the two streams differ in some. */
static void
poll_stream(struct fixture *f, struct bn_batch *b, bn_time sent)
{
	static const char check[] = "[{\"kind\":\"must-equal\",\"other\":\"tx\",\"tolerance\":0,"
				    "\"relative\":0,\"settle\":120000}]";
	bn_time from = (sent - REREAD) / MINUTE * MINUTE;

	assert_ok(bn_batch_scope(b, "streams", BN_COMPLETE, &f->err), &f->err);
	bn_batch_sent(b, sent);
	for (int s = 0; s < 2; s++) {
		struct bn_ref about = {BN_STREAM, NULL, s == 0 ? "tx" : "out"};

		bn_batch_stream(b,
				&(struct bn_stream){.e = {.key = about.key, .status = BN_HEALTHY},
						    .expect = 1,
						    .settle = SETTLE,
						    .ceiling = 90,
						    .checks = s == 0 ? NULL : check});
		for (bn_time at = from; at + MINUTE <= sent; at += MINUTE) {
			int64_t minute = at / MINUTE;
			bool late = minute % 11 == 5 && sent < at + 6 * MINUTE;

			if (minute % 7 != 3 && !late)
				bn_batch_point(
				    b, about, "value", at,
				    (double)(minute * 37 % 101 + (s == 1 && minute % 23 == 0)));
		}
		bn_batch_reading(b, about.key, from, sent);
	}
	assert_ok(bn_batch_scope_done(b, &f->err), &f->err);
}

static void
poll(struct fixture *f, struct platform *p, struct bn_triage *triage, bn_time began)
{
	struct bn_poll_result result = {.began = began, .took = 400, .requests = 3};
	struct bn_error broken = {.code = BN_EIO, .message = "connection refused"};
	struct bn_batch *b = fixture_batch(f);
	struct bn_minutes_work work = {0};

	fixture_at(f, began + 200);
	if (!p->broken) {
		poll_registry(f, p, b, began);
		poll_stream(f, b, began + 100);
	}
	fixture_at(f, began + 400);
	result.ended = began + 400;
	result.failure = p->broken ? &broken : NULL;
	bn_batch_free(b);
	assert_ok(bn_writer_poll_result(f->writer, f->source, f->epoch, &result, &f->err), &f->err);
	assert_ok(bn_minutes_judge(f->reader, f->writer, &work, &f->err), &f->err);
	assert_ok(bn_triage_run(triage, &f->err), &f->err);
}

/* ---- the property ---- */

struct moment {
	bn_time at;
	char *state[TABLES];
};

/* Streams are compared where the last poll was a good one: a pause that is shorter than what is read can be
 * believed is no gap in what was observed, and a minute missed in it is told of as soon as it had settled. */
static void
check_seed(struct fixture *f, unsigned seed, int steps)
{
	struct platform p = {.chance = seed,
			     .alias = {0, 1},
			     .versions = {{true, 0, T0 - DAY}, {true, 2, T0 - HOUR}}};
	struct moment *seen = test_calloc((size_t)steps * 2, sizeof(*seen));
	struct bn_triage *triage = NULL;
	size_t count = 0;
	bn_time now = T0;

	assert_ok(bn_triage_new(&triage, f->store, NULL, &f->err), &f->err);
	for (int i = 0; i < steps; i++) {
		bool asleep = i % 50 > 42;

		step_platform(&p, now);
		fixture_at(f, now);
		if (!asleep)
			poll(f, &p, triage, now);
		for (int k = 0; k < 2; k++) {
			bn_time at = k == 0 ? bn_clock_now(&f->clock) : now + INTERVAL - 1;

			fixture_at(f, at);
			seen[count].at = at;
			for (size_t t = 0; t < TABLES; t++)
				seen[count].state[t] =
				    p.broken && t >= TABLES - STREAM_TABLES ? NULL : dump(f, t);
			count++;
		}
		now += INTERVAL;
	}
	fixture_at(f, now + 5 * MINUTE);
	for (size_t i = 0; i < count; i++) {
		assert_ok(bn_reader_set_at(f->reader, seen[i].at, &f->err), &f->err);
		for (size_t t = 0; t < TABLES; t++) {
			char *again;

			if (seen[i].state[t] == NULL)
				continue;
			again = dump(f, t);
			assert_same(seen[i].state[t], again, seen[i].at, seed);
			free(again);
			free(seen[i].state[t]);
		}
	}
	assert_ok(bn_reader_set_at(f->reader, 0, &f->err), &f->err);
	bn_triage_free(triage);
	test_free(seen);
}

static void
models_and_streams_at_any_moment_are_those_read_then(void **state)
{
	/* for a longer search: more worlds, or a longer time of each, in steps of 15 s */
	const char *more = getenv("BN_ASOF_SEEDS"), *longer = getenv("BN_ASOF_STEPS");
	unsigned seeds = more != NULL ? (unsigned)atoi(more) : 2;
	int steps = longer != NULL ? atoi(longer) : STEPS;

	for (unsigned seed = 1; seed <= seeds; seed++) {
		check_seed(*state, seed, steps);
		fixture_teardown(state);
		fixture_setup(state);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(models_and_streams_at_any_moment_are_those_read_then),
	};

	return cmocka_run_group_tests_name("asof_tables", tests, NULL, NULL);
}

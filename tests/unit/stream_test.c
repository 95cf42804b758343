/* stream_test.c - minutes of streams: what was observed, what is missing, late, over, unequal; and no hole bridged. */
/* SPDX-License-Identifier: MIT */
#include "store_fixture.h"

#include <math.h>

#include "config/config.h"
#include "config/stream.h"
#include "triage/minutes.h"
#include "view/view.h"

#define SETTLE (2 * MINUTE)

static void
observe(struct fixture *f, const struct bn_stream *stream, bn_time from, bn_time at)
{
	struct bn_batch *b = fixture_batch(f);

	fixture_at(f, at);
	assert_ok(bn_batch_scope(b, "streams", BN_DELTA, &f->err), &f->err);
	bn_batch_sent(b, at);
	bn_batch_stream(b, stream);
	if (from != 0)
		bn_batch_reading(b, stream->e.key, from, at);
	assert_ok(bn_batch_scope_done(b, &f->err), &f->err);
	bn_batch_free(b);
}

static void
points(struct fixture *f, const char *name, const char *series, bn_time from, const double *values,
       size_t count)
{
	struct bn_batch *b = fixture_batch(f);
	struct bn_ref about = {BN_STREAM, NULL, name};

	assert_ok(bn_batch_scope(b, "points", BN_DELTA, &f->err), &f->err);
	for (size_t i = 0; i < count; i++)
		if (!isnan(values[i]))
			bn_batch_point(b, about, series, from + (bn_time)i * MINUTE, values[i]);
	assert_ok(bn_batch_scope_done(b, &f->err), &f->err);
	bn_batch_free(b);
}

static struct bn_minutes_work
judge(struct fixture *f)
{
	struct bn_minutes_work work = {0};

	assert_ok(bn_minutes_judge(f->reader, f->writer, &work, &f->err), &f->err);
	return work;
}

static struct bn_stream
plain(const char *name)
{
	return (struct bn_stream){
	    .e = {.key = name, .status = BN_HEALTHY}, .expect = 1, .settle = SETTLE};
}

/* The states of ten minutes from T0, a letter each: o k, m issing, l ate, O ver, . open, u nobserved. */
static const char *
states(struct fixture *f, const char *name, bn_time from, bn_time until, bool *bridged)
{
	static const char *const columns[] = {"at", "value", "state", NULL};
	static char text[2000];
	struct bn_query query = {.table = bn_view_table("points"),
				 .columns = columns,
				 .scope = {BN_STREAM, NULL, name},
				 .since = from,
				 .until = until};
	struct bn_rows *rows = NULL;
	size_t n;

	assert_ok(bn_view_query(f->reader, &query, &rows, &f->err), &f->err);
	n = bn_rows_count(rows);
	assert_true(n < sizeof(text));
	for (size_t i = 0; i < n; i++) {
		const char *state = bn_rows_value(rows, i, 2).s;

		/* every minute is a row, and nothing but a value is drawn */
		assert_int_equal(bn_rows_value(rows, i, 0).i, from + (bn_time)i * MINUTE);
		text[i] = strcmp(state, "over") == 0	       ? 'O'
			  : state[0] == 'o' && state[1] == 'p' ? '.'
							       : state[0];
		if (bridged != NULL && bn_rows_value(rows, i, 1).type != BN_VALUE_NULL &&
		    (text[i] == 'm' || text[i] == 'u'))
			*bridged = true;
	}
	text[n] = '\0';
	bn_rows_free(rows);
	return text;
}

/* ---- gaps ------------------------------------------------------------------------------------ */

static void
minutes_are_missing_only_where_they_were_looked_for(void **state)
{
	struct fixture *f = *state;
	struct bn_stream s = plain("tx");
	const double values[] = {5, 6, NAN, 8, NAN, NAN};

	observe(f, &s, 0, T0);
	points(f, "tx", "value", T0, values, 6);
	/* read until 03:06:30: 03:02 has settled by then, 03:04 and 03:05 have not */
	observe(f, &s, T0, T0 + 6 * MINUTE + 30000);
	judge(f);
	assert_string_equal(states(f, "tx", T0, T0 + 6 * MINUTE, NULL), "oomo...");
	assert_int_equal(ask(f, "SELECT count(*) FROM main.stream_minute"), 1);
	/* time passes, nobody asks: what was not seen to be empty is not called missing */
	fixture_at(f, T0 + 20 * MINUTE);
	judge(f);
	assert_string_equal(states(f, "tx", T0, T0 + 9 * MINUTE, NULL), "oomouuuuuu");
	assert_int_equal(ask(f, "SELECT count(*) FROM main.stream_minute"), 1);
	/* asked again for all of it: then it is */
	observe(f, &s, T0 + 3 * MINUTE, T0 + 20 * MINUTE);
	judge(f);
	assert_string_equal(states(f, "tx", T0, T0 + 9 * MINUTE, NULL), "oomommmmmm");
	assert_int_equal(ask(f, "SELECT missed_at FROM main.stream_minute ORDER BY at LIMIT 1"),
			 T0 + 3 * MINUTE + SETTLE);
}

static void
minutes_between_two_readings_are_unobserved(void **state)
{
	struct fixture *f = *state;
	struct bn_stream s = plain("tx");
	const double values[] = {1, 2};

	observe(f, &s, 0, T0);
	points(f, "tx", "value", T0, values, 2);
	observe(f, &s, T0, T0 + 5 * MINUTE);
	/* the source comes back after half an hour and remembers only the last ten minutes */
	observe(f, &s, T0 + 20 * MINUTE, T0 + 30 * MINUTE);
	judge(f);
	assert_string_equal(states(f, "tx", T0, T0 + 29 * MINUTE, NULL),
			    "oomuuuuuuuuuuuuuuuuummmmmmmm..");
	assert_int_equal(ask(f, "SELECT count(*) FROM main.stream_read"), 2);
	/* and then all the rest */
	observe(f, &s, T0 + 2 * MINUTE, T0 + 31 * MINUTE);
	assert_int_equal(ask(f, "SELECT count(*) FROM main.stream_read"), 1);
}

static void
minutes_that_came_late_are_told_from_those_that_never_came(void **state)
{
	struct fixture *f = *state;
	struct bn_stream s = plain("tx");
	const double values[] = {1, NAN, NAN, 4}, filler[] = {2};

	observe(f, &s, 0, T0);
	points(f, "tx", "value", T0, values, 4);
	observe(f, &s, T0, T0 + 8 * MINUTE);
	judge(f);
	assert_string_equal(states(f, "tx", T0, T0 + 3 * MINUTE, NULL), "ommo");
	fixture_at(f, T0 + 9 * MINUTE);
	points(f, "tx", "value", T0 + MINUTE, filler, 1);
	assert_int_equal(ask(f, "SELECT count(*) FROM main.stream_changed"), 1);
	judge(f);
	assert_string_equal(states(f, "tx", T0, T0 + 3 * MINUTE, NULL), "olmo");
	assert_int_equal(ask(f, "SELECT filled_at FROM main.stream_minute WHERE filled_at > 0"),
			 T0 + 9 * MINUTE);
	assert_int_equal(ask(f, "SELECT count(*) FROM main.stream_changed"), 0);
}

/* Where the platform says when the record arrived, lateness is known of what was never watched. */
static void
minutes_say_they_were_late_by_their_arrival(void **state)
{
	struct fixture *f = *state;
	struct bn_stream s = plain("tx");
	const double values[] = {1, 2, 3};
	const double arrived[] = {T0 + MINUTE + 1000, T0 + 2 * MINUTE + SETTLE,
				  T0 + 3 * MINUTE + SETTLE + 1};

	observe(f, &s, 0, T0);
	fixture_at(f, T0 + 60 * MINUTE);
	points(f, "tx", "value", T0, values, 3);
	points(f, "tx", "arrived", T0, arrived, 3);
	observe(f, &s, T0, T0 + 60 * MINUTE);
	judge(f);
	assert_string_equal(states(f, "tx", T0, T0 + 2 * MINUTE, NULL), "ool");
}

/* ---- limits ---------------------------------------------------------------------------------- */

static int64_t
marks(struct fixture *f, int bit)
{
	char sql[160];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM main.stream_minute WHERE marks & %d", bit);
	return ask(f, sql);
}

static void
minutes_at_the_ceiling_are_lower_bounds(void **state)
{
	struct fixture *f = *state;
	struct bn_stream s = plain("tx");
	const double values[] = {399.9, 400, 401, 1};

	s.ceiling = 400;
	observe(f, &s, 0, T0);
	points(f, "tx", "value", T0, values, 4);
	observe(f, &s, T0, T0 + 10 * MINUTE);
	judge(f);
	assert_string_equal(states(f, "tx", T0, T0 + 3 * MINUTE, NULL), "oOOo");
	assert_int_equal(marks(f, BN_MINUTE_OVER), 2);
}

static void
minutes_that_count_records_know_bursts_shortages_and_nothing(void **state)
{
	struct fixture *f = *state;
	struct bn_stream s = plain("polls");
	const double values[] = {4, 3, 2.9, 0, 7.9, 8};

	s.expect = 4;
	s.counted = true;
	s.burst = 2;
	observe(f, &s, 0, T0);
	points(f, "polls", "value", T0, values, 6);
	observe(f, &s, T0, T0 + 10 * MINUTE);
	judge(f);
	/* nothing counted is as good as no record */
	assert_string_equal(states(f, "polls", T0, T0 + 5 * MINUTE, NULL), "ooomoo");
	assert_int_equal(marks(f, BN_MINUTE_BURST), 1);
	assert_int_equal(marks(f, BN_MINUTE_SHORT), 1);
	assert_int_equal(ask(f, "SELECT at FROM main.stream_minute WHERE marks & 4"),
			 T0 + 2 * MINUTE);
}

static void
streams_that_expect_nothing_have_no_gaps(void **state)
{
	struct fixture *f = *state;
	struct bn_stream s = plain("errors");
	const double values[] = {1, NAN, 3};

	s.expect = -1;
	observe(f, &s, 0, T0);
	points(f, "errors", "value", T0, values, 3);
	observe(f, &s, T0, T0 + 10 * MINUTE);
	judge(f);
	assert_string_equal(states(f, "errors", T0, T0 + 2 * MINUTE, NULL), "ooo");
	assert_int_equal(ask(f, "SELECT count(*) FROM main.stream_minute"), 0);
}

static int64_t
verdicts(struct fixture *f, const char *rule)
{
	char sql[160];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM main.stream_verdict WHERE rule = '%s'",
		 rule);
	return ask(f, sql);
}

static void
streams_that_stand_still_are_flat_after_their_time(void **state)
{
	struct fixture *f = *state;
	struct bn_stream s = plain("web");
	const double values[] = {7, 5, 5, 5, 5}, more[] = {5, 6};

	s.flat = 5 * MINUTE;
	observe(f, &s, 0, T0);
	points(f, "web", "value", T0, values, 5);
	observe(f, &s, T0, T0 + 5 * MINUTE + SETTLE);
	judge(f);
	assert_int_equal(verdicts(f, "flat"), 0); /* four minutes */
	points(f, "web", "value", T0 + 5 * MINUTE, more, 1);
	observe(f, &s, T0, T0 + 6 * MINUTE + SETTLE);
	judge(f);
	assert_int_equal(verdicts(f, "flat"), 1);
	points(f, "web", "value", T0 + 6 * MINUTE, more + 1, 1);
	observe(f, &s, T0, T0 + 7 * MINUTE + SETTLE);
	judge(f);
	assert_int_equal(verdicts(f, "flat"), 0);
}

static void
streams_are_strange_against_the_same_minute_of_earlier_days(void **state)
{
	struct fixture *f = *state;
	struct bn_stream s = plain("tx");
	double before[3], ok[] = {106, 106}, odd[] = {150, 150};

	s.anomaly = 6;
	observe(f, &s, 0, T0);
	for (int day = 1; day <= 5; day++) {
		for (int i = 0; i < 3; i++)
			before[i] = 98 + day; /* 99 … 103: median 101, deviation 1 */
		points(f, "tx", "value", T0 - day * DAY - MINUTE, before, 3);
		points(f, "tx", "value", T0 - day * DAY + MINUTE, before, 3);
	}
	points(f, "tx", "value", T0, ok, 2);
	observe(f, &s, T0, T0 + 2 * MINUTE + SETTLE);
	judge(f);
	assert_int_equal(verdicts(f, "anomaly"), 0);
	points(f, "tx", "value", T0, odd, 2);
	judge(f);
	assert_int_equal(marks(f, BN_MINUTE_ODD), 2);
	assert_int_equal(ask(f, "SELECT usual FROM main.stream_minute LIMIT 1"), 101);
}

static void
median_and_deviation_are_those_of_the_middle(void **state)
{
	double odd[] = {3, 1, 100}, even[] = {1, 2, 3, 4}, spread[] = {1, 2, 3, 4, 100};

	(void)state;
	assert_true(bn_median(odd, 3) > 2.9 && bn_median(odd, 3) < 3.1);
	assert_true(bn_median(even, 4) > 2.4 && bn_median(even, 4) < 2.6);
	assert_int_equal((int)(bn_deviation(spread, 5, 3) * 10 + 0.5), 10);
	assert_true(isnan(bn_median(odd, 0)));
}

/* ---- agreement ------------------------------------------------------------------------------- */

static const char *
balance(struct fixture *f, const char *name)
{
	static const char *const columns[] = {"state", "left_value", "right_value", NULL};
	static char text[100];
	struct bn_query query = {.table = bn_view_table("checks"),
				 .columns = columns,
				 .scope = {BN_STREAM, NULL, name},
				 .filter = "kind=must-equal"};
	struct bn_rows *rows = NULL;

	assert_ok(bn_view_query(f->reader, &query, &rows, &f->err), &f->err);
	assert_int_equal(bn_rows_count(rows), 1);
	snprintf(text, sizeof(text), "%s %g %g", bn_rows_value(rows, 0, 0).s,
		 bn_rows_value(rows, 0, 1).type == BN_VALUE_NULL ? -1 : bn_rows_value(rows, 0, 1).r,
		 bn_rows_value(rows, 0, 2).type == BN_VALUE_NULL ? -1
								 : bn_rows_value(rows, 0, 2).r);
	bn_rows_free(rows);
	return text;
}

static void
pair(struct fixture *f, struct bn_stream *in, struct bn_stream *out, const char *tolerance)
{
	static char checks[200];

	*in = plain("in");
	*out = plain("out");
	snprintf(checks, sizeof(checks),
		 "[{\"kind\":\"must-equal\",\"other\":\"in\",%s,\"settle\":120000}]", tolerance);
	out->checks = checks;
	observe(f, in, 0, T0);
	observe(f, out, 0, T0);
}

static void
both_read(struct fixture *f, const struct bn_stream *in, const struct bn_stream *out, bn_time at)
{
	observe(f, in, T0, at);
	observe(f, out, T0, at);
	judge(f);
}

/* A stage that stalls and makes up for it agrees in the end: late. One that drops records does not: lost. */
static void
counters_tell_late_from_lost(void **state)
{
	struct fixture *f = *state;
	struct bn_stream in, out;
	const double input[] = {10, 10, 10, 10, 10, 10, 10, 10, 10};
	const double stalled[] = {10, 0, 0, 0, 0}, caught_up[] = {50, 10}, lost[] = {3, 10, 10, 10};

	pair(f, &in, &out, "\"tolerance\":0,\"relative\":0");
	points(f, "in", "value", T0, input, 9);
	points(f, "out", "value", T0, stalled, 5);
	both_read(f, &in, &out, T0 + 5 * MINUTE + SETTLE);
	assert_int_equal(verdicts(f, "imbalance"), 1);
	assert_string_equal(balance(f, "out"), "unequal 10 50");
	assert_non_null(
	    strstr(ask_text(f, "SELECT message FROM main.stream_verdict"), "out 10, in 50"));
	points(f, "out", "value", T0 + 5 * MINUTE, caught_up, 1);
	both_read(f, &in, &out, T0 + 6 * MINUTE + SETTLE);
	assert_int_equal(verdicts(f, "imbalance"), 0);
	assert_string_equal(balance(f, "out"), "ok 60 60");
	points(f, "out", "value", T0 + 6 * MINUTE, lost, 1);
	both_read(f, &in, &out, T0 + 7 * MINUTE + SETTLE);
	assert_int_equal(verdicts(f, "imbalance"), 0); /* not for three minutes yet */
	points(f, "out", "value", T0 + 7 * MINUTE, lost + 1, 2);
	both_read(f, &in, &out, T0 + 9 * MINUTE + SETTLE);
	assert_int_equal(verdicts(f, "imbalance"), 1);
	assert_string_equal(balance(f, "out"), "unequal 83 90");
}

static void
counters_within_the_tolerance_are_equal(void **state)
{
	struct fixture *f = *state;
	struct bn_stream in, out;
	const double input[] = {100, 100, 100, 100}, close[] = {99, 99, 99, 99},
		     off[] = {98, 98, 98, 98};

	pair(f, &in, &out, "\"tolerance\":0.01,\"relative\":1");
	points(f, "in", "value", T0, input, 4);
	points(f, "out", "value", T0, close, 4);
	both_read(f, &in, &out, T0 + 4 * MINUTE + SETTLE);
	assert_string_equal(balance(f, "out"), "ok 396 400");
	points(f, "out", "value", T0, off, 4);
	judge(f);
	assert_string_equal(balance(f, "out"), "unequal 392 400");
	assert_int_equal(verdicts(f, "imbalance"), 1);
}

/* What one side was not watched for is not part of any equality, and where nothing is left it is unknown. */
static void
counters_are_unknown_where_one_side_was_not_observed(void **state)
{
	struct fixture *f = *state;
	struct bn_stream in, out;
	const double input[] = {10, 10, 10, 10, 10}, missing[] = {10, NAN, 10, 10, 20};

	pair(f, &in, &out, "\"tolerance\":0,\"relative\":0");
	points(f, "in", "value", T0, input, 5);
	points(f, "out", "value", T0, input, 5);
	observe(f, &in, T0, T0 + 5 * MINUTE + SETTLE);
	judge(f);
	assert_string_equal(balance(f, "out"), "unknown -1 -1");
	/* a minute that neither has is not equal: nobody knows */
	pair(f, &in, &out, "\"tolerance\":0,\"relative\":0");
	points(f, "in", "value", T0 + 10 * MINUTE, missing, 5);
	points(f, "out", "value", T0 + 10 * MINUTE, missing, 5);
	observe(f, &in, T0 + 10 * MINUTE, T0 + 15 * MINUTE + SETTLE);
	observe(f, &out, T0 + 10 * MINUTE, T0 + 15 * MINUTE + SETTLE);
	judge(f);
	assert_string_equal(balance(f, "out"), "unknown 50 50");
}

static void
averages_must_be_their_quotient(void **state)
{
	struct fixture *f = *state;
	struct bn_stream sum = plain("sum"), count = plain("count"), average = plain("average");
	const double sums[] = {10, 20, 30, 40}, counts[] = {5, 5, 5, 0};
	double averages[] = {2, 4.01, 6, 9};

	average.checks = "[{\"kind\":\"consistency\",\"other\":\"sum\",\"by\":\"count\","
			 "\"tolerance\":0.005,\"relative\":1,\"settle\":120000}]";
	observe(f, &sum, 0, T0);
	observe(f, &count, 0, T0);
	observe(f, &average, 0, T0);
	points(f, "sum", "value", T0, sums, 4);
	points(f, "count", "value", T0, counts, 4);
	points(f, "average", "value", T0, averages, 4);
	observe(f, &sum, T0, T0 + 4 * MINUTE + SETTLE);
	observe(f, &count, T0, T0 + 4 * MINUTE + SETTLE);
	observe(f, &average, T0, T0 + 4 * MINUTE + SETTLE);
	judge(f);
	assert_int_equal(verdicts(f, "inconsistent"), 0); /* within rounding; 40/0 is none */
	averages[1] = 4.03;
	points(f, "average", "value", T0, averages, 4);
	judge(f);
	assert_int_equal(verdicts(f, "inconsistent"), 1);
}

/* ---- levels ---------------------------------------------------------------------------------- */

/* The levels that are held to be crossed, "" for none; what the check says of them must be the same. */
static const char *
beyond(struct fixture *f, const char *name)
{
	static const char *const columns[] = {"state", "text", NULL};
	static const char *held;
	struct bn_query query = {.table = bn_view_table("checks"),
				 .columns = columns,
				 .scope = {BN_STREAM, NULL, name},
				 .filter = "kind=level AND (state=warn OR state=bad)"};
	struct bn_rows *rows = NULL;
	size_t length = 0;

	held = ask_text(f, "SELECT coalesce(group_concat(other, ', '), '') FROM (SELECT other"
			   " FROM main.stream_verdict WHERE rule = 'level' ORDER BY other)");
	assert_ok(bn_view_query(f->reader, &query, &rows, &f->err), &f->err);
	for (size_t i = 0; i < bn_rows_count(rows); i++) {
		assert_non_null(strstr(held, bn_rows_value(rows, i, 1).s));
		length += strlen(bn_rows_value(rows, i, 1).s) + (i > 0 ? 2 : 0);
	}
	bn_rows_free(rows);
	assert_int_equal(strlen(held), length);
	return held;
}

static void
levels_are_crossed_for_their_time(void **state)
{
	struct fixture *f = *state;
	struct bn_stream s = plain("lag");
	const double values[] = {61, 62, 63, 301, 302, NAN, 303, 60};

	s.checks = "[{\"kind\":\"level\",\"word\":\"warn\",\"text\":\"warn above 60 for 3m\","
		   "\"above\":1,\"bound\":60,\"lasting\":3},{\"kind\":\"level\",\"word\":\"bad\","
		   "\"text\":\"bad above 300 for 2m\",\"above\":1,\"bound\":300,\"lasting\":2}]";
	observe(f, &s, 0, T0);
	points(f, "lag", "value", T0, values, 2);
	observe(f, &s, T0, T0 + 2 * MINUTE + SETTLE);
	judge(f);
	assert_string_equal(beyond(f, "lag"), "");
	points(f, "lag", "value", T0, values, 4);
	observe(f, &s, T0, T0 + 4 * MINUTE + SETTLE);
	judge(f);
	assert_string_equal(beyond(f, "lag"), "warn above 60 for 3m");
	assert_int_equal(ask(f, "SELECT since FROM main.stream_verdict"), T0 + MINUTE);
	points(f, "lag", "value", T0, values, 5);
	observe(f, &s, T0, T0 + 5 * MINUTE + SETTLE);
	judge(f);
	assert_string_equal(beyond(f, "lag"), "bad above 300 for 2m, warn above 60 for 3m");
	/* it holds since it began; a hole says nothing either way */
	assert_int_equal(ask(f, "SELECT min(since) FROM main.stream_verdict"), T0 + MINUTE);
	points(f, "lag", "value", T0, values, 7);
	observe(f, &s, T0, T0 + 7 * MINUTE + SETTLE);
	judge(f);
	assert_string_equal(beyond(f, "lag"), "bad above 300 for 2m, warn above 60 for 3m");
	/* at the bound is not beyond it */
	points(f, "lag", "value", T0, values, 8);
	observe(f, &s, T0, T0 + 8 * MINUTE + SETTLE);
	judge(f);
	assert_string_equal(beyond(f, "lag"), "");
}

/* Nothing new among what is polled means something only while the polls are full. */
static void
levels_count_only_while_another_stream_is_where_it_must_be(void **state)
{
	struct fixture *f = *state;
	struct bn_stream s = plain("seen"), polls = plain("polls");
	const double none[] = {0, 0, 0, 0, 0, 0, 0, 0}, few[] = {4, 2, 4, 4},
		     unknown[] = {NAN, NAN};

	s.checks = "[{\"kind\":\"level\",\"word\":\"bad\",\"text\":\"bad below 1 for 2m while polls"
		   " above 3\",\"above\":0,\"bound\":1,\"lasting\":2,\"other\":\"polls\","
		   "\"other_above\":1,\"other_bound\":3}]";
	observe(f, &polls, 0, T0);
	observe(f, &s, 0, T0);
	points(f, "seen", "value", T0, none, 3);
	points(f, "polls", "value", T0, few, 3);
	both_read(f, &polls, &s, T0 + 3 * MINUTE + SETTLE);
	assert_string_equal(beyond(f, "seen"), "");
	points(f, "seen", "value", T0, none, 4);
	points(f, "polls", "value", T0, few, 4);
	both_read(f, &polls, &s, T0 + 4 * MINUTE + SETTLE);
	assert_string_equal(beyond(f, "seen"), "bad below 1 for 2m while polls above 3");
	/* where nobody knows of the other one, it stays as it was */
	points(f, "seen", "value", T0, none, 6);
	points(f, "polls", "value", T0 + 4 * MINUTE, unknown, 2);
	both_read(f, &polls, &s, T0 + 6 * MINUTE + SETTLE);
	assert_string_equal(beyond(f, "seen"), "bad below 1 for 2m while polls above 3");
	points(f, "seen", "value", T0, none, 8);
	points(f, "polls", "value", T0 + 6 * MINUTE, few + 1, 2);
	both_read(f, &polls, &s, T0 + 8 * MINUTE + SETTLE);
	assert_string_equal(beyond(f, "seen"), "");
}

/* ---- cost ------------------------------------------------------------------------------------ */

/* 2,000 streams: a pass with nothing new reads no point, one with a new minute reads that minute. */
static void
minutes_are_looked_at_once(void **state)
{
	struct fixture *f = *state;
	struct bn_minutes_work work;
	char name[32];

	for (int pass = 0; pass < 3; pass++) {
		struct bn_batch *b = fixture_batch(f);
		bn_time now = T0 + (10 + pass) * MINUTE + SETTLE;

		fixture_at(f, now);
		assert_ok(bn_batch_scope(b, "streams", BN_DELTA, &f->err), &f->err);
		bn_batch_sent(b, now);
		for (int i = 0; i < 2000; i++) {
			struct bn_stream s;

			snprintf(name, sizeof(name), "s%d", i);
			s = plain(name);
			if (pass == 0)
				bn_batch_stream(b, &s);
			for (int m = pass == 0 ? 0 : 9 + pass; m < 10 + pass; m++)
				bn_batch_point(b, (struct bn_ref){BN_STREAM, NULL, name}, "value",
					       T0 + m * MINUTE, m);
			bn_batch_reading(b, name, T0, now);
		}
		assert_ok(bn_batch_scope_done(b, &f->err), &f->err);
		bn_batch_free(b);
		work = judge(f);
		assert_int_equal(work.streams, 2000);
		assert_int_equal(work.minutes, pass == 0 ? 2000 * 10 : 2000);
		assert_int_equal(work.rows, pass == 0 ? 2000 * 10 : 2000);
		work = judge(f);
		assert_int_equal(work.streams + work.minutes + work.rows + work.writes, 0);
	}
}

/* What a source remembers of the days before is judged too, and once. */
static void
minutes_of_the_past_are_judged_when_they_are_read(void **state)
{
	struct fixture *f = *state;
	struct bn_stream s = plain("tx");
	const bn_time day = 1440 * MINUTE, since = T0 - 4 * day;
	double values[4 * 1440];
	struct bn_minutes_work work;

	s.ceiling = 500;
	for (int i = 0; i < 4 * 1440; i++)
		values[i] = i % 1440 == 100 ? NAN : i % 1440 == 200 ? 600 : 100;
	fixture_at(f, T0 + 20 * MINUTE);
	observe(f, &s, 0, T0);
	points(f, "tx", "value", T0, values, 10);
	observe(f, &s, T0, T0 + 10 * MINUTE + SETTLE);
	judge(f);
	assert_int_equal(ask(f, "SELECT count(*) FROM main.stream_minute"), 0);
	points(f, "tx", "value", since, values, 4 * 1440);
	observe(f, &s, since - day, T0 + 10 * MINUTE + SETTLE);
	work = judge(f);
	assert_int_equal(work.minutes, 4 * 1440);
	work = judge(f);
	assert_int_equal(work.streams + work.minutes + work.rows + work.writes, 0);
	assert_int_equal(ask(f, "SELECT count(*) FROM main.stream_minute"), 8);
	assert_int_equal(ask(f,
			     "SELECT count(*) FROM main.stream_minute WHERE missed_at = at + 60000"
			     " + 120000 AND filled_at IS NULL AND marks = 0"),
			 4);
	assert_int_equal(ask(f, "SELECT count(*) FROM main.stream_minute WHERE marks = 1"), 4);
	/* before its first value nothing is missing, though it was asked for */
	assert_int_equal(ask(f, "SELECT min(at) FROM main.stream_minute"), since + 100 * MINUTE);
	/* and a late one of then fills its minute */
	points(f, "tx", "value", since + 100 * MINUTE, values, 1);
	judge(f);
	assert_int_equal(
	    ask(f, "SELECT count(*) FROM main.stream_minute WHERE filled_at IS NOT NULL"), 1);
}

/* Of many streams a call judges a portion of the past, and the next call goes on. */
static void
minutes_of_the_past_come_in_portions(void **state)
{
	struct fixture *f = *state;
	struct bn_stream s = plain("tx");
	static double values[1500];
	int64_t minutes = 0;
	int passes = 0;

	s.anomaly = 6; /* which makes a minute of the last day twenty times as dear */
	fixture_at(f, T0 + 20 * MINUTE);
	for (int i = 0; i < 1500; i++)
		values[i] = 100;
	for (int i = 0; i < 16; i++) {
		char name[8];

		snprintf(name, sizeof(name), "s%d", i % 8);
		s.e.key = name;
		if (i < 8) {
			observe(f, &s, 0, T0);
			points(f, name, "value", T0, values, 10);
			observe(f, &s, T0, T0 + 10 * MINUTE + SETTLE);
			judge(f);
		} else {
			points(f, name, "value", T0 - 1500 * MINUTE, values, 1500);
			observe(f, &s, T0 - 1500 * MINUTE, T0 + 10 * MINUTE + SETTLE);
		}
	}
	for (; passes < 20; passes++) {
		struct bn_minutes_work work = judge(f);

		if (work.minutes == 0)
			break;
		assert_true(work.minutes <= 5000 + 8 * 70);
		minutes += work.minutes;
	}
	assert_int_equal(passes, 3);
	assert_int_equal(minutes, 8 * 1500); /* none is judged twice */
	assert_int_equal(ask(f, "SELECT count(*) FROM main.stream WHERE examined_from = "
				"1773111600000 - 1500 * 60000"),
			 8);
}

/* ---- properties ------------------------------------------------------------------------------ */

/* Over patterns of holes, readings and moments drawn at random: no minute has a value that nobody gave; none is
 * called missing that was not read after it had settled; and a total over what is not known is not fine. */
static void
minutes_never_bridge_a_hole_nor_miss_what_was_not_observed(void **state)
{
	struct fixture *f = *state;
	uint64_t seed = 42;

	for (int round = 0; round < 60; round++) {
		struct bn_stream in, out;
		char a[16], b[16], checks[200];
		double values[40], others[40];
		bool read[40][2] = {{false}}, bridged = false;
		const char *seen;
		bn_time now = T0;
		int unknown = 0;

		snprintf(a, sizeof(a), "in%d", round);
		snprintf(b, sizeof(b), "out%d", round);
		in = plain(a);
		out = plain(b);
		snprintf(
		    checks, sizeof(checks),
		    "[{\"kind\":\"must-equal\",\"other\":\"%s\",\"tolerance\":0,\"relative\":0,"
		    "\"settle\":120000}]",
		    a);
		out.checks = checks;
		observe(f, &in, 0, T0);
		observe(f, &out, 0, T0);
		for (int i = 0; i < 40; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			values[i] = (seed >> 33) % 4 == 0 ? NAN : (double)((seed >> 40) % 50 + 1);
			others[i] = (seed >> 50) % 5 == 0 ? NAN : values[i];
		}
		for (int k = 0; k < 4; k++) {
			int from, length;

			seed = seed * 6364136223846793005u + 1442695040888963407u;
			from = (int)((seed >> 33) % 40);
			length = (int)((seed >> 45) % 20) + 1;
			if (from + length > 40)
				length = 40 - from;
			now = T0 + (from + length) * MINUTE;
			points(f, a, "value", T0 + from * MINUTE, values + from, (size_t)length);
			points(f, b, "value", T0 + from * MINUTE, others + from, (size_t)length);
			for (int s = 0; s < 2; s++)
				observe(f, s == 0 ? &in : &out, T0 + from * MINUTE, now);
			for (int i = from; i < 40; i++)
				if (T0 + (i + 1) * MINUTE + SETTLE <= now)
					read[i][0] = true;
			judge(f);
		}
		fixture_at(f, T0 + 60 * MINUTE);
		judge(f);
		seen = states(f, a, T0, T0 + 39 * MINUTE, &bridged);
		assert_false(bridged);
		for (int i = 0; i < 40; i++) {
			if (seen[i] == 'm')
				assert_true(isnan(values[i]) && read[i][0]);
			if (seen[i] == 'o' || seen[i] == 'l')
				assert_false(isnan(values[i]));
			unknown += seen[i] == 'u';
		}
		/* 40 minutes lie within the hour that is compared: equal only where all was seen */
		if (unknown == 40)
			assert_int_equal(strncmp(balance(f, b), "unknown", 7), 0);
	}
	/* what is stored as missed was observed, every one */
	assert_int_equal(
	    ask(f, "SELECT count(*) FROM main.stream_minute m JOIN main.stream s ON s.entity_id ="
		   " m.entity_id WHERE m.missed_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM"
		   " main.stream_read r WHERE r.entity_id = m.entity_id AND r.began <= m.at AND"
		   " r.ended >= m.at + 60000 + s.settle_ms)"),
	    0);
}

/* Minutes are UTC: a night in which clocks are put forward or back has 1,440 of them. */
static void
minutes_know_no_summer_time(void **state)
{
	struct fixture *f = *state;
	struct bn_stream s = plain("tx");
	bn_time night =
	    bn_time_parse("2026-03-28T23:00:00Z"); /* 02:00 to 03:00 in Berlin at 01:00Z */
	double values[240];

	for (int i = 0; i < 240; i++)
		values[i] = i;
	setenv("TZ", "Europe/Berlin", 1);
	observe(f, &s, 0, night);
	fixture_at(f, night + 4 * HOUR + SETTLE);
	points(f, "tx", "value", night, values, 240);
	observe(f, &s, night, night + 4 * HOUR + SETTLE);
	judge(f);
	assert_int_equal(strspn(states(f, "tx", night, night + 239 * MINUTE, NULL), "o"), 240);
	assert_int_equal(ask(f, "SELECT count(*) FROM main.stream_minute"), 0);
	unsetenv("TZ");
}

/* ---- numbers before their thing -------------------------------------------------------------- */

static void
numbers_wait_for_the_thing_of_another_source(void **state)
{
	struct fixture *f = *state;
	struct bn_ref about = {BN_ENDPOINT, "probes", "api"};
	struct bn_batch *b = fixture_batch(f);
	struct bn_source_info info = {"probes", "http", NULL, "d", "none", 15000, false, NULL};
	int64_t id = 0, epoch = 0;
	const char *why;

	assert_ok(bn_writer_source(f->writer, &info, &id, &f->err), &f->err);
	assert_ok(bn_writer_take_lease(f->writer, id, "me", &epoch, &f->err), &f->err);
	assert_ok(bn_batch_scope(b, "queries", BN_DELTA, &f->err), &f->err);
	bn_batch_measure(b, about, "p99", 40, "ms", T0);
	bn_batch_measure(b, about, "p99", 42, "ms", T0 + 1);
	bn_batch_point(b, about, "p99", T0, 42);
	assert_ok(bn_batch_scope_done(b, &f->err), &f->err);
	assert_int_equal(bn_batch_skipped(b, &why), 0);
	bn_batch_free(b);
	assert_int_equal(ask(f, "SELECT count(*) FROM main.measure"), 0);
	b = bn_batch_new(f->writer, NULL, id, "probes", epoch);
	assert_ok(bn_batch_scope(b, "endpoints", BN_DELTA, &f->err), &f->err);
	bn_batch_entity(b, BN_ENDPOINT, &(struct bn_entity){.key = "api", .status = BN_HEALTHY});
	assert_ok(bn_batch_scope_done(b, &f->err), &f->err);
	bn_batch_free(b);
	assert_int_equal(ask(f, "SELECT value FROM main.measure WHERE name = 'p99'"), 42);
	assert_int_equal(ask(f, "SELECT count(*) FROM main.point"), 1);
	assert_int_equal(ask(f, "SELECT count(*) FROM main.early_number"), 0);
}

/* A number for NAME@champion may come before anybody said which version that is, in either order. */
static void
numbers_wait_for_what_an_alias_means(void **state)
{
	static const char *const aliases[] = {"champion", "7", NULL};
	static const char *const names[][3] = {{"recs", "recs@champion", "recs@7"},
					       {"fees", "fees@champion", "fees@7"}};
	struct bn_source_info info = {"mlflow", "mlflow", NULL, "d", "none", 15000, false, NULL};
	struct fixture *f = *state;
	int64_t id = 0, epoch = 0;

	assert_ok(bn_writer_source(f->writer, &info, &id, &f->err), &f->err);
	assert_ok(bn_writer_take_lease(f->writer, id, "me", &epoch, &f->err), &f->err);
	for (int order = 0; order < 2; order++) {
		const char *const *name = names[order];
		const struct bn_model model = {.e = {.key = name[0], .status = BN_HEALTHY},
					       .aliases = aliases};
		const struct bn_model_version version = {
		    .e = {.key = name[2], .status = BN_HEALTHY}, .model = name[0], .version = "7"};
		struct bn_batch *b = fixture_batch(f);

		assert_ok(bn_batch_scope(b, "queries", BN_DELTA, &f->err), &f->err);
		bn_batch_measure(b, (struct bn_ref){BN_MODEL, "mlflow", name[1]}, "psi", 0.25, "",
				 T0);
		bn_batch_point(b, (struct bn_ref){BN_MODEL, "mlflow", name[1]}, "psi", T0, 0.25);
		assert_ok(bn_batch_scope_done(b, &f->err), &f->err);
		bn_batch_free(b);
		assert_int_equal(ask(f, "SELECT count(*) FROM main.early_number"), 2);
		b = bn_batch_new(f->writer, NULL, id, "mlflow", epoch);
		assert_ok(bn_batch_scope(b, "models", BN_DELTA, &f->err), &f->err);
		for (int i = 0; i < 2; i++)
			if (i == order)
				bn_batch_model(b, &model);
			else
				bn_batch_model_version(b, &version);
		assert_ok(bn_batch_scope_done(b, &f->err), &f->err);
		bn_batch_free(b);
		assert_int_equal(
		    ask(f, "SELECT count(*) FROM main.measure m JOIN main.entity e ON e.id ="
			   " m.entity_id WHERE e.key GLOB '*@7' AND m.value = 0.25"),
		    order + 1);
		assert_int_equal(ask(f, "SELECT count(*) FROM main.point"), order + 1);
		assert_int_equal(ask(f, "SELECT count(*) FROM main.early_number"), 0);
	}
}

/* ---- roll-ups -------------------------------------------------------------------------------- */

static void
minutes_older_than_the_raw_ones_are_ten_minutes_each(void **state)
{
	struct fixture *f = *state;
	struct bn_stream s = plain("tx");
	double values[30];
	static const char *const columns[] = {"at", "value", "step", "minutes", NULL};
	struct bn_query query = {.table = bn_view_table("points"),
				 .columns = columns,
				 .scope = {BN_STREAM, NULL, "tx"},
				 .since = T0,
				 .until = T0 + 29 * MINUTE};
	struct bn_rows *rows = NULL;
	int rc;

	for (int i = 0; i < 30; i++)
		values[i] = i == 25 ? NAN : i;
	observe(f, &s, 0, T0);
	points(f, "tx", "value", T0, values, 30);
	observe(f, &s, T0, T0 + 40 * MINUTE);
	/* eight days later all but the last ten minutes have been summed up */
	fixture_at(f, T0 + 8 * DAY + 20 * MINUTE);
	while ((rc = bn_writer_maintain(f->writer, &f->err)) == BN_EBUSY)
		;
	assert_ok(rc, &f->err);
	assert_int_equal(ask(f, "SELECT count(*) FROM main.rollup"), 2);
	assert_int_equal(ask(f, "SELECT count(*) FROM main.point"), 9);
	assert_ok(bn_view_query(f->reader, &query, &rows, &f->err), &f->err);
	assert_int_equal(bn_rows_count(rows), 12);
	assert_int_equal(bn_rows_value(rows, 0, 2).i, 600000);
	assert_true(bn_rows_value(rows, 0, 1).r > 4.4 && bn_rows_value(rows, 0, 1).r < 4.6);
	assert_int_equal(bn_rows_value(rows, 0, 3).i, 10);
	assert_int_equal(bn_rows_value(rows, 2, 2).i, 60000);
	assert_int_equal(bn_rows_value(rows, 2, 0).i, T0 + 20 * MINUTE);
	assert_int_equal(bn_rows_value(rows, 7, 1).type, BN_VALUE_NULL);
	bn_rows_free(rows);
}

/* ---- configuration --------------------------------------------------------------------------- */

static const char *
problem_of(const char *stream)
{
	static char text[700];
	struct bn_config *config = NULL;
	struct bn_error err = {0};
	char *whole =
	    bn_xasprintf("[source \"prom\"]\n\ttype = x\n[stream \"a\"]\n\tsource = prom\n"
			 "\tquery = up\n[stream \"bus\"]\n\tsource = prom\n\tquery = b\n"
			 "\tscope = account-wide\n[stream \"s\"]\n\tquery = q\n%s",
			 stream);
	const struct bn_config_problem *problems;
	size_t count;

	bn_config_load_text(&config, "test", whole, NULL, &err);
	problems = bn_config_problems(config, &count);
	snprintf(text, sizeof(text), "fine");
	for (size_t i = 0; i < count; i++)
		if (problems[i].line > 11) /* the type is known to nobody here */
			snprintf(text, sizeof(text), "%d: %s (%s)", problems[i].line,
				 problems[i].message, problems[i].hint);
	bn_config_free(config);
	free(whole);
	return text;
}

static void
stream_sections_are_checked_as_a_whole(void **state)
{
	static const char *const bad[] = {"60",
					  "over 60",
					  "above",
					  "above much",
					  "above nan",
					  "above 60 for",
					  "above 60 for 90s",
					  "above 60 for 0m",
					  "above 60 for 2h",
					  "above 60 while a",
					  "above 60 while a over 3",
					  "above 60 while a above 3 for 3m",
					  "above 60 please",
					  NULL};
	char line[160];

	(void)state;
	assert_string_equal(problem_of("\tsource = prom\n\texpect = 4/min\n\tmust-equal = a "
				       "tolerance 1% settle 3m\n\tconsistency = a / bus\n"),
			    "fine");
	assert_non_null(strstr(problem_of("\tsource = nope\n"), "there is no source \"nope\""));
	assert_non_null(strstr(problem_of("\tsource = prom\n\texpect = often\n"), "1/min, 4/min"));
	assert_non_null(
	    strstr(problem_of("\tsource = prom\n\tmust-equal = aa\n"), "did you mean a?"));
	assert_non_null(
	    strstr(problem_of("\tsource = prom\n\tmust-equal = a tolerance much\n"), "must-equal"));
	assert_non_null(strstr(problem_of("\tsource = prom\n\tconsistency = a\n"), "consistency"));
	/* what counts for the whole account is equal to nothing */
	assert_non_null(
	    strstr(problem_of("\tsource = prom\n\tmust-equal = bus\n"), "bus is account-wide"));
	assert_non_null(strstr(problem_of("\tsource = prom\n\tscope = shared\n\tmust-equal = a\n"),
			       "s is shared"));
	assert_non_null(strstr(problem_of("\tsource = prom\n\tmust-equal = s\n"), "itself"));
	assert_string_equal(
	    problem_of("\tsource = prom\n\twarn = above 60\n\tbad = above 300 for 5m\n"
		       "\tbad = below 0.5 for 3m while bus above -1e3\n"),
	    "fine");
	for (size_t i = 0; bad[i] != NULL; i++) {
		snprintf(line, sizeof(line), "\tsource = prom\n\twarn = %s\n", bad[i]);
		if (strstr(problem_of(line), "above N or below N") == NULL)
			fail_msg("warn = %s is %s", bad[i], problem_of(line));
	}
	assert_non_null(strstr(problem_of("\tsource = prom\n\tbad = above 1 while bsu above 3\n"),
			       "did you mean bus?"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(minutes_are_missing_only_where_they_were_looked_for),
	    STORE_TEST(minutes_between_two_readings_are_unobserved),
	    STORE_TEST(minutes_that_came_late_are_told_from_those_that_never_came),
	    STORE_TEST(minutes_say_they_were_late_by_their_arrival),
	    STORE_TEST(minutes_at_the_ceiling_are_lower_bounds),
	    STORE_TEST(minutes_that_count_records_know_bursts_shortages_and_nothing),
	    STORE_TEST(streams_that_expect_nothing_have_no_gaps),
	    STORE_TEST(streams_that_stand_still_are_flat_after_their_time),
	    STORE_TEST(streams_are_strange_against_the_same_minute_of_earlier_days),
	    cmocka_unit_test(median_and_deviation_are_those_of_the_middle),
	    STORE_TEST(levels_are_crossed_for_their_time),
	    STORE_TEST(levels_count_only_while_another_stream_is_where_it_must_be),
	    STORE_TEST(counters_tell_late_from_lost),
	    STORE_TEST(counters_within_the_tolerance_are_equal),
	    STORE_TEST(counters_are_unknown_where_one_side_was_not_observed),
	    STORE_TEST(averages_must_be_their_quotient),
	    STORE_TEST(minutes_are_looked_at_once),
	    STORE_TEST(minutes_of_the_past_are_judged_when_they_are_read),
	    STORE_TEST(minutes_of_the_past_come_in_portions),
	    STORE_TEST(minutes_never_bridge_a_hole_nor_miss_what_was_not_observed),
	    STORE_TEST(minutes_know_no_summer_time),
	    STORE_TEST(numbers_wait_for_the_thing_of_another_source),
	    STORE_TEST(numbers_wait_for_what_an_alias_means),
	    STORE_TEST(minutes_older_than_the_raw_ones_are_ten_minutes_each),
	    cmocka_unit_test(stream_sections_are_checked_as_a_whole),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

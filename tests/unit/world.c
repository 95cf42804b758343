/* world.c - a small platform in a store in memory, built through the store's own batches. */
/* SPDX-License-Identifier: MIT */
#include "world.h"

int
world_setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	bn_clock_set(&w->clock, NOW, 0);
	assert_ok(bn_store_open(&w->store, NULL, BN_STORE_MEMORY, &w->clock, NULL, &w->err),
		  &w->err);
	bn_store_set_anchor(w->store, "");
	assert_ok(bn_writer_open(&w->writer, w->store, &w->err), &w->err);
	assert_ok(bn_reader_open(&w->reader, w->store, &w->err), &w->err);
	*state = w;
	return 0;
}

int
world_teardown(void **state)
{
	struct world *w = *state;

	bn_reader_close(w->reader);
	bn_writer_close(w->writer);
	bn_store_close(w->store);
	free(w);
	return 0;
}

void
world_at(struct world *w, bn_time now)
{
	bn_clock_set(&w->clock, now, 0);
}

static void
poll_result(struct world *w, int64_t id, const struct bn_error *failure, bn_time ended)
{
	struct bn_poll_result result = {
	    .began = ended - 120, .ended = ended, .took = 120, .requests = 1, .failure = failure};
	int64_t epoch;

	assert_ok(bn_writer_take_lease(w->writer, id, "test", &epoch, &w->err), &w->err);
	assert_ok(bn_writer_poll_result(w->writer, id, epoch, &result, &w->err), &w->err);
}

int64_t
world_source(struct world *w, const char *name, const char *type, int64_t interval)
{
	struct bn_source_info info = {.name = name,
				      .type = type,
				      .url = "https://example.com",
				      .auth = "none",
				      .interval = interval};
	int64_t id;

	assert_ok(bn_writer_source(w->writer, &info, &id, &w->err), &w->err);
	poll_result(w, id, NULL, bn_clock_now(&w->clock));
	return id;
}

static int64_t
source_id(struct world *w, const char *name)
{
	sqlite3_stmt *row = NULL;
	int64_t id;

	assert_int_equal(sqlite3_prepare_v2(bn_writer_db(w->writer),
					    "SELECT id FROM main.source WHERE name = ?", -1, &row,
					    NULL),
			 SQLITE_OK);
	sqlite3_bind_text(row, 1, name, -1, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(row), SQLITE_ROW);
	id = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return id;
}

void
world_fail(struct world *w, const char *name, int code, int http_status, bn_time since)
{
	int64_t id = source_id(w, name);
	struct bn_error failure = {.code = code, .http_status = http_status};

	snprintf(failure.message, sizeof(failure.message), "%s: it did not work", name);
	poll_result(w, id, &failure, since);
	poll_result(w, id, &failure, since + SECONDS(15));
}

struct bn_batch *
world_batch(struct world *w, const char *source, bn_time sent)
{
	static const struct bn_host host = {.abi = BN_PLUGIN_ABI};
	struct bn_batch *batch = bn_batch_new(w->writer, &host, source_id(w, source), source, -1);

	bn_batch_sent(batch, sent);
	return batch;
}

void
world_done(struct world *w, struct bn_batch *batch)
{
	assert_ok(bn_batch_page(batch, &w->err), &w->err);
	bn_batch_free(batch);
}

void
world_pipeline(struct world *w, const char *source, const char *key)
{
	bn_time now = bn_clock_now(&w->clock);
	struct bn_batch *batch = world_batch(w, source, now);

	bn_batch_pipeline(batch, &(struct bn_pipeline){.e = {.key = key, .name = key},
						       .schedule = "5 * * * *",
						       .next_due_at = now + MINUTES(52),
						       .group = "transformation",
						       .engine = "argo"});
	world_done(w, batch);
}

void
world_run(struct world *w, const char *source, const struct world_run *run)
{
	struct bn_batch *batch = world_batch(w, source, bn_clock_now(&w->clock));

	bn_batch_run(batch, &(struct bn_run){
				.e = {.key = run->key,
				      .status = run->status,
				      .message = run->message,
				      .since = run->finished != 0 ? run->finished : run->started},
				.pipeline = run->pipeline,
				.started_at = run->started,
				.finished_at = run->finished,
				.tasks_failed = run->failed,
				.tasks_skipped = run->skipped,
				.tasks_done = run->done,
				.tasks_total = run->total});
	world_done(w, batch);
}

void
world_history(struct world *w, const char *source, const char *pipeline, int count, bn_time before,
	      int64_t took)
{
	char key[128];

	for (int i = count; i > 0; i--) {
		bn_time started = before - HOURS(i);

		snprintf(key, sizeof(key), "%s-h%02d", pipeline, i);
		world_run(w, source,
			  &(struct world_run){.pipeline = pipeline,
					      .key = key,
					      .status = BN_SUCCEEDED,
					      .started = started,
					      .finished = started + took,
					      .done = 1,
					      .total = 1});
	}
}

void
world_endpoint(struct world *w, const char *source, const char *key, enum bn_status status,
	       int http_status, bn_time since)
{
	bn_time now = bn_clock_now(&w->clock);
	struct bn_batch *batch = world_batch(w, source, now);

	bn_batch_endpoint(batch,
			  &(struct bn_endpoint){.e = {.key = key, .status = status, .since = since},
						.type = "http",
						.target = "GET https://example.com",
						.http_status = http_status,
						.total = 12000,
						.resolve = -1,
						.checked_at = now});
	world_done(w, batch);
}

void
world_link(struct world *w, struct bn_ref from, struct bn_ref to)
{
	struct bn_batch *batch = world_batch(w, from.source, bn_clock_now(&w->clock));

	bn_batch_link(batch, from, to, "feeds");
	world_done(w, batch);
}

/* logs.c - a log being read: a lane of its own writes into a bounded ring, a screen or script reads it. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "collect/internal.h"

#define RING_LINES 10000
#define RING_BYTES (16u * 1024 * 1024)
#define KEEP_BYTES (1024u * 1024)

struct line {
	bn_time at;
	char *text;
	size_t size;
};

struct bn_log_reader {
	struct bn_log_reader *next; /* in the collector's list */
	struct bn_feed *feed;
	struct bn_lane
	    *lane; /* NULL until the thread made it; under the collector's lock, as is: */
	bool unwanted;
	pthread_t thread;
	char *run, *task, *handle;
	struct bn_log_request request; /* strings are those above */

	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct line *ring;
	size_t first, count, bytes;
	int64_t dropped;
	bool closing, ended;
	int rc;
	struct bn_error err;
	char *current;	    /* the line handed out last */
	struct bn_buf kept; /* what goes to the store */
};

/* The lock is held. */
static void
drop_oldest(struct bn_log_reader *reader)
{
	struct line *line = &reader->ring[reader->first];

	reader->bytes -= line->size;
	free(line->text);
	reader->first = (reader->first + 1) % RING_LINES;
	reader->count--;
}

int
bn_reader_push(struct bn_log_reader *reader, bn_time at, const char *text, size_t size)
{
	struct line *line;
	bool closing;

	pthread_mutex_lock(&reader->lock);
	closing = reader->closing;
	while (!closing && reader->count > 0 &&
	       (reader->count == RING_LINES || reader->bytes + size > RING_BYTES)) {
		drop_oldest(reader);
		reader->dropped++;
	}
	if (!closing) {
		line = &reader->ring[(reader->first + reader->count) % RING_LINES];
		*line = (struct line){at, bn_xmalloc(size + 1), size};
		memcpy(line->text, text, size);
		line->text[size] = '\0';
		bn_lane_redact_bytes(reader->lane, line->text, size);
		reader->count++;
		reader->bytes += size;
		if (reader->kept.size + size < KEEP_BYTES) {
			bn_buf_add(&reader->kept, line->text, size);
			bn_buf_addc(&reader->kept, '\n');
		} else
			reader->kept.overflow = true;
		pthread_cond_broadcast(&reader->changed);
	}
	pthread_mutex_unlock(&reader->lock);
	if (closing)
		return BN_ECANCELLED;
	/* One wake a line is much for a log of thousands; an eventfd makes one of them all. */
	bn_collect_wake(reader->feed->collect);
	return BN_OK;
}

/* ---- the lane ------------------------------------------------------------------------------ */

/* Has what wrote this log come to its end? Then what was read is all there will be. */
static bool
has_finished(struct bn_log_reader *reader, int *attempt)
{
	static const char sql[] =
	    "SELECT r.attempt, r.finished_at IS NOT NULL OR EXISTS (SELECT 1 FROM task t WHERE "
	    "t.run_id = "
	    "r.entity_id AND t.key = ?3 AND t.attempt = r.attempt AND t.finished_at IS NOT NULL) "
	    "FROM run r JOIN entity e ON e.id = r.entity_id "
	    "WHERE e.source_id = ?1 AND e.kind = ?4 AND e.key = ?2";
	sqlite3_stmt *row = NULL;
	bool finished = false;

	if (sqlite3_prepare_v2(bn_writer_db(reader->lane->writer), sql, -1, &row, NULL) !=
	    SQLITE_OK)
		return false;
	sqlite3_bind_int64(row, 1, reader->feed->id);
	sqlite3_bind_text(row, 2, reader->run, -1, SQLITE_STATIC);
	sqlite3_bind_text(row, 3, reader->task, -1, SQLITE_STATIC);
	sqlite3_bind_int(row, 4, BN_RUN);
	if (sqlite3_step(row) == SQLITE_ROW) {
		*attempt = sqlite3_column_int(row, 0);
		finished = sqlite3_column_int(row, 1) != 0;
	} else
		*attempt = 0;
	sqlite3_finalize(row);
	return finished;
}

/* A log read from its beginning to its end is kept: a retry destroys it on some platforms. */
static void
keep(struct bn_log_reader *reader)
{
	struct bn_error err;
	int attempt = 0;
	bool finished;

	if (reader->request.tail > 0 || reader->kept.size == 0)
		return;
	finished = has_finished(reader, &attempt);
	if (attempt > 0 &&
	    bn_writer_log(reader->lane->writer, reader->feed->name, reader->run, attempt,
			  reader->task != NULL ? reader->task : "", reader->request.try_number,
			  finished && !reader->kept.overflow, bn_buf_text(&reader->kept),
			  reader->kept.size, &err) != BN_OK)
		bn_lane_log(reader->lane, 1, &err, "keeping a log");
}

/* The lane is made here and not by whoever asks: opening the store may take a moment. */
static int
make_lane(struct bn_log_reader *reader, struct bn_error *err)
{
	struct bn_collect *collect = reader->feed->collect;
	struct bn_lane *lane;
	int rc;

	if ((rc = bn_lane_new(&lane, reader->feed, BN_LANE_LOG, err)) != BN_OK)
		return rc;
	pthread_mutex_lock(&collect->lock);
	reader->lane = lane;
	if (reader->unwanted)
		bn_lane_cancel(lane);
	pthread_mutex_unlock(&collect->lock);
	return BN_OK;
}

static int
read_log(struct bn_log_reader *reader, struct bn_error *err)
{
	struct bn_sink sink = {.reader = reader, .follow = reader->request.follow};
	int rc;

	if ((rc = make_lane(reader, err)) != BN_OK)
		return rc;
	sink.lane = reader->lane;
	if ((rc = bn_lane_begin(reader->lane, err)) == BN_OK) {
		rc =
		    reader->feed->plugin->logs(&reader->lane->source, &reader->request, &sink, err);
		bn_lane_returned(reader->lane, rc, err);
		if (rc == BN_OK)
			keep(reader);
	}
	if (rc == BN_OK)
		rc = bn_fail(err, BN_ECANCELLED, "end of the log");
	if (rc != BN_ECANCELLED)
		bn_lane_log(reader->lane, 1, err, "log");
	bn_lane_end(reader->lane);
	return rc;
}

static void *
log_main(void *payload)
{
	struct bn_log_reader *reader = payload;
	struct bn_collect *collect = reader->feed->collect;
	struct bn_error err = {0};
	int rc = read_log(reader, &err);

	pthread_mutex_lock(&collect->lock);
	reader->feed->busy--;
	pthread_mutex_unlock(&collect->lock);
	pthread_mutex_lock(&reader->lock);
	reader->ended = true;
	reader->rc = rc;
	reader->err = err;
	pthread_cond_broadcast(&reader->changed);
	pthread_mutex_unlock(&reader->lock);
	bn_collect_wake(collect);
	return NULL;
}

/* ---- for the caller ------------------------------------------------------------------------ */

static struct bn_log_reader *
new_reader(struct bn_feed *feed, struct bn_ref run, const struct bn_log_request *request)
{
	struct bn_log_reader *reader = bn_xcalloc(1, sizeof(*reader));
	pthread_condattr_t attr;

	reader->feed = feed;
	reader->run = bn_xstrdup(request->run != NULL ? request->run : run.key);
	reader->task = bn_xstrdup(request->task);
	reader->handle = bn_xstrdup(request->handle);
	reader->request = *request;
	reader->request.run = reader->run;
	reader->request.task = reader->task;
	reader->request.handle = reader->handle;
	reader->ring = bn_xcalloc(RING_LINES, sizeof(*reader->ring));
	reader->kept.ceiling = KEEP_BYTES + 2;
	pthread_mutex_init(&reader->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&reader->changed, &attr);
	pthread_condattr_destroy(&attr);
	return reader;
}

static void
free_reader(struct bn_log_reader *reader)
{
	bn_lane_free(reader->lane);
	while (reader->count > 0)
		drop_oldest(reader);
	bn_buf_free(&reader->kept);
	pthread_cond_destroy(&reader->changed);
	pthread_mutex_destroy(&reader->lock);
	free(reader->current);
	free(reader->ring);
	free(reader->run);
	free(reader->task);
	free(reader->handle);
	free(reader);
}

int
bn_collect_log_open(struct bn_log_reader **out, struct bn_collect *collect, struct bn_ref run,
		    const struct bn_log_request *request, struct bn_error *err)
{
	struct bn_feed *feed = run.source != NULL ? bn_collect_feed(collect, run.source) : NULL;
	struct bn_log_reader *reader;
	int rc;

	*out = NULL;
	if (feed == NULL)
		return bn_fail(err, BN_ENOTFOUND, "source \"%s\" is not configured here",
			       run.source != NULL ? run.source : "");
	if (feed->plugin->logs == NULL)
		return bn_fail(err, BN_EUNSUPPORTED, "%s: %s gives no logs", feed->name,
			       feed->plugin->name);
	reader = new_reader(feed, run, request);
	pthread_mutex_lock(&collect->lock);
	feed->busy++;
	if ((rc = bn_thread_start(&reader->thread, log_main, reader, err)) == BN_OK) {
		reader->next = collect->readers;
		collect->readers = reader;
	} else
		feed->busy--;
	pthread_mutex_unlock(&collect->lock);
	if (rc != BN_OK)
		free_reader(reader);
	else
		*out = reader;
	return rc;
}

static void
wait_for_line(struct bn_log_reader *reader, int64_t until)
{
	struct timespec at = {until / 1000, (until % 1000) * 1000000};

	pthread_cond_timedwait(&reader->changed, &reader->lock, &at);
}

int
bn_log_next(struct bn_log_reader *reader, struct bn_log_line *line, int64_t wait,
	    struct bn_error *err)
{
	int64_t until = bn_monotonic() + wait;
	struct line *first;
	int rc = 0;

	pthread_mutex_lock(&reader->lock);
	while (reader->count == 0 && !reader->ended && bn_monotonic() < until)
		wait_for_line(reader, until);
	if (reader->count > 0) {
		first = &reader->ring[reader->first];
		free(reader->current);
		reader->current = first->text;
		*line = (struct bn_log_line){first->at, first->text, first->size};
		reader->bytes -= first->size;
		reader->first = (reader->first + 1) % RING_LINES;
		reader->count--;
		rc = 1;
	} else if (reader->ended) {
		if (err != NULL)
			*err = reader->err;
		rc = reader->rc;
	}
	pthread_mutex_unlock(&reader->lock);
	return rc;
}

int64_t
bn_log_dropped(const struct bn_log_reader *reader)
{
	union {
		const struct bn_log_reader *in;
		struct bn_log_reader *out;
	} cast = {reader};
	int64_t dropped;

	pthread_mutex_lock(&cast.out->lock);
	dropped = cast.out->dropped;
	pthread_mutex_unlock(&cast.out->lock);
	return dropped;
}

void
bn_log_reader_close(struct bn_log_reader *reader)
{
	struct bn_log_reader **link;
	struct bn_collect *collect;

	if (reader == NULL)
		return;
	collect = reader->feed->collect;
	pthread_mutex_lock(&reader->lock);
	reader->closing = true;
	pthread_mutex_unlock(&reader->lock);
	pthread_mutex_lock(&collect->lock);
	reader->unwanted = true;
	if (reader->lane != NULL)
		bn_lane_cancel(reader->lane);
	for (link = &collect->readers; *link != NULL; link = &(*link)->next)
		if (*link == reader) {
			*link = reader->next;
			break;
		}
	pthread_mutex_unlock(&collect->lock);
	pthread_join(reader->thread, NULL);
	free_reader(reader);
}

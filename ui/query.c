/* query.c - the view thread: answers questions about the store so that the console never waits for one. */
/* SPDX-License-Identifier: MIT */
#include "ui/query.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "store/journal.h"

/* A question as it waits: with copies of all its strings. */
struct asked {
	struct asked *next;
	uint64_t owner, number;
	int slot;
	struct bn_question question;
	struct bn_arena *arena;
};

struct answered {
	struct answered *next;
	struct bn_answer answer;
};

struct bn_queries {
	struct bn_store *store;
	struct bn_reader *reader;
	const struct bn_clock *clock;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake, ready;
	int fd;
	/* under the lock */
	bool opened; /* or not: rc, why */
	int rc;
	struct bn_error why;
	uint64_t asked; /* questions so far */
	struct asked *first, **last;
	struct asked *current; /* being answered, owned by the thread */
	bool drop_current;     /* its owner is gone, or asks something else by now */
	struct answered *done, **done_last;
	bool stop;
	bn_time at; /* 0: live */
};

/* ---- questions --------------------------------------------------------------------------- */

static struct bn_ref
copy_ref(struct bn_arena *arena, struct bn_ref ref)
{
	ref.source = bn_arena_strdup(arena, ref.source);
	ref.key = bn_arena_strdup(arena, ref.key);
	return ref;
}

static const char *const *
copy_names(struct bn_arena *arena, const char *const *names)
{
	size_t count = 0, i;
	const char **copy;

	if (names == NULL)
		return NULL;
	while (names[count] != NULL)
		count++;
	copy = bn_arena_alloc(arena, (count + 1) * sizeof(*copy));
	for (i = 0; i < count; i++)
		copy[i] = bn_arena_strdup(arena, names[i]);
	return copy;
}

static struct asked *
copy_question(uint64_t owner, int slot, const struct bn_question *question)
{
	struct asked *asked = bn_xcalloc(1, sizeof(*asked));
	struct bn_arena *arena = bn_arena_new();
	struct bn_query *query = &asked->question.query;

	asked->owner = owner;
	asked->slot = slot;
	asked->arena = arena;
	asked->question = *question;
	asked->question.about = copy_ref(arena, question->about);
	asked->question.other = copy_ref(arena, question->other);
	asked->question.task = bn_arena_strdup(arena, question->task);
	asked->question.deed.words = bn_arena_strdup(arena, question->deed.words);
	query->columns = copy_names(arena, question->query.columns);
	query->filter = bn_arena_strdup(arena, question->query.filter);
	query->sort = bn_arena_strdup(arena, question->query.sort);
	query->domain = bn_arena_strdup(arena, question->query.domain);
	query->scope = copy_ref(arena, question->query.scope);
	query->keep = copy_ref(arena, question->query.keep);
	return asked;
}

static void
free_asked(struct asked *asked)
{
	if (asked == NULL)
		return;
	bn_arena_free(asked->arena);
	free(asked);
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_ref(struct bn_ref a, struct bn_ref b)
{
	return a.kind == b.kind && same_text(a.source, b.source) && same_text(a.key, b.key);
}

/* Whether it is the same question again. Columns never change without the table. */
static bool
same_question(const struct bn_question *a, const struct bn_question *b)
{
	return a->kind == b->kind && a->query.table == b->query.table &&
	       same_text(a->query.filter, b->query.filter) &&
	       same_text(a->query.sort, b->query.sort) && a->query.problems == b->query.problems &&
	       same_text(a->query.domain, b->query.domain) &&
	       same_ref(a->query.scope, b->query.scope) && same_ref(a->query.keep, b->query.keep) &&
	       same_ref(a->about, b->about) && same_ref(a->other, b->other) &&
	       same_text(a->task, b->task) && a->query.attempt == b->query.attempt;
}

/* ---- answers ----------------------------------------------------------------------------- */

void
bn_answer_clear(struct bn_answer *answer)
{
	bn_rows_free(answer->rows);
	bn_arena_free(answer->arena);
	free(answer->text);
	memset(answer, 0, sizeof(*answer));
}

/* The newest kept log of a run (or of one task of it). */
static int
kept_log(struct bn_reader *reader, const struct bn_question *q, struct bn_answer *answer)
{
	static const char sql[] =
	    "SELECT l.text, l.fetched_at, l.complete FROM logtext l"
	    " JOIN entity e ON e.id = l.run_id JOIN source s ON s.id = e.source_id"
	    " WHERE e.kind = ?1 AND e.key = ?2 AND (?3 IS NULL OR s.name = ?3)"
	    " AND (?4 IS NULL OR l.task_key = ?4) AND (?5 = 0 OR l.try_number = ?5)"
	    " ORDER BY l.attempt DESC, l.try_number DESC, l.fetched_at DESC LIMIT 1";
	sqlite3_stmt *statement = NULL;
	sqlite3 *db = bn_reader_db(reader);
	int rc = BN_OK, step;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		return bn_fail(&answer->error, BN_EIO, "kept log: %s", sqlite3_errmsg(db));
	sqlite3_bind_int(statement, 1, BN_RUN);
	sqlite3_bind_text(statement, 2, q->about.key, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 3, q->about.source, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 4, q->task, -1, SQLITE_STATIC);
	sqlite3_bind_int(statement, 5, q->try_number);
	step = sqlite3_step(statement);
	if (step == SQLITE_ROW) {
		answer->text = bn_xstrdup((const char *)sqlite3_column_text(statement, 0));
		answer->text_at = sqlite3_column_int64(statement, 1);
		answer->text_complete = sqlite3_column_int(statement, 2) != 0;
	} else if (step != SQLITE_DONE) {
		rc = bn_fail(&answer->error, BN_EIO, "kept log: %s", sqlite3_errmsg(db));
	}
	sqlite3_finalize(statement);
	return rc;
}

static int
write_deed(struct bn_store *store, const struct bn_actor *actor, const struct bn_question *q,
	   int64_t *seq, struct bn_error *err)
{
	switch (q->deed.verb) {
	case BN_DEED_ACK:
		return bn_journal_ack(store, actor, q->about, q->deed.words, q->deed.undo, seq,
				      err);
	case BN_DEED_SNOOZE:
		return bn_journal_snooze(store, actor, q->about, q->deed.until, q->deed.words,
					 q->deed.undo, seq, err);
	default:
		return bn_journal_note(store, actor, q->about, NULL, q->deed.words, seq, err);
	}
}

/* What was done, as the status line says it. */
static char *
deed_words(const struct bn_question *q, const struct bn_actor *actor, int64_t seq, bn_time now)
{
	char at[BN_TIME_TEXT], until[BN_TIME_TEXT];
	long long record = (long long)seq;

	bn_time_show(now, q->zone, BN_TIME_HMS, at);
	bn_time_show(q->deed.until, q->zone,
		     q->deed.until - now < 86400000 ? BN_TIME_HM : BN_TIME_MDHM, until);
	if (q->deed.verb == BN_DEED_ACK)
		return bn_xasprintf("%s %s by %s at %s · journal record %lld", q->about.key,
				    q->deed.undo ? "no longer acknowledged" : "acknowledged",
				    actor->user, at, record);
	if (q->deed.verb == BN_DEED_NOTE)
		return bn_xasprintf("noted on %s by %s at %s · journal record %lld", q->about.key,
				    actor->user, at, record);
	if (q->deed.undo)
		return bn_xasprintf("%s woken by %s at %s · journal record %lld", q->about.key,
				    actor->user, at, record);
	return bn_xasprintf("%s snoozed until %s by %s · journal record %lld", q->about.key, until,
			    actor->user, record);
}

static void
do_deed(struct bn_queries *q, const struct bn_question *question, struct bn_answer *answer)
{
	struct bn_actor actor;
	int64_t seq = 0;

	bn_actor_self(&actor, question->deed.identity);
	answer->rc = write_deed(q->store, &actor, question, &seq, &answer->error);
	if (answer->rc == BN_OK)
		answer->text = deed_words(question, &actor, seq, bn_clock_now(q->clock));
}

static void
work_out(struct bn_queries *q, const struct asked *asked, struct bn_answer *answer)
{
	const struct bn_question *question = &asked->question;
	struct bn_style style = {question->zone, question->ascii, bn_reader_now(q->reader)};

	answer->now = style.now;
	switch (question->kind) {
	case BN_ASK_ROWS:
		answer->rc =
		    bn_view_query(q->reader, &question->query, &answer->rows, &answer->error);
		break;
	case BN_ASK_DETAIL:
		answer->arena = bn_arena_new();
		answer->rc = bn_view_detail(q->reader, question->about, &style, answer->arena,
					    &answer->detail, &answer->error);
		break;
	case BN_ASK_SUMMARY:
		answer->rc = bn_view_summary_of(q->reader, question->query.domain, &answer->summary,
						&answer->error);
		break;
	case BN_ASK_DEED:
		do_deed(q, question, answer);
		break;
	case BN_ASK_LINKS:
		answer->arena = bn_arena_new();
		answer->rc = bn_lineage_read(q->reader, question->about, answer->arena,
					     &answer->lineage, &answer->error);
		break;
	case BN_ASK_COMPARE:
		answer->arena = bn_arena_new();
		answer->rc = bn_view_compare(q->reader, question->about, question->other, &style,
					     answer->arena, &answer->comparison, &answer->error);
		break;
	case BN_ASK_KEPT_LOG:
		answer->rc = kept_log(q->reader, question, answer);
		break;
	}
}

/* ---- the thread -------------------------------------------------------------------------- */

static void
ring(struct bn_queries *q)
{
	uint64_t one = 1;

	while (write(q->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
}

/* Hands the answer over, or throws it away if it was asked for in vain. Holds the lock. */
static void
hand_over(struct bn_queries *q, struct bn_answer *answer)
{
	struct answered *done;

	if (q->drop_current || q->stop) {
		bn_answer_clear(answer);
		ring(q); /* whoever waited for us to be idle may ask again */
		return;
	}
	done = bn_xcalloc(1, sizeof(*done));
	done->answer = *answer;
	*q->done_last = done;
	q->done_last = &done->next;
	ring(q);
}

/* The moment could not be set. */
static void
refuse(int rc, const struct bn_error *why, struct bn_answer *answer)
{
	answer->rc = rc;
	answer->error = *why;
}

/* Answers everything that waits, for one moment and from one snapshot; after a deed from the next one, which has it.
 * Called and left with the lock held. */
static void
answer_all(struct bn_queries *q)
{
	bn_time at = q->at;
	struct bn_error trouble = {0};
	bool wrote = false;
	int rc;

	pthread_mutex_unlock(&q->lock);
	rc = bn_reader_set_at(q->reader, at, &trouble);
	bn_reader_set_now(q->reader, bn_clock_now(q->clock));
	if (at == 0)
		sqlite3_exec(bn_reader_db(q->reader), "BEGIN", NULL, NULL, NULL);
	pthread_mutex_lock(&q->lock);
	while (q->first != NULL && !q->stop && q->at == at && !wrote) {
		struct bn_answer answer = {
		    .owner = q->first->owner, .slot = q->first->slot, .number = q->first->number};

		q->current = q->first;
		q->drop_current = false;
		q->first = q->current->next;
		if (q->first == NULL)
			q->last = &q->first;
		pthread_mutex_unlock(&q->lock);
		wrote = q->current->question.kind == BN_ASK_DEED;
		if (rc == BN_OK || wrote)
			work_out(q, q->current, &answer);
		else
			refuse(rc, &trouble, &answer);
		pthread_mutex_lock(&q->lock);
		hand_over(q, &answer);
		free_asked(q->current);
		q->current = NULL;
	}
	pthread_mutex_unlock(&q->lock);
	if (at != 0)
		bn_reader_rest(q->reader);
	else
		sqlite3_exec(bn_reader_db(q->reader), "COMMIT", NULL, NULL, NULL);
	bn_reader_set_now(q->reader, 0);
	pthread_mutex_lock(&q->lock);
}

static void *
view_thread(void *payload)
{
	struct bn_queries *q = payload;
	struct bn_reader *reader = NULL;
	struct bn_error why = {0};
	int rc = bn_reader_open(&reader, q->store, &why);

	pthread_mutex_lock(&q->lock);
	q->reader = reader;
	q->rc = rc;
	q->why = why;
	q->opened = true;
	pthread_cond_broadcast(&q->ready);
	while (!q->stop) {
		if (q->first == NULL || rc != BN_OK)
			pthread_cond_wait(&q->wake, &q->lock);
		else
			answer_all(q);
	}
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

/* ---- the console's side ------------------------------------------------------------------ */

int
bn_queries_new(struct bn_queries **out, struct bn_store *store, const struct bn_clock *clock,
	       struct bn_error *err)
{
	struct bn_queries *q = bn_xcalloc(1, sizeof(*q));
	sigset_t all, before;
	int rc = BN_OK;

	q->store = store;
	q->clock = clock;
	q->last = &q->first;
	q->done_last = &q->done;
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->wake, NULL);
	pthread_cond_init(&q->ready, NULL);
	q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->fd < 0) {
		rc = bn_fail(err, BN_EIO, "eventfd: %s", strerror(errno));
		goto out;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&q->thread, NULL, view_thread, q) != 0)
		rc = bn_fail(err, BN_EIO, "can't start the view thread");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
out:
	if (rc != BN_OK) {
		if (q->fd >= 0)
			close(q->fd);
		free(q);
		return rc;
	}
	*out = q;
	return BN_OK;
}

int
bn_queries_ready(struct bn_queries *q, struct bn_error *err)
{
	int rc;

	pthread_mutex_lock(&q->lock);
	while (!q->opened)
		pthread_cond_wait(&q->ready, &q->lock);
	rc = q->rc;
	if (rc != BN_OK)
		*err = q->why;
	pthread_mutex_unlock(&q->lock);
	return rc;
}

/* What a person asked to be written is written, also when they left at once. The thread is gone by now. */
static void
finish_deeds(struct bn_queries *q)
{
	struct asked *asked;

	for (asked = q->first; asked != NULL; asked = asked->next) {
		struct bn_answer answer = {0};

		if (asked->question.kind == BN_ASK_DEED)
			do_deed(q, &asked->question, &answer);
		bn_answer_clear(&answer);
	}
}

void
bn_queries_free(struct bn_queries *q)
{
	struct bn_answer answer;
	struct asked *asked;

	if (q == NULL)
		return;
	pthread_mutex_lock(&q->lock);
	q->stop = true;
	if (q->current != NULL)
		bn_reader_interrupt(q->reader);
	pthread_cond_signal(&q->wake);
	pthread_mutex_unlock(&q->lock);
	pthread_join(q->thread, NULL);
	finish_deeds(q);
	while (bn_queries_take(q, &answer))
		bn_answer_clear(&answer);
	while ((asked = q->first) != NULL) {
		q->first = asked->next;
		free_asked(asked);
	}
	bn_reader_close(q->reader);
	close(q->fd);
	pthread_cond_destroy(&q->wake);
	pthread_cond_destroy(&q->ready);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

int
bn_queries_fd(const struct bn_queries *q)
{
	return q->fd;
}

/* Takes what waits of an owner (slot -1: of any slot) out of the queue. */
static void
unask(struct bn_queries *q, uint64_t owner, int slot)
{
	struct asked **at = &q->first, *asked;

	while ((asked = *at) != NULL) {
		if (asked->owner == owner && (slot < 0 || asked->slot == slot)) {
			*at = asked->next;
			free_asked(asked);
		} else {
			at = &asked->next;
		}
	}
	q->last = at;
}

uint64_t
bn_queries_ask(struct bn_queries *q, uint64_t owner, int slot, const struct bn_question *question)
{
	struct asked *asked = copy_question(owner, slot, question);
	uint64_t number;

	pthread_mutex_lock(&q->lock);
	unask(q, owner, slot);
	number = asked->number = ++q->asked;
	*q->last = asked;
	q->last = &asked->next;
	if (q->current != NULL && q->current->owner == owner && q->current->slot == slot &&
	    !same_question(&q->current->question, question)) {
		q->drop_current = true;
		bn_reader_interrupt(q->reader);
	}
	pthread_cond_signal(&q->wake);
	pthread_mutex_unlock(&q->lock);
	return number;
}

void
bn_queries_at(struct bn_queries *q, bn_time at)
{
	pthread_mutex_lock(&q->lock);
	q->at = at;
	/* what is being answered is of another moment */
	if (q->current != NULL && q->current->question.kind != BN_ASK_DEED) {
		q->drop_current = true;
		bn_reader_interrupt(q->reader);
	}
	pthread_mutex_unlock(&q->lock);
}

void
bn_queries_forget(struct bn_queries *q, uint64_t owner)
{
	pthread_mutex_lock(&q->lock);
	unask(q, owner, -1);
	if (q->current != NULL && q->current->owner == owner) {
		q->drop_current = true;
		bn_reader_interrupt(q->reader);
	}
	pthread_mutex_unlock(&q->lock);
}

bool
bn_queries_busy(struct bn_queries *q)
{
	bool busy;

	pthread_mutex_lock(&q->lock);
	busy = q->first != NULL || q->current != NULL || q->done != NULL;
	pthread_mutex_unlock(&q->lock);
	return busy;
}

bool
bn_queries_take(struct bn_queries *q, struct bn_answer *out)
{
	struct answered *done;
	uint64_t count;

	pthread_mutex_lock(&q->lock);
	done = q->done;
	if (done != NULL) {
		q->done = done->next;
		if (q->done == NULL)
			q->done_last = &q->done;
		*out = done->answer;
		free(done);
	} else if (read(q->fd, &count, sizeof(count)) < 0) {
		count = 0; /* nothing rang: fine */
	}
	pthread_mutex_unlock(&q->lock);
	return done != NULL;
}

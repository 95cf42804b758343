/* query.h - the view thread: answers questions about the store so that the console never waits for one. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_QUERY_H
#define BN_UI_QUERY_H

#include "ui/lineage.h"
#include "view/comparison.h"
#include "view/view.h"

enum bn_question_kind {
	BN_ASK_ROWS,
	BN_ASK_DETAIL,
	BN_ASK_SUMMARY,
	BN_ASK_KEPT_LOG,
	BN_ASK_LINKS,
	BN_ASK_COMPARE,
	BN_ASK_DEED
};

/* Something to be written to the journal: on this thread too, for it waits for the disk and for locks. */
struct bn_deed {
	enum { BN_DEED_ACK, BN_DEED_SNOOZE, BN_DEED_NOTE } verb;
	bool undo;
	bn_time until;	      /* SNOOZE */
	const char *words;    /* the reason, or the note; NULL: none */
	const char *identity; /* see bn_actor_self */
};

/* What is asked. All strings are copied by bn_queries_ask. */
struct bn_question {
	enum bn_question_kind kind;
	struct bn_query query; /* ROWS */
	struct bn_ref about;   /* DETAIL, LINKS; KEPT_LOG: the run; COMPARE: the left one */
	struct bn_ref other;   /* COMPARE: the right one */
	const char *task;      /* KEPT_LOG: the task's key, NULL: any */
	int try_number;	       /* KEPT_LOG: 0: the latest */
	struct bn_deed deed;   /* DEED; it is about `about` */
	/* DETAIL, COMPARE, DEED: how times are written; borrowed, outlives the queries */
	const struct bn_zone *zone;
	bool ascii;
};

/* What came of it. Everything in it belongs to whoever took it (bn_answer_clear). */
struct bn_answer {
	uint64_t owner;
	int slot;
	uint64_t number; /* of the question: later ones have higher numbers */
	int rc;
	struct bn_error error;	/* where rc isn't BN_OK */
	struct bn_rows *rows;	/* ROWS; may be taken out (set to NULL) */
	struct bn_arena *arena; /* holds the detail's text, the links, the comparison */
	struct bn_detail detail;
	struct bn_lineage lineage;
	struct bn_comparison comparison;
	struct bn_summary summary;
	char *text;	 /* KEPT_LOG: what is kept, or NULL; DEED: what was done, in words */
	bn_time text_at; /* when it was read */
	bool text_complete;
	bn_time now; /* the moment it speaks of */
};
void bn_answer_clear(struct bn_answer *answer);

struct bn_queries;
/* Starts the thread, which opens a reader of its own while the caller opens the terminal. */
int bn_queries_new(struct bn_queries **out, struct bn_store *store, const struct bn_clock *clock,
		   struct bn_error *err);
/* Waits until it is open, or could not be opened. */
int bn_queries_ready(struct bn_queries *queries, struct bn_error *err);
void bn_queries_free(struct bn_queries *queries); /* interrupts and joins; NULL allowed */

/* Readable when an answer waits. */
int bn_queries_fd(const struct bn_queries *queries);

/* Asks, for a slot of an owner (a screen's serial number). A newer question takes the place of an
 * older one of the same slot; where that is another question (not the same again) the older is
 * interrupted. Questions that wait together are answered for one moment, from one snapshot. Never
 * blocks. Returns the question's number. */
uint64_t bn_queries_ask(struct bn_queries *queries, uint64_t owner, int slot,
			const struct bn_question *question);
/* Deeds are never forgotten: what waits when the queries are freed is still done. */

/* From now on questions are answered as of that moment, 0: of now. */
void bn_queries_at(struct bn_queries *queries, bn_time at);

/* Forgets what this owner asked. */
void bn_queries_forget(struct bn_queries *queries, uint64_t owner);
/* True while anything asked is not answered yet. */
bool bn_queries_busy(struct bn_queries *queries);
/* The next answer, if one waits. */
bool bn_queries_take(struct bn_queries *queries, struct bn_answer *out);

#endif

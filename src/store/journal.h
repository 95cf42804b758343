/* journal.h - what people did and said: appended, synced, hash-chained. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_STORE_JOURNAL_H
#define BN_STORE_JOURNAL_H

#include "store/store.h"

/* Who acts: filled from the system by bn_actor_self, so that it is the same in every record. */
struct bn_actor {
	char user[64];
	char identity[160]; /* git's user.name <user.email>, or "" */
	char host[128];
	char origin[64]; /* first word of SSH_CONNECTION, or "" */
};
void bn_actor_self(struct bn_actor *actor, const char *identity);

struct bn_journal_entry {
	const char *verb;
	struct bn_ref about; /* kind BN_KIND_NONE: nothing in particular */
	int64_t parent;	     /* 0: none */
	const char *reason;  /* may be NULL */
	const char *body;    /* a JSON object as text, or NULL for {} */
};

/* Appends one record and syncs it to disk before it returns; *seq (may be NULL) is its number. The chain's
 * new head also goes to syslog(3) (LOG_AUTH, LOG_INFO) or where bn_store_set_anchor says. Safe from several
 * threads and processes: the chain never forks. BN_EPERM when the journal is read-only, BN_EIO when the disk
 * refuses or the anchor's file does, BN_ETIMEOUT when somebody keeps it locked: then nothing may be sent or shown as done. */
int bn_journal_append(struct bn_store *store, const struct bn_actor *actor,
		      const struct bn_journal_entry *entry, int64_t *seq, struct bn_error *err);

/* Acknowledge, snooze, note: the verbs of this release. `about` is a thing; or, for a finding that is about
 * nothing, kind BN_KIND_NONE with the finding's source and the key "RULE/KEY".
 *
 * An acknowledgement is of one incident: of the findings about the thing that are open at that moment, and of
 * the thing's own trouble for as long as it lasts without a pause. It keeps when that began by the platform's
 * clock ({"since": ms}), so that it holds when cache.db is lost, and covers nothing that begins later: what
 * got better and then worse again has to be acknowledged anew. A snooze ({"until": ms UTC}) covers
 * everything about the thing until its moment. `undo` takes the one in force back; BN_ENOTFOUND if there is
 * none. What is in force is in the views ack_now, snooze_now and in finding_now. */
int bn_journal_ack(struct bn_store *store, const struct bn_actor *actor, struct bn_ref about,
		   const char *reason, bool undo, int64_t *seq, struct bn_error *err);
int bn_journal_snooze(struct bn_store *store, const struct bn_actor *actor, struct bn_ref about,
		      bn_time until, const char *reason, bool undo, int64_t *seq,
		      struct bn_error *err);
int bn_journal_note(struct bn_store *store, const struct bn_actor *actor, struct bn_ref about,
		    const char *tag, const char *text, int64_t *seq, struct bn_error *err);

/* How many records the file that bn_store_set_anchor names tells of behind the journal's last one: those were
 * cut off. 0 where there is no such file. Cheap: looks at the last line only. */
int64_t bn_journal_missing(struct bn_store *store);

/* ---- acting (DESIGN 5) ----------------------------------------------------------------------------
 * Records of one action: `intent` (about the run; the body holds the plan, its digest, the request and a snapshot
 * of the failed attempt), then `sending` right before the request leaves, then `outcome` ({"state": …}), each with
 * the intent as its parent. An intent without an outcome is `open` until it has a `sending` record, and
 * `unknown` from then on; a later outcome replaces an earlier one. The view intent_now tells them all.
 *
 * `lock` ({"until": ms}) and `unlock` are about any thing: while one is in force nobody else may act on it. */

/* Appends an intent, unless the journal says no; that is decided under the lock the record is written under, so
 * that of two consoles only one gets through. `pipeline` (a key, or NULL) is whose lock counts as well.
 *   BN_EUNCERTAIN  an earlier intent about the thing is open or unknown; *other is its number
 *   BN_EBUSY       somebody else's lock, or the thing was acted on less than `min_interval` ms ago (0: never
 *                  mind); err->retry_after says how long to wait; *other is the record */
int bn_journal_intent(struct bn_store *store, const struct bn_actor *actor,
		      const struct bn_journal_entry *entry, const char *pipeline,
		      int64_t min_interval, int64_t *seq, int64_t *other, struct bn_error *err);
/* The same question without writing: what would bn_journal_intent say? */
int bn_journal_may_act(struct bn_store *store, const struct bn_actor *actor, struct bn_ref about,
		       const char *pipeline, int64_t min_interval, int64_t *other,
		       struct bn_error *err);
/* Appends an outcome ({"state":…} and what else `body` holds) to an intent that is open or unknown; BN_ECONFLICT
 * when it has been settled meanwhile, so that of two who reconcile only one writes. */
int bn_journal_outcome(struct bn_store *store, const struct bn_actor *actor, struct bn_ref about,
		       int64_t intent, const char *reason, const char *body, int64_t *seq,
		       struct bn_error *err);
/* Many retries are one record `bulk` (about nothing; the body holds its targets), an intent with that parent for
 * each that was sent or about to be, and one `bulk-end` ({"state": …, "text": …}), which this appends. BN_ECONFLICT: it has one
 * already. The view bulk_now tells them all. */
int bn_journal_bulk_end(struct bn_store *store, const struct bn_actor *actor, int64_t parent,
			const char *body, int64_t *seq, struct bn_error *err);
/* Locks a thing until a moment (BN_EBUSY when somebody else holds it), or takes the lock back, whoever's it is
 * (BN_ENOTFOUND where none is in force). */
int bn_journal_lock(struct bn_store *store, const struct bn_actor *actor, struct bn_ref about,
		    bn_time until, const char *reason, bool undo, int64_t *seq,
		    struct bn_error *err);

/* Walks the chain. BN_OK and *count records, or BN_ECONFLICT and *bad, the first that does not fit. Others may append
 * meanwhile: a record that came after the anchor was read is held against the chain alone. */
int bn_journal_verify(struct bn_store *store, int64_t *count, int64_t *bad, struct bn_error *err);
/* Whether that has a file to compare with. Where not, a tail that was cut off and a chain written anew are sound. */
bool bn_journal_anchored(const struct bn_store *store);

#endif

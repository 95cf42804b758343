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

/* Appends one record and syncs it to disk before it returns; *seq is its number. The chain's new
 * head also goes to syslog(3) (LOG_AUTHPRIV... see journal.c) or the second file [state] anchor
 * names. BN_EPERM when the journal is read-only, BN_EIO when the disk refuses: then nothing may be
 * sent or shown as done. */
int bn_journal_append(struct bn_store *store, const struct bn_actor *actor,
		      const struct bn_journal_entry *entry, int64_t *seq, struct bn_error *err);

/* Acknowledge, snooze, note: the verbs of this release. `until` in ms UTC. */
int bn_journal_ack(struct bn_store *store, const struct bn_actor *actor, struct bn_ref about,
		   const char *reason, bool undo, int64_t *seq, struct bn_error *err);
int bn_journal_snooze(struct bn_store *store, const struct bn_actor *actor, struct bn_ref about,
		      bn_time until, const char *reason, bool undo, int64_t *seq,
		      struct bn_error *err);
int bn_journal_note(struct bn_store *store, const struct bn_actor *actor, struct bn_ref about,
		    const char *tag, const char *text, int64_t *seq, struct bn_error *err);

/* Walks the chain. BN_OK and *count records, or BN_ECONFLICT and *bad, the first that does not fit.
 */
int bn_journal_verify(struct bn_store *store, int64_t *count, int64_t *bad, struct bn_error *err);

#endif

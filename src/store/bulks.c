/* bulks.c - many retries under one record: how such a record ends, once. */
/* SPDX-License-Identifier: MIT */
#include "store/internal.h"

#include <inttypes.h>

static int
not_ended(sqlite3 *db, bn_time now, void *payload, struct bn_error *err)
{
	static const char sql[] = "SELECT EXISTS (SELECT 1 FROM record e WHERE e.verb = 'bulk-end'"
				  " AND e.parent = b.seq) FROM record b WHERE b.seq = ?1 AND"
				  " b.verb = 'bulk'";
	const int64_t *parent = payload;
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

	(void)now;
	if (rc == SQLITE_OK) {
		sqlite3_bind_int64(st, 1, *parent);
		rc = sqlite3_step(st);
	}
	if (rc == SQLITE_DONE)
		rc = bn_fail(err, BN_ENOTFOUND, "record %" PRId64 " is not a bulk", *parent);
	else if (rc != SQLITE_ROW)
		rc = bn_db_fail(db, err, "journal.db");
	else
		rc =
		    sqlite3_column_int(st, 0) == 0
			? BN_OK
			: bn_fail(err, BN_ECONFLICT, "bulk %" PRId64 " has ended already", *parent);
	sqlite3_finalize(st);
	return rc;
}

int
bn_journal_bulk_end(struct bn_store *store, const struct bn_actor *actor, int64_t parent,
		    const char *body, int64_t *seq, struct bn_error *err)
{
	struct bn_journal_entry entry = {
	    "bulk-end", {BN_KIND_NONE, NULL, NULL}, parent, NULL, body};

	return bn_journal_append_if(store, actor, &entry, not_ended, &parent, seq, err);
}

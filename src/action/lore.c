/* lore.c - what earlier retries of the same error came to: journal outcomes joined with later attempts. */
/* SPDX-License-Identifier: MIT */
#include "action/internal.h"

#include "base/error.h"

/* An attempt that has not ended, or that the cache has forgotten, counts neither way. */
static const char cured_sql[] =
    "SELECT count(*) FILTER (WHERE i.came_to IN ('succeeded', 'failed', 'cancelled')),"
    " count(*) FILTER (WHERE i.came_to = 'succeeded') FROM intent_now i"
    " WHERE i.verb = 'retry' AND i.state = 'done' AND i.fingerprint = ?1";
static const char retried_sql[] =
    "SELECT count(*) FROM intent_now i WHERE i.source = ?1 AND i.kind = 'run' AND i.key = ?2 AND"
    " i.state = 'done'";

static int
numbers(struct bn_reader *reader, const char *sql, const char *a, const char *b, int *x, int *y,
	struct bn_error *err)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(bn_reader_db(reader), sql, -1, &st, NULL);

	if (rc == SQLITE_OK) {
		sqlite3_bind_text(st, 1, a, -1, SQLITE_STATIC);
		if (b != NULL)
			sqlite3_bind_text(st, 2, b, -1, SQLITE_STATIC);
		rc = sqlite3_step(st);
	}
	if (rc == SQLITE_ROW) {
		*x = sqlite3_column_int(st, 0);
		if (y != NULL)
			*y = sqlite3_column_int(st, 1);
	} else
		bn_fail(err, BN_EIO, "journal: %s", sqlite3_errmsg(bn_reader_db(reader)));
	sqlite3_finalize(st);
	return rc == SQLITE_ROW ? BN_OK : BN_EIO;
}

int
bn_action_lore(struct bn_reader *reader, struct bn_action_plan *plan, struct bn_error *err)
{
	int rc = numbers(reader, retried_sql, plan->about.source, plan->about.key, &plan->retried,
			 NULL, err);

	if (rc == BN_OK && plan->fingerprint != NULL)
		rc = numbers(reader, cured_sql, plan->fingerprint, NULL, &plan->seen, &plan->cured,
			     err);
	return rc;
}

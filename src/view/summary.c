/* summary.c - the header's counters: what needs a person, what runs, what is not known, which sources answer. */
/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "view/domain_sql.h"
#include "view/view.h"

/* clang-format off */
/* Roots of severity warn and crit, by whether somebody has them in hand. */
#define NEEDS(condition) "(SELECT count(*) FROM roots WHERE " condition ")"
#define WITHIN(id) "(:domain IS NULL OR " DOMAIN_HAS(id) ")"
#define IN_HAND "(ack_seq IS NOT NULL OR coalesce(snooze_until, 0) > now() OR silenced)"

static const char sql[] =
    /* written out once: the view is long, and its text is parsed anew for each mention */
    "WITH RECURSIVE " DOMAIN_TABLES ", roots AS MATERIALIZED (SELECT severity_rank, ack_seq,"
    " snooze_until, silenced FROM finding_now f"
    " WHERE root_id IS NULL AND " WITHIN("f.about_source, f.about_kind, f.about_key") ") SELECT " NEEDS("severity_rank = 2 AND NOT " IN_HAND) ", " NEEDS("severity_rank = 1 AND"
    " NOT " IN_HAND) ","
    " (SELECT count(*) FROM entity_now e WHERE kind = " SQL_RUN " AND status = " SQL_RUNNING
    "   AND status_now = " SQL_RUNNING " AND " WITHIN("e.source, e.kind, e.key") "),"
    /* A run that ended stays what it was; everything else from a source that went blind is unknown. A pipeline's
     * own status says little: it is unknown only when it is stale. */
    " (SELECT count(*) FROM entity_now e WHERE kind IN " SQL_STANDING
    "   AND (stale OR (status_now = " SQL_UNKNOWN " AND kind <> " SQL_PIPELINE "))"
    "   AND " WITHIN("e.source, e.kind, e.key") ")"
    " + (SELECT count(*) FROM entity_now e WHERE kind = " SQL_RUN " AND status IN"
    " (" SQL_QUEUED ", " SQL_RUNNING
    ") AND stale AND " WITHIN("e.source, e.kind, e.key") "),"
    " (SELECT count(*) FROM source s WHERE NOT disabled AND configured_at IS NOT NULL"
    "   AND type <> '" BN_PRODUCT_SOURCE "' AND " WITHIN("s.name, " SQL_SOURCE ", s.name") "),"
    " (SELECT count(*) FROM source_now s WHERE NOT s.disabled AND s.state = 'ok'"
    "   AND now() - s.last_ok_at <= stale_after(s.interval_ms, coalesce(s.took_ms, 0))"
    "   AND " WITHIN("s.name, " SQL_SOURCE ", s.name") "),"
    " " NEEDS("severity_rank >= 1 AND ack_seq IS NOT NULL") ","
    " " NEEDS("severity_rank >= 1 AND coalesce(snooze_until, 0) > now()") ","
    " " NEEDS("severity_rank >= 1 AND silenced") ","
    " (SELECT count(*) FROM finding f WHERE closed_at IS NULL AND severity >= 1 AND same_as IS NULL"
    "   AND " WITHIN("f.about_source, f.about_kind, f.about_key") ")"
    " + (SELECT coalesce(sum(max(coalesce(r.tasks_failed, 0) + coalesce(r.tasks_skipped, 0) -"
    " 1, 0)), 0)"
    "   FROM finding f JOIN source s ON s.name = f.about_source JOIN entity e ON e.source_id ="
    " s.id"
    "   AND e.kind = f.about_kind AND e.key = f.about_key JOIN pipeline p ON p.entity_id = e.id"
    "   JOIN run r ON r.entity_id = p.latest_run_id WHERE f.closed_at IS NULL AND f.rule ="
    " 'run-failed' AND " WITHIN("f.about_source, f.about_kind, f.about_key") "),"
    " (SELECT max(last_ok_at) FROM source WHERE type <> '" BN_PRODUCT_SOURCE "'),"
    " (SELECT max(30000, coalesce(max(stale_after(interval_ms, coalesce(took_ms, 0))), 0))"
    " FROM source"
    "   WHERE NOT disabled AND type <> '" BN_PRODUCT_SOURCE "')";
/* clang-format on */

int
bn_view_summary(struct bn_reader *reader, struct bn_summary *out, struct bn_error *err)
{
	return bn_view_summary_of(reader, NULL, out, err);
}

int
bn_view_summary_of(struct bn_reader *reader, const char *domain, struct bn_summary *out,
		   struct bn_error *err)
{
	sqlite3 *db = bn_reader_db(reader);
	sqlite3_stmt *row = NULL;
	int rc = BN_OK;

	*out = (struct bn_summary){0};
	if (bn_reader_prepare(reader, sql, &row) != SQLITE_OK ||
	    sqlite3_bind_text(row, 1, domain, -1, SQLITE_STATIC) != SQLITE_OK ||
	    sqlite3_step(row) != SQLITE_ROW) {
		bn_store_met(db);
		rc = bn_fail(err, sqlite3_errcode(db) == SQLITE_INTERRUPT ? BN_ECANCELLED : BN_EIO,
			     "summary: %s", sqlite3_errmsg(db));
		goto out;
	}
	out->failed = sqlite3_column_int(row, 0);
	out->warned = sqlite3_column_int(row, 1);
	out->running = sqlite3_column_int(row, 2);
	out->unknown = sqlite3_column_int(row, 3);
	out->sources = sqlite3_column_int(row, 4);
	out->sources_ok = sqlite3_column_int(row, 5);
	out->acknowledged = sqlite3_column_int(row, 6);
	out->snoozed = sqlite3_column_int(row, 7);
	out->silenced = sqlite3_column_int(row, 8);
	out->folded_from = sqlite3_column_int(row, 9);
	out->newest = sqlite3_column_int64(row, 10);
	out->stale =
	    out->newest == 0 || bn_reader_now(reader) - out->newest > sqlite3_column_int64(row, 11);
out:
	bn_reader_done(reader, row);
	return rc;
}
